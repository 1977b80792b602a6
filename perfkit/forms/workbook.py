"""The filings in a workbook (工作簿): each department's tree, with the cell of every value.

Sheets and columns are known by their names; what was renamed is matched by likeness and told,
what can't be told is left unread and told, too. The values go the way of a parameter file's:
here they are texts, and the same form gives them their type and finds their faults.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from perfkit.errors import Fault, PerfkitError
from perfkit.files import file_digest, shown_name, stamp
from perfkit.forms.aliases import all_aliases, words_for
from perfkit.forms.bookfile import Cell, Sheet, column_letters, part_of, read_sheets
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc, all_fields, field_readers, leaves
from perfkit.forms.layout import (
    ADJUSTED,
    CHOICES,
    CLAIM,
    CONTENT,
    DEPARTMENT,
    ENTRY,
    FIRST,
    GUIDE,
    OTHER,
    SIGN,
    Block,
    Column,
    blocks,
)
from perfkit.forms.owners import ALONE, Owners
from perfkit.forms.parts import keep, kept
from perfkit.forms.targets import joined
from perfkit.forms.yamlfile import Source
from perfkit.quantities import (
    halfwidth,
    parse_amount,
    parse_date,
    parse_rate,
    parse_signed_rate,
)

_YEAR = "评价年度"

LIKE = 75
"""How alike, of 100, a renamed column or row is to its name in the form."""

HEADING_ROWS = 40
"""Rows of a sheet in which its first heading is looked for."""

MOST_NAMES = 100
"""Names of departments that are asked about one by one; of more the number is told."""

OWNERS = (DEPARTMENT, "部门名称", "单位名称", "预算部门", "填报部门", "所属部门")
"""Headings of the column that says whose a row is."""

UNREAD = (
    "序号",
    "说明",
    "填写说明",
    "单位",
    "核对",
    "指标",
    "分值",
    "合格的答案",
    "是的含义",
    "行号",
    "执行率",
)
"""Headings of columns that inform whoever fills in the book."""

_TOTAL = re.compile(r"(.{0,20}?)(?:合计|总计|小计|共计)(?:数|金额)?(?:\(.*?\))?[::]?")
_NUMBERED = re.compile(r"\(?([0-9]{1,2})\)?(?:=.*)?|[甲乙丙丁戊己庚辛]|[A-Za-z]|[栏行列]次|序号")
"""What a row below the heading says that only numbers the columns: 栏次, 甲, 1, 2, (3)=(2)/(1)."""
_FOOT = re.compile(
    r"(?:填表|填报|制表|编制|编报|经办|审核|复核|联系|主管)(?:人|人员|人签字|日期|时间|电话|单位|部门)(?:[::].*)?"
    r"|(?:单位|部门)?(?:负责人|主要领导|分管领导)(?:签字|签章)?(?:[::].*)?"
    r"|(?:注|备注|附注|填表说明|填报说明)[0-9]*[::].*"
)
"""What people write below a table: 填表人：…, 注：…."""
_OTHERWISE = re.compile(
    "未|非|不|无|上年|去年|前年|往年|上期|同期|以前|历年|下年|明年|次年|累计|增|减|差|变|较|占|余|欠"
    "|应|拟|计划|预计|年初|年末|半年|季度|[0-9]月|截至|调整(?!后)|(?:19|20)[0-9]{2}"
)
"""Words that make another thing of a column's name: 未支出数 is not 支出数."""
_UNIT_LINE = re.compile(
    r"单位[::](?:人民币)?([百千万亿]*元)|(?:金额)?单位(?:人民币)?([百千万亿]*元)$"
)
"""What stands above a table of the unit of its amounts: 单位：元."""
_NOTHING = re.compile(r"[-－—–−‐‑‒―ー／/]+")
_SERIAL = re.compile("[1-7][0-9]{4}")
"""What Excel keeps of a date, and shows of it in a cell without a date's format."""
_BARE = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?")
_UNITS = ("万元", "元", "亿元", "万", "亿")


