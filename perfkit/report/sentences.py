"""The sentences that state figures (数字的句子), written from the data, so that they agree with it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from perfkit.audit.narrative import Verdict, states
from perfkit.forms import paths
from perfkit.forms.department import Department, Project
from perfkit.quantities import day_in_words, money, percent, plain, rounding_shows, signed_money
from perfkit.report.stages import stage_sentences
from perfkit.scoring.filed import FIGURES, PART_NAMES, part_names
from perfkit.scoring.marked import (
    GRADE,
    HIGHEST,
    LOWEST,
    OPEN,
    TOTAL,
    awarded,
    count_key,
    figure,
    projects_key,
    section_key,
)
from perfkit.scoring.rubric import Section
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Score, walk

ZERO = Decimal(0)


def turning_fields(card: Scorecard) -> dict[str, str]:
    """Of each score, and each part of one, the paths of the filed values that it turns on."""
    found: dict[str, str] = {}
    for score in card.everything:
        found |= card.rubric.indicator(score.id).rule.turning_fields(score)
    return found


_NUMERALS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")
_ORDINALS = [f"{ten}{one}、" for ten in ("", "十", "二十") for one in _NUMERALS][1:]


def moved_up(number: str, left_out: Iterable[str]) -> str:
    """The number of a chapter (四、) after chapters that were *left_out*: 三、."""
    if number not in _ORDINALS:
        return number
    at = _ORDINALS.index(number)
    return _ORDINALS[at - sum(one in _ORDINALS[:at] for one in left_out)]


def checked(verdict: Verdict) -> Markup:
    """A figure that the department wrote, with its outcome for the review view."""
    lines = verdict.mention.text.splitlines()
    each = [Markup('<span data-checked="{}">{}</span>').format(verdict.outcome, s) for s in lines]
    return Markup("\n").join(each)


ROUNDED = "注：金额四舍五入保留两位小数，合计数、差额的尾差由此产生，未作调整。"
"""What is said where printed amounts don't add up, though those that were filed do."""


def execution_sentence(card: Scorecard, own: Iterable[Verdict] = ()) -> Markup:
    """资金总体 in words: budget, spending, the parts of both, and the rate.

    Empty where the department's *own* text says the three figures of 资金总体 itself: the parts
    stand in the table.
    """
    department, shown = card.department, card.budget_parts
    total = department.budget.overall
    rate = total.execution_rate
    text = department.texts.get("narrative.execution", "")
    if states(text, own, "total", {"budget": total.budget, "spent": total.spent, "rate": rate}):
        return Markup("")

    def amount(part: str, key: str) -> Markup:
        value = getattr(total if part == "total" else shown[part], key)
        return figure(f"{money(value)}万元", paths.part(part, key))

    def parts(key: str, words: str) -> Markup:
        each = [Markup("{}{}{}").format(PART_NAMES[p], words, amount(p, key)) for p in shown]
        return Markup("，").join(each)

    closing = Markup("预算执行率为{}。").format(
        figure(percent(rate or ZERO), paths.part("total", "rate"))
    )
    last = closing if rate is not None else "全年预算数为0，没有预算执行率。"
    if not shown:
        amounts = (amount("total", "budget"), amount("total", "spent"))
        return Markup("{}年全年预算数{}，全年执行数{}。{}").format(department.year, *amounts, last)
    return Markup("{}年全年预算数{}，其中，{}。{}支出{}，其中，{}。{}").format(
        department.year,
        amount("total", "budget"),
        parts("budget", "预算数"),
        card.rubric.words.total,
        amount("total", "spent"),
        parts("spent", ""),
        last,
    )


