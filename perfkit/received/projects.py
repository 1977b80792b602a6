"""项目 of a published report: from numbered or bold titles with their texts, and from tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from perfkit.forms import paths
from perfkit.received.chapters import Chapter, Item, items, label_of, title_of
from perfkit.received.figures import Said, first_and_best, said, term
from perfkit.received.found import Origin, Received, Value, origin_of, range_of, value_of
from perfkit.received.own import generated
from perfkit.received.paper import Block, Cell, Paragraph, bare
from perfkit.received.tables import NONE, Row, amount, number, parts, rate

_WHOLE = re.compile(r"基本支出|[-—]*项目支出")
_NO_PROJECT = re.compile(rf"合计|小计|总计|资金总体|其他(?:支出)?|{_WHOLE.pattern}")
_COLUMNS = {
    "budget": ("adjusted", "budget"),
    "spent": ("spent",),
    "rate": ("rate",),
    "score": ("claimed", "score"),
    "evaluation": ("evaluation",),
    "note": ("note", "text", "actual"),
}
# What perfkit prints before the text of a project in a table, and where spending wasn't filed.
_BEFORE_TEXT = re.compile(
    r"(?:实施期限[^。]*。|[0-9年月日]+(?:开始|结束)。)?(?:支出数未填[^。]*。)?"
)
_DERIVED = re.compile(r"支出数未填，按所填预算执行率([0-9.]+%)")


@dataclass
class _Line:
    """A project's row in a table: its cells by what they are, and the unit of the table."""

    name: Cell
    cells: dict[str, Cell]
    unit: str
    percent: bool

    def text(self, key: str) -> str:
        """What stands in a cell, empty without it."""
        return self.cells[key].text if key in self.cells else ""

    def origin(self, key: str) -> Origin:
        """Where a cell stands."""
        return Origin(self.cells[key].place, self.cells[key].text)


def read_projects(
    found: Received, blocks: Sequence[Block], chapter: Chapter | None, year: int, own: bool
) -> None:
    """Take in the projects: those of the chapter in its order, then those in tables alone.

    *own* says that perfkit made the report: then what it wrote itself is no text of a project.
    """
    listed = _items(chapter, found, year, own) if chapter else []
    whole = bare(found.rubric.words.total)
    rows = [row for row in _lines(blocks) if row.name.bare != whole]
    pairs: list[tuple[Item | None, _Line | None]] = []
    for item in listed:
        row = next((row for row in rows if _same(row.name.bare, bare(item.title))), None)
        if row:
            rows.remove(row)
        pairs.append((item, row))
    below = _texts_below(chapter.paragraphs, rows) if chapter else {}
    pairs += [(below.get(row.name.bare), row) for row in rows]
    for n, (one, line) in enumerate(pairs):
        _Project(found, n, one, line, year, own).read()


def _items(chapter: Chapter, found: Received, year: int, own: bool) -> list[Item]:
    """The items of the chapter that are projects: at least half of them have an amount.

    Of a rubric without money only a report that perfkit made (*own*) tells which are.
    """
    listed = [paragraph for paragraph in chapter.paragraphs if not paragraph.aside]
    if not found.rubric.has_money:
        return items(listed).get("dotted", []) if own else []
    kinds = [bare(kind.name) for rule in found.rubric.groups.values() for kind in rule.kinds]
    best: list[Item] = []
    most = (0, 0)
    for way in items(listed).values():
        projects = [item for item in way if not _names_a_kind(item.title, kinds)]
        with_amount = sum(
            any(figure.cue in ("budget", "spent") for figure in said(item.text, year, True))
            for item in projects
        )
        # Projects stand below headings, which hold the amounts of all that is below them.
        fit = with_amount - 2 * (len(projects) - with_amount), -sum(map(_is_head, projects))
        if with_amount * 2 >= len(projects) and fit > most:
            best, most = projects, fit
    return best


def _is_head(item: Item) -> bool:
    """Whether an item begins with the title of another: a heading over projects."""
    label = label_of(item.paragraphs[0].text) if item.paragraphs else None
    return label is not None and label.kind != item.kind and not re.search("[。；]", label.rest)


def _texts_below(paragraphs: Sequence[Paragraph], rows: Sequence[_Line]) -> dict[str, Item]:
    """By the name of a project in a table, its text elsewhere in the chapter, below that name."""
    names = {row.name.bare for row in rows}
    found: dict[str, Item] = {}
    item: Item | None = None
    for paragraph in paragraphs:
        label = label_of(paragraph.text)
        title = bare(label.rest if label else paragraph.text)
        if title in names:
            item = found.setdefault(title, Item(title, paragraph.place, "name"))
        elif paragraph.level or (label and label.kind in ("chapter", "bracketed")):
            item = None
        elif item and not paragraph.aside:
            item.paragraphs.append(paragraph)
    return {name: item for name, item in found.items() if item.paragraphs}


def _lines(blocks: Sequence[Block]) -> list[_Line]:
    found: list[_Line] = []
    for part in parts(blocks):
        if "name" not in part.kinds or not part.kinds & {"budget", "adjusted"}:
            continue
        if part.kinds & {"target", "points"} and "number" not in part.kinds:
            continue
        names = [title_of(name.text) for row in part.rows if (name := row.cell("name"))]
        if any(map(_WHOLE.fullmatch, names)) and "number" not in part.kinds:
            continue  # the parts of the budget and what they consist of, 其中：人员经费
        percent = any("%" in head for head in part.heads)
        for row in part.rows:
            if line := _line(row, part.unit, percent):
                found.append(line)
    listed: dict[tuple[str, ...], _Line] = {}
    for line in found:  # the same table once more in the annex says nothing new
        same = (line.name.bare, *(line.text(key).strip() for key in ("budget", "spent")))
        listed.setdefault(same, line)
    return list(listed.values())


