"""What a department adds to its file for the notebook: parameters of its own, and a template."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from command_line import perfkit

from perfkit.batch.execute import make_report
from perfkit.batch.plan import Settings
from perfkit.errors import PerfkitError
from perfkit.report import open_report
from perfkit.report.display import PARTS, STYLE
from perfkit.scoring.params import read_department

ROOT = Path(__file__).parent.parent
SOURCE = (ROOT / "params" / "shili-archives-2023.yaml").read_text(encoding="utf-8")


def write(folder, name, *lines):
    """The parameter file of a department with further *lines*."""
    (folder / "params").mkdir(exist_ok=True)
    path = folder / "params" / f"{name}.yaml"
    path.write_text("\n".join([SOURCE.rstrip(), *(f"  {line}" for line in lines), ""]), "utf-8")
    return path


def write_template(folder, name, *cells):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    book.cells = [nbformat.v4.new_code_cell('department = "x"', metadata={"tags": ["parameters"]})]
    opening = "from perfkit.report import open_report\n\nreport = open_report(department)"
    for number, source in enumerate([opening, "report.title()", *cells]):
        book.cells.append(nbformat.v4.new_code_cell(source, id=f"cell-{number}"))
    path = folder / "notebooks" / name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(book, path)
    return path


def faults_of(path):
    with pytest.raises(PerfkitError) as caught:
        read_department(path)
    return [str(fault) for fault in caught.value.faults]


TYPED = [
    ("top_n: 10", 10),
    ("top_n: -3", -3),
    ("top_n: 0", 0),
    ("share: 0.5", 0.5),
    ("share: 0.10", 0.1),
    ("show: 是", True),
    ("show: 否", False),
    ("show: true", True),
    ("show: no", False),
    ("title: 前十名", "前十名"),
    ('code: "010"', "010"),
    ("code: '10'", "10"),
    ("share: 50%", "50%"),
    ("day: 2023-12-31", "2023-12-31"),
    ("columns: [项目, 预算]", ["项目", "预算"]),
    ("years: [2021, 2022.5, 是, '3']", [2021, 2022.5, True, "3"]),
    ("none: []", []),
]


@pytest.mark.parametrize(("line", "value"), TYPED)
def test_a_value_has_the_type_that_it_looks_like(tmp_path, line, value):
    path = write(tmp_path, "x", "options:", f"  {line}")
    (found,) = open_report(path).options.values()
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("line", "value"), TYPED)
def test_a_value_is_the_same_where_papermill_read_the_file(tmp_path, monkeypatch, line, value):
    path = write(tmp_path, "x", "options:", f"  {line}")
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["department"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    # A department that names its amounts as YAML numbers is not found there by its file.
    (found,) = open_report(given).options.values()
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["options: 10"], "自定参数（options）：应是“字段: 内容”的形式，这里是“10”"),
        (["options: [1]"], "自定参数（options）：应是“字段: 内容”的形式，这里是列表"),
        (["options:", "  code: 010"], "自定参数（options） / code：“010”是数字还是文字认不准"),
        (["options:", "  at: 12:30"], "自定参数（options） / at：“12:30”是数字还是文字认不准"),
        (["options:", "  n: 1_000"], "自定参数（options） / n：“1_000”是数字还是文字认不准"),
        (["options:", "  n: 1,000"], "自定参数（options） / n：“1,000”是数字还是文字认不准"),
        (["options:", "  n: 1e5"], "自定参数（options） / n：“1e5”是数字还是文字认不准"),
        (["options:", "  n: .inf"], "自定参数（options） / n：“.inf”是数字还是文字认不准"),
        (["options:", "  n: １０"], "自定参数（options） / n：“１０”是数字还是文字认不准"),
        (["options:", "  n: 1" + "0" * 30], "是数字还是文字认不准"),
        (["options:", "  a: {b: 1}"], "自定参数（options） / a：只能是文字、整数、小数、是或否"),
        (["options:", "  a: [1, [2]]"], "自定参数（options） / a / 第 2 项：只能是文字、整数"),
        (["options:", "  a: [1, null]"], "自定参数（options） / a / 第 2 项：只能是文字、整数"),
        (["options:", "  a: 图 #1"], "自定参数（options） / a：“#”后面的文字会当作注释略去"),
        (["options:", "  a: 1", "  a: 2"], "字段“a”重复"),
    ],
)
def test_what_an_option_can_not_be(tmp_path, lines, message):
    path = write(tmp_path, "x", *lines)
    (fault,) = faults_of(path)
    at = path.read_text(encoding="utf-8").splitlines().index(f"  {lines[-1]}") + 1
    assert fault.startswith(f"params/x.yaml:{at}：")
    assert message in fault


def test_an_option_that_is_left_empty_is_not_there(tmp_path):
    report = open_report(write(tmp_path, "x", "options:", "  top_n:", "  first: 3"))
    assert report.options == {"first": 3}
    assert report.option("top_n", 5) == 5
    assert report.option("first", 5) == 3


def test_an_option_that_is_missing_is_told_with_the_one_that_was_meant(tmp_path):
    report = open_report(write(tmp_path, "x", "options: {top_n: 3}"))
    with pytest.raises(PerfkitError, match=r"options 里没有“top_m”，是不是“top_n”"):
        report.options["top_m"]


def test_options_are_part_of_what_is_accepted(tmp_path):
    one = open_report(write(tmp_path, "x", "options: {top_n: 3}"))
    other = open_report(write(tmp_path, "y", "options: {top_n: 4}"))
    assert one.content["data"] != other.content["data"]
    assert one.card.total == other.card.total


@pytest.mark.parametrize("engine", ["perfkit", "nbclient"])
def test_options_reach_the_notebook_by_both_engines(tmp_path, engine):
    shown = "f\"前{report.options['top_n']}个、{report.option('rest', 7)}\""
    template = write_template(tmp_path, "report.ipynb", shown)
    path = write(tmp_path, "x", "options: {top_n: 10}")
    make_report(path, template, tmp_path / "outputs", ["html"], engine)
    assert "前10个、7" in (tmp_path / "outputs" / "x.html").read_text(encoding="utf-8")


def test_options_and_other_parameters_reach_the_notebook_by_plain_papermill(tmp_path):
    write_template(tmp_path, "report.ipynb", "f\"前{report.options['top_n'] + more}个\"")
    write(tmp_path, "x", "options: {top_n: 10}")
    command = [sys.executable, "-m", "papermill", "notebooks/report.ipynb", "out.ipynb"]
    given = ["-f", "params/x.yaml", "-p", "more", "2", "--no-progress-bar"]
    subprocess.run([*command, *given], cwd=tmp_path, check=True, capture_output=True)
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert cells[-1].outputs[0].data["text/plain"] == "'前12个'"


# A template of a department's own.


@pytest.fixture
def district(tmp_path):
    """Two departments, one with a template of its own."""
    write(tmp_path, "a")
    write(tmp_path, "b", "template: ../notebooks/own.ipynb")
    write_template(tmp_path, "report.ipynb", "'共同的模板'")
    write_template(tmp_path, "own.ipynb", "'自己的模板'")
    return tmp_path


def said(folder, name):
    page = (folder / "outputs" / f"{name}.html").read_text(encoding="utf-8")
    return [words for words in ("共同的模板", "自己的模板", "改过的模板") if words in page]


def test_each_report_is_made_of_the_template_that_its_file_names(district):
    assert perfkit("run", "--formats", "html", cwd=district).returncode == 0
    assert (said(district, "a"), said(district, "b")) == (["共同的模板"], ["自己的模板"])
    assert (
        "没有变化，不用做" in perfkit("run", "--formats", "html", "--explain", cwd=district).stdout
    )
    write_template(district, "own.ipynb", "'改过的模板'")
    told = perfkit("run", "--formats", "html", "--explain", cwd=district).stdout.splitlines()
    assert told == ["params/a.yaml：没有变化，不用做", "params/b.yaml：模板有变化"]
    perfkit("run", "--formats", "html", cwd=district)
    assert said(district, "b") == ["改过的模板"]
    rows = json.loads((district / "outputs" / "summary.json").read_text(encoding="utf-8"))
    one, other = (row["content"]["template"] for row in rows["departments"])
    assert one != other
    # What is written on the command line is for all.
    perfkit("run", "--formats", "html", "--template", "notebooks/report.ipynb", cwd=district)
    assert said(district, "b") == ["共同的模板"]
    told = perfkit("run", "--formats", "html", "--explain", cwd=district).stdout
    assert "params/b.yaml：模板有变化" in told


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("../notebooks/none.ipynb", "找不到这个笔记本"),
        ("../notebooks/own.yaml", "应是一个笔记本（.ipynb）"),
        ("../notebooks", "应是一个笔记本（.ipynb）"),
        ("/notebooks/own.ipynb", "应写从参数文件所在的文件夹算起的路径"),
        ("C:\\notebooks\\own.ipynb", "应写从参数文件所在的文件夹算起的路径"),
    ],
)
def test_a_template_that_is_not_there_is_a_fault_with_its_line(district, written, message):
    path = write(district, "c", f"template: {written}")
    (fault,) = faults_of(path)
    line = len(path.read_text(encoding="utf-8").splitlines())
    assert fault.startswith(f"params/c.yaml:{line}：模板笔记本（template）：{message}")
    assert written in fault


def test_check_and_run_tell_a_template_that_is_not_there(district):
    write(district, "b", "template: ../notebooks/none.ipynb")
    assert "找不到这个笔记本" in perfkit("check", cwd=district).stdout
    done = perfkit("run", "--formats", "html", cwd=district)
    assert (done.returncode, said(district, "a")) == (1, ["共同的模板"])
    assert "b 未通过：params/b.yaml:" in done.stderr


@pytest.mark.parametrize("written", ["..\\notebooks\\own.ipynb", "'../notebooks/own.ipynb'"])
def test_either_slash_leads_to_the_template(district, written):
    path = write(district, "c", f"template: {written}")
    settings = Settings(district / "notebooks" / "report.ipynb", district / "outputs", ("html",))
    assert settings.of(path).template.resolve() == district / "notebooks" / "own.ipynb"


def test_the_common_template_may_be_missing_where_all_have_their_own(district):
    (district / "notebooks" / "report.ipynb").unlink()
    assert perfkit("run", "--formats", "html", "params/b.yaml", cwd=district).returncode == 0
    assert said(district, "b") == ["自己的模板"]
    assert perfkit("run", "--formats", "html", cwd=district).returncode == 2


def test_last_years_template_need_not_be_there(district):
    last = write(district, "last", "template: ../notebooks/gone.ipynb")
    last.write_text(last.read_text(encoding="utf-8").replace("year: 2023", "year: 2022"), "utf-8")
    read_department(write(district, "c", "previous: last.yaml"))


# What explains the template.


def test_cells_of_help_are_in_no_report_and_in_no_check(tmp_path):
    from perfkit.batch.execute import exports
    from perfkit.review.content import template_digest

    book = nbformat.read(ROOT / "notebooks" / "report.ipynb", as_version=4)
    first = book.cells[0]
    assert (first.cell_type, first.metadata.tags) == ("markdown", ["help"])
    assert "怎样改这份模板" in first.source
    assert len(first.source.splitlines()) <= 12
    without = nbformat.NotebookNode({**book, "cells": book.cells[1:]})
    assert template_digest(book) == template_digest(without)
    found = exports(book, ["html"], "x")["html"]
    assert b"\xe6\x80\x8e\xe6\xa0\xb7\xe6\x94\xb9" not in found  # 怎样改
    # What it prints doesn't make a report.
    template = write_template(tmp_path, "report.ipynb")
    book = nbformat.read(template, as_version=4)
    book.cells[2].metadata["tags"] = ["help"]
    nbformat.write(book, template)
    with pytest.raises(PerfkitError, match="没有印出报告的任何一章"):
        make_report(write(tmp_path, "x"), template, tmp_path, ["html"])


# The look of an output in a notebook.


def test_the_style_stands_with_each_output_and_once_on_the_page(tmp_path, quick_report):
    quick_report(
        ROOT / "params" / "shili-archives-2023.yaml",
        ROOT / "notebooks" / "report.ipynb",
        tmp_path,
        ["html"],
    )
    book = nbformat.read(tmp_path / "shili-archives-2023.ipynb", as_version=4)
    blocks = [
        output.data["text/html"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if "perfkit" in output.get("metadata", {})
    ]
    assert len(blocks) > 10
    assert all(html.startswith(STYLE) for html in blocks)
    page = (tmp_path / "shili-archives-2023.html").read_text(encoding="utf-8")
    assert (page.count("@scope"), page.count("<style"), page.count(PARTS)) == (0, 1, 1)