def surroundings_sentence(department: Department, own: Iterable[Verdict] = ()) -> Markup:
    """年初预算数, 结转结余总额 and where last year's rate is from, as far as they are filed.

    Without the figures that the department's *own* text says itself.
    """
    budget, found = department.budget, [*own]
    text = department.texts.get("narrative.execution", "")
    filed = {
        "initial": ("年初预算数", "budget.initial", budget.initial),
        "carryover": ("年末结转结余总额", "budget.carryover.amount", budget.carryover.amount),
    }
    clauses = [
        Markup("{}{}").format(name, figure(f"{money(value)}万元", of))
        for cue, (name, of, value) in filed.items()
        if value is not None and not states(text, found, "total", {cue: value})
    ]
    if budget.carryover.previous_source:
        clauses.append(Markup("上年结转结余率取自{}").format(budget.carryover.previous_source))
    return Markup("，").join(clauses) + "。" if clauses else Markup("")


def execution_rows(card: Scorecard) -> list[tuple[str, str, list[Markup]]]:
    """One row a part and the total: its key, its name, 预算数, 执行数, 执行率, 未支出."""
    rows = []
    names = part_names(card.rubric)
    overall = card.department.budget.overall
    for key, part in {"total": overall, **card.budget_parts}.items():
        rate = part.execution_rate
        shown = {
            "budget": money(part.budget),
            "spent": money(part.spent),
            "rate": percent(rate) if rate is not None else "—",
            "unspent": signed_money(part.unspent),
        }
        figures = [figure(text, paths.part(key, of)) for of, text in shown.items()]
        rows.append((key, names[key], figures))
    return rows


def execution_note(department: Department) -> str:
    """`ROUNDED` if the table of 资金总体 doesn't add up as it is printed."""
    budget = department.budget
    total, parts = budget.overall, [*budget.parts.values()]
    sums = [
        (total.budget, [part.budget for part in parts]),
        (total.spent, [part.spent for part in parts]),
        (total.unspent, [part.unspent for part in parts]),
        *((part.budget, [part.spent, part.unspent]) for part in (total, *parts)),
    ]
    return ROUNDED if any(rounding_shows(whole, found) for whole, found in sums) else ""


SHORT, MANY = 60, 4
"""Projects stand in a table if so many of them, and more than half, have a text of one line of
no more than so many characters, or none."""


@dataclass(frozen=True)
class ProjectText:
    """What is printed of one project: its figures, each with where it comes from, and its words.

    `sentence` is what its own paragraph says of the figures, `remark` what its row in the table says
    beside them.
    """

    number: int
    name: str
    evaluation: str
    score: str
    budget: str
    spent: Markup
    rate: Markup
    sentence: Markup
    remark: str
    filed: list[Markup]
    short: bool


def project_texts(
    department: Department,
    filed: Sequence[list[Markup]],
    own: Sequence[Iterable[Verdict]],
    with_money: bool = True,
) -> list[ProjectText]:
    """Of each project what is printed; *filed* are the paragraphs of its text, *own* its figures.

    Nothing is said of its amounts unless *with_money*.
    """
    found = []
    alike = evaluated_alike(department)
    for i, (project, words, verdicts) in enumerate(
        zip(department.projects, filed, own, strict=True)
    ):
        rate = project.execution_rate
        text = department.texts.get(paths.project(i, "narrative"), "")
        if project.spent is not None:
            spent = Markup(money(project.spent))
            of = paths.project(i, "rate")
        elif project.executed is not None:
            spent = figure(money(project.executed), paths.project(i, "executed"))
            of = ""
        else:
            spent, of = Markup("未填"), ""
        shown = "—" if rate is None else percent(rate)
        found.append(
            ProjectText(
                number=i,
                name=project.name,
                evaluation=project.evaluation,
                score="" if project.score is None else f"{plain(project.score)}分",
                budget=money(project.budget),
                spent=spent,
                rate=figure(shown, of) if of and rate is not None else Markup(shown),
                sentence=_project_sentence(i, project, text, [*verdicts], alike, with_money),
                remark=_term(project) + _derived_words(project),
                filed=words,
                short=len(words) <= 1 and len(text.strip()) <= SHORT,
            )
        )
    return found


