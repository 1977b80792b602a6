"""A PDF as paragraphs and tables: lines put together again, running heads left out.

pdfplumber reads it: it gives each sign with its place and size, and finds the cells of ruled
tables, which pypdfium2 does not. A hostile file can take it hours and all memory, so it runs in a
process of its own (``python -m perfkit.received.pdf FILE``) that is ended when it takes too much.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from perfkit.errors import PerfkitError
from perfkit.received.paper import Block, Cell, Paper, Paragraph, Table
from perfkit.received.unruled import Piece, closed_table

MOST_PAGES = 400
SECONDS = 120
MOST_MEMORY = 1_000_000_000
MOST_TEXT = 20_000_000
"""What a report has at most, or is worth: pages, time, bytes of memory, bytes of text."""

FAULTS = {
    "password": "文件有密码，打不开；请取消密码后再试",
    "pages": f"超过 {MOST_PAGES} 页，不像一份报告，没有读",
    "scan": "这是扫描件，没有文字；请向报送单位要 Word 文件或由 Word 直接存成的 PDF，"
    "或先用文字识别软件（OCR）转换",
    "fonts": "文字的编码读不出来（字体里没有对照表）；请向报送单位要 Word 文件",
    "broken": "文件损坏了，读不出来；请向报送单位重新要一份",
    "library": "这台电脑没有装读 PDF 的 pdfplumber，请按 README 重新安装；或向报送单位要 Word 文件",
    "large": "内容太多或太复杂，读的时间或内存超过了限度，没有读完",
}


def read_pdf(path: Path, name: str, raw: bytes) -> Paper:
    """The paragraphs and tables of a PDF.

    Raises:
        PerfkitError: in Chinese, if it is encrypted, damaged, a scan without text, or too much.
    """
    command = [sys.executable, "-m", "perfkit.received.pdf", str(path.absolute())]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        answer = _answer(child)
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    if answer is None:
        raise PerfkitError(f"{name}：{FAULTS['large']}")
    try:
        found = json.loads(answer)
    except ValueError:  # it ended without an answer
        found = {"fault": "broken"}
    if "fault" in found:
        raise PerfkitError(f"{name}：{FAULTS[found['fault']]}")
    digest = hashlib.sha256(raw).hexdigest()
    blocks = tuple(map(_block, found["blocks"]))
    return Paper(name, digest, blocks, tuple(found["notes"]), found["properties"])


def _answer(child: subprocess.Popen[bytes]) -> bytes | None:
    """What the process printed; None if it took too much."""
    watched, until = psutil.Process(child.pid), time.monotonic() + SECONDS
    while True:
        try:
            # Output is read while it is waited for, so that a long one doesn't block.
            return child.communicate(timeout=0.2)[0]
        except subprocess.TimeoutExpired:
            pass
        try:
            memory = watched.memory_info().rss
        except psutil.Error:
            memory = 0
        if time.monotonic() > until or memory > MOST_MEMORY:
            return None


def _block(found: dict[str, Any]) -> Block:
    if "text" in found:
        return Paragraph(**found)
    cells = [Cell(text, place) for text, place in found["cells"]]
    rows = tuple(tuple(None if n is None else cells[n] for n in row) for row in found["rows"])
    return Table(rows, found["place"])


# ---- in the process of its own

SMALL = 0.8
"""Of the body's size: what is smaller is a note, a caption or the words of a figure."""

WIDE = 1.2
"""Of a sign's size: the space between two columns of a table without rules."""

_CJK = "[\u2e80-\u9fff\u3000-\u303f\uff00-\uffef“”‘’—…]"
_BLANKS = re.compile(rf"(?<={_CJK})[ \t]+|[ \t]+(?={_CJK})")
_PAGE_NUMBER = re.compile(
    r"[-—–·\s]*(?:第?\s*[0-9]{1,4}\s*页?(?:\s*[/／共]\s*[0-9]{1,4}\s*页?)?)[-—–·\s]*"
)


@dataclass
class _Line:
    text: str
    x0: float
    x1: float
    top: float
    size: float
    bold: bool
    pieces: list[Piece] = field(default_factory=list)

    @property
    def columned(self) -> bool:
        """Whether it is parted into three pieces or more, with words and figures among them."""
        figures = [re.fullmatch(r"[0-9,.%％—-]+", text) is not None for text, *_ in self.pieces]
        return len(figures) >= 3 and sum(figures) >= 2 and not all(figures)


@dataclass
class _Page:
    number: int
    lines: list[_Line]
    tables: list[tuple[float, Table]]
    by_place: bool = False
    """Whether a table of it has no rules and was read by where its words stand."""


def _without_blanks(text: str) -> str:
    """Blanks beside Chinese signs are only the space that is set there."""
    return _BLANKS.sub("", text).strip()


