"""The warm papermill engine: a notebook runs in a fork of a process that has imported it all.

No kernel process is started and no socket opened. ipykernel's own kernel and
shell run in the fork, and nbclient talks to them as to any other kernel; only
the transport between the two is a list of messages instead of a network. So
what a notebook prints, shows and raises is what the standard engine writes,
byte for byte.

Registered as ``papermill --engine perfkit``. Where a fork isn't there (Windows)
or isn't safe (a process with threads), and for a kernel that isn't this
Python, papermill's own engine serves.
"""

from __future__ import annotations

import asyncio
import io
import logging
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Mapping
from queue import Empty
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager
from traitlets.config import Config

from perfkit import workers

Messages = deque[dict[str, Any]]


class WarmEngine(Engine):  # type: ignore[misc]
    """papermill's engine ``perfkit``."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Execute the notebook of *nb_man* in a fork, or by the standard engine."""
        if workers.forked:
            # This process was forked for one report, so the notebook may run in it.
            execute_here(nb_man, options)
            return
        if options.get("execution_timeout") or not (can_fork() and runs_here(kernel_name)):
            NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)
            return
        parent, child = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_send_executed, args=(child, nb_man.nb, options)
        )
        process.start()
        child.close()
        try:
            nb_man.nb = parent.recv()
        except EOFError:
            raise DeadKernelError("Kernel died") from None
        finally:
            process.join()


def can_fork() -> bool:
    """Whether this process can be forked safely: the system can, and no other thread runs."""
    return hasattr(os, "fork") and threading.active_count() == 1


def runs_here(kernel_name: str) -> bool:
    """Whether the kernel is this Python, so that its shell can be built in this process."""
    try:
        command = KernelSpecManager().get_kernel_spec(kernel_name).argv
    except NoSuchKernel:
        return False  # the standard engine tells what is missing
    return command[:1] in ([sys.executable], ["python"], ["python3"]) and any(
        "ipykernel" in word for word in command
    )


def _send_executed(connection: Any, notebook: Any, options: Mapping[str, Any]) -> None:
    manager = NotebookExecutionManager(notebook, progress_bar=False)
    execute_here(manager, options)
    connection.send(manager.nb)


def execute_here(manager: NotebookExecutionManager, options: Mapping[str, Any]) -> None:
    """Execute the manager's notebook in this very process, which should end soon after."""
    chosen = {key: value for key, value in options.items() if key in _CLIENT_OPTIONS}
    _ForkedClient(manager, log=logging.getLogger("papermill"), **chosen).execute()


_CLIENT_OPTIONS = {"log_output", "stdout_file", "stderr_file", "record_timing", "coalesce_streams"}


_ready: list[Any] = []
"""The kernel that `prepare` has built, for one notebook."""


def prepare() -> None:
    """Build a kernel for the forks of this process: it is the same until a cell runs in it."""
    session, messages = _Session(key=b""), deque[dict[str, Any]]()
    kernel = _kernel(session, messages)
    messages.clear()
    _ready.append(SimpleNamespace(session=session, messages=messages, kernel=kernel))


def _kernel(session: _Session, messages: Messages) -> Any:
    # The backend that ipykernel's launcher chooses; a figure is drawn into the cell.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    return _Kernel(  # type: ignore[no-untyped-call]
        session=session,
        iopub_socket=messages,
        shell_class=_Shell,
        shell_channel_thread=SimpleNamespace(parent_thread=None),
        log=logging.getLogger("perfkit.kernel"),
        # No history file: the database of one fork is no business of the next.
        config=Config({"HistoryManager": {"enabled": False}}),
    )


class _ForkedClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, with a kernel in its own process."""

    def execute(self, **_: Any) -> Any:
        self.reset_execution_trackers()
        _look_beside_notebook()
        ready = _ready.pop() if _ready else None
        session, messages = (
            (ready.session, ready.messages) if ready else (_Session(key=b""), deque())
        )
        sys.stdout = _Stream("stdout", session, messages)
        sys.stderr = _Stream("stderr", session, messages)
        try:
            kernel = ready.kernel if ready else _kernel(session, messages)
            self.kc = _Client(kernel, session, messages)
            self.km = SimpleNamespace(is_alive=_alive)
            self.papermill_execute_cells()
            self.nb.metadata["language_info"] = session.unpack(session.pack(kernel.language_info))
            self.set_widgets_metadata()
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        return self.nb


def _look_beside_notebook() -> None:
    """Let modules in the working folder be imported, where IPython's launcher puts it."""
    if "" not in sys.path:
        folders = [os.path.basename(path) for path in sys.path]  # noqa: PTH119
        packages = ("site-packages", "dist-packages")
        sys.path.insert(next((i for i, f in enumerate(folders) if f in packages), 0), "")


async def _alive() -> bool:
    return True


class _Session(Session):
    """Appends messages to a list where a session would send them to a socket."""

    def send(  # type: ignore[no-untyped-def, override]
        self, stream: Messages, msg_or_type, content=None, parent=None,
        ident=None, buffers=None, track=False, header=None, metadata=None,
    ) -> dict[str, Any]:  # fmt: skip
        message: dict[str, Any] = (
            msg_or_type
            if isinstance(msg_or_type, dict)
            else self.msg(msg_or_type, content, parent, header, metadata)
        )
        # To text and back as over a network: tuples become lists, keys become text.
        message["content"] = self.unpack(self.pack(message["content"]))
        message["buffers"] = buffers or []
        stream.append(message)
        return message


class _Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell: text is kept until it is flushed, then one message."""

    encoding = "UTF-8"

    def __init__(self, name: str, session: _Session, messages: Messages) -> None:
        self.name, self._session, self._messages = name, session, messages
        self._parent: dict[str, Any] = {}
        self._texts: list[str] = []

    def set_parent(self, parent: dict[str, Any]) -> None:
        self._parent = parent

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._texts.append(text)
        return len(text)

    def flush(self) -> None:
        text = "".join(self._texts)
        self._texts.clear()
        if text:
            content = {"name": self.name, "text": text}
            self._session.send(self._messages, "stream", content, self._parent)


class _Shell(ZMQInteractiveShell):
    def enable_gui(self, gui: str | None = None) -> None:
        # No event loop of a window system runs beside the cells; figures are inline.
        self.active_eventloop = gui


class _Kernel(IPythonKernel):
    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits behind the cell that failed."""


class _Client:
    """What nbclient uses of a kernel client: execute a cell, then read what it said."""

    def __init__(self, kernel: Any, session: _Session, messages: Messages) -> None:
        self._kernel, self._session = kernel, session
        self._replies: Messages = deque()
        self.iopub_channel = _Channel(messages)
        self.shell_channel = _Channel(self._replies)

    async def execute(self, code: str, store_history: bool, stop_on_error: bool) -> str:
        kernel = self._kernel
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        request = self._session.msg("execute_request", content)
        kernel.set_parent([], request, channel="shell")
        kernel._publish_status("busy", "shell", parent=request)
        await kernel.execute_request(self._replies, [], request)
        sys.stdout.flush()
        sys.stderr.flush()
        kernel._publish_status("idle", "shell", parent=request)
        message_id: str = request["header"]["msg_id"]
        return message_id


class _Channel:
    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        if not self._messages:
            # The cell has ended before anyone reads, so nothing will come.
            raise Empty
        await asyncio.sleep(0)
        return self._messages.popleft()
