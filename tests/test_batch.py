"""Many departments: what is made again and why, failures that stay small, and a clean end."""

import contextlib
import json
import operator
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from command_line import perfkit, perfkit_process

from perfkit.batch.journal import JOURNAL, read_journal
from perfkit.batch.plan import Settings, common_inputs, why
from perfkit.batch.workers import Job, Limits, Workers
from perfkit.review.record import add_events

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
SOURCE = (ROOT / "params" / "shili-archives-2023.yaml").read_text(encoding="utf-8")


@pytest.fixture
def district(tmp_path):
    """A work folder with three departments, and a template of a few cells."""
    return founded(tmp_path)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    folder = founded(tmp_path_factory.mktemp("district"))
    assert sorted(made(folder)) == ["a", "b", "c"]
    return folder


@pytest.fixture
def made_district(first_run, tmp_path):
    """The district after its first run; a copy with the times of its files."""
    return shutil.copytree(first_run, tmp_path / "made")


def founded(folder):
    (folder / "params").mkdir()
    for name in "abc":
        department(folder, name)
    write_template(folder, "report.execution()")
    return folder


def department(folder, name, text=SOURCE):
    (folder / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")


def write_template(folder, *cells):
    notebook = nbformat.read(TEMPLATE, as_version=4)
    notebook.cells = notebook.cells[:4]
    for number, source in enumerate(cells):
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=f"cell-{number}"))
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "notebooks" / "report.ipynb")


def run(folder, *arguments):
    return perfkit("run", "--formats", "html", *arguments, cwd=folder)


def made(folder, *arguments):
    """The names of the reports that a run makes."""
    done = run(folder, *arguments)
    return re.findall(r"^\[\d+/\d+\] (\S+) 已生成", done.stdout, re.MULTILINE)


def reasons(folder, *arguments):
    """Why each report would be made."""
    lines = run(folder, "--explain", *arguments).stdout.splitlines()
    return {Path(line.split("：")[0]).stem: line.split("：", 1)[1] for line in lines}


def test_what_has_not_changed_is_not_made_again(made_district):
    assert made(made_district) == []


def test_the_reason_is_told(district, made_district):
    assert set(reasons(district).values()) == {"还没有生成过"}
    assert set(reasons(made_district).values()) == {"没有变化，不用做"}


def change_parameters(folder):
    department(folder, "b", SOURCE.replace("示例区", "示例新区"))


def change_template(folder):
    write_template(folder, "report.execution()", "report.management()")


def tear_output(folder):
    (folder / "outputs" / "b.html").write_text("torn")


def remove_output(folder):
    (folder / "outputs" / "b.html").unlink()


@pytest.mark.parametrize(
    ("change", "again", "reason"),
    [
        (change_parameters, ["b"], "参数文件有变化"),
        (change_template, ["a", "b", "c"], "模板有变化"),
        (tear_output, ["b"], "b.html 缺失或被改动"),
        (remove_output, ["b"], "b.html 缺失或被改动"),
    ],
)
def test_what_has_changed_is_made_again(made_district, change, again, reason):
    change(made_district)
    assert reasons(made_district)["b"] == reason
    assert sorted(made(made_district)) == again


def test_another_format_makes_all_again(made_district):
    assert reasons(made_district, "--formats", "html,pdf")["a"] == "格式有变化"


def test_force_makes_all_again(made_district):
    assert sorted(made(made_district, "--force")) == ["a", "b", "c"]


def test_a_file_that_the_notebook_opened_counts(district):
    data = district / "notebooks" / "data.csv"
    data.write_text("1")
    write_template(district, "open('data.csv').read()")
    run(district, "params/a.yaml")
    assert reasons(district)["a"] == "没有变化，不用做"
    data.write_text("2")
    assert reasons(district)["a"] == "data.csv 有变化"


def test_a_module_beside_the_template_counts(district):
    helper = district / "notebooks" / "helper.py"
    helper.write_text("x = 1")
    write_template(district, "import helper\nhelper.x")
    run(district)
    helper.write_text("x = 2")
    assert reasons(district)["a"] == "helper.py 有变化"


def test_a_torn_line_of_the_journal_is_passed_over(made_district):
    journal = made_district / "outputs" / JOURNAL
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"name": "a", "inp')
    assert made(made_district) == []
    department(made_district, "d")
    assert made(made_district) == ["d"]
    assert made(made_district) == []


