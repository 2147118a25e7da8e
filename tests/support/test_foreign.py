"""The gate of foreign text: what it escapes, how that is undone, and that it is the only way."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collide.support.foreign import from_json, html_of, json_of, text_of, visible
from collide.support.foreign import workflow_command as command
from hostile import NAMES, odd_characters, strict, taken_for_commands
from source_trees import trees

each_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
foreign = st.one_of(
    st.text(),
    st.text(alphabet="#[]:ab \\u0dc\x1b\n\r\u202e"),
    st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)


def undone(text: str) -> str:
    """What ``visible`` was given, by the rule of its module."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


# -- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "libz.so.1",
        "_ZNSt6vectorIiSaIiEE9push_backERKi@@GLIBCXX_3.4.21",
        "std::string::append(char const*), boost::asio",
        "x ::error::x",
        "libs/é☃ü漢.so",
        "a#[b] ## [c] # [",
        '50 % of "it\'s" <b>&amp;</b> $(id)',
        "",
        "    indented",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert text_of([text]) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31m\x7f\x9b", r"\x1b[31m\x7f\x9b"),
        ("\u202egpj\u2066", r"\u202egpj\u2066"),
        ("a\udcffb", r"a\udcffb"),
        ("a\\udcff", r"a\\udcff"),
        ("\U000e0001", r"\U000e0001"),
        ("::error::x", r"\x3a:error::x"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("\t::error::x", r"\t::error::x"),
        ("a##[group]", r"a#\x23[group]"),
        ("###[##vso[a", r"##\x23[#\x23vso[a"),
    ],
)
def test_what_is_not_printable_or_a_command_is_a_visible_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert undone(shown) == text


@given(foreign)
def test_escapes_can_be_undone_and_nothing_odd_is_left(text: str) -> None:
    shown = visible(text)
    assert undone(shown) == text
    assert not odd_characters(shown)
    assert "\n" not in shown
    assert taken_for_commands(shown) == []
    shown.encode()


@given(st.lists(foreign, max_size=4))
def test_lines_stay_lines(lines: list[str]) -> None:
    assert text_of(["first", *lines]).split("\n") == ["first", *map(visible, lines)]


# -- JSON, markup, commands -----------------------------------------------------------------------


@given(st.recursive(foreign, lambda one: st.lists(one) | st.dictionaries(foreign, one)))
def test_json_is_valid_and_read_back_exactly(value: object) -> None:
    written = json_of({"a": value})
    assert written.isascii()
    assert not odd_characters(written)
    assert taken_for_commands(written) == []
    strict(written)
    assert from_json(written) == from_json(written.encode()) == {"a": value}


@pytest.mark.parametrize("text", ["\x1b[2J\n\u202e", "##[group]", "::error::", "\U0001f600\x7f"])
def test_values_of_json_are_exact_where_json_has_them(text: str) -> None:
    assert json.loads(json_of([text])) == [text]


def test_lines_for_people_are_not_escaped_twice_in_json() -> None:
    assert json.loads(json_of([text_of(["a\x1b\\"]), "a\\"])) == [r"a\x1b\\", "a\\\\"]


@pytest.mark.parametrize("written", [r'"a\\b"', r'"\\x1b"', r'"\\u0041"', r'"\\ud800"'])
def test_other_backslashes_of_a_file_made_by_hand_stay(written: str) -> None:
    assert from_json(written) == json.loads(written)


