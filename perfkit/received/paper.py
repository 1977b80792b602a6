"""A report as it is read from Word or PDF (来稿): paragraphs and tables in order, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from perfkit.quantities import halfwidth


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its number, automatic or typed, at the front.

    `level` is the outline level of its style, 1 the highest, 0 for body text; `strong` says that
    all of it is bold; `aside` that it is small print, as in a figure; `note` that it is a foot- or
    endnote, which stands after the paragraph or table that it belongs to and is never a title.
    """

    text: str
    place: str
    level: int = 0
    strong: bool = False
    aside: bool = False
    note: bool = False


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of a table; where it is merged, the same one stands at each of its places."""

    text: str
    place: str

    @property
    def bare(self) -> str:
        """The text without blanks, half-width: 结 转 结 余 率（4） as 结转结余率(4)."""
        return bare(self.text)


@dataclass(frozen=True)
class Table:
    """A table as a grid: each row has a cell at each place, None where the paper has none."""

    rows: tuple[tuple[Cell | None, ...], ...]
    place: str


Block: TypeAlias = Paragraph | Table


@dataclass(frozen=True)
class Paper:
    """What was read of a file, and what of it was not, in words (`notes`)."""

    name: str
    sha256: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    properties: str = field(default="", repr=False)


def bare(text: str) -> str:
    """A text without blanks, half-width."""
    return re.sub(r"\s+", "", halfwidth(text))


_NARROW = str.maketrans("０１２３４５６７８９％", "0123456789%")


def narrow(text: str) -> str:
    """A text with its full-width figures half-width, as the form prints them."""
    return re.sub(r"(?<=[0-9])．(?=[0-9])", ".", text.translate(_NARROW))


def narrowed(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with all figures half-width."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield replace(block, text=narrow(block.text))
            continue
        cells = {
            cell: Cell(narrow(cell.text), cell.place) for row in block.rows for cell in row if cell
        }
        rows = tuple(tuple(cells[cell] if cell else None for cell in row) for row in block.rows)
        yield Table(rows, block.place)
