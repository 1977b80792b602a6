"""评分环节 in the report: sentences, the columns of the score sheet, and what stands below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from markupsafe import Markup

from perfkit.forms import paths
from perfkit.forms.department import Stage
from perfkit.quantities import plain
from perfkit.scoring.cells import SCORED, Cell
from perfkit.scoring.marked import figure, stage_key
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Score, walk
from perfkit.scoring.stages import BASIS, NO_REASON, by_whom, claimed_by

AFTER = SCORED[1]
"""The heading that the columns of the stages follow: 自评得分."""


def stage_sentences(card: Scorecard) -> list[Markup]:
    """The way of the total through the stages, the rule by which it counts, and each change."""
    stages = card.department.stages
    if not stages:
        return []
    reported = card.department.reported
    steps = [Markup("按评分标准{}分").format(plain(card.before_stage(0).total))]
    if reported.total is not None:
        by = claimed_by(reported)
        claim = figure(plain(reported.total), paths.CLAIMED_TOTAL)
        steps.insert(0, Markup("自评{}分{}").format(claim, f"（{by}）" if by else ""))
    for i, stage in enumerate(stages):
        total = figure(plain(card.before_stage(i + 1).total), stage_key(i))
        steps.append(Markup("{}（{}）后{}分").format(stage.name, by_whom(stage), total))
    way = Markup("评分经过：{}。{}。").format(Markup("，").join(steps), BASIS)
    return [way, *(_changes(score) for score in walk(card.everything) if _changed(score))]


def _changed(score: Score) -> bool:
    return any(one.changed for one in score.stages)


def _changes(score: Score) -> Markup:
    by_rule = "待定" if score.by_rule is None else f"{plain(score.by_rule)}分"
    steps = [
        Markup("{}{}为{}分，理由：{}").format(
            one.stage.name,
            "定" if one.before is None else "改",
            figure(plain(one.points or Decimal(0)), one.field),
            one.reason.rstrip("。；") or NO_REASON,
        )
        for one in score.stages
        if one.changed
    ]
    return Markup("{}按规则得分{}，{}。").format(
        score.name, figure(by_rule, score.id), Markup("；").join(steps)
    )


def _printed(card: Scorecard) -> list[tuple[int, Stage]]:
    """The stages that have a column, with their numbers."""
    return [(i, stage) for i, stage in enumerate(card.department.stages) if not stage.final]


def with_stages(
    card: Scorecard, columns: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> tuple[Sequence[str], list[list[Cell]]]:
    """A table of the score sheet with a heading for each stage after 自评得分.

    The cells below them come with `perfkit.scoring.cells.score_cells`.
    """
    names = [stage.name for _, stage in _printed(card)]
    listed = [[*row] for row in rows]
    if not names or AFTER not in columns:
        return columns, listed
    at = [*columns].index(AFTER) + 1
    for row in listed:
        heads = [i for i, cell in enumerate(row) if cell.kind == "head" and cell.text == AFTER]
        for i in heads:
            row[i + 1 : i + 1] = [Cell(name, kind="head") for name in names]
    return [*columns[:at], *names, *columns[at:]], listed


def stage_totals(card: Scorecard) -> list[Cell]:
    """The total after each stage, below its column."""
    return [
        Cell(plain(card.before_stage(i + 1).total), kind="num", of=stage_key(i))
        for i, _ in _printed(card)
    ]


def stages_note(card: Scorecard) -> str:
    """Who gave the points of each stage and when, and which count; empty without stages."""
    stages = card.department.stages
    if not stages:
        return ""
    reported = card.department.reported
    by = claimed_by(reported)
    whom = [f"自评（{by}）"] if by else []
    whom += [f"{stage.name}（{by_whom(stage)}）" for stage in stages]
    below = "；环节列里的“—”是没有另外给分，合计是到该环节为止的总分" if _printed(card) else ""
    return f"评分环节：{'、'.join(whom)}。{BASIS}{below}。"
