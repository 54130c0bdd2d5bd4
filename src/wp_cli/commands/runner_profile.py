"""`waypoint runner profile`: how runners are launched for single jobs."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, LIST, MAP, STRING, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

NAME = Flag("name", STRING, "", "Name of the profile, instead of the argument.")
ID = Flag("id", STRING, "", "Id of the profile, instead of its name.")
OCI_URL = Flag("oci-url", STRING, "", "Image of the launched runners.")
ENV_VAR: Flag[dict[str, str]] = Flag(
    "env-var", MAP, {}, "Environment variable of launched runners; an empty value removes it; repeatable."
)
ENV_VARS = Flag("env-vars", LIST, (), "Like -env-var, as name=value.", hidden=True)
PLUGIN_TYPE = Flag("plugin-type", STRING, "", "Plugin that launches runners, such as docker.")
PLUGIN_CONFIG = Flag("plugin-config", STRING, "", "File (.hcl or .json) with the plugin's configuration.")
DEFAULT = Flag("default", BOOL, None, "Use the profile for jobs that name none.")
TARGET_ID = Flag("target-runner-id", STRING, "", "Runner that launches.")
TARGET_LABEL: Flag[dict[str, str]] = Flag(
    "target-runner-label", MAP, {}, "Label of the runners that may launch; repeatable."
)
TARGET_ANY = Flag("target-runner-any", BOOL, None, "Any runner may launch.")


def profile_name(session: Session) -> str:
    """The name that the words or -name give."""
    if bool(session.words) == bool(session[NAME]):
        raise UsageProblem("give the name of the profile, once", command=session.command)
    return session.words[0] if session.words else session[NAME]


def ref_of(session: Session) -> pb.Ref.OnDemandRunnerConfig:
    """The profile that the words or -id name."""
    if session.words:
        return pb.Ref.OnDemandRunnerConfig(name=session.words[0])
    return pb.Ref.OnDemandRunnerConfig(id=session[ID])


def set_profile(session: Session) -> int:
    """Create a profile, or change what the flags name of one."""
    calls, name = session.client().calls, profile_name(session)
    known = {profile.name.lower(): profile for profile in calls.ListOnDemandRunnerConfigs(Empty()).configs}
    profile = known.get(name.lower())
    new = profile is None
    if profile is None:
        profile = pb.OnDemandRunnerConfig(name=name)
        if not session[PLUGIN_TYPE]:
            raise CliError(f"there is no profile {name!r} yet", do="A new one needs -plugin-type, such as docker.")
    change(session, profile)
    stored = calls.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=profile)).config
    verb = "created" if new else "updated"
    session.screen.result(f"Runner profile {stored.name!r} is {verb}.", "success")
    return EXIT_OK


def change(session: Session, profile: pb.OnDemandRunnerConfig) -> None:
    """Put what the flags say into the profile; what they do not name stays."""
    if session.given(OCI_URL):
        profile.oci_url = session[OCI_URL]
    if session[PLUGIN_TYPE]:
        profile.plugin_type = session[PLUGIN_TYPE]
    if session[PLUGIN_CONFIG]:
        path = Path(session[PLUGIN_CONFIG])
        try:
            profile.plugin_config = path.read_bytes()
        except OSError as err:
            raise CliError(f"cannot read {path}: {err.strerror}") from err
        profile.config_format = pb.Hcl.JSON if path.suffix == ".json" else pb.Hcl.HCL
    variables = session[ENV_VAR]
    for text in session[ENV_VARS]:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageProblem(f"-env-vars: {text!r} is not name=value", command=session.command)
        variables = {**variables, key: value}
    for key, value in variables.items():
        if value:
            profile.environment_variables[key] = value
        else:
            profile.environment_variables.pop(key, None)
    default = session.maybe(DEFAULT)
    if default is not None:
        profile.default = default
    labels = session[TARGET_LABEL]
    if session[TARGET_ID]:
        profile.target_runner.id.id = session[TARGET_ID]
    elif labels:
        profile.target_runner.labels.labels.clear()
        profile.target_runner.labels.labels.update(labels)
    elif session.maybe(TARGET_ANY):
        profile.target_runner.any.SetInParent()


def target_of(profile: pb.OnDemandRunnerConfig) -> str:
    """Say which runners launch."""
    match profile.target_runner.WhichOneof("target"):
        case "id":
            return profile.target_runner.id.id
        case "labels":
            labels = sorted(profile.target_runner.labels.labels.items())
            return "labels: " + ", ".join(f"{key}={value}" for key, value in labels)
        case _:
            return "*"


def list_profiles(session: Session) -> int:
    """List all profiles."""
    profiles = session.client().calls.ListOnDemandRunnerConfigs(Empty()).configs
    if session[shared.JSON]:
        for profile in profiles:
            session.screen.result(records.proto_json(profile))
    elif profiles:
        rows = [
            [profile.name, profile.plugin_type, profile.oci_url, target_of(profile), "yes" if profile.default else "no"]
            for profile in profiles
        ]
        session.screen.table(["Name", "Plugin Type", "OCI Url", "Target Runner", "Default"], rows)
    else:
        session.screen.note("There are no runner profiles; `waypoint runner profile set` makes one.")
    return EXIT_OK


def inspect(session: Session) -> int:
    """Show a profile; the default one if none is named."""
    calls = session.client().calls
    named = bool(session.words or session[ID])
    if named:
        profile = calls.GetOnDemandRunnerConfig(pb.GetOnDemandRunnerConfigRequest(config=ref_of(session))).config
    else:
        profile = calls.GetDefaultOnDemandRunnerConfig(Empty()).config
    if session[shared.JSON]:
        session.screen.result(records.proto_json(profile))
        return EXIT_OK
    variables = sorted(profile.environment_variables.items())
    session.screen.named_values([
        ("Name", profile.name), ("ID", profile.id), ("Default", "yes" if profile.default else "no"),
        ("OCI URL", profile.oci_url), ("Plugin Type", profile.plugin_type), ("Target Runner", target_of(profile)),
        ("Environment Variables", ", ".join(f"{key}={value}" for key, value in variables)),
    ])  # fmt: skip
    if profile.plugin_config:
        session.screen.header("Plugin Configuration")
        session.screen.result(profile.plugin_config.decode("utf-8", "replace").rstrip("\n"))
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete a profile."""
    if bool(session.words) == bool(session[ID]):
        raise UsageProblem("give either the name of a profile or -id", command=session.command)
    request = pb.DeleteOnDemandRunnerConfigRequest(config=ref_of(session))
    gone = session.client().calls.DeleteOnDemandRunnerConfig(request).config
    session.screen.result(f"Runner profile {gone.name!r} is deleted.", "success")
    return EXIT_OK


