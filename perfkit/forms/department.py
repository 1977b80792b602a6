"""A department's filing: the parameter file as a validated record.

Amounts are Decimals in 万元, rates are fractions. Titles are the form's own
words; they stand in the messages about faults and in the JSON Schema that
editors use (`perfkit.scoring.schema`), and a file may have them as its keys.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from perfkit.forms import paths
from perfkit.forms.codes import FINDINGS, nearest, with_meaning
from perfkit.forms.options import Value
from perfkit.forms.yamlfile import Source
from perfkit.quantities import (
    Amount,
    Day,
    Measure,
    Points,
    Rate,
    SignedRate,
    Whole,
    halfwidth,
    parse_measure,
    parse_rate,
    parse_year,
    unit_of,
)
from perfkit.texts import unfolded

MOST_PROJECTS = 10_000
"""No department has more, so a larger number is a slip."""

MOST_TIMES = 100_000
"""Beyond it a count or a rank was put in the wrong field."""

SELF, DEPARTMENT = "单位自评", "部门评价"
HIGHER, LOWER = "正向", "反向"


def _word(words: dict[str, str]) -> BeforeValidator:
    """Accept the English keyword of the form beside the Chinese word."""
    return BeforeValidator(lambda value: words.get(value, value) if value else value)


def _answer(value: object) -> object:
    words = {"是": True, "true": True, "yes": True, "否": False, "false": False, "no": False}
    if isinstance(value, str) and (word := halfwidth(value).lower()) in words:
        return words[word]
    if isinstance(value, bool):
        return value
    raise ValueError(f"应填“是”或“否”，这里是{f'“{value}”' if value is not None else '空'}")


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
"""名称: no form has room for a longer one."""

Answer = Annotated[
    bool, BeforeValidator(_answer), WithJsonSchema({"enum": [True, False, "是", "否"]})
]
ABSENT = "不涉及"
ABSENT_WORDS = (ABSENT, "不适用", "无此项")
"""The answer to an item that does not arise (没有对外投资的部门), where the rubric allows it."""


def _checked(value: object) -> object:
    if isinstance(value, str) and halfwidth(value) in ABSENT_WORDS:
        return ABSENT
    return _answer(value)


Checked = Annotated[
    bool | Literal["不涉及"],
    BeforeValidator(_checked),
    WithJsonSchema({"enum": [True, False, "是", "否", "不涉及"]}),
]
Year = Annotated[int, BeforeValidator(parse_year), Field(ge=2000, le=2100)]
Figured = Annotated[Decimal, WithJsonSchema({"type": ["number", "string"]})]
"""A figure that the rubric asks for; `perfkit.scoring.figures` reads it by its unit."""


class Record(BaseModel):
    """A part of the form: unknown fields are refused, nothing changes after reading."""

    # Built when it is used: what is only a part of another record is built with that.
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True
    )


class Division(Record):
    """内设机构 and its duties."""

    name: Name = Field(title="科室名称")
    duties: str = Field("", title="职责")


Listed = Literal["basic", "project", "other"]
PARTS: tuple[Listed, ...] = get_args(Listed)
"""The parts of the money by the names of their fields: 基本支出, 项目支出, 其他支出."""


class Part(Record):
    """One row of 资金总体: 全年预算数 (adjusted budget), 全年执行数, and the rate as stated."""

    budget: Amount = Field(title="全年预算数", description="调整后的全年预算数，单位万元")
    spent: Amount = Field(title="全年执行数", description="单位万元")
    rate: Rate | None = Field(None, title="所填预算执行率", description="只用于核对，如 99.88%")

    @property
    def unspent(self) -> Decimal:
        """未支出金额 in 万元; negative if more was spent than budgeted."""
        return self.budget - self.spent

    @property
    def execution_rate(self) -> Decimal | None:
        """预算执行率, 0.925 for 92.5 %: spent ÷ adjusted budget; None without a budget."""
        return self.spent / self.budget if self.budget else None


class Carryover(Record):
    """结转结余: what was carried over, and last year's rate."""

    amount: Amount | None = Field(None, title="结转结余总额", description="结转资金与结余资金之和")
    rate: Rate | None = Field(None, title="所填结转结余率", description="没有金额时填")
    previous_rate: Rate | None = Field(None, title="上年结转结余率", description="如 0.16%")
    previous_source: str = Field(
        "", title="上年结转结余率的出处", description="如 2022年度部门决算；填了 previous 可不填"
    )


