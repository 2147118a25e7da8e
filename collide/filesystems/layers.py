"""A file tree of tar archives, each applied over those before it, as layers of an image are.

Only the headers are kept in memory: the contents of a file are read when they are asked
for. Sources: POSIX pax (ustar) as read by :mod:`tarfile`, and "Applying
Changesets", "Whiteouts" and "Opaque Whiteout" of the OCI image layer
specification.
"""

from __future__ import annotations

import errno
import posixpath
import tarfile
from typing import BinaryIO

from collide.filesystems.compressed import Inflated, seekable
from collide.filesystems.tree import Status, buffered
from collide.support import limits
from collide.support.errors import CollideError, FormatError
from collide.support.records import NamedTuple

_MAX_LINKS = 40  # MAXSYMLINKS, path_resolution(7)
_WHITEOUT, _OPAQUE, _RESERVED = ".wh.", ".wh..wh..opq", ".wh..wh."


class _Regular:
    """One file, whatever its names are."""

    __slots__ = ("offset", "size", "stream")

    def __init__(self, stream: BinaryIO, offset: int, size: int) -> None:
        self.stream = stream
        self.offset = offset
        self.size = size


class _Link(NamedTuple):
    target: str


class _Other(NamedTuple):
    """An entry without contents that can be read; ``what`` says what it is."""

    what: str


