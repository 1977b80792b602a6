"""所填数据: the figures of a filing by their field paths, as a rubric's rules name them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args, get_origin

from perfkit.forms.department import Department
from perfkit.forms.fields import field_words
from perfkit.quantities import percent, plain
from perfkit.scoring.scores import Input

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric

RATE = "%"
AMOUNT = "万元"


def field_label(path: str, rubric: Rubric) -> str:
    """A figure of the filing in the form's own words: ``budget.total.spent`` → 全年执行数.

    Raises:
        ValueError: in Chinese, if neither the form nor *rubric* has such a field.
    """
    words = field_words(Department, tuple(path.split(".")))[-1]
    if "（" not in words:
        raise ValueError(f"参数文件里没有字段“{path}”")
    return words.split("（")[0]


def field_unit(path: str, rubric: Rubric) -> str:
    """The unit of a single figure of the filing: 万元, or ``%`` for a rate, which is a fraction.

    Raises:
        ValueError: in Chinese, if it is no single figure.
    """
    label = field_label(path, rubric)
    model: Any = Department
    for step in path.split("."):
        info = getattr(model, "model_fields", {}).get(step)
        # Lists have many figures, and a record has none of its own.
        kinds = set(get_args(info.annotation) or [info.annotation]) if info else set()
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
        found = info is not None and get_origin(info.annotation) is not tuple
        if not found:
            break
    if not (found and model is None and path.startswith("budget.")) or "source" in path:
        raise ValueError(f"字段“{path}”（{label}）不是金额，也不是比率")
    return RATE if path.endswith("rate") else AMOUNT


def unfit(path: str, rubric: Rubric, rate: bool | None = None) -> str:
    """Why a rule can't name *path*: no figure, or not a *rate* where one is meant; else empty."""
    try:
        unit = field_unit(path, rubric)
    except ValueError as e:
        return str(e)
    if rate is not None and (unit == RATE) != rate:
        return f"字段“{path}”（{field_label(path, rubric)}）不是{'比率' if rate else '金额'}"
    return ""


def filed_figure(department: Department, field: str) -> Decimal | None:
    """The filed figure at *field*; 资金总体 is the sum of its parts if it isn't filed."""
    value: Any = department
    for step in field.split("."):
        value = department.budget.overall if step == "total" else getattr(value, step)
        if value is None:
            return None
    assert isinstance(value, Decimal)
    return value


def with_unit(value: Decimal, unit: str) -> str:
    """A figure as it is printed: 12.5%, 80万元."""
    return percent(value, 4) if unit == RATE else f"{plain(value)}{unit}"


def filed_input(department: Department, field: str, rubric: Rubric) -> Input:
    """The figure at *field* as what a score rests on, with its place; 未填 if it isn't filed."""
    value = filed_figure(department, field)
    shown = "未填" if value is None else with_unit(value, field_unit(field, rubric))
    return Input(field_label(field, rubric), shown, department.place(field))
