"""所填数据: the figures of a filing by their paths, as a rubric's rules name them.

Any single figure can be named: an amount or rate of ``budget``, a count or sum over the
projects (``projects.count``), a figure that the rubric asks for itself (``figures.staff_posts``),
and each of them of last year's filing (``previous.budget.total.spent``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args, get_origin

from perfkit.forms.codes import nearest
from perfkit.forms.department import DEPARTMENT, SELF, Department
from perfkit.forms.fields import field_words
from perfkit.quantities import plain, rounded, telling_percent
from perfkit.scoring.figures import AMOUNT, RATE, Figure
from perfkit.scoring.scores import Input

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric

FIGURES, PREVIOUS = "figures.", "previous."
PART_NAMES = {
    "total": "资金总体",
    "basic": "基本支出",
    "project": "项目支出",
    "other": "其他支出",
}


def part_names(rubric: Rubric) -> dict[str, str]:
    """The whole of the money and its parts, as reports under *rubric* call them."""
    return PART_NAMES | {"total": rubric.words.total}


def _called(words: str, rubric: Rubric) -> str:
    """*words* with the rubric's name for the whole of the money."""
    return words.replace(PART_NAMES["total"], rubric.words.total)


@dataclass(frozen=True)
class Computed:
    """合计、计数: a figure that comes of several fields; `lacks` says what is missing without it."""

    name: str
    unit: str
    value: Callable[[Department], Decimal | None]
    lacks: str = ""


def _whole(count: int) -> Decimal:
    return Decimal(count)


def _executed(department: Department) -> Decimal | None:
    amounts = [project.executed for project in department.projects]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _score(department: Department) -> Decimal | None:
    scores = [project.score for project in department.projects]
    known = [score for score in scores if score is not None]
    return sum(known, Decimal(0)) / len(known) if known and len(known) == len(scores) else None


COMPUTED = {
    "projects.count": Computed("项目个数", "个", lambda d: _whole(len(d.projects))),
    "projects.budget": Computed(
        "项目预算合计", AMOUNT, lambda d: sum((p.budget for p in d.projects), Decimal(0))
    ),
    "projects.executed": Computed("项目支出合计", AMOUNT, _executed, "有项目未填支出数"),
    "projects.full": Computed(
        "预算执行率达到100%的项目个数",
        "个",
        lambda d: _whole(sum((p.execution_rate or 0) >= 1 for p in d.projects)),
    ),
    "projects.self": Computed(
        "单位自评项目个数", "个", lambda d: _whole(sum(p.evaluation == SELF for p in d.projects))
    ),
    "projects.department": Computed(
        "部门评价项目个数",
        "个",
        lambda d: _whole(sum(p.evaluation == DEPARTMENT for p in d.projects)),
    ),
    "projects.scored": Computed(
        "有评价得分的项目个数",
        "个",
        lambda d: _whole(sum(p.score is not None for p in d.projects)),
    ),
    "projects.score": Computed("项目评价得分的平均分", "分", _score, "有项目未填评价得分，或没有项目"),
    "divisions.count": Computed("内设机构个数", "个", lambda d: _whole(len(d.divisions))),
    "indicators.count": Computed("绩效指标个数", "个", lambda d: _whole(len(d.indicators))),
    "indicators.quantified": Computed(
        "定量的绩效指标个数", "个", lambda d: _whole(sum(i.quantified for i in d.indicators))
    ),
    **{
        f"budget.{key}.{of}": Computed(
            f"{name}{words}",
            unit,
            lambda d, key=key, of=of: getattr(  # type: ignore[misc]
                d.budget.overall if key == "total" else d.budget.parts[key], of
            ),
            lacks,
        )
        for key, name in PART_NAMES.items()
        for of, words, unit, lacks in (
            ("unspent", "未支出", AMOUNT, ""),
            ("execution_rate", "预算执行率", RATE, f"{name}全年预算数为0"),
        )
    },
}  # fmt: skip
"""What a rule may name beside the fields of the form."""


