"""The rules: worked cases from cases/rules.yaml, and what holds for every input."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from perfkit.scoring import rules

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "rules.yaml").read_text(encoding="utf-8"))

amounts = st.decimals(0, 10**9, places=6)
positive = st.decimals("0.000001", 10**9, places=6)
rates = st.decimals(-10, 10, places=6)
points = st.decimals(0, 100, places=2)


def exact(value):
    """Numbers of a case as the Decimals that are written there; words stay."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    assert case["source"]
    assert getattr(rules, case["rule"])(**exact(case["given"])) == exact(case["awarded"])


def test_every_rule_has_a_worked_case():
    functions = {
        name
        for name, value in vars(rules).items()
        if callable(value) and getattr(value, "__module__", "") == "perfkit.scoring.rules"
    }
    assert {case["rule"] for case in CASES} == functions


@given(actual=rates, target=positive)
def test_a_proportion_lies_between_none_and_all(actual, target):
    assert 0 <= rules.proportional(actual, target) <= 1
    assert 0 <= rules.inverse_proportional(actual, target) <= 1


@given(worse=amounts, more=amounts, target=positive)
def test_more_of_what_is_wanted_never_loses(worse, more, target):
    assert rules.proportional(worse, target) <= rules.proportional(worse + more, target)


@given(better=amounts, more=amounts, target=amounts)
def test_less_of_what_is_not_wanted_never_loses(better, more, target):
    least = rules.inverse_proportional(better + more, target)
    assert least <= rules.inverse_proportional(better, target)


@given(
    excess=rates,
    more=st.decimals(0, 10, places=6),
    partial=st.sampled_from(("floor", "linear", "ceil")),
)
def test_a_larger_excess_never_counts_fewer_steps(excess, more, partial):
    step = Decimal("0.01")
    assert rules.steps(excess, step, partial) <= rules.steps(excess + more, step, partial)


@given(excess=rates)
def test_the_readings_of_a_part_of_a_step_are_in_order(excess):
    floor, linear, ceil = (
        rules.steps(excess, Decimal("0.01"), partial) for partial in ("floor", "linear", "ceil")
    )
    assert floor <= linear <= ceil
    assert ceil - floor in (0, 1)


@given(points=points, count=st.integers(0, 1000), each=points)
def test_a_deduction_takes_at_most_all_the_points(points, count, each):
    assert 0 <= rules.deducted(points, count, each) <= points


@given(rate=st.decimals(-1, 20, places=4), more=st.decimals(0, 20, places=4))
def test_a_lower_target_never_costs_less(rate, more):
    bands = [
        (Decimal(2), Decimal("0.1")),
        (Decimal(3), Decimal("0.2")),
        (Decimal(5), Decimal("0.3")),
    ]
    assert rules.overshoot_share(rate, bands) <= rules.overshoot_share(rate + more, bands)


weights = st.lists(st.decimals(0, 100, places=3), min_size=1, max_size=40).filter(any)


@given(points=points, weights=weights, places=st.integers(0, 4))
def test_shares_add_up_to_the_points(points, weights, places):
    assert sum(rules.shared(points, weights, places)) == points


@given(points=points, weights=weights, places=st.integers(0, 4))
def test_a_share_is_within_one_unit_of_its_proportion(points, weights, places):
    unit = Decimal(1).scaleb(-places)
    for share, weight in zip(rules.shared(points, weights, places), weights, strict=True):
        assert abs(share - points * weight / sum(weights)) <= unit
        assert share >= 0
