"""The index in a real browser: 12 and 5,000 departments, opened from the file system."""

import random
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from threading import Thread
from urllib.parse import unquote, urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe

from perfkit.index.files import write_index
from perfkit.index.last_year import LastYear
from perfkit.index.rows import Alike, Awarded, Noted, Row
from perfkit.index.stages import Way
from perfkit.review.server import open_server

INDICATORS = {
    "预算执行率": 20,
    "产出": 30,
    "效果": 30,
    "资产管理": 4,
    "绩效管理": 4,
    "结转结余率": 12,
}
FILES = (".html", ".pdf", ".docx", ".ipynb")
HOSTILE = ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "示例\u2028局"]


def example(number, rng):
    name = f"shili-{number:04d}-2023"
    department = f"示例{rng.choice('东西南北中')}{rng.choice(['教育', '水务', '财政'])}局{number}"
    if number % 40 == 6:
        links = (".failed.html",) if number % 80 == 6 else ()
        return Row(
            name, department, state="failed", cause=f"第 {number} 行：年度不是年份", links=links
        )
    lost = {}
    for indicator, worth in INDICATORS.items():
        share = Decimal(rng.choice([0, 0, 0, 5, 10, 25])) / 100
        lost[indicator] = (Decimal(worth), worth * share)
    total = Decimal(100) - sum(part for _, part in lost.values())
    undecided = number % 50 == 9
    if undecided:
        total -= lost["绩效管理"][0] - lost.pop("绩效管理")[1]
    return Row(
        name,
        department,
        2023,
        "beijing-2023",
        "部门整体绩效评价",
        total,
        total + Decimal(rng.randint(-100, 200)) / 100 if rng.random() < 0.9 else None,
        Decimal(100),
        None if undecided else "优秀" if total >= 90 else "良好" if total >= 80 else "中等",
        Decimal(4 if undecided else 0),
        Decimal(rng.randint(7000, 10050)) / 10000,
        rng.choice([0, 0, 0, 1, 2]),
        rng.randint(0, 4),
        0,
        lost,
        int(undecided),
        links=FILES,
        fresh=number % 30 != 1,
        review=("none", "none", "accepted", "returned", "lapsed")[number % 5],
        open_remarks=number % 7 if number % 5 == 3 else 0,
    )


def examples(count):
    rng = random.Random(20231231)
    return [example(number, rng) for number in range(1, count + 1)]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The index of 12 and of 5,000, and one of hostile names."""
    folder = tmp_path_factory.mktemp("index")
    for count in (12, 5000):
        rows = examples(count)
        pairs = [Alike(a.name, b.name, "按照年度计划组织开展…") for a, b in pairwise(rows[:12])]
        write_index(folder / str(count), rows, pairs)
    hostile = [
        *(Row(text.replace("/", "#"), text, 2023, total=Decimal(1), max=Decimal(100), links=FILES)
          for text in HOSTILE),
        *(Row(f"f{i}", text, state="failed", cause=text) for i, text in enumerate(HOSTILE)),
    ]  # fmt: skip
    pairs = [Alike(hostile[0].name, hostile[1].name, text) for text in HOSTILE]
    write_index(folder / "hostile", hostile, pairs)
    return folder


@pytest.fixture
def open_index(browser, outputs):
    """Open an index; at the end it must have asked for nothing and complained of nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    said, asked = [], []

    def opened(folder, fragment="", width=1280):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url.split("#")[0]))
        address = (outputs / str(folder) / "index.html").as_uri()
        page.goto(address + fragment)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    context.close()
    assert said == []
    assert {address.rsplit("/", 1)[-1] for address in asked} == {"index.html"}


def column(page, key):
    """What the rows that have this cell show in it, first lines only."""
    place = page.evaluate(
        "key => [...document.querySelectorAll('.list thead th')]"
        ".findIndex(th => th.dataset.key === key)",
        key,
    )
    return page.evaluate(
        "place => [...document.querySelectorAll('#rows tr:not(.failed)')]"
        ".map(tr => tr.children[place].firstChild.textContent)",
        place,
    )


