"""What a section chief (处长) signs: figures said once and in two places, full pages, no machinery."""

import io
import re
from pathlib import Path

import docx
import nbformat
import pdfplumber
import pypdf
import pytest
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_output

from perfkit.publish.exporters import DocxReport, HtmlReport, PdfReport
from perfkit.publish.typesetting import typeset
from perfkit.report import open_report
from perfkit.report.sentences import ROUNDED

ROOT = Path(__file__).parent.parent
PARAMS = sorted((ROOT / "params").glob("*.yaml"))
MM = 72 / 25.4


def text_of(html):
    return re.sub("<[^>]*>", "", html)


def derived(html):
    """The generated sentences by the name of their block."""
    found = re.findall(r'<p class="derived" data-block="([^"]*)"[^>]*>(.*?)</p>', html)
    return {name: text_of(sentence) for name, sentence in found}


def executed(path):
    """The template with the report's outputs, as a kernel would leave it."""
    report = open_report(path)
    notebook = nbformat.read(ROOT / "notebooks" / "report.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.id == "parameters":
            cell.source = f'department = "{Path(path).name}"'
        call = re.search(r"^report\.(\w+)\(\)$", cell.source, re.MULTILINE)
        shown = getattr(report, call[1])() if cell.cell_type == "code" and call else None
        if shown is not None:
            data, metadata = shown._repr_mimebundle_()
            cell.outputs = [new_output("execute_result", data=data, metadata=metadata)]
    return notebook


# ---- figures are said once

WHOLE = "预算40.00万元，支出38.00万元，预算执行率95%。"

# What a project of 40 万元 with 38 spent says itself, and what is generated beside it.
OWN = {
    "甲已完成": WHOLE,
    "预算40万元，支出38万元，执行率95%。": "",
    "预算400000元、支出38.00万元、执行率95.00%。办了三场培训。": "",
    "办了培训，支出38万元，执行率95%。": WHOLE,  # no budget
    "预算40万元，支出38万元。": WHOLE,
    "预算40万元，支出39万元，执行率95%。": WHOLE,
    "预算40万元，支出38万元，执行率95%，其中支出39万元用于培训，执行率94%。": WHOLE,
    "预算约40万元，支出38万元，执行率95%。": WHOLE,
    "预算不超过40万元，支出38万元，执行率95%。": WHOLE,
    "2022年预算40万元，支出38万元，执行率95%。": WHOLE,
    "预算41万元，支出38万元，执行率92.68%。": WHOLE,
}


@pytest.mark.parametrize("own", OWN)
def test_the_figures_of_a_project_are_said_once(complete, own):
    report = open_report(complete({"projects/0/narrative": own}))
    assert derived(report.projects().html).get("projects.0.figures", "") == OWN[own]
    assert own in text_of(report.projects().html)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["预算40万元", "支出38万元", "执行率95%", "支出37万元", "执行率90%", "预算38万元"]), max_size=6))  # fmt: skip
def test_a_generated_sentence_goes_only_where_all_is_said_and_nothing_wrongly(complete, clauses):
    report = open_report(complete({"projects/0/narrative": "，".join(clauses) + "。"}))
    gone = "projects.0.figures" not in derived(report.projects().html)
    assert not gone or set(clauses) == {"预算40万元", "支出38万元", "执行率95%"}


def test_a_rate_that_is_less_exact_than_the_printed_one_leaves_the_sentence(complete):
    changes = {"projects/0/budget": "41", "projects/0/rate": None}
    own = "预算41万元，支出38万元，执行率{}。"
    for rate, gone in (("92.68%", True), ("92.7%", False), ("93%", False)):
        report = open_report(complete(changes | {"projects/0/narrative": own.format(rate)}))
        assert ("projects.0.figures" not in derived(report.projects().html)) == gone, rate


