"""`waypoint pipeline`: list, inspect, and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError, Interrupted, UsageProblem
from wp_cli.flags import BOOL, STRING, UINT, Flag
from wp_cli.render import records
from wp_cli.runtree import Node, jobs_in_order, shown_run, walk
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wp_cli.connect import Client
    from wp_cli.operation import Operations
    from wp_cli.pipelinerun import Run, StepResult
    from wp_cli.session import Session
    from wp_cli.target import App

ID = Flag("id", STRING, "", "Id of the pipeline, instead of its name.")
NAME = Flag("name", STRING, "", "Name of the pipeline, instead of its id.")
REATTACH = Flag("reattach", BOOL, False, "Start nothing; follow the newest run, or the one of -run.")
RUN_TO_FOLLOW = Flag("run", UINT, 0, "Start nothing; follow this run.")
RUN_TO_SHOW = Flag("run", UINT, 0, "Show this run with its steps.")

PARALLEL_STEPS = 4
"""Steps that run at the same time in this process."""
ID_LENGTH = 26  # characters of the ids that servers make


def state_of(run: pb.PipelineRun) -> str:
    """Word of a run's state."""
    return pb.PipelineRun.State.Name(run.state).capitalize()


def ref_by_name(session: Session, name: str) -> pb.Ref.Pipeline:
    """Reference to a pipeline of the session's project."""
    owner = pb.Ref.PipelineOwner(project=pb.Ref.Project(project=session.project), pipeline_name=name)
    return pb.Ref.Pipeline(owner=owner)


def list_pipelines(session: Session) -> int:
    """List the pipelines of the project."""
    calls = session.client().calls
    project = pb.Ref.Project(project=session.project)
    pipelines = calls.ListPipelines(pb.ListPipelinesRequest(project=project)).pipelines
    if session[shared.JSON]:
        for pipeline in pipelines:
            session.screen.result(records.proto_json(pipeline))
        return EXIT_OK
    if not pipelines:
        session.screen.note(
            f"There are no pipelines of {session.project!r}; `waypoint config sync` brings those of waypoint.hcl."
        )
        return EXIT_OK
    rows = []
    for pipeline in pipelines:
        ref = pb.Ref.Pipeline(id=pipeline.id)
        runs = calls.ListPipelineRuns(pb.ListPipelineRunsRequest(pipeline=ref)).pipeline_runs
        row = [pipeline.id, pipeline.name, pipeline.project.project, str(len(pipeline.steps))]
        total = runs[-1].sequence if runs else 0  # old runs are removed
        rows.append([*row, *last_run(session.client(), ref, runs[-1] if runs else None), str(total)])
    headers = ["ID", "Name", "Owner", "Current Steps", "Last Run Started", "Last Run Completed", "State", "Total Runs"]
    session.screen.table(headers, rows)
    return EXIT_OK


def last_run(client: Client, ref: pb.Ref.Pipeline, run: pb.PipelineRun | None) -> list[str]:
    """When a run began and ended, and its state; all empty without one."""
    if run is None:
        return ["", "", ""]
    shown = shown_run(client, ref, run.sequence)
    ended = [node for node, _ in walk(shown.root_tree_node) if node.HasField("complete_time")]
    steps = [node for node, _ in walk(shown.root_tree_node)]
    last = max(ended, key=lambda node: node.complete_time.ToNanoseconds(), default=Node())
    completed = records.age_of(last, "complete_time") if len(ended) == len(steps) else ""
    return [records.age_of(shown.pipeline_run_bundle, "queue_time"), completed, state_of(run)]


def word_of(node: Node) -> str:
    """How a step went. One that failed without having begun is one that what it waited for has kept from running."""
    if node.state == Node.ERROR and not node.HasField("start_time"):
        return "Not run"
    return Node.State.Name(node.state).capitalize()


def inspect(session: Session) -> int:
    """Show a pipeline, or with -run one of its runs."""
    if bool(session.words) == bool(session[NAME]):
        raise UsageProblem("give either the pipeline or -name", command="pipeline inspect")
    calls, screen = session.client().calls, session.screen
    found = calls.GetPipeline(pb.GetPipelineRequest(pipeline=named(session)))
    ref = pb.Ref.Pipeline(id=found.pipeline.id)
    if session[RUN_TO_SHOW]:
        return inspect_run(session, found.pipeline, ref)
    if session[shared.JSON]:
        screen.result(records.proto_json(found))
        return EXIT_OK
    runs = calls.ListPipelineRuns(pb.ListPipelineRunsRequest(pipeline=ref)).pipeline_runs
    began, ended, state = last_run(session.client(), ref, runs[-1] if runs else None)
    screen.header("Pipeline Configuration")
    screen.named_values([
        ("ID", found.pipeline.id), ("Name", found.pipeline.name), ("Owner", found.pipeline.project.project),
        ("Root Step", found.root_step), ("Total Steps", str(len(found.pipeline.steps))),
        ("Total Runs", str(runs[-1].sequence if runs else 0)), ("Last Run Started", began),
        ("Last Run Completed", ended), ("State", state),
    ])  # fmt: skip
    screen.header("Steps")
    steps = in_order(found.pipeline)
    rows = [
        [step.name, kind_of(step), about(step), ", ".join(sorted(step.depends_on)), step.workspace.workspace]
        for step in steps
    ]
    screen.table(["Name", "Kind", "What", "Depends On", "Workspace"], rows)
    return EXIT_OK


