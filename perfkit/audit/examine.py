"""审核: the findings a careful reviewer raises on a filing and its scorecard.

Each check is one small function that yields findings; `examine` runs them all
in the order of the report. A finding is never a fault of the file: the report
is made all the same, and the finding says what does not hold in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from perfkit.audit.findings import (
    DISPLAY_PLACES,
    LEVELS,
    Finding,
    Found,
    Level,
    Raised,
    named,
    tolerance,
)
from perfkit.audit.leftovers import LEFTOVERS
from perfkit.audit.narrative import Verdict, contradictions, verdicts
from perfkit.audit.rectified import rectified
from perfkit.audit.stages import on_another_scale, stages
from perfkit.audit.statements import STATEMENTS, UNDER_EXECUTED, taken_back
from perfkit.audit.units import units
from perfkit.fonts import code, printed, rare
from perfkit.forms import paths
from perfkit.forms.codes import FINDINGS
from perfkit.forms.department import HIGHER, LOWER, Department, Part, Project
from perfkit.forms.fields import field_words
from perfkit.quantities import halfwidth, percent, plain, rounded, signed
from perfkit.scoring.filed import (
    FIGURES,
    PART_NAMES,
    field_label,
    field_unit,
    filed_figure,
    part_names,
    with_unit,
)
from perfkit.scoring.kinds.chosen import Chosen
from perfkit.scoring.scorecard import Scorecard, stated_rates
from perfkit.scoring.scores import Score, walk
from perfkit.scoring.totals import grade_of, total_of
from perfkit.signs import named as named_sign
from perfkit.texts import numbers

ZERO = Decimal(0)

LISTED_SIGNS = 8
"""Of a text, signs that a finding names."""


@dataclass(frozen=True)
class SwitchedOff:
    """不再提示: a kind of finding that a person switched off, and how many findings that hid."""

    title: str
    reason: str
    by: str
    where: str
    count: int


@dataclass(frozen=True)
class Audit:
    """The findings on a filing, what was switched off with its reason, and each figure of its texts."""

    findings: list[Finding]
    off: list[SwitchedOff]
    figures: tuple[Verdict, ...]


def examine(card: Scorecard) -> Audit:
    """The findings on a scored filing, the gravest first, else in the order of the report.

    Those that the rubric or the filing switches off are only counted.
    """
    department = card.department
    switches = [("评分标准", card.rubric.id, off) for off in card.rubric.audit_off]
    switches += [
        ("参数文件", department.place(f"audit_off.{i}"), off)
        for i, off in enumerate(department.audit_off)
    ]
    hidden = [0] * len(switches)
    findings = []
    figures = tuple(verdicts(card))
    checked = [*(check(card) for check in CHECKS), contradictions(figures)]
    for raised in (Raised(*found) for check in checked for found in check):
        matching = [
            i
            for i, (_, _, off) in enumerate(switches)
            if off.code == raised.code and off.field in (None, raised.field)
        ]
        for i in matching[:1]:
            hidden[i] += 1
        if not matching:
            place = department.place(raised.field)
            findings.append(Finding(*raised[:4], place, raised.quote))
    gravity = [*LEVELS]
    findings.sort(key=lambda finding: gravity.index(finding.level))
    off = [
        SwitchedOff(FINDINGS[switch.code], switch.reason, by, where, count)
        for (by, where, switch), count in zip(switches, hidden, strict=True)
    ]
    return Audit(findings, off, figures)


def parts_against_total(card: Scorecard) -> Found:
    """基本＋项目＋其他 against 资金总体."""
    budget, listed = card.department.budget, card.rubric.parts
    if budget.total is None or not listed:
        return
    several = {2: "两部分合计", 3: "三部分合计"}
    said = several.get(len(listed), PART_NAMES[listed[0]])
    for key, words in (("budget", "全年预算数"), ("spent", "全年执行数")):
        parts = sum((getattr(part, key) for part in budget.parts.values()), ZERO)
        total = getattr(budget.total, key)
        if abs(parts - total) > tolerance(len(budget.parts)):
            yield (
                f"budget.total_{key}",
                "error",
                f"{card.rubric.words.total}{words} {plain(total)}万元，{said}{plain(parts)}万元，"
                f"相差{signed(parts - total)}万元",
                paths.part("total", key),
            )


def execution_rates(card: Scorecard) -> Found:
    """Stated rates against computed ones, and rates above 100 %."""
    department, names = card.department, part_names(card.rubric)
    budget, listed = department.budget, card.filed_parts
    if listed and (len(listed) > 1 or budget.total):
        yield from _rate(names["total"], paths.part("total"), budget.overall)
    for key, part in listed.items():
        # One part that is the whole has its name.
        name = names[key if len(listed) > 1 or budget.total else "total"]
        yield from _rate(name, paths.part(key), part)
    for i, project in enumerate(department.projects if listed else ()):
        yield from _rate(named(i, project), paths.project(i), project)


def _rate(name: str, field: str, item: Part | Project) -> Found:
    if item.spent is None:
        if item.rate is not None and item.rate > 1:
            yield (
                "rate.over_100",
                "error",
                f"{name}所填执行率{percent(item.rate)}超过100%",
                f"{field}.rate",
            )
        return
    if item.spent > item.budget:
        yield (
            "rate.over_100",
            "error",
            f"{name}执行数{plain(item.spent)}万元超过预算数{plain(item.budget)}万元"
            + (f"，执行率{percent(item.execution_rate or ZERO)}" if item.budget else "")
            + "；计分按100%封顶",
            f"{field}.spent",
        )
    actual = item.execution_rate
    if item.rate is None or not item.budget or actual is None:
        return
    if _rounds_to(actual, item.rate):
        if item.rate == 1 and actual != 1:
            yield (
                "rate.rounded_to_full",
                "info",
                f"{name}执行率为{percent(actual, 4)}，写作100%是四舍五入的结果",
                f"{field}.rate",
            )
        return
    yield (
        "rate.stated",
        "error",
        f"{name}所填执行率{percent(item.rate, 4)}，按支出÷预算应为{percent(actual)}",
        f"{field}.rate",
    )


def _rounds_to(actual: Decimal, stated: Decimal) -> bool:
    """Whether *stated* is *actual* rounded at its own decimals; 100 % only at two places."""
    exponent = (stated * 100).normalize().as_tuple().exponent
    places = max(0, -int(exponent))
    if stated == 1:
        places = DISPLAY_PLACES
    return rounded(actual * 100, places) == stated * 100


def projects_against_part(card: Scorecard) -> Found:
    """The projects' sums against 项目支出; missing spending is derived from the stated rate."""
    department, listed = card.department, card.rubric.parts
    projects, part = department.projects, department.budget.project
    if "project" not in listed:
        return
    # One part that is the whole has its name.
    name = part_names(card.rubric)["project" if len(listed) > 1 else "total"]
    if not projects:
        if (part.budget or part.spent) and not card.rubric.of_one_project:
            yield (
                "projects.none",
                "warning",
                f"{name}预算{plain(part.budget)}万元，但没有列出项目",
                paths.part("project", "budget"),
            )
        return
    allowed = tolerance(len(projects))
    budget = sum((project.budget for project in projects), ZERO)
    if abs(budget - part.budget) > allowed:
        yield (
            "projects.budget_sum",
            "error",
            f"{len(projects)}个项目预算合计{plain(budget)}万元，{name}预算"
            f"{plain(part.budget)}万元，相差{signed(budget - part.budget)}万元",
            paths.part("project", "budget"),
        )
    known = [project.executed for project in projects]
    if None not in known:
        spent = sum((amount for amount in known if amount is not None), ZERO)
        derived = [i for i, project in enumerate(projects) if project.spent is None]
        note = f"（其中第{numbers(derived)}项按所填执行率推算）" if derived else ""
        if abs(spent - part.spent) > allowed:
            yield (
                "projects.spent_sum",
                "error",
                f"{len(projects)}个项目支出合计{plain(spent)}万元{note}，{name}"
                f"{'' if len(listed) > 1 else '支出'}{plain(part.spent)}万元，相差{signed(spent - part.spent)}万元",
                paths.part("project", "spent"),
            )


