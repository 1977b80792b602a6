"""What the report says: one `Report` per department, one method per chapter.

The notebook calls these methods, a cell each. Sentences that state figures
are written here from the data, so that they cannot disagree with it; what the
department wrote itself stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from perfkit import __version__
from perfkit.audit import LEVELS, Finding, audit
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
from perfkit.display import Block, render
from perfkit.params import read_department
from perfkit.quantities import percent, plain, signed
from perfkit.rubric import Checklist, Excess, Section
from perfkit.scoring import Score, Scorecard, score, walk
from perfkit.sheet import score_sheet
from perfkit.yamlfile import unfolded

PART_NAMES = {"basic": "基本支出", "project": "项目支出", "other": "其他支出"}
ZERO = Decimal(0)


def open_report(department: str | Path | Mapping[str, Any]) -> Report:
    """The report of a parameter file, or of the mapping that ``papermill -f`` injects.

    Raises:
        PerfkitError: with all faults of the parameter file.
    """
    card = score(*read_department(department))
    return Report(card, audit(card))


@dataclass(frozen=True)
class Report:
    """部门整体绩效评价报告: what each chapter says and shows."""

    card: Scorecard
    findings: list[Finding]

    @property
    def department(self) -> Department:
        """The filing that the report is about."""
        return self.card.department

    @cached_property
    def heading(self) -> str:
        """The title: 区金融办整体绩效评价报告."""
        short = self.department.short_name
        return f"{short or self.department.name + '部门'}整体绩效评价报告"

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
        return Block(content, self.heading, {"perfkit": about})

    def divisions(self) -> Block:
        """机构设置及职责工作任务情况."""
        return self._block("divisions", "机构设置", divisions=self.department.divisions)

    def objective(self) -> Block:
        """部门整体绩效目标设立情况."""
        return self._text("部门整体绩效目标", self.department.objective)

    def execution(self) -> Block:
        """当年预算执行情况: amounts and rates of 资金总体 and its parts."""
        return self._block(
            "execution",
            "当年预算执行情况",
            sentence=execution_sentence(self.department),
            rows=execution_rows(self.department),
            filed=paragraphs(self.department.narrative.execution),
        )

    def projects(self) -> Block:
        """整体绩效目标实现情况: a paragraph for each project."""
        listed = [
            (i + 1, project.name, project_sentence(project), paragraphs(project.narrative))
            for i, project in enumerate(self.department.projects)
        ]
        return self._block(
            "projects",
            "整体绩效目标实现情况",
            sentences=[projects_sentence(self.department), goals_sentence(self.card)],
            projects=listed,
        )

    def management(self) -> Block:
        """预算管理情况分析."""
        sentences = [text for s in self.card.scores if (text := self._management_sentence(s))]
        filed = paragraphs(self.department.narrative.management)
        return self._block("paragraphs", "预算管理情况分析", derived=sentences, filed=filed)

    def _management_sentence(self, score: Score) -> str:
        rule = self.card.rubric.indicator(score.id).rule
        if isinstance(rule, Checklist):
            return checklist_sentence(score, rule)
        return excess_sentence(score) if isinstance(rule, Excess) else ""

    def result(self) -> Block:
        """评价得分情况: total, grade, the scores of each indicator, and the department's claim."""
        return self._block(
            "result",
            "评价得分情况",
            sentences=result_sentences(self.card),
            card=self.card,
            filed=paragraphs(self.department.narrative.result),
        )

    def problems(self) -> Block:
        """存在的问题及原因分析: what cost points, and what the department wrote."""
        lost = [d for s in self.card.scores for d in s.lost if d.points]
        items = [f"{d.reason}，扣{plain(d.points)}分" for d in lost]
        derived = [f"按评分标准扣分的有{len(items)}处：{'；'.join(items)}。"] if items else []
        filed = paragraphs(self.department.narrative.problems)
        return self._block("paragraphs", "存在的问题及原因分析", derived=derived, filed=filed)

    def measures(self) -> Block:
        """措施建议."""
        return self._text("措施建议", self.department.narrative.measures)

    def score_sheet(self) -> Block:
        """评分表, with all its columns and merged cells."""
        return self._block(
            "sheet", "评分表", tables=score_sheet(self.card), year=self.department.year
        )

    def derivations(self) -> Block:
        """得分推导: of each score the formula, its inputs with their places, the deductions."""
        return self._block("derivations", "得分推导", card=self.card)

    def review(self) -> Block:
        """审核意见: the findings, for the reviewer; not for publication."""
        counts = [
            (words, sum(finding.level == level for finding in self.findings))
            for level, words in LEVELS.items()
        ]
        return self._block(
            "review", "审核意见", findings=self.findings, counts=counts, levels=LEVELS
        )

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
        return budget_and_spending(
            [Bar(PART_NAMES[key], part.budget, part.spent) for key, part in parts.items()]
        )

    def chart_amounts(self) -> Chart | None:
        """图: 各项目金额; nothing without projects."""
        return project_amounts(self._bars()) if self.department.projects else None

    def chart_execution(self) -> Chart | None:
        """图: 各项目预算执行率; nothing without projects."""
        return project_execution(self._bars()) if self.department.projects else None

    def chart_points(self) -> Chart:
        """图: 各指标得分与失分."""
        return points_by_indicator(
            [PointsBar(score.name, score.points, score.awarded) for score in self.card.scores]
        )

    def _bars(self) -> list[Bar]:
        return [Bar(p.name, p.budget, p.executed) for p in self.department.projects]

    def _block(self, part: str, label: str, **values: Any) -> Block:
        return Block(render(part, **values), f"〔{self.heading}：{label}〕")

    def _text(self, label: str, text: str) -> Block:
        return self._block("paragraphs", label, derived=[], filed=paragraphs(text))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a filed text: each line is one."""
    lines = (unfolded(line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def execution_sentence(department: Department) -> str:
    """资金总体 in words: budget, spending, the parts of both, and the rate."""
    budget = department.budget
    total = budget.overall

    def parts(key: str, words: str) -> str:
        return "，".join(
            f"{PART_NAMES[name]}{words}{plain(getattr(part, key))}万元"
            for name, part in budget.parts.items()
        )

    rate = total.execution_rate
    return (
        f"{department.year}年全年预算数{plain(total.budget)}万元，其中，{parts('budget', '预算数')}。"
        f"资金总体支出{plain(total.spent)}万元，其中，{parts('spent', '')}。"
        + (
            f"预算执行率为{percent(rate)}。"
            if rate is not None
            else "全年预算数为0，没有预算执行率。"
        )
    )


def execution_rows(department: Department) -> list[tuple[str, str, str, str, str]]:
    """One row a part and the total: 项目, 预算数, 执行数, 执行率, 未支出."""
    named = {PART_NAMES[key]: part for key, part in department.budget.parts.items()}
    rows = []
    for name, part in {"资金总体": department.budget.overall, **named}.items():
        rate = part.execution_rate
        shown = percent(rate) if rate is not None else "—"
        rows.append((name, plain(part.budget), plain(part.spent), shown, signed(part.unspent)))
    return rows


def project_sentence(project: Project) -> str:
    """预算、支出、执行率 of one project, and where a figure was derived."""
    start = f"{project.evaluation}项目。预算{plain(project.budget)}万元，"
    if project.spent is not None:
        text = f"支出{plain(project.spent)}万元"
        if project.execution_rate is not None:
            text += f"，预算执行率{percent(project.execution_rate)}"
    elif project.executed is not None and project.rate is not None:
        text = f"支出数未填，按所填预算执行率{percent(project.rate, 4)}推算为{plain(project.executed)}万元"
    else:
        text = "支出数未填"
    if project.score is not None:
        text += f"，评价得分{plain(project.score)}分"
    return start + text + "。"


def projects_sentence(department: Department) -> str:
    """How many projects there are, their sums, and how many were fully executed."""
    projects = department.projects
    if not projects:
        return "本年度没有列出项目。"
    budget = sum((project.budget for project in projects), ZERO)
    executed = [project.executed for project in projects]
    known = [amount for amount in executed if amount is not None]
    full = sum(1 for p in projects if p.execution_rate is not None and p.execution_rate >= 1)
    text = f"本年度列出项目{len(projects)}个，预算合计{plain(budget)}万元，"
    text += f"支出合计{plain(sum(known, ZERO))}万元"
    derived = sum(1 for p in projects if p.spent is None and p.executed is not None)
    notes = [f"{derived}个按所填执行率推算"] if derived else []
    if missing := len(executed) - len(known):
        notes.append(f"{missing}个未填支出数")
    text += f"（其中{'，'.join(notes)}）" if notes else ""
    return text + f"；预算执行率达到100%的{full}个。"


def goals_sentence(card: Scorecard) -> str:
    """产出、效果: how many 三级指标 each has and what they earned."""
    items = []
    for group in card.rubric.groups:
        score = card.score(group)
        if not score.parts:
            continue
        quantified = sum(1 for part in score.parts if part.indicator and part.indicator.quantified)
        items.append(
            f"{score.name}设三级指标{len(score.parts)}个（定量{quantified}个），{_awarded(score)}"
        )
    return "；".join(items) + "。" if items else ""


def _awarded(score: Score) -> str:
    if score.awarded is None:
        return f"{plain(score.points)}分待定"
    text = f"得{plain(score.awarded)}分（分值{plain(score.points)}分"
    return text + (f"，{plain(score.open_points)}分待定）" if score.open_points else "）")


def checklist_sentence(score: Score, rule: Checklist) -> str:
    """A checklist in words: how many items passed, which did not."""
    if score.undecided:
        return f"{score.name}：{score.undecided}，{_awarded(score)}。"
    text = f"{score.name}检查{len(rule.items)}项，"
    if score.deductions:
        failed = "；".join(d.reason.removeprefix("不合格：") for d in score.deductions)
        text += f"其中{len(score.deductions)}项不合格：{failed}，"
    else:
        text += "全部合格，"
    return text + _awarded(score) + "。"


def excess_sentence(score: Score) -> str:
    """A rate against last year's or a benchmark, in words."""
    if score.awarded is None:
        return f"{score.name}：{score.undecided}，{_awarded(score)}。"
    if not score.verdict:  # decided by a person, where the rule could not
        return f"{score.name}：{score.undecided}；例外核定，{_awarded(score)}。"
    basis = "（采用部门所填）" if score.stated else ""
    return f"{score.name}为{score.rate}{basis}，{score.verdict}，{_awarded(score)}。"


