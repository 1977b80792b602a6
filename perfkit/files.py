"""Files: written whole, known by digest or stamp, named as an analyst knows them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

from perfkit.errors import PerfkitError, system_reason

Refused = Callable[[str], PerfkitError]
"""Makes of a message the error that names the file."""


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, of a folder's names; of what is missing, the word missing."""
    try:
        if path.is_dir():
            names = sorted(entry.name for entry in path.iterdir() if entry.name[0] != ".")
            return hashlib.sha256("\n".join(names).encode(errors="replace")).hexdigest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return "missing"


def stamp(path: Path | str) -> tuple[int, int]:
    """Size and modification time (ns) of a file; zeros for a missing one."""
    try:
        found = os.stat(path)  # noqa: PTH116  (asked for each file that a notebook opens)
    except (OSError, ValueError):
        return 0, 0
    return found.st_size, found.st_mtime_ns


def looked_for(path: Path) -> bool:
    """Whether something stands at *path*; what it is, or why it can't be read, reading it tells.

    It is opened, not asked for: what a notebook opens, or looks for in vain, is an input of its
    report, which is out of date when the file comes, changes or goes.
    """
    try:
        if path.is_file() or not path.exists():  # a pipe would be waited for
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        pass
    return True


def read_regular(path: Path, refused: Refused, most: int, too_large: Callable[[int], str]) -> bytes:
    """The bytes of a file that someone names.

    Args:
        path: the file.
        refused: makes the error of a message.
        most: bytes that it may have.
        too_large: the message for a file of so many bytes.

    Raises:
        PerfkitError: if it is missing, no regular file (a pipe would be waited for, a device has
            no end), too large, or can't be read.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise refused("这是文件夹，应写一个文件")
        if not stat.S_ISREG(found.st_mode):
            raise refused("这不是普通文件（是管道、设备之类），不能读")
        if found.st_size > most:
            raise refused(too_large(found.st_size))
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise refused("找不到这个文件，请核对路径和文件名") from None
    except OSError as e:
        raise refused(f"文件打不开：{system_reason(e)}") from None
    except ValueError:
        raise refused("文件名里有不可见的字符，请改名") from None
    if len(content) > most:  # its size was not told, or has grown
        raise refused(too_large(len(content)))
    return content


RETRIES = (0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries to put a file in the place of one that is being read on Windows."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; several may write it at once.

    Raises:
        PerfkitError: if it can't be written, for one because Word has it open.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"
    beside = path.with_name(f".{path.name}.{writer}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(beside, path)
    except OSError as e:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise PerfkitError(
            f"{path} 写不进去：{system_reason(e)}；如果文件正在 Excel、Word 或 PDF 阅读器里打开，请关闭后再试"
        ) from None


def _put_in_place(beside: Path, path: Path) -> None:
    # Windows doesn't replace a file that is open: a browser reads it for a moment, Excel keeps it.
    for seconds in RETRIES:
        try:
            beside.replace(path)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    beside.replace(path)


def set_aside(path: Path) -> tuple[Path, str]:
    """Rename a file after the date of its last change; its new path, and how that is told."""
    date = datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y%m%d-%H%M")
    number = 1
    while True:
        again = f"-{number}" if number > 1 else ""
        target = path.with_name(f"{path.stem}-旧稿-{date}{again}{path.suffix}")
        if stamp(target) == (0, 0):
            path.rename(target)
            return target, f"可能手工改过，已改名为 {target.name} 保留"
        number += 1


def undated_archive(content: bytes) -> bytes:
    """The same archive with one fixed time for every member."""
    import io
    import zipfile

    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in sorted(
            old.infolist(), key=lambda item: item.filename != "[Content_Types].xml"
        ):
            entry = zipfile.ZipInfo(member.filename, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(member))
    return written.getvalue()


WORKSPACE = "PERFKIT_WORKSPACE"
"""The environment variable with the working folder and the folder that it is a copy of."""


_latest: tuple[str, str] | None = None


@contextlib.contextmanager
def working_in(folder: Path, source: Path) -> Iterator[None]:
    """Let this process and those that it starts know the working folder."""
    global _latest
    _latest = str(folder), str(source)
    os.environ[WORKSPACE] = json.dumps(_latest)
    try:
        yield
    finally:
        del os.environ[WORKSPACE]


def working_copy() -> tuple[str, str] | None:
    """The working folder of this process, or its last, and the folder that it is a copy of."""
    return _read(os.environ.get(WORKSPACE)) or _latest


@cache
def _read(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    folder, source = json.loads(text)
    return folder, source


def original(path: str) -> str:
    """The absolute path of a file, outside of the working folder if it is a copy in it."""
    path = os.path.abspath(path)  # noqa: PTH100
    if (folders := working_copy()) and (path + os.sep).startswith(folders[0] + os.sep):
        return folders[1] + path[len(folders[0]) :]
    return path


def make_folder(folder: Path) -> None:
    """Make *folder* and those that lead to it, where they aren't there.

    Raises:
        PerfkitError: if it can't be made, with the system's reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise PerfkitError(f"文件夹 {folder} 建不了：{system_reason(e)}") from None


def shown_name(path: Path) -> str:
    """Folder and file name: ``params/x.yaml``."""
    try:
        path = path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a NUL
        return str(path).replace("\0", "␀")
    return f"{path.parent.name}/{path.name}".lstrip("/")


def relative_path(path: Path | str, folder: Path) -> str:
    """The path as seen from a folder, with slashes; the whole path to another drive of Windows."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return Path(path).absolute().as_posix()
