"""Many jobs at once: a warm process that forks one child for each.

The warm process has imported what the jobs need and does nothing else, so a
child starts with it all, in a memory of its own: nothing passes from one job
to the next, and a child that crashes, hangs or eats memory takes only its own
job with it. What a child started, processes and threads, ends with its job,
and all children end with the warm process, as that does with the command.
Where there is no fork (Windows) each child is a fresh Python.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import multiprocessing.resource_tracker as resource_tracker
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from typing import Any, Literal, Self

import psutil

from perfkit.batch import family
from perfkit.errors import PerfkitError

MEBIBYTE = 2**20
CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"
"""Whether a process may be forked after it has imported much; macOS's own libraries don't bear it."""

forked = False
"""Whether this process was forked for one job, and ends with it."""

_OWN_SESSION: dict[str, Any] = (
    {"start_new_session": True}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)

POLL_SECONDS = 0.2
"""How often it is looked whether a child still lives, and keeps to its limits."""

END_SECONDS = 30.0
"""How long the warm process may take to end its children, before it is ended itself."""

_to_keeper: Connection | None = None
"""In a child: the way to the process that forked it."""

_inherited: list[Connection] = []
"""What a fork takes along of the warm process's own connections."""


@dataclass(frozen=True)
class Job:
    """A piece of work: a module's function and its arguments; both go between processes."""

    name: str
    call: Callable[..., Any]
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """How a job ended: its value, or the cause of its failure in one line of Chinese.

    `seconds` is wall time, `cpu_seconds` what the child and its own children
    used, `peak_mib` the child's own memory at its highest, shared pages included.
    """

    name: str
    value: Any = None
    error: str = ""
    kind: Literal["done", "failed", "died", "timeout", "memory"] = "done"
    seconds: float = 0
    cpu_seconds: float = 0
    peak_mib: float = 0


@dataclass(frozen=True)
class Limits:
    """What one job may use: wall seconds, and MiB of memory of its own; None for no limit."""

    seconds: float | None = None
    memory_mib: int | None = None


class Workers:
    """A warm process with *count* children at a time.

    Args:
        count: how many children.
        preload: the module that the warm process imports before it forks.
        limits: what one job may use.
    """

    def __init__(self, count: int, preload: str, limits: Limits = Limits()) -> None:
        self._count = count
        self._mark = os.urandom(16).hex()
        key = os.urandom(32)
        with Listener(authkey=key) as listener:
            # A fresh Python without threads, which is what can be forked safely; in a session
            # of its own, so that Ctrl-C reaches the command alone and the command decides.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "perfkit.batch.workers"],
                stdin=subprocess.PIPE,
                env={**os.environ, family.MARK: self._mark},
                **_OWN_SESSION,
            )
            assert self._process.stdin is not None
            pickle.dump((listener.address, key, preload, limits), self._process.stdin)
            self._process.stdin.close()
            self._connection = listener.accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The warm process ends its children and itself when this end is closed.
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        if self._process.returncode != 0:
            # It was killed, and what it kept may be left.
            self._process.kill()
            self._process.wait()
            family.end_marked(self._mark)

    def run(self, jobs: Iterable[Job], started: Callable[[str], None] = print) -> Iterator[Outcome]:
        """The outcomes of *jobs* as they end; *started* is called with the name of each.

        Raises:
            PerfkitError: if the warm process itself is gone.
        """
        waiting, under_way = iter(jobs), 0
        while True:
            # No more than can be worked on: what is sent waits in a pipe of limited size.
            while under_way < self._count and (job := next(waiting, None)) is not None:
                self._connection.send(job)
                under_way += 1
            if not under_way:
                return
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                raise PerfkitError("工作进程意外结束，已完成的报告不受影响，请再运行一次") from None
            if isinstance(message, Outcome):
                under_way -= 1
                yield message
            else:
                started(message)


class ForkedWorker(Workers):
    """A worker that is a fork of this very process, with all that it has imported.

    Only for a process that can be forked safely.

    Args:
        prepare: is called in the fork before the first job.
    """

    def __init__(self, prepare: Callable[[], None] | None = None) -> None:
        self._count = 1
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._keeper = context.Process(target=self._keep, args=(theirs, prepare))
        self._keeper.start()
        theirs.close()

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._keeper.join(END_SECONDS)
        if self._keeper.is_alive():
            self._keeper.kill()
            self._keeper.join()

    def _keep(self, connection: Connection, prepare: Callable[[], None] | None) -> None:
        self._connection.close()  # the end of the command alone, so that it closes with it
        os.setsid()  # as the warm process has a session of its own
        _silence()
        if prepare is not None:
            prepare()
        _serve(connection, "", Limits())


