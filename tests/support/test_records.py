"""Named tuples without what typing does for them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

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


class _Other(NamedTuple):
    """Has as many fields as the record above, under other names."""

    first: int
    fields: str


def test_records_of_one_number_of_fields_keep_their_own_names() -> None:
    record, other = _Record(number=1), _Other(first=1, fields="z")
    assert (repr(record), repr(other)) == (
        "_Record(number=1, text='x')",
        "_Other(first=1, fields='z')",
    )
    assert (record.text, other.fields) == ("x", "z")
    assert (_Record._fields, _Other._fields) == (("number", "text"), ("first", "fields"))
    with pytest.raises(TypeError, match="'fields'"):
        _Other(1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="'text'"):
        other._replace(text="y")  # type: ignore[call-arg]


def test_is_pickled_by_its_name() -> None:
    assert _Record.__module__ == __name__
    assert pickle.loads(pickle.dumps(_Record(1, "z"))) == _Record(1, "z")


def test_a_collection_of_garbage_at_any_time_leaves_records_whole() -> None:
    """Of a class that nothing holds it clears the attributes while they are copied."""
    script = "import gc; gc.set_threshold(1); import collide.support.records as records\n"
    script += "for count in range(1, 20): records._model(count)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
