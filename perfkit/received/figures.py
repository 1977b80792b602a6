"""文字里的数字是什么: which amounts, rates and points a report's text states, and of what.

The figures are read by `perfkit.audit.mentions` and the words before them by
`perfkit.audit.clauses`, as the audit reads them. Only what is said plainly is taken; a figure whose
clause has other words too is `sure` only of what it is called, and used where nothing better is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from perfkit.audit.clauses import CUES, OTHERS, PARTS, PLANS, Words, words_of
from perfkit.audit.mentions import Mention, day_of, mentions, squeezed
from perfkit.quantities import exact_percent, parse_amount, parse_rate, plain

_SENTENCE = re.compile(r"[^。！？\n]{1,4000}[。！？\n]?")
_STOP = re.compile(r"[，,；;、（）()。！？\n]")
_BOTH = re.compile(r"(?<![人户亩次年月])(?:均|都|皆)")
_CHANGED = re.compile(
    r"[，,]?(?:年中|中期|后期|全年|后)?(?:调整|调增|调减|调剂|追加|核增|核减|压减|压缩|增加|减少|提高|降低|变更|修改)(?:后)?(?:为|至|到)"
)
"""Between a budget and what it was changed to: 由15万元调整为13万元."""
_EACH = re.compile(r"[人户亩次件]均|每|单价|均价|(?<!不)超(?:出|过)?预算")
"""Words by which an amount is that of one of several, or above a budget."""
_ALL = re.compile("共|总|合计")
_FEE = re.compile("(?<!经)费用?(?:预算|支出|执行|安排)|其他资金")
_PART = re.compile(f"费|款|部分|{PARTS.pattern}|{OTHERS.pattern}")
_OF_YEARS = re.compile(r"总预算|预算总额|总投资|概算")
_OF_THIS_YEAR = re.compile(
    r"其中[，,：:]?(?:(20[0-9]{2})年度?|本年度?|当年)(?:安排|批复|下达)?的?预算"
)
"""What a project costs over its years, and what of it is this year's."""


@dataclass(frozen=True)
class Said:
    """A figure of a text: of what (`subject`), what it is (`cue`), and whether that is certain."""

    subject: str
    cue: str
    mention: Mention
    sure: bool

    @property
    def text(self) -> str:
        """The figure as a parameter file takes it, in the unit that it is written in."""
        written = re.sub(r"\s", "", squeezed(self.mention.text).text)
        value = self.mention.value
        if self.mention.kind == "amount":
            return _as(written, parse_amount, value) or f"{plain(value)}万元"
        if self.mention.kind == "rate":
            return _as(written, parse_rate, value) or exact_percent(value)
        return plain(value)


def _as(text: str, reader: object, value: object) -> str:
    try:
        return text if callable(reader) and reader(text) == value else ""
    except ValueError:
        return ""


