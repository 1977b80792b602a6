"""The house style of charts in a notebook: without a line of the analyst's, in every engine alike."""

import json
import os
import re
import sys
from pathlib import Path

import docx
import nbformat
import pytest
from command_line import perfkit
from nbformat.v4 import new_code_cell

from perfkit.report import style

ROOT = Path(__file__).parent.parent

CELLS = {
    "import": "from perfkit.report import chart, charts, open_report, table\n"
    "report = open_report(department)",
    "title": "report.title()",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([-1, 2, -3])\nplt.title('支出≥预算')\nplt.show()",
    "frame plot": "projects = report.frames.projects\n"
    "projects.plot.barh(x='项目', y=['预算', '支出'], title='各项目');",
    "classic": "plt.rcParams['font.sans-serif'] = ['SimHei']\nplt.plot([0, 1])\nplt.ylabel('万元');",
    "own": "chart(projects.plot.bar(x='项目', y='支出'), caption='各项目支出', alt='条形图：各项目支出。')",
    "changed": "changed = charts.execution(projects[projects['执行率'] < 1])\n"
    "changed.figure.axes[0].axvline(0.5, color='#a3140f')\nchanged",
    "table": "table(projects[['项目', '预算', '支出', '执行率']], '项目清单')",
    "wide": "report.frames.findings",
    "chosen": "%config InlineBackend.figure_formats = ['png']\nplt.plot([3, 4]);",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folders of a report by the warm engine and by the standard one."""
    folder = tmp_path_factory.mktemp("style")
    notebook = nbformat.read(ROOT / "notebooks" / "report.ipynb", as_version=4)
    own = [new_code_cell(source, id=name.replace(" ", "-")) for name, source in CELLS.items()]
    notebook.cells = [notebook.cells[0], *own]
    (folder / "notebooks").mkdir()
    nbformat.write(notebook, folder / "notebooks" / "report.ipynb")
    params = ROOT / "params" / "shili-archives-2023.yaml"
    for engine in ("perfkit", "nbclient"):
        template = folder / "notebooks" / "report.ipynb"
        options = ("--template", template, "--engine", engine, "--formats", "html,docx")
        done = perfkit("run", params, *options, "-o", folder / engine)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def outputs(made):
    """The outputs of each cell."""
    text = (made / "perfkit" / "shili-archives-2023.ipynb").read_text(encoding="utf-8")
    return {cell["id"]: cell.get("outputs", []) for cell in json.loads(text)["cells"]}


def test_both_engines_make_the_same_bytes(made):
    for ending in ("ipynb", "html", "docx"):
        warm, standard = (
            (made / engine / f"shili-archives-2023.{ending}").read_bytes()
            for engine in ("perfkit", "nbclient")
        )
        assert warm == standard, ending


def test_no_cell_says_anything_beside_what_it_shows(outputs):
    # As matplotlib would of a missing sign, a missing font, or a list of fonts that it makes.
    assert not [o for found in outputs.values() for o in found if o["output_type"] == "stream"]


def test_font_that_is_not_there_has_one_that_is_behind_it(outputs):
    (found,) = [o for o in outputs["classic"] if o["output_type"] == "display_data"]
    families = re.findall(r"font-family: ([^;\"]*)", "".join(found["data"]["image/svg+xml"]))
    assert families
    assert all("'SimHei'" in names and "'Noto Sans SC'" in names for names in families)


@pytest.mark.parametrize("name", ["plot", "frame-plot"])
def test_plain_figure_is_a_drawing_in_the_house_style(outputs, name):
    (found,) = [o for o in outputs[name] if o["output_type"] == "display_data"]
    assert set(found["data"]) == {"image/svg+xml", "text/plain"}
    drawn = "".join(found["data"]["image/svg+xml"])
    assert "'Noto Sans SC', 'Microsoft YaHei'" in drawn
    assert "#1f3a5f" in drawn
    assert "<style" not in drawn
    assert "<dc:date>" not in drawn
    assert found["metadata"]["image/svg+xml"]["alt"].startswith("图：")


def test_hanzi_and_minus_are_text(outputs):
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", "".join(
        outputs["plot"][-1]["data"]["image/svg+xml"]))  # fmt: skip
    assert {"支出≥预算", "−3"} <= set(texts)


def test_own_figure_is_shown_once_with_its_caption(outputs, made):
    (found,) = outputs["own"]
    assert found["metadata"]["image/svg+xml"] == {
        "alt": "条形图：各项目支出。", "caption": "各项目支出",
    }  # fmt: skip
    document = docx.Document(made / "perfkit" / "shili-archives-2023.docx")
    captions = [p.text for p in document.paragraphs if p.style.name.endswith("Caption")]
    assert any("各项目支出" in text for text in captions)
    assert any("项目清单" in text for text in captions)


def test_changed_chart_is_shown_as_it_was_changed(outputs):
    (found,) = outputs["changed"]
    assert "#a3140f" in "".join(found["data"]["image/svg+xml"])


def test_format_that_the_analyst_chooses_is_kept(outputs):
    (found,) = [o for o in outputs["chosen"] if o["output_type"] == "display_data"]
    assert set(found["data"]) == {"image/png", "text/plain"}


def test_matplotlib_keeps_its_list_of_fonts_where_home_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setattr(style.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(style.os, "access", lambda *_: False)
    style._find_cache()
    try:
        assert os.environ["MPLCONFIGDIR"].startswith(str(tmp_path))
    finally:
        del os.environ["MPLCONFIGDIR"]


def test_explore_runs_and_is_no_template(tmp_path):
    done = perfkit(
        "run", ROOT / "params" / "shili-archives-2023.yaml", "-o", tmp_path,
        "--formats", "html", "--template", ROOT / "notebooks" / "explore.ipynb",
    )  # fmt: skip
    assert done.returncode == 1
    assert "没有印出报告的任何一章" in done.stderr + done.stdout  # after all its cells have run
