"""The exporters on a notebook of their own: the page form, the outline, and what Word shows."""

import base64
import io
import itertools
import os
import re
import subprocess
import sys
import zipfile
from itertools import groupby
from pathlib import Path

import docx
import lxml.html
import nbformat
import pandas as pd
import pdfplumber
import pypdf
import pytest
from docx.enum.section import WD_ORIENTATION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.publish.exporters import DocxReport, HtmlReport, PdfReport
from perfkit.report import charts
from perfkit.review.content import template_digest

PARAGRAPH = (
    "为检验版心，本段文字较长：示例部门按照年初确定的目标，分季度推进各项工作，逐项核对经费支出；"
    "对进度落后的项目，及时查明原因、调整安排，确保资金安全、规范、有效使用。"
)
HOSTILE = (
    '<script>alert(1)</script> #import "x" $y$ *粗* _斜_ `码` @引用 // 注 \\ [点](javascript:x)'
)
LONG_NAME = "2.关于进一步加强和改进全区重点领域风险监测预警与应急处置能力建设的专项经费"
A4 = (595, 842)
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
    )
).decode()


def html(text, **metadata):
    data = {"text/html": text, "text/plain": "〔块〕"}
    return new_code_cell(
        "report.part()", outputs=[new_output("display_data", data=data, metadata=metadata)]
    )


