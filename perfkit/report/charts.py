"""Charts (图) of frames: a department's money and points, and an analyst's own figures.

All look alike: names on the left, bars, figures on the right. What was granted
(预算, 分值) is a light outlined bar, what came of it (支出, 得分) a dark one, so
that they stay apart in a grey print. A frame without a row gives a drawing that says so.

A chart is drawn when it is shown. Its words are of the exact amounts that the
frame's cells are copies of (`perfkit.report.exact`); only the length of a bar is a float.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError
from perfkit.fonts import coded
from perfkit.quantities import money, percent, plain, rounded, signed
from perfkit.report.exact import numbers, words
from perfkit.texts import shortened

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from perfkit.report.drawing import Sheet

WIDTH = 156 / 25.4 * 72
"""Points: the type area of GB/T 9704, so that the text is printed in its own size."""

SIZE = 10.0
"""Points, between 五号 and 小五."""

AMOUNTS_SHOWN, RATES_SHOWN = 15, 20
NAME_WIDTH = 14.0  # em a line
ALT_LENGTH = 300

_Look = dict[str, Any]
_INK = "#1f3a5f"
_RULE = "#d4d9e1"
_DARK = {"facecolor": _INK, "edgecolor": _INK}
_LIGHT = {"facecolor": "#e8ecf2", "edgecolor": _INK}
_HATCHED = {"facecolor": "#ffffff", "edgecolor": _INK, "hatch": "/////"}
_WHITE = {"facecolor": "#ffffff", "edgecolor": _INK}
_MARK = {"facecolor": "#b8741a", "edgecolor": "#b8741a"}

_Keys = Sequence[tuple[_Look | None, str]]
_UNIT = ((None, "单位：万元"),)
_BUDGET_AND_SPENDING = ((_LIGHT, "预算"), (_DARK, "支出"), *_UNIT)

_LONGEST_RATE = Decimal("1.25")  # bars of higher rates end here in an arrow
_MARK_WIDTH = Decimal("0.012")  # of the field
_SMALLEST_REST = Decimal("0.01")  # of a bar: less of a light rest would not be seen

_GAP = 8.0
_COLUMN_GAP = 16.0
_LINE = 12.0
_ROW_GAP = 7.0
_BAND = 18.0  # of keys above the rows, of scale and note below them
_MARGIN = 2.0
_THINNEST = 0.8  # any amount at all is seen
_BASELINE = 0.37 * SIZE  # below a line's middle: a hanzi reaches from -0.12 to 0.88 em


@dataclass(frozen=True)
class Chart:
    """图：figure 是 matplotlib 的图，caption 是图题（不带编号），alt 是替代文本；显示时才画，改了再显示就是改过的。

    A figure with its caption and its alternative text.

    The figure is an ordinary one of matplotlib's: what is changed in
    ``chart.figure.axes[0]`` is shown. In perfkit's own charts the axes are the
    field of the bars, with 万元 or a share (1 is 100 %) along x.
    """

    figure: Figure
    caption: str
    alt: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def svg(self) -> str:
        """现在的图，SVG 格式，文字仍是文字。The figure as it is now."""
        from perfkit.report import drawing

        return drawing.svg(self.figure, self.alt)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/svg+xml": self.svg, "text/plain": self.alt}
        shown = {"alt": self.alt, "caption": self.caption}
        return data, {"image/svg+xml": shown, **self.metadata}


def chart(figure: Any, caption: str, alt: str = "") -> Chart:
    """自己的图: an analyst's own figure with caption (图题) and alternative text (替代文本).

    图在报告的网页、PDF 和 Word 里都带图题；替代文本读给看不见图的人听，不写则由图的标题、坐标轴和图例拼成。

    Args:
        figure: of matplotlib, or axes of one, as ``frame.plot()`` returns them.
        caption: without number.
        alt: what the figure shows, in a sentence.

    Raises:
        PerfkitError: if it is no figure, or without a caption.
    """
    from perfkit.report import drawing

    found = drawing.figure_of(figure)
    if found is None:
        raise PerfkitError(
            f"chart() 的第一项应是 matplotlib 的图（figure 或 axes），这里是 {type(figure).__name__}；"
            '如 chart(frame.plot.barh(), caption="…")'
        )
    if not caption.strip():
        raise PerfkitError("chart() 的 caption（图题）是空的，请写明这是什么图")
    return Chart(found, caption.strip(), alt.strip() or drawing.described(found, caption.strip()))


@dataclass(frozen=True)
class Bar:
    """预算, 支出 and 上年支出 of a project or a part of the budget, in 万元; None is not filled in (未填)."""

    name: str
    budget: Decimal
    spent: Decimal | None
    before: Decimal | None = None

    @property
    def rate(self) -> Decimal | None:
        """预算执行率: spent ÷ budget; None without either."""
        return None if self.spent is None or not self.budget else self.spent / self.budget


@dataclass(frozen=True)
class PointsBar:
    """得分 of an indicator out of its 分值; None is 待定.

    What has no 分值 (加分、扣分项, 上限) adds its 得分 to the total, or takes it. `before` is
    上年得分率, as a fraction; None where last year's is not known.
    """

    name: str
    points: Decimal
    awarded: Decimal | None
    before: Decimal | None = None

    @property
    def lost(self) -> Decimal | None:
        """扣分; None without a decision."""
        if self.awarded is None:
            return None
        return self.points - self.awarded if self.points else max(-self.awarded, Decimal(0))


def parts(frame: pd.DataFrame) -> Chart:
    """各部分预算与支出: two bars for each of 基本支出, 项目支出, 其他支出, and the rate.

    Args:
        frame: 部分, 预算, 支出, as ``report.frames.budget`` has them; with 上年支出 each part has
            a third bar.
    """
    caption = "各部分预算与支出"
    parts = _bars(frame, "部分", caption)
    if not parts:
        return _nothing(caption, "没有预算数据。")
    most = _most(parts)
    compared = any(part.before is not None for part in parts)
    lead = f"条形图：各部分预算与支出{'，与上年支出比较' if compared else ''}（万元）。"
    alt = _alt(lead, [_budget_and_spending(part) for part in parts])
    rows = [_Row(part.name, bars=_part_strips(part, most, compared)) for part in parts]
    return Chart(_drawn(rows, float(most), keys=_UNIT), caption, alt)


def _part_strips(part: Bar, most: Decimal, compared: bool) -> tuple[_Strip, ...]:
    amounts = [
        (_LIGHT, part.budget, f"预算 {_amount(part.budget)}"),
        (_DARK, part.spent, f"支出 {_spending(part)}"),
    ]
    if compared:
        amounts.append((_WHITE, part.before, f"上年支出 {_amount(part.before)}"))
    first = -8 * (len(amounts) - 1)
    return tuple(
        _Strip(look, _share(amount, most), words, middle=first + 16 * i)
        for i, (look, amount, words) in enumerate(amounts)
    )


def amounts(frame: pd.DataFrame) -> Chart:
    """项目预算与支出: largest first; of more than 15 the 14 largest, and the sum of the others.

    Args:
        frame: 项目, 预算, 支出, as ``report.frames.projects`` has them, or some of its rows.
    """
    caption = "项目预算与支出"
    projects = _bars(frame, "项目", caption)
    if not projects:
        return _nothing(caption, "没有项目。")
    ranked = sorted(projects, key=lambda project: -project.budget)
    shown = ranked if len(ranked) <= AMOUNTS_SHOWN else ranked[: AMOUNTS_SHOWN - 1]
    others = ranked[len(shown) :]
    budget, spent = _sums(ranked)
    alt = _alt(
        f"条形图：{len(ranked)} 个项目的预算与支出（万元），按预算从大到小，"
        f"合计预算 {budget}、支出 {spent}"
        f"{f'（{_gaps(ranked)} 个未填）' if _gaps(ranked) else ''}。",
        [_budget_and_spending(project) for project in ranked],
    )
    most = _most(shown)
    rows = [
        _Row(
            project.name,
            (_amount(project.budget), _amount(project.spent)),
            (
                _Strip(_LIGHT, _share(project.budget, most)),
                _Strip(_DARK, _share(project.spent, most), thickness=4.5),
            ),
        )
        for project in shown
    ]
    if others:
        # No bar: beside the sum of sixty projects the bars of the single ones would vanish.
        rows.append(_Row(f"其余 {len(others)} 个项目合计", _sums(others)))
    drawing = _drawn(
        rows,
        float(most),
        keys=_BUDGET_AND_SPENDING,
        columns=("预算", "支出"),
        note=f"其余项目中 {_gaps(others)} 个未填支出。" if _gaps(others) else "",
    )
    return Chart(drawing, caption, alt)


def execution(frame: pd.DataFrame) -> Chart:
    """项目预算执行率: below 100 % first, lowest first; then unknown, above 100 %, and 100 %.

    Of more than 20 projects the first 20 are drawn, and a sentence counts the others.

    Args:
        frame: 项目, 预算, 支出, as ``report.frames.projects`` has them, or some of its rows.
    """
    caption = "项目预算执行率"
    projects = _bars(frame, "项目", caption)
    if not projects:
        return _nothing(caption, "没有项目。")
    ranked = sorted(projects, key=_attention)
    shown, others = ranked[:RATES_SHOWN], ranked[RATES_SHOWN:]
    over = any(project.rate is not None and project.rate > 1 for project in shown)
    longest = _LONGEST_RATE if over else Decimal(1)
    alt = _alt(
        f"条形图：{len(ranked)} 个项目的预算执行率，{_counted(ranked)}。",
        [f"{_short(bar.name)} {_rate(bar)}" for bar in ranked if bar.rate != 1],
    )
    rows = [
        _Row(
            project.name,
            (_amount(project.budget), _rate(project)),
            _rate_strips(project.rate, longest),
        )
        for project in shown
    ]
    drawing = _drawn(
        rows,
        float(longest),
        keys=((_DARK, "已支出"), (_LIGHT, "未支出"), *(((_HATCHED, "超出预算"),) * over)),
        columns=("预算（万元）", "执行率"),
        scale=((0.0, "0"), (float(1 / longest), "100%")),
        note=f"另有 {len(others)} 个项目未列出，{_counted(others)}。" if others else "",
    )
    return Chart(drawing, caption, alt)


def points(frame: pd.DataFrame) -> Chart:
    """各项指标得分: the share of its points that each indicator kept (得分) and lost (扣分), and the sum.

    Args:
        frame: 指标, 分值, 得分, as ``report.frames.scores`` has them, or some of its rows; with
            上年得分率 a mark stands where last year's share was.
    """
    caption = "各项指标得分"
    columns = _columns(frame, ("指标", "分值", "得分", "上年得分率"), caption)
    scores = [PointsBar(*row) for row in zip(*columns, strict=True)]
    if not scores:
        return _nothing(caption, "没有指标。")
    decided = [score for score in scores if score.awarded is not None]
    undecided = len(scores) - len(decided)
    listed = [score for score in scores if score.points]
    beside = [score for score in decided if not score.points]
    known = [score for score in listed if score.awarded is not None]
    total = _sum(score.awarded for score in scores)
    worth = _sum(score.points for score in scores)
    alt = _alt(
        f"条形图：{len(listed)} 项指标的得分占分值的比例，已评 {len(known)} 项"
        f"共 {_points(_sum(score.awarded for score in known))} 分"
        f"（分值 {_points(_sum(score.points for score in known))}）"
        f"{f'，{undecided} 项待定' if undecided else ''}"
        f"{f'，加上加分、扣分和上限合计 {_points(total)} 分' if beside else ''}。",
        [
            f"{_short(score.name)} {_awarded(score)}{_last(score)}"
            for score in sorted(scores, key=lambda score: score.lost == 0)
        ],
    )
    rows = [
        _Row(
            score.name,
            (_awarded(score), "—" if score.lost is None else _points(score.lost)),
            _points_strips(score),
        )
        for score in scores
    ]
    compared = any(score.before is not None for score in scores)
    lost = _points(_sum(score.lost for score in scores))
    rows.append(_Row("合计", (f"{_points(total)} / {_points(worth)}", lost)))
    drawing = _drawn(
        rows,
        1.0,
        keys=(
            *((_DARK, "得分"), (_LIGHT, "扣分")),
            *(((_HATCHED, "待定"),) * bool(undecided)),
            *(((_MARK, "上年得分率"),) * compared),
        ),
        columns=("得分 / 分值", "扣分"),
    )
    return Chart(drawing, caption, alt)


def _columns(frame: pd.DataFrame, names: Sequence[str], caption: str) -> Iterable[list[Any]]:
    """The columns that a chart is drawn of: names, an amount that must be there, one that may lack.

    Last of all that of last year, if the frame has it.
    """
    wanted = f"图“{caption}”"
    yield words(frame, names[0], wanted)
    yield numbers(frame, names[1], wanted, needed=True)
    yield numbers(frame, names[2], wanted)
    if names[3] in frame.columns:
        yield numbers(frame, names[3], wanted)


def _bars(frame: pd.DataFrame, name: str, caption: str) -> list[Bar]:
    columns = _columns(frame, (name, "预算", "支出", "上年支出"), caption)
    return [Bar(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class _Strip:
    """A bar, or a stretch of one: *start* and *end* are fractions of the field."""

    look: _Look
    end: Decimal
    label: str = ""
    start: Decimal = Decimal(0)
    middle: float = 0.0  # points below the row's middle
    thickness: float = 9.0
    arrow: bool = False


@dataclass(frozen=True)
class _Row:
    name: str
    figures: tuple[str, ...] = ()
    bars: tuple[_Strip, ...] = ()


def _share(amount: Decimal | None, most: Decimal) -> Decimal:
    return amount / most if amount and most > 0 and amount > 0 else Decimal(0)


def _most(bars: Iterable[Bar]) -> Decimal:
    amounts = (amount for bar in bars for amount in (bar.budget, bar.spent, bar.before))
    return max(amount for amount in amounts if amount is not None)


def _kept(share: Decimal) -> Decimal:
    return min(share, 1 - _SMALLEST_REST) if share < 1 else Decimal(1)


def _rate_strips(rate: Decimal | None, longest: Decimal) -> tuple[_Strip, ...]:
    if rate is None:
        return ()
    full = 1 / longest
    strips = (_Strip(_LIGHT, full), _Strip(_DARK, _kept(rate) * full))
    if rate <= 1:
        return strips
    over = max(min(rate, longest), 1 + _SMALLEST_REST)
    return (*strips, _Strip(_HATCHED, over * full, start=full, arrow=rate > longest))


def _points_strips(score: PointsBar) -> tuple[_Strip, ...]:
    if not score.points:
        return ()
    if score.awarded is None:
        return (_Strip(_HATCHED, Decimal(1)), *_mark(score.before))
    return (
        _Strip(_LIGHT, Decimal(1)),
        _Strip(_DARK, _kept(_share(score.awarded, score.points))),
        *_mark(score.before),
    )


def _mark(share: Decimal | None) -> tuple[_Strip, ...]:
    """Where last year's share was: higher than the bar, so that it is seen in a grey print."""
    if share is None:
        return ()
    end = max(min(share, Decimal(1)), _MARK_WIDTH)
    return (_Strip(_MARK, end, start=end - _MARK_WIDTH, thickness=15.0),)


