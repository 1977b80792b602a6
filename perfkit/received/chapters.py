"""章节: which paragraphs and tables belong to which of the seven chapters, and the items in a chapter.

Chapters are known by what their titles say, however they are numbered: 一、（一）1. typed or
automatic, a heading style, or a bold line. Of all lines that could be titles, those are taken that
stand in the form's order and look most like titles; a table of contents so gives way to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from perfkit.quantities import halfwidth
from perfkit.received.paper import Block, Paragraph, Table, bare, narrow, narrowed

TITLES = {
    "front": r"(?!)",
    "about": r"部门概况|部门基本情况|基本概况|单位概况|部门(?:单位)?情况",
    "divisions": r"机构设置|主要职[能责]|职责(?:工作任务|任务)|职能职责",
    "objective": r"绩效目标设[立定置]|年度(?:总体)?绩效目标$|^部门整体绩效目标$|^整体绩效目标(?:情况)?$",
    "execution": r"预算执行情况",
    "projects": r"绩效目标(?:实现|完成)情况|绩效(?:实现|完成)情况",
    "management": r"预算管理(?:情况|工作)",
    "result": r"(?:评价|自评)(?:得分|结论|结果)|得分情况",
    "problems": r"存在的?(?:主要)?问题|问题及原因",
    "measures": r"措施|建议|改进",
    "annex": r"^附[件表]|评分表",
}
"""By chapter, in the form's order, what its title says."""

ORDER = {key: n for n, key in enumerate(TITLES)}

LONGEST_TITLE = 34
LONGEST_ITEM = 80
"""Signs of a title of a chapter, of an item in one."""

_NUMERALS = "一二三四五六七八九十"
_LABELS = {
    "chapter": rf"(?P<chapter>[{_NUMERALS}]{{1,3}})\s?[、.,，．]",
    "ordinal": rf"第(?P<ordinal>[{_NUMERALS}0-9]{{1,3}})(?:章|节|部分|项)[、：:\s]?",
    "project": rf"项目(?P<project>[{_NUMERALS}0-9]{{1,3}})[、：:．.]",
    "bracketed": rf"[（(]\s?(?P<bracketed>[{_NUMERALS}]{{1,3}})\s?[）)][、.]?",
    "dotted": r"(?P<dotted>[0-9]{1,2})\s?[.、．,，](?![0-9]{1,6}(?:\.[0-9]+)?\s?(?:万元|亿元|元|%))",
    "enclosed": r"[（(]\s?(?P<enclosed>[0-9]{1,2})\s?[）)][、.]?",
    "half": r"(?P<half>[0-9]{1,2})[）)][、.]?",
    "circled": r"(?P<circled>[①-⑳])",
}
_LABEL = re.compile(r"\s*(?:" + "|".join(_LABELS.values()) + r")\s*")
_CONTENTS = re.compile(r"(?:[.．·…\t]{2,}|\t|\s{3,})\s*[-—]?\s*[0-9]{1,3}\s*[-—]?$")
_SENTENCE_END = tuple("。！？；：!?;:")


@dataclass(frozen=True)
class Label:
    """The number before a title: its way of writing, its value, and what follows it."""

    kind: str
    number: int
    rest: str


def label_of(text: str) -> Label | None:
    """The number at the start of a paragraph: 一、 （二） 3. （4） ⑤."""
    found = _LABEL.match(text)
    if found is None or found.lastgroup is None:
        return None
    return Label(found.lastgroup, _number(found[found.lastgroup]), text[found.end() :].strip())


def title_of(text: str) -> str:
    """The words of a title without its number: 基本支出 of 一、基本支出：."""
    label = label_of(text)
    return bare(label.rest if label else text).rstrip("：:")


def _number(text: str) -> int:
    if text in "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳":
        return ord(text) - 0x2460 + 1
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    digits = {sign: n for n, sign in enumerate(_NUMERALS, 1)}
    if not ten:
        return digits.get(ones[-1:], 0)
    return 10 * (digits.get(tens, 1) if tens else 1) + (digits.get(ones, 0) if ones else 0)


