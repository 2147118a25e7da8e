"""Which wheels can be installed where: tags against hosts."""

from __future__ import annotations

import pytest

from collide.hosts.database import load_shipped
from collide.loader.host import Host, Python
from collide.wheels.tags import _plainly, _supported, oldest_glibc, unsuitable

CP39, CP311, CP312 = Python("cp", (3, 9)), Python("cp", (3, 11)), Python("cp", (3, 12))
CP313, CP313T = Python("cp", (3, 13)), Python("cp", (3, 13), "t")
PP39 = Python("pp", (3, 9))
LINUX = "manylinux_2_17_x86_64"


def host(
    python: Python | None,
    release: tuple[int, ...] = (2, 36),
    architecture: str = "x86_64",
    libc: str = "glibc",
) -> Host:
    """A host of which only what tags speak of is of interest."""
    shipped = load_shipped("debian-12-python3")
    process = shipped.process.copy(shipped.files)
    process.loader = shipped.loader._replace(version=release, libc=libc)
    return shipped._replace(python=python, architecture=architecture, process=process)


@pytest.mark.parametrize(
    ("tag", "python"),
    [
        ("cp311-cp311", CP311),
        ("cp311-abi3", CP311),
        ("cp37-abi3", CP311),
        ("cp32-abi3", CP311),
        ("py3-none", CP311),
        ("py311-none", CP311),
        ("py30-none", CP311),
        ("cp311-none", CP311),
        ("py3-none", PP39),
        ("pp39-pypy39_pp73", PP39),
        ("py39-none", PP39),
        ("cp313-cp313", CP313),
        ("cp313-cp313t", CP313T),
        ("py3-none", CP313T),
        ("cp311-cp311", None),
        ("cp27-cp27mu", None),
    ],
)
def test_python_tag_fits(tag: str, python: Python | None) -> None:
    assert unsuitable([f"{tag}-{LINUX}"], host(python)) is None


@pytest.mark.parametrize(
    ("tag", "python"),
    [
        ("cp311-cp311", CP312),
        ("cp312-cp312", CP311),
        ("cp312-abi3", CP311),
        ("cp310-none", CP311),
        ("py2-none", CP311),
        ("py312-none", CP311),
        ("cp39-cp39", PP39),
        ("cp39-abi3", PP39),
        ("pp38-pypy38_pp73", PP39),
        ("pp39-pypy39_pp73", CP39),
        ("cp313-cp313t", CP313),
        ("cp313-cp313", CP313T),
        ("cp311-abi3", CP313T),
    ],
)
def test_python_tag_does_not_fit_and_is_named(tag: str, python: Python) -> None:
    reason = unsuitable([f"{tag}-{LINUX}"], host(python))
    assert reason == f"its Python tags ({tag}) do not fit {python}"


@pytest.mark.parametrize(
    ("platform", "release"),
    [
        ("manylinux1_x86_64", (2, 17)),
        ("manylinux2010_x86_64", (2, 17)),
        ("manylinux2014_x86_64", (2, 17)),
        ("manylinux_2_5_x86_64", (2, 17)),
        ("manylinux_2_17_x86_64", (2, 17)),
        ("manylinux_2_28_x86_64", (2, 36)),
        ("manylinux_2_36_x86_64", (2, 36)),
        ("manylinux2014_x86_64", (2, 36)),
        ("manylinux_2_9_x86_64", (2, 17)),
        ("linux_x86_64", (2, 17)),
        ("any", (2, 17)),
    ],
)
def test_platform_tag_fits(platform: str, release: tuple[int, int]) -> None:
    assert unsuitable([f"py3-none-{platform}"], host(CP311, release)) is None


@pytest.mark.parametrize(
    ("platform", "release"),
    [
        ("manylinux_2_28_x86_64", (2, 17)),
        ("manylinux_2_37_x86_64", (2, 36)),
        ("manylinux2010_x86_64", (2, 11)),
        ("manylinux1_x86_64", (2, 4)),
        ("manylinux_2_17_aarch64", (2, 36)),
        ("manylinux2014_i686", (2, 36)),
        ("manylinux_2_17_x86", (2, 36)),
        ("musllinux_1_2_x86_64", (2, 36)),
        ("linux_aarch64", (2, 36)),
        ("linux_x86", (2, 36)),
        ("win_amd64", (2, 36)),
        ("macosx_11_0_arm64", (2, 36)),
        ("macosx_10_9_x86_64", (2, 36)),
        ("manylinux2014x_x86_64", (2, 36)),
    ],
)
def test_platform_tag_does_not_fit_and_is_named(platform: str, release: tuple[int, int]) -> None:
    reason = unsuitable([f"cp311-cp311-{platform}"], host(CP311, release))
    version = ".".join(map(str, release))
    assert reason == f"its platform tags ({platform}) do not fit x86_64 with glibc {version}"


