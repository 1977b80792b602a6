"""A parameter file that is written reads back as the same filing."""

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import signs
from perfkit.forms.department import Department
from perfkit.forms.fields import field_names
from perfkit.forms.options import ANSWERS
from perfkit.forms.written import department_text, tree
from perfkit.forms.yamlfile import Source
from perfkit.quantities import exact_percent
from perfkit.scoring.params import read_department

PARAMS = sorted((Path(__file__).parent.parent / "params").glob("*.yaml"))


def read_back(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(text, encoding="utf-8")
        return read_department(path)[0]


# What people type and paste, and what YAML, its slips and Excel make something else of.
PIECES = st.sampled_from(
    ["=1+1", "#1楼", " # 注", ": ", "：", "'", '"', "“甲”", "‘乙’", "\t", "　", "- ", "-", "—", "|", ">", "@", "%",
     "`", "*", "&", "!", "[", "{", "]", "}", ",", "?", "010", "1.10", "12:30", "yes", "no", "是", "null", "~",
     "2023-12-31", "1e5", "0x1F", "１２３", "全角，", "\n", "\n\n", "\n　　", "\r\n", "\n# 段", "---", "...", "\n---\n",
     "\\", "\\n", "http://x", "name: 甲", "甲", "乙方 ", "1.", "<<", "\u200b", "\u2028", "𠮷", "\ufeff", "·"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)


def form(text):
    """A text as the form holds it: cleaned, without blanks around it, its blank lines empty."""
    lines = signs.cleaned(text.replace("\r\n", "\n")).split("\n")
    return "\n".join(line if line.strip() else "" for line in lines).strip()


# Signs that the form refuses, however they are written, are not the writer's business.
CLEAN = TEXTS.filter(lambda text: not list(signs.refused(signs.cleaned(text))))
FILLED = CLEAN.filter(form)
AMOUNTS = st.decimals(0, 10**8, places=6).map(lambda value: value.copy_abs())
RATES = st.decimals(0, 2, places=8).map(lambda value: value.copy_abs())
POINTS = st.decimals(0, 100, places=2).map(lambda value: value.copy_abs())
DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))
VALUES = (
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.decimals(-100, 100, places=3).map(float)
    | FILLED
)


@st.composite
def filings(draw):
    def part():
        return {"budget": draw(AMOUNTS), "spent": draw(AMOUNTS), "rate": draw(st.none() | RATES)}

    def several(make, most=2):
        return [make() for _ in range(draw(st.integers(0, most)))]

    return {
        "name": draw(FILLED),
        "year": 2023,
        "rubric": "beijing-2023",
        "report_date": draw(st.none() | DAYS),
        "divisions": several(lambda: {"name": draw(FILLED), "duties": draw(CLEAN)}),
        "objective": draw(CLEAN),
        "budget": {"basic": part(), "project": part(), "other": part(), "initial": draw(AMOUNTS),
                   "carryover": {"previous_rate": draw(RATES), "previous_source": draw(CLEAN)},
                   "variance": {"rate": draw(st.none() | RATES.map(lambda rate: -rate))}},
        "projects": several(
            lambda: {"name": draw(FILLED), "budget": draw(AMOUNTS), "score": draw(st.none() | POINTS),
                     "ends": draw(st.none() | DAYS), "narrative": draw(CLEAN)}
        ),
        "indicators": several(
            lambda: {"group": "output", "kind": "quantity", "name": draw(FILLED), "target": draw(FILLED),
                     "low_target": draw(st.booleans()), "note": draw(CLEAN)}
        ),
        "checks": {"lawful": draw(st.booleans()), "diverted": draw(st.booleans())},
        "reported": {"scores": {"finance.system": draw(POINTS)}, "projects": {"self": 2}},
        "narrative": {"problems": draw(CLEAN), "measures": draw(CLEAN)},
        "options": draw(st.dictionaries(FILLED.map(form), VALUES | st.lists(VALUES, max_size=2), max_size=2)),
    }  # fmt: skip


