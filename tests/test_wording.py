"""The model report's own wording: silent as it stands, and a wrong digit in it is told."""

import random
import re
from collections import Counter

import pytest
from conftest import retold
from model_report import REPORT, wording

from perfkit.audit.examine import CHECKS
from perfkit.audit.findings import Raised
from perfkit.audit.leftovers import other_years
from perfkit.audit.narrative import contradictions, verdicts
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

AMOUNT = r"(\d+(?:\.\d+)?) *(?:万元|元|%)"
RESTATES = {
    "narrative/execution": rf"(\d{{4}}) *年全年|{AMOUNT}",
    "narrative/result": r"(\d{4}) *年度部门|项目 *(\d+) *个|(\d+)个项目由",
    "projects/9/narrative": rf"{AMOUNT}|(\d{{4}} *年 *\d+ *月 *\d+ *日)",
}
"""The figures of each chapter that restate what was filed; of a project, all amounts and rates."""

DIGITS = 3
"""Of each figure, so many of its digits are changed, each to one other."""


@pytest.fixture(scope="module")
def card(model):
    return score(*read_department(model))


@pytest.fixture(scope="module", params=["the report's", "our own"])
def texts(request, card):
    """The chapters in the published report's words, and in the words of params/."""
    if request.param == "our own":
        filed = card.department.texts.items()
        return {f.replace(".", "/"): text for f, text in filed if not f.startswith("divisions.")}
    if REPORT is None:
        pytest.skip("no copy of the model report beside the checkout")
    return wording([project.name for project in card.department.projects])


def told(card, texts, checks):
    """The errors and warnings that quote words of the texts."""
    other = retold(card, texts)
    found = (Raised(*found) for check in checks for found in check(other))
    return [f for f in found if f.quote and f.level != "info"]


def figures(texts):
    """Where in which chapter a figure stands that restates a datum."""
    for place, text in texts.items():
        if place in RESTATES or place.startswith("projects/"):
            for found in re.finditer(RESTATES.get(place, AMOUNT), text):
                yield place, found.span(found.lastindex)


def numbers_in_text(card):
    return contradictions(verdicts(card))


def test_the_chapters_are_whole(texts, card):
    assert sum(place.startswith("projects/") for place in texts) == len(card.department.projects)
    assert {"objective", *RESTATES} <= set(texts)
    assert len(list(figures(texts))) >= 60


def test_nothing_is_wrong_in_the_unchanged_wording(card, texts):
    codes = Counter(f.code for f in told(card, texts, (*CHECKS, numbers_in_text)))
    assert set(codes) <= {"statement.problem", "statement.scores", "statement.on_time"}


def test_of_changed_digits_95_in_100_are_told(card, texts):
    chosen = random.Random(2023)
    caught, missed = 0, []
    for place, (start, end) in figures(texts):
        figure = texts[place][start:end]
        at = [i for i, sign in enumerate(figure) if sign.isdigit()]
        for i in chosen.sample(at, min(DIGITS, len(at))):
            other = chosen.choice([d for d in "0123456789" if d != figure[i]])
            wrong = figure[:i] + other + figure[i + 1 :]
            text = texts[place][:start] + wrong + texts[place][end:]
            found = told(card, {place: text}, (numbers_in_text, other_years))
            if any(wrong.strip() in f.quote for f in found):
                caught += 1
            else:
                missed.append(f"{place}: {figure} → {wrong}")
    assert caught >= 0.95 * (caught + len(missed)), missed
