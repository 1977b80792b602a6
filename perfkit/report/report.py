"""What the report says: one `Report` per department, one method per chapter.

The notebook calls these methods, a cell each. Sentences that state figures
are written here from the data, so that they cannot disagree with it; what the
department wrote itself stands beside them.
"""

from __future__ import annotations

import sys
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
from perfkit.audit.narrative import OUTCOMES, Verdict
from perfkit.audit.rectified import answered
from perfkit.errors import PerfkitError
from perfkit.files import original
from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.options import Options
from perfkit.pages import embedded
from perfkit.report import charts
from perfkit.report.charts import Chart
from perfkit.report.display import IDENTITY, Block, render
from perfkit.report.frames import Frames
from perfkit.report.last_year import last_year_scores, last_year_spending
from perfkit.report.sentences import (
    checked,
    execution_note,
    execution_rows,
    execution_sentence,
    figures_sentence,
    goals_sentence,
    lost_sentence,
    moved_up,
    project_note,
    project_table,
    project_texts,
    projects_sentence,
    result_sentences,
    result_widths,
    surroundings_sentence,
    turning_fields,
)
from perfkit.report.sheet import score_sheet
from perfkit.report.units import unit_table, units_sentence
from perfkit.review.content import content_of, figures_of
from perfkit.scoring.derivations import Derivation, derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import Chapters
from perfkit.scoring.scorecard import Scorecard, score


def open_report(department: str | Path | Mapping[str, Any]) -> Report:
    """打开一个部门的报告：读参数文件、计分、审核，得到 report，下面各格都用它。

    括号里写 department（第一格里参数文件的路径，或 papermill -f 传来的内容），不要写死文件名，
    否则每个部门都会印同一份。参数文件有错时，在这里一次全部指出，写明行号和改法。

    The report of a parameter file, or of the mapping that ``papermill -f`` injects.

    Raises:
        PerfkitError: with all faults of the parameter file.
    """
    if isinstance(department, (str, Path)) and (injected := _injected()) is not None:
        department = injected
    if isinstance(department, (str, Path)):
        department = Path(original(str(department)))
    card = score(*read_department(department))
    return Report(card, examine(card))


def _injected() -> Mapping[str, Any] | None:
    """What ``papermill -f`` injects of a file whose outermost field is 部门: a variable of that name."""
    shell = sys.modules.get("IPython.core.getipython")
    running = shell.get_ipython() if shell else None
    found = running.user_ns.get("部门") if running is not None else None
    return found if isinstance(found, Mapping) else None


