"""评分表: its columns, how wide they are, and how its tables stand on pages."""

import io
import re

import docx
import pdfplumber
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from perfkit.publish.exporters import DocxReport, PdfReport
from perfkit.report.display import render
from perfkit.report.sheet import MARGIN, SIGNS, Row, Table, column_widths, score_sheet
from perfkit.scoring.cells import SCORED, Cell
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score


def sheet_of(department):
    return score_sheet(score(*read_department(f"params/{department}.yaml")))


def scored(department, of):
    """分值, 自评得分, 核定得分 and 偏差原因 of the row that is about a figure."""
    rows = (row for table in sheet_of(department) for row in table.rows)
    row = next(row for row in rows if row.of == of)
    at = max(i for i, cell in enumerate(row.cells) if cell.of == of)
    return [(cell.text, cell.note) for cell in row.cells[at - 2 : at + 2]]


@pytest.mark.parametrize(
    ("department", "of", "shown"),
    [
        # The department claimed 19; the rule gives 19.98.
        ("fengtai-finance-2023", "budget.total.rate", None),
        # A person awarded 4 where the rule gives 0: both stand in the column.
        (
            "shili-emergency-2023",
            "carryover",
            [("4", ""), ("4", ""), ("4", "按规则0"), ("上级资金12月下达", "")],
        ),
        # What the department wrote on why it missed the target.
        (
            "shili-education-2023",
            "output.4",
            [("7", ""), ("—", ""), ("6.59", ""), ("17所中16所在9月1日前完工", "")],
        ),
        # It wrote nothing: what the rule says.
        ("shili-education-2023", "effect.3", [("5", ""), ("—", ""), ("4.5", ""), ("得分率90%", "")]),
        # An answer that was not the good one.
        (
            "shili-emergency-2023",
            "assets",
            [("4", ""), ("—", ""), ("3.2", ""), ("不合格：其他资产管理制度", "")],
        ),
        # Nothing to say of a kept target.
        ("shili-education-2023", "output.1", [("4", ""), ("—", ""), ("4", ""), ("", "")]),
        # 待定 says why.
        (
            "shili-veterans-2023",
            "output.1",
            [("5", ""), ("—", ""), ("待定", ""), ("指标值为0，不能按比率计分", "")],
        ),
        ("shili-veterans-2023", "output", [("30", ""), ("—", ""), ("13", "17分待定"), ("", "")]),
        ("shili-veterans-2023", "total", [("100", ""), ("96", ""), ("50.55", "49分待定"), ("评价等级：待定", "")]),
    ],
)  # fmt: skip
def test_claim_award_and_cause_stand_side_by_side(department, of, shown):
    if shown is None:  # the row is about the rate; the score stands further right
        (row,) = (r for r in sheet_of(department)[0].rows if r.of == of)
        assert [cell.text for cell in row.cells[5:9]] == [
            "20", "19", "19.98", "预算执行率 99.88%，未达到100%，扣0.02分"
        ]  # fmt: skip
        return
    *figures, (cause, _) = scored(department, of)
    assert figures == shown[:3]
    assert cause.startswith(shown[3][0])
    assert bool(cause) == bool(shown[3][0])


@pytest.mark.parametrize("department", ["fengtai-finance-2023", "shili-veterans-2023"])
def test_every_row_fills_all_columns(department):
    for table in sheet_of(department):
        assert list(table.columns[-len(SCORED) :]) == list(SCORED)
        covered = [0] * len(table.rows)
        for r, row in enumerate(table.rows):
            for cell in row.cells:
                for below in range(r, r + cell.rows):
                    covered[below] += cell.columns
        assert covered == [len(table.columns)] * len(table.rows)


texts = st.lists(st.sampled_from("预算绩效评价得分0123456789.，。"), max_size=60).map("".join)


