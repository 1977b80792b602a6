"""What an executed notebook states it is the report of, held against the parameter file.

Every chapter and chart that a `Report` prints bears the report's identity in
the metadata of its output. So a template that reads another file, that stops
half way or prints nothing can't pass for the report of a department.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError
from perfkit.report.display import IDENTITY
from perfkit.review.content import HELP

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from perfkit.report.report import Report

INJECTED, PARAMETERS = "injected-parameters", "parameters"
SKIPPED = "skip-execution"
"""The tag by which an analyst says that a cell is not to run."""

Identity = Mapping[str, Any]


class EndedError(Exception):
    """A cell called ``quit()`` or ``exit()``; in words that complete “模板 x 的…”."""


def refuse_end(cell: NotebookNode, cell_index: int, execute_reply: Mapping[str, Any]) -> None:
    """nbclient's hook after a cell.

    Raises:
        EndedError: if the cell asked the kernel to end. It does so somewhat later, and the
            cells behind may run or not.
    """
    payload = execute_reply["content"].get("payload") or []
    if any(item.get("source") == "ask_exit" for item in payload):
        raise EndedError(f"单元格{_shown(cell)}里的 quit() 或 exit() 会结束整个笔记本，请删去")


def unfinished(notebook: NotebookNode) -> str:
    """What kept the notebook from running to its end, in words; empty if nothing did."""
    cells = [cell for cell in _published(notebook) if cell.cell_type == "code"]
    for cell in cells:
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors:
            return f"单元格{_shown(cell)}让笔记本停在这里（{errors[0].ename}），报告不完整；请改掉"
    for cell in cells:
        run = cell.execution_count is not None or SKIPPED in _tags(cell)
        if not run and cell.source.strip():
            return f"单元格{_shown(cell)}没有运行"
    return ""


def check_identity(notebook: NotebookNode, report: Report) -> None:
    """Hold what the notebook printed against the *report* of the parameter file.

    Raises:
        PerfkitError: in words that complete “模板 x …”, if it printed nothing of a report,
            something of another one, or lost a chapter.
    """
    shown = [*_shown_identities(notebook)]
    if not shown:
        raise PerfkitError("没有印出报告的任何一章（如 report.title()），生成的会是空白报告")
    for cell, found in shown:
        if found != report.identity:
            raise PerfkitError(f"的单元格{_shown(cell)}{_difference(notebook, found, report)}")
    for cell in _published(notebook):
        if cell.cell_type == "code":
            _check_shown(cell, report)


def _difference(notebook: NotebookNode, found: Identity, report: Report) -> str:
    own = report.identity
    if found["file"] == own["file"]:
        changed = "评分标准" if found["sha256"] == own["sha256"] else "参数文件"
        return f"读到的{changed}与开始时不同：生成过程中有人改动，请再运行一次"
    told = f"印出的是{_named(found)}，不是这份参数文件的{_named(own)}"
    return f"{told}；{misled(notebook) or '请改为 open_report(department)'}"


def _named(identity: Identity) -> str:
    """“示例局 2023 年度（params/x.yaml）”."""
    place = f"（{identity['file']}）" if identity["file"] else ""
    return f"“{identity['department']} {identity['year']} 年度”{place}"


def misled(notebook: NotebookNode) -> str:
    """Which line of the template makes it read another file, and what to do; empty if unknown."""
    injected = False
    tagged = any(PARAMETERS in _tags(cell) for cell in notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if INJECTED in _tags(cell):
            injected = True
            continue
        for node in ast.walk(_parsed(cell)):
            if isinstance(node, ast.Call) and _name(node.func) == "open_report":
                if not injected:
                    return "open_report 写在 parameters 那一格里，先于参数文件执行；请移到后面一格"
                if node.args and _name(node.args[0]) != "department":
                    given = ast.unparse(node.args[0])
                    return f"单元格{_shown(cell)}写死了 {given}，请改为 open_report(department)"
            elif injected and _assigns(node):
                if tagged:
                    return f"单元格{_shown(cell)}又给 department 赋值，盖过了参数文件；请删去这一行"
                return (
                    f"单元格{_shown(cell)}没有 parameters 标签，参数文件传不进去；"
                    "请在 JupyterLab 右侧的属性面板里给这一格加上标签 parameters"
                )
    return ""


def _check_shown(cell: NotebookNode, report: Report) -> None:
    """A cell shows its last expression only; what it calls before is lost without a word."""
    calls = [
        node.value.func.attr
        for node in _parsed(cell).body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and _name(node.value.func.value) == "report"
        and not (node.value.args or node.value.keywords)
    ]
    shown = sum(1 for output in cell.outputs if IDENTITY in output.get("metadata", {}))
    if shown >= len(calls):
        return
    # A chart of projects is nothing where there are none.
    asked = [name for name in calls if getattr(report, name)() is not None]
    if shown < len(asked):
        raise PerfkitError(
            f"的单元格{_shown(cell)}要印 {len(asked)} 处内容，只印出 {shown} 处："
            "一格只印最后一行的结果，行末有分号也不印；请一格写一处"
        )


def check_converted(notebook: NotebookNode) -> str:
    """What can be told of an executed notebook alone, where its parameter file isn't known.

    Returns:
        What kept it from running to its end, in words; empty if nothing did.

    Raises:
        PerfkitError: if it shows chapters of several filings, or of another than
            its ``department`` names.
    """
    shown = [found for _, found in _shown_identities(notebook)]
    if not shown:
        return ""  # no report of ours
    other = next((found for found in shown if found != shown[0]), None)
    if other:
        raise PerfkitError(
            f"笔记本里混有{_named(shown[0])}和{_named(other)}的内容，请全部重新运行后再转换"
        )
    given, own = _given(notebook), shown[0]
    same, words = True, ""
    if isinstance(given, str):
        # As Windows parts it, which takes both kinds of slash.
        same, words = PureWindowsPath(own["file"]).name == PureWindowsPath(given).name, given
    elif isinstance(given, dict) and {"name", "year"} <= given.keys():
        stated = (own["department"], str(own["year"]))
        same = (str(given["name"]).strip(), str(given["year"]).strip()) == stated
        words = f"{given['name']} {given['year']} 年度"
    if not same:
        hint = misled(notebook) or "请全部重新运行后再转换"
        raise PerfkitError(f"笔记本的 department 是“{words}”，印出的却是{_named(own)}；{hint}")
    return unfinished(notebook)


def _given(notebook: NotebookNode) -> Any:
    """The ``department`` that the notebook was run with; None if it can't be told."""
    for tag in (INJECTED, PARAMETERS):
        for cell in notebook.cells:
            if cell.cell_type != "code" or tag not in _tags(cell):
                continue
            for node in _parsed(cell).body:
                if isinstance(node, ast.Assign) and _assigns(node):
                    try:
                        return ast.literal_eval(node.value)
                    except ValueError:
                        return None
    return None


def without_identity(notebook: NotebookNode) -> NotebookNode:
    """The notebook as one that states nothing, for the page of a report that failed."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop(IDENTITY, None)
    return notebook


def _shown_identities(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, Identity]]:
    for cell in _published(notebook):
        for output in cell.get("outputs", []):
            if found := output.get("metadata", {}).get(IDENTITY):
                yield cell, found


def _published(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells without those that only explain the template: what these show is in no report."""
    return [cell for cell in notebook.cells if HELP not in _tags(cell)]


def _tags(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags


def _shown(cell: NotebookNode) -> str:
    """“report.title()”: the first line of a cell, by which an analyst finds it."""
    return f"“{next(iter(cell.source.strip().splitlines()), '')}”"


def _parsed(cell: NotebookNode) -> ast.Module:
    """The cell's code, its magics as calls; nothing of one that is no Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        code = TransformerManager().transform_cell(cell.source)  # type: ignore[no-untyped-call]
        return ast.parse(code)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _assigns(node: ast.AST) -> bool:
    """Whether a statement gives ``department`` a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(name, ast.Name) and name.id == "department" for name in targets)
