"""One notebook, one department: executed by papermill, exported by nbconvert, written whole."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfkit.batch.workspace import workspace
from perfkit.errors import PerfkitError
from perfkit.files import relative_path, shown_name
from perfkit.publish import stated
from perfkit.report.report import Report, open_report

if TYPE_CHECKING:
    from nbformat import NotebookNode
from perfkit.batch.documents import FORMATS

ERROR_CELL = "papermill-error-cell-tag"

START_SECONDS = (30, 60)
"""How long a kernel may take to start, the first time and the second."""

NOT_STARTED = re.compile(r"Kernel (?:didn't respond|died before replying)")
"""What jupyter_client says of a kernel that doesn't start."""


CELL_FILE = re.compile(r"(?<=[/\\])ipykernel_\d+(?=[/\\])")
"""The folder of a cell's code, as a warning names it: by the number of the process."""


class CellError(PerfkitError):
    """A cell of the template raised; `notebook` is what was executed, with the traceback."""

    def __init__(self, message: str, notebook: NotebookNode) -> None:
        super().__init__(message)
        self.notebook = notebook


def import_nbformat() -> None:
    """Import nbformat without forty grammars of web addresses, which cost it 2.4 s.

    jsonschema makes them for formats that no notebook has, if it finds the package.
    """
    grammars = "rfc3987_syntax"
    if grammars in sys.modules:
        return
    sys.modules[grammars] = None  # type: ignore[assignment]
    import nbformat  # noqa: F401

    del sys.modules[grammars]


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
    from perfkit.batch.documents import ENDINGS, replace_documents, seal

    documents = build_report(params, template, formats, engine, kept=kept_folder(outputs, params))
    names = [f"{params.stem}{ending}" for ending in ENDINGS]
    before = {name: seal(outputs / name) for name in names}  # to be overwritten
    kept = replace_documents(outputs, params.stem, documents, before)
    if kept.faults:
        raise PerfkitError("\n".join(kept.faults))
    return [outputs / name for name in kept.files]


def kept_folder(outputs: Path, params: Path) -> Path:
    """Where the files are that the notebook of a report wrote."""
    return outputs.resolve() / f"{params.stem}.files"


def build_report(
    params: Path,
    template: Path,
    formats: Iterable[str] = FORMATS,
    engine: str | None = None,
    report: Report | None = None,
    kept: Path | None = None,
    lost: list[str] | None = None,
) -> dict[str, bytes]:
    """The content of a report's files by ending; all are made before any is written.

    Args:
        report: what the executed notebook is held against, if *params* was read before.
        kept: the folder that takes what the notebook wrote by relative paths.
        lost: takes what the documents don't show of the notebook, with cell and reason.

    Raises:
        PerfkitError: if a cell fails, or the notebook isn't the whole report of that file.
    """
    _check_template(template)
    expected = report or open_report(params)
    with workspace(template, kept) as folder:
        notebook = execute(template, params, engine, folder)
        if reason := stated.unfinished(notebook):
            raise CellError(f"模板 {shown_name(template)} 的{reason}", notebook)
        try:
            stated.check_identity(notebook, expected)
        except PerfkitError as e:
            raise PerfkitError(f"模板 {shown_name(template)} {e}") from None
        documents = {".ipynb": _notebook_text(notebook).encode()}
        for form, content in exports(notebook, formats, params.stem, folder, lost).items():
            documents[FORMATS[form]] = content
    return documents


def _check_template(template: Path) -> None:
    if not template.is_file():
        raise PerfkitError(
            f"找不到模板笔记本 {template}，请在 perfkit 的文件夹里运行，或用 --template 指明"
        )


