"""A department's answers in an opinion sheet (反馈意见单), read back into the record of the review.

The file was in other hands: it is looked at before it is opened, and read
within limits. An answer whose line is not found any more is kept as well.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from perfkit.archives import MOST_TEXT, outside_bytes, xml_parts
from perfkit.errors import PerfkitError, system_reason
from perfkit.quantities import parse_date
from perfkit.review import letter
from perfkit.review.record import LONGEST, NAME, UNSHOWN, Event, add_events, read_review, reports
from perfkit.review.reported import read_reported
from perfkit.texts import shortened

NOT_TAKEN = f"没有收；请写在“{letter.WHY}”栏"
ROWS, CELLS = 5000, 100
"""Rows of a file, and cells of a row, that are looked at."""

EMPTY = 100_000
"""Rows of a worksheet, the empty ones too."""

Row = tuple[str, list[str]]
"""A row of a table: its place in the file, and its cells."""


@dataclass(frozen=True)
class Answer:
    """A line that the department has answered: its place in the file, code, opinion and answer."""

    place: str
    code: str
    text: str
    answer: str


@dataclass(frozen=True)
class Sheet:
    """An opinion sheet as it came back."""

    report: str
    who: str
    when: str
    answers: tuple[Answer, ...]
    blank: int = 0
    unread: tuple[str, ...] = ()
    """What was written elsewhere than in the columns for answers, in words."""


@dataclass
class Taken:
    """What became of a sheet: new answers, known ones, blank lines, and what is to be told."""

    report: str
    added: int = 0
    known: int = 0
    blank: int = 0
    notes: list[str] = field(default_factory=list)
    loose: int = 0


def sheets_in(folder: Path) -> list[Path]:
    """The files of a folder that may be opinion sheets, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in READERS and not path.name.startswith((".", "~$"))
    )


def import_answers(outputs: Path, path: Path) -> Taken:
    """Take in the answers of a sheet as events of its report's record; each is taken once.

    Raises:
        PerfkitError: if it is no such sheet, or not of a report that is there; nothing is taken then.
    """
    sheet = read_sheet(path)
    if sheet.report not in reports(outputs):
        name = shortened(sheet.report, NAME)
        raise PerfkitError(
            f"{path}：是“{name}”的{letter.NAME}，{outputs} 里没有这份报告；请用 -o 指明报告所在的文件夹"
        )
    found = read_reported(outputs, sheet.report)
    review = read_review(outputs, sheet.report)
    by_code: dict[str, dict[str, Any]] = {}
    by_text: dict[str, dict[str, Any]] = {}
    for finding in found.findings:
        named = {"code": finding.code, "field": finding.field, "message": finding.message}
        by_code[letter.finding_code(finding)] = by_text[_flat(finding.message)] = {"finding": named}
    for remark in review.remarks:
        place = {"on": remark.event["id"]}
        by_code[letter.remark_code(remark.event)] = by_text[_flat(remark.event["text"])] = place
    taken = Taken(sheet.report, blank=sheet.blank, notes=[f"{path}：{u}" for u in sheet.unread])
    by = shortened(_sound(sheet.who or found.department) or "部门", NAME)
    at = _when(sheet.when, taken)
    events = []
    for one in sheet.answers:
        found_place = by_code.get(one.code) or by_text.get(_flat(one.text))
        if found_place is None:
            taken.loose += 1
            reason = "没有对上现在的任何一条意见，已记为没有对上的答复"
            words = shortened(" ".join(f"{one.text} → {one.answer}".split()), 200)
            taken.notes.append(f"{path}：{one.place}{reason}：{words}")
            found_place = {"about": one.text or "（没有写意见）"}
        said = by_code.get(one.code, {}).get("finding", {}).get("message", "")
        if said and _flat(one.text).startswith(_flat(said)) and _flat(one.text) != _flat(said):
            added = shortened(_flat(one.text)[len(_flat(said)) :], 60)
            taken.notes.append(f"{path}：{one.place}在“{letter.TEXT}”栏添写的“{added}”{NOT_TAKEN}")
        events.append(_event(sheet.report, found_place, one.answer, by, at))
    try:
        taken.added = add_events(outputs, sheet.report, events)
    except OSError as e:
        raise PerfkitError(f"{path}：答复写不进审阅记录：{system_reason(e)}") from None
    taken.known = len(events) - taken.added
    return taken


