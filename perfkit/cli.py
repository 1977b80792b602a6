"""The command line: ``perfkit new | init | run | check | review | letter | score | rubric``.

argparse rather than a larger library: every word that it prints can be
Chinese, and it starts at once.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from perfkit import __version__

if TYPE_CHECKING:
    from perfkit.batch.journal import Record
    from perfkit.batch.plan import Settings
    from perfkit.forms.department import Department
    from perfkit.review.record import Review
    from perfkit.scoring.scorecard import Scorecard
    from perfkit.scoring.scores import Score

FINE, FAILED, WRONG_USE = 0, 1, 2

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


def _parser() -> _Parser:
    parser = _Parser(
        prog="perfkit",
        description="部门整体绩效评价：按评分标准计分，生成网页、PDF 和 Word 报告。",
        epilog="退出码：0 正常，1 有部门未通过，2 用法有误。",
    )
    version = f"perfkit {__version__}"
    parser.add_argument("--version", action="version", version=version, help="显示版本")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True, dest="command")

    def command(name: str, words: str) -> _Parser:
        sub: _Parser = commands.add_parser(name, help=words, description=words + "。")
        return sub

    new = command("new", "新建一份参数文件：每项都有说明，照着填")
    new.add_argument(
        "name", nargs="?", metavar="名称",
        help="部门名称，文件写在 params 里；或以 .yaml 结尾的路径",
    )  # fmt: skip
    new.add_argument("--rubric", metavar="名称", help="评分标准的名称或文件")
    new.add_argument("--year", type=_count, metavar="年度", help="评价年度，如 2024")
    new.add_argument(
        "--from", type=Path, dest="source", metavar="参数文件",
        help="从上年的参数文件做下一年度的：名称、科室、目标、项目和指标的名称留下，数字和文字清空，"
        "上年的写在注释里",
    )  # fmt: skip
    new.add_argument("--chinese", action="store_true", help="字段名和指标编号写中文")
    new.add_argument("--book", action="store_true", help="写成 Excel 工作簿，不写成 .yaml 文件")
    init = command("init", "建一个工作文件夹：模板笔记本、一份样子和说明")
    init.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="文件夹",
        help="建在哪里（默认当前文件夹）；已有的文件不改动",
    )  # fmt: skip
    form = command("form", "生成空白的填报工作簿（Excel），给部门填")
    form.add_argument(
        "--rubric",
        default="beijing-2023",
        metavar="名称",
        help="评分标准的名称或文件（默认 beijing-2023）",
    )
    form.add_argument(
        "--year", type=_count, default=None, metavar="年度", help="评价年度，先填在表里"
    )
    form.add_argument(
        "--names",
        nargs="+",
        default=[],
        metavar="部门",
        help="部门名称；写几个就是一本里填几个部门",
    )
    form.add_argument(
        "-o",
        "--output",
        type=Path,
        default=None,
        metavar="文件",
        help="写成哪个文件（默认 填报表.xlsx）",
    )
    form.add_argument("--force", action="store_true", help="已有同名的文件时覆盖")
    export = command("export", "把参数文件写成工作簿（Excel），几个部门写成一本")
    files_help = "参数文件或所在的文件夹；不写则为 params 文件夹里的全部"
    export.add_argument("params", nargs="*", type=Path, metavar="参数文件", help=files_help)
    export.add_argument(
        "-o", "--output", type=Path, default=None, metavar="文件",
        help="写成哪个文件（默认与参数文件同名，几个部门的叫 填报汇总.xlsx）",
    )  # fmt: skip
    export.add_argument("--force", action="store_true", help="已有同名的文件时覆盖")
    files_help = "参数文件、工作簿（.xlsx）或参数文件所在的文件夹；不写则为 params 文件夹里的全部"
    run = command("run", "生成报告：每个参数文件一份笔记本、网页、PDF 和 Word")
    run.add_argument("params", nargs="*", type=Path, metavar="参数文件", help=files_help)
    run.add_argument(
        "-o", "--outputs", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告写到哪里（默认 outputs）",
    )  # fmt: skip
    run.add_argument(
        "--template", type=Path, default=None, metavar="笔记本",
        help="这一次全部部门都用这个模板笔记本，参数文件里的 template 不算"
        "（不写则各用参数文件里 template 写的，没写的用 notebooks/report.ipynb）",
    )  # fmt: skip
    run.add_argument(
        "--formats", type=_formats, default="html,pdf,docx", metavar="格式",
        help="要哪些格式，用逗号隔开（默认 html,pdf,docx）",
    )  # fmt: skip
    run.add_argument(
        "-j", "--jobs", type=_count, default=None, metavar="个数",
        help="同时做几份（默认用上全部可用的处理器核）",
    )  # fmt: skip
    run.add_argument("--force", action="store_true", help="没有变化的也重做")
    run.add_argument(
        "--explain", action="store_true", help="只说明每份报告要不要做、为什么，不生成"
    )
    run.add_argument(
        "--timeout", type=_count, default=600, metavar="秒", help="一份报告最多用多久（默认 600）"
    )
    run.add_argument(
        "--memory",
        type=_count,
        default=None,
        metavar="MB",
        help="一份报告最多用多少内存（默认不限）",
    )
    run.add_argument(
        "--engine", choices=["perfkit", "nbclient"], default=None, metavar="引擎",
        help="perfkit 预热后分叉，快；nbclient 每份启动一个内核（默认自动选择）",
    )  # fmt: skip
    run.add_argument(
        "--dask", default=None, metavar="地址", help="在 Dask 集群上做，如 tcp://10.0.0.5:8786"
    )
    run.add_argument(
        "--share", default=None, metavar="地址",
        help="集群上的报告写到这个共享文件夹（fsspec 地址），不传回本机",
    )  # fmt: skip
    check = command("check", "检查参数文件并给出审核意见，不生成报告")
    check.add_argument(
        "params", nargs="*", type=Path, metavar="参数文件",
        help=f"{files_help}；也可以是收到的报告（.docx、.pdf），或只有报告的文件夹",
    )  # fmt: skip
    check.add_argument(
        "--rubric", default=None, metavar="评分标准",
        help="收到的报告按哪个评分标准审核（不写则按它的评分表选）",
    )  # fmt: skip
    check.add_argument(
        "-o", "--outputs", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告和审阅意见在哪里（默认 outputs）",
    )  # fmt: skip
    importing = command("import", "读入填好的工作簿，或收到的 Word、PDF 报告，写成参数文件")
    importing.add_argument(
        "files", nargs="+", type=Path, metavar="文件",
        help="工作簿（.xlsx）、报告（.docx、.pdf），或它们所在的文件夹",
    )  # fmt: skip
    importing.add_argument(
        "-o", "--outputs", type=Path, default=Path("params"), metavar="文件夹",
        help="参数文件写到哪里（默认 params）",
    )  # fmt: skip
    importing.add_argument(
        "--rubric", default=None, metavar="评分标准",
        help="报告按哪个评分标准（不写则按它的评分表选）",
    )  # fmt: skip
    importing.add_argument("--force", action="store_true", help="已有同名的参数文件时覆盖")
    importing.add_argument("--chinese", action="store_true", help="字段名写中文")
    review = command("review", "审阅报告：在本机打开网页，收下审阅意见")
    review.add_argument(
        "-o", "--outputs", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告在哪里（默认 outputs）",
    )  # fmt: skip
    review.add_argument(
        "--port", type=_count, default=None, metavar="端口", help="用哪个端口（默认自动选择）"
    )
    review.add_argument("--no-browser", action="store_true", help="不打开浏览器，只显示地址")
    review.add_argument(
        "--import", type=Path, nargs="+", default=None, dest="files", metavar="文件",
        help="收下网页存成的意见文件，不打开网页",
    )  # fmt: skip
    letter = command("letter", "反馈意见单：给部门答复的 Word 和 Excel，收回来的答复记入审阅记录")
    letter.add_argument(
        "names", nargs="*", metavar="报告", help="报告的名称或参数文件；不写则为全部报告"
    )
    letter.add_argument(
        "-o", "--outputs", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告在哪里（默认 outputs）；反馈意见单写在其中的 letters",
    )  # fmt: skip
    letter.add_argument(
        "--import", type=Path, nargs="+", default=None, dest="files", metavar="文件",
        help="收下部门填好答复的反馈意见单（.docx、.xlsx）",
    )  # fmt: skip
    score = command("score", "计算一个部门的得分")
    score.add_argument("params", type=Path, metavar="参数文件", help="一个部门的参数文件")
    score.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")
    rubric = command(
        "rubric",
        "查看评分标准：指标、分值、检查项的编号和合格的答案；"
        "rubric check 文件 检查自己写的评分标准；"
        "rubric set 评分标准 年度参数 年度 数值 --source 出处 填写每年公布的数",
    )
    rubric.add_argument(
        "words", nargs="*", metavar="名称",
        help="评分标准的名称或文件；不写则列出自带的。前面可以写 check 或 set",
    )  # fmt: skip
    rubric.add_argument("--source", metavar="出处", help="公布这个数的文件（用于 set）")
    rubric.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")
    diff = command("diff", "比较两个年度、两份文件或两个环节：数据、得分及原因、文字")
    diff.add_argument(
        "params", nargs="+", type=Path, metavar="参数文件",
        help="先前的和后来的两份参数文件；只写一份时与它的 previous（上年参数文件）比较",
    )  # fmt: skip
    diff.add_argument(
        "--stages", nargs=2, default=None, metavar="环节",
        help="比较一份文件的两个评分环节，如 财政核查 核定；“规则”是各环节之前",
    )  # fmt: skip
    diff.add_argument("--html", type=Path, default=None, metavar="文件", help="写成网页")
    diff.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")
    verify = command("verify", "核验已生成的报告：按记录重做一遍，看字节是否相同")
    verify.add_argument(
        "outputs", nargs="?", type=Path, default=Path("outputs"), metavar="文件夹",
        help="报告在哪里（默认 outputs）；里面的文件不会改动",
    )  # fmt: skip
    verify.add_argument(
        "--template", type=Path, default=None, metavar="笔记本",
        help="生成时用过 --template 的，这里写同一个",
    )  # fmt: skip
    return parser


def _formats(text: str) -> list[str]:
    known = ["html", "pdf", "docx"]
    chosen = [name for name in re.split(r"[,，\s]+", text) if name]
    for name in chosen:
        if name not in known:
            raise argparse.ArgumentTypeError(f"没有“{name}”格式，可选：{'、'.join(known)}")
    return chosen


def _count(text: str) -> int:
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"应是大于 0 的整数，这里是“{text}”")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A Windows console takes any character; a pipe or file there would get GBK.
            encoding = stream.encoding if stream.isatty() else "utf-8"
            # The name of a file may have signs that are none.
            stream.reconfigure(encoding=encoding, errors="replace")
    options = _parser().parse_args(arguments)
    # No plugin of pydantic's is used; to look for one, it reads all packages of the machine.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays: to look through it for what could be freed is half of the start.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    from perfkit.errors import PerfkitError

    commands = {
        "new": _new,
        "init": _init,
        "form": _form,
        "import": _import_files,
        "export": _export,
        "run": _run,
        "check": _check,
        "review": _review,
        "letter": _letter,
        "score": _score,
        "rubric": _rubric,
        "diff": _diff,
        "verify": _verify,
    }
    try:
        code = commands[options.command](options)
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


def _form(options: argparse.Namespace) -> int:
    from perfkit.books.filings import blank_book

    target = _new_file(options.output or Path("填报表.xlsx"), options.force)
    blank_book(options.rubric, target, options.names, options.year)
    print(f"已写 {target}；填好后用 perfkit import {target} 读入，或直接 perfkit run {target}")
    return FINE


def _new_file(path: Path, replace: bool) -> Path:
    """A workbook to be written; wrong use if it is there already, or is called otherwise."""
    if path.suffix.lower() != ".xlsx":
        _wrong_use(f"{path}：工作簿的文件名应以 .xlsx 结尾")
    if path.exists() and not replace:
        _wrong_use(f"{path} 已经有了；要覆盖请加 --force，或用 -o 换一个名称")
    if not path.parent.is_dir():
        _wrong_use(f"没有文件夹 {path.parent}，请先建好")
    return path


def _export(options: argparse.Namespace) -> int:
    from perfkit.books.filings import export_book

    files = _parameter_files(options.params)
    own = Path(f"{files[0].stem}.xlsx") if len(files) == 1 else Path("填报汇总.xlsx")
    target = _new_file(options.output or own, options.force)
    export_book(files, target)
    print(f"已写 {target}，共 {len(files)} 个部门")
    return FINE


def _new(options: argparse.Namespace) -> int:
    from perfkit.start.new import asked, new_file, next_file

    if options.source is not None:
        if options.book:
            _wrong_use(
                "--book 不能与 --from 一起用；先做下一年度的参数文件，填好后用 perfkit export"
            )
        if not options.source.is_file():
            _wrong_use(f"找不到 {options.source}，请核对路径和文件名")
        made = next_file(
            options.source, options.name, options.rubric, options.year, options.chinese
        )
    else:
        given = asked(options.name, options.rubric, options.year)
        if isinstance(given, str):
            _wrong_use(given)
        if options.book:
            from perfkit.books.filings import blank_book

            name, rubric, year = given
            target = _new_file(Path(f"{name}-{year}.xlsx"), False)
            blank_book(rubric, target, [name], year)
            print(f"已写 {target}；填好后运行 perfkit check {target}，没填的、填错的会逐处指出")
            return FINE
        made = new_file(*given, options.chinese)
    print(f"已写 {made.path}" + (f"；还有 {made.missing} 处必填的没有填" if made.missing else ""))
    print(f"填好后运行 perfkit check {made.path}，没填的、填错的会逐处指出")
    return FINE


def _init(options: argparse.Namespace) -> int:
    from perfkit.start.kit import lay_out

    made = lay_out(options.folder)
    print(*(f"已写 {path}" for path in made.written), sep="\n")
    print(
        *(f"已有 {path}，没有改动" for path in made.kept), sep="\n", end="\n" if made.kept else ""
    )
    print(f"接着读 {options.folder / 'README.md'}")
    return FINE


def _parameter_files(given: list[Path], reports: bool = False) -> list[Path]:
    """The files to work on; what is passed over is told, wrong use ends the program.

    With *reports* those of a folder that has no parameter file are meant.
    """
    from perfkit.batch.inputs import LISTED, parameter_files, shown

    files: list[Path] = []
    told = ""
    for path in given or [Path("params")]:
        if path.is_dir():
            found, passed = parameter_files(path)
            if reports and not found and (received := _reports(path)):
                files += received
                continue
            files += found
            if passed:
                more = f"等 {len(passed)} 个" if len(passed) > LISTED else ""
                told = f"{shown(str(path))} 里没有读的：{'、'.join(passed[:LISTED])}{more}"
                print(f"{told}；参数文件的文件名应以 .yaml 结尾", file=sys.stderr)
        elif path.exists() or path.is_symlink():
            files += _departments(path)
        elif given:
            _wrong_use(f"找不到 {path}，请核对路径和文件名")
    if not files:
        folder = given[0] if given else Path("params")
        _wrong_use(
            f"{folder} 里没有参数文件（*.yaml）；请在 perfkit 的文件夹里运行，或写明参数文件；"
            "还没有的，用 perfkit new 新建"
        )
    return list(dict.fromkeys(files))


def _reports(folder: Path) -> list[Path]:
    """The reports in Word and PDF in a folder, but for the temporary files of Word."""
    from perfkit.received.opened import is_report

    return [
        path
        for path in sorted(folder.iterdir())
        if is_report(path) and not path.name.startswith(("~$", "."))
    ]


def _import_files(options: argparse.Namespace) -> int:
    from perfkit.books.filings import books_in
    from perfkit.received.opened import is_report

    books: list[Path] = []
    reports: list[Path] = []
    for path in dict.fromkeys(options.files):
        if not path.exists():
            _wrong_use(f"找不到 {path}，请核对路径和文件名")
        inside = [*books_in(path), *_reports(path)] if path.is_dir() else [path]
        if not inside:
            _wrong_use(f"{path} 里没有工作簿（.xlsx），也没有报告（.docx、.pdf）")
        reports += filter(is_report, inside)
        books += (file for file in inside if not is_report(file))
    read = _import_reports(reports, options)
    if books:
        _import_books(books, options)
    return read


def _import_books(books: list[Path], options: argparse.Namespace) -> None:
    from perfkit.books.filings import import_books

    made = import_books(books, options.outputs, options.force, options.chinese)
    print(*made.notes, sep="\n", end="\n" if made.notes else "", file=sys.stderr)
    listed = "、".join(map(str, made.files[:10])) + ("……" if len(made.files) > 10 else "")
    print(f"已写 {len(made.files)} 份参数文件：{listed}")


def _import_reports(reports: list[Path], options: argparse.Namespace) -> int:
    from perfkit.errors import PerfkitError
    from perfkit.received.importing import listing, read_report, write_parameters

    targets: dict[str, Path] = {}
    failed = 0
    for path in reports:
        target = options.outputs / f"{path.stem}.yaml"
        try:
            if other := targets.get(target.name.casefold()):
                raise PerfkitError(f"{path}：与 {other} 同名，参数文件会互相覆盖，请改名")
            received = read_report(path, options.rubric)
            faults = write_parameters(received, target, options.force, options.chinese)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        targets[target.name.casefold()] = path
        count, missing = len(received.origins), len(received.missing)
        print(f"{path} → {target}：读到 {count} 项，没有找到 {missing} 项")
        print(*listing(received), sep="\n")
        if faults:
            print("  还不能生成报告，请先补填、改正：", *faults, sep="\n    ")
    return FAILED if failed else FINE


def _departments(path: Path) -> list[Path]:
    """A path for each department in a workbook, with what was noted in reading it; else the file."""
    from perfkit.forms.bookfile import is_book

    if not is_book(path):
        return [path]
    from perfkit.books.filings import departments_in
    from perfkit.forms.workbook import read_book

    found = departments_in(path)
    print(
        *read_book(path).notes, sep="\n", end="\n" if read_book(path).notes else "", file=sys.stderr
    )
    return found


def _wrong_use(message: str) -> NoReturn:
    print(f"perfkit：{message}", file=sys.stderr)
    raise SystemExit(WRONG_USE)


def _run(options: argparse.Namespace) -> int:
    files = _parameter_files(options.params)
    template = options.template or Path("notebooks/report.ipynb")
    if options.template and not template.is_file():
        _wrong_use(f"找不到模板笔记本 {template}，请核对路径和文件名")
    from perfkit.batch import inputs
    from perfkit.batch.journal import read_journal
    from perfkit.batch.plan import Settings, best_engine, plan, usable_cores
    from perfkit.batch.workers import Limits

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
        _wrong_use(
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
    from perfkit.batch.indexing import update_index
    from perfkit.batch.progress import Progress
    from perfkit.batch.run import run
    from perfkit.errors import PerfkitError

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
    for name, error in errors:
        lines = error.splitlines()
        if len(lines) == 1:
            print(f"{name} 未通过：{error}", file=sys.stderr)
        else:
            print(f"{name} 未通过，有 {len(lines)} 处错误：", *lines, sep="\n  ", file=sys.stderr)
    for name, losses in lost.items():
        if losses:
            print(f"{name} 有 {len(losses)} 处没有印出：", *losses, sep="\n  ", file=sys.stderr)
    if removed:
        notes.append(f"删去以前生成的旧文件 {removed} 个")
    print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)
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


def _check(options: argparse.Namespace) -> int:
    from perfkit.audit.examine import examine
    from perfkit.audit.findings import LEVELS
    from perfkit.batch.inputs import refused
    from perfkit.errors import PerfkitError
    from perfkit.quantities import plain
    from perfkit.received.opened import is_report
    from perfkit.review.record import FOLDER, read_review

    failed = 0
    filings: dict[str, Department] = {}
    files = _parameter_files(options.params, reports=True)
    reviewed = (options.outputs / FOLDER).is_dir()
    journal: Mapping[str, Record] = {}
    if reviewed:
        from perfkit.batch.journal import read_journal

        # What the reports were made with.
        journal = read_journal(options.outputs)
    received = {path for path in files if is_report(path)}
    named = refused(path for path in files if path not in received)
    for path in files:
        if path in named:
            failed += 1
            print(f"{path}：{named[path]}")
            continue
        told: list[str] = []
        try:
            if path in received:
                card, told = _scored_report(path, options.rubric)
            else:
                card = _scored(path)
            audit = examine(card)
        except PerfkitError as e:
            failed += 1
            print(f"{path}：{'报告' if path in received else '参数文件'}有 {len(e.faults)} 处错误")
            print(e)
            continue
        counts = Counter(finding.level for finding in audit.findings)
        summary = "，".join(f"{words} {counts[level]} 条" for level, words in LEVELS.items())
        grade = card.grade or "等级待定"
        print(f"{path}：{card.department.name}，{plain(card.total)} 分，{grade}；{summary}")
        review = read_review(options.outputs, path.stem)
        checks = review.checked(audit.findings)
        for finding, check in zip(audit.findings, checks, strict=True):
            note = f"〔{check.note}〕" if check.note else ""
            message = f"{finding.message}（{finding.code}）{note}"
            print(f"  {LEVELS[finding.level]}  {finding.where}  {message}")
        for off in audit.off:
            print(f"  不再提示  {off.where}  {off.title}（{off.count} 条）：{off.reason}")
        for line in told:
            print(line)
        if reviewed:
            for line in _review_lines(review, path.stem, card, journal):
                print(f"  {line}")
        filings[card.department.place("narrative")] = card.department
    for line in _likeness_lines(filings):
        print(line)
    return FAILED if failed else FINE


def _likeness_lines(filings: dict[str, Department]) -> list[str]:
    """What departments of the batch wrote alike, a line a pair."""
    from perfkit.audit.likeness import alike_departments, sketches

    short = {path: sketches(filing) for path, filing in filings.items()}
    lines = []
    for (one, first), (other, second) in alike_departments(short):
        places = [filings[path].place(field) for path, field in ((one, first), (other, second))]
        names = f"{filings[one].name}与{filings[other].name}"
        words = short[one][first].opening
        lines.append(f"警告  {'  '.join(places)}  {names}有一段文字几乎相同：“{words}”")
    return lines


def _review_lines(
    review: Review, report: str, card: Scorecard, journal: Mapping[str, Record]
) -> list[str]:
    """What reviewers and the department said of the report as it is now, a line each."""
    from perfkit.index.rows import Row
    from perfkit.review.content import content_of, figures_of
    from perfkit.review.record import Review, told

    if review == Review() and not review.troubles:
        return []
    content = content_of(card)
    made = journal.get(report)
    if made:  # the template that the report was made with
        with contextlib.suppress(ValueError):
            content["template"] = Row.from_dict(made.row).content.get("template", "")
    return told(review, content, figures_of(card))


def _review(options: argparse.Namespace) -> int:
    if options.files:
        return _import(options.files, options.outputs)
    import webbrowser

    from perfkit.batch.indexing import refresh_index
    from perfkit.review.server import open_server

    if not any(options.outputs.glob("*.html")):
        _wrong_use(f"{options.outputs} 里没有报告；请先运行 perfkit run，或用 -o 指明文件夹")
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


def _import(files: list[Path], outputs: Path) -> int:
    from perfkit.batch.indexing import refresh_index
    from perfkit.errors import PerfkitError
    from perfkit.review.record import import_file

    failed = 0
    for path in files:
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


def _letter(options: argparse.Namespace) -> int:
    from perfkit.batch.indexing import refresh_index
    from perfkit.errors import PerfkitError
    from perfkit.review.answers import import_answers
    from perfkit.review.letter import write_letters
    from perfkit.review.record import reports

    failed = 0
    for path in options.files or []:
        try:
            taken = import_answers(options.outputs, path)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        print(*taken.notes, sep="\n", end="\n" if taken.notes else "", file=sys.stderr)
        words = f"{taken.report} 收下 {taken.added} 条新的答复，{taken.known} 条已经有了"
        print(f"{path}：{words}，{taken.blank} 条没有答复")
        failed += bool(taken.loose)
    if options.files:
        refresh_index(options.outputs)
        return FAILED if failed else FINE
    known = reports(options.outputs)
    names = [Path(name).stem if Path(name).suffix else name for name in options.names]
    names = [
        name if name in known else stem for name, stem in zip(options.names, names, strict=True)
    ] or sorted(known)
    if not names:
        _wrong_use(f"{options.outputs} 里没有报告；请先运行 perfkit run，或用 -o 指明文件夹")
    for name in names:
        try:
            paths, notes = write_letters(options.outputs, name)
        except PerfkitError as e:
            failed += 1
            print(e, file=sys.stderr)
            continue
        print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)
        print(f"{name}：{'、'.join(map(str, paths))}")
    return FAILED if failed else FINE


def _scored(path: Path) -> Scorecard:
    from perfkit.scoring.params import read_department
    from perfkit.scoring.scorecard import score

    return score(*read_department(path))


def _scored_report(path: Path, rubric: str | None) -> tuple[Scorecard, list[str]]:
    """A report that was received, scored by what it says; how it was read and what it lacks."""
    from perfkit.received.importing import department_received, lacking, read_report
    from perfkit.scoring.scorecard import score

    received = read_report(path, rubric)
    return score(*department_received(received)), list(lacking(received))


def _score(options: argparse.Namespace) -> int:
    card = _scored(options.params)
    if options.json:
        from perfkit.audit.examine import examine

        findings = [finding.as_dict() for finding in examine(card).findings]
        found = card.as_dict() | {"findings": findings}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return FINE
    from perfkit.quantities import plain

    rows = []
    for score in card.everything:
        rows.append(_score_row(score))
        rows += [_score_row(part, part=True) for part in score.parts]
    claimed = card.department.reported.total
    rows.append(
        (
            "合计",
            plain(card.rubric.points),
            plain(card.total),
            "—" if claimed is None else plain(claimed),
            card.formula if card.adjustments or card.met() else "",
        )
    )
    title = f"{card.department.name} {card.department.year} 年度"
    _table(title, ("指标", "分值", "得分", "自评", "推导"), rows)
    grade = f"评价等级：{card.grade or '待定'}"
    if card.open_points:
        grade += f"；另有 {plain(card.open_points)} 分待定"
    for one in card.limits:
        if one.applies is not False:
            print(f"限制条件：{one.sentence}。")
    print(f"{grade}。审核意见用 perfkit check {options.params} 查看。")
    return FINE


def _score_row(score: Score, part: bool = False) -> tuple[str, ...]:
    from perfkit.quantities import plain
    from perfkit.scoring.stages import stage_changes

    lines = [score.formula, f"待定：{score.undecided}" if score.open_points else ""]
    if not score.parts:
        lines += [f"扣 {plain(d.points)} 分：{d.reason}" for d in score.deductions]
    if score.stated:
        lines.append("按部门所填计分，无法复核")
    if score.override and not score.stages:
        by_rule = "待定" if score.by_rule is None else plain(score.by_rule)
        lines.append(f"{score.decision}（按规则 {by_rule}）：{score.override.reason}")
    lines += stage_changes(score)
    reported = "—" if score.reported is None else plain(score.reported)
    why = "\n".join(line for line in lines if line)
    name = f"  {score.name}" if part else score.name
    indent = "  " if part else ""
    points, awarded = score.points_words, score.awarded_words
    return f"{name}\n{indent}{score.id}", points, awarded, reported, why


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), show_lines=True)
    for name in columns:
        table.add_column(
            name, justify="right" if name in ("分值", "得分", "自评") else "left", overflow="fold"
        )
    for row in rows:
        # Text, not str: in a str rich would read [brackets] as markup.
        table.add_row(*(Text(value) for value in row))
    Console().print(table)


def _rubric(options: argparse.Namespace) -> int:
    from perfkit.quantities import percent, plain
    from perfkit.scoring.rubric import load_rubric, shipped_rubrics

    words = options.words
    if words[:1] == ["set"]:
        return _set_yearly(words[1:], options.source)
    if words[:1] == ["check"]:
        return _check_rubrics(words[1:])
    if not words:
        for name in shipped_rubrics():
            print(f"{name}  {load_rubric(name).name}")
        return FINE
    if len(words) > 1:
        _wrong_use(f"一次看一个评分标准，这里有 {len(words)} 个")
    rubric = load_rubric(words[0])
    if options.json:
        print(json.dumps(rubric.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return FINE
    rows = []
    for indicator in rubric.everything:
        rule = indicator.rule
        content = "\n".join([rule.describe(rubric), *rule.listed(), f"出处：{indicator.source}"])
        rows.append((indicator.id, indicator.name, plain(indicator.points), content))
    for limit in rubric.limits:
        zero = f"；不得分：{'、'.join(limit.zero)}" if limit.zero else ""
        good = "是" if limit.good else "否"
        content = f"{limit.text}（合格：{good}）\n{limit.words}{zero}\n出处：{limit.source}"
        rows.append((limit.id, "限制条件", "", content))
    _table(rubric.name, ("编号", "指标", "分值", "规则"), rows)
    if asked := [(name, figure.asks()) for name, figure in rubric.figures.items()]:
        _table("另填数据（figures）", ("编号", "要填的数"), asked)
    for key, parameter in rubric.parameters.items():
        for year, found in sorted(parameter.years.items()):
            words = f"{key}（{parameter.name}）{year}：{percent(found.value, 4)}"
            print(f"年度参数 {words}，{found.origin}")
    return FINE


def _set_yearly(words: list[str], source: str | None) -> int:
    from perfkit.files import relative_path
    from perfkit.quantities import percent
    from perfkit.scoring.setting import set_yearly

    if len(words) != 4 or source is None:
        _wrong_use(
            "写作 perfkit rubric set 评分标准 年度参数 年度 数值 --source 出处，"
            "如 perfkit rubric set beijing-2023 city_variance 2024 25.1% --source 市财政局通报"
        )
    made = set_yearly(words[0], words[1], words[2], words[3], source)
    path = relative_path(made.path, Path())
    print(f"{path}：{made.year} 年{made.parameter.name} {percent(made.value, 4)}")
    if made.before is not None and made.before.value != made.value:
        print(f"原来是 {percent(made.before.value, 4)}（{made.before.origin}），以后用新的")
    return FINE


def _check_rubrics(words: list[str]) -> int:
    from perfkit.errors import PerfkitError
    from perfkit.quantities import plain
    from perfkit.scoring.rubric import load_rubric

    if not words:
        _wrong_use("写明要检查的评分标准，如 perfkit rubric check rubrics/示例.yaml")
    failed = 0
    for name in words:
        try:
            rubric = load_rubric(name)
        except PerfkitError as e:
            failed += 1
            print(f"{name}：有 {len(e.faults)} 处错误")
            print(e)
            continue
        sections = "，".join(f"{each.name} {plain(each.points)} 分" for each in rubric.sections)
        count = len(rubric.indicators)
        print(
            f"{name}：没有错误；{rubric.name}，{count} 个指标，{plain(rubric.points)} 分：{sections}"
        )
        for key, parameter in rubric.parameters.items():
            years = (
                "、".join(map(str, sorted(parameter.years))) or "还没有，用 perfkit rubric set 填写"
            )
            print(f"  年度参数 {key}（{parameter.name}）：{years}")
    return FAILED if failed else FINE


def _diff(options: argparse.Namespace) -> int:
    from perfkit.compare.changes import as_dict
    from perfkit.compare.command import changes_of
    from perfkit.compare.shown import lines, write_page

    for path in options.params:
        if not path.is_file():
            _wrong_use(f"找不到 {path}，请核对路径和文件名")
    changes = changes_of(options.params, options.stages)
    if options.html:
        write_page(changes, options.html)
        print(f"比较写在 {options.html}", file=sys.stderr)
    if options.json:
        print(json.dumps(as_dict(changes), ensure_ascii=False, indent=1))
    elif not options.html:
        print(*lines(changes), sep="\n")
    return FINE


def _verify(options: argparse.Namespace) -> int:
    from perfkit.batch.journal import read_journal
    from perfkit.batch.plan import Settings, best_engine, usable_cores
    from perfkit.batch.verify import verify

    journal = read_journal(options.outputs)
    if not journal:
        _wrong_use(f"{options.outputs} 里没有生成记录（perfkit.jsonl），不知报告由什么生成")
    settings = Settings(
        template=options.template or Path("notebooks/report.ipynb"),
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
