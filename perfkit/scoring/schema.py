"""The JSON Schema by which editors complete and check a parameter file.

``python -m perfkit.scoring.schema`` prints it. To the form's fields it adds their Chinese
names, and the words of the rubrics that come with perfkit; those of another rubric are no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from perfkit.forms.aliases import everyday_words
from perfkit.forms.department import FINAL, PARTS, Department, schema
from perfkit.forms.fields import Loc, field_info
from perfkit.scoring.names import group_codes, indicator_codes, kind_codes
from perfkit.scoring.rubric import Rubric, load_rubric, shipped_rubrics


def editors_schema(own: Mapping[str, Rubric] | None = None) -> dict[str, Any]:
    """The schema of a parameter file with both names of each field, and suggestions of codes.

    It knows the rubrics that come with perfkit, and those of one's *own* by the names of their files.
    """
    whole = schema()
    rubrics = [*(load_rubric(name) for name in shipped_rubrics()), *(own or {}).values()]
    records = whole["$defs"]
    groups, kinds, indicators = _codes(rubrics)
    for record, field, codes in (
        ("Indicator", "group", groups),
        ("Indicator", "kind", kinds),
        ("Override", "indicator", indicators),
        ("Department", "rubric", shipped_rubrics()),
        ("Stage", "name", STAGES),
    ):
        _suggest(records[record]["properties"][field], codes)
    for field in ("target", "initial", "actual"):  # 5 without quotation marks is read as text
        _or_number(records["Indicator"]["properties"][field])
    words = {rubric.id: _words(rubric) for rubric in rubrics}
    keyed = {
        (record, field): [key for rubric in rubrics for key in words[rubric.id][kind]]
        for record, field, kind in (
            ("Department", "checks", "items"),
            ("Department", "figures", "figures"),
            ("Department", "answers", "asked"),
            ("Reported", "scores", "indicators"),
            ("Stage", "scores", "indicators"),
            ("Stage", "reasons", "indicators"),
        )
    }
    for record, money in MONEY.items():
        _ask_no_more(records[record], money)
    for record in (whole, *records.values()):
        _name_in_chinese(record)
    files = {rubric.id: name for name, rubric in (own or {}).items()}
    records["Department"]["allOf"] += _asked_by(rubrics, files)
    for (record, name), keys in keyed.items():
        fields = records[record]["properties"]
        field, title = fields[name], fields[name]["title"]
        value = field["additionalProperties"]
        fields[name] = field | {
            "properties": {code: value | {"description": about} for code, _, about in keys}
        }
        fields[title] = field | {
            "properties": {word: value | {"description": about} for _, word, about in keys}
        }
    return whole


STAGES = ["财政核查", "专家", "征求意见", FINAL]
"""The usual names of the stages (环节), in their order."""

Key = tuple[str, str, str]
"""A key that a rubric knows: its code, its word, and what to say of it."""


def _words(rubric: Rubric) -> dict[str, list[Key]]:
    """The keys that stand below fields of a filing, by kind."""
    named = [(one.id, one.name, one.name) for one in rubric.everything]
    return {
        "items": [(one.id, one.text, one.asks or one.text) for one in rubric.items.values()],
        "figures": [(code, one.name, one.asks()) for code, one in rubric.figures.items()],
        "indicators": named,
        "asked": [(one.id, one.name, one.name) for one in rubric.everything if one.rule.asks],
    }


def _codes(rubrics: list[Rubric]) -> tuple[list[str], list[str], list[str]]:
    groups: dict[str, str] = {}
    kinds: dict[str, str] = {}
    indicators: dict[str, str] = {}
    for rubric in rubrics:
        groups |= group_codes(rubric)
        for group in rubric.groups:
            kinds |= kind_codes(rubric, group)
        indicators |= indicator_codes(rubric, {})
    return _both(groups), _both(kinds), _both(indicators)


def _both(codes: dict[str, str]) -> list[str]:
    return list(dict.fromkeys([*codes.values(), *codes]))


def _suggest(field: dict[str, Any], codes: list[str]) -> None:
    """Complete the codes, and take any other text of the kind that the field has."""
    text = {key: field.pop(key) for key in ("type", "minLength", "maxLength") if key in field}
    field["anyOf"] = [{"enum": codes}, text]


def _or_number(field: dict[str, Any]) -> None:
    if "anyOf" in field:
        field["anyOf"].append({"type": "number"})
    else:
        field["type"] = [field["type"], "number"]


MONEY = {
    "Department": ["budget"],
    "Budget": PARTS,
    "UnitBudget": PARTS,
    "Project": ["budget"],
}
"""Fields that are filled in where the rubric lists that money."""


def _ask_no_more(record: dict[str, Any], money: Sequence[str]) -> None:
    record["required"] = [name for name in record["required"] if name not in money]


def _asked_by(rubrics: list[Rubric], files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What must be filled in by the rubric that a filing names; of others an editor can't know."""
    for parts in dict.fromkeys(rubric.parts for rubric in rubrics if rubric.has_money):
        ids = [rubric.id for rubric in rubrics if rubric.parts == parts]
        paths = [{"pattern": f"(^|/){re.escape(files[name])}$"} for name in ids if name in files]
        named: dict[str, Any] = {"enum": [name for name in ids if name not in files]}
        named = {"anyOf": [named, *paths]} if paths else named
        of_budget = {"allOf": [_either(("budget", part)) for part in parts]}
        of_projects = {"items": _either(("projects", 0, "budget"))}
        below = [(("budget",), of_budget), (("projects",), of_projects)]
        yield {
            "if": {
                "anyOf": [
                    {"properties": {name: named}, "required": [name]}
                    for name in _names(("rubric",))
                ]
            },
            "then": {
                **_either(("budget",)),
                "properties": {name: of for loc, of in below for name in _names(loc)},
            },
        }


def _names(loc: Loc) -> list[str]:
    """All names of a field."""
    name, info = str(loc[-1]), field_info(Department, loc)
    title = info.title if info and info.title else ""
    return [name, *([title, *everyday_words({name: title}).get(name, ())] if title else [])]


def _either(loc: Loc) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in _names(loc)]}


def _name_in_chinese(record: dict[str, Any]) -> None:
    """Let each field of a record stand under its title, too, and under words of everyday use.

    Those (支出, 执行数) are no fault, but are not offered.
    """
    fields = record.get("properties", {})
    titled = {name: field["title"] for name, field in fields.items() if "title" in field}
    words = everyday_words(titled)
    record["properties"] = fields | {title: fields[name] for name, title in titled.items()}
    if words:
        record["patternProperties"] = {
            f"^(?:{'|'.join(listed)})$": fields[name] for name, listed in words.items()
        }
    if required := record.pop("required", None):
        record["allOf"] = [
            {
                "anyOf": [
                    {"required": [key]}
                    for key in (name, *filter(None, [titled.get(name)]), *words.get(name, ()))
                ]
            }
            for name in required
        ]


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(json.dumps(editors_schema(), ensure_ascii=False, indent=1))
