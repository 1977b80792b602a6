"""上年问题整改: last year's problems, each with what the department says was done about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perfkit.audit.findings import Found
from perfkit.forms import paths
from perfkit.forms.department import DONE, Department
from perfkit.scoring.scorecard import Scorecard
from perfkit.texts import shortened, unfolded

ALIKE = 75
"""How alike, of 100, the words for a problem are to those of last year's report."""

QUOTED = 30
"""Signs of a problem that a finding quotes."""

_NUMBER = re.compile(
    r"^(?:[一二三四五六七八九十]+是|[（(]?[一二三四五六七八九十0-9]+[）)、.．]\s*)"
)


@dataclass(frozen=True)
class Answered:
    """A problem with what was done about it; `field` is the place of that, if it was filed."""

    problem: str
    done: str
    state: str
    field: str
    asked: bool


_APART = re.compile(r"(?<=；)|(?<=[。，])(?=[一二三四五六七八九十]+是|（[一二三四五六七八九十]+）)")
"""Between two problems of one paragraph: 一是预算粗。二是资产乱；三是公车多。"""


def last_problems(department: Department) -> list[str]:
    """The problems of last year's report, each by itself, and what it had not put right itself."""
    last = department.last_year
    if last is None:
        return []
    lines = unfolded(last.narrative.problems).splitlines()
    left = [row.problem for row in last.rectified if row.state != DONE]
    apart = [one for line in lines for one in _APART.split(line)]
    return [line for text in (*apart, *left) if (line := text.strip())]


def answered(department: Department) -> list[Answered]:
    """Last year's problems in their order, then what is filed beyond them; empty without either."""
    rows = list(enumerate(department.rectified))
    left = last_problems(department)
    found = []
    while left:
        problem = left.pop(0)
        row = next((pair for pair in rows if _same(problem, pair[1].problem)), None)
        if row is None:
            found.append(Answered(problem, "", "", "rectified", True))
            continue
        rows.remove(row)
        i, filed = row
        # A row may answer several of a paragraph, whose words it has.
        while left and _bare(left[0]) in _bare(filed.problem):
            problem += left.pop(0)
        found.append(Answered(problem, filed.done, filed.state or "", paths.rectified(i), True))
    found += [
        Answered(filed.problem, filed.done, filed.state or "", paths.rectified(i), False)
        for i, filed in rows
    ]
    return found


def _same(problem: str, said: str) -> bool:
    """Whether the words for a problem are those of last year's report, or a part of them."""
    one, other = _bare(problem), _bare(said)
    if len(other) >= 4 and (other in one or one in other):
        return True
    from rapidfuzz import fuzz  # of use with a last year alone

    return bool(fuzz.ratio(one, other) >= ALIKE)


def _bare(text: str) -> str:
    """The words of a problem without its number and its stop."""
    return _NUMBER.sub("", "".join(text.split())).rstrip("。；")


def rectified(card: Scorecard) -> Found:
    """Last year's problems without a word on them, without a state, and words on no such problem."""
    department = card.department
    asked = last_problems(department)
    for row in answered(department):
        words = f"“{shortened(row.problem, QUOTED)}”"
        if row.field == "rectified":
            message = (
                f"上年报告的问题{words}没有写整改情况；请在 rectified 里写明做了什么、状态如何"
            )
            yield "rectified.missing", "warning", message, row.field
            continue
        missing = [
            name for name, filed in (("整改状态", row.state), ("整改情况", row.done)) if not filed
        ]
        if missing:
            hint = "（已整改、整改中、未整改）" if "整改状态" in missing else ""
            message = f"上年的问题{words}没有写{'和'.join(missing)}{hint}"
            yield "rectified.state", "warning", message, row.field
        if asked and not row.asked:
            message = f"{words}不在上年报告的问题里；请照上年的文字写，或确认是另加的"
            yield "rectified.unknown", "info", message, row.field
