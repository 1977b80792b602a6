"""``perfkit diff``: two years, versions or stages compared (比较)."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from perfkit.commands.shared import FINE, wrong_use
from perfkit.compare.changes import as_dict
from perfkit.compare.command import changes_of
from perfkit.compare.shown import lines, write_page
from perfkit.forms.bookfile import part_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "params", nargs="+", type=Path, metavar="参数文件",
        help="先前的和后来的两份参数文件；只写一份时与它的 previous（上年参数文件）比较",
    )  # fmt: skip
    parser.add_argument(
        "--stages", nargs=2, default=None, metavar="环节",
        help="比较一份文件的两个评分环节，如 财政核查 核定；“规则”是各环节之前",
    )  # fmt: skip
    parser.add_argument("--html", type=Path, default=None, metavar="文件", help="写成网页")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    for path in options.params:
        if not part_of(path)[0].is_file():
            wrong_use(f"找不到 {path}，请核对路径和文件名")
    changes = changes_of(options.params, options.stages)
    if options.html:
        write_page(changes, options.html)
        print(f"比较写在 {options.html}", file=sys.stderr)
    if options.json:
        print(json.dumps(as_dict(changes), ensure_ascii=False, indent=1))
    elif not options.html:
        print(*lines(changes), sep="\n")
    return FINE
