"""工作文件夹: the notebooks, a sample and what else an analyst works with, laid out from the package."""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from perfkit.files import make_folder, write_whole

SAMPLE = "params/fengtai-finance-2023.yaml"
SCHEMA = "department.schema.json"
GUIDE = "RUBRICS.md"
NOTEBOOKS = ("notebooks/report.ipynb", "notebooks/explore.ipynb")


@dataclass(frozen=True)
class LaidOut:
    """The files of a kit: those written, and those that were there and are left as they are."""

    written: list[Path]
    kept: list[Path]


def lay_out(folder: Path) -> LaidOut:
    """Lay out a kit in *folder*: notebooks, a sample in params, the editors' schema, a README.

    Raises:
        PerfkitError: if something can't be written.
    """
    package = importlib.resources.files("perfkit")
    contents = {name: _carried(name).read_bytes() for name in (*NOTEBOOKS, SAMPLE, GUIDE)}
    contents[SAMPLE] = re.sub(rb"\$schema=\S+", b"$schema=../" + SCHEMA.encode(), contents[SAMPLE])
    contents[SCHEMA] = (package / SCHEMA).read_bytes()
    contents["README.md"] = (package / "start" / "kit.md").read_bytes()
    written, kept = [], []
    for name, content in contents.items():
        path = folder / name
        if path.exists() or path.is_symlink():
            kept.append(path)
            continue
        make_folder(path.parent)
        write_whole(path, content)
        written.append(path)
    return LaidOut(written, kept)


def _carried(name: str) -> Traversable:
    """A file of the kit: the wheel carries it in the package; in the source tree it is beside it."""
    package = importlib.resources.files("perfkit")
    inside = package / "start" / "kit" / name
    return inside if inside.is_file() else Path(str(package)).parent / name
