"""Makes README.png from the model department's real report: the page in review, and two of the PDF.

    .venv/bin/python tests/readme_picture.py

Needs Chromium on the PATH. Not a test.
"""

import io
import shutil
from pathlib import Path

import pdfplumber
from PIL import Image
from playwright.sync_api import sync_playwright

from perfkit.batch.execute import make_report

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "params" / "fengtai-finance-2023.yaml"
WIDTH, HEIGHT = 1600, 900
BACKGROUND = "#dfe4ea"


def page_of_html(file: Path) -> Image.Image:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1320, "height": 1240})
        page.goto(file.as_uri())
        page.locator("#review-toggle").click()
        page.locator("#chapter-2").evaluate("heading => heading.scrollIntoView()")
        picture = page.screenshot()
        browser.close()
    return Image.open(io.BytesIO(picture))


def pages_of_pdf(file: Path) -> list[Image.Image]:
    with pdfplumber.open(file) as pdf:
        sheet = next(page for page in pdf.pages if page.width > page.height)
        return [page.to_image(resolution=110).original for page in (pdf.pages[0], sheet)]


def main() -> None:
    outputs = ROOT / "outputs"
    make_report(MODEL, ROOT / "notebooks" / "report.ipynb", outputs, ["html", "pdf"])
    page = page_of_html(outputs / f"{MODEL.stem}.html")
    first, sheet = pages_of_pdf(outputs / f"{MODEL.stem}.pdf")
    canvas = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    page.thumbnail((880, 840))
    first.thumbnail((430, 420))
    sheet.thumbnail((620, 400))
    for picture, place in ((page, (30, 30)), (first, (1100, 30)), (sheet, (950, 480))):
        canvas.paste(picture.convert("RGB"), place)
    canvas.quantize(128).save(ROOT / "README.png", optimize=True)


if __name__ == "__main__":
    main()
