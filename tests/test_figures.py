"""Figures of the filing as inputs of a rule: what the form has, what a rubric asks for, last year's."""

import re
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from perfkit.audit.examine import examine
from perfkit.cli import main
from perfkit.errors import PerfkitError
from perfkit.forms.department import schema
from perfkit.quantities import plain
from perfkit.report import Report
from perfkit.scoring.derivations import derivations
from perfkit.scoring.filed import COMPUTED, field_label, field_unit, filed_figure, known_figures
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

ASKED = {
    "staff": {"name": "在职人数", "unit": "人", "whole": "是", "not_above": "figures.staff_posts"},
    "staff_posts": {"name": "编制数", "unit": "人", "whole": "是", "least": "1"},
    "reserve": {"name": "预备费", "unit": "元"},
    "share": {"name": "一般性支出压减率", "unit": "%", "least": "-100%", "most": "100%"},
}
STAFFED = {"kind": "ratio", "of": "figures.staff_posts", "to": "figures.staff"}


def of_staff(rule=STAFFED):
    """Beijing's rubric, with 部门预决算差异率 by a rule over figures of its own."""
    return {"figures": ASKED, "variance": rule}


def test_figures_of_the_rubrics_own_are_inputs(card_of):
    card = card_of({"figures": {"staff": "60", "staff_posts": "48人"}}, of_staff())
    found = card.score("variance")
    # 48 ÷ 60 × 4 = 3.2
    assert found.awarded == Decimal("3.2")
    assert found.formula == "48 ÷ 60 = 80% × 4 = 3.2"
    shown = [(i.name, i.value) for i in found.inputs]
    assert shown == [("编制数", "48人"), ("在职人数", "60人")]
    assert all(i.place.rpartition(":")[2].isdigit() for i in found.inputs)
    assert derivations(card)["figures.staff"].formula == "部门填写，60人"


def test_what_was_not_filled_in_is_undecided_and_says_where(card_of):
    card = card_of({"figures": {"staff": "60"}}, of_staff())
    found = card.score("variance")
    assert found.awarded is None
    assert found.undecided.startswith("未填编制数（figures 里的 staff_posts）")
    assert (card.open_points, found.field) == (4, "figures.staff_posts")


def test_a_figure_may_be_filed_under_its_name(card_of):
    card = card_of({"figures": {"在职人数": "60", "staff_posts": "48"}}, of_staff())
    assert card.department.figures == {"staff": 60, "staff_posts": 48}


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"staff_post": "50"}, "评分标准里没有“staff_post”，是不是 staff_posts（编制数）"),
        ({"人均经费": "50"}, "评分标准里没有“人均经费”，可填的有：staff（在职人数）"),
        ({"staff": "五十"}, "在职人数：“五十”不是数字；应写数字（单位人），如 120"),
        ({"staff": "50个"}, "在职人数：“50个”的单位应是人；请换算后只写数字"),
        ({"staff": "50.5"}, "在职人数：应填整数，这里是“50.5”"),
        ({"staff": "-1"}, "在职人数：不能小于 0人，这里是“-1”"),
        ({"staff_posts": "0"}, "编制数：不能小于 1人，这里是“0”"),
        ({"share": "5"}, "一般性支出压减率：“5”不是百分数；请带百分号"),
        ({"share": "120%"}, "一般性支出压减率：不能大于 100%，这里是“120%”"),
        ({"reserve": "多"}, "预备费：“多”不是金额"),
        ({"staff": ["1"]}, "在职人数：应填一个数（单位人）"),
        ("60", "另填数据（figures）：应是“字段: 内容”的形式"),
    ],
)
def test_a_wrong_figure_is_told_at_its_line(figures, message, filing, rubric_file):
    path = filing({"figures": figures, "rubric": str(rubric_file(of_staff()))})
    with pytest.raises(PerfkitError) as error:
        read_department(path)
    (fault,) = error.value.faults
    assert message in fault.message
    name = next(iter(figures)) if isinstance(figures, dict) else "figures"
    assert name in path.read_text(encoding="utf-8").splitlines()[fault.line - 1]


