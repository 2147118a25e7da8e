"""Python's frames, by who has written them."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from collide.inspect import python_stack
from collide.inspect.inspect import inspect_named
from collide.inspect.python_stack import PythonFrame, of_faulthandler, of_process
from collide.report.inspect import as_text
from collide.report.inspect_page import as_html

CPYTHON = """Fatal Python error: Segmentation fault

Thread 0x00007f0000000001 (most recent call first):
  File "other.py", line 1 in other

Current thread 0x00007f844e20cb80 (most recent call first):
  File "/a b/x.py", line 519 in string_at
  File "<string>", line ??? in <module>

Extension modules: numpy.core (total: 1)
"""
PYPY = """Fatal Python error: Segmentation fault

Stack (most recent call first, approximate line numbers):
  File "<string>", line 2 in <module>
"""
SLEEPS = "import sys\ndef waiting():\n    print('ready', flush=True)\n    input()\nwaiting()"


def test_what_faulthandler_writes() -> None:
    assert of_faulthandler(CPYTHON) == (
        PythonFrame("/a b/x.py", 519, "string_at"), PythonFrame("<string>", 0, "<module>"),
    )  # fmt: skip
    assert of_faulthandler(PYPY) == (PythonFrame("<string>", 2, "<module>"),)
    assert of_faulthandler("Fatal Python error: Aborted\n\n<no Python frame>\n") == ()
    assert of_faulthandler("") == ()


def test_without_pystack_a_note_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_stack, "find_spec", lambda _: None)
    found = of_process(1)
    assert found.frames == ()
    assert "collide-wheels[inspect]" in found.note


def test_frames_of_a_process_that_runs() -> None:
    if find_spec("pystack") is None:
        pytest.skip("pystack is not installed: the extra inspect")
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        found = inspect_named(str(process.pid))
        process.communicate(b"\n")
    assert process.returncode == 0
    assert found.python == (
        PythonFrame("<string>", 4, "waiting"), PythonFrame("<string>", 5, "<module>"),
    )  # fmt: skip
    assert "waiting in <string>, line 4" in as_text(found)
    assert "waiting in &lt;string&gt;, line 4" in as_html(found)


def test_process_that_pystack_cannot_read_is_told() -> None:
    if find_spec("pystack") is None:
        pytest.skip("pystack is not installed: the extra inspect")
    with subprocess.Popen(["sleep", "60"]) as process:
        found = of_process(process.pid)
        process.kill()
    assert found.frames == ()
    assert found.note.startswith("no Python frames: ")
    assert "\n" not in found.note
