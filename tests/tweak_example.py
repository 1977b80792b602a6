"""Makes README-tweak.png: the tweak of the READMEs from start to PDF, the page beside the PDF's page.

    .venv/bin/python tests/tweak_example.py

What it adds to the parameter file and to the template it reads out of the README, so that what
is shown is what is written there. Needs Chromium on the PATH. Not a test; tests/test_tweak.py
runs it.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pdfplumber
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
MODEL = "fengtai-finance-2023"
AFTER = "chart-amounts"
"""The template's cell that the new one stands after."""

WIDTH, HEIGHT = 1500, 780
BACKGROUND = "#dfe4ea"


def blocks(readme: Path) -> dict[str, str]:
    """The code blocks of the README's example, by language."""
    text = readme.read_text(encoding="utf-8")
    example = text.partition("<!-- tweak -->")[2].partition("README-tweak.png")[0]
    return dict(re.findall(r"^```(\w+)\n(.*?)^```$", example, re.MULTILINE | re.DOTALL))


def make(example: dict[str, str], folder: Path) -> Path:
    """A copy of the kit in *folder* with the tweak, its reports made; the folder of the reports."""
    for name in ("notebooks", "params"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "report.ipynb", folder / "notebooks")
    params = folder / "params" / f"{MODEL}.yaml"
    filed = (ROOT / "params" / params.name).read_text(encoding="utf-8")
    params.write_text(f"{filed.rstrip()}\n{example['yaml']}", encoding="utf-8")
    template = folder / "notebooks" / "report.ipynb"
    notebook = nbformat.read(template, as_version=4)
    places = [cell.id for cell in notebook.cells]
    cell = nbformat.v4.new_code_cell(example["python"].rstrip(), id="tweak")
    notebook.cells.insert(places.index(AFTER) + 1, cell)
    nbformat.write(notebook, template)
    command = [sys.executable, "-m", "perfkit", "run", "--formats", "html,pdf"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "outputs"


def place_of_chart(notebook: Path) -> tuple[int, str]:
    """Which of the report's drawings the new cell's is, from 0, and its caption."""
    found = 0
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            about = output.get("metadata", {}).get("image/svg+xml")
            if about is not None and cell.id == "tweak":
                return found, about["caption"]
            found += about is not None
    raise SystemExit("the new cell has no chart")


def page_of_html(file: Path, chart: int) -> Image.Image:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1320, "height": 1120})
        page.goto(file.as_uri())
        figure = page.locator("figure.chart").nth(chart)
        figure.evaluate("figure => figure.scrollIntoView({block: 'center'})")
        picture = page.screenshot()
        browser.close()
    return Image.open(io.BytesIO(picture))


def page_of_pdf(file: Path, caption: str) -> Image.Image:
    """The last page with the caption: another chart before it may have the same."""
    with pdfplumber.open(file) as pdf:
        text = [(page.extract_text() or "").replace("\n", "") for page in pdf.pages]
        number = max(i for i, words in enumerate(text) if caption in words)
        return pdf.pages[number].to_image(resolution=110).original


def main(readme: Path = ROOT / "README.md", picture: Path = ROOT / "README-tweak.png") -> None:
    with tempfile.TemporaryDirectory() as folder:
        outputs = make(blocks(readme), Path(folder))
        chart, caption = place_of_chart(outputs / f"{MODEL}.ipynb")
        page = page_of_html(outputs / f"{MODEL}.html", chart)
        paper = page_of_pdf(outputs / f"{MODEL}.pdf", caption)
    canvas = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    page.thumbnail((860, HEIGHT - 60))
    paper.thumbnail((WIDTH - page.width - 90, HEIGHT - 60))
    for image, left in ((page, 30), (paper, page.width + 60)):
        canvas.paste(image.convert("RGB"), (left, (HEIGHT - image.height) // 2))
    canvas.quantize(128).save(picture, optimize=True)


if __name__ == "__main__":
    main()
