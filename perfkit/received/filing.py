"""来稿成为填报: what a published report says, as the tree of a filing, each value with its place.

Nothing is invented: what is not found is listed. The little that follows from what is found (结转结余
from a budget, its spending and the rate that fits them; 检查清单 from full marks) is marked as worked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from perfkit.audit.mentions import mentions, squeezed
from perfkit.errors import PerfkitError
from perfkit.forms import paths
from perfkit.quantities import parse_amount, parse_date, parse_rate, percent, plain
from perfkit.received.asked import not_found, read_figures
from perfkit.received.chapters import Chapter, chapters, items, label_of, lines, title_of
from perfkit.received.figures import Said, said
from perfkit.received.found import (
    Origin,
    Received,
    Value,
    origin_of,
    range_of,
    value_of,
    words_of_path,
)
from perfkit.received.own import generated, is_own
from perfkit.received.paper import Block, Paper, Paragraph, Table, bare
from perfkit.received.projects import read_projects
from perfkit.received.sheet import Sheet, of_the_department, read_sheet
from perfkit.received.tables import Row, amount, parts, rate
from perfkit.scoring.asked import asks, offers
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.kinds.checklist import Checklist
from perfkit.scoring.rubric import Rubric, load_rubric, shipped_rubrics
from perfkit.scoring.yearly import ENDING, FOLDER
from perfkit.texts import shortened

DEFAULT = "beijing-2023"
"""The rubric of a report whose score sheet fits no other better."""

QUOTED = 36
"""Signs of the words beside a value that say where it is from."""

_ORGANISATION = re.compile(
    r"[一-鿿（）()]{2,40}(?:局|委员会|委|办公室|办|院|中心|街道|乡|镇|会|馆|所|部|站|政府|队|处|公司|学校|大学)"
)
_USUAL = "整体(?:支出)?绩效(?:评价|自评|自评价)?"


def _title(evaluation: str) -> re.Pattern[str]:
    """The title of a report, of the usual name or by what its rubric calls the evaluation."""
    own = re.escape(evaluation.removeprefix("部门"))
    return re.compile(
        r"(?:关于)?(?:(?P<year>20[0-9]{2})年度?)?(?P<name>[^0-9]{0,40}?)(?:的)?(?:(?P<later>20[0-9]{2})年度?)?"
        rf"(?P<whole>部门|单位)?(?:{_USUAL}|{own})(?:工作)?(?:情况)?(?:的)?报告"
    )


_DIVISION = re.compile(r"(?:科|室|处|中心|队|所|办|股|站|部|局|馆|院|委|组|岗)(?:（.*）|\(.*\))?$")
_DAY = re.compile(r"20[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日")
_NUMERIC = ("amount", "rate")


def gather(paper: Paper, named: str | None = None) -> Received:
    """What a report says, field by field; *named* is its rubric, a name or a file."""
    named, rubric = (named, load_rubric(named)) if named else _rubric_of(paper)
    found = Received(paper, rubric, named)
    blocks = list(lines(paper.blocks))
    _Gatherer(found, blocks, chapters(blocks, _titles(rubric))).gather()
    return found


def _titles(rubric: Rubric) -> dict[str, str]:
    """The chapters' keys by the titles that the rubric gives them."""
    named = rubric.words.chapters.model_dump()
    keys = {"goals": "projects"}  # 目标实现 is known by its projects
    return {bare(title): keys.get(key, key) for key, title in named.items() if key != "conclusion"}


def _rubric_of(paper: Paper) -> tuple[str, Rubric]:
    """The rubric whose indicators the report's tables name most; else the one of Beijing.

    Those that stand in the working folder's ``rubrics/`` count as those that come with perfkit.
    """
    text = "".join(
        cell.bare
        for block in of_the_department(paper.blocks)[0]
        if isinstance(block, Table)
        for row in block.rows
        for cell in dict.fromkeys(row)
        if cell
    )
    names = sorted(shipped_rubrics(), key=lambda name: name != DEFAULT)
    known = {name: load_rubric(name) for name in names} | dict(_own_rubrics())

    def named(rubric: Rubric) -> Decimal:
        # A rubric of few and common names is named whole by the sheet of any other.
        count = sum(bare(indicator.name) in text for indicator in rubric.indicators)
        return Decimal(count * count) / len(rubric.indicators)

    return max(known.items(), key=lambda one: named(one[1]))


