"""Named tuples and protocols as :mod:`typing` declares them, without its cost at start-up.

A small wheel is checked in 40 ms. Of these 7 would go to the import of typing and to its look
at the annotations of all records, 20 to dataclasses, and 5 to collections.namedtuple, which
compiles a constructor for each: here all records of as many fields share the code of one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Protocol
else:
    from collections import namedtuple
    from functools import cache

    @cache
    def _model(count: int) -> dict:
        """The attributes of a named tuple of so many fields, these as ``fields``."""
        # The class is kept until its attributes are copied: a collection of garbage clears them.
        model = namedtuple("_Model", [f"field{i}" for i in range(count)])
        attributes = dict(vars(model))
        attributes["fields"] = [attributes.pop(name) for name in attributes["_fields"]]
        return attributes

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
            attributes = _model(len(fields)).copy()
            made = attributes["__new__"].__func__
            code = made.__code__.replace(co_varnames=("_cls", *fields))
            attributes |= dict(zip(fields, attributes.pop("fields"), strict=True))
            attributes |= {
                "__new__": type(made)(code, made.__globals__, "__new__", (*defaults.values(),)),
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
