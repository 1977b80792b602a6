"""How a workbook looks: fonts and colours, widths, sums that colour when they are wrong, A4 pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from perfkit.forms.department import PARTS
from perfkit.forms.layout import CHOICES, CLAIM, CONTENT, GUIDE, Block
from perfkit.quantities import plain
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.rubric import Rubric, called

_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
_EDGE = {"border": 1, "border_color": "#C3CAD5"}
_WRONG = {"bg_color": "#F8D7DA", "font_color": "#A4161A"}
_OPEN = "#FFFBE6"

WIDTHS = {
    "编号": 20, "填写项": 26, "资金来源": 14, "名称": 18, "字段": 40, "检查内容": 48, "指标": 24, CONTENT: 60,
    "说明": 40, "项目名称": 34, "完成情况": 60, "职责": 90, "科室名称": 24, "指标名称": 26, "年初值": 13,
    "调整值": 13, "完成值": 14, "偏差原因": 30, "答“是”的含义": 30, "理由": 36, "值": 30, "核对": 26,
    "所属指标": 10, "类别": 13, "分值": 8, "自评分": 8, "自评得分": 12, "计算符号": 9, "部门": 24,
    "评定得分率": 12, "计量单位": 9, "指标方向": 9, "确认指标值设定偏低": 12, "开始日期": 12, "结束日期": 12,
    "评价方式": 11, "评价得分": 9, "所填执行率": 11, "合格的答案": 9, "回答": 9, "环节名称": 14, "责任人": 14,
    "日期": 12, "得分": 9, "总的理由": 36, "单位名称": 24, "单位的参数文件": 24, "上年的问题": 48, "整改情况": 60,
    "整改状态": 11, "数据名称": 26, "填报数": 16, "单位": 9,
}  # fmt: skip
"""Widths of columns by their titles, in signs; others have 15."""

NOTES = {
    "部门": "黄色的格子是要填的；标“必填”的不能空。",
    "内设机构": "一个科室一行。",
    "预算": "金额单位万元；要用元就写明，如 350000元。比率带百分号。",
    "项目": "一个项目一行；金额单位万元，要用元就写明，如 350000元。不要合并单元格。",
    "指标": "一个三级指标一行。年初值写年初批复的；年中调整过的，在“调整值”写调整后的，按调整值计分。",
    "检查清单": "每一项回答“是”或“否”（评分标准允许的可答“不涉及”）。",
    "指标填报": "按“说明”填写各指标要的内容。",
    "另填数据": "评分标准要另填的数，按“单位”一列的单位填；没有的填 0。",
    "上年问题整改": "上年报告里的问题，一条一行，写明做了什么、是否整改完。",
    "二级单位": "部门本级和所属单位，一个单位一行，合起来应等于“预算”表的数；没有所属单位的不填。金额单位万元。",
    "评分环节": "自评以后的环节（财政核查、专家、征求意见、核定）给分时填，按时间先后，一个环节一个指标一行；部门自评时不填。"
    "没有改分的指标不用写；与前一环节不同的得分要写理由，几个指标同一理由的写在“总的理由”。",
    "其他字段": "程序导出的内容，没有表可放，导入时原样读回；不用填，也不要改。",
    "自评": "部门自己评的分；只用来与按规则计算的得分对照。",
    "文字说明": "每一段另起一行（Alt+Enter）。数字会与前面各表核对。",
}
"""What stands under the title of a sheet."""

NO_MONEY = {
    "项目": "一个项目一行。不要合并单元格。",
    "二级单位": "部门本级和所属单位，一个单位一行；没有所属单位的不填。",
}
"""The same where the rubric doesn't evaluate money."""

