"""Reports in Word and PDF, read back into filings and audited as they were received."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import docx
import hostile_reports
import pytest
import typed_report
import typst
import yaml
from command_line import perfkit

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.fonts import families, typst_fonts
from perfkit.received import chapters, figures, pdf, tables
from perfkit.received.filing import gather
from perfkit.received.importing import (
    department_received,
    parameter_text,
    read_report,
    write_parameters,
)
from perfkit.received.opened import read_paper
from perfkit.received.paper import Cell, Paragraph, Table, narrow
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

ROOT = Path(__file__).parent.parent
TYPINGS = ("plain.docx", "automatic.docx", "ragged.docx", "typeset.pdf")


@pytest.fixture(scope="module")
def typed(tmp_path_factory, model):
    """The model department's report, typed in several ways."""
    folder = tmp_path_factory.mktemp("typed")
    made = typed_report.report_of(*read_department(model))
    for name in TYPINGS[:3]:
        typed_report.word(made, folder / name, name.partition(".")[0])
    typed_report.pdf(made, folder / "typeset.pdf")
    return folder


@pytest.fixture(scope="module")
def read(typed):
    """Each of them as it is read; read once."""
    known = {}

    def reading(name):
        if name not in known:
            known[name] = read_report(typed / name)
        return known[name]

    return reading


def amounts(value, path=""):
    """All amounts, rates and points of a filing, by path."""
    if isinstance(value, dict):
        return {
            k: v for key, child in value.items() for k, v in amounts(child, f"{path}.{key}").items()
        }
    if isinstance(value, list | tuple):
        return {
            k: v for n, child in enumerate(value) for k, v in amounts(child, f"{path}.{n}").items()
        }
    return {path: value} if isinstance(value, Decimal) else {}


def told(card):
    return Counter((f.code, f.level, f.message) for f in examine(card).findings)


@pytest.mark.parametrize("name", TYPINGS)
def test_every_amount_of_the_model_comes_back_from_its_report(name, read, model):
    filed, _ = read_department(model)
    found, _ = department_received(read(name))
    wanted, got = amounts(filed.model_dump()), amounts(found.model_dump())
    assert {path: got.get(path) for path in wanted} == wanted
    # What more there is, the report says: the carryover rate of the score sheet.
    assert got.keys() - wanted.keys() == {".budget.carryover.rate"}


@pytest.mark.parametrize("name", TYPINGS)
def test_the_report_raises_the_findings_of_the_filing(name, read, model):
    filed = score(*read_department(model))
    received = score(*department_received(read(name)))
    assert told(received) == told(filed)
    assert received.as_dict()["total"] == filed.as_dict()["total"]


@pytest.mark.parametrize("name", TYPINGS)
def test_names_texts_and_days_come_back_word_by_word(name, read, model):
    filed, _ = read_department(model)
    found, _ = department_received(read(name))
    for field in ("name", "short_name", "year", "rubric", "checks"):
        assert getattr(found, field) == getattr(filed, field)
    assert [p.name for p in found.projects] == [p.name for p in filed.projects]
    assert [(p.starts, p.ends) for p in found.projects] == [
        (p.starts, p.ends) for p in filed.projects
    ]
    assert [(d.name, d.duties) for d in found.divisions] == [
        (d.name, d.duties) for d in filed.divisions
    ]
    wanted = {**filed.texts}
    wanted["narrative.execution"] = found.texts[
        "narrative.execution"
    ]  # with its sentence of amounts
    got = found.texts
    if name == "ragged.docx":  # a soft line break after a sentence is a paragraph's end
        got, wanted = (
            {field: text.replace("\n", "") for field, text in texts.items()}
            for texts in (got, wanted)
        )
    assert got == wanted


def test_every_value_has_its_place(read):
    received = read("plain.docx")
    text = parameter_text(received)
    assert "# 第1张表第2行：资金总体 15548.09\n      budget: 15548.09万元" in text
    assert "预算5400元\n      budget: 5400元" in text
    assert (
        "# 推算，请核对：全年预算数减全年执行数，与所填结转结余率0.12%相符（第3张表第8行）" in text
    )
    assert "# 没有找到，请补填\n    initial:\n" in text
    for path, origin in received.origins.items():
        assert origin.place, path


def test_in_chinese_the_codes_of_the_rubric_are_its_words_and_read_back_the_same(read, tmp_path):
    received = read("plain.docx")
    filed = []
    for chinese in (False, True):
        write_parameters(received, tmp_path / f"{chinese}.yaml", chinese=chinese)
        filed.append(read_department(tmp_path / f"{chinese}.yaml")[0].model_dump())
    assert filed[0] == filed[1]
    text = parameter_text(received, chinese=True)
    assert "- 所属指标: 产出\n" in text
    codes = [*received.get("checks"), *received.get("reported.scores"), "output", "quality"]
    assert not [code for code in codes if f" {code}:" in text or f": {code}\n" in text]
    assert text.count("# 推算") == parameter_text(received).count("# 推算")
    assert text.count("\n") == parameter_text(received).count("\n")


def test_findings_name_paragraph_and_page(read):
    places = {}
    for name in ("plain.docx", "typeset.pdf"):
        findings = examine(score(*department_received(read(name)))).findings
        places[name] = {finding.code: finding.where for finding in findings}
    assert places["plain.docx"]["projects.budget_sum"].endswith("/plain.docx 第1张表第4行")
    assert places["plain.docx"]["statement.problem"].endswith("/plain.docx 第59段")
    assert places["typeset.pdf"]["statement.problem"].endswith("/typeset.pdf 第7页")


def test_a_parameter_file_of_a_report_is_read_without_a_fault(read, tmp_path):
    assert write_parameters(read("ragged.docx"), tmp_path / "new" / "x.yaml") == []


