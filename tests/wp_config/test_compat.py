"""What Go Waypoint would not accept is listed with its place."""

from __future__ import annotations

from pathlib import Path

from wp_config import Format, Source
from wp_config.compat import report

TEXT = """project = "p"
labels  = { a = "x", ok = "x", b_c = "y" }

plugin "p" {
}

variable "x" {
  default = length("abc")
  validation {
    condition     = var.x > 1
    error_message = "no"
  }
}

config {
  env = { A = var.x }
}

app "web" {
  path = var.x
  build {
    use "docker" {
      file = file("Dockerfile")
      fine = file("${path.app}/Dockerfile")
    }
    label "region == us-east-1" {
      use "docker" {}
    }
    label "region == \\"us-east-1\\"" {
      use "docker" {}
    }
  }
}
"""


def test_lists_every_use() -> None:
    found = report(Source(TEXT.encode(), Path()))
    assert not found.has_errors
    places = [item.subject.start_position[:2] for item in found if item.subject]
    assert places == [(2, 13), (2, 32), (4, 1), (8, 13), (9, 3), (16, 15), (20, 10), (23, 19), (26, 11)]


def test_lists_nulls_outside_of_plugins() -> None:
    text = b"""project = "p"
variable "x" {
  description = null
}
app "web" {
  path = null
  build {
    use "docker" {
      path = null
    }
  }
}
"""
    found = report(Source(text, Path()))
    assert [item.subject.start_position[:2] for item in found if item.subject] == [(3, 17), (6, 10)]


def test_an_ordinary_file_has_nothing_to_list() -> None:
    corpus = Path(__file__).parent / "corpus" / "projects"
    assert not report(corpus / "smallest.hcl")


JSON_TEXT = """{
  "project": "p",
  "labels": {"a": "x"},
  "plugin": {"p": {}, "q": {"type": {"builder": true}}},
  "variable": {"x": {
    "default": "${length(\\"abc\\")}",
    "validation": {"condition": "${var.x > 1}", "error_message": "no"}
  }},
  "config": {"env": {
    "A": "${var.x}"
  }},
  "app": {"web": {
    "path": "${var.x}",
    "build": {
      "use": {"docker": {
        "build_args": {"A": "${sha512(\\"x\\")}"}}},
      "label": {"region == us-east-1": {"use": {"docker": {
        "x": "${file(\\"Dockerfile\\")}"}}}}
    },
    "deploy": {"use": {"docker": {}}}
  }}
}
"""


def test_the_json_form_is_listed_as_well() -> None:
    found = report(Source(JSON_TEXT.encode(), Path(), "waypoint.hcl.json", Format.JSON))
    assert [item.subject.start_position.line for item in found if item.subject] == [
        3, 4, 4, 6, 7, 10, 13, 16, 17, 18,
    ]  # fmt: skip
