"""评分表 as cells: what a rule kind puts into its rows of the score sheet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from perfkit.forms import paths
from perfkit.quantities import plain
from perfkit.scoring.scores import Score, StageScore
from perfkit.scoring.stages import stage_changes

if TYPE_CHECKING:
    from perfkit.scoring.rubric import RubricIndicator


SCORED = ("分值", "自评得分", "核定得分", "偏差原因", "指标解释", "评分标准")
"""The headings of the columns that every row ends with."""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second line below it, the rows and columns it spans, its kind.

    `kind` is ``label`` (a merged row label), ``num``, ``head`` (a heading
    inside the table) or empty; `of` is the key of a computed figure's derivation.
    """

    text: str
    note: str = ""
    rows: int = 1
    columns: int = 1
    kind: str = ""
    of: str = ""


def score_cells(score: Score, span: int = 1, cause: str | None = None) -> list[Cell]:
    """分值, 自评得分, a cell a stage, 核定得分 and 偏差原因 of a score, for so many rows.

    *cause* takes the place of what `cause_of` says.
    """
    awarded = score.awarded_words
    stages = [
        Cell(after_stage(one), rows=span, kind="num", of=one.field if one.given else "")
        for one in printed_stages(score)
    ]
    notes = []
    if score.awarded is not None and score.open_points:
        notes.append(f"{plain(score.open_points)}分待定")
    if score.override:
        by_rule = "待定" if score.by_rule is None else plain(score.by_rule)
        notes.append(f"按规则{by_rule}")
    claim = paths.claim(score.id) if score.reported is not None else ""
    return [
        Cell(score.points_words, rows=span, kind="num"),
        Cell(claimed(score.reported), rows=span, kind="num", of=claim),
        *stages,
        Cell(awarded, "，".join(notes), rows=span, kind="num", of=score.id),
        Cell(cause_of(score) if cause is None else cause, rows=span),
    ]


def printed_stages(score: Score) -> list[StageScore]:
    """The stages that have a column: all but 核定, which has 核定得分."""
    return [one for one in score.stages if not one.stage.final]


def after_stage(one: StageScore) -> str:
    """What a stage gave in its column; a dash where it gave nothing."""
    shown = one.given or one.summed
    return plain(one.points) if shown and one.points is not None else "—"


def claimed(points: Decimal | None) -> str:
    """自评得分 in its column."""
    return "—" if points is None else plain(points)


def cause_of(score: Score) -> str:
    """偏差原因: why points were lost or wait, and who awarded others than the rule."""
    # By whom stands once, below the table.
    if changes := stage_changes(score, whom=False):
        note = " ".join(score.indicator.note.split()) if score.indicator else ""
        return "；".join(filter(None, [note, *changes]))
    if score.override:
        override = score.override
        return f"{override.reason}（{override.stage}，{override.approver}核定）"
    if score.parts:
        return ""  # each part says its own
    if score.skipped:
        return f"不适用：{score.skipped}"
    if score.sign:
        return score.undecided or score.verdict
    said = [score.undecided] if score.undecided else []
    said += [f"{d.reason}，扣{plain(d.points)}分" for d in score.lost if d.points]
    return "；".join(said)


def explanation(indicator: RubricIndicator) -> str:
    """指标解释, with the 指标值 that has no column in the row."""
    value = f"指标值：{indicator.value}。" if indicator.value else ""
    return f"{value}{indicator.explanation}"