def said(
    text: str, year: int, project: bool = False, names: Mapping[str, str] | None = None
) -> Iterator[Said]:
    """The figures of a text that say what they are, in order.

    Args:
        text: a chapter's, or that of a project.
        year: the year of the report; figures of other years are left out.
        project: whether it is the text of a project, of which all then speaks.
        names: what the department is called, each with the subject it stands for.
    """
    plain_text = squeezed(text).text
    figures = list(mentions(text))
    whose = "this" if project else "total"
    at = 0
    for sentence in _SENTENCE.finditer(plain_text):
        start, end = sentence.span()
        topic, cue, clause_start = whose, "", start
        pending: list[str] = []
        elsewhere = False
        outer: list[tuple[str, str, bool]] = []
        changed = foreign = False
        inside = figures[at:]
        events: list[tuple[int, Mention | None]] = [
            (stop.start(), None) for stop in _STOP.finditer(plain_text, start, end)
        ]
        listed = [mention for mention in inside if start <= mention.at < end]
        at += len(listed)
        events += [(mention.at, mention) for mention in listed]
        for place, mention in sorted(events, key=lambda event: event[0]):
            if place < clause_start:
                continue
            clause = plain_text[clause_start:place]
            if mention is None:
                words = words_of(clause, year, project, names)
                if words.years and not words.compared:
                    elsewhere = words.years[-1] != year
                if words.subject and not words.unknown:
                    topic = words.subject
                pending = [words.cue] if words.cue and not words.unknown else []
                clause_start = place + 1
                foreign = foreign and plain_text[place] not in "；;"
                if plain_text[place] in "（(":
                    outer.append((topic, cue, elsewhere))
                elif plain_text[place] in "）)" and outer:
                    # 合同期为一年（2023年8月1日至2024年7月31日）: 2024 is of what is in it.
                    topic, cue, elsewhere = outer.pop()
                continue
            if mention.kind == "date":
                continue  # 2023年5月 stays part of its clause
            words = words_of(clause, year, project, names)
            clause_start = mention.till
            if changed and _CHANGED.fullmatch(clause):
                yield Said(topic, "budget", mention, not mention.loose)
                changed = False
                continue
            changed = bool(_CHANGED.match(plain_text, mention.till)) and "预算" in (
                clause + "".join("预算" for cue in pending if cue in ("budget", "initial"))
            )
            # 印刷费预算5万元，支出4.8万元: the spending is of the part, too.
            foreign = foreign and not (words.subject or words.whole_year or _ALL.search(clause))
            of_part = foreign and not words.unknown
            part = words.unknown and _PART.search(clause)
            foreign = foreign or bool(part and {"budget", "spent"} & set(words.cues))
            of_years = _OF_YEARS.search(clause) and _this_year(plain_text[mention.till : end], year)
            if of_years or _EACH.search(clause):
                continue
            if words.years and not words.compared:
                elsewhere = words.years[-1] != year
            if (elsewhere and words.cue != "carryover_rate") or words.part_year or mention.bound:
                continue
            if words.compared or mention.loose or mention.kind not in CUES:
                continue
            for own, sure in _cues(words, clause, pending, cue, mention):
                topic = words.subject or topic
                cue = own if sure else cue
                if own == "carryover_rate" and elsewhere:
                    own = "previous_rate" if words.years[-1:] == [year - 1] else ""
                    elsewhere = False
                if own and not (changed and own == "budget"):
                    yield Said(topic, own, mention, sure and not of_part)
            pending = []


def _this_year(text: str, year: int) -> bool:
    found = _OF_THIS_YEAR.search(text)
    return found is not None and found[1] in (None, str(year))


def _cues(
    words: Words, clause: str, pending: list[str], before: str, mention: Mention
) -> Iterator[tuple[str, bool]]:
    """What a figure is, by its clause; two things in 预算、支出均为45万元."""
    fits = CUES[mention.kind]
    known = [cue for cue in (*pending, *words.cues) if cue in fits]
    if _BOTH.search(clause) and len(set(known)) > 1:
        yield from ((cue, True) for cue in dict.fromkeys(known))
    elif words.cue in fits:
        plainly = not words.unknown
        other = (
            OTHERS.search(clause)
            or _FEE.search(clause)
            or PARTS.search(_after_cue(clause))
            or PLANS.search(clause)
        )
        if plainly or not other:
            yield words.cue, plainly
    elif words.subject and not words.unknown and before in fits:
        yield before, True
    elif not clause.strip() and pending and pending[0] in fits:
        yield pending[0], True


def _after_cue(clause: str) -> str:
    return clause[-20:]


def first_and_best(found: list[Said], subject: str, cue: str) -> Said | None:
    """The figure that a text gives: the first that is plainly said, or what it is rounded from.

    Where none is plainly said, what all others agree on.
    """
    same = [said for said in found if (said.subject, said.cue) == (subject, cue)]
    sure = [said for said in same if said.sure]
    listed = sure or same
    if not listed or (not sure and len({said.mention.value for said in listed}) > 1):
        return None
    best = listed[0]
    for other in listed[1:]:
        finer = other.mention.step < best.mention.step
        if finer and best.mention.says(other.mention.value):
            best = other
    return best


_TERM = re.compile(r"期|时间|自|从|于|限|[（(]$")
_TO = re.compile(r"[起始]?(?:至|到|—{1,2}|-{1,2}|–|~|～)(?:于)?")


def term(text: str) -> tuple[date, date] | None:
    """The days from which and until when a project runs, if the text gives both."""
    plain_text = squeezed(text).text
    days = [mention for mention in mentions(text) if mention.kind == "date"]
    for one, other in pairwise(days):
        if not _TO.fullmatch(plain_text[one.till : other.at]):
            continue
        before = plain_text[max(0, one.at - 16) : one.at]
        ends = [day_of(one), day_of(other)]
        if _TERM.search(before) and all(end and end[2] for end in ends):
            first, last = (date(*end) for end in ends if end)  # type: ignore[arg-type]
            if first <= last:
                return first, last
    return None
