"""A filing typed as a department would type its report: in Word in several ways, and as a PDF.

The form is that of the published model (seven chapters, the score sheet with merged cells, amounts in
running text); the words are the filing's own.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import docx
import typst
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

from perfkit.fonts import families, typst_fonts
from perfkit.forms.department import Department
from perfkit.quantities import percent, plain
from perfkit.scoring.rubric import Rubric

WIDE = str.maketrans("0123456789.%", "０１２３４５６７８９．％")


@dataclass
class Report:
    """Paragraphs as (level, text) and tables as rows of cells; a cell is text, columns, rows."""

    parts: list = field(default_factory=list)

    def head(self, level, text):
        self.parts.append((level, text))

    def say(self, text):
        self.parts += [(0, line) for line in text.splitlines() if line.strip()]

    def table(self, rows):
        self.parts.append(rows)


def written(department, loc, value):
    """An amount as the filing writes it: 350000元 or, without a unit there, in 万元."""
    text = department.source.texts.get(("department", *loc)) or f"{value:f}"
    return text if text.endswith(("元", "亿")) else f"{text}万元"


def report_of(department: Department, rubric: Rubric) -> Report:
    """The filing as a report in the model's form."""
    made = Report()
    budget, year = department.budget, department.year
    made.head(1, f"{department.short_name}整体绩效评价报告")
    made.say(department.name)
    made.head(2, "一、部门概况")
    made.head(3, "（一）机构设置及职责工作任务情况")
    for n, division in enumerate(department.divisions, 1):
        made.say(f"{n}.{division.name}。{division.duties}")
    made.head(3, "（二）部门整体绩效目标设立情况")
    made.say(department.objective)
    made.head(2, "二、当年预算执行情况")
    total = budget.overall
    parts = {"基本支出": budget.basic, "项目支出": budget.project, "其他支出": budget.other}
    budgets = "，".join(f"{name}预算数{plain(part.budget)}万元" for name, part in parts.items())
    spent = "，".join(f"{name}{plain(part.spent)}万元" for name, part in parts.items())
    made.say(
        f"{year}年全年预算数{plain(total.budget)}万元，其中，{budgets}。"
        f"资金总体支出{plain(total.spent)}万元，其中，{spent}。"
        f"预算执行率为{percent(total.execution_rate)}。"
    )
    made.say(department.narrative.execution)
    made.head(2, "三、整体绩效目标实现情况")
    for n, project in enumerate(department.projects, 1):
        made.head(4, f"{n}.{project.name}")
        made.say(project.narrative)
    made.head(2, "四、预算管理情况分析")
    made.say(department.narrative.management)
    made.head(2, "五、总体评价结论")
    made.head(3, "（一）评价得分情况")
    made.say(department.narrative.result)
    made.head(3, "（二）存在的问题及原因分析")
    made.say(department.narrative.problems)
    made.head(2, "六、措施建议")
    made.say(department.narrative.measures)
    made.head(2, "七、附件")
    made.say(f"附件4-1\n{year}年部门整体绩效评价指标体系评分表")
    _sheet(made, department, rubric)
    return made


