"""One notebook, one department: executed by papermill, exported by nbconvert, written whole."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfkit.yamlfile import PerfkitError, shown_name, system_reason

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = {"html": ".html", "pdf": ".pdf", "docx": ".docx"}
"""What a report can be exported to, with the file's ending."""

ERROR_CELL = "papermill-error-cell-tag"

START_SECONDS = (30, 60)
"""How long a kernel may take to start, the first time and the second."""

NOT_STARTED = re.compile(r"Kernel (?:didn't respond|died before replying)")
"""What jupyter_client says of a kernel that doesn't start."""


class CellError(PerfkitError):
    """A cell of the template raised; `notebook` is what was executed, with the traceback."""

    def __init__(self, message: str, notebook: NotebookNode) -> None:
        super().__init__(message)
        self.notebook = notebook


def make_report(
    params: Path,
    template: Path,
    outputs: Path,
    formats: Iterable[str] = FORMATS,
    engine: str | None = None,
) -> list[Path]:
    """The report of one department: executed notebook and documents, named after *params*.

    Raises:
        PerfkitError: if the parameter file, the template or a cell of it is at fault;
            nothing is written then.
    """
    documents = build_report(params, template, formats, engine)
    return write_documents(outputs, params.stem, documents)


def build_report(
    params: Path, template: Path, formats: Iterable[str] = FORMATS, engine: str | None = None
) -> dict[str, bytes]:
    """The content of a report's files by ending; all are made before any is written."""
    notebook = execute(template, params, engine)
    documents = {".ipynb": _notebook_text(notebook).encode()}
    for form, content in exports(notebook, formats, params.stem).items():
        documents[FORMATS[form]] = content
    return documents


def write_documents(outputs: Path, name: str, documents: dict[str, bytes]) -> list[Path]:
    """Write a report's files, each whole."""
    outputs.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, content in documents.items():
        path = outputs / f"{name}{ending}"
        write_whole(path, content)
        written.append(path)
    return written


def execute(template: Path, params: Path, engine: str | None = None) -> NotebookNode:
    """The template executed for *params*, with nothing in it that changes from run to run.

    Args:
        engine: a papermill engine; None is papermill's own.

    Raises:
        CellError: if a cell raises.
        PerfkitError: if there is no template, or the kernel dies or doesn't start.
    """
    import nbformat
    import papermill.execute
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if not template.is_file():
        raise PerfkitError(
            f"找不到模板笔记本 {template}，请在 perfkit 的文件夹里运行，或用 --template 指明"
        )
    folder = template.resolve().parent
    options: dict[str, Any] = {}
    if engine in (None, "nbclient"):
        # The kernel's remarks on its transport are not for analysts.
        options["extra_arguments"] = ["--IPKernelApp.log_level=ERROR", *_watching()]
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # papermill and its kernel client warn about each other's deprecations.
        warnings.simplefilter("ignore")
        executed = Path(scratch, "executed.ipynb")
        # Kernels that start side by side may choose the same port; then one of them doesn't start.
        for start_seconds in START_SECONDS:
            try:
                notebook = papermill.execute.execute_notebook(
                    str(template.resolve()),
                    str(executed),
                    parameters={"department": _relative(params, folder)},
                    cwd=str(folder),
                    engine_name=engine,
                    progress_bar=False,
                    request_save_on_cell_execute=False,
                    start_timeout=start_seconds,
                    **options,
                )
            except PapermillExecutionError as e:
                failed = _reproducible(nbformat.read(executed, as_version=4))
                raise CellError(_cell_message(template, e), failed) from e
            except DeadKernelError:
                raise PerfkitError("执行笔记本的内核意外结束，可能是内存不足") from None
            except RuntimeError as e:
                if not NOT_STARTED.match(str(e)):
                    raise
            else:
                return _reproducible(notebook)
    raise PerfkitError(
        f"执行笔记本的内核 {START_SECONDS[-1]} 秒内没有启动，请关掉一些程序，或用 -j 1 再试"
    )


def _watching() -> list[str]:
    """The kernel's option to record the files it opens, if the caller asked for it."""
    from perfkit import opened

    return ["--IPKernelApp.extensions=perfkit.opened"] if os.environ.get(opened.VARIABLE) else []


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
    # Its remarks on an error are in English; the page of a failed report has its own.
    notebook.cells = [
        cell for cell in notebook.cells if ERROR_CELL not in cell.metadata.get("tags", [])
    ]
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


@cache
def exporter(form: str) -> Any:
    """nbconvert's exporter of one of the `FORMATS`; its templates are compiled once."""
    from nbconvert.exporters import get_exporter

    return get_exporter(f"perfkit-{form}")()


def exports(notebook: NotebookNode, formats: Iterable[str], name: str) -> dict[str, bytes]:
    """The documents of an executed notebook in some of the `FORMATS`.

    The same bytes as each exporter's own. PDF and Word are set together, so that
    the content is rendered and read once for both.
    """
    from perfkit.typesetting import typeset

    forms, resources = list(formats), {"metadata": {"name": name}}
    found: dict[str, bytes] = {}
    if "html" in forms:
        page, _ = exporter("html").from_notebook_node(notebook, resources)
        found["html"] = page.encode()
    if to_set := [form for form in forms if form != "html"]:
        document, _ = exporter(to_set[0]).document(notebook, resources)
        found |= typeset(document, to_set)
    return found


def failed_page(error: CellError, name: str) -> bytes:
    """The page of a report that failed: what was shown up to the cell that raised, and why."""
    from nbformat.v4 import new_code_cell, new_output

    label = new_output("stream", name="stderr", text=f"{name}：报告没有生成\n{error}\n")
    notebook = error.notebook
    notebook.cells.insert(0, new_code_cell("", outputs=[label], id="failed"))
    return exports(notebook, ["html"], name)["html"]


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
        raise PerfkitError(
            f"{path} 写不进去：{system_reason(e)}；如果文件正在 Word 或 PDF 阅读器里打开，请关闭后再试"
        ) from None