@dataclass(frozen=True)
class Report:
    """部门整体绩效评价报告：一格写一个方法，运行后就印出那一章、那张表或那幅图。

    输入 report. 后按 Tab 列出全部方法；光标放在方法的括号里按 Shift+Tab 显示它的说明：
    印什么、内容取自参数文件的哪个字段、怎么改。数字都由参数文件算出，改数字请改参数文件。
    report.card 是各指标的得分，report.audit 是审核意见，供自己的表和图取用。

    What each chapter of the report says and shows; a method of it is a cell of the template.
    """

    card: Scorecard
    audit: Audit

    @property
    def department(self) -> Department:
        """参数文件里填的全部内容，如 report.department.name、report.department.year。

        字段名与参数文件里的相同（budget、projects、indicators……）；只能读，要改就改参数文件。
        金额是以万元为单位的精确小数（Decimal）。The filing that the report is about.
        """
        return self.card.department

    @cached_property
    def options(self) -> Options:
        """自定参数：参数文件里 options 写的名称和值，如 df.head(report.options["top_n"])。

        参数文件里写 options: {top_n: 10}，各部门可以不同。10 是整数，0.5 是小数，是、否是 True、False，
        其余是文字，加了引号的一律是文字；方括号里的是列表。没有写的名称会报错，
        要有缺省值用 report.option("top_n", 5)。

        The department's own parameters for the notebook. Decimals are floats: no score reads one.
        """
        return Options(self.department.options)

    def option(self, name: str, default: Any = None) -> Any:
        """一个自定参数的值；参数文件的 options 里没有写时用第二个值：report.option("top_n", 5)。

        The option *name*, or *default* where the department has none.
        """
        return self.options.get(name, default)

    @cached_property
    def heading(self) -> str:
        """报告的标题，如“区金融办整体绩效评价报告”：取自 short_name（部门简称），没有时用 name。

        The title of the report.
        """
        department = self.department
        return self.card.rubric.words.title(department.name, department.short_name)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """这是哪一份报告：部门、年度、参数文件及其校验值、评分标准；程序核对用，不用改。

        Which filing the report is of: the file and its SHA-256, the rubric's digest. Everything that a notebook prints of the report bears it; see `perfkit.publish.stated`.
        """
        source = self.department.source
        return {
            "department": self.department.name,
            "year": self.department.year,
            # A department of a workbook is named as it is given, by a path into the book.
            "file": f"{source.name}/{source.part}.xlsx" if source.part else source.name,
            "sha256": source.sha256,
            "rubric": self.content["rubric"],
        }

    def title(self) -> Block:
        """标题、年度、部门全称和报告日期。

        取自 short_name、name、year、report_date。要换一种标题，删去这一格，用 Markdown 格写“# 标题”。

        With what the exporters need to know about the document.
        """
        day = self.department.report_date
        about = {
            "title": self.heading,
            "department": self.department.name,
            "year": self.department.year,
            "date": day.isoformat() if day else None,
            "record": self.record,
        }
        content = render("title", heading=self.heading, department=self.department)
        return Block(content, self.heading, {"perfkit": about, IDENTITY: self.identity})

    def chapter(self, number: str, name: str, level: int = 2) -> Block | None:
        """一章的标题：report.chapter("四、", "management") 印“四、预算管理情况分析”。

        序号照写；名称由评分标准的 words.chapters 决定：about 概况、divisions 机构设置、objective 绩效目标、
        execution 预算执行、goals 目标实现、management 指标评价、conclusion 结论、
        result 得分、problems 问题、measures 措施、annex 附件。level=3 是小标题。要用自己的标题，删去这一格，用 Markdown 格写。
        评分标准不评资金（parts: []）的，不印“预算执行”一章，后面各章的序号往前移。

        The heading of a chapter as the rubric calls it.
        """
        named = self.card.rubric.words.chapters.model_dump()
        if name not in named:
            known = "、".join(named)
            raise PerfkitError(f"report.chapter() 没有“{name}”这一章，可写的有：{known}")
        if name == "execution" and not self.card.rubric.has_money:
            self._left_out.add(number)
            return None
        number = moved_up(number, self._left_out)
        return self._block("chapter", named[name], words=f"{number}{named[name]}", level=level)

    @cached_property
    def _left_out(self) -> set[str]:
        """The numbers of the chapters that were left out, as the template has them."""
        return set()

    def divisions(self) -> Block:
        """机构设置及职责工作任务情况：一个科室一段。

        取自 divisions（name 科室名称、duties 职责）；文字原样印出。One paragraph a division.
        """
        return self._block("divisions", "机构设置", divisions=self.department.divisions)

    def objective(self) -> Block:
        """部门整体绩效目标设立情况。

        取自 objective；每一行是一段，原样印出。The department's objective, as filed.
        """
        filed = self._filed("objective")
        return self._block(
            "paragraphs", self._chapter.objective, derived=[], filed=filed, field="objective"
        )

    def execution(self) -> Block | None:
        """当年预算执行情况：一句话，部门的说明，和资金总体及各部分的金额、执行率表。

        数字取自 budget（basic、project、other、total），说明取自 narrative.execution；
        说明里写明并且写对了的数字，不再重复生成句子。评分标准不评资金（parts: []）的不印。
        Amounts and rates of 资金总体 and its parts.
        """
        if not self.card.rubric.has_money:
            return None
        own = self._figures.get("narrative.execution", [])
        return self._block(
            "execution",
            self._chapter.execution,
            derived=[
                ("execution", "budget", execution_sentence(self.card, own)),
                (
                    "execution.surroundings",
                    "budget.initial budget.carryover",
                    surroundings_sentence(self.department, own),
                ),
                ("execution.units", "units", units_sentence(self.card)),
            ],
            rows=execution_rows(self.card),
            units=unit_table(self.card),
            last_year=last_year_spending(self.card),
            total=self.card.rubric.words.total,
            note_words=execution_note(self.department),
            filed=self._filed(paths.narrative("execution")),
        )

    def projects(self) -> Block:
        """整体绩效目标实现情况：项目合计，指标完成情况，然后逐个项目；说明都很短的，列成一张表。

        取自 projects（预算、支出、评价得分、narrative 完成情况）和 indicators（note 偏差原因）。
        顺序就是参数文件里的顺序。The projects and what was achieved.
        """
        fields = [paths.project(i, "narrative") for i in range(len(self.department.projects))]
        money = self.card.rubric.has_money
        listed = project_texts(
            self.department,
            [self._filed(field) for field in fields],
            [self._figures.get(field, []) for field in fields],
            money,
        )
        derived = [("projects.goals", "indicators", goals_sentence(self.card))]
        if listed or not self.card.rubric.of_one_project:
            sums = ("projects.sums", "projects", projects_sentence(self.department, money))
            derived.insert(0, sums)
        if not money:  # there is no chapter on money, in which they stand
            derived.append(("projects.units", "units", units_sentence(self.card)))
        labels = {
            part.field.removesuffix(".actual"): part.note.partition("：")[0]
            for score in self.card.scores
            for part in score.parts
        }
        notes = [
            (field, f"“{row.name}”的{labels.get(field, '说明')}：", self._filed(f"{field}.note"))
            for field, row in (
                (paths.indicator(i), r) for i, r in enumerate(self.department.indicators)
            )
            if row.note
        ]
        return self._block(
            "projects",
            self._chapter.goals,
            derived=derived,
            projects=listed,
            table=project_table(listed, money),
            units=None if money else unit_table(self.card),
            note_words=project_note(self.department),
            notes=notes,
        )

    def management(self) -> Block:
        """预算管理情况分析：按检查清单和比率写出的句子，接着是部门的文字。

        取自 checks、answers、figures、budget.carryover、budget.variance 和 narrative.management。
        How the budget was managed.
        """
        fields = turning_fields(self.card)
        asked = [("management.figures", "figures", figures_sentence(self.card))]
        derived = asked + [
            (f"management.{score.id}", fields[score.id], rule.said(score))
            for score in self.card.scores
            for rule in [self.card.rubric.indicator(score.id).rule]
        ]
        return self._narrative("management", self._chapter.management, derived)

    def result(self) -> Block:
        """评价得分情况：总分、等级、各指标得分表，旁边是自评得分。

        得分由评分标准算出；自评取自 reported，环节得分取自 stages，例外核定取自 overrides，文字取自 narrative.result。
        Total, grade, the score of each indicator, and the department's claim.
        """
        return self._block(
            "result",
            self._chapter.result,
            sentences=result_sentences(self.card, self._figures.get("narrative.result", [])),
            card=self.card,
            widths=result_widths(self.card),
            filed=self._filed(paths.narrative("result")),
        )

    def problems(self) -> Block:
        """存在的问题及原因分析：程序写明在哪里失了分，接着是部门的文字。

        文字取自 narrative.problems。What cost points, and what the department wrote.
        """
        derived = [("problems.lost", "", lost_sentence(self.card))]
        return self._narrative("problems", self._chapter.problems, derived)

    def last_year(self) -> Block | None:
        """各项指标得分与上年比较的表；没有写 previous（上年参数文件）的不印。

        上年得分按上年自己的评分标准计算。Each indicator's score beside last year's.
        """
        rows = last_year_scores(self.card)
        if not rows:
            return None
        return self._block(
            "last_year_scores", "各项指标得分与上年比较", rows=rows, year=self.department.year
        )

    def rectified(self) -> Block | None:
        """上年问题整改情况（三）：上年报告的每个问题做了什么、整改到哪一步；没有上年的就不印。

        问题取自 previous（上年参数文件）的存在的问题和还没有整改完的，整改情况取自 rectified。
        标题也由这一格印出。要换标题，写 report.rectified_table()，上面用 Markdown 格写标题。

        What became of last year's problems; nothing where there was no last year.
        """
        return self._rectified("（三）上年问题整改情况")

    def rectified_table(self) -> Block | None:
        """上年问题整改的表，不带标题；见 report.rectified()。

        The same without its heading.
        """
        return self._rectified("")

    def _rectified(self, heading: str) -> Block | None:
        rows = answered(self.department)
        if not rows:
            return None
        return self._block("rectified", "上年问题整改情况", heading=heading, rows=rows)

    def measures(self) -> Block:
        """措施建议：部门的文字，取自 narrative.measures，每一行是一段。

        The measures, as the department wrote them.
        """
        return self._narrative("measures", self._chapter.measures, [])

    def score_sheet(self) -> Block:
        """评分表：全部指标的分值、得分和扣分原因，PDF 和 Word 里横排。

        指标和评分标准的文字取自评分标准，指标值、完成值取自 indicators。
        The score sheet, with all its columns and merged cells.
        """
        return self._block(
            "sheet",
            "评分表",
            tables=score_sheet(self.card),
            title=f"{self.department.year}年度{self.card.rubric.words.score_sheet}",
            fields=turning_fields(self.card),
        )

    def derivations(self) -> Block:
        """得分推导：每个得分的算式、依据在参数文件的哪一行、扣分的原因。

        全部由程序算出，没有可改的字段。Of each score the formula, its inputs, the deductions.
        """
        return self._block("derivations", "得分推导", card=self.card, derived=self._derived)

    def review(self) -> Block:
        """审核意见：合计不符、自评与规则不符、文字与数据不符等，供审核，不随报告公布。

        这一格带 review 标签，只出现在网页的审阅里。某条确实不适用时，在参数文件的 audit_off 里写明理由关掉。
        The findings, for the reviewer.
        """
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
        """What the review view of the page works with; its words come with the page."""
        return embedded(
            {
                "department": self.department.name,
                "year": self.department.year,
                "evaluation": self.card.rubric.words.evaluation,
                "content": self.content,
                "figures": figures_of(self.card),
                "findings": [vars(finding) for finding in self.audit.findings],
                "derivations": {key: found.as_dict() for key, found in self._derived.items()},
            }
        )

    def colophon(self) -> Block:
        """版本记录：报告由哪份参数文件、哪个评分标准、哪一版 perfkit 生成，各带校验值。

        全部由程序写出，没有可改的字段。What the report was made from.
        """
        return self._block("colophon", "版本记录", record=self.record)

    @property
    def record(self) -> str:
        """版本记录的文字，也写在 PDF 和 Word 的文档属性里。

        Parameter file, rubric, version; the documents carry it in their properties.
        """
        source = self.department.source
        of = f"，其中{source.part}所填内容的" if source.part else "，"
        file = f"参数文件{source.name}{of}SHA-256 {source.sha256}"
        if not source.name:
            file = "参数由 papermill 直接传入，没有找到参数文件"
        rubric, yearly = self.card.rubric, self.card.rubric.yearly
        set_apart = ""
        if any(self.department.year in years for years in yearly.values.values()):
            set_apart = f"，年度参数{yearly.source.name}，SHA-256 {yearly.source.sha256}"
        return f"{file}；评分标准{rubric.id}{set_apart}；perfkit {__version__}"

    @property
    def frames(self) -> Frames:
        """数据表（DataFrame）：budget、projects、indicators、scores、findings，筛选、排序、画图都行。

        DataFrames for one's own questions.
        """
        return Frames(self.card, self.audit)

    def chart_parts(self) -> Chart | None:
        """图：各部分预算与支出，取自 budget 的 basic、project、other；全都是 0、只有一部分的不画。

        不要这幅图就删去这一格。Budget and spending of each part, where there are several.
        """
        parts = self.card.budget_parts.values()
        if not any(part.budget or part.spent for part in parts):
            return None
        return self._chart(charts.parts(self.frames.budget))

    def chart_amounts(self) -> Chart | None:
        """图：各项目金额，取自 projects 的 budget 和 spent；没有项目就不画。

        Budget and spending of each project; nothing without projects, or without money.
        """
        if not self.department.projects or not self.card.rubric.has_money:
            return None
        return self._chart(charts.amounts(self.frames.projects))

    def chart_execution(self) -> Chart | None:
        """图：各项目预算执行率，取自 projects 的 spent ÷ budget，没有支出数时用 rate；没有项目就不画。

        The execution rate of each project; nothing without projects, or without money.
        """
        if not self.department.projects or not self.card.rubric.has_money:
            return None
        return self._chart(charts.execution(self.frames.projects))

    def chart_points(self) -> Chart:
        """图：各指标得分与失分，由评分标准算出。

        Points awarded and lost, by indicator.
        """
        return self._chart(charts.points(self.frames.scores))

    @property
    def _chapter(self) -> Chapters:
        return self.card.rubric.words.chapters

    def _block(self, part: str, label: str, **values: Any) -> Block:
        content = render(part, **values)
        return Block(content, f"〔{self.heading}：{label}〕", {IDENTITY: self.identity})

    def _chart(self, chart: Chart) -> Chart:
        return replace(chart, metadata={IDENTITY: self.identity})

    def _narrative(self, key: str, label: str, derived: list[tuple[str, str, Markup]]) -> Block:
        field = paths.narrative(key)
        filed = self._filed(field)
        return self._block("paragraphs", label, derived=derived, filed=filed, field=field)

    @cached_property
    def content(self) -> dict[str, str]:
        """报告内容的校验值：审阅通过以后，内容一变，通过就失效；程序用，不用改。

        Digests of what the report says, which an acceptance is given for.
        """
        return content_of(self.card)

    @cached_property
    def _derived(self) -> dict[str, Derivation]:
        return derivations(self.card)

    @cached_property
    def _figures(self) -> dict[str, list[Verdict]]:
        """The figures that the department wrote in paragraphs, each with its verdict, by field."""
        found: dict[str, list[Verdict]] = {}
        for verdict in self.audit.figures:
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
