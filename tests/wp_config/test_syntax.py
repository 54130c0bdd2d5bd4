"""What is the language and what is not: the categories of hcl.md §22.1, on which python-hcl2 alone goes wrong, first
of all.
"""

from __future__ import annotations

import pytest

from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.syntax import parse_body, parse_expression, parse_template, tree

VALID = {
    "empty file": "",
    "only blank lines": "\n\n  \n",
    "no final newline": "a = 1",
    "crlf": 'a = 1\r\nb {\r\n  c = "d"\r\n}\r\n',
    "attribute string": 'a = "b"',
    "attribute number": "a = 1.5e3",
    "attribute bool and null": "a = true\nb = false\nc = null",
    "block without labels": "a {\n}",
    "block with labels": 'a "b" c "d" {\n  e = 1\n}',
    "empty one-line block": "a {}",
    "one-line block with argument": "a { b = 1 }",
    "one-line block with label": 'use "docker" { x = 1 }',
    "nested blocks": "a {\n  b {\n    c {}\n  }\n}",
    "attribute and block of one name": "a = 1\na {}",
    "keywords as argument names": "for = 1\nin = 2\nif = 3\nelse = 4\nendif = 5\nendfor = 6\ntrue = 7\nnull = 8",
    "keywords as block types": "for {}\nif {}\nin {}",
    "keyword as label": "a in {}",
    "unicode name": "größe = 1",
    "unicode name with mark": "e\u0301a = 1",
    "name with hyphen": "a-b = c-d",
    "hash comment": "# c\na = 1 # d\n",
    "slash comment": "// c\na = 1 // d\n",
    "block comment": "/* c\n d */ a = 1 /* e */\n",
    "comment at end without newline": "a = 1 # end",
    "comment between labels": 'a "b" /* c */ "d" {}',
    "comment before equals": "a /* c */ = 1",
    "comment after equals": "a = /* c */ 1",
    "comment in list": "a = [\n  1, # one\n  // two\n  2,\n]",
    "comment in object": "a = {\n  # first\n  b = 1 # one\n  /* x */ c = 2\n}",
    "byte after comment in call": "a = f(\n  1, # one\n  2\n)",
    "empty string": 'a = ""',
    "escapes": r'a = "\n\r\t\"\\\u00e9\U0001F600"',
    "interpolation": 'a = "x${b}y"',
    "only interpolation": 'a = "${b}"',
    "nested string": 'a = "x ${f("y ${z}")} w"',
    "trim marks": 'a = "x ${~ b ~} y"',
    "left trim mark only": 'a = "x ${~ b} y"',
    "newline in interpolation": 'a = "x ${\n  b\n} y"',
    "escaped interpolation": 'a = "$${b}"',
    "escaped interpolation with nothing behind": 'a = "$${"',
    "escaped directive with nothing behind": 'a = "%%{"',
    "escape before real interpolation": 'a = "$${a ${b}}"',
    "lone dollar and percent": 'a = "$ $$ % %% $a %b"',
    "dollar at the end": 'a = "b$"',
    "directive if": 'a = "%{ if b }c%{ endif }"',
    "directive if else": 'a = "%{ if b }c%{ else }d%{ endif }"',
    "directive for": 'a = "%{ for v in b }${v}%{ endfor }"',
    "directive for with key": 'a = "%{ for k, v in b ~}${k}${v}%{~ endfor }"',
    "nested directives": 'a = "%{ if b }%{ for v in c }${v}%{ endfor }%{ endif }"',
    "heredoc": "a = <<EOT\nb\nEOT\n",
    "heredoc at end of file": "a = <<EOT\nb\nEOT",
    "empty heredoc": "a = <<EOT\nEOT\n",
    "indented heredoc": "a = <<-EOT\n    b\n    EOT\n",
    "heredoc marker with underscore": "a = <<_X\nb\n_X\n",
    "one-letter heredoc marker": "a = <<E\nb\nE\n",
    "heredoc with interpolation": "a = <<E\nb ${c} %{ if d }e%{ endif }\nE\n",
    "heredoc with quotes and backslashes": 'a = <<E\n"b" \\n \\\nE\n',
    "heredoc in list": "a = [<<E\nb\nE\n, 1]",
    "heredoc in call": "a = f(<<E\nb\nE\n)",
    "heredoc with crlf": "a = <<E\r\nb\r\nE\r\n",
    "list": "a = [1, 2]",
    "empty list": "a = []",
    "list trailing comma": "a = [1, 2,]",
    "list over lines": "a = [\n  1,\n\n  2\n]",
    "object": "a = { b = 1, c = 2 }",
    "empty object": "a = {}",
    "object with colon": 'a = { "b" : 1 }',
    "object over lines": "a = {\n  b = 1\n  c = 2\n}",
    "object with commas and newlines": "a = {\n  b = 1,\n  c = 2,\n}",
    "object computed key": "a = { (b) = 1 }",
    "object computed keys over lines": "a = {\n  b = c\n  (d) = e\n}",
    "object template key": 'a = { "x${b}" = 1 }',
    "object number key": "a = { 1 = 2 }",
    "object keyword keys": "a = { for = 1, in = 2, true = 3 }",
    "newline after brace": "a = {\n\n  b = 1 }",
    "arithmetic": "a = 1 + 2 * 3 - 4 / 5 % 6",
    "comparison and logic": "a = b == 1 && c != 2 || d > 3 && e <= 4",
    "conditional": "a = b ? c : d",
    "nested conditional": "a = b ? c : d ? e : f",
    "not": "a = !b",
    "double not": "a = !!b",
    "double minus": "a = --1",
    "spaced minus": "a = - 1",
    "minus of not": "a = -!b",
    "subtraction of negative": "a = 1 - -1",
    "parentheses over lines": "a = (\n  1\n  +\n  2\n)",
    "newline before minus in parentheses": "a = (1\n  - 2)",
    "newline before question mark in parentheses": "a = (b\n  ? c\n  : d)",
    "newlines in call": "a = f(\n  1,\n  2,\n)",
    "call without arguments": "a = f()",
    "expanded argument": "a = f(b, c...)",
    "attribute access": "a = b.c.d",
    "keyword attributes": "a = b.for.in.if",
    "index": 'a = b[0]["c"]',
    "index over lines": "a = b[\n  0\n]",
    "old index": "a = b.0.c",
    "full splat": "a = b[*].c.d[0]",
    "spaced full splat": "a = b[ * ].c",
    "attribute splat": "a = b.*.c.d",
    "for list": "a = [for v in b : v]",
    "for list with key and condition": "a = [for k, v in b : v if k != 1]",
    "for object": "a = {for k, v in b : k => v}",
    "for object grouped": "a = {for k, v in b : k => v... if v}",
    "for over lines": "a = [\n  for v in b :\n  v\n  if v\n]",
    "for object over lines": "a = {\n  for v in b :\n  v =>\n  v\n}",
    "tuple of objects": "a = [{ b = 1 }, { c = 2 }]",
    "call in index": "a = b[f(c)].d",
    "object attribute": "a = { b = 1 }.b",
    "tabs": "\ta\t=\t1\t",
}

