"""Named tuples without what typing does for them."""

from __future__ import annotations

import pickle

from collide.support.records import NamedTuple


class _Record(NamedTuple):
    """Doubles."""

    number: int
    text: str = "x"

    @property
    def twice(self) -> int:
        return 2 * self.number

    def named(self, text: str) -> _Record:
        return self._replace(text=text)


def test_is_a_named_tuple_with_defaults_methods_and_a_docstring() -> None:
    record = _Record(3)
    assert record == (3, "x")
    assert record._asdict() == {"number": 3, "text": "x"}
    assert record.twice == 6
    assert record.named("y") == (3, "y")
    assert _Record.__doc__ == "Doubles."
    assert _Record.__mro__ == (_Record, tuple, object)
    assert not hasattr(record, "__dict__")


def test_is_pickled_by_its_name() -> None:
    assert _Record.__module__ == __name__
    assert pickle.loads(pickle.dumps(_Record(1, "z"))) == _Record(1, "z")
