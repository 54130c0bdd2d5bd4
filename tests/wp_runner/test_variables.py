"""Where variables get their values when a job really runs, and that a wrong configuration is explained the same way
wherever it was kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from tests.wp_runner.real_server import Client

import wp_config
from wp_config import Source
from wp_proto.waypoint import api as pb
from wp_runner.agent import RunnerKind, RunnerSettings
from wp_runner.local import LocalRunner
from wp_runner.remote import RemoteRunner

FinalValue = pb.Variable.FinalValue

STAGES = """
app "web" {
  build {
    use "null" {}
  }
  deploy {
    use "null" {}
  }
}
"""

SOURCES = ("default", "dynamic", "server", "environment", "automatic", "cli_env", "file", "flag")
"""In rising precedence; the variable of each name gets a value from its source and from all weaker ones."""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def remote(client: Client, tmp_path: Path) -> Iterator[RemoteRunner]:
    folder = tmp_path / "checkout"
    folder.mkdir()
    settings = RunnerSettings(RunnerKind.REMOTE, "runner-of-variables")
    with RemoteRunner(client.stub, settings, folder) as runner:
        yield runner


def stronger(than: str) -> tuple[str, ...]:
    return SOURCES[SOURCES.index(than) :]


def given(name: str, text: str, source: str) -> pb.Variable:
    variable = pb.Variable(name=name, str=text)
    getattr(variable, source).SetInParent()
    return variable


def test_eight_sources_in_their_order(
    client: Client, remote: RemoteRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ['project = "eight"']
    for name in SOURCES:
        default = '"default"' if name == "default" else 'dynamic("null", { config_key = "word" })'
        text.append(f'variable "{name}" {{\n  default = {default}\n  env = ["ELSEWHERE_{name}"]\n}}')
    project = pb.Project(name="eight", waypoint_hcl="\n".join(text).encode() + STAGES.encode())
    project.data_source.local.SetInParent()
    project.variables.extend(given(name, "server", "server") for name in stronger("server"))
    client.stub.UpsertProject(pb.UpsertProjectRequest(project=project))
    source = pb.ConfigSource(type="null", config={"word": "dynamic"})
    getattr(source, "global").SetInParent()
    client.stub.SetConfigSource(pb.SetConfigSourceRequest(config_source=source))
    for name in stronger("environment"):
        monkeypatch.setenv(f"ELSEWHERE_{name}" if name == "environment" else f"WP_VAR_{name}", "environment")
    automatic = "".join(f'{name} = "automatic"\n' for name in stronger("automatic"))
    (tmp_path / "checkout" / "some.auto.wpvars").write_text(automatic)
    from_cli = [given(name, "cli_env", "env") for name in stronger("cli_env")]
    from_cli += [given(name, "file", "file") for name in stronger("file")]
    from_cli += [given(name, "flag", "cli") for name in stronger("flag")]

    job_id = client.queue(remote.id, "eight", "web", build=pb.Job.BuildOp(), variables=from_cli)
    done, shown = client.finish(job_id)
    assert done.error.message == "", shown
    values = client.stub.GetJob(pb.GetJobRequest(job_id=job_id)).variable_final_values
    assert {name: value.str for name, value in values.items()} == {name: name for name in SOURCES}
    kinds = ("DEFAULT", "DYNAMIC", "SERVER", "ENV", "VCS", "ENV", "FILE", "CLI")
    assert [FinalValue.Source.Name(values[name].source) for name in SOURCES] == list(kinds)


def test_dynamic_defaults_may_be_collections_and_are_not_for_local_runs(
    client: Client, remote: RemoteRunner, tmp_path: Path
) -> None:
    default = 'default = dynamic("null", { static_value = "[1, 2]" })\n  type = list(number)'
    text = f'project = "asked"\nvariable "list" {{\n  {default}\n}}\n' + STAGES.replace(
        'use "null" {}', 'labels = {\n      sum = sum(var.list)\n    }\n    use "null" {}', 1
    )
    client.project("asked")
    folder = tmp_path / "checkout"
    (folder / "waypoint.hcl").write_text(text)
    job_id = client.queue(remote.id, "asked", "web", build=pb.Job.BuildOp())
    done, shown = client.finish(job_id)
    assert done.error.message == "", shown
    assert done.result.build.build.labels["sum"] == "3"
    with LocalRunner(client.stub, folder) as local:
        done, _ = client.finish(client.queue(local.id, "asked", "web", build=pb.Job.BuildOp()))
    assert "-local=false" in done.error.message
    (folder / "waypoint.hcl").write_text(text.replace("static_value", "config_key"))
    done, _ = client.finish(client.queue(remote.id, "asked", "web", build=pb.Job.BuildOp()))
    assert 'The config source "null" gave no value for "list"' in done.error.message
    assert "waypoint.hcl:2:1" in done.error.message


def test_sensitive_values_are_stored_as_hashes_salted_with_the_servers_cookie(client: Client, tmp_path: Path) -> None:
    declarations = "".join(f'variable "{name}" {{\n  type = {kind}\n  sensitive = true\n}}\n' for name, kind in TYPES)
    (tmp_path / "waypoint.hcl").write_text('project = "hashed"\n' + declarations + STAGES)
    client.project("hashed")
    texts = {"text": "hunter2", "flag": "true", "count": "42", "list": '["a", "b"]'}
    variables = [given(name, text, "cli") for name, text in texts.items()]
    with LocalRunner(client.stub, tmp_path) as runner:
        job_id = client.queue(runner.id, "hashed", "web", build=pb.Job.BuildOp(), variables=variables)
        done, shown = client.finish(job_id)
    assert done.error.message == "", shown
    cookie = client.stub.GetServerConfig(Empty()).config.cookie
    assert cookie
    job = client.stub.GetJob(pb.GetJobRequest(job_id=job_id))
    assert {(variable.name, variable.str) for variable in job.variables} == {(name, "") for name in texts}
    values = job.variable_final_values
    assert {name: value.sensitive for name, value in values.items()} == {
        name: hashlib.sha256((cookie + text).encode()).hexdigest() for name, text in texts.items()
    }


TYPES = (("text", "string"), ("flag", "bool"), ("count", "number"), ("list", "list(string)"))

WRONG = {
    "syntax": 'project = "p"\nlabels = { abc = 1 +\n}\napp "web" {\n  biuld = = 2\n}\n',
    "names": 'project = "p"\nlabels = { abc = uper("a"), bcd = nothing }\nrunner {\n  enabeld = true\n}\n' + STAGES,
    "variables": 'project = "p"\nvariable "a-b" {\n  type = strnig\n}\nvariable "c" {\n  type = number\n'
    '  default = "many"\n}\n' + STAGES,
    "bytes": 'project = "p" # \udcff\n',
}
UNREADABLE = ("syntax", "bytes")
"""What the server does not even store."""


@pytest.mark.parametrize("name", WRONG)
def test_errors_read_the_same_wherever_the_configuration_was_kept(name: str, client: Client, tmp_path: Path) -> None:
    contents = WRONG[name].encode("utf-8", "surrogateescape")
    with pytest.raises(wp_config.Diagnostics) as caught:
        wp_config.load(Source(contents, tmp_path))
    expected = caught.value.render()
    assert name == "bytes" or len(caught.value.errors) > 1
    stored, empty = tmp_path / "stored", tmp_path / "empty"
    stored.mkdir()
    empty.mkdir()
    (stored / "waypoint.hcl").write_bytes(contents)
    client.project("local")
    project = pb.Project(name="kept", waypoint_hcl=contents)
    project.data_source.local.SetInParent()
    cases = [(stored, "local", None), (empty, "local", pb.Hcl(contents=contents))]
    if name in UNREADABLE:
        with pytest.raises(grpc.RpcError) as refused:
            client.stub.UpsertProject(pb.UpsertProjectRequest(project=project))
        assert all(str(error) in refused.value.details() for error in caught.value.errors)
    else:
        client.stub.UpsertProject(pb.UpsertProjectRequest(project=project))
        cases.append((empty, "kept", None))
    for folder, owner, hcl in cases:
        with LocalRunner(client.stub, folder) as runner:
            job_id = client.queue(runner.id, owner, "web", build=pb.Job.BuildOp(), waypoint_hcl=hcl)
            done, _ = client.finish(job_id)
        assert done.error.message == expected, (folder, owner)
    assert list(empty.iterdir()) == [], "a stored configuration is not written into the folder"


def test_the_configuration_of_the_job_wins_over_the_file_and_the_file_over_the_stored_one(
    client: Client, tmp_path: Path
) -> None:
    def saying(word: str) -> bytes:
        return (f'project = "which"\nlabels = {{ origin = "{word}" }}\n' + STAGES).encode()

    project = pb.Project(name="which", waypoint_hcl=saying("stored"))
    project.data_source.local.SetInParent()
    client.stub.UpsertProject(pb.UpsertProjectRequest(project=project))
    seen = []
    with LocalRunner(client.stub, tmp_path) as runner:
        for file, hcl in ((None, None), ("file", None), ("file", pb.Hcl(contents=saying("job")))):
            if file is not None:
                (tmp_path / "waypoint.hcl").write_bytes(saying(file))
            job_id = client.queue(runner.id, "which", "web", build=pb.Job.BuildOp(), waypoint_hcl=hcl)
            done, shown = client.finish(job_id)
            assert done.error.message == "", shown
            source = client.stub.GetJob(pb.GetJobRequest(job_id=job_id)).config.source
            seen.append((done.result.build.build.labels["origin"], pb.Job.Config.Source.Name(source)))
    assert seen == [("stored", "SERVER"), ("file", "FILE"), ("job", "JOB")]
    assert (tmp_path / "waypoint.hcl").read_bytes() == saying("file"), "nothing is written over the user's file"