def _attention(project: Bar) -> tuple[int, Decimal, Decimal]:
    """Where a project stands in the order of 执行率; among equals the larger budget is first."""
    rate = project.rate
    if rate is None:
        return 1, Decimal(0), -project.budget
    group = 0 if rate < 1 else 2 if rate > 1 else 3
    return group, rate if rate < 1 else -rate, -project.budget


def _amount(amount: Decimal | None) -> str:
    return "未填" if amount is None else money(amount)


def _rate(bar: Bar) -> str:
    if bar.rate is None:
        return "未填" if bar.spent is None else "无预算"
    return percent(bar.rate)


def _points(points: Decimal | int) -> str:
    return plain(rounded(Decimal(points), 4))


def _sum(points: Iterable[Decimal | None]) -> Decimal:
    """The sum of what is decided."""
    return sum((one for one in points if one is not None), Decimal(0))


def _awarded(score: PointsBar) -> str:
    if score.awarded is None:
        return f"待定 / {_points(score.points)}" if score.points else "待定"
    if not score.points:
        return signed(rounded(score.awarded, 4))
    return f"{_points(score.awarded)} / {_points(score.points)}"


def _last(score: PointsBar) -> str:
    return "" if score.before is None else f"（上年得分率 {percent(score.before)}）"


def _spending(bar: Bar) -> str:
    """支出 and, if there is a budget to compare it with, the rate."""
    return _amount(bar.spent) + (f"（执行率 {_rate(bar)}）" if bar.rate is not None else "")


