"""Rubrics other than Beijing's: their samples, and reports that say what the scorecard says."""

import re
import shutil
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import lxml.html
import pytest
import report_reader
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.audit.examine import examine
from perfkit.books.writing import Entry, book_bytes
from perfkit.compare.changes import compare
from perfkit.forms.bookfile import read_sheets
from perfkit.forms.department import Department, Override, Part
from perfkit.forms.workbook import read_book, read_filing
from perfkit.forms.written import tree
from perfkit.index.page import page
from perfkit.index.rows import row_of, score_columns
from perfkit.index.workbook import workbook
from perfkit.quantities import plain, rounded
from perfkit.report import Report
from perfkit.report.exact import numbers
from perfkit.report.sentences import result_widths
from perfkit.report.sheet import score_sheet
from perfkit.scoring.asked import completed, only_asked
from perfkit.scoring.derivations import derivations
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import Rubric, shipped_rubrics
from perfkit.scoring.scorecard import score
from perfkit.start.blank import blank, remarks

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases" / "rubrics.yaml").read_text(encoding="utf-8"))
CHAPTERS = (
    "title", "divisions", "objective", "execution", "projects", "management", "result",
    "problems", "measures", "score_sheet", "derivations", "review",
)  # fmt: skip
HEADINGS = ("objective", "execution", "goals", "management")
BEIJING = re.compile(
    "北京|beijing|市级平均|预决算差异率|结转结余率|当年预算执行情况|整体绩效目标|预算管理情况"
)
# The form's own word for the whole of the money; most rubrics have another.
OTHER_FORMS = re.compile(BEIJING.pattern + "|资金总体")


def opened(name):
    return Report(*carded(read_department(HERE / "rubrics" / f"{name}.yaml")))


def carded(filed):
    card = score(*filed)
    return card, examine(card)


def printed(report):
    """The HTML of all that the template prints, as one tree."""
    parts = [getattr(report, name)() for name in CHAPTERS]
    parts += [report.chapter("", name) for name in HEADINGS]
    shown = "".join(part.html for part in parts if part is not None)
    return lxml.html.fromstring(f"<main>{shown}</main>")


# ---- the rubrics that come with perfkit


def test_every_rubric_but_beijings_has_a_sample():
    assert {*CASES} == {*shipped_rubrics()} - {"beijing-2023"}


@pytest.mark.parametrize("name", CASES)
def test_a_sample_scores_as_it_was_worked_out_by_hand(name):
    card, case = opened(name).card, CASES[name]
    found = {i: card.score(i).awarded for i in case["scores"]}
    assert found == {i: Decimal(str(one["awarded"])) for i, one in case["scores"].items()}
    assert (plain(card.total), card.grade) == (str(case["total"]), case["grade"])
    for section, points in case.get("sections", {}).items():
        assert card.section_total(section) == Decimal(str(points))
    assert card.undecided == []


@pytest.mark.parametrize("name", CASES)
def test_its_report_has_no_hint_of_another_rubric(name):
    report = opened(name)
    row = row_of(name, report.card, report.audit.findings)
    content = printed(report)
    for script in content.iter("script"):
        script.text = ""
    texts = [content.text_content(), report.heading, re.sub("<script.*", "", page([row]))]
    words = report.card.rubric.words
    foreign = BEIJING if words.total == "资金总体" else OTHER_FORMS
    assert [foreign.findall(text) for text in texts] == [[], [], []]
    assert words.evaluation in texts[0]
    assert words.score_sheet in texts[0]
    for name in HEADINGS:
        has = name != "execution" or report.card.rubric.has_money
        assert (getattr(words.chapters, name) in texts[0]) is has
    assert f"<h1>{words.evaluation}汇总</h1>" in page([row])
    assert workbook([row])


def test_a_comparison_has_no_parts_that_the_rubric_has_not():
    card = opened("project-2020").card
    whole = Part(budget="200", spent="150")
    budget = card.department.budget.model_copy(update={"project": whole})
    less = score(card.department.model_copy(update={"budget": budget}), card.rubric)
    labels = [change.label for change in compare(card, less).figures]
    assert labels == ["项目资金全年执行数", "项目资金预算执行率"]


def test_money_is_one_figure_whatever_two_rubrics_call_it():
    cards = [opened(name).card for name in ("hubei-2020", "yueyang-2018")]
    told = {change.label: (change.before, change.after) for change in compare(*cards).figures}
    assert told["部门资金全年预算数"] == ("800万元", "900万元")


def test_an_index_over_several_rubrics_is_named_for_none():
    rows = [row_of(n, opened(n).card, ()) for n in ("hubei-2020", "project-2020")]
    assert "<h1>绩效评价汇总</h1>" in page(rows)


