"""A job that runs on a runner of its own: four jobs instead of one (server.md §7.9).

`start` launches a runner with the profile's plugin, the job itself names that runner, `watch` follows the runner's
output to its end, and `stop` cleans up whatever happened. Pure: ids, token and address come from the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

from wp_proto.waypoint import api as pb

DEFAULT_ADDRESS = "localhost:9701"
"""What a launched runner connects to when the server advertises no address."""

_FINISHED = frozenset({pb.Job.SUCCESS, pb.Job.ERROR})


@dataclass(frozen=True)
class LaunchIds:
    """Ids of what is made for one job. `runner` is the launched runner's."""

    task: str
    start: str
    watch: str
    stop: str
    runner: str


@dataclass(frozen=True)
class Launch:
    """The jobs, in the order they run. Without an operation of its own the job that was asked for is `watch`."""

    start: pb.Job
    source: pb.Job
    watch: pb.Job
    stop: pb.Job

    @property
    def group(self) -> list[pb.Job]:
        """The jobs to queue together."""
        source = [] if self.source is self.watch else [self.source]
        return [self.start, *source, self.watch, self.stop]


def launch(
    requested: pb.Job,
    profile: pb.OnDemandRunnerConfig,
    ids: LaunchIds,
    address: pb.ServerConfig.AdvertiseAddr | None,
    token: str,
) -> Launch:
    """Returns the jobs for `requested`, whose id is set already and stays the id that callers follow.

    `ids.watch` is not used where the requested job only wants its container to run.
    """
    alone = requested.ondemand_runner_task.skip_operation
    watch_id = requested.id if alone else ids.watch
    start = _beside(requested, profile, ids, ids.start)
    start.depends_on.extend(requested.depends_on)
    start.depends_on_allow_failure.extend(requested.depends_on_allow_failure)
    start.start_task.info.CopyFrom(_info(requested, profile, ids, address, token))
    start.start_task.params.plugin_type = profile.plugin_type
    start.start_task.params.hcl_config = profile.plugin_config
    start.start_task.params.hcl_format = profile.config_format
    watch = _beside(requested, profile, ids, watch_id)
    watch.depends_on.append(ids.start)
    watch.watch_task.start_job.id = ids.start
    if alone:
        watch.singleton_id = requested.singleton_id
        watch.labels.update(requested.labels)
        if requested.HasField("pipeline"):
            watch.pipeline.CopyFrom(requested.pipeline)
        source = watch
    else:
        source = pb.Job()
        source.CopyFrom(requested)
        source.ondemand_runner.CopyFrom(pb.Ref.OnDemandRunnerConfig(id=profile.id, name=profile.name))
        source.target_runner.id.id = ids.runner
        source.task.id = ids.task
        source.depends_on.append(ids.start)
    stop = _beside(requested, profile, ids, ids.stop)
    before = [ids.start, watch_id] if alone else [ids.start, watch_id, requested.id]
    stop.depends_on.extend(before)
    stop.depends_on_allow_failure.extend(before)
    stop.stop_task.start_job_id = ids.start
    return Launch(start, source, watch, stop)


def container_of(requested: pb.Job) -> pb.Job:
    """Returns a job as it is launched: one that only starts a container (an exec step of a pipeline) is that container.

    On a runner of its own it would queue a second launch and wait for it, with a place on the launching runner taken
    for each: as many of them as that runner has places would wait for each other for ever.
    """
    if requested.WhichOneof("operation") != "pipeline_step" or not requested.pipeline_step.step.HasField("exec"):
        return requested
    asked = requested.pipeline_step.step.exec
    job = pb.Job()
    job.CopyFrom(requested)
    job.noop.SetInParent()
    job.ondemand_runner_task.skip_operation = True
    info = job.ondemand_runner_task.launch_info
    info.oci_url, info.entrypoint[:], info.arguments[:] = asked.image, [asked.command] * bool(asked.command), asked.args
    return job


def stop_again(stop: pb.Job, job_id: str) -> pb.Job:
    """Returns the job that cleans up once more after the one that should have."""
    again = pb.Job(
        id=job_id,
        application=stop.application,
        workspace=stop.workspace,
        target_runner=stop.target_runner,
        depends_on=stop.depends_on,
        depends_on_allow_failure=stop.depends_on_allow_failure,
        stop_task=stop.stop_task,
    )
    again.data_source.CopyFrom(stop.data_source)
    again.task.id = stop.task.id
    return again


def state(start: pb.Job, work: pb.Job, stop: pb.Job) -> pb.Task.State:
    """Returns how far a task is, from its jobs: it never goes back."""
    if stop.state in _FINISHED:
        return pb.Task.STOPPED
    if stop.state == pb.Job.RUNNING:
        return pb.Task.STOPPING
    if work.state in _FINISHED:
        return pb.Task.COMPLETED
    if work.state == pb.Job.RUNNING:
        return pb.Task.RUNNING
    if start.state in _FINISHED:
        return pb.Task.STARTED
    if start.state == pb.Job.RUNNING:
        return pb.Task.STARTING
    return pb.Task.PENDING


def _beside(requested: pb.Job, profile: pb.OnDemandRunnerConfig, ids: LaunchIds, job_id: str) -> pb.Job:
    job = pb.Job(
        id=job_id, application=requested.application, workspace=requested.workspace, target_runner=profile.target_runner
    )
    job.data_source.CopyFrom(requested.data_source)
    job.task.id = ids.task
    return job


def _info(
    requested: pb.Job,
    profile: pb.OnDemandRunnerConfig,
    ids: LaunchIds,
    address: pb.ServerConfig.AdvertiseAddr | None,
    token: str,
) -> pb.TaskLaunchInfo:
    override = requested.ondemand_runner_task.launch_info
    info = pb.TaskLaunchInfo(oci_url=override.oci_url or profile.oci_url, entrypoint=override.entrypoint)
    if override.oci_url:
        info.arguments.extend(override.arguments)
    else:
        words = ("runner", "agent", "-vv", "-id", ids.runner, "-odr", "-odr-profile-id", profile.id)
        info.arguments.extend(words)
    info.environment_variables.update(
        {
            "WAYPOINT_SERVER_ADDR": address.addr if address and address.addr else DEFAULT_ADDRESS,
            "WAYPOINT_SERVER_TLS": _word(address.tls if address else True),
            "WAYPOINT_SERVER_TLS_SKIP_VERIFY": _word(address.tls_skip_verify if address else True),
            "WAYPOINT_SERVER_TOKEN": token,
            "WAYPOINT_RUNNER_ID": ids.runner,
        }
    )
    info.environment_variables.update(profile.environment_variables)
    info.environment_variables.update(override.environment_variables)
    return info


def _word(value: bool) -> str:
    return "true" if value else "false"