def _budget_and_spending(bar: Bar) -> str:
    last = "" if bar.before is None else f"、上年支出 {_amount(bar.before)}"
    return f"{_short(bar.name)}预算 {_amount(bar.budget)}、支出 {_spending(bar)}{last}"


def _sums(bars: Sequence[Bar]) -> tuple[str, str]:
    """Sums of 预算 and 支出, as far as they are filled in."""
    spent = [bar.spent for bar in bars if bar.spent is not None]
    return (
        _amount(sum((bar.budget for bar in bars), Decimal(0))),
        _amount(sum(spent, Decimal(0)) if spent else None),
    )


def _gaps(bars: Iterable[Bar]) -> int:
    return sum(bar.spent is None for bar in bars)


def _counted(projects: Sequence[Bar]) -> str:
    """How many projects are below, above and at 100 %: 均为 100%; 2 个低于 100%，17 个为 100%."""
    rates = [project.rate for project in projects]
    counts = {
        "低于 100%": sum(rate is not None and rate < 1 for rate in rates),
        "未填": sum(project.rate is None and project.spent is None for project in projects),
        "无预算": sum(project.rate is None and project.spent is not None for project in projects),
        "高于 100%": sum(rate is not None and rate > 1 for rate in rates),
        "为 100%": rates.count(Decimal(1)),
    }
    if len(projects) in counts.values():
        alone = next(words for words, count in counts.items() if count)
        return f"均{alone}" if len(projects) > 1 else alone
    return "，".join(f"{count} 个{words}" for words, count in counts.items() if count)