@each_name
def test_name_is_text_in_markup(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    written = html_of([text])
    assert not odd_characters(written)
    assert not set("<>\"'") & set(written)


@each_name
def test_name_ends_no_command_and_no_property(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    written = command("error", {"title": text, "file": text}, [text, text])
    assert written.count("\n") == 1
    assert not odd_characters(written)
    properties, message = written.removeprefix("::error ").rstrip("\n").split("::", 1)
    assert len(properties.split(",")) == 2
    assert len(message.split("%0A")) == 2


# -- nothing goes past it -------------------------------------------------------------------------

GATE = "collide.support.foreign"


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """See :func:`source_trees.trees`."""
    yield
    trees.cache_clear()


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """All calls of a function, whatever stands before its name, with their modules."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                yield module, node


def uses(*names: str) -> set[str]:
    """The modules that name one of these attributes."""
    return {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in names
    }


def test_only_the_gate_makes_text() -> None:
    assert {module for module, _ in calls("Text")} == {GATE}
    assert {module for module, _ in calls("Html")} == {
        GATE,
        "collide.report.check.html",
        "collide.report.check.html_findings",
        "collide.report.check.junit",
        "collide.report.check.scope_picture",
        "collide.report.markup",
        "collide.report.survey",
    }
    # Words and pages of collide's own; JSON put together of values that passed the gate.
    assert {module for module, _ in calls("own_text")} == {
        "collide.hosts.footprint",
        "collide.report.check.markdown",
        "collide.report.check.sarif",
        "collide.report.pages",
        "collide.report.topics",
    }


def test_markup_is_put_together_of_constants_and_markup_alone() -> None:
    """What stands in an f-string of ``Html`` is a tag's name, or has been through ``html_of``."""
    of_the_page = [node for module, node in calls("Html") if module != GATE]
    assert len(of_the_page) > 3
    allowed = {"name", "written", "inside", "end", "html_of([policy])"}
    for node in of_the_page:
        for argument in node.args:
            parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    assert ast.unparse(part.value) in allowed
                else:
                    shown = ast.unparse(part)
                    assert isinstance(part, ast.Constant) or shown in {
                        "_SCRIPT",
                        "_STYLE",
                        "whole.encode('ascii', 'xmlcharrefreplace').decode()",
                    }


def test_only_the_gate_writes_json_and_escapes_markup() -> None:
    assert uses("json.dumps", "json.dump") == {GATE}
    assert uses("html.escape", "cgi.escape", "saxutils.escape") == set()
    for module, tree in trees().items():
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "html"
            for alias in node.names
        }
        assert not imported or module == GATE


def test_only_the_streams_write() -> None:
    """``write`` and ``say`` take :class:`Text`, which mypy holds; nothing else prints a name."""
    printing = {(module, ast.unparse(node)) for module, node in calls("print")}
    assert printing == {
        ("collide.cli.streams", "print(text_of([line]), file=sys.stderr)"),
        ("collide.cli.main", "print(_version())"),
    }
    assert uses("sys.stdout", "sys.stderr") == {
        *("collide.cli.streams", "collide.cli.main", "collide.cli.progress", "collide.__main__"),
        # Hands on what the crashed process itself has written to its stderr, by faulthandler.
        *("collide.cli.style", "collide.cli.crash_watcher"),
    }
    streams = {ast.unparse(n) for module, n in calls("write") if module == "collide.cli.streams"}
    assert streams == {
        "sys.stderr.write(text_of(text.split('\\n')))",
        "stream.write(data if isinstance(data, str) else data.decode('ascii'))",
        "file.write(encoded)",
        "file.write(data.encode(errors='backslashreplace'))",
    }
    for module in (
        *("collide.cli.main", "collide.cli.progress", "collide.__main__", "collide.cli.style"),
    ):
        said = ast.unparse(trees()[module])
        assert "stdout.write" not in said
        assert "stderr.write" not in said
    (written,) = (node for module, node in calls("write") if module == "collide.cli.progress")
    assert ast.unparse(written) == "os.write(self._terminal, text.encode())"
    signature = next(
        node
        for node in ast.walk(trees()["collide.cli.streams"])
        if isinstance(node, ast.FunctionDef) and node.name == "write"
    )
    assert ast.unparse(signature.args) == "data: Text | bytes, output: str | None"


def test_bytes_that_are_written_are_those_of_profiles() -> None:
    made = {
        (module, ast.unparse(node.args[0]))
        for module, node in calls("write")
        if module.startswith("collide.cli.") and len(node.args) == 2
    }
    assert ("collide.cli.profile", "data") in made
    assert not {what for _, what in made if what.startswith(("b'", "f'", "'"))}
    assert {module for module, _ in calls("to_bytes")} & {m for m, _ in made} == {
        "collide.cli.profile"
    }


def test_plugin_fails_with_text() -> None:
    ((module, node),) = calls("fail")
    assert (module, ast.unparse(node.args[0])) == ("collide.pytest_plugin", "message")
    for _, call in calls("_fail"):
        assert ast.unparse(call.args[0]).startswith(("text_of(", "joined("))
