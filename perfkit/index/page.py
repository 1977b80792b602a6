"""index.html: the page over all reports (目录)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from perfkit import __version__
from perfkit.audit.findings import LEVELS
from perfkit.fonts import font_face
from perfkit.forms.codes import FINDINGS
from perfkit.index.last_year import together
from perfkit.index.rows import (
    FAILURE,
    REPORTS,
    STATES,
    UNDECIDED,
    VIEWS,
    Alike,
    Column,
    Kind,
    Row,
    Said,
    columns_of,
    exact,
    grades,
    heading,
    rubric_title,
)
from perfkit.index.units import above, departments
from perfkit.pages import embedded, environment, own_script
from perfkit.quantities import plain, rounded
from perfkit.review.record import STATES as REVIEWS
from perfkit.review.record import UNFINISHED
from perfkit.texts import shortened

HERE = Path(__file__).parent

LISTED = 200
"""Pairs of like texts, and open remarks, that the page lists; the workbook has them all."""
NOTE = 60
"""Signs of a note beside the state of a review; its own column has it whole."""


def page(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> str:
    """The text of index.html: a table over all reports, self-contained."""
    shown = [column for column in columns_of(rows) if column.page]
    states = Counter(row.state for row in rows)
    text = _template().render(
        version=__version__,
        heading=heading(rows),
        columns=shown,
        rated=any(column.key == "rate" for column in shown),
        views=_views(shown),
        kinds=_kinds(rows),
        ways=[(row, way) for row in rows for way in row.ways],
        stages=[*dict.fromkeys(name for row in rows for name in row.stages)],
        remarks=_open_remarks(rows),
        reports=REPORTS,
        rows=rows,
        grades=grades(rows),
        departments=len(departments(rows)),
        graded=grades(departments(rows)),
        states={label: states[state] for state, label in STATES.items()},
        reviews=[*REVIEWS.values()],
        years=sorted({row.year for row in rows if row.year}),
        rubrics=sorted({rubric_title(row) for row in rows if row.rubric}),
        together=together(rows),
        by_name={row.name: row for row in rows},
        alike=alike,
        listed=LISTED,
        failed=STATES["failed"],
        undecided=UNDECIDED,
        css=_part("index.css"),
        data=embedded(_page_data(rows, shown)),
        script=_part("index.js"),
    )
    return text.replace("/*font*/", font_face(text), 1)


FIELDS = (
    "file", "year", "max", "open", "cause", "files", "fresh", "sheet", "lost", "remarks", "note",
    "limits", "who", "above",
)  # fmt: skip
"""What the page's script knows of a row beside its cells."""


def _views(shown: Sequence[Column]) -> dict[str, str]:
    """The views that have a column; of departments without any report there is but one."""
    there = {column.view for column in shown}
    return {view: words for view, words in VIEWS.items() if view in there}


def _kinds(rows: Sequence[Row]) -> list[tuple[str, str, int, int, int]]:
    """审核意见 by kind: level, words, how many, in how many reports, how many wait."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        seen = set()
        for one in row.findings:
            kind = (one.level, one.code)
            counts = found.setdefault(kind, [0, 0, 0])
            counts[0] += 1
            counts[1] += kind not in seen
            counts[2] += one.state == "open"
            seen.add(kind)
    words: dict[str, str] = dict(LEVELS.items())
    order = list(words)
    known = sorted(found.items(), key=lambda item: (order.index(item[0][0]), -item[1][1], item[0]))
    return [(words[level], FINDINGS.get(code, code), *counts) for (level, code), counts in known]  # type: ignore[misc]


def _open_remarks(rows: Sequence[Row]) -> list[tuple[Row, Said]]:
    return [(row, said) for row in rows for said in row.remarks if not said.settled]


def _page_data(rows: Sequence[Row], shown: Sequence[Column]) -> dict[str, Any]:
    """What the page's script works with; repeated things are told once and referred to."""
    endings = [*REPORTS, FAILURE]
    sheets: dict[tuple[tuple[str, str], ...], int] = {}
    listed, parts = [], above(rows)
    for row in rows:
        sheet = tuple((name, plain(points)) for name, (points, _) in row.lost.items())
        listed.append(
            [
                row.name,
                row.year,
                exact(row.max),
                plain(row.open_points) if row.open_points else None,
                row.cause or None,
                sum(1 << i for i, ending in enumerate(endings) if row.has(ending)),
                int(row.fresh),
                sheets.setdefault(sheet, len(sheets)),
                [int(lost.scaleb(6)) for _, lost in row.lost.values()],
                row.open_remarks,
                shortened(row.review_note, NOTE) or None,
                "；".join(row.limits) or None,
                row.who or None,
                parts.get(row.name),
                *(_page_cell(column.kind, column.value(row)) for column in shown),
            ]
        )
    return {
        "columns": [
            {"key": c.key, "title": c.title, "kind": c.kind, "view": c.view} for c in shown
        ],
        "fields": FIELDS,
        "reports": [*REPORTS.items()],
        "failure": FAILURE,
        "grades": [*grades(rows)],
        "failed": STATES["failed"],
        "undecided": UNDECIDED,
        "reviews": [*REVIEWS.values()],
        "unfinished": [REVIEWS[state] for state in UNFINISHED],
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


@cache
def _template() -> jinja2.Template:
    own = environment(
        HERE,
        address=_address,
        own_script=lambda script: Markup(own_script(script)),
        page_cell=_page_cell,
    )
    return own.get_template("index.html")


@cache
def _part(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))


def _address(row: Row) -> str | None:
    """Relative address of the first file of a row that exists."""
    for ending in (*REPORTS, FAILURE):
        if row.has(ending):
            return quote(row.name, safe="") + ending
    return None
