"""A YAML file read as text, with the line of every value, and its faults told in Chinese.

Parameter files and rubrics are read here. Every scalar stays the text that
stands in the file: as a YAML number 012 would be ten, 12:30 would be 750 and
0.10 would lose its zero. The models give the text its type.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MAX_VALUES = 200_000
"""More values than any report has; an alias bomb has more."""

MAX_DEPTH = 50
"""Deeper than any report; an alias that contains itself has no end."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a file: the file, the line (1-based, 0 if unknown), and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """``params/x.yaml:12：message``."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}：{self.message}"


class PerfkitError(Exception):
    """What the user can mend: one or more faults, each with its place."""

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        """With *faults* in the order of their lines, or with one that has no place."""
        self.faults = (
            (Fault("", 0, faults),) if isinstance(faults, str) else tuple(sorted(set(faults)))
        )
        super().__init__("\n".join(str(f).removeprefix("：") for f in self.faults))


REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EACCES: "没有权限，或正被别的程序使用",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘只能读",
    errno.ENOSPC: "磁盘满了",
    errno.ENAMETOOLONG: "名称太长",
    errno.EADDRINUSE: "已被别的程序使用",
}
"""Why the system refuses what analysts ask of it; its own words are English."""


def system_reason(error: OSError) -> str:
    """The reason that the system gives, in Chinese where it is a common one."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)


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
        return f"{self.name}:{line}" if line else self.name

    @cached_property
    def _by_path(self) -> dict[str, int]:
        # Joined, because a key may have a dot of its own: reported.scores.finance.system.
        return {".".join(map(str, loc)): line for loc, line in self.lines.items()}

    def fault(self, loc: Loc, message: str) -> Fault:
        """A fault at *loc*."""
        return Fault(self.name, self.line(loc), message)


def shown_name(path: Path) -> str:
    """Folder and file name: ``params/x.yaml``."""
    path = path.resolve()
    return f"{path.parent.name}/{path.name}".lstrip("/")


def read_text(path: Path) -> tuple[str, bytes]:
    """The text of a UTF-8 file and its bytes; a missing or otherwise encoded file is a fault."""
    name = shown_name(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PerfkitError([Fault(name, 0, "找不到这个文件，请核对路径和文件名")]) from None
    except IsADirectoryError:
        raise PerfkitError([Fault(name, 0, "这是文件夹，应写一个文件")]) from None
    except OSError as e:
        raise PerfkitError([Fault(name, 0, f"文件打不开：{system_reason(e)}")]) from None
    try:
        return raw.decode("utf-8-sig"), raw
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        message = "文件不是 UTF-8 编码（可能是 GBK），请用编辑器另存为 UTF-8"
        raise PerfkitError([Fault(name, line, message)]) from None


def read_tree(path: Path) -> tuple[dict[str, Any], Source, list[Fault]]:
    """The file as nested dicts and lists of text (None for null), with its source and faults."""
    text, raw = read_text(path)
    name = shown_name(path)
    if control := _CONTROL.search(text):
        line = text[: control.start()].count("\n") + 1
        raise PerfkitError([Fault(name, line, _INVISIBLE)])
    try:
        _check_depth(text, name)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as e:
        raise PerfkitError([_syntax_fault(e, name, text)]) from None
    source = Source(name, hashlib.sha256(raw).hexdigest(), {}, {})
    reader = _Reader(source)
    tree = reader.value(root, ()) if root else None
    if not isinstance(tree, dict):
        raise PerfkitError([Fault(name, 1, "文件是空的，或者最外层不是“字段: 内容”的形式")])
    return tree, source, reader.faults


_WIDE = "[\u2e80-\u9fff\u3000-\u303f\uff00-\uffef“”‘’—…]"


def unfolded(text: str) -> str:
    """A folded YAML block joins its lines by a space, which has no place between Chinese signs."""
    return re.sub(f"(?<={_WIDE}) +(?={_WIDE})", "", text)


def shortened(text: str, longest: int) -> str:
    """The text in at most so many signs, the last one … if there are more."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_depth(text: str, name: str) -> None:
    # Composing is recursive, so depth is measured before it, over the stream of events.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise PerfkitError([Fault(name, line, _TOO_MUCH)])