def test_what_nothing_else_says_of_a_project_stays(complete):
    own = "预算40万元，支出38万元，执行率95%。"
    changes = {
        "projects/0/narrative": own,
        "projects/0/evaluation": "部门评价",
        "projects/0/score": "93.5",
        "projects/0/starts": "2023-03-04",
        "projects/0/ends": "2023-11-29",
    }
    sentences = derived(open_report(complete(changes)).projects().html)
    assert sentences["projects.0.figures"] == (
        "部门评价项目。实施期限2023年3月4日至2023年11月29日。评价得分93.5分。"
    )
    assert "均为" not in sentences["projects.sums"]
    own += "评价得分93.5分。"
    sentences = derived(
        open_report(complete(changes | {"projects/0/narrative": own})).projects().html
    )
    assert sentences["projects.0.figures"].endswith("29日。")


def test_one_way_of_evaluation_is_said_once(complete):
    sentences = derived(open_report(complete()).projects().html)
    assert sentences["projects.sums"].startswith(
        "本年度列出项目2个，均为单位自评项目，预算合计60.00万元"
    )
    assert "单位自评" not in sentences["projects.0.figures"]


def test_a_derived_spending_is_always_told(complete):
    own = "预算40万元，支出38万元，执行率95%。"
    changes = {"projects/0/spent": None, "projects/0/narrative": own}
    sentence = derived(open_report(complete(changes)).projects().html)["projects.0.figures"]
    assert sentence == "预算40.00万元，支出数未填，按所填预算执行率95%推算为38.00万元。"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("全年预算数200万元，支出195万元，执行率97.5%。", False),
        ("全年预算数200万元，全年支出195万元，执行率97.4%。", True),
        ("全年预算数200万元，支出195万元。", True),
        ("项目支出预算60万元，支出57万元，执行率95%。", True),
        ("", True),
    ],
)
def test_the_sentence_on_all_funds_steps_back_too(complete, own, said):
    page = open_report(complete({"narrative/execution": own})).execution().html
    assert ("execution" in derived(page)) == said
    assert "97.5%" in page, "the table has the figures"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("自评得分99.5分，等级优秀。", False),
        ("自评99.5分，为优秀。", False),
        ("自评得分99.5分。", True),
        ("自评得分99.5分，等级良好，争取优秀。", True),
        ("自评得分99.6分，等级优秀。", True),
        ("", True),
    ],
)
def test_the_claim_is_said_once(complete, own, said):
    page = open_report(complete({"narrative/result": own})).result().html
    assert ("部门自评99.5分，等级优秀。" in text_of(page)) == said


def test_what_surrounds_the_budget_is_in_the_text(complete):
    report = open_report(complete({"narrative/execution": "年末结转结余总额5万元。"}))
    assert derived(report.execution().html)["execution.surroundings"] == (
        "年初预算数190.00万元，上年结转结余率取自2022年度部门决算。"
    )


# ---- sums of printed amounts

ODD = {
    "budget/basic": {"budget": "100.004", "spent": "98"},
    "budget/project": {"budget": "60.004", "spent": "57"},
    "budget/total": {"budget": "200.008", "spent": "195"},
}


def test_a_sum_that_rounding_makes_look_wrong_has_a_note(complete):
    page = open_report(complete(ODD)).execution().html
    assert "200.01" in page  # 100.00 + 60.00 + 40.00
    assert ROUNDED in page
    assert ROUNDED not in open_report(complete()).execution().html


def test_a_sum_that_is_wrong_has_none(complete):
    wrong = ODD | {"budget/total": {"budget": "200.018", "spent": "195"}}
    assert ROUNDED not in open_report(complete(wrong)).execution().html


def test_projects_whose_printed_amounts_do_not_add_up_have_a_note(complete):
    odd = {f"projects/{i}/budget": f"{40 - 20 * i}.004" for i in (0, 1)}
    page = open_report(complete(odd)).projects().html
    assert "60.01万元" in text_of(page)
    assert ROUNDED in page


# ---- many projects of few words


def many(texts, **more):
    return [
        {"name": f"项目{i}", "budget": "10", "spent": "9.5", "narrative": text} | more
        for i, text in enumerate(texts, 1)
    ]


