"""Nothing that is filed or asked vanishes: a large rubric and a filing with every field filled."""

import json
import re
import shutil
from pathlib import Path

import docx
import nbformat
import pypdf
import pytest
import yaml

from perfkit.forms.department import schema
from perfkit.publish.exporters import HtmlReport

TEMPLATE = Path(__file__).parent.parent / "notebooks" / "report.ipynb"
SECTIONS, ITEMS, INDICATORS = 12, 15, 30
BANDS = [
    {"name": "甲档", "floor": "80%", "ceiling": "100%"},
    {"name": "乙档", "floor": "0%", "ceiling": "80%"},
]


def indicator(name, rule, points=2, **more):
    texts = {
        "id": name,
        "level2": f"二级{name}",
        "name": f"名称{name}",
        "points": points,
        "value": f"应达{name}",
        "explanation": f"解释{name}",
        "standard": f"标准{name}",
        "source": f"出处{name}",
    }
    return texts | more | {"rule": rule}


def chosen(kinds, **more):
    kinds = [{"id": f"k{n}", "name": f"类别{n}"} for n in kinds]
    return {"kind": "chosen", "kinds": kinds, "bands": BANDS, "achieved": ["完成"]} | more


def checklist(prefix, count, **more):
    items = [{"id": f"{prefix}{n}", "text": f"检查{prefix}{n}", "good": "是"} for n in range(count)]
    items[-1]["asks"] = f"问法{prefix}"
    return {"kind": "checklist", "deduct": "0.1", "items": items} | more


def asked(points):
    """Indicators that are scored by what is filed under ``answers``."""
    ranked = [{"when": "≤47%", "points": points}, {"points": 1}]
    ways = [
        {"name": "办法甲", "rule": {"kind": "given"}},
        {"name": "办法乙", "rule": {"kind": "occurrences", "what": "数乙", "add": "0.1"}},
    ]
    return [
        indicator("p", {"kind": "occurrences", "what": "数的事", "deduct": "0.03"}),
        indicator("q", {"kind": "given"}),
        indicator("r", {"kind": "rank", "what": "排的名", "awards": ranked}),
        indicator("t", {"kind": "one_of", "ways": ways}),
        indicator("u", {"kind": "given"}, optional="section"),
    ]


def ratio(of, to):
    return {"kind": "ratio", "of": of, "to": to}


def rubric():
    """12 sections of every kind of rule; the third has a checklist of 15 items."""
    carryover = {
        "kind": "excess",
        "of": "budget.carryover.amount",
        "to": "budget.total.budget",
        "stated": "budget.carryover.rate",
        "over": "budget.carryover.previous_rate",
        "step": "1%",
        "deduct": "0.4",
    }
    variance = carryover | {
        "of": "budget.total.spent",
        "less": "budget.initial",
        "difference": "absolute",
        "to": "budget.initial",
        "stated": "budget.variance.rate",
        "over": "benchmark",
    }
    whole = ratio("budget.total.spent", "budget.total.budget")
    sections = [
        [indicator("a", whole)],
        [indicator("b", chosen([1, 2, 3]), 30)],
        [indicator("c", checklist("c", ITEMS))],
        [indicator("d", carryover), indicator("e", variance)],
        [indicator("f", chosen([4], no_weights="stated"))],
        [indicator("g", ratio("budget.basic.spent", "budget.basic.budget"))],
        [indicator("h", checklist("h", 2)), indicator("i", whole), indicator("j", carryover)],
        *([indicator(name, checklist(name, 3))] for name in "klmn"),
        [indicator("o", checklist("o", 3)), *asked(2)],
    ]
    return {
        "id": "large",
        "name": "大标准",
        "source": "大标准出处",
        "points": sum(i["points"] for section in sections for i in section),
        "rounding": {"places": 2, "mode": "half_up", "stage": "indicator"},
        "grades": [{"label": "高", "floor": 50}, {"label": "低", "floor": 0}],
        "directions": {
            key: ["无此"] for key in ("higher", "lower", "reversing", "unclear", "unclear_units")
        },
        "parameters": {
            "benchmark": {"name": "平均数", "years": {2023: {"value": "20%", "source": "公报"}}}
        },
        "sections": [
            {
                "id": f"s{n}",
                "name": f"部分{n}",
                "points": sum(i["points"] for i in indicators),
                "indicators": indicators,
            }
            for n, indicators in enumerate(sections, 1)
        ],
    }


