"""The warm engine writes what papermill's own writes, byte for byte."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from test_workers import HANGS, LEAVES, nobody_left, noted, soon

from perfkit.batch import execute
from perfkit.batch.engine import runs_here
from perfkit.errors import PerfkitError

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
MODEL = ROOT / "params" / "fengtai-finance-2023.yaml"

# papermill's engine takes what is written below Python from a thread; it is given the time.
WAIT = "\ntime.sleep(0.5)"

# One cell a feature; a cell tagged raises-exception may fail and the notebook goes on.
RICH = {
    "streams": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('中文')",
    "result": "{'b': 1, 'a': (1, 2)}",
    "display": "from IPython.display import HTML, Markdown, Image, display\n"
    "handle = display(HTML('<b>1</b>'), display_id='one')\nprint('between')\ndisplay(Markdown('*x*'))",
    "update": "handle.update(HTML('<b>2</b>'))",
    "clear": "from IPython.display import clear_output\nprint('gone'); clear_output(); print('kept')",
    "clear, waiting": "print('gone'); clear_output(wait=True); display('kept')",
    "bundle": "class Both:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/html': '<i>é</i>', 'application/json': {'a': (1, 2)}}, {'k': 1}\n"
    "    def __repr__(self): return 'both'\nBoth()",
    "frame": "import pandas\npandas.DataFrame({'项目': ['甲', '乙'], '金额': [1.5, 2]})",
    "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()",
    "magic": "%precision 3\n3.14159",
    "cell magic": "%%writefile /dev/null\nnothing",
    "shell": "!echo from the shell",
    "script": "%%bash\necho one; echo two >&2",
    "await": "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "history": "In[1][:6], _",
    "long": "list(range(300))",
    "none": "None",
    "payload": "get_ipython().set_next_input('next')",
    "input": "input('?')",
    "logging": "import logging\nlogging.getLogger('a').error('plain')\nlogging.warning('warned')\n"
    "logging.info('silent')\nlogging.getLogger('b').error('named')",
    "warnings": "import warnings\nfor _ in range(2): warnings.warn('told')\n"
    "warnings.warn('old', DeprecationWarning)\nwarnings.warn('open', ResourceWarning)",
    "filters": "[(f[0], f[2].__name__, str(f[3] or '')) for f in warnings.filters if f[2].__module__ == 'builtins']",
    "descriptor": f"import os, time\nos.write(1, '甲\\n'.encode()){WAIT}",
    "child": f"import subprocess\nsubprocess.run(['echo', '乙']){WAIT}",
    "child that fails": "subprocess.run([sys.executable, '-c', 'import sys; sys.exit(\"broken\")'])"
    + WAIT,
    "library": f"import ctypes\nlibrary = ctypes.CDLL(None)\nlibrary.puts(b'puts')\nlibrary.fflush(None){WAIT}",
    "underlying": f"print('under', file=sys.__stdout__, flush=True){WAIT}",
    "thread": "import threading\nthread = threading.Thread(target=print, args=('thread',))\n"
    "thread.start(); thread.join()",
    "thread that shows": "thread = threading.Thread(target=display, args=(HTML('<b>3</b>'),))\n"
    "thread.start(); thread.join()",
    "fork": "import multiprocessing\nprocess = multiprocessing.get_context('fork').Process(target=sys.stdout.write, args=('fork',))\n"
    f"process.start(); process.join(){WAIT}",
    "stream": "sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.name, sys.stdout.fileno() > 2, sys.stdin.read()",
    "buffer": "sys.stdout.buffer.write(b'1')",
    "crash": "import faulthandler\nfaulthandler.enable()\nfaulthandler.is_enabled()",
    "widget": "import comm\nmodel = {'_model_name': 'M', '_model_module': 'm', '_model_module_version': '1'}\n"
    "shown = comm.create_comm(target_name='jupyter.widget', data={'state': model}, comm_id='one')\n"
    "shown.send({'method': 'update', 'state': {'value': 5}})",
    "widget shown": "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'one'}}, raw=True)",
    "warning": "warnings.simplefilter('ignore')\nwarnings.warn('silent')",
    "traceback": "def inner(x):\n    return 1 / x\ninner(0)",
    "syntax": "def broken(:",
    "exit code": "raise SystemExit(3)",
    "last": "raise KeyError('钥匙')",
    "never": "'not reached'",
}
RAISING = {"input", "buffer", "traceback", "syntax", "exit code"}


def rich():
    cells = [
        new_code_cell(source, id=re.sub(r"\W", "-", name), metadata={"tags": ["raises-exception"]})
        if name in RAISING
        else new_code_cell(source, id=re.sub(r"\W", "-", name))
        for name, source in RICH.items()
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def executed(source, engine, folder):
    """The bytes that ``papermill --engine`` writes, without its clock, and its exit code."""
    target = folder / f"{engine}.ipynb"
    command = [sys.executable, "-W", "ignore", "-m", "papermill", "--engine", engine]
    command += [str(source), str(target), "--no-progress-bar"]
    # Under pytest, ipykernel would take nothing that is written below Python.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    done = subprocess.run(command, cwd=ROOT / "notebooks", capture_output=True, text=True, env=env)
    notebook = nbformat.read(target, as_version=4)
    keys = set(notebook.metadata.pop("papermill"))
    for number, cell in enumerate(notebook.cells):
        keys |= set(cell.metadata.pop("papermill", {}))
        keys |= set(cell.metadata.pop("execution", {}))
        cell["id"] = str(number)  # papermill gives the cells that it adds a random one
    text = re.sub(r"ipykernel_\d+", "ipykernel", nbformat.writes(notebook))  # named by its process
    return text.encode(), keys, done.returncode


def test_a_notebook_of_all_sorts_of_outputs_is_executed_to_the_same_bytes(tmp_path):
    source = tmp_path / "rich.ipynb"
    nbformat.write(rich(), source)
    standard = executed(source, "nbclient", tmp_path)
    assert executed(source, "perfkit", tmp_path) == standard
    assert standard[2] == 1


# In a process of its own: other tests leave threads behind, with which nothing is forked.
FRESH = """
import os, threading
import papermill
from nbformat.v4 import new_code_cell, new_notebook
from perfkit.batch.engine import can_fork

kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}

def run(source):
    notebook = new_notebook(cells=[new_code_cell(source)], metadata={"kernelspec": kernel})
    try:
        done = papermill.execute_notebook(notebook, None, engine_name="perfkit", progress_bar=False)
    except Exception as error:
        return type(error).__name__
    return done.cells[0].outputs[0].data["text/plain"]

"""


def in_fresh_python(code):
    command = [sys.executable, "-W", "ignore", "-c", FRESH + code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_nothing_leaks_from_one_notebook_to_the_next():
    cell = "import builtins, os\nseen = hasattr(builtins, 'leak') or 'LEAK' in os.environ\n"
    cell += "builtins.leak = 1; os.environ['LEAK'] = '1'\nseen"
    code = f"print(run({cell!r}), run({cell!r}), 'LEAK' in os.environ, can_fork())"
    assert in_fresh_python(code) == ["False", "False", "False", "True"]


def test_a_kernel_that_dies_is_an_error_of_its_own_notebook():
    code = "print(run('import os; os.kill(os.getpid(), 9)'), run('1 + 1'))"
    assert in_fresh_python(code) == ["DeadKernelError", "2"]


def test_an_error_is_raised_as_by_the_standard_engine():
    assert in_fresh_python("print(run('1 / 0'))") == ["PapermillExecutionError"]


def test_a_process_with_threads_is_not_forked():
    code = """
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
before = can_fork()
thread.start()
during = can_fork()
stop.set()
print(before, during)
"""
    assert in_fresh_python(code) == ["True", "False"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_papermill_that_is_ended_leaves_nobody(tmp_path, sent):
    pids = tmp_path / "pids"
    notebook = rich()
    notebook.cells = [new_code_cell(LEAVES.format(pids=str(pids)) + HANGS)]
    nbformat.write(notebook, tmp_path / "hangs.ipynb")
    command = [sys.executable, "-W", "ignore", "-m", "papermill", "--engine", "perfkit"]
    process = subprocess.Popen(
        [*command, "hangs.ipynb", "out.ipynb"], cwd=tmp_path, stderr=subprocess.DEVNULL,
        # A shell lets what it starts in the background ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    soon(lambda: noted(pids))
    process.send_signal(sent)
    process.wait(60)
    nobody_left(pids)


@pytest.mark.parametrize("module", ["perfkit.batch.engine", "perfkit.batch.kernel", "papermill"])
def test_each_module_is_imported_alone(module):
    code = f"import {module}; from papermill.engines import papermill_engines as p; p.get_engine('perfkit')"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True)


CHANGED = """
import ipykernel.kernelbase
{change}
print(run("6 * 7"))
"""


@pytest.mark.parametrize(
    "change",
    [
        "del ipykernel.kernelbase.Kernel.execute_request",
        "ipykernel.kernelbase.Kernel._publish_status = lambda *_, **__: None",
    ],
)
def test_where_the_inner_parts_of_a_kernel_are_others_the_standard_engine_serves(change):
    command = [sys.executable, "-W", "ignore", "-c", FRESH + CHANGED.format(change=change)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["42"]
    assert "改用 papermill 的标准引擎" in done.stderr


def test_a_faulty_parameter_file_shows_its_faults_alone(tmp_path, filing):
    path = filing({"year": "二〇二三", "budget/initial": "约1250"})
    with pytest.raises(execute.CellError) as raised:
        execute.execute(TEMPLATE, path, "nbclient")
    (shown,) = [
        output
        for cell in raised.value.notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    ]
    assert [line.split("：")[0] for line in shown.traceback] == [
        "params/x.yaml:3",
        "params/x.yaml:23",
    ]
    assert str(raised.value).splitlines() == shown.traceback


def test_only_this_python_runs_here():
    assert runs_here("python3")
    assert not runs_here("no-such-kernel")


WARMED = """
import perfkit.batch.warm
import json, sys
from pathlib import Path
import psutil
from papermill.engines import papermill_engines
from perfkit.batch import workers
from perfkit.batch.execute import build_report
papermill_engines.get_engine("perfkit")
threads = psutil.Process().num_threads()
before = set(sys.modules)
workers.forked = True
build_report(Path("params/shili-archives-2023.yaml"), Path("notebooks/report.ipynb"), engine="perfkit")
print(json.dumps({"threads": threads, "imported": sorted(set(sys.modules) - before)}))
"""


@pytest.fixture(scope="module")
def warmed():
    """The threads of a warm process, and what a report of all formats imports in it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WARMED],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_a_worker_finds_all_that_it_needs_imported(warmed):
    # The pdb of the standard library and a codec of zip files come with what is loaded anyway.
    assert set(warmed["imported"]) <= {"bdb", "encodings.cp437", "IPython.core.crashhandler"}


