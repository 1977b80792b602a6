"""The opinion sheet (反馈意见单): what was said of findings, out to the department, and its answers back in."""

import io
import zipfile
from dataclasses import dataclass

import docx
import openpyxl
import pytest
from command_line import perfkit

from perfkit.errors import PerfkitError
from perfkit.report.report import open_report
from perfkit.review import letter
from perfkit.review.answers import import_answers, read_sheet
from perfkit.review.letter import letter_of, write_letters
from perfkit.review.record import CHECKS, add_events, fold, read_review
from perfkit.review.reported import read_reported

REPORT = "shili-2023"
WRONG = {"reported/total": "97", "reported/scores/execution": "18", "narrative/measures": None}


@dataclass(frozen=True)
class Finding:
    code: str = "claim.total"
    field: str = "reported.total"
    message: str = "自评总分97分，按评分标准为99.5分"


def named(finding):
    return {"code": finding.code, "field": finding.field, "message": finding.message}


def event(number, kind, **more):
    at = f"2024-03-05T09:{number:02d}:00+08:00"
    return {"id": f"{number:016x}", "report": REPORT, "at": at, "by": "甲", "kind": kind} | more


def remark(number, **more):
    selector = {
        "type": "TextQuoteSelector",
        "exact": "财务制度按年修订",
        "prefix": "",
        "suffix": "",
    }
    target = {"block": "narrative.management.1", "selector": selector}
    return event(number, "remark", target=target, **({"text": "请附制度目录"} | more))


@pytest.fixture
def outputs(tmp_path, filing):
    """The part of a report's page that the review reads."""
    report = open_report(filing(WRONG))
    folder = tmp_path / "outputs"
    folder.mkdir()
    shown = report.review().html
    page = f'<main data-report="{REPORT}" data-template="abc">{shown}</main>'
    (folder / f"{REPORT}.html").write_text(page, encoding="utf-8")
    return folder


# ---- what is said of a finding

F = named(Finding())
OTHER = F | {"message": "自评总分96分，按评分标准为99.5分"}
SAID = {
    "nothing": ([], "open", None),
    "ticked": ([("verify", F)], "verify", None),
    "ticked and taken back": ([("verify", F), ("restore", F)], "open", None),
    "ticked, then dismissed": ([("verify", F), ("dismiss", F)], "dismiss", None),
    "made a remark": ([("remark", F)], "remark", None),
    "replied to after the tick": ([("verify", F), ("reply", F)], "verify", None),
    "ticked with other figures": ([("verify", OTHER)], "open", "verify"),
    "ticked before and after": ([("verify", OTHER), ("dismiss", F)], "dismiss", None),
    "another field": ([("verify", F | {"field": "reported.grade"})], "open", None),
}


@pytest.mark.parametrize("case", SAID)
def test_a_finding_of_which_was_said(case):
    said, state, lapsed = SAID[case]
    events = [
        (remark(n, finding=of) if kind == "remark" else event(n, kind, finding=of, text="理由"))
        for n, (kind, of) in enumerate(said)
    ]
    (found,) = fold(events).checked([Finding()])
    assert (found.state, found.lapsed and found.lapsed["kind"]) == (state, lapsed)
    assert (CHECKS[state] in found.note) == (state != "open")
    if lapsed:
        assert "自评总分96分" in found.note, "what was ticked"


def test_two_findings_of_one_field_lapse_each_by_itself():
    one, two = Finding(message="甲1"), Finding(message="乙1")
    said = [event(n, "verify", finding=named(f)) for n, f in enumerate((one, two))]
    found = fold(said).checked([Finding(message="甲2"), two])
    assert [each.state for each in found] == ["open", "verify"]
    assert found[0].lapsed["finding"]["message"] == "甲1"


