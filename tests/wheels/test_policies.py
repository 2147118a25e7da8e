"""What collide takes from auditwheel's policies, which have no public interface."""

from __future__ import annotations

import pytest

from collide.loader.libc import GLIBC, MUSL
from collide.support.errors import UsageError
from collide.wheels.policies import system_libraries


@pytest.mark.parametrize(
    ("architecture", "loader"),
    [
        ("x86_64", "ld-linux-x86-64.so.2"),
        ("aarch64", "ld-linux-aarch64.so.1"),
        ("s390x", "ld64.so.1"),
        ("ppc64le", "ld64.so.2"),
        ("i686", "ld-linux.so.2"),
        ("armv7l", "ld-linux-armhf.so.3"),
        ("riscv64", "ld-linux-riscv64-lp64d.so.1"),
    ],
)
def test_glibc_policies_allow_its_own_libraries_and_those_of_gcc(
    architecture: str, loader: str
) -> None:
    allowed = set(system_libraries(GLIBC, architecture))
    assert {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"} <= allowed
    assert {"libstdc++.so.6", "libgcc_s.so.1"} <= allowed
    # The loader is in the process anyway; the policies do not name it.
    assert loader not in allowed


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "s390x"])
def test_libraries_of_a_desktop_are_allowed_too(architecture: str) -> None:
    allowed = set(system_libraries(GLIBC, architecture))
    assert {"libX11.so.6", "libGL.so.1", "libglib-2.0.so.0"} <= allowed


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "s390x"])
def test_libraries_that_wheels_must_bundle_are_not_allowed(architecture: str) -> None:
    allowed = set(system_libraries(GLIBC, architecture))
    assert not allowed & {"libssl.so.3", "libcrypto.so.3", "libxml2.so.2", "libpython3.11.so.1.0"}


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "s390x"])
def test_libraries_of_newer_releases_only_are_in_the_union(architecture: str) -> None:
    # libz and libexpat came with manylinux_2_12 and manylinux_2_17 (auditwheel's policy file).
    assert {"libz.so.1", "libexpat.so.1"} <= set(system_libraries(GLIBC, architecture))


def test_names_are_sorted_and_without_duplicates() -> None:
    allowed = system_libraries(GLIBC, "x86_64")
    assert list(allowed) == sorted(set(allowed))


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_musl_policies_allow_musl_and_no_glibc(architecture: str) -> None:
    allowed = set(system_libraries(MUSL, architecture))
    assert f"libc.musl-{architecture}.so.1" in allowed or "libc.so" in allowed
    assert "libc.so.6" not in allowed


def test_architecture_without_a_policy_is_named() -> None:
    with pytest.raises(UsageError, match="no policy for vax"):
        system_libraries(GLIBC, "vax")
