"""A field may stand in a file under its Chinese name, and a code of the rubric under its own."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell

from perfkit.errors import PerfkitError
from perfkit.forms.department import Department
from perfkit.forms.written import department_text, tree
from perfkit.report import open_report
from perfkit.scoring.params import read_department
from perfkit.scoring.schema import editors_schema


@pytest.fixture
def typed(tmp_path, filing):
    """The complete filing with some of its words, each standing once, typed otherwise."""

    def write(words):
        path = filing()
        text = path.read_text(encoding="utf-8")
        for word, other in words.items():
            assert text.count(word) == 1, word
            text = text.replace(word, other)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faults_of(path):
    with pytest.raises(PerfkitError) as refused:
        read_department(path)
    return [(fault.line, fault.message) for fault in refused.value.faults]


def line_of(path, word):
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if word in line)


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("department:\n  name", "部门:\n  name"),
        ("  budget:\n    basic", "  预算:\n    basic"),
        ("    basic:\n      budget: '100'\n      spent: '98'", "    基本支出:\n      预算数: '100'\n      支出: '98'"),
        ("  - name: 综合科", "  - 科室名称: 综合科"),
        ("  divisions:", "  内设机构:"),
        ("  divisions:", "  科室:"),
        ("  year: '2023'", "  年度: '2023'"),
        ("  objective:", "  部门整体绩效目标:"),
        ("    weight: '8'\n  - group: output\n    kind: quality", "    权重: '8'\n  - 所属指标: 产出\n    类别: 产出质量"),
        ("    kind: satisfaction", "    kind: 服务对象满意度"),
        ("    diverted: 否", "    是否存在截留、挤占、挪用情况: 否"),
        ("    investments_sound: 是", "    对外投资均经审批且没有亏损（没有对外投资的也答“是”）: 是"),
        ("      output: '30'", "      产出: '30'"),
        ("      carryover: '4'", "      结转结余率: '4'"),
        ("    problems:", "    问题:"),
        ("  - code: source.missing", "  - 审核意见的编号: source.missing"),
    ],
)  # fmt: skip
def test_a_chinese_word_is_the_field(typed, filing, field, word):
    path = typed({field: word})
    department, _ = read_department(path)
    assert department.model_dump() == read_department(filing(name="y.yaml"))[0].model_dump()
    # A value is found again at its line.
    assert department.place("budget.basic.spent").endswith(f":{line_of(path, '98')}")


def test_an_override_names_its_indicator_in_words(filing, override):
    given = override("结转结余率", "3")
    assert read_department(filing({"overrides": [given]}))[0].overrides[0].indicator == "carryover"
    given = override("产出.2", "3")
    assert read_department(filing({"overrides": [given]}))[0].overrides[0].indicator == "output.2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"    basic:": "    基本支出:", "spent: '98'": "支出: 约98"},
         "预算执行（budget） / 基本支出 / 支出：“约98”不是金额"),
        ({"  - name: 甲": "  - 项目名称：甲"}, "字段后面用了中文冒号“：”"),
        ({"  - name: 甲": "  －项目名称: 甲"}, "列表项的开头是“－”"),
        ({"  - name: 甲": "  -项目名称: 甲"}, "列表项的“-”后面缺一个空格"),
        ({"  objective: 服务示例区": "  绩效目标 服务示例区"}, "“绩效目标”后面缺少冒号"),
        ({"  objective: 服务示例区": "  绩效目标:服务示例区"}, "“绩效目标”的冒号后面缺一个空格"),
        ({"  objective: 服务示例区": "  objective: 甲\n  绩效目标: 乙"},
         "“绩效目标”和“objective”是同一项，第 {before} 行已经有了，请删去一个"),
        ({"    diverted: 否": "    diverted: 否\n    是否存在截留、挤占、挪用情况: 是"},
         "“是否存在截留、挤占、挪用情况”和“diverted”是同一项，第 {before} 行已经有了"),
        ({"    lawful: 是": "    是否符合国家财经法规、财务管理制度和专项资金管理办法的规定: 也许"},
         "检查清单（checks） / 是否符合国家财经法规、财务管理制度和专项资金管理办法的规定：应填“是”或“否”"),
        # 单位 of an indicator may be its 计量单位, or whose it is.
        ({"    name: 培训": "    name: 培训\n    单位: 场"}, "绩效指标（indicators） / 第 1 项 / 单位：没有这个字段"),
    ],
)  # fmt: skip
def test_messages_show_what_was_typed(typed, words, message):
    path = typed(words)
    ((line, told),) = faults_of(path)
    assert told.startswith(message.format(before=line - 1))


def test_a_mapping_may_have_chinese_keys(complete):
    exact = Department.model_validate(complete())
    written = department_text(tree(exact), chinese=True)
    given = yaml.load(written, Loader=yaml.BaseLoader)["部门"]
    assert read_department(given)[0].model_dump() == exact.model_dump()


def test_what_papermill_injects_of_a_file_under_its_chinese_name_is_the_report_s(complete, model):
    # papermill -f makes a variable 部门; department is still the template's own.
    shell = InteractiveShell.instance()
    try:
        shell.user_ns["部门"] = complete()
        assert open_report(str(model)).department.name == "示例局"
        del shell.user_ns["部门"]
        assert open_report(str(model)).department.name != "示例局"
    finally:
        InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(editors_schema())


def test_editors_take_a_file_in_either_language(validator, model):
    filed = yaml.safe_load(model.read_text(encoding="utf-8"))
    department, _ = read_department(model)
    chinese = yaml.safe_load(department_text(tree(department), chinese=True))
    for each in (filed, chinese):
        assert [error.message for error in validator.iter_errors(each)] == []
    part = chinese["部门"]["预算执行"]["基本支出"]
    part["支出"], part["预算"] = part.pop("全年执行数"), part.pop("全年预算数")
    chinese["部门"]["名称"] = chinese["部门"].pop("部门名称")
    chinese["部门"]["绩效指标"][0]["完成值"] = 5
    assert [error.message for error in validator.iter_errors(chinese)] == []
    del chinese["部门"]["名称"]
    assert not validator.is_valid(chinese)


def test_editors_are_told_the_rubrics_words_and_take_others():
    indicator = editors_schema()["$defs"]["Indicator"]["properties"]
    for field, words in (("group", ["output", "产出"]), ("kind", ["quantity", "产出数量"])):
        codes, other = indicator[field]["anyOf"]
        assert set(words) <= set(codes["enum"])
        assert other == {"type": "string", "minLength": 1}
    checks = editors_schema()["$defs"]["Department"]["properties"]["checks"]["properties"]
    assert checks["diverted"]["description"] == "是否存在截留、挤占、挪用情况"
    records = editors_schema()["$defs"]
    assert (
        "是否存在截留、挤占、挪用情况"
        in records["Department"]["properties"]["检查清单"]["properties"]
    )
    stage = records["Stage"]["properties"]
    assert "核定" in stage["name"]["anyOf"][0]["enum"]
    for field, title in (("scores", "环节得分"), ("reasons", "改分理由")):
        assert stage[field]["properties"]["carryover"]["description"] == "结转结余率"
        assert "结转结余率" in stage[title]["properties"]


def test_the_schema_is_a_schema():
    path = Path(__file__).parent.parent / "perfkit" / "department.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))
