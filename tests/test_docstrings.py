"""What Tab and Shift-Tab show in the notebook: for each public name a text that begins in Chinese."""

import inspect
import re

import pytest

import perfkit.report


def public_parts(thing):
    """The public names of a class, or of what a module defines itself."""
    if inspect.isclass(thing):
        found = vars(thing)
    elif inspect.ismodule(thing):
        found = {k: v for k, v in vars(thing).items() if getattr(v, "__module__", "") == thing.__name__}  # fmt: skip
    else:
        found = {}
    shown = (property, type(vars(perfkit.report.Report)["heading"]))
    return {
        name: part
        for name, part in found.items()
        if not name.startswith("_") and (callable(part) or isinstance(part, shown))
    }


OFFERED = {name: getattr(perfkit.report, name) for name in perfkit.report.__all__}
OFFERED |= {
    f"{name}.{part}": one
    for name, thing in list(OFFERED.items())
    for part, one in public_parts(thing).items()
}


def test_chapters_charts_and_options_are_looked_up():
    assert {"open_report", "Report.title", "Report.chart_parts", "Report.options"} <= set(OFFERED)


@pytest.mark.parametrize("name", OFFERED)
def test_a_docstring_begins_in_chinese(name):
    words = inspect.getdoc(OFFERED[name]) or ""
    assert re.match("[一-鿿]", words), f"{name}: {words[:60]!r}"
