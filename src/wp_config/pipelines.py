"""``pipeline`` blocks (hcl.md §10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from wp_config.bodies import Content, Shape, content
from wp_config.convert import ConversionError, convert
from wp_config.decode import decode_body
from wp_config.diagnostics import Diagnostics, Range, suggestion
from wp_config.expr import evaluate
from wp_config.records import Pipeline, Step
from wp_config.schema import Attribute, Schema
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import STRING, Type, list_type

PIPELINE = Shape(frozenset({"labels"}), {"step": 1})
STEP = Shape(
    frozenset({"depends_on", "image_url", "workspace", "labels"}),
    {"use": 1, "pipeline": 1},
    frozenset({"use", "pipeline"}),
)
_PRUNE = (Attribute("prune_retain", "integer", default=0), Attribute("prune_retain_override", "bool", default=False))
KINDS = {
    "build": Schema((Attribute("disable_push", "bool", default=False),)),
    "deploy": Schema((Attribute("release", "bool", default=False),)),
    "release": Schema(
        (Attribute("deployment_ref", "integer", default=0), Attribute("prune", "bool", default=True), *_PRUNE)
    ),
    "up": Schema((Attribute("prune", "bool", default=False), *_PRUNE)),
    "exec": Schema((Attribute("command", required=True), Attribute("args", "list(string)", default=()))),
    "pipeline": Schema((Attribute("name", required=True), Attribute("project"))),
}


def read(blocks: Iterable[tree.Block], scope: Scope, project: str, problems: Diagnostics) -> tuple[Pipeline, ...]:
    """All pipelines in file order, an embedded one before the pipeline that holds it."""
    reader = _Reader(scope, project, problems)
    for block in blocks:
        reader.pipeline(block, nested=False)
    reader.check_nesting()
    return tuple(reader.found.values())


class _Link(NamedTuple):
    """A step that runs the pipeline `target` of the same project; `place` is where the file says so."""

    target: str
    place: Range


class _Reader:
    def __init__(self, scope: Scope, project: str, problems: Diagnostics) -> None:
        self._scope = scope
        self._project = project
        self._problems = problems
        self._names: dict[str, tree.Block] = {}
        self._links: dict[str, list[_Link]] = {}
        self.found: dict[str, Pipeline] = {}

    def pipeline(self, block: tree.Block, *, nested: bool) -> None:
        name = block.labels[0].value
        if name in self._names:
            line = self._names[name].range.start_position.line
            self._problems.error("Duplicate pipeline", f'A pipeline "{name}" is already on line {line}.', block.header)
            return
        self._names[name] = block
        self._links[name] = []
        body = content(block.body, PIPELINE, self._problems)
        steps: dict[str, Step] = {}
        for step in body.of("step"):
            label = step.labels[0]
            if label.value in steps:
                self._problems.error("Duplicate step", f'The pipeline already has a step "{label.value}".', label.range)
                continue
            previous = next(reversed(steps), None)
            read = self._step(step, previous, name, nested)
            if read is not None:
                steps[label.value] = read
        if not body.of("step"):
            self._problems.error(
                "Pipeline without steps", f'The pipeline "{name}" needs at least one step.', block.header
            )
        self._check_order(body, steps)
        self.found[name] = Pipeline(name, tuple(steps.values()))

    def check_nesting(self) -> None:
        """Reports pipelines that would run themselves, each circle once, where it closes."""
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            for target, place in self._links.get(name, ()):
                if target in path:
                    circle = " → ".join((*path[path.index(target) :], target))
                    self._problems.error(
                        "Circular pipelines", f'The pipeline "{target}" would run itself: {circle}.', place
                    )
                elif target not in done:
                    visit(target, (*path, target))
            done.add(name)

        for name in self._names:
            if name not in done:
                visit(name, (name,))

    def _step(self, block: tree.Block, previous: str | None, pipeline: str, nested: bool) -> Step | None:
        found = content(block.body, STEP, self._problems)
        use, inner = found.one("use"), found.one("pipeline")
        name = block.labels[0].value
        if (use is None) == (inner is None):
            detail = f'The step "{name}" needs exactly one of a use block and a pipeline block.'
            self._problems.error("Invalid step", detail, block.header)
            return None
        depends = self._value(found, "depends_on", list_type(STRING))
        names = tuple(str(item) for item in depends) if isinstance(depends, list) else ((previous,) if previous else ())
        image, workspace = self._value(found, "image_url", STRING), self._value(found, "workspace", STRING)
        settings: dict[str, object]
        if inner is not None:
            kind = "pipeline"
            settings = {"name": inner.labels[0].value, "project": self._project}
            self._links[pipeline].append(_Link(inner.labels[0].value, inner.header))
            if nested:
                detail = 'An embedded pipeline cannot embed another one; refer to it with use "pipeline".'
                self._problems.error("Nested too deeply", detail, inner.header)
            else:
                self.pipeline(inner, nested=True)
        else:
            assert use is not None
            kind = use.labels[0].value
            if kind not in KINDS:
                known = ", ".join(KINDS)
                detail = f'"{kind}" is no kind of step; use one of {known}.{suggestion(kind, KINDS)}'
                self._problems.error("Unknown step kind", detail, use.labels[0].range)
                return None
            settings = decode_body(use.body, KINDS[kind], self._scope, self._problems, partial=self._scope.dry)
            if kind == "pipeline":
                settings.setdefault("project", self._project)
                target = settings.get("name")
                if isinstance(target, str) and settings["project"] == self._project:
                    self._links[pipeline].append(_Link(target, use.header))
            if kind == "exec" and ("image_url" not in found.attributes or image == ""):
                self._problems.error("Missing image", f'The step "{name}" needs an image_url to run in.', block.header)
        return Step(name, kind, settings, names, str(image or ""), str(workspace or ""))

    def _value(self, found: Content, name: str, kind: Type) -> object:
        attribute = found.attributes.get(name)
        if attribute is None:
            return None
        try:
            value = convert(evaluate(attribute.value, self._scope), kind)
        except ConversionError as error:
            detail = f'Inappropriate value for "{name}": {error}.'
            self._problems.error("Incorrect value type", detail, attribute.value.range)
            return None
        except Diagnostics as error:
            self._problems.extend(error)
            return None
        if isinstance(value.data, tuple):
            return [item.data for item in value.data if isinstance(item.data, str)]
        return value.data

    def _check_order(self, body: Content, steps: dict[str, Step]) -> None:
        places = {block.labels[0].value: block.header for block in body.of("step")}
        for step in steps.values():
            for name in step.depends_on:
                if name not in places:
                    detail = (
                        f'The step "{step.name}" depends on "{name}", which does not exist.{suggestion(name, places)}'
                    )
                    self._problems.error("Unknown step", detail, places[step.name])
        first = [step.name for step in steps.values() if not step.depends_on]
        if len(first) > 1:
            detail = f"A pipeline begins with one step, but {', '.join(first)} depend on none; name one in depends_on."
            self._problems.error("Several first steps", detail, places[first[1]])
        waiting = {step.name: set(step.depends_on) & set(steps) for step in steps.values()}
        while waiting:
            ready = [name for name, uses in waiting.items() if not uses & waiting.keys()]
            if not ready:
                detail = f"These steps depend on each other in a circle: {', '.join(sorted(waiting))}."
                self._problems.error("Circular steps", detail, places[min(waiting)])
                return
            for name in ready:
                del waiting[name]
