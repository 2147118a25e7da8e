"""The page about surveys has the tables, and its queries run on a dataset."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from checkout import PACKAGE
from collide.survey import dataset
from collide.survey.tables import TABLES

duckdb = pytest.importorskip("duckdb", reason="queries need pip install duckdb")
PAGE = (PACKAGE / "docs/survey.md").read_text()


def test_page_has_every_column_with_its_meaning() -> None:
    lines = []
    for name, schema in TABLES.items():
        lines += [f"### {name}", "", "| column | type | |", "|---|---|---|"]
        for field in schema:
            meaning = field.metadata[b"meaning"].decode()
            lines.append(f"| `{field.name}` | {field.type} | {meaning} |")
        lines.append("")
    assert PAGE.partition("<!-- tables -->\n")[2].partition("<!-- end -->")[0] == "\n".join(lines)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "survey"
    dataset.create(directory)
    key = {"sha256": "s", "rules": "r"}
    cause: dict[str, object] = {
        **key,
        "subject": "libcrypto",
        "release": "3.0.9",
        "severity": "error",
    }
    rows: dict[str, list[dict[str, object]]] = {
        "wheels": [{**key, "wheel": "p.whl"}, {"sha256": "o", "rules": "r", "wheel": "q.whl"}],
        "analyses": [{**key, "host": "debian-12-uwsgi-python3", "error": 1}],
        "causes": [cause, {**cause, "release": "3.5.8"}, {**cause, "release": "1.1.1w"}],
        "exposure": [{**key, "symbols": ["sqlite3_open"]}],
        "pair_findings": [
            {"after": "s", "wheels": ["o"], "rules": "r", "code": "COL306", "severity": x}
            for x in ("error", "note")
        ],
    }
    dataset.write_task(directory, "one", rows)
    dataset.collect(directory)
    monkeypatch.chdir(tmp_path)
    return directory


def test_queries_of_the_page(directory: Path) -> None:
    (queries,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    breaking, openssl, exposed, orders = (
        sorted(duckdb.sql(query).fetchall()) for query in queries.split(";") if query.strip()
    )
    assert breaking == [("p.whl",)]
    assert openssl == [("p.whl", "1.1.1w"), ("p.whl", "3.0.9")]
    assert exposed == [("p.whl",)]
    assert orders == [("p.whl", "q.whl", "COL306")]
    assert directory.exists()


def test_other_readers_have_the_same_rows(directory: Path) -> None:
    files = str(directory / "causes/*.parquet")
    assert pl.read_parquet(files)["release"].to_list() == ["3.0.9", "3.5.8", "1.1.1w"]
    assert list(pd.read_parquet(directory / "causes")["release"]) == ["3.0.9", "3.5.8", "1.1.1w"]