def _alt(lead: str, items: Sequence[str]) -> str:
    """*lead* and as many of *items* as 替代文本 has room for, with a count of the others."""
    for told in range(min(len(items), ALT_LENGTH), 0, -1):
        left_out = [f"另有 {len(items) - told} 项从略"] if told < len(items) else []
        text = lead + "；".join([*items[:told], *left_out]) + "。"
        if len(text) <= ALT_LENGTH:
            return text
    return lead


@lru_cache(maxsize=4096)
def _clean(name: str) -> str:
    """*name* on one line, without the characters that XML forbids or nobody sees."""
    visible = "".join(
        character
        for character in re.sub(r"\s+", " ", name)
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        and character not in "\ufffe\uffff"
    )
    return coded(visible.strip()) or "（无名称）"


def _short(name: str) -> str:
    return shortened(_clean(name), 20)


def _em(text: str) -> float:
    """An upper bound of a text's width in the fonts that it may be set in."""
    return sum(
        1.0 if not c.isascii() else 0.92 if c.isupper() or c in "%&@mw" else 0.6 for c in text
    )


def _head(text: str, width: float) -> str:
    while _em(text) > width:
        text = text[:-1]
    return text


def _may_break(name: str, place: int) -> bool:
    before, after = name[place - 1], name[place]
    if before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
        return False
    return before not in "（《“‘〔【([{" and after not in "，。、；：？！）》”’〕】)]}…—·%％ "


