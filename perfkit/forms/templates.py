"""A department's own template (`template` of the parameter file): which notebook is meant."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from perfkit.errors import Fault, PerfkitError
from perfkit.forms.bookfile import is_book, part_of
from perfkit.forms.department import ParameterFile
from perfkit.forms.yamlfile import Source, read_tree

LOC = ("department", "template")


def template_path(written: str, folder: Path) -> Path:
    """The notebook that *written* names, from the folder of the parameter file."""
    return folder / PureWindowsPath(written).as_posix()  # either kind of slash


def template_faults(written: str, source: Source, folder: Path) -> Iterator[Fault]:
    """What is wrong with ``template``: it is no relative path, no notebook, or isn't there."""
    path = template_path(written, folder)
    if PureWindowsPath(written).anchor or PurePosixPath(written).is_absolute():
        words = "应写从参数文件所在的文件夹算起的路径，如 ../notebooks/education.ipynb"
    elif path.suffix.lower() != ".ipynb":
        words = "应是一个笔记本（.ipynb）"
    elif not _is_file(path):
        words = "找不到这个笔记本，请核对路径和文件名（从参数文件所在的文件夹算起）"
    else:
        return
    yield source.fault(LOC, f"模板笔记本（template）：{words}，这里是“{written}”")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a NUL, too long a name
        return False


def named_template(params: Path) -> Path | None:
    """The notebook that a parameter file names, None if it names none or can't be read.

    Its faults are told where the whole file is read.
    """
    if is_book(params):
        from perfkit.forms.workbook import read_filing

        with contextlib.suppress(PerfkitError):
            found, _, _ = read_filing(params)
            if written := found["department"].get("template"):
                return template_path(written, part_of(params)[0].parent)
        return None
    try:
        # Most files don't have the word; those needn't be parsed before it is their turn.
        if not re.search("template|模板笔记本".encode(), params.read_bytes()):
            return None
        tree, _, _ = read_tree(params, ParameterFile)
        department = tree.get("department")
        written = department.get("template") if isinstance(department, dict) else None
    except (OSError, PerfkitError):
        return None
    return template_path(written, params.parent) if isinstance(written, str) and written else None
