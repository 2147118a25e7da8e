"""The formats of ``collide check``: one table; a format's module is imported when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.check import Report
    from collide.report.probes import Counted


class Shown(NamedTuple):
    """All that a format may show.

    ``probes`` is None where they were not asked for, ``verbose`` asks for every name.
    """

    report: Report
    probes: tuple[Counted, ...] | None = None
    verbose: bool = False


class Format(NamedTuple):
    """One format.

    ``document`` tells that it is written even where nothing was judged: a
    program waits for it. ``probes`` tells that it has a place for them.
    """

    render: Callable[[Shown], str]
    document: bool = True
    probes: bool = True


def _text(shown: Shown) -> str:
    from collide.report.check.text import render

    told = render(shown.report, verbose=shown.verbose)
    if not shown.probes:
        return told
    from collide.report.probes import render_modules

    return told + "".join(render_modules(*one) for one in shown.probes)


def _json(shown: Shown) -> str:
    from collide.report.check.json import render

    return render(shown.report, _probes(shown))


def _github(shown: Shown) -> str:
    from collide.report.check.github import render

    return render(shown.report, verbose=shown.verbose)


def _sarif(shown: Shown) -> str:
    from collide.report.check.sarif import render

    return render(shown.report, _probes(shown))


def _html(shown: Shown) -> str:
    from collide.report.check.html import render

    return render(shown.report, shown.probes)


def _probes(shown: Shown) -> list[object] | None:
    if shown.probes is None:
        return None
    from collide.report.probes import modules_as_json

    return [modules_as_json(*one) for one in shown.probes]


FORMATS: Mapping[str, Format] = {
    "text": Format(_text, document=False),
    "json": Format(_json),
    "github": Format(_github, probes=False),
    "sarif": Format(_sarif),
    "html": Format(_html),
}
"""Every format by its name, the default first."""
