"""A department's workbook: what is written reads back; what people type is read as they meant it."""

import os
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pdfplumber
import pytest
import xlsxwriter
import yaml
from foreign_books import as_excel, as_wps
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from perfkit.books.filings import blank_book, departments_in, export_book, import_books
from perfkit.books.writing import Entry, as_number, book_bytes
from perfkit.cli import main
from perfkit.errors import PerfkitError
from perfkit.forms.bookfile import read_sheets
from perfkit.forms.parts import kept_parts
from perfkit.forms.targets import joined, parted
from perfkit.forms.workbook import filing_digest, keep_part, read_book, read_filing
from perfkit.forms.written import department_text, tree
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.scorecard import score

PARAMS = sorted((Path(__file__).parent.parent / "params").glob("*.yaml"))
BEIJING = load_rubric("beijing-2023")


def there_and_back(folder, filed):
    """What a book of one filing reads as."""
    path = folder / "book.xlsx"
    path.write_bytes(book_bytes([Entry("", filed, BEIJING)]))
    found, _, faults = read_filing(path)
    assert not faults
    return found["department"]


@pytest.mark.parametrize("path", PARAMS[::5], ids=lambda path: path.stem)
def test_a_book_of_a_parameter_file_is_the_same_filing(path, tmp_path):
    before, _ = read_department(path)
    book = tmp_path / "params" / f"{path.stem}.xlsx"
    book.parent.mkdir()
    export_book([path], book)
    after, _ = read_department(book)
    assert tree(after) == tree(before)
    assert read_book(book).notes == []


TEXTS = st.lists(
    st.sampled_from(
        ["=1+1", "+1", "-1", "@甲", "010", "1.10", "１２", "1,234.5", "350000元", "99.88%", "是", "TRUE", "12:30", "\n",
         "\n\n", " ", "“", "'", '"', "<b>", "&amp;", "_x0041_", "𠮷", "2023-12-31", "#REF!", "甲", "：", "1e5", "/"]
    )
    | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=3),
    min_size=1, max_size=5,
).map("".join)  # fmt: skip


@st.composite
def filings(draw):
    """The complete filing with any texts in it, and more of all that a filing can have."""
    from perfkit import signs

    def text():
        return draw(
            TEXTS.map(lambda found: signs.cleaned(found).strip()).filter(
                lambda found: found and not re.fullmatch("[-—/／]+", found)
            )
        )

    amounts = st.decimals(0, 10**7, places=6).flatmap(
        lambda value: st.sampled_from([f"{value:f}", f"{value:,.2f}", f"{value:.2f}"])
    )
    return {
        "name": text(),
        "objective": text(),
        "divisions": [{"name": text(), "duties": text()} for _ in range(draw(st.integers(0, 2)))],
        "budget": {
            key: {"budget": draw(amounts), "spent": draw(amounts), "rate": draw(st.sampled_from(["99.88%", "100%", "98.50%", "0.0012345%"]))}
            for key in ("basic", "total")
        } | {"initial": draw(amounts)},
        "projects": [
            {"name": text(), "budget": draw(amounts), "starts": draw(st.dates(date(1950, 1, 1), date(2099, 1, 1))).isoformat(), "narrative": text()}
            for _ in range(draw(st.integers(0, 3)))
        ],
        "indicators": [{"group": "产出", "kind": "质量甲", "name": text(), "target": text(), "actual": text(), "initial": text(), "low_target": draw(st.sampled_from(["是", "否"]))}],
        "checks": {"lawful": "是", "diverted": text()},
        "reported": {"grade": text(), "scores": {"execution": "19.98", "产出.1": "1.50", "output": draw(amounts)}},
        "stages": [
            {"name": name, "person": text(), "date": "2024-03-01", **({"scores": dict.fromkeys(given, "1.50"), "reasons": {given[0]: text()}, "reason": text()} if given else {})}
            for name in draw(st.lists(st.sampled_from(["财政核查", "专家", "核定"]), unique=True))
            for given in [draw(st.lists(st.sampled_from(["预算执行率", "产出.1", "资产管理规范性"]), unique=True))]
        ],
        "units": [{"name": text(), "budget": {"basic": {"budget": draw(amounts), "spent": draw(amounts)}, "carryover": draw(amounts)}, "projects": "3"} for _ in range(draw(st.integers(0, 1)))],
        "rectified": [{"problem": text(), "done": text(), "state": "整改中"} for _ in range(draw(st.integers(0, 1)))],
        "narrative": {"management": text(), "problems": text()},
        "options": {text(): draw(st.booleans() | st.integers(-(10**17), 10**17) | st.floats(-100, 100) | st.just([1, "甲"]) | st.just(text()))},
    }  # fmt: skip


@given(filings())
@settings(max_examples=15)
def test_nothing_is_lost_there_and_back(tmp_path_factory, filed):
    back = there_and_back(tmp_path_factory.mktemp("book"), filed)
    options = {
        name: value for name, value in filed["options"].items() if not isinstance(value, str)
    }
    if options:  # a typed option comes back as the text that types itself
        back.pop("options")
        filed.pop("options")
    empty = [key for key, value in filed.items() if value in ([], {})]
    assert back == {key: value for key, value in filed.items() if key not in empty}


