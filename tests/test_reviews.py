"""The record of a review: what is written comes back, merged in any order, and nothing is lost."""

import json
import os
import random
import shutil
import subprocess
import sys

import pytest
import yaml
from command_line import perfkit
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import PerfkitError, system_reason
from perfkit.review.content import content_of
from perfkit.review.record import add_events, fold, import_file, parse, read_review, record_file

REPORT = "shili-2023"
CONTENT = {"data": "d1", "narrative": "n1", "rubric": "r1", "template": "t1"}
AWKWARD = "第一行\n第二行\t“引号”\"'{}[]: - #\u2028\u0085 <script>alert(1)</script> \\n 😀"


def event(number, kind="remark", **more):
    made = {
        "id": f"{number:016x}",
        "report": REPORT,
        "at": f"2024-03-05T09:{number % 60:02d}:00+08:00",
        "by": "甲",
        "kind": kind,
    }
    if kind == "remark":
        selector = {"type": "TextQuoteSelector", "exact": "98.7%", "prefix": "为", "suffix": "。"}
        made |= {"text": "请核对", "target": {"block": "objective.1", "selector": selector}}
    elif kind in ("accept", "return"):
        made |= {"content": CONTENT, "blocks": {"objective.1": "为98.7%。"}}
    else:
        made |= {"on": f"{0:016x}"} | ({"text": "已改"} if kind == "answer" else {})
    return made | more


def folded(*events):
    return fold(events)


def test_a_record_is_yaml_with_one_line_an_event(tmp_path):
    events = [event(0), event(1, "answer", text=AWKWARD), event(2, "accept")]
    assert add_events(tmp_path, REPORT, events) == 3
    text = record_file(tmp_path, REPORT).read_text(encoding="utf-8")
    assert yaml.safe_load(text) == events
    assert text.count("\n") == len(text.splitlines()) == 4


def test_an_event_is_written_once(tmp_path):
    assert add_events(tmp_path, REPORT, [event(0), event(0)]) == 1
    assert add_events(tmp_path, REPORT, [event(0), event(1)]) == 1
    assert len(read_review(tmp_path, REPORT).remarks) == 2


# Events after one remark, and whether it is settled then.
TURNS = {
    "nothing": ([], False),
    "an answer": (["answer"], False),
    "settled": (["answer", "settle"], True),
    "settled and answered": (["settle", "answer"], True),
    "taken up again": (["settle", "reopen"], False),
    "settled twice": (["settle", "reopen", "settle"], True),
}


@pytest.mark.parametrize("turns", TURNS)
def test_a_remark_after(turns):
    kinds, settled = TURNS[turns]
    review = folded(event(0), *(event(i + 1, kind) for i, kind in enumerate(kinds)))
    assert review.remarks[0].settled is settled
    assert [answer["kind"] for answer in review.remarks[0].thread] == kinds
    assert len(review.open) == (not settled)