def unspent_projects(card: Scorecard) -> Found:
    """A single project that left more unspent than 项目支出 as a whole."""
    department = card.department
    if "project" not in card.rubric.parts:
        return
    part = department.budget.project
    left = {i: p.budget - p.spent for i, p in enumerate(department.projects) if p.spent is not None}
    # What others overspent hides as much that is unspent.
    overspent = -sum((amount for amount in left.values() if amount < 0), ZERO)
    total = max(part.unspent + overspent, ZERO)
    for i, amount in left.items():
        if amount > total + tolerance(len(department.projects)):
            yield (
                "projects.unspent",
                "error",
                f"{named(i, department.projects[i])}未支出{plain(amount)}万元，"
                f"而项目支出总共只有{plain(total)}万元未支出",
                paths.project(i, "spent"),
            )


def project_rows(card: Scorecard) -> Found:
    """Missing spending, repeated names, mixed units, and the number of projects."""
    department = card.department
    for i, project in enumerate(department.projects):
        if project.spent is not None or not card.rubric.has_money:
            continue
        derived = "，也没有执行率，无法推算"
        if project.executed is not None:
            derived = f"，按所填执行率推算为{plain(project.executed)}万元"
        message = f"{named(i, project)}没有填写支出数{derived}"
        yield "projects.no_spending", "warning", message, paths.project(i)
    for name, count in Counter(project.name for project in department.projects).items():
        if count > 1:
            rows = [i for i, project in enumerate(department.projects) if project.name == name]
            message = f"项目名称“{name}”出现{count}次（第{numbers(rows)}项）"
            yield "projects.repeated", "warning", message, paths.project(rows[-1], "name")
    in_yuan = [i for i in range(len(department.projects)) if _unit(department, i) == "元"]
    if in_yuan and len(in_yuan) < len(department.projects):
        message = f"第{numbers(in_yuan)}项以元填写，其余以万元填写，单位不统一"
        yield "units.mixed", "warning", message, paths.project(in_yuan[0], "budget")
    claimed = department.reported.projects
    if claimed is not None:
        total = claimed.self_ + claimed.department
        if total != len(department.projects):
            yield (
                "projects.count",
                "warning",
                f"所填部门评价项目{claimed.department}个、单位自评项目{claimed.self_}个，"
                f"共{total}个，实际列出{len(department.projects)}个",
                paths.CLAIMED_PROJECTS,
            )


