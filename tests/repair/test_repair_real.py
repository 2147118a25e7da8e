"""Real wheels that break in real hosts, repaired: the cases of ``repair_cases.py`` as tests."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import corpus
import repair_cases
import repair_hosts
from collide.repair.import_trial import unpack_wheel
from repair_cases import CASES, Case
from repair_hosts import HOSTS, UnavailableError
from repair_workloads import script

pytestmark = pytest.mark.corpus
# What tests/tools/install-hosts.sh installs; other hosts need more than CI has.
_INSTALLED = {"gdb", "uwsgi"}
_LARGE = {"pyqt6-hostqt6"}
EACH = [pytest.param(c, marks=[pytest.mark.long] * (str(c) in _LARGE), id=str(c)) for c in CASES]


@pytest.mark.parametrize("case", EACH)
def test_broken_before_and_working_after(case: Case) -> None:
    try:
        # Not pytest's directory, which is closed to other users.
        with TemporaryDirectory() as directory:
            outcome = repair_cases.try_case(case, Path(directory))
    except UnavailableError as e:
        expected = case.host in _INSTALLED and os.environ.get("CI") == "true"
        (pytest.fail if expected else pytest.skip)(str(e))
    assert outcome.before != outcome.expected
    assert outcome.repaired, outcome


CONTROLS = ("numpy==1.26.4", "scipy==1.11.4", "pillow==10.0.0", "lxml==6.1.3", "pyproj==3.6.1")


@pytest.mark.parametrize("spec", CONTROLS)
@pytest.mark.parametrize("everything", [False, True], ids=["taken", "all"])
def test_controls_work_as_before(spec: str, everything: bool, tmp_path: Path) -> None:
    """Repaired for all that Debian's python3, uwsgi and gdb take, or could take."""
    wheels = [corpus.download(spec)]
    if spec.startswith("scipy"):
        wheels.append(corpus.download("numpy==1.26.4"))
    if spec.startswith("pyproj"):
        wheels.append(repair_hosts.download("certifi-2026.10.18-py3-none-any.whl"))
    try:
        hosts = [HOSTS["uwsgi"](), HOSTS["gdb"]()]
        control = HOSTS["python3.11"]()
    except UnavailableError as e:
        pytest.skip(str(e))
    options = ["--all"] if everything else []
    for host in hosts:
        made, said = repair_cases.repair(wheels, host, tmp_path / "repaired", options=options)
        assert said in ("status 0", "status 1")
        left = []
        for name, chosen in (("before", wheels), ("after", made)):
            site = tmp_path / name
            for wheel in chosen:
                unpack_wheel(wheel, site)
            program, result = tmp_path / f"{name}.py", tmp_path / "result"
            workload = spec.partition("=")[0]
            program.write_text(script(workload, site / "lib/python/site-packages", result))
            left.append(repair_hosts.run(control, program, result))
            if name == "after":
                left.append(repair_hosts.run(host, program, result))
        assert not left[0].startswith("<"), left[0]
        assert left[1:] == [left[0]] * 2
