"""``perfkit export``: parameter files as a workbook (写成工作簿)."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.books.filings import export_book
from perfkit.commands.given import PARAMETER_FILES, parameter_files
from perfkit.commands.shared import FINE, book_to_write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("params", nargs="*", type=Path, metavar="参数文件", help=PARAMETER_FILES)
    parser.add_argument(
        "-o", "--output", type=Path, default=None, metavar="文件",
        help="写成哪个文件（默认与参数文件同名，几个部门的叫 填报汇总.xlsx）",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="已有同名的文件时覆盖")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    files = parameter_files(options.params)
    own = Path(f"{files[0].stem}.xlsx") if len(files) == 1 else Path("填报汇总.xlsx")
    target = book_to_write(options.output or own, options.force)
    export_book(files, target)
    print(f"已写 {target}，共 {len(files)} 个部门")
    return FINE
