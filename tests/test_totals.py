"""The total: 加分、扣分项, 限制条件, points that go to other indicators, weights on any scale."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from conftest import changed
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.audit.examine import examine
from perfkit.compare.changes import compare
from perfkit.errors import PerfkitError
from perfkit.forms.department import Department
from perfkit.quantities import plain
from perfkit.report import Report
from perfkit.scoring.derivations import derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import SHIPPED, Rubric, load_rubric
from perfkit.scoring.scorecard import score
from perfkit.scoring.totals import points_of, total_of

CASES = yaml.safe_load(
    (Path(__file__).parent / "cases" / "totals.yaml").read_text(encoding="utf-8")
)
BEIJING = yaml.safe_load((SHIPPED / "beijing-2023.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def rubric_with(tmp_path):
    """Writes the Beijing rubric with changes by path."""

    def write(changes):
        path = tmp_path / "rubric.yaml"
        tree = changed(BEIJING, changes)
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), "utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case(case, filing, rubric_with):
    assert case["source"]
    filed = {"rubric": rubric_with(case["rubric"]), **case.get("filing", {})}
    card = score(*read_department(filing(filed)))
    assert plain(card.total) == str(case["total"])
    assert card.formula.startswith(case.get("formula", ""))
    if "formula" in case:
        assert card.formula == case["formula"]
    if "grade" in case:
        assert card.grade == case["grade"]
    assert plain(card.open_points) == str(case.get("open", 0))
    for key in ("lowest", "highest"):
        if key in case:
            assert plain(getattr(card, key)) == str(case[key])
    for name, awarded in case.get("scores", {}).items():
        assert plain(card.score(name).awarded) == str(awarded)
    for name, points in case.get("points", {}).items():
        assert plain(card.score(name).points) == str(points)
    for name, formula in case.get("formulas", {}).items():
        assert card.score(name).formula == formula
    for name, lost in case.get("deductions", {}).items():
        assert [f"{plain(d.points)} {d.reason}" for d in card.score(name).deductions] == lost
    audit = examine(card)
    assert set(case.get("finds", ())) <= {finding.code for finding in audit.findings}
    chapters = ("management", "result", "problems", "score_sheet", "derivations")
    report = Report(card, audit)
    page = "".join(getattr(report, chapter)().html for chapter in chapters)
    assert set(re.findall(r'data-of="([^"]*)"', page)) <= set(derivations(card))
    text = re.sub("<[^>]*>", "", page)
    assert [words for words in case.get("says", ()) if words not in text] == []
    if not card.open_points and not card.adjustments and not card.met():
        assert sum(one.points for one in card.scores) == card.rubric.points
        assert (
            sum(one.by_rule + sum(d.points for d in one.deductions) for one in card.scores) == 100
        )


def test_the_machine_reads_what_stands_beside_the_scores(filing, rubric_with):
    case = next(case for case in CASES if case["name"] == "加 2 分，扣 3 分")
    filed = {"rubric": rubric_with(case["rubric"]), **case["filing"]}
    found = score(*read_department(filing(filed))).as_dict()
    assert [(a["id"], a["sign"], a["score"]) for a in found["adjustments"]] == [
        ("award", 1, "2"),
        ("breach", -1, "3"),
    ]


def test_claims_are_added_as_the_scores_are(filing, rubric_with):
    case = next(case for case in CASES if case["name"] == "加 2 分，扣 3 分")
    claims = {"reported/scores/award": "2", "reported/scores/breach": "3"}
    for total, wrong in (("98.5", set()), ("99.5", {"claim.sum", "claim.total"})):
        filed = case["filing"] | claims | {"reported/total": total}
        filed["narrative/result"] = f"得分{total}分"
        path = filing({"rubric": rubric_with(case["rubric"]), **filed})
        found = {f.code for f in examine(score(*read_department(path))).findings}
        assert {code for code in found if code.startswith("claim.")} == wrong


REFUSED = {
    "a grade that is none": (
        {"limits": [{"id": "x", "text": "甲", "good": "否", "grade": "中下", "source": "示例"}]},
        "等级里没有“中下”，可写的有：优秀、良好、中等、较差",
    ),
    "a limit of nothing": (
        {"limits": [{"id": "x", "text": "甲", "good": "否", "source": "示例"}]},
        "至少写一样",
    ),
    "the best of grades": (
        {"limits": [{"id": "x", "text": "甲", "good": "否", "grade": "优秀", "source": "示例"}]},
        "“优秀”已是最高的等级，限制不起作用",
    ),
    "a ceiling of all the points": (
        {"limits": [{"id": "x", "text": "甲", "good": "否", "total": "100", "source": "示例"}]},
        "总分上限 100 分不低于总分 100 分，限制不起作用",
    ),
    "a most of what is not there": (
        {"adjustments": {"most_bonus": "3"}},
        "没有加分项（bonus），这个上限不起作用",
    ),
    "a ceiling below the points": (
        {"adjustments": CASES[0]["rubric"]["adjustments"] | {"ceiling": "90"}},
        "加分后总分的上限 90 分低于总分 100 分",
    ),
    "a figure held against one of another unit": (
        {
            "figures": {
                "staff": {"name": "人数", "unit": "人"},
                "area": {"name": "面积", "unit": "平方米"},
            },
            "sections/2/indicators/4/rule": {
                "kind": "tiers",
                "of": "figures.staff",
                "over": "figures.area",
                "awards": [{"when": "≤0", "points": "4"}, {"points": "0"}],
            },
        },
        "比较对象“figures.area”的单位是平方米，所比的数是人，不能相比",
    ),
    "a rate of two units": (
        {
            "figures": {"staff": {"name": "人数", "unit": "人"}},
            "sections/2/indicators/4/rule": {
                "kind": "ratio",
                "of": "budget.basic.spent",
                "to": "figures.staff",
            },
        },
        "单位不同，相除得万元/人，不是比率；要分档的写 kind: tiers",
    ),
    "an unknown indicator": (
        {"limits": [{"id": "x", "text": "甲", "good": "否", "zero": ["nil"], "source": "示例"}]},
        "没有编号为“nil”的指标或一级指标",
    ),
    "a question twice": (
        {"limits": [{"id": "lawful", "text": "甲", "good": "否", "total": "5", "source": "示例"}]},
        "检查项编号“lawful”重复",
    ),
    "a scale that is not reached": (
        {"sections/2/scale": "100"},
        "“预算管理情况”各指标合计 20 分，与各指标合计（scale） 100 分不符",
    ),
    "a 二级指标 without its weight": (
        {"sections/2/level2": {"财务管理": "20"}},
        "二级指标（level2）与各指标所写的不一致",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_rubric_is_refused_with_one_message(changes, message, rubric_with):
    with pytest.raises(PerfkitError) as error:
        load_rubric(rubric_with(changes))
    (fault,) = error.value.faults
    assert message in fault.message


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"assets": {"applies": "否"}}, "写了不适用（applies: 否），还要写理由（reason）"),
        (
            {"performance": {"applies": "否", "reason": "无"}},
            "评分标准没有“绩效管理情况”不适用的规定",
        ),
    ],
)
def test_what_may_not_be_skipped_is_refused(answers, message, filing, rubric_with):
    rubric = rubric_with({"sections/2/indicators/3/optional": "section"})
    with pytest.raises(PerfkitError) as error:
        read_department(filing({"answers": answers, "rubric": rubric}))
    (fault,) = error.value.faults
    assert message in fault.message


def test_nothing_that_applies_is_refused(filing, rubric_with):
    listed = [
        (s, i)
        for s, section in enumerate(BEIJING["sections"])
        for i in range(len(section["indicators"]))
    ]
    rubric = rubric_with({f"sections/{s}/indicators/{i}/optional": "all" for s, i in listed})
    ids = [BEIJING["sections"][s]["indicators"][i]["id"] for s, i in listed]
    answers = {name: {"applies": "否", "reason": "无"} for name in ids}
    with pytest.raises(PerfkitError) as error:
        read_department(filing({"answers": answers, "rubric": rubric}))
    (fault,) = error.value.faults
    assert "全部指标都写了不适用" in fault.message


# ---- laws

IDS = [i["id"] for section in BEIJING["sections"] for i in section["indicators"]]
ANY_OPTIONAL = changed(
    BEIJING,
    {
        f"sections/{s}/indicators/{i}/optional": "all" if (s + i) % 2 else "section"
        for s, section in enumerate(BEIJING["sections"])
        for i in range(len(section["indicators"]))
    },
)


@settings(max_examples=60)
@given(gone=st.sets(st.sampled_from(IDS), max_size=len(IDS) - 1))
def test_points_that_go_to_others_add_up_to_the_whole(gone, complete):
    rubric = Rubric.model_validate(ANY_OPTIONAL)
    answers = {name: {"applies": "否", "reason": "无"} for name in gone}
    department = Department.model_validate(complete({"answers": answers}))
    points = points_of(department, rubric)
    assert sum(points.values()) == 100
    assert all((points[name] == 0) == (name in gone) for name in IDS)
    card = score(department, rubric)
    for one in card.scores:
        assert one.by_rule + sum(d.points for d in one.deductions) == one.points


points = st.decimals(0, 40, places=2)


@given(
    scores=st.lists(points, min_size=1, max_size=5),
    adjusting=st.lists(st.decimals(-20, 20, places=2), max_size=5),
    more=points,
    most=st.none() | points,
)
def test_a_total_stays_in_its_bounds_and_grows_with_what_is_added(scores, adjusting, more, most):
    rubric = RUBRIC.model_copy(
        update={"adjustments": RUBRIC.adjustments.model_copy(update={"most_bonus": most})}
    )
    total = total_of(rubric, scores, adjusting)
    assert 0 <= total.points <= rubric.adjustments.ceiling
    assert total_of(rubric, scores, [*adjusting, more]).points >= total.points
    assert total_of(rubric, scores, [*adjusting, -more]).points <= total.points
    ceiling = Decimal(59)
    assert total_of(rubric, scores, adjusting, [ceiling]).points == min(total.points, ceiling)


RUBRIC = Rubric.model_validate(changed(BEIJING, CASES[0]["rubric"]))


def test_a_comparison_tells_of_what_is_added_and_capped(filing, rubric_with):
    """加分 and the ceilings are causes of a change of the total like any indicator."""
    (case,) = (case for case in CASES if case["name"].startswith("加分以该项的分值为限"))
    rubric = rubric_with(case["rubric"])
    cards = [
        score(*read_department(filing({"rubric": rubric, "answers": answers})))
        for answers in (
            {"breach": {"count": 0}},
            {"award": {"count": 4, "reason": "四次"}, "breach": {"count": 0}},
        )
    ]
    told = [(one.name, one.before, one.after, one.difference) for one in compare(*cards).scores]
    assert told == [
        ("获表彰", "0", "+5", "+5"),
        ("总分上限", "—", "−2.5", "−2.5"),
        ("总分", "99.5", "102", "+2.5"),
    ]
