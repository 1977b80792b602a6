"""summary.xlsx: the index as a workbook (汇总表)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from perfkit.index.rows import (
    FAILURE,
    REPORTS,
    ZERO,
    Alike,
    Kind,
    Row,
    columns_of,
    heading,
    lost_points,
)

_CREATED = datetime(2000, 1, 1)
"""In the workbook's properties, instead of a clock."""

_NUMBER_FORMATS: dict[Kind, str] = {
    "points": "0.00##",
    "signed": "+0.00##;-0.00##;0.00",
    "rate": "0.00%",
    "count": "0",
    "year": "0",
}


def workbook(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> bytes:
    """The bytes of summary.xlsx: sheets 汇总, a row a department, 失分, by indicator, 环节 and 雷同."""
    import xlsxwriter  # type: ignore[import-untyped]

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": heading(rows), "created": _CREATED})
        look = _look(book)
        _overview(book.add_worksheet("汇总"), rows, look)
        _losses(book.add_worksheet("失分"), rows, look)
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
        "failed": book.add_format({**font, **edge, "font_color": "#A4161A"}),
        "link": book.add_format({**font, **edge, "font_color": "#1F4E9E", "underline": 1}),
        "heading": book.add_format({**font, **edge, **heading}),
        "sum": book.add_format({**font, "bold": True, "num_format": "0.00##"}),
    }


def _overview(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    endings = {**REPORTS, FAILURE: "出错详情"}
    columns = columns_of(rows)
    titles = [column.title for column in columns] + list(endings.values())
    widths = [column.width for column in columns] + [8] * len(REPORTS) + [10]
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
    _finish(sheet, 0, len(rows), len(titles) - 1)


def _in_workbook(name: str) -> str:
    # The target of a link is an address, but Excel wants the hanzi in it as they are.
    return name.replace("%", "%25").replace("#", "%23").replace(" ", "%20")


def _losses(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    from xlsxwriter.utility import xl_range  # type: ignore[import-untyped]

    totals = lost_points(rows)
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1 + len(totals), 12)
    scored = [row for row in rows if row.lost]
    sheet.write_string(0, 0, "合计（随筛选变化）", look["text"])
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
    _finish(sheet, 1, len(scored) + 1, 1 + len(totals))


def _ways(sheet: Any, rows: Sequence[Row], look: dict[str, Any]) -> None:
    """A row an indicator that a stage gave points: 自评, 规则, each stage and 核定 beside each other."""
    stages = list(dict.fromkeys(name for row in rows for name in row.stages))
    texts = {"部门": 30, "指标": 26, "编号": 14}
    titles = [*texts, "分值", "自评得分", "规则得分", *stages, "核定得分", "经过"]
    widths = [*texts.values(), *[9] * (4 + len(stages)), 70]
    for c, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, title, look["heading"])
    listed = [(row, way) for row in rows for way in row.ways]
    for r, (row, way) in enumerate(listed, 1):
        given = [way.given.get(name) for name in stages]
        points = (way.points, way.reported, way.by_rule, *given, way.awarded)
        for c, words in enumerate((row.title, way.name, way.indicator)):
            sheet.write_string(r, c, words, look["text"])
        for c, value in enumerate(points, len(texts)):
            _write(sheet, r, c, value, look["points"])
        sheet.write_string(r, len(titles) - 1, way.told, look["text"])
    _finish(sheet, 0, len(listed), len(titles) - 1)


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


def _finish(sheet: Any, heading: int, last: int, columns: int) -> None:
    sheet.freeze_panes(heading + 1, 1)
    sheet.autofilter(heading, 0, max(last, heading), columns)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(heading)
