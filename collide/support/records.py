"""Named tuples and protocols as :mod:`typing` declares them, without its cost at start-up.

A small wheel is checked in 40 ms. Of these 7 would go to the import of typing
and to its look at the annotations of all records, 20 to dataclasses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Protocol
else:
    from collections import namedtuple

    class _Declared(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__")
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body.pop("__module__"))
            for attribute, value in body.items():
                setattr(made, attribute, value)
            return made

    class NamedTuple(metaclass=_Declared):
        """In place of :class:`typing.NamedTuple`: a subclass is a plain named tuple."""

    class Protocol:
        """In place of :class:`typing.Protocol`, for classes that are not checked at run time."""


__all__ = ["NamedTuple", "Protocol"]
