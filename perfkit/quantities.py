"""Amounts, rates and measures: from what a department writes to exact Decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from perfkit.signs import unusual

MONEY_UNITS = {"": 0, "万元": 0, "万": 0, "元": -4, "亿元": 4, "亿": 4}
"""Power of ten that turns a unit into 万元."""

LARGEST_AMOUNT = Decimal(10) ** 8
"""万元 (1 万亿元): no department's budget is larger, so a larger figure is a slip of the unit."""

LARGEST_RATE = Decimal(10_000)
"""1 000 000 %: beyond it a figure was put in the wrong field."""

RATE_PLACES = 40
"""Decimals of a rate as a fraction: a rate that a machine wrote out has no more."""

LARGEST_POINTS = Decimal(10_000)

FIRST_YEAR, LAST_YEAR = 1949, 2100
"""Years that a project can begin or end in."""

LARGEST_MEASURE = Decimal(10) ** 12
MEASURE_PLACES = 8
"""Bounds of a 指标值: within them every ratio can be shown as a percentage."""

_EIGHTEEN = Context(prec=18)
"""Digits of a difference of two rates, each of which has 28."""

# [0-9] rather than \d, which would take the digits of every script. More digits than any
# figure has are no number, so that none is too long to count with.
_DIGITS = "[0-9]{1,400}"
_NUMBER = rf"[+-]?(?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,130}}|{_DIGITS})(?:\.{_DIGITS})?"
_AMOUNT = re.compile(rf"({_NUMBER})\s*([^0-9\s.,]{{0,10}})")
_RATE = re.compile(rf"({_NUMBER})\s*%")
_POINTS = re.compile(rf"[+-]?{_DIGITS}(?:\.{_DIGITS})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_HIGHER = "≥ >= > 不低于 不少于 不小于 大于等于 大于 高于 至少 达到"
_LOWER = "≤ <= < 不高于 不超过 不多于 不大于 小于等于 小于 低于 至多"
_BEFORE = dict.fromkeys(_HIGHER.split(), "higher") | dict.fromkeys(_LOWER.split(), "lower")
_AFTER = dict.fromkeys(["及以上", "(含)以上", "以上"], "higher") | dict.fromkeys(
    ["及以下", "及以内", "(含)以下", "(含)以内", "以下", "以内"], "lower"
)
_MEASURE = re.compile(
    rf"({'|'.join(_BEFORE)}|=)?\s*({_NUMBER})\s*([^0-9\s,.;、()]{{0,10}}?)"
    rf"({'|'.join(map(re.escape, _AFTER))})?"
)


_HALFWIDTH = {0x3000: " "} | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_HALFWIDTH[0x2212] = "-"  # the minus sign, which reports print


def halfwidth(value: object) -> str:
    """Text as written, with full-width digits, letters and signs made half-width."""
    # Not NFKC: it would turn 10² into 102.
    return str(value).translate(_HALFWIDTH).strip()


def parse_amount(value: object) -> Decimal:
    """金额 in 万元, exact: ``15548.09``, ``"1,234.5"``, ``350000元``, ``1.2亿元``, full-width too.

    Raises:
        ValueError: in Chinese, for text that is no amount, negative amounts,
            amounts finer than 0.01 元 or larger than any budget.
    """
    match = None if isinstance(value, bool) else _AMOUNT.fullmatch(halfwidth(_exact(value)))
    if match is None or match[2] not in MONEY_UNITS:
        raise ValueError(
            f"{_shown(value)}不是金额；应写数字（单位万元），或带单位，如 350000元{_why(value)}"
        )
    amount = _shifted(Decimal(match[1].replace(",", "")), MONEY_UNITS[match[2]])
    if amount < 0:
        raise ValueError(f"金额不能是负数，这里是{_shown(value)}")
    if amount > LARGEST_AMOUNT:
        raise ValueError(
            f"{_shown(value)}超过 1 万亿元，不可能；请核对单位，以元计的金额要写明“元”"
        )
    if amount != amount.quantize(Decimal("0.000001")):
        raise ValueError(f"{_shown(value)}比“分”还细，不可能；请核对小数点和单位")
    return amount.copy_abs()  # −0 is 0; abs() would round to 28 digits


def parse_rate(value: object) -> Decimal:
    """比率 as a fraction, 0.0012 for ``0.12%``; the percent sign is required.

    Raises:
        ValueError: in Chinese, for negative rates and other text. A bare 0.12 could be
            12 % or 0.12 %, so it is refused.
    """
    rate = parse_signed_rate(value)
    if rate < 0:
        raise ValueError(f"比率不能是负数，这里是{_shown(value)}")
    return rate


def parse_signed_rate(value: object) -> Decimal:
    """A 比率 that may be below zero, as a 差异率 may: −0.35 for ``-35%``.

    Raises:
        ValueError: in Chinese.
    """
    match = None if isinstance(value, bool) else _RATE.fullmatch(halfwidth(_exact(value)))
    if match is None:
        raise ValueError(f"{_shown(value)}不是百分数；请带百分号，如 99.88%{_why(value)}")
    rate = _shifted(Decimal(match[1].replace(",", "")), -2)
    if abs(rate) > LARGEST_RATE:
        raise ValueError(f"{_shown(value)}大得不可能；请核对小数点")
    if -int(rate.as_tuple().exponent) > RATE_PLACES:
        raise ValueError(f"{_shown(value)}的小数位数太多；请核对")
    return rate if rate else rate.copy_abs()


def parse_points(value: object) -> object:
    """分数: a plain number such as ``19.98`` or ``19.98分``, full-width digits too; None stays None.

    Raises:
        ValueError: in Chinese, for other text (1e5, NaN) and numbers below 0 or above 10000.
    """
    if value is None:
        return None
    written = "" if isinstance(value, bool) else halfwidth(_exact(value))
    match = _POINTS.fullmatch(written.removesuffix("分").rstrip())
    if match is None:
        raise ValueError(f"应填数字，这里是{_shown(value)}{_why(value)}")
    points = Decimal(match[0])
    if points < 0:
        raise ValueError(f"不能小于 0，这里是{_shown(value)}")
    if points > LARGEST_POINTS:
        raise ValueError(f"不能大于 {LARGEST_POINTS}，这里是{_shown(value)}")
    return points.copy_abs()


def parse_whole(value: object) -> int:
    """整数, such as a year or a number of projects: ``2023``, full-width digits too.

    Raises:
        ValueError: in Chinese, for other text (2_023, 1e3, 2023.0).
    """
    match = None if isinstance(value, bool) else _WHOLE.fullmatch(halfwidth(value))
    if match is None:
        raise ValueError(f"应填整数，这里是{_shown(value)}{_why(value)}")
    return int(match[0])


def parse_year(value: object) -> int:
    """年度: ``2023``, ``2023年``, ``2023年度``.

    Raises:
        ValueError: in Chinese, for other text.
    """
    found = re.fullmatch("([0-9]{4})年度?", halfwidth(value)) if isinstance(value, str) else None
    return parse_whole(found[1] if found else value)


def parse_date(value: object) -> date:
    """日期: ``2023-12-31`` or ``2023年12月31日``.

    Raises:
        ValueError: in Chinese, for other forms, days that do not exist, and years
            that no filing can speak of.
    """
    if isinstance(value, date):
        return _known_year(value, value)
    match = _DATE.fullmatch(halfwidth(value))
    try:
        day = date(*map(int, match.groups())) if match else date.min.replace(day=0)
    except ValueError:
        raise ValueError(f"{_shown(value)}不是日期；应写 2023-12-31 的形式，且确有这一天") from None
    return _known_year(day, value)


def _known_year(day: date, written: object) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{_shown(written)}的年份不可能，应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    return day


@dataclass(frozen=True)
class Measure:
    """A quantified 指标值 or 完成值: the number, its unit, and the bound that a target states.

    Money is in 万元 whatever unit it was written in; a percentage keeps its
    percent figure, 95 with unit ``%``. `direction` is ``higher`` for ≥,
    ``lower`` for ≤, else None.
    """

    value: Decimal
    unit: str
    direction: str | None


def day_in_words(day: date) -> str:
    """2023年5月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def parse_measure(text: str | None, unit: str | None = None) -> Measure | None:
    """The number in a 指标值 or 完成值, None if it is in words (定性) or a date.

    *unit* serves where the text states none.

    Raises:
        ValueError: in Chinese, for numbers that no indicator can have.
    """
    match = _MEASURE.fullmatch(halfwidth(text or ""))
    # 12月底前 is no number: finishing in November would be 11/12 of it.
    if match is None or _in_words(match[2], match[3]):
        return None
    value, stated = Decimal(match[2].replace(",", "")), match[3] or halfwidth(unit or "")
    digits = value.as_tuple()
    if abs(value) >= LARGEST_MEASURE or -int(digits.exponent) > MEASURE_PLACES:
        raise ValueError(f"{_shown(text)}的位数太多；请核对，或换一个单位")
    if stated in MONEY_UNITS and stated:
        value, stated = _shifted(value, MONEY_UNITS[stated]), "万元"
    before, after = _BEFORE.get(match[1] or ""), _AFTER.get(match[4] or "")
    return Measure(value, stated, before or after)


def unit_of(text: str | None) -> str:
    """The unit as it is written in a 指标值 or 完成值, empty if there is none."""
    match = _MEASURE.fullmatch(halfwidth(text or ""))
    return match[3] if match and not _in_words(match[2], match[3]) else ""


def _in_words(number: str, unit: str) -> bool:
    """A date such as 12月底前, or 95%左右: words for a person to judge, for all their figures."""
    year = re.fullmatch(r"(19|20)[0-9]{2}", number) is not None and unit.startswith("年")
    return year or unit.startswith(("月", "号")) or (unit.startswith("%") and unit != "%")


def _shifted(value: Decimal, power: int) -> Decimal:
    # scaleb would round what is longer than the context's 28 digits.
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) + power))


def plain(value: Decimal) -> str:
    """A Decimal without exponent and trailing zeros: 30, 19.98."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: Decimal) -> str:
    """A difference with its sign: +0.5, −3.5, 0."""
    return ("+" if value > 0 else "−" if value else "") + plain(abs(value))


def chinese_number(number: int) -> str:
    """序号 in Chinese, 1 to 99: 一, 十, 二十一."""
    digits = " 一二三四五六七八九"
    tens, ones = divmod(number, 10)
    before = digits[tens] if tens > 1 else ""
    return f"{before}{'十' if tens else ''}{digits[ones].strip()}"


def money(value: Decimal) -> str:
    """金额 in 万元 as it is printed, two places half up: 14870.552255 → 14870.55, 5000 → 5000.00.

    What would then read as nothing is printed to the 分 (0.01 元), and below that in full.
    """
    if not value or rounded(value, 2):
        return str(rounded(value, 2))
    return plain(rounded(value, 6) or value)


def signed_money(value: Decimal) -> str:
    """金额 as `money` prints it, with a minus sign where it is below zero: −1.50."""
    return money(value).replace("-", "−")


def rounding_shows(whole: Decimal, parts: Iterable[Decimal]) -> bool:
    """Whether amounts that add up no longer do so as `money` prints them (四舍五入的尾差)."""
    listed = list(parts)
    printed = sum((Decimal(money(part)) for part in listed), Decimal(0))
    return sum(listed, Decimal(0)) == whole and printed != Decimal(money(whole))


def percent(rate: Decimal, places: int = 2) -> str:
    """A rate as a percentage, half up: 0.998793 → 99.88%. No trailing zeros: 1 → 100%.

    With more places where it would read as all or as nothing and is not: 0.99996 → 99.996%.
    """
    shown = rounded(rate * 100, places)
    while shown in (0, 100) and shown != rate * 100:
        places += 1
        shown = rounded(rate * 100, places)
    return plain(shown) + "%"


def telling_percent(rate: Decimal, reads: Callable[[Decimal], object], places: int = 4) -> str:
    """A rate as `percent` prints it, with more places where *reads* takes the printed one for another.

    89.99999% is not printed as 90% where 90% would have earned more.
    """
    right = reads(rate)
    while places < RATE_PLACES // 2 and reads(rounded(rate * 100, places) / 100) != right:
        places += 1
    return percent(rate, places)


def exact_percent(rate: Decimal) -> str:
    """A rate as the percentage that it was written as, with all its decimals: 0.9988 → 99.88%."""
    return plain(_shifted(rate, 2)) + "%"


def rounded(value: Decimal, places: int) -> Decimal:
    """四舍五入 to *places* decimals."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def without_tail(value: Decimal) -> Decimal:
    """A difference or quotient of rates that have no end, without what that leaves: 4/3 − 1/3 is 1."""
    return _EIGHTEEN.plus(value)


def _exact(value: object) -> object:
    # A float's shortest text is what stood in the file that papermill -f read; 0.00001 has
    # no exponent there.
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else value


def _shown(value: object) -> str:
    return f"“{str(value)[:30]}”" if value is not None else "空"


def _why(value: object) -> str:
    return "" if value is None else unusual(halfwidth(value))


Amount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"[0-9０-９][元万亿\s]*$"},
            ]
        }
    ),
]
Rate = Annotated[
    Decimal, BeforeValidator(parse_rate), WithJsonSchema({"type": "string", "pattern": "[%％]$"})
]
SignedRate = Annotated[
    Decimal,
    BeforeValidator(parse_signed_rate),
    WithJsonSchema({"type": "string", "pattern": "[%％]$"}),
]
Day = Annotated[
    date, BeforeValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})
]
Points = Annotated[
    Decimal,
    Field(ge=0),
    BeforeValidator(parse_points),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0}),
]
Whole = Annotated[int, BeforeValidator(parse_whole)]
