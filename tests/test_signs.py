"""字符: what is printed is what was read, and every sign of it is printed, or is told with its place."""

import io
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pylopdf_fonts_zh_cn
import pypdf
import pytest
import uharfbuzz
import yaml
from conftest import audit
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from perfkit import fonts
from perfkit.audit.mentions import mentions
from perfkit.errors import PerfkitError
from perfkit.publish.exporters import DocxReport, HtmlReport, PdfReport
from perfkit.scoring.params import read_department
from perfkit.signs import cleaned, refused

OBJECTIVE = "部门整体绩效目标（objective）："


def read_or_faults(path):
    try:
        return read_department(path)[0], []
    except PerfkitError as e:
        return None, e.faults


@pytest.fixture
def faults_of(filing):
    """The faults of the complete filing with other content at a path."""
    return lambda path, text: [f.message for f in read_or_faults(filing({path: text}))[1]]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("甲\ufeff乙\u200b丙\u00ad丁\u2060", "甲乙丙丁"),
        ("甲\u200d乙\u200c丙\ufe0f", "甲乙丙"),
        ("甲\u3164\u115f\uffa0\u2063乙", "甲乙"),
        ("全\U000e0001\U000e0041部", "全部"),  # a hidden text of tags
        ("\uf0b7 加强\uf06c管理\uf0d8", "· 加强·管理·"),
        ("\uf0a3是 \uf052否 \uf0fc", "□是 ☑否 √"),
        ("完成\u00a0率\u2009\u202f高", "完成 率  高"),
        ("甲\u2028乙\u2029丙\u0085丁", "甲\n乙\n丙\n丁"),
        ("完成𝟗𝟖․𝟓﹪", "完成98.5%"),
        ("支出1،298٫60万元", "支出1,298.60万元"),
        ("第１２条①²", "第１２条①²"),
        ("⼯作经费⼆⼗万元，\uf98e金", "工作经费二十万元，年金"),  # as it is copied from a PDF
        (
            "👨\u200d👩\u200d👧、1\ufe0f\u20e3、☑\ufe0f",
            "👨\u200d👩\u200d👧、1\ufe0f\u20e3、☑\ufe0f",
        ),
        ("葛\U000e0100城", "葛\U000e0100城"),  # a variant of a Han sign, as in a person's name
        ("می\u200cخواهم ක්\u200dෂ", "می\u200cخواهم ක්\u200dෂ"),  # joiners that their scripts need
        ("é ü Việt Язык λόγος བོད་ ᠮᠣᠩ ไทย", "é ü Việt Язык λόγος བོད་ ᠮᠣᠩ ไทย"),
    ],
)
def test_what_is_printed_of_a_text(complete, written, printed):
    assert cleaned(written) == printed
    department, _ = read_department(complete({"objective": f"甲{written}。"}))
    assert department.objective == f"甲{printed}。"


# What U+202E does: %58.99 is printed as 99.85%.
@pytest.mark.parametrize(
    "sign", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
def test_a_sign_that_turns_the_direction_is_refused(faults_of, sign):
    faults = faults_of("objective", f"完成率{sign}%58.99")
    assert faults == [
        f"{OBJECTIVE}“完成率”后面的U+{ord(sign):04X} 字符改变文字的方向，"
        "印出来的和填的会不一样，请删去"
    ]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("共5\u0338个", "“共5”后面的U+0338 字符是划在前一个字上的线"),
        ("共5\u20dd个", "U+20DD 字符叠在前面的数字上"),
        ("八\u0305万", "U+0305 字符叠在前面的数字上"),
        ("z" + "\u0301" * 9, "U+0301 字符等符号在一个字上叠得太多"),
        ("完成٥٨٪", "“完成”后面的“٥”（U+0665）是别的文字的数字，请改为 5"),
        ("共१२个", "“१”（U+0967）是别的文字的数字，请改为 1"),
        ("共1О0个", "“共1”后面的“О”（U+041E）是夹在数字中间的外文字母，请改为数字"),
        ("甲\ue000乙", "“甲”后面的U+E000 字符只在某一种字体里有样子"),
        ("甲\ufffd乙", "“甲”后面的“\ufffd”（U+FFFD）表示原来的字或图没有带过来"),
        ("甲\ufffc乙", "表示原来的字或图没有带过来"),
        ("甲\ufdd0乙", "U+FDD0 字符不是字符"),
        ("甲\x07乙", "U+0007 字符是不可见的控制字符"),
    ],
)
def test_a_sign_that_would_print_as_something_else_is_refused(faults_of, written, why):
    faults = faults_of("objective", written)
    (fault,) = faults
    assert fault.startswith(OBJECTIVE)
    assert why in fault


