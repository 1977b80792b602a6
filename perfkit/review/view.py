"""审阅视图: the script and the style with which a report's page is reviewed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("anchor.js", "record.js", "view.js")


@cache
def script() -> str:
    """The page's whole script."""
    parts = [(PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '"use strict";\n' + "".join(parts)


@cache
def style() -> str:
    """What the review view adds to the page's style."""
    return (PAGE / "review.css").read_text(encoding="utf-8")
