"""上年: what the tables of the report show of last year's filing beside this year's."""

from __future__ import annotations

from decimal import Decimal

from perfkit.quantities import money, percent, plain, signed
from perfkit.scoring.scorecard import Scorecard

NONE = "—"


def last_year_spending(card: Scorecard) -> dict[str, tuple[str, str]]:
    """上年执行数 and how much more or less was spent since, by part; empty without a last year."""
    last = card.department.last_year
    if last is None or not last.listed_parts:
        return {}
    budget, before = card.department.budget, last.budget
    parts = {"total": (budget.overall, before.overall)}
    parts |= {key: (part, before.parts[key]) for key, part in card.budget_parts.items()}
    found = {}
    for key, (now, then) in parts.items():
        if key not in ("total", *last.listed_parts):
            found[key] = (NONE, NONE)
            continue
        change = "—"
        if then.spent:
            rate = (now.spent - then.spent) / then.spent
            change = ("+" if rate > 0 else "−" if rate < 0 else "") + percent(abs(rate))
        found[key] = (money(then.spent), change)
    return found


def last_year_scores(card: Scorecard) -> list[tuple[str, str, str, str]]:
    """Of each indicator, and of all together: its name, last year's and this year's score, the change.

    Empty without a last year.
    """
    last = card.last_year
    if last is None:
        return []
    before, after = _shown(last), _shown(card)
    rows = [
        (
            name,
            before.get(name, NONE),
            after.get(name, NONE),
            _change(before.get(name), after.get(name)),
        )
        for name in dict.fromkeys([*after, *before])
    ]
    total = (_total(last), _total(card))
    return [*rows, ("合计", *total, _change(*total))]


def last_year_shares(card: Scorecard) -> dict[str, Decimal]:
    """上年得分率: last year's 得分 ÷ 分值 of each indicator that was decided, by name."""
    last = card.last_year
    if last is None:
        return {}
    return {
        one.name: one.awarded / one.points
        for one in last.scores
        if one.awarded is not None and one.points and not one.open_points
    }


def _total(card: Scorecard) -> str:
    left = f"（另有{plain(card.open_points)}分待定）" if card.open_points else ""
    return plain(card.total) + left


def _shown(card: Scorecard) -> dict[str, str]:
    """What the total adds up from, by name."""
    waiting = {score.name for score in card.everything if score.open_points}
    return {
        name: "待定" if points is None or name in waiting else plain(points)
        for name, points in card.counted.items()
    }


def _change(before: str | None, after: str | None) -> str:
    if before is None or after is None or "待定" in before + after:
        return NONE
    return signed(Decimal(after) - Decimal(before))
