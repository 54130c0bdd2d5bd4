"""The slow path of a packed program: unpack once per interpreter, repair what got damaged, remove what is out of use.

Guarantees, whatever happens in between (two first starts at once, kill -9, a full disk): a folder that carries the mark
`.complete` is complete, and nobody waits for a process that is gone, because locks end with their process.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import marshal
import os
import py_compile
import shutil
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator

About = dict[str, str]
Hold = Callable[[str], bool]

MARK = ".complete"
LATER = b"compile when imported"
"""Comment the build gives to sources that are many and rarely used."""
REPAIRED = "WAYPOINT_ARTIFACT_REPAIRED"
OUT_OF_USE_SECONDS = 30 * 24 * 3600


class NoPlaceError(Exception):
    """Why a place cannot be used, in a few words."""


def unpack(about: About, interpreter: str, sites: list[str], hold: Hold) -> str:
    """Unpack into the first usable of `sites` and return it; ends the program with one sentence if none is."""
    refuse_other_libc(about)
    refused: list[str] = []
    for site in sites:
        try:
            prepare(os.path.dirname(site))
            with lock(site):
                if not hold(site):
                    announce(about)
                    fill(interpreter, site)
                    remove_old(site)
            if hold(site):
                return site
            refused.append(f"{site} was removed at once")
        except (zipfile.BadZipFile, zlib.error) as error:
            raise end(about, f"{artifact()} is damaged ({error}): build or download it again") from error
        except KeyboardInterrupt:
            sys.exit(130)
        except (NoPlaceError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            refused.append(f"{os.path.dirname(site)} ({reason})")
    raise end(
        about, f"cannot unpack itself into {' or '.join(refused)}; set XDG_CACHE_HOME to a writable directory of yours"
    )


def explain(about: About, interpreter: str, site: str, hold: Hold, failure: tuple[Exception, bool]) -> None:
    """Repair the unpacked copy if it is damaged and the failure may come from that; otherwise do nothing.

    `failure` is the error, and whether the program had started when it was raised.
    A program that had not started is started again; one that had started ends with a sentence, because only its user
    knows whether running it twice is right.
    """
    error, started = failure
    suspicious: tuple[type[Exception], ...] = (ImportError, SyntaxError, EOFError)
    if not started:
        suspicious += (ValueError, TypeError, AttributeError)
    inside = isinstance(error, OSError) and str(error.filename or "").startswith(site)
    if not inside and not isinstance(error, suspicious):
        return
    if os.environ.get(REPAIRED) == site or not damaged(interpreter, site):
        return
    try:
        with lock(site):
            fill(interpreter, site)
    except (NoPlaceError, OSError) as trouble:
        raise end(
            about, f"its unpacked files in {site} are damaged and cannot be restored ({trouble}): remove that directory"
        ) from trouble
    if started or not hold(site):
        raise end(about, f"its unpacked files in {site} were damaged and have been restored: run the command again")
    os.environ[REPAIRED] = site
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - the very command that is running


def end(about: About, sentence: str) -> SystemExit:
    """To be raised: leaves with the program's name and one sentence on standard error."""
    return SystemExit(f"{about['program']}: {sentence}")


def announce(about: About) -> None:
    """Tell a person at a terminal why the first start takes longer."""
    if sys.stderr and sys.stderr.isatty():
        print(f"{about['program']}: unpacking for the first start...", file=sys.stderr)


def refuse_other_libc(about: About) -> None:
    """Compiled parts are for one C library; without it they would fail one by one, far from here."""
    if not about["glibc"]:
        return
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):
        name = version = ""
    if name != "glibc":
        raise end(
            about, f"this system's C library is not glibc; the file was built for glibc {about['glibc']} or newer"
        )
    if [int(part) for part in version.split(".")[:2]] < [int(part) for part in about["glibc"].split(".")]:
        raise end(about, f"this system has glibc {version}; the file needs {about['glibc']} or newer")


def prepare(folder: str) -> None:
    """Make the folder that holds unpacked copies, ours alone. Raises NoPlaceError or OSError."""
    above = folder
    while not os.path.lexists(above):
        above = os.path.dirname(above)
    if above == folder:
        status = os.lstat(folder)
        if status.st_uid != os.getuid():
            raise NoPlaceError("belongs to another user")
        if not os.path.isdir(folder) or os.path.islink(folder):
            raise NoPlaceError("is no directory")
        os.chmod(folder, 0o700)
    elif os.stat(above).st_uid != os.getuid() and not os.stat(above).st_mode & 0o002:
        raise NoPlaceError(f"{above} belongs to another user")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise NoPlaceError("is mounted noexec")


