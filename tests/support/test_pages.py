"""Where the documentation is."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collide.support import pages


@pytest.fixture(autouse=True)
def _fresh() -> None:
    pages.project.cache_clear()


def given(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    class Metadata:
        """That of a distribution."""

        def get_all(self, _name: str) -> list[str]:
            return list(urls)

    monkeypatch.setattr(metadata, "metadata", lambda _name: Metadata())


def test_address_is_that_of_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "Home-Page, https://a.example", "Documentation, https://d.example/x/")
    assert pages.project("documentation") == "https://d.example/x/"
    assert pages.project("homepage") == "https://a.example"
    assert pages.page_of_codes() == "https://d.example/x/codes/"


def test_without_an_address_it_is_a_file_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    address = urlsplit(pages.page_of_codes())
    assert address.scheme == "file"
    assert address.netloc
    assert Path(address.path).is_file()


def test_collide_that_is_not_installed_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "metadata", missing)
    assert pages.project("documentation") is None
