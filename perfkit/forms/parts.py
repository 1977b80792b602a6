"""Each department's part of a workbook, kept for the processes that make its report.

A batch reads a book once. What it read of a department goes into a file of a folder that is
there as long as the batch; whoever is to read the department finds it by the book as it was
then, and a book that was changed since is read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from perfkit.files import stamp

FOLDER = "PERFKIT_PARTS"
"""The environment variable with the folder of the parts, for the processes of a batch."""


@contextlib.contextmanager
def kept_parts() -> Iterator[None]:
    """A folder for parts, known to this process and to those that it starts from now on."""
    before = os.environ.get(FOLDER)
    with tempfile.TemporaryDirectory(prefix="perfkit-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[FOLDER]
            else:
                os.environ[FOLDER] = before


def parts_folder() -> str:
    """The folder of the parts; empty outside of a batch."""
    return os.environ.get(FOLDER, "")


def keep(book: Path, key: str, part: Mapping[str, Any]) -> None:
    """Keep what was read of the department *key*, if there is a folder for it."""
    if file := _file(book, key):
        file.write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")


def kept(book: Path, key: str) -> dict[str, Any] | None:
    """What was kept of a department of *book* as it is now; None if nothing was."""
    file = _file(book, key)
    if file is None:
        return None
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _file(book: Path, key: str) -> Path | None:
    folder = parts_folder()
    if not folder:
        return None
    name = json.dumps([str(book.resolve()), *stamp(book), key])
    return Path(folder, f"{hashlib.sha256(name.encode(errors='replace')).hexdigest()}.json")
