"""``perfkit verify``: published reports made again and compared (核验)."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.batch.journal import read_journal
from perfkit.batch.plan import Settings, best_engine, usable_cores
from perfkit.batch.verify import verify
from perfkit.commands.shared import FAILED, FINE, wrong_use


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "outputs", nargs="?", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告在哪里（默认 outputs）；里面的文件不会改动",
    )  # fmt: skip
    parser.add_argument(
        "--template", type=Path, default=None, metavar="笔记本",
        help="生成时用过 --template 的，这里写同一个",
    )  # fmt: skip


def _template_beside(outputs: Path) -> Path:
    """The template of this folder, else of the one that the reports stand in."""
    here = Path("notebooks/report.ipynb")
    beside = outputs.absolute().parent / here
    return beside if not here.is_file() and beside.is_file() else here


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    journal = read_journal(options.outputs)
    if not journal:
        wrong_use(f"{options.outputs} 里没有生成记录（perfkit.jsonl），不知报告由什么生成")
    template = options.template or _template_beside(options.outputs)
    if not template.is_file():
        wrong_use(
            f"找不到模板笔记本 {template}，不能重做；请在报告所属的工作文件夹里运行，或用 --template 指明"
        )
    settings = Settings(
        template=template,
        one_template=options.template is not None,
        outputs=options.outputs,
        formats=(),
        engine=best_engine(),
        workers=usable_cores(),
    )
    found = []
    for one in verify(options.outputs, journal, settings):
        found.append(one)
        causes = f"；{'、'.join(one.causes)}有变化" if one.causes else ""
        if one.trouble:
            print(f"{one.name}：{one.trouble}{causes}")
            continue
        for file, words in one.files.items():
            print(f"{file}：{f'{words}{causes}' if words else '一致，逐字节相同'}")
    same = sum(one.same for one in found)
    print(
        f"共 {len(found)} 份报告，{same} 份与重做的完全一致，{len(found) - same} 份不一致或不能核验"
    )
    return FINE if same == len(found) else FAILED
