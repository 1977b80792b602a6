"""What the report says: one `Report` per department, one method per chapter.

The notebook calls these methods, a cell each. Sentences that state figures
are written here from the data, so that they cannot disagree with it; what the
department wrote itself stands beside them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from perfkit import __version__
from perfkit.audit import Audit, examine
from perfkit.charts import (
    Bar,
    Chart,
    PointsBar,
    budget_and_spending,
    points_by_indicator,
    project_amounts,
    project_execution,
)
from perfkit.department import Department, Project
from perfkit.derivations import PART_NAMES, Derivation, derivations, figure
from perfkit.display import IDENTITY, Block, render
from perfkit.findings import LEVELS
from perfkit.narrative import OUTCOMES, Verdict, verdicts
from perfkit.params import read_department
from perfkit.quantities import day_in_words, percent, plain, signed
from perfkit.reviews import content_of
from perfkit.rubric import Checklist, Chosen, Excess, Section
from perfkit.scoring import Score, Scorecard, score, walk
from perfkit.sheet import score_sheet
from perfkit.workspace import original

ZERO = Decimal(0)


HANDED_OVER: dict[Path, Report] = {}
"""A report that this process has read a moment ago, for its notebook to take; once only."""


def open_report(department: str | Path | Mapping[str, Any]) -> Report:
    """The report of a parameter file, or of the mapping that ``papermill -f`` injects.

    Raises:
        PerfkitError: with all faults of the parameter file.
    """
    if isinstance(department, (str, Path)):
        department = Path(original(str(department)))
        known = HANDED_OVER.pop(department.resolve(), None)
        if known is not None:
            return known
    card = score(*read_department(department))
    return Report(card, examine(card))


@dataclass(frozen=True)
class Report:
    """部门整体绩效评价报告: what each chapter says and shows."""

    card: Scorecard
    audit: Audit

    @property
    def department(self) -> Department:
        """The filing that the report is about."""
        return self.card.department

    @cached_property
    def heading(self) -> str:
        """The title: 区金融办整体绩效评价报告."""
        short = self.department.short_name
        return f"{short or self.department.name + '部门'}整体绩效评价报告"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Which filing the report is of: 部门, 年度, the file and its SHA-256, the rubric's digest.

        Everything that a notebook prints of the report bears it; see `perfkit.stated`.
        """
        source = self.department.source
        return {
            "department": self.department.name,
            "year": self.department.year,
            "file": source.name,
            "sha256": source.sha256,
            "rubric": self.content["rubric"],
        }

    def title(self) -> Block:
        """标题, with what the exporters need to know about the document."""
        day = self.department.report_date
        about = {
            "title": self.heading,
            "department": self.department.name,
            "year": self.department.year,
            "date": day.isoformat() if day else None,
        }
        content = render("title", heading=self.heading, department=self.department)
        return Block(content, self.heading, {"perfkit": about, IDENTITY: self.identity})

    def divisions(self) -> Block:
        """机构设置及职责工作任务情况."""
        return self._block("divisions", "机构设置", divisions=self.department.divisions)

    def objective(self) -> Block:
        """部门整体绩效目标设立情况."""
        filed = self._filed("objective")
        return self._block(
            "paragraphs", "部门整体绩效目标", derived=[], filed=filed, field="objective"
        )

    def execution(self) -> Block:
        """当年预算执行情况: amounts and rates of 资金总体 and its parts."""
        return self._block(
            "execution",
            "当年预算执行情况",
            sentence=execution_sentence(self.department),
            rows=execution_rows(self.department),
            filed=self._filed("narrative.execution"),
        )

    def projects(self) -> Block:
        """整体绩效目标实现情况: a paragraph for each project."""
        listed = [
            (i, project.name, project_sentence(i, project), self._filed(f"projects.{i}.narrative"))
            for i, project in enumerate(self.department.projects)
        ]
        derived = [
            ("projects.sums", "projects", projects_sentence(self.department)),
            ("projects.goals", "indicators", goals_sentence(self.card)),
        ]
        labels = {
            part.field.removesuffix(".actual"): part.note.partition("：")[0]
            for score in self.card.scores
            for part in score.parts
        }
        notes = [
            (field, f"“{row.name}”的{labels.get(field, '说明')}：", self._filed(f"{field}.note"))
            for field, row in (
                (f"indicators.{i}", r) for i, r in enumerate(self.department.indicators)
            )
            if row.note
        ]
        return self._block(
            "projects", "整体绩效目标实现情况", derived=derived, projects=listed, notes=notes
        )

    def management(self) -> Block:
        """预算管理情况分析."""
        fields = turning_fields(self.card)
        derived = [
            (f"management.{score.id}", fields[score.id], self._management_sentence(score))
            for score in self.card.scores
        ]
        return self._narrative("management", "预算管理情况分析", derived)

    def _management_sentence(self, score: Score) -> Markup:
        rule = self.card.rubric.indicator(score.id).rule
        if isinstance(rule, Checklist):
            return checklist_sentence(score, rule)
        return excess_sentence(score) if isinstance(rule, Excess) else Markup("")

    def result(self) -> Block:
        """评价得分情况: total, grade, the scores of each indicator, and the department's claim."""
        return self._block(
            "result",
            "评价得分情况",
            sentences=result_sentences(self.card),
            card=self.card,
            filed=self._filed("narrative.result"),
        )

    def problems(self) -> Block:
        """存在的问题及原因分析: what cost points, and what the department wrote."""
        derived = [("problems.lost", "", lost_sentence(self.card))]
        return self._narrative("problems", "存在的问题及原因分析", derived)

    def measures(self) -> Block:
        """措施建议."""
        return self._narrative("measures", "措施建议", [])

    def score_sheet(self) -> Block:
        """评分表, with all its columns and merged cells."""
        return self._block(
            "sheet",
            "评分表",
            tables=score_sheet(self.card),
            year=self.department.year,
            fields=turning_fields(self.card),
        )

    def derivations(self) -> Block:
        """得分推导: of each score the formula, its inputs with their places, the deductions."""
        return self._block("derivations", "得分推导", card=self.card, derived=self._derived)

    def review(self) -> Block:
        """审核意见: the findings, for the reviewer; not for publication."""
        counts = [
            (words, sum(finding.level == level for finding in self.audit.findings))
            for level, words in LEVELS.items()
        ]
        return self._block(
            "review",
            "审核意见",
            audit=self.audit,
            counts=counts,
            levels=LEVELS,
            figures=Counter(v.outcome for found in self._figures.values() for v in found),
            outcomes=OUTCOMES,
            data=self._review_data(),
        )

    def _review_data(self) -> Markup:
        """What the review view of the page works with, as JSON that can stand in a script element."""
        data = {
            "content": self.content,
            "levels": LEVELS,
            "findings": [vars(finding) for finding in self.audit.findings],
            "derivations": {key: derivation.as_dict() for key, derivation in self._derived.items()},
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return Markup(text.replace("<", "\\u003c"))

    def colophon(self) -> Block:
        """What the report was made from: parameter file, rubric, version."""
        return self._block(
            "colophon",
            "版本记录",
            source=self.department.source,
            rubric=self.card.rubric,
            version=__version__,
        )

    def chart_parts(self) -> Chart:
        """图: 各部分预算与支出."""
        parts = self.department.budget.parts
        bars = [Bar(PART_NAMES[key], part.budget, part.spent) for key, part in parts.items()]
        return self._chart(budget_and_spending(bars))

    def chart_amounts(self) -> Chart | None:
        """图: 各项目金额; nothing without projects."""
        bars = self._bars()
        return self._chart(project_amounts(bars)) if bars else None

    def chart_execution(self) -> Chart | None:
        """图: 各项目预算执行率; nothing without projects."""
        bars = self._bars()
        return self._chart(project_execution(bars)) if bars else None

    def chart_points(self) -> Chart:
        """图: 各指标得分与失分."""
        scores = self.card.scores
        bars = [PointsBar(score.name, score.points, score.awarded) for score in scores]
        return self._chart(points_by_indicator(bars))

    def _bars(self) -> list[Bar]:
        return [Bar(p.name, p.budget, p.executed) for p in self.department.projects]

    def _block(self, part: str, label: str, **values: Any) -> Block:
        content = render(part, **values)
        return Block(content, f"〔{self.heading}：{label}〕", {IDENTITY: self.identity})

    def _chart(self, chart: Chart) -> Chart:
        return replace(chart, metadata={IDENTITY: self.identity})

    def _narrative(self, key: str, label: str, derived: list[tuple[str, str, Markup]]) -> Block:
        field = f"narrative.{key}"
        filed = self._filed(field)
        return self._block("paragraphs", label, derived=derived, filed=filed, field=field)

    @cached_property
    def content(self) -> dict[str, str]:
        """Digests of what the report says, which an acceptance is given for."""
        return content_of(self.card)

    @cached_property
    def _derived(self) -> dict[str, Derivation]:
        return derivations(self.card)

    @cached_property
    def _figures(self) -> dict[str, list[Verdict]]:
        """The figures that the department wrote in paragraphs, each with its verdict, by field."""
        found: dict[str, list[Verdict]] = {}
        for verdict in verdicts(self.card):
            if not verdict.field.startswith("divisions."):
                found.setdefault(verdict.field, []).append(verdict)
        return found

    def _filed(self, field: str) -> list[Markup]:
        """The paragraphs of a filed text, a line each; the review shows which figures hold."""
        text = self.department.texts.get(field, "")
        pieces, last = [], 0
        for verdict in self._figures.get(field, []):
            mention = verdict.mention
            pieces += [escape(text[last : mention.start]), checked(verdict)]
            last = mention.end
        pieces.append(escape(text[last:]))
        lines = (line.strip() for line in Markup("").join(pieces).splitlines())
        return [line for line in lines if line]


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
