"""审阅视图: the script and the style with which a report's page is reviewed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

from perfkit.audit.findings import LEVELS
from perfkit.pages import embedded
from perfkit.review import record
from perfkit.review.content import CONTENT

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("words.js", "anchor.js", "record.js", "view.js")
SHARED = (
    "KINDS", "STATES", "CHECKS", "COMMON", "ANSWERS", "TURNS", "DECISIONS", "QUOTED", "LONGEST",
    "CONTEXT", "NAME", "FOLDER", "LETTERS", "CONTROLS", "FIGURES_TOLD",
)  # fmt: skip
"""What the script knows from `perfkit.review.record`, by the same names."""


@cache
def script() -> str:
    """The page's whole script."""
    parts = [(PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '"use strict";\n' + "".join(parts)


@cache
def words() -> Markup:
    """What the page and perfkit both know, as JSON for the script."""
    known = {name: getattr(record, name) for name in SHARED}
    return embedded({**known, "LEVELS": LEVELS, "CONTENT": CONTENT})


@cache
def style() -> str:
    """What the review view adds to the page's style."""
    return (PAGE / "review.css").read_text(encoding="utf-8")