def test_what_is_not_found_is_listed_and_left_to_be_filled_in(typed, tmp_path):
    document = docx.Document(typed / "plain.docx")
    for paragraph in document.paragraphs:
        if "全年预算数15548.09" in paragraph.text:
            paragraph.text = "2023年预算执行情况较好。"
    document.tables[0]._tbl.getparent().remove(document.tables[0]._tbl)
    document.save(tmp_path / "less.docx")
    received = read_report(tmp_path / "less.docx")
    missing = {"budget.basic.budget", "budget.basic.spent", "budget.total.budget"}
    assert missing <= set(received.missing)
    faults = write_parameters(received, tmp_path / "less.yaml")
    assert any("基本支出（basic） / 全年预算数（budget）：缺少这一项" in fault for fault in faults)
    tree = yaml.safe_load((tmp_path / "less.yaml").read_text(encoding="utf-8"))["department"]
    assert tree["budget"]["basic"] == {"budget": None, "spent": None}
    with pytest.raises(PerfkitError, match="基本支出（basic）：缺少这一项"):
        department_received(received)


def test_a_contradiction_within_the_report_is_told(typed, tmp_path):
    document = docx.Document(typed / "plain.docx")
    document.tables[0].cell(1, 2).text = "15584.09"
    document.save(tmp_path / "other.docx")
    received = read_report(tmp_path / "other.docx")
    assert any("15584.09万元" in doubt and "15548.09万元" in doubt for doubt in received.doubts)


# ---- perfkit's own reports


def test_what_perfkit_made_reads_back(tmp_path):
    name = "shili-water-2023"
    params = ROOT / "params" / f"{name}.yaml"
    filed, _ = read_department(params)
    done = perfkit("run", params, "-o", tmp_path, "--formats", "docx,pdf", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    for ending in ("docx", "pdf"):
        found, _ = department_received(read_report(tmp_path / f"{name}.{ending}"))
        assert found.name == filed.name
        assert found.report_date == filed.report_date
        assert found.budget.overall.budget == filed.budget.overall.budget
        assert found.budget.parts.keys() == filed.budget.parts.keys()
        for key, part in filed.budget.parts.items():
            assert (found.budget.parts[key].budget, found.budget.parts[key].spent) == (
                part.budget,
                part.spent,
            )
        assert found.budget.initial == filed.budget.initial
        assert found.budget.carryover.amount == filed.budget.carryover.amount
        assert [(p.name, p.budget, p.spent, p.score, p.evaluation, p.starts, p.ends, p.narrative)
                for p in found.projects] == [
            (p.name, p.budget, p.spent, p.score, p.evaluation, p.starts, p.ends, p.narrative.strip())
            for p in filed.projects
        ]  # fmt: skip
        assert [(i.name, i.kind, i.target, i.actual) for i in found.indicators] == [
            (i.name, i.kind, narrow(i.target), narrow(i.actual)) for i in filed.indicators
        ]
        assert found.checks == filed.checks
        assert found.reported.scores == filed.reported.scores
        assert found.reported.total == filed.reported.total
        assert found.narrative.management == filed.narrative.management.strip()


# ---- what others write


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("该项目预算经费为350000元、支出金额为350000元、预算执行率为100%。",
         {"budget": "350000元", "spent": "350000元", "rate": "100%"}),
        ("经费预算为 5400 元，预算执行率为 94.44%", {"budget": "5400元", "rate": "94.44%"}),
        ("预算、支出均为45万元，执行率100%。", {"budget": "45万元", "spent": "45万元", "rate": "100%"}),
        ("全年预算1.2亿元，实际支出1亿1000万元。", {"budget": "1.2亿元", "spent": "11000万元"}),
        ("合同期为一年（2023年8月1日至2024年7月31日），预算经费为30万元。", {"budget": "30万元"}),
        ("拨付甲公司220万元、乙公司300万元，共计520万元；预算经费为520万元。", {"budget": "520万元"}),
        ("预算批复三十五万元，实际使用三十四万元。", {"budget": "35万元", "spent": "34万元"}),
        ("2022年预算80万元。", {}),
        ("预算比上年增加20万元。", {}),
        ("截至6月底支出12万元。", {}),
        ("预算约100万元。", {}),
        ("计划投资500万元。", {}),
        ("预算由15万元调整为13万元，支出13万元。", {"budget": "13万元", "spent": "13万元"}),
        ("年初预算30万元，年中调减至25万元，支出25万元。", {"budget": "25万元", "spent": "25万元"}),
        ("项目总预算5000万元，其中2023年预算1000万元，支出980万元。", {"budget": "1000万元", "spent": "980万元"}),
        ("印刷费预算5万元，支出4.8万元；培训费预算10万元，支出9万元。", {}),
        ("其中：印刷费预算5万元，支出4.8万元。总预算15万元，总支出13.8万元。", {"budget": "15万元", "spent": "13.8万元"}),
        ("人均预算500元，支出总额25万元。", {"spent": "25万元"}),
        ("超预算支出2万元。", {}),
    ],
)  # fmt: skip
def test_figures_of_a_project(text, found):
    listed = list(figures.said(text, 2023, project=True))
    said = {cue: figures.first_and_best(listed, "this", cue) for cue in ("budget", "spent", "rate")}
    assert {cue: figure.text for cue, figure in said.items() if figure} == found


