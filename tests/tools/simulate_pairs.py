"""How many pairs of wheels could meet in an index, by what is measured in a survey of a part of it.

    python tests/tools/simulate_pairs.py DATASET HOST --wheels 1000 48000

DATASET is one of ``collide survey --pairs``. A simulated wheel is one of it, drawn by chance, with
names of its own in place of those that no other project of the dataset has: its files, libraries
and symbols. So it meets the others in what the measured wheels meet in, as often as these do. The
join is the one of ``collide survey``; its time and memory are told, too.
"""

from __future__ import annotations

import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import programs
from collide.survey import dataset
from collide.survey.candidates import candidates

Trace = tuple[str, str, str]
"""Kind, name, path."""


def measured(directory: Path, host: str) -> dict[str, list[Trace]]:
    """The traces of each wheel on a host."""
    found: dict[str, list[Trace]] = defaultdict(list)
    for row in dataset.table(directory, "traces").to_pylist():
        if row["host"] == host:
            found[row["sha256"]].append((row["kind"], row["name"], row["path"]))
    return {wheel: rows for wheel, rows in found.items() if rows[0][0] != "none"}


def simulated(wheels: dict[str, list[Trace]], count: int) -> Iterator[tuple[str, str, str, str]]:
    """The traces of so many wheels."""
    holders = Counter(key for rows in wheels.values() for key in {(k, n) for k, n, _ in rows})
    members = {
        wheel: {name for kind, name, _ in rows if kind == "file"} for wheel, rows in wheels.items()
    }
    names = sorted(wheels)
    draw = random.Random(26)
    for number in range(count):
        template = draw.choice(names)
        own = members[template]
        for kind, name, path in wheels[template]:
            of_host = kind in ("system", "taken", "needs") and path not in own
            is_own = not of_host and holders[kind, name] == 1
            yield (
                f"w{number}",
                kind,
                f"{name}#{number}" if is_own or kind == "target" else name,
                f"{path}#{number}" if path in own else path,
            )


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line for the dataset, and one for each number."""
    parser = programs.parser(__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("host")
    parser.add_argument("--wheels", type=int, nargs="+", default=[], metavar="N")
    args = parser.parse_args(argv)
    wheels = measured(args.dataset, args.host)
    real = [(wheel, *row) for wheel, rows in wheels.items() for row in rows]
    for label, traces, count in (
        ("measured", real, len(wheels)),
        *(("simulated", list(simulated(wheels, n)), n) for n in args.wheels),
    ):
        began = time.process_time()
        found = candidates(traces)
        seconds = time.process_time() - began
        causes = Counter(cause for reasons in found.values() for cause in reasons)
        causes["system alone"] = sum(reasons == {"system"} for reasons in found.values())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        share = len(found) / max(1, count * (count - 1) // 2)
        print(
            f"{label} {count:,}: {len(traces):,} traces, {len(found):,} pairs ({share:.2%}) "
            f"{dict(sorted(causes.items()))}, join {seconds:.1f} s, peak {memory} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
