"""Reading a parameter file: every fault with its line, and a mapping that gives the same record."""

import datetime
import hashlib
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from perfkit.params import read_department
from perfkit.yamlfile import Fault, PerfkitError


def faults_of(path):
    with pytest.raises(PerfkitError) as refused:
        read_department(path)
    return refused.value.faults


def line_of(path, text):
    """The number of the one line that holds *text*."""
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = (n for n, line in enumerate(lines, 1) if text in line)
    return number


def test_the_complete_filing_is_read(filing):
    department, rubric = read_department(filing())
    assert department.name == "示例局"
    assert department.budget.overall.spent == Decimal(195)
    assert rubric.id == "beijing-2023"


def test_a_path_may_be_text(filing):
    assert read_department(str(filing()))[0].name == "示例局"


def test_the_total_is_the_sum_of_the_parts_if_it_is_not_filed(filing):
    overall = read_department(filing({"budget/total": None}))[0].budget.overall
    assert (overall.budget, overall.spent) == (Decimal(200), Decimal(195))


def test_blank_fields_are_fields_not_filled_in(tmp_path, filing):
    path = filing()
    text = path.read_text(encoding="utf-8").replace("  objective: 服务示例区\n", "  objective:\n")
    path.write_text(text, encoding="utf-8")
    assert read_department(path)[0].objective == ""


def test_a_figure_of_many_digits_comes_out_as_filed(filing):
    claimed = "19.1234567890123456789012345678901234567"
    department, _ = read_department(filing({"reported/scores/execution": claimed}))
    assert str(department.reported.scores["execution"]) == claimed


CASES = yaml.safe_load((Path(__file__).parent / "cases" / "faults.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[f"{c['field']}={c['filed']}" for c in CASES])
def test_one_fault(filing, case):
    (fault,) = faults_of(filing({case["field"]: case["filed"]}))
    assert fault.file == "params/x.yaml"
    assert fault.message.startswith(case["message"])


# The key that the fault stands at, as it is written in the file.
@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("budget/basic/budget", "约1250", "budget: 约1250"),
        ("projects/1/score", "101", "score: '101'"),
        ("checks/diverted", "没有", "diverted: 没有"),
        ("reported/scores/finance.sistem", "1", "finance.sistem:"),
        ("indicators/0/actual", "10次", "- group: output"),
        ("narrative/result", None, None),
    ],
)
def test_the_line_of_a_fault(filing, path, value, written):
    if written is None:
        assert read_department(filing({path: value}))[0].narrative.result == ""
        return
    params = filing({path: value})
    (fault,) = faults_of(params)
    line = params.read_text(encoding="utf-8").splitlines()[fault.line - 1]
    assert written in line


def test_a_missing_field_is_told_at_the_line_of_what_it_is_missing_from(filing):
    path = filing({"projects/0/budget": None})
    (fault,) = faults_of(path)
    assert fault.line == line_of(path, "name: 甲")
    assert fault.message == "项目（projects） / 第 1 项 / 预算数（budget）：缺少这一项，请补上"


TEN_FAULTS = """\
department:
  name: 示例局
  year: 23
  rubric: beijing-2023
  shortname: 示例
  budget:
    basic: {budget: 约100, spent: 98}
    project: {budget: 60, spent: -57}
    other: {budget: 40, spent: 40, rate: 100}
    initial: 100000001
  projects:
    - name: 甲
      budget: 40
      starts: 2023-02-30
    - {budget: 20}
  checks:
    lawfull: 是
  overrides:
    - {indicator: carry, score: 4, reason: 理由, stage: 征求意见, approver: 科长}
"""


def test_ten_faults_give_ten_messages_with_ten_lines(tmp_path):
    path = tmp_path / "ten.yaml"
    path.write_text(TEN_FAULTS, encoding="utf-8")
    assert [fault.line for fault in faults_of(path)] == [3, 5, 7, 8, 9, 10, 14, 15, 17, 19]


def file_with(line, after):
    """A parameter file with *line* put after its line that begins with *after*."""
    text = "department:\n  name: 示例局\n  year: 2023\n  rubric: beijing-2023\n"
    return text.replace(f"  {after}\n", f"  {after}\n{line}\n")


