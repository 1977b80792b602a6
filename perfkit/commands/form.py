"""``perfkit form``: the blank workbook that departments fill (填报表)."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.books.filings import blank_book
from perfkit.commands.shared import FINE, book_to_write, positive


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "--rubric",
        default="beijing-2023",
        metavar="名称",
        help="评分标准的名称或文件（默认 beijing-2023）",
    )
    parser.add_argument(
        "--year", type=positive, default=None, metavar="年度", help="评价年度，先填在表里"
    )
    parser.add_argument(
        "--names",
        nargs="+",
        default=[],
        metavar="部门",
        help="部门名称；写几个就是一本里填几个部门",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=None,
        metavar="文件",
        help="写成哪个文件（默认 填报表.xlsx）",
    )
    parser.add_argument("--force", action="store_true", help="已有同名的文件时覆盖")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    target = book_to_write(options.output or Path("填报表.xlsx"), options.force)
    blank_book(options.rubric, target, options.names, options.year)
    print(f"已写 {target}；填好后用 perfkit import {target} 读入，或直接 perfkit run {target}")
    return FINE
