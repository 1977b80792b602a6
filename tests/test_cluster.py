"""The same work on a real Dask cluster: a scheduler and two workers, each a process."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from command_line import perfkit

ROOT = Path(__file__).parent.parent
SOURCE = (ROOT / "params" / "shili-archives-2023.yaml").read_text(encoding="utf-8")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler, and its two worker processes."""
    folder = tmp_path_factory.mktemp("cluster")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-W", "ignore", "-m", "dask"]
    logs = subprocess.DEVNULL
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        cwd=folder, stdout=logs, stderr=logs,
    )  # fmt: skip
    worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    workers = [
        subprocess.Popen(
            [*worker, "--local-directory", str(folder / str(i))],
            cwd=folder, stdout=logs, stderr=logs,
        )
        for i in range(2)
    ]  # fmt: skip
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def run(folder, *arguments):
    return perfkit("run", "--formats", "html", *arguments, cwd=folder)


@pytest.fixture
def district(tmp_path):
    (tmp_path / "params").mkdir()
    for i in range(12):
        (tmp_path / "params" / f"d{i:02}.yaml").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    template = (ROOT / "notebooks" / "report.ipynb").read_bytes()
    (tmp_path / "notebooks" / "report.ipynb").write_bytes(template)
    return tmp_path


def test_reports_come_back_with_the_bytes_that_are_made_here_each_of_its_own_template(
    cluster, district
):
    own = district / "templates" / "2023" / "own.ipynb"
    own.parent.mkdir(parents=True)
    notebook = nbformat.read(district / "notebooks" / "report.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("自己的模板"))
    nbformat.write(notebook, own)
    path = district / "params" / "d00.yaml"
    path.write_text(
        f"{SOURCE.rstrip()}\n  template: ../templates/2023/own.ipynb\n", encoding="utf-8"
    )
    files = ["params/d00.yaml", "params/d01.yaml"]
    done = run(district, *files, "--dask", cluster[0], "-o", "there")
    assert done.returncode == 0, done.stderr
    run(district, *files, "-o", "here")
    for name in ("d00", "d01"):
        for ending in (".ipynb", ".html"):
            there, here = (district / folder / f"{name}{ending}" for folder in ("there", "here"))
            assert there.read_bytes() == here.read_bytes()
        assert ("自己的模板" in here.read_text(encoding="utf-8")) == (name == "d00")


def test_faults_and_the_page_of_a_failed_cell_come_back_too(cluster, district):
    bad = district / "params" / "bad.yaml"
    bad.write_text(SOURCE.replace("year: 2023", "year: 二〇二三"), encoding="utf-8")
    template = district / "notebooks" / "report.ipynb"
    notebook = nbformat.read(template, as_version=4)
    notebook.cells[5].source = "1 / 0"
    nbformat.write(notebook, template)
    done = run(district, bad, "params/d00.yaml", "--dask", cluster[0])
    assert done.returncode == 1
    assert re.search(r"bad 未通过：params/bad.yaml:\d+：评价年度", done.stderr)
    assert "单元格“1 / 0”出错：ZeroDivisionError" in done.stderr
    page = (district / "outputs" / "d00.failed.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in page


def test_reports_go_to_a_shared_folder(cluster, district):
    share = district / "share"
    done = run(district, "params/d00.yaml", "--dask", cluster[0], "--share", share.as_uri())
    assert done.returncode == 0, done.stderr
    assert (share / "d00.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_scheduler_that_is_not_there_is_told(district):
    done = run(district, "params/d00.yaml", "--dask", f"tcp://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "连不上 Dask 调度器" in done.stderr


def test_a_worker_that_is_killed_loses_nothing(cluster, district):
    address, workers = cluster
    command = [sys.executable, "-m", "perfkit", "run", "--formats", "html", "--dask", address]
    process = subprocess.Popen(
        command, cwd=district, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    for line in process.stdout:
        if line.startswith("[2/12]"):
            os.kill(workers[0].pid, signal.SIGKILL)
            break
    rest = process.communicate()[0]
    assert process.wait() == 0
    assert "生成 12 份报告" in rest
    assert len(list((district / "outputs").glob("d*.html"))) == 12
