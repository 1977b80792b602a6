"""A department's workbook (填报工作簿), blank or filled: sheets, choices, sums, protection.

What is written reads back as what was given, to the letter: a value stands as a number only
where it comes back as the same text. No text is ever a formula.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from io import BytesIO
from typing import Any, get_args

from perfkit.books.look import Look
from perfkit.errors import PerfkitError
from perfkit.forms.bookfile import amount_form, exact_digits
from perfkit.forms.department import ABSENT, Department
from perfkit.forms.fields import Loc, field_readers, field_types
from perfkit.forms.layout import (
    ADJUSTED,
    CLAIM,
    CONTENT,
    DEPARTMENT,
    ENTRY,
    FIRST,
    NAMES,
    OTHER,
    SIGN,
    Block,
    Column,
    blocks,
)
from perfkit.forms.targets import OFFERED, parted
from perfkit.quantities import parse_date, parse_rate, parse_signed_rate, plain
from perfkit.scoring.asked import asks, offers, printed_in
from perfkit.scoring.names import group_codes, indicator_codes, kind_codes, own_indicators
from perfkit.scoring.rubric import Rubric, called

LONGEST_CELL = 32_767
"""Signs that a cell of Excel can hold."""

FREE_ROWS = {"projects": 60, "indicators": 60, "divisions": 30, "stages": 40}
"""Rows of a blank form to be filled in, by list; others have 20."""

FEWEST_ROWS = 10
"""Those of each department in a form for several."""

_ALWAYS = (
    "divisions", "projects", "indicators", "checks", "reported", "rectified", "units", "stages",
)  # fmt: skip
"""Tables that a form shows though nothing is filled in."""

STAGES = ("财政核查", "专家", "征求意见", "核定")
"""环节 that are offered; others may be written."""


@dataclass(frozen=True)
class Entry:
    """A department's part of a book: what it is called there, its tree, and its rubric."""

    key: str
    tree: Mapping[str, Any]
    rubric: Rubric


def book_bytes(entries: Sequence[Entry], form: bool = False) -> bytes:
    """A workbook of these departments.

    Args:
        entries: several have a column 部门 in every table.
        form: leave rows to be filled in, and protect what is not.

    Raises:
        PerfkitError: if a text is longer than a cell can hold.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties(
            {
                "title": f"{called(e.rubric.words.evaluation for e in entries)}填报",
                "created": datetime(2000, 1, 1),
            }
        )
        _Writer(book, entries, form).write()
    return file.getvalue()


class _Left:
    """The values of a tree that no table has taken yet, by place."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.values = dict(_leaves(tree, ()))

    def take(self, loc: Loc) -> Any:
        return self.values.pop(loc, None)


def _leaves(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, Mapping) and (value or len(loc) > 1):
        for key, child in value.items():
            yield from _leaves(child, (*loc, key))
    elif isinstance(value, (list, tuple)) and value and loc[:1] != ("options",):
        for i, child in enumerate(value):
            yield from _leaves(child, (*loc, i))
    elif value is not None and (value not in ({}, []) or loc[:1] == ("options",)):
        yield loc, value


@dataclass(frozen=True)
class _Line:
    """A row of a table: its label, the rubric's words for it, its values and remarks."""

    label: str = ""
    words: str = ""
    values: tuple[tuple[Any, Loc], ...] = ()
    remarks: tuple[str, ...] = ()


