"""Figures in the texts: how they are read, and how well the table of sentences is judged."""

import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.audit.mentions import mentions
from perfkit.audit.narrative import verdicts
from perfkit.quantities import plain
from perfkit.report import open_report
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import narrative

READ = {
    "4501.07万元": ("amount", "4501.07"),
    "１，２３４．５元": ("amount", "0.12345"),
    "1.55亿元": ("amount", "15500"),
    "三十五万元": ("amount", "35"),
    "三千五百元": ("amount", "0.35"),
    "伍万陆仟肆佰元": ("amount", "5.64"),
    "99.88%": ("rate", "0.9988"),
    "９９．８８％": ("rate", "0.9988"),
    "百分之九十八": ("rate", "0.98"),
    "99.5分": ("points", "99.5"),
    "19个": ("count", "19"),
    "十二家": ("count", "12"),
    "两场": ("count", "2"),
    "2023年10月12日": ("date", "0"),
    "2023 年 10 月 12 日": ("date", "0"),
    "4501.07 万元": ("amount", "4501.07"),
    "壹亿陆仟零叁拾肆万肆仟贰佰元": ("amount", "16034.42"),
    "1亿2000万元": ("amount", "12000"),
    "98万3925元": ("amount", "98.3925"),
    "5千万元": ("amount", "5000"),
    "三点五万元": ("amount", "3.5"),
    "伍佰元伍角": ("amount", "0.05005"),
    "一万二千份": ("count", "12000"),
    "3.2万人次": ("count", "32000"),
}
NO_FIGURE = [
    "京财金融〔2018〕2347号", "“1511工程”", "“四个服务”", "第二届", "第3条", "第一批", "分之", "V2.0", "18分钟",
    "三分之一", "10分类", "一体化", "万元", "两三个", "二三十个", "十几个", "数十家", "二〇二三年", "2个百分点",
    "“三公”经费", "三公经费", "1 298.60万元", "100余万元",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_figure_is_read(text):
    kind, value = READ[text]
    found = list(mentions(f"其中，{text}，其余"))
    assert [(m.kind, m.value, m.text) for m in found] == [(kind, Decimal(value), text)]


@pytest.mark.parametrize("text", NO_FIGURE)
def test_what_only_looks_like_a_figure_is_none(text):
    assert list(mentions(f"按照{text}的要求")) == []


@given(value=st.decimals(0, 10**6, places=4), places=st.integers(0, 4))
def test_a_figure_is_right_at_the_precision_it_is_written_with(value, places):
    """Whatever is rounded half up says the amount it was rounded from; a unit more does not."""
    from perfkit.quantities import rounded

    written = rounded(value, places)
    mention = next(mentions(f"预算{plain(written) if places == 0 else f'{written:f}'}万元"))
    assert mention.says(value)
    if mention.step == Decimal(1).scaleb(-places):
        more = next(mentions(f"预算{written + mention.step:f}万元"))
        assert not more.says(value)


@pytest.fixture(scope="module")
def measured():
    return {name: narrative.measure(cases) for name, cases in narrative.tables().items()}


def test_the_table_is_large_and_a_third_of_it_is_wrong():
    cases = [case for cases in narrative.tables().values() for case in cases]
    assert len(cases) >= 400
    assert len({case[key] for case in cases for key in case if key in narrative.PLACES}) == len(
        cases
    )
    assert 0.25 < sum("wrong" in case for case in cases) / len(cases) < 0.6


@pytest.mark.parametrize("name", narrative.tables())
def test_precision_comes_first(name, measured):
    counts, odd = measured[name]
    found = narrative.rates(counts)
    assert found["precision"] >= 0.99, odd
    assert found["recall"] >= 0.95, odd
    assert found["confirmed"] >= 0.9, odd


def test_the_model_departments_own_figures_are_confirmed(model):
    found = list(verdicts(score(*read_department(model))))
    outcomes = [verdict.outcome for verdict in found]
    assert outcomes.count("right") >= 55
    assert "wrong" not in outcomes


def test_a_wrong_figure_is_told_with_the_right_one_and_its_place(findings_of):
    text = "预算40万元，支出39万元，执行率95%。共39万元，用于培训。"
    found = [f for f in findings_of({"projects/0/narrative": text}) if f.code == "text.number"]
    assert [(f.level, f.message, f.field, f.quote) for f in found] == [
        (
            "error",
            "文字写“39万元”，第1个项目的支出数应为38万元",
            "projects.0.narrative",
            "出39万元",
        )
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("预算40万元，支出39万元。", ["预算[right 40万元]，支出[wrong 39万元]。"]),
        ("服务3家企业。\n\n  <b>2024年</b>再评 ", ["服务[unchecked 3家]企业。", "&lt;b&gt;2024年&lt;/b&gt;再评"]),
        ("没有数字。", ["没有数字。"]),
        ("", []),
    ],
)  # fmt: skip
def test_the_page_shows_of_each_figure_whether_it_holds(complete, text, shown):
    report = open_report(complete({"projects/0/narrative": text}))
    page = report.projects().html
    found = re.findall(r'data-field="projects.0.narrative">(.*?)</p>', page)
    span = re.compile('<span data-checked="(.*?)">(.*?)</span>')
    assert [span.sub(r"[\1 \2]", line) for line in found] == shown
