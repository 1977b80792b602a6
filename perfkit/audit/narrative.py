"""文字里的数字与数据: every figure that a department wrote, held against what it speaks of.

What a figure speaks of is told by the words before it in its clause, by the
clauses before where it leaves them out, and by where it stands: a project's
text speaks of that project, the other chapters of the whole department. A
figure of which that is not certain is not checkable, and raises nothing.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from perfkit.audit.clauses import CUES, OTHERS, PARTS, PLANS, WHOLE, Words, words_of
from perfkit.audit.findings import Found, Raised
from perfkit.audit.likeness import own_names
from perfkit.audit.mentions import Mention, day_of, mentions, squeezed
from perfkit.audit.sums import sums
from perfkit.forms import paths
from perfkit.forms.department import DEPARTMENT, Department, Project
from perfkit.forms.paths import project_of
from perfkit.quantities import day_in_words, money, percent, plain
from perfkit.scoring.figures import AMOUNT, RATE
from perfkit.scoring.filed import FIGURES, part_names
from perfkit.scoring.scorecard import Scorecard, stated_rates
from perfkit.scoring.scores import walk

Outcome = Literal["right", "wrong", "unchecked"]
OUTCOMES: dict[Outcome, str] = {
    "right": "与数据一致",
    "wrong": "与数据不符",
    "unchecked": "没有数据可核对",
}

CLAUSE = 120
"""Signs of a text that are looked at around a date or a count, or quoted."""

_STOP = re.compile(r"[，,；;、（）()]")
_SENTENCE = re.compile(r"[^。！？\n]{1,4000}[。！？\n]?|[。！？\n]")
_NUMBERED = re.compile(
    r"^(?:[（(]?[0-9一二三四五六七八九十]{1,3}[）).．、]|[一二三四五六七八九]是|[①-⑳])"
)
_HEADING = re.compile(r"(?:运行|支出|经费|费|项目|补助|补贴|情况|方面|资金|采购|项）?)[。：:]?$")
_LONGEST_HEADING = 30
_REACHES = re.compile(r"(?:达到|达|为|至|升至|降至|提高到|升到)$")
_NOT_OURS = re.compile(
    r"财政局|财政部门|财政厅|第三方|再评价|抽查|复核|考核|排名|问卷|满意度|测评|分值|指标|满分|项目|扣"
)
# 预算执行情况满分20分，自评19.5分: the points of one indicator, not of the whole.
_OF_ONE = re.compile(r"(?:满分|分值)(?:为|是)?+(?!100分)")
_COUNT_BEFORE = re.compile(
    r"(?:共安排|安排|列支|纳入预算的?|项目支出共?|支出项目|预算)(?:项目)?(?:共|合计|总计)?(?:有|为)?$"
)
_COUNT_AFTER = re.compile(r"(?:预算|支出)?项目(?!单位|负责人|部门|科室)")
_EVALUATED_AFTER = re.compile(
    r"(?:预算)?项目(?:由|实行|开展|进行|为|是)?(?P<how>部门评价|单位自评|自评)"
    r"(?!得分|平均|结果|等级|报告|表|均|分)"
)
_EVALUATED_BEFORE = re.compile(r"(?P<how>部门评价|单位自评)(?:的)?(?:项目)?(?:有|为|共)?$")
_OTHER_COUNT = re.compile(r"追加|本级|下属|所属|直属|重点|上年|跨年|新增|其中|市级|区级|中央")
_OF_INDICATOR = re.compile(r"执行|管理|情况|产出|效益|效果|资产|财务|采购|指标|目标|结转|差异")
_TO = re.compile(r"\s{0,9}(?:起至|起到|起，至|开始至|至|到|—{1,4}|-|－|～|~)\s{0,9}")
_PAPERS = re.compile(
    r"^(?:根据|按照|依据|按|对照|参照|落实|结合|编制|制定|印发).{0,60}(?:要求|通知|办法|方案|文件|规定|部署|安排|目标时|时$)"
    r"|(?:上年|上年度|[0-9]{4}年)(?:结转|结余)(?!结余|结转|率)"
)
"""What names a year without being of it."""
_GROWN = re.compile(
    r"(?P<what>.{0,40}?)(?:(?:较|比|与|同)(?:上年度?|去年|(?P<year>20[0-9]{2})年(?:度)?)(?:决算数?|执行数|实际|支出|预算)?"
    r"(?:相比)?|同比)(?P<way>增长|增加|上升|提高|下降|减少|降低|压减)(?:了|约)?"
)
"""支出较上年增长: what grew since last year, or fell."""
_FALLS = ("下降", "减少", "降低", "压减")
_TOTAL = re.compile(r"(?:共计|合计|总计|总额)(?:为|是)?$")
_LEADING = re.compile(
    r"^(?:其中|截至|截止|[0-9]{4}年(?:度)?|12月(?:底|末|31日)|年?[末底]|全年|我|本|局|部门|单位|年度|共有|的|核定|实有)*"
)
_STATED_AS = re.compile(r"(?:共计|共有|合计|总计|共|达到|达|为|是|有|：)?$")
_A_MONTH = re.compile(r"(?:[1-9]|1[01])月(?:份|底|末)?")
_PIECE = re.compile(r"[，,；;。！？\n]")
_TERM = re.compile(r"(?:合同|服务|项目|实施|执行|建设)(?:期限?|周期|时间|履行期)[^。；]{0,12}$")
_PAID_PART = re.compile(
    r"标段|一期|二期|三期|子项|下属|所属|追加|配套|自筹|首付|尾款|预付|每|上年|去年|跨年|分年|分[两二三四五]年"
)


@dataclass(frozen=True)
class Datum:
    """A figure that a text can be held against: its name, the field it is filed in, its values.

    `cue` is what it is of its subject: ``budget``, ``spent``, ``rate``, ``score`` and the like.
    """

    name: str
    field: str
    values: tuple[Decimal, ...]
    cue: str = ""
    subject: str = ""
    unit: str = ""

    def shown(self, kind: str) -> str:
        """The right value as a message gives it, or all that would be right."""
        count = self.unit or "个"
        unit = {"amount": "万元", "points": "分", "count": count}.get(kind, "")
        shown = [percent(v) if kind == "rate" else plain(v) + unit for v in self.values]
        # 差异率 of −2.5 % is said as 2.5 % too.
        same = dict.fromkeys(words for words in shown if f"-{words}" not in shown)
        return "或".join(same)


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
    department = card.department
    called = (*own_names(department), *_called(card), *_money_called(card))
    names = dict.fromkeys(called, "total")
    named = {
        project.name: paths.project(i)
        for i, project in enumerate(department.projects)
        if len(project.name) >= _LONG_NAME
    }
    whole, money = _department_data(card), card.rubric.has_money
    before = _last_years_data(card)
    for i, project in enumerate(department.projects):
        if project.name in named:
            data = _project_data(i, project, money)
            whole |= {(paths.project(i), cue): datum for (_, cue), datum in data.items()}
    for path, text in department.texts.items():
        number = project_of(path)
        if number is None:
            reader = _Reader(card, path, text, whole, names | named, before=before)
        else:
            project = department.projects[number]
            own = {project.name: "this"} if project.name in named else {}
            data = _project_data(number, project, money)
            reader = _Reader(card, path, text, data, own, project if money else None)
        yield from reader.read()


def _called(card: Scorecard) -> list[str]:
    """What the evaluation of the whole is called: 部门预算管理考核, 预算管理考核."""
    name = card.rubric.words.evaluation
    # 部门整体支出绩效得分, of a 部门整体支出绩效评价.
    named = [name, name.removesuffix("评价")]
    named += [words.removeprefix("部门") for words in named]
    return [words for words in dict.fromkeys(named) if len(words) >= _LONG_NAME]


def _money_called(card: Scorecard) -> list[str]:
    """What the whole of the money is called beside 资金总体: by the rubric, and of one project."""
    rubric = card.rubric
    if not rubric.has_money:
        return []
    return [rubric.words.total, *(["本项目", "该项目"] if rubric.of_one_project else [])]


_BARE = re.compile(
    r"(?:^|[，。；、（(\s])(?:实际|全年|年度)?(?:预算|支出|(?:预算)?执行率)(?:数|额|金额)?[为是共计合：:]*$"
)


def states(
    text: str, found: Iterable[Verdict], subject: str, figures: Mapping[str, Decimal | None]
) -> bool:
    """Whether a text says all these figures of *subject* as exactly as the report prints them.

    Args:
        text: what the department wrote.
        found: the verdicts on it. With a wrong figure among them it says nothing, nor with one
            that can't be checked and yet is called no other than 预算, 支出 or 执行率.
        subject: ``this`` for a project in its own text, ``total`` for 资金总体.
        figures: by cue; none is said that is not known.
    """
    listed = list(found)
    for verdict in listed:
        start = verdict.mention.start
        bare = verdict.mention.kind in ("amount", "rate") and _BARE.search(
            text, max(0, start - CLAUSE), start
        )
        if verdict.outcome == "wrong" or (verdict.outcome == "unchecked" and bare):
            return False
    said = {
        verdict.datum.cue
        for verdict in listed
        if verdict.outcome == "right" and verdict.datum and verdict.datum.subject == subject
        if _is_exact(verdict.mention, figures.get(verdict.datum.cue))
    }
    return figures.keys() <= said


def _is_exact(mention: Mention, value: Decimal | None) -> bool:
    """Whether a figure that is right is written as exactly as the report prints it."""
    ways: dict[str, Callable[[Decimal], str]] = {"amount": money, "rate": percent}
    printed = ways.get(mention.kind, plain)
    return value is not None and not mention.loose and printed(mention.value) == printed(value)


def contradictions(figures: Iterable[Verdict]) -> Found:
    """Figures in the texts that contradict the data."""
    for verdict in figures:
        if verdict.outcome == "wrong" and verdict.datum and verdict.datum.field == PREVIOUS:
            # Last year's file may have been corrected since, or counted otherwise.
            yield Raised("text.last_year", "warning", verdict.message, verdict.field, verdict.quote)
        elif verdict.outcome == "wrong":
            code = {"date": "text.date"}.get(verdict.mention.kind, "text.number")
            yield Raised(code, "error", verdict.message, verdict.field, verdict.quote)


_LONG_NAME = 4
"""Signs of a project's name from which on it can't be taken for another word."""

Data = dict[tuple[str, str], Datum]
"""Of each (subject, cue) what it means."""


def _project_data(i: int, project: Project, money: bool) -> Data:
    name, path = f"第{i + 1}个项目", paths.project(i)
    found = {}
    if money:
        found["budget"] = Datum(f"{name}的预算数", f"{path}.budget", (project.budget,))
    if project.spent is not None:
        found["spent"] = Datum(f"{name}的支出数", f"{path}.spent", (project.spent,))
        left = project.budget - project.spent
        found["unspent"] = Datum(f"{name}的未支出数", f"{path}.spent", (left,))
    elif project.executed is not None and project.rate is not None:
        # 94.44% of 5400 is what was spent only as far as the rate is exact.
        found["spent"] = Datum(f"{name}按执行率推算的支出数", f"{path}.rate", (project.executed,))
    if project.execution_rate is not None:
        rates = [project.execution_rate, *([project.rate] if project.rate is not None else [])]
        found["rate"] = Datum(f"{name}的预算执行率", f"{path}.spent", tuple(rates))
    if project.score is not None:
        found["score"] = Datum(f"{name}的评价得分", f"{path}.score", (project.score,))
    return _named({("this", cue): datum for cue, datum in found.items()})


def _named(data: Data) -> Data:
    return {
        (subject, cue): replace(datum, subject=subject, cue=cue)
        for (subject, cue), datum in data.items()
    }


def _department_data(card: Scorecard) -> Data:
    department, rubric = card.department, card.rubric
    budget, names, listed = department.budget, part_names(rubric), card.filed_parts
    found: Data = {}
    for key, part in {"total": budget.overall, **listed}.items() if listed else ():
        name, path = names[key], paths.part(key)
        found[key, "budget"] = Datum(f"{name}全年预算数", f"{path}.budget", (part.budget,))
        found[key, "spent"] = Datum(f"{name}全年执行数", f"{path}.spent", (part.spent,))
        left: tuple[Decimal, ...] = (part.unspent,)
        if key == "total" and budget.carryover.amount is not None:
            left = (part.unspent, budget.carryover.amount)
        found[key, "unspent"] = Datum(f"{name}未支出数", f"{path}.spent", left)
        if part.execution_rate is not None:
            rates = [part.execution_rate]
            if key == "total":
                rates += [
                    score.ratio
                    for score in card.scores
                    if score.ratio is not None and rubric.indicator(score.id).rule.is_execution
                ]
            found[key, "rate"] = Datum(f"{name}预算执行率", f"{path}.spent", tuple(rates))
    if budget.initial is not None:
        found["total", "initial"] = Datum("年初预算数", paths.INITIAL, (budget.initial,))
        if budget.initial:
            done = (budget.overall.spent / budget.initial,)
            found["total", "rate_initial"] = Datum("支出完成年初预算的比例", paths.INITIAL, done)
    if budget.carryover.amount is not None:
        amount = (budget.carryover.amount,)
        found["total", "carryover"] = Datum("结转结余总额", paths.CARRYOVER, amount)
    previous = budget.carryover.previous_rate
    if previous is not None:
        path = paths.PREVIOUS_RATE
        found["total", "previous_rate"] = Datum("上年结转结余率", path, (previous,))
    for key, rate in stated_rates(card).items():
        # Texts have words for these two rates only.
        cue = {paths.CARRYOVER_RATE: "carryover_rate", paths.VARIANCE_RATE: "variance"}.get(key)
        value = rate.computed if rate.computed is not None else rate.stated
        if value is not None and cue:
            # 差异率 of −2.5 % is said as 2.5 % too.
            values = (value, abs(value))
            found["total", cue] = Datum(rate.name, rate.field, values)
    reported = department.reported.total
    totals = [card.total] if reported is None else [reported, card.total]
    totals += (card.before_stage(i).total for i in range(len(department.stages)))
    found["total", "score"] = Datum("总分", paths.CLAIMED_TOTAL, tuple(totals))
    return _named(found)


PREVIOUS = "previous"
"""The field of what last year's filing says."""


