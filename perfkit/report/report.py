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
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from perfkit import __version__
from perfkit.audit.examine import Audit, examine
from perfkit.audit.findings import LEVELS
from perfkit.audit.narrative import OUTCOMES, Verdict, verdicts
from perfkit.files import original
from perfkit.forms.department import Department
from perfkit.report.charts import (
    Bar,
    Chart,
    PointsBar,
    budget_and_spending,
    points_by_indicator,
    project_amounts,
    project_execution,
)
from perfkit.report.display import IDENTITY, Block, render
from perfkit.report.sentences import (
    checked,
    checklist_sentence,
    excess_sentence,
    execution_rows,
    execution_sentence,
    goals_sentence,
    lost_sentence,
    project_sentence,
    projects_sentence,
    result_sentences,
    turning_fields,
)
from perfkit.report.sheet import score_sheet
from perfkit.review.content import content_of
from perfkit.scoring.derivations import PART_NAMES, Derivation, derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import Checklist, Excess
from perfkit.scoring.scorecard import Scorecard, score
from perfkit.scoring.scores import Score

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

        Everything that a notebook prints of the report bears it; see `perfkit.publish.stated`.
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
