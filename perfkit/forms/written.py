"""The text of a parameter file (参数文件), written from the tree of a filing, and the tree itself.

What is written reads back as what was given. A value stands without quotation marks
where every reader takes it as it stands, papermill's too; a text of several paragraphs,
or a long one, is a block, in which an analyst may go on writing whatever signs it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from pydantic import ValidationError

from perfkit import signs
from perfkit.forms.department import Department, Record
from perfkit.forms.fields import Loc, field_names, field_readers, field_types
from perfkit.forms.options import DECIMAL, WHOLE
from perfkit.forms.units import SMALLEST
from perfkit.quantities import exact_percent, parse_amount, parse_rate, parse_signed_rate

LONGEST_LINE = 60
"""Signs of a text that stands on the line of its field; a longer one is a block."""

_resolver: Any = yaml.SafeLoader("")
_NUMBER = re.compile(rf"{WHOLE.pattern}|{DECIMAL.pattern}")
# Letters, digits and Chinese punctuation that no reader gives a meaning of its own at the start.
_BEGINS = r"[^\W_]|[≥≤＜＞±（《【、。，；：！？…①-⑳]|\.\.?/"
_PLAIN = re.compile(rf"(?:{_BEGINS})(?:(?!:(?:\s|$)|\s\#|\t).)*")
_PLAIN_KEY = re.compile(r"[^\W\d_][\w.、，（）《》“”]*")
_SEVERAL = (dict, list)


def department_text(
    tree: Mapping[str, Any], chinese: bool = False, remarks: Mapping[str, str] | None = None
) -> str:
    """The text of a parameter file.

    Args:
        tree: what stands below ``department``, by the English names of the form: texts,
            Decimals (a rate as a fraction), whole numbers, dates, True and False for 是 and 否.
            None is left out; an empty text is a field without content, to be filled in.
        chinese: write the form's titles (全年预算数) in place of the English names.
        remarks: comments by field path (`perfkit.forms.paths`), each set above its field;
            that of the empty path is the head of the file.
    """
    notes = dict(remarks or {})
    head = list(_remark(notes.get("", ""), 0))
    key = "部门" if chinese else "department"
    return "\n".join([*head, f"{key}:", *_Writer(chinese, notes).mapping(tree, (), 2)]) + "\n"


def _remark(text: str, indent: int) -> Iterator[str]:
    for line in signs.visible(signs.cleaned(text)).splitlines():
        yield f"{' ' * indent}# {line}".rstrip()


class _Writer:
    def __init__(self, chinese: bool, remarks: Mapping[str, str]) -> None:
        self.chinese = chinese
        self.remarks = remarks

    def mapping(self, tree: Mapping[str, Any], loc: Loc, indent: int) -> Iterator[str]:
        titles = field_names(Department, loc)
        if loc[:1] == ("answers",):  # below it stand indicators, and the fields below these
            titles = field_names(Department, loc[:1]) if len(loc) == 2 else {}
        apart = begun = False
        for name, value in tree.items():
            at = (*loc, name)
            if value is None or (isinstance(value, _SEVERAL) and not value and loc != ("options",)):
                continue
            key = _key(titles[name] if self.chinese and name in titles else name)
            written = list(self.value(value, at, indent))
            remark = list(_remark(self.remarks.get(".".join(map(str, at)), ""), indent))
            if not loc and begun and (apart or len(written) > 1 or remark):
                yield ""
            apart, begun = len(written) > 1, True
            yield from remark
            yield f"{' ' * indent}{key}:{written[0]}"
            yield from written[1:]

    def value(self, value: Any, loc: Loc, indent: int) -> Iterator[str]:
        """What follows the colon of a field, and the lines under it."""
        if isinstance(value, Mapping):
            yield ""
            yield from self.mapping(value, loc, indent + 2)
        elif isinstance(value, (list, tuple)):
            yield "" if value else " []"
            yield from self.items(value, loc, indent + 2)
        else:
            first, *others = _scalar(value, loc)
            yield f" {first}".rstrip()
            yield from (f"{' ' * (indent + 2)}{line}" if line else "" for line in others)

    def items(self, values: list[Any] | tuple[Any, ...], loc: Loc, indent: int) -> Iterator[str]:
        for i, value in enumerate(values):
            at = (*loc, i)
            yield from _remark(self.remarks.get(".".join(map(str, at)), ""), indent)
            if not isinstance(value, Mapping):
                first, *others = self.value(value, at, indent)
                yield f"{' ' * indent}-{first}"
                yield from others
                continue
            # The dash takes the place of the first field's indent; comments stand above it.
            lines = list(self.mapping(value, at, indent + 2))
            field = next(n for n, line in enumerate(lines) if not line.lstrip().startswith("#"))
            yield from (line.removeprefix("  ") for line in lines[:field])
            yield f"{' ' * indent}- {lines[field].lstrip()}"
            yield from lines[field + 1 :]


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) and _is_text(name) else _quoted(name)


def as_written(value: Any, loc: Loc) -> str:
    """A value of the form as a person writes it: 是, 2023-12-31, 0.5, 99.88% for a rate."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        readers = field_readers(Department, loc)
        if readers & {parse_rate, parse_signed_rate}:
            return exact_percent(value)
        # A large amount without a unit is doubted: it could have been meant in 元.
        unit = "万元" if parse_amount in readers and value >= SMALLEST else ""
        return f"{value:f}{unit}"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    return str(value)


