"""How each part of the standalone entrypoint is built: zlib, OpenSSL, CPython, our frozen code, and their link.

Everything is static, for musl, and holds only what a small TLS client and a supervisor of processes need. `openssldir`
is /etc/ssl, where an image that has certificates keeps them; `/py` is a prefix that exists nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .inputs import Pins
from .stage import AMD64, COMPILER, Stage, Target

FREEZER = Path(__file__).with_name("freeze.py")
LAUNCHER = Path(__file__).parent / "launcher/launcher.c"
SECTIONS = ("-O2", "-ffunction-sections", "-fdata-sections")
LINKING = ("-pie", "-s", "-Wl,--gc-sections")
THREAD_STACK = 0x100000
"""Bytes; musl's default of 128 KiB overflows in deep calls."""

ZLIB = ("adler32", "crc32", "deflate", "inffast", "inflate", "inftrees", "trees", "zutil", "compress", "uncompr")

OPENSSL_WITHOUT = (
    *("shared", "pic", "module", "dso", "engine", "tests", "apps", "docs", "legacy", "ui-console", "comp"),
    "async",  # needs makecontext, which musl has not
    "autoload-config",  # the image's openssl.cnf must not matter
    *("quic", "ssl3", "tls1", "tls1_1", "dtls", "srp", "srtp", "sctp", "ct", "cms", "ts", "cmp", "rfc3779", "gost"),
    *("aria", "bf", "blake2", "camellia", "cast", "idea", "md4", "mdc2", "rc2", "rc4", "rmd160", "seed", "siphash"),
    *("siv", "sm2", "sm3", "sm4", "whirlpool", "ocb", "scrypt", "dsa", "ec2m", "ml-dsa", "slh-dsa"),
)

