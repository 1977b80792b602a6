"""The kinds of rules: a table of cases each in cases/kinds, and what every kind must answer."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from perfkit.quantities import plain
from perfkit.report.sheet import score_sheet
from perfkit.scoring.kinds import AnyRule

TABLES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases" / "kinds").glob("*.yaml"))
}
CASES = [
    pytest.param(kind, table["indicator"], case, id=f"{kind}: {case['name']}")
    for kind, table in TABLES.items()
    for case in table["cases"]
]
KINDS = {
    get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(AnyRule)[0])
}


def test_every_kind_has_a_table_of_cases():
    assert set(TABLES) == KINDS


def shown(card, of):
    """分值, 自评得分, 核定得分 and 偏差原因 in the score sheet."""
    rows = [row.cells for table in score_sheet(card) for row in table.rows]
    cells = next(cells for cells in rows if any(cell.of == of for cell in cells))
    # 完成值 may be the same figure: the score is the last of them.
    at = max(i for i, cell in enumerate(cells) if cell.of == of)
    return [cell.text for cell in cells[at - 2 : at + 2]]


@pytest.mark.parametrize(("kind", "indicator", "case"), CASES)
def test_a_case(kind, indicator, case, card_of):
    assert case["source"]
    card = card_of(case.get("filing", {}), {indicator: case.get("rule", {})})
    score, rule = card.score(indicator), card.rubric.indicator(indicator).rule
    assert rule.kind == kind
    awarded = case["awarded"]
    assert (score.awarded and plain(score.awarded)) == (awarded and str(awarded))
    if "deductions" in case:
        assert [f"{plain(d.points)} {d.reason}" for d in score.deductions] == case["deductions"]
    if "cells" in case:
        assert shown(card, indicator) == case["cells"]
    for part, cells in case.get("parts", {}).items():
        assert shown(card, part) == cells
    if "sentence" in case:
        assert rule.sentence(score).striptags() == case["sentence"]


@pytest.mark.parametrize(("kind", "table"), TABLES.items(), ids=list(TABLES))
def test_what_every_kind_answers(kind, table, card_of):
    card = card_of()
    indicator = card.rubric.indicator(table["indicator"])
    score, rule = card.score(indicator.id), indicator.rule
    assert rule.describe()
    assert score.field == rule.turns_on
    assert card.department.place(rule.turns_on)
    assert indicator.id in rule.turning_fields(score)
    by_rule = score.by_rule + sum(deduction.points for deduction in score.deductions)
    assert by_rule == score.points
