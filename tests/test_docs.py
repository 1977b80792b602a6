"""The documents for developers name what is there."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import perfkit

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([^|]+) \| `(perfkit\.[\w.]+)` \| [^|]+ \|$", re.MULTILINE)
TERMS = ROW.findall((ROOT / "GLOSSARY.md").read_text(encoding="utf-8"))


def test_every_row_of_the_glossary_is_read():
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == len(TERMS) > 30
    chinese = [term for term, _ in TERMS]
    assert len(set(chinese)) == len(chinese)


@pytest.mark.parametrize(("term", "name"), TERMS)
def test_a_name_of_the_glossary_is_in_the_code(term, name):
    steps = name.split(".")
    for length in range(len(steps), 0, -1):
        try:
            found = importlib.import_module(".".join(steps[:length]))
        except ModuleNotFoundError:
            continue
        break
    for step in steps[length:]:
        if isinstance(found, type) and issubclass(found, BaseModel) and step in found.model_fields:
            found = found.model_fields[step]
        elif step in getattr(found, "__dataclass_fields__", {}):
            found = found.__dataclass_fields__[step]
        else:
            found = getattr(found, step)


@pytest.mark.parametrize(
    "name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.en.md", "README.md"]
)
def test_files_that_a_document_links_to_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([\w.-]+)\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_architecture_names_every_package():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    root = Path(perfkit.__file__).parent
    packages = [path.parent.name for path in root.glob("*/__init__.py")]
    assert [name for name in packages if f"| `{name}/` |" not in text] == []
