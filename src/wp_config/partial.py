"""Expressions that are only partly known, as a template for the entrypoint to finish (hcl.md §19).

What is known becomes literal text; what depends on dynamic configuration stays as source text. The result is always
a template: it may be evaluated in bare template mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wp_config.diagnostics import Diagnostics, SourceFile, failure
from wp_config.evaluator import Evaluator
from wp_config.expr import evaluate
from wp_config.functions import ENTRYPOINT_FUNCTIONS
from wp_config.literals import NoLiteral, escape_template, key, literal, quoted
from wp_config.scope import Scope
from wp_config.syntax import parse_template, tree
from wp_config.values import Value, deeply_known, to_python, unknown

_TRUE_DATA = (True, "true", "1")


def residual(expression: tree.Expression, scope: Scope) -> str:
    """The template that gives the expression's value once the rest is known. Raises :class:`Diagnostics`."""
    writer = _Writer(scope)
    try:
        return writer.sequence(expression, inside_quotes=False)
    except RecursionError:
        raise failure("Nested too deeply", "Split this expression.", expression.range) from None


class _Writer:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def _known(self, node: tree.Expression) -> Value | None:
        """The value when everything in it is known."""
        try:
            value = Evaluator(self._scope).value(node)
        except Diagnostics as error:
            if any(item.summary == "Unknown variable" for item in error):
                return None
            raise
        return value if deeply_known(value) else None

    def text(self, node: tree.Expression) -> str:
        """The expression as source text with the known parts folded."""
        value = self._known(node)
        if value is not None:
            return self._literal(value, node)
        if isinstance(node, tree.Template):
            return '"' + self.template(node.parts, inside_quotes=True) + '"'
        if isinstance(node, tree.Variable):
            return node.name
        if isinstance(node, tree.GetAttribute):
            return f"{self.text(node.source)}.{node.name}"
        if isinstance(node, tree.Index):
            return f"{self.text(node.source)}[{self.text(node.key)}]"
        if isinstance(node, tree.Splat):
            return f"{self.text(node.source)}{'[*]' if node.full else '.*'}{self._steps(node.each)}"
        if isinstance(node, tree.Call):
            return self._call(node)
        if isinstance(node, tree.Unary):
            return f"{node.operator}{self.text(node.operand)}"
        if isinstance(node, tree.Binary):
            return f"{self.text(node.left)} {node.operator} {self.text(node.right)}"
        if isinstance(node, tree.Conditional):
            return self._conditional(node)
        if isinstance(node, tree.Parentheses):
            return f"({self.text(node.inner)})"
        if isinstance(node, tree.TupleExpression):
            return "[" + ", ".join(self.text(item) for item in node.items) + "]"
        if isinstance(node, tree.ObjectExpression):
            return "{" + ", ".join(f"{self._key(item.key)} = {self.text(item.value)}" for item in node.items) + "}"
        if isinstance(node, tree.For):
            return self._for(node)
        return self._literal(evaluate(node, self._scope), node)

    @staticmethod
    def _literal(value: Value, node: tree.Expression) -> str:
        try:
            return literal(value)
        except NoLiteral as error:
            raise failure("Value is not known", f"{error}.", node.range) from error

    def _key(self, node: tree.Expression) -> str:
        value = self._known(node)
        if value is not None:
            return key(str(to_python(value)))
        inner = self.text(node)
        return inner if isinstance(node, tree.Parentheses) else f"({inner})"

    def _steps(self, node: tree.Expression) -> str:
        if isinstance(node, tree.SplatItem):
            return ""
        if isinstance(node, tree.GetAttribute):
            return f"{self._steps(node.source)}.{node.name}"
        if isinstance(node, tree.Index):
            return f"{self._steps(node.source)}[{self.text(node.key)}]"
        assert isinstance(node, tree.Splat)
        return f"{self._steps(node.source)}{'[*]' if node.full else '.*'}{self._steps(node.each)}"

    def _call(self, node: tree.Call) -> str:
        if node.name == "templatestring":
            writer, parsed = self._substituted(node)
            return writer.text(parsed)
        if node.name not in ENTRYPOINT_FUNCTIONS:
            detail = f'"{node.name}" cannot run in the application, and one of its arguments is known only there.'
            raise failure("Value is not known", detail, node.range)
        dots = "..." if node.expand else ""
        return f"{node.name}({', '.join(self.text(argument) for argument in node.arguments)}{dots})"

    def _substituted(self, node: tree.Call) -> tuple[_Writer, tree.Expression]:
        """``templatestring`` does not exist in the entrypoint: its template is written out with the variables put in
        place.
        """
        source = self._known(node.arguments[0]) if node.arguments and not node.expand else None
        objects = [argument for argument in node.arguments[1:] if isinstance(argument, tree.ObjectExpression)]
        if source is None or not isinstance(source.data, str) or len(objects) != len(node.arguments) - 1:
            detail = "The text of the template must be known, and its variables written as { name = value }."
            raise failure("Value is not known", detail, node.range)
        parsed = parse_template(SourceFile("template string", source.data))
        replaced: dict[str, str] = {}
        values: dict[str, Value] = {}
        for argument in objects:
            for item in argument.items:
                key_value = self._known(item.key)
                if key_value is None or not isinstance(key_value.data, str):
                    raise failure("Value is not known", "The name of a variable must be known.", item.key.range)
                value = self._known(item.value)
                values[key_value.data] = value if value is not None else unknown()
                if value is None:
                    text = self.text(item.value)
                    whole = isinstance(item.value, tree.Variable | tree.GetAttribute | tree.Index | tree.Call)
                    replaced[key_value.data] = text if whole else f"({text})"
        return _Substitute(self._scope.child(values), replaced), parsed

    def _conditional(self, node: tree.Conditional) -> str:
        condition = self._known(node.condition)
        if condition is not None:
            return self.text(node.then if condition.data in _TRUE_DATA else node.otherwise)
        return f"{self.text(node.condition)} ? {self.text(node.then)} : {self.text(node.otherwise)}"

    def _for(self, node: tree.For) -> str:
        names = [name for name in (node.key, node.value) if name]
        inner = type(self)(self._scope.child({name: unknown() for name in names}))
        intro = f"for {', '.join(names)} in {self.text(node.collection)} : "
        condition = f" if {inner.text(node.condition)}" if node.condition is not None else ""
        if node.result_key is None:
            return f"[{intro}{inner.text(node.result)}{condition}]"
        dots = "..." if node.group else ""
        return f"{{{intro}{inner.text(node.result_key)} => {inner.text(node.result)}{dots}{condition}}}"

    def template(self, parts: tuple[tree.TemplatePart, ...], *, inside_quotes: bool) -> str:
        """Template parts without their quotes."""
        return _joined(self._pieces(parts), inside_quotes)

    def sequence(self, node: tree.Expression, *, inside_quotes: bool) -> str:
        """An expression as a piece of a template: ``${…}``, or its own template text."""
        return _joined(self._sequence(node), inside_quotes)

    def _pieces(self, parts: tuple[tree.TemplatePart, ...]) -> Iterator[_Piece]:
        for part in parts:
            if isinstance(part, tree.TemplateText):
                yield _Piece(part.value, literal=True)
            elif isinstance(part, tree.Interpolation):
                if self._known(part.value) is not None:
                    yield _Piece(Evaluator(self._scope).render((part,)).text, literal=True)
                else:
                    yield from self._sequence(part.value)
            elif isinstance(part, tree.TemplateIf):
                yield from self._if(part)
            else:
                names = [name for name in (part.key, part.value) if name]
                inner = type(self)(self._scope.child({name: unknown() for name in names}))
                yield _Piece(f"%{{ for {', '.join(names)} in {self.text(part.collection)} }}")
                yield from inner._pieces(part.body)
                yield _Piece("%{ endfor }")

    def _sequence(self, node: tree.Expression) -> Iterator[_Piece]:
        if isinstance(node, tree.Template):
            yield from self._pieces(node.parts)
        elif isinstance(node, tree.Call) and node.name == "templatestring":
            writer, parsed = self._substituted(node)
            yield from writer._sequence(parsed)
        else:
            yield _Piece("${" + self.text(node) + "}")

    def _if(self, part: tree.TemplateIf) -> Iterator[_Piece]:
        condition = self._known(part.condition)
        if condition is not None:
            yield from self._pieces(part.then if condition.data in _TRUE_DATA else part.otherwise)
            return
        yield _Piece(f"%{{ if {self.text(part.condition)} }}")
        yield from self._pieces(part.then)
        if part.otherwise:
            yield _Piece("%{ else }")
            yield from self._pieces(part.otherwise)
        yield _Piece("%{ endif }")


