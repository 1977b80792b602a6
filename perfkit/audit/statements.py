"""陈述与事实: what the department says in words, held against what it filed in figures.

Words are only taken at their word where they can mean nothing else: on right
text these checks are silent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from perfkit.audit.findings import Found, Raised, named, tolerance
from perfkit.forms import paths
from perfkit.forms.department import Department, Project
from perfkit.forms.paths import project_of
from perfkit.quantities import day_in_words, halfwidth, percent, plain
from perfkit.scoring.scorecard import Scorecard, rate_of_last_year
from perfkit.scoring.scores import Score
from perfkit.texts import numbers

ZERO = Decimal(0)

UNDER_EXECUTED = Decimal("0.9")
"""A project below this execution rate sits ill with full marks for 产出 and 效果."""

THIN = 2
"""So many sentences are too few to rest every checklist's full marks on."""

# Words before a statement by which it is denied, wished for or asked, in the same clause.
DENIED = re.compile(
    r"(?:未|没|不能|不会|不得|难以|无法|尚|非|确保|保证|保障|力争|争取|要求|应|须|计划|拟|将|预计|有望|是否|能否|影响|如果|若"
    r"|督促|督导|推动|推进|促进|目标|为了|以便|旨在)[^，。；！？]{0,10}$"
)
# Words after it that make it a measure or a part of a sentence.
MEASURED = re.compile(
    r"率|的?(?:比例|占比)|情况|(?:的|过程|存在|方面).{0,6}(?:不足|困难|问题|风险)"
)
ON_TIME = re.compile(r"(?:按时|按期|如期|及时)(?:全部|全面)?完成")
GOES_ON = re.compile(
    r"(?:在|于)?([0-9]{4})年(?:度)?(?:双方)?(?:将|再)?(?:按合同|按进度|按约定)?(?:继续|延续)"
    r"(?:支付|使用|执行|履行|实施|付款)"
)
RETURNED = re.compile(
    r"(?:财政(?:部门)?(?:统一)?收回|收回财政|(?:上缴|缴回|交回|退回)(?:区|市|县|本级|同级)?(?:财政|国库))"
)
ALL_DONE = re.compile(
    r"(?:各|所有|全部|(?<![0-9])[0-9]{1,4})个?项目[^，。；！？]{0,8}?(?:均已|均|都已|都|全部|全面)(?:按时|按期|如期|顺利|圆满)*完成"
    r"|(?:全部|全面|圆满|均已)完成[^，。；！？]{0,6}(?:各|所有|全部)个?项目"
)
PAID_IN_FULL = re.compile(
    r"(?:全部|全额|足额|均已|一次性全额)(?:支付|拨付|兑现|付清|发放|支出(?!均|都|用于|为|中|的|凭证|须|按|纳入|由|内容))(?:完毕|到位)?"
)
ABOVE = re.compile(
    r"(?:得分|评分|分数|成绩)?(?:均|都|全部)(?:在|达到|为)?([0-9]{1,4}(?:\.[0-9]{1,4})?)分(?:及)?以上"
)
ALL_GRADED = re.compile(
    r"(?:各|所有|全部)个?项目(?:的)?(?:评价)?(?:等级|结果)?(?:均|都|全部)?为“?(优秀?|良好?)"
)

# What is no longer, or never was, a problem.
NO_PROBLEM = re.compile(
    r"(?:不存在|未发现|没有|未出现|未发生|无|杜绝|防止|避免|防范|消除|改变|解决了|扭转了|上年|往年|以前年度|上一年)[^，。；！？]{0,12}$"
)
SOLVED = re.compile(
    r"已(?:全部|基本|及时|按要求|得到|完成|经)*(?:整改|解决|纠正|修订|改正|更正|化解|改进|理顺)"
    r"|完成(?:了)?整改|整改(?:完毕|到位|完成|完结)|得到(?:有效|根本|全面|明显)*(?:解决|纠正|改善|扭转|规范|整改)|予以(?:纠正|整改|改正)"
)
# Points that no project got: of a survey, a test, the air.
SURVEYED = re.compile(r"满意度|测评|问卷|培训|考核|考试|测试|抽检|空气|水质|评议")

