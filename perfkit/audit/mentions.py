"""文字里的数字: the amounts, rates, points, counts and dates that a text states.

A mention has an exact value and the precision it is written with, so that
1.55亿元 can be held against 15548.09万元. What only looks like a figure
(document numbers, names such as “1511工程”, ordinals, list numbers, 两三个) is none.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from perfkit.quantities import rounded

Kind = Literal["amount", "rate", "points", "count", "date"]

_WIDE = str.maketrans("０１２３４５６７８９．％", "0123456789.%")
_DIGITS = dict(zip("零〇一二三四五六七八九", (0, *range(10)), strict=True)) | {"两": 2}
_DIGITS |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
_POWERS = {"十": 1, "百": 2, "千": 3, "拾": 1, "佰": 2, "仟": 3}
_GROUPS = {"万": 4, "亿": 8}
_SHIFTS = {"万亿": 12, "千万": 7, "百万": 6, "十万": 5, "千": 3, "百": 2} | _GROUPS
_NUMERALS = "".join([*_DIGITS, *_POWERS])
_CAPITALS = "".join(_DIGITS)

# Every repetition is bounded, so that the time for a text grows as its length does. A number that
# is longer, or that begins within one (1 298.60, 12·5, 1/2, 10^30), is not read rather than cut.
_NUMBER = r"(?<![0-9A-Za-z.])(?<![0-9][ '’·/／×^_万亿千百])[0-9]{1,15}(?:,[0-9]{3}){0,5}(?:\.[0-9]{1,10})?"
_CHINESE = rf"(?<![{_NUMERALS}万亿])(?!(?<=数)[十百千])[{_NUMERALS}](?:[{_NUMERALS}万亿点]{{0,24}}[{_NUMERALS}])?(?![几多余来])"
_SHIFT = f"(?:{'|'.join(_SHIFTS)})"
# 1亿2000万元 and 98万3925元 are one figure each.
_MIXED = rf"{_NUMBER}(?:{_SHIFT}(?:零?[0-9]{{1,8}}(?:\.[0-9]{{1,10}})?)?){{0,3}}"
_UNITS = "|".join(
    [
        "人次",
        "平方米",
        "平方公里",
        "公里",
        "公斤",
        *"个家项场次人件名户份笔条篇所处套台辆支座类批只棵吨米",
    ]
)
_NOT_AFTER = r"(?<![第〔（(\-—－号几])"
_PATTERN = re.compile(
    rf"""
      (?P<day>[0-9]{{4}}年[0-9]{{1,2}}月(?:[0-9]{{1,2}}日)?)
    | {_NOT_AFTER}(?P<amount>{_MIXED}|{_CHINESE}[万亿]{{0,2}})[元圆]
        (?:(?P<tenth>[0-9{_CAPITALS}])角)?(?:零?(?P<cent>[0-9{_CAPITALS}])分)?
    | {_NOT_AFTER}(?P<wan>{_NUMBER}[万亿])(?=[，。；、）)\n]|$)
    | {_NOT_AFTER}(?P<percent>{_NUMBER})%
    | 百分之(?P<hundredths>{_NUMBER}|{_CHINESE})
    | {_NOT_AFTER}(?P<points>{_NUMBER})分(?![之钟别布析类级行院局配期批段步公部散支解组会社工管销子])
    | {_NOT_AFTER}(?P<count>{_NUMBER}[万亿]?|{_CHINESE}[万亿]?)(?P<unit>{_UNITS})(?!百分点)
    """,
    re.VERBOSE,
)
# What stands in these is a name or the number of a document.
_NAMES = re.compile(
    r"[〔【][^〕】]{0,40}[〕】]|[“《][^”》]{0,200}[”》]"
    r"|第[0-9一二三四五六七八九十百]{1,12}[条款项号届批次个章节期]"
)
_CUT = re.compile(r"[0-9],$")  # before 4万元 in 1,23,4万元; a Chinese comma may part two figures
_THOUSANDS = re.compile(r"(?<![0-9.,])(?<![0-9]，)[0-9]{1,3}(?:，[0-9]{3}){1,5}(?![0-9])")
_LOOSE = re.compile(r"(?:约为?|大约|近|将近|接近|超过?|逾|突破|不足|不到|多达)$")
_BOUND = re.compile(
    r"(?:不低于|不少于|不超过|不高于|不得超过|至少|最多|最高|最低|≥|≤|>|<|每人|每户|人均|户均|单价"
    r"|[0-9](?:[万亿]?元|%|％|分|[个家项场次人])?(?:至|到|～|~|—|-|–))$"
)
_MORE = re.compile(r"余|多|以上|以下|以内|左右|上下")
# 500元/人 is a price, 10至15万元 a range.
_OF_EACH = re.compile(
    r"[/／每](?:人|户|年|月|天|日|次|平方米|平米|吨|亩|公里|间|台|套|个|学时|课时|件|本)"
    r"|(?:至|到|～|~|—|-|–)[0-9]"
)
_BEFORE = 12
"""Signs before a figure that say whether it is loose or a bound."""


@dataclass(frozen=True)
class Mention:
    """A figure in a text.

    `value` is in 万元 for an amount, a fraction for a rate, else as it is
    written; `step` is one unit of its last decimal, in the same measure.
    `loose` marks 约, 近, 超过 and the like; `bound` a limit, range or price
    rather than a fact. `at` and `till` are its place in the text without blanks.
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
    at: int = 0
    till: int = 0

    def says(self, value: Decimal) -> bool:
        """Whether the text is right if the figure is *value*."""
        if self.loose:
            return abs(self.value - value) <= abs(value) / 10
        if self.kind in ("points", "count"):
            return self.value == value  # not to be rounded
        return rounded(value / self.step, 0) * self.step == self.value


