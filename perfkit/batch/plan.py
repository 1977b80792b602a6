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
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from perfkit.batch.documents import (
    as_sealed,
)
from perfkit.batch.journal import Record
from perfkit.batch.workers import CAN_FORK, Limits
from perfkit.files import file_digest, stamp
from perfkit.forms.templates import named_template
from perfkit.forms.workbook import filing_digest
from perfkit.review.content import HELP, template_digest

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
    """How a batch is run; the fields are the options of ``perfkit run``.

    `template` is for departments that name none of their own in their files, or for
    all if `one_template` (``--template`` was given).
    """

    template: Path
    outputs: Path
    formats: tuple[str, ...]
    engine: str = STANDARD
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    cluster: str | None = None
    shared: str | None = None
    one_template: bool = False

    def of(self, params: Path) -> Settings:
        """The settings for one report: with the template that its parameter file names."""
        own = None if self.one_template else named_template(params)
        return replace(self, template=own or self.template, one_template=True)


def common_inputs(settings: Settings) -> dict[str, str]:
    """What all reports of a batch are made from, by name; see `own_inputs` for the rest."""
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return {
        "perfkit": perfkit_digest(),
        "Python 或软件包": text_digest("\n".join([sys.version, *versions])),
        "字体": _fonts_digest(),
        "格式": "、".join(settings.formats),
    }


def own_inputs(settings: Settings, params: Path) -> dict[str, str]:
    """What one report is made from: the parameter file, and the template of its *settings*."""
    return {
        "模板": _template_digest(settings.template),
        "参数文件": filing_digest(params),
    }


def why(settings: Settings, params: Path, record: Record | None, common: Mapping[str, str]) -> str:
    """Why a report has to be made, in words; empty if it is up to date."""
    if record is None:
        return "还没有生成过"
    settings = settings.of(params)
    inputs = {**common, **own_inputs(settings, params)}
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


def text_digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _template_digest(path: Path) -> str:
    """The digest of a template's sources: what a run in JupyterLab leaves in it doesn't count."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
        # What explains the template is no content, but stands in the executed notebook.
        help_text = [
            cell["source"] for cell in notebook["cells"] if HELP in cell["metadata"].get("tags", [])
        ]
        return text_digest(template_digest(notebook) + json.dumps([tags, help_text]))
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
    return text_digest("\n".join(f"{p.relative_to(root)} {file_digest(p)}" for p in sorted(files)))


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
    return text_digest("\n".join(sorted(found)))


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