@pytest.mark.parametrize("text", ["14875.56", "640", "9,860.00", "860.00", "1,234.5", "0.00"])
def test_an_amount_stands_as_a_number_that_sums_count(text):
    assert as_number(text, ("projects", 0, "budget"))[0] == float(text.replace(",", ""))


@given(st.text(max_size=6) | st.sampled_from(["≥95%", "≤ 3天", "=28天", "≥完成", "=", "≥", "＝1", "≥1"]),
       st.text(max_size=4) | st.sampled_from(["", "≥90%", "≤4天"]))  # fmt: skip
def test_a_target_in_three_columns_is_the_same_target(target, initial):
    if target:
        assert joined(*parted(target, initial)) == (target, initial, "")


@pytest.fixture(scope="module")
def exported():
    """The bytes of the book of a parameter file, by its content."""
    made = {}

    def export(source, target):
        content = source.read_bytes()
        if content not in made:
            export_book([source], target)
            made[content] = target.read_bytes()
        target.write_bytes(made[content])

    return export


@pytest.fixture
def edited(tmp_path, filing, exported):
    """Makes a book of the complete filing, edited as a person would, by openpyxl."""

    def make(edit=None, changes=None):
        path = tmp_path / "params" / "book.xlsx"
        exported(filing(changes), path)
        if edit:
            book = openpyxl.load_workbook(path)
            edit(book)
            book.save(path)
        return path

    return make


def at(sheet, text):
    """The first cell that says *text*."""
    return next(cell for row in sheet.iter_rows() for cell in row if cell.value == text)


def field(book, sheet, title, column=1):
    """The cell that a title is filled in at."""
    cell = at(book[sheet], title)
    return book[sheet].cell(cell.row, cell.column + column)


def spent(book, name):
    """The cell of 支出数 of a project."""
    sheet = book["项目"]
    return sheet.cell(at(sheet, name).row, at(sheet, "支出数（万元）").column)


TYPED = {
    "数字写成文字": ("38", "38"),
    "全角数字": ("３８．５", "38.5"),
    "千分位": ("1,038.5", "1038.5"),
    "写明元": ("380000元", "38"),
    "浮点": (0.1 + 0.2, "0.3"),
    "十五位": (15548.09, "15548.09"),
}


@pytest.mark.parametrize(("typed", "read"), TYPED.values(), ids=TYPED)
def test_an_amount_is_read_as_it_is_typed(edited, typed, read):
    def edit(book):
        spent(book, "甲").value = typed

    department, _ = read_department(edited(edit))
    assert f"{department.projects[0].spent.normalize():f}" == read


def percent(book):
    field(book, "预算", "资金总体", 3).value = 0.9988
    field(book, "预算", "资金总体", 3).number_format = "0.00%"


def renamed(book):
    at(book["项目"], "支出数（万元）").value = "支出金额"
    at(book["项目"], "完成情况").value = "项目完成情况"


def reordered(book):
    sheet = book["项目"]
    for row in sheet.iter_rows(min_row=at(sheet, "项目名称").row):
        row[0].value, row[8].value = row[8].value, row[0].value


def in_yuan(book):
    spent(book, "甲").value, spent(book, "乙").value = 380000, 190000
    at(book["项目"], "支出数（万元）").value = "支出数（元）"


def total_row(book):
    sheet = book["项目"]
    sheet.cell(sheet.max_row + 2, 1).value = "合计"
    sheet.cell(sheet.max_row, at(sheet, "支出数（万元）").column).value = 57


def merged(book):
    sheet = book["指标"]
    first = at(sheet, "产出").row
    for row in range(first + 1, first + 4):
        sheet.cell(row, 1).value = None
    sheet.merge_cells(start_row=first, end_row=first + 3, start_column=1, end_column=1)


def hidden(book):
    book["项目"].row_dimensions[at(book["项目"], "乙").row].hidden = True


def dated(book):
    sheet = book["项目"]
    sheet.cell(at(sheet, "甲").row, at(sheet, "开始日期").column).value = date(2023, 3, 1)


def unnamed(book):
    sheet = book["项目"]
    for row in sheet.iter_rows(min_row=5, min_col=12, max_col=12):
        row[0].value = "备查"


def called_total(book):
    at(book["预算"], "资金总体").value = "资金总计"


def blank_rows(book):
    book["项目"].insert_rows(at(book["项目"], "乙").row, 3)


def below(text, amount=None):
    """Something that stands below the projects."""

    def edit(book):
        sheet = book["项目"]
        sheet.cell(8, 1).value = text
        sheet.cell(8, at(sheet, "支出数（万元）").column).value = amount

    return edit


def numbered(book):
    sheet = book["项目"]
    sheet.insert_rows(5)
    for column, text in enumerate(["栏次", None, "（1）", "（2）", "3=2/1"], 1):
        sheet.cell(5, column).value = text


def captioned(book):
    book["项目"].insert_rows(5)
    book["项目"]["A5"] = "一、单位自评项目"
    book["项目"].merge_cells("A5:E5")


def without_claims(book):
    book["指标"].delete_cols(at(book["指标"], "自评分").column)


