"""``perfkit init``: a folder to work in (工作文件夹)."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.commands.shared import FINE
from perfkit.start.kit import lay_out


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="文件夹",
        help="建在哪里（默认当前文件夹）；已有的文件不改动",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    made = lay_out(options.folder)
    print(*(f"已写 {path}" for path in made.written), sep="\n")
    print(
        *(f"已有 {path}，没有改动" for path in made.kept), sep="\n", end="\n" if made.kept else ""
    )
    print(f"接着读 {options.folder / 'README.md'}")
    return FINE