def result_sentences(card: Scorecard) -> list[str]:
    """Total and grade, section by section, what is undecided, and the claim."""
    department, rubric = card.department, card.rubric
    sections = "，".join(f"{s.name}{_section(card, s)}" for s in rubric.sections)
    grade = f"，评价等级为{card.grade}" if card.grade else "，评价等级待定"
    sentences = [
        f"按{rubric.name}评分，{department.name}{department.year}年度部门整体绩效评价得"
        f"{plain(card.total)}分（满分{plain(rubric.points)}分）{grade}。其中，{sections}。"
    ]
    if card.open_points:
        waiting = "、".join(score.name for score in card.undecided)
        sentences.append(
            f"另有{plain(card.open_points)}分待定，未计入总分：{waiting}。"
            f"全部定下后总分在{plain(card.total)}分至{plain(card.total + card.open_points)}分之间。"
        )
    reported = department.reported
    if reported.total is not None:
        grade = f"，自评等级{reported.grade}" if reported.grade else ""
        sentences.append(f"部门自评{plain(reported.total)}分{grade}。")
    changed = [s for s in walk(card.scores) if s.override]
    sentences += [_override_sentence(s) for s in changed]
    return sentences


def _section(card: Scorecard, section: Section) -> str:
    if all(card.score(indicator.id).awarded is None for indicator in section.indicators):
        return f"待定（{plain(section.points)}分）"
    return f"{plain(card.section_total(section.id))}分（{plain(section.points)}分）"


def _override_sentence(score: Score) -> str:
    override = score.override
    assert override is not None
    by_rule = "待定" if score.by_rule is None else f"{plain(score.by_rule)}分"
    return (
        f"例外情况：{score.name}按规则得分{by_rule}，经{override.stage}环节、{override.approver}同意，"
        f"核定为{plain(score.awarded or ZERO)}分。理由：{override.reason}。"
    )
