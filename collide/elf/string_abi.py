"""Which of the two classes std::string of libstdc++ an object is compiled for.

libstdc++ has two since GCC 5 (its manual, "Dual ABI"): the old one is mangled ``Ss``, the other
is in the inline namespace ``std::__cxx11``. What holds a string has another layout with each.
Names of functions that only work on it inside do not tell which.
"""

from __future__ import annotations

from collections.abc import Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    StringAbi = Literal["old", "cxx11"]

MEMBERS = {
    "old": ("_ZNSs", "_ZNKSs"),
    "cxx11": ("_ZNSt7__cxx1112basic_string", "_ZNKSt7__cxx1112basic_string"),
}
"""How the names of the members of each class begin (Itanium C++ ABI 5.1.4, 5.1.8)."""
ANY = (*MEMBERS["old"], *MEMBERS["cxx11"])


def string_names(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are members of either class."""
    return [name for name in names if name.startswith(ANY)]


def string_abi(names: Iterable[str]) -> StringAbi | None:
    """The one class whose members are among ``names``; None for neither and for both."""
    found = string_names(names)
    old = sum(name.startswith(MEMBERS["old"]) for name in found)
    if not found or 0 < old < len(found):
        return None
    return "old" if old else "cxx11"
