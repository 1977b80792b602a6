"""``perfkit review``: the reports in the browser, with what reviewers write (审阅)."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

from perfkit.batch.indexing import refresh_index
from perfkit.commands.shared import FAILED, FINE, outputs_folder, positive, wrong_use
from perfkit.errors import PerfkitError
from perfkit.review.record import import_file
from perfkit.review.server import open_server


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    outputs_folder(parser, "报告在哪里")
    parser.add_argument(
        "--port", type=positive, default=None, metavar="端口", help="用哪个端口（默认自动选择）"
    )
    parser.add_argument("--no-browser", action="store_true", help="不打开浏览器，只显示地址")
    parser.add_argument(
        "--import", type=Path, nargs="+", default=None, dest="files", metavar="文件",
        help="收下网页存成的意见文件，也可以写它们所在的文件夹；不打开网页",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    if options.files:
        return _import(options.files, options.outputs)
    if not any(options.outputs.glob("*.html")):
        wrong_use(f"{options.outputs} 里没有报告；请先运行 perfkit run，或用 -o 指明文件夹")
    # An index of thousands keeps Python busy for a second; no remark waits for its long turns.
    sys.setswitchinterval(0.0005)
    server = open_server(options.outputs, options.port, lambda: refresh_index(options.outputs))
    print(f"请在浏览器里打开：{server.address}\n只有本机能打开；按 Ctrl-C 结束。", flush=True)
    if not options.no_browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("已结束")
    finally:
        server.server_close()
    return FINE


def _inside(given: list[Path]) -> list[Path]:
    """The files, and of a folder those that may be records of reviews."""
    files: list[Path] = []
    for path in given:
        if not path.is_dir():
            files.append(path)
        elif found := [one for one in sorted(path.glob("*.y*ml")) if not one.name.startswith(".")]:
            files += found
        else:
            wrong_use(f"{path} 里没有意见文件（.yaml）")
    return files


def _import(files: list[Path], outputs: Path) -> int:
    failed = 0
    for path in _inside(files):
        try:
            added = import_file(outputs, path)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        for report, (count, known) in added.items():
            print(f"{path}：{report} 收下 {count} 条新的记录，{known} 条已经有了")
    refresh_index(outputs)
    return FAILED if failed else FINE
