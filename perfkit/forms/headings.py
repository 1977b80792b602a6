"""The headings of a workbook's tables: which block of the form stands where, and which column is which.

Columns are known by their names; what was renamed is matched by likeness and told, what can't be
told is left unread and told, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from perfkit.forms.aliases import all_aliases
from perfkit.forms.bookfile import Cell, Sheet, column_letters
from perfkit.forms.department import ParameterFile
from perfkit.forms.fields import all_fields
from perfkit.forms.filing import Book
from perfkit.forms.layout import DEPARTMENT, Block, Column, blocks
from perfkit.quantities import halfwidth

LIKE = 75
"""How alike, of 100, a renamed column or row is to its name in the form."""

HEADING_ROWS = 40
"""Rows of a sheet in which its first heading is looked for."""

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

OTHERWISE = re.compile(
    "未|非|不|无|上年|去年|前年|往年|上期|同期|以前|历年|下年|明年|次年|累计|增|减|差|变|较|占|余|欠"
    "|应|拟|计划|预计|年初|年末|半年|季度|[0-9]月|截至|调整(?!后)|(?:19|20)[0-9]{2}"
)
"""Words that make another thing of a column's name: 未支出数 is not 支出数."""
_UNIT_LINE = re.compile(
    r"单位[::](?:人民币)?([百千万亿]*元)|(?:金额)?单位(?:人民币)?([百千万亿]*元)$"
)
"""What stands above a table of the unit of its amounts: 单位：元."""
_UNITS = ("万元", "元", "亿元", "万", "亿")


@lru_cache(maxsize=5000)
def word_of(text: str) -> tuple[str, str]:
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
class Heading:
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


