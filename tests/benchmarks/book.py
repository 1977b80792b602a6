"""What a book of many departments costs: written, read, checked and made into parameter files.

    .venv/bin/python tests/benchmarks/book.py [DEPARTMENTS]

Each step runs in a process of its own; the figures are its wall and CPU seconds and its highest
memory. The departments are those of params/, over and over, each with a name of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WRITE = """
import sys
from pathlib import Path
from perfkit.books.writing import Entry, book_bytes
from perfkit.forms.written import tree
from perfkit.scoring.params import read_department
read = [read_department(path) for path in sorted(Path(sys.argv[1]).glob("*.yaml"))]
filed = [(tree(department), rubric) for department, rubric in read]
entries = []
for n in range(int(sys.argv[3])):
    one, rubric = filed[n % len(filed)]
    name = f"{one['name']}{n}"
    entries.append(Entry(name, {key: one[key] for key in one if key != "previous"} | {"name": name}, rubric))
Path(sys.argv[2]).write_bytes(book_bytes(entries))
"""


def measured(name, *command):
    """Run a command, and print what it took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    scale = 1 if sys.platform == "darwin" else 1024
    print(
        f"{name}: wall {wall:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, "
        f"peak {used.ru_maxrss * scale / 2**20:.0f} MiB, exit {os.waitstatus_to_exitcode(status)}",
        flush=True,
    )


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder, "全区.xlsx")
        measured("write", sys.executable, "-c", WRITE, str(ROOT / "params"), str(book), str(count))
        print(f"{count} departments, {book.stat().st_size / 1e6:.1f} MB")
        read = "import sys; from pathlib import Path; from perfkit.forms.workbook import read_book; read_book(Path(sys.argv[1]))"
        measured("read", sys.executable, "-c", read, str(book))
        measured("check", sys.executable, "-m", "perfkit", "check", str(book))
        made = str(Path(folder, "made"))
        measured("import", sys.executable, "-m", "perfkit", "import", str(book), "-o", made)
        out = str(Path(folder, "outputs"))
        measured(
            "run --explain",
            sys.executable,
            "-m",
            "perfkit",
            "run",
            str(book),
            "-o",
            out,
            "--explain",
        )


if __name__ == "__main__":
    main()