@lru_cache(maxsize=4096)
def _wrapped(name: str) -> tuple[str, ...]:
    """*name* on one or two lines of 14 em, about equally long; what is longer loses its middle.

    The end stays, because projects often differ in nothing else (一期, 二期).
    """
    name = _clean(name)
    if _em(name) <= NAME_WIDTH:
        return (name,)
    places = [place for place in range(1, min(len(name), 40)) if _may_break(name, place)]
    lines = [(name[:place].strip(), name[place:].strip()) for place in places]
    fitting = [pair for pair in lines if max(map(_em, pair)) <= NAME_WIDTH]
    if fitting:
        return min(fitting, key=lambda pair: abs(_em(pair[0]) - _em(pair[1])))
    first = max(
        (head for head, _ in lines if 4 < _em(head) <= NAME_WIDTH), key=len, default=""
    ) or _head(name[:40], NAME_WIDTH)
    rest = name[len(first) :].strip()
    if _em(rest) <= NAME_WIDTH:
        return first, rest
    end = _head(rest[:-40:-1], 5)[::-1]
    return first, _head(rest[:40], NAME_WIDTH - 1 - _em(end)) + "…" + end


@dataclass(frozen=True)
class _Layout:
    """Where things stand, in points from the upper left corner: *edges* are the rows' ends."""

    names: list[tuple[str, ...]]
    edges: list[float]
    left: float
    right: float
    columns: list[float]

    def at(self, fraction: float) -> float:
        return self.left + fraction * (self.right - self.left)


def _layout(rows: Sequence[_Row], columns: Sequence[str]) -> _Layout:
    names = [_wrapped(row.name) for row in rows]
    edges = [_BAND]
    for row, name in zip(rows, names, strict=True):
        bars = max((2 * abs(bar.middle) + bar.thickness for bar in row.bars), default=0.0)
        edges.append(edges[-1] + max(len(name) * _LINE, bars) + _ROW_GAP)
    right = WIDTH - _MARGIN
    ends: list[float] = []
    for cells in reversed(list(zip(columns, *(row.figures for row in rows), strict=True))):
        ends.insert(0, right)
        right -= _widest(cells) + _COLUMN_GAP
    labels = [bar.label for row in rows for bar in row.bars if bar.label]
    return _Layout(
        names,
        edges,
        left=_MARGIN + _widest(line for name in names for line in name) + _GAP,
        right=right - (_widest(labels) + _GAP if labels else 0),
        columns=ends,
    )


