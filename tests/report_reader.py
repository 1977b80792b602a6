"""A reader of reports: each number that they state, read from what is printed, against the scorecard.

Written apart from what prints them. Each function gives what is wrong, in words.
"""

import io
import json
import re
from decimal import Decimal
from itertools import groupby

import lxml.html
import openpyxl

from perfkit.index.page import page
from perfkit.index.rows import row_of
from perfkit.index.workbook import workbook
from perfkit.quantities import plain, rounded
from perfkit.scoring.derivations import derivations
from perfkit.scoring.filed import field_label, field_unit, filed_figure
from perfkit.scoring.scores import walk


def said(node):
    return re.sub(r"\s", "", node.text_content())


def told(found, right, what):
    return [] if found == right else [f"{what}: {found} ≠ {right}"]


def blocks(tree, name):
    return [node for node in tree.iter() if node.get("data-block") == name]


def points(number):
    return plain(number.normalize() if number else Decimal(0))


def lost_in(text):
    """The points that a list of deductions says were lost: 甲，扣1分；乙，扣0.5分."""
    return sum(map(Decimal, re.findall(r"，扣([0-9.]+)分(?=；|。|$|（)", text)))


def sheet(tree, card):
    """评分表: 核定得分 with its notes, 偏差原因, 完成值, the labels, the total, the basis."""
    wrong, rubric = [], card.rubric
    for one in walk(card.everything):
        for row in blocks(tree, f"sheet.{one.id}"):
            cells = [said(cell) for cell in row]
            at = max(
                i
                for i, cell in enumerate(row)
                if cell.find("span") is not None and cell.find("span").get("data-of") == one.id
            )
            sign = {1: "+", -1: "−"}.get(one.sign, "") if one.awarded else ""
            right = "待定" if one.awarded is None else sign + points(one.awarded)
            notes = []
            if one.awarded is not None and one.open_points:
                notes.append(f"{points(one.open_points)}分待定")
            if one.override:
                notes.append(f"按规则{'待定' if one.by_rule is None else points(one.by_rule)}")
            wrong += told(cells[at], right + "，".join(notes), f"评分表 {one.id}")
            top = one in card.scores
            if top and not (one.override or one.parts or one.skipped or one.undecided):
                lost = sum(d.points for d in one.deductions)
                wrong += told(lost_in(cells[at + 1]), lost, f"偏差原因 {one.id}")
            rate = Decimal(one.rate[:-1]) / 100 if one.rate.endswith("%") else None
            if rate is not None:
                wrong += told(one.rate in cells, True, f"完成值 {one.id} {one.rate}")
                if one.ratio is not None and abs(rate - one.ratio) > Decimal("0.00005"):
                    wrong.append(f"比率 {one.id}: {rate} ≠ {one.ratio}")
    captions = [said(c) for c in tree.iter("caption") if re.match("[一二三四五]、部分", said(c))]
    right = [f"{s.name}（{points(card.section_points(s.id))}分）" for s in rubric.sections]
    wrong += told([caption[2:] for caption in captions], right, "评分表的标题")
    labels = {said(cell) for cell in tree.iter("th", "td") if said(cell).startswith("二级")}
    groups = [
        (level2, [*rows])
        for s in rubric.sections
        for level2, rows in groupby(s.indicators, lambda i: i.level2)
    ]
    sums = {
        f"{level2}（{points(sum(card.score(i.id).points for i in rows))}）"
        for level2, rows in groups
    }
    wrong += told({label for label in labels if "（" in label} - sums, set(), "二级指标的分值")
    (row,) = blocks(tree, "sheet.total")
    cells = [said(cell) for cell in row]
    waiting = f"{points(card.open_points)}分待定" if card.open_points else ""
    right = [points(rubric.points), points(card.total) + waiting]
    wrong += told([cells[1], cells[-2]], right, "评分表合计")
    wrong += told(cells[-1].startswith(f"评价等级：{card.grade or '待定'}"), True, cells[-1])
    floors = [f"{points(grade.floor)}分（含）以上为{grade.label}" for grade in rubric.grades[:-1]]
    return wrong + told("，".join(floors) in said(tree), True, "等级的下限")