def _event(report: str, place: dict[str, Any], text: str, by: str, at: str) -> Event:
    # The same answer read in again is the same event, whenever that is.
    said = json.dumps([report, place, text, by], ensure_ascii=False, sort_keys=True)
    number = hashlib.sha256(said.encode()).hexdigest()[:16]
    return {
        "id": number,
        "report": report,
        "at": at,
        "by": by,
        "kind": "reply",
        "text": text,
    } | place


def _when(written: str, taken: Taken) -> str:
    """The moment that an answer is of: noon of the day that is written, else now."""
    now = datetime.now().astimezone()
    if written:
        try:
            day: date = parse_date(written)
        except ValueError:
            taken.notes.append(f"{letter.WHEN}“{shortened(written, 40)}”不是日期，按今天记")
        else:
            noon = datetime.combine(day, time(12)).astimezone()
            if day <= now.date() and day.year >= 2000:
                return noon.isoformat(timespec="seconds")
            taken.notes.append(f"{letter.WHEN}“{written}”不会是答复的日期，按今天记")
    return now.isoformat(timespec="seconds")


def read_sheet(path: Path) -> Sheet:
    """The sheet in a Word file or a workbook.

    Raises:
        PerfkitError: says in Chinese what is wrong with the file.
    """
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise PerfkitError(
            f"{path}：不是 .docx 或 .xlsx 文件；请用 Word 或 Excel 另存为这两种格式再试"
        )
    content = _content(path)
    try:
        rows: list[Row] = []
        for row in read(content):
            if len(rows) == ROWS:
                raise PerfkitError(f"{path}：表格超过 {ROWS} 行，不是 perfkit 生成的{letter.NAME}")
            rows.append(row)
    except PerfkitError:
        raise
    except Exception as e:  # the readers have many ways to fail on a file that is broken
        reason = type(e).__name__
        raise PerfkitError(
            f"{path}：文件损坏，读不了（{reason}）；请用 Word 或 Excel 打开后另存一份再试"
        ) from None
    return _sheet(path, rows)


def _content(path: Path) -> bytes:
    """The bytes of a file that is what its name says, and not more than it may be."""

    def refused(message: str) -> PerfkitError:
        return PerfkitError(f"{path}：{message}")

    again = "请用 Word 或 Excel 打开后另存一份再试"
    content = outside_bytes(path, refused, f"不是 perfkit 生成的{letter.NAME}")
    xml_parts(content, refused, f"{letter.NAME}（Word 或 Excel 文件）", again, MOST_TEXT)
    return content


def _workbook_rows(content: bytes) -> Iterator[Row]:
    import warnings

    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it leaves out of a book, in English
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        # The size that a sheet claims may be a million rows of nothing.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=CELLS), 1):
            if number > EMPTY:
                raise OverflowError  # told as broken
            cells = [_cell(value) for value in row]
            if any(cells):
                yield f"{sheet.title}第 {number} 行", cells


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value).strip()


def _word_rows(content: bytes) -> Iterator[Row]:
    import docx
    from docx.oxml.ns import qn

    document = docx.Document(io.BytesIO(content))
    breaks = {qn("w:br"): "\n", qn("w:tab"): " "}

    # Where rows were merged, the answer is that to each of them.
    above: dict[int, str] = {}

    def cells(row: Any) -> Iterator[str]:
        at = 0
        for cell in row.iter(qn("w:tc")):
            span, going_on = 1, False
            for part in cell.iterchildren(qn("w:tcPr")):
                for one in part:
                    if one.tag == qn("w:gridSpan"):
                        span = min(int(one.get(qn("w:val"), "1")), CELLS)
                    elif one.tag == qn("w:vMerge"):
                        going_on = one.get(qn("w:val"), "continue") == "continue"
            above[at] = above.get(at, "") if going_on else text(cell)
            yield above[at]
            yield from [""] * (span - 1)
            at += span

    def text(cell: Any) -> str:
        # All that is to be seen, what was inserted with changes tracked too; deleted text is no w:t.
        lines = []
        for paragraph in cell.iter(qn("w:p")):  # a paragraph has itself
            lines.append(
                "".join(
                    one.text or "" if one.tag == qn("w:t") else breaks.get(one.tag, "")
                    for one in paragraph.iter()
                )
            )
        return "\n".join(lines).strip()

    for t, table in enumerate(document.element.body.iter(qn("w:tbl")), 1):
        for number, row in enumerate(table.iter(qn("w:tr")), 1):
            yield f"第 {t} 个表格第 {number} 行", list(cells(row))[:CELLS]
        above.clear()
    for paragraph in document.element.body.iterchildren(qn("w:p")):
        if words := text(paragraph):
            yield BESIDE, [words]


