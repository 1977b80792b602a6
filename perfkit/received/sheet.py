"""评分表 of a published report: indicators with their values, claimed points, the rates compared."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from perfkit.forms import paths
from perfkit.quantities import parse_measure, plain
from perfkit.received.paper import Block, Cell, Paragraph, Table, bare
from perfkit.received.tables import NONE, Part, Row, is_heading, number, parts, rate
from perfkit.scoring.kinds.chosen import Kind
from perfkit.scoring.rubric import Rubric, RubricIndicator
from perfkit.texts import shortened

Placed = tuple[str, str]
"""A text and the place that it stands at."""

ALSO = {
    "timeliness": ("时效", "进度"), "satisfaction": ("满意度",), "environment": ("生态",),
    "sustainability": ("可持续",),
}  # fmt: skip
"""Other words for a kind, as other forms have them."""

_POINTS = re.compile(r"\([0-9.]+分?\)$")
_TOTAL = re.compile(r"合计|总计|总分|总得分")
_SOURCE = re.compile(r"评分标准[：:].*出处[：:]")
"""The last row of a sheet that perfkit made: what it is made by."""


@dataclass
class Sheet:
    """What the score sheet says; each value with its place."""

    indicators: list[dict[str, Placed]] = field(default_factory=list)
    claims: dict[str, Placed] = field(default_factory=dict)
    awards: dict[str, Placed] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    rates: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Rows with a target whose kind of indicator isn't known, with their places."""
    others: list[str] = field(default_factory=list)
    """Tables that are no part of the sheet, in words."""
    total: Placed | None = None
    grade: Placed | None = None


def read_sheet(blocks: Sequence[Block], rubric: Rubric, year: int) -> Sheet:
    """The score sheet among the tables of a report."""
    reader = _Reader(rubric, year)
    tables, reader.sheet.others = of_the_department(blocks)
    listed = [part for part in parts(tables) if part.kinds & {"claimed", "score", "awarded"}]
    # The sheet has the values beside the points; a table of points alone is read after it.
    listed.sort(key=lambda part: not part.kinds & {"target", "year", "budget", "adjusted"})
    for part in listed:
        if part.kinds & {"points", "target"} and not reader.again(part):
            reader.part(part)
    reader.groups()
    return reader.sheet


_FORM = re.compile(
    r"项目(?:支出|资金)*绩效(?:目标)?(?:自评价?|评价|完成情况)?表|项目(?:支出)?自评(?:打分)?表"
)
"""The caption of the form that a single project is evaluated in."""