def _scalar(value: Any, loc: Loc) -> list[str]:
    """The value as it stands after its colon; a block goes on in further lines."""
    text = as_written(value, loc)
    if not isinstance(value, str):
        return [text if _NUMBER.fullmatch(text) or _is_text(text) else _quoted(text)]
    text = "\n".join(
        line if line.strip() else ""
        for line in signs.cleaned(text.replace("\r\n", "\n")).split("\n")
    ).strip()
    if not text:
        return ["''" if loc[:1] == ("options",) and len(loc) > 1 else ""]
    if yaml.reader.Reader.NON_PRINTABLE.search(text) or list(signs.refused(text)):
        return [_escaped(text)]  # to be refused where it is read, with its place
    if "\n" in text or len(text) > LONGEST_LINE:
        return ["|-", *text.split("\n")]
    number = _NUMBER.fullmatch(text) and str not in field_types(Department, loc)
    plain = _PLAIN.fullmatch(text) and (number or _is_text(text)) and loc[:1] != ("options",)
    return [text if plain else _quoted(text)]


def quoted_where_needed(text: str) -> str:
    """A text on one line, in quotation marks where a reader needs them."""
    text = " ".join(signs.cleaned(text).split())
    plain = _PLAIN.fullmatch(text) and _is_text(text) and not list(signs.refused(text))
    return text if plain else _quoted(text)


def _is_text(text: str) -> bool:
    """Whether no reader of YAML takes *text*, without quotation marks, for anything but a text."""
    return str(_resolver.resolve(yaml.ScalarNode, text, (True, False))) == "tag:yaml.org,2002:str"


def _quoted(text: str) -> str:
    if "\n" in text or yaml.reader.Reader.NON_PRINTABLE.search(text):
        return _escaped(text)
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    def sign(found: re.Match[str]) -> str:
        code = ord(found[0])
        if found[0] in '"\\':
            return "\\" + found[0]
        if 0xD800 <= code < 0xE000:
            return "\ufffd"  # half a sign, which no file can hold
        return f"\\U{code:08X}"

    return '"' + re.sub(r'["\\]|[^\t\x20-\x7e\u00a1-\u1fff\u3000-\ud7ff]', sign, text) + '"'


def tree(department: Department) -> dict[str, Any]:
    """The tree of a filing: the texts as they were written, else the exact values as text.

    Options keep their types. Of a record that was changed after reading, the values hold.
    """
    exact: dict[str, Any] = _tree(department, (), {})
    written: dict[str, Any] = _tree(department, (), department.source.texts)
    try:
        # What the rubric asks for has its unit from there; its text can't be read here.
        figures = {"figures": department.figures} if department.figures else {}
        same = Department.model_validate(written | figures).model_dump() == department.model_dump()
    except ValidationError:
        same = False
    return written if same else exact


def _tree(value: Any, loc: Loc, texts: Mapping[Loc, str]) -> Any:
    if loc[:1] == ("options",):
        return value
    if isinstance(value, Record):
        fields = type(value).model_fields
        found = {
            info.alias or name: _tree(getattr(value, name), (*loc, info.alias or name), texts)
            for name, info in fields.items()
            if name in value.model_fields_set
        }
        return {name: child for name, child in found.items() if child not in (None, "", {}, [])}
    if isinstance(value, Mapping):
        return {key: _tree(child, (*loc, key), texts) for key, child in value.items()}
    if isinstance(value, tuple):
        return [_tree(child, (*loc, i), texts) for i, child in enumerate(value)]
    if value is None:
        return None
    if loc[-1] in ("group", "kind", "indicator"):
        return value  # a code, whatever word of the rubric's it was written as
    return texts.get(("department", *loc)) or as_written(value, loc)
