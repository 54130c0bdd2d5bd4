"""Keeping the token from the application and from whoever else may look into this process.

The application never gets it in its environment. But the kernel keeps the environment of our own start where every
process of the same user can read it (`/proc/PID/environ`), so it is blotted out there, and the process is marked as one
that only root may look into.
"""

from __future__ import annotations

import os

from wp_entrypoint.kernel import prctl

PR_SET_DUMPABLE = 4


def blot_out(name: bytes) -> bool:
    """Overwrite a variable's value in the environment this process was started with; whether it cannot be read there
    any more. Without /proc nobody else can read it either."""
    try:
        with open("/proc/self/stat", "rb") as record:
            fields = record.read().rpartition(b")")[2].split()
        start, end = int(fields[47]), int(fields[48])  # env_start and env_end of proc(5), counted behind the name
        with open("/proc/self/mem", "r+b", 0) as memory:
            memory.seek(start)
            block = memory.read(end - start)
            position = 0
            for entry in block.split(b"\0"):
                if entry.startswith(name + b"="):
                    value = position + len(name) + 1
                    memory.seek(start + value)
                    memory.write(b"x" * (len(entry) - len(name) - 1))
                position += len(entry) + 1
    except (OSError, ValueError, IndexError):
        return not os.path.exists("/proc/self/environ")
    return True


def hide_memory() -> bool:
    """Let nobody but root read our memory and environment, or trace us; whether that worked."""
    return prctl(PR_SET_DUMPABLE, 0)
