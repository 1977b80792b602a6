"""反馈意见单: findings and remarks for the department, with room for its answers, as Word and workbook.

What is in it comes from the report's page and the record of its review. Each
line bears a code by which `perfkit.review.answers` finds it again, whatever
was added to the record meanwhile.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

from perfkit.audit.findings import LEVELS
from perfkit.errors import PerfkitError
from perfkit.files import set_aside, undated_archive, write_whole
from perfkit.forms.codes import FINDINGS
from perfkit.review.record import CHECKS, KINDS, LETTERS, Event, read_review, reports
from perfkit.review.reported import Told, read_reported
from perfkit.texts import shortened

NAME = "反馈意见单"
REPORT, WHO, WHEN = "报告名称", "填写人", "填写日期"
"""The labels of the cells before the table that are read back."""
CODE, TEXT, ANSWER, WHY = "编号", "意见", "部门答复", "答复说明"
"""The titles of the columns that are read back."""
STATE = "处理情况"
COLUMNS = {
    "序号": 5,
    "类别": 8,
    "针对的内容": 20,
    TEXT: 40,
    STATE: 22,
    ANSWER: 10,
    WHY: 28,
    CODE: 13,
}
"""All columns with their shares of the width."""
ANSWERS = ("采纳", "部分采纳", "不采纳")
QUOTE = 120
"""Signs of the quoted text."""
SEAL = "（单位盖章）"
GUIDE = (
    "请逐条在“部门答复”栏选填采纳、部分采纳或不采纳，在“答复说明”栏写明理由或改正情况；"
    "编号一栏用于对应，请不要改动。"
)


@dataclass(frozen=True)
class Line:
    """A line of the sheet: its code, what it is, what it speaks of, what it says, what became of it."""

    code: str
    kind: str
    about: str
    text: str
    state: str


@dataclass(frozen=True)
class Letter:
    """反馈意见单 of a report."""

    report: str
    department: str
    year: int | None
    evaluation: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """The heading of the sheet."""
        year = f"{self.year}年度" if self.year else ""
        return f"{year}{self.evaluation}{NAME}"


def finding_code(finding: Told) -> str:
    """编号 of a finding: the same as long as its code, field and message are."""
    named = "\0".join((finding.code, finding.field, finding.message))
    return "S" + hashlib.sha256(named.encode()).hexdigest()[:8]


def remark_code(event: Event) -> str:
    """编号 of a remark."""
    return f"Y{event['id'][:8]}"


def letter_of(outputs: Path, report: str) -> Letter:
    """The sheet of a report: findings that hold, then remarks, with what was said to them.

    Raises:
        PerfkitError: if the page of the report doesn't tell its findings.
    """
    page, review = read_reported(outputs, report), read_review(outputs, report)
    lines = []
    for finding, check in zip(page.findings, review.checked(page.findings), strict=True):
        # One that was turned into a remark stands there, in the reviewer's words.
        if check.state in ("open", "verify"):
            state = [CHECKS[check.state], *map(told_answer, check.replies)]
            kind = f"审核{LEVELS[finding.level]}" if finding.level in LEVELS else finding.level
            about = FINDINGS.get(finding.code, finding.code)
            text, code = finding.message, finding_code(finding)
            lines.append(Line(code, kind, about, text, "\n".join(state)))
    for remark in review.remarks:
        state = [SETTLED if remark.settled else UNSETTLED, *map(told_answer, remark.thread)]
        about = shortened(" ".join(remark.quote.split()), QUOTE)
        code, text = remark_code(remark.event), remark.event["text"]
        lines.append(Line(code, "审阅意见", about, text, "\n".join(state)))
    return Letter(report, page.department, page.year, page.evaluation, tuple(lines))


SETTLED, UNSETTLED = "已了结", "未了结"


def is_state(text: str) -> bool:
    """Whether a cell of 处理情况 begins as the sheet was written, and not as someone wrote into it."""
    return text.split("\n")[0].strip() in (*CHECKS.values(), SETTLED, UNSETTLED)


def told_answer(event: Event) -> str:
    """An answer in words: who, when, what kind, what."""
    text = f"：{event['text']}" if event.get("text") else ""
    return f"{event['by']} {event['at'][:10]} {KINDS[event['kind']]}{text}"


def letter_file(outputs: Path, report: str, ending: str) -> Path:
    """Where the sheet of a report is written."""
    return outputs / LETTERS / f"{report}-{NAME}.{ending}"


def write_letters(outputs: Path, report: str) -> tuple[list[Path], list[str]]:
    """Write the sheet of a report as Word and workbook; the files, and what was kept of earlier ones.

    Raises:
        PerfkitError: if there is no such report, or a file can't be written.
    """
    if report not in reports(outputs):
        raise PerfkitError(
            f"{outputs} 里没有“{shortened(report, 40)}”这份报告；请写报告的名称，或用 -o 指明文件夹"
        )
    letter = letter_of(outputs, report)
    paths, notes = [], []
    for ending, form in FORMS.items():
        path, content = letter_file(outputs, report, ending), form(letter)
        paths.append(path)
        if path.exists():
            if path.read_bytes() == content:
                continue
            # Someone may have written answers into it.
            notes.append(f"{path.name} 与以前的不同，以前的{set_aside(path)[1]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    return paths, notes


def workbook(letter: Letter) -> bytes:
    """The sheet as a workbook: all is locked but what the department fills in."""
    import xlsxwriter  # type: ignore[import-untyped]

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": letter.title, "created": datetime(2000, 1, 1)})
        font = {"font_name": "仿宋", "font_size": 11, "valign": "vcenter", "text_wrap": True}
        cell = book.add_format({**font, "border": 1, "valign": "top"})
        small = book.add_format({**font, "border": 1, "font_size": 8, "font_color": "#59636e"})
        filled = {**font, "border": 1, "locked": False, "bg_color": "#FFF9E5", "num_format": "@"}
        fill = book.add_format(filled | {"valign": "top"})
        label = book.add_format({**font, "bold": True, "align": "right", "text_wrap": False})
        head = book.add_format(
            {**font, "bold": True, "border": 1, "bg_color": "#E8ECF2", "align": "center"}
        )
        title = book.add_format({**font, "bold": True, "font_size": 16, "align": "center"})
        plain = book.add_format(font)
        sheet = book.add_worksheet(NAME)
        last = len(COLUMNS) - 1
        for i, width in enumerate(COLUMNS.values()):
            sheet.set_column(i, i, width)
        sheet.merge_range(0, 0, 0, last, letter.title, title)
        sheet.set_row(0, 30)
        sheet.write_string(1, 2, "部门", label)
        sheet.write_string(1, 3, letter.department, plain)
        sheet.write_string(1, 5, REPORT, label)
        sheet.write_string(1, 6, letter.report, plain)
        sheet.write_string(2, 2, WHO, label)
        sheet.write_blank(2, 3, None, book.add_format(filled))
        sheet.write_string(2, 5, WHEN, label)
        sheet.write_blank(2, 6, None, book.add_format(filled))
        sheet.merge_range(3, 0, 3, last, GUIDE, plain)
        sheet.set_row(3, 32)
        for i, name in enumerate(COLUMNS):
            sheet.write_string(4, i, name, head)
        for r, cells in enumerate(_rows(letter), 5):
            sheet.set_row(r, row_height(cells, [*COLUMNS.values()], least=2))
            for c, text in enumerate(cells):
                look = small if c == last else cell
                if c in (5, 6):
                    sheet.write_blank(r, c, None, fill)
                else:
                    sheet.write_string(r, c, text, look)  # never a formula
        end = 5 + len(letter.lines)
        if letter.lines:
            choice = {"validate": "list", "source": list(ANSWERS), "error_type": "information"}
            sheet.data_validation(
                5, 5, end - 1, 5, {**choice, "error_message": "请选采纳、部分采纳或不采纳"}
            )
        sheet.protect("", {"format_columns": True, "format_rows": True, "insert_rows": True})
        sheet.freeze_panes(5, 0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(4)
        sheet.set_footer("&C第 &P 页，共 &N 页")
    return file.getvalue()


def _rows(letter: Letter) -> list[tuple[str, ...]]:
    return [
        (str(n), line.kind, line.about, line.text, line.state, "", "", line.code)
        for n, line in enumerate(letter.lines, 1)
    ]


LINE = 15.0
"""Points of a line of a workbook's cell."""


