"""The index as files: what a row holds, the workbook, the JSON, and what the page embeds."""

import json
import re
import zipfile
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from conftest import audit

from perfkit.forms.department import Department
from perfkit.index.files import summary, write_index
from perfkit.index.last_year import LastYear, together
from perfkit.index.page import FIELDS, LISTED, page
from perfkit.index.rows import (
    COLUMNS,
    Alike,
    Awarded,
    Noted,
    Row,
    Said,
    columns_of,
    grades,
    row_of,
)
from perfkit.index.units import above
from perfkit.index.workbook import workbook
from perfkit.review.record import STATES
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.scorecard import score

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "params" / "fengtai-finance-2023.yaml"
HTML = (".html", ".pdf", ".docx", ".ipynb")


def done(name="shili-2023", **values):
    given = {
        "department": "示例局",
        "year": 2023,
        "rubric": "beijing-2023",
        "total": Decimal("98.5"),
        "reported_total": Decimal(99),
        "max": Decimal(100),
        "grade": "优秀",
        "open_points": Decimal(0),
        "execution_rate": Decimal("0.998793"),
        "lost": {
            "产出": (Decimal(30), Decimal("1.5")),
            "效果": (Decimal(30), Decimal(0)),
        },
        "links": HTML,
    }
    return Row(name, **given | values)


def failed(name="shili-bad-2023", **values):
    given = {"state": "failed", "cause": "第 3 行：年度不是年份", "links": (".failed.html",)}
    return Row(name, **given | values)


@pytest.fixture(scope="module")
def model():
    card = score(*read_department(MODEL))
    return row_of(MODEL.stem, card, audit(card), HTML)


def test_the_row_of_the_model_department(model):
    assert model.department == "北京市丰台区金融服务办公室"
    assert (model.total, model.reported_total, model.max) == (Decimal("99.98"), 99, 100)
    assert model.difference == Decimal("-0.98")
    assert model.grade == "优秀"
    assert model.execution_rate == Decimal("15529.32") / Decimal("15548.09")
    assert model.lost["预算执行率"] == (20, Decimal("0.02"))
    assert model.points_lost == Decimal("0.02")


def test_the_row_counts_the_findings_by_level(model):
    card = score(*read_department(MODEL))
    levels = Counter(finding.level for finding in audit(card))
    counted = (model.errors, model.warnings, model.infos)
    assert counted == (levels["error"], levels["warning"], levels["info"])


def test_open_points_are_not_lost():
    """产出 30 分: two indicators of 15, one full, one undecided; nothing is lost."""
    part = {"budget": "100", "spent": "100"}
    department = Department.model_validate(
        {
            "name": "示例局",
            "year": "2023",
            "rubric": "beijing-2023",
            "budget": {"basic": part, "project": part, "other": part},
            "indicators": [
                {"group": "output", "kind": "quantity", "name": "甲", "target": "1", "actual": "1"},
                {"group": "output", "kind": "quantity", "name": "乙", "target": "1"},
            ],
        }
    )
    row = row_of("shili", score(department, load_rubric("beijing-2023")), [])
    assert row.lost["产出"] == (15, 0)
    assert "效果" not in row.lost
    assert row.grade is None
    assert row.open_points is not None
    assert row.open_points >= 45


@pytest.mark.parametrize(
    "row", [done(), failed(), done(grade=None, fresh=False), Row("only-a-name")]
)
def test_a_row_survives_the_journal(row):
    assert Row.from_dict(json.loads(json.dumps(row.as_dict()))) == row


def test_amounts_are_exact_text_in_the_journal(model):
    found = model.as_dict()
    assert found["total"] == "99.98"
    assert found["lost"]["预算执行率"] == {"points": "20", "lost": "0.02"}
    assert Decimal(found["execution_rate"]) == model.execution_rate


def test_a_dict_of_another_version_is_refused():
    found = done().as_dict()
    wrong = [
        found | {"unknown": 1},
        {key: value for key, value in found.items() if key != "total"},
        found | {"errors": "many"},
        found | {"grade": ["优秀"]},
        found | {"total": "NaN"},
        found | {"lost": {"产出": 1}},
        found | {"content": {"data": 1}},
        found | {"state": "unknown"},
        [found],
    ]
    for one in wrong:
        with pytest.raises(ValueError, match=r"(?i)row"):
            Row.from_dict(one)


