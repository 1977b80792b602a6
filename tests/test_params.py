"""Reading a parameter file: every fault with its line, and a mapping that gives the same record."""

import datetime
import hashlib
import os
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from perfkit.errors import Fault, PerfkitError
from perfkit.scoring.params import read_department


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
FILED = [case for case in CASES if "field" in case]
TYPED = [case for case in CASES if "typed" in case]


@pytest.mark.parametrize("case", FILED, ids=[f"{c['field']}={c['filed']}"[:60] for c in FILED])
def test_one_fault(filing, case):
    (fault,) = faults_of(filing({case["field"]: case["filed"]}))
    assert fault.file == "params/x.yaml"
    assert fault.message.startswith(case["message"])


@pytest.mark.parametrize("case", TYPED, ids=[repr(c["typed"])[:60] for c in TYPED])
def test_one_slip_of_typing_gives_one_message_at_its_line(filing, case):
    path = filing()
    text = path.read_text(encoding="utf-8")
    assert text.count(case["line"]) == 1
    path.write_text(text.replace(case["line"], case["typed"]), encoding="utf-8")
    (fault,) = faults_of(path)
    before = text[: text.index(case["line"])].count("\n")
    assert fault.message.startswith(case["message"])
    assert fault.line == before + case.get("at", 1)


def test_slips_all_over_a_file_are_told_at_once_with_its_other_faults(filing):
    path = filing({"year": "23", "budget/initial": "约190"})
    text = path.read_text(encoding="utf-8")
    for line, typed in [
        ("  objective: ", "  objective："),
        ("    target: ≤500元", "    target: >500元"),
        ("    name: 满意度", "   name: 满意度"),
        ("  measures: ", "  measures: @"),
        ("  problems: ", "  problens: "),
        ("  - name: 乙", "  －name: 乙"),
    ]:
        path.write_text(text := text.replace(line, typed, 1), encoding="utf-8")
    lines = text.splitlines()
    # The line of 满意度 can't be read, so what it belongs to is not looked at.
    assert [lines[fault.line - 1].strip() for fault in faults_of(path)] == [
        "objective：服务示例区",
        "－name: 乙",
        "target: >500元",
        "name: 满意度",
        "measures: @加强培训",
    ]
    path.write_text(text.replace("   name: 满意度", "    name: 满意度"), encoding="utf-8")
    assert [lines[fault.line - 1].strip() for fault in faults_of(path)] == [
        "year: '23'",
        "objective：服务示例区",
        "initial: 约190",
        "－name: 乙",
        "target: >500元",
        "problens: 预算编制还不够精细",
        "measures: @加强培训",
    ]


@pytest.mark.parametrize(
    ("line", "typed", "field", "value"),
    [
        ("rubric: beijing-2023", "rubric: beijing-2023   # 评分标准", "rubric", "beijing-2023"),
        ("year: '2023'", "year: 2023 # 年度", "year", 2023),
        ("objective: 服务示例区", "objective: '服务示例区'   # 目标", "objective", "服务示例区"),
        ("objective: 服务示例区", "objective: “双减”和“双增”", "objective", "“双减”和“双增”"),
        ("objective: 服务示例区", "objective: '“双减”'", "objective", "“双减”"),
        ("objective: 服务示例区", "objective: C#语言", "objective", "C#语言"),
        ("objective: 服务示例区", "objective: |-   # 目标\n    # 甲\n    乙", "objective", "# 甲\n乙"),
        ("objective: 服务示例区", "objective: |-\n    name：甲\n    －name: 乙", "objective",
         "name：甲\n－name: 乙"),
        ("objective: 服务示例区", "objective: |-\n    甲\n\u3000\n    　　乙", "objective",
         "甲\n\n　　乙"),
        ("objective: 服务示例区", "objective: \"甲\n    name: 乙\"", "objective", "甲 name: 乙"),
        ("objective: 服务示例区", "objective: 甲,乙;丙", "objective", "甲,乙;丙"),
        ("objective: 服务示例区", "objective: 甲\n    ——乙：丙", "objective", "甲 ——乙：丙"),
        ("objective: 服务示例区", "objective:\n    甲http://a:80", "objective", "甲http://a:80"),
        ("short_name", "", "short_name", None),
    ],
)  # fmt: skip
def test_what_looks_like_a_slip_and_is_none(filing, line, typed, field, value):
    path = filing()
    text = path.read_text(encoding="utf-8").replace(line, typed)
    path.write_text(text, encoding="utf-8")
    assert getattr(read_department(path)[0], field) == value


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


ENCODINGS = {
    "GBK": ("gbk", "文件不是 UTF-8 编码，是 GBK（记事本里叫“ANSI”），请用编辑器另存为 UTF-8"),
    "UTF-16": ("utf-16", "文件不是 UTF-8 编码，是 UTF-16（记事本里叫“Unicode”）"),
    "UTF-16 big-endian": ("utf-16-be", "文件不是 UTF-8 编码，是 UTF-16（记事本里叫“Unicode”）"),
}


@pytest.mark.parametrize(("encoding", "message"), ENCODINGS.values(), ids=ENCODINGS)
def test_another_encoding_is_named(filing, encoding, message):
    path = filing()
    text = path.read_text(encoding="utf-8")
    path.write_bytes(("\ufeff" * encoding.endswith("be") + text).encode(encoding))
    (fault,) = faults_of(path)
    assert fault.message.startswith(message)


def test_bytes_of_no_encoding(filing):
    path = filing()
    path.write_bytes(path.read_bytes() + b"\xff\xff\x00")
    (fault,) = faults_of(path)
    assert fault.message.startswith("文件不是 UTF-8 编码，也不是 GBK")