STATES = {
    "no one decided": ([event(0)], CONTENT, "none", []),
    "accepted": ([event(1, "accept")], CONTENT, "accepted", []),
    "returned": ([event(1, "accept"), event(2, "return")], CONTENT, "returned", []),
    "accepted after it was returned": (
        [event(1, "return"), event(2, "accept")], CONTENT, "accepted", [],
    ),
    "other data": ([event(1, "accept")], CONTENT | {"data": "d2"}, "lapsed", ["数据有变化"]),
    "other text and template": (
        [event(1, "accept")], CONTENT | {"narrative": "n2", "template": "t2"},
        "lapsed", ["文字有变化", "模板有变化"],
    ),
    "a template that isn't known": (
        [event(1, "accept")], {k: v for k, v in CONTENT.items() if k != "template"}, "accepted", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STATES)
def test_the_state_of_a_report(case):
    events, content, state, why = STATES[case]
    review = folded(*events)
    assert (review.state(content), review.lapses(content)) == (state, why)


def test_what_an_acceptance_is_bound_to(card_of):
    before = content_of(card_of())
    changes = {
        "data": {"budget/basic/spent": "97"},
        "narrative": {"narrative/measures": "另一句"},
    }
    for part, change in changes.items():
        after = content_of(card_of(change))
        assert {key for key in before if before[key] != after[key]} == {part}
    assert content_of(card_of(None, {"output": {"overshoot": []}}))["rubric"] != before["rubric"]


def test_the_same_figure_written_otherwise_is_the_same_data(card_of):
    assert content_of(card_of({"budget/basic/spent": "98.00"})) == content_of(card_of())


def test_a_comment_in_the_parameter_file_changes_nothing(filing):
    from perfkit.scoring.params import read_department
    from perfkit.scoring.scorecard import score

    path = filing()
    before = content_of(score(*read_department(path)))
    path.write_text("# 说明\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert content_of(score(*read_department(path))) == before


BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
signs = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=BIDIRECTIONAL)
texts = st.text(signs | st.sampled_from("\n\t"), min_size=1)


@given(text=texts.filter(str.strip))
def test_any_text_comes_back(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    add_events(folder, REPORT, [event(0, text=text)])
    assert read_review(folder, REPORT).remarks[0].event["text"] == text


kinds = st.sampled_from(["remark", "answer", "settle", "reopen", "accept", "return"])


@given(kinds=st.lists(kinds, max_size=12), seed=st.integers(), cut=st.integers(0, 12))
def test_two_records_merge_to_the_same_in_any_order(kinds, seed, cut):
    events = [event(i, kind) for i, kind in enumerate(kinds)]
    shuffled = [*events[:cut], *events[cut // 2 :]]
    random.Random(seed).shuffle(shuffled)
    lines = "".join(f"- {json.dumps(one)}\n" for one in shuffled)
    merged, troubles = parse(lines.encode())
    assert troubles == []
    assert fold(merged) == fold(events)


def test_an_answer_waits_for_its_remark(tmp_path):
    add_events(tmp_path, REPORT, [event(1, "answer")])
    assert read_review(tmp_path, REPORT).remarks == ()
    add_events(tmp_path, REPORT, [event(0)])
    assert len(read_review(tmp_path, REPORT).remarks[0].thread) == 1


def test_a_line_that_cannot_be_read_is_told_of_and_stays(tmp_path):
    add_events(tmp_path, REPORT, [event(0)])
    path = record_file(tmp_path, REPORT)
    torn = path.read_bytes() + '- {"id": "00", "text": "核'.encode()[:-1]
    path.write_bytes(torn)
    add_events(tmp_path, REPORT, [event(1)])
    assert path.read_bytes().startswith(torn)
    review = read_review(tmp_path, REPORT)
    assert len(review.remarks) == 2
    assert review.troubles == (f"{path}：第 3 行读不懂，原样保留，没有采用",)


UNREADABLE = [
    '{"id": NaN}', "[" * 100_000, "1", '"a"', "{", "\x00", "null", "[[]]", '{"kind": []}',
    '{"kind": {}}', json.dumps(event(9, text="\ud800")), json.dumps(event(9, on=[[]])),
    json.dumps(event(9, at="0001-01-01T00:00:00+14:00")), json.dumps(event(9, at=1e999)),
    json.dumps(event(9, "accept", blocks={"a": "\udfff"})), '{"kind": ' + "9" * 5000 + "}",
]  # fmt: skip


@pytest.mark.parametrize("line", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_line_that_is_no_event_harms_nothing(line):
    content = f"- {json.dumps(event(0))}\n- {line}\n- {json.dumps(event(1))}\n"
    events, troubles = parse(content.encode())
    assert [len(events), len(troubles)] == [2, 1]


def test_of_two_events_with_one_id_the_order_does_not_choose():
    lines = [f"- {json.dumps(event(0, text=text))}\n".encode() for text in "甲乙"]
    assert parse(b"".join(lines)) == parse(b"".join(reversed(lines)))


REFUSED = {
    "no text": (event(0, text=""), "没有写意见"),
    "too long": (event(0, text="长" * 1_000_000), "意见有 1000000 个字，最多 20000 个"),
    "a control character": (event(0, text="a\x1bb"), "控制字符"),
    "no name": (event(0, by="  "), "没有写审阅人"),
    "a long name": (event(0, by="甲" * 41), "审阅人有 41 个字，最多 40 个"),
    "no time zone": (event(0, at="2024-03-05T09:30:00"), "应像 2024-03-05T09:30:00+08:00"),
    "the year 1": (event(0, at="0001-01-01T00:00:00+14:00"), "应像 2024-03-05"),
    "the year 9999": (event(0, at="9999-12-31T23:59:59-14:00"), "应像 2024-03-05"),
    "a time to come": (event(0, at="2099-01-01T00:00:00+08:00"), "还没有到；请核对写意见的电脑"),
    "a week": (event(0, at="2024-W10-2T09:30:00+08:00"), "应像 2024-03-05"),
    "a time zone that is none": (event(0, at="2024-03-05T09:30:00+25:00"), "应像 2024-03-05"),
    "a name in two lines": (event(0, by="甲\n乙"), "审阅人不止一行"),
    "half a sign": (event(0, text="核\ud800"), "控制字符或半个字符"),
    "half a sign in a quote": (
        event(
            0, target={"block": "a", "selector": {"exact": "a", "prefix": "\udc00", "suffix": ""}}
        ),
        "所引的文字缺失、有控制字符",
    ),
    "half a sign in a key": (event(0, "accept", blocks={"\ud800": "x"}), "没有写明是对哪一版"),
    "a sign that turns the line": (event(0, text="\u202e%58.99"), "控制字符"),
    "a control sequence of a terminal": (event(0, by="\x9b31m"), "控制字符"),
    "a kind that is a list": (event(0) | {"kind": ["remark"]}, "不是一种认识的记录"),
    "a field of another kind": (event(0, blocks={}), "不是一条审阅记录"),
    "more in a target": (event(0, target=event(0)["target"] | {"x": [[]]}), "没有写明针对哪段"),
    "a place before the text": (event(0, target=event(0)["target"] | {"start": -1}), "位置不是"),
    "an answer to a list": (event(0, "answer", on=["0"]), "没有写所回复的意见"),
    "a time in words": (event(0, at="昨天"), "应像 2024-03-05T09:30:00+08:00"),
    "a number of its own": (event(0, id="../../x"), "不是 16 位十六进制数"),
    "no quote": (event(0, target={"block": "a"}), "没有写明针对哪段文字"),
    "an unknown kind": (event(0, kind="delete"), "不是一种认识的记录"),
    "another report": (event(0, report="other"), "这条意见是“other”的"),
    "an acceptance of nothing": (event(0, "accept", content=None), "没有写明是对哪一版"),
    "no event": ([1], "不是一条审阅记录"),
    "a field that no event has": (event(0, evil="x"), "不是一条审阅记录"),
    "a place that is no number": (
        event(0, target=event(0)["target"] | {"start": float("nan")}),
        "位置不是整数",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_for(case, tmp_path):
    refused, why = REFUSED[case]
    with pytest.raises(PerfkitError, match=why.replace("+", r"\+")):
        add_events(tmp_path, REPORT, [event(1), refused])
    assert not record_file(tmp_path, REPORT).exists()


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_for(case, tmp_path):
    (tmp_path / f"{REPORT}.html").touch()
    saved = tmp_path / "意见.yaml"
    saved.write_text("".join(f"- {json.dumps(one)}\n" for one in (event(1), REFUSED[case][0])))
    with pytest.raises(PerfkitError, match=r"[\u4e00-\u9fff]"):
        import_file(tmp_path, saved)
    assert not record_file(tmp_path, REPORT).exists()


def a_folder(path):
    path.mkdir(parents=True)


def a_pipe(path):
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)


def a_device(path):
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("/dev/zero")


def a_loop(path):
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(path)


def too_much(path):
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(3 * 2**30)  # 3 GB that take no room


NO_FILES = {
    a_folder: "这是文件夹",
    a_pipe: "这不是普通文件",
    a_device: "这不是普通文件",
    a_loop: "链接绕成了圈",
    too_much: "文件有 3072 MB，最多 32 MB",
}


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
@pytest.mark.parametrize("make", NO_FILES)
def test_a_record_that_is_no_file_is_told(make, tmp_path):
    (tmp_path / f"{REPORT}.html").touch()
    path = record_file(tmp_path, REPORT)
    make(path)
    assert read_review(tmp_path, REPORT).troubles == (f"{path}：读不了：{NO_FILES[make]}",)
    with pytest.raises(OSError) as told:  # noqa: PT011
        add_events(tmp_path, REPORT, [event(0)])
    assert system_reason(told.value) == NO_FILES[make]
    with pytest.raises(PerfkitError, match=f"读不了：{NO_FILES[make]}"):
        import_file(tmp_path, path)


FULL = """
import resource, signal, sys
from pathlib import Path
from perfkit.review.record import add_events, record_file
sys.path.insert(0, "tests")
from test_reviews import REPORT, event
outputs = Path(sys.argv[1])
add_events(outputs, REPORT, [event(0)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = record_file(outputs, REPORT).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
try:
    add_events(outputs, REPORT, [event(1)])
except OSError:
    sys.exit(3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size")
def test_a_full_disk_leaves_no_torn_line(tmp_path, request):
    writer = [sys.executable, "-c", FULL, str(tmp_path)]
    assert subprocess.run(writer, cwd=request.config.rootpath, check=False).returncode == 3
    review = read_review(tmp_path, REPORT)
    assert (len(review.remarks), review.troubles) == (1, ())


KILLED = """
import os, sys
from pathlib import Path
from filelock import FileLock
from perfkit.review.record import record_file
sys.path.insert(0, "tests")
from test_reviews import REPORT
path = record_file(Path(sys.argv[1]), REPORT)
with FileLock(path.with_name(f".{path.name}.lock")), path.open("ab", buffering=0) as file:
    file.write('- {"id": "核'.encode()[:-1])
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_server_that_was_killed_in_the_middle_of_a_line_hinders_nothing(tmp_path, request):
    add_events(tmp_path, REPORT, [event(0)])
    writer = [sys.executable, "-c", KILLED, str(tmp_path)]
    assert subprocess.run(writer, cwd=request.config.rootpath, check=False).returncode == -9
    assert add_events(tmp_path, REPORT, [event(1)]) == 1
    review = read_review(tmp_path, REPORT)
    assert (len(review.remarks), len(review.troubles)) == (2, 1)


def test_a_record_that_another_program_keeps_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("perfkit.review.record.WAIT", 0.01)
    path = record_file(tmp_path, REPORT)
    path.parent.mkdir()
    held = FileLock(path.with_name(f".{path.name}.lock"))
    with held, pytest.raises(TimeoutError, match="一直被别的程序占用，请稍后再试"):
        add_events(tmp_path, REPORT, [event(0)])


def test_check_tells_of_a_broken_record_and_goes_on(filing, tmp_path):
    path = filing()
    outputs = tmp_path / "outputs"
    add_events(outputs, path.stem, [event(0, report=path.stem)])
    with record_file(outputs, path.stem).open("ab") as file:
        for line in UNREADABLE:
            file.write(f"- {line}\n".encode())
    (outputs / "perfkit.jsonl").write_text(
        json.dumps({"name": path.stem, "params": "x", "inputs": {}, "opened": {}, "files": {},
                    "row": {"content": 5}, "paragraphs": {}, "failed": False}) + "\n"
    )  # fmt: skip
    done = perfkit("check", path, "-o", outputs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "意见  甲 2024-03-05  “98.7%”：请核对" in done.stdout
    assert done.stdout.count("原样保留，没有采用") == len(UNREADABLE)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on the PATH")
def test_git_merges_what_two_reviewers_wrote(tmp_path):
    def git(*arguments):
        named = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    add_events(tmp_path, REPORT, [event(0)])
    git("add", ".")
    git("commit", "-qm", "one remark")
    git("checkout", "-qb", "other")
    add_events(tmp_path, REPORT, [event(1, "answer"), event(3, by="乙")])
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "main")
    add_events(tmp_path, REPORT, [event(2, "settle"), event(4)])
    git("commit", "-qam", "ours")
    git("merge", "-q", "other", "-m", "both")

    review = read_review(tmp_path, REPORT)
    assert [remark.event["id"] for remark in review.remarks] == [f"{n:016x}" for n in (0, 3, 4)]
    assert [e["kind"] for e in review.remarks[0].thread] == ["answer", "settle"]
    assert review.troubles == ()


WRITER = """
import sys, time
from pathlib import Path
from perfkit.review.record import add_events
sys.path.insert(0, "tests")
from test_reviews import REPORT, event
events = [event(number, text="长" * 3000) for number in range(30)]
outputs = Path(sys.argv[1])
(outputs / sys.argv[2]).touch()
while len([*outputs.glob("ready-*")]) < 2:
    time.sleep(0.001)
print(sum(add_events(outputs, REPORT, [one]) for one in events))
"""


def test_two_processes_at_once_write_an_event_once(tmp_path, request):
    """Each finds out what is there before it adds: nothing in between."""
    root = request.config.rootpath
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), f"ready-{name}"],
            cwd=root, stdout=subprocess.PIPE, text=True,
        )
        for name in "ab"
    ]  # fmt: skip
    added = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    lines = record_file(tmp_path, REPORT).read_text(encoding="utf-8").splitlines()
    assert (sum(added), len([line for line in lines if line.startswith("- ")])) == (30, 30)
    assert read_review(tmp_path, REPORT).troubles == ()


def test_a_saved_file_is_taken_in_whole_or_not_at_all(tmp_path):
    (tmp_path / f"{REPORT}.html").touch()
    saved = tmp_path / "意见 (1).yaml"
    lines = [f"- {json.dumps(event(i))}\n" for i in range(3)]
    saved.write_text("".join(lines), encoding="utf-8")
    assert import_file(tmp_path, saved) == {REPORT: (3, 0)}
    assert import_file(tmp_path, saved) == {REPORT: (0, 3)}
    for text, why in {
        "".join([f"- {json.dumps(event(9))}\n", "- {\n"]): "第 2 行读不懂",
        f"- {json.dumps(event(9, report='other'))}\n": "没有“other”这份报告",
        f"- {json.dumps(event(9, report='../x'))}\n": "没有“../x”这份报告",
        f"- {json.dumps(event(9, report='长' * 255))}\n": "没有“长+…”这份报告",
        f"- {json.dumps(event(9, report=REPORT.upper()))}\n": f"没有“{REPORT.upper()}”这份报告",
        f"- {json.dumps(event(9, report='index'))}\n": "没有“index”这份报告",
        "# 空\n": "里面没有审阅记录",
    }.items():
        saved.write_text(text, encoding="utf-8")
        with pytest.raises(PerfkitError, match=why):
            import_file(tmp_path, saved)
    assert len(read_review(tmp_path, REPORT).remarks) == 3
    with pytest.raises(PerfkitError, match=r"none\.yaml 读不了：没有这个文件"):
        import_file(tmp_path, tmp_path / "none.yaml")