def test_the_index_is_three_files_and_nothing_else(tmp_path, model):
    write_index(tmp_path / "outputs", [model, failed()])
    names = sorted(path.name for path in (tmp_path / "outputs").iterdir())
    assert names == ["index.html", "summary.json", "summary.xlsx"]


def test_the_same_rows_give_the_same_bytes(tmp_path, model):
    for folder in ("a", "b"):
        write_index(tmp_path / folder, [model, failed(), done()])
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_the_workbook_knows_no_clock(tmp_path):
    about = opened(tmp_path, [done()]).properties
    assert about.created == about.modified == datetime(2000, 1, 1)
    with zipfile.ZipFile(tmp_path / "summary.xlsx") as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_an_empty_folder_has_an_index(tmp_path):
    write_index(tmp_path, [])
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["departments"] == []


def test_a_file_name_that_is_not_utf8_leaves_the_index_whole(tmp_path):
    name = "示例".encode("gbk").decode("utf-8", "surrogateescape")
    write_index(tmp_path, [done(name), failed(name)])
    assert len(json.loads((tmp_path / "summary.json").read_text("utf-8"))["departments"]) == 2


FLOORS = {
    "优秀": Decimal("0.9"),
    "良好": Decimal("0.8"),
    "中等": Decimal("0.6"),
    "较差": Decimal(0),
}


def test_grades_are_counted_in_the_order_of_the_rubric_and_the_undecided_last():
    rows = [
        done(grade=None, grades=FLOORS),
        done(grade="较差", grades=FLOORS, total=Decimal(99)),  # capped by a 限制条件
        done(grade="中等", grades=FLOORS, total=Decimal(70)),
        done(grade="优秀", grades=FLOORS, total=Decimal(90)),
        done(grade="优秀", grades=FLOORS, total=Decimal(95)),
        failed(),
    ]
    assert list(grades(rows).items()) == [("优秀", 2), ("中等", 1), ("较差", 1), ("待定", 1)]


def test_grades_of_several_rubrics_stand_by_their_floors():
    other = {"A": Decimal("0.85"), "B": Decimal("0.7"), "C": Decimal(0)}
    rows = [done(grade=label, grades=other, max=Decimal(120)) for label in "CBA"]
    rows += [done(grade=label, grades=FLOORS) for label in reversed(FLOORS)]
    assert [*grades(rows)] == ["优秀", "A", "良好", "B", "中等", "C", "较差"]


def test_different_full_scores_are_compared_by_their_share(tmp_path):
    rows = [done(), done("two", max=Decimal(120), total=Decimal(108))]
    assert [column.key for column in columns_of(rows) if column.page][:4] == [
        "department", "total", "max", "share",
    ]  # fmt: skip
    found = cells(opened(tmp_path, rows)["汇总"], 3)
    assert (found["满分"].value, found["得分率"].value) == (120, 0.9)
    assert "得分率" not in cells(opened(tmp_path, [done()])["汇总"], 2)


def test_a_limit_that_applies_stands_beside_the_grade(tmp_path):
    rows = [done(), done("two", limits=("是否违纪：答“是”，等级最高为中",))]
    assert "答“是”，等级最高为中" in page(rows)
    found = cells(opened(tmp_path, rows)["汇总"], 3)
    assert found["限制条件"].value == "是否违纪：答“是”，等级最高为中"


def before(**values):
    given = {
        "year": 2022,
        "rubric": "示例市评分标准",
        "total": Decimal("95.25"),
        "max": Decimal(100),
        "open_points": Decimal(0),
        "grade": "优秀",
        "execution_rate": Decimal("0.95"),
        "budget": Decimal(200),
        "spent": Decimal(190),
    }
    return LastYear(**given | values)


def two_years():
    """Four that have a last year: better, worse, undecided then, of another full score; one without."""
    amounts = {"资金总体": (Decimal(250), Decimal(240))}
    given = {"rubric_name": "示例市评分标准", "grades": FLOORS, "amounts": amounts}
    return [
        done("a", last_year=before(), **given),
        done("b", total=Decimal(85), grade="良好", last_year=before(), **given),
        done("c", last_year=before(open_points=Decimal(4), grade=None), **given),
        done("d", last_year=before(total=Decimal(120), max=Decimal(120)), **given),
        done("e", **given),
    ]


