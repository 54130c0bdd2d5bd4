"""Functions row by row: results and refusals (hcl.md §12); files, templates and repositories are real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wp_config import functions
from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.expr import evaluate
from wp_config.functions.encoding import json_text
from wp_config.scope import Scope, Surroundings
from wp_config.syntax import parse_expression
from wp_config.values import from_python, to_python

VARIABLES = {"m": {"a": 1}, "l": ["a", "b"]}


def run(text: str, folder: Path | None = None) -> object:
    folder = folder or Path("/nowhere")
    world = Surroundings(folder, folder)
    scope = Scope({"var": from_python(VARIABLES)}, surroundings=world, templates=True, dynamic=True)
    return to_python(evaluate(parse_expression(SourceFile("test", text)), scope))


def test_every_function_of_the_table_exists_and_is_described() -> None:
    for name in functions.names() - {"try", "can"}:
        found = functions.load(name)
        assert found.name == name
        assert found.usage.startswith(f"{name}(")
        assert found.doc.endswith(".")


RESULTS = {
    "abs(-1.5)": 1.5,
    "ceil(1.2)": 2,
    "floor(-1.2)": -2,
    "log(16, 2)": 4,
    "pow(2, 10)": 1024,
    "signum(-5)": -1,
    "max(1, 3, 2)": 3,
    "min([1, 3]...)": 1,
    'parseint("ff", 16)': 255,
    'parseint("-11", 2)': -3,
    'parseint("FF", 16)': 255,
    'parseint("Z", 62)': 61,
    r'chomp("a\r\n\n")': "a",
    r'indent(2, "a\nb\n\nc")': "a\n  b\n  \n  c",
    'join("-", ["a"], ["b", 1])': "a-b-1",
    'split(",", "a,b,")': ["a", "b", ""],
    'split(",", "")': [""],
    'split("", "ab")': ["a", "b"],
    'title("hello wOrld-x a_b")': "Hello WOrld-X A_b",
    'upper("straße é")': "STRAßE É",
    'replace("a.b.c", ".", "/")': "a/b/c",
    r'strrev("ae\u0301b")': "béa",
    'substr("hello", 1, 3)': "ell",
    'substr("hello", -3, -1)': "llo",
    'substr("hello", -3, 0)': "",
    'substr("hello", 3, 100)': "lo",
    'trim("xxaxx", "x")': "a",
    'trimprefix("aab", "a")': "ab",
    'trimsuffix("baa", "a")': "ba",
    r'trimspace(" \t a \n")': "a",
    'regex("a+", "baac")': "aa",
    'regex("(a)(x)?", "a")': ["a", None],
    'regexall("[0-9]", "a1b2")': ["1", "2"],
    'regexall("x", "a")': [],
    'regex("[[:alpha:]]+", "12ab3")': "ab",
    r'regex("\\d+\\z", "a12")': "12",
    "chunklist([1, 2, 3], 2)": [[1, 2], [3]],
    "chunklist([1, 2], 0)": [[1, 2]],
    "coalescelist([], null, [1])": [1],
    'compact(["a", "", null, "b"])': ["a", "b"],
    'concat([1], ["a"], [])': [1, "a"],
    'contains([1], "1")': False,
    'contains(["a"], "a")': True,
    "distinct([1, 2, 1])": [1, 2],
    'element(["a", "b"], 3)': "b",
    "flatten([[1, [2]], [], 3])": [1, 2, 3],
    "keys({ b = 1, a = 2 })": ["a", "b"],
    "values({ b = 1, a = 2 })": [2, 1],
    "merge({ a = 1 }, null, { a = 2, b = 3 })": {"a": 2, "b": 3},
    "merge()": {},
    "range(3)": [0, 1, 2],
    "range(1, 3)": [1, 2],
    "range(3, 1)": [3, 2],
    "range(1, 2, 0.5)": [1, 1.5],
    "reverse([1, 2])": [2, 1],
    'setunion(["b"], ["a", "b"])': ["a", "b"],
    'setintersection(["b"], ["a", "b"])': ["b"],
    'setsubtract(["a", "b"], ["b"])': ["a"],
    'setproduct(["a", "b"], [1])': [["a", 1], ["b", 1]],
    "slice([1, 2, 3], 1, 2)": [2],
    'sort(["b", "a", "B"])': ["B", "a", "b"],
    'zipmap(["a", "b"], [1, "x"])': {"a": 1, "b": "x"},
    'length("e\\u0301a")': 2,
    "length({ a = 1 })": 1,
    'lookup({ a = 1 }, "b", 5)': 5,
    'coalesce(null, "", "x")': "x",
    'index(["a", "b"], "b")': 1,
    "one([])": None,
    "sum([1, 2.5])": 3.5,
    "alltrue([true, false])": False,
    "anytrue([true, false])": True,
    "tostring(1)": "1",
    'tonumber("1")': 1,
    'tobool("true")': True,
    'toset(["b", "a", "b"])': ["a", "b"],
    'tolist(["a", 1])': ["a", "1"],
    'tomap({ a = 1, b = "x" })': {"a": "1", "b": "x"},
    'csvdecode("a,b\\n1,\\"x, y\\"\\n\\n2, z\\n")': [{"a": "1", "b": "x, y"}, {"a": "2", "b": " z"}],
    'csvdecode("a,b\\n")': [],
    'base64encode("é")': "w6k=",
    'base64decode("w6k=")': "é",
    'urlencode("a b&c/é~")': "a+b%26c%2F%C3%A9~",
    'jsondecode("{\\"a\\": [1, null], \\"a\\": 2}")': {"a": 2},
    'yamldecode("a: &x {b: 0x10}\\nc: {<<: *x, d: yes}\\n")': {"a": {"b": 16}, "c": {"b": 16, "d": True}},
    'yamldecode("- \\"yes\\"\\n- 1.5\\n- ~\\n- 2020-01-01\\n")': ["yes", 1.5, None, "2020-01-01T00:00:00Z"],
    'yamldecode("")': None,
    'yamldecode("[0o17, 1.5e3, 1e3, -.5, 2., 012, 0b11, !!str 1e3, 1:30, 1_000]")': [
        15,
        1500,
        1000,
        -0.5,
        2,
        12,
        "0b11",
        "1e3",
        "1:30",
        1000,
    ],
    'jsonencode("\\u0001\\n")': r'"\u0001\n"',
    'timeadd("2020-02-28T23:00:00.5Z", "90m500ms")': "2020-02-29T00:30:01Z",
    'timeadd("2020-01-01T00:00:00-03:30", "-1s")': "2019-12-31T23:59:59-03:30",
    'format("%s %d %t", "a", 5, true)': "a 5 true",
    'format("%v %v %#v", "a", [1], "a")': 'a [1] "a"',
    'format("%[2]s %[1]s", "a", "b")': "b a",
    'format("%+d % d %x %X %b %o", 5, 5, 255, "171", 5, 8)': "+5  5 ff AB 101 10",
    'format("%8.3f|%-8.2e|%g", 3.14159, 12345, 0.5)': "   3.142|1.23e+04|0.5",
    'format("%.2s|%6s|%%", "abcdef", "é")': "ab|     é|%",
    'formatlist("%s=%s", ["a", "b"], 1)': ["a=1", "b=1"],
    'formatlist("%s", [])': [],
    'basename("/a/b/")': "b",
    'basename("")': ".",
    'dirname("a")': ".",
    'dirname("/a/b/../c")': "/a",
    'abspath("x/../y")': "/nowhere/y",
    'selectormatch({ a = "1" }, "a == 1")': True,
    'selectormatch({ a = "1" }, "b == 1")': False,
    'selectorlookup({ a = "1" }, { "b == 1" = "no", "a == 1" = "yes" }, "default")': "yes",
    'selectorlookup({ a = "1" }, {}, "default")': "default",
    'md5("")': "d41d8cd98f00b204e9800998ecf8427e",
    'startswith("abc", "ab")': True,
    'templatestring("n = $${n} of $${join(\\",\\", var.l)}", { n = 1 })': "n = 1 of a,b",
    'templatestring("$${n}", { n = [1] })': [1],
    "try(var.m.b, var.m.a)": 1,
    "can(var.m.a)": True,
}


@pytest.mark.parametrize(("text", "result"), RESULTS.items(), ids=RESULTS)
def test_gives(text: str, result: object) -> None:
    assert run(text) == result


REFUSALS = {
    "signum(1.5)": "whole number",
    "max()": "at least one",
    'parseint("g", 16)': "no whole number in base 16",
    "parseint(10, 16)": "string is required",
    'join(",", ["a", null])': "null",
    "upper(null)": "must not be null",
    "upper()": "needs a value",
    'upper("a", "b")': "upper(string: string)",
    "upper([])": "string is required",
    "uper(1)": 'Did you mean "upper"',
    'regex("(?=a)", "a")': "not supported",
    'regex("(a)\\\\1", "a")': "not supported",
    'regex("(?P<x>a)(b)", "ab")': "mix",
    'regex("x", "a")': "does not match",
    "chunklist([1], -1)": "negative",
    "coalescelist([])": "empty",
    "element([], 0)": "no elements",
    "element([1], -1)": "negative",
    "range(5, 1, 1)": "step",
    "range(2000)": "1024",
    "slice([1], 0, 2)": "end must be",
    'zipmap(["a"], [])': "1 keys but 0 values",
    'csvdecode("a,a\\n")': "twice",
    'csvdecode("a,b\\n1\\n")': "row 2",
    'base64decode("*")': "no base64",
    'base64decode("/w==")': "UTF-8",
    'jsondecode("{")': "no JSON",
    'jsondecode("[NaN]")': "no JSON",
    'yamldecode("a: &x [*x]")': "refers to itself",
    'yamldecode(".nan")': "not a number",
    'yamldecode("a\\n---\\nb")': "one YAML document",
    'format("%s")': "no argument",
    'format("%s", "a", "b")': "more arguments",
    'format("%y", "a")': "byte 0",
    'format("%d", 1.5)': "whole number",
    'formatlist("%s %s", ["a"], ["b", "c"])': "same length",
    'formatdate("QQ", "2020-01-01T00:00:00Z")': '"QQ"',
    'formatdate("YYYY", "yesterday")': "no timestamp",
    'timeadd("2020-01-01T00:00:00Z", "1 day")': "no duration",
    'file("missing")': "No such file",
    'pathexpand("~nobody/x")': "other users",
    'selectormatch({ a = "1" }, "a =")': "not valid",
    '1 + dynamic("x", {})': "does not fit",
    'templatestring("$${templatefile(\\"x\\")}")': "not available here",
    'templatestring("%%{ if false }$${nothing}%%{ endif }")': 'no variable named "nothing"',
}


@pytest.mark.parametrize(("text", "reason"), REFUSALS.items(), ids=REFUSALS)
def test_refuses(text: str, reason: str) -> None:
    with pytest.raises(Diagnostics) as caught:
        run(text)
    assert reason.lower() in caught.value.render().lower()


def test_dates() -> None:
    text = "formatdate(\"YY-M-D H:m:s aa EEE 'it''s' Z ZZZ ZZZZZ\", \"2020-01-05T15:04:09+02:00\")"
    assert run(text) == "20-1-5 3:4:9 pm Sun it's +02:00 +0200 +02:00"


def test_json_is_compact_sorted_and_html_safe() -> None:
    assert run('jsonencode({ b = 1.5, a = ["<&>", true, null, 1e25] })') == (
        '{"a":["\\u003c\\u0026\\u003e",true,null,10000000000000000000000000],"b":1.5}'
    )


def test_yaml_is_in_block_style() -> None:
    assert run(r'yamlencode({ a = [1, "x", []], b = { c = "l1\nl2\n" }, "é" = null })') == (
        '"a":\n- 1\n- "x"\n- []\n"b":\n  "c": |\n    l1\n    l2\n"é": null\n'
    )


def test_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("é\n")
    (tmp_path / "sub" / "b.txt").write_bytes(b"\xff")
    (tmp_path / "link.txt").symlink_to("a.txt")
    assert run('file("a.txt")', tmp_path) == "é\n"
    assert run(f'file("{tmp_path}/a.txt")') == "é\n"
    assert run('filebase64("sub/b.txt")', tmp_path) == "/w=="
    assert run('[fileexists("a.txt"), fileexists("c.txt")]', tmp_path) == [True, False]
    assert run('fileset(".", "**/*.txt")', tmp_path) == ["a.txt", "link.txt", "sub/b.txt"]
    assert run('fileset(".", "{a,c}.t?t")', tmp_path) == ["a.txt"]
    assert run('fileset(".", "*")', tmp_path) == ["a.txt", "link.txt"]
    assert run('fileset("sub", "../*.txt")', tmp_path) == ["../a.txt", "../link.txt"]
    assert run('fileset("nowhere", "*")', tmp_path) == []
    assert run('fileset(".", "./sub/../a.txt")', tmp_path) == ["a.txt"]
    assert run('filesha256("a.txt")', tmp_path) == run('sha256("é\\n")')
    for text, reason in {
        'file("sub/b.txt")': "use filebase64",
        'file("sub")': "Is a directory",
        'fileexists("sub")': "no regular file",
        'fileset(".", "[a")': "not closed",
        r'file("a\u0000b")': "null character",
    }.items():
        with pytest.raises(Diagnostics, match=re.escape(reason)):
            run(text, tmp_path)


def test_a_template_file_becomes_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "job.nomad").write_text(
        'name = "${name}"\n%{ for k, v in env ~}\n${k}=${v}\n%{ endfor ~}\n$${NOT_OURS}\n'
    )
    world = Surroundings(tmp_path, tmp_path)
    call = parse_expression(SourceFile("test", 'templatefile("job.nomad", { name = "x" }, { env = { A = 1, B = 2 } })'))
    path = evaluate(call, Scope({}, surroundings=world, templates=True)).text
    assert os.path.basename(path) == "job.nomad"
    assert Path(path).read_text() == 'name = "x"\nA=1\nB=2\n${NOT_OURS}\n'
    assert os.stat(path).st_mode & 0o777 == 0o600
    world.close()


def test_an_error_in_a_template_file_shows_its_place_there(tmp_path: Path) -> None:
    (tmp_path / "job.nomad").write_text("first\n  ${NOMAD_PORT}\n")
    with pytest.raises(Diagnostics) as caught:
        run('templatefile("job.nomad")', tmp_path)
    text = caught.value.render()
    assert "job.nomad:2:5" in text
    assert "write $${…}" in text


def test_a_template_folder_keeps_its_shape_and_is_rendered_once(tmp_path: Path) -> None:
    source = tmp_path / "k8s"
    (source / "deep").mkdir(parents=True)
    (source / "a.yml").write_text("a: ${upper(var.l[0])}\n")
    (source / "deep" / "b.yml").write_text("b\n")
    scope = Scope(
        {"var": from_python(VARIABLES)}, surroundings=Surroundings(tmp_path, tmp_path, tmp_path), templates=True
    )
    expression = parse_expression(SourceFile("test", 'templatedir("k8s")'))
    first, second = (evaluate(expression, scope).text for _ in range(2))
    assert first == second
    assert sorted(p.relative_to(first).as_posix() for p in Path(first).rglob("*.yml")) == ["a.yml", "deep/b.yml"]
    assert (Path(first) / "a.yml").read_text() == "a: A\n"
    assert scope.surroundings is not None
    scope.surroundings.close()
    assert not Path(first).exists()


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Test")
        self.git("config", "user.email", "test@example.test")

    def git(self, *arguments: str) -> str:
        environment = {
            **os.environ,
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, text: str = "a") -> str:
        (self.folder / "tracked").write_text(text)
        self.git("add", "tracked")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def ask(self, text: str) -> object:
        return run(text, self.folder)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    return Repository(tmp_path / "repository")


def test_git_clean_commit(repository: Repository) -> None:
    head = repository.commit()
    assert repository.ask("[gitrefhash(), gitrefpretty(), gitreftag()]") == [head, head, ""]
    (repository.folder / "untracked").write_text("x")
    assert repository.ask("gitrefpretty()") == head


def test_git_changed_tree(repository: Repository) -> None:
    head = repository.commit()
    (repository.folder / "tracked").write_text("changed")
    assert re.fullmatch(head + r"_CHANGES_\d+", str(repository.ask("gitrefpretty()")))
    repository.git("add", "tracked")
    assert repository.ask("gitrefpretty()") == head, "staged changes do not count"


@pytest.mark.parametrize("arguments", [["hello"], ["-a", "-m", "annotated", "hello"]], ids=["light", "annotated"])
@pytest.mark.parametrize("packed", [False, True])
def test_git_tags(repository: Repository, arguments: list[str], packed: bool) -> None:
    repository.commit()
    repository.git("tag", *arguments)
    if packed:
        repository.git("pack-refs", "--all")
    assert repository.ask("[gitrefpretty(), gitreftag()]") == ["hello", "hello"]
    repository.commit("b")
    assert repository.ask("gitreftag()") == ""


def test_git_two_tags_agree(repository: Repository) -> None:
    repository.commit()
    repository.git("tag", "a-packed")
    repository.git("pack-refs", "--all")
    repository.git("tag", "z-loose")
    assert repository.ask("[gitrefpretty(), gitreftag()]") == ["z-loose", "z-loose"]


def test_git_detached_shallow_worktree_and_subfolder(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    head = repository.commit("b")
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "HEAD")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "shallow")], check=True
    )
    (repository.folder / "sub").mkdir()
    for folder in (tmp_path / "linked", tmp_path / "shallow", repository.folder / "sub"):
        assert run("gitrefhash()", folder) == head
        assert run("[gitrefpretty(), gitreftag()]", folder) == [head, ""]
    repository.git("checkout", "-q", "--detach", "HEAD~1")
    assert repository.ask("gitrefhash()") != head


def test_git_in_a_submodule_is_about_the_submodule(repository: Repository, tmp_path: Path) -> None:
    outer_head = repository.commit()
    library = Repository(tmp_path / "library")
    inner_head = library.commit("library")
    library.git("tag", "-a", "-m", "first", "v1")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.folder), "library")
    inside = repository.folder / "library"
    assert run("[gitrefhash(), gitrefpretty(), gitreftag()]", inside) == [inner_head, "v1", "v1"]
    assert run('gitremoteurl("origin")', inside) == str(library.folder)
    (inside / "tracked").write_text("changed")
    assert re.fullmatch(r"v1_CHANGES_\d+", str(run("gitrefpretty()", inside)))
    repository.git("commit", "-q", "-m", "with library")
    assert repository.ask("gitreftag()") == ""
    assert repository.ask("gitrefhash()") not in (outer_head, inner_head)
    assert "_CHANGES_" in str(repository.ask("gitrefpretty()")), "a changed submodule changes its parent"


def test_git_remotes(repository: Repository) -> None:
    repository.commit()
    repository.git("remote", "add", "origin", "https://git.example/shop.git")
    assert repository.ask('gitremoteurl("origin")') == "https://git.example/shop.git"
    with pytest.raises(Diagnostics, match='It has "origin"'):
        repository.ask('gitremoteurl("upstream")')


def test_git_nothing_to_tell(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(Diagnostics, match="no commit yet"):
        repository.ask("gitrefhash()")
    with pytest.raises(Diagnostics, match="not in a git repository"):
        run("gitrefpretty()", tmp_path)


def test_git_program_missing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Diagnostics, match="not installed"):
        repository.ask("gitrefhash()")


def test_git_answers_are_remembered_for_a_job(repository: Repository) -> None:
    first = repository.commit()
    scope = Scope({}, surroundings=Surroundings(repository.folder, repository.folder))
    expression = parse_expression(SourceFile("test", "gitrefhash()"))
    assert evaluate(expression, scope).text == first
    repository.commit("b")
    assert evaluate(expression, scope).text == first


def test_jsonnet_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonnet").write_text("{ a: 1 + 1 }")
    try:
        import _jsonnet  # noqa: F401
    except ImportError:
        with pytest.raises(Diagnostics, match="install the Python package jsonnet"):
            run('jsonnetfile("a.jsonnet", {})', tmp_path)
        return
    assert json_text(from_python(run('jsondecode(file(jsonnetfile("a.jsonnet", {})))', tmp_path))) == '{"a":2}'


def test_the_reference_page_is_made_from_the_functions() -> None:
    tool = Path(__file__).parents[2] / "tools" / "document_functions.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
