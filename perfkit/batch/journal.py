"""生成记录: what each report was made from, one line a report, beside the reports."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from perfkit.audit.likeness import Sketch
from perfkit.batch.documents import (
    Seals,
)
from perfkit.errors import PerfkitError, system_reason
from perfkit.index.rows import Row

JOURNAL = "perfkit.jsonl"


@dataclass(frozen=True)
class Record:
    """A line of the journal: what a report was made from, what was written, and its figures.

    `inputs` are digests by name, `opened` digests by path, `files` the seals of
    all files of the report that perfkit has written and that are there; `row` is the report's line in the index,
    `paragraphs` what its narratives are compared with other departments' by.
    """

    name: str
    params: str
    inputs: Mapping[str, str]
    opened: Mapping[str, str] = field(default_factory=dict)
    files: Seals = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)
    paragraphs: Mapping[str, Sketch] = field(default_factory=dict)
    failed: bool = False


class Journal(Mapping[str, Record]):
    """The newest record of each report by its name, each read anew when it is asked for.

    So that thousands of reports take little memory: a record takes six times
    that of its line.
    """

    def __init__(self, lines: Mapping[str, bytes]) -> None:
        self._lines = lines

    def __getitem__(self, name: str) -> Record:
        return _parsed(self._lines[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def _shape() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


def _parsed(line: bytes) -> Record:
    """The record in a line.

    Raises:
        ValueError: if it is none, as of another version or torn.
    """
    record = _shape().validate_json(line)
    Row.from_dict(record.row)
    return record


def read_journal(outputs: Path) -> Journal:
    """The journal beside the reports; a line that is no record, as a torn one, is passed over.

    Raises:
        PerfkitError: if the journal can't be read.
    """
    lines: dict[str, bytes] = {}
    path = outputs / JOURNAL
    try:
        with path.open("rb") as journal:
            for line in journal:
                with contextlib.suppress(ValueError):
                    lines[_parsed(line).name] = line
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as e:
        raise PerfkitError(f"生成记录 {path} 读不了：{system_reason(e)}；请移走它再试") from None
    return Journal(lines)


def append_record(outputs: Path, record: Record) -> None:
    """Add a line to the journal.

    Raises:
        PerfkitError: if it can't be written.
    """
    line = json.dumps(vars(record), ensure_ascii=False)
    path = outputs / JOURNAL
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        # A newline first: after a torn line the next one must not be lost with it.
        with path.open("a", encoding="utf-8") as journal:
            journal.write(f"\n{line}\n")
    except OSError as e:
        raise PerfkitError(f"生成记录 {path} 写不进去：{system_reason(e)}") from None