def test_a_department_stands_beside_its_last_year(tmp_path):
    rows = two_years()
    assert [Row.from_dict(json.loads(json.dumps(row.as_dict()))) for row in rows] == rows
    sheet = [[cell.value for cell in row] for row in opened(tmp_path, rows)["与上年比较"]]
    assert sheet[0][:5] == [
        "部门",
        "上年得分",
        "本年得分",
        "得分增减\n有待定的、满分不同的不比",
        "等级变化",
    ]
    assert [row[1:5] for row in sheet[1:]] == [
        [95.25, 98.5, 3.25, "优秀"],
        [95.25, 85, -10.25, "优秀 → 良好"],
        [95.25, 98.5, None, "待定 → 优秀"],
        [120, 98.5, None, "优秀"],
        [None, 98.5, None, None],
    ]
    # 99.88 % as printed less 95 %; 240 for 190 万元.
    assert sheet[1][5:11] == [0.95, 0.998793, 4.88, 190, 240, 26.32]
    assert [row[11] for row in sheet[2:5]] == [
        None, "上年另有4分待定", "满分不同（上年120分，本年100分），得分不比",
    ]  # fmt: skip


def test_the_district_stands_beside_its_last_year(tmp_path):
    [both] = together(two_years())
    assert (both.before, both.after, both.count) == (2022, 2023, 4)
    told = [(line.name, line.before, line.after, line.change) for line in both.lines]
    assert told == [
        ("全年预算数合计（万元）", "800.00", "1000.00", "+25%"),
        ("全年执行数合计（万元）", "760.00", "960.00", "+26.32%"),
        ("预算执行率（合计）", "95%", "96%", "+1 个百分点"),
        ("平均得分（得分可比的 2 个部门）", "95.25", "91.75", "−3.5"),
        ("得分变化", "—", "—", "1 个上升，1 个下降，0 个持平"),
        ("等级为优秀的部门（个）", "3", "3", "0"),
        ("等级为良好的部门（个）", "0", "1", "+1"),
    ]
    assert "2023 年度与 2022 年度比较" in page(two_years())
    assert opened(tmp_path, two_years())["两年合计"]["B5"].value == told[3][0]


def test_a_unit_is_not_counted_beside_its_department(tmp_path):
    """Its own report is listed, with the department whose figures it is part of."""
    amounts = {"资金总体": (Decimal(250), Decimal(240))}
    top = done("a", last_year=before(), amounts=amounts, units=("示例中心", "示例站"))
    centre = done(
        "b", department="示例中心", last_year=before(), amounts=amounts, units=("示例站",)
    )
    post = done("c", department="示例站", last_year=before(), amounts=amounts)
    other = done("d", department="示例站", year=2024, last_year=before(), amounts=amounts)
    rows = [top, centre, post, other]
    assert above(rows) == {"b": "示例局", "c": "示例中心"}
    [_, both] = together(rows)
    assert (both.after, both.count, both.lines[0].after) == (2023, 1, "250.00")
    book = opened(tmp_path, rows)
    for sheet in ("汇总", "金额（万元）"):
        column = [row[1].value for row in book[sheet].iter_rows(max_row=5)]
        assert column == ["所属部门", None, "示例局", "示例中心", None]
    losses = [row[0].value for row in book["失分"].iter_rows()]
    assert losses == ["合计（随筛选变化，不计二级单位）", "部门", "示例局", "示例站"]
    assert book["失分"]["B1"].value == "=SUBTOTAL(109,B3:B4)"
    told = summary(rows)
    assert [row["above"] for row in told["departments"]] == [None, "示例局", "示例中心", None]
    counts = {name: told["counts"][name] for name in ("departments", "units", "done", "grades")}
    assert counts == {"departments": 2, "units": 2, "done": 4, "grades": {"优秀": 2}}
    assert told["lost"]["产出"] == {"points": "60", "lost": "3", "departments": 2}
    counted = dict(re.findall("<dt>(.+?)</dt><dd>([0-9]+)</dd>", page(rows)))
    assert counted == {"部门": "2", "二级单位": "2", "完成": "4", "失败": "0", "优秀": "2"}
    assert Row.from_dict(json.loads(json.dumps(top.as_dict()))) == top