@pytest.mark.parametrize(
    "titles",
    [
        ("一、部门概况", "二、当年预算执行情况", "三、整体绩效目标实现情况", "六、措施建议"),
        ("1.部门基本情况", "2.预算执行情况", "3.绩效目标完成情况", "4.改进措施"),
        (
            "（一）单位概况",
            "（二）部门预算执行情况分析",
            "（三）整体绩效目标完成情况",
            "（四）有关建议",
        ),
        (
            "第一部分 部门概况",
            "第二部分 预算执行情况",
            "第三部分 整体绩效目标实现情况",
            "第四部分 措施建议",
        ),
        ("部门概况", "当年预算执行情况：", "整体绩效目标实现情况", "措施建议"),
    ],
)
def test_chapters_in_any_numbering(titles):
    contents = [Paragraph(f"{title}……{n}", "第1段") for n, title in enumerate(titles)]
    blocks = [*contents]
    for title in titles:
        blocks += [
            Paragraph(title, "第2段"),
            Paragraph("预算执行情况总体较好，存在的问题已经整改。", "第3段"),
        ]
    found = chapters.chapters(blocks)
    assert [key for key in found if key != "front"] == [
        "about",
        "execution",
        "projects",
        "measures",
    ]
    assert all(
        len(found[key].blocks) == 1 for key in ("about", "execution", "projects", "measures")
    )


def test_a_report_in_a_frame_and_tables_within_a_table(tmp_path):
    document = docx.Document()
    document.add_paragraph("示例局2023年度部门整体绩效评价报告")
    cell = document.add_table(1, 2).cell(0, 1)
    for text in (
        "二、当年预算执行情况",
        "2023年全年预算数100万元，支出95万元。",
        "六、措施建议",
        "加强管理。",
    ):
        cell.add_paragraph(text)
    table = cell.add_table(2, 3)
    for r, row in enumerate(
        [["项目名称", "预算数（万元）", "支出数（万元）"], ["甲项目", "50", "45"]]
    ):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    document.save(tmp_path / "x.docx")
    received = read_report(tmp_path / "x.docx")
    assert received.get("budget.total.spent") == "95万元"
    assert received.get("narrative.measures") == "加强管理。"
    assert [project["spent"] for project in received.get("projects")] == ["45万元"]


def test_chapters_out_of_the_form_s_order():
    titles = [
        "一、部门概况",
        "二、整体绩效目标实现情况",
        "三、当年预算执行情况",
        "四、评价结论",
        "五、预算管理情况",
    ]
    blocks = [
        block for title in titles for block in (Paragraph(title, "1"), Paragraph("好。", "2"))
    ]
    found = chapters.chapters(blocks)
    assert list(found)[1:] == ["about", "projects", "execution", "result", "management"]
    assert all(len(chapter.blocks) == 1 for key, chapter in found.items() if key != "front")


def test_a_title_and_its_text_parted_by_a_soft_break():
    block = Paragraph("1.甲项目\n预算10万元，支出\n9万元。\n2.乙项目", "第1段")
    assert [line.text for line in chapters.lines([block])] == [
        "1.甲项目",
        "预算10万元，支出9万元。",
        "2.乙项目",
    ]


def grid(*rows):
    """A table; the same letter in brackets is the same, merged cell."""
    cells: dict[str, Cell] = {}
    made = [
        tuple(
            cells.setdefault(text, Cell(text, "表")) if text.startswith("=") else Cell(text, "表")
            for text in row
        )
        for row in rows
    ]
    return Table(tuple(made), "第1张表")


def test_the_unit_and_the_heads_of_a_table():
    table = grid(
        ("项目支出情况表（单位：元）", "", "", ""),
        ("序号", "项目名称", "=预算", "=预算"),
        ("序号", "项目名称", "预算数", "执行数"),
        ("1", "甲", "1，200.50", "１０００"),
        ("合计", "", "1200.50", "1000"),
    )
    (part,) = tables.parts([table])
    assert part.unit == "元"
    row = part.rows[0]
    assert row.text("name") == "甲"
    assert tables.amount(row.text("budget"), part.unit) == "1200.50元"


PROJECTS = [
    ["1.低保金发放", "预算50万元，支出49万元。", "2.养老设施", "预算30万元，支出26万元。"],
    ["1.低保金发放", "预算50万元，支出49万元。", "3.养老设施", "预算30万元，支出26万元。"],
    ["1.低保金发放", "预算50万元，支出49万元。", "1.养老设施", "预算30万元，支出26万元。"],
    ["（一）救助类", "1.低保金发放", "预算50万元，支出49万元。", "（二）养老类", "1.养老设施", "预算30万元，支出26万元。"],
    ["（一）救助类", "1.低保金发放", "预算50万元，支出49万元。", "（二）养老类", "2.养老设施", "预算30万元，支出26万元。"],
]  # fmt: skip


@pytest.mark.parametrize("texts", PROJECTS)
def test_projects_are_those_that_have_the_texts_however_they_are_counted(texts, tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "示例局2023年度部门整体绩效评价报告", "二、当年预算执行情况。", "2023年全年预算数100万元，支出95万元。",
        "三、整体绩效目标实现情况", *texts, "四、预算管理情况分析", "制度健全。",
    ])  # fmt: skip
    found = read_report(path).get("projects")
    assert [(p["name"], p["budget"], p["spent"]) for p in found] == [
        ("低保金发放", "50万元", "49万元"),
        ("养老设施", "30万元", "26万元"),
    ]


def test_projects_in_a_table_alone(tmp_path):
    document = docx.Document()
    for text in ("示例局部门整体绩效评价报告", "（2023年度）", "二、当年预算执行情况",
                 "2023年全年预算数200万元，其中，基本支出预算数100万元，项目支出预算数100万元。"
                 "资金总体支出190万元，其中，基本支出95万元，项目支出95万元。",
                 "三、整体绩效目标实现情况", "项目情况见下表（单位：元）"):  # fmt: skip
        document.add_paragraph(text)
    rows = [("序号", "项目名称", "全年预算数", "全年执行数", "执行率（%）", "自评得分", "完成情况"),
            ("1", "甲", "600000.00", "550000.00", "91.67", "96.5", "已完成"),
            ("2", "乙", "400,000", "400,000", "100", "100", "已完成"),
            ("", "合计", "1000000", "950000", "95", "", "")]  # fmt: skip
    table = document.add_table(len(rows), len(rows[0]))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    document.save(tmp_path / "x.docx")
    received = read_report(tmp_path / "x.docx")
    found, _ = department_received(received)
    assert found.name == "示例局"
    assert [(p.name, p.budget, p.spent, p.rate, p.score) for p in found.projects] == [
        ("甲", Decimal(60), Decimal(55), Decimal("0.9167"), Decimal("96.5")),
        ("乙", Decimal(40), Decimal(40), Decimal(1), Decimal(100)),
    ]
    # 200 = 100 + 100: nothing is left for the third part.
    assert received.origins["budget.other.budget"].how
    assert "indicators" in received.missing