# 存在的问题 and the indicators, by their names in the score sheet, that they belong to.
PROBLEMS = (
    (r"(?:绩效)?(?:目标|指标)[^，。；]{0,12}(?:宽泛|笼统|不明确|不够明确|不清晰|偏低|过低|不够细化|细化不够|不够具体|难以量化|缺乏量化)", r"产出|效果|效益|绩效管理"),
    (r"(?:预算)?执行(?:进度|率)[^，。；]{0,8}(?:慢|偏低|较低|不高|滞后|不均衡)", r"执行"),
    (r"(?:财务|内控|内部控制|管理)?制度[^，。；]{0,8}(?:不健全|不完善|不够健全|不够完善|缺失|有待健全|有待完善)", r"制度"),
    (r"(?:固定)?资产[^，。；]{0,10}(?:不规范|不及时|账实不符|不够规范|闲置|流失)", r"资产"),
    (r"(?:政府)?采购[^，。；]{0,8}(?:不规范|不合规|不够规范|程序缺失)", r"合规"),
    (r"(?:会计|账务|核算)[^，。；]{0,8}(?:不规范|不准确|不完整|不及时|不够规范)", r"会计"),
)  # fmt: skip


def on_time(card: Scorecard) -> Found:
    """按时完成 beside a project that goes on after the year, or is paid for beyond it."""
    department = card.department
    words = _claims_on_time(card)
    if not words:
        return
    for i, project in enumerate(department.projects):
        name, beyond = named(i, project), _beyond(department, project)
        if beyond and project.execution_rate is not None and project.execution_rate >= 1:
            yield Raised(
                "statement.on_time",
                "warning",
                f"{name}的期限到{beyond}，跨到{department.year}年以后，款项已全部付清，"
                f"与“{words}”不符，请说明没有完成的部分",
                paths.project(i, "ends"),
            )
        elif beyond or (unspent := _goes_on(department, project)):
            why = f"期限到{beyond}" if beyond else f"“{unspent}”"
            yield Raised(
                "statement.on_time",
                "warning",
                f"{name}{why}，{department.year}年没有办完，与“{words}”不符",
                paths.project(i, "ends") if beyond else paths.project(i, "narrative"),
                "" if beyond else unspent,
            )


def completed(card: Scorecard) -> Found:
    """按时完成 in a project's own text, with much of its money unspent and no word of why."""
    department = card.department
    for claim, text in _found(ON_TIME, department):
        i = project_of(claim)
        if i is None:
            continue
        rate = department.projects[i].execution_rate
        if rate is not None and rate < UNDER_EXECUTED and not _explained(department, i):
            message = f"{named(i, department.projects[i])}写“{text}”，预算执行率只有{percent(rate)}"
            yield Raised("statement.on_time", "warning", message, claim, text)


def _claims_on_time(card: Scorecard) -> str:
    """The words by which the department as a whole says that all was done in time."""
    achieved = {word for rule in card.rubric.groups.values() for word in (*rule.achieved,)}
    for row in card.department.indicators:
        done = row.actual == row.target or row.actual in achieved
        if not row.quantified and done and said(ON_TIME, row.name):
            return row.name
    return next((words for _, words in _found_of_the_year(ON_TIME, card.department)), "")


def _beyond(department: Department, project: Project) -> str:
    """The end of the project's term, if it lies after the year."""
    ends = project.ends
    return day_in_words(ends) if ends and ends.year > department.year else ""


def _goes_on(department: Department, project: Project) -> str:
    """The words by which a project with money left goes on after the year."""
    if project.execution_rate is None or project.execution_rate >= 1:
        return ""
    found = GOES_ON.search(project.narrative)
    if found is None or (found[1] and int(found[1]) <= department.year):
        return ""
    return found[0]


def _explained(department: Department, i: int) -> bool:
    words = r"节约|节省|结余|核减|收回|压减|调整|招标|低于预算|不必|质保金|尾款"
    return bool(re.search(words, department.projects[i].narrative))


def said(pattern: re.Pattern[str], text: str) -> str:
    """The first words of a text that match and are neither denied nor only wished for."""
    for found in pattern.finditer(text):
        before = text[max(0, found.start() - 24) : found.start()]
        denied = DENIED.search(before) or re.search(r"未|没|不能|无法|尚|难以", found[0])
        if not denied and not MEASURED.match(text, found.end()):
            return found[0]
    return ""


def _found(pattern: re.Pattern[str], department: Department) -> Iterator[tuple[str, str]]:
    """The first words of each text that say it: field and words."""
    for field, text in department.texts.items():
        if words := said(pattern, text):
            yield field, words


def _found_of_the_year(
    pattern: re.Pattern[str], department: Department
) -> Iterator[tuple[str, str]]:
    """The same in the chapters on the whole department that speak of what was done."""
    for field, words in _found(pattern, department):
        if field.startswith("narrative.") and field != paths.narrative("measures"):
            yield field, words


