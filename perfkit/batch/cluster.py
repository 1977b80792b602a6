"""The same work on a Dask cluster: ``perfkit run --dask ADDRESS``.

A worker's machine shares nothing with ours but the scheduler: the parameter
file and the template go there as bytes, and the documents come back, or go to
a shared folder that any fsspec address may name. Each worker keeps a warm
process of its own, since a worker has threads and can't be forked itself.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from perfkit.batch.workers import Job, Outcome, Workers
from perfkit.errors import PerfkitError, system_reason
from perfkit.forms.bookfile import part_of

if TYPE_CHECKING:
    from perfkit.batch.documents import Seals
    from perfkit.batch.make import Made
    from perfkit.batch.plan import Settings


@dataclass(frozen=True)
class Package:
    """What a worker needs of us: names and contents of the parameter file and the template."""

    params: tuple[str, bytes]
    template: tuple[str, bytes]
    perfkit: str
    settings: Settings


def run(
    jobs: Mapping[str, tuple[Path, Seals, Settings]],
    settings: Settings,
    started: Callable[[str], None],
) -> Iterator[Outcome]:
    """The outcomes of reports, as the cluster makes them.

    Args:
        jobs: of each report its parameter file, the seals of its earlier files here, and its
            settings, with its own template.
        settings: those of the batch.
        started: called with a report's name.

    Raises:
        PerfkitError: if Dask isn't installed, or the scheduler can't be reached.
    """
    if not jobs:
        return
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise PerfkitError("没有安装 Dask，请先运行 pip install perfkit[dask]") from None
    from perfkit.batch.plan import perfkit_digest

    folders = {path.parent.resolve() for path, *_ in jobs.values()}
    if any(own.template.parent.resolve() in folders for *_, own in jobs.values()):
        raise PerfkitError("参数文件和模板在同一个文件夹里，集群上无法还原，请分开放")
    try:
        client = Client(settings.cluster, timeout="10s", set_as_default=False)
    except (OSError, ValueError):
        raise PerfkitError(f"连不上 Dask 调度器 {settings.cluster}，请核对地址") from None
    with client:
        futures = {}
        for name, (path, _, own) in jobs.items():
            if part_of(path)[1]:
                error = f"{path}：一本里有几个部门的，集群上请先用 perfkit import 拆成参数文件"
                yield Outcome(name, error=error, kind="failed")
                continue
            try:
                package = Package(*_contents_of(path, own.template), perfkit_digest(), own)
            except OSError as e:
                error = f"{e.filename or path}：读不了：{system_reason(e)}"
                yield Outcome(name, error=error, kind="failed")
                continue
            key = f"perfkit-{name}-{hash((package.params, package.template))}"
            futures[client.submit(make_there, package, key=key, pure=False)] = name
        for future in as_completed(list(futures), loop=client.loop):
            name = futures[future]
            started(name)
            if future.status == "finished":
                yield _received(future.result(), jobs[name][1], settings)
            else:
                cause = f"集群没有完成：{future.exception()}"
                yield Outcome(name, error=cause.splitlines()[0], kind="died")
            future.release()


def _contents_of(params: Path, template: Path) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """Names and contents of both files; named so that each is found from the other as it is here."""
    paths = [params.resolve(), template.resolve()]
    try:
        # With the name of the folder that they share, which messages may show.
        above = Path(os.path.commonpath([path.parent for path in paths])).parent
        names = [path.relative_to(above).as_posix() for path in paths]
    except ValueError:  # on two drives of Windows
        names = [f"{path.parent.name}/{path.name}" for path in paths]
    return (names[0], paths[0].read_bytes()), (names[1], paths[1].read_bytes())


def _received(outcome: Outcome, before: Seals, settings: Settings) -> Outcome:
    """The outcome of a worker, its documents written to the outputs folder."""
    from perfkit.batch.documents import replace_documents
    from perfkit.files import write_whole

    found = outcome.value
    if not isinstance(found, _Report):
        return outcome
    if found.made is None:
        for ending, page in found.documents.items():  # that of the failed cell
            settings.outputs.mkdir(parents=True, exist_ok=True)
            write_whole(settings.outputs / f"{outcome.name}{ending}", page)
        return replace(outcome, value=None, kind="failed", error=found.error)
    kept = replace_documents(settings.outputs, outcome.name, found.documents, before)
    return replace(outcome, value=replace(found.made, kept=kept))


_local = threading.local()


def make_there(package: Package) -> Outcome:
    """On a worker: the report of a package, its documents beside it or in the shared folder."""
    from perfkit.batch.plan import perfkit_digest

    name = Path(package.params[0]).stem
    if perfkit_digest() != package.perfkit:
        cause = "集群上的 perfkit 与本机的版本不同，请在各台机器上安装同一版"
        return Outcome(name, error=cause, kind="failed")
    if not hasattr(_local, "workers"):
        # One for each of the worker's threads, for as long as the worker lives.
        _local.workers = Workers(1, "perfkit.batch.warm", package.settings.limits)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(name, _make_in, (Path(folder), package))
        (outcome,) = list(_local.workers.run([job], started=_ignore))
    found: Outcome = outcome
    return found


def _ignore(_: str) -> None:
    pass


@dataclass(frozen=True)
class _Report:
    """What a worker sends back: the documents by ending, and how they were made, or the cause."""

    documents: dict[str, bytes]
    made: Made | None = None
    error: str = ""


def _make_in(folder: Path, package: Package) -> _Report:
    """In the worker's child: unpack, make, and hand over."""
    from perfkit.batch.make import make

    for name, content in (package.params, package.template):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    outputs, stem = folder / "outputs", Path(package.params[0]).stem
    settings = replace(package.settings, template=folder / package.template[0], outputs=outputs)
    try:
        made = make(folder / package.params[0], {}, settings)
    except PerfkitError as e:
        # The page of the failed cell, if there is one.
        return _Report(_contents(outputs, stem), error=str(e))
    documents = _contents(outputs, stem)
    if package.settings.shared:
        for ending, content in documents.items():
            _share(f"{package.settings.shared.rstrip('/')}/{stem}{ending}", content)
        documents = {}
    return _Report(documents, made)


def _contents(outputs: Path, stem: str) -> dict[str, bytes]:
    files = sorted(path for path in outputs.glob("*") if path.is_file())
    return {path.name.removeprefix(stem): path.read_bytes() for path in files}


def _share(address: str, content: bytes) -> None:
    """Write to an fsspec address, beside the target first where the file system can move."""
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    system.makedirs(system._parent(path), exist_ok=True)
    beside = f"{path}.tmp"
    system.pipe_file(beside, content)
    system.mv(beside, path)
