"""``perfkit import``: filled workbooks and received reports as parameter files (读入)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from perfkit.books.filings import books_in, import_books
from perfkit.commands.given import reports_in
from perfkit.commands.shared import FAILED, FINE, note, rubric_of_reports, wrong_use
from perfkit.errors import PerfkitError
from perfkit.received.importing import listing, read_report, write_parameters
from perfkit.received.opened import is_report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="文件",
        help="工作簿（.xlsx）、报告（.docx、.pdf），或它们所在的文件夹",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--outputs", type=Path, default=Path("params"), metavar="文件夹",
        help="参数文件写到哪里（默认 params）",
    )  # fmt: skip
    rubric_of_reports(parser)
    parser.add_argument("--force", action="store_true", help="已有同名的参数文件时覆盖")
    parser.add_argument("--chinese", action="store_true", help="字段名写中文")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    books: list[Path] = []
    reports: list[Path] = []
    for path in dict.fromkeys(options.files):
        if not path.exists():
            wrong_use(f"找不到 {path}，请核对路径和文件名")
        inside = [path]
        if path.is_dir():
            inside = books_in(path)
            inside += reports_in(path, inside)
        if not inside:
            wrong_use(f"{path} 里没有工作簿（.xlsx），也没有报告（.docx、.pdf）")
        reports += filter(is_report, inside)
        books += (file for file in inside if not is_report(file))
    read = _import_reports(reports, options)
    if books:
        _import_books(books, options)
    return read


def _import_books(books: list[Path], options: argparse.Namespace) -> None:
    made = import_books(books, options.outputs, options.force, options.chinese)
    note(made.notes)
    listed = "、".join(map(str, made.files[:10])) + ("……" if len(made.files) > 10 else "")
    print(f"已写 {len(made.files)} 份参数文件：{listed}")


def _import_reports(reports: list[Path], options: argparse.Namespace) -> int:
    targets: dict[str, Path] = {}
    failed = 0
    for path in reports:
        target = options.outputs / f"{path.stem}.yaml"
        try:
            if other := targets.get(target.name.casefold()):
                raise PerfkitError(f"{path}：与 {other} 同名，参数文件会互相覆盖，请改名")
            received = read_report(path, options.rubric)
            faults = write_parameters(received, target, options.force, options.chinese)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        targets[target.name.casefold()] = path
        count, missing = len(received.origins), len(received.missing)
        print(f"{path} → {target}：读到 {count} 项，没有找到 {missing} 项")
        print(*listing(received), sep="\n")
        if faults:
            print("  还不能生成报告，请先补填、改正：", *faults, sep="\n    ")
    return FAILED if failed else FINE
