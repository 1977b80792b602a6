"""Statements against facts and text left over: sentences, and what is said of each."""

from pathlib import Path

import pytest
import yaml
from conftest import audit

from perfkit.audit.examine import CHECKS, examine
from perfkit.errors import PerfkitError
from perfkit.forms.codes import FINDINGS
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

ROOT = Path(__file__).parent.parent
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "statements.yaml").read_text("utf-8"))
RAISED_HERE = ("statement.", "leftover.", "typing.", "carryover.returned", "full_marks.thin")

ON_TIME = {"indicators/2/name": "工作按时完成"}
AHEAD = {"projects/0/starts": "2023-08-01", "projects/0/ends": "2024-07-31",
         "projects/0/spent": "40", "projects/0/rate": "100%"}  # fmt: skip
WITH = {
    "short": {"projects/0/spent": "30", "projects/0/rate": "75%"},
    "paid_ahead": AHEAD,
    "paid_ahead_and_claimed": AHEAD | ON_TIME,
    "claimed": ON_TIME,
    "scored": {"projects/0/score": "94", "projects/1/score": "96"},
    "scored_low": {"projects/0/score": "84", "projects/1/score": "96"},
    "output_lost": {"indicators/0/actual": "9场"},
    "rules_failed": {"checks/rules_complete": "否"},
    "carried_rest": {"budget/carryover/amount": "3"},
}


def label(case):
    return f"{case['text']}{'+' + case['with'] if 'with' in case else ''}"


@pytest.mark.parametrize("case", CASES, ids=map(label, CASES))
def test_what_is_said_of(case, findings_of):
    place = case.get("in", "projects/0/narrative")
    found = findings_of({place: case["text"]} | WITH.get(case.get("with"), {}))
    told = [f for f in found if f.code.startswith(RAISED_HERE) and f.code != case.get("skip")]
    wanted = [code for code in case["raises"] if code != case.get("skip")]
    assert sorted({f.code for f in told}) == sorted(wanted), told
    for finding in told:
        assert finding.quote in case["text"]


def test_there_are_enough_sentences():
    assert len(CASES) >= 110
    silent = sum(not case["raises"] for case in CASES)
    assert 0.4 < silent / len(CASES) < 0.65


def test_every_kind_of_finding_has_a_title(model):
    params = sorted((ROOT / "params").glob("*.yaml"))
    raised = {f.code for path in params for f in audit(score(*read_department(path)))}
    assert raised <= set(FINDINGS)
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS)


SENTENCE = "项目加大了对困难群众的帮扶力度，推动形成覆盖全区的服务网络，群众的获得感进一步提升。"


def test_paragraphs_that_say_the_same_are_told_once(findings_of):
    changes = {
        "projects/0/narrative": f"完成培训10场。{SENTENCE}",
        "projects/1/narrative": f"走访120户。{SENTENCE.replace('全区', '全域')}",
    }
    found = [f for f in findings_of(changes) if f.code == "leftover.repeated"]
    assert [(f.field, f.quote) for f in found] == [
        ("projects.1.narrative", SENTENCE.replace("全区", "全域"))
    ]
    assert "第1个项目与第2个项目的文字几乎相同" in found[0].message


def test_sentences_that_differ_in_substance_are_not_alike(findings_of):
    changes = {
        "projects/0/narrative": "按程序完成采购，组织专家验收，系统于十月上线运行，用户反映稳定。",
        "projects/1/narrative": "按程序完成招标，组织居民评议，工程于九月竣工交付，群众反映良好。",
    }
    assert [f for f in findings_of(changes) if f.code == "leftover.repeated"] == []


# ---- last year's filing


@pytest.fixture
def with_last_year(filing):
    """The findings on a filing that names last year's."""

    def make(changes=None, last_year=None):
        filing({"year": "2022", "rubric": "beijing-2023"} | (last_year or {}), "2022.yaml")
        path = filing({"previous": "2022.yaml"} | (changes or {}))
        return audit(score(*read_department(path)))

    return make


def test_last_years_rate_is_held_against_last_years_filing(with_last_year):
    found = with_last_year({"budget/carryover/previous_rate": "3.1%"})
    assert [f.message for f in found if f.code == "carryover.previous"] == [
        "上年结转结余率填3.1%，按上年参数文件应为2.5%"
    ]
    right = with_last_year({"budget/carryover/previous_rate": "2.5%"})
    assert "carryover.previous" not in [f.code for f in right]


def test_text_kept_from_last_year_is_told(with_last_year):
    kept = {"projects/0/narrative": SENTENCE}
    found = [f for f in with_last_year(kept, kept) if f.code == "leftover.last_year"]
    assert [(f.level, f.field, f.quote) for f in found] == [
        ("warning", "projects.0.narrative", SENTENCE)
    ]
    other = {
        "projects/0/narrative": "完成了全部管网的改造，通过了竣工验收，已移交使用单位运行维护。"
    }
    assert "leftover.last_year" not in [f.code for f in with_last_year(kept, other)]


WRONG_PREVIOUS = {
    "no such file": ("none.yaml", "上年参数文件（previous）用不了：.*none.yaml"),
    "of the same year": ("same.yaml", "“same.yaml”是2023年度的，应是2022年度"),
}


@pytest.mark.parametrize("case", WRONG_PREVIOUS)
def test_a_previous_filing_that_cannot_be_used_is_a_fault_of_the_file(case, filing):
    name, why = WRONG_PREVIOUS[case]
    filing({}, "same.yaml")
    with pytest.raises(PerfkitError, match=why):
        read_department(filing({"previous": name}))


# ---- switched off, with a reason

MIXED = {"projects/0/budget": "400000元", "projects/0/spent": "380000元"}


def test_a_finding_is_switched_off_with_a_reason_that_stays(card_of):
    off = {"audit_off": [{"code": "units.mixed", "reason": "财政批复即以元为单位"}]}
    found = examine(card_of(MIXED | off))
    assert "units.mixed" not in [f.code for f in found.findings]
    switched = found.off[0]
    assert (switched.title, switched.count) == ("金额单位不统一", 1)
    assert (switched.by, switched.reason) == ("参数文件", "财政批复即以元为单位")
    assert switched.where.startswith("params/x.yaml:")


def test_only_at_one_place(card_of):
    off = [{"code": "narrative.missing", "reason": "涉密", "field": "projects.0"}]
    changes = {"projects/0/narrative": "", "projects/1/narrative": "", "audit_off": off}
    found = examine(card_of(changes))
    assert [f.field for f in found.findings if f.code == "narrative.missing"] == ["projects.1"]
    assert found.off[0].count == 1


def test_a_rubric_switches_off_for_all(card_of):
    off = [{"code": "units.mixed", "reason": "本市允许两种单位"}]
    found = examine(card_of(MIXED, {"audit_off": off}))
    assert "units.mixed" not in [f.code for f in found.findings]
    assert ("评分标准", "本市允许两种单位") in [(o.by, o.reason) for o in found.off]


@pytest.mark.parametrize(
    ("off", "why"),
    [
        (
            {"code": "units.mixd", "reason": "笔误"},
            "没有“units.mixd”这种审核意见，是不是 units.mixed",
        ),
        ({"code": "units.mixed"}, "理由"),
        ({"code": "units.mixed", "reason": ""}, "理由"),
    ],
)
def test_a_switch_needs_a_known_code_and_a_reason(off, why, card_of):
    with pytest.raises(PerfkitError, match=why):
        card_of({"audit_off": [off]})
