"""Records the shipped profiles again from the hosts of this machine.

    python tests/record_profiles.py [NAME...]

Run it on Debian 12 with the packages of ``tests/apt-packages.txt``. Adding a
host is one entry in the table.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from collide.host import extract
from collide.profile import record, to_bytes
from collide.profiles import SCHEMA_FILE
from collide.rootfs import Root


class Shipped(NamedTuple):
    """One shipped profile: its name, the binary, and what that opens RTLD_GLOBAL."""

    name: str
    binary: str
    rtld_global: tuple[str, ...] = ()


SHIPPED = (
    Shipped("debian-12-python3", "/usr/bin/python3"),
    Shipped("debian-12-pypy3", "/usr/bin/pypy3"),
    Shipped(
        "debian-12-uwsgi-python3",
        "/usr/bin/uwsgi-core",
        ("/usr/lib/uwsgi/plugins/python3_plugin.so",),
    ),
)


def main(names: list[str]) -> None:
    """Record the profiles called ``names``, or all of them."""
    for shipped in SHIPPED:
        if names and shipped.name not in names:
            continue
        root = Root()
        host = extract(shipped.binary, root, name=shipped.name, rtld_global=shipped.rtld_global)
        file = SCHEMA_FILE.with_name(f"{shipped.name}.json")
        file.write_bytes(to_bytes(record(host, root), compressed=False))
        print(f"{file.name}: {len(host.process.global_scope)} objects in scope")


if __name__ == "__main__":
    main(sys.argv[1:])
