"""The rows of a workbook's tables, each put into the filing of its department.

The values are texts here, with their cells; the form gives them their type and finds their faults.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from perfkit.errors import Fault
from perfkit.forms.aliases import words_for
from perfkit.forms.bookfile import Cell, Sheet, column_letters
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc, field_readers, leaves
from perfkit.forms.filing import Book, Filing
from perfkit.forms.headings import (
    LIKE,
    OTHERWISE,
    Heading,
    Headings,
    is_otherwise,
    remark_of,
    word_of,
    words_of_the_form,
)
from perfkit.forms.layout import (
    ADJUSTED,
    CLAIM,
    CONTENT,
    DEPARTMENT,
    ENTRY,
    FIRST,
    OTHER,
    SIGN,
    blocks,
)
from perfkit.forms.owners import Owners
from perfkit.forms.targets import joined
from perfkit.quantities import (
    halfwidth,
    parse_amount,
    parse_date,
    parse_rate,
    parse_signed_rate,
)

_TOTAL = re.compile(r"(.{0,20}?)(?:合计|总计|小计|共计)(?:数|金额)?(?:\(.*?\))?[::]?")
_NUMBERED = re.compile(r"\(?([0-9]{1,2})\)?(?:=.*)?|[甲乙丙丁戊己庚辛]|[A-Za-z]|[栏行列]次|序号")
"""What a row below the heading says that only numbers the columns: 栏次, 甲, 1, 2, (3)=(2)/(1)."""
_FOOT = re.compile(
    r"(?:填表|填报|制表|编制|编报|经办|审核|复核|联系|主管)(?:人|人员|人签字|日期|时间|电话|单位|部门)(?:[::].*)?"
    r"|(?:单位|部门)?(?:负责人|主要领导|分管领导)(?:签字|签章)?(?:[::].*)?"
    r"|(?:注|备注|附注|填表说明|填报说明)[0-9]*[::].*"
)
"""What people write below a table: 填表人：…, 注：…."""
_NOTHING = re.compile(r"[-－—–−‐‑‒―ー／/]+")
_SERIAL = re.compile("[1-7][0-9]{4}")
"""What Excel keeps of a date, and shows of it in a cell without a date's format."""
_BARE = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?")


