"""What a worker has ready before its first report: imported in the warm process, then forked.

Only what is the same for every department. Nothing here may start a thread: a
process with threads can't be forked safely, so Typst is not run here.
"""

from __future__ import annotations

import os
from decimal import Decimal

# Before numpy: its library starts a thread for each core, and charts multiply no matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
# ipykernel imports its debugger, which no report uses, and which has remarks of its own.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

# papermill first: it loads perfkit.engine while it registers its engines.
import ipykernel.debugger  # noqa: F401
import IPython.core.application
import IPython.core.completerlib
import IPython.core.logger
import IPython.core.oinspect  # noqa: F401
import nbformat.v4
import papermill.execute  # noqa: F401

import perfkit.report
import perfkit.typesetting
import perfkit.word
from perfkit.charts import (
    Bar,
    PointsBar,
    budget_and_spending,
    points_by_indicator,
    project_amounts,
    project_execution,
)
from perfkit.display import render
from perfkit.execute import FORMATS, export, exporter
from perfkit.fonts import families
from perfkit.rubric import load_rubric, shipped_rubrics

__all__: list[str] = []


def _warm_up() -> None:
    """Use each part once, on what is no department's, so that what it loads lazily is there."""
    for name in shipped_rubrics():
        load_rubric(name)
    bars = [Bar("一", Decimal(1), Decimal(1))]
    drawn = [budget_and_spending(bars), project_amounts(bars), project_execution(bars)]
    drawn.append(points_by_indicator([PointsBar("一", Decimal(1), Decimal(1))]))
    cells = [nbformat.v4.new_markdown_cell("## 一")]
    for chart in drawn:
        data, metadata = chart._repr_mimebundle_()
        output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
        cells.append(nbformat.v4.new_code_cell("", outputs=[output]))
    sample = nbformat.v4.new_notebook(cells=cells)
    nbformat.writes(sample)
    export(sample, "html", "一")
    for form in set(FORMATS) - {"html"}:
        # As far as one gets without Typst; the template is compiled on first use.
        exporter(form).document(sample, {})
    render("paragraphs", derived=[], filed=[])
    families()
    perfkit.typesetting.pandoc_path()


_warm_up()
