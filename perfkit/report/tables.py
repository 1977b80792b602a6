"""An analyst's DataFrame as a table (表) of the report: in the page, the PDF and Word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError
from perfkit.quantities import percent, plain, rounded
from perfkit.report.display import Block, render
from perfkit.report.exact import KEPT, empty, exact

if TYPE_CHECKING:
    import pandas as pd

Format = Callable[[Decimal], str]

FORMATS: dict[str, Format] = {
    "金额": lambda number: str(rounded(number, 2)),
    "百分比": percent,
    "分": lambda number: plain(rounded(number, 4)),
}
"""How a column's numbers may be shown."""

_RATES = re.compile(r"(?:率|占比|比例|比重|增幅|降幅)$")
_POINTS = re.compile(r"(?:分值?|分数)$")


def table(frame: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> Block:
    """把 DataFrame 印成报告里的表：题目在上，数字右对齐，网页、PDF 和 Word 一个样.

    小数印两位（四舍五入）；列名以“率”“占比”“比例”结尾的印成百分比；以“分”“分值”“得分”结尾的
    照原数，不补零；整数照印，空值印“—”。行名（index）有名字的，或是文字的，印在最左边.

    Args:
        frame: rows as they are to be printed.
        caption: without number.
        formats: of a column where its name tells it wrongly: 金额, 百分比 or 分.

    Raises:
        PerfkitError: in Chinese, if it is no frame, empty of columns, or a format is unknown.
    """
    frame = frame.to_frame() if type(frame).__name__ == "Series" else frame
    if not hasattr(frame, "columns"):
        raise PerfkitError(
            f"table() 的第一项应是 DataFrame，这里是 {type(frame).__name__}；如 report.frames.projects"
        )
    if not caption.strip():
        raise PerfkitError("table() 的 caption（表题）是空的，请写明这是什么表")
    chosen = dict(formats or {})
    names = [_named(column) for column in frame.columns]
    for name, words in chosen.items():
        if name not in names:
            raise PerfkitError(f"table() 的 formats 里写了“{name}”，表里没有这一列")
        if words not in FORMATS:
            raise PerfkitError(
                f"table() 的 formats 里“{name}”写了“{words}”，应是 {'、'.join(FORMATS)} 之一"
            )
    labels = [] if _plain_index(frame) else [_named(name or "") for name in frame.index.names]
    columns = [
        list(_cells(frame, number, FORMATS[chosen.get(name) or _usual(name)]))
        for number, name in enumerate(names)
    ]
    if not labels and not columns:
        raise PerfkitError(f"表“{caption}”没有任何列")
    rows = [
        (_labels(label) if labels else [], cells)
        for label, cells in zip(
            frame.index, zip(*columns, strict=True) if columns else [()] * len(frame), strict=True
        )
    ]
    content = render("table", caption=caption.strip(), labels=labels, columns=names, rows=rows)
    return Block(content, f"〔表：{caption.strip()}〕")


def _usual(name: str) -> str:
    if _RATES.search(name):
        return "百分比"
    return "分" if _POINTS.search(name) else "金额"


def _cells(frame: Any, number: int, form: Format) -> Iterable[tuple[str, bool]]:
    """The texts of a column, each with whether it is a figure."""
    kept, column = frame.attrs.get(KEPT, {}), frame.iloc[:, number]
    for label, value in zip(frame.index, column, strict=True):
        yield _shown(value, kept.get(f"{label} {column.name}", ""), form)


def _shown(value: Any, kept: str, form: Format) -> tuple[str, bool]:
    if empty(value):
        return "—", True
    if isinstance(value, datetime):
        value = value.date() if value == value.replace(hour=0, minute=0, second=0) else value
    if isinstance(value, date):
        return str(value), False
    if isinstance(value, (bool,)) or type(value).__name__ in ("bool", "bool_"):
        return ("是" if value else "否"), False
    found = exact(value, kept)
    if found is not None:
        whole = isinstance(value, int) or type(value).__name__.startswith(("int", "uint"))
        text = form(found) if not whole or form is not FORMATS["金额"] else plain(found)
        return text.replace("-", "−"), True
    return str(value), False


def _plain_index(frame: Any) -> bool:
    # Rows that were filtered or sorted keep their numbers, which mean nothing to a reader.
    return list(frame.index.names) == [None] and all(
        type(label).__name__.startswith("int") for label in frame.index
    )


def _labels(label: Any) -> list[str]:
    parts = label if isinstance(label, tuple) else (label,)
    return [_shown(part, "", FORMATS["分"])[0] for part in parts]


def _named(name: Any) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return " ".join(str(part) for part in parts if str(part))