def typed_by_another(path, parts):
    """A Word file of these paragraphs, bold where they are in a tuple, and tables."""
    document = docx.Document()
    for part in parts:
        if isinstance(part, list):
            table = document.add_table(len(part), len(part[0]))
            for r, row in enumerate(part):
                for c, text in enumerate(row):
                    table.cell(r, c).text = text
        else:
            text = part[0] if isinstance(part, tuple) else part
            document.add_paragraph().add_run(text).bold = isinstance(part, tuple)
    document.save(path)
    return path


def test_a_report_by_another_writer_with_one_table_for_the_sheet(tmp_path):
    heads = [
        "一级指标",
        "二级指标",
        "三级指标",
        "指标名称",
        "年度指标值",
        "实际完成值",
        "分值",
        "自评得分",
        "偏差原因分析及改进措施",
    ]
    path = typed_by_another(tmp_path / "x.docx", [
        "附件3", "北京市示例区城市管理委员会", "2023年度部门整体绩效评价报告", "目　录", "一、部门概况\t1", "二、当年预算执行情况\t3",
        "一、部门概况", "（一）机构设置及职责工作任务情况", "我委内设2个科室。", "1、办公室：负责机关日常运转。", "2、环境科：负责环境卫生。",
        "二、当年预算执行情况",
        "我委2023年年初预算3.2亿元，全年预算数为34,560.78万元，其中基本支出4,321.50万元，项目支出30,239.28万元。"
        "全年执行数33,890.12万元，其中：基本支出4,300.00万元，项目支出29,590.12万元，预算执行率为98.06%。"
        "年末结转结余670.66万元，结转结余率1.94%，较上年降低0.5个百分点。",
        "三、整体绩效目标实现情况", "（一）产出完成情况分析", "1.产出数量", "预算控制数34560.78万元，实际支出33890.12万元。",
        "（二）重点项目完成情况",
        "（1）道路清扫保洁项目。该项目年初预算12000万元，年中追加500万元，全年预算12500万元，实际支出12345.67万元，执行率98.77%。",
        "（2）垃圾分类专项经费", "项目预算资金共计800.5万元，全年支出共计800.5万元，预算执行率100%。",
        "四、预算管理情况分析", "2022年结转结余率2.44%。部门预决算差异率5.91%。",
        "五、总体评价结论", "（一）评价得分情况", "2023年度部门整体绩效自评得分96.5分，综合绩效级别评定为“优”。",
        "（二）存在的问题及原因分析", "绩效指标细化不够。", "六、措施建议", "加强培训。", "七、附件",
        [heads,
         ["当年预算执行情况（20）", "资金总体（万元）", "", "预算执行率", "100%", "98.06%", "20", "19.61", ""],
         ["整体绩效目标实现情况（60）", "产出（30）", "数量指标", "道路清扫面积", "≥1200万平方米", "1200万平方米", "15", "15", ""],
         ["", "", "", "垃圾清运量", "≥50万吨", "45万吨", "8", "7.2", "疫情影响"],
         ["", "", "时效指标", "按计划完成率", "100%", "100%", "7", "7", ""],
         ["", "效果（30）", "社会效益指标", "环境改善", "显著改善", "显著改善", "15", "14.5", ""],
         ["", "", "满意度指标", "居民满意度", "≥90%", "92%", "15", "15", ""],
         ["预算管理情况（20）", "财务管理（4）", "资金使用合规性和安全性", "", "合规", "合规", "2", "1.5", ""],
         ["", "资产管理（4）", "资产管理规范性", "", "规范", "规范", "4", "4", ""],
         ["", "部门预决算差异率（4）", "部门预决算差异率", "", "≤28.3%", "5.91%", "4", "4", ""],
         ["总分", "", "", "", "", "", "100", "96.5", ""]],
    ])  # fmt: skip
    received = read_report(path)
    found, _ = department_received(received)
    budget = found.budget
    assert (found.name, found.year) == ("北京市示例区城市管理委员会", 2023)
    assert [division.name for division in found.divisions] == ["办公室", "环境科"]
    assert (budget.initial, budget.overall.budget) == (Decimal(32000), Decimal("34560.78"))
    assert (budget.overall.rate, budget.project.rate) == (Decimal("0.9806"), None)
    carryover = budget.carryover
    assert (carryover.amount, carryover.rate, carryover.previous_rate) == (
        Decimal("670.66"), Decimal("0.0194"), Decimal("0.0244"),
    )  # fmt: skip
    assert [(p.name, p.budget, p.spent, p.rate) for p in found.projects] == [
        ("道路清扫保洁项目", Decimal(12500), Decimal("12345.67"), Decimal("0.9877")),
        ("垃圾分类专项经费", Decimal("800.5"), Decimal("800.5"), Decimal(1)),
    ]
    assert [(i.kind, i.name, i.target, i.actual, i.weight, i.note) for i in found.indicators] == [
        ("quantity", "道路清扫面积", "≥1200万平方米", "1200万平方米", 15, ""),
        ("quantity", "垃圾清运量", "≥50万吨", "45万吨", 8, "疫情影响"),
        ("timeliness", "按计划完成率", "100%", "100%", 7, ""),
        ("social", "环境改善", "显著改善", "显著改善", 15, ""),
        ("satisfaction", "居民满意度", "≥90%", "92%", 15, ""),
    ]
    reported = found.reported
    assert (reported.total, reported.grade) == (Decimal("96.5"), "优")
    assert reported.scores["output.2"] == Decimal("7.2")
    # 1.5 of 2 points: one item failed, and nobody can know which.
    assert "checks.lawful" in received.missing
    assert found.checks["assets_lost"] is False


