"""The face of expression evaluation: values, constants, and diagnostics that say what the variables involved were."""

from __future__ import annotations

from fractions import Fraction

from wp_config import numbers
from wp_config.diagnostics import Diagnostic, Diagnostics, failure
from wp_config.evaluator import Evaluator
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import TextTooLong, Value, deeply_sensitive, to_python

SHOWN_TEXT = 60
"""Characters of a variable's text shown in a diagnostic."""


def evaluate(expression: tree.Expression, scope: Scope) -> Value:
    """The value of an expression. Raises :class:`Diagnostics` with the place and the values of the variables
    involved.
    """
    try:
        return Evaluator(scope).value(expression)
    except Diagnostics as problem:
        raise Diagnostics(_with_values(item, expression, scope) for item in problem) from None
    except RecursionError:
        detail = "The expression and what it calls nest too deeply."
        raise failure("Nested too deeply", detail, expression.range) from None
    except numbers.NumberTooLarge:
        raise failure("Number too large", "The result has too many digits.", expression.range) from None
    except TextTooLong as error:
        raise failure("Text too long", f"{str(error).capitalize()}.", expression.range) from None


def all_problems(expression: tree.Expression, scope: Scope) -> list[Diagnostic]:
    """Everything wrong in an expression whose evaluation failed: each element of lists and objects on its own."""
    found: list[Diagnostic] = []
    stack: list[tree.Expression] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.TupleExpression):
            stack.extend(reversed(node.items))
        elif isinstance(node, tree.ObjectExpression):
            stack.extend(part for item in reversed(node.items) for part in (item.value, item.key))
        elif isinstance(node, tree.Call) and node.name not in ("try", "can"):
            before = len(found)
            for argument in node.arguments:
                found.extend(all_problems(argument, scope))
            if len(found) == before:
                found.extend(_problems(node, scope))
        else:
            found.extend(_problems(node, scope))
    return found


def _problems(node: tree.Expression, scope: Scope) -> list[Diagnostic]:
    try:
        evaluate(node, scope)
    except Diagnostics as problems:
        return list(problems)
    return []


def constant(expression: tree.Expression) -> Value:
    """The value of an expression that may not use variables or functions."""
    for node in tree.walk(expression):
        if isinstance(node, tree.Call):
            raise failure("Function calls not allowed", "A constant value is required here.", node.range)
    return evaluate(expression, Scope({}))


def describe(value: Value) -> str:
    """A value in few words for a diagnostic; sensitive values are never shown (hcl.md §16.2)."""
    if deeply_sensitive(value):
        return "(sensitive)"
    if not value.is_known:
        return "(known only later)"
    if value.is_null:
        return "null"
    if value.type.is_primitive:
        data = to_python(value)
        if isinstance(data, str):
            return '"' + (data if len(data) <= SHOWN_TEXT else data[:SHOWN_TEXT] + "…").replace("\n", "\\n") + '"'
        return (
            numbers.render(value.number)
            if isinstance(value.data, int | Fraction) and not isinstance(data, bool)
            else str(data).lower()
        )
    count = len(value.elements) if isinstance(value.data, tuple | dict) else 0
    unit = "attribute" if value.type.kind == "object" else "element"
    return f"{value.type.kind} with {count} {unit}{'' if count == 1 else 's'}"


def traversal(node: tree.Expression) -> list[str] | None:
    """The steps of a plain reference such as ``var.x["y"].0``; None for anything else."""
    steps: list[str] = []
    while True:
        if isinstance(node, tree.Variable):
            return [node.name, *reversed(steps)]
        if isinstance(node, tree.GetAttribute):
            steps.append(node.name)
        elif (
            isinstance(node, tree.Index) and isinstance(node.key, tree.Literal) and not isinstance(node.key.value, bool)
        ):
            steps.append(str(node.key.value))
        else:
            return None
        node = node.source


def _with_values(item: Diagnostic, expression: tree.Expression, scope: Scope) -> Diagnostic:
    """The diagnostic with one line per reference inside its subject, saying what the reference's value is."""
    subject = item.subject
    if item.values or subject is None or subject.file is not expression.range.file:
        return item
    lines: dict[str, None] = {}
    stack: list[tree.Node] = [expression]
    while stack:
        node = stack.pop()
        within = subject.start <= node.range.start and node.range.end <= subject.end
        if within and isinstance(node, tree.Variable | tree.GetAttribute | tree.Index) and traversal(node):
            try:
                found = Evaluator(scope).value(node)
            except Diagnostics:
                continue
            lines[f"{node.range.text} is {describe(found)}"] = None
            continue
        stack.extend(reversed(list(tree.children(node))))
    return Diagnostic(item.summary, item.detail, subject, item.severity, tuple(lines)) if lines else item
