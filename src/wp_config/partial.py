"""Expressions that are only partly known, as a template for the entrypoint to finish (hcl.md §19).

What is known becomes literal text; what depends on dynamic configuration stays as source text. The result is always
a template: it may be evaluated in bare template mode.
"""

from __future__ import annotations

from wp_config.diagnostics import Diagnostics, SourceFile, failure
from wp_config.evaluator import Evaluator
from wp_config.expr import evaluate
from wp_config.functions import ENTRYPOINT_FUNCTIONS
from wp_config.literals import escape_template, key, literal, quoted
from wp_config.scope import Scope
from wp_config.syntax import parse_template, tree
from wp_config.values import Value, deeply_known, to_python, unknown

_TRUE_DATA = (True, "true", "1")


def residual(expression: tree.Expression, scope: Scope) -> str:
    """The template that gives the expression's value once the rest is known. Raises :class:`Diagnostics`."""
    writer = _Writer(scope)
    try:
        if isinstance(expression, tree.Template):
            return writer.template(expression.parts, inside_quotes=False)
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
        return value if deeply_known(value) and value.type.kind != "dynamic" else None

    def text(self, node: tree.Expression) -> str:
        """The expression as source text with the known parts folded."""
        value = self._known(node)
        if value is not None:
            return literal(value)
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
        return literal(evaluate(node, self._scope))

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
                    replaced[key_value.data] = self.text(item.value)
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
        pieces: list[str] = []
        for part in parts:
            if isinstance(part, tree.TemplateText):
                pieces.append(self._literal_text(part.value, inside_quotes))
            elif isinstance(part, tree.Interpolation):
                value = self._known(part.value)
                if value is not None:
                    whole = Evaluator(self._scope).render((part,))
                    pieces.append(self._literal_text(whole.text, inside_quotes))
                else:
                    pieces.append(self.sequence(part.value, inside_quotes=inside_quotes))
            elif isinstance(part, tree.TemplateIf):
                pieces.append(self._if(part, inside_quotes))
            else:
                names = [name for name in (part.key, part.value) if name]
                inner = type(self)(self._scope.child({name: unknown() for name in names}))
                body = inner.template(part.body, inside_quotes=inside_quotes)
                pieces.append(f"%{{ for {', '.join(names)} in {self.text(part.collection)} }}{body}%{{ endfor }}")
        return "".join(pieces)

    def sequence(self, node: tree.Expression, *, inside_quotes: bool) -> str:
        """An expression as a piece of a template: ``${…}``, or its own template text."""
        if isinstance(node, tree.Template):
            return self.template(node.parts, inside_quotes=inside_quotes)
        if isinstance(node, tree.Call) and node.name == "templatestring":
            writer, parsed = self._substituted(node)
            return writer.sequence(parsed, inside_quotes=inside_quotes)
        return "${" + self.text(node) + "}"

    @staticmethod
    def _literal_text(text: str, inside_quotes: bool) -> str:
        return quoted(text)[1:-1] if inside_quotes else escape_template(text)

    def _if(self, part: tree.TemplateIf, inside_quotes: bool) -> str:
        condition = self._known(part.condition)
        if condition is not None:
            chosen = part.then if condition.data in _TRUE_DATA else part.otherwise
            return self.template(chosen, inside_quotes=inside_quotes)
        then = self.template(part.then, inside_quotes=inside_quotes)
        otherwise = self.template(part.otherwise, inside_quotes=inside_quotes)
        middle = f"%{{ else }}{otherwise}" if otherwise else ""
        return f"%{{ if {self.text(part.condition)} }}{then}{middle}%{{ endif }}"


class _Substitute(_Writer):
    """Writes a template's text with some of its variables replaced by source text."""

    def __init__(self, scope: Scope, replaced: dict[str, str] | None = None) -> None:
        super().__init__(scope)
        self._replaced = replaced or {}

    def text(self, node: tree.Expression) -> str:
        if isinstance(node, tree.Variable) and node.name in self._replaced:
            return f"({self._replaced[node.name]})" if " " in self._replaced[node.name] else self._replaced[node.name]
        return super().text(node)