@dataclass(frozen=True)
class ProjectTable:
    """The columns of the table of projects, and their widths in per cent."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    with_money: bool = True


def project_table(projects: Sequence[ProjectText], with_money: bool = True) -> ProjectTable | None:
    """The table, if so many projects have so few words that it reads better than paragraphs."""
    short = sum(project.short for project in projects)
    if short < MANY or 2 * short <= len(projects):
        return None
    scored = any(project.score for project in projects)
    first = ("序号", "项目", "评价方式及得分" if scored else "评价方式")
    if not with_money:
        return ProjectTable((*first, "说明"), (7, 22, 14, 57), with_money)
    columns = (*first, "预算", "支出", "执行率", "说明")
    longest = max(len(project.budget) for project in projects)
    amount = max(12, round(1.5 * longest + 2))
    widths = (7, 18, 12, amount, amount, 10)
    return ProjectTable(columns, (*widths, 100 - sum(widths)))


def project_note(department: Department) -> str:
    """`ROUNDED` if the projects' amounts don't add up to their sums as they are printed."""
    projects = department.projects
    for amounts in ([p.budget for p in projects], [p.executed for p in projects]):
        known = [amount for amount in amounts if amount is not None]
        if rounding_shows(sum(known, ZERO), known):
            return ROUNDED
    return ""


def evaluated_alike(department: Department) -> bool:
    """Whether all projects have one 评价方式, which is then said once."""
    return len({project.evaluation for project in department.projects}) == 1


def _term(project: Project) -> str:
    days = [day_in_words(day) if day else "" for day in (project.starts, project.ends)]
    if all(days):
        return f"实施期限{days[0]}至{days[1]}。"
    return f"{days[0]}开始。" if days[0] else f"{days[1]}结束。" if days[1] else ""


def _derived_words(project: Project) -> str:
    """By which rate 支出数 was worked out, where it wasn't filed."""
    if project.spent is not None or project.rate is None:
        return ""
    return f"支出数未填，按所填预算执行率{percent(project.rate, 4)}推算。"


def _project_sentence(
    i: int, project: Project, words: str, own: list[Verdict], alike: bool, with_money: bool
) -> Markup:
    """评价方式、期限、预算、支出、执行率、得分 of a project, as far as nothing else says them.

    评价方式 is left out where all have the same, figures that its *own* text says rightly and whole.
    """
    text = Markup("" if alike else f"{project.evaluation}项目。") + _term(project)
    told = {"budget": project.budget, "spent": project.spent, "rate": project.execution_rate}
    clauses = []
    if with_money and (project.spent is None or not states(words, own, "this", told)):
        clauses.append(_project_amounts(i, project))
    if project.score is not None and not states(words, own, "this", {"score": project.score}):
        clauses.append(Markup("评价得分{}分").format(plain(project.score)))
    return text + (Markup("，").join(clauses) + "。" if clauses else "")


def _project_amounts(i: int, project: Project) -> Markup:
    text = Markup("预算{}万元，").format(money(project.budget))
    if project.spent is not None:
        text += f"支出{money(project.spent)}万元"
        if project.execution_rate is not None:
            text += "，预算执行率"
            text += figure(percent(project.execution_rate), paths.project(i, "rate"))
        return text
    if project.executed is not None and project.rate is not None:
        text += f"支出数未填，按所填预算执行率{percent(project.rate, 4)}推算为"
        return text + figure(f"{money(project.executed)}万元", paths.project(i, "executed"))
    return text + "支出数未填"


