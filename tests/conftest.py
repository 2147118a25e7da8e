"""The suite uses its own plugin, also from a checkout that has been installed before it had one."""

from __future__ import annotations

import pytest

import collide.pytest_plugin

pytest_plugins = ["pytester"]


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if not pluginmanager.has_plugin("collide"):
        pluginmanager.register(collide.pytest_plugin, "collide")
