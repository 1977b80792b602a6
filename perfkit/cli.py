"""The command line: ``perfkit new | run | check | review | …``, a file each in `perfkit.commands`.

argparse rather than a larger library: every word that it prints can be
Chinese, and it starts at once.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from perfkit import __version__
from perfkit.commands import COMMANDS
from perfkit.commands.shared import FAILED, WRONG_USE
from perfkit.errors import PerfkitError

_ARGPARSE_ERRORS = {
    r"the following arguments are required: (.+)": r"缺少参数：\1",
    r"unrecognized arguments: (.+)": r"不认识的参数：\1",
    r"argument (.+): expected one argument": r"\1 后面要写一个值",
    r"argument (.+): expected at least one argument": r"\1 后面至少要写一个值",
    r"argument (.+): invalid choice: (.+) \(choose from (.+)\)": r"\1 不能是 \2，可选：\3",
    r"argument (.+): (.+)": r"\1：\2",
}


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """An argument parser that speaks Chinese."""

    def __init__(self, prog: str | None = None, description: str = "", epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
            add_help=False,
            allow_abbrev=False,
        )
        self._positionals.title = "参数"
        self._optionals.title = "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份帮助")

    def error(self, message: str) -> NoReturn:
        for pattern, chinese in _ARGPARSE_ERRORS.items():
            if re.fullmatch(pattern, message):
                message = re.sub(pattern, chinese, message)
                break
        print(f"{self.prog}：{message}\n输入 {self.prog} --help 查看用法", file=sys.stderr)
        raise SystemExit(WRONG_USE)


def _parser(called: str | None) -> _Parser:
    """The parser; of a command's arguments it knows those of the one that is *called*."""
    parser = _Parser(
        prog="perfkit",
        description="部门整体绩效评价：按评分标准计分，生成网页、PDF 和 Word 报告。",
        epilog="退出码：0 正常，1 有部门未通过，2 用法有误。",
    )
    version = f"perfkit {__version__}"
    parser.add_argument("--version", action="version", version=version, help="显示版本")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True, dest="command")
    for name, words in COMMANDS.items():
        sub = commands.add_parser(name, help=words, description=f"{words}。")
        if name == called:
            _module(name).arguments(sub)
    return parser


def _module(command: str) -> ModuleType:
    name = "import_files" if command == "import" else command
    return import_module(f"perfkit.commands.{name}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A Windows console takes any character; a pipe or file there would get GBK.
            encoding = stream.encoding if stream.isatty() else "utf-8"
            # The name of a file may have signs that are none.
            stream.reconfigure(encoding=encoding, errors="replace")
    # No plugin of pydantic's is used; to look for one, it reads all packages of the machine.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays: to look through it for what could be freed is half of the start.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    given = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser(next(iter(given), None)).parse_args(given)
        code = _module(options.command).execute(options)
    except PerfkitError as e:
        print(e, file=sys.stderr)
        code = FAILED
    except KeyboardInterrupt:
        print("已中断", file=sys.stderr)
        code = FAILED
    except BrokenPipeError:  # the reader, such as head, has had enough
        sys.stdout = None
        code = FAILED
    raise SystemExit(code)