def test_each_refused_sign_of_a_file_is_told_with_its_line(filing):
    path = filing({"objective": "甲\ue000", "projects/0/name": "乙\u202e", "year": "２０２\u0663"})
    with pytest.raises(PerfkitError) as refused_file:
        read_department(path)
    lines = path.read_text("utf-8").splitlines()
    told = [
        (lines[fault.line - 1].split(":")[0].strip(" -"), fault.message)
        for fault in refused_file.value.faults
    ]
    assert [key for key, _ in told] == ["year", "objective", "name"]
    assert "项目（projects） / 第 1 项 / 项目名称（name）" in told[2][1]


def test_a_mapping_without_a_file_is_read_and_refused_alike(complete, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_department(complete({"objective": "甲\ufeff乙"}))[0].objective == "甲乙"
    for wrong in ("甲\u202e乙", "甲\ud800乙", "甲\x00乙"):
        with pytest.raises(PerfkitError, match="请删去"):
            read_department(complete({"objective": wrong}))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("objective: 甲\u2028乙", "有看不见的换行符（U+2028 字符），请删去，要换行请按回车键"),
        ("objective: 甲 # \u202e{注", "注释里的U+202E 字符改变文字的方向"),
        ("objective\u202e: 甲", "U+202E 字符改变文字的方向"),
        ('objective: "甲\\u202e"', f"{OBJECTIVE}“甲”后面的U+202E 字符"),
    ],
)
def test_what_hides_in_the_file_itself_is_refused(filing, line, why):
    path = filing()
    text = path.read_text("utf-8").replace("objective: 服务示例区", line)
    path.write_text(text, encoding="utf-8")
    number = text.split("\n").index(f"  {line}") + 1
    with pytest.raises(PerfkitError) as found:
        read_department(path)
    assert any(fault.line == number and why in fault.message for fault in found.value.faults)


def test_an_invisible_sign_in_a_key_is_none(filing):
    path = filing()
    text = path.read_text("utf-8").replace("objective:", "objec\u200btive:")
    path.write_text(text, encoding="utf-8")
    assert read_department(path)[0].objective == "服务示例区"


