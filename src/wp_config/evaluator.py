"""Expressions to values (hcl.md §14.6–§14.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from wp_config import access, functions, numbers
from wp_config.convert import ConversionError, convert, unify
from wp_config.diagnostics import Diagnostics, Range, failure, suggestion
from wp_config.operators import apply_binary, apply_unary
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import (
    ANY,
    BOOL,
    NULL,
    NUMBER,
    STRING,
    Value,
    boolean,
    limited,
    marked_like,
    null,
    number,
    object_of,
    string,
    tuple_of,
    unknown,
)

MAX_ROUNDS = 100_000
"""Rounds of all ``for`` loops of one loaded project."""


_ELSEWHERE = {
    "app": ": it exists inside of applications",
    "artifact": ": it exists in the stages after the build",
    "config": ": it exists among the entries of one config block",
    "deploy": ": it exists in releases",
    "entrypoint": ": it exists in deployments",
    "labels": ": it exists in use blocks and hooks of stages",
    "var": ": this is read before variables have values",
}
"""Where names exist that a place may not know."""


class Evaluator:
    """Evaluates in one scope. Loop bodies use a nested evaluator with the loop variables in its scope."""

    def __init__(self, scope: Scope, items: dict[tree.SplatItem, Value] | None = None) -> None:
        self.scope = scope
        self._items = items if items is not None else {}

    def value(self, node: tree.Expression) -> Value:
        """The value of a node."""
        return _EVALUATE[type(node)](self, node)

    # -- plain --------------------------------------------------------------------------------------------------------

    def _literal(self, node: tree.Literal) -> Value:
        value = node.value
        if isinstance(value, str):
            return string(value)
        if isinstance(value, bool):
            return boolean(value)
        if value is None:
            return NULL
        return number(numbers.rounded(value))

    def _parentheses(self, node: tree.Parentheses) -> Value:
        return self.value(node.inner)

    def _variable(self, node: tree.Variable) -> Value:
        found = self.scope.find(node.name)
        if found is not None:
            return found
        names = sorted(set(self.scope.names()))
        if not names:
            raise failure("Variables not allowed", "A constant value is required here.", node.range)
        detail = f'There is no variable named "{node.name}" here.' + suggestion(node.name, names)
        if node.name in _ELSEWHERE:
            detail = f'"{node.name}" is not available in this place{_ELSEWHERE[node.name]}.'
        elif node.range.file.name.startswith("template ") or "/" in node.range.file.name:
            detail += " If ${…} belongs to another language in this text, write $${…}."
        raise failure("Unknown variable", detail, node.range)

    def _splat_item(self, node: tree.SplatItem) -> Value:
        return self._items[node]

    def _tuple(self, node: tree.TupleExpression) -> Value:
        items = []
        for item in node.items:
            items.append(self.value(item))
        return tuple_of(items)

    def _object(self, node: tree.ObjectExpression) -> Value:
        entries: dict[str, Value] = {}
        secret: list[Value] = []
        for item in node.items:
            key = self.key(item.key)
            if key is None:
                return unknown()
            secret.append(key)
            if node.unique and key.text in entries:
                raise failure("Duplicate key", f'The key "{key.text}" is set twice.', item.key.range)
            if key.text in entries and self.scope.surroundings is not None:
                detail = f'The key "{key.text}" is set twice; the later value wins.'
                self.scope.surroundings.warnings.warn("Duplicate key", detail, item.key.range)
            entries[key.text] = self.value(item.value)
        return marked_like(object_of(entries), *secret)

    def key(self, node: tree.Expression) -> Value | None:
        """An object key as a string; None when it is not known."""
        key = self.value(node)
        if key.is_null:
            raise failure("Null key", "A key must not be null.", node.range)
        if not key.is_known:
            return None
        return self.converted(key, node, "Invalid key")

    def converted(self, value: Value, node: tree.Node, summary: str, target: str = "string") -> Value:
        """``value`` converted to a primitive type, with the failure reported at ``node``."""
        try:
            return convert(value, {"string": STRING, "number": NUMBER, "bool": BOOL}[target])
        except ConversionError as error:
            raise failure(summary, _sentence(str(error)), node.range) from error

    # -- access -------------------------------------------------------------------------------------------------------

    def _steps(self, node: tree.GetAttribute | tree.Index) -> Value:
        steps: list[tree.GetAttribute | tree.Index] = []
        source: tree.Expression = node
        while isinstance(source, tree.GetAttribute | tree.Index):
            steps.append(source)
            source = source.source
        value = self.value(source)
        for step in reversed(steps):
            if isinstance(step, tree.Index):
                value = access.index(value, self.value(step.key), step)
                continue
            if step.source is source and isinstance(source, tree.Variable):
                reason = self.scope.absent(source.name, step.name)
                if reason:
                    raise failure("No value for variable", reason, step.range)
            value = access.attribute(value, step)
        return value

    def _splat(self, node: tree.Splat) -> Value:
        source = self.value(node.source)
        if not source.is_known:
            return marked_like(unknown(), source)
        if source.is_null:
            if source.type.is_sequence:
                raise failure("Splat of a null value", "The list is null, so it has no elements.", node.source.range)
            return tuple_of(())
        elements = source.elements if source.type.is_sequence else (source,)
        results = []
        inner = Evaluator(self.scope, dict(self._items))
        for element in elements:
            inner._items[node.item] = marked_like(element, source)
            results.append(inner.value(node.each))
        return marked_like(tuple_of(results), source)

    # -- operators ----------------------------------------------------------------------------------------------------

    def _unary(self, node: tree.Unary) -> Value:
        return apply_unary(node.operator, self.value(node.operand), node)

    def _binary(self, node: tree.Binary) -> Value:
        chain: list[tree.Binary] = []
        left: tree.Expression = node
        while isinstance(left, tree.Binary):
            chain.append(left)
            left = left.left
        value = self.value(left)
        for step in reversed(chain):
            value = apply_binary(step.operator, value, self.value(step.right), step)
        return value

    def _conditional(self, node: tree.Conditional) -> Value:
        condition = self.value(node.condition)
        if condition.is_null:
            raise failure("Null condition", "The condition is null; it must be true or false.", node.condition.range)
        condition = self.converted(condition, node.condition, "Invalid condition", "bool")
        if not condition.is_known:
            return marked_like(unknown(), condition)
        chosen, other = (node.then, node.otherwise) if condition.data else (node.otherwise, node.then)
        value = self.value(chosen)
        try:
            kind = self.value(other).type
        except Diagnostics:
            return marked_like(value, condition)
        if value.is_null and value.type is ANY:
            return marked_like(null(kind), condition)
        common = unify([value.type, kind]) if kind is not ANY else value.type
        if common is None:
            raise failure(
                "Inconsistent conditional result types", _inconsistent(value, kind, chosen is node.then), node.range
            )
        try:
            return marked_like(convert(value, common), condition)
        except ConversionError as error:
            raise failure("Inconsistent conditional result types", _sentence(str(error)), node.range) from error

    # -- templates ----------------------------------------------------------------------------------------------------

    def _template(self, node: tree.Template) -> Value:
        sole = node.sole
        if sole is not None:
            return self.value(sole)
        return self.render(node.parts)

    def render(self, parts: Iterable[tree.TemplatePart]) -> Value:
        """Template parts as one string; unknown when a part is."""
        pieces: list[Value] = []
        self._collect(parts, pieces)
        if not all(piece.is_known for piece in pieces):
            return marked_like(unknown(STRING), *pieces)
        limited(sum(len(piece.text) for piece in pieces))
        return marked_like(string("".join(piece.text for piece in pieces)), *pieces)

    def _collect(self, parts: Iterable[tree.TemplatePart], pieces: list[Value]) -> None:
        for part in parts:
            if isinstance(part, tree.TemplateText):
                pieces.append(Value(STRING, part.value))
            elif isinstance(part, tree.Interpolation):
                value = self.value(part.value)
                if value.is_null:
                    raise failure(
                        "Null in a template", "The value is null and cannot be part of a string.", part.value.range
                    )
                pieces.append(self.converted(value, part.value, "Invalid template value"))
            elif isinstance(part, tree.TemplateIf):
                self._collect_if(part, pieces)
            else:
                self._collect_for(part, pieces)

    def _collect_if(self, part: tree.TemplateIf, pieces: list[Value]) -> None:
        condition = self.value(part.condition)
        if condition.is_null:
            raise failure("Null condition", "The condition is null; it must be true or false.", part.condition.range)
        condition = self.converted(condition, part.condition, "Invalid condition", "bool")
        if not condition.is_known:
            pieces.append(marked_like(unknown(STRING), condition))
            return
        pieces.append(marked_like(Value(STRING, ""), condition))
        self._collect(part.then if condition.data else part.otherwise, pieces)

    def _collect_for(self, part: tree.TemplateFor, pieces: list[Value]) -> None:
        collection = self.value(part.collection)
        if not collection.is_known:
            pieces.append(marked_like(unknown(STRING), collection))
            return
        pieces.append(marked_like(Value(STRING, ""), collection))
        for key, value in self._rounds(collection, part.collection):
            names = {part.value: value} | ({part.key: key} if part.key else {})
            Evaluator(self.scope.child(names), self._items)._collect(part.body, pieces)

    # -- for and calls ------------------------------------------------------------------------------------------------

    def _for(self, node: tree.For) -> Value:
        collection = self.value(node.collection)
        if not collection.is_known:
            return marked_like(unknown(), collection)
        sequence: list[Value] = []
        mapping: dict[str, list[Value]] = {}
        marks = [collection]
        for key, value in self._rounds(collection, node.collection):
            names = {node.value: value} | ({node.key: key} if node.key else {})
            inner = Evaluator(self.scope.child(names), self._items)
            if node.condition is not None:
                wanted = inner.value(node.condition)
                if wanted.is_null:
                    raise failure(
                        "Null condition", "The condition is null; it must be true or false.", node.condition.range
                    )
                wanted = inner.converted(wanted, node.condition, "Invalid condition", "bool")
                marks.append(wanted)
                if not wanted.is_known:
                    return marked_like(unknown(), *marks)
                if not wanted.data:
                    continue
            if node.result_key is None:
                sequence.append(inner.value(node.result))
                continue
            name = inner.key(node.result_key)
            if name is None:
                return marked_like(unknown(), *marks)
            marks.append(name)
            if name.text in mapping and not node.group:
                detail = f'The key "{name.text}" comes up twice; add "..." behind the value to group equal keys.'
                raise failure("Duplicate key", detail, node.result_key.range)
            mapping.setdefault(name.text, []).append(inner.value(node.result))
        if node.result_key is None:
            return marked_like(tuple_of(sequence), *marks)
        if node.group:
            return marked_like(object_of({name: tuple_of(values) for name, values in mapping.items()}), *marks)
        return marked_like(object_of({name: values[0] for name, values in mapping.items()}), *marks)

    def _rounds(self, collection: Value, node: tree.Node) -> list[tuple[Value, Value]]:
        """The rounds of a loop, counted so that nested loops over long lists end in an error, not in a hang."""
        rounds = access.entries(collection, node)
        world = self.scope.surroundings
        if world is not None:
            world.rounds[0] += len(rounds)
            if world.rounds[0] > MAX_ROUNDS:
                raise failure("Too many loop rounds", f"All loops together may run {MAX_ROUNDS} times.", node.range)
        return rounds

    def _call(self, node: tree.Call) -> Value:
        if node.name in ("try", "can") and self.scope.surroundings is not None:
            return self._attempt(node)
        arguments: list[tuple[Value, Range]] = [(self.value(argument), argument.range) for argument in node.arguments]
        if node.expand:
            last, place = arguments.pop()
            if not last.is_known:
                return marked_like(unknown(), last, *(value for value, _ in arguments))
            if last.is_null or not last.type.is_sequence:
                raise failure("Invalid expanded argument", 'A list, set or tuple must stand before "...".', place)
            arguments += [(marked_like(element, last), place) for element in last.elements]
        return functions.call(node, arguments, self.scope)

    def _attempt(self, node: tree.Call) -> Value:
        problem: Diagnostics | None = None
        for argument in node.arguments:
            try:
                value = self.value(argument)
            except Diagnostics as error:
                problem = error
                continue
            return value if node.name == "try" else boolean(True)
        if node.name == "can" and problem is not None:
            return boolean(False)
        if problem is None:
            raise failure("Not enough function arguments", f'"{node.name}" needs at least one argument.', node.range)
        raise problem


_EVALUATE: dict[type[tree.Expression], Callable[[Evaluator, tree.Expression], Value]] = cast(
    "dict[type[tree.Expression], Callable[[Evaluator, tree.Expression], Value]]",
    {
        tree.Literal: Evaluator._literal,
        tree.Template: Evaluator._template,
        tree.Variable: Evaluator._variable,
        tree.GetAttribute: Evaluator._steps,
        tree.Index: Evaluator._steps,
        tree.SplatItem: Evaluator._splat_item,
        tree.Splat: Evaluator._splat,
        tree.Call: Evaluator._call,
        tree.Unary: Evaluator._unary,
        tree.Binary: Evaluator._binary,
        tree.Conditional: Evaluator._conditional,
        tree.Parentheses: Evaluator._parentheses,
        tree.TupleExpression: Evaluator._tuple,
        tree.ObjectExpression: Evaluator._object,
        tree.For: Evaluator._for,
    },
)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _inconsistent(value: Value, other: object, first: bool) -> str:
    kinds = (value.type, other) if first else (other, value.type)
    return f"Both results must have types that fit together; they are {kinds[0]} and {kinds[1]}."