def _last_years_data(card: Scorecard) -> Data:
    """What last year's filing says of the same subjects; empty without one."""
    last = card.last_year
    if last is None:
        return {}
    return {
        key: replace(datum, name=f"上年{datum.name}", field=PREVIOUS, subject=f"last.{key[0]}")
        for key, datum in _department_data(last).items()
        if key[1] != "previous_rate"
    }


class Level(IntEnum):
    """How far a sentence has been led away from the whole: words that are not known, a part, others."""

    CLEAR = 0
    WEAK = 1
    SOFT = 2
    CLOSED = 3


@dataclass
class _State:
    """Where a sentence stands: what its figures are of, and what the last one was."""

    topic: str
    level: Level = Level.CLEAR
    start: Level = Level.CLEAR
    cue: str = ""
    head: tuple[str, str] | None = None
    lead: tuple[str, str] | None = None
    lead_unknown: bool = False
    within: bool = False
    other_year: bool = False
    last_year: bool = False
    part_year: bool = False
    grouped: bool = False
    group: int = 0
    stray: bool = False
    seen: bool = False
    unresolved: bool = False
    pending: list[str] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)


@dataclass
class _Bare:
    """A figure whose clause leaves out whose it is, in a project's text: judged with the others."""

    index: int
    cue: str
    group: int
    weak: bool


