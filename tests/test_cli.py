"""The command line: score, check and rubric, and what it says about wrong use."""

import json
import os
import subprocess
import sys

import pytest
from command_line import perfkit

from perfkit import __version__
from perfkit.review.content import content_of
from perfkit.review.record import add_events
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_score_prints_the_scores(model):
    code, out, err = perfkit("score", model)
    assert (code, err) == (0, "")
    for text in ("北京市丰台区金融服务办公室 2023 年度", "19.98", "99.98", "评价等级：优秀"):
        assert text in out


def test_score_prints_the_claims_beside_the_scores(model):
    _, out, _ = perfkit("score", model)
    lines = out.splitlines()
    assert lines[1] == "预算执行率（execution）  19.98 / 20，自评 19"
    assert lines[2] == "    15529.32 ÷ 15548.09 = 99.8793% × 20 = 19.98"
    assert "合计  99.98 / 100，自评 99" in lines


def test_score_as_json(model):
    code, out, _ = perfkit("score", model, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["department"], found["year"]) == ("北京市丰台区金融服务办公室", 2023)
    assert (found["rubric"], found["total"], found["max"]) == ("beijing-2023", "99.98", "100")
    assert (found["grade"], found["reported_total"], found["undecided"]) == ("优秀", "99", [])
    scores = {i["id"]: (i["points"], i["score"], i["reported"]) for i in found["indicators"]}
    assert scores["execution"] == ("20", "19.98", "19")
    assert scores["variance"] == ("4", "4", "4")
    assert {i["id"]: i["stated"] for i in found["indicators"]}["variance"] is True
    finding = next(f for f in found["findings"] if f["code"] == "variance.no_basis")
    assert finding["level"] == "error"
    assert finding["where"].startswith("params/fengtai-finance-2023.yaml:")


def test_numbers_in_json_are_text(model):
    _, out, _ = perfkit("score", model, "--json")

    def numbers(value):
        if isinstance(value, dict):
            return [n for key, child in value.items() if key != "year" for n in numbers(child)]
        if isinstance(value, list):
            return [n for child in value for n in numbers(child)]
        return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []

    assert numbers(json.loads(out)) == []


def test_score_says_what_is_undecided(filing):
    code, out, _ = perfkit("score", filing({"budget/initial": None}))
    assert code == 0
    assert "待定：未填年初预算数" in out
    assert "另有 4 分待定" in out


@pytest.mark.parametrize("other", [{}, {"kind": "one_of"}], ids=["alone", "one of several"])
def test_score_gives_the_command_for_a_missing_yearly_parameter(filing, rubric_file, other):
    excess = {
        "kind": "excess", "of": "budget.total.spent", "to": "budget.initial",
        "over": "city_variance", "step": "10%", "deduct": 0.4, "partial": "floor",
    }  # fmt: skip
    given = {"name": "评审", "rule": {"kind": "given", "step": 1}}
    rule = other | {"ways": [{"name": "按差异率", "rule": excess}, given]} if other else {}
    rubric_file({"variance": rule})
    _, out, _ = perfkit("score", filing({"year": "2024", "rubric": "../rubric.yaml"}))
    assert "补上它：perfkit rubric set rubric.yaml city_variance 2024 百分数" in out


def test_text_of_a_department_is_no_markup(filing):
    _, out, _ = perfkit("score", filing({"name": "[red]示例局[/red]"}))
    assert out.startswith("[red]示例局[/red] 2023 年度")


def test_check_prints_the_findings_with_their_lines(model):
    code, out, err = perfkit("check", model)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert (
        "北京市丰台区金融服务办公室，99.98 分，优秀；错误 9 条，警告 19 条，提示 8 条" in lines[0]
    )
    assert len(lines) == 1 + 9 + 19 + 8
    finding = next(line for line in lines if "12.67" in line)
    assert finding.startswith("  错误  params/fengtai-finance-2023.yaml:")


