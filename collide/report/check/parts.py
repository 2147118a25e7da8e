"""The parts of one finding, the same in every format that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from collide.findings.code import Severity, Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from collide.check.check import Judged
    from collide.check.pairs import Pair
    from collide.loader.opening import Opening

_SHOWN_HOSTS = 3
_SHOWN_NAMES = 6


def opened(opening: Opening) -> str:
    """One opening of a package's Python code, as a sentence."""
    return f"{opening.source} opens {opening.name} {opening.mode}"


class Fact(NamedTuple):
    """One part: a ``label`` of one word, a ``text``, and the names that belong to it.

    The label is empty where the text is a sentence by itself, ``names`` None
    where the text is all there is.
    """

    label: str
    text: str
    names: tuple[str, ...] | None = None

    def as_text(self, *, verbose: bool = False) -> str:
        """The text with its names, all of them only if ``verbose``."""
        if self.names is None:
            return self.text
        names = some(self.names, verbose)
        return f"{self.text}: {names}" if self.text else names


def headline(finding: Finding) -> str:
    """What happened, in a clause whose subject is the victim."""
    code = finding.code
    when = history(finding)
    title = f"{when}: {code.title}" if when else code.title
    if code.shape is Shape.LOAD_FAILURE:
        if finding.provider is None:
            return f"{title}: {finding.detail}"
        detail = f" ({finding.detail})" if finding.detail else ""
        return f"{title}: {finding.provider}{detail}"
    return title


def history(finding: Finding) -> str:
    """The imports that it follows, any of them, or that fails: ``after `import ssl```."""
    if finding.before_import:
        return f"`import {finding.before_import[0]}` fails after the wheel's module"
    imports = " or ".join(f"`import {name}`" for name in finding.after_import)
    return f"after {imports}" if imports else ""


def facts(finding: Finding) -> tuple[Fact, ...]:
    """The parts in the order in which they are read; at last the lines of Python that open."""
    return (*_facts(finding), *(Fact("python", opened(o)) for o in finding.openings))


def _facts(finding: Finding) -> tuple[Fact, ...]:
    symbols = Fact("symbols", plural(len(finding.symbols), "symbol"), finding.symbols)
    match finding.code.shape:
        case Shape.INTERPOSITION | Shape.SPLIT:
            return _taken(finding)
        case Shape.CAPTURE:
            return Fact("needed", ", ".join(finding.intended)), _provider(finding)
        case Shape.SYMBOLS:
            return (symbols,)
        case Shape.EXPOSURE:
            return Fact("meant", _meant(finding)), symbols
        case Shape.OUTCOME:
            return (Fact("", finding.detail),)
        case Shape.FILES:
            return _provider(finding), Fact("files", "", finding.symbols)
        case Shape.CHANGED_BINDINGS:
            return _changed(finding)
        case Shape.ARCHIVE:
            said = Fact("", finding.detail)
            return (said, Fact("members", "", finding.symbols)) if finding.symbols else (said,)
        case Shape.LOAD_FAILURE | Shape.FOOTPRINT:
            return ()


def _taken(finding: Finding) -> tuple[Fact, ...]:
    from collide.findings.likelihood import likelihood  # late: start-up

    taken = f"{plural(finding.references, 'reference')}, {plural(len(finding.symbols), 'symbol')}"
    found: tuple[Fact, ...] = (
        _provider(finding),
        Fact("meant", _meant(finding)),
        Fact("taken", taken, finding.symbols),
    )
    if finding.kept:
        found += (Fact("kept", plural(len(finding.kept), "symbol"), finding.kept),)
    told = likelihood(finding)
    return (*found, Fact("breaks", str(told))) if told else found


def _changed(finding: Finding) -> tuple[Fact, ...]:
    changed = f"{plural(finding.references, 'reference')}, {plural(len(finding.symbols), 'symbol')}"
    return (
        _provider(finding),
        Fact("alone", ", ".join(finding.intended) or "nothing"),
        Fact("changed", changed, finding.symbols),
        Fact("evidence", finding.detail),
    )


def _provider(finding: Finding) -> Fact:
    return Fact("provider", str(finding.provider))


def _meant(finding: Finding) -> str:
    own = finding.intended == (finding.victim,)
    return "its own definitions" if own else ", ".join(finding.intended)


def some(names: Sequence[str], verbose: bool) -> str:
    """The first names; all if ``verbose``."""
    shown = names if verbose else names[:_SHOWN_NAMES]
    return ", ".join(map(demangled, shown)) + (", ..." if len(shown) < len(names) else "")


def severities(counts: Counter[Severity]) -> str:
    """How many findings of each severity there are, the worst first."""
    return ", ".join(plural(counts[s], str(s)) for s in sorted(counts, reverse=True))


def on_hosts(hosts: Sequence[str], checked: int, *, verbose: bool = False) -> str:
    """Some of ``checked`` hosts, the first by name; all if ``verbose``."""
    if len(hosts) == checked:
        return f"all {checked} hosts"
    shown = hosts if verbose else hosts[:_SHOWN_HOSTS]
    more = len(hosts) - len(shown)
    others = f" and {more} more" if more else ""
    return f"{len(hosts)} of {checked} hosts: {', '.join(shown)}{others}"


def as_if(judged: Sequence[Judged]) -> str:
    """That a host is taken with another Python than its own, as a clause; often empty."""
    taken = [j.analysis.host.python for j in judged if j.analysis.host.as_if]
    return f", as if it had Python {taken[0].release}" if taken and taken[0] is not None else ""


def looked_at_together(pairs: Iterable[Pair]) -> str:
    """How many pairs of inputs were looked at in one process; empty without any."""
    count = sum(pair.left_out is None for pair in pairs)
    return f"{plural(count, 'pair')} in one process" if count else ""


def demangled(name: str) -> str:
    """A name of the Itanium C++ ABI or of Rust in its source form; any other as it is."""
    if not name.startswith(("_Z", "_R")):
        return name
    return _demangler()(name) or name


@cache
def _demangler() -> Callable[[str], str]:
    try:
        from pydemumble import demangle  # late: an optional dependency
    except ImportError:
        return lambda _: ""
    found: Callable[[str], str] = demangle
    return found
