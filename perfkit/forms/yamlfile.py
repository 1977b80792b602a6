"""A YAML file read as text, with the line of every value, and its faults told in Chinese.

Parameter files and rubrics are read here. Every scalar stays the text that
stands in the file: as a YAML number 012 would be ten, 12:30 would be 750 and
0.10 would lose its zero. The models give the text its type.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from perfkit import signs
from perfkit.errors import Fault, PerfkitError
from perfkit.files import read_regular, shown_name
from perfkit.forms.aliases import all_aliases, in_english
from perfkit.forms.fields import Loc, all_fields, field_words
from perfkit.forms.slips import QUOTE, find_slips
from perfkit.texts import in_short

MAX_VALUES = 50_000
"""More values than any report has."""

MAX_DEPTH = 50
"""Deeper than any report."""

MAX_BYTES = 5_000_000
"""Fifty times the longest filing; a larger file is something else."""

MAX_SYNTAX_FAULTS = 10
"""Places where the grammar breaks that are told at once; after more it is no parameter file."""


@dataclass(frozen=True)
class Source:
    """Where a record was read from: the file's name, its SHA-256, the line and text of each value.

    The name is the file's folder and name, never an absolute path, so that a
    report is the same wherever the work folder lies. A record that came
    without a file has an empty name and no lines.
    """

    name: str = ""
    sha256: str = ""
    lines: Mapping[Loc, int] = field(default_factory=dict)
    texts: Mapping[Loc, str] = field(default_factory=dict)
    comments: Mapping[Loc, str] = field(default_factory=dict)
    """What stands after an unquoted value on its line, from the # on."""
    quoted: Set[Loc] = frozenset()
    """The places of values in quotation marks, or set as a block: texts, whatever they look like."""
    typed: Mapping[Loc, str] = field(default_factory=dict)
    """The words that stand in the file for a field's English name, or for a code of the rubric."""
    misread: Mapping[int, str] = field(default_factory=dict)
    """Lines with a slip of typing, which have no further faults to speak of."""
    cells: Mapping[Loc, str] = field(default_factory=dict)
    """Of a workbook, the cell of each value (工作表“项目”C7); its lines are only their order."""
    part: str = ""
    """Of a workbook of several departments, which of them; the digest is that of its part."""

    def line(self, loc: Loc) -> int:
        """The line of the value at *loc*, of the nearest one around it if it is missing."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 0)

    def place(self, field: str) -> str:
        """``params/x.yaml:12`` for ``department.budget.total``; without a file *field* itself."""
        if not self.name:
            return field
        while field and field not in self._by_path:
            field = field.rpartition(".")[0]
        line = self._by_path.get(field, 0)
        if cell := self._cell_of.get(line):
            return f"{self.name} {cell}"
        return f"{self.name}:{line}" if line else self.name

    def words(self, model: type[BaseModel], loc: Loc, at: Loc = (), told: Loc | None = None) -> str:
        """The fields on the way from *at* to *loc* below it: as typed, else in the form's words.

        *told* is the same place as pydantic tells it, with the kinds that it passes.
        """
        steps = enumerate(field_words(model, loc if told is None else told), 1)
        return " / ".join(self.typed.get((*at, *loc[:n]), word) for n, word in steps)

    @cached_property
    def _by_path(self) -> dict[str, int]:
        # Joined, because a key may have a dot of its own: reported.scores.finance.system.
        return {".".join(map(str, loc)): line for loc, line in self.lines.items()}

    @cached_property
    def _cell_of(self) -> dict[int, str]:
        return {self.lines[loc]: cell for loc, cell in self.cells.items() if loc in self.lines}

    def fault(self, loc: Loc, message: str) -> Fault:
        """A fault at *loc*."""
        line = self.line(loc)
        return Fault(self.name, line, message, self._cell_of.get(line, ""))


def read_text(path: Path) -> tuple[str, bytes]:
    """The text of a UTF-8 file and its bytes.

    Raises:
        PerfkitError: if the file is missing, is no regular file (a pipe would
            be waited for, a device has no end), is too large, or is otherwise encoded.
    """
    name = shown_name(path)

    def refused(message: str, line: int = 0) -> PerfkitError:
        return PerfkitError([Fault(name, line, message)])

    too_large = f"文件超过 {MAX_BYTES // 1_000_000} MB，不是参数文件或评分标准"
    raw = read_regular(path, refused, MAX_BYTES, lambda _: too_large)
    try:
        return raw.decode("utf-8-sig"), raw
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        raise refused(f"{_encoding(raw)}，请用编辑器另存为 UTF-8", line) from None


def _encoding(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "文件不是 UTF-8 编码，是 UTF-16（记事本里叫“Unicode”）"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "文件不是 UTF-8 编码，也不是 GBK，可能是别的程序的文件，或者损坏了"
    return "文件不是 UTF-8 编码，是 GBK（记事本里叫“ANSI”）"


def read_tree(path: Path, model: type[BaseModel]) -> tuple[dict[str, Any], Source, list[Fault]]:
    """The file as nested dicts and lists of text (None for null), with its source and faults.

    Lines with a slip of typing are read as they were meant, so that the faults
    of the rest can be told with theirs; *model* says which fields there are.
    """
    text, raw = read_text(path)
    name = shown_name(path)
    if control := _CONTROL.search(text):
        line = text[: control.start()].count("\n") + 1
        raise PerfkitError([Fault(name, line, _INVISIBLE)])
    if hidden := signs.HIDDEN_BREAK.search(text):
        line = text[: hidden.start()].count("\n") + 1
        message = f"有看不见的换行符（{signs.named(hidden[0])}），请删去，要换行请按回车键"
        raise PerfkitError([Fault(name, line, message)])
    written = text.splitlines()
    slips, text = find_slips(text, {*all_fields(model), *all_aliases(model)})
    faults = [Fault(name, line, message) for line, message in slips.items()]
    faults += [Fault(name, *found) for found in signs.turning_in_comments(text)]
    root = _composed(text, name, faults)
    source = Source(name, hashlib.sha256(raw).hexdigest(), {}, {}, {}, set())
    reader = _Reader(source, text.splitlines())
    tree = reader.value(root, ()) if root else None
    tree, source, twice = in_english(tree, source, model)
    faults += [fault for fault in [*reader.faults, *twice] if fault.line not in slips]
    source = replace(source, misread={f.line: written[f.line - 1] for f in faults})
    if not isinstance(tree, dict):
        faults.append(Fault(name, 1, "文件是空的，或者最外层不是“字段: 内容”的形式"))
        raise PerfkitError(faults)
    return tree, source, faults


def _composed(text: str, name: str, faults: list[Fault]) -> yaml.Node | None:
    """The file as YAML nodes.

    Raises:
        PerfkitError: with *faults* and every place where the grammar breaks. After
            each, the line and what is indented under it are left out to find the next.
    """
    told = {fault.line for fault in faults}
    broken: list[Fault] = []
    lines = text.splitlines()
    for attempt in range(MAX_SYNTAX_FAULTS):
        try:
            text = "\n".join(lines)
            if unwanted := check_events(text, name):
                raise PerfkitError([*faults, *broken, *unwanted])
            root = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as e:
            fault = _syntax_fault(e, name, lines)
            at = min(max(fault.line, 1), len(lines)) - 1
            while at > 0 and not lines[at].strip():
                at -= 1  # the end of the file, or a line that was left out
            # A grammar that breaks at a slip, or just under it, breaks because of it.
            if not told & {fault.line, fault.line - 1, at + 1}:
                broken.append(fault)
            if not any(line.strip() for line in lines):
                break
            at = _leave_out(lines, at)
            told.add(at + 1)
        else:
            if attempt:  # lines were left out, and what is missing now may stand there
                break
            return root
    raise PerfkitError([*faults, *broken])


def _leave_out(lines: list[str], at: int) -> int:
    """Empty the line *at* and those indented under it; the number of the last one."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    lines[at] = ""
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        lines[number], at = "", number
    return at


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_events(text: str, name: str) -> list[Fault]:
    """What YAML has and a parameter file doesn't: types, references, a second document.

    Raises:
        PerfkitError: if there is too much or it is too deep. Composing is recursive, so
            depth is measured before it, over the stream of events.
    """
    depth = documents = 0
    found: list[Fault] = []
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise PerfkitError([Fault(name, line, _TOO_MUCH)])
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                found.append(
                    Fault(name, line, "文件里有多余的 --- 分隔线，后面的内容不会读；请删去")
                )
            if event.tags:
                found.append(Fault(name, line, "不能有 %TAG 一行，请删去"))
        elif isinstance(event, yaml.AliasEvent):
            found.append(Fault(name, line, f"内容以 * 开头，YAML 当作引用；{QUOTE}"))
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            found.append(Fault(name, line, f"内容以 & 开头，YAML 当作引用；{QUOTE}"))
        elif getattr(event, "tag", None):
            found.append(
                Fault(name, line, f"内容以 ! 开头，YAML 当作类型标记；{QUOTE}，或者删去标记")
            )
    return found


