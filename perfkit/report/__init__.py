"""报告: what a report says and shows, chapter by chapter; the notebook prints it.

In a notebook the house style of charts holds from the first import of these
names on (`perfkit.report.style`). They are asked for each time, never kept
here, so that this is so in a fork of a process that had imported them before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from perfkit.report.style import hold_in_notebook

if TYPE_CHECKING:
    from perfkit.report.charts import Chart, chart
    from perfkit.report.frames import district
    from perfkit.report.report import Report, open_report
    from perfkit.report.tables import table

__all__ = ["Chart", "Report", "chart", "district", "open_report", "table"]

_PLACES = {
    "Chart": "charts", "Report": "report", "chart": "charts", "district": "frames",
    "open_report": "report", "table": "tables",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    hold_in_notebook()
    return getattr(import_module(f"perfkit.report.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