def _sheet(made, department, rubric):
    budget, claims = department.budget, department.reported.scores
    total = budget.overall
    made.say("一、当年预算执行情况（20分）")
    heads = ["一级指标", "二级指标", "预算数（万元）", "执行数（万元）", "预算执行率", "分值", "得分",
             "指标解释", "评分标准"]  # fmt: skip
    rows = [heads]
    names = {
        "资金总体": total,
        "基本支出": budget.basic,
        "——项目支出": budget.project,
        "其他": budget.other,
    }
    for n, (name, part) in enumerate(names.items()):
        rate = percent(part.execution_rate) if name == "资金总体" else ""
        row = [name, plain(part.budget), plain(part.spent), rate]
        if n == 0:
            texts = ["部门全年执行数与全年预算数的比率。", "①得分一档最高不能超过该指标分值上限。"]
            row = [("当年预算执行情况（20）", 1, 4), *row, ("20", 1, 4),
                   (plain(claims["execution"]), 1, 4), *((text, 1, 4) for text in texts)]  # fmt: skip
        rows.append(row)
    made.table(rows)
    made.say("二、整体绩效目标实现情况（60分）")
    heads = [
        "一级指标",
        "二级指标",
        "三级指标",
        "指标值",
        "完成值",
        "分值",
        "得分",
        "指标解释",
        "评分标准",
    ]
    rows = [heads]
    listed = list(department.indicators)
    for group, rule in rubric.groups.items():
        own = [row for row in listed if row.group == group]
        kinds = {kind.id: kind.name for kind in rule.kinds}
        points = plain(rubric.indicator(group).points)
        for n, indicator in enumerate(own):
            goal = (
                indicator.name
                if indicator.target == "完成"
                else f"{indicator.name}：{indicator.target}"
            )
            row = [kinds[indicator.kind], goal, indicator.actual]
            if n == 0:
                row = [(f"{rubric.indicator(group).name}（{points}）", 1, len(own)), *row,
                       (points, 1, len(own)), (plain(claims[group]), 1, len(own)),
                       ("略", 1, len(own)), ("略", 1, len(own))]  # fmt: skip
            rows.append(row)
    rows[1].insert(0, ("整体绩效目标实现情况（60）", 1, len(listed)))
    made.table(rows)
    made.say("三、预算管理情况（20分）")
    rows = [heads]
    checklists = [i for i in rubric.indicators if i.rule.questions]
    for indicator in checklists:
        claim = plain(claims[indicator.id])
        level2 = f"{indicator.level2}（{plain(indicator.points)}）"
        rows.append(
            [
                level2,
                indicator.name,
                indicator.value,
                "完成",
                plain(indicator.points),
                claim,
                "略",
                "略",
            ]
        )
    rows[1].insert(0, ("预算管理情况（20）", 1, len(checklists) + 3))
    year, carryover = department.year, budget.carryover
    rows.append(
        [("指标", 2, 1), f"{year - 1}年", f"{year}年", "分值", "得分", "指标解释", "评分标准"]
    )
    rate = percent(total.unspent / total.budget)
    for name, last, this, claim in (
        ("结 转 结 余 率（4）", percent(carryover.previous_rate), rate, claims["carryover"]),
        ("部 门 预 决 算 差 异 率（4）", "——", percent(budget.variance.rate), claims["variance"]),
    ):
        rows.append([(name, 2, 1), last, this, "4", plain(claim), "略", "略"])
    rows.append([("合计", 5, 1), "100", plain(department.reported.total), "", ""])
    made.table(rows)


def _grid(rows):
    """Rows of cells as (text, column, columns, row, rows)."""
    taken = set()
    for r, row in enumerate(rows):
        column = 0
        for cell in row:
            text, columns, down = cell if isinstance(cell, tuple) else (cell, 1, 1)
            while (r, column) in taken:
                column += 1
            taken |= {(r + i, column + k) for i in range(down) for k in range(columns)}
            yield text, column, columns, r, down
            column += columns


def word(report: Report, path: Path, typing: str = "plain") -> Path:
    """The report in Word.

    *typing* is ``plain`` (typed numbers, bold headings), ``automatic`` (Word numbers the chapters and
    projects, heading styles, a table of contents) or ``ragged`` (what people leave behind:
    full-width digits, soft line breaks, tracked changes, text boxes, blanks, no heading formats).
    """
    document = docx.Document()
    if typing == "automatic":
        _lists(document)
        for part in report.parts:
            if part[0] == 2:
                document.add_paragraph(f"{part[1]}\t1")
    if typing == "ragged":
        document.sections[0].header.paragraphs[0].text = "2021年全年预算数1万元"
    for part in report.parts:
        if isinstance(part, list):
            _word_table(document, part, typing)
        else:
            _word_paragraph(document, *part, typing)
    document.save(path)
    return path