def _page(page: Any, number: int) -> _Page:
    found = page.find_tables()
    found = [table for table in found if len(table.cells) > 1]
    boxes = [table.bbox for table in found]

    def outside(thing: dict[str, Any]) -> bool:
        x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        return not any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)

    rest = page.filter(lambda thing: thing["object_type"] == "char" and outside(thing))
    lines = []
    for line in rest.extract_text_lines(strip=True):
        signs = line["chars"]
        sizes = Counter(round(sign["size"], 1) for sign in signs)
        bold = all("Bold" in sign["fontname"] or "Hei" in sign["fontname"] for sign in signs)
        text = _without_blanks(line["text"])
        if text:
            size = sizes.most_common(1)[0][0]
            made = _Line(text, line["x0"], line["x1"], line["top"], size, bold, _pieces(signs))
            lines.append(made)
    tables = [(table.bbox[1], _table(table, number)) for table in found]
    placed = _by_place(lines, number)
    tables = sorted([*tables, *placed], key=lambda one: one[0])
    return _Page(number, lines, tables, by_place=bool(placed))


def _pieces(signs: list[dict[str, Any]]) -> list[Piece]:
    """The words of a line that stand together."""
    found: list[Piece] = []
    for sign in signs:
        if sign["text"].isspace():
            continue
        if found and sign["x0"] - found[-1][2] <= WIDE * sign["size"]:
            text, x0, _ = found.pop()
            found.append((text + sign["text"], x0, sign["x1"]))
        else:
            found.append((sign["text"], sign["x0"], sign["x1"]))
    return found


def _by_place(lines: list[_Line], number: int) -> list[tuple[float, Table]]:
    """The tables without rules whose sums close; their lines are taken out."""
    found: list[tuple[float, Table]] = []
    pieces = [line.pieces for line in lines]
    at = 0
    while at < len(lines):
        if read := closed_table(pieces, at, f"第{number}页没有框线的表"):
            table, count = read
            found.append((lines[at].top, table))
            del lines[at : at + count], pieces[at : at + count]
        else:
            at += 1
    return found


def _unruled(pages: list[_Page], body: float) -> Iterator[int]:
    """The pages with lines below each other that stand in columns without rules."""
    for page in pages:
        lines = [line for line in page.lines if line.size >= body * SMALL]
        if any(one.columned and two.columned for one, two in pairwise(lines)):
            yield page.number


def _table(table: Any, page: int) -> Table:
    place = f"第{page}页的表"
    texts = table.extract()
    edges: dict[int, float] = {}
    cells: list[tuple[tuple[float, float, float, float], Cell]] = []
    grid: list[list[Cell | None]] = []
    tops = []
    for r, row in enumerate(table.rows):
        line: list[Cell | None] = []
        for c, box in enumerate(row.cells):
            if box is None:
                line.append(None)
                continue
            edges.setdefault(c, box[0])
            text = re.sub(rf"(?<={_CJK})\n|\n(?={_CJK})", "", texts[r][c] or "")
            made = Cell(_without_blanks(text), f"{place}第{r + 1}行")
            cells.append((box, made))
            line.append(made)
        grid.append(line)
        tops.append(min((box[1] for box in row.cells if box), default=row.bbox[1]))
    for r, line in enumerate(grid):
        for c, cell in enumerate(line):
            if cell is None and c in edges:
                x, y = edges[c] + 1, tops[r] + 1
                line[c] = next(
                    (one for b, one in cells if b[0] <= x < b[2] and b[1] <= y < b[3]), None
                )
    return Table(tuple(map(tuple, grid)), place)


def _without_running(pages: list[_Page]) -> None:
    """Leaves out page numbers, and the head or foot that most pages have."""
    ends = Counter(
        re.sub(r"[0-9]", "", line.text)
        for page in pages
        for line in page.lines[:1] + page.lines[1:][-1:]
    )
    running = {text for text, count in ends.items() if count >= 3 and count > len(pages) / 2}
    for page in pages:
        for at in (0, -1):
            while page.lines and (
                _PAGE_NUMBER.fullmatch(page.lines[at].text)
                or re.sub(r"[0-9]", "", page.lines[at].text) in running
            ):
                page.lines.pop(at)