@dataclass(frozen=True)
class Squeezed:
    """A text without the blanks beside Chinese signs, and the place of every sign left of it."""

    text: str
    places: tuple[int, ...]


@lru_cache(maxsize=256)
def squeezed(text: str) -> Squeezed:
    """A text as it is read: full-width figures made half-width, blanks beside Chinese signs gone."""
    plain = text.translate(_WIDE)
    # 1，298.60 is one number; elsewhere ， ends a clause.
    plain = _THOUSANDS.sub(lambda found: found[0].replace("，", ","), plain)
    kept: list[int] = []
    blank = False
    for i, sign in enumerate(plain):
        if sign in " \t\u3000\xa0":
            blank = True
            continue
        # Between two figures or Latin words a blank stays: 1 298.60 is no 1298.60.
        if blank and kept and _is_latin(plain[kept[-1]]) and _is_latin(sign):
            kept.append(i - 1)
        kept.append(i)
        blank = False
    return Squeezed(
        "".join(" " if plain[i] in "\t\u3000\xa0" else plain[i] for i in kept), tuple(kept)
    )


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


def mentions(text: str) -> Iterator[Mention]:
    """The figures of a text in its order; full-width signs and Chinese numerals are read too."""
    read = squeezed(text)
    plain, places = read.text, read.places
    names = [found.span() for found in _NAMES.finditer(plain)]
    starts = [start for start, _ in names]
    for found in _PATTERN.finditer(plain):
        name = bisect(starts, found.start()) - 1
        if name >= 0 and found.start() < names[name][1]:
            continue
        if _CUT.search(plain, max(0, found.start() - 2), found.start()):
            continue
        figure = _read(found)
        if figure is None:
            continue
        kind, value, step, unit = figure
        before = plain[max(0, found.start() - _BEFORE) : found.start()]
        more = _MORE.match(plain, found.end())
        start, end = places[found.start()], places[found.end() - 1] + 1
        limit = more is not None and more[0] in ("以上", "以下", "以内")
        yield Mention(
            kind,
            text[start:end],
            start,
            end,
            value,
            step,
            unit,
            loose=bool(_LOOSE.search(before) or (more and more[0] not in ("以下", "以内"))),
            bound=bool(_BOUND.search(before) or limit or _OF_EACH.match(plain, found.end())),
            at=found.start(),
            till=found.end(),
        )