def _unit(department: Department, i: int) -> str:
    text = department.source.texts.get(("department", "projects", i, "budget"), "")
    return re.sub(r"[0-9.,\s]", "", halfwidth(text)) or "万元"


def indicators(card: Scorecard) -> Found:
    """三级指标: kinds without one, weights, and targets that were set too low."""
    department = card.department
    for group_id, rule in card.rubric.groups.items():
        group = card.score(group_id)
        rows = [row for row in department.indicators if row.group == group_id]
        used = {row.kind for row in rows}
        missing = [kind.name for kind in rule.kinds if kind.required and kind.id not in used]
        field = _group_field(department, group_id)
        if missing and rows:
            message = f"{group.name}没有设置{'、'.join(missing)}指标"
            yield "indicators.kinds_missing", "warning", message, field
        weights = [row.weight for row in rows]
        filed = sum((weight for weight in weights if weight is not None), ZERO)
        if rows and all(weight is None for weight in weights):
            how = f"按{plain(group.of_rubric)}分平均分配"
            if rule.no_weights == "stated":
                how = "采用自评的得分"
            message = f"{group.name}的{len(rows)}个三级指标没有分值，{how}"
            yield "indicators.weights_missing", "warning", message, field
        elif None in weights and filed <= group.of_rubric:
            left = plain(group.of_rubric - filed)
            message = f"{group.name}有三级指标没有分值，按余下的{left}分平均分配"
            yield "indicators.weights_missing", "warning", message, field
        elif rows and filed != group.of_rubric:
            sums = f"{group.name}三级指标分值合计{plain(filed)}，应为{plain(group.of_rubric)}"
            message = f"{sums}，已按比例折算"
            yield "indicators.weights_sum", "error", message, field
        for kind in rule.kinds:
            own = [p.points for p in group.parts if p.indicator and p.indicator.kind == kind.id]
            if kind.least is not None and own and sum(own, ZERO) < kind.least:
                message = (
                    f"{group.name}里{kind.name}的三级指标分值合计{plain(sum(own, ZERO))}分，"
                    f"评分标准规定不低于{plain(kind.least)}分；请调整各指标的分值"
                )
                yield "indicators.weights_least", "error", message, field
        yield from _low_targets(group, rule)
        yield from _directions(group)
        yield from _causes(group)