def test_a_report_without_numbers_before_its_titles(tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        ("示例区档案馆部门整体支出绩效自评报告",), "（2022年度）", ("部门基本情况",), "主要职责：负责档案。",
        ("部门预算执行情况",), "单位：元",
        [["项目", "年初预算数", "调整后预算数", "决算数", "执行率"],
         ["基本支出", "5,000,000.00", "5,200,000.00", "5,150,000.00", "99.04%"],
         ["项目支出", "3,000,000.00", "2,800,000.00", "2,500,000.00", "89.29%"],
         ["其他支出", "—", "—", "—", ""],
         ["合计", "8,000,000.00", "8,000,000.00", "7,650,000.00", "95.63%"]],
        ("整体绩效目标实现情况",), ("数字化扫描项目",), "项目预算200万元，当年支出180万元，完成预算的90%。",
        ("库房改造",), "安排预算资金80万元，实际支付70万元，结余10万元。",
        ("存在的问题",), "预算编制不精准。", ("改进措施和建议",), "加强预算编制。", "示例区档案馆", "2023年4月12日",
    ])  # fmt: skip
    found, _ = department_received(read_report(path))
    assert (found.name, found.year, str(found.report_date)) == ("示例区档案馆", 2022, "2023-04-12")
    assert found.budget.initial == Decimal(800)
    assert found.budget.parts["basic"].budget == Decimal(520)
    assert found.budget.parts["other"].spent == 0
    assert [(p.name, p.budget, p.spent, p.rate) for p in found.projects] == [
        ("数字化扫描项目", Decimal(200), Decimal(180), Decimal("0.9")),
        ("库房改造", Decimal(80), Decimal(70), None),
    ]
    assert found.narrative.measures == "加强预算编制。"
    assert found.narrative.execution == ""


SHEET = ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分"]


def test_the_parts_of_the_budget_are_no_projects_and_a_sheet_goes_on_in_a_second_table(tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "示例县水务局2022年度部门整体绩效评价报告", "二、部门预算执行情况（单位：元）",
        [["项目", "年初预算数（元）", "调整预算数（元）", "支出数（元）"],
         ["一、基本支出", "1,556,432.50", "1,613,567.80", "1,600,000.00"],
         ["其中：人员经费", "1,400,000.00", "1,450,000.00", "1,440,000.00"],
         ["二、项目支出", "300,000.00", "400,000.00", "398,765.43"],
         ["三、其他支出", "0", "0", "0"],
         ["合计", "1,856,432.50", "2,013,567.80", "1,998,765.43"]],
        [["年度资金", "全年预算数", "全年执行数", "分值", "执行率", "得分", ""],
         SHEET, ["产出指标", "数量指标", "河道清淤长度", "≥30公里", "32公里", "10", "10"]],
        [SHEET, ["产出指标", "时效指标", "按期完工率", "≥95%", "90%", "10", "9.47"],
         ["效益指标", "社会效益指标", "防洪保护人口", "≥20万人", "20万人", "20", "20"],
         ["效益指标", "治理效能指标", "河长巡河", "≥20次", "20次", "5", "5"],
         ["满意度指标", "服务对象满意度指标", "群众满意度", "≥90%", "88.5%", "10", "9.83"]],
    ])  # fmt: skip
    received = read_report(path, "project-2020")
    assert received.get("projects") is None
    assert received.get("budget.basic") == {"budget": "1613567.80元", "spent": "1600000.00元"}
    assert received.get("budget.total") == {"budget": "2013567.80元", "spent": "1998765.43元"}
    assert received.get("budget.initial") == "1856432.50元"
    read = [(row["group"], row["kind"], row["name"]) for row in received.get("indicators")]
    assert read == [
        ("output", "quantity", "河道清淤长度"), ("output", "timeliness", "按期完工率"),
        ("benefit", "social", "防洪保护人口"), ("satisfaction", "served", "群众满意度"),
    ]  # fmt: skip
    assert received.unread == [
        "第3张表第4行：“效益指标 治理效能指标 河长巡河”，是哪一类指标没有认出"
    ]


def test_amounts_told_beside_the_staff_where_no_chapter_is_on_the_budget(tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "2021年示例市发展和改革局部门整体支出绩效自评报告",
        "一、部门基本情况", "（一）部门职能", "我局负责拟订全市规划。", "（二）人员情况", "年末在职人数57人。",
        "（三）部门整体支出情况",
        "2021年我局部门预算总额为2,345.67万元，其中：基本支出１２３４．５６万元，占52.6%；项目支出1111.11万元。"
        "当年决算支出0.23亿元，其中基本支出1,230.00万元，项目支出10,700,000元。2020年预算总额为999万元。",
        "二、绩效自评情况", "（一）自评结论", "自评得分为95.80分，自评等级为优。",
        "三、存在的问题", "年中追加项目资金320.5万元。", "四、改进措施", "加强预算管理。",
    ])  # fmt: skip
    received = read_report(path)
    assert received.get("reported") == {"total": "95.8", "grade": "优"}
    budget = received.get("budget")
    assert budget["total"] == {"budget": "2,345.67万元", "spent": "0.23亿元"}
    assert budget["basic"] == {"budget": "1234.56万元", "spent": "1,230.00万元"}
    assert budget["project"] == {"budget": "1111.11万元", "spent": "10,700,000元"}
    assert "initial" not in budget


