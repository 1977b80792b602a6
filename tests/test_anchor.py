"""Where a quoted text stands after the report was edited: `anchor.js` in a real browser.

A table of cases for what is said of a remark, and laws that hold whatever was
edited: no remark is lost from the list, and one that is said to be unchanged
stands on the very words that it quoted.
"""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfkit.review.record import CONTEXT
from perfkit.review.view import PAGE, words
from perfkit.scoring.params import read_department

SCRIPT = "".join((PAGE / name).read_text(encoding="utf-8") for name in ("words.js", "anchor.js"))
REMARKS = 200


@pytest.fixture(scope="module")
def anchored(browser):
    """Where each of some targets stands in blocks of text."""
    page = browser.new_page()
    page.set_content(f'<script type="application/json" id="review-words">{words()}</script>')
    page.add_script_tag(content=SCRIPT)

    def find(targets, blocks):
        return page.evaluate(
            "([targets, blocks]) => targets.map(t => anchor(t, new Map(blocks)))",
            [targets, list(blocks.items())],
        )

    yield find
    page.close()


def target(block, text, start, end):
    selector = {
        "type": "TextQuoteSelector",
        "exact": text[start:end],
        "prefix": text[max(0, start - CONTEXT) : start],
        "suffix": text[end : end + CONTEXT],
    }
    return {"block": block, "selector": selector, "start": start}


BEFORE = {
    "a": "本项目由科室按程序组织实施。预算30万元，支出29.5万元，执行率98.33%。群众反映满意，效果符合预期。",
    "b": "本项目面向全区居民开展宣传。预算12万元，支出12万元，执行率100%。发放宣传材料三千余份。",
    "c": "产出 数量指标 培训10场 10 10",
}
# Quote in block a, the edited blocks, and what is said: state, block, the words there now.
CASES = {
    "nothing was edited": ("98.33%", {}, "kept", "a", "98.33%"),
    "words before it were added": (
        "98.33%",
        {"a": BEFORE["a"].replace("本项目", "2023年，本项目")},
        "kept", "a", "98.33%",
    ),
    "its paragraph is now another one": (
        "群众反映满意", {"a": BEFORE["b"], "b": BEFORE["a"]}, "moved", "b", "群众反映满意",
    ),
    "only the figure was corrected": (
        "98.33%", {"a": BEFORE["a"].replace("98.33", "98.3")}, "numbers", "a", "98.3%",
    ),
    "all the figures around it were corrected": (
        "支出29.5万元",
        {"a": BEFORE["a"].replace("29.5", "28").replace("98.33", "93.33").replace("30", "3000")},
        "numbers", "a", "支出28万元",
    ),
    "the words were replaced": (
        "群众反映满意", {"a": BEFORE["a"].replace("群众反映满意", "问卷满意度91%")},
        "changed", "a", "问卷满意度91%",
    ),
    "its sentence is gone": (
        "群众反映满意，效果符合预期。", {"a": BEFORE["a"].replace("群众反映满意，效果符合预期。", "")},
        "lost", None, None,
    ),
    "its paragraph is gone, and another has the same figure": (
        "98.33%", {"a": None, "b": BEFORE["b"].replace("100%", "98.33%")}, "lost", None, None,
    ),
    "its paragraph is gone, and the text too": ("群众反映满意", {"a": None}, "lost", None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_a_remark_when(case, anchored):
    quote, edits, state, block, words = CASES[case]
    start = BEFORE["a"].index(quote)
    after = {k: text for k, text in (BEFORE | edits).items() if text is not None}
    found = anchored([target("a", BEFORE["a"], start, start + len(quote))], after)[0]
    assert (found["state"], found.get("block")) == (state, block)
    if words:
        assert after[block][found["start"] : found["end"]] == words


def test_a_remark_on_a_row_follows_its_figures(anchored):
    text = BEFORE["c"]
    row = target("c", text, 0, len(text))
    for now, state in ((text, "kept"), (text.replace("10 10", "10 9.5"), "numbers")):
        found = anchored([row], BEFORE | {"c": now})[0]
        assert (found["state"], found["block"]) == (state, "c")
        assert now[found["start"] : found["end"]] == now


@pytest.fixture(scope="module")
def report(model):
    """The paragraphs of the model report by block."""
    department, _ = read_department(model)
    return {
        f"{field}.{n}": line
        for field, text in department.texts.items()
        if not field.startswith(("divisions.", "indicators."))
        for n, line in enumerate(text.splitlines())
    }


@st.composite
def edits(draw, blocks):
    """The report after some edits, and the paragraphs that none of them touched."""
    blocks, untouched = dict(blocks), set(blocks)
    for _ in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(sorted(blocks)))
        text = blocks[name]
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 30))
        new = draw(st.sampled_from(["", "经核实，", "8.5万元", "。另有", "项目", "，", "100%"]))
        how = draw(st.sampled_from(["edit", "edit", "edit", "drop", "swap", "numbers"]))
        if how == "edit":
            blocks[name] = text[:at] + new + text[at + length :]
        elif how == "numbers":
            blocks[name] = re.sub(r"\d", draw(st.sampled_from("0179")), text)
        elif how == "drop" and len(blocks) > 3:
            del blocks[name]
        elif how == "swap":
            other = draw(st.sampled_from(sorted(blocks)))
            blocks[name], blocks[other] = blocks[other], blocks[name]
            untouched.discard(other)
        untouched.discard(name)
    return blocks, untouched & set(blocks)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_two_hundred_remarks_are_all_accounted_for(data, anchored, report):
    names = sorted(report)
    rng = data.draw(st.randoms(use_true_random=False))
    targets = []
    for _ in range(REMARKS):
        name = rng.choice(names)
        text = report[name]
        start = rng.randrange(len(text) - 2)
        end = min(len(text), start + rng.randint(2, 40))
        targets.append(target(name, text, start, end))
    after, untouched = data.draw(edits(report))

    found = anchored(targets, after)

    assert len(found) == REMARKS
    masked = re.compile(r"\d+(?:[.,．，]\d+)*")
    for remark, place in zip(targets, found, strict=True):
        assert place["state"] in {"kept", "moved", "numbers", "changed", "lost"}
        if place["state"] == "lost":
            assert remark["block"] not in untouched
            continue
        words = after[place["block"]][place["start"] : place["end"]]
        assert words
        exact = remark["selector"]["exact"]
        if place["state"] in {"kept", "moved"}:
            assert words == exact
        if place["state"] == "numbers":
            assert masked.sub("#", words) == masked.sub("#", exact)
        if remark["block"] in untouched:
            assert place == {
                "state": "kept",
                "block": remark["block"],
                "start": remark["start"],
                "end": remark["start"] + len(exact),
            }
