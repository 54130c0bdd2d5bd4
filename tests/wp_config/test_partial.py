"""Values that the entrypoint finishes: the table of hcl.md §19.2, and that finishing gives what full evaluation
would.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.expr import evaluate
from wp_config.partial import residual
from wp_config.scope import Scope, Surroundings
from wp_config.syntax import parse_expression, parse_template
from wp_config.values import STRING, Value, from_python, object_of, string, unknown

WORLD = Surroundings(Path("/nowhere"), Path("/nowhere"))
KNOWN = {"foo": from_python({"bar": "qux", "list": ["a", "b"], "yes": True, "dollar": "5$", "percent": "5%"})}


def scope(secret: Value) -> Scope:
    inner = object_of(
        {"pass": secret, "static": unknown(STRING) if not secret.is_known else string("S"), "extra": string("FOO")}
    )
    config = object_of({"internal": inner, "env": inner})
    return Scope(
        {**KNOWN, "config": config, "remote": object_of({"name": secret})},
        surroundings=WORLD,
        templates=True,
        dynamic=True,
    )


def left_over(text: str) -> str:
    return residual(parse_expression(SourceFile("value", text)), scope(unknown(STRING)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"${config.internal.pass} ok?"', "${config.internal.pass} ok?"),
        ('"extra: ${config.env.static}"', "extra: ${config.env.static}"),
        ('"hello: ${foo.bar} ${remote.name}"', "hello: qux ${remote.name}"),
        ('"${join("a", [foo.bar, remote.name])}"', '${join("a", ["qux", remote.name])}'),
        ('replace(config.internal.pass, "x", config.internal.extra)', '${replace(config.internal.pass, "x", "FOO")}'),
        ('"$${get_hostname()} ${remote.name}"', "$${get_hostname()} ${remote.name}"),
        ('templatestring("<$${p}> $$$${x}", { p = config.internal.pass })', "<${config.internal.pass}> $$${x}"),
        ('config.internal["pass"]', '${config.internal["pass"]}'),
        ('foo.yes ? remote.name : "no"', "${remote.name}"),
        ('"${foo.dollar}${remote.name}"', '5${"$"}${remote.name}'),
    ],
)
def test_text_for_the_entrypoint(text: str, expected: str) -> None:
    assert left_over(text) == expected


UNFINISHED = [
    "config.internal.pass",
    '"${foo.dollar}${config.internal.pass}${foo.percent}%{ if foo.yes }${config.internal.pass}%{ endif }"',
    '"${foo.percent}%{ if config.internal.pass == "secret" }x$%{ endif }${foo.dollar}{"',
    "jsonencode([1 / 0 > 1, config.internal.pass])",
    '"${config.internal.pass}"',
    '"a ${foo.bar} \\"q\\" ${remote.name} $${x} %%{ y } \\\\ \\n"',
    "upper(config.internal.pass)",
    'config.internal.pass == "secret" ? "same" : upper(foo.bar)',
    'foo.yes ? remote.name : "no"',
    '!(config.internal.pass == "x") ? "not" : "x"',
    'join(",", [for v in foo.list : "${v}-${config.internal.pass}"])',
    'join(",", [for i, v in [config.internal.pass, "z"] : "${i}${v}" if v != "z"])',
    "jsonencode({ for k, v in { a = config.internal.pass } : upper(k) => v })",
    'jsonencode({ (foo.bar) = [config.internal.pass, 1, null, true], "x y" = {} })',
    "jsonencode([{ n = config.internal.pass }][*].n)",
    '"%{ if config.internal.pass == "secret" }yes ${foo.bar}%{ else }no%{ endif }!"',
    '"%{ for v in [config.internal.pass, foo.bar] }<${v}>%{ endfor }"',
    'element(["a", config.internal.pass], 1)',
    '[config.internal.pass, "b"][0]',
    "{ a = config.internal.pass }.a",
    "max([length(config.internal.pass), 2]...)",
    "-length(config.internal.pass)",
    "length(config.internal.pass) * 2 + 1 > 3 && foo.yes",
    'templatestring("<$${p}> %%{ if q }Q%%{ endif }", { p = config.internal.pass, q = foo.yes })',
    '"nested ${upper("in ${config.internal.pass} side")}"',
    '<<-END\n    line ${config.internal.pass}\n      "quoted" \\n ${foo.bar}\n    END\n',
]
"""Values with something in them that is known only in the application."""


@pytest.mark.parametrize("text", UNFINISHED)
def test_finishing_gives_what_full_evaluation_would(text: str) -> None:
    secret = string('secret "quoted" ${x}') if "secret" not in text else string("secret")
    full = evaluate(parse_expression(SourceFile("value", text)), scope(secret))
    finished = evaluate(parse_template(SourceFile("left over", left_over(text))), scope(secret))
    assert finished == full


def test_what_the_application_cannot_do_is_an_error_now() -> None:
    with pytest.raises(Diagnostics, match="cannot run in the application"):
        left_over("gitremoteurl(config.internal.pass)")
    with pytest.raises(Diagnostics, match="cannot be a part of another value"):
        left_over('jsonencode([dynamic("vault", {}), config.internal.pass])')
    with pytest.raises(Diagnostics, match="must be known"):
        left_over("templatestring(config.internal.pass, {})")
