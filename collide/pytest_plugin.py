"""The pytest plugin: the link footprint of a binary, and collisions, as assertions.

Registered for whoever has collide installed, so it imports nothing of collide,
and does nothing, until a test asks for one of its fixtures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from collide.hosts.footprint import Footprint
    from collide.loader.host import Host


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--collide-update``."""
    group = parser.getgroup("collide", "link footprints")
    group.addoption(
        "--collide-update",
        action="store_true",
        help="write the baselines of assert_footprint anew instead of comparing",
    )


@pytest.fixture(scope="session")
def host_profile() -> Callable[..., Host]:
    """``host_profile(binary=sys.executable, *, root="/", preload=(), rtld_global=())``.

    The host that a binary makes: what is loaded at its start-up, and what it
    opens. Nothing is executed.
    """
    return _host


@pytest.fixture(scope="session")
def link_footprint() -> Callable[..., Footprint]:
    """``link_footprint(binary=sys.executable, ...)``: as ``host_profile``, what it brings.

    A :class:`collide.hosts.footprint.Footprint`; ``{e.name for e in footprint.libraries}``
    are the libraries by name.
    """
    return _footprint


@pytest.fixture
def assert_footprint(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``assert_footprint(binary, baseline, *, allow={}, root="/", ...)``.

    Fails when the binary brings more than the baseline file says, with what it
    is; ``allow`` maps patterns of libraries to reasons. A relative ``baseline``
    is beside the test. With ``--collide-update`` the file is written instead.
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
    binary), or what ``host_profile`` gives. Fails with the report, also when the
    wheel fits no such host: then nothing was checked.
    """
    return _assert_no_collisions


def _host(binary: str | Path = sys.executable, *, root: str | Path = "/", **openings: Any) -> Host:
    import shutil

    from collide.filesystems.container_image import open_root
    from collide.hosts.extract import extract

    path = str(binary)
    if "/" not in path and str(root) == "/":
        path = shutil.which(path) or path
    return extract(path, open_root(str(root)), **openings)


def _footprint(binary: str | Path = sys.executable, **of: Any) -> Footprint:
    from collide.hosts.footprint import of_host

    return of_host(_host(binary, **of))


def _assert_footprint(
    footprint: Footprint, baseline: Path, allow: Mapping[str, str], update: bool
) -> None:
    __tracebackhide__ = True
    import warnings

    from collide.findings.footprint import Allowed, compare
    from collide.hosts.footprint import read_baseline, to_baseline
    from collide.report.footprint import render

    text = to_baseline(footprint)
    if update:
        baseline.write_text(text)
        return
    if not baseline.exists():
        pytest.fail(f"{baseline}: no such baseline; write it with --collide-update", pytrace=False)
    recorded = read_baseline(baseline)
    allowed = [Allowed(pattern, reason) for pattern, reason in allow.items()]
    comparison = compare(recorded._replace(name=str(baseline)), footprint, allowed)
    if comparison.grew():
        pytest.fail(f"{render(comparison)}\nIf it is meant: --collide-update", pytrace=False)
    if not all(change.gained for change in comparison.changes):
        warnings.warn(f"{baseline} is not up to date: --collide-update", stacklevel=3)


def _assert_no_collisions(
    wheel: str | Path, profile: str | Path | Host, *, fail_on: str = "error"
) -> None:
    __tracebackhide__ = True
    from pathlib import Path

    from collide.check.check import check
    from collide.findings.code import Severity
    from collide.hosts.select import select_hosts
    from collide.report.check.text import render
    from collide.wheels.target import read_target

    hosts = list(select_hosts([str(profile)])) if isinstance(profile, str | Path) else [profile]
    report = check([read_target(Path(wheel))], hosts)
    worst = report.worst()
    bad = worst is not None and worst >= Severity[fail_on.upper()]
    if bad or report.problems or not report.judged:
        problems = "".join(f"{problem}\n" for problem in report.problems)
        pytest.fail(problems + render(report), pytrace=False)
