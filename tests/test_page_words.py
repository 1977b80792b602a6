"""What a page's script and perfkit both know stands in Python alone, and comes with the page."""

import json
import re
from collections import Counter
from decimal import Decimal

import pytest

from perfkit.audit.findings import LEVELS
from perfkit.audit.narrative import OUTCOMES
from perfkit.index import rows as index
from perfkit.index.page import HERE, page
from perfkit.index.rows import Row
from perfkit.review import record
from perfkit.review.content import CONTENT
from perfkit.review.view import PAGE, SCRIPTS, words

REVIEW = "".join((PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS)
INDEX = (HERE / "index.js").read_text(encoding="utf-8")
CASES = {
    "review": (REVIEW, [record.KINDS, record.STATES, CONTENT, LEVELS, OUTCOMES]),
    "index": (
        INDEX,
        [
            index.STATES,
            record.STATES,
            index.REPORTS,
            {"undecided": index.UNDECIDED, "failure": index.FAILURE},
            {column.key: column.title for column in index.COLUMNS},
        ],
    ),
}
"""A page's script, and the constants of Python whose words it shows."""
LONG = 3
"""Signs from which a word is no other's part by chance."""


def literals(script):
    """The texts that stand in a script, those between the values of a template each."""
    code = re.sub(r"^\s*//.*|\s//\s.*", "", script, flags=re.MULTILINE)
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`', code):
        yield from (piece.strip(" ，。：；") for piece in re.split(r"\$\{[^}]*\}", found[0][1:-1]))


@pytest.mark.parametrize("case", CASES)
def test_no_word_of_perfkits_stands_in_the_script_again(case):
    script, constants = CASES[case]
    known = {word for constant in constants for word in constant.values()}
    found = {text for text in literals(script) if re.search("[\u4e00-\u9fff]", text)}
    assert found, "the search finds texts"
    again = {
        (word, text)
        for text in found
        for word in known
        if text == word or (len(word) >= LONG and word in text)
    }
    assert again == set()


def test_a_word_that_stood_there_again_would_be_found():
    assert "退回" in literals('say("退回"); // 通过')
    assert "退回" in literals("`${name}退回`")
    assert "通过" not in literals('say("退回"); // "通过"')


def test_the_review_pages_script_takes_all_that_is_sent_and_nothing_else():
    sent = json.loads(words())
    taken = re.search(r"const \{(.*?)\} = JSON", REVIEW, re.DOTALL)[1].replace(",", " ").split()
    assert sorted(taken) == sorted(sent)
    for name in taken:
        assert len(re.findall(rf"\b{name}\b", REVIEW)) > 1, name
    assert (sent["KINDS"], sent["STATES"]) == (record.KINDS, record.STATES)
    assert (sent["LEVELS"], sent["CONTENT"]) == (LEVELS, CONTENT)
    assert (sent["LONGEST"], sent["NAME"]) == (record.LONGEST, record.NAME)


def test_no_name_of_the_review_pages_script_is_given_twice():
    """Its files are one script: the later function would silently stand in for the earlier."""
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", REVIEW, re.MULTILINE)
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_the_indexs_script_takes_all_that_is_sent_and_nothing_else():
    text = page([Row("a", total=Decimal(1), max=Decimal(100))])
    sent = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    taken = set(re.findall(r"\bdata\.([a-z]+)", INDEX))
    assert taken == set(sent)
    for name in sent["fields"]:
        assert re.search(rf"\brow\.{name}\b", INDEX), name
    assert [column["title"] for column in sent["columns"]] == [
        column.title for column in index.columns_of([]) if column.page
    ]
