"""The extra ``survey`` is needed by all of these."""

from __future__ import annotations

import pytest

for module in ("pyarrow", "distributed", "pypi_simple", "packageurl", "pip_requirements_parser"):
    pytest.importorskip(module, reason="needs the extra: pip install collide-wheels[survey]")
