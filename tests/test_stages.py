"""评分环节: whose points count, what the sheet, the report, the index and the audit say of them."""

import io
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.index.page import page
from perfkit.index.rows import Row, row_of
from perfkit.index.workbook import workbook
from perfkit.report import Report
from perfkit.report.sheet import score_sheet
from perfkit.scoring.derivations import derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score
from perfkit.scoring.scores import walk

WHO = {
    "财政核查": ("李明", "2024-04-10"),
    "专家": ("王教授", "2024-05-08"),
    "征求意见": ("赵芳", "2024-05-15"),
    "核定": ("陈立", "2024-05-20"),
}


def stage(of, scores, reasons=None, **more):
    """A stage of the form; without *reasons* one reason stands for all."""
    person, date = WHO[of]
    why = {"reason": "有依据"} if reasons is None else {"reasons": reasons}
    return {"name": of, "person": person, "date": date, "scores": scores} | why | more


# 99.5 by the rules; carryover and assets are worth 4 each, output.1 8.
WAY = [
    stage("财政核查", {"carryover": "3", "output.1": "6"}),
    stage("专家", {"carryover": "3", "assets": "3.5"}),
    stage("核定", {"assets": "3.8"}),
]


@pytest.mark.parametrize(
    ("stages", "totals", "awarded"),
    [
        # By the rules 4; who gives the points that stood before changes nothing.
        ([stage("专家", {"carryover": "4"})], ["99.5"], {"carryover": "4"}),
        # The last that gives any counts; what nobody names is as the rule gives it.
        (WAY, ["96.5", "96", "96.3"], {"carryover": "3", "assets": "3.8", "output": "28"}),
        # A stage may give back what an earlier one took.
        (
            [stage("财政核查", {"carryover": "3"}), stage("核定", {"carryover": "4"})],
            ["98.5", "99.5"],
            {"carryover": "4"},
        ),
        # An indicator as a whole, whatever its parts have.
        ([stage("核定", {"output": "20"})], ["89.5"], {"output": "20"}),
        # More than it is worth is no more than that.
        ([stage("核定", {"carryover": "9"})], ["99.5"], {"carryover": "4"}),
    ],
)
def test_the_last_stage_that_gives_points_counts(card_of, stages, totals, awarded):
    card = card_of({"stages": stages})
    after = [card.before_stage(i + 1).total for i in range(len(stages))]
    assert after == [Decimal(total) for total in totals]
    assert card.total == after[-1]
    assert card.before_stage(0).total == Decimal("99.5")
    found = {name: card.score(name).awarded for name in awarded}
    assert found == {name: Decimal(points) for name, points in awarded.items()}


def test_a_stage_decides_what_the_rule_left_open(card_of):
    card = card_of({"budget/initial": None, "stages": [stage("核定", {"variance": "3"})]})
    assert card.before_stage(0).open_points == 4
    assert (card.open_points, card.total, card.grade) == (0, Decimal("98.5"), "优秀")


