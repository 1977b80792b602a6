"""The index over all reports: index.html, summary.xlsx and summary.json from one `Row` each.

A department without a report has a row as well, with its cause. What is shown
of a row is declared once, in `COLUMNS`, for the page and the workbook alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import TypeAdapter

from perfkit.audit.findings import LEVELS
from perfkit.index.last_year import (
    LastYear,
    last_year_of,
    rate_change,
    score_change,
    spending_change,
    unlike,
)
from perfkit.index.stages import Way, stage_totals, ways_of, who_gave
from perfkit.index.units import above
from perfkit.quantities import plain
from perfkit.review.record import STATES as REVIEWS
from perfkit.review.record import CheckState
from perfkit.review.record import State as ReviewState
from perfkit.scoring.filed import PART_NAMES, part_names
from perfkit.scoring.rubric import called
from perfkit.scoring.stages import CLAIM
from perfkit.scoring.units import unit_names

if TYPE_CHECKING:
    from perfkit.audit.findings import Finding
    from perfkit.scoring.scorecard import Scorecard


State = Literal["done", "failed"]
STATES: dict[State, str] = {"done": "完成", "failed": "失败"}
UNDECIDED = "待定"

REPORTS = {".html": "网页", ".pdf": "PDF", ".docx": "Word", ".ipynb": "笔记本"}
"""What a department's files are called, by their endings."""

FAILURE = ".failed.html"
"""Ending of the page with the traceback of a report that failed."""

ZERO = Decimal(0)
_AMOUNTS = ("total", "reported_total", "max", "open_points", "execution_rate")


@dataclass(frozen=True)
class Awarded:
    """得分 of an indicator of the rubric; None while it is undecided (待定).

    `part` is 加分项, 扣分项 or 总分 (上限、限制条件、舍入) for what has no 分值: its points are
    added to those of the indicators, or taken, so that all come to the total.
    """

    id: str
    name: str
    points: Decimal
    awarded: Decimal | None
    reported: Decimal | None
    part: str = ""


@dataclass(frozen=True)
class Noted:
    """审核意见 and what became of it: its 核实情况 and that in words."""

    code: str
    level: str
    message: str
    field: str
    where: str
    state: CheckState = "open"
    note: str = ""


@dataclass(frozen=True)
class Said:
    """审阅意见: who, when, of which words, what, whether it is settled, and what was answered."""

    by: str
    at: str
    quote: str
    text: str
    settled: bool = False
    answers: str = ""


