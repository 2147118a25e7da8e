"""The hosts of the shipped database: one entry a host, each made from packages alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from collide.loader.host import Python


class Wheel(NamedTuple):
    """A wheel of the package index: the requirement, whose Python it is for, and where it runs."""

    requirement: str
    python: str
    platform: str

    def site_packages(self) -> str:
        """Where it is installed in a root, for the Python that it is for."""
        name = self.requirement.partition("==")[0]
        libc = "musl-" if self.platform.startswith("musllinux") else ""
        return f"/opt/{name}-{libc}cp{self.python}/lib/python3.{self.python[1:]}/site-packages"


class Shipped(NamedTuple):
    """One shipped host: what it is called, where its files come from, what it opens.

    ``groups`` are the names ``--profile`` takes for several hosts at once.
    ``packages`` are those of Debian's ``suite`` for ``architecture`` (Debian's
    name), ``wheel`` one that is installed in ``/opt`` of the same root.
    ``rtld_global`` are libraries that the binary opens RTLD_GLOBAL later,
    ``python`` the interpreter where no name of a file tells it.
    """

    name: str
    groups: tuple[str, ...]
    suite: str
    architecture: str
    packages: tuple[str, ...]
    binary: str
    rtld_global: tuple[str, ...] = ()
    python: Python | None = None
    wheel: Wheel | None = None

    @property
    def source(self) -> str:
        """What it was made from, in a few words."""
        release = SUITES[self.suite]
        where = f"Debian {release}" + (f" ({self.suite})" if release != self.suite else "")
        return f"{self.wheel.requirement} on {where}" if self.wheel else where


SUITES = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "sid": "sid"}


def system_packages(suite: str) -> tuple[str, ...]:
    """The packages of the libraries that a manylinux policy lets a wheel need."""
    glib = "libglib2.0-0" if suite in ("bullseye", "bookworm") else "libglib2.0-0t64"
    return (
        *("base-files", glib, "libatomic1", "libexpat1", "libgl1", "libice6", "libsm6"),
        *("libstdc++6", "libx11-6", "libxext6", "libxrender1", "zlib1g"),
    )


def _debian(suite: str, architecture: str, what: str) -> str:
    other = "" if architecture == "amd64" else f"{architecture}-"
    return f"debian-{SUITES[suite]}-{other}{what}"


def _pythons() -> Iterator[Shipped]:
    wanted = [(suite, "amd64", "python3") for suite in SUITES]
    wanted += [("bullseye", "amd64", "python2.7"), ("sid", "amd64", "python3.13")]
    for suite in ("bookworm", "trixie"):
        others = ("arm64", "armhf", "i386", "ppc64el", "s390x")
        wanted += [(suite, architecture, "python3") for architecture in others]
    wanted += [("trixie", "riscv64", "python3"), ("sid", "riscv64", "python3")]
    for suite, architecture, python in wanted:
        name = _debian(suite, architecture, python)
        yield Shipped(name, ("cpython",), suite, architecture, (python,), f"/usr/bin/{python}")


def _musls() -> Iterator[Shipped]:
    """The CPython of the musllinux images, with Debian's musl.

    Elsewhere than on x86-64 and aarch64 nothing in reach carries one along: ``ninja`` stands in,
    which links what that CPython links, the C library alone. It has no Python.
    """
    wanted = [("bookworm", "amd64", "312"), ("trixie", "amd64", "312"), ("trixie", "amd64", "313")]
    for suite, architecture, python in (*wanted, ("trixie", "arm64", "313")):
        machine = {"amd64": "x86_64", "arm64": "aarch64"}[architecture]
        wheel = Wheel("freeze-core==0.8.1", python, f"musllinux_1_2_{machine}")
        binary = f"freeze_core/bases/console-cpython-{python}-{machine}-linux-musl"
        other = "" if architecture == "amd64" else f"{machine}-"
        yield Shipped(
            name=f"musl-{_MUSL[suite]}-{other}cp{python}",
            groups=("cpython", "musl"),
            suite=suite,
            architecture=architecture,
            packages=("musl",),
            binary=f"{wheel.site_packages()}/{binary}",
            python=Python("cp", (3, int(python[1:]))),
            wheel=wheel,
        )
    for architecture, machine in _MUSL_MACHINES.items():
        suite = _ONE_SUITE[architecture]
        wheel = Wheel("ninja==1.13.2", "313", f"musllinux_1_2_{machine}")
        yield Shipped(
            name=f"musl-{_MUSL[suite]}-{machine}",
            groups=("cpython", "musl"),
            suite=suite,
            architecture=architecture,
            packages=("musl",),
            binary=f"{wheel.site_packages()}/ninja-1.13.2.data/scripts/ninja",
            wheel=wheel,
        )


_MUSL = {"bookworm": "1.2.3", "trixie": "1.2.5"}
_MUSL_MACHINES = {
    "armhf": "armv7l",
    "i386": "i686",
    "ppc64el": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


def _pypys() -> Iterator[Shipped]:
    wanted = [(suite, "amd64") for suite in SUITES]
    wanted += [("bookworm", "arm64"), ("trixie", "arm64"), ("trixie", "i386")]
    for suite, architecture in wanted:
        name = _debian(suite, architecture, "pypy3")
        host = Shipped(name, ("pypy",), suite, architecture, ("pypy3",), "/usr/bin/pypy3")
        # 7.3.5 calls its library libpypy3-c.so (sys.version_info of that release).
        yield host._replace(python=Python("pp", (3, 7))) if suite == "bullseye" else host


def _manylinux() -> Iterator[Shipped]:
    """The static CPython of the manylinux images, which freeze-core carries along."""
    wanted = [(f"3{minor}", "amd64", "x86_64") for minor in range(10, 15)]
    wanted += [("312", "arm64", "aarch64"), ("312", "ppc64el", "ppc64le")]
    for python, architecture, machine in wanted:
        # The last release for 3.10.
        release = "0.6.1" if python == "310" else "0.8.1"
        wheel = Wheel(f"freeze-core=={release}", python, f"manylinux2014_{machine}")
        triplet = f"{machine.replace('ppc', 'powerpc')}-linux-gnu"
        binary = f"freeze_core/bases/console-cpython-{python}-{triplet}"
        other = "" if machine == "x86_64" else f"{machine}-"
        yield Shipped(
            name=f"manylinux2014-{other}cp{python}",
            groups=("cpython", "manylinux"),
            # The oldest libc in reach; the images' own, 2.17, is in no archive.
            suite="bullseye" if architecture == "amd64" else "bookworm",
            architecture=architecture,
            packages=(),
            binary=f"{wheel.site_packages()}/{binary}",
            python=Python("cp", (3, int(python[1:]))),
            wheel=wheel,
        )


_APACHE_MODULES = (
    *("access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core"),
    *("authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "filter", "mime"),
    *("mpm_event", "negotiation", "reqtimeout", "setenvif", "socache_shmcb", "ssl", "status"),
    "wsgi",
)
"""What Debian enables (mods-enabled, in its order), with ssl and wsgi."""

_UWSGI_PLUGINS = {"bullseye": "python39", "bookworm": "python311"}
"""Where the name without a release is a link that only a maintainer script makes."""
_POSTGRES = {"bullseye": "13", "bookworm": "15", "trixie": "17", "forky": "18", "sid": "18"}


TRIPLETS = {
    "amd64": "x86_64-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armhf": "arm-linux-gnueabihf",
    "i386": "i386-linux-gnu",
    "ppc64el": "powerpc64le-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
}
"""The directory of a Debian architecture's libraries below ``/usr/lib``."""
_ONE_SUITE = {
    "armhf": "trixie",
    "i386": "trixie",
    "ppc64el": "bookworm",
    "riscv64": "trixie",
    "s390x": "bookworm",
}
"""Of these architectures one suite is enough to tell what programs take there."""
_EMBEDDED_ON = (
    *(("amd64", suite) for suite in SUITES),
    *(("arm64", suite) for suite in SUITES if suite != "bullseye"),
    *_ONE_SUITE.items(),
)


