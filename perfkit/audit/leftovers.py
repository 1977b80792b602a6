"""遗留文字: what is left over in a text from another year, another department or the form itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from perfkit.audit.findings import Found, Raised
from perfkit.audit.likeness import OPENING, alike, narratives, own_names, runs
from perfkit.audit.mentions import squeezed
from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.paths import project_of
from perfkit.scoring.rubric import Chapters
from perfkit.scoring.scorecard import Scorecard
from perfkit.texts import shortened

# Words that make a sentence speak of another year on purpose.
COMPARED = re.compile(
    r"上年|去年|上一年|较|比|同期|以来|至今|延续|整改|历年|连续|明年|下年|下一年|次年|将|计划|拟"
    r"|力争|争取|预计|确保|指出|反馈|发现|问题"
)
EVALUATED = re.compile(
    r"([0-9]{4})年(?:度)?(?:部门整体(?:支出)?绩效|绩效自评|整体绩效|全年预算(?:数|执行)|年初预算数|预算执行率|部门决算)"
    r"(?!评价?(?:工作|要求|通知|方案|指标体系|办法|培训)|目标|工作|管理|要求|通知|方案|批复|公开|编制|数据|报表)"
)
# A clause in which these stand before the year does something with that year's papers.
ABOUT = re.compile(
    r"根据|按照|依据|按|对照|参照|结合|在|编制|制定|填报|关于|与|落实|做好|开展|组织|布置|部署|印发|完成|通过"
    r"|向|对|为|从|自|针对|汇总|公布|上报|报送|提交|审核|学习|引用|运用|应用|发布|启动|配合|参加|财政"
)
OTHER_REPORT = re.compile(
    r"([\u4e00-\u9fff]{2,20}?(?:局|委员会|办公室|厅|管理处|中心|街道办事处|镇人民政府|乡人民政府))"
    r"(?=[0-9]{4}年(?:度)?部门整体(?:支出)?绩效(?!评价?(?:工作|要求|通知|方案|办法|培训)|工作|管理|要求|通知|方案))"
)
# The finance bureau asks for the evaluation; others' may be followed or looked at.
ORGANISED = re.compile(
    r"按照|根据|依据|按|参照|借鉴|学习|落实|结合|参加|配合|响应|贯彻|收到|转发|受|接受|经|由|财政"
)
KINDS = "局委办厅街镇乡"
"""Of a government body; the others are of units, which a bureau may have below it."""
OURSELVES = re.compile(
    r"(?<!自)我(局(?!部|面|限)|委(?!托|派|任|员)|办(?!理|公|案|好|成|完|事|学|法)|院|厅|站(?!在|起|立|上)"
    r"|所(?!在|有|属|需|能|知|见|以|谓|作|做|用|说)|馆|街(?!坊|头)|镇|乡)"
)
SPELT = {"办": "办公室", "委": "委员会"}
_BLANK = r"[×＊*Ｘ]{2,}|(?<![A-Za-z])[Xx]{2,}(?![A-Za-z])"
PLACEHOLDER = re.compile(
    rf"{_BLANK}|【[^】]{{0,12}}】|〔\s*〕|_{{2,}}|＿{{2,}}|[（(]\s*[）)]"
    r"|某某|(?<![有尚亟仍])待补充|待填写|待填(?![补平充])|(?<![邀提])请填写(?!问卷|调查)|此处填写"
    r"|(?<=[\u4e00-\u9fff])\u3000+(?=[区市县局])|(?<=[0-9]年)\u3000+|(?<!\u3000)\u3000+(?=[年月日])"
)
SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
"""王×× is a person whose name is withheld, 贴××万元 a blank."""
NAMED_AFTER = re.compile(r"(?:^|[，。、；：（(“和与及对由为给者人员同志名叫])$")
TO_FILL_IN = re.compile(r"填|请|此处|待|插入|输入|选择|名称|日期|金额|数字|单位|[×XxＸ*]|^【\s*】$")
REPEATED_DASH = re.compile(r"(?:^|(?<=[，。；：、！？（\n]))\s{0,20}——+|———+")
HALF_WIDTH = re.compile(
    r"(?<=[\u4e00-\u9fff”）》])[,;:?!](?=[\u4e00-\u9fff“（《])|\((?=[^()\n]*[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])\)"
)
DOUBLED = re.compile(r"。。+|，，+|、、+|；；+|，。|。，|、。|。、|；。|，；|：。")
PAIRS = {"（": "）", "《": "》", "“": "”", "〔": "〕", "【": "】", "‘": "’"}
PLACE_FIRST = re.compile(r"[区县市州旗省]")


def other_years(card: Scorecard) -> Found:
    """A sentence that gives another year's figures or result as those evaluated."""
    year = card.department.year
    for field, text in card.department.texts.items():
        read = squeezed(text)
        for paragraph in re.finditer(r"[^\n]+", read.text):
            if f"{year}年" in paragraph[0]:
                continue  # another year stands beside it on purpose
            for sentence in re.finditer(r"[^。！？；]+", paragraph[0]):
                found = EVALUATED.search(sentence[0])
                if found is None or COMPARED.search(sentence[0]):
                    continue
                clause = re.split(r"[，、：（）]", sentence[0][: found.start()])[-1]
                if int(found[1]) == year or ABOUT.search(clause):
                    continue
                start = paragraph.start() + sentence.start()
                words = original(text, start + found.start(), start + found.end())
                message = f"评价年度是{year}年，文字写“{words}”，可能是往年留下的"
                yield Raised("leftover.year", "error", message, field, words)