def all_done(card: Scorecard) -> Found:
    """各项目全部完成, 全额支付, with an execution rate below 100 %."""
    department = card.department
    rates = {i: p.execution_rate for i, p in enumerate(department.projects)}
    short = [i for i, rate in rates.items() if rate is not None and rate < UNDER_EXECUTED]
    for field, words in _found_of_the_year(ALL_DONE, department):
        if short:
            listed = "、".join(f"第{i + 1}项{percent(rates[i] or ZERO)}" for i in short)
            message = f"文字写“{words}”，而预算执行率{listed}"
            yield Raised("statement.all_done", "warning", message, field, words)
    for i, project in enumerate(department.projects):
        rate, words = rates[i], said(PAID_IN_FULL, project.narrative)
        if words and rate is not None and rate < UNDER_EXECUTED and not _explained(department, i):
            message = f"{named(i, project)}写“{words}”，预算执行率只有{percent(rate)}"
            field = paths.project(i, "narrative")
            yield Raised("statement.paid_in_full", "warning", message, field, words)


def project_scores(card: Scorecard) -> Found:
    """得分均在90分以上, 各项目均为优秀, without the scores that would show it, or against them."""
    department = card.department
    scores = [project.score for project in department.projects]
    missing = [i for i, value in enumerate(scores) if value is None]
    for field in (
        paths.narrative("result"),
        paths.narrative("execution"),
        paths.narrative("management"),
        "objective",
    ):
        text = department.texts.get(field, "")
        above = next((m for m in ABOVE.finditer(text) if not _surveyed(m, text)), None)
        graded = ALL_GRADED.search(text)
        claims = [(found, floor) for found, floor in (
            (above, Decimal(above[1]) if above else ZERO),
            (graded, _floor(card, graded[1]) if graded else ZERO),
        ) if found]  # fmt: skip
        for found, floor in claims:
            words = found[0]
            low = [i for i, value in enumerate(scores) if value is not None and value < floor]
            if low:
                listed = "、".join(f"第{i + 1}项{plain(scores[i] or ZERO)}分" for i in low)
                message = f"文字写“{words}”，而{listed}"
                yield Raised("statement.scores", "error", message, field, words)
        if claims and missing and department.projects:
            words = claims[0][0][0]
            every = "没有一个" if len(missing) == len(scores) else f"第{numbers(missing)}个没有"
            message = f"文字写“{words}”，但{len(scores)}个项目{every}填写评价得分，无从核对"
            yield Raised("statement.scores", "warning", message, field, words)


def _surveyed(found: re.Match[str], text: str) -> bool:
    clause = re.split(r"[，。；\n]", text[max(0, found.start() - 30) : found.end()])[-1]
    return bool(SURVEYED.search(clause))


def _floor(card: Scorecard, word: str) -> Decimal:
    """The lowest score of the grade that is called this, in per cent of the points."""
    for grade in card.rubric.grades:
        if any(label.startswith(word[0]) for label in (grade.label, *grade.also)):
            return grade.floor / card.rubric.points * 100
    return ZERO


def problems(card: Scorecard) -> Found:
    """存在的问题 that are named, with nothing deducted in the indicators they belong to."""
    text = card.department.texts.get(paths.narrative("problems"), "")
    for pattern, names in PROBLEMS:
        found = next((m for m in re.finditer(pattern, text) if not _solved(m, text)), None)
        scores = [s for s in card.scores if re.search(names, s.name)]
        if found is None or not scores or any(_deducted(s) for s in scores):
            continue
        listed = "、".join(s.name for s in scores)
        message = f"存在的问题写“{found[0]}”，而{listed}没有扣分，请核对自评或说明"
        yield Raised("statement.problem", "warning", message, paths.narrative("problems"), found[0])


def _solved(found: re.Match[str], text: str) -> bool:
    """Whether a problem is denied, was another year's, or has been put right."""
    before = text[max(0, found.start() - 30) : found.start()]
    # 资产管理不规范 may itself begin with words that only lead up to it.
    rest = re.match(r"[^。！？\n]{0,80}", text[found.end() :])
    denied = NO_PROBLEM.search(before) or re.search(r"不存在|未发现|没有|未出现", found[0])
    return bool(denied or (rest and SOLVED.search(rest[0])))


def _deducted(score: Score) -> bool:
    claimed_less = score.reported is not None and score.reported < score.points
    return bool(score.lost or score.override or score.undecided or claimed_less)


