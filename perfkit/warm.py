"""What a worker has ready before its first report: imported in the warm process, then forked.

Only what is the same for every department. Nothing here may start a thread: a
process with threads can't be forked safely, so Typst is not run here.
"""

from __future__ import annotations

import os

# Before numpy: its library starts a thread for each core, and charts multiply no matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

# papermill first: it loads perfkit.engine while it registers its engines.
import nbformat.v4
import papermill.execute  # noqa: F401

import perfkit.report
import perfkit.typesetting
import perfkit.word  # noqa: F401
from perfkit.display import render
from perfkit.execute import FORMATS, exporter
from perfkit.fonts import families, subset

__all__: list[str] = []


def _warm_up() -> None:
    empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("## 一")])
    nbformat.validate(empty)
    for form in FORMATS:
        # The template is compiled on first use.
        _ = exporter(form).template
    exporter("html").from_notebook_node(empty)
    render("paragraphs", derived=[], filed=[])
    subset("一")
    families()


_warm_up()
