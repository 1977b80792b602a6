"""中文字段名: the form's own words (全年预算数) and those of everyday use (预算数) as keys of a file.

A file may have either, or both side by side for different fields. What reads it sees the
English names alone; messages show what was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from perfkit.errors import Fault
from perfkit.forms.codes import FIELDS, ONLY_FOR
from perfkit.forms.fields import Loc

if TYPE_CHECKING:
    from perfkit.forms.yamlfile import Source


def _shapes(annotation: Any) -> Iterator[Any]:
    """The records and mappings that a value may be, or the items of a list of them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _shapes(get_args(annotation)[0])
    elif origin in (Union, UnionType, tuple, list):
        for argument in get_args(annotation):
            yield from _shapes(argument)
    elif origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        yield annotation


def _records(annotations: tuple[Any, ...]) -> list[type[BaseModel]]:
    found = [shape for annotation in annotations for shape in _shapes(annotation)]
    return [shape for shape in found if isinstance(shape, type) and get_origin(shape) is None]


def _below(annotations: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    """What may stand under *key*."""
    records = _records(annotations)
    if not records:  # a mapping with keys of its own
        shapes = [shape for annotation in annotations for shape in _shapes(annotation)]
        return tuple(get_args(shape)[1] for shape in shapes)
    return tuple(
        info.annotation
        for record in records
        for name, info in record.model_fields.items()
        if (info.alias or name) == key
    )


@cache
def aliases(annotations: tuple[Any, ...]) -> Mapping[str, str]:
    """The Chinese words for the fields of a record, each with the field's English name.

    A word that could mean two fields there means none.
    """
    titles: dict[str, set[str]] = {}
    for record in _records(annotations):
        for name, info in record.model_fields.items():
            if info.title:
                titles.setdefault(info.title, set()).add(info.alias or name)
    found = {title: next(iter(names)) for title, names in titles.items() if len(names) == 1}
    everyday = everyday_words({name: title for title, name in found.items()})
    return found | {
        word: name for name, words in everyday.items() for word in words if word not in titles
    }


def everyday_words(title_of: Mapping[str, str]) -> dict[str, list[str]]:
    """The words of everyday use for the fields of a record, by the field's name."""
    found: dict[str, list[str]] = {}
    for word, name in FIELDS.items():
        title = title_of.get(name)
        if title and word not in title_of.values() and title in ONLY_FOR.get(word, (title,)):
            found.setdefault(name, []).append(word)
    return found


def all_aliases(model: type[BaseModel]) -> set[str]:
    """Every Chinese word that is a field somewhere in a file of *model*."""
    found: set[str] = set()
    seen: set[Any] = set()
    todo: list[Any] = [model]
    while todo:
        annotation = todo.pop()
        if annotation in seen:
            continue
        seen.add(annotation)
        found |= aliases((annotation,)).keys()
        for shape in _shapes(annotation):
            if get_origin(shape) is dict:
                todo.append(get_args(shape)[1])
            else:
                todo += [info.annotation for info in shape.model_fields.values()]
    return found


def words_for(model: type[BaseModel], loc: Loc) -> list[str]:
    """The Chinese words by which the field at *loc* may stand in a file."""
    at: tuple[Any, ...] = (model,)
    for step in loc[:-1]:
        if not isinstance(step, int):
            at = _below(at, step)
    return [word for word, name in aliases(at).items() if name == loc[-1]]


def in_english(
    tree: Any, source: Source, model: type[BaseModel]
) -> tuple[Any, Source, list[Fault]]:
    """The tree with the English name of each field, its source likewise, and fields filled in twice."""
    reading = _Reading(source)
    tree = reading.value(tree, (model,), (), ())
    return tree, moved(source, reading.moved) if reading.typed else source, reading.faults


class _Reading:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.moved: dict[Loc, Loc] = {}
        self.typed = False
        self.faults: list[Fault] = []

    def value(self, value: Any, annotations: tuple[Any, ...], old: Loc, new: Loc) -> Any:
        self.moved[old] = new
        if isinstance(value, list):
            return [
                self.value(child, annotations, (*old, i), (*new, i))
                for i, child in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        words = aliases(annotations)
        found: dict[str, Any] = {}
        stood: dict[str, str] = {}
        for key, child in value.items():
            name = words.get(key, key)
            if name in found:
                self.faults.append(twice(self.source, old, key, stood[name]))
                continue
            self.typed = self.typed or name != key
            stood[name] = key
            found[name] = self.value(child, _below(annotations, name), (*old, key), (*new, name))
        return found


def twice(source: Source, at: Loc, key: str, other: str) -> Fault:
    """That *key* below *at* is the same field as *other*, which stands before it."""
    line = source.line((*at, other))
    there = f"，第 {line} 行已经有了" if line and not source.cells else ""
    return source.fault((*at, key), f"“{key}”和“{other}”是同一项{there}，请删去一个")


def moved(source: Source, places: Mapping[Loc, Loc]) -> Source:
    """The source of values that now stand at other places, with the words that were typed."""

    def there(loc: Loc) -> Loc:
        return places.get(loc, loc)

    typed = {there(loc): source.typed.get(loc, word) for loc, word in source.typed.items()} | {
        new: str(old[-1]) for old, new in places.items() if old and old[-1] != new[-1]
    }
    return replace(
        source,
        lines={there(loc): line for loc, line in source.lines.items()},
        texts={there(loc): text for loc, text in source.texts.items()},
        comments={there(loc): text for loc, text in source.comments.items()},
        quoted={there(loc) for loc in source.quoted},
        cells={there(loc): cell for loc, cell in source.cells.items()},
        typed=typed,
    )
