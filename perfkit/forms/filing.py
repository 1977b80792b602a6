"""What a workbook says: each department's tree, with the cell of every value, and what is told of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from perfkit.errors import Fault
from perfkit.forms.bookfile import Sheet
from perfkit.forms.fields import Loc
from perfkit.forms.yamlfile import Source


@dataclass
class Filing:
    """One department's part of a book."""

    key: str
    tree: dict[str, Any] = field(default_factory=dict)
    lines: dict[Loc, int] = field(default_factory=dict)
    cells: dict[Loc, str] = field(default_factory=dict)
    texts: dict[Loc, str] = field(default_factory=dict)
    quoted: set[Loc] = field(default_factory=set)
    misread: dict[int, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def source(self, name: str, sha256: str) -> Source:
        """Where its values come from."""
        return Source(
            name,
            sha256,
            self.lines,
            self.texts,
            quoted=self.quoted,
            misread=self.misread,
            cells=self.cells,
        )

    @property
    def content(self) -> dict[str, Any]:
        """All of it, as JSON; `filing_of` makes the same of it again."""
        return {
            "key": self.key,
            "tree": self.tree,
            "values": [
                [loc, line, self.cells[loc], self.texts.get(loc), loc in self.quoted]
                for loc, line in self.lines.items()
            ],
            "misread": list(self.misread),
            "faults": [
                [fault.file, fault.line, fault.message, fault.cell] for fault in self.faults
            ],
        }

    def lend(self, other: Filing) -> None:
        """Take what stands under another name alone, so that it isn't told as lacking, too."""
        for name, value in other.tree.items():
            self.tree.setdefault(name, value)
        for loc, line in other.lines.items():
            if loc not in self.lines:
                self.lines[loc], self.cells[loc] = line, other.cells[loc]
                if loc in other.texts:
                    self.texts[loc] = other.texts[loc]

    def digest(self, faults: Iterable[Fault]) -> str:
        """SHA-256 of what its report is made from: the values with their cells, and *faults*.

        Not the numbers that order the values: they count the cells of all departments before.
        """
        values = [
            [loc, self.cells[loc], self.texts.get(loc), loc in self.quoted] for loc in self.lines
        ]
        told = [str(fault) for fault in (*faults, *self.faults)]
        text = json.dumps([self.key, self.tree, values, told], ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def filing_of(content: Mapping[str, Any]) -> Filing:
    """The filing that `Filing.content` was made of."""
    found = Filing(content["key"], content["tree"])
    for steps, line, cell, text, quoted in content["values"]:
        loc = tuple(steps)
        found.lines[loc], found.cells[loc] = line, cell
        if text is not None:
            found.texts[loc] = text
        if quoted:
            found.quoted.add(loc)
    found.misread = dict.fromkeys(content["misread"], "")
    found.faults = [Fault(*fault) for fault in content["faults"]]
    return found


@dataclass
class Book:
    """A workbook as it was read; *notes* say what was taken for what, and what was not read."""

    name: str
    sha256: str
    filings: dict[str, Filing] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rank: int = 0
    """What orders values and faults: how many were come upon so far."""

    @cached_property
    def by_file(self) -> dict[str, Filing]:
        """The filings by the names of their files."""
        return {file_key(name): found for name, found in self.filings.items()}

    def note(self, message: str) -> None:
        """Tell what was taken for what, or not read."""
        if message not in self.notes:
            self.notes.append(message)

    def fault(self, sheet: Sheet, row: int, column: int, message: str) -> None:
        """Tell what is wrong with a cell, whichever department's it is."""
        self.rank += 1
        self.faults.append(Fault(self.name, self.rank, message, sheet.place(row, column)))


def file_key(key: str) -> str:
    """The name of a department's files, of what it is called in the book."""
    return re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", key).strip(" .\u3000\xa0")