def projects_sentence(department: Department, with_money: bool = True) -> Markup:
    """How many projects there are, and *with_money* their sums, and how many were fully executed."""
    projects = department.projects
    if not projects:
        return Markup("本年度没有列出项目。") + _evaluated(department)

    def count(rows: list[Project], of: str) -> Markup:
        return figure(f"{len(rows)}个", projects_key(of))

    def amount(values: list[Decimal], of: str) -> Markup:
        return figure(f"{money(sum(values, ZERO))}万元", projects_key(of))

    if not with_money:
        listed = Markup("本年度列出项目{}。").format(count(list(projects), "count"))
        return listed + _evaluated(department)
    known = [project.executed for project in projects if project.executed is not None]
    derived = [p for p in projects if p.spent is None and p.executed is not None]
    missing = [p for p in projects if p.executed is None]
    full = [p for p in projects if p.execution_rate is not None and p.execution_rate >= 1]
    notes = []
    if derived:
        notes.append(Markup("{}按所填执行率推算").format(count(derived, "derived")))
    if missing:
        notes.append(Markup("{}未填支出数").format(count(missing, "missing")))
    same = projects[0].evaluation if evaluated_alike(department) else ""
    both = "均" if len(projects) > 1 else ""
    return Markup("本年度列出项目{}，{}预算合计{}，支出合计{}{}；预算执行率达到100%的{}。").format(
        count(list(projects), "count"),
        f"{both}为{same}项目，" if same else "",
        amount([project.budget for project in projects], "budget"),
        amount(known, "executed"),
        Markup("（其中{}）").format(Markup("，").join(notes)) if notes else "",
        count(full, "full"),
    ) + _evaluated(department)


def _evaluated(department: Department) -> Markup:
    """The numbers of evaluated projects as the department states them."""
    counts = department.reported.projects
    if counts is None:
        return Markup("")
    words = Markup("部门填报单位自评项目{}，部门评价项目{}。")
    return words.format(
        figure(f"{counts.self_}个", paths.CLAIMED_PROJECTS),
        figure(f"{counts.department}个", paths.CLAIMED_PROJECTS),
    )


def figures_sentence(card: Scorecard) -> Markup:
    """另填数据: the figures that the rubric asks for, as far as they are filed."""
    filed = card.department.figures
    items = [
        Markup("{}{}").format(asked.name, figure(asked.shown(filed[name]), f"{FIGURES}{name}"))
        for name, asked in card.rubric.figures.items()
        if name in filed
    ]
    return Markup("所填数据：{}。").format(Markup("，").join(items)) if items else Markup("")


def goals_sentence(card: Scorecard) -> Markup:
    """产出、效果: how many 三级指标 each has and what they earned."""
    items = []
    for group in card.rubric.groups:
        score = card.score(group)
        if not score.parts:
            continue
        quantified = sum(1 for part in score.parts if part.indicator and part.indicator.quantified)
        items.append(
            Markup("{}设三级指标{}（定量{}），{}").format(
                score.name,
                figure(f"{len(score.parts)}个", count_key(group)),
                figure(f"{quantified}个", count_key(group)),
                awarded(score),
            )
        )
    return Markup("；").join(items) + "。" if items else Markup("")


