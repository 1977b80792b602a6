"""Under every reading that a rubric may choose, a filing that is right by it raises nothing."""

import pytest
from conftest import audit, retold

from perfkit.quantities import percent, plain, rounded
from perfkit.scoring.scorecard import score, stated_rates

READINGS = {
    "as shipped": {},
    "差异率以全年预算为分母": {"variance": {"to": "budget.total.budget"}},
    "差异率与全年预算比": {
        "variance": {"less": "budget.total.budget", "to": "budget.total.budget"}
    },
    "差异率不取绝对值": {"variance": {"difference": "signed"}},
    "差异率按相对比例计档": {"variance": {"measure": "relative"}},
    "差异率不足一档按一档扣": {"variance": {"partial": "ceil"}},
    "差异率按比例扣": {"variance": {"partial": "linear"}},
    "结转结余率以年初预算为分母": {"carryover": {"to": "budget.initial"}},
    "结转结余率不足一档按一档扣": {"carryover": {"partial": "ceil"}},
    "结转结余率按比例扣": {"carryover": {"partial": "linear"}},
    "执行率以年初预算为分母": {"execution": {"to": "budget.initial"}},
    "执行率分母为零得满分": {"execution": {"zero": "full"}},
    "未设分值采用自评": {"output": {"no_weights": "stated"}},
    "指标值为零分给同组": {"output": {"zero": "redistribute"}},
    "逐项舍去": {"rounding": {"mode": "down"}},
    "一位小数": {"rounding": {"places": 1}},
    "只在合计时舍入": {"rounding": {"stage": "total"}},
}
FILINGS = {
    "as in conftest": {},
    "支出少于年初预算": {"budget/initial": "230"},
    "比上年多结转": {"budget/carryover/previous_rate": "1.2%"},
    "除不尽的支出": {
        "budget/basic/spent": "97.37",
        "budget/total": {"budget": "200", "spent": "194.37", "rate": "97.19%"},
        "budget/carryover/amount": "5.63",
    },
}
PLACES = {
    "budget.carryover.rate": "budget/carryover/rate",
    "budget.variance.rate": "budget/variance",
}


def said(card):
    """The texts of a department that restates what the rules make of its figures."""
    budget, execution = card.department.budget, card.score("execution")
    rates = stated_rates(card)
    parts = [f"{name}{percent(rate.computed)}" for name, rate in (
        ("结转结余率", rates["budget.carryover.rate"]), ("部门预决算差异率", rates["budget.variance.rate"])
    )]  # fmt: skip
    apply = card.rubric.rounding.apply
    listed = [f"{s.name}得分{plain(apply(s.awarded))}分" for s in card.scores]
    total = plain(rounded(budget.overall.budget, 2))
    return {
        "narrative/execution": f"全年预算数{total}万元，全年执行数{plain(budget.overall.spent)}万元，"
        f"预算执行率{percent(execution.ratio)}。{'，'.join(parts)}。",
        "narrative/result": f"自评总分{plain(card.total)}分。{'，'.join(listed)}。",
    }


@pytest.mark.parametrize("filed", FILINGS)
@pytest.mark.parametrize("reading", READINGS)
def test_a_right_filing_raises_nothing(reading, filed, card_of):
    readings, changes = READINGS[reading], dict(FILINGS[filed])
    card = card_of(changes, readings)
    for field, rate in stated_rates(card).items():
        value = percent(rate.computed)
        changes[PLACES[field]] = value if field.endswith("carryover.rate") else {"rate": value}
    apply = card.rubric.rounding.apply
    changes["reported"] = {
        "total": plain(card.total),
        "grade": card.grade,
        "scores": {s.id: plain(apply(s.awarded)) for s in card.scores},
    }
    if card.rubric.rounding.stage == "total":
        changes["reported"].pop("total")  # the rounded parts need not add up to it
    card = score(*_read(card_of, changes, readings))
    found = [f.message for f in audit(retold(card, said(card))) if f.level != "info"]
    assert found == []


def _read(card_of, changes, readings):
    card = card_of(changes, readings)
    return card.department, card.rubric


@pytest.mark.parametrize(
    "reading", ["as shipped", "差异率以全年预算为分母", "结转结余率以年初预算为分母"]
)
def test_the_rate_of_another_reading_is_told(reading, card_of, findings_of):
    """What is right by one reading is wrong by the other, in the field and in the text."""
    wrong = {
        "as shipped": "5%",
        "差异率以全年预算为分母": "2.63%",
        "结转结余率以年初预算为分母": "2.63%",
    }[reading]
    changes = {
        "budget/variance": {"rate": wrong},
        "narrative/execution": f"部门预决算差异率为{wrong}，结转结余率为5%。",
    }
    if reading == "结转结余率以年初预算为分母":
        changes = {"narrative/execution": "结转结余率为2.5%，部门预决算差异率为5%。"}
    found = findings_of(changes, READINGS[reading])
    codes = [f.code for f in found]
    assert codes.count("text.number") == 2
    assert ("rate.stated" in codes) == ("budget/variance" in changes)


def test_last_years_rate_is_worked_out_by_the_same_rule(filing, rubric_file):
    from perfkit.scoring.params import read_department

    rubric = str(rubric_file({"carryover": {"to": "budget.initial"}}))
    filing({"year": "2022", "rubric": "beijing-2023"}, "2022.yaml")
    stated = {"previous": "2022.yaml", "rubric": rubric, "budget/carryover/previous_rate": "2.63%"}
    found = audit(score(*read_department(filing(stated))))
    assert "carryover.previous" not in [f.code for f in found]
    found = audit(
        score(*read_department(filing(stated | {"budget/carryover/previous_rate": "2.5%"})))
    )
    told = [f.message for f in found if f.code == "carryover.previous"]
    assert told == ["上年结转结余率填2.5%，按上年参数文件应为2.6316%"]
