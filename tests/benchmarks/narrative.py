"""Precision and recall of the check of numbers in narratives: ``python tests/benchmarks/narrative.py``.

Each sentence of narrative.yaml goes into the complete filing of tests/conftest.py.
A figure is found if it is given the outcome that the table gives it.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from conftest import FILING, changed, retold  # noqa: E402

from perfkit.audit.narrative import verdicts  # noqa: E402
from perfkit.scoring.params import read_department  # noqa: E402
from perfkit.scoring.scorecard import Scorecard, score  # noqa: E402

PLACES = {
    "p": "projects/0/narrative",
    "e": "narrative/execution",
    "m": "narrative/management",
    "r": "narrative/result",
    "w": "narrative/problems",
    "o": "objective",
}
BASE = {
    "projects/0/score": "94",
    "projects/0/starts": "2023-03-01",
    "projects/0/ends": "2023-11-30",
}


def tables() -> dict[str, list[dict]]:
    """The sentences of each set."""
    return yaml.safe_load((HERE / "narrative.yaml").read_text(encoding="utf-8"))


def judged(case: dict, card: Scorecard) -> list[tuple[str, str, str]]:
    """Of each figure of a sentence: its text, the outcome that it should have, and the one it got."""
    place = next(key for key in case if key in PLACES)
    field = PLACES[place].replace("/", ".")
    card = retold(card, {PLACES[place]: case[place]})
    left = {outcome: Counter(case.get(outcome, [])) for outcome in ("right", "wrong")}
    found = []
    for verdict in verdicts(card):
        if verdict.field != field:
            continue
        text, expected = verdict.mention.text.strip(), "unchecked"
        # A figure that stands twice is expected right before it is expected wrong.
        for outcome, texts in left.items():
            if texts[text]:
                texts[text] -= 1
                expected = outcome
                break
        found.append((text, expected, verdict.outcome))
    missed = [(t, o, "not found") for o, texts in left.items() for t, n in texts.items() if n]
    return found + missed


def measure(cases: list[dict]) -> tuple[Counter, list[str]]:
    """Counts of (expected, got), and the sentences where they differ."""
    counts: Counter = Counter()
    odd = []
    card = score(*read_department(changed(yaml.safe_load(FILING), BASE)))
    for case in cases:
        for text, expected, got in judged(case, card):
            counts[expected, got] += 1
            if expected != got:
                sentence = next(case[key] for key in case if key in PLACES)
                odd.append(f"{sentence}  {text}: {expected}, judged {got}")
    return counts, odd


def rates(counts: Counter) -> dict[str, float]:
    """Precision and recall of what is called wrong, and the share of right figures confirmed."""
    hit = counts["wrong", "wrong"]
    called = sum(n for (_, got), n in counts.items() if got == "wrong")
    wrong = sum(n for (expected, _), n in counts.items() if expected == "wrong")
    right = sum(n for (expected, _), n in counts.items() if expected == "right")
    return {
        "precision": hit / called if called else 1.0,
        "recall": hit / wrong if wrong else 1.0,
        "confirmed": counts["right", "right"] / right if right else 1.0,
    }


def main() -> None:
    """Print the figures of each set, and every sentence that is judged otherwise."""
    total: Counter = Counter()
    for name, cases in tables().items():
        counts, odd = measure(cases or [])
        total += counts
        shown = ", ".join(f"{key} {value:.3f}" for key, value in rates(counts).items())
        print(f"{name}: {len(cases or [])} sentences, {sum(counts.values())} figures: {shown}")
        print(*(f"  {line}" for line in odd), sep="\n")
    shown = ", ".join(f"{key} {value:.3f}" for key, value in rates(total).items())
    print(f"all: {sum(total.values())} figures: {shown}")


if __name__ == "__main__":
    main()
