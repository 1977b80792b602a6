"""目录: the index over all reports, as a page, a workbook and JSON."""