def test_a_rubric_without_such_figures_says_so(filing):
    with pytest.raises(PerfkitError, match="评分标准beijing-2023没有要另填的数据，请删去“staff”"):
        read_department(filing({"figures": {"staff": "1"}}))


@pytest.mark.parametrize(
    ("written", "value", "shown"),
    [
        ("350000", "35", "35万元"),
        ("350000元", "35", "35万元"),
        ("35万元", "35", "35万元"),
        ("1,234.5", "0.12345", "0.12345万元"),
    ],
)
def test_an_amount_in_yuan_comes_out_in_ten_thousands(written, value, shown, card_of):
    card = card_of({"figures": {"reserve": written}}, of_staff())
    assert card.department.figures == {"reserve": Decimal(value)}
    assert derivations(card)["figures.reserve"].formula == f"部门填写，{shown}"


def test_a_rate_may_be_below_zero_where_the_rubric_says_so(card_of):
    card = card_of({"figures": {"share": "-5.25%"}}, of_staff())
    assert card.department.figures["share"] == Decimal("-0.0525")


@pytest.mark.parametrize(
    ("path", "value", "unit"),
    [
        ("projects.count", "2", "个"),
        ("projects.budget", "60", "万元"),
        ("projects.executed", "57", "万元"),
        ("projects.full", "0", "个"),
        ("projects.self", "2", "个"),
        ("projects.department", "0", "个"),
        ("projects.scored", "0", "个"),
        ("projects.score", None, "分"),
        ("divisions.count", "1", "个"),
        ("indicators.count", "9", "个"),
        ("indicators.quantified", "6", "个"),
        ("budget.total.unspent", "5", "万元"),
        ("budget.basic.execution_rate", "0.98", "%"),
        ("budget.carryover.amount", "5", "万元"),
        ("budget.carryover.previous_rate", "0.03", "%"),
        ("reported.total", "99.5", "分"),
        ("previous.budget.total.spent", None, "万元"),
    ],
)
def test_any_figure_of_the_filing(path, value, unit, card_of):
    card = card_of()
    found = filed_figure(card.department, path)
    assert (found if found is None else plain(found)) == value
    assert field_unit(path, card.rubric) == unit


def test_every_figure_that_can_be_named_has_a_label_and_a_unit(card_of):
    rubric = card_of(None, of_staff()).rubric
    for path in known_figures(rubric):
        assert field_label(path, rubric)
        assert field_unit(path, rubric)
    assert {path for path in COMPUTED if path not in known_figures(rubric)} == set()


def test_counts_and_sums_score(card_of):
    rule = {
        "kind": "tiers",
        "of": "projects.count",
        "awards": [{"when": "≥3", "points": 4}, {"points": 1}],
    }
    found = card_of(None, {"variance": rule}).score("variance")
    assert (found.awarded, found.verdict) == (1, "2个，属于“其余”一档")


def test_last_year_is_an_input_where_it_is_linked(card_of, filing):
    rule = {"kind": "ratio", "of": "previous.budget.total.spent", "to": "budget.total.spent"}
    missing = card_of(None, {"variance": rule}).score("variance")
    assert missing.undecided.startswith("没有上年参数文件，请写明它的路径（previous）")
    filing({"year": "2022", "budget/total/spent": "156"}, "last.yaml")
    card = card_of({"previous": "last.yaml"}, {"variance": rule})
    found = card.score("variance")
    # 156 ÷ 195 × 4
    assert (found.awarded, found.inputs[0].name) == (Decimal("3.2"), "上年全年执行数")
    assert "last.yaml:" in found.inputs[0].place


