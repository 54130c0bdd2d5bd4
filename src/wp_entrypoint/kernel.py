"""What only the kernel's prctl does for a process, and the standard library has no function for."""

from __future__ import annotations


def prctl(option: int, value: int) -> bool:
    """Set an attribute of this process; whether that worked."""
    try:
        import _waypoint_launcher  # type: ignore[import-not-found]  # of the standalone executable, which has no ctypes

        return bool(_waypoint_launcher.prctl(option, value))
    except ImportError:
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False
