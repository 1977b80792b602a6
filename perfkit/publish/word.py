"""The page form of GB/T 9704 for a Word document that pandoc has written."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import docx
from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import SubElement

from perfkit.files import undated_archive

PITCH = Pt(29)
# Style: East Asian font, size, first-line indent in characters, alignment.
LOOKS: dict[str, tuple[str, float, int, WD_ALIGN_PARAGRAPH]] = {
    "Normal": ("仿宋", 15.75, 0, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "Body Text": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "First Paragraph": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "Heading 1": ("方正小标宋简体", 22, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Heading 2": ("黑体", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "Heading 3": ("楷体", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "Item": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "Subtitle": ("楷体", 15.75, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Sheet Title": ("黑体", 16, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Table Caption": ("黑体", 12, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Image Caption": ("黑体", 12, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Compact": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
    "Colophon": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
    # What an analyst adds to the template.
    "Heading 4": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "Heading 5": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "Heading 6": ("仿宋", 15.75, 2, WD_ALIGN_PARAGRAPH.LEFT),
    "List Item": ("仿宋", 15.75, 0, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "Block Text": ("仿宋", 15.75, 0, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "Source Code": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
    "Picture": ("仿宋", 15.75, 0, WD_ALIGN_PARAGRAPH.CENTER),
    # Of the size of nothing: the line below a picture is as high as its letters reach.
    "Captioned Figure": ("仿宋", 1, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Chart Begun": ("仿宋", 1, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Chart Piece": ("仿宋", 1, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Chart Ended": ("仿宋", 1, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "Note": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
    "Footnote Text": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
    "Footnote Block Text": ("宋体", 9, 0, WD_ALIGN_PARAGRAPH.LEFT),
}
SINGLE_SPACED = {
    "Compact", "Colophon", "Note", "Captioned Figure", "Chart Begun", "Chart Piece",
    "Chart Ended", "Figure", "Picture", "Source Code",
    "Footnote Text", "Footnote Block Text",
}  # fmt: skip
TYPE_AREA = Mm(156), Mm(220)
"""Width and height that a picture may have."""


def finished(content: bytes, about: Mapping[str, Any], day: date) -> bytes:
    """pandoc's document with styles, page numbers, tables and properties of the page form."""
    document = docx.Document(io.BytesIO(content))
    _style(document)
    _end_with_last_section(document)
    for section in document.sections:
        _page(section)
    _number(document)
    for table in document.tables:
        _table(table)
    _make_room(document)
    properties = document.core_properties
    properties.title = about["title"]
    properties.author = properties.last_modified_by = about["department"]
    properties.language = "zh-CN"
    properties.comments = about["record"][:255]  # which is as much as the format takes
    moment = datetime(day.year, day.month, day.day)
    properties.created = properties.modified = moment
    properties.revision = 1
    written = io.BytesIO()
    document.save(written)
    return undated_archive(written.getvalue())


def _style(document: Word) -> None:
    # By name at once: python-docx looks through all of them for each.
    styles = {style.name: style for style in document.styles}
    for name, (font, size, indent, alignment) in LOOKS.items():
        if name not in styles:
            styles[name] = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style: Any = styles[name]
        style.font.size = Pt(size)
        style.font.bold = name == "Item" or name in ("Heading 4", "Heading 5", "Heading 6")
        style.font.italic = False
        style.font.color.rgb = None
        # What is printed is set in columns: 宋体 has letters of half a character.
        _font(style.element.get_or_add_rPr(), font, "宋体" if name == "Source Code" else "")
        form = style.paragraph_format
        form.alignment = alignment
        form.space_before = form.space_after = Pt(0)
        form.keep_with_next = name.startswith(("Heading", "Item", "Table Caption", "Sheet"))
        if name in SINGLE_SPACED:
            form.line_spacing_rule = WD_LINE_SPACING.SINGLE
        else:
            form.line_spacing_rule = WD_LINE_SPACING.EXACTLY
            form.line_spacing = PITCH
        form.first_line_indent = Pt(size * indent)
        # Word goes by characters (in hundredths), so that the indent follows the size.
        indentation = style.element.get_or_add_pPr().get_or_add_ind()
        indentation.set(qn("w:firstLineChars"), str(indent * 100))
    if "Verbatim Char" in styles:
        _font(styles["Verbatim Char"].element.get_or_add_rPr(), "宋体", "宋体")
    # A heading of the second level to Word's outline, though it looks like text.
    outline = parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>')
    styles["Item"].element.get_or_add_pPr().append(outline)
    # A picture stays with its caption, and off the border of a table before it.
    for name in ("Captioned Figure", "Chart Ended"):
        styles[name].paragraph_format.keep_with_next = True
    for name in ("Captioned Figure", "Chart Begun"):
        styles[name].paragraph_format.space_before = Pt(6)
    styles["Picture"].paragraph_format.space_before = Pt(6)
    styles["Picture"].paragraph_format.space_after = Pt(6)