def test_the_warm_process_has_no_other_thread(warmed):
    # What a fork of it then waits for, a thread of its parent would never give.
    assert warmed["threads"] == 1


@pytest.fixture
def shaky(tmp_path, monkeypatch):
    """A template whose kernel fails at so many of its first starts, as when its port is taken."""

    def template(failures):
        starts = tmp_path / "starts"
        starts.mkdir()
        kernel = tmp_path / "kernels" / "shaky"
        kernel.mkdir(parents=True)
        (kernel / "start.py").write_text(
            "import os, sys, tempfile\n"
            f"starts = {str(starts)!r}\n"
            "tempfile.mkstemp(dir=starts)\n"
            f"if len(os.listdir(starts)) <= {failures}:\n"
            "    sys.exit('no port')\n"
            "os.execv(sys.executable, [sys.executable, '-m', 'ipykernel_launcher', *sys.argv[1:]])\n"
        )
        command = [sys.executable, str(kernel / "start.py"), "-f", "{connection_file}"]
        spec = {"argv": command, "display_name": "Shaky", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
        monkeypatch.setattr(execute, "START_SECONDS", (3, 20))
        named = {"display_name": "Shaky", "language": "python", "name": "shaky"}
        notebook = new_notebook(cells=[new_code_cell("6 * 7")], metadata={"kernelspec": named})
        nbformat.write(notebook, tmp_path / "shaky.ipynb")
        return tmp_path / "shaky.ipynb", starts

    return template


def test_a_kernel_that_does_not_start_is_started_again(shaky):
    template, starts = shaky(failures=1)
    done = execute.execute(template, MODEL, "nbclient")
    assert done.cells[-1].outputs[0].data["text/plain"] == "42"
    assert len(list(starts.iterdir())) == 2


def test_a_kernel_that_never_starts_is_told(shaky):
    template, starts = shaky(failures=9)
    with pytest.raises(PerfkitError, match="内核 20 秒内没有启动"):
        execute.execute(template, MODEL, "nbclient")
    assert len(list(starts.iterdir())) == 2
