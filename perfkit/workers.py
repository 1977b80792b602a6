"""Many jobs at once: a warm process that forks one child for each.

The warm process has imported what the jobs need and does nothing else, so a
child starts with it all, in a memory of its own: nothing passes from one job
to the next, and a child that crashes, hangs or eats memory takes only its own
job with it. Where there is no fork (Windows) each child is a fresh Python.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Client, Connection, Listener, wait
from typing import Any, Literal

import psutil

from perfkit.yamlfile import PerfkitError

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
"""How often a child's memory is looked at, if it has a limit."""


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
        key = os.urandom(32)
        with Listener(authkey=key) as listener:
            # A fresh Python without threads, which is what can be forked safely; in a session
            # of its own, so that Ctrl-C reaches the command alone and the command decides.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "perfkit.workers"],
                stdin=subprocess.PIPE,
                **_OWN_SESSION,
            )
            assert self._process.stdin is not None
            pickle.dump((listener.address, key, count, preload, limits), self._process.stdin)
            self._process.stdin.close()
            self._connection = listener.accept()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        # The warm process ends its children and itself when this end is closed.
        self._connection.close()
        self._process.wait()

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


class _Child:
    def __init__(self, context: Any, job: Job) -> None:
        self.job = job
        self.start = time.monotonic()
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(sender, job), name=job.name)
        self.process.start()
        sender.close()

    def kill(self) -> None:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.process.pid)
            for process in [*root.children(recursive=True), root]:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self.process.join()

    def memory_mib(self) -> float:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.process.pid)
            family = [root, *root.children(recursive=True)]
            return sum(process.memory_full_info().uss for process in family) / MEBIBYTE
        return 0

    def outcome(self) -> Outcome:
        """What the child sent, or how it died."""
        try:
            found: Outcome = self.receiver.recv()
        except EOFError:
            self.process.join()
            found = Outcome(self.job.name, kind="died", error=_death(self.process.exitcode))
        self.process.join()
        return replace(found, seconds=time.monotonic() - self.start)


def _death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-exit_code).name
            hint = "，可能是内存不足" if name == "SIGKILL" else ""
            return f"进程被系统终止（{name}）{hint}"
    return f"进程意外结束（退出码 {exit_code}）"


def _serve(connection: Connection, count: int, preload: str, limits: Limits) -> None:
    """The warm process: forks a child for each job that comes, and sends back how each ended."""
    forking = CAN_FORK
    context: Any = multiprocessing.get_context("fork" if forking else "spawn")
    if forking:
        importlib.import_module(preload)
        gc.collect()
        # What is there now is never collected, so children don't copy pages to look at it.
        gc.freeze()
    children: list[_Child] = []
    try:
        while True:
            pause = POLL_SECONDS if limits.memory_mib else 1.0
            receivers: list[Any] = [child.receiver for child in children]
            ready = wait([connection, *receivers], pause if children and _any(limits) else None)
            if connection in ready:
                child = _Child(context, connection.recv())
                children.append(child)
                connection.send(child.job.name)
            for child in list(children):
                outcome = child.outcome() if child.receiver in ready else _exceeded(child, limits)
                if outcome is not None:
                    children.remove(child)
                    connection.send(outcome)
    except (EOFError, OSError):
        pass  # the command is done, or gone
    finally:
        for child in children:
            child.kill()


def _any(limits: Limits) -> bool:
    return limits.seconds is not None or limits.memory_mib is not None


def _exceeded(child: _Child, limits: Limits) -> Outcome | None:
    """The outcome of a child that used more than it may, which is killed; else None."""
    seconds = time.monotonic() - child.start
    if limits.seconds is not None and seconds > limits.seconds:
        child.kill()
        error = f"超过时限 {limits.seconds:g} 秒，已终止"
        return Outcome(child.job.name, error=error, kind="timeout", seconds=seconds)
    if limits.memory_mib is not None and (used := child.memory_mib()) > limits.memory_mib:
        child.kill()
        error = f"内存用到 {used:.0f} MB，超过上限 {limits.memory_mib} MB，已终止"
        return Outcome(child.job.name, error=error, kind="memory", seconds=seconds, peak_mib=used)
    return None


def _work(connection: Connection, job: Job) -> None:
    """A child: does the job and sends how it ended."""
    global forked
    forked = CAN_FORK
    # A child lives for one report: collecting would only copy pages that it shares.
    gc.disable()
    try:
        outcome = Outcome(job.name, value=job.call(*job.args))
    except PerfkitError as e:
        outcome = Outcome(job.name, error=str(e), kind="failed")
    except Exception as e:
        outcome = Outcome(job.name, error=f"{type(e).__name__}：{e}", kind="failed")
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    connection.send(replace(outcome, cpu_seconds=cpu, peak_mib=_peak_mib()))
    connection.close()


def _peak_mib() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float(getattr(psutil.Process().memory_info(), "peak_wset", 0)) / MEBIBYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    # By its name, so that what goes between the processes is of one module's classes.
    from perfkit.workers import _serve as serve

    address, key, *how = pickle.load(sys.stdin.buffer)
    serve(Client(address, authkey=key), *how)
