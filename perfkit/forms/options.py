"""自定参数 (`options` of the parameter file): plain values of an analyst's own, for the notebook.

The reader keeps every value as text (`perfkit.forms.yamlfile`); here it gets its type: a whole
number, a decimal, 是 or 否, else text. What YAML would read in another way than an analyst
meant it, as 010 or 12:30, is refused, so that a value is the same by every way into the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from perfkit import signs
from perfkit.errors import Fault, PerfkitError
from perfkit.forms.codes import nearest
from perfkit.forms.fields import Loc
from perfkit.forms.slips import HASH
from perfkit.forms.yamlfile import Source
from perfkit.quantities import halfwidth
from perfkit.texts import in_short

Value = bool | int | float | str
"""What an option may be; a list of these may be one, too."""

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NEARLY_A_NUMBER = re.compile(r"[+-]?\.?[0-9][0-9,._:]*(?:[eE][+-]?[0-9]+)?|0[xXoObB][0-9a-fA-F_]+")
ANSWERS = {"是": True, "否": False, "true": True, "false": False,
           "yes": True, "no": False, "on": True, "off": False}  # fmt: skip
"""Beside 是 and 否 the words that YAML takes for them."""

SHAPES = "只能是文字、整数、小数、是或否，或者由它们组成的列表"

_resolver: Any = yaml.SafeLoader("")


class Options(dict[str, Any]):
    """The options by name; one that is missing is told in Chinese."""

    def __missing__(self, name: str) -> Any:
        near = nearest(str(name), dict.fromkeys(self, ""))
        meant = f"，是不是“{near}”" if near else ""
        raise PerfkitError(
            f"参数文件的 options 里没有“{name}”{meant}；请在参数文件里填上（如 options: {{{name}: 10}}），"
            f'或改用 report.option("{name}", 没有时的值)'
        )


def typed_options(given: Any, source: Source, loc: Loc) -> tuple[Any, list[Fault]]:
    """The options with the types that their texts have, and what is wrong with them.

    Args:
        given: the value of ``options`` as it was read; what is no mapping is left to the record.
        source: knows which texts stand in quotation marks, and so are texts whatever they say.
        loc: the place of ``options`` in *source*.
    """
    if not isinstance(given, dict):
        return given, []
    faults: list[Fault] = []
    found: dict[str, Any] = {}
    for name, value in given.items():
        if not name:
            faults.append(_fault(source, (*loc, name), "参数要有名称"))
            continue
        values = value if isinstance(value, list) else [value]
        places: list[Loc] = [
            (*loc, name, i) if isinstance(value, list) else (*loc, name) for i in range(len(values))
        ]
        made = [_typed(one, source, at, faults) for one, at in zip(values, places, strict=True)]
        found[name] = made if isinstance(value, list) else made[0]
    return found, faults


def _typed(value: Any, source: Source, loc: Loc, faults: list[Fault]) -> Any:
    if value is None or isinstance(value, (dict, list)):
        what = (
            "空的一项" if value is None else "几层" if isinstance(value, list) else "“字段: 内容”"
        )
        faults.append(_fault(source, loc, f"{SHAPES}，这里是{what}"))
        return ""
    if isinstance(value, bool):
        return value
    if value in ("是", "否"):
        return ANSWERS[value]
    if loc in source.quoted:
        return value
    if value.lower() in ANSWERS:
        return ANSWERS[value.lower()]
    if WHOLE.fullmatch(value):
        return int(value)
    if DECIMAL.fullmatch(value):
        return float(value)
    faults += [_fault(source, loc, words) for words in _doubts(value, source, loc)]
    return value


def _doubts(value: str, source: Source, loc: Loc) -> Iterator[str]:
    """Why a text without quotation marks may not be what was meant."""
    tag = _resolver.resolve(yaml.ScalarNode, value, (True, False)).rpartition(":")[2]
    other = tag not in ("str", "null") and not DAY.fullmatch(value)
    if other or NEARLY_A_NUMBER.fullmatch(halfwidth(value)):
        yield (
            f"“{in_short(value)}”是数字还是文字认不准；数字写作 10、-3 或 0.5（半角，不加逗号和正号），"
            f"是文字就加英文引号：'{in_short(value)}'"
        )
    elif loc in source.comments:
        yield HASH


def _fault(source: Source, loc: Loc, message: str) -> Fault:
    *_, name = [step for step in loc if isinstance(step, str)]
    item = f" / 第 {loc[-1] + 1} 项" if isinstance(loc[-1], int) else ""
    return source.fault(loc, f"自定参数（options） / {signs.visible(name)}{item}：{message}")
