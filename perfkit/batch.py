"""Every department in one go: what is out of date is made, what failed is named.

Whether a report is out of date is decided by the content of all that goes into
it: the parameter file, the template, perfkit itself, the packages below it,
the fonts, the formats asked for, and every file that the notebook opened. What
was made from what stands in a journal beside the reports, one line a report.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from perfkit.documents import (
    Kept,
    Seal,
    Seals,
    as_sealed,
    file_digest,
    replace_documents,
    retire_documents,
    stamp,
)
from perfkit.execute import write_whole
from perfkit.index import FAILURE as FAILED_PAGE
from perfkit.index import Alike, Row, write_index
from perfkit.inputs import shown
from perfkit.likeness import Sketch, alike_departments, sketches
from perfkit.opened import Opened
from perfkit.reviews import FOLDER, read_review, template_digest
from perfkit.workers import CAN_FORK, Job, Limits, Outcome, Workers
from perfkit.yamlfile import PerfkitError, relative_path, system_reason

JOURNAL = "perfkit.jsonl"
SHOWN = ".shown"
"""In the folder of the reviews: which of them the index shows."""
INDEX_SECONDS = 60
"""How long to wait for another process that is writing the index."""
WARM = "perfkit"
STANDARD = "nbclient"
PACKAGES = (
    "ipykernel", "ipython", "jinja2", "lxml", "matplotlib", "mistune", "nbclient", "nbconvert",
    "nbformat", "numpy", "pandas", "papermill", "pydantic", "pylopdf-fonts-zh-cn", "pypandoc-binary", "python-docx", "typst",
    "uharfbuzz",
)  # fmt: skip
"""What can change a report beside perfkit itself."""


@dataclass(frozen=True)
class Settings:
    """How a batch is run; the fields are the options of ``perfkit run``."""

    template: Path
    outputs: Path
    formats: tuple[str, ...]
    engine: str = STANDARD
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    cluster: str | None = None
    shared: str | None = None


@dataclass(frozen=True)
class Record:
    """A line of the journal: what a report was made from, what was written, and its figures.

    `inputs` are digests by name, `opened` digests by path, `files` the seals of
    all files of the report that perfkit has written and that are there; `row` is the report's line in the index,
    `paragraphs` what its narratives are compared with other departments' by.
    """

    name: str
    params: str
    inputs: Mapping[str, str]
    opened: Mapping[str, str] = field(default_factory=dict)
    files: Seals = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)
    paragraphs: Mapping[str, Sketch] = field(default_factory=dict)
    failed: bool = False


class Journal(Mapping[str, Record]):
    """The newest record of each report by its name, each read anew when it is asked for.

    So that thousands of reports take little memory: a record takes six times
    that of its line.
    """

    def __init__(self, lines: Mapping[str, bytes]) -> None:
        self._lines = lines

    def __getitem__(self, name: str) -> Record:
        return _parsed(self._lines[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def _shape() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


def _parsed(line: bytes) -> Record:
    """The record in a line.

    Raises:
        ValueError: if it is none, as of another version or torn.
    """
    record = _shape().validate_json(line)
    Row.from_dict(record.row)
    return record


def read_journal(outputs: Path) -> Journal:
    """The journal beside the reports; a line that is no record, as a torn one, is passed over.

    Raises:
        PerfkitError: if the journal can't be read.
    """
    lines: dict[str, bytes] = {}
    path = outputs / JOURNAL
    try:
        with path.open("rb") as journal:
            for line in journal:
                with contextlib.suppress(ValueError):
                    lines[_parsed(line).name] = line
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as e:
        raise PerfkitError(f"生成记录 {path} 读不了：{system_reason(e)}；请移走它再试") from None
    return Journal(lines)


def append_record(outputs: Path, record: Record) -> None:
    """Add a line to the journal.

    Raises:
        PerfkitError: if it can't be written.
    """
    line = json.dumps(vars(record), ensure_ascii=False)
    path = outputs / JOURNAL
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        # A newline first: after a torn line the next one must not be lost with it.
        with path.open("a", encoding="utf-8") as journal:
            journal.write(f"\n{line}\n")
    except OSError as e:
        raise PerfkitError(f"生成记录 {path} 写不进去：{system_reason(e)}") from None


def common_inputs(settings: Settings) -> dict[str, str]:
    """What all reports of a batch are made from, by name."""
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return {
        "模板": _template_digest(settings.template),
        "perfkit": perfkit_digest(),
        "Python 或软件包": _digest("\n".join([sys.version, *versions])),
        "字体": _fonts_digest(),
        "格式": "、".join(settings.formats),
    }


def why(settings: Settings, params: Path, record: Record | None, common: Mapping[str, str]) -> str:
    """Why a report has to be made, in words; empty if it is up to date."""
    if record is None:
        return "还没有生成过"
    inputs = {**common, "参数文件": file_digest(params)}
    changed = [name for name, digest in inputs.items() if record.inputs.get(name) != digest]
    if changed:
        return f"{'、'.join(changed)}有变化"
    if record.failed:
        return "上次未通过"
    folder = settings.template.resolve().parent
    for path, digest in record.opened.items():
        if file_digest(folder / path) != digest:
            return f"{path} 有变化"
    for name, before in record.files.items():
        if not as_sealed(settings.outputs / name, before):
            return f"{name} 缺失或被改动"
    return "要求全部重做" if settings.force else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _template_digest(path: Path) -> str:
    """The digest of a template's sources: what a run in JupyterLab leaves in it doesn't count."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
        return _digest(template_digest(notebook) + json.dumps(tags))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return file_digest(path)  # no notebook: papermill will tell


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