@dataclass(frozen=True)
class Row:
    """One department in the index; without a report, `state` and `cause` say why.

    Attributes:
        name: stem of the parameter file, and of the report's files.
        department: 部门名称; empty if the file could not be read that far.
        evaluation: what the rubric calls the evaluation (部门整体绩效评价).
        grade: None while undecided points could change it (待定).
        open_points: 待定分值, left out of `total`.
        execution_rate: 预算执行率 of 资金总体, as a fraction; None where money isn't evaluated.
        lost: 失分 by indicator: its decided points, and how many of them were lost; of a 扣分项, and
            of what a 限制条件 or 上限 takes, no points.
        rubric_name: the rubric's title.
        grades: 等级 of the rubric, best first, each with its floor as a share of the full score.
        limits: 限制条件 that apply, in words.
        last_year: 上年, where the filing names last year's.
        units: names of its 二级单位 that have parameter files of their own.
        undecided: how many indicators, or parts of them, wait for a person.
        cause: one line in Chinese, if it failed.
        links: endings of the files that exist: ``.html``, ``.pdf``, …, ``.failed.html``.
        fresh: made in this run or unchanged since; False for one of an earlier run.
        content: digests of what the report says, which an acceptance is held against.
        review: 审阅情况 of the report.
        open_remarks: 未了结意见.
        stages: the total after each stage (环节), by its name; the last is `total`.
        rule_total: the total before any stage; None without stages.
        who: 责任人 and 日期 of each stage by its name, and of 自评.
        ways: what each stage gave each indicator, where there are stages.
        amounts: 全年预算数 and 全年执行数 in 万元, of 资金总体 and of its parts by name; none where
            money isn't evaluated.
        whole: what the rubric calls 资金总体.
        scores: 得分 of each indicator of the rubric, in its order.
        findings: 审核意见, with what became of each.
        remarks: 审阅意见.
        review_note: why it was accepted with open errors, or what made the acceptance lapse.
    """

    name: str
    department: str = ""
    year: int | None = None
    rubric: str = ""
    evaluation: str = ""
    total: Decimal | None = None
    reported_total: Decimal | None = None
    max: Decimal | None = None
    grade: str | None = None
    open_points: Decimal | None = None
    execution_rate: Decimal | None = None
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    lost: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    undecided: int = 0
    state: State = "done"
    cause: str = ""
    links: tuple[str, ...] = ()
    fresh: bool = True
    content: Mapping[str, str] = field(default_factory=dict)
    review: ReviewState = "none"
    open_remarks: int = 0
    stages: Mapping[str, Decimal] = field(default_factory=dict)
    rule_total: Decimal | None = None
    who: Mapping[str, str] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()
    amounts: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    whole: str = PART_NAMES["total"]
    scores: tuple[Awarded, ...] = ()
    rubric_name: str = ""
    grades: Mapping[str, Decimal] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    last_year: LastYear | None = None
    units: tuple[str, ...] = ()
    findings: tuple[Noted, ...] = ()
    remarks: tuple[Said, ...] = ()
    review_note: str = ""

    def waiting(self, level: str) -> int:
        """How many findings of a level no one has dealt with."""
        return sum(one.level == level and one.state == "open" for one in self.findings)

    @property
    def share(self) -> Decimal | None:
        """得分率: of the full score, 0.925 for 92.5 %."""
        return self.total / self.max if self.total is not None and self.max else None

    @property
    def budget(self) -> Decimal | None:
        """全年预算数 of 资金总体, in 万元."""
        return self.amounts.get(self.whole, (None, None))[0]

    @property
    def spent(self) -> Decimal | None:
        """全年执行数 of 资金总体, in 万元."""
        return self.amounts.get(self.whole, (None, None))[1]

    @property
    def title(self) -> str:
        """The department's name; the file's where it isn't known."""
        return self.department or self.name

    @property
    def difference(self) -> Decimal | None:
        """差: 自评 − 得分, positive where the department claims more."""
        if self.total is None or self.reported_total is None:
            return None
        return self.reported_total - self.total

    @property
    def points_lost(self) -> Decimal | None:
        """失分合计 over the decided indicators."""
        return sum((lost for _, lost in self.lost.values()), ZERO) if self.lost else None

    def has(self, ending: str) -> bool:
        """Whether the file with this ending exists."""
        return ending in self.links

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: amounts and rates as exact text."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        found |= {name: exact(found[name]) for name in (*_AMOUNTS, "rule_total")}
        found["lost"] = {
            name: {"points": plain(points), "lost": plain(lost)}
            for name, (points, lost) in self.lost.items()
        }
        found["grades"] = {label: plain(floor) for label, floor in self.grades.items()}
        found["limits"] = [*self.limits]
        found["units"] = [*self.units]
        found["last_year"] = _texts(self.last_year) if self.last_year else None
        found["stages"] = {name: plain(total) for name, total in self.stages.items()}
        found["who"] = dict(self.who)
        found["ways"] = [way.as_dict() for way in self.ways]
        found["amounts"] = {
            name: {"budget": plain(budget), "spent": plain(spent)}
            for name, (budget, spent) in self.amounts.items()
        }
        for name in ("scores", "findings", "remarks"):
            found[name] = [_texts(one) for one in found[name]]
        return found | {"links": list(self.links), "content": dict(self.content)}

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> Row:
        """The row of an `as_dict`.

        Raises:
            ValueError: if it isn't one, as of another version.
        """
        try:
            lost = {name: (of["points"], of["lost"]) for name, of in found["lost"].items()}
            amounts = {
                name: (of["budget"], of["spent"]) for name, of in found.get("amounts", {}).items()
            }
            complete = {*_AMOUNTS} <= set(found) <= {item.name for item in fields(Row)}
        except (KeyError, TypeError, AttributeError):
            complete = False
        if not complete:
            raise ValueError("no row of the index")
        return _shape().validate_python({**found, "lost": lost, "amounts": amounts})


