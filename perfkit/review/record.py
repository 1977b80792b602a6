"""审阅记录: what reviewers said of a report, and whether it was accepted.

The record of a report is ``outputs/reviews/<report>.yaml``: one event a line,
only ever added to. A line is whole and unlike any other, so git can merge two
records by taking the lines of both; their order and repetitions don't matter.
A line that can't be read stays in the file and is told of.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from perfkit.errors import PerfkitError, system_reason
from perfkit.review.content import CONTENT
from perfkit.texts import shortened

FOLDER = "reviews"
LETTERS = "letters"
"""Where the opinion sheets for the departments are, beside the reports."""
HEAD = "# 审阅记录，每行一条，只增不改。由 perfkit review 写入，可以用 git 合并。\n"
# Lines of both sides are kept when git merges; see the module's first words.
ATTRIBUTES = "*.yaml merge=union\n"

LONGEST = 20_000
"""Characters of a remark, and of the text that it quotes."""
CONTEXT = 32
"""Characters on either side of a quoted text, by which it is found again."""
NAME = 40
"""Characters of a reviewer's name."""
LARGEST = 32 * 2**20
"""Bytes of a record: a thousand decisions, each with the whole text of a report."""
WAIT = 20
"""Seconds to wait for another process that is writing the same record."""
DAY = 86400
"""Seconds by which the clock of a reviewer may be ahead."""

CODE = 64
"""Characters of a finding's code."""
FIELD = 400
"""Characters of the path of a finding's field."""
MOST_FIGURES = 20_000
"""Figures that an acceptance may be given for."""

Kind = Literal[
    "remark", "answer", "settle", "reopen", "reply", "verify", "dismiss", "restore",
    "accept", "return",
]  # fmt: skip
KINDS: dict[Kind, str] = {
    "remark": "意见",
    "answer": "回复",
    "settle": "了结",
    "reopen": "重新提出",
    "reply": "部门答复",
    "verify": "已核实",
    "dismiss": "不成立",
    "restore": "恢复待核",
    "accept": "通过",
    "return": "退回",
}

State = Literal["none", "returned", "revised", "accepted", "lapsed"]
STATES: dict[State, str] = {
    "none": "未审",
    "returned": "已退回",
    "revised": "退回后有改动",
    "accepted": "已通过",
    "lapsed": "通过已失效",
}
UNFINISHED: tuple[State, ...] = ("none", "revised", "lapsed")
"""States in which a report waits for its reviewer."""

CheckState = Literal["open", "verify", "dismiss", "remark"]
CHECKS: dict[CheckState, str] = {
    "open": "待核实",
    "verify": "已核实",
    "dismiss": "不成立",
    "remark": "已转意见",
}
"""核实情况 of a finding, by the event that made it so."""


COMMON = ("id", "report", "at", "by", "kind")
"""The fields of every event."""
FIELDS: dict[Kind, set[str]] = {
    "remark": {"text", "target", "finding"},
    "answer": {"text", "on"},
    "settle": {"text", "on"},
    "reopen": {"text", "on"},
    "reply": {"text", "on", "finding", "about"},
    "verify": {"text", "finding"},
    "dismiss": {"text", "finding"},
    "restore": {"text", "finding"},
    "accept": {"text", "content", "blocks", "figures", "errors"},
    "return": {"text", "content", "blocks", "figures"},
}
ANSWERS = [kind for kind, fields in FIELDS.items() if "on" in fields]
"""What is said to a remark."""
TURNS = ("settle", "reopen")
"""What of it settles the remark, or takes it up again."""
ON_FINDINGS = [kind for kind, fields in FIELDS.items() if "finding" in fields]
"""What is said of a finding; a remark where it was turned into one."""
DECISIONS = [kind for kind, fields in FIELDS.items() if "content" in fields]
"""What is said of the whole report."""
QUOTED = {"exact": LONGEST, "prefix": CONTEXT, "suffix": CONTEXT}
"""A quoted text and what stands around it, and how long they may be."""
TIME = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
"""What the page and this module read as the same moment; the last wins, so not of another century."""
CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
"""Signs that order a terminal about or turn a line round; the page leaves them out."""
UNSHOWN = re.compile(rf"[{CONTROLS}\ud800-\udfff]")
"""These, and halves of signs."""

Event = Mapping[str, Any]


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


