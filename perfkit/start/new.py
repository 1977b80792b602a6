"""新建参数文件: a commented file to fill in, for a new department or for the next year."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from perfkit.batch.inputs import ENDINGS, name_fault
from perfkit.books.filings import blank_book
from perfkit.errors import PerfkitError
from perfkit.files import make_folder, relative_path, write_whole
from perfkit.forms.written import department_text
from perfkit.quantities import parse_whole
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import Rubric, load_rubric, shipped_rubrics
from perfkit.start.blank import Remarks, blank, remarks, worded
from perfkit.start.following import following

Answer = TypeVar("Answer")

BOOK = ".xlsx"
"""The ending of a workbook that is made."""

SCHEMA = "department.schema.json"


@dataclass(frozen=True)
class Made:
    """A file that was written, and how many places of it must still be filled in."""

    path: Path
    missing: int


def asked(name: str | None, rubric: str | None, year: int | None) -> tuple[str, str, int] | str:
    """What a new file needs, asked on the terminal where it was not given.

    Without a terminal nobody can be asked: then what is missing, in a sentence.
    """
    if not (name and rubric and year):
        if not sys.stdin.isatty():
            wanted = {"名称": name, "--rubric 评分标准": rubric, "--year 年度": year}
            missing = "、".join(words for words, given in wanted.items() if not given)
            return f"缺少 {missing}；如 perfkit new 示例区教育局 --rubric beijing-2023 --year 2024"
        name = name or _answer("部门名称", str, "")
        rubric = rubric or _answer("评分标准（名称或文件）", _known, shipped_rubrics()[0])
        year = year or _answer("评价年度", _year, "")
    if not 2000 <= year <= 2100:
        return f"--year 应在 2000 到 2100 之间，这里是 {year}"
    return name, rubric, year


def _answer(question: str, read: Callable[[str], Answer], default: str) -> Answer:
    """The answer on the terminal, asked again until it can be used."""
    if question.startswith("评分标准"):
        print(f"自带的评分标准：{'、'.join(shipped_rubrics())}")
    while True:
        try:
            given = input(f"{question}{f'（回车为 {default}）' if default else ''}：").strip()
        except EOFError:
            raise PerfkitError("没有答完，什么也没有写") from None
        if given or default:
            try:
                return read(given or default)
            except (ValueError, PerfkitError) as e:
                print(e)


def _known(rubric: str) -> str:
    load_rubric(rubric)
    return rubric


def _year(text: str) -> int:
    year = parse_whole(text)
    if not 2000 <= year <= 2100:
        raise ValueError(f"应在 2000 到 2100 之间，这里是 {year}")
    return year


def new_file(name: str, rubric: str, year: int, chinese: bool = False) -> Made:
    """A file with every field of the form and of the rubric, empty and commented.

    Args:
        name: the department's, or the path of the file.
        rubric: its name, or the path of its file from the working folder.
        year: 评价年度.
        chinese: write Chinese names of fields and indicators.

    Raises:
        PerfkitError: if the file is there, or its name or the rubric can't be used.
    """
    path = _path(name, year)
    known, written_as = _rubric(rubric, path)
    tree = blank(known, written_as, year, _department(name))
    notes = remarks(tree, known, chinese)
    return _write(path, tree, notes, known, chinese)


def new_book(name: str, rubric: str, year: int) -> Path:
    """The same as a blank workbook (工作簿), where the file would be; its path.

    Raises:
        PerfkitError: as `new_file`.
    """
    path = _path(name, year, BOOK)
    _free(path)
    load_rubric(rubric)
    make_folder(path.parent)
    blank_book(rubric, path, [_department(name)], year)
    return path


def next_file(
    source: Path, name: str | None, rubric: str | None, year: int | None, chinese: bool = False
) -> Made:
    """Next year's file of the department that filed *source*.

    Raises:
        PerfkitError: if *source* has faults or *year* is not the next one; else as `new_file`.
    """
    department, known = read_department(source)
    following_year = department.year + 1
    if year is not None and year != following_year:
        raise PerfkitError(
            f"{source} 是 {department.year} 年度的，下一年度是 {following_year}，--year 写的是 {year}"
        )
    if name is None:
        stem = source.stem.removesuffix(f"-{department.year}")
        path = source.with_name(f"{stem}-{following_year}.yaml")
    else:
        path = _path(name, following_year)
    if rubric is not None:
        known, written_as = _rubric(rubric, path)
    elif department.rubric.endswith(ENDINGS):
        written_as = relative_path(source.parent / department.rubric, path.parent)
    else:
        written_as = department.rubric
    tree, notes = following(
        department, known, written_as, relative_path(source, path.parent), chinese
    )
    if department.template:
        tree["template"] = relative_path(source.parent / department.template, path.parent)
    return _write(path, tree, notes, known, chinese)


def is_book_path(name: str) -> bool:
    """Whether a workbook is meant by the ending of what is to be made."""
    return name.lower().endswith(BOOK)


def _is_path(name: str) -> bool:
    return name.lower().endswith((*ENDINGS, BOOK)) or "/" in name or "\\" in name


def _department(name: str) -> str:
    """The department's name, if *name* is one."""
    return "" if _is_path(name) or name.isascii() else name.strip()