LONG = "这个项目做的事情很多，" * 6
SEVERAL = "第一段。\n第二段。"


@pytest.mark.parametrize(
    ("texts", "table"),
    [
        (["做完了"] * 4, True),
        (["做完了"] * 3, False),
        ([""] * 4, True),
        (["做完了"] * 4 + [LONG] * 3, True),
        (["做完了"] * 4 + [LONG] * 4, False),
        ([SEVERAL] * 9, False),
    ],
)
def test_whether_projects_stand_in_a_table(complete, texts, table):
    page = open_report(complete({"projects": many(texts)})).projects().html
    assert ("项目执行情况（单位：万元）" in page) == table
    rows = len(re.findall('<tr data-block="projects', page))
    assert rows == (len(texts) if table else 0)


def test_a_mixed_report_has_all_in_the_table_and_the_long_texts_after_it(complete):
    page = (
        open_report(complete({"projects": many(["甲", LONG, "丙", "丁", "", SEVERAL])}))
        .projects()
        .html
    )
    rows = [text_of(row) for row in re.findall('<tr data-block="projects.*?</tr>', page, re.DOTALL)]
    assert rows[0] == "1项目1单位自评10.009.5095%甲"
    assert rows[1].endswith("见表后第2项")
    assert rows[4].endswith("95%—")
    assert re.findall("<h3[^>]*>(.*?)</h3>", page) == ["2.项目2", "6.项目6"]
    assert [*derived(page)] == ["projects.sums", "projects.goals"], "their figures are in the table"
    assert page.count(LONG) == 1
    for text in ("第一段。", "第二段。"):
        assert page.count(text) == 1


def test_a_row_is_marked_for_the_review_as_the_paragraph_was(complete):
    texts = ["预算10万元，支出9万元。", "乙", "丙", "丁"]
    page = open_report(complete({"projects": many(texts)})).projects().html
    row = re.search('<tr data-block="projects.0.figures" data-field="projects.0">.*?</tr>', page)[0]
    assert '<span data-checked="wrong">9万元</span>' in row
    assert '<span data-of="projects.0.rate">95%</span>' in row


def test_the_table_tells_term_score_and_what_was_derived(complete):
    more = {"score": "93.5", "starts": "2023-03-04", "rate": "95%", "spent": None}
    page = open_report(complete({"projects": many(["办完"] * 4, **more)})).projects().html
    assert "评价方式及得分" in page
    row = text_of(re.search('<tr data-block="projects.0.*?</tr>', page)[0])
    assert row == (
        "1项目1单位自评93.5分10.009.5095%2023年3月4日开始。支出数未填，按所填预算执行率95%推算。办完"
    )


# ---- pages


# Every third, the model and the longest among them: each is typeset whole.
@pytest.fixture(scope="module", params=PARAMS[::3], ids=lambda path: path.stem)
def made(request):
    """A department's report as PDF and Word."""
    notebook = executed(request.param)
    document, _ = PdfReport(bundled_fonts=True).document(notebook, {})
    found, lost = typeset(document, ["pdf", "docx"])
    assert lost == []
    return found["pdf"], docx.Document(io.BytesIO(found["docx"]))


def filled(page):
    """How far down the type area of an upright page its text and drawings reach, from 0 to 1."""
    top, bottom = 37 * MM, page.height - 35 * MM
    marks = [char for char in page.chars if char["text"].strip()]
    marks += [*page.rects, *page.curves, *page.lines, *page.images]
    return (max(m["bottom"] for m in marks if m["bottom"] <= bottom + 2) - top) / (bottom - top)


def test_no_page_but_the_last_before_the_sheet_is_left_half_empty(made):
    with pdfplumber.open(io.BytesIO(made[0])) as document:
        upright = [page for page in document.pages if page.height > page.width]
        assert [p.page_number for p in upright[:-1] if filled(p) < 0.6] == []