def sort(page, key):
    page.click(f"th[data-key={key}] button")


@pytest.mark.parametrize("count", [12, 5000])
def test_the_counts_stand_at_the_top(open_index, count):
    rows = examples(count)
    page = open_index(count)
    labels, numbers = page.locator(".counts dt"), page.locator(".counts dd")
    found = dict(
        zip(labels.all_text_contents(), map(int, numbers.all_text_contents()), strict=True)
    )
    states = Counter(row.state for row in rows)
    grades = Counter(row.grade or "待定" for row in rows if row.state == "done")
    assert found == {"部门": count, "完成": states["done"], "失败": states["failed"], **grades}


def test_opened_as_a_file_it_says_where_the_state_of_the_reviews_is_known(
    browser, open_index, outputs
):
    told = open_index(12).locator("#apart")
    assert told.is_visible()
    assert "不含还留在浏览器里的意见" in told.inner_text()
    server = open_server(outputs / "12", None, lambda: None)
    serving = Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    try:
        page = browser.new_page()
        page.goto(server.address)
        page.wait_for_selector("html[data-ready]")
        assert not page.locator("#apart").is_visible()
        page.close()
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


@pytest.mark.parametrize("count", [12, 5000])
def test_a_click_sorts_the_highest_first_then_the_lowest_then_as_given(open_index, count):
    rows = examples(count)
    totals = sorted((row.total for row in rows if row.total is not None), reverse=True)
    page = open_index(count)
    head = page.locator("th[data-key=total]")
    sort(page, "total")
    assert head.get_attribute("aria-sort") == "descending"
    assert [Decimal(text) for text in column(page, "total")] == totals[:100]
    sort(page, "total")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [Decimal(text) for text in column(page, "total")] == totals[::-1][:100]
    sort(page, "total")
    assert head.get_attribute("aria-sort") == "none"
    given = [row.department for row in rows[:100] if row.state == "done"]
    assert column(page, "department") == given


def test_names_sort_by_their_reading_in_chinese(open_index):
    page = open_index(12)
    sort(page, "department")
    found = column(page, "department")
    letters = [name[2] for name in found]
    assert letters == sorted(letters, key="北东南西中".index)  # bei dong nan xi zhong


def test_what_has_no_value_comes_last_both_ways(open_index):
    page = open_index(12)
    for _ in range(2):
        sort(page, "reported")
        found = [text == "—" for text in column(page, "reported")]
        assert found == sorted(found)
    for _ in range(2):
        sort(page, "total")
        assert page.locator("#rows tr").last.get_attribute("class") == "failed"


def test_every_column_sorts_by_the_keyboard(open_index):
    page = open_index(12)
    for key in page.eval_on_selector_all("th[data-key]", "all => all.map(th => th.dataset.key)"):
        page.focus(f"th[data-key={key}] button")
        page.keyboard.press("Enter")
        assert page.locator(f"th[data-key={key}]").get_attribute("aria-sort") != "none"
        assert page.locator("th[aria-sort$=ending]").count() == 1


def test_tab_goes_from_the_filters_to_the_table(open_index):
    page = open_index(12)
    page.focus("#q")
    stops = []
    for _ in range(13):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
    assert stops[:6] == ["grade", "state", "review", "view", "errors", "分布与失分"]
    assert stops[6:8] == ["文字雷同 11 处", "scroll"]
    assert stops[8:12] == ["部门", "得分", "自评", "差"]


def test_the_review_is_shown_sorted_and_filtered(open_index):
    rows = [row for row in examples(5000) if row.state == "done"]
    page = open_index(5000)
    for words, wanted in {
        "通过已失效": [row.department for row in rows if row.review == "lapsed"],
        "有未了结意见": [row.department for row in rows if row.open_remarks],
    }.items():
        page.select_option("#review", words)
        assert 0 < len(wanted) < len(rows)
        assert f"筛选出 {len(wanted)} 个部门" in page.inner_text("#shown")
        assert column(page, "department") == wanted[:100]
    assert "条意见未了结" in page.locator("td.review").first.inner_text()
    page.wait_for_url(lambda url: "有未了结意见" in unquote(url))
    again = open_index(5000, page.evaluate("location.hash"))
    assert again.input_value("#review") == "有未了结意见"
    page.click("#clear")
    sort(page, "review")
    assert set(column(page, "review")) == {"通过已失效"}, "what asks for most comes first"


