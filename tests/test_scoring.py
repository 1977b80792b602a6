"""The scorecard: the edges of every clause, under every reading, and what always holds."""

import dataclasses
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from conftest import audit
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.audit.examine import Audit
from perfkit.forms.department import Department
from perfkit.quantities import percent, plain
from perfkit.report import Report
from perfkit.scoring.kinds.chosen import weights_of
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.scorecard import grade_of, score
from perfkit.scoring.scores import walk

BEIJING = load_rubric("beijing-2023")


def text(value):
    return None if value is None else f"{value.normalize():f}"


# The model department: 区金融办 2023.


def test_the_model_department_scores_99_98(model):
    card = score(*read_department(model))
    assert text(card.total) == "99.98"
    assert card.grade == "优秀"
    assert {s.id: (text(s.awarded), text(s.reported)) for s in card.scores} == {
        "execution": ("19.98", "19"),
        "output": ("30", "30"),
        "effect": ("30", "30"),
        "finance.system": ("1", "1"),
        "finance.compliance": ("2", "2"),
        "finance.accounting": ("1", "1"),
        "assets": ("4", "4"),
        "performance": ("4", "4"),
        "carryover": ("4", "4"),
        "variance": ("4", "4"),
    }
    assert text(card.department.reported.total) == "99"
    assert card.undecided == []


def test_how_the_model_department_gets_its_19_98(model):
    found = score(*read_department(model)).score("execution")
    assert found.formula == "15529.32 ÷ 15548.09 = 99.8793% × 20 = 19.98"
    (deduction,) = found.deductions
    assert text(deduction.points) == "0.02"
    assert deduction.reason == "预算执行率 99.88%，未达到100%"


def test_a_rate_that_the_model_department_states_is_marked_as_stated(model):
    variance = score(*read_department(model)).score("variance")
    assert variance.stated
    assert "采用部门所填0.12%（无法复核）" in variance.formula


def test_without_that_rate_variance_is_undecided_and_left_out(model, tmp_path):
    copy = tmp_path / "x.yaml"
    filed = model.read_text(encoding="utf-8")
    assert filed.count("rate: 0.12%") == 1
    copy.write_text(filed.replace("rate: 0.12%", "rate: null"), encoding="utf-8")
    card = score(*read_department(copy))
    assert text(card.total) == "95.98"
    assert [s.id for s in card.undecided] == ["variance"]
    assert card.score("variance").awarded is None
    assert "未填年初预算数，也没有填写部门预决算差异率" in card.score("variance").undecided


def test_the_complete_filing_scores_99_5(card_of):
    card = card_of()
    assert text(card.total) == "99.5"
    assert [text(card.section_total(s.id)) for s in card.rubric.sections] == ["19.5", "60", "20"]


# 预算执行率: spent ÷ budget × 20, capped.


@pytest.mark.parametrize(
    ("budget", "spent", "awarded"),
    [
        ("200", "200", "20"),
        ("200", "195", "19.5"),
        ("200", "0", "0"),
        ("200", "201", "20"),
        ("200", "400", "20"),
        ("3", "1", "6.67"),
        ("15548.09", "15529.32", "19.98"),
        ("100000", "99999", "20"),
        ("100000", "99975", "20"),
        ("100000", "99974", "19.99"),
        ("0.000001", "0.000001", "20"),
    ],
)
def test_execution(card_of, budget, spent, awarded):
    card = card_of({"budget/total": {"budget": budget, "spent": spent}})
    assert text(card.score("execution").awarded) == awarded


def test_execution_is_of_the_parts_if_no_total_is_filed(card_of):
    assert text(card_of({"budget/total": None}).score("execution").awarded) == "19.5"


@pytest.mark.parametrize(("zero", "awarded"), [("undecided", None), ("full", "20"), ("zero", "0")])
def test_execution_without_a_budget(card_of, zero, awarded):
    nothing = {"budget/total": {"budget": "0", "spent": "0"}}
    found = card_of(nothing, {"execution": {"zero": zero}}).score("execution")
    assert text(found.awarded) == awarded
    assert bool(found.undecided) == (awarded is None)


# A quantified indicator of 8 points: target, actual, what else is filed, awarded.


@pytest.mark.parametrize(
    ("target", "actual", "more", "awarded"),
    [
        ("10场", "10场", {}, "8"),
        ("10场", "5场", {}, "4"),
        ("10场", "9.99场", {}, "7.99"),
        ("10场", "0场", {}, "0"),
        ("10场", "0", {}, "0"),
        ("10场", "25场", {}, "8"),
        ("10", "5场", {}, "4"),
        ("≥100%", "100%", {}, "8"),
        ("≥100%", "99%", {}, "7.92"),
        ("95", "96", {"unit": "%"}, "8"),
        ("1,000人", "500人", {}, "4"),
        ("1万元", "5000元", {}, "4"),
        ("5%", "-2%", {}, "0"),
        ("≤500元", "500元", {}, "8"),
        ("≤500元", "1000元", {}, "4"),
        ("≤500元", "250元", {}, "8"),
        ("≤500元", "0元", {}, "8"),
        ("500元以内", "1000元", {}, "4"),
        ("3500元", "3400", {"direction": "lower"}, "8"),
        ("5天", "10天", {"direction": "lower"}, "4"),
        ("≤0次", "0次", {}, "8"),
        ("≤0次", "2次", {}, "0"),
        ("≤5%", "-2%", {}, "8"),
    ],
)
def test_a_quantified_indicator(card_of, target, actual, more, awarded):
    row = {"group": "output", "kind": "quantity", "name": "培训", "weight": "8"}
    card = card_of({"indicators/0": row | {"target": target, "actual": actual} | more})
    assert text(card.score("output").parts[0].awarded) == awarded


