"""The sheets of a department's workbook (工作簿): which fields stand in which rows and columns.

They are taken from the form, so that a field added to it has its place in the book, too.
What a form nests deeper than a table can show stands in the sheet 其他字段 by its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from perfkit.forms.aliases import aliases
from perfkit.forms.department import Department, Part
from perfkit.forms.fields import Loc, field_readers
from perfkit.quantities import parse_amount

DEPARTMENT = "部门"
"""The sheet of the department itself, and the column that says whose a row is."""

GUIDE = "填写说明"
OTHER = "其他字段"
CHOICES = "选项"
"""The hidden sheet with the lists that drop-downs offer."""

CONTENT = "填写内容"
KEY = "编号"

ENTRY = "指标"
"""The column of an item's entries in the tables in which an item has several rows."""

SIGN, FIRST, ADJUSTED, CLAIM = "计算符号", "年初值", "调整值", "自评分"
"""The columns of an indicator that the form keeps in other fields; see `perfkit.forms.targets`."""

NAMES = {
    "projects": "项目",
    "indicators": "指标",
    "checks": "检查清单",
    "narrative": "文字说明",
    "reported": "自评",
    "budget": "预算",
}
"""The names of sheets that are shorter than the field's title."""

OF_THE_RUBRIC = {"checks": "检查内容", "answers": "指标", "scores": "指标", "figures": "数据名称"}
"""Mappings whose keys are codes of the rubric, and the heading of the words for them."""

ENTRIES = {"scores": ("得分", "核定得分", "评分"), "reasons": ("理由", "改分原因")}
"""The headings of the columns with what an item says of each indicator, and other words for them."""

# Long texts of the department stand with its narrative.
_WITH_NARRATIVE = ("objective",)


@dataclass(frozen=True)
class Column:
    """A column: its heading, and the steps from its row's place to the value."""

    title: str
    steps: Loc = ()
    also: tuple[str, ...] = ()
    unit: str = ""

    @property
    def heading(self) -> str:
        """The title with its unit: 预算数（万元）."""
        return f"{self.title}（{self.unit}）" if self.unit else self.title


Kind = Literal["rows", "list", "keyed", "nested"]


@dataclass(frozen=True)
class Block:
    """A table of a sheet.

    ``rows`` are fixed: each has a title and a place of its own. A ``list`` has an item a row, and
    a ``keyed`` one an entry a row, whose key stands in the first column. In a ``nested`` one an
    item, known by what stands in its first column, has a row for each of its entries.
    """

    sheet: str
    kind: Kind
    at: Loc
    columns: tuple[Column, ...]
    label: str = ""
    """The heading of the column with the title, or the key, of a row."""
    rows: tuple[tuple[str, Loc], ...] = ()
    words: str = ""
    """The heading of the column with the rubric's words for a key, which may stand for it."""

    @property
    def titles(self) -> tuple[str, ...]:
        """All headings that are read, without units."""
        names = (self.label, self.words, *(column.title for column in self.columns))
        return tuple(name for name in names if name)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _several(annotation: Any) -> bool:
    """Whether a field is a list or a mapping."""
    origin = get_origin(annotation)
    inner = get_args(annotation) if origin not in (tuple, list, dict) else ()
    return origin in (tuple, list, dict) or any(map(_several, inner))


def _unit(loc: Loc) -> str:
    return "万元" if parse_amount in field_readers(Department, loc) else ""


def _name(info: Any, name: str) -> str:
    return info.title or name


def columns_of(model: type[BaseModel], at: Loc) -> tuple[Column, ...]:
    """A column for each plain field of a record, and of those in it: 基本支出全年预算数."""
    words = aliases((model,))
    found: list[Column] = []
    for name, info in model.model_fields.items():
        step = info.alias or name
        below = _models(info.annotation)
        if _several(info.annotation):
            continue
        if below:
            found += [
                Column(
                    inner.title if len(inner.steps) > 1 else f"{_name(info, name)}{inner.title}",
                    (step, *inner.steps),
                    () if len(inner.steps) > 1 else (inner.title,),
                    inner.unit,
                )
                for inner in columns_of(below[0], (*at, step))
            ]
            continue
        also = tuple(word for word, of in words.items() if of == step and word != info.title)
        found.append(Column(_name(info, name), (step,), also, _unit((*at, step))))
    return tuple(found)


def _fixed(model: type[BaseModel], at: Loc, before: str = "") -> Iterator[tuple[str, Loc]]:
    """The plain fields of a record and of those in it, with titles that differ."""
    for name, info in model.model_fields.items():
        loc = (*at, info.alias or name)
        below = _models(info.annotation)
        if _several(info.annotation) or Part in below:
            continue
        if below:
            yield from _fixed(below[0], loc, _name(info, name))
        else:
            yield _name(info, name), loc


