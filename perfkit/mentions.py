"""文字里的数字: the amounts, rates, points, counts and dates that a text states.

A mention has an exact value and the precision it is written with, so that
1.55亿元 can be held against 15548.09万元. What only looks like a figure
(document numbers, names such as “1511工程”, ordinals, list numbers) is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from perfkit.quantities import rounded

Kind = Literal["amount", "rate", "points", "count", "date"]

_WIDE = str.maketrans("０１２３４５６７８９．，％", "0123456789.,%")
_DIGITS = dict(zip("零〇一二三四五六七八九", (0, *range(10)), strict=True)) | {"两": 2}
_DIGITS |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
_POWERS = {"十": 1, "百": 2, "千": 3, "拾": 1, "佰": 2, "仟": 3}
_GROUPS = {"万": 4, "亿": 8}
_NUMERALS = "".join([*_DIGITS, *_POWERS])

_NUMBER = r"(?<![\dA-Za-z.])\d+(?:,\d{3})*(?:\.\d+)?"
_CHINESE = rf"[{_NUMERALS}](?:[{_NUMERALS}万亿点]*[{_NUMERALS}])?"
_UNITS = "个家项场次人件名户份笔条篇期所处套台辆支座类批只棵吨公里平方米"
_NOT_AFTER = r"(?<![第〔（(\-—第号])"
_PATTERN = re.compile(
    rf"""
      (?P<day>\d{{4}}年\d{{1,2}}月(?:\d{{1,2}}日)?)
    | {_NOT_AFTER}(?P<amount>(?:{_NUMBER}|{_CHINESE})\s*[万亿]{{0,2}})元
    | {_NOT_AFTER}(?P<percent>{_NUMBER})\s*%
    | 百分之(?P<hundredths>{_NUMBER}|{_CHINESE})
    | {_NOT_AFTER}(?P<points>{_NUMBER})\s*分(?![之钟别布析类级行院局配期批段步公部散支解组会社工管销子])
    | {_NOT_AFTER}(?P<count>{_NUMBER}|{_CHINESE})\s*(?P<unit>[{_UNITS}])
    """,
    re.VERBOSE,
)
# What stands in these is a name or the number of a document.
_NAMES = re.compile(
    r"〔[^〕]*〕|[“《][^”》]*[”》]|第\s*[\d一二三四五六七八九十百]+\s*[条款项号届批次个章节期]"
)
_LOOSE = re.compile(r"(?:约为?|大约|近|将近|接近|超过?|逾|突破|不足|不到|多达)\s*$")
_BOUND = re.compile(r"(?:不低于|不少于|不超过|不高于|至少|最多|最高|最低|≥|≤|>|<)\s*$")
_MORE = re.compile(r"\s*(?:余|多|以上|以下|以内|左右)")


@dataclass(frozen=True)
class Mention:
    """A figure in a text.

    `value` is in 万元 for an amount, a fraction for a rate, else as it is
    written; `step` is one unit of its last decimal, in the same measure.
    `loose` marks 约, 近, 超过 and the like; `bound` a limit rather than a fact.
    """

    kind: Kind
    text: str
    start: int
    end: int
    value: Decimal
    step: Decimal
    unit: str = ""
    loose: bool = False
    bound: bool = False

    def says(self, value: Decimal) -> bool:
        """Whether the text is right if the figure is *value*."""
        if self.loose:
            return abs(self.value - value) <= abs(value) / 10
        if self.kind in ("points", "count"):
            return self.value == value  # not to be rounded
        return rounded(value / self.step, 0) * self.step == self.value


def mentions(text: str) -> Iterator[Mention]:
    """The figures of a text in its order; full-width signs and Chinese numerals are read too."""
    plain = text.translate(_WIDE)
    names = [found.span() for found in _NAMES.finditer(plain)]
    for found in _PATTERN.finditer(plain):
        if any(start <= found.start() < end for start, end in names):
            continue
        read = _read(found)
        if read is None:
            continue
        kind, value, step, unit = read
        before, after = plain[: found.start()], plain[found.end() :]
        more = _MORE.match(after)
        yield Mention(
            kind,
            text[found.start() : found.end()],
            found.start(),
            found.end(),
            value,
            step,
            unit,
            loose=bool(_LOOSE.search(before) or (more and more[0].strip() not in ("以下", "以内"))),
            bound=bool(_BOUND.search(before) or (more and more[0].strip().startswith("以"))),
        )


def _read(found: re.Match[str]) -> tuple[Kind, Decimal, Decimal, str] | None:
    if found["day"]:
        return "date", Decimal(0), Decimal(1), ""
    for kind, group in (("amount", "amount"), ("rate", "percent"), ("rate", "hundredths"),
                        ("points", "points"), ("count", "count")):  # fmt: skip
        words = found[group]
        if words is None:
            continue
        number = _number(words)
        if number is None:
            return None
        value, step = number
        scale = {"amount": Decimal("0.0001"), "rate": Decimal("0.01")}.get(kind, Decimal(1))
        unit = found["unit"] or ""
        return kind, value * scale, step * scale, unit  # type: ignore[return-value]
    return None


def _number(words: str) -> tuple[Decimal, Decimal] | None:
    """The value of a number in figures or in Chinese, and of one unit of its last place."""
    words = words.replace(",", "").strip()
    figures = re.fullmatch(r"(\d+(?:\.(\d+))?)\s*([万亿]*)", words)
    if figures:
        power = sum(_GROUPS[sign] for sign in figures[3])
        step = Decimal(1).scaleb(power - len(figures[2] or ""))
        return Decimal(figures[1]).scaleb(power), step
    total = section = digit = 0
    for sign in words:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _POWERS:
            section += (digit or 1) * 10 ** _POWERS[sign]
            digit = 0
        elif sign in _GROUPS:
            total = (total + section + digit) * 10 ** _GROUPS[sign]
            section = digit = 0
        else:
            return None
    value = Decimal(total + section + digit)
    return value, Decimal(1)


def day_of(mention: Mention) -> tuple[int, int, int | None] | None:
    """Year, month and day of a date; None if there is no such day."""
    found = [int(part) for part in re.findall(r"\d+", mention.text.translate(_WIDE))]
    year, month, day = found[0], found[1], found[2] if len(found) > 2 else None
    try:
        date(year, month, day or 1)
    except ValueError:
        return None
    return year, month, day
