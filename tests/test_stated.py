"""A report is that of its parameter file, and whole, whatever was changed in the template."""

import re
from pathlib import Path

import nbformat
import pytest
from command_line import warm_process
from nbformat.v4 import new_code_cell, new_markdown_cell

from perfkit.batch.make import make
from perfkit.batch.plan import Settings
from perfkit.batch.workers import Job
from perfkit.errors import PerfkitError
from perfkit.publish.stated import check_converted

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
SOURCE = (ROOT / "params" / "shili-archives-2023.yaml").read_text(encoding="utf-8")

OPEN = "from perfkit.report import open_report\nreport = open_report(department)"
DEPARTMENT = 'department = "../params/other.yaml"'


def cells(*sources, tags=("parameters",)):
    """A template whose first cell has *tags*; a source that begins with # and a blank is text."""
    made = [new_code_cell(source) for source in sources]
    if made:
        made[0].metadata["tags"] = list(tags)
    return made


def tagged(cell, tag):
    cell.metadata["tags"] = [tag]
    return cell


TITLE, CHAPTER = "report.title()", "report.execution()"

# What is wrong with a template, and a part of what is said of it.
WRONG = {
    "the tag is lost": (cells(DEPARTMENT, OPEN, TITLE, tags=()), "没有 parameters 标签"),
    "a second department": (
        cells(DEPARTMENT, DEPARTMENT + "\n" + OPEN, TITLE), "又给 department 赋值",
    ),
    "a fixed file": (
        cells(DEPARTMENT, OPEN.replace("department)", "'../params/other.yaml')"), TITLE),
        "写死了 '../params/other.yaml'",
    ),
    "opened too early": (cells(f"{DEPARTMENT}\n{OPEN}", TITLE), "请移到后面一格"),
    "a chapter of another": (
        cells(DEPARTMENT, OPEN, TITLE, "open_report('../params/other.yaml').execution()"),
        "“open_report('../params/other.yaml').execution()”印出的是“示例乙区档案馆 2023 年度”",
    ),
    "a chart of another": (
        cells(DEPARTMENT, OPEN, TITLE, "open_report('../params/other.yaml').chart_parts()"),
        "不是这份参数文件的“示例甲区档案馆 2023 年度”（params/own.yaml）",
    ),
    "a copy of the same content": (
        cells(DEPARTMENT, OPEN.replace("department)", "'../params/copy.yaml')"), TITLE),
        "（params/copy.yaml）",
    ),
    "changed data": (
        cells(
            DEPARTMENT,
            "import yaml\nfrom perfkit.report import open_report\n"
            "filed = yaml.load(open(department, encoding='utf-8'), yaml.BaseLoader)['department']\n"
            "filed['short_name'] = '别馆'\nreport = open_report(filed)",
            TITLE,
        ),
        "印出的是",
    ),
    "nothing": ([], "没有印出报告的任何一章"),
    "no chapter": (cells(DEPARTMENT, OPEN, "print(1)"), "没有印出报告的任何一章"),
    "sys.exit": (
        cells(DEPARTMENT, OPEN, TITLE, "import sys\nsys.exit(0)", CHAPTER), "停在这里（SystemExit）",
    ),
    "SystemExit at the end": (
        cells(DEPARTMENT, OPEN, TITLE, "raise SystemExit"), "停在这里（SystemExit）",
    ),
    "quit": (cells(DEPARTMENT, OPEN, TITLE, "quit()", CHAPTER), "“quit()”里的 quit() 或 exit()"),
    "exit at the end": (cells(DEPARTMENT, OPEN, TITLE, "if True:\n    exit()"), "会结束整个笔记本"),
    "two chapters in a cell": (
        cells(DEPARTMENT, OPEN, TITLE + "\n" + CHAPTER), "要印 2 处内容，只印出 1 处",
    ),
    "a semicolon": (cells(DEPARTMENT, OPEN, TITLE, CHAPTER + ";"), "要印 1 处内容，只印出 0 处"),
}  # fmt: skip

# What an analyst may do with a template.
RIGHT = {
    "one chapter": cells(DEPARTMENT, OPEN, CHAPTER),
    "only charts": cells(DEPARTMENT, OPEN, "report.chart_parts()", "report.chart_parts()"),
    "no parameters": cells(OPEN, TITLE, tags=()),
    "two charts in a cell": cells(
        DEPARTMENT, OPEN, TITLE,
        "from IPython.display import display\ndisplay(report.chart_parts())\nreport.chart_points()",
    ),
    "all results shown": cells(
        DEPARTMENT, OPEN,
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.ast_node_interactivity = 'all'",
        TITLE + "\n" + CHAPTER,
    ),
    "own cells": [
        *cells(DEPARTMENT, OPEN, TITLE, "# a remark", "print(report.card.total)", "", "%precision 2"),
        new_markdown_cell("## 补充说明"),
        tagged(new_code_cell(CHAPTER), "review"),
        tagged(new_code_cell("1 / 0"), "skip-execution"),
    ],
    "figures of another": cells(
        DEPARTMENT, OPEN, TITLE, "open_report('../params/other.yaml').card.total",
    ),
    "no projects": cells(
        DEPARTMENT, OPEN, TITLE, "report.chart_amounts() if False else None\nreport.chart_parts()",
    ),
}  # fmt: skip

