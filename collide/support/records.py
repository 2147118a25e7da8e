"""Named tuples and protocols as :mod:`typing` declares them, without its cost at start-up.

A small wheel is checked in 40 ms. Of these 7 would go to the import of typing and to its look
at the annotations of all records, 20 to dataclasses, and 5 to collections.namedtuple, which
compiles a constructor for each: here each takes the code of one that has as many fields, which
is compiled already for all but the largest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Protocol
else:
    from collections import namedtuple
    from functools import cache

    new = tuple.__new__
    # fmt: off
    # By the number of fields. Compiled when collide is installed.
    _CONSTRUCTORS = dict(enumerate((
        lambda _cls, a: new(_cls, (a,)),
        lambda _cls, a, b: new(_cls, (a, b)),
        lambda _cls, a, b, c: new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: new(_cls, (a, b, c, d, e, f, g, h)),
        lambda _cls, a, b, c, d, e, f, g, h, i: new(_cls, (a, b, c, d, e, f, g, h, i)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j: new(_cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k: new(_cls, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s: new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s)),
    ), start=1))
    # fmt: on

    @cache
    def _model(count: int) -> dict:
        """The attributes of a named tuple of so many fields, these as ``fields``."""
        # The class is kept until its attributes are copied: a collection of garbage clears them.
        model = namedtuple("_Model", [f"field{i}" for i in range(count)])
        attributes = dict(vars(model))
        attributes["fields"] = [attributes.pop(name) for name in attributes["_fields"]]
        return attributes

    def _make(cls, values):
        made = new(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{len(cls._fields)} fields, not {len(made)}")
        return made

    def _replace(self, /, **values):
        made = self._make(map(values.pop, self._fields, self))
        if values:
            raise ValueError(f"no fields: {list(values)}")
        return made

    def _repr(self) -> str:
        fields = ", ".join(map("{}={!r}".format, self._fields, self))
        return f"{type(self).__name__}({fields})"

    class _Declared(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.pop("__annotations__"))
            defaults = {field: body.pop(field) for field in fields if field in body}
            count = len(fields)
            attributes = _model(max(count, len(_CONSTRUCTORS))).copy()
            made = _CONSTRUCTORS.get(count) or attributes["__new__"].__func__
            code = made.__code__.replace(co_varnames=("_cls", *fields))
            attributes |= dict(zip(fields, attributes.pop("fields"), strict=False))
            attributes |= {
                "__new__": type(made)(code, made.__globals__, "__new__", (*defaults.values(),)),
                "_make": classmethod(_make),
                "_fields": fields,
                "__match_args__": fields,
                "_field_defaults": defaults,
                "_replace": _replace,
                "__repr__": _repr,
            }
            return type(name, (tuple,), attributes | body)

    class NamedTuple(metaclass=_Declared):
        """In place of :class:`typing.NamedTuple`: a subclass is a plain named tuple."""

    class Protocol:
        """In place of :class:`typing.Protocol`, for classes that are not checked at run time."""


__all__ = ["NamedTuple", "Protocol"]