def inspect_run(session: Session, pipeline: pb.Pipeline, ref: pb.Ref.Pipeline) -> int:
    """Show one run as the table of its steps."""
    shown, screen = shown_run(session.client(), ref, session[RUN_TO_SHOW]), session.screen
    if session[shared.JSON]:
        screen.result(records.proto_json(shown))
        return EXIT_OK
    screen.header("Pipeline Run")
    screen.named_values([
        ("Pipeline", pipeline.name), ("Run", str(shown.pipeline_run.sequence)),
        ("State", state_of(shown.pipeline_run)), ("Application", shown.pipeline_run_bundle.application.application),
        ("Started", records.age_of(shown.pipeline_run_bundle, "queue_time")),
    ])  # fmt: skip
    screen.header("Steps")
    rows = [
        [
            "  " * depth + node.step.name, kind_of(node.step), word_of(node),
            node.workspace.workspace, node.job.id, records.age_of(node, "start_time"),
            records.age_of(node, "complete_time"),
        ]
        for node, depth in walk(shown.root_tree_node)
    ]  # fmt: skip
    screen.table(["Step", "Kind", "State", "Workspace", "Job", "Started", "Completed"], rows)
    return EXIT_OK


def named(session: Session) -> pb.Ref.Pipeline:
    """Reference to the pipeline of -name, or of the word: an id if it looks like one, else a name."""
    if session[NAME]:
        return ref_by_name(session, session[NAME])
    word = session.words[0]
    return pb.Ref.Pipeline(id=word) if looks_like_id(word) else ref_by_name(session, word)


def looks_like_id(word: str) -> bool:
    """Return whether a word may be an id that a server made (a ULID), rather than the name of a pipeline."""
    return len(word) == ID_LENGTH and word[0].isdigit() and word.isalnum() and word == word.upper()


def in_order(pipeline: pb.Pipeline) -> list[pb.Pipeline.Step]:
    """The steps, each after those it depends on."""
    from graphlib import TopologicalSorter

    graph = {name: sorted(step.depends_on) for name, step in sorted(pipeline.steps.items())}
    return [pipeline.steps[name] for name in TopologicalSorter(graph).static_order()]


def kind_of(step: pb.Pipeline.Step) -> str:
    """What a step does, in a word."""
    kind: str = step.WhichOneof("kind") or ""
    return kind


def about(step: pb.Pipeline.Step) -> str:
    """What a step does it with."""
    kind = step.WhichOneof("kind")
    if kind == "exec":
        return " ".join((f"{step.exec.image}:", step.exec.command, *step.exec.args))
    if kind == "pipeline":
        ref = step.pipeline.ref
        named: str = ref.owner.pipeline_name or ref.id
        return named
    if kind == "release" and step.release.deployment.sequence:
        return f"deployment {step.release.deployment.sequence}"
    return ""


def run(session: Session) -> int:
    """Run a pipeline, or follow a run of it; 0 when all of its steps succeed."""
    from wp_cli.operation import Operations

    if bool(session.words) == bool(session[ID]):
        raise UsageProblem("give either the name of a pipeline or -id", command="pipeline run")
    with Operations(session, slots=PARALLEL_STEPS) as operations:
        app = session.app()
        try:
            return _run(operations, app)
        except CliError as err:
            if operations.json and not isinstance(err, Interrupted):
                emit(operations, app, {"success": False, "error": err.message})
            raise


def _run(operations: Operations, app: App) -> int:
    from wp_cli.pipelinerun import RunFollower, facts, print_summary

    found = reattached(operations) if wants_no_new_run(operations.session) else started(operations, app)
    results = RunFollower(operations, app, found).follow()
    failed = next((result for result in results if result.word == "error"), None)
    cancelled = failed is None and any(result.word != "success" for result in results)
    if operations.json:
        error = f"step {failed.name!r} failed: {failed.error}" if failed else "canceled" if cancelled else ""
        outcome: dict[str, object] = {"success": not error} | ({"error": error} if error else {})
        emit(operations, app, outcome | facts(found, results))
    else:
        print_summary(operations.session.screen, found, results)
    if failed is not None:
        show_failure(operations, found, failed)
        return EXIT_ERROR
    if cancelled:
        raise Interrupted(f"canceled (run {found.sequence} of pipeline {found.pipeline!r})")
    return EXIT_OK


def show_failure(operations: Operations, found: Run, failed: StepResult) -> None:
    """Say which step failed, why, and where its output is."""
    from wp_cli.main import show

    message = f"step {failed.name!r} of run {found.sequence} of pipeline {found.pipeline!r} failed: {failed.error}"
    problem = CliError(message, do=f"`waypoint job get-stream {failed.job.id}` shows its output again.")
    show(problem, operations.session.screen.err)


