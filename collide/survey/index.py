"""Asks a simple index (PEP 503, PEP 691) for projects and wheels, and fetches wheels, with manners.

Answers are kept on disk and asked for again by their ETag; an index that says Retry-After, or
that it is busy, is obeyed; requests to one host come no faster than ``per_second``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import requests
from cachecontrol import CacheControlAdapter
from cachecontrol.caches import SeparateBodyFileCache
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pypi_simple import (
    ACCEPT_JSON_PREFERRED,
    NoSuchProjectError,
    ProjectPage,
    PyPISimple,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)
from remotezip import RangeNotSupported, RemoteZip, RemoteZipError
from requests.adapters import HTTPAdapter
from requests_ratelimiter import LimiterAdapter, LimiterMixin
from urllib3.util import Retry

import collide
from collide.support.errors import InputError
from collide.support.limits import hold
from collide.survey.wheel import Manners, Wheel

DEFAULT = "https://pypi.org/simple/"
_BUSY = (429, 500, 502, 503, 504)
_SECONDS = 60
_BLOCK = 1 << 20
_JSON = "application/vnd.pypi.simple.v1+json"


class _CacheAdapter(LimiterMixin, CacheControlAdapter):  # type: ignore[misc]
    """An adapter that asks for what it keeps by its ETag, and not too often."""


class Index:
    """A simple index, and what is fetched by its wheels' addresses."""

    def __init__(self, url: str, manners: Manners) -> None:
        self._manners = manners
        # What is kept on disk are pages; wheels are used once.
        pages = _session(manners, manners.cache)
        self._client = PyPISimple(url, session=pages, accept=ACCEPT_JSON_PREFERRED)
        self._session = _session(manners)
        self._url = url
        self._others: dict[str, Index] = {"": self, url: self}

    def at(self, url: str) -> Index:
        """Another index, with the same manners; this one for an empty address."""
        if url not in self._others:
            self._others[url] = Index(url, self._manners)
        return self._others[url]

    def projects(self) -> list[str]:
        """The names of all projects. Raises InputError."""
        try:
            return sorted(self._client.get_index_page(timeout=_SECONDS).projects)
        except _FAILED as e:
            raise InputError(self._url, _said(e)) from e

    def wheels(self, project: str) -> Iterator[tuple[Wheel, bool]]:
        """The wheels of a project, each with whether it is yanked. Raises InputError.

        Of a page in JSON it is only those that may be for Linux.
        """
        try:
            page = self._page(project)
        except _FAILED as e:
            raise InputError(project, _said(e)) from e
        for package in page.packages:
            if package.package_type == "wheel":
                uploaded = package.upload_time
                yield (
                    Wheel(
                        project,
                        package.version or "",
                        package.filename,
                        package.url,
                        package.digests.get("sha256", ""),
                        package.size or 0,
                        uploaded.date().isoformat() if uploaded else "",
                        bool(package.has_metadata),
                    ),
                    package.is_yanked,
                )

    def _page(self, project: str) -> ProjectPage:
        """The page of a project. Raises one of ``_FAILED``."""
        url = self._client.get_project_url(project)
        accept = {"Accept": ACCEPT_JSON_PREFERRED}
        answer = self._client.s.get(url, timeout=_SECONDS, headers=accept)
        if answer.status_code == requests.codes.not_found:
            raise NoSuchProjectError(project, url)
        answer.raise_for_status()
        if _JSON not in answer.headers.get("Content-Type", ""):
            return ProjectPage.from_response(answer, project)
        return ProjectPage.from_json_data(_with_linux_only(answer.json()), answer.url)

    def required_by(self, address: str) -> tuple[str, ...]:
        """The projects that the metadata of a wheel requires, without those of its extras.

        The metadata is a file beside the wheel (PEP 658). Raises InputError.
        """
        name = f"{address}.metadata"
        try:
            with self._session.get(name, stream=True, timeout=_SECONDS) as answer:
                answer.raise_for_status()
                data = b""
                for block in answer.iter_content(_BLOCK):
                    data += block
                    hold("text-size", len(data), name)
            raw, _ = parse_email(data)
            requirements = [Requirement(text) for text in raw.get("requires_dist", ())]
        except (*_FAILED, InvalidRequirement) as e:
            raise InputError(name, _said(e)) from e
        names = {canonicalize_name(r.name) for r in requirements if "extra" not in str(r.marker)}
        return tuple(sorted(names))

    def names_in(self, address: str) -> list[str] | None:
        """The names in the directory of a wheel, of which only that part is fetched.

        None where the index gives no parts of a file (RFC 9110 14.2). Raises InputError.
        """
        try:
            with RemoteZip(address, session=self._session) as archive:
                return list(archive.namelist())
        except RangeNotSupported:
            return None
        except (*_FAILED, RemoteZipError, zipfile.BadZipFile) as e:
            raise InputError(address, _said(e)) from e

    def fetch(self, address: str, path: Path) -> None:
        """Write what is at an address to a file. Raises InputError."""
        try:
            with (
                self._session.get(address, stream=True, timeout=_SECONDS) as answer,
                path.open("wb") as file,
            ):
                answer.raise_for_status()
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
        except _FAILED as e:
            raise InputError(address, _said(e)) from e


_FAILED = (
    requests.RequestException,
    NoSuchProjectError,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
    OSError,
    ValueError,
)


def _with_linux_only(page: object) -> object:
    """A page (PEP 691) without the files for other systems.

    Large projects list thousands: to parse them all would cost a survey a tenth of its checks.
    """
    match page:
        case {"files": [*files], **rest}:
            return {**rest, "files": [file for file in files if "linux" in str(file)]}
    return page


def _session(manners: Manners, kept: str = "") -> requests.Session:
    """A session with manners; ``kept`` is the directory of a cache."""
    session = requests.Session()
    contact = f" ({manners.contact})" if manners.contact else ""
    session.headers["User-Agent"] = f"collide-survey/{collide.__version__}{contact}"
    # Retry-After is honoured by default (urllib3.util.Retry.respect_retry_after_header).
    retry = Retry(total=manners.retries, backoff_factor=1, status_forcelist=_BUSY)
    adapter: HTTPAdapter
    if kept:
        adapter = _CacheAdapter(per_second=manners.per_second, cache=SeparateBodyFileCache(kept))
    else:
        adapter = LimiterAdapter(per_second=manners.per_second)
    adapter.max_retries = retry
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _said(e: Exception) -> str:
    """An exception of a library as a clause; those of urllib3 begin with the address of a pool."""
    return str(getattr(e, "reason", "") or e).rpartition("Caused by ")[2]