class Variance(Record):
    """部门预决算差异率 as stated, where the initial budget is not known."""

    rate: SignedRate | None = Field(
        None, title="所填预决算差异率", description="没有年初预算数时填"
    )


class Budget(Record):
    """预算执行: the three parts of 资金总体, their stated total, and what surrounds them."""

    basic: Part = Field(title="基本支出")
    project: Part = Field(title="项目支出")
    other: Part = Field(title="其他支出")
    total: Part | None = Field(None, title="资金总体", description="可不填；填了就与各部分核对")
    initial: Amount | None = Field(None, title="年初预算数", description="年初批复的预算")
    carryover: Carryover = Field(default_factory=Carryover, title="结转结余")
    variance: Variance = Field(default_factory=Variance, title="预决算差异")

    @property
    def parts(self) -> dict[str, Part]:
        """基本支出, 项目支出, 其他支出, by field name."""
        return {key: getattr(self, key) for key in PARTS}

    @property
    def overall(self) -> Part:
        """资金总体 as stated, else the sum of the parts."""
        if self.total:
            return self.total
        parts = self.parts.values()
        # Not Part(...): a sum may be above what one figure may be, and needs no check.
        return Part.model_construct(
            budget=sum((part.budget for part in parts), Decimal(0)),
            spent=sum((part.spent for part in parts), Decimal(0)),
            rate=None,
        )


class Project(Record):
    """A project of the year: its budget, spending, and what was achieved."""

    name: Name = Field(title="项目名称")
    evaluation: Annotated[
        Literal["单位自评", "部门评价"], _word({"self": SELF, "department": DEPARTMENT})
    ] = Field("单位自评", title="评价方式")
    budget: Amount = Field(title="预算数", description="单位万元，或写明单位，如 350000元")
    spent: Amount | None = Field(None, title="支出数")
    rate: Rate | None = Field(None, title="所填执行率", description="没有支出数时据此推算")
    score: Annotated[Points, Field(le=100)] | None = Field(None, title="评价得分")
    starts: Day | None = Field(None, title="开始日期")
    ends: Day | None = Field(None, title="结束日期")
    narrative: str = Field("", title="完成情况")

    @model_validator(mode="after")
    def _term(self) -> Project:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"结束日期 {self.ends} 早于开始日期 {self.starts}")
        return self

    @property
    def executed(self) -> Decimal | None:
        """支出数 in 万元: as filed, else budget × stated rate, else None."""
        if self.spent is not None or self.rate is None:
            return self.spent
        return self.budget * self.rate

    @property
    def execution_rate(self) -> Decimal | None:
        """预算执行率: spent ÷ budget, else as stated; None if it cannot be known."""
        if self.spent is None or not self.budget:
            return self.rate
        return self.spent / self.budget


