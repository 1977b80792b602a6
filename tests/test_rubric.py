"""The rubric: what comes with perfkit adds up, and one that does not is refused at its line."""

from decimal import Decimal

import pytest

from perfkit.errors import Fault, PerfkitError
from perfkit.scoring.kinds.chosen import Chosen
from perfkit.scoring.kinds.excess import Excess
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import SHIPPED, load_rubric, shipped_rubrics

BEIJING = SHIPPED / "beijing-2023.yaml"


@pytest.mark.parametrize("name", shipped_rubrics())
def test_a_shipped_rubric_adds_up(name):
    rubric = load_rubric(name)
    assert rubric.id == name
    assert sum(indicator.points for indicator in rubric.indicators) == rubric.points
    assert all(indicator.source for indicator in rubric.indicators)


def test_the_indicators_of_beijing():
    assert {i.id: i.points for i in load_rubric("beijing-2023").indicators} == {
        "execution": 20,
        "output": 30,
        "effect": 30,
        "finance.system": 1,
        "finance.compliance": 2,
        "finance.accounting": 1,
        "assets": 4,
        "performance": 4,
        "carryover": 4,
        "variance": 4,
    }


def test_the_checklists_of_beijing():
    rubric = load_rubric("beijing-2023")
    rules = {i.id: i.rule for i in rubric.indicators if i.rule.kind == "checklist"}
    assert {name: (len(rule.items), str(rule.deduct)) for name, rule in rules.items()} == {
        "finance.system": (3, "0.5"),
        "finance.compliance": (7, "0.5"),
        "finance.accounting": (3, "0.5"),
        "assets": (6, "0.8"),
        "performance": (2, "2"),
    }
    assert {name for name, item in rubric.items.items() if not item.good} == {
        "diverted",
        "assets_lost",
        "over_standard",
    }


def test_the_city_average_of_2023_has_its_source():
    average = load_rubric("beijing-2023").parameters["city_variance"].years[2023]
    assert average.value == Decimal("0.283")
    assert "评分表" in average.source


def test_the_readings_of_beijing():
    rubric = load_rubric("beijing-2023")
    rules = {indicator.id: indicator.rule for indicator in rubric.indicators}
    output, carryover, variance = rules["output"], rules["carryover"], rules["variance"]
    assert isinstance(output, Chosen)
    assert (output.zero, output.no_weights) == ("undecided", "equal")
    assert isinstance(carryover, Excess)
    assert carryover.partial == "floor"
    assert isinstance(variance, Excess)
    assert (variance.partial, variance.measure, variance.difference, variance.to) == (
        "floor",
        "points",
        "absolute",
        "budget.initial",
    )
    assert (rubric.rounding.places, rubric.rounding.mode, rubric.rounding.stage) == (
        2,
        "half_up",
        "indicator",
    )


