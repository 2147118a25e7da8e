from __future__ import annotations

from collections.abc import Iterator

import pytest

from collide.survey.choose import limited, wheels_of
from collide.survey.index import DEFAULT, Index
from collide.survey.wheel import Asked, Manners, Wheel

NAMES = (
    "p-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    "p-2.0-cp311-cp311-manylinux_2_28_aarch64.whl",
    "p-2.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    "p-2.0-cp310-cp310-manylinux_2_28_x86_64.whl",
    "p-2.0-cp311-cp311-musllinux_1_2_x86_64.whl",
    "p-2.0-cp311-cp311-win_amd64.whl",
    "p-2.0-py3-none-any.whl",
    "p-3.0rc1-cp311-cp311-manylinux_2_28_x86_64.whl",
    "p-4.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    "p-nonsense.whl",
)


class Fixed(Index):
    """An index that has :data:`NAMES`; 4.0 is yanked, 1.0 is older than the rest."""

    def wheels(self, project: str) -> Iterator[tuple[Wheel, bool]]:
        for name in NAMES:
            version = name.split("-")[1]
            date = "2026-01-01" if version == "1.0" else "2026-06-01"
            wheel = Wheel(project, version, name, f"https://example.org/{name}", uploaded=date)
            yield wheel, version == "4.0"


@pytest.fixture
def index() -> Index:
    return Fixed(DEFAULT, Manners())


def chosen(index: Index, asked: Asked, tags: str = "newest", since: str = "") -> list[str]:
    return [w.filename for w in wheels_of(asked, index, tags, since)]  # type: ignore[arg-type]


def test_newest_release_for_linux_that_is_final_and_not_yanked(index: Index) -> None:
    assert chosen(index, Asked("p")) == ["p-2.0-cp312-cp312-manylinux_2_28_x86_64.whl"]


def test_all_wheels_of_a_release(index: Index) -> None:
    assert sorted(chosen(index, Asked("p"), "all")) == sorted(
        n for n in NAMES if n.startswith("p-2.0") and "linux" in n
    )


def test_versions_that_were_asked_for(index: Index) -> None:
    assert chosen(index, Asked("p", "<2")) == [NAMES[0]]
    assert chosen(index, Asked("p", "==3.0rc1")) == [NAMES[7]]
    assert chosen(index, Asked("p", ">9")) == []


def test_wheels_that_are_too_old(index: Index) -> None:
    assert chosen(index, Asked("p", "<2"), since="2026-05-01") == []
    assert chosen(index, Asked("p"), since="2026-06-01") != []


def test_wheel_by_its_address() -> None:
    index = Index(DEFAULT, Manners())
    (wheel,) = wheels_of(
        Asked(address="s3://b/P_q-1-cp311-cp311-linux_x86_64.whl"), index, "all", ""
    )
    assert (wheel.project, wheel.version) == ("p-q", "1")


def test_first_wheels_each_once() -> None:
    a, b = (Wheel("p", "1", name, "") for name in ("a.whl", "b.whl"))
    assert list(limited([a, a, b], None)) == [a, b]
    assert list(limited([a, a, b], 1)) == [a]
