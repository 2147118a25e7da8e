"""The environment of the processes that run a host."""

from __future__ import annotations

from collections.abc import Mapping

from collide.loader.host import Host
from collide.verify.ld_debug import unsteered


def unsteered_python(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without what steers a loader or a Python; no bytecode is written."""
    kept = {k: v for k, v in unsteered(environment).items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}


def host_environment(host: Host, environment: Mapping[str, str]) -> dict[str, str]:
    """The same, with LD_PRELOAD and LD_LIBRARY_PATH of ``host``."""
    found = unsteered_python(environment)
    if host.preload:
        found["LD_PRELOAD"] = ":".join(host.preload)
    if host.loader.library_path:
        found["LD_LIBRARY_PATH"] = ":".join(host.loader.library_path)
    return found