class Indicator(Record):
    """三级指标 that the department chose under 产出 or 效果."""

    group: Text = Field(title="所属指标", description="评分标准里的编号，如 output、effect")
    kind: Text = Field(title="类别", description="评分标准里的编号，如 quantity、quality")
    name: Name = Field(title="指标名称")
    target: Text = Field(title="指标值", description="如 ≥95%、28天；定性的写文字")
    actual: str | None = Field(None, title="完成值")
    initial: Text | None = Field(
        None,
        title="年初指标值",
        description="年度中调整过指标值的，填调整前的；计分按调整后的指标值",
    )
    weight: Points | None = Field(None, title="分值", description="不填则在本组内平均分配")
    grade: str | None = Field(
        None, title="评定得分率", description="定性指标由评价人评定，如 85%、部分达成 70%"
    )
    unit: Annotated[str, Field(max_length=255)] | None = Field(None, title="计量单位")
    direction: (
        Annotated[Literal["正向", "反向"], _word({"higher": HIGHER, "lower": LOWER})] | None
    ) = Field(
        None,
        title="指标方向",
        description="不填则按指标值里的 ≥、≤ 判断；都没有时按评分标准里的用语，看不出的由人决定",
    )
    low_target: Answer = Field(False, title="确认指标值设定偏低")
    note: str = Field(
        "", title="偏差原因", description="没有达到或大幅超过指标值的原因，或其他说明"
    )

    @field_validator("grade")
    @classmethod
    def _possible(cls, grade: str | None) -> str | None:
        for figure in re.findall(r"\d+(?:\.\d+)?\s*%", halfwidth(grade or "")):
            parse_rate(figure)
        return grade

    @model_validator(mode="after")
    def _consistent(self) -> Indicator:
        target, actual = self.measured_target, self.measured_actual
        if target and actual and target.unit != actual.unit:
            if "%" in (target.unit, actual.unit) and not (target.unit and actual.unit):
                # 0.95 beside 95 % could be 95 % or 0.95 %.
                bare, value = ("完成值", self.actual) if target.unit else ("指标值", self.target)
                raise ValueError(f"{bare}“{value}”没有百分号，另一个值有；请补上，或者填计量单位")
            raise ValueError(f"指标值单位“{target.unit}”与完成值单位“{actual.unit}”不一致")
        bound = {"higher": HIGHER, "lower": LOWER}.get((target and target.direction) or "")
        if bound and self.direction and bound != self.direction:
            raise ValueError(f"指标值“{self.target}”是{bound}的，指标方向却填了{self.direction}")
        return self

    @property
    def measured_target(self) -> Measure | None:
        """指标值 (A) as a number, None if it is in words."""
        return parse_measure(self.target, self.unit or self._unit_of(self.actual))

    @property
    def measured_actual(self) -> Measure | None:
        """完成值 (B) as a number, None if it is in words."""
        return parse_measure(self.actual, self.unit or self._unit_of(self.target))

    @staticmethod
    def _unit_of(other: str | None) -> str:
        # 3400 beside 3500元 is in 元 too; a percent sign is never supplied.
        unit = unit_of(other)
        return "" if unit == "%" else unit

    @property
    def quantified(self) -> bool:
        """定量: both values are numbers."""
        return self.measured_target is not None and self.measured_actual is not None

    def with_unit(self, value: str | None) -> str:
        """指标值 or 完成值 with the 计量单位 that stands in a field of its own."""
        bare = value and self.unit and not unit_of(value) and parse_measure(value) is not None
        return f"{value}{self.unit}" if bare else value or ""

    @property
    def stated_direction(self) -> str | None:
        """正向 or 反向 as stated, or as the ≥ or ≤ of the target says; None if neither does."""
        target = self.measured_target
        bound = {"higher": HIGHER, "lower": LOWER}.get((target and target.direction) or "")
        return self.direction or bound


class Override(Record):
    """例外情况: a person's decision on an indicator, with its reason; both scores stay visible."""

    indicator: Text = Field(title="指标编号", description="如 carryover；三级指标写 output.2")
    score: Points = Field(title="核定得分")
    reason: Text = Field(title="理由")
    stage: Name = Field(title="环节", description="如 征求意见")
    approver: Name = Field(title="批准人")


class Reply(Record):
    """指标填报: what an indicator is scored by that stands in no other field, with its reason.

    Which of the fields an indicator asks for is said by its rule (`perfkit rubric` lists them).
    """

    count: Annotated[Whole, Field(ge=0, le=MOST_TIMES)] | None = Field(
        None, title="次数", description="如违规的次数、获奖的次数；没有的填 0"
    )
    score: Points | None = Field(None, title="评分", description="评价人给的分")
    rank: Annotated[Whole, Field(ge=1, le=MOST_TIMES)] | None = Field(None, title="名次")
    among: Annotated[Whole, Field(ge=1, le=MOST_TIMES)] | None = Field(
        None, title="参加排名的单位数"
    )
    choice: Name | None = Field(None, title="采用的计分办法", description="几种办法都能计分时写明")
    applies: Answer = Field(True, title="是否适用", description="不适用的写 否，并写理由")
    reason: str = Field("", title="理由")

    @model_validator(mode="after")
    def _possible(self) -> Reply:
        if self.rank is not None and self.among is not None and self.rank > self.among:
            raise ValueError(f"名次 {self.rank} 大于参加排名的单位数 {self.among}")
        if not self.applies and not self.reason:
            raise ValueError("写了不适用（applies: 否），还要写理由（reason）")
        return self