def row_height(cells: Sequence[str], widths: Sequence[int], least: int = 1) -> float:
    """How high a workbook's row of texts is, in points: LibreOffice doesn't find out."""
    lines = [least]
    for text, width in zip(cells, widths, strict=True):
        # A column's unit is the width of a digit; a Chinese sign has two, and a little.
        wide = [sum(2.1 if ord(sign) > 255 else 1.0 for sign in line) for line in text.split("\n")]
        lines.append(sum(max(1, ceil(one / width)) for one in wide))
    return min(409.0, LINE * max(lines) + 3)


def word(letter: Letter) -> bytes:
    """The sheet as a Word document, landscape, the header on each page."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = Document()
    document.core_properties.author = ""
    document.core_properties.title = letter.title
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(20), Mm(18)
    _font(document.styles["Normal"], "仿宋", 10.5)
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = heading.add_run(letter.title)
    _font(run, "黑体", 16)
    about = document.add_table(2, 4)
    cells = ("部门", letter.department, REPORT, letter.report, WHO, "", WHEN, "")
    _grid(about, [(10, 60, 10, 20)], [cells[:4], cells[4:]], width=Mm(261), size=10.5)
    guide = document.add_paragraph(GUIDE)
    guide.paragraph_format.space_before = guide.paragraph_format.space_after = Pt(6)
    table = document.add_table(1 + len(letter.lines), len(COLUMNS))
    rows = [tuple(COLUMNS), *_rows(letter)]
    _grid(table, [tuple(COLUMNS.values())], rows, width=Mm(261), size=9.5)
    _repeated(table.rows[0])
    for paragraph in table._tbl.tr_lst[-1].iter(qn("w:p")):
        # The seal doesn't stand on a page of its own.
        paragraph.get_or_add_pPr().get_or_add_keepNext().val = True
    signed = document.add_paragraph(f"{SEAL}　　　　　　年　　月　　日")
    signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    signed.paragraph_format.space_before = Pt(18)
    _page_number(section.footer.paragraphs[0])
    file = io.BytesIO()
    document.save(file)
    return undated_archive(file.getvalue())


def _font(styled: Any, name: str, size: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    styled.font.name, styled.font.size = name, Pt(size)
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _grid(
    table: Any,
    shares: Sequence[tuple[int, ...]],
    rows: Sequence[tuple[str, ...]],
    width: Any,
    size: float,
) -> None:
    """Fill a table with borders: its texts, and its columns' widths by their *shares*."""
    from docx.enum.table import WD_ROW_HEIGHT_RULE
    from docx.oxml.ns import qn
    from docx.shared import Emu, Mm, Pt

    table.style, table.autofit = "Table Grid", False
    whole = sum(shares[0])
    widths = [Emu(int(width * share / whole)) for share in shares[0]]
    for column, own in zip(table.columns, widths, strict=True):
        column.width = own
    # Not table.cell, which looks through the whole table each time.
    for row, texts in zip(table._tbl.tr_lst, rows, strict=True):
        row.get_or_add_trPr().append(row.makeelement(qn("w:cantSplit"), {}))
        row.trHeight_val, row.trHeight_hRule = Mm(8), WD_ROW_HEIGHT_RULE.AT_LEAST
        for cell, text, own in zip(row.tc_lst, texts, widths, strict=True):
            cell.width = own
            paragraph = cell.p_lst[0]
            for i, line in enumerate(text.split("\n")):
                if i:
                    paragraph = cell.add_p()
                run = paragraph.add_r()
                run.text = line
                run.get_or_add_rPr().sz_val = Pt(size)


def _repeated(row: Any) -> None:
    from docx.oxml.ns import qn

    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:tblHeader"), {}))
    for cell in row.cells:
        for run in cell.paragraphs[0].runs:
            run.bold = True


def _page_number(paragraph: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


FORMS = {"docx": word, "xlsx": workbook}
"""What makes the bytes of a sheet, by the file's ending."""