class _Directory:
    """Its entries, each with the number of the layer that wrote it last."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[str, tuple[int, _Node]] = {}


_Node = _Regular | _Link | _Other | _Directory


class Overlay:
    """A tree in archives; see :class:`collide.filesystems.tree.Tree`."""

    def __init__(self) -> None:
        self._top = _Directory()
        self._layer = 0
        self._entries = 0
        self._followed = 0
        self._inflated = Inflated()

    def add(self, stream: BinaryIO, *, overlay: bool = False) -> None:
        """Apply one archive over what is there; ``overlay`` honours whiteouts.

        Nothing leaves the tree: a member whose name has ``..`` is refused, as
        is one below a file. Raises FormatError or LimitError; the tree is of no use then.
        """
        stream = seekable(stream, self._inflated)
        self._layer += 1
        try:
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                while (member := archive.next()) is not None:
                    if member.size < 0:
                        # tarfile goes back by as much, and would meet the same header for ever.
                        raise FormatError(f"{member.name} has a size below zero")
                    self._add_member(member, stream, overlay)
                    # It keeps what it has seen, and a large image has very much.
                    archive.members = []  # type: ignore[attr-defined]
                end = archive.offset
        except (CollideError, OSError):
            raise
        except RecursionError:
            # tarfile reads the header behind a long name or a pax header by calling itself.
            why = "long names or extended headers without a member"
            raise FormatError(f"not a readable tar archive ({why})") from None
        except Exception as e:
            # What tarfile raises for damaged headers is not documented. Memory is short where
            # a header says that another one has a terabyte.
            why = str(e) or "a header of absurd size"
            raise FormatError(f"not a readable tar archive ({why})") from e
        stream.seek(end)
        if any(stream.read(tarfile.BLOCKSIZE)):
            # tarfile takes a damaged header for the end.
            raise FormatError(f"not a readable tar archive (damaged at byte {end})")

    def _add_member(self, member: tarfile.TarInfo, stream: BinaryIO, overlay: bool) -> None:
        parts = _parts(member.name)
        if not parts:
            return
        self._count()
        *above, name = parts
        if overlay and name.startswith(_WHITEOUT):
            self._white_out(above, name)
            return
        if overlay and any(part.startswith(_RESERVED) for part in above):
            return
        parent = self._directory(above, member.name)
        old = parent.entries.get(name)
        node = self._node(member, stream)
        if isinstance(node, _Directory) and old is not None and isinstance(old[1], _Directory):
            node = old[1]
        parent.entries[name] = self._layer, node

    def _count(self) -> None:
        self._entries += 1
        limits.hold("root-entries", self._entries)

    def _node(self, member: tarfile.TarInfo, stream: BinaryIO) -> _Node:
        if member.isdir():
            return _Directory()
        if member.issym():
            limits.hold("path-length", len(member.linkname), member.name)
            return _Link(member.linkname)
        if member.islnk():
            found = self._linked(member)
            if found is None:
                raise FormatError(f"{member.name} is a hard link to {member.linkname}: not there")
            return found
        if member.issparse():
            return _Other("a sparse member, which is not read")
        if member.isreg():
            return _Regular(stream, member.offset_data, member.size)
        return _Other("not a regular file")

    def _linked(self, member: tarfile.TarInfo) -> _Node | None:
        *above, name = _parts(member.linkname) or [""]
        entry = self._directory(above, member.name).entries.get(name)
        return None if entry is None or isinstance(entry[1], _Directory) else entry[1]

    def _directory(self, parts: list[str], member: str) -> _Directory:
        """The directory that ``parts`` lead to, through links inside the tree; made if need be."""
        pending, links = list(reversed(parts)), 0
        path = [self._top]
        while pending:
            part = pending.pop()
            if part == "..":
                path = path[:-1] or path
                continue
            _, node = path[-1].entries.get(part, (0, None))
            if isinstance(node, _Link):
                links += 1
                if links > _MAX_LINKS:
                    raise FormatError(f"{member} lies behind more than {_MAX_LINKS} links")
                if node.target.startswith("/"):
                    path = [self._top]
                parts = [p for p in reversed(node.target.split("/")) if p not in ("", ".")]
                self._followed += len(parts)
                limits.hold("links", self._followed, member[:40])
                pending += parts
                continue
            if node is None:
                self._count()
                node = _Directory()
            elif not isinstance(node, _Directory):
                raise FormatError(f"{member} lies below a file")
            path[-1].entries[part] = self._layer, node
            path.append(node)
        return path[-1]

    def _white_out(self, above: list[str], name: str) -> None:
        """Take away what lower layers have; entries of this layer stay, in whatever order."""
        parent = self._directory(above, name)
        if name == _OPAQUE:
            self._keep_own(parent)
        elif not name.startswith(_RESERVED):
            hidden = name.removeprefix(_WHITEOUT)
            layer, node = parent.entries.get(hidden, (0, None))
            if layer == self._layer and isinstance(node, _Directory):
                self._keep_own(node)
            elif layer != self._layer:
                parent.entries.pop(hidden, None)

    def _keep_own(self, directory: _Directory) -> None:
        pending = [directory]
        while pending:
            current = pending.pop()
            own = {n: e for n, e in current.entries.items() if e[0] == self._layer}
            current.entries = own
            pending += [node for _, node in own.values() if isinstance(node, _Directory)]

    # -- as a tree --------------------------------------------------------------------------------

    def _at(self, path: str) -> _Node | None:
        node: _Node = self._top
        for part in path.split("/"):
            if part:
                if not isinstance(node, _Directory) or part not in node.entries:
                    return None
                node = node.entries[part][1]
        return node

    def status(self, path: str) -> Status | None:
        """See :class:`collide.filesystems.tree.Tree`."""
        node = self._at(path)
        if node is None:
            return None
        if isinstance(node, _Regular):
            return Status("file", node)
        if isinstance(node, _Directory):
            return Status("directory", node)
        return Status("link" if isinstance(node, _Link) else "other", path)

    def target(self, path: str) -> str:
        """See :class:`collide.filesystems.tree.Tree`."""
        node = self._at(path)
        if not isinstance(node, _Link):
            raise OSError(errno.EINVAL, "not a symbolic link", path)
        return node.target

    def names(self, path: str) -> list[str]:
        """See :class:`collide.filesystems.tree.Tree`."""
        node = self._at(path)
        if not isinstance(node, _Directory):
            raise NotADirectoryError(errno.ENOTDIR, "not a directory", path)
        return sorted(node.entries)

    def contents(self, path: str) -> bytes:
        """See :class:`collide.filesystems.tree.Tree`."""
        found = self._regular(path)
        limits.hold("object-size", found.size, path)
        found.stream.seek(found.offset)
        try:
            data = found.stream.read(found.size)
        except FormatError as e:
            raise OSError(errno.EIO, str(e), path) from e
        if len(data) < found.size:
            raise OSError(errno.EIO, "cut short by the end of the archive", path)
        return data

    def stream(self, path: str) -> BinaryIO:
        """See :class:`collide.filesystems.tree.Tree`."""
        found = self._regular(path)
        return buffered(found.stream, found.offset, found.size)

    def _regular(self, path: str) -> _Regular:
        node = self._at(path)
        if isinstance(node, _Regular):
            return node
        if node is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        if isinstance(node, _Directory):
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        raise OSError(errno.EINVAL, node.what if isinstance(node, _Other) else "a link", path)


def _parts(name: str) -> list[str]:
    """The components of a member's name; a leading slash means the top, as tar(1) takes it."""
    limits.hold("path-length", len(name), name[:40])
    parts = [p for p in posixpath.normpath(f"./{name}").split("/") if p not in ("", ".")]
    if ".." in name.split("/"):
        raise FormatError(f"member {name} has .. in its name, which could lead out of the root")
    return parts
