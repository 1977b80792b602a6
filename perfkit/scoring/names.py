"""The rubric's own words (产出, 产出数量, a question of a checklist) in place of its codes.

A filing may name an indicator, a kind or an item by either; what reads it sees the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from perfkit.errors import Fault
from perfkit.forms.aliases import moved, twice
from perfkit.forms.fields import Loc
from perfkit.forms.yamlfile import Source
from perfkit.scoring.rubric import Rubric


def _codes(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The code by its word; a word of two codes, or one that is itself a code, means none."""
    pairs = list(named)
    counts = Counter(word for word, _ in pairs)
    known = {code for _, code in pairs}
    return {word: code for word, code in pairs if counts[word] == 1 and word not in known}


def group_codes(rubric: Rubric) -> dict[str, str]:
    """The indicators that departments choose their own under, by name: 产出 → output."""
    return _codes((rubric.indicator(code).name, code) for code in rubric.groups)


def kind_codes(rubric: Rubric, group: str) -> dict[str, str]:
    """The kinds of one such indicator by name: 产出数量 → quantity."""
    choice = rubric.groups.get(group)
    return _codes((kind.name, kind.id) for kind in choice.kinds) if choice else {}


def item_codes(rubric: Rubric) -> dict[str, str]:
    """The items of the checklists by their text, and by what a yes to them means."""
    return _codes(
        (words.strip("？?"), item.id)
        for item in rubric.items.values()
        for words in {item.text, item.asks}
        if words
    )


def figure_codes(rubric: Rubric) -> dict[str, str]:
    """The figures that the rubric asks for, by name: 编制数 → staff_posts."""
    return _codes((figure.name, code) for code, figure in rubric.figures.items())


def indicator_codes(rubric: Rubric, filed: Mapping[str, Any]) -> dict[str, str]:
    """All indicators by name, and the department's own by name or number: 产出.2 → output.2."""
    rows = filed.get("indicators")
    count = len(rows) if isinstance(rows, list) else 0
    named = [(indicator.name, indicator.id) for indicator in rubric.everything]
    numbered = [
        (f"{name}.{n}", f"{code}.{n}")
        for name, code in group_codes(rubric).items()
        for n in range(1, count + 1)
    ]
    codes = _codes([*named, *numbered])
    # A name that the rubric has, too, is the rubric's.
    known = {*codes, *codes.values(), *(word for word, _ in named)}
    own = _codes(own_indicators(rubric, filed))
    return {word: code for word, code in own.items() if word not in known} | codes