def test_a_report_leads_to_the_next_in_the_order_of_the_index(browser, outputs, tmp_path):
    """As plain files: sorted and filtered as the index was left, the unfinished alone if asked for."""
    folder = tmp_path / "示例 #1"
    names = ["a 1", "b#2", "c", "d"]
    reviews = ["none", "accepted", "lapsed", "accepted"]
    rows = [
        Row(
            name,
            f"示例{name}局",
            total=Decimal(90 + n),
            max=Decimal(100),
            links=FILES,
            review=review,
        )
        for n, (name, review) in enumerate(zip(names, reviews, strict=True))
    ]
    write_index(folder, [*rows, Row("x", state="failed", cause="第 3 行")])
    for name in names:
        (folder / f"{name}.html").write_text(
            "<!DOCTYPE html><title>report</title>", encoding="utf-8"
        )
    page = browser.new_page()
    index = (folder / "index.html").as_uri()

    def at(name, way):
        page.goto((folder / f"{name}.html").as_uri())
        page.goto(f"{index}#{urlencode({way: name})}")
        page.wait_for_url(
            lambda address: "#" not in address.rsplit("/", 1)[1] or "=" not in address
        )
        return unquote(page.url.rsplit("/", 1)[1].split("#")[0])

    assert [at(name, "after") for name in names] == ["b#2.html", "c.html", "d.html", "index.html"]
    assert "后面没有别的报告了" in page.locator("#shown").inner_text()
    assert at("a 1", "before") == "index.html"
    assert at("b#2", "unfinished") == "c.html"
    assert at("c", "unfinished") == "a 1.html", "and on from the first"
    page.goto(f"{index}#sort=total-desc&q=示例")
    page.wait_for_selector("html[data-ready]")
    assert at("b#2", "after") == "a 1.html"
    page.goto(f"{index}#{urlencode({'at': 'c'})}")
    page.wait_for_selector("html[data-ready]")
    assert column(page, "total") == ["93.00", "92.00", "91.00", "90.00"], "as the index was left"
    assert page.evaluate("document.activeElement.getAttribute('href')") == "./c.html"
    assert "sort=total-desc" in page.url
    page.close()


LONG_NAMES = (
    "预算执行率", "产出", "效果", "财务管理制度健全性", "资金使用合规性和安全性", "会计基础信息完善性",
    "资产管理规范性", "绩效管理情况", "结转结余率", "部门预决算差异率",
)  # fmt: skip


def test_a_unit_is_listed_and_not_counted_beside_its_department(open_index, outputs):
    def row(name, total, grade, **more):
        lost = {"产出": (Decimal(100), 100 - Decimal(total))}
        points = {"total": Decimal(total), "max": Decimal(100), "open_points": Decimal(0)}
        rate = Decimal(total) / 100
        return Row(name, name, 2023, grade=grade, lost=lost, execution_rate=rate, links=FILES, **points, **more)  # fmt: skip

    rows = [
        row("示例甲局", 90, "优秀", units=("示例中心",)),
        row("示例中心", 50, "较差"),
        row("示例乙局", 80, "良好"),
    ]
    write_index(outputs / "units", rows)
    page = open_index("units")
    told = {
        "shown": "共 2 个部门、1 个二级单位",
        "scores-note": "平均 85.00，中位 85.00，最低 80.00，最高 90.00",
        "rates-note": "平均 85.00%，中位 85.00%，最低 80.00%，最高 90.00%",
        "losses-note": "2 个部门共失 30.00 分",
    }
    assert {key: page.locator(f"#{key}").inner_text() for key in told} == told
    assert page.locator(".counts dt").all_inner_texts() == ["部门", "二级单位", "完成", "失败", "优秀", "良好"]  # fmt: skip
    page.select_option("#grade", "较差")
    assert column(page, "total") == ["50.00"]
    assert page.locator("#shown").inner_text() == "筛选出 1 个二级单位，共 3 个"
    assert page.locator("#scores-note").inner_text() == "只有二级单位，分布和失分不计。"


