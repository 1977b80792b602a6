"""Reading a parameter file (参数文件) into a `Department`, all its faults told together.

A notebook's ``department`` may be a path or the mapping that ``papermill -f``
injects. papermill reads YAML 1.1 and keeps neither the file's name nor its
lines, so the file is looked for and read again; only if it isn't found is the
mapping itself taken.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from perfkit.department import Department
from perfkit.quantities import parse_points
from perfkit.rubric import Rubric, load_rubric
from perfkit.yamlfile import Fault, Loc, PerfkitError, Source, field_words, read_tree, validate


def read_department(given: str | Path | Mapping[str, Any]) -> tuple[Department, Rubric]:
    """The department's filing and the rubric (评分标准) that it names.

    Args:
        given: the path of a parameter file, or the mapping below its key ``department``.

    Raises:
        PerfkitError: with every fault of the file, each with its line.
    """
    if isinstance(given, Mapping):
        found = _find_file(given)
        if found is None:
            tree = {"department": _as_text(given)}
            return _validated(tree, Source(texts=dict(_texts(tree, ()))), [], Path())
        given = found
    return _read(Path(given))


def _read(path: Path, with_previous: bool = True) -> tuple[Department, Rubric]:
    tree, source, faults = read_tree(path)
    return _validated(tree, source, faults, path.parent, with_previous)


def _validated(
    tree: dict[str, Any],
    source: Source,
    faults: list[Fault],
    folder: Path,
    with_previous: bool = True,
) -> tuple[Department, Rubric]:
    for key in tree:
        if key != "department":
            message = f"最外层只能有 department 一个字段，没有“{key}”"
            faults.append(source.fault((key,), message))
    filed = _without_blanks(tree.get("department"))
    if not isinstance(filed, dict):
        faults.append(source.fault(("department",), "最外层应是“department:”，内容缩进写在它下面"))
        raise PerfkitError(faults)
    rubric = None
    if isinstance(filed.get("rubric"), str):
        try:
            rubric = load_rubric(filed["rubric"], folder)
        except PerfkitError as e:
            faults += (
                [source.fault(("department", "rubric"), str(fault.message)) for fault in e.faults]
                if all(not fault.file for fault in e.faults)
                else e.faults
            )
    if rubric is not None:
        faults += _rubric_faults(filed, rubric, source)
    previous = None
    # Of last year's filing, not of all the years before it.
    if with_previous and isinstance(filed.get("previous"), str):
        try:
            previous = _previous(folder / filed["previous"], filed.get("year"))
        except PerfkitError as e:
            faults.append(source.fault(("department", "previous"), str(e)))
    department = validate(Department, filed, source, ("department",), faults)
    assert rubric is not None  # a missing rubric is a fault of the record
    department._source = source
    department._previous = previous
    return department, rubric


def _previous(path: Path, year: Any) -> Department:
    """Last year's filing.

    Raises:
        PerfkitError: in one line, if it can't be read or is of another year.
    """
    try:
        found, _ = _read(path, with_previous=False)
    except PerfkitError as e:
        first = str(e).splitlines()[0]
        raise PerfkitError(f"上年参数文件（previous）用不了：{first}") from None
    if str(year).isdigit() and found.year != int(year) - 1:
        words = f"“{path.name}”是{found.year}年度的，应是{int(year) - 1}年度"
        raise PerfkitError(f"上年参数文件（previous）{words}")
    return found


def _rubric_faults(filed: dict[str, Any], rubric: Rubric, source: Source) -> Iterator[Fault]:
    """Names in the filing that the rubric doesn't have; *filed* is not validated yet."""

    def fault(loc: Loc, message: str) -> Fault:
        words = " / ".join(field_words(Department, loc))
        return source.fault(("department", *loc), f"{words}：{message}")

    def rows(key: str) -> list[tuple[int, dict[str, Any]]]:
        listed = filed.get(key)
        items = enumerate(listed) if isinstance(listed, list) else ()
        return [(i, row) for i, row in items if isinstance(row, dict)]

    def keys(value: Any) -> list[str]:
        return list(value) if isinstance(value, dict) else []

    counts: dict[str, int] = {}
    weighted: dict[str, bool] = {}
    for i, row in rows("indicators"):
        group, kind = row.get("group"), row.get("kind")
        if not isinstance(group, str):
            continue
        if group not in rubric.groups:
            yield fault(("indicators", i, "group"), _unknown(group, rubric.groups))
            continue
        counts[group] = counts.get(group, 0) + 1
        weighted[group] = weighted.get(group, False) or row.get("weight") is not None
        kinds = {k.id: k.name for k in rubric.groups[group].kinds}
        if isinstance(kind, str) and kind not in kinds:
            yield fault(("indicators", i, "kind"), _unknown(kind, kinds))
        if isinstance(weight := row.get("weight"), str):
            yield from _places(fault, ("indicators", i, "weight"), weight, rubric)
    names = [indicator.id for indicator in rubric.indicators]
    for group, count in counts.items():
        if weighted[group] or rubric.groups[group].no_weights == "equal":
            names += [f"{group}.{n + 1}" for n in range(count)]
    for item in keys(filed.get("checks")):
        if item not in rubric.items:
            yield fault(("checks", item), _unknown(item, rubric.items))
    used: Counter[str] = Counter()
    for i, row in rows("overrides"):
        if isinstance(score := row.get("score"), str):
            yield from _places(fault, ("overrides", i, "score"), score, rubric)
        if not isinstance(name := row.get("indicator"), str):
            continue
        used[name] += 1
        if name not in names:
            yield fault(("overrides", i, "indicator"), _unknown(name, names))
        elif used[name] > 1:
            yield fault(("overrides", i, "indicator"), f"“{name}”已有一条例外核定，只能有一条")
    reported = filed.get("reported")
    for name in keys(reported.get("scores") if isinstance(reported, dict) else None):
        if name not in names:
            yield fault(("reported", "scores", name), _unknown(name, names))


