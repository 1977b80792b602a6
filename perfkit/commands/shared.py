"""What the commands share: exit codes, wrong use, and how some arguments are read."""

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
