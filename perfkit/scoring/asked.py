"""填报的资金: which money of the form a rubric asks for, and what becomes of the rest.

A rubric lists the parts of the money (``parts``) that its report shows; an empty list is
a rubric that doesn't evaluate money. What isn't shown can't be added: it is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from perfkit.forms import paths
from perfkit.forms.department import PARTS
from perfkit.forms.fields import Loc, leaves
from perfkit.quantities import halfwidth
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.rubric import Rubric

AMOUNTS = ("budget", "spent")
OF_PROJECTS = (*AMOUNTS, "rate")
"""The fields of a project that are about money."""

_NOTHING = re.compile(r"[-+]?[0.,\s]*(?:[万亿]?元|%)?")


def asks(loc: Loc, rubric: Rubric) -> bool:
    """Whether *rubric* asks for the field of the form at *loc*, or for one below it."""
    step = loc[2] if loc[0] == "units" and len(loc) > 2 else loc[0]
    if step == "budget":
        part = next((key for key in PARTS if key in loc), None)
        return rubric.has_money and (part is None or part in rubric.parts)
    if loc == ("narrative", "execution"):
        return rubric.has_money  # a chapter that its report doesn't have
    return rubric.has_money or loc[0] != "projects" or loc[-1] not in OF_PROJECTS


OF_RULES = {
    paths.CARRYOVER_RATE: paths.CARRYOVER_RATE,
    paths.PREVIOUS_RATE: paths.PREVIOUS_RATE,
    paths.PREVIOUS_SOURCE: paths.PREVIOUS_RATE,
    paths.VARIANCE_RATE: paths.VARIANCE_RATE,
}
"""Rates that are filed for the sake of a rule, and the source of one: the field that it must name."""


def offers(loc: Loc, rubric: Rubric) -> bool:
    """Whether a form has room for the field: it is asked for, and a rate that only a rule reads is read."""
    if not asks(loc, rubric):
        return False
    field = OF_RULES.get(".".join(map(str, loc)))
    return (
        field is None
        or any(field in one.rule.named for one in rubric.everything)
        or any(figure.not_above == field for figure in rubric.figures.values())
    )


def printed_in(rubric: Rubric) -> dict[Loc, str]:
    """The chapter of the report that each text of the form stands in, as the rubric calls it."""
    chapters = rubric.words.chapters
    found: dict[Loc, str] = {("objective",): chapters.objective}
    for key in ("execution", "management", "result", "problems", "measures"):
        found["narrative", key] = getattr(chapters, key)
    return {loc: chapter for loc, chapter in found.items() if asks(loc, rubric)}


def completed(filed: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """*filed*, what stands below ``department``, with 0 for the money that isn't asked for."""
    found = dict(filed)
    if not rubric.has_money:
        found.setdefault("budget", {})
        if isinstance(rows := found.get("projects"), list):
            found["projects"] = [{"budget": "0"} | r if isinstance(r, dict) else r for r in rows]
    if isinstance(found.get("budget"), dict):
        found["budget"] = _whole(found["budget"], rubric)
    if isinstance(rows := found.get("units"), list):
        found["units"] = [_unit(row, rubric) for row in rows]
    return found


def _unit(row: Any, rubric: Rubric) -> Any:
    if not isinstance(row, dict) or "file" in row:
        return row
    budget = row.get("budget", None if rubric.has_money else {})
    return row | {"budget": _whole(budget, rubric)} if isinstance(budget, dict) else row


def _whole(budget: dict[str, Any], rubric: Rubric) -> dict[str, Any]:
    nothing = dict.fromkeys(AMOUNTS, "0")
    found = dict(budget)
    for key in PARTS:
        part = found.get(key, {})
        if key not in rubric.parts and isinstance(part, dict):
            found[key] = nothing | part
    return found


def unasked(filed: Mapping[str, Any], rubric: Rubric) -> Iterator[tuple[Loc, str]]:
    """Money that was filed though the rubric doesn't show it: its place, and what to do."""
    rows = filed.get("units")
    units = [r.get("budget") if isinstance(r, dict) else None for r in rows or ()]
    of_units = [(("units", i, "budget"), budget) for i, budget in enumerate(units)]
    for at, budget in ((("budget",), filed.get("budget")), *of_units):
        if isinstance(budget, dict):
            yield from _unasked_of(budget, at, rubric)
    if rubric.has_money:
        return
    narrative = filed.get("narrative")
    if isinstance(narrative, dict) and narrative.get("execution"):
        message = f"{_without_money(rubric)}，没有这一章；请写到别的章里"
        yield ("narrative", "execution"), message
    projects = filed.get("projects")
    for i, row in enumerate(projects if isinstance(projects, list) else ()):
        for key in OF_PROJECTS if isinstance(row, dict) else ():
            if _given(row.get(key)):
                message = f"{_without_money(rubric)}，项目的预算数、支出数、执行率不填；请删去"
                yield ("projects", i, key), message
                return


def _unasked_of(budget: dict[str, Any], at: Loc, rubric: Rubric) -> Iterator[tuple[Loc, str]]:
    if not rubric.has_money:
        for loc, text in leaves(budget, at):
            if _given(text):
                yield loc, f"{_without_money(rubric)}，请把预算执行（budget）整段删去"
                return
        return
    listed = "、".join(PART_NAMES[key] for key in rubric.parts)
    for key in PARTS:
        part = budget.get(key)
        if key in rubric.parts or not isinstance(part, dict):
            continue
        for field in AMOUNTS:
            if _given(part.get(field)):
                yield (
                    (*at, key, field),
                    f"评分标准{rubric.id}只列{listed}，不列{PART_NAMES[key]}，不列的不计入合计；"
                    f"这里填了“{part[field]}”，请填到{listed}里，不属于的删去",
                )
                break


def _without_money(rubric: Rubric) -> str:
    return f"评分标准{rubric.id}不评资金，报告里没有预算和支出"


def _given(text: object) -> bool:
    return text is not None and not _NOTHING.fullmatch(halfwidth(str(text)))


def only_asked(tree: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """The tree of a filing without the money that isn't asked for."""

    def kept(value: Any, loc: Loc) -> Any:
        if isinstance(value, Mapping):
            below = {key: (*loc, key) for key in value}
            return {k: kept(v, below[k]) for k, v in value.items() if asks(below[k], rubric)}
        if isinstance(value, (list, tuple)):
            return [kept(child, (*loc, i)) for i, child in enumerate(value)]
        return value

    about = ("budget", "projects", "units", "narrative")
    money = {key: kept(tree[key], (key,)) for key in about if key in tree}
    return {key: money.get(key, value) for key, value in tree.items() if asks((key,), rubric)}
