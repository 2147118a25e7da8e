"""Opens what ``--root`` names: a directory, a tar archive, or a container image.

An image is what ``docker save`` writes (``manifest.json``) or an OCI image
layout (``oci-layout``, ``index.json``), as a directory or in a tar archive
(OCI image-layout and image-index specifications).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from collide.filesystems.layers import Overlay
from collide.filesystems.root import Root
from collide.filesystems.tree import Disk
from collide.support import limits
from collide.support.documents import parse
from collide.support.errors import FormatError, InputError
from collide.support.records import NamedTuple

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class _Image(NamedTuple):
    """One image of an archive: the names it answers to, and the paths of its layers, in order."""

    names: tuple[str, ...]
    layers: tuple[str, ...]

    def called(self, wanted: str) -> bool:
        """Whether ``wanted`` is one of its names, or one but for the registry before it."""
        return any(name == wanted or name.endswith(f"/{wanted}") for name in self.names)

    def __str__(self) -> str:
        return " = ".join(self.names) or "(no name)"


def open_root(path: str, image: str | None = None) -> Root:
    """The root file system that ``path`` names; nothing is unpacked to disk.

    ``image`` chooses where an archive holds several: a tag or a platform
    (``linux/arm64``). Raises InputError.
    """
    outer = _outer(path)
    try:
        images = list(_images(outer))
        if not images:
            if image is not None:
                raise InputError(path, f"holds no image that could be {image}")
            return outer
        chosen = _chosen(path, images, image)
        limits.hold("layers", len(chosen.layers))
        tree = Overlay()
        for layer in chosen.layers:
            _add_layer(tree, outer, layer)
    except limits.LimitError as e:
        raise e.inside(path) from None
    except FormatError as e:
        raise InputError(path, str(e)) from e
    return Root(tree)


def _outer(path: str) -> Root:
    if Path(path).is_dir():
        return Root(path)
    tree = Overlay()
    archive = Path(path).resolve()
    try:
        if not archive.is_file():
            raise FormatError("no such directory or archive")
        tree.add(Disk(str(archive.parent)).stream(f"/{archive.name}"))
    except limits.LimitError as e:
        raise e.inside(path) from None
    except FormatError as e:
        raise InputError(path, str(e)) from e
    except OSError as e:
        raise InputError(path, e.strerror or str(e)) from e
    return Root(tree)


def _add_layer(tree: Overlay, outer: Root, path: str) -> None:
    try:
        tree.add(outer.stream(path), overlay=True)
    except limits.LimitError as e:
        raise e.inside(f"layer {path}") from None
    except OSError as e:
        raise FormatError(f"layer {path}: {e.strerror or e}") from e
    except FormatError as e:
        raise FormatError(f"layer {path}: {e}") from e


def _chosen(path: str, images: Sequence[_Image], wanted: str | None) -> _Image:
    fitting = [i for i in images if wanted is None or i.called(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(map(str, fitting or images))
    if fitting:
        raise InputError(path, f"holds {len(fitting)} images, choose one with --image: {listed}")
    raise InputError(path, f"holds no image {wanted}, but {listed}")


def _images(outer: Root) -> Iterator[_Image]:
    # No image has directories of a system beside these.
    if outer.realpath("/manifest.json") is not None and outer.realpath("/etc") is None:
        for entry in _json(outer, "/manifest.json", list):
            layers = tuple(f"/{layer}" for layer in _get(entry, "Layers", list))
            # null where the image was saved by its identifier.
            tags = _get(entry, "RepoTags", list) if entry.get("RepoTags") else []
            yield _Image(tuple(map(str, tags)), layers)
    elif outer.realpath("/oci-layout") is not None:
        yield from _indexed(outer, "/index.json", ())


def _indexed(outer: Root, path: str, names: tuple[str, ...], depth: int = 0) -> Iterator[_Image]:
    """The images of an index and of the indexes in it, where their manifests are there."""
    limits.hold("nesting", depth, path)
    for descriptor in _get(_json(outer, path, dict), "manifests", list):
        blob = _blob(descriptor)
        annotations = _get(descriptor, "annotations", dict) if "annotations" in descriptor else {}
        own = (
            *names,
            *(str(annotations[key]) for key in sorted(annotations) if key.endswith(_NAMING)),
        )
        if "vnd.docker.reference.type" in annotations or outer.realpath(blob) is None:
            continue
        kind = descriptor.get("mediaType")
        if kind in _INDEXES:
            yield from _indexed(outer, blob, own, depth + 1)
        elif kind in _MANIFESTS:
            manifest = _json(outer, blob, dict)
            layers = tuple(map(_blob, _get(manifest, "layers", list)))
            yield _Image((*own, *_platform(outer, descriptor, manifest)), layers)


_NAMING = ("image.ref.name", "image.name")


def _platform(outer: Root, descriptor: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    """``linux/arm64`` or ``linux/arm/v7``, from the index or else from the image's config."""
    if "platform" in descriptor:
        platform = _get(descriptor, "platform", dict)
    else:
        config = _blob(_get(manifest, "config", dict))
        platform = _json(outer, config, dict) if outer.realpath(config) else {}
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    return ["/".join(str(p) for p in parts if p)] if all(parts[:2]) else []


def _blob(descriptor: Any) -> str:
    digest = _get(descriptor, "digest", str)
    found = re.fullmatch(r"([a-z0-9]+):([0-9a-f]{32,})", digest)
    if found is None:
        raise FormatError(f"{digest!r} is no digest")
    return f"/blobs/{found[1]}/{found[2]}"


def _json(outer: Root, path: str, kind: type) -> Any:
    try:
        with outer.stream(path) as stream:
            data = stream.read(limits.value("text-size") + 1)
        limits.hold("text-size", len(data), path)
        value = parse(data)
    except limits.LimitError as e:
        raise e if e.path else e.inside(path) from None
    except (OSError, ValueError) as e:
        raise FormatError(f"{path}: {getattr(e, 'strerror', None) or e}") from e
    if not isinstance(value, kind):
        raise FormatError(f"{path}: not a JSON {kind.__name__}")
    return value


def _get(record: Any, key: str, kind: type) -> Any:
    value = record.get(key) if isinstance(record, dict) else None
    if not isinstance(value, kind):
        raise FormatError(f"an image whose {key} is no {kind.__name__}")
    return value