NUMERIC = {
    "year": "2023",
    "budget/initial": "190",
    "budget/total/rate": "97.5%",
    "projects/0/score": "90",
    "projects/0/starts": "2023-01-05",
    "indicators/0/weight": "8",
    "reported/total": "99.5",
    "reported/projects/self": "2",
}
CHANGES = {
    "Arabic digits": lambda text: text.translate({48 + n: 0x660 + n for n in range(10)}),
    "Devanagari digits": lambda text: text.translate({48 + n: 0x966 + n for n in range(10)}),
    "circled": lambda text: re.sub("[1-9]", lambda d: chr(0x245F + int(d[0])), text, count=1),
    "superscript": lambda text: text + "²",
    "underscore": lambda text: text[0] + "_" + text[1:] + "0",
    "exponent": lambda text: text.rstrip("%") + "e3",
    "a blank": lambda text: text[0] + " " + text[1:] + "0",
    "a thin blank": lambda text: text[0] + "\u2009" + text[1:] + "0",
    "a letter O": lambda text: text + "O",
    "a Cyrillic О": lambda text: text[0] + "О" + text[1:] + "0",
    "a struck digit": lambda text: text[0] + "\u0338" + text[1:],
    "turned": lambda text: "\u202e" + text + "\u202c",
    "commas": lambda text: text[0] + ",23,4",
    "ten to the thirtieth": lambda _: "1" + "0" * 30,
    "infinite": lambda _: "Infinity",
    "no number": lambda _: "NaN",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_only_looks_like_a_figure_is_refused_in_every_numeric_field(complete, filing, change):
    for path, text in NUMERIC.items():
        written = CHANGES[change](text)
        with pytest.raises(PerfkitError) as found:
            read_department(filing({path: written}))
        (fault,) = {fault.line: fault for fault in found.value.faults}.values()
        assert re.search("[一-龥]", fault.message), (path, written)


@pytest.mark.parametrize(
    ("path", "written", "value"),
    [
        ("year", "２０２３", "2023"),
        ("year", "\ufeff2023", "2023"),
        ("budget/initial", "1，900.5", "1900.5"),
        ("budget/initial", "𝟏𝟗𝟎", "190"),
        ("budget/initial", "1\u200b90", "190"),
        ("budget/initial", "+190", "190"),
        ("budget/variance/rate", "\u22122.63%", "-0.0263"),
        ("reported/projects/self", "２", "2"),
    ],
)
def test_what_looks_like_a_figure_and_is_one_is_read_as_it_looks(
    complete, filing, path, written, value
):
    changes = {path: written}
    if path == "budget/variance/rate":
        changes = {"budget/variance": {"rate": written}}
    found = read_department(filing(changes))[0]
    for step in path.split("/"):
        found = getattr(found, {"self": "self_"}.get(step, step))
    assert str(found) == value


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("①90", "其中的“①”（U+2460）不是普通的数字"),
        ("½", "其中的“½”（U+00BD）不是普通的数字"),
        ("19O", "其中有字母 O、I、l，请改为数字 0、1"),
        ("1 900", "数字中间不能有空格"),
        ("–190", "其中的“–”（U+2013）不是数字的一部分"),
    ],
)
def test_the_sign_that_makes_it_no_figure_is_named(faults_of, written, why):
    (fault,) = faults_of("budget/initial", written)
    assert fault.endswith(why)


@pytest.mark.parametrize(
    ("written", "figures"),
    [
        ("预算1 298.60万元", []),
        ("预算1\u2009298.60万元", []),
        ("预算1'298万元", []),
        ("预算1，298.60万元", ["1298.60"]),
        ("预算1,23,4万元", []),
        ("预算12·5万元", []),
        ("预算1/2万元", []),
        ("预算2_023万元", []),
        ("共10^30个", []),
        ("共3×5万元", []),
        ("共1.5.6万元", []),
        ("预算" + "9" * 40 + "万元", []),
        ("预算𝟏𝟐․𝟓万元", ["12.5"]),
        ("预算5百万元", ["500"]),
        ("预算3千元", ["0.3"]),
        ("预算2千万元，3.5百元", ["2000", "0.035"]),
        ("预算12万3千元", ["12.3"]),
        ("分别为5，12个", ["12"]),
    ],
)
def test_a_figure_in_a_text_is_read_whole_or_not_at_all(written, figures):
    """Of 1 200万元 the last three digits would be read as 200万元, which may be right by chance."""
    assert [f"{mention.value.normalize():f}" for mention in mentions(cleaned(written))] == [
        f"{Decimal(figure).normalize():f}" for figure in figures
    ]


# Fonts

USUAL = "☐☑☒✓✔✗✘√●■◆★①⑳㎡℃‰½²³×÷≈➢➤㙍䶮üéЖωع"
NOWHERE = "𠮷한ก"


def notebook(*parts):
    outputs = [new_output("display_data", {"text/html": f"<p>{part}</p>"}) for part in parts]
    return new_notebook(cells=[new_code_cell("", outputs=outputs)])


def text_of(pdf):
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def test_signs_that_the_usual_fonts_lack_are_printed_with_the_bundled_ones():
    assert not fonts.rare(USUAL) - fonts.printed(fonts.rare(USUAL), True).keys()
    pdf = PdfReport(bundled_fonts=True).from_notebook_node(notebook(USUAL))[0]
    assert set(USUAL) <= set(text_of(pdf))