FINAL = "核定"
"""The name of the stage that decides: its points are the 核定得分, and have no column beside it."""


class Stage(Record):
    """环节: who gave which indicators how many points after the rules, when and why."""

    name: Name = Field(title="环节名称", description="如 财政核查、专家、征求意见、核定")
    person: Name = Field(title="责任人", description="谁核查、评审或核定的")
    date: Day = Field(title="日期")
    scores: dict[str, Points] = Field(
        {}, title="环节得分", description="指标编号: 得分；这个环节没有给分的指标不写"
    )
    reasons: dict[str, Text] = Field(
        {}, title="改分理由", description="指标编号: 理由；与前一环节不同的得分要有理由"
    )
    reason: str = Field("", title="总的理由", description="没有单独写理由的改分，按这一条")

    @property
    def final(self) -> bool:
        """Whether it is 核定, the last."""
        return self.name == FINAL

    def why(self, indicator: str) -> str:
        """The reason for the points of an indicator; empty without one."""
        return self.reasons.get(indicator, self.reason)


class UnitPart(Record):
    """One row of a unit's 资金总体."""

    budget: Amount = Field(title="全年预算数", description="单位万元")
    spent: Amount = Field(title="全年执行数", description="单位万元")


class UnitBudget(Record):
    """预算执行 of a unit that has no parameter file of its own."""

    basic: UnitPart = Field(title="基本支出")
    project: UnitPart = Field(title="项目支出")
    other: UnitPart | None = Field(None, title="其他支出", description="没有的可不填")
    initial: Amount | None = Field(None, title="年初预算数")
    carryover: Amount | None = Field(None, title="结转结余总额")

    @property
    def whole(self) -> Budget:
        """The same as the form's own record."""

        def part(filed: UnitPart | None) -> Part:
            amounts = (filed.budget, filed.spent) if filed else (Decimal(0), Decimal(0))
            return Part.model_construct(budget=amounts[0], spent=amounts[1], rate=None)

        return Budget.model_construct(
            basic=part(self.basic),
            project=part(self.project),
            other=part(self.other),
            total=None,
            initial=self.initial,
            carryover=Carryover.model_construct(
                amount=self.carryover, rate=None, previous_rate=None, previous_source=""
            ),
            variance=Variance.model_construct(rate=None),
        )