@dataclass
class Filing:
    """One department's part of a book."""

    key: str
    tree: dict[str, Any] = field(default_factory=dict)
    lines: dict[Loc, int] = field(default_factory=dict)
    cells: dict[Loc, str] = field(default_factory=dict)
    texts: dict[Loc, str] = field(default_factory=dict)
    quoted: set[Loc] = field(default_factory=set)
    misread: dict[int, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def source(self, name: str, sha256: str) -> Source:
        """Where its values come from."""
        return Source(
            name,
            sha256,
            self.lines,
            self.texts,
            quoted=self.quoted,
            misread=self.misread,
            cells=self.cells,
        )

    @property
    def content(self) -> dict[str, Any]:
        """All of it, as JSON; `filing_of` makes the same of it again."""
        return {
            "key": self.key,
            "tree": self.tree,
            "values": [
                [loc, line, self.cells[loc], self.texts.get(loc), loc in self.quoted]
                for loc, line in self.lines.items()
            ],
            "misread": list(self.misread),
            "faults": [
                [fault.file, fault.line, fault.message, fault.cell] for fault in self.faults
            ],
        }

    def lend(self, other: Filing) -> None:
        """Take what stands under another name alone, so that it isn't told as lacking, too."""
        for name, value in other.tree.items():
            self.tree.setdefault(name, value)
        for loc, line in other.lines.items():
            if loc not in self.lines:
                self.lines[loc], self.cells[loc] = line, other.cells[loc]
                if loc in other.texts:
                    self.texts[loc] = other.texts[loc]

    def digest(self, faults: Iterable[Fault]) -> str:
        """SHA-256 of what its report is made from: the values with their cells, and *faults*.

        Not the numbers that order the values: they count the cells of all departments before.
        """
        values = [
            [loc, self.cells[loc], self.texts.get(loc), loc in self.quoted] for loc in self.lines
        ]
        told = [str(fault) for fault in (*faults, *self.faults)]
        text = json.dumps([self.key, self.tree, values, told], ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def filing_of(content: Mapping[str, Any]) -> Filing:
    """The filing that `Filing.content` was made of."""
    found = Filing(content["key"], content["tree"])
    for steps, line, cell, text, quoted in content["values"]:
        loc = tuple(steps)
        found.lines[loc], found.cells[loc] = line, cell
        if text is not None:
            found.texts[loc] = text
        if quoted:
            found.quoted.add(loc)
    found.misread = dict.fromkeys(content["misread"], "")
    found.faults = [Fault(*fault) for fault in content["faults"]]
    return found


@dataclass
class Book:
    """A workbook as it was read; *notes* say what was taken for what, and what was not read."""

    name: str
    sha256: str
    filings: dict[str, Filing] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def by_file(self) -> dict[str, Filing]:
        """The filings by the names of their files."""
        return {file_key(name): found for name, found in self.filings.items()}


def read_filing(path: Path) -> tuple[dict[str, Any], Source, list[Fault]]:
    """The tree of one department in a book, its source, and the faults found so far.

    The source of a book's only department bears the digest of the file; that of one among
    several the digest of its part, so that it says nothing of the others.

    Raises:
        PerfkitError: if the book can't be read, or the department isn't in it, or if there are
            several and *path* names none.
    """
    path, key = part_of(path)
    if key:
        part = kept(path, key) or _part(path, key)
        filing = filing_of(part)
        source = filing.source(part["book"], part["sha256"])
        return {"department": filing.tree}, replace(source, part=key), filing.faults
    book = read_book(path)
    if len(book.filings) > 1:
        listed = "、".join(list(book.filings)[:10])
        message = f"工作簿里有 {len(book.filings)} 个部门（{listed}……），要一个一个做"
        raise PerfkitError([Fault(book.name, 0, message)])
    for only in book.filings.values():
        source = only.source(book.name, book.sha256)
        return {"department": only.tree}, source, [*book.faults, *only.faults]
    raise PerfkitError([*book.faults, Fault(book.name, 0, "工作簿里没有部门")])


def keep_part(path: Path) -> None:
    """Keep what a book says of a department, for the processes that make its report.

    A book that can't be read, or a department that isn't in it, is told where it is read.
    """
    book, key = part_of(path)
    if key:
        with contextlib.suppress(PerfkitError):
            keep(book, key, _part(book, key))


def filing_digest(path: Path) -> str:
    """SHA-256 of what a filing is read from: its file, or its part of a book of several."""
    book, key = part_of(path)
    try:
        return str(_part(book, key)["sha256"]) if key else file_digest(path)
    except PerfkitError:
        return file_digest(book)


def _part(path: Path, key: str) -> dict[str, Any]:
    """What a book says of the department *key*, the book's own faults among its.

    Raises:
        PerfkitError: if the book can't be read, or the department isn't in it.
    """
    book = read_book(path)
    filing = book.by_file.get(key)
    if filing is None:
        raise PerfkitError([*book.faults, Fault(book.name, 0, f"工作簿里没有部门“{key}”")])
    whole = replace(filing, faults=[*book.faults, *filing.faults])
    return whole.content | {"book": book.name, "sha256": filing.digest(book.faults)}


def read_book(path: Path) -> Book:
    """All that a workbook says, department by department.

    Raises:
        PerfkitError: if it can't be read, or is no workbook of departments.
    """
    return _read_book(path.resolve(), stamp(path))


@lru_cache(maxsize=1)
def _read_book(path: Path, _: tuple[int, int]) -> Book:
    with _uncollected():
        sheets, raw = read_sheets(path)
        book = Book(shown_name(path), hashlib.sha256(raw).hexdigest())
        _Reader(book).read(sheets)
    return book


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for circles of objects: over a million cells it takes a third of the time."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def file_key(key: str) -> str:
    """The name of a department's files, of what it is called in the book."""
    return re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", key).strip(" .\u3000\xa0")


@lru_cache(maxsize=5000)
def _word(text: str) -> tuple[str, str]:
    """A heading without what stands beside its name, and the unit in it."""
    plain = halfwidth(re.sub(r"\s", "", text)).translate(_BRACKETS)
    if beside := _BESIDE.fullmatch(plain):
        plain = f"{beside[1]}({beside[2]})"
    unit = ""
    for inside in re.findall(r"\((.*?)\)", plain):
        said = re.sub("^(?:金额)?单位:?|^以|^按|人民币|计$|计算$", "", inside)
        if "元" in said or said == "%":
            unit = said
    return re.sub(r"\(.*?\)|[*:必填]{1,3}$|^[*]+", "", plain), unit


_BRACKETS = str.maketrans("[]{}【】〔〕〈〉", "()()()()()")
_BESIDE = re.compile(r"(.{2,}?)[/,;、|_-]?(?:金额)?(?:单位)?:?(?:人民币)?([百千万亿]*元|%)")
"""A heading with its unit, but without brackets around it: 预算数/元, 预算数：万元."""


def _of_money(column: Column) -> bool:
    return bool(column.unit) or column.steps[-1:] == ("rate",)


@dataclass(frozen=True)
class _Heading:
    """A block as it was found: the row of its heading, and which column is which."""

    block: Block
    row: int
    columns: Mapping[int, Column]
    units: Mapping[int, str]
    owner: int = 0
    label: int = 0
    words: int = 0
    unit: str = ""
    """The unit of its amounts that stands above it."""

    @property
    def read(self) -> set[int]:
        """All columns that are read."""
        return {*self.columns, self.owner, self.label, self.words} - {0}


class _Reader:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.rank = 0
        self.many = False
        self.year = ""
        self.owners = Owners()
        self.listed: set[str] = set()
        """The departments in the sheet 部门."""
        self.own_sheets: set[str] = set()
        """What that sheet is called."""
        self.rows_of = {
            _word(title)[0]: (title, loc)
            for block in blocks()
            if block.kind == "rows" and block.columns[0].title == CONTENT
            for title, loc in block.rows
        }

    def years(self, sheets: list[Sheet]) -> None:
        """The year of the filings, if it is one."""
        found = {
            halfwidth(text)[:4]
            for sheet in sheets
            for cells in sheet.cells.values()
            for label, text in pairwise(cell.text for _, cell in sorted(cells.items()))
            if label == _YEAR
        }
        self.year = next(iter(found)) if len(found) == 1 else ""

    def undated(self, name: str) -> str:
        """A heading or a row's name without the year that all is of: 支出数 for 2023年支出数."""
        if not self.year.isdecimal():
            return name
        name = re.sub(rf"{self.year}年度?", "", halfwidth(name))
        return re.sub(rf"{int(self.year) - 1}年度?", "上年", name)

    def note(self, message: str) -> None:
        if message not in self.book.notes:
            self.book.notes.append(message)

    def fault(self, sheet: Sheet, row: int, column: int, message: str) -> None:
        self.rank += 1
        place = sheet.place(row, column)
        self.book.faults.append(Fault(self.book.name, self.rank, message, place))

    def read(self, sheets: list[Sheet]) -> None:
        self.years(sheets)
        found: list[tuple[Sheet, list[_Heading]]] = []
        for sheet in sheets:
            if not sheet.cells or sheet.name.strip() in (GUIDE, CHOICES):
                continue
            headings = self.headings(sheet)
            if headings:
                found.append((sheet, headings))
                taken = list(dict.fromkeys(heading.block.sheet for heading in headings))
                if _word(sheet.name)[0] not in taken:
                    self.note(f"工作表“{sheet.name}”当作“{'、'.join(taken)}”读入")
            elif any(_word(sheet.name)[0] == block.sheet for block in blocks()):
                wanted = next(b for b in blocks() if b.sheet == _word(sheet.name)[0])
                titles = "、".join(wanted.titles[:4])
                self.fault(sheet, 1, 1, f"没有找到表头，应有一行写着：{titles}")
            else:
                self.note(f"工作表“{sheet.name}”不是填报的表，没有读")
        if not found and not self.book.faults:
            names = "、".join(f"“{sheet.name}”" for sheet in sheets[:5])
            message = (
                f"不是部门的填报工作簿：工作表{names}里没有填报表的表头；空白的用 perfkit form 生成"
            )
            raise PerfkitError([Fault(self.book.name, 0, message)])
        found.sort(key=lambda one: one[1][0].block.sheet == OTHER)  # into what the others have made
        self.many = any(h.owner for _, headings in found for h in headings)
        seen: dict[tuple[str, Loc, str], str] = {}
        for sheet, headings in found:
            for number, heading in enumerate(headings):
                block = heading.block
                # The rows of 填写项 are known by their names, wherever they stand.
                known = (block.kind, block.at, "" if block.kind != "rows" else sheet.name)
                if block.kind != "rows" and known in seen:
                    message = f"与工作表“{seen[known]}”是同一张表，只能有一张；请删去一张"
                    self.fault(sheet, heading.row, 1, message)
                    continue
                seen[known] = sheet.name
                following = headings[number + 1].row if number + 1 < len(headings) else 0
                self.block(sheet, heading, following)
            if sheet.hidden:
                self.note(f"工作表“{sheet.name}”是隐藏的，已照常读入")
            for row, column in sheet.comments:
                self.note(f"{sheet.place(row, column)}有批注，没有读")
        self.complete(found)

    def strangers(self) -> None:
        """Names that may be another department's: its rows stand under them, and it would lack them."""
        if not self.many or not self.listed:
            return
        filings, count = self.book.filings, self.owners.count
        lacking = self.lacking()
        known = [key for key in filings if key in self.listed and key not in lacking]
        strange = [key for key in filings if key not in self.listed]
        meant: set[str] = set()
        asked: list[Fault] = []
        rest: list[Filing] = []
        # The rarer spelling is the slip.
        for key in sorted([*lacking, *strange], key=lambda key: (count(key), key in self.listed)):
            if key in meant:
                continue
            if len(asked) == MOST_NAMES and key not in lacking:
                rest.append(filings.pop(key))
                continue
            alone = lacking.get(key) == ALONE
            others = [
                one
                for one in (*lacking, *(strange if key in lacking else ()))
                if one in filings and one != key
                and (key not in lacking or count(one) >= count(key))
                and not (alone and one in self.listed)
            ]  # fmt: skip
            message, near = self.owners.asked(
                key, [] if alone else known, others, lacking.get(key, "")
            )
            if not message:
                continue
            filing = filings.pop(key)
            asked.append(self.of(filing, message))
            self.book.faults += filing.faults
            if len(near) == 1 and self.listed & {key, near[0]}:  # so that the other is a department
                meant.add(near[0])
                filings[near[0]].lend(filing)
        if rest:
            message = (
                f"还有 {len(rest)} 个名称工作表“{DEPARTMENT}”里没有；请核对各表“{DEPARTMENT}”一列"
            )
            asked.append(self.of(rest[0], message))
        self.book.faults += asked

    def of(self, filing: Filing, message: str) -> Fault:
        """A fault at the first cell that names a department."""
        loc = ("department",)
        return Fault(self.book.name, filing.lines[loc], message, filing.cells[loc])

    def lacking(self) -> dict[str, str]:
        """Of names in the sheet 部门 what keeps them from being surely a department's.

        They have none of the rows that most departments have there, or they stand there alone.
        """
        found: dict[str, str] = {}
        for name in ("year", "rubric"):
            title = Department.model_fields[name].title
            filings = self.book.filings
            without = [
                k
                for k in filings
                if k in self.listed and ("department", name) not in filings[k].lines
            ]
            if len(without) <= len(self.listed) // 2:  # else the book has no such row at all
                for key in without:
                    found[key] = f"{found[key]}、“{title}”" if key in found else f"“{title}”"
        for key in self.book.filings:
            if key in self.listed and self.owners.sheets(key) <= self.own_sheets:
                found.setdefault(key, ALONE)
        return found

    def complete(self, found: list[tuple[Sheet, list[_Heading]]]) -> None:
        self.strangers()
        for filing in self.book.filings.values():
            if filing.key and "name" not in filing.tree:
                filing.tree["name"] = filing.key
        files: dict[str, str] = {}
        for key in self.book.filings:
            other = files.setdefault(file_key(key).casefold(), key)
            if other != key:
                message = f"部门“{other}”和“{key}”的文件名会相同，请改一个的名称"
                self.book.faults.append(Fault(self.book.name, 0, message))
        if not self.book.filings and not self.book.faults:
            self.book.faults.append(Fault(self.book.name, 0, "工作簿里什么也没有填"))

    # Headings

    def headings(self, sheet: Sheet) -> list[_Heading]:
        """The blocks of a sheet, by the row of their heading."""
        own = [block for block in blocks() if block.sheet == _word(sheet.name)[0]]
        rows = sorted(sheet.cells)
        found: list[_Heading] = []
        for row in rows:
            if not found and row > rows[0] + HEADING_ROWS:
                break
            left = [block for block in own or blocks() if block not in [h.block for h in found]]
            if not left:
                break
            heading = self.heading(sheet, row, left, bool(own))
            if heading:
                heading = replace(heading, unit=self.unit_above(sheet, heading, found))
                found.append(heading)
                self.told(sheet, heading)
        return found

    def unit_above(self, sheet: Sheet, heading: _Heading, above: list[_Heading]) -> str:
        """The unit that is said for all amounts of a table: 单位：元, above it or beside its heading."""
        said = above[-1].unit if above else _word(sheet.name)[1]
        first = above[-1].row if above else 0
        for row in sheet.cells:
            if first < row <= heading.row:
                for at, cell in sheet.cells[row].items():
                    text = halfwidth(re.sub(r"\s", "", cell.text))
                    if (row, at) not in {(heading.row, read) for read in heading.read}:
                        found = _UNIT_LINE.search(text)
                        said = found[1] or found[2] if found else said
        return said

    def unit_of(self, sheet: Sheet, row: int, column: int, *said: str) -> str:
        """The unit of a column's or a row's amounts, which may stand in several places."""
        units = list(dict.fromkeys(unit for unit in said if unit))
        unit = units[0] if units else ""
        text = ""
        if len({unit.removesuffix("元") or unit for unit in units}) > 1:
            text = f"表里既写了单位“{units[0]}”，又写了“{units[1]}”，认不准；请改成一样"
        elif unit and unit not in (*_UNITS, "%"):
            text = f"单位“{unit}”不能用；请改为万元或元"
        if text:
            self.fault(sheet, row, column, text)
        return unit

    def heading(self, sheet: Sheet, row: int, among: list[Block], named: bool) -> _Heading | None:
        cells = sheet.cells[row]
        if len(cells) < 2:
            return None
        best: tuple[int, _Heading] | None = None
        for block in among:
            found = self.matched(cells, block, row)
            count = len(found.columns) + bool(found.label) + bool(found.words)
            least = 2 if named or len(block.titles) <= 3 else max(3, len(block.titles) // 2)
            if block.label and not found.label and not found.words:
                continue
            if found.columns and count >= least and (best is None or count > best[0]):
                best = count, found
        return best[1] if best else None

    def matched(self, cells: Mapping[int, Cell], block: Block, row: int) -> _Heading:
        columns: dict[int, Column] = {}
        units: dict[int, str] = {}
        places = {"owner": 0, "label": 0, "words": 0}
        left: dict[int, str] = {}
        known = {name: column for column in block.columns for name in column.also}
        known |= {_word(column.title)[0]: column for column in block.columns}
        for at, cell in sorted(cells.items()):
            word, unit = _word(self.undated(cell.text))
            if word in OWNERS and word not in known and not places["owner"]:
                places["owner"] = at
            elif word and word == block.label:
                places["label"] = at
            elif word and word == block.words:
                places["words"] = at
            elif _OTHERWISE.search(_remark(self.undated(cell.text))):
                continue  # 支出数（上年）
            elif (column := known.get(word)) and column not in columns.values():
                columns[at], units[at] = column, unit
            elif word:
                left[at] = word
        open_columns = [column for column in block.columns if column not in columns.values()]
        for at, word in left.items():
            if (column := _like(word, open_columns)) and len(columns) > 1:
                columns[at], units[at] = column, _word(cells[at].text)[1]
                open_columns.remove(column)
        owner, label, words = places.values()
        return _Heading(block, row, columns, units, owner, label, words)

    def told(self, sheet: Sheet, heading: _Heading) -> None:
        """What was taken for what in a heading, and what isn't read."""
        block, cells = heading.block, sheet.cells[heading.row]
        read = {*heading.columns, heading.owner, heading.label, heading.words}
        for at, column in heading.columns.items():
            word = _word(self.undated(cells[at].text))[0]
            if remark := _remark(self.undated(cells[at].text)):
                self.note(
                    f"{sheet.place(heading.row, at)}：把“{word}（{remark}）”一列当作“{column.title}”"
                )
            elif word not in (_word(column.title)[0], *column.also):
                self.note(f"{sheet.place(heading.row, at)}：把“{word}”一列当作“{column.title}”")
            if column.unit:
                unit = self.unit_of(sheet, heading.row, at, heading.units[at], heading.unit)
                if unit in ("元", "亿元"):
                    where = "表头" if heading.units[at] else "表上面写的单位"
                    self.note(
                        f"{sheet.place(heading.row, at)}：“{word}”一列按{where}以{unit}为单位读"
                    )
        for at, cell in cells.items():
            word = _word(self.undated(cell.text))[0]
            if at in read or word in UNREAD or word.startswith("答"):
                continue
            twice = next((c for c in block.columns if word in (c.title, *c.also)), None)
            remark = _remark(self.undated(cell.text))
            if remark:
                word = f"{word}（{remark}）"
            if twice and not _OTHERWISE.search(remark):
                message = f"有两列都是“{twice.title}”，认不准；请删去一列或改名"
                self.fault(sheet, heading.row, at, message)
            else:
                self.note(f"{sheet.place(heading.row, at)}：“{word}”一列不是填报的内容，没有读")
        missing = [c for c in block.columns if c not in heading.columns.values()]
        # Where all that is told of a part of the money is left out, its rubric doesn't ask for it.
        told = {c.steps[:-1] for c in block.columns if _of_money(c) and c not in missing}
        missing = [c for c in missing if not _of_money(c) or c.steps[:-1] in told]
        if block.kind in ("list", "nested") and missing:
            titles = "、".join(f"“{column.title}”" for column in missing)
            self.note(f"{sheet.place(heading.row, 1)}：表头里没有{titles}，这些没有读到")
        for at in sorted(sheet.hidden_columns & set(heading.columns)):
            title = heading.columns[at].title
            self.note(f"工作表“{sheet.name}”{column_letters(at)}列（{title}）是隐藏的，已照常读入")

    # Rows

    def block(self, sheet: Sheet, heading: _Heading, following: int) -> None:
        block = heading.block
        last = following - 1 if following else max(sheet.cells)
        rows = [row for row in sorted(sheet.cells) if heading.row < row <= last]
        merged, captions = self.merged(sheet, heading, last)
        titled = {_word(title)[0]: (title, loc) for title, loc in block.rows}
        for title, loc in block.rows:
            for word in words_for(Department, loc):
                titled.setdefault(word, (title, loc))
        counts: dict[str, int] = {}
        groups: dict[tuple[str, str], int] = {}
        items: dict[tuple[str, str], int] = {}
        single = len(block.columns) == 1 and block.kind == "rows"
        first = block.columns[0]
        if block.kind == "nested" and first not in heading.columns.values():
            self.fault(sheet, heading.row, 1, f"没有“{first.title}”一列，请补上")
            return
        for row in rows:
            cells = {**merged.get(row, {}), **sheet.cells[row]}
            filled = {at: cells[at] for at in heading.columns if at in sheet.cells[row]}
            for at in sheet.cells[row].keys() - sheet.cells[heading.row].keys():
                column = column_letters(at)
                self.note(f"工作表“{sheet.name}”{column}列没有列名，没有读")
            said = "" if block.kind == "rows" else self.beside(cells, heading, row == rows[0])
            if row in captions and len(cells) == 1:
                said = "小标题"
            if said:
                if filled:
                    self.note(f"工作表“{sheet.name}”第 {row} 行是{said}，没有当作一项")
                continue
            label = self.row_label(cells, heading)
            if block.kind != "rows" and not filled:
                continue
            filing = self.filing(sheet, row, heading, cells, bool(filled))
            if filing is None:
                continue
            if block.sheet == DEPARTMENT:
                self.listed.add(filing.key)
                self.own_sheets.add(sheet.name)
            if row in sheet.hidden_rows and filled:
                self.note(f"工作表“{sheet.name}”第 {row} 行是隐藏的，已照常读入")
            if block.kind == "list":
                i = counts.get(filing.key, 0)
                counts[filing.key] = i + 1
                self.item(sheet, row, heading, cells, filing, i, groups)
            elif block.kind == "nested":
                self.nested(sheet, row, heading, cells, filing, items)
            elif block.kind == "keyed":
                self.entry(sheet, row, heading, cells, filing, label)
            else:
                self.fixed(sheet, row, heading, cells, filing, label, titled, single)

    def beside(self, cells: Mapping[int, Cell], heading: _Heading, below: bool) -> str:
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

    def row_label(self, cells: Mapping[int, Cell], heading: _Heading) -> str:
        for at in (heading.label, heading.words):
            if at in cells and cells[at].text:
                return cells[at].text
        return ""

    def merged(
        self, sheet: Sheet, heading: _Heading, end: int
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
                self.fault(sheet, first, left, message)
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
                self.fault(sheet, first, left, message)
        return found, captions

    def filing(
        self,
        sheet: Sheet,
        row: int,
        heading: _Heading,
        cells: Mapping[int, Cell],
        filled: bool,
    ) -> Filing | None:
        key = ""
        if self.many:
            if not heading.owner:
                if filled:
                    self.no_owner(sheet, heading)
                return None
            key = cells[heading.owner].text if heading.owner in cells else ""
            if not key:
                if filled:
                    self.fault(sheet, row, heading.owner, "没有写是哪个部门的")
                return None
            key = self.owners.name(key, sheet, row, heading.owner)
        if key not in self.book.filings:
            self.book.filings[key] = Filing(key)
            self.place(self.book.filings[key], (), sheet, row, heading.owner or 1)
        return self.book.filings[key]

    def no_owner(self, sheet: Sheet, heading: _Heading) -> None:
        message = "工作簿里有几个部门，这张表缺“部门”一列"
        place = sheet.place(heading.row, 1)
        if not any(fault.cell == place for fault in self.book.faults):
            self.fault(sheet, heading.row, 1, message)

    def place(self, filing: Filing, loc: Loc, sheet: Sheet, row: int, column: int) -> int:
        """Remember where the value at *loc* stands, or would stand."""
        self.rank += 1
        at, cell = ("department", *loc), sheet.place(row, column)
        for n in range(len(at) - 1, 0, -1):
            if at[:n] in filing.lines:
                break
            filing.lines[at[:n]], filing.cells[at[:n]] = self.rank, cell
        filing.lines[at], filing.cells[at] = self.rank, cell
        return self.rank

    def put(
        self, filing: Filing, loc: Loc, cell: Cell | None, sheet: Sheet, row: int, column: int,
        unit: str = "",
    ) -> str:  # fmt: skip
        """Take over the value of a cell; what it says, or nothing."""
        rank = self.place(filing, loc, sheet, row, column)
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

    def fixed(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
        filing: Filing, label: str, titled: Mapping[str, tuple[str, Loc]], single: bool,
    ) -> None:  # fmt: skip
        """A row that is known by its title."""
        label = self.undated(label)
        word, unit = _word(label)
        known = titled.get(word) or (self.rows_of.get(word) if single else None)
        if known and (remark := _remark(label)):
            if _OTHERWISE.search(remark):
                known, word = None, f"{word}（{remark}）"
            else:
                place = sheet.place(row, heading.label)
                self.note(f"{place}：把“{word}（{remark}）”当作“{known[0]}”")
        if known is None and word:
            from rapidfuzz import fuzz, process

            near = process.extractOne(word, list(titled), scorer=fuzz.ratio, score_cutoff=LIKE)
            if near and word not in _words_of_the_form() and not _otherwise(word, near[0]):
                known = titled[near[0]]
                self.note(f"{sheet.place(row, heading.label)}：把“{word}”当作“{known[0]}”")
        filled = [at for at in heading.columns if at in cells]
        if known is None:
            if filled:
                what = f"“{word}”" if word else "没有写明填写项的"
                self.note(f"{sheet.place(row, filled[0])}：{what}一行不是填报的内容，没有读")
            return
        if known[1][0] == "budget":  # so that each of its rows that is empty is told
            filing.tree.setdefault("budget", {})
        for at, column in heading.columns.items():
            loc = (*known[1], *column.steps)
            stated = heading.units.get(at, "")
            if parse_amount in _readers(loc):
                if column.title == CONTENT:
                    stated = self.unit_of(sheet, row, at, stated, unit, heading.unit)
                    if heading.unit in ("元", "亿元") and at in cells:
                        self.note(f"工作表“{sheet.name}”：金额按表里写的单位“{heading.unit}”读")
                elif unit:
                    stated = self.unit_of(sheet, row, at, stated or heading.unit, unit)
                else:  # told at the heading
                    stated = stated or heading.unit
            self.put(filing, loc, cells.get(at), sheet, row, at, stated)

    def item(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
        filing: Filing, i: int, groups: dict[tuple[str, str], int],
    ) -> None:  # fmt: skip
        """A row of a list."""
        at: Loc = (*heading.block.at, i)
        self.place(filing, at, sheet, row, min(heading.columns))
        own: dict[str, tuple[Cell | None, int]] = {}
        group = ""
        for column_at, column in heading.columns.items():
            cell = cells.get(column_at)
            if column.steps[0] in (SIGN, FIRST, ADJUSTED, CLAIM):
                own[str(column.steps[0])] = cell, column_at
                continue
            unit = heading.units[column_at] or (heading.unit if column.unit else "")
            text = self.put(filing, (*at, *column.steps), cell, sheet, row, column_at, unit)
            group = text if column.steps == ("group",) else group
        if FIRST in own or ADJUSTED in own:
            self.target(sheet, row, filing, at, own)
        if group:
            number = groups[filing.key, group] = groups.get((filing.key, group), 0) + 1
            claim, claim_at = own.get(CLAIM, (None, 0))
            if claim is not None:
                loc = ("reported", "scores", f"{group}.{number}")
                self.put(filing, loc, claim, sheet, row, claim_at)

    def nested(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
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
            self.fault(sheet, row, name_at, message)
            return
        i = items.setdefault((filing.key, name), sum(1 for key, _ in items if key == filing.key))
        at: Loc = (*block.at, i)
        begun = ("department", *at) in filing.lines
        if not begun:
            self.place(filing, at, sheet, row, name_at)
        for column_at, column in heading.columns.items():
            if column.steps[0] == ENTRY:
                continue
            cell, loc = cells.get(column_at), (*at, *column.steps)
            before = filing.texts.get(("department", *loc))
            if cell is None and begun:
                continue
            if before is None or cell is None or cell.trouble:
                self.put(filing, loc, cell, sheet, row, column_at, heading.units[column_at])
            elif cell.text != before and not _same_day(cell.text, before):
                message = f"“{name}”的{column.title}前面写的是“{before}”，请改成一样，或者留空"
                self.fault(sheet, row, column_at, message)
        self.entries(sheet, row, heading, cells, filing, at)

    def entries(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
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
            self.fault(sheet, row, key_at or filled[0][1], key.trouble or asked)
            return
        for column, column_at in filled:
            loc = (*at, *column.steps[1:], key.text)
            self.put(filing, loc, cells[column_at], sheet, row, column_at)

    def target(
        self, sheet: Sheet, row: int, filing: Filing, at: Loc,
        own: Mapping[str, tuple[Cell | None, int]],
    ) -> None:  # fmt: skip
        """指标值 of 计算符号, 年初值 and 调整值."""

        def said(name: str) -> tuple[str, int]:
            cell, column = own.get(name, (None, 0))
            if cell is not None and cell.trouble:
                self.put(filing, (*at, name), cell, sheet, row, column)
            return (cell.text if cell else ""), column

        (sign, sign_at), (first, first_at), (adjusted, adjusted_at) = map(
            said, (SIGN, FIRST, ADJUSTED)
        )
        target, initial, trouble = joined(sign, first, adjusted)
        if trouble:
            self.put(filing, (*at, SIGN), Cell("", trouble), sheet, row, sign_at)
        target_at = adjusted_at if adjusted else first_at or adjusted_at
        self.put(filing, (*at, "target"), Cell(target) if target else None, sheet, row, target_at)
        if initial:
            self.put(filing, (*at, "initial"), Cell(initial), sheet, row, first_at)

    def entry(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
        filing: Filing, key: str,
    ) -> None:  # fmt: skip
        """A row of a mapping."""
        if not key:
            self.fault(sheet, row, heading.label or heading.words, "没有写编号或名称")
            return
        if heading.block.sheet == OTHER:
            self.other(sheet, row, heading, cells, filing, key)
            return
        for at, column in heading.columns.items():
            if at in cells:
                loc = (*heading.block.at, key, *column.steps)
                self.put(filing, loc, cells[at], sheet, row, at, heading.units[at])

    def other(
        self, sheet: Sheet, row: int, heading: _Heading, cells: Mapping[int, Cell],
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
            self.fault(sheet, row, column, "这一行是程序写的，改坏了；请用导出的原样，或删去这一行")
            return
        self.place(filing, loc, sheet, row, column)
        for below, text in leaves(value, loc):
            self.place(filing, below, sheet, row, column)
            if isinstance(text, str):
                filing.texts["department", *below] = text
                filing.quoted.add(("department", *below))
        try:
            _set(filing.tree, loc, value if isinstance(value, (str, list, dict)) else str(value))
        except (TypeError, IndexError, KeyError):
            self.fault(sheet, row, column, "这一行没有它所属的项，请用导出的原样，或删去这一行")


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


@lru_cache(maxsize=1)
def _words_of_the_form() -> frozenset[str]:
    """Every word that is a field of its own, which no other is taken for."""
    from perfkit.forms.department import ParameterFile

    return frozenset({*all_fields(ParameterFile), *all_aliases(ParameterFile)})


def _like(word: str, columns: list[Column]) -> Column | None:
    if word in _words_of_the_form() or len(word) < 2:
        return None
    from rapidfuzz import fuzz

    scored = sorted(
        ((fuzz.ratio(word, name), column.title, column) for column in columns
         for name in (column.title, *column.also)),
        key=lambda found: -found[0],
    )  # fmt: skip
    if not scored or scored[0][0] < LIKE:
        return None
    others = [score for score, title, _ in scored if title != scored[0][1]]
    if _otherwise(word, scored[0][2].title):
        return None
    return scored[0][2] if not others or others[0] < scored[0][0] else None


def _otherwise(word: str, name: str) -> bool:
    """Whether *word* says that it is another thing than *name*, which it is like: 未支出数."""
    return set(_OTHERWISE.findall(word)) != set(_OTHERWISE.findall(name))


def _remark(text: str) -> str:
    """What stands in brackets beside a name, except its unit: 上半年 of 支出数（上半年）."""
    plain = halfwidth(re.sub(r"\s", "", text)).translate(_BRACKETS)
    inside = [said for said in re.findall(r"\((.*?)\)", plain) if "元" not in said]
    return "，".join(said for said in inside if said not in ("%", "必填", "选填"))