def test_without_a_last_year_nothing_is_compared(tmp_path):
    assert "与上年比较" not in page([done()])
    assert {"与上年比较", "两年合计"}.isdisjoint(opened(tmp_path, [done()]).sheetnames)


def test_rubrics_are_named_by_their_titles(tmp_path):
    rows = [done(rubric="beijing-2023", rubric_name="示例市评分标准")]
    text = page(rows)
    assert "评分标准：示例市评分标准。" in text
    assert "beijing-2023" not in text
    assert cells(opened(tmp_path, rows)["汇总"], 2)["评分标准"].value == "示例市评分标准"


def test_the_summary_counts_and_adds_up_exactly():
    tenth = {"产出": (Decimal(30), Decimal("0.1"))}
    found = summary([done(lost=tenth, errors=2)] * 3 + [done(undecided=1), failed()])
    assert found["counts"] == {
        "departments": 5,
        "units": 0,
        "done": 4,
        "failed": 1,
        "grades": {"优秀": 4},
        "with_errors": 3,
        "undecided": 1,
        "reviews": dict.fromkeys(STATES, 0) | {"none": 4},
        "open_remarks": 0,
    }
    assert found["lost"] == {
        "产出": {"points": "120", "lost": "1.8", "departments": 4},
        "效果": {"points": "30", "lost": "0", "departments": 0},
    }
    assert found["departments"][0]["difference"] == "0.5"


def test_a_claim_equal_to_the_score_differs_by_zero(tmp_path):
    row = done(reported_total=Decimal("98.50"))
    write_index(tmp_path, [row])
    found = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert found["departments"][0]["difference"] == "0"


# ---- the workbook


def opened(tmp_path, rows):
    (tmp_path / "summary.xlsx").write_bytes(workbook(rows))
    return openpyxl.load_workbook(tmp_path / "summary.xlsx")


def cells(sheet, row, heading=1):
    titles = [cell.value for cell in sheet[heading]]
    return dict(zip(titles, sheet[row], strict=True))


def test_the_workbook_has_the_columns_of_the_page(tmp_path):
    sheet = opened(tmp_path, [done()])["汇总"]
    titles = [cell.value for cell in sheet[1]]
    assert titles[: len(COLUMNS)] == [column.title for column in COLUMNS]
    assert titles[len(COLUMNS) :] == ["网页", "PDF", "Word", "笔记本", "出错详情"]


def test_numbers_are_numbers_with_their_formats(tmp_path):
    found = cells(opened(tmp_path, [done(errors=2)])["汇总"], 2)
    assert (found["得分"].value, found["得分"].number_format) == (98.5, "0.00##")
    assert (found["差"].value, found["差"].number_format) == (0.5, "+0.00##;-0.00##;0.00")
    assert (found["执行率"].value, found["执行率"].number_format) == (0.998793, "0.00%")
    assert (found["错误"].value, found["年度"].value) == (2, 2023)


def test_the_header_stays_and_filters(tmp_path):
    book = opened(tmp_path, [done(), failed()])
    sheet = book["汇总"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(3, sheet.max_column).coordinate}"
    assert sheet.column_dimensions["A"].width > 30
    assert book["失分"].freeze_panes == "B3"


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x.example","点")', "+1", "@a", "http://x.example"]
)
def test_a_name_is_text_in_the_workbook(tmp_path, name):
    book = opened(tmp_path, [done(department=name)])
    for sheet, row in ((book["汇总"], 2), (book["失分"], 3)):
        cell = sheet.cell(row, 1)
        assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_a_failed_department_has_its_cause_and_no_figures(tmp_path):
    found = cells(opened(tmp_path, [done(), failed()])["汇总"], 3)
    assert found["部门"].value == "shili-bad-2023"
    assert (found["状态"].value, found["失败原因"].value) == ("失败", "第 3 行：年度不是年份")
    assert found["得分"].value is found["等级"].value is found["错误"].value is None
    assert found["出错详情"].hyperlink.target == "shili-bad-2023.failed.html"
    assert found["网页"].hyperlink is None


