"""The suite's own plugin, and what makes a proof: a real loader that was asked."""

from __future__ import annotations

from collections.abc import Generator

import pytest

import collide.pytest_plugin
import conformance

pytest_plugins = ["pytester"]


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Use the plugin also from a checkout that was installed before it had one."""
    if not pluginmanager.has_plugin("collide"):
        pluginmanager.register(collide.pytest_plugin, "collide")


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
