"""文字雷同: texts that say nearly the same, within a report, from year to year, between departments.

A text is reduced to the runs of eight signs in it, without figures,
punctuation and the department's own name. Texts that share most of their runs
are alike; an index over the runs finds them without comparing each with each.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar
from zlib import crc32

from perfkit.forms.department import Department
from perfkit.texts import shortened

RUN = 8
"""Signs in a run: shorter ones are common phrases."""

SHORTEST = 24
"""Runs that a text must have to be compared at all."""

SKETCH = 24
"""Runs kept of a paragraph to compare it between departments."""

ALIKE = 0.6
"""Share of common runs from which on two texts are alike."""

BOILERPLATE = 8
"""A paragraph that so many departments have is a form's own wording."""

SLOTS = 1 << 22
"""Counters of runs; with more departments than thousands, more runs share one for nothing."""

OPENING = 30
"""Signs of a paragraph by which a message names it."""

Key = TypeVar("Key", bound=Hashable)
Run = TypeVar("Run", bound=Hashable)


def runs(text: str, names: Iterable[str] = ()) -> frozenset[str]:
    """The runs of a text."""
    for name in names:
        text = text.replace(name, "")
    signs = re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", text))
    return frozenset(signs[i : i + RUN] for i in range(len(signs) - RUN + 1))


def alike(texts: Mapping[Key, frozenset[Run]], least: int = SHORTEST) -> list[tuple[Key, Key]]:
    """The pairs of texts that are alike, in the order of the mapping."""
    order = {key: i for i, key in enumerate(texts)}
    places: dict[Run, list[Key]] = defaultdict(list)
    common: Counter[tuple[Key, Key]] = Counter()
    for key, found in texts.items():
        if len(found) < least:
            continue
        for run in found:
            held = places[run]
            for other in held:
                common[other, key] += 1
            # What still more texts have is compared with the first of them.
            if len(held) < BOILERPLATE:
                held.append(key)
    pairs = [
        pair
        for pair, count in common.items()
        if count >= ALIKE * min(len(texts[pair[0]]), len(texts[pair[1]]))
    ]
    return sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]]))


def own_names(department: Department) -> list[str]:
    """What a department calls itself: its name is no likeness."""
    return [name for name in (department.name, department.short_name) if name]


def narratives(department: Department) -> dict[str, str]:
    """What the department wrote of its work; duties and objective follow laws and regulations."""
    own = ("projects.", "narrative.")
    return {field: text for field, text in department.texts.items() if field.startswith(own)}


class Sketch(NamedTuple):
    """A paragraph in short: how it begins, and its lowest runs, eight hexadecimal digits each."""

    opening: str
    runs: str

    @property
    def lowest(self) -> list[int]:
        """The runs as numbers."""
        return [int(self.runs[i : i + 8], 16) for i in range(0, len(self.runs), 8)]


def sketches(department: Department) -> dict[str, Sketch]:
    """Each paragraph of the narratives that is long enough to compare, by field and number."""
    names = own_names(department)
    found = {}
    for field, text in narratives(department).items():
        for n, paragraph in enumerate(text.splitlines(), 1):
            kept = runs(paragraph, names)
            if len(kept) >= SHORTEST:
                # Numbers that are the same on every machine; the lowest are as good as any.
                lowest = sorted(crc32(run.encode()) for run in kept)[:SKETCH]
                short = shortened(paragraph, OPENING)
                found[f"{field}.{n}"] = Sketch(short, "".join(f"{run:08x}" for run in lowest))
    return found


def alike_departments(
    sketches: Mapping[str, Mapping[str, Sketch]],
) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of paragraphs, each as (department, paragraph), that two departments share."""
    # How many departments have a run, or one of the same last digits: most have only one, and
    # thousands of departments have too many to keep a list of each.
    having = bytearray(SLOTS)
    for found in sketches.values():
        for run in set[int]().union(*(short.lowest for short in found.values())):
            having[run % SLOTS] = min(having[run % SLOTS] + 1, 255)
    texts = {}
    holders: dict[int, set[str]] = defaultdict(set)
    for department, found in sketches.items():
        for paragraph, short in found.items():
            shared = [run for run in short.lowest if having[run % SLOTS] > 1]
            if len(shared) >= ALIKE * SKETCH:
                texts[department, paragraph] = frozenset(shared)
                for run in shared:
                    holders[run].add(department)
    rare = {run for run, departments in holders.items() if 1 < len(departments) < BOILERPLATE}
    # Of a sketch that is mostly boilerplate too little is left to compare.
    kept = {key: shared & rare for key, shared in texts.items()}
    pairs = alike({k: v for k, v in kept.items() if len(v) >= SKETCH // 2}, SKETCH // 2)
    return [
        (one, other)
        for one, other in pairs
        if one[0] != other[0] and len(texts[one] & texts[other]) >= ALIKE * SKETCH
    ]