_GUIDE = (
    "本工作簿用 perfkit 生成：填好后运行 perfkit import 本文件，得到参数文件；或直接运行 perfkit run 本文件，得到报告。",
    "只填黄色的格子。其他格子有保护（没有密码），以免误改；要改列宽、行高、筛选、插入行都可以。",
    "金额默认单位是万元；也可以写明单位，如 350000元、1.2亿元。比率带百分号，如 99.88%。",
    "没有的就留空，是零就写 0；不要写“—”“/”“无”。",
    "不要合并单元格，不要在表中间写合计；“合计”“核对”由公式算出，变红的地方请核对。",
    "指标值：计算符号选 ≥（越高越好）、≤（越低越好）、=；写文字的选“定性”。",
    "完成值没有达到指标值，或大幅超过的，在“偏差原因”写明原因。",
    "列可以换位置、改窄改宽；列名请不要改。隐藏的行和表也会读入。",
    "公式可以用，但保存前要算出值；不要引用别的工作簿。",
    "有错误时，程序一次列出全部错误，写明工作表和单元格；改好再导入。",
)


LONGEST_LIST = 250
"""Signs of a drop-down list that stands in the cell's own rule; Excel takes 255."""

MOST_RANGES = 200
"""Ranges of cells that have one rule; Excel takes some 8000 signs for their names."""


TOTAL, OF_PROJECTS = PART_NAMES["total"], PART_NAMES["project"]
"""Rows of the budget that are held against others."""

LAST_ROW = 20_000
"""The last row of 项目 that is summed up by department."""


