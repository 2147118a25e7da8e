"""What --root names: directories, archives and images of them, read as one root."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from archives import OCI, Layout
from collide.cli.main import main
from collide.filesystems.container_image import open_root
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.profile_file.write import record, to_bytes
from collide.support.errors import InputError
from musl import MuslScenario
from patching import patchelf
from scenario import Scenario
from systems import LOADER, admin_tool, foreign_root


def pack(directory: Path, *arguments: str) -> bytes:
    """The tar archive of a directory, by tar(1)."""
    command = ["tar", "-C", str(directory), "-c", *(arguments or (".",))]
    return subprocess.run(command, capture_output=True, check=True).stdout


def archive(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A root whose /bin/host links /opt/liba.so, all by absolute links."""
    return foreign_root(tmp_path)[1]


@pytest.fixture
def layers(system: Path, tmp_path: Path) -> list[bytes]:
    """The same system in three layers; the second takes away what the first has too much."""
    more = tmp_path / "more"
    more.mkdir()
    shutil.copytree(system, more / "root", symlinks=True)
    (more / "root/opt/liba.so").write_bytes(b"not this one")
    (more / "root/usr/lib/libz.so.1").write_bytes(b"nor this one")
    gone = archive({"opt/.wh.liba.so": b"", "usr/lib/.wh.libz.so.1": b""})
    return [pack(more / "root"), gzip.compress(gone), gzip.compress(pack(system, "opt"))]


def docker_save(layers: list[bytes], **more: bytes) -> dict[str, bytes]:
    """The files of an archive of ``docker save``."""
    names = [f"{i}/layer.tar" for i in range(len(layers))]
    manifest = [{"Config": "c.json", "RepoTags": ["some:1"], "Layers": names}]
    return {
        **dict(zip(names, layers, strict=True)),
        "manifest.json": json.dumps(manifest).encode(),
        **more,
    }


def oci(layers: list[bytes]) -> Layout:
    layout = Layout()
    layout.index(layout.image(*layers))
    return layout


def _plain(system: Path, _: list[bytes], at: Path) -> None:
    at.write_bytes(pack(system))


def _gzipped(system: Path, _: list[bytes], at: Path) -> None:
    at.write_bytes(gzip.compress(pack(system)))


def _saved(_: Path, layers: list[bytes], at: Path) -> None:
    at.write_bytes(archive(docker_save(layers)))


def _saved_and_gzipped(_: Path, layers: list[bytes], at: Path) -> None:
    at.write_bytes(gzip.compress(archive(docker_save(layers))))


def _saved_with_oci(_: Path, layers: list[bytes], at: Path) -> None:
    layout = Layout()
    layout.index({"mediaType": OCI + "index.v1+json", "digest": "sha256:" + 64 * "0"})
    at.write_bytes(archive({**layout.files, **docker_save(layers)}))


def _layout(_: Path, layers: list[bytes], at: Path) -> None:
    oci(layers).write(at)


def _layout_in_tar(_: Path, layers: list[bytes], at: Path) -> None:
    at.write_bytes(archive(oci(layers).files))