def _texts(record: Any) -> dict[str, Any]:
    """A record with its numbers as exact text."""
    return {
        key: plain(value) if isinstance(value, Decimal) else value
        for key, value in vars(record).items()
    }


@cache
def _shape() -> TypeAdapter[Row]:
    return TypeAdapter(Row)


class Alike(NamedTuple):
    """文字雷同: a paragraph that two departments share, by their reports' names, and its beginning."""

    one: str
    other: str
    text: str


def row_of(
    name: str,
    card: Scorecard,
    findings: Iterable[Finding],
    links: Iterable[str] = (),
    content: Mapping[str, str] | None = None,
) -> Row:
    """The row of a department that was scored; *name* is the stem of its parameter file."""
    findings = list(findings)
    levels = Counter(finding.level for finding in findings)
    lost: dict[str, tuple[Decimal, Decimal]] = {}
    for score in card.scores:
        if score.awarded is None:
            continue
        # Of an indicator that is decided in part, the open points are not lost.
        points = score.points - score.open_points
        before = lost.get(score.name, (ZERO, ZERO))
        lost[score.name] = (before[0] + points, before[1] + points - score.awarded)
    taken = [(score.name, -score.counted) for score in card.adjustments if score.sign < 0]
    for label, cost in [*taken, *((step.name, -step.change) for step in card.steps)]:
        if cost > 0:
            before = lost.get(label, (ZERO, ZERO))
            lost[label] = (before[0], before[1] + cost)
    department, names = card.department, part_names(card.rubric)
    whole = department.budget.overall
    money = {"total": whole, **card.budget_parts} if card.rubric.has_money else {}
    return Row(
        name=name,
        department=department.name,
        year=department.year,
        rubric=card.rubric.id,
        evaluation=card.rubric.words.evaluation,
        total=card.total,
        reported_total=department.reported.total,
        max=card.rubric.points,
        grade=card.grade,
        open_points=card.open_points,
        execution_rate=whole.execution_rate if money else None,
        errors=levels["error"],
        warnings=levels["warning"],
        infos=levels["info"],
        lost=lost,
        undecided=len(card.undecided),
        links=tuple(links),
        content=content or {},
        stages=stage_totals(card),
        rule_total=card.before_stage(0).total if department.stages else None,
        who=who_gave(card),
        units=unit_names(department),
        ways=ways_of(card),
        amounts={names[key]: (part.budget, part.spent) for key, part in money.items()},
        whole=names["total"],
        scores=tuple(
            Awarded(score.id, score.name, score.points, score.awarded, score.reported)
            for score in card.scores
        )
        + tuple(
            Awarded(
                score.id,
                score.name,
                ZERO,
                None if score.awarded is None else score.counted,
                score.reported,
                "加分项" if score.sign > 0 else "扣分项",
            )
            for score in card.adjustments
        )
        + tuple(Awarded("", step.name, ZERO, step.change, None, "总分") for step in card.steps),
        rubric_name=card.rubric.name,
        grades={grade.label: grade.floor / card.rubric.points for grade in card.rubric.grades},
        limits=tuple(one.sentence for one in card.limits if one.applies),
        last_year=last_year_of(card),
        findings=tuple(
            Noted(one.code, one.level, one.message, one.field, one.where) for one in findings
        ),
    )


Kind = Literal[
    "name",
    "text",
    "points",
    "amount",
    "signed",
    "grade",
    "rate",
    "count",
    "year",
    "state",
    "review",
    "stage",
]


View = Literal["main", "stages", "amounts", "scores", "years", "review"]
VIEWS: dict[View, str] = {
    "main": "得分和等级",
    "stages": "评分环节",
    "amounts": "金额",
    "scores": "各指标得分",
    "years": "与上年比较",
    "review": "审核和审阅",
}
"""What the page's table can show beside the departments; the workbook has a sheet of each."""