def sentences(tree, card):
    """What the chapters say of sections, deductions, decisions, 三级指标, 加分 and 扣分."""
    text, wanted = said(tree), []
    for section in card.rubric.sections:
        known = [card.score(i.id).awarded for i in section.indicators]
        if any(award is not None for award in known):
            of = points(card.section_points(section.id))
            wanted.append(f"{section.name}{points(card.section_total(section.id))}分（{of}分）")
    for one in walk(card.everything):
        awarded = one.awarded or Decimal(0)
        if one.override:
            by_rule = "待定" if one.by_rule is None else f"{points(one.by_rule)}分"
            by = f"经{one.override.stage}环节、{one.override.approver}同意"
            wanted.append(f"{one.name}按规则得分{by_rule}，{by}，核定为{points(awarded)}分")
        if one.parts:
            both = sum(1 for part in one.parts if part.indicator.quantified)
            wanted.append(f"{one.name}设三级指标{len(one.parts)}个（定量{both}个），")
            if one.awarded is not None:
                wanted.append(f"），得{points(awarded)}分（分值{points(one.points)}分")
        if one.sign and one.awarded is not None:
            word = "加" if one.sign > 0 else "扣"
            wanted.append(f"{word}{points(awarded)}分（最多{word}{points(one.points)}分）")
    wrong = [f"没有“{words}”" for words in wanted if words not in text]
    found = [said(p) for p in tree.iter("p") if said(p).startswith("按评分标准扣分的有")]
    lost = sum(d.points for one in card.scores for d in one.lost)
    return wrong + told(sum(map(lost_in, found)), lost, "扣分的合计")


def verdicts(tree, card):
    """What the sentence of an indicator says of its figures: the rate, the tier, the count, the gap."""
    wrong = []
    for one in card.scores:
        rule = card.rubric.indicator(one.id).rule
        for node in blocks(tree, f"management.{one.id}"):
            if one.undecided or one.override or one.skipped or one.by_rule is None:
                continue
            text = said(node)
            if "不得分" in text:  # by a 限制条件
                continue
            if one.rate and one.rate not in text:
                wrong.append(f"句子 {one.id}: 没有 {one.rate}")
            if counted := re.search("检查([0-9]+)项", text):
                failed = re.search("其中([0-9]+)项不合格", text)
                right = [len(one.inputs), len(one.deductions)]
                found = [int(counted[1]), int(failed[1]) if failed else 0]
                wrong += told(found, right, f"检查项 {one.id}")
            if rule.kind in ("tiers", "rank") and rule.awards and one.native is None:
                named = re.search("属于“([^”]*)”一档", text)[1]
                (of,) = [t.points for t in rule.awards if (t.when or "其余") == named]
                wrong += told(of, one.by_rule, f"分档 {one.id}")
            if gap := re.search("(高出|低于)([0-9.]+)个百分点", text):
                away = Decimal(gap[2]) * (1 if gap[1] == "高出" else -1) / 100
                if abs(one.ratio - Decimal("0.8") - away) > Decimal("0.0000005"):
                    wrong.append(f"差距 {one.id}: {away} ≠ {one.ratio} − 0.8")
    return wrong


def drawn(report, card):
    """各项指标得分 as the chart draws it: every score by its points, in figures and to its end."""
    chart = report.chart_points()
    pairs = re.findall(r">([0-9.]+|待定) / ([0-9.]+)<", chart.svg)
    right = [
        ("待定" if one.awarded is None else Decimal(points(rounded(one.awarded, 4))), one.points)
        for one in card.scores
        if one.points
    ]
    found = [(a if a == "待定" else Decimal(a), Decimal(of)) for a, of in pairs[:-1]]
    listed = re.findall(r"(?:^|[。；])(指标\S+) ([0-9.]+) / ([0-9.]+)", chart.alt)
    by_name = {one.name: one for one in card.scores}
    wrong = told(found, right, "图")
    for name, awarded, of in listed:
        one = by_name[name]
        right = [rounded(one.awarded or Decimal(0), 4), one.points]
        wrong += told([Decimal(awarded), Decimal(of)], right, f"图 {name}")
    return wrong


