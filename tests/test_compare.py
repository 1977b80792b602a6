"""perfkit diff: what differs between two filings, with the cause of every change of a score."""

import json

import pytest

from perfkit.cli import main
from perfkit.compare.changes import as_dict, compare, sentences
from perfkit.compare.command import changes_of
from perfkit.compare.shown import lines, page
from perfkit.errors import PerfkitError
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score


@pytest.fixture(scope="module")
def changes_from(complete):
    """What differs between the complete filing and one with *changes*, of last year's rubric or not."""

    def make(changes, before=None):
        old, new = (score(*read_department(complete(c))) for c in (before or {}, changes))
        return compare(old, new)

    return make


def test_the_same_filing_differs_in_nothing(changes_from):
    found = changes_from({})
    assert found.same
    assert "数据、得分、文字和其余填报都没有不同" in "\n".join(lines(found))


def only(changes):
    """The one score that differs, with the total."""
    one, total = changes.scores
    assert total.name == "总分"
    return one, total


def test_an_input_that_moved_and_how_the_rule_answered(changes_from):
    found = changes_from({"budget/total/spent": "190", "budget/basic/spent": "93"})
    one, total = only(found)
    assert (one.name, one.before, one.after, one.difference) == ("预算执行率", "19.5", "19", "−0.5")
    assert "全年执行数：195万元 → 190万元" in one.causes
    assert "算式：195 ÷ 200 = 97.5% × 20 = 19.5 → 190 ÷ 200 = 95% × 20 = 19" in one.causes
    assert (total.before, total.after, total.difference) == ("99.5", "99", "−0.5")
    figures = {f.label: (f.before, f.after, f.difference) for f in found.figures}
    assert figures == {
        "资金总体全年执行数": ("195万元", "190万元", "−5万元"),
        "资金总体预算执行率": ("97.5%", "95%", "−2.5个百分点"),
        "基本支出全年执行数": ("98万元", "93万元", "−5万元"),
        "基本支出预算执行率": ("98%", "93%", "−5个百分点"),
    }


@pytest.mark.parametrize(
    ("changes", "name", "cause"),
    [
        ({"checks/lawful": "否"}, "资金使用合规性和安全性", "扣分：不合格：资金使用合规"),
        ({"budget/initial": None}, "部门预决算差异率", "年初预算数：190万元 → 未填"),
    ],
)
def test_each_change_of_a_score_has_its_cause(changes_from, changes, name, cause):
    one, _ = only(changes_from(changes))
    assert one.name == name
    assert any(cause.split("：")[0] in words for words in one.causes), one.causes


def test_a_part_that_moved_stands_below_its_indicator(changes_from):
    one, _ = only(changes_from({"indicators/0/actual": "8场"}))
    (part,) = one.parts
    assert (one.name, part.name, part.before, part.after) == ("产出", "培训", "8", "6.4")
    assert "完成值：10场 → 8场" in part.causes


def test_a_persons_decision_is_a_cause(changes_from, override):
    one, _ = only(changes_from({"overrides": [override("carryover", "3")]}))
    assert one.causes == ("例外核定3分（征求意见，科长）：上级资金年底下达",)