class Look:
    """The formats of a book, and what its sheets have in common."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.money = True
        self._opened: dict[tuple[str, bool], Any] = {}
        self._lists: dict[tuple[str, ...], str] = {}
        add = book.add_format
        self.title = add({**_FONT, "bold": True, "font_size": 14})
        self.note = add({**_FONT, "font_color": "#5A6473"})
        self.heading = add(
            {**_FONT, **_EDGE, "bold": True, "bg_color": "#E8ECF2", "text_wrap": True, "align": "center"}
        )  # fmt: skip
        label = {**_FONT, **_EDGE, "bg_color": "#F5F7FA", "text_wrap": True}
        self.label = add(label)
        self.owner = add({**label, "locked": False})
        self.remark = add({**_FONT, **_EDGE, "font_color": "#5A6473", "text_wrap": True})
        self.sum = add({**_FONT, **_EDGE, "bold": True, "num_format": "#,##0.00####"})
        self.plain = add({**_FONT, "text_wrap": True})
        self.wrong = add(_WRONG)

    def open(self, form: str, number: bool = False) -> Any:
        """The format of a cell to be filled in."""
        key = (form, number)
        if key not in self._opened:
            found = {**_FONT, **_EDGE, "bg_color": _OPEN, "locked": False}
            found |= {"align": "right"} if number or form not in ("", "@") else {"text_wrap": True}
            found |= {"num_format": form} if form else {}
            self._opened[key] = self.book.add_format(found)
        return self._opened[key]

    def guide(self, rubrics: Sequence[Rubric], many: bool) -> None:
        """The sheet of instructions."""
        sheet = self.book.add_worksheet(GUIDE)
        sheet.set_column(0, 0, 4)
        sheet.set_column(1, 1, 96)
        sheet.write_string(
            0, 1, f"{called(each.words.evaluation for each in rubrics)}填报表", self.title
        )
        named = "；".join(
            f"{each.name}（{each.id}），满分 {plain(each.points)} 分" for each in rubrics
        )
        sheet.write_string(1, 1, f"评分标准：{named}", self.note)
        self.money = any(rubric.has_money for rubric in rubrics)
        shown = {
            "金额": self.money,
            **dict.fromkeys(("指标值", "完成值"), any(rubric.groups for rubric in rubrics)),
        }
        lines = [
            text
            for text in _GUIDE
            if all(there or not text.startswith(begin) for begin, there in shown.items())
        ]
        if many:
            lines.insert(
                1,
                "一本里有几个部门：每张表第一列写部门，各表里的写法要一样；行不够时，在本部门的两行之间插入行。",
            )
        for row, text in enumerate(lines, 3):
            sheet.write_number(row, 0, row - 2, self.note)
            sheet.write_string(row, 1, text, self.plain)
            sheet.set_row(row, 15 * max(1, math.ceil(_width(text) / 96)) + 5)
        row = len(lines) + 4
        for rubric in rubrics:
            if len(rubrics) > 1:
                sheet.write_string(row, 1, f"{rubric.name}（{rubric.id}）", self.title)
                row += 1
            for indicator in rubric.everything:
                text = f"{indicator.name}（{rubric.most(indicator.id)}，编号 {indicator.id}）：{indicator.explanation}评分标准：{indicator.standard}"
                sheet.write_string(row, 1, text, self.plain)
                sheet.set_row(row, 15 * max(1, math.ceil(_width(text) / 92)) + 5)
                row += 1
        self.finish(sheet, True)

    def lists(self) -> None:
        """The hidden sheet with the lists that are too long to stand in a cell's own rule."""
        if self._lists:
            sheet = self.book.add_worksheet(CHOICES)
            sheet.hide()
            for row, word in enumerate(word for words in self._lists for word in words):
                sheet.write_string(row, 0, word)

    def begin(self, sheet: Any, name: str) -> int:
        """Title and note; the number of the next row."""
        sheet.write_string(0, 0, name, self.title)
        note = NOTES.get(name, "")
        sheet.write_string(1, 0, note if self.money else NO_MONEY.get(name, note), self.note)
        return 2

    def widths(self, sheet: Any, block: Block, first: int, headings: Sequence[str]) -> None:
        """The widths of the columns, by their titles."""
        if block.columns[0].title == CONTENT and block.sheet == "预算":
            return  # below the parts, whose columns it shares
        if block.at == ("reported", "scores"):
            return
        for at, heading in enumerate(headings):
            width = WIDTHS.get(heading.split("（")[0], 15)
            if block.sheet == "自评" and at == first + 1:
                width = 24
            sheet.set_column(at, at, width)

    def height(
        self,
        block: Block,
        label: str,
        words: str,
        values: Sequence[tuple[Any, Any]],
        remarks: Sequence[str],
    ) -> float:
        """The height of a row in points, so that its longest text can be read."""
        texts = [(words, WIDTHS.get(block.words, 20)), (label, WIDTHS.get(block.label, 20))]
        texts += [
            (str(value), WIDTHS.get(column.title, 15))
            for column, (value, _) in zip(block.columns, values, strict=True)
            if value is not None
        ]
        # Below the parts of the budget a remark stands in a column of figures.
        beside = 12 if block.sheet == "预算" and block.columns[0].title == CONTENT else 30
        texts += [(remark, beside) for remark in remarks]
        lines = max(
            sum(max(1, math.ceil((_width(part) + 1) / width)) for part in text.split("\n"))
            for text, width in texts
        )
        return min(15 * lines + 4, 400) if lines > 1 else 0

    def choose(
        self, sheet: Any, rows: Sequence[tuple[int, int]], column: int, words: tuple[str, ...],
        strict: bool,
    ) -> None:  # fmt: skip
        """A drop-down list in ranges of rows."""
        source: list[str] | str = list(words)
        if sum(map(len, words)) + len(words) > LONGEST_LIST or "," in "".join(words):
            if words not in self._lists:
                first = sum(map(len, self._lists)) + 1
                self._lists[words] = f"={CHOICES}!$A${first}:$A${first + len(words) - 1}"
            source = self._lists[words]
        told = f"可选：{'、'.join(words)}" if isinstance(source, list) else "请点单元格右边的箭头"
        for start in range(0, len(rows), MOST_RANGES):
            (top, bottom), *others = rows[start : start + MOST_RANGES]
            sheet.data_validation(
                top, column, bottom, column,
                {
                    "validate": "list", "source": source, "error_title": "请从列表中选",
                    "error_message": told[:255],
                    "error_type": "stop" if strict else "warning",
                    "other_cells": [[first, column, last, column] for first, last in others],
                },
            )  # fmt: skip

    def checks(
        self, sheet: Any, block: Block, first: int, top: int, bottom: int, sums_row: int | None,
        rubrics: Sequence[Rubric], rows: Sequence[int],
    ) -> None:  # fmt: skip
        """Sums and rates that colour when they are wrong; *rows* are those of each department."""
        from xlsxwriter.utility import xl_rowcol_to_cell as cell  # type: ignore[import-untyped]

        places = {column.title: first + bool(block.label) + bool(block.words) + i
                  for i, column in enumerate(block.columns)}  # fmt: skip
        after = first + bool(block.label) + bool(block.words) + len(block.columns)

        def span(title: str) -> str:
            column = places[title]
            return f"{cell(top, column, True, True)}:{cell(bottom, column, True, True)}"

        if block.columns[0].title == "全年预算数":
            self.parts(sheet, places, after + 1, top, bottom, rows)
        elif block.at == ("projects",) and "预算数" in places:
            self.rates(sheet, places["预算数"], places["支出数"], after, top, bottom)
            if sums_row is not None:
                sheet.write_string(sums_row, first, "合计（自动）", self.label)
                listed = [key for key in PARTS if key in rubrics[0].parts]
                for title, of in (("预算数", 2), ("支出数", 3)):
                    at = places[title]
                    sheet.write_formula(sums_row, at, f"=SUM({span(title)})", self.sum, 0)
                    if "project" not in listed:
                        continue
                    budget = f"预算!${'BC'[of - 2]}${4 + listed.index('project')}"
                    self.red(
                        sheet, sums_row, at,
                        f"=AND(ISNUMBER({budget}),COUNTA({span(title)})>0,"
                        f"COUNT({span(title)})=COUNTA({span(title)}),"
                        f"ABS({cell(sums_row, at)}-{budget})>0.000001)",
                    )  # fmt: skip
                if "project" in listed:
                    note = "与“预算”表的项目支出不同时变红"
                    sheet.write_string(sums_row, after, note, self.note)
        elif block.at == ("indicators",) and sums_row is not None:
            self.weights(sheet, places, span, sums_row, rubrics[0])
        elif block.at == ("reported", "scores"):
            at = places["自评得分"]
            self.red(
                sheet, top, at, f"=AND(ISNUMBER({cell(top, at)}),ISNUMBER(--{cell(top, after)}),"
                f"{cell(top, at)}>--{cell(top, after)})", bottom,
            )  # fmt: skip
        if block.at == ("indicators",) and CLAIM in places:
            at, points = places[CLAIM], places["分值"]
            self.red(
                sheet, top, at, f"=AND(ISNUMBER({cell(top, at)}),ISNUMBER({cell(top, points)}),"
                f"{cell(top, at)}>{cell(top, points)})", bottom,
            )  # fmt: skip

    def red(self, sheet: Any, top: int, column: int, formula: str, bottom: int = -1) -> None:
        """Colour the cells where *formula*, written for the first of them, holds."""
        sheet.conditional_format(
            top, column, max(top, bottom), column,
            {"type": "formula", "criteria": formula, "format": self.wrong},
        )  # fmt: skip

    def rates(self, sheet: Any, budget: int, spent: int, at: int, top: int, bottom: int) -> None:
        """The rate of each row, red where more was spent than budgeted."""
        from xlsxwriter.utility import xl_rowcol_to_cell as cell

        for row in range(top, bottom + 1):
            b, s = cell(row, budget), cell(row, spent)
            formula = (
                f'=IF(COUNT({b},{s})<2,"",IF({s}>{b},"支出大于预算",'
                f'IF({b}=0,"","执行率 "&TEXT({s}/{b},"0.00%"))))'
            )
            sheet.write_formula(row, at, formula, self.remark, "")
        self.red(sheet, top, at, f'={cell(top, at)}="支出大于预算"', bottom)

    def parts(
        self, sheet: Any, places: dict[str, int], at: int, top: int, bottom: int,
        each: Sequence[int],
    ) -> None:  # fmt: skip
        """资金总体 against the sum of its parts; *each* has the rows of a department, with it."""
        from xlsxwriter.utility import xl_rowcol_to_cell as cell

        budget, spent = places["全年预算数"], places["全年执行数"]
        self.rates(sheet, budget, spent, at, top, bottom)
        # One rule does for departments that have the same rows.
        blocks = [(top, each[0], bottom)]
        if len({*each}) > 1:
            ends = [*accumulate(each, initial=top)]
            blocks = [
                (start, rows, end - 1)
                for start, rows, end in zip(ends, each, ends[1:], strict=False)
            ]
        for begin, rows, end in blocks:
            first = begin + rows - 1  # 资金总体 of the first department, or the only one
            if rows < 2:
                continue  # one part is the whole
            for column in (budget, spent):
                parts = f"{cell(begin, column)}:{cell(first - 1, column)}"
                total, label = cell(first, column), cell(first, budget - 1, False, True)
                self.red(
                    sheet, first, column,
                    f'=AND({label}="{TOTAL}",ISNUMBER({total}),COUNT({parts})={rows - 1},'
                    f"ABS({total}-SUM({parts}))>0.000001)", end,
                )  # fmt: skip
        if len(each) < 2:
            return
        # The projects of several departments have no sum of their own: theirs is held against here.
        for column in (budget, spent):
            filed, label = cell(top, column), cell(top, budget - 1, False, True)
            owner = cell(top, 0, False, True)
            whose = f"项目!$A$4:$A${LAST_ROW}"
            letter = "DE"[column - budget]
            amounts = f"项目!${letter}$4:${letter}${LAST_ROW}"
            self.red(
                sheet, top, column,
                f'=AND({label}="{OF_PROJECTS}",ISNUMBER({filed}),'
                f'COUNTIFS({whose},{owner},{amounts},"<>")>0,'
                f"SUMPRODUCT(({whose}={owner})*ISTEXT({amounts}))=0,"
                f"ABS(SUMIF({whose},{owner},{amounts})-{filed})>0.000001)", bottom,
            )  # fmt: skip

    def weights(
        self, sheet: Any, places: dict[str, int], span: Any, row: int, rubric: Rubric
    ) -> None:
        """The points that the indicators of each group have been given, red if they don't add up."""
        at = places["所属指标"]
        weights, groups = span("分值"), span("所属指标")
        for number, code in enumerate(rubric.groups):
            group = rubric.indicator(code)
            column = at + 2 * number
            text = f"{group.name}分值合计（应为 {plain(group.points)}）"
            sheet.write_string(row, column, text, self.label)
            given = f'SUMIF({groups},"{group.name}",{weights})'
            sheet.write_formula(row, column + 1, f"={given}", self.sum, 0)
            wrong = f"=AND({given}<>0,ABS({given}-{plain(group.points)})>0.000001)"
            self.red(sheet, row, column + 1, wrong)
        sheet.set_row(row, 46)

    def finish(self, sheet: Any, protected: bool) -> None:
        """A4, as wide as the page, and what is not to be filled in protected."""
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.set_footer("&C&A　第 &P 页，共 &N 页")
        sheet.hide_gridlines(2)
        if protected:
            sheet.protect(
                "",
                dict.fromkeys(
                    ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows",
                     "sort", "autofilter"), True,
                ),
            )  # fmt: skip


def _width(text: str) -> float:
    """The width of a text in the signs that columns are measured in."""
    return sum(2 if sign >= "\u2000" else 1.1 for sign in text)