def thin_evidence(card: Scorecard) -> Found:
    """Full marks for every checklist of a section, on hardly a sentence about them."""
    text = card.department.texts.get(paths.narrative("management"), "")
    sentences = [part for part in re.split(r"[。！？；\n]", text) if part.strip()]
    if not sentences or len(sentences) > THIN:
        return
    for section in card.rubric.sections:
        rules = [indicator.rule for indicator in section.indicators]
        scores = [card.score(indicator.id) for indicator in section.indicators]
        items = sum(len(rule.questions) for rule in rules)
        if not items or any(rule.choice for rule in rules):
            continue
        if all(score.awarded == score.points for score in scores):
            yield (
                "full_marks.thin_evidence",
                "warning",
                f"{section.name}得满分{plain(card.section_points(section.id))}分，{items}项检查全部合格，"
                f"而{card.rubric.words.chapters.management}只有{len(sentences)}句话，没有写明依据",
                paths.narrative("management"),
            )


def taken_back(department: Department) -> tuple[list[int], Decimal]:
    """The projects whose unspent money went back to the treasury by their text, and how much."""
    rows = [
        i
        for i, p in enumerate(department.projects)
        if p.execution_rate is not None and p.execution_rate < 1 and RETURNED.search(p.narrative)
    ]
    projects = [department.projects[i] for i in rows]
    return rows, sum((p.budget - (p.executed or ZERO) for p in projects), ZERO)


def returned_money(card: Scorecard) -> Found:
    """财政收回的 and 下年继续支付的 money, all of it counted as 结转结余."""
    department = card.department
    carryover, total = department.budget.carryover, department.budget.overall
    returned, gone = taken_back(department)
    if not returned or not carryover.amount:
        return
    if carryover.amount <= total.unspent - gone + tolerance(len(returned)):
        return  # what was taken back is left out already
    on = [i for i, p in enumerate(department.projects) if _goes_on(department, p)]
    going = f"，第{numbers(on)}项下年继续支付" if on else ""
    yield (
        "carryover.returned",
        "warning",
        f"第{numbers(returned)}项的结余{plain(gone)}万元已由财政收回{going}，"
        f"而结转结余总额{plain(carryover.amount)}万元是全部未支出额，请分开计算",
        paths.CARRYOVER,
    )


def last_years_department(card: Scorecard) -> Found:
    """Last year's filing of another department, which every table would compare with this one."""
    department, last_year = card.department, card.department.last_year
    if last_year is None:
        return
    now, then = ("".join(halfwidth(one.name).split()) for one in (department, last_year))
    if now != then:
        message = (
            f"上年参数文件（previous）是“{last_year.name}”的，不是“{department.name}”的，"
            "报告里的上年数都取自它；不是更名的，请改为本部门的文件"
        )
        yield "previous.department", "error", message, "previous"


def sources(card: Scorecard) -> Found:
    """Last year's rate: held against last year's filing, or at least with its source."""
    department = card.department
    carryover, last_year = department.budget.carryover, department.last_year
    if carryover.previous_rate is None:
        return
    field, stated = paths.PREVIOUS_RATE, percent(carryover.previous_rate, 4)
    if last_year is None:
        if not carryover.previous_source:
            yield (
                "source.missing",
                "info",
                f"上年结转结余率{stated}没有出处，无从核对；"
                "请填上年结转结余率的出处（previous_source），或写上年参数文件（previous）",
                field,
            )
        return
    actual = rate_of_last_year(card, field)
    if actual is None:
        return
    exponent = (carryover.previous_rate * 100).normalize().as_tuple().exponent
    if percent(actual, max(0, -int(exponent))) != stated:
        message = f"上年结转结余率填{stated}，按上年参数文件应为{percent(actual, 4)}"
        yield "carryover.previous", "error", message, field


def benchmark_sources(card: Scorecard) -> Found:
    """A yearly benchmark of the rubric whose source is not a document."""
    used = {indicator.rule.held_against: indicator for indicator in card.rubric.indicators}
    for name in sorted(used.keys() & set(card.rubric.parameters)):
        parameter, indicator = card.rubric.parameters[name], used[name]
        score = card.score(indicator.id)
        stated = indicator.rule.stated_rate(score, card.department, card.rubric)
        field = stated.field.rpartition(".")[0] if stated else score.field
        year = parameter.years.get(card.department.year)
        # The score sheet quotes the figure, but is not where it comes from.
        if year is not None and re.match(r"评分表", year.source):
            message = f"{parameter.name}{percent(year.value, 4)}只见于{year.source}，没有原始出处"
            yield "source.missing", "info", message, field


STATEMENTS: tuple[Callable[[Scorecard], Found], ...] = (
    on_time,
    completed,
    all_done,
    project_scores,
    problems,
    thin_evidence,
    returned_money,
    last_years_department,
    sources,
    benchmark_sources,
)
