"""One notebook, one department: executed by papermill, exported by nbconvert, written whole."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfkit.yamlfile import PerfkitError, shown_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = {"html": ".html", "pdf": ".pdf", "docx": ".docx"}
"""What a report can be exported to, with the file's ending."""


def make_report(
    params: Path, template: Path, outputs: Path, formats: Iterable[str] = FORMATS
) -> list[Path]:
    """The report of one department: executed notebook and documents, named after *params*.

    All files are made before the first is written, so a failure leaves the
    earlier ones as they were.

    Raises:
        PerfkitError: if the parameter file, the template or a cell of it is at fault.
    """
    notebook = execute(template, params)
    name = params.stem
    documents = {".ipynb": _notebook_text(notebook).encode()}
    for form in formats:
        documents[FORMATS[form]] = export(notebook, form, name)
    outputs.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, content in documents.items():
        path = outputs / f"{name}{ending}"
        write_whole(path, content)
        written.append(path)
    return written


def execute(template: Path, params: Path) -> NotebookNode:
    """The template executed for *params*, with nothing in it that changes from run to run."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    if not template.is_file():
        raise PerfkitError(
            f"找不到模板笔记本 {template}，请在 perfkit 的文件夹里运行，或用 --template 指明"
        )
    folder = template.resolve().parent
    try:
        with warnings.catch_warnings():
            # papermill and its kernel client warn about each other's deprecations.
            warnings.simplefilter("ignore")
            notebook = papermill.execute_notebook(
                str(template.resolve()),
                None,
                parameters={"department": _relative(params, folder)},
                cwd=str(folder),
                progress_bar=False,
                # The kernel's remarks on its transport are not for analysts.
                extra_arguments=["--IPKernelApp.log_level=ERROR"],
            )
    except PapermillExecutionError as e:
        raise PerfkitError(_cell_message(template, e)) from e
    return _reproducible(notebook)


def _relative(path: Path, folder: Path) -> str:
    """The path as the notebook sees it, so that the analyst can run the result again."""
    try:
        return Path(os.path.relpath(path.resolve(), folder)).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()


def _cell_message(template: Path, error: Any) -> str:
    value = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue)).strip()
    if error.ename == "PerfkitError":
        return value
    line = next(iter(error.source.splitlines()), "")
    return f"模板 {shown_name(template)} 的单元格“{line}”出错：{error.ename}：{value}"


def _reproducible(notebook: NotebookNode) -> NotebookNode:
    """The notebook without clocks, random ids and paths, as papermill and nbclient leave them."""
    # papermill's record of the run: times, and absolute paths of template and output.
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-parameters-{number}"
    return notebook


def _notebook_text(notebook: NotebookNode) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)
    return text + "\n"


def export(notebook: NotebookNode, form: str, name: str) -> bytes:
    """The document of an executed notebook in one of the `FORMATS`."""
    from nbconvert.exporters import get_exporter

    exporter = get_exporter(f"perfkit-{form}")()
    resources = {"metadata": {"name": name}}
    content, _ = exporter.from_notebook_node(notebook, resources)
    return content.encode() if isinstance(content, str) else content


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        PerfkitError: if it can't be written, for one because Word has it open.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as e:
        beside.unlink(missing_ok=True)
        reason = e.strerror or e
        raise PerfkitError(
            f"{path} 写不进去：{reason}；如果文件正在 Word 或 PDF 阅读器里打开，请关闭后再试"
        ) from None