class Unit(Record):
    """二级单位: its own parameter file, or its name and budget where it has none."""

    name: Name | None = Field(
        None, title="单位名称", description="有参数文件的可不写，以文件里的部门名称为准"
    )
    file: Text | None = Field(
        None,
        title="单位的参数文件",
        description="从这份参数文件所在的文件夹算起，如 ../units/school.yaml",
    )
    budget: UnitBudget | None = Field(
        None, title="预算执行", description="没有参数文件的单位在这里填预算数和执行数"
    )
    projects: Annotated[Whole, Field(ge=0, le=MOST_PROJECTS)] | None = Field(
        None, title="项目数", description="没有参数文件的单位填；有文件的由程序数"
    )
    score: Annotated[Points, Field(le=1000)] | None = Field(
        None, title="单位得分", description="没有参数文件的单位填；有文件的由程序计算"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Unit:
        filled = {"name（单位名称）": self.name, "budget（预算执行）": self.budget}
        lacks = [words for words, value in filled.items() if value is None]
        if self.file is None and lacks:
            raise ValueError(
                f"二级单位要写 file（它的参数文件）；没有参数文件的，写 {'和 '.join(lacks)}"
            )
        filed = {"budget": self.budget, "projects": self.projects, "score": self.score}
        if self.file is not None and (both := [key for key, v in filed.items() if v is not None]):
            raise ValueError(f"已写了 file，{'、'.join(both)} 取自那份文件，这里请删去")
        return self


DONE, UNDER_WAY, NOT_DONE = "已整改", "整改中", "未整改"


class Rectified(Record):
    """上年问题整改: a problem of last year's report, what was done about it, and how it stands."""

    problem: Text = Field(title="上年的问题", description="照上年报告写，或写它的一段")
    done: str = Field("", title="整改情况", description="做了什么；没有整改完的写明原因和期限")
    state: Literal["已整改", "整改中", "未整改"] | None = Field(None, title="整改状态")


class ProjectCounts(Record):
    """How many projects the department says were evaluated."""

    self_: Whole = Field(0, alias="self", ge=0, le=MOST_PROJECTS, title="单位自评项目数")
    department: Whole = Field(0, ge=0, le=MOST_PROJECTS, title="部门评价项目数")


class Reported(Record):
    """What the department claims: shown beside the computed scores, never used as one."""

    total: Annotated[Points, Field(le=1000)] | None = Field(None, title="自评总分")
    grade: str | None = Field(None, title="自评等级")
    person: Name | None = Field(None, title="自评人")
    date: Day | None = Field(None, title="自评日期")
    scores: dict[str, Points] = Field({}, title="自评得分", description="指标编号: 得分")
    projects: ProjectCounts | None = Field(None, title="所填项目个数")


class Narrative(Record):
    """What the department wrote, chapter by chapter; paragraphs are separated by an empty line."""

    execution: str = Field("", title="预算执行情况说明")
    management: str = Field("", title="预算管理情况分析")
    result: str = Field("", title="评价得分情况说明")
    problems: str = Field("", title="存在的问题及原因分析")
    measures: str = Field("", title="措施建议")


class AuditOff(Record):
    """A finding that a person has switched off (不再提示), with the reason, which stays visible."""

    code: Text = Field(title="审核意见的编号", description="如 units.mixed，见 perfkit check")
    reason: Text = Field(title="理由")
    field: str | None = Field(
        None, title="只关这一处", description="如 projects.3.narrative；不写则全部关掉"
    )

    @field_validator("code")
    @classmethod
    def _known(cls, code: str) -> str:
        if code not in FINDINGS:
            near = nearest(code, FINDINGS)
            shown = (
                f"是不是 {with_meaning([near], FINDINGS)}"
                if near
                else "编号见 perfkit check 每条意见末尾"
            )
            raise ValueError(f"没有“{code}”这种审核意见，{shown}")
        return code


class Department(Record):
    """A department's filing for one year, with the place that every value came from."""

    name: Name = Field(title="部门名称")
    short_name: Annotated[str, Field(max_length=255)] | None = Field(None, title="部门简称")
    year: Year = Field(title="评价年度")
    rubric: Text = Field(title="评分标准", description="如 beijing-2023，或评分标准文件的路径")
    report_date: Day | None = Field(None, title="报告日期")
    divisions: tuple[Division, ...] = Field((), title="内设机构")
    objective: str = Field("", title="部门整体绩效目标")
    budget: Budget = Field(title="预算执行")
    projects: tuple[Project, ...] = Field((), title="项目")
    indicators: tuple[Indicator, ...] = Field((), title="绩效指标")
    checks: dict[str, Checked] = Field(
        {}, title="检查清单", description="perfkit rubric 列出各项的编号和合格的答案"
    )
    answers: dict[str, Reply] = Field(
        {},
        title="指标填报",
        description="指标编号: {count: 次数, reason: 说明} 等；perfkit rubric 列出各指标要填什么",
    )
    figures: dict[str, Figured] = Field(
        {},
        title="另填数据",
        description="评分标准要求另填的数，编号: 数，如 staff_posts: 120；perfkit rubric 列出要填什么",
    )
    overrides: tuple[Override, ...] = Field((), title="例外情况")
    stages: tuple[Stage, ...] = Field(
        (),
        title="评分环节",
        description="自评以后的环节，按时间先后；每个指标以最后给出得分的环节为准",
    )
    reported: Reported = Field(default_factory=Reported, title="自评结果")
    narrative: Narrative = Field(default_factory=Narrative, title="文字说明")
    rectified: tuple[Rectified, ...] = Field(
        (),
        title="上年问题整改",
        description="上年报告里的问题逐条写整改情况；写了 previous 的，每条都要有",
    )
    units: tuple[Unit, ...] = Field(
        (),
        title="二级单位",
        description="部门本级和各所属单位，合起来就是部门的数；只用于核对和列表，不计分",
    )
    previous: str | None = Field(
        None, title="上年参数文件", description="如 ../2022/x.yaml，用来与上年的文字和比率核对"
    )
    audit_off: tuple[AuditOff, ...] = Field((), title="不再提示的审核意见")
    template: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        title="模板笔记本",
        description="这个部门自己的模板，从参数文件所在的文件夹算起，如 ../notebooks/education.ipynb；"
        "不写则用 notebooks/report.ipynb",
    )
    options: dict[str, Value | list[Value]] = Field(
        {},
        title="自定参数",
        description="给模板笔记本用的参数，名称: 值，如 top_n: 10；"
        "值是文字、整数、小数、是或否，或它们的列表；笔记本里写 report.options 取用",
    )

    _source: Source = PrivateAttr(default_factory=Source)
    _parts: tuple[str, ...] = PrivateAttr(PARTS)
    _previous: Department | None = PrivateAttr(None)
    _last_filed: tuple[Department, Any] | None = PrivateAttr(None)
    _units: tuple[tuple[Department, Any] | None, ...] = PrivateAttr(())

    @cached_property
    def texts(self) -> dict[str, str]:
        """Everything that the department wrote in words, by field path; a line is a paragraph."""
        found = {paths.division(i, "duties"): d.duties for i, d in enumerate(self.divisions)}
        found["objective"] = self.objective
        found |= {paths.project(i, "narrative"): p.narrative for i, p in enumerate(self.projects)}
        found |= {paths.indicator(i, "note"): row.note for i, row in enumerate(self.indicators)}
        found |= {paths.narrative(key): text for key, text in self.narrative}
        found |= {paths.rectified(i, "done"): row.done for i, row in enumerate(self.rectified)}
        return {field: unfolded(text) for field, text in found.items() if text}

    def comes_from(
        self,
        source: Source,
        last_year: Department | None,
        units: tuple[tuple[Department, Any] | None, ...] = (),
        last_filed: tuple[Department, Any] | None = None,
        parts: tuple[str, ...] = PARTS,
    ) -> None:
        """Remembers the file that the filing was read from, and the filings of last year and the units.

        *parts* are those of the money that its rubric lists; of the others it says nothing.
        """
        self._parts = parts
        self._last_filed = last_filed
        self._source = source
        self._previous = last_year
        self._units = units

    @property
    def listed_parts(self) -> tuple[str, ...]:
        """The parts of the money that were asked for; the others are 0 because nobody filed them."""
        return self._parts

    @property
    def unit_filings(self) -> tuple[tuple[Department, Any] | None, ...]:
        """Of each of the `units` its filing and rubric; None for one without a file."""
        return self._units

    @property
    def last_year(self) -> Department | None:
        """Last year's filing, if `previous` names it."""
        return self._previous

    @property
    def last_filed(self) -> tuple[Department, Any] | None:
        """Last year's filing as a whole, with its own rubric; None without one."""
        return self._last_filed

    @property
    def source(self) -> Source:
        """The parameter file, and the line of every value."""
        return self._source

    def place(self, field: str) -> str:
        """Where a value stands: ``place("budget.total.spent")`` → ``params/x.yaml:12``."""
        return self._source.place(f"department.{field}")


class ParameterFile(Record):
    """部门整体绩效评价报告的参数文件"""

    department: Department = Field(title="部门")


def schema() -> dict[str, Any]:
    """JSON Schema of a parameter file, with the form's words, for editors."""
    return ParameterFile.model_json_schema(mode="validation") | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perfkit 参数文件",
    }
