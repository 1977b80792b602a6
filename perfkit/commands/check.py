"""``perfkit check``: the findings (审核意见) of filings and received reports."""

from __future__ import annotations

import argparse
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfkit.audit.examine import examine
from perfkit.audit.findings import LEVELS
from perfkit.audit.likeness import alike_departments, sketches
from perfkit.batch.inputs import refused
from perfkit.commands.given import BOOKS_TOO, parameter_files
from perfkit.commands.shared import FAILED, FINE, outputs_folder, rubric_of_reports
from perfkit.errors import Fault, PerfkitError
from perfkit.quantities import plain
from perfkit.received.opened import is_report
from perfkit.review.record import FOLDER, Review, read_review, told
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import Scorecard, score

if TYPE_CHECKING:
    from perfkit.batch.journal import Record
    from perfkit.forms.department import Department


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "params", nargs="*", type=Path, metavar="参数文件",
        help=f"{BOOKS_TOO}；也可以是收到的报告（.docx、.pdf），或只有报告的文件夹",
    )  # fmt: skip
    rubric_of_reports(parser)
    outputs_folder(parser, "报告和审阅意见在哪里")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    failed = 0
    listed: set[Fault] = set()
    filings: dict[str, Department] = {}
    files = parameter_files(options.params, reports=True)
    reviewed = (options.outputs / FOLDER).is_dir()
    journal: Mapping[str, Record] = {}
    if reviewed:
        from perfkit.batch.journal import read_journal

        # What the reports were made with.
        journal = read_journal(options.outputs)
    received = {path for path in files if is_report(path)}
    named = refused(path for path in files if path not in received)
    closing: list[Listed] = []
    for path in files:
        if path in named:
            failed += 1
            closing.append(Listed(path, reason=named[path]))
            print(f"{path}：{named[path]}")
            continue
        told: list[str] = []
        try:
            if path in received:
                card, told = _scored_report(path, options.rubric)
            else:
                card = score(*read_department(path))
            audit = examine(card)
        except PerfkitError as e:
            failed += 1
            # A fault of a whole workbook is that of each department in it.
            fresh = [fault for fault in e.faults if fault not in listed]
            listed |= set(e.faults)
            kind = "报告" if path in received else "参数文件"
            again = "，上面已经列出" if not fresh else ""
            print(f"{path}：{kind}有 {len(e.faults)} 处错误{again}")
            print(*PerfkitError(fresh).args, sep="\n", end="\n" if fresh else "")
            # Of several, those with a place say what is wrong; the first only what to do.
            more = f"；共 {len(e.faults)} 处，见上面" if len(e.faults) > 1 else ""
            closing.append(Listed(path, reason=e.faults[-1].message + more))
            continue
        counts = Counter(finding.level for finding in audit.findings)
        summary = "，".join(f"{words} {counts[level]} 条" for level, words in LEVELS.items())
        grade = card.grade or "等级待定"
        line = f"{card.department.name}，{plain(card.total)} 分，{grade}；{summary}"
        print(f"{path}：{line}")
        closing.append(Listed(path, _whose(card.department), line))
        review = read_review(options.outputs, path.stem)
        checks = review.checked(audit.findings)
        for finding, check in zip(audit.findings, checks, strict=True):
            note = f"〔{check.note}〕" if check.note else ""
            message = f"{finding.message}（{finding.code}）{note}"
            print(f"  {LEVELS[finding.level]}  {finding.where}  {message}")
        for off in audit.off:
            print(f"  不再提示  {off.where}  {off.title}（{off.count} 条）：{off.reason}")
        for line in told:
            print(line)
        if reviewed:
            for line in _review_lines(review, path.stem, card, journal):
                print(f"  {line}")
        filings[card.department.place("narrative")] = card.department
    for line in _likeness_lines(filings):
        print(line)
    if received and len(files) > 1:
        print(*_closing(closing), sep="\n")
    return FAILED if failed else FINE


@dataclass(frozen=True)
class Listed:
    """A file at the end of the list: whose report it is and what was found, or why it is none."""

    path: Path
    whose: str = ""
    line: str = ""
    reason: str = ""


def _closing(listed: list[Listed]) -> Iterator[str]:
    """All files once more, a line each, and what is to be asked of the departments."""
    read = [one for one in listed if one.line]
    unread = [one for one in listed if not one.line]
    yield f"\n合计：{len(listed)} 份，审核了 {len(read)} 份，没有审核 {len(unread)} 份"
    yield from (f"  {one.path.name}：{one.line}" for one in read)
    yield from (f"  没有审核  {one.path.name}：{_bare(one)}" for one in unread)
    counts = Counter(one.whose for one in read)
    for whose, count in counts.items():
        if count > 1:
            names = "、".join(one.path.name for one in read if one.whose == whose)
            yield f"  {whose}有 {count} 份报告：{names}；请核对用哪一份"


def _whose(filing: Department) -> str:
    return f"{filing.name}{filing.year}年"


def _bare(one: Listed) -> str:
    """The reason without the file's name before it."""
    return one.reason.split(f"{one.path.name}：", 1)[-1]


def _scored_report(path: Path, rubric: str | None) -> tuple[Scorecard, list[str]]:
    """A report that was received, scored by what it says; how it was read and what it lacks."""
    from perfkit.received.importing import department_received, lacking, read_report

    received = read_report(path, rubric)
    return score(*department_received(received)), list(lacking(received))


def _likeness_lines(filings: dict[str, Department]) -> list[str]:
    """What departments of the batch wrote alike, a line a pair."""
    short = {path: sketches(filing) for path, filing in filings.items()}
    lines = []
    for (one, first), (other, second) in alike_departments(short):
        if _whose(filings[one]) == _whose(filings[other]):
            continue  # the same report in Word and PDF
        places = [filings[path].place(field) for path, field in ((one, first), (other, second))]
        names = f"{filings[one].name}与{filings[other].name}"
        words = short[one][first].opening
        lines.append(f"警告  {'  '.join(places)}  {names}有一段文字几乎相同：“{words}”")
    return lines


def _review_lines(
    review: Review, report: str, card: Scorecard, journal: Mapping[str, Record]
) -> list[str]:
    """What reviewers and the department said of the report as it is now, a line each."""
    if review == Review() and not review.troubles:
        return []
    from perfkit.index.rows import Row
    from perfkit.review.content import content_of, figures_of

    content = content_of(card)
    made = journal.get(report)
    if made:  # the template that the report was made with
        with contextlib.suppress(ValueError):
            content["template"] = Row.from_dict(made.row).content.get("template", "")
    return told(review, content, figures_of(card))
