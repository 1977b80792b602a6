"""Setting a yearly parameter (年度参数) of a rubric: one value, with its source, in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml

from perfkit.errors import PerfkitError
from perfkit.files import make_folder, write_whole
from perfkit.forms.codes import nearest
from perfkit.forms.written import quoted_where_needed
from perfkit.quantities import exact_percent, parse_rate, parse_whole
from perfkit.scoring.rubric import load_rubric
from perfkit.scoring.yearly import FOLDER, Parameter, YearValue, find_yearly, yearly_places


@dataclass(frozen=True)
class Set:
    """What was set, in which file, and what held before."""

    path: Path
    parameter: Parameter
    year: int
    value: Decimal
    source: str
    before: YearValue | None


def set_yearly(rubric: str, parameter: str, year: str, value: str, source: str) -> Set:
    """Write the value of a yearly parameter into the file beside the rubric, or in ``rubrics``.

    Args:
        rubric: its name, or the path of its file.
        parameter: its id in the rubric (city_variance) or its name (市级平均预决算差异率).
        year: as typed.
        value: as typed, with a percent sign.
        source: the document that it was published in.

    Raises:
        PerfkitError: if one of them can't be used, or the file has faults; it is as it was then.
    """
    known = load_rubric(rubric)
    key = _named(parameter, known.parameters, known.id)
    try:
        number = parse_whole(year)
    except ValueError as e:
        raise PerfkitError(f"年度：{e}") from None
    try:
        rate = parse_rate(value)
    except ValueError as e:
        raise PerfkitError(f"数值：{e}") from None
    if not 2000 <= number <= 2100:
        raise PerfkitError(f"年度应在 2000 到 2100 之间，这里是“{year}”")
    if not source.strip():
        raise PerfkitError("出处不能是空的；请写明公布这个数的文件")
    path = find_yearly(rubric, Path()) or _new_place(rubric)
    text = (
        path.read_text(encoding="utf-8-sig")
        if path.exists()
        else f"# {known.name}：每年公布的数，由 perfkit rubric set 写入，也可以直接改\n"
        f"rubric: {known.id}\nparameters:\n"
    )
    before = known.parameters[key].years.get(number)
    lines = [
        f"    {number}:",
        f"      value: {exact_percent(rate)}",
        f"      source: {quoted_where_needed(source.strip())}",
    ]
    written = _with(text, key, known.parameters[key].name, number, lines)
    _keep(path, text, written, rubric)
    after = load_rubric(rubric).parameters[key]
    return Set(path, after, number, rate, source.strip(), before)


def _named(word: str, parameters: Mapping[str, Parameter], rubric: str) -> str:
    titles = {key: found.name for key, found in parameters.items()}
    if not titles:
        raise PerfkitError(f"评分标准 {rubric} 没有年度参数")
    for key, name in titles.items():
        if word in (key, name):
            return key
    known = "、".join(f"{key}（{name}）" for key, name in titles.items())
    near = nearest(word, titles)
    meant = f"，是不是 {near}" if near and len(titles) > 1 else ""
    raise PerfkitError(f"评分标准 {rubric} 没有年度参数“{word}”{meant}；有的是 {known}")


def _new_place(rubric: str) -> Path:
    here = next(yearly_places(rubric, Path()))
    return here if rubric.endswith((".yaml", ".yml")) else Path(FOLDER) / here.name


def _with(text: str, key: str, name: str, year: int, lines: list[str]) -> str:
    """*text* with the lines of a year's value; what else stands there, comments too, stays."""
    written = text.rstrip("\n").split("\n")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    parameters = _below(root, "parameters")
    if parameters is None or not isinstance(parameters[1], yaml.MappingNode):
        if parameters is None:
            written.append("parameters:")
        return "\n".join([*written, f"  # {name}", f"  {key}:", *lines]) + "\n"
    own = _below(parameters[1], key)
    if own is None:
        at = _last_line(parameters[1]) + 1
        written[at:at] = [f"  # {name}", f"  {key}:", *lines]
    elif (found := _below(own[1], str(year))) is not None:
        written[found[0].start_mark.line : _last_line(found[1]) + 1] = lines
    else:
        at = _last_line(own[1]) + 1
        written[at:at] = lines
    return "\n".join(written) + "\n"


def _below(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    words = {"parameters": ("parameters", "年度参数")}.get(key, (key,))
    for one, other in node.value if isinstance(node, yaml.MappingNode) else ():
        if one.value in words:
            return one, other
    return None


def _last_line(node: yaml.Node) -> int:
    """The line of the last value; a mapping's own end is where the next field begins."""
    while isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        node = node.value[-1][1]
    end = node.end_mark
    return int(end.line if end.column else max(end.line - 1, node.start_mark.line))


def _keep(path: Path, before: str, written: str, rubric: str) -> None:
    """Write the file; if it can't be read then, as one laid out in another way, leave it as it was."""
    existed = path.exists()
    make_folder(path.parent)
    write_whole(path, written.encode())
    try:
        load_rubric(rubric)
    except PerfkitError:
        if existed:
            write_whole(path, before.encode())
        else:
            path.unlink()
        raise PerfkitError(
            f"{path} 的写法与通常的不同，写不进去，没有改动；请直接在文件里改"
        ) from None
