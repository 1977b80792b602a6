"""空白参数文件: every field of the form and of a rubric, with a comment on what to write in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from perfkit.forms.department import PARTS, Department
from perfkit.forms.fields import Loc, field_info, field_readers
from perfkit.forms.written import department_text
from perfkit.quantities import (
    parse_amount,
    parse_date,
    parse_points,
    parse_rate,
    parse_signed_rate,
    plain,
)
from perfkit.scoring.asked import offers, only_asked, printed_in
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.names import in_words
from perfkit.scoring.rubric import Rubric

Remarks = dict[str, str]
"""Comments by field path."""

WORDS = {
    "name": "如 示例区教育局",
    "short_name": "如 区教育局",
    "year": "",
    "divisions.name": "如 办公室",
    "divisions.duties": "如 负责机关行政、财务和人事工作",
    "objective": "全年做什么、达到什么程度，写成一段",
    "budget.carryover.previous_source": "如 2022年度部门决算；填了上年参数文件可不填",
    "projects.name": "如 示例中学校舍加固工程",
    "projects.evaluation": "单位自评，或部门评价",
    "projects.score": "如 96.5",
    "projects.narrative": "做了什么、花了多少、效果如何，一行一段",
    "indicators.name": "如 培训教师人数",
    "indicators.actual": "如 3516人次",
    "indicators.weight": "如 8；都不填则平均分配",
    "reported.total": "如 96.5",
}
"""What to say of a field beside its title, in place of what its kind of value says."""

_KINDS = {
    parse_amount: "单位万元，如 1250.5；以元计要写明，如 350000元",
    parse_rate: "如 99.88%",
    parse_signed_rate: "如 12.5% 或 -3.2%",
    parse_points: "如 19.5",
    parse_date: "如 2024-04-18",
}

_LATER: dict[str, tuple[str, Any]] = {
    "previous": ("上年参数文件：如 ../2022/x.yaml，用来与上年的文字和比率核对", None),
    "audit_off": (
        "不再提示的审核意见：编号见 perfkit check 每条意见的末尾，如",
        [{"code": "units.mixed", "reason": "财政批复即以元为单位"}],
    ),
    "template": (
        "模板笔记本：这个部门另用一个模板时填，如 ../notebooks/education.ipynb",
        None,
    ),
    "options": ("自定参数：给模板笔记本用的值，如", {"top_n": 10}),
}
"""Parts of the form that most filings leave empty: what they are, and an example."""


def _later(rubric: Rubric) -> dict[str, tuple[str, Any]]:
    """The same with those that name an indicator: its last one that is no 部门自选指标."""
    named = [i.id for i in rubric.indicators if i.rule.choice is None] or [rubric.indicators[0].id]
    points = rubric.worth[named[-1]]
    override = {
        "indicator": named[-1],
        "score": plain(points),
        "reason": "上级资金年底才下达",
        "stage": "征求意见",
        "approver": "姓名",
    }
    stage = {
        "name": "财政核查",
        "person": "姓名",
        "date": "2024-05-20",
        "scores": {named[-1]: plain(rubric.rounding.apply(points / 2))},
        "reason": "按核查的数核减",
    }
    return {
        "overrides": ("例外情况：某项得分由人核定时填，如", [override]),
        "stages": ("评分环节：自评以后的环节，按时间先后，如", [stage]),
        **_LATER,
    }


SURROUNDINGS = {
    "carryover": ("amount", "rate", "previous_rate", "previous_source"),
    "variance": ("rate",),
}
"""What stands beside the parts of the budget."""


def blank(rubric: Rubric, written_as: str, year: int, name: str) -> dict[str, Any]:
    """The tree of a filing with every field, and nothing in it but its name, year and rubric.

    Args:
        rubric: whose indicators and questions are asked.
        written_as: the rubric's name or path, as it stands in the file.
        year: 评价年度.
        name: the department's; may be empty.
    """
    several = len(rubric.parts) > 1
    tree: dict[str, Any] = {
        "name": name,
        "short_name": "",
        "year": year,
        "rubric": written_as,
        "report_date": "",
        "divisions": [{"name": "", "duties": ""}],
        "objective": "",
        "budget": {
            **{key: {"budget": "", "spent": ""} for key in PARTS if key in rubric.parts},
            **({"total": ""} if several else {}),
            "initial": "",
            **{
                part: dict.fromkeys(kept, "")
                for part, keys in SURROUNDINGS.items()
                if (kept := [key for key in keys if offers(("budget", part, key), rubric)])
            },
        },
        "projects": [
            {"name": "", "evaluation": "单位自评"}
            | dict.fromkeys(("budget", "spent", "score", "starts", "ends", "narrative"), "")
        ],
        "indicators": [
            {"group": group, "kind": kind.id}
            | dict.fromkeys(("name", "target", "actual", "weight", "grade", "note"), "")
            for group, choice in rubric.groups.items()
            for kind in choice.kinds
        ],
        "checks": dict.fromkeys(rubric.items, ""),
        "figures": dict.fromkeys(rubric.figures, ""),
        "answers": {
            indicator.id: dict.fromkeys(
                (*indicator.rule.asks, *["applies"] * (indicator.optional != "no"), "reason"), ""
            )
            for indicator in rubric.everything
            if indicator.rule.asks or indicator.optional != "no"
        },
        "overrides": "",
        "stages": "",
        "reported": {
            "total": "",
            "grade": "",
            "person": "",
            "date": "",
            "scores": {indicator.id: "" for indicator in rubric.everything},
            "projects": {"self": "", "department": ""},
        },
        "narrative": dict.fromkeys(
            ("execution", "management", "result", "problems", "measures"), ""
        ),
        "previous": "",
        "audit_off": "",
        "template": "",
        "options": "",
    }
    asked = only_asked(tree, rubric)
    return {field: value for field, value in asked.items() if value not in ([], {})}


def remarks(tree: Mapping[str, Any], rubric: Rubric, chinese: bool) -> Remarks:
    """What to write in each field of *tree*: its title, whether it must be there, an example.

    With *chinese* the titles are the fields' names, which need no remark.
    """
    found = {
        ".".join(map(str, loc)): words
        for loc in _places(tree, ())
        if (words := _remark(loc, chinese))
    }
    if rubric.has_money:
        found["budget"] = "预算执行：金额都以万元计"
    found["divisions"] = "内设机构：一个科室一项，每项以“- ”开头"
    found["projects"] = (
        "项目：项目分几块做的，一块一项，照样子往下加；不分的删去这一项"
        if rubric.of_one_project
        else "项目：一个项目一项，照样子往下加；没有项目就删去这一项"
    )
    found["indicators"] = (
        "绩效指标：一个三级指标一项，同一类可以有几项，没有的类别删去那一项；可量化的写 ≥ 或 ≤"
    )
    for i, row in enumerate(tree.get("indicators") or []):
        if (group := rubric.groups.get(row["group"])) is not None:
            names = {kind.id: kind.name for kind in group.kinds}
            kind = names.get(row["kind"], row["kind"])
            found[f"indicators.{i}"] = f"{rubric.indicator(row['group']).name}：{kind}"
    found["checks"] = "检查清单：填“是”或“否”"
    for item in rubric.items.values():
        good = f"合格：{'是' if item.good else '否'}" + (f"；{item.asks}" if item.asks else "")
        good += "；可填“不涉及”" if item.id in rubric.may_be_absent else ""
        found[f"checks.{item.id}"] = good if chinese else f"{item.text}（{good}）"
    found["figures"] = "另填数据：评分标准要求另填的数"
    found |= {f"figures.{name}": figure.asks() for name, figure in rubric.figures.items()}
    found["answers"] = "指标填报：下列指标按这里所填计分，理由印在报告里"
    for indicator in rubric.everything:
        found[f"answers.{indicator.id}"] = "" if chinese else indicator.name
    found["reported"] = "自评结果：自己打的分，只用来核对"
    found["reported.scores"] = "各指标的自评得分"
    for indicator in rubric.everything:
        named = "" if chinese else f"{indicator.name}，"
        points = plain(rubric.counts_for(indicator.id))
        found[f"reported.scores.{indicator.id}"] = f"{named}{points}分"
    two = example({"narrative": {"problems": "第一段\n第二段"}}, chinese).split("\n", 1)[1]
    found["narrative"] = f"文字说明：一行一段；几段的写成\n{two}"
    for loc, chapter in printed_in(rubric).items():
        path, info = ".".join(map(str, loc)), field_info(Department, loc)
        if info and info.title not in (None, chapter):
            words = found.get(path, "") or ("" if chinese else info.title)
            found[path] = "；".join(filter(None, [words, f"印在报告的“{chapter}”里"]))
    found["rubric"] = f"评分标准：{rubric.name}"
    for field, (words, shown) in _later(rubric).items():
        if tree.get(field) == "":
            listed = example({field: shown}, chinese).split("\n", 1)[1] if shown else ""
            found[field] = f"{words}\n{listed}".strip()
    if "total" in tree.get("budget", {}):
        first = PART_NAMES[rubric.parts[0]]
        found["budget.total"] = (
            f"{PART_NAMES['total']}：可不填，由各部分相加；填了就与各部分核对。写法与{first}相同"
        )
    return found


def example(tree: Mapping[str, Any], chinese: bool) -> str:
    """How *tree* is written, for a comment."""
    lines = department_text(tree, chinese).splitlines()[1:]
    return "\n".join(line.removeprefix("  ") for line in lines)


def _places(value: Any, loc: Loc) -> Iterator[Loc]:
    """The place of each value; of the items of a list, those of the first."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _places(child, (*loc, key))
    elif isinstance(value, list):
        for i, child in enumerate(value[:1]):
            yield from _places(child, (*loc, i))
    else:
        yield loc