def _low_targets(group: Score, rule: Chosen) -> Found:
    for part in group.parts:
        row = part.indicator
        if row is not None and row.initial:
            before, now = row.with_unit(row.initial), row.with_unit(row.target)
            message = (
                f"“{row.name}”的指标值由年初的{before}调整为{now}，按调整后的计分；请核对有没有批复"
            )
            yield "indicators.adjusted", "info", message, part.field.replace(".actual", ".initial")
        if row is not None and part.direction and row.grade:
            message = f"“{row.name}”按数字计分，评定得分率{row.grade}没有采用"
            yield "indicators.grade_unused", "warning", message, part.field
        if row is not None and row.low_target and not (rule.overshoot and part.overshoot):
            why = "但超额没有达到扣分的幅度，没有扣分"
            if not rule.overshoot:
                why = "评分标准没有写扣多少，没有扣分；应扣的由评价人核定得分并写理由"
            message = f"“{row.name}”确认指标值偏低，{why}"
            level: Level = "info" if rule.overshoot or part.override else "warning"
            yield "indicators.low_target", level, message, part.field
        if part.overshoot is None or row is None or row.low_target:
            continue
        message = f"“{row.name}”超额完成{percent(part.overshoot)}，指标值可能偏低；"
        if rule.overshoot:
            message += "经确认偏低的请填 low_target: 是，按评分标准扣分"
        elif row.note:
            continue  # the cause is what the rubric asks for
        else:
            message += "请在 note 写明原因；确是偏低的由评价人核定得分并写理由"
        yield "indicators.low_target", "warning", message, part.field


def _directions(group: Score) -> Found:
    """Indicators scored as 正向 or 反向 though nobody said which they are."""
    for part in group.parts:
        row = part.indicator
        if row is not None and part.assumed and part.direction == LOWER:
            message = (
                f"“{row.name}”的指标值“{row.target}”没有写≥或≤，按反向指标（越低越好）计分；"
                "确是这样的请写≤或在指标方向（direction）填反向，越高越好的填正向"
            )
            yield "indicators.direction", "warning", message, part.field
    higher = [part for part in group.parts if part.assumed and part.direction == HIGHER]
    if higher:
        names = "、".join(f"“{part.name}”" for part in higher)
        message = (
            f"{group.name}有{len(higher)}个指标的指标值没有写≥或≤，按正向指标（越高越好）计分："
            f"{names}；越低越好的请写≤或在指标方向（direction）填反向"
        )
        yield "indicators.direction", "info", message, higher[0].field


def _causes(group: Score) -> Found:
    """Indicators that lost points without a word on the cause (偏差原因).

    Source:
        财预〔2020〕10号, 第十六条: 未完成绩效目标的, 应分析原因.
    """
    missed = [
        part
        for part in group.parts
        if part.deductions and part.overshoot is None
        if part.indicator is not None and not part.indicator.note
    ]
    if missed:
        names = "、".join(f"“{part.name}”" for part in missed)
        message = f"{group.name}有{len(missed)}个指标没有得满分，也没有写偏差原因（note）：{names}"
        yield "indicators.no_cause", "info", message, missed[0].field


