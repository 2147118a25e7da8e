"""The table of formats of ``collide check``: a format is imported when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collide.support.foreign import Text, joined
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.causes import Grouped
    from collide.check.check import Report
    from collide.report.check.text import Style
    from collide.report.probes import Counted


class Shown(NamedTuple):
    """What a format shows.

    A ``report`` that is grouped already is not grouped again. ``probes`` is None where they were
    not asked for, ``verbose`` asks for evidence (1) and for every name (2). ``style`` is that of a
    terminal.
    """

    report: Report | Grouped
    probes: tuple[Counted, ...] | None = None
    verbose: int = 0
    style: Style | None = None


class Format(NamedTuple):
    """One format.

    A ``document`` is written even if nothing was judged, as programs read it.
    ``probes`` is whether it has a place for them.
    """

    render: Callable[[Shown], Text]
    document: bool = True
    probes: bool = True


def _text(shown: Shown) -> Text:
    from collide.report.check.text import Style, render  # late: start-up

    text = render(shown.report, verbose=shown.verbose, style=shown.style or Style())
    if not shown.probes:
        return text
    from collide.report.probes import render_modules  # late: start-up

    return joined([text, *(render_modules(*one) for one in shown.probes)])


def _json(shown: Shown) -> Text:
    from collide.report.check.json import render  # late: start-up

    return render(shown.report, _probes(shown))


def _github(shown: Shown) -> Text:
    from collide.report.check.github import render  # late: start-up

    return render(shown.report, verbose=shown.verbose > 0)


def _sarif(shown: Shown) -> Text:
    from collide.report.check.sarif import render  # late: start-up

    return render(shown.report, _probes(shown), notes=shown.verbose > 0)


def _codequality(shown: Shown) -> Text:
    from collide.report.check.codequality import render  # late: start-up

    return render(shown.report, verbose=shown.verbose > 0)


def _junit(shown: Shown) -> Text:
    from collide.report.check.junit import render  # late: start-up

    return render(shown.report, verbose=shown.verbose > 0)


def _html(shown: Shown) -> Text:
    from collide.report.check.html import render  # late: start-up

    return render(shown.report, shown.probes)


def _probes(shown: Shown) -> list[object] | None:
    if shown.probes is None:
        return None
    from collide.report.probes import modules_as_json  # late: start-up

    return [modules_as_json(*one) for one in shown.probes]


FORMATS: Mapping[str, Format] = {
    "text": Format(_text, document=False),
    "json": Format(_json),
    "github": Format(_github, probes=False),
    "sarif": Format(_sarif),
    "html": Format(_html),
    "codequality": Format(_codequality, probes=False),
    "junit": Format(_junit, probes=False),
}
"""Every format by its name, the default first."""
