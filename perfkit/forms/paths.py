"""字段路径: the places of a filing's values, as findings, scores and the page's blocks name them.

A path leads from the department down: ``budget.total.spent``, ``projects.3.narrative``.
Numbers begin at 0. The same path is the key of the figure that a report prints of the value.
"""

from __future__ import annotations

import re

INITIAL = "budget.initial"
CARRYOVER = "budget.carryover.amount"
CARRYOVER_RATE = "budget.carryover.rate"
PREVIOUS_RATE = "budget.carryover.previous_rate"
PREVIOUS_SOURCE = "budget.carryover.previous_source"
VARIANCE_RATE = "budget.variance.rate"
CLAIMED_TOTAL = "reported.total"
CLAIMED_GRADE = "reported.grade"
CLAIMED_PROJECTS = "reported.projects"


def _path(*steps: str | int) -> str:
    return ".".join(str(step) for step in steps if step != "")


def part(key: str, field: str = "") -> str:
    """资金总体 (``total``) or one of its parts."""
    return _path("budget", key, field)


def project(i: int, field: str = "") -> str:
    """A project."""
    return _path("projects", i, field)


def indicator(i: int, field: str = "") -> str:
    """A 三级指标 of the department."""
    return _path("indicators", i, field)


def division(i: int, field: str = "") -> str:
    """An 内设机构."""
    return _path("divisions", i, field)


def override(i: int, field: str = "") -> str:
    """An 例外情况."""
    return _path("overrides", i, field)


def stage(i: int, field: str = "") -> str:
    """An 环节 of the scoring."""
    return _path("stages", i, field)


def stage_score(i: int, indicator: str) -> str:
    """What a stage gave an indicator, by its id."""
    return _path("stages", i, "scores", indicator)


def unit(i: int, field: str = "") -> str:
    """A 二级单位."""
    return _path("units", i, field)


def rectified(i: int, field: str = "") -> str:
    """What was done about a problem of last year's."""
    return _path("rectified", i, field)


def check(item: str) -> str:
    """The answer to an item of a checklist."""
    return _path("checks", item)


def answer(indicator: str, field: str = "") -> str:
    """指标填报 of an indicator, by its id."""
    return _path("answers", indicator, field)


def claim(indicator: str) -> str:
    """自评得分 of an indicator, by its id."""
    return _path("reported", "scores", indicator)


def narrative(chapter: str) -> str:
    """What the department wrote for a chapter."""
    return _path("narrative", chapter)


def project_of(path: str) -> int | None:
    """The number of the project that a path leads into."""
    found = re.match(r"projects\.([0-9]+)\.", path)
    return int(found[1]) if found else None