def _line(row: Row, unit: str, percent: bool) -> _Line | None:
    name = row.cell("name")
    if name is None or _NO_PROJECT.fullmatch(title_of(name.text)):
        return None
    cells = {key: cell for key, kinds in _COLUMNS.items() if (cell := row.cell(*kinds))}
    return _Line(name, cells, unit, percent)


class _Project:
    def __init__(
        self, found: Received, n: int, item: Item | None, row: _Line | None, year: int, own: bool
    ) -> None:
        self.found, self.n, self.item, self.row, self.own = found, n, item, row, own
        self.paragraphs = item.paragraphs if item else []
        self.text = item.text if item else ""
        self.note = row.text("note") if row else ""
        name = " ".join(row.name.text.split()) if row else _name(item.title) if item else ""
        names = {name: "this"} if len(name) > 3 else {}
        self.name = name
        self.figures: list[tuple[Said, Origin]] = [
            (figure, origin_of(paragraph, figure))
            for paragraph in self.paragraphs
            for figure in said(paragraph.text, year, True, names)
        ]

    def put(self, field: str, value: object, origin: Origin) -> None:
        self.found.put(paths.project(self.n, field), value, origin)

    def read(self) -> None:
        """Take in all that is said of the project."""
        place = self.row.name.place if self.row else self.item.place if self.item else ""
        self.put("name", self.name, Origin(place))
        for cue, values in self.values().items():
            self.found.choose(paths.project(self.n, cue), values)
        self.score()
        self.evaluation()
        self.term()
        self.narrative()

    def values(self) -> dict[str, list[Value]]:
        """The figures for each amount and the rate: of the table first, then of the text."""
        found: dict[str, list[Value | None]] = {"budget": [], "spent": [], "rate": []}
        if row := self.row:
            for cue in ("budget", "spent"):
                if written := amount(row.text(cue), row.unit):
                    found[cue].append(value_of(written, "amount", row.origin(cue)))
            if written := rate(row.text("rate"), row.percent):
                found["rate"].append(value_of(written, "rate", row.origin("rate")))
        for cue, listed in found.items():
            best = first_and_best([figure for figure, _ in self.figures], "this", cue)
            if best:
                origin = next(origin for figure, origin in self.figures if figure is best)
                if not best.sure:
                    origin = Origin(origin.place, origin.quote, "这句话还说了别的")
                listed.append(value_of(best.text, best.mention.kind, origin))
        if derived := _DERIVED.search(self.note + self.text):
            # What is printed then was worked out from the rate.
            place = self.row.cells["note"].place if self.row and self.note else ""
            place = place or (self.item.place if self.item else "")
            found |= {
                "spent": [],
                "rate": [value_of(derived[1], "rate", Origin(place, derived[0]))],
            }
        return {cue: [value for value in listed if value] for cue, listed in found.items()}

    def score(self) -> None:
        for figure, origin in self.figures:
            if figure.cue == "score" and figure.sure and figure.mention.value <= 100:
                self.put("score", figure.text, origin)
        if self.row and (points := number(self.row.text("score"))):
            self.put("score", points, self.row.origin("score"))
        if self.row and (there := re.search(r"([0-9.]+)分", self.row.text("evaluation"))):
            self.put("score", there[1], self.row.origin("evaluation"))

    def evaluation(self) -> None:
        if self.row and "部门评价" in self.row.text("evaluation"):
            self.put("evaluation", "部门评价", self.row.origin("evaluation"))
        for paragraph in self.paragraphs:
            if told := re.search(r"部门评价项目。|评价方式[：:为]?部门评价", paragraph.text):
                self.put("evaluation", "部门评价", Origin(paragraph.place, told[0]))

    def term(self) -> None:
        places = [(paragraph.text, paragraph.place) for paragraph in self.paragraphs]
        if self.row and self.note:
            places.append((self.note, self.row.cells["note"].place))
        for text, place in places:
            if days := term(text):
                for field, day in zip(("starts", "ends"), days, strict=True):
                    self.put(field, day, Origin(place))
                return

    def narrative(self) -> None:
        """The text below its title; without one what its row says, but for 见表后第3项."""
        words = [
            p for p in self.paragraphs if not (self.own and generated(p.text, self.found.rubric))
        ]
        text = "\n".join(paragraph.text for paragraph in words)
        if text:
            self.put("narrative", text, Origin(range_of(words)))
        elif self.row and (told := _BEFORE_TEXT.sub("", self.note, count=1).strip()) not in NONE:
            self.put("narrative", told, Origin(self.row.cells["note"].place))


def _same(one: str, other: str) -> bool:
    """Whether two ways to write a project's name are of one project."""
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) > 5 and shorter in longer)


def _names_a_kind(title: str, kinds: Iterable[str]) -> bool:
    """Whether an item is about 产出数量 or 社会效益, or a heading over others, not a project."""
    if re.search(r"情况(?:分析)?$", title.strip()):
        return True
    text = re.sub(r"(?:完成)?情况(?:分析)?|指标|分析", "", bare(title))
    return any(text == kind or (len(text) > 1 and kind.endswith(text)) for kind in kinds)


def _name(title: str) -> str:
    return title.strip().strip("《》").rstrip("。：:")