@pytest.mark.parametrize(
    ("told", "unit", "how"),
    [("全年预算数100万元。", "元", ""), ("执行情况见下表。", "万元", "表里没有写单位，按万元读")],
)
def test_a_table_without_a_unit_has_that_of_the_text(told, unit, how, tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "示例局2023年度部门整体绩效评价报告", "二、当年预算执行情况", f"2023年{told}",
        [["项目", "全年预算数", "全年执行数"], ["基本支出", "400000", "400000"], ["项目支出", "600000", "550000"],
         ["合计", "1000000", "950000"]],
    ])  # fmt: skip
    received = read_report(path)
    assert received.get("budget.project.spent") == f"550000{unit}"
    assert received.origins["budget.project.spent"].how == how


TWICE = [
    SHEET,
    ["预算执行率", "", "资金总体", "100%", "95%", "20", "19"],
    ["产出（30）", "产出数量", "发放户数", "≥50户", "51户", "30", "30"],
    ["效果（30）", "服务对象满意度", "", "≥90%", "92%", "30", "29"],
    ["合计", "", "", "", "", "100", "78"],
]
FORM = [
    ["项目名称", "低保金发放", "", "主管部门", "示例局", "", ""],
    SHEET,
    ["产出指标", "数量指标", "发放次数", "12次", "11次", "50", "45"],
    ["总分", "", "", "", "", "100", "99.8"],
]


def test_the_sheet_is_the_department_s_and_read_once(tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "示例局2023年度部门整体绩效评价报告", "二、当年预算执行情况", "2023年全年预算数100万元，支出95万元。",
        "七、附件", "项目支出绩效自评表", FORM, "评分表", TWICE[:3], "（续表）", TWICE[3:],
        "复评评分表", [[cell.replace("19", "18") for cell in row] for row in TWICE],
    ])  # fmt: skip
    received = read_report(path)
    assert [(i["name"], i["actual"]) for i in received.get("indicators")] == [
        ("发放户数", "51户"),
        ("服务对象满意度", "92%"),
    ]
    assert received.get("reported.total") == "78"
    assert received.get("reported.scores.execution") == "19"
    told = "\n".join(received.unread)
    assert "第1张表是单个项目的自评表（低保金发放），不是部门的评分表，没有读" in told
    assert "第4张表又是一张评分表，与第2张表重复，得分也不同：预算执行率19分、18分" in told


def test_an_indicator_of_no_known_kind_is_told_and_not_taken_for_one_of_another_group(tmp_path):
    path = typed_by_another(tmp_path / "x.docx", [
        "示例县水务局2022年度部门整体绩效评价报告",
        [SHEET, ["产出指标", "时效指标", "按期完工率", "≥95%", "90%", "10", "9.47"],
         ["效益指标", "治理效能指标", "河长巡河", "≥20次", "20次", "5", "5"]],
    ])  # fmt: skip
    received = read_report(path, "project-2020")
    assert [row["name"] for row in received.get("indicators")] == ["按期完工率"]
    assert received.unread == [
        "第1张表第3行：“效益指标 治理效能指标 河长巡河”，是哪一类指标没有认出"
    ]


def test_a_table_without_rules_in_a_pdf_is_told():
    def line(*pieces):
        signs, at = [], 0
        for piece in pieces:
            for sign in piece:
                signs.append({"text": sign, "x0": at, "x1": at + 10, "size": 10})
                at += 10
            at += 30
        return pdf._Line("".join(pieces), 0, at, 0, 10, False, pdf._pieces(signs))

    text = line("全年预算数100万元，", "支出90万元")
    rows = [line("基本支出", "100.00", "95.00", "95%"), line("项目支出", "50", "40", "80%")]
    assert list(pdf._unruled([pdf._Page(1, [text, *rows], [])], 10)) == [1]
    assert not list(pdf._unruled([pdf._Page(1, [text, rows[0], text, rows[1]], [])], 10))


AMOUNTS = """资金来源 全年预算数 全年执行数 执行率
资金总体 15,548.09 15,529.32 99.88%
基本支出 672.53 655.13 97.41%
项目支出 14,875.56 14,874.19 99.99%"""
POINTS = """指标 分值 自评得分
预算执行情况 20 19.98
结转结余率 4 4
部门预决算差异率 4 3
合计 28 26.98"""


def unruled(path, *tables):
    """A PDF with a page for each table, which has no rules; a line of each text is a row."""
    fonts = ", ".join(f'"{name}"' for name in next(iter(families(True).values())))
    set_in = f'#set page(margin: 28mm)\n#set text(font: ({fonts}), size: 12pt, lang: "zh")'
    text = "我局按照示例区的工作要求完成了全年的各项任务，具体情况如下表所示，数字均为全年的数。"
    pages = []
    for table in tables:
        rows = [line.split() for line in table.splitlines()]
        cells = ", ".join(f"[{cell}]" for row in rows for cell in row)
        shown = f"#table(stroke: none, columns: (1fr,) * {len(rows[0])}, align: center, {cells})"
        pages.append(f"{text}\n\n{shown}\n\n{text}")
    markup = "\n#pagebreak()\n".join(pages)
    path.write_bytes(typst.compile(f"{set_in}\n{markup}".encode(), font_paths=typst_fonts(True)))
    return read_paper(path)


def test_a_table_without_rules_is_read_where_its_sums_close(tmp_path):
    paper = unruled(tmp_path / "x.pdf", AMOUNTS, POINTS)
    assert paper.notes == ("第1、2页的表没有框线，按位置读了，各行相加与合计相符；请对照原文核对",)
    received = gather(paper)
    assert received.get("budget.project") == {
        "budget": "14875.56万元", "spent": "14874.19万元", "rate": "99.99%"
    }  # fmt: skip
    assert received.get("budget.total.spent") == "15529.32万元"
    claims = {"carryover": "4", "variance": "3"}
    assert received.get("reported") == {"scores": claims, "total": "26.98"}
    assert received.origins["reported.scores.variance"].place == "第2页没有框线的表第4行"


