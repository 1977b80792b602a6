"""Money that a rubric asks for, and money that it doesn't: what a filing may leave out, what it can't have."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from perfkit.audit.examine import examine
from perfkit.books.filings import blank_book, export_book, import_books
from perfkit.errors import PerfkitError
from perfkit.forms.bookfile import read_sheets
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import SHIPPED, load_rubric
from perfkit.scoring.schema import editors_schema
from perfkit.scoring.scorecard import score
from perfkit.start.blank import blank

SAMPLES = Path(__file__).parent / "rubrics"
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
    assert len(refused(read, sample("hubei-2020") | {"budget": {"project": NOTHING}})) == 2


def test_a_blank_file_asks_for_what_is_listed():
    asked = {
        name: [*blank(load_rubric(name), name, 2023, "").get("budget", ())]
        for name in ("project-2020", "beijing-2023")
    }
    assert asked["project-2020"] == ["project", "initial", "carryover", "variance"]
    assert asked["beijing-2023"][:4] == ["basic", "project", "other", "total"]


def rows(path, sheet):
    """The first cells of the rows of a sheet."""
    found = {one.name: one for one in read_sheets(path)[0]}.get(sheet)
    return [min(row.items())[1].text for row in found.cells.values()] if found else []


def test_a_workbook_has_rows_for_what_is_listed(tmp_path):
    blank_book("project-2020", tmp_path / "空白.xlsx")
    assert rows(tmp_path / "空白.xlsx", "预算")[2:5] == ["资金来源", "项目支出", "填写项"]
    export_book(
        [SAMPLES / "project-2020.yaml", SAMPLES / "hubei-2020.yaml"], tmp_path / "两个.xlsx"
    )
    owners = rows(tmp_path / "两个.xlsx", "预算")[3:8]
    assert owners == [sample("project-2020")["name"], *[sample("hubei-2020")["name"]] * 4]


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