def test_signs_that_need_no_look_are_in_the_fonts_of_the_wheel():
    codes = {*range(0x20, 0x110000)} - {*range(0xD800, 0xE000)}
    signs = {chr(code) for code in codes if not chr(code).isspace()}
    usual = signs - fonts.rare("".join(sorted(signs)))
    for path in (pylopdf_fonts_zh_cn.sans_path(), pylopdf_fonts_zh_cn.serif_path()):
        face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        assert usual <= {chr(code) for code in face.unicodes}


def test_what_no_font_has_is_printed_as_its_code():
    part = f"甲{NOWHERE}乙&#x1F44D;"
    bundled = PdfReport(bundled_fonts=True)
    text = text_of(bundled.from_notebook_node(notebook(part))[0])
    assert "甲〔U+20BB7〕〔U+D55C〕〔U+0E01〕乙〔U+1F44D〕" in text
    page = HtmlReport(bundled_fonts=True).from_notebook_node(notebook(part))[0]
    assert "甲〔U+20BB7〕〔U+D55C〕〔U+0E01〕乙" in page


def test_what_a_template_shows_is_not_turned():
    part = "完成率\u202e%58.99\u202c，\ud800\ue000"
    assert "完成率%58.99，〔U+E000〕" in HtmlReport().from_notebook_node(notebook(part))[0]
    assert "完成率%58.99，〔U+E000〕" in text_of(PdfReport().from_notebook_node(notebook(part))[0])


@pytest.mark.parametrize("sign", ["☐", "𠮷"])
def test_a_drawing_has_the_signs_too(sign):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20">'
        f'<text x="5" y="15" style="font-family: \'Noto Sans SC\'">甲{sign}</text></svg>'
    )
    drawn = new_output(
        "display_data", {"image/svg+xml": svg}, metadata={"image/svg+xml": {"alt": "图"}}
    )
    made = new_notebook(cells=[new_code_cell("", outputs=[drawn])])
    pdf = PdfReport(bundled_fonts=True).from_notebook_node(made)[0]
    assert {"☐": "甲☐", "𠮷": "甲〔U+20BB7〕"}[sign] in text_of(pdf)
    assert DocxReport(bundled_fonts=True).from_notebook_node(made)[0]


