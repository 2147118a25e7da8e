"""Modules that the Python code of a package can do without."""

from __future__ import annotations

from pathlib import Path

import pytest

from building import WheelBuilder
from collide.wheels.optional_modules import done_without

MODULE = "int f(void) { return 1; }"
CAUGHT = "try:\n    from . import m\nexcept ImportError:\n    m = None\n"


@pytest.mark.parametrize(
    ("code", "place"),
    [
        (CAUGHT, "one/a.py:2"),
        ("try:\n    import one.m as m\nexcept (OSError, ImportError):\n    pass\n", "one/a.py:2"),
        ("try:\n    from one.m import f\nexcept:\n    pass\n", "one/a.py:2"),
        # Nobody imports it, or one does who needs it,
        ("from . import other\n", None),
        (f"{CAUGHT}def use():\n    from . import m\n", None),
        # another exception is caught, it is raised again, or raised where it is called later,
        ("try:\n    from . import m\nexcept OSError:\n    pass\n", None),
        ("try:\n    from . import m\nexcept ImportError as e:\n    raise E from e\n", None),
        ("try:\n    def use():\n        from . import m\nexcept ImportError:\n    pass\n", None),
        # or it is in the handler that the import stands.
        ("try:\n    import x\nexcept ImportError:\n    from . import m\n", None),
        ("from . import m\nthis is no Python", None),
    ],
)
def test_module_is_done_without_where_all_imports_may_fail(
    tmp_path: Path, code: str, place: str | None
) -> None:
    file = tmp_path / "a.py"
    file.write_text(code)
    wheel = WheelBuilder(tmp_path)("one", {"one/m.so": MODULE, "one/a.py": file})
    (module,) = wheel.members.values()
    assert done_without(wheel, module) == place