class Finding(Protocol):
    """What names a finding: a tick holds as long as these three are the same."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def field(self) -> str: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Checked:
    """核实情况 of a finding: what was last said of it, and what its department replied.

    `lapsed` is what had been said of it before its wording or figures changed:
    it no longer holds.
    """

    state: CheckState = "open"
    event: Event | None = None
    lapsed: Event | None = None
    replies: tuple[Event, ...] = ()

    @property
    def note(self) -> str:
        """What is to be told of it, in a line; empty of a finding that no one has looked at."""
        parts = []
        if self.event and self.state != "open":
            text = self.event.get("text", "") if self.state == "dismiss" else ""
            why = f"：{_flat(text)}" if text else ""
            parts.append(f"{CHECKS[self.state]}{why}（{_signed(self.event)}）")
        if self.lapsed:
            words, before = CHECKS[self.lapsed["kind"]], self.lapsed["finding"]["message"]
            parts.append(f"以前标的“{words}”已失效，内容有变化，原来是“{before}”")
        parts += [f"{KINDS['reply']}：{_flat(event['text'])}" for event in self.replies]
        return "；".join(parts)


@dataclass(frozen=True)
class Review:
    """The review of a report: its remarks in order, the last decision, lines that can't be read.

    `said` is what was said of findings, in order; `loose` are replies of the
    department that belong to no remark or finding.
    """

    remarks: tuple[Remark, ...] = ()
    decision: Event | None = None
    troubles: tuple[str, ...] = field(default=(), compare=False)
    said: tuple[Event, ...] = ()
    loose: tuple[Event, ...] = ()

    @property
    def open(self) -> tuple[Remark, ...]:
        """The remarks that are not settled."""
        return tuple(remark for remark in self.remarks if not remark.settled)

    def lapses(
        self, content: Mapping[str, str], figures: Mapping[str, str] | None = None
    ) -> list[str]:
        """What has changed since the report was accepted, in words; parts not in *content* don't count.

        With the *figures* of the report as it is, the changed ones are told, old → new.
        """
        if self.decision is None or self.decision["kind"] != "accept":
            return []
        changed = [f"{CONTENT[key]}有变化" for key in self._changed(content)]
        told = changed_figures(self.decision.get("figures"), figures)
        return changed + told if changed else []

    def _changed(self, content: Mapping[str, str]) -> list[str]:
        given = self.decision["content"] if self.decision else {}
        return [key for key in CONTENT if content.get(key) and given.get(key) != content[key]]

    def state(self, content: Mapping[str, str]) -> State:
        """审阅情况 of the report that has this *content* now."""
        if self.decision is None:
            return "none"
        changed = self._changed(content)
        if self.decision["kind"] == "return":
            return "revised" if changed else "returned"
        return "lapsed" if changed else "accepted"

    @property
    def passed_over(self) -> str:
        """Why the report was accepted with errors that were not dealt with; empty if it was not."""
        decision = self.decision
        if decision is None or not decision.get("errors"):
            return ""
        return f"通过时有 {decision['errors']} 条错误没有处理：{_flat(decision['text'])}"

    def checked(self, findings: Iterable[Finding]) -> list[Checked]:
        """核实情况 of each of the *findings*, in their order.

        What was said holds for a finding with the same code, field and message. Of
        one that differs in its message alone, the next of the field that is no more has lapsed.
        """
        told = list(findings)
        said: dict[tuple[str, str, str], list[Event]] = {}
        for event in self.said:
            of = event["finding"]
            said.setdefault((of["code"], of["field"], of["message"]), []).append(event)
        current = {(one.code, one.field, one.message) for one in told}
        gone = [key for key in said if key not in current]
        found = []
        for one in told:
            key = (one.code, one.field, one.message)
            before = next((other for other in gone if other[:2] == key[:2]), None)
            if key in said:
                found.append(_checked(said[key]))
            elif before:
                gone.remove(before)
                last = _checked(said[before])
                found.append(Checked(lapsed=last.event, replies=last.replies))
            else:
                found.append(Checked())
        return found


FIGURES_TOLD = 6
"""How many changed figures are told one by one."""


def changed_figures(before: Mapping[str, str] | None, now: Mapping[str, str] | None) -> list[str]:
    """The figures that differ, in words: “基本支出 全年执行数：655.13 → 655.03”."""
    if before is None or now is None:
        return []
    names = [name for name in dict.fromkeys([*now, *before]) if before.get(name) != now.get(name)]
    told = [f"{name}：{before.get(name, '（无）')} → {now.get(name, '（无）')}" for name in names]
    rest = len(told) - FIGURES_TOLD
    return told[:FIGURES_TOLD] + ([f"另有 {rest} 处数据有变化"] if rest > 0 else [])


def _checked(said: list[Event]) -> Checked:
    replies = tuple(event for event in said if event["kind"] == "reply")
    turns = [event for event in said if event["kind"] != "reply"]
    last = turns[-1] if turns else None
    if last is None or last["kind"] == "restore":
        return Checked(replies=replies)
    return Checked(last["kind"], last, replies=replies)


def told(
    review: Review, content: Mapping[str, str], figures: Mapping[str, str] | None = None
) -> list[str]:
    """The open remarks, unplaced replies, decision and troubles of a review, a line each, for a terminal."""
    lines = []
    for remark in review.open:
        event = remark.event
        quote = shortened(_flat(remark.quote), 20)
        answers = f"（{len(remark.thread)} 条回复）" if remark.thread else ""
        lines.append(f"意见  {_signed(event)}  “{quote}”：{_flat(event['text'])}{answers}")
    for event in review.loose:
        about = shortened(_flat(event["about"]), 40)
        lines.append(
            f"答复  {_signed(event)}  没有对上现在的意见，“{about}”：{_flat(event['text'])}"
        )
    if decision := review.decision:
        words = STATES[review.state(content)]
        why = "；".join(review.lapses(content, figures))
        lines.append(f"审阅  {_signed(decision)}  {words}" + (f"：{why}" if why else ""))
        if review.passed_over:
            lines.append(f"审阅  {_signed(decision)}  {review.passed_over}")
    return lines + [f"审阅  {trouble}" for trouble in review.troubles]


def _signed(event: Event) -> str:
    return f"{event['by']} {event['at'][:10]}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def record_file(outputs: Path, report: str) -> Path:
    """Where the record of a report is kept."""
    return outputs / FOLDER / f"{report}.yaml"


def reports(outputs: Path) -> set[str]:
    """The names of the reports that have a page, in their own case, as Windows doesn't ask for."""
    try:
        with os.scandir(outputs) as entries:
            pages = {
                entry.name for entry in entries if entry.name.endswith(".html") and entry.is_file()
            }
    except OSError:
        return set()
    # The index and the pages of failures are no reports.
    names = {name.removesuffix(".html") for name in pages if not name.startswith(".")}
    return {name for name in names if name != "index" and not name.endswith(".failed")}


