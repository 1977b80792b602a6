"""The page as a reader sees it, in a real Chromium; as it is published."""

import io
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"


@pytest.fixture(scope="module", params=["fengtai-finance-2023", "shili-street-2023"])
def address(request, tmp_path_factory, quick_report):
    """The model report, and the one with eighty projects."""
    folder = tmp_path_factory.mktemp("page")
    quick_report(ROOT / "params" / f"{request.param}.yaml", TEMPLATE, folder, ["html"])
    return (folder / f"{request.param}.html").as_uri()


@pytest.fixture
def page(browser, address):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.requests, tab.messages = [], []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.on("console", lambda message: tab.messages.append(message.text))
    tab.goto(address)
    yield tab
    tab.close()


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_nothing_is_asked_of_any_network(page, address):
    elsewhere = [url for url in page.requests if url != address and not url.startswith("data:")]
    assert elsewhere == []
    assert page.messages == []


def test_it_is_accessible(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_shows_it_without_scrolling_sideways(page):
    page.set_viewport_size({"width": 360, "height": 640})
    assert overflow(page) <= 0


def test_wide_tables_scroll_in_a_region_that_the_keyboard_reaches(page, until):
    page.set_viewport_size({"width": 360, "height": 640})
    wide = page.locator(".landscape .scroll").first
    assert wide.evaluate("element => element.scrollWidth > element.clientWidth")
    wide.focus()
    before = wide.evaluate("element => element.scrollLeft")
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 0")
    assert before == 0


def test_the_contents_lead_to_every_chapter(page):
    links = page.locator("nav.contents > ul > li > a:visible")
    chapters = page.locator("main h2:visible").all_inner_texts()
    assert links.all_inner_texts() == chapters
    for link in links.all():
        target = link.get_attribute("href").removeprefix("#")
        assert page.locator(f"[id='{target}']").count() == 1


def test_the_page_begins_with_its_title(page):
    title, contents = page.locator("h1"), page.locator("nav.contents")
    page.set_viewport_size({"width": 360, "height": 640})
    assert title.bounding_box()["y"] < contents.bounding_box()["y"]


def test_the_contents_can_be_skipped(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('nav')")


def test_ids_are_unique(page):
    ids = page.evaluate("[...document.querySelectorAll('main [id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_chinese_is_drawn_by_a_font_that_has_it(page):
    """Without a system font for Chinese, as in CI, the one in the page serves."""
    page.evaluate("document.fonts.ready")
    widths = page.evaluate(
        """() => {
          const context = document.createElement('canvas').getContext('2d');
          context.font = '40px "perfkit sans"';
          return ['绩', '效', '一'].map(c => Math.round(context.measureText(c).width));
        }"""
    )
    assert widths == [40, 40, 40]


def test_printing_hides_the_contents_and_the_review(page):
    page.emulate_media(media="print")
    assert page.locator("nav.contents").is_hidden()
    assert all(part.is_hidden() for part in page.locator(".review").all())


def test_no_heading_and_no_header_stands_alone_on_a_printed_page(page):
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    characters = [len(one.extract_text().replace(" ", "")) for one in printed.pages]
    assert min(characters[:-1]) > 150


def test_charts_have_alternative_text(page):
    charts = page.locator("figure.chart svg")
    assert charts.count() == 4
    labels = [chart.get_attribute("aria-label") for chart in charts.all()]
    assert all(label and label.startswith("条形图：") for label in labels)
