"""上年问题整改: which of last year's problems are answered, and what the chapter prints."""

import re

import pytest
from conftest import retold

from perfkit.audit.examine import examine
from perfkit.audit.narrative import verdicts
from perfkit.report import Report
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

PROBLEMS = "一是预算编制不够精细，年中调整较多。\n二是资产盘点不及时。"
FIRST = {"problem": "预算编制不够精细", "done": "制定了编制细则", "state": "已整改"}
SECOND = {"problem": "资产盘点不及时", "done": "改为每季盘点，6月底前完成", "state": "整改中"}


@pytest.fixture
def card_with(filing):
    """The scorecard of this year's filing beside one of last year, which had two problems."""

    def make(rectified, last=None):
        filing({"year": "2022", "narrative/problems": PROBLEMS} | (last or {}), "last.yaml")
        changes = {"previous": "last.yaml"} | ({"rectified": rectified} if rectified else {})
        return score(*read_department(filing(changes)))

    return make


def test_problems_of_one_paragraph_are_asked_for_each(card_with):
    """一是…；二是… in a paragraph: what answers the first says nothing of the second."""
    last = {"narrative/problems": "问题有：一是预算编制不够精细；二是资产盘点不及时。整改要加快。"}

    def told(rows):
        return [
            f.message[:30] for f in examine(card_with(rows, last)).findings
            if f.code.startswith("rectified.")
        ]  # fmt: skip

    assert told([FIRST]) == ["上年报告的问题“二是资产盘点不及时。整改要加快。”没有写整改"]
    whole = FIRST | {"problem": last["narrative/problems"]}
    assert told([whole]) == []
    card = card_with([whole], last)
    page = Report(card, examine(card)).rectified().html
    assert "问题有：一是预算编制不够精细；二是资产盘点不及时。整改要加快。" in page


def test_last_years_filing_of_another_department_is_an_error(card_with):
    def told(last):
        found = examine(card_with([FIRST, SECOND], last)).findings
        return [f.message for f in found if f.code == "previous.department"]

    assert told({}) == told({"name": "示例 局"}) == []
    assert told({"name": "示例办公室"}) == [
        "上年参数文件（previous）是“示例办公室”的，不是“示例局”的，"
        "报告里的上年数都取自它；不是更名的，请改为本部门的文件"
    ]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([FIRST, SECOND], []),
        ([SECOND, FIRST], []),
        ([FIRST], [("rectified.missing", "“二是资产盘点不及时。”没有写整改情况")]),
        (
            [],
            [
                ("rectified.missing", "“一是预算编制不够精细，年中调整较多。”"),
                ("rectified.missing", "“二是资产盘点不及时。”"),
            ],
        ),
        (
            [FIRST, SECOND | {"state": None}],
            [("rectified.state", "没有写整改状态（已整改、整改中、未整改）")],
        ),
        ([FIRST | {"done": ""}, SECOND], [("rectified.state", "没有写整改情况")]),
        (
            [FIRST, SECOND, FIRST | {"problem": "公车没有登记"}],
            [("rectified.unknown", "“公车没有登记”不在上年报告的问题里")],
        ),
        # In slightly other words.
        ([FIRST | {"problem": "预算编制不够细，年中调整较多"}, SECOND], []),
    ],
)
def test_each_problem_of_last_year_is_asked_for(card_with, rows, found):
    rows = [{key: value for key, value in row.items() if value is not None} for row in rows]
    raised = [f for f in examine(card_with(rows)).findings if f.code.startswith("rectified.")]
    assert [f.code for f in raised] == [code for code, _ in found]
    assert all(said in f.message for f, (_, said) in zip(raised, found, strict=True))


def test_what_last_year_had_not_put_right_itself_is_asked_for_again(card_with):
    left = [SECOND | {"problem": "档案没有归档"}, FIRST | {"problem": "已经办完的事"}]
    messages = [
        f.message for f in examine(card_with([FIRST, SECOND], {"rectified": left})).findings
    ]
    assert any("“档案没有归档”没有写整改情况" in message for message in messages)
    assert not any("已经办完的事" in message for message in messages)


def test_the_chapter_lists_last_years_problems_in_their_order(card_with):
    card = card_with([SECOND])
    page = Report(card, examine(card)).rectified().html
    assert "<h3>（三）上年问题整改情况</h3>" in page
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page.partition("<tbody>")[2])
    assert cells == [
        *("1", "一是预算编制不够精细，年中调整较多。", "（没有填写）", "—"),
        *("2", "二是资产盘点不及时。", "改为每季盘点，6月底前完成", "整改中"),
    ]
    assert "<h3>" not in Report(card, examine(card)).rectified_table().html


def test_without_a_last_year_there_is_no_chapter(card_of):
    card = card_of()
    assert Report(card, examine(card)).rectified() is None
    filed = card_of({"rectified": [FIRST]})
    assert "制定了编制细则" in Report(filed, examine(filed)).rectified().html


