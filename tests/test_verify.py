"""perfkit verify: a published report is made again, and its bytes are compared."""

import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from command_line import perfkit

from perfkit.batch.execute import build_report
from perfkit.batch.journal import Record, append_record, read_journal
from perfkit.batch.plan import STANDARD, Settings, best_engine, plan
from perfkit.batch.verify import verify
from perfkit.books.filings import departments_in, export_book
from perfkit.cli import main
from perfkit.index.rows import row_of
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

ROOT = Path(__file__).parent.parent


def test_a_report_is_the_same_unless_it_or_what_it_was_made_of_changed(filing, tmp_path):
    path, other = filing(), filing({"name": "另一局"}, "other.yaml")
    template, outputs = tmp_path / "notebooks" / "report.ipynb", tmp_path / "outputs"
    template.parent.mkdir()
    shutil.copy(Path("notebooks/report.ipynb"), template)
    book = path.parent / "全区.xlsx"
    export_book([filing({"name": f"示例{n}局"}, f"{n}.yaml") for n in "甲乙"], book)
    words = ["-o", str(outputs), "--template", str(template), "--formats", "html"]
    assert perfkit("run", path, other, book, *words).returncode == 0
    # Of a book of several, each department counts by its own part.
    edited = openpyxl.load_workbook(book)
    cells = [row for row in edited["项目"].iter_rows(min_row=4) if row[0].value == "示例乙局"]
    cells[0][4].value = 37
    edited.save(book)
    page = outputs / "other.html"
    page.write_bytes(page.read_bytes() + b"<!-- -->")
    (outputs / "other.ipynb").unlink()
    text = other.read_text(encoding="utf-8")
    other.write_text(text.replace("服务示例区", "服务全区"), encoding="utf-8")
    journal = dict(read_journal(outputs))
    journal["gone"] = replace(journal["x"], name="gone", params="../params/gone.yaml")
    before = {file.name: file.read_bytes() for file in outputs.iterdir() if file.is_file()}

    settings = Settings(template, outputs, (), engine=best_engine(), one_template=True)
    found = {one.name: one for one in verify(outputs, journal, settings)}
    assert found["x"].same
    assert set(found["x"].files) == {"x.html", "x.ipynb"}
    assert not found["other"].same
    assert found["other"].causes == ("参数文件",)
    assert found["other"].files == {
        "other.html": "生成以后被改动过",
        "other.ipynb": "找不到这份文件",
    }
    assert "找不到它的参数文件" in found["gone"].trouble
    parts = departments_in(book)
    html = replace(settings, formats=("html",))
    assert list(plan(parts, html, journal).values()) == ["", "参数文件有变化"]
    assert found["示例甲局"].same
    assert found["示例乙局"].causes == ("参数文件",)
    assert not [name for record in journal.values() for name in record.opened if "全区" in name]
    made = build_report(parts[0], template, (), STANDARD)
    assert made[".ipynb"] == (outputs / "示例甲局.ipynb").read_bytes()
    text = made[".ipynb"].decode()
    assert "params/全区.xlsx，其中示例甲局所填内容的SHA-256" in text
    assert "示例乙局" not in text
    assert before == {file.name: file.read_bytes() for file in outputs.iterdir() if file.is_file()}


def test_a_folder_without_a_journal_is_told(tmp_path):
    done = perfkit("verify", tmp_path)
    assert done.returncode == 2
    assert "没有生成记录" in done.stderr


def test_from_another_folder_the_template_is_that_of_the_reports(
    filing, tmp_path, monkeypatch, capsys
):
    outputs, notebooks = tmp_path / "kit" / "outputs", tmp_path / "kit" / "notebooks"
    row = row_of("x", score(*read_department(filing())), ())
    append_record(outputs, Record("x", "../params/gone.yaml", {}, row=row.as_dict()))
    monkeypatch.chdir(tmp_path)

    def told():
        with pytest.raises(SystemExit):
            main(["verify", str(outputs)])
        return "".join(capsys.readouterr())

    assert "找不到模板笔记本 notebooks" in told()
    notebooks.mkdir()
    shutil.copy(ROOT / "notebooks" / "report.ipynb", notebooks)
    assert "x：找不到它的参数文件" in told()
