"""Which files a notebook read, so that a report is made anew when one of them changes.

An audit hook records them where the notebook runs: in this process, or in a
kernel of its own, for which this module is an IPython extension that writes
what it saw to the file named by an environment variable. What Python doesn't
open itself, but a library or another program does, is known if the template
names it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from perfkit.batch import workspace
from perfkit.files import original, stamp, working_copy
from perfkit.forms.parts import parts_folder

VARIABLE = "PERFKIT_OPENED"

Stamp = tuple[int, int]
"""Size and modification time (ns) of a file; zeros for a missing one."""

_read: dict[str, Stamp] = {}
"""What was read, as it was then."""
_written: set[str] = set()
"""What was written before it was read: no input, but the notebook's own."""
_before: set[str] = set()
"""The modules that were there before: thousands, and none of the notebook's."""


class Opened:
    """The files that are opened from now on, by this process and by the kernels it starts.

    An audit hook can't be taken back, so this is for a process that makes one report.

    Args:
        in_process: whether the notebook runs in this process.
        template: the notebook, which counts itself otherwise.
    """

    def __init__(self, in_process: bool, template: Path | None = None) -> None:
        self._template = template.resolve() if template else None
        self._work = str(self._template.parent.parent) if self._template else None
        named = _named(self._template) if self._template else ()
        self._named = {path: stamp(path) for path in named}
        self._list: Path | None = None
        _watch()
        if not in_process:
            handle, name = tempfile.mkstemp(suffix=".json")
            os.close(handle)
            os.environ[VARIABLE] = name
            self._list = Path(name)

    def files(self) -> dict[str, Stamp]:
        """Absolute paths of the files and folders, each as it was when it was read.

        Without those of any installation. A folder is there if its list was
        read, a path that doesn't exist if it was looked for.
        """
        found = _files(self._work)
        if self._list is not None:
            told = json.loads(self._list.read_text(encoding="utf-8") or "{}")
            found |= {path: (size, time) for path, (size, time) in told.items()}
            self._list.unlink()
        found = {path: at for path, at in self._named.items() if path not in _written} | found
        # Of what stands beside the template, a copy was read.
        return dict(
            sorted({path: workspace.copied.get(path, at) for path, at in found.items()}.items())
        )


def _named(template: Path) -> Iterator[str]:
    """The files that the code of a template names between quotation marks."""
    try:
        cells = json.loads(template.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if _is_code(cell)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return  # no notebook: papermill will tell
    for source in sources:
        for text in re.findall(r"""["']([^"'\n]{1,200})["']""", source):
            path = os.path.abspath(os.path.join(template.parent, text))
            if _is_data(path) and os.path.isfile(path):
                yield path


def _is_code(cell: dict[str, Any]) -> bool:
    # The one with the parameters names a department's file, which need not be that of the report.
    return cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", ())


def _watch() -> None:
    _before.update(sys.modules)
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if workspace.copying:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, (str, bytes)):
            path = _source(os.fsdecode(path))
            _refuse_shared(path, flags or 0)
        _opened(path, flags or 0)
    elif event == "sqlite3.connect":
        if isinstance(path := arguments[0], (str, bytes, os.PathLike)):
            for name in _database(os.fsdecode(path)):
                _opened(name, os.O_RDWR)
    elif event in ("os.listdir", "os.scandir"):
        # Python itself lists the folders that it imports from.
        if "importlib" not in sys._getframe(1).f_code.co_filename:
            _opened(arguments[0] or ".", os.O_RDONLY)
    elif event in ("subprocess.Popen", "os.system"):
        for name in _words(arguments):
            if os.path.isfile(name):
                _opened(name, os.O_RDONLY)


def _source(path: str) -> str:
    """A module's compiled form stands for its source, which isn't opened then."""
    if path.endswith(".pyc"):
        with contextlib.suppress(ValueError, NotImplementedError):
            return importlib.util.source_from_cache(path)
    return path


