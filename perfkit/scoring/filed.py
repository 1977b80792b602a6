"""所填数据: the figures of a filing by their field paths, as a rubric's rules name them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args, get_origin

from perfkit.forms.department import Department
from perfkit.forms.fields import field_words
from perfkit.quantities import percent, plain
from perfkit.scoring.scores import Input


def field_label(path: str) -> str:
    """A field of the filing in the form's own words: ``budget.total.spent`` → 全年执行数.

    Raises:
        ValueError: in Chinese, if the form has no such field.
    """
    words = field_words(Department, tuple(path.split(".")))[-1]
    if "（" not in words:
        raise ValueError(f"参数文件里没有字段“{path}”")
    return words.split("（")[0]


def amount_field(path: str | None) -> str | None:
    """*path* if it is a single amount of the form, or None; else a ValueError in Chinese."""
    return None if path is None else _check_figure(path, rate=False)


def rate_field(path: str) -> str:
    """*path* if it is a single rate of the form; else a ValueError in Chinese."""
    return _check_figure(path, rate=True)


def _check_figure(path: str, rate: bool) -> str:
    label = field_label(path)
    model: Any = Department
    for step in path.split("."):
        info = getattr(model, "model_fields", {}).get(step)
        # Lists have many figures, and a record has none of its own.
        kinds = set(get_args(info.annotation) or [info.annotation]) if info else set()
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
        found = info is not None and get_origin(info.annotation) is not tuple
        if not found:
            break
    is_figure = found and model is None and path.startswith("budget.")
    if not is_figure or path.endswith("rate") != rate:
        raise ValueError(f"字段“{path}”（{label}）不是{'比率' if rate else '金额'}")
    return path


def filed_figure(department: Department, field: str) -> Decimal | None:
    """The filed figure at *field*; 资金总体 is the sum of its parts if it isn't filed."""
    value: Any = department
    for step in field.split("."):
        value = department.budget.overall if step == "total" else getattr(value, step)
        if value is None:
            return None
    assert isinstance(value, Decimal)
    return value


def filed_input(department: Department, field: str) -> Input:
    """The figure at *field* as what a score rests on, with its place; 未填 if it isn't filed."""
    value = filed_figure(department, field)
    place = department.place(field)
    if value is None:
        return Input(field_label(field), "未填", place)
    rate = "rate" in field
    return Input(field_label(field), percent(value, 4) if rate else f"{plain(value)}万元", place)
