"""评分环节 in the index: the total after each stage, and the way of each indicator that one scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.quantities import plain
from perfkit.scoring.scores import walk
from perfkit.scoring.stages import stage_changes

if TYPE_CHECKING:
    from perfkit.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Way:
    """An indicator that a stage gave points: 自评, 规则, what each stage gave, 核定, and it all in words."""

    indicator: str
    name: str
    points: Decimal
    reported: Decimal | None
    by_rule: Decimal | None
    given: Mapping[str, Decimal]
    awarded: Decimal | None
    told: str

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
            "；".join(stage_changes(score)),
        )
        for score in walk(card.everything)
        if any(one.given for one in score.stages)
    )
