"""Amounts in 元 that would be read as 万元: the report would look right and be 10 000 times off."""

import pytest

from perfkit.errors import PerfkitError
from perfkit.scoring.params import read_department


def amounts(times, unit=""):
    """The complete filing's amounts, each so many times as much, with *unit* after them."""
    figures = {"basic": (100, 98), "project": (60, 57), "other": (40, 40), "total": (200, 195)}
    changes = {
        f"budget/{part}/{field}": f"{figure * times}{unit}"
        for part, pair in figures.items()
        for field, figure in zip(("budget", "spent"), pair, strict=True)
    }
    changes |= {
        "budget/initial": f"{190 * times}{unit}",
        "budget/carryover/amount": f"{5 * times}{unit}",
    }
    projects = [(40, 38), (20, 19)]
    return changes | {
        f"projects/{i}/{field}": f"{figure * times}{unit}"
        for i, pair in enumerate(projects)
        for field, figure in zip(("budget", "spent"), pair, strict=True)
    }


def refused(path):
    with pytest.raises(PerfkitError) as error:
        read_department(path)
    return [fault.message for fault in error.value.faults]


def test_a_budget_of_more_than_any_department_has(filing):
    (message,) = refused(filing(amounts(100_000)))
    assert message.startswith("全年预算数合计 2000 亿元，超过 1000 亿元，多半是单位有误；")
    assert message.endswith(
        "以元计的金额要写明“元”，如 350000元；确实以万元计就写明“万元”，如 35万元"
    )


def test_a_file_without_a_small_amount(filing):
    (message,) = refused(filing(amounts(10_000)))
    assert message.startswith("全年预算数合计 200 亿元，没有一个金额小于 1 亿元，多半是单位有误；")


def test_one_small_amount_shows_that_the_others_are_meant(filing):
    changes = amounts(10_000) | {"projects/1/budget": "20", "projects/1/spent": "19"}
    assert read_department(filing(changes))[0].budget.total.budget == 2_000_000


@pytest.mark.parametrize("times", [10_000, 100_000])
def test_a_unit_settles_it(filing, times):
    changes = amounts(times) | {"budget/total/budget": f"{200 * times}万元"}
    assert read_department(filing(changes))[0].budget.total.budget == 200 * times


def test_amounts_with_their_unit_are_never_asked_about(filing):
    assert read_department(filing(amounts(10_000, "元")))[0].budget.total.budget == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("预算31963200元，支出31963200元", "31963200元"),
        ("预算31,963,200.00元", "31963200元"),
        ("预算３１９６３２００元", "31963200元"),
        ("预算3196.32万元", "3196.32万元"),
    ],
)
def test_an_amount_that_the_text_gives_in_another_unit(filing, text, said):
    path = filing({"projects/0/budget": "31,963,200.00", "projects/0/narrative": text})
    (message,) = refused(path)
    assert message.startswith(f"“31,963,200.00”没有写单位，按万元读，文字里却是“{said}”；")


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        ("3000", "人均资助3000元"),  # of few digits: it may be another figure
        ("50000", "每户50000元"),
        ("31,963,200.00", "预算31963200万元，人均31963200元"),
        ("31963200元", "预算3196.32万元"),
        ("3196.32", "预算3196.32万元"),
    ],
)
def test_a_figure_that_stands_in_the_text_by_chance(filing, budget, text):
    changes = {"projects/0/budget": budget, "projects/0/narrative": text}
    assert read_department(filing(changes))[0].projects[0].narrative == text
