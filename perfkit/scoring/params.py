"""Reading a parameter file (参数文件) into a `Department`, all its faults told together.

A notebook's ``department`` may be a path or the mapping that ``papermill -f``
injects. papermill reads YAML 1.1 and keeps neither the file's name nor its
lines, so the file is looked for and read again; only if it isn't found is the
mapping itself taken.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from perfkit import signs
from perfkit.errors import Fault, PerfkitError
from perfkit.forms.aliases import in_english, words_for
from perfkit.forms.bookfile import is_book, part_of
from perfkit.forms.codes import nearest, with_meaning
from perfkit.forms.department import ABSENT_WORDS, Department, ParameterFile, Reply
from perfkit.forms.faults import validate
from perfkit.forms.fields import Loc, field_info, field_names, field_types, field_words, leaves
from perfkit.forms.options import typed_options
from perfkit.forms.templates import template_faults
from perfkit.forms.units import unit_doubts
from perfkit.forms.yamlfile import Source, check_events, read_text, read_tree
from perfkit.quantities import parse_points, plain
from perfkit.scoring.asked import completed, unasked
from perfkit.scoring.figures import read_figures
from perfkit.scoring.names import in_codes
from perfkit.scoring.rubric import Rubric, load_rubric
from perfkit.scoring.stages import stage_faults
from perfkit.scoring.units import read_units


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
            texts = dict(_texts(tree))
            # What papermill gives as text was text in the file; a number came as one.
            quoted = {loc for loc, _ in _texts({"department": given})}
            source = Source(texts=texts, quoted=quoted)
            tree, source, faults = in_english(tree, source, ParameterFile)
            english, _, _ = in_english({"department": given}, Source(), ParameterFile)
            faults += _harmed(english["department"], ())
            return _validated(tree, source, faults, Path())
        given = found
    return _read(Path(given))


def _read(
    path: Path, with_previous: bool = True, above: tuple[Path, ...] = ()
) -> tuple[Department, Rubric]:
    """The filing in a file; *above* are the files that name it as a 二级单位, the topmost first."""
    if is_book(path):
        from perfkit.forms.workbook import read_filing

        read, folder = read_filing(path), part_of(path)[0].parent
    else:
        read, folder = read_tree(path, ParameterFile), path.parent
    # Only now: what can't be read, such as a link to itself, may have no place either.
    return _validated(*read, folder, with_previous, (*above, path.resolve()))


def department_of(tree: Mapping[str, Any], source: Source) -> tuple[Department, Rubric]:
    """The filing in a tree that was read from another form of file, and its rubric.

    Args:
        tree: what stands below ``department``, by the English names of the form.
        source: where it was read from, with the text of every value.

    Raises:
        PerfkitError: with all its faults, as of a parameter file.
    """
    return _validated({"department": dict(tree)}, source, [], Path())


_OTHERS = {"sections": "评分标准", "parameters": "评分标准的年度参数"}
"""The other files that one writes for perfkit, by what only they have at the outermost level."""


def _validated(
    tree: dict[str, Any],
    source: Source,
    faults: list[Fault],
    folder: Path,
    with_previous: bool = True,
    above: tuple[Path, ...] = (),
) -> tuple[Department, Rubric]:
    if "department" not in tree and (kind := next((k for k in _OTHERS if k in tree), "")):
        message = (
            f"这是{_OTHERS[kind]}，不是参数文件；请移到文件夹 rubrics 里，不放在参数文件的文件夹"
        )
        raise PerfkitError([source.fault((kind,), message)])
    for key in tree:
        if key != "department":
            message = f"最外层只能有 department 一个字段，没有“{key}”；其他内容缩进写在它下面"
            faults.append(source.fault((key,), message))
    whole = tree.get("department")
    if not isinstance(whole, dict):
        if "department" in tree or not tree:
            message = "最外层应是“department:”，内容缩进写在它下面"
            faults.append(source.fault(("department",), message))
        raise PerfkitError(faults)
    rubric = None
    if isinstance(whole.get("rubric"), str):
        try:
            rubric = load_rubric(whole["rubric"], folder)
        except PerfkitError as e:
            faults += (
                [source.fault(("department", "rubric"), str(fault.message)) for fault in e.faults]
                if all(not fault.file for fault in e.faults)
                else e.faults
            )
    if rubric is not None:
        whole, source, twice = in_codes(whole, source, rubric)
        named = [*twice, *_rubric_faults(whole, rubric, source)]
        faults += [fault for fault in named if fault.line not in source.misread]
    filed: dict[str, Any] = _without_blanks(whole, ())
    if "figures" in filed:
        asked, of = (rubric.figures, rubric.id) if rubric else ({}, "")
        at = ("department", "figures")
        filed["figures"], wrong = read_figures(filed["figures"], asked, of, source, at)
        # Without a rubric nobody knows what they are.
        faults += [fault for fault in wrong if rubric and fault.line not in source.misread]
    if rubric is not None:
        for loc, message in unasked(filed, rubric):
            words = source.words(Department, loc, ("department",))
            fault = source.fault(("department", *loc), f"{words}：{message}")
            faults += [fault] if fault.line not in source.misread else []
        filed = completed(filed, rubric)
    previous, last_filed = None, None
    # Of last year's filing, not of all the years before it.
    if with_previous and isinstance(filed.get("previous"), str):
        try:
            previous, last_filed = _previous(folder / filed["previous"], filed.get("year"), rubric)
        except PerfkitError as e:
            faults.append(source.fault(("department", "previous"), str(e)))
    units: list[tuple[Department, Rubric] | None] = []
    if with_previous:
        for loc, found in read_units(filed, folder, above, _read):
            if isinstance(found, str):
                faults.append(source.fault(("department", *loc), found))
            else:
                units.append(found)
    if with_previous and isinstance(named_template := filed.get("template"), str) and source.name:
        faults += template_faults(named_template, source, folder)
    if "options" in filed:
        filed["options"], wrong = typed_options(filed["options"], source, ("department", "options"))
        faults += [fault for fault in wrong if fault.line not in source.misread]
    department = validate(Department, filed, source, ("department",), faults)
    assert rubric is not None  # a missing rubric is a fault of the record
    if doubts := list(unit_doubts(department, source)):
        raise PerfkitError(doubts)
    department.comes_from(source, previous, tuple(units), last_filed, rubric.parts)
    return department, rubric


def _previous(
    path: Path, year: Any, rubric: Rubric | None
) -> tuple[Department, tuple[Department, Rubric]]:
    """Last year's filing, with the figures that its rubric asked for as *rubric* does, and all of it.

    Raises:
        PerfkitError: in one line, if it can't be read or is of another year.
    """
    try:
        found, asked = _read(path, with_previous=False)
    except PerfkitError as e:
        first = str(e).splitlines()[0]
        raise PerfkitError(f"上年参数文件（previous）用不了：{first}") from None
    if re.fullmatch("[0-9]{4}", str(year)) and found.year != int(year) - 1:
        words = f"“{path.name}”是{found.year}年度的，应是{int(year) - 1}年度"
        raise PerfkitError(f"上年参数文件（previous）{words}")
    if rubric is None or rubric.figures == asked.figures:
        return found, (found, asked)
    now, then = rubric.figures, asked.figures
    # What was counted in another unit is no figure to compare with.
    same = {n: v for n, v in found.figures.items() if n in now and now[n].unit == then[n].unit}
    kept = found.model_copy(update={"figures": same})
    kept.comes_from(found.source, None, parts=asked.parts)
    return kept, (found, asked)


def _rubric_faults(filed: dict[str, Any], rubric: Rubric, source: Source) -> Iterator[Fault]:
    """Names in the filing that the rubric doesn't have; *filed* is not validated yet."""

    def fault(loc: Loc, message: str) -> Fault:
        words = source.words(Department, loc, ("department",))
        return source.fault(("department", *loc), f"{words}：{message}")

    def rows(key: str) -> list[tuple[int, dict[str, Any]]]:
        listed = filed.get(key)
        items = enumerate(listed) if isinstance(listed, list) else ()
        return [(i, row) for i, row in items if isinstance(row, dict)]

    def keys(value: Any) -> list[str]:
        return list(value) if isinstance(value, dict) else []

    groups, items = rubric.groups, rubric.items
    counts: dict[str, int] = {}
    weighted: dict[str, bool] = {}
    for i, row in rows("indicators"):
        group, kind = row.get("group"), row.get("kind")
        if not isinstance(group, str):
            continue
        if group not in groups:
            known = {name: rubric.indicator(name).name for name in groups}
            yield fault(("indicators", i, "group"), _unknown(group, known))
            continue
        counts[group] = counts.get(group, 0) + 1
        weighted[group] = weighted.get(group, False) or row.get("weight") is not None
        kinds = {k.id: k.name for k in groups[group].kinds}
        if isinstance(kind, str) and kind not in kinds:
            yield fault(("indicators", i, "kind"), _unknown(kind, kinds))
        if isinstance(weight := row.get("weight"), str):
            yield from _places(fault, ("indicators", i, "weight"), weight, rubric)
    titles = {indicator.id: indicator.name for indicator in rubric.everything}
    names = list(titles)
    for group, count in counts.items():
        if weighted[group] or groups[group].no_weights == "equal":
            names += [f"{group}.{n + 1}" for n in range(count)]
    for item in keys(filed.get("checks")):
        if item not in items:
            asked = {name: found.asks or found.text for name, found in items.items()}
            yield fault(("checks", item), _unknown(item, asked))
        elif filed["checks"][item] in ABSENT_WORDS and item not in rubric.may_be_absent:
            message = "评分标准没有“不涉及”这种答案，请填“是”或“否”"
            yield fault(("checks", item), message)
    yield from _answer_faults(filed.get("answers"), rubric, fault)
    used: Counter[str] = Counter()
    for i, row in rows("overrides"):
        if isinstance(score := row.get("score"), str):
            yield from _places(fault, ("overrides", i, "score"), score, rubric)
        if not isinstance(name := row.get("indicator"), str):
            continue
        used[name] += 1
        if name not in names:
            yield fault(("overrides", i, "indicator"), _unknown(name, titles, names))
        elif used[name] > 1:
            yield fault(("overrides", i, "indicator"), f"“{name}”已有一条例外核定，只能有一条")
    for i, row in rows("stages"):
        for name, points in (row["scores"] if isinstance(row.get("scores"), dict) else {}).items():
            if isinstance(points, str):
                yield from _places(fault, ("stages", i, "scores", name), points, rubric)
    yield from stage_faults(
        filed, fault, lambda name: "" if name in names else _unknown(name, titles, names)
    )
    reported = filed.get("reported")
    for name in keys(reported.get("scores") if isinstance(reported, dict) else None):
        if name not in names:
            yield fault(("reported", "scores", name), _unknown(name, titles, names))


