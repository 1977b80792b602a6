"""The index over all reports: index.html, summary.xlsx and summary.json from one `Row` each.

A department without a report has a row as well, with its cause. What is shown
of a row is declared once, in `COLUMNS`, for the page and the workbook alike.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from pydantic import TypeAdapter

from perfkit import __version__
from perfkit.display import environment
from perfkit.execute import write_whole
from perfkit.fonts import font_face
from perfkit.quantities import plain, rounded
from perfkit.reviews import STATES as REVIEWS
from perfkit.reviews import State as ReviewState
from perfkit.yamlfile import Fault, PerfkitError

if TYPE_CHECKING:
    from perfkit.findings import Finding
    from perfkit.scoring import Scorecard

State = Literal["done", "failed"]
STATES: dict[State, str] = {"done": "完成", "failed": "失败"}
UNDECIDED = "待定"

REPORTS = {".html": "网页", ".pdf": "PDF", ".docx": "Word", ".ipynb": "笔记本"}
"""What a department's files are called, by their endings."""

FAILURE = ".failed.html"
"""Ending of the page with the traceback of a report that failed."""

ZERO = Decimal(0)
_AMOUNTS = ("total", "reported_total", "max", "open_points", "execution_rate")


@dataclass(frozen=True)
class Row:
    """One department in the index; without a report, `state` and `cause` say why.

    Attributes:
        name: stem of the parameter file, and of the report's files.
        department: 部门名称; empty if the file could not be read that far.
        grade: None while undecided points could change it (待定).
        open_points: 待定分值, left out of `total`.
        execution_rate: 预算执行率 of 资金总体, as a fraction.
        lost: 失分 by indicator: its decided points, and how many of them were lost.
        undecided: how many indicators, or parts of them, wait for a person.
        cause: one line in Chinese, if it failed.
        links: endings of the files that exist: ``.html``, ``.pdf``, …, ``.failed.html``.
        fresh: made in this run or unchanged since; False for one of an earlier run.
        content: digests of what the report says, which an acceptance is held against.
        review: 审阅情况 of the report.
        open_remarks: 未了结意见.
    """

    name: str
    department: str = ""
    year: int | None = None
    rubric: str = ""
    total: Decimal | None = None
    reported_total: Decimal | None = None
    max: Decimal | None = None
    grade: str | None = None
    open_points: Decimal | None = None
    execution_rate: Decimal | None = None
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    lost: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    undecided: int = 0
    state: State = "done"
    cause: str = ""
    links: tuple[str, ...] = ()
    fresh: bool = True
    content: Mapping[str, str] = field(default_factory=dict)
    review: ReviewState = "none"
    open_remarks: int = 0

    @property
    def title(self) -> str:
        """The department's name; the file's where it isn't known."""
        return self.department or self.name

    @property
    def difference(self) -> Decimal | None:
        """差: 自评 − 得分, positive where the department claims more."""
        if self.total is None or self.reported_total is None:
            return None
        return self.reported_total - self.total

    @property
    def points_lost(self) -> Decimal | None:
        """失分合计 over the decided indicators."""
        return sum((lost for _, lost in self.lost.values()), ZERO) if self.lost else None

    def has(self, ending: str) -> bool:
        """Whether the file with this ending exists."""
        return ending in self.links or ending[1:] in self.links

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: amounts and rates as exact text."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        found |= {name: _exact(found[name]) for name in _AMOUNTS}
        found["lost"] = {
            name: {"points": plain(points), "lost": plain(lost)}
            for name, (points, lost) in self.lost.items()
        }
        return found | {"links": list(self.links), "content": dict(self.content)}

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> Row:
        """The row of an `as_dict`.

        Raises:
            ValueError: if it isn't one, as of another version.
        """
        try:
            lost = {name: (of["points"], of["lost"]) for name, of in found["lost"].items()}
            complete = {*_AMOUNTS} <= set(found) <= {item.name for item in fields(Row)}
        except (KeyError, TypeError, AttributeError):
            complete = False
        if not complete:
            raise ValueError("no row of the index")
        return _shape().validate_python({**found, "lost": lost})


@cache
def _shape() -> TypeAdapter[Row]:
    return TypeAdapter(Row)


class Alike(NamedTuple):
    """文字雷同: a paragraph that two departments share, by their reports' names, and its beginning."""

    one: str
    other: str
    text: str


def row_of(
    name: str,
    card: Scorecard,
    findings: Iterable[Finding],
    links: Iterable[str] = (),
    content: Mapping[str, str] | None = None,
) -> Row:
    """The row of a department that was scored; *name* is the stem of its parameter file."""
    levels = Counter(finding.level for finding in findings)
    lost: dict[str, tuple[Decimal, Decimal]] = {}
    for score in card.scores:
        if score.awarded is None:
            continue
        # Of an indicator that is decided in part, the open points are not lost.
        points = score.points - score.open_points
        before = lost.get(score.name, (ZERO, ZERO))
        lost[score.name] = (before[0] + points, before[1] + points - score.awarded)
    department = card.department
    return Row(
        name=name,
        department=department.name,
        year=department.year,
        rubric=card.rubric.id,
        total=card.total,
        reported_total=department.reported.total,
        max=card.rubric.points,
        grade=card.grade,
        open_points=card.open_points,
        execution_rate=department.budget.overall.execution_rate,
        errors=levels["error"],
        warnings=levels["warning"],
        infos=levels["info"],
        lost=lost,
        undecided=len(card.undecided),
        links=tuple(links),
        content=content or {},
    )