def test_the_table_shows_amounts_scores_and_review_by_choice(open_index, outputs):
    rows = [
        Row(
            "shili-a", "示例甲局", total=Decimal(90), max=Decimal(100), links=FILES,
            amounts={
                name: (Decimal("1200.5"), Decimal(1100))
                for name in ("资金总体", "基本支出", "项目支出", "其他支出")
            },
            scores=tuple(
                Awarded(name, name, Decimal(20), Decimal("18.33"), None) for name in LONG_NAMES
            ),
            findings=(Noted("units.mixed", "warning", "单位", "projects", "a.yaml:1"),),
            review="accepted", review_note="通过时有 1 条错误没有处理：已批复" + "，另有说明" * 20,
            rule_total=Decimal(92), stages={"财政核查": Decimal("91.5"), "专家": Decimal(90)},
            who={"财政核查": "李明，2024年4月10日", "专家": "王教授，2024年5月8日"},
            ways=(Way("x", "预算执行率", Decimal(20), Decimal(20), Decimal("19.5"),
                      {"财政核查": Decimal(19), "专家": Decimal("18.33")}, Decimal("18.33"),
                      ("财政核查改为19分（李明，2024年4月10日）：核减", "专家改为18.33分（王教授，2024年5月8日）：评议")),),
            year=2023, last_year=LastYear(
                2022, "", Decimal(88), Decimal(100), Decimal(0), "良好", None, Decimal(1000), Decimal(1000)
            ),
        ),
        Row("shili-b", state="failed", cause="第 3 行：年度不是年份"),
    ]  # fmt: skip
    write_index(outputs / "views", rows)
    page = open_index("views")
    shown = page.locator("#rows tr").first.locator("td")
    heads = page.locator(".list thead th")
    assert "通过时有 1 条错误没有处理" in page.locator("#rows .review small").first.inner_text()
    page.select_option("#view", "stages")
    assert [text.split("\n") for text in shown.all_inner_texts()[:5]] == [
        ["—"],
        ["92.00"],
        ["91.50", "李明，2024年4月10日"],
        ["90.00", "王教授，2024年5月8日"],
        ["90.00"],
    ]
    sort(page, "stage\\.0")
    assert column(page, "stage.0") == ["91.50"]
    page.locator("#ways summary").press("Enter")
    way = page.locator("#ways tbody tr").first.locator("td").all_inner_texts()
    assert way[1:8] == ["预算执行率", "20.00", "20.00", "19.50", "19.00", "18.33", "18.33"]
    assert way[8].split("\n") == [
        "财政核查改为19分（李明，2024年4月10日）：核减",
        "专家改为18.33分（王教授，2024年5月8日）：评议",
    ]
    page.select_option("#view", "amounts")
    assert shown.all_inner_texts()[:2] == ["1200.50", "1100.00"]
    page.select_option("#view", "scores")
    assert [heads.nth(1).inner_text().strip(), shown.first.inner_text()] == ["预算执行率", "18.33"]
    assert "年度不是年份" in page.locator("#rows tr.failed .cause").inner_text()
    page.select_option("#view", "years")
    assert shown.all_inner_texts()[:4] == ["88.00", "90.00", "+2.00", "良好 → 待定"]
    for view in page.locator("#view option").all():
        page.select_option("#view", view.get_attribute("value"))
        assert page.evaluate("document.documentElement.scrollWidth") == 1280, view.inner_text()
    page.select_option("#view", "review")
    assert shown.all_inner_texts()[:3] == ["0", "1", "0"]
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    again = open_index("views", "#view=amounts")
    assert again.locator("#view").input_value() == "amounts"