INVALID = {
    "two attributes on a line": ("a = 1 b = 2", 1, 7),
    "attributes separated by comma": ("a = 1, b = 2", 1, 6),
    "duplicate attribute": ("a = 1\na = 2", 2, 1),
    "brace on the next line": ("a\n{\n}", 1, 2),
    "junk after a block": ("a {\n} b = 1", 2, 3),
    "block after a block": ("a {} b {}", 1, 6),
    "one-line block with two attributes": ("a { b = 1 c = 2 }", 1, 11),
    "one-line block with a block": ("a { b {} }", 1, 5),
    "one-line block closed on the next line": ("a { b = 1\n}", 1, 5),
    "closing brace behind an attribute": ("a {\n  b = 1 }", 2, 9),
    "newline in a string": ('a = "b\nc"', 1, 5),
    "bad escape": (r'a = "\q"', 1, 6),
    "bad unicode escape": (r'a = "\u00g0"', 1, 6),
    "newline after operator": ("a = 1 +\n2", 1, 8),
    "newline before operator": ("a = 1\n+ 2", 2, 1),
    "newline before question mark": ("a = b\n? c : d", 2, 1),
    "newline after question mark": ("a = b ?\nc : d", 1, 8),
    "newline after equals": ("a =\n1", 1, 4),
    "interpolation in a label": ('a "${b}" {}', 1, 3),
    "missing separator in an object": ("a = { b = 1 c = 2 }", 1, 13),
    "newline after object key": ("a = { b =\n1 }", 1, 10),
    "nested attribute splat": ("a = b.*.c.*.d", 1, 10),
    "old index twice": ("a = b.0.0", 1, 7),
    "namespaced call": ("a = b::c()", 1, 6),
    "unclosed block": ("a {\n  b = 1\n", 3, 1),
    "unclosed list": ("a = [1, 2", 1, 5),
    "unclosed string": ('a = "b', 1, 5),
    "unclosed interpolation": ('a = "${b', 1, 6),
    "unclosed heredoc": ("a = <<E\nb\n", 1, 5),
    "unclosed comment": ("a = 1 /* b", 1, 7),
    "quoted attribute name": ('"a" = 1', 1, 1),
    "single quotes": ("a = 'b'", 1, 5),
    "semicolon": ("a = 1;", 1, 6),
    "lone carriage return": ("a = 1\rb = 2", 1, 6),
    "triple equals": ("a = b === c", 1, 7),
    "number without leading digit": ("a = .5", 1, 5),
    "number with trailing dot": ("a = 5.", 1, 7),
    "missing value": ("a = ", 1, 5),
    "ambiguous object key": ("a = { b.c = 1 }", 1, 7),
    "unclosed directive": ('a = "%{ if b }c"', 1, 6),
    "endfor closes if": ('a = "%{ if b }c%{ endfor }"', 1, 16),
    "else without if": ('a = "%{ else }"', 1, 6),
    "closing bracket without opener": ("a = 1)", 1, 6),
    "mismatched brackets": ("a = [1)", 1, 7),
    "unclosed interpolation with a string behind": ('a = "${b" c', 1, 6),
    "unclosed interpolation in an interpolation": ('a = "${f("x ${y")}"', 1, 6),
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
def test_is_the_language(text: str) -> None:
    parse_body(SourceFile("case.hcl", text))


@pytest.mark.parametrize(("text", "line", "column"), INVALID.values(), ids=INVALID.keys())
def test_is_refused_where_it_goes_wrong(text: str, line: int, column: int) -> None:
    with pytest.raises(Diagnostics) as caught:
        parse_body(SourceFile("case.hcl", text))
    first = caught.value.errors[0]
    assert first.subject is not None
    assert first.subject.start_position[:2] == (line, column), caught.value.render()
    assert first.detail


def test_reports_all_errors_of_a_file() -> None:
    text = 'a = 1 +\nb {\n  c = 2 d = 3\n}\ne = "\\q"\nf = [1 2]\ng = 1\n'
    with pytest.raises(Diagnostics) as caught:
        parse_body(SourceFile("case.hcl", text))
    lines = [item.subject.start_position.line for item in caught.value.errors if item.subject]
    assert lines == [1, 3, 5, 6]


def test_knows_the_place_of_every_node() -> None:
    body = parse_body(SourceFile("case.hcl", 'größe "ö" {\n  ä = [1, b.c]\n}\n'))
    block = body.items[0]
    assert isinstance(block, tree.Block)
    assert block.labels[0].range.start_position == (1, 7, 8)
    attribute = block.body.items[0]
    assert isinstance(attribute, tree.Attribute)
    assert attribute.value.range.start_position == (2, 7, 22)
    assert attribute.value.range.end_position == (2, 15, 30)
    for node in tree.walk(body):
        assert body.range.start <= node.range.start <= node.range.end <= body.range.end


def test_a_template_reads_text_without_quotes() -> None:
    parsed = parse_template(SourceFile("t", 'say "hi" to ${name}\n\\n'))
    assert isinstance(parsed, tree.Template)
    assert [type(part) for part in parsed.parts] == [tree.TemplateText, tree.Interpolation, tree.TemplateText]
    assert isinstance(parsed.parts[0], tree.TemplateText)
    assert parsed.parts[0].value == 'say "hi" to '


def test_an_expression_stands_alone_and_newlines_are_free() -> None:
    assert isinstance(parse_expression(SourceFile("e", "1\n + 2\n")), tree.Binary)
    with pytest.raises(Diagnostics):
        parse_expression(SourceFile("e", "1 a"))
    with pytest.raises(Diagnostics):
        parse_expression(SourceFile("e", ""))
