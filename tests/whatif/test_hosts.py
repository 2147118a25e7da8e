"""A host started again: the same when nothing is changed; what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.analysis.start_up import knows_references
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped, shipped_names
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host
from collide.support.errors import InputError
from collide.whatif.edits import parse_edit
from collide.whatif.hosts import own_objects, relink_host
from scenario import Scenario


def scope(host: Host) -> list[str]:
    return [m.name for m in host.process.global_scope]


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_hosts_start_again_as_they_are(name: str) -> None:
    host = load_shipped(name)
    again = relink_host(host, []).host
    assert scope(again) == scope(host)
    assert {m.dso.path for m in again.process.maps} == {m.dso.path for m in host.process.maps}


def test_own_code_of_a_host_is_its_binary_its_interpreter_and_its_plugins() -> None:
    def own(name: str) -> set[str]:
        return {m.name.rsplit("/", 1)[1] for m in own_objects(load_shipped(name))}

    assert own("debian-12-pypy3") == {"pypy3.9", "libpypy3.9-c.so"}
    assert own("debian-12-python3") == {"python3.11"}
    uwsgi = {"uwsgi-core", "python311_plugin.so", "libpython3.11.so.1.0"}
    assert own("debian-12-uwsgi-python3") == uwsgi


def test_shipped_hosts_do_not_tell_what_they_refer_to(tmp_path: Path) -> None:
    assert not knows_references(load_shipped("debian-12-python3"))
    host = extract(str(Scenario(tmp_path).host()), Root())
    assert knows_references(host)
    profile = tmp_path / "host.json"
    profile.write_bytes(to_bytes(record(host, Root()), compressed=False))
    assert knows_references(load(profile))


@pytest.mark.parametrize("recorded", [False, True], ids=["extracted", "recorded"])
def test_preloads_and_plugins_are_opened_again(tmp_path: Path, recorded: bool) -> None:
    s = Scenario(tmp_path)
    s.lib("below.so", "int below;")
    plugin = s.lib("plugin.so", "int plugin;", needed=["below.so"])
    preload = s.lib("preload.so", "int preload;")
    linked = s.lib("linked.so", "int linked;")
    host = extract(
        str(s.host(needed=[linked.name])),
        Root(),
        preload=[str(preload)],
        rtld_global=[str(plugin)],
    )
    if recorded:
        profile = tmp_path / "host.json"
        profile.write_bytes(to_bytes(record(host, Root()), compressed=False))
        host = load(profile)
    assert scope(relink_host(host, []).host) == scope(host)

    def left(*edits: str) -> set[str]:
        again = relink_host(host, [parse_edit(e) for e in edits]).host
        names = {path.rsplit("/", 1)[1] for path in scope(again)}
        return names & {"below.so", "plugin.so", "preload.so", "linked.so"}

    assert left() == {"below.so", "plugin.so", "preload.so", "linked.so"}
    assert left("plugin.so=local") == {"preload.so", "linked.so"}
    assert left("preload.so=without", "linked.so=without") == {"below.so", "plugin.so"}
    assert left("below.so=without") == {"plugin.so", "preload.so", "linked.so"}


def test_host_whose_files_are_not_as_they_were_is_refused(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("linked.so", "int linked;")
    host = extract(str(s.host(needed=["linked.so"])), Root())
    process = host.process.copy(host.files)
    process.global_scope = process.global_scope[:-1]
    with pytest.raises(InputError, match="cannot be started again"):
        relink_host(host._replace(process=process), [])


def test_library_that_start_up_did_not_find_is_no_failure_of_the_change(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    gone = s.lib("gone.so", "int gone;")
    linked = s.lib("linked.so", "int linked;", needed=[gone.name])
    binary = s.host(needed=[linked.name])
    gone.unlink()
    host = extract(str(binary), Root())
    assert [f.name for f in host.failures] == ["gone.so"]
    again = relink_host(host, [parse_edit("linked.so=local")]).host
    assert [m.dso.path for m in again.process.maps if m.dso.path == str(linked)] == [str(linked)]
    assert str(linked) not in scope(again)
