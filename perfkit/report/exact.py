"""The exact numbers behind a frame's float copies, so that what is printed is never off by a float.

A float's shortest text is the Decimal that it was copied from, as long as that
has no more than 15 digits; every filed amount, rate and score has fewer. A
product, such as a budget by a stated rate, may have more: then the frame keeps
its text beside the copy, by row and column. It counts only as long as the cell
still holds that very copy, so what an analyst writes into a frame is what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError

if TYPE_CHECKING:
    import pandas as pd

KEPT = "perfkit_exact"
"""In a frame's ``attrs``: the texts of what a float can't hold."""


Kinds = Mapping[str, type]
"""A frame's columns, and what each holds: Decimal, int, str, bool or date."""


def framed(rows: Sequence[Mapping[str, Any]], columns: Kinds) -> pd.DataFrame:
    """A frame of *rows*, numbered from 1: Decimals as float copies, NaN for what is not filed."""
    import pandas as pd

    kept: dict[str, str] = {}
    data: dict[str, Any] = {}
    for name, kind in columns.items():
        values = [row.get(name) for row in rows]
        if kind is Decimal:
            for number, value in enumerate(values, 1):
                if value is not None and Decimal(repr(float(value))) != value:
                    kept[_place(number, name)] = str(value)
            data[name] = [math.nan if value is None else float(value) for value in values]
        elif kind is int:
            data[name] = pd.array(values, dtype="Int64") if None in values else values
        elif kind is date:
            data[name] = pd.to_datetime(pd.Series(values, dtype="object")).array
        else:
            data[name] = values if kind is bool else [value or "" for value in values]
    frame = pd.DataFrame(data, index=pd.RangeIndex(1, len(rows) + 1), columns=list(columns))
    for name, kind in columns.items():
        if not rows and kind in (Decimal, int):
            frame[name] = frame[name].astype("float64")
    if kept:
        frame.attrs[KEPT] = kept
    return frame


def numbers(
    frame: pd.DataFrame, column: str, wanted: str, needed: bool = False
) -> list[Decimal | None]:
    """A column's numbers, exact; None where a cell is empty.

    Args:
        frame: of perfkit or the analyst's own.
        column: by name.
        wanted: what asks for it, in words, for the message.
        needed: whether a cell must not be empty.

    Raises:
        PerfkitError: in Chinese, if there is no such column, or a cell is no number.
    """
    kept = frame.attrs.get(KEPT, {})
    found: list[Decimal | None] = []
    for label, value in zip(frame.index, _column(frame, column, wanted), strict=True):
        number = exact(value, kept.get(_place(label, column), ""))
        if number is None and (needed or not empty(value)):
            shown = "空的" if empty(value) else f"“{str(value)[:30]}”"
            raise PerfkitError(
                f"{wanted}要的“{column}”一列里，行号 {label} 的值是{shown}，不是数字；请改正，或先筛去这一行"
            )
        found.append(number)
    return found


def words(frame: pd.DataFrame, column: str, wanted: str) -> list[str]:
    """A column's texts; see `numbers`."""
    return ["" if empty(value) else str(value) for value in _column(frame, column, wanted)]


def exact(value: Any, kept: str = "") -> Decimal | None:
    """The Decimal that a cell is a copy of; None for an empty cell and for what is no number."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return Decimal(kept) if kept and float(Decimal(kept)) == value else Decimal(repr(value))
    return Decimal(value)


def _place(label: object, column: object) -> str:
    return f"{label} {column}"


def empty(value: Any) -> bool:
    """Whether a cell is empty, by whatever pandas calls it: None, NaN, NaT, NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def _column(frame: Any, column: str, wanted: str) -> Iterable[Any]:
    columns = getattr(frame, "columns", None)
    if columns is None:
        raise PerfkitError(
            f"{wanted}要由 DataFrame 画成，这里是 {type(frame).__name__}；如 report.frames.projects"
        )
    if column not in columns:
        present = "、".join(map(str, columns)) or "没有任何列"
        raise PerfkitError(f"{wanted}要有“{column}”一列，表里的列是：{present}")
    found: Iterable[Any] = frame[column]
    return found