def own_indicators(rubric: Rubric, filed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The name and the code (output.2) of each 三级指标 of the department that has points of its own."""
    listed = filed.get("indicators")
    groups = group_codes(rubric)
    rows = [
        (groups.get(group, group), row)
        for row in (listed if isinstance(listed, list) else ())
        if isinstance(row, dict) and isinstance(group := row.get("group"), str)
    ]
    weighted = {group for group, row in rows if row.get("weight") is not None}
    counts: Counter[str] = Counter()
    for group, row in rows:
        choice = rubric.groups.get(group)
        if choice is None or (choice.no_weights != "equal" and group not in weighted):
            continue
        counts[group] += 1
        if isinstance(name := row.get("name"), str) and name.strip():
            yield name.strip(), f"{group}.{counts[group]}"


def in_codes(
    filed: dict[str, Any], source: Source, rubric: Rubric
) -> tuple[dict[str, Any], Source, list[Fault]]:
    """*filed*, what stands below ``department``, with the rubric's codes, its source likewise."""
    filed = dict(filed)
    places: dict[Loc, Loc] = {}
    faults: list[Fault] = []
    names = indicator_codes(rubric, filed)

    def keyed(value: Any, codes: Mapping[str, str], at: Loc) -> Any:
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        stood: dict[str, str] = {}
        for key, child in value.items():
            code = codes.get(key.strip("？?"), key)
            if code in found:
                faults.append(twice(source, at, key, stood[code]))
                continue
            found[code], stood[code] = child, key
            if code != key:
                places[(*at, key)] = (*at, code)
        return found

    if "checks" in filed:
        filed["checks"] = keyed(filed["checks"], item_codes(rubric), ("department", "checks"))
    if "figures" in filed:
        filed["figures"] = keyed(filed["figures"], figure_codes(rubric), ("department", "figures"))
    if "answers" in filed:
        filed["answers"] = keyed(filed["answers"], names, ("department", "answers"))
    if isinstance(reported := filed.get("reported"), dict) and "scores" in reported:
        at = ("department", "reported", "scores")
        filed["reported"] = reported | {"scores": keyed(reported["scores"], names, at)}
    if isinstance(rows := filed.get("stages"), list):
        filed["stages"] = [
            row
            | {
                key: keyed(row[key], names, ("department", "stages", i, key))
                for key in ("scores", "reasons")
                if key in row
            }
            if isinstance(row, dict)
            else row
            for i, row in enumerate(rows)
        ]
    groups = group_codes(rubric)
    if isinstance(rows := filed.get("indicators"), list):
        filed["indicators"] = list(_rows(rows, rubric, groups))
    if isinstance(rows := filed.get("overrides"), list):
        filed["overrides"] = [
            row | {"indicator": names.get(row["indicator"], row["indicator"])}
            if isinstance(row, dict) and isinstance(row.get("indicator"), str)
            else row
            for row in rows
        ]
    return filed, moved(source, places) if places else source, faults


def _rows(rows: list[Any], rubric: Rubric, groups: Mapping[str, str]) -> Iterator[Any]:
    for row in rows:
        if not isinstance(row, dict) or not isinstance(group := row.get("group"), str):
            yield row
            continue
        code = groups.get(group, group)
        kind = row.get("kind")
        kinds = kind_codes(rubric, code)
        own = {"kind": kinds.get(kind, kind)} if isinstance(kind, str) else {}
        yield row | {"group": code} | own


def in_words(filed: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """*filed*, what stands below ``department``, with the rubric's words for its codes."""
    found = dict(filed)
    names = {code: word for word, code in indicator_codes(rubric, filed).items()}
    groups = {code: word for word, code in group_codes(rubric).items()}
    items = {item.id: item.text for item in rubric.items.values()}
    known = item_codes(rubric)
    items = {code: text for code, text in items.items() if known.get(text.strip("？?")) == code}
    if isinstance(checks := filed.get("checks"), Mapping):
        found["checks"] = {items.get(code, code): answer for code, answer in checks.items()}
    if isinstance(figures := filed.get("figures"), Mapping):
        asked = {code: word for word, code in figure_codes(rubric).items()}
        found["figures"] = {asked.get(code, code): value for code, value in figures.items()}
    if isinstance(answers := filed.get("answers"), Mapping):
        found["answers"] = {names.get(code, code): reply for code, reply in answers.items()}
    if isinstance(reported := filed.get("reported"), Mapping) and "scores" in reported:
        scores = {names.get(code, code): points for code, points in reported["scores"].items()}
        found["reported"] = {**reported, "scores": scores}
    if stages := filed.get("stages"):
        found["stages"] = [
            row
            | {
                key: {names.get(code, code): said for code, said in row[key].items()}
                for key in ("scores", "reasons")
                if key in row
            }
            for row in stages
        ]
    rows = []
    for row in filed.get("indicators") or []:
        kinds = {code: word for word, code in kind_codes(rubric, row["group"]).items()}
        words = {"group": groups.get(row["group"], row["group"])}
        rows.append(row | words | {"kind": kinds.get(row["kind"], row["kind"])})
    if rows:
        found["indicators"] = rows
    if isinstance(overrides := filed.get("overrides"), list):
        found["overrides"] = [
            row | {"indicator": names.get(row["indicator"], row["indicator"])} for row in overrides
        ]
    return found
