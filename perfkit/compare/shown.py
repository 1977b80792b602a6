"""比较 as lines for the terminal and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jinja2

from perfkit import __version__
from perfkit.compare.changes import Changes, ScoreChange, Side
from perfkit.errors import PerfkitError
from perfkit.files import write_whole
from perfkit.fonts import font_face
from perfkit.pages import environment
from perfkit.texts import shortened

GENERATOR = '<meta name="generator" content="perfkit'
"""What tells a page of perfkit's from a file of someone's own."""


def named(side: Side) -> str:
    """示例局 2023 年度，财政核查以后（params/x.yaml）."""
    words = f"{side.name} {side.year} 年度"
    if side.stage:
        words += f"，{side.stage}以后" if side.stage != "规则" else "，只按评分标准"
    return f"{words}（{side.file}）" if side.file else words


def lines(changes: Changes) -> Iterator[str]:
    """What ``perfkit diff`` prints."""
    before, after = changes.before, changes.after
    yield f"前：{named(before)}，{before.total} 分，{before.grade}"
    yield f"后：{named(after)}，{after.total} 分，{after.grade}"
    if before.name != after.name:
        yield "注意：两份文件不是同一个部门的"
    if before.rubric != after.rubric:
        yield f"注意：评分标准不同，前为“{before.rubric}”，后为“{after.rubric}”"
    if changes.same:
        yield "数据、得分、文字和其余填报都没有不同"
    if changes.renamed:
        yield f"\n更名（{len(changes.renamed)} 处，前后当作同一项比较，请核对）"
        yield from (f"  {one.kind}“{one.before}” → “{one.after}”" for one in changes.renamed)
    if changes.figures:
        yield f"\n数据（{len(changes.figures)} 处不同）"
        for figure in changes.figures:
            more = f"（{figure.difference}）" if figure.difference else ""
            yield f"  {figure.label}：{figure.before} → {figure.after}{more}"
    if changes.others:
        yield f"\n其余填报（{len(changes.others)} 处不同）"
        for one in changes.others:
            yield f"  {one.label}：{shortened(one.before, 60)} → {shortened(one.after, 60)}"
    if changes.scores:
        yield "\n得分"
        for score in changes.scores:
            yield from _score_lines(score, 1)
    if changes.texts:
        yield f"\n文字（{len(changes.texts)} 段不同）"
        for text in changes.texts:
            yield f"  {text.label}"
            yield from (f"    {sign} {words}" for sign, words in text.sentences if sign != "=")


def _score_lines(score: ScoreChange, depth: int) -> Iterator[str]:
    more = f"（{score.difference}）" if score.difference else ""
    yield f"{'  ' * depth}{score.name}：{score.before} → {score.after}{more}"
    yield from (f"{'  ' * (depth + 1)}{cause}" for cause in score.causes)
    for part in score.parts:
        yield from _score_lines(part, depth + 1)


def page(changes: Changes) -> str:
    """The page of ``perfkit diff --html``, self-contained."""
    text = _template().render(changes=changes, named=named, version=__version__)
    return text.replace("/*font*/", font_face(text), 1)


def write_page(changes: Changes, path: Path) -> None:
    """Write the page.

    Raises:
        PerfkitError: if the file is there and is no page of perfkit's, or can't be written.
    """
    try:
        if (
            path.exists()
            and GENERATOR not in path.read_text(encoding="utf-8", errors="replace")[:2000]
        ):
            raise PerfkitError(f"{path} 已经有了，不是 perfkit 的网页，没有改写；请换一个文件名")
    except OSError as e:
        raise PerfkitError(f"{path} 写不进去：{e.strerror}") from None
    write_whole(path, page(changes).encode())


@cache
def _template() -> jinja2.Template:
    return environment(Path(__file__).parent).get_template("page.html")
