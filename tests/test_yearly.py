"""Yearly parameters: set apart from the rubric, with their source, and counted in the plan."""

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import perfkit

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.report import Report
from perfkit.review.content import content_of
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.scorecard import score
from perfkit.scoring.setting import set_yearly

ROOT = Path(__file__).parent.parent
YEARS = "beijing-2023.years.yaml"


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def card_at(path):
    return score(*read_department(path))


def variance(path):
    return card_at(path).score("variance")


def test_a_value_that_is_set_decides_the_score_and_names_its_source(kit, filing):
    path = filing({"year": "2024"})
    assert variance(path).awarded is None
    made = set_yearly("beijing-2023", "city_variance", "2024", "25.1%", "某市财政局通报")
    assert made.path.resolve() == kit / "rubrics" / YEARS
    found = variance(path)
    assert found.awarded == Decimal(4)
    origins = [given.place for given in found.inputs if given.value == "25.1%"]
    assert origins == [f"某市财政局通报（rubrics/{YEARS}:6）"]
    card = card_at(path)
    assert f"年度参数rubrics/{YEARS}，SHA-256 " in Report(card, examine(card)).record


def test_the_command_of_the_finding_supplies_what_is_missing(kit, filing, rubric_file):
    own = rubric_file({"id": "own"})
    own.rename(kit / "rubrics.yaml")
    for changes in ({"year": "2024"}, {"year": "2024", "rubric": "../rubrics.yaml"}):
        path = filing(changes)
        messages = [
            f.message for f in examine(card_at(path)).findings if f.code == "score.undecided"
        ]
        (command,) = (re.search(r"perfkit (rubric set .*)", text)[1] for text in messages)
        words = shlex.split(command.replace("百分数", "25.1%"))
        assert perfkit(*words).returncode == 0
        assert variance(path).awarded == Decimal(4)
    assert (kit / "rubrics.years.yaml").is_file()


def test_what_else_stands_in_the_file_stays(kit):
    for year, value in (("2024", "25.1%"), ("2026", "27%")):
        set_yearly("beijing-2023", "city_variance", year, value, "通报")
    path = kit / "rubrics" / YEARS
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    2026:", "    # 待核\n    2026:") + "# 末尾\n", encoding="utf-8"
    )
    set_yearly("beijing-2023", "市级平均预决算差异率", "2025", "26%", "#1号通报: 附件")
    set_yearly("beijing-2023", "city_variance", "2024", "25.2%", "更正")
    assert path.read_text(encoding="utf-8").splitlines()[2:] == [
        "parameters:",
        "  # 市级平均预决算差异率",
        "  city_variance:",
        "    2024:",
        "      value: 25.2%",
        "      source: 更正",
        "    # 待核",
        "    2026:",
        "      value: 27%",
        "      source: 通报",
        "    2025:",
        "      value: 26%",
        "      source: '#1号通报: 附件'",
        "# 末尾",
    ]
    years = load_rubric("beijing-2023").parameters["city_variance"].years
    assert {year: found.value for year, found in years.items()} == {
        2023: Decimal("0.283"), 2024: Decimal("0.252"), 2025: Decimal("0.26"), 2026: Decimal("0.27"),
    }  # fmt: skip
    assert years[2025].source == "#1号通报: 附件"


