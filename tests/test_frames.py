"""Frames, and tables and charts of them: exact in what they print, whatever an analyst does."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import matplotlib as mpl
import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from perfkit.errors import PerfkitError
from perfkit.report import chart, charts, district, drawing, open_report, style, table
from perfkit.report.exact import exact, framed, numbers

ROOT = Path(__file__).parent.parent


@pytest.fixture
def report(filing):
    return open_report(filing())


def projects(*rows):
    kinds = {"项目": str, "预算": Decimal, "支出": Decimal}
    return framed([dict(zip(kinds, row, strict=True)) for row in rows], kinds)


def words(drawn):
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn.svg)


# What they hold


def test_each_frame_has_a_row_for_each_thing(report):
    frames = report.frames
    assert frames.budget.to_dict("list") == {
        "部分": ["基本支出", "项目支出", "其他支出"],
        "预算": [100.0, 60.0, 40.0],
        "支出": [98.0, 57.0, 40.0],
        "未支出": [2.0, 3.0, 0.0],
        "执行率": [0.98, 0.95, 1.0],
    }
    assert list(frames.projects["项目"]) == ["甲", "乙"]
    assert list(frames.projects.index) == [1, 2]
    assert frames.scores.loc[1, ["指标", "分值", "得分", "扣分", "自评"]].to_list() == [
        "预算执行率", 20.0, 19.5, 0.5, 19.5,
    ]  # fmt: skip
    assert list(frames.indicators.columns) == [
        "指标", "所属", "指标值", "完成值", "方向", "分值", "得分", "扣分", "扣分原因", "说明",
    ]  # fmt: skip
    assert len(frames.indicators) == len(report.department.indicators)
    assert len(frames.findings) == len(report.audit.findings)


def test_what_is_not_filed_is_empty(filing):
    changes = {"projects/0/spent": None, "projects/0/rate": None, "projects/1/spent": "1"}
    shown = open_report(filing(changes)).frames.projects
    assert shown["支出"].isna().to_list() == [True, False]
    assert shown["评价得分"].dtype == "float64"


def test_what_is_done_to_a_frame_changes_no_score_and_no_chart_of_the_report(report):
    before, total = report.chart_amounts().svg, report.card.total
    frame = report.frames.projects
    frame["支出"] = 0.0
    frame.loc[3] = frame.loc[1]
    assert report.chart_amounts().svg == before
    assert len(report.frames.projects) == 2
    assert report.card.total == total


def test_a_frame_without_rows_keeps_its_columns(filing):
    frame = open_report(filing({"projects": [], "reported/projects": None})).frames.projects
    assert frame["预算"].sum() == 0
    assert charts.execution(frame).alt == "没有项目。"


# Numbers are exact in print


AWKWARD = {
    "2.675": "2.68",  # the float is below
    "1.005": "1.01",
    "0.285": "0.29",
    "99999999.999999": "100000000.00",
    "99999999.994999": "99999999.99",
    "0.000001": "0.000001",
    "1.0049999999999999999": "1.00",  # the float is 1.005
    "123456.78499999999999": "123456.78",
}


@pytest.mark.parametrize(("amount", "printed"), AWKWARD.items())
def test_printed_amount_is_that_of_the_exact_number(amount, printed):
    frame = projects(("甲", Decimal(amount), Decimal(amount)), ("乙", Decimal(3), Decimal(2)))
    for some in (frame, frame[frame["预算"] > 0].sort_values("预算"), frame.query("项目 == '甲'")):
        drawn = charts.amounts(some)
        assert words(drawn).count(printed) == 2
        assert f"甲预算 {printed}、支出 {printed}（执行率 100%）" in drawn.alt
    if printed != "0.000001":
        assert f'<td class="num">{printed}</td>' in table(frame, "表").html


def test_a_changed_cell_is_drawn_as_it_is_now():
    frame = projects(("甲", Decimal("1.0049999999999999999"), Decimal(1)))
    frame.loc[1, "预算"] = 3.5
    assert "3.50" in words(charts.amounts(frame))


def test_an_index_made_anew_does_not_mix_up_the_exact_numbers():
    frame = projects(("甲", Decimal("1.0049999999999999999"), None), ("乙", Decimal("2.675"), None))
    other = frame.reset_index(drop=True)
    assert words(charts.amounts(other.head(1)))[-2] == "1.01"  # the float's own
    assert words(charts.amounts(other.tail(1)))[-2] == "2.68"


@given(st.integers(min_value=0, max_value=10**14).map(lambda n: Decimal(n).scaleb(-6)))
def test_every_filed_amount_comes_back_from_its_float(amount):
    assert exact(float(amount)) == amount


def test_project_spent_by_its_stated_rate_is_exact(filing):
    changes = {"projects/0/budget": "12345678.123456", "projects/0/rate": "33.3333333333%",
               "projects/0/spent": None}  # fmt: skip
    report = open_report(filing(changes))
    spent = numbers(report.frames.projects, "支出", "表")[0]
    assert spent == report.department.projects[0].executed
    assert len(spent.as_tuple().digits) > 15


WRONG = {
    "no column": (lambda: charts.points(pd.DataFrame({"指标": ["甲"]})), "要有“分值”一列，表里的列是：指标"),
    "no frame": (lambda: charts.amounts([1]), "要由 DataFrame 画成，这里是 list"),
    "a word": (
        lambda: charts.amounts(pd.DataFrame({"项目": ["甲"], "预算": ["约1250"], "支出": [1]})),
        "“预算”一列里，行号 0 的值是“约1250”，不是数字",
    ),
    "an empty budget": (
        lambda: charts.execution(pd.DataFrame({"项目": ["甲"], "预算": [None], "支出": [1.0]})),
        "“预算”一列里，行号 0 的值是空的",
    ),
    "infinite": (
        lambda: charts.execution(pd.DataFrame({"项目": ["甲"], "预算": [1.0], "支出": [float("inf")]})),
        "“支出”一列里，行号 0 的值是“inf”",
    ),
    "no figure": (lambda: chart([1, 2], "图题"), "应是 matplotlib 的图"),
    "no caption": (lambda: chart(Figure(), " "), "图题）是空的"),
    "no caption of a table": (lambda: table(pd.DataFrame({"甲": [1]}), ""), "表题）是空的"),
    "no table": (lambda: table("甲", "表题"), "应是 DataFrame，这里是 str"),
    "another format": (
        lambda: table(pd.DataFrame({"甲": [1.0]}), "表", {"甲": "percent"}), "应是 金额、百分比、分 之一",
    ),
    "a format of no column": (
        lambda: table(pd.DataFrame({"甲": [1.0]}), "表", {"乙": "分"}), "写了“乙”，表里没有这一列",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_is_told_in_chinese(case):
    made, message = WRONG[case]
    with pytest.raises(PerfkitError, match=re.escape(message)):
        made()


# An analyst's own charts and tables


def test_what_is_changed_in_the_axes_is_shown_the_next_time(report):
    frame = report.frames.projects
    drawn = charts.execution(frame[frame["项目"] == "甲"])
    before = drawn.svg
    assert "乙" not in "".join(words(drawn))
    drawn.figure.axes[0].axvline(0.95, color="#a3140f", linewidth=1)
    assert drawn.svg.replace("#a3140f", "", 1) != before
    assert "#a3140f" in drawn.svg
    across = float(re.search(r'd="M ([\d.]+) [^"]*" [^>]*stroke: #a3140f', drawn.svg)[1])
    dark = re.search(r'd="M ([\d.]+) [\d.]+ \nL ([\d.]+) [^"]*" style="fill: #1f3a5f', before)
    assert across == pytest.approx(float(dark[2]), abs=0.01)  # 甲 has 95 % too


def test_own_figure_has_caption_and_alternative_text_from_one_call():
    with mpl.rc_context(style.prepared()):
        figure = Figure()
        axes = figure.subplots()
        axes.plot([1, -2], label="支出")
        axes.set_xlabel("年度")
        axes.legend()
        data, metadata = chart(axes, caption="逐年支出")._repr_mimebundle_()
    assert metadata["image/svg+xml"] == {
        "alt": "图：逐年支出；横轴为年度；图例为支出。", "caption": "逐年支出",
    }  # fmt: skip
    assert "<style" not in data["image/svg+xml"]
    assert "Date" not in data["image/svg+xml"]
    with mpl.rc_context(style.prepared()):
        told = chart(figure, caption="逐年支出", alt="支出逐年减少。")._repr_mimebundle_()
    assert told[1]["image/svg+xml"]["alt"] == "支出逐年减少。"
    assert told[0]["image/svg+xml"].replace("支出逐年减少。", "") == data["image/svg+xml"].replace(
        "图：逐年支出；横轴为年度；图例为支出。", ""
    )


def test_a_very_large_drawing_is_shown_as_a_picture():
    figure = Figure(figsize=(2, 1))
    figure.subplots().scatter(range(20_000), [n * 7919 % 20_000 for n in range(20_000)])
    data, _ = drawing.shown(figure)
    assert set(data) == {"image/png", "text/plain"}


def test_table_prints_money_rates_points_and_texts_each_in_its_way():
    frame = pd.DataFrame(
        {
            "部门": ["甲<局>", None],
            "预算": [2.675, -1234.5],
            "执行率": [0.99985, 1.0],
            "得分": [19.5, 20.0],
            "个数": [3, 4],
            "日期": pd.to_datetime(["2023-05-01", None]),
            "通过": [True, False],
        }
    )
    cells = re.findall(r"<td( class=\"num\")?>(.*?)</td>", table(frame, "各部门").html)
    figure = ' class="num"'
    assert cells == [
        ("", "甲&lt;局&gt;"), (figure, "2.68"), (figure, "99.99%"), (figure, "19.5"),
        (figure, "3"), ("", "2023-05-01"), ("", "是"),
        (figure, "—"), (figure, "−1234.50"), (figure, "100%"), (figure, "20"),
        (figure, "4"), (figure, "—"), ("", "否"),
    ]  # fmt: skip


def test_table_has_the_names_of_its_rows_where_they_mean_something():
    frame = pd.DataFrame({"组": ["a", "b", "a"], "预算": [1.0, 2.0, 3.0]})
    assert '<th scope="row">' not in table(frame.tail(1), "表").html
    grouped = table(frame.groupby("组")[["预算"]].sum(), "表").html
    assert re.findall(r'<th scope="row">(.*?)</th>', grouped) == ["a", "b"]
    assert '<th scope="col">组</th>' in grouped


# All departments


def test_district_has_a_row_for_each_file(filing):
    paths = [filing(name="a.yaml"), filing({"budget/initial": "约1250"}, name="b.yaml")]
    frame = district(paths[0].parent)
    assert frame.loc[1, ["部门", "年度", "得分", "等级", "执行率", "预算执行率得分"]].to_list() == [
        "示例局", 2023, 99.5, "优秀", 0.975, 19.5,
    ]  # fmt: skip
    assert frame["问题"].to_list()[0] == ""
    assert "params/b.yaml:23" in frame.loc[2, "问题"]
    assert frame.loc[2, "部门"] == "b"
    assert frame["得分"].isna().to_list() == [False, True]
    assert district(paths[:1])["得分"].to_list() == [99.5]
    with pytest.raises(PerfkitError, match=r"b\.yaml:23"):
        district(paths[1])


def test_district_without_parameter_files_says_so(tmp_path):
    with pytest.raises(PerfkitError, match="没有参数文件"):
        district(tmp_path)
    with pytest.raises(PerfkitError, match=r"nowhere\.yaml"):
        district([tmp_path / "nowhere.yaml"])
    assert len(district(ROOT / "params")) == len(list((ROOT / "params").glob("*.yaml")))


def test_settings_of_matplotlib_are_not_touched_outside_of_a_notebook(report):
    before = dict(mpl.rcParams)
    assert charts.points(report.frames.scores).svg
    assert dict(mpl.rcParams) == before


def test_explore_is_kept_without_outputs():
    notebook = nbformat.read(ROOT / "notebooks" / "explore.ipynb", as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("command", ["score", "check"])
def test_score_and_check_load_neither_pandas_nor_matplotlib(filing, command):
    code = (
        "import atexit, sys\nfrom perfkit.cli import main\nfrom perfkit.report import open_report\n"
        "heavy = {'pandas', 'numpy', 'matplotlib'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules))))\n"
        f"main([{command!r}, {str(filing())!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
