"""The table of the measured pairs, and how they are parted by library."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import Any

from linked_hosts import LINKED

Record = dict[str, Any]

FRESH = ("fresh", "fresh2")
"""The origins of pairs that no rule is made on."""
_JUDGING = 3
"""One group of so many is kept to judge rules by."""
_HEAD = """\
# Measured pairs of a wheel and a host, or of two wheels

Made by `tests/tools/measure.py` out of `measured_pairs.json`, which has the evidence of each.
The prediction is that of `collide check` by the rules of the commit that the record names; it
was written down before the run. Each exercise ran three times in plain Python and in the host:
"breaks" is another output or another end than in plain Python (the output may be what another
release of the library does), "misbinds" works with bindings that are shadowed, or with a library
of the host that was loaded already under the name of its own, "safe" has neither.
A pair of two wheels ran in both orders. `arm64-` hosts ran under qemu-user. In `part` are the
pairs that rules may be fitted to (fit) and those that they are judged by (judge): no library that
a pair is about, the one that collides most, is in both, nor others of its family,
but for fresh pairs: rules are not made on these, and some are about a library of older ones.

The pairs of `fresh2` are of wheels and libraries that no pair before them had: libraries that a
wheel brings and Debian 12 has, too, whether both show the names or the wheel hides them. One
exercise was written for each, which does the same three times in plain Python and uses options,
structures, callbacks and errors. It was finished before anything was said of its pair; then the
pair was predicted and run at once, and the exercise stayed as it was but in four cases: aubio's
and OMPL's varied in plain Python and that of planarity was too slow there, so that what varies or
lasts was taken out; xtb's told -0.0 from 0.0. None prints releases, sizes of packed data or texts
of errors, in which alone two releases differ that both do right.

