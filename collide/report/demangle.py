"""C++ names as people write them, where ``pydemumble`` is installed (``collide-wheels[names]``)."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def demangled(name: str) -> str:
    """A name of the Itanium C++ ABI or of Rust in its source form; any other as it is."""
    if not name.startswith(("_Z", "_R")):
        return name
    return _demangler()(name) or name


@cache
def _demangler() -> Callable[[str], str]:
    try:
        from pydemumble import demangle  # late: an optional dependency
    except ImportError:
        return lambda _: ""
    found: Callable[[str], str] = demangle
    return found
