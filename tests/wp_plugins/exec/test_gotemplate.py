"""Templates mean what they mean to Go: every case is rendered here and by Go's own text/template."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from wp_plugins.exec.gorender import render
from wp_plugins.exec.gotemplate import TemplateError

DATA = {
    "Input": {"DockerImageFull": "registry/web:1", "DockerImageName": "registry/web", "DockerImageTag": "1"},
    "Env": {"WAYPOINT_DEPLOYMENT_ID": "01", "B": 'quo"te'},
    "Workspace": "default",
    "List": ["a", "b", "c"],
    "Empty": [],
    "Numbers": [1, 2, 3],
    "Half": 0.5,
    "Nested": {"list": [{"name": "x"}, {"name": "y"}]},
    "Yes": True,
    "Zero": 0,
    "Nil": None,
}

TEMPLATES = [
    "plain text",
    "image: {{.Input.DockerImageFull}}",
    "{{ .Input.DockerImageName }}:{{ .Input.DockerImageTag }}",
    "{{.Missing}}",
    "{{.Input.Missing}}",
    "{{.Missing.Deeper}}",
    "{{.Nil}}",
    "{{.Nil.Field}}",
    "{{.Workspace.Field}}",
    "a {{- .Workspace -}} b",
    "a {{/* comment */}} b",
    "a {{- /* trimmed */ -}} b",
    "{{/* a }} in a comment */}}x",
    '{{"}}"}}',
    "{{`raw \\n`}}",
    '{{"a\\tb\\u00e9"}}',
    "{{'a'}}",
    "{{1}} {{-2}} {{0x10}} {{010}} {{1.5}} {{1e3}} {{1_000}} {{.5}}",
    "{{true}} {{false}}",
    "{{nil}}",
    "{{if .Yes}}yes{{else}}no{{end}}",
    "{{if .Zero}}yes{{else if .Yes}}second{{else}}no{{end}}",
    "{{if .Nope}}yes{{end}}",
    "{{if and .Yes .Zero}}yes{{else}}no{{end}}",
    "{{or .Zero .Workspace}} {{and .Yes .Workspace}} {{not .Zero}}",
    "{{or .Zero 0}}",
    "{{range .List}}<{{.}}>{{end}}",
    "{{range .Empty}}x{{else}}none{{end}}",
    "{{range $i, $e := .List}}{{$i}}={{$e}} {{end}}",
    "{{range $e := .List}}{{$e}}{{$.Workspace}}{{end}}",
    "{{range $k, $v := .Env}}{{$k}}={{$v}};{{end}}",
    '{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}',
    '{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}',
    "{{range 3}}{{.}}{{end}}",
    "{{range .Workspace}}x{{end}}",
    "{{range .Nested.list}}{{.name}} {{end}}",
    "{{with .Input}}{{.DockerImageTag}}{{end}}",
    "{{with .Zero}}x{{else}}{{.Workspace}}{{end}}",
    "{{with $x := .Workspace}}{{$x}}{{end}}",
    "{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}",
    "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}",
    "{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}",
    "{{if true}}{{$y := 2}}{{end}}{{$y}}",
    "{{$y}}",
    "{{$y = 1}}",
    '{{define "t"}}[{{.}}]{{end}}{{template "t" .Workspace}}',
    '{{define "t"}}[{{.}}]{{end}}{{template "t"}}',
    '{{block "b" .Workspace}}<{{.}}>{{end}}',
    '{{template "none"}}',
    '{{index .List 1}} {{index .Env "B"}} {{index .Nested.list 0}}',
    "{{index .List 9}}",
    '{{index .Env "none"}}',
    "{{slice .Workspace 1 3}} {{slice .List 1}}",
    "{{len .List}} {{len .Workspace}} {{len .Env}}",
    '{{.Workspace | printf "%s!"}}',
    '{{printf "%s %d %5d|%-5d|%05d" "a" 1 2 3 4}}',
    '{{printf "%q %v %t" "a\\"b" .List true}}',
    '{{printf "%x %X %o %b %c %U" 255 255 8 5 65 65}}',
    '{{printf "%.2f %5.1f %e" 1.234 2.5 1500.0}}',
    '{{printf "%x" "hi"}}',
    '{{printf "%d" "text"}}',
    '{{printf "%d"}}',
    '{{printf "%s" "a" "b"}}',
    '{{printf "%d%%" 50}}',
    '{{printf "%8s|%-8s|%.2s" "abc" "abc" "abc"}}',
    '{{print 1 2 "a" "b" 3}}',
    "{{println .Workspace 1}}",
    "{{.List}} {{.Env}} {{.Nested}}",
    "{{.Half}} {{1e21}} {{1e20}} {{1e-5}} {{100000.0}} {{1.0}}",
    "{{1e6}} {{123456789.0}} {{1234567.5}} {{0.0001}} {{0.00012345}} {{12345678901234567890123.0}}",
    "{{eq 1 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 2 1}} {{ge 1 2}}",
    '{{eq .Workspace "a" "default"}} {{lt "a" "b"}}',
    '{{eq 1 "a"}}',
    '{{lt 1 "a"}}',
    '{{html "<a href=\\"x\\">\'&"}}',
    '{{js "<a>\'\\"&="}}',
    '{{urlquery "a b&c=d/é"}}',
    "{{(index .Nested.list 1).name}}",
    "{{(print 1 2)}}",
    "{{if (and (eq 1 1) (lt 1 2))}}x{{end}}",
    '{{"a" | len | printf "%d-%d" 1}}',
    "{{.Workspace 1}}",
    "{{unknown 1}}",
    "{{if}}x{{end}}",
    "{{if .Yes}}x",
    "{{end}}",
    "{{else}}",
    "{{.Workspace",
    "{{}}",
    "{{break}}",
    "{{(1}}",
    "{{ . | not }}",
    "{{.a.b.}}",
    "line\n{{- if .Yes }}\n  in\n{{- end }}\nout",
]


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain on this machine: templates are not compared with Go's own")
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    subprocess.run(["go", "build", "-o", program, Path(__file__).with_name("oracle.go")], check=True)
    return program


def test_every_template_renders_as_in_go(oracle: Path) -> None:
    questions = [{"Template": template, "Data": DATA} for template in TEMPLATES]
    run = subprocess.run([oracle], input=json.dumps(questions), capture_output=True, text=True, check=True)
    expected = {
        template: None if answer["failed"] else answer["text"]
        for template, answer in zip(TEMPLATES, json.loads(run.stdout), strict=True)
    }
    ours: dict[str, str | None] = {}
    for template in TEMPLATES:
        try:
            ours[template] = render(template, DATA)
        except TemplateError:
            ours[template] = None
    assert ours == expected


def test_an_error_names_template_and_line() -> None:
    with pytest.raises(TemplateError, match=r"^deploy\.yml:2: function 'nope' is not defined$"):
        render("first\n{{ nope }}", DATA, "deploy.yml")


def test_endless_recursion_is_an_error() -> None:
    with pytest.raises(TemplateError, match="deep"):
        render('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', DATA)