def _answer_faults(
    answers: Any, rubric: Rubric, fault: Callable[[Loc, str], Fault]
) -> Iterator[Fault]:
    """指标填报 that the rubric doesn't ask for, and points above those of the indicator."""
    if not isinstance(answers, dict):
        return
    whole = {i.id: i for i in rubric.everything}
    titles = {i.id: i.name for i in whole.values() if i.rule.asks or i.optional != "no"}
    optional = [i.id for i in rubric.indicators if i.optional != "no"]
    if len(optional) == len(rubric.indicators) and all(_skipped(answers.get(i)) for i in optional):
        yield fault(("answers",), "全部指标都写了不适用（applies: 否），没有可以计分的指标")
    for name, reply in answers.items():
        indicator, filled = whole.get(name), reply if isinstance(reply, dict) else {}
        if indicator is None:
            none = f"评分标准{rubric.id}没有要在指标填报（answers）里填的指标"
            yield fault(("answers", name), _unknown(name, titles) if titles else none)
            continue
        if "applies" in filled and indicator.optional == "no":
            message = f"评分标准没有“{indicator.name}”不适用的规定，请删去"
            yield fault(("answers", name, "applies"), message)
        elif name not in titles:
            yield fault(("answers", name), f"“{indicator.name}”不按这里所填计分，请删去")
            continue
        asks = indicator.rule.asks
        for field in filled:
            if field in REPLY_FIELDS and field not in asks:
                wanted = f"，应填 {with_meaning(asks, REPLY_FIELDS)}" if asks else "，请删去"
                message = f"“{indicator.name}”不按{REPLY_FIELDS[field]}计分{wanted}"
                yield fault(("answers", name, field), message)
        score = filled.get("score")
        if isinstance(score, str) and "score" in asks:
            yield from _places(fault, ("answers", name, "score"), score, rubric)
            yield from _above(fault, ("answers", name, "score"), score, indicator.points)


