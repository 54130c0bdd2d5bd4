"""Grammar reductions: python-hcl2's rules become our tree, and what its grammar accepts too generously is refused here.

The grammar lets newlines, separators and duplicates slip (hcl.md §22.1); the places where the language is stricter
are the ``_flaw`` calls of this module.
"""

from __future__ import annotations

import bisect
from typing import cast

from wp_config import numbers
from wp_config.diagnostics import Range, SourceFile
from wp_config.syntax import templates
from wp_config.syntax.grammar import Reduction
from wp_config.syntax.tokens import Flaw, Token
from wp_config.syntax.tree import (
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    For,
    GetAttribute,
    Index,
    Label,
    Literal,
    ObjectExpression,
    ObjectItem,
    Parentheses,
    Splat,
    SplatItem,
    Template,
    TupleExpression,
    Unary,
    Variable,
)

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _Step:
    """One ``.name``, ``[key]`` or splat behind a value, waiting for the value it applies to."""

    __slots__ = ("end", "key", "kind", "name", "start", "steps")

    def __init__(self, kind: str, start: int, end: int) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.name = ""
        self.key: Expression | None = None
        self.steps: list[_Step] = []


class _ForIntro:
    __slots__ = ("collection", "key", "value")

    def __init__(self, key: str, value: str, collection: Expression) -> None:
        self.key = key
        self.value = value
        self.collection = collection


class _Arguments:
    __slots__ = ("expand", "values")

    def __init__(self, values: tuple[Expression, ...], expand: bool) -> None:
        self.values = values
        self.expand = expand


class _Operation:
    __slots__ = ("operator", "right")

    def __init__(self, operator: str, right: Expression) -> None:
        self.operator = operator
        self.right = right


class _Condition:
    __slots__ = ("value",)

    def __init__(self, value: Expression) -> None:
        self.value = value