def test_manylinux_needs_glibc() -> None:
    reason = unsuitable([f"cp311-cp311-{LINUX}"], host(CP311, (2, 36), libc="musl"))
    assert reason is not None
    assert "do not fit x86_64 with musl" in reason


@pytest.mark.parametrize("platform", ["musllinux_1_1_x86_64", "musllinux_1_2_x86_64"])
def test_musllinux_fits_musl_of_that_release_or_newer(platform: str) -> None:
    tag = f"cp311-cp311-{platform}"
    assert unsuitable([tag], host(CP311, (1, 2, 0), libc="musl")) is None
    assert unsuitable([tag], host(CP311, (1, 2, 5), libc="musl")) is None
    assert unsuitable([tag], host(CP311, (2, 36))) is not None


def test_musllinux_of_a_newer_release_does_not_fit() -> None:
    reason = unsuitable(["cp311-cp311-musllinux_1_2_x86_64"], host(CP311, (1, 1, 24), libc="musl"))
    assert reason is not None
    assert "do not fit x86_64 with musl 1.1.24" in reason


def test_platform_tag_of_another_architecture_fits_its_host() -> None:
    tag = "cp311-cp311-manylinux2014_aarch64"
    assert unsuitable([tag], host(CP311, (2, 17), "aarch64")) is None


def test_one_fitting_tag_of_several_is_enough() -> None:
    tags = ["cp311-cp311-manylinux_2_99_x86_64", "cp311-cp311-manylinux_2_28_x86_64"]
    assert unsuitable(tags, host(CP311)) is None


def test_tag_must_fit_as_a_whole() -> None:
    # The fitting Python comes with the wrong platform, the fitting platform with the wrong Python.
    tags = ["cp311-cp311-manylinux2014_aarch64", "cp312-cp312-manylinux2014_x86_64"]
    reason = unsuitable(tags, host(CP311))
    assert reason == "its Python tags (cp311-cp311, cp312-cp312) do not fit cp311"


def test_host_without_python_takes_any_python_of_its_platform_only() -> None:
    assert unsuitable([f"cp27-cp27mu-{LINUX}"], host(None)) is None
    assert unsuitable(["cp27-cp27mu-win32"], host(None)) is not None


@pytest.mark.parametrize(
    ("platforms", "oldest"),
    [
        (["manylinux2014_x86_64"], (2, 17)),
        (["manylinux1_x86_64", "manylinux_2_5_x86_64"], (2, 5)),
        (["manylinux_2_28_x86_64", "manylinux_2_26_x86_64"], (2, 26)),
        (["linux_x86_64", "manylinux_2_28_x86_64"], (0, 0)),
        (["musllinux_1_2_x86_64"], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_oldest_glibc_of_tags(platforms: list[str], oldest: tuple[int, int]) -> None:
    assert oldest_glibc(f"cp311-cp311-{platform}" for platform in platforms) == oldest


PYTHONS = [
    *(Python("cp", (3, minor)) for minor in (6, 7, 8, 9, 11, 13)),
    *(Python("cp", (3, minor), "t") for minor in (13, 14)),
    *(Python("pp", (3, minor)) for minor in (9, 11)),
    Python("cp", (2, 7), "mu"),
]


@pytest.mark.parametrize("python", PYTHONS, ids=str)
def test_plain_answer_is_that_of_packaging(python: Python) -> None:
    supported = _supported(python, [LINUX])
    told = set()
    for interpreter in ("cp3", "cp27", "pp39", "py3", *(f"cp3{n}" for n in range(17))):
        abis = ("none", "abi3", "abi3t", "pypy39_pp73", interpreter)
        for abi in (*abis, f"{interpreter}m", f"{interpreter}t", "cp311"):
            plain = _plainly(interpreter, abi, python)
            if plain is not None:
                assert plain is (f"{interpreter}-{abi}-{LINUX}" in supported), (interpreter, abi)
            told.add(plain)
    assert told >= {False, None}
