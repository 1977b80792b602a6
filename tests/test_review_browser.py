"""The review of a report in a real Chromium: findings, derivations, remarks, both ways of saving.

The report is made as `perfkit run` makes it and opened as a file, or served
by a real `perfkit review`; what a reviewer does is done with mouse and keys.
"""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock

from perfkit.audit.findings import LEVELS
from perfkit.review import answers, letter
from perfkit.review.record import LONGEST

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
NAME = "fengtai-finance-2023"
GUARD = 60_000
"""Milliseconds after which something hangs; a busy machine takes a part of them."""
HOSTILE = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"


@pytest.fixture(scope="module")
def made(tmp_path_factory, model, quick_report):
    """The model report as a file."""
    folder = tmp_path_factory.mktemp("outputs")
    quick_report(model, TEMPLATE, folder, ["html"])
    return folder


@pytest.fixture
def outputs(made, tmp_path):
    """A copy of it, for remarks of its own."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    page = folder / f"{NAME}.html"
    page.write_bytes((made / page.name).read_bytes())
    return folder


@pytest.fixture
def opened(browser):
    """Open a page as one reviewer; nothing may be asked of any other address, or go wrong."""
    contexts, troubles = [], []

    def open_page(address, width=1366, context=None):
        if context is None:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, accept_downloads=True
            )
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(GUARD)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: elsewhere(request.url))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    def elsewhere(url):
        if not url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
            troubles.append(url)

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def reviewing(opened, outputs):
    """The model report as a file, its review view open."""

    def open_page(width=1366):
        page = opened((outputs / f"{NAME}.html").as_uri(), width)
        page.click("#review-toggle")
        return page

    return open_page


@pytest.fixture
def served(outputs):
    """The address of the report, served by a process of its own."""
    processes = []

    def serve(folder=outputs):
        command = [sys.executable, "-m", "perfkit", "review", "-o", str(folder), "--no-browser"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        processes.append(process)
        for line in process.stdout:
            if address := re.search(r"http://127\.0\.0\.1:\d+/[^/\s]+/", line):
                return f"{address[0]}{NAME}.html"
        raise AssertionError("perfkit review told no address")

    yield serve
    for process in processes:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def choose(page, block, words):
    """Select words of a block, as with the mouse."""
    page.evaluate(
        """([block, words]) => {
          const element = blocks.get(block);
          const { text, points } = read(element);
          const start = text.indexOf(words);
          const end = points[start + words.length - 1];
          getSelection().setBaseAndExtent(
            points[start].node, points[start].offset, end.node, end.offset + 1);
        }""",
        [block, words],
    )


def remark(page, block, words, text, by="甲"):
    """Write a remark on words of a block."""
    choose(page, block, words)
    page.click("#write-remark")
    page.fill("#remark-by", by)
    page.fill("#remark-text", text)
    page.click("form.compose button[type=submit]")
    page.wait_for_selector("form.compose", state="detached")


def until(page, condition, asking="null"):
    """Wait for a state of the page's script; Playwright's own way is refused by the served page."""
    page.evaluate(
        f"""() => new Promise((done, failed) => {{
          const look = async () => {{
            await {asking};
            if ({condition}) done();
            else setTimeout(look, 20);
          }};
          setTimeout(() => failed(new Error("never: " + {json.dumps(condition)})), {GUARD});
          look();
        }})"""
    )


def saved(page):
    """Wait until the server has said that it has everything."""
    until(page, "record.unsent.size === 0")


def reload(page):
    page.reload()
    page.wait_for_selector("html[data-ready]")


def remarks(page):
    """The remarks shown: text, and what is said of their place."""
    return page.evaluate(
        """() => placeRemarks(record.fold().remarks).map((item) => ({
          text: item.remark.text, state: item.state, settled: item.remark.settled,
          answers: item.remark.thread.map((event) => event.text ?? event.kind),
          words: item.block && texts.get(item.block).slice(item.start, item.end),
        }))"""
    )


def body(page):
    return page.locator("main").inner_text()


# ---- the view


def test_one_toggle_between_the_report_and_its_review(opened, outputs):
    page = opened((outputs / f"{NAME}.html").as_uri())
    clean = body(page)
    assert page.locator(".review:visible, .notes, mark, [data-of][role]").count() == 0

    page.click("#review-toggle")
    assert page.locator(".notes .note").count() > 0
    assert page.locator("#review-toggle").get_attribute("aria-pressed") == "true"

    page.click("#review-toggle")
    assert body(page) == clean


def test_figures_in_the_text_show_whether_they_hold(reviewing):
    page = reviewing()
    project = page.locator("[data-block='projects.4.narrative.1']")
    shown = {
        kind: project.locator(f"[data-checked={kind}]").all_inner_texts()
        for kind in ("right", "wrong", "unchecked")
    }
    assert shown == {
        "right": ["520万元", "520万元", "520万元", "100%"],
        "wrong": [],
        "unchecked": ["两笔", "220万元", "300万元", "2023年9月", "一次"],
    }
    style = "one => getComputedStyle(one).textDecorationStyle"
    lines = {
        kind: page.locator(f"[data-checked={kind}]").first.evaluate(style)
        for kind in ("right", "wrong", "unchecked")
    }
    assert lines == {"right": "solid", "wrong": "double", "unchecked": "dashed"}
    marked = {kind: page.locator(f".filed [data-checked={kind}]").count() for kind in lines}
    told = "".join(page.locator(".review").all_inner_texts())
    assert f"数字和日期{sum(marked.values())}处" in told
    assert f"与数据一致{marked['right']}处" in told

    page.click("#review-toggle")
    one = page.locator("[data-checked=right]").first
    assert one.evaluate("one => getComputedStyle(one).textDecorationLine") == "none"


def test_the_view_is_remembered(opened, outputs):
    address = (outputs / f"{NAME}.html").as_uri()
    page = opened(address)
    page.click("#review-toggle")
    assert opened(address, context=page.context).locator(".notes .note").count() > 0


def test_every_finding_is_listed_counted_and_leads_to_its_place(reviewing):
    page = reviewing()
    data = page.evaluate("data")
    assert page.locator("#review-panel .findings li").count() == len(data["findings"])
    for level, words in LEVELS.items():
        count = sum(finding["level"] == level for finding in data["findings"])
        assert page.locator(f"#review-bar .{level}").inner_text() == f"{words} {count}"
    links = page.locator("#review-panel .findings a")
    assert links.count() == len(data["findings"])
    for link in links.all():
        note = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        assert link.inner_text() in note.inner_text()
    links.last.click()
    assert page.evaluate("document.activeElement.classList.contains('note')")


def test_a_finding_stands_at_the_row_it_speaks_of(reviewing):
    page = reviewing()
    row = page.locator("tr[data-block='score.execution']")
    assert row.get_attribute("data-noted") == "error"
    note = page.locator(".note.error", has_text="预算执行率自评19分")
    assert note.count() == 1
    assert abs(note.bounding_box()["y"] - row.bounding_box()["y"]) < 300


def test_a_finding_marks_the_words_it_speaks_of(reviewing):
    page = reviewing()
    quoted = [finding for finding in page.evaluate("data.findings") if finding["quote"]]
    assert quoted
    for finding in quoted:
        note = page.locator(".note", has_text=finding["message"]).first
        place = page.evaluate(
            "id => placeFindings().find(item => item.id === id)", note.get_attribute("id")
        )
        text = page.evaluate("block => texts.get(block)", place["block"])
        assert text[place["start"] : place["end"]] == finding["quote"]
    marked = "".join(page.locator("mark").all_inner_texts())
    assert all(finding["quote"][:2] in marked for finding in quoted)


def test_every_figure_opens_its_derivation(reviewing):
    page = reviewing()
    figures = page.locator("main [data-of]")
    named = figures.evaluate_all("all => all.map(one => one.dataset.of)")
    known = page.evaluate("Object.keys(data.derivations)")
    assert len(named) > 100
    assert set(named) <= set(known)

    row = page.locator("tr[data-block='score.execution'] [data-of=execution]")
    row.click()
    shown = page.locator("dialog").inner_text()
    assert "15529.32 ÷ 15548.09 = 99.8793% × 20 = 19.98" in shown
    assert "全年执行数 ÷ 全年预算数" in shown
    assert re.search(rf"params/{NAME}\.yaml:\d+", shown)
    page.keyboard.press("Escape")
    assert page.locator("dialog").is_hidden()


@pytest.mark.parametrize("width", [360, 800, 1366, 1920])
def test_nothing_overflows_at(width, reviewing):
    page = reviewing(width)
    remark(page, "narrative.result.1", "得分均在90分以上", "请附上各项目的得分")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".note, #review-bar, #review-bar *")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert outside == 0


def test_notes_do_not_lie_over_each_other_or_the_text(reviewing):
    page = reviewing()
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".note")].filter((one) => !one.closest(".landscape")).map((one) => {
          const { left, right, top, bottom } = one.getBoundingClientRect();
          return { left, right, top, bottom };
        }).sort((a, b) => a.top - b.top)"""
    )
    assert all(above["bottom"] <= below["top"] + 1 for above, below in itertools.pairwise(boxes))
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('main p.filed')].map(p => p.getBoundingClientRect().right))"
    )
    assert min(box["left"] for box in boxes) >= right
    # Those of a wide table stand above it, and leave it their room: nothing of it is out of sight.
    tables = page.evaluate(
        """() => [...document.querySelectorAll(".landscape .scroll")].map((one) => [
          one.scrollWidth - one.clientWidth,
          one.getBoundingClientRect().top
            - Math.max(0, ...[...one.parentElement.querySelectorAll(".note")].map((note) => note.getBoundingClientRect().bottom)
              .filter((bottom) => bottom <= one.getBoundingClientRect().bottom)),
        ])"""
    )
    assert tables
    assert all(hidden <= 0 and gap >= 0 for hidden, gap in tables)


