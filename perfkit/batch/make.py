"""One report of a batch: made by a worker, its files written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.audit.likeness import Sketch, sketches
from perfkit.batch.documents import (
    Kept,
    Seals,
    replace_documents,
)
from perfkit.batch.opened import Opened
from perfkit.batch.plan import STANDARD, WARM, Settings
from perfkit.files import file_digest, relative_path, stamp, write_whole
from perfkit.index.rows import FAILURE as FAILED_PAGE
from perfkit.review.content import template_digest


@dataclass(frozen=True)
class Made:
    """What a worker sends back of a report: for the index, the files read and written, what is not shown."""

    row: Mapping[str, Any]
    paragraphs: Mapping[str, Sketch]
    opened: Mapping[str, str]
    kept: Kept
    lost: list[str] = field(default_factory=list)


def make(params: Path, before: Seals, settings: Settings) -> Made:
    """A worker's job: one report, written to the outputs folder.

    Args:
        params: the parameter file.
        before: the seals of the files that an earlier run has left of the report.

    Raises:
        PerfkitError: with the cause; the page of the failed cell is written then.
    """
    from perfkit.batch.engine import fits
    from perfkit.batch.execute import CellError, build_report, failed_page, kept_folder
    from perfkit.index.rows import row_of
    from perfkit.report.report import open_report

    name, outputs = params.stem, settings.outputs
    # Of an earlier run; what is there after this one is of this one.
    with contextlib.suppress(OSError):
        (outputs / f"{name}{FAILED_PAGE}").unlink()
    engine = settings.engine if settings.engine != WARM or fits() else STANDARD
    report = open_report(params)  # its faults need no notebook to be found
    seen = Opened(in_process=engine == WARM, template=settings.template)
    try:
        lost: list[str] = []
        documents = build_report(
            params,
            settings.template,
            settings.formats,
            engine,
            report,
            kept_folder(outputs, params),
            lost,
        )
    except CellError as e:
        outputs.mkdir(parents=True, exist_ok=True)
        write_whole(outputs / f"{name}{FAILED_PAGE}", failed_page(e, name))
        raise
    opened = _digests(seen, settings)
    kept = replace_documents(outputs, name, documents, before)
    content = report.content | {"template": template_digest(json.loads(documents[".ipynb"]))}
    row = row_of(name, report.card, report.audit.findings, kept.written, content)
    return Made(row.as_dict(), sketches(report.department), opened, kept, lost)


def _digests(seen: Opened, settings: Settings) -> dict[str, str]:
    """The digests of what the notebook read, by path from the template's folder."""
    folder, outputs = settings.template.resolve().parent, settings.outputs.resolve()
    found = {}
    for opened, at in seen.files().items():
        path = Path(opened)
        # The template counts by its sources alone.
        if not path.is_relative_to(outputs) and path != settings.template.resolve():
            digest = file_digest(path)
            # Of a file that was changed since, the digest is not of what was read. A folder
            # has other times whenever a report works beside it.
            same = path.is_dir() or stamp(path) == at
            found[relative_path(path, folder)] = digest if same else "changed"
    return found
