"""The environment in which a host runs."""

from __future__ import annotations

from pathlib import Path

from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.verify.environment import host_environment, unsteered_python
from scenario import Scenario

GIVEN = {"LD_PRELOAD": "x.so", "LD_BIND_NOW": "1", "PYTHONPATH": "x", "PATH": "/bin"}


def test_nothing_steers_the_loader_or_python() -> None:
    left = unsteered_python(GIVEN)
    assert left == {"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}


def test_what_a_host_is_started_with_is_there(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    library, binary = str(s.lib("libp.so", "int p;")), str(s.host())
    host = extract(binary, Root(), preload=[library], library_path=[str(tmp_path)])
    found = host_environment(host, GIVEN)
    assert (found["LD_PRELOAD"], found["LD_LIBRARY_PATH"]) == (library, str(tmp_path))
    assert host_environment(extract(binary, Root()), GIVEN) == unsteered_python(GIVEN)
