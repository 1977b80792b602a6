"""另填数据: figures that a rubric asks for because the form has no field for them (编制数, 在职人数)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from perfkit.errors import Fault
from perfkit.forms.codes import nearest, with_meaning
from perfkit.forms.department import Answer, Department, Name, Record
from perfkit.forms.fields import Loc, field_words
from perfkit.forms.yamlfile import Source
from perfkit.quantities import (
    LARGEST_MEASURE,
    MEASURE_PLACES,
    halfwidth,
    parse_amount,
    parse_rate,
    parse_signed_rate,
    percent,
    plain,
)

AMOUNT, RATE, YUAN = "万元", "%", "元"
LISTED = 12
"""Figures that a message lists; of more it names the nearest."""

_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:,[0-9]{3}){0,4}(?:\.[0-9]{1,20})?)\s*(\S{0,20})")
_BARE = re.compile(r"[0-9.,]+")
_ID = re.compile(r"[^\W\d]\w{0,59}")


def _in_sign(unit: str) -> str:
    return RATE if unit in ("％", "百分比", "百分数", "百分率") else unit


class Figure(Record):
    """另填数据 of a rubric: its name and unit, and the bounds that a right figure keeps.

    Amounts (万元, 元) come out in 万元 and rates (%) as fractions; any other unit is as it is.
    """

    name: Name = Field(title="名称")
    unit: Annotated[Name, AfterValidator(_in_sign)] = Field(
        title="计量单位", description="万元、元、%，或人、个、平方米等"
    )
    about: str = Field("", title="填报说明")
    whole: Answer = Field(False, title="只填整数")
    least: str | None = Field(None, title="最小值", description="不写则为 0")
    most: str | None = Field(None, title="最大值")
    not_above: Name | None = Field(
        None, title="一般不大于", description="另一个数的字段；大于它时提示核对"
    )

    @model_validator(mode="after")
    def _bounds(self) -> Figure:
        least, most = self.bounds
        if most is not None and most < least:
            raise ValueError(f"最大值 {self.most} 小于最小值 {self.least or 0}")
        return self

    @property
    def is_amount(self) -> bool:
        """Whether it is money."""
        return self.unit in (AMOUNT, YUAN)

    @property
    def bounds(self) -> tuple[Decimal, Decimal | None]:
        """The least and the most that it can be."""
        least = Decimal(0) if self.least is None else self._number(self.least)
        return least, None if self.most is None else self._number(self.most)

    def read(self, value: object) -> Decimal:
        """The figure as it was filed: ``120``, ``120人``, ``350000元``, ``12.5%``.

        Raises:
            ValueError: in Chinese, for what is no such figure.
        """
        if isinstance(value, (dict, list, bool)) or value is None:
            raise ValueError(f"应填一个数（单位{self.unit}）")
        number = self._number(str(value))
        least, most = self.bounds
        if number < least:
            raise ValueError(f"不能小于 {self.shown(least)}，这里是“{value}”")
        if most is not None and number > most:
            raise ValueError(f"不能大于 {self.shown(most)}，这里是“{value}”")
        if self.whole and number != number.to_integral_value():
            raise ValueError(f"应填整数，这里是“{value}”")
        return number

    def _number(self, text: str) -> Decimal:
        if self.is_amount:
            bare = _BARE.fullmatch(halfwidth(text))
            return parse_amount(f"{text}{self.unit}" if bare else text)
        if self.unit == RATE:
            signed = self.least is not None and "-" in halfwidth(self.least)
            return parse_signed_rate(text) if signed else parse_rate(text)
        found = _NUMBER.fullmatch(halfwidth(text))
        if found is None:
            raise ValueError(f"“{text[:30]}”不是数字；应写数字（单位{self.unit}），如 120")
        if found[2] not in ("", halfwidth(self.unit)):
            raise ValueError(f"“{text[:30]}”的单位应是{self.unit}；请换算后只写数字")
        number = Decimal(found[1].replace(",", ""))
        places = -int(number.as_tuple().exponent)
        if abs(number) >= LARGEST_MEASURE or places > MEASURE_PLACES:
            raise ValueError(f"“{text[:30]}”的位数太多；请核对")
        return number

    def shown(self, value: Decimal) -> str:
        """The figure as it is printed: 120人, 35万元, 12.5%."""
        if self.unit == RATE:
            return percent(value, 4)
        return f"{plain(value)}{AMOUNT if self.is_amount else self.unit}"

    def asks(self) -> str:
        """What to fill in, in one line: 编制数（单位人，整数，不小于 1人）."""
        about = f"。{self.about}" if self.about else ""
        return f"{self.name}（{'，'.join([f'单位{self.unit}', *self._limits()])}）{about}"

    @property
    def note(self) -> str:
        """The same where name and unit stand apart: 整数，不小于 1人。取自编制批复."""
        return "。".join(filter(None, ["，".join(self._limits()), self.about]))

    def _limits(self) -> list[str]:
        least, most = self.bounds
        said = ["整数"] * self.whole
        said += [f"不小于 {self.shown(least)}"] if self.least is not None else []
        return said + ([f"不大于 {self.shown(most)}"] if most is not None else [])


def named_rightly(figures: Mapping[str, Figure]) -> Iterator[tuple[Loc, str]]:
    """Ids that could not be written in a field path."""
    for name in figures:
        if not _ID.fullmatch(name):
            yield ("figures", name), f"编号“{name}”只能用字母、汉字、数字和下划线，不能以数字开头"


def read_figures(
    given: Any, asked: Mapping[str, Figure], rubric: str, source: Source, loc: Loc
) -> tuple[Any, list[Fault]]:
    """The filed figures as exact Decimals, and what is wrong with them, each with its line.

    Args:
        given: the value of ``figures`` as it was read; what is no mapping is left to the record.
        asked: the figures that the rubric asks for, by id.
        rubric: the rubric's id, for the messages.
        source: knows the lines.
        loc: the place of ``figures`` in *source*.
    """
    if not isinstance(given, dict):
        return given, []
    found: dict[str, Decimal] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        words = " / ".join(field_words(Department, (*loc[1:], name)))
        figure = asked.get(name)
        try:
            if figure is None:
                raise ValueError(_unknown(name, asked, rubric))
            found[name] = figure.read(value)
        except ValueError as e:
            said = f"{figure.name}：{e}" if figure else str(e)
            faults.append(source.fault((*loc, name), f"{words}：{said}"))
    return found, faults


def _unknown(name: str, asked: Mapping[str, Figure], rubric: str) -> str:
    titles = {known: figure.name for known, figure in asked.items()}
    if not titles:
        return f"评分标准{rubric}没有要另填的数据，请删去“{name}”"
    by_title = next((known for known, title in titles.items() if title == name), None)
    meant = by_title or nearest(name, titles)
    if meant:
        return f"评分标准里没有“{name}”，是不是 {with_meaning([meant], titles)}"
    if len(titles) > LISTED:
        return f"评分标准里没有“{name}”，用 perfkit rubric 查看要填的数据"
    return f"评分标准里没有“{name}”，可填的有：{with_meaning(titles, titles)}"
