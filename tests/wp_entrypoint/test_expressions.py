"""Templates that a runner left for the entrypoint: finished here, they give what the runner would have given."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wp_config import recorded, test_functions, test_partial
from tests.wp_entrypoint.conftest import Entrypoints
from tests.wp_entrypoint.fake_server import FakeServer

from wp_config import functions as language
from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.expr import evaluate
from wp_config.functions.encoding import json_text
from wp_config.functions.signature import FunctionError
from wp_config.scope import Scope, Surroundings
from wp_config.syntax import parse_expression, parse_template
from wp_config.values import from_python, string
from wp_entrypoint import functions
from wp_entrypoint.appconfig import AppConfig, resolve
from wp_entrypoint.dynamic import key_of
from wp_entrypoint.expressions import render
from wp_entrypoint.values import ExpressionError
from wp_proto.entrypoint.messages import ConfigVar, ConfigVarDynamicVal
from wp_proto.waypoint import api as pb

SECRET = "hunter2 ${x}"


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b([a-z_0-9]+)\(", text))


def test_it_has_the_functions_that_the_runner_leaves_to_it() -> None:
    assert functions.names() == (language.ENTRYPOINT_FUNCTIONS - language.GO_ENTRYPOINT_ONLY) | {"try", "can"}


def test_every_function_is_where_it_is_looked_for() -> None:
    for name in functions.names() - {"try", "can"}:
        with contextlib.suppress(ExpressionError):
            functions.run(name, [])


@pytest.mark.parametrize(
    "text",
    [
        text
        for text in test_functions.RESULTS
        if names_in(text) <= functions.names() and not names_in(text) & {"abspath", "timestamp"}
    ],
)
def test_functions_give_what_the_runners_give(text: str) -> None:
    world = Surroundings(Path("/nowhere"), Path("/nowhere"))
    scope = Scope({"var": from_python(test_functions.VARIABLES)}, surroundings=world, templates=True, dynamic=True)
    expected = json_text(evaluate(parse_expression(SourceFile("test", text)), scope))
    assert render("${jsonencode(" + text + ")}", {"var": test_functions.VARIABLES}) == expected


@pytest.mark.parametrize("secret", ["secret", 'a "quoted" ${x} %{ if } $', "ü\u0301\n\t\\"])
@pytest.mark.parametrize("text", test_partial.UNFINISHED)
def test_finishing_gives_what_full_evaluation_would(text: str, secret: str) -> None:
    full = evaluate(parse_expression(SourceFile("value", text)), test_partial.scope(string(secret)))
    inner = {"pass": string(secret).text, "static": "S", "extra": "FOO"}
    scope = {"config": {"internal": inner, "env": inner}, "remote": {"name": inner["pass"]}}
    left = test_partial.left_over(text)
    if isinstance(full.data, str):
        assert render(left, scope) == full.text
    else:
        assert left.startswith("${")
        assert render("${jsonencode(" + left[2:-1] + ")}", scope) == json_text(full)


WHERE = {"workspace": {"name": "default"}, "path": {"project": "/p", "pwd": "/p"}}
"""What recorded expressions refer to."""


def finished(text: str) -> str | None:
    try:
        return render("${jsonencode(" + text + "\n)}", WHERE)
    except ExpressionError:
        return None


def fully_evaluated(text: str) -> str | None:
    world = Surroundings(Path("/nowhere"), Path("/nowhere"))
    values = {name: from_python(value) for name, value in WHERE.items()}
    try:
        return json_text(evaluate(parse_expression(SourceFile("test", text)), Scope(values, surroundings=world)))
    except (Diagnostics, FunctionError):
        return None


@pytest.mark.parametrize("topic", recorded.TOPICS)
def test_expressions_mean_what_they_mean_to_the_runner(topic: str) -> None:
    answers = recorded.answers("differences.ours" if topic == recorded.DIFFERENCES else topic)
    here = {text: answer for text, answer in answers.items() if names_in(text) <= functions.names()}
    found = {text: finished(text) for text in here}
    assert {text: (answer, here[text]) for text, answer in found.items() if answer != here[text]} == {}


EXPRESSIONS = [
    text
    for topic in recorded.TOPICS
    for text in recorded.cases(topic)
    # A null of the result of a condition has the other result's type there, and no type here.
    if names_in(text) <= functions.names() - {"timestamp"} and "null" not in text
]
USES = """
[X, 1]|true ? X : "a"|false ? {} : X|true ? [X] : [1]|tolist(X)|toset(X)|tomap(X)|"<${X}>"|(X) == (X)|[X] == tolist([X])
length(X)|format("%v %8v %-8v", X, X, X)|format("%s %d", X, X)|format("%.3f %e %g", X, X, X)|[for v in X : v]
{for k, v in X : k => v}|{ a = X }|(X)[0]|(X).a|(X)[*]|(X).*.a|tostring(X)|tonumber(X)|tobool(X)|distinct(X)
merge(X, { b = 1 })|concat(X, [1])|concat(X...)|setunion(X, ["a"])|setproduct(X, X)|keys(X)|values(X)|reverse(X)
flatten([X])|coalesce(X, "a")|chunklist(X, 2)|join(",", X)|sort(X)|upper(X)|strrev(X)|substr(X, -2, -1)|X + 1|-X|!X
(X) % 3|7 / (X)|(X) < 2|try(X, 9)|contains([X], X)|element(X, 1)|slice(X, 0, 1)|zipmap(X, X)|lookup(X, "a", 1)
jsondecode(jsonencode(X))|sum(X)|compact(X)|formatlist("%v", X)|abs(X)|ceil(X)|max(X...)|parseint(X, 16)|range(X)
title(X)|split("", X)|regexall("[a-z]+", X)|setintersection(X, X)|setsubtract(X, ["a"])|urlencode(X)|csvdecode(X)
"""


def test_what_is_made_of_their_values_is_the_same_too() -> None:
    uses = USES.strip().replace("\n", "|").split("|")
    different = {}
    for inner in EXPRESSIONS:
        number = zlib.crc32(inner.encode())  # always the same of all uses, whatever else is recorded
        for use in (uses[number % len(uses)], uses[number // len(uses) % len(uses)]):
            text = use.replace("X", f"{inner}\n" if inner.startswith("<<") else inner)
            here, there = finished(text), fully_evaluated(text)
            if here != there:
                different[text] = (here, there)
    assert different == {}


SCOPE = {
    "n": 3,
    "text": "a,b",
    "list": ["x", "y", "z"],
    "object": {"one": 1, "two": "zwei"},
    "people": [{"name": "Ann", "tags": ["p", "q"]}, {"name": "Bob", "tags": []}],
}
TEMPLATES = [
    "plain $ and % and $$ and %% stay",
    "$${n} %%{ if } $${",
    "${n}",
    "<${ n } ${n}>",
    "a ${~ n ~} b",
    "a\n%{~ if n > 2 ~}\n yes\n%{~ else ~}\n no\n%{~ endif ~}\nb",
    "%{ for v in list }[${v}]%{ endfor }",
    "%{ for k, v in object ~}\n ${k}=${v}\n%{ endfor ~} end",
    '%{ if n == 3 }%{ for v in list }%{ if v != "y" }${v}%{ endif }%{ endfor }%{ else }no%{ endif }',
    "${n + 2 * 3 - -1} ${(n + 2) * 3} ${7 / 2} ${1 / 3} ${10 % 4} ${-7 % 3} ${7.5 % 2}",
    '${1 < 2 && !(2 <= 1) || false} ${1 == 1.0} ${"1" == 1} ${n != 3} ${null == null}',
    '${n > 2 ? "big" : "small"} ${false ? 1 : n > 5 ? 2 : 3}',
    '${true ? 1 : "a"}',
    '${list[0]} ${list.1} ${list[n - 1]} ${object.one} ${object["two"]} ${people[0].tags[1]}',
    '${join(",", people[*].name)} ${jsonencode(people.*.tags)}',
    '${jsonencode([for v in list : upper(v) if v != "y"])} ${jsonencode([for i, v in list : "${i}:${v}"])}',
    "${jsonencode({for k, v in object : v => k})} ${jsonencode({for p in people : p.name => p.tags...})}",
    '${jsonencode({ a = 1, "b c" = [true, null], (text) = n, "${n}x" : {} })}',
    "${jsonencode({\n a = 1\n b = 2 # comment\n // another\n /* third */ c = 3\n})}",
    "${max([1, 5, 2]...)}",
    '${upper("in ${lower("DEEP ${n}")} side")} ${"tab\\t quote\\" ü \\u00fc \\U0001F600"}',
    "${1e3} ${1.50} ${0.1 + 0.2} ${100000000000000000000 * 10}",
    '${format("%05.1f|%-5s|%5d|%q|%v|%x", 2.25, "ab", 42, "q", [1], 255)}',
    "${n - 1}",
    "${length(list) > 2 ? list[2] : list[9]}",
    "${jsonencode(people.*\n.name)} ${jsonencode(people[*].tags.*)}",
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_the_language_is_the_runners(text: str) -> None:
    world = Surroundings(Path("/nowhere"), Path("/nowhere"))
    values = {name: from_python(value) for name, value in SCOPE.items()}
    expected = evaluate(
        parse_template(SourceFile("test", text)), Scope(values, surroundings=world, templates=True, dynamic=True)
    )
    assert render(text, SCOPE) == (expected.data if isinstance(expected.data, str) else json_text(expected))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${", "value is missing"),
        ("${n", '"}" is missing'),
        ("${n n}", '"}" is missing'),
        ("${n ~ }", '"}" is missing'),
        ('${"open', "not closed"),
        ("%{ if true }x", '"endif" is missing'),
        ("%{ for v in list }x", '"endfor" is missing'),
        ("%{ endif }", "directive"),
        ("%{ while true }", "directive"),
        ("${nobody}", 'no variable named "nobody"'),
        ("${nobody()}", 'no function "nobody"'),
        ("${yamldecode(secret)}", 'no function "yamldecode"'),
        ("${object.none}", "no attribute"),
        ("${list[3]}", "index"),
        ("${people.*.tags.*}", "second splat"),
        ("${n\r}", '"}" is missing'),
        ("${list}", "jsonencode"),
        ("${null}", "null"),
        ("${secret + 1}", "number is required"),
        ("${secret ? 1 : 2}", "true or false"),
        ("${upper()}", "0 arguments"),
        ("${upper(null)}", "null"),
        ("${base64decode(secret)}", "base64"),
        ("${jsondecode(secret)}", "no JSON"),
        ("${parseint(secret, 10)}", "no whole number"),
        ("${file(secret)}", "No such file"),
        ('${regex("(?=x)", secret)}', "not valid"),
        ("${lookup(object, secret)}", "no such element"),
        ("${object[secret]}", "of that name"),
        ('${formatdate("YYYY", secret)}', "timestamp"),
        ('${timeadd("2026-02-30T00:00:00Z", "1s")}', "no result"),
        ("${0 / 0}", "zero by zero"),
        ("${1 / 0 - 1 / 0}", "infinite"),
        ("${jsonencode(1 / 0)}", "infinite number has no JSON"),
        ("${1 / 0 % 2}", "infinite"),
        ("${range(1 / 0)}", "finite"),
        ("${sum([1, 1 / 0])}", "finite"),
        ('${true ? secret : ["b"]}', "no type in common"),
        ("${pow(9, 999999)}", "no result"),
        ("${" + "(" * 200 + "1" + ")" * 200 + "}", "nests too deeply"),
        ("${" + "!" * 5000 + "true}", "nests too deeply"),
        ("%{ for a in range(1000) }%{ for b in range(1000) }x%{ endfor }%{ endfor }", "all loops"),
        ("${[for v in list : v...]}", "missing"),
        ('${{for v in list : "k" => v}}', "twice"),
    ],
)
def test_what_has_no_value_says_why_and_nothing_of_the_values(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as error:
        render(text, SCOPE | {"secret": SECRET})
    assert words in str(error.value)
    assert "hunter2" not in str(error.value)


def test_files_are_those_of_the_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "bytes").write_bytes(b"\xff\0")
    os.mkfifo(tmp_path / "pipe")
    assert render('${chomp(file("text"))} ${file("~/text")}', {}) == "hello hello\n"
    assert render('${filebase64("bytes")} ${fileexists("text")} ${fileexists("none")}', {}) == "/wA= true false"
    assert render('${abspath("a/../text")}', {}) == str(tmp_path / "text")
    for text, words in (
        ('${file("bytes")}', "no UTF-8"),
        ('${file("none")}', "No such file"),
        ('${file("pipe")}', "no regular file"),
        ('${filesha256("/dev/zero")}', "no regular file"),
        ('${fileexists(".")}', "no regular file"),
        ('${file("~other/x")}', "only ~"),
        ('${file("a${jsondecode("\\"\\\\u0000\\"")}")}', "null character"),
    ):
        with pytest.raises(ExpressionError, match=words):
            render(text, {})


@given(st.lists(st.tuples(st.sampled_from("+-*/%<>"), st.decimals(-1000, 1000, places=3)), min_size=1, max_size=6))
def test_arithmetic_is_the_runners(steps: list[tuple[str, Decimal]]) -> None:
    text = "1"
    for operator, number in steps:
        text = f"({text}) {operator} ({number})" if operator in "+-*/%" else f"(({text}) {operator} ({number}) ? 7 : 2)"
    world = Surroundings(Path("/nowhere"), Path("/nowhere"))
    try:
        expected = json_text(evaluate(parse_expression(SourceFile("test", text)), Scope({}, surroundings=world)))
    except (Diagnostics, FunctionError):
        return  # infinite, which has no text here
    assert render("${" + text + "}", {}) == expected


@given(st.text(alphabet="${}%~\"\\()[]?:.,*!=<>|&+-/#\n abfinor01'") | st.text())
def test_noise_is_taken_or_refused_never_worse(text: str) -> None:
    for each in (text, "${" + text + "}"):
        with contextlib.suppress(ExpressionError):
            render(each, SCOPE)


# Variables that refer to each other


def static(name: str, text: str, **more: bool) -> ConfigVar:
    return ConfigVar(name=name, static=text, **more)


def secret_variable() -> ConfigVar:
    return ConfigVar(name="PASS", internal=True, dynamic=ConfigVarDynamicVal("vault", {"key": "p"}))


def resolved(
    variables: list[ConfigVar], value: str | None = "s3cret", before: AppConfig | None = None
) -> tuple[dict[bytes, bytes], AppConfig]:
    source = secret_variable()
    key = key_of(source)
    assert key is not None
    config = resolve([*variables, source], {} if value is None else {key: value}, before)
    return config.environment, config


def test_entries_are_made_in_the_order_of_their_references() -> None:
    environment, config = resolved(
        [
            static("URL", "db://${config.env.USER}:${config.internal.CODED}@host"),
            static("USER", "${upper(config.env.NAME)}"),
            static("NAME", "ann"),
            static("CODED", "${urlencode(config.internal.PASS)}", internal=True),
            static("all", "%{ for k, v in config.env }${k} %{ endfor }", name_is_path=True),
            static("open.txt", "${config.env.NAME}", name_is_path=True),
            static("RAW", "$${config.env.NAME} stays"),
        ],
        value="a b/c",
    )
    assert config.problems == []
    assert environment[b"URL"] == b"db://ANN:a+b%2Fc@host"
    assert environment[b"RAW"] == b"${config.env.NAME} stays"
    assert config.files == {b"all": b"NAME RAW URL USER ", b"open.txt": b"ann"}
    assert config.private == {b"all"}, "what has a source's value in it, by whatever way"


def test_a_circle_is_told_and_empty() -> None:
    environment, config = resolved([static("A", "${config.env.B}"), static("B", "x${config.env.A}"), static("C", "c")])
    assert environment == {b"A": b"", b"B": b"", b"C": b"c"}
    assert len(config.problems) == 2
    assert all("refers back to itself" in problem for problem in config.problems)


def test_what_cannot_be_made_up_keeps_its_last_state() -> None:
    variables = [static("CODE", "${jsondecode(config.internal.PASS).code}"), static("f", "${config.env.CODE}")]
    variables[1].name_is_path = True
    environment, first = resolved(variables, value='{"code": 7}')
    assert environment == {b"CODE": b"7"}
    assert not first.problems
    environment, second = resolved(variables, value="no JSON now", before=first)
    assert environment == {b"CODE": b"7"}
    assert second.files == {b"f": b"7"}
    assert "CODE cannot be made up, it stays as it was: jsondecode: this is no JSON" in second.problems
    environment, third = resolved(variables, value=None)
    assert environment == {b"CODE": b""}
    assert "CODE cannot be made up, it is empty: config.internal.PASS is not known here" in third.problems


@pytest.mark.both_natures
def test_the_application_gets_what_was_finished(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_whole_config(
        pb.EntrypointConfig(
            env_vars=[
                pb.ConfigVar(
                    name="GREETING", static='${join(" ", [for w in split(" ", config.internal.WORDS) : title(w)])}'
                ),
                pb.ConfigVar(name="WORDS", static="good day", internal=True),
                pb.ConfigVar(name="BROKEN", static="${nobody(1)}"),
                pb.ConfigVar(
                    name="KINDS",
                    static='${abs(-1)} ${format("%q", "f")} ${formatdate("YYYY", "2026-01-31T12:00:00Z")} '
                    '${regex("a+", "baab")} ${length(setunion(["a"], ["b"]))} ${tostring(2)} ${base64encode("b")} '
                    '${md5("")} ${basename("/x/y")}',
                ),
            ]
        )
    )
    done = entrypoints.run("sh", "-c", 'echo "$GREETING|$BROKEN|$WORDS|$KINDS"', server=server)
    assert done.stdout == 'Good Day|||1 "f" 2026 aa 2 2 Yg== d41d8cd98f00b204e9800998ecf8427e y\n'
    assert 'BROKEN cannot be made up, it is empty: there is no function "nobody" in the entrypoint' in done.stderr