def _skipped(reply: Any) -> bool:
    return isinstance(reply, dict) and reply.get("applies") in ("否", "false", "no", False)


REPLY_FIELDS = {
    name: info.title or name
    for name, info in Reply.model_fields.items()
    if name not in ("applies", "reason")
}
"""The fields of 指标填报 that an indicator may be scored by, and their titles."""


def _points(text: str) -> Decimal | None:
    """Points as they are written; None for what is none, which the record tells."""
    try:
        value = parse_points(text)
    except ValueError:
        return None
    return value if isinstance(value, Decimal) else None


def _above(
    fault: Callable[[Loc, str], Fault], loc: Loc, text: str, points: Decimal
) -> Iterator[Fault]:
    """Points that are more than what the indicator is worth."""
    if (value := _points(text)) is not None and value > points:
        yield fault(loc, f"超过指标的分值 {plain(points)} 分，这里是“{text}”")


def _places(
    fault: Callable[[Loc, str], Fault], loc: Loc, text: str, rubric: Rubric
) -> Iterator[Fault]:
    """Points finer than scores are printed: they would not add up on the page."""
    if (value := _points(text)) is not None and not rubric.rounding.fits(value):
        yield fault(loc, f"小数位数多于评分标准的 {rubric.rounding.places} 位，这里是“{text}”")