@pytest.mark.parametrize(
    ("actual", "confirmed", "unconfirmed"),
    [
        ("299.99", "8", None),
        ("300", "7.2", "2"),
        ("399.99", "7.2", "2.9999"),
        ("400", "6.4", "3"),
        ("599.99", "6.4", "4.9999"),
        ("600", "5.6", "5"),
        ("6000", "5.6", "59"),
    ],
)
def test_a_low_target_costs_only_when_a_person_confirms_it(card_of, actual, confirmed, unconfirmed):
    row = {"indicators/0/target": "100", "indicators/0/actual": actual}
    found = card_of(row).score("output").parts[0]
    assert text(found.awarded) == "8"
    assert text(found.overshoot) == unconfirmed if unconfirmed else found.overshoot is None
    found = card_of(row | {"indicators/0/low_target": "是"}).score("output").parts[0]
    assert text(found.awarded) == confirmed


def test_a_low_target_is_told_as_the_reason(card_of):
    row = {"indicators/0/target": "100", "indicators/0/actual": "300"}
    found = card_of(row | {"indicators/0/low_target": "是"}).score("output").parts[0]
    (deduction,) = found.deductions
    assert text(deduction.points) == "0.8"
    assert deduction.reason == "培训：指标值设定偏低，超额200%，扣分值的10%"


def test_a_reverse_indicator_has_no_overshoot(card_of):
    # Ten times the cost: 500 ÷ 5000 × 7, not 70 % of 7.
    row = {"indicators/3/actual": "5000元", "indicators/3/low_target": "是"}
    found = card_of(row).score("output").parts[3]
    assert (text(found.awarded), found.overshoot) == ("0.7", None)


@pytest.mark.parametrize(
    ("zero", "awarded"),
    [("undecided", None), ("full", "8"), ("zero", "0"), ("redistribute", "0")],
)
def test_a_target_of_zero(card_of, zero, awarded):
    row = {"indicators/0/target": "0", "indicators/0/actual": "3"}
    found = card_of(row, {"output": {"zero": zero}}).score("output").parts[0]
    assert text(found.awarded) == awarded
    assert ("需要人工决定" in found.undecided) == (zero == "undecided")


def test_the_points_of_a_target_of_zero_go_to_the_others(card_of):
    # 30 by 8 : 7 : 7 is 10.909…, 9.545…, 9.545…
    row = {"indicators/0/target": "0", "indicators/0/actual": "0"}
    group = card_of(row, {"output": {"zero": "redistribute"}}).score("output")
    assert [text(part.points) for part in group.parts] == ["0", "10.91", "9.55", "9.54"]
    assert text(group.awarded) == "30"


def test_with_no_one_to_take_them_they_wait_for_a_person(card_of):
    rows = {f"indicators/{n}/{field}": "0" for n in range(4) for field in ("target", "actual")}
    rows["indicators/3/target"] = "0元"
    rows["indicators/3/actual"] = "0元"
    rows |= {f"indicators/{n}/direction": "正向" for n in range(4)}
    group = card_of(rows, {"output": {"zero": "redistribute"}}).score("output")
    assert text(group.open_points) == "30"


def test_an_indicator_without_points_takes_none_of_them(card_of):
    changes = {f"indicators/{n}/weight": "0" for n in range(1, 4)}
    changes |= {"indicators/0/weight": "30", "indicators/0/target": "0"}
    group = card_of(changes, {"output": {"zero": "redistribute"}}).score("output")
    assert text(group.open_points) == "30"


# A qualitative indicator of 8 points.