def changed_rows(name, rows):
    """The card of a sample with its first 三级指标 changed."""
    department, rubric = read_department(HERE / "rubrics" / f"{name}.yaml")
    found = list(department.indicators)
    for i, changes in enumerate(rows):
        found[i] = found[i].model_copy(update=changes)
    return score(department.model_copy(update={"indicators": tuple(found)}), rubric)


def test_a_target_far_exceeded_asks_for_its_cause_where_the_rubric_has_no_bands():
    """财预〔2020〕10号, 第十六条: 完成值高于指标值较多的, 要分析原因; by how much to deduct it leaves open."""
    far = {"target": "≥1万页", "note": ""}
    card = changed_rows("project-2020", [far, {"low_target": True}])
    found = [f.message for f in examine(card).findings if f.code == "indicators.low_target"]
    assert found == [
        "“扫描档案”超额完成800%，指标值可能偏低；请在 note 写明原因；确是偏低的由评价人核定得分并写理由",
        "“图像合格率”确认指标值偏低，评分标准没有写扣多少，没有扣分；应扣的由评价人核定得分并写理由",
    ]
    told = changed_rows("project-2020", [far | {"note": "追加了馆藏"}])
    assert "indicators.low_target" not in {f.code for f in examine(told).findings}


def test_a_kind_that_has_too_few_points_is_an_error():
    rows = [{"weight": Decimal(points)} for points in ("25", "20.5", "14.5")]
    codes = {f.code: f.message for f in examine(changed_rows("zhengzhou", rows)).findings}
    assert codes["indicators.weights_least"] == (
        "产出和效果里效果的三级指标分值合计14.5分，评分标准规定不低于15分；请调整各指标的分值"
    )


@pytest.mark.parametrize("name", CASES)
def test_what_is_unknown_is_asked_of_a_person(name):
    """Points that no rule is known for wait for a person, and say what to fill in."""
    report = opened(name)
    rubric = report.card.rubric
    department = report.department.model_copy(update={"answers": {}})
    card = score(department, rubric)
    waiting = [i.id for i in rubric.indicators if i.rule.asks]
    assert [found.id for found in card.undecided] == waiting
    assert all("请在 answers" in found.undecided for found in card.undecided)


# ---- random rubrics

FIGURES = {"staff": {"name": "在职人数", "unit": "人"}, "posts": {"name": "编制数", "unit": "人"}}
BANDS = [{"name": "达成", "floor": "80%", "ceiling": "100%"}, {"name": "未达成", "floor": "0%", "ceiling": "80%"}]  # fmt: skip
OF_MONEY = [
    ("budget.total.spent", "budget.total.budget"),
    ("budget.project.spent", "budget.project.budget"),
    ("projects.full", "projects.count"),
    ("budget.carryover.amount", "budget.initial"),
]
WITHOUT_MONEY = [("figures.staff", "figures.posts"), ("projects.scored", "projects.count")]


def text(number):
    return str(number)


@st.composite
def rules(draw, name, points, money, kind=None):
    """A rule of any kind that can give all *points*, over *money* or over other figures alone."""
    kinds = ["ratio", "tiers", "excess", "checklist", "occurrences", "given", "rank", "rollup"]
    kind = kind or draw(st.sampled_from([*kinds, "one_of", "chosen"]))
    rule = {"kind": kind}
    if kind in ("ratio", "tiers", "excess"):
        rates = WITHOUT_MONEY + (OF_MONEY if money else [])
        rule["of"], rule["to"] = draw(st.sampled_from(rates))
    if kind == "ratio":
        rule |= {"zero": draw(st.sampled_from(["undecided", "full", "zero"]))}
    elif kind == "tiers":
        half = text(Decimal(points) / 2)
        rule["awards"] = [{"when": "≥90%", "points": text(points)}, {"when": "≥50%", "points": half}, {"points": "0"}]  # fmt: skip
    elif kind == "excess":
        partial = draw(st.sampled_from(["floor", "linear", "ceil"]))
        rule |= {"over": "80%", "step": "5%", "deduct": "0.5", "partial": partial}
    elif kind == "checklist":
        way = draw(st.sampled_from([{"deduct": "0.5"}, {"add": text(points)}, {"share": "50%"}]))
        count = draw(st.integers(2, 3))
        rule |= way | {
            "absent": draw(st.sampled_from(["refused", "kept", "shared"])),
            "items": [{"id": f"{name}_{n}", "text": f"{name}第{n}问", "good": draw(st.sampled_from(["是", "否"]))} for n in range(count)],
        }  # fmt: skip
    elif kind == "occurrences":
        rule |= {"what": "违规", draw(st.sampled_from(["deduct", "add"])): "1"}
    elif kind == "rank":
        rule |= draw(st.sampled_from([{"last": "0"}, {"awards": [{"when": "≤3", "points": text(points)}, {"points": "0"}]}]))  # fmt: skip
    elif kind == "rollup":
        rule["by"] = "budget" if money else "equal"
    elif kind == "one_of":
        ways = [draw(rules(name, points, money, way)) for way in ("occurrences", "tiers")]
        rule["ways"] = [{"name": f"办法{n}", "rule": way} for n, way in enumerate(ways)]
    elif kind == "chosen":
        rule |= {"kinds": [{"id": "one", "name": "甲类"}, {"id": "two", "name": "乙类"}], "bands": BANDS, "achieved": ["完成"]}  # fmt: skip
    return rule


