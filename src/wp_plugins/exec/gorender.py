"""Execution of a parsed Go template."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from wp_plugins.exec.gofunctions import FUNCTIONS, Value, show, truth
from wp_plugins.exec.gotemplate import (
    Branch,
    Call,
    Dot,
    Field,
    Function,
    Jump,
    Literal,
    Node,
    Operand,
    Output,
    Pipeline,
    Template,
    TemplateError,
    Text,
    Variable,
    parse,
)

DEEPEST = 200  # nested {{template}} calls; a template that calls itself without end is an error, not a crash


class _Missing:
    """What a map gives for a key it lacks; printed as Go prints it, false in conditions."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "<no value>"


_MISSING = _Missing()


class _JumpTaken(Exception):
    def __init__(self, kind: str) -> None:
        self.kind = kind


def render(source: str, data: Value, name: str = "template") -> str:
    """``source`` rendered with ``data`` as the cursor; raises :class:`TemplateError`."""
    return execute(parse(source, name), data)


def execute(template: Template, data: Value) -> str:
    """The output of a parsed template; raises :class:`TemplateError` with the place."""
    run = _Run(template)
    run.nodes(template.body, data, {"$": data})
    return "".join(run.output)


class _Run:
    def __init__(self, template: Template) -> None:
        self.output: list[str] = []
        self._template = template
        self._depth = 0

    def nodes(self, nodes: Sequence[Node], dot: Value, scope: dict[str, Value]) -> None:
        scope = _Scope(scope)
        for node in nodes:
            match node:
                case Text(text):
                    self.output.append(text)
                case Output(pipeline):
                    value = self._pipeline(pipeline, dot, scope)
                    if not pipeline.declares:
                        self.output.append("<no value>" if value is None else show(value))
                case Branch("range"):
                    self._range(node, dot, scope)
                case Branch():
                    inner = _Scope(scope)
                    value = self._pipeline(node.pipeline, dot, inner)
                    chosen = node.body if truth(value) else node.otherwise
                    self.nodes(chosen, value if node.kind == "with" and truth(value) else dot, inner)
                case Call(name, pipeline, line):
                    self._call(name, None if pipeline is None else self._pipeline(pipeline, dot, scope), line)
                case Jump(kind):
                    raise _JumpTaken(kind)

    def _range(self, node: Branch, dot: Value, scope: dict[str, Value]) -> None:
        names, silent = node.pipeline.declares, Pipeline(node.pipeline.commands, line=node.pipeline.line)
        value = self._pipeline(silent, dot, scope)
        pairs: list[tuple[Value, Value]]
        if isinstance(value, Mapping):
            pairs = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            pairs = list(enumerate(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            pairs = [(number, number) for number in range(value)]
        elif not truth(value):
            pairs = []
        else:
            raise self._fail(node.pipeline.line, f"range can't iterate over {show(value)}")
        if not pairs:
            self.nodes(node.otherwise, dot, scope)
            return
        for pair in pairs:
            inner = _Scope(scope)
            for name, bound in zip(names, pair if len(names) == 2 else pair[1:], strict=False):
                inner.declare(name, bound)
            try:
                self.nodes(node.body, pair[1], inner)
            except _JumpTaken as jump:
                if jump.kind == "break":
                    return

    def _call(self, name: str, data: Value, line: int) -> None:
        body = self._template.definitions.get(name)
        if body is None:
            raise self._fail(line, f"template {name!r} is not defined")
        if self._depth >= DEEPEST:
            raise self._fail(line, f"templates call each other more than {DEEPEST} deep")
        self._depth += 1
        self.nodes(body, data, {"$": data})
        self._depth -= 1

    def _pipeline(self, pipeline: Pipeline, dot: Value, scope: dict[str, Value]) -> Value:
        value: Value = None
        for position, command in enumerate(pipeline.commands):
            final = (value,) if position else ()
            value = self._command(command, final, dot, scope, pipeline.line)
        for name in pipeline.declares:
            if not pipeline.assigns and isinstance(scope, _Scope):
                scope.declare(name, value)
            elif name in scope:
                scope[name] = value
            else:
                raise self._fail(pipeline.line, f"undefined variable {name}")
        return value

    def _command(
        self, command: Sequence[Operand], final: tuple[Value, ...], dot: Value, scope: dict[str, Value], line: int
    ) -> Value:
        head = command[0]
        if isinstance(head, Literal) and head.value is None:
            raise self._fail(line, "nil is not a command")
        if not isinstance(head, Function):
            if len(command) > 1 or final:
                raise self._fail(line, f"{show(self._value(head, dot, scope, line))} is not a function")
            return self._value(head, dot, scope, line)
        if head.name in ("and", "or"):
            values = itertools.chain((self._value(item, dot, scope, line) for item in command[1:]), final)
            value: Value = None
            for value in values:
                if truth(value) == (head.name == "or"):
                    break
            return value
        arguments = [self._value(item, dot, scope, line) for item in command[1:]]
        function = FUNCTIONS[head.name]
        assert function is not None
        try:
            return function(*arguments, *final)
        except (ValueError, TypeError) as error:
            raise self._fail(line, f"error calling {head.name}: {error}") from error

    def _value(self, operand: Operand, dot: Value, scope: dict[str, Value], line: int) -> Value:
        match operand:
            case Literal(value):
                return value
            case Dot():
                return dot
            case Variable(name):
                if name not in scope:
                    raise self._fail(line, f"undefined variable {name}")
                return scope[name]
            case Field(of, names):
                return self._field(self._value(of, dot, scope, line), names, line)
            case Function():
                return self._command((operand,), (), dot, scope, line)
            case Pipeline():
                return self._pipeline(operand, dot, scope)

    def _field(self, value: Value, names: Sequence[str], line: int) -> Value:
        for name in names:
            if isinstance(value, Mapping):
                value = value.get(name, _MISSING)
            elif value is _MISSING:
                continue  # Go reads fields of a missing map entry as missing too
            elif value is None:
                raise self._fail(line, f"nil has no field {name}")
            else:
                raise self._fail(line, f"can't read field {name} of {show(value)}")
        return value

    def _fail(self, line: int, reason: str) -> TemplateError:
        return TemplateError(f"{self._template.name}:{line}: {reason}")


class _Scope(dict[str, Value]):
    """Variables of one block; an assignment reaches the block that declared the name."""

    def __init__(self, outer: dict[str, Value]) -> None:
        super().__init__()
        self._outer = outer

    def declare(self, name: str, value: Value) -> None:
        super().__setitem__(name, value)

    def __missing__(self, name: str) -> Value:
        return self._outer[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._outer

    def __setitem__(self, name: str, value: Value) -> None:
        if super().__contains__(name):
            super().__setitem__(name, value)
        else:
            self._outer[name] = value
