"""The index after a batch or a review: from the journal and the records of the reviews."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from perfkit.audit.likeness import alike_departments
from perfkit.batch.journal import JOURNAL, Record, read_journal
from perfkit.batch.plan import text_digest
from perfkit.errors import PerfkitError, system_reason
from perfkit.files import stamp, write_whole
from perfkit.forms.bookfile import part_of
from perfkit.index.files import write_index
from perfkit.index.rows import Alike, Row, Said
from perfkit.review.letter import told_answer
from perfkit.review.record import FOLDER, Review, read_review
from perfkit.review.reported import read_reported

SHOWN = ".shown"
"""In the folder of the reviews: which of them the index shows."""
INDEX_SECONDS = 60
"""How long to wait for another process that is writing the index."""


def index_content(
    outputs: Path, journal: Mapping[str, Record], fresh: set[str]
) -> tuple[list[Row], list[Alike]]:
    """What the index shows of all reports whose parameter file is still there, by name."""
    reviewed = {path.stem for path in _records(outputs)}
    rows, short = [], {}
    for name in sorted(journal):
        record = journal[name]
        if stamp(part_of(outputs / record.params)[0]) == (0, 0):
            continue
        try:
            row = replace(Row.from_dict(record.row), fresh=name in fresh)
        except ValueError:
            row = Row(name, state="failed", cause=f"{JOURNAL} 里的记录读不懂，请再运行 perfkit run")
        if name in reviewed:
            row = reviewed_row(row, read_review(outputs, name), outputs)
        rows.append(row)
        short[name] = record.paragraphs
    alike = [
        Alike(one, other, short[one][paragraph].opening)
        for (one, paragraph), (other, _) in alike_departments(short)
    ]
    return rows, alike


def reviewed_row(row: Row, review: Review, outputs: Path) -> Row:
    """The row of a report with what its review says: findings, remarks, decision."""
    state = review.state(row.content)
    figures = None
    if state == "lapsed":
        with suppress(PerfkitError):  # the reasons are told without the figures then
            figures = read_reported(outputs, row.name).figures
    checks = review.checked(row.findings)
    noted = [
        replace(finding, state=check.state, note=check.note)
        for finding, check in zip(row.findings, checks, strict=True)
    ]
    said = [
        Said(
            remark.event["by"],
            remark.event["at"][:10],
            remark.quote,
            remark.event["text"],
            remark.settled,
            "\n".join(map(told_answer, remark.thread)),
        )
        for remark in review.remarks
    ]
    said += [
        Said(event["by"], event["at"][:10], event["about"], told_answer(event), settled=True)
        for event in review.loose
    ]
    why = [*review.lapses(row.content, figures), review.passed_over]
    return replace(
        row,
        review=state,
        open_remarks=len(review.open),
        findings=tuple(noted),
        remarks=tuple(said),
        review_note="；".join(filter(None, why)),
    )


def _records(outputs: Path) -> list[Path]:
    return [*(outputs / FOLDER).glob("*.yaml")]


def update_index(outputs: Path, names: set[str], changed: bool) -> None:
    """Write the index anew if a report was made, a review has changed, or if it isn't there."""
    there = (outputs / "index.html").exists() and _shown(outputs) == _reviews_digest(outputs)
    if not (outputs / JOURNAL).exists() or (there and not changed):
        return
    # Who comes last has read all that the others wrote; a review server runs beside the batch.
    try:
        with FileLock(outputs / f".{JOURNAL}.lock", timeout=INDEX_SECONDS):
            _write_index(outputs, names)
    except Timeout:
        raise PerfkitError("目录一直被另一个 perfkit 占用，请稍后再试") from None
    except OSError as e:
        raise PerfkitError(f"目录写不进 {outputs}：{system_reason(e)}") from None


def _write_index(outputs: Path, names: set[str]) -> None:
    digest = _reviews_digest(outputs)  # before the records are read: what comes after is newer
    write_index(outputs, *index_content(outputs, read_journal(outputs), names))
    if (outputs / FOLDER).is_dir():
        write_whole(outputs / FOLDER / SHOWN, digest.encode())


def _reviews_digest(outputs: Path) -> str:
    """The records of the reviews by name, size and time; empty without any."""
    records = sorted(f"{path.name} {stamp(path)}" for path in _records(outputs))
    return text_digest("\n".join(records)) if records else ""


def _shown(outputs: Path) -> str:
    """The digest of the records that the index was made with."""
    try:
        return (outputs / FOLDER / SHOWN).read_text(encoding="utf-8")
    except OSError:
        return ""


def refresh_index(outputs: Path) -> None:
    """Write the index anew if a review has changed; which reports are fresh stays as it was."""
    try:
        rows = json.loads((outputs / "summary.json").read_text(encoding="utf-8"))["departments"]
        names = {row["name"] for row in rows if row["fresh"]}
    except FileNotFoundError:
        return
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        names = set()  # it will be whole again
    update_index(outputs, names, changed=False)
