"""The benchmark: what reports cost, against other ways to make them and against the aims.

    .venv/bin/python tests/benchmarks/batch.py [--full] [--parts reports,memory,…]

See README.md beside it. Not a test.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import psutil

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WAYS = Path(__file__).with_name("ways.py")
HTML, ALL = "html", "html,pdf,docx"  # the executed notebook is the fourth
PERFKIT = [sys.executable, "-m", "perfkit", "run"]
PARTS = ("reports", "charts", "review", "memory", "growth", "dask", "faults")
MIB = 2**20
PR_SET_CHILD_SUBREAPER = 36

Found = dict[str, Any]


# --- Departments ---------------------------------------------------------------------------------


def work_folder(folder: Path, count: int) -> list[str]:
    """A work folder of *count* departments: the real files of params/ under other names."""
    sources = sorted((ROOT / "params").glob("*.yaml"))
    (folder / "params").mkdir(parents=True)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    names = []
    for i in range(count):
        text = sources[i % len(sources)].read_text(encoding="utf-8")
        names.append(f"params/d{i:04}.yaml")
        (folder / names[-1]).write_text(renamed(text, f"（第{i + 1}号）"), encoding="utf-8")
    return names


def renamed(text: str, suffix: str) -> str:
    """The parameter file with another name of the department and of each of its projects.

    So that no two departments show the same words, which a process that makes
    several reports could keep from one to the next.
    """
    text = re.sub(r"^(  name: .*)$", rf"\1{suffix}", text, count=1, flags=re.MULTILINE)
    return re.sub(r"(\bname: )(?!.*\bduties:)([^\s,}]+)", rf"\g<1>\g<2>{suffix[2:-2]}", text)


# --- Measuring -----------------------------------------------------------------------------------


def measured(command: list[str], folder: Path, fine: tuple[int, ...] = (0,)) -> Found:
    """CPU seconds, children included, and wall seconds of a command; what it printed.

    A child that the command leaves behind becomes ours (see `main`), so nothing
    escapes: its time is added, and `left_behind` counts such children.
    """
    log = folder / ".log"
    start = time.monotonic()
    with log.open("w+b") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode not in fine:
        raise SystemExit(
            f"{' '.join(command)[:300]}: exit code {process.returncode}\n{text[-3000:]}"
        )
    left_behind, cpu = 0, used.ru_utime + used.ru_stime
    for child in psutil.Process().children():
        if child.pid not in KEPT:
            left_behind += 1
            with contextlib.suppress(ChildProcessError):
                _, _, its = os.wait4(child.pid, 0)
                cpu += its.ru_utime + its.ru_stime
    return {"cpu": cpu, "wall": wall, "left_behind": left_behind, "text": text}


KEPT: set[int] = set()
"""Children of this process that stay: the Dask cluster."""


def perfkit(*options: str, formats: str = HTML) -> list[str]:
    return [*PERFKIT, "--force", "--formats", formats, *options]


def loop(files: list[str], formats: str) -> list[str]:
    """(a) the commands, in a shell loop."""
    exports = " && ".join(
        f"{BIN}/jupyter nbconvert --to perfkit-{form} loop/$name.ipynb"
        for form in formats.split(",")
    )
    names = " ".join(Path(file).stem for file in files)
    run = f"{BIN}/papermill notebooks/report.ipynb loop/$name.ipynb -f params/$name.yaml"
    return ["sh", "-ec", f"mkdir -p loop; for name in {names}; do {run} && {exports}; done"]


def quarto(files: list[str], formats: str) -> list[str]:
    """(d) Quarto, which executes the notebook for each format by its own means."""
    lines = [
        f"quarto render notebooks/report.ipynb --execute -P department:../{file} --to {form} "
        f"--output {Path(file).stem}.{form}"
        for file in files
        for form in formats.split(",")
    ]
    return ["sh", "-ec", "\n".join(lines)]


def rival(way: str) -> Callable[[list[str], str], list[str]]:
    return lambda files, formats: [sys.executable, str(WAYS), way, formats, *files]


def ours(*options: str) -> Callable[[list[str], str], list[str]]:
    return lambda files, formats: [*perfkit(*options, formats=formats), *files]


def reports(folder: Path, options: argparse.Namespace) -> Found:
    """What a report costs, by way and formats: start-up apart, medians of several runs."""
    few, many = 4, options.many
    ways: dict[str, tuple[Callable[[list[str], str], list[str]], int, int]] = {
        # Small and large number of departments; 0: nothing is shared, so no start-up to take off.
        "a  papermill and nbconvert commands": (loop, 0, 2),
        "b  papermill and nbconvert called": (rival("called"), 1, 4),
        "c  process pool of b": (rival("pooled"), 2, 8),
        "d  Quarto": (quarto, 0, 2),
        "e  the floor": (rival("floor"), few, many),
        "e' the floor, a fork each": (rival("forked_floor"), few, many),
        "   perfkit -j 1": (ours("-j", "1"), few, many),
        "   perfkit -j 2": (ours("-j", "2"), few, many),
        "   perfkit --engine nbclient -j 2": (ours("-j", "2", "--engine", "nbclient"), 2, 8),
    }
    if not shutil.which("quarto"):
        del ways["d  Quarto"]
        print("Quarto is not on the PATH: (d) is left out.")
    ways = {way: how for way, how in ways.items() if way.strip()[0] in options.ways}
    files = work_folder(folder, max(many, 8))
    runs: dict[tuple[str, str, int], list[Found]] = {}
    for command in (rival("called"), ours("-j", "1")):
        measured(command(files[:1], ALL), folder)  # not counted: fills the caches of a fresh venv
    # Runs of different ways take turns, so that what else the machine does falls on all.
    for turn in range(options.repeat):
        for way, (command, small, large) in ways.items():
            if small != few and turn >= options.repeat_rivals:
                continue
            for formats in (HTML, ALL):
                for count in sizes(small, large, formats):
                    found = measured(command(files[:count], formats), folder)
                    runs.setdefault((way, formats, count), []).append(found)
            print(f"  {turn + 1}: {way}", flush=True)
    rows = []
    for way, (_, small, large) in ways.items():
        for formats in (HTML, ALL):
            counts = sizes(small, large, formats)
            at = {n: runs[way, formats, n] for n in counts}
            row: Found = {"way": way.strip(), "formats": formats, "runs": len(at[counts[-1]])}
            for kind in ("cpu", "wall"):
                total = {n: median(run[kind] for run in found) for n, found in at.items()}
                row[kind], row[f"{kind}_start"] = line(total)
            row["left_behind"] = sum(run["left_behind"] for found in at.values() for run in found)
            rows.append(row)
    both = (folder / "floor").exists() and (folder / "outputs").exists()
    same = both and all(
        (folder / "floor" / f"{Path(f).stem}.html").read_bytes()
        == (folder / "outputs" / f"{Path(f).stem}.html").read_bytes()
        for f in files[:few]
    )
    return {"rows": rows, "departments": [few, many], "floor_page_is_the_same": same}


def sizes(small: int, large: int, formats: str) -> list[int]:
    """How many departments to measure with; half of many where the formats take longer."""
    many = large if formats == HTML or large <= 8 else large // 2
    return [n for n in (small, many) if n]


def line(total: dict[int, float]) -> tuple[float, float | None]:
    """Seconds per report and for the start, from totals by number of reports."""
    (few, less), (many, more) = min(total.items()), max(total.items())
    if few == many:
        return round(more / many, 3), None
    each = (more - less) / (many - few)
    return round(each, 3), round(more - each * many, 2)


def charts(folder: Path, options: argparse.Namespace) -> Found:
    """CPU seconds of a report's charts, now and in the first version."""
    return told(folder, "charts")


