"""How a part of the report looks in a notebook cell: an HTML block, text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from perfkit.quantities import percent, plain
from perfkit.scoring.derivations import figure

IDENTITY = "perfkit_identity"
"""In the metadata of an output: which filing it is of; see `Report.identity`."""


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
        return {"text/html": self.html, "text/plain": self.label}, {"perfkit": {}, **self.metadata}


def render(part: str, **values: Any) -> str:
    """The HTML of *part*, a macro of ``parts.html``; every value is escaped text."""
    macro = getattr(_parts(), part)
    return str(macro(**values)).strip() + "\n"


def environment(folder: Path, **filters: Callable[..., Any]) -> jinja2.Environment:
    """jinja over a folder of templates, in which every value is escaped text and a missing one an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters |= filters
    return found


@cache
def _parts() -> Any:
    templates = environment(Path(__file__).parent, plain=plain, percent=percent)
    templates.globals["figure"] = figure
    return templates.get_template("parts.html").module