def rows():
    for n in range(1, INDICATORS + 1):
        yield {
            "group": "b",
            "kind": f"k{n % 3 + 1}",
            "name": f"三级{n:02d}",
            "target": f"≥{700 + n}件",
            "actual": f"{600 + n}件",
        }


def filing():
    """Every field of the form, each with a value that stands nowhere else."""
    part = {"basic": "1", "project": "2", "other": "3"}
    budget = {
        key: {"budget": f"10{n}.31", "spent": f"10{n}.17", "rate": f"8{n}.5%"}
        for key, n in part.items()
    }
    budget |= {
        "total": {"budget": "306.93", "spent": "306.51", "rate": "77.7%"},
        "initial": "291.37",
        "carryover": {
            "amount": "5.43",
            "rate": "3.33%",
            "previous_rate": "0.61%",
            "previous_source": "上年决算表",
        },
        "variance": {"rate": "6.66%"},
    }
    project = {
        "name": "项目一",
        "evaluation": "部门评价",
        "budget": "51.23",
        "spent": "50.19",
        "rate": "66.1%",
        "score": "93.7",
        "starts": "2023-03-04",
        "ends": "2023-11-29",
        "narrative": "项目写的话",
    }
    listed = list(rows())
    listed[1] |= {"note": "三级原因", "target": "702", "actual": "602", "unit": "度电"}
    listed[1] |= {"direction": "反向", "low_target": "否"}
    listed[2] |= {"target": "写得好", "actual": "写得尚可", "grade": "乙档 71.3%"}
    listed[3] |= {"weight": "1.37", "initial": "≥688件"}
    kept = {"group": "f", "kind": "k4", "target": "写清", "actual": "写了"}
    listed += [kept | {"name": "不分值的一个", "note": "整体给分"}]
    checks = [item["id"] for s in rubric()["sections"] for i in s["indicators"]
              for item in i["rule"].get("items", [])]  # fmt: skip
    return {
        "name": "满满局",
        "short_name": "满局",
        "year": "2023",
        "rubric": "large.yaml",
        "report_date": "2024-02-27",
        "divisions": [{"name": "科室一", "duties": "科室职责"}],
        "objective": "总的目标",
        "budget": budget,
        "projects": [project],
        "indicators": listed,
        "checks": dict.fromkeys(checks, "是") | {"c14": "否"},
        "answers": {
            "p": {"count": "29", "reason": "数的理由"},
            "q": {"score": "1.73", "reason": "打分理由"},
            "r": {"rank": "19", "among": "37", "reason": "名次依据"},
            "t": {"choice": "办法甲", "count": "3", "score": "1.57", "reason": "选的理由"},
            "u": {"applies": "否", "reason": "没有这件事"},
        },
        "stages": [
            {
                "name": "复核会",
                "person": "主任甲",
                "date": "2024-03-08",
                "scores": {"k": "1.37"},
                "reasons": {"k": "改分理由"},
            },
            {
                "name": "核定",
                "person": "主任乙",
                "date": "2024-03-09",
                "scores": {"g": "1.29"},
                "reason": "总的改分理由",
            },
        ],
        "reported": {
            "total": "47.11",
            "grade": "低",
            "person": "填表人",
            "date": "2024-03-07",
            "scores": {"a": "1.91", "f": "1.81", "b.2": "0.77"},
            "projects": {"self": "41", "department": "42"},
        },
        "narrative": {
            "execution": "执行的话",
            "management": "管理的话",
            "result": "结果的话",
            "problems": "问题的话",
            "measures": "措施的话",
        },
        "rectified": [{"problem": "去年说的事", "done": "今年做的事", "state": "整改中"}],
        "units": [
            {"file": "unit.yaml"},
            {
                "name": "单位乙",
                "budget": {
                    "basic": {"budget": "71.13", "spent": "70.07"},
                    "project": {"budget": "10.02", "spent": "9.03"},
                    "other": {"budget": "5.09", "spent": "4.01"},
                    "initial": "81.23",
                    "carryover": "3.13",
                },
                "projects": "17",
                "score": "61.37",
            },
        ],
        "previous": "last.yaml",
        "audit_off": [{"code": "claim.sum", "reason": "关掉的理由", "field": "reported.total"}],
        "template": "own.ipynb",
        "options": {"前几个": "10", "列出的": ["甲"]},
    }