def field_label(path: str, rubric: Rubric) -> str:
    """A figure of the filing in the form's own words: ``budget.total.spent`` → 全年执行数.

    Raises:
        ValueError: in Chinese, if neither the form nor *rubric* has such a field.
    """
    if path.startswith(PREVIOUS):
        return f"上年{field_label(path.removeprefix(PREVIOUS), rubric)}"
    if path.startswith(FIGURES):
        return _asked(path, rubric).name
    if path in COMPUTED:
        return _called(COMPUTED[path].name, rubric)
    steps = path.split(".")
    words = field_words(Department, tuple(steps))[-1]
    if "（" not in words:
        named = {known: field_label(known, rubric) for known in known_figures(rubric)}
        near = f"{FIGURES}{path}" if path in rubric.figures else nearest(path, named)
        raise ValueError(f"参数文件里没有字段“{path}”" + (f"，是不是 {near}" if near else ""))
    label = words.split("（")[0]
    # 全年预算数 alone is 资金总体's.
    of = PART_NAMES.get(steps[1], "") if len(steps) == 3 and steps[1] != "total" else ""
    return f"{of}{label}"


def field_unit(path: str, rubric: Rubric) -> str:
    """The unit of a single figure of the filing: 万元, ``%`` for a rate, which is a fraction, 个, ….

    Raises:
        ValueError: in Chinese, if it is no single figure.
    """
    label = field_label(path, rubric)
    if path.startswith(PREVIOUS) and not path.startswith(PREVIOUS * 2):
        return field_unit(path.removeprefix(PREVIOUS), rubric)
    if path.startswith(FIGURES):
        asked = _asked(path, rubric)
        return AMOUNT if asked.is_amount else asked.unit
    if path in COMPUTED:
        return COMPUTED[path].unit
    if path == "reported.total":
        return "分"
    if not _is_figure(path):
        raise ValueError(f"字段“{path}”（{label}）不是金额，也不是比率或个数")
    return RATE if path.endswith("rate") else AMOUNT


def _is_figure(path: str) -> bool:
    """Whether *path* leads to one Decimal of 预算执行."""
    model: Any = Department
    for step in path.split("."):
        info = getattr(model, "model_fields", {}).get(step)
        if info is None or get_origin(info.annotation) is tuple:
            return False  # lists have many figures
        # A record has no figure of its own.
        kinds = set(get_args(info.annotation) or [info.annotation])
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    return model is None and path.startswith("budget.") and "source" not in path


def _asked(path: str, rubric: Rubric) -> Figure:
    name = path.removeprefix(FIGURES)
    if name not in rubric.figures:
        near = nearest(name, {code: figure.name for code, figure in rubric.figures.items()})
        meant = f"，是不是 {FIGURES}{near}" if near else "；请在 figures 里写明它的名称和单位"
        raise ValueError(f"评分标准的 figures 里没有“{name}”{meant}")
    return rubric.figures[name]


MONEY_OF_PROJECTS = ("projects.budget", "projects.executed", "projects.full")


def _listed(field: str, parts: Sequence[str]) -> bool:
    """Whether a figure is filed under a rubric that lists these *parts* of the money."""
    head, _, below = field.partition(".")
    if head != "budget" and field not in MONEY_OF_PROJECTS:
        return True
    part = below.partition(".")[0]
    return bool(parts) and (part not in PART_NAMES or part in ("total", *parts))


def not_listed(path: str, rubric: Rubric) -> str:
    """Why a rule can't name a figure of money: the rubric's ``parts`` don't list it; else empty."""
    named = path.removeprefix(PREVIOUS)
    if _listed(named, rubric.parts):
        return ""
    if not rubric.has_money:
        why = "parts 写了 []，是不评资金的评分标准"
        return f"{why}，规则里不能用“{path}”；要用，请在 parts 里写明资金的部分"
    part = named.split(".")[1]
    name = PART_NAMES[part]
    return f"parts 里没有 {part}（{name}），部门不填这个数，规则里不能用“{path}”；要用，请在 parts 里补上"


