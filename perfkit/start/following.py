"""下一年度的参数文件: last year's filing, with what goes on kept and what is of last year set aside.

What was last year's stands in comments, for whoever fills in the new file: neither a
report nor the audit can take it for this year's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.written import tree
from perfkit.quantities import percent
from perfkit.scoring.rubric import Rubric
from perfkit.scoring.scorecard import filed_rate
from perfkit.start.blank import Remarks, blank, example, remarks

KEPT = {"name", "short_name", "divisions", "objective", "template", "options"}
"""Parts of the form that go on from year to year."""

KEPT_OF_PROJECT = {"name", "evaluation"}
KEPT_OF_INDICATOR = {"group", "kind", "name", "unit", "direction"}


def following(
    department: Department, rubric: Rubric, written_as: str, previous: str, chinese: bool
) -> tuple[dict[str, Any], Remarks]:
    """The tree of next year's filing and its remarks.

    Args:
        department: last year's filing.
        rubric: by which the new year is scored; indicators that it doesn't know are left out.
        written_as: the rubric's name or path, as it stands in the new file.
        previous: the path of last year's file from the new one.
        chinese: write the remarks for a file with Chinese keys.
    """
    filed = tree(department)
    year = department.year
    new = blank(rubric, written_as, year + 1, department.name)
    new |= {key: filed[key] for key in KEPT if key in filed}
    new["previous"] = previous
    project, indicator = new["projects"][0], (new.get("indicators") or [{}])[0]
    if rows := filed.get("projects"):
        new["projects"] = [_emptied(row, project, KEPT_OF_PROJECT) for row in rows]
    rows = [
        row
        for row in filed.get("indicators", [])
        if row["group"] in rubric.groups
        and row["kind"] in {kind.id for kind in rubric.groups[row["group"]].kinds}
    ]
    known = {(row["group"], row["kind"]) for row in rows}
    if rows:
        new["indicators"] = [_emptied(row, indicator, KEPT_OF_INDICATOR) for row in rows] + [
            row for row in new["indicators"] if (row["group"], row["kind"]) not in known
        ]
    notes = remarks(new, rubric, chinese)
    rate = filed_rate(rubric, department, paths.PREVIOUS_RATE)
    if rate is not None:
        carryover = new["budget"]["carryover"]
        carryover["previous_rate"] = percent(rate, 4)
        carryover["previous_source"] = f"{year}年度{rubric.words.evaluation}参数文件"
        notes[paths.PREVIOUS_RATE] = f"按上年（{year}年度）的参数文件算出，请与决算核对"
    was = dict(_values({**filed, "indicators": rows}, ()))
    for path, text in was.items():
        if path not in EXCEPT and _value(new, path) == "":
            _add(notes, path, year, text)
    for key in ("overrides", "stages", "audit_off"):
        if key in filed:
            listed = example({key: filed[key]}, chinese).split("\n", 1)[1]
            notes[key] = f"{notes[key]}\n上年（{year}年度）有：\n{listed}"
    if "objective" in filed:
        notes["objective"] = f"{notes['objective']}\n下面是上年（{year}年度）的，请核对改写"
    return new, notes


EXCEPT = {"report_date", "previous", "year", "rubric"}
"""What is not worth a remark."""


def _emptied(
    row: Mapping[str, Any], blank_row: Mapping[str, Any], kept: set[str]
) -> dict[str, Any]:
    found = {key: row.get(key, "") if key in kept else "" for key in blank_row}
    return found | {key: row[key] for key in row if key in kept}


def _values(value: Any, loc: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The texts of a tree by field path."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _values(child, (*loc, str(key)))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from _values(child, (*loc, str(i)))
    else:
        yield ".".join(loc), str(value)


def _value(new: Any, path: str) -> Any:
    """What stands at *path* in the new tree; None if it has no such place."""
    head, _, rest = path.partition(".")
    if isinstance(new, list):
        new = dict(enumerate(new))
        return _value(new[int(head)], rest) if int(head) in new else None
    if not isinstance(new, Mapping):
        return None
    if path in new:  # a key with dots of its own
        return new[path]
    return _value(new.get(head), rest) if head in new else None


def _add(notes: Remarks, path: str, year: int, text: str) -> None:
    """Set last year's value above its field."""
    lines = text.strip().split("\n")
    words = f"上年（{year}年度）：" + ("\n" if len(lines) > 1 else "") + "\n".join(lines)
    notes[path] = "\n".join(filter(None, (notes.get(path), words)))
