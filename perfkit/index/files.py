"""The files of the index, written from the same rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from perfkit.errors import Fault, PerfkitError
from perfkit.files import write_whole
from perfkit.index.page import page
from perfkit.index.rows import STATES, Alike, Row, exact, grades, lost_points
from perfkit.index.units import above, departments
from perfkit.index.workbook import workbook
from perfkit.quantities import plain
from perfkit.review.record import STATES as REVIEWS


def write_index(outputs: Path, rows: Sequence[Row], alike: Sequence[Alike] = ()) -> None:
    """Write index.html, summary.json and summary.xlsx; the same rows give the same bytes.

    Raises:
        PerfkitError: with every file that can't be written, as a workbook that
            someone has open; the others are written all the same.
    """
    rows = [_writable(row) for row in rows]
    alike = [Alike(*map(_clean, pair)) for pair in alike]
    made = {
        "index.html": page(rows, alike).encode(),
        "summary.json": _json(summary(rows, alike)).encode(),
        "summary.xlsx": workbook(rows, alike),
    }
    outputs.mkdir(parents=True, exist_ok=True)
    faults: list[Fault] = []
    for name, content in made.items():
        try:
            write_whole(outputs / name, content)
        except PerfkitError as e:
            faults += e.faults
    if faults:
        raise PerfkitError(faults)


def _writable(row: Row) -> Row:
    cause = " ".join(_clean(row.cause).split())
    return replace(row, name=_clean(row.name), department=_clean(row.department), cause=cause)


def _clean(text: str) -> str:
    # A file name that is not UTF-8, as out of a GBK zip, must not take the index with it.
    return text.encode(errors="replace").decode()


def summary(rows: Sequence[Row], alike: Sequence[Alike] = ()) -> dict[str, Any]:
    """What summary.json holds: the rows, counts, lost points by indicator, and like texts.

    A 二级单位 has a row with the department ``above`` it, and is counted as a report, not as a department.
    """
    states = Counter(row.state for row in rows)
    reviews = Counter(row.review for row in rows if row.state == "done")
    parts, counted = above(rows), departments(rows)
    return {
        "departments": [
            row.as_dict() | {"difference": exact(row.difference), "above": parts.get(row.name)}
            for row in rows
        ],
        "counts": {
            "departments": len(counted),
            "units": len(parts),
            **{state: states[state] for state in STATES},
            "grades": grades(counted),
            "with_errors": sum(1 for row in rows if row.errors),
            "undecided": sum(1 for row in rows if row.undecided),
            "reviews": {state: reviews[state] for state in REVIEWS},
            "open_remarks": sum(row.open_remarks for row in rows),
        },
        "lost": {
            name: {"points": plain(points), "lost": plain(lost), "departments": losing}
            for name, (points, lost, losing) in lost_points(counted).items()
        },
        "alike": [pair._asdict() for pair in alike],
    }


def _json(found: dict[str, Any]) -> str:
    """A line for each department, so that two runs can be compared line by line."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in found["departments"])
    rest = "".join(
        f",\n{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in found.items()
        if key != "departments"
    )
    return f'{{"departments": [\n{rows}\n]{rest}}}\n'
