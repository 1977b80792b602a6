"""What the pages of perfkit have in common: escaped templates, data for a script, the script's policy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup


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


def embedded(data: Any) -> Markup:
    """JSON inside ``<script>``: nothing in it can end the element or a line of script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def own_script(script: str) -> str:
    """The source by which a page's policy (CSP) knows its own script, and no other."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