LISTED = 12
"""Codes that a message lists; of more it names the nearest."""


def _unknown(name: str, titles: Mapping[str, str], names: Iterable[str] = ()) -> str:
    """That the rubric doesn't know *name*: what was meant, or all that it knows."""
    known = {code: titles.get(code, code) for code in names} or titles
    message = f"评分标准里没有“{name}”"
    if found := nearest(name, known):
        return f"{message}，是不是 {with_meaning([found], known)}"
    if len(known) > LISTED:
        return f"{message}，用 perfkit rubric 查看可用的编号"
    return f"{message}，可用的有：{with_meaning(known, known)}"


def _without_blanks(value: Any, loc: Loc) -> Any:
    """A field left empty is a field not filled in; one that the form doesn't have stays.

    So is a part of the form of which every field is left empty, unless it must be there.
    """
    if isinstance(value, dict):
        names = field_names(Department, loc)
        found = {}
        for key, child in value.items():
            at = (*loc, key)
            kept = _without_blanks(child, at)
            info = field_info(Department, at)
            emptied = kept == {} != child and (info is None or not info.is_required())
            if (kept is not None and not emptied) or (names and key not in names):
                found[key] = kept
        return found
    if isinstance(value, list):
        return [_without_blanks(child, (*loc, i)) for i, child in enumerate(value)]
    return value


def _as_text(value: Any) -> Any:
    """An injected mapping with its numbers as text; true and false stay, as no text was meant."""
    if isinstance(value, Mapping):
        return {signs.cleaned(str(key)): _as_text(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_text(child) for child in value]
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # 0.00001, not 1e-05
    return value if value is None or isinstance(value, bool) else signs.cleaned(str(value))


def _harmed(value: Any, loc: Loc) -> Iterator[Fault]:
    """Numbers of an injected mapping that may have been another text in the file.

    An amount is the same as 1.1 and as 1.10; a code, a time or a target is not.
    """
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _harmed(child, (*loc, str(key)))
    elif isinstance(value, (list, tuple)):
        for i, child in enumerate(value):
            yield from _harmed(child, (*loc, i))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        exact = isinstance(value, int) or len(Decimal(repr(value)).as_tuple().digits) <= 15
        if not exact or str in field_types(Department, loc):
            words = " / ".join(field_words(Department, loc))
            yield Fault(
                "",
                0,
                f"{words}：papermill -f 传来的是数字 {value}，原来写的可能是别的"
                "（1.10 会变成 1.1，010 变成 8，12:30 变成 750）；请给这个值加英文引号，"
                "或改用 -p department 参数文件的路径",
            )


def _texts(tree: Any) -> Iterator[tuple[Loc, str]]:
    """The text of every value of a mapping that came without a file."""
    return ((loc, value) for loc, value in leaves(tree, ()) if isinstance(value, str))


def _find_file(given: Mapping[str, Any]) -> Path | None:
    """The parameter file near the working folder whose content papermill reads as *given*."""
    here = Path.cwd()
    folders = (here / "params", here, here.parent / "params")
    wanted = _canonical(given)
    names = (given.get(word) for word in ("name", *words_for(Department, ("name",))))
    name = str(next((name for name in names if name), "")).encode(errors="replace")
    for folder in folders:
        for path in sorted(folder.glob("*.y*ml")):
            try:
                text, raw = read_text(path)
                if name not in raw or check_events(text, str(path)):
                    continue
                tree = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            except (PerfkitError, yaml.YAMLError, ValueError):
                continue
            if isinstance(tree, dict) and wanted in map(_canonical, tree.values()):
                return path
    return None


def _canonical(value: Any) -> str:
    return json.dumps(_as_text(value), ensure_ascii=False, sort_keys=True)