def as_filed(value, field=""):
    """*value* as the form takes it from a mapping."""
    if isinstance(value, dict):
        return {key: as_filed(child, key) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [as_filed(child) for child in value]
    if isinstance(value, Decimal) and field in ("rate", "previous_rate"):
        return exact_percent(value)
    return form(value) if isinstance(value, str) else value


@settings(max_examples=30)
@given(filings())
def test_what_is_written_reads_back_as_the_same_filing(filed):
    meant = as_filed(filed)
    meant["options"] = {
        name: ANSWERS.get(value, value) if isinstance(value, str) else value
        for name, value in meant["options"].items()
    }
    text = department_text(filed)
    department = read_back(text)
    assert department.model_dump() == Department.model_validate(meant).model_dump(), text
    again = read_back(department_text(tree(department), chinese=True))
    assert again.model_dump() == department.model_dump()
    # Of a record without a file the values themselves are written.
    bare = department.model_copy()
    bare.comes_from(Source(), None)
    assert read_back(department_text(tree(bare))).model_dump() == department.model_dump()


@pytest.mark.parametrize("path", PARAMS, ids=lambda path: path.stem)
def test_a_filing_keeps_the_words_that_it_was_written_in(path):
    department, _ = read_department(path)
    written = department_text(tree(department) | {"previous": None})
    again = read_back(written)
    chinese = department_text(tree(department) | {"previous": None}, chinese=True)
    assert read_back(chinese).model_dump() == again.model_dump()
    assert again.model_dump() == department.model_dump() | {"previous": None}
    filed, same = (
        yaml.load(text, Loader=yaml.BaseLoader)
        for text in (path.read_text(encoding="utf-8"), written)
    )
    assert flat(same) == flat(filed)


def flat(value, at=""):
    """Each value of a tree by its path; what is left empty, and last year's file, are left out."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        empty = value in ("", "null") or at.endswith(".previous")
        return {} if empty else {at: " ".join(value.split())}
    return {
        key: leaf
        for name, child in value.items()
        for key, leaf in flat(child, f"{at}.{name}").items()
    }


def test_a_file_with_remarks():
    filed = {
        "name": "示例局",
        "year": 2023,
        "objective": "",
        "budget": {"basic": {"budget": Decimal(100), "rate": Decimal("0.975")}},
        "projects": [{"name": "#1楼", "ends": date(2023, 12, 31), "narrative": "第一段\n第二段"}],
        "checks": {"lawful": True},
        "narrative": None,
    }
    remarks = {
        "": "示例",
        "objective": "一段话",
        "budget.basic.budget": "全年预算数\n单位万元",
        "projects.0": "每个项目一项",
        "projects.0.name": "项目名称",
        "checks.lawful": "支出合法",
    }
    assert (
        department_text(filed, remarks=remarks)
        == """\
# 示例
department:
  name: 示例局
  year: 2023

  # 一段话
  objective:

  budget:
    basic:
      # 全年预算数
      # 单位万元
      budget: 100
      rate: 97.5%

  projects:
    # 每个项目一项
    # 项目名称
    - name: '#1楼'
      ends: '2023-12-31'
      narrative: |-
        第一段
        第二段

  checks:
    # 支出合法
    lawful: 是
"""
    )


def test_the_form_s_own_words_as_keys():
    filed = {"name": "示例局", "budget": {"project": {"budget": 1}}, "options": {"top_n": 10}}
    assert (
        department_text(filed, chinese=True)
        == """\
部门:
  部门名称: 示例局

  预算执行:
    项目支出:
      全年预算数: 1

  自定参数:
    top_n: 10
"""
    )


def test_the_titles_beside_each_other_differ():
    def titles(loc, seen=()):
        names = field_names(Department, loc)
        assert len(set(names.values())) == len(names), loc
        for name in names:
            if name not in seen:
                titles((*loc, name), (*seen, name))

    titles(())


def test_a_large_amount_says_its_unit():
    # Without one it would be doubted: it could have been meant in 元.
    part = {"budget": Decimal(10_000), "spent": Decimal("9999.5")}
    written = department_text({"budget": {"basic": part}})
    assert "budget: 10000万元\n" in written
    assert "spent: 9999.5\n" in written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("010", "'010'"),
        ("yes", "'yes'"),
        ("≥95%", "≥95%"),
        ("12:30", "'12:30'"),
        ("甲：乙", "甲：乙"),
        ("甲: 乙", "'甲: 乙'"),
        ("甲#1", "甲#1"),
        ("甲 #1", "'甲 #1'"),
        ("=SUM(A1)", "'=SUM(A1)'"),
        ("“甲”", "'“甲”'"),
        ("-", "'-'"),
        ("", ""),
        ("长" * 61, "|-\n" + " " * 8 + "长" * 61),
        ("乙\x07", '"乙\\U00000007"'),
    ],
)
def test_a_text_is_quoted_where_the_reader_needs_it(text, written):
    line = f"target: {written}".rstrip()
    assert department_text({"indicators": [{"target": text}]}).split("- ", 1)[1] == line + "\n"
