"""The processes that a report starts, and their end: none of them outlives it.

On Linux the process of a report adopts what its own children leave behind, so
that all that it ever started stays below it, however it detached itself.
Elsewhere a mark in the environment, which each process hands on, finds what
stands below it no longer.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

import psutil

MARK = "PERFKIT_FAMILY"
"""The environment variable that holds the mark of a family."""

PATIENCE_SECONDS = 5.0
"""How long one may take to be gone after it was killed: the system may be busy with its disk."""

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def adopt() -> None:
    """Let processes whose parent ends come below this one, where the system can (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with(parent: int) -> None:
    """Let this process be killed when its *parent* ends, where the system can (Linux)."""
    if _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) and os.getppid() != parent:
        os._exit(1)  # it ended before this was asked


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0)) == 0


def end(root: int, mark: str = "") -> bool:
    """Kill the process *root* and all that it started; whether there was anything of it.

    Args:
        mark: that of the processes which belong to it wherever they stand.
    """
    try:
        process = psutil.Process(root)
        # Stopped, it starts nothing more, and goes on adopting what its children leave behind.
        process.suspend()
    except psutil.Error:
        return end_marked(mark)
    started = _end_all(lambda: [*process.children(recursive=True), *_marked(mark)], root)
    with contextlib.suppress(psutil.Error):
        process.kill()
    return started


def end_marked(mark: str) -> bool:
    """Kill all processes that bear the *mark*, but for this one; whether there were any."""
    return _end_all(lambda: _marked(mark), os.getpid())


def end_adopted(own: Iterable[int]) -> None:
    """Kill what has come below this process beside its *own* children."""
    spared = set(own)
    for process in psutil.Process().children():
        if process.pid not in spared:
            end(process.pid)
            with contextlib.suppress(psutil.Error):
                process.wait(PATIENCE_SECONDS)


def _end_all(family: Callable[[], list[psutil.Process]], spared: int) -> bool:
    """Kill a *family* until nobody of it is left: one may have started another meanwhile."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = False
    while time.monotonic() < deadline:
        living = []
        with contextlib.suppress(psutil.Error):
            living = [p for p in family() if p.pid != spared and _lives(p)]
        if not living:
            break
        found = True
        for process in living:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs([p for p in living if _lives(p)], timeout=0.05)
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter() if mark else ():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK, "").startswith(mark):
                found.append(process)
    return found