def emit(operations: Operations, app: App, facts: dict[str, object]) -> None:
    """Print the last JSON object of the command."""
    from wp_cli.render.jsonl import JsonRenderer

    JsonRenderer(operations.session.screen, app.name).emit("result", facts)


def wants_no_new_run(session: Session) -> bool:
    """Return whether a run that exists shall be followed."""
    return session[REATTACH] or session[RUN_TO_FOLLOW] > 0


def wanted(session: Session) -> pb.Ref.Pipeline:
    """Reference to the pipeline to run."""
    return pb.Ref.Pipeline(id=session[ID]) if session[ID] else ref_by_name(session, session.words[0])


def reattached(operations: Operations) -> Run:
    """Find the run to follow."""
    from wp_cli.pipelinerun import Run

    session, calls = operations.session, operations.client.calls
    ref = wanted(session)
    pipeline = get(operations.client, session, ref)
    if session[RUN_TO_FOLLOW]:
        asked = pb.GetPipelineRunRequest(pipeline=ref, sequence=session[RUN_TO_FOLLOW])
        found = calls.GetPipelineRun(asked).pipeline_run
    else:
        found = calls.GetLatestPipelineRun(pb.GetPipelineRequest(pipeline=ref)).pipeline_run
    return Run(pipeline.name, found.sequence, in_turn(operations.client, [job.id for job in found.jobs]), local=False)


def started(operations: Operations, app: App) -> Run:
    """Bring the file's pipelines to the server and start a run."""
    from wp_cli.commands.config import synchronize
    from wp_cli.connect import code_of
    from wp_cli.operation import LOCAL_EXPIRY
    from wp_cli.pipelinerun import Run
    from wp_cli.register import ensure_registered

    session, calls = operations.session, operations.client.calls
    if session.file and session.project == session.file.project:
        ensure_registered(session, operations.client)
    synced = synchronize(operations, app).result.pipeline_config_sync
    ref = wanted(session)
    pipeline = get(operations.client, session, ref)
    template = operations.job(app)
    template.keep_config = session[shared.KEEP_CONFIG]
    local = operations.placement.local
    request = pb.RunPipelineRequest(
        pipeline=ref, job_template=template, expires_in=LOCAL_EXPIRY if local else "", definitions=synced.pipelines
    )  # somebody else may bring another file, or the same with other values, at this moment
    try:
        answer = calls.RunPipeline(request)
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.UNIMPLEMENTED:
            raise CliError("this server cannot run pipelines", do="Upgrade the server.") from err
        raise
    found = Run(pipeline.name, answer.sequence, in_turn(operations.client, answer.all_job_ids), local)
    if not operations.json:
        session.screen.note(f"Run {found.sequence} of pipeline {found.pipeline!r} is queued.")
    return found


def in_turn(client: Client, job_ids: Sequence[str]) -> tuple[str, ...]:
    """The jobs of a run, each after those it waits for."""
    return tuple(job.id for job in jobs_in_order(client, job_ids))


def get(client: Client, session: Session, ref: pb.Ref.Pipeline) -> pb.Pipeline:
    """Return the pipeline. CliError with the names there are if it does not exist."""
    from wp_cli.connect import code_of

    try:
        return client.calls.GetPipeline(pb.GetPipelineRequest(pipeline=ref)).pipeline
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.NOT_FOUND:
            raise
        request = pb.ListPipelinesRequest(project=pb.Ref.Project(project=session.project))
        names = [found.name for found in client.calls.ListPipelines(request).pipelines]
        known = f"It has: {', '.join(names)}." if names else "Add a `pipeline` block to its waypoint.hcl."
        name = ref.id or ref.owner.pipeline_name
        raise CliError(f"project {session.project!r} has no pipeline {name!r}", do=known) from err


LIST = Command(
    "pipeline list", list_pipelines, "Lists the pipelines of the project.", flags=(shared.JSON,), operation=True
)
INSPECT = Command(
    "pipeline inspect", inspect,
    "Shows a pipeline, named by its id or its name, or with -run one of its runs and how its steps went.",
    flags=(NAME, RUN_TO_SHOW, shared.JSON), arguments="[ID]", words=(0, 1), operation=True,
)  # fmt: skip
RUN = Command(
    "pipeline run", run,
    """
    Runs a pipeline: brings the pipelines of waypoint.hcl to the server, queues all steps, and shows the output of one
    after the other. Steps that wait for none of each other run at the same time. When a step fails, what waits for it
    does not run, and the exit code is 1.

      waypoint pipeline run -workspace=staging -var=tag=v2 release
      waypoint pipeline run -reattach release

    With -json every event is printed as a line of JSON; the last one is the result.
    """,
    flags=(ID, REATTACH, RUN_TO_FOLLOW, shared.KEEP_CONFIG, shared.JSON), arguments="[NAME]", words=(0, 1),
    operation=True,
)  # fmt: skip