@cache
def perfkit_digest() -> str:
    """SHA-256 of perfkit itself: its code, rubrics and templates."""
    root = Path(__file__).parent
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _digest("\n".join(f"{p.relative_to(root)} {file_digest(p)}" for p in sorted(files)))


@cache
def _fonts_digest() -> str:
    """The font files that a document may be set with, by name, size and time."""
    folders = ["/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
               "/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts",
               os.environ.get("WINDIR", "") and os.environ["WINDIR"] + "/Fonts"]  # fmt: skip
    found = []
    for folder in folders:
        for root, _, names in os.walk(Path(folder).expanduser()) if folder else ():
            found += [f"{root}/{name} {stamp(Path(root, name))}" for name in names]
    return _digest("\n".join(sorted(found)))


def plan(
    files: Iterable[Path], settings: Settings, journal: Mapping[str, Record]
) -> dict[Path, str]:
    """Why each report has to be made; an empty reason where it is up to date."""
    common = common_inputs(settings)
    return {path: why(settings, path, journal.get(path.stem), common) for path in files}


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
    digests: dict[str, str] = {}
    for outcome in _outcomes(paths, settings, journal, digests, started):
        name, made = outcome.name, outcome.value
        inputs = {**common, "参数文件": digests[name]}
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
    digests: dict[str, str],
    started: Callable[[str], None],
) -> Iterator[Outcome]:
    """The outcomes of the reports; *digests* gets that of each parameter file before it is read.

    So that a file which is changed while its report is made has changed since.
    """

    def job(name: str) -> tuple[Path, Seals]:
        digests[name] = file_digest(paths[name])
        return paths[name], _before(journal, name)

    if settings.cluster:
        from perfkit import cluster

        yield from cluster.run({name: job(name) for name in paths}, settings, started)
    elif paths:
        jobs = (Job(name, make, (*job(name), settings)) for name in paths)
        with Workers(settings.workers, "perfkit.warm", settings.limits) as workers:
            yield from workers.run(jobs, started)


@dataclass(frozen=True)
class Made:
    """What a worker sends back of a report: for the index, the files read and written, what is not shown."""

    row: Mapping[str, Any]
    paragraphs: Mapping[str, Sketch]
    opened: Mapping[str, str]
    kept: Kept
    lost: list[str] = field(default_factory=list)


