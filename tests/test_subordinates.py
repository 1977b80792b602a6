"""二级单位: read with the department, held against it, listed in its report."""

import copy
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.index.rows import row_of
from perfkit.report import Report, district
from perfkit.review.content import content_of
from perfkit.scoring.derivations import derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score
from perfkit.scoring.units import unit_sums, units_of, weighted_score

CENTRE = {
    "name": "示例中心",
    "budget": {
        "basic": {"budget": "40", "spent": "40"},
        "project": {"budget": "20", "spent": "19"},
        "initial": "60",
        "carryover": "1",
    },
    "projects": "1",
    "score": "90",
}
# 100 + 60 + 40 less the centre's.
SELF = {
    "name": "示例局本级",
    "budget/basic": {"budget": "60", "spent": "58"},
    "budget/project": {"budget": "40", "spent": "38"},
    "budget/total": {"budget": "140", "spent": "136"},
    "budget/initial": "130",
    "budget/carryover/amount": "4",
    "projects": [{"name": "甲", "budget": "40", "spent": "38", "narrative": "甲已完成"}],
}
UNITS = [{"file": "self.yaml"}, CENTRE]


@pytest.fixture
def department(filing):
    """The scorecard of a department with `UNITS`, its own filing and that of its first unit changed."""

    def make(changes=None, own=None):
        filing(copy.deepcopy(SELF) | (own or {}), "self.yaml")
        return score(*read_department(filing({"units": UNITS} | (changes or {}))))

    return make


def found(card):
    return [(f.code, f.message) for f in examine(card).findings if f.code.startswith("unit.")]


def test_units_that_add_up_raise_nothing(department, tmp_path):
    card = department()
    assert found(card) == []
    assert row_of("x", card, []).units == ("示例局本级",), "the one with a file of its own"
    frame = district(tmp_path / "params")
    assert dict(zip(frame["部门"], frame["所属部门"], strict=True)) == {
        "示例局": "",
        "示例局本级": "示例局",
    }


def centre(**changes):
    return [{"file": "self.yaml"}, CENTRE | {"budget": CENTRE["budget"] | changes}]


@pytest.mark.parametrize(
    ("changes", "own", "code", "said"),
    [
        (
            {"units": centre(basic={"budget": "45", "spent": "40"})},
            {},
            "unit.sum",
            "部门基本支出全年预算数100万元，2个二级单位合计105万元，部门少5万元",
        ),
        # The department's own figure leaves a unit out, or counts it twice.
        (
            {"budget/carryover/amount": "4"},
            {},
            "unit.sum",
            "部门少1万元，正好是“示例中心”的数，部门的数里可能没有包括它",
        ),
        (
            {"budget/carryover/amount": "6"},
            {},
            "unit.sum",
            "部门多1万元，正好是“示例中心”的数，部门的数里可能重复计算了它",
        ),
        # A unit that isn't listed.
        (
            {"units": UNITS[:1]},
            {},
            "unit.sum",
            "1个二级单位合计130万元，部门多60万元；二级单位（units）里可能少列了单位（如部门本级）",
        ),
        (
            {"units": centre(carryover=None)},
            {},
            "unit.not_filed",
            "二级单位“示例中心”没有填写结转结余总额，部门的5万元无从核对",
        ),
        (
            {},
            {"projects/0/name": "丙"},
            "unit.project",
            "二级单位“示例局本级”的项目“丙”没有列入部门的项目",
        ),
        (
            {},
            {"projects/0/budget": "39"},
            "unit.project_sum",
            "项目“甲”部门填预算40万元，二级单位合计39万元",
        ),
        ({}, {"budget/carryover/previous_rate": None}, "unit.open", "“示例局本级”还有4分待定"),
    ],
)
def test_what_does_not_add_up_is_told(department, changes, own, code, said):
    raised = found(department(changes, own))
    assert any(one == code and said in message for one, message in raised), raised


@pytest.mark.parametrize(("budget", "raised"), [("100.01", False), ("100.02", True)])
def test_the_rounding_of_each_amount_is_no_difference(department, budget, raised):
    card = department({"budget/basic/budget": budget})
    assert ("基本支出全年预算数" in str(found(card))) == raised