def test_a_stage_may_be_filed_in_chinese(filing):
    row = {"环节名称": "专家", "责任人": "王教授", "日期": "2024年5月8日"}
    row |= {"环节得分": {"结转结余率": "3", "产出.1": "7"}, "改分理由": {"结转结余率": "用途不符"}}
    (stage,) = read_department(filing({"评分环节": [row]}))[0].stages
    assert stage.scores == {"carryover": 3, "output.1": 7}
    assert stage.reasons == {"carryover": "用途不符"}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["carryover", "assets", "output.1", "effect.5", "execution"]),
            st.integers(0, 700).map(lambda n: f"{n / 100:.2f}"),
        ),
        max_size=4,
    )
)
@settings(max_examples=30)
def test_whoever_gives_points_the_total_is_the_sum_of_what_stands(complete, given_points):
    stages = [stage(name, scores) for name, scores in zip(WHO, given_points, strict=False)]
    card = score(*read_department(complete({"stages": stages} if stages else {})))
    for one in walk(card.scores):
        last = [Decimal(s["scores"][one.id]) for s in stages if one.id in s["scores"]]
        if last:
            assert one.awarded == min(last[-1], one.points)
        elif not one.parts:
            assert one.awarded == one.by_rule
        lost = sum(d.points for d in one.lost)
        assert one.points - lost == one.awarded
    assert card.total == sum(one.awarded for one in card.scores)


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"stages": [stage("专家", {"carry": "3"})]}, "carry:", "评分标准里没有“carry”"),
        ({"stages": [stage("专家", {"carryover": "-1"})]}, "'-1'", "不能小于 0"),
        ({"stages": [stage("专家", {"carryover": "3.125"})]}, "'3.125'", "小数位数多于"),
        (
            {"stages": [stage("财政核查", {}), stage("专家", {}, date="2024-04-09")]},
            "2024-04-09",
            "专家的日期2024年4月9日早于前面的财政核查（2024年4月10日）",
        ),
        (
            {"reported/date": "2024-04-11", "stages": [stage("财政核查", {})]},
            "date: '2024-04-10'",
            "早于前面的自评（2024年4月11日）",
        ),
        (
            {"stages": [stage("专家", {"output": "29"}), stage("核定", {"output.1": "7"})]},
            "output.1: '7'",
            "都给了得分，不知以哪个为准",
        ),
        (
            {"stages": [stage("专家", {}, {"carryover": "有依据"})]},
            "carryover: 有依据",
            "没有给“carryover”的得分",
        ),
        ({"stages": [stage("专家", {}), stage("专家", {})]}, None, "环节“专家”写了两次"),
        (
            {"stages": [stage("专家", {}, name="自评")]},
            "name: 自评",
            "自评写在自评结果（reported）里",
        ),
        (
            {"stages": [stage("核定", {}, date="2024-05-01"), stage("专家", {})]},
            "name: 核定",
            "“核定”是最后一个环节",
        ),
        ({"stages": [stage("专家", {}, person=None)]}, None, "责任人（person）"),
    ],
)
def test_what_can_not_be_is_told_by_its_line(filing, changes, line, said):
    path = filing(changes)
    with pytest.raises(PerfkitError) as raised:
        read_department(path)
    (fault,) = raised.value.faults
    assert said in str(fault)
    if line:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert line in lines[fault.line - 1]


def test_overrides_become_a_stage_where_there_are_stages(filing, override):
    changes = {"stages": [stage("专家", {})], "overrides": [override("carryover", "3")]}
    with pytest.raises(PerfkitError, match="例外情况就写进其中的环节"):
        read_department(filing(changes))


@pytest.mark.parametrize(
    ("stages", "found"),
    [
        ([stage("专家", {"carryover": "4"}, {})], []),
        (
            [stage("专家", {"carryover": "3"}, {})],
            [
                (
                    "stage.no_reason",
                    "专家（王教授，2024年5月8日）把结转结余率由4分改为3分，没有写理由",
                )
            ],
        ),
        (
            [stage("专家", {"carryover": "3"}, {"carryover": "用途不符"})],
            [("stage.changed", "由4分改为3分：用途不符")],
        ),
        (
            [stage("专家", {"carryover": "5"}, {})],
            [("stage.above_points", "专家给结转结余率5分，超过分值4分，按4分计")],
        ),
    ],
)
def test_findings_on_stages(findings_of, stages, found):
    raised = [f for f in findings_of({"stages": stages}) if f.code.startswith("stage.")]
    assert [f.code for f in raised] == [code for code, _ in found]
    assert all(said in f.message for f, (_, said) in zip(raised, found, strict=True))


def test_the_claim_is_held_against_the_rules_not_against_the_stages(findings_of):
    """The department claimed 99.5 as the rules give it; that the stages took some is no slip of its."""
    codes = {f.code for f in findings_of({"stages": WAY})}
    assert not codes & {"claim.score", "claim.total", "claim.grade"}
    claimed = {"stages": WAY, "reported/scores/carryover": "3"}
    assert "claim.score" in {f.code for f in findings_of(claimed)}


@pytest.mark.parametrize(
    ("text", "holds"),
    [("自评得分99.5分，专家评审后得分96分，核定得分96.3分", True), ("核定得分96.4分", False)],
)
def test_a_text_may_tell_the_total_after_any_stage(findings_of, text, holds):
    found = findings_of({"stages": WAY, "narrative/result": text})
    assert ("text.number" not in {f.code for f in found}) == holds


@pytest.fixture(scope="module")
def card(complete):
    """The scorecard of the complete filing that went through `WAY`."""
    reported = {"reported/person": "张华", "reported/date": "2024-03-20"}
    return score(*read_department(complete({"stages": WAY} | reported)))


