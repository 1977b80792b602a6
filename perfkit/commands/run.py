"""``perfkit run``: the reports of all departments (生成报告)."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from perfkit.batch import inputs
from perfkit.batch.indexing import update_index
from perfkit.batch.journal import Record, read_journal
from perfkit.batch.plan import Settings, best_engine, plan, usable_cores
from perfkit.batch.progress import Progress
from perfkit.batch.run import run
from perfkit.batch.workers import Limits
from perfkit.commands.given import BOOKS_TOO, parameter_files
from perfkit.commands.shared import FAILED, FINE, note, outputs_folder, positive, wrong_use
from perfkit.errors import PerfkitError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("params", nargs="*", type=Path, metavar="参数文件", help=BOOKS_TOO)
    outputs_folder(parser, "报告写到哪里")
    parser.add_argument(
        "--template", type=Path, default=None, metavar="笔记本",
        help="这一次全部部门都用这个模板笔记本，参数文件里的 template 不算"
        "（不写则各用参数文件里 template 写的，没写的用 notebooks/report.ipynb）",
    )  # fmt: skip
    parser.add_argument(
        "--formats", type=_formats, default="html,pdf,docx", metavar="格式",
        help="要哪些格式，用逗号隔开（默认 html,pdf,docx）",
    )  # fmt: skip
    parser.add_argument(
        "-j", "--jobs", type=positive, default=None, metavar="个数",
        help="同时做几份（默认用上全部可用的处理器核）",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="没有变化的也重做")
    parser.add_argument(
        "--explain", action="store_true", help="只说明每份报告要不要做、为什么，不生成"
    )
    parser.add_argument(
        "--timeout", type=positive, default=600, metavar="秒", help="一份报告最多用多久（默认 600）"
    )
    parser.add_argument(
        "--memory",
        type=positive,
        default=None,
        metavar="MB",
        help="一份报告最多用多少内存（默认不限）",
    )
    parser.add_argument(
        "--engine", choices=["perfkit", "nbclient"], default=None, metavar="引擎",
        help="perfkit 预热后分叉，快；nbclient 每份启动一个内核（默认自动选择）",
    )  # fmt: skip
    parser.add_argument(
        "--dask", default=None, metavar="地址", help="在 Dask 集群上做，如 tcp://10.0.0.5:8786"
    )
    parser.add_argument(
        "--share", default=None, metavar="地址",
        help="集群上的报告写到这个共享文件夹（fsspec 地址），不传回本机",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    files = parameter_files(options.params)
    template = options.template or Path("notebooks/report.ipynb")
    if options.template and not template.is_file():
        wrong_use(f"找不到模板笔记本 {template}，请核对路径和文件名")

    settings = Settings(
        template=template,
        one_template=options.template is not None,
        outputs=options.outputs,
        formats=tuple(options.formats),
        engine=options.engine or best_engine(),
        workers=options.jobs or usable_cores(),
        limits=Limits(options.timeout, options.memory),
        force=options.force,
        cluster=options.dask,
        shared=options.share,
    )
    journal, refused = read_journal(settings.outputs), inputs.refused(files)
    usable = [path for path in files if path not in refused]
    if not template.is_file() and any(settings.of(path).template == template for path in usable):
        wrong_use(
            f"找不到模板笔记本 {template}；请在 perfkit 的文件夹里运行，或用 --template 指明；"
            "还没有工作文件夹的，用 perfkit init 建一个"
        )
    reasons = plan(usable, settings, journal)
    if options.explain:
        for path in files:
            words = refused.get(path) or reasons[path] or "没有变化，不用做"
            print(f"{path}：{words}")
        return FINE
    todo = [path for path, reason in reasons.items() if reason]
    return _make(files, todo, settings, journal, refused)


def _make(
    files: list[Path],
    todo: list[Path],
    settings: Settings,
    journal: Mapping[str, Record],
    refused: Mapping[Path, str],
) -> int:
    made, removed, interrupted = 0, 0, False
    errors: list[tuple[str, str]] = []
    lost: dict[str, list[str]] = {}
    notes: list[str] = []
    total = len(todo) + len(refused)
    current = {path.stem for path in files if path not in todo}
    with Progress(total, len(files) - total) as progress:
        try:
            for ended in run(todo, settings, journal, refused, progress.started):
                name, outcome = ended.record.name, ended.outcome
                if ended.record.failed:
                    errors.append((name, outcome.error))
                else:
                    made += 1
                    lost[name] = outcome.value.lost
                current.add(name)
                notes += ended.notes
                removed += ended.removed
                progress.ended(name, outcome)
        except KeyboardInterrupt:
            interrupted = True
    done = made + len(errors)
    trouble = None
    try:
        update_index(settings.outputs, current, bool(done))
    except PerfkitError as e:  # the reports are there all the same
        trouble = e
    listed: set[str] = set()
    for name, error in errors:
        lines = error.splitlines()
        if len(lines) > 1 and listed >= set(lines):  # those of the workbook that it is in
            print(f"{name} 未通过，有 {len(lines)} 处错误，上面已经列出", file=sys.stderr)
        elif len(lines) == 1:
            print(f"{name} 未通过：{error}", file=sys.stderr)
        else:
            print(f"{name} 未通过，有 {len(lines)} 处错误：", *lines, sep="\n  ", file=sys.stderr)
        listed |= set(lines)
    for name, losses in lost.items():
        if losses:
            print(f"{name} 有 {len(losses)} 处没有印出：", *losses, sep="\n  ", file=sys.stderr)
    if removed:
        notes.append(f"删去以前生成的旧文件 {removed} 个")
    note(notes)
    unchanged = len(files) - total
    words = [f"共 {len(files)} 个部门", f"生成 {made} 份报告", f"{unchanged} 份没有变化"]
    words.append(f"{len(errors)} 个未通过")
    if interrupted:
        words.append(f"已中断，还有 {total - done} 个没做，再运行一次即可接着做")
    index = settings.outputs / "index.html"
    print("，".join(words) + (f"；目录页 {index}" if index.exists() else ""))
    if trouble:
        print(f"目录没有全部更新，请再运行一次：\n{trouble}", file=sys.stderr)
    return FAILED if errors or interrupted or trouble else FINE


def _formats(text: str) -> list[str]:
    known = ["html", "pdf", "docx"]
    chosen = [name for name in re.split(r"[,，\s]+", text) if name]
    for name in chosen:
        if name not in known:
            raise argparse.ArgumentTypeError(f"没有“{name}”格式，可选：{'、'.join(known)}")
    return chosen
