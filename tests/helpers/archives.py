"""Tar archives, layers of them, and images, in the making."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

from collide.filesystems.layers import Overlay
from collide.filesystems.root import Root

DIRECTORY, LINK, HARD = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
Entry = tuple[str, bytes] | tuple[str, bytes, str]
"""Name and contents, or name, type and the target of a link."""
OCI = "application/vnd.oci.image."


def tar(*entries: Entry) -> bytes:
    """An archive of these members, in this order."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry[0])
            if len(entry) == 3:
                info.type, info.linkname = entry[1], entry[2]
                archive.addfile(info)
            else:
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return stream.getvalue()


def tree(*layers: bytes, overlay: bool = True) -> Overlay:
    """These archives, one over the other."""
    made = Overlay()
    for layer in layers:
        made.add(io.BytesIO(layer), overlay=overlay)
    return made


def listing(root: Root, path: str = "/") -> dict[str, bytes]:
    """Every file of a root with its contents."""
    found: dict[str, bytes] = {}
    for name in root.names(path):
        below = f"{path.rstrip('/')}/{name}"
        if root.is_directory(below):
            found.update(listing(root, below))
        else:
            found[below] = root.read_bytes(below) or b""
    return found


def directory(name: str) -> Entry:
    return name, DIRECTORY, ""


Layer = Sequence[Entry]
LAYERS: dict[str, tuple[Sequence[Layer], dict[str, bytes]]] = {
    "upper file wins": ([[("a", b"1"), ("b", b"1")], [("a", b"2")]], {"/a": b"2", "/b": b"1"}),
    "directories merge": (
        [[directory("d"), ("d/a", b"1")], [directory("d"), ("d/b", b"2")]],
        {"/d/a": b"1", "/d/b": b"2"},
    ),
    "whiteout": ([[("d/a", b"1"), ("d/b", b"1")], [("d/.wh.a", b"")]], {"/d/b": b"1"}),
    "whiteout of a directory": ([[("d/a", b"1"), ("e", b"1")], [(".wh.d", b"")]], {"/e": b"1"}),
    "whiteout of nothing": ([[("a", b"1")], [(".wh.b", b"")]], {"/a": b"1"}),
    "whiteout in its own layer": (
        [[("d/a", b"1")], [("d/b", b"2"), (".wh.d", b"")]],
        {"/d/b": b"2"},
    ),
    "whiteout before its own layer's file": (
        [[("d/a", b"1")], [(".wh.d", b""), ("d/b", b"2")]],
        {"/d/b": b"2"},
    ),
    "opaque": (
        [[("d/a", b"1"), ("d/s/c", b"1"), ("e", b"1")], [("d/.wh..wh..opq", b""), ("d/b", b"2")]],
        {"/d/b": b"2", "/e": b"1"},
    ),
    "opaque last": (
        [[("d/a", b"1"), ("d/s/c", b"1")], [("d/s/e", b"2"), ("d/.wh..wh..opq", b"")]],
        {"/d/s/e": b"2"},
    ),
    "reserved names are none": ([[("a", b"1"), (".wh..wh.plnk/1", b"x")]], {"/a": b"1"}),
    "file over directory": ([[("d/a", b"1")], [("d", b"2")]], {"/d": b"2"}),
    "directory over file": ([[("d", b"1")], [directory("d"), ("d/a", b"2")]], {"/d/a": b"2"}),
    "directory over link": (
        [[("u/a", b"1"), ("l", LINK, "u")], [directory("l"), ("l/b", b"2")]],
        {"/u/a": b"1", "/l/b": b"2"},
    ),
    "file behind a lower link": (
        [[("u/a", b"1"), ("l", LINK, "u")], [("l/b", b"2"), ("l/.wh.a", b"")]],
        {"/l/b": b"2", "/u/b": b"2"},
    ),
    "hard link to a lower layer": ([[("a", b"1")], [("b", HARD, "a")]], {"/a": b"1", "/b": b"1"}),
    "gone and back": ([[("a", b"1")], [(".wh.a", b"")], [("a", b"3")]], {"/a": b"3"}),
}


class Layout:
    """An OCI image layout in the making."""

    def __init__(self) -> None:
        self.files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(self, kind: str, data: bytes | object, **more: object) -> dict[str, object]:
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        digest = hashlib.sha256(raw).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = raw
        size = len(raw)
        return {"mediaType": OCI + kind, "digest": f"sha256:{digest}", "size": size, **more}

    def image(self, *layers: bytes, architecture: str = "amd64", **more: object) -> object:
        config = self.blob("config.v1+json", {"os": "linux", "architecture": architecture})
        descriptors = [self.blob("layer.v1.tar", layer) for layer in layers]
        manifest = {"schemaVersion": 2, "config": config, "layers": descriptors}
        return self.blob("manifest.v1+json", manifest, **more)

    def index(self, *manifests: object) -> None:
        index = {"schemaVersion": 2, "manifests": list(manifests)}
        self.files["index.json"] = json.dumps(index).encode()

    def write(self, directory: Path) -> Path:
        for name, data in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return directory
