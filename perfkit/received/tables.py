"""表格: the score sheet and the tables of amounts, whatever their columns are called and how merged.

A column is known by the words of its heading, a row by what stands before its figures. A
heading may stand again inside a table, with other columns below it (指标、2022年、2023年).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from perfkit.quantities import halfwidth
from perfkit.received.paper import Block, Cell, Paragraph, Table, bare

HEADINGS = {
    "number": r"^序号$",
    "name": r"项目名称|^项目$|^项目及内容$",
    "level": r"[一二三]级指标|^指标$|指标名称|指标内容|绩效指标$|^指标类别$",
    "initial": r"年初预算|年初批复|年初数",
    "adjusted": r"调整后预算|调整预算|全年预算|全年预算数",
    "rate": r"执行率|支出率|执行进度|完成率",
    "spent": r"执行数|支出数|决算数|支出金额|实际支出|^支出$|决算$|^执行$|全年支出|到位.*支出",
    "budget": r"预算数|预算金额|预算安排|^预算$|预算资金|^预算额$",
    "unspent": r"未支出|结余|结转|差异|差额",
    "points": r"^分值$|权重|^满分$|标准分|^分值\(权重\)$",
    "claimed": r"自评得分|自评分|^自评$",
    "awarded": r"核定得分|复评得分|评价得分|财政评分|核查得分",
    "evaluation": r"评价方式|评价类型",
    "score": r"^得分$|^评分$|实际得分",
    "target": r"指标值|目标值|年初目标|^目标$|预期值",
    "actual": r"完成值|实际值|实际完成|完成情况|完成数|^完成$",
    "note": r"偏差原因|原因分析|改进措施|扣分原因|说明|备注",
    "explanation": r"指标解释|指标说明|评分标准|评分细则|计分",
    "text": r"主要内容|绩效情况|实施内容|主要做法",
}
"""Of each kind of column what its heading says; the first that fits is taken."""

UNIT = re.compile(r"单位[:为是]?(人民币)?(万元|元|亿元)|^\((万元|元|亿元)\)|\((万元|元|亿元)\)")
NONE = {"", "-", "—", "——", "/", "无", "--", "－", "未填", "*"}
"""What stands in a cell without content."""

_NUMBER = re.compile(r"[0-9][0-9,，]*(?:\.[0-9]+)?")


@dataclass
class Row:
    """A row below a heading: its cells by the kind of their columns, in order."""

    cells: dict[str, list[Cell]]
    whole: list[Cell]
    columns: dict[str, str] = field(default_factory=dict)

    def cell(self, *kinds: str) -> Cell | None:
        """The first cell with content of these kinds of columns."""
        for kind in kinds:
            for cell in self.cells.get(kind, ()):
                if cell.bare not in NONE:
                    return cell
        return None

    def text(self, *kinds: str) -> str:
        """Its content, empty without any."""
        found = self.cell(*kinds)
        return " ".join(found.text.split()) if found else ""

    @property
    def labels(self) -> list[Cell]:
        """The cells before the first figure: what the row is about."""
        return self.cells.get("level", []) + self.cells.get("name", [])


@dataclass
class Part:
    """The rows of a table below one heading, and the unit that its amounts are in."""

    kinds: set[str]
    rows: list[Row]
    unit: str
    place: str
    heads: list[str]


def parts(blocks: Sequence[Block]) -> Iterator[Part]:
    """The tables among the blocks, parted where a heading stands in them."""
    before: list[str] = []
    last: Part | None = None
    for block in blocks:
        if isinstance(block, Paragraph):
            before = [*before[-2:], block.text]
            last = last if re.fullmatch(r"[（(]?(?:续|接上)表?.{0,4}", block.text) else None
            continue
        for part in _parts(block, _unit(before), last):
            yield part
            last = part
        before = []


def _unit(texts: Sequence[str]) -> str:
    for text in reversed(texts):
        if found := UNIT.search(bare(text)):
            return next(unit for unit in found.groups()[1:] if unit)
    return ""


def column_kind(text: str) -> str:
    """What kind of column a heading is of, by `HEADINGS`; empty if it is none of them."""
    # The unit in a heading is none of its words.
    words = re.sub(r"\((?:万元|元|亿元|%|分|单位[^)]*)\)", "", text)
    if re.fullmatch(r"(?:19|20)[0-9]{2}年度?|上年度?|本年度?", words):
        return "year"
    return next((kind for kind, said in HEADINGS.items() if re.search(said, words)), "")


def is_heading(row: Sequence[Cell | None]) -> bool:
    """Whether most cells of a row, and three at least, are headings."""
    cells = list(dict.fromkeys(cell for cell in row if cell))
    texts = [cell.bare for cell in cells if cell.bare]
    kinds = [column_kind(text) for text in texts if len(text) <= 16]
    return len(texts) >= 3 and sum(map(bool, kinds)) >= 3 and sum(map(bool, kinds)) * 2 > len(texts)


def _parts(table: Table, unit: str, before: Part | None = None) -> Iterator[Part]:
    """The parts of a table; one without a heading, of as many columns, goes on with that *before* it."""
    part: Part | None = None
    kinds: list[str] = []
    years: list[str] = []
    rows = list(table.rows)
    at = 0
    if before and not any(map(is_heading, rows)) and len(rows[0]) == len(before.heads):
        years = before.heads
        kinds = list(map(column_kind, years))
        part = Part(before.kinds, [], before.unit, before.place, years)
    while at < len(rows):
        row = rows[at]
        at += 1
        if is_heading(row):
            if part and part.rows:
                yield part
            heads = [cell.bare if cell else "" for cell in row]
            if at < len(rows) and _goes_on(row, rows[at]):
                below = [cell.bare if cell else "" for cell in rows[at]]
                heads = [
                    one if one == two else f"{one}{two}"
                    for one, two in zip(heads, below, strict=True)
                ]
                at += 1
            kinds = [column_kind(head) for head in heads]
            years = heads
            own = _unit(["".join(heads)])
            part = Part(set(kinds) - {""}, [], own or unit, table.place, heads)
            continue
        if part is None:
            texts = [cell.text for cell in row if cell]
            unit = _unit(texts) or unit
            continue
        part.rows.append(_row(row, kinds, years))
    if part and part.rows:
        yield part


def _goes_on(head: Sequence[Cell | None], row: Sequence[Cell | None]) -> bool:
    """Whether a second row belongs to the heading: some cells reach into it, others are headings."""
    shared = [one is two for one, two in zip(head, row, strict=True) if one]
    other = [two.bare for one, two in zip(head, row, strict=True) if two and one is not two]
    return any(shared) and bool(other) and all(column_kind(text) or not text for text in other)


def _row(row: Sequence[Cell | None], kinds: Sequence[str], years: Sequence[str]) -> Row:
    cells: dict[str, list[Cell]] = {}
    for cell, kind, head in zip(row, kinds, years, strict=True):
        if cell is None:
            continue
        listed = cells.setdefault(kind, [])
        if cell not in listed:
            listed.append(cell)
        if kind == "year":
            cells.setdefault(f"year {head[:4]}", []).append(cell)
    return Row(cells, list(dict.fromkeys(cell for cell in row if cell)))


def number(text: str) -> str:
    """The number alone in a cell, such as a score; empty if it is none."""
    found = halfwidth(text).replace(" ", "").replace(",", "").removesuffix("分")
    # 核定得分 may have a second line of what the rule says.
    found = found.split("\n")[0]
    return found if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", found) else ""


def amount(text: str, unit: str) -> str:
    """An amount in a cell, with its own unit or that of the table; empty if it is none."""
    found = re.sub(r"\s", "", halfwidth(text)).replace("，", ",")
    match = re.fullmatch(rf"(?:[¥￥])?({_NUMBER.pattern})(万元|亿元|元|万|亿)?", found)
    if match is None:
        return ""
    return match[1].replace(",", "") + (match[2] or unit or "万元")


def rate(text: str, bare_percent: bool = False) -> str:
    """A rate in a cell: 99.88%; without its sign only where the heading has it."""
    found = re.sub(r"\s", "", halfwidth(text))
    if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?%", found):
        return found
    plain = re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", found)
    return f"{found}%" if plain and bare_percent else ""
