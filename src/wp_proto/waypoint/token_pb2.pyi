import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import runner_pb2 as _runner_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Token(_message.Message):
    __slots__ = ("unused_user", "accessor_id", "valid_until", "unused_login", "unused_invite", "unused_entrypoint", "issued_time", "login", "invite", "trigger", "runner")
    class Entrypoint(_message.Message):
        __slots__ = ("deployment_id",)
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        deployment_id: str
        def __init__(self, deployment_id: _Optional[str] = ...) -> None: ...
    class Invite(_message.Message):
        __slots__ = ("from_user_id", "login", "signup")
        class Signup(_message.Message):
            __slots__ = ("initial_username",)
            INITIAL_USERNAME_FIELD_NUMBER: _ClassVar[int]
            initial_username: str
            def __init__(self, initial_username: _Optional[str] = ...) -> None: ...
        FROM_USER_ID_FIELD_NUMBER: _ClassVar[int]
        LOGIN_FIELD_NUMBER: _ClassVar[int]
        SIGNUP_FIELD_NUMBER: _ClassVar[int]
        from_user_id: str
        login: Token.Login
        signup: Token.Invite.Signup
        def __init__(self, from_user_id: _Optional[str] = ..., login: _Optional[_Union[Token.Login, _Mapping]] = ..., signup: _Optional[_Union[Token.Invite.Signup, _Mapping]] = ...) -> None: ...
    class Login(_message.Message):
        __slots__ = ("user_id", "entrypoint")
        USER_ID_FIELD_NUMBER: _ClassVar[int]
        ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
        user_id: str
        entrypoint: Token.Entrypoint
        def __init__(self, user_id: _Optional[str] = ..., entrypoint: _Optional[_Union[Token.Entrypoint, _Mapping]] = ...) -> None: ...
    class Runner(_message.Message):
        __slots__ = ("id", "label_hash")
        ID_FIELD_NUMBER: _ClassVar[int]
        LABEL_HASH_FIELD_NUMBER: _ClassVar[int]
        id: str
        label_hash: int
        def __init__(self, id: _Optional[str] = ..., label_hash: _Optional[int] = ...) -> None: ...
    class Trigger(_message.Message):
        __slots__ = ("from_user_id",)
        FROM_USER_ID_FIELD_NUMBER: _ClassVar[int]
        from_user_id: str
        def __init__(self, from_user_id: _Optional[str] = ...) -> None: ...
    UNUSED_USER_FIELD_NUMBER: _ClassVar[int]
    ACCESSOR_ID_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    UNUSED_LOGIN_FIELD_NUMBER: _ClassVar[int]
    UNUSED_INVITE_FIELD_NUMBER: _ClassVar[int]
    UNUSED_ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_TIME_FIELD_NUMBER: _ClassVar[int]
    LOGIN_FIELD_NUMBER: _ClassVar[int]
    INVITE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    RUNNER_FIELD_NUMBER: _ClassVar[int]
    unused_user: str
    accessor_id: bytes
    valid_until: _timestamp_pb2.Timestamp
    unused_login: bool
    unused_invite: bool
    unused_entrypoint: Token.Entrypoint
    issued_time: _timestamp_pb2.Timestamp
    login: Token.Login
    invite: Token.Invite
    trigger: Token.Trigger
    runner: Token.Runner
    def __init__(self, unused_user: _Optional[str] = ..., accessor_id: _Optional[bytes] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unused_login: _Optional[bool] = ..., unused_invite: _Optional[bool] = ..., unused_entrypoint: _Optional[_Union[Token.Entrypoint, _Mapping]] = ..., issued_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., login: _Optional[_Union[Token.Login, _Mapping]] = ..., invite: _Optional[_Union[Token.Invite, _Mapping]] = ..., trigger: _Optional[_Union[Token.Trigger, _Mapping]] = ..., runner: _Optional[_Union[Token.Runner, _Mapping]] = ...) -> None: ...

class TokenTransport(_message.Message):
    __slots__ = ("body", "signature", "key_id", "metadata", "oauth_creds")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class OAuthCredentials(_message.Message):
        __slots__ = ("url", "client_id", "client_secret")
        URL_FIELD_NUMBER: _ClassVar[int]
        CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
        CLIENT_SECRET_FIELD_NUMBER: _ClassVar[int]
        url: str
        client_id: str
        client_secret: str
        def __init__(self, url: _Optional[str] = ..., client_id: _Optional[str] = ..., client_secret: _Optional[str] = ...) -> None: ...
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    OAUTH_CREDS_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signature: bytes
    key_id: str
    metadata: _containers.ScalarMap[str, str]
    oauth_creds: TokenTransport.OAuthCredentials
    def __init__(self, body: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., key_id: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., oauth_creds: _Optional[_Union[TokenTransport.OAuthCredentials, _Mapping]] = ...) -> None: ...

class HMACKey(_message.Message):
    __slots__ = ("id", "key")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: bytes
    def __init__(self, id: _Optional[str] = ..., key: _Optional[bytes] = ...) -> None: ...

class ConvertInviteTokenRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class DecodeTokenRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class DecodeTokenResponse(_message.Message):
    __slots__ = ("token", "transport")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    token: Token
    transport: TokenTransport
    def __init__(self, token: _Optional[_Union[Token, _Mapping]] = ..., transport: _Optional[_Union[TokenTransport, _Mapping]] = ...) -> None: ...

class GenerateRunnerTokenRequest(_message.Message):
    __slots__ = ("duration", "id", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DURATION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    duration: str
    id: str
    labels: _containers.ScalarMap[str, str]
    def __init__(self, duration: _Optional[str] = ..., id: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class InviteTokenRequest(_message.Message):
    __slots__ = ("duration", "unused_entrypoint", "signup", "login")
    DURATION_FIELD_NUMBER: _ClassVar[int]
    UNUSED_ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
    SIGNUP_FIELD_NUMBER: _ClassVar[int]
    LOGIN_FIELD_NUMBER: _ClassVar[int]
    duration: str
    unused_entrypoint: Token.Entrypoint
    signup: Token.Invite.Signup
    login: Token.Login
    def __init__(self, duration: _Optional[str] = ..., unused_entrypoint: _Optional[_Union[Token.Entrypoint, _Mapping]] = ..., signup: _Optional[_Union[Token.Invite.Signup, _Mapping]] = ..., login: _Optional[_Union[Token.Login, _Mapping]] = ...) -> None: ...

class LoginTokenRequest(_message.Message):
    __slots__ = ("duration", "user", "trigger")
    DURATION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    duration: str
    user: _ref_pb2.Ref.User
    trigger: bool
    def __init__(self, duration: _Optional[str] = ..., user: _Optional[_Union[_ref_pb2.Ref.User, _Mapping]] = ..., trigger: _Optional[bool] = ...) -> None: ...

class NewTokenResponse(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class RunnerTokenRequest(_message.Message):
    __slots__ = ("runner",)
    RUNNER_FIELD_NUMBER: _ClassVar[int]
    runner: _runner_pb2.Runner
    def __init__(self, runner: _Optional[_Union[_runner_pb2.Runner, _Mapping]] = ...) -> None: ...

class RunnerTokenResponse(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...
