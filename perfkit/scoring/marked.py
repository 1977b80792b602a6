"""Computed figures in sentences and cells, marked with the key of their derivation (推导).

A figure that is filed, or that comes of one filed row, has its path as key (see
`perfkit.forms.paths`), a score the id of its indicator; the other keys stand here.
"""

from __future__ import annotations

from markupsafe import Markup

from perfkit.quantities import plain
from perfkit.scoring.scores import Score

TOTAL = "total"
GRADE = "grade"
OPEN = "open"
"""待定分值."""
HIGHEST = "highest"
"""可能的最高总分."""
LOWEST = "lowest"
"""可能的最低总分."""


SINGLE = frozenset({TOTAL, GRADE, OPEN, HIGHEST, LOWEST})
FIRST_STEPS = frozenset({"section", "stages", "projects", "units", "budget", "reported"})


def is_taken(name: str) -> bool:
    """Whether an indicator with the id *name* would have the key of another figure."""
    first, dot, _ = name.partition(".")
    return first in FIRST_STEPS if dot else name in SINGLE


def section_key(section: str) -> str:
    """The key of a section's 小计."""
    return f"section.{section}"


def stage_key(number: int) -> str:
    """The key of the total after a stage (环节)."""
    return f"stages.{number}.total"


def count_key(indicator: str) -> str:
    """The key of how many 三级指标 an indicator has."""
    return f"{indicator}.count"


def projects_key(what: str) -> str:
    """The key of a sum or number of all projects: ``budget``, ``executed``, ``count`` …."""
    return f"projects.{what}"


def figure(text: str, of: str) -> Markup:
    """A computed figure, marked with the key of its derivation."""
    return Markup('<span data-of="{}">{}</span>').format(of, text)


def awarded(score: Score) -> Markup:
    """得分 in a sentence: 得3.5分（分值4分）, or what is 待定."""
    if score.sign and score.awarded is not None:
        word = "加" if score.sign > 0 else "扣"
        shown = figure(plain(score.awarded), score.id)
        return Markup("{}{}分（最多{}{}分）").format(word, shown, word, plain(score.points))
    if score.awarded is None:
        return Markup("{}分待定").format(figure(plain(score.points), score.id))
    waiting = Markup("")
    if score.open_points:
        waiting = Markup("，{}分待定").format(figure(plain(score.open_points), score.id))
    return Markup("得{}分（分值{}分{}）").format(
        figure(plain(score.awarded), score.id), plain(score.points), waiting
    )