def test_typing_filters_by_department_and_file(open_index):
    rows = examples(5000)
    page = open_index(5000)
    page.fill("#q", "教育 SHILI-00")
    wanted = [r.department for r in rows[:99] if "教育" in r.department and r.state == "done"]
    assert column(page, "department") == wanted
    page.fill("#q", "没有这个部门")
    assert page.inner_text("#nothing") == "没有符合条件的部门。"
    page.click("#clear")
    assert "共 5000 个部门" in page.inner_text("#shown")


def test_the_filters_narrow_together_and_the_number_is_told(open_index):
    rows = examples(5000)
    page = open_index(5000)
    page.select_option("#grade", "良好")
    page.check("#errors")
    wanted = [row for row in rows if row.grade == "良好" and row.errors]
    assert page.inner_text("#shown").startswith(f"筛选出 {len(wanted)} 个部门，共 5000 个")
    assert column(page, "department") == [row.department for row in wanted][:100]
    page.select_option("#grade", "")
    page.uncheck("#errors")
    page.select_option("#state", "失败")
    failed = sum(row.state == "failed" for row in rows)
    assert page.inner_text("#shown").startswith(f"筛选出 {failed} 个部门")


def test_a_link_keeps_sort_and_filter(open_index):
    page = open_index(12)
    page.fill("#q", "示例")
    page.select_option("#state", "完成")
    sort(page, "rate")
    page.wait_for_url("**sort=rate-desc")
    again = open_index(12, page.evaluate("location.hash"))
    assert again.input_value("#q") == "示例"
    assert again.input_value("#state") == "完成"
    assert column(again, "department") == column(page, "department")
    assert again.locator("th[data-key=rate]").get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize(
    "fragment", ["#sort=nothing-asc", "#sort=toString-desc&grade=x", "#%E0%A4%A"]
)
def test_an_odd_address_is_ignored(open_index, fragment):
    assert "共 12 个部门" in open_index(12, fragment).inner_text("#shown")


def test_more_rows_come_on_demand(open_index):
    page = open_index(5000)
    assert page.locator("#rows tr").count() == 100
    page.click("#next")
    assert page.locator("#rows tr").count() == 200
    page.click("#all")
    page.locator("#more").wait_for(state="hidden")
    assert page.locator("#rows tr").count() == 5000


def test_links_lead_to_each_file(open_index):
    page = open_index(12)
    first = page.locator("#rows tr").first
    links = first.locator(".files a")
    assert links.all_text_contents() == ["网页", "PDF", "Word", "笔记本"]
    addresses = links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert addresses == [f"./shili-0001-2023{ending}" for ending in FILES]


def test_a_failed_department_shows_its_cause_and_its_page(open_index):
    page = open_index(12)
    row = page.locator("#rows tr.failed")
    assert "第 6 行：年度不是年份" in row.inner_text()
    assert row.locator("svg").count() == 2
    assert "失败" in row.inner_text()
    assert row.locator("a").get_attribute("href") == "./shili-0006-2023.failed.html"


def test_an_undecided_grade_says_how_many_points_are_open(open_index):
    page = open_index(12)
    page.select_option("#grade", "待定")
    assert page.locator("#rows .grade").inner_text().split("\n") == ["待定", "4 分待定"]


def test_hostile_names_are_text(open_index):
    page = open_index("hostile")
    assert column(page, "department") == HOSTILE
    assert page.locator(".cause span").all_text_contents() == [
        "示例 局" if "\u2028" in text else text for text in HOSTILE
    ]
    assert page.locator("#rows img, #rows script").count() == 0
    address = page.locator("#rows a").nth(5).get_attribute("href")
    assert address.startswith("./%3C%23script%3E%3Cscript%3Ealert")


def figures(page, part):
    """The lines of a distribution: label and figures."""
    return page.eval_on_selector_all(
        f"#{part} tr",
        "all => all.map(tr => [tr.cells[0], tr.querySelector('.value'), ...[...tr.cells].slice(2)]"
        ".map(cell => cell.innerText))",
    )