class Builder:
    """Builds the tree of one text. ``offsets`` maps token offsets to places in the file when the text is not the
    file itself.
    """

    def __init__(self, file: SourceFile, offsets: tuple[int, ...] | None = None) -> None:
        self.file = file
        self.flaws: list[Flaw] = []
        self._offsets = offsets

    def reductions(self) -> dict[str, Reduction]:
        """The function for each named rule of the grammar."""
        names = """
            start attribute block body new_line_or_comment identifier keyword literal_value int_lit float_lit string
            string_part interpolation template_if_start template_else template_endif template_for_start template_endfor
            conditional binary_op binary_term binary_operator unary_op expr_term template_string tuple object
            object_elem object_elem_key heredoc_template heredoc_template_trim function_call arguments index_expr_term
            get_attr_expr_term attr_splat_expr_term full_splat_expr_term braces_index short_index get_attr attr_splat
            full_splat for_tuple_expr for_object_expr for_intro for_cond
        """
        return {name: getattr(self, f"_{name}", self._first) for name in names.split()}

    def range(self, start: int, end: int) -> Range:
        """The place of a piece of the text."""
        if self._offsets is None:
            return Range(self.file, start, end)
        return Range(self.file, self._offsets[start], self._offsets[end])

    def _flaw(self, summary: str, detail: str, start: int, end: int) -> None:
        self.flaws.append(Flaw(summary, detail, start, end))

    def _flaw_at(self, summary: str, detail: str, place: Range) -> None:
        start, end = place.start, place.end
        if self._offsets is not None:
            start, end = bisect.bisect_left(self._offsets, start), bisect.bisect_left(self._offsets, end)
        self.flaws.append(Flaw(summary, detail, start, end))

    @staticmethod
    def _first(children: list[object]) -> object:
        return children[0]

    # -- structure ----------------------------------------------------------------------------------------------------

    def _attribute(self, children: list[object]) -> Attribute:
        name, value = cast(Token, children[0]), cast(Expression, children[2])
        place = self.range(name.start, name.end)
        return Attribute(Range(self.file, place.start, value.range.end), name.value, place, value)

    def _block(self, children: list[object]) -> Block:
        kind = cast(Token, children[0])
        labels: list[Label] = []
        position = 1
        while True:
            child = children[position]
            if isinstance(child, Token):
                if child.type != "NAME":
                    break
                labels.append(Label(self.range(child.start, child.end), child.value))
            elif isinstance(child, Literal) and isinstance(child.value, str):
                labels.append(Label(child.range, child.value))
            elif isinstance(child, Template):
                self._flaw_at(
                    "Template in a label", "A block label is a plain string; write $${ for a literal ${.", child.range
                )
                labels.append(Label(child.range, child.range.text))
            position += 1
        opening = next(c for c in children[position:] if isinstance(c, Token) and c.type == "LBRACE")
        body = next(c for c in children[position:] if isinstance(c, Body))
        closing = cast(Token, children[-1])
        self._check_lines(body, opening, closing)
        type_range = self.range(kind.start, kind.end)
        header = Range(self.file, kind.start, labels[-1].range.end if labels else kind.end)
        body.range = self.range(opening.start, closing.end)
        body.end = self.range(closing.start, closing.end)
        return Block(self.range(kind.start, closing.end), kind.value, type_range, tuple(labels), header, body)

    def _check_lines(self, body: Body, opening: Token, closing: Token) -> None:
        if not body.items:
            return
        first, last = body.items[0], body.items[-1]
        if first.range.start not in self.after_newline:
            if len(body.items) > 1 or isinstance(first, Block):
                detail = "A block on one line holds at most one argument; put each on its own line."
                self._flaw_at("Invalid one-line block", detail, (body.items[1] if len(body.items) > 1 else first).range)
            elif closing.after_newline:
                self._flaw_at("Invalid one-line block", 'The closing "}" must be on the same line.', first.range)
        elif not closing.after_newline:
            kind = "argument" if isinstance(last, Attribute) else "block"
            self._flaw(
                f"Missing new line after {kind}",
                'The closing "}" must be on a line of its own.',
                closing.start,
                closing.end,
            )

    after_newline: frozenset[int] = frozenset()
    """Where tokens stand that begin a line; set by the parser."""

    def _body(self, children: list[object]) -> Body:
        items = tuple(child for child in children if isinstance(child, Attribute | Block))
        seen: dict[str, Attribute] = {}
        for index, item in enumerate(items):
            if isinstance(item, Attribute):
                if item.name in seen:
                    line = seen[item.name].range.start_position.line
                    detail = f'The argument "{item.name}" was already set on line {line}; each may be set once.'
                    self._flaw_at("Argument set twice", detail, item.name_range)
                seen.setdefault(item.name, item)
            if index and item.range.start not in self.after_newline:
                before = "argument" if isinstance(items[index - 1], Attribute) else "block"
                start = item.range.start
                self._flaw(
                    f"Missing new line after {before}", f"The {before} before must end its line.", start, start + 1
                )
        place = Range(self.file, items[0].range.start, items[-1].range.end) if items else Range(self.file, 0, 0)
        return Body(place, items, place)

    # -- terms --------------------------------------------------------------------------------------------------------

    def _expr_term(self, children: list[object]) -> Expression:
        first = children[0]
        if isinstance(first, Token) and first.type == "LPAR":
            inner = next(child for child in children if isinstance(child, Expression))
            return Parentheses(self.range(first.start, cast(Token, children[-1]).end), inner)
        return self._value(first)

    def _value(self, child: object) -> Expression:
        if isinstance(child, Token):
            place = self.range(child.start, child.end)
            if child.value in _CONSTANTS:
                return Literal(place, _CONSTANTS[child.value])
            return Variable(place, child.value)
        return cast(Expression, child)

    def _int_lit(self, children: list[object]) -> Literal:
        token = cast(Token, children[0])
        return Literal(self.range(token.start, token.end), numbers.read(token.value))

    _float_lit = _int_lit

    def _string(self, children: list[object]) -> Expression:
        return templates.assemble(self, cast("list[Token | templates.Sequence]", children))

    def _interpolation(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("value", children)

    def _template_if_start(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("if", children)

    def _template_else(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("else", children)

    def _template_endif(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("endif", children)

    def _template_for_start(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("for", children)

    def _template_endfor(self, children: list[object]) -> templates.Sequence:
        return templates.Sequence("endfor", children)

    def _tuple(self, children: list[object]) -> TupleExpression:
        items = tuple(child for child in children if isinstance(child, Expression))
        return TupleExpression(self._outer(children), items)

    def _outer(self, children: list[object]) -> Range:
        return self.range(cast(Token, children[0]).start, cast(Token, children[-1]).end)

    def _object(self, children: list[object]) -> ObjectExpression:
        items: list[ObjectItem] = []
        separated = True
        for child in children:
            if isinstance(child, ObjectItem):
                if not separated and child.range.start not in self.after_newline:
                    start = child.range.start
                    self._flaw(
                        "Missing separator",
                        "Items of an object are separated by a new line or a comma.",
                        start,
                        start + 1,
                    )
                items.append(child)
                separated = False
            elif isinstance(child, Token) and child.type in ("COMMA", "NL_OR_COMMENT"):
                separated = True
        return ObjectExpression(self._outer(children), tuple(items))

    def _object_elem(self, children: list[object]) -> ObjectItem:
        key, value = self._value(children[0]), cast(Expression, children[2])
        place = Range(self.file, key.range.start, value.range.end)
        if isinstance(key, Variable):
            key = Literal(key.range, key.name)
        elif isinstance(key, Literal) and not isinstance(key.value, str) and key.range.text in _CONSTANTS:
            key = Literal(key.range, key.range.text)
        elif isinstance(key, GetAttribute | Index):
            detail = f"Put the key in parentheses to compute it, or in quotes to use it as it is: ({key.range.text})."
            self._flaw_at("Ambiguous object key", detail, key.range)
        return ObjectItem(place, key, value)

    def _function_call(self, children: list[object]) -> Call:
        name = cast(Token, children[0])
        arguments = next((child for child in children if isinstance(child, _Arguments)), _Arguments((), False))
        place = self.range(name.start, cast(Token, children[-1]).end)
        return Call(place, name.value, self.range(name.start, name.end), arguments.values, arguments.expand)

    def _arguments(self, children: list[object]) -> _Arguments:
        expand = any(isinstance(child, Token) and child.type == "ELLIPSIS" for child in children)
        return _Arguments(tuple(child for child in children if isinstance(child, Expression)), expand)

    # -- operators ----------------------------------------------------------------------------------------------------

    def _conditional(self, children: list[object]) -> Conditional:
        condition, then, otherwise = (child for child in children if isinstance(child, Expression))
        return Conditional(Range(self.file, condition.range.start, otherwise.range.end), condition, then, otherwise)

    def _binary_term(self, children: list[object]) -> _Operation:
        return _Operation(cast(Token, children[0]).value, cast(Expression, children[-1]))

    def _binary_op(self, children: list[object]) -> Binary:
        left, operation = cast(Expression, children[0]), cast(_Operation, children[1])
        place = Range(self.file, left.range.start, operation.right.range.end)
        return Binary(place, operation.operator, left, operation.right)

    def _unary_op(self, children: list[object]) -> Expression:
        token, value = cast(Token, children[0]), cast(Expression, children[1])
        place = Range(self.file, self.range(token.start, token.start).start, value.range.end)
        for operator in reversed(token.value):
            value = Unary(place, operator, value)
        return value

    # -- steps --------------------------------------------------------------------------------------------------------

    def _get_attr(self, children: list[object]) -> _Step:
        dot, name = cast(Token, children[0]), cast(Token, children[1])
        step = _Step("attribute", dot.end, name.end)
        step.name = name.value
        return step

    def _braces_index(self, children: list[object]) -> _Step:
        step = _Step("index", cast(Token, children[0]).start, cast(Token, children[-1]).end)
        step.key = next(child for child in children if isinstance(child, Expression))
        return step

    def _short_index(self, children: list[object]) -> _Step:
        token = cast(Token, children[1])
        step = _Step("old index", token.start, token.end)
        step.key = Literal(self.range(token.start, token.end), int(token.value))
        return step

    def _attr_splat(self, children: list[object]) -> _Step:
        return self._splat_step("splat", children)

    def _full_splat(self, children: list[object]) -> _Step:
        return self._splat_step("full splat", children)

    @staticmethod
    def _splat_step(kind: str, children: list[object]) -> _Step:
        token = cast(Token, children[0])
        step = _Step(kind, token.start, token.end)
        step.steps = [child for child in children[1:] if isinstance(child, _Step)]
        if step.steps:
            step.end = step.steps[-1].end
        return step

    def _index_expr_term(self, children: list[object]) -> Expression:
        return self._apply(self._value(children[0]), [cast(_Step, children[1])])

    _get_attr_expr_term = _attr_splat_expr_term = _full_splat_expr_term = _index_expr_term

    def _apply(self, source: Expression, steps: list[_Step]) -> Expression:
        for step in steps:
            place = Range(self.file, source.range.start, self.range(step.start, step.end).end)
            if step.kind == "attribute":
                source = GetAttribute(place, source, step.name, self.range(step.start, step.end))
            elif step.key is not None:
                source = Index(place, source, step.key)
            else:
                source = self._splat(source, step, place)
        return source

    def _splat(self, source: Expression, step: _Step, place: Range) -> Expression:
        if isinstance(source, Splat) and source.full:
            source.each = self._splat(source.each, step, place)
            source.range = place
            return source
        full = step.kind == "full splat"
        if isinstance(source, Splat) and not full:
            detail = 'A ".*" cannot follow another one; use "[*]".'
            self._flaw("Nested splat", detail, step.start, step.start + 2)
        item = SplatItem(place)
        inside, outside = step.steps, list[_Step]()
        if not full:
            count = next((i for i, s in enumerate(inside) if s.kind == "index"), len(inside))
            inside, outside = inside[:count], inside[count:]
        splat = Splat(place, source, item, self._apply(item, inside), full)
        return self._apply(splat, outside)

    # -- for ----------------------------------------------------------------------------------------------------------

    def _for_intro(self, children: list[object]) -> _ForIntro:
        collection = next(child for child in children if isinstance(child, Expression))
        before = children[1 : children.index(collection)]
        names = [child.value for child in before if isinstance(child, Token) and child.type == "NAME"][:-1]
        return _ForIntro(names[0] if len(names) > 1 else "", names[-1], collection)

    def _for_cond(self, children: list[object]) -> _Condition:
        return _Condition(cast(Expression, children[-1]))

    def _for_tuple_expr(self, children: list[object]) -> For:
        intro = next(child for child in children if isinstance(child, _ForIntro))
        result = next(child for child in children if isinstance(child, Expression))
        return For(
            self._outer(children), intro.key, intro.value, intro.collection, None, result, _condition(children), False
        )

    def _for_object_expr(self, children: list[object]) -> For:
        intro = next(child for child in children if isinstance(child, _ForIntro))
        key, result = (child for child in children if isinstance(child, Expression))
        group = any(isinstance(child, Token) and child.type == "ELLIPSIS" for child in children)
        condition = _condition(children)
        return For(self._outer(children), intro.key, intro.value, intro.collection, key, result, condition, group)


def _condition(children: list[object]) -> Expression | None:
    return next((child.value for child in children if isinstance(child, _Condition)), None)
