"""Whole reports through the real tools: papermill, a kernel, nbconvert, pandoc and Typst."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from command_line import perfkit

from perfkit.batch.execute import make_report
from perfkit.errors import PerfkitError

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
MODEL = ROOT / "params" / "fengtai-finance-2023.yaml"
ENDINGS = (".ipynb", ".html", ".pdf", ".docx")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The model department's report, made by ``perfkit run``."""
    folder = tmp_path_factory.mktemp("outputs")
    done = perfkit("run", MODEL, "-o", folder, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def page(outputs):
    return (outputs / f"{MODEL.stem}.html").read_text(encoding="utf-8")


def test_run_writes_four_files_named_after_the_parameter_file(outputs):
    assert {path.name for path in outputs.glob(f"{MODEL.stem}*")} == {
        f"{MODEL.stem}{ending}" for ending in ENDINGS
    }


def test_two_runs_give_the_same_bytes(outputs, tmp_path):
    make_report(MODEL, TEMPLATE, tmp_path)
    for ending in ENDINGS:
        name = f"{MODEL.stem}{ending}"
        assert (tmp_path / name).read_bytes() == (outputs / name).read_bytes(), ending


def test_the_plain_tools_give_the_same_documents(outputs, tmp_path):
    executed = tmp_path / f"{MODEL.stem}.ipynb"
    tools = [
        [sys.executable, "-m", "papermill", TEMPLATE, executed, "-f", MODEL, "--no-progress-bar"],
        *(
            [sys.executable, "-m", "nbconvert", "--to", f"perfkit-{form}", executed]
            for form in ("html", "pdf", "docx")
        ),
    ]
    for command in tools:
        subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True)
    for ending in (".html", ".pdf", ".docx"):
        name = f"{MODEL.stem}{ending}"
        assert (tmp_path / name).read_bytes() == (outputs / name).read_bytes(), ending


@pytest.mark.parametrize(
    "words",
    [
        "2023年全年预算数15548.09万元",
        "预算执行率为99.88%",
        "得99.98分（满分100分），评价等级为优秀",
        "部门自评99分",
        "15529.32 ÷ 15548.09 = 99.8793% × 20 = 19.98",
        "params/fengtai-finance-2023.yaml:",
        "SHA-256",
        "beijing-2023",
    ],
)
def test_the_page_states_the_figures(page, words):
    assert words in re.sub(r'<span data-of="[^"]*">(.*?)</span>', r"\1", page)


@pytest.mark.parametrize(
    "chapter",
    [
        "一、部门概况",
        "二、当年预算执行情况",
        "三、整体绩效目标实现情况",
        "四、预算管理情况分析",
        "五、总体评价结论",
        "六、措施建议",
        "七、附件",
    ],
)
def test_the_page_has_every_chapter(page, chapter):
    assert f">{chapter}</h2>" in page


def test_no_output_holds_a_path_of_the_machine(outputs):
    notebook = (outputs / f"{MODEL.stem}.ipynb").read_text(encoding="utf-8")
    page = (outputs / f"{MODEL.stem}.html").read_text(encoding="utf-8")
    for text in (notebook, page):
        assert str(ROOT) not in text
        assert str(outputs) not in text