NAME = "name: 示例局"
TRAPS = {
    "tab indentation": (file_with("\tobjective: 甲", NAME), 3, "以 Tab 缩进"),
    "at sign": (file_with("  objective: @甲", NAME), 3, "内容以 @ ` % 等符号开头"),
    "full-width colon": (file_with("  objective：甲", NAME), 3, "用了中文冒号“：”"),
    "full-width colon, first key": ("department：\n  name: 甲\n", 1, "用了中文冒号“：”"),
    "unbalanced double quote": (file_with('  objective: "甲', NAME), 3, "引号没有成对"),
    "unbalanced single quote": (file_with("  objective: '甲", NAME), 3, "引号没有成对"),
    "unbalanced bracket": (file_with("  divisions: [甲", NAME), 3, "括号没有成对"),
    "two colons": (file_with("  objective: 甲: 乙", NAME), 3, "一行里有两个“: ”"),
    "uneven indentation": (file_with(" objective: 甲", NAME), 3, "缩进不齐"),
    "target > 5": (file_with("  objective: >5%", NAME), 3, "内容以 > 或 | 开头"),
    "starred text": (file_with("  objective: *重要", NAME), 3, "内容以 * 或 & 开头"),
    "two documents": ("department:\n  name: 甲\n---\n", 3, "多余的 --- 分隔线"),
    "control character": (file_with("  objective: 甲\x07乙", NAME), 3, "控制字符"),
    "escaped control character": (file_with(r'  name2: "甲\x07"', NAME), 3, "控制字符"),
    "duplicate key": (file_with("  name: 乙", NAME), 3, "字段“name”重复，第 2 行已经有了"),
    "alias of itself": (file_with("  divisions: &all [*all]", NAME), 3, "嵌套"),
    "GBK": (file_with("", NAME).encode("gbk"), 2, "文件不是 UTF-8 编码（可能是 GBK）"),
    "UTF-16": (file_with("", NAME).encode("utf-16"), 1, "文件不是 UTF-8 编码"),
    "empty": ("", 1, "文件是空的"),
    "only comments": ("# 部门\n", 1, "文件是空的"),
    "a list": ("- 甲\n", 1, "最外层不是“字段: 内容”的形式"),
    "a table in text": ("<html><body>甲</body></html>", 1, "最外层不是“字段: 内容”的形式"),
    "no department": ("name: 甲\n", 1, "最外层只能有 department 一个字段，没有“name”"),
    "blank department": ("department:\n", 1, "最外层应是“department:”"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "message"), TRAPS.values(), ids=TRAPS)
def test_yaml_trap(tmp_path, content, line, message):
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert any(f.line == line and message in f.message for f in faults_of(path))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in TRAPS
        if name not in ("duplicate key", "escaped control character", "no department")
    ],
)
def test_a_file_that_cannot_be_read_gives_one_message(tmp_path, name):
    content = TRAPS[name][0]
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (fault,) = faults_of(path)
    assert str(fault).startswith(f"{tmp_path.name}/x.yaml:{fault.line}：")


def ten(name):
    return ", ".join([f"*{name}"] * 10)


@pytest.mark.parametrize(
    "content",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 100_000,
        "a: &a [1]\n" + "".join(f"{b}: &{b} [{ten(a)}]\n" for a, b in pairwise("abcdefghi")),
    ],
    ids=["deep lists", "deep mappings", "alias bomb"],
)
def test_a_file_made_to_exhaust_the_reader_is_refused(tmp_path, content):
    path = tmp_path / "x.yaml"
    path.write_text(content, encoding="utf-8")
    (fault,) = faults_of(path)
    assert "嵌套" in fault.message


def test_a_missing_file(tmp_path):
    (fault,) = faults_of(tmp_path / "none.yaml")
    assert fault == Fault(f"{tmp_path.name}/none.yaml", 0, "找不到这个文件，请核对路径和文件名")


def test_a_folder_is_no_file(tmp_path):
    (fault,) = faults_of(tmp_path)
    assert fault.message == "这是文件夹，应写一个文件"


@pytest.mark.parametrize(
    "turn",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"---\n" + raw,
        lambda raw: raw.rstrip(b"\n"),
        lambda raw: raw.replace(b"name: ", b"name:\t", 1),
    ],
    ids=["BOM", "CRLF", "document start", "no newline at the end", "tab after a colon"],
)
def test_harmless_ways_to_write_the_file(filing, turn):
    path = filing()
    plain, _ = read_department(path)
    path.write_bytes(turn(path.read_bytes()))
    assert read_department(path)[0].model_dump() == plain.model_dump()


def test_numbers_stay_the_text_of_the_file(tmp_path, filing):
    # By YAML 1.1, 012 is ten, 12:30 is 750 and 是 is a text like any other.
    path = filing({"short_name": "012"})
    path.write_text(path.read_text(encoding="utf-8").replace("'012'", "012"), encoding="utf-8")
    assert read_department(path)[0].short_name == "012"


@pytest.mark.parametrize("answer", ["是", "true", "True", "yes", "ＹＥＳ"])
def test_answers_that_say_yes(filing, answer):
    assert read_department(filing({"checks/diverted": answer}))[0].checks["diverted"] is True


@pytest.mark.parametrize("answer", ["否", "false", "No"])
def test_answers_that_say_no(filing, answer):
    assert read_department(filing({"checks/lawful": answer}))[0].checks["lawful"] is False


