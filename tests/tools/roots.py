"""Unpacks packages of any Debian suite and architecture into a directory, a root.

    python tests/tools/roots.py SUITE ARCHITECTURE PACKAGE...

prints the directory, which is kept for the next time. Nothing of a root is run, no
maintainer script either: so what those make is not there (ld.so.cache), but for the
links of update-alternatives, which are read from the scripts. Ask for base-files too where the name
of the release matters. Absolute symbolic links are made relative, so that whoever
knows of no root (qemu) stays inside too. apt checks the archive's signature and every
file's hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

import programs

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LAYOUT = "3"  # a root that was made otherwise is made again
_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_UNREAD = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man")


class RootError(Exception):
    """No such root can be made on this machine; str() says why."""


def root(suite: str, architecture: str, packages: Sequence[str]) -> Path:
    """The directory with ``packages`` of Debian ``suite`` and all they depend on.

    ``architecture`` is Debian's name (``arm64``, ``armhf``, ``ppc64el``). Made
    once and kept below the tests' cache directory; callers may run in parallel.
    The mirror is ``COLLIDE_DEBIAN_MIRROR``, or else that of the machine's own
    apt. Raises RootError.
    """
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise RootError(f"a root of {suite} needs {tool}")
    if not Path(_KEYRING).exists():
        raise RootError(f"a root of {suite} needs {_KEYRING} (apt install debian-archive-keyring)")
    wanted = sorted(set(packages))
    slug = hashlib.sha256(" ".join((_LAYOUT, *wanted)).encode()).hexdigest()[:12]
    directory = _roots() / f"{suite}-{architecture}-{slug}"
    if not directory.exists():
        state = _roots() / "apt" / f"{suite}-{architecture}"
        with _locked(state), TemporaryDirectory(dir=state) as scratch:
            if not directory.exists():
                archives, unpacked = Path(scratch, "archives"), Path(scratch, "root")
                archives.mkdir()
                _download(state, archives, suite, architecture, wanted)
                _unpack(sorted(archives.glob("*.deb")), unpacked)
                # A root is there whole or not at all.
                unpacked.rename(directory)
    return directory


def _roots() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "collide-tests" / "roots"


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(
    state: Path, into: Path, suite: str, architecture: str, packages: Sequence[str]
) -> None:
    """Put the package files of ``packages`` and of their dependencies into ``into``."""
    (into / "partial").mkdir()
    apt = [*_apt(state, suite, architecture), f"-oDir::Cache::archives={into}"]
    # An old list names files that the archive has no more.
    _run([*apt, "update"])
    _run([*apt, "-y", "--no-install-recommends", "--download-only", "install", *packages])


def contents(suite: str, architecture: str) -> Iterator[str]:
    """The archive's list of the files of all packages of Debian ``suite``, line by line.

    A line has a path without its first slash, and the packages that bring it, each behind its
    section. Raises RootError.
    """
    state = _roots() / "apt" / f"{suite}-{architecture}"
    target = "Acquire::IndexTargets::deb::Contents-deb"
    wanted = {
        # Not $(ARCHITECTURE), which would bring the list of the packages for all, too.
        "MetaKey": f"$(COMPONENT)/Contents-{architecture}",
        "ShortDescription": "Contents-$(ARCHITECTURE)",
        "Description": "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents",
    }
    with _locked(state):
        apt = [*_apt(state, suite, architecture)]
        apt += [f"-o{target}::{key}={value}" for key, value in wanted.items()]
        _run([*apt, "update"])
        listed = (*apt, "indextargets", "--format", "$(FILENAME)", "Created-By: Contents-deb")
        files = [name for name in _run(listed).split("\n") if f"Contents-{architecture}" in name]
        if not files:
            raise RootError(f"no list of the files of {suite} for {architecture}")
        yield from _run(("/usr/lib/apt/apt-helper", "cat-file", files[0])).splitlines()


def _apt(state: Path, suite: str, architecture: str) -> tuple[str, ...]:
    """The call of apt-get that knows the packages of one suite and architecture, and no others."""
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    # Nothing counts as installed, so all dependencies are downloaded.
    (state / "status").write_text("")
    mirror = os.environ.get("COLLIDE_DEBIAN_MIRROR") or _own_mirror()
    (state / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror} {suite} main\n")
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Dir::Cache": state,
        "Dir::Etc::preferences": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": state,
        "Dir::State::status": state / "status",
    }
    return "apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())


def _own_mirror() -> str:
    """The mirror of Debian that this machine's apt has; security and updates have a hyphen."""
    asked = ("apt-get", "update", "--print-uris")
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = re.search(r"^'(\S+)/dists/[a-z]+/InRelease'", told, re.MULTILINE)
    if found is None:
        raise RootError("apt knows no mirror of Debian here: set COLLIDE_DEBIAN_MIRROR")
    return found[1]


