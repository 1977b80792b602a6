"""Texts that say nearly the same: pairs of sentences, and hundreds of departments at once."""

import random
from types import SimpleNamespace

import pytest
from command_line import perfkit
from hypothesis import given
from hypothesis import strategies as st

from perfkit.audit.likeness import BOILERPLATE, SHORTEST, alike, alike_departments, runs, sketches

BASE = "按照年度计划组织开展专项检查，对发现的问题建立台账、逐项整改，群众的满意度稳步提高，取得良好效果。"
PAIRS = {
    "the same": (BASE, True),
    "other figures": (BASE.replace("专项检查", "专项检查12次"), True),
    "one word changed": (BASE.replace("逐项", "逐一"), True),
    "a clause added": (BASE + "下一步将继续做好这项工作。", True),
    "a clause left out": (BASE.replace("，群众的满意度稳步提高", ""), True),
    "other punctuation": (BASE.replace("，", ","), True),
    "the same topic in other words": (
        "年内分四批安排检查，问题清单逐条销号，办结情况向社会公开，居民评价较上年有明显改善，达到预期。",
        False,
    ),
    "one common phrase": (
        "为提升服务水平，新建社区服务站，配备专职人员，开展便民服务，取得良好效果，惠及周边居民。",
        False,
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_two_sentences_with(case):
    text, expected = PAIRS[case]
    found = alike({"one": runs(BASE), "other": runs(text)})
    assert bool(found) is expected


@given(text=st.text("绩效评价预算执行项目资金管理办法", min_size=SHORTEST + 8, max_size=80))
def test_a_text_is_like_itself_and_like_it_in_either_order(text):
    texts = {"a": runs(text), "b": runs(text)}
    if len(texts["a"]) < SHORTEST:
        return
    assert alike(texts) == [("a", "b")]
    assert alike({"b": runs(text), "a": runs(BASE + text)}) in ([("b", "a")], [])


def department(number, paragraph, others=3):
    """The sketches of a department with paragraphs of its own, and one that is given."""
    rng = random.Random(number)
    words = [f"{chr(0x4E00 + rng.randrange(5000))}" for _ in range(80 * others)]
    own = ["".join(words[80 * i : 80 * i + 80]) for i in range(others)]
    texts = enumerate([*own, paragraph] if paragraph else own)
    filed = {f"projects.{i}.narrative": text for i, text in texts}
    return sketches(SimpleNamespace(name=f"示例{number}局", short_name="", texts=filed))


def test_two_departments_with_the_same_paragraph_are_told():
    batch = {f"d{i}": department(i, BASE if i in (3, 7) else "") for i in range(20)}
    assert alike_departments(batch) == [
        (("d3", "projects.3.narrative.1"), ("d7", "projects.3.narrative.1"))
    ]


def test_what_many_departments_say_is_the_forms_own_wording():
    batch = {f"d{i}": department(i, BASE) for i in range(BOILERPLATE + 1)}
    assert alike_departments(batch) == []


def test_hundreds_of_departments_are_compared():
    # 10,000 paragraphs: compared each with each they would take an hour.
    batch = {f"d{i}": department(i, BASE if i < 2 else "", others=20) for i in range(500)}
    assert len(alike_departments(batch)) == 1


def test_check_tells_what_two_departments_wrote_alike(filing):
    filing({"name": "示例甲局", "projects/0/narrative": BASE}, "a.yaml")
    filing({"name": "示例乙局", "projects/1/narrative": BASE.replace("专项", "重点")}, "b.yaml")
    folder = filing({"name": "示例丙局"}, "c.yaml").parent
    last = perfkit("check", folder).stdout.splitlines()[-1]
    assert last.startswith("警告  params/a.yaml:")
    assert "示例甲局与示例乙局有一段文字几乎相同：“按照年度计划组织开展" in last