@contextlib.contextmanager
def lock(site: str) -> Iterator[None]:
    """Let one process at a time write beside `site`; the lock ends with its holder, kill -9 included."""
    handle = os.open(f"{site}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: the rename in fill() decides
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fill(interpreter: str, site: str) -> None:
    """Unpack beside `site`, compile, and put it in place in one step. Raises OSError and leaves nothing behind."""
    parent, name = os.path.split(site)
    for entry in os.listdir(parent):
        if entry.startswith(f"{name}.new-"):  # a process that died here; we hold its lock
            shutil.rmtree(os.path.join(parent, entry), ignore_errors=True)
    fresh = f"{site}.new-{os.getpid()}"
    try:
        os.mkdir(fresh, 0o700)
        sources = [source for archive in archives(interpreter) for source in extract(archive, fresh)]
        compile_all(sources)
        with open(os.path.join(fresh, MARK), "w") as mark:
            mark.write(f"{interpreter}\n")
            mark.flush()
            os.fsync(mark.fileno())
        replace(fresh, site)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def replace(fresh: str, site: str) -> None:
    """Move `fresh` to `site`; what was there goes away."""
    if os.path.lexists(site):
        aside = f"{site}.new-old-{os.getpid()}"
        os.rename(site, aside)
        os.rename(fresh, site)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        os.rename(fresh, site)


def archives(interpreter: str) -> Iterator[zipfile.ZipFile]:
    """The archives inside this artifact that the interpreter needs."""
    with zipfile.ZipFile(artifact()) as outer:
        for name in ("common.zip", f"{interpreter}.zip"):
            with zipfile.ZipFile(io.BytesIO(outer.read(name))) as inner:
                yield inner


def artifact() -> str:
    """The file this module was loaded from."""
    return os.path.dirname(os.path.abspath(__file__))


def extract(archive: zipfile.ZipFile, folder: str) -> list[str]:
    """Write every file of the archive below the folder and return the Python sources to compile."""
    made: set[str] = set()
    sources: list[str] = []
    for entry in archive.infolist():
        path = os.path.join(folder, entry.filename)
        parent = os.path.dirname(path)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        with open(path, "wb") as file:
            file.write(archive.read(entry))
        if entry.filename.endswith(".py") and entry.comment != LATER:
            sources.append(path)
    return sources


def compile_all(sources: list[str]) -> None:
    """Compile on all processors. What cannot be compiled here is compiled, or fails, when it is imported."""
    workers: list[int] = []
    share = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    for worker in range(share):
        process = os.fork()
        if process == 0:
            with contextlib.suppress(BaseException):
                for source in sources[worker::share]:
                    with contextlib.suppress(py_compile.PyCompileError):
                        py_compile.compile(source, doraise=True, quiet=2)
            os._exit(0)
        workers.append(process)
    for process in workers:
        os.waitpid(process, 0)


def damaged(interpreter: str, site: str) -> bool:
    """Whether any file differs from the archive, or any compiled file is not what its source gives."""
    for archive in archives(interpreter):
        for entry in archive.infolist():
            try:
                with open(os.path.join(site, entry.filename), "rb") as file:
                    content = file.read()
            except OSError:
                return True
            if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
                return True
    return compiled_damaged(site)


def compiled_damaged(site: str) -> bool:
    """Whether a compiled file cannot be read back."""
    for folder, _, names in os.walk(site):
        for name in names:
            if name.endswith(".pyc"):
                try:
                    with open(os.path.join(folder, name), "rb") as file:
                        marshal.loads(file.read()[16:])  # noqa: S302 - a file of our own, as the import would read it
                except (OSError, EOFError, ValueError, TypeError):
                    return True
    return False


def remove_old(site: str) -> None:
    """Remove copies beside `site` that no process uses and none has used for a month."""
    parent = os.path.dirname(site)
    for entry in os.listdir(parent):
        other = os.path.join(parent, entry)
        if other == site or not os.path.isfile(os.path.join(other, MARK)):
            continue
        with contextlib.suppress(OSError):
            handle = os.open(os.path.join(other, MARK), os.O_RDONLY)
            try:
                status = os.fstat(handle)
                if time.time() - max(status.st_atime, status.st_mtime) < OUT_OF_USE_SECONDS:
                    continue
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(other, ignore_errors=True)
            finally:
                os.close(handle)
