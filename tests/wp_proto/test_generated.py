"""The Python that is checked in is what the sources say, and the flat namespace is what it promises to be."""

import subprocess
import sys
from pathlib import Path

import pytest

from wp_proto.waypoint import api as pb
from wp_proto.waypoint import service_pb2

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools/generate_proto.py"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, timeout=100)
    fresh = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.py*")}
    assert Path("wp_proto/waypoint/service_pb2_grpc.py") in fresh
    checked_in = {path: (SOURCE / path).read_text() if (SOURCE / path).exists() else None for path in fresh}
    assert [path for path in fresh if fresh[path] != checked_in[path]] == [], "run `make proto`"
    stale = {
        path.relative_to(SOURCE)
        for pattern in ("*_pb2*.py*", "api.py*")
        for path in (SOURCE / "wp_proto").rglob(pattern)
        if "__pycache__" not in path.parts
    } - set(fresh)
    assert stale == set(), "generated from a source that is gone; run `make proto`"


def test_flat_namespace_holds_every_top_level_type() -> None:
    pool = service_pb2.DESCRIPTOR.pool
    listed = set(dir(pb))
    for name in listed:
        assert getattr(pb, name) is getattr(pb, name)
        assert pool.FindFileContainingSymbol(f"hashicorp.waypoint.{name}").package == "hashicorp.waypoint"
    imported = {file for name in listed for file in [pool.FindFileContainingSymbol(f"hashicorp.waypoint.{name}")]}
    declared = {name for file in imported for name in (*file.message_types_by_name, *file.enum_types_by_name)}
    assert listed == declared


def test_flat_namespace_refuses_other_names() -> None:
    with pytest.raises(AttributeError, match="no message or enum named 'Jobb'"):
        _ = pb.Jobb


def test_flat_namespace_loads_a_domain_on_first_use() -> None:
    program = (
        "import sys; from wp_proto.waypoint import api as pb\n"
        "assert not [m for m in sys.modules if m.endswith('_pb2')], 'loaded too early'\n"
        "pb.VersionInfo(version='v1')\n"
        "assert 'wp_proto.waypoint.version_pb2' in sys.modules\n"
        "assert 'wp_proto.waypoint.operation_pb2' not in sys.modules, 'loaded without need'\n"
    )
    environment = {"PYTHONPATH": str(SOURCE), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_files_an_entrypoint_needs_do_not_lead_to_the_rest() -> None:
    """What the image carries must stay small: no jobs, no records, no projects."""
    reached: set[str] = set()
    todo = [service_pb2.DESCRIPTOR.pool.FindFileByName(f"wp_proto/waypoint/{name}.proto") for name in ("entrypoint",)]
    while todo:
        file = todo.pop()
        if file.name not in reached:
            reached.add(file.name)
            todo += file.dependencies
    ours = {name.removeprefix("wp_proto/waypoint/") for name in reached if name.startswith("wp_proto/")}
    assert ours == {
        "wp_proto/own/log_position.proto",
        "wp_proto/own/source.proto",
        "component.proto",
        "config_var.proto",
        "entrypoint.proto",
        "exec.proto",
        "instance.proto",
        "log.proto",
        "ref.proto",
    }