@dataclass
class Chapter:
    """A chapter: where its title stands, and what stands below it."""

    key: str
    place: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def paragraphs(self) -> list[Paragraph]:
        """Its paragraphs."""
        return [block for block in self.blocks if isinstance(block, Paragraph)]

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [block for block in self.blocks if isinstance(block, Table)]


def lines(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with paragraphs parted at soft line breaks, where a new paragraph is meant."""
    for block in narrowed(blocks):
        if isinstance(block, Table):
            yield block
            continue
        pieces: list[str] = []
        for piece in filter(None, map(str.strip, block.text.split("\n"))):
            before = pieces[-1] if pieces else ""
            titled = label_of(piece) is not None or (len(before) < 30 and label_of(before))
            titled = titled and not re.search(r"[0-9.]\n[0-9.]", f"{before}\n{piece}")
            if not pieces or before.endswith(_SENTENCE_END) or titled:
                pieces.append(piece)
            else:
                latin = before[-1].isascii() and piece[0].isascii() and before[-1].isalpha()
                pieces[-1] = before + (" " if latin else "") + piece
        for piece in pieces:
            yield replace(block, text=narrow(piece))


def chapters(
    blocks: Sequence[Block], named: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Chapter]:
    """The chapters that were found, by key; `front` is what stands before the first.

    *named* has the key of each title that the rubric gives a chapter itself.
    """
    found = [
        (n, key, weight)
        for n, block in enumerate(blocks)
        if isinstance(block, Paragraph)
        for key, weight in _could_be(block, named)
    ]
    starts = dict(_best(found))
    # A chapter that stands out of the form's order is one all the same.
    for n, key, weight in found:
        if weight >= 5 and key not in starts.values() and n > min(starts):
            starts[n] = key
    chapter = Chapter("front", "")
    listed = {"front": chapter}
    for n, block in enumerate(blocks):
        if n in starts:
            chapter = listed[starts[n]] = Chapter(starts[n], getattr(block, "place", ""))
        elif not (isinstance(block, Paragraph) and _is_no_text(block, chapter.key, named)):
            chapter.blocks.append(block)
    for chapter in listed.values():
        while chapter.blocks and _begins_next(chapter.blocks[-1]):
            chapter.blocks.pop()
    return listed


def _begins_next(block: Block) -> bool:
    """Whether the last line of a chapter is a title without text of its own, above the next's."""
    title = title_of(block.text) if isinstance(block, Paragraph) else ""
    return re.fullmatch("(?:总体)?评价结论|附[件表][-0-9一二三四五六]*", title) is not None


def _is_no_text(paragraph: Paragraph, key: str, named: Mapping[str, str]) -> bool:
    """A line of the table of contents, or once more the title: 五、总体评价结论 / （一）评价得分情况."""
    if _CONTENTS.search(paragraph.text):
        return True
    marked = label_of(paragraph.text) or paragraph.level or paragraph.strong
    return bool(marked) and any(again == key for again, _ in _could_be(paragraph, named))


def _could_be(paragraph: Paragraph, named: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The chapters whose title a paragraph could be, and how much it looks like one."""
    text = paragraph.text
    label = label_of(text)
    title = title_of(text)
    if label and label.kind in ("chapter", "ordinal"):
        title = title.removesuffix("。")  # 二、当年预算执行情况。
    if not title or len(title) > LONGEST_TITLE or re.search(r"[。；，]", title):
        return
    if paragraph.aside or paragraph.note or _CONTENTS.search(text):
        return
    weight = {"chapter": 5, "ordinal": 5, "bracketed": 3}.get(label.kind if label else "", 1)
    weight += 2 * (0 < paragraph.level <= 4) + paragraph.strong
    if title in named and label:
        yield named[title], weight + 1
        return
    for key, pattern in TITLES.items():
        if re.search(pattern, title):
            # The title of the whole report has 绩效评价, of no chapter.
            if not label and re.search(r"报告$", title):
                continue
            yield key, weight
            return


def _best(found: list[tuple[int, str, int]]) -> list[tuple[int, str]]:
    """Of the lines that could be titles, those in the form's order with the most weight."""
    best: list[tuple[int, list[int]]] = []
    for i, (_, key, weight) in enumerate(found):
        total, way = weight, [i]
        for j in range(i):
            # Of two ways of the same weight the later one: a table of contents stands before.
            if ORDER[found[j][1]] < ORDER[key] and best[j][0] + weight >= total:
                total, way = best[j][0] + weight, [*best[j][1], i]
        best.append((total, way))
    if not best:
        return []
    most = max(total for total, _ in best)
    chosen = [way for total, way in best if total == most][-1]
    return [(found[i][0], found[i][1]) for i in chosen]


@dataclass
class Item:
    """A numbered item of a chapter, such as a project: its title and what stands below it."""

    title: str
    place: str
    kind: str
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its paragraphs, a line each."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)


def items(paragraphs: Sequence[Paragraph]) -> dict[str, list[Item]]:
    """The items of a chapter for each way that they could be marked in."""
    ways = {}
    for kind in (*_LABELS, "level", "strong"):
        listed = list(_items(paragraphs, kind))
        if listed:
            ways[kind] = listed
    return ways


def _items(paragraphs: Sequence[Paragraph], kind: str) -> Iterator[Item]:
    item: Item | None = None
    last = earlier = 0
    deepest = max((p.level for p in paragraphs), default=0)
    for paragraph in paragraphs:
        label = None if paragraph.note else label_of(paragraph.text)
        title, rest = "", ""
        if kind in _LABELS:
            if label and label.kind == kind:
                title, rest = _title(label.rest)
                # A number that was left out or typed twice, where the title stands alone.
                near = not rest and len(title) <= LONGEST_TITLE and abs(label.number - last) <= 2
                # Below a heading the count begins anew, or goes on.
                if label.number not in (last + 1, 1, earlier + 1) and not (last and near):
                    title = ""
                if title:
                    last = label.number
        elif (kind == "level" and paragraph.level and paragraph.level == deepest) or (
            kind == "strong" and paragraph.strong
        ):
            title, rest = _title(label.rest if label else paragraph.text)
            title = "" if rest else title
        if title:
            if item:
                yield item
            item = Item(title, paragraph.place, kind)
            if rest:
                item.paragraphs.append(replace(paragraph, text=rest))
        elif label and _outer(label.kind, kind) and len(label.rest) <= LONGEST_TITLE:
            if item:
                yield item
            item = None
            if label.kind in ("chapter", "bracketed"):
                earlier, last = last or earlier, 0
        elif item:
            item.paragraphs.append(paragraph)
    if item:
        yield item


def _outer(kind: str, than: str) -> bool:
    """Whether items marked so stand around those marked otherwise."""
    ranks = {kind: n for n, kind in enumerate(_LABELS)}
    return kind in ("chapter", "ordinal", "bracketed") and ranks[kind] < ranks.get(than, 99)


def _title(text: str) -> tuple[str, str]:
    """The title of an item, and the text after it on the same line; empty if it is no title."""
    text = text.strip()
    if len(text) <= LONGEST_ITEM and not re.search(r"[。；]", text):
        found = re.fullmatch(r"([^：:]{2,})[：:]\s*(.{6,})", text)
        if found and re.search(r"[0-9]", halfwidth(found[2])) and "，" in found[2]:
            return found[1].strip(), found[2]
        return text.rstrip("：:，,").strip(), ""
    found = re.match(r"([^。：:；，]{2,60})[。：:]\s*", text)
    return (found[1].strip(), text[found.end() :]) if found else ("", "")