@pytest.mark.parametrize(
    ("word", "chinese"),
    [("self", "单位自评"), ("department", "部门评价"), ("部门评价", "部门评价")],
)
def test_words_of_the_form_in_english_or_chinese(filing, word, chinese):
    assert (
        read_department(filing({"projects/0/evaluation": word}))[0].projects[0].evaluation
        == chinese
    )


def test_a_project_that_ends_before_it_starts(filing):
    path = filing({"projects/0/starts": "2023-05-01", "projects/0/ends": "2023-04-30"})
    (fault,) = faults_of(path)
    assert fault.message.endswith("结束日期 2023-04-30 早于开始日期 2023-05-01")


def test_two_overrides_of_one_indicator_are_refused(filing, override):
    path = filing({"overrides": [override("carryover", "4"), override("carryover", "3")]})
    (fault,) = faults_of(path)
    assert fault.line == line_of(path, "score: '3'") - 1
    assert fault.message.endswith("“carryover”已有一条例外核定，只能有一条")


@pytest.mark.parametrize("field", ["reason", "stage", "approver"])
def test_an_override_says_why_when_and_by_whom(filing, override, field):
    (fault,) = faults_of(filing({"overrides": [override("carryover", "4") | {field: ""}]}))
    assert fault.message.endswith("不能是空的")


def test_an_override_names_an_indicator_of_the_filing(filing, override):
    (fault,) = faults_of(filing({"overrides": [override("output.5", "4")]}))
    assert "评分标准里没有“output.5”" in fault.message


# papermill -f gives the notebook a mapping, as PyYAML reads the file.


def injected(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["department"]


def test_a_mapping_is_the_file_it_was_read_from(filing, monkeypatch):
    path = filing()
    monkeypatch.chdir(path.parent.parent)
    department, _ = read_department(injected(path))
    assert department == read_department(path)[0]
    assert department.source.name == "params/x.yaml"
    assert department.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert department.place("budget.initial") == f"params/x.yaml:{line_of(path, 'initial:')}"


@pytest.mark.parametrize("folder", [".", "params", "notebooks"])
def test_the_file_is_found_from_any_of_the_usual_folders(filing, monkeypatch, folder):
    path = filing()
    given = injected(path)
    here = path.parent.parent / folder
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    assert read_department(given)[0].source.name == "params/x.yaml"


def test_numbers_of_yaml_do_not_hide_the_file(model, monkeypatch):
    # Amounts without quotes are floats here, and 是 is text.
    monkeypatch.chdir(model.parent.parent)
    given = injected(model)
    assert given["budget"]["total"]["spent"] == 15529.32
    assert read_department(given)[0] == read_department(model)[0]
    assert read_department(given)[0].source == read_department(model)[0].source


def test_of_two_files_the_one_with_the_same_content_is_found(filing, monkeypatch):
    filing({"budget/initial": "191"}, name="a.yaml")
    path = filing()
    (path.parent / "broken.yaml").write_text("示例局: [", encoding="utf-8")
    (path.parent / "date.yaml").write_text("示例局: 2023-02-30", encoding="utf-8")
    (path.parent / "folder.yaml").mkdir()
    monkeypatch.chdir(path.parent.parent)
    assert read_department(injected(path))[0].source.name == "params/x.yaml"


def test_a_mapping_without_a_file_gives_the_same_record(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    department, _ = read_department(injected(model))
    assert department.model_dump() == read_department(model)[0].model_dump()
    assert department.source.name == ""
    assert department.place("budget.total") == "department.budget.total"


@pytest.mark.parametrize(
    ("value", "amount"), [(0.1, "0.1"), (15548.09, "15548.09"), (1e-05, "0.00001"), (7, "7")]
)
def test_an_injected_number_is_exact(complete, tmp_path, monkeypatch, value, amount):
    monkeypatch.chdir(tmp_path)
    department, _ = read_department(complete({"budget/initial": value}))
    assert department.budget.initial == Decimal(amount)


def test_an_injected_date_is_a_date(complete, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    day = datetime.date(2024, 3, 1)
    assert read_department(complete({"report_date": day}))[0].report_date == day


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", True, "应填文字，这里是“True”；请加英文引号"),
        ("short_name", False, "应填文字，这里是“False”；请加英文引号"),
        ("budget/initial", True, "“True”不是金额"),
        ("budget/initial", float("nan"), "“NaN”不是金额"),
        ("budget/initial", float("inf"), "“Infinity”不是金额"),
        ("reported/total", True, "应填数字，这里是“True”"),
    ],
)
def test_an_injected_value_of_another_type_is_refused(
    complete, tmp_path, monkeypatch, path, value, message
):
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(complete({path: value}))
    assert f"：{message}" in fault.message
