"""The command line as tests call it: in this process, its reports in forks of one warm process."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from perfkit.batch import run
from perfkit.batch.plan import usable_cores
from perfkit.batch.workers import Job, Limits, Workers
from perfkit.cli import main

LIMITS = Limits(600)
"""Those of `perfkit run` where nothing else is said."""


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class WarmProcess:
    """The warm process of all runs, which costs more than a report; started when it is first asked."""

    def __init__(self):
        self._workers = None

    def run(self, jobs, started=lambda _: None):
        """The outcomes of *jobs*, done from the folder that is the current one now."""
        from elsewhere import call_in  # of `tests/lighter`, which scripts have not on their path

        if self._workers is None:
            self._workers = Workers(usable_cores(), "perfkit.batch.warm", LIMITS)
        here, ended = Path.cwd(), False
        try:
            yield from self._workers.run(
                (Job(job.name, call_in, (here, job.call, *job.args)) for job in jobs), started
            )
            ended = True
        finally:
            if not ended:
                self.end()  # what is still under way is nobody's

    def end(self):
        if self._workers is not None:
            self._workers.__exit__(None, None, None)
            self._workers = None


warm_process = WarmProcess()


@contextlib.contextmanager
def _lent(count, preload, limits):
    """What a run gets for its own Workers, unless it asks for what the one of all can't give."""
    if limits == LIMITS and count == usable_cores():
        yield warm_process
    else:
        with Workers(count, preload, limits) as own:
            yield own


def perfkit(*arguments, cwd=None):
    """Run perfkit with *arguments* in *cwd*, and say how it ended."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(run, "Workers", _lent),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(argument) for argument in arguments])
    return Done(ended.value.code, out.getvalue(), err.getvalue())


def perfkit_process(*arguments, cwd=None, **environment):
    """The same in a process of its own, which takes seconds: where the process is what is tested."""
    return subprocess.run(
        [sys.executable, "-m", "perfkit", *map(str, arguments)],
        cwd=cwd, env=os.environ | environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