def test_ten_faults_are_told_with_their_lines_and_nothing_is_written(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(TEN_FAULTS, encoding="utf-8")
    done = perfkit("run", file, "-o", tmp_path / "outputs", cwd=ROOT)
    told = [line for line in done.stderr.splitlines() if "bad.yaml:" in line]
    lines = [int(line.split(":")[1].split("：")[0]) for line in told]
    assert lines == [3, 5, 6, 7, 8, 10, 11, 12, 13, 14]
    assert done.returncode == 1
    assert not (tmp_path / "outputs").exists()


TEN_FAULTS = """\
department:
  name: 示例局
  year: 二〇二三
  budget:
    basic: {budget: 约1250, spent: 1}
    project: {budget: 1, spent: -1}
    other: {budget: "1,2345", spent: 0}
    carryover: {previous_rate: 0.16}
  rubric: beijing-2023
  projects: [{name: 甲, budget: 1, ends: 2023-02-30}]
  indicators: [{group: ouput, kind: quality, name: 乙, target: 完成}]
  checks: {diverted: 没有}
  phone: 010
  reported: {total: 九十九}
"""


def test_a_failed_department_does_not_stop_the_others(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEN_FAULTS, encoding="utf-8")
    done = perfkit("run", bad, MODEL, "--formats", "html", "-o", tmp_path / "outputs", cwd=ROOT)
    assert done.returncode == 1
    assert "生成 1 份报告，0 份没有变化，1 个未通过" in done.stdout
    assert (tmp_path / "outputs" / f"{MODEL.stem}.html").exists()


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '#import "@preview/evil:1.0.0"',
    "[点击](javascript:alert(1))",
    "$x^2$ *粗* _斜_ `码` \\u0041 {{ 7*7 }} {% raw %}",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, quick_report):
    """The report of a department that wrote markup into every text field."""
    folder = tmp_path_factory.mktemp("hostile")
    text = json.dumps(" ".join(HOSTILE), ensure_ascii=False)
    file = folder / "hostile.yaml"
    file.write_text(
        f"""\
department:
  name: {text}
  short_name: {text}
  year: 2023
  rubric: beijing-2023
  divisions: [{{name: {text}, duties: {text}}}]
  objective: {text}
  budget:
    basic: {{budget: 1, spent: 1}}
    project: {{budget: 1, spent: 0.5}}
    other: {{budget: 0, spent: 0}}
  projects: [{{name: {text}, budget: 1, spent: 0.5, narrative: {text}}}]
  indicators:
    - {{group: output, kind: quality, name: {text}, target: {text}, actual: {text}}}
    - {{group: effect, kind: social, name: {text}, target: {text}, actual: 无}}
  overrides: [{{indicator: variance, score: 3, reason: {text}, stage: {text}, approver: {text}}}]
  reported: {{grade: {text}}}
  narrative: {{execution: {text}, management: {text}, result: {text}, problems: {text},
    measures: {text}}}
""",
        encoding="utf-8",
    )
    quick_report(file, TEMPLATE, folder)
    return folder


def test_hostile_text_is_text_in_the_page(hostile):
    page = (hostile / "hostile.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page


def test_hostile_text_is_text_in_the_pdf(hostile):
    import pypdf

    reader = pypdf.PdfReader(hostile / "hostile.pdf")
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    squeezed = text.replace(" ", "")
    for line in HOSTILE:
        assert line.replace(" ", "") in squeezed, line


def test_hostile_text_is_text_in_word(hostile):
    import docx

    text = "\n".join(p.text for p in docx.Document(str(hostile / "hostile.docx")).paragraphs)
    for line in HOSTILE:
        assert line in text, line


def test_a_department_of_a_project_named_oddly_is_charted(hostile):
    notebook = nbformat.read(hostile / "hostile.ipynb", as_version=4)
    drawings = [
        output.data["image/svg+xml"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    assert len(drawings) == 4
    assert not any("<script" in svg for svg in drawings)


def test_a_template_that_raises_is_told_by_the_cell(tmp_path):
    notebook = nbformat.read(TEMPLATE, as_version=4)
    notebook.cells[3].source = "report.nonsense()"
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    with pytest.raises(PerfkitError, match=r"单元格“report\.nonsense\(\)”出错：AttributeError"):
        make_report(MODEL, tmp_path / "broken.ipynb", tmp_path)


def test_the_template_is_kept_without_outputs():
    notebook = nbformat.read(TEMPLATE, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_the_templates_cells_are_thin():
    notebook = nbformat.read(TEMPLATE, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert all(len(source.splitlines()) <= 3 for source in code)
    assert code[0] == 'department = "../params/fengtai-finance-2023.yaml"'