def review(folder: Path, options: argparse.Namespace) -> Found:
    """CPU seconds of a report's page with what the review takes, and without."""
    return told(folder, "review")


def told(folder: Path, way: str) -> Found:
    """What a way of `ways.py` measures itself."""
    text = measured(rival(way)(work_folder(folder, 16), HTML), folder)["text"]
    return {name: round(cost, 4) for name, cost in json.loads(text.splitlines()[-1]).items()}


class Memory:
    """Peaks of memory of a command's processes by what they are, in MB (MiB), while it runs."""

    def __init__(self, pause: float) -> None:
        self.peaks: dict[str, float] = {}
        self._pause = pause
        self._stop = threading.Event()

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._pause):
            self._look()

    def _look(self) -> None:
        found: dict[str, float] = {}
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                command = " ".join(process.cmdline())
                parent = " ".join(process.parent().cmdline()) if process.parent() else ""
                pss, own = _pss(process.pid)
                # A worker is a fork of the warm process and shows the same command.
                if "perfkit.batch.workers" in command:
                    kind = "worker" if "perfkit.batch.workers" in parent else "warm process"
                elif "perfkit run" in command or "perfkit/__main__" in command:
                    kind = "command"
                else:
                    kind = "pandoc" if "pandoc" in command else "other"
                if kind == "worker":
                    self._keep("a worker, PSS", pss)
                    self._keep("a worker, its own (USS)", own)
                found[kind] = found.get(kind, 0) + pss
                found["all"] = found.get("all", 0) + pss
        parents = found.get("command", 0) + found.get("warm process", 0)
        for kind in ("command", "warm process", "all"):
            self._keep(kind, found.get(kind, 0))
        self._keep("parents", parents)

    def _keep(self, kind: str, amount: float) -> None:
        self.peaks[kind] = round(max(self.peaks.get(kind, 0), amount), 1)


