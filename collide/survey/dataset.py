"""The directory of a survey: rows of finished tasks, and the tables that are made of them.

A task's rows are one compressed file in ``finished/`` that appears whole or not at all, so a
process that is killed loses none that is there. :func:`collect` moves them into Parquet files, a
directory a table. ``survey.json`` tells what the dataset was made of.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from collide.support.errors import InputError
from collide.support.files import new_file
from collide.support.foreign import from_json, json_of, json_value
from collide.survey.tables import SCHEMA, TABLES
from collide.survey.wheel import AGAIN, Problem, SurveyedHost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.survey.rows import Rows

_FINISHED, _COLLECTED, _ABOUT = "finished", "collected", "survey.json"
_TOGETHER = 1000
"""Tasks whose rows share a file: row groups large enough to compress well."""


def create(directory: Path) -> None:
    """Make the directory, or go on with one; raises InputError for another one."""
    about = directory / _ABOUT
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not about.exists() and any(directory.iterdir()):
            raise InputError(str(directory), "is no dataset of a survey, and not empty")
        (directory / _FINISHED).mkdir(exist_ok=True)
    except OSError as e:
        raise InputError(str(directory), e.strerror or str(e)) from e
    if about.exists():
        require(directory)
    else:
        _write(about, {"schema": f"collide-survey/{SCHEMA}", "runs": []})
    _clear(directory)


def require(directory: Path) -> None:
    """Raise InputError for what is no dataset of this version."""
    try:
        found = _about(directory)["schema"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise InputError(str(directory), "is no dataset of a survey") from e
    if found != f"collide-survey/{SCHEMA}":
        raise InputError(str(directory), f"has the schema {found}, not collide-survey/{SCHEMA}")


def add_run(directory: Path, run: dict[str, object]) -> None:
    """Note a run in ``survey.json``."""
    about = _about(directory)
    about["runs"].append(run)
    _write(directory / _ABOUT, about)


def runs(directory: Path) -> list[dict[str, Any]]:
    """What is noted of the runs, the oldest first. Raises InputError for what is no dataset."""
    require(directory)
    return list(_about(directory)["runs"])


def _about(directory: Path) -> Any:
    return from_json((directory / _ABOUT).read_bytes())


def _write(path: Path, document: object) -> None:
    with new_file(path) as file:
        file.write(json_of(document).encode())


def write_task(directory: Path, name: str, rows: Rows) -> None:
    """Keep the rows of a finished task, whose ``name`` tells it from all others."""
    with new_file(directory / _FINISHED / f"{name}.json.gz") as file:
        file.write(gzip.compress(json_value(rows, compact=True).encode(), 6, mtime=0))


def task_name(sha256: str, hosts: Iterable[Iterable[SurveyedHost]], rules: str) -> str:
    """The name of a task: the same for the same wheel, rules and hosts of each kind of work."""
    words = [sha256, rules]
    for some in hosts:
        words += ["", *sorted(host.digest for host in some)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def collect(directory: Path) -> None:
    """Move the rows of finished tasks into Parquet files.

    It may be killed at any time: files of tasks go, all at once, when their rows are in the
    tables; until then the same tasks make the same files again.
    """
    _clear(directory)
    finished = directory / _FINISHED
    paths = sorted(finished.iterdir())
    for start in range(0, len(paths), _TOGETHER):
        _write_tables(directory, paths[start : start + _TOGETHER])
    finished.replace(directory / _COLLECTED)
    finished.mkdir()
    _clear(directory)


def _clear(directory: Path) -> None:
    """Remove what :func:`collect` has moved before it was killed."""
    shutil.rmtree(directory / _COLLECTED, ignore_errors=True)
    (directory / _FINISHED).mkdir(exist_ok=True)


def _write_tables(directory: Path, paths: Sequence[Path]) -> None:
    tasks: list[Rows] = [from_json(gzip.decompress(path.read_bytes())) for path in paths]
    digest = hashlib.sha256("\n".join(path.name for path in paths).encode()).hexdigest()
    for table, schema in TABLES.items():
        rows = [row for task in tasks for row in task.get(table, ())]
        if rows:
            below = directory / table
            below.mkdir(exist_ok=True)
            with new_file(below / f"{digest[:16]}.parquet") as file:
                pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")


def table(directory: Path, name: str, wanted: pc.Expression | None = None) -> pa.Table:
    """A table of the dataset, or the rows that are wanted; an empty one where it has none."""
    files = sorted((directory / name).glob("*.parquet"))
    if not files:
        return TABLES[name].empty_table()
    # Columns that have come since a file was written are null in it.
    return ds.dataset(files, schema=TABLES[name]).to_table(filter=wanted)


def by_rules(directory: Path, name: str, rules: str) -> pa.Table:
    """The rows of a table that were made by one version of the rules."""
    return table(directory, name, pc.field("rules") == rules)


def done(directory: Path, rules: str, name: str = "analyses") -> Iterator[tuple[str, str]]:
    """The SHA-256 of wheels with the digests of hosts that a table has rows of by these rules.

    A wheel that could not be fetched, or whose worker died, has no analysis.
    """
    found = by_rules(directory, name, rules).select(("sha256", "digest"))
    yield from _tuples(found.group_by(["sha256", "digest"]).aggregate([]))


def done_pairs(directory: Path, rules: str, digest: str) -> frozenset[tuple[str, str]]:
    """The pairs of wheels that were bound on a host by these rules."""
    rows = table(directory, "pairs", _on(rules, digest))
    return frozenset(_tuples(rows.select(("one", "other"))))


def traced(directory: Path, rules: str, digest: str) -> Iterator[tuple[str, str, str, str]]:
    """The traces on a host by these rules: wheel, kind, name and path."""
    rows = table(directory, "traces", _on(rules, digest))
    yield from _tuples(rows.select(("sha256", "kind", "name", "path")))


def traces(directory: Path, rules: str, digest: str, wheels: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of some wheels in the same."""
    wanted = _on(rules, digest) & pc.field("sha256").isin(wheels)
    return list(table(directory, "traces", wanted).to_pylist())


def _on(rules: str, digest: str) -> pc.Expression:
    return (pc.field("rules") == rules) & (pc.field("digest") == digest)


def _tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in rows.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def forget_problems(directory: Path) -> None:
    """Drop the problems that a run meets again where they still are: those without an analysis."""
    rows = table(directory, "problems").to_pylist()
    kept = [row for row in rows if row["kind"] not in AGAIN and row["sha256"]]
    if len(kept) < len(rows):
        new = pa.Table.from_pylist(kept, TABLES["problems"])
        others = sorted((directory / "problems").glob("*.parquet"))
        with new_file(others[0]) as file:
            pq.write_table(new, file, compression="zstd")
        for path in others[1:]:
            path.unlink()


def write_problems(directory: Path, rules: str, problems: Sequence[Problem]) -> None:
    """Keep what was met before there was a task."""
    rows = [{**problem._asdict(), "rules": rules} for problem in problems]
    if rows:
        name = hashlib.sha256(json_value(rows).encode()).hexdigest()
        write_task(directory, name, {"problems": rows})
