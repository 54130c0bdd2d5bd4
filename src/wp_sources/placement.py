"""Where a source can be read: anywhere, when its settings say everything, or only where the application runs, when it
takes its address, its credentials or its trust from there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = "read_in"
"""The setting by which an operator decides: `entrypoint` keeps a source in the application's container."""

_FILES = frozenset(
    (
        *("ca_cert", "ca_path", "ca_file", "cert_file", "key_file", "client_cert", "client_key", "token_file"),
        *("kubernetes_token_path", "jwt_token_path", "profile", "shared_credentials_file"),
        *("aws_profile", "aws_shared_credentials_file"),
    )
)
"""Settings that name files: those of the container are meant, and a server must not open its own for anybody."""

_LOGINS = {
    "approle": ("approle_role_id",),
    "aws": ("aws_access_key", "aws_secret_key"),
    "jwt": ("jwt",),
    "userpass": ("username", "password"),
}


def anywhere(kind: str, settings: Mapping[str, str]) -> bool:
    """Whether these settings alone are enough to read the source."""
    given = {name for name, value in settings.items() if value}
    if given & _FILES or settings.get(PLACE, "") == "entrypoint":
        return False
    if kind == "vault":
        if not given & {"addr", "agent_addr"}:
            return False
        method = settings.get("auth_method", "")
        if not method:
            return "token" in given
        return method in _LOGINS and given.issuperset(_LOGINS[method])
    needed = {
        "aws-ssm": {"access_key", "secret_key", "region"},
        "consul": {"address"},
        "null": set(),
        "terraform-cloud": {"token"},
    }.get(kind)
    return needed is not None and needed <= given