class Headings:
    """Finds the headings of the sheets of *book*, whose filings are all of *year* if that isn't empty."""

    def __init__(self, book: Book, year: str) -> None:
        self.book = book
        self.year = year

    def undated(self, name: str) -> str:
        """A heading or a row's name without the year that all is of: 支出数 for 2023年支出数."""
        if not self.year.isdecimal():
            return name
        name = re.sub(rf"{self.year}年度?", "", halfwidth(name))
        return re.sub(rf"{int(self.year) - 1}年度?", "上年", name)

    def of(self, sheet: Sheet) -> list[Heading]:
        """The blocks of a sheet, by the row of their heading."""
        own = [block for block in blocks() if block.sheet == word_of(sheet.name)[0]]
        rows = sorted(sheet.cells)
        found: list[Heading] = []
        for row in rows:
            if not found and row > rows[0] + HEADING_ROWS:
                break
            left = [block for block in own or blocks() if block not in [h.block for h in found]]
            if not left:
                break
            heading = self._heading(sheet, row, left, bool(own))
            if heading:
                heading = replace(heading, unit=self._unit_above(sheet, heading, found))
                found.append(heading)
                self._told(sheet, heading)
        return found

    def _unit_above(self, sheet: Sheet, heading: Heading, above: list[Heading]) -> str:
        """The unit that is said for all amounts of a table: 单位：元, above it or beside its heading."""
        said = above[-1].unit if above else word_of(sheet.name)[1]
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
            self.book.fault(sheet, row, column, text)
        return unit

    def _heading(self, sheet: Sheet, row: int, among: list[Block], named: bool) -> Heading | None:
        cells = sheet.cells[row]
        if len(cells) < 2:
            return None
        best: tuple[int, Heading] | None = None
        for block in among:
            found = self._matched(cells, block, row)
            count = len(found.columns) + bool(found.label) + bool(found.words)
            least = 2 if named or len(block.titles) <= 3 else max(3, len(block.titles) // 2)
            if block.label and not found.label and not found.words:
                continue
            if found.columns and count >= least and (best is None or count > best[0]):
                best = count, found
        return best[1] if best else None

    def _matched(self, cells: Mapping[int, Cell], block: Block, row: int) -> Heading:
        columns: dict[int, Column] = {}
        units: dict[int, str] = {}
        places = {"owner": 0, "label": 0, "words": 0}
        left: dict[int, str] = {}
        known = {name: column for column in block.columns for name in column.also}
        known |= {word_of(column.title)[0]: column for column in block.columns}
        for at, cell in sorted(cells.items()):
            word, unit = word_of(self.undated(cell.text))
            if word in OWNERS and word not in known and not places["owner"]:
                places["owner"] = at
            elif word and word == block.label:
                places["label"] = at
            elif word and word == block.words:
                places["words"] = at
            elif OTHERWISE.search(remark_of(self.undated(cell.text))):
                continue  # 支出数（上年）
            elif (column := known.get(word)) and column not in columns.values():
                columns[at], units[at] = column, unit
            elif word:
                left[at] = word
        open_columns = [column for column in block.columns if column not in columns.values()]
        for at, word in left.items():
            if (column := _like(word, open_columns)) and len(columns) > 1:
                columns[at], units[at] = column, word_of(cells[at].text)[1]
                open_columns.remove(column)
        owner, label, words = places.values()
        return Heading(block, row, columns, units, owner, label, words)

    def _told(self, sheet: Sheet, heading: Heading) -> None:
        """What was taken for what in a heading, and what isn't read."""
        block, cells = heading.block, sheet.cells[heading.row]
        read = {*heading.columns, heading.owner, heading.label, heading.words}
        for at, column in heading.columns.items():
            word = word_of(self.undated(cells[at].text))[0]
            if remark := remark_of(self.undated(cells[at].text)):
                self.book.note(
                    f"{sheet.place(heading.row, at)}：把“{word}（{remark}）”一列当作“{column.title}”"
                )
            elif word not in (word_of(column.title)[0], *column.also):
                self.book.note(
                    f"{sheet.place(heading.row, at)}：把“{word}”一列当作“{column.title}”"
                )
            if column.unit:
                unit = self.unit_of(sheet, heading.row, at, heading.units[at], heading.unit)
                if unit in ("元", "亿元"):
                    where = "表头" if heading.units[at] else "表上面写的单位"
                    self.book.note(
                        f"{sheet.place(heading.row, at)}：“{word}”一列按{where}以{unit}为单位读"
                    )
        for at, cell in cells.items():
            word = word_of(self.undated(cell.text))[0]
            if at in read or word in UNREAD or word.startswith("答"):
                continue
            twice = next((c for c in block.columns if word in (c.title, *c.also)), None)
            remark = remark_of(self.undated(cell.text))
            if remark:
                word = f"{word}（{remark}）"
            if twice and not OTHERWISE.search(remark):
                message = f"有两列都是“{twice.title}”，认不准；请删去一列或改名"
                self.book.fault(sheet, heading.row, at, message)
            else:
                self.book.note(
                    f"{sheet.place(heading.row, at)}：“{word}”一列不是填报的内容，没有读"
                )
        missing = [c for c in block.columns if c not in heading.columns.values()]
        # Where all that is told of a part of the money is left out, its rubric doesn't ask for it.
        told = {c.steps[:-1] for c in block.columns if _of_money(c) and c not in missing}
        missing = [c for c in missing if not _of_money(c) or c.steps[:-1] in told]
        if block.kind in ("list", "nested") and missing:
            titles = "、".join(f"“{column.title}”" for column in missing)
            self.book.note(f"{sheet.place(heading.row, 1)}：表头里没有{titles}，这些没有读到")
        for at in sorted(sheet.hidden_columns & set(heading.columns)):
            title = heading.columns[at].title
            self.book.note(
                f"工作表“{sheet.name}”{column_letters(at)}列（{title}）是隐藏的，已照常读入"
            )


@lru_cache(maxsize=1)
def words_of_the_form() -> frozenset[str]:
    """Every word that is a field of its own, which no other is taken for."""
    return frozenset({*all_fields(ParameterFile), *all_aliases(ParameterFile)})


def _like(word: str, columns: list[Column]) -> Column | None:
    if word in words_of_the_form() or len(word) < 2:
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
    if is_otherwise(word, scored[0][2].title):
        return None
    return scored[0][2] if not others or others[0] < scored[0][0] else None


def is_otherwise(word: str, name: str) -> bool:
    """Whether *word* says that it is another thing than *name*, which it is like: 未支出数."""
    return set(OTHERWISE.findall(word)) != set(OTHERWISE.findall(name))


def remark_of(text: str) -> str:
    """What stands in brackets beside a name, except its unit: 上半年 of 支出数（上半年）."""
    plain = halfwidth(re.sub(r"\s", "", text)).translate(_BRACKETS)
    inside = [said for said in re.findall(r"\((.*?)\)", plain) if "元" not in said]
    return "，".join(said for said in inside if said not in ("%", "必填", "选填"))
