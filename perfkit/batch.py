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

from perfkit.execute import write_whole
from perfkit.index import FAILURE as FAILED_PAGE
from perfkit.index import Alike, Row, write_index
from perfkit.likeness import Sketch, alike_departments, sketches
from perfkit.opened import Opened
from perfkit.reviews import FOLDER, read_review, template_digest
from perfkit.workers import CAN_FORK, Job, Limits, Outcome, Workers

JOURNAL = "perfkit.jsonl"
SHOWN = ".shown"
"""In the folder of the reviews: which of them the index shows."""
WARM = "perfkit"
STANDARD = "nbclient"
PACKAGES = (
    "ipykernel", "ipython", "jinja2", "matplotlib", "nbclient", "nbconvert", "nbformat",
    "papermill", "pydantic", "pylopdf-fonts-zh-cn", "pypandoc-binary", "python-docx", "typst",
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

    `inputs` are digests by name, `opened` digests by path, `files` size and
    modification time (ns) by file name; `row` is the report's line in the index,
    `paragraphs` what its narratives are compared with other departments' by.
    """

    name: str
    params: str
    inputs: Mapping[str, str]
    opened: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
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


def _parsed(line: bytes) -> Record:
    found = json.loads(line)
    files = {name: (size, time) for name, (size, time) in found.pop("files").items()}
    paragraphs = {at: Sketch(*short) for at, short in found.pop("paragraphs").items()}
    return Record(**found, files=files, paragraphs=paragraphs)


def read_journal(outputs: Path) -> Journal:
    """The journal beside the reports; a line that was torn when it was written is passed over."""
    lines: dict[str, bytes] = {}
    try:
        with (outputs / JOURNAL).open("rb") as journal:
            for line in journal:
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    lines[_parsed(line).name] = line
    except FileNotFoundError:
        pass
    return Journal(lines)


def append_record(outputs: Path, record: Record) -> None:
    """Add a line to the journal."""
    outputs.mkdir(parents=True, exist_ok=True)
    line = json.dumps(vars(record), ensure_ascii=False)
    # A newline first: after a torn line the next one must not be lost with it.
    with (outputs / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write(f"\n{line}\n")


def common_inputs(settings: Settings) -> dict[str, str]:
    """What all reports of a batch are made from, by name."""
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return {
        "模板": file_digest(settings.template),
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
        if stamp(settings.outputs / name) != before:
            return f"{name} 缺失或被改动"
    return "要求全部重做" if settings.force else ""


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content; of a missing one, the word missing."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "missing"


def stamp(path: Path) -> tuple[int, int]:
    """Size and modification time (ns) of a file; zeros for a missing one."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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


def run(
    files: Iterable[Path],
    settings: Settings,
    started: Callable[[str], None],
) -> Iterator[tuple[Record, Outcome]]:
    """Make the reports of *files*, and yield how each ended, as it ends.

    The journal has a report's record before it is yielded, so that whatever
    stops the batch, the next run knows what is done.
    """
    paths = {path.stem: path for path in files}
    common = common_inputs(settings)
    held: list[Record] = []
    for outcome in _outcomes(paths, settings, started):
        record = _record(paths[outcome.name], settings, common, outcome)
        held.append(record)
        # A folder in which no report was ever made is left alone, however many failed.
        if not record.failed or (settings.outputs / JOURNAL).exists():
            for waiting in held:
                append_record(settings.outputs, waiting)
            held.clear()
        yield record, outcome


def _outcomes(
    paths: Mapping[str, Path], settings: Settings, started: Callable[[str], None]
) -> Iterator[Outcome]:
    if settings.cluster:
        from perfkit import cluster

        yield from cluster.run(paths, settings, started)
    elif paths:
        jobs = (Job(name, make, (path, settings)) for name, path in paths.items())
        with Workers(settings.workers, "perfkit.warm", settings.limits) as workers:
            yield from workers.run(jobs, started)


@dataclass(frozen=True)
class Made:
    """What a worker sends back of a report: for the index, and the files read and written."""

    row: Mapping[str, Any]
    paragraphs: Mapping[str, Sketch]
    opened: Mapping[str, str]
    files: Mapping[str, tuple[int, int]]


def make(params: Path, settings: Settings) -> Made:
    """A worker's job: one report, written to the outputs folder.

    Raises:
        PerfkitError: with the cause; the page of the failed cell is written then.
    """
    from perfkit.execute import CellError, build_report, failed_page, write_documents
    from perfkit.index import row_of
    from perfkit.report import HANDED_OVER, open_report

    name, outputs = params.stem, settings.outputs
    # Of an earlier run; what is there after this one is of this one.
    (outputs / f"{name}{FAILED_PAGE}").unlink(missing_ok=True)
    if settings.engine == WARM:  # the notebook runs in this process
        seen = Opened(in_process=True)
        report = HANDED_OVER[params.resolve()] = open_report(params)
    else:
        report = open_report(params)  # its faults need no kernel to be found
        seen = Opened(in_process=False)
    try:
        documents = build_report(params, settings.template, settings.formats, settings.engine)
    except CellError as e:
        outputs.mkdir(parents=True, exist_ok=True)
        write_whole(outputs / f"{name}{FAILED_PAGE}", failed_page(e, name))
        raise
    written = write_documents(outputs, name, documents)
    template = json.loads(settings.template.read_text(encoding="utf-8"))
    content = report.content | {"template": template_digest(template)}
    endings = [path.suffix for path in written]
    row = row_of(name, report.card, report.audit.findings, endings, content)
    folder = settings.template.resolve().parent
    digests = {
        Path(os.path.relpath(path, folder)).as_posix(): file_digest(Path(path))
        for path in seen.files()
        if not Path(path).is_relative_to(outputs.resolve())
    }
    files = {path.name: stamp(path) for path in written}
    return Made(row.as_dict(), sketches(report.department), digests, files)


def _record(path: Path, settings: Settings, common: Mapping[str, str], outcome: Outcome) -> Record:
    inputs = {**common, "参数文件": file_digest(path)}
    params = Path(os.path.relpath(path.resolve(), settings.outputs.resolve())).as_posix()
    if isinstance(outcome.value, Made):
        made = outcome.value
        return Record(path.stem, params, inputs, made.opened, made.files, made.row, made.paragraphs)
    failed = (settings.outputs / f"{path.stem}{FAILED_PAGE}").exists() and outcome.kind == "failed"
    row = Row(
        name=path.stem,
        state="failed",
        cause=first_line(outcome.error),
        links=(FAILED_PAGE,) if failed else (),
    )
    return Record(path.stem, params, inputs, row=row.as_dict(), failed=True)


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
        if not (outputs / record.params).exists():
            continue
        row = replace(Row.from_dict(record.row), fresh=name in fresh)
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
    digest = _reviews_digest(outputs)  # before the records are read: what comes after is newer
    there = (outputs / "index.html").exists() and _shown(outputs) == digest
    if not (outputs / JOURNAL).exists() or (there and not changed):
        return
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
    except (OSError, ValueError, KeyError):
        return
    update_index(outputs, {row["name"] for row in rows if row["fresh"]}, changed=False)


def best_engine() -> str:
    """The warm engine where a process can be forked safely, papermill's own elsewhere."""
    return WARM if CAN_FORK else STANDARD


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