EVERY_KIND = [
    ["ratio", "tiers", "excess", "checklist"],
    ["occurrences", "given", "rank"],
    ["rollup", "one_of", "chosen"],
]


@st.composite
def rubrics(draw, kinds=None):
    """A rubric of up to nine indicators of any kind, or of the *kinds*, section by section."""
    any_kind = st.lists(st.lists(st.none(), min_size=1, max_size=3), min_size=1, max_size=3)
    sections, total = [], 0
    parts = draw(st.sampled_from([["basic", "project", "other"], ["project"], []]))
    for s, section_kinds in enumerate(kinds or draw(any_kind)):
        indicators = []
        for i, kind in enumerate(section_kinds):
            points = draw(st.integers(2, 30))
            name = f"s{s}i{i}"
            indicators.append(
                {
                    "id": name,
                    "level2": f"二级{s}{draw(st.integers(0, 1))}",
                    "name": f"指标{name}",
                    "points": text(points),
                    "explanation": "解释",
                    "standard": "标准",
                    "source": "出处",
                    "optional": draw(st.sampled_from(["no", "no", "section", "all", "full"])),
                    "rule": draw(rules(name, points, parts, kind)),
                }
            )
        points = sum(int(indicator["points"]) for indicator in indicators)
        section = {"id": f"s{s}", "name": f"部分{s}", "indicators": indicators}
        if draw(st.booleans()):  # weights on a scale of their own
            section["scale"], points = text(points), draw(st.integers(5, 60))
        total += points
        sections.append(section | {"points": text(points)})
    own = {"explanation": "解释", "standard": "标准", "source": "出处"}
    count = {"kind": "occurrences", "what": "事项", "add": "1"}
    adjusting = {"bonus": count, "penalty": count | {"add": None, "deduct": "2"}}
    limit = {"text": "有没有违纪", "good": "否", "source": "出处"}
    limits = [{"grade": "一般"}, {"total": text(total // 2)}, {"zero": ["s0i0"]}, {"zero": ["s0"]}]
    return {
        "id": "random",
        "name": "随机的评分标准",
        "source": "出处",
        "points": text(total),
        "words": {"evaluation": "示例评价"},
        "rounding": {"places": "2", "stage": draw(st.sampled_from(["indicator", "total"]))},
        "grades": [
            {"label": "好", "floor": text(Decimal(total) * 8 / 10)},
            {"label": "一般", "floor": text(Decimal(total) / 2)},
            {"label": "差", "floor": "0"},
        ],
        "parts": parts,
        "figures": FIGURES,
        "sections": sections,
        "adjustments": {
            key: [own | {"id": f"s9i{n}", "name": f"指标s9i{n}", "points": "5", "rule": rule}]
            for n, (key, rule) in enumerate(adjusting.items())
            if draw(st.booleans())
        },
        "limits": [
            limit | {"id": f"limit{n}"} | one for n, one in enumerate(limits) if draw(st.booleans())
        ],
    }


AMOUNTS = st.integers(0, 500).map(text)


@st.composite
def filings(draw, rubric):
    """A filing under the rubric, of which any part may be missing."""
    filed = {"name": "示例单位", "year": "2023", "rubric": "x", "budget": {}, "figures": {}}
    for part in ("basic", "project", "other"):
        filed["budget"][part] = {"budget": draw(AMOUNTS), "spent": draw(AMOUNTS)}
    filed["budget"]["initial"] = draw(st.none() | AMOUNTS)
    filed["budget"]["carryover"] = {"amount": draw(st.none() | AMOUNTS)}
    for name in FIGURES:
        if draw(st.booleans()):
            filed["figures"][name] = Decimal(draw(st.integers(0, 80)))
    points = st.none() | st.integers(0, 100).map(text)
    filed["projects"] = [
        {"name": f"项目{n}", "budget": draw(AMOUNTS), "spent": draw(AMOUNTS), "score": draw(points)}
        for n in range(draw(st.integers(0, 3)))
    ]
    filed["answers"], filed["checks"], filed["indicators"], filed["overrides"] = {}, {}, [], []
    claimed = {}
    for question in rubric.limits:
        if draw(st.integers(0, 5)):
            filed["checks"][question.id] = draw(st.sampled_from(["否", "否", "是"]))
    for indicator in rubric.everything:
        rule = indicator.rule
        if indicator.optional != "no" and not draw(st.integers(0, 3)):
            filed["answers"][indicator.id] = {"applies": "否", "reason": "没有这项业务"}
            continue
        worth = st.integers(0, int(indicator.points)).map(text)
        if rule.asks and draw(st.integers(0, 4)):
            reply = {
                "count": "2",
                "score": draw(worth),
                "rank": "3",
                "among": "9",
                "choice": "办法1",
            }
            reply = {field: reply[field] for field in rule.asks}
            filed["answers"][indicator.id] = reply | {"reason": "依据"}
        for item in rule.questions:
            if draw(st.integers(0, 4)):
                answers = ["是", "否"] + ["不涉及"] * rule.may_skip
                filed["checks"][item.id] = draw(st.sampled_from(answers))
        if rule.choice:
            for n in range(draw(st.integers(0, 3))):
                target, actual = draw(
                    st.sampled_from(
                        [("≥80个", "60个"), ("≤10天", "15天"), ("完成", "完成"), ("完成", "未完")]
                    )
                )
                filed["indicators"].append(
                    {"group": indicator.id, "kind": draw(st.sampled_from(["one", "two"])),
                     "name": f"自选{n}", "target": target, "actual": actual}
                )  # fmt: skip
        if not draw(st.integers(0, 5)):
            filed["overrides"].append(
                {"indicator": indicator.id, "score": draw(worth), "reason": "理由",
                 "stage": "征求意见", "approver": "科长"}
            )  # fmt: skip
        if draw(st.booleans()):
            claimed[indicator.id] = draw(worth)
    filed["reported"] = {"scores": claimed}
    return Department.model_validate(completed(only_asked(filed, rubric), rubric))


def said(node):
    return re.sub(r"\s", "", node.text_content())


def contradictions(report, card):
    """Statements of the report, read by a reader of its own, that the scorecard contradicts."""
    tree = printed(report)

    def blocks(name):
        return [node for node in tree.iter() if node.get("data-block") == name]

    def told(found, right, what):
        return [] if found == right else [f"{what}: {found} ≠ {right}"]

    wrong = []
    for one in card.everything:
        awarded = "待定" if one.awarded is None else plain(one.awarded)
        if one.awarded and one.sign:
            awarded = f"{'+' if one.sign > 0 else '−'}{awarded}"
        points = {1: "最多加", -1: "最多扣"}.get(one.sign, "") + plain(one.points)
        claim = "—" if one.reported is None else plain(one.reported)
        (row,) = blocks(f"score.{one.id}")
        cells = [said(cell) for cell in row][:4]
        wrong += told(cells, [one.name, points, awarded, claim], "得分表")
        for row in blocks(f"sheet.{one.id}"):
            figures = [cell for cell in row if cell.find("span") is not None]
            at = max(
                list(row).index(cell)
                for cell in figures
                if cell.find("span").get("data-of") == one.id
            )
            scored = [said(cell) for cell in row][at - 2 : at + 1]
            right = [points, claim]
            wrong += told(scored[:2], right, f"评分表 {one.id}")
            if not scored[2].startswith(awarded):
                wrong.append(f"评分表 {one.id}: {scored[2]} ≠ {awarded}")
        for row in blocks(f"management.{one.id}"):
            for got, of in re.findall(r"得([0-9.]+)分（分值([0-9.]+)分", said(row)):
                wrong += told([got, of], [awarded, plain(one.points)], f"句子 {one.id}")
        formula = derivations(card)[one.id].formula
        if not one.override and one.by_rule is not None and " = " in formula:
            wrong += told(formula.rpartition(" = ")[2], plain(one.by_rule), f"推导 {one.id}")
    (row,) = blocks("score.total")
    wrong += told(
        [said(cell) for cell in row][1:3], [plain(card.rubric.points), plain(card.total)], "合计"
    )
    (sentence,) = blocks("result.1")
    total, most = re.search(r"示例评价得([0-9.]+)分（满分([0-9.]+)分）", said(sentence)).groups()
    wrong += told([total, most], [plain(card.total), plain(card.rubric.points)], "总分")
    grade = re.search(r"评价等级为?(好|一般|差|待定)。", said(sentence))[1]
    wrong += told(grade, card.grade or "待定", "等级")
    for section in card.rubric.sections:
        awards = [card.score(i.id).awarded for i in section.indicators]
        known = [points for points in awards if points is not None]
        right = f"{section.name}{plain(sum(known))}分（" if known else f"{section.name}待定（"
        if right not in said(sentence):
            wrong.append(f"小计: 没有“{right}”")
    open_points = re.search(r"另有([0-9.]+)分待定.*在([0-9.]+)分至([0-9.]+)分之间", said(tree))
    if card.open_points:
        lowest, highest = plain(card.lowest), plain(card.highest)
        wrong += told([*open_points.groups()], [plain(card.open_points), lowest, highest], "待定")
    elif open_points:
        wrong.append("待定: 没有待定的分值")
    lost = [d for one in card.scores for d in one.lost if d.points]
    counted = re.search(r"按评分标准扣分的有([0-9]+)处", said(tree))
    wrong += told(int(counted[1]) if counted else 0, len(lost), "扣分")
    alt = report.chart_points().alt
    known = [one for one in card.scores if one.awarded is not None]
    with_others = re.search(r"上限合计 (-?[0-9.]+) 分", alt)
    shown = Decimal((with_others or re.search(r"共 ([0-9.]+) 分", alt))[1])
    wrong += told(shown, rounded(card.total, 4), "图的合计")
    got, of = re.search(r"共 ([0-9.]+) 分（分值 ([0-9.]+)）", alt).groups()
    wrong += told(Decimal(got), rounded(sum((one.awarded for one in known), Decimal(0)), 4), "图")
    wrong += told(Decimal(of), sum((one.points for one in known), Decimal(0)), "图")
    row = row_of("x", card, report.audit.findings)
    wrong += told(
        (row.total, row.grade, row.open_points), (card.total, card.grade, card.open_points), "目录"
    )
    for finding in report.audit.findings:
        claimed = re.match(
            r"(指标s\di\d)自评([0-9.]+)分，(?:按评分标准|例外核定)为([0-9.]+)分，", finding.message
        )
        if claimed:
            one = next(one for one in card.everything if one.name == claimed[1])
            right = [plain(one.reported), plain(card.rubric.rounding.apply(one.awarded))]
            wrong += told([claimed[2], claimed[3]], right, "审核意见")
    if not card.rubric.parts:  # of what isn't evaluated no word is said
        printed_words = "".join(said(node) for node in tree if node.tag != "script")
        wrong += re.findall("万元|预算|支出|资金|执行率", printed_words)
        wrong += [row.budget, row.spent, row.execution_rate] if row.amounts else []
    wrong += report_reader.sheet(tree, card) + report_reader.sentences(tree, card)
    wrong += report_reader.verdicts(tree, card) + report_reader.drawn(report, card)
    wrong += report_reader.amounts(report, card) + report_reader.derived(card)
    return wrong + sums_that_are_not_the_total(report, card)


def sums_that_are_not_the_total(report, card):
    """Where what a reader adds up doesn't come to the total that is shown, or to the points lost."""
    tree, total = printed(report), Fraction(card.total)
    frame = report.frames.scores
    row = row_of("x", card, ())
    listed = [one.awarded for one in row.scores if one.awarded is not None]
    table = [
        cell[2]
        for cell in tree.iter("tr")
        if (cell.get("data-block") or "").startswith(("score.", "step."))
        and cell.get("data-block") != "score.total"
    ]
    sheet = [
        said(row[-2])
        for row in tree.iter("tr")
        if "sheet" in (row.getparent().getparent().get("class") or "")
        and len(row) >= 5
        and any(said(cell) == step.name for step in card.steps for cell in row)
    ]
    found = {
        "得分表": sum(number(said(cell)) for cell in table),
        "数据表": sum(Fraction(str(one)) for one in exact_points(frame)),
        "目录": sum(map(Fraction, listed)),
        "目录各列": sum(
            Fraction(points)
            for column in score_columns([row])
            if column.key != "score.total" and (points := column.value(row)) is not None
        ),
        "比较": sum(Fraction(points) for points in card.counted.values() if points is not None),
    }
    wrong = [
        f"{name}合计 {float(got)} ≠ {card.total}" for name, got in found.items() if got != total
    ]
    if sheet != [step.shown for step in card.steps]:
        wrong.append(f"评分表: {sheet} ≠ {card.steps}")
    gained = sum(one.counted for one in card.adjustments if one.sign > 0)
    gained += sum(step.change for step in card.steps if step.change > 0)
    decided = sum(one.points - one.open_points for one in card.scores)
    if decided + gained - (row.points_lost or 0) != card.total:
        wrong.append(f"失分: {decided} + {gained} − {row.points_lost} ≠ {card.total}")
    if list(row.grades) != [grade.label for grade in card.rubric.grades]:
        wrong.append("目录: 等级")
    return wrong


def number(text):
    """The points of a cell; what is undecided counts nothing."""
    return Fraction(0 if text == "待定" else text.replace("−", "-").replace("+", ""))


def exact_points(frame):
    return [points for points in numbers(frame, "得分", "") if points is not None]


@pytest.mark.parametrize("kinds", [None, EVERY_KIND], ids=["any", "every kind"])
@settings(max_examples=15)
@given(st.data())
def test_no_statement_of_a_report_contradicts_the_scorecard(kinds, data):
    rubric = Rubric.model_validate(data.draw(rubrics(kinds)))
    report = Report(*carded((data.draw(filings(rubric)), rubric)))
    assert contradictions(report, report.card) == []


@settings(max_examples=6)
@given(st.data())
def test_the_index_says_what_the_scorecard_says(data):
    rubric = Rubric.model_validate(data.draw(rubrics()))
    assert report_reader.index(score(data.draw(filings(rubric)), rubric)) == []


@settings(max_examples=15)
@given(st.data())
def test_the_differences_of_scores_add_up_to_that_of_the_total(data):
    rubric = Rubric.model_validate(data.draw(rubrics()))
    first, second = (score(data.draw(filings(rubric)), rubric) for _ in range(2))
    other = Rubric.model_validate(data.draw(rubrics()))
    for card in (second, score(data.draw(filings(other)), other)):
        found = compare(first, card).scores
        assert all(one.causes or one.parts for one in found if one.name != "总分")
        moved = sum(number(one.difference or "0") for one in found if one.name != "总分")
        assert moved == Fraction(card.total) - Fraction(first.total)


@settings(max_examples=8)
@given(st.data())
def test_a_workbook_asks_for_what_the_rubric_asks_and_gives_it_back(tmp_path_factory, data):
    rubric = Rubric.model_validate(data.draw(rubrics()))
    filed = tree(data.draw(filings(rubric)))
    path = tmp_path_factory.getbasetemp() / "random.xlsx"
    filed = only_asked(filed, rubric)
    path.write_bytes(book_bytes([Entry("", filed, rubric)]))
    read_back, _, faults = read_filing(path)
    assert (read_back["department"], faults) == (in_words(filed, rubric), [])
    sheets = {sheet.name: shown_rows(sheet) for sheet in read_sheets(path)[0]}
    figures = [sheets["另填数据"][name] for name in rubric.figures]
    assert [(row[1], "人" in row) for row in figures] == [("在职人数", True), ("编制数", True)]
    for name, item in rubric.items.items():
        assert sheets["检查清单"][name][1] == item.text
    for one in rubric.everything:
        assert sheets["自评"][one.id][1] == one.name
        assert Decimal(sheets["自评"][one.id][-1]) == rubric.counts_for(one.id)
        if one.rule.asks:
            assert one.standard in sheets["指标填报"][one.id][-1]


def shown_rows(sheet):
    """The rows of a sheet by their first cell."""
    rows = [[cell.text for _, cell in sorted(row.items())] for row in sheet.cells.values()]
    return {row[0]: row for row in rows}


def in_words(filed, rubric):
    """A tree as a book has it: every value is text, 所属指标 and 类别 by the rubric's names."""
    found = as_text(filed)
    for row in found.get("indicators", []):
        group = rubric.indicator(row["group"])
        kinds = {kind.id: kind.name for kind in group.rule.kinds}
        row["group"], row["kind"] = group.name, kinds[row["kind"]]
    return found


def as_text(value):
    """A tree as it is read: every value is text."""
    if isinstance(value, dict):
        return {key: as_text(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_text(child) for child in value]
    return str(value)


def test_a_contradiction_would_be_found():
    report = opened_random()
    card = report.card
    others = [replace(card, total=card.total + 1), replace(card, grade="差")]
    for n, one in enumerate(card.scores):
        changed = replace(one, awarded=one.awarded - 1)
        others.append(replace(card, scores=(*card.scores[:n], changed, *card.scores[n + 1 :])))
    assert contradictions(report, card) == []
    assert all(contradictions(report, other) for other in others)


def opened_random():
    """A report under a rubric of ratio and 评审打分, without Hypothesis."""
    own = {"level2": "二级", "explanation": "解释", "standard": "标准", "source": "出处"}
    ratio = {"kind": "ratio", "of": "budget.total.spent", "to": "budget.total.budget"}
    rules = {"s0i0": ratio, "s0i1": {"kind": "given"}}
    indicators = [
        own | {"id": name, "name": f"指标{name}", "points": "10", "rule": rule}
        for name, rule in rules.items()
    ]
    section = {"id": "s0", "name": "部分0", "points": "20", "indicators": indicators}
    grades = [{"label": "好", "floor": "10"}, {"label": "差", "floor": "0"}]
    tree = {"id": "random", "name": "评分标准", "source": "出处", "points": "20"}
    tree |= {"words": {"evaluation": "示例评价"}, "rounding": {}, "grades": grades}
    part = {"budget": "10", "spent": "9"}
    filed = {"name": "示例单位", "year": "2023", "rubric": "x"}
    filed |= {"budget": {"basic": part, "project": part, "other": part}}
    filed |= {"answers": {"s0i1": {"score": "7", "reason": "依据"}}}
    rubric = Rubric.model_validate(tree | {"sections": [section]})
    return Report(*carded((Department.model_validate(filed), rubric)))


# ---- an eighth rubric


EIGHTH = {
    "paid": "10",  # 760 ÷ 800 = 95 %
    "initial": "8.4",  # 60 ÷ 740 = 8.108 %; 10 − 3.108 ÷ 2
    "growth": "5",  # 92 % against 90 %
    "saving": "6",  # 12 ÷ 300 = 4 %
    "projects": "9.2",  # (96 × 300 + 85 × 160) ÷ 460 = 92.17
    "published": "9.3",  # 37 ÷ 40 × 10 = 9.25
    "audit_findings": "8",
    "systems": "11.3",  # three of the four that apply: 15 × 3 ÷ 4
    "reports": "9",
    "tasks": "14",  # 45 ÷ 50 × 10 + 5
    "ranking": "6",
    "innovation": "4",
}


def test_a_rubric_of_twelve_indicators_is_written_as_data():
    card, audit = carded(read_department(HERE / "rubrics" / "eighth" / "sample.yaml"))
    assert {one.id: plain(one.awarded) for one in card.scores} == EIGHTH
    assert (plain(card.total), card.grade, audit.findings) == ("100.2", "达标", [])
    assert {v.outcome for v in audit.figures if v.field == "narrative.management"} == {"right"}
    content = printed(Report(card, audit))
    for script in content.iter("script"):
        script.text = ""
    text = content.text_content()
    assert "2023年度预算管理考核得100.2分（满分120分），评价等级为达标" in text
    assert "2023年度预算管理考核评分表" in text
    assert BEIJING.findall(text) == []


NINTH = {
    "whole": "5.76",  # 480 ÷ 500 = 96 % of 6, which are 30 × 40 % ÷ 2
    "changed": "3",  # 11.63 % more: one step, half of 6
    "executed": "10.5",  # 94.17 %, 5.83 below: one step, an eighth of 12
    "paying": "5.4",  # 88.5 % against 90 %: one step, a tenth of 6
    "publicity": "3",
    "disputes": "4",
    "records": "3.5",  # two of three apply, each for 1.5
    "imports": "5",  # none: counts as full
    "small": "8",  # 31.25 %
    "green": "3",  # 20 % against 21 %
    "rank": "3",
    "saving": "3",  # 5.83 %
}


@pytest.fixture(scope="module")
def ninth():
    return carded(read_department(HERE / "rubrics" / "ninth" / "sample.yaml"))


def test_a_rubric_without_money_or_indicators_to_choose(ninth):
    card, audit = ninth
    assert {one.id: plain(one.awarded) for one in card.scores} == NINTH
    assert (plain(card.total), card.grade, audit.findings) == ("55.16", "中", [])
    assert {(v.mention.text, v.outcome) for v in audit.figures if "%" in v.mention.text} == {
        ("94.17%", "right"),
        ("88.5%", "right"),
    }
    content = printed(Report(card, audit))
    for script in content.iter("script"):
        script.text = ""
    text = content.text_content()
    assert "2023年度部门政府采购考核得55.16分（满分70分），考核等次为中" in text
    assert "评价等级" not in text
    assert "进口产品审批率：不适用（没有采购进口产品），按满分计，得5分（分值5分）。" in text
    assert "答“是”，等级最高为中，采购执行率不得分" in text
    assert not re.search(OTHER_FORMS.pattern + "|结转|2022年", text)


def test_a_benchmark_stands_among_the_indicators_of_its_part(ninth):
    """What is held against an average has it as 指标值, and no column of last year's."""
    rows = [row.cells for table in score_sheet(ninth[0]) for row in table.rows]
    (paying,) = ([c.text for c in row] for row in rows if row[0].text == "合同支付率（年末）")
    assert paying[1:4] == ["全市平均合同支付率90%", "88.5%", "6"]
    (part,) = (c for row in rows for c in row if c.text == "预算执行（18）")
    assert part.rows == 2


def test_a_penalty_that_a_person_decides_costs_what_it_takes(ninth):
    card, _ = ninth
    one = {
        "indicator": "audits",
        "score": "1",
        "reason": "一个不属实",
        "stage": "财政核查",
        "approver": "示例",
    }
    decided = card.department.model_copy(update={"overrides": (Override(**one),)})
    card = score(decided, card.rubric)
    assert (card.score("audits").lost, plain(card.total)) == ((), "56.16")
    shown = Report(card, examine(card)).result().html
    row = re.sub("<[^>]*>", "", shown[shown.index("审计查出问题</th>") :].partition("</tr>")[0])
    assert "审计查出的问题2个" in row
    assert "；一个不属实（例外核定，按规则2分）" in row
    assert not re.search("扣[0-9]+分[（；]", row)


def test_scores_that_are_not_rounded_have_room_for_their_digits(ninth):
    card, _ = ninth
    assert result_widths(card) == (34, 10, 10, 10, 36)
    rounding = card.rubric.rounding.model_copy(update={"stage": "total"})
    figures = card.department.figures | {"needed": Decimal(700)}
    department = card.department.model_copy(update={"figures": figures})
    long = score(department, card.rubric.model_copy(update={"rounding": rounding}))
    assert long.score("whole").awarded_words == "4.114285714286"
    widths = result_widths(long)
    assert sum(widths) == 100
    assert widths[2] * 0.7 > len("4.114285714286")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("management", "采购执行率为98%。", "采购执行率应为94.17%"),
        ("management", "合同支付率（年末）为98.5%。", "合同支付率（年末）应为88.5%"),
        ("result", "政府采购考核得分为66分。", "总分应为55.16分"),
        ("result", "经评分，综合评分66分。", "总分应为55.16分"),
    ],
)
def test_a_text_is_held_against_what_the_rubric_scores(field, text, said, tmp_path):
    shutil.copytree(HERE / "rubrics" / "ninth", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sample.yaml"
    filed = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    filed["department"]["narrative"][field] = text
    path.write_text(yaml.safe_dump(filed, allow_unicode=True), encoding="utf-8")
    _, audit = carded(read_department(path))
    assert [(f.code, said in f.message) for f in audit.findings] == [("text.number", True)]


def test_a_blank_book_speaks_of_this_rubric_alone(ninth, tmp_path):
    rubric = ninth[0].rubric
    path = tmp_path / "blank.xlsx"
    path.write_bytes(book_bytes([Entry("", {"rubric": "rubric.yaml"}, rubric)], form=True))
    assert read_book(path).notes == []
    sheets = {sheet.name: shown_rows(sheet) for sheet in read_sheets(path)[0]}
    assert not {"指标", "预算"} & set(sheets)  # nothing to choose, no money
    assert "12" in sheets["自评"]["executed"]
    assert "印在报告的“各项考核情况”里" in sheets["文字说明"]["预算管理情况分析"]
    words = str(sheets)
    assert not re.search("预决算差异率|结转结余率", words)
    remarked = str(remarks(blank(rubric, "rubric.yaml", 2023, ""), rubric, chinese=False))
    assert "indicator: saving" in remarked
    assert not re.search("carryover|预决算差异率|结转结余", remarked)


def test_a_projects_report_has_no_parts_of_a_departments_budget():
    """A rubric of one part: its money is one line, in sentence, table, sheet, frame, chart and index."""
    card = score(*read_department(HERE / "rubrics" / "project-2020.yaml"))
    report = Report(card, examine(card))
    shown = "".join(block.html for block in (report.execution(), report.score_sheet()))
    words = re.sub("<[^>]*>", "", shown)
    assert "2023年全年预算数200.00万元，全年执行数190.00万元。预算执行率为95%。" in words
    assert "项目资金执行情况" in words
    assert not re.search("基本支出|项目支出预算数|其他|资金总体", words)
    assert report.frames.budget.empty
    assert report.chart_parts() is None
    row = row_of("one", card, [])
    assert ([*row.amounts], row.budget) == (["项目资金"], 200)
    shown = page([row]) + " ".join(map(str, derivations(card).values()))
    assert "项目资金预算" in shown
    assert "资金总体" not in shown
