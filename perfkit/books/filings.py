"""Parameter files made of workbooks (导入), workbooks of parameter files (导出), and blank ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from perfkit.books.writing import Entry, book_bytes
from perfkit.errors import Fault, PerfkitError
from perfkit.files import make_folder, relative_path, shown_name, write_whole
from perfkit.forms.bookfile import ENDINGS, OTHER_ENDINGS, part_of
from perfkit.forms.filing import file_key
from perfkit.forms.workbook import read_book
from perfkit.forms.written import department_text, tree
from perfkit.scoring.asked import only_asked
from perfkit.scoring.names import in_words
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric, shipped_rubrics


@dataclass
class Imported:
    """What became of a book: the files written, and what was taken for what."""

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def departments_in(book: Path) -> list[Path]:
    """A path for each department of a book: the book itself if it has one, else within it.

    Raises:
        PerfkitError: if the book can't be read.
    """
    found = read_book(book)
    if len(found.filings) < 2:
        return [book]
    return [book / f"{file_key(key)}.xlsx" for key in found.filings]


def books_in(folder: Path) -> list[Path]:
    """The workbooks of a folder, and what people have in place of them."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS + OTHER_ENDINGS and not path.name.startswith((".", "~$"))
    )


def import_books(
    books: Iterable[Path], folder: Path, replace: bool = False, chinese: bool = False
) -> Imported:
    """Parameter files of all departments in *books*, in *folder*; all or none are written.

    With *chinese* they have the form's own names for fields and the rubric's for its codes.

    Raises:
        PerfkitError: with the faults of all books, or for a file that is there already.
    """
    made: dict[Path, str] = {}
    notes: list[str] = []
    faults: list[Fault] = []
    for book in books:
        try:
            listed = departments_in(book)
        except PerfkitError as e:
            faults += e.faults
            continue
        notes += read_book(book).notes
        for path in listed:
            target = folder / f"{path.stem}.yaml"
            if any(target.name.casefold() == other.name.casefold() for other in made):
                message = f"两个部门都要写成 {target.name}；请改一个部门或文件的名称"
                faults.append(Fault(shown_name(book), 0, message))
            elif not replace and target.exists():
                message = f"{target} 已经有了；要换成工作簿里的请加 --force，或用 -o 写到别的文件夹"
                faults.append(Fault(shown_name(book), 0, message))
            try:
                made[target] = _text_of(path, folder, chinese)
            except PerfkitError as e:
                faults += e.faults
    if faults:
        raise PerfkitError(faults)
    make_folder(folder)
    for target, text in made.items():
        write_whole(target, text.encode())
    return Imported(list(made), list(dict.fromkeys(notes)))


def _text_of(path: Path, folder: Path, chinese: bool) -> str:
    department, rubric = read_department(path)
    book = part_of(path)[0]
    found = _moved(only_asked(tree(department), rubric), book.parent, folder)
    if chinese:
        found = in_words(found, rubric)
    return department_text(found, chinese, {"": f"由工作簿 {book.name} 导入"})


def _moved(filed: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
    """*filed* with its relative paths as seen from another folder."""

    def seen(value: Any, must_exist: bool = False) -> Any:
        written = PureWindowsPath(str(value or ""))
        if not written.suffix or written.anchor or str(value).startswith("/"):
            return value
        target = old / written.as_posix()
        if must_exist and not target.exists():
            return value  # the name of a rubric, not a file
        return relative_path(target.resolve(), new.resolve())

    found = dict(filed)
    for name in ("rubric", "previous", "template"):
        if name in found:
            found[name] = seen(found[name], name == "rubric")
    if isinstance(units := found.get("units"), list):
        found["units"] = [
            unit | {"file": seen(unit["file"])} if unit.get("file") else unit for unit in units
        ]
    return found


def export_book(files: Sequence[Path], target: Path) -> None:
    """The filings of parameter files as one workbook.

    Raises:
        PerfkitError: with the faults of all files; nothing is written then.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    keys: set[str] = set()
    for path in files:
        try:
            department, rubric = read_department(path)
        except PerfkitError as e:
            faults += e.faults
            continue
        key = department.name
        if key in keys:
            key = f"{department.name}（{department.year}）"
        if key in keys or file_key(key).casefold() in {file_key(k).casefold() for k in keys}:
            key = f"{department.name}（{path.stem}）"
        keys.add(key)
        filed = _moved(only_asked(tree(department), rubric), path.parent, target.parent)
        entries.append(Entry(key, filed, rubric))
    if faults:
        raise PerfkitError(faults)
    write_whole(target, book_bytes(entries, form=len(entries) == 1))


def blank_book(
    rubric: str, target: Path, names: Sequence[str] = (), year: int | None = None
) -> None:
    """A blank workbook for a rubric; with several *names* one for all these departments.

    A rubric's file is given from the working folder; the book names it from its own.

    Raises:
        PerfkitError: if there is no such rubric.
    """
    loaded = load_rubric(rubric)
    named = rubric if rubric in shipped_rubrics() else relative_path(rubric, target.parent)
    filed: dict[str, Any] = {"rubric": named}
    if year:
        filed["year"] = str(year)
    given = list(dict.fromkeys(names)) or [""]
    entries = [Entry(name, {**({"name": name} if name else {}), **filed}, loaded) for name in given]
    write_whole(target, book_bytes(entries, form=True))