def read_review(outputs: Path, report: str) -> Review:
    """The review of a report; empty if no one has looked at it."""
    path = record_file(outputs, report)
    events, troubles = read_events(path)
    return fold(events, [f"{path}：{trouble}" for trouble in troubles])


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """The events of a record file, and what could not be read; nothing of one that isn't there."""
    try:
        return parse(_content(path))
    except FileNotFoundError:
        return [], []
    except OSError as e:
        return [], [f"读不了：{system_reason(e)}"]


def _content(path: Path) -> bytes:
    """The bytes of a record; an OSError says in Chinese why it is none."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError("这是文件夹")
    if not stat.S_ISREG(found.st_mode):  # a pipe would keep us waiting, a device has no end
        raise OSError("这不是普通文件")
    if found.st_size > LARGEST:
        raise OSError(f"文件有 {found.st_size >> 20} MB，最多 {LARGEST >> 20} MB")
    return path.read_bytes()


def parse(content: bytes) -> tuple[list[Event], list[str]]:
    """The events of a record in its order, each once, and what could not be read."""
    troubles = []

    def sound() -> Iterator[Event]:
        for number, found in _lines(content):
            if isinstance(found, str):
                troubles.append(f"第 {number} 行{found}，原样保留，没有采用")
            else:
                yield found

    return _once(sound()), troubles


def _lines(content: bytes) -> Iterator[tuple[int, Event | str]]:
    """The number of each line, and its event or why it is none, in words that follow “第 3 行”."""
    # Parted before it is decoded: a line may be torn in the middle of a character.
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = line.strip()
        if not line or line.startswith(b"#"):
            continue
        try:
            event = json.loads(line.removeprefix(b"-").decode(), parse_constant=_refused)
            check_event(event)
        except (ValueError, RecursionError):
            yield number, "读不懂"
        except PerfkitError as e:
            yield number, str(e)
        else:
            yield number, event


def _once(found: Iterable[Event]) -> list[Event]:
    events: dict[str, Event] = {}
    for event in found:
        known = events.setdefault(event["id"], event)
        # Of two that bear one id the same is taken, whatever order they were merged in.
        events[event["id"]] = min(known, event, key=_line)
    return list(events.values())


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def fold(events: Iterable[Event], troubles: Iterable[str] = ()) -> Review:
    """What the events come to, whatever order they stand in."""
    ordered = sorted(events, key=lambda event: (_time(event["at"]), event["id"]))
    threads: dict[str, list[Event]] = {}
    decision = None
    said, loose = [], []
    for event in ordered:
        if "finding" in event:
            said.append(event)
        elif "about" in event:
            loose.append(event)
        elif event["kind"] in ANSWERS:
            threads.setdefault(event["on"], []).append(event)
        elif event["kind"] in DECISIONS:
            decision = event
    remarks = []
    for event in ordered:
        if event["kind"] == "remark":
            thread = threads.get(event["id"], [])
            turns = [answer["kind"] for answer in thread if answer["kind"] in TURNS]
            settled = bool(turns) and turns[-1] == "settle"
            remarks.append(Remark(event, tuple(thread), settled))
    return Review(tuple(remarks), decision, tuple(troubles), tuple(said), tuple(loose))


def _time(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def add_events(outputs: Path, report: str, events: Iterable[Event]) -> int:
    """Add the events that the record doesn't have yet; returns how many there were.

    Several processes may write at once.

    Raises:
        PerfkitError: if an event is not one of this report; nothing is written then.
        OSError: if the record can't be written, for one because another program keeps it.
    """
    from filelock import FileLock, Timeout  # `perfkit check` reads records, and starts at once

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
            there = path.exists()
            content = _content(path) if there else b""
            known = {event["id"] for event in parse(content)[0]}
            fresh = {event["id"]: event for event in wanted if event["id"] not in known}
            for event in fresh.values():
                _check_past(event)
            lines = "".join(_line(event) for event in fresh.values())
            if not there:
                lines = HEAD + lines
            elif not content.endswith(b"\n"):
                lines = "\n" + lines  # after a line that was torn
            if fresh:
                _append(path, lines.encode())
    except Timeout:
        raise TimeoutError(f"{path} 一直被别的程序占用，请稍后再试") from None
    return len(fresh)


def _check_past(event: Event) -> None:
    # One from the future would be the last word on the report until then.
    if _time(event["at"]) > time.time() + DAY:
        reason = "还没有到；请核对写意见的电脑和这台电脑的日期"
        raise PerfkitError(f"的时间“{event['at']}”{reason}")


def _append(path: Path, lines: bytes) -> None:
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            while lines:
                lines = lines[file.write(lines) :]
            os.fsync(file.fileno())
        except OSError:  # the disk is full
            with contextlib.suppress(OSError):
                file.truncate(before)
            raise


def import_file(outputs: Path, path: Path) -> dict[str, tuple[int, int]]:
    """Take in a file that a page saved; how many events were new, and not, by report.

    Raises:
        PerfkitError: if any of it can't be read; nothing of it is taken then.
    """
    try:
        content = _content(path)
    except OSError as e:
        raise PerfkitError(f"{path} 读不了：{system_reason(e)}") from None
    events = _once(_all_sound(path, content))
    if not events:
        raise _not_taken(path, "里面没有审阅记录")
    names = sorted({event["report"] for event in events})
    known = reports(outputs)
    for name in names:
        # The name becomes a file's: it must be one of a report that is there.
        if name not in known:
            reason = f"{outputs} 里没有“{shortened(name, NAME)}”这份报告"
            raise PerfkitError(f"{path}：{reason}；请用 -o 指明报告所在的文件夹")
    found = {}
    for name in names:
        own = [event for event in events if event["report"] == name]
        try:
            added = add_events(outputs, name, own)
        except OSError as e:
            raise PerfkitError(
                f"{path}：写不进 {record_file(outputs, name)}：{system_reason(e)}"
            ) from None
        found[name] = (added, len(own) - added)
    return found


def _all_sound(path: Path, content: bytes) -> Iterator[Event]:
    for number, found in _lines(content):
        if isinstance(found, str):
            raise _not_taken(path, f"第 {number} 行{found}")
        try:
            _check_past(found)
        except PerfkitError as e:
            raise _not_taken(path, f"第 {number} 行{e}") from None
        yield found


def _not_taken(path: Path, reason: str) -> PerfkitError:
    advice = "请用网页“把意见存成文件”存下的文件，没有收下任何一条"
    return PerfkitError(f"{path}：{reason}；{advice}")


def _line(event: Event) -> str:
    """The event in one line, whatever its text has in it; JSON is YAML."""
    text = json.dumps(event, ensure_ascii=False, allow_nan=False)
    text = re.sub("[\x85\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"- {text}\n"


def check_event(event: Any) -> None:
    """Raise a PerfkitError, in words that complete “第 3 行…”, if this is not an event."""
    if not isinstance(event, dict):
        raise PerfkitError("不是一条审阅记录")
    kind = event.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise PerfkitError("不是一种认识的记录")
    if not set(event) <= {*COMMON, *FIELDS[kind]}:
        raise PerfkitError("不是一条审阅记录")
    _text(event, "id", "编号", 16)
    if not re.fullmatch(r"[0-9a-f]{16}", event["id"]):
        raise PerfkitError("的编号不是 16 位十六进制数")
    _name(event, "report", "报告名称", 255)
    _name(event, "by", "审阅人", NAME)
    _name(event, "at", "时间", 40)
    if not _is_time(event["at"]):
        raise PerfkitError(f"的时间“{event['at']}”应像 2024-03-05T09:30:00+08:00")
    if kind in NEED_TEXT or event.get("errors") or "text" in event:
        _text(event, "text", NEED_TEXT.get(kind, "说明"), LONGEST)
    if "finding" in event:
        _finding(event["finding"])
    if kind == "remark":
        _target(event.get("target"))
    elif kind in DECISIONS:
        _decided(event)
    elif kind == "reply":
        _about(event)
    elif kind in ANSWERS:
        _name(event, "on", "所回复的意见", 16)
    elif "finding" not in event:
        raise PerfkitError("没有写明针对哪条审核意见")


NEED_TEXT = {
    "remark": KINDS["remark"],
    "answer": KINDS["answer"],
    "reply": KINDS["reply"],
    "dismiss": "不成立的理由",
}
"""What can't be said without words, and what these are called."""