class _Writer:
    def __init__(self, book: Any, entries: Sequence[Entry], form: bool) -> None:
        self.entries = entries
        self.form = form
        self.many = len(entries) > 1
        self.look = Look(book)
        self.offers: dict[tuple[Any, ...], _Offer] = {}
        self.left = {entry.key: _Left(entry.tree) for entry in entries}
        self.book = book

    def write(self) -> None:
        rubrics = list({id(entry.rubric): entry.rubric for entry in self.entries}.values())
        self.look.guide(rubrics, self.many)
        sheets: dict[str, list[Block]] = {}
        for block in map(self.fitting, blocks()):
            sheets.setdefault(block.sheet, []).append(block)
        # The rows of indicators take the claims of the department's own.
        order = sorted(sheets, key=lambda name: name == NAMES["reported"])
        lines = {
            name: [(block, self.lines(block)) for block in sheets[name]]
            for name in order
            if name != OTHER
        }
        (other,) = sheets[OTHER]
        lines[OTHER] = [(other, {entry.key: self.others(entry.key) for entry in self.entries})]
        for name in sheets:
            shown = [(block, found) for block, found in lines[name] if self.wanted(block, found)]
            if shown:
                self.sheet(name, shown)
        self.look.lists()

    def fitting(self, block: Block) -> Block:
        """A list without the columns of money that no department's rubric asks for."""
        if block.kind != "list":
            return block
        rubrics = {id(entry.rubric): entry.rubric for entry in self.entries}.values()
        columns = (
            column
            for column in block.columns
            if any(asks((*block.at, 0, *column.steps), rubric) for rubric in rubrics)
        )
        return replace(block, columns=tuple(columns))

    def wanted(self, block: Block, found: Mapping[str, list[_Line]]) -> bool:
        if any(found.values()) or not self.form:
            return any(found.values())
        if block.at == ("indicators",):  # asked for where the department chooses some
            return any(entry.rubric.groups for entry in self.entries)
        # Of what the rubric asks by name (检查清单), no row is one that nobody fills in.
        return block.kind != "keyed" and bool(block.at) and block.at[0] in _ALWAYS

    def lines(self, block: Block) -> dict[str, list[_Line]]:
        return {entry.key: list(self.lines_of(block, entry)) for entry in self.entries}

    def lines_of(self, block: Block, entry: Entry) -> Iterator[_Line]:
        left, chapters = self.left[entry.key], printed_in(entry.rubric)
        if block.kind == "rows":
            for title, loc in block.rows:
                places = [(*loc, *column.steps) for column in block.columns]
                values = tuple((left.take(place), place) for place in places)
                if not _has_row(loc, entry.rubric) and not any(value for value, _ in values):
                    continue
                unit = _unit(loc) if block.columns[0].title == CONTENT else ""
                remarks = [description(loc)]
                if (chapter := chapters.get(loc, title)) != title:
                    remarks.append(f"印在报告的“{chapter}”里")
                said = "；".join(filter(None, remarks))
                yield _Line(title + unit, "", values, (said,))
        elif block.kind == "list":
            yield from self.items(block, entry, left)
        elif block.kind == "nested":
            yield from self.nested(block, entry, left)
        elif block.at == ("options",):
            yield from self.options(left)
        else:
            yield from self.entered(block, entry, left)

    def items(self, block: Block, entry: Entry, left: _Left) -> Iterator[_Line]:
        listed = entry.tree.get(str(block.at[0])) or ()
        counts: dict[str, int] = {}
        names = _names(entry.rubric)
        for i in range(len(listed)):
            found: dict[Loc, Any] = {}
            at: Loc = (*block.at, i)
            if block.at == ("indicators",):
                target, initial = left.take((*at, "target")), left.take((*at, "initial"))
                parts = parted(target or "", initial or "")
                found |= dict(zip(((SIGN,), (FIRST,), (ADJUSTED,)), parts, strict=True))
                group = str(left.values.get((*at, "group"), ""))
                counts[group] = counts.get(group, 0) + 1
                claim = ("reported", "scores", f"{group}.{counts[group]}")
                found[CLAIM,] = left.take(claim)
            values = []
            for column in block.columns:
                if column.steps in found:
                    values.append((found[column.steps] or None, (*at, *column.steps)))
                    continue
                value = left.take((*at, *column.steps))
                if column.steps == ("kind",):
                    group = str(listed[i].get("group", ""))
                    value = names.get((group, str(value)), value)
                elif column.steps == ("group",):
                    value = names.get(("", str(value)), value)
                values.append((value, (*at, *column.steps)))
            yield _Line(values=tuple(values))

    def nested(self, block: Block, entry: Entry, left: _Left) -> Iterator[_Line]:
        """The rows of each item: one of what it says as a whole, with that of its first indicator."""
        words = _words_of(entry)
        for i in range(len(entry.tree.get(str(block.at[0])) or ())):
            at: Loc = (*block.at, i)
            keys = dict.fromkeys(
                str(loc[-1])
                for loc in left.values
                if loc[: len(at)] == at and len(loc) == len(at) + 2
                if str(loc[-1]).strip() == loc[-1] != ""
            )
            whole = {
                column: left.take((*at, *column.steps))
                for column in block.columns
                if column.steps[0] != ENTRY
            }
            last = block.columns[-1]
            for n, key in enumerate(keys or [""]):
                values = []
                for column in block.columns:
                    if column.steps[0] != ENTRY:
                        # Of what is said once for all indicators, only the long text isn't repeated.
                        value = None if n and column == last else whole[column]
                        values.append((value, (*at, *column.steps)))
                    elif len(column.steps) == 1:
                        values.append((words.get(key, key) or None, (*at, ENTRY)))
                    else:
                        loc = (*at, *column.steps[1:], key)
                        values.append((left.take(loc), loc))
                yield _Line(values=tuple(values))

    def options(self, left: _Left) -> Iterator[_Line]:
        for loc in [loc for loc in left.values if loc[:1] == ("options",)]:
            value = left.values[loc]
            name = str(loc[-1])
            fits = isinstance(value, (str, bool)) or (
                isinstance(value, (int, float)) and exact_digits(value) == Decimal(repr(value))
            )
            if len(loc) == 2 and name.strip() == name != "" and fits and value != "":
                yield _Line(name, "", ((left.take(loc), loc),))

    def entered(self, block: Block, entry: Entry, left: _Left) -> Iterator[_Line]:
        """A line for each key of the rubric, and for those that only the filing has."""
        for key, words, remarks in _asked(block, entry.rubric):
            yield self.entry(block, left, key, words, remarks)
        depth = len(block.at)
        for key in dict.fromkeys(
            str(loc[depth]) for loc in left.values if loc[:depth] == block.at and len(loc) > depth
        ):
            if key.strip() == key != "":
                yield self.entry(block, left, key, "", ())

    def entry(
        self, block: Block, left: _Left, key: str, words: str, remarks: tuple[str, ...]
    ) -> _Line:
        places = [(*block.at, key, *column.steps) for column in block.columns]
        return _Line(key, words, tuple((left.take(loc), loc) for loc in places), remarks)

    def others(self, key: str) -> list[_Line]:
        """What no table has room for."""
        return [
            _Line(
                json.dumps(loc, ensure_ascii=False),
                "",
                ((json.dumps(value, ensure_ascii=False), ()),),
            )
            for loc, value in self.left[key].values.items()
            if value != ""
        ]

    # Sheets

    def sheet(self, name: str, shown: Sequence[tuple[Block, Mapping[str, list[_Line]]]]) -> None:
        sheet = self.book.add_worksheet(name)
        look = self.look
        row = look.begin(sheet, name)
        for number, (block, found) in enumerate(shown):
            if number:
                row += 1
            first = 1 if self.many else 0
            sums_row = None
            summed = block.at == ("indicators",) or _has_amounts(block)
            if summed and not self.many:
                sums_row, row = row, row + 1
            headings = self.headings(block)
            for at, heading in enumerate(headings):
                sheet.write_string(row, at, heading, look.heading)
            # Two lines for the headings of narrow columns.
            sheet.set_row(row, 32)
            if not number:
                sheet.freeze_panes(row + 1, 0)
                sheet.repeat_rows(row)
            top = row + 1
            row = top
            listed = block.kind in ("list", "nested")
            choices: dict[tuple[int, _Offer], list[tuple[int, int]]] = {}
            for entry in self.entries:
                free: list[_Line | None] = [None] * (self.free_rows(block) if listed else 0)
                for line in [*found[entry.key], *free]:
                    if self.many:
                        # A row that someone inserts takes its format, and must have its department.
                        owner = look.owner if listed else look.label
                        sheet.write_string(row, 0, entry.key, owner)
                    if line is None:
                        self.free(sheet, row, first, block)
                    else:
                        self.line(sheet, row, first, block, line)
                    for at, offer in self.offered(block, entry, line, first):
                        _add(choices.setdefault((at, offer), []), row)
                    row += 1
            if self.many and listed:
                keys = _Offer(tuple(entry.key for entry in self.entries))
                choices[0, keys] = [(top, max(top, row - 1))]
            look.widths(sheet, block, first, headings)
            for (at, offer), rows in choices.items():
                look.choose(sheet, rows, at, offer.words, offer.strict)
            look.checks(
                sheet, block, first, top, max(top, row - 1), sums_row,
                [entry.rubric for entry in self.entries][:1],
                [len(found[entry.key]) for entry in self.entries],
            )  # fmt: skip
        look.finish(sheet, self.form)

    def headings(self, block: Block) -> list[str]:
        first = [DEPARTMENT] if self.many else []
        named = [name for name in (block.label, block.words) if name]
        last = ["说明"] if block.kind == "rows" else []
        if block.at == ("checks",):
            last = ["答“是”的含义", "合格的答案", "指标"]
        elif block.at == ("reported", "scores"):
            last = ["分值"]
        elif block.at == ("answers",):
            last = ["说明"]
        elif block.at == ("figures",):
            last = ["单位", "说明"]
        if block.columns[0].title == "全年预算数" or _has_amounts(block):
            last = [*last, "核对"]
        return [*first, *named, *(column.heading for column in block.columns), *last]

    def line(self, sheet: Any, row: int, at: int, block: Block, line: _Line) -> None:
        look = self.look
        for name, text in ((block.label, line.label), (block.words, line.words)):
            if name:
                _fits(text)
                sheet.write_string(row, at, text, look.label)
                at += 1
        for value, loc in line.values:
            self.value(sheet, row, at, value, loc)
            at += 1
        for remark in line.remarks:
            sheet.write_string(row, at, remark, look.remark)
            at += 1
        if lines := look.height(block, line.label, line.words, line.values, line.remarks):
            sheet.set_row(row, lines)

    def free_rows(self, block: Block) -> int:
        """Rows for each department to write in."""
        if not self.form:
            return 0
        rows = FREE_ROWS.get(str(block.at[0]), 20)
        return max(min(FEWEST_ROWS, rows), rows // len(self.entries))

    def free(self, sheet: Any, row: int, at: int, block: Block) -> None:
        for column in block.columns:
            loc = (*block.at, 0, *column.steps)
            sheet.write_blank(row, at, None, self.look.open(_form_of(loc)))
            at += 1

    def value(self, sheet: Any, row: int, at: int, value: Any, loc: Loc) -> None:
        look = self.look
        if value is None or value == "":
            sheet.write_blank(row, at, None, look.open(_form_of(loc)))
            return
        if loc[:1] == ("options",):
            if isinstance(value, bool):
                sheet.write_string(row, at, "是" if value else "否", look.open(""))
            elif isinstance(value, (int, float)):
                sheet.write_number(row, at, value, look.open("", number=True))
            else:
                _fits(value)
                sheet.write_string(row, at, value, look.open("@"))
            return
        text = str(value)
        number, form = as_number(text, loc)
        if isinstance(number, date):
            sheet.write_datetime(row, at, datetime(*number.timetuple()[:3]), look.open(form))
        elif number is not None:
            sheet.write_number(row, at, number, look.open(form, number=True))
        else:
            _fits(text)
            # Text, so that 010 and 1.10 stay what they are when someone edits the cell.
            sheet.write_string(row, at, text, look.open("@" if loc else ""))

    def offered(
        self, block: Block, entry: Entry, line: _Line | None, first: int
    ) -> Iterator[tuple[int, _Offer]]:
        """The columns of a row that have a drop-down list, and what it offers to this department."""
        column = first + bool(block.label) + bool(block.words)
        for number, found in enumerate(block.columns):
            if block.kind in ("list", "nested"):
                loc: Loc = (*block.at, 0, *found.steps)
            elif line is None or not line.values:
                continue
            else:
                loc = line.values[number][1]
            if not loc:
                continue
            of_own = entry.key if loc[-1] == ENTRY else id(entry.rubric)
            key = (of_own, *(step for step in loc if not isinstance(step, int)))
            if key not in self.offers:
                self.offers[key] = _offer(loc, entry)
            if self.offers[key].words:
                yield column + number, self.offers[key]


def _has_amounts(block: Block) -> bool:
    """Whether it is the table of projects, with their money."""
    return block.at == ("projects",) and any(c.steps == ("budget",) for c in block.columns)


def _has_row(loc: Loc, rubric: Rubric) -> bool:
    """Whether a field has its row in the form: of money that has but one part, the whole has none."""
    return offers(loc, rubric) and (loc != ("budget", "total") or len(rubric.parts) > 1)


def _add(rows: list[tuple[int, int]], row: int) -> None:
    """Add a row to ranges of rows."""
    if rows and rows[-1][1] == row - 1:
        rows[-1] = (rows[-1][0], row)
    else:
        rows.append((row, row))


def _fits(text: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        raise PerfkitError(
            f"有一段文字超过 {LONGEST_CELL} 个字，Excel 的一格放不下：“{text[:20]}……”；请缩短或分段"
        )


def _unit(loc: Loc) -> str:
    from perfkit.forms.layout import Column as _Column

    unit = "万元" if _form_of(loc) == MONEY else ""
    return _Column("", unit=unit).heading


MONEY = "#,##0.00####"
RATE = "0.00%"
DAY = "yyyy-mm-dd"
POINTS = "0.00##"


@cache
def _form_of_field(steps: Loc) -> str:
    from perfkit.quantities import parse_amount, parse_points

    readers = field_readers(Department, steps)
    if parse_amount in readers:
        return MONEY
    if readers & {parse_rate, parse_signed_rate}:
        return RATE
    if parse_date in readers:
        return DAY
    return "General" if parse_points in readers else ""


def _form_of(loc: Loc) -> str:
    """The number format of a field's cell; empty for a text."""
    steps = tuple(step for step in loc if not isinstance(step, int))
    if loc[:2] == ("reported", "scores") or loc[-1:] == (CLAIM,):
        return "General"
    if loc[:1] == ("stages",) and "scores" in loc:
        return "General"
    return _form_of_field(steps) if loc else ""


def as_number(text: str, loc: Loc) -> tuple[float | date | None, str]:
    """A value as Excel's number, if it comes back as the same text, and the format to show it."""
    form = _form_of(loc)
    if form == DAY:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None, ""
        return (day, DAY) if day.isoformat() == text and day.year > 1900 else (None, "")
    whole = int in field_types(Department, tuple(s for s in loc if not isinstance(s, int)))
    if not form and not whole:
        return None, ""
    percent = form == RATE
    places = len(text.partition(".")[2])
    separated = form == MONEY and places < 7 and ("," in text or (places > 0 and text[-1] == "0"))
    try:
        bare = text.replace(",", "") if separated else text
        exact = Decimal(bare.removesuffix("%") if percent else bare)
    except InvalidOperation:
        return None, ""
    if not exact.is_finite() or abs(exact) >= Decimal(10) ** 14:
        return None, ""
    number = float(exact / 100 if percent else exact)
    back = exact_digits(number) * (100 if percent else 1)
    if separated:
        shown = f"{exact_digits(number):,.{places}f}"
        return (number, amount_form(places)) if shown == text else (None, "")
    if f"{plain(back)}{'%' if percent else ''}" != text:
        return None, ""
    if percent:
        places = max(2, len(text.removesuffix("%").partition(".")[2]))
        return number, f"0.{'0' * places}%"
    return number, form or "0"


@cache
def description(loc: Loc) -> str:
    """What the form says of a field."""
    model: Any = Department
    info: Any = None
    for step in loc:
        fields = getattr(model, "model_fields", {})
        info = next((i for n, i in fields.items() if step in (n, i.alias)), None)
        if info is None:
            return ""
        kinds = [info.annotation, *get_args(info.annotation)]
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    required = info is not None and info.is_required()
    words = "、".join(part for part in ("必填" if required else "", info.description or "") if part)
    return words.replace("填了 previous 可不填", "填了上年参数文件可不填")


def _names(rubric: Rubric) -> dict[tuple[str, str], str]:
    """The rubric's words for the groups and kinds of indicators, where they can be told from codes."""
    found = {("", code): name for name, code in group_codes(rubric).items()}
    for group in rubric.groups:
        found |= {(group, code): name for name, code in kind_codes(rubric, group).items()}
    return found


def _words_of(entry: Entry) -> dict[str, str]:
    """The words for the indicators of a filing, its own ones among them, where they have one."""
    found: dict[str, str] = {}
    for word, code in indicator_codes(entry.rubric, entry.tree).items():
        found.setdefault(code, word)
    return found


def _asked(block: Block, rubric: Rubric) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The keys that a rubric asks for in a table, their words, and what is remarked on them."""
    what = block.at[-1]
    if what == "checks":
        asked = [(i.name, item) for i in rubric.everything for item in i.rule.questions]
        for of, item in [*asked, *(("限制条件", limit) for limit in rubric.limits)]:
            yield item.id, item.text, (item.asks, "是" if item.good else "否", of)
    elif what == "scores":
        for indicator in rubric.everything:
            yield indicator.id, indicator.name, (plain(rubric.counts_for(indicator.id)),)
    elif what == "answers":
        titles = {column.steps[0]: column.title for column in block.columns}
        for indicator in rubric.everything:
            asks = "、".join(titles.get(name, name) for name in indicator.rule.asks)
            may = "不适用的，“是否适用”填否，并写理由。" if indicator.optional != "no" else ""
            if asks or may:
                fill = f"填{asks}。" if asks else ""
                if rubric.counts_for(indicator.id) != indicator.points:
                    fill += f"分值{rubric.most(indicator.id)}。"
                yield indicator.id, indicator.name, (f"{fill}{may}{indicator.standard}",)
    elif what == "figures":
        for code, figure in rubric.figures.items():
            yield code, figure.name, (figure.unit, figure.note)


@dataclass(frozen=True)
class _Offer:
    """What a drop-down list offers; unless it is *strict*, something else may be written."""

    words: tuple[str, ...]
    strict: bool = True


def _offer(loc: Loc, entry: Entry) -> _Offer:
    """The choices for a field of a department."""
    rubric, last = entry.rubric, loc[-1]
    if loc[:1] == ("indicators",) and last in ("group", "kind"):
        names = _names(rubric)
        if last == "group":
            return _Offer(tuple(names.get(("", code), code) for code in rubric.groups))
        kinds = [
            names.get((group, kind.id), kind.id)
            for group, rule in rubric.groups.items()
            for kind in rule.kinds
        ]
        return _Offer(tuple(dict.fromkeys(kinds)))
    if last == SIGN:
        return _Offer(OFFERED, strict=False)
    if last == ENTRY:
        return _Offer(tuple(_indicators(entry)), strict=False)
    if loc == ("stages", 0, "name"):
        return _Offer(STAGES, strict=False)
    if loc == ("reported", "grade"):
        return _Offer(tuple(grade.label for grade in rubric.grades))
    if loc[:1] == ("checks",):
        absent = (ABSENT,) if loc[-1] in rubric.may_be_absent else ()
        return _Offer(("是", "否", *absent))
    steps = tuple(step for step in loc if not isinstance(step, int))
    if bool in field_types(Department, steps):
        return _Offer(("是", "否"))
    return _Offer(tuple(_literals(steps)))


def _indicators(entry: Entry) -> Iterable[str]:
    """The indicators that a stage can give points for, as they are written in the book."""
    words = _words_of(entry)
    own: dict[str, list[str]] = {}
    for _, code in own_indicators(entry.rubric, entry.tree):
        own.setdefault(code.rpartition(".")[0], []).append(words.get(code, code))
    for indicator in entry.rubric.everything:
        yield from own.get(indicator.id, [words.get(indicator.id, indicator.id)])


@cache
def _literals(steps: Loc) -> list[str]:
    from perfkit.forms.fields import field_choices

    return [choice for choice in field_choices(Department, steps) if choice]


def entry_columns(block: Block) -> Sequence[Column]:
    """The columns of a block that are filled in."""
    return block.columns
