"""句内勾稽: figures of one sentence that must fit each other: sums, parts of a whole, shares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from perfkit.audit.mentions import Mention
from perfkit.quantities import percent, plain

ZERO = Decimal(0)

LISTED = 40
"""Figures of a sentence that are added up: a longer list is a table in words."""

_SENTENCE = re.compile(r"[^。！？\n]{1,4000}")
_STOP = re.compile(r"[，,；、：:（）()。\n]|其中")
_TOTAL = re.compile(
    r"^(?:以上|上述|前述|(?:[两三四五六七八九十]|[0-9]{1,3})(?:家|项|个|笔|者|类|部分|方面)[^，]{0,6})?"
    r"(?:资金|金额|费用|补贴)?(?:合计|共计|总计|总共|一共|共)(?:为|是|约|拨付|发放|兑现|支付|支出|预算|安排|金额|资金){0,2}$"
)
_WHOSE = re.compile(r"预算|支出|执行|决算|结余|结转|收入|拨款|完成")
"""Figures add up only where they are all of one of these."""

_OTHER = re.compile(
    r"每|人均|户均|单价|标准|同比|环比|增长|增加|减少|下降|较|计划|目标|预计|限价|中标|上年|去年|分之|占|还|另"
)
_OVERLAPPING = re.compile(
    r"男|女|党员|博士|硕士|研究生|本科|大专|学历|职称|高级|中级|少数民族|老年|残疾|线上|线下|面向|以上|涉及|含|包括|重叠|既|兼"
)
_EXHAUSTIVE = re.compile(r"分别(?:为|是)|[两二三四]部分|分为|组成|构成")
_SHARE = re.compile(
    r"占(?:比)?(?P<of>[^，]{0,12}?)(?:的)?(?:比重|比例|比|百分比)?(?:为|达到|达|约为|约)?$"
)
_OF_THE_WHOLE = re.compile(
    r"^(?:全部|全年|年度|当年|其|总|总数|总额|合计|总支出|支出|总预算|预算|预算总额|支出总额|项目总数|支出合计|总金额|总量|资金总额|全部项目|部门|整体|年|的|数)*$"
)
_ADDED = re.compile(
    r"(?<![0-9.+＋×*/÷-])(?P<terms>[0-9]{1,12}(?:\.[0-9]{1,6})?(?:亿元|万元|元|[个项家人件次])?"
    r"(?:[+＋][0-9]{1,12}(?:\.[0-9]{1,6})?(?:亿元|万元|元|[个项家人件次])?){1,12})"
    r"[=＝](?P<sum>[0-9]{1,12}(?:\.[0-9]{1,6})?(?:亿元|万元|元|[个项家人件次])?)(?![0-9])"
)
_TERM = re.compile(r"([0-9.]+)(亿元|万元|元|[个项家人件次]?)")


@dataclass(frozen=True)
class Sum:
    """Figures that must fit each other: the places, in the text without blanks, of the whole and its parts.

    `start` is where the first of them begins, `at` and `till` hold the one that the others decide.
    """

    start: int
    at: int
    till: int
    right: bool
    message: str = ""


def sums(text: str, figures: Sequence[Mention], wholes: Sequence[Decimal] = ()) -> Iterator[Sum]:
    """The sums and shares that a text, without its blanks, states.

    *wholes* are filed figures that a share may be of.
    """
    yield from _written_out(text)
    n = 0
    for sentence in _SENTENCE.finditer(text):
        while n < len(figures) and figures[n].at < sentence.start():
            n += 1
        within = []
        while n < len(figures) and figures[n].at < sentence.end():
            within.append(figures[n])
            n += 1
        within = [m for m in within if m.kind != "date"]
        if 1 < len(within) <= LISTED:
            clauses = _clauses(text, sentence.start(), within)
            yield from _added(text, within, clauses)
            yield from _parts(text, sentence.start(), within, clauses)
            yield from _shares(text, within, clauses, wholes)


def _clauses(text: str, start: int, figures: Sequence[Mention]) -> list[str]:
    """The words before each figure, back to the last stop or figure."""
    found = []
    last = start
    for mention in figures:
        words = text[max(last, mention.at - 60) : mention.at]
        stops = [stop.end() for stop in _STOP.finditer(words)]
        found.append(words[stops[-1] :] if stops else words)
        if mention.kind != "count":  # 两家企业共计520万元
            last = mention.till
    return found


def _alike(one: Mention, other: Mention) -> bool:
    return one.kind == other.kind and one.unit == other.unit


def _fits(mention: Mention, value: Decimal, terms: int) -> bool:
    if mention.says(value):
        return True
    # Two decimals are rounded ones: each may be off by half a unit.
    rounded = mention.kind == "amount" and mention.step <= Decimal("0.01")
    return rounded and abs(mention.value - value) <= mention.step / 2 * terms


def _written_out(text: str) -> Iterator[Sum]:
    """14250+2047.95=16297.95."""
    for found in _ADDED.finditer(text):
        terms = _TERM.findall(found["terms"])
        ((value, unit),) = _TERM.findall(found["sum"])
        units = {u for _, u in terms if u} | ({unit} if unit else set())
        if len(units) > 1:
            continue
        total = sum((Decimal(term) for term, _ in terms), ZERO)
        right = total == Decimal(value)
        message = f"文字写“{found[0]}”，各数之和应为{plain(total)}{unit}"
        yield Sum(found.start(), found.start("sum"), found.end(), right, message)


def _added(text: str, figures: Sequence[Mention], clauses: Sequence[str]) -> Iterator[Sum]:
    """甲5万元，乙6万元，合计11万元."""
    for n, mention in enumerate(figures):
        if not _TOTAL.search(clauses[n]) or mention.loose or mention.bound:
            continue
        if mention.kind not in ("amount", "count", "points"):
            continue
        first = n
        rows: list[int] = []
        while first and (first == n or not _ends(text, figures, first)):
            first -= 1
            if _alike(figures[first], mention):
                rows.insert(0, first)
            elif figures[first].kind != "count":
                break
        listed = [figures[i] for i in rows]
        if len(listed) < 2 or any(m.loose or m.bound for m in listed):
            continue
        words = [clauses[i] for i in rows]
        if any(_OTHER.search(w) for w in words) or len({_of(w) for w in words}) > 1:
            continue
        if mention.kind == "count" and any(_OVERLAPPING.search(w) for w in words):
            continue
        values = [m.value for m in listed]
        totals = [sum(values[i:], ZERO) for i in range(len(values) - 1)]
        right = any(_fits(mention, total, len(values)) for total in totals)
        # With much more or less, the total is of more than what was listed.
        if not right and not any(total / 2 < mention.value < total * 2 for total in totals[:1]):
            continue
        message = f"文字写“{mention.text}”，前面各数之和应为{_shown(totals[0], mention)}"
        yield Sum(listed[0].at, mention.at, mention.till, right, message)


def _ends(text: str, figures: Sequence[Mention], n: int) -> bool:
    """Whether a list does not go back over the gap before a figure."""
    gap = text[figures[n - 1].till : figures[n].at]
    subtotal = re.search(r"合计|共计|总计", gap) and not _TOTAL.search(_STOP.split(gap)[-1])
    return bool(subtotal or re.search(r"其中|[：:]", gap))


def _of(words: str) -> tuple[str, ...]:
    return tuple(sorted(set(_WHOSE.findall(words))))


def _shown(value: Decimal, like: Mention) -> str:
    return plain(value) + {"amount": "万元", "points": "分"}.get(like.kind, like.unit)


def _parts(
    text: str, start: int, figures: Sequence[Mention], clauses: Sequence[str]
) -> Iterator[Sum]:
    """共15项，其中甲8项，乙7项: the parts are no more than the whole."""
    for n, (whole, part) in enumerate(pairwise(figures), 1):
        gap = text[whole.till : part.at]
        if "其中" not in gap or not _alike(whole, part) or whole.loose or whole.bound:
            continue
        if whole.kind not in ("amount", "count"):
            continue
        if len(re.split(r"[，,；：:]", gap)) > 4 or _OTHER.search(clauses[n - 1]):
            continue
        last = n
        while last + 1 < len(figures):
            following = text[figures[last].till : figures[last + 1].at]
            if "其中" in following or _TOTAL.search(clauses[last + 1]):
                break
            if not _alike(figures[last + 1], whole):
                last += 1
                continue
            last += 1
        parts = [(m, w) for m, w in zip(figures[n : last + 1], clauses[n : last + 1], strict=True)
                 if _alike(m, whole)]  # fmt: skip
        words = [w for _, w in parts]
        if len(parts) < 2 or any(m.loose or m.bound for m, _ in parts):
            continue
        if any(_OTHER.search(w) or _OVERLAPPING.search(w) or not w for w in words):
            continue
        if len({_of(w) for w in words}) > 1:
            continue
        total = sum((m.value for m, _ in parts), ZERO)
        if _fits(whole, total, len(parts)):
            continue
        exhaustive = _EXHAUSTIVE.search(text[start : parts[-1][0].at])
        if total > whole.value or exhaustive:
            message = f"文字写“{whole.text}”，其中各数之和为{_shown(total, whole)}"
            yield Sum(whole.at, whole.at, parts[-1][0].till, False, message)


def _shares(
    text: str, figures: Sequence[Mention], clauses: Sequence[str], wholes: Sequence[Decimal]
) -> Iterator[Sum]:
    """其中培训50万元，占25%: of a figure that stands before it."""
    for n, mention in enumerate(figures):
        said = _SHARE.search(clauses[n]) if mention.kind == "rate" else None
        if said is None or not n or mention.loose or mention.bound:
            continue
        if not _OF_THE_WHOLE.search(said["of"]):
            continue
        part = figures[n - 1]
        if part.kind not in ("amount", "count") or part.loose or part.bound or not part.value:
            continue
        earlier = [m for m in figures[: n - 1] if _alike(m, part) and m.value >= part.value]
        filed = [w for w in wholes if w] if part.kind == "amount" else []
        if any(mention.says(part.value / m.value) for m in earlier if m.value) or any(
            mention.says(part.value / whole) for whole in filed
        ):
            yield Sum(part.at, mention.at, mention.till, True)
            continue
        between = text[earlier[-1].till : part.at] if earlier else ""
        if (
            not earlier
            or "其中" not in text[earlier[0].at : part.at]
            or re.search(r"较|比|增|减", between)
        ):
            continue
        whole = earlier[0]
        right = percent(part.value / whole.value)
        message = f"文字写“{mention.text}”，{part.text}占{whole.text}应为{right}"
        yield Sum(part.at, mention.at, mention.till, False, message)
