"""Triggers: kept, and run (server.md §9.3)."""

from __future__ import annotations

import re

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth.identity import current
from wp_server.errors import PermissionDenied
from wp_server.ids import new_id
from wp_server.jobs import triggering
from wp_server.store import Store, triggers, workspaces

Context = grpc.aio.ServicerContext[object, object]

_ID = re.compile(r"[A-Za-z0-9]{8,64}")
"""What fits into the trigger's URL, and is not guessed by chance."""


class TriggerHandlers:
    """The RPCs about triggers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertTrigger(self, request: pb.UpsertTriggerRequest, context: Context) -> pb.UpsertTriggerResponse:
        """Stores a trigger; without an id a new one, with one in place of what has it."""
        checks = Checks()
        if checks.present(request, "trigger"):
            _check(checks, request.trigger)
        checks.raise_invalid()
        return pb.UpsertTriggerResponse(trigger=await self._store.write(_upsert, request.trigger, new_id()))

    async def GetTrigger(self, request: pb.GetTriggerRequest, context: Context) -> pb.GetTriggerResponse:
        """Answers one trigger."""
        _check_ref(request)
        return pb.GetTriggerResponse(trigger=await self._store.read(triggers.get, request.ref.id))

    async def DeleteTrigger(self, request: pb.DeleteTriggerRequest, context: Context) -> Empty:
        """Deletes a trigger; an absent one is fine."""
        _check_ref(request)
        await self._store.write(triggers.delete, request.ref.id)
        return Empty()

    async def ListTriggers(self, request: pb.ListTriggerRequest, context: Context) -> pb.ListTriggerResponse:
        """Answers the triggers of a workspace, a project, an application, with any of some tags."""
        found = await self._store.read(
            triggers.listed,
            request.workspace.workspace,
            request.project.project or request.application.project,
            request.application.application,
            list(request.tags),
        )
        caller = current()
        seen = [one for one in found if caller.sees(one.project.project, one.workspace.workspace)]
        return pb.ListTriggerResponse(triggers=seen)

    async def RunTrigger(self, request: pb.RunTriggerRequest, context: Context) -> pb.RunTriggerResponse:
        """Queues the jobs of a trigger and answers their ids."""
        _check_ref(request)
        ids = await self._store.write(triggering.run, request.ref.id, request.variable_overrides, str(current()))
        return pb.RunTriggerResponse(job_ids=ids)

    async def NoAuthRunTrigger(self, request: pb.RunTriggerRequest, context: Context) -> pb.RunTriggerResponse:
        """The same for a caller without a token, where the trigger allows that."""
        _check_ref(request)
        if (await self._store.read(triggers.get, request.ref.id)).authenticated:
            raise PermissionDenied(f"The trigger {request.ref.id} needs a token.")
        return await self.RunTrigger(request, context)


def _check(checks: Checks, trigger: pb.Trigger) -> None:
    if trigger.id and not _ID.fullmatch(trigger.id):
        checks.fail("trigger.id", "must be 8 to 64 letters and digits, or empty for a new trigger")
    if trigger.name:
        checks.name("trigger.name", trigger.name)
    if checks.present(trigger, "project", "trigger.project"):
        checks.name("trigger.project.project", trigger.project.project)
    if trigger.workspace.workspace:
        checks.name("trigger.workspace.workspace", trigger.workspace.workspace)
    app = trigger.application
    if app.application:
        checks.name("trigger.application.application", app.application)
    if app.project and app.project.lower() != trigger.project.project.lower():
        checks.fail("trigger.application.project", "must be the project of the trigger")


def _check_ref(request: pb.GetTriggerRequest | pb.DeleteTriggerRequest | pb.RunTriggerRequest) -> None:
    checks = Checks()
    if checks.present(request, "ref") and not request.ref.id:
        checks.fail("ref.id", "must not be empty")
    checks.raise_invalid()


def _upsert(connection: Connection, given: pb.Trigger, fresh_id: str) -> pb.Trigger:
    """When a trigger was run last is the server's own knowledge."""
    trigger = pb.Trigger()
    trigger.CopyFrom(given)
    trigger.id = trigger.id or fresh_id
    trigger.name = trigger.name or trigger.id
    trigger.workspace.workspace = trigger.workspace.workspace or workspaces.DEFAULT
    if trigger.application.application:
        trigger.application.project = trigger.project.project
    trigger.ClearField("active_time")
    before = triggers.find(connection, trigger.id)
    if before is not None and before.HasField("active_time"):
        trigger.active_time.CopyFrom(before.active_time)
    return triggers.upsert(connection, trigger)
