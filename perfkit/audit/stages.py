"""The stages (环节) of the scoring: what each changed, with a reason and within the points."""

from __future__ import annotations

from perfkit.audit.findings import Found
from perfkit.forms import paths
from perfkit.quantities import plain
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Score, walk
from perfkit.scoring.stages import by_whom


def on_another_scale(score: Score) -> str:
    """What to say of points above those of a score that is converted: they may be the rubric's own."""
    if score.native is None or score.skipped:
        return ""
    return f"；{plain(score.of_rubric)}分已折算为{plain(score.points)}分，请填折算后的得分"


def stages(card: Scorecard) -> Found:
    """Every change of a stage, those without a reason, and points above what an indicator has."""
    for i, stage in enumerate(card.department.stages):
        for score in walk(card.everything):
            one = score.stages[i]
            if not one.given:
                continue
            written = stage.scores[score.id]
            if written > score.points:
                message = (
                    f"{stage.name}给{score.name}{plain(written)}分，超过分值{plain(score.points)}分，"
                    f"按{plain(score.points)}分计{on_another_scale(score)}"
                )
                yield "stage.above_points", "error", message, one.field
            if not one.changed or one.points is None:
                continue
            before = "待定" if one.before is None else f"{plain(one.before)}分"
            how = "定" if one.before is None else "改"
            change = (
                f"{stage.name}（{by_whom(stage)}）"
                f"把{score.name}由{before}{how}为{plain(one.points)}分"
            )
            if not one.reason:
                message = f"{change}，没有写理由；请写明这个环节的改分理由（reasons）"
                yield "stage.no_reason", "error", message, one.field
            else:
                place = paths.stage(i, f"reasons.{score.id}")
                field = place if score.id in stage.reasons else one.field
                yield "stage.changed", "info", f"{change}：{one.reason}", field
