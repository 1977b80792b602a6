"""The kinds of rules: a table of cases each in cases/kinds, and what every kind must answer."""

import re
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.forms.department import Department
from perfkit.quantities import plain
from perfkit.report import Report
from perfkit.report.sheet import score_sheet
from perfkit.scoring.conditions import first_of, never_met
from perfkit.scoring.derivations import derivations
from perfkit.scoring.kinds import AnyRule
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.scores import Score

TABLES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases" / "kinds").glob("*.yaml"))
}
CASES = [
    pytest.param(kind, table, case, id=f"{kind}: {case['name']}")
    for kind, table in TABLES.items()
    for case in table["cases"]
]
KINDS = {
    get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(AnyRule)[0])
}


def test_every_kind_has_a_table_of_cases():
    assert set(TABLES) == KINDS


def shown(card, of):
    """分值, 自评得分, 核定得分 and 偏差原因 in the score sheet."""
    rows = [row.cells for table in score_sheet(card) for row in table.rows]
    cells = next(cells for cells in rows if any(cell.of == of for cell in cells))
    # 完成值 may be the same figure: the score is the last of them.
    at = max(i for i, cell in enumerate(cells) if cell.of == of)
    return [cell.text for cell in cells[at - 2 : at + 2]]


@pytest.mark.parametrize(("kind", "table", "case"), CASES)
def test_a_case(kind, table, case, card_of, filing):
    assert case["source"]
    indicator, filed = table["indicator"], dict(case.get("filing", {}))
    if "last_year" in case:
        filing({"year": "2022", **case["last_year"]}, "last.yaml")
        filed["previous"] = "last.yaml"
    card = card_of(filed, {indicator: table.get("rule", {}) | case.get("rule", {})})
    score, rule = card.score(indicator), card.rubric.indicator(indicator).rule
    assert rule.kind == kind
    awarded = case["awarded"]
    assert (score.awarded and plain(score.awarded)) == (awarded and str(awarded))
    if "deductions" in case:
        assert [f"{plain(d.points)} {d.reason}" for d in score.deductions] == case["deductions"]
    if "cells" in case:
        assert shown(card, indicator) == case["cells"]
    for part, cells in case.get("parts", {}).items():
        assert shown(card, part) == cells
    if "undecided" in case:
        assert score.undecided == case["undecided"]
    if "formula" in case:
        assert score.formula == case["formula"]
    if "sentence" in case:
        assert rule.sentence(score).striptags() == case["sentence"]


REFUSED = [
    pytest.param(table, case, id=f"{kind}: {case['message']}")
    for kind, table in TABLES.items()
    for case in table.get("refused", ())
]


@pytest.mark.parametrize(("table", "case"), REFUSED)
def test_a_wrong_rule_is_refused_with_one_message_that_names_the_cause(table, case, rubric_file):
    path = rubric_file({table["indicator"]: table.get("rule", {}) | case["rule"]})
    with pytest.raises(PerfkitError) as error:
        load_rubric(str(path))
    (fault,) = error.value.faults
    assert case["message"] in fault.message
    assert fault.line


def test_no_kind_has_the_name_of_a_field_of_a_rule():
    """Where pydantic names the place of an error, a kind stands beside the fields."""
    fields = {name for rule in get_args(get_args(AnyRule)[0]) for name in rule.model_fields}
    assert not KINDS & fields


@pytest.mark.parametrize("kind", TABLES)
def test_every_figure_that_the_report_prints_of_a_kind_has_its_derivation(kind, card_of):
    table = TABLES[kind]
    card = card_of(table.get("filing"), {table["indicator"]: table.get("rule", {})})
    report, known = Report(card, examine(card)), derivations(card)
    page = "".join(getattr(report, part)().html for part in ("management", "result", "score_sheet"))
    assert set(re.findall(r'data-of="([^"]*)"', page)) <= set(known)
    score = card.score(table["indicator"])
    said = known[score.id]
    assert plain(score.awarded) in said.formula
    assert card.rubric.indicator(score.id).rule.describe(card.rubric) in said.rule


