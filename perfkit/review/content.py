"""Digests of what a report says (审阅所对的内容), so that an acceptance ends when it changes."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from perfkit.audit.rectified import answered
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc, field_names
from perfkit.quantities import exact_percent, plain
from perfkit.scoring.asked import only_asked
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import walk
from perfkit.scoring.units import units_of
from perfkit.texts import shortened

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
    narrative = {key: filed.pop(key, None) for key in NARRATIVE}
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
    scores = {score.id: score.awarded for score in walk(card.everything)}
    data = [filed, scores, card.total, card.grade]
    if card.department.units:  # their figures stand in files of their own
        data.append([unit.figures() for unit in units_of(card)])
    if problems := answered(card.department):  # last year's stand in a file of its own
        data.append([vars(one) for one in problems])
    if last := card.last_year:
        awarded = {score.id: score.awarded for score in last.scores}
        data.append([last.department.budget.model_dump(), awarded, last.total])
    return {"data": _digest(data), "narrative": _digest(narrative), "rubric": _digest(rubric)}


def figures_of(card: Scorecard) -> dict[str, str]:
    """What a report states in figures and short answers, by its words: filed values, scores, total, grade.

    So that it can be told which of them made an acceptance lapse. Texts are not of it.
    """
    filed = card.department.model_dump(exclude_defaults=True, by_alias=True)
    for key in (*NARRATIVE, "template", "previous", "audit_off"):
        filed.pop(key, None)
    filed = only_asked(filed, card.rubric)
    found: dict[str, str] = {}

    def add(name: str, value: str) -> None:
        unique, number = name, 2
        while unique in found:
            unique, number = f"{name}（{number}）", number + 1
        found[unique] = value

    for words, value in _leaves(filed, (), "", card):
        add(words, value)
    for score in card.scores:
        add(f"{score.name} 得分", _points(score.awarded))
        for part in score.parts:
            add(f"{score.name} {shortened(part.name, NAME)} 得分", _points(part.awarded))
    add("总分", plain(card.total))
    add(card.rubric.words.grade, card.grade or UNDECIDED)
    return found


NAME = 20
"""Characters of a project or indicator in the name of its figures."""
NARRATIVE = ("objective", "divisions", "narrative")
TEXTS = {"narrative", "note"}
"""Fields of a project or an indicator that hold its texts."""
UNDECIDED = "待定"


def _leaves(value: Any, loc: Loc, words: str, card: Scorecard) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        titles = field_names(Department, loc)
        for key, below in value.items():
            if key in TEXTS and loc and isinstance(loc[-1], int):
                continue
            title = _asked(loc, key, card) or titles.get(key, key)
            yield from _leaves(below, (*loc, key), f"{words} {title}".strip(), card)
    elif isinstance(value, (list, tuple)):
        for i, below in enumerate(value):
            name = below.get("name") if isinstance(below, Mapping) else None
            label = f"“{shortened(str(name), NAME)}”" if name else f"第{i + 1}项"
            yield from _leaves(below, (*loc, i), f"{words}{label}", card)
    elif value is not None:
        claimed = loc[:2] == ("reported", "scores")
        yield words, _shown(value, rate=words.endswith("率") and not claimed)


def _asked(loc: Loc, key: str, card: Scorecard) -> str:
    """The words of what is filed under a code of the rubric."""
    if loc == ("checks",) and key in card.rubric.items:
        return f"“{shortened(card.rubric.items[key].text, 2 * NAME)}”"
    if loc == ("reported", "scores"):
        return next((one.name for one in card.rubric.indicators if one.id == key), "")
    return ""


def _shown(value: Any, rate: bool) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return exact_percent(value) if rate else plain(value)
    return shortened(" ".join(str(value).split()), 200)


def _points(awarded: Decimal | None) -> str:
    return UNDECIDED if awarded is None else plain(awarded)


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
