"""A report's files: none that is out of date stays, none that was changed by hand is lost."""

import json
import os
import subprocess
import sys

import pytest

from perfkit.batch.documents import Seal, replace_documents, retire_documents

REPORT = {".ipynb": b"notebook", ".html": b"page", ".docx": b"word"}


@pytest.fixture
def made(tmp_path):
    """The folder with a report in it, and the seals of its files."""
    return tmp_path, replace_documents(tmp_path, "a", REPORT, {}).files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_is_written_and_sealed(made):
    folder, seals = made
    assert names(folder) == sorted(seals) == ["a.docx", "a.html", "a.ipynb"]


def test_what_is_no_longer_asked_for_goes(made):
    folder, seals = made
    kept = replace_documents(folder, "a", {".html": b"new"}, seals)
    assert names(folder) == [*kept.files] == ["a.html"]
    assert (kept.written, kept.removed, kept.notes) == ([".html"], 2, [])


@pytest.mark.parametrize("again", [{".html": b"page"}, {".docx": b"new"}], ids=["dropped", "anew"])
def test_a_document_that_was_changed_by_hand_is_kept_and_told(made, again):
    folder, seals = made
    (folder / "a.docx").write_bytes(b"by hand")
    kept = replace_documents(folder, "a", again, seals)
    [copy] = folder.glob("a-旧稿-*.docx")
    assert copy.read_bytes() == b"by hand"
    assert kept.notes == [f"a.docx 不是上次生成的样子，可能手工改过，已改名为 {copy.name} 保留"]
    later = replace_documents(folder, "a", {".docx": b"newer"}, kept.files)
    assert copy.read_bytes() == b"by hand"
    assert later.notes == []


def test_two_changes_in_a_minute_are_both_kept(made):
    folder, seals = made
    for text in (b"one", b"two"):
        (folder / "a.docx").write_bytes(text)
        os.utime(folder / "a.docx", (1e9, 1e9))
        seals = replace_documents(folder, "a", REPORT, seals).files
    assert {path.read_bytes() for path in folder.glob("a-旧稿-*.docx")} == {b"one", b"two"}


def test_a_copy_of_what_was_written_is_no_change(made):
    folder, seals = made
    os.utime(folder / "a.docx", (1e9, 1e9))
    kept = replace_documents(folder, "a", {".html": b"page"}, seals)
    assert (names(folder), kept.notes) == (["a.html"], [])


def test_a_file_that_is_not_known_is_kept(made):
    folder, _ = made
    kept = replace_documents(folder, "a", {".html": b"page"}, {})
    assert [path.suffix for path in folder.glob("a-旧稿-*")] != []
    assert len(kept.notes) == 2
    assert kept.removed == 0


def test_a_journal_of_old_knows_its_files_by_size_and_time(made):
    folder, seals = made
    old = {name: Seal(seal.size, seal.time) for name, seal in seals.items()}
    assert replace_documents(folder, "a", {".html": b"new"}, old).notes == []


def test_the_same_content_is_not_written_again(made):
    folder, seals = made
    os.utime(folder / "a.docx", (1e9, 1e9))
    replace_documents(folder, "a", REPORT, seals)
    assert (folder / "a.docx").stat().st_mtime == 1e9


def test_after_a_failure_nothing_looks_current_and_nothing_is_lost(made):
    folder, seals = made
    (folder / "a.docx").write_bytes(b"by hand")
    failed = retire_documents(folder, "a", seals)
    assert {path.read_bytes() for path in folder.iterdir()} == {b"notebook", b"page", b"by hand"}
    assert all("旧稿" in name for name in names(folder))
    again = retire_documents(folder, "a", failed.files)
    assert again.files == failed.files

    kept = replace_documents(folder, "a", REPORT, again.files)
    left = [name for name in names(folder) if name not in kept.files]
    assert [(folder / name).read_bytes() for name in left] == [b"by hand"]


def test_files_of_other_reports_are_left_alone(made):
    folder, seals = made
    for name in ("a.b.html", "ab.pdf", "a.failed.html", "index.html"):
        (folder / name).write_bytes(b"other")
    replace_documents(folder, "a", {".html": b"new"}, seals)
    retire_documents(folder, "a", {})
    for name in ("a.b.html", "ab.pdf", "a.failed.html", "index.html"):
        assert (folder / name).read_bytes() == b"other"


# As Windows does with a file that Word has open: it can be read, but not replaced or removed.
LOCKED = """
import errno, json, sys
from pathlib import Path
from perfkit.batch.documents import Seal, replace_documents

def hook(event, arguments):
    if event in ("os.rename", "os.remove") and any(str(a).endswith("a.docx") for a in arguments):
        raise PermissionError(errno.EACCES, "denied", str(arguments[0]))

sys.addaudithook(hook)
folder, seals, documents = json.loads(sys.argv[1])
seals = {name: Seal(*seal) for name, seal in seals.items()}
documents = {ending: text.encode() for ending, text in documents.items()}
kept = replace_documents(Path(folder), "a", documents, seals)
print(json.dumps([kept.written, kept.files, kept.faults]))
"""


@pytest.mark.parametrize(
    "documents", [{".docx": "new", ".html": "new"}, {".html": "new"}], ids=["anew", "dropped"]
)
def test_a_document_that_is_open_in_word_is_told_and_the_others_are_written(made, documents):
    folder, seals = made
    given = json.dumps([str(folder), seals, documents])
    done = subprocess.run(
        [sys.executable, "-c", LOCKED, given], capture_output=True, check=True, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    written, files, faults = json.loads(done.stdout)
    assert written == [".html"]
    assert (folder / "a.html").read_bytes() == b"new"
    assert (folder / "a.docx").read_bytes() == b"word"
    assert files["a.docx"] == [*seals["a.docx"]]
    assert len(faults) == 1
    assert "没有权限，或正被别的程序使用" in faults[0]
    assert "关闭" in faults[0]
