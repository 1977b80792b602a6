"""The findings: one change against a filing that raises none, each with its level and line."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from conftest import audit

from perfkit.audit.examine import CHECKS
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score


def codes(findings):
    return [finding.code for finding in findings]


def test_the_complete_filing_raises_no_finding(findings_of):
    assert findings_of() == []


def test_a_filing_that_claims_nothing_raises_no_finding(findings_of):
    assert findings_of({"reported": {}, "narrative/result": "评价等级为优秀"}) == []


QUALITATIVE = {
    f"indicators/{n}": {"group": "output", "kind": kind, "name": kind, "weight": weight}
    | {"target": "完成", "actual": "完成"}
    for n, kind, weight in ((0, "quantity", "8"), (1, "quality", "8"), (3, "cost", "7"))
}
UNDER_EXECUTED = {
    "projects/0/spent": "35",
    "projects/0/rate": "87.5%",
    "projects/1/spent": "20",
    "projects/1/rate": "100%",
    "budget/project/spent": "55",
    "budget/total": None,
    "budget/carryover/amount": "7",
}

# What is changed, in a filing that claims nothing; then each finding: its code, its level, the
# text of its line, and a part of its message. Lines with no change are as in conftest.
ONE_CHANGE = {
    "资金总体预算与三部分不符": (
        {"budget/total/budget": "200.02", "budget/carryover/amount": "5.02"},
        [("budget.total_budget", "error", "budget: '200.02'", "三部分合计200万元，相差−0.02万元")],
    ),
    "资金总体预算在容差内": (
        {"budget/total/budget": "200.015", "budget/carryover/amount": "5.015"},
        [],
    ),
    "资金总体执行数与三部分不符": (
        {"budget/total/spent": "195.02", "budget/carryover/amount": "4.98"},
        [("budget.total_spent", "error", "spent: '195.02'", "三部分合计195万元")],
    ),
    "支出超过预算": (
        {
            "budget/other/spent": "41",
            "budget/total/spent": "196",
            "budget/total/rate": "98%",
            "budget/carryover/amount": "4",
        },
        [("rate.over_100", "error", "spent: '41'", "执行率102.5%；计分按100%封顶")],
    ),
    "没有预算却有支出": (
        {
            "budget/basic/budget": "140",
            "budget/basic/spent": "137",
            "budget/other": {"budget": "0", "spent": "1"},
            "budget/total": None,
        },
        [("rate.over_100", "error", "spent: '1'", "执行数1万元超过预算数0万元；")],
    ),
    "所填执行率有误": (
        {"budget/total/rate": "98.5%"},
        [("rate.stated", "error", "rate: 98.5%", "按支出÷预算应为97.5%")],
    ),
    "所填执行率取整，与两位小数一致": ({"budget/total/rate": "98%"}, []),
    "项目所填执行率有误": (
        {"projects/0/rate": "96%"},
        [("rate.stated", "error", "rate: 96%", "第1个项目“甲”所填执行率96%")],
    ),
    "99.998%写作100%": (
        {
            "budget/basic": {"budget": "100000", "spent": "99998", "rate": "100%"},
            "budget/total": None,
        },
        [("rate.rounded_to_full", "info", "rate: 100%", "99.998%，写作100%是四舍五入的结果")],
    ),
    "99.99%写作100%": (
        {
            "budget/basic": {"budget": "100000", "spent": "99990", "rate": "100%"},
            "budget/total": None,
            "budget/carryover/amount": "13",
        },
        [("rate.stated", "error", "rate: 100%", "应为99.99%")],
    ),
    "项目预算合计与项目支出不符": (
        {
            "budget/project/budget": "60.02",
            "budget/total/budget": "200.02",
            "budget/carryover/amount": "5.02",
        },
        [("projects.budget_sum", "error", "budget: '60.02'", "合计60万元")],
    ),
    "项目支出合计与项目支出不符": (
        {
            "budget/project/spent": "57.02",
            "budget/total/spent": "195.02",
            "budget/carryover/amount": "4.98",
        },
        [("projects.spent_sum", "error", "spent: '57.02'", "相差−0.02万元")],
    ),
    "一个项目的未支出多于全部": (
        {"projects/0/spent": "36.9", "projects/0/rate": "92.25%"},
        [
            ("projects.spent_sum", "error", "spent: '57'", "合计55.9万元"),
            (
                "projects.unspent",
                "error",
                "spent: '36.9'",
                "未支出3.1万元，而项目支出总共只有3万元",
            ),
        ],
    ),
    "项目没有支出数，有执行率": (
        {"projects/1/spent": None},
        [("projects.no_spending", "warning", "- name: 乙", "按所填执行率推算为19万元")],
    ),
    "项目没有支出数，也没有执行率": (
        {"projects/1/spent": None, "projects/1/rate": None},
        [("projects.no_spending", "warning", "- name: 乙", "也没有执行率，无法推算")],
    ),
    "项目同名": (
        {"projects/1/name": "甲"},
        [("projects.repeated", "warning", "- name: 甲", "出现2次（第1、2项）")],
    ),
    "单位不统一": (
        {"projects/1/budget": "200000元", "projects/1/spent": "190000元"},
        [("units.mixed", "warning", "budget: 200000元", "第2项以元填写")],
    ),
    "没有列出项目": (
        {"projects": []},
        [("projects.none", "warning", "budget: '60'", "没有列出项目")],
    ),
    "项目个数不符": (
        {"reported": {"projects": {"self": "1", "department": "2"}}},
        [("projects.count", "warning", "projects:", "共3个，实际列出2个")],
    ),
    "结转结余与未支出不符": (
        {"budget/carryover/amount": "5.02"},
        [("carryover.amount", "warning", "amount: '5.02'", "相差+0.02万元")],
    ),
    "结转结余在容差内": ({"budget/carryover/amount": "5.01"}, []),
    "所填结转结余率有误": (
        {"budget/carryover/rate": "2.6%"},
        [("rate.stated", "error", "rate: 2.6%", "按结转结余总额÷全年预算数应为2.5%")],
    ),
    "结转结余率没有总额": (
        {
            "budget/carryover/amount": None,
            "budget/carryover/rate": "2.5%",
        },
        [("carryover.no_basis", "error", "rate: 2.5%", "没有总额可以复核，暂按所填计分")],
    ),
    "所填预决算差异率有误": (
        {"budget/variance": {"rate": "2.7%"}},
        [
            (
                "rate.stated",
                "error",
                "rate: 2.7%",
                "按全年执行数与年初预算数之差的绝对值÷年初预算数应为2.63%",
            )
        ],
    ),
    "预决算差异率没有年初预算": (
        {"budget/initial": None, "budget/variance": {"rate": "1%"}},
        [("variance.no_basis", "error", "rate: 1%", "没有年初预算数可以复核")],
    ),
    "预决算差异率与结转结余率相同": (
        {"budget/initial": None, "budget/variance": {"rate": "2.50%"}},
        [
            ("variance.no_basis", "error", "rate: 2.50%", "没有年初预算数可以复核"),
            ("variance.equals_carryover", "error", "rate: 2.50%", "同为2.5%"),
        ],
    ),
    "没有调整预算，两个比率本来相同": (
        {"budget/initial": "200", "budget/variance": {"rate": "2.5%"}},
        [],
    ),
    "所填差异率为负，数值相符": (
        {"budget/initial": "200", "budget/variance": {"rate": "-2.5%"}},
        [],
    ),
    "缺一类指标": (
        {"indicators/3/kind": "quality"},
        [("indicators.kinds_missing", "warning", "- group: output", "没有设置产出成本指标")],
    ),
    "都没有分值": (
        {f"indicators/{n}/weight": None for n in range(4)},
        [("indicators.weights_missing", "warning", "- group: output", "按30分平均分配")],
    ),
    "一个没有分值": (
        {"indicators/3/weight": None},
        [("indicators.weights_missing", "warning", "- group: output", "按余下的7分平均分配")],
    ),
    "一个没有分值，也没有余下的": (
        {"indicators/3/weight": None, "indicators/2/weight": "14"},
        [("indicators.weights_missing", "warning", "- group: output", "按余下的0分平均分配")],
    ),
    "分值合计不符": (
        {"indicators/0/weight": "9"},
        [("indicators.weights_sum", "error", "- group: output", "合计31，应为30，已按比例折算")],
    ),
    "超额200%": (
        {"indicators/0/target": "≥1场", "indicators/0/actual": "3场"},
        [("indicators.low_target", "warning", "actual: 3场", "超额完成200%，指标值可能偏低")],
    ),
    "超额199%": ({"indicators/0/target": "≥100场", "indicators/0/actual": "299场"}, []),
    "已确认偏低": (
        {
            "indicators/0/target": "≥1场",
            "indicators/0/actual": "3场",
            "indicators/0/low_target": "是",
        },
        [],
    ),
    "定量指标填了评定得分率": (
        {"indicators/0/grade": "85%"},
        [("indicators.grade_unused", "warning", "actual: 10场", "得分率85%没有采用")],
    ),
    "满分而没有一个数字": (
        QUALITATIVE,
        [("full_marks.no_figure", "warning", "- group: output", "4个指标没有一个可核对的数字")],
    ),
    "满分而项目执行不足": (
        QUALITATIVE | UNDER_EXECUTED,
        [
            ("full_marks.no_figure", "warning", "- group: output", "产出得满分30分"),
            ("full_marks.under_executed", "warning", "- name: 甲", "产出得满分，而第1项87.5%"),
        ],
    ),
    "项目执行不足，但有数字": (UNDER_EXECUTED, []),
    "项目执行90%，不算不足": (
        QUALITATIVE
        | UNDER_EXECUTED
        | {
            "projects/0/spent": "36",
            "projects/0/rate": "90%",
            "budget/project/spent": "56",
            "budget/carryover/amount": "6",
        },
        [("full_marks.no_figure", "warning", "- group: output", "产出得满分30分")],
    ),
    "没有上年比率": (
        {"budget/carryover/previous_rate": None},
        [("score.undecided", "warning", "carryover:", "结转结余率（4分）待定，未计入总分")],
    ),
    "评分标准没有这一年的参数": (
        {"year": "2024"},
        [("score.undecided", "warning", "year: '2024'", "没有2024年的市级平均预决算差异率")],
    ),
    "检查清单没有填全": (
        {"checks/diverted": None},
        [("score.undecided", "warning", "checks:", "检查清单有1项未填")],
    ),
    "三级指标没有完成值": (
        {"indicators/0/actual": None},
        [
            (
                "score.undecided",
                "warning",
                "- group: output",
                "培训（8分）待定，未计入总分：未填完成值",
            )
        ],
    ),
    "没有单位职责": (
        {"divisions": None},
        [("narrative.missing", "warning", "department:", "没有填写内设机构及职责")],
    ),
    "没有目标": (
        {"objective": None},
        [("narrative.missing", "warning", "department:", "没有填写部门整体绩效目标")],
    ),
    "没有问题分析": (
        {"narrative/problems": None},
        [("narrative.missing", "warning", "narrative:", "没有填写存在的问题及原因分析")],
    ),
    "项目没有完成情况": (
        {"projects/1/narrative": None},
        [("narrative.missing", "warning", "- name: 乙", "第2个项目“乙”没有填写完成情况")],
    ),
}


@pytest.fixture
def raises(card_of, tmp_path):
    """Checks that the filing with *changes* raises the expected findings and no other."""

    def check(changes, expected, readings=None):
        found = audit(card_of(changes, readings))
        lines = (tmp_path / "params" / "x.yaml").read_text(encoding="utf-8").splitlines()
        places = [finding.where.split(":") for finding in found]
        assert [(f.code, f.level) for f in found] == [(code, level) for code, level, *_ in expected]
        assert {name for name, _ in places} <= {"params/x.yaml"}
        assert [lines[int(n) - 1].strip() for _, n in places] == [
            line for _, _, line, _ in expected
        ]
        for finding, (*_, message) in zip(found, expected, strict=True):
            assert message in finding.message

    return check


@pytest.mark.parametrize(("changes", "expected"), ONE_CHANGE.values(), ids=ONE_CHANGE)
def test_one_change(raises, changes, expected):
    silent = {"reported": {}, "narrative/result": "评价等级为优秀"}
    raises(silent | changes, expected)


# What is changed in a filing whose claims agree with the rules.
CLAIMS = {
    "少报一项，合计相符": (
        {
            "reported/scores/execution": "19",
            "reported/total": "99",
            "narrative/result": "得分99分",
        },
        [
            ("claim.score", "error", "execution: '19'", "自评19分，按评分标准为19.5分，未说明理由"),
            ("claim.total", "error", "total: '99'", "自评总分99分，按评分标准为99.5分"),
        ],
    ),
    "编号里有点的指标": (
        {"reported/scores": {"finance.system": "0.5"}},
        [("claim.score", "error", "finance.system: '0.5'", "财务管理制度健全性自评0.5分")],
    ),
    "三级指标": (
        {"reported/scores": {"output": "30", "output.2": "7"}},
        [("claim.score", "error", "output.2: '7'", "合格率自评7分，按评分标准为8分")],
    ),
    "合计有误": (
        {"reported/total": "99", "narrative/result": "得分99分"},
        [
            ("claim.sum", "error", "total: '99'", "合计99.5分，自评总分却是99分"),
            ("claim.total", "error", "total: '99'", "按评分标准为99.5分"),
        ],
    ),
    "等级不符": (
        {"reported/grade": "良好"},
        [("claim.grade", "error", "grade: 良好", "按评分标准99.5分为优秀")],
    ),
    "没有这个等级": (
        {"reported/grade": "优良"},
        [("claim.grade", "error", "grade: 优良", "不是评分标准里的等级（优秀、良好、中等、较差）")],
    ),
    "等级的另一个写法": ({"reported/grade": "优"}, []),
    "总分没有写进文字": (
        {"narrative/result": "评价结果为优秀。"},
        [("claim.total_not_in_text", "warning", "total: '99.5'", "没有出现在评价得分情况的文字里")],
    ),
    "有待定的，不比较合计": (
        {"budget/initial": None, "reported/scores/variance": None},
        [("score.undecided", "warning", "budget:", "部门预决算差异率（4分）待定")],
    ),
    "与等级不符的总分": (
        {
            "budget/initial": None,
            "reported": {"total": "89.5", "grade": "优秀"},
            "narrative/result": "得分89.5分",
        },
        [
            ("claim.grade", "error", "grade: 优秀", "自评总分89.5分对应良好"),
            ("score.undecided", "warning", "budget:", "待定"),
        ],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim(raises, changes, expected):
    raises(changes, expected)


@pytest.mark.parametrize(
    ("text", "total", "there"),
    [
        ("得分99分。", "99", True),
        ("得分９９分。", "99", True),
        ("得分为 99.0 分", "99", True),
        ("总分99，", "99", True),
        ("总分99。", "99", True),
        ("总分99.5分", "99", False),
        ("总分199分", "99", False),
        ("总分0.99分", "99", False),
        ("执行率99%", "99", False),
        ("得分在90分以上", "99", False),
        ("总分99.50分", "99.5", True),
        ("总分99.55分", "99.5", False),
    ],
)
def test_whether_the_total_is_in_the_text(findings_of, text, total, there):
    changes = {"narrative/result": text, "reported": {"total": total}}
    assert ("claim.total_not_in_text" not in codes(findings_of(changes))) == there


def test_an_override_is_shown_and_explains_the_claim(raises, override):
    raises(
        {"overrides": [override("carryover", "4")], "budget/carryover/amount": "5"},
        [("override.used", "info", "- indicator: carryover", "按规则4分，例外核定4分：上级资金")],
    )


def test_an_override_above_the_points(raises, override):
    raises(
        {"overrides": [override("carryover", "5")]},
        [
            ("override.above_points", "error", "score: '5'", "核定5分超过分值4分，按4分计"),
            ("override.used", "info", "- indicator: carryover", "例外核定4分"),
        ],
    )


def test_an_override_of_what_is_undecided(raises, override):
    raises(
        {"overrides": [override("variance", "4")], "budget/initial": None},
        [("override.used", "info", "- indicator: variance", "按规则待定，例外核定4分")],
    )


def test_a_claim_beside_an_override(raises, override):
    claimed = {"scores": {"output": "30"}}
    said = {"narrative/result": "评价等级为优秀"}
    raises(
        {"reported": claimed, "overrides": [override("output", "25")]} | said,
        [
            ("claim.score", "error", "output: '30'", "自评30分，例外核定为25分"),
            ("override.used", "info", "- indicator: output", "按规则30分，例外核定25分"),
        ],
    )


def test_a_stated_score_of_a_group_is_told(raises):
    changes = {f"indicators/{n}/weight": None for n in range(4)}
    raises(
        changes,
        [("indicators.weights_missing", "warning", "- group: output", "采用自评的得分")],
        {"output": {"no_weights": "stated"}},
    )


def test_claims_are_held_against_what_is_printed(findings_of):
    # 195.15 ÷ 200 × 20 = 19.515, which is rounded only in the total.
    changes = {
        "budget/total": {"budget": "200", "spent": "195.15"},
        "reported": {"scores": {"execution": "19.52"}},
    }
    found = findings_of(changes, {"rounding": {"stage": "total"}})
    assert "claim.score" not in codes(found)


@pytest.mark.parametrize(
    ("drift", "found"), [("0.12", []), ("0.13", ["projects.budget_sum", "projects.spent_sum"])]
)
def test_24_rows_of_two_decimals_may_drift_by_0_12(findings_of, drift, found):
    total = str(24 + Decimal(drift))
    rows = [
        {"name": f"项目{n}", "budget": "1", "spent": "1", "narrative": "已完成"} for n in range(24)
    ]
    changes = {
        "projects": rows,
        "budget/project": {"budget": total, "spent": total},
        "budget/total": None,
        "budget/carryover/amount": "2",
        "reported": {},
        "narrative/result": "评价等级为优秀",
    }
    assert codes(findings_of(changes)) == found


def test_a_filing_without_a_file_raises_the_same_findings(
    complete, findings_of, tmp_path, monkeypatch
):
    changes = {"projects/1/budget": "200000元", "projects/0/rate": "96%", "reported/grade": "良好"}
    monkeypatch.chdir(tmp_path)
    found = audit(score(*read_department(complete(changes))))
    assert [(f.code, f.message) for f in found] == [
        (f.code, f.message) for f in findings_of(changes)
    ]
    assert [f.where for f in found] == [f"department.{f.field}" for f in found]


def test_every_check_says_what_it_looks_at():
    assert all(check.__doc__ for check in CHECKS)


# The model department, by the numbers of the table of findings of a careful reviewer.

MODEL = yaml.safe_load((Path(__file__).parent / "cases" / "model-findings.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", MODEL, ids=[case["finding"] for case in MODEL])
def test_a_finding_on_the_model_department(model, case):
    found = audit(score(*read_department(model)))
    told = [(f.code, f.level) for f in found if case["message"] in f.message]
    assert told == [(case["code"], case["level"])]


def test_the_lines_of_the_findings_on_the_model_department(model):
    lines = model.read_text(encoding="utf-8").splitlines()
    found = audit(score(*read_department(model)))
    written = {f.code: lines[int(f.where.split(":")[1]) - 1].strip() for f in found}
    assert written["projects.budget_sum"].startswith("budget: 14875.56")
    assert written["projects.unspent"] == "spent: 42.5"
    assert written["variance.no_basis"].startswith("rate: 0.12%")
    assert written["claim.score"].startswith("execution: 19")
    assert written["claim.total"] == "total: 99"
    assert written["units.mixed"] == "budget: 350000元"