STANDARD = ["a fixed file", "sys.exit", "quit", "own cells"]
"""Cases that are tried with papermill's own engine as well: whose chapters, and how cells end."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """How the report of own.yaml ended with each template, by case and engine."""
    folder = tmp_path_factory.mktemp("district")
    (folder / "params").mkdir()
    for name, place in (("own", "示例甲区"), ("copy", "示例甲区"), ("other", "示例乙区")):
        text = SOURCE.replace("示例区", place)
        (folder / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "notebooks").mkdir()
    base, jobs = nbformat.read(TEMPLATE, as_version=4), []
    for case, made in {**{case: made for case, (made, _) in WRONG.items()}, **RIGHT}.items():
        for number, cell in enumerate(made):
            cell["id"] = f"cell-{number}"
        template = folder / "notebooks" / f"{case.replace(' ', '-')}.ipynb"
        nbformat.write(nbformat.NotebookNode(base | {"cells": made}), template)
        for engine in ["perfkit", "nbclient"] if case in STANDARD else ["perfkit"]:
            settings = Settings(template, folder / "outputs" / case / engine, ("html",), engine)
            jobs.append(
                Job(f"{case}/{engine}", make, (folder / "params" / "own.yaml", {}, settings))
            )
    return {outcome.name: outcome for outcome in warm_process.run(jobs)}


def each(cases):
    engines = {case: ["perfkit", *["nbclient"] * (case in STANDARD)] for case in cases}
    return [f"{case}/{engine}" for case, names in engines.items() for engine in names]


@pytest.mark.parametrize("name", each(WRONG))
def test_a_report_that_is_not_that_of_its_file_or_not_whole_fails(outcomes, name):
    outcome, case = outcomes[name], name.split("/")[0]
    assert outcome.kind == "failed"
    assert WRONG[case][1] in outcome.error
    assert f"模板 notebooks/{case.replace(' ', '-')}.ipynb " in outcome.error
    assert not re.search("[A-Z][a-z]+ [a-z]+", outcome.error)  # no English sentence


@pytest.mark.parametrize("name", each(RIGHT))
def test_what_an_analyst_may_do_is_made(outcomes, name):
    assert (outcomes[name].kind, outcomes[name].error) == ("done", "")


def shown(identity, department=None, tag="injected-parameters", **more):
    """An executed notebook that shows chapters of these filings."""
    given = new_code_cell(f"department = {department!r}", execution_count=1)
    given.metadata["tags"] = [tag]
    outputs = [
        nbformat.v4.new_output("display_data", metadata={"perfkit_identity": one})
        for one in identity
    ]
    return nbformat.v4.new_notebook(
        cells=[given, new_code_cell("report.title()", outputs=outputs, execution_count=2, **more)]
    )


ONE = {"department": "甲局", "year": 2023, "file": "params/a.yaml", "sha256": "1", "rubric": "2"}
OTHER = ONE | {"department": "乙局", "file": "params/b.yaml", "sha256": "3"}


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        (shown([ONE, OTHER], "../params/a.yaml"), "混有“甲局 2023 年度”（params/a.yaml）和“乙局"),
        (shown([OTHER], "../params/a.yaml"), "department 是“../params/a.yaml”，印出的却是“乙局"),
        (shown([OTHER], "..\\params\\a.yaml", "parameters"), "印出的却是“乙局"),
        (shown([OTHER], {"name": "甲局", "year": 2023}), "department 是“甲局 2023 年度”"),
    ],
)
def test_a_notebook_of_another_department_is_not_converted(notebook, message):
    with pytest.raises(PerfkitError, match=re.escape(message)):
        check_converted(notebook)


@pytest.mark.parametrize(
    "notebook",
    [
        shown([]),
        shown([ONE, ONE], "../params/a.yaml"),
        shown([ONE], "D:\\perfkit\\params\\a.yaml", "parameters"),
        shown([ONE], {"name": "甲局", "year": "2023"}),
        shown([ONE], {"name": "甲局"}),
        shown([ONE], 5),
    ],
)
def test_other_notebooks_are_converted(notebook):
    assert check_converted(notebook) == ""


def test_a_notebook_that_did_not_run_to_its_end_is_told_of():
    notebook = shown([ONE], "a.yaml")
    notebook.cells.append(new_code_cell("report.measures()"))
    assert check_converted(notebook) == "单元格“report.measures()”没有运行"
