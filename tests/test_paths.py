"""Field paths: every one that code names leads to a field of the form."""

import pytest

from perfkit.forms import paths
from perfkit.forms.department import Department
from perfkit.forms.fields import field_words

NAMED = {
    *(value for name, value in vars(paths).items() if name.isupper()),
    *(paths.part(key, of) for key in ("total", "basic", "project", "other") for of in ("budget", "spent", "rate")),
    *(paths.project(3, field) for field in ("", "name", "budget", "spent", "rate", "ends", "narrative")),
    *(paths.indicator(0, field) for field in ("", "target", "actual", "grade", "note")),
    paths.division(1, "duties"),
    *(paths.override(2, field) for field in ("", "score")),
    *(paths.narrative(name) for name in ("execution", "management", "result", "problems", "measures")),
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(NAMED))
def test_a_path_leads_to_a_field(path):
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    words = field_words(Department, steps)
    # A field that the form has is said in its words, with its name behind.
    assert all("（" in word for word in words if not word.startswith("第 "))


def test_what_a_rubric_names_stands_below_its_field():
    assert paths.check("lawful") == "checks.lawful"
    assert paths.claim("output.2") == "reported.scores.output.2"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("projects.12.narrative", 12),
        ("projects.0.rate", 0),
        ("projects", None),
        ("objective", None),
    ],
)
def test_a_path_tells_its_project(path, number):
    assert paths.project_of(path) == number