PRINTED = {
    "report_date": "2024年2月27日",
    "projects.*.starts": "2023年3月4日",
    "projects.*.ends": "2023年11月29日",
    "rubric": "大标准",
    "indicators.*.group": "名称b",
    "indicators.*.kind": "类别2",
    "reported.grade": "等级低",
    "reported.date": "2024年3月7日",
    "stages.*.date": "2024年3月",
    "reported.projects.self": "单位自评项目41个",
    "reported.projects.department": "部门评价项目42个",
    "indicators.*.grade": "评定“乙档”，得分率71.3%",
    "checks.*": "3项全部合格",
    "answers.*.applies": "不适用：没有这件事",
    "answers.*.rank": "第19名（共37个）",
}
"""How a field is printed that isn't printed as it was written."""

OWN = ("units", "previous", "template", "audit_off", "stages")
"""What the file of a 二级单位 in the test goes without."""

ELSEWHERE = {"figures.*"} | {
    f"overrides.*.{key}" for key in ("indicator", "score", "reason", "stage", "approver")
}
"""Fields that can't be filed beside the stages, or under this rubric.

See `test_reports` and `test_figures` for how they are printed."""

NOT_PRINTED = {
    "budget.*.rate": "只用于核对：与计算不符时有审核意见",
    "budget.carryover.rate": "同上；没有结转结余总额时按此计分，写进审阅的推导",
    "budget.variance.rate": "同上；没有年初预算数时按此计分，写进审阅的推导",
    "projects.*.rate": "同上；没有支出数时据此推算，写进句子",
    "indicators.*.low_target": "“否”是没有确认；“是”写进扣分原因",
    "units.*.file": "单位的名称、金额和得分从这份文件取来印出",
    "units.*.budget.*.budget": "合成单位的全年预算数印出",
    "units.*.budget.*.spent": "合成单位的全年执行数印出",
    "units.*.budget.initial": "只用于核对：各单位合计与部门的年初预算数",
    "previous": "只用于核对：上年的比率和文字",
    "audit_off.*.code": "审核意见不随报告公布；网页的审核意见一章写明关掉了哪一种、理由",
    "audit_off.*.reason": "同上",
    "audit_off.*.field": "同上，写明在参数文件的哪一行",
    "template": "模板自己的校验值印在版本记录里",
    "options.*": "给模板笔记本用，印不印由模板决定",
    "options.*.*": "同上",
}
"""Fields that the published report doesn't print, and why."""


def leaves(value, path=()):
    """(pattern, text) of every filled field; rows of lists and keys of mappings are *."""
    if isinstance(value, dict):
        named = path in (("checks",), ("answers",), ("reported", "scores"), ("options",))
        named = named or path[-1:] in (("scores",), ("reasons",))
        for key, child in value.items():
            yield from leaves(child, (*path, "*" if named else key))
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child, (*path, "*"))
    else:
        yield ".".join(path), value