class Rows:
    """Reads the rows below the headings; *many* is whether the book has several departments."""

    def __init__(self, book: Book, headings: Headings, many: bool) -> None:
        self.book = book
        self.headings = headings
        self.many = many
        self.owners = Owners()
        self.listed: set[str] = set()
        """The departments in the sheet 部门."""
        self.own_sheets: set[str] = set()
        """What that sheet is called."""
        self.rows_of = {
            word_of(title)[0]: (title, loc)
            for block in blocks()
            if block.kind == "rows" and block.columns[0].title == CONTENT
            for title, loc in block.rows
        }

    def read(self, sheet: Sheet, heading: Heading, following: int) -> None:
        """Read a table's rows, which end before the row *following*, if that isn't 0."""
        block = heading.block
        last = following - 1 if following else max(sheet.cells)
        rows = [row for row in sorted(sheet.cells) if heading.row < row <= last]
        merged, captions = self._merged(sheet, heading, last)
        titled = {word_of(title)[0]: (title, loc) for title, loc in block.rows}
        for title, loc in block.rows:
            for word in words_for(Department, loc):
                titled.setdefault(word, (title, loc))
        counts: dict[str, int] = {}
        groups: dict[tuple[str, str], int] = {}
        items: dict[tuple[str, str], int] = {}
        single = len(block.columns) == 1 and block.kind == "rows"
        first = block.columns[0]
        if block.kind == "nested" and first not in heading.columns.values():
            self.book.fault(sheet, heading.row, 1, f"没有“{first.title}”一列，请补上")
            return
        for row in rows:
            cells = {**merged.get(row, {}), **sheet.cells[row]}
            filled = {at: cells[at] for at in heading.columns if at in sheet.cells[row]}
            for at in sheet.cells[row].keys() - sheet.cells[heading.row].keys():
                column = column_letters(at)
                self.book.note(f"工作表“{sheet.name}”{column}列没有列名，没有读")
            said = "" if block.kind == "rows" else self._beside(cells, heading, row == rows[0])
            if row in captions and len(cells) == 1:
                said = "小标题"
            if said:
                if filled:
                    self.book.note(f"工作表“{sheet.name}”第 {row} 行是{said}，没有当作一项")
                continue
            label = self._row_label(cells, heading)
            if block.kind != "rows" and not filled:
                continue
            filing = self._filing(sheet, row, heading, cells, bool(filled))
            if filing is None:
                continue
            if block.sheet == DEPARTMENT:
                self.listed.add(filing.key)
                self.own_sheets.add(sheet.name)
            if row in sheet.hidden_rows and filled:
                self.book.note(f"工作表“{sheet.name}”第 {row} 行是隐藏的，已照常读入")
            if block.kind == "list":
                i = counts.get(filing.key, 0)
                counts[filing.key] = i + 1
                self._item(sheet, row, heading, cells, filing, i, groups)
            elif block.kind == "nested":
                self._nested(sheet, row, heading, cells, filing, items)
            elif block.kind == "keyed":
                self._entry(sheet, row, heading, cells, filing, label)
            else:
                self._fixed(sheet, row, heading, cells, filing, label, titled, single)

    def _beside(self, cells: Mapping[int, Cell], heading: Heading, below: bool) -> str:
        """What a row of a table is, if none of its items: a total, numbers of columns, a closing word."""
        texts = {
            at: re.sub(r"\s", "", halfwidth(cell.text))
            for at, cell in sorted(cells.items())
            if cell.text and len(cell.text) < 100
        }
        long = any(len(cell.text) >= 100 for cell in cells.values())
        first = min(heading.read - {heading.owner})
        for at, text in texts.items():
            total = _TOTAL.fullmatch(text) if "计" in text else None
            # 设备更新小计 is a total where an item has its name, and words of a text elsewhere.
            if total and (not total[1] or at in (first, heading.owner) or at not in heading.read):
                return "合计"
        own = [text for at, text in texts.items() if at != heading.owner]
        # What has amounts, or more than a name and a word beside it, is an item whatever its name.
        amounts = any(column.unit and at in texts for at, column in heading.columns.items())
        few = not amounts and len(own) <= 2 and sum(map(len, own[1:])) < 12
        few = few or all(":" in text for text in own)  # 填表人：张三, 联系电话：1234
        for at in [*list(texts)[:1], *[at for at in texts if at != heading.owner][:1]]:
            if few and not long and _FOOT.fullmatch(texts[at]):
                return f"表下面的话“{cells[at].text[:20]}”"
        if below and not long and len(own) > 1:
            found = [_NUMBERED.fullmatch(text) for text in own]
            numbers = [int(one[1]) for one in found if one and one[1]]
            counted = range(numbers[0], numbers[0] + len(numbers)) if len(numbers) > 1 else ()
            if all(found) and numbers and numbers == list(counted):
                return "列的编号"
        return ""

    def _row_label(self, cells: Mapping[int, Cell], heading: Heading) -> str:
        for at in (heading.label, heading.words):
            if at in cells and cells[at].text:
                return cells[at].text
        return ""

    def _merged(
        self, sheet: Sheet, heading: Heading, end: int
    ) -> tuple[dict[int, dict[int, Cell]], set[int]]:
        """What merged cells say of the rows that they go over, whose, which group, which kind, and captions.

        A caption (小标题) goes over the columns of a row that has nothing else.
        """
        captions: set[int] = set()
        begin = min(heading.read - {heading.owner})
        found: dict[int, dict[int, Cell]] = {}
        nested = heading.block.kind == "nested"
        spread = {heading.owner} | {
            at
            for at, column in heading.columns.items()
            if column.steps in (("group",), ("kind",)) or (nested and column.steps[0] != ENTRY)
        }
        for first, left, last, right in sheet.merged:
            cell = sheet.cells.get(first, {}).get(left)
            if not heading.row < first <= end or cell is None:
                continue
            across = sorted(heading.read & set(range(left, right + 1)))
            if len(across) > 1 and begin in across and heading.block.kind != "rows":
                captions.add(first)
            elif len(across) > 1:
                one, other = column_letters(across[0]), column_letters(across[-1])
                message = f"合并了 {one} 到 {other} 列，认不准是哪一列的；请取消合并，分别填写"
                self.book.fault(sheet, first, left, message)
            if last == first:
                continue
            if left in spread:
                for row in range(first + 1, last + 1):
                    found.setdefault(row, {})[left] = cell
            elif left in heading.read and any(
                at in heading.read - {heading.owner}
                for row in range(first + 1, last + 1)
                for at in sheet.cells.get(row, {})
            ):
                message = f"合并了第 {first} 到 {last} 行，认不准是哪一行的；请取消合并，逐行填写"
                self.book.fault(sheet, first, left, message)
        return found, captions

    def _filing(
        self,
        sheet: Sheet,
        row: int,
        heading: Heading,
        cells: Mapping[int, Cell],
        filled: bool,
    ) -> Filing | None:
        key = ""
        if self.many:
            if not heading.owner:
                if filled:
                    self._no_owner(sheet, heading)
                return None
            key = cells[heading.owner].text if heading.owner in cells else ""
            if not key:
                if filled:
                    self.book.fault(sheet, row, heading.owner, "没有写是哪个部门的")
                return None
            key = self.owners.name(key, sheet, row, heading.owner)
        if key not in self.book.filings:
            self.book.filings[key] = Filing(key)
            self._place(self.book.filings[key], (), sheet, row, heading.owner or 1)
        return self.book.filings[key]

    def _no_owner(self, sheet: Sheet, heading: Heading) -> None:
        message = "工作簿里有几个部门，这张表缺“部门”一列"
        place = sheet.place(heading.row, 1)
        if not any(fault.cell == place for fault in self.book.faults):
            self.book.fault(sheet, heading.row, 1, message)

    def _place(self, filing: Filing, loc: Loc, sheet: Sheet, row: int, column: int) -> int:
        """Remember where the value at *loc* stands, or would stand."""
        self.book.rank += 1
        at, cell = ("department", *loc), sheet.place(row, column)
        for n in range(len(at) - 1, 0, -1):
            if at[:n] in filing.lines:
                break
            filing.lines[at[:n]], filing.cells[at[:n]] = self.book.rank, cell
        filing.lines[at], filing.cells[at] = self.book.rank, cell
        return self.book.rank

    def _put(
        self, filing: Filing, loc: Loc, cell: Cell | None, sheet: Sheet, row: int, column: int,
        unit: str = "",
    ) -> str:  # fmt: skip
        """Take over the value of a cell; what it says, or nothing."""
        rank = self._place(filing, loc, sheet, row, column)
        if cell is None:
            return ""

        def refused(message: str) -> str:
            filing.faults.append(Fault(self.book.name, rank, message, sheet.place(row, column)))
            filing.misread[rank] = ""
            return ""

        if cell.trouble:
            return refused(cell.trouble)
        text = cell.text
        readers = _readers(tuple(step for step in loc if not isinstance(step, int)))
        if cell.amount and parse_amount in readers:
            text = cell.amount
        if _NOTHING.fullmatch(text) and loc[0] != "options":
            return refused(f"内容只有一个“{text}”；没有就留空，是零就写 0")
        if unit and _BARE.fullmatch(halfwidth(text)):
            money = parse_amount in readers and unit in ("元", "亿元", "亿")
            rate = bool(readers & {parse_rate, parse_signed_rate}) and unit == "%"
            text = f"{text}{unit}" if money or rate else text
        if parse_date in readers and not cell.typed and _SERIAL.fullmatch(text):
            day = date(1899, 12, 30) + timedelta(int(text))
            return refused(f"“{text}”是日期 {day} 的序号；请把单元格格式改为“日期”，核对后保存")
        at = ("department", *loc)
        if at in filing.texts:
            return refused("这一项填了两次，请删去一处")
        filing.texts[at] = text
        if cell.typed:
            filing.quoted.add(at)
        _set(filing.tree, loc, text)
        return text

    def _fixed(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, label: str, titled: Mapping[str, tuple[str, Loc]], single: bool,
    ) -> None:  # fmt: skip
        """A row that is known by its title."""
        label = self.headings.undated(label)
        word, unit = word_of(label)
        known = titled.get(word) or (self.rows_of.get(word) if single else None)
        if known and (remark := remark_of(label)):
            if OTHERWISE.search(remark):
                known, word = None, f"{word}（{remark}）"
            else:
                place = sheet.place(row, heading.label)
                self.book.note(f"{place}：把“{word}（{remark}）”当作“{known[0]}”")
        if known is None and word:
            from rapidfuzz import fuzz, process

            near = process.extractOne(word, list(titled), scorer=fuzz.ratio, score_cutoff=LIKE)
            if near and word not in words_of_the_form() and not is_otherwise(word, near[0]):
                known = titled[near[0]]
                self.book.note(f"{sheet.place(row, heading.label)}：把“{word}”当作“{known[0]}”")
        filled = [at for at in heading.columns if at in cells]
        if known is None:
            if filled:
                what = f"“{word}”" if word else "没有写明填写项的"
                self.book.note(f"{sheet.place(row, filled[0])}：{what}一行不是填报的内容，没有读")
            return
        if known[1][0] == "budget":  # so that each of its rows that is empty is told
            filing.tree.setdefault("budget", {})
        for at, column in heading.columns.items():
            loc = (*known[1], *column.steps)
            stated = heading.units.get(at, "")
            if parse_amount in _readers(loc):
                if column.title == CONTENT:
                    stated = self.headings.unit_of(sheet, row, at, stated, unit, heading.unit)
                    if heading.unit in ("元", "亿元") and at in cells:
                        self.book.note(
                            f"工作表“{sheet.name}”：金额按表里写的单位“{heading.unit}”读"
                        )
                elif unit:
                    stated = self.headings.unit_of(sheet, row, at, stated or heading.unit, unit)
                else:  # told at the heading
                    stated = stated or heading.unit
            self._put(filing, loc, cells.get(at), sheet, row, at, stated)

    def _item(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, i: int, groups: dict[tuple[str, str], int],
    ) -> None:  # fmt: skip
        """A row of a list."""
        at: Loc = (*heading.block.at, i)
        self._place(filing, at, sheet, row, min(heading.columns))
        own: dict[str, tuple[Cell | None, int]] = {}
        group = ""
        for column_at, column in heading.columns.items():
            cell = cells.get(column_at)
            if column.steps[0] in (SIGN, FIRST, ADJUSTED, CLAIM):
                own[str(column.steps[0])] = cell, column_at
                continue
            unit = heading.units[column_at] or (heading.unit if column.unit else "")
            text = self._put(filing, (*at, *column.steps), cell, sheet, row, column_at, unit)
            group = text if column.steps == ("group",) else group
        if FIRST in own or ADJUSTED in own:
            self._target(sheet, row, filing, at, own)
        if group:
            number = groups[filing.key, group] = groups.get((filing.key, group), 0) + 1
            claim, claim_at = own.get(CLAIM, (None, 0))
            if claim is not None:
                loc = ("reported", "scores", f"{group}.{number}")
                self._put(filing, loc, claim, sheet, row, claim_at)

    def _nested(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, items: dict[tuple[str, str], int],
    ) -> None:  # fmt: skip
        """A row of an item that has several: of one indicator, or of the item as a whole."""
        block = heading.block
        title = block.columns[0].title
        name_at = next(at for at, column in heading.columns.items() if column.title == title)
        name = cells[name_at].text if name_at in cells else ""
        if not name:
            trouble = cells[name_at].trouble if name_at in cells else ""
            message = trouble or f"没有写{title}；同一个的每一行都要写，写法一样"
            self.book.fault(sheet, row, name_at, message)
            return
        i = items.setdefault((filing.key, name), sum(1 for key, _ in items if key == filing.key))
        at: Loc = (*block.at, i)
        begun = ("department", *at) in filing.lines
        if not begun:
            self._place(filing, at, sheet, row, name_at)
        for column_at, column in heading.columns.items():
            if column.steps[0] == ENTRY:
                continue
            cell, loc = cells.get(column_at), (*at, *column.steps)
            before = filing.texts.get(("department", *loc))
            if cell is None and begun:
                continue
            if before is None or cell is None or cell.trouble:
                self._put(filing, loc, cell, sheet, row, column_at, heading.units[column_at])
            elif cell.text != before and not _same_day(cell.text, before):
                message = f"“{name}”的{column.title}前面写的是“{before}”，请改成一样，或者留空"
                self.book.fault(sheet, row, column_at, message)
        self._entries(sheet, row, heading, cells, filing, at)

    def _entries(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, at: Loc,
    ) -> None:  # fmt: skip
        """What a row of an item says of one indicator."""
        of = {c.steps: column_at for column_at, c in heading.columns.items()}
        key_at = of.get((ENTRY,), 0)
        filled = [
            (column, column_at)
            for column_at, column in heading.columns.items()
            if column.steps[0] == ENTRY and len(column.steps) > 1 and column_at in cells
        ]
        key = cells.get(key_at, Cell(""))
        if key.trouble or (filled and not key.text):
            whole = heading.block.columns[-1].title
            asked = f"没有写是哪个{ENTRY}的；整个环节的理由请写在“{whole}”一列"
            self.book.fault(sheet, row, key_at or filled[0][1], key.trouble or asked)
            return
        for column, column_at in filled:
            loc = (*at, *column.steps[1:], key.text)
            self._put(filing, loc, cells[column_at], sheet, row, column_at)

    def _target(
        self, sheet: Sheet, row: int, filing: Filing, at: Loc,
        own: Mapping[str, tuple[Cell | None, int]],
    ) -> None:  # fmt: skip
        """指标值 of 计算符号, 年初值 and 调整值."""

        def said(name: str) -> tuple[str, int]:
            cell, column = own.get(name, (None, 0))
            if cell is not None and cell.trouble:
                self._put(filing, (*at, name), cell, sheet, row, column)
            return (cell.text if cell else ""), column

        (sign, sign_at), (first, first_at), (adjusted, adjusted_at) = map(
            said, (SIGN, FIRST, ADJUSTED)
        )
        target, initial, trouble = joined(sign, first, adjusted)
        if trouble:
            self._put(filing, (*at, SIGN), Cell("", trouble), sheet, row, sign_at)
        target_at = adjusted_at if adjusted else first_at or adjusted_at
        self._put(filing, (*at, "target"), Cell(target) if target else None, sheet, row, target_at)
        if initial:
            self._put(filing, (*at, "initial"), Cell(initial), sheet, row, first_at)

    def _entry(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, key: str,
    ) -> None:  # fmt: skip
        """A row of a mapping."""
        if not key:
            self.book.fault(sheet, row, heading.label or heading.words, "没有写编号或名称")
            return
        if heading.block.sheet == OTHER:
            self._other(sheet, row, heading, cells, filing, key)
            return
        for at, column in heading.columns.items():
            if at in cells:
                loc = (*heading.block.at, key, *column.steps)
                self._put(filing, loc, cells[at], sheet, row, at, heading.units[at])

    def _other(
        self, sheet: Sheet, row: int, heading: Heading, cells: Mapping[int, Cell],
        filing: Filing, key: str,
    ) -> None:  # fmt: skip
        """A value that no table has room for: the path to it, and the value, as JSON."""
        column = min(heading.columns)
        try:
            loc = tuple(json.loads(key))
            value = json.loads(cells[column].text)
            if not loc or not all(isinstance(step, (str, int)) for step in loc):
                raise ValueError
        except (ValueError, TypeError, RecursionError):
            self.book.fault(
                sheet, row, column, "这一行是程序写的，改坏了；请用导出的原样，或删去这一行"
            )
            return
        self._place(filing, loc, sheet, row, column)
        for below, text in leaves(value, loc):
            self._place(filing, below, sheet, row, column)
            if isinstance(text, str):
                filing.texts["department", *below] = text
                filing.quoted.add(("department", *below))
        try:
            _set(filing.tree, loc, value if isinstance(value, (str, list, dict)) else str(value))
        except (TypeError, IndexError, KeyError):
            self.book.fault(
                sheet, row, column, "这一行没有它所属的项，请用导出的原样，或删去这一行"
            )


@lru_cache(maxsize=1000)
def _readers(loc: Loc) -> set[Any]:
    return field_readers(Department, loc)


def _set(tree: dict[str, Any], loc: Loc, value: Any) -> None:
    """Put a value at its place in the tree; what leads there is made."""
    here: Any = tree
    step: Any
    for step, following in zip(loc, (*loc[1:], None), strict=True):
        if isinstance(here, list):
            if not isinstance(step, int) or step > len(here):
                raise TypeError
            if step == len(here):
                here.append({})
        if following is None:
            here[step] = value
        elif isinstance(here, list):
            here = here[step]
        else:
            here = here.setdefault(step, [] if isinstance(following, int) else {})


def _same_day(one: str, other: str) -> bool:
    """Whether two texts are the same day: 2024-03-01 and 2024年3月1日."""
    with contextlib.suppress(ValueError):
        return parse_date(one) == parse_date(other)
    return False