def result_widths(card: Scorecard) -> tuple[int, ...]:
    """Widths in per cent of 指标, 分值, 得分, 自评 and 扣分原因 in the table of the scores.

    A rubric that rounds the total alone has scores of many digits, which no line breaks.
    """
    steps = [step.shown for step in card.steps]
    columns = (
        [score.points_words.lstrip("最多加扣") for score in card.everything],
        [*(score.awarded_words for score in card.everything), *steps],
        [plain(score.reported or ZERO) for score in card.everything],
    )
    points = [max(10, math.ceil(1.4 * max(map(len, words)) + 3)) for words in columns]
    left = 100 - sum(points)
    name = min(34, left // 2)
    return (name, *points, left - name)


def result_sentences(card: Scorecard, own: Iterable[Verdict] = ()) -> list[Markup]:
    """Total and grade, section by section, what is undecided, and the claim.

    The claim is left out where the department's *own* text says it.
    """
    department, rubric = card.department, card.rubric
    total = figure(plain(card.total), TOTAL)
    sentences = [
        Markup("按{}评分，{}{}年度{}得{}分（满分{}分），{}{}{}。其中，{}。").format(
            rubric.name,
            department.name,
            department.year,
            rubric.words.evaluation,
            total,
            plain(rubric.points),
            rubric.words.grade,
            "为" if card.grade else "",
            figure(card.grade or "待定", GRADE),
            Markup("，").join(
                Markup("{}{}").format(s.name, _section(card, s)) for s in rubric.sections
            ),
        )
    ]
    beside = [rubric.indicator(score.id).rule.said(score) for score in card.adjustments]
    if beside:
        sentences.append(Markup("加分、扣分项：") + Markup("").join(beside))
    met = [one.sentence for one in card.limits if one.applies is not False]
    if met:
        sentences.append(Markup("限制条件：{}。").format("；".join(met)))
    if card.open_points:
        least = card.lowest
        lowest = total if least == card.total else figure(plain(least), LOWEST)
        sentences.append(
            Markup("另有{}分待定，未计入总分：{}。全部定下后总分在{}分至{}分之间。").format(
                figure(plain(card.open_points), OPEN),
                "、".join(score.name for score in card.undecided),
                lowest,
                figure(plain(card.highest), HIGHEST),
            )
        )
    reported = department.reported
    claims = []
    if reported.total is not None:
        claims.append(Markup("{}分").format(figure(plain(reported.total), paths.CLAIMED_TOTAL)))
    if reported.grade:
        claims.append(Markup("等级{}").format(reported.grade))
    if claims and not _claimed(card, [*own]):
        sentences.append(Markup("部门自评{}。").format(Markup("，").join(claims)))
    changed = [s for s in walk(card.everything) if s.override and not s.stages]
    sentences += [_override_sentence(s) for s in changed]
    return sentences + stage_sentences(card)


def _claimed(card: Scorecard, own: list[Verdict]) -> bool:
    """Whether 评价得分情况 says the claimed total and grade in the department's own words."""
    reported = card.department.reported
    text = card.department.texts.get("narrative.result", "")
    if reported.total is not None and not states(text, own, "total", {"score": reported.total}):
        return False
    said = rf"(?:等级|结果|分)[，为是：:“]*{re.escape(reported.grade or '')}(?![一-鿿])"
    return not reported.grade or re.search(said, text) is not None


def _section(card: Scorecard, section: Section) -> Markup:
    of, points = section_key(section.id), plain(card.section_points(section.id))
    if all(card.score(indicator.id).awarded is None for indicator in section.indicators):
        return Markup("{}（{}分）").format(figure("待定", of), points)
    total = figure(plain(card.section_total(section.id)), of)
    return Markup("{}分（{}分）").format(total, points)


def _override_sentence(score: Score) -> Markup:
    override = score.override
    assert override is not None
    by_rule = "待定" if score.by_rule is None else f"{plain(score.by_rule)}分"
    return Markup("例外情况：{}按规则得分{}，经{}环节、{}同意，核定为{}分。理由：{}。").format(
        score.name,
        figure(by_rule, score.id),
        override.stage,
        override.approver,
        figure(plain(score.awarded or ZERO), score.id),
        override.reason,
    )


def lost_sentence(card: Scorecard) -> Markup:
    """What cost points by the rules, and how many; empty if nothing did."""
    # The parts of an indicator each have a derivation; after an override only the whole has.
    lowest = [
        part for s in card.scores for part in (s.parts if s.parts and not s.override else (s,))
    ]
    items = [
        Markup("{}，扣{}分").format(d.reason, figure(plain(d.points), s.id))
        for s in lowest
        for d in s.lost
        if d.points
    ]
    if not items:
        return Markup("")
    listed = Markup("；").join(items)
    return Markup("按评分标准扣分的有{}处：{}。").format(len(items), listed)
