"""Ways to make reports that `batch.py` compares, each a command: ``ways.py WAY FORMATS PARAMS…``.

Run in a work folder with notebooks/ and params/. `batch.py` measures the whole
process from outside, so nothing is measured here but the charts.
"""

import json
import os
import subprocess
import sys
import time
import types
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

# What perfkit.warm sets before numpy is loaded, for every way alike.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path("notebooks/report.ipynb").resolve()
FIRST_VERSION = "83413f8"
"""The commit with the charts that the aim for charts is counted from."""


def called(formats: list[str], path: Path) -> None:
    """(b) papermill and nbconvert called in this process, as their manuals show it."""
    import nbformat
    import papermill
    from nbconvert.exporters import get_exporter

    executed = Path("called") / f"{path.stem}.ipynb"
    executed.parent.mkdir(exist_ok=True)
    papermill.execute_notebook(
        str(TEMPLATE),
        str(executed),
        parameters={"department": str(path.resolve())},
        progress_bar=False,
    )
    notebook = nbformat.read(executed, as_version=4)
    for form in formats:
        content, _ = get_exporter(f"perfkit-{form}")().from_notebook_node(
            notebook, {"metadata": {"name": path.stem}}
        )
        target = executed.with_suffix(f".{form}")
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def pooled(formats: list[str], paths: list[Path]) -> None:
    """(c) the same in a pool of processes, one for each core."""
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(partial(called, formats), paths))


@cache
def _cells():
    """The template: its cells, and the code of each one compiled."""
    import nbformat

    notebook = nbformat.read(TEMPLATE, as_version=4)
    codes = [
        compile(cell.source, "cell", "eval")
        if cell.cell_type == "code" and cell.source.startswith("report.")
        else None
        for cell in notebook.cells
    ]
    return notebook, codes


def floor(formats: list[str], path: Path) -> None:
    """(e) The same analysis, charts and documents, and nothing around them.

    What no way can save as long as it makes this report: the parameter file
    read, scored and audited once; every block and chart of the template's
    cells; and the exporters' documents, from a notebook that is put together
    in memory. No papermill, no kernel, no IPython, no fork, no executed
    notebook, no check of one, no journal and no index. The exporters are the
    ones that perfkit uses, warmed up as it does. The page is the one that
    `perfkit run` writes, byte for byte (`batch.py` checks it).
    """
    from perfkit.batch.documents import FORMATS
    from perfkit.batch.execute import exports

    Path("floor").mkdir(exist_ok=True)
    for form, content in exports(_shown(path), formats, path.stem).items():
        Path("floor", f"{path.stem}{FORMATS[form]}").write_bytes(content)


def _shown(path: Path, without: str = ""):
    """The template with what its cells show of a department; cells tagged *without* left out."""
    from nbformat.v4 import new_notebook, new_output

    from perfkit.report import open_report

    template, codes = _cells()
    known = {"report": open_report(path)}
    notebook = new_notebook(metadata=template.metadata)
    for cell, code in zip(template.cells, codes, strict=True):
        if without in cell.metadata.get("tags", []):
            continue
        shown = type(cell)(cell)
        if code and (value := eval(code, known)) is not None:
            data, metadata = value._repr_mimebundle_()
            found = new_output("execute_result", data, metadata=metadata, execution_count=1)
            shown["outputs"] = [found]
        notebook.cells.append(shown)
    return notebook


def forked_floor(formats: list[str], path: Path) -> None:
    """The floor in a fork for each report: what it costs to keep departments apart."""
    if not (child := os.fork()):
        floor(formats, path)
        os._exit(0)
    os.waitpid(child, 0)


def review(paths: list[Path]) -> dict[str, float]:
    """CPU seconds of a report's page with what the review takes, and without; medians."""
    from statistics import median

    import perfkit.batch.warm  # noqa: F401
    from perfkit.batch.execute import exporter

    costs: dict[str, list[float]] = {"with": [], "without": []}
    for i in range(len(paths) * 6 + 4):  # turn by turn, so that what else is done falls on both
        way = ("without", "with")[i % 2]
        exporter("html").review = way == "with"
        start = time.process_time()
        path = paths[i // 2 % len(paths)]
        exporter("html").from_notebook_node(_shown(path, "review" if way == "without" else ""))
        costs[way].append(time.process_time() - start)
    return {way: median(found[2:]) for way, found in costs.items()}


def charts(paths: list[Path]) -> dict[str, float]:
    """CPU seconds that a report's charts take to be drawn, now and in the first version; medians."""
    from statistics import median

    import perfkit.batch.warm  # noqa: F401
    from perfkit.report import drawing, open_report

    reports = [open_report(path) for path in paths]
    found = {}
    for version, draw in {"now": _chart_bundles, "first version": _first_charts()}.items():
        if draw is None:
            continue
        costs = []
        for i in range(len(reports) * 3 + 2):
            drawing.prepare(4)  # as each fork finds it
            start = time.process_time()
            draw(reports[i % len(reports)])
            costs.append(time.process_time() - start)
        found[version] = median(costs[2:])  # fonts and styles are loaded with the first
    return found


def _chart_bundles(report) -> None:
    for name in ("parts", "amounts", "execution", "points"):
        if (chart := getattr(report, f"chart_{name}")()) is not None:
            chart._repr_mimebundle_()


def _first_charts():
    """What draws a report's charts as the first version did, out of the repository's history."""
    command = ["git", "-C", str(ROOT), "show", f"{FIRST_VERSION}:perfkit/charts.py"]
    try:
        source = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    module = types.ModuleType("perfkit.first_charts")
    sys.modules[module.__name__] = module
    exec(compile(source, "first_charts.py", "exec"), vars(module))

    def draw(report) -> None:
        from perfkit.scoring.derivations import PART_NAMES

        filed = report.department
        parts = filed.budget.parts.items()
        bars = [module.Bar(PART_NAMES[key], part.budget, part.spent) for key, part in parts]
        module.budget_and_spending(bars)
        if bars := [module.Bar(p.name, p.budget, p.executed) for p in filed.projects]:
            module.project_amounts(bars)
            module.project_execution(bars)
        scores = [module.PointsBar(s.name, s.points, s.awarded) for s in report.card.scores]
        module.points_by_indicator(scores)

    return draw


def main(way: str, formats: str, *names: str) -> None:
    """Make the reports of the parameter files *names* in one of the ways."""
    forms, paths = formats.split(","), [Path(name) for name in names]
    if way == "pooled":
        pooled(forms, paths)
    elif way in ("charts", "review"):
        print(json.dumps({"charts": charts, "review": review}[way](paths)))
    else:
        if way != "called":
            import perfkit.batch.warm  # noqa: F401
        for path in paths:
            {"called": called, "floor": floor, "forked_floor": forked_floor}[way](forms, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
