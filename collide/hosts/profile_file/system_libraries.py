"""Which system libraries a wheel may need, from auditwheel's policy data.

auditwheel has no public Python interface, so this is the only module that
touches ``auditwheel.policy``;
``tests/hosts/profile_file/test_system_libraries.py`` holds the contract.
"""

from __future__ import annotations

from collide.support.errors import UsageError


def system_libraries(libc: str, architecture: str) -> tuple[str, ...]:
    """SONAMEs that some manylinux or musllinux policy allows, sorted.

    ``libc`` is ``glibc`` or ``musl``. The union over the releases of the
    policy: a wheel may carry the tag of any. Empty for an architecture
    without policies.
    """
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    try:
        policies = WheelPolicies(
            libc=Libc.MUSL if libc == "musl" else Libc.GLIBC,
            arch=Architecture(architecture),
            musl_policy="musllinux_1_2" if libc == "musl" else None,
        )
    except ValueError as e:
        raise UsageError(f"auditwheel has no policy for {architecture}: {e}") from e
    return tuple(sorted({name for policy in policies for name in policy.whitelist}))
