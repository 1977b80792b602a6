"""上年问题整改: which of last year's problems are answered, and what the chapter prints."""

import re

import pytest

from perfkit.audit.examine import examine
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