def _path(name: str, year: int, ending: str = ENDINGS[0]) -> Path:
    """Where the file goes: a path as it is given, a department's into ``params``."""
    if not _is_path(name):
        stem = name.strip()
        return (
            Path("params") / f"{stem if re.search(rf'{year}$', stem) else f'{stem}-{year}'}{ending}"
        )
    path = Path(name)
    if path.suffix.lower() in ([BOOK] if ending == BOOK else ENDINGS):
        return path
    if path.suffix.lower() in (*ENDINGS, BOOK):
        what = "工作簿" if ending == BOOK else "参数文件"
        raise PerfkitError(f"{path}：要写的是{what}，文件名应以 {ending} 结尾")
    return path.with_name(f"{path.name}{ending}")


def _free(path: Path) -> None:
    """See that a file can be made there.

    Raises:
        PerfkitError: if it is there already, or another form of it, or can't be called so.
    """
    if why := name_fault(path.with_suffix(ENDINGS[0]) if path.suffix.lower() == BOOK else path):
        raise PerfkitError(f"{path}：{why}")
    if path.exists():
        raise PerfkitError(f"{path} 已经有了，没有改动；请换一个名称，或先把它移开")
    for other in (path.with_suffix(ending) for ending in (*ENDINGS, BOOK)):
        if other.exists():
            raise PerfkitError(
                f"{other} 已经有了，与 {path.name} 的报告会同名；请换一个名称，或先把它移开"
            )


def _rubric(rubric: str, path: Path) -> tuple[Rubric, str]:
    """The rubric, and how the file at *path* names it."""
    known = load_rubric(rubric)
    return known, relative_path(rubric, path.parent) if rubric.endswith(ENDINGS) else rubric


def _write(path: Path, tree: dict[str, Any], notes: Remarks, rubric: Rubric, chinese: bool) -> Made:
    _free(path)
    if chinese:
        tree, notes = worded(tree, notes, rubric)
    head = [f"yaml-language-server: $schema={schema}"] if (schema := _schema(path)) else []
    head.append("照每项上面的说明填；不填的留空，注释可以留着。填好后用 perfkit check 检查。")
    text = department_text(tree, chinese, {**notes, "": "\n".join(head)})
    make_folder(path.parent)
    write_whole(path, text.encode())
    try:
        read_department(path)
    except PerfkitError as e:
        return Made(path, len(e.faults))
    return Made(path, 0)


def _schema(path: Path) -> str:
    """Where the editor finds the schema, from the file's folder; empty if it isn't near."""
    for folder in (path.parent.parent, path.parent.parent / "perfkit"):
        if (folder / SCHEMA).is_file():
            return relative_path(folder / SCHEMA, path.parent)
    return ""
