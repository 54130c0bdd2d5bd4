from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class User(_message.Message):
    __slots__ = ("id", "username", "display", "email", "links")
    class Link(_message.Message):
        __slots__ = ("oidc",)
        class OIDC(_message.Message):
            __slots__ = ("iss", "sub")
            ISS_FIELD_NUMBER: _ClassVar[int]
            SUB_FIELD_NUMBER: _ClassVar[int]
            iss: str
            sub: str
            def __init__(self, iss: _Optional[str] = ..., sub: _Optional[str] = ...) -> None: ...
        OIDC_FIELD_NUMBER: _ClassVar[int]
        oidc: User.Link.OIDC
        def __init__(self, oidc: _Optional[_Union[User.Link.OIDC, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    id: str
    username: str
    display: str
    email: str
    links: _containers.RepeatedCompositeFieldContainer[User.Link]
    def __init__(self, id: _Optional[str] = ..., username: _Optional[str] = ..., display: _Optional[str] = ..., email: _Optional[str] = ..., links: _Optional[_Iterable[_Union[User.Link, _Mapping]]] = ...) -> None: ...

class DeleteUserRequest(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: _ref_pb2.Ref.User
    def __init__(self, user: _Optional[_Union[_ref_pb2.Ref.User, _Mapping]] = ...) -> None: ...

class GetUserRequest(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: _ref_pb2.Ref.User
    def __init__(self, user: _Optional[_Union[_ref_pb2.Ref.User, _Mapping]] = ...) -> None: ...

class GetUserResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: User
    def __init__(self, user: _Optional[_Union[User, _Mapping]] = ...) -> None: ...

class ListUsersResponse(_message.Message):
    __slots__ = ("users",)
    USERS_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[User]
    def __init__(self, users: _Optional[_Iterable[_Union[User, _Mapping]]] = ...) -> None: ...

class UpdateUserRequest(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: User
    def __init__(self, user: _Optional[_Union[User, _Mapping]] = ...) -> None: ...

class UpdateUserResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: User
    def __init__(self, user: _Optional[_Union[User, _Mapping]] = ...) -> None: ...
