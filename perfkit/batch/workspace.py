"""The working folder of one report (工作文件夹): a copy of the template's folder, beside it.

Reports are made side by side, and by one template. In a folder of its own each
reads what stands beside the template by the same relative paths, up and down,
and what it writes by a relative path no other report sees.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from perfkit.errors import PerfkitError
from perfkit.files import stamp, working_in

copying = False
"""Whether a working folder is being made or cleared: what is read for it, no notebook reads."""

copied: dict[str, tuple[int, int]] = {}
"""The files that this process has copied, by their own paths, as they were then."""


LARGEST = 64 * 2**20
MOST = 500
"""What a folder or file may hold to be copied; a larger one is linked, and can't be written to."""


@contextlib.contextmanager
def workspace(template: Path, kept: Path | None = None) -> Iterator[Path]:
    """A new working folder for one run of *template*; it is gone afterwards.

    Args:
        kept: the folder that takes what the report wrote, if it was made.

    Raises:
        PerfkitError: if there is no place for it.
    """
    from perfkit.batch.workers import remove_after

    source = template.resolve().parent
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{source.name}-", dir=source.parent))
    except OSError:
        if os.access(source, os.W_OK):
            raise PerfkitError(
                f"{source.parent} 里不能新建文件夹，报告没有地方工作；"
                "请把模板放在一个自己的文件夹里，如 notebooks"
            ) from None
        with working_in(source, source):
            yield source  # where nothing can be written, there is nothing to be kept apart
        return
    remove_after(folder)
    try:
        placed = _copy(source, folder)
        with working_in(folder, source):
            yield folder
        with _unwatched():
            written = [path for path in _files(folder) if placed.get(path) != stamp(path)]
            if kept is not None:
                _keep(written, folder, kept)
    finally:
        with _unwatched():
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _unwatched() -> Iterator[None]:
    global copying
    copying = True
    try:
        yield
    finally:
        copying = False


def _copy(source: Path, folder: Path) -> dict[Path, tuple[int, int]]:
    """Fill the working folder; its files as they are now."""
    with _unwatched():
        for entry in sorted(source.iterdir()):
            if entry != folder and entry.name not in ("__pycache__", ".ipynb_checkpoints"):
                _place(entry, folder / entry.name)
        return {path: stamp(path) for path in _files(folder)}


def _place(entry: Path, target: Path) -> None:
    """Let *target* be what *entry* is."""
    try:
        if _copies(entry):
            if entry.is_dir():
                copied.update({str(path): stamp(path) for path in _files(entry)})
                shutil.copytree(entry, target)
            else:
                copied[str(entry)] = stamp(entry)
                shutil.copy2(entry, target)
            return
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)  # what can't be read
    with contextlib.suppress(OSError):
        _link(entry, target)


def _copies(entry: Path) -> bool:
    if entry.name.startswith(".") or not entry.is_dir():
        return entry.is_file() and entry.stat().st_size <= LARGEST
    count = size = 0
    for root, folders, names in os.walk(entry, followlinks=True):
        count += len(folders) + len(names)
        paths = [Path(root, name) for name in names]
        if count > MOST or not all(path.is_file() for path in paths):
            return False
        size += sum(path.stat().st_size for path in paths)
    return size <= LARGEST


def _link(entry: Path, target: Path) -> None:
    try:
        target.symlink_to(entry, target_is_directory=entry.is_dir())
    except OSError:
        # Windows keeps symbolic links for administrators, but not these.
        if entry.is_dir():
            import _winapi

            _winapi.CreateJunction(str(entry), str(target))  # type: ignore[attr-defined]
        else:
            os.link(entry, target)


def _files(folder: Path) -> list[Path]:
    found = []
    for root, _, names in os.walk(folder):
        if Path(root).name not in ("__pycache__", ".ipynb_checkpoints"):
            found += [Path(root, name) for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _keep(written: list[Path], folder: Path, kept: Path) -> None:
    """Put what was written into *kept*, in place of what was there."""
    shutil.rmtree(kept, ignore_errors=True)
    for path in written:
        target = kept / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
