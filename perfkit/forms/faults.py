"""The faults of a record (填写错误), told together in Chinese: file, line, field, what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from perfkit import signs
from perfkit.errors import Fault, PerfkitError
from perfkit.forms.aliases import words_for
from perfkit.forms.codes import FIELDS, nearest, with_meaning
from perfkit.forms.fields import Loc, all_fields, field_names, field_types
from perfkit.forms.slips import HASH, QUOTE
from perfkit.forms.yamlfile import Source
from perfkit.quantities import halfwidth
from perfkit.texts import in_short

Model = TypeVar("Model", bound=BaseModel)


LISTED = 8
"""Fields that a message lists; of a record with more it names the nearest."""

CODE_FIELDS = {
    *("rubric", "previous", "template", "group", "kind", "indicator", "code", "field"),
    *("id", "of", "to", "less", "stated", "over"),
}
"""Text fields that hold a code or a path: it is looked up, so that a cut one is noticed."""


def validate(
    model: type[Model],
    value: Any,
    source: Source,
    at: Loc = (),
    more: Iterable[Fault] = (),
) -> Model:
    """*value* as *model*; all its faults, and those found before (*more*), are raised together."""
    faults = list(more)
    found = list(_cut_by_comments(model, source, at))
    refused = _sign_faults(model, source, at)
    found += [fault for told in refused.values() for fault in told]
    try:
        record = model.model_validate(value)
    except ValidationError as e:
        errors = e.errors(include_url=False)
        # A list whose only item is faulty counts as empty, too; a misspelt field is missing, too.
        within = {error["loc"][:n] for error in errors for n in range(len(error["loc"]))}
        meant = {
            (*error["loc"][:-1], _meant(model, error["loc"]))
            for error in errors
            if error["type"] == "extra_forbidden"
        }
        for error in errors:
            if (*at, *_written(error["loc"], value)) in refused:
                continue  # a figure that can't be read because of such a sign
            if error["type"] == "too_short" and error["loc"] in within:
                continue
            if error["type"] == "missing" and (
                error["loc"] in meant or _stands_in(model, error["loc"], source.misread)
            ):
                continue
            # A check of the whole record may find several problems, each with its own place.
            problems = error.get("ctx", {}).get("problems")
            found += (
                [source.fault((*at, *loc), message) for loc, message in problems]
                if problems
                else [_fault(model, error, value, source, at)]
            )
    faults += [fault for fault in found if fault.line not in source.misread]
    if faults:
        raise PerfkitError(faults)
    return record


def _sign_faults(model: type[BaseModel], source: Source, at: Loc) -> dict[Loc, list[Fault]]:
    """The signs that are refused in a text or a key below *at*, by the place of the text."""
    found: dict[Loc, list[Fault]] = {}
    for loc, text in source.texts.items():
        below = loc[len(at) :]
        reasons = list(signs.refused(text))
        reasons += [why for step in below if isinstance(step, str) for why in signs.refused(step)]
        if loc[: len(at)] == at and reasons:
            words = signs.visible(source.words(model, below, at))
            found[loc] = [source.fault(loc, f"{words}：{reason}") for reason in reasons]
    return found


def _cut_by_comments(model: type[BaseModel], source: Source, at: Loc) -> Iterator[Fault]:
    """Texts that may have lost their end: after “ #” YAML reads no further."""
    for loc, comment in source.comments.items():
        if loc[: len(at)] != at:
            continue
        below = loc[len(at) :]
        kinds = field_types(model, below)
        if (str in kinds and below[-1] not in CODE_FIELDS) or (
            loc not in source.texts and re.match(r"#\S", comment)  # #1楼 and nothing else
        ):
            message = HASH
        elif Decimal in kinds and (unit := re.match(r"#\s*(万元|亿元|元|万|亿|[%％])", comment)):
            message = f"“{unit[0]}”前面有 #，会当作注释略去；单位请紧跟在数字后面"
        else:
            continue
        words = source.words(model, below, at)
        yield source.fault(loc, f"{words}：{message}")


def _fault(
    model: type[BaseModel], error: ErrorDetails, value: Any, source: Source, at: Loc
) -> Fault:
    loc = _written(error["loc"], value)
    words = source.words(model, loc, at, error["loc"])
    if error["type"] == "union_tag_invalid":
        loc, words = (*loc, "kind"), f"{words} / kind"
    if error["type"] == "extra_forbidden":
        message = _no_such_field(model, error["loc"])
    else:
        message = _messages(error, source.texts.get((*at, *loc)))
    return source.fault((*at, *loc), f"{words}：{message}" if words else message)


def _written(loc: Loc, value: Any) -> Loc:
    """The place of an error as the file has it."""
    # The [key] of a mapping and the tags of unions are pydantic's own steps.
    found: Loc = ()
    for step in loc:
        if isinstance(step, str) and step.startswith("["):
            continue
        if isinstance(value, dict) and step not in value and step == value.get("kind"):
            continue
        found = (*found, step)
        try:
            value = value[step]
        except (LookupError, TypeError):
            value = None
    return found


