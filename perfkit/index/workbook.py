"""summary.xlsx: the index as a workbook (汇总表)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from typing import Any

from perfkit.audit.findings import LEVELS
from perfkit.index.last_year import Together, together
from perfkit.index.rows import (
    FAILURE,
    REPORTS,
    UNDECIDED,
    ZERO,
    Alike,
    Column,
    Kind,
    Row,
    above_columns,
    amount_columns,
    columns_of,
    heading,
    lost_points,
    score_columns,
    stage_columns,
    year_columns,
)
from perfkit.index.units import departments
from perfkit.review.letter import row_height
from perfkit.review.record import CHECKS
from perfkit.review.record import STATES as REVIEWS
from perfkit.texts import shortened

_CREATED = datetime(2000, 1, 1)
"""In the workbook's properties, instead of a clock."""

_NUMBER_FORMATS: dict[Kind, str] = {
    "points": "0.00##",
    "stage": "0.00##",
    "amount": "#,##0.00####",
    "signed": "+0.00##;-0.00##;0.00",
    "rate": "0.00%",
    "count": "0",
    "year": "0",
}


def workbook(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> bytes:
    """The bytes of summary.xlsx: sheets 汇总, a row a department, 失分, by indicator, 环节 and 雷同; 金额, 指标得分, 与上年比较, 审核意见 and 审阅意见."""
    import xlsxwriter  # type: ignore[import-untyped]

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": heading(rows), "created": _CREATED})
        look = _look(book)
        _overview(book.add_worksheet("汇总"), rows, look)
        done = [row for row in rows if row.state == "done"]
        for name, columns in {
            "金额（万元）": amount_columns(rows),
            "指标得分": score_columns(rows),
            "与上年比较": year_columns(rows),
        }.items():
            if columns:
                own = [*above_columns(rows), *columns]
                _figures(book.add_worksheet(name), done, own, look)
        if pairs := together(rows):
            _texts(book.add_worksheet("两年合计"), TOGETHER, _together(pairs), look)
        _losses(book.add_worksheet("失分"), rows, look)
        if any(row.findings for row in rows):
            _texts(book.add_worksheet("审核意见"), FINDINGS, _findings(rows), look)
        if any(row.remarks for row in rows):
            _texts(book.add_worksheet("审阅意见"), REMARKS, _remarks(rows), look)
        if any(row.review_note for row in rows):
            _texts(book.add_worksheet("审阅结论"), NOTES, _notes(rows), look)
        if any(row.ways for row in rows):
            _ways(book.add_worksheet("环节"), rows, look)
        if alike:
            _alike(book.add_worksheet("雷同"), rows, alike, look)
    return file.getvalue()


def _look(book: Any) -> dict[str, Any]:
    font = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
    edge = {"bottom": 1, "bottom_color": "#D4D9E1"}
    heading = {"bold": True, "bg_color": "#E8ECF2", "text_wrap": True, "align": "center"}
    look = {
        kind: book.add_format({**font, **edge, "num_format": number})
        for kind, number in _NUMBER_FORMATS.items()
    }
    return look | {
        "text": book.add_format({**font, **edge}),
        "wrapped": book.add_format({**font, **edge, "text_wrap": True, "valign": "top"}),
        "above": book.add_format({**font, **edge, "num_format": "0.00##", "valign": "top"}),
        "failed": book.add_format({**font, **edge, "font_color": "#A4161A"}),
        "link": book.add_format({**font, **edge, "font_color": "#1F4E9E", "underline": 1}),
        "heading": book.add_format({**font, **edge, **heading}),
        "sum": book.add_format({**font, "bold": True, "num_format": "0.00##"}),
    }


def _overview(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    endings = {**REPORTS, FAILURE: "出错详情"}
    columns = [column for column in columns_of(rows) if column.view == "main"]
    at = [column.key for column in columns].index("reported") + 1
    columns[at:at] = stage_columns(rows)[1:-1]  # 自评 and 得分 stand there already
    titles = [column.title for column in columns] + list(endings.values())
    widths = [column.width for column in columns] + [8] * len(REPORTS) + [10]
    printed = 1 + [column.key for column in columns].index("remarks")
    for i, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(i, i, width)
        sheet.write_string(0, i, title, look["heading"])
    for r, row in enumerate(rows, 1):
        words = look["failed" if row.state == "failed" else "text"]
        for c, column in enumerate(columns):
            _write(sheet, r, c, column.value(row), look.get(column.kind, words))
        for c, (ending, label) in enumerate(endings.items(), len(columns)):
            if row.has(ending):
                target = f"external:{_in_workbook(row.name)}{ending}"
                sheet.write_url(r, c, target, look["link"], label)
    _finish(sheet, 0, len(rows), len(titles) - 1, sum(widths[:printed]))
    # Links and file names are for the screen.
    sheet.print_area(0, 0, len(rows), printed - 1)


def _figures(
    sheet: Any, rows: Sequence[Row], columns: Sequence[Column], look: dict[str, Any]
) -> None:
    """A row a department, a column a figure; what is undecided is said."""
    sheet.set_column(0, 0, 36)
    sheet.write_string(0, 0, "部门", look["heading"])
    sheet.set_row(0, 48)
    for c, column in enumerate(columns, 1):
        sheet.set_column(c, c, column.width)
        said = column.hint and column.kind in ("points", "signed")
        hint = f"\n{column.hint}" if said else ""
        sheet.write_string(0, c, column.title + hint, look["heading"])
    for r, row in enumerate(rows, 1):
        sheet.write_string(r, 0, row.title, look["text"])
        undecided = {one.name for one in row.scores if one.awarded is None}
        for c, column in enumerate(columns, 1):
            value = column.value(row)
            if value is None and column.title in undecided:
                value = UNDECIDED
            _write(sheet, r, c, value, look[column.kind])
    width = 36 + sum(column.width for column in columns)
    _finish(sheet, 0, len(rows), len(columns), width)


FINDINGS = {"部门": 24, "级别": 6, "审核意见": 60, "出处": 26, "核实情况": 8, "核实说明": 32}
REMARKS = {
    "部门": 24,
    "审阅人": 10,
    "日期": 11,
    "针对的文字": 28,
    "意见": 42,
    "状态": 8,
    "回复": 36,
}
TOGETHER = {"年度": 14, "项目": 40, "上年": 18, "本年": 18, "增减": 34}
NOTES = {"部门": 30, "审阅": 14, "说明": 110}
"""Titles and widths of the sheets of texts."""


def _together(pairs: Sequence[Together]) -> Iterator[tuple[str, ...]]:
    for both in pairs:
        for line in both.lines:
            yield f"{both.before}、{both.after}", line.name, line.before, line.after, line.change


def _findings(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        for one in row.findings:
            level = LEVELS.get(one.level, one.level)  # type: ignore[call-overload]
            yield row.title, level, one.message, one.where, CHECKS[one.state], one.note


def _remarks(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        for one in row.remarks:
            state = "已了结" if one.settled else "未了结"
            yield row.title, one.by, one.at, one.quote, one.text, state, one.answers


def _notes(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    return ((row.title, REVIEWS[row.review], row.review_note) for row in rows if row.review_note)


def _texts(
    sheet: Any, columns: Mapping[str, int], lines: Iterable[tuple[str, ...]], look: dict[str, Any]
) -> None:
    """A line a text, wrapped in its cell."""
    for c, (title, width) in enumerate(columns.items()):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, title, look["heading"])
    last = 0
    widths = [*columns.values()]
    for last, line in enumerate(lines, 1):
        sheet.set_row(last, row_height(line, widths))
        for c, words in enumerate(line):
            sheet.write_string(last, c, shortened(words, LONGEST), look["wrapped"])
    _finish(sheet, 0, last, len(columns) - 1, sum(columns.values()))


LONGEST = 32_000
"""Signs that Excel takes in a cell, or nearly."""


def _in_workbook(name: str) -> str:
    # The target of a link is an address, but Excel wants the hanzi in it as they are.
    return name.replace("%", "%25").replace("#", "%23").replace(" ", "%20")


def _losses(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    """A row a department, which has the losses of its 二级单位."""
    from xlsxwriter.utility import xl_range  # type: ignore[import-untyped]

    counted = departments(rows)
    totals = lost_points(counted)
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1 + len(totals), 12)
    scored = [row for row in counted if row.lost]
    without = "，不计二级单位" if len(counted) < len(rows) else ""
    sheet.write_string(0, 0, f"合计（随筛选变化{without}）", look["text"])
    sums = [sum((lost for _, lost, _ in totals.values()), ZERO)]
    sums += [lost for _, lost, _ in totals.values()]
    for c, (title, total) in enumerate(zip(("失分合计", *totals), sums, strict=True), 1):
        sheet.write_string(1, c, title, look["heading"])
        below = xl_range(2, c, max(2, len(scored) + 1), c)
        sheet.write_formula(0, c, f"=SUBTOTAL(109,{below})", look["sum"], total)
    sheet.write_string(1, 0, "部门", look["heading"])
    for r, row in enumerate(scored, 2):
        sheet.write_string(r, 0, row.title, look["text"])
        _write(sheet, r, 1, row.points_lost, look["points"])
        for c, name in enumerate(totals, 2):
            lost = row.lost.get(name)
            _write(sheet, r, c, lost and lost[1], look["points"])
    _finish(sheet, 1, len(scored) + 1, 1 + len(totals), 48 + 12 * len(totals))


def _ways(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    """A row an indicator that a stage gave points: 自评, 规则, each stage and 核定 beside each other."""
    stages = list(dict.fromkeys(name for row in rows for name in row.stages))
    texts = {"部门": 20, "指标": 18, "编号": 10}
    titles = [*texts, "分值", "自评得分", "规则得分", *stages, "核定得分", "经过"]
    widths = [*texts.values(), *[7] * (4 + len(stages)), 60]
    for c, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, title, look["heading"])
    listed = [(row, way) for row in rows for way in row.ways]
    for r, (row, way) in enumerate(listed, 1):
        given = [way.given.get(name) for name in stages]
        points = (way.points, way.reported, way.by_rule, *given, way.awarded)
        told = "\n".join(way.steps)
        named = (row.title, way.name, way.indicator)
        sheet.set_row(r, row_height((*named, told), (*texts.values(), widths[-1])))
        for c, words in enumerate(named):
            sheet.write_string(r, c, words, look["wrapped"])
        for c, value in enumerate(points, len(texts)):
            _write(sheet, r, c, value, look["above"])
        sheet.write_string(r, len(titles) - 1, told, look["wrapped"])
    _finish(sheet, 0, len(listed), len(titles) - 1, sum(widths))


def _alike(sheet: Any, rows: Sequence[Row], alike: Sequence[Alike], look: dict[str, Any]) -> None:
    titles = {row.name: row.title for row in rows}
    for c, (title, width) in enumerate({"部门": 36, "与之雷同的部门": 36, "文字": 60}.items()):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, title, look["heading"])
    for r, (one, other, text) in enumerate(alike, 1):
        for c, words in enumerate((titles[one], titles[other], text)):
            sheet.write_string(r, c, words, look["text"])
    _finish(sheet, 0, len(alike), 2)


def _write(sheet: Any, row: int, column: int, value: Decimal | int | str | None, look: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, str):
        # Not `write`, which makes a formula of a department named =1+1.
        sheet.write_string(row, column, value, look)
    else:
        sheet.write_number(row, column, value, look)


PRINTED = 170
"""Width in signs that is readable on a page of A4 lying on its side."""


def _finish(sheet: Any, heading: int, last: int, columns: int, width: int = 0) -> None:
    sheet.freeze_panes(heading + 1, 1)
    sheet.autofilter(heading, 0, max(last, heading), columns)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    # A sheet that is too wide goes on on a second page, beside the departments.
    sheet.fit_to_pages(max(1, ceil(width / PRINTED)), 0)
    sheet.repeat_rows(heading)
    sheet.repeat_columns(0)
    sheet.set_margins(0.4, 0.4, 0.5, 0.6)
    sheet.set_footer("&L&A&R第 &P 页，共 &N 页")
