"""`waypoint runner`: look at runners, decide about them, and make tokens for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK
from wp_cli.flags import BOOL, DURATION, MAP, STRING, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

PENDING = Flag("pending", BOOL, False, "Only runners that wait for adoption.")
EXPIRES_IN = Flag("expires-in", DURATION, 720 * 3600.0, "How long the token is good for.")
TOKEN_ID = Flag("id", STRING, "", "The token is good for the runner of this id only.")
TOKEN_LABEL: Flag[dict[str, str]] = Flag(
    "label", MAP, {}, "The token is good for runners with exactly these labels only; repeatable."
)

KINDS = {"odr": "on-demand", "deprecated_is_odr": "on-demand", "local": "local", "remote": "remote"}


def kind_of(runner: pb.Runner) -> str:
    """Word for what kind of runner it is."""
    return KINDS.get(runner.WhichOneof("kind") or "", "unknown")


def state_of(runner: pb.Runner) -> str:
    """Word for what an operator decided about the runner."""
    return pb.Runner.AdoptionState.Name(runner.adoption_state).lower()


def labels_of(runner: pb.Runner) -> str:
    """Return the runner's labels in one line."""
    return ", ".join(f"{key}={value}" for key, value in sorted(runner.labels.items()))


def list_runners(session: Session) -> int:
    """List the runners that are here, and those that an operator decided about."""
    runners = [
        runner
        for runner in session.client().calls.ListRunners(pb.ListRunnersRequest()).runners
        if not session[PENDING] or runner.adoption_state == pb.Runner.PENDING
    ]
    if session[shared.JSON]:
        for runner in runners:
            session.screen.result(records.proto_json(runner))
        return EXIT_OK
    if not runners:
        session.screen.note("No runner waits for adoption." if session[PENDING] else "There are no runners.")
        return EXIT_OK
    rows = [
        [
            runner.id, state_of(runner), kind_of(runner), online(session, runner), labels_of(runner),
            records.age_of(runner, "last_seen"),
        ]
        for runner in runners
    ]  # fmt: skip
    session.screen.table(["ID", "State", "Kind", "Online", "Labels", "Last Seen"], rows)
    return EXIT_OK


def online(session: Session, runner: pb.Runner) -> str:
    """Whether a runner is connected; empty where the server, as Go Waypoint's, never says that one is."""
    return "yes" if runner.online else "" if session.client().of_go else "no"


def inspect(session: Session) -> int:
    """Show one runner."""
    runner = session.client().calls.GetRunner(pb.GetRunnerRequest(runner_id=session.words[0]))
    if session[shared.JSON]:
        session.screen.result(records.proto_json(runner))
        return EXIT_OK
    session.screen.named_values([
        ("ID", runner.id), ("State", state_of(runner)), ("Kind", kind_of(runner)),
        ("Online", online(session, runner)), ("Labels", labels_of(runner)),
        ("Profile", runner.odr.profile_id), ("First Seen", records.age_of(runner, "first_seen")),
        ("Last Seen", records.age_of(runner, "last_seen")),
    ])  # fmt: skip
    return EXIT_OK


def adopt(session: Session) -> int:
    """Let a runner work."""
    session.client().calls.AdoptRunner(pb.AdoptRunnerRequest(runner_id=session.words[0], adopt=True))
    session.screen.result(f"Runner {session.words[0]} is adopted.", "success")
    return EXIT_OK


def reject(session: Session) -> int:
    """Refuse a runner, whatever it asks for later."""
    session.client().calls.AdoptRunner(pb.AdoptRunnerRequest(runner_id=session.words[0], adopt=False))
    session.screen.result(f"Runner {session.words[0]} is rejected.", "success")
    return EXIT_OK


def forget(session: Session) -> int:
    """Delete what the server knows of a runner."""
    session.client().calls.ForgetRunner(pb.ForgetRunnerRequest(runner_id=session.words[0]))
    session.screen.result(f"Runner {session.words[0]} is forgotten.", "success")
    return EXIT_OK


def token(session: Session) -> int:
    """Print a new token for a runner."""
    labels = session[TOKEN_LABEL]
    request = pb.GenerateRunnerTokenRequest(
        duration=f"{session[EXPIRES_IN]:.3f}s", id=session[TOKEN_ID], labels=labels
    )  # fmt: skip
    made = session.client().calls.GenerateRunnerToken(request)
    session.screen.data(made.token.encode() + b"\n")
    return EXIT_OK


LIST = Command(
    "runner list", list_runners, "Lists the runners.", flags=(PENDING, shared.JSON), operation=None
)  # fmt: skip
INSPECT = Command("runner inspect", inspect, "Shows a runner.", flags=(shared.JSON,), arguments="ID", words=(1, 1))
ADOPT = Command(
    "runner adopt", adopt, "Lets a runner work that asked for it with the server's cookie.", arguments="ID",
    words=(1, 1),
)  # fmt: skip
REJECT = Command(
    "runner reject", reject, "Refuses a runner; it gets no jobs, whatever it asks for later.", arguments="ID",
    words=(1, 1),
)  # fmt: skip
FORGET = Command(
    "runner forget", forget, "Deletes what the server knows of a runner. A runner with a valid token may register "
    "again; one without must be adopted anew.", arguments="ID", words=(1, 1),
)  # fmt: skip
TOKEN = Command(
    "runner token", token, "Prints a new token with which a runner may work without being adopted.",
    flags=(EXPIRES_IN, TOKEN_ID, TOKEN_LABEL),
)  # fmt: skip
