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
from perfkit.fonts import font_face
from perfkit.index.rows import (
    FAILURE,
    REPORTS,
    STATES,
    UNDECIDED,
    Alike,
    Column,
    Kind,
    Row,
    columns_of,
    exact,
    grades,
    heading,
)
from perfkit.pages import embedded, environment, own_script
from perfkit.quantities import plain, rounded
from perfkit.review.record import STATES as REVIEWS
from perfkit.review.record import UNFINISHED

HERE = Path(__file__).parent

ALIKE_SHOWN = 200
"""Pairs of like texts that the page lists; the workbook has them all."""


def page(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> str:
    """The text of index.html: a table over all reports, self-contained."""
    shown = [column for column in columns_of(rows) if column.page]
    states = Counter(row.state for row in rows)
    text = _template().render(
        version=__version__,
        heading=heading(rows),
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
        failed=STATES["failed"],
        undecided=UNDECIDED,
        css=_part("index.css"),
        data=embedded(_page_data(rows, shown)),
        script=_part("index.js"),
    )
    return text.replace("/*font*/", font_face(text), 1)


FIELDS = ("file", "year", "max", "open", "cause", "files", "fresh", "sheet", "lost", "remarks")
"""What the page's script knows of a row beside its cells."""


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
                exact(row.max),
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
