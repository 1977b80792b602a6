"""子句: what the words before a figure say that it is, and of what.

A clause is cut into the words of this page; a word that is not on it makes the
clause speak of something else. That is what keeps right text silent: a figure
is only held against the data where every word before it is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CLAUSE = 80
"""Signs of a clause that are looked at: a longer one is about something else."""

# By the class of a word, the words. The longest word that fits is taken.
_WORDS = {
    # ---- what a figure is
    "initial": "年初预算 年初批复预算 年初部门预算 年初批复的预算 年初安排预算 年初支出预算 年初预算安排",
    "budget": "预算 支出预算 批复预算 预算批复",
    "spent": "支出 执行 支出决算 决算支出 预算执行 决算数 决算 实际使用 实际支付",
    "rate": "执行率 预算执行率 支出执行率 支出率 预算支出率 执行进度 支出进度 预算执行进度 支付进度"
    " 预算完成率 支出预算执行率 完成预算 完成全年预算 完成调整预算 完成调整后预算 占预算 占全年预算",
    "rate_initial": "完成年初预算 占年初预算",
    "carryover": "结转结余 结余结转 结转和结余 结转及结余 结转与结余",
    "carryover_rate": "结转结余率 结余结转率 结转和结余率 结余率",
    "variance": "预决算差异率 预算决算差异率",
    "unspent": "未支出 未执行 未使用 结余 剩余 尚未支出 尚未执行 尚未使用 结余资金 剩余资金",
    "score": "得分 总得分 总分 总评分 评分",
    # ---- of what
    "total": "资金总体 部门整体 整体支出 部门支出 部门 单位 本部门 我部门 该部门 本单位 我单位 该单位"
    " 我局 我委 我办 我院 我馆 我所 我站 我会 我镇 我乡 我中心 我街道 本局 本委 本办 本院 本馆 本所"
    " 本站 本会 本镇 本乡 本中心 本街道 街道 机关",
    "basic": "基本支出",
    "project": "项目支出",
    "other": "其他支出 其它支出",
    "this": "项目 本项目 该项目 此项目 专项 本专项 该专项 该 本 此 该笔 本笔 此笔 该项 本项 该笔项目"
    " 该工程 本工程 该活动 本活动 项目整体 项目总",
    # ---- when; the words of the whole year also say that the figure is no part
    "year": "全年 年度 本年 本年度 当年 今年 调整后 调整后的 调整后全年 最终 年末 年底 年终 总体 整体"
    " 全年度 年度末 本年末 自评 综合 绩效",
    "last_year": "上年 上年度 去年 上一年 上一年度 往年 以前年度 历年",
    "next_year": "下年 下年度 明年 次年 下一年 下一年度",
    "part_year": "上半年 下半年 半年 前三季度 三季度 一季度 二季度 四季度 第一季度 第二季度 第三季度"
    " 第四季度 目前 截至目前 当前 现阶段",
    # ---- words that add nothing
    "own": "实际 累计 已 共 总 共计 合计 总共 全部 全",
    "said": "数 额 金额 资金 经费 费用 款项 款 总额 总数 总计 总量 规模 安排 批复 下达 核定 情况 的 为"
    " 是 和 及 与 以及 计 达到 达 约 近 超过 了 仅 就 有 ： : 数额 完成 实现 其 由 中 均 也 则 较高 评价 评定 最后"
    " 元 （ ） 一是 二是 三是 四是 首先 同时 另外 此外 另 并 且 而 但 即 从 看 来看 方面 来说 — － -"
    " 经 根据 按 按照 依据 财政 财政批复 区财政 市财政 县财政 结果 万元 于 在 截止 截至 前 底 末 起 根据评分标准 评分标准"
    " 结构 构成 分别 执行情况 预算情况 支出情况 资金使用情况 资金情况 经费情况 预算执行情况 预算安排情况"
    " 整改后 全口径 圆满 顺利 按时 确定 折合 人民币 大写 小写 整 予以 只 只有 仅有 尚 还 一共 合 有着 共有 所",
    "month": "年中 中期 月",
    "within": "其中",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split(" ") if word}

_THIS_YEAR = ("今年", "本年", "本年度", "当年")

CUES = {
    "amount": ("initial", "budget", "spent", "carryover", "unspent"),
    "rate": ("rate", "rate_initial", "carryover_rate", "variance"),
    "points": ("score",),
}
"""What a figure of each kind can be."""
_ALL_CUES = {cue for cues in CUES.values() for cue in cues}

LAST = {"unspent", "rate", "rate_initial"}
"""What a clause speaks of if it ends with it: 预算结余, 支出完成预算的."""

WHOLE = {"initial", "carryover", "carryover_rate", "variance"}
"""What only the whole department has: such a figure needs no words of whose it is."""

_DATE = r"[0-9]{1,2}月(?:[0-9]{1,2}日|底|末|份|初|中旬|上旬|下旬)?"
_TIMES = rf"""
    (?P<year_end>(?:截至|截止到?|到|至|于)?(?:(?P<end_year>20[0-9]{{2}})年(?:度)?)?
        (?:12月31日|12月底|12月末|年底|年末|底|末)(?:前|止)?)
  | (?P<until>(?:截至|截止到?|到|至)(?:(?P<until_year>20[0-9]{{2}})年)?{_DATE}(?:前|止)?)
  | (?P<span>(?:20[0-9]{{2}}年)?[0-9]{{1,2}}月?[—\-－~～至到][0-9]{{1,2}}月(?:份)?)
  | (?P<month>(?:20[0-9]{{2}}年)?{_DATE}(?:前|起)?)
  | (?P<years>20[0-9]{{2}}年?[—\-－~～至到、和与](?:20)?[0-9]{{2}}年(?:度)?)
  | (?P<a_year>20[0-9]{{2}})年(?:度|末|底)?
  | (?P<numbered>^(?:[0-9]{{1,2}}[.．]|[①-⑳]))
