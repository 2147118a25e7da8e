"""Named tuples and protocols as :mod:`typing` declares them, without what it does at start-up.

A small wheel is checked in 40 ms. To import typing and to let it look at the
annotations of all records, which nobody asks for, took seven of them; dataclasses
would take twenty.
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
        """Stands for :class:`typing.NamedTuple`: a subclass is a plain named tuple."""

    class Protocol:
        """Stands for :class:`typing.Protocol`, for what is never asked at run time."""


__all__ = ["NamedTuple", "Protocol"]
