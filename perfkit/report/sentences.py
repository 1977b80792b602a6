"""The sentences that state figures (数字的句子), written from the data, so that they agree with it."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from perfkit.audit.narrative import Verdict
from perfkit.forms.department import Department, Project
from perfkit.quantities import day_in_words, percent, plain, signed
from perfkit.scoring.derivations import PART_NAMES, figure
from perfkit.scoring.rubric import Checklist, Chosen, Excess, Section
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Score, walk

ZERO = Decimal(0)


def turning_fields(card: Scorecard) -> dict[str, str]:
    """Of each score, and each part of one, the paths of the filed values that it turns on."""
    found: dict[str, str] = {}
    for scored in card.scores:
        rule = card.rubric.indicator(scored.id).rule
        fields: list[str] = []
        if isinstance(rule, Checklist):
            fields = [f"checks.{item.id}" for item in rule.items]
        elif isinstance(rule, Excess):
            # 资金总体 has a row of its own.
            named = (rule.of, rule.stated, rule.over)
            fields = [field for field in named if not field.startswith("budget.total")]
        elif isinstance(rule, Chosen):
            found |= {part.id: part.field.removesuffix(".actual") for part in scored.parts}
        found[scored.id] = " ".join(fields)
    return found


def checked(verdict: Verdict) -> Markup:
    """A figure that the department wrote, with its outcome for the review view."""
    lines = verdict.mention.text.splitlines()
    each = [Markup('<span data-checked="{}">{}</span>').format(verdict.outcome, s) for s in lines]
    return Markup("\n").join(each)


def execution_sentence(department: Department) -> Markup:
    """资金总体 in words: budget, spending, the parts of both, and the rate."""
    budget = department.budget
    total = budget.overall

    def amount(part: str, key: str) -> Markup:
        value = getattr(total if part == "total" else budget.parts[part], key)
        return figure(f"{plain(value)}万元", f"budget.{part}.{key}")

    def parts(key: str, words: str) -> Markup:
        each = [Markup("{}{}{}").format(PART_NAMES[p], words, amount(p, key)) for p in budget.parts]
        return Markup("，").join(each)

    rate = total.execution_rate
    closing = Markup("预算执行率为{}。").format(figure(percent(rate or ZERO), "budget.total.rate"))
    return Markup("{}年全年预算数{}，其中，{}。资金总体支出{}，其中，{}。{}").format(
        department.year,
        amount("total", "budget"),
        parts("budget", "预算数"),
        amount("total", "spent"),
        parts("spent", ""),
        closing if rate is not None else "全年预算数为0，没有预算执行率。",
    )


def execution_rows(department: Department) -> list[tuple[str, str, list[Markup]]]:
    """One row a part and the total: its key, its name, 预算数, 执行数, 执行率, 未支出."""
    rows = []
    for key, part in {"total": department.budget.overall, **department.budget.parts}.items():
        rate = part.execution_rate
        shown = {
            "budget": plain(part.budget),
            "spent": plain(part.spent),
            "rate": percent(rate) if rate is not None else "—",
            "unspent": signed(part.unspent),
        }
        figures = [figure(text, f"budget.{key}.{of}") for of, text in shown.items()]
        rows.append((key, PART_NAMES[key], figures))
    return rows


def project_sentence(i: int, project: Project) -> Markup:
    """期限、预算、支出、执行率 of the project number *i* (from 0), and where a figure was derived."""
    days = [day_in_words(day) if day else "" for day in (project.starts, project.ends)]
    term = f"实施期限{days[0]}至{days[1]}。" if all(days) else ""
    if any(days) and not term:
        term = f"{days[0]}开始。" if days[0] else f"{days[1]}结束。"
    text = Markup("{}项目。{}预算{}万元，").format(project.evaluation, term, plain(project.budget))
    if project.spent is not None:
        text += f"支出{plain(project.spent)}万元"
        if project.execution_rate is not None:
            text += "，预算执行率"
            text += figure(percent(project.execution_rate), f"projects.{i}.rate")
    elif project.executed is not None and project.rate is not None:
        text += f"支出数未填，按所填预算执行率{percent(project.rate, 4)}推算为"
        text += figure(f"{plain(project.executed)}万元", f"projects.{i}.executed")
    else:
        text += "支出数未填"
    if project.score is not None:
        text += f"，评价得分{plain(project.score)}分"
    return text + "。"


def projects_sentence(department: Department) -> Markup:
    """How many projects there are, their sums, and how many were fully executed."""
    projects = department.projects
    if not projects:
        return Markup("本年度没有列出项目。") + _evaluated(department)

    def count(rows: list[Project], of: str) -> Markup:
        return figure(f"{len(rows)}个", f"projects.{of}")

    def amount(values: list[Decimal], of: str) -> Markup:
        return figure(f"{plain(sum(values, ZERO))}万元", f"projects.{of}")

    known = [project.executed for project in projects if project.executed is not None]
    derived = [p for p in projects if p.spent is None and p.executed is not None]
    missing = [p for p in projects if p.executed is None]
    full = [p for p in projects if p.execution_rate is not None and p.execution_rate >= 1]
    notes = []
    if derived:
        notes.append(Markup("{}按所填执行率推算").format(count(derived, "derived")))
    if missing:
        notes.append(Markup("{}未填支出数").format(count(missing, "missing")))
    return Markup("本年度列出项目{}，预算合计{}，支出合计{}{}；预算执行率达到100%的{}。").format(
        count(list(projects), "count"),
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
        figure(f"{counts.self_}个", "reported.projects"),
        figure(f"{counts.department}个", "reported.projects"),
    )


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
                figure(f"{len(score.parts)}个", f"{group}.count"),
                figure(f"{quantified}个", f"{group}.count"),
                _awarded(score),
            )
        )
    return Markup("；").join(items) + "。" if items else Markup("")


def _awarded(score: Score) -> Markup:
    if score.awarded is None:
        return Markup("{}分待定").format(figure(plain(score.points), score.id))
    waiting = Markup("")
    if score.open_points:
        waiting = Markup("，{}分待定").format(figure(plain(score.open_points), score.id))
    return Markup("得{}分（分值{}分{}）").format(
        figure(plain(score.awarded), score.id), plain(score.points), waiting
    )


def checklist_sentence(score: Score, rule: Checklist) -> Markup:
    """A checklist in words: how many items passed, which did not."""
    awarded = _awarded(score)
    if score.undecided:
        return Markup("{}：{}，{}。").format(score.name, score.undecided, awarded)
    result: str = "全部合格"
    if score.deductions:
        failed = "；".join(d.reason.removeprefix("不合格：") for d in score.deductions)
        count = figure(f"{len(score.deductions)}项", score.id)
        result = Markup("其中{}不合格：{}").format(count, failed)
    return Markup("{}检查{}项，{}，{}。").format(score.name, len(rule.items), result, awarded)


def excess_sentence(score: Score) -> Markup:
    """A rate against last year's or a benchmark, in words."""
    awarded = _awarded(score)
    if score.awarded is None:
        return Markup("{}：{}，{}。").format(score.name, score.undecided, awarded)
    if not score.verdict:  # decided by a person, where the rule could not
        return Markup("{}：{}；例外核定，{}。").format(score.name, score.undecided, awarded)
    basis = "（采用部门所填）" if score.stated else ""
    rate = figure(score.rate, score.id)
    return Markup("{}为{}{}，{}，{}。").format(score.name, rate, basis, score.verdict, awarded)