NO_FILING = {
    "two documents": ("department:\n  name: 甲\n---\n", 3, "多余的 --- 分隔线"),
    "empty": ("", 1, "文件是空的"),
    "only comments": ("# 部门\n", 1, "文件是空的"),
    "a list": ("- 甲\n", 1, "最外层不是“字段: 内容”的形式"),
    "a table in text": ("<html><body>甲</body></html>", 1, "最外层不是“字段: 内容”的形式"),
    "blank department": ("department:\n", 1, "最外层应是“department:”"),
    "tag directive": ("%TAG ! tag:a:\n---\na: 1\n", 1, "不能有以 % 开头的一行"),
    "deep lists": ("a: " + "[" * 100_000, 1, "嵌套太深"),
    "deep mappings": ("a: " + "{a: " * 100_000, 1, "嵌套太深"),
    "alias bomb": (
        "a: &a [1]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi")),
        1,
        "内容以“&”开头",
    ),
    "alias of itself": ("a: {b: &a [*a]}\n", 1, "YAML 当作引用"),
    "many values": ("a: [" + "1, " * 300_000 + "1]", 1, "内容太多"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "message"), NO_FILING.values(), ids=NO_FILING)
def test_a_file_that_is_no_filing(tmp_path, content, line, message):
    path = tmp_path / "x.yaml"
    path.write_text(content, encoding="utf-8")
    fault = faults_of(path)[0]
    assert str(fault).startswith(f"{tmp_path.name}/x.yaml:{line}：")
    assert message in fault.message


def test_a_filing_that_is_not_under_department(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("name: 甲\n", encoding="utf-8")
    assert [fault.line for fault in faults_of(path)] == [1]
    assert "最外层只能有 department 一个字段，没有“name”" in faults_of(path)[0].message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ((Path(__file__).parent / "rubrics/ninth/rubric.yaml").read_text("utf-8"), "评分标准"),
        ("rubric: shili\nparameters: {average: {}}\n", "评分标准的年度参数"),
    ],
    ids=["rubric", "years"],
)
def test_a_rubric_among_the_filings(tmp_path, text, kind):
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    (fault,) = faults_of(path)
    assert fault.message.startswith(f"这是{kind}，不是参数文件；请移到文件夹 rubrics 里")


# What stands in the place of a file and can't be read as one: (make it, a part of the message).


def _fifo(path):
    os.mkfifo(path)


def _device(path):
    path.symlink_to("/dev/zero")


def _circle(path):
    path.symlink_to(path)


def _huge(path):
    with path.open("wb") as file:
        file.truncate(3_000_000_000)  # sparse: it takes no room


NO_FILES = {
    "FIFO": (_fifo, "不是普通文件"),
    "device": (_device, "不是普通文件"),
    "circle of links": (_circle, "链接绕成了圈"),
    "folder": (Path.mkdir, "这是文件夹"),
    "3 GB": (_huge, "超过 5 MB"),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
@pytest.mark.parametrize(("make", "message"), NO_FILES.values(), ids=NO_FILES)
@pytest.mark.parametrize("field", ["", "rubric", "previous"])
def test_what_is_no_file_is_refused_at_once(filing, make, message, field):
    path = filing({field: "odd.yaml"} if field else {})
    odd = path.parent / "odd.yaml"
    make(odd)
    faults = faults_of(path if field else odd)
    assert [fault for fault in faults if message in fault.message] == list(faults)


@pytest.mark.parametrize("field", ["rubric", "previous"])
@pytest.mark.parametrize(
    ("name", "message"),
    [("a" * 5000 + ".yaml", "名称太长"), ("x.yaml/y.yaml", ""), ("no\0.yaml", "不可见的"),
     ("none.yaml", "找不到")],
)  # fmt: skip
def test_a_path_that_leads_nowhere(filing, field, name, message):
    faults = faults_of(filing({field: name}))
    assert all("\0" not in str(fault) for fault in faults)
    assert any(message in fault.message for fault in faults)


def test_odd_files_beside_it_do_not_keep_a_mapping_from_its_file(filing, monkeypatch):
    path = filing()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path.parent / "a.yaml")
    bomb = NO_FILING["alias bomb"][0] + "name: 示例局\n"
    (path.parent / "b.yaml").write_text(bomb, encoding="utf-8")
    (path.parent / "c.yaml").write_text("示例局: " + "[" * 100_000, encoding="utf-8")
    monkeypatch.chdir(path.parent.parent)
    assert read_department(injected(path))[0].source.name == "params/x.yaml"


def test_last_years_file_is_not_this_one(filing):
    (fault,) = faults_of(filing({"previous": "x.yaml"}))
    assert "“x.yaml”是2023年度的，应是2022年度" in fault.message


def test_filings_that_name_each_other_are_read_once(filing):
    filing({"year": "2022", "previous": "x.yaml"}, name="y.yaml")
    assert read_department(filing({"previous": "y.yaml"}))[0].last_year.year == 2022


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


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("short_name", "010"),
        ("short_name", "1.10"),
        ("indicators/0/target", "12:30"),
        ("indicators/0/actual", "1_000"),
        ("projects/0/name", "0x10"),
    ],
)
def test_an_injected_number_that_may_have_been_another_text_is_refused(
    complete, tmp_path, monkeypatch, path, written
):
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(complete({path: yaml.safe_load(written)}))
    assert "papermill -f 传来的是数字" in fault.message
    assert "加英文引号" in fault.message


@pytest.mark.parametrize("path", ["short_name", "indicators/0/target", "projects/0/name"])
@pytest.mark.parametrize("written", ["no", "on"])
def test_an_injected_word_that_became_an_answer_is_refused(
    complete, tmp_path, monkeypatch, path, written
):
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(complete({path: yaml.safe_load(written)}))
    assert "加英文引号" in fault.message
