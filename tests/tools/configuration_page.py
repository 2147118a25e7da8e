"""Writes the page of the configuration, ``collide/docs/configuration.md``, from its schema.

    python tests/tools/configuration_page.py

A test holds the page to the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import programs
from checkout import PACKAGE
from collide.cli.configuration import SCHEMA_FILE, SETTINGS

PAGE = PACKAGE / "docs/configuration.md"

_BEFORE = """\
# Configuration

`collide check` reads the nearest `collide.toml`, or `pyproject.toml` with a table
`[tool.collide]`, from the working directory upwards; in one directory `collide.toml` comes first.
`--config FILE` names another, `--isolated` takes none, and no variable of the environment. An
option comes before a variable, a variable before the file; each replaces what the others say,
lists too. Relative paths in a file start at its directory. A key that means nothing, a value of
another type and a code that is none are errors with their line; the exit status is 2 then.

```toml
[tool.collide]
hosts = ["cpython", "embedded", "!*blender"]
fail-on = "warning"
ignore = ["COL4"]

[[tool.collide.accept]]
code = "COL102"
library = "libz"
host = "*gdb"
reason = "zlib keeps its interface; measured with 1.2.13"
until = 2027-06-30
```

In `collide.toml` the same stands without `tool.collide`: `hosts = [...]` at its top, and
`[[accept]]`.

What a file accepts is not in the report but counted: `1 error in 1 input on 25 hosts; not
counted: 2 accepted`, and `-v` names it with its reason. An entry that matches no finding of a run
is told in a line on stderr. After its last day it accepts nothing, and the exit status is 2, so
that somebody looks at it again.

`collide check dist/*.whl --baseline known.json --update-baseline` writes the causes of today.
From then on only a new cause counts, or one that is worse. A cause stays known when the wheel or
the library has another release. With `--update-baseline` what is known of other wheels stays in
the file.

An installed collide has the schema for editors in `collide/cli/configuration.schema.json`, in the
form of SchemaStore.

## Keys"""


def render(schema: Mapping[str, Any]) -> str:
    """The whole page."""
    return "\n".join([_BEFORE, *_keys(schema["properties"])]) + "\n"


def _keys(properties: Mapping[str, Any]) -> Iterator[str]:
    settings = {setting.key: setting for setting in SETTINGS}
    yield "| key | value | option | variable | |"
    yield "|---|---|---|---|---|"
    for key, rule in properties.items():
        setting = settings.get(key)
        option = f"`{setting.option}`" if setting else ""
        variable = f"`{setting.variable}`" if setting else ""
        yield f"| `{key}` | {_value(rule)} | {option} | {variable} | {rule['description']} |"
    yield ""
    yield "In a variable the items of a list have commas between them, directories colons."
    yield ""
    yield "`COLLIDE_NATIVE` holds for all commands, whatever is configured: `0` leaves the compiled"
    yield "part of collide unused, `1` demands it. Unset it is used where it is there. No result"
    yield "depends on it."
    yield ""
    yield "## Entries of `accept`"
    yield ""
    yield "| key | value | |"
    yield "|---|---|---|"
    entry = properties["accept"]["items"]
    for key, rule in entry["properties"].items():
        needed = ", required" if key in entry["required"] else ""
        yield f"| `{key}` | {_value(rule)}{needed} | {rule['description']} |"
    yield ""
    yield "At least one of `code`, `library`, `object`, `symbol` and `host` has to be there."


def _value(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return ", ".join(
            f"`{word}`{' (default)' if word == rule.get('default') else ''}"
            for word in rule["enum"]
        )
    if rule["type"] == "boolean":
        return f"`true` or `false` (default: `{json.dumps(rule['default'])}`)"
    if rule["type"] == ["string", "array"]:
        return "text, or a list of texts"
    if rule["type"] == "array":
        return "tables" if rule["items"]["type"] == "object" else "list of texts"
    return "text"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page."""
    programs.parser(__doc__).parse_args(argv)
    PAGE.write_text(render(json.loads(Path(SCHEMA_FILE).read_text())))


if __name__ == "__main__":
    main()
