"""Start of a packed program: find what was unpacked for this interpreter, or unpack it, and run.

It runs at every start, before anything else, so it imports only what the interpreter has already loaded, and it is
written so that Pythons too old to run the program can still read it and say so.
"""

import os
import sys

ABOUT = {}  # the build writes what this artifact is here
UNPACKED = {}  # where it was found, and where its files are


def interpreter():
    """The running interpreter as wheels spell it, such as cp312; empty when it is no CPython."""
    implementation = getattr(sys, "implementation", None)
    if implementation is None or implementation.name != "cpython":
        return ""
    threads = "t" if "t" in getattr(sys, "abiflags", "") else ""
    return "cp%d%d%s" % (sys.version_info[0], sys.version_info[1], threads)


def machine():
    """The running platform, such as linux-x86_64."""
    return "%s-%s" % (sys.platform, os.uname()[4])


def refusal():
    """Why this interpreter cannot run the program, as one sentence; empty when it can."""
    if interpreter() in ABOUT["interpreters"] and machine() == ABOUT["machine"]:
        return ""
    releases = ["%s.%s" % (tag[2], tag[3:]) for tag in ABOUT["interpreters"]]
    return (
        "%s: %s %d.%d on %s (%s) cannot run this file, which needs CPython %s on %s; start it with one: python%s %s"
        % (
            ABOUT["program"],
            getattr(getattr(sys, "implementation", None), "name", "python"),
            sys.version_info[0],
            sys.version_info[1],
            machine(),
            sys.executable,
            ", ".join(releases),
            ABOUT["machine"],
            releases[-1],
            sys.argv[0],
        )
    )


def places():
    """Folders that may hold what was unpacked, best first."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.expanduser("~/.cache")
    found = [os.path.join(home, "waypoint", "unpacked")] if os.path.isabs(home) else []
    found.append(os.path.join(os.environ.get("TMPDIR") or "/tmp", "waypoint-%d" % os.getuid()))
    return found


def hold(place):
    """Whether a complete unpacked copy of ours is there; it stays locked against removal until this process ends."""
    try:
        folder = os.lstat(os.path.dirname(place))
        if folder.st_uid != os.getuid() or folder.st_mode & 0o077:
            return False
        mark = os.open(os.path.join(place, ".complete"), os.O_RDONLY)
        os.read(mark, 1)  # leaves the time of last use
    except OSError:
        return False
    try:
        import fcntl

        fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # about to be removed
        os.close(mark)
        return False
    except (ImportError, OSError):
        pass  # a file system without locks: nothing is ever removed there either
    return True


def main():
    """Run the program; what it returns is the exit status."""
    sentence = refusal()
    if sentence:
        sys.exit(sentence)
    name = "%s-%s-%s" % (ABOUT["program"], ABOUT["key"], interpreter())
    for place in places():
        site = os.path.join(place, name)
        if hold(site):
            break
    else:
        import unpack

        site = unpack.unpack(ABOUT, interpreter(), [os.path.join(place, name) for place in places()], hold)
    UNPACKED.update(artifact=sys.path[0], site=site)
    sys.argv[0] = os.path.abspath(sys.argv[0])  # for whoever starts this file again from elsewhere
    library = os.path.dirname(os.__file__)
    keep = [
        path
        for path in sys.path[1:]
        if path == library
        or os.path.basename(path) == "lib-dynload"
        or (path.endswith(".zip") and os.path.dirname(path) == os.path.dirname(library))
    ]
    # Nothing of the machine's own site-packages or PYTHONPATH: one `google` package there would hide ours.
    sys.path[:] = [site] + keep
    sys.dont_write_bytecode = False
    sys.pycache_prefix = None
    module, function = ABOUT["entry"].split(":")
    try:
        entry = getattr(__import__(module, fromlist=[function]), function)
    except Exception as error:
        repair(error, started=False)
        raise
    os.environ.pop("WAYPOINT_ARTIFACT_REPAIRED", None)
    try:
        return entry()
    except Exception as error:
        repair(error)
        raise


def repair(error, started=True):
    """For whoever is about to report an error as a defect: if our unpacked files are damaged, restore them and end.

    Returns when they are sound, and the error therefore is what it seems to be.
    """
    sys.path.insert(0, UNPACKED["artifact"])
    try:
        import unpack

        unpack.explain(ABOUT, interpreter(), UNPACKED["site"], hold, (error, started))
    finally:
        sys.path.remove(UNPACKED["artifact"])


if __name__ == "__main__":
    sys.exit(main())
