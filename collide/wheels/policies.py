"""What the manylinux and musllinux policies let a wheel need (PEP 600, PEP 656)."""

from __future__ import annotations

from collections.abc import Iterable

from collide.loader.libc import Libc
from collide.support.errors import MissingPackageError, UsageError


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
    try:
        from auditwheel.architecture import Architecture  # late: start-up
        from auditwheel.libc import Libc as AuditwheelLibc  # late: start-up
        from auditwheel.policy import WheelPolicies  # late: start-up
    except ImportError:
        raise MissingPackageError("auditwheel", "profile") from None
    try:
        policies = WheelPolicies(
            libc=AuditwheelLibc(libc.name),
            arch=Architecture(architecture),
            musl_policy=libc.wheel_policy,
        )
    except ValueError as e:
        raise UsageError(f"auditwheel has no policy for {architecture}: {e}") from e
    wanted = set(platforms)
    chosen = [p for p in policies if not wanted.isdisjoint((p.name, *p.aliases))]
    return tuple(sorted({name for p in chosen or policies for name in p.whitelist}))