@pytest.mark.parametrize("doing", ["reading", "writing", "asking"])
def test_it_is_accessible_while(doing, reviewing):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", "请附上各项目的得分")
    if doing == "writing":
        page.click("#write-remark")
    if doing == "asking":
        page.locator("[data-of=total][role]").first.click()
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_print_is_of_the_view_that_is_open(reviewing):
    page = reviewing()
    page.emulate_media(media="print")
    for part in ("#review-panel .findings li", ".notes .note.error", "mark"):
        assert page.locator(part).first.is_visible(), part
    assert page.locator("#review-bar, button, input").locator("visible=true").count() == 0
    page.emulate_media(media="screen")
    page.click("#review-toggle")
    page.emulate_media(media="print")
    shown = page.locator("#review-bar, #review-panel, .review, .notes, mark")
    assert shown.locator("visible=true").count() == 0


# ---- remarks, the page opened as a file


def test_a_remark_is_written_answered_settled_and_there_after_reloading(reviewing):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", "请附上各项目的得分")
    assert "".join(page.locator("mark.remark").all_inner_texts()) == "得分均在90分以上"
    assert page.locator("#review-bar .remark").inner_text() == "意见 1"

    note = page.locator(".note.remark")
    note.get_by_text("回复", exact=True).click()
    page.fill("#remark-by", "乙")
    page.fill("#remark-text", "已补附件")
    page.keyboard.press("Control+Enter")
    note.get_by_text("已补附件").wait_for()
    page.locator(".note.remark").get_by_text("了结", exact=True).click()
    page.locator(".note.settled").wait_for()
    assert page.locator("#review-bar .remark").inner_text() == "意见 0"

    reload(page)
    assert remarks(page) == [
        {
            "text": "请附上各项目的得分",
            "state": "kept",
            "settled": True,
            "answers": ["已补附件", "settle"],
            "words": "得分均在90分以上",
        }
    ]
    page.locator(".note.settled").get_by_text("重新提出").click()
    assert page.locator("#review-bar .remark").inner_text() == "意见 1"