def test_rows_are_matched_by_name_wherever_they_stand(changes_from, complete):
    rows = complete()["projects"]
    found = changes_from({"projects": [rows[1], rows[0] | {"budget": "41"}]})
    labels = {(f.label, f.before, f.after) for f in found.figures}
    assert labels == {("项目“甲”预算数", "40万元", "41万元")}
    gone = changes_from({"projects": rows[:1]})
    assert ("项目“乙”预算数", "20万元", "—") in {(f.label, f.before, f.after) for f in gone.figures}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("2022年因公出国（境）经费", "2023年度因公出国(境)经费", True),
        ("校舍安全改造", "校舍安全改造工程", True),
        ("信息化建设一期", "信息化建设二期", False),  # another project, however alike
        ("第2批奖励资金", "第3批奖励资金", False),
        ("道路养护", "图书采购", False),
        ("智慧城管平台运维", "城市运行平台维护", True),  # half alike, and of the same budget
    ],
)
def test_a_row_under_another_name(changes_from, complete, before, after, same):
    rows = complete()["projects"]
    found = changes_from(
        {"projects": [rows[0] | {"name": after, "spent": "39"}, *rows[1:]]},
        {"projects": [rows[0] | {"name": before}, *rows[1:]]},
    )
    told = [(one.kind, one.before, one.after) for one in found.renamed]
    assert told == ([("项目", before, after)] if same else [])
    labels = {figure.label for figure in found.figures}
    assert f"项目“{after}”支出数" in labels
    assert (f"项目“{before}”支出数" in labels) is not same
    assert (before in "\n".join(lines(found)).partition("数据（")[0]) is same
    assert (f"<td>{before}</td>" in page(found)) is same
    assert as_dict(found)["renamed"] == [vars(one) for one in found.renamed]


def test_an_indicator_under_another_name_keeps_its_score(changes_from, complete):
    rows = complete()["indicators"]
    found = changes_from({"indicators": [rows[0] | {"name": "培训场次"}, *rows[1:]]})
    assert [(one.before, one.after) for one in found.renamed] == [(rows[0]["name"], "培训场次")]
    assert not found.scores
    assert not found.figures


def test_of_several_that_are_as_like_none_is_chosen(changes_from, complete):
    rows = complete()["projects"]
    before, after = (
        [rows[0] | {"name": f"{name}课题", "budget": "30"}, rows[1]] for name in ("甲类", "乙类")
    )
    after = [after[0], rows[1] | {"name": "丙类课题", "budget": "30"}]
    assert changes_from({"projects": after}, {"projects": before}).renamed == ()


def test_of_rows_with_one_name_each_is_compared(changes_from, complete):
    """Two projects that are called the same, as departments do file them."""
    rows = [row | {"name": "修缮"} for row in complete()["projects"]]
    found = changes_from(
        {
            "projects": [
                rows[0] | {"spent": "37", "narrative": "甲未完成"},
                rows[1] | {"spent": "18"},
            ]
        },
        {"projects": rows},
    )
    assert [(f.label, f.before, f.after) for f in found.figures] == [
        ("项目“修缮”支出数", "38万元", "37万元"),
        ("项目“修缮（第2个）”支出数", "19万元", "18万元"),
    ]
    assert [one.label for one in found.texts] == ["项目“修缮”的完成情况"]


OTHERS = {
    "reported/total": ("98", "自评总分", "99.5", "98"),
    "reported/scores/execution": ("19", "自评得分“预算执行率”", "19.5", "19"),
    "indicators/0/direction": ("正向", "指标“培训”指标方向", "—", "正向"),
    "indicators/0/kind": ("quality", "指标“培训”类别", "产出数量", "产出质量"),
    "projects/0/rate": ("96%", "项目“甲”所填执行率", "95%", "96%"),
    "projects/1/starts": ("2023-02-01", "项目“乙”开始日期", "—", "2023-02-01"),
    "budget/total/rate": ("97%", "资金总体所填预算执行率", "97.5%", "97%"),
    "divisions/0/name": ("财务室", "科室“财务室”科室名称", "—", "财务室"),
    "audit_off/0/reason": ("已公布", "不再提示的审核意见“source.missing”理由", "数值由市财政局通报", "已公布"),
    "short_name": ("示例", "部门简称", "—", "示例"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "told"), OTHERS.items(), ids=OTHERS)
def test_what_is_filed_elsewhere_differs_too(changes_from, path, told):
    """A file of which a claim, a date or a reason alone was changed is not called the same."""
    found = changes_from({path: told[0]})
    assert told[1:] in [(one.label, one.before, one.after) for one in found.others]
    assert not found.same
    assert told[1] in "\n".join(lines(found))
    assert f">{told[1]}<" in page(found)
    assert as_dict(found)["others"] == [vars(one) for one in found.others]


