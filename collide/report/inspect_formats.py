"""The formats of ``collide inspect``, by name."""

from __future__ import annotations

from collide.report.inspect import as_json, as_text
from collide.support.foreign import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.inspect.inspect import Inspection
    from collide.report.check.text import Style


def rendered(found: Inspection, form: str, *, verbose: int = 0, style: Style | None = None) -> Text:
    """As ``json`` or ``html``, else as text, which alone is more or less verbose."""
    if form == "json":
        return as_json(found)
    if form == "html":
        from collide.report.inspect_page import as_html  # late: start-up

        return as_html(found)
    return as_text(found, verbose=verbose, style=style)
