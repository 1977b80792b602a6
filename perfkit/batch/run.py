"""Every department in one go: what is out of date is made, what failed is named.

What was made from what stands in the journal, one line a report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit.batch.documents import (
    Kept,
    Seal,
    Seals,
    retire_documents,
)
from perfkit.batch.inputs import shown
from perfkit.batch.journal import JOURNAL, Record, append_record
from perfkit.batch.make import Made, make
from perfkit.batch.plan import Settings, common_inputs, own_inputs
from perfkit.batch.workers import Job, Outcome, Workers
from perfkit.files import relative_path, stamp
from perfkit.forms.parts import kept_parts
from perfkit.forms.workbook import keep_part
from perfkit.index.rows import FAILURE as FAILED_PAGE
from perfkit.index.rows import Row


@dataclass(frozen=True)
class Ended:
    """How a report ended: its record, the worker's outcome, and what became of earlier files."""

    record: Record
    outcome: Outcome
    notes: tuple[str, ...] = ()
    removed: int = 0


def run(
    files: Iterable[Path],
    settings: Settings,
    journal: Mapping[str, Record],
    refused: Mapping[Path, str],
    started: Callable[[str], None],
) -> Iterator[Ended]:
    """Make the reports of *files*, and yield how each ended, as it ends.

    The journal has a report's record before it is yielded, so that whatever
    stops the batch, the next run knows what is done.

    Args:
        journal: what the runs before have left.
        refused: of which files no report can be made, and why.
        started: called with the name of each report when it is begun.
    """
    common = common_inputs(settings)
    held: list[Record] = []
    for ended in _ended(files, settings, journal, refused, common, started):
        held.append(ended.record)
        # A folder in which no report was ever made is left alone, however many failed.
        if not ended.record.failed or (settings.outputs / JOURNAL).exists():
            for waiting in held:
                append_record(settings.outputs, waiting)
            held.clear()
        yield ended


def _ended(
    files: Iterable[Path],
    settings: Settings,
    journal: Mapping[str, Record],
    refused: Mapping[Path, str],
    common: Mapping[str, str],
    started: Callable[[str], None],
) -> Iterator[Ended]:
    for path, reason in refused.items():
        name = shown(path.stem)
        outcome = Outcome(name, error=f"{shown(str(path))}：{reason}", kind="failed")
        # The files that bear its name may be another's: they are left alone.
        record = _failed(name, path, settings, common, outcome, Kept(files=_before(journal, name)))
        yield Ended(record, outcome)
    paths = {path.stem: path for path in files if path not in refused}
    found: dict[str, dict[str, str]] = {}
    for outcome in _outcomes(paths, settings, journal, found, started):
        name, made = outcome.name, outcome.value
        inputs = {**common, **found[name]}
        if isinstance(made, Made):
            params = relative_path(paths[name].resolve(), settings.outputs.resolve())
            kept, error = made.kept, "\n".join(made.kept.faults)
            row = dict(made.row) | {"links": kept.written}
            if error:
                row |= {"state": "failed", "cause": first_line(error)}
                outcome = replace(outcome, kind="failed", error=error)
            record = Record(
                name, params, inputs, made.opened, kept.files, row, made.paragraphs, bool(error)
            )
        else:
            kept = retire_documents(settings.outputs, name, _before(journal, name))
            record = _failed(name, paths[name], settings, inputs, outcome, kept)
        told = [*kept.notes, *(() if isinstance(made, Made) else kept.faults)]
        notes = tuple(f"{name}：{note}" for note in told)
        yield Ended(record, outcome, notes, kept.removed)


def _before(journal: Mapping[str, Record], name: str) -> dict[str, Seal]:
    return dict(journal[name].files) if name in journal else {}


def _failed(
    name: str,
    path: Path,
    settings: Settings,
    inputs: Mapping[str, str],
    outcome: Outcome,
    kept: Kept,
) -> Record:
    page = settings.outputs / f"{name}{FAILED_PAGE}"
    links = (FAILED_PAGE,) if outcome.kind == "failed" and stamp(page) != (0, 0) else ()
    cause = "；".join([first_line(outcome.error), *kept.faults])
    row = Row(name=name, state="failed", cause=cause, links=links)
    params = shown(relative_path(path.resolve(), settings.outputs.resolve()))
    return Record(name, params, inputs, files=kept.files, row=row.as_dict(), failed=True)


def _outcomes(
    paths: Mapping[str, Path],
    settings: Settings,
    journal: Mapping[str, Record],
    inputs: dict[str, dict[str, str]],
    started: Callable[[str], None],
) -> Iterator[Outcome]:
    """The outcomes of the reports; *inputs* gets what each is made from before that is read.

    So that a file which is changed while its report is made has changed since.
    """

    def job(name: str) -> tuple[Path, Seals, Settings]:
        own = settings.of(paths[name])
        inputs[name] = own_inputs(own, paths[name])
        keep_part(paths[name])
        return paths[name], _before(journal, name), own

    if settings.cluster:
        from perfkit.batch import cluster

        yield from cluster.run({name: job(name) for name in paths}, settings, started)
    elif paths:
        jobs = (Job(name, make, job(name)) for name in paths)
        with (
            kept_parts(),
            Workers(settings.workers, "perfkit.batch.warm", settings.limits) as workers,
        ):
            yield from workers.run(jobs, started)


def first_line(error: str) -> str:
    """The cause in one line; of several faults the first, and how many there are."""
    lines = error.splitlines() or ["原因不明"]
    return lines[0] if len(lines) == 1 else f"{lines[0]}（共 {len(lines)} 处）"
