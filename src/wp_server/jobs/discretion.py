"""What of a job is for nobody but its runner, which gets it with the assignment."""

from __future__ import annotations

from wp_proto.waypoint import api as pb


def discreet(job: pb.Job) -> pb.Job:
    """Returns the job itself without its secrets: the token of a runner that it launches, and values of variables that
    are sensitive, or of which the runner has not said what they are."""
    if job.WhichOneof("operation") == "start_task":
        job.start_task.info.environment_variables.pop("WAYPOINT_SERVER_TOKEN", None)
    for variable in job.variables:
        final = job.variable_final_values.get(variable.name)
        if variable.sensitive or final is None or final.WhichOneof("value") == "sensitive":
            shown = variable.WhichOneof("value")
            if shown is not None:
                variable.ClearField(shown)
    return job