@dataclass(frozen=True)
class Column:
    """A column of the table: its title, what it shows of a row, its width in the workbook.

    `view` is the one of the page in which it stands; the departments stand in all.
    """

    key: str
    title: str
    kind: Kind
    value: Callable[[Row], Decimal | int | str | None]
    width: int = 8
    page: bool = True
    hint: str = ""
    view: View = "main"


COLUMNS = (
    Column("department", "部门", "name", lambda row: row.title, 36),
    Column("year", "年度", "year", lambda row: row.year, page=False),
    Column("total", "得分", "points", lambda row: row.total),
    Column("max", "满分", "points", lambda row: row.max, page=False),
    Column("open", "待定分值", "points", lambda row: row.open_points, 10, page=False),
    Column("reported", "自评", "points", lambda row: row.reported_total),
    Column(
        "difference", "差", "signed", lambda row: row.difference,
        hint="自评减得分，正数是自评偏高",
    ),
    Column("grade", "等级", "grade", lambda row: _grade(row)),
    Column("rate", "执行率", "rate", lambda row: row.execution_rate),
    Column("errors", "错误", "count", lambda row: _count(row, row.errors), hint="审核出的错误"),
    Column("warnings", "警告", "count", lambda row: _count(row, row.warnings), hint="审核出的警告"),
    Column("infos", "提示", "count", lambda row: _count(row, row.infos), page=False),
    Column("state", "状态", "state", lambda row: STATES[row.state]),
    Column("review", "审阅", "review", lambda row: _review(row), 12),
    Column(
        "remarks", "未了结意见", "count", lambda row: _count(row, row.open_remarks), 10, page=False
    ),
    Column("cause", "失败原因", "text", lambda row: row.cause or None, 40, page=False),
    Column("rubric", "评分标准", "text", lambda row: rubric_title(row) or None, 30, page=False),
    Column("file", "文件", "text", lambda row: row.name, 28, page=False),
)  # fmt: skip


SHARE = Column(
    "share", "得分率", "rate", lambda row: row.share,
    hint="得分占满分的比例，满分不同的部门按它比较",
)  # fmt: skip
LIMITS = Column(
    "limits", "限制条件", "text", lambda row: "；".join(row.limits) or None, 24, page=False
)


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """`COLUMNS`, then those of the other views; 得分率 where the full scores differ, 限制条件 where any apply.

    执行率 only where a rubric evaluates money.
    """
    wholes = dict.fromkeys(row.whole for row in rows if _has_money(row))
    hint = f"{'、'.join(wholes)}的预算执行率"
    beside: dict[str, list[Column]] = {"department": above_columns(rows)}
    if len({row.max for row in rows if row.max}) > 1:
        beside["max"] = [SHARE]
    if any(row.limits for row in rows):
        beside["grade"] = [LIMITS]
    own = {column.key: column for column in COLUMNS}
    own["max"] = replace(own["max"], page="max" in beside)
    own["rate"] = replace(own["rate"], hint=hint)
    if not wholes:
        del own["rate"]
    main = [one for key, column in own.items() for one in (column, *beside.get(key, ()))]
    others = (stage_columns, amount_columns, score_columns, year_columns)
    return [*main, *(column for of in others for column in of(rows)), *REVIEW_COLUMNS]


def above_columns(rows: Sequence[Row]) -> list[Column]:
    """所属部门 of a 二级单位, whose figures are part of that department's; none without any."""
    over = above(rows)
    if not over:
        return []
    return [Column("above", "所属部门", "text", lambda row: over.get(row.name), 24, page=False)]