@pytest.mark.parametrize(
    ("actual", "grade", "awarded", "stated"),
    [
        ("全面提升", None, "8", True),
        ("完成", None, "8", True),
        ("已达成", None, "8", True),
        ("基本提升", "100%", "8", False),
        ("基本提升", "85%", "6.8", False),
        ("基本提升", "达成 80%", "6.4", False),
        ("基本提升", "达成80％", "6.4", False),
        ("基本提升", "部分达成 79.99%", "6.4", False),
        ("基本提升", "部分达成 60%", "4.8", False),
        ("基本提升", "未达成 59.99%", "4.8", False),
        ("没有提升", "0%", "0", False),
        ("完成", "部分达成 70%", "5.6", False),
    ],
)
def test_a_qualitative_indicator(card_of, actual, grade, awarded, stated):
    row = {"target": "全面提升", "actual": actual, "weight": "8"} | (
        {"grade": grade} if grade else {}
    )
    row |= {"group": "output", "kind": "quantity", "name": "能力"}
    found = card_of({"indicators/0": row}).score("output").parts[0]
    assert (text(found.awarded), found.stated) == (awarded, stated)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"target": "全面提升", "actual": "基本提升"}, "需要评价人填评定得分率"),
        ({"target": "全面提升"}, "未填完成值"),
        ({"target": "全面提升", "actual": ""}, "未填完成值"),
        ({"target": "10场", "actual": "十场"}, "完成值“十场”不是，需要补充完成的数量"),
        ({"target": "12月底前", "actual": "11月"}, "需要评价人填评定得分率"),
        ({"target": "-5%", "actual": "-2%"}, "指标值为-5，不能按比率计分"),
        ({"target": "提升", "actual": "略升", "grade": "达成"}, "还需要评价人给出得分率"),
        ({"target": "提升", "actual": "略升", "grade": "达成 79.99%"}, "属于“部分达成”档"),
        ({"target": "提升", "actual": "略升", "grade": "部分达成 80%"}, "属于“达成”档"),
        ({"target": "提升", "actual": "略升", "grade": "优秀 95%"}, "评分标准里没有档次“优秀”"),
        ({"target": "提升", "actual": "略升", "grade": "101%"}, "超过100%"),
        ({"target": "提升", "actual": "略升", "grade": "85"}, "评定得分率“85”读不懂"),
        ({"target": "提升", "actual": "略升", "grade": "85.5.5%"}, "读不懂"),
        ({"target": "提升", "actual": "略升", "grade": "85%~90%"}, "读不懂"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_an_indicator_that_a_person_must_decide(card_of, row, why):
    base = {"group": "output", "kind": "quantity", "name": "能力", "weight": "8"}
    card = card_of({"indicators/0": base | row})
    assert why in card.score("output").parts[0].undecided
    assert [s.id for s in card.undecided] == ["output.1"]
    assert text(card.total) == "91.5"
    assert text(card.open_points) == "8"


def test_the_bands_of_hubei(card_of):
    bands = [
        {"name": "达成", "floor": "80%", "ceiling": "100%"},
        {"name": "部分达成", "floor": "50%", "ceiling": "80%"},
        {"name": "未达成", "floor": "0%", "ceiling": "50%"},
    ]
    changes = {
        "indicators/0": {"group": "output", "kind": "quantity", "name": "甲", "weight": "8"}
        | {"target": "提升", "actual": "略升", "grade": "部分达成 50%"},
        "indicators/1": {"group": "output", "kind": "quality", "name": "乙", "weight": "8"}
        | {"target": "提升", "actual": "略升", "grade": "未达成 49.99%"},
    }
    parts = card_of(changes, {"output": {"bands": bands}}).score("output").parts
    assert [text(part.awarded) for part in parts[:2]] == ["4", "4"]
    assert not parts[1].undecided


def test_a_group_without_indicators_is_undecided(card_of):
    rows = {"indicators": []}
    card = card_of(rows)
    assert [s.id for s in card.undecided] == ["output", "effect"]
    assert text(card.total) == "39.5"


# 分值 of 三级指标.


@pytest.mark.parametrize(
    ("filed", "weights"),
    [
        ([None, None, None], ["10", "10", "10"]),
        ([None] * 7, ["4.29", "4.29", "4.29", "4.29", "4.28", "4.28", "4.28"]),
        (["10", "20"], ["10", "20"]),
        (["10", None, None], ["10", "10", "10"]),
        (["10", None, None, None], ["10", "6.67", "6.67", "6.66"]),
        (["40", "60"], ["12", "18"]),
        (["10", "10"], ["15", "15"]),
        (["30", None], ["30", "0"]),
        (["40", None], ["30", "0"]),
        (["0", "0"], ["15", "15"]),
        (["0", None], ["0", "30"]),
    ],
)
def test_weights(filed, weights):
    given = [None if weight is None else Decimal(weight) for weight in filed]
    assert [text(w) for w in weights_of(Decimal(30), given, 2)] == weights


def without_weights():
    return {f"indicators/{n}/weight": None for n in range(4)}


def test_without_weights_the_points_are_shared_equally(card_of):
    group = card_of(without_weights()).score("output")
    assert [text(part.points) for part in group.parts] == ["7.5", "7.5", "7.5", "7.5"]


def test_without_weights_a_stated_score_of_the_group(card_of):
    changes = without_weights() | {"reported/scores/output": "27"}
    group = card_of(changes, {"output": {"no_weights": "stated"}}).score("output")
    assert (text(group.awarded), group.stated, group.parts) == ("27", True, ())
    assert [(text(d.points), d.reason) for d in group.deductions] == [("3", "产出自评27分")]


@pytest.mark.parametrize(("claim", "awarded"), [("31", "30"), ("27.125", "27.13")])
def test_a_stated_score_is_capped_and_rounded(card_of, claim, awarded):
    changes = without_weights() | {"reported/scores/output": claim}
    group = card_of(changes, {"output": {"no_weights": "stated"}}).score("output")
    assert text(group.awarded) == awarded
    assert group.by_rule + sum(d.points for d in group.deductions) == 30


def test_without_weights_and_without_a_claim(card_of):
    changes = without_weights() | {"reported/scores/output": None}
    group = card_of(changes, {"output": {"no_weights": "stated"}}).score("output")
    assert group.undecided == "产出指标未设分值，自评得分也未填"


# 检查清单.

ASSETS = ["investments_sound", "use_proper", "disposal_proper", "other_rules_followed"]


@pytest.mark.parametrize(
    ("failed", "awarded", "costs"),
    [
        (0, "4", []),
        (1, "3.2", ["0.8"]),
        (4, "0.8", ["0.8"] * 4),
        (5, "0", ["0.8"] * 5),
        (6, "0", ["0.8"] * 5 + ["0"]),
    ],
)
def test_a_checklist_down_to_its_floor(card_of, failed, awarded, costs):
    bad = dict.fromkeys(ASSETS, "否") | {"assets_lost": "是", "over_standard": "是"}
    answers = {f"checks/{item}": answer for item, answer in list(bad.items())[:failed]}
    found = card_of(answers).score("assets")
    assert text(found.awarded) == awarded
    assert [text(d.points) for d in found.deductions] == costs
    assert all(d.reason.startswith("不合格：") for d in found.deductions)


@pytest.mark.parametrize(
    ("item", "answer", "indicator", "awarded"),
    [
        ("diverted", "是", "finance.compliance", "1.5"),
        ("diverted", "否", "finance.compliance", "2"),
        ("lawful", "否", "finance.compliance", "1.5"),
        ("accounts_real", "否", "finance.accounting", "0.5"),
        ("rules_complete", "否", "finance.system", "0.5"),
        ("deviations_corrected", "否", "performance", "2"),
    ],
)
def test_what_answer_costs(card_of, item, answer, indicator, awarded):
    assert text(card_of({f"checks/{item}": answer}).score(indicator).awarded) == awarded


def test_an_unanswered_checklist_is_undecided(card_of):
    found = card_of({"checks/diverted": None, "checks/lawful": "否"}).score("finance.compliance")
    assert found.awarded is None
    assert found.undecided == "检查清单有1项未填：是否存在截留、挤占、挪用情况"


# 结转结余率, 3 % last year, of a budget of 200: each 2 is a percentage point.


@pytest.mark.parametrize(
    ("amount", "partial", "awarded"),
    [
        ("0", "floor", "4"),
        ("5.98", "floor", "4"),
        ("6", "floor", "4"),
        ("7.98", "floor", "4"),
        ("8", "floor", "3.6"),
        ("9.98", "floor", "3.6"),
        ("10", "floor", "3.2"),
        ("24", "floor", "0.4"),
        ("26", "floor", "0"),
        ("200", "floor", "0"),
        ("6", "linear", "4"),
        ("7", "linear", "3.8"),
        ("6.02", "linear", "4"),
        ("8", "linear", "3.6"),
        ("6", "ceil", "4"),
        ("6.02", "ceil", "3.6"),
        ("8", "ceil", "3.6"),
        ("8.02", "ceil", "3.2"),
    ],
)
def test_carryover(card_of, amount, partial, awarded):
    card = card_of({"budget/carryover/amount": amount}, {"carryover": {"partial": partial}})
    assert text(card.score("carryover").awarded) == awarded


@pytest.mark.parametrize(
    ("carryover", "awarded", "stated", "why"),
    [
        ({"amount": "5"}, None, False, "未填上年结转结余率，无法比较，需要人工决定"),
        ({}, None, False, "未填结转结余总额，也没有填写结转结余率"),
        ({"previous_rate": "3%"}, None, False, "未填结转结余总额，也没有填写结转结余率"),
        ({"rate": "4%", "previous_rate": "3%"}, "3.6", True, ""),
        ({"amount": "6", "rate": "4%", "previous_rate": "3%"}, "4", False, ""),
        ({"amount": "5", "previous_rate": "0%"}, "3.2", False, ""),
    ],
)
def test_what_carryover_rests_on(card_of, carryover, awarded, stated, why):
    found = card_of({"budget/carryover": carryover}).score("carryover")
    assert (text(found.awarded), found.stated) == (awarded, stated)
    assert why in found.undecided


# 部门预决算差异率 against 28.3 %, with an initial budget of 100.


@pytest.mark.parametrize(
    ("spent", "reading", "awarded"),
    [
        ("100", {}, "4"),
        ("128.3", {}, "4"),
        ("138.29", {}, "4"),
        ("138.3", {}, "3.6"),
        ("148.29", {}, "3.6"),
        ("148.3", {}, "3.2"),
        ("228.3", {}, "0"),
        ("500", {}, "0"),
        ("61.71", {}, "4"),
        ("61.7", {}, "3.6"),
        ("0", {}, "1.2"),
        ("61.7", {"difference": "signed"}, "4"),
        ("138.3", {"difference": "signed"}, "3.6"),
        ("128.3", {"measure": "relative"}, "4"),
        ("131.12", {"measure": "relative"}, "4"),
        ("131.13", {"measure": "relative"}, "3.6"),
        ("133.3", {"partial": "linear"}, "3.8"),
        ("128.31", {"partial": "linear"}, "4"),
        ("128.31", {"partial": "ceil"}, "3.6"),
        ("138.3", {"partial": "ceil"}, "3.6"),
        ("138.3", {"to": "budget.total.budget"}, "4"),
        ("176.6", {"to": "budget.total.budget"}, "3.6"),
    ],
)
def test_variance(card_of, spent, reading, awarded):
    # 176.6: 76.6 ÷ 200 = 38.3 %.
    changes = {"budget/initial": "100", "budget/total": {"budget": "200", "spent": spent}}
    assert text(card_of(changes, {"variance": reading}).score("variance").awarded) == awarded


@pytest.mark.parametrize(
    ("rate", "reading", "awarded"),
    [
        ("0.12%", {}, "4"),
        ("38.29%", {}, "4"),
        ("38.3%", {}, "3.6"),
        ("-50%", {}, "3.2"),
        ("-50%", {"difference": "signed"}, "4"),
    ],
)
def test_a_stated_variance(card_of, rate, reading, awarded):
    changes = {"budget/initial": None, "budget/variance": {"rate": rate}}
    found = card_of(changes, {"variance": reading}).score("variance")
    assert (text(found.awarded), found.stated) == (awarded, True)


def test_a_computed_variance_goes_before_a_stated_one(card_of):
    changes = {"budget/initial": "100", "budget/variance": {"rate": "0.12%"}}
    found = card_of(changes).score("variance")
    assert (text(found.awarded), found.stated) == ("1.6", False)


@pytest.mark.parametrize(
    ("initial", "why"),
    [(None, "未填年初预算数，也没有填写部门预决算差异率"), ("0", "年初预算数为0，也没有填写")],
)
def test_variance_without_an_initial_budget(card_of, initial, why):
    card = card_of({"budget/initial": initial})
    assert why in card.score("variance").undecided
    assert text(card.total) == "95.5"


def test_a_year_without_its_benchmark_is_undecided(card_of):
    card = card_of({"year": "2024"})
    assert card.score("variance").undecided == (
        "评分标准beijing-2023没有2024年的市级平均预决算差异率，需要补充后再评分"
    )
    assert [s.id for s in card.undecided] == ["variance"]
    assert text(card.total) == "95.5"


def test_a_benchmark_added_for_the_year(card_of):
    years = {2024: {"value": "20%", "source": "示例市财政局"}}
    readings = {"parameters": {"city_variance": {"name": "市级平均", "years": years}}}
    changes = {"year": "2024", "budget/initial": "150"}  # 45 ÷ 150 = 30 %
    assert text(card_of(changes, readings).score("variance").awarded) == "3.6"


def test_relative_to_nothing_is_a_persons_decision(card_of):
    changes = {"budget/carryover/previous_rate": "0%"}
    found = card_of(changes, {"carryover": {"measure": "relative"}}).score("carryover")
    assert found.undecided == "上年结转结余率为0，不能按相对比例计档，需要人工决定"
    changes["budget/carryover/amount"] = "0"
    found = card_of(changes, {"carryover": {"measure": "relative"}}).score("carryover")
    assert text(found.awarded) == "4"


# Rounding and grades.


@pytest.mark.parametrize(
    ("spent", "rounding", "awarded"),
    [
        ("195.05", {}, "19.51"),
        ("195.05", {"mode": "half_even"}, "19.5"),
        ("195.05", {"mode": "down"}, "19.5"),
        ("195.15", {}, "19.52"),
        ("195.15", {"mode": "half_even"}, "19.52"),
        ("195.15", {"mode": "down"}, "19.51"),
        ("195.15", {"places": 1}, "19.5"),
        ("195.15", {"places": 3}, "19.515"),
        ("195.15", {"stage": "total"}, "19.515"),
    ],
)
def test_rounding(card_of, spent, rounding, awarded):
    # 195.05 ÷ 200 × 20 = 19.505.
    readings = {"rounding": rounding} if rounding else None
    card = card_of({"budget/total": {"budget": "200", "spent": spent}}, readings)
    assert text(card.score("execution").awarded) == awarded


@pytest.mark.parametrize(("stage", "total"), [("indicator", "88.84"), ("total", "88.83")])
def test_rounding_before_or_after_the_sum(card_of, stage, total):
    # Twice 8 ÷ 3: 2.67 + 2.67, or 5.333….
    third = {"target": "3场", "actual": "1场", "weight": "8"}
    changes = {
        "indicators/0": third | {"group": "output", "kind": "quantity", "name": "甲"},
        "indicators/1": third | {"group": "output", "kind": "quality", "name": "乙"},
    }
    assert text(card_of(changes, {"rounding": {"stage": stage}}).total) == total


def test_unrounded_scores_and_deductions_add_up_exactly(card_of):
    row = {"group": "output", "weight": "8"}
    changes = {
        "indicators/0": row | {"kind": "quantity", "name": "甲", "target": "11", "actual": "1"},
        "indicators/1": row | {"kind": "quality", "name": "乙", "target": "11", "actual": "1"},
    }
    group = card_of(changes, {"rounding": {"stage": "total"}}).score("output")
    assert group.by_rule + sum(deduction.points for deduction in group.deductions) == 30


@pytest.mark.parametrize(
    ("total", "label"),
    [
        ("100", "优秀"),
        ("90", "优秀"),
        ("89.99", "良好"),
        ("89.5", "良好"),
        ("80", "良好"),
        ("79.99", "中等"),
        ("60", "中等"),
        ("59.99", "较差"),
        ("0", "较差"),
    ],
)
def test_grade(total, label):
    assert grade_of(BEIJING, Decimal(total)).label == label


def test_other_grades(rubric_of):
    rubric = rubric_of({"grades": [{"label": "A", "floor": 95}, {"label": "B", "floor": 0}]})
    assert [grade_of(rubric, Decimal(t)).label for t in ("95", "94.99")] == ["A", "B"]


def test_89_5_is_good_and_not_rounded_up(card_of, override):
    card = card_of({"overrides": [override("output", "20")]})
    assert (text(card.total), card.grade) == ("89.5", "良好")


def test_the_grade_is_read_from_the_total_that_is_printed(card_of, override):
    # 19.495 + 20.5 + 30 + 20 = 89.995, printed as 90.00.
    changes = {
        "budget/total": {"budget": "200", "spent": "194.95"},
        "overrides": [override("output", "20.5")],
    }
    card = card_of(changes, {"rounding": {"stage": "total"}})
    assert (text(card.total), card.grade) == ("90", "优秀")


@pytest.mark.parametrize(
    ("output", "total", "grade"),
    [
        ("30", "95.5", "优秀"),
        ("24.5", "90", "优秀"),
        ("24.49", "89.99", None),
        ("20.5", "86", None),
        ("20.49", "85.99", "良好"),
    ],
)
def test_the_grade_is_open_while_undecided_points_could_change_it(
    card_of, override, output, total, grade
):
    card = card_of({"budget/initial": None, "overrides": [override("output", output)]})
    assert (text(card.total), text(card.open_points), card.grade) == (total, "4", grade)


# 例外情况.


def overridden(card_of, override, indicator, points, changes=None):
    return card_of({"overrides": [override(indicator, points)]} | (changes or {}))


def test_an_override_keeps_both_scores(card_of, override):
    changes = {"budget/carryover/amount": "26"}
    card = overridden(card_of, override, "carryover", "3", changes)
    found = card.score("carryover")
    assert (text(found.by_rule), text(found.awarded), text(found.waived)) == ("0", "3", "3")
    assert found.override.reason == "上级资金年底下达"
    assert text(card.total) == "98.5"


def test_an_override_may_take_points(card_of, override):
    found = overridden(card_of, override, "output", "25").score("output")
    assert (text(found.by_rule), text(found.awarded), text(found.waived)) == ("30", "25", "-5")


def test_an_override_gives_at_most_the_points(card_of, override):
    assert text(overridden(card_of, override, "carryover", "9").score("carryover").awarded) == "4"


def test_an_override_decides_what_was_undecided(card_of, override):
    card = overridden(card_of, override, "variance", "3.5", {"budget/initial": None})
    found = card.score("variance")
    assert (found.by_rule, text(found.awarded), text(found.waived)) == (None, "3.5", "3.5")
    assert (text(card.total), card.undecided, text(card.open_points)) == ("99", [], "0")


def test_an_override_of_one_of_the_indicators_of_a_group(card_of, override):
    card = overridden(card_of, override, "output.2", "5")
    group = card.score("output")
    assert (text(group.by_rule), text(group.awarded)) == ("30", "27")
    assert text(card.total) == "96.5"


def test_an_override_of_an_undecided_indicator_of_a_group(card_of, override):
    open_part = {"indicators/1/actual": "多数合格"}
    card = card_of(open_part)
    assert (text(card.score("output").awarded), text(card.open_points)) == ("22", "8")
    card = overridden(card_of, override, "output.2", "6", open_part)
    assert (text(card.score("output").awarded), text(card.open_points)) == ("28", "0")
    assert card.score("output").undecided == ""


def test_an_override_of_a_group_settles_its_undecided_parts(card_of, override):
    card = overridden(card_of, override, "output", "24", {"indicators/1/actual": "多数合格"})
    assert (text(card.total), text(card.open_points), card.undecided) == ("93.5", "0", [])
    group = card.as_dict()["indicators"][1]
    assert (group["score"], group["undecided"]) == ("24", None)


# What the machine's form says.


def test_the_machines_form_of_a_score(card_of):
    found = card_of().as_dict()
    assert (found["total"], found["max"], found["reported_total"]) == ("99.5", "100", "99.5")
    execution = found["indicators"][0]
    assert execution["id"] == "execution"
    assert (execution["points"], execution["score"], execution["reported"]) == (
        "20",
        "19.5",
        "19.5",
    )
    assert execution["formula"] == "195 ÷ 200 = 97.5% × 20 = 19.5"
    (deduction,) = execution["deductions"]
    assert (deduction["points"], deduction["reason"]) == ("0.5", "预算执行率 97.5%，未达到100%")


def test_the_machines_form_of_an_override(card_of, override):
    card = overridden(card_of, override, "carryover", "3", {"budget/carryover/amount": "26"})
    found = {i["id"]: i for i in card.as_dict()["indicators"]}["carryover"]
    assert found["override"] == {
        "rule_score": "0",
        "waived": "3",
        "reason": "上级资金年底下达",
        "stage": "征求意见",
        "approver": "科长",
    }


def test_the_machines_form_of_what_is_undecided(card_of):
    (waiting,) = card_of({"budget/initial": None}).as_dict()["undecided"]
    assert (waiting["id"], waiting["points"]) == ("variance", "4")
    assert waiting["reason"].startswith("未填年初预算数")


def test_a_claim_on_a_part_stands_beside_it(card_of):
    parts = card_of({"reported/scores/output.1": "7.5"}).score("output").parts
    assert [text(part.reported) for part in parts] == ["7.5", None, None, None]


def test_every_input_has_its_line(card_of):
    card = card_of()
    lines = card.department.source.lines
    numbers = [lines["department", "budget", "total", key] for key in ("spent", "budget")]
    places = [figure.place for figure in card.score("execution").inputs]
    assert places == [f"params/x.yaml:{number}" for number in numbers]


@pytest.mark.parametrize(
    ("indicator", "changes", "formula"),
    [
        ("execution", {"budget/total": {"budget": "200", "spent": "210"}},
         "210 ÷ 200 = 105%，按 100% × 20 = 20"),
        ("output", {"indicators/0/actual": "5场"}, "4 + 8 + 7 + 7 = 26"),
        ("assets", {}, "6项全部合格，不扣分，得分 = 4"),
        ("assets", {"checks/assets_lost": "是"}, "6项中1项不合格，4 − 1 × 0.8 = 3.2"),
        ("carryover", {"budget/carryover/amount": "8"},
         "8 ÷ 200 = 4%；上年结转结余率 3%，高出1个百分点，计1档 × 0.4，4 − 0.4 = 3.6"),
        ("carryover", {}, "5 ÷ 200 = 2.5%；上年结转结余率 3%，未高出，不扣分，4 − 0 = 4"),
        ("variance", {"budget/initial": "300"},
         "|195 − 300| ÷ 300 = 35%；市级平均预决算差异率 28.3%，高出6.7个百分点，"
         "计0档 × 0.4，4 − 0 = 4"),
    ],
)  # fmt: skip
def test_a_formula_with_its_numbers(card_of, indicator, changes, formula):
    assert card_of(changes).score(indicator).formula == formula


# What holds for every filing.

money = st.decimals(0, 10**6, places=2).map(str)
percentages = st.decimals(0, 120, places=2).map("{}%".format)
yes = st.sampled_from(["是", "否"])
bare = st.integers(0, 500).map(str)
judged = st.sampled_from(["完成", "基本完成"])


@st.composite
def rows(draw, group, kind):
    row = {"group": group, "kind": kind, "name": "指标"}
    if draw(st.booleans()):
        row |= {"target": draw(bare), "actual": draw(bare), "low_target": draw(yes)}
        row["direction"] = draw(st.sampled_from(["higher", "lower"]))
    else:
        row |= {"target": "完成", "actual": draw(judged)}
        if draw(st.booleans()):
            row["grade"] = draw(percentages)
    if draw(st.booleans()):
        row["weight"] = str(draw(st.decimals(0, 40, places=2)))
    return row


@st.composite
def filings(draw):
    changes = {
        f"budget/{part}": {"budget": draw(money), "spent": draw(money)}
        for part in ("basic", "project", "other")
    }
    changes["budget/total"] = None
    changes["budget/initial"] = draw(money)
    changes["budget/carryover"] = {"amount": draw(money), "previous_rate": draw(percentages)}
    if draw(st.booleans()):
        changes["budget/variance"] = {"rate": draw(percentages)}
        changes["budget/initial"] = None
    changes["indicators"] = [
        *draw(st.lists(rows("output", "quality"), max_size=5)),
        *draw(st.lists(rows("effect", "social"), max_size=5)),
    ]
    for item in draw(st.sets(st.sampled_from(sorted(BEIJING.items)))):
        changes[f"checks/{item}"] = draw(yes)
    for item in draw(st.sets(st.sampled_from(sorted(BEIJING.items)), max_size=2)):
        changes[f"checks/{item}"] = None
    return changes


readings = st.sampled_from(
    [
        {},
        {"rounding": {"stage": "total"}},
        {"rounding": {"mode": "down"}},
        {
            "carryover": {"partial": "linear"},
            "variance": {"partial": "linear", "measure": "relative"},
        },
        {"output": {"zero": "redistribute"}, "effect": {"zero": "full"}},
    ]
)


@pytest.fixture(scope="module")
def rubrics():
    """The Beijing rubric with other readings, without a file."""

    def make(changes):
        rubric = BEIJING
        if rounding := changes.get("rounding"):
            rubric = rubric.model_copy(
                update={"rounding": rubric.rounding.model_copy(update=rounding)}
            )
        sections = tuple(
            section.model_copy(
                update={
                    "indicators": tuple(
                        i.model_copy(
                            update={"rule": i.rule.model_copy(update=changes.get(i.id, {}))}
                        )
                        for i in section.indicators
                    )
                }
            )
            for section in rubric.sections
        )
        return rubric.model_copy(update={"sections": sections})

    return make


def floats_in(value):
    if dataclasses.is_dataclass(value):
        return any(floats_in(getattr(value, f.name)) for f in dataclasses.fields(value))
    if isinstance(value, (tuple, list)):
        return any(floats_in(item) for item in value)
    if isinstance(value, dict):
        return any(floats_in(item) for item in value.values())
    if hasattr(value, "model_dump"):
        return floats_in(value.model_dump())
    return isinstance(value, float)


@settings(max_examples=150, deadline=None)
@given(changes=filings(), reading=readings)
def test_every_scorecard_adds_up(complete, rubrics, changes, reading):
    card = score(Department.model_validate(complete(changes)), rubrics(reading))
    for found in walk(card.scores):
        if found.awarded is not None:
            assert 0 <= found.awarded <= found.points
        if found.by_rule is not None and not found.undecided:
            assert found.by_rule + sum(d.points for d in found.deductions) == found.points
        assert (found.by_rule is None) <= bool(found.undecided)
        assert all(d.reason and d.points >= 0 for d in found.deductions)
    sections = sum(card.section_total(section.id) for section in card.rubric.sections)
    assert card.rubric.rounding.apply(sections) == card.total
    assert card.total + card.open_points <= 100
    assert sum(s.points for s in card.undecided) == card.open_points
    assert not floats_in(card)


@settings(max_examples=100, deadline=None)
@given(
    changes=filings(),
    places=st.sampled_from([2, 3, 6]),
    mode=st.sampled_from(["half_up", "half_even", "down"]),
    stage=st.sampled_from(["indicator", "total"]),
)
def test_what_is_printed_adds_up(complete, rubrics, changes, places, mode, stage):
    """The 得分 of the report's table to its 合计, and each 扣分 with the 得分 to the 分值."""
    rubric = rubrics({"rounding": {"places": places, "mode": mode, "stage": stage}})
    card = score(Department.model_validate(complete(changes)), rubric)
    page = re.sub(
        r'<span data-of="[^"]*">(.*?)</span>', r"\1", Report(card, Audit([], [], ())).result().html
    )
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", page)
    ]
    *table, last = [(name, *row) for name, *row in cells[1:]]
    shown = [awarded.replace("−", "-") for _, _, awarded, *_ in table]
    printed = [Decimal(awarded) if awarded != "待定" else Decimal(0) for awarded in shown]
    # What the rounding of the total changes has a row of its own.
    assert sum(printed) == Decimal(last[2])
    if stage == "indicator":
        assert len(table) == len(card.scores)
    for (_, points, _, _, reasons), awarded, scored in zip(
        table, printed, card.scores, strict=False
    ):
        lost = sum(Decimal(d) for d in re.findall(r"，扣([\d.]+)分(?=；|$)", reasons))
        assert awarded + lost + scored.open_points == Decimal(points)
    for scored in walk(card.scores):
        if scored.awarded is not None:
            assert (
                scored.formula.endswith(f"= {plain(scored.awarded)}")
                or "分给同组" in scored.formula
            )