# What is changed in the text of the Beijing rubric (its first occurrence), a part of the line
# that the fault stands at, and a part of its message.
WRONG = {
    "indicators of a section": (
        ("        points: 20\n", "        points: 19\n"),
        "- id: execution",
        "“当年预算执行情况”各指标合计 19 分，与该部分 20 分不符",
    ),
    "sections": (
        ("points: 100\n", "points: 110\n"),
        "points: 110",
        "各部分合计 100 分，与总分 110 分不符",
    ),
    "grades out of order": (("floor: 80}", "floor: 95}"), "grades:", "由高到低排列，最后一个为 0"),
    "no grade for 0": (("floor: 0}", "floor: 10}"), "grades:", "由高到低排列，最后一个为 0"),
    "the best grade out of reach": (("floor: 90}", "floor: 101}"), "floor: 101", "超过总分 100"),
    "a gap between bands": (
        ("ceiling: 80%}", "ceiling: 75%}"),
        "rule:",
        "定性档次应从 100% 到 0 首尾相接",
    ),
    "bands that do not end at 0": (
        ("floor: 0%, ceiling: 60%", "floor: 10%, ceiling: 60%"),
        "rule:",
        "定性档次应从 100% 到 0 首尾相接",
    ),
    "an empty band": (
        ("{name: 部分达成, floor: 60%", "{name: 部分达成, floor: 80%"),
        "rule:",
        "定性档次",
    ),
    "a gap between deductions": (
        ("{floor: 300%, ceiling: 500%", "{floor: 310%, ceiling: 500%"),
        "rule:",
        "指标值偏低的各档不连续",
    ),
    "deductions out of order": (
        ("{floor: 200%, ceiling: 300%", "{floor: 350%, ceiling: 300%"),
        "rule:",
        "指标值偏低的各档应由低到高排列",
    ),
    "a last deduction with an end": (
        ("{floor: 500%, deduct: 30%}", "{floor: 500%, ceiling: 900%, deduct: 30%}"),
        "rule:",
        "最后一档不应有上限",
    ),
    "a band without its deduction": (
        ("{floor: 500%, deduct: 30%}", "{floor: 500%}"),
        "rule:",
        "都要有 0 到 100% 的扣分比例",
    ),
    "a deduction of more than all": (
        ("deduct: 30%}", "deduct: 130%}"),
        "rule:",
        "都要有 0 到 100% 的扣分比例",
    ),
    "no good answer": (
        ("是否有完整的审批程序和手续, good: 是", "是否有完整的审批程序和手续"),
        "id: payments_approved",
        "合格的答案（good）：缺少这一项",
    ),
    "an unknown good answer": (("good: 否}", "good: 无}"), "good: 无", "这里是“无”"),
    "an item twice": (("id: diverted", "id: lawful"), "挤占", "编号“lawful”重复"),
    "an indicator twice": (("- id: variance", "- id: carryover"), None, "指标编号“carryover”重复"),
    "an indicator that has the key of the total": (
        ("- id: assets", "- id: total"), "- id: total", "编号“total”会与报告里别的数混淆",
    ),
    "an indicator called as a part of another": (
        ("- id: assets", "- id: output.1"), "- id: output.1", "编号“output.1”会与部门自选指标的三级指标混淆",
    ),
    "a section twice": (("- id: goals", "- id: execution"), None, "一级指标编号“execution”重复"),
    "a kind twice": (("id: cost", "id: quality"), "name: 产出成本", "类别编号“quality”重复"),
    "a field of the filing that is not there": (
        ("of: budget.total.spent", "of: budget.total.spend"),
        "of: budget.total.spend",
        "参数文件里没有字段“budget.total.spend”",
    ),
    "a field that is no figure": (
        ("of: budget.total.spent", "of: budget.total"),
        "of: budget.total",
        "不是金额",
    ),
    "a field in a list": (
        ("of: budget.total.spent", "of: projects.0.spent"),
        "of: projects.0.spent",
        "不是金额",
    ),
    "a rate where an amount is meant": (
        ("of: budget.carryover.amount", "of: budget.carryover.rate"),
        "of: budget.carryover.rate",
        "单位不同，不能相减、相除",
    ),
    "an amount where a rate is meant": (
        ("stated: budget.variance.rate", "stated: budget.initial"),
        "stated: budget.initial",
        "不是比率",
    ),
    "an unknown yearly parameter": (
        ("over: city_variance", "over: city_average"),
        "over: city_average",
        "比较对象“city_average”既不是年度参数，也不是参数文件里的比率",
    ),
    "a benchmark that is an amount": (
        ("over: city_variance", "over: budget.initial"),
        "over: budget.initial",
        "既不是年度参数，也不是参数文件里的比率",
    ),
    "an unknown key": (("partial: floor", "part: floor"), "part: floor", "没有这个字段"),
    "an unknown reading": (
        ("partial: floor", "partial: round"),
        "partial: round",
        "“round”不在可选的范围内：floor（不足一档不扣）、linear（按比例扣）、ceil（不足一档按一档扣）",
    ),
    "an unknown rule": (
        ("kind: ratio", "kind: rate"),
        "kind: rate",
        "规则种类不在可选的范围内：ratio（比率计分）、tiers（分档计分）、excess（超出扣分）、"
        "checklist（检查清单）、occurrences（次数计分）、given（评审打分）、rank（排名计分）、"
        "rollup（项目得分汇总）、one_of（任选其一）、chosen（部门自选指标）",
    ),
    "no rule": (("          kind: ratio\n", ""), "rule:", "缺少规则种类（kind）"),
    "no source": (("        source: 评分表一、当年预算执行情况\n", ""), "- id: execution", "缺少"),
    "a rate without its sign": (("value: 28.3%", "value: 28.3"), "value: 28.3", "不是百分数"),
    "a step of nothing": (("step: 10%", "step: 0%"), "step: 0%", "应大于 0"),
    "a deduction of nothing": (("deduct: 0.5\n", "deduct: 0\n"), "deduct: 0", "应大于 0"),
    "points finer than scores": (("  places: 2\n", "  places: 0\n"), "rule:", "0.5 的小数位数多于"),
    "too many places": (("  places: 2\n", "  places: 9\n"), "places: 9", "不能大于 6"),
    "a key twice": (("    points: 20\n", "    points: 20\n    points: 20\n"), None, "“points”重复"),
}  # fmt: skip


