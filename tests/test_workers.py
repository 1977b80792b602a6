"""No process that a job starts outlives it, however the job, its keeper or the command ends."""

import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from perfkit.batch.workers import Job, Limits, Workers

ROOT = Path(__file__).parent.parent

# A thread, a child, one that is a session of its own, a grandchild whose parent has gone, a daemon
# that forked twice, and a process of multiprocessing; their ids go to a file.
LEAVES = """
import multiprocessing, os, subprocess, threading, time
def note(pid):
    with open({pids!r}, "a") as file:
        file.write(f"{{pid}}\\n")
note(os.getpid())
threading.Thread(target=time.sleep, args=(600,)).start()
note(subprocess.Popen(["sleep", "600"]).pid)
note(subprocess.Popen(["sleep", "600"], start_new_session=True).pid)
note(subprocess.run("setsid sleep 600 >/dev/null 2>&1 & echo $!", shell=True, capture_output=True).stdout.decode().strip())
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note(os.getpid())
        time.sleep(600)
    os._exit(0)
process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
process.start()
note(process.pid)
while len(open({pids!r}).read().split()) < 6:
    time.sleep(0.02)
"""
LEFT = 6
HANGS = "\ntime.sleep(600)"
FAILS = "\nraise ValueError('wrong')"
DIES = "\ntime.sleep(0.3); os.kill(os.getpid(), 9)"
STOPS = "\nos._exit(3)"


def soon(true):
    """Wait until something is so, for a minute at most."""
    deadline = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def noted(file):
    """The processes that a job has noted, when it has noted them all."""
    lines = file.read_text().split() if file.exists() else []
    return [int(line) for line in lines] if len(lines) == LEFT else []


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def nobody_left(file):
    pids = soon(lambda: noted(file))
    soon(lambda: not any(map(lives, pids)))


@pytest.mark.parametrize(
    ("then", "kind"),
    [("", "done"), (FAILS, "failed"), (DIES, "died"), (STOPS, "died"), (HANGS, "timeout")],
)
def test_what_a_job_leaves_behind_ends_with_it(tmp_path, then, kind):
    pids = tmp_path / "pids"
    job = Job("a", exec, (LEAVES.format(pids=str(pids)) + then, {}))
    # Two at a time, so that what one leaves behind is told from what the other still does.
    other = Job("b", eval, ("__import__('time').sleep(1.5)", {}))
    with Workers(2, "json", Limits(seconds=3)) as workers:
        found = {o.name: o for o in workers.run([job, other], lambda _: None)}
        nobody_left(pids)
    assert found["a"].kind == kind
    assert found["b"].kind == "done"


COMMAND = """
from perfkit.batch.workers import Job, Workers
import sys
with Workers(1, "json") as workers:
    print(workers._process.pid, flush=True)
    list(workers.run([Job("a", exec, (sys.argv[1], {}))], lambda _: None))
"""


@pytest.fixture
def command(tmp_path):
    """A command under way, the process that keeps its jobs, and where the job notes its own."""
    pids = tmp_path / "pids"
    code = LEAVES.format(pids=str(pids)) + HANGS
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, code],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    keeper = int(process.stdout.readline())
    soon(lambda: noted(pids))
    yield process, keeper, pids
    process.kill()
    process.communicate()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_nobody(command, sent):
    process, keeper, pids = command
    process.send_signal(sent)
    process.wait(60)
    nobody_left(pids)
    soon(lambda: not lives(keeper))


def test_a_keeper_that_is_killed_leaves_nobody(command):
    process, keeper, pids = command
    os.kill(keeper, signal.SIGKILL)
    process.wait(60)
    nobody_left(pids)


SPAWNED = """
import perfkit.batch.family, perfkit.batch.workers, sys
perfkit.batch.workers.CAN_FORK = False
from perfkit.batch.workers import Job, Limits, Workers
if __name__ == "__main__":
    import multiprocessing.connection, threading
    job = Job("a", exec, (sys.argv[1], {}))
    ours, theirs = multiprocessing.Pipe()
    perfkit.batch.workers.os.environ[perfkit.batch.family.MARK] = "mark"
    threading.Thread(target=perfkit.batch.workers._serve, args=(theirs, "", Limits())).start()
    ours.send(job)
    print(ours.recv(), ours.recv().kind)
    ours.close()
"""


def test_where_there_is_no_fork_nobody_is_left_either(tmp_path):
    pids = tmp_path / "pids"
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    # What was forked twice is found by its mark, as it was started by a process that has it.
    code = LEAVES.format(pids=str(pids))
    done = subprocess.run(
        [sys.executable, str(script), code],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["a", "done"], done.stderr
    nobody_left(pids)


def test_a_copy_that_a_job_forks_is_not_heard():
    with Workers(1, "json") as workers:
        (outcome,) = workers.run(
            [Job("a", eval, ("__import__('os').fork() and 7", {}))], lambda _: None
        )
        assert (outcome.kind, outcome.value) == ("done", 7)
        (outcome,) = workers.run([Job("b", operator.add, (1, 1))], lambda _: None)
        assert outcome.value == 2