def _group_field(department: Department, group: str) -> str:
    rows = (i for i, row in enumerate(department.indicators) if row.group == group)
    return paths.indicator(next(rows, 0)) if department.indicators else "indicators"


def full_marks(card: Scorecard) -> Found:
    """满分 that rest on the department's word: no figure, or projects that fell short."""
    department = card.department
    short = [
        i
        for i, project in enumerate(department.projects)
        if (rate := project.execution_rate) is not None and rate < UNDER_EXECUTED
    ]
    full = []
    for group_id in card.rubric.groups:
        group = card.score(group_id)
        claimed = group.reported if group.reported is not None else group.awarded
        if claimed != group.points or not group.parts:
            continue
        if not any(part.indicator and part.indicator.quantified for part in group.parts):
            full.append(group.name)
            message = (
                f"{group.name}得满分{plain(group.points)}分，"
                f"但{len(group.parts)}个指标没有一个可核对的数字"
            )
            field = _group_field(department, group_id)
            yield "full_marks.no_figure", "warning", message, field
    if full and short:
        rates = "、".join(
            f"第{i + 1}项{percent(rate)}"
            for i in short
            if (rate := department.projects[i].execution_rate) is not None
        )
        message = f"{'、'.join(full)}得满分，而{rates}，预算执行不足{percent(UNDER_EXECUTED)}"
        yield "full_marks.under_executed", "warning", message, paths.project(short[0])


def carryover_and_variance(card: Scorecard) -> Found:
    """结转结余 against the unspent total, and 预决算差异率 without its basis."""
    budget = card.department.budget
    total, carryover = budget.overall, budget.carryover
    if carryover.amount is not None:
        unspent = total.budget - total.spent
        _, gone = taken_back(card.department)
        # What the treasury took back may be counted or not.
        wrong = [abs(carryover.amount - left) > tolerance(2) for left in (unspent, unspent - gone)]
        if all(wrong):
            yield (
                "carryover.amount",
                "warning",
                f"结转结余{plain(carryover.amount)}万元，与全年预算数减执行数{plain(unspent)}万元"
                f"相差{signed(carryover.amount - unspent)}万元，请说明",
                paths.CARRYOVER,
            )
    yield from _rates_as_stated(card)


NO_BASIS = {
    paths.CARRYOVER_RATE: ("carryover.no_basis", "结转结余率", "总额"),
    paths.VARIANCE_RATE: ("variance.no_basis", "预决算差异率", "年初预算数"),
}


def figures(card: Scorecard) -> Found:
    """另填数据 above another figure that it should not be above."""
    department = card.department
    for name, figure in card.rubric.figures.items():
        value, limit = department.figures.get(name), figure.not_above
        most = filed_figure(department, limit) if limit else None
        if limit is None or value is None or most is None or value <= most:
            continue
        label, unit = field_label(limit, card.rubric), field_unit(limit, card.rubric)
        message = (
            f"{figure.name}{figure.shown(value)}大于{label}{with_unit(most, unit)}，请核对或说明"
        )
        yield "figures.above", "warning", message, f"{FIGURES}{name}"


def _rates_as_stated(card: Scorecard) -> Found:
    """The stated rates against what the rules of the rubric give."""
    rates = stated_rates(card)
    for field, rate in rates.items():
        if rate.stated is None:
            continue
        shown = percent(rate.stated, 4)
        code, name, basis = NO_BASIS.get(field, ("rate.no_basis", rate.name, rate.formula))
        if rate.computed is None:
            message = f"{name}{shown}没有{basis}可以复核，暂按所填计分"
            yield code, "error", message, field
        elif not _rounds_to(abs(rate.computed), abs(rate.stated)):
            message = f"所填{name}{shown}，按{rate.formula}应为{percent(rate.computed)}"
            yield "rate.stated", "error", message, field
    carryover, variance = (rates.get(field) for field in NO_BASIS)
    if carryover is None or variance is None or variance.stated is None:
        return
    if variance.computed is not None and _rounds_to(abs(variance.computed), abs(variance.stated)):
        return  # without a change during the year both are rightly the same
    rate_carried = carryover.computed if carryover.computed is not None else carryover.stated
    if rate_carried is not None and _rounds_to(rate_carried, variance.stated):
        yield (
            "variance.equals_carryover",
            "error",
            f"预决算差异率与结转结余率同为{percent(variance.stated, 4)}，"
            "两者算法不同，很可能误填，请按年初预算数重新计算",
            paths.VARIANCE_RATE,
        )


