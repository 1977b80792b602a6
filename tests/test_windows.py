"""What Windows does otherwise, driven on any system: drives, files that are open, names."""

import json
import ntpath
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from perfkit import files
from perfkit.errors import PerfkitError
from perfkit.files import relative_path, write_whole

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "notebooks" / "report.ipynb"
SOURCE = ROOT / "params" / "shili-archives-2023.yaml"


def test_there_is_no_way_from_drive_to_drive(monkeypatch, tmp_path):
    assert relative_path(tmp_path / "params" / "x.yaml", tmp_path / "outputs") == "../params/x.yaml"
    monkeypatch.setattr(os.path, "relpath", lambda *_: ntpath.relpath("D:\\x.yaml", "C:\\outputs"))
    assert relative_path(tmp_path / "x.yaml", tmp_path / "outputs") == f"{tmp_path}/x.yaml"


DRIVES = """
import os

def drive(path):
    return "drive-d" in os.path.abspath(path).split(os.sep)

def relpath(path, start=os.curdir, real=os.path.relpath):
    if drive(path) != drive(start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")
    return real(path, start)

os.path.relpath = relpath
"""


def test_a_batch_over_two_drives(tmp_path):
    """Parameters and a file that the notebook opens on one drive, the template and outputs on another."""
    start, there, here = (tmp_path / name for name in ("start", "drive-d", "drive-c"))
    for folder in (start, there, here / "notebooks"):
        folder.mkdir(parents=True)
    (start / "sitecustomize.py").write_text(DRIVES)
    (there / "a.yaml").write_bytes(SOURCE.read_bytes())
    (there / "data.csv").write_text("1")
    notebook = nbformat.read(TEMPLATE, as_version=4)
    opening = nbformat.v4.new_code_cell(f"open({str(there / 'data.csv')!r}).read()", id="data")
    notebook.cells = [*notebook.cells[:4], opening]
    nbformat.write(notebook, here / "notebooks" / "report.ipynb")

    def perfkit(*arguments):
        command = [sys.executable, "-m", "perfkit", "run", there, "--formats", "html"]
        return subprocess.run(
            [*map(str, command), "--engine", "nbclient", *arguments],
            cwd=here, env=os.environ | {"PYTHONPATH": f"{start}{os.pathsep}{ROOT}"},
            capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip

    done = perfkit()
    assert done.returncode == 0, done.stderr
    rows = json.loads((here / "outputs" / "summary.json").read_text(encoding="utf-8"))
    assert [(row["name"], row["state"]) for row in rows["departments"]] == [("a", "done")]
    assert "没有变化，不用做" in perfkit("--explain").stdout
    (there / "data.csv").write_text("2")
    assert "data.csv 有变化" in perfkit("--explain").stdout


def test_a_file_that_is_read_for_a_moment_is_written_all_the_same(tmp_path, monkeypatch):
    left = [PermissionError(13, "used by another process")] * 3
    replace = Path.replace

    def refuse(self, target):
        if left:
            raise left.pop()
        return replace(self, target)

    monkeypatch.setattr(files, "RETRIES", (0, 0, 0, 0))
    monkeypatch.setattr(Path, "replace", refuse)
    write_whole(tmp_path / "x.html", b"new")
    assert (tmp_path / "x.html").read_bytes() == b"new"


def test_a_file_that_stays_open_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(files, "RETRIES", (0, 0))
    monkeypatch.setattr(Path, "replace", refuse)
    (tmp_path / "summary.xlsx").write_bytes(b"old")
    told = r"summary\.xlsx 写不进去：没有权限，或正被别的程序使用；如果文件正在 Excel.*请关闭后再试"
    with pytest.raises(PerfkitError, match=told):
        write_whole(tmp_path / "summary.xlsx", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["summary.xlsx"]


def test_many_threads_write_one_file_whole(tmp_path):
    path = tmp_path / "index.html"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write_whole(path, bytes([n]) * 100_000), range(80)))
    content = path.read_bytes()
    assert content == content[:1] * 100_000
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