def _body(pages: list[_Page]) -> float:
    """The size that most signs have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0


def _paragraphs(pages: list[_Page], body: float) -> Iterator[Block]:
    open_lines: list[_Line] = []
    at = 0

    def closed() -> Iterator[Block]:
        if open_lines:
            text = _without_blanks(_joined(line.text for line in open_lines))
            strong = all(line.bold for line in open_lines)
            aside = open_lines[0].size < body * SMALL
            yield Paragraph(text, f"第{at}页", 0, strong, aside)
            open_lines.clear()

    edges: dict[bool, tuple[float, float]] = {}
    for page in pages:
        main = [line for line in page.lines if abs(line.size - body) < 0.6] or page.lines
        wide = max((line.x1 for line in main), default=0) > 620
        left = min((line.x0 for line in main), default=0)
        right = max((line.x1 for line in main), default=0)
        if len(main) < 8 and wide in edges:  # too few lines to show the margins
            left, right = min(left, edges[wide][0]), max(right, edges[wide][1])
        edges[wide] = left, right
        tables = list(page.tables)
        last: _Line | None = None
        for line in page.lines:
            while tables and tables[0][0] < line.top:
                yield from closed()
                yield tables.pop(0)[1]
            before = open_lines[-1] if open_lines else None
            begins = (
                before is None
                or abs(before.size - line.size) > 0.6
                or line.x0 - left > 0.8 * line.size
                or before.x1 < right - 1.9 * line.size
                or (last is not None and line.top - last.top > 2.6 * line.size)
            )
            if begins:
                yield from closed()
                at = page.number
            open_lines.append(line)
            last = line
        for _, table in tables:
            yield from closed()
            yield table
    yield from closed()


def _joined(lines: Iterator[str]) -> str:
    text = ""
    for line in lines:
        latin = text[-1:].isascii() and line[:1].isascii() and text[-1:].isalpha()
        text += (" " if latin and text else "") + line
    return text


def _joined_tables(blocks: list[Block]) -> list[Block]:
    """A table that goes on on the next page is one, its head told once."""
    found: list[Block] = []
    for block in blocks:
        before = found[-1] if found else None
        if isinstance(block, Table) and isinstance(before, Table) and block.rows and before.rows:
            same = len(block.rows[0]) == len(before.rows[0])
            other_page = block.place != before.place
            heads = [[cell.bare if cell else "" for cell in t.rows[0]] for t in (before, block)]
            repeated = heads[0] == heads[1]
            headed = re.search(r"分值|预算数|指标|项目名称", "".join(heads[1]))
            if same and other_page and (repeated or not headed):
                rows = block.rows[1:] if repeated else block.rows
                found[-1] = Table(before.rows + rows, before.place)
                continue
        found.append(block)
    return found


def _read(path: str) -> dict[str, Any]:
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        if len(pdf.pages) > MOST_PAGES:
            return {"fault": "pages"}
        about = pdf.metadata or {}
        properties = "\n".join(str(about.get(key, "")) for key in ("Title", "Subject", "Keywords"))
        pages, pictures, signs, unknown = [], [], 0, 0
        for number, page in enumerate(pdf.pages, 1):
            found = _page(page, number)
            count = len(page.chars)
            signs += count
            unknown += sum(sign["text"].startswith("(cid:") for sign in page.chars)
            if not count and page.images:
                pictures.append(number)
            pages.append(found)
            page.close()
    if not signs:
        return {"fault": "scan" if pictures else "broken"}
    if unknown > signs / 5:
        return {"fault": "fonts"}
    _without_running(pages)
    notes = []
    if pictures:
        listed = "、".join(map(str, pictures))
        notes.append(f"第{listed}页是图片，没有文字，读不到")
    if placed := "、".join(str(page.number) for page in pages if page.by_place):
        notes.append(f"第{placed}页的表没有框线，按位置读了，各行相加与合计相符；请对照原文核对")
    body = _body(pages)
    if unruled := "、".join(map(str, _unruled(pages, body))):
        notes.append(f"第{unruled}页像有没有框线的表格，按文字读了，表里的数没有读，请对照原文补填")
    written: list[dict[str, Any]] = []
    for block in _joined_tables(list(_paragraphs(pages, body))):
        if isinstance(block, Paragraph):
            written.append(vars(block))
            continue
        cells = list(dict.fromkeys(cell for row in block.rows for cell in row if cell))
        at = {cell: n for n, cell in enumerate(cells)}
        rows = [[at[cell] if cell else None for cell in row] for row in block.rows]
        listed_cells = [[cell.text, cell.place] for cell in cells]
        written.append({"place": block.place, "cells": listed_cells, "rows": rows})
    return {"blocks": written, "notes": notes, "properties": properties}


def _told(path: str) -> str:
    try:
        found = _read(path)
    except (MemoryError, RecursionError):
        found = {"fault": "large"}
    except ImportError:
        found = {"fault": "library"}
    except Exception as e:  # what a damaged file makes a parser of C and Python raise has no end
        said = f"{type(e).__name__} {e!r} {e.__cause__!r} {e.__context__!r}"
        found = {"fault": "password" if "Password" in said else "broken"}
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) < MOST_TEXT else json.dumps({"fault": "large"})


if __name__ == "__main__":
    sys.stdout.buffer.write(_told(sys.argv[1]).encode(errors="replace"))
