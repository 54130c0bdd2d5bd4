"""Under which key the reference keeps a configuration variable: it is a hash of the target (server.md §10.3).

A server that is given a variable for the same target looks under this key, and only there, for what it replaces.
"""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_server.structhash import Struct, Value, hash_of


def variable_key(variable: pb.ConfigVar) -> str:
    """Returns the key; names that differ in case only share it there."""
    return f"v2::{target_hash(variable.target)}/{variable.name}".lower()


def target_hash(target: pb.ConfigVar.Target) -> int:
    """Returns the reference's hash of a target. Names count as they are spelled."""
    workspace = Struct("Ref_Workspace", (("Workspace", target.workspace.workspace),))
    return hash_of(
        Struct(
            "ConfigVar_Target",
            (
                ("AppScope", _scope(target)),
                ("Workspace", workspace if target.HasField("workspace") else None),
                ("LabelSelector", target.label_selector),
                ("Runner", _runner(target.runner) if target.HasField("runner") else None),
            ),
        )
    )


def _scope(target: pb.ConfigVar.Target) -> Value:
    match target.WhichOneof("app_scope"):
        case "global":
            return Struct("ConfigVar_Target_Global", (("Global", Struct("Ref_Global")),))
        case "project":
            project = Struct("Ref_Project", (("Project", target.project.project),))
            return Struct("ConfigVar_Target_Project", (("Project", project),))
        case "application":
            ref = target.application
            application = Struct("Ref_Application", (("Application", ref.application), ("Project", ref.project)))
            return Struct("ConfigVar_Target_Application", (("Application", application),))
    return None


def _runner(ref: pb.Ref.Runner) -> Value:
    match ref.WhichOneof("target"):
        case "any":
            target: Value = Struct("Ref_Runner_Any", (("Any", Struct("Ref_RunnerAny")),))
        case "id":
            target = Struct("Ref_Runner_Id", (("Id", Struct("Ref_RunnerId", (("Id", ref.id.id),))),))
        case "labels":
            labels = Struct("Ref_RunnerLabels", (("Labels", dict(ref.labels.labels)),))
            target = Struct("Ref_Runner_Labels", (("Labels", labels),))
        case _:
            target = None
    return Struct("Ref_Runner", (("Target", target),))