def _places(
    fault: Callable[[Loc, str], Fault], loc: Loc, text: str, rubric: Rubric
) -> Iterator[Fault]:
    """Points finer than scores are printed: they would not add up on the page."""
    try:
        value = parse_points(text)
    except ValueError:
        return  # the record tells it
    if isinstance(value, Decimal) and not rubric.rounding.fits(value):
        yield fault(loc, f"小数位数多于评分标准的 {rubric.rounding.places} 位，这里是“{text}”")


def _unknown(name: str, known: Any) -> str:
    return f"评分标准里没有“{name}”，可用的有：{'、'.join(known)}"


def _without_blanks(value: Any) -> Any:
    """A field left empty is a field not filled in."""
    if isinstance(value, dict):
        return {key: _without_blanks(child) for key, child in value.items() if child is not None}
    return [_without_blanks(child) for child in value] if isinstance(value, list) else value


def _as_text(value: Any) -> Any:
    """An injected mapping with its numbers as text; true and false stay, as no text was meant."""
    if isinstance(value, Mapping):
        return {str(key): _as_text(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_text(child) for child in value]
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # 0.00001, not 1e-05
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def _texts(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The text of every value of a mapping that came without a file."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*loc, key))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from _texts(child, (*loc, i))
    elif isinstance(value, str):
        yield loc, value


def _find_file(given: Mapping[str, Any]) -> Path | None:
    """The parameter file near the working folder whose content papermill reads as *given*."""
    here = Path.cwd()
    folders = (here / "params", here, here.parent / "params")
    name, wanted = str(given.get("name") or "").encode(), _canonical(given)
    for folder in folders:
        for path in sorted(folder.glob("*.y*ml")):
            try:
                raw = path.read_bytes()
                if name not in raw:
                    continue
                tree = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            except (OSError, yaml.YAMLError, ValueError):
                continue
            if isinstance(tree, dict) and _canonical(tree.get("department")) == wanted:
                return path
    return None


def _canonical(value: Any) -> str:
    return json.dumps(_as_text(value), ensure_ascii=False, sort_keys=True)