@settings(max_examples=50, deadline=None)
@given(
    budget=st.decimals(1, 10**6, places=2),
    spent=st.decimals(0, 10**6, places=2),
    more=st.decimals(0, 10**6, places=2),
)
def test_a_better_execution_never_loses_points(complete, budget, spent, more):
    def awarded(spent):
        total = {"budget": str(budget), "spent": str(spent)}
        filed = Department.model_validate(complete({"budget/total": total}))
        return score(filed, BEIJING).score("execution").awarded

    assert awarded(spent) <= awarded(spent + more)


@settings(max_examples=50, deadline=None)
@given(amount=st.decimals(0, 200, places=2), more=st.decimals(0, 200, places=2))
def test_less_carried_over_never_loses_points(complete, amount, more):
    def awarded(amount):
        filed = Department.model_validate(complete({"budget/carryover/amount": str(amount)}))
        return score(filed, BEIJING).score("carryover").awarded

    assert awarded(amount) >= awarded(amount + more)


# 指标方向 where the target states neither ≥ nor ≤.

DIRECTIONS = yaml.safe_load(
    (Path(__file__).parent / "cases" / "directions.yaml").read_text("utf-8")
)
GROUPS = {kind.id: group for group, rule in BEIJING.groups.items() for kind in rule.kinds}