def test_a_figure_counted_in_another_unit_last_year_is_none_to_compare_with(
    filing, rubric_file, card_of
):
    own = {**ASKED, "staff": {"name": "在职人数", "unit": "人月"}}
    old = rubric_file({"figures": own}).rename(filing().parent / "old.yaml")
    filing({"year": "2022", "figures": {"staff": "600", "staff_posts": "40"}, "rubric": str(old)},
           "last.yaml")  # fmt: skip
    card = card_of({"previous": "last.yaml"}, of_staff())
    assert card.department.last_year.figures == {"staff_posts": 40}


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("figures.stafff", "评分标准的 figures 里没有“stafff”，是不是 figures.staff"),
        ("projects.cuont", "参数文件里没有字段“projects.cuont”，是不是 projects.count"),
        ("projects.spent", "字段“projects.spent”（支出数）不是金额，也不是比率或个数"),
        ("previous.previous.budget.initial", "不是金额，也不是比率或个数"),
    ],
)
def test_a_rule_over_no_figure_is_refused(of, message, rubric_of):
    with pytest.raises(PerfkitError) as error:
        rubric_of(of_staff(STAFFED | {"of": of}))
    assert message in error.value.faults[0].message


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ({"a b": {"name": "甲", "unit": "人"}}, "编号“a b”只能用字母、汉字、数字和下划线"),
        ({"a": {"name": "甲", "unit": "人", "least": "9", "most": "1"}}, "最大值 1 小于最小值 9"),
        ({"a": {"name": "甲", "unit": "人", "least": "少"}}, "“少”不是数字"),
        ({"a": {"name": "甲", "unit": "人", "not_above": "budget"}}, "budget"),
    ],
)
def test_a_wrong_figure_of_a_rubric_is_refused(figure, message, rubric_of):
    with pytest.raises(PerfkitError) as error:
        rubric_of({"figures": figure})
    assert message in str(error.value)


def test_a_figure_above_what_it_should_not_be_above_is_a_finding(findings_of):
    found = findings_of({"figures": {"staff": "60", "staff_posts": "48"}}, of_staff())
    (one,) = [finding for finding in found if finding.code == "figures.above"]
    assert one.message == "在职人数60人大于编制数48人，请核对或说明"
    found = findings_of({"figures": {"staff": "48", "staff_posts": "48"}}, of_staff())
    assert "figures.above" not in {finding.code for finding in found}


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("2023年末编制数48人，在职人数60人。", ["right", "right"]),
        ("编制数为50人。", ["wrong"]),
        ("事业编制数50人。", ["unchecked"]),
        ("2022年编制数50人。", ["unchecked"]),
        ("预备费共计35万元，预备费36万元。", ["right", "wrong"]),
        ("一般性支出压减率为5%。", ["right"]),
        ("一般性支出压减率为6%。", ["wrong"]),
    ],
)
def test_a_figure_in_a_text_is_held_against_the_data(text, outcomes, card_of):
    figures = {"staff": "60", "staff_posts": "48", "reserve": "350000", "share": "5%"}
    card = card_of({"figures": figures, "narrative/management": text}, of_staff())
    found = [v for v in examine(card).figures if v.field == "narrative.management"]
    assert [v.outcome for v in found] == outcomes
    if "编制数为50人" in text:
        assert found[0].message == "文字写“50人”，编制数应为48人"


def test_the_schema_takes_numbers_and_texts():
    figures = schema()["$defs"]["Department"]["properties"]["figures"]
    Draft202012Validator(figures).validate({"staff": 3, "share": "5%"})
    assert not Draft202012Validator(figures).is_valid({"staff": ["3"]})


def test_the_command_lists_what_to_fill_in(rubric_file, capsys):
    with pytest.raises(SystemExit) as end:
        main(["rubric", str(rubric_file(of_staff()))])
    assert end.value.code == 0
    printed = "".join(capsys.readouterr().out.split())
    assert "编制数（单位人，整数，不小于1人）" in printed


def test_the_report_states_them(card_of):
    card = card_of({"figures": {"staff": "60", "reserve": "350000"}}, of_staff())
    printed = Report(card, examine(card)).management().html
    assert "所填数据：在职人数60人，预备费35万元。" in re.sub("<[^>]*>", "", printed)


def test_a_filing_whose_rubric_has_faults_is_told_only_those(filing, rubric_file):
    path = rubric_file({"figures": {"staff": {"name": "在职人数"}}})
    with pytest.raises(PerfkitError) as error:
        score(*read_department(filing({"figures": {"staff": "1"}, "rubric": str(path)})))
    (fault,) = error.value.faults
    assert (path.name in fault.file, "计量单位" in str(fault.message)) == (True, True)