REFUSED = {
    "dismissed without a reason": event(1, "dismiss", finding=F),
    "of no finding": event(1, "verify"),
    "half a finding": event(1, "verify", finding={"code": "x"}),
    "a finding with an order to the terminal": event(1, "verify", finding=F | {"code": "a\x1b"}),
    "an acceptance despite errors without a reason": event(
        1, "accept", content={"data": "x"}, blocks={"a": "b"}, errors=2
    ),
    "a reply to two things": event(1, "reply", text="好", finding=F, about="x"),
    "a reply to nothing": event(1, "reply", text="好"),
    "figures that are none": event(
        1, "accept", content={"data": "x"}, blocks={"a": "b"}, figures={"a": 1}
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_record_takes(case, tmp_path):
    with pytest.raises(PerfkitError, match=r"[\u4e00-\u9fff]"):
        add_events(tmp_path, REPORT, [REFUSED[case]])


def test_the_figure_that_made_an_acceptance_lapse(card_of):
    from perfkit.review.content import content_of, figures_of

    before, after = (
        card_of(),
        card_of({"budget/basic/spent": "97", "reported/scores/execution": "19"}),
    )
    content, blocks = content_of(before), {"a": "b"}
    accepted = event(1, "accept", content=content, blocks=blocks, figures=figures_of(before))
    why = fold([accepted]).lapses(content_of(after), figures_of(after))
    assert why[0] == "数据有变化"
    assert "预算执行 基本支出 全年执行数：98 → 97" in why
    assert "自评结果 自评得分 预算执行率：19.5 → 19" in why
    assert len(figures_of(before)) == len(figures_of(after))
    # A report that was sent back and has changed waits for its reviewer again.
    returned = fold([event(1, "return", content=content, blocks=blocks)])
    assert (returned.state(content), returned.state(content_of(after))) == ("returned", "revised")


# ---- out and back


def test_the_sheet_has_what_holds_and_what_became_of_it(outputs):
    found = read_reported(outputs, REPORT).findings
    add_events(outputs, REPORT, [
        event(1, "dismiss", finding=named(found[0]), text="财政已批复"),
        event(2, "verify", finding=named(found[1])),
        remark(3),
        event(4, "answer", on=f"{3:016x}", text="已要求补充"),
    ])  # fmt: skip
    sheet = letter_of(outputs, REPORT)
    texts = [line.text for line in sheet.lines]
    assert texts == [finding.message for finding in found[1:]] + ["请附制度目录"]
    assert sheet.lines[0].state == "已核实"
    assert sheet.lines[-1].about == "财务制度按年修订"
    assert sheet.lines[-1].state == "未了结\n甲 2024-03-05 回复：已要求补充"
    assert sheet.department == "示例局"


def filled(path, answered, who="李四", when="2024年4月1日"):
    """Fill in a sheet as a department does: an answer and its explanation by line, from 0."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        sheet["D3"], sheet["G3"] = who, when
        for n, (answer, why) in answered.items():
            sheet.cell(6 + n, 6).value, sheet.cell(6 + n, 7).value = answer, why
        book.save(path)
    else:
        document = docx.Document(path)
        about, lines = document.tables
        about.cell(1, 1).text, about.cell(1, 3).text = who, when
        for n, (answer, why) in answered.items():
            lines.cell(1 + n, 5).text, lines.cell(1 + n, 6).text = answer, why
        document.save(path)


@pytest.mark.parametrize("ending", letter.FORMS)
def test_answers_come_back_with_who_and_when(ending, outputs):
    add_events(outputs, REPORT, [remark(3)])
    paths, notes = write_letters(outputs, REPORT)
    assert (len(paths), notes) == (2, [])
    path = letter.letter_file(outputs, REPORT, ending)
    lines = letter_of(outputs, REPORT).lines
    filled(path, {0: ("采纳", "已改正"), len(lines) - 1: ("", "见附件\n共两页")})
    # Meanwhile the reviewer goes on; the numbers of the lines are others then.
    add_events(outputs, REPORT, [remark(1, text="另一条")])
    taken = import_answers(outputs, path)
    assert (taken.added, taken.known, taken.loose, taken.notes) == (2, 0, 0, [])
    assert taken.blank == len(lines) - 2
    assert import_answers(outputs, path).known == 2, "each answer is taken once"

    review = read_review(outputs, REPORT)
    (reply,) = next(one for one in review.remarks if one.event["id"] == f"{3:016x}").thread
    assert (reply["text"], reply["by"], reply["at"][:10]) == (
        "见附件\n共两页",
        "李四",
        "2024-04-01",
    )
    first = review.checked(read_reported(outputs, REPORT).findings)[0]
    assert (first.state, first.replies[0]["text"]) == ("open", "采纳：已改正")
    assert "李四 2024-04-01 部门答复：采纳：已改正" in letter_of(outputs, REPORT).lines[0].state

    # The sheet that was filled in is not written over.
    _, notes = write_letters(outputs, REPORT)
    assert any(f"{path.stem}-旧稿-" in note for note in notes)
    assert len([*path.parent.glob(f"*旧稿*{ending}")]) == 1


def test_what_libreoffice_saves_comes_back(outputs, tmp_path, resaved):
    paths, _ = write_letters(outputs, REPORT)
    for path in paths:
        filled(path, {0: ("部分采纳", "已补充")})
        sheet = read_sheet(resaved(path, tmp_path / path.suffix[1:]))
        assert (sheet.report, sheet.who, sheet.when) == (REPORT, "李四", "2024年4月1日")
        assert [one.answer for one in sheet.answers] == ["部分采纳：已补充"]


def test_an_answer_to_what_is_no_more_is_kept_and_told(outputs):
    """The finding has other figures now; a line was added by hand; a code was lost."""
    write_letters(outputs, REPORT)
    path = letter.letter_file(outputs, REPORT, "xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.active
    sheet["H6"], sheet["D6"], sheet["G6"] = "S00000000", "自评总分90分", "已更正"
    sheet["H7"], sheet["G7"] = None, "情况属实"
    book.save(path)
    taken = import_answers(outputs, path)
    assert (taken.added, taken.loose) == (2, 1)
    assert "自评总分90分 → 已更正" in taken.notes[0]
    review = read_review(outputs, REPORT)
    assert [one["about"] for one in review.loose] == ["自评总分90分"]
    checks = review.checked(read_reported(outputs, REPORT).findings)
    assert [one.replies[0]["text"] for one in checks if one.replies] == ["情况属实"], "by its text"


@pytest.mark.parametrize("ending", letter.FORMS)
def test_what_is_written_elsewhere_is_told(ending, outputs):
    write_letters(outputs, REPORT)
    path = letter.letter_file(outputs, REPORT, ending)
    if ending == "xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        sheet["E6"], sheet["D7"] = "已整改", f"{sheet['D7'].value}（我局已改）"
        sheet["G7"], sheet["I6"], sheet["A30"] = "采纳", "另附材料", "补充说明：见附件"
        book.save(path)
    else:
        document = docx.Document(path)
        lines = document.tables[1]
        lines.cell(1, 4).text = "已整改"
        lines.cell(2, 3).text += "（我局已改）"
        lines.cell(2, 6).text = "采纳"
        lines.cell(2, 6).merge(lines.cell(3, 6))
        document.add_paragraph("补充说明：见附件")
        document.save(path)
    taken = import_answers(outputs, path)
    told = "\n".join(taken.notes)
    assert "在“处理情况”栏写的“已整改”没有收；请写在“答复说明”栏" in told
    assert "在“意见”栏添写的“（我局已改）”没有收" in told
    assert "补充说明：见附件”没有收" in told
    # A cell that goes over two rows answers both.
    assert (taken.added, taken.loose) == ((1, 0) if ending == "xlsx" else (2, 0))
    assert len(taken.notes) == (4 if ending == "xlsx" else 3)


def test_text_of_a_sheet_is_no_formula(outputs):
    add_events(outputs, REPORT, [remark(3, text="=HYPERLINK(1)")])
    sheet = openpyxl.load_workbook(io.BytesIO(letter.workbook(letter_of(outputs, REPORT)))).active
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=HYPERLINK(1)"]
    assert [cell.data_type for cell in found] == ["s"]
    assert letter.word(letter_of(outputs, REPORT)) == letter.word(letter_of(outputs, REPORT))


# ---- what is no sheet


def packed(members, compressed=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compressed) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def other_book():
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


HOSTILE = {
    "no-such.xlsx": (None, "找不到这个文件"),
    "a.pdf": (b"%PDF", "不是 .docx 或 .xlsx"),
    "nothing.docx": (lambda: packed({"a.xml": b"<a/>"}), "文件损坏"),
    "other.xlsx": (other_book, "里面没有反馈意见单的表格"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_is_refused_with_its_reason(name, tmp_path):
    content, why = HOSTILE[name]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content() if callable(content) else content)
    with pytest.raises(PerfkitError, match=why) as told:
        read_sheet(path)
    assert str(told.value).startswith(str(path))


def test_the_command_writes_and_takes_in(outputs, tmp_path):
    def letter_command(*arguments):
        code, out, err = perfkit("letter", "-o", outputs, *arguments)
        return code, out + err

    code, told = letter_command()
    assert (code, told.count("反馈意见单")) == (0, 2)
    other = tmp_path / "other.xlsx"
    other.write_bytes(other_book())
    path = letter.letter_file(outputs, REPORT, "docx")
    filled(path, {0: ("采纳", "")})
    # A folder of what came back, and a file that someone has open in Word.
    (path.parent / f"~${path.name}").write_bytes(b"")
    code, told = letter_command("--import", str(path.parent), str(other))
    assert (code, "收下 1 条新的答复" in told, "里面没有反馈意见单的表格" in told) == (
        1,
        True,
        True,
    )
    assert letter_command("nothere") == (
        1,
        f"{outputs} 里没有“nothere”这份报告；请写报告的名称，或用 -o 指明文件夹\n",
    )
