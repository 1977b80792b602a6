"""What a report's page says of itself to its reviewers: department, findings, figures.

Read from the page, not worked out anew: a review is of the report as it was made,
whatever has become of its parameter file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit.errors import PerfkitError, system_reason

LARGEST = 64 * 2**20
"""Bytes of a page; one with twenty pictures has five million."""
_DATA = re.compile(rb'<script type="application/json" id="review-data">(.*?)</script>', re.DOTALL)
_TEMPLATE = re.compile(rb'<main data-report="[^"]*" data-template="([0-9a-f]*)"')


@dataclass(frozen=True)
class Told:
    """A finding as the page tells it."""

    code: str
    level: str
    message: str
    field: str
    where: str


@dataclass(frozen=True)
class Reported:
    """What a report's page holds for the review."""

    department: str
    year: int | None
    evaluation: str
    content: dict[str, str]
    figures: dict[str, str]
    findings: tuple[Told, ...]


def read_reported(outputs: Path, report: str) -> Reported:
    """What the page of a report says.

    Raises:
        PerfkitError: if there is no page, or it was made without its findings.
    """
    path = outputs / f"{report}.html"
    again = "请用 perfkit run 重新生成这份报告"
    try:
        if path.stat().st_size > LARGEST:
            raise PerfkitError(f"{path} 有 {path.stat().st_size >> 20} MB，太大；{again}")
        page = path.read_bytes()
    except OSError as e:
        raise PerfkitError(f"{path} 读不了：{system_reason(e)}；请先运行 perfkit run") from None
    found, template = _DATA.search(page), _TEMPLATE.search(page)
    if not found:
        raise PerfkitError(f"{path} 里没有审核意见：模板里没有 report.review() 那一格")
    try:
        return _reported(json.loads(found[1]), template[1].decode() if template else "")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise PerfkitError(f"{path} 是另一版 perfkit 生成的；{again}") from None


def _reported(data: Any, template: str) -> Reported:
    return Reported(
        str(data["department"]),
        data["year"],
        str(data["evaluation"]),
        {**data["content"], "template": template},
        {str(words): str(value) for words, value in data["figures"].items()},
        tuple(
            Told(*(str(one[key]) for key in ("code", "level", "message", "field", "where")))
            for one in data["findings"]
        ),
    )