def test_a_table_without_rules_whose_sums_do_not_close_is_told(tmp_path):
    tables = [
        POINTS.replace(" 3", " 4"),  # 27.98, and the sum says 26.98
        POINTS.replace("结转结余率 4 4", "结转结余率 4 #h(1em)"),  # a cell is empty
        POINTS.replace("结转结余率", "结转结余率#linebreak()（低于上年）"),  # on two lines
        POINTS.replace("合计", "其他"),
        AMOUNTS.replace("14,874.19", "14,874.18"),
    ]
    paper = unruled(tmp_path / "x.pdf", *tables)
    assert not any(isinstance(block, Table) for block in paper.blocks)
    (note,) = paper.notes
    assert note.startswith("第1、2、3、4、5页像有没有框线的表格，按文字读了，表里的数没有读")


def test_what_word_has_beside_plain_text(typed):
    paper = read_paper(typed / "ragged.docx")
    text = "\n".join(block.text for block in paper.blocks if isinstance(block, Paragraph))
    assert "999万元" not in text  # deleted
    assert "2021年" not in text  # the page's head
    assert any("处修订没有接受" in note for note in paper.notes)
    automatic = [
        b.text for b in read_paper(typed / "automatic.docx").blocks if isinstance(b, Paragraph)
    ]
    assert "三、整体绩效目标实现情况" in automatic
    assert "（二）部门整体绩效目标设立情况" in automatic
    assert "19.2023年挂职干部工作经费" in automatic


def test_text_boxes_notes_pictures_and_links_are_told(tmp_path):
    box = (
        "<w:p><w:r><w:t>前</w:t><w:footnoteReference/><w:pict><v:textbox xmlns:v='urn:schemas-microsoft-com:vml'>"
        "<w:txbxContent><w:p><w:r><w:t>框里的字</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></w:r></w:p>"
        "<w:p><w:r><w:object><o:OLEObject xmlns:o='urn:schemas-microsoft-com:office:office'/></w:object></w:r></w:p>"
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r><w:sdt><w:sdtContent><w:r><w:t>控件</w:t></w:r>"
        "</w:sdtContent></w:sdt></w:p>"
    )
    links = hostile_reports.RELATIONS.replace(
        'officeDocument" Target', 'attachedTemplate" Target'
    ).replace(
        'Target="word/document.xml"', 'Target="http://192.0.2.1/x.dotm" TargetMode="External"'
    )
    (tmp_path / "x.docx").write_bytes(
        hostile_reports.document(box, **{"word/_rels/document.xml.rels": links})
    )
    paper = read_paper(tmp_path / "x.docx")
    assert [b.text for b in paper.blocks] == ["前", "框里的字", "控件"]
    notes = "；".join(paper.notes)
    assert all(
        words in notes for words in ("1 个文本框", "1 处脚注", "1 个嵌入的对象", "引用了 1 处外部")
    )


