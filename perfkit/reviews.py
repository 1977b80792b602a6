"""审阅记录: what reviewers said of a report, and whether it was accepted.

The record of a report is ``outputs/reviews/<report>.yaml``: one event a line,
only ever added to. A line is whole and unlike any other, so git can merge two
records by taking the lines of both; their order and repetitions don't matter.
A line that can't be read stays in the file and is told of.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from perfkit.quantities import plain
from perfkit.scoring import Scorecard, walk
from perfkit.yamlfile import PerfkitError, system_reason

FOLDER = "reviews"
HEAD = "# 审阅记录，每行一条，只增不改。由 perfkit review 写入，可以用 git 合并。\n"
# Lines of both sides are kept when git merges; see the module's first words.
ATTRIBUTES = "*.yaml merge=union\n"

LONGEST = 20_000
"""Characters of a remark, and of the text that it quotes."""
CONTEXT = 200
NAME = 40
WAIT = 20
"""Seconds to wait for another process that is writing the same record."""

Kind = Literal["remark", "answer", "settle", "reopen", "accept", "return"]
KINDS: dict[Kind, str] = {
    "remark": "意见",
    "answer": "回复",
    "settle": "了结",
    "reopen": "重新提出",
    "accept": "通过",
    "return": "退回",
}

State = Literal["none", "returned", "accepted", "lapsed"]
STATES: dict[State, str] = {
    "none": "未审",
    "returned": "已退回",
    "accepted": "已通过",
    "lapsed": "通过已失效",
}

CONTENT = {"data": "数据", "narrative": "文字", "rubric": "评分标准", "template": "模板"}
"""What an acceptance is given for."""

FIELDS = {"id", "report", "at", "by", "kind", "text", "target", "on", "content", "blocks"}

Event = Mapping[str, Any]


def content_of(card: Scorecard) -> dict[str, str]:
    """Digests of what a report says: data and scores, narrative, rubric.

    Its template is not of the card; see `template_digest`.
    """
    # Without what is not filed, so that a field added to the form later changes nothing.
    filed = card.department.model_dump(exclude_defaults=True)
    narrative = {key: filed.pop(key, None) for key in ("objective", "divisions", "narrative")}
    for rows, texts in (("projects", ("name", "narrative")), ("indicators", ("note",))):
        narrative[rows] = [[row.pop(text, None) for text in texts] for row in filed.get(rows, ())]
    rubric = card.rubric.model_dump(exclude_defaults=True)
    # Not the places: a comment in the file moves its lines, and changes nothing.
    scores = {score.id: score.awarded for score in walk(card.scores)}
    data = [filed, scores, card.total, card.grade]
    return {"data": _digest(data), "narrative": _digest(narrative), "rubric": _digest(rubric)}


def template_digest(notebook: Mapping[str, Any]) -> str:
    """SHA-256 of the template: its cells' sources, without what parameters and runs put in."""
    sources = (
        f"{cell['cell_type']}\n{''.join(cell['source'])}\n"
        for cell in notebook["cells"]
        if not {"parameters", "injected-parameters"} & set(cell["metadata"].get("tags", []))
    )
    return hashlib.sha256("".join(sources).encode()).hexdigest()


def _digest(value: Any) -> str:
    def shown(one: Any) -> str:
        return plain(one) if isinstance(one, Decimal) else str(one)  # 98.00 is 98

    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=shown)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Remark:
    """意见: the event that made it, what was said to it since, and whether it is settled."""

    event: Event
    thread: tuple[Event, ...] = ()
    settled: bool = False

    @property
    def quote(self) -> str:
        """The words that it speaks of."""
        return str(self.event["target"]["selector"]["exact"])


