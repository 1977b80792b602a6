"""遗留文字: what is left over in a text from another year, another department or the form itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from perfkit.department import Department, project_of
from perfkit.findings import Found, Raised
from perfkit.likeness import OPENING, alike, narratives, own_names, runs
from perfkit.scoring import Scorecard
from perfkit.yamlfile import shortened

# Words that make a sentence speak of another year on purpose.
COMPARED = re.compile(
    r"上年|去年|上一年|较|比|同期|以来|至今|延续|整改|历年|连续|明年|下年|下一年|次年|将|计划|拟"
)
EVALUATED = re.compile(
    r"(\d{4})年(?:度)?(?:部门整体(?:支出)?绩效|绩效自评|整体绩效|全年预算(?:数|执行)|年初预算数|预算执行率|部门决算)"
)
OTHER_REPORT = re.compile(
    r"([\u4e00-\u9fff]{2,20}?(?:局|委员会|办公室|厅|管理处|中心|街道办事处|镇人民政府|乡人民政府))"
    r"(?=\d{4}年(?:度)?部门整体(?:支出)?绩效)"
)
OURSELVES = re.compile(r"我([局委办院厅站所馆街镇乡])(?![一-龥]?公厅)")
PLACEHOLDER = re.compile(
    r"[×＊*Ｘ]{2,}|(?<![A-Za-z])[Xx]{2,}(?![A-Za-z])|【[^】]{0,12}】|〔\s*〕|_{2,}|＿{2,}|[（(]\s*[）)]"
    r"|某某|待补充|待填写?|请填写|此处填写|(?<=[\u4e00-\u9fff])\u3000+(?=[区市县局])|(?<=\d年)\u3000+|\u3000+(?=[年月日])"
)
REPEATED_DASH = re.compile(r"(?:^|(?<=[，。；：、！？（\n]))\s*——+|———+")
HALF_WIDTH = re.compile(
    r"(?<=[\u4e00-\u9fff”）》])[,;:?!](?=[\u4e00-\u9fff“（《])|\((?=[^()\n]*[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])\)"
)
DOUBLED = re.compile(r"。。+|，，+|、、+|；；+|，。|。，|、。|。、|；。|，；|：。")
PAIRS = {"（": "）", "《": "》", "“": "”", "〔": "〕", "【": "】", "‘": "’"}
PLACE_FIRST = re.compile(r"[区县市州旗省]")


def other_years(card: Scorecard) -> Found:
    """A sentence on this year's evaluation that names another year."""
    year = card.department.year
    for field, sentence in _sentences(card.department.texts):
        for found in EVALUATED.finditer(sentence):
            if int(found[1]) == year or COMPARED.search(sentence) or str(year) in sentence:
                continue
            message = f"评价年度是{year}年，文字写“{found[0]}”，可能是往年留下的"
            yield Raised("leftover.year", "error", message, field, found[0])


def other_departments(card: Scorecard) -> Found:
    """Another department's name as the one evaluated, or 我局 in the text of an 办."""
    department = card.department
    own = "".join(own_names(department))
    for field, text in department.texts.items():
        for found in OTHER_REPORT.finditer(text):
            if found[1] not in own and not found[1].endswith(tuple(own_names(department))):
                message = f"文字写“{found[1]}”的部门整体绩效，本报告是{department.name}的"
                yield Raised("leftover.department", "error", message, field, found[1])
        odd = {found[0]: found for found in OURSELVES.finditer(text) if found[1] not in own}
        for words in odd:
            message = f"文字自称“{words}”，与部门名称{department.name}不符，可能是别处抄来的"
            yield Raised("leftover.department", "warning", message, field, words)


def placeholders(card: Scorecard) -> Found:
    """××, 【】, ____ and blanks that no one filled in."""
    for field, text in card.department.texts.items():
        for words in dict.fromkeys(found[0] for found in PLACEHOLDER.finditer(text)):
            shown = words.strip() or "空白"
            message = f"文字里有没有填写的“{shown}”"
            yield Raised("leftover.placeholder", "error", message, field, words)


def missing_place(card: Scorecard) -> Found:
    """A title such as 区金融办…, which does not say of which district."""
    department = card.department
    short = department.short_name
    if short and PLACE_FIRST.match(short) and not department.name.startswith(short):
        message = f"报告标题用的部门简称“{short}”没有写明是哪个{short[0]}，公布时应写全"
        yield "leftover.place", "info", message, "short_name"


def repeated_texts(card: Scorecard) -> Found:
    """Sentences that two parts of the report share."""
    told = set()
    for one, other in alike(_runs_of_sentences(card.department)):
        fields = one[0], other[0]
        if one[0] == other[0] or fields in told:
            continue
        told.add(fields)
        message = f"{_chapter(one[0])}与{_chapter(other[0])}的文字几乎相同：“{shortened(other[2], OPENING)}”"
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
    told = set()
    for (_, before, _), (field, now, sentence) in alike(then | _runs_of_sentences(department)):
        if before >= 0 or now < 0 or field in told:
            continue
        told.add(field)
        message = f"{_chapter(field)}与上年报告的文字几乎相同：“{shortened(sentence, OPENING)}”"
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
    text = re.sub(r"(^|[：；。，、\s])(\d{1,2}|[一二三四五六七八九十])）", r"\1\2 ", text)
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


def _chapter(field: str) -> str:
    """A field as a reader finds it in the report."""
    if (i := project_of(field)) is not None:
        return f"第{i + 1}个项目"
    words = {
        "narrative.execution": "预算执行情况说明",
        "narrative.management": "预算管理情况分析",
        "narrative.result": "评价得分情况说明",
        "narrative.problems": "存在的问题及原因分析",
        "narrative.measures": "措施建议",
    }
    return words.get(field, "部门概况")


LEFTOVERS: tuple[Callable[[Scorecard], Found], ...] = (
    other_years,
    other_departments,
    placeholders,
    missing_place,
    repeated_texts,
    kept_from_last_year,
    punctuation,
)
