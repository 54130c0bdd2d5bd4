"""Test harness for plugin authors: call component functions as the host does, without server, runner or job.

harness = Harness(config=BuilderConfig(), source=Source("web", tmp_path))
outcome = harness.call(build, has_registry=False)
assert outcome.value.image == "waypoint.local/web"
assert "Building image..." in harness.text()
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import Message

from wp_sdk.arguments import (
    Checkpoint,
    DataDir,
    DeclaredResources,
    DeploymentConfig,
    DestroyedResources,
    EntrypointFile,
    JobInfo,
    LabelSet,
    PreviousStatusReport,
    Source,
    TargetResources,
)
from wp_sdk.component import Function, Result
from wp_sdk.context import Context
from wp_sdk.signature import Parameter, ParameterKind, signature_of
from wp_sdk.terminal import UI, Line, NamedValues, Raw, RecordingSink, Status, Step, Table


class RecordingCheckpoint:
    """Keeps every saved value in `values`."""

    def __init__(self) -> None:
        self.values: list[Message] = []

    def save(self, value: Message) -> None:
        """Store a copy, as the server would."""
        copy = type(value)()
        copy.CopyFrom(value)
        self.values.append(copy)


@dataclass(frozen=True)
class Outcome:
    """What a call gave: `raw` is the return value itself, `value` its message (unpacked from a `Result`)."""

    raw: object
    declared: DeclaredResources
    destroyed: DestroyedResources
    checkpoints: tuple[Message, ...]

    @property
    def value(self) -> object:
        """The message, exit code, bytes or None the function returned."""
        return self.raw.value if isinstance(self.raw, Result) else self.raw

    @property
    def url(self) -> str:
        """URL of a `Result`, else ""."""
        return self.raw.url if isinstance(self.raw, Result) else ""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of a `Result`, else none."""
        return self.raw.labels if isinstance(self.raw, Result) else {}


@dataclass
class Harness:
    """Values for the parameters; what is not given has a sensible default.

    `more` holds other well-known values by class. Without `data_root` the data folders go with the harness.
    """

    config: object = None
    source: Source = field(default_factory=lambda: Source("web", Path.cwd()))
    job: JobInfo = field(default_factory=lambda: JobInfo("JOB", True, "default", "project", "web"))
    labels: LabelSet = field(default_factory=LabelSet)
    deployment: DeploymentConfig = field(default_factory=lambda: DeploymentConfig("DEPLOYMENT", sequence=1))
    entrypoint: EntrypointFile = field(default_factory=lambda: EntrypointFile(None))
    target: TargetResources = field(default_factory=TargetResources)
    previous_report: Message | None = None
    data_root: Path | None = None
    ctx: Context = field(default_factory=Context)
    sink: RecordingSink = field(default_factory=RecordingSink)
    more: dict[type, object] = field(default_factory=dict)

    def call(self, function: Function, *messages: Message, **named: object) -> Outcome:
        """Call `function`; `messages` are matched by type, `named` by parameter name (they win).

        Raises `AssertionError` naming the parameter when the test gave no value for it, and whatever the function
        raises.
        """
        declared, destroyed, checkpoint = DeclaredResources(), DestroyedResources(), RecordingCheckpoint()
        made: dict[type, object] = {
            Context: self.ctx,
            DeclaredResources: declared,
            DestroyedResources: destroyed,
            Checkpoint: checkpoint,
        }
        config_type: type | None = type(self.config) if self.config is not None else None
        arguments = {
            p.name: named[p.name] if p.name in named else self._value(p, made, messages)
            for p in signature_of(function, config_type).parameters
        }
        unknown = set(named) - set(arguments)
        assert not unknown, f"{function.__qualname__} has no parameter {', '.join(sorted(unknown))}"
        return Outcome(function(**arguments), declared, destroyed, tuple(checkpoint.values))

    def text(self) -> str:
        """Everything shown so far as plain text, one event a line; step output and raw bytes decoded."""
        return "\n".join(t for t in map(_text, self.sink.events) if t)

    def _value(self, parameter: Parameter, made: dict[type, object], messages: tuple[Message, ...]) -> object:
        if parameter.kind is ParameterKind.CONFIG:
            return self.config
        if parameter.kind is ParameterKind.HOST:
            return made[parameter.type]
        if parameter.kind is ParameterKind.MESSAGE:
            for message in messages:
                if message.DESCRIPTOR.full_name == parameter.key:
                    return message
            raise AssertionError(f"the test gives no {parameter.key} for the parameter {parameter.name}")
        if parameter.kind is ParameterKind.WELL_KNOWN:
            known = self._well_known()
            if parameter.type in known:
                return known[parameter.type]
        raise AssertionError(f"the test gives no value for the parameter {parameter.name}")

    def _well_known(self) -> dict[type, object]:
        if self.data_root is None:
            self.data_root = Path(tempfile.mkdtemp(prefix="waypoint-harness-"))
            weakref.finalize(self, shutil.rmtree, self.data_root, ignore_errors=True)
        cache, data = self.data_root / "cache", self.data_root / "data"
        cache.mkdir(parents=True, exist_ok=True)
        data.mkdir(parents=True, exist_ok=True)
        return {
            UI: UI(self.sink),
            logging.Logger: logging.getLogger("waypoint.plugin.test"),
            Source: self.source,
            JobInfo: self.job,
            LabelSet: self.labels,
            DeploymentConfig: self.deployment,
            EntrypointFile: self.entrypoint,
            TargetResources: self.target,
            PreviousStatusReport: PreviousStatusReport(self.previous_report),
            DataDir.App: DataDir.App(cache, data),
            DataDir.Project: DataDir.Project(cache, data),
            DataDir.Component: DataDir.Component(cache, data),
            **self.more,
        }


def _text(event: object) -> str:
    match event:
        case Line(msg=msg) | Status(msg=msg):
            return msg
        case Step(msg=msg, output=output):
            return msg + output.decode("utf-8", "replace")
        case Raw(data=data):
            return data.decode("utf-8", "replace")
        case NamedValues(values=values):
            return "\n".join(f"{name}: {value}" for name, value in values)
        case Table(headers=headers, rows=rows):
            return "\n".join([" | ".join(headers), *(" | ".join(c.value for c in row) for row in rows)])
        case _:
            return ""