def _widest(texts: Iterable[str]) -> float:
    return max(map(_em, texts)) * SIZE


def _drawn(
    rows: Sequence[_Row],
    most: float,
    keys: _Keys,
    columns: Sequence[str] = (),
    scale: Sequence[tuple[float, str]] = (),
    note: str = "",
) -> Figure:
    """The chart: keys and headings, the rows, then the places of *scale*, and *note*.

    Along x the field's right end is *most*.
    """
    from perfkit.report.drawing import Sheet

    layout = _layout(rows, columns)
    bottom = layout.edges[-1]
    height = bottom + _BAND * (bool(scale) + bool(note)) + _MARGIN
    field = (layout.left, layout.right, _BAND, bottom)
    sheet = Sheet(WIDTH, height, field, most or 1.0, SIZE, _BASELINE)
    _draw_keys(sheet, layout, keys)
    _draw_figures(sheet, layout, columns, _BAND / 2)
    for edge in layout.edges:
        sheet.line((_MARGIN, edge), (WIDTH - _MARGIN, edge), _RULE)
    for row, name, top, end in zip(
        rows, layout.names, layout.edges, layout.edges[1:], strict=False
    ):
        _draw_row(sheet, layout, row, name, (top + end) / 2)
    sheet.line((layout.left, _BAND), (layout.left, bottom), _INK, above=True)
    for fraction, label in scale:
        sheet.line(
            (layout.at(fraction), bottom), (layout.at(fraction), bottom + 3), _INK, above=True
        )
        sheet.write(layout.at(fraction), bottom + _BAND / 2 + 1, label, "center")
    sheet.write(_MARGIN, height - _BAND / 2, note)
    return sheet.figure()


def _nothing(caption: str, sentence: str) -> Chart:
    from perfkit.report.drawing import Sheet

    height = _BAND + 2 * _MARGIN
    sheet = Sheet(WIDTH, height, (_MARGIN, WIDTH - _MARGIN, 0, height), 1.0, SIZE, _BASELINE)
    sheet.write(_MARGIN, height / 2, sentence)
    return Chart(sheet.figure(), caption, sentence)


def _draw_keys(sheet: Sheet, layout: _Layout, keys: _Keys) -> None:
    widths = [_em(label) * SIZE + (12 if look else 0) + _GAP for look, label in keys]
    # Above the bars, or further left where they leave too little room.
    x = max(_MARGIN, min(layout.left, layout.right - sum(widths)))
    for (look, label), width in zip(keys, widths, strict=True):
        if look:
            sheet.key(x + 0.5, x + 9, _BAND / 2, 8, look)
        sheet.write(x + (12 if look else 0), _BAND / 2, label)
        x += width


def _draw_row(
    sheet: Sheet, layout: _Layout, row: _Row, name: tuple[str, ...], middle: float
) -> None:
    for number, line in enumerate(name):
        offset = (number - (len(name) - 1) / 2) * _LINE
        sheet.write(layout.left - _GAP, middle + offset, line, "right")
    for bar in row.bars:
        _draw_bar(sheet, layout, bar, middle + bar.middle)
    _draw_figures(sheet, layout, row.figures, middle)


def _draw_bar(sheet: Sheet, layout: _Layout, bar: _Strip, middle: float) -> None:
    left, right = layout.at(float(bar.start)), layout.at(float(bar.end))
    if bar.end:
        right = max(right, left + _THINNEST)
        sheet.bar(left, right, middle, bar.thickness, bar.look)
    if bar.arrow:
        half = bar.thickness / 2
        corners = [(right, middle - half), (right + half, middle), (right, middle + half)]
        sheet.shape(corners, _DARK)
    if bar.label:
        sheet.write(right + _GAP / 2, middle, bar.label)


def _draw_figures(sheet: Sheet, layout: _Layout, figures: Sequence[str], middle: float) -> None:
    for end, figure in zip(layout.columns, figures, strict=True):
        sheet.write(end, middle, figure, "right")