GIVEN = {"variance": {"kind": "given"}}
FILED_WRONG = {
    "more than the points": (
        GIVEN, {"variance": {"score": "4.5", "reason": "好"}}, "score", "超过指标的分值 4 分，这里是“4.5”",
    ),
    "finer than scores are printed": (
        GIVEN, {"variance": {"score": "3.999", "reason": "好"}}, "score", "小数位数多于评分标准的 2 位",
    ),
    "a field that is not asked": (
        GIVEN, {"variance": {"count": "2"}}, "count", "“部门预决算差异率”不按次数计分，应填 score（评分）",
    ),
    "an indicator that is misspelt": (
        GIVEN, {"varaince": {"score": "2"}}, "varaince", "是不是 variance（部门预决算差异率）",
    ),
    "an indicator that asks for nothing": (
        GIVEN, {"assets": {"score": "2"}}, "assets", "“资产管理规范性”不按这里所填计分，请删去",
    ),
    "no number": (GIVEN, {"variance": {"score": "较好"}}, "score", "应填数字，这里是“较好”"),
    "a count that is none": (
        {"variance": {"kind": "occurrences", "what": "违规", "deduct": "1"}},
        {"variance": {"count": "2次"}}, "count", "应填整数，这里是“2次”",
    ),
    "a rank beyond the last": (
        {"variance": {"kind": "rank", "last": "0"}},
        {"variance": {"rank": "21", "among": "20"}}, "variance", "名次 21 大于参加排名的单位数 20",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "answers", "at", "message"), FILED_WRONG.values(), ids=FILED_WRONG
)
def test_a_wrong_reply_is_refused_at_its_line(readings, answers, at, message, filing, rubric_file):
    path = filing({"answers": answers, "rubric": str(rubric_file(readings))})
    with pytest.raises(PerfkitError) as error:
        read_department(path)
    (fault,) = error.value.faults
    assert message in fault.message
    assert at in path.read_text(encoding="utf-8").splitlines()[fault.line - 1]


def test_an_item_may_be_absent_only_where_the_rubric_says_so(filing):
    path = filing({"checks/diverted": "不涉及"})
    with pytest.raises(PerfkitError) as error:
        read_department(path)
    (fault,) = error.value.faults
    assert "评分标准没有“不涉及”这种答案，请填“是”或“否”" in fault.message


def test_a_count_without_a_word_on_it_is_a_finding(findings_of):
    rule = {"kind": "occurrences", "what": "违规", "deduct": "1"}
    reply = {"count": "1"}
    filed = {"answers": {"variance": reply}, "reported/scores/variance": "3"}
    found = [f.code for f in findings_of(filed, {"variance": rule})]
    assert "answers.no_reason" in found
    reply["reason"] = "审计指出"
    found = [f.code for f in findings_of(filed, {"variance": rule})]
    assert "answers.no_reason" not in found


# ---- what holds of every rule and filing

POINTS = Decimal(4)
halves = st.integers(1, 9).map(lambda n: str(Decimal(n) / 2))
awards = st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True).map(
    lambda floors: [
        *({"when": f"≥{f}%", "points": "4"} for f in sorted(floors, reverse=True)[:1]),
        *({"when": f"≥{f}%", "points": "2.5"} for f in sorted(floors, reverse=True)[1:]),
        {"points": "0"},
    ]
)
PROJECT = {"of": "budget.project.spent", "to": "budget.project.budget"}
items = st.lists(
    st.fixed_dictionaries(
        {"good": st.sampled_from("是否"), "text": st.just("甲")},
        optional={"points": halves, "gate": st.sampled_from("是否")},
    ),
    min_size=1,
    max_size=6,
).map(lambda rows: [row | {"id": f"i{n}"} for n, row in enumerate(rows)])
each_way = st.sampled_from([{"deduct": "0.7"}, {"add": "1.5"}, {"share": "33.33%"}])
RULES = {
    "ratio": st.fixed_dictionaries(
        {"full_at": st.sampled_from(["80%", "100%"])},
        optional={
            "none_below": st.just("60%"),
            "above": st.just({"step": "1%", "deduct": "0.5", "partial": "linear"}),
        },
    ).map(lambda rule: rule | PROJECT),
    "tiers": awards.map(lambda rows: {**PROJECT, "awards": rows}),
    "excess": st.fixed_dictionaries(
        {"step": st.sampled_from(["1%", "7%"]), "deduct": halves},
        optional={"below": st.just({"step": "3%", "deduct": "0.3", "partial": "ceil"})},
    ).map(lambda rule: {**rule, **PROJECT, "over": "90%"}),
    "checklist": st.builds(
        lambda way, rows, absent, whole: {**way, "items": rows, "absent": absent, "whole": whole},
        each_way,
        items,
        st.sampled_from(["kept", "shared"]),
        st.sampled_from(["no", "down", "half_up"]),
    ),
    "occurrences": st.sampled_from(["deduct", "add"]).flatmap(
        lambda way: halves.map(lambda each: {"what": "次", way: each})
    ),
    "given": st.sampled_from(
        [{}, {"levels": [{"name": "好", "points": "4"}, {"name": "差", "points": "0.5"}]}]
    ),
    "rank": st.one_of(st.just({"last": "1"}), awards.map(lambda rows: {"awards": rows})),
    "rollup": st.sampled_from(["budget", "spent", "equal"]).map(lambda by: {"by": by}),
    "one_of": st.just(
        {
            "pick": "best",
            "ways": [
                {"name": "甲", "rule": {"kind": "occurrences", "what": "次", "add": "0.3"}},
                {"name": "乙", "rule": {"kind": "given"}},
            ],
        }
    ),
}
amounts = st.decimals(0, 120, places=2).map(str)
FILED = st.fixed_dictionaries(
    {
        "budget/project/spent": amounts,
        "budget/project/budget": amounts,
        "projects/0/score": st.integers(0, 100),
        "projects/1/score": st.integers(0, 100),
        "answers": st.fixed_dictionaries(
            {
                "count": st.integers(0, 9),
                "score": st.decimals(0, 4, places=2).map(str),
                "rank": st.integers(1, 9),
                "among": st.integers(9, 20),
                "reason": st.just("说明"),
            }
        ).map(lambda reply: {"x": reply}),
        "checks": st.dictionaries(
            st.sampled_from([f"i{n}" for n in range(6)]), st.sampled_from(["是", "否", "不涉及"])
        ),
    }
)
RUBRIC = load_rubric("beijing-2023")
ANY = TypeAdapter(AnyRule)


