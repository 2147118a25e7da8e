"""The pages about codes and fixes, made from the table of codes and that of fixes, as Markdown."""

from __future__ import annotations

import textwrap

from collide.findings.code import Code, Family, Shape
from collide.findings.fixes import FIXES, Fix, snippets
from collide.findings.table import CODES
from collide.support.foreign import Text, own_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDTH = 98

_LOOK = {
    Family.SHADOWING: (
        "`collide explain WHEEL SYMBOL --profile P` shows, for one symbol, each object that is "
        "asked and the rule that decides; `collide verify WHEEL --profile BINARY` compares with "
        "the real loader, and with `--exercise SCRIPT` shows whether it does harm."
    ),
    Family.LOADING: (
        "`collide verify WHEEL --profile BINARY` opens the same files in the real host and "
        "compares; `collide profiles show P` lists what the host has loaded."
    ),
    Family.AMONG_WHEELS: (
        "`collide bindings FIRST SECOND --profile P --session` opens both in one process, in this "
        "order, and prints every binding; `collide verify FIRST SECOND --profile BINARY` compares "
        "with the real loader."
    ),
    Family.EXPOSURE: "`collide check -vv WHEEL` names every symbol.",
    Family.FOOTPRINT: (
        "`collide diff OLD NEW --impact WHEEL` tells what the change does to a wheel, `collide "
        "profiles show HOST` how each library was found."
    ),
    Family.ARCHIVE: "`python -m zipfile --list WHEEL` lists the members as Python reads them.",
}
"""How to look behind a finding, by the family of its code."""


def code_page(code: Code) -> Text:
    """What one code means, an example, how it is decided, and what to write where."""
    return own_text("\n".join(_code_page(code)))


def fix_page(name: str) -> Text | None:
    """One fix for each build system; None where there is none of this name."""
    fix = FIXES.get(name)
    return None if fix is None else own_text("\n".join([*_fix(fix, "#"), *_codes_of(fix), ""]))


def fixes_page() -> Text:
    """All fixes."""
    introduction = (
        "What to write where. `collide explain NAME` prints one of these, `collide explain "
        "COL101` those that help against a code. `demo` stands for the module, `vault` for the "
        "library. The tests build a wheel with the lines of each build system, and it is clean."
    )
    lines = ["# Fixes, in the words of build systems", "", *_wrapped(introduction)]
    for fix in FIXES.values():
        lines += ["", *_fix(fix, "##"), *_codes_of(fix)]
    return own_text("\n".join([*lines, ""]))


def _code_page(code: Code) -> Iterator[str]:
    yield f"# {code.id} {code.slug}"
    yield ""
    yield from _wrapped(f"*{str(code.severity).capitalize()}.* {code.sentence}")
    # A command is whole in its line, so that it can be pasted.
    example, _, command = code.example.partition(" See `")
    yield from ("", "## Why it matters", "", *_wrapped(code.meaning))
    yield from ("", "## Example", "", *_wrapped(example))
    if command:
        yield from ("", "```sh", command.removesuffix("`."), "```")
    parts = {
        "How it is decided": code.decided,
        "Evidence": f"{_shown(code)} {_LOOK[code.family]}",
        "What to do": code.remedy,
    }
    for title, text in parts.items():
        yield from ("", f"## {title}", "", *_wrapped(text))
    for name in code.fixes:
        yield from ("", *_fix(FIXES[name], "###"))
    yield ""


def _shown(code: Code) -> str:
    """What a finding of this code has beside its title."""
    if code.shape is Shape.FOOTPRINT:
        return "The change is a line of `collide diff` and of `collide footprint`."
    if code.shape is Shape.LOAD_FAILURE:
        return "`collide check -v` shows what the loader misses, and the facts that tell why."
    return f"`collide check -v` shows: {code.shape.value}, and the facts that decided it."


def _fix(fix: Fix, heading: str) -> Iterator[str]:
    yield f"{heading} {fix.name}"
    yield ""
    yield from _wrapped(f"{fix.title}. {fix.text}")
    for one in snippets(fix):
        if not one.language:
            yield from ("", *_wrapped(f"**{one.system}:** {one.text}"))
            continue
        place = f", `{one.file}`" if one.file and one.file not in one.system else ""
        yield from ("", f"**{one.system}{place}:**", "", f"```{one.language}", one.text, "```")


def _codes_of(fix: Fix) -> Iterator[str]:
    helped = [code.id for code in CODES.values() if fix.name in code.fixes]
    if helped:
        yield from ("", *_wrapped(f"Helps against {', '.join(helped)}."))


def _wrapped(text: str) -> Iterable[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
