"""The files that the arguments mean (参数文件、工作簿、报告)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from perfkit.batch import inputs
from perfkit.commands.shared import note, wrong_use
from perfkit.forms.bookfile import is_book, part_of
from perfkit.received.opened import TEXTS, is_report

PARAMETER_FILES = "参数文件或所在的文件夹；不写则为 params 文件夹里的全部"
BOOKS_TOO = "参数文件、工作簿（.xlsx）或参数文件所在的文件夹；不写则为 params 文件夹里的全部"
"""What the help says of them, without and with workbooks."""


def parameter_files(given: list[Path], reports: bool = False) -> list[Path]:
    """The files to work on; what is passed over is told, wrong use ends the program.

    With *reports* those of a folder that has no parameter file are meant.
    """
    files: list[Path] = []
    told = ""
    for path in given or [Path("params")]:
        if path.is_dir():
            found, passed = inputs.parameter_files(path)
            if reports and not found and (received := reports_in(path)):
                files += received
                continue
            files += found
            if passed:
                more = f"等 {len(passed)} 个" if len(passed) > inputs.LISTED else ""
                told = f"{inputs.shown(str(path))} 里没有读的：{'、'.join(passed[: inputs.LISTED])}{more}"
                print(f"{told}；参数文件的文件名应以 .yaml 结尾", file=sys.stderr)
        elif part_of(path)[1]:  # a department of a workbook, as messages name it
            files.append(path)
        elif path.exists() or path.is_symlink():
            files += departments_in_book(path)
        elif given:
            wrong_use(f"找不到 {path}，请核对路径和文件名")
    if not files:
        folder = given[0] if given else Path("params")
        wrong_use(
            f"{folder} 里没有参数文件（*.yaml）；请在 perfkit 的文件夹里运行，或写明参数文件；"
            "还没有的，用 perfkit new 新建，连工作文件夹也没有的，先用 perfkit init 文件夹 建好"
        )
    return list(dict.fromkeys(files))


def reports_in(folder: Path, known: Sequence[Path] = ()) -> list[Path]:
    """The files in a folder that were sent as reports; none if none of them is in Word or PDF.

    What else is there and not *known* is told; the temporary files of the system are not meant.
    """
    listed = [path for path in sorted(folder.iterdir()) if path.name[0] != "."]
    reports = [path for path in listed if is_report(path) and not path.name.startswith("~$")]
    if not any(path.suffix.lower() in TEXTS for path in reports):
        return []
    rest = [
        f"{path.name}（{'文件夹' if path.is_dir() else _what(path)}）"
        for path in listed
        if path not in (*reports, *known) and path.name.lower() not in ("thumbs.db", "desktop.ini")
    ]
    if rest:
        print(f"{inputs.shown(str(folder))} 里没有读的：{'、'.join(rest)}", file=sys.stderr)
    return reports


def _what(path: Path) -> str:
    if path.name.startswith("~$"):
        return "Word 打开文件时的临时文件"
    return "工作簿，不是报告" if is_book(path) else "不是报告"


def departments_in_book(path: Path) -> list[Path]:
    """A path for each department in a workbook, with what was noted in reading it; else the file."""
    if not is_book(path):
        return [path]
    from perfkit.books.filings import departments_in
    from perfkit.forms.workbook import read_book

    found, notes = departments_in(path), read_book(path).notes
    note(notes)
    return found
