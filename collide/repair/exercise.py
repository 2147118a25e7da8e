"""Runs a user's script with a wheel before and after its repair, and compares what it does.

The script runs as ``__main__`` with the wheel importable, and what lies beside it. What it
prints to ``sys.stdout`` is kept apart from what the host and libraries print. This executes
code of the wheel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from collide.repair.import_trial import SITE, run_script
from collide.support.records import NamedTuple
from collide.support.signals import signal_name

_SCRIPT = """\
import sys
sys.path[:0] = {paths!r}
import runpy, traceback
sys.argv, status, said, old = [{script!r}], 0, "", sys.stdout
with open({output!r}, "w", 1, "utf-8", "backslashreplace") as sys.stdout:
    try:
        runpy.run_path({script!r}, run_name="__main__")
    except SystemExit as e:
        status = e.code
    except BaseException as e:
        traceback.print_exc()
        status, said = 1, traceback.format_exception_only(type(e), e)[-1]
sys.stdout = old
if status is not None and not isinstance(status, int):
    sys.stderr.write(str(status) + "\\n")
    status, said = 1, str(status)
with open({result!r}, "w", 1, "utf-8", "backslashreplace") as file:
    file.write("%d %s" % (status or 0, said))
"""


class Outcome(NamedTuple):
    """One run of a script: what it printed, and how it and its process ended.

    ``status`` is the script's, or None if it did not come to an end, ``process`` that of its
    process, negative for a signal, None if that did not end in time. ``said`` is the last line
    of its exception, or else on standard error.
    """

    output: str
    status: int | None
    process: int | None
    said: str

    @property
    def ending(self) -> str:
        """How the process ended, in a clause."""
        if self.process is None:
            return "did not end in time"
        if self.process < 0:
            return f"ended with {signal_name(-self.process)}"
        return f"ended with status {self.process}"

    def is_as(self, other: Outcome) -> bool:
        """Whether two runs did the same; standard error is not compared."""
        return self[:3] == other[:3]


class Exercise(NamedTuple):
    """The runs of a script in one host before and after a repair.

    ``plain`` is the run before it in an interpreter, for another host, as far as
    there was one. ``again`` is a second run before the repair, made only where the
    others differ: a script that does not do the same twice proves nothing.
    """

    before: Outcome
    after: Outcome
    plain: Outcome | None = None
    again: Outcome | None = None

    @property
    def is_mended(self) -> bool:
        """Whether the script did wrong before, and does right after.

        It does right if it does what it does in plain Python. If it failed, it is
        enough that it does not fail any more.
        """
        before, after = self.before, self.after
        if before.is_as(after):
            return False
        as_plain = self.plain is not None and self.plain[:2] == after[:2]
        return as_plain or (before.status != 0 and after.status == 0)

    @property
    def is_worse(self) -> bool:
        """Whether anything is different after the repair and was right before."""
        return not (self.before.is_as(self.after) or self.is_mended)

    @property
    def repeats(self) -> bool:
        """Whether the script does the same twice, as far as that is known."""
        return self.again is None or self.before.is_as(self.again)


def exercise(
    script: Path,
    tree: Path,
    command: Sequence[str],
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Run ``script`` with the wheels that are unpacked to ``tree``.

    It runs in a directory beside ``tree``, which is empty each time. The words of ``command``
    are those of :func:`collide.repair.import_trial.failures`.
    ``environment`` is by default that of this process. Raises InputError when it cannot be run.
    """
    scratch = tree.parent / "exercise"
    rmtree(scratch, ignore_errors=True)
    empty = scratch / "directory"
    empty.mkdir(parents=True)
    wrapper, output, result = (scratch / name for name in ("exercise.py", "output", "status"))
    wrapper.write_text(
        _SCRIPT.format(
            paths=[str(tree / SITE), str(script.resolve().parent)],
            script=str(script.resolve()),
            output=str(output),
            result=str(result),
        )
    )
    ended = run_script(wrapper, command, timeout, result, empty, environment)
    printed = output.read_text("utf-8", "replace") if output.exists() else ""
    text, _, error = (result.read_text("utf-8") if result.exists() else "").partition(" ")
    status = int(text) if text.removeprefix("-").isdecimal() else None
    if ended is None:
        return Outcome(printed, status, None, "")
    said = (error or ended.stderr).strip().splitlines() or [""]
    return Outcome(printed, status, ended.status, said[-1])