def of_the_department(blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """The blocks without the forms of single projects (项目支出绩效自评表), and what they are, in words.

    Their indicators and points are none of the department's. Where there is no other sheet, the report
    is of a project, and they stay.
    """
    own: list[Block] = []
    told: list[str] = []
    form = False
    for block in blocks:
        if isinstance(block, Paragraph):
            form = len(block.text) < 60 and _FORM.search(bare(block.text)) is not None
            own.append(block)
            continue
        name = _project_of(block)
        # A form that goes on in a second table has nothing between them.
        form = form or name is not None
        if form:
            whose = f"（{shortened(name, 30)}）" if name else ""
            told.append(f"{block.place}是单个项目的自评表{whose}，不是部门的评分表，没有读")
        else:
            own.append(block)
    if any(part.kinds & {"claimed", "score", "awarded"} for part in parts(own)):
        return own, told
    return list(blocks), []


def _project_of(table: Table) -> str | None:
    """The project that a form is of: what stands beside 项目名称 in its first rows."""
    for row in table.rows[:6]:
        cells = list(dict.fromkeys(cell for cell in row if cell and cell.bare))
        for one, other in pairwise(cells):
            if one.bare.rstrip(":") == "项目名称" and not is_heading(row):
                return " ".join(other.text.split())
    return None


class _Reader:
    def __init__(self, rubric: Rubric, year: int) -> None:
        self.rubric, self.year = rubric, year
        self.sheet = Sheet()
        self.kinds = [
            (name, rule, kind)
            for name, rule in ((g, r) for g, r in rubric.groups.items())
            for kind in rule.kinds
        ]
        self.rows: dict[str, list[tuple[Row, int, str]]] = defaultdict(list)
        self.group, self.kind = "", ""
        self.place = ""
        """The last table that was read."""

    def again(self, part: Part) -> bool:
        """Whether a table is a second sheet (复评评分表), with rows that were read before."""
        if part.place in (self.place, "") or "target" not in part.kinds:
            return False
        known = {bare(row["name"][0]) for row in self.sheet.indicators if "name" in row}
        own = {bare(i.name): i.id for i in self.rubric.indicators if not i.rule.choice}
        told: list[str] = []
        rows = 0
        for row in part.rows:
            texts = [_POINTS.sub("", cell.bare) for cell in row.labels or row.whole[:2]]
            code = next((own[text] for text in texts if text in own), "")
            before = self.sheet.claims.get(code)
            claim = self.points(row, "claimed", "score", "awarded")
            rows += bool(before) or any(text in known for text in texts)
            if before and claim and claim[0] != before[0]:
                name = self.rubric.indicator(code).name
                told.append(f"{name}{before[0]}分、{claim[0]}分")
        if rows < 2 or rows * 2 < len(part.rows) or not self.place:
            self.place = part.place
            return False
        differ = f"，得分也不同：{'；'.join(told[:5])}" if told else ""
        first = self.place
        self.sheet.others.append(f"{part.place}又是一张评分表，与{first}重复{differ}；按{first}读")
        return True

    def part(self, part: Part) -> None:
        for row in part.rows:
            self.row(part, row)

    def row(self, part: Part, row: Row) -> None:
        labels = [cell for cell in row.labels or row.whole[:2] if cell.bare]
        if any(_SOURCE.match(cell.bare) for cell in labels):
            return
        texts = [_POINTS.sub("", cell.bare) for cell in labels]
        claim = self.points(row, "claimed", "score" if "claimed" not in part.kinds else "")
        award = self.points(row, "awarded")
        if any(_TOTAL.fullmatch(text) for text in texts[:1]):
            if claim and self.sheet.total is None:
                self.sheet.total = claim
            grade = next((re.search(r"自评(优秀|良好|中等|较差|优|良|中|差)", c.bare) for c in row.whole
                          if "自评" in c.bare), None)  # fmt: skip
            if grade:
                self.sheet.grade = (grade[1], row.whole[0].place)
            return
        if indicator := self.indicator(texts, row):
            if claim:
                self.sheet.claims.setdefault(indicator.id, claim)
            if award:
                self.sheet.awards.setdefault(indicator.id, award)
            note = row.text("note")
            self.sheet.said.setdefault(indicator.id, note)
            self.rates(indicator, row)
            return
        self.chosen(part, row, labels, texts, claim)

    def points(self, row: Row, *kinds: str) -> Placed | None:
        for kind in filter(None, kinds):
            for cell in row.cells.get(kind, ()):
                if found := number(cell.text.split("\n")[0]):
                    return found, cell.place
        return None

    def indicator(self, texts: Sequence[str], row: Row) -> RubricIndicator | None:
        """The rubric's own indicator that a row is about, by its name; 资金总体 for the first."""
        for found in self.rubric.indicators:
            if found.rule.choice:
                continue
            names = (
                {bare(found.name), bare(found.level2)}
                if found.rule.is_execution
                else {bare(found.name)}
            )
            if found.rule.held_against:
                names.add(bare(found.level2))
            if any(text in names for text in texts):
                return found
        return None

    def rates(self, indicator: RubricIndicator, row: Row) -> None:
        """结转结余率 and 预决算差异率 of last year and this, from the columns called by years."""
        stated = getattr(indicator.rule, "stated", "")
        for year, path in ((self.year - 1, paths.PREVIOUS_RATE), (self.year, stated)):
            if path == paths.PREVIOUS_RATE and stated != paths.CARRYOVER_RATE:
                continue
            for cell in row.cells.get(f"year {year}", ()):
                text = rate(cell.text)
                if text and path:
                    quote = f"{indicator.name} {year}年 {cell.text}"
                    self.sheet.rates.setdefault(path, (text, cell.place, quote))
        actual = row.cell("actual")
        if stated and actual and not row.cells.get("year") and (text := rate(actual.text)):
            found = (text, actual.place, f"{indicator.name} {actual.text}")
            self.sheet.rates.setdefault(stated, found)

    # ---- what a department chose

    def chosen(
        self, part: Part, row: Row, labels: list[Cell], texts: list[str], claim: Placed | None
    ) -> None:
        if not self.rubric.groups:
            return  # the departments choose none
        if "target" not in part.kinds:
            # A table of points alone: the claim of a whole group.
            for name in self.rubric.groups:
                if claim and bare(self.rubric.indicator(name).name) in texts[:1]:
                    self.sheet.claims.setdefault(name, claim)
            return
        for text in texts:
            for name in self.rubric.groups:
                if name != self.group and text in (
                    bare(self.rubric.indicator(name).name),
                    bare(self.rubric.indicator(name).level2),
                ):
                    # A kind of another group is none of this one.
                    self.group, self.kind = name, ""
        if "小计" in texts:
            if claim and self.group:
                self.sheet.claims.setdefault(self.group, claim)
            return
        known = [
            (n, found) for n, text in enumerate(texts) for found in [self.kind_of(text)] if found
        ]
        if known:
            self.group, self.kind = known[-1][1][0], known[-1][1][1].id
        else:
            strange = [text for text in texts[:-1] if not self.is_group(text)]
            if strange and (len(texts) >= 3 or strange[-1].endswith("指标")):
                self.kind = ""  # 治理效能指标 below 社会效益指标: the kind before it is over
        target = row.cell("target")
        if target is None:
            return
        if not self.kind or not self.group:
            self.sheet.unread.append(f"{target.place}：“{shortened(' '.join(texts), 40)}”")
            return
        at = {n for n, _ in known}
        named = [
            cell for n, cell in enumerate(labels)
            if n not in at and not self.is_group(texts[n]) and n > min(at, default=-1)
        ]  # fmt: skip
        if not named and known and _measured(target.text):
            named = [labels[known[-1][0]]]  # 服务对象满意度, ≥90%
        self.add(row, named[-1] if named else None, target)

    def kind_of(self, text: str) -> tuple[str, Kind] | None:
        short = re.sub(r"(?:绩效)?指标(?:\([^)]*\))?$", "", text)
        for name, _, kind in self.kinds:
            own = bare(kind.name).removesuffix("指标")
            words = {own, own.removeprefix("产出"), *ALSO.get(kind.id, ())}
            group = bare(self.rubric.indicator(name).name)
            if short in words or short in {f"{group}{word}" for word in words}:
                return name, kind
        for name, _, kind in self.kinds:
            if any(
                short.startswith(word) and len(short) <= len(word) + 3
                for word in ALSO.get(kind.id, ())
            ):
                return name, kind
        return None

    def is_group(self, text: str) -> bool:
        names = [s.name for s in self.rubric.sections]
        names += [self.rubric.indicator(name).name for name in self.rubric.groups]
        return any(text.startswith(bare(name)) for name in names) or text in (
            "产出指标",
            "效益指标",
            "满意度指标",
            "效果指标",
        )

    def add(self, row: Row, named: Cell | None, target: Cell) -> None:
        text = " ".join(target.text.split())
        direction = re.search(r"（(正向|反向)指标）$", text)
        if direction:
            text = text[: direction.start()]
        name = " ".join(named.text.split()) if named else ""
        if not name:
            parted = re.fullmatch(r"(.{2,60}?)\s*[：:]\s*(.+)", text) or re.fullmatch(
                r"([^0-9]{2,60}?)\s*((?:≥|≤|>|<|不低于|不少于|不超过|不高于|达到)\s*[0-9].*)", text
            )
            name, text = (parted[1], parted[2]) if parted else (text, text)
        found = {
            "group": (self.group, target.place),
            "kind": (self.kind, target.place),
            "name": (name, named.place if named else target.place),
            "target": (text, target.place),
        }
        if actual := row.cell("actual"):
            found["actual"] = (" ".join(actual.text.split()), actual.place)
        if direction:
            found["direction"] = (direction[1], target.place)
        if note := row.cell("note"):
            said = " ".join(note.text.split())
            graded = re.match(r"评定“(.+?)”，得分率([0-9.]+%)", said)
            if graded:
                found["grade"] = (f"{graded[1]} {graded[2]}", note.place)
            elif not re.fullmatch(r"得分率[0-9.]+%", said):
                found["note"] = (said.removeprefix("说明："), note.place)
        self.rows[self.group].append((row, len(self.sheet.indicators), target.place))
        self.sheet.indicators.append(found)

    def groups(self) -> None:
        """Weights and claims of each row, or of the group where the cells are merged over it."""
        for name, listed in self.rows.items():
            points = [_points(row, "points") for row, _, _ in listed]
            claims = [_points(row, "claimed") or _points(row, "score") for row, _, _ in listed]
            whole = plain(self.rubric.indicator(name).points)
            cells = {row.cells["points"][0] for row, _, _ in listed if row.cells.get("points")}
            filled = [found for found in points if found]
            alone = len(listed) > 1 and (len(cells) == 1 or len(filled) < len(listed))
            # A cell over several rows that is cut by a page stands there twice.
            twice = len(filled) > 1 and all(found[0] == whole for found in filled)
            if (alone or twice) and filled and filled[0][0] == whole:
                if claim := next(filter(None, claims), None):
                    self.sheet.claims.setdefault(name, claim)
                continue
            for n, ((_, i, _), weight, claim) in enumerate(
                zip(listed, points, claims, strict=True), 1
            ):
                if weight:
                    self.sheet.indicators[i]["weight"] = weight
                if claim:
                    self.sheet.claims.setdefault(f"{name}.{n}", claim)


def _measured(text: str) -> bool:
    with contextlib.suppress(ValueError):
        return parse_measure(" ".join(text.split())) is not None
    return False


def _points(row: Row, kind: str) -> Placed | None:
    for cell in row.cells.get(kind, ()):
        if cell.bare not in NONE and (found := number(cell.text.split("\n")[0])):
            return found, cell.place
    return None