def _remark(loc: Loc, chinese: bool) -> str:
    # The ids of indicators are no fields of the form; what stands under one is.
    info = field_info(Department, ("answers", loc[-1]) if loc[0] == "answers" else loc)
    if info is None or loc[-1] in ("group", "kind"):
        return ""
    pattern = ".".join(step for step in loc if isinstance(step, str))
    words = WORDS.get(pattern)
    if words is None:
        readers = field_readers(Department, loc)
        kinds = [text for reader, text in _KINDS.items() if reader in readers]
        about = info.description or ""
        words = (
            about
            if "如" in about or not kinds
            else "；".join([about] * ("单位" not in about and bool(about)) + kinds[:1])
        )
    needed = "必填" if info.is_required() else ""
    if chinese:
        return "；".join(filter(None, (needed, words)))
    title = f"{info.title}（{needed}）" if needed else f"{info.title}"
    return f"{title}：{words}" if words else title


def worded(
    tree: dict[str, Any], remarks: Remarks, rubric: Rubric
) -> tuple[dict[str, Any], Remarks]:
    """The tree with the rubric's words for its codes, and its remarks at their places."""
    words_in = in_words(tree, rubric)
    moved = dict(remarks)
    for at, before, after in (
        ("checks", tree.get("checks"), words_in.get("checks")),
        ("figures", tree.get("figures"), words_in.get("figures")),
        ("answers", tree.get("answers"), words_in.get("answers")),
        (
            "reported.scores",
            tree.get("reported", {}).get("scores"),
            words_in.get("reported", {}).get("scores"),
        ),
    ):
        for code, word in zip(before or {}, after or {}, strict=True):
            below = (before or {})[code]
            for end in ("", *(f".{field}" for field in below if isinstance(below, dict))):
                if words := moved.pop(f"{at}.{code}{end}", ""):
                    moved[f"{at}.{word}{end}"] = words
    return words_in, moved
