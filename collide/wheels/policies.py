"""What the manylinux and musllinux policies let a wheel need (PEP 600, PEP 656)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from collide.loader.libc import LIBCS, Libc
from collide.support.errors import MissingPackageError, UsageError
from collide.support.records import NamedTuple
from collide.wheels.tags import platform_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.elf.object import ElfObject
    from collide.wheels.target import Target


# auditwheel has no public Python interface: nothing else touches ``auditwheel.policy``, and
# tests/wheels/test_policies.py holds the contract.
def system_libraries(
    libc: Libc, architecture: str, platforms: Iterable[str] = ()
) -> tuple[str, ...]:
    """SONAMEs that some manylinux or musllinux policy allows, sorted.

    The union over the releases of the policy, as a wheel may carry the tag of any, or over those
    of ``platforms``, which are tags; all releases where auditwheel knows none of these.
    Raises UsageError for an architecture without policies, and without auditwheel.
    """
    policies = _policies(libc, architecture)
    wanted = set(platforms)
    chosen = [p for p in policies if not wanted.isdisjoint((p.name, *p.aliases))]
    return tuple(sorted({name for p in chosen or policies for name in p.whitelist}))


class Violation(NamedTuple):
    """What some platform tags of a wheel do not allow, and the members that need it.

    ``kept`` is the oldest release whose policy the whole wheel keeps, as a tag: what ``auditwheel
    show`` finds it consistent with; ``linux_x86_64`` where it keeps none.
    """

    platforms: tuple[str, ...]
    said: str
    members: tuple[str, ...]
    kept: str


def violations(target: Target) -> tuple[Violation, ...]:
    """What a wheel needs and its own manylinux and musllinux tags do not allow, sorted.

    These are the rules of ``auditwheel show`` (``auditwheel/wheel_abi.py``), on what is read of
    the members already: libraries that the wheel does not bring, versions, names that a policy
    forbids to take from a library, and the level of the x86 CPU. A release without a policy is
    judged by the next newer one. Raises UsageError as :func:`system_libraries` does.
    """
    platforms = {tag.split("-")[2] for tag in target.tags or ()}
    found: list[Violation] = []
    for libc in LIBCS.values():
        for architecture, tags in _releases(platforms, libc).items():
            policies = _policies(libc, architecture)
            members = {
                target.names[path]: dso.elf
                for path, dso in target.members.items()
                if dso.elf.architecture == architecture
            }
            brought = {name.rpartition("/")[2] for name in members}
            brought.update(elf.soname for elf in members.values() if elf.soname)
            judged = {p.name: _broken(policies, p, members, brought) for p in policies}
            kept = [name for name, broken in judged.items() if not broken][-1]
            by_policy: dict[str, list[str]] = {}
            for platform, release in tags.items():
                if name := _policy_of(policies, release):
                    by_policy.setdefault(name, []).append(platform)
            for name, named in by_policy.items():
                for said, users in judged[name].items():
                    using = tuple(dict.fromkeys(sorted(users)))
                    found.append(Violation(tuple(sorted(named)), said, using, kept))
    return tuple(sorted(found))


def _releases(platforms: Iterable[str], libc: Libc) -> dict[str, dict[str, tuple[int, int]]]:
    """By architecture, the tags of one C library with their releases."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for platform in sorted(platforms):
        word, release, architecture = platform_release(platform) or ("", (0, 0), "")
        if word == libc.wheel_platform:
            found.setdefault(architecture, {})[platform] = release
    return found


def _policy_of(policies: Any, release: tuple[int, int]) -> str | None:
    """The name of the policy of a release, or of the next newer one; None where there is none."""
    known = {r[1]: p.name for p in policies if (r := platform_release(p.name))}
    return next((known[one] for one in sorted(known) if one >= release), None)


def _broken(
    policies: Any, policy: Any, members: Mapping[str, ElfObject], brought: set[str]
) -> dict[str, list[str]]:
    """What a policy does not allow, each with the members that need it."""
    found: dict[str, list[str]] = {}
    if policy == policies.linux:
        return found
    for name, elf in members.items():
        for said in _denied(policy, elf, brought):
            found.setdefault(said, []).append(name)
    return found


def _denied(policy: Any, elf: ElfObject, brought: set[str]) -> Iterator[str]:
    for library in elf.needed:
        if not (_is_loader(library) or library in policy.whitelist or library in brought):
            yield f"needs {library}"
    for need in elf.version_needs:
        if not _is_loader(need.file) and _is_newer(policy, need.version):
            yield f"needs the version {need.version} of {need.file}"
    forbidden = {name: lib for lib, names in policy.blacklist.items() for name in names}
    taken = {r.name for r in elf.references if r.name in forbidden and not r.weak and not r.defined}
    for name in sorted(taken):
        if forbidden[name] in elf.needed:
            yield f"takes {name} from {forbidden[name]}"
    if elf.isa_needed.all > 1:
        yield f"needs a CPU of the level x86-64-v{elf.isa_needed.all.bit_length()}"


def _is_newer(policy: Any, version: str) -> bool:
    """Whether a policy names versions of this kind, and not this one."""
    kind, _, release = version.partition("_")
    return kind in policy.symbol_versions and release not in policy.symbol_versions[kind]


def _is_loader(library: str) -> bool:
    """Whether it is the dynamic loader, of which no policy speaks."""
    return library.startswith("ld-linux") or library in ("ld64.so.1", "ld64.so.2")


def _policies(libc: Libc, architecture: str) -> Any:
    """The policies of a C library: ``linux``, then the newest, the oldest last."""
    try:
        from auditwheel.architecture import Architecture  # late: start-up
        from auditwheel.libc import Libc as AuditwheelLibc  # late: start-up
        from auditwheel.policy import WheelPolicies  # late: start-up
    except ImportError:
        raise MissingPackageError("auditwheel", "profile") from None
    try:
        return WheelPolicies(
            libc=AuditwheelLibc(libc.name),
            arch=Architecture(architecture),
            musl_policy=libc.wheel_policy,
        )
    except ValueError as e:
        raise UsageError(f"auditwheel has no policy for {architecture}: {e}") from e
