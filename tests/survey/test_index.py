"""A small index on the loopback is asked, which notes how."""

from __future__ import annotations

import hashlib
import io
import json
import random
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from collide.support.errors import InputError
from collide.survey.choose import wheels_of
from collide.survey.fetch import bring
from collide.survey.index import Index
from collide.survey.sources import asked_for
from collide.survey.wheel import Manners

METADATA = b"""Metadata-Version: 2.1
Name: p
Version: 1
Requires-Dist: Some_Thing >= 2
Requires-Dist: other; extra == "all"
"""
NAME = "p-1-cp311-cp311-manylinux_2_28_x86_64.whl"


class Handler(BaseHTTPRequestHandler):
    """Serves one project; its page has an ETag, ``busy`` is not ready the first time."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and note the path, the time and the headers."""
        self.server.seen.append((self.path, time.monotonic(), dict(self.headers)))
        if self.path == "/busy/" and len(self.server.seen) == 1:
            self.answer(429, b"", **{"Retry-After": "1"})
        elif self.path in ("/p/", "/busy/") and self.headers["If-None-Match"] == '"1"':
            self.answer(304, b"", ETag='"1"')
        elif self.path in ("/p/", "/busy/"):
            page = json.dumps(self.server.page).encode()
            kind = "application/vnd.pypi.simple.v1+json"
            self.answer(200, page, ETag='"1"', **{"Content-Type": kind})
        elif self.path == "/":
            kind = "application/vnd.pypi.simple.v1+json"
            page = b'{"meta": {"api-version": "1.1"}, "projects": [{"name": "p"}]}'
            self.answer(200, page, **{"Content-Type": kind})
        elif self.path == f"/{NAME}.metadata":
            self.answer(200, METADATA)
        elif self.path == "/whole.whl":
            self.answer(200, self.server.wheel)
        elif self.path == f"/{NAME}":
            self.ranged(self.server.wheel)
        else:
            self.answer(404, b"")

    def ranged(self, data: bytes) -> None:
        """Answer with a part where one is asked for."""
        asked = self.headers["Range"]
        if not asked:
            self.answer(200, data)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start = int(first) if first else len(data) - int(last)
        end = int(last) if first and last else len(data) - 1
        shown = f"bytes {start}-{end}/{len(data)}"
        self.answer(206, data[start : end + 1], **{"Content-Range": shown})

    def answer(self, status: int, data: bytes, **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _wheel() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("p/m.so", random.Random(1).randbytes(300_000))
    return stream.getvalue()


class Server(ThreadingHTTPServer):
    """The index; ``seen`` are the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, float, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.wheel = _wheel()
        file = {
            "filename": NAME,
            "url": self.url + NAME,
            "hashes": {"sha256": hashlib.sha256(self.wheel).hexdigest()},
            "size": len(self.wheel),
            "upload-time": "2026-06-01T12:00:00Z",
            "yanked": False,
            "core-metadata": True,
        }
        self.page: Any = {"meta": {"api-version": "1.1"}, "name": "p", "files": [file]}

    def handle_error(self, *_arguments: object) -> None:
        """A client that has read enough closes its end."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_wheels_of_a_project(server: Server) -> None:
    ((wheel, is_yanked),) = Index(server.url, Manners()).wheels("p")
    assert not is_yanked
    assert (wheel.filename, wheel.version, wheel.uploaded) == (NAME, "1", "2026-06-01")
    assert (wheel.size, wheel.sha256) == (
        len(server.wheel),
        hashlib.sha256(server.wheel).hexdigest(),
    )


def test_files_for_other_systems_are_left_out(server: Server) -> None:
    (file,) = server.page["files"]
    for other in ("p-2-cp311-cp311-win_amd64.whl", "p-2.tar.gz"):
        server.page["files"].append({**file, "filename": other, "url": server.url + other})
    assert [wheel.filename for wheel, _ in Index(server.url, Manners()).wheels("p")] == [NAME]


@pytest.mark.parametrize("page", [{"files": 3}, [], {"files": [3, "linux"]}, "files"])
def test_page_that_is_none_is_an_error_with_the_project(server: Server, page: Any) -> None:
    server.page = page
    with pytest.raises(InputError, match=r"^p: "):
        list(Index(server.url, Manners(retries=0)).wheels("p"))


def test_projects_of_an_index_are_asked_for_there(server: Server) -> None:
    other = Index("http://127.0.0.1:1/", Manners(retries=0))
    (asked,) = asked_for([server.url], other)
    (wheel,) = wheels_of(asked, other, "newest", "")
    assert wheel.address == server.url + NAME


def test_who_asks_is_told(server: Server) -> None:
    list(Index(server.url, Manners(contact="ops@example.org")).wheels("p"))
    assert server.seen[0][2]["User-Agent"].startswith("collide-survey/")
    assert server.seen[0][2]["User-Agent"].endswith("(ops@example.org)")


def test_page_that_is_kept_is_asked_for_by_its_etag(server: Server, tmp_path: Path) -> None:
    manners = Manners(cache=str(tmp_path))
    first = list(Index(server.url, manners).wheels("p"))
    assert list(Index(server.url, manners).wheels("p")) == first
    assert [headers.get("If-None-Match") for _, _, headers in server.seen] == [None, '"1"']


def test_busy_index_is_asked_again_when_it_says(server: Server) -> None:
    assert list(Index(server.url, Manners()).wheels("busy"))
    (_, first, _), (_, second, _) = server.seen
    assert second - first >= 1


def test_requests_keep_their_distance(server: Server) -> None:
    index = Index(server.url, Manners(per_second=5))
    for _ in range(7):
        list(index.wheels("p"))
    times = [when for _, when, _ in server.seen]
    assert times[6] - times[0] >= 0.9


def test_metadata_comes_first(server: Server, tmp_path: Path) -> None:
    ((wheel, _),) = Index(server.url, Manners()).wheels("p")
    assert wheel.has_metadata
    server.seen.clear()
    brought, path = bring(wheel, Manners(), tmp_path)
    assert brought.requires == ("some-thing",)
    assert path == tmp_path / NAME
    assert server.seen[0][0] == f"/{NAME}.metadata"


def test_metadata_that_is_not_there_is_nothing_to_a_wheel(server: Server, tmp_path: Path) -> None:
    ((wheel, _),) = Index(server.url, Manners()).wheels("p")
    other = wheel._replace(address=f"{server.url}whole.whl")
    brought, path = bring(other, Manners(retries=0), tmp_path)
    assert brought.requires is None
    assert path is not None


def test_names_in_a_wheel_cost_a_part_of_it(server: Server) -> None:
    assert Index(server.url, Manners()).names_in(server.url + NAME) == ["p/m.so"]
    assert all("Range" in headers for _, _, headers in server.seen)


def test_names_are_not_known_where_an_index_gives_no_parts(server: Server) -> None:
    assert Index(server.url, Manners()).names_in(f"{server.url}whole.whl") is None


def test_wheel_is_fetched_whole_and_not_kept(server: Server, tmp_path: Path) -> None:
    index = Index(server.url, Manners(cache=str(tmp_path / "cache")))
    index.fetch(server.url + NAME, tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == server.wheel
    assert not (tmp_path / "cache").exists()


def test_what_is_not_there_is_an_error_with_its_name(server: Server, tmp_path: Path) -> None:
    index = Index(server.url, Manners())
    with pytest.raises(InputError, match="absent"):
        list(index.wheels("absent"))
    with pytest.raises(InputError, match="404"):
        index.fetch(f"{server.url}absent.whl", tmp_path / "x")
    with pytest.raises(InputError, match=r"127\.0\.0\.1"):
        Index("http://127.0.0.1:1/", Manners(retries=0)).projects()