def edit(session: Session) -> int:
    """Change the plugin configuration of a profile in an editor."""
    calls = session.client().calls
    request = pb.GetOnDemandRunnerConfigRequest(config=pb.Ref.OnDemandRunnerConfig(name=session.words[0]))
    profile = calls.GetOnDemandRunnerConfig(request).config
    suffix = ".json" if profile.config_format == pb.Hcl.JSON else ".hcl"
    with tempfile.NamedTemporaryFile(prefix="waypoint-profile-", suffix=suffix) as file:
        file.write(profile.plugin_config)
        file.flush()
        _run_editor(file.name)
        changed = Path(file.name).read_bytes()
    if changed == profile.plugin_config:
        raise CliError("the configuration was not changed")
    profile.plugin_config = changed
    calls.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=profile))
    session.screen.result(f"Runner profile {profile.name!r} is updated.", "success")
    return EXIT_OK


def _run_editor(path: str) -> None:
    words = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi").split()
    try:
        code = subprocess.run([*words, path], check=False).returncode
    except OSError as err:
        raise CliError(
            f"cannot run the editor {words[0]}: {err.strerror}", do="Set EDITOR to one that exists."
        ) from err
    if code:
        raise CliError(f"the editor {words[0]} ended with exit code {code}; nothing is changed")


SET = Command(
    "runner profile set", set_profile,
    """
    Creates a profile, by which runners are launched for single jobs, or changes what the flags name of one.

      waypoint runner profile set small -plugin-type=docker -oci-url=registry.example.com/waypoint-odr -default
    """,
    flags=(
        NAME, OCI_URL, ENV_VAR, ENV_VARS, PLUGIN_TYPE, PLUGIN_CONFIG, DEFAULT, TARGET_ID, TARGET_LABEL, TARGET_ANY,
    ),
    arguments="NAME", words=(0, 1),
)  # fmt: skip
LIST_PROFILES = Command("runner profile list", list_profiles, "Lists the runner profiles.", flags=(shared.JSON,))
INSPECT = Command(
    "runner profile inspect", inspect, "Shows a runner profile; the default one if none is named.",
    flags=(ID, shared.JSON), arguments="[NAME]", words=(0, 1),
)  # fmt: skip
DELETE = Command(
    "runner profile delete", delete, "Deletes a runner profile. Jobs that wait for their runner keep their copy of it.",
    flags=(ID,), arguments="NAME", words=(0, 1),
)  # fmt: skip
EDIT = Command(
    "runner profile edit", edit, "Opens the plugin configuration of a profile in the editor that EDITOR names.",
    arguments="NAME", words=(1, 1),
)  # fmt: skip