def in_full(book):
    at(book["项目"], "支出数（万元）").value = "全年执行数（万元）"


def new_name(book):
    book["项目"].title = "Sheet1"


SEEN = {
    "百分比格式": (percent, None),
    "改了列名": (renamed, "当作“完成情况”"),
    "换了列的次序": (reordered, None),
    "表头写元": (in_yuan, "以元为单位读"),
    "末行合计": (total_row, "是合计，没有当作一项"),
    "合并的类别": (merged, None),
    "隐藏的行": (hidden, "行是隐藏的，已照常读入"),
    "日期": (dated, None),
    "没有列名": (unnamed, "工作表“项目”L列没有列名，没有读"),
    "改了行名": (called_total, "把“资金总计”当作“资金总体”"),
    "空行": (blank_rows, None),
    "改了表名": (new_name, "工作表“Sheet1”当作“项目”读入"),
    "中间有空格的合计": (below("合  计", 57), "第 8 行是合计"),
    "分类的小计": (below("设备更新类小计", 57), "第 8 行是合计"),
    "栏次": (numbered, "第 5 行是列的编号"),
    "填表人": (below("填表人：张三"), "第 8 行是表下面的话“填表人：张三”"),
    "注": (below("注：含上年结转"), "第 8 行是表下面的话“注：含上年结转”"),
    "小标题": (captioned, "第 5 行是小标题"),
    "少了一列": (without_claims, "表头里没有“自评分”"),
    "预算数写全称": (in_full, None),
    "单位名称": (lambda book: at(book["部门"], "部门名称").__setattr__("value", "单位名称"), None),
    "批注": (
        lambda book: setattr(spent(book, "甲"), "comment", Comment("应为40", "李")),
        "D5有批注，没有读",
    ),
}


@pytest.mark.parametrize(("edit", "note"), SEEN.values(), ids=SEEN)
def test_what_people_do_to_a_book_is_read_and_told(edited, filing, edit, note):
    path = edited(edit)
    department, _ = read_department(path)
    plain, _ = read_department(filing())
    assert [(p.name, p.spent) for p in department.projects] == [
        (p.name, p.spent) for p in plain.projects
    ]
    assert [(i.group, i.name, i.target) for i in department.indicators] == [
        (i.group, i.name, i.target) for i in plain.indicators
    ]
    notes = read_book(path).notes
    assert len(notes) == (note is not None)
    assert note is None or note in notes[0]
    if edit is percent:
        assert department.source.texts["department", "budget", "total", "rate"] == "99.88%"
    if edit is dated:
        assert department.projects[0].starts == date(2023, 3, 1)


@pytest.fixture
def projects(tmp_path):
    """What a small book with these rows of projects is read as, and what it is told."""

    def read(*rows):
        path = tmp_path / "small.xlsx"
        with xlsxwriter.Workbook(path) as book:
            book.add_worksheet("部门").write_column("A1", ["填写项", "部门名称", "评价年度"])
            book.get_worksheet_by_name("部门").write_column("B1", ["填写内容", "示例局", 2023])
            sheet = book.add_worksheet("项目")
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        found = read_book(path)
        (filing,) = found.filings.values()
        return filing.tree.get("projects", []), [*found.notes, *map(str, found.faults)]

    return read


YUAN = [
    "支出数（元）", "支出数（人民币元）", "支出数（金额单位：元）", "支出数[元]", "支出数【元】", "支出数/元",
    "支出数：元", "支出数，元", "支出数元", "支出数\n（元）", "支出数 单位：元",
]  # fmt: skip


@pytest.mark.parametrize("heading", YUAN)
def test_a_unit_counts_however_a_heading_says_it(projects, heading):
    found, notes = projects(
        ["项目名称", "预算数（万元）", heading], ["甲", 40, 380000], ["乙", 20, "19万元"]
    )
    assert [project["spent"] for project in found] == ["380000元", "19万元"]
    assert any("“支出数”一列按表头以元为单位读" in note for note in notes)


def test_a_unit_above_a_table_counts_for_its_amounts(projects):
    heading = ["项目名称", "预算数", "支出数", "所填执行率"]
    found, _ = projects(["", "", "金额单位：元"], heading, ["甲", 400000, "38万元", "95%"])
    assert found == [{"name": "甲", "budget": "400000元", "spent": "38万元", "rate": "95%"}]


HEADED = {
    "2023年度支出数（万元）": None,
    "支出数（含结转资金）": "D1：把“支出数（含结转资金）”一列当作“支出数”",
    "支出数（2022年）": "D1：“支出数（上年）”一列不是填报的内容，没有读",
    "支出数（截至9月）": "D1：“支出数（截至9月）”一列不是填报的内容，没有读",
    "未支出数": "D1：“未支出数”一列不是填报的内容，没有读",
}


@pytest.mark.parametrize("heading", HEADED)
def test_a_heading_of_something_else_is_not_taken(projects, heading):
    found, told = projects(["项目名称", "评价方式", "预算数", heading], ["甲", "", 40, 38])
    note = HEADED[heading]
    assert ("spent" in found[0]) == (not note or "当作" in note)
    assert note is None or any(note in one for one in told)


