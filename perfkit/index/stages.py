"""评分环节 in the index: the total after each stage, and the way of each indicator that one scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.quantities import plain
from perfkit.scoring.scores import walk
from perfkit.scoring.stages import CLAIM, by_whom, claimed_by, stage_steps

if TYPE_CHECKING:
    from perfkit.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Way:
    """An indicator that a stage gave points: 自评, 规则, what each stage gave, 核定, and each step in words."""

    indicator: str
    name: str
    points: Decimal
    reported: Decimal | None
    by_rule: Decimal | None
    given: Mapping[str, Decimal]
    awarded: Decimal | None
    steps: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: points as exact text."""

        def shown(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {key: shown(of) for key, of in value.items()}
            return plain(value) if isinstance(value, Decimal) else value

        return {item.name: shown(getattr(self, item.name)) for item in fields(self)}


def stage_totals(card: Scorecard) -> dict[str, Decimal]:
    """The total after each stage, by its name; empty without stages."""
    stages = card.department.stages
    return {stage.name: card.before_stage(i + 1).total for i, stage in enumerate(stages)}


def who_gave(card: Scorecard) -> dict[str, str]:
    """责任人 and 日期 of each stage by its name, of 自评 as far as they are filed; empty without stages."""
    department = card.department
    if not department.stages:
        return {}
    who = {CLAIM: claimed_by(department.reported)}
    who |= {stage.name: by_whom(stage) for stage in department.stages}
    return {name: words for name, words in who.items() if words}


def ways_of(card: Scorecard) -> tuple[Way, ...]:
    """The ways of the indicators that any stage gave points, in the order of the score sheet."""
    return tuple(
        Way(
            score.id,
            score.name,
            score.points,
            score.reported,
            score.by_rule,
            {
                one.stage.name: one.points
                for one in score.stages
                if one.given and one.points is not None
            },
            score.awarded,
            tuple(stage_steps(score)),
        )
        for score in walk(card.everything)
        if any(one.given for one in score.stages)
    )
