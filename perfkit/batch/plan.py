"""What has to be made (生成计划): decided by the content of all that goes into a report.

The parameter file, the template, perfkit itself, the packages below it, the
fonts, the formats asked for, and every file that the notebook opened.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from perfkit.batch.documents import (
    as_sealed,
)
from perfkit.batch.journal import Record
from perfkit.batch.workers import CAN_FORK, Limits
from perfkit.files import file_digest, stamp
from perfkit.review.content import template_digest

WARM = "perfkit"
STANDARD = "nbclient"
PACKAGES = (
    "ipykernel", "ipython", "jinja2", "lxml", "matplotlib", "mistune", "nbclient", "nbconvert",
    "nbformat", "numpy", "pandas", "papermill", "pydantic", "pylopdf-fonts-zh-cn", "pypandoc-binary", "python-docx", "typst",
    "uharfbuzz",
)  # fmt: skip
"""What can change a report beside perfkit itself."""


@dataclass(frozen=True)
class Settings:
    """How a batch is run; the fields are the options of ``perfkit run``."""

    template: Path
    outputs: Path
    formats: tuple[str, ...]
    engine: str = STANDARD
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    cluster: str | None = None
    shared: str | None = None


def common_inputs(settings: Settings) -> dict[str, str]:
    """What all reports of a batch are made from, by name."""
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return {
        "模板": _template_digest(settings.template),
        "perfkit": perfkit_digest(),
        "Python 或软件包": _digest("\n".join([sys.version, *versions])),
        "字体": _fonts_digest(),
        "格式": "、".join(settings.formats),
    }


def why(settings: Settings, params: Path, record: Record | None, common: Mapping[str, str]) -> str:
    """Why a report has to be made, in words; empty if it is up to date."""
    if record is None:
        return "还没有生成过"
    inputs = {**common, "参数文件": file_digest(params)}
    changed = [name for name, digest in inputs.items() if record.inputs.get(name) != digest]
    if changed:
        return f"{'、'.join(changed)}有变化"
    if record.failed:
        return "上次未通过"
    folder = settings.template.resolve().parent
    for path, digest in record.opened.items():
        if file_digest(folder / path) != digest:
            return f"{path} 有变化"
    for name, before in record.files.items():
        if not as_sealed(settings.outputs / name, before):
            return f"{name} 缺失或被改动"
    return "要求全部重做" if settings.force else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _template_digest(path: Path) -> str:
    """The digest of a template's sources: what a run in JupyterLab leaves in it doesn't count."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
        return _digest(template_digest(notebook) + json.dumps(tags))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return file_digest(path)  # no notebook: papermill will tell


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


@cache
def perfkit_digest() -> str:
    """SHA-256 of perfkit itself: its code, rubrics and templates."""
    root = Path(__file__).parent.parent
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _digest("\n".join(f"{p.relative_to(root)} {file_digest(p)}" for p in sorted(files)))


@cache
def _fonts_digest() -> str:
    """The font files that a document may be set with, by name, size and time."""
    folders = ["/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
               "/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts",
               os.environ.get("WINDIR", "") and os.environ["WINDIR"] + "/Fonts"]  # fmt: skip
    found = []
    for folder in folders:
        for root, _, names in os.walk(Path(folder).expanduser()) if folder else ():
            found += [f"{root}/{name} {stamp(Path(root, name))}" for name in names]
    return _digest("\n".join(sorted(found)))


def plan(
    files: Iterable[Path], settings: Settings, journal: Mapping[str, Record]
) -> dict[Path, str]:
    """Why each report has to be made; an empty reason where it is up to date."""
    common = common_inputs(settings)
    return {path: why(settings, path, journal.get(path.stem), common) for path in files}


def best_engine() -> str:
    """The warm engine where a process can be forked safely, papermill's own elsewhere."""
    return WARM if CAN_FORK else STANDARD


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