_CONTROL = yaml.reader.Reader.NON_PRINTABLE
_INVISIBLE = "含有不可见的控制字符，请删除"
_TOO_MUCH = "内容太多、嵌套太深，或者别名（&、*）互相嵌套"


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.count = 0

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        lines: dict[Loc, int] = self.source.lines  # type: ignore[assignment]
        lines.setdefault(loc, node.start_mark.line + 1)
        self.count += 1
        if self.count > MAX_VALUES or len(loc) > MAX_DEPTH:
            raise PerfkitError([Fault(self.source.name, node.start_mark.line + 1, _TOO_MUCH)])
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key, child in node.value:
                step = str(key.value)
                lines.setdefault((*loc, step), key.start_mark.line + 1)
                if step in found:
                    first = lines[(*loc, step)]
                    message = f"字段“{step}”重复，第 {first} 行已经有了，请删去一个"
                    self.faults.append(Fault(self.source.name, key.start_mark.line + 1, message))
                    continue
                found[step] = self.value(child, (*loc, step))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*loc, i)) for i, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        if not node.style and node.tag == "tag:yaml.org,2002:null":
            return None
        if _CONTROL.search(node.value):  # written as an escape, "\\x07"
            self.faults.append(Fault(self.source.name, node.start_mark.line + 1, _INVISIBLE))
        texts: dict[Loc, str] = self.source.texts  # type: ignore[assignment]
        texts[loc] = node.value
        return node.value


def _syntax_fault(error: yaml.MarkedYAMLError, name: str, text: str) -> Fault:
    """The fault that *error* comes from: often a tab or a full-width colon just before it."""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and re.search("quoted scalar|flow", error.context or ""):
        mark = error.context_mark  # where it was opened; the problem shows only further down
    line = mark.line + 1 if mark else 0
    lines = text.splitlines()[:line]
    for number, content in reversed(list(enumerate(lines, 1))[-3:]):
        if re.match(r" *\t", content):
            return Fault(name, number, "以 Tab 缩进，请改用空格缩进")
        if re.match(r"[\s-]*\w+\s*：", content, re.ASCII):
            return Fault(name, number, "字段后面用了中文冒号“：”，请改为英文冒号，后面空一格")
    return Fault(name, line, _syntax_message(error))


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    problem = f"{error.context or ''} {error.problem or ''}"
    causes = {
        r"cannot start any token": "内容以 @ ` % 等符号开头；请给内容加英文引号",
        "mapping values are not allowed": "一行里有两个“: ”，或者上一行缩进不对；"
        "内容里有“: ”时请加英文引号",
        "could not find expected ':'": "缺少冒号；“字段: 内容”的冒号要用英文冒号，后面空一格",
        "quoted scalar": "引号没有成对",
        "expected <block end>": "缩进不齐，同一层的字段要左对齐",
        "block scalar": "内容以 > 或 | 开头；请给内容加英文引号",
        "expected ',' or": "方括号或花括号没有成对，或者中间缺少英文逗号",
        "undefined alias": "内容以 * 开头；请给内容加英文引号",
        "alphabetic or numeric": "内容以 * 或 & 开头；请给内容加英文引号",
        "did not find expected key": "缩进不齐，同一层的字段要左对齐；或者引号没有成对",
        "expected '-' indicator": "缩进不齐，同一个列表的“- ”要左对齐",
        "single document": "文件里有多余的 --- 分隔线",
    }
    cause = next((text for key, text in causes.items() if key in problem), "请检查这一行和上一行")
    return f"YAML 写法有误：{cause}"