def _opened(path: Any, flags: int) -> None:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    name = os.fsdecode(path)
    found = original(name)
    if flags & (os.O_TRUNC | os.O_EXCL) or (flags & os.O_CREAT and not os.path.exists(name)):
        if found not in _read:
            _written.add(found)
    elif found not in _written:
        # Also what is added to, or changed in its midst: what it was before counts.
        _see(found)


def _see(path: str) -> None:
    if path not in _read:
        _read[path] = stamp(path)


def _refuse_shared(name: str, flags: int) -> None:
    """Keep a notebook from writing to what all reports share and none has a copy of.

    Raises:
        PermissionError: in Chinese, where the notebook shows it.
    """
    here = working_copy()
    if not flags & (os.O_WRONLY | os.O_RDWR) or here is None or here[0] == here[1]:
        return
    path = os.path.abspath(name)
    if not path.startswith(here[0] + os.sep):
        return
    real = os.path.realpath(path)
    own = real.startswith(os.path.realpath(here[0]) + os.sep)
    if own and not (os.path.exists(real) and os.stat(real).st_nlink > 1):
        return
    raise PermissionError(
        f"“{name}”在一个太大、没有为每份报告各复制一份的文件夹里（或文件本身太大），"
        "同时生成的报告会互相覆盖，不能在那里写；请写到另一个文件夹"
    )


def _database(name: str) -> list[str]:
    """The files of a database: what was committed last may stand beside it, in its log."""
    if name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    if not name or name == ":memory:":
        return []
    log = f"{name}-wal"
    return [name, log] if os.path.isfile(log) else [name]


def _words(arguments: Iterable[Any]) -> Iterator[str]:
    """The words of a command that may be the names of files."""
    for argument in arguments:
        if isinstance(argument, (str, bytes)):
            yield from re.split(r"[\s;|&<>()\"'=]+", os.fsdecode(argument))
        elif isinstance(argument, (list, tuple)):
            yield from _words(argument)


def _files(work: str | None) -> dict[str, Stamp]:
    """What was read, without what is of no account; missing files only in the folder *work*."""
    # A module may come from its compiled form, which does not change with every edit.
    for name in sys.modules.keys() - _before:
        if path := getattr(sys.modules[name], "__file__", None):
            _see(original(path))
    parts = parts_folder()
    # What a batch keeps of a workbook counts by its own digest.
    found = [(path, at) for path, at in sorted(_read.items()) if not parts or parts not in path]
    return {path: at for path, at in found if _is_data(path) and _counts(path, work)}


def _counts(path: str, work: str | None) -> bool:
    if os.path.isdir(path):
        return path not in (tempfile.gettempdir(), os.path.expanduser("~"), os.sep)
    # What isn't there was looked for, or elsewhere was a passing file.
    return os.path.isfile(path) or (
        not os.path.exists(path) and work is not None and path.startswith(work + os.sep)
    )


def _is_data(path: str) -> bool:
    return "__pycache__" not in path and not path.startswith(_INSTALLED)


def _installed() -> tuple[str, ...]:
    home = Path.home()
    folders = [
        sys.prefix, sys.base_prefix, str(Path(__file__).parent.parent),
        *(str(home / name) for name in (".cache", ".ipython", ".jupyter", ".local", ".config")),
        *("/proc", "/sys", "/dev", "/usr", "/etc", "/var", "/lib"),
    ]  # fmt: skip
    return tuple(os.path.join(os.path.abspath(folder), "") for folder in folders)


_INSTALLED = _installed()


def load_ipython_extension(shell: Any) -> None:
    """Record in a kernel, and write what was opened after each cell."""
    _watch()
    here = working_copy()
    work = os.path.dirname(here[1]) if here else None

    def write(_: Any) -> None:
        with open(os.environ[VARIABLE], "w", encoding="utf-8") as file:
            json.dump(_files(work), file)

    shell.events.register("post_run_cell", write)
