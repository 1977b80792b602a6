"""``perfkit diff``: which two scorecards are meant, from files and stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perfkit.compare.changes import Changes, compare
from perfkit.errors import Fault, PerfkitError
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import Scorecard, score

RULES = "规则"
"""Before any stage: by the rules alone."""


def changes_of(files: Sequence[Path], stages: Sequence[str] | None = None) -> Changes:
    """What differs between two files, between last year and one file, or between its stages.

    Args:
        files: two parameter files, the earlier first; or one, which is held against
            its ``previous`` (上年参数文件), or against itself at another stage.
        stages: two names of stages (环节) of the one file; 规则 is before all of them.

    Raises:
        PerfkitError: in Chinese, with the faults of both files; if there is no last year or stage.
    """
    if len(files) == 2:
        if stages:
            raise PerfkitError("--stages 比较同一份参数文件的两个环节，只写一个文件")
        before, after = _both(files)
        return compare(before, after)
    card = score(*read_department(files[0]))
    if stages:
        return compare(_at(card, stages[0]), _at(card, stages[1]), (stages[0], stages[1]))
    if card.department.last_year is None:
        raise PerfkitError(
            f"{files[0]} 没有写 previous（上年参数文件），不知与哪一份比较；"
            "请写两个文件，先前的在前，或用 --stages 写两个环节"
        )
    last = files[0].parent / str(card.department.previous)
    return compare(score(*read_department(last)), card)


def _both(files: Sequence[Path]) -> list[Scorecard]:
    cards: list[Scorecard] = []
    faults: list[Fault] = []
    for path in files:
        try:
            cards.append(score(*read_department(path)))
        except PerfkitError as e:
            faults += e.faults
    if faults:
        raise PerfkitError(faults)
    return cards


def _at(card: Scorecard, stage: str) -> Scorecard:
    names = [RULES, *(one.name for one in card.department.stages)]
    if stage not in names:
        known = "、".join(names) if len(names) > 1 else f"{RULES}（这份文件没有填 stages）"
        raise PerfkitError(f"没有“{stage}”这个环节，可用的有：{known}")
    return card.before_stage(names.index(stage))
