"""A report that was received, audited as it stands or made into a parameter file (来稿转成参数文件)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from perfkit.errors import Fault, PerfkitError
from perfkit.files import relative_path, write_whole
from perfkit.forms.department import Department
from perfkit.forms.fields import Loc, field_names, leaves
from perfkit.forms.written import as_written, department_text
from perfkit.forms.yamlfile import Source
from perfkit.received.filing import gather
from perfkit.received.found import Origin, Received, steps, words_of_path
from perfkit.received.opened import read_paper
from perfkit.scoring.names import in_words
from perfkit.scoring.params import department_of, read_department
from perfkit.scoring.rubric import Rubric, shipped_rubrics
from perfkit.texts import in_short

FILL_IN = "没有找到，请补填"

HEAD = (
    "由 perfkit 从“{name}”读入（SHA-256 {digest}）。\n"
    "每个值上面的注释是它在报告里的位置和原文；写“推算”的不是报告里的话，请核对；\n"
    "写“{fill}”的是报告里没有找到的。补填、核对后用 perfkit check 检查。"
)


@dataclass(frozen=True)
class ReceivedSource(Source):
    """A report as the source of a filing: places in it (第12段, 第3页) in place of lines."""

    places: Mapping[str, str] = field(default_factory=dict)

    def place(self, field: str) -> str:
        """``report.docx 第12段`` for ``department.budget.total``."""
        while field and field not in self.places:
            field = field.rpartition(".")[0]
        return f"{self.name} {self.places[field]}" if field else self.name

    def fault(self, loc: Loc, message: str) -> Fault:
        """A fault at the place that the value was read from."""
        return Fault(self.place(".".join(map(str, loc))), 0, message)


def read_report(path: Path, rubric: str | None = None) -> Received:
    """What a report says: see `perfkit.received.filing`.

    Args:
        path: a Word file (.docx) or a PDF.
        rubric: the rubric it was made by, a name or a file; else the one its score sheet fits.

    Raises:
        PerfkitError: if the file can't be read, or is no such report at all.
    """
    received = gather(read_paper(path), rubric)
    parts = ["budget", "projects", "indicators"]
    if not received.rubric.has_money:  # such a report may have no more than its score sheet
        parts += ["reported", "checks"]
    if not any(map(received.get, parts)):
        looked = "预算执行情况、项目和评分表" if received.rubric.has_money else "项目和评分表"
        raise PerfkitError(
            f"{received.paper.name}：没有找到{looked}，不像{received.rubric.words.evaluation}报告；"
            "请核对是不是这个文件"
        )
    return received


def department_received(received: Received) -> tuple[Department, Rubric]:
    """The filing that a report amounts to; its findings name the places in the report.

    Raises:
        PerfkitError: if what the form needs was not found.
    """
    paper = received.paper
    texts = {
        ("department", *loc): as_written(value, loc)
        for loc, value in leaves(received.tree, ())
        if not isinstance(value, bool)
    }
    places = {f"department.{path}": origin.place for path, origin in received.origins.items()}
    for path in list(received.origins):
        # The place of a project is that of its name, of a budget's part that of its first figure.
        while "." in path:
            path = path.rpartition(".")[0]
            places.setdefault(f"department.{path}", _first(received, path).place)
    source = ReceivedSource(paper.name, paper.sha256, texts=texts, places=places)
    try:
        return department_of(copy.deepcopy(received.tree), source)
    except PerfkitError as e:
        hint = "不能直接审核：先用 perfkit import 转成参数文件，补填、改正后再用 perfkit check"
        raise PerfkitError([*e.faults, Fault(paper.name, 0, hint)]) from None


def _first(received: Received, path: str) -> Origin:
    return next(o for known, o in received.origins.items() if known.startswith(f"{path}."))


def parameter_text(received: Received, chinese: bool = False, folder: Path = Path()) -> str:
    """The parameter file of a report: each value below where it is from, what is missing to be filled in.

    *folder* is where it is to stand: from there its rubric's file is named.
    """
    tree = copy.deepcopy(received.tree)
    if received.named not in shipped_rubrics():
        tree["rubric"] = relative_path(received.named, folder)
    remarks = {path: str(origin) for path, origin in received.origins.items()}
    for path in received.missing:
        _blank(tree, steps(path))
        remarks[path] = FILL_IN
    paper = received.paper
    notes = [HEAD.format(name=paper.name, digest=paper.sha256[:12], fill=FILL_IN)]
    notes += [f"读的时候：{note}" for note in paper.notes]
    notes += [f"没有读：{text}" for text in received.unread]
    notes += [f"前后不一致：{doubt}" for doubt in received.doubts]
    remarks[""] = "\n".join(notes)
    tree = _ordered(tree, ())
    if chinese:
        tree = _in_words(tree, received.rubric, remarks)
    return department_text(tree, chinese, _at_items(remarks))


def _in_words(tree: dict[str, Any], rubric: Rubric, remarks: dict[str, str]) -> dict[str, Any]:
    """The tree with the rubric's words for its codes, the remarks at the words."""
    worded = in_words(tree, rubric)
    for way in (("checks",), ("reported", "scores")):
        old, new = tree, worded
        for step in way:
            old, new = old.get(step) or {}, new.get(step) or {}
        for code, word in zip(old, new, strict=True):
            if remark := remarks.pop(".".join((*way, code)), ""):
                remarks[".".join((*way, word))] = remark
    return worded


