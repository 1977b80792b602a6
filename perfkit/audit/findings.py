"""审核意见: what a finding is, and every kind of finding that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from perfkit.texts import shortened

if TYPE_CHECKING:
    from perfkit.forms.department import Project


DISPLAY_PLACES = 2
"""Decimals of 万元 that the form prints."""

Level = Literal["error", "warning", "info"]
LEVELS: dict[Level, str] = {"error": "错误", "warning": "警告", "info": "提示"}


@dataclass(frozen=True)
class Finding:
    """审核意见: a stable code, its level, a message in Chinese, the field and its place.

    `quote` is the words of the filed text that it speaks of, empty where it
    speaks of the whole field.
    """

    code: str
    level: Level
    message: str
    field: str
    where: str
    quote: str = ""

    def as_dict(self) -> dict[str, str]:
        """The machine's form."""
        return {
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "where": self.where,
        }


class Raised(NamedTuple):
    """What a check yields: code, level, message, field path in the filing, the words meant."""

    code: str
    level: Level
    message: str
    field: str
    quote: str = ""


Found = Iterator[tuple[str, Level, str, str] | Raised]
"""A check's findings; a plain tuple where there are no words to point at."""


def tolerance(terms: int) -> Decimal:
    """合计容差 in 万元: half a display unit for each of the rounded terms."""
    return Decimal(5).scaleb(-DISPLAY_PLACES - 1) * terms


def named(i: int, project: Project) -> str:
    """A project as findings name it: 第3个项目“…”."""
    return f"第{i + 1}个项目“{shortened(project.name, 20)}”"
