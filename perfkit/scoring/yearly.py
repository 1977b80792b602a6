"""年度参数: benchmarks that are published anew each year, set apart from the rubric that asks for them.

They stand in ``rubrics/<rubric>.years.yaml`` of the folder that an analyst works in, or beside a
rubric file of one's own, and go before the values that the rubric itself has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from perfkit.errors import Fault, PerfkitError
from perfkit.files import looked_for
from perfkit.forms.department import Name, Record, Text, Year
from perfkit.forms.faults import validate
from perfkit.forms.yamlfile import Source, read_tree
from perfkit.quantities import Rate

FOLDER = "rubrics"
ENDING = ".years.yaml"


class YearValue(Record):
    """The value of a yearly parameter and where it was published."""

    value: Rate = Field(title="数值")
    source: Text = Field(title="出处")
    place: str = ""
    """The file and line that it was set in; empty if it is the rubric's own."""

    @property
    def origin(self) -> str:
        """Where it was published, and where it was set."""
        return f"{self.source}（{self.place}）" if self.place else self.source


class Parameter(Record):
    """年度参数: a benchmark that is published anew each year."""

    name: Name = Field(title="名称")
    years: dict[Year, YearValue] = Field({}, title="各年度的值")


class YearlyFile(Record):
    """年度参数文件: values of a rubric's parameters by year."""

    rubric: Name = Field(title="评分标准")
    parameters: dict[str, dict[Year, YearValue]] = Field({}, title="年度参数")


@dataclass(frozen=True)
class Yearly:
    """What was set apart from a rubric, and the file that it stands in; empty without one."""

    values: Mapping[str, Mapping[int, YearValue]] = field(default_factory=dict)
    source: Source = field(default_factory=Source)


def yearly_places(name: str, folder: Path) -> Iterator[Path]:
    """Where the file of the rubric *name* may stand for a parameter file in *folder*, nearest first."""
    if name.endswith((".yaml", ".yml")):
        path = folder / name
        yield path.with_name(path.name.rpartition(".")[0] + ENDING)
        return
    folder = folder.absolute()
    for each in (folder, folder.parent, folder.parent.parent):
        yield each / FOLDER / f"{name}{ENDING}"


def find_yearly(name: str, folder: Path) -> Path | None:
    """The file for the rubric *name*; None if there is none."""
    return next(filter(looked_for, yearly_places(name, folder)), None)


def read_yearly(path: Path, rubric: str, parameters: Mapping[str, Parameter]) -> Yearly:
    """The values that stand in *path* for the rubric with the id *rubric*.

    Raises:
        PerfkitError: with every fault of the file, each with its line.
    """
    tree, source, faults = read_tree(path, YearlyFile)
    found = validate(YearlyFile, tree, source, more=faults)
    if found.rubric != rubric:
        message = f"这是评分标准 {found.rubric} 的年度参数，应是 {rubric}"
        raise PerfkitError([source.fault(("rubric",), message)])
    unknown = [name for name in found.parameters if name not in parameters]
    if unknown:
        raise PerfkitError(_unknown(name, parameters, source) for name in unknown)
    values = {
        name: {
            year: one.model_copy(update={"place": source.place(f"parameters.{name}.{year}")})
            for year, one in years.items()
        }
        for name, years in found.parameters.items()
    }
    return Yearly(values, source)


def _unknown(name: str, parameters: Mapping[str, Parameter], source: Source) -> Fault:
    known = "、".join(f"{key}（{found.name}）" for key, found in parameters.items())
    message = f"评分标准没有年度参数“{name}”" + (f"，有的是 {known}" if known else "")
    return source.fault(("parameters", name), message)