class _Piece(NamedTuple):
    """Characters as they shall come out (``literal``), or a sequence as source text."""

    text: str
    literal: bool = False


def _joined(pieces: Iterable[_Piece], inside_quotes: bool) -> str:
    """The pieces in a row. Neighbouring literal text is escaped together, and a ``$`` or ``%`` at its end must not
    escape the sequence behind it.
    """
    answer: list[str] = []
    text = ""
    for piece in pieces:
        if piece.literal:
            text += piece.text
            continue
        last = text[-1:] if text.endswith(piece.text[0]) else ""
        answer.append(_written(text.removesuffix(last), inside_quotes))
        answer.append(f'${{"{last}"}}' if last else "")
        answer.append(piece.text)
        text = ""
    return "".join(answer) + _written(text, inside_quotes)


def _written(text: str, inside_quotes: bool) -> str:
    return quoted(text)[1:-1] if inside_quotes else escape_template(text)


class _Substitute(_Writer):
    """Writes a template's text with some of its variables replaced by source text."""

    def __init__(self, scope: Scope, replaced: dict[str, str] | None = None) -> None:
        super().__init__(scope)
        self._replaced = replaced or {}

    def text(self, node: tree.Expression) -> str:
        if isinstance(node, tree.Variable) and node.name in self._replaced:
            return self._replaced[node.name]
        return super().text(node)
