"""The READMEs' example of a tweak: the same in both languages, and made from what is written there."""

from pathlib import Path

import nbformat
from tweak_example import MODEL, blocks, make, place_of_chart

ROOT = Path(__file__).parent.parent


def test_both_readmes_have_the_same_example():
    example = blocks(ROOT / "README.md")
    assert set(example) == {"yaml", "python"}
    assert blocks(ROOT / "README.en.md") == example


def test_the_example_gives_a_chart_of_the_ten_largest_projects(tmp_path):
    outputs = make(blocks(ROOT / "README.md"), tmp_path / "kit")
    notebook = nbformat.read(outputs / f"{MODEL}.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.id == "tweak"]
    (output,) = cell.outputs
    assert "10 个项目" in output.metadata["image/svg+xml"]["alt"]
    _, caption = place_of_chart(outputs / f"{MODEL}.ipynb")
    page = (outputs / f"{MODEL}.html").read_text(encoding="utf-8")
    assert f"<figcaption>{caption}</figcaption>" in page
    assert (outputs / f"{MODEL}.pdf").read_bytes().startswith(b"%PDF")