def validate(
    model: type[Model],
    value: Any,
    source: Source,
    at: Loc = (),
    more: Iterable[Fault] = (),
) -> Model:
    """*value* as *model*; all its faults, and those found before (*more*), are raised together."""
    faults = list(more)
    try:
        record = model.model_validate(value)
    except ValidationError as e:
        for error in e.errors(include_url=False):
            # A check of the whole record may find several problems, each with its own place.
            problems = error.get("ctx", {}).get("problems")
            faults += (
                [source.fault((*at, *loc), message) for loc, message in problems]
                if problems
                else [_fault(model, error, value, source, at)]
            )
    if faults:
        raise PerfkitError(faults)
    return record


def _fault(
    model: type[BaseModel], error: ErrorDetails, value: Any, source: Source, at: Loc
) -> Fault:
    # The [key] of a mapping and the tags of unions are pydantic's own steps, not the file's.
    loc: Loc = ()
    for step in error["loc"]:
        if isinstance(step, str) and step.startswith("["):
            continue
        if isinstance(value, dict) and step not in value and step == value.get("kind"):
            continue
        loc = (*loc, step)
        try:
            value = value[step]
        except (LookupError, TypeError):
            value = None
    if error["type"] == "union_tag_invalid":
        loc = (*loc, "kind")
    words = " / ".join(field_words(model, loc))
    message = _messages(error, source.texts.get((*at, *loc)))
    return source.fault((*at, *loc), f"{words}：{message}" if words else message)


def field_words(model: type[BaseModel], loc: Loc) -> list[str]:
    """The fields on the way to *loc* in the form's own words: 全年预算数（budget）."""
    words: list[str] = []
    models = [model]
    for step in loc:
        if isinstance(step, int):
            words.append(f"第 {step + 1} 项")
            continue
        fields = (m.model_fields[step] for m in models if step in m.model_fields)
        info = next(fields, None)
        words.append(f"{info.title}（{step}）" if info is not None and info.title else step)
        models = _models_in(info.annotation) if info is not None else models
    return words


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]


def _messages(error: ErrorDetails, written: str | None) -> str:
    kind, context = error["type"], error.get("ctx", {})
    value = error["input"]
    # As it stands in the file: 0%, not 0.00.
    shown = "空" if value is None else f"“{_short(value if written is None else written)}”"
    templates: dict[str, Callable[[], str]] = {
        "missing": lambda: "缺少这一项，请补上",
        "extra_forbidden": lambda: "没有这个字段，请核对拼写，或者删去这一行",
        "string_type": lambda: (
            f"应填文字，这里是{shown}"
            + ("；请加英文引号" if isinstance(value, (int, float)) else "")
        ),
        "string_too_short": lambda: "不能是空的",
        "int_type": lambda: f"应填整数，这里是{shown}",
        "int_parsing": lambda: f"应填整数，这里是{shown}",
        "decimal_type": lambda: f"应填数字，这里是{shown}",
        "decimal_parsing": lambda: f"应填数字，这里是{shown}",
        "list_type": lambda: f"应是一个列表，每项以“- ”开头，这里是{shown}",
        "tuple_type": lambda: f"应是一个列表，每项以“- ”开头，这里是{shown}",
        "dict_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "model_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "model_attributes_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "greater_than_equal": lambda: f"不能小于 {context['ge']}，这里是{shown}",
        "greater_than": lambda: f"应大于 {context['gt']}，这里是{shown}",
        "less_than_equal": lambda: f"不能大于 {context['le']}，这里是{shown}",
        "too_short": lambda: "至少要有一项",
        "literal_error": lambda: f"{shown}不在可选的范围内：{_options(context['expected'])}",
        "union_tag_invalid": lambda: (
            f"规则种类不在可选的范围内：{_options(context['expected_tags'])}"
        ),
        "union_tag_not_found": lambda: "缺少规则种类（kind）",
    }
    if kind in templates:
        return templates[kind]()
    # Validators of our own already speak Chinese.
    return error["msg"].removeprefix("Value error, ")


def _options(expected: str) -> str:
    return expected.replace(" or ", "、").replace(", ", "、").replace("'", "")


def _short(value: Any) -> str:
    return shortened(" ".join(str(value).split()), 40)