def execute(
    template: Path, params: Path, engine: str | None = None, work: Path | None = None
) -> NotebookNode:
    """The template executed for *params*, with nothing in it that changes from run to run.

    Args:
        engine: a papermill engine; None is papermill's own.
        work: the folder to work in; the template's own if None.

    Raises:
        CellError: if a cell raises.
        PerfkitError: if there is no template, or the kernel dies or doesn't start.
    """
    import_nbformat()
    import nbformat
    import papermill.execute
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    _check_template(template)
    folder = template.resolve().parent
    work = work or folder
    options: dict[str, Any] = {"on_cell_executed": stated.refuse_end}
    if engine in (None, "nbclient"):
        # The kernel's remarks on its transport are not for analysts.
        options["extra_arguments"] = ["--IPKernelApp.log_level=ERROR", *_watching()]
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # papermill and its kernel client warn about each other's deprecations, and papermill
        # of a template without parameters, in English; `stated` has the words for that.
        warnings.simplefilter("ignore")
        logging.getLogger("papermill").setLevel(logging.ERROR)
        executed = Path(scratch, "executed.ipynb")
        # Kernels that start side by side may choose the same port; then one of them doesn't start.
        for start_seconds in START_SECONDS:
            try:
                notebook = papermill.execute.execute_notebook(
                    str(template.resolve()),
                    str(executed),
                    # As the notebook sees it, so that the analyst can run the result again.
                    parameters={"department": relative_path(params.resolve(), folder)},
                    cwd=str(work),
                    engine_name=engine,
                    progress_bar=False,
                    request_save_on_cell_execute=False,
                    start_timeout=start_seconds,
                    # One text, whether it came at once or in pieces.
                    coalesce_streams=True,
                    **options,
                )
            except PapermillExecutionError as e:
                failed = _reproducible(nbformat.read(executed, as_version=4), work, folder)
                raise CellError(_cell_message(template, e, failed), failed) from e
            except stated.EndedError as e:
                raise PerfkitError(f"模板 {shown_name(template)} 的{e}") from None
            except DeadKernelError:
                raise PerfkitError("执行笔记本的内核意外结束，可能是内存不足") from None
            except RuntimeError as e:
                if not NOT_STARTED.match(str(e)):
                    raise
            else:
                return _reproducible(notebook, work, folder)
    raise PerfkitError(
        f"执行笔记本的内核 {START_SECONDS[-1]} 秒内没有启动，请关掉一些程序，或用 -j 1 再试"
    )


def _watching() -> list[str]:
    """The kernel's option to record the files it opens, if the caller asked for it."""
    from perfkit.batch import opened

    return (
        ["--IPKernelApp.extensions=perfkit.batch.opened"] if os.environ.get(opened.VARIABLE) else []
    )


def _cell_message(template: Path, error: Any, notebook: NotebookNode) -> str:
    value = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue)).strip()
    if error.ename == "PerfkitError":
        hint = stated.misled(notebook)
        return f"{value}；模板 {shown_name(template)} 的{hint}" if hint else value
    line = next(iter(error.source.splitlines()), "")
    return f"模板 {shown_name(template)} 的单元格“{line}”出错：{error.ename}：{value}"


def _reproducible(notebook: NotebookNode, work: Path, folder: Path) -> NotebookNode:
    """The notebook without clocks, random ids and paths, as papermill and nbclient leave them.

    What it says of its folder *work* is said of the template's *folder*.
    """
    import nbformat

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
    text = CELL_FILE.sub(r"ipykernel", nbformat.writes(notebook))
    text = text.replace(_in_json(work), _in_json(folder))
    found: NotebookNode = nbformat.reads(text, as_version=4)
    return found


def _in_json(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)[1:-1]


def _notebook_text(notebook: NotebookNode) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)
    return text + "\n"


@cache
def exporter(form: str) -> Any:
    """nbconvert's exporter of one of the `FORMATS`; its templates are compiled once."""
    from nbconvert.exporters import get_exporter

    return get_exporter(f"perfkit-{form}")()


def exports(
    notebook: NotebookNode,
    formats: Iterable[str],
    name: str,
    folder: Path | None = None,
    lost: list[str] | None = None,
) -> dict[str, bytes]:
    """The documents of an executed notebook in some of the `FORMATS`.

    The same bytes as each exporter's own. PDF and Word are set together, so that
    the content is rendered and read once for both.

    Args:
        notebook: executed.
        formats: of the documents.
        name: of the report.
        folder: where pictures that are named by a path are looked for.
        lost: takes what is not shown, with cell and reason.
    """
    from perfkit.publish.typesetting import typeset

    metadata = {"name": name} | ({"path": str(folder)} if folder else {})
    forms, resources = list(formats), {"metadata": metadata}
    found: dict[str, bytes] = {}
    losses: list[Any] = []
    if "html" in forms:
        page, about = exporter("html").from_notebook_node(notebook, resources)
        found["html"] = page.encode()
        losses += about["lost"]
    if to_set := [form for form in forms if form != "html"]:
        document, about = exporter(to_set[0]).document(notebook, resources)
        documents, unprinted = typeset(document, to_set)
        found |= documents
        losses += [*about["lost"], *unprinted]
    if lost is not None:
        lost += dict.fromkeys(str(loss) for loss in losses)
    return found


def failed_page(error: CellError, name: str) -> bytes:
    """The page of a report that failed: what was shown up to the cell that raised, and why."""
    from nbformat.v4 import new_code_cell, new_output

    label = new_output("stream", name="stderr", text=f"{name}：报告没有生成\n{error}\n")
    notebook = stated.without_identity(error.notebook)
    notebook.cells.insert(0, new_code_cell("", outputs=[label], id="failed"))
    return exports(notebook, ["html"], name)["html"]