def _embedded() -> Iterator[Shipped]:
    for architecture, suite in _EMBEDDED_ON:
        yield from _programs(suite, architecture)
    for architecture in ("amd64", "arm64"):
        name = _debian("bookworm", architecture, "blender")
        yield Shipped(
            name, ("embedded",), "bookworm", architecture, ("blender",), "/usr/bin/blender"
        )
    wheel = Wheel("gdb-for-pwndbg==18.1.0.post1", "313", "manylinux_2_28_x86_64")
    yield Shipped(
        *("gdb-for-pwndbg", ("embedded",), "trixie", "amd64", ("libpython3.13",)),
        f"{wheel.site_packages()}/gdb_for_pwndbg/_vendor/bin/gdb",
        wheel=wheel,
    )


def _programs(suite: str, architecture: str) -> Iterator[Shipped]:
    """The programs of one suite that embed Python."""

    def host(what: str, packages: str, binary: str, *opened: str) -> Shipped:
        name = _debian(suite, architecture, what)
        return Shipped(
            name, ("embedded",), suite, architecture, tuple(packages.split()), binary, opened
        )

    yield host(
        *("uwsgi-python3", "uwsgi-core uwsgi-plugin-python3", "/usr/bin/uwsgi-core"),
        f"/usr/lib/uwsgi/plugins/{_UWSGI_PLUGINS.get(suite, 'python3')}_plugin.so",
    )
    yield host("gdb", "gdb", "/usr/bin/gdb")
    if suite in ("forky", "sid"):
        return
    yield host("vim-nox", "vim-nox", "/usr/bin/vim.nox")
    yield host(
        *("apache2-wsgi", "apache2-bin libapache2-mod-wsgi-py3", "/usr/sbin/apache2"),
        *(f"/usr/lib/apache2/modules/mod_{module}.so" for module in _APACHE_MODULES),
    )
    version = _POSTGRES[suite]
    yield host(
        *("postgres-plpython3", f"postgresql-plpython3-{version}"),
        f"/usr/lib/postgresql/{version}/bin/postgres",
        f"/usr/lib/postgresql/{version}/lib/plpython3.so",
    )
    if suite == "bullseye":
        return
    yield host(
        *("weechat", "weechat-headless weechat-python", "/usr/bin/weechat-headless"),
        f"/usr/lib/{TRIPLETS[architecture]}/weechat/plugins/python.so",
    )


SHIPPED = tuple(
    sorted(
        (*_pythons(), *_manylinux(), *_musls(), *_pypys(), *_embedded()), key=lambda host: host.name
    )
)