def two_units(book):
    book["项目"]["G1"] = "单位：元"


def two_units_in_a_row(book):
    at(book["预算"], "填写内容").value = "填写内容（元）"


def merged_across(book):
    book["项目"].merge_cells("C6:D6")


def merged_answers(book):
    book["检查清单"].merge_cells("C4:C6")


def merged_texts(book):
    book["文字说明"]["B5"] = "资金安排……"
    book["文字说明"].merge_cells("B5:B6")


def not_adjusted(book):
    book["指标"].cell(6, at(book["指标"], "调整值").column).value = "未调整"


def row_named(before, after):
    """Another name for a row of the budget."""
    return lambda book: setattr(at(book["预算"], before), "value", after)


UNCLEAR = {
    "表头和表上面的单位不同": (two_units, "工作表“项目”C4：表里既写了单位“万元”，又写了“元”"),
    "一行和表头的单位不同": (
        two_units_in_a_row,
        "工作表“预算”B11：表里既写了单位“元”，又写了“万元”",
    ),
    "横着合并": (merged_across, "工作表“项目”C6：合并了 C 到 D 列"),
    "合并的回答": (merged_answers, "工作表“检查清单”C4：合并了第 4 到 6 行"),
    "合并的文字": (merged_texts, "工作表“文字说明”B5：合并了第 5 到 6 行"),
    "调整值写未调整": (not_adjusted, "工作表“指标”.6：调整值写的是“未调整”；没有调整过就留空"),
    "本年的不是上年的": (
        row_named("上年结转结余率", "本年结转结余率"),
        "“本年结转结余率”一行不是填报的内容",
    ),
    "年末的不是年初的": (
        row_named("年初预算数（万元）", "年末预算数"),
        "“年末预算数”一行不是填报的内容",
    ),
}