def _font(properties: Any, font: str, latin: str = "") -> None:
    for old in [*properties.findall(qn("w:rFonts")), *properties.findall(qn("w:lang"))]:
        properties.remove(old)
    roman = "Times New Roman" if font in ("仿宋", "宋体", "方正小标宋简体") else font
    latin = latin or roman
    properties.insert(
        0,
        parse_xml(
            f'<w:rFonts {nsdecls("w")} w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{font}"'
            f' w:cs="{latin}"/>'
        ),
    )
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-US" w:eastAsia="zh-CN"/>'))


def _end_with_last_section(document: Word) -> None:
    """A section that ends with the document gives its form to the document's own.

    Otherwise an empty page would follow the turned sheets.
    """
    body = document.element.body
    ending, last = body.sectPr, body[-2] if len(body) > 1 else None
    inner = None if last is None else last.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")
    if inner is None:
        return
    for tag in ("w:pgSz", "w:pgMar"):
        if (old := ending.find(qn(tag))) is not None:
            ending.remove(old)
        ending.append(inner.find(qn(tag)))
    body.remove(last)


def _page(section: Section) -> None:
    """Margins of GB/T 9704; on a turned sheet they turn with it."""
    top, bottom, left, right = Mm(37), Mm(35), Mm(28), Mm(26)
    width, height = Mm(210), Mm(297)
    if section.orientation:
        width, height = height, width
        top, bottom, left, right = left, right, bottom, top
    section.page_width, section.page_height = width, height
    section.top_margin, section.bottom_margin = top, bottom
    section.left_margin, section.right_margin = left, right
    section.footer_distance = Mm(25) if not section.orientation else Mm(15)