def other_departments(card: Scorecard) -> Found:
    """Another department's name as the one evaluated, or 我局 in the text of an 办."""
    department = card.department
    names = own_names(department)
    own = "".join(names)
    for field, text in department.texts.items():
        plain = squeezed(text).text
        for found in OTHER_REPORT.finditer(plain):
            clause = re.split(r"[，。；：、\n]", plain[max(0, found.start() - 40) : found.start()])[
                -1
            ]
            if ORGANISED.search(clause + found[1]):
                continue
            if found[1] not in own and not found[1].endswith(tuple(names)):
                words = original(text, found.start(1), found.end(1))
                message = f"文字写“{words}”的部门整体绩效，本报告是{department.name}的"
                yield Raised("leftover.department", "error", message, field, words)
        odd = {found[0]: found[1] for found in OURSELVES.finditer(text) if found[1] not in own}
        for words, kind in odd.items():
            # 我院 and 我馆 in a bureau's report are a unit's below it; 领导小组办公室 calls itself 我办.
            if kind not in KINDS and re.search(f"[{KINDS}]", own):
                continue
            if SPELT.get(kind, "\n") in text:
                continue
            message = f"文字自称“{words}”，与部门名称{department.name}不符，可能是别处抄来的"
            yield Raised("leftover.department", "warning", message, field, words)


def placeholders(card: Scorecard) -> Found:
    """××, 【】, ____ and blanks that no one filled in."""
    for field, text in card.department.texts.items():
        blanks = (found for found in PLACEHOLDER.finditer(text) if _is_blank(found, text))
        for words in dict.fromkeys(found[0] for found in blanks):
            shown = words.strip() or "空白"
            message = f"文字里有没有填写的“{shown}”"
            yield Raised("leftover.placeholder", "error", message, field, words)


def _is_blank(found: re.Match[str], text: str) -> bool:
    words, start, end = found[0], found.start(), found.end()
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    if words.startswith("【"):
        return bool(TO_FILL_IN.search(words))
    if re.fullmatch(_BLANK, words) or words == "某某":
        # 王××, 138****1234: withheld, not forgotten.
        person = before[-1:] in SURNAMES and NAMED_AFTER.search(before[:-1])
        latin = before[-1:].isascii() and before[-1:].isalnum()
        number = latin and (after.isdigit() or len(words) >= len("××××"))
        return not (person or number)
    return True


def original(text: str, start: int, end: int) -> str:
    """The words of a text at places of it without blanks."""
    places = squeezed(text).places
    return text[places[start] : places[end - 1] + 1]


def missing_place(card: Scorecard) -> Found:
    """A title such as 区金融办…, which does not say of which district."""
    department = card.department
    short = department.short_name
    if short and PLACE_FIRST.match(short) and not department.name.startswith(short):
        message = f"报告标题用的部门简称“{short}”没有写明是哪个{short[0]}，公布时应写全"
        yield "leftover.place", "info", message, "short_name"


