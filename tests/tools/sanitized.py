"""Runs tests with the compiled part under AddressSanitizer and UndefinedBehaviorSanitizer.

    python tests/tools/sanitized.py [-n N] [TEST...]

Where no test is named these are the tests that feed it with random bytes, those of ELF objects, and
the seeds and findings of the fuzzer. Python's own allocator is left out, so that whatever is read
beyond the end of a buffer is seen; the first such read ends the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import programs
from checkout import PACKAGE, ROOT, TESTS

sys.path.append(str(TESTS / "helpers"))

from native_build import build_native

FLAGS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
# Not what loads capstone, which is opened with a flag that a sanitizer does not bear.
DEFAULT = (
    *("tests/elf/test_native.py", "tests/elf/test_symbols.py", "tests/elf/code/test_call_graph.py"),
    *("tests/elf/code/test_told_versions.py", "tests/elf/code/test_cffi_tables.py"),
    *("tests/elf/code/test_lent.py", "tests/fuzz"),
)


def run(arguments: Sequence[str]) -> int:
    """Run pytest; its exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        # A copy of its own: the part of an installed or editable collide stays what it is.
        package = Path(scratch, PACKAGE.name)
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        build_native(package / "elf", *FLAGS)
        environment = os.environ | {
            "COLLIDE_NATIVE": "1",
            "EXAMPLES": "200",
            "LD_PRELOAD": " ".join(map(_runtime, ("libasan.so", "libubsan.so"))),
            # What Python keeps until it ends is no leak.
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "PYTHONMALLOC": "malloc",
            "PYTHONPATH": scratch,
            "PYTHONSAFEPATH": "1",
        }
        # What a sanitizer says before it ends the process is not to be kept by pytest.
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--capture=sys"]
        # Those of the corpus, too.
        command += ["-m", "not long"]
        command += arguments
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _runtime(name: str) -> str:
    found = subprocess.run(
        ["cc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the command line names."""
    parser = programs.parser(__doc__)
    parser.add_argument("-n", metavar="N", default="0", help="processes, as pytest-xdist takes it")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="a file of tests, or one of them")
    args = parser.parse_args(argv)
    sys.exit(run(["-n", args.n, *(args.tests or DEFAULT)]))


if __name__ == "__main__":
    main()