def stage_columns(rows: Sequence[Row]) -> list[Column]:
    """自评, by the rules, the total after each stage (环节) that any department has; none without stages."""
    names = dict.fromkeys(name for row in rows for name in row.stages)
    if not names:
        return []

    def total(name: str) -> Callable[[Row], Decimal | None]:
        return lambda row: row.stages.get(name)

    def column(key: str, name: str, value: Callable[[Row], Decimal | None], hint: str) -> Column:
        return Column(f"stage.{key}", name, "stage", value, 10, hint=hint, view="stages")

    return [
        column("claim", CLAIM, lambda row: row.reported_total, "部门自己填报的总分"),
        column("rule", "按规则", lambda row: row.rule_total, "按评分标准计算的总分"),
        *(column(str(i), name, total(name), f"{name}以后的总分") for i, name in enumerate(names)),
        column("total", "核定得分", lambda row: row.total, "最后的总分，等级由它得出"),
    ]


def amount_columns(rows: Sequence[Row]) -> list[Column]:
    """全年预算数 and 全年执行数, in 万元, of each part of the budget that any department has."""
    names = dict.fromkeys(name for row in rows for name in row.amounts)

    def amount(name: str, which: int) -> Callable[[Row], Decimal | None]:
        return lambda row: row.amounts[name][which] if name in row.amounts else None

    return [
        Column(
            f"amount.{i}.{which}", f"{name}{words}", "amount", amount(name, which), 13,
            hint="单位万元", view="amounts",
        )
        for i, name in enumerate(names)
        for which, words in enumerate(("预算", "支出"))
    ]  # fmt: skip


def score_columns(rows: Sequence[Row]) -> list[Column]:
    """得分 of each indicator, then what is added to them or taken, then their sum, the total.

    A column a name, whichever rubrics the departments have.
    """
    most: dict[str, set[Decimal]] = {}
    beside: dict[str, str] = {}
    for row in rows:
        worth: dict[str, Decimal] = {}
        for one in row.scores:
            if one.part:
                beside.setdefault(one.name, one.part)
            else:
                worth[one.name] = worth.get(one.name, ZERO) + one.points
        for name, points in worth.items():
            most.setdefault(name, set()).add(points)
    names = [*most, *(name for name in beside if name not in most)]

    def awarded(name: str) -> Callable[[Row], Decimal | None]:
        def of(row: Row) -> Decimal | None:
            known = [one.awarded for one in row.scores if one.name == name]
            decided = [points for points in known if points is not None]
            return sum(decided, ZERO) if decided else None

        return of

    def hint(name: str) -> str:
        if name not in most:
            return BESIDE[beside[name]]
        return "分值" + "或".join(map(plain, sorted(most[name])))

    if not names:
        return []
    return [
        *(
            Column(
                f"score.{i}", name, "points" if name in most else "signed", awarded(name), 11,
                hint=hint(name), view="scores",
            )
            for i, name in enumerate(names)
        ),
        Column(
            "score.total", "得分", "points", lambda row: row.total, 11,
            hint="各列之和", view="scores",
        ),
    ]  # fmt: skip


def year_columns(rows: Sequence[Row]) -> list[Column]:
    """得分, 等级, 执行率 and 执行数 of both years with the change; none where no department has a last year."""
    if not any(row.last_year for row in rows):
        return []

    def then(name: str) -> Callable[[Row], Any]:
        return lambda row: getattr(row.last_year, name) if row.last_year else None

    columns: tuple[tuple[str, str, Kind, Callable[[Row], Any], str], ...] = (
        ("before.total", "上年得分", "points", then("total"), ""),
        ("now.total", "本年得分", "points", lambda row: row.total, ""),
        ("change.total", "得分增减", "signed", score_change, "有待定的、满分不同的不比"),
        ("change.grade", "等级变化", "text", _grades, ""),
        ("before.rate", "上年执行率", "rate", then("execution_rate"), ""),
        ("now.rate", "本年执行率", "rate", lambda row: row.execution_rate, ""),
        ("change.rate", "执行率增减", "signed", rate_change, "单位为百分点"),
        ("before.spent", "上年执行数", "amount", then("spent"), "单位万元"),
        ("now.spent", "本年执行数", "amount", lambda row: row.spent, "单位万元"),
        ("change.spent", "执行数增减", "signed", spending_change, "比上年增减的百分比"),
        ("unlike", "说明", "text", lambda row: unlike(row) or None, ""),
    )
    wide = {"amount": 13, "text": 16}
    before = (row.last_year for row in rows if row.last_year)
    money = any(map(_has_money, rows)) or any(last.spent is not None for last in before)
    return [
        Column(
            key, title, kind, value, 40 if key == "unlike" else wide.get(kind, 9), hint=hint,
            view="years",
            page=key != "now.spent",  # it stands among the amounts, too
        )
        for key, title, kind, value, hint in columns
        if (key != "unlike" or any(map(unlike, rows)))
        and (money or not key.endswith((".rate", ".spent")))
    ]  # fmt: skip