def _own_rubrics() -> Iterator[tuple[str, Rubric]]:
    """The files in ``rubrics/`` of the working folder that are rubrics, by their paths."""
    for path in sorted(Path(FOLDER).glob("*.y*ml")):
        if path.name.endswith(ENDING):
            continue
        try:
            yield path.as_posix(), load_rubric(str(path))
        except PerfkitError:
            continue  # perfkit rubric check tells why


class _Gatherer:
    def __init__(self, found: Received, blocks: list[Block], listed: dict[str, Chapter]) -> None:
        self.found, self.blocks, self.chapters = found, blocks, listed
        self.own = is_own(found.paper.properties)
        self.year = 0
        self.names = {found.rubric.words.total: "total"}

    def gather(self) -> None:
        self.front()
        self.divisions()
        self.text("objective", "objective")
        self.execution()
        read_projects(self.found, self.blocks, self.chapters.get("projects"), self.year, self.own)
        sheet = read_sheet(self.blocks, self.found.rubric, self.year)
        self.sheet(sheet)
        self.claims(sheet)
        for key in ("execution", "management", "result", "problems", "measures"):
            self.text(key, paths.narrative(key))
        self.worked_out()
        read_figures(self.found, self.all_paragraphs())
        self.checks(sheet)
        self.found.missing = list(self.not_found())

    # ---- words

    def words(self, key: str) -> list[Paragraph]:
        """The paragraphs of a chapter that are the department's."""
        chapter = self.chapters.get(key)
        listed = chapter.paragraphs if chapter else []
        own = self.found.rubric if self.own else None
        words = [p for p in listed if not p.aside and not (own and generated(p.text, own))]
        while words and self.signs(words[-1].text):
            words.pop()
        return [p for p in words if not re.match(r"[（(]?单位[:：]", p.text)]

    def signs(self, text: str) -> bool:
        """Whether a paragraph is the signature below the report: the department, the day."""
        return bool(_DAY.fullmatch(bare(text))) or bare(text) in self.names

    def text(self, key: str, path: str) -> None:
        listed = self.words(key)
        if key == "result" and not listed and "management" not in self.chapters:
            return
        text = "\n".join(paragraph.text for paragraph in listed)
        if text:
            self.found.put(path, text, Origin(range_of(listed)))

    def front(self) -> None:
        found = self.found
        front = self.chapters["front"].paragraphs
        short = name = None
        written = _title(found.rubric.words.evaluation)
        for n, paragraph in enumerate(front or self.all_paragraphs()[:6]):
            text = bare(paragraph.text)
            # A title may stand on several lines.
            before = bare(front[n - 1].text) if front and n else ""
            for joined in (text, before + text):
                title = written.fullmatch(joined)
                if title and (title["name"] or joined != text):
                    break
            if title is None:
                title = written.fullmatch(text)
            if title:
                origin = Origin(paragraph.place, shortened(paragraph.text, QUOTED))
                if (year := title["year"] or title["later"]) and not self.year:
                    self.put_year(year, origin)
                # Where the evaluation isn't that of a 部门, nothing says that a name is short.
                whole = title["whole"] or not found.rubric.words.evaluation.startswith("部门")
                if title["name"] and whole:
                    name = name or (title["name"], origin)
                elif title["name"]:
                    short = short or (title["name"], origin)
                break
        for paragraph in front:
            text = bare(paragraph.text)
            origin = Origin(paragraph.place, shortened(paragraph.text, QUOTED))
            if _ORGANISATION.fullmatch(text) and not label_of(text):
                name = (text, origin)
            elif _DAY.fullmatch(text):
                self.put_day(text, origin)
            elif (year := re.fullmatch(r"\(?(20[0-9]{2})年度?\)?", text)) and not self.year:
                self.put_year(year[1], origin)
        if short:
            found.put("short_name", *short)
        if name or short:
            chosen = name or short
            assert chosen is not None
            how = "" if name else "报告里没有部门全称，照标题填写"
            found.put("name", chosen[0], Origin(chosen[1].place, chosen[1].quote, how))
        for known in (name, short):
            if known and len(known[0]) > 2:
                self.names[known[0]] = "total"
        for paragraph in self.all_paragraphs()[-3:]:
            if _DAY.fullmatch(bare(paragraph.text)):
                self.put_day(bare(paragraph.text), Origin(paragraph.place, paragraph.text))
        if not self.year:
            self.likely_year()
        found.put("rubric", found.named, Origin(f"程序选定：{found.rubric.name}"))

    def put_day(self, text: str, origin: Origin) -> None:
        try:
            self.found.put("report_date", parse_date(text), origin)
        except ValueError:
            self.found.doubts.append(f"{origin.place}：“{text}”不是日期，报告日期没有读")

    def put_year(self, year: str, origin: Origin) -> None:
        self.year = int(year)
        self.found.put("year", self.year, origin)

    def likely_year(self) -> None:
        """The year that the chapter on the budget begins with, or that the sheet is of."""
        listed = [*self.words("execution"), *self.words("annex"), *self.all_paragraphs()]
        for paragraph in listed:
            text = bare(paragraph.text)
            if year := re.search(r"(20[0-9]{2})年(?:度|全年|部门|，|预算|我|区)", text):
                quote = text[max(0, year.start() - 4) : year.end() + 16]
                self.put_year(year[1], Origin(paragraph.place, quote))
                return

    def all_paragraphs(self) -> list[Paragraph]:
        return [block for block in self.blocks if isinstance(block, Paragraph)]

    def divisions(self) -> None:
        listed = self.words("divisions") or self.words("about")
        ways = items(listed)
        fits = [
            way for way in ways.values()
            if sum(bool(_DIVISION.search(item.title)) for item in way) * 2 > len(way)
        ]  # fmt: skip
        for n, item in enumerate(sorted(fits, key=len)[-1] if fits else []):
            self.found.put(f"divisions.{n}.name", item.title, Origin(item.place))
            if item.text:
                self.found.put(
                    f"divisions.{n}.duties", item.text, Origin(range_of(item.paragraphs))
                )

    # ---- amounts

    def said_in(self, *keys: str) -> Iterator[tuple[Said, Origin]]:
        for key in keys:
            chapter = self.chapters.get(key)
            for paragraph in chapter.paragraphs if chapter else ():
                if paragraph.aside:
                    continue
                for figure in said(paragraph.text, self.year, names=self.names):
                    yield figure, origin_of(paragraph, figure)

    def execution(self) -> None:
        told: dict[tuple[str, str], list[Value]] = {}
        where = ["execution", "management"]
        if "execution" not in self.chapters:  # other forms tell it beside staff and duties
            where += ["about", "divisions", "objective"]
        for figure, origin in self.said_in(*where):
            kind = figure.mention.kind
            if kind in _NUMERIC and figure.sure:
                value = value_of(figure.text, kind, origin)
                if value:
                    told.setdefault((figure.subject, figure.cue), []).append(value)
        tables = self.amounts_in_tables(told)
        _of_the_whole(told)
        for key in PART_NAMES:
            for cue in ("budget", "spent", "rate"):
                self.found.choose(
                    paths.part(key, cue), tables.get((key, cue), []) + told.get((key, cue), [])
                )
        for cue, path in (
            ("initial", paths.INITIAL), ("carryover", paths.CARRYOVER),
            ("carryover_rate", paths.CARRYOVER_RATE), ("previous_rate", paths.PREVIOUS_RATE),
            ("variance", paths.VARIANCE_RATE),
        ):  # fmt: skip
            self.found.choose(path, tables.get(("total", cue), []) + told.get(("total", cue), []))
        chapter = self.chapters.get("execution")
        for paragraph in chapter.paragraphs if chapter else ():
            if source := re.search(r"上年结转结余率取自([^，。]+)", paragraph.text):
                origin = Origin(paragraph.place, source[0])
                self.found.put("budget.carryover.previous_source", source[1], origin)

    def amounts_in_tables(
        self, told: dict[tuple[str, str], list[Value]]
    ) -> dict[tuple[str, str], list[Value]]:
        """The amounts of 资金总体 and its parts, from every table that has rows for them.

        A table that states no unit has that by which it fits what is *told* in the text, else 万元.
        """
        found: dict[tuple[str, str], list[Value]] = {}
        names = {
            "total": r"资金总体|合计|总计|总额|年度资金总额", "basic": r"基本支出",
            "project": r"[-—－]*项目支出", "other": r"其[他它](?:支出)?",
        }  # fmt: skip

        for part in parts(self.blocks):
            if not part.kinds & {"budget", "adjusted"} or "spent" not in part.kinds:
                continue
            if "target" in part.kinds:
                continue
            rows = []
            for row in part.rows:
                labels = [title_of(cell.text) for cell in row.whole[:3]]
                key = next(
                    (
                        key
                        for key, said_so in names.items()
                        if any(re.fullmatch(said_so, x) for x in labels)
                    ),
                    None,
                )
                rows.append((key, row))
            keys = {key for key, _ in rows}
            if not keys & {"basic", "project"}:
                continue
            unit = part.unit or _fitting(rows, told)
            how = "" if unit else "表里没有写单位，按万元读"
            for key, row in rows:
                if key is None:
                    continue
                label = PART_NAMES[key]
                for cue, kinds in (("budget", ("adjusted", "budget")), ("spent", ("spent",)),
                                   ("initial", ("initial",))):  # fmt: skip
                    if cue == "initial" and key != "total":
                        continue
                    cell = row.cell(*kinds)
                    text = amount(cell.text, unit) if cell else ""
                    if cell and text:
                        stated = cell.bare.endswith(("元", "万", "亿")) or cell.bare == "0"
                        origin = Origin(cell.place, f"{label} {cell.text}", "" if stated else how)
                        if value := value_of(text, "amount", origin):
                            found.setdefault((key, cue), []).append(value)
                cell = row.cell("rate")
                text = rate(cell.text, "%" in "".join(part.heads)) if cell else ""
                if cell and text:
                    origin = Origin(cell.place, f"{label} {cell.text}")
                    if value := value_of(text, "rate", origin):
                        found.setdefault((key, "rate"), []).append(value)
        return found

    # ---- the score sheet and claims

    def sheet(self, sheet: Sheet) -> None:
        found = self.found
        found.unread += [f"{row}，是哪一类指标没有认出" for row in sheet.unread]
        found.unread += sheet.others
        if sheet.awards and not self.own:
            where = next(iter(sheet.awards.values()))[1]
            found.unread.append(
                f"{where}起另有核查、核定的得分，只用来核对检查清单；要记下的请写在评分环节（stages）里"
            )
        for n, row in enumerate(sheet.indicators):
            for key, (value, place) in row.items():
                found.put(paths.indicator(n, key), value, Origin(place))
        for name, (points, place) in sheet.claims.items():
            found.put(paths.claim(name), points, Origin(place))
        for path, (text, place, quote) in sheet.rates.items():
            stated = value_of(text, "rate", Origin(place, quote))
            found.choose(path, [stated] if stated else [])

    def claims(self, sheet: Sheet) -> None:
        found, rubric = self.found, self.found.rubric
        if sheet.total:
            self.total(sheet.total[0], Origin(sheet.total[1], "合计"))
        chapter = self.chapters.get("result")
        labels = {w: g.label for g in rubric.grades for w in (g.label, *g.also)}
        words = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
        pattern = re.compile(
            rf"(?:评价|等级|等次|自评|结果|级别)(?:等级|结果|等次)?(?:评定)?(?:均)?(?:为|是|：|:)?“?({words})(?![一-鿿]*率)"
        )
        for paragraph in chapter.paragraphs if chapter else ():
            text = squeezed(paragraph.text).text
            if self.own and generated(text, rubric) and not text.startswith("部门自评"):
                continue
            for figure in said(text, self.year, names=self.names):
                if figure.cue == "score" and figure.sure and figure.subject == "total":
                    self.total(figure.text, origin_of(paragraph, figure))
            if grade := pattern.search(text):
                quote = text[max(0, grade.start() - 16) : grade.end()]
                found.put(paths.CLAIMED_GRADE, grade[1], Origin(paragraph.place, quote))
            if self.own and (
                own := re.match(r"部门自评(?:([0-9.]+)分)?，?(?:等级(.{1,4}))?。", text)
            ):
                if own[1]:
                    found.put(paths.CLAIMED_TOTAL, own[1], Origin(paragraph.place, own[0]))
                if own[2]:
                    found.put(paths.CLAIMED_GRADE, own[2], Origin(paragraph.place, own[0]))
        if sheet.grade and not found.get(paths.CLAIMED_GRADE):
            found.put(paths.CLAIMED_GRADE, sheet.grade[0], Origin(sheet.grade[1]))
        self.counts()

    def total(self, points: str, origin: Origin) -> None:
        """The claimed total, which the sheet and the text may state differently."""
        before = self.found.get(paths.CLAIMED_TOTAL)
        if before is not None and Decimal(before) != Decimal(points):
            there = self.found.origins[paths.CLAIMED_TOTAL].place
            self.found.doubts.append(
                f"{words_of_path(paths.CLAIMED_TOTAL)}：{there}是{before}，{origin.place}是{points}"
                f"（{origin.quote}），按前一个读"
            )
        self.found.put(paths.CLAIMED_TOTAL, points, origin)

    def counts(self) -> None:
        """部门评价项目1个，单位自评项目19个."""
        for key in ("result", "projects", "about"):
            chapter = self.chapters.get(key)
            for paragraph in chapter.paragraphs if chapter else ():
                text = squeezed(paragraph.text).text
                told = {}
                for mention in mentions(text):
                    if mention.kind != "count" or mention.unit not in ("个", "项"):
                        continue
                    before, after = text[: mention.at][-14:], text[mention.till :][:14]
                    for name, words in (("department", "部门评价"), ("self", "(?:单位)?自评")):
                        if re.search(rf"{words}(?:的)?(?:项目)?(?:有|为|共)?$", before) or re.match(
                            rf"(?:预算)?项目(?:由|实行|开展|进行|为|是)?(?:部门)?{words}|{words}",
                            after,
                        ):
                            told[name] = (plain(mention.value), paragraph)
                if len(told) == 2:
                    for name, (count, where) in told.items():
                        quote = shortened(where.text, QUOTED)
                        self.found.put(
                            f"{paths.CLAIMED_PROJECTS}.{name}", count, Origin(where.place, quote)
                        )
                    return

    # ---- what follows, and what is missing

    def worked_out(self) -> None:
        found = self.found
        amounts = {
            (key, cue): _decimal(found.get(paths.part(key, cue)))
            for key in PART_NAMES
            for cue in ("budget", "spent")
        }
        for cue in ("budget", "spent"):
            total, basic, project = (amounts[key, cue] for key in ("total", "basic", "project"))
            wanted = "other" in found.rubric.parts and amounts["other", cue] is None
            if wanted and None not in (total, basic, project):
                assert total is not None
                assert basic is not None
                assert project is not None
                if total == basic + project:
                    origin = Origin(
                        found.origins[paths.part("total", cue)].place,
                        "",
                        "资金总体等于基本支出与项目支出之和",
                    )
                    found.put(paths.part("other", cue), "0", origin)
        if len(listed := found.rubric.parts) == 1:
            for cue in ("budget", "spent"):
                path, whole = paths.part(listed[0], cue), paths.part("total", cue)
                if found.get(path) is None and (told := found.get(whole)) is not None:
                    how = f"评分标准{found.rubric.id}的资金只有这一部分"
                    found.put(path, told, Origin(found.origins[whole].place, "", how))
        stated = found.get(paths.CARRYOVER_RATE)
        budget, spent = amounts["total", "budget"], amounts["total", "spent"]
        if found.get(paths.CARRYOVER) is None and stated and budget and spent is not None:
            left = budget - spent
            places = len(stated.rstrip("%").partition(".")[2])
            if left > 0 and percent(left / budget, places) == percent(parse_rate(stated), places):
                how = f"全年预算数减全年执行数，与所填结转结余率{stated}相符"
                found.put(
                    paths.CARRYOVER,
                    f"{plain(left)}万元",
                    Origin(found.origins[paths.CARRYOVER_RATE].place, "", how),
                )

    def checks(self, sheet: Sheet) -> None:
        """是 or 否 to the questions, as far as the points leave no choice."""
        found = self.found
        for indicator in found.rubric.indicators:
            rule, points = indicator.rule, indicator.points
            told = [sheet.claims.get(indicator.id), sheet.awards.get(indicator.id)]
            scores = {Decimal(score[0]): score[1] for score in told if score}
            if not isinstance(rule, Checklist) or rule.deduct is None or rule.may_skip:
                continue
            bad = self.failed(indicator.name, rule, sheet.said.get(indicator.id, ""))
            worth = zip(rule.worth(points), rule.items, strict=True)
            left = max(points - sum((w for w, i in worth if i.id in bad), Decimal(0)), Decimal(0))
            how = f"{indicator.name}得满分{plain(points)}分，各项都合格"
            if bad:  # what the report says in words goes before a claim of full marks
                how = f"报告写明了不合格的项，扣分后是{plain(left)}分"
            # Points that say otherwise leave open which items they are for.
            if left not in scores or (not bad and set(scores) != {points}):
                continue
            for item in rule.items:
                answer = item.good != (item.id in bad)
                found.put(paths.check(item.id), bool(answer), Origin(scores[left], "", how))

    def failed(self, name: str, rule: Checklist, cell: str) -> set[str]:
        """The ids of the questions that the report says were answered badly."""
        chapter = self.chapters.get("management")
        listed = [p.text for p in (chapter.paragraphs if chapter else ()) if name in p.text]
        told = bare(" ".join(t.split("不合格：", 1)[1] for t in [*listed, cell] if "不合格：" in t))
        return {item.id for item in rule.items if bare(item.text) in told}

    def not_found(self) -> Iterator[str]:
        """The fields that were looked for in vain."""
        found = self.found
        for path in ("name", "year"):
            if found.get(path) is None:
                yield path
        if not found.get("divisions"):
            yield "divisions"
        if not found.get("objective"):
            yield "objective"
        yield from self.no_money()
        projects = found.get("projects") or []
        if not projects:
            yield "projects"
        for n, project in enumerate(projects):
            for cue in ("budget", "spent", "rate", "narrative"):
                if cue not in project and asks(("projects", n, cue), found.rubric):
                    yield paths.project(n, cue)
        if not found.get("indicators") and found.rubric.groups:
            yield "indicators"
        for n, row in enumerate(found.get("indicators") or []):
            if "actual" not in row:
                yield paths.indicator(n, "actual")
        answered = found.get("checks") or {}
        for item in found.rubric.items:
            if item not in answered:
                yield paths.check(item)
        yield from not_found(found)
        for path in (paths.CLAIMED_TOTAL, paths.CLAIMED_GRADE, paths.CLAIMED_PROJECTS):
            if found.get(path) is None:
                yield path
        claimed = (found.get("reported") or {}).get("scores") or {}
        for indicator in found.rubric.indicators:
            if indicator.id not in claimed:
                yield paths.claim(indicator.id)
        for key in ("management", "result", "problems", "measures"):
            if not found.get(paths.narrative(key)):
                yield paths.narrative(key)

    def no_money(self) -> Iterator[str]:
        """The same of the amounts and rates that the rubric asks for."""
        found, listed = self.found, self.found.rubric.parts
        if not listed:
            return
        for key in (*(["total"] if len(listed) > 1 else []), *listed):
            for cue in ("budget", "spent"):
                if found.get(paths.part(key, cue)) is None:
                    yield paths.part(key, cue)
        for path in (paths.INITIAL, paths.CARRYOVER, paths.PREVIOUS_RATE):
            if found.get(path) is None and offers(tuple(path.split(".")), found.rubric):
                yield path
        rate = offers(tuple(paths.VARIANCE_RATE.split(".")), found.rubric)
        if rate and found.get(paths.INITIAL) is None and found.get(paths.VARIANCE_RATE) is None:
            yield paths.VARIANCE_RATE