def scored(kind, fields, filed, complete):
    rule = ANY.validate_python({"kind": kind, **fields})
    department = Department.model_validate(complete({**filed, "budget/total": None}))
    return rule.scored(Score(id="x", name="甲", points=POINTS), department, RUBRIC)


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data())
@settings(max_examples=40)
def test_what_is_awarded_and_what_is_lost_add_up_to_the_points(kind, data, complete):
    score = scored(kind, data.draw(RULES[kind]), data.draw(FILED), complete)
    if score.by_rule is None:
        assert score.undecided
        return
    assert 0 <= score.by_rule <= POINTS
    assert all(deduction.points >= 0 and deduction.reason for deduction in score.deductions)
    assert score.by_rule + sum(d.points for d in score.deductions) == POINTS
    assert score.formula.endswith(f" = {plain(score.by_rule)}")


@given(rule=RULES["checklist"], filed=FILED, item=st.integers(0, 5))
@settings(max_examples=60)
def test_a_better_answer_never_loses(rule, filed, item, complete):
    rows = rule["items"]
    row = rows[item % len(rows)]
    checks = {found["id"]: "是" for found in rows} | {
        name: answer for name, answer in filed["checks"].items() if int(name[1:]) < len(rows)
    }
    bad = "否" if row["good"] == "是" else "是"
    by_rule = [
        scored(
            "checklist", rule, filed | {"checks": checks | {row["id"]: answer}}, complete
        ).by_rule
        for answer in (bad, row["good"])
    ]
    assert by_rule[0] <= by_rule[1]


@given(each=halves, way=st.sampled_from(["deduct", "add"]), count=st.integers(0, 9))
def test_one_more_time_never_turns_the_other_way(each, way, count, complete):
    less, more = (
        scored(
            "occurrences",
            {"what": "次", way: each},
            {"answers": {"x": {"count": times}}},
            complete,
        ).by_rule
        for times in (count, count + 1)
    )
    assert less >= more if way == "deduct" else less <= more


CONDITIONS = st.lists(
    st.builds(lambda sign, value: f"{sign}{value}", st.sampled_from("≥≤><="), st.integers(-3, 3)),
    min_size=1,
    max_size=5,
)


@given(conditions=CONDITIONS, value=st.decimals(-5, 5, places=2))
def test_a_tier_that_is_never_met_is_met_by_no_value(conditions, value):
    tiers = [*conditions, None]
    found = first_of(tiers, value)
    assert found is not None
    assert found not in never_met(tiers)


@pytest.mark.parametrize(("kind", "table"), TABLES.items(), ids=list(TABLES))
def test_what_every_kind_answers(kind, table, card_of):
    card = card_of(table.get("filing"), {table["indicator"]: table.get("rule", {})})
    indicator = card.rubric.indicator(table["indicator"])
    score, rule = card.score(indicator.id), indicator.rule
    assert rule.describe(card.rubric)
    assert all(rule.listed()) or not rule.listed()
    assert score.field.startswith(rule.turns_on)
    assert card.department.place(rule.turns_on)
    assert indicator.id in rule.turning_fields(score)
    by_rule = score.by_rule + sum(deduction.points for deduction in score.deductions)
    assert by_rule == score.points
