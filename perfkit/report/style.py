"""The house style of charts: `perfkit.mplstyle` and the wheel's Chinese font, for every figure.

In a notebook it holds from ``from perfkit.report import …`` on, so that what a
plain cell plots looks as the report does, Chinese is never boxes, and a figure
is shown as SVG, with text that can be selected and is sharp in print.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.fonts import BUNDLED

SHEET = Path(__file__).with_name("perfkit.mplstyle")

_held: set[int] = set()
"""The processes in which the style holds: a fork of the warm process begins without."""


def hold_in_notebook() -> None:
    """Let the style hold if a notebook runs here; the first time only, so that changes of it stay."""
    shell = _shell()
    if shell is not None and os.getpid() not in _held:
        _held.add(os.getpid())
        hold(shell)


def hold(shell: Any = None) -> None:
    """Let the style hold in this process, and in the notebook of *shell*."""
    settings = prepared()
    import matplotlib as mpl

    mpl.rcParams.update(settings)
    # Not of every text that a font like SimHei isn't on this machine: the wheel's stands in for it.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    if shell is not None:
        from matplotlib.figure import Figure

        if (backend := _backend()) is not None:
            if backend.figure_formats == {"png"}:
                backend.figure_formats = set()
        elif "figure_formats" not in shell.config.InlineBackend:
            # Not by the backend itself, which would import pyplot for reports that have no use for it.
            shell.config.InlineBackend.figure_formats = set()
        shell.display_formatter.mimebundle_formatter.for_type(Figure, _shown)


def _backend() -> Any:
    """matplotlib's settings in a notebook, once pyplot is imported; else None."""
    module = sys.modules.get("matplotlib_inline.config")
    return module and module.InlineBackend.instance()


@cache
def prepared() -> Any:
    """The style's settings, with the font known to matplotlib; what a fork finds ready."""
    _find_cache()
    import matplotlib as mpl
    import pandas as pd
    from matplotlib.font_manager import fontManager

    pd.set_option("display.max_columns", 20)  # as in a kernel; a terminal has none of its own
    known = {font.fname for font in fontManager.ttflist}
    for path in sorted(BUNDLED.glob("*.otf")):
        if str(path) not in known:
            fontManager.addfont(path)
            # Before a font of the system with the same name: the same letters everywhere.
            fontManager.ttflist.insert(0, fontManager.ttflist.pop())
    return mpl.rc_params_from_file(SHEET, use_default_template=False)


def _find_cache() -> None:
    """Give matplotlib a folder for its list of fonts where it has none of its own.

    Else it would make the list anew in every process, and say so on the terminal.
    """
    if "MPLCONFIGDIR" in os.environ or "matplotlib" in sys.modules:
        return
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (where there is no home, it says "~")
    first = next((folder for folder in (home / ".cache", home) if folder.exists()), home)
    if not os.access(first, os.W_OK):
        user = os.getuid() if hasattr(os, "getuid") else ""
        folder = Path(tempfile.gettempdir(), f"perfkit-matplotlib-{user}")
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ["MPLCONFIGDIR"] = str(folder)


def _shown(figure: Any) -> Any:
    from perfkit.report import drawing

    backend = _backend()
    # Formats that the analyst has chosen stay: %config InlineBackend.figure_formats = ["png"].
    return None if backend is not None and backend.figure_formats else drawing.shown(figure)


def _shell() -> Any:
    """The shell of the notebook that runs in this process; None in a plain Python."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
