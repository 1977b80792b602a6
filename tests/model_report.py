"""The published model report's own wording, chapter by chapter, where a copy of it lies beside the checkout."""

from __future__ import annotations

import re
from pathlib import Path

_BESIDE = [parent / "shared" / "model-report.txt" for parent in Path(__file__).parents[2:4]]
REPORT = next((path for path in _BESIDE if path.is_file()), None)
"""The report, None where it is not there."""

CHAPTERS = {
    "objective": ("（二）部门整体绩效目标设立情况", "二、当年预算执行情况"),
    "narrative/execution": ("二、当年预算执行情况", "三、整体绩效目标实现情况"),
    "narrative/management": ("四、预算管理情况分析", "五、总体评价结论"),
    "narrative/result": ("（一）评价得分情况", "（二）存在的问题及原因分析"),
    "narrative/problems": ("（二）存在的问题及原因分析", "六、措施建议"),
    "narrative/measures": ("六、措施建议", "七、附件"),
}


def wording(names: list[str]) -> dict[str, str]:
    """The chapters as a department would type them in: by path in the filing, a chapter a line.

    *names* are the projects in the report's order; the page's line ends are taken out.
    """
    assert REPORT is not None
    text = re.sub(r"\s*\n\s*", "", REPORT.read_text(encoding="utf-8"))
    found = {path: _between(text, *ends) for path, ends in CHAPTERS.items()}
    rest = _between(text, "三、整体绩效目标实现情况", "四、预算管理情况分析")
    headings = [re.sub(r"\s", "", f"{n}.{name}") for n, name in enumerate(names, 1)]
    for n, heading in enumerate(headings):
        # A heading has the same signs as the project's name, but for its spaces.
        rest = re.split(_spaced(heading), rest, maxsplit=1)[1]
        following = _spaced(headings[n + 1]) if n + 1 < len(headings) else r"\Z"
        found[f"projects/{n}/narrative"] = re.split(following, rest, maxsplit=1)[0].strip()
    return found


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0].strip()


def _spaced(text: str) -> str:
    return r"\s*".join(map(re.escape, text))
