"""Every computed figure of a report has a derivation, and the derivation comes to that figure."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from perfkit.audit.examine import Audit
from perfkit.quantities import rounded
from perfkit.report import Report, open_report
from perfkit.scoring.derivations import derivations

PARAMS = sorted((Path(__file__).parent.parent / "params").glob("*.yaml"))
CHAPTERS = ("execution", "projects", "management", "result", "problems", "score_sheet")
FIGURE = re.compile(r'<span data-of="([^"]*)">(.*?)</span>')
# What a derived sentence says beside computed figures: the form's own constants and filed values.
FILED = re.compile(
    r"\d{4}年\d+月\d+日|\d{4} ?年|100%|满分\d+分|分值[\d.]+分|（[\d.]+分）|预算[\d.]+万元，支出[\d.]+万元|预算[\d.]+万元"
    r"|评价得分[\d.]+分|所填预算执行率[\d.]+%|检查\d+项|有\d+处|全年预算数为0"
)


def pages(report):
    return "".join(getattr(report, chapter)().html for chapter in CHAPTERS)


@pytest.fixture(scope="module", params=PARAMS, ids=lambda path: path.stem)
def report(request):
    return open_report(request.param)


def test_every_figure_names_a_derivation(report):
    known = derivations(report.card)
    named = [of for of, _ in FIGURE.findall(pages(report))]
    assert len(named) > 50
    assert set(named) <= set(known)


def test_a_derivation_comes_to_the_figure_that_is_printed(report):
    known = derivations(report.card)
    for of, text in FIGURE.findall(pages(report)):
        value = re.search(r"[\d.]+", text)
        if value is None:  # a grade, 待定, or no rate
            continue
        found = known[of]
        said = " ".join([found.name, found.formula, *found.notes, *(i.value for i in found.inputs)])
        places = -Decimal(value[0]).as_tuple().exponent
        figures = {rounded(Decimal(v), places) for v in re.findall(r"\d+(?:\.\d+)?", said)}
        assert Decimal(value[0]) in figures, of


def test_a_derived_sentence_has_no_figure_without_one(report):
    """Its reasons and names aside, which quote the form and the rubric."""
    sentences = re.findall(r'<p class="derived" data-block="([^"]*)"[^>]*>(.*?)</p>', pages(report))
    for block, sentence in sentences:
        if block.startswith(("management", "problems")) or "待定" in sentence or "例外" in sentence:
            continue
        left = FILED.sub("", FIGURE.sub("", sentence.replace(report.card.rubric.name, "")))
        assert not re.search(r"\d", left), (block, left)


def test_the_page_carries_them_as_json(model):
    page = open_report(model).review().html
    data = json.loads(re.search(r'id="review-data">(.*?)</script>', page, re.DOTALL)[1])
    execution = data["derivations"]["execution"]
    assert execution["formula"] == "15529.32 ÷ 15548.09 = 99.8793% × 20 = 19.98"
    assert [place for _, _, place in execution["inputs"]] == [
        "params/fengtai-finance-2023.yaml:41",
        "params/fengtai-finance-2023.yaml:40",
    ]


def test_no_text_of_the_filing_can_end_the_script(card_of):
    card = card_of({"projects/0/name": "</script><script>alert(1)</script>"})
    page = Report(card, Audit([], [], ())).review().html
    assert page.count("</script>") == 1
    assert "<script>alert" not in page


SUMS = {
    "budget.total.budget": "100 + 60 + 40 = 200万元",
    "projects.budget": "40 + 20 = 60万元",
    "projects.full": "没有，共0个",
    "section.goals": "30 + 30 = 60",
    "total": "19.5 + 30 + 30 + 1 + 2 + 1 + 4 + 4 + 4 + 4 = 99.5",
    "output.count": "共4个，其中指标值和完成值都是数字的3个",
}


@pytest.mark.parametrize("of", SUMS)
def test_the_derivation_of(of, card_of):
    changes = {"budget/total": None} if of.startswith("budget.total") else {}
    assert derivations(card_of(changes))[of].formula == SUMS[of]