def _read(found: re.Match[str]) -> tuple[Kind, Decimal, Decimal, str] | None:
    if found["day"]:
        return "date", Decimal(0), Decimal(1), ""
    for kind, group in (("amount", "amount"), ("amount", "wan"), ("rate", "percent"),
                        ("rate", "hundredths"), ("points", "points"),
                        ("count", "count")):  # fmt: skip
        words = found[group]
        if words is None:
            continue
        number = number_of(words)
        if number is None:
            return None
        value, step = number
        for part, unit in (("tenth", "0.1"), ("cent", "0.01")):
            if small := found[part]:
                step = Decimal(unit)
                value += step * (int(small) if small.isdigit() else _DIGITS[small])
        scale = {"amount": Decimal("0.0001"), "rate": Decimal("0.01")}.get(kind, Decimal(1))
        unit = found["unit"] or ""
        return kind, value * scale, step * scale, unit  # type: ignore[return-value]
    return None


def number_of(words: str) -> tuple[Decimal, Decimal] | None:
    """The value of a number in figures or in Chinese, and of one unit of its last place.

    None for what is no exact number: 两三, 二三十.
    """
    words = words.replace(",", "").strip()
    if words[:1].isdigit() and words.isascii():
        decimals = len(words.partition(".")[2])
        return Decimal(words), Decimal(1).scaleb(-decimals)
    if words[:1].isdigit():
        return _mixed(words)
    return _chinese(words)


def _mixed(words: str) -> tuple[Decimal, Decimal]:
    """98万3925, 1亿2000万: figures, each with the power that follows it."""
    total, step = Decimal(0), Decimal(1)
    for figure, decimals, shift in re.findall(rf"([0-9]+(?:\.([0-9]+))?)({_SHIFT})?", words):
        power = _SHIFTS.get(shift, 0)
        step = Decimal(1).scaleb(power - len(decimals))
        total += Decimal(figure).scaleb(power)
    return total, step


def _chinese(words: str) -> tuple[Decimal, Decimal] | None:
    whole, point, rest = words.partition("点")
    if point:
        decimals = rest.rstrip("".join(_GROUPS))
        before = _chinese(whole)
        if before is None or not decimals or any(sign not in _DIGITS for sign in decimals):
            return None
        power = sum(_GROUPS[sign] for sign in rest[len(decimals) :])
        digits = "".join(str(_DIGITS[sign]) for sign in decimals)
        step = Decimal(1).scaleb(power - len(digits))
        return before[0].scaleb(power) + Decimal(digits) * step, step
    if len(words) > 1 and all(sign in _DIGITS for sign in words):
        # 二〇二三 is 2023, but 两三 is two or three.
        exact = len(words) > 2 or words[1] in "零〇"
        digits = "".join(str(_DIGITS[sign]) for sign in words)
        return (Decimal(digits), Decimal(1)) if exact else None
    total = section = digit = 0
    last = zero = 0
    before_digit = False
    for sign in words:
        if sign in _DIGITS:
            if before_digit and digit:
                return None  # 二三十
            digit, before_digit = _DIGITS[sign], True
            zero = zero or (digit == 0)
            continue
        if sign in _POWERS:
            section += (digit or 1) * 10 ** _POWERS[sign]
            last = _POWERS[sign]
        elif sign == "万":
            total += (section + digit) * 10**4
            section, last = 0, 4
        elif sign == "亿":
            total = (total + section + digit) * 10**8
            section, last = 0, 8
        else:
            return None
        digit, before_digit, zero = 0, False, 0
    if digit and last > 1 and not zero:
        # 一万二 is 12000, 三千五 3500.
        step = 10 ** (last - 1)
        return Decimal(total + section + digit * step), Decimal(step)
    return Decimal(total + section + digit), Decimal(1)


def day_of(mention: Mention) -> tuple[int, int, int | None] | None:
    """Year, month and day of a date; None if there is no such day."""
    found = [int(part) for part in re.findall(r"[0-9]+", mention.text.translate(_WIDE))]
    year, month, day = found[0], found[1], found[2] if len(found) > 2 else None
    try:
        date(year, month, day or 1)
    except ValueError:
        return None
    return year, month, day