def fields(node, definitions, path=()):
    """The pattern of every field of the form, by its schema."""
    node = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    for choice in node.get("anyOf", []):
        yield from fields(choice, definitions, path)
    if node.get("type") == "array":
        yield from fields(node["items"], definitions, (*path, "*"))
    elif "properties" in node:
        for key, child in node["properties"].items():
            yield from fields(child, definitions, (*path, key))
    elif isinstance(more := node.get("additionalProperties"), dict):
        yield from fields(more, definitions, (*path, "*"))
    elif node.get("type") != "null" and "anyOf" not in node:
        yield ".".join(path)


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def texts(tmp_path_factory, quick_report):
    """What the published page, PDF and Word document of the large filing say, without spaces."""
    folder = tmp_path_factory.mktemp("whole")
    last = filing() | {"year": "2022", "previous": None, "audit_off": [], "stages": []}
    for name, tree in (
        ("large", rubric()),
        ("last", {"department": {key: v for key, v in last.items() if v is not None}}),
        ("unit", {"department": {k: v for k, v in filing().items() if k not in OWN}}),
        ("full", {"department": filing()}),
    ):
        # A copy without shared parts, for which YAML would write an alias.
        apart = json.loads(json.dumps(tree))
        written = yaml.safe_dump(apart, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(written, encoding="utf-8")
    shutil.copy(TEMPLATE, folder / "own.ipynb")
    quick_report(folder / "full.yaml", TEMPLATE, folder)
    notebook = nbformat.read(folder / "full.ipynb", as_version=4)
    pages = {}
    for review in (False, True):
        page, _ = HtmlReport(review=review).from_notebook_node(notebook)
        page = re.sub(r"<(script|style|nav|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
        pages[review] = squeezed(re.sub("<[^>]*>", "", page))
    word = docx.Document(str(folder / "full.docx"))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    pdf = "".join(p.extract_text() for p in pypdf.PdfReader(folder / "full.pdf").pages)
    return {
        "tables": word.tables,
        "html": pages[False],
        "review": pages[True],
        "pdf": squeezed(pdf),
        "docx": squeezed("".join([p.text for p in word.paragraphs] + cells)),
    }


FORMS = ("html", "pdf", "docx")


@pytest.mark.parametrize("form", FORMS)
def test_every_section_item_and_indicator_of_a_large_rubric_is_there(texts, form):
    numerals = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
    wanted = [f"{numeral}、部分{n}（" for n, numeral in enumerate(numerals, 1)]
    wanted += [f"（{n + 1}）检查c{n}" for n in range(ITEMS)]
    wanted += [f"三级{n:02d}" for n in range(1, INDICATORS + 1)]
    assert [words for words in wanted if words not in texts[form]] == []


def test_the_label_of_a_section_stands_beside_all_its_rows(texts):
    labelled = {f"部分{n}（" for n in range(1, SECTIONS + 1)}
    for table in texts["tables"]:
        first = table.cell(1, 0).text
        if label := next((words for words in labelled if first.startswith(words)), ""):
            labelled.remove(label)
            column = [table.cell(row, 0).text for row in range(1, len(table.rows))]
            assert {
                text for text in column if not text.startswith(("合计", "评分标准", "评分环节"))
            } == {first}
    assert labelled == set()


def test_the_source_of_every_indicator_is_in_the_review(texts):
    indicators = [i for section in rubric()["sections"] for i in section["indicators"]]
    sources = [*(i["source"] for i in indicators), "公报"]
    assert [source for source in sources if source not in texts["review"]] == []


@pytest.mark.parametrize("form", FORMS)
def test_every_text_of_a_rubric_is_there(texts, form):
    shown = ("level2", "name", "value", "explanation", "standard")
    indicators = [i for section in rubric()["sections"] for i in section["indicators"]]
    # The table of 资金总体 has its own headings, and no column for a 指标名称.
    wanted = [i[key] for i in indicators for key in shown]
    wanted += [f"检查{q['text'][2:]}" for i in indicators for q in i["rule"].get("items", [])]
    wanted += ["大标准出处", "50分（含）以上为高", "其余为低", "平均数20%", "问法c", "乙档"]
    assert [words for words in wanted if words not in texts[form]] == []


def test_the_filing_has_every_field_of_the_form():
    whole = schema()
    known = {p.removeprefix("department.") for p in fields(whole, whole["$defs"])}
    assert {pattern for pattern, _ in leaves(filing())} == known - ELSEWHERE
    assert known >= ELSEWHERE


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_the_form_is_printed_or_there_is_a_reason(texts, form):
    def excused(pattern):
        any_part = re.sub(r"budget\.\w+\.(\w+)$", r"budget.*.\1", pattern)
        return pattern in NOT_PRINTED or any_part in NOT_PRINTED

    lost = {
        (pattern, words)
        for pattern, value in leaves(filing())
        if not excused(pattern)
        if (words := squeezed(PRINTED.get(pattern, str(value)))) not in texts[form]
    }
    assert lost == set()


def test_no_excuse_is_for_a_field_that_is_gone():
    filled = {pattern for pattern, _ in leaves(filing())} | {"budget.*.rate"}
    filled |= {f"units.*.budget.*.{key}" for key in ("budget", "spent")}
    assert set(NOT_PRINTED) | set(PRINTED) <= filled