PYTHON_WITHOUT = (
    *("_bz2", "_codecs_cn", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw", "_csv"),
    *("_ctypes", "_ctypes_test", "_curses", "_curses_panel", "_dbm", "_decimal", "_elementtree", "_gdbm", "_hashlib"),
    *("_interpchannels", "_interpqueues", "_interpreters", "_lsprof", "_lzma", "_multibytecodec", "_multiprocessing"),
    *("_posixshmem", "_sqlite3", "_statistics", "_testbuffer", "_testcapi", "_testclinic", "_testclinic_limited"),
    *("_testexternalinspection", "_testimportmultiple", "_testinternalcapi", "_testlimitedcapi", "_testmultiphase"),
    *("_testsinglephase", "_tkinter", "_uuid", "_xxtestfuzz", "_zoneinfo", "cmath", "nis", "pyexpat", "readline"),
    *("xxlimited", "xxlimited_35", "xxsubtype"),
)

CANNOT_BE_TRIED = (
    *("ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no", "ac_cv_buggy_getaddrinfo=no"),
    *("ac_cv_working_tzset=yes", "ac_cv_little_endian_double=yes"),
)
"""What configure would find out by running programs of the other architecture."""

LIBRARY = "libpython3.13.a"
LIBRARY_SOURCE = "../needs/python/source/Lib"
HOME_LIBRARY = "home/lib/python3.13"
HASHES = "Modules/_hacl/libHacl_Hash_SHA2.a"
LICENCES = {
    "python3.13": ("LICENSE", "Doc/license.rst", "Modules/_hacl/Hacl_Hash_SHA2.c"),
    "openssl": ("LICENSE.txt",),
    "zlib": ("LICENSE",),
}
BUILD_PYTHON = {"PYTHONHOME": "/nonexistent", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Recipes:
    """The stages for one set of pinned sources."""

    pins: Pins
    toolchain: str
    """Names the compiler, as its lock does."""

    def zlib(self, target: Target) -> Stage:
        """Keeps `build/libz.a` and its headers beside."""
        compiler = COMPILER.format(architecture=target.architecture)
        compiling = tuple(
            (compiler, *SECTIONS, "-I../source", "-c", f"../source/{name}.c", "-o", f"{name}.o") for name in ZLIB
        )
        packing = ("zig-ar", "rcs", "libz.a", *(f"{name}.o" for name in ZLIB))
        headers = ("cp", "../source/zlib.h", "../source/zconf.h", ".")
        return self._stage(
            f"zlib-{target.architecture}",
            (*compiling, packing, headers),
            ("build/libz.a", "build/zlib.h", "build/zconf.h"),
            source="zlib",
        )

    def openssl(self, target: Target) -> Stage:
        """Keeps `out/py` with its libraries and headers."""
        configure = (
            *("perl", "../source/Configure", target.openssl, "--prefix=/py", "--libdir=lib", "--openssldir=/etc/ssl"),
            *(f"no-{feature}" for feature in OPENSSL_WITHOUT),
            *SECTIONS,
        )
        return self._stage(
            f"openssl-{target.architecture}",
            (configure, ("make", "build_libs"), ("make", "install_dev", "DESTDIR=../out")),
            ("out/py",),
            source="openssl",
            environment=_tools(target),
        )

    def python(self, target: Target) -> Stage:
        """Keeps `build/` with library and configuration; for the machine of the build, also the program, and
        `source/` with standard library and headers."""
        native = target == AMD64
        configure = (
            *("../source/configure", f"--build={AMD64.triple}", "--prefix=/py", "--disable-shared"),
            *("--with-static-libpython", "--without-ensurepip", "--disable-test-modules", "--without-doc-strings"),
            *("--without-mimalloc", "--without-readline", "--enable-ipv6", "--with-openssl=../needs/openssl/out/py"),
            *("--with-openssl-rpath=no", "--with-builtin-hashlib-hashes=md5,sha1,sha2,sha3,blake2"),
            *(f"py_cv_module_{name}=n/a" for name in PYTHON_WITHOUT),
        )
        if not native:
            configure += (
                *(f"--host={target.triple}", "--with-build-python=../needs/build-python/build/python"),
                *CANNOT_BE_TRIED,
            )
        libraries = "-L../needs/openssl/out/py/lib -L../needs/zlib/build"
        environment = {
            **_tools(target),
            "OPT": "-DNDEBUG",
            "READELF": "readelf",
            "MODULE_BUILDTYPE": "static",
            "LINKFORSHARED": " ",
            "CPPFLAGS": "-I../needs/openssl/out/py/include -I../needs/zlib/build",
            "LDFLAGS": f"{' '.join(LINKING)} {libraries}",
            "ZLIB_CFLAGS": "-I../needs/zlib/build",
            "ZLIB_LIBS": "-L../needs/zlib/build -lz",
            "CFLAGS": f"{' '.join(SECTIONS)} -DTHREAD_STACK_SIZE={THREAD_STACK:#x}",
        }
        needs = {"openssl": self.openssl(target), "zlib": self.zlib(target)}
        keeps: tuple[str, ...] = (f"build/{LIBRARY}", f"build/{HASHES}", "build/pyconfig.h")
        if native:
            before: tuple[tuple[str, ...], ...] = ()
            goals: tuple[str, ...] = (LIBRARY, "python")
            keeps += ("build/python", "source/Lib", "source/Include")
        else:
            goals = (LIBRARY, HASHES)
            needs["build-python"] = self.python(AMD64)
            environment["PYTHONHOME"] = "home"  # make knows a PYTHONPATH of its own
            before = (("mkdir", "-p", "home/lib"), ("ln", "-s", "../../../needs/build-python/source/Lib", HOME_LIBRARY))
        return self._stage(
            f"python-{target.architecture}",
            (*before, configure, ("make", "LINKFORSHARED= ", *goals), ("rm", "-rf", "../source/Lib/test")),
            keeps,
            source="python3.13",
            needs=needs,
            environment=environment,
        )

    def frozen(self, modules: Mapping[str, bytes]) -> Stage:
        """Keeps, in `build/`, bytecode of our modules and of what they import, and the table that names it. It is the
        same for all machines."""
        given = {"freeze.py": FREEZER.read_bytes(), **{f"app/{name}": text for name, text in modules.items()}}
        return self._stage(
            "frozen",
            (
                (
                    "../needs/python/build/python",
                    "-S",
                    "-B",
                    "../given/freeze.py",
                    LIBRARY_SOURCE,
                    "../given/app",
                    "frozen",
                ),
            ),
            ("build/frozen",),
            needs={"python": self.python(AMD64)},
            given=given,
            environment={**BUILD_PYTHON, "PYTHONPATH": LIBRARY_SOURCE},
        )

    def executable(self, target: Target, modules: Mapping[str, bytes]) -> Stage:
        """Keeps `build/waypoint-entrypoint`, the executable without a zipapp behind it."""
        compiler = COMPILER.format(architecture=target.architecture)
        headers = ("-I../needs/headers/source/Include", "-I../needs/python/build")
        link = (
            *(compiler, *LINKING, "-o", "waypoint-entrypoint", "launcher.o", "table.o", "blob.o"),
            *(f"../needs/python/build/{LIBRARY}", f"../needs/python/build/{HASHES}"),
            *("-L../needs/openssl/out/py/lib", "-L../needs/zlib/build"),
            *("-lssl", "-lcrypto", "-lz", "-lm", "-lpthread", "-ldl"),
        )
        return self._stage(
            f"entrypoint-{target.architecture}",
            (
                (compiler, *SECTIONS, *headers, "-Wall", "-c", "../given/launcher.c", "-o", "launcher.o"),
                (compiler, "-O1", *headers, "-c", "../needs/frozen/build/frozen/table.c", "-o", "table.o"),
                (
                    compiler,
                    "-I../needs/frozen/build/frozen",
                    "-c",
                    "../needs/frozen/build/frozen/blob.S",
                    "-o",
                    "blob.o",
                ),
                link,
            ),
            ("build/waypoint-entrypoint",),
            needs={
                "python": self.python(target),
                "headers": self.python(AMD64),
                "openssl": self.openssl(target),
                "zlib": self.zlib(target),
                "frozen": self.frozen(modules),
            },
            given={"launcher.c": LAUNCHER.read_bytes()},
        )

    def licence(self, package: str) -> Stage:
        """Keeps, below `source/`, what a package says about its licences."""
        files = tuple(f"source/{file}" for file in LICENCES[package])
        return self._stage(f"licence-{package}", (), files, source=package)

    def _stage(
        self,
        name: str,
        commands: tuple[tuple[str, ...], ...],
        keeps: tuple[str, ...],
        source: str = "",
        needs: Mapping[str, Stage] | None = None,
        given: Mapping[str, bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Stage:
        return Stage(
            name,
            commands,
            keeps,
            self.pins.packages[source] if source else None,
            needs or {},
            given or {},
            {"WAYPOINT_TOOLCHAIN": self.toolchain, **(environment or {})},
        )


@cache
def _tools(target: Target) -> Mapping[str, str]:
    return {"CC": COMPILER.format(architecture=target.architecture), "AR": "zig-ar", "RANLIB": "zig-ranlib"}