def _stands_in(model: type[BaseModel], loc: Loc, lines: Mapping[int, str]) -> bool:
    """Whether a field that is missing stands in a line that couldn't be read."""
    return any(
        re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])|{re.escape(name)}[:：]", line)
        for name in (str(loc[-1]), *words_for(model, loc))
        for line in lines.values()
    )


def _meant(model: type[BaseModel], loc: Loc) -> str | None:
    return nearest(str(loc[-1]), field_names(model, loc[:-1]))


def _no_such_field(model: type[BaseModel], loc: Loc) -> str:
    word = str(loc[-1])
    here, everywhere = field_names(model, loc[:-1]), all_fields(model)
    if found := _meant(model, loc):
        return f"没有这个字段，是不是 {with_meaning([found], here)}"
    kinds = field_names(model, loc[:-2])
    if len(loc) > 1 and isinstance(loc[-2], str) and loc[-2] not in kinds and "kind" in here:
        known = with_meaning([name for name in here if name != "kind"], here)
        return f"{with_meaning([str(loc[-2])])}的规则没有这个字段，可写的有：{known}"
    if parents := everywhere.get(word):
        places = "、".join(dict.fromkeys(parents))
        return f"这里没有这个字段，它应写在 {places} 里；请核对缩进"
    if code := FIELDS.get(word):
        return f"没有这个字段，“{word}”写作 {code}，请核对它写在哪里"
    if 0 < len(here) <= LISTED:
        return f"没有这个字段，可写的有：{with_meaning(here, here)}"
    return "没有这个字段，请核对拼写，或者删去这一行"


def _messages(error: ErrorDetails, written: str | None) -> str:
    kind, context = error["type"], error.get("ctx", {})
    value = error["input"]
    # As it stands in the file: 0%, not 0.00.
    shown = "空" if value is None else f"“{in_short(value if written is None else written)}”"
    if isinstance(value, (list, dict)) and kind == "string_type":
        return (
            f"应填文字，这里是一个列表；内容以 [ 或 {{ 开头，或者下面缩进了“字段: 内容”时，{QUOTE}"
        )
    if isinstance(value, (list, dict)):
        shown = "列表" if isinstance(value, list) else "“字段: 内容”的形式"
    templates: dict[str, Callable[[], str]] = {
        "missing": lambda: "缺少这一项，请补上",
        "extra_forbidden": lambda: "没有这个字段，请核对拼写，或者删去这一行",
        "string_type": lambda: (
            f"应填文字，这里是{shown}"
            + ("；请加英文引号" if isinstance(value, (int, float)) else "")
        ),
        "string_too_short": lambda: "不能是空的",
        "string_too_long": lambda: f"不能超过 {context['max_length']} 个字，这里有 {len(value)} 个",
        "too_long": lambda: f"最多 {context['max_length']} 项，这里有 {len(value)} 项",
        "int_type": lambda: f"应填整数，这里是{shown}",
        "int_parsing": lambda: f"应填整数，这里是{shown}",
        "int_parsing_size": lambda: f"应填整数，这里是{shown}",
        "decimal_type": lambda: f"应填数字，这里是{shown}",
        "decimal_parsing": lambda: f"应填数字，这里是{shown}",
        "list_type": lambda: f"应是一个列表，每项以“- ”开头，这里是{shown}",
        "tuple_type": lambda: f"应是一个列表，每项以“- ”开头，这里是{shown}",
        "dict_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "model_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "model_attributes_type": lambda: f"应是“字段: 内容”的形式，这里是{shown}",
        "greater_than_equal": lambda: f"不能小于 {_bound(context['ge'], shown)}，这里是{shown}",
        "greater_than": lambda: f"应大于 {_bound(context['gt'], shown)}，这里是{shown}",
        "less_than_equal": lambda: f"不能大于 {_bound(context['le'], shown)}，这里是{shown}",
        "too_short": lambda: (
            f"至少要有 {context['min_length']} 项" if context["min_length"] > 1 else "至少要有一项"
        ),
        "literal_error": lambda: f"{shown}不在可选的范围内：{_options(context['expected'])}",
        "union_tag_invalid": lambda: (
            f"规则种类不在可选的范围内：{_options(context['expected_tags'])}"
        ),
        "union_tag_not_found": lambda: "缺少规则种类（kind）",
    }
    if kind in templates:
        return templates[kind]()
    if kind in ("value_error", "rubric"):  # validators of our own already speak Chinese
        return error["msg"].removeprefix("Value error, ")
    return f"内容不对，这里是{shown}"


def _bound(bound: object, shown: str) -> str:
    """A bound as the value is written: 100% beside 120%."""
    return f"{Decimal(str(bound)) * 100:f}%" if "%" in halfwidth(shown) else str(bound)


def _options(expected: str) -> str:
    return with_meaning(re.split(", | or ", expected.replace("'", "")))