@pytest.mark.parametrize(("edit", "told"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_unclear_is_no_guess(edited, edit, told):
    path = edited(edit)
    book = read_book(path)
    faults = [*book.faults, *(fault for filing in book.filings.values() for fault in filing.faults)]
    assert re.search(told, "\n".join([*book.notes, *map(str, faults)]))


def test_all_faults_are_told_by_sheet_and_cell(edited):
    def edit(book):
        spent(book, "甲").value = "约38"
        spent(book, "乙").value = "—"
        field(book, "预算", "基本支出", 1).value = None
        field(book, "部门", "评价年度").value = "二〇二三"
        field(book, "检查清单", "lawful", 2).value = "大概"

    with pytest.raises(PerfkitError) as raised:
        read_department(edited(edit))
    told = [str(fault) for fault in raised.value.faults]
    assert [re.search("工作表“.*?”[A-Z]+[0-9]+", words)[0] for words in told] == [
        "工作表“部门”B6", "工作表“预算”B4", "工作表“项目”D5", "工作表“项目”D6", "工作表“检查清单”C7",
    ]  # fmt: skip
    assert "“约38”不是金额" in told[2]


def test_a_place_is_a_sheet_and_a_cell(edited):
    card = score(*read_department(edited()))
    assert card.department.place("projects.1.spent") == "params/book.xlsx 工作表“项目”D6"
    assert card.score("execution").inputs[0].place.startswith("params/book.xlsx 工作表“预算”")


def test_amounts_meant_in_yuan_are_asked_about_as_in_a_parameter_file(edited):
    def edit(book):
        for part, (budget, out) in {
            "基本支出": (10**6, 10**6),
            "项目支出": (6 * 10**5, 570000),
            "其他支出": (400000, 400000),
            "资金总体": (2 * 10**6, 1950000),
        }.items():
            field(book, "预算", part, 1).value, field(book, "预算", part, 2).value = budget, out
            for row in book["项目"].iter_rows(min_row=5, max_row=6):
                row[2].value, row[3].value = 400000, 380000
        field(book, "预算", "年初预算数（万元）").value = 1900000
        field(book, "预算", "结转结余总额（万元）").value = 50000

    with pytest.raises(PerfkitError, match="多半是单位有误"):
        read_department(edited(edit))


def test_an_adjusted_target_is_scored_against_and_both_are_shown(edited, findings_of):
    def edit(book):
        sheet = book["指标"]
        row = at(sheet, "培训").row
        sheet.cell(row, at(sheet, "调整值").column).value = "5场"

    card = score(*read_department(edited(edit, {"indicators/0/actual": "5场"})))
    part = card.score("output").parts[0]
    assert (part.indicator.target, part.indicator.initial, part.awarded) == ("5场", "10场", 8)
    assert ("年初指标值", "10场") in [(one.name, one.value) for one in part.inputs]


def test_many_departments_in_a_book_are_files_of_their_own(tmp_path, filing, capsys):
    one, other = filing(name="a.yaml"), filing({"name": "示例二局/乙"}, "b.yaml")
    book = tmp_path / "全区.xlsx"
    export_book([one, other], book)
    assert [path.name for path in departments_in(book)] == ["示例局.xlsx", "示例二局_乙.xlsx"]
    made = import_books([book], tmp_path / "new")
    assert [path.name for path in made.files] == ["示例局.yaml", "示例二局_乙.yaml"]
    for path, source in zip(made.files, (one, other), strict=True):
        assert tree(read_department(path)[0]) == tree(read_department(source)[0])
    with pytest.raises(SystemExit) as ended:
        main(["check", str(book)])
    assert ended.value.code == 0
    assert "示例二局/乙，99.5 分" in capsys.readouterr().out


def test_nothing_is_written_where_a_book_has_faults_or_a_file_is_there(tmp_path, edited, filing):
    good, folder = edited(), tmp_path / "new"
    bad = tmp_path / "bad.xlsx"
    book = openpyxl.load_workbook(good)
    spent(book, "甲").value = "约38"
    book.save(bad)
    with pytest.raises(PerfkitError, match="约38"):
        import_books([good, bad], folder)
    assert not folder.exists()
    import_books([good], folder)
    with pytest.raises(PerfkitError, match="已经有了"):
        import_books([good], folder)
    assert import_books([good], folder, replace=True).files == [folder / "book.yaml"]


def test_a_blank_form_says_what_must_be_filled(tmp_path):
    path = tmp_path / "blank.xlsx"
    blank_book("beijing-2023", path)
    with pytest.raises(PerfkitError) as raised:
        read_department(path)
    told = str(raised.value)
    assert "部门名称（name）：缺少这一项" in told
    assert "工作表“部门”B4：部门名称" in told
    assert "基本支出（basic）" in told
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "填写说明",
        "部门",
        "内设机构",
        "预算",
        "项目",
        "指标",
        "检查清单",
        "自评",
        "文字说明",
        "上年问题整改",
        "二级单位",
        "评分环节",
    ]
    assert all(sheet.protection.sheet for sheet in book)
    assert not field(book, "部门", "部门名称").protection.locked
    assert field(book, "检查清单", "lawful", 1).value in {
        item.text for item in BEIJING.items.values()
    }


def test_commands(tmp_path, filing, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return ended.value.code, capsys.readouterr()

    assert run("form", "--names", "示例甲局", "示例乙局", "--year", "2024")[0] == 0
    assert [*read_book(tmp_path / "填报表.xlsx").filings] == ["示例甲局", "示例乙局"]
    code, told = run("form")
    assert (code, "已经有了" in told.err) == (2, True)
    assert run("export", str(filing()), "-o", "x.xlsx")[0] == 0
    code, told = run("export", str(filing()), "-o", "x.xlsx")
    assert (code, "已经有了" in told.err) == (2, True)
    assert run("import", "x.xlsx", "-o", "made")[0] == 0
    made = yaml.safe_load(Path("made/x.yaml").read_text(encoding="utf-8"))
    assert made["department"]["name"] == "示例局"
    assert department_text(tree(read_department(filing())[0])).count("示例局") == 1
    assert run("import", "x.xlsx", "-o", "chinese", "--chinese")[0] == 0
    written = Path("chinese/x.yaml").read_text(encoding="utf-8")
    assert "  部门名称: 示例局" in written
    assert "budget:" not in written
    one, other = (read_department(Path(at, "x.yaml"))[0] for at in ("made", "chinese"))
    assert tree(one) == tree(other)


@pytest.fixture(scope="module")
def of_the_model(tmp_path_factory, model):
    """The model department's parameter file, and its book."""
    folder = tmp_path_factory.mktemp("model") / "params"
    folder.mkdir()
    source = folder / "model.yaml"
    source.write_bytes(model.read_bytes())
    export_book([source], folder / "model.xlsx")
    return source, folder / "model.xlsx"


def without_origin(page):
    """A page without the names, digests and places of the file that it was made of."""
    page = re.sub("(?:params/model.xlsx )?工作表“[^”]*”[A-Z]+[0-9]+", "PLACE", page)
    page = re.sub("params/model.yaml:[0-9]+|第 [0-9]+ 行", "PLACE", page)
    return re.sub(r"params/model\.(?:xlsx|yaml)|[0-9a-f]{64}", "FILE", page)


def test_the_report_of_a_book_is_that_of_the_parameter_file(of_the_model, tmp_path, quick_report):
    template = Path(__file__).parent.parent / "notebooks" / "report.ipynb"
    for path in of_the_model:
        quick_report(path, template, tmp_path / path.suffix[1:], ["html", "docx"])
    made = [tmp_path / kind / "model" for kind in ("yaml", "xlsx")]
    pages = [without_origin(one.with_suffix(".html").read_text("utf-8")) for one in made]
    assert "PLACE" in pages[0]
    assert pages[0] == pages[1]
    bodies = [zipfile.ZipFile(one.with_suffix(".docx")).read("word/document.xml") for one in made]
    assert bodies[0] == bodies[1]


def test_a_book_that_libreoffice_has_saved_is_the_same_filing(of_the_model, tmp_path, resaved):
    source, book = of_the_model
    saved = resaved(book, tmp_path)
    assert tree(read_department(saved)[0]) == tree(read_department(source)[0])
    assert read_book(saved).notes == []


STAGES = [
    {"name": "财政核查", "person": "李某", "date": "2024-03-01", "reason": "凭证不全",
     "scores": {"execution": "19", "output.1": "7.5"}, "reasons": {"output.1": "培训记录缺一场"}},
    {"name": "征求意见", "person": "王某", "date": "2024-03-11"},
    {"name": "核定", "person": "赵某", "date": "2024-03-20", "scores": {"execution": "19.50"}, "reasons": {"execution": "补交了凭证"}},
]  # fmt: skip


def stages_sheet(book):
    """The cells of 评分环节, by row."""
    sheet = book["评分环节"]
    first = at(sheet, "环节名称").row + 1
    return {row: sheet[row] for row in range(first, first + 5)}


def test_the_points_of_the_stages_stand_in_rows_that_a_person_can_fill(edited, filing):
    path = edited(changes={"stages": STAGES})
    book = openpyxl.load_workbook(path)
    assert "其他字段" not in book.sheetnames
    assert [[cell.value for cell in row[3:]] for row in stages_sheet(book).values()] == [
        ["预算执行率", 19, None, "凭证不全"],
        ["培训", 7.5, "培训记录缺一场", None],
        [None, None, None, None],
        ["预算执行率", "19.50", "补交了凭证", None],
        [None, None, None, None],
    ]
    before, _ = read_department(filing({"stages": STAGES}))
    assert tree(read_department(path)[0]) == tree(before)
    assert read_book(path).notes == []


def add_a_row(*values):
    def edit(book):
        rows = stages_sheet(book)
        for cell, value in zip(rows[max(rows)], values, strict=False):
            cell.value = value

    return edit


TYPED_STAGES = {
    "没有写环节": (add_a_row(None, None, None, "产出.2", 7), "A8：没有写环节名称"),
    "没有选指标": (add_a_row("核定", None, None, None, 7), "D8：没有写是哪个指标的"),
    "没有的指标": (add_a_row("核定", None, None, "预算执行情况", 7), "E8：.*没有“预算执行情况”"),
    "两个责任人": (add_a_row("核定", "钱某", None, "产出.2", 7, "理由"), "B8：“核定”的责任人前面写的是“赵某”"),
    "写了两次": (add_a_row("核定", None, None, "预算执行率", 7), "E8：.*填了两次"),
    "名称和编号": (add_a_row("核定", None, None, "execution", 7), "E8：.*同一项"),
    "没有环节名称一列": (lambda book: setattr(at(book["评分环节"], "环节名称"), "value", "阶段"), "A3：没有“环节名称”一列"),
    "不是得分": (add_a_row("核定", None, None, "产出.2", "七分"), "E8：.*“七分”"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "told"), TYPED_STAGES.values(), ids=TYPED_STAGES)
def test_what_is_wrong_with_a_stage_is_told_by_its_cell(edited, edit, told):
    with pytest.raises(PerfkitError) as raised:
        read_department(edited(edit, {"stages": STAGES}))
    assert re.search(f"工作表“评分环节”{told}", str(raised.value)), str(raised.value)


def merged_stage(book):
    sheet = book["评分环节"]
    for column in "ABC":
        sheet[f"{column}5"] = None
        sheet.merge_cells(f"{column}4:{column}5")


def left_blank(book):
    book["评分环节"]["B5"], book["评分环节"]["C5"] = None, None


def otherwise_written(book):
    book["评分环节"]["C5"] = "2024年3月1日"
    at(book["评分环节"], "环节名称").value = "环节"


@pytest.mark.parametrize("edit", [merged_stage, left_blank, otherwise_written])
def test_a_stage_of_several_rows_says_once_by_whom_and_when(edited, filing, edit):
    path = edited(edit, {"stages": STAGES})
    before, _ = read_department(filing({"stages": STAGES}))
    assert tree(read_department(path)[0]) == tree(before)


def offered(sheet, cell):
    """The drop-down lists of a cell: what stands in its rule, or the cells that the rule names."""
    found = []
    for rule in sheet.data_validations.dataValidation:
        if cell.coordinate in rule.sqref and rule.type == "list":
            named = rule.formula1.strip('"')
            if "!" in named:
                rows = sheet.parent["选项"][named.split("!")[1].replace("$", "")]
                found.append([row[0].value for row in rows])
            else:
                found.append(named.split(","))
    return found


def test_each_department_of_a_form_has_its_own_choices_and_rows(tmp_path):
    yueyang = load_rubric("yueyang-2018")
    path = tmp_path / "all.xlsx"
    entries = [Entry("示例甲局", {"name": "示例甲局", "rubric": "beijing-2023"}, BEIJING),
               Entry("示例乙局", {"name": "示例乙局", "rubric": "yueyang-2018"}, yueyang)]  # fmt: skip
    path.write_bytes(book_bytes(entries, form=True))
    book = openpyxl.load_workbook(path)
    for name, rubric in (("示例甲局", BEIJING), ("示例乙局", yueyang)):
        for sheet, title, words in (
            ("指标", "所属指标", [rubric.indicator(code).name for code in rubric.groups]),
            ("评分环节", "指标", [indicator.name for indicator in rubric.everything]),
        ):
            rows = [r for r in book[sheet].iter_rows(min_row=4) if r[0].value == name]
            assert len(rows) >= 10
            cell = rows[-1][at(book[sheet], title).column - 1]
            assert offered(book[sheet], cell) == ([words] if words else [])
            assert not cell.protection.locked
            assert not rows[-1][0].protection.locked  # so that a row that is inserted can be named
    asked = [row[1].value for row in book["另填数据"].iter_rows(min_row=4) if row[0].value]
    assert asked == list(yueyang.figures)
    said = " ".join(str(row[1].value) for row in book["填写说明"].iter_rows())
    assert all(indicator.name in said for indicator in (*BEIJING.indicators, *yueyang.indicators))
    grades = [row for row in book["自评"].iter_rows(min_row=4) if row[1].value == "自评等级"]
    assert [offered(book["自评"], row[2])[0] for row in grades] == [
        [grade.label for grade in rubric.grades] for rubric in (BEIJING, yueyang)
    ]


@pytest.fixture
def two(tmp_path, filing):
    """A book of two departments, and the paths of both in it."""
    book = tmp_path / "params" / "全区.xlsx"
    export_book([filing({"name": f"示例{n}局"}, f"{n}.yaml") for n in "甲乙"], book)
    return book, *departments_in(book)


def test_what_a_batch_has_read_of_a_book_is_not_read_again(two, edited):
    book, one, other = two
    read = read_filing(one)
    with kept_parts():
        keep_part(one)
        stat = book.stat()
        book.write_bytes(bytes(stat.st_size))
        os.utime(book, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        read_book(edited())  # so that the first book isn't the one read last
        assert read_filing(one) == read
        with pytest.raises(PerfkitError, match="文件是空的"):
            read_filing(other)
        os.utime(book, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
        with pytest.raises(PerfkitError, match="文件是空的"):
            read_filing(one)


def shifting(book):
    book["项目"].insert_rows(at(book["项目"], "示例甲局").row)


def renaming(book):
    at(book["项目"], "支出数（万元）").value = "支出金额"


def spoiling(book):
    at(book["项目"], "支出数（万元）").value = "支出数（千元）"


DIGESTS = {
    "别的部门的一格": (lambda book: setattr(spent(book, "甲"), "value", 37), [True, False]),
    "移了行": (shifting, [True, True]),
    "改了列名，读到的不变": (renaming, [False, False]),
    "整本的错误": (spoiling, [True, True]),
}


@pytest.mark.parametrize(("edit", "changed"), DIGESTS.values(), ids=DIGESTS)
def test_a_part_is_known_by_what_its_report_is_made_from(two, edit, changed):
    book, *parts = two
    before = [filing_digest(part) for part in parts]
    assert read_filing(parts[0])[1].sha256 == before[0]
    opened = openpyxl.load_workbook(book)
    edit(opened)
    opened.save(book)
    assert [filing_digest(part) != was for part, was in zip(parts, before, strict=True)] == changed


@pytest.mark.parametrize("saved", [as_wps, as_excel])
def test_a_book_that_wps_or_excel_has_saved_is_the_same_filing(of_the_model, tmp_path, saved):
    source, book = of_the_model
    path = tmp_path / "params" / book.name
    path.parent.mkdir()
    path.write_bytes(saved(book.read_bytes()))
    after, before = read_department(path)[0], read_department(source)[0]
    assert after.model_dump() == before.model_dump()
    assert read_book(path).notes == []


SHOWN_DATES = {
    "yyyy-mm-dd": "2023-03-01", "yyyy/m/d;@": "2023-03-01", 'yyyy"年"m"月"d"日"': "2023年3月1日",
    "[DBNum1][$-804]yyyy\"年\"m\"月\"": "2023年3月", 'm"月"d"日"': "3月1日", "mmm-yy": "2023年3月", 31: "2023年3月1日",
    57: "2023年3月", 58: "3月1日", 14: "2023-03-01", 22: "2023-03-01",
}  # fmt: skip


def test_a_date_is_read_as_its_cell_shows_it(tmp_path):
    path = tmp_path / "dates.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, form in enumerate([*SHOWN_DATES, 32, 20]):
            sheet.write_datetime(row, 0, datetime(2023, 3, 1), book.add_format({"num_format": form}))  # fmt: skip
    (found,), _ = read_sheets(path)
    shown = [cells[1].text for cells in found.cells.values()]
    assert shown == [*SHOWN_DATES.values(), "", ""]
    assert "是时间" in found.cells[len(shown)][1].trouble


def test_rows_below_those_of_several_departments_are_nobody_s(two, tmp_path):
    book = openpyxl.load_workbook(two[0])
    sheet = book["项目"]
    for row, (one, other) in enumerate(
        [("全区合计", None), ("填表人：", "张三")], sheet.max_row + 1
    ):
        sheet.cell(row, 1).value, sheet.cell(row, 2).value = one, other
        sheet.cell(row, 4).value = 100 if other is None else None
    path = tmp_path / "two.xlsx"
    book.save(path)
    found = read_book(path)
    assert (list(found.filings), found.faults) == (list(read_book(two[0]).filings), [])
    assert [re.findall("是(.*?)，", note) for note in found.notes] == [
        ["合计"],
        ["表下面的话“填表人：”"],
    ]


def test_a_department_under_another_name_is_asked_about_once(two, capsys):
    """Its rows are another's, whose report would lack them; so none is made."""
    book, *_ = two
    opened = openpyxl.load_workbook(book)
    at(opened["项目"], "示例甲局").value = "甲局"
    opened.save(book)
    with pytest.raises(SystemExit) as ended:
        main(["check", str(book)])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert out.count("工作表“项目”A4：工作表“部门”里没有“甲局”，是不是“示例甲局”") == 1
    assert [path.name for path in departments_in(book)] == ["示例甲局.xlsx", "示例乙局.xlsx"]
    assert "示例乙局.xlsx：参数文件有 1 处错误，上面已经列出" in out


def test_names_that_are_no_departments_are_asked_about_with_all_their_rows(two):
    book, *paths = two
    opened = openpyxl.load_workbook(book)
    typed = {
        ("项目", 4): "示例甲具", ("指标", 5): "示例甲具", ("指标", 6): "示例甲具", ("指标", 8): "示例甲具",
        ("检查清单", 4): "示例丙局", ("检查清单", 5): "计财处", ("检查清单", 6): " 示例　甲局",
        ("部门", 5): "示例乙具",
    }  # fmt: skip
    for (sheet, row), name in typed.items():
        opened[sheet].cell(row, 1).value = name
    opened.save(book)
    told = {fault.cell: fault.message for fault in read_book(book).faults}
    expected = {
        "工作表“项目”A4": "工作表“部门”里没有“示例甲具”，是不是“示例甲局”？请改成一样的。"
        "这样写的有 4 行：工作表“项目”A4；工作表“指标”A5—A6；工作表“指标”A8。",
        "工作表“检查清单”A4": "里没有“示例丙局”，是不是“示例甲局”或“示例乙局”？",
        "工作表“检查清单”A5": "里没有“计财处”；请补上，或改成那里的写法。",
        "工作表“部门”A5": "“示例乙具”没有“评价年度”、“评分标准”的行，是不是“示例乙局”？",
    }
    assert told.keys() == expected.keys()
    assert all(words in told[cell] for cell, words in expected.items())
    for path in paths:
        with pytest.raises(PerfkitError, match="改好以前整本都不读入"):
            read_department(path)


def in_its_sheet(book):
    for (cell,) in book["部门"].iter_rows(max_col=1):
        if cell.value == "示例甲局":
            cell.value = "示例甲具"


def in_many_rows(book):
    for number in range(300):
        book["项目"].append([f"计财处{number}", "项目", None, 1, 1])


def without_money(book):
    """A department whose rubric asks for no money has no row among those of the budget."""
    for (cell,) in book["预算"].iter_rows(max_col=1):
        if cell.value == "示例甲局":
            cell.value = None
            for other in book["预算"][cell.row]:
                other.value = None


NAMES = {
    "它的表里全写错了": (in_its_sheet, 1, "“示例甲具”没有其他各表的行，是不是“示例甲局”？请改成一样的"),
    "整列不是部门": (in_many_rows, 101, "还有 200 个名称工作表“部门”里没有；请核对各表“部门”一列"),
    "没有资金的": (without_money, 0, ""),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "count", "said"), NAMES.values(), ids=NAMES)
def test_of_two_spellings_the_rarer_is_asked_about(two, edit, count, said):
    book, *_ = two
    opened = openpyxl.load_workbook(book)
    edit(opened)
    opened.save(book)
    told = [fault.message for fault in read_book(book).faults]
    assert len(told) == count
    assert said in "\n".join(told)


def test_a_command_takes_one_department_of_a_book_as_messages_name_it(two, capsys):
    book, one, other = two
    for words, told in (
        (["score", str(one)], "示例甲局"),
        (["diff", str(one), str(other)], "示例乙局"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert told in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["check", str(book / "丙局.xlsx")])
    assert ended.value.code == 1
    assert "工作簿里没有部门“丙局”" in capsys.readouterr().out


def red_rows(pdf):
    """How many rows of each page have a cell in the colour of what is wrong."""
    with pdfplumber.open(pdf) as pages:
        for page in pages.pages:
            shades = [(rect["top"], rect["non_stroking_color"] or ()) for rect in page.rects]
            wrong = [0xF8 / 255, 0xD7 / 255, 0xDA / 255]
            yield len(
                {round(top) for top, shade in shades if [*shade] == pytest.approx(wrong, abs=0.01)}
            )


def test_sums_of_each_department_colour_when_they_are_wrong(two, tmp_path, resaved):
    book, *_ = two
    opened = openpyxl.load_workbook(book)
    for name in set(opened.sheetnames) - {"预算", "项目"}:
        del opened[name]
    sheets = opened["预算"], opened["项目"]
    rows = [row for row in sheets[0].iter_rows(min_row=4) if row[1].value == "资金总体"]
    rows[0][2].value = 999  # of the first department the whole, of the second a project
    rows = [row for row in sheets[1].iter_rows(min_row=4) if row[0].value == "示例乙局"]
    rows[0][3].value = 39
    opened.save(tmp_path / "wrong.xlsx")
    assert [*red_rows(resaved(tmp_path / "wrong.xlsx", tmp_path, ".pdf"))] == [2, 0]
