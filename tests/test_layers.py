"""The parts of perfkit keep their order, and what is private to a module stays in it."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "perfkit").rglob("*.py"))


def imports_checked(folder):
    """import-linter's own command, as a person would type it."""
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    return subprocess.run(
        [command, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def test_each_part_imports_only_what_stands_below_it():
    found = imports_checked(ROOT)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("forms/codes.py", "import perfkit.audit.findings", "The parts of perfkit"),
        ("scoring/kinds/ratio.py", "import perfkit.scoring.rubric", "Scoring"),
        ("scoring/kinds/ratio.py", "import perfkit.scoring.kinds.excess", "The kinds of rules"),
        ("audit/findings.py", "def f():\n    import pandas", "Data frames and figures"),
    ],
)
def test_a_wrong_import_is_found(module, line, contract, tmp_path):
    shutil.copytree(ROOT / "perfkit", tmp_path / "perfkit", ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "perfkit" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{line}\n", encoding="utf-8")
    found = imports_checked(tmp_path)
    assert found.returncode == 1
    assert any(contract in row and "BROKEN" in row for row in found.stdout.splitlines())


def private(name):
    return name.startswith("_") and not name.endswith("_")


def defined(tree):
    """The private names that a module gives to its functions, classes, fields and variables."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return {name for name in found if private(name)}


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
OURS = {name for tree in TREES.values() for name in defined(tree)}


OTHERS_HAVE = {"_body", "_cells", "_parent"}
"""Names that python-docx, openpyxl and multiprocessing have, too."""


def taken(path):
    """The private names of perfkit that a module takes from another one, each with its line."""
    tree = TREES[path]
    itself = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    theirs = OURS - defined(tree) - OTHERS_HAVE
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module not in (None, itself):
            if node.module.startswith("perfkit"):
                yield from ((node.lineno, a.name) for a in node.names if private(a.name))
        elif isinstance(node, ast.Attribute) and node.attr in theirs:
            yield node.lineno, node.attr


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(ROOT)) for p in MODULES])
def test_no_module_takes_a_private_name_of_another(path):
    assert [*taken(path)] == []