def claims(card: Scorecard) -> Found:
    """Claimed scores, total and grade against the computed ones; not against what stages changed."""
    card = card.before_stage(0)
    department, reported = card.department, card.department.reported
    for score in walk(card.everything):
        if score.reported is None or score.awarded is None or score.open_points:
            continue
        awarded = card.rubric.rounding.apply(score.awarded)
        if score.reported != awarded:
            by = "例外核定" if score.override else "按评分标准"
            scale = on_another_scale(score) if score.reported > score.points else ""
            yield (
                "claim.score",
                "error",
                f"{score.name}自评{plain(score.reported)}分，{by}为{plain(awarded)}分，未说明理由{scale}",
                paths.claim(score.id),
            )
    top = {score.id: score.reported for score in card.scores}
    claimed = [value for value in top.values() if value is not None]
    if reported.total is not None:
        # 加分项 and 扣分项 of which nothing is claimed count as none.
        adjusting = [(s.reported or ZERO) * s.sign for s in card.adjustments]
        ceilings = [limit.total for limit in card.met() if limit.total is not None]
        sums = total_of(card.rubric, claimed, adjusting, ceilings).points
        if len(claimed) == len(top) and sums != reported.total:
            yield (
                "claim.sum",
                "error",
                f"自评各项得分合计{plain(sums)}分，自评总分却是{plain(reported.total)}分",
                paths.CLAIMED_TOTAL,
            )
        if reported.total != card.total and not card.open_points:
            yield (
                "claim.total",
                "error",
                f"自评总分{plain(reported.total)}分，按评分标准为{plain(card.total)}分",
                paths.CLAIMED_TOTAL,
            )
        total = plain(reported.total)
        # 99 is neither in 99.5 nor in 99%.
        zeros = "0*" if "." in total else r"(?:\.0+)?"
        stated = rf"(?<![0-9.]){re.escape(total)}{zeros}(?![0-9.]{{0,20}}[0-9]|\s{{0,9}}%)"
        if not re.search(stated, halfwidth(department.narrative.result)):
            yield (
                "claim.total_not_in_text",
                "warning",
                f"自评总分{plain(reported.total)}分没有出现在评价得分情况的文字里",
                paths.CLAIMED_TOTAL,
            )
    if reported.grade is None:
        return
    words = {w: g.label for g in card.rubric.grades for w in (g.label, *g.also)}
    claimed_grade = words.get(reported.grade)
    if claimed_grade is None:
        known = "、".join(grade.label for grade in card.rubric.grades)
        message = f"自评等级“{reported.grade}”不是评分标准里的等级（{known}）"
        yield "claim.grade", "error", message, paths.CLAIMED_GRADE
    elif card.grade is not None and claimed_grade != card.grade:
        message = f"自评等级{reported.grade}，按评分标准{plain(card.total)}分为{card.grade}"
        yield "claim.grade", "error", message, paths.CLAIMED_GRADE
    elif reported.total is not None and reported.total <= card.rubric.points:
        implied = grade_of(card.rubric, reported.total, card.met()).label
        if implied != claimed_grade:
            message = (
                f"自评总分{plain(reported.total)}分对应{implied}，自评等级却是{reported.grade}"
            )
            yield "claim.grade", "error", message, paths.CLAIMED_GRADE


def undecided(card: Scorecard) -> Found:
    """What waits for a person's decision."""
    for score in card.undecided:
        message = f"{score.name}（{plain(score.points)}分）待定，未计入总分：{score.undecided}"
        if command := card.how_to_set(score):
            message += f"；补上它：{command}"
        yield "score.undecided", "warning", message, score.field


