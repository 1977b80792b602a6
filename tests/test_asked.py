"""Money that a rubric asks for, and money that it doesn't: what a filing may leave out, what it can't have."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from perfkit.audit.examine import examine
from perfkit.books.filings import blank_book, export_book, import_books
from perfkit.errors import PerfkitError
from perfkit.forms.bookfile import read_sheets
from perfkit.forms.department import PARTS
from perfkit.index.page import page
from perfkit.index.rows import columns_of, row_of
from perfkit.received.importing import read_report
from perfkit.report import Report
from perfkit.report.last_year import last_year_spending
from perfkit.report.sheet import score_sheet
from perfkit.report.units import unit_table, units_sentence
from perfkit.scoring.derivations import derivations
from perfkit.scoring.filed import filed_figure
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import SHIPPED, load_rubric
from perfkit.scoring.schema import editors_schema
from perfkit.scoring.scorecard import score
from perfkit.start.blank import blank

SAMPLES = Path(__file__).parent / "rubrics"
TEMPLATE = Path(__file__).parent.parent / "notebooks" / "report.ipynb"
NOTHING = {"budget": 0, "spent": 0}


def sample(name):
    return yaml.safe_load((SAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))["department"]


@pytest.fixture
def read(tmp_path):
    """Reads a filing from a parameter file."""

    def of(filed):
        path = tmp_path / "示例.yaml"
        text = yaml.safe_dump({"department": filed}, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        return read_department(path)

    return of


def said(department, rubric):
    return [finding.message for finding in examine(score(department, rubric)).findings]


def refused(read, filed):
    """What a filing is refused with, without the places."""
    with pytest.raises(PerfkitError) as caught:
        read(filed)
    return [str(fault.message) for fault in caught.value.faults]


def test_what_a_rubric_does_not_list_is_left_out_or_nothing(read):
    filed = sample("project-2020")
    old = filed["budget"] | {"basic": NOTHING, "other": {"budget": "0.00万元", "spent": 0}}
    new, rubric = read(filed)
    before, _ = read(filed | {"budget": old})
    assert new.model_dump() == before.model_dump()
    assert said(new, rubric) == said(before, rubric)
    assert score(new, rubric).total == 94


@pytest.mark.parametrize(
    "given", [{"budget": 12, "spent": 0}, {"budget": 0, "spent": "12元"}, {"spent": 12}]
)
def test_what_is_not_listed_can_not_be_added(read, given):
    filed = sample("project-2020")
    filed["budget"]["basic"] = given
    (told,) = refused(read, filed)
    assert "只列项目支出，不列基本支出" in told
    assert "“12" in told


def test_what_is_listed_must_be_filled_in(read):
    filed = sample("project-2020")
    filed["budget"] = {"basic": NOTHING}
    assert refused(read, filed) == ["预算执行（budget） / 项目支出（project）：缺少这一项，请补上"]
    budget = {key: {**NOTHING} for key in ("project", "other")}  # yaml writes one twice as &id
    (told,) = refused(read, sample("hubei-2020") | {"budget": budget})
    assert told == "预算执行（budget） / 基本支出（basic）：缺少这一项，请补上"


def test_a_blank_file_asks_for_what_is_listed():
    asked = {
        name: [*blank(load_rubric(name), name, 2023, "").get("budget", ())]
        for name in ("project-2020", "beijing-2023")
    }
    assert asked["project-2020"] == ["project", "initial", "carryover"]
    assert asked["beijing-2023"] == [
        "basic", "project", "other", "total", "initial", "carryover", "variance",
    ]  # fmt: skip


def rows(path, sheet):
    """The first cells of the rows of a sheet."""
    found = {one.name: one for one in read_sheets(path)[0]}.get(sheet)
    return [min(row.items())[1].text for row in found.cells.values()] if found else []


def test_a_workbook_has_rows_for_what_is_listed(tmp_path):
    blank_book("project-2020", tmp_path / "空白.xlsx")
    assert rows(tmp_path / "空白.xlsx", "预算")[2:5] == ["资金来源", "项目支出", "填写项"]
    assert rows(tmp_path / "空白.xlsx", "预算")[5:] == [
        "年初预算数（万元）",
        "结转结余总额（万元）",
    ]
    assert rows(tmp_path / "空白.xlsx", "检查清单") == []  # the rubric has no question
    export_book(
        [SAMPLES / "project-2020.yaml", SAMPLES / "hubei-2020.yaml"], tmp_path / "两个.xlsx"
    )
    owners = rows(tmp_path / "两个.xlsx", "预算")[3:7]
    assert owners == [sample("project-2020")["name"], *[sample("hubei-2020")["name"]] * 3]


def test_a_book_of_a_filing_gives_it_back(tmp_path):
    export_book([SAMPLES / "project-2020.yaml"], tmp_path / "示例.xlsx")
    assert rows(tmp_path / "示例.xlsx", "其他字段") == []
    (made,) = import_books([tmp_path / "示例.xlsx"], tmp_path).files
    assert [*yaml.safe_load(made.read_text(encoding="utf-8"))["department"]["budget"]] == [
        "project"
    ]
    both = [read_department(path)[0] for path in (made, SAMPLES / "project-2020.yaml")]
    assert both[0].model_dump() == both[1].model_dump()


SCHEMA = Draft202012Validator(json.loads(json.dumps(editors_schema())))


@pytest.mark.parametrize(
    ("rubric", "asked"), [("project-2020", True), ("beijing-2023", False), ("own.yaml", True)]
)
def test_an_editor_asks_for_what_is_listed(rubric, asked):
    filed = {
        "部门名称": "示例局",
        "year": 2023,
        "评分标准": rubric,
        "budget": {"项目支出": NOTHING},
    }
    assert SCHEMA.is_valid({"department": filed}) is asked


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("项目资金全年预算200万元，支出180万元，执行率95%。", ["right", "wrong", "right"]),
        ("本项目预算200万元，实际支出190万元。", ["right", "right"]),
        ("项目资金中，设备采购支出50万元。", ["unchecked"]),
        ("本项目分三期，一期支出50万元。", ["unchecked"]),
        ("项目资金截至6月底支出100万元，执行率50%。", ["unchecked", "unchecked"]),
        ("该项目上年预算180万元，支出170万元。", ["unchecked", "unchecked"]),
    ],
)
def test_texts_may_call_the_money_as_the_rubric_does(read, text, outcomes):
    filed = sample("project-2020")
    filed["narrative"]["execution"] = text
    figures = examine(score(*read(filed))).figures
    found = [one.outcome for one in figures if one.field == "narrative.execution"]
    assert found == outcomes


def test_a_project_need_not_list_projects_of_its_own(read):
    card = score(*read(sample("project-2020") | {"projects": []}))
    report = Report(card, examine(card))
    assert "列出项目" not in report.projects().html
    assert [one.code for one in report.audit.findings if one.code.startswith("projects")] == []


# ---- the rubric itself


def changed(tmp_path, name, old, new):
    """A rubric that comes with perfkit, changed, as a file of its own."""
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("of: budget.total.spent, to: budget.total.budget", "of: budget.basic.spent, to: budget.basic.budget",
         "parts 里没有 basic（基本支出），部门不填这个数，规则里不能用“budget.basic.spent”；要用，请在 parts 里补上"),
        ("parts: [project]", "parts: []",
         "parts 写了 []，是不评资金的评分标准，规则里不能用“budget.total.spent”；要用，请在 parts 里写明资金的部分"),
    ],
)  # fmt: skip
def test_a_rule_over_money_that_is_not_listed_is_refused(tmp_path, old, new, told):
    path = changed(tmp_path, "project-2020", old, new)
    with pytest.raises(PerfkitError) as caught:
        load_rubric(str(path))
    assert told in str(caught.value)
    assert len(caught.value.faults) == 2


# ---- a rubric without money


def test_a_rubric_without_money_asks_for_none(read, tmp_path):
    asked = blank(load_rubric("internal-control"), "internal-control", 2024, "")
    assert "budget" not in asked
    assert "execution" not in asked["narrative"]
    assert [*asked["projects"][0]] == ["name", "evaluation", "score", "starts", "ends", "narrative"]
    blank_book("internal-control", tmp_path / "空白.xlsx")
    texts = {
        sheet.name: " ".join(cell.text for row in sheet.cells.values() for cell in row.values())
        for sheet in read_sheets(tmp_path / "空白.xlsx")[0]
    }
    assert not texts.keys() & {"预算", "指标"}
    assert not re.search("万元|计算符号", texts["填写说明"])
    assert not re.search("万元|预算|支出|执行率", texts["项目"])
    filed = sample("internal-control")
    new, rubric = read(filed)
    old, _ = read(filed | {"budget": {part: {**NOTHING} for part in PARTS}})
    assert new.model_dump() == old.model_dump()
    assert score(new, rubric).total == 91


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("budget", {"basic": {"budget": 3, "spent": 0}}, "请把预算执行（budget）整段删去"),
        ("budget", {"initial": "3万元", "carryover": {"amount": 1}}, "请把预算执行（budget）整段删去"),
        ("projects", [{"name": "甲", "budget": 3}, {"name": "乙", "spent": 2}], "项目的预算数、支出数、执行率不填；请删去"),
        ("narrative", {"execution": "执行良好。"}, "没有这一章；请写到别的章里"),
        ("units", [{"name": "示例站", "budget": {"basic": {"budget": 3, "spent": 3}}}], "请把预算执行（budget）整段删去"),
    ],
)  # fmt: skip
def test_money_that_is_not_evaluated_is_refused_once(read, field, value, told):
    (message,) = refused(read, sample("internal-control") | {field: value})
    assert "评分标准internal-control不评资金，报告里没有预算和支出" in message
    assert message.endswith(told)


def test_its_report_has_no_chapter_on_money_and_counts_on(read):
    filed = sample("internal-control")
    filed["projects"] = [{"name": f"项目{n}", "narrative": "完成。"} for n in range(5)]
    filed["units"] = [{"name": "示例分馆", "projects": 2, "score": 88}, {"name": "本级"}]
    card = score(*read(filed))
    report = Report(card, examine(card))
    numbers = [("一、", "about"), ("二、", "execution"), ("三、", "goals"), ("十二、", "measures")]
    headings = [report.chapter(*one) for one in numbers]
    assert [one and re.sub("<.*?>", "", one.html).strip() for one in headings] == [
        "一、部门概况", None, "二、主要业务和项目情况", "十一、措施建议",
    ]  # fmt: skip
    nothing = (report.execution, report.chart_parts, report.chart_amounts, report.chart_execution)
    assert [of() for of in nothing] == [None] * 4
    shown = report.projects().html
    assert re.findall("<th scope=.col.>(.*?)</th>", shown) == [
        "单位", "项目", "得分", "序号", "项目", "评价方式", "说明",
    ]  # fmt: skip
    assert "二级单位共2个" in re.sub("<.*?>", "", shown)
    assert [*report.frames.projects] == ["项目", "评价方式", "评价得分", "开始日期", "结束日期"]
    assert [*report.frames.units] == ["单位", "项目数", "得分", "等级", "文件"]
    keys = [key for key in derivations(card) if re.match(r"(budget|projects|units)\.", key)]
    assert keys == [
        "units.0.projects", "units.0.score", "units.all.projects", "units.all.count", "projects.count",
    ]  # fmt: skip


def test_an_index_has_columns_of_money_only_where_there_is_any():
    without = row_of("one", score(*read_department(SAMPLES / "internal-control.yaml")), [])
    with_money = row_of("two", score(*read_department(SAMPLES / "hubei-2020.yaml")), [])
    keys = [column.key for column in columns_of([without])]
    assert [key for key in keys if re.match("rate|amount", key)] == []
    assert "预算执行率" not in re.sub("<script.*", "", page([without]))
    both = {column.title: column for column in columns_of([without, with_money])}
    shown = [
        both[title].value(without) for title in ("执行率", "年度财政资金预算", "年度财政资金支出")
    ]
    assert shown == [None, None, None]


def test_a_rollup_by_money_is_refused_where_there_is_none(tmp_path):
    path = changed(
        tmp_path, "internal-control", "rule: {kind: given, step: 0.5}", "rule: {kind: rollup}"
    )
    with pytest.raises(PerfkitError, match="没有金额作权重；请写 by: equal"):
        load_rubric(str(path))


@pytest.mark.parametrize(
    ("last", "spent", "columns"),
    [("internal-control", None, {}), ("project-2020", 190, {"total": "190.00", "basic": "—", "project": "190.00", "other": "—"})],
)  # fmt: skip
def test_what_last_years_rubric_did_not_ask_is_not_nothing(read, tmp_path, last, spent, columns):
    """Last year's file under another rubric has no money, or less: none of it is 0."""
    (tmp_path / "上年.yaml").write_text(
        yaml.safe_dump({"department": sample(last) | {"year": 2019}}, allow_unicode=True),
        encoding="utf-8",
    )
    card = score(*read(sample("hubei-2020") | {"previous": "上年.yaml"}))
    found = [f"previous.budget.{part}.spent" for part in ("total", "basic", "project")]
    assert [filed_figure(card.department, field) for field in found] == [spent, None, spent]
    assert {key: text for key, (text, _) in last_year_spending(card).items()} == columns
    frame = Report(card, examine(card)).frames.budget
    assert frame["上年支出"].isna().tolist() == [True, spent is None, True]