def repeated_texts(card: Scorecard) -> Found:
    """Sentences that two parts of the report share."""
    told, chapters = set(), card.rubric.words.chapters
    for one, other in alike(_runs_of_sentences(card.department)):
        fields = one[0], other[0]
        if one[0] == other[0] or fields in told:
            continue
        told.add(fields)
        message = f"{_chapter(one[0], chapters)}与{_chapter(other[0], chapters)}的文字几乎相同：“{shortened(other[2], OPENING)}”"
        yield Raised("leftover.repeated", "info", message, other[0], other[2])


def kept_from_last_year(card: Scorecard) -> Found:
    """Sentences of last year's report that stand in this year's."""
    department, last_year = card.department, card.department.last_year
    if last_year is None:
        return
    # Numbered below zero, so that no sentence of one year is taken for one of the other.
    then = {
        (field, -n - 1, sentence): found
        for (field, n, sentence), found in _runs_of_sentences(last_year).items()
    }
    told, chapters = set(), card.rubric.words.chapters
    for (_, before, _), (field, now, sentence) in alike(then | _runs_of_sentences(department)):
        if before >= 0 or now < 0 or field in told:
            continue
        told.add(field)
        message = (
            f"{_chapter(field, chapters)}与上年报告的文字几乎相同：“{shortened(sentence, OPENING)}”"
        )
        yield Raised("leftover.last_year", "warning", message, field, sentence)


def _runs_of_sentences(department: Department) -> dict[tuple[str, int, str], frozenset[str]]:
    """The sentences that the department wrote of this year's work: field, number, words."""
    names = own_names(department)
    return {
        (field, n, sentence): runs(sentence, names)
        for n, (field, sentence) in enumerate(_sentences(narratives(department)))
    }


def punctuation(card: Scorecard) -> Found:
    """Half-width signs among full-width ones, doubled signs, stray dashes, open brackets."""
    for field, text in card.department.texts.items():
        if found := REPEATED_DASH.search(text):
            words = found[0].strip()
            yield Raised("typing.dash", "info", f"多出的破折号“{words}”", field, words)
        odd = [*HALF_WIDTH.finditer(text), *DOUBLED.finditer(text)]
        if odd:
            listed = "".join(dict.fromkeys(f"“{found[0]}”" for found in odd))
            first = min(odd, key=lambda found: found.start())
            words = text[max(0, first.start() - 4) : first.end() + 4].split("\n")[0]
            message = f"标点不统一，有{len(odd)}处半角或重复的标点：{listed}"
            yield Raised("typing.punctuation", "info", message, field, words)
        for paragraph in text.splitlines():
            if odd_one := _unmatched(paragraph):
                message = f"括号或引号不成对：“{odd_one}”"
                yield Raised("typing.brackets", "info", message, field, odd_one)


def _unmatched(text: str) -> str:
    """The first bracket without its other half; half-width ones count as full-width."""
    text = text.translate({ord("("): "（", ord(")"): "）"})
    # 1）、2） number a list.
    text = re.sub(r"(^|[：；。，、\s])([0-9]{1,2}|[一二三四五六七八九十])）", r"\1\2 ", text)
    closing = {right: left for left, right in PAIRS.items()}
    waiting: list[str] = []
    for sign in text:
        if sign in PAIRS:
            waiting.append(sign)
        elif sign in closing:
            if not waiting or waiting[-1] != closing[sign]:
                return sign
            waiting.pop()
    return waiting[0] if waiting else ""


def _sentences(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field, text in texts.items():
        for sentence in re.findall(r"[^。！？；\n]+[。！？；]?", text):
            yield field, sentence.strip()


def _chapter(field: str, chapters: Chapters) -> str:
    """A field as a reader finds it in the report."""
    if (i := project_of(field)) is not None:
        return f"第{i + 1}个项目"
    named = {paths.narrative(name): words for name, words in chapters.model_dump().items()}
    return str(named.get(field, chapters.about))


LEFTOVERS: tuple[Callable[[Scorecard], Found], ...] = (
    other_years,
    other_departments,
    placeholders,
    missing_place,
    repeated_texts,
    kept_from_last_year,
    punctuation,
)
