"""Which files a notebook opened, so that a report is made anew when one of them changes.

An audit hook records them where the notebook runs: in this process, or in a
kernel of its own, for which this module is an IPython extension that writes
what it saw to the file named by an environment variable.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

VARIABLE = "PERFKIT_OPENED"

_seen: set[str] = set()
_before: set[str] = set()
"""The modules that were there before: thousands, and none of the notebook's."""


class Opened:
    """The files that are opened from now on, by this process or by the kernels it starts.

    An audit hook can't be taken back, so this is for a process that makes one report.
    """

    def __init__(self, in_process: bool) -> None:
        self._list: Path | None = None
        if in_process:
            _watch()
        else:
            handle, name = tempfile.mkstemp(suffix=".json")
            os.close(handle)
            os.environ[VARIABLE] = name
            self._list = Path(name)

    def files(self) -> list[str]:
        """Absolute paths of the files, without those of any installation."""
        if self._list is None:
            return _files()
        text = self._list.read_text(encoding="utf-8")
        self._list.unlink()
        found: list[str] = json.loads(text or "[]")
        return found


def _watch() -> None:
    _before.update(sys.modules)
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open":
        return
    path, _, flags = arguments
    if isinstance(path, (str, bytes)) and not (flags or 0) & (os.O_WRONLY | os.O_RDWR):
        _seen.add(os.path.abspath(os.fsdecode(path)))


def _files() -> list[str]:
    # A module may come from its compiled form, which does not change with every edit.
    imported = sys.modules.keys() - _before
    modules = [getattr(sys.modules[name], "__file__", None) for name in imported]
    found = _seen | {os.path.abspath(path) for path in modules if path}
    return sorted(path for path in found if _is_data(path) and os.path.isfile(path))


def _is_data(path: str) -> bool:
    return "__pycache__" not in path and not path.startswith(_INSTALLED)


def _installed() -> tuple[str, ...]:
    home = Path.home()
    folders = [
        sys.prefix, sys.base_prefix, str(Path(__file__).parent),
        *(str(home / name) for name in (".cache", ".ipython", ".jupyter", ".local", ".config")),
        *("/proc", "/sys", "/dev", "/usr", "/etc", "/var", "/lib"),
    ]  # fmt: skip
    return tuple(os.path.join(os.path.abspath(folder), "") for folder in folders)


_INSTALLED = _installed()


def load_ipython_extension(shell: Any) -> None:
    """Record in a kernel, and write what was opened after each cell."""
    _watch()

    def write(_: Any) -> None:
        Path(os.environ[VARIABLE]).write_text(json.dumps(_files()), encoding="utf-8")

    shell.events.register("post_run_cell", write)
