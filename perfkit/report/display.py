"""How a part of the report looks in a notebook cell: an HTML block, text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.pages import environment
from perfkit.quantities import percent, plain
from perfkit.scoring.marked import figure

IDENTITY = "perfkit_identity"
"""In the metadata of an output: which filing it is of; see `Report.identity`."""


PARTS = (Path(__file__).parent / "parts.css").read_text(encoding="utf-8")
"""How tables and figures look, in a notebook as on the page."""

_OPENING, _ENDING = '<style class="perfkit">', "</style>\n"

# Scoped to the output that it stands in, since a notebook's styles reach all of the page; three
# times, so that it goes before JupyterLab's own rules for tables. White as paper in a dark theme, too.
STYLE = f"""{_OPENING}@scope {{ :scope:scope:scope {{
--ink: #1b1f24; --soft: #4a5561; --line: #c9d1d9; --mark: #1f3a5f;
color: var(--ink); background: #fff;
tr, tr:hover {{ background: #fff !important; }}
h1, .subtitle, .department, .date, .sheet-title {{ text-align: center; }}
.sheet-title {{ font-weight: bold; }}
.landscape {{ overflow-x: auto; }}
.landscape table {{ min-width: 64rem; }}
.review, .findings {{ padding-left: 0; list-style: none; }}
th, td, caption {{ max-width: none; white-space: normal; }}
{PARTS}}} }}{_ENDING}"""
"""Stands before the HTML of each block in a notebook, where no page has the look."""


def unstyled(html: str) -> str:
    """The HTML of an output without the style that a notebook needs: a page has its own."""
    return html.partition(_ENDING)[2] if html.startswith(_OPENING) else html


@dataclass(frozen=True)
class Block:
    """A displayable part of the report: HTML for the page, a label where HTML can't be shown."""

    html: str
    label: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        # The mark of perfkit's own: its values are escaped, so the exporters leave it as it is.
        return {"text/html": STYLE + self.html, "text/plain": self.label}, {
            "perfkit": {},
            **self.metadata,
        }


def render(part: str, **values: Any) -> str:
    """The HTML of *part*, a macro of ``parts.html``; every value is escaped text."""
    macro = getattr(_parts(), part)
    return str(macro(**values)).strip() + "\n"


@cache
def _parts() -> Any:
    templates = environment(Path(__file__).parent, plain=plain, percent=percent)
    templates.globals["figure"] = figure
    return templates.get_template("parts.html").module
