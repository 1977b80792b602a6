"""The same work on a Dask cluster: ``perfkit run --dask ADDRESS``.

A worker's machine shares nothing with ours but the scheduler: the parameter
file and the template go there as bytes, and the documents come back, or go to
a shared folder that any fsspec address may name. Each worker keeps a warm
process of its own, since a worker has threads and can't be forked itself.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from perfkit.workers import Job, Outcome, Workers
from perfkit.yamlfile import PerfkitError

if TYPE_CHECKING:
    from perfkit.batch import Made, Settings


@dataclass(frozen=True)
class Package:
    """What a worker needs of us: names and contents of the parameter file and the template."""

    params: tuple[str, bytes]
    template: tuple[str, bytes]
    perfkit: str
    settings: Settings


def run(
    paths: Mapping[str, Path], settings: Settings, started: Callable[[str], None]
) -> Iterator[Outcome]:
    """The outcomes of the reports of *paths*, as the cluster makes them.

    Raises:
        PerfkitError: if Dask isn't installed, or the scheduler can't be reached.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise PerfkitError("没有安装 Dask，请先运行 pip install perfkit[dask]") from None
    from perfkit.batch import perfkit_digest

    if settings.template.parent.resolve() == Path(next(iter(paths.values()))).parent.resolve():
        raise PerfkitError("参数文件和模板在同一个文件夹里，集群上无法还原，请分开放")
    try:
        client = Client(settings.cluster, timeout="10s", set_as_default=False)
    except (OSError, ValueError):
        raise PerfkitError(f"连不上 Dask 调度器 {settings.cluster}，请核对地址") from None
    with client:
        template = _content(settings.template)
        futures = {
            client.submit(
                make_there,
                Package(_content(path), template, perfkit_digest(), settings),
                key=f"perfkit-{name}-{hash((name, path.stat().st_mtime_ns))}",
                pure=False,
            ): name
            for name, path in paths.items()
        }
        for future in as_completed(list(futures), loop=client.loop):
            name = futures[future]
            started(name)
            if future.status == "finished":
                yield _received(future.result(), settings)
            else:
                cause = f"集群没有完成：{future.exception()}"
                yield Outcome(name, error=cause.splitlines()[0], kind="died")
            future.release()


def _content(path: Path) -> tuple[str, bytes]:
    path = path.resolve()
    return f"{path.parent.name}/{path.name}", path.read_bytes()


def _received(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome of a worker, its documents written to the outputs folder."""
    from perfkit.batch import stamp
    from perfkit.execute import write_documents

    found = outcome.value
    if not isinstance(found, _Report):
        return outcome
    written = write_documents(settings.outputs, outcome.name, found.documents)
    if found.made is None:
        return replace(outcome, value=None, kind="failed", error=found.error)
    endings = [path.suffix for path in written]
    made = replace(
        found.made,
        row={**found.made.row, "links": endings},
        files={path.name: stamp(path) for path in written},
    )
    return replace(outcome, value=made)


_local = threading.local()


def make_there(package: Package) -> Outcome:
    """On a worker: the report of a package, its documents beside it or in the shared folder."""
    from perfkit.batch import perfkit_digest

    name = Path(package.params[0]).stem
    if perfkit_digest() != package.perfkit:
        cause = "集群上的 perfkit 与本机的版本不同，请在各台机器上安装同一版"
        return Outcome(name, error=cause, kind="failed")
    if not hasattr(_local, "workers"):
        # One for each of the worker's threads, for as long as the worker lives.
        _local.workers = Workers(1, "perfkit.warm", package.settings.limits)
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
    from perfkit.batch import make

    for name, content in (package.params, package.template):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    outputs = folder / "outputs"
    settings = replace(package.settings, template=folder / package.template[0], outputs=outputs)
    try:
        made = make(folder / package.params[0], settings)
    except PerfkitError as e:
        # The page of the failed cell, if there is one.
        return _Report(_contents(outputs), error=str(e))
    documents = _contents(outputs)
    if package.settings.shared:
        stem = Path(package.params[0]).stem
        for ending, content in documents.items():
            _share(f"{package.settings.shared.rstrip('/')}/{stem}{ending}", content)
        documents = {}
    return _Report(documents, made)


def _contents(outputs: Path) -> dict[str, bytes]:
    files = sorted(outputs.iterdir()) if outputs.exists() else []
    return {"." + path.name.split(".", 1)[1]: path.read_bytes() for path in files}


def _share(address: str, content: bytes) -> None:
    """Write to an fsspec address, beside the target first where the file system can move."""
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    system.makedirs(system._parent(path), exist_ok=True)
    beside = f"{path}.tmp"
    system.pipe_file(beside, content)
    system.mv(beside, path)