def test_the_sheet_has_a_column_for_each_stage_but_the_last_decision(card, card_of):
    tables = score_sheet(card)
    for table in tables:
        at = table.columns.index("自评得分")
        assert table.columns[at : at + 4] == ["自评得分", "财政核查", "专家", "核定得分"]
    row = next(row for row in tables[-1].rows if row.of == "carryover")
    texts = [(cell.text, cell.note) for cell in row.cells]
    assert texts[3:8] == [("4", ""), ("4", ""), ("3", ""), ("3", ""), ("3", "按规则4")]
    assert texts[8][0] == "财政核查改为3分：有依据"
    total = next(row for row in tables[-1].rows if row.of == "total")
    assert [cell.text for cell in total.cells[2:5]] == ["99.5", "96.5", "96"]
    assert (
        tables[-1]
        .rows[-1]
        .cells[0]
        .text.startswith("评分环节：自评（张华，2024年3月20日）、财政核查（李明，2024年4月10日）、")
    )
    assert all("财政核查" not in table.columns for table in score_sheet(card_of()))


def test_every_row_of_the_sheet_fills_all_its_columns(card):
    for table in score_sheet(card):
        taken = [0] * len(table.columns)
        for r, row in enumerate(table.rows):
            column = 0
            for cell in row.cells:
                while taken[column] > r:
                    column += 1
                taken[column : column + cell.columns] = [r + cell.rows] * cell.columns
                column += cell.columns
            assert min(taken) > r, (table.caption, r)
        assert set(taken) == {len(table.rows)}


def test_the_report_tells_the_way_of_the_total_and_which_counts(card):
    report = Report(card, examine(card))
    text = re.sub(r"<[^>]*>", "", report.result().html)
    assert "评价得96.3分（满分100分）" in text
    assert (
        "评分经过：自评99.5分（张华，2024年3月20日），按评分标准99.5分，"
        "财政核查（李明，2024年4月10日）后96.5分，专家（王教授，2024年5月8日）后96分，"
        "核定（陈立，2024年5月20日）后96.3分。核定得分是最后给出得分的环节的得分" in text
    )
    assert "资产管理规范性按规则得分4分，专家改为3.5分，理由：有依据；核定改为3.8分" in text
    known = derivations(card)
    figures = re.findall(
        r'<span data-of="([^"]*)">(.*?)</span>', report.result().html + report.score_sheet().html
    )
    for of, shown in figures:
        if value := re.search(r"[\d.]+", shown):
            told = [known[of].name, known[of].formula, *known[of].notes]
            assert value[0] in " ".join(told), of


def test_frames_and_json_have_every_stage(card):
    frame = Report(card, examine(card)).frames.stages
    assert list(frame["环节"]) == ["财政核查"] * 2 + ["专家"] * 2 + ["核定"]
    assert list(frame["此前得分"]) == [8, 4, 4, 3, 3.5]
    told = json.loads(json.dumps(card.as_dict()))
    assert [one["total"] for one in told["stages"]] == ["96.5", "96", "96.3"]
    assert told["rule_total"] == "99.5"
    (assets,) = (one for one in told["indicators"] if one["id"] == "assets")
    assert assets["rule_score"] == "4"
    assert [one["score"] for one in assets["stages"].values()] == ["3.5", "3.8"]


def test_index_and_workbook_have_the_stages_beside_each_other(card):
    row = row_of("x", card, [])
    assert Row.from_dict(json.loads(json.dumps(row.as_dict()))) == row
    other = Row("y", department="没有环节的局", total=Decimal(90))
    text = page([row, other])
    heads = re.findall(r'data-key="stage[^>]*><button type="button"[^>]*>(.*?)</button></th>', text)
    assert heads == ["自评", "按规则", "财政核查", "专家", "核定", "核定得分"]
    assert "财政核查" not in page([other])
    assert row.who == {
        "自评": "张华，2024年3月20日",
        "财政核查": "李明，2024年4月10日",
        "专家": "王教授，2024年5月8日",
        "核定": "陈立，2024年5月20日",
    }
    carryover = next(way for way in row.ways if way.indicator == "carryover")
    assert carryover.steps == (
        "财政核查改为3分（李明，2024年4月10日）：有依据",
        "专家维持3分（王教授，2024年5月8日）：有依据",
    )
    book = load_workbook(io.BytesIO(workbook([row, other])))
    overview = [cell.value for cell in book["汇总"][1]]
    at = overview.index("自评")
    assert overview[at : at + 5] == ["自评", "按规则", "财政核查", "专家", "核定"]
    head, *rows = book["环节"].iter_rows(values_only=True)
    assert head[3:] == (
        "分值", "自评得分", "规则得分", "财政核查", "专家", "核定", "核定得分", "经过"
    )  # fmt: skip
    (assets,) = (one for one in rows if one[2] == "assets")
    assert assets[3:10] == (4, 4, 4, None, 3.5, 3.8, 3.8)
    assert "环节" not in load_workbook(io.BytesIO(workbook([other]))).sheetnames
