"""What the commands share: exit codes, wrong use, some arguments and how they are read."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

FINE, FAILED, WRONG_USE = 0, 1, 2
"""The exit codes (退出码)."""


def positive(text: str) -> int:
    """A whole number above 0, as argparse reads it."""
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"应是大于 0 的整数，这里是“{text}”")
    return int(text)


def outputs_folder(parser: argparse.ArgumentParser, words: str, more: str = "") -> None:
    """``--outputs``, the folder of the reports; *words* and *more* say what it is to the command."""
    parser.add_argument(
        "-o", "--outputs", type=Path, default=Path("outputs"), metavar="文件夹",
        help=f"{words}（默认 outputs）{more}",
    )  # fmt: skip


def rubric_of_reports(parser: argparse.ArgumentParser) -> None:
    """``--rubric``, what reports that were received are scored by."""
    parser.add_argument(
        "--rubric", default=None, metavar="评分标准",
        help="收到的报告按哪个评分标准（不写则按它的评分表选）",
    )  # fmt: skip


def wrong_use(message: str) -> NoReturn:
    """Tell what is wrong with the arguments and end the program."""
    print(f"perfkit：{message}", file=sys.stderr)
    raise SystemExit(WRONG_USE)


def note(lines: Sequence[str]) -> None:
    """Tell what is not the answer itself, a line each, beside it."""
    print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)


def book_to_write(path: Path, replace: bool) -> Path:
    """A workbook to be written; wrong use if it is there already, or is called otherwise."""
    if path.suffix.lower() != ".xlsx":
        wrong_use(f"{path}：工作簿的文件名应以 .xlsx 结尾")
    if path.exists() and not replace:
        wrong_use(f"{path} 已经有了；要覆盖请加 --force，或用 -o 换一个名称")
    if not path.parent.is_dir():
        wrong_use(f"没有文件夹 {path.parent}，请先建好")
    return path
