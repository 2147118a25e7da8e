"""Runs a user's script with a wheel before and after its repair, and compares what it does.

The script runs as ``__main__`` with the wheel importable. Its standard output is kept
apart from that of the host. This executes code of the wheel.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collide.repair.import_trial import SITE, run_script
from collide.support.records import NamedTuple

_SCRIPT = """\
import sys
sys.path[:0] = {paths!r}
import os, runpy, traceback
kept, old = os.dup(1), sys.stdout
if old is not None:
    old.flush()
made = os.open({output!r}, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
os.dup2(made, 1)
os.close(made)
sys.argv, status = [{script!r}], 0
with open(1, "w", closefd=False) as sys.stdout:
    try:
        runpy.run_path({script!r}, run_name="__main__")
    except SystemExit as e:
        status = e.code
    except BaseException:
        traceback.print_exc()
        status = 1
sys.stdout = old
os.dup2(kept, 1)
os.close(kept)
if status is not None and not isinstance(status, int):
    sys.stderr.write(str(status) + "\\n")
    status = 1
with open({result!r}, "w") as file:
    file.write(str(int(status or 0)))
"""


class Outcome(NamedTuple):
    """One run of a script: what it printed, and how it and its process ended.

    ``status`` is the script's, or None if it did not come to an end, ``ending`` how
    the process ended, in a clause. ``said`` is the last line on standard error.
    """

    output: str
    status: int | None
    ending: str
    said: str

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


def exercise(script: Path, tree: Path, command: Sequence[str], timeout: float) -> Outcome:
    """Run ``script`` with the wheels that are unpacked to ``tree``.

    The words of ``command`` are those of :func:`collide.repair.import_trial.failures`.
    Raises InputError when it cannot be run.
    """
    wrapper, output, result = (tree / f"collide-{n}" for n in ("exercise.py", "output", "status"))
    for old in (output, result):
        old.unlink(missing_ok=True)
    wrapper.write_text(
        _SCRIPT.format(
            paths=[str(tree / SITE)],
            script=str(script.resolve()),
            output=str(output),
            result=str(result),
        )
    )
    ended = run_script(wrapper, command, timeout, result)
    printed = output.read_text(errors="replace") if output.exists() else ""
    text = result.read_text() if result.exists() else ""
    status = int(text) if text.removeprefix("-").isdecimal() else None
    if ended is None:
        return Outcome(printed, status, f"did not end within {timeout:g} seconds", "")
    ending = f"ended with {ended.signal or f'status {ended.status}'}"
    return Outcome(printed, status, ending, (ended.stderr.strip().splitlines() or [""])[-1])