def test_links_lead_to_the_files_beside_the_workbook(tmp_path):
    found = cells(opened(tmp_path, [done("示例 #1 100%", links=(".html", ".pdf"))])["汇总"], 2)
    assert found["网页"].hyperlink.target == "示例%20%231%20100%25.html"
    assert found["PDF"].value == "PDF"
    assert found["Word"].value is None


def test_lost_points_by_indicator_with_a_sum_that_follows_the_filter(tmp_path):
    lost = {"产出": (Decimal(30), Decimal("2.25")), "资产管理": (Decimal(4), Decimal(1))}
    rows = [done(), failed(), done(department="乙局", lost=lost)]
    sheet = opened(tmp_path, rows)["失分"]
    assert [cell.value for cell in sheet[2]] == ["部门", "失分合计", "产出", "效果", "资产管理"]
    assert [cell.value for cell in sheet[3]] == ["示例局", 1.5, 1.5, 0, None]
    assert [cell.value for cell in sheet[4]] == ["乙局", 3.25, 2.25, None, 1]
    assert sheet["C1"].value == "=SUBTOTAL(109,C3:C4)"
    kept = openpyxl.load_workbook(tmp_path / "summary.xlsx", data_only=True)["失分"]
    assert [cell.value for cell in kept[1]][1:] == [4.75, 3.75, 0, 1]


def reviewed():
    """Two departments of two rubrics, one reviewed."""
    amounts = {
        "资金总体": (Decimal("1200.5"), Decimal(1100)),
        "项目支出": (Decimal(200), Decimal(90)),
    }
    first = done(
        "a",
        department="示例甲局",
        amounts=amounts,
        scores=(
            Awarded("execution", "预算执行率", Decimal(20), Decimal("18.33"), Decimal(19)),
            Awarded("output", "产出", Decimal(30), None, None),
        ),
        findings=(
            Noted("claim.total", "error", "自评总分97分", "reported.total", "params/a.yaml:3",
                  "dismiss", "不成立：财政已批复（甲 2024-03-05）"),
            Noted("units.mixed", "warning", "=单位不统一", "projects", "params/a.yaml:9"),
        ),
        remarks=(Said("甲", "2024-03-05", "98.7%", "请核对", answers="乙 2024-03-06 回复：已改"),),
        review="accepted",
        review_note="通过时有 1 条错误没有处理：财政已批复",
        open_remarks=1,
    )  # fmt: skip
    second = done(
        "b", department="示例乙局", rubric="other",
        scores=(Awarded("x", "预算执行率", Decimal(15), Decimal(15), None),),
    )  # fmt: skip
    return [first, second]


def test_a_reviewed_row_survives_the_journal():
    first = reviewed()[0]
    assert Row.from_dict(json.loads(json.dumps(first.as_dict()))) == first
    assert first.as_dict()["amounts"]["资金总体"] == {"budget": "1200.5", "spent": "1100"}
    assert (first.waiting("error"), first.waiting("warning")) == (0, 1)


def test_the_workbook_has_amounts_scores_findings_and_remarks(tmp_path):
    book = opened(tmp_path, [*reviewed(), failed()])
    rows = {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in book}
    assert rows["金额（万元）"] == [
        ["部门", "资金总体预算", "资金总体支出", "项目支出预算", "项目支出支出"],
        ["示例甲局", 1200.5, 1100, 200, 90],
        ["示例乙局", None, None, None, None],
    ]
    assert rows["指标得分"] == [
        ["部门", "预算执行率\n分值15或20", "产出\n分值30", "得分\n各列之和"],
        ["示例甲局", 18.33, "待定", 98.5],
        ["示例乙局", 15, None, 98.5],
    ]
    assert [row[:5] for row in rows["审核意见"][1:]] == [
        ["示例甲局", "错误", "自评总分97分", "params/a.yaml:3", "不成立"],
        ["示例甲局", "警告", "=单位不统一", "params/a.yaml:9", "待核实"],
    ]
    assert rows["审阅意见"][1] == [
        "示例甲局", "甲", "2024-03-05", "98.7%", "请核对", "未了结", "乙 2024-03-06 回复：已改",
    ]  # fmt: skip
    assert rows["审阅结论"][1][2] == "通过时有 1 条错误没有处理：财政已批复"
    for sheet in book:
        setup = sheet.page_setup
        assert (setup.orientation, int(setup.fitToHeight)) == ("landscape", 0), sheet.title
        assert sheet.print_title_rows, sheet.title