class _Reader:
    """One text, read sentence by sentence."""

    def __init__(
        self,
        card: Scorecard,
        path: str,
        text: str,
        known: Data,
        names: Mapping[str, str],
        project: Project | None = None,
        before: Data | None = None,
    ) -> None:
        self.before = before or {}
        self.card, self.path, self.text, self.known, self.names = card, path, text, known, names
        self.project = project
        # 部门预算管理考核 is what a rubric calls the evaluation itself, none of its indicators.
        self.evaluation = re.compile("|".join(map(re.escape, _called(card))))
        self.asked = [figure.name for figure in card.rubric.figures.values()]
        self.asked += [score.name for score in card.everything]
        self.year = card.department.year
        self.plain = squeezed(text).text
        self.figures = list(mentions(text))
        self.whose = "this" if project else "total"
        self.found: list[Verdict] = []
        self.bare: list[_Bare] = []
        self.groups = 0
        wished = (
            "objective",
            paths.narrative("measures"),
            "indicators.",
            "divisions.",
            "rectified.",
        )
        self.floor = Level.SOFT if path.startswith(wished) else Level.CLEAR

    def read(self) -> list[Verdict]:
        """The verdict on every figure of the text, in order."""
        starts = [mention.at for mention in self.figures]
        heading = last = self.floor
        topic = self.whose
        alone = True  # whether the heading has a line of its own
        state = _State(topic)
        for sentence in _SENTENCE.finditer(self.plain):
            start, end = sentence.span()
            # A sentence that is longer than any is cut at a figure.
            figures = self.figures[bisect(starts, start - 1) : bisect(starts, end - 1)]
            words = sentence[0].strip("。！？\n ")
            if not words:
                if not alone and "\n" in sentence[0]:
                    heading, topic = self.floor, self.whose
                continue
            if not figures and self._is_heading(words, sentence[0]):
                heading, topic = self._heading(words)
                last, alone = heading, sentence[0].endswith("\n")
                continue
            before = state
            state = _State(topic, max(heading, last), max(heading, last))
            if words.startswith("其中"):
                state.lead, state.lead_unknown = before.lead, before.lead_unknown
                state.cue = before.cue
                state.other_year, state.part_year = before.other_year, before.part_year
                state.last_year = before.last_year
            self._sentence(start, end, figures, state)
            closed = state.level == Level.CLOSED and state.start < Level.CLOSED
            last = Level.SOFT if closed else self.floor
            if sentence[0].endswith("\n") and not alone:
                heading, topic = self.floor, self.whose
        self._judge_bare()
        return self._with_sums()

    def _with_sums(self) -> list[Verdict]:
        """The verdicts, with those on figures that must fit others of their sentence."""
        budget = self.card.department.budget
        overall = budget.overall
        wholes = [overall.budget, overall.spent, budget.initial or Decimal(0)]
        wholes += [value for part in budget.parts.values() for value in (part.budget, part.spent)]
        if self.project is not None:
            wholes = [self.project.budget, self.project.executed or Decimal(0)]
        at = {verdict.mention.at: i for i, verdict in enumerate(self.found)}
        places = squeezed(self.text).places
        found = list(self.found)
        for told in sums(self.plain, self.figures, wholes):
            i = at.get(told.at)
            if told.right:
                if i is not None and found[i].outcome == "unchecked":
                    found[i] = Verdict(self.path, found[i].mention, "right")
                continue
            quote = self.text[places[told.start] : places[told.till - 1] + 1]
            if i is None:
                start, end = places[told.at], places[told.till - 1] + 1
                zero, text = Decimal(0), self.text[start:end]
                mention = Mention("count", text, start, end, zero, zero, at=told.at, till=told.till)
                found.append(Verdict(self.path, mention, "wrong", None, told.message, quote))
                continue
            of_it = [j for place, j in at.items() if told.start <= place < told.till]
            open_ones = [j for j in of_it if found[j].outcome == "unchecked"]
            if not open_ones or any(found[j].outcome == "wrong" for j in of_it):
                continue  # all are filed so, or the wrong one is told already
            j = i if i in open_ones else open_ones[-1]
            found[j] = Verdict(self.path, found[j].mention, "wrong", None, told.message, quote)
        return sorted(found, key=lambda verdict: verdict.mention.start)

    # ---- sentences and clauses

    def _is_heading(self, words: str, sentence: str) -> bool:
        if not words or len(words) > _LONGEST_HEADING or "，" in words:
            return False
        alone = not sentence.endswith(("。", "！", "？")) and sentence.endswith("\n")
        return bool(alone or _NUMBERED.match(words) or _HEADING.search(words))

    def _heading(self, words: str) -> tuple[Level, str]:
        title = _NUMBERED.sub("", words)
        read = words_of(title, self.year, self.project is not None, self.names)
        if OTHERS.search(title):
            return Level.CLOSED, self.whose
        if read.unknown and self.project is None:
            neutral = re.search(r"预算执行|资金|总体|整体|绩效|概况|得分|结论|收支|决算", title)
            return (self.floor if neutral and not PARTS.search(title) else Level.SOFT), self.whose
        if read.unknown:
            return Level.WEAK, self.whose
        return self.floor, read.subject or self.whose

    def _sentence(self, start: int, end: int, figures: list[Mention], state: _State) -> None:
        events = [(stop.start(), stop[0]) for stop in _STOP.finditer(self.plain, start, end)]
        cuts = [(mention.at, mention) for mention in figures]
        order: list[tuple[int, str | Mention]] = sorted([*events, *cuts], key=lambda pair: pair[0])
        at, clause, figured = start, "", False
        outer: list[tuple[_State, str, bool]] = []
        for place, event in order:
            if place < at:
                continue  # a stop inside a figure or name
            clause += self.plain[at:place]
            at = place
            if isinstance(event, Mention):
                clause = self._figure(event, clause, state)
                at = event.till if event.kind != "date" else event.at
                if event.kind == "date":
                    clause += self.plain[event.at : event.till]
                    at = event.till
                elif clause.endswith("项目支出"):
                    at += len("项目")
                figured = figured or event.kind != "date"
                continue
            at += 1
            if self._in_name(place):
                clause += event
                continue
            if event in "（(":
                outer.append((replace(state), clause, figured))
                clause, figured = "", False
            elif event in "）)":
                if clause and not figured:
                    self._words(clause, state)
                # 预算执行率（截至7月底）为35%: what follows is of that time.
                until = not figured and (state.part_year or _A_MONTH.fullmatch(clause) is not None)
                if outer:
                    state_before, clause, figured = outer.pop()
                    level = state.level
                    for key, value in vars(state_before).items():
                        setattr(state, key, value)
                    state.part_year = state.part_year or until
                    if level == Level.CLOSED and OTHERS.search(clause):
                        state.level = level
            else:
                if not figured:
                    self._words(clause, state)
                clause, figured = "", False
                if event in "；;":
                    self._next(state)

    def _next(self, state: _State) -> None:
        """；: the next member of a row may be of something else."""
        if state.level < Level.CLOSED:
            state.level = state.start
        state.topic = state.lead[0] if state.within and state.lead else self.whose
        state.stray = state.grouped = False

    def _in_name(self, place: int) -> bool:
        for name in self.names:
            if "、" in name or "（" in name or "，" in name:
                begin = self.plain.find(name, max(0, place - len(name)), place + len(name))
                if begin >= 0 and begin < place < begin + len(name):
                    return True
        return False

    def _read(self, clause: str, state: _State) -> Words:
        words = words_of(clause, self.year, self.project is not None, self.names)
        if words.years and not words.compared and not _PAPERS.search(clause):
            state.other_year = words.years[-1] != self.year
            state.last_year = {*words.years} == {self.year - 1}
        if words.part_year:
            state.part_year = True
        elif words.whole_year and re.search(
            r"全年|年底|年末|年终|12月|年度|最终|自评|综合", clause
        ):
            state.part_year = False
        if words.within:
            state.within = True
            if state.lead is not None:
                state.topic = state.lead[0]
        return words

    def _words(self, clause: str, state: _State) -> None:
        """A clause without a figure: what does it lead the sentence to?"""
        words = self._read(clause, state)
        state.head = None
        if words.cue and not words.unknown and not words.subject:
            state.pending.append(words.cue)
        else:
            state.pending = []
        if not words.unknown:
            if words.subject:
                self._topic(state, words.subject)
            return
        if words.head:
            state.head = (words.subject or state.topic, words.head)
            return
        if self.project is not None:
            rise = Level.SOFT if _PAID_PART.search(clause) else Level.WEAK
        elif OTHERS.search(clause) and not words.compared:
            rise = Level.CLOSED
        elif PARTS.search(clause) or PLANS.search(clause):
            rise = Level.SOFT
        else:
            rise = Level.WEAK
        state.level = max(state.level, rise)

    def _topic(self, state: _State, subject: str) -> None:
        state.topic = subject
        if state.level < Level.CLOSED and not (state.within and state.lead_unknown):
            state.level, state.stray = Level.CLEAR, False

    # ---- figures

    def _figure(self, mention: Mention, clause: str, state: _State) -> str:
        """Judges a figure; what the clause says for the next figure in it."""
        if mention.kind == "date":
            self.found.append(self._date(mention))
            return clause
        words = self._read(clause, state)
        if asked := self._asked(mention, clause, state):
            self.found.append(_judged(self.path, mention, [asked], self.text))
            state.head, state.seen = None, True
            return ""
        if mention.kind == "count":
            return self._counted(mention, words, clause, state)
        if grown := self._grown(mention, words, clause, state):
            self.found.append(grown)
            state.head, state.seen = None, True
            return ""
        scored = [] if self.project or mention.kind != "points" else self._scored(clause)
        if scored:
            candidates, sure = scored, state.level < Level.CLOSED
        else:
            candidates, sure = self._candidates(mention, words, clause, state)
        state.head, state.seen = None, True
        state.unresolved = state.unresolved or not candidates
        elsewhere = state.other_year or state.part_year or words.month
        if mention.kind == "rate" and words.cue == "carryover_rate" and state.other_year:
            elsewhere = False
            key = ("total", "previous_rate")
            candidates = [self.known[key]] if key in self.known else []
            sure = sure and words.years[-1:] == [self.year - 1]
            state.other_year = False
        elif state.last_year and self.before and not (state.part_year or words.month):
            keys = [(datum.subject, datum.cue) for datum in candidates]
            candidates = [self.before[key] for key in keys if key in self.before]
            elsewhere = False
        if not candidates or mention.bound or elsewhere:
            self.found.append(Verdict(self.path, mention, "unchecked"))
            return ""
        verdict = _judged(self.path, mention, candidates, self.text)
        if not sure and verdict.outcome == "wrong":
            verdict = Verdict(self.path, mention, "unchecked")
        self.found.append(verdict)
        return ""

    def _candidates(
        self, mention: Mention, words: Words, clause: str, state: _State
    ) -> tuple[list[Datum], bool]:
        """What a figure can be, and whether it is surely one of them."""
        fits = CUES[mention.kind]
        cue = words.cue if words.cue in fits else ""
        if mention.kind == "points":
            if not words.cues and "自评" in clause:
                cue = "score"
            if _OF_INDICATOR.search(self.evaluation.sub("", clause)):
                words.unknown = words.unknown or clause
        queued = (
            state.queue.pop(0) if state.queue and words.subject == "" and not words.cues else ""
        )
        if queued and not words.unknown:
            cue = queued if queued in fits else ""
        elif words.listed and not words.unknown:
            cues = [*state.pending, *words.cues]
            cue, state.queue = cues[0] if cues[0:1] and cues[0] in fits else "", cues[1:]
        state.pending = []
        if words.unknown or (words.cues and not cue):
            self._stray(mention, words, clause, state)
            # 第二届活动预算40万元 may be the project's: right if it is, else not known.
            datum = self.known.get(("this", cue)) if cue in ("budget", "spent") else None
            return ([datum] if datum else []), False
        topic = words.subject or state.topic
        keys: list[tuple[str, str]] = []
        if cue:
            keys = [("total" if cue in WHOLE and self.project is None else topic, cue)]
            if not words.subject and state.lead and state.lead[0] != topic:
                keys.append((state.lead[0], cue))
        elif words.subject and not words.empty:
            cue = state.cue if state.cue in fits else ""
            either = {} if state.unresolved else {"amount": ("budget", "spent"), "rate": ("rate",)}
            tried = (cue,) if cue else either.get(mention.kind, ())
            keys = [(topic, each) for each in tried if topic not in ("total", "this") or cue]
        elif state.head and _REACHES.search(clause) and state.head[1] in fits:
            keys = [state.head]
            cue = state.head[1]
        elif words.whole_year and _REACHES.search(clause) and state.cue in fits:
            keys = [(state.topic, state.cue)]  # 9月末执行进度为71%，年末达到97.5%
            cue = state.cue
        if not keys:
            filed = [self.known[key] for key in (("this", "budget"), ("this", "spent"))
                     if key in self.known]  # fmt: skip
            near = any(_slipped(mention, datum.values[0]) for datum in filed)
            right = any(mention.says(datum.values[0]) for datum in filed)
            alone = mention.kind == "amount" and not state.seen and state.level <= Level.WEAK
            self._stray(mention, words, clause, state)
            if alone and _TOTAL.search(clause) and (near or right):
                state.lead, state.stray, state.grouped = ("this", "budget"), False, True
                return filed, True  # 补贴资金，金额共计2200万元
            return [], False
        sure = self._sure(mention, words, cue, clause, state)
        if sure is None:
            state.cue, state.lead = cue, state.lead or (topic, cue)
            return [], False
        bare = not words.subject and self.project is not None
        weak = bare and sure and state.level >= Level.WEAK and not words.whole_year
        if cue in ("budget", "initial") and not state.grouped:
            self.groups += 1
            state.group, state.grouped = self.groups, True
        if words.subject:
            self._topic(state, words.subject)
        state.cue = cue or state.cue
        if not state.within or state.lead is None:
            state.lead, state.lead_unknown = (keys[0][0], keys[0][1]), False
        candidates = [self.known[key] for key in keys if key in self.known]
        if bare and candidates and sure:
            self.bare.append(_Bare(len(self.found), cue, state.group, weak))
        return candidates, sure

    def _sure(
        self, mention: Mention, words: Words, cue: str, clause: str, state: _State
    ) -> bool | None:
        """Whether a figure is surely what its clause says, of the topic; None if it may be anything."""
        level = state.level
        if mention.kind == "points" and self.project is None:
            sentence = self.plain[max(0, mention.at - CLAUSE) : mention.at]
            sentence = re.split(r"[。！？\n]", sentence)[-1]
            if _NOT_OURS.search(self.evaluation.sub("", sentence)) and "自评" not in clause:
                return None
            if _OF_ONE.search(sentence):
                return None
        if state.within and state.lead_unknown:
            return None
        if words.subject:
            return level <= Level.SOFT or None
        if (
            cue in ("spent", "unspent")
            and not state.lead
            and not words.own
            and not words.whole_year
        ):
            return None  # 举办活动，支出2万元: of the activity, or of the whole?
        if self.project is None:
            strong = words.whole_year or cue in WHOLE or (cue == "score" and "总" in clause)
            if mention.kind == "points" and "自评" in clause and level == Level.SOFT:
                return True
            if level > Level.WEAK:
                return None
            return level <= (Level.WEAK if strong else Level.CLEAR)
        if words.whole_year and self.year in words.years:
            return level <= Level.SOFT or None  # 总投资380万元，分三年实施，2023年预算40万元
        if level == Level.WEAK and state.stray and not state.grouped:
            if cue in ("budget", "score") or words.whole_year:
                return True
            return False if state.lead else None
        return level <= Level.WEAK or None

    def _stray(self, mention: Mention, words: Words, clause: str, state: _State) -> None:
        """A figure of something else: what follows it without a subject may be of that."""
        state.queue = []
        if mention.kind not in ("amount", "rate", "points"):
            state.level = max(state.level, Level.WEAK)
            return
        if not state.within:
            state.lead_unknown = True
        if words.compared and not words.cues:
            return  # 较上年增加5万元
        if words.cues or (self.project is None and OTHERS.search(clause)):
            changed = re.search(r"追加|调剂|调增|调减|结转", clause)
            rise = Level.WEAK if changed and not PARTS.search(clause) else Level.SOFT
        else:
            rise = Level.WEAK
        state.level = max(state.level, rise)
        state.stray, state.grouped = True, False

    # ---- what else a figure can be

    def _grown(self, mention: Mention, words: Words, clause: str, state: _State) -> Verdict | None:
        """Growth since last year, of the budget or the spending; None if it isn't surely that."""
        said = _GROWN.fullmatch(clause)
        if said is None or not self.before or mention.kind not in ("rate", "amount"):
            return None
        if said["year"] and int(said["year"]) != self.year - 1:
            return None
        away = state.other_year or state.part_year or words.month or mention.bound
        if away or state.level > Level.CLEAR or state.within:
            return None
        what = words_of(said["what"], self.year, False, self.names)
        subject = what.subject or state.topic
        # 基本支出较上年增长: as it was spent, or as it was budgeted.
        cues = [what.cue or state.cue or "spent", *([] if what.cue else ["spent", "budget"])]
        if what.unknown or not (what.cue or what.subject or state.seen):
            return None
        if not {*cues} <= {"budget", "spent"}:
            return None
        falls = said["way"] in _FALLS
        found = [
            (self.before[key], self._growth(mention.kind, key))
            for cue in dict.fromkeys(cues)
            if (key := (subject, cue)) in self.before and key in self.known
        ]
        grown = [(datum, by) for datum, by in found if by is not None]
        for datum, by in grown:
            if mention.says(-by if falls else by):
                return Verdict(self.path, mention, "right", datum)
        if not grown:
            return None
        datum, by = grown[0]
        shown = percent(abs(by)) if mention.kind == "rate" else f"{plain(abs(by))}万元"
        way = "下降" if by < 0 else "增长"
        message = (
            f"文字写“{said['way']}{mention.text}”，按上年参数文件，"
            f"{datum.name.removeprefix('上年')}比上年{way}{shown}"
        )
        return Verdict(self.path, mention, "wrong", datum, message, quote_of(mention, self.text))

    def _growth(self, kind: str, key: tuple[str, str]) -> Decimal | None:
        """By how much a figure is more than last year's: 万元, or a fraction of last year's."""
        now, then = self.known[key].values[0], self.before[key].values[0]
        if kind == "amount":
            return now - then
        return now / then - 1 if then else None

    def _asked(self, mention: Mention, clause: str, state: _State) -> Datum | None:
        """另填数据 of the rubric, or the rate that an indicator goes by, by its whole name."""
        if self.project or mention.bound or state.other_year or state.level > Level.WEAK:
            return None
        said = _LEADING.sub("", _STATED_AS.sub("", clause[-CLAUSE:]))
        # A name may have what it is of in brackets: 预算执行进度（7月）.
        before = _STATED_AS.sub("", self.plain[max(0, mention.at - CLAUSE) : mention.at])
        whole = _LEADING.sub("", _PIECE.split(before)[-1])
        if whole.endswith(("）", ")")) and any(
            _bracketed(n) == _bracketed(whole) for n in self.asked
        ):
            said = whole
        elif state.part_year:
            return None
        unit = {"amount": AMOUNT, "rate": RATE}.get(mention.kind, mention.unit)
        for name, figure in self.card.rubric.figures.items():
            value = self.card.department.figures.get(name)
            own = AMOUNT if figure.is_amount else figure.unit
            same = _bracketed(figure.name) == _bracketed(said)
            if same and own == unit and value is not None:
                path = f"{FIGURES}{name}"
                return Datum(figure.name, path, (value,), unit=figure.unit)
        for score in self.card.everything if unit == RATE else ():
            if _bracketed(score.name) == _bracketed(said) and score.ratio is not None:
                # A fall of 2.5 % is said as 2.5 %, too.
                values = (score.ratio, abs(score.ratio))
                return Datum(score.name, score.field, values)
        return None

    def _scored(self, clause: str) -> list[Datum]:
        """Scores of indicators, and of the parts of the score sheet, by their full names."""
        said = re.sub(r"^(?:其中|[0-9]{1,2}\.|：)+", "", clause[-40:])
        said = re.sub(r"(?:自评|评价|实际|最终|最后)?(?:得分|得)(?:为|是|：)?$", "", said)
        if said == clause[-40:]:
            return []
        names = {
            said,
            said.removesuffix("指标"),
            said.removesuffix("部分"),
            said.removesuffix("方面"),
        }
        apply = self.card.rubric.rounding.apply
        for score in walk(self.card.everything):
            if score.name in names and score.awarded is not None:
                given = (one.points for one in score.stages)
                known = (score.reported, apply(score.awarded), *given)
                values = [v for v in known if v is not None]
                return [Datum(f"{score.name}得分", paths.claim(score.id), tuple(values))]
        for section in self.card.rubric.sections:
            if section.name in names or section.name.removesuffix("情况") in names:
                scores = [self.card.score(i.id) for i in section.indicators]
                awarded = sum((s.awarded or Decimal(0) for s in scores), Decimal(0))
                claimed = [s.reported for s in scores if s.reported is not None]
                values = [apply(awarded)]
                if len(claimed) == len(scores):
                    values.insert(0, sum(claimed, Decimal(0)))
                return [Datum(f"{section.name}得分", "reported.scores", tuple(values))]
        return []

    def _counted(self, mention: Mention, words: Words, clause: str, state: _State) -> str:
        department = self.card.department
        after = self.plain[mention.till : mention.till + CLAUSE]
        datum = None
        if self.project is None and mention.unit in ("个", "项"):
            datum = self._count(department, mention, clause, after)
        of_all = (
            self.project is None
            and mention.unit in ("个", "项")
            and mention.value == len(department.projects)
            and after.startswith("项目")
            and words.unknown == ""
        )
        bad = mention.bound or state.other_year or state.part_year or state.level == Level.CLOSED
        if datum is None or bad:
            self.found.append(Verdict(self.path, mention, "unchecked"))
        else:
            self.found.append(_judged(self.path, mention, [datum], self.text))
        if of_all or (words.subject in ("basic", "project", "other") and not words.unknown):
            self._topic(state, words.subject or "project")
            return "项目支出" if after.startswith("项目") and words.subject != "basic" else ""
        self._stray(mention, words, clause, state)
        return "#"

    def _count(
        self, department: Department, mention: Mention, clause: str, after: str
    ) -> Datum | None:
        """Numbers of projects, in the chapters on the whole department."""
        how = _EVALUATED_AFTER.match(after) or _EVALUATED_BEFORE.search(clause)
        stated = department.reported.projects
        if how:
            key = "department" if how["how"] == DEPARTMENT else "self"
            if stated is None:
                return None
            value = stated.department if key == "department" else stated.self_
            return Datum(f"{how['how']}项目数", f"reported.projects.{key}", (Decimal(value),))
        named = _COUNT_AFTER.match(after) or re.search(r"项目[^，]{0,3}$", clause)
        before = words_of(_COUNT_BEFORE.sub("", clause), self.year, False, self.names)
        if _OTHER_COUNT.search(clause):
            return None
        if _COUNT_BEFORE.search(clause) and named and not before.unknown:
            return Datum("项目个数", "projects", (Decimal(len(department.projects)),))
        return None

    def _date(self, mention: Mention) -> Verdict:
        day = day_of(mention)
        if day is None:
            message = f"文字写“{mention.text}”，没有这一天"
            return Verdict(self.path, mention, "wrong", message=message, quote=mention.text)
        project = self.project
        if project is None or day[2] is None:
            return Verdict(self.path, mention, "unchecked")
        n = len(self.found)
        first = self.figures[n - 1] if n else mention
        between = self.plain[first.till : mention.at] if n else ""
        ends = n and first.kind == "date" and _TO.fullmatch(between)
        start = first.at if ends else mention.at
        if not _TERM.search(self.plain[max(0, start - CLAUSE) : start].rstrip("（(为是：:自从")):
            return Verdict(self.path, mention, "unchecked")
        filed = project.ends if ends else project.starts
        if filed is None:
            return Verdict(self.path, mention, "unchecked")
        if (filed.year, filed.month, filed.day) == day:
            return Verdict(self.path, mention, "right")
        words = f"参数里项目的{'结束' if ends else '开始'}日期是{day_in_words(filed)}"
        message = f"文字写“{mention.text}”，{words}"
        return Verdict(self.path, mention, "wrong", message=message, quote=mention.text)

    def _judge_bare(self) -> None:
        """预算12万元，支出11万元: of the project, or of a part of it that the words before name?"""
        wrong = [b for b in self.bare if self.found[b.index].outcome == "wrong"]
        said = {b.cue for b in self.bare if self.found[b.index].outcome == "right"}
        silent: set[int] = set()
        for cue in {b.cue for b in wrong}:
            same = [b for b in wrong if b.cue == cue]
            datum = self.found[same[0].index].datum
            total = sum((self.found[b.index].mention.value for b in same), Decimal(0))
            if len(same) > 1 and datum is not None and total in datum.values:
                silent |= {b.index for b in same}  # the parts add up to it
        for group in {b.group for b in wrong}:
            of_group = [b for b in self.bare if b.group == group]
            bad = [b for b in of_group if self.found[b.index].outcome == "wrong"]
            # A part has all its figures other than the whole's, one wrong digit only one of them.
            if len(bad) > 1 and len(bad) == len(of_group) and all(b.weak for b in bad):
                silent |= {b.index for b in bad}
        silent |= {b.index for b in wrong if b.weak and b.cue in said}
        for i in silent:
            self.found[i] = Verdict(self.path, self.found[i].mention, "unchecked")