def _grades(row: Row) -> str | None:
    """优秀 → 良好; one word where it is the same."""
    if row.last_year is None:
        return None
    then, now = row.last_year.grade or UNDECIDED, _grade(row)
    return now if then == now else f"{then} → {now}"


BESIDE = {
    "加分项": "加分项，加在总分上",
    "扣分项": "扣分项，从总分里扣",
    "总分": "上限、限制条件、舍入使总分变化的分数",
}
"""What is said of columns that are no indicators."""


def _waiting(level: str) -> Callable[[Row], int | None]:
    return lambda row: _count(row, row.waiting(level))


REVIEW_COLUMNS = (
    *(
        Column(f"waiting.{level}", f"{words}待核", "count", _waiting(level), view="review",
               hint=f"没有核实、驳回或转为意见的{words}")
        for level, words in LEVELS.items()
    ),
    Column(
        "handled", "处理过的", "count", view="review", hint="核实过、驳回或转为意见的审核意见",
        value=lambda row: _count(row, sum(one.state != "open" for one in row.findings)),
    ),
    Column(
        "said", "审阅意见", "count", lambda row: _count(row, len(row.remarks)), view="review",
    ),
    Column(
        "unsettled", "未了结", "count", lambda row: _count(row, row.open_remarks), view="review",
    ),
    Column("note", "说明", "text", lambda row: row.review_note or None, 50, view="review",
           hint="带着错误通过的理由，或者什么变化使通过失效"),
)  # fmt: skip


def _has_money(row: Row) -> bool:
    return bool(row.amounts) or row.execution_rate is not None


def _grade(row: Row) -> str | None:
    return row.grade or (UNDECIDED if row.state == "done" else None)


def _count(row: Row, count: int) -> int | None:
    return count if row.state == "done" else None


def _review(row: Row) -> str | None:
    return REVIEWS[row.review] if row.state == "done" else None


def rubric_title(row: Row) -> str:
    """What the rubric is called; its id where the title isn't known."""
    return row.rubric_name or row.rubric


def exact(value: Decimal | None) -> str | None:
    """An amount as exact text, None where there is none."""
    return None if value is None else plain(value)


def heading(rows: Sequence[Row]) -> str:
    """The title of the index: what all rows are of (部门整体绩效评价汇总)."""
    return f"{called(row.evaluation for row in rows)}汇总"


def grades(rows: Sequence[Row]) -> dict[str, int]:
    """How many departments have each 等级, the best first, 待定 last.

    The order is that of the rubrics: a total above the floor of a better grade may have been capped.
    """
    best: dict[str, Decimal] = {}
    for row in rows:
        for label, floor in row.grades.items():
            best[label] = max(best.get(label, ZERO), floor)
    counts = Counter(grade for row in rows if (grade := _grade(row)))
    order = sorted(counts, key=lambda grade: (grade == UNDECIDED, -best.get(grade, ZERO), grade))
    return {grade: counts[grade] for grade in order}


def lost_points(rows: Sequence[Row]) -> dict[str, tuple[Decimal, Decimal, int]]:
    """By indicator: the points of all departments, how many were lost, how many lost any."""
    found: dict[str, tuple[Decimal, Decimal, int]] = {}
    for row in rows:
        for name, (points, lost) in row.lost.items():
            before = found.get(name, (ZERO, ZERO, 0))
            found[name] = (before[0] + points, before[1] + lost, before[2] + (lost > 0))
    return found
