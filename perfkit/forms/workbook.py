"""The filings in a workbook (工作簿): each department's tree, with the cell of every value.

Sheets and columns are known by their names (`headings.py`), rows by whose they are and what they
say (`rows.py`). The values go the way of a parameter file's: here they are texts, and the same
form gives them their type and finds their faults.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from perfkit.errors import Fault, PerfkitError
from perfkit.files import file_digest, shown_name, stamp
from perfkit.forms.bookfile import Sheet, part_of, read_sheets
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc
from perfkit.forms.filing import Book, Filing, file_key, filing_of
from perfkit.forms.headings import Heading, Headings, word_of
from perfkit.forms.layout import CHOICES, DEPARTMENT, GUIDE, OTHER, blocks
from perfkit.forms.owners import ALONE
from perfkit.forms.parts import keep, kept
from perfkit.forms.rows import Rows
from perfkit.forms.yamlfile import Source
from perfkit.quantities import halfwidth

_YEAR = "评价年度"

MOST_NAMES = 100
"""Names of departments that are asked about one by one; of more the number is told."""


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
        _read(book, sheets)
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


def _read(book: Book, sheets: list[Sheet]) -> None:
    finder = Headings(book, _year(sheets))
    found: list[tuple[Sheet, list[Heading]]] = []
    for sheet in sheets:
        if not sheet.cells or sheet.name.strip() in (GUIDE, CHOICES):
            continue
        headings = finder.of(sheet)
        if headings:
            found.append((sheet, headings))
            taken = list(dict.fromkeys(heading.block.sheet for heading in headings))
            if word_of(sheet.name)[0] not in taken:
                book.note(f"工作表“{sheet.name}”当作“{'、'.join(taken)}”读入")
        elif any(word_of(sheet.name)[0] == block.sheet for block in blocks()):
            wanted = next(b for b in blocks() if b.sheet == word_of(sheet.name)[0])
            titles = "、".join(wanted.titles[:4])
            book.fault(sheet, 1, 1, f"没有找到表头，应有一行写着：{titles}")
        else:
            book.note(f"工作表“{sheet.name}”不是填报的表，没有读")
    if not found and not book.faults:
        names = "、".join(f"“{sheet.name}”" for sheet in sheets[:5])
        message = (
            f"不是部门的填报工作簿：工作表{names}里没有填报表的表头；空白的用 perfkit form 生成"
        )
        raise PerfkitError([Fault(book.name, 0, message)])
    found.sort(key=lambda one: one[1][0].block.sheet == OTHER)  # into what the others have made
    rows = Rows(book, finder, any(h.owner for _, headings in found for h in headings))
    seen: dict[tuple[str, Loc, str], str] = {}
    for sheet, headings in found:
        for number, heading in enumerate(headings):
            block = heading.block
            # The rows of 填写项 are known by their names, wherever they stand.
            known = (block.kind, block.at, "" if block.kind != "rows" else sheet.name)
            if block.kind != "rows" and known in seen:
                message = f"与工作表“{seen[known]}”是同一张表，只能有一张；请删去一张"
                book.fault(sheet, heading.row, 1, message)
                continue
            seen[known] = sheet.name
            following = headings[number + 1].row if number + 1 < len(headings) else 0
            rows.read(sheet, heading, following)
        if sheet.hidden:
            book.note(f"工作表“{sheet.name}”是隐藏的，已照常读入")
        for row, column in sheet.comments:
            book.note(f"{sheet.place(row, column)}有批注，没有读")
    _complete(book, rows)


def _year(sheets: list[Sheet]) -> str:
    """The year of the filings, if it is one."""
    found = {
        halfwidth(text)[:4]
        for sheet in sheets
        for cells in sheet.cells.values()
        for label, text in pairwise(cell.text for _, cell in sorted(cells.items()))
        if label == _YEAR
    }
    return next(iter(found)) if len(found) == 1 else ""


def _strangers(book: Book, rows: Rows) -> None:
    """Names that may be another department's: its rows stand under them, and it would lack them."""
    if not rows.many or not rows.listed:
        return
    filings, count = book.filings, rows.owners.count
    lacking = _lacking(book, rows)
    known = [key for key in filings if key in rows.listed and key not in lacking]
    strange = [key for key in filings if key not in rows.listed]
    meant: set[str] = set()
    asked: list[Fault] = []
    rest: list[Filing] = []
    # The rarer spelling is the slip.
    for key in sorted([*lacking, *strange], key=lambda key: (count(key), key in rows.listed)):
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
            and not (alone and one in rows.listed)
        ]  # fmt: skip
        message, near = rows.owners.asked(key, [] if alone else known, others, lacking.get(key, ""))
        if not message:
            continue
        filing = filings.pop(key)
        asked.append(_first(book, filing, message))
        book.faults += filing.faults
        if len(near) == 1 and rows.listed & {key, near[0]}:  # so that the other is a department
            meant.add(near[0])
            filings[near[0]].lend(filing)
    if rest:
        message = f"还有 {len(rest)} 个名称工作表“{DEPARTMENT}”里没有；请核对各表“{DEPARTMENT}”一列"
        asked.append(_first(book, rest[0], message))
    book.faults += asked


def _first(book: Book, filing: Filing, message: str) -> Fault:
    """A fault at the first cell that names a department."""
    loc = ("department",)
    return Fault(book.name, filing.lines[loc], message, filing.cells[loc])


def _lacking(book: Book, rows: Rows) -> dict[str, str]:
    """Of names in the sheet 部门 what keeps them from being surely a department's.

    They have none of the rows that most departments have there, or they stand there alone.
    """
    found: dict[str, str] = {}
    for name in ("year", "rubric"):
        title = Department.model_fields[name].title
        filings = book.filings
        without = [
            k for k in filings if k in rows.listed and ("department", name) not in filings[k].lines
        ]
        if len(without) <= len(rows.listed) // 2:  # else the book has no such row at all
            for key in without:
                found[key] = f"{found[key]}、“{title}”" if key in found else f"“{title}”"
    for key in book.filings:
        if key in rows.listed and rows.owners.sheets(key) <= rows.own_sheets:
            found.setdefault(key, ALONE)
    return found


def _complete(book: Book, rows: Rows) -> None:
    _strangers(book, rows)
    for filing in book.filings.values():
        if filing.key and "name" not in filing.tree:
            filing.tree["name"] = filing.key
    files: dict[str, str] = {}
    for key in book.filings:
        other = files.setdefault(file_key(key).casefold(), key)
        if other != key:
            message = f"部门“{other}”和“{key}”的文件名会相同，请改一个的名称"
            book.faults.append(Fault(book.name, 0, message))
    if not book.filings and not book.faults:
        book.faults.append(Fault(book.name, 0, "工作簿里什么也没有填"))
