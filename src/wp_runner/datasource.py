"""Where a job's files are: for local jobs the folder the user works in (server specification 7.11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wp_proto.waypoint import api as pb
from wp_runner.errors import OperationFailed
from wp_sdk.context import Context
from wp_sdk.terminal import UI


@dataclass(frozen=True)
class DataSource:
    """The checked-out files: the folder that holds waypoint.hcl, and what exactly was fetched (None for local)."""

    directory: Path
    ref: pb.Job.DataSource.Ref | None = None


def local_source(directory: Path) -> Callable[[pb.Job, Context, UI], AbstractContextManager[DataSource]]:
    """Return the checkout function of a runner that works in one folder."""

    @contextmanager
    def checkout(job: pb.Job, ctx: Context, ui: UI) -> Iterator[DataSource]:
        kind = job.data_source.WhichOneof("source")
        if kind != "local":
            raise OperationFailed(
                f"This runner works on local files only; the job's data source is {kind or 'not set'}",
                do="Run the command in the project's folder with -local",
            )
        yield DataSource(directory)

    return checkout
