"""The result of ``collide check`` as text for a terminal: what breaks where, and what to do.

The first screen has a line for each input and for each cause. With ``verbose`` 1 the findings
stand below their causes with the evidence, with 2 they name every symbol.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from collide.analysis.analysis import repair_command
from collide.check.causes import Cause, Grouped, InputSummary, group
from collide.check.check import BELOW, Report
from collide.check.rows import ReportRow, count_left_out, summed_up
from collide.findings.code import Family, Severity
from collide.findings.loading import NO_PYTHON
from collide.findings.subject import Kind
from collide.report.check.parts import (
    as_if,
    facts,
    headline,
    opened,
    some,
)
from collide.report.check.rows import (
    SHOWN_HOSTS,
    not_analysed,
    not_together,
    set_aside,
    summary_of,
    where,
    with_all_providers,
)
from collide.report.check.words import (
    Hosts,
    changes,
    hosts_of,
    target_title,
    what,
    who,
)
from collide.support.foreign import Span, Text, painted
from collide.support.records import NamedTuple
from collide.support.text import listed, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Pair
    from collide.whatif.remedies import Remedy

_SHOWN_MODULES = 3
_MOST, _FEWEST = 4, 3
"""Causes of one input that have a line of their own; where there are more, this many and errors."""
WHY = (
    "why: a function of the same name in the host (program) is called instead"
    " (collide explain questions)"
)
"""Why a host has a part in it at all, told once."""
_HOSTS = " (programs with Python)", " (programs)"
"""What hosts are, told once; the second where there is little room."""
_MARGIN = 10
"""Columns before what a cause is about: two spaces and one word."""


class Style(NamedTuple):
    """How a terminal is written to: columns, colours, hyperlinks from codes to their pages."""

    width: int = 100
    color: bool = False
    links: bool = False


Line = tuple[Span, ...]
_PLAIN = Style()


def render(report: Report | Grouped, *, verbose: int = 0, style: Style = _PLAIN) -> Text:
    """The whole report; ``verbose`` changes neither which findings there are nor their order."""
    screen = _Screen(group(report), verbose, style)
    return painted(screen.lines(), color=style.color, links=style.links)


class _CauseLines:
    """The lines of causes: one each where it fits."""

    def __init__(
        self, style: Style, verbose: int, hosts: Mapping[str, Hosts], *, brief: bool
    ) -> None:
        """With ``brief`` each cause is kept to a line if it can be, and notes are left out."""
        self._brief = brief
        self._style = style
        self._verbose = verbose
        self._hosts = hosts

    def of(self, own: Sequence[Cause]) -> Iterator[Line]:
        if self._verbose:
            for cause in own:
                yield from self._cause(cause, own)
                for row in cause.rows:
                    yield from map(_plain, _finding(row, self._verbose))
            return
        harmful = [c for c in own if c.severity > Severity.NOTE]
        errors = sum(1 for c in harmful if c.severity == Severity.ERROR)
        shown = harmful[: max(min(errors, 2 * _MOST), _FEWEST)]
        if len(harmful) <= max(_MOST, len(shown) + 1):
            shown = harmful
        for cause in shown:
            yield from self._cause(cause, shown)
        if others := harmful[len(shown) :]:
            yield self._others(others)
        notes = [c for c in own if c.severity == Severity.NOTE]
        if notes and not self._brief:
            yield from self._notes(notes)

    def _cause(self, cause: Cause, beside: Iterable[Cause]) -> Iterator[Line]:
        """One cause: a line where it fits, else two."""
        from collide.support.pages import page_of  # late: start-up

        word = _severity(cause)
        code = Span(cause.code.id, "soft", page_of(cause.code.id))
        room = self._style.width - _MARGIN - len(cause.code.id) - 2
        hosts = self._hosts.get(cause.targets[0], Hosts({}))
        column = max(len(what(c)) for c in beside) + 2
        happens = who(cause, hosts)
        shorter = who(cause, hosts, named=False), who(cause, hosts, named=False, brief=True)
        sayings: tuple[str, ...] = happens, *shorter
        # An error names its hosts, in two lines if need be and if there is but one input.
        if cause.severity == Severity.ERROR and not self._brief:
            sayings = happens, who(cause, hosts, brief=True)
        for thing, said in product((what(cause), what(cause, brief=True)), sayings):
            for start in (column, len(thing) + 2):
                if len(thing) < start <= room - len(said):
                    text = f"{thing.ljust(start)}{said}"
                    yield Span("  "), word, Span(text.ljust(room + 2)), code
                    return
        most = self._style.width - _MARGIN
        said = next((s for s in (happens, *shorter) if len(s) <= most), shorter[-1])
        yield Span("  "), word, Span(_cut(what(cause), room).ljust(room + 2)), code
        yield _plain(" " * _MARGIN + _cut(said, most))

    def _others(self, others: Sequence[Cause]) -> Line:
        word = _severity(others[0])
        text = f"{len(others)} more (-v): {', '.join(_subjects(others))}"
        return Span("  "), word, Span(_cut(text, self._style.width - _MARGIN))

    def _notes(self, notes: Sequence[Cause]) -> Iterator[Line]:
        """What is known and does no harm that can be seen, counted as in the summary."""
        exposed = [c for c in notes if c.exposed]
        harmless = len(notes) - len(exposed)
        text = f"{len(notes)} (-v)" + (f": {harmless} likely harmless" if harmless else "")
        if exposed:
            names = sum(len(c.symbols) for c in exposed)
            what_it_has = "function or variable" if names == 1 else "functions and variables"
            others = f", {len(exposed)} with" if harmless else ":"
            text += f"{others} {names} {what_it_has} another host may replace"
        yield from self.labelled("notes", text, "note")

    def labelled(self, label: str, text: str, style: str = "good") -> Iterator[Line]:
        """A text behind the word that says what it is, on as many lines as it needs."""
        first, *others = _fold(text, self._style.width - _MARGIN)
        yield Span("  "), Span(label.ljust(_MARGIN - 2), style), Span(first)
        for line in others:
            yield _plain(" " * _MARGIN + line)


class _Screen:
    """The lines of one report."""

    def __init__(self, grouped: Grouped, verbose: int, style: Style) -> None:
        self._report = report = grouped.report
        self._judged = {checked.target: checked.judged for checked in grouped.checked}
        self._causes = grouped.causes
        self._own: dict[str, list[Cause]] = {}
        for cause in grouped.causes:
            if not cause.is_of_pair:
                self._own.setdefault(cause.targets[0], []).append(cause)
        self._skipped = not_analysed(report)
        self._taking_away = {t for o in report.aside if o.why != BELOW for t in o.targets}
        self._no_python = {h: None for c in self._causes if c.fix == NO_PYTHON for h in c.hosts}
        self._verbose = verbose
        self._style = style
        self._summary = grouped.summary
        hosts = {
            one.target: hosts_of((*one.breaks, *one.warns, *one.clean))
            for one in self._summary.inputs
        }
        several = len(self._summary.inputs) > 1
        self._lines = _CauseLines(style, verbose, hosts, brief=several)

    def lines(self) -> Iterator[Line]:
        """All lines, the inputs first."""
        yield from self._without_python()
        names = Counter(target_title(one.target) for one in self._summary.inputs)
        for number, one in enumerate(self._summary.inputs):
            if number:
                yield ()
            title = target_title(one.target)
            short = names[title] == 1 and not self._verbose
            yield from self._input(one, title if short else one.target, first=not number)
        yield from self._together()
        if self._verbose or len(self._summary.inputs) > 1:
            yield ()
        if self._verbose:
            yield from map(_plain, set_aside(self._report.aside))
        if any(
            c.code.family is Family.SHADOWING and c.severity > Severity.NOTE for c in self._causes
        ):
            yield from map(_plain, _fold(WHY, self._style.width))
        yield from self._left_out()
        counts = summary_of(self._report, self._summary)
        counted = f"predicted: {counts}" if self._summary.inputs else counts
        others = "".join(self._other_pythons())
        yield from map(_plain, _fold(f"{counted}{others}", self._style.width))

    def _other_pythons(self) -> Iterator[str]:
        """The hosts whose own Python is another one, where they are not named by themselves."""
        several = [one.target for one in self._summary.inputs if one.hosts > 1]
        hosts: dict[str, dict[str, None]] = {}
        for host in (j.analysis.host for target in several for j in self._judged.get(target, ())):
            if host.as_if and host.python is not None:
                hosts.setdefault(host.python.release, {})[host.name] = None
        for release, names in hosts.items():
            taken = plural(len(names), "host") if self._report.pairs else len(names)
            yield f"; {taken} as if {'its' if len(names) == 1 else 'their'} Python were {release}"

    def _without_python(self) -> Iterator[Line]:
        """Hosts in which nothing can be imported before they are described better."""
        for host in self._no_python:
            text = f"{host} has no Python: name the plugin that brings it, --global LIB"
            yield (Span(text, "error"),)

    def _input(self, one: InputSummary, title: str, *, first: bool) -> Iterator[Line]:
        own = self._own.get(one.target, [])
        # A host without Python is told once, before all.
        shown = own if self._verbose else [c for c in own if c.fix != NO_PYTHON]
        yield from self._title(title, one, tuple(self._by_kind(one)), first=first)
        yield from self._lines.of(shown)
        yield from self._remedies(shown, one.target)
        if self._verbose and one.clean and one.hosts > 1:
            yield _plain(f"  clean on {', '.join(one.clean)}")
        yield from self._not_analysed(one.target)

    def _title(
        self, title: str, one: InputSummary, by_kind: Sequence[Line], *, first: bool
    ) -> Iterator[Line]:
        """What was checked and how it fares, of which the counts by kind suffice in little room.

        The ``first`` says what hosts are.
        """
        lines = [self._outcome(one, said) for said in (_HOSTS if first else ("",))]
        room = self._style.width - len(title)
        fitting = (line for line in lines if sum(len(span.text) for span in line) <= room)
        where, *fares = outcome = next(fitting, lines[0])
        if outcome is not lines[0] or len(fares) < 2 or sum(len(s.text) for s in outcome) <= room:
            yield (Span(title, "strong"), *outcome)
        else:
            yield Span(title, "strong"), Span(where.text.rstrip())
            if not by_kind:
                yield (Span("  "), *fares)
        yield from by_kind

    def _outcome(self, one: InputSummary, said: str) -> Line:
        """On how many hosts, with what is ``said`` of several, and how it fares there."""
        if not one.hosts:
            return (Span(": on no host"),)
        parts = [
            (one.breaks, "would break", "error"),
            (one.warns, "warnings", "warning"),
            (one.clean, self._clean(one.target), "good"),
        ]
        if one.hosts == 1:
            (word, style) = next((word, style) for names, word, style in parts if names)
            (host,) = one.breaks + one.warns + one.clean
            taken = as_if(self._judged.get(one.target, ()))
            return Span(f" on {host}{taken}: "), Span(word, style)
        spans = [Span(f" on {one.hosts} hosts{said}: ")]
        told = [(names, word, style) for names, word, style in parts if names]
        if len(told) == 1:
            (_, word, style) = told[0]
            return *spans, Span(word if style == "good" else f"{word} on all", style)
        for number, (names, word, style) in enumerate(told):
            spans += [Span(", ")] if number else []
            spans.append(Span(f"{word} on {len(names)}", style))
        return tuple(spans)

    def _by_kind(self, one: InputSummary) -> Iterator[Line]:
        """The same for interpreters and for programs that embed one, where it is not all clean."""
        embeds = {
            j.analysis.host.name: j.analysis.host.embeds_python
            for j in self._judged.get(one.target, ())
        }
        if len(set(embeds.values())) < 2 or not (one.breaks or one.warns):
            return
        told = []
        for kind, does in (("in python", False), ("in programs that embed it", True)):
            counts = [
                (word, sum(embeds[name] is does for name in names))
                for word, names in (
                    ("would break", one.breaks), ("warnings", one.warns), ("clean", one.clean),
                )
            ]  # fmt: skip
            told.append(f"{kind}: {', '.join(f'{w} on {n}' for w, n in counts if n)}")
        for line in _fold("; ".join(told), self._style.width - 2):
            yield _plain("  " + line)

    def _clean(self, target: str) -> str:
        """What a host without findings is: what does not count may be there."""
        return "nothing that counts" if target in self._taking_away else "clean"

    def _remedies(self, own: Sequence[Cause], target: str) -> Iterator[Line]:
        """What to change, once for all causes that it mends, and the repair that is proven."""
        harmful = [c for c in own if c.severity > Severity.NOTE]
        if not harmful:
            return
        for number, change in enumerate(changes(harmful)):
            full, short = (
                f"{fix.removesuffix('.')} (collide explain {change.page})"
                for fix in (change.full, change.short)
            )
            room = self._style.width - _MARGIN
            saves = not self._verbose and len(_fold(short, room)) < len(_fold(full, room))
            yield from self._lines.labelled("and" if number else "fix", short if saves else full)
        repaired = [c for c in harmful if c.repair]
        commands = {c.repair for c in repaired if c.repair}
        if commands:
            command = commands.pop() if len(commands) == 1 else self._command(repaired, target)
            others = len(harmful) - len(repaired)
            all_of_it = f"{len(repaired)} of {len(harmful)} causes" if others else "all of it"
            proof = f"  (proven: removes {all_of_it})"
            if (
                _MARGIN + len("without a rebuild: ") + len(command) + len(proof) > self._style.width
                and not others
            ):
                proof = ""
            yield Span("  "), Span("or      ", "good"), Span(f"without a rebuild: {command}{proof}")

    def _command(self, repaired: Sequence[Cause], target: str) -> str:
        hosts = {host for cause in repaired for host in cause.hosts}
        chosen = dict.fromkeys(
            j.analysis.host.arguments
            for j in self._judged.get(target, ())
            if j.analysis.host.name in hosts
        )
        return repair_command(target, [word for words in chosen for word in words])

    # -- the rest ---------------------------------------------------------------------------------

    def _not_analysed(self, target: str) -> Iterator[Line]:
        reasons: dict[str, list[str]] = {}
        for skipped in self._skipped.get(target, ()):
            reasons.setdefault(skipped.reason, []).append(skipped.name)
        for reason, names in reasons.items():
            if self._verbose or len(names) == 1:
                yield from (_plain(f"  not analysed: {name}: {reason}") for name in names)
            else:
                yield _plain(f"  not analysed: {len(names)} members ({names[0]}, ...): {reason}")
        openings = dict.fromkeys(
            opened(opening)
            for judged in self._judged.get(target, ())
            for opening in judged.analysis.planned
        )
        yield from (_plain(f"  {opening}") for opening in openings)

    def _together(self) -> Iterator[Line]:
        pairs = [c for c in self._causes if c.is_of_pair]
        harmless = all(c.severity == Severity.NOTE for c in pairs)
        if pairs and (self._verbose or not harmless):
            yield ()
            yield (Span("imported into one process:", "strong"),)
            yield from self._lines.of(pairs)
            harmful = [c for c in pairs if c.severity > Severity.NOTE]
            for fix in dict.fromkeys(c.fix for c in harmful):
                yield from self._lines.labelled("fix", fix)
        for pair in self._report.pairs if self._verbose else ():
            if pair.left_out is None and pair.shares:
                both = f"{pair.targets[0]} and {pair.targets[1]}"
                yield _plain(f"{both} on {pair.host.name} share {_shared(pair)}")
        for (first, second), reason in not_together(self._report):
            yield _plain(f"not together: {first} and {second}: {reason}")

    def _left_out(self) -> Iterator[Line]:
        """Inputs on hosts that they do not fit: named where they are few, or asked for."""
        counts = count_left_out(self._report.left_out)
        checked = {one.target for one in self._summary.inputs}
        summed = {t for t, kinds in counts.items() if kinds.total() > SHOWN_HOSTS}
        summed = set() if self._verbose else summed
        for one in self._report.left_out:
            if one.target not in summed:
                yield _plain(f"left out: {one.target} on {one.host}: {one.misfit.reason}")
        for target in sorted(summed - checked):
            text = f"left out: {target} on {summed_up(counts[target])} (-v names them)"
            yield from map(_plain, _fold(text, self._style.width))
        kinds = {one.host: one.misfit.kind for one in self._report.left_out if one.target in summed}
        unfit: Counter[str] = Counter(
            k for host, k in kinds.items() if host not in self._summary.hosts
        )
        if checked & summed and unfit:
            text = f"left out (-v): {summed_up(unfit)}"
            if len(text) > self._style.width:
                text = f"left out (-v): {plural(unfit.total(), 'host')}"
            yield _plain(text)


def _subjects(causes: Sequence[Cause]) -> list[str]:
    """What causes are about, each once; of an object of a host it is names that it uses itself."""
    subjects = dict.fromkeys(c.subject for c in causes if c.kind is not Kind.NAMES)
    owners = list(dict.fromkeys(c.subject for c in causes if c.kind is Kind.NAMES))
    if not owners:
        return [*subjects]
    return [*subjects, f"functions of the same names in {listed(owners)}"]


def _fold(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    import textwrap  # late: start-up

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _plain(text: str) -> Line:
    return (Span(text),)


def _severity(cause: Cause) -> Span:
    return Span(str(cause.severity).ljust(_MARGIN - 2), str(cause.severity))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 3, 0)].rstrip(' ,')}..."


def _finding(row: ReportRow, verbose: int) -> Iterator[str]:
    """One finding with its evidence; a note in a line unless ``verbose`` asks for all names."""
    finding, names = with_all_providers(row), verbose > 1
    code = finding.code
    heading = f"  {finding.severity} {code.id} [{code.slug}] {finding.victim}"
    if finding.severity == Severity.NOTE and not names:
        count = f": {plural(len(finding.symbols), 'symbol')}" if finding.symbols else ""
        gives = f", from {finding.provider}" if finding.provider else ""
        evidence = f". {' '.join(finding.evidence)}" if row.exposed else ""
        yield f"{heading} {headline(finding)}{gives}{count} {where(row)}{evidence}"
        return
    yield ""
    yield heading
    yield f"    {where(row)}"
    yield f"    {headline(finding)}"
    for fact in facts(finding):
        label = f"{fact.label}:".ljust(10) if fact.label else ""
        yield f"    {label}{fact.as_text(verbose=names)}"
    if finding.modules and finding.modules != (finding.victim,):
        shown = finding.modules if names else finding.modules[:_SHOWN_MODULES]
        more = len(finding.modules) - len(shown)
        yield f"    opened:   {', '.join(shown)}" + (f" and {more} more" if more else "")
    for number, line in enumerate(finding.evidence):
        yield f"    {'because:' if number == 0 else '        '}  {line}"
    yield f"    fix:      {finding.remedy}"
    if row.repair:
        yield f"    repair:   {row.repair}"
    for host, tried in row.tried:
        yield from _remedies(host if row.checked > 1 else "", tried, verbose)


def _remedies(host: str, tried: Sequence[Remedy], verbose: int) -> Iterator[str]:
    from collide.report.check.remedies import lines  # late: start-up

    named = f"{host}: " if host else ""
    for number, line in enumerate(lines(tried, verbose=verbose > 1)):
        yield f"    {line if number else named + line}"


def _shared(pair: Pair) -> str:
    shares = pair.shares
    system = [posixpath.basename(path) for path in shares.system]
    parts = [
        f"{what} {some(names, verbose=False)}"
        for what, names in (("the name", shares.sonames), ("the system's", system))
        if names
    ]
    counted = (
        (shares.unique, "unique symbol"),
        (shares.promoted, "promoted module"),
        (shares.files, "file"),
        (shares.static_tls, "initial-exec module"),
    )
    return ", ".join([*parts, *(plural(len(names), noun) for names, noun in counted if names)])