def _bracketed(name: str) -> str:
    return name.replace("（", "(").replace("）", ")")


def _judged(path: str, mention: Mention, candidates: list[Datum], text: str) -> Verdict:
    for datum in candidates:
        if any(mention.says(value) for value in datum.values):
            return Verdict(path, mention, "right", datum)
    datum = candidates[0]
    shown = datum.shown(mention.kind)
    message = f"文字写“{mention.text}”，{datum.name}应为{shown}"
    if datum.field == PREVIOUS:
        message = f"文字写“{mention.text}”，按上年参数文件，{datum.name}是{shown}"
    return Verdict(path, mention, "wrong", datum, message, quote_of(mention, text))


def _slipped(mention: Mention, value: Decimal) -> bool:
    """Whether a figure is *value* but for one digit."""
    written = re.sub(r"[^0-9.]", "", mention.text)
    filed = plain(value / mention.step) if mention.step else ""
    said = plain(mention.value / mention.step)
    differ = sum(one != other for one, other in zip(filed, said, strict=False))
    return len(written) > 2 and len(filed) == len(said) and differ == 1


def quote_of(mention: Mention, text: str) -> str:
    """The figure with so many of the words before it that it stands there only once."""
    start = mention.start
    earliest = max(0, start - CLAUSE)
    while start > earliest and text[start - 1] not in "。\n":
        words = text[start : mention.end]
        if text.find(words, text.find(words) + 1) < 0:
            break
        start -= 1
    return text[start : mention.end]