def make(params: Path, before: Seals, settings: Settings) -> Made:
    """A worker's job: one report, written to the outputs folder.

    Args:
        params: the parameter file.
        before: the seals of the files that an earlier run has left of the report.

    Raises:
        PerfkitError: with the cause; the page of the failed cell is written then.
    """
    from perfkit.engine import fits
    from perfkit.execute import CellError, build_report, failed_page, kept_folder
    from perfkit.index import row_of
    from perfkit.report import HANDED_OVER, open_report

    name, outputs = params.stem, settings.outputs
    # Of an earlier run; what is there after this one is of this one.
    with contextlib.suppress(OSError):
        (outputs / f"{name}{FAILED_PAGE}").unlink()
    engine = settings.engine if settings.engine != WARM or fits() else STANDARD
    if engine == WARM:  # the notebook runs in this process
        seen = Opened(in_process=True, template=settings.template)
        report = HANDED_OVER[params.resolve()] = open_report(params)
    else:
        report = open_report(params)  # its faults need no kernel to be found
        seen = Opened(in_process=False, template=settings.template)
    try:
        lost: list[str] = []
        documents = build_report(
            params,
            settings.template,
            settings.formats,
            engine,
            report,
            kept_folder(outputs, params),
            lost,
        )
    except CellError as e:
        outputs.mkdir(parents=True, exist_ok=True)
        write_whole(outputs / f"{name}{FAILED_PAGE}", failed_page(e, name))
        raise
    opened = _digests(seen, settings)
    kept = replace_documents(outputs, name, documents, before)
    content = report.content | {"template": template_digest(json.loads(documents[".ipynb"]))}
    row = row_of(name, report.card, report.audit.findings, kept.written, content)
    return Made(row.as_dict(), sketches(report.department), opened, kept, lost)


def _digests(seen: Opened, settings: Settings) -> dict[str, str]:
    """The digests of what the notebook read, by path from the template's folder."""
    folder, outputs = settings.template.resolve().parent, settings.outputs.resolve()
    found = {}
    for opened, at in seen.files().items():
        path = Path(opened)
        # The template counts by its sources alone.
        if not path.is_relative_to(outputs) and path != settings.template.resolve():
            digest = file_digest(path)
            # Of a file that was changed since, the digest is not of what was read. A folder
            # has other times whenever a report works beside it.
            same = path.is_dir() or stamp(path) == at
            found[relative_path(path, folder)] = digest if same else "changed"
    return found


def first_line(error: str) -> str:
    """The cause in one line; of several faults the first, and how many there are."""
    lines = error.splitlines() or ["原因不明"]
    return lines[0] if len(lines) == 1 else f"{lines[0]}（共 {len(lines)} 处）"


def index_content(
    outputs: Path, journal: Mapping[str, Record], fresh: set[str]
) -> tuple[list[Row], list[Alike]]:
    """What the index shows of all reports whose parameter file is still there, by name."""
    reviewed = {path.stem for path in _records(outputs)}
    rows, short = [], {}
    for name in sorted(journal):
        record = journal[name]
        if stamp(outputs / record.params) == (0, 0):
            continue
        try:
            row = replace(Row.from_dict(record.row), fresh=name in fresh)
        except ValueError:
            row = Row(name, state="failed", cause=f"{JOURNAL} 里的记录读不懂，请再运行 perfkit run")
        if name in reviewed:
            review = read_review(outputs, name)
            state = review.state(row.content)
            row = replace(row, review=state, open_remarks=len(review.open))
        rows.append(row)
        short[name] = record.paragraphs
    alike = [
        Alike(one, other, short[one][paragraph].opening)
        for (one, paragraph), (other, _) in alike_departments(short)
    ]
    return rows, alike


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
    return _digest("\n".join(records)) if records else ""


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


def best_engine() -> str:
    """The warm engine where a process can be forked safely, papermill's own elsewhere."""
    return WARM if CAN_FORK else STANDARD


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
