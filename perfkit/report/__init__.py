"""报告: what a report says and shows, chapter by chapter; the notebook prints it."""

from perfkit.report.report import Report, open_report

__all__ = ["Report", "open_report"]
