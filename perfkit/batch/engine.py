"""The warm papermill engine: a notebook runs in a fork of a process that has imported it all.

Registered as ``papermill --engine perfkit``. papermill's own engine serves where
a fork isn't there (Windows) or isn't safe (a process with threads), for a
kernel that isn't this Python, for what only it can do, and where the versions
of Jupyter's packages are others than `perfkit.batch.kernel` was written for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from perfkit.batch import workers
from perfkit.batch.workers import CAN_FORK, ForkedWorker, Job


class WarmEngine:
    """papermill's engine ``perfkit``.

    papermill imports this module while it is being imported itself, so its
    names are asked for only when the engine is used.
    """

    @classmethod
    def execute_notebook(cls, *arguments: Any, **options: Any) -> Any:
        """The notebook executed, in a fork or by the standard engine."""
        return _engine().execute_notebook(*arguments, **options)

    @classmethod
    def nb_kernel_name(cls, *arguments: Any, **options: Any) -> Any:
        """The name of the notebook's kernel."""
        return _engine().nb_kernel_name(*arguments, **options)

    @classmethod
    def nb_language(cls, *arguments: Any, **options: Any) -> Any:
        """The language of the notebook."""
        return _engine().nb_language(*arguments, **options)


@cache
def _engine() -> Any:
    from papermill.engines import Engine

    class _Engine(Engine):  # type: ignore[misc]
        execute_managed_notebook = staticmethod(_execute)

    return _Engine


def _execute(nb_man: Any, kernel_name: str, **options: Any) -> None:
    """Execute the notebook of papermill's manager *nb_man*."""
    from papermill.engines import NBClientEngine

    if workers.forked and fits():
        # This process was forked for one report, so the notebook may run in it.
        from perfkit.batch import kernel

        kernel.execute(nb_man, options)
        return
    # To follow the outputs while they come, and to end a cell, takes a kernel of its own.
    watched = ("execution_timeout", "log_output", "stdout_file", "stderr_file")
    _end_monitor(nb_man.pbar)
    if (
        any(map(options.get, watched))
        or not (can_fork() and runs_here(kernel_name))
        or not _execute_in_fork(nb_man, options)
    ):
        NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)


def _execute_in_fork(nb_man: Any, options: Mapping[str, Any]) -> bool:
    """Execute the notebook of *nb_man* in a fork; whether that could be done."""
    from nbclient.exceptions import DeadKernelError

    try:
        from perfkit.batch import kernel
    except ImportError:
        return fits()  # which tells it
    chosen = {name: value for name, value in options.items() if name in kernel.OPTIONS}
    with ForkedWorker(kernel.prepare) as worker:
        if not _fits(worker):
            return False
        (outcome,) = worker.run([Job("notebook", kernel.executed, (nb_man.nb, chosen))], _ignore)
    if outcome.kind == "died":
        raise DeadKernelError("Kernel died")
    if outcome.kind != "done":
        raise RuntimeError(outcome.error)
    nb_man.nb = outcome.value
    return True


def _end_monitor(bar: Any) -> None:
    """End the thread that watches papermill's progress bar, beside which nothing could be forked."""
    kind = type(bar)
    if getattr(kind, "monitor", None) is not None:
        kind.monitor.exit()
        kind.monitor = None


def _ignore(_: str) -> None:
    pass


def can_fork() -> bool:
    """Whether this process can be forked safely: the system can, and no other thread runs."""
    return CAN_FORK and threading.active_count() == 1


def runs_here(kernel_name: str) -> bool:
    """Whether the kernel is this Python, so that its shell can be built in this process."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        command = KernelSpecManager().get_kernel_spec(kernel_name).argv
    except NoSuchKernel:
        return False  # the standard engine tells what is missing
    return command[:1] in ([sys.executable], ["python"], ["python3"]) and any(
        "ipykernel" in word for word in command
    )


CHECKED = {
    "import os, sys\nprint('一')\n_ = os.write(1, b'two')": [("stream", "stdout", "一\ntwo")],
    "print('三', file=sys.stderr)\n{'b': (1, 2)}": [
        ("stream", "stderr", "三\n"),
        ("execute_result", "{'b': (1, 2)}", None),
    ],
    "from IPython.display import HTML\nshown = display(HTML('<b>1</b>'), display_id='d')\n"
    "shown.update(HTML('<b>2</b>'))": [("display_data", "<IPython.core.display.HTML object>", "<b>2</b>")],
    "1 / 0": [("error", "ZeroDivisionError", "division by zero")],
}  # fmt: skip
"""Cells, and what a kernel answers."""


@cache
def fits() -> bool:
    """Whether this process's kernel answers as a kernel should; where it doesn't, it is told.

    It is built of the inner parts of ipykernel and nbclient, which may change
    with each version.
    """
    if workers.forked:
        return True  # it was asked in the process that forked this one
    with ForkedWorker() as worker:
        return _fits(worker)


def _fits(worker: ForkedWorker) -> bool:
    from nbformat.v4 import new_code_cell, new_notebook

    made = {"papermill": {}, "tags": ["raises-exception"]}  # as papermill prepares a notebook
    cells = [new_code_cell(source, metadata=made) for source in CHECKED]
    asked = new_notebook(cells=cells, metadata={"papermill": {}})
    try:
        from perfkit.batch import kernel

        (outcome,) = worker.run([Job("check", kernel.executed, (asked, {}))], _ignore)
        found = [[_told(output) for output in cell.outputs] for cell in outcome.value.cells]
        if found == list(CHECKED.values()):
            return True
    except Exception:  # whatever a changed package raises
        pass
    versions = "、".join(f"{name} {version(name)}" for name in ("ipykernel", "nbclient"))
    print(
        f"perfkit：快速引擎与这里的 {versions} 不合，改用 papermill 的标准引擎，报告相同，只是较慢",
        file=sys.stderr,
        flush=True,
    )
    return False


def _told(output: Any) -> tuple[Any, ...]:
    if output.output_type == "stream":
        return "stream", output.name, output.text
    if output.output_type == "error":
        return "error", output.ename, output.evalue
    return output.output_type, output.data["text/plain"], output.data.get("text/html")