def _fitting(
    rows: Sequence[tuple[str | None, Row]], told: dict[tuple[str, str], list[Value]]
) -> str:
    """The unit of a table that states none, of what its amounts are in the text; empty if it isn't told."""
    for key, row in rows:
        for cue, kinds in (("budget", ("adjusted", "budget")), ("spent", ("spent",))):
            cell = row.cell(*kinds)
            for stated in told.get((str(key), cue), []):
                for unit in ("万元", "元"):
                    text = amount(cell.text, unit) if cell else ""
                    value = value_of(text, "amount", stated.origin)
                    if value and value.value and value.rounds(stated):
                        return unit
    return ""


def _of_the_whole(told: dict[tuple[str, str], list[Value]]) -> None:
    """Rates after a row of parts are of the whole where they fit it and not the part."""

    def fits(key: str, stated: Value) -> bool:
        budget, spent = (told.get((key, cue), []) for cue in ("budget", "spent"))
        if not budget or not spent or not budget[0].value:
            return False
        return abs(spent[0].value / budget[0].value - stated.value) <= stated.step

    for key in ("basic", "project", "other"):
        for stated in list(told.get((key, "rate"), [])):
            if fits("total", stated) and not fits(key, stated):
                told[key, "rate"].remove(stated)
                told.setdefault(("total", "rate"), []).append(stated)


def _decimal(text: Any) -> Decimal | None:
    return parse_amount(text) if text is not None else None
