"""Fuzzes what reads inputs of strangers, guided by coverage (atheris, libFuzzer).

    python tests/fuzz/fuzz.py --seconds 180            # all targets, each for its share
    python tests/fuzz/fuzz.py object cache --seconds 60 --corpus DIR

Each target runs in a process of its own. What breaks a promise is a finding: an exception that is
not collide's own, more CPU time or memory for one input than any of these sizes needs, or the end
of the process. A finding is told once, with the file that its input is kept in, and the exit status
is 1. ``tests/fuzz/test_fuzz.py`` runs the seeds and all earlier findings without atheris.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GROWTH, ADDRESS_SPACE = 160 << 20, 3 << 30
"""How much the peak may grow by one execution in bytes, and all memory of a process."""


def main() -> int:
    """Run what the arguments ask for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--seconds", type=float, default=180, help="of all targets together (180)")
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--corpus", metavar="DIR", help="inputs to start from and to keep")
    parser.add_argument("--findings", metavar="DIR", help="where inputs of findings are kept")
    parser.add_argument("--worker", metavar="FILE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parent / "helpers"), str(HERE.parent / "tools")]
    if args.worker:
        return work(args)
    from targets import TARGETS

    unknown = set(args.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    chosen = args.targets or list(TARGETS)
    findings = Path(args.findings or tempfile.mkdtemp(prefix="collide-findings-"))
    shares = sum(TARGETS[name].share for name in chosen)
    total, found = 0, 0
    for name in chosen:
        seconds = args.seconds * TARGETS[name].share / shares
        result = run_target(name, seconds, args, findings)
        total += result["executions"]
        found += len(result["findings"])
    print(f"{total:,} executions, {found} findings" + (f" in {findings}" if found else ""))
    return 1 if found else 0


def run_target(
    name: str, seconds: float, args: argparse.Namespace, findings: Path
) -> dict[str, Any]:
    """Fuzz one target in a process of its own; what it did, which is printed, too."""
    corpus = Path(args.corpus or tempfile.mkdtemp(prefix="collide-corpus-")) / name
    for directory in (corpus, findings / name):
        directory.mkdir(parents=True, exist_ok=True)
    state = findings / f"{name}.json"
    state.write_text(json.dumps({"executions": 0, "findings": {}}))
    command = [sys.executable, str(Path(__file__)), name, "--worker", str(state)]
    command += ["--seconds", str(seconds), "--seed", str(args.seed), "--corpus", str(corpus)]
    done = subprocess.run(
        [*command, "--findings", str(findings / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    result: dict[str, Any] = json.loads(state.read_text())
    if done.returncode:
        text = done.stdout.decode(errors="replace")
        key = f"the process ended with status {done.returncode}"
        result["findings"][key] = text[-3000:]
        print(f"{name}: {key}\n{text[-3000:]}")
    print(f"{name}: {result['executions']:,} executions, {len(result['findings'])} findings")
    sys.stdout.flush()
    return result


def key_of(text: str) -> str:
    """What makes a finding one: the last line of collide's in its traceback, and the exception."""
    frames = re.findall(r'/(collide/[^"]+)", line (\d+)', text)
    last = text.strip().rpartition("\n")[2]
    return f"{last.partition(':')[0]} at {':'.join(frames[-1]) if frames else '?'}"


class Watch:
    """The oracle of one target: runs inputs, and keeps what breaks a promise."""

    def __init__(self, name: str, state: Path, findings: Path) -> None:
        self.name = name
        self.state = state
        self.directory = findings
        self.executions = 0
        self.found: dict[str, str] = {}
        self._written = time.monotonic()

    def __call__(self, data: bytes) -> None:
        from targets import execute

        self.executions += 1
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        text = execute(self.name, data)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        if text is not None:
            self.keep(key_of(text), text, data)
        if grown > GROWTH and self.executions > 1:
            self.keep("memory", f"{grown >> 20} MiB more for {len(data)} bytes", data)
        if time.monotonic() - self._written > 0.5:
            self.write()

    def keep(self, key: str, text: str, data: bytes) -> None:
        """Tell a finding, the first time, and keep its input; the shortest one later on."""
        file = self.directory / re.sub(r"[^A-Za-z0-9.]+", "-", key)
        if key not in self.found or len(data) < file.stat().st_size:
            file.write_bytes(data)
        if key not in self.found:
            self.found[key] = text
            print(f"{self.name}: {key}\n{text}", file=sys.stderr)
            self.write()

    def write(self) -> None:
        """Say how far it is."""
        self._written = time.monotonic()
        document = {"executions": self.executions, "findings": self.found}
        self.state.write_text(json.dumps(document))


def work(args: argparse.Namespace) -> int:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    start = time.monotonic()
    (name,) = args.targets
    with atheris.instrument_imports(include=["collide"]):
        from targets import TARGETS
    target = TARGETS[name]
    corpus = Path(args.corpus)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    watch = Watch(name, Path(args.worker), Path(args.findings))

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rand = random.Random(seed)
        made = atheris.Mutate(data, most) if rand.random() < 0.1 else target.mutate(data, rand)
        return bytes(made[:most])

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    watch(target.seeds()[0])
    # To prepare the package for it takes some of the time.
    seconds = max(1, int(args.seconds - (time.monotonic() - start)))
    options = [f"-max_total_time={seconds}", f"-max_len={target.longest}"]
    options += ["-timeout=60", f"-artifact_prefix={args.findings}/", "-rss_limit_mb=2500"]
    options += ["-len_control=0", f"-seed={args.seed}", "-verbosity=0", str(corpus)]
    atheris.Setup([sys.argv[0], *options], watch, custom_mutator=mutate)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