def limits(card: Scorecard) -> Found:
    """限制条件 that hold, or that nobody has answered."""
    for one in card.limits:
        if one.applies is None:
            message = f"限制条件“{one.limit.text}”没有填，总分和等级可能因此改变：请在 checks 下填 {one.limit.id}"
            yield "limit.open", "warning", message, "checks"
        elif one.applies:
            yield (
                "limit.applied",
                "info",
                f"限制条件成立：{one.sentence}",
                paths.check(one.limit.id),
            )


def replies(card: Scorecard) -> Found:
    """指标填报 that costs or earns points without a word on what it rests on."""
    for score in card.everything:
        reply = card.department.answers.get(score.id)
        if reply is None or reply.reason or not (reply.count or reply.rank):
            continue
        message = f"{score.name}填了{score.rate}，没有写说明（reason）"
        yield "answers.no_reason", "warning", message, paths.answer(score.id)


def overrides(card: Scorecard) -> Found:
    """例外情况: shown to every reader; one above the points is cut to them."""
    for i, override in enumerate(card.department.overrides):
        score = next(s for s in walk(card.everything) if s.id == override.indicator)
        if override.score > score.points:
            message = (
                f"{score.name}核定{plain(override.score)}分超过分值{plain(score.points)}分，"
                f"按{plain(score.points)}分计{on_another_scale(score)}"
            )
            yield "override.above_points", "error", message, paths.override(i, "score")
        by_rule = "待定" if score.by_rule is None else f"{plain(score.by_rule)}分"
        message = (
            f"{score.name}按规则{by_rule}，例外核定{plain(score.awarded or ZERO)}分："
            f"{override.reason}（{override.stage}，{override.approver}）"
        )
        yield "override.used", "info", message, paths.override(i)


def missing_texts(card: Scorecard) -> Found:
    """Chapters that would stand empty."""
    department, chapters = card.department, card.rubric.words.chapters
    texts = {
        "divisions": ("内设机构及职责", department.divisions),
        "objective": (chapters.objective.removesuffix("设立情况"), department.objective),
        paths.narrative("management"): (chapters.management, department.narrative.management),
        paths.narrative("problems"): ("存在的问题及原因分析", department.narrative.problems),
        paths.narrative("measures"): ("措施建议", department.narrative.measures),
    }
    for field, (words, content) in texts.items():
        if not content:
            yield "narrative.missing", "warning", f"没有填写{words}", field
    for i, project in enumerate(department.projects):
        if not project.narrative:
            message = f"{named(i, project)}没有填写完成情况"
            yield "narrative.missing", "warning", message, paths.project(i)


def unprinted_signs(card: Scorecard) -> Found:
    """Signs that no font of this machine has: their code stands in the report."""
    texts = {loc[1:]: text for loc, text in card.department.source.texts.items()}
    texts["rubric",] = card.rubric.model_dump_json()
    for loc, text in texts.items():
        signs = rare(text)
        if missing := sorted(signs - printed(signs).keys()):
            words = " / ".join(field_words(Department, loc))
            listed = "、".join(map(named_sign, missing[:LISTED_SIGNS]))
            more = f"等{len(missing)}个字" if len(missing) > LISTED_SIGNS else ""
            message = (
                f"{words}：这台电脑没有字体能印{listed}{more}，报告里印作{code(missing[0])}这样的"
                "编码；请换一个字，或者安装有这个字的字体（如宋体-ExtB、Noto）后再生成"
            )
            yield Raised("text.sign", "error", message, ".".join(map(str, loc)), code(missing[0]))


CHECKS: tuple[Callable[[Scorecard], Found], ...] = (
    parts_against_total,
    execution_rates,
    projects_against_part,
    unspent_projects,
    project_rows,
    carryover_and_variance,
    figures,
    indicators,
    full_marks,
    undecided,
    limits,
    replies,
    overrides,
    stages,
    units,
    rectified,
    claims,
    missing_texts,
    unprinted_signs,
    *STATEMENTS,
    *LEFTOVERS,
)