def test_check_prints_open_remarks_and_what_became_of_an_acceptance(filing, tmp_path):
    path, outputs = filing(), tmp_path / "outputs"
    quote = {"type": "TextQuoteSelector", "exact": "得分99.5分", "prefix": "", "suffix": ""}
    target = {"block": "narrative.result.1", "selector": quote}
    common = {"report": path.stem, "at": "2024-03-05T09:30:00+08:00"}
    content = content_of(score(*read_department(path)))
    events = [
        common
        | {"id": f"{1:016x}", "by": "甲", "kind": "remark", "text": "何处可查", "target": target},
        common
        | {"id": f"{2:016x}", "by": "乙", "kind": "answer", "on": f"{1:016x}", "text": "附后"},
        common
        | {"id": f"{3:016x}", "by": "丙", "kind": "accept", "content": content, "blocks": {}},
    ]
    add_events(outputs, path.stem, events)
    _, out, _ = perfkit("check", path, "-o", outputs)
    assert "  意见  甲 2024-03-05  “得分99.5分”：何处可查（1 条回复）\n" in out
    assert "  审阅  丙 2024-03-05  已通过\n" in out

    filing({"narrative/measures": "加强培训，完善制度"})
    _, out, _ = perfkit("check", path, "-o", outputs)
    assert "  审阅  丙 2024-03-05  通过已失效：文字有变化\n" in out


def test_check_takes_a_folder(filing):
    filing(name="a.yaml")
    folder = filing({"name": "另一局"}, name="b.yaml").parent
    code, out, _ = perfkit("check", folder)
    assert code == 0
    heads = [line for line in out.splitlines() if not line.startswith("  ")]
    assert [line.split("：")[1][:3] for line in heads] == ["示例局", "另一局"]


def test_check_without_files_takes_the_folder_params(filing, monkeypatch):
    monkeypatch.chdir(filing().parent.parent)
    code, out, _ = perfkit("check")
    assert (code, out) == (
        0,
        "params/x.yaml：示例局，99.5 分，优秀；错误 0 条，警告 0 条，提示 0 条\n"
        "  不再提示  params/x.yaml:139  比率没有出处（1 条）：数值由市财政局通报\n",
    )


FAULTY = {
    "name": "",
    "year": "23",
    "budget/basic/budget": "约100",
    "budget/project/spent": "-57",
    "budget/initial": "100000001",
    "budget/carryover/previous_rate": "3",
    "projects/0/rate": "九成",
    "projects/1/starts": "2023-02-30",
    "indicators/2/kind": "speed",
    "checks/lawful": "符合",
}


@pytest.mark.parametrize("command", ["check", "score"])
def test_ten_faults_give_ten_messages_and_nothing_is_written(filing, monkeypatch, command):
    path = filing(FAULTY)
    monkeypatch.chdir(path.parent.parent)
    before = files_below(path.parent.parent)
    code, out, err = perfkit(command, path)
    assert code == 1
    told = [line for line in (out + err).splitlines() if line.startswith("params/x.yaml:")]
    texts = path.read_text(encoding="utf-8").splitlines()
    at = [texts[int(line.split(":")[1].split("：")[0]) - 1].strip() for line in told]
    assert at == [
        "name: ''",
        "year: '23'",
        "budget: 约100",
        "spent: '-57'",
        "initial: '100000001'",
        "previous_rate: '3'",
        "rate: 九成",
        "starts: '2023-02-30'",
        "kind: speed",
        "lawful: 符合",
    ]
    assert files_below(path.parent.parent) == before


def test_one_faulty_file_does_not_hide_the_others(filing):
    filing({"year": "23"}, name="a.yaml")
    folder = filing(name="b.yaml").parent
    code, out, _ = perfkit("check", folder)
    assert code == 1
    assert "a.yaml：参数文件有 1 处错误" in out
    assert "b.yaml：示例局，99.5 分" in out


def test_a_missing_parameter_file(tmp_path):
    code, _, err = perfkit("score", tmp_path / "none.yaml")
    assert code == 1
    assert err == f"{tmp_path.name}/none.yaml：找不到这个文件，请核对路径和文件名\n"


