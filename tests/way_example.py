"""The whole way of a filing: blank form, filled in, report, review, letter, answer; and its picture.

    .venv/bin/python tests/way_example.py

Makes README-way.png from what it went through. Needs Chromium and LibreOffice on the PATH. Not a test; tests/test_way.py goes the same way and looks at each step.
"""

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import docx
import openpyxl
import pdfplumber
from PIL import Image

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "params" / "fengtai-finance-2023.yaml"
NAME = "填报表"
FINDING = "预算执行率自评19分"
ANSWER = "已按执行数重新计算，改为 19.98 分"


def perfkit(folder, *arguments):
    """What the command prints; it must end well."""
    command = [sys.executable, "-m", "perfkit", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def filled_in(folder):
    """The blank form, with what the model department filed typed into the cells that are open."""
    (folder / "params").mkdir()
    book = folder / "params" / f"{NAME}.xlsx"
    perfkit(folder, "form", "--rubric", "beijing-2023", "-o", book)
    perfkit(folder, "export", MODEL, "-o", folder / "typed.xlsx")
    blank, typed = openpyxl.load_workbook(book), openpyxl.load_workbook(folder / "typed.xlsx")
    for sheet in typed:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None and not cell.protection.locked:
                    place = blank[sheet.title][cell.coordinate]
                    assert not place.protection.locked, f"{sheet.title} {cell.coordinate}"
                    place.value = cell.value
    blank.save(book)
    return book


def reports(folder, book):
    """Its report, in the folder of a kit."""
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "report.ipynb", folder / "notebooks")
    return perfkit(folder, "run", book.relative_to(folder))


@contextmanager
def served(folder):
    """The address at which `perfkit review` shows the reports."""
    command = [sys.executable, "-m", "perfkit", "review", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8",
    )  # fmt: skip
    try:
        found = (re.search(r"http://127\.0\.0\.1:\d+/[^/\s]+/", line) for line in process.stdout)
        yield next(address[0] for address in found if address)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def opened(browser, address):
    """The report in review, as large as a screen."""
    page = browser.new_page(viewport={"width": 1320, "height": 900})
    page.goto(f"{address}{NAME}.html")
    page.wait_for_selector("html[data-ready]")
    return page


def reviewed(page):
    """A finding is made a remark to the department, and the server has it."""
    note = page.locator(".note", has_text=FINDING)
    note.get_by_text("转为意见", exact=True).click()
    page.fill("#remark-by", "王某")
    page.locator("form.compose button[type=submit]").click()
    page.locator(".note.remark", has_text=FINDING).wait_for()
    for _ in range(200):
        if page.evaluate("record.unsent.size === 0"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the remark never reached the server")


def answered(folder):
    """The letter to the department, its answer written in, and taken back."""
    perfkit(folder, "letter", NAME)
    letter = folder / "outputs" / "letters" / f"{NAME}-反馈意见单.docx"
    document = docx.Document(letter)
    about, lines = document.tables
    about.cell(1, 1).text, about.cell(1, 3).text = "李某", "2024年4月1日"
    row = next(row for row in lines.rows if FINDING in row.cells[3].text + row.cells[2].text)
    row.cells[5].text, row.cells[6].text = "采纳", ANSWER
    document.save(letter)
    return letter, perfkit(folder, "letter", "--import", letter)


# ---- the picture

WIDTH, HEIGHT, GAP = 1640, 1120, 24
BACKGROUND = "#dfe4ea"


def fonts(folder):
    """The environment in which the font of the wheel is the only Chinese one, on any machine."""
    found = importlib.util.find_spec("pylopdf_fonts_zh_cn").submodule_search_locations[0]
    settings = folder / "fonts.conf"
    settings.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{found}</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir>"
        "</fontconfig>",
        encoding="utf-8",
    )
    return {"FONTCONFIG_FILE": str(settings), "PATH": os.environ["PATH"], "HOME": str(folder)}


def pictured(path, folder, words):
    """The page with *words* of an office document, as LibreOffice prints it."""
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile"]
    command += ["--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, env=fonts(folder))
    with pdfplumber.open(folder / f"{path.stem}.pdf") as pdf:
        texts = [(page.extract_text() or "").replace("\n", "") for page in pdf.pages]
        page = next(page for page, text in zip(pdf.pages, texts, strict=True) if words in text)
        return page.to_image(resolution=100).original


def show(page):
    """The remark in the middle of the screen."""
    note = page.locator(".note.remark").first
    note.evaluate("note => note.scrollIntoView({block: 'center'})")


def main(picture=ROOT / "README-way.png"):
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"],
            env=fonts(folder),
        )  # fmt: skip
        book = filled_in(folder)
        reports(folder, book)
        with served(folder) as address:
            page = opened(browser, address)
            reviewed(page)
            show(page)
            shots = [page.screenshot()]
            letter, _ = answered(folder)
            page.reload()
            page.wait_for_selector("html[data-ready]")
            show(page)
            shots.append(page.screenshot())
        browser.close()
        pages = [Image.open(io.BytesIO(shot)) for shot in shots]
        # The same values; a row grows with its text only where a person types.
        form = pictured(folder / "typed.xlsx", folder, "全年预算数（万元）")
        panels = [form, pages[0], pictured(letter, folder, "19.98 分"), pages[1]]
    canvas = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    wide, high = (WIDTH - 3 * GAP) // 2, (HEIGHT - 3 * GAP) // 2
    for n, panel in enumerate(panels):
        panel = panel.convert("RGB")
        panel.thumbnail((wide, high))
        left = GAP + (n % 2) * (wide + GAP) + (wide - panel.width) // 2
        canvas.paste(panel, (left, GAP + (n // 2) * (high + GAP) + (high - panel.height) // 2))
    canvas.quantize(128).save(picture, optimize=True)


if __name__ == "__main__":
    main()
