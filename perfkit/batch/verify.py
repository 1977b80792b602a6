"""核验: published reports made again from what they were made from, and held against them byte by byte."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit.batch.documents import FORMATS, as_sealed
from perfkit.batch.journal import Record
from perfkit.batch.plan import Settings, common_inputs, own_inputs
from perfkit.batch.run import run
from perfkit.files import file_digest
from perfkit.forms.bookfile import part_of

FORMATS_INPUT = "格式"
"""The name of the formats among a record's inputs; see `perfkit.batch.plan.common_inputs`."""


@dataclass(frozen=True)
class Verified:
    """核验结果 of a report: of each of its files whether the bytes are the same, and what differs.

    `files` gives by name an empty text for the same bytes, else how it differs; `causes` are
    what the report was made from and has changed since; `trouble` is why it can't be made again.
    """

    name: str
    files: Mapping[str, str]
    causes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def same(self) -> bool:
        """Whether every file could be made again and has the same bytes."""
        return not self.trouble and not any(self.files.values())


def verify(
    outputs: Path, journal: Mapping[str, Record], settings: Settings, names: Iterable[str] = ()
) -> Iterator[Verified]:
    """Every report of the journal made again in a folder of its own, and held against what is there.

    Args:
        outputs: the folder of the reports; nothing in it is changed.
        settings: how the reports were made; formats and folder are each report's own.
        names: of the reports; all without any.
    """
    wanted = list(names) or sorted(journal)
    made: dict[tuple[str, ...], list[str]] = {}
    for name in wanted:
        record = journal[name]
        params = _params(outputs, record)
        if record.failed:
            yield Verified(name, {}, trouble="上次没有生成成功，没有可以核验的报告")
        elif not part_of(params)[0].is_file():
            yield Verified(name, {}, trouble=f"找不到它的参数文件 {params}，不能重做")
        else:
            chosen = tuple(
                form for form in record.inputs.get(FORMATS_INPUT, "").split("、") if form in FORMATS
            )
            made.setdefault(chosen, []).append(name)
    for formats, group in made.items():
        yield from _made_again(outputs, journal, replace(settings, formats=formats), group)


def _params(outputs: Path, record: Record) -> Path:
    return (outputs / record.params).resolve()


def _made_again(
    outputs: Path, journal: Mapping[str, Record], settings: Settings, names: list[str]
) -> Iterator[Verified]:
    paths = {name: _params(outputs, journal[name]) for name in names}
    common = common_inputs(settings)
    with tempfile.TemporaryDirectory() as folder:
        again = replace(settings, outputs=Path(folder), force=True)
        for ended in run(paths.values(), again, {}, {}, lambda name: None):
            name = ended.record.name
            causes = tuple(_changed(settings, paths[name], journal[name], common))
            if ended.record.failed:
                first = next(iter(ended.outcome.error.splitlines()), "")
                yield Verified(name, {}, causes, f"重做不成：{first}")
                continue
            files = {
                file: _difference(outputs / file, Path(folder) / file, journal[name])
                for file in journal[name].files
                if Path(file).stem == name
            }
            yield Verified(name, files, causes)


def _changed(
    settings: Settings, params: Path, record: Record, common: Mapping[str, str]
) -> Iterator[str]:
    """What the report was made from and is no longer as it was."""
    settings = settings.of(params)
    inputs = {**common, **own_inputs(settings, params)}
    yield from (name for name, digest in inputs.items() if record.inputs.get(name) != digest)
    folder = settings.template.resolve().parent
    for path, digest in record.opened.items():
        opened = (folder / path).resolve()
        if opened != params and file_digest(opened) != digest:
            yield path


def _difference(published: Path, again: Path, record: Record) -> str:
    if not published.exists():
        return "找不到这份文件"
    if file_digest(published) == file_digest(again):
        return ""
    if not as_sealed(published, record.files.get(published.name)):
        return "生成以后被改动过"
    return "与重做的不同"