_CONTROL = yaml.reader.Reader.NON_PRINTABLE
_INVISIBLE = "含有不可见的控制字符，请删除"
_TOO_MUCH = "内容太多，或者嵌套太深"


class _Reader:
    def __init__(self, source: Source, written: list[str]) -> None:
        self.source = source
        self.written = written
        self.faults: list[Fault] = []

    def fault(self, node: yaml.Node, message: str) -> None:
        self.faults.append(Fault(self.source.name, node.start_mark.line + 1, message))

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        lines: dict[Loc, int] = self.source.lines  # type: ignore[assignment]
        lines.setdefault(loc, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, loc, lines)
        if isinstance(node, yaml.SequenceNode):
            if node.flow_style:
                self.check_list(node)
            return [self.value(child, (*loc, i)) for i, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        if not node.style and (comment := self.comment(node.end_mark)):
            self.source.comments[loc] = comment  # type: ignore[index]
        if not node.style and node.tag == "tag:yaml.org,2002:null":
            return None
        if node.style:
            self.source.quoted.add(loc)  # type: ignore[attr-defined]
        texts: dict[Loc, str] = self.source.texts  # type: ignore[assignment]
        texts[loc] = signs.cleaned(node.value)
        return texts[loc]

    def mapping(self, node: yaml.MappingNode, loc: Loc, lines: dict[Loc, int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        before: yaml.Node | None = None
        in_list, repeated = bool(loc) and isinstance(loc[-1], int), False
        other = "；如果从这一行起是另一项，它前面要有“- ”" if in_list else ""
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.fault(key, "字段名不能是列表或花括号；内容以 [ 或 { 开头时" + QUOTE)
                continue
            if node.flow_style and not self.has_colon(key):
                self.fault(key, self.cut(before, key))
                continue
            before = child
            step = signs.cleaned(str(key.value))
            lines.setdefault((*loc, step), key.start_mark.line + 1)
            if step in found:
                message = f"字段“{step}”重复，第 {lines[(*loc, step)]} 行已经有了，请删去一个"
                if not (in_list and repeated):  # of an item without its dash, the first is told
                    self.fault(key, message + other)
                repeated = True
                continue
            repeated = False
            found[step] = self.value(child, (*loc, step))
        return found

    def has_colon(self, key: yaml.ScalarNode) -> bool:
        mark = key.end_mark
        rest = self.written[mark.line][mark.column :].lstrip() if self.written else ":"
        return rest.startswith(":") or not rest

    def cut(self, before: yaml.Node | None, key: yaml.ScalarNode) -> str:
        """What to say of a piece between two commas of {…}: a key without a colon."""
        piece = key.value
        if before is None or before.end_mark.line != key.start_mark.line:
            return f"“{in_short(piece)}”后面没有冒号；花括号里应是“字段: 内容”，是文字就{QUOTE[1:]}"
        line = self.written[key.start_mark.line]
        whole = line[before.start_mark.column : key.end_mark.column].strip("'\"")
        return (
            f"英文逗号把“{in_short(whole)}”断成了两截，后面的“{in_short(piece)}”读不到；"
            f"请给它加英文引号：'{in_short(whole)}'，或者每个字段写一行，不用花括号"
        )

    def check_list(self, node: yaml.SequenceNode) -> None:
        """A comma inside a figure: [1,000, 2] is three items."""
        for one, other in zip(node.value, node.value[1:], strict=False):
            if one.end_mark.line != other.start_mark.line:
                continue
            line = self.written[one.end_mark.line]
            whole = line[one.start_mark.column : other.end_mark.column]
            if re.fullmatch(r"[^,'\"]*\d,\d{3}([^\d,].*)?", whole):
                message = f"英文逗号把“{in_short(whole)}”断成了两项；请给它加英文引号：'{in_short(whole)}'"
                self.fault(one, message)

    def comment(self, mark: yaml.Mark) -> str:
        """The comment right after a value on its line."""
        rest = self.written[mark.line][mark.column :] if mark.line < len(self.written) else ""
        found = re.match(r"\s+(#.*)", rest)
        return found[1] if found else ""


def _syntax_fault(error: yaml.MarkedYAMLError, name: str, lines: list[str]) -> Fault:
    """The fault that *error* comes from, at the line to be mended."""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and re.search("quoted scalar|flow|simple key", error.context or ""):
        mark = error.context_mark  # where it was opened; the problem shows only further down
    line = mark.line + 1 if mark else 0
    if "mapping values" in (error.problem or ""):
        # Of lines that differ, the one that the lines on both sides of it are deeper than.
        written = [n for n in range(line, 0, -1) if n <= len(lines) and lines[n - 1].strip()][:3]
        indents = [len(lines[n - 1]) - len(lines[n - 1].lstrip(" ")) for n in written]
        if len(indents) == 3 and indents[1] < indents[0] <= indents[2]:
            return Fault(name, written[1], "YAML 写法有误：缩进比上下的行少；同一层的字段要左对齐")
    return Fault(name, line, _syntax_message(error))


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    problem = f"{error.context or ''} {error.problem or ''}"
    causes = {
        r"cannot start any token": "内容以 @ ` % 等符号开头；请给内容加英文引号",
        "mapping values are not allowed": "一行里有两个“: ”，或者缩进比上一行多（上一行前面是不是少了“- ”）；"
        "内容里有“: ”时请加英文引号，字段则与上一个字段左对齐",
        "could not find expected ':'": "这一行没有冒号；是字段就写“字段: 内容”，冒号用英文的，"
        "后面空一格；是上面文字的一部分，就与它左对齐",
        "quoted scalar": "引号没有成对",
        "sequence entries are not allowed": "列表的“- ”要另起一行，写在字段下面",
        "expected <block end>": "缩进不齐，同一层的字段要左对齐",
        "block scalar": "内容以 > 或 | 开头；请给内容加英文引号",
        "expected ',' or": "方括号或花括号没有成对，或者中间缺少英文逗号",
        "undefined alias": "内容以 * 开头；请给内容加英文引号",
        "alphabetic or numeric": "内容以 * 或 & 开头；请给内容加英文引号",
        "did not find expected key": "缩进不齐，同一层的字段要左对齐；或者引号没有成对",
        "expected '-' indicator": "缩进不齐，同一个列表的“- ”要左对齐",
        "single document": "文件里有多余的 --- 分隔线",
        "document start": "文件里有多余的 --- 分隔线，或者有一行没有冒号",
        "directive": "不能有以 % 开头的一行，请删去",
        "incompatible YAML": "%YAML 一行的版本不对，请删去这一行",
        "expected node content": "内容以 , ] } 等符号开头，或者方括号、花括号没有成对",
        "tag": f"内容以 ! 开头，YAML 当作类型标记；{QUOTE}，或者删去标记",
    }
    cause = next((text for key, text in causes.items() if key in problem), "请检查这一行和上一行")
    return f"YAML 写法有误：{cause}"