@cache
def blocks() -> tuple[Block, ...]:
    """All tables of the book, in the order of their sheets."""
    found: list[Block] = []
    single: list[tuple[str, Loc]] = []
    narrative: list[tuple[str, Loc]] = []
    for name, info in Department.model_fields.items():
        at: Loc = (info.alias or name,)
        sheet = NAMES.get(name, _name(info, name))
        below = _models(info.annotation)
        origin = get_origin(info.annotation)
        if name == "indicators":
            found.append(Block(sheet, "list", at, _indicator_columns(below[0], at)))
        elif origin is tuple and below and _mappings(below[0]):
            found.append(Block(sheet, "nested", at, _nested_columns(below[0], at)))
        elif origin is tuple and below:
            found.append(Block(sheet, "list", at, columns_of(below[0], at)))
        elif origin is dict:
            found.append(_keyed(sheet, at, below))
        elif name == "budget":
            found += [_parts(sheet), _listed(sheet, tuple(_fixed(below[0], at)))]
        elif name == "reported":
            scores = _keyed(sheet, (*at, "scores"), [])
            found += [_listed(sheet, tuple(_fixed(below[0], at))), scores]
        elif name == "narrative":
            narrative += _fixed(below[0], at)
        elif below:
            found.append(_listed(sheet, tuple(_fixed(below[0], at))))
        elif name in _WITH_NARRATIVE:
            narrative.append((_name(info, name), at))
        else:
            single.append((_name(info, name), at))
    found.insert(0, _listed(DEPARTMENT, tuple(single)))
    found.append(_listed(NAMES["narrative"], tuple(narrative)))
    found.append(Block(OTHER, "keyed", (), (Column(CONTENT),), "字段"))
    order = [DEPARTMENT, "内设机构", *(NAMES[k] for k in ("budget", "projects", "indicators"))]
    order += [NAMES["checks"], "指标填报", "另填数据", NAMES["reported"], NAMES["narrative"]]
    order += ["上年问题整改", "二级单位", "评分环节"]
    rank = {sheet: number for number, sheet in enumerate(order)}
    return tuple(sorted(found, key=lambda block: rank.get(block.sheet, len(order))))


def _listed(sheet: str, rows: tuple[tuple[str, Loc], ...]) -> Block:
    return Block(sheet, "rows", (), (Column(CONTENT),), "填写项", rows)


def _parts(sheet: str) -> Block:
    budget = _models(Department.model_fields["budget"].annotation)[0]
    rows = tuple(
        (_name(info, name), ("budget", name))
        for name, info in budget.model_fields.items()
        if Part in _models(info.annotation)
    )
    return Block(sheet, "rows", (), columns_of(Part, ("budget", "total")), "资金来源", rows)


def _keyed(sheet: str, at: Loc, below: list[type[BaseModel]]) -> Block:
    titles = {"checks": "回答", "scores": "自评得分", "figures": "填报数"}
    columns = columns_of(below[0], (*at, "")) if below else (Column(titles.get(str(at[-1]), "值")),)
    words = OF_THE_RUBRIC.get(str(at[-1]), "")
    return Block(sheet, "keyed", at, columns, KEY if words else "名称", words=words)


def _mappings(model: type[BaseModel]) -> list[str]:
    """The fields of a record that say something of each indicator."""
    return [
        name for name, info in model.model_fields.items() if get_origin(info.annotation) is dict
    ]


def _nested_columns(model: type[BaseModel], at: Loc) -> tuple[Column, ...]:
    """The plain fields of a record, with those by indicator where the first of them stands."""
    plain = {column.steps[0]: column for column in columns_of(model, at)}
    by_indicator = _mappings(model)
    entries = [Column(ENTRY, (ENTRY,), ("指标编号", "指标名称", "评价指标", KEY))]
    for name in by_indicator:
        title, *also = ENTRIES[name]
        also.append(_name(model.model_fields[name], name))
        entries.append(Column(title, (ENTRY, name), tuple(also)))
    names = list(model.model_fields)
    before = names.index(by_indicator[0])
    found = [plain[name] for name in names[:before]]
    first = found[0]
    found[0] = replace(first, also=(*first.also, first.title.removesuffix("名称")))
    return (*found, *entries, *(plain[name] for name in names[before:] if name in plain))


def _indicator_columns(model: type[BaseModel], at: Loc) -> tuple[Column, ...]:
    """The fields of an indicator with 计算符号 before its values, and 自评分."""
    found: list[Column] = []
    for column in columns_of(model, at):
        if column.steps == ("initial",):
            continue
        if column.steps == ("target",):
            found.append(Column(SIGN, (SIGN,), ("符号", "运算符号")))
            found.append(Column(FIRST, (FIRST,), ("年初指标值", *column.also, column.title)))
            found.append(Column(ADJUSTED, (ADJUSTED,), ("调整后指标值", "调整后的指标值")))
        else:
            found.append(column)
    found.append(Column(CLAIM, (CLAIM,), ("自评得分",)))
    return tuple(found)