def test_a_value_goes_before_the_rubrics_own_and_the_change_is_told(kit):
    words = ("city_variance", "2023", "28.4%", "--source", "市财政局通报")
    code, said, _ = perfkit("rubric", "set", "beijing-2023", *words)
    assert code == 0
    assert "rubrics/beijing-2023.years.yaml：2023 年市级平均预决算差异率 28.4%" in said
    assert "原来是 28.3%（评分表三" in said
    _, said, _ = perfkit("rubric", "set", "beijing-2023", *words[:-1], "更正的通报")
    assert "原来是 28.4%（市财政局通报" in said
    done = perfkit("rubric", "beijing-2023")
    assert done.returncode == 0
    assert "2023：28.4%，更正的通报（rubrics" in done.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["beijing-2023", "city_variance", "2024", "25.1%"], 2, "写作 perfkit rubric set"),
        (["beijing-2023", "city_variance", "--source", "甲"], 2, "写作 perfkit rubric set"),
        (["beijing-2023", "city", "2024", "25%", "--source", "甲"], 1,
         "没有年度参数“city”；有的是 city_variance（市级平均预决算差异率）"),
        (["beijing-2023", "city_variance", "2024", "25.1", "--source", "甲"], 1, "请带百分号"),
        (["beijing-2023", "city_variance", "24", "25.1%", "--source", "甲"], 1, "年度应在 2000 到 2100"),
        (["beijing-2023", "city_variance", "2024", "25.1%", "--source", " "], 1, "出处不能是空的"),
        (["nowhere", "city_variance", "2024", "25.1%", "--source", "甲"], 1, "没有名为“nowhere”的评分标准"),
    ],
)  # fmt: skip
def test_what_can_not_be_set_is_told_and_nothing_is_written(kit, words, code, said):
    done = perfkit("rubric", "set", *words)
    assert done.returncode == code
    assert said in done.stderr
    assert list(kit.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("rubric: other", 1, "这是评分标准 other 的年度参数，应是 beijing-2023"),
        ("rubric: beijing-2023\nparameters:\n  city: {}", 3, "没有年度参数“city”，有的是 city_variance"),
        ("rubric: beijing-2023\nparameters:\n  city_variance:\n    2024:\n      value: 25.1\n      source: 甲",
         5, "请带百分号"),
        ("rubric: beijing-2023\nparameters:\n  city_variance:\n    2024:\n      value: 25%", 4, "缺少这一项"),
    ],
)  # fmt: skip
def test_faults_of_the_file_are_told_with_their_line(kit, filing, text, line, said):
    (kit / "rubrics").mkdir()
    (kit / "rubrics" / YEARS).write_text(text + "\n", encoding="utf-8")
    with pytest.raises(PerfkitError) as refused:
        read_department(filing())
    (fault,) = refused.value.faults
    assert (fault.file, fault.line) == (f"rubrics/{YEARS}", line)
    assert said in fault.message


def test_an_acceptance_holds_until_its_own_year_s_value_changes(kit, filing):
    path = filing()
    before = content_of(card_at(path))
    set_yearly("beijing-2023", "city_variance", "2024", "25.1%", "通报")
    assert content_of(card_at(path)) == before
    set_yearly("beijing-2023", "city_variance", "2023", "28.4%", "通报")
    assert content_of(card_at(path))["rubric"] != before["rubric"]


def test_reports_of_the_rubric_are_out_of_date_when_a_value_is_set(kit, filing):
    (kit / "notebooks").mkdir()
    template = (ROOT / "notebooks" / "report.ipynb").read_bytes()
    (kit / "notebooks" / "report.ipynb").write_bytes(template)
    filing({"year": "2024"})
    words = ("run", "--formats", "html")
    assert perfkit(*words).returncode == 0
    done = perfkit(*words, "--explain")
    assert done.returncode == 0
    assert "没有变化" in done.stdout
    # The report was made without the file, which the notebook looked for in vain.
    set_yearly("beijing-2023", "city_variance", "2024", "25.1%", "通报")
    done = perfkit(*words, "--explain")
    assert done.returncode == 0
    assert f"rubrics/{YEARS} 有变化" in done.stdout


def test_a_rubric_is_checked_by_itself(kit, rubric_file):
    path = rubric_file({})
    code, said, _ = perfkit("rubric", "check", path)
    assert code == 0
    assert "没有错误" in said
    assert "10 个指标，100 分" in said
    rubric_file({"execution": {"kind": "ratios"}, "id": ""})
    code, said, _ = perfkit("rubric", "check", path)
    assert code == 1
    assert "有 2 处错误" in said
    assert "规则种类不在可选的范围内" in said
    # The faults that only follow from it are not told.
    assert "至少要有一项" not in said
    assert perfkit("rubric", "check").returncode == 2