def chart(drawing):
    data, metadata = drawing._repr_mimebundle_()
    return new_code_cell(
        "report.chart()", outputs=[new_output("display_data", data=data, metadata=metadata)]
    )


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sheet():
    rows = "".join(
        f"<tr>{'<th class=label scope=rowgroup rowspan=30>一级</th>' if i == 0 else ''}"
        f'<td>指标{i + 1}</td><td class="num">{i}.5</td><td>{PARAGRAPH}</td></tr>'
        for i in range(30)
    )
    return (
        '<div class="landscape"><table class="sheet"><caption>一、预算执行（20分）</caption><colgroup>'
        '<col style="width: 12%"><col style="width: 18%"><col style="width: 10%">'
        '<col style="width: 60%"></colgroup><thead><tr><th scope="col">一级指标</th>'
        '<th scope="col">三级指标</th><th scope="col">得分</th><th scope="col">评分标准</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def notebook():
    about = {"title": "示例局评价报告", "department": "示例局", "year": 2023, "date": "2024-03-15"}
    names = ["项目甲", "项目乙"]
    bars = pd.DataFrame({"部分": names, "项目": names, "预算": [10, 5], "支出": [9, 5]})
    project = "".join(
        f'<section class="project"><h3 class="item">{name}</h3><p>{PARAGRAPH}</p></section>'
        for name in ("1.项目甲", LONG_NAME)
    )
    return new_notebook(
        cells=[
            html('<h1>示例局评价报告</h1><div class="subtitle">（2023年度）</div>', perfkit=about),
            new_markdown_cell("## 一、部门概况\n\n### （一）机构设置"),
            html(f'<p class="filed">{PARAGRAPH}</p>' * 14),
            html(f'<p class="filed">{escaped(HOSTILE)}</p>'),
            new_markdown_cell("## 二、项目"),
            html(project),
            chart(charts.parts(bars)),
            chart(charts.execution(bars)),
            new_markdown_cell("## 三、附件"),
            html(sheet()),
            html('<div class="colophon"><p>版本<!--template-->记录</p></div>', perfkit={}),
            new_markdown_cell("## 审核意见", metadata={"tags": ["review"]}),
            new_code_cell(
                "report.review()",
                metadata={"tags": ["review"]},
                outputs=[new_output("display_data", data={"text/html": "<p>仅供审核</p>"})],
            ),
        ]
    )


@pytest.fixture(scope="module")
def pdf():
    exporter = PdfReport(bundled_fonts=True)
    return exporter.from_notebook_node(notebook())[0]


@pytest.fixture(scope="module")
def pages(pdf):
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        yield document.pages


@pytest.fixture(scope="module")
def outline(pdf):
    def titles(items):
        for item in items:
            if isinstance(item, list):
                yield from titles(item)
            else:
                yield item.title

    return list(titles(pypdf.PdfReader(io.BytesIO(pdf)).outline))


@pytest.fixture(scope="module")
def word():
    return DocxReport(bundled_fonts=True).from_notebook_node(notebook())[0]


@pytest.fixture(scope="module")
def document(word):
    return docx.Document(io.BytesIO(word))


@pytest.fixture(scope="module")
def page():
    return HtmlReport().from_notebook_node(notebook())[0]


def lines(page):
    """The lines of a page's body, top down, without its number."""
    body = [char for char in page.chars if char["bottom"] < page.height - 35 / 25.4 * 72 + 1]
    rows = {}
    for char in body:
        rows.setdefault(round(char["bottom"]), []).append(char)
    return [sorted(row, key=lambda char: char["x0"]) for _, row in sorted(rows.items())]


def text(row):
    return "".join(char["text"] for char in row).strip()


def test_portrait_pages_are_a4(pages):
    assert (round(pages[0].width), round(pages[0].height)) == A4


def test_a_page_of_text_has_22_lines_of_at_most_28_characters(pages):
    body = lines(pages[1])
    assert len(body) == 22
    assert max(len(text(row)) for row in body) <= 30  # end punctuation may be compressed
    assert all(row[-1]["x1"] <= pages[1].width - 26 / 25.4 * 72 + 8 for row in body)


def test_the_lines_stand_29_points_apart(pages):
    bottoms = [row[0]["bottom"] for row in lines(pages[1])]
    assert {round(b - a, 1) for a, b in itertools.pairwise(bottoms)} == {29.0}


def test_the_type_area_begins_28_mm_from_the_left(pages):
    left = min(char["x0"] for row in lines(pages[1]) for char in row)
    assert round(left / 72 * 25.4) == 28


def test_no_line_begins_with_closing_punctuation(pages):
    begun = [text(row)[0] for page in pages[:2] for row in lines(page) if text(row)]
    assert not set(begun) & set("。，、；：？！）》」")


def test_a_blank_line_stands_between_the_title_and_the_text(pages):
    bottom = {text(row): row[0]["bottom"] for row in lines(pages[0])}
    assert round(bottom["一、部门概况"] - bottom["（2023年度）"]) == 2 * 29


def test_the_second_line_of_a_heading_begins_at_the_margin(pages):
    rows = [row for page in pages for row in lines(page)]
    first = next(i for i, row in enumerate(rows) if LONG_NAME.startswith(text(row)))
    indents = [round((row[0]["x0"] / 72 * 25.4 - 28) / 5.55) for row in rows[first : first + 2]]
    assert LONG_NAME.endswith(text(rows[first + 1]))
    assert indents == [2, 0]


def test_no_row_of_the_sheet_is_broken(pages):
    turned = [page.extract_text().replace("\n", "") for page in pages if page.width > page.height]
    ends = [page.count("有效使用。") for page in turned]
    beginnings = [page.count("为检验版心") for page in turned]
    assert ends == beginnings
    assert sum(ends) == 30


def test_the_height_of_a_merged_cell_is_shared_among_its_rows():
    rows = "".join(
        f"<tr><td>第{i}行</td>{f'<td rowspan=4>{PARAGRAPH * 2}</td>' if i == 1 else ''}</tr>"
        for i in range(1, 5)
    )
    table = (
        '<table class="data"><colgroup><col style="width: 50%"><col style="width: 50%"></colgroup>'
        f"<thead><tr><th>行</th><th>说明</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    content = PdfReport(bundled_fonts=True).from_notebook_node(new_notebook(cells=[html(table)]))[0]
    with pdfplumber.open(io.BytesIO(content)) as made:
        middles = [w["top"] for w in made.pages[0].extract_words() if re.match("第.行", w["text"])]
    steps = [after - before for before, after in itertools.pairwise(middles)]
    assert len(steps) == 3
    assert max(steps) < 1.2 * min(steps)


def number_of(page):
    found = [c for c in page.chars if c["text"] == "—" and round(c["size"]) == 14]
    return min(char["x0"] for char in found)


def test_page_numbers_stand_right_on_odd_pages_and_left_on_even_ones(pages):
    assert number_of(pages[0]) > pages[0].width / 2
    assert number_of(pages[1]) < pages[1].width / 2


def test_the_sheet_is_on_turned_pages(pages):
    turned = [page for page in pages if page.width > page.height]
    assert len(turned) >= 2
    assert all("三级指标" in page.extract_text() for page in turned)


def test_on_turned_pages_the_number_stands_beside_the_left_edge(pages):
    turned = [page for page in pages if page.width > page.height]
    numbers = [
        c
        for page in turned
        for c in page.chars
        if c["text"] == "—" and c["x0"] < 28 / 25.4 * 72 + 20
    ]
    assert len(numbers) >= 2 * len(turned)


def test_all_fonts_are_embedded(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    fonts = [
        font.get_object()
        for page in reader.pages
        for font in page["/Resources"].get("/Font", {}).values()
    ]
    assert fonts
    for font in fonts:
        below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        descriptor = below["/FontDescriptor"]
        assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_it_is_archivable_and_tagged(pdf):
    catalog = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    metadata = catalog["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part>2<", metadata)
    assert re.search(r"pdfaid:conformance>A<", metadata)
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"].startswith("zh")


def test_bookmarks_are_the_headings(outline):
    assert outline == [
        "示例局评价报告", "一、部门概况", "（一）机构设置", "二、项目", "1.项目甲", LONG_NAME, "三、附件",
    ]  # fmt: skip


def test_pdf_metadata_are_the_reports(pdf):
    found = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert found.title == "示例局评价报告"
    assert found.creation_date.date().isoformat() == "2024-03-15"


def test_hostile_text_is_text_in_the_pdf(pages):
    text = "".join(page.extract_text() for page in pages).replace("\n", "").replace(" ", "")
    assert HOSTILE.replace(" ", "") in text


def test_what_is_for_review_stays_on_the_page(page, pages, document):
    assert "仅供审核" in page
    assert not any("仅供审核" in one.extract_text() for one in pages)
    assert not any("仅供审核" in one.text for one in document.paragraphs)


def test_the_colophon_names_the_template_in_all_formats(page, pages, document):
    digest = template_digest(notebook())
    assert digest in page
    assert digest in "".join(one.extract_text() for one in pages).replace("\n", "")
    assert any(digest in one.text for one in document.paragraphs)


def test_the_templates_digest_is_the_same_whatever_the_parameters():
    one, other = notebook(), notebook()
    for book, name in ((one, "a"), (other, "b")):
        cell = new_code_cell(f"department = '{name}'", metadata={"tags": ["injected-parameters"]})
        book.cells.insert(0, cell)
    assert template_digest(one) == template_digest(other)
    other.cells[2].source = "## 一、概况"
    assert template_digest(one) != template_digest(other)


def test_word_has_the_page_form(document):
    first = document.sections[0]
    assert [round(side.mm) for side in (first.top_margin, first.bottom_margin)] == [37, 35]
    assert [round(side.mm) for side in (first.left_margin, first.right_margin)] == [28, 26]
    assert document.styles["Body Text"].paragraph_format.line_spacing.pt == 29
    fonts = document.styles["Body Text"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "仿宋"


def test_word_turns_the_sheet_and_ends_there(document):
    orientations = [section.orientation for section in document.sections]
    assert orientations == [WD_ORIENTATION.PORTRAIT, WD_ORIENTATION.LANDSCAPE]


def test_word_repeats_the_tables_header(document):
    rows = document.tables[-1]._tbl.tr_lst
    assert [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows[:2]] == [
        True, False,
    ]  # fmt: skip


def test_word_sets_a_projects_name_in_bold_fangsong_and_its_text_as_text(document):
    at = next(i for i, p in enumerate(document.paragraphs) if p.text == "1.项目甲")
    item, after = (document.paragraphs[i].style for i in (at, at + 1))
    assert item.font.bold
    assert item.element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    assert after.name in ("First Paragraph", "Body Text")


def test_a_projects_name_is_in_words_outline(document):
    style = document.styles["Item"].element
    assert style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}").get(qn("w:val")) == "2"


# ECMA-376, part 1, 17.4.59: the children of tblPr in their sequence.
TABLE_PROPERTIES = [
    "tblStyle", "tblpPr", "tblOverlap", "bidiVisual", "tblStyleRowBandSize",
    "tblStyleColBandSize", "tblW", "jc", "tblCellSpacing", "tblInd", "tblBorders", "shd",
    "tblLayout", "tblCellMar", "tblLook", "tblCaption", "tblDescription",
]  # fmt: skip


def test_the_properties_of_words_tables_stand_in_the_schemas_order(document):
    for table in document.tables:
        order = [TABLE_PROPERTIES.index(one.tag.split("}")[1]) for one in table._tbl.tblPr]
        assert order == sorted(order)


def test_an_empty_notebook_gives_an_empty_word_document():
    assert docx.Document(io.BytesIO(DocxReport().from_notebook_node(new_notebook())[0]))


def test_word_centres_the_tables_header(document):
    cells = document.tables[-1].rows[0].cells
    assert {cell.paragraphs[0].alignment for cell in cells} == {WD_ALIGN_PARAGRAPH.CENTER}


def test_word_breaks_no_row_that_fits_a_page(document):
    rows = document.tables[-1]._tbl.tr_lst
    assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)


def test_words_merged_cells_are_parted_and_each_part_stays_on_one_page(document):
    rows = [row.cells for row in document.tables[-1].rows[1:]]
    parts = [list(group) for _, group in groupby(rows, key=lambda cells: cells[0]._tc)]
    assert 1 < len(parts) < len(rows)
    for part in parts:
        assert part[0][0].text == "一级"
        kept = [
            all(p.paragraph_format.keep_with_next for cell in cells[1:] for p in cell.paragraphs)
            for cells in part
        ]
        assert kept == [True] * (len(part) - 1) + [False]


def test_a_long_text_in_a_merged_cell_of_word_begins_at_its_top():
    """LibreOffice cuts one in the middle off where a page ends; the parts go by their own cells."""
    rows = "".join(
        f"<tr>{f'<th rowspan=3>组</th><td rowspan=3>{PARAGRAPH}</td>' if i == 0 else ''}<td>{i}</td></tr>"
        for i in range(3)
    )
    table = f"<table><thead><tr><th>甲</th><th>乙</th><th>丙</th></tr></thead><tbody>{rows}</tbody></table>"
    made = DocxReport().from_notebook_node(new_notebook(cells=[html(table)]))[0]
    rows = docx.Document(io.BytesIO(made)).tables[0]._tbl.tr_lst[1:]
    aligned = [[one.get(qn("w:val")) for one in row.iter(qn("w:vAlign"))] for row in rows]
    assert aligned == [["center", "top", "center"], *[["top", "top", "center"]] * 2]


def test_word_numbers_its_pages_on_both_sides(document):
    first = document.sections[0]
    for footer in (first.footer, first.even_page_footer):
        assert "PAGE" in footer._element.xml
    assert document.settings.odd_and_even_pages_header_footer


def test_pictures_in_word_have_alternative_text(document):
    shown = [element.get("descr") for element in document.element.body.iter(qn("wp:docPr"))]
    assert len(shown) == 2
    assert all(alt.startswith("条形图：") for alt in shown)


def test_hostile_text_is_text_in_word(document):
    assert any(HOSTILE in paragraph.text for paragraph in document.paragraphs)


def test_words_properties_are_the_reports(document):
    properties = document.core_properties
    assert (properties.title, properties.author) == ("示例局评价报告", "示例局")
    assert properties.created.date().isoformat() == "2024-03-15"


def test_word_carries_no_clock(word):
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_loads_nothing(page):
    loaded = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"|url\((?!["\']?(?:data:|#))', page)
    assert loaded == []
    assert page.count("<script>") == 1, "the review view"


def test_a_copy_for_publication_has_neither_script_nor_review():
    report = notebook()
    figure = '<p data-block="a" data-field="b c">得<span data-of="total">99</span>分<span data-checked="right">1个</span></p>'
    report.cells.append(html(figure))
    page = HtmlReport(review=False).from_notebook_node(report)[0]
    assert "<p>得99分1个</p>" in page
    for part in ("<script", "data-block", "data-of", "data-checked", "审核意见"):
        assert part not in page, part


def test_the_page_is_in_chinese_with_one_title(page):
    assert '<html lang="zh-CN">' in page
    assert "<title>示例局评价报告</title>" in page
    assert page.count("<h1>") == 1


def test_a_notebook_of_another_kind_is_exported_too():
    other = new_notebook(cells=[new_markdown_cell("## 说明"), new_markdown_cell("正文")])
    resources = {"metadata": {"name": "其他"}}
    assert "<title>其他</title>" in HtmlReport().from_notebook_node(other, resources)[0]
    found = PdfReport(bundled_fonts=True).from_notebook_node(other, resources)[0]
    assert pypdf.PdfReader(io.BytesIO(found)).metadata.title == "其他"
    assert DocxReport().from_notebook_node(other, resources)[0][:2] == b"PK"


def exports(*cells):
    """The cells as page, PDF and Word document."""
    book = new_notebook(cells=list(cells))
    made = [kind().from_notebook_node(book)[0] for kind in (HtmlReport, PdfReport, DocxReport)]
    return made[0], pypdf.PdfReader(io.BytesIO(made[1])), docx.Document(io.BytesIO(made[2]))


@pytest.mark.parametrize("way", ["output", "attachment", "html"])
def test_a_picture_in_the_notebook_is_shown_in_all_formats(way):
    if way == "output":
        data = {"image/png": PIXEL, "text/plain": "图"}
        cell = new_code_cell("", outputs=[new_output("display_data", data=data)])
    elif way == "attachment":
        cell = new_markdown_cell("![点](attachment:a.png)")
        cell.attachments = {"a.png": {"image/png": PIXEL}}
    else:
        cell = html(f"<p><img src='data:image/png;base64,{PIXEL}'></p>")
    page, pdf, word = exports(cell, new_markdown_cell("后文"))
    assert f"data:image/png;base64,{PIXEL}" in page
    assert len(pdf.pages[0].images) == 1
    assert len(word.inline_shapes) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.png", "missing.png", "//host/a.png"])
def test_a_picture_that_is_elsewhere_is_not_fetched_but_told_in_words(address):
    page, pdf, word = exports(new_markdown_cell(f"见 ![示意图]({address}) 所示"))
    assert f'src="{address}' not in page
    assert "〔图“示意图”没有印出〕" in page
    assert "没有印出的内容" in page, "what is lost is listed for the reviewer"
    assert "示意图" in pdf.pages[0].extract_text()
    assert "示意图" in word.paragraphs[0].text


def test_a_link_within_the_notebook_is_text_in_the_pdf():
    _, pdf, _ = exports(new_markdown_cell("见[附件](#attachment)。"))
    assert "见附件。" in pdf.pages[0].extract_text()


def test_a_line_break_between_chinese_characters_is_no_space():
    page, pdf, word = exports(new_markdown_cell("前一行，\n后一行“引文”\n再一行"))
    joined = "前一行，后一行“引文”再一行"
    assert joined in page
    assert joined in pdf.pages[0].extract_text()
    assert word.paragraphs[0].text == joined


def test_lines_of_printed_output_stay_lines():
    output = new_output("stream", name="stdout", text="第一行\n第二行\n")
    page, pdf, _ = exports(new_code_cell("", outputs=[output]))
    assert "第一行\n第二行" in page
    assert "第一行\n第二行" in pdf.pages[0].extract_text()


def test_a_drawings_ids_are_its_own_and_its_text_is_left_alone():
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        '<path id="a" clip-path="url(#b)"/><text>id="a" url(#b)</text></svg>'
    )
    data = {"image/svg+xml": drawing, "text/plain": "图"}
    cells = [new_code_cell("", outputs=[new_output("display_data", data=data)]) for _ in range(2)]
    page = HtmlReport().from_notebook_node(new_notebook(cells=cells))[0]
    assert re.findall(r'<path id="(\S+)" clip-path="url\(#(\S+)\)"', page) == [
        ("drawing-1-a", "drawing-1-b"), ("drawing-2-a", "drawing-2-b"),
    ]  # fmt: skip
    assert page.count('<text>id="a" url(#b)</text>') == 2