def amounts(report, card):
    """预算执行 and the projects, in sentences and charts, against what was filed."""
    if not card.rubric.has_money:
        return []
    wrong, whole = [], card.department.budget.overall
    text = said(lxml.html.fromstring(f"<div>{report.execution().html}</div>"))
    budget = Decimal(re.search("全年预算数([0-9.]+)万元", text)[1])
    wrong += told(budget, rounded(whole.budget, 2), "全年预算数")
    if rate := re.search("预算执行率为([0-9.]+)%", text):
        right = whole.spent / whole.budget
        if abs(Decimal(rate[1]) / 100 - right) > Decimal("0.00005"):
            wrong.append(f"预算执行率: {rate[1]} ≠ {right}")
    rows = dict(zip(PARTS, card.department.budget.parts.values(), strict=True))
    rows |= {project.name: project for project in card.department.projects}
    for chart in filter(None, (report.chart_parts(), report.chart_amounts())):
        found = re.findall(r"[。；](\S+?)预算 ([0-9.]+)、支出 ([0-9.]+)", chart.alt)
        wrong += told(bool(found), True, chart.alt)
        for name, *both in found:
            right = [rounded(rows[name].budget, 2), rounded(rows[name].spent, 2)]
            wrong += told([*map(Decimal, both)], right, f"图 {name}")
    return wrong


PARTS = ("基本支出", "项目支出", "其他支出")


def derived(card):
    """得分推导: what the figures of a rule are, the sum of a section, and the total."""
    wrong, known = [], derivations(card)
    for one in card.scores:
        rule = card.rubric.indicator(one.id).rule
        for path in rule.fields if rule.kind in ("ratio", "tiers", "excess") else ():
            value, label = filed_figure(card.department, path), field_label(path, card.rubric)
            for shown in [i.value for i in one.inputs if i.name == label and value is not None]:
                right = f"{points(value)}{field_unit(path, card.rubric)}"
                wrong += told(shown, right, f"依据 {path}")
    for section in card.rubric.sections:
        formula = known[f"section.{section.id}"].formula
        if " = " in formula:
            right = points(card.section_total(section.id))
            wrong += told(formula.rpartition(" = ")[2], right, f"推导 {section.id}")
    last = re.search(r"([0-9.]+)\D*$", known["total"].formula)
    return wrong + told(Decimal(last[1]), card.total, "推导 总分")


def index(card):
    """The index's page and workbook, and the machine's form: total, grade, 待定, scores, 失分."""
    row = row_of("x", card, ())
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page([row]), re.S)
    data = json.loads(text[1])
    first = len(data["rows"][0]) - len(data["columns"])
    shown = {
        c["title"]: value for c, value in zip(data["columns"], data["rows"][0][first:], strict=True)
    }
    wrong = told(Decimal(shown["得分"]), card.total, "目录页")
    wrong += told(
        data["rows"][0][3], points(card.open_points) if card.open_points else None, "目录页待定"
    )
    wrong += told(shown["等级"] in (card.grade, None, "待定"), True, f"目录页等级 {shown['等级']}")
    book = openpyxl.load_workbook(io.BytesIO(workbook([row])))
    heads, cells = ([c.value for c in line] for line in [*book["汇总"].iter_rows(max_row=2)])
    overview = dict(zip(heads, cells, strict=True))
    right = [float(card.total), float(card.rubric.points), float(card.open_points)]
    found = [float(overview[name]) for name in ("得分", "满分", "待定分值")]
    wrong += told(found, right, "汇总表")
    heads, cells = ([c.value for c in line] for line in [*book["指标得分"].iter_rows(max_row=2)])
    scored = {str(head).split("\n")[0]: cell for head, cell in zip(heads, cells, strict=True)}
    for one in card.everything:
        counted = None if one.awarded is None else float(one.counted)
        for what, cell in (("页", shown.get(one.name)), ("表", scored.get(one.name))):
            is_number = isinstance(cell, (int, float)) or re.fullmatch(r"-?[0-9.]+", str(cell))
            value = float(cell) if is_number else None
            if value is None or counted is None or abs(value - counted) > 1e-9:
                wrong += told(value, counted, f"目录{what} {one.name}")
    lines = [[c.value for c in line] for line in book["失分"].iter_rows()]
    # Where nothing is decided yet, no points are lost and the table has no row.
    lost = dict(zip(lines[1], lines[2], strict=True)) if len(lines) > 2 else {}
    for one in card.scores:
        if one.awarded is not None:
            right = float(one.points - one.open_points - one.awarded)
            found = float(lost.get(one.name) or 0)
            wrong += told(abs(found - right) < 1e-9, True, f"失分 {one.name}: {found} ≠ {right}")
    machine = card.as_dict()
    wrong += told(machine["total"], points(card.total), "JSON")
    scores = {one["id"]: one["score"] for one in machine["indicators"]}
    right = {one.id: None if one.awarded is None else points(one.awarded) for one in card.scores}
    return wrong + told(scores, right, "JSON")