def test_the_distribution_of_scores_follows_the_filter(open_index):
    rows = [row for row in examples(5000) if row.total is not None]
    page = open_index(5000)
    for grade in ("", "良好"):
        page.select_option("#grade", grade)
        found = figures(page, "scores")
        for label, count in found:
            low, high = map(int, label.split("–"))
            among = [r for r in rows if not grade or r.grade == grade]
            inside = [r for r in among if low <= r.total < high or (r.total == high == 100)]
            assert int(count) == len(inside), label
        assert sum(int(count) for _, count in found) == len(among)


def test_lost_points_by_indicator_add_up_exactly(open_index):
    rows = examples(5000)
    page = open_index(5000)
    found = figures(page, "losses")
    amounts = [Decimal(amount) for _, amount, _, _ in found]
    assert amounts == sorted(amounts, reverse=True)
    for name, amount, share, departments in found:
        parts = [row.lost[name] for row in rows if name in row.lost]
        points, lost = (sum(column) for column in zip(*parts, strict=True))
        assert Decimal(amount) == lost
        assert abs(Decimal(share.rstrip("%")) - 100 * lost / points) <= Decimal("0.005")
        assert int(departments) == sum(part > 0 for _, part in parts)


def test_execution_rates_are_counted(open_index):
    rates = [r.execution_rate for r in examples(5000) if r.execution_rate is not None]
    found = dict(figures(open_index(5000), "rates"))
    assert int(found["超过 100%"]) == sum(rate > 1 for rate in rates)
    assert int(found["100%"]) == sum(rate == 1 for rate in rates)
    assert int(found["95%–100%"]) == sum(Decimal("0.95") <= rate < 1 for rate in rates)
    assert sum(map(int, found.values())) == len(rates)


def test_like_texts_lead_to_both_reports(open_index):
    page = open_index(12)
    assert not page.locator("#alike table").is_visible()
    page.locator("#alike summary").press("Enter")
    first = page.locator("#alike tbody tr").first
    hrefs = [link.get_attribute("href") for link in first.locator("a").all()]
    assert hrefs == ["shili-0001-2023.html", "shili-0002-2023.html"]
    assert first.inner_text().endswith("按照年度计划组织开展…")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("folder", ["12", "5000", "hostile"])
def test_axe_finds_nothing(open_index, folder, width):
    page = open_index(folder, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = Axe().run(page, options=rules).response["violations"]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []


@pytest.mark.parametrize("folder", ["12", "5000", "hostile"])
def test_a_phone_needs_no_sideways_scrolling_of_the_page(open_index, folder):
    page = open_index(folder, width=360)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_print_has_every_department_that_was_filtered(open_index):
    page = open_index(5000)
    page.fill("#q", "教育")
    asked = int(page.inner_text("#shown").split()[1])
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#rows tr").count() == asked
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#rows tr").count() == 100


def test_without_script_there_is_a_plain_table(browser, outputs):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((outputs / "12" / "index.html").as_uri())
    assert page.locator(".plain tbody tr").count() == 12
    assert page.locator(".plain a").first.get_attribute("href") == "shili-0001-2023.html"
    assert "第 6 行：年度不是年份" in page.inner_text(".plain")
    assert page.locator("#filters").is_hidden()
    context.close()


DRAWN = """async (act) => {
  let rows = 0;
  const seen = new MutationObserver((all) => { for (const one of all) rows += one.addedNodes.length; });
  seen.observe(document.getElementById("rows"), { childList: true });
  act === "sort" ? document.querySelector("th[data-key=department] button").click()
    : (q.value = act, q.dispatchEvent(new Event("input")));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  seen.disconnect();
  return rows;
}"""


def test_of_five_thousand_only_what_is_looked_at_is_drawn(open_index, outputs):
    assert (outputs / "5000" / "index.html").stat().st_size < 3_000_000
    page = open_index(5000)
    drawn = [page.evaluate(DRAWN, act) for act in ("sort", "教", "教育", "")]
    assert all(0 < rows <= 100 for rows in drawn), drawn