def test_the_page_has_findings_by_kind_and_the_open_remarks():
    text = page([*reviewed(), done("c", findings=reviewed()[0].findings[:1])])
    assert "<td>错误</td><td>自评总分与规则不符</td><td>2</td><td>2</td><td>0</td>" in text
    assert "没有了结的审阅意见 1 条" in text
    assert "<td>98.7%</td><td>请核对</td>" in text


# ---- the page as text

HOSTILE = "</script><script>alert(1)</script><!--\u2028]]>"


def test_the_review_of_each_report_is_shown(tmp_path):
    rows = [done("a", review="accepted"), done("b", review="lapsed", open_remarks=2), failed()]
    assert summary(rows)["counts"]["reviews"]["lapsed"] == 1
    write_index(tmp_path, rows)
    sheet = openpyxl.load_workbook(tmp_path / "summary.xlsx")["汇总"]
    titles = [cell.value for cell in sheet[1]]
    shown = [[row[titles.index(title)].value for title in ("审阅", "未了结意见")] for row in sheet]
    assert shown[1:] == [["已通过", 0], ["通过已失效", 2], [None, None]]


def test_like_texts_are_listed_in_all_three_files(tmp_path):
    rows = [done("a", department="示例甲局"), done("b\udcff", department="示例乙局")]
    write_index(tmp_path, rows, [Alike("a", "b\udcff", "按照<b>年度")])
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "文字雷同 1 处" in text
    assert re.search(
        r'<a href="a.html">示例甲局</a></td><td><a href="b%3F.html">示例乙局</a></td>'
        r"<td>按照&lt;b&gt;年度</td>",
        text,
    )
    found = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert found["alike"] == [{"one": "a", "other": "b?", "text": "按照<b>年度"}]
    sheet = openpyxl.load_workbook(tmp_path / "summary.xlsx")["雷同"]
    assert [[cell.value for cell in row] for row in sheet] == [
        ["部门", "与之雷同的部门", "文字"],
        ["示例甲局", "示例乙局", "按照<b>年度"],
    ]


def test_the_page_lists_only_so_many_like_texts():
    pairs = [Alike("a", "b", f"第{i}段") for i in range(LISTED + 1)]
    text = page([done("a"), done("b")], pairs)
    assert f"文字雷同 {LISTED + 1} 处" in text
    assert f"这里列出前 {LISTED} 处" in text
    assert text.count("<td>第") == LISTED


def test_a_row_of_an_older_version_has_no_review():
    older = done().as_dict()
    for key in ("content", "review", "open_remarks"):
        del older[key]
    assert Row.from_dict(older).review == "none"


def test_nothing_in_the_data_can_end_its_element():
    text = page([done(department=HOSTILE), failed(cause=HOSTILE)])
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert not set("<>&\u2028\u2029") & set(data[1])
    assert json.loads(data[1])["rows"][0][len(FIELDS)] == HOSTILE
    assert "<script>alert" not in text


def test_the_plain_table_for_readers_without_script_is_escaped():
    text = page([done("a&b c", department="<b>局</b>")])
    plain = text[text.rindex("<noscript>") :]
    assert '<a href="a%26b%20c.html">&lt;b&gt;局&lt;/b&gt;</a>' in plain


def test_the_page_names_no_other_host():
    # The page's own font is data, not an address.
    text = re.sub(r'url\("data:font/otf;base64,[^"]*"\)', "", page([done(), failed()]))
    assert not re.search(r"https?:|\bsrc=|url\(|@import|fetch\(|[\"'(]//", text)
    assert "default-src 'none'" in text


def test_a_total_is_printed_with_all_its_places():
    text = page([done(total=Decimal("89.9955")), done(total=Decimal(90))])
    assert '"89.9955"' in text
    assert '"90.00"' in text
