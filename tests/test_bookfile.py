"""Books that are broken, hostile or none: each is refused in words, and nothing is written."""

import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter

from perfkit.books.filings import export_book, import_books
from perfkit.errors import PerfkitError
from perfkit.forms import bookfile
from perfkit.forms.bookfile import Sheet, column_letters, read_sheets


@pytest.fixture(scope="module")
def good(tmp_path_factory, complete):
    """The bytes of the complete filing as a book."""
    import yaml

    folder = tmp_path_factory.mktemp("good")
    path = folder / "x.yaml"
    path.write_text(
        yaml.safe_dump({"department": complete()}, allow_unicode=True), encoding="utf-8"
    )
    export_book([path], folder / "x.xlsx")
    return (folder / "x.xlsx").read_bytes()


def repacked(raw, change):
    """The book with the parts that *change* makes of each, by name; None leaves one out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def in_sheets(old, new):
    """Replaces a piece of the sheets and shared texts, once each."""

    def change(name, content):
        return content.replace(old, new, 1) if "sheet" in name or "shared" in name else content

    return lambda raw: repacked(raw, change)


def added(name, content):
    def make(raw):
        out = io.BytesIO(raw)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return out.getvalue()

    return make


def edited(edit):
    """Changed by a program, as a person would."""

    def make(raw):
        book = openpyxl.load_workbook(io.BytesIO(raw))
        edit(book)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return make


def cell(sheet, place, value):
    def edit(book):
        book[sheet][place] = value

    return edited(edit)


def serial(sheet, place, value):
    """The number of a date, in a cell that is no longer shown as one."""

    def edit(book):
        book[sheet][place].number_format = "General"
        book[sheet][place] = value

    return edited(edit)


def other_book():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("成绩").write_row(0, 0, ["姓名", "语文"])
    return out.getvalue()


def without_value(raw):
    return cell("项目", "D5", "=C5*2")(raw)


def elsewhere(raw):
    return cell("项目", "D5", "=[1]Sheet1!A1")(raw)


def picture(kind, value):
    """A picture that WPS has embedded in a cell; Excel doesn't know the function for it."""
    formula = f'<c r="D5" t="{kind}"><f>_xlfn.DISPIMG(&quot;ID_1&quot;,1)</f><v>{value}</v></c>'

    def change(name, content):
        return re.sub(rb'<c r="D5"[^>]*><f>PLACE</f>.*?</c>', formula.encode(), content)

    return lambda raw: repacked(cell("项目", "D5", "=PLACE")(raw), change)


REFUSED = {
    "Word 文件": (lambda raw: repacked(raw, lambda n, c: None if n.startswith("xl") else c), "不是工作簿"),
    "Strict": (lambda raw: repacked(raw, lambda n, c: c.replace(b"schemas.openxmlformats.org/spreadsheetml/2006", b"purl.oclc.org/ooxml/spreadsheetml")), "Strict.*另存为"),
    "没有工作簿部分": (lambda raw: repacked(raw, lambda n, c: None if n == "xl/workbook.xml" else c), "不是工作簿"),
    "没有表": (lambda raw: repacked(raw, lambda n, c: None if "sheet3" in n else c), "损坏"),
    "坏的 XML": (in_sheets(b"<sheetData>", b"<sheetData><row"), "损坏"),
    "太多单元格": (in_sheets(b"<sheetData>", b"<sheetData>" + b"<row>" + b'<c s="1"/>' * 200_001 + b"</row>"), "个单元格"),
    "别的工作簿": (lambda raw: other_book(), "不是部门的填报工作簿：工作表“成绩”里没有"),
    "错误值": (cell("项目", "D5", "#REF!"), "工作表“项目”D5：是错误值 #REF!"),
    "没有算出的公式": (without_value, "工作表“项目”D5：公式没有算出的值"),
    "图片": (picture("str", "=DISPIMG(&quot;ID_1&quot;,1)"), "工作表“项目”D5：放的是一张图片"),
    "Excel 里的图片": (picture("e", "#NAME?"), "工作表“项目”D5：放的是一张图片"),
    "取自别的工作簿": (elsewhere, "工作表“项目”D5：公式取自别的工作簿"),
    "负数": (cell("项目", "D5", -3), "工作表“项目”D5：.*不能是负数"),
    "日期格式的金额": (edited(lambda book: setattr(book["项目"]["D5"], "number_format", "yyyy-mm-dd")), "工作表“项目”D5：.*不是金额"),
    "日期的序号": (serial("项目", "G5", 45000), "工作表“项目”G5：“45000”是日期 2023-03-15 的序号"),
    "按万显示的金额": (edited(lambda book: setattr(book["项目"]["D5"], "number_format", '0!.0,"万元"')), "工作表“项目”D5：.*数字格式"),
    "按千显示的金额": (edited(lambda book: setattr(book["项目"]["D5"], "number_format", "0,")), "工作表“项目”D5：.*数字格式"),
    "改变方向的字符": (cell("项目", "A5", "甲\u202e乙"), "工作表“项目”A5：.*改变文字的方向"),
    "两列同名": (cell("项目", "J4", "支出数"), "有两列都是“支出数”"),
    "合并的金额": (edited(lambda book: book["项目"].merge_cells("D5:D6")), "工作表“项目”D5：合并了"),
    "不认识的单位": (cell("项目", "D4", "支出数（千元）"), "单位“千元”不能用"),
    "没有表头": (edited(lambda book: book["项目"].delete_rows(4)), "工作表“项目”A1：没有找到表头"),
    "没有的检查项": (cell("检查清单", "A4", "lawfull"), "工作表“检查清单”C4：.*是不是 lawful"),
    "没有的类别": (cell("指标", "B5", "产出高度"), "工作表“指标”B5：.*产出高度"),
    "符号不一致": (edited(lambda book: book["指标"].__setitem__("D8", "≥") or book["指标"].__setitem__("E8", "≤500元")), "与计算符号“≥”不一致"),
    "没有这个评分标准": (cell("部门", "B7", "beijing-2033"), "工作表“部门”B7：.*没有名为“beijing-2033”"),
    "同一项填两次": (cell("预算", "A13", "年初预算数"), "填了两次"),
}  # fmt: skip


@pytest.fixture
def limits(monkeypatch):
    """Smaller limits, so that what passes them is made quickly."""
    monkeypatch.setattr(bookfile, "MAX_CELLS", 200_000)


@pytest.mark.parametrize(("spoilt", "told"), REFUSED.values(), ids=REFUSED)
def test_a_spoilt_book_is_refused_in_words(good, spoilt, told, tmp_path, limits):
    path = tmp_path / "book.xlsx"
    path.write_bytes(spoilt(good))
    with pytest.raises(PerfkitError) as raised:
        import_books([path], tmp_path / "params")
    words = str(raised.value)
    assert re.search(told, words), words
    assert re.search("[\u4e00-\u9fff]", words)
    assert "Traceback" not in words
    assert not (tmp_path / "params").exists()


@pytest.mark.parametrize("ending", bookfile.OTHER_ENDINGS)
def test_other_formats_are_refused_with_what_to_do(tmp_path, ending):
    path = tmp_path / f"book{ending}"
    path.write_bytes(b"PK")
    with pytest.raises(PerfkitError, match="另存为“Excel 工作簿"):
        read_sheets(path)


def test_a_file_of_200_mb_is_not_read(tmp_path):
    path = tmp_path / "book.xlsx"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(PerfkitError, match="200 MB，最多 50 MB"):
        read_sheets(path)


def test_columns_have_their_letters():
    assert [column_letters(n) for n in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert Sheet("项目").place(7, 3) == "工作表“项目”C7"