def only_row(complete, kind, name, target, actual, **more):
    row = {"group": GROUPS[kind], "kind": kind, "name": name, "target": target, "actual": actual}
    filed = Department.model_validate(complete({"indicators": [row | more]}))
    card = score(filed, BEIJING)
    return card, card.score(GROUPS[kind]).parts[0]


@pytest.mark.parametrize("case", DIRECTIONS, ids=lambda case: " ".join(case[1:4]))
def test_the_direction_of(complete, case):
    kind, name, target, actual, direction, *rate = case
    _, part = only_row(complete, kind, name, target, actual)
    if direction == "待定":
        assert part.awarded is None
        assert f"“≤{target}”" in part.undecided
        assert "填正向" in part.undecided
    else:
        assert part.direction == direction
        assert percent(part.awarded / part.points) == rate[0]


@pytest.mark.parametrize("case", [c for c in DIRECTIONS if c[4] == "反向"], ids=lambda c: c[1])
def test_a_direction_that_is_taken_is_told(complete, case):
    card, _ = only_row(complete, *case[:4])
    if case[2] == case[3] and not case[2].startswith("0"):
        return
    told = [f.message for f in audit(card) if f.code == "indicators.direction"]
    assert len(told) == 1
    assert "按反向指标（越低越好）计分" in told[0]