class _Child:
    def __init__(self, context: Any, job: Job) -> None:
        self.job = job
        self.start = time.monotonic()
        self.scratch: list[Path] = []
        self.mark = ""
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(sender, job), name=job.name)
        before = os.environ.get(family.MARK, "")
        if not CAN_FORK:
            # A fresh Python takes its mark along; of a forked one it can't be seen from outside.
            self.mark = os.environ[family.MARK] = f"{before}-{os.urandom(8).hex()}"
        self.process.start()
        os.environ[family.MARK] = before
        sender.close()

    def end(self) -> bool:
        """End it with all that it started; whether there was anything left of that."""
        started = family.end(self.process.pid or 0, self.mark)
        self.process.join(family.PATIENCE_SECONDS)
        with contextlib.suppress(EOFError, OSError):
            while self.receiver.poll():
                self._take(self.receiver.recv())
        for folder in self.scratch:
            shutil.rmtree(folder, ignore_errors=True)
        self.receiver.close()
        return started

    def died(self) -> bool:
        # By its own state: what it started may hold the pipes open.
        return self.process.exitcode is not None and not self.receiver.poll()

    def outcome(self) -> Outcome | None:
        """What the child sent; None if it has not ended yet."""
        try:
            return self._take(self.receiver.recv())
        except (EOFError, OSError, pickle.UnpicklingError):
            return self.death()

    def death(self) -> Outcome:
        self.process.join(family.PATIENCE_SECONDS)
        return Outcome(self.job.name, kind="died", error=_death(self.process.exitcode))

    def _take(self, message: Path | Outcome) -> Outcome | None:
        if isinstance(message, Outcome):
            return message
        self.scratch.append(message)
        return None

    def memory_mib(self) -> float:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.process.pid)
            both = [root, *root.children(recursive=True)]
            return sum(process.memory_full_info().uss for process in both) / MEBIBYTE
        return 0


def _death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-exit_code).name
            hint = "，可能是内存不足" if name == "SIGKILL" else ""
            return f"进程被系统终止（{name}）{hint}"
    return f"进程意外结束（退出码 {exit_code}）"


def _serve(connection: Connection, preload: str, limits: Limits) -> None:
    """The warm process: forks a child for each job that comes, and sends back how each ended."""
    forking = CAN_FORK
    context: Any = multiprocessing.get_context("fork" if forking else "spawn")
    if forking:
        if preload:
            importlib.import_module(preload)
        gc.collect()
        # What is there now is never collected, so children don't copy pages to look at it.
        gc.freeze()
        family.adopt()
    elif os.name == "posix":
        resource_tracker.ensure_running()  # not by the first child, to which it would belong
    children: list[_Child] = []
    try:
        while True:
            receivers: list[Any] = [child.receiver for child in children]
            ready = wait([connection, *receivers], POLL_SECONDS if children else None)
            _inherited[:] = [connection, *receivers]
            if connection in ready:
                child = _Child(context, connection.recv())
                children.append(child)
                connection.send(child.job.name)
            for child in list(children):
                if child.receiver in ready:
                    outcome = child.outcome()
                else:
                    outcome = child.death() if child.died() else _exceeded(child, limits)
                if outcome is None:
                    continue
                children.remove(child)
                if (child.end() or outcome.kind == "died") and forking:
                    family.end_adopted(child.process.pid or 0 for child in children)
                connection.send(replace(outcome, seconds=time.monotonic() - child.start))
    except (EOFError, OSError):
        pass  # the command is done, or gone
    finally:
        for child in children:
            child.end()
        if forking:
            family.end_adopted(())


def _exceeded(child: _Child, limits: Limits) -> Outcome | None:
    """The outcome of a child that used more than it may; else None."""
    seconds = time.monotonic() - child.start
    if limits.seconds is not None and seconds > limits.seconds:
        error = f"超过时限 {limits.seconds:g} 秒，已终止"
        return Outcome(child.job.name, error=error, kind="timeout")
    if limits.memory_mib is not None and (used := child.memory_mib()) > limits.memory_mib:
        error = f"内存用到 {used:.0f} MB，超过上限 {limits.memory_mib} MB，已终止"
        return Outcome(child.job.name, error=error, kind="memory", peak_mib=used)
    return None


def _work(connection: Connection, job: Job) -> None:
    """A child: does the job, sends how it ended, and waits to be ended with all that it started."""
    global forked, _to_keeper
    forked, _to_keeper = CAN_FORK, connection
    keeper = multiprocessing.parent_process()
    assert keeper is not None
    family.adopt()
    if forked:
        family.end_with(keeper.pid or 0)
        for end in _inherited:
            # Held by a process that the job leaves behind, it would never be seen to close.
            end.close()
    else:
        threading.Thread(target=_end_with, args=(keeper,), daemon=True).start()
    _silence()
    # A child lives for one report: collecting would only copy pages that it shares.
    gc.disable()
    this = os.getpid()
    try:
        outcome = Outcome(job.name, value=job.call(*job.args))
    except PerfkitError as e:
        outcome = Outcome(job.name, error=str(e), kind="failed")
    except Exception as e:
        outcome = Outcome(job.name, error=f"{type(e).__name__}：{e}", kind="failed")
    if os.getpid() != this:
        os._exit(0)  # a copy that the job forked
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    connection.send(replace(outcome, cpu_seconds=cpu, peak_mib=_peak_mib()))
    keeper.join()
    os._exit(0)


def _end_with(keeper: Any) -> None:
    """Where the system doesn't end a process with its parent: do it from a thread."""
    keeper.join()
    family.end(os.getpid())
    os._exit(1)


def _silence() -> None:
    """What a job writes to the terminal itself would break the progress that is shown there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def remove_after(folder: Path) -> None:
    """Let a *folder* be removed when this process has ended, in whatever way."""
    if _to_keeper is not None:
        _to_keeper.send(folder)


def _peak_mib() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float(getattr(psutil.Process().memory_info(), "peak_wset", 0)) / MEBIBYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    # By its name, so that what goes between the processes is of one module's classes.
    from perfkit.batch.workers import _serve as serve

    address, key, *how = pickle.load(sys.stdin.buffer)
    serve(Client(address, authkey=key), *how)
