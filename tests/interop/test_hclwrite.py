"""`waypoint fmt` against the real hclwrite on every configuration of this repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wp_config.diagnostics import Diagnostics
from wp_config.fmt import format_source

if TYPE_CHECKING:
    from tests.interop.conftest import HclPeer

pytestmark = pytest.mark.timeout(700)  # the first test of a machine builds the peer

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [
        *ROOT.glob("tests/wp_config/corpus/*/*.hcl"),
        *ROOT.glob("tests/wp_config/fmt/*.hcl"),
        *ROOT.glob("examples/*/*.hcl"),
    ]
)


def go_formats(peer: HclPeer, text: str) -> str:
    formatted: str = peer.ask(op="format", text=text)["text"]
    return formatted


def test_hclwrite_finds_nothing_to_change_in_what_we_format(hcl_peer: HclPeer) -> None:
    seen = 0
    for path in FILES:
        try:
            ours = format_source(path.read_bytes()).decode()
        except (Diagnostics, UnicodeDecodeError):
            continue
        seen += 1
        assert go_formats(hcl_peer, ours) == ours, path
    assert seen > 40


# Without whole-value wraps and bare labels, which only our formatter (as Waypoint's) rewrites.
LINES = st.sampled_from(
    [
        "a = 1",
        "bcd   = [1,2]",
        "# c",
        "e = 1 // c",
        "x {",
        "}",
        'y   "z" {}',
        "",
        's="a${ b }c"',
        "o = {",
        "k=1",
        "h = <<-E\n  t ${ a }\n  E",
        "h2 = <<E\n${f( 1 )}${ -1 }\n%{ if x ~}\n y\n%{ endif }\nE",
        "l = [",
        "1,",
        "]",
        "/* c */ q = !t",
        "m = f (1,-1)",
        "t\t=\t2",
        "r = -x",
        "b = <<E\nE",
        "w = [<<E\nt\nE\n,2]",
        "p = foo(",
        ")",
        "n = a [0] . b",
        "v = [for  x in y:x if x>1]",
        "z = {for k,v in y: k=>v...}",
        "u = a ? b:c",
        'g = "${a}${ b}"',
        "d = a&&!b||(c)",
        "ee = a.*.b[ * ]",
        "ü =   1 # é",
        "f = x.y[ z ]",
        'i = { a=1, "b":2 }',
        'c2 = "%{ if a }x%{ else }y%{ endif }"',
        "aa = (\n-1\n)",
        "hh = <<E\n${\n  foo(1,\n 2) }\nE",
        "nn = a.0.b",
        "x {a=1}",
        "cc = 1 /* x */",
        "/* x\n   y */ bb =2",
        "dd = [ # c",
        "k2 = {} # c",
        "long_name_here=null#c",
        "b2 = a==b",
        "s3 = 1",
    ]
)


@given(st.lists(LINES, max_size=14))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_gets_the_form_that_hclwrite_gives_it(hcl_peer: HclPeer, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    try:
        ours = format_source(text.encode()).decode()
    except Diagnostics:
        return
    assert ours == go_formats(hcl_peer, text)
    assert format_source(ours.encode()).decode() == ours