def refused(path):
    with pytest.raises(PerfkitError) as error:
        load_rubric(str(path))
    return error.value.faults


@pytest.mark.parametrize(("change", "written", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_rubric_is_refused_at_its_line(tmp_path, change, written, message):
    text = BEIJING.read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [fault for fault in refused(path) if message in fault.message]
    assert told
    assert all(fault.file == f"{tmp_path.name}/wrong.yaml" for fault in told)
    if written is not None:
        assert any(written in lines[fault.line - 1] for fault in told)


HOSTILE = {
    "points with an exponent": (("points: 20\n", "points: 1e999999999\n"), "应填数字"),
    "points of 30 digits": (("points: 20\n", f"points: 1{'0' * 30}\n"), "不能大于 10000"),
    "points below zero": (("points: 20\n", "points: -5\n"), "不能小于 0"),
    "no number": (("points: 20\n", "points: NaN\n"), "应填数字"),
    "points of endless decimals": (
        ("        points: 20\n", f"        points: 20.{'0' * 40}1\n"),
        "小数位数多于",
    ),
    "places of 5000 digits": (("places: 2\n", f"places: {'9' * 5000}\n"), "应填整数"),
    "a year of 5 digits": (("      2023: {", "      20230: {"), "不能大于 2100"),
    "a rate of 300 digits": (("28.3%", f"{'9' * 300}%"), "大得不可能"),
    "a rate of 300 decimals": (("28.3%", f"0.{'9' * 300}%"), "小数位数太多"),
    "a tiny step": (("step: 10%", "step: 0.0000001%"), "每档不能小于 0.01%"),
    "a path of 20 000 steps": (("over: city_variance", f"over: {'a.' * 20_000}"), "不能超过 255 个字"),
    "a long name": (("name: 预算执行率", f"name: {'甲' * 100_000}"), "不能超过 255 个字"),
    "deep nesting": (("name: 预算执行率", f"name: {'[' * 40}{']' * 40}"), "应填文字"),
    "deeper nesting": (("name: 预算执行率", f"name: {'[' * 4000}{']' * 4000}"), "嵌套太深"),
    "an alias": (("name: 预算执行率", "name: *a"), "内容以“*”开头"),
    "a type": (("name: 预算执行率", "name: !!python/name:os.system"), "内容以“!”开头"),
    "thousands of items": (
        ("          items:\n", "          items:\n" + "            - {id: i, text: 甲, good: 是}\n" * 4000),
        "最多 200 项，这里有 4003 项",
    ),
    "more items than a file may have values": (
        ("          items:\n", "          items:\n" + "            - {id: i, text: 甲, good: 是}\n" * 20000),
        "内容太多",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_rubric_made_to_harm_is_refused_with_one_message(tmp_path, change, message):
    text = BEIJING.read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "hostile.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    (fault,) = refused(path)
    assert message in fault.message
    assert len(fault.message) < 400


def test_all_that_does_not_add_up_is_told_together(tmp_path):
    text = BEIJING.read_text(encoding="utf-8")
    for old, new in [("points: 100\n", "points: 90\n"), ("id: diverted", "id: lawful")]:
        text = text.replace(old, new, 1)
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    assert [lines[fault.line - 1].split(",")[0].strip() for fault in refused(path)] == [
        "points: 90",
        "- {id: lawful",
    ]


def test_an_unknown_name():
    assert refused("beijing-1923") == (
        Fault(
            "",
            0,
            "评分标准（rubric）：没有名为“beijing-1923”的评分标准；"
            f"自带的有：{'、'.join(shipped_rubrics())}；"
            "自己的评分标准请写文件路径，以 .yaml 结尾",
        ),
    )


def test_a_missing_file():
    (fault,) = refused("none/rubric.yaml")
    assert "找不到文件“none/rubric.yaml”" in fault.message


def test_a_rubric_of_ones_own_stands_beside_the_parameter_file(filing, rubric_file):
    path = filing({"rubric": "../rubric.yaml"})
    rubric_file({"id": "示例区-2023"})
    assert read_department(path)[1].id == "示例区-2023"


def test_the_faults_of_a_rubric_are_told_with_its_own_lines(filing, rubric_file):
    rubric_file({"points": 90})
    with pytest.raises(PerfkitError) as error:
        read_department(filing({"rubric": "../rubric.yaml"}))
    (fault,) = error.value.faults
    assert fault.file.endswith("/rubric.yaml")
    assert fault.message == "各部分合计 100 分，与总分 90 分不符"


def test_a_rubric_edited_between_two_runs_is_read_again(filing, rubric_file):
    path = filing({"rubric": "../rubric.yaml"})
    rubric_file({"name": "初稿"})
    assert read_department(path)[1].name == "初稿"
    rubric_file({"name": "定稿"})
    assert read_department(path)[1].name == "定稿"


CARRIED = "结转结余总额÷全年预算数，与上年结转结余率相比"


@pytest.mark.parametrize(
    ("indicator", "readings", "words"),
    [
        ("execution", {}, "全年执行数 ÷ 全年预算数 × 分值，不超过分值"),
        ("assets", {}, "6 项，每有一项不合格扣 0.8 分，扣完为止"),
        ("carryover", {}, f"{CARRIED}，每高出 1 个百分点扣 0.4 分，不足一档不扣，扣完为止"),
        (
            "carryover",
            {"partial": "linear"},
            f"{CARRIED}，每高出 1 个百分点扣 0.4 分，按比例扣，扣完为止",
        ),
        (
            "carryover",
            {"partial": "ceil"},
            f"{CARRIED}，每高出 1 个百分点扣 0.4 分，不足一档按一档扣，扣完为止",
        ),
        (
            "variance",
            {"measure": "relative"},
            "全年执行数与年初预算数之差的绝对值÷年初预算数，与市级平均预决算差异率相比，"
            "每高出 10%（相对比较对象）扣 0.4 分，不足一档不扣，扣完为止",
        ),
        ("output", {}, "部门自选：产出数量、产出质量、产出进度、产出成本"),
    ],
)
def test_a_rule_in_one_line(rubric_of, indicator, readings, words):
    rubric = rubric_of({indicator: readings})
    assert rubric.indicator(indicator).rule.describe(rubric) == words