Kind = Literal[
    "name", "text", "points", "signed", "grade", "rate", "count", "year", "state", "review"
]


@dataclass(frozen=True)
class Column:
    """A column of the table: its title, what it shows of a row, its width in the workbook."""

    key: str
    title: str
    kind: Kind
    value: Callable[[Row], Decimal | int | str | None]
    width: int = 8
    page: bool = True
    hint: str = ""


COLUMNS = (
    Column("department", "部门", "name", lambda row: row.title, 36),
    Column("year", "年度", "year", lambda row: row.year, page=False),
    Column("total", "得分", "points", lambda row: row.total),
    Column("max", "满分", "points", lambda row: row.max, page=False),
    Column("open", "待定分值", "points", lambda row: row.open_points, 10, page=False),
    Column("reported", "自评", "points", lambda row: row.reported_total),
    Column(
        "difference", "差", "signed", lambda row: row.difference,
        hint="自评减得分，正数是自评偏高",
    ),
    Column("grade", "等级", "grade", lambda row: _grade(row)),
    Column("rate", "执行率", "rate", lambda row: row.execution_rate, hint="资金总体的预算执行率"),
    Column("errors", "错误", "count", lambda row: _count(row, row.errors), hint="审核出的错误"),
    Column("warnings", "警告", "count", lambda row: _count(row, row.warnings), hint="审核出的警告"),
    Column("infos", "提示", "count", lambda row: _count(row, row.infos), page=False),
    Column("state", "状态", "state", lambda row: STATES[row.state]),
    Column("review", "审阅", "review", lambda row: _review(row), 12),
    Column(
        "remarks", "未了结意见", "count", lambda row: _count(row, row.open_remarks), 10, page=False
    ),
    Column("cause", "失败原因", "text", lambda row: row.cause or None, 40, page=False),
    Column("rubric", "评分标准", "text", lambda row: row.rubric or None, 16, page=False),
    Column("file", "文件", "text", lambda row: row.name, 28, page=False),
)  # fmt: skip


def _grade(row: Row) -> str | None:
    return row.grade or (UNDECIDED if row.state == "done" else None)


def _count(row: Row, count: int) -> int | None:
    return count if row.state == "done" else None


def _review(row: Row) -> str | None:
    return REVIEWS[row.review] if row.state == "done" else None


def write_index(outputs: Path, rows: Sequence[Row], alike: Sequence[Alike] = ()) -> None:
    """Write index.html, summary.json and summary.xlsx; the same rows give the same bytes.

    Raises:
        PerfkitError: with every file that can't be written, as a workbook that
            someone has open; the others are written all the same.
    """
    rows = [_writable(row) for row in rows]
    alike = [Alike(*map(_clean, pair)) for pair in alike]
    made = {
        "index.html": page(rows, alike).encode(),
        "summary.json": _json(summary(rows, alike)).encode(),
        "summary.xlsx": workbook(rows, alike),
    }
    outputs.mkdir(parents=True, exist_ok=True)
    faults: list[Fault] = []
    for name, content in made.items():
        try:
            write_whole(outputs / name, content)
        except PerfkitError as e:
            faults += e.faults
    if faults:
        raise PerfkitError(faults)


def _writable(row: Row) -> Row:
    cause = " ".join(_clean(row.cause).split())
    return replace(row, name=_clean(row.name), department=_clean(row.department), cause=cause)


def _clean(text: str) -> str:
    # A file name that is not UTF-8, as out of a GBK zip, must not take the index with it.
    return text.encode(errors="replace").decode()


