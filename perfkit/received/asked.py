"""另填数据 of a rubric in the texts of a report: 编制数50人, by the whole names that the rubric has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from perfkit.forms import paths
from perfkit.received.found import Origin, Received
from perfkit.received.paper import Paragraph
from perfkit.scoring.filed import FIGURES
from perfkit.texts import shortened

QUOTED = 36
"""Signs of the words around a figure that say where it is from."""

_VALUE = r"(?:共计|合计|总计|共|为|是|达到|：|:)?\s?(?P<value>-?[0-9][0-9,]{0,20}(?:\.[0-9]{1,10})?\s?(?P<unit>%|万元|亿元|元|[一-鿿]{0,6}))"

_NOT_BEFORE = "(?<!上年)(?<!上年度)(?<!去年)(?<!往年)"


def read_figures(found: Received, paragraphs: Sequence[Paragraph]) -> None:
    """Put every figure that the rubric asks for and a text states by its name; two that differ are told."""
    asked = {figure.name: code for code, figure in found.rubric.figures.items()}
    if not asked:
        return
    # The longest first: 上年末应付账款 is no 年末应付账款.
    names = "|".join(map(re.escape, sorted(asked, key=len, reverse=True)))
    pattern = re.compile(f"{_NOT_BEFORE}(?P<name>{names}){_VALUE}")
    for paragraph in paragraphs:
        for told in pattern.finditer(paragraph.text):
            code = asked[told["name"]]
            value = _stated(found, code, told["value"])
            if value is None:
                continue
            origin = Origin(paragraph.place, shortened(told[0], QUOTED))
            known = found.get(f"{FIGURES}{code}")
            if known is None:
                found.put(f"{FIGURES}{code}", value, origin)
            elif _read(found, code, known) != _read(found, code, value):
                before = found.origins[f"{FIGURES}{code}"]
                found.doubts.append(
                    f"{told['name']}：{before.place}是{known}，{paragraph.place}是{value}，按前一个读"
                )


def _stated(found: Received, code: str, written: str) -> str | None:
    """A figure as the form takes it, without words that follow it; None if it is none."""
    figure = found.rubric.figures[code]
    for end in range(len(written), 0, -1):
        text = written[:end]
        if text[-1].isdigit() and figure.is_amount:
            return None  # 三公经费20 of what?
        try:
            figure.read(text)
        except ValueError:
            continue
        return text
    return None


def _read(found: Received, code: str, text: str) -> object:
    return found.rubric.figures[code].read(text)


def not_found(found: Received) -> Iterator[str]:
    """The figures, and what indicators are scored by, that are to be filled in by hand."""
    for code in found.rubric.figures:
        if found.get(f"{FIGURES}{code}") is None:
            yield f"{FIGURES}{code}"
    for indicator in found.rubric.indicators:
        for field in indicator.rule.asks:
            if field != "choice":  # asked where several ways are answered
                yield paths.answer(indicator.id, field)
