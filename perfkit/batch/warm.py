"""What a worker has ready before its first report: imported in the warm process, then forked.

Only what is the same for every department. Nothing here may start a thread: a
process with threads can't be forked safely, so Typst is not run here.
"""

from __future__ import annotations

import faulthandler  # noqa: F401
import os
from inspect import signature

# A template may draw with numpy, whose library starts a thread for each core when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
# ipykernel imports its debugger, which no report uses, and which has remarks of its own.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

from perfkit.batch.execute import import_nbformat

import_nbformat()  # before all that imports it

# Of what is below, what a kernel and its shell import only when they start.
import ipykernel.debugger  # noqa: F401
import IPython.core.application
import IPython.core.completerlib
import IPython.core.logger
import IPython.core.magics
import IPython.core.oinspect  # noqa: F401
import nbformat.v4
import papermill.execute  # noqa: F401
import typst  # noqa: F401

import perfkit.publish.typesetting
import perfkit.publish.word
from perfkit.batch.documents import FORMATS
from perfkit.batch.engine import fits
from perfkit.batch.execute import exporter, exports
from perfkit.batch.kernel import prepare
from perfkit.fonts import families, rare
from perfkit.report import drawing, style
from perfkit.report.report import Report, open_report

__all__: list[str] = []

_EXAMPLE = {
    "name": "示例",
    "year": 2023,
    "rubric": "beijing-2023",
    "budget": {
        "basic": {"budget": "2", "spent": "1"},
        "project": {"budget": "2", "spent": "2.5"},
        "other": {"budget": "0", "spent": "0"},
        "initial": "4",
        "carryover": {"amount": "1", "previous_rate": "1%"},
    },
    "projects": [{"name": "项目", "budget": "2", "spent": "2.5"}],
    "indicators": [
        {"group": "output", "kind": "quality", "name": "率", "target": "≥90%", "actual": "80%"}
    ],
    "narrative": {"management": "说明。"},
}
"""A filing of nobody's, so that nothing of a department's can be left over."""


def _rehearse() -> None:
    """Make a report as far as one gets without Typst, so that each fork finds all code ready."""
    report = open_report(_EXAMPLE)
    notebook = nbformat.v4.new_notebook()
    for name, method in vars(Report).items():
        if name.startswith("_") or not callable(method):
            continue
        if len(signature(method).parameters) > 1:
            continue  # a chapter needs no argument
        block = method(report)
        if block is None:
            continue  # there is nothing to show of the example
        data, metadata = block._repr_mimebundle_()
        output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
        cell = nbformat.v4.new_code_cell(f"report.{name}()", outputs=[output])
        notebook.cells += [nbformat.v4.new_markdown_cell("## 一"), cell]
    nbformat.reads(nbformat.writes(notebook), as_version=4)
    exports(notebook, ["html"], "示例")
    for form in set(FORMATS) - {"html"}:
        exporter(form).document(notebook, {})
    families()
    rare("é")  # which signs the fonts have
    perfkit.publish.typesetting.pandoc_path()
    style.prepared()
    drawing.prepare(len([name for name in vars(Report) if name.startswith("chart_")]))
    prepare()
    fits()


_rehearse()
