from wp_proto.own import role_pb2 as _role_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import user_pb2 as _user_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AuthMethod(_message.Message):
    __slots__ = ("name", "display_name", "description", "access_selector", "oidc", "grants")
    class OIDC(_message.Message):
        __slots__ = ("client_id", "client_secret", "scopes", "auds", "allowed_redirect_uris", "discovery_url", "discovery_ca_pem", "claim_mappings", "list_claim_mappings", "signing_algs")
        class ClaimMappingsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        class ListClaimMappingsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
        CLIENT_SECRET_FIELD_NUMBER: _ClassVar[int]
        SCOPES_FIELD_NUMBER: _ClassVar[int]
        AUDS_FIELD_NUMBER: _ClassVar[int]
        ALLOWED_REDIRECT_URIS_FIELD_NUMBER: _ClassVar[int]
        DISCOVERY_URL_FIELD_NUMBER: _ClassVar[int]
        DISCOVERY_CA_PEM_FIELD_NUMBER: _ClassVar[int]
        CLAIM_MAPPINGS_FIELD_NUMBER: _ClassVar[int]
        LIST_CLAIM_MAPPINGS_FIELD_NUMBER: _ClassVar[int]
        SIGNING_ALGS_FIELD_NUMBER: _ClassVar[int]
        client_id: str
        client_secret: str
        scopes: _containers.RepeatedScalarFieldContainer[str]
        auds: _containers.RepeatedScalarFieldContainer[str]
        allowed_redirect_uris: _containers.RepeatedScalarFieldContainer[str]
        discovery_url: str
        discovery_ca_pem: _containers.RepeatedScalarFieldContainer[str]
        claim_mappings: _containers.ScalarMap[str, str]
        list_claim_mappings: _containers.ScalarMap[str, str]
        signing_algs: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, client_id: _Optional[str] = ..., client_secret: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., auds: _Optional[_Iterable[str]] = ..., allowed_redirect_uris: _Optional[_Iterable[str]] = ..., discovery_url: _Optional[str] = ..., discovery_ca_pem: _Optional[_Iterable[str]] = ..., claim_mappings: _Optional[_Mapping[str, str]] = ..., list_claim_mappings: _Optional[_Mapping[str, str]] = ..., signing_algs: _Optional[_Iterable[str]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACCESS_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    OIDC_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    description: str
    access_selector: str
    oidc: AuthMethod.OIDC
    grants: _containers.RepeatedCompositeFieldContainer[_role_pb2.Grant]
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., access_selector: _Optional[str] = ..., oidc: _Optional[_Union[AuthMethod.OIDC, _Mapping]] = ..., grants: _Optional[_Iterable[_Union[_role_pb2.Grant, _Mapping]]] = ...) -> None: ...

class OIDCAuthMethod(_message.Message):
    __slots__ = ("name", "display_name", "kind")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[OIDCAuthMethod.Kind]
        GITHUB: _ClassVar[OIDCAuthMethod.Kind]
        GOOGLE: _ClassVar[OIDCAuthMethod.Kind]
    UNKNOWN: OIDCAuthMethod.Kind
    GITHUB: OIDCAuthMethod.Kind
    GOOGLE: OIDCAuthMethod.Kind
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    kind: OIDCAuthMethod.Kind
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., kind: _Optional[_Union[OIDCAuthMethod.Kind, str]] = ...) -> None: ...

class CompleteOIDCAuthRequest(_message.Message):
    __slots__ = ("auth_method", "redirect_uri", "state", "nonce", "code")
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    auth_method: _ref_pb2.Ref.AuthMethod
    redirect_uri: str
    state: str
    nonce: str
    code: str
    def __init__(self, auth_method: _Optional[_Union[_ref_pb2.Ref.AuthMethod, _Mapping]] = ..., redirect_uri: _Optional[str] = ..., state: _Optional[str] = ..., nonce: _Optional[str] = ..., code: _Optional[str] = ...) -> None: ...

class CompleteOIDCAuthResponse(_message.Message):
    __slots__ = ("token", "user", "id_claims_json", "user_claims_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    ID_CLAIMS_JSON_FIELD_NUMBER: _ClassVar[int]
    USER_CLAIMS_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    user: _user_pb2.User
    id_claims_json: str
    user_claims_json: str
    def __init__(self, token: _Optional[str] = ..., user: _Optional[_Union[_user_pb2.User, _Mapping]] = ..., id_claims_json: _Optional[str] = ..., user_claims_json: _Optional[str] = ...) -> None: ...

class DeleteAuthMethodRequest(_message.Message):
    __slots__ = ("auth_method",)
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    auth_method: _ref_pb2.Ref.AuthMethod
    def __init__(self, auth_method: _Optional[_Union[_ref_pb2.Ref.AuthMethod, _Mapping]] = ...) -> None: ...

class GetAuthMethodRequest(_message.Message):
    __slots__ = ("auth_method",)
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    auth_method: _ref_pb2.Ref.AuthMethod
    def __init__(self, auth_method: _Optional[_Union[_ref_pb2.Ref.AuthMethod, _Mapping]] = ...) -> None: ...

class GetAuthMethodResponse(_message.Message):
    __slots__ = ("auth_method",)
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    auth_method: AuthMethod
    def __init__(self, auth_method: _Optional[_Union[AuthMethod, _Mapping]] = ...) -> None: ...

class GetOIDCAuthURLRequest(_message.Message):
    __slots__ = ("auth_method", "redirect_uri", "nonce")
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    auth_method: _ref_pb2.Ref.AuthMethod
    redirect_uri: str
    nonce: str
    def __init__(self, auth_method: _Optional[_Union[_ref_pb2.Ref.AuthMethod, _Mapping]] = ..., redirect_uri: _Optional[str] = ..., nonce: _Optional[str] = ...) -> None: ...

class GetOIDCAuthURLResponse(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class ListAuthMethodsResponse(_message.Message):
    __slots__ = ("auth_methods",)
    AUTH_METHODS_FIELD_NUMBER: _ClassVar[int]
    auth_methods: _containers.RepeatedCompositeFieldContainer[AuthMethod]
    def __init__(self, auth_methods: _Optional[_Iterable[_Union[AuthMethod, _Mapping]]] = ...) -> None: ...

class ListOIDCAuthMethodsResponse(_message.Message):
    __slots__ = ("auth_methods",)
    AUTH_METHODS_FIELD_NUMBER: _ClassVar[int]
    auth_methods: _containers.RepeatedCompositeFieldContainer[OIDCAuthMethod]
    def __init__(self, auth_methods: _Optional[_Iterable[_Union[OIDCAuthMethod, _Mapping]]] = ...) -> None: ...

class UpsertAuthMethodRequest(_message.Message):
    __slots__ = ("auth_method",)
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    auth_method: AuthMethod
    def __init__(self, auth_method: _Optional[_Union[AuthMethod, _Mapping]] = ...) -> None: ...

class UpsertAuthMethodResponse(_message.Message):
    __slots__ = ("auth_method",)
    AUTH_METHOD_FIELD_NUMBER: _ClassVar[int]
    auth_method: AuthMethod
    def __init__(self, auth_method: _Optional[_Union[AuthMethod, _Mapping]] = ...) -> None: ...