def _word_paragraph(document, level, text, typing):
    if typing == "automatic" and level:
        style = {1: "Title", 2: "Heading 1", 3: "Heading 2", 4: "Heading 3"}[level]
        bare = (
            text.split("、", 1)[1] if level == 2 else text.split("）", 1)[1] if level == 3 else text
        )
        bare = bare.split(".", 1)[1] if level == 4 else bare
        paragraph = document.add_paragraph(bare, style=style)
        if level > 1:
            properties = paragraph._p.get_or_add_pPr()
            xml = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level - 2}"/><w:numId w:val="77"/></w:numPr>'
            properties.append(parse_xml(xml))
        return
    if typing == "ragged":
        text = text.translate(WIDE)
        paragraph = document.add_paragraph("　　" if not level else "")
        middle = len(text) // 2
        before, after = text[:middle], text[middle:]
        paragraph.add_run(before)
        if len(text) > 90:  # as out of a PDF, or after Shift and Enter
            paragraph.add_run().add_break()
        _tracked(paragraph, after)
        return
    run = document.add_paragraph().add_run(text)
    run.bold = bool(level) or None


def _tracked(paragraph, text):
    """*text* inserted with its first sign, after other text that is deleted."""
    for tag, inner, words in (("w:del", "w:delText", "999万元"), ("w:ins", "w:t", text)):
        change = OxmlElement(tag)
        change.set(qn("w:id"), "1")
        change.set(qn("w:author"), "甲")
        run, piece = OxmlElement("w:r"), OxmlElement(inner)
        piece.text = words
        run.append(piece)
        change.append(run)
        paragraph._p.append(change)


def _lists(document):
    numbering = document.part.numbering_part.element
    forms = [
        ("chineseCountingThousand", "%1、"),
        ("chineseCountingThousand", "（%2）"),
        ("decimal", "%3."),
    ]
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate(forms)
    )
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'
    )
    number = parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>')
    numbering.insert(0, abstract)
    numbering.append(number)


def _word_table(document, rows, typing):
    cells = list(_grid(rows))
    width = max(column + columns for _, column, columns, _, _ in cells)
    table = document.add_table(len(rows), width)
    for text, column, columns, r, down in cells:
        cell = table.cell(r, column)
        if columns > 1 or (down > 1 and typing != "ragged"):
            last = r if typing == "ragged" else r + down - 1
            cell = cell.merge(table.cell(last, column + columns - 1))
        cell.text = text.translate(WIDE) if typing == "ragged" else text


def pdf(report: Report, path: Path) -> Path:
    """The report as a PDF: lines justified, ruled tables that go on over pages, page numbers."""
    fonts = ", ".join(f'"{name}"' for name in next(iter(families(True).values())))
    lines = [
        '#set page(width: 210mm, height: 297mm, margin: 28mm, numbering: "— 1 —", header: [示例文件])',
        f'#set text(font: ({fonts}), size: 16pt, lang: "zh")',
        "#set par(justify: true, first-line-indent: (amount: 2em, all: true), spacing: 0.7em)",
    ]
    for part in report.parts:
        if isinstance(part, tuple):
            level, text = part
            shown = _escaped(text)
            lines.append(f"#align(center)[{shown}]" if level == 1 else f"{shown}\n")
            continue
        cells = list(_grid(part))
        width = max(column + columns for _, column, columns, _, _ in cells)
        inside = ", ".join(
            f"table.cell(colspan: {columns}, rowspan: {down})[{_escaped(text)}]"
            for text, _, columns, _, down in cells
        )
        lines.append(
            f"#[#set text(size: 10pt)\n#set par(first-line-indent: 0em)\n#table(columns: (1fr,) * {width}, {inside})]"
        )
    path.write_bytes(typst.compile("\n".join(lines).encode(), font_paths=typst_fonts(True)))
    return path


def _escaped(text):
    return '#"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def with_texts(department: Department, texts: dict[str, str]) -> Department:
    """The filing with other words, by path (``projects/0/narrative``)."""
    tree = copy.deepcopy(department)
    narrative = {p.split("/")[1]: t for p, t in texts.items() if p.startswith("narrative/")}
    projects = [
        p.model_copy(update={"narrative": texts.get(f"projects/{n}/narrative", p.narrative)})
        for n, p in enumerate(tree.projects)
    ]
    update = {"projects": tuple(projects), "narrative": tree.narrative.model_copy(update=narrative)}
    if "objective" in texts:
        update["objective"] = texts["objective"]
    made = tree.model_copy(update=update)
    made.comes_from(department.source, None)
    return made
