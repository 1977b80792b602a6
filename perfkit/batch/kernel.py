"""A notebook executed in this very process, as papermill's own engine would execute it.

No kernel process is started and no socket opened. ipykernel's own kernel and
shell run here, and nbclient talks to them as to any other kernel; only the
transport between the two is a list of messages instead of a network. So what a
notebook prints, shows and raises is what the standard engine writes, byte for
byte; what it leaves behind in the process, the process must end with.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import fcntl
import io
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from queue import Empty
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from traitlets.config import Config

Messages = deque[dict[str, Any]]

OPTIONS = {"record_timing", "coalesce_streams", "on_cell_executed"}
"""The options of nbclient that serve here."""

_ready: list[Any] = []
"""The kernel that `prepare` has built, for one notebook."""


def prepare() -> None:
    """Build a kernel for the forks of this process: it is the same until a cell runs in it."""
    session, messages = _Session(key=b""), deque[dict[str, Any]]()
    kernel = _kernel(session, messages)
    messages.clear()
    _ready.append(SimpleNamespace(session=session, messages=messages, kernel=kernel))


def executed(notebook: Any, options: Mapping[str, Any]) -> Any:
    """The notebook, executed."""
    manager = NotebookExecutionManager(notebook, progress_bar=False)
    execute(manager, options)
    return manager.nb


def execute(manager: NotebookExecutionManager, options: Mapping[str, Any]) -> None:
    """Execute the manager's notebook in this very process, which should end soon after."""
    chosen = {key: value for key, value in options.items() if key in OPTIONS}
    _Client(manager, log=logging.getLogger("papermill"), **chosen).execute()


def _kernel(session: _Session, messages: Messages) -> Any:
    # The backend that ipykernel's launcher chooses; a figure is drawn into the cell.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # The instance of the class, which is where widgets look for their kernel.
    return _Kernel.instance(
        session=session,
        iopub_socket=messages,
        shell_class=_Shell,
        shell_channel_thread=SimpleNamespace(parent_thread=None),
        log=logging.getLogger("perfkit.batch.kernel"),
        # No history file: the database of one fork is no business of the next.
        config=Config({"HistoryManager": {"enabled": False}}),
    )


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, with a kernel in its own process."""

    def execute(self, **_: Any) -> Any:
        self.reset_execution_trackers()
        _look_beside_notebook()
        ready = _ready.pop() if _ready else None
        session, messages = (
            (ready.session, ready.messages) if ready else (_Session(key=b""), deque())
        )
        with _fresh_logging(), _fresh_warnings(), _captured(session, messages):
            kernel = ready.kernel if ready else _kernel(session, messages)
            self.kc = _Channels(kernel, session, messages)
            self.km = SimpleNamespace(is_alive=_alive)
            self.papermill_execute_cells()
            self.nb.metadata["language_info"] = session.unpack(session.pack(kernel.language_info))
            self.set_widgets_metadata()
        return self.nb


def _look_beside_notebook() -> None:
    """Let modules in the working folder be imported, where IPython's launcher puts it."""
    if "" not in sys.path:
        folders = [os.path.basename(path) for path in sys.path]  # noqa: PTH119
        packages = ("site-packages", "dist-packages")
        sys.path.insert(next((i for i, f in enumerate(folders) if f in packages), 0), "")


@contextlib.contextmanager
def _fresh_logging() -> Iterator[None]:
    """Logging as in a new Python, whatever the command that runs the notebook logs to."""
    root = logging.getLogger()
    before, level, disabled = root.handlers, root.level, root.manager.disable
    root.handlers, root.manager.disable = [], 0
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers, root.manager.disable = before, disabled
        root.setLevel(level)


@contextlib.contextmanager
def _fresh_warnings() -> Iterator[None]:
    """Warnings as in a new Python: without what the command says of all of them."""
    with warnings.catch_warnings():
        of_all = (None, Warning, None, 0)
        warnings.filters = [found for found in warnings.filters if found[1:] != of_all]
        yield


@contextlib.contextmanager
def _captured(session: _Session, messages: Messages) -> Iterator[None]:
    """The standard streams as a kernel has them."""
    before = sys.stdout, sys.stderr
    streams = sys.stdout, sys.stderr = (
        OutStream("stdout", 1, session, messages),
        OutStream("stderr", 2, session, messages),
    )
    IPKernelApp().patch_io()  # faulthandler, which can't write to such a stream
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in streams:
            stream.restore()


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


class OutStream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell: text is kept until it is flushed, then one message.

    What is written below Python, by a child process or a library in C, goes to
    a file in place of the descriptor and is taken from there. Not to a pipe: a
    pipe would want a thread that reads it.
    """

    encoding = "UTF-8"

    def __init__(self, name: str, number: int, session: _Session, messages: Messages) -> None:
        self.name, self._session, self._messages = name, session, messages
        self._parent: dict[str, Any] = {}
        self._texts: list[str] = []
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._number, self._original = number, os.dup(number)
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        fcntl.fcntl(self._file, fcntl.F_SETFL, fcntl.fcntl(self._file, fcntl.F_GETFL) | os.O_APPEND)
        self._taken = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        os.dup2(self._file.fileno(), number)

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Let what follows belong to the cell of the request *parent*."""
        self._parent = parent

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def fileno(self) -> int:
        """The descriptor that it stands for, which is not that of the cell's output."""
        return self._original

    def write(self, text: str) -> int:
        """Keep the text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._process:  # a process that a cell forked
            os.write(self._number, text.encode(errors="replace"))
            return len(text)
        with self._lock:
            self._take()
            self._texts.append(text)
        return len(text)

    def flush(self) -> None:
        """Send what was kept."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._take()
            text = "".join(self._texts)
            self._texts.clear()
        if text:
            content = {"name": self.name, "text": text}
            self._session.send(self._messages, "stream", content, self._parent)

    def _take(self) -> None:
        """Take over what was written to the descriptor, so that all stands in its order."""
        size = os.fstat(self._file.fileno()).st_size
        if size < self._taken:  # by a process that opened /dev/stdout anew
            self._taken = 0
        if size > self._taken:
            content = os.pread(self._file.fileno(), size - self._taken, self._taken)
            self._taken += len(content)
            self._texts.append(self._decoder.decode(content))

    def restore(self) -> None:
        """Give the descriptor back what it stood for."""
        os.dup2(self._original, self._number)


class _Shell(ZMQInteractiveShell):
    def enable_gui(self, gui: str | None = None) -> None:
        # No event loop of a window system runs beside the cells; figures are inline.
        self.active_eventloop = gui


class _Kernel(IPythonKernel):
    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits behind the cell that failed."""


class _Channels:
    """What nbclient uses of a kernel client: execute a cell, then read what it said."""

    def __init__(self, kernel: Any, session: _Session, messages: Messages) -> None:
        self._kernel, self._session, self._process = kernel, session, os.getpid()
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
        if os.getpid() != self._process:
            os._exit(0)  # the cell forked, and this is the copy
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
