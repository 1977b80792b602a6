"""Exports every notebook of a folder to page, PDF and Word, and prints what failed or was lost.

.venv/bin/python tests/foreign_notebooks.py FOLDER
"""

import sys
import traceback
import warnings
from pathlib import Path

import nbformat

from perfkit.batch.documents import FORMATS
from perfkit.batch.execute import exports


def main(folder: Path) -> int:
    """The count of documents that could not be made."""
    failed = 0
    paths = sorted(folder.rglob("*.ipynb"))
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the notebooks' own old formats
            notebook = nbformat.read(path, as_version=4)
            for form in FORMATS:
                lost: list[str] = []
                try:
                    exports(notebook, [form], path.stem, [path.parent], lost)
                except Exception:
                    failed += 1
                    print(f"{path} {form}: failed")
                    traceback.print_exc(limit=-3)
                for loss in lost:
                    print(f"{path} {form}: {loss}")
    print(f"{len(paths)} notebooks, {len(paths) * len(FORMATS)} documents, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
