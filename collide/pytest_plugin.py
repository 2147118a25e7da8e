"""The pytest plugin: fixtures that assert link footprints and the absence of collisions.

One of its options reports crashes of the tests (:mod:`collide.crash`).

pytest loads it in every environment that has collide, so it imports nothing of
collide until a test uses one of its fixtures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from os import PathLike

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, NoReturn

    from collide.hosts.footprint import Footprint
    from collide.hosts.select import Candidate
    from collide.loader.host import Host
    from collide.support.foreign import Text


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--collide-update`` and ``--collide-crash-report``."""
    group = parser.getgroup("collide", "link footprints")
    group.addoption(
        "--collide-update",
        action="store_true",
        help="write the baselines of assert_footprint anew instead of comparing",
    )
    group.addoption(
        "--collide-crash-report",
        metavar="FILE",
        help="where a crash of the tests is reported (collide.crash); {pid} is the process, .json "
        "and .html are formats",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Watch for crashes, after pytest has enabled faulthandler."""
    report = config.getoption("--collide-crash-report")
    if report:
        from collide.crash import install  # late: start-up

        try:
            install(report)
        except (RuntimeError, OSError) as e:
            raise pytest.UsageError(str(e)) from e


@pytest.fixture(scope="session")
def host_profile() -> Callable[..., Host]:
    """``host_profile(binary=sys.executable, *, root="/", preload=(), rtld_global=())``.

    The host that a binary makes (:func:`collide.api.extract_host`): what is loaded
    at its start-up, and what it opens. Nothing is executed. Raises
    :class:`collide.api.InputError` for what cannot be read.
    """
    return _host


@pytest.fixture(scope="session")
def link_footprint() -> Callable[..., Footprint]:
    """``link_footprint(binary=sys.executable, ...)``: what the host of ``host_profile`` brings.

    A :class:`collide.hosts.footprint.Footprint`; ``{e.name for e in footprint.libraries}``
    are the names of the libraries.
    """
    return _footprint


@pytest.fixture
def assert_footprint(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``assert_footprint(binary, baseline, *, allow={}, root="/", ...)``.

    Fails if the binary brings more than the file ``baseline`` has, and names it;
    ``allow`` maps patterns of libraries that may come to reasons. A relative
    ``baseline`` is beside the test. With ``--collide-update`` the file is
    written instead.
    """
    update = bool(request.config.getoption("--collide-update"))
    directory = request.path.parent

    def assert_footprint(
        binary: str | Path, baseline: str | Path, *, allow: Mapping[str, str] = {}, **of: Any
    ) -> None:
        __tracebackhide__ = True
        _assert_footprint(_footprint(binary, **of), directory / baseline, allow, update)

    return assert_footprint


@pytest.fixture(scope="session")
def assert_no_collisions() -> Callable[..., None]:
    """``assert_no_collisions(wheel, profile, *, fail_on="error")``.

    ``profile`` is what ``--profile`` takes (a shipped name or pattern, a file, a
    binary), or what ``host_profile`` gives. Fails with the report if a finding is
    at or above ``fail_on``, if something cannot be read, and if the wheel fits no
    such host, as nothing was checked then.
    """
    return _assert_no_collisions


@pytest.fixture(scope="session")
def assert_works() -> Callable[..., None]:
    """``assert_works(wheel, host, exercise, *, command=None, runs=3, timeout=120)``.

    Runs the script ``exercise`` with the wheel, or several that are installed together, in
    plain Python and in ``host``, a binary or what ``host_profile`` gives, and fails with the
    report if it does not do the same there each time (:func:`collide.api.measure`). This
    executes code of the wheel.
    """
    return _assert_works


def _host(binary: str | Path = sys.executable, *, root: str | Path = "/", **openings: Any) -> Host:
    from collide import api  # late: start-up

    return api.extract_host(binary, root=root, **openings)


def _footprint(binary: str | Path = sys.executable, **of: Any) -> Footprint:
    from collide.hosts.footprint import of_host  # late: start-up

    return of_host(_host(binary, **of))


def _assert_footprint(
    footprint: Footprint, baseline: Path, allow: Mapping[str, str], update: bool
) -> None:
    __tracebackhide__ = True
    import warnings  # late: start-up

    from collide.findings.footprint import Allowed, compare  # late: start-up
    from collide.hosts.footprint import read_baseline, to_baseline  # late: start-up
    from collide.report.footprint import render  # late: start-up
    from collide.support.files import new_file  # late: start-up
    from collide.support.foreign import joined, text_of  # late: start-up

    text = to_baseline(footprint)
    if update:
        with new_file(baseline.resolve()) as file:
            file.write(text.encode())
        return
    if not baseline.exists():
        _fail(text_of([f"{baseline}: no such baseline; write it with --collide-update"]))
    recorded = read_baseline(baseline)
    allowed = [Allowed(pattern, reason) for pattern, reason in allow.items()]
    comparison = compare(recorded._replace(name=str(baseline)), footprint, allowed)
    if comparison.grew():
        _fail(joined([render(comparison), text_of(["", "If it is meant: --collide-update"])]))
    if not all(change.gained for change in comparison.changes):
        warnings.warn(text_of([f"{baseline} is not up to date: --collide-update"]), stacklevel=3)


def _assert_no_collisions(
    wheel: str | Path, profile: str | Path | Host, *, fail_on: str = "error"
) -> None:
    __tracebackhide__ = True
    from collide import api  # late: start-up
    from collide.check.inputs import check_inputs  # late: start-up
    from collide.report.check.text import render  # late: start-up
    from collide.support.foreign import joined, text_of  # late: start-up

    hosts: Host | tuple[Candidate, ...]
    if isinstance(profile, str | PathLike):
        hosts = _read(lambda: _candidates(str(profile)))
    else:
        hosts = profile
    report = check_inputs(_read(lambda: api.read_target(wheel)), hosts, exposure=False)
    worst = report.worst()
    bad = worst is not None and worst >= api.Severity[fail_on.upper()]
    if bad or report.problems or not report.judged:
        problems = text_of([*map(str, report.problems), ""])
        _fail(joined([problems, render(report)] if report.problems else [render(report)]))


@cache
def _candidates(profile: str) -> tuple[Candidate, ...]:
    """The hosts that ``--profile`` takes, each loaded when the first wheel fits it, and kept."""
    from collide.hosts.select import select  # late: start-up

    return tuple(select([profile]))


def _assert_works(
    wheel: str | Path | list[str | Path],
    host: str | Path | Host,
    exercise: str | Path,
    **options: Any,
) -> None:
    __tracebackhide__ = True
    from collide import api  # late: start-up
    from collide.report.measure import render  # late: start-up
    from collide.support.foreign import joined  # late: start-up

    if isinstance(host, str | PathLike):
        name = host
        loaded: tuple[Host, ...] = _read(lambda: api.load_hosts(name))
        (host,) = loaded
    measured = api.measure(wheel, host, exercise, **options)
    if measured.verdict != "works":
        _fail(joined([render(measured)]))


def _read(read: Callable[[], Any]) -> Any:
    """What is read; a failure of the test, of one line, where it cannot be."""
    __tracebackhide__ = True
    from collide.support.errors import CollideError  # late: start-up
    from collide.support.foreign import text_of  # late: start-up

    try:
        return read()
    except CollideError as e:
        reason = str(e)
    # Not in the handler: pytest would show that exception, too.
    return _fail(text_of([reason]))


def _fail(message: Text) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(message, pytrace=False)