"""
_TOKEN = re.compile(
    _TIMES + "| (?P<word>" + "|".join(map(re.escape, sorted(_KINDS, key=len, reverse=True))) + ")",
    re.VERBOSE,
)


@dataclass
class Words:
    """What is understood of a clause: see `_WORDS` for the classes.

    `subject` and `cue` are the last that it names; `head` is the cue it had
    before a word that is `unknown`. `years` are the years it names, `part_year`
    a time within the year, `whole_year` a word of the whole of it.
    """

    subject: str = ""
    cue: str = ""
    head: str = ""
    cues: list[str] = field(default_factory=list)
    unknown: str = ""
    own: bool = False
    within: bool = False
    whole_year: bool = False
    part_year: bool = False
    month: bool = False
    compared: bool = False
    listed: bool = False
    empty: bool = True
    years: list[int] = field(default_factory=list)


def words_of(
    clause: str, year: int, project: bool, names: Mapping[str, str] | None = None
) -> Words:
    """The words of a clause, up to a figure or to its end.

    *project*: whether it stands in the text of a project, of which 项目 then
    means that one. *names* are what the department and its projects are called,
    each with the subject that it stands for.
    """
    found = Words()
    if len(clause) > CLAUSE:
        found.unknown = "…"
        clause = clause[-CLAUSE:]
    for kind, word in _tokens(clause, year, names or {}):
        found.empty = False
        if kind == "unknown":
            # 政府采购执行率比上年提高: what stands before a known word may make another of it.
            found.head = found.head or ("" if found.unknown else found.cue)
            found.unknown = found.unknown or word
        elif kind in _ALL_CUES:
            found.cue = kind
            found.cues.append(kind)
        elif kind == "years":
            found.years.append(int(word))
        elif kind in ("last_year", "next_year"):
            found.years.append(year + (1 if kind == "next_year" else -1))
        elif kind == "part_year":
            # 3月1日至11月30日 is a term, no state of things in November.
            found.part_year = found.part_year or not (found.month and word[0] in "至到")
        elif kind == "month":
            found.month = True
        elif kind == "year":
            found.whole_year = True
        elif kind == "own":
            found.own = True
        elif kind == "within":
            found.within = True
        elif kind != "said":
            _subject(found, kind, project)
    found.compared = bool(_COMPARED.search(clause))
    found.listed = clause.endswith(("分别为", "分别是", "分别达到", "分别"))
    if len(set(found.cues)) > 1 and not found.listed and found.cue not in LAST:
        found.unknown = found.unknown or clause  # 部门预算支出195万元: which?
    return found


def _subject(found: Words, kind: str, project: bool) -> None:
    if project and kind == "project":
        # 项目支出38万元 is what the project spent.
        found.subject, found.cue = "this", "spent"
        found.cues.append("spent")
    elif kind == "this" and not project:
        found.unknown = found.unknown or "项目"
    elif project and kind != "this" and not kind.startswith("projects."):
        found.unknown = found.unknown or kind
    elif found.subject in ("", "total", kind):
        found.subject = kind
    else:
        found.unknown = found.unknown or kind


_COMPARED = re.compile(
    r"较|比(?!例|率|重|对)|同比|环比|相比|增长|下降|增加|减少|提高|降低|压减|上升|高于|低于"
)


def _tokens(clause: str, year: int, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    at = 0
    named = sorted(names, key=len, reverse=True)
    while at < len(clause):
        name = next((name for name in named if clause.startswith(name, at)), "")
        if name:
            yield names[name], name
            at += len(name)
            continue
        found = _TOKEN.match(clause, at)
        if found is None:
            yield "unknown", clause[at]
            at += 1
            continue
        yield from _token(found, year)
        at = found.end()


def _token(found: re.Match[str], year: int) -> Iterator[tuple[str, str]]:
    kind = found.lastgroup
    words = found[0]
    if found["word"]:
        yield _KINDS[words], words
        if words in _THIS_YEAR:
            yield "years", str(year)
    elif found["year_end"]:
        if found["end_year"]:
            yield "years", found["end_year"]
        yield "year", words
    elif found["until"]:
        if found["until_year"]:
            yield "years", found["until_year"]
        yield "part_year", words
    elif found["span"] or found["month"]:
        yield ("part_year" if found["span"] else "month"), words
    elif found["years"]:
        yield "unknown", words
    elif found["a_year"]:
        yield "years", found["a_year"]
        if int(found["a_year"]) == year and "年" in words:
            yield "year", words
    elif kind != "numbered":
        yield "unknown", words


# What a clause is about that has no figure, or whose figure is not known.
OTHERS = re.compile(
    r"三公|采购|会议费|培训费|接待|公务用车|车辆|出国|债券|专项债|转移支付|追加|调剂|本级|下属|所属|直属"
    r"|二级|基层单位|事业单位|预算单位|各单位|中央|上级|市级|区级|省级|县级|国库|基金|社保|人员经费"
    r"|公用经费|工资|行政运行|事业运行|行政管理事务|机构运行|科目|类）|款）|项）|全区|全市|全国|全省|全县"
    r"|平均|同类|财政拨款|非税|往年|历年|配套|自筹|社会资本|总投资|概算|债务|机动|预备费|结转|收入"
)
"""Words that make a sentence speak of a part, or of others than the department."""

PARTS = re.compile(
    r"项目|活动|工程|补贴|补助|奖励|专项|经费|中心|学校|医院|企业|公司|社区|村|科$|室$|处$|队$|所$|站$|馆$|院$"
    r"|服务|设备|资产|系统|平台|合同|尾款|首付|标段|一期|二期|三期|子项|分项"
)
"""Words that may make it so, with figures of their own to follow."""

PLANS = re.compile(
    r"计划|拟|预计|力争|争取|目标|要求|应当|不得|规定|标准|测算|申请|申报|建议|如果|若"
)
"""Words of what is wanted rather than done."""