def test_tables_show_last_year_beside_this_year(card_with):
    last = {"budget/total/spent": "190", "budget/basic/spent": "93"}
    card = card_with([FIRST, SECOND], last)
    report = Report(card, examine(card))
    rows = re.findall(r'<tr data-block="execution\.[^>]*>.*?</tr>', report.execution().html)
    shown = [re.findall(r">([^<>]+)<", row) for row in rows]
    assert [row[-2:] for row in shown] == [
        ["190.00", "+2.63%"],
        ["93.00", "+5.38%"],
        ["57.00", "0%"],
        ["40.00", "0%"],
    ]
    rows = re.findall(r"<tr.*?</tr>", report.last_year().html.partition("<tbody>")[2])
    scores = {row[0]: row[1:] for row in (re.findall(r">([^<>]+)<", row) for row in rows)}
    assert scores["预算执行率"] == ["19", "19.5", "+0.5"]
    assert scores["产出"] == ["30", "30", "0"]
    assert scores["合计"] == ["95（另有4分待定）", "99.5", "—"]
    assert (
        "基本支出预算 100.00、支出 98.00（执行率 98%）、上年支出 93.00" in report.chart_parts().alt
    )
    assert "预算执行率 19.5 / 20（上年得分率 95%）" in report.chart_points().alt


def test_a_report_without_last_year_has_no_columns_for_it(card_of):
    card = card_of()
    report = Report(card, examine(card))
    assert "上年执行数" not in report.execution().html
    assert "上年" not in report.chart_parts().alt + report.chart_points().alt
    assert report.last_year() is None


LAST = {"budget/total/spent": "190", "budget/basic/spent": "93"}
"""Last year 190 of 200 万元 were spent, this year 195 of 200."""


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("2022年我局实际支出190万元。", ["190万元"], []),
        ("2022年我局实际支出180万元。", [], ["180万元"]),
        (
            "上年部门整体支出预算200万元，支出190万元，执行率95%。",
            ["200万元", "190万元", "95%"],
            [],
        ),
        ("全年支出195万元，较上年增长2.63%。", ["195万元", "2.63%"], []),
        ("全年支出195万元，较上年增长5%。", ["195万元"], ["5%"]),
        ("全年支出195万元，比2022年下降2.63%。", ["195万元"], ["2.63%"]),
        ("全年支出195万元，比上年增加5万元。", ["195万元", "5万元"], []),
        ("部门支出同比增长2.6%。", ["2.6%"], []),
        ("基本支出比上年增加6万元。", [], ["6万元"]),
        ("基本支出比上年增加5万元。", ["5万元"], []),
        # Not what the two filings hold.
        ("三公经费支出较上年下降10%。", [], []),
        ("上年会议费支出3万元。", [], []),
        ("2021年我局实际支出150万元。", [], []),
        ("2022年9月底我局实际支出100万元。", [], []),
        ("全年支出195万元，较上年同期增长9%。", ["195万元"], []),
        ("上半年部门支出较上年增长9%。", [], []),
        ("收入较上年增长8%。", [], []),
        ("其中会议费支出较上年下降3%。", [], []),
        ("项目数量增加，专项支出较上年增长30%。", [], []),
    ],
)
def test_last_years_figures_in_texts(card_with, text, right, wrong):
    card = card_with([FIRST, SECOND], LAST)
    found = {"right": [], "wrong": []}
    for verdict in verdicts(retold(card, {"narrative/execution": text})):
        if verdict.field == "narrative.execution" and verdict.outcome in found:
            found[verdict.outcome].append(verdict.mention.text)
    assert found == {"right": right, "wrong": wrong}


def test_a_figure_that_last_years_file_gives_otherwise_is_a_warning(card_with):
    texts = {"narrative/execution": "2022年我局实际支出180万元。全年支出195万元，较上年下降2.63%。"}
    found = examine(retold(card_with([FIRST, SECOND], LAST), texts)).findings
    assert [f.message for f in found if f.code == "text.last_year"] == [
        "文字写“180万元”，按上年参数文件，上年资金总体全年执行数是190万元",
        "文字写“下降2.63%”，按上年参数文件，资金总体全年执行数比上年增长2.63%",
    ]
    assert {f.level for f in found if f.code == "text.last_year"} == {"warning"}


def test_what_was_done_is_a_text_like_others(card_with):
    done = "2022年部门整体支出执行率为95%，2023年部门整体支出执行率为96%，责任人XXX。"
    found = examine(card_with([FIRST | {"done": done}, SECOND], LAST)).findings
    told = {f.code: f for f in found if f.field == "rectified.0.done"}
    assert "文字写“96%”" in told["text.number"].message
    assert any(code.startswith("leftover") for code in told)