@settings(deadline=None)
@given(st.lists(st.lists(texts, min_size=6, max_size=6), min_size=1, max_size=6))
def test_columns_fill_the_page_and_hold_their_figures(rows):
    widths = column_widths(["列"] * 6, [[Cell(text) for text in row] for row in rows])
    if sum(widths) > 100:
        return  # more than a page can hold: its figures are broken
    assert sum(widths) == 100
    for c, width in enumerate(widths):
        figures = [word for row in rows for word in re.findall(r"[!-~]+", row[c])]
        longest = max((len(word) / 2 for word in figures), default=0)
        assert width * SIGNS / 100 >= longest + MARGIN or not figures


def printed(rows, exporter=PdfReport):
    """The sheet's pages of rows of cells, as PDF or Word."""
    table = Table("一、表", ["甲", "乙", "丙"], [Row(cells) for cells in rows], [20, 40, 40])
    content = render("sheet", tables=[table], title="评分表", fields={})
    about = {"perfkit": {"title": "题", "department": "局", "year": 2023, "date": None}}
    output = new_output("display_data", data={"text/html": content}, metadata=about)
    found = new_notebook(cells=[new_code_cell("", outputs=[output])])
    return exporter(bundled_fonts=True).from_notebook_node(found)[0]


def pages_of(rows):
    with pdfplumber.open(io.BytesIO(printed(rows))) as document:
        for page in document.pages:
            # 26 mm below the text, and the edge of the last cell.
            assert all(
                char["bottom"] < page.height - 26 / 25.4 * 72
                for char in page.chars
                if char["x0"] > 90
            )
            yield re.sub(r"\s", "", page.extract_text())


def test_a_group_has_its_name_on_every_page():
    rows = [[Cell(f"第{i}行"), Cell("文字" * 40)] for i in range(40)]
    rows[0].insert(0, Cell("一级名称", rows=40, kind="label"))
    pages = list(pages_of(rows))
    assert len(pages) > 2
    assert all("一级名称" in page for page in pages)
    assert all(any(f"第{i}行" in page for page in pages) for i in range(40))


@pytest.mark.parametrize("signs", [300, 600, 700, 800, 900, 3000])
def test_a_high_row_loses_nothing_and_stays_whole_if_a_page_holds_it(signs):
    # A sign each, none of which stands in the headings.
    text = "".join(chr(0x5200 + i) for i in range(signs)).translate(
        dict.fromkeys(map(ord, "年度部门整体绩效评价指标系分表"))
    )
    rows = [[Cell("短"), Cell("短"), Cell("短")], [Cell("高"), Cell(text), Cell("末")]] * 3
    pages = [set(page) & set(text) for page in pages_of(rows)]
    assert set().union(*pages) == set(text)
    if signs <= 600:  # 21 lines
        assert all(page in (set(), set(text)) for page in pages)


def with_total(count, last, total="合计"):
    """Rows of a group, the last as high as its text, then the total and a note."""
    rows = [[Cell(f"第{i}行"), Cell("文字")] for i in range(count)]
    rows[-1][1] = Cell(last)
    rows[0].insert(0, Cell("一级名称", rows=count, kind="label"))
    rows.append([Cell(total, kind="label"), Cell("98.5"), Cell("优秀")])
    return [*rows, [Cell("评分标准的说明" * 20, columns=3)]]


@pytest.mark.parametrize(
    ("count", "total"), [(1, "合计"), (21, "合计"), (22, "合计（加权）"), (23, "合计")]
)
def test_a_total_does_not_stand_alone_on_a_page(count, total):
    *_, last = pages_of(with_total(count, "文字", total))
    assert re.search(f"第[0-9]+行.*{total}98.5优秀.*评分标准的说明", last)


def test_a_total_below_a_row_that_fills_a_page_is_not_lost():
    pages = [*pages_of(with_total(2, "文字" * 420))]
    assert "合计98.5优秀" in pages[-1]
    assert sum(page.count("文字") for page in pages) == 421


def test_in_word_a_total_stays_with_the_row_before_it_and_the_note_below_it():
    document = docx.Document(io.BytesIO(printed(with_total(3, "文字"), DocxReport)))
    kept = [
        {p.paragraph_format.keep_with_next for cell in row.cells[1:] for p in cell.paragraphs}
        for row in document.tables[-1].rows
    ]
    assert kept[-3:] == [{True}, {True}, {None}]
