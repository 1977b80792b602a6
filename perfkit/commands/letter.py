"""``perfkit letter``: opinion sheets (反馈意见单) and the answers to them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from perfkit.batch.indexing import refresh_index
from perfkit.commands.shared import FAILED, FINE, note, outputs_folder, wrong_use
from perfkit.errors import PerfkitError
from perfkit.review.answers import import_answers, sheets_in
from perfkit.review.letter import write_letters
from perfkit.review.record import reports


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "names", nargs="*", metavar="报告", help="报告的名称或参数文件；不写则为全部报告"
    )
    outputs_folder(parser, "报告在哪里", "；反馈意见单写在其中的 letters")
    parser.add_argument(
        "--import", type=Path, nargs="+", default=None, dest="files", metavar="文件",
        help="收下部门填好答复的反馈意见单（.docx、.xlsx），也可以写它们所在的文件夹",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    failed = 0
    files: list[Path] = []
    for path in options.files or []:
        inside = sheets_in(path) if path.is_dir() else [path]
        if not inside:
            wrong_use(f"{path} 里没有反馈意见单（.docx、.xlsx）")
        files += inside
    for path in files:
        try:
            taken = import_answers(options.outputs, path)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        note(taken.notes)
        words = f"{taken.report} 收下 {taken.added} 条新的答复，{taken.known} 条已经有了"
        print(f"{path}：{words}，{taken.blank} 条没有答复")
        failed += bool(taken.loose)
    if options.files:
        refresh_index(options.outputs)
        return FAILED if failed else FINE
    known = reports(options.outputs)
    names = [Path(name).stem if Path(name).suffix else name for name in options.names]
    names = [
        name if name in known else stem for name, stem in zip(options.names, names, strict=True)
    ] or sorted(known)
    if not names:
        wrong_use(f"{options.outputs} 里没有报告；请先运行 perfkit run，或用 -o 指明文件夹")
    for name in names:
        try:
            paths, notes = write_letters(options.outputs, name)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        note(notes)
        print(f"{name}：{'、'.join(map(str, paths))}")
    return FAILED if failed else FINE
