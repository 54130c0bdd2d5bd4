"""Outside process 1 orphans go to somebody else, unless the kernel is told otherwise."""

from __future__ import annotations

from wp_entrypoint.kernel import prctl

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Have descendants that lose their parent become our children; whether that worked."""
    return prctl(PR_SET_CHILD_SUBREAPER, 1)