def _number(document: Word) -> None:
    """— 1 —, right on odd pages and left on even ones; later sections follow the first."""
    document.settings.odd_and_even_pages_header_footer = True
    for section in list(document.sections)[1:]:
        section.footer.is_linked_to_previous = True
        section.even_page_footer.is_linked_to_previous = True
    first = document.sections[0]
    for footer, alignment in (
        (first.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (first.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.alignment = alignment
        # One character from the edge.
        indent = "right" if alignment == WD_ALIGN_PARAGRAPH.RIGHT else "left"
        setattr(paragraph.paragraph_format, f"{indent}_indent", Pt(14))
        for part in ("— ", None, " —"):
            run = paragraph.add_run(part or "")
            run.font.size = Pt(14)
            _font(run._r.get_or_add_rPr(), "宋体")
            if part is None:
                for kind in ("begin", "instr", "end"):
                    markup = (
                        f'<w:instrText {nsdecls("w")} xml:space="preserve"> PAGE </w:instrText>'
                        if kind == "instr"
                        else f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>'
                    )
                    run._r.append(parse_xml(markup))


def _make_room(document: Word) -> None:
    """Room for what a line of 29 points would cut; lists in the text's size."""
    body = document.element.body

    def paragraphs(having: str) -> list[Paragraph]:
        return [Paragraph(found, document._body) for found in body.xpath(f".//w:p[{having}]")]

    for paragraph in paragraphs("w:pPr/w:numPr"):
        paragraph.style = document.styles["List Item"]
    for paragraph in paragraphs("w:r/w:br[not(@w:type)]"):
        # A justified line that ends with a break would be stretched.
        if _style_name(paragraph) not in SINGLE_SPACED:
            paragraph.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for paragraph in paragraphs(".//*[local-name() = 'oMath']"):
        if _style_name(paragraph) not in SINGLE_SPACED:
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.AT_LEAST
            paragraph.paragraph_format.line_spacing = PITCH
    for paragraph in paragraphs(".//wp:inline"):
        if _style_name(paragraph) not in SINGLE_SPACED:
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    for picture in body.iter(qn("wp:inline")):
        _fit(picture)


def _style_name(paragraph: Paragraph) -> str:
    return str(paragraph.style.name) if paragraph.style is not None else ""


def _fit(picture: Any) -> None:
    """Makes a picture no larger than the type area."""
    extents = [picture.extent, *picture.iter(qn("a:ext"))]
    width, height = (int(extents[0].get(side)) for side in ("cx", "cy"))
    scale = min(1, TYPE_AREA[0] / max(width, 1), TYPE_AREA[1] / max(height, 1))
    if scale < 1:
        for extent in extents:
            if extent.get("cx"):
                extent.set("cx", str(round(width * scale)))
                extent.set("cy", str(round(height * scale)))


BORDERS = "".join(
    f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
    for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
)


VERTICAL = f"{qn('w:tcPr')}/{qn('w:vMerge')}"

LABEL = 30
"""Signs of a merged cell up to which it stands in the middle, as a label of its rows does."""


def _table(table: Table) -> None:
    """Borders all round, the header on every page, and no empty line at the cells' edges."""
    properties = table._tbl.tblPr
    for tag in ("w:tblBorders", "w:tblCellMar"):
        for old in properties.findall(qn(tag)):
            properties.remove(old)
    margins = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 40), ("left", 70), ("bottom", 40), ("right", 70))
    )
    # Word refuses a file in which they do not stand in the schema's order.
    properties.insert_element_before(
        parse_xml(f"<w:tblBorders {nsdecls('w')}>{BORDERS}</w:tblBorders>"),
        *("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook", "w:tblCaption"),
    )
    properties.insert_element_before(
        parse_xml(f"<w:tblCellMar {nsdecls('w')}>{margins}</w:tblCellMar>"),
        *("w:tblLook", "w:tblCaption"),
    )
    for row in table._tbl.tr_lst:
        # Word still breaks a row that is higher than a page.
        SubElement(row.get_or_add_trPr(), qn("w:cantSplit"))
        following = row.getnext()
        cut = any(_merged(row)) and "continue" in _merged(following)
        if cut or _is_total(following) or (_is_total(row) and _is_note(following)):
            # A page that ends here would cut a merged cell, which goes on in the next row, or
            # leave a total to stand alone under the headings.
            for paragraph in row.iter(qn("w:p")):
                paragraph.get_or_add_pPr().get_or_add_keepNext()
    for cell in table._tbl.iter(qn("w:tc")):
        # LibreOffice cuts the end off a text in the middle of a merged cell that a page ends in;
        # what stands on the next page goes by the cells that the first was merged with.
        merged = _merge(cell)
        long = merged and len(_text(cell)) > LABEL
        align = "top" if merged == "continue" or long else "center"
        SubElement(cell.get_or_add_tcPr(), qn("w:vAlign")).set(qn("w:val"), align)


def _is_total(row: Any) -> bool:
    """Whether a row is that of the sum (合计)."""
    said = _text(row.tc_lst[0]).strip() if row is not None and row.tc_lst else ""
    return said == "合计" or said.startswith("合计（")


def _text(cell: Any) -> str:
    # Not itertext: to python-docx a paragraph has a text, and a run in it, and again what the run says.
    return "".join(text.text or "" for text in cell.iter(qn("w:t")))


def _is_note(row: Any) -> bool:
    """Whether a row is a text over the whole width, as stands below the sum."""
    return row is not None and len(row.tc_lst) == 1


def _merged(row: Any) -> list[str]:
    """How the cells of a row are merged with those below and above; none if there is no row."""
    return [] if row is None else [_merge(cell) for cell in row.iterchildren(qn("w:tc"))]


def _merge(cell: Any) -> str:
    """``restart`` if merged cells begin with this one, ``continue`` if they go on; else empty."""
    found = cell.find(VERTICAL)
    return "" if found is None else found.get(qn("w:val"), "continue")