def _pss(pid: int) -> tuple[float, float]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    figures = {k: int(v) for k, v in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return figures["Pss"] / 1024, (figures["Private_Clean"] + figures["Private_Dirty"]) / 1024


def memory(folder: Path, options: argparse.Namespace) -> Found:
    """Peaks of memory by formats and workers."""
    files, found = work_folder(folder, 16), {}
    for formats in (HTML, ALL):
        for jobs in ("1", "2"):
            with Memory(0.02) as seen:
                measured([*perfkit("-j", jobs, formats=formats), *files], folder)
            found[f"{formats} -j {jobs}"] = seen.peaks
    return found


def growth(folder: Path, options: argparse.Namespace) -> Found:
    """Cost and memory from 12 departments to the largest batch, then that again unchanged."""
    counts = [n for n in (12, 100, 1000) if n < options.departments] + [options.departments]
    found: Found = {"rows": []}
    for count in counts:
        place = folder / str(count)
        work_folder(place, count)
        cost = measured(perfkit("-j", "2"), place)
        row = {"departments": count, "cpu": cost["cpu"] / count, "wall": cost["wall"] / count}
        # Once more for the memory, since looking at it takes time from the batch.
        with Memory(0.1) as seen:
            measured(perfkit("-j", "2"), place)
        found["rows"].append({k: round(v, 3) for k, v in row.items()} | {"memory": seen.peaks})
        print(f"  {count} departments", flush=True)
    again = [measured([*PERFKIT, "--formats", HTML], place) for _ in range(3)]
    if f"{counts[-1]} 份没有变化" not in again[0]["text"]:
        raise SystemExit(f"unchanged departments were made again:\n{again[0]['text'][-500:]}")
    found["unchanged"] = {
        "departments": counts[-1],
        **{kind: round(median(run[kind] for run in again), 2) for kind in ("wall", "cpu")},
    }
    return found


# --- Dask ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler and two workers, each a process: its address, and the processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-W", "ignore", "-m", "dask"]
    worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        *([*worker, "--local-directory", str(folder / f"worker-{i}")] for i in range(2)),
    ]
    processes = [
        subprocess.Popen(c, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for c in commands
    ]
    KEPT.update(process.pid for process in processes)
    try:
        yield address, [psutil.Process(process.pid) for process in processes]
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
            process.wait()
        # A worker's warm process ends when it sees that the worker is gone, and is ours by then.
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        KEPT.clear()


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds of processes and all their children until now."""
    families = [
        one for process in processes for one in (process, *process.children(recursive=True))
    ]
    total = 0.0
    for process in families:
        with contextlib.suppress(psutil.Error):
            used = process.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def dask(folder: Path, options: argparse.Namespace) -> Found:
    """CPU per report over Dask, scheduler and workers included, against ``-j 2``."""
    try:
        version("distributed")
    except Exception:
        print("Dask is not installed: left out.")
        return {}
    small, large = 8, options.dask_departments
    files = work_folder(folder, large)
    costs: dict[tuple[str, int], list[Found]] = {}
    with cluster(folder) as (address, processes):
        over = perfkit("--dask", address, "-o", "there")
        measured([*over, *files[:4]], folder)  # each worker starts its warm process
        for _ in range(min(options.repeat, 3)):
            for count in (small, large):
                before = cpu_of(processes)
                found = measured([*over, *files[:count]], folder)
                found["cpu"] += cpu_of(processes) - before
                costs.setdefault(("dask", count), []).append(found)
                here = measured([*perfkit("-j", "2"), *files[:count]], folder)
                costs.setdefault(("-j 2", count), []).append(here)
    result: Found = {"departments": [small, large]}
    for way in ("dask", "-j 2"):
        result[way] = {}
        for kind in ("cpu", "wall"):
            total = {n: median(run[kind] for run in costs[way, n]) for n in (small, large)}
            result[way][kind], _ = line(total)
            result[way][f"{kind}_in_all_per_report"] = round(total[large] / large, 3)
    return result


# --- Faults --------------------------------------------------------------------------------------

TIMEOUT, MEMORY = 15, 500

# How the file or the name is spoilt, and what the summary must say of it.
SPOILT_FILES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "broken YAML": (lambda t: t.replace("  year:", "  year: [", 1).encode(), r":\d+：.*YAML"),
    "wrong type": (lambda t: re.sub(r"year: \d+", "year: 约2023", t).encode(), r":\d+：评价年度"),
    "unknown field": (lambda t: f"{t.rstrip()}\n  colour: 红\n".encode(), r":\d+：.*colour"),
    "unreadable encoding": (lambda t: b"\xff\xfe\x81" + t.encode("gb18030"), r"UTF-8"),
    "missing name": (lambda t: re.sub(r"(?m)^  name: .*\n", "", t, count=1).encode(), r"部门"),
}
SPOILT_CELLS = {
    "raises": ("1 / 0", r"ZeroDivisionError"),
    "killed": ("import os; os.kill(os.getpid(), 9)", r"SIGKILL"),
    "exits": ("import os; os._exit(7)", r"退出码 7"),
    "hangs": ("import time; time.sleep(600)", rf"超过时限 {TIMEOUT} 秒"),
    "eats memory": ("x = b'1' * 2**30; import time; time.sleep(600)", rf"超过上限 {MEMORY} MB"),
}


def faults(folder: Path, options: argparse.Namespace) -> Found:
    """A batch in which one department of ten is at fault, in ten ways."""
    names = [Path(file).stem for file in work_folder(folder, options.departments)]
    kinds = [*SPOILT_FILES, *SPOILT_CELLS]
    spoilt = {name: kinds[(i // 10) % 10] for i, name in enumerate(names) if i % 10 == 3}
    template = folder / "notebooks" / "report.ipynb"
    notebook = nbformat.read(template, as_version=4)
    cases = "\n".join(
        f"if report.department.name.endswith({kind!r}):\n    {code}"
        for kind, (code, _) in SPOILT_CELLS.items()
    )
    notebook.cells.insert(6, nbformat.v4.new_code_cell(cases, id="misbehaves"))
    nbformat.write(notebook, template)
    good: dict[str, bytes] = {}
    for name, kind in spoilt.items():
        path = folder / "params" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        good[name] = path.read_bytes()
        if kind in SPOILT_FILES:
            path.write_bytes(SPOILT_FILES[kind][0](text))
        else:
            path.write_text(
                re.sub(r"(?m)^  name: .*$", rf"  name: 部门 {kind}", text, count=1),
                encoding="utf-8",
            )
    outputs = folder / "outputs"
    limits = ["--timeout", str(TIMEOUT), "--memory", str(MEMORY), "-j", "2", "--formats", HTML]
    first = measured([*PERFKIT, *limits], folder, fine=(1,))
    problems: list[str] = []

    def check(fact: bool, words: str) -> None:
        if not fact:
            problems.append(words)

    rows = {row["name"]: row for row in json.loads((outputs / "summary.json").read_text("utf-8"))["departments"]}  # fmt: skip
    for name in names:
        made = {path.suffix for path in outputs.glob(f"{name}.*") if "failed" not in path.name}
        if (kind := spoilt.get(name)) is None:
            check(made == {".html", ".ipynb"} and whole(outputs, name), f"{name} is not whole")
            check(rows[name]["state"] == "done", f"{name}: {rows[name]['state']}")
            continue
        cause = (SPOILT_FILES.get(kind) or SPOILT_CELLS[kind])[1]
        told = re.search(rf"^{name} 未通过(?s:.{{0,400}}?){cause}", first["text"], re.MULTILINE)
        check(bool(told), f"{kind}: {name} has no cause in the summary")
        check(not made, f"{kind}: {name} has {made}")
        check(rows[name]["state"] == "failed" and bool(rows[name]["cause"]), f"{kind}: the index")
        page = (outputs / f"{name}.failed.html").exists()
        check(page == (kind == "raises"), f"{kind}: page of the failed cell {page}")
    check(not [p for p in outputs.iterdir() if p.name.endswith(".tmp")], "a .tmp file is left")
    # Some of the right ones, made alone in another folder, have the same bytes.
    sample = [name for name in names if name not in spoilt][:: max(1, len(names) // 8)]
    alone = folder / "alone"
    measured([*perfkit("-o", str(alone)), *(f"params/{name}.yaml" for name in sample)], folder)
    for name in sample:
        same = (alone / f"{name}.html").read_bytes() == (outputs / f"{name}.html").read_bytes()
        check(same, f"{name}: other bytes when made alone")
    before = {name: (outputs / f"{name}.html").stat().st_mtime_ns for name in names if name not in spoilt}  # fmt: skip
    told = measured([*PERFKIT, *limits, "--explain"], folder)["text"]
    taken_up = set(re.findall(r"params/(\w+)\.yaml：(?!没有变化)", told))
    check(taken_up == set(spoilt), f"the next run would take up {len(taken_up)}")
    for name, content in good.items():
        (folder / "params" / f"{name}.yaml").write_bytes(content)
    second = measured([*PERFKIT, *limits], folder)
    made_again = set(re.findall(r"^\[\d+/\d+\] (\S+) 已生成", second["text"], re.MULTILINE))
    check(made_again == set(spoilt), f"the next run made {len(made_again)}")
    after = {name: (outputs / f"{name}.html").stat().st_mtime_ns for name in before}
    check(before == after, "a right one was written again")
    left = first["left_behind"] + second["left_behind"]
    check(not left, f"{left} processes were left behind")
    return {
        "departments": len(names),
        "at_fault": len(spoilt),
        "kinds": len(set(spoilt.values())),
        "wall": round(first["wall"], 1),
        "named": sum(f"{name} 未通过" in first["text"] for name in spoilt),
        "made_by_the_next_run": len(made_again),
        "problems": problems[:20],
        "all_right": not problems,
    }


def whole(outputs: Path, name: str) -> bool:
    """Whether a report's page and notebook are there to their ends."""
    try:
        json.loads((outputs / f"{name}.ipynb").read_text(encoding="utf-8"))
    except ValueError:
        return False
    return (outputs / f"{name}.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


# --- Aims ----------------------------------------------------------------------------------------


def aims(found: Found) -> list[Found]:
    """Aim, measured, reached or not; None where this run didn't measure it."""
    rows: list[Found] = []

    def add(what: str, aim: str, value: float | None, reached: Callable[[float], bool]) -> None:
        rows.append(
            {
                "what": what,
                "aim": aim,
                "measured": None if value is None else round(value, 2),
                "reached": None if value is None else reached(value),
            }
        )

    def cost(way: str, formats: str = HTML, kind: str = "cpu") -> float | None:
        listed = found.get("reports", {}).get("rows", [])
        return next(
            (r[kind] for r in listed if r["way"].startswith(way) and r["formats"] == formats), None
        )

    def ratio(over: float | None, under: float | None) -> float | None:
        return over / under if over is not None and under else None

    mine = cost("perfkit -j 1")
    add("HTML only, CPU: (a) ÷ perfkit -j 1", "≥ 13", ratio(cost("a "), mine), lambda x: x >= 13)
    both = ratio(cost("a ", ALL), cost("perfkit -j 1", ALL))
    add("all four formats, CPU: (a) ÷ perfkit -j 1", "≥ 15", both, lambda x: x >= 15)
    add("HTML only, CPU: Quarto ÷ perfkit", "≥ 15", ratio(cost("d "), mine), lambda x: x >= 15)
    floor = cost("e ")
    add("HTML only, CPU: perfkit ÷ floor", "≤ 1.15", ratio(mine, floor), lambda x: x <= 1.15)
    four = ratio(cost("perfkit -j 1", ALL), mine)
    add("CPU: all four formats ÷ HTML only", "≤ 1.5", four, lambda x: x <= 1.5)
    drawn = found.get("charts", {})
    share = ratio(drawn.get("now"), drawn.get("first version"))
    add("charts, CPU: now ÷ first version", "≤ 0.5", share, lambda x: x <= 0.5)
    page = found.get("review", {})
    more = page["with"] - page["without"] if page else None
    add("review, CPU: its share of perfkit -j 1", "≤ 0.1", ratio(more, mine), lambda x: x <= 0.1)
    for formats, words in ((HTML, "HTML only"), (ALL, "all formats")):
        speed = ratio(cost("perfkit -j 1", formats, "wall"), cost("perfkit -j 2", formats, "wall"))
        add(f"throughput, {words}: -j 2 ÷ -j 1", "≥ 1.8", speed, lambda x: x >= 1.8)
    again = found.get("growth", {}).get("unchanged", {})
    seconds = again["wall"] if again.get("departments") == 1000 else None
    add("1,000 unchanged again, s", "< 2", seconds, lambda x: x < 2)
    seen = found.get("memory", {})
    peak = max((peaks["parents"] for peaks in seen.values()), default=None)
    add(
        "memory of the parents (command and warm process), MB PSS", "< 300", peak, lambda x: x < 300
    )
    for formats, words in ((HTML, "HTML only"), (ALL, "all formats")):
        # What a worker adds are the pages that nobody else has; its PSS counts its share of the
        # warm process's, too, which are there without it. Both are in the results.
        two = seen.get(f"{formats} -j 2")
        value = two["a worker, its own (USS)"] if two else None
        add(f"memory that a worker adds, {words}, MB", "< 80", value, lambda x: x < 80)
    rows_of_growth = found.get("growth", {}).get("rows", [])
    if rows_of_growth:
        first, last = rows_of_growth[0], rows_of_growth[-1]
        more = last["memory"]["all"] / first["memory"]["all"]
        what = f"memory, all together: {last['departments']} ÷ {first['departments']} departments"
        add(what, "≤ 1.1", more, lambda x: x <= 1.1)
    over = found.get("dask") or {}
    more = ratio(over["dask"]["cpu"], over["-j 2"]["cpu"]) if over else None
    count = over.get("departments", ["", ""])[1]
    add(f"CPU per report: Dask ÷ -j 2 ({count} departments)", "≤ 1.1", more, lambda x: x <= 1.1)
    batch = found.get("faults")
    if batch:
        what = f"{batch['departments']} departments, {batch['at_fault']} at fault: problems"
        problems = 0.0 if batch["all_right"] else float(len(batch["problems"]))
        add(what, "0", problems, lambda x: x == 0)
    return rows


def shown(found: Found) -> str:
    """The results as text."""
    lines = []
    if "reports" in found:
        lines.append(f"{'seconds per report':36}{'CPU':>8}{'wall':>8}{'start: CPU':>12}{'wall':>8}")
        for row in found["reports"]["rows"]:
            words = "HTML only" if row["formats"] == HTML else "all four"
            start = [row["cpu_start"], row["wall_start"]]
            cpu, wall = ("" if value is None else f"{value:.2f}" for value in start)
            lines.append(
                f"{row['way'][:26]:27}{words:9}{row['cpu']:8.3f}{row['wall']:8.3f}{cpu:>12}{wall:>8}"
            )
            if row["left_behind"]:
                lines.append(f"    {row['left_behind']} processes were left behind (counted)")
        lines.append("")
    for name in PARTS[1:]:
        if name in found:
            lines.append(f"{name}: {json.dumps(found[name], ensure_ascii=False)}")
    lines += ["", f"{'aim':62}{'aim':>8}{'measured':>10}  reached"]
    for row in found["aims"]:
        value = "—" if row["measured"] is None else f"{row['measured']:.2f}"
        word = {None: "not measured", True: "yes", False: "NO"}[row["reached"]]
        lines.append(f"{row['what']:62}{row['aim']:>8}{value:>10}  {word}")
    return "\n".join(lines)


def commit() -> str:
    """The commit that is measured, with a + if files differ from it; empty outside of git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> Found:
    """Cores and versions; no name and no path."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    packages = ("perfkit", "papermill", "nbconvert", "ipykernel", "matplotlib", "typst")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model[1] if model else platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages if find_spec(name)},
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}; default all")
    add(
        "--ways",
        default="abcdep",
        help="ways to compare by their letter, p for perfkit; default all",
    )
    add("--departments", type=int, default=100, help="largest batch (growth, faults); default 100")
    add(
        "--many",
        type=int,
        default=20,
        help="departments to take the cost per report from; default 20",
    )
    add("--dask-departments", type=int, default=32, help="default 32")
    add("--repeat", type=int, default=2, help="runs that a median is taken of; default 2")
    add("--repeat-rivals", type=int, default=1, help="the same for the slow rivals; default 1")
    add("--full", action="store_true", help="the aims' own sizes: 1,000 departments, Dask 200")
    add("--output", type=Path, default=Path(__file__).with_name("results.json"))
    options = parser.parse_args()
    if options.full:
        options.departments, options.dask_departments, options.many = 1000, 200, 40
        options.repeat, options.repeat_rivals = 5, 3
    return options


def main() -> None:
    """Run the parts, print the results, and write them to a file."""
    options = _options()
    # What a command leaves behind becomes a child of this process, so that it can be counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["PYTHONUTF8"] = "1"
    # Else each process would compile anew what it imports, which no user's does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"Warning: the machine is busy (load {load:.1f}); wall times will be too long.")
    parts: dict[str, Callable[[Path, argparse.Namespace], Found]] = {
        "reports": reports, "charts": charts, "review": review, "memory": memory,
        "growth": growth, "dask": dask, "faults": faults,
    }  # fmt: skip
    parts_asked = options.parts.split(",")
    found: Found = {"machine": machine(), "load": {}, "commit": {}}
    if set(parts_asked) < set(PARTS) and options.output.exists():
        found |= json.loads(options.output.read_text("utf-8"))  # parts that were measured before
    for name in parts_asked:
        begin = time.monotonic()
        print(f"{name} …", flush=True)
        with tempfile.TemporaryDirectory(prefix="perfkit-benchmark-") as folder:
            found[name] = parts[name](Path(folder) / "work", options)
        found["load"][name] = round(os.getloadavg()[0], 1)
        found["commit"][name] = commit()
        print(f"  {time.monotonic() - begin:.0f} s", flush=True)
        found["aims"] = aims(found)
        options.output.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(shown(found))


if __name__ == "__main__":
    main()