@dataclass(frozen=True)
class Review:
    """The review of a report: its remarks in order, the last decision, lines that can't be read."""

    remarks: tuple[Remark, ...] = ()
    decision: Event | None = None
    troubles: tuple[str, ...] = field(default=(), compare=False)

    @property
    def open(self) -> tuple[Remark, ...]:
        """The remarks that are not settled."""
        return tuple(remark for remark in self.remarks if not remark.settled)

    def lapses(self, content: Mapping[str, str]) -> list[str]:
        """What has changed since the report was accepted, in words; parts not in *content* don't count."""
        if self.decision is None or self.decision["kind"] != "accept":
            return []
        given = self.decision["content"]
        return [
            f"{words}有变化"
            for key, words in CONTENT.items()
            if content.get(key) and given.get(key) != content[key]
        ]

    def state(self, content: Mapping[str, str]) -> State:
        """审阅情况 of the report that has this *content* now."""
        if self.decision is None:
            return "none"
        if self.decision["kind"] == "return":
            return "returned"
        return "lapsed" if self.lapses(content) else "accepted"


def record_file(outputs: Path, report: str) -> Path:
    """Where the record of a report is kept."""
    return outputs / FOLDER / f"{report}.yaml"


def read_review(outputs: Path, report: str) -> Review:
    """The review of a report; empty if no one has looked at it."""
    path = record_file(outputs, report)
    events, troubles = read_events(path)
    return fold(events, [f"{path}：{trouble}" for trouble in troubles])


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """The events of a record file, and what could not be read; nothing of one that isn't there."""
    try:
        return parse(path.read_bytes())
    except FileNotFoundError:
        return [], []


def parse(content: bytes) -> tuple[list[Event], list[str]]:
    """The events of a record in its order, each once, and what could not be read."""
    events: dict[str, Event] = {}
    troubles = []
    # Parted before it is decoded: a line may be torn in the middle of a character.
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = line.strip()
        if not line or line.startswith(b"#"):
            continue
        try:
            event = json.loads(line.removeprefix(b"-").decode(), parse_constant=_refused)
            check_event(event)
        except (ValueError, RecursionError):
            troubles.append(f"第 {number} 行读不懂，原样保留，没有采用")
        except PerfkitError as e:
            troubles.append(f"第 {number} 行{e}，原样保留，没有采用")
        else:
            known = events.setdefault(event["id"], event)
            # Of two that bear one id the same is taken, whatever order they were merged in.
            events[event["id"]] = min(known, event, key=_line)
    return list(events.values()), troubles


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def fold(events: Iterable[Event], troubles: Iterable[str] = ()) -> Review:
    """What the events come to, whatever order they stand in."""
    ordered = sorted(events, key=lambda event: (_time(event["at"]), event["id"]))
    threads: dict[str, list[Event]] = {}
    decision = None
    for event in ordered:
        if event["kind"] in ("answer", "settle", "reopen"):
            threads.setdefault(event["on"], []).append(event)
        elif event["kind"] in ("accept", "return"):
            decision = event
    remarks = []
    for event in ordered:
        if event["kind"] == "remark":
            thread = threads.get(event["id"], [])
            turns = [answer["kind"] for answer in thread if answer["kind"] != "answer"]
            settled = bool(turns) and turns[-1] == "settle"
            remarks.append(Remark(event, tuple(thread), settled))
    return Review(tuple(remarks), decision, tuple(troubles))


def _time(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def add_events(outputs: Path, report: str, events: Iterable[Event]) -> int:
    """Add the events that the record doesn't have yet; returns how many there were.

    Several processes may write at once.

    Raises:
        PerfkitError: if an event is not one of this report; nothing is written then.
    """
    wanted = list(events)
    for event in wanted:
        check_event(event)
        if event["report"] != report:
            raise PerfkitError(f"这条意见是“{event['report']}”的，不是“{report}”的")
    path = record_file(outputs, report)
    path.parent.mkdir(parents=True, exist_ok=True)
    attributes = path.parent / ".gitattributes"
    if not attributes.exists():
        attributes.write_text(ATTRIBUTES, encoding="utf-8")
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=WAIT):
            content = path.read_bytes() if path.exists() else HEAD.encode()
            known = {event["id"] for event in parse(content)[0]}
            fresh = {event["id"]: event for event in wanted if event["id"] not in known}
            lines = "".join(_line(event) for event in fresh.values())
            if not path.exists():
                lines = HEAD + lines
            elif not content.endswith(b"\n"):
                lines = "\n" + lines  # after a line that was torn
            if fresh:
                _append(path, lines)
    except Timeout:
        raise PerfkitError(f"写不进去：{path} 一直被别的程序占用，请稍后再试") from None
    return len(fresh)