def _sheet(path: Path, rows: list[Row]) -> Sheet:
    """The sheet that stands in the rows of a file."""
    wanted = (letter.CODE, letter.TEXT, letter.ANSWER, letter.WHY)
    columns: dict[str, int] = {}
    report = who = when = ""
    answers, blank = [], 0
    titled: list[str] = []
    unread: list[str] = []
    for place, cells in rows:
        if place == BESIDE:
            if not _ours(cells[0]):
                unread.append(f"表格以外写的“{shortened(_flat(cells[0]), 60)}”{NOT_TAKEN}")
            continue
        titles = {_flat(cell): i for i, cell in enumerate(cells)}
        if all(name in titles for name in wanted):
            columns = {name: titles[name] for name in wanted}
            titled = cells
            continue
        if not columns:
            report = report or _beside(cells, letter.REPORT)
            who = who or _beside(cells, letter.WHO)
            when = when or _beside(cells, letter.WHEN)
            continue
        code, text, answer, why = (
            _sound(cells[at]) if at < len(cells) else "" for at in columns.values()
        )
        said = "：".join(part for part in (answer, why) if part)
        empty = not (code or text or said)
        for title, cell in zip([*map(_flat, titled), *[""] * CELLS], cells, strict=False):
            other = title not in letter.COLUMNS or (empty and not cell.isdecimal())
            if cell and (other or (title == letter.STATE and not letter.is_state(cell))):
                where = f"“{title}”栏" if title else "没有栏名的一栏"
                unread.append(f"{place}在{where}写的“{shortened(_flat(cell), 60)}”{NOT_TAKEN}")
        if said:
            if len(said) > LONGEST or len(text) > LONGEST:
                raise PerfkitError(f"{path}：{place}超过 {LONGEST} 个字；请缩短，或者另附文件")
            answers.append(Answer(place, code, text, said))
        elif code or text:
            blank += 1
    if not columns:
        names = "、".join(wanted)
        raise PerfkitError(f"{path}：里面没有{letter.NAME}的表格（要有{names}各栏，栏名请不要改）")
    if not report:
        raise PerfkitError(f"{path}：表格前面没有“{letter.REPORT}”，不知道是哪份报告的")
    return Sheet(report, who, when, tuple(answers), blank, tuple(unread))


BESIDE = "表格以外"
"""The place of what stands in a Word file beside its tables."""


def _ours(text: str) -> bool:
    """Whether words beside the table are those of the sheet itself."""
    flat = _flat(text)
    return (
        flat in (_flat(letter.GUIDE),) or flat.endswith(letter.NAME) or flat.startswith(letter.SEAL)
    )


def _beside(cells: list[str], label: str) -> str:
    """What stands in the next cell that has something, after the one with the label."""
    for i, cell in enumerate(cells):
        if _flat(cell).rstrip("：:") == label:
            after = next((one for one in cells[i + 1 :] if one), "")
            return (
                "" if _flat(after).rstrip("：:") in (letter.WHEN, letter.REPORT) else _sound(after)
            )
    return ""


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _sound(text: str) -> str:
    """A text without the signs that no record holds."""
    return UNSHOWN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


READERS: dict[str, Callable[[bytes], Iterator[Row]]] = {
    ".docx": _word_rows,
    ".xlsx": _workbook_rows,
}
"""What reads the rows of a file, by its ending."""