def test_a_tables_caption_names_its_region_as_text():
    cell = html('<table><caption>甲 "乙" <b>&lt;丙&gt;</b></caption><tr><td>1</td></tr></table>')
    page = HtmlReport().from_notebook_node(new_notebook(cells=[cell]))[0]
    region = lxml.html.fromstring(page).find(".//div[@role='region']")
    assert region.get("aria-label") == '甲 "乙" <丙>'


def test_a_title_cannot_take_the_place_of_the_font():
    about = {"title": "/*font*/", "department": "", "year": 2023, "date": None}
    page = HtmlReport().from_notebook_node(new_notebook(cells=[html("文", perfkit=about)]))[0]
    assert "<title>/*font*/</title>" in page


def test_tags_hide_cells_and_outputs():
    book = notebook()
    book.cells[2].metadata["tags"] = ["remove-output"]
    book.cells[1].metadata["tags"] = ["remove-cell"]
    page = HtmlReport().from_notebook_node(book)[0]
    assert "（一）机构设置" not in page
    assert page.count(PARAGRAPH) < 40


EXPORT = """
import hashlib, sys, nbformat
from perfkit.publish.exporters import DocxReport, HtmlReport, PdfReport
book = nbformat.read(sys.argv[1], 4)
for exporter in (HtmlReport, PdfReport, DocxReport):
    content = exporter().from_notebook_node(book)[0]
    content = content.encode() if isinstance(content, str) else content
    print(hashlib.sha256(content).hexdigest())
"""


def test_the_bytes_depend_neither_on_folder_nor_time_zone_nor_process(tmp_path):
    file = tmp_path / "report.ipynb"
    nbformat.write(notebook(), file)
    digests = {
        subprocess.run(
            [sys.executable, "-c", EXPORT, str(file)],
            cwd=folder, env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True,
        ).stdout
        for folder, zone in ((tmp_path, "Asia/Shanghai"), (Path.cwd(), "America/New_York"))
    }  # fmt: skip
    assert len(digests) == 1