def test_the_page_brings_the_signs_that_its_font_lacks():
    page = HtmlReport().from_notebook_node(notebook("☐"))[0]
    assert re.search(r"@font-face [^}]*unicode-range: [^;]*U\+2610", page)
    assert "unicode-range" not in HtmlReport().from_notebook_node(notebook("甲"))[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home folder with a font of its own, which has nothing but 𠮷: a filled square."""
    home = tmp_path_factory.mktemp("home")
    folder = home / ".local/share/fonts"
    folder.mkdir(parents=True)
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "ji"])
    font.setupCharacterMap({ord("𠮷"): "ji"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "ji": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "ji": (1000, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Rare Han", "styleName": "Regular", "psName": "RareHan"})
    font.setupOS2(fsType=0)
    font.setupPost()
    font.save(folder / "rare.ttf")
    return home


def perfkit(folder, home, *arguments):
    command = [sys.executable, "-m", "perfkit", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "XDG_DATA_HOME"}
    environment["HOME"] = str(home)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300
    )


@pytest.mark.skipif(sys.platform != "linux", reason="fonts lie elsewhere")
def test_a_font_of_the_system_has_what_the_others_lack(filing, tmp_path, home):
    """With it the sign is printed in all formats; without it check and run name it, and where."""
    if fonts.printed(fonts.rare("𠮷")):
        pytest.skip("a font of this machine has the sign")
    template = Path(__file__).parent.parent / "notebooks/report.ipynb"
    filing({"objective": "土口𠮷", "projects/0/name": "甲𠮷"})
    told = perfkit(tmp_path, tmp_path, "check")
    assert told.returncode == 0
    assert re.search(
        r"params/x\.yaml:\d+  部门整体绩效目标（objective）：这台电脑没有字体能印“𠮷”（U\+20BB7）",
        told.stdout,
    )
    assert "U+20BB7" not in perfkit(tmp_path, home, "check").stdout
    made = perfkit(tmp_path, home, "run", "--template", str(template))
    assert made.returncode == 0, made.stderr
    outputs = tmp_path / "outputs"
    assert text_of((outputs / "x.pdf").read_bytes()).count("𠮷") >= 4  # twice in charts
    page = (outputs / "x.html").read_text("utf-8")
    assert "土口𠮷" in page
    assert re.search(r"@font-face [^}]*unicode-range: U\+20BB7", page)
    again = perfkit(tmp_path, home, "run", "--force", "--template", str(template), "-o", "again")
    assert again.returncode == 0
    for ending in ("ipynb", "html", "pdf", "docx"):
        assert (tmp_path / f"again/x.{ending}").read_bytes() == (
            outputs / f"x.{ending}"
        ).read_bytes()


def test_the_finding_names_the_field_and_the_signs(card_of):
    if fonts.printed(fonts.rare("𠮷")):
        pytest.skip("a font of this machine has the sign")
    card = card_of({"projects/1/name": "乙𠮷"})
    (found,) = [f for f in audit(card) if f.code == "text.sign"]
    assert found.level == "error"
    assert found.quote == "〔U+20BB7〕"
    assert found.message.startswith("项目（projects） / 第 2 项 / 项目名称（name）：")


# Laws

ASSIGNED = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40)
ALL = st.text(st.characters(), max_size=40)


@given(ALL)
def test_cleaning_twice_changes_nothing_more(text):
    assert cleaned(cleaned(text)) == cleaned(text)


@given(
    st.text(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
        | st.sampled_from("，。1.5%（）“”\n")
    )
)
def test_chinese_text_stays_as_it_is(text):
    assert cleaned(text) == text
    assert not list(refused(text))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    ALL,
    st.sampled_from(["objective", "projects/0/name", "budget/initial", "year", "reported/grade"]),
)
def test_any_text_is_read_or_refused_in_chinese(filing, path_text, path):
    written = filing({path: "x"})
    tree = yaml.safe_load(written.read_text("utf-8"))
    place = tree["department"]
    *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in way:
        place = place[step]
    place[last] = path_text
    # Escaped, as a file can't hold every sign as it is.
    content = yaml.safe_dump(tree, allow_unicode=False).encode("utf-8", "surrogatepass")
    written.write_bytes(content)
    department, faults = read_or_faults(written)
    assert all(re.search("[一-龥]", fault.message) and fault.file for fault in faults)
    if department:
        assert not list(refused("".join(department.source.texts.values())))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None
)
@given(st.lists(ASSIGNED, min_size=20, max_size=20))
def test_any_text_that_is_read_is_printed_in_every_format(texts):
    kept = [cleaned(text) for text in texts]
    kept = [text for text in kept if not list(refused(text))]
    escaped = (text.replace("&", "&amp;").replace("<", "&lt;") for text in kept)
    made = notebook(*escaped)
    for exporter in (PdfReport, DocxReport, HtmlReport):
        assert exporter(bundled_fonts=True).from_notebook_node(made)[0]


# Time

HOSTILE = Path(__file__).parent / "hostile_texts.py"


def test_the_time_for_a_text_grows_as_its_length_does():
    """20,000 signs of what makes a search start over; one that takes a square of it needs minutes."""
    done = subprocess.run(
        [sys.executable, str(HOSTILE)], capture_output=True, encoding="utf-8", timeout=900
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "sign", ["#", "[", "{", "- ", "&a ", "*a ", "'", "`", "：", "!", "\t", "%", "?"]
)
def test_a_file_of_one_sign_is_refused_in_chinese(tmp_path, sign):
    path = tmp_path / "x.yaml"
    path.write_text("department:\n  name: " + sign * (80_000 // len(sign)), encoding="utf-8")
    with pytest.raises(PerfkitError, match=r"[一-龥]"):
        read_department(path)


def test_a_grade_without_end_is_refused(card_of):
    with pytest.raises(PerfkitError, match="不是百分数"):
        card_of(
            {
                "indicators/1/target": "好",
                "indicators/1/actual": "好",
                "indicators/1/grade": "9" * 80_000 + "%",
            }
        )