def test_a_row_of_the_score_sheet_takes_a_remark(reviewing):
    page = reviewing()
    row = page.locator("tr[data-block='sheet.variance']")
    row.locator("th").click()
    page.click("#write-remark")
    page.fill("#remark-by", "甲")
    page.fill("#remark-text", "请补年初预算数")
    page.click("form.compose button[type=submit]")
    page.wait_for_selector("form.compose", state="detached")
    words = remarks(page)[0]["words"]
    assert words.startswith("部门预决算差异率（4） —— 0.12% 4 4")


def test_the_quoted_words_can_be_narrowed(reviewing):
    page = reviewing()
    page.locator("[data-block='narrative.result.1']").click()
    page.click("#write-remark")
    page.fill("#remark-quote", "这一段里没有的话")
    page.fill("#remark-text", "何处可查？")
    page.fill("#remark-by", "甲")
    page.click("form.compose button[type=submit]")
    assert "不在所选的段落里" in page.locator("#remark-problem").inner_text()
    page.fill("#remark-quote", "19个项目由单位自评")
    page.click("form.compose button[type=submit]")
    page.wait_for_selector("form.compose", state="detached")
    assert remarks(page)[0]["words"] == "19个项目由单位自评"


def test_a_hostile_remark_is_text(reviewing):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", HOSTILE, by=HOSTILE[:40])
    assert HOSTILE in page.locator(".note.remark").inner_text()
    reload(page)
    assert HOSTILE in page.locator(".note.remark").inner_text()
    assert page.evaluate("window.harmed") is None


def test_a_megabyte_is_refused_with_a_reason_and_stays_in_the_form(reviewing):
    page = reviewing()
    page.locator("[data-block='narrative.result.1']").click()
    page.click("#write-remark")
    page.fill("#remark-by", "甲")
    long = "长" * 1_000_000
    page.evaluate(
        """text => {
          const area = document.getElementById("remark-text");
          area.value = text;
          area.dispatchEvent(new Event("input"));
        }""",
        long,
    )
    page.click("form.compose button[type=submit]")
    assert page.locator("#remark-problem").inner_text().startswith("意见有1000000个字，最多20000个")
    assert page.input_value("#remark-text") == long
    page.fill("#remark-text", "短" * LONGEST)
    page.click("form.compose button[type=submit]")
    page.wait_for_selector("form.compose", state="detached")
    assert remarks(page)[0]["text"] == "短" * LONGEST


