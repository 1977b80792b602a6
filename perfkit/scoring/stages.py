"""评分环节: how a score goes on after the rules, 自评 → 财政核查 → 专家 → 征求意见 → 核定.

An indicator keeps the points of the last stage that gave it any; one that no
stage names keeps those of the rule. The total, the grade and the index are made
of these 核定得分; what the rule and every stage gave stays in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from perfkit.errors import Fault
from perfkit.forms.department import FINAL, Override, Reported, Stage
from perfkit.forms.fields import Loc
from perfkit.forms.paths import stage_score
from perfkit.quantities import day_in_words, parse_date, plain
from perfkit.scoring.scores import ZERO, Score, StageScore

CLAIM = "自评"
"""The stage that is not among the others: it is filed in ``reported``."""

BASIS = "核定得分是最后给出得分的环节的得分，没有环节给分的是按评分标准计算的得分；总分和等级由核定得分得出"
"""Which score counts."""

NO_REASON = "没有写明理由"


def after_stages(score: Score, stages: Sequence[Stage]) -> Score:
    """The score with what each stage gave it; the last to change it is its decision."""
    # Not what was awarded: of an indicator with parts that is what the stages left of it.
    points = None if score.open_points else score.by_rule
    way: list[StageScore] = []
    for i, stage in enumerate(stages):
        before = points
        field = stage_score(i, score.id)
        summed = any(part.stages[i].given for part in score.parts)
        if given := score.id in stage.scores:
            points = min(stage.scores[score.id], score.points)
        elif summed:
            points = sum((part.stages[i].points or ZERO for part in score.parts), ZERO)
        way.append(StageScore(stage, points, before, given, field, stage.why(score.id), summed))
    score = replace(score, stages=tuple(way))
    changes = [one for one in way if one.changed]
    if not changes:
        return score
    last = changes[-1]
    if last.points == score.awarded and not score.open_points:
        return score  # changed, and changed back
    decision = Override.model_construct(
        indicator=score.id,
        score=last.points or ZERO,
        reason=last.reason or NO_REASON,
        stage=last.stage.name,
        approver=last.stage.person,
    )
    return replace(score, awarded=last.points, override=decision)


def stage_changes(score: Score, whom: bool = True) -> list[str]:
    """Each change on the way of a score: 财政核查改为3分（李某，2024年4月10日）：理由."""
    return [
        f"{one.stage.name}{'定' if one.before is None else '改'}为{plain(one.points or ZERO)}分"
        f"{f'（{by_whom(one.stage)}）' if whom else ''}：{one.reason or NO_REASON}"
        for one in score.stages
        if one.changed
    ]


def stage_steps(score: Score) -> list[str]:
    """What each stage that gave points said, those that left them as they were too: 专家维持3分（王某，…）：理由."""
    changes = iter(stage_changes(score))
    return [
        next(changes)
        if one.changed
        else f"{one.stage.name}维持{plain(one.points or ZERO)}分（{by_whom(one.stage)}）"
        + (f"：{one.reason}" if one.reason else "")
        for one in score.stages
        if one.changed or one.given
    ]


def by_whom(stage: Stage) -> str:
    """责任人 and 日期."""
    return f"{stage.person}，{day_in_words(stage.date)}"


def claimed_by(reported: Reported) -> str:
    """自评人 and 自评日期, as far as they are filed."""
    day = day_in_words(reported.date) if reported.date else ""
    return "，".join(filter(None, (reported.person, day)))


def stage_faults(
    filed: Mapping[str, Any], fault: Callable[[Loc, str], Fault], unknown: Callable[[str], str]
) -> Iterator[Fault]:
    """What can't be in ``stages``; *filed* is not validated yet, *unknown* says what is no indicator."""
    listed = filed.get("stages")
    if not isinstance(listed, list) or not listed:
        return
    if filed.get("overrides"):
        message = (
            "有了 stages（评分环节），例外情况就写进其中的环节："
            "得分写在环节得分（scores）里，理由写在改分理由（reasons）里，批准人写作责任人（person）"
        )
        yield fault(("overrides",), message)
    names: list[str] = []
    rows = [(i, row) for i, row in enumerate(listed) if isinstance(row, dict)]
    for i, row in rows:
        name = str(row.get("name") or "").strip()
        if name == CLAIM:
            yield fault(
                ("stages", i, "name"), "自评写在自评结果（reported）里，这里从自评以后的环节写起"
            )
        elif name and name in names:
            message = f"环节“{name}”写了两次；同一环节的得分写在一起，两轮的请写作 {name}第二轮"
            yield fault(("stages", i, "name"), message)
        elif name == FINAL and i < len(listed) - 1:
            yield fault(("stages", i, "name"), f"“{FINAL}”是最后一个环节，应写在最后")
        names.append(name)
        yield from _score_faults(i, row, fault, unknown)
    yield from _both_faults(rows, fault)
    yield from _date_faults(filed, rows, fault)


def _score_faults(
    i: int,
    row: Mapping[str, Any],
    fault: Callable[[Loc, str], Fault],
    unknown: Callable[[str], str],
) -> Iterator[Fault]:
    scores, reasons = (
        found if isinstance(found := row.get(key), dict) else {} for key in ("scores", "reasons")
    )
    for name in scores:
        if message := unknown(name):
            yield fault(("stages", i, "scores", name), message)
    for name in reasons:
        if message := unknown(name):
            yield fault(("stages", i, "reasons", name), message)
        elif name not in scores:
            message = f"写了理由，而这个环节没有给“{name}”的得分（scores）；没有改分的不用写理由"
            yield fault(("stages", i, "reasons", name), message)


def _date_faults(
    filed: Mapping[str, Any],
    rows: list[tuple[int, dict[str, Any]]],
    fault: Callable[[Loc, str], Fault],
) -> Iterator[Fault]:
    reported = filed.get("reported")
    latest = None
    if isinstance(reported, dict):
        latest = _day(CLAIM, reported.get("date"))
    for i, row in rows:
        found = _day(str(row.get("name") or f"第{i + 1}个环节"), row.get("date"))
        if found and latest and found[1] < latest[1]:
            message = (
                f"{found[0]}的日期{day_in_words(found[1])}早于前面的{latest[0]}"
                f"（{day_in_words(latest[1])}）；环节按时间先后写，请核对日期或次序"
            )
            yield fault(("stages", i, "date"), message)
        latest = found or latest


def _day(name: str, written: Any) -> Any:
    try:
        return (name, parse_date(written)) if written else None
    except ValueError:
        return None  # the record tells it


def _both_faults(
    rows: list[tuple[int, dict[str, Any]]], fault: Callable[[Loc, str], Fault]
) -> Iterator[Fault]:
    """Indicators that get points both as a whole and in a part: which counts could not be said."""
    given: dict[str, int] = {}
    for i, row in rows:
        scores = row.get("scores")
        for name in scores if isinstance(scores, dict) else ():
            given.setdefault(name, i)
    for name, i in given.items():
        whole, dot, number = name.rpartition(".")
        if dot and number.isdigit() and whole in given:
            message = (
                f"“{whole}”和它的三级指标“{name}”都给了得分，不知以哪个为准；"
                "请只写三级指标的，或者只写合在一起的"
            )
            at, written = max((i, name), (given[whole], whole))
            yield fault(("stages", at, "scores", written), message)