def _unpack(archives: Sequence[Path], into: Path) -> None:
    """Unpack package files over each other, in a system whose /usr is merged."""
    for name in _MERGED:
        (into / "usr" / name).mkdir(parents=True)
        (into / name).symlink_to(f"usr/{name}")
    exclude = [f"--exclude=./{path}/*" for path in _UNREAD]
    for archive in archives:
        with subprocess.Popen(
            ("dpkg-deb", "--fsys-tarfile", archive), stdout=subprocess.PIPE
        ) as contents:
            tar = ("tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", into)
            _run((*tar, *exclude), stdin=contents.stdout)
        if contents.returncode:
            raise RootError(f"dpkg-deb cannot read {archive.name}")
    _register(archives, into)
    _link_alternatives(archives, into)
    for directory, directories, files in os.walk(into):
        for link in (Path(directory, name) for name in (*directories, *files)):
            if link.is_symlink() and (target := link.readlink()).is_absolute():
                link.unlink()
                link.symlink_to(os.path.relpath(target, f"/{Path(directory).relative_to(into)}"))


class Alternative(NamedTuple):
    """One link of a group of alternatives: where it is, the group's name for it, the file."""

    link: str
    name: str
    path: str


def alternatives(script: str) -> Iterator[tuple[int, tuple[Alternative, ...]]]:
    """What a maintainer script registers with update-alternatives(1): priority, links.

    Calls whose words a shell would have to expand are left out, as are those without a priority.
    """
    for line in script.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        options = ("--install", "--slave", "--follower")
        starts = [number for number, word in enumerate(words) if word in options]
        links = [Alternative(*words[at + 1 : at + 4]) for at in starts if at + 3 < len(words)]
        plain = not any("$" in word for link in links for word in link)
        if "update-alternatives" in words and links and plain:
            priority = words[words.index("--install") + 4 :][:1] if "--install" in words else []
            if priority and priority[0].isdecimal():
                yield int(priority[0]), tuple(links)


def _link_alternatives(archives: Sequence[Path], root: Path) -> None:
    """Make the links that update-alternatives would: for each name the highest priority."""
    known: dict[str, tuple[int, tuple[Alternative, ...]]] = {}
    for archive in archives:
        for priority, links in alternatives(_script(archive)):
            name = links[0].name
            if name not in known or known[name][0] < priority:
                known[name] = priority, links
    for _, links in known.values():
        for link, name, path in links:
            at, chosen = root / link.lstrip("/"), root / "etc/alternatives" / name
            if (root / path.lstrip("/")).exists() and not os.path.lexists(at):
                for place, target in ((chosen, path), (at, f"/etc/alternatives/{name}")):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    if not os.path.lexists(place):
                        place.symlink_to(target)


def _script(archive: Path) -> str:
    """The script that dpkg would run after unpacking; empty without one."""
    with TemporaryDirectory() as scratch:
        _run(("dpkg-deb", "--control", archive, scratch))
        script = Path(scratch, "postinst")
        return script.read_text(errors="replace") if script.exists() else ""


def _register(archives: Sequence[Path], root: Path) -> None:
    """Write what dpkg would know of these packages: their control fields and lists of files."""
    info = root / "var" / "lib" / "dpkg" / "info"
    info.mkdir(parents=True, exist_ok=True)
    paragraphs = []
    for archive in archives:
        fields = _run(("dpkg-deb", "--field", archive, "Package", "Version", "Architecture"))
        name = fields.split("\n")[0].removeprefix("Package: ")
        listed = _run(("dpkg-deb", "--contents", archive)).splitlines()
        # tar's long listing: mode, owner, size, date, time, "./path" and " -> target".
        paths = [line.split(maxsplit=5)[5].split(" -> ")[0][1:] for line in listed]
        (info / f"{name}.list").write_text("".join(f"{path}\n" for path in paths))
        paragraphs.append(fields)
    (info.parent / "status").write_text("\n".join(paragraphs))


def _run(command: Sequence[str | Path], stdin: IO[bytes] | None = None) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(
        command, env=environment, stdin=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
        raise RootError(f"{command[0]} failed: {reason}")
    return done.stdout


def main(argv: Sequence[str] | None = None) -> int:
    """Print the directory of the root that the arguments name."""
    parser = programs.parser(__doc__)
    parser.add_argument("suite", metavar="SUITE", help="bookworm, trixie, sid ...")
    parser.add_argument("architecture", metavar="ARCHITECTURE", help="amd64, arm64, s390x ...")
    parser.add_argument("packages", metavar="PACKAGE", nargs="+")
    args = parser.parse_args(argv)
    try:
        print(root(args.suite, args.architecture, args.packages))
    except RootError as e:
        print(f"roots: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
