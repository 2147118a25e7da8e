"""Lists, dicts and sets of Python code, as far as their contents can be told.

One that was changed where it is not sure that the code is reached holds :data:`MORE`: what it
has else is not known. What stands before it in a list has its place. Source: the Python reference,
"Built-in Types".
"""

from __future__ import annotations

from collide.wheels.python.paths import LONGEST
from collide.wheels.python.values import UNKNOWN, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collide.wheels.python.values import Value

MORE = Unknown()
_LARGEST_ELEMENT = 256
_KINDS = (list, tuple, dict, set)


def is_whole(value: Value) -> bool:
    """Whether a value is a container all of whose elements are there."""
    return type(value) in _KINDS and MORE not in value


def has_some(value: Value) -> bool:
    """Whether a value is a container that surely is not empty."""
    return type(value) in _KINDS and any(part is not MORE for part in value)


def elements(value: Value) -> list[Value] | None:
    """What a loop over a value goes through; None where that cannot be told."""
    if type(value) is str and len(value) <= _LARGEST_ELEMENT:
        return list(value)
    if not is_whole(value):
        return None
    # The order of a set is not that of its text.
    return sorted(value, key=str) if type(value) is set else list(value)


def first_elements(value: Value) -> list[Value]:
    """What a loop over a value goes through, and MORE where what follows cannot be told."""
    found = elements(value)
    if found is not None:
        return found
    if type(value) is not list:
        return [MORE]
    return value[: value.index(MORE) + 1]


def joined(left: Value, right: Value) -> Value:
    """A list or set of what is known of ``left + right`` or ``left | right``, and MORE.

    UNKNOWN where neither is one, or they are of two kinds.
    """
    kind = type(left) if type(left) in (list, set) else type(right)
    sides = [side for side in (left, right) if type(side) is kind]
    others = [s for s in (left, right) if type(s) is not kind and not isinstance(s, Unknown)]
    if kind not in (list, set) or others or not _fits(sides[0], sides[1:]):
        return UNKNOWN
    found = kind(part for side in sides for part in side if part is not MORE)
    blur(found)
    return found


def copied(value: Value) -> list[Value] | None:
    """The elements of a list, tuple or set, and MORE where there may be others; None without."""
    if type(value) not in (list, tuple, set):
        return None
    found = elements(type(value)(part for part in value if part is not MORE)) or []
    return found if is_whole(value) else [*found, MORE]


def blur(value: Value, *, at_end: bool = True) -> None:
    """Let a container hold more than is known: a list ``at_end``, or anywhere."""
    if type(value) is list:
        if MORE in value and not at_end:
            value.remove(MORE)
        if MORE not in value:
            value.insert(len(value) if at_end else 0, MORE)
    elif type(value) is dict:
        value[MORE] = MORE
    elif type(value) is set:
        value.add(MORE)


def item(value: Value, index: Value) -> Value:
    """``value[index]``."""
    try:
        if MORE in value and type(value) is list and type(index) is int:
            return value[index] if 0 <= index < value.index(MORE) else UNKNOWN
        if MORE not in value and (type(value) is dict or type(index) in (int, slice)):
            return value[index]
    except (TypeError, LookupError):
        pass
    return UNKNOWN


def call_method(base: Value, name: str, values: list[Value], *, sure: bool) -> Value:
    """A method of a list, tuple, dict or set; those that change it do where that is ``sure``."""
    changes = _CHANGES.get(type(base), {}).get(name)
    if MORE in base:
        _change_more(base, name)
        return UNKNOWN
    method = changes or _ASKS.get(type(base), {}).get(name)
    if method is None:
        return UNKNOWN
    if changes is None or (sure and _fits(base, values)):
        try:
            return method(base, *values)
        except (TypeError, ValueError, LookupError):
            pass
    if changes is not None:
        blur(base, at_end=name in _AT_END)
        _forget(base, name)
    return UNKNOWN


def _change_more(base: Value, name: str) -> None:
    """Change a container that may hold more than is known."""
    if type(base) is list and name in _CHANGES[list] and name not in _AT_END:
        blur(base, at_end=False)
    _forget(base, name)


def _forget(base: Value, name: str) -> None:
    """What a method may have taken out is not surely there."""
    if name in _TAKING and type(base) in _CHANGES:
        base.clear()
        blur(base)


def store(base: Value, key: Value, value: Value, *, sure: bool) -> None:
    """``base[key] = value``."""
    if type(base) not in (list, dict):
        return
    try:
        if sure and MORE not in base and not isinstance(key, Unknown) and _fits(base, [[value]]):
            base[key] = value
            return
    except (TypeError, LookupError):
        pass
    blur(base)


def _fits(base: Value, values: list[Value]) -> bool:
    """Whether a container stays small: what holds itself twice would double with each line.

    What holds itself has no end.
    """
    parts = [part for value in values if type(value) in _KINDS for part in value]
    inner = [part for part in parts if type(part) in _KINDS]
    small = all(len(part) <= _LARGEST_ELEMENT and is_flat(part) for part in inner)
    small = small and not any(part is base for part in (*values, *inner))
    return small and len(base) + len(parts) <= LONGEST


def is_flat(value: Value) -> bool:
    """Whether a container has no containers in it."""
    parts = value.values() if type(value) is dict else value
    return not any(type(part) in _KINDS for part in parts)


def _extend(base: list[Value], value: Value) -> None:
    found = elements(value)
    base.extend([MORE] if found is None else found)


def _update(base: Value, *values: Value) -> None:
    for value in values:
        if not is_whole(value):
            blur(base)
        else:
            base.update(value)


def _joined(base: set[Value], *values: Value) -> set[Value]:
    found = set(base)
    _update(found, *values)
    return found


_AT_END = frozenset(("append", "extend"))
_TAKING = frozenset(("remove", "pop", "clear", "discard"))
_CHANGES: Mapping[type, Mapping[str, Callable[..., Value]]] = {
    list: {
        "append": list.append,
        "extend": _extend,
        "insert": list.insert,
        "remove": list.remove,
        "reverse": list.reverse,
        "sort": list.sort,
        "pop": list.pop,
        "clear": list.clear,
    },
    dict: {
        "update": _update,
        "setdefault": dict.setdefault,
        "pop": dict.pop,
        "clear": dict.clear,
    },
    set: {
        "add": set.add,
        "update": _update,
        "discard": set.discard,
        "remove": set.remove,
        "clear": set.clear,
    },
}
_ASKS: Mapping[type, Mapping[str, Callable[..., Value]]] = {
    list: {"index": list.index, "count": list.count, "copy": list.copy},
    tuple: {"index": tuple.index, "count": tuple.count},
    dict: {
        "get": dict.get,
        "keys": list,
        "values": lambda d: list(d.values()),
        "items": lambda d: list(d.items()),
        "copy": dict.copy,
    },
    set: {"union": _joined, "copy": set.copy},
}
