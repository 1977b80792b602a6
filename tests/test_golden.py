"""The score of every department in params/, figure by figure, against the files in golden/.

After a change that is meant to alter figures, write them anew and read the
difference in review:

    PERFKIT_GOLDEN=write .venv/bin/pytest tests/test_golden.py
"""

import json
import os
from pathlib import Path

import pytest
from conftest import audit

from perfkit.scoring.params import read_department
from perfkit.scoring.schema import editors_schema
from perfkit.scoring.scorecard import score

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
PARAMS = sorted((ROOT / "params").glob("*.yaml"))
WRITE = os.environ.get("PERFKIT_GOLDEN") == "write"


@pytest.mark.parametrize("params", PARAMS, ids=lambda path: path.stem)
def test_scores_and_findings_of(params):
    card = score(*read_department(params))
    figures = card.as_dict() | {"findings": [finding.as_dict() for finding in audit(card)]}
    text = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
    golden = GOLDEN / f"{params.stem}.json"
    if WRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_golden_holds_no_department_that_is_gone():
    assert {path.stem for path in GOLDEN.glob("*.json")} == {path.stem for path in PARAMS}


def test_the_editors_schema_is_current():
    written = (ROOT / "perfkit" / "department.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == editors_schema(), (
        "run: python -m perfkit.scoring.schema > perfkit/department.schema.json"
    )


@pytest.mark.parametrize("params", PARAMS, ids=lambda path: path.stem)
def test_editors_find_the_schema_of(params):
    first = params.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../perfkit/department.schema.json"
    assert (params.parent / first.split("=")[1]).resolve().is_file()