def summary(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> dict[str, Any]:
    """What summary.json holds: the rows, counts, lost points by indicator, and like texts."""
    states = Counter(row.state for row in rows)
    reviews = Counter(row.review for row in rows if row.state == "done")
    return {
        "departments": [row.as_dict() | {"difference": _exact(row.difference)} for row in rows],
        "counts": {
            "departments": len(rows),
            **{state: states[state] for state in STATES},
            "grades": grades(rows),
            "with_errors": sum(1 for row in rows if row.errors),
            "undecided": sum(1 for row in rows if row.undecided),
            "reviews": {state: reviews[state] for state in REVIEWS},
            "open_remarks": sum(row.open_remarks for row in rows),
        },
        "lost": {
            name: {"points": plain(points), "lost": plain(lost), "departments": departments}
            for name, (points, lost, departments) in lost_points(rows).items()
        },
        "alike": [pair._asdict() for pair in alike],
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _json(found: dict[str, Any]) -> str:
    """A line for each department, so that two runs can be compared line by line."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in found["departments"])
    rest = "".join(
        f",\n{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in found.items()
        if key != "departments"
    )
    return f'{{"departments": [\n{rows}\n]{rest}}}\n'


def grades(rows: Sequence[Row]) -> dict[str, int]:
    """How many departments have each 等级, the best first, 待定 last."""
    best: dict[str, Decimal] = {}
    for row in rows:
        if row.grade and row.total is not None and row.max:
            best[row.grade] = max(best.get(row.grade, ZERO), row.total / row.max)
    counts = Counter(grade for row in rows if (grade := _grade(row)))
    order = sorted(counts, key=lambda grade: (grade == UNDECIDED, -best.get(grade, ZERO), grade))
    return {grade: counts[grade] for grade in order}


def lost_points(rows: Sequence[Row]) -> dict[str, tuple[Decimal, Decimal, int]]:
    """By indicator: the points of all departments, how many were lost, how many lost any."""
    found: dict[str, tuple[Decimal, Decimal, int]] = {}
    for row in rows:
        for name, (points, lost) in row.lost.items():
            before = found.get(name, (ZERO, ZERO, 0))
            found[name] = (before[0] + points, before[1] + lost, before[2] + (lost > 0))
    return found


ALIKE_SHOWN = 200
"""Pairs of like texts that the page lists; the workbook has them all."""


def page(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> str:
    """The text of index.html: a table over all reports, self-contained."""
    shown = [column for column in COLUMNS if column.page]
    states = Counter(row.state for row in rows)
    text = _template().render(
        version=__version__,
        columns=shown,
        reports=REPORTS,
        rows=rows,
        grades=grades(rows),
        states={label: states[state] for state, label in STATES.items()},
        reviews=[*REVIEWS.values()],
        years=sorted({row.year for row in rows if row.year}),
        rubrics=sorted({row.rubric for row in rows if row.rubric}),
        by_name={row.name: row for row in rows},
        alike=alike,
        alike_shown=ALIKE_SHOWN,
        data=_embedded(_page_data(rows, shown)),
    )
    return text.replace("/*font*/", font_face(text), 1)


def _page_data(rows: Sequence[Row], shown: Sequence[Column]) -> dict[str, Any]:
    """What the page's script works with; repeated things are told once and referred to."""
    endings = [*REPORTS, FAILURE]
    sheets: dict[tuple[tuple[str, str], ...], int] = {}
    listed = []
    for row in rows:
        sheet = tuple((name, plain(points)) for name, (points, _) in row.lost.items())
        listed.append(
            [
                row.name,
                row.year,
                _exact(row.max),
                plain(row.open_points) if row.open_points else None,
                row.cause or None,
                sum(1 << i for i, ending in enumerate(endings) if row.has(ending)),
                int(row.fresh),
                sheets.setdefault(sheet, len(sheets)),
                [int(lost.scaleb(6)) for _, lost in row.lost.values()],
                row.open_remarks,
                *(_page_cell(column.kind, column.value(row)) for column in shown),
            ]
        )
    return {
        "columns": [{"key": c.key, "title": c.title, "kind": c.kind} for c in shown],
        "reports": [*REPORTS.items()],
        "grades": [*grades(rows)],
        "failed": STATES["failed"],
        "reviews": [*REVIEWS.values()],
        "years": len({row.year for row in rows if row.year}),
        "sheets": [list(sheet) for sheet in sheets],
        "rows": listed,
    }


def _page_cell(kind: Kind, value: Decimal | int | str | None) -> int | str | None:
    """A value as the page prints it, but for the signs of minus and percent."""
    if not isinstance(value, Decimal):
        return value
    if kind == "rate":
        return str(rounded(value * 100, 2))
    # Two places in a column of points; all of them where a rubric has more.
    return str(rounded(value, 2)) if value == rounded(value, 2) else plain(value)


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON inside ``<script>``: nothing in it can end the element or a line of script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


@cache
def _template() -> jinja2.Template:
    own = environment(address=_address, sha256=_sha256, page_cell=_page_cell)
    return own.get_template("index.html")


def _address(row: Row) -> str | None:
    """Relative address of the first file of a row that exists."""
    for ending in (*REPORTS, FAILURE):
        if row.has(ending):
            return quote(row.name, safe="") + ending
    return None


def _sha256(script: str) -> str:
    """The digest by which the page's policy knows its own script, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


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
    """The bytes of summary.xlsx: sheets 汇总, a row a department, 失分, by indicator, and 雷同."""
    import xlsxwriter  # type: ignore[import-untyped]

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": "部门整体绩效评价汇总", "created": _CREATED})
        look = _look(book)
        _overview(book.add_worksheet("汇总"), rows, look)
        _losses(book.add_worksheet("失分"), rows, look)
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
    titles = [column.title for column in COLUMNS] + list(endings.values())
    widths = [column.width for column in COLUMNS] + [8] * len(REPORTS) + [10]
    for i, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(i, i, width)
        sheet.write_string(0, i, title, look["heading"])
    for r, row in enumerate(rows, 1):
        words = look["failed" if row.state == "failed" else "text"]
        for c, column in enumerate(COLUMNS):
            _write(sheet, r, c, column.value(row), look.get(column.kind, words))
        for c, (ending, label) in enumerate(endings.items(), len(COLUMNS)):
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
