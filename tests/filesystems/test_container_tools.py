"""Images as the tools of containers write and unpack them: umoci and skopeo are the judges."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from archives import LAYERS, OCI, Entry, Layout, listing, tar
from collide.filesystems.container_image import open_root
from collide.filesystems.root import Root


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        unavailable(f"{name} is not installed: apt install {name}")
    return found


def layout(directory: Path, layers: Sequence[Sequence[Entry]]) -> Path:
    """An OCI layout that other tools accept too: tag ``t``, every second layer compressed."""
    made = Layout()
    plain = [tar(*layer) for layer in layers]
    diffs = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in plain]
    rootfs = {"type": "layers", "diff_ids": diffs}
    platform = {"os": "linux", "architecture": "amd64"}
    config = made.blob("config.v1+json", {**platform, "config": {}, "rootfs": rootfs})
    blobs = [
        made.blob("layer.v1.tar+gzip", gzip.compress(layer))
        if number % 2
        else made.blob("layer.v1.tar", layer)
        for number, layer in enumerate(plain)
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}manifest.v1+json",
        "config": config,
        "layers": blobs,
    }
    named = {"org.opencontainers.image.ref.name": "t"}
    made.index(made.blob("manifest.v1+json", manifest, annotations=named))
    return made.write(directory)


# Umoci unpacks them; docker leaves AUFS's own files out (pkg/archive/diff.go).
_UNLIKE_UMOCI = {"reserved names are none"}


@pytest.mark.parametrize("case", sorted(LAYERS.keys() - _UNLIKE_UMOCI))
def test_layers_give_what_umoci_unpacks(case: str, tmp_path: Path) -> None:
    umoci = tool("umoci")
    directory, unpacked = layout(tmp_path / "oci", LAYERS[case][0]), tmp_path / "unpacked"
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    subprocess.run(
        [umoci, "raw", "unpack", *rootless, "--image", f"{directory}:t", str(unpacked)],
        check=True,
        capture_output=True,
    )
    assert listing(open_root(str(directory))) == listing(Root(str(unpacked)))


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_archives_of_skopeo_are_read(form: str, tmp_path: Path) -> None:
    skopeo = tool("skopeo")
    layers, expected = LAYERS["opaque"]
    directory, archive = layout(tmp_path / "oci", layers), tmp_path / "saved.tar"
    subprocess.run(
        [
            *(skopeo, "--insecure-policy", "copy", "--quiet"),
            *(f"oci:{directory}:t", f"{form}:{archive}:some:1"),
        ],
        check=True,
        capture_output=True,
    )
    assert listing(open_root(str(archive))) == expected
    assert listing(open_root(str(archive), "some:1")) == expected
