"""任选其一: several ways to score an indicator, of which one is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from perfkit.forms import paths
from perfkit.forms.department import Department, Name, Record
from perfkit.forms.fields import Loc
from perfkit.scoring.kinds.kind import MOST, Item, Rule, repeated
from perfkit.scoring.kinds.single import AnySingle
from perfkit.scoring.scores import ZERO, Score

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric


class Alternative(Record):
    """One way to score: its name and its rule."""

    name: Name = Field(title="办法")
    rule: AnySingle = Field(title="规则")


class OneOf(Rule):
    """任选其一: the way that the filing answers, or the best of them (`pick`).

    Where more than one is answered, the department names the one (`choice`).
    """

    kind: Literal["one_of"]
    pick: Literal["answered", "best"] = Field("answered", title="怎样选")
    ways: tuple[Alternative, ...] = Field(min_length=2, max_length=MOST, title="各种办法")

    def describe(self, rubric: Rubric) -> str:
        """The ways in one line of Chinese."""
        how = {"answered": "任选其一", "best": "取得分最高的一种"}[self.pick]
        listed = "；".join(f"{way.name}（{way.rule.describe(rubric)}）" for way in self.ways)
        return f"{how}：{listed}"

    @property
    def turns_on(self) -> str:
        """What the first way turns on."""
        return self.ways[0].rule.turns_on

    def turning_fields(self, score: Score) -> dict[str, str]:
        """What all ways turn on."""
        found = [way.rule.turning_fields(score).get(score.id, "") for way in self.ways]
        return {score.id: " ".join(dict.fromkeys(" ".join(found).split()))}

    @property
    def named(self) -> tuple[str, ...]:
        """The fields of all ways."""
        return tuple(field for way in self.ways for field in way.rule.named)

    @property
    def questions(self) -> tuple[Item, ...]:
        """The items of all ways."""
        return tuple(item for way in self.ways for item in way.rule.questions)

    @property
    def may_skip(self) -> bool:
        """Whether an item may be 不涉及."""
        return any(way.rule.may_skip for way in self.ways)

    @property
    def asks(self) -> tuple[str, ...]:
        """What all ways ask, and which is taken."""
        asked = dict.fromkeys(field for way in self.ways for field in way.rule.asks)
        return (*asked, "choice")

    def claimed(self, name: str, department: Department) -> bool:
        """Whether anything is filed for one of the ways."""
        return any(way.rule.claimed(name, department) for way in self.ways)

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """What does not fit in any of the ways."""
        names = [(("ways", n), way.name) for n, way in enumerate(self.ways)]
        yield from repeated("办法", names)
        for n, way in enumerate(self.ways):
            for place, message in way.rule.problems(rubric, points):
                yield ("ways", n, "rule", *place), message

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The score by the way that is taken; undecided while none is answered."""
        found = {way.name: way.rule.scored(score, department, rubric) for way in self.ways}
        known = {name: one for name, one in found.items() if one.by_rule is not None}
        reply = department.answers.get(score.id)
        named = reply.choice if reply else None
        if named is not None and named not in found:
            reason = f"没有“{named}”这种办法，可写的有：{'、'.join(found)}"
            return replace(score, undecided=reason, field=paths.answer(score.id, "choice"))
        if named is not None:
            taken = named
        elif not known:
            each = "；".join(f"{name}：{one.undecided}" for name, one in found.items())
            first = next(iter(found.values()))
            return replace(
                score, undecided=f"各种办法任选一种，都没有填全。{each}", field=first.field
            )
        elif begun := self._begun(score.id, department, known):
            listed = "；".join(f"{name}：{found[name].undecided}" for name in begun)
            reason = (
                f"{'、'.join(known)}能计分，{'、'.join(begun)}还没有填全（{listed}），"
                f"不知采用哪一种：请填全，或在 answers 的 {score.id} 下填 choice"
            )
            return replace(score, undecided=reason, field=found[begun[0]].field)
        elif len(known) == 1:
            (taken,) = known
        elif self.pick == "best":
            taken = max(known, key=lambda name: known[name].by_rule or ZERO)
        else:
            reason = f"{'、'.join(known)}都能计分，请在 answers 的 {score.id} 下填 choice，写明采用哪一种"
            return replace(score, undecided=reason, field=paths.answer(score.id, "choice"))
        one = found[taken]
        if one.by_rule is None:
            return replace(one, undecided=f"采用“{taken}”：{one.undecided}")
        verdict = f"采用“{taken}”，{one.verdict}" if one.verdict else f"采用“{taken}”"
        return replace(one, formula=f"采用“{taken}”：{one.formula}", verdict=verdict)

    def _begun(self, name: str, department: Department, known: Mapping[str, Score]) -> list[str]:
        """The ways for which something is filed, and not all: what they give could be taken."""
        reply = department.answers.get(name)
        found = []
        for way in self.ways:
            asks = [getattr(reply, field, None) is not None for field in way.rule.asks]
            # A rate of the budget is worked out for everyone; it counts among the best alone.
            counts = self.pick == "best" or way.rule.questions
            begun = any(asks) or bool(not asks and counts and way.rule.claimed(name, department))
            if begun and way.name not in known:
                found.append(way.name)
        return found

    def listed(self) -> list[str]:
        """What each way asks."""
        lines = [f"{way.name}：{line}" for way in self.ways for line in way.rule.listed()]
        return [*lines, f"填 choice（采用的办法：{'、'.join(way.name for way in self.ways)}）"]