def test_no_line_of_text_is_one_sign_and_no_heading_ends_a_page(made):
    with pdfplumber.open(io.BytesIO(made[0])) as document:
        for page in document.pages:
            if page.height < page.width:
                continue
            lines = [
                one for one in page.extract_text_lines() if one["bottom"] < page.height - 35 * MM
            ]
            large = [
                re.sub("[，。；：！？、）”]", "", one["text"])
                for one in lines
                if one["chars"][0]["size"] > 15
            ]
            assert [text for text in large if len(text) < 2] == []
            assert not re.match(r"[一二三四五六七]、|（[一二三]）", lines[-1]["text"])


def test_no_chart_in_word_is_higher_in_one_piece_than_a_page_may_be_left_empty(made):
    pictures = list(made[1].element.body.iter(qn("wp:inline")))
    assert pictures
    assert all(int(one.extent.get("cy")) <= 90 * 36000 for one in pictures)


def test_a_chart_is_cut_for_word_between_its_rows_and_stays_with_its_caption(model):
    word = DocxReport(bundled_fonts=True).from_notebook_node(executed(model))[0]
    paragraphs = docx.Document(io.BytesIO(word)).paragraphs
    styles = [p.style.name for p in paragraphs]
    begun = [i for i, style in enumerate(styles) if style == "Chart Begun"]
    assert len(begun) == 2, "项目预算与支出, 项目预算执行率"
    for i in begun:
        end = styles.index("Chart Ended", i)
        assert set(styles[i + 1 : end]) <= {"Chart Piece"}
        assert styles[end + 1] == "Image Caption"
        assert paragraphs[end].style.paragraph_format.keep_with_next
        said = [
            one.get("descr") for p in paragraphs[i : end + 1] for one in p._p.iter(qn("wp:docPr"))
        ]
        assert said[0].startswith("条形图：")
        assert set(said[1:]) == {"（接上图）"}


def test_the_paper_ends_with_the_sheet_and_has_no_machinery(made):
    pdf, word = made
    pages = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    cells = "".join(c.text for table in word.tables for row in table.rows for c in row.cells)
    for text in (pages, "".join(p.text for p in word.paragraphs) + cells):
        assert "指标体系评分表" in text
        for machinery in ("得分推导", "SHA-256", "第 12 行", "yaml", "perfkit", "execution"):
            assert machinery not in text.replace("\n", ""), machinery
    assert "评分标准：" in word.tables[-1].rows[-1].cells[0].text, "the basis of the sheet is last"


def test_what_it_was_made_from_is_in_the_files_and_in_the_review(model):
    report, notebook = open_report(model), executed(model)
    digest = report.department.source.sha256
    pdf = PdfReport(bundled_fonts=True).from_notebook_node(notebook)[0]
    word = docx.Document(io.BytesIO(DocxReport().from_notebook_node(notebook)[0]))
    page = HtmlReport().from_notebook_node(notebook)[0]
    published = HtmlReport(review=False).from_notebook_node(notebook)[0]
    about = [pypdf.PdfReader(io.BytesIO(pdf)).metadata.subject, word.core_properties.comments]
    about += re.findall('<meta name="description" content="(.*?)">', page + published)
    assert len(about) == 4
    for text in about:
        for part in (digest, "beijing-2023", "perfkit", "模板 SHA-256"):
            assert part in text
    assert "SHA-256" in page.partition('<div class="colophon">')[2]
    assert '<div class="colophon">' not in published
    assert "得分推导" in page
    assert "得分推导" not in published


def test_the_derivations_become_an_annex_when_their_tag_is_gone(model):
    notebook = executed(model)
    for cell in notebook.cells:
        if cell.id.startswith("derivations"):
            cell.metadata.tags = []
    pdf = PdfReport(bundled_fonts=True).from_notebook_node(notebook)[0]
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    last = [page.extract_text() for page in pages][-1]
    assert "依据及出处" in last
    assert pages[-1].mediabox.width > pages[-1].mediabox.height