def _decided(event: Event) -> None:
    _texts(event, "content")
    _texts(event, "blocks")
    if "figures" in event:
        _texts(event, "figures")
        if len(event["figures"]) > MOST_FIGURES:
            raise PerfkitError(f"的数据多于 {MOST_FIGURES} 项")
    errors = event.get("errors", 0)
    if type(errors) is not int or not 0 <= errors < LARGEST:
        raise PerfkitError("没有写明有几条错误没有处理")


def _about(event: Event) -> None:
    """A reply is to one remark, one finding, or words that are neither any more."""
    places = [key for key in ("on", "finding", "about") if key in event]
    if len(places) != 1:
        raise PerfkitError("没有写明答复的是哪条意见")
    if "on" in event:
        _name(event, "on", "所答复的意见", 16)
    if "about" in event:
        _text(event, "about", "所答复的意见", LONGEST)


def _finding(found: Any) -> None:
    longest = {"code": CODE, "field": FIELD, "message": LONGEST}
    if not isinstance(found, dict) or set(found) != set(longest):
        raise PerfkitError("没有写明针对哪条审核意见")
    if not all(_shown(found[key], longest[key]) for key in longest):
        raise PerfkitError("所针对的审核意见缺失、有控制字符或太长")


def _is_time(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return bool(TIME.fullmatch(at))


def _target(target: Any) -> None:
    selector = target.get("selector") if isinstance(target, dict) else None
    if not isinstance(selector, dict) or not set(target) <= {"block", "selector", "start"}:
        raise PerfkitError("没有写明针对哪段文字")
    if not _shown(target.get("block"), LONGEST):
        raise PerfkitError("没有写明针对哪段文字")
    start = target.get("start", 0)
    if not isinstance(start, int) or not 0 <= start < LARGEST:
        raise PerfkitError("所引文字的位置不是整数")
    known = QUOTED | {"type": CONTEXT}
    given = {"type": ""} | selector
    if set(given) != set(known) or not all(_shown(given[key], known[key]) for key in known):
        raise PerfkitError(f"所引的文字缺失、有控制字符或超过 {LONGEST} 个字")


def _shown(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and not UNSHOWN.search(value)


def _name(event: Event, key: str, words: str, longest: int) -> None:
    """A text of one line."""
    _text(event, key, words, longest)
    if len(event[key].splitlines()) > 1 or "\t" in event[key]:
        raise PerfkitError(f"的{words}不止一行")


def _text(event: Event, key: str, words: str, longest: int) -> None:
    value = event.get(key)
    if not isinstance(value, str) or not value.strip():
        raise PerfkitError(f"没有写{words}")
    if len(value) > longest:
        raise PerfkitError(f"的{words}有 {len(value)} 个字，最多 {longest} 个")
    if UNSHOWN.search(value):
        raise PerfkitError(f"的{words}里有控制字符或半个字符")


def _texts(event: Event, key: str) -> None:
    value = event.get(key)
    found = value.items() if isinstance(value, dict) else [(None, None)]
    if not all(_shown(text, LARGEST) for pair in found for text in pair):
        raise PerfkitError("没有写明是对哪一版内容的结论")