W_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def test_notes_are_read_where_they_belong_and_running_heads_are_told(tmp_path):
    def run(text, more=""):
        return f"<w:r><w:t>{text}</w:t>{more}</w:r>"

    def noted(kind, name, text):
        return f'<w:{kind} w:id="{name}"><w:p>{run("")}<w:r><w:{kind}Ref/></w:r>{run(text)}</w:p></w:{kind}>'

    def mark(kind, name):
        return f'<w:{kind}Reference w:id="{name}"/>'

    cell = run("15548.09", mark("endnote", 1))
    body = (
        f"<w:p>{run('部门概况', mark('footnote', 1))}</w:p>"
        f"<w:tbl><w:tr><w:tc><w:p>{cell}</w:p></w:tc></w:tr></w:tbl>"
        f"<w:p>{run('完', mark('comment', 1) + mark('footnote', 9))}</w:p>"
    )
    w = hostile_reports.W
    parts = {
        "footnotes": f'<w:footnotes {w}><w:footnote w:id="0" w:type="separator"><w:p>{run("线")}</w:p></w:footnote>'
        f"{noted('footnote', 1, '预算执行情况见附表。')}</w:footnotes>",
        "endnotes": f"<w:endnotes {w}>{noted('endnote', 1, '含上年结转3万元。')}</w:endnotes>",
        "header": f"<w:hdr {w}><w:p>{run('示例局文件')}</w:p></w:hdr>",
        "footer": f"<w:ftr {w}><w:p>{run('第 1 页')}</w:p></w:ftr>",
    }
    links = "".join(
        f'<Relationship Id="r{kind}" Type="{W_NOTES}/{kind}" Target="{kind}.xml"/>'
        for kind in parts
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    more = {f"word/{kind}.xml": xml for kind, xml in parts.items()}
    more["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="{package}">{links}</Relationships>'
    )
    (tmp_path / "x.docx").write_bytes(hostile_reports.document(body, **more))
    paper = read_paper(tmp_path / "x.docx")
    title, note, table, end, last = paper.blocks
    assert (title.text, note.text, last.text) == ("部门概况", "预算执行情况见附表。", "完")
    assert (note.place, note.note) == ("第1段的脚注", True)
    assert table.rows[0][0].text == "15548.09"
    assert (end.text, end.place) == ("含上年结转3万元。", "第1张表第1行的尾注")
    assert paper.notes == (
        "有 2 处脚注或尾注，按文字读，排在它所在的段落或表格后面",
        "有 1 处脚注或尾注找不到内容，没有读",
        "有 1 处批注，不是报告的内容，没有读",
        "页眉、页脚没有读：“示例局文件”",
    )


def test_deleted_ends_of_paragraphs_and_deleted_cells(tmp_path):
    gone = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"

    def paragraph(text, more=""):
        return f"<w:p>{more}<w:r><w:t>{text}</w:t></w:r></w:p>"

    cells = (
        f"<w:tc>{paragraph('甲')}</w:tc><w:tc><w:tcPr><w:cellDel/></w:tcPr>{paragraph('1')}</w:tc>"
    )
    body = (
        paragraph("全年预算数100万元，", gone) + paragraph("支出90万元。")
        + paragraph("前一段", gone) + f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>" + paragraph("末", gone)
    )  # fmt: skip
    (tmp_path / "x.docx").write_bytes(hostile_reports.document(body))
    one, before, table, last = read_paper(tmp_path / "x.docx").blocks
    assert [one.text, before.text, last.text] == ["全年预算数100万元，支出90万元。", "前一段", "末"]
    assert [cell.text for cell in table.rows[0]] == ["甲"]


# ---- broken and hostile files


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    hostile_reports.write_all(folder)
    return folder


@pytest.mark.parametrize("name", hostile_reports.FILES)
def test_a_broken_or_hostile_file_is_refused_in_words(name, hostile):
    with pytest.raises(PerfkitError) as refused:
        read_report(hostile / name)
    assert hostile_reports.FILES[name][1] in str(refused.value)
    assert f"{hostile.name}/{name}：" in str(refused.value)


def test_import_writes_what_it_can_and_nothing_of_what_it_can_not(hostile, typed, tmp_path):
    good = typed / "plain.docx"
    some = [hostile / name for name in ("large.docx", "half.docx", "entity.docx", "old.doc")]
    done = perfkit("import", *some, good, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == len(some)
    assert "Traceback" not in done.stderr
    assert "文件有 200 MB，最多 50 MB" in done.stderr
    assert [path.name for path in (tmp_path / "params").iterdir()] == ["plain.yaml"]
    assert "项目（projects） / 第 11 项 / 支出数（spent）：56397.79元  〔第" in done.stdout
    again = perfkit("import", good, cwd=tmp_path)
    assert again.returncode == 1
    assert "已经有了，没有覆盖" in again.stderr
    assert perfkit("import", good, "--force", cwd=tmp_path).returncode == 0


def test_a_folder_of_received_reports_is_audited(typed, hostile, tmp_path):
    folder = tmp_path / "收到的报告"
    folder.mkdir()
    (folder / "甲.docx").write_bytes((typed / "plain.docx").read_bytes())
    (folder / "乙.doc").write_bytes((hostile / "old.doc").read_bytes())
    (folder / "丙.pdf").write_bytes((typed / "typeset.pdf").read_bytes())
    for name in ("扫描.jpg", "~$甲.docx", "台账.xlsx", "Thumbs.db"):
        (folder / name).write_bytes(b"x")
    done = perfkit("check", folder, cwd=tmp_path)
    assert done.returncode == 1
    assert "甲.docx 第1张表第4行  19个项目预算合计14888.23万元" in done.stdout
    listed, closing = done.stdout.split("\n合计：")
    assert "乙.doc：这是旧版的 Word 文件" in listed
    assert "有一段文字几乎相同" not in listed, "of the same report in Word and PDF"
    assert [line.partition("，")[0] for line in closing.splitlines()] == [
        "4 份", "  丙.pdf：北京市丰台区金融服务办公室", "  甲.docx：北京市丰台区金融服务办公室",
        "  没有审核  乙.doc：这是旧版的 Word 文件（.doc）", "  没有审核  扫描.jpg：这是图片",
        "  北京市丰台区金融服务办公室2023年有 2 份报告：丙.pdf、甲.docx；请核对用哪一份",
    ]  # fmt: skip
    assert done.stderr == (
        f"{folder} 里没有读的：~$甲.docx（Word 打开文件时的临时文件）、台账.xlsx（工作簿，不是报告）\n"
    )
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_report_by_a_rubric_of_one_s_own(tmp_path, monkeypatch):
    """Its chapters are the rubric's, its figures are known by their names, its file stays named."""
    shutil.copytree(ROOT / "tests" / "rubrics" / "ninth", tmp_path / "rubrics")
    monkeypatch.chdir(tmp_path)
    document = docx.Document()
    for text in (
        "示例市体育局2023年度部门政府采购考核报告",
        "一、部门概况", "（一）机构设置及职责工作任务情况", "1.计划财务科。负责预算和采购。",
        "（二）绩效目标设立情况", "依法采购，扶持中小企业。",
        "二、采购项目情况", "全年完成采购项目12个。",
        "三、各项考核情况",
        "采购预算数480万元，上年采购预算数400万元，采购合同金额452万元。进口产品项目数为3个。",
        "四、总体评价结论", "（一）评价得分情况", "自评得分60分。",
        "（二）存在的问题及原因分析", "采购预算数曾写作500万元，采购预算数500万元。",
        "五、措施建议", "及时归档。",
    ):  # fmt: skip
        document.add_paragraph(text)
    rows = document.add_table(4, 2).rows
    listed = ("预算编制完整率", "采购执行率", "合同支付率（年末）", "投诉成立")
    for row, name in zip(rows, listed, strict=True):
        row.cells[0].text = name
    document.save("report.docx")
    Path("rubrics/broken.yaml").write_text("id: x", encoding="utf-8")
    received = read_report(Path("report.docx"))
    assert received.named == "rubrics/rubric.yaml"  # whose indicators the table has
    assert received.get("figures") == {
        "planned": "480万元", "contracts": "452万元", "imported": "3个"
    }  # fmt: skip
    assert [d for d in received.doubts if "采购预算数" in d] == [
        "采购预算数：第10段是480万元，第15段是500万元，按前一个读"
    ]
    assert received.get("objective") == "依法采购，扶持中小企业。"
    assert received.get("narrative.management").startswith("采购预算数480万元")
    assert {"figures.needed", "answers.disputes.count"} <= {*received.missing}
    assert not {"indicators", "figures.planned"} & {*received.missing}
    write_parameters(received, Path("params/report.yaml"))
    assert read_department(Path("params/report.yaml"))[1].id == "ninth"
    assert department_received(received)[1].id == "ninth"
