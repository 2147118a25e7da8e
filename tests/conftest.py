"""The suite's own plugin, and what makes a proof: a real loader that was asked."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator

import pytest

import compiler
import conformance
from checkout import WHEELS
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.profile_file import write
from collide.hosts.profile_file.write import record, to_bytes
from collide.support import limits
from scenario import require_loader

# Runs within this one register the plugin, too: pytest warns of a module that it has not rewritten.
pytest.register_assert_rewrite("collide.pytest_plugin")
import collide.pytest_plugin  # noqa: E402

pytest_plugins = ["pytester"]


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Use the plugin also from a checkout that was installed before it had one."""
    if not pluginmanager.has_plugin("collide"):
        pluginmanager.register(collide.pytest_plugin, "collide")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests compile for further runs; workers share the directory."""
    if compiler.KEPT not in os.environ:
        os.environ[compiler.KEPT] = str(compiler.kept_directory())

        def forget() -> None:
            del os.environ[compiler.KEPT]

        config.add_cleanup(forget)


def pytest_collection_finish() -> None:
    """Leave what is there by now out of collections of garbage: it stays to the end."""
    gc.collect()
    if hasattr(gc, "freeze"):  # PyPy's collector has none
        gc.freeze()


@pytest.fixture(scope="session")
def recorded_host() -> bytes:
    """The specimens' host as a profile file; recording takes longer than most tests."""
    require_loader()
    root = Root()
    return to_bytes(record(extract(str(WHEELS / "host/host"), root), root), compressed=False)


@pytest.fixture
def few_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what wheels may need, profiles get the C library alone: all takes most of their time."""
    monkeypatch.setattr(write, "wanted_libraries", lambda _: ("libc.so.6",))


@pytest.fixture(name="set_limit")
def _set_limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Sets a limit for one test."""
    return lambda name, value: monkeypatch.setitem(limits._values, name, value)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose mark and whose judge do not agree."""
    conformance.judges()
    result = yield
    judged, marked = conformance.judges(), item.get_closest_marker("rule")
    if marked and not judged:
        pytest.fail(f"marked as a proof of {marked.args}, but no loader was asked", pytrace=False)
    if judged and not marked and conformance.in_suite(item.path):
        pytest.fail(f"{judged[0]} was asked, but no rule is named", pytrace=False)
    return result