def test_scores_are_weighted_by_budget(department):
    card = department()
    own, other = units_of(card)
    # 136 ÷ 140 × 20 = 19.43, everything else in full.
    assert (own.score, other.score) == (Decimal("99.43"), Decimal(90))
    assert weighted_score([own, other]) == (Decimal("99.43") * 140 + 90 * 60) / 200
    assert weighted_score([]) is None
    assert card.total == Decimal("99.5")
    assert unit_sums(units_of(card))["score"][2] == "96.6分"


def test_the_report_lists_the_units_and_their_sum(department):
    card = department()
    report = Report(card, examine(card))
    page = report.execution().html
    rows = [
        re.findall(r">([^<>]+)<", row)
        for row in re.findall(r'<tr[^>]*data-block="execution.units[^>]*>.*?</tr>', page)
    ]
    assert rows == [
        ["示例局本级", "140.00", "136.00", "97.14%", "4.00", "1", "99.43"],
        ["示例中心", "60.00", "59.00", "98.33%", "1.00", "1", "90"],
        ["合计（得分为加权平均）", "200.00", "195.00", "97.5%", "5.00", "2", "96.6"],
    ]
    text = re.sub("<[^>]*>", "", page)
    assert "二级单位共2个，全年预算数合计200万元，全年执行数合计195万元；" in text
    assert "加权平均为96.6分，供参考，不计入部门得分" in text
    assert set(re.findall(r'data-of="([^"]*)"', page)) <= set(derivations(card))
    assert list(report.frames.units["单位"]) == ["示例局本级", "示例中心"]


def test_an_acceptance_lapses_when_a_unit_changes(department):
    before = content_of(department())["data"]
    after = content_of(department(own={"budget/total/spent": "135"}))["data"]
    assert before != after


def faults(filing, changes):
    with pytest.raises(PerfkitError) as raised:
        read_department(filing(changes))
    return raised.value.faults


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([{"file": "gone.yaml"}], "二级单位的参数文件用不了：params/gone.yaml：找不到这个文件"),
        ([{"file": "x.yaml"}], "二级单位绕了圈：x.yaml → x.yaml"),
        ([{"file": "self.yaml"}, {"file": "../params/self.yaml"}], "“self.yaml”已经是第 1 个"),
        ([CENTRE, copy.deepcopy(CENTRE)], "“示例中心”已经是第 1 个二级单位，列两次会重复计算"),
        ([{"file": "self.yaml", "name": "别的局"}], "它的参数文件里是“示例局本级”"),
        ([{"file": "self.yaml", "score": "90"}], "已写了 file，score 取自那份文件"),
        ([{"name": "示例中心"}], "没有参数文件的，写 budget（预算执行）"),
    ],
)
def test_units_that_can_not_be_read_are_told_by_their_line(filing, units, said):
    filing(SELF, "self.yaml")
    (fault,) = faults(filing, {"units": units})
    assert said in str(fault)
    assert fault.line > 1


def test_a_unit_of_another_year(filing):
    filing(SELF | {"year": "2022"}, "self.yaml")
    (fault,) = faults(filing, {"units": UNITS})
    assert "“self.yaml”是2022年度的" in str(fault)


def test_the_faults_of_a_unit_come_with_their_own_line(filing):
    filing(
        copy.deepcopy(SELF) | {"budget/basic/spent": "约58", "budget/initial": "约"}, "self.yaml"
    )
    (fault,) = faults(filing, {"units": UNITS})
    assert re.search(r"用不了：params/self.yaml:\d+：.*约58.*（另有 1 处", str(fault))


def test_a_circle_of_several_files_is_told_with_its_way(filing):
    filing(SELF | {"units": [{"file": "x.yaml"}]}, "self.yaml")
    (fault,) = faults(filing, {"units": UNITS})
    assert "x.yaml → self.yaml → x.yaml" in str(fault)


def test_the_file_of_a_unit_is_among_what_a_report_is_made_of(filing):
    """So that the report is out of date when it changes, as `test_batch` has it of any such file."""
    unit = filing(SELF, "self.yaml")
    code = (
        "import sys; from perfkit.batch.opened import Opened\n"
        "seen = Opened(in_process=True)\n"
        "from perfkit.scoring.params import read_department\n"
        "read_department(sys.argv[1]); print(*seen.files(), sep='\\n')"
    )
    command = [sys.executable, "-c", code, str(filing({"units": UNITS}))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(unit) in ended.stdout.splitlines()