def test_an_amount_written_another_way_is_no_difference(changes_from):
    assert changes_from({"indicators/0/weight": "8.0", "budget/total/budget": "200.00"}).same


def test_texts_differ_by_the_sentence(changes_from):
    text = "支出逐笔审批。财务制度按年修订。年末盘点资产，账实相符！"
    found = changes_from({"narrative/management": text})
    (one,) = found.texts
    assert one.label == "预算管理情况分析"
    changed = {sign: [words for s, words in one.sentences if s == sign] for sign in "=-+"}
    assert "支出逐笔审批。" in changed["="] + changed["+"]
    assert changed["-"][-1] == "年末盘点资产，账实相符。"
    assert changed["+"][-1] == "年末盘点资产，账实相符！"


def test_sentences_keep_their_stops_and_lose_nothing():
    text = "一是慢；二是“不够细。”\n三、没有句号"
    assert sentences(text) == ["一是慢；", "二是“不够细。”", "三、没有句号"]


STAGES = [
    {"name": name, "person": "李明", "date": day, "scores": {"carryover": points}, "reason": "核实"}
    for name, day, points in (("财政核查", "2024-04-10", "3"), ("核定", "2024-05-10", "3.5"))
]


def test_two_stages_of_a_file(filing):
    path = filing({"stages": STAGES})
    one, total = only(changes_of([path], ["财政核查", "核定"]))
    assert (one.before, one.after) == ("3", "3.5")
    assert one.causes == ("核定改为3.5分（李明，2024年5月10日）：核实",)
    assert total.before == "98.5"
    _, total = only(changes_of([path], ["规则", "财政核查"]))
    assert (total.before, total.after) == ("99.5", "98.5")
    with pytest.raises(PerfkitError, match="没有“专家”这个环节，可用的有：规则、财政核查、核定"):
        changes_of([path], ["规则", "专家"])


def test_one_file_is_held_against_last_years(filing):
    filing({"year": "2022", "budget/basic/budget": "90", "budget/total": None}, "last.yaml")
    found = changes_of([filing({"previous": "last.yaml"})])
    assert (found.before.year, found.after.year) == (2022, 2023)
    assert "基本支出全年预算数" in {figure.label for figure in found.figures}
    with pytest.raises(PerfkitError, match="没有写 previous"):
        changes_of([filing()])


def test_the_faults_of_both_files_are_told(filing):
    one = filing({"budget/initial": "约"}, "one.yaml")
    other = filing({"budget/initial": "约"}, "other.yaml")
    with pytest.raises(PerfkitError) as raised:
        changes_of([one, other])
    assert [fault.file for fault in raised.value.faults] == ["params/one.yaml", "params/other.yaml"]


def test_page_and_json_say_the_same_and_nothing_becomes_markup(changes_from):
    found = changes_from({"projects/0/name": "<b>甲</b>", "budget/total/spent": "190"})
    text = page(found)
    assert "<b>甲" not in text
    assert "&lt;b&gt;甲" in text
    assert "<script" not in text
    told = json.loads(json.dumps(as_dict(found)))
    for figure in told["figures"]:
        assert figure["after"] in text
    assert told["scores"][0]["causes"][0] in text


def test_the_command(filing, tmp_path, capsys):
    old, new = filing({}, "a.yaml"), filing({"budget/total/spent": "190"}, "b.yaml")
    kept = tmp_path / "notes.html"
    kept.write_text("自己的笔记", encoding="utf-8")
    for words, code in (
        (["--json"], 0),
        (["--html", str(tmp_path / "d.html")], 0),
        (["--html", str(tmp_path / "d.html")], 0),  # its own page is written anew
        (["--html", str(kept)], 1),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["diff", str(old), str(new), *words])
        assert ended.value.code == code
        said = capsys.readouterr()
        if words == ["--json"]:
            assert json.loads(said.out)["after"]["total"] == "99"
    assert "已经有了" in said.err
    assert kept.read_text(encoding="utf-8") == "自己的笔记"
    assert "预算执行率" in (tmp_path / "d.html").read_text(encoding="utf-8")