def test_a_unit_whose_rubric_has_no_money_adds_none(read, tmp_path):
    (tmp_path / "馆.yaml").write_text(
        yaml.safe_dump({"department": sample("internal-control")}, allow_unicode=True), "utf-8"
    )
    whole = {"basic": {"budget": 300, "spent": 300}, "project": {"budget": 500, "spent": 420}}
    units = [{"file": "馆.yaml"}, {"name": "本级", "budget": whole, "score": 90}]
    card = score(*read(sample("hubei-2020") | {"year": 2024, "units": units}))
    rows = [[re.sub("<.*?>", "", str(text)) for text in row] for _, _, row in unit_table(card).rows]
    assert rows[0][:4] == ["—"] * 4
    assert rows[2][:2] == ["800.00", "720.00"]
    assert "得分按全年预算数加权平均为90分" in re.sub("<.*?>", "", units_sentence(card))
    codes = [one.code for one in examine(card).findings if one.code.startswith("unit")]
    assert {*codes} == {"unit.not_filed", "unit.project"}


def test_a_score_sheet_has_a_column_of_targets_where_the_rubric_has_any():
    sheets = {
        name: score_sheet(score(*read_department(SAMPLES / f"{name}.yaml")))
        for name in ("internal-control", "zhengzhou")
    }
    has = {name: ["指标值" in table.columns for table in tables] for name, tables in sheets.items()}
    assert has == {"internal-control": [False, False], "zhengzhou": [False, False, True]}
    for table in (table for tables in sheets.values() for table in tables):
        assert sum(cell.columns for cell in table.rows[0].cells) == len(table.columns)
        assert sum(table.widths) == 100
    *_, total, basis = sheets["internal-control"][-1].rows
    assert [sum(cell.columns for cell in row.cells) for row in (total, basis)] == [10, 10]


# ---- what it prints, read back


@pytest.mark.parametrize("name", ["internal-control", "project-2020"])
def test_a_report_under_the_rubric_is_read_back_by_the_rubrics_own_words(
    name, quick_report, tmp_path
):
    params = SAMPLES / f"{name}.yaml"
    quick_report(params, TEMPLATE, tmp_path, ["docx"])
    received = read_report(tmp_path / f"{name}.docx", name)
    filed, _ = read_department(params)
    assert received.unread == []
    assert (received.get("name"), received.get("year")) == (filed.name, filed.year)
    texts = {path: received.get(path) for path in filed.texts if not path.startswith("indicators")}
    assert texts == {path: filed.texts[path] for path in texts}
    assert [one["name"] for one in received.get("projects")] == [one.name for one in filed.projects]
    rows = received.get("indicators") or []
    assert [one["name"] for one in rows] == [one.name for one in filed.indicators]
    amounts = [received.get(f"budget.project.{key}") for key in ("budget", "spent")]
    assert amounts == {"internal-control": [None, None]}.get(name, ["200.00万元", "190.00万元"])
    assert ("budget" in received.tree) is (name != "internal-control")