FORMS: dict[str, Callable[[Path, list[bytes], Path], None]] = {
    "plain tar": _plain,
    "tar.gz": _gzipped,
    "docker save": _saved,
    "docker save | gzip": _saved_and_gzipped,
    "docker save of today": _saved_with_oci,
    "OCI layout": _layout,
    "OCI layout in tar": _layout_in_tar,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_system_gives_the_same_profile(
    form: str, system: Path, layers: list[bytes], tmp_path: Path
) -> None:
    def profile(root: Root) -> bytes:
        host = extract("/bin/host", root, name="n")
        assert not host.failures
        return to_bytes(record(host, root), compressed=False)

    packed = tmp_path / "packed"
    FORMS[form](system, layers, packed)
    before = sorted(tmp_path.rglob("*"))
    assert profile(open_root(str(packed))) == profile(Root(str(system)))
    assert sorted(tmp_path.rglob("*")) == before, "something was unpacked"


# -- several images -------------------------------------------------------------------------------


@pytest.fixture
def several(tmp_path: Path) -> str:
    """Two images by name, one of them for two platforms, with an attestation beside them."""
    layout = Layout()

    def image(who: bytes, architecture: str = "amd64", **more: object) -> object:
        return layout.image(archive({"who": who}), architecture=architecture, **more)

    arm = {"os": "linux", "architecture": "arm", "variant": "v7"}
    told = {"os": "unknown", "architecture": "unknown"}
    platforms = [
        image(b"amd64"),
        image(b"arm", platform=arm),
        image(b"sum", platform=told, annotations={"vnd.docker.reference.type": "attestation"}),
        {"mediaType": OCI + "manifest.v1+json", "digest": "sha256:" + 64 * "0"},
    ]
    nested = layout.blob("index.v1+json", {"manifests": platforms})
    named = {"org.opencontainers.image.ref.name": "other"}
    layout.index(nested, image(b"other", "s390x", annotations=named))
    return str(layout.write(tmp_path / "several"))


@pytest.mark.parametrize(
    ("image", "who"),
    [
        ("linux/amd64", b"amd64"),
        ("linux/arm/v7", b"arm"),
        ("other", b"other"),
        ("linux/s390x", b"other"),
    ],
)
def test_image_is_chosen_by_name_or_platform(several: str, image: str, who: bytes) -> None:
    assert open_root(several, image).read_bytes("/who") == who


def test_choice_is_asked_for(several: str) -> None:
    told = "holds 3 images, choose one with --image: linux/amd64; linux/arm/v7; other = linux/s390x"
    with pytest.raises(InputError, match=told):
        open_root(several)
    with pytest.raises(InputError, match="holds no image linux/riscv64, but linux/amd64; "):
        open_root(several, "linux/riscv64")


# -- what is refused ------------------------------------------------------------------------------


def _without_a_layer() -> dict[str, bytes]:
    files = oci([archive({"a": b""})]).files
    manifests = [n for n, data in files.items() if b'"layers"' in data]
    (gone,) = json.loads(files[manifests[0]])["layers"]
    return {n: d for n, d in files.items() if not n.endswith(gone["digest"][7:])}


def _index(manifests: Any) -> dict[str, bytes]:
    return {**Layout().files, "index.json": json.dumps({"manifests": manifests}).encode()}


def _endless() -> dict[str, bytes]:
    """An index that holds itself; a real digest cannot, but nobody checks it."""
    descriptor = {"mediaType": OCI + "index.v1+json", "digest": "sha256:" + 64 * "0"}
    index = json.dumps({"manifests": [descriptor]}).encode()
    return {**Layout().files, "index.json": index, f"blobs/sha256/{64 * '0'}": index}


HOSTILE: dict[str, tuple[dict[str, bytes], str]] = {
    "no layer": (_without_a_layer(), "layer /blobs/sha256/[0-9a-f]{64}: .*no such file"),
    "layer outside": (
        {"manifest.json": b'[{"Layers": ["../../../../etc/passwd"]}]'},
        "layer /../../../../etc/passwd: .*no such file",
    ),
    "bad layer": (
        docker_save([archive({"../a": b""})]),
        r"layer /0/layer.tar: member \.\./a has \.\. in its name",
    ),
    "digest": (
        _index([{"digest": "sha256:../../../../../../../etc/passwd"}]),
        "'sha256:../.*' is no digest",
    ),
    "no digest": (_index([{}]), "an image whose digest is no str"),
    "no list": (_index(7), "an image whose manifests is no list"),
    "no descriptor": (_index([7]), "an image whose digest is no str"),
    "no layers": ({"manifest.json": b'[{"RepoTags": null}]'}, "an image whose Layers is no list"),
    "tags": (
        {"manifest.json": b'[{"RepoTags": 7, "Layers": []}]'},
        "an image whose RepoTags is no list",
    ),
    "no record": ({"manifest.json": b"[7]"}, "an image whose Layers is no list"),
    "no array": ({"manifest.json": b"{}"}, "/manifest.json: not a JSON list"),
    "no JSON": ({"manifest.json": b"{"}, "/manifest.json: "),
    "deep JSON": ({"manifest.json": b"[" * 100_000}, "/manifest.json: "),
    "no index": (Layout().files, "/index.json: .*no such file"),
    "endless": (_endless(), "/blobs/.*: beyond the limit nesting"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_image_is_refused(case: str, tmp_path: Path) -> None:
    files, reason = HOSTILE[case]
    path = tmp_path / "image.tar"
    path.write_bytes(archive(files))
    with pytest.raises(InputError, match=rf"(?i)^{path}: {reason}"):
        open_root(str(path))


def test_what_is_no_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match="file: not a readable tar archive"):
        open_root(str(tmp_path / "file"))
    with pytest.raises(InputError, match="missing: no such directory or archive"):
        open_root(str(tmp_path / "missing"))
    with pytest.raises(InputError, match="holds no image that could be some:1"):
        open_root(str(tmp_path), "some:1")


def test_command_tells_a_hostile_archive_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "evil.tar", tmp_path / "host.json"
    path.write_bytes(archive({"../../evil": b"x"}))
    assert main(["profile", "--root", str(path), "/bin/host", "-o", str(output)]) == 2
    told = f"collide: {path}: member ../../evil has .. in its name, which could lead out of the"
    assert capsys.readouterr().err == f"{told} root\n"
    assert list(tmp_path.iterdir()) == [path]


def test_command_records_a_host_of_an_image(
    system: Path, layers: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "saved.tar"
    _saved(system, layers, path)
    assert main(["profile", "--root", str(path), "--image", "some:1", "bin/host"]) == 0
    recorded = json.loads(capsys.readouterr().out)
    scope = [recorded["objects"][i]["path"] for i in recorded["scope"]]
    assert scope[:2] == ["/usr/bin/host", "/opt/liba.so"]


# -- other layouts --------------------------------------------------------------------------------


def _store(tmp_path: Path, item: str, glibc: str) -> Scenario:
    """A binary of a store whose loader lies in the store too, and nothing anywhere else."""
    s = Scenario(tmp_path)
    root = tmp_path / "root"
    s.lib(f"root{item}-a/lib/liba.so", "int f(void) { return 1; }")
    loader = f"{glibc}/lib/ld-linux-x86-64.so.2"
    s.host(
        "",
        f"-Wl,--dynamic-linker={loader}",
        name=f"root{item}-exe/bin/host",
        needed=[f"root{item}-a/lib/liba.so"],
        runpath=f"{glibc}/lib",
    )
    (root / glibc[1:] / "lib").mkdir(parents=True)
    libc = next(m for m in extract("/bin/sh", Root()).process.maps if "libc.so" in m.name)
    shutil.copy(LOADER, root / loader[1:])
    shutil.copy(libc.dso.path, root / glibc[1:] / "lib/libc.so.6")
    return s


def test_nix_store_in_an_archive(tmp_path: Path) -> None:
    item, glibc = "/nix/store/0-x", "/nix/store/1-glibc-2.36"
    _store(tmp_path, item, glibc)
    binary = tmp_path / f"root{item}-exe/bin/host"
    patchelf("--add-rpath", f"{item}-a/lib", binary)
    (tmp_path / "nix.tar").write_bytes(pack(tmp_path / "root"))
    host = extract(f"{item}-exe/bin/host", open_root(str(tmp_path / "nix.tar")))
    assert not host.failures
    assert [m.dso.path for m in host.process.global_scope] == [
        f"{item}-exe/bin/host",
        f"{item}-a/lib/liba.so",
        f"{glibc}/lib/libc.so.6",
        f"{glibc}/lib/ld-linux-x86-64.so.2",
    ]


def test_guix_store_in_an_archive_has_a_cache_for_each_package(tmp_path: Path) -> None:
    item, glibc = "/gnu/store/0-x", "/gnu/store/1-glibc-2.36"
    _store(tmp_path, item, glibc)
    root = tmp_path / "root"
    (root / f"{item[1:]}-exe/etc").mkdir()
    # The cache is made by the real ldconfig, of directories in this root.
    command = [admin_tool("ldconfig", "libc-bin"), "-r", str(root), "-X", "-f", "/conf"]
    config = root / "conf"
    config.write_text(f"{item}-a/lib\n")
    (root / "etc").mkdir()
    done = subprocess.run(
        [*command, "-C", f"{item}-exe/etc/ld.so.cache"], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"ldconfig -r needs root: {done.stderr.decode()}")
    (tmp_path / "guix.tar").write_bytes(pack(root))
    host = extract(f"{item}-exe/bin/host", open_root(str(tmp_path / "guix.tar")))
    assert host.loader.flavour == "guix"
    assert not host.failures
    assert [(m.dso.path, m.found.how) for m in host.process.global_scope[1:3]] == [
        (f"{item}-a/lib/liba.so", "ld.so.cache"),
        (f"{glibc}/lib/libc.so.6", "runpath"),
    ]


def test_musl_system_in_an_archive_with_a_path_file(tmp_path: Path) -> None:
    """Judged by musl itself, in a chroot."""
    s = MuslScenario(tmp_path)
    s.lib("root/opt/m/libm1.so", "int m1(void) { return 1; }", runpath=None)
    s.lib("root/opt/n/libm1.so", "int m1(void) { return 2; }", runpath=None)
    s.host(name="root/bin/host", needed=["root/opt/m/libm1.so"], runpath=None)
    root = tmp_path / "root"
    (root / "lib").mkdir()
    (root / "etc").mkdir()
    interpreter = extract(str(root / "bin/host"), Root()).loader.path
    shutil.copy(interpreter, root / "lib")
    (root / "etc/ld-musl-x86_64.path").write_text("/opt/none\n/opt/m:/opt/n\n")
    packed = tmp_path / "musl.tar.gz"
    packed.write_bytes(gzip.compress(pack(root)))
    host = extract("/bin/host", open_root(str(packed)))
    assert not host.failures
    names = [m.dso.path for m in host.process.global_scope]
    assert names[:2] == ["/bin/host", "/opt/m/libm1.so"]
    if os.geteuid() != 0:
        pytest.skip("asking musl in a chroot needs root")
    done = subprocess.run(
        [admin_tool("chroot", "coreutils"), str(root), interpreter, "--list", "/bin/host"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.findall(r"=> (\S+) \(", done.stdout) == names[1:]