def test_rubric_lists_what_comes_with_perfkit():
    code, out, _ = perfkit("rubric")
    assert code == 0
    assert "beijing-2023  北京市部门整体绩效评价指标体系（2023 年度）" in out.splitlines()


def test_rubric_shows_the_rules_and_the_good_answers():
    code, out, _ = perfkit("rubric", "beijing-2023")
    assert code == 0
    for text in ("finance.compliance", "lawful（合格：是）", "diverted（合格：否）"):
        assert text in out


def test_rubric_as_json():
    code, out, _ = perfkit("rubric", "beijing-2023", "--json")
    assert code == 0
    assert json.loads(out)["points"] == "100"


def test_an_unknown_rubric():
    code, _, err = perfkit("rubric", "beijing-1923")
    assert code == 1
    assert err.startswith("评分标准（rubric）：没有名为“beijing-1923”的评分标准")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "perfkit：缺少参数：命令"),
        (
            ["report"],
            "不能是 'report'，可选：'new', 'init', 'form', 'export', 'run', 'check', 'import', 'review', 'letter', 'score', 'rubric', 'diff', 'verify'",
        ),
        (["score"], "perfkit score：缺少参数：参数文件"),
        (["score", "a.yaml", "b.yaml"], "不认识的参数：b.yaml"),
        (["check", "--jsn"], "不认识的参数：--jsn"),
        (["run", "--formats", "pdf,odt"], "--formats：没有“odt”格式，可选：html、pdf、docx"),
        (["run", "--outputs"], "--outputs 后面要写一个值"),
    ],
    ids=" ".join,
)
def test_wrong_use(arguments, message):
    code, out, err = perfkit(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "--help 查看用法" in err


def test_wrong_use_in_a_folder_without_parameter_files(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    code, _, err = perfkit("check")
    assert code == 2
    assert err.startswith("perfkit：params 里没有参数文件")


def test_two_files_of_one_name_would_overwrite_each_others_report(filing):
    path = filing()
    other = path.with_suffix(".yml")
    other.write_bytes(path.read_bytes())
    code, out, _ = perfkit("check", path, other, filing(name="fine.yaml"))
    assert code == 1
    assert f"{path}：与 {other} 同名（不分大小写），报告会互相覆盖，请改名\n" in out
    assert "fine.yaml：示例局，99.5 分" in out


def test_what_is_passed_over_in_a_folder_is_named(filing):
    folder = filing().parent
    (folder / "x.yaml.txt").write_bytes(b"")
    code, _, err = perfkit("check", folder)
    assert code == 0
    assert "里没有读的：x.yaml.txt（请改名为 x.yaml）；参数文件的文件名应以 .yaml 结尾" in err


@pytest.mark.parametrize("content", ["[1]", '{"departments": 1}', '{"departments": [1]}', "{"])
def test_a_summary_of_another_shape_is_no_hindrance(tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    (tmp_path / "remarks.yaml").write_text("- {}\n")
    code, _, err = perfkit("review", "-o", tmp_path, "--import", tmp_path / "remarks.yaml")
    assert (code, err.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", [[], ["score"], ["check"], ["rubric"], ["run"]], ids=" ".join)
def test_help_is_in_chinese(command):
    code, out, _ = perfkit(*command, "--help")
    assert code == 0
    assert out.startswith("用法：perfkit")
    assert "usage" not in out


def test_version():
    assert perfkit("--version") == (0, f"perfkit {__version__}\n", "")


def test_the_module_runs_and_prints_utf8_into_a_pipe(model):
    command = [sys.executable, "-m", "perfkit", "score", str(model), "--json"]
    environment = {"PYTHONIOENCODING": "gbk", "PATH": ""}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout.decode("utf-8"))["total"] == "99.98"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_pipe_is_no_parameter_file(tmp_path, command):
    os.mkfifo(tmp_path / "x.yaml")
    code, out, err = perfkit(command, tmp_path / "x.yaml")
    assert code == 1
    assert "不是普通文件" in out + err