def _append(path: Path, lines: str) -> None:
    with path.open("ab") as file:
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def import_file(outputs: Path, path: Path) -> dict[str, tuple[int, int]]:
    """Take in a file that a page saved; how many events were new, and not, by report.

    Raises:
        PerfkitError: if any of it can't be read; nothing of it is taken then.
    """
    try:
        events, troubles = parse(path.read_bytes())
    except OSError as e:
        raise PerfkitError(f"{path} 读不了：{system_reason(e)}") from None
    if troubles or not events:
        reason = troubles[0].partition("，原样")[0] if troubles else "里面没有审阅记录"
        raise PerfkitError(
            f"{path}：{reason}；请用网页“把意见存成文件”存下的文件，没有收下任何一条"
        )
    reports = sorted({event["report"] for event in events})
    for report in reports:
        # The name becomes a file's: it must be one of a report that is there.
        if Path(report).name != report or not (outputs / f"{report}.html").is_file():
            reason = f"{outputs} 里没有“{report}”这份报告"
            raise PerfkitError(f"{path}：{reason}；请用 -o 指明报告所在的文件夹")
    found = {}
    for report in reports:
        own = [event for event in events if event["report"] == report]
        added = add_events(outputs, report, own)
        found[report] = (added, len(own) - added)
    return found


def _line(event: Event) -> str:
    """The event in one line, whatever its text has in it; JSON is YAML."""
    text = json.dumps(event, ensure_ascii=False, allow_nan=False)
    text = re.sub("[\x85\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"- {text}\n"


def check_event(event: Any) -> None:
    """Raise a PerfkitError, in words that complete “第 3 行…”, if this is not an event."""
    if not isinstance(event, dict) or not set(event) <= FIELDS:
        raise PerfkitError("不是一条审阅记录")
    _text(event, "id", "编号", 16)
    if not re.fullmatch(r"[0-9a-f]{16}", event["id"]):
        raise PerfkitError("的编号不是 16 位十六进制数")
    _text(event, "report", "报告名称", 255)
    _text(event, "by", "审阅人", NAME)
    _text(event, "at", "时间", 40)
    try:
        aware = datetime.fromisoformat(event["at"]).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise PerfkitError(f"的时间“{event['at'][:40]}”应像 2024-03-05T09:30:00+08:00")
    kind = event.get("kind")
    if kind not in KINDS:
        raise PerfkitError("不是一种认识的记录")
    required = kind in ("remark", "answer")
    if required or "text" in event:
        _text(event, "text", KINDS[kind], LONGEST)
    if kind == "remark":
        _target(event.get("target"))
    elif kind in ("answer", "settle", "reopen"):
        _text(event, "on", "所回复的意见", 16)
    else:
        _texts(event, "content")
        _texts(event, "blocks")


def _target(target: Any) -> None:
    selector = target.get("selector") if isinstance(target, dict) else None
    if not isinstance(selector, dict) or not isinstance(target.get("block"), str):
        raise PerfkitError("没有写明针对哪段文字")
    if not isinstance(target.get("start", 0), int):
        raise PerfkitError("所引文字的位置不是整数")
    for key, longest in (("exact", LONGEST), ("prefix", CONTEXT), ("suffix", CONTEXT)):
        value = selector.get(key)
        if not isinstance(value, str) or len(value) > longest:
            raise PerfkitError(f"所引的文字缺失或超过 {longest} 个字")


def _text(event: Event, key: str, words: str, longest: int) -> None:
    value = event.get(key)
    if not isinstance(value, str) or not value.strip():
        raise PerfkitError(f"没有写{words}")
    if len(value) > longest:
        raise PerfkitError(f"的{words}有 {len(value)} 个字，最多 {longest} 个")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        raise PerfkitError(f"的{words}里有控制字符")


def _texts(event: Event, key: str) -> None:
    value = event.get(key)
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise PerfkitError("没有写明是对哪一版内容的结论")