def result_sentences(card: Scorecard) -> list[Markup]:
    """Total and grade, section by section, what is undecided, and the claim."""
    department, rubric = card.department, card.rubric
    total = figure(plain(card.total), "total")
    sentences = [
        Markup(
            "按{}评分，{}{}年度部门整体绩效评价得{}分（满分{}分），评价等级{}{}。其中，{}。"
        ).format(
            rubric.name,
            department.name,
            department.year,
            total,
            plain(rubric.points),
            "为" if card.grade else "",
            figure(card.grade or "待定", "grade"),
            Markup("，").join(
                Markup("{}{}").format(s.name, _section(card, s)) for s in rubric.sections
            ),
        )
    ]
    if card.open_points:
        sentences.append(
            Markup("另有{}分待定，未计入总分：{}。全部定下后总分在{}分至{}分之间。").format(
                figure(plain(card.open_points), "open"),
                "、".join(score.name for score in card.undecided),
                total,
                figure(plain(card.total + card.open_points), "highest"),
            )
        )
    reported = department.reported
    claims = []
    if reported.total is not None:
        claims.append(Markup("{}分").format(figure(plain(reported.total), "reported.total")))
    if reported.grade:
        claims.append(Markup("等级{}").format(reported.grade))
    if claims:
        sentences.append(Markup("部门自评{}。").format(Markup("，").join(claims)))
    changed = [s for s in walk(card.scores) if s.override]
    sentences += [_override_sentence(s) for s in changed]
    return sentences


def _section(card: Scorecard, section: Section) -> Markup:
    of = f"section.{section.id}"
    if all(card.score(indicator.id).awarded is None for indicator in section.indicators):
        return Markup("{}（{}分）").format(figure("待定", of), plain(section.points))
    total = figure(plain(card.section_total(section.id)), of)
    return Markup("{}分（{}分）").format(total, plain(section.points))


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
