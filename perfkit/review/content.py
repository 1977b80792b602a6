"""Digests of what a report says (审阅所对的内容), so that an acceptance ends when it changes."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from perfkit.quantities import plain
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import walk
from perfkit.scoring.units import units_of

HELP = "help"
"""The tag of a cell that explains the template to whoever edits it; no report shows it."""

CONTENT = {"data": "数据", "narrative": "文字", "rubric": "评分标准", "template": "模板"}
"""What an acceptance is given for."""


def content_of(card: Scorecard) -> dict[str, str]:
    """Digests of what a report says: data and scores, narrative, rubric.

    Its template is not of the card; see `template_digest`.
    """
    # Without what is not filed, so that a field added to the form later changes nothing.
    filed = card.department.model_dump(exclude_defaults=True)
    filed.pop("template", None)  # a name; the template itself has its own digest
    narrative = {key: filed.pop(key, None) for key in ("objective", "divisions", "narrative")}
    for rows, texts in (("projects", ("name", "narrative")), ("indicators", ("note",))):
        narrative[rows] = [[row.pop(text, None) for text in texts] for row in filed.get(rows, ())]
    rubric = card.rubric.model_dump(exclude_defaults=True)
    for parameter in rubric.get("parameters", {}).values():
        # Of what was set apart from the rubric, this year's value alone, wherever it stands.
        years = parameter.get("years", {}).items()
        parameter["years"] = {
            year: {key: text for key, text in found.items() if key != "place"}
            for year, found in years
            if "place" not in found or year == card.department.year
        }
    # Not the places: a comment in the file moves its lines, and changes nothing.
    scores = {score.id: score.awarded for score in walk(card.scores)}
    data = [filed, scores, card.total, card.grade]
    if card.department.units:  # their figures stand in files of their own
        data.append([unit.figures() for unit in units_of(card)])
    return {"data": _digest(data), "narrative": _digest(narrative), "rubric": _digest(rubric)}


def template_digest(notebook: Mapping[str, Any]) -> str:
    """SHA-256 of the template: its cells' sources and pictures, without what a run puts in.

    Cells of `HELP` don't count: they are no part of the report.

    Of the cell of parameters all counts but the line that names the department.
    """
    sources = []
    for cell in notebook["cells"]:
        tags, source = cell["metadata"].get("tags", []), "".join(cell["source"])
        if HELP in tags:
            continue
        if "parameters" in tags:
            source = _other_parameters(source)
        if "injected-parameters" in tags or ("parameters" in tags and not source):
            continue
        pictures = cell.get("attachments")
        sources.append(f"{cell['cell_type']}\n{source}\n")
        sources += [json.dumps(pictures, sort_keys=True)] if pictures else []
    return hashlib.sha256("".join(sources).encode(errors="replace")).hexdigest()


def _other_parameters(source: str) -> str:
    """The cell of parameters without ``department = …``, which every run replaces."""
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source
    kept = [
        line
        for line in lines
        if not isinstance(line, ast.Assign) or ast.unparse(line.targets[0]) != "department"
    ]
    return "\n".join(map(ast.unparse, kept))


def _digest(value: Any) -> str:
    def shown(one: Any) -> str:
        return plain(one) if isinstance(one, Decimal) else str(one)  # 98.00 is 98

    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=shown)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