@pytest.mark.parametrize("case", DIRECTIONS, ids=lambda case: " ".join(case[1:4]))
@pytest.mark.parametrize("direction", ["正向", "反向"])
def test_a_direction_that_is_filed_is_followed_without_a_word(complete, case, direction):
    card, part = only_row(complete, *case[:4], direction=direction)
    assert part.direction == direction
    assert not any(f.code == "indicators.direction" for f in audit(card))


def test_where_the_direction_is_unclear_a_persons_grade_decides(complete):
    card, part = only_row(complete, "cost", "成本控制", "100万元", "90万元", grade="90%")
    assert text(part.awarded) == "27"
    assert not any(f.code.startswith("indicators.grade") for f in audit(card))


def test_what_has_no_word_for_it_is_told_in_one_line(findings_of):
    changes = {"indicators/0/actual": "9场", "indicators/4/actual": "3亿元"}
    told = [f for f in findings_of(changes) if f.code == "indicators.direction"]
    assert [(f.level, f.message.partition("：")[0]) for f in told] == [
        ("info", "产出有1个指标的指标值没有写≥或≤，按正向指标（越高越好）计分"),
        ("info", "效果有1个指标的指标值没有写≥或≤，按正向指标（越高越好）计分"),
    ]


def test_another_rubric_has_words_of_its_own(complete):
    words = BEIJING.directions.model_copy(update={"lower": ("带动投资",)})
    row = {"indicators/4/actual": "3亿元"}
    rubric = BEIJING.model_copy(update={"directions": words})
    card = score(Department.model_validate(complete(row)), rubric)
    assert text(card.score("effect").parts[0].awarded) == "4"  # 2 ÷ 3 × 6
