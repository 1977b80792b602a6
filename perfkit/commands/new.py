"""``perfkit new``: a parameter file to fill, blank or from last year's (新建)."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.commands.shared import FINE, positive, wrong_use
from perfkit.start.new import asked, is_book_path, new_book, new_file, next_file


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "name", nargs="?", metavar="名称",
        help="部门名称，文件写在 params 里；或以 .yaml、.xlsx 结尾的路径",
    )  # fmt: skip
    parser.add_argument("--rubric", metavar="名称", help="评分标准的名称或文件")
    parser.add_argument("--year", type=positive, metavar="年度", help="评价年度，如 2024")
    parser.add_argument(
        "--from", type=Path, dest="source", metavar="参数文件",
        help="从上年的参数文件做下一年度的：名称、科室、目标、项目和指标的名称留下，数字和文字清空，"
        "上年的写在注释里",
    )  # fmt: skip
    parser.add_argument("--chinese", action="store_true", help="字段名和指标编号写中文")
    parser.add_argument(
        "--book", action="store_true", help="写成 Excel 工作簿，不写成 .yaml 文件；也写在 params 里"
    )


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    if options.source is not None:
        if options.book:
            wrong_use(
                "--book 不能与 --from 一起用；先做下一年度的参数文件，填好后用 perfkit export"
            )
        if not options.source.is_file():
            wrong_use(f"找不到 {options.source}，请核对路径和文件名")
        made = next_file(
            options.source, options.name, options.rubric, options.year, options.chinese
        )
    else:
        given = asked(options.name, options.rubric, options.year)
        if isinstance(given, str):
            wrong_use(given)
        if options.book or is_book_path(given[0]):
            target = new_book(*given)
            print(f"已写 {target}；填好后运行 perfkit check {target}，没填的、填错的会逐处指出")
            return FINE
        made = new_file(*given, options.chinese)
    print(f"已写 {made.path}" + (f"；还有 {made.missing} 处必填的没有填" if made.missing else ""))
    print(f"填好后运行 perfkit check {made.path}，没填的、填错的会逐处指出")
    return FINE