def _at_items(remarks: Mapping[str, str]) -> dict[str, str]:
    return {path: " ".join(text.split()) if path else text for path, text in remarks.items()}


def _blank(tree: Any, way: list[str | int]) -> None:
    for step, following in pairwise(way):
        if isinstance(step, int):
            tree = tree[step]
        else:
            tree = tree.setdefault(step, [] if isinstance(following, int) else {})
    tree.setdefault(way[-1], "")


def _ordered(value: Any, loc: Loc) -> Any:
    """The fields in the order of the form."""
    if isinstance(value, dict):
        names = {name: n for n, name in enumerate(field_names(Department, loc))}
        keys = sorted(value, key=lambda key: names.get(key, len(names)))
        return {key: _ordered(value[key], (*loc, key)) for key in keys}
    if isinstance(value, list):
        return [_ordered(child, (*loc, i)) for i, child in enumerate(value)]
    return value


def listing(received: Received) -> Iterator[str]:
    """What was found, a line a value with its place; what was not; what is doubtful."""
    for path, origin in received.origins.items():
        value = received.get(path)
        shown = in_short(as_written(value, tuple(steps(path))))
        yield f"  {_named(received, path)}：{shown}  〔{origin}〕"
    if received.missing:
        yield f"  没有找到 {len(received.missing)} 项："
        yield from (f"    {_named(received, path)}" for path in received.missing)
    yield from _notes(received)


def _named(received: Received, path: str) -> str:
    """A field in words, an item or an indicator of the rubric in the rubric's own."""
    words, code = words_of_path(path), str(steps(path)[-1])
    names = {item.id: item.text for item in received.rubric.items.values()}
    names |= {indicator.id: indicator.name for indicator in received.rubric.everything}
    if path.startswith(("checks.", "reported.scores.")) and code in names:
        return f"{words.removesuffix(code)}{names[code]}（{code}）"
    return words


def lacking(received: Received) -> Iterator[str]:
    """How a report was read and what was not found in it, in short."""
    name = received.rubric.name
    yield f"  说明  按“{name}”审核；如果报告按的是别的评分标准，请用 --rubric 写明"
    yield from _notes(received)
    if received.missing:
        listed = "；".join(_named(received, path) for path in received.missing)
        yield f"  没有找到  {len(received.missing)} 项：{listed}"


def _notes(received: Received) -> Iterator[str]:
    yield from (f"  说明  {note}" for note in received.paper.notes)
    yield from (f"  没有读  {text}" for text in received.unread)
    yield from (f"  前后不一致  {doubt}" for doubt in received.doubts)


def write_parameters(
    received: Received, path: Path, force: bool = False, chinese: bool = False
) -> list[str]:
    """Write the parameter file of a report; the faults that it has until it is filled in.

    Raises:
        PerfkitError: if there is a file of this name already and *force* is not given.
    """
    if path.exists() and not force:
        raise PerfkitError(f"{path} 已经有了，没有覆盖；要覆盖请加 --force，或用 -o 写到别处")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise PerfkitError(f"{path.parent} 不能用作文件夹，请用 -o 另写一个") from None
    write_whole(path, parameter_text(received, chinese, path.parent).encode())
    try:
        read_department(path)
    except PerfkitError as e:
        return [str(fault) for fault in e.faults]
    return []