def test_saved_as_a_file_and_read_in_elsewhere(reviewing, opened, outputs, tmp_path):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", "第一行\n第二行\u2028" + HOSTILE)
    with page.expect_download() as download:
        page.get_by_text("把意见存成文件").click()
    assert download.value.suggested_filename == f"{NAME}-审阅意见.yaml"
    saved = tmp_path / "意见 (1).yaml"
    download.value.save_as(saved)
    events = yaml.safe_load(saved.read_text(encoding="utf-8"))
    assert [(e["kind"], e["report"], e["text"].count("\n")) for e in events] == [
        ("remark", NAME, 1)
    ]

    other = opened((outputs / f"{NAME}.html").as_uri())
    other.click("#review-toggle")
    assert remarks(other) == []
    other.set_input_files("#review-record input[type=file]", saved)
    other.get_by_text("读入1条新的记录").last.wait_for()
    assert remarks(other) == remarks(page)

    imported = subprocess.run(
        [sys.executable, "-m", "perfkit", "review", "-o", str(outputs), "--import", str(tmp_path)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    written = (outputs / "reviews" / f"{NAME}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(written) == events


def test_two_windows_of_a_report_keep_what_both_wrote(reviewing, opened):
    """Each keeps its own remarks under keys of their own, and shows the other's."""
    first = reviewing()
    second = opened(first.url, context=first.context)
    remark(first, "narrative.result.1", "得分均在90分以上", "第一个窗口")
    until(second, "record.fold().remarks.length === 1")
    remark(second, "narrative.measures.1", "强化预算绩效管理", "第二个窗口")
    until(first, "record.fold().remarks.length === 2")
    for page in (first, second):
        reload(page)
        assert {item["text"] for item in remarks(page)} == {"第一个窗口", "第二个窗口"}


def test_another_file_is_refused(reviewing, tmp_path):
    page = reviewing()
    other = tmp_path / "x.yaml"
    for text, why in (("预算: 1\n", "第 1 行读不懂"), ('- {"id": 1}\n', "第 1 行读不懂")):
        other.write_text(text, encoding="utf-8")
        page.set_input_files("#review-record input[type=file]", other)
        page.locator("dialog").get_by_text(why).wait_for()
        page.keyboard.press("Escape")


# ---- without a mouse


def test_a_reviewer_needs_no_mouse(opened, outputs):
    """Open the review, go to a paragraph, see a derivation, remark, settle, accept."""
    page = opened((outputs / f"{NAME}.html").as_uri())
    press = page.keyboard.press

    def focused(script):
        return page.evaluate(f"document.activeElement.{script}")

    def tab_to(script, most=400):
        for _ in range(most):
            if focused(script):
                return
            press("Tab")
        raise AssertionError(f"never reached: {script}")

    tab_to("id === 'review-toggle'", 3)
    press("Enter")
    tab_to("id === 'next-note'", 16)
    press("Enter")
    assert focused("classList.contains('note')")
    at = focused("id")
    press("ArrowDown")
    assert focused("classList.contains('note')")
    assert focused("id") != at
    press("ArrowUp")
    assert focused("id") == at

    # To the one block that is in the order of the keys, and on to the results.
    page.evaluate("document.getElementById('text').focus()")
    tab_to("dataset.block === 'title'") if focused("dataset.block !== 'title'") else None
    for _ in range(200):
        if focused("dataset.block === 'result.1'"):
            break
        press("ArrowDown")
    assert focused("dataset.block === 'result.1'")
    press("Tab")
    assert focused("dataset.of === 'total'")
    press("Enter")
    assert "各指标得分之和" in page.locator("dialog").inner_text()
    press("Escape")
    assert focused("dataset.of === 'total'")
    press("Shift+Tab")
    press("Enter")
    assert focused("id === 'remark-text'")
    page.keyboard.insert_text("总分请与评分表核对")
    tab_to("id === 'remark-by'", 3)
    page.keyboard.insert_text("甲")
    press("Control+Enter")
    page.wait_for_selector("form.compose", state="detached")
    assert focused("classList.contains('remark')")
    tab_to("textContent === '了结'", 4)
    press("Enter")
    page.locator(".note.settled").wait_for()

    page.locator("#review-panel").focus()
    tab_to("textContent === '通过'", 80)
    press("Enter")
    tab_to("id === 'decision-text'", 3)
    page.keyboard.insert_text("错误已与部门核对")
    tab_to("textContent === '通过' && document.activeElement.closest('dialog')", 6)
    press("Enter")
    page.get_by_text("已通过").first.wait_for()


# ---- the review of one version, and the next


def edited(model, folder, *edits):
    """The model report made again from an edited parameter file."""
    text = model.read_text(encoding="utf-8")
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    params = folder / f"{NAME}.yaml"
    params.write_text(text, encoding="utf-8")
    return params


def test_a_regenerated_report_keeps_its_remarks_and_shows_what_changed(
    reviewing, outputs, tmp_path, model, quick_report
):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", "留在原处")
    remark(page, "projects.17.narrative.1", "42.5万元", "数字要改")
    remark(page, "narrative.problems.1", "预算绩效管理的理念尚未深入人心", "这句要删")
    page.locator("#review-record").get_by_text("退回", exact=True).click()
    page.locator("dialog").get_by_text("退回", exact=True).last.click()
    page.locator("#review-bar").get_by_text("已退回").wait_for()

    params = edited(
        model, tmp_path,
        ("；预算绩效管理的理念尚未深入人心。", "。"),
        ("实际支出42.5万元，执行率81.08%", "实际支出42.4万元，执行率80.89%"),
        ("我办2023年度部门整体绩效评价结果为优秀。", "按评分标准，我办2023年度部门整体绩效评价结果为优秀。"),
    )  # fmt: skip
    quick_report(params, TEMPLATE, outputs, ["html"])
    page.reload()
    page.wait_for_selector("html[data-ready]")

    states = {item["text"]: (item["state"], item["words"]) for item in remarks(page)}
    assert states == {
        "留在原处": ("kept", "得分均在90分以上"),
        "数字要改": ("numbers", "42.4万元"),
        "这句要删": ("lost", None),
    }
    assert page.locator("#review-record").get_by_text("原文已不在报告里").count() == 1
    changed = page.locator("mark.change").all_inner_texts()
    assert "按评分标准，" in "".join(changed)
    assert page.locator(".note.change del", has_text="预算绩效管理的理念尚未深入人心").count() == 1


def test_two_hundred_remarks_are_all_listed_after_an_edit(
    reviewing, outputs, tmp_path, model, quick_report
):
    """tests/test_anchor.py has the laws; here they are seen on the page."""
    page = reviewing()
    page.evaluate(
        """() => {
          const names = [...texts.keys()];
          for (let i = 0; i < 200; i++) {
            // The first one is on words that the edits below change.
            const block = i ? names[(i * 7) % names.length] : "projects.9.narrative.1";
            const text = texts.get(block);
            const start = i ? Math.floor((text.length * ((i * 13) % 10)) / 12) : text.indexOf("合同生效后");
            const selector = selectorOf(text, start, Math.min(text.length, start + 8));
            const id = String(i).padStart(16, "0");
            const event = { id, report: record.report, at: now(), by: "甲", kind: "remark",
              text: `意见${i}`, target: { block, selector, start } };
            record.take(event, record.unsent);
            record.keep(event);
          }
          show();
        }"""
    )
    params = edited(
        model, tmp_path,
        ("合同生效后到2023年底履约正常，", "合同执行情况："),
        ("丽泽金融商务区按市区领导的指示精神和市级规划，", ""),
        ("spent: 98.3925", "spent: 98.4"),
    )  # fmt: skip
    quick_report(params, TEMPLATE, outputs, ["html"])
    reload(page)
    found = remarks(page)
    assert sorted(item["text"] for item in found) == sorted(f"意见{i}" for i in range(200))
    assert page.locator("#review-record > ul > li").count() == 200
    assert page.locator(".note.remark").count() == 200
    states = [item["state"] for item in found]
    assert states.count("kept") > 180
    assert set(states) - {"kept"}, "the edits touched some"


def test_a_comment_in_the_parameter_file_marks_nothing(
    reviewing, outputs, tmp_path, model, quick_report
):
    """It moves every line of the file, which the derivations name."""
    page = reviewing()
    remark(page, "derivation.execution", "15529.32万元", "请附决算")
    page.locator("#review-record").get_by_text("退回", exact=True).click()
    page.locator("dialog").get_by_text("退回", exact=True).last.click()
    page.locator("#review-bar").get_by_text("已退回").wait_for()
    before = page.locator("[data-block='derivation.execution']").inner_text()

    params = tmp_path / "params" / f"{NAME}.yaml"
    params.parent.mkdir()
    params.write_text("# 说明\n" + model.read_text(encoding="utf-8"), encoding="utf-8")
    quick_report(params, TEMPLATE, outputs, ["html"])
    reload(page)
    assert page.locator("[data-block='derivation.execution']").inner_text() != before
    assert page.evaluate("placeChanges(record.fold().decision)") == []
    assert [(item["state"], item["words"]) for item in remarks(page)] == [("kept", "15529.32万元")]


ACCEPTED = {
    "the data": ((("spent: 655.13", "spent: 655.03"),), "数据有变化"),
    "the narrative": ((("强化预算绩效管理", "进一步强化预算绩效管理"),), "文字有变化"),
}


def accepted(page):
    """The page of a report that was accepted, with a reason for its open errors."""
    page.locator("#review-record").get_by_text("通过", exact=True).click()
    page.fill("#decided-by", "甲")
    page.fill("#decision-text", "错误已与部门核对")
    page.locator("dialog").get_by_text("通过", exact=True).last.click()
    page.locator("#review-bar").get_by_text("已通过").wait_for()
    return page


@pytest.mark.parametrize("what", ACCEPTED)
def test_an_acceptance_lapses_with(what, reviewing, outputs, tmp_path, model, quick_report):
    page = accepted(reviewing())

    edits, why = ACCEPTED[what]
    quick_report(edited(model, tmp_path, *edits), TEMPLATE, outputs, ["html"])
    reload(page)
    assert page.locator("#review-bar").get_by_text("通过已失效").count() == 1
    assert page.locator(".lapsed").inner_text() == f"通过已失效：{why}。"


STAGES = """
  stages:
    - name: 财政核查
      person: 李明
      date: 2024-04-10
      scores:
        carryover: 3
      reason: 按决算核减
    - name: 核定
      person: 陈立
      date: 2024-05-20
      scores:
        carryover: 3.5
      reason: 部门补充了批复
"""


def test_an_acceptance_lapses_with_a_stage_that_the_sheet_and_its_figures_tell(
    reviewing, outputs, tmp_path, model, quick_report
):
    page = accepted(reviewing())

    params = edited(model, tmp_path)
    params.write_text(params.read_text(encoding="utf-8") + STAGES, encoding="utf-8")
    quick_report(params, TEMPLATE, outputs, ["html"])
    reload(page)
    told = page.locator("#review-record").inner_text()
    assert "通过已失效：数据有变化。" in told
    assert re.search("评分环节.*财政核查.*3", told)

    sheet = page.locator(".landscape table", has=page.locator("[data-block='sheet.carryover']"))
    assert {"自评得分", "财政核查", "核定得分"} <= set(sheet.locator("thead th").all_inner_texts())
    row = page.locator("tr[data-block='sheet.carryover']")
    assert "财政核查改为3分：按决算核减；核定改为3.5分：部门补充了批复" in row.inner_text()
    row.locator("[data-of^='stages.0.']").click()
    assert "财政核查给3分（李明，2024年4月10日），此前4分" in page.locator("dialog").inner_text()
    page.keyboard.press("Escape")
    row.locator("[data-of='carryover']").last.click()
    assert "陈立" in page.locator("dialog").inner_text()


def test_an_acceptance_lapses_with_the_template(reviewing, outputs, tmp_path, model, quick_report):
    page = accepted(reviewing())

    notebook = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    heading = next(cell for cell in notebook["cells"] if cell["id"] == "measures-heading")
    heading["source"] = 'report.chapter("六、改进", "measures")'
    template = tmp_path / "report.ipynb"
    template.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    quick_report(model, template, outputs, ["html"])
    reload(page)
    assert page.locator(".lapsed").inner_text() == "通过已失效：模板有变化。"


def test_findings_are_dealt_with_and_what_changed_since_is_told(
    reviewing, outputs, tmp_path, model, quick_report
):
    """A count filters; a finding is ticked, dismissed, made a remark, by keys; another making is held against it."""
    page = reviewing()
    press = page.keyboard.press
    shown = page.locator(".notes .note:not(.compose)")
    errors = page.evaluate("data.findings.filter((one) => one.level === 'error').length")
    page.locator("#filter-error").focus()
    press("Enter")
    assert page.locator("#filter-error").get_attribute("aria-pressed") == "true"
    assert shown.count() == page.locator(".notes .note.error").count() == errors
    assert page.locator("#review-panel .findings li").locator("visible=true").count() == errors

    page.locator("#next-note").focus()
    press("Enter")
    first = page.evaluate("document.activeElement.querySelector('p').textContent")
    press("Tab")
    press("Enter")  # 已核实; nobody has said who speaks
    page.keyboard.insert_text("甲")
    page.locator("dialog").get_by_text("继续").click()
    assert page.locator("#filter-error").inner_text() == f"错误 {errors - 1}"
    assert shown.count() == errors - 1, "with the filter it is gone, and the next one is at hand"
    assert page.evaluate("document.activeElement.matches('.note.error')")

    sum_spent = page.locator(".note", has_text="项目支出合计14870.55")
    sum_spent.get_by_text("不成立", exact=True).click()
    page.locator("dialog").get_by_text("不成立", exact=True).last.click()
    assert "请写上理由" in page.locator("dialog").inner_text()
    page.fill("#decision-text", "按所填执行率推算，财政已确认")
    page.locator("dialog").get_by_text("不成立", exact=True).last.click()
    claimed = page.locator(".note", has_text="预算执行率自评19分")
    claimed.get_by_text("转为意见", exact=True).click()
    assert "预算执行率自评19分" in page.locator("#remark-text").input_value()
    page.locator("form.compose button[type=submit]").click()
    page.locator("#filter-handled").click()
    assert [page.locator(".note.settled").count(), shown.count()] == [3, 3]
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.locator("#filter-handled").click()
    raised = page.evaluate("record.fold().remarks[0]")
    assert raised["target"]["block"] == "score.execution"
    assert raised["finding"]["code"] == "claim.score"

    page.locator(".note.remark").get_by_text("了结", exact=True).click()
    page.locator("#review-record").get_by_text("通过", exact=True).click()
    assert f"有{errors - 3}条错误没有处理" in page.locator("dialog").inner_text()
    page.locator("dialog").get_by_text("通过", exact=True).last.click()
    assert "请写上仍然通过的理由" in page.locator("dialog").inner_text()
    page.fill("#decision-text", "其余为填报口径")
    page.locator("dialog").get_by_text("通过", exact=True).last.click()
    page.locator("#review-bar").get_by_text("已通过").wait_for()

    edits = (("spent: 655.13", "spent: 655.03"), ("spent: 98.3925", "spent: 98.4"))
    params = edited(model, tmp_path, *edits)
    quick_report(params, TEMPLATE, outputs, ["html"])
    reload(page)
    assert "已核实" in page.locator(".note", has_text=first[3:20]).first.inner_text()
    told = page.locator(".figures-changed").inner_text()
    assert "预算执行 基本支出 全年执行数：655.13 → 655.03" in told
    lapsed = page.locator(".note.error", has_text="标的“不成立”已失效").inner_text()
    assert "项目支出合计14870.559755" in lapsed, "what it says now"
    assert "项目支出合计14870.552255" in lapsed, "what was dismissed"


def test_a_report_with_open_remarks_is_not_accepted(reviewing):
    page = reviewing()
    remark(page, "narrative.result.1", "得分均在90分以上", "请附上各项目的得分")
    page.locator("#review-record").get_by_text("通过", exact=True).click()
    assert "有1条意见没有了结" in page.locator("dialog").inner_text()


# ---- served by perfkit review


def stored(outputs):
    text = (outputs / "reviews" / f"{NAME}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def test_the_server_writes_each_remark_at_once(served, opened, outputs):
    page = opened(served())
    assert page.locator(".notes .note").count() > 0, "served, the review is what opens"
    remark(page, "narrative.result.1", "得分均在90分以上", HOSTILE)
    saved(page)
    event = stored(outputs)[0]
    assert (event["kind"], event["by"], event["text"]) == ("remark", "甲", HOSTILE)
    assert event["target"]["selector"]["exact"] == "得分均在90分以上"
    reload(page)
    assert [item["text"] for item in remarks(page)] == [HOSTILE]
    assert page.evaluate("window.harmed") is None


def test_the_opinion_sheet_is_had_from_the_page(served, opened, outputs, tmp_path):
    """Both forms, under the name of the report, with what was said until now; nothing is written for it."""
    page = opened(served())
    remark(page, "narrative.result.1", "得分均在90分以上", "请附上各项目的得分")
    saved(page)
    links = page.locator("#review-record a[download]")
    for words, ending in (("Word", "docx"), ("Excel", "xlsx")):
        with page.expect_download() as download:
            links.get_by_text(words, exact=True).click()
        assert download.value.suggested_filename == f"{NAME}-反馈意见单.{ending}"
        kept = tmp_path / download.value.suggested_filename
        download.value.save_as(kept)
        assert kept.read_bytes() == letter.FORMS[ending](letter.letter_of(outputs, NAME))
        sheet = answers.read_sheet(kept)
        assert (sheet.report, sheet.answers) == (NAME, ())
        assert sheet.blank == len(page.evaluate("data.findings")) + 1
    assert not (outputs / "letters").exists()


def test_what_is_written_in_a_dialog_is_not_lost_by_a_stray_key(reviewing):
    page = reviewing()
    page.locator(".note.error").first.get_by_text("不成立", exact=True).click()
    page.fill("#decision-text", "按批复")
    page.evaluate("window.confirm = () => false")
    page.keyboard.press("Escape")
    page.locator("dialog").get_by_text("关闭", exact=True).click()
    assert page.input_value("#decision-text") == "按批复"
    page.evaluate("window.confirm = () => true")
    page.locator("dialog").get_by_text("关闭", exact=True).click()
    assert page.locator("dialog").is_hidden()


def test_two_reviewers_see_and_lose_nothing(served, opened, outputs):
    address = served()
    first, second = opened(address), opened(address)
    remark(first, "narrative.result.1", "得分均在90分以上", "甲的意见", by="甲")
    remark(second, "narrative.measures.1", "强化预算绩效管理", "乙的意见", by="乙")
    first.locator(".note.error").first.get_by_text("已核实", exact=True).click()
    saved(first)
    saved(second)
    until(second, "record.fold().said.length === 1", asking="poll()")
    second.locator(".note.settled").first.get_by_text("恢复待核", exact=True).click()
    second.locator(".note.error").first.get_by_text("不成立", exact=True).click()
    second.fill("#decision-text", "按批复")
    second.locator("dialog").get_by_text("不成立", exact=True).last.click()
    saved(second)
    assert {event.get("text") for event in stored(outputs)} >= {"甲的意见", "乙的意见", "按批复"}
    for page in (first, second):
        until(
            page, "record.fold().remarks.length + record.fold().said.length === 5", asking="poll()"
        )
        note = page.locator(".note.settled").first.inner_text()
        assert "按批复" in note
        assert re.search("此前：已核实（甲 20.*恢复待核（乙 20", note), (
            "what the other had said is told"
        )


def test_a_remark_survives_that_the_server_is_away(served, opened, outputs):
    page = opened(served())
    page.context.set_offline(True)
    remark(page, "narrative.result.1", "得分均在90分以上", "断网时写的")
    page.locator("#review-bar .trouble", has_text="审阅服务没有回应").wait_for()
    assert not (outputs / "reviews").exists()
    page.context.set_offline(False)
    page.evaluate("poll()")
    until(page, "record.unsent.size === 0")
    assert [event["text"] for event in stored(outputs)] == ["断网时写的"]


def test_a_remark_outlives_a_reload_before_the_server_has_answered(served, opened, outputs):
    """Another program keeps the record, so that no answer comes."""
    page = opened(served())
    (outputs / "reviews").mkdir()
    with FileLock(outputs / "reviews" / f".{NAME}.yaml.lock"):
        remark(page, "narrative.result.1", "得分均在90分以上", "刚写的")
        assert page.locator("#review-saving").inner_text() == "正在保存…"
        reload(page)
        assert [item["text"] for item in remarks(page)] == ["刚写的"]
        remark(page, "narrative.measures.1", "强化预算绩效管理", "又写的")
        reload(page)
        assert [item["text"] for item in remarks(page)] == ["刚写的", "又写的"]
        assert not (outputs / "reviews" / f"{NAME}.yaml").exists()
    saved(page)
    # Two answers were under way: which came first is chance, and nothing reads the order of the file.
    assert {event["text"] for event in stored(outputs)} == {"刚写的", "又写的"}
    assert (
        page.evaluate("Object.keys(localStorage).filter(key => key.includes(record.report))") == []
    )


def test_a_remark_reaches_the_server_from_a_page_that_is_closed(served, opened, outputs):
    address = served()
    page, other = opened(address), opened(address)
    (outputs / "reviews").mkdir()
    with FileLock(outputs / "reviews" / f".{NAME}.yaml.lock"):
        remark(page, "narrative.result.1", "得分均在90分以上", "刚写的")
        page.close()
    until(other, "record.events.size > 0", asking="poll()")
    assert [event["text"] for event in stored(outputs)] == ["刚写的"]


def test_a_page_whose_server_was_away_when_it_was_opened_finds_it_later(served, opened, outputs):
    address = served()
    first = opened(address)
    remark(first, "narrative.result.1", "得分均在90分以上", "甲的意见")
    saved(first)
    context = first.context.browser.new_context()
    context.route("**/reviews/**", lambda route: route.abort())
    page = opened(address, context=context)
    page.locator("#review-bar .trouble", has_text="审阅服务没有回应").wait_for()
    remark(page, "narrative.measures.1", "强化预算绩效管理", "乙的意见", by="乙")
    context.unroute("**/reviews/**")
    page.evaluate("poll()")
    saved(page)
    until(page, "record.fold().remarks.length === 2")
    assert page.locator("#review-bar .trouble").inner_text() == ""
    assert len(stored(outputs)) == 2
    context.close()


def test_what_cannot_be_written_is_told_and_saved_later(served, opened, outputs):
    page = opened(served())
    (outputs / "reviews").write_text("这不是文件夹", encoding="utf-8")
    remark(page, "narrative.result.1", "得分均在90分以上", "写不进去")
    page.locator(
        "#review-bar .trouble", has_text="意见没有保存：意见写不进 reviews 文件夹"
    ).wait_for()
    (outputs / "reviews").unlink()
    page.evaluate("poll()")
    saved(page)
    assert [event["text"] for event in stored(outputs)] == ["写不进去"]


def test_one_event_that_is_refused_does_not_keep_the_others(served, opened, outputs):
    page = opened(served())
    page.evaluate("record.add({ kind: 'settle', on: '0'.repeat(16), by: '长'.repeat(41) })")
    remark(page, "narrative.result.1", "得分均在90分以上", "照常")
    page.locator("#review-bar .trouble", has_text="审阅人有 41 个字").wait_for()
    until(page, "record.unsent.size === 1")
    assert [event["text"] for event in stored(outputs)] == ["照常"]


def test_signs_that_no_record_can_hold_are_left_out(served, opened, outputs):
    page = opened(served())
    page.evaluate(
        """() => {
          const block = blocks.get("narrative.result.1");
          block.textContent = `𠮷${"前".repeat(31)}所引的话${"后".repeat(31)}𠮷`;
          texts.set("narrative.result.1", read(block).text);
        }"""
    )
    remark(page, "narrative.result.1", "所引的话", "一\u000c二\u202e三", by="\u200e甲\u0007")
    saved(page)
    [event] = stored(outputs)
    assert (event["text"], event["by"]) == ("一二三", "\u200e甲")
    selector = event["target"]["selector"]
    assert (selector["prefix"], selector["suffix"]) == ("前" * 31, "后" * 31)


def test_a_page_of_an_earlier_making_says_so(served, opened, outputs):
    page = opened(served())
    text = (outputs / f"{NAME}.html").read_text(encoding="utf-8")
    (outputs / f"{NAME}.html").write_text(text.replace("</body>", "\n</body>"), encoding="utf-8")
    page.evaluate("poll()")
    page.locator("#review-bar .trouble", has_text="报告已重新生成，请刷新网页再审阅").wait_for()
    page.locator("#review-record").get_by_text("退回", exact=True).click()
    assert "请刷新网页，看过以后再下结论" in page.locator("dialog").inner_text()
    reload(page)
    assert page.locator("#review-bar .trouble").inner_text() == ""


# ---- what it costs


def test_the_review_adds_little_to_the_page(outputs, made):
    page = (outputs / f"{NAME}.html").read_text(encoding="utf-8")
    script = page[page.index("<script>") : page.index("</script>", page.index("<script>"))]
    data = re.search(r'<script type="application/json".*?</script>', page, re.DOTALL)[0]
    anchors = "".join(re.findall(r' data-(?:block|field|of)="[^"]*"', page))
    assert len((script + data + anchors).encode()) < 150_000