def test_one_thousand_unchanged_are_told_without_a_worker(made_district):
    journal = made_district / "outputs" / JOURNAL
    record = json.loads(
        next(line for line in journal.read_text("utf-8").splitlines() if '"a"' in line)
    )
    html = made_district / "outputs" / "a.html"
    with journal.open("a", encoding="utf-8") as file:
        for i in range(1000):
            name = f"n{i}"
            department(made_district, name)
            target = made_district / "outputs" / f"{name}.html"
            os.link(html, target)
            files = {target.name: [target.stat().st_size, target.stat().st_mtime_ns]}
            line = {**record, "name": name, "params": f"../params/{name}.yaml", "files": files}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    # Every process then tells what it imports; a worker's first is papermill.
    words = ("run", "--formats", "html")
    done = perfkit_process(*words, cwd=made_district, PYTHONPROFILEIMPORTTIME="1")
    assert "1003 份没有变化" in done.stdout
    assert "papermill" not in done.stderr


FAULTY = SOURCE.replace("year: 2023", "year: 二〇二三")


@pytest.mark.parametrize("engine", ["perfkit", "nbclient"])
def test_failures_stay_small_and_are_named(district, engine):
    department(district, "b", FAULTY)
    write_template(district, "1 / (report.department.year - 2022)", "report.execution()")
    department(district, "c", SOURCE.replace("year: 2023", "year: 2022"))
    done = run(district, "--engine", engine)
    assert done.returncode == 1
    assert re.search(r"b 未通过：params/b.yaml:\d+：评价年度", done.stderr)
    assert (
        "c 未通过：模板 notebooks/report.ipynb 的单元格“1 / (report.department.year - 2022)”出错"
        in done.stderr
    )
    assert (district / "outputs" / "a.html").exists()
    assert not (district / "outputs" / "b.html").exists()
    page = (district / "outputs" / "c.failed.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in page
    assert "报告没有生成" in page


def test_what_failed_is_in_the_index_and_the_next_run_takes_up_just_that(district):
    department(district, "b", FAULTY)
    run(district)
    assert {name: row["state"] for name, row in index(district).items()} == {
        "a": "done", "b": "failed", "c": "done",
    }  # fmt: skip
    assert (district / "outputs" / "index.html").exists()
    assert (district / "outputs" / "summary.xlsx").exists()
    assert reasons(district)["b"] == "上次未通过"
    department(district, "b")
    assert made(district) == ["b"]


def test_the_failed_page_goes_when_the_report_is_made(district):
    write_template(district, "1 / 0")
    run(district)
    assert (district / "outputs" / "a.failed.html").exists()
    write_template(district, "report.execution()")
    run(district)
    assert not (district / "outputs" / "a.failed.html").exists()


ENDS = """
import os, time
match report.department.year:
    case 2020:
        os.kill(os.getpid(), 9)
    case 2021:
        time.sleep(60)
    case 2022:
        x = bytearray(2**30)
        time.sleep(60)
"""


def test_a_report_that_breaks_its_process_takes_only_itself(district):
    write_template(district, ENDS)
    for year, name in ((2020, "dies"), (2021, "hangs"), (2022, "eats")):
        department(district, name, SOURCE.replace("year: 2023", f"year: {year}"))
    done = run(district, "-j", "2", "--timeout", "10", "--memory", "600")
    for cause in (
        "dies 未通过：.*SIGKILL",
        "hangs 未通过：超过时限 10 秒",
        "eats 未通过：.*超过上限 600 MB",
    ):
        assert re.search(cause, done.stderr), done.stderr
    assert {path.name for path in (district / "outputs").glob("*.html")} == {
        "a.html", "b.html", "c.html", "index.html",
    }  # fmt: skip


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(district):
    write_template(district, "import time; time.sleep(0 if report.department.year == 2023 else 60)")
    for name in "bc":
        department(district, name, SOURCE.replace("year: 2023", "year: 2022"))
    command = [sys.executable, "-m", "perfkit", "run", "--formats", "html", "-j", "1"]
    process = subprocess.Popen(
        command, cwd=district, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout.readline().startswith("要做 3 份")
    assert "a 已生成" in process.stdout.readline()
    time.sleep(1)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    rest = process.communicate()[0]
    assert process.wait(20) == 1
    assert "生成 1 份报告" in rest
    assert "已中断，还有 2 个没做" in rest
    assert family
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert reasons(district)["a"] == "没有变化，不用做"


def test_a_command_that_is_killed_leaves_no_orphans(district):
    write_template(district, "import time; time.sleep(60)")
    command = [sys.executable, "-m", "perfkit", "run", "--formats", "html"]
    process = subprocess.Popen(command, cwd=district, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(family := psutil.Process(process.pid).children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def test_a_department_that_is_gone_leaves_the_index(made_district):
    (made_district / "params" / "b.yaml").unlink()
    department(made_district, "d")
    run(made_district)
    found = json.loads((made_district / "outputs" / "summary.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in found["departments"]] == ["a", "c", "d"]


def reviewed(district, *events):
    """Add events on report a to its record; what the index says of it after the next run."""
    batch_of = {"report": "a", "by": "甲"}
    numbered = [
        batch_of | {"id": f"{day:016x}", "at": f"2024-03-{day:02d}T09:00:00+08:00"} | event
        for day, event in events
    ]
    add_events(district / "outputs", "a", numbered)
    run(district)
    return index(district)["a"]


def index(district):
    found = json.loads((district / "outputs" / "summary.json").read_text(encoding="utf-8"))
    return {row["name"]: row for row in found["departments"]}


def test_the_index_follows_the_reviews(made_district):
    assert index(made_district)["a"]["review"] == "none"
    quote = {"type": "TextQuoteSelector", "exact": "预算", "prefix": "", "suffix": ""}
    remark = {"kind": "remark", "text": "核对", "target": {"block": "execution", "selector": quote}}
    assert reviewed(made_district, (1, remark))["open_remarks"] == 1

    content = index(made_district)["a"]["content"]
    assert set(content) == {"data", "narrative", "rubric", "template"}
    settle = {"kind": "settle", "on": f"{1:016x}"}
    accept = {"kind": "accept", "content": content, "blocks": {}}
    row = reviewed(made_district, (2, settle), (3, accept))
    assert (row["review"], row["open_remarks"], row["fresh"]) == ("accepted", 0, True)

    write_template(made_district, "report.execution()", "report.measures()")
    run(made_district)
    assert index(made_district)["a"]["review"] == "lapsed"
    assert index(made_district)["b"]["review"] == "none"


def test_the_index_tells_what_departments_wrote_alike(district, filing):
    text = "按照年度计划组织开展专项检查，对发现的问题建立台账、逐项整改，群众的满意度稳步提高，取得良好效果。"
    for name in "abc":
        filing({"name": f"示例{name}局"}, f"{name}.yaml")
    filing({"name": "示例a局", "projects/0/narrative": text}, "a.yaml")
    filing({"name": "示例b局", "projects/1/narrative": text}, "b.yaml")

    def alike():
        found = json.loads((district / "outputs" / "summary.json").read_text(encoding="utf-8"))
        pairs = [(pair["one"], pair["other"], pair["text"]) for pair in found["alike"]]
        return [pair for pair in pairs if pair[2].startswith("按照年度计划")]

    run(district)
    [(one, other, words)] = alike()
    assert (one, other) == ("a", "b")
    assert text.startswith(words.removesuffix("…"))

    run(district, "params/c.yaml")  # only c is looked at: what a and b wrote is remembered
    assert len(alike()) == 1
    filing({"name": "示例b局"}, "b.yaml")
    run(district)
    assert alike() == []


def test_the_content_is_that_of_the_page(made_district):
    page = (made_district / "outputs" / "a.html").read_text(encoding="utf-8")
    assert f'data-template="{index(made_district)["a"]["content"]["template"]}"' in page


def test_workers_do_jobs_in_processes_of_their_own():
    jobs = [Job(str(n), operator.truediv, (6, n)) for n in (1, 2, 0, 3)]
    with Workers(2, "json", Limits()) as workers:
        found = {o.name: (o.value, o.kind, o.error) for o in workers.run(jobs, lambda _: None)}
    assert found == {
        "1": (6, "done", ""),
        "2": (3, "done", ""),
        "3": (2, "done", ""),
        "0": (None, "failed", "ZeroDivisionError：division by zero"),
    }


# Each writes its own year where all the others write theirs, and gives them time to.
SHARES = """
import pandas, time
from pathlib import Path
year = report.department.year
assert not Path("x.csv").exists()
Path("x.csv").write_text(f"y\\n{year}\\n")
for name in ("data.csv", "folder/data.csv", "folder/new.csv"):
    Path(name).write_text(f"y\\n{year}\\n")
time.sleep(1)
[int(pandas.read_csv(name).y[0]) - year for name in ("x.csv", "data.csv", "folder/data.csv", "folder/new.csv")]
"""


@pytest.mark.parametrize("engine", ["perfkit", "nbclient"])
def test_what_a_report_writes_no_other_reads(district, engine):
    notebooks = district / "notebooks"
    (notebooks / "folder").mkdir()
    for name in ("data.csv", "folder/data.csv"):
        (notebooks / name).write_text("y\n1\n")
    (notebooks / "helper.py").write_text("x = 1")
    (district / "beside").mkdir()
    (district / "beside" / "y.csv").write_text("y\n7\n")
    write_template(
        district,
        "import helper, pandas, os\nhelper.x, pandas.read_csv('data.csv').y[0], "
        "pandas.read_csv('../beside/y.csv').y[0], os.path.basename(os.getcwd()) == 'notebooks'",
        SHARES,
    )
    for year, name in enumerate("abc", 2021):
        department(district, name, SOURCE.replace("year: 2023", f"year: {year}"))
    before = sorted(notebooks.rglob("*.csv"))
    done = run(district, "--engine", engine, "-j", "3")
    assert done.returncode == 0, done.stderr
    for year, name in enumerate("abc", 2021):
        executed = nbformat.read(district / "outputs" / f"{name}.ipynb", as_version=4)
        shown = [cell.outputs[0].data["text/plain"] for cell in executed.cells[-2:]]
        assert shown == ["(1, np.int64(1), np.int64(7), False)", "[0, 0, 0, 0]"]
        kept = district / "outputs" / f"{name}.files"
        assert (kept / "x.csv").read_text() == f"y\n{year}\n"
        assert (kept / "folder" / "new.csv").exists()
    assert sorted(notebooks.rglob("*.csv")) == before
    assert (notebooks / "data.csv").read_text() == "y\n1\n"
    assert [path.name for path in district.glob(".*")] == []
    # What it wrote itself is no input; what it read is, at its place.
    assert set(reasons(district, "--engine", engine).values()) == {"没有变化，不用做"}
    (notebooks / "helper.py").write_text("x = 2")
    assert reasons(district, "--engine", engine)["a"] == "helper.py 有变化"
    (notebooks / "helper.py").write_text("x = 1")
    (district / "beside" / "y.csv").write_text("y\n8\n")
    assert reasons(district, "--engine", engine)["a"] == "../beside/y.csv 有变化"


READS = """
import ctypes, glob, os, sqlite3, subprocess
import numpy
sqlite3.connect("../beside/base.db").execute("select * from t").fetchall()
open("../beside/plus.txt", "r+").read()
numpy.memmap("../beside/map.bin", dtype="u1")[0]
sorted(os.listdir("../beside/listed"))
subprocess.run(["cat", "../beside/cat.txt"], capture_output=True)
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
library.fopen("../beside/low.bin".encode(), b"r")
try:
    open("../beside/missing.txt")
except FileNotFoundError:
    pass
"""


def change_database(beside):
    with contextlib.closing(sqlite3.connect(beside / "base.db")) as base:
        base.execute("insert into t values (2)")
        base.commit()


CHANGES = {
    "base.db": change_database,
    "plus.txt": lambda beside: (beside / "plus.txt").write_text("other"),
    "map.bin": lambda beside: (beside / "map.bin").write_bytes(b"2"),
    "listed": lambda beside: (beside / "listed" / "new.csv").write_text(""),
    "cat.txt": lambda beside: (beside / "cat.txt").write_text("other"),
    "low.bin": lambda beside: (beside / "low.bin").write_bytes(b"2"),
    "missing.txt": lambda beside: (beside / "missing.txt").write_text("there"),
}


@pytest.mark.parametrize("engine", ["perfkit", "nbclient"])
def test_whatever_the_notebook_read_counts_however_it_read_it(district, engine):
    beside = district / "beside"
    (beside / "listed").mkdir(parents=True)
    for name in ("plus.txt", "map.bin", "cat.txt", "low.bin"):
        (beside / name).write_bytes(b"1")
    with contextlib.closing(sqlite3.connect(beside / "base.db")) as base:
        base.execute("create table t (a)")
        base.commit()
    write_template(district, READS)
    assert run(district, "--engine", engine, "params/a.yaml").returncode == 0
    assert reasons(district, "params/a.yaml", "--engine", engine)["a"] == "没有变化，不用做"
    settings = Settings(
        template=district / "notebooks" / "report.ipynb",
        outputs=district / "outputs",
        formats=("html",),
    )
    record = read_journal(settings.outputs)["a"]
    common = common_inputs(settings)
    for name, change in CHANGES.items():
        before = shutil.copytree(beside, district / "before")
        change(beside)
        reason = why(settings, district / "params" / "a.yaml", record, common)
        assert reason == f"../beside/{name} 有变化"
        shutil.rmtree(beside)
        shutil.move(before, beside)


def test_what_is_too_large_to_be_copied_is_read_and_not_written(district):
    large = district / "notebooks" / "large"
    large.mkdir()
    for number in range(501):
        (large / f"{number}.csv").write_text("1")
    write_template(district, "open('large/7.csv').read()", "open('large/7.csv', 'w')")
    done = run(district, "params/a.yaml")
    assert "“large/7.csv”在一个太大、没有为每份报告各复制一份的文件夹里" in done.stderr
    assert (large / "7.csv").read_text() == "1"


def test_a_file_that_changes_while_its_report_is_made_has_changed(district):
    cell = "text = open(department, encoding='utf-8').read()\n"
    cell += "if department.endswith('a.yaml'): open(department, 'a').write('# later')"
    write_template(district, cell)
    run(district)
    assert reasons(district)["a"] == "参数文件有变化"
    assert reasons(district)["b"] == "没有变化，不用做"


@pytest.mark.parametrize("engine", ["perfkit", "nbclient"])
def test_a_file_that_changes_after_it_was_opened_has_changed(district, engine):
    (district / "data.csv").write_text("1")
    write_template(district, "open('../data.csv').read()", "open('../data.csv', 'a').write('2')")
    run(district, "params/a.yaml", "--engine", engine)
    assert reasons(district, "params/a.yaml", "--engine", engine)["a"] == "../data.csv 有变化"


def edit_template(folder, change):
    path = folder / "notebooks" / "report.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def run_in_jupyterlab(notebook):
    notebook.cells[1].source = 'department = "../params/b.yaml"'
    for number, cell in enumerate(notebook.cells, 1):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text="saved")]
        cell.metadata["execution"] = {"iopub.status.busy": "2024-03-05T09:30:00Z"}
    notebook.metadata.kernelspec.display_name = "Python 3.13"
    notebook.metadata.language_info = {"name": "python", "version": "3.13.0"}


def add_a_parameter(notebook):
    notebook.cells[1].source += "\nthreshold = 3"


def tag_a_chapter(notebook):
    notebook.cells[-1].metadata["tags"] = ["review"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (run_in_jupyterlab, "没有变化，不用做"),
        (add_a_parameter, "模板有变化"),
        (tag_a_chapter, "模板有变化"),
    ],
)
def test_only_the_sources_of_the_template_count(made_district, change, reason):
    edit_template(made_district, change)
    assert reasons(made_district, "params/a.yaml")["a"] == reason


def test_what_is_out_of_date_does_not_stay_and_what_was_edited_does(district):
    outputs = district / "outputs"
    run(district, "params/a.yaml", "params/b.yaml", "--formats", "html,docx")
    (outputs / "a.docx").write_bytes(b"by hand")
    done = run(district, "params/a.yaml", "params/b.yaml")
    [copy] = outputs.glob("*.docx")
    assert copy.read_bytes() == b"by hand"
    told = f"a：a.docx 不是上次生成的样子，可能手工改过，已改名为 {copy.name} 保留"
    assert told in done.stderr
    assert "删去以前生成的旧文件 1 个" in done.stderr

    department(district, "b", FAULTY)
    run(district, "params/b.yaml")
    assert not (outputs / "b.html").exists()
    assert len(list(outputs.glob("b-旧稿-*"))) == 2
    assert index(district)["b"]["links"] == []


JUNK = ['"x"', "[]", "null", "5", "{}", '{"name": "a"}', "[" * 100_000, '{"name": 1, "row": []}']


def test_a_journal_of_another_shape_is_passed_over(made_district):
    journal = made_district / "outputs" / JOURNAL
    line = next(line for line in journal.read_text("utf-8").splitlines() if '"name": "a"' in line)
    junk = [*JUNK, json.dumps(json.loads(line) | {"row": {}})]
    with journal.open("a", encoding="utf-8") as file:
        file.write("\n".join(junk) + "\n")
    done = run(made_district)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 份没有变化" in done.stdout

    journal.unlink()
    journal.mkdir()
    done = run(made_district)
    assert done.returncode == 1
    assert done.stderr.endswith("读不了：这是文件夹；请移走它再试\n")


def test_a_name_that_cannot_be_used_stops_no_other(district):
    for name in ("index", "x" * 250):
        department(district, name)
    done = run(district)
    assert done.returncode == 1
    assert "index 未通过：params/index.yaml：文件名 index 是 perfkit 自己用的" in done.stderr
    assert "文件名太长" in done.stderr
    assert "生成 3 份报告" in done.stdout
    assert {row["state"] for name, row in index(district).items() if name in "abc"} == {"done"}
    assert "自己用的" in index(district)["index"]["cause"]
