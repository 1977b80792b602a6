"""文字里的数字与数据: every figure that a department wrote, held against what it speaks of.

What a figure speaks of is told by the words right before it in its clause, by
the clause before where it leaves them out, and by where it stands: a project's
text speaks of that project, the other chapters of the whole department. A
figure of which that is not certain is not checkable, and raises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from perfkit.department import DEPARTMENT, Department, Project, project_of
from perfkit.findings import Found, Raised
from perfkit.likeness import own_names
from perfkit.mentions import Mention, day_of, mentions
from perfkit.quantities import day_in_words, percent, plain
from perfkit.scoring import Scorecard

Outcome = Literal["right", "wrong", "unchecked"]
OUTCOMES: dict[Outcome, str] = {
    "right": "与数据一致",
    "wrong": "与数据不符",
    "unchecked": "没有数据可核对",
}

# Words of a clause between a subject and its figure that add nothing to what it speaks of.
_SAID = (
    r"(?:数|额|金额|资金|经费|总额|总数|总计|合计|共计|累计|安排|批复|下达|核定|实际|情况"
    r"|共|总|的|为|是|计|达到|达|约|近|超过|了|仅|就|有|：|:|\s)*"
)
_THIS = (
    r"(?:\d{4}年(?:度)?|本年(?:度)?|当年|年度|全年|今年|年内"
    r"|(?:截至|到)(?:\d{4}年)?(?:底|末|年底|年末|12月底|12月31日))*"
)
_SUBJECT = (
    r"(?P<subject>基本支出|项目支出|其他支出|资金总体|部门整体|财政资金|资金|项目"
    r"|(?:本|我|该)(?:部门|单位|项目|[局委办馆院所站会镇乡]|中心|街道)|部门|单位)?"
)
_LEAD = rf"^[—－-]*(?:其中|同时|另外|此外|经费|共|年末|年底|按[^，]{{0,10}}评分)?{_THIS}{_SUBJECT}{_THIS}的?"
_ASSESSED = r"(?:部门|整体|支出|绩效|自评|评价|综合|最终)*"

# In the order in which they are tried: what it is, and how a clause that ends with it reads.
_CUES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(f"{_LEAD}{words}{_SAID}$"))
    for key, words in (
        ("initial", "年初(?:批复)?预算"),
        ("previous_rate", "上年(?:度)?(?:结转)?结余率"),
        ("rate", "(?:预算)?(?:资金)?(?:执行率|支出率|执行进度)"),
        ("carryover_rate", "结转结余率"),
        ("carryover", "(?:年末)?结转结余"),
        ("variance", "(?:部门)?预决算差异率"),
        ("unspent", "(?:尚)?(?:未支出|未执行|结余|剩余)"),
        ("budget", "(?:批复|调整后的?)?(?:支出)?预算"),
        ("spent", "(?:实际|累计|已|全年|决算)*(?:支出|执行)"),
        ("total", f"{_ASSESSED}(?:得分|总分|总得分|自评得|评价得|绩效得|自评)"),
    )
)
_SCORE_OF = re.compile(
    r"^(?:其中)?(?P<indicator>[^\d]{2,24}?)(?:自评|评价)?(?:得分|得)" + _SAID + "$"
)
_COUNT_BEFORE = re.compile(
    rf"^{_THIS}(?:共|共有|共计|总共|一共|合计|共安排|共实施|实施项目|安排项目|列支项目|项目共|项目)+{_SAID}$"
)
_COUNT_AFTER = re.compile(r"^(?:预算)?项目")
_EVALUATED_AFTER = re.compile(
    r"^(?:预算)?项目(?:由|实行|开展|进行|为|是)?(?P<how>部门评价|单位自评|自评)"
)
_EVALUATED_BEFORE = re.compile(r"(?P<how>部门评价|单位自评)(?:的)?(?:项目)?(?:有|为|共)?$")
# A clause that speaks of another year, another body, a plan or a comparison.
_ELSEWHERE = re.compile(
    r"上年|去年|上一年|往年|下年|明年|次年|年初目标|计划|拟|预计|目标|力争|应当|不得|规定|标准|同比|环比|增长|下降|增加|减少|压减|节约|追加|调增|调减"
    r"|全市|全区|全国|全省|市级|区级|平均|人均|每|单价|其他部门|企业|合同|中标|申请"
)
_STOP = re.compile(r"[，。；、！？\n（）()]")
_OWN = re.compile(r"实际|全年|累计|共|总|年末|年底")
_TO = re.compile(r"\s*(?:至|到|—+|-|～|~)\s*")
_SUM = re.compile(r"^(?:共|合计|共计|总计|总共)+(?:为|是|约)?$")
_TERM = re.compile(r"(?:合同|服务|项目|实施|执行|建设)(?:期限?|周期|时间|履行期)[^。；]{0,12}$")


@dataclass(frozen=True)
class Datum:
    """A figure that a text can be held against: its name, the field it is filed in, its values."""

    name: str
    field: str
    values: tuple[Decimal, ...]

    def shown(self, kind: str) -> str:
        """The right value as a message gives it."""
        value = self.values[0]
        if kind == "rate":
            return percent(value)
        return plain(value) + {"amount": "万元", "points": "分", "count": "个"}.get(kind, "")


@dataclass(frozen=True)
class Verdict:
    """What is said of one figure in a text."""

    field: str
    mention: Mention
    outcome: Outcome
    datum: Datum | None = None
    message: str = ""
    quote: str = ""


def verdicts(card: Scorecard) -> Iterator[Verdict]:
    """The verdict on every figure of the filed texts, in order."""
    department, whole = card.department, _department_data(card)
    for field, text in department.texts.items():
        if (i := project_of(field)) is None:
            yield from _of_text(card, field, text, whole, None)
        else:
            known = _project_data(i, department.projects[i])
            yield from _of_text(card, field, text, known, department.projects[i])


def numbers_in_text(card: Scorecard) -> Found:
    """Figures in the texts that contradict the data."""
    for verdict in verdicts(card):
        if verdict.outcome == "wrong":
            code = {"date": "text.date"}.get(verdict.mention.kind, "text.number")
            yield Raised(code, "error", verdict.message, verdict.field, verdict.quote)


Data = dict[tuple[str, str], Datum]
"""Of each (subject, cue) what it means."""


def _project_data(i: int, project: Project) -> Data:
    name, field = f"第{i + 1}个项目", f"projects.{i}"
    found = {"budget": Datum(f"{name}的预算数", f"{field}.budget", (project.budget,))}
    if project.spent is not None:
        found["spent"] = Datum(f"{name}的支出数", f"{field}.spent", (project.spent,))
        left = project.budget - project.spent
        found["unspent"] = Datum(f"{name}的未支出数", f"{field}.spent", (left,))
    if project.execution_rate is not None:
        rates = [project.execution_rate, *([project.rate] if project.rate is not None else [])]
        found["rate"] = Datum(f"{name}的预算执行率", f"{field}.spent", tuple(rates))
    if project.score is not None:
        found["total"] = Datum(f"{name}的评价得分", f"{field}.score", (project.score,))
    subjects = ("", "项目", "本项目", "该项目", "资金")
    return {(subject, cue): datum for cue, datum in found.items() for subject in subjects}


def _department_data(card: Scorecard) -> Data:
    department = card.department
    budget = department.budget
    found: Data = {}
    kinds = ("部门", "单位", *"局委办馆院所站会镇乡", "中心", "街道")
    whole_department = {own + kind for own in "本我该" for kind in kinds}
    whole_department |= {"", "资金总体", "部门整体", "部门", "单位", "财政资金", "资金"}
    subjects = {
        "total": whole_department,
        "basic": {"基本支出"},
        "project": {"项目支出"},
        "other": {"其他支出"},
    }
    for key, part in {"total": budget.overall, **budget.parts}.items():
        name = {"total": "资金总体", **dict(zip(budget.parts, ("基本支出", "项目支出", "其他支出"), strict=True))}[key]  # fmt: skip
        data = {
            "budget": Datum(f"{name}全年预算数", f"budget.{key}.budget", (part.budget,)),
            "spent": Datum(f"{name}全年执行数", f"budget.{key}.spent", (part.spent,)),
            "unspent": Datum(f"{name}未支出数", f"budget.{key}.spent", (part.unspent,)),
        }
        if part.execution_rate is not None:
            data["rate"] = Datum(f"{name}预算执行率", f"budget.{key}.spent", (part.execution_rate,))
        found |= {(subject, cue): datum for cue, datum in data.items() for subject in subjects[key]}
    carryover = budget.carryover
    whole = {"initial": ("年初预算数", "budget.initial", budget.initial),
             "carryover": ("结转结余总额", "budget.carryover.amount", carryover.amount),
             "previous_rate": ("上年结转结余率", "budget.carryover.previous_rate",
                               carryover.previous_rate)}  # fmt: skip
    if carryover.amount is not None and budget.overall.budget:
        rate = carryover.amount / budget.overall.budget
        whole["carryover_rate"] = ("结转结余率", "budget.carryover.amount", rate)
    variance = budget.variance.rate
    if budget.initial:
        variance = (budget.overall.spent - budget.initial) / budget.initial
    whole["variance"] = ("预决算差异率", "budget.variance.rate", variance)
    reported = department.reported.total
    for cue, (name, field, value) in whole.items():
        if value is not None:
            values = (value, abs(value))
            found |= {(subject, cue): Datum(name, field, values) for subject in subjects["total"]}
    totals = [card.total] if reported is None else [reported, card.total]
    total = Datum("总分", "reported.total", tuple(totals))
    found |= {(subject, "total"): total for subject in subjects["total"]}
    return found


def _of_text(
    card: Scorecard, field: str, text: str, known: Data, project: Project | None
) -> Iterator[Verdict]:
    year = card.department.year
    # A department may speak of itself by its name.
    own = "|".join(map(re.escape, own_names(card.department)))
    found = list(mentions(text))
    before: tuple[str, str] | None = None  # subject and cue of the figure before
    strange = False  # whether the sentence has an amount or rate that is not known
    last = 0
    for n, mention in enumerate(found):
        clause = text[_after_stop(text, mention.start) : mention.start].strip()
        clause = re.sub(own, "", clause)
        if re.search(r"[。；\n]", text[last : mention.start]):
            before, strange = None, False  # what is left out stands in the same sentence
        last = mention.end
        sentence = re.split(r"[。；\n]", text[: mention.start])[-1]
        if mention.kind == "date":
            yield _date(field, found, n, text, project)
            continue
        datum = _summed(found, n, text, clause)
        if datum is None and (cue := _cue(mention, clause)):
            key, subject = cue
            if not subject and before:
                subject = before[0]
            # 举办活动，支出2万元: of the activity, or of the whole?
            unsure = not subject and not before and key in ("spent", "unspent")
            if not (unsure and not _OWN.search(clause)) and (subject or not strange):
                datum = known.get((subject, key))
            before = (subject, key) if datum else before
        elif datum is None and project is None:
            datum = _other(card, mention, clause, text)
        of_projects = project is None and mention.kind == "points" and "项目" in sentence
        last_year = before is not None and before[1] == "previous_rate"
        elsewhere = (
            (_ELSEWHERE.search(clause) and not last_year)
            or _another_year(sentence, year)
            or of_projects
        )
        if datum is None or mention.bound or elsewhere:
            strange = strange or mention.kind in ("amount", "rate")
            yield Verdict(field, mention, "unchecked")
        else:
            yield _judged(field, mention, datum, text)


def _after_stop(text: str, end: int) -> int:
    return max((found.end() for found in _STOP.finditer(text, 0, end)), default=0)


def _cue(mention: Mention, clause: str) -> tuple[str, str] | None:
    """What the words before a figure say that it is, and of what; empty if they leave that out."""
    fits = {
        "amount": ("initial", "carryover", "unspent", "budget", "spent"),
        "rate": ("previous_rate", "rate", "carryover_rate", "variance"),
        "points": ("total",),
    }.get(mention.kind, ())
    for key, pattern in _CUES:
        if key in fits and (match := pattern.search(clause)):
            return key, match["subject"] or ""
    return None


def _another_year(sentence: str, year: int) -> bool:
    """Whether the last year that the sentence names is another than the one evaluated."""
    years = re.findall(r"(20\d\d)年", sentence)
    return bool(years) and int(years[-1]) != year


def _other(card: Scorecard, mention: Mention, clause: str, text: str) -> Datum | None:
    """Scores of indicators, and numbers of projects, in the chapters on the whole department."""
    if mention.kind == "points" and (match := _SCORE_OF.search(clause)):
        for score in card.scores:
            if score.name in match["indicator"] and score.awarded is not None:
                values = [v for v in (score.reported, score.awarded) if v is not None]
                return Datum(f"{score.name}得分", f"reported.scores.{score.id}", tuple(values))
        for section in card.rubric.sections:
            if section.name in match["indicator"]:
                scores = [card.score(i.id) for i in section.indicators]
                awarded = sum((s.awarded or Decimal(0) for s in scores), Decimal(0))
                claimed = [s.reported for s in scores if s.reported is not None]
                values = [awarded]
                if len(claimed) == len(scores):
                    values.insert(0, sum(claimed, Decimal(0)))
                return Datum(f"{section.name}得分", "reported.scores", tuple(values))
    if mention.kind == "count" and mention.unit in "个项":
        return _count(card.department, mention, clause, text)
    return None


def _count(department: Department, mention: Mention, clause: str, text: str) -> Datum | None:
    after = text[mention.end :]
    how = _EVALUATED_AFTER.search(after) or _EVALUATED_BEFORE.search(clause)
    stated = department.reported.projects
    if how:
        key = "department" if how["how"] == DEPARTMENT else "self"
        if stated is not None:
            value = stated.department if key == "department" else stated.self_
            return Datum(f"{how['how']}项目数", f"reported.projects.{key}", (Decimal(value),))
        return None
    named = _COUNT_AFTER.search(after) or re.search(r"项目[^，]{0,3}$", clause)
    if _COUNT_BEFORE.search(clause) and named:
        return Datum("项目个数", "projects", (Decimal(len(department.projects)),))
    return None


def _summed(found: list[Mention], n: int, text: str, clause: str) -> Datum | None:
    """What 合计 adds up: the amounts listed before it in its sentence, if they can be all."""
    mention = found[n]
    if mention.kind != "amount" or not _SUM.search(clause):
        return None
    start = max(text.rfind(sign, 0, mention.start) for sign in "。；\n：:") + 1
    listed = [m for m in found[:n] if m.kind == "amount" and m.start >= start]
    words = text[start : mention.start]
    if len(listed) < 2 or any(m.loose or m.bound for m in listed) or _ELSEWHERE.search(words):
        return None
    if re.search(r"预算|支出|其中|执行|结余|决算", words):
        return None
    values = [m.value for m in listed]
    sums = tuple(sum(values[i:], Decimal(0)) for i in range(len(values) - 1))
    return Datum("前面各数之和", "", sums)


def _date(field: str, found: list[Mention], n: int, text: str, project: Project | None) -> Verdict:
    mention = found[n]
    day = day_of(mention)
    if day is None:
        message = f"文字写“{mention.text}”，没有这一天"
        return Verdict(field, mention, "wrong", message=message, quote=mention.text)
    if project is None or day[2] is None:
        return Verdict(field, mention, "unchecked")
    first = found[n - 1] if n else mention
    ends = n and first.kind == "date" and _TO.fullmatch(text[first.end : mention.start])
    start = first.start if ends else mention.start
    if not _TERM.search(text[:start].rstrip("（(为是：:自从")):
        return Verdict(field, mention, "unchecked")
    filed = project.ends if ends else project.starts
    if filed is None:
        return Verdict(field, mention, "unchecked")
    if (filed.year, filed.month, filed.day) == day:
        return Verdict(field, mention, "right")
    words = f"参数里项目的{'结束' if ends else '开始'}日期是{day_in_words(filed)}"
    message = f"文字写“{mention.text}”，{words}"
    return Verdict(field, mention, "wrong", message=message, quote=mention.text)


def _judged(field: str, mention: Mention, datum: Datum, text: str) -> Verdict:
    if any(mention.says(value) for value in datum.values):
        return Verdict(field, mention, "right", datum)
    message = f"文字写“{mention.text}”，{datum.name}应为{datum.shown(mention.kind)}"
    return Verdict(field, mention, "wrong", datum, message, _quote(mention, text))


def _quote(mention: Mention, text: str) -> str:
    """The figure with so many of the words before it that it stands there only once."""
    start = mention.start
    while start and text.count(text[start : mention.end]) > 1 and text[start - 1] not in "。\n":
        start -= 1
    return text[start : mention.end]
