"""Functions that give digests."""

from __future__ import annotations

from wp_entrypoint.functions.files import content
from wp_entrypoint.functions.signature import function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Function


def _digest(algorithm: str) -> Function:
    def digest(text: str) -> str:
        import hashlib

        return str(getattr(hashlib, algorithm)(text.encode()).hexdigest())

    return digest


for _algorithm in ("md5", "sha1", "sha256", "sha512"):
    function("string", _algorithm)(_digest(_algorithm))


@function("string")
def _filesha256(path: str) -> str:
    import hashlib

    return hashlib.sha256(content(path)).hexdigest()