On 2026-12-01 pairs of `fresh2` that had not broken began to get second exercises, by somebody who
saw neither what was predicted of them nor where the rules were wrong: twenty-one of thirty-five
were written, aimed at what the loader binds to the host's copy. Predictions and first exercises
stayed as they were recorded. Each second exercise ran in the host once it did the same three times
in plain Python, and was not changed after that. Two more pairs broke, libvmdk-python-in-vmdk and
passagemath-libbraiding-in-braiding. The other fourteen have first exercises alone: a function that
these do not reach may still break.
"""
WORKING = ("misbinds", "safe")


def with_parts(records: Iterable[Record]) -> list[Record]:
    """The records with the group of libraries that each belongs to, and its part."""
    found = sorted(records, key=lambda r: str(r["id"]))
    # No pair that came later may move another from one part into the other.
    groups = _groups([r for r in found if r["origin"] not in FRESH])
    for origin in FRESH:
        groups |= _groups([r for r in found if r["origin"] == origin])
    return [
        {**r, "how": _how(r), "group": groups[r["id"]], "part": _part(r, groups[r["id"]])}
        for r in found
    ]


def _part(record: Record, group: str) -> str:
    """Of the name alone, so that another pair moves no other group; fresh pairs are to judge."""
    if record["origin"] in FRESH:
        return "judge"
    return "fit" if zlib.crc32(group.encode()) % _JUDGING else "judge"


def _how(record: Record) -> str | None:
    """In what way a pair breaks: it ``dies``, ``raises``, or gives ``other output``."""
    found = (e for e in record["exercises"] if e["verdict"].startswith("breaks"))
    exercise = next(found, None)
    if exercise is None:
        return None
    if any("SIG" in said or "in time" in said for said in exercise["host"]):
        return "dies"
    return "other output" if "difference" in exercise else "raises"


def _groups(records: Sequence[Record]) -> dict[str, str]:
    """For each record the first of all libraries that are of one family with the one it is about.

    A host that links many libraries, as GDAL, joins none of them: a pair is about the library
    that collides most.
    """
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for record in records:
        first, *others = libraries(record)
        for other in others:
            if _is_family(first, other):
                one, two = sorted((find(first), find(other)))
                leader[two] = one
    return {record["id"]: find(libraries(record)[0]) for record in records}


_STEM = len("lib") + 4
_PACKAGES = {
    name.library.partition(".so")[0]: name.package for name in LINKED.values() if name.library
}


def _is_family(one: str, other: str) -> bool:
    """Whether two libraries are of one package of Debian, or have names that begin alike."""
    package = _PACKAGES.get(one)
    alike = len(commonprefix((one, other))) >= _STEM  # noqa: RUF071 - no paths
    return alike or (package is not None and package == _PACKAGES.get(other))


def libraries(record: Record) -> list[str]:
    """The libraries that are shadowed, the one that collides most first; else that of the host.

    It is the one that the worst findings name, of several the one with the most references.
    """
    if not record["libraries"]:
        return [record["about"]]
    told = record.get("prediction", {}).get("findings", ())
    counts = Counter[str]()
    for found in told:
        if found["severity"] == record["prediction"]["worst"] and found["provider"]:
            counts[found["provider"].partition(".so")[0].partition("-")[0]] += found["references"]
    known = [(n, name) for name, n in counts.items() if name in record["libraries"]]
    first = min(known, key=lambda one: (-one[0], one[1]))[1] if known else record["libraries"][0]
    return [first, *(name for name in record["libraries"] if name != first)]


def table(records: Mapping[str, Record]) -> str:
    """All of it, in Markdown."""
    told = [r for r in with_parts(records.values()) if r["outcome"] is not None]
    return "\n".join([_HEAD, *_summary(told), "", *_rows(told), ""])


def _summary(records: Sequence[Record]) -> Iterator[str]:
    measured = [r for r in records if r["outcome"] != "unmeasurable"]
    kinds = Counter(r["kind"] for r in measured)
    parts = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    yield f"{len(measured)} pairs: {parts}."
    origins = Counter(r["origin"] for r in measured)
    yield f"Of them {origins['new']} are new; {origins['older']} were measured before by hand,"
    yield f"{origins['labelled']} are cases of `cases.json` that ran with a shallow exercise then,"
    first, second = (origins[origin] for origin in FRESH)
    yield f"{first} are fresh: of other libraries, and all of them to judge by;"
    yield f"{second} are fresh again (`fresh2`), of other wheels and of other libraries still."
    if left := len(records) - len(measured):
        yield f"{left} more show nothing, as they fail or vary in plain Python."
    yield from ("", "## What was predicted, and what happened", "")
    yield "| | error | warning | note | nothing |"
    yield "|---|---|---|---|---|"
    counts = Counter((r["outcome"], r["prediction"]["worst"]) for r in measured)
    for outcome in ("breaks", *WORKING):
        row = [str(counts[outcome, worst]) for worst in ("error", "warning", "note", "nothing")]
        yield f"| {outcome} | {' | '.join(row)} |"
    ways = Counter(r["how"] for r in measured if r["outcome"] == "breaks")
    yield ""
    yield f"Of the breaks, {', '.join(f'{n} are `{way}`' for way, n in sorted(ways.items()))}."
    yield from ("", "## Which exercise found the breaks", "")
    found = Counter(_found_by(r) for r in measured if r["outcome"] == "breaks")
    deeper = sum(r["exercises"][-1]["level"] == "second" for r in measured)
    yield f"The first exercise found {found['first']} breaks, the second, deeper one"
    yield f"{found['second']} more; it ran where the first showed nothing ({deeper} pairs)."
    yield from _remarks(measured)
    yield from ("", "## False alarms and misses of these rules", "")
    yield from _wrong("An error, and nothing breaks", [r for r in measured if _is_alarm(r)])
    yield from _wrong("A break, and no error", [r for r in measured if _is_miss(r)])
    yield from (
        "## By part",
        "",
        "| part | pairs | breaks | groups of libraries |",
        "|---|---|---|---|",
    )
    for part in ("fit", "judge"):
        mine = [r for r in measured if r["part"] == part]
        breaks = sum(r["outcome"] == "breaks" for r in mine)
        yield f"| {part} | {len(mine)} | {breaks} | {len({r['group'] for r in mine})} |"


def _found_by(record: Record) -> str:
    breaking = (e for e in record["exercises"] if e["verdict"].startswith("breaks"))
    return str(next(breaking)["level"])


def _remarks(records: Sequence[Record]) -> Iterator[str]:
    told = {r["id"]: r["remarks"] for r in records if r.get("remarks")}
    if told:
        yield from ("", "## What else an outcome depends on", "")
        for name, remarks in told.items():
            yield f"- {name}: {'; '.join(remarks)}"


def _is_alarm(record: Record) -> bool:
    return record["outcome"] in WORKING and record["prediction"]["worst"] == "error"


def _is_miss(record: Record) -> bool:
    return bool(record["outcome"] == "breaks" and record["prediction"]["worst"] != "error")


def _wrong(title: str, records: Sequence[Record]) -> Iterator[str]:
    """Some records by the codes that were said of them."""
    yield f"{title}: {len(records)}."
    yield ""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for record in records:
        told = record["prediction"]
        by_kind[f"{told['worst']} {', '.join(told['codes'])}".strip()].append(record["id"])
    for kind, ids in sorted(by_kind.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"- {kind}: {len(ids)} ({', '.join(ids)})"
    if by_kind:
        yield ""


def _rows(records: Sequence[Record]) -> Iterator[str]:
    yield from ("## All pairs", "")
    yield "| pair | wheel | host | predicted | outcome | first | second | repaired | part |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for r in records:
        told = r["prediction"]
        wheels = r["wheels"][:1] if r["kind"] != "together" else r["about_wheels"]
        shown = ", ".join("-".join(w.split("-")[:2]) for w in wheels)
        host = r["host"] + "".join(f" ({v})" for v in r["versions"].values() if v)
        yield (
            f"| {r['id']} | {shown} | {host} | {told['worst']} {', '.join(told['codes'])} "
            f"| {r['outcome']} | {_told(r, 'first')} | {_told(r, 'second')} | {_repaired(r)} "
            f"| {r['part']} |"
        )


def _told(record: Record, level: str) -> str:
    """What the exercises of one level did, in a few words."""
    return "; ".join(_one(e) for e in record["exercises"] if e["level"] == level) or "-"


def _one(exercise: Record) -> str:
    behind = f" after {exercise['after']}" if "after" in exercise else ""
    name = f"{exercise['program']}{behind}: "
    if exercise["verdict"] == "unmeasurable":
        return name + "shows nothing"
    if exercise["verdict"] == "works":
        return name + "works"
    if "difference" in exercise:
        wrong, right = (_cell(line[:40]) for line in exercise["difference"])
        return f"{name}{exercise['wrong']}, `{wrong}` for `{right}`"
    worst = next(
        (e for e in exercise["host"] if "status 0, its process ended with status 0" not in e), ""
    )
    return f"{name}{_cell(worst[:90])}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("`", "'").replace("\n", " ")


def _repaired(record: Record) -> str:
    last = record["exercises"][-1]
    if last["verdict"] == "breaks-repaired-works":
        return "works"
    return "breaks, too" if "repaired" in last else "-"
