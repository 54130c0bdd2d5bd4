"""Outside process 1 orphans go to somebody else, unless the kernel is told otherwise."""

from __future__ import annotations

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Have descendants that lose their parent become our children; whether that worked."""
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False  # a static interpreter has no ctypes; orphans then go where they went without us