def known_figures(rubric: Rubric) -> list[str]:
    """The paths that a rule may name, but for those of last year."""
    budget = [f"budget.{key}.{of}" for key in PART_NAMES for of in ("budget", "spent", "rate")]
    budget += ["budget.initial", "budget.carryover.amount", "budget.carryover.rate"]
    budget += ["budget.carryover.previous_rate", "budget.variance.rate", "reported.total"]
    known = dict.fromkeys([*budget, *COMPUTED, *(f"{FIGURES}{name}" for name in rubric.figures)])
    return [path for path in known if not not_listed(path, rubric)]


def unfit(path: str, rubric: Rubric, rate: bool | None = None) -> str:
    """Why a rule can't name *path*: no figure, or not a *rate* where one is meant; else empty."""
    try:
        unit = field_unit(path, rubric)
    except ValueError as e:
        return str(e)
    if why := not_listed(path, rubric):
        return why
    if rate is not None and (unit == RATE) != rate:
        wanted = "比率" if rate else "金额或个数"
        return f"字段“{path}”（{field_label(path, rubric)}）不是{wanted}"
    return ""


def filed_figure(department: Department, field: str) -> Decimal | None:
    """The filed figure at *field*; 资金总体 is the sum of its parts if it isn't filed."""
    if field.startswith(PREVIOUS):
        last_year, of = department.last_year, field.removeprefix(PREVIOUS)
        return filed_figure(last_year, of) if last_year else None
    if field.startswith(FIGURES):
        return department.figures.get(field.removeprefix(FIGURES))
    if not _listed(field, department.listed_parts):
        return None  # last year's rubric may ask for less money than this year's
    if field in COMPUTED:
        return COMPUTED[field].value(department)
    value: Any = department
    for step in field.split("."):
        is_total = step == "total" and value is department.budget
        value = department.budget.overall if is_total else getattr(value, step)
        if value is None:
            return None
    assert isinstance(value, Decimal)
    return value


def unfilled(department: Department, fields: Sequence[str], rubric: Rubric) -> str:
    """What to fill in for the *fields* that a filing has no figure for: 未填年初预算数."""
    said = []
    plainly = []
    for field in fields:
        label = field_label(field, rubric)
        if field.startswith(PREVIOUS):
            said.append(
                "没有上年参数文件，请写明它的路径（previous）"
                if department.last_year is None
                else f"上年参数文件没有{label.removeprefix('上年')}"
            )
        elif field.startswith(FIGURES):
            plainly.append(f"{label}（figures 里的 {field.removeprefix(FIGURES)}）")
        elif field in COMPUTED:
            said.append(_called(COMPUTED[field].lacks, rubric) or f"没有{label}")
        else:
            plainly.append(label)
    return "，".join([*([f"未填{'、'.join(plainly)}"] if plainly else []), *dict.fromkeys(said)])


def with_unit(
    value: Decimal, unit: str, reads: Callable[[Decimal], object] = lambda value: None
) -> str:
    """A figure as it is printed: 12.5%, 80万元; a mean that has no end with four places.

    With more where *reads* takes the printed one for another.
    """
    if unit == RATE:
        return telling_percent(value, reads)
    ends = len(plain(value).partition(".")[2]) <= MOST_PLACES
    places = 4
    while not ends and places < MOST_PLACES and reads(rounded(value, places)) != reads(value):
        places += 1
    return f"{plain(value if ends else rounded(value, places))}{unit}"


MOST_PLACES = 12
"""Decimals of a figure that was filed; one that was worked out may have no end."""


def place_of(department: Department, field: str) -> str:
    """Where a figure stands, in this year's file or last year's."""
    last_year = department.last_year
    if field.startswith(PREVIOUS) and last_year is not None:
        return last_year.place(field.removeprefix(PREVIOUS))
    return department.place(field)


def filed_input(department: Department, field: str, rubric: Rubric) -> Input:
    """The figure at *field* as what a score rests on, with its place; 未填 if it isn't filed."""
    value = filed_figure(department, field)
    shown = "未填" if value is None else with_unit(value, field_unit(field, rubric))
    return Input(field_label(field, rubric), shown, place_of(department, field))
