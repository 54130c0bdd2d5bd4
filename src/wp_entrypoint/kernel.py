"""What only the kernel's prctl does for a process, and the standard library has no function for."""

from __future__ import annotations


def prctl(option: int, value: int) -> bool:
    """Set an attribute of this process; whether that worked."""
    try:
        import _waypoint_launcher  # type: ignore[import-not-found]  # of the standalone executable, which has no ctypes

        return bool(_waypoint_launcher.prctl(option, value))
    except ImportError:
        pass
    arguments = (option, value, 0, 0, 0)
    try:
        # What ctypes itself calls. The application waits for this, and the package around it takes ten times as long.
        import _ctypes

        library = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is what is loaded already
        function = _ctypes.dlsym(library, "prctl")
        return bool(_ctypes.call_cdeclfunction(function, arguments) == 0)
    except (ImportError, AttributeError, OSError):
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(*arguments) == 0)
    except (ImportError, OSError, AttributeError):
        return False
