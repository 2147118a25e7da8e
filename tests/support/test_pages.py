"""Where the documentation is."""

from __future__ import annotations

import re

from checkout import ROOT
from collide.support.pages import DOCUMENTATION


def test_address_is_that_of_the_distribution_and_of_who_builds_the_site() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert f'[project.urls]\nDocumentation = "{DOCUMENTATION}"\n' in project
    name = re.search(r'(?m)^name = "(.*)"$', project)
    assert name is not None
    # Read the Docs, "Domains and versions": a project's name, the language, the version.
    assert f"https://{name[1]}.readthedocs.io/en/latest/" == DOCUMENTATION
    assert "mkdocs build --strict -f .mkdocs.yml" in (ROOT / ".readthedocs.yaml").read_text()
