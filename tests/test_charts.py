"""The charts: what they show, that everybody can read it, and that it stays the same."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pdfplumber
import pylopdf_fonts_zh_cn
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.report import charts
from perfkit.report.charts import Bar, Chart, PointsBar
from perfkit.report.exact import framed

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>"

Budget = dict.fromkeys(("预算", "支出"), Decimal)


def budget_and_spending(parts: Sequence[Bar]) -> Chart:
    rows = [{"部分": part.name, "预算": part.budget, "支出": part.spent} for part in parts]
    return charts.parts(framed(rows, {"部分": str, **Budget}))


def of_projects(bars: Sequence[Bar]) -> pd.DataFrame:
    rows = [{"项目": bar.name, "预算": bar.budget, "支出": bar.spent} for bar in bars]
    return framed(rows, {"项目": str, **Budget})


def project_amounts(bars: Sequence[Bar]) -> Chart:
    return charts.amounts(of_projects(bars))


def project_execution(bars: Sequence[Bar]) -> Chart:
    return charts.execution(of_projects(bars))


def points_by_indicator(bars: Sequence[PointsBar]) -> Chart:
    rows = [{"指标": bar.name, "分值": bar.points, "得分": bar.awarded} for bar in bars]
    return charts.points(framed(rows, {"指标": str, "分值": Decimal, "得分": Decimal}))


PARTS = [
    Bar("基本支出", Decimal("672.53"), Decimal("655.13")),
    Bar("项目支出", Decimal("14875.56"), Decimal("14874.19")),
    Bar("其他支出", Decimal(0), Decimal(0)),
]
POINTS = [
    PointsBar("预算执行率", Decimal(20), Decimal("19.98")),
    PointsBar("产出", Decimal(30), Decimal(30)),
    PointsBar("会计基础信息完善性", Decimal(1), Decimal(0)),
    PointsBar("部门预决算差异率", Decimal(4), None),
]


def projects(count: int, spent: str = "1") -> list[Bar]:
    """项目1 is the smallest; every name but the first is long enough for two lines."""
    names = ["物业费", *(f"防范非法集资宣传教育及监测平台运行第{n}期" for n in range(2, count + 1))]
    return [
        Bar(name, Decimal("0.54") + n**2, (Decimal("0.54") + n**2) * Decimal(spent))
        for n, name in enumerate(names)
    ]


def many_rates() -> list[Bar]:
    """Every kind of rate: 0, below, not filled in, without a budget, above, far above, 100 %."""
    rates = ["0", "0.5", "0.99999", None, "1.1", "30", "1"]
    return [
        *(Bar(f"执行率{r}的项目", Decimal(100), Decimal(r) * 100 if r else None) for r in rates),
        Bar("无预算的项目", Decimal(0), Decimal(5)),
    ]


EVERY_CHART: dict[str, Callable[[], Chart]] = {
    "parts": lambda: budget_and_spending(PARTS),
    "parts without a budget": lambda: budget_and_spending(
        [Bar(part.name, Decimal(0), Decimal(0)) for part in PARTS]
    ),
    "largest amounts": lambda: budget_and_spending(
        [Bar("很长的预算支出名称" * 9, Decimal(10**8), Decimal("99999999.99"))]
    ),
    "1 amount": lambda: project_amounts(projects(1)),
    "15 amounts": lambda: project_amounts(projects(15)),
    "80 amounts": lambda: project_amounts([*projects(79), Bar("未填的", Decimal(0), None)]),
    "1 rate": lambda: project_execution(projects(1)),
    "15 rates": lambda: project_execution(projects(15, "0.63")),
    "80 rates": lambda: project_execution(projects(80, "0.99")),
    "every kind of rate": lambda: project_execution(many_rates()),
    "points": lambda: points_by_indicator(POINTS),
    "no project": lambda: project_amounts([]),
}


@pytest.fixture(params=EVERY_CHART, ids=str)
def chart(request: pytest.FixtureRequest) -> Chart:
    return EVERY_CHART[request.param]()


def texts(chart: Chart) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(chart.svg).iter(f"{SVG}text")]


def typeset(chart: Chart) -> list[dict[str, float]]:
    return set_alone(chart.svg)


@cache
def set_alone(svg: str) -> list[dict[str, float]]:
    """The characters of a page that is as large as the chart, set with the bundled fonts only."""
    folder = pylopdf_fonts_zh_cn.sans_path().parent
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )
    quoted = svg.replace("\\", "\\\\").replace('"', '\\"')
    source = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        f'#image(bytes("{quoted}"), format: "svg")'
    )
    pdf, warned = typst.compile_with_warnings(
        source.encode(), font_paths=fonts, ignore_system_fonts=True, format="pdf"
    )
    assert not warned
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        return [
            {key: char[key] for key in ("x0", "x1", "top", "bottom", "text")}
            | {"width": page.width, "height": page.height}
            for char in page.chars
        ]


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG 2 defines it: 0 for black, 1 for white."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


# Everybody can read it


def test_all_text_is_set_by_typst_with_the_bundled_fonts(chart: Chart) -> None:
    printed = "".join(str(char["text"]) for char in typeset(chart))
    drawn = "".join(texts(chart))
    assert sorted(printed.replace(" ", "")) == sorted(drawn.replace(" ", ""))


def test_no_character_leaves_the_figure(chart: Chart) -> None:
    for char in typeset(chart):
        assert char["x0"] >= 0
        assert char["x1"] <= char["width"]
        assert char["top"] >= 0
        assert char["bottom"] <= char["height"]


def test_no_characters_overlap(chart: Chart) -> None:
    characters = sorted(typeset(chart), key=lambda char: char["top"])
    for number, one in enumerate(characters):
        for other in characters[number + 1 :]:
            if other["top"] >= one["bottom"]:
                break
            touches = other["x0"] + 0.6 < one["x1"] and one["x0"] + 0.6 < other["x1"]
            assert not touches, (one, other)


def test_text_is_printed_in_at_least_eight_points(chart: Chart) -> None:
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", chart.svg)]
    width = ElementTree.fromstring(chart.svg).attrib["width"]
    assert width == f"{156 / 25.4 * 72:.6f}pt"
    assert min(sizes) >= 8


@pytest.mark.parametrize("light", [charts._LIGHT, charts._HATCHED], ids=["lost", "undecided"])
def test_kept_and_other_bars_differ_in_a_grey_print(light: dict[str, str]) -> None:
    assert contrast(charts._DARK["facecolor"], light["facecolor"]) > 7


def test_light_bars_have_an_outline_that_stands_out_from_paper() -> None:
    assert contrast(charts._LIGHT["edgecolor"], "#ffffff") > 3


def test_undecided_points_are_hatched() -> None:
    assert points_by_indicator(POINTS[:3]).svg.count("<pattern") == 0
    assert points_by_indicator(POINTS).svg.count("<pattern") == 1


# It shows what was filed


def test_parts_of_very_different_size_have_their_amounts_and_rate_beside_them() -> None:
    assert {"预算 672.53", "支出 655.13（执行率 97.41%）", "预算 14875.56"} <= {
        *texts(budget_and_spending(PARTS))
    }


def test_small_amount_is_not_shown_as_nothing() -> None:
    assert "0.0035" in texts(project_amounts([Bar("邮寄费", Decimal("0.0035"), Decimal(0))]))


def test_largest_project_comes_first() -> None:
    drawn = texts(project_amounts([Bar("小", Decimal(1), None), Bar("大", Decimal(2), None)]))
    assert drawn.index("大") < drawn.index("小")


def test_fifteen_projects_are_all_shown() -> None:
    assert not any("其余" in text for text in texts(project_amounts(projects(15))))


def test_of_sixteen_projects_the_two_smallest_are_summed_up() -> None:
    drawn = texts(project_amounts(projects(16)))
    row = drawn.index("其余 2 个项目合计")
    assert drawn[row + 1 : row + 3] == ["2.08", "2.08"]  # 0.54 + 1.54


def test_sum_with_a_gap_says_so() -> None:
    chart = project_amounts([*projects(15), Bar("小", Decimal("0.1"), None)])
    assert "其余项目中 1 个未填支出。" in texts(chart)


def test_lowest_execution_rate_comes_first_then_unknown_above_and_full() -> None:
    rates = [text for text in texts(project_execution(many_rates())) if text[-1] in "%填算"]
    assert rates[1:-1] == [  # between a key and the scale
        *("0%", "50%", "99.999%"),
        *("未填", "无预算"),
        *("3000%", "110%"),
        "100%",
    ]


def test_rate_just_below_full_is_not_shown_as_full() -> None:
    drawn = texts(project_execution([Bar("项目", Decimal(1000000), Decimal(999999))]))
    assert "99.9999%" in drawn


def test_projects_that_are_not_drawn_are_counted() -> None:
    drawn = texts(project_execution([*projects(60), *projects(20, "0.5")]))
    assert "另有 60 个项目未列出，均为 100%。" in drawn


def test_points_stand_beside_the_bar_with_the_deduction() -> None:
    drawn = texts(points_by_indicator(POINTS))
    row = drawn.index("19.98 / 20")
    assert drawn[row + 1] == "0.02"


def test_undecided_points_are_labelled() -> None:
    assert "待定 / 4" in texts(points_by_indicator(POINTS))


def test_slight_loss_can_be_seen() -> None:
    drawing = points_by_indicator([PointsBar("预算执行率", Decimal(20), Decimal("19.99"))]).svg
    granted, kept = (
        max(float(x) for bar in bars(drawing, look) for x in re.findall(r"[ML] ([\d.]+)", bar))
        for look in (charts._LIGHT, charts._DARK)
    )
    assert granted - kept > 1  # point; to scale it would be 0.1


def bars(drawing: str, look: dict[str, str]) -> list[str]:
    fill = f"fill: {look['facecolor']}"
    paths = ElementTree.fromstring(drawing).iter(f"{SVG}path")
    return [path.attrib["d"] for path in paths if fill in path.attrib.get("style", "")]


def test_long_name_is_set_on_two_lines() -> None:
    drawn = texts(project_amounts([Bar("政府购买服务岗位人员经费项目支出", Decimal(1), None)]))
    assert drawn[-4:-2] == ["政府购买服务岗位", "人员经费项目支出"]


def test_name_longer_than_two_lines_keeps_what_tells_it_from_the_next() -> None:
    first, second = charts._wrapped("重点企业落户奖励和办公用房补贴" * 3 + "（二期）")
    assert max(len(first), len(second)) <= 14
    assert second.endswith("（二期）")
    assert "…" in second


def test_line_does_not_begin_with_a_closing_mark() -> None:
    # Ten characters would be the half.
    lines = charts._wrapped("融资担保贴息补助（二）中小企业专项资金等")
    assert lines == ("融资担保贴息补助（二）", "中小企业专项资金等")


# It says in words what it shows


def test_alternative_text_states_the_amounts() -> None:
    assert budget_and_spending(PARTS).alt == (
        "条形图：各部分预算与支出（万元）。"
        "基本支出预算 672.53、支出 655.13（执行率 97.41%）；"
        "项目支出预算 14875.56、支出 14874.19（执行率 99.99%）；"
        "其他支出预算 0.00、支出 0.00。"
    )


def test_alternative_text_states_the_points() -> None:
    assert points_by_indicator(POINTS).alt == (
        "条形图：4 项指标的得分占分值的比例，已评 3 项共 49.98 分（分值 51），1 项待定。"
        "预算执行率 19.98 / 20；会计基础信息完善性 0 / 1；部门预决算差异率 待定 / 4；产出 30 / 30。"
    )


def test_alternative_text_states_the_rates_that_are_not_full() -> None:
    assert project_execution([*projects(3), Bar("培训费", Decimal(8), Decimal(7))]).alt == (
        "条形图：4 个项目的预算执行率，1 个低于 100%，3 个为 100%。培训费 87.5%。"
    )


def test_alternative_text_of_many_projects_states_the_sum_and_what_it_leaves_out() -> None:
    alt = project_amounts(projects(80)).alt
    assert "80 个项目" in alt
    assert "合计预算 167523.20" in alt  # 80 × 0.54 + 0² + 1² + … + 79²
    assert re.search(r"另有 7\d 项从略。$", alt)


def test_alternative_text_is_short(chart: Chart) -> None:
    assert 0 < len(chart.alt) <= 300


def test_drawing_carries_its_alternative_text(chart: Chart) -> None:
    assert ElementTree.fromstring(chart.svg).attrib["aria-label"] == chart.alt


def test_notebook_shows_the_drawing_with_alternative_text_and_caption() -> None:
    chart = budget_and_spending(PARTS)
    data, metadata = chart._repr_mimebundle_()
    assert data == {"image/svg+xml": chart.svg, "text/plain": chart.alt}
    assert metadata == {"image/svg+xml": {"alt": chart.alt, "caption": "各部分预算与支出"}}


# Nothing that is filed breaks it


@pytest.mark.parametrize("name", [HOSTILE, "$x^2$", "a_b", r"\alpha \n", "A&B\"'", "$", "<!--"])
def test_name_is_drawn_as_it_was_filed(name: str) -> None:
    drawn = "".join(texts(project_amounts([Bar(name, Decimal(1), None)])))
    assert name.replace(" ", "") in drawn.replace(" ", "")


def test_markup_in_a_name_stays_text() -> None:
    assert "<script" not in project_amounts([Bar(HOSTILE, Decimal(1), None)]).svg


def test_control_characters_are_dropped() -> None:
    drawn = texts(project_amounts([Bar("培\x00训\x1b\u202e费\ud800\uffff\n用", Decimal(1), None)]))
    assert "培训费 用" in drawn


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_name_makes_a_well_formed_drawing(name: str) -> None:
    assert len(texts(project_execution([Bar(name, Decimal(3), Decimal(2))]))) >= 6


@pytest.mark.parametrize("draw", [budget_and_spending, project_amounts, project_execution])
def test_nothing_filed_gives_a_sentence(draw: object) -> None:
    assert draw([]).alt in ("没有预算数据。", "没有项目。")  # type: ignore[operator]


# It stays the same


def digests() -> list[str]:
    return [hashlib.sha256(draw().svg.encode()).hexdigest() for draw in EVERY_CHART.values()]


def test_same_bytes_in_another_process() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_charts; print(*test_charts.digests())"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert made.stdout.decode().split() == digests()


def test_reader_s_matplotlibrc_changes_nothing() -> None:
    drawing = budget_and_spending(PARTS).svg
    taste: Any = {
        "path.sketch": (1, 2, 3),
        "text.color": "red",
        "savefig.bbox": "tight",
        "font.size": 30,
    }
    with mpl.rc_context(taste):
        assert budget_and_spending(PARTS).svg == drawing


def test_drawing_leaves_matplotlib_s_settings_alone() -> None:
    before = dict(mpl.rcParams)
    assert budget_and_spending(PARTS).svg
    assert dict(mpl.rcParams) == before


def test_two_charts_on_one_page_share_no_name_but_that_of_an_equal_hatch() -> None:
    names = re.findall(r'\bid="([^"]+)"', points_by_indicator(POINTS).svg)
    assert names == re.findall(r'\bid="([^"]+)"', project_execution(many_rates()).svg)
    assert len(names) == 1


def test_drawing_has_no_style_sheet_that_would_reach_the_page_around_it(chart: Chart) -> None:
    assert "<style" not in chart.svg


def test_last_year_stands_beside_this_year():
    rows = [
        {"部分": part.name, "预算": part.budget, "支出": part.spent, "上年支出": before}
        for part, before in zip(PARTS, (Decimal(700), None, Decimal(0)), strict=True)
    ]
    drawn = charts.parts(framed(rows, {"部分": str, **Budget, "上年支出": Decimal}))
    assert "基本支出预算 672.53、支出 655.13（执行率 97.41%）、上年支出 700.00" in drawn.alt
    assert "项目支出预算 14875.56、支出 14874.19（执行率 99.99%）；" in drawn.alt
    said = texts(drawn)
    assert [text for text in said if text.startswith("上年支出")] == [
        "上年支出 700.00", "上年支出 未填", "上年支出 0.00",
    ]  # fmt: skip


def test_a_mark_stands_where_last_years_share_was():
    rows = [
        {"指标": bar.name, "分值": bar.points, "得分": bar.awarded, "上年得分率": before}
        for bar, before in zip(POINTS, (Decimal("0.95"), None, Decimal(0), None), strict=True)
    ]
    kinds = dict.fromkeys(("分值", "得分", "上年得分率"), Decimal)
    drawn = charts.points(framed(rows, {"指标": str, **kinds}))
    assert "预算执行率 19.98 / 20（上年得分率 95%）" in drawn.alt
    assert "上年得分率" in texts(drawn)
    assert "上年得分率" not in texts(points_by_indicator(POINTS))
