"""Users (server.md §2.8)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.auth.identity import current
from wp_server.store import Store, users

Context = grpc.aio.ServicerContext[object, object]


class UserHandlers:
    """The RPCs about people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetUser(self, request: pb.GetUserRequest, context: Context) -> pb.GetUserResponse:
        """Answers the named user, or the caller."""
        ref = request.user
        if not request.HasField("user"):
            ref = pb.Ref.User(id=pb.Ref.UserId(id=current().user_id))
        return pb.GetUserResponse(user=await self._store.read(users.find, ref))

    async def ListUsers(self, request: Empty, context: Context) -> pb.ListUsersResponse:
        """Answers all users."""
        return pb.ListUsersResponse(users=await self._store.read(users.all_users))

    async def UpdateUser(self, request: pb.UpdateUserRequest, context: Context) -> pb.UpdateUserResponse:
        """Changes name and display name of a user."""
        users.check_username(request.user.username, "user.username")
        return pb.UpdateUserResponse(user=await self._store.write(users.update, request.user))

    async def DeleteUser(self, request: pb.DeleteUserRequest, context: Context) -> Empty:
        """Deletes a user; an unknown one is fine."""
        await self._store.write(users.delete, request.user)
        return Empty()
