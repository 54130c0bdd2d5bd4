"""The rule table: every RPC has a row, nothing else gets in, and nobody reaches what is not theirs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import wp_runner
from wp_proto.own import administration_pb2, queue_pb2
from wp_proto.waypoint import service_pb2
from wp_server.auth import rules
from wp_server.auth.identity import ANONYMOUS, Identity, Kind
from wp_server.auth.rules import RULES, Effect
from wp_server.auth.scopes import FINDERS
from wp_server.errors import PermissionDenied, Unauthenticated

SERVICES = (
    service_pb2.DESCRIPTOR.services_by_name["Waypoint"],
    administration_pb2.DESCRIPTOR.services_by_name["Administration"],
    queue_pb2.DESCRIPTOR.services_by_name["Queue"],
)
METHODS = {method.name: method for service in SERVICES for method in service.methods}
RPCS = list(METHODS)
OWN_KINDS = {"user", "invite", "token"}
RUNNER_STREAMS = ("RunnerConfig", "RunnerJobStream")
OPEN = {
    "BootstrapToken",
    "ConvertInviteToken",
    "DecodeToken",
    "GetVersionInfo",
    "ListOIDCAuthMethods",
    "GetOIDCAuthURL",
    "CompleteOIDCAuth",
    "RunnerToken",
    "NoAuthRunTrigger",
}
"""Exactly these nine need no token (server.md §2.4)."""
USER = Identity(Kind.USER, user_id="u")
RUNNER = Identity(Kind.RUNNER, runner_id="r1")
ENTRYPOINT = Identity(Kind.ENTRYPOINT, user_id="u", deployment_id="d1")
TRIGGER = Identity(Kind.TRIGGER, user_id="u")


def allowed(rpc: str, identity: Identity) -> bool:
    try:
        rules.check(rpc, identity)
    except (PermissionDenied, Unauthenticated):
        return False
    return True


def test_the_table_has_exactly_the_rpcs_of_both_services():
    assert set(RULES) == set(RPCS)
    assert len(RPCS) == sum(len(service.methods) for service in SERVICES)


@pytest.mark.parametrize("rpc", RPCS)
def test_every_term_of_a_row_names_a_field_of_the_request(rpc):
    for kind, path in RULES[rpc].terms:
        assert kind in {*FINDERS, *OWN_KINDS, "workspace", "instance"}
        message = METHODS[rpc].input_type
        if kind in OWN_KINDS:
            continue
        for name in (f"{path}.workspace" if kind == "workspace" else path).split("."):
            assert name in message.fields_by_name, f"{rpc}: {path}"
            message = message.fields_by_name[name].message_type


def test_what_changes_something_is_audited_but_for_the_streams_of_machines():
    quiet = {rpc for rpc, rule in RULES.items() if rule.effect is Effect.QUIET}
    assert quiet == {"GetOIDCAuthURL", *(rpc for rpc in RPCS if rpc.startswith("Entrypoint")), *RUNNER_STREAMS}
    reading = (
        "Get",
        "List",
        "Explain",
        "UI_Get",
        "UI_List",
        "Validate",
        "Decode",
        "Export",
        "WaypointHclFmt",
        "RunnerGet",
    )
    for rpc, rule in RULES.items():
        if rpc not in quiet:
            assert (rule.effect is Effect.READ) == rpc.startswith(reading), rpc


def test_an_rpc_without_a_row_is_refused_even_to_a_user():
    with pytest.raises(PermissionDenied):
        rules.check("UpsertTask", USER)


@pytest.mark.parametrize("rpc", RPCS)
def test_a_row_lets_in_whom_it_names(rpc):
    rule = RULES[rpc]
    assert allowed(rpc, ANONYMOUS) == (rpc in OPEN)
    assert allowed(rpc, USER)
    assert allowed(rpc, ENTRYPOINT) == (rpc in OPEN or rpc.startswith("Entrypoint"))
    assert allowed(rpc, RUNNER) == (rpc in OPEN or rule.runner)
    assert allowed(rpc, TRIGGER) == (rpc in OPEN or rpc in ("RunTrigger", "GetJobStream"))


def test_a_missing_token_is_unauthenticated_and_a_wrong_kind_is_denied():
    with pytest.raises(Unauthenticated, match="Authorization token is not supplied"):
        rules.check("GetJob", ANONYMOUS)
    with pytest.raises(PermissionDenied, match="entrypoint token may not call GetJob"):
        rules.check("GetJob", ENTRYPOINT)


def test_runner_tokens_make_no_tokens_and_change_no_users():
    closed = ("GenerateLoginToken", "GenerateRunnerToken", "UpdateUser", "DeleteUser", "SetServerConfig", "AdoptRunner")
    assert not any(RULES[rpc].runner for rpc in closed)


def test_a_runner_token_opens_every_rpc_that_our_runner_calls():
    runner = Path(wp_runner.__file__).parent
    called = {rpc for file in runner.rglob("*.py") for rpc in re.findall(r"stub\.([A-Z]\w+)", file.read_text())}
    assert {"GetApplication", "RunnerJobStream"} <= called <= set(RPCS)
    assert sorted(rpc for rpc in called if not allowed(rpc, RUNNER)) == []


def test_an_entrypoint_token_reaches_its_own_deployment_only():
    rules.own_deployment(ENTRYPOINT, "d1")
    rules.own_deployment(USER, "d2")
    with pytest.raises(PermissionDenied):
        rules.own_deployment(ENTRYPOINT, "d2")


def test_a_runner_token_speaks_for_its_own_runner_only():
    rules.own_runner(RUNNER, "R1")
    rules.own_runner(dataclasses.replace(RUNNER, runner_id=""), "r2")
    with pytest.raises(PermissionDenied):
        rules.own_runner(RUNNER, "r2")
