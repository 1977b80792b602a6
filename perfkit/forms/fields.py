"""The fields of a form (字段): their names, Chinese titles and types, by the place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Loc = tuple[str | int, ...]
"""The place of a value: the keys and indices that lead to it."""


def leaves(tree: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    """Each value of a tree of dicts and lists that stands at *loc*, with its own place."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from leaves(child, (*loc, key))
    elif isinstance(tree, list):
        for i, child in enumerate(tree):
            yield from leaves(child, (*loc, i))
    else:
        yield loc, tree


def field_types(model: type[BaseModel], loc: Loc) -> set[Any]:
    """The plain types that the field at *loc* may have."""
    info, models = None, [model]
    for step in loc:
        if isinstance(step, int):
            continue
        if tagged := _tagged(models, step):
            models = tagged
            continue
        info = _fields(models).get(step)
        models = _models_in(info.annotation) if info is not None else []
    return set(_plain_types(info.annotation)) if info is not None else set()


def _plain_types(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for argument in get_args(annotation):
            yield from _plain_types(argument)


def field_info(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """The field at *loc*: its title, description, whether it is required; None if it is none."""
    return _fields(_models_at(model, loc[:-1])).get(str(loc[-1])) if loc else None


def field_readers(model: type[BaseModel], loc: Loc) -> set[Any]:
    """The functions that read the field at *loc*, such as `parse_rate` for a 比率."""
    info = field_info(model, loc)
    found = [*info.metadata, *_metadata(info.annotation)] if info is not None else []
    return {getattr(each, "func", None) for each in found}


def _metadata(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _metadata(argument)


def field_words(model: type[BaseModel], loc: Loc) -> list[str]:
    """The fields on the way to *loc* in the form's own words: 全年预算数（budget）."""
    words: list[str] = []
    models = [model]
    for step in loc:
        if isinstance(step, int):
            words.append(f"第 {step + 1} 项")
            continue
        if step.startswith("["):
            continue
        if tagged := _tagged(models, step):
            models = tagged
            continue
        info = _fields(models).get(step)
        words.append(f"{info.title}（{step}）" if info is not None and info.title else step)
        models = _models_in(info.annotation) if info is not None else models
    return words


def _tagged(models: list[type[BaseModel]], step: str) -> list[type[BaseModel]]:
    """Of several *models* the one of this ``kind``, as pydantic names it in the place of an error."""
    return [
        model
        for model in models
        if len(models) > 1 and "kind" in model.model_fields
        if step in get_args(model.model_fields["kind"].annotation)
    ]


def _fields(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The fields of *models* by the name that stands in the file."""
    found: dict[str, Any] = {}
    for model in models:
        found |= _fields_of(model)
    return found


@cache
def _fields_of(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def field_names(model: type[BaseModel], loc: Loc) -> Mapping[str, str]:
    """The fields that may stand at *loc* and their titles; empty where any name may."""
    return {name: info.title or name for name, info in _fields(_models_at(model, loc)).items()}


def _models_at(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    return _models_below(model, tuple(step for step in loc if not isinstance(step, int)))


@lru_cache(maxsize=5000)  # asked for each value of each filing; its names may be anyone's
def _models_below(model: type[BaseModel], steps: tuple[str, ...]) -> list[type[BaseModel]]:
    models = [model]
    for step in steps:
        info = _fields(models).get(step)
        below = _models_in(info.annotation) if info is not None else []
        models = _tagged(models, step) or below
    return models


@cache
def all_fields(model: type[BaseModel]) -> dict[str, list[str]]:
    """Every field of the file by its name, with all that it may stand in."""
    found: dict[str, list[str]] = {"department": []}
    seen: set[type[BaseModel]] = set()

    def add(models: Iterable[type[BaseModel]], parent: str) -> None:
        for each in models:
            if each in seen:
                continue
            seen.add(each)
            for name, info in _fields([each]).items():
                title = f"{info.title}（{name}）" if info.title else name
                found.setdefault(name, []).append(parent)
                add(_models_in(info.annotation), title)

    add([model], "department")
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]


def field_choices(model: type[BaseModel], loc: Loc) -> list[str]:
    """The words that the field at *loc* may be, where it is one of a few; else none."""
    info = _fields(_models_at(model, loc[:-1])).get(str(loc[-1])) if loc else None
    return list(_literals(info.annotation)) if info is not None else []


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
    else:
        for argument in get_args(annotation):
            yield from _literals(argument)
