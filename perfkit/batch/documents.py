"""A report's files in the outputs folder: written, kept or taken away.

Beside a new report no older file of it stays, and after a failure none that
could be taken for the current one. What someone has changed by hand is never
lost: it is kept as a copy with the date of its last change (旧稿).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from perfkit.errors import PerfkitError, system_reason
from perfkit.files import file_digest, set_aside, stamp, write_whole

FORMATS = {"html": ".html", "pdf": ".pdf", "docx": ".docx"}
"""What a report can be exported to, with the file's ending."""

ENDINGS = (*FORMATS.values(), ".ipynb")
"""What the files of a report end in."""


class Seal(NamedTuple):
    """What a file was like when it was written: bytes, modification time (ns), SHA-256."""

    size: int
    time: int
    sha256: str = ""


Seals = Mapping[str, Seal]
"""By file name."""


@dataclass
class Kept:
    """What is there of a report, and what to tell of the files before.

    `written` are the endings of the current files, `files` the seals of all that
    perfkit has written, `removed` counts what was taken away; `notes` say what was kept
    under another name, `faults` what could not be written, renamed or taken away.
    """

    written: list[str] = field(default_factory=list)
    files: dict[str, Seal] = field(default_factory=dict)
    removed: int = 0
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def seal(path: Path) -> Seal:
    """The seal of a file as it is now; an empty one of a missing file."""
    size, time = stamp(path)
    return Seal(size, time, file_digest(path)) if time else Seal(0, 0)


def as_sealed(path: Path, before: Seal | None) -> bool:
    """Whether a file is as it was written; a copy of it with another time is."""
    if before is None:
        return False
    return stamp(path) == before[:2] or file_digest(path) == before.sha256


def replace_documents(
    outputs: Path, name: str, documents: Mapping[str, bytes], before: Seals
) -> Kept:
    """Write a report's files, each whole, and take away the others of the run before.

    Args:
        documents: contents by ending.
        before: the seals of what the run before left; a file that isn't like its
            seal is someone's own.
    """
    kept = Kept()
    for ending, content in documents.items():
        path = outputs / f"{name}{ending}"
        with _told(kept, path, before):
            # The same content again: a document that is open in Word needn't be closed for it.
            if file_digest(path) != hashlib.sha256(content).hexdigest():
                if _exists(path) and not as_sealed(path, before.get(path.name)):
                    kept.notes.append(f"{path.name} 不是上次生成的样子，{set_aside(path)[1]}")
                outputs.mkdir(parents=True, exist_ok=True)
                write_whole(path, content)
            kept.written.append(ending)
            kept.files[path.name] = seal(path)
    for path in _earlier(outputs, name, before):
        if path.stem == name and path.suffix in documents:
            continue
        with _told(kept, path, before):
            if as_sealed(path, before.get(path.name)):
                path.unlink()
                kept.removed += 1
            elif path.name in _names(name):
                kept.notes.append(f"{path.name} 不是上次生成的样子，{set_aside(path)[1]}")
    return kept


def retire_documents(outputs: Path, name: str, before: Seals) -> Kept:
    """After a failure: the report's files of an earlier run, under names that tell them apart."""
    kept, renamed = Kept(), []
    for path in _earlier(outputs, name, before):
        known = before.get(path.name)
        with _told(kept, path, before):
            if path.name not in _names(name):
                kept.files[path.name] = known or seal(path)
            elif as_sealed(path, known):
                target, _ = set_aside(path)
                kept.files[target.name] = seal(target)
                renamed.append(target.name)
            else:
                kept.notes.append(f"{path.name} 不是上次生成的样子，{set_aside(path)[1]}")
    if renamed:
        kept.notes.append(f"以前生成的报告改名为 {'、'.join(renamed)}")
    return kept


def _names(name: str) -> list[str]:
    return [f"{name}{ending}" for ending in ENDINGS]


def _earlier(outputs: Path, name: str, before: Seals) -> Iterator[Path]:
    """The files that are there by a report's names, or that a run before has left."""
    for file in dict.fromkeys([*_names(name), *before]):
        if _exists(path := outputs / file):
            yield path


def _exists(path: Path) -> bool:
    return stamp(path) != (0, 0)


@contextlib.contextmanager
def _told(kept: Kept, path: Path, before: Seals) -> Iterator[None]:
    """What can't be done to a file is a fault of it alone; it is still known by its seal."""
    try:
        yield
    except (OSError, PerfkitError) as e:
        if known := before.get(path.name):
            kept.files[path.name] = known
        reason = str(e)
        if isinstance(e, OSError):
            reason = f"{path} 是以前的文件，移不开：{system_reason(e)}；请关闭打开它的程序再试"
        kept.faults.append(reason)
