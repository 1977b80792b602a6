"""评分表 as tables of cells, one for each section of the rubric; the rules fill the rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from perfkit.forms import paths
from perfkit.quantities import chinese_number, plain
from perfkit.report.sentences import execution_note
from perfkit.report.stages import stage_totals, stages_note, with_stages
from perfkit.scoring.cells import SCORED, Cell, claimed
from perfkit.scoring.marked import TOTAL
from perfkit.scoring.rubric import RubricIndicator
from perfkit.scoring.scorecard import Scorecard
from perfkit.scoring.totals import Step

VALUE = "指标值"
COLUMNS = ("一级指标", "二级指标", "三级指标", VALUE, "完成值", *SCORED)


@dataclass(frozen=True)
class Row:
    """A row of cells; `of` is the key of the figure that it is about."""

    cells: list[Cell]

    @property
    def of(self) -> str:
        """The first key of a figure in it, but for the claim and the stages."""
        passed = ("reported.", "stages.")
        keys = (cell.of for cell in self.cells if not cell.of.startswith(passed))
        return next(filter(None, keys), "")


@dataclass(frozen=True)
class Table:
    """One part of the sheet: caption, column headings with widths in per cent, and its rows."""

    caption: str
    columns: Sequence[str]
    rows: list[Row]
    widths: Sequence[int]


def score_sheet(card: Scorecard) -> list[Table]:
    """The tables of the 评分表, one for each section; the last ends with 合计 and its basis."""
    drawn: list[tuple[str, Sequence[str], list[list[Cell]]]] = []
    for number, section in enumerate(card.rubric.sections, 1):
        points = plain(card.section_points(section.id))
        caption = f"{chinese_number(number)}、{section.name}（{points}分）"
        own = len(section.indicators) == 1 and section.indicators[0].rule.table(card, section)
        columns, rows = own or _section(card, section.indicators)
        columns, rows = with_stages(card, columns, rows)
        label = f"{section.name}（{points}）"
        rows[0].insert(0, Cell(label, rows=len(rows), kind="label"))
        drawn.append((caption, columns, rows))
    if adjusting := card.rubric.adjusting:
        columns, rows = with_stages(card, *_section(card, adjusting))
        rows[0].insert(0, Cell("加分、扣分项", rows=len(rows), kind="label"))
        drawn.append((f"{chinese_number(len(drawn) + 1)}、加分、扣分项", columns, rows))
    _, columns, rows = drawn[-1]
    before = list(columns).index(SCORED[0])
    rows += [_step_row(card, step, before) for step in card.steps]
    rows.append(_total_row(card, before))
    texts = filter(None, (_basis(card), stages_note(card)))
    rows += [[Cell(text, columns=len(columns))] for text in texts]
    return [
        Table(caption, columns, [Row(cells) for cells in rows], column_widths(columns, rows))
        for caption, columns, rows in drawn
    ]


def _section(
    card: Scorecard, listed: Sequence[RubricIndicator]
) -> tuple[Sequence[str], list[list[Cell]]]:
    """The columns and rows of indicators; 指标值 only where the rubric has any."""
    year = card.department.year
    valued = any(
        # What departments choose has targets, and years side by side stand in both columns.
        one.rule.choice or one.rule.heading(year) or one.rule.target(one, card.score(one.id))
        for one in listed
    )
    columns = COLUMNS if valued else [name for name in COLUMNS if name != VALUE]
    return columns, _rows(card, listed, valued)


def _rows(
    card: Scorecard, listed: Sequence[RubricIndicator], valued: bool = True
) -> list[list[Cell]]:
    """The rows of the indicators, with a label for each 二级指标 or a heading of their own."""
    rows: list[list[Cell]] = []
    headings: list[list[Cell]] = []
    for level2, grouped in groupby(listed, key=lambda i: i.level2):
        indicators = list(grouped)
        below: list[list[Cell]] = []
        for indicator in indicators:
            rule = indicator.rule
            heading = rule.heading(card.department.year)
            # Below it there is no label of the 二级指标 that could hold others together, and
            # where nothing is of last year there is no column for it.
            alone = len(indicators) == 1 and (rule.of_last_year or heading in headings)
            if heading is None or not alone:
                own = rule.rows(card, indicator)
                below += own if valued else [[name, *others] for name, _, *others in own]
                continue
            if heading not in headings:
                headings.append(heading)
                rows.append(heading)
            rows += rule.rows_beside_last_year(card, indicator)
        if below:
            scores = [card.score(i.id) for i in indicators]
            points = plain(sum((score.points for score in scores), Decimal(0)))
            label = level2 if scores[0].sign else f"{level2}（{points}）"
            below[0].insert(0, Cell(label, rows=len(below), kind="label"))
            rows += below
    return rows


def _basis(card: Scorecard) -> str:
    """What the sheet rests on: the rubric with its source, how it rounds, and its grades."""
    rubric = card.rubric
    rounding = rubric.rounding
    mode = {"half_up": "四舍五入", "half_even": "四舍六入五成双", "down": "舍去多余的位数"}
    stage = {"indicator": "各指标得分", "total": "合计"}
    grades = [f"{plain(grade.floor)}分（含）以上为{grade.label}" for grade in rubric.grades[:-1]]
    told = "；".join(one.sentence for one in card.limits)
    limits = f"限制条件：{told}。" if told else ""
    return (
        f"评分标准：{rubric.name}。出处：{rubric.source}。"
        f"{stage[rounding.stage]}保留{rounding.places}位小数，{mode[rounding.mode]}。"
        f"{rubric.words.grade}：{'，'.join([*grades, f'其余为{rubric.grades[-1].label}'])}。"
        f"{limits}{execution_note(card.department)}"
    )


def _step_row(card: Scorecard, step: Step, before: int) -> list[Cell]:
    """上限、限制条件、舍入: what changes the sum of the rows above."""
    return [
        Cell(step.name, columns=before, kind="label"),
        *[Cell("—", kind="num") for _ in range(2 + len(stage_totals(card)))],
        Cell(step.shown, kind="num"),
        Cell(step.words, columns=3),
    ]


def _total_row(card: Scorecard, before: int) -> list[Cell]:
    reported = card.department.reported
    waiting = f"{plain(card.open_points)}分待定" if card.open_points else ""
    grade = f"{card.rubric.words.grade}：{card.grade or '待定'}"
    if reported.grade:
        grade += f"（自评{reported.grade}）"
    claim = paths.CLAIMED_TOTAL if reported.total is not None else ""
    return [
        Cell("合计", columns=before, kind="label"),
        Cell(plain(card.rubric.points), kind="num"),
        Cell(claimed(reported.total), kind="num", of=claim),
        *stage_totals(card),
        Cell(plain(card.total), waiting, kind="num", of=TOTAL),
        Cell(grade, columns=3),
    ]


SIGNS = 75
"""Signs of 8.5 points in a line across the turned page; see ``report.typ``."""

STEP = 2
"""Per cent of the width that a column gets at a time."""

MARGIN = 1.2
"""Signs that the edges of a cell take beside its longest figure."""

EDGES = 0.7
"""Lines that a row is higher than its text."""


def column_widths(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Widths in per cent by what stands in the columns, so that the table is as low as can be.

    No column is narrower than its longest figure, or than four signs if it has so
    many; from there on, each two per cent go where they make the table lowest.
    """
    count = len(columns)
    cells: list[list[tuple[int, int, list[float], float]]] = [[] for _ in range(count)]
    taken = [0] * count
    for r, row in enumerate(rows):
        column = 0
        for cell in row:
            while taken[column] > r:
                column += 1
            if cell.columns == 1 and cell.kind != "head":
                texts = [cell.text, cell.note] if cell.note else [cell.text]
                lengths = [sum(map(_size, text)) for text in texts]
                cells[column].append((r, cell.rows, lengths, _longest(cell.text)))
            for c in range(column, column + cell.columns):
                taken[c] = r + cell.rows
            column += cell.columns
    longest = [max((sum(lengths) for *_, lengths, _ in below), default=0) for below in cells]
    words = [max((word for *_, word in below), default=0) for below in cells]
    least = [
        max(min(longest[c], 4) + 1, 3, words[c] + MARGIN if words[c] else 0) for c in range(count)
    ]
    widths = [math.ceil(signs * 100 / SIGNS) for signs in least]

    def height(c: int, width: int) -> list[float]:
        """What each row needs for this column alone; a merged cell's lines are shared."""
        found = [0.0] * len(rows)
        room = max(1, int(width * SIGNS / 100 - 1))
        for r, span, lengths, _ in cells[c]:
            lines = sum(max(1, math.ceil(length / room)) for length in lengths)
            for i in range(r, r + span):
                found[i] = max(found[i], lines / span - EDGES * (span - 1) / span)
        return found

    heights = [height(c, width) for c, width in enumerate(widths)]
    wider = [height(c, width + STEP) for c, width in enumerate(widths)]
    while sum(widths) + STEP <= 100:
        lines = list(zip(*heights, strict=True))
        tries = []
        for c in range(count):
            # What a row is high without this column does not change.
            others = (max(*row[:c], *row[c + 1 :], 0) for row in lines)
            total = sum(map(max, others, wider[c]))
            # Where no column alone makes it lower, the one with the longest lines gets it.
            tries.append((total, -longest[c] / widths[c], c))
        *_, c = min(tries)
        widths[c] += STEP
        heights[c], wider[c] = wider[c], height(c, widths[c] + STEP)
    widths[-1] += 100 - sum(widths)
    return widths


def _size(sign: str) -> float:
    return 1 if sign >= "\u2000" else 0.5


def _longest(text: str) -> float:
    """The longest figure or Latin word of a text, in Chinese signs."""
    return max((len(word) / 2 for word in re.findall(r"[!-~]+", text)), default=0)
