"""评分表 as cells: what stands in each cell and how many rows and columns it spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from perfkit.forms.department import Indicator
from perfkit.quantities import chinese_number, percent, plain
from perfkit.scoring.rubric import Checklist, Chosen, Excess, Item, Ratio, RubricIndicator, Section
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.scores import Score

COLUMNS = (
    "一级指标",
    "二级指标",
    "三级指标",
    "指标值",
    "完成值",
    "分值",
    "得分",
    "指标解释",
    "评分标准",
)
RATIO_COLUMNS = (
    "一级指标", "二级指标", "预算数（万元）", "执行数（万元）", "预算执行率",
    "分值", "得分", "指标解释", "评分标准",
)  # fmt: skip
WIDTHS = (8, 8, 10, 11, 9, 5, 7, 21, 21)
"""Per cent of the table's width, for both sets of columns."""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second line below it, the rows and columns it spans, its kind.

    `kind` is ``label`` (a merged row label), ``num``, ``head`` (a heading
    inside the table) or empty; `of` is the key of a computed figure's derivation.
    """

    text: str
    note: str = ""
    rows: int = 1
    columns: int = 1
    kind: str = ""
    of: str = ""


@dataclass(frozen=True)
class Table:
    """One part of the sheet: caption, column headings with widths in per cent, and its rows."""

    caption: str
    columns: Sequence[str]
    rows: list[list[Cell]]
    widths: Sequence[int] = field(default=WIDTHS)


def score_sheet(card: Scorecard) -> list[Table]:
    """The tables of the 评分表, one for each section; the last ends with 合计 and its basis."""
    tables = []
    for number, section in enumerate(card.rubric.sections, 1):
        caption = f"{chinese_number(number)}、{section.name}（{plain(section.points)}分）"
        rule = section.indicators[0].rule
        ratio = (
            len(section.indicators) == 1
            and isinstance(rule, Ratio)
            and (rule.of, rule.to) == ("budget.total.spent", "budget.total.budget")
        )
        rows = _execution_rows(card, section) if ratio else _rows(card, section)
        tables.append(Table(caption, RATIO_COLUMNS if ratio else COLUMNS, rows))
    basis = Cell(_basis(card), columns=len(COLUMNS))
    tables[-1].rows.extend([_total_row(card), [basis]])
    return tables


def _label(section: Section) -> str:
    return f"{section.name}（{plain(section.points)}）"


def _execution_rows(card: Scorecard, section: Section) -> list[list[Cell]]:
    """资金总体 is scored; its parts are shown below it, not scored."""
    indicator = section.indicators[0]
    score = card.score(indicator.id)
    budget = card.department.budget
    named = {
        "total": (indicator.level2, budget.overall),
        "basic": ("基本支出", budget.basic),
        "project": ("项目支出", budget.project),
        "other": ("其他", budget.other),
    }
    rows = []
    for key, (name, part) in named.items():
        rate = part.execution_rate
        of = f"budget.{key}.rate"
        rows.append(
            [
                Cell(name, kind="label"),
                Cell(plain(part.budget), kind="num"),
                Cell(plain(part.spent), kind="num"),
                Cell("—" if rate is None else percent(rate), kind="num", of=of),
            ]
        )
    span = len(rows)
    rows[0].insert(0, Cell(_label(section), rows=span, kind="label"))
    rows[0] += _points(score, span)
    rows[0] += [Cell(_explanation(indicator), rows=span), Cell(indicator.standard, rows=span)]
    return rows


def _rows(card: Scorecard, section: Section) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    rated = False
    for level2, grouped in groupby(section.indicators, key=lambda i: i.level2):
        indicators = list(grouped)
        below: list[list[Cell]] = []
        for indicator in indicators:
            if isinstance(indicator.rule, Excess):
                if not rated:
                    rows.append(_year_heading(card.department.year))
                    rated = True
                rows.append(_excess_row(card.score(indicator.id), indicator))
            elif isinstance(indicator.rule, Chosen):
                below += _chosen_rows(card, indicator, indicator.rule)
            else:
                below.append(_plain_row(card.score(indicator.id), indicator))
        if below:
            points = sum((i.points for i in indicators), Decimal(0))
            below[0].insert(0, Cell(f"{level2}（{plain(points)}）", rows=len(below), kind="label"))
            rows += below
    rows[0].insert(0, Cell(_label(section), rows=len(rows), kind="label"))
    return rows


def _chosen_rows(card: Scorecard, indicator: RubricIndicator, rule: Chosen) -> list[list[Cell]]:
    score = card.score(indicator.id)
    names = {kind.id: kind.name for kind in rule.kinds}
    listed = [(part.indicator, part.note, _points(part)) for part in score.parts if part.indicator]
    if not listed:  # scored as a whole, or not at all
        none = [Cell("—", kind="num"), Cell("—", kind="num")]
        filed = card.department.indicators
        listed = [
            (row, f"说明：{row.note}" if row.note else "", none)
            for row in filed
            if row.group == indicator.id
        ]
    rows: list[list[Cell]] = []
    for kind, grouped in groupby(listed, key=lambda found: found[0].kind):
        below: list[list[Cell]] = []
        for row, note, points in grouped:
            actual = row.with_unit(row.actual) or "未填"
            below.append([Cell(_aim(row, rule)), Cell(actual), *points])
            if note:
                below.append([Cell(note, columns=4)])
        below[0].insert(0, Cell(names[kind], rows=len(below), kind="label"))
        rows += below
    rows.append([Cell("小计", columns=3, kind="label"), *_points(score)])
    span = len(rows)
    rows[0] += [Cell(_explanation(indicator), rows=span), Cell(indicator.standard, rows=span)]
    return rows


def _aim(row: Indicator, rule: Chosen) -> str:
    # 指标值 of a qualitative row is its name: the target says no more than 完成.
    aim = row.name if row.target in rule.achieved else f"{row.name}：{row.with_unit(row.target)}"
    return f"{aim}（{row.direction}指标）" if row.direction else aim


def _explanation(indicator: RubricIndicator) -> str:
    """指标解释, with the 指标值 that has no column in the row."""
    value = f"指标值：{indicator.value}。" if indicator.value else ""
    return f"{value}{indicator.explanation}"


def _plain_row(score: Score, indicator: RubricIndicator) -> list[Cell]:
    rule = indicator.rule
    found, standard = Cell(score.rate or "待定", kind="num", of=score.id), indicator.standard
    if isinstance(rule, Checklist):
        count = len(rule.items)
        items = f"{count}项全部合格"
        if score.deductions:
            items = f"{count}项中{len(score.deductions)}项不合格"
        found = Cell("未填全" if score.undecided else items)
        listed = "；".join(f"{_item_number(i, count)}{_asked(q)}" for i, q in enumerate(rule.items))
        standard = f"{listed}。{indicator.standard}"
    return [
        Cell(indicator.name, kind="label"),
        Cell(indicator.value),
        found,
        *_points(score),
        Cell(indicator.explanation),
        Cell(standard),
    ]


def _item_number(i: int, count: int) -> str:
    # Fonts have the signs only up to ⑩ for certain.
    return "①②③④⑤⑥⑦⑧⑨⑩"[i] if count <= 10 else f"（{i + 1}）"


def _asked(item: Item) -> str:
    return f"{item.text}（答“是”指{item.asks}）" if item.asks else item.text


def _year_heading(year: int) -> list[Cell]:
    names = (f"{year - 1}年", f"{year}年", "分值", "得分", "指标解释", "评分标准")
    return [Cell("指标", columns=2, kind="head"), *(Cell(name, kind="head") for name in names)]


def _excess_row(score: Score, indicator: RubricIndicator) -> list[Cell]:
    level2 = "" if indicator.level2 == indicator.name else f"{indicator.level2}："
    name = f"{level2}{indicator.name}（{plain(indicator.points)}）"
    return [
        Cell(name, columns=2, kind="label"),
        Cell(score.compared or "——", kind="num"),
        Cell(score.rate or "待定", kind="num", of=score.id),
        *_points(score),
        Cell(_explanation(indicator)),
        Cell(indicator.standard),
    ]


def _points(score: Score, span: int = 1) -> list[Cell]:
    awarded = "待定" if score.awarded is None else plain(score.awarded)
    notes = []
    if score.awarded is not None and score.open_points:
        notes.append(f"{plain(score.open_points)}分待定")
    if score.override:
        by_rule = "待定" if score.by_rule is None else plain(score.by_rule)
        notes.append(f"按规则{by_rule}")
    if score.reported is not None and score.reported != score.awarded:
        notes.append(f"自评{plain(score.reported)}")
    return [
        Cell(plain(score.points), rows=span, kind="num"),
        Cell(awarded, "，".join(notes), rows=span, kind="num", of=score.id),
    ]


def _basis(card: Scorecard) -> str:
    """What the sheet rests on: the rubric with its source, how it rounds, and its grades."""
    rubric = card.rubric
    rounding = rubric.rounding
    mode = {"half_up": "四舍五入", "half_even": "四舍六入五成双", "down": "舍去多余的位数"}
    stage = {"indicator": "各指标得分", "total": "合计"}
    grades = [f"{plain(grade.floor)}分（含）以上为{grade.label}" for grade in rubric.grades[:-1]]
    return (
        f"评分标准：{rubric.name}。出处：{rubric.source}。"
        f"{stage[rounding.stage]}保留{rounding.places}位小数，{mode[rounding.mode]}。"
        f"评价等级：{'，'.join([*grades, f'其余为{rubric.grades[-1].label}'])}。"
    )


def _total_row(card: Scorecard) -> list[Cell]:
    reported = card.department.reported.total
    notes = [f"{plain(card.open_points)}分待定"] if card.open_points else []
    if reported is not None and reported != card.total:
        notes.append(f"自评{plain(reported)}")
    grade = f"评价等级：{card.grade or '待定'}"
    return [
        Cell("合计", columns=5, kind="label"),
        Cell(plain(card.rubric.points), kind="num"),
        Cell(plain(card.total), "，".join(notes), kind="num", of="total"),
        Cell(grade, columns=2),
    ]
