"""Parameter files as people mistype them: seeded changes of the samples, and what holds of each.

A changed file is either refused, in Chinese and at a line, or all that is typed in
it stands in the record. To try more of them than the tests do, and see the odd ones:

    .venv/bin/python tests/mutations.py --seed 7 --count 5000
"""

import argparse
import contextlib
import random
import re
import signal
import sys
import tempfile
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

from conftest import audit

from perfkit.errors import PerfkitError
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

PARAMS = Path(__file__).parent.parent / "params"
LONGEST = 30
"""Seconds after which a file is said to hang; a guard, not a measure."""

SIGNS = (
    "#&*!@%`><|{}[],:?-~\"'\\=+$^_/;.()"
    "：，。；、“”‘’「」【】（）％＃＊－—–·•●☐…《》＋／～　"
    "０１２３４５６７８９①½²"
    "\t\u00a0\u200b\u200d\ufeff\u202e\u2028\u0085\u00ad\x07\x00\ud83d\ude00𠮷é한٣१\r"
)
PASTED = [
    "　　一是加强管理；\n　　二是规范流程。",
    "•\t完成3项任务\n•\t完成率98.5%",
    "“十四五”规划 #2 号工程: 已完工",
    '"双减"工作',
    "表1\t预算数\t支出数\n合计\t1,234.50\t1,200.00",
    "甲\u00a0乙\u200b丙\u00ad丁",
    "[外贸]扶持,{重点}项目",
    "--- 以下无正文 ---",
    "完成率：100%（含）* 见附件",
]
CHINESE = ["支出", "预算", "产出", "数量", "名称", "指标值", "完成值", "备注", "分值"]
KEY = re.compile(r"^( *(?:- )?)([a-z_.]+)(:)(?: +(.*))?$")


# Each takes the random numbers and the lines, and changes the lines in place.


def place(rng, lines, wanted=lambda line: line.strip()):
    """The number of a line of the kind."""
    found = [
        n for n, line in enumerate(lines) if wanted(line) and not line.lstrip().startswith("#")
    ]
    return rng.choice(found or [0])


def fields(line):
    return KEY.match(line) is not None


def valued(line):
    found = KEY.match(line)
    return bool(found and found[4])


def drop(rng, lines):
    del lines[place(rng, lines)]


def double(rng, lines):
    at = place(rng, lines)
    lines.insert(at, lines[at])


def swap(rng, lines):
    at = place(rng, lines[:-1])
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


def join(rng, lines):
    at = place(rng, lines[:-1])
    lines[at] += rng.choice(["", " ", ", ", "，", "; "]) + lines.pop(at + 1).strip()


def cut(rng, lines):
    at = place(rng, lines)
    lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]


def split(rng, lines):
    at = place(rng, lines)
    where = rng.randrange(len(lines[at]) + 1)
    rest = lines[at][where:]
    lines[at] = lines[at][:where]
    lines.insert(at + 1, rng.choice(["", "  ", "    ", "      ", "        "]) + rest)


def indent(rng, lines):
    at = place(rng, lines)
    body = lines[at].lstrip()
    width = len(lines[at]) - len(body)
    lines[at] = rng.choice(
        [" " * max(0, width + rng.choice([-4, -2, -1, 1, 2, 4])), "\t", "\t\t", "　" * (width // 2 or 1),
         "\u00a0" * width, " " * width + "　", "\u2003" * (width // 2)]
    ) + body  # fmt: skip


def indent_below(rng, lines):
    at = place(rng, lines)
    by = rng.choice([1, 2, -1, -2])
    for n in range(at, min(at + rng.randrange(1, 6), len(lines))):
        lines[n] = (
            " " * by + lines[n] if by > 0 else lines[n][-by:] if lines[n][:1] == " " else lines[n]
        )


def dash(rng, lines):
    at = place(rng, lines, lambda line: line.lstrip().startswith("- "))
    new = rng.choice(["-", "－", "－ ", "— ", "—", "–", "• ", "* ", "· ", "+ ", "1. ", "（1）", ""])
    lines[at] = lines[at].replace("- ", new, 1)


def colon(rng, lines):
    at = place(rng, lines, fields)
    new = rng.choice(
        ["：", "： ", ":", " ", "", " :", "=", ":: ", "; ", "﹕", ":\t", ":　", ":\u00a0"]
    )
    lines[at] = re.sub(r":( |$)", lambda _: new, lines[at], count=1)


def quotes(rng, lines):
    at = place(rng, lines, valued)
    found = KEY.match(lines[at])
    one, other = rng.choice(
        ['""', "''", "“”", "‘’", '“"', '"”', "「」", "《》", ('"', ""), ("", '"'), ("'", "")]
    )
    value = (found[4] if found else lines[at]).strip("\"'")
    where = rng.randrange(len(value) + 1) if rng.random() < 0.5 else len(value)
    lines[at] = (
        f"{found[1]}{found[2]}: {one}{value[:where]}{other}{value[where:]}" if found else value
    )


def sign(rng, lines):
    at = place(rng, lines)
    where = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:where] + rng.choice(SIGNS) + lines[at][where:]


def opening(rng, lines):
    at = place(rng, lines, valued)
    lines[at] = re.sub(
        ": +", lambda _: ": " + rng.choice(SIGNS) + rng.choice(["", " "]), lines[at], count=1
    )


def hash_sign(rng, lines):
    at = place(rng, lines, valued if rng.random() < 0.7 else lambda line: line.strip())
    where = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:where] + rng.choice([" #", " # ", "#", "　#"]) + lines[at][where:]


def number(rng, lines):
    at = place(rng, lines, lambda line: re.search(r"\d", line))
    found = list(re.finditer(r"\d[\d,.]*", lines[at]))
    if not found:
        return
    part = rng.choice(found)
    figure = part[0]
    new = rng.choice(
        [figure + "元", figure + "万元", figure + "亿元", figure + " 万", figure + "%", figure + "％",
         "约" + figure, figure + "左右", f"{figure}-{figure}", "-", "—", "/", "无", "", "-" + figure,
         figure.replace(".", "。"), figure.replace(".", "．"), figure.replace(".", ".."),
         figure.replace(".", ","), figure.replace(",", "，"), "1," + figure, figure + ",000.00",
         f"{Decimal(re.sub('[^0-9]', '', figure) or 0):,}", figure + "0" * 30, "0" + figure,
         figure.translate({48 + n: 0xFF10 + n for n in range(10)}), figure + "e5", "0x" + figure,
         figure.replace("0", "O"), figure + " " + figure, f"={figure}", f"¥{figure}", f"≥{figure}",
         f">{figure}", f"> {figure}", f"<{figure}", "一百", "1_000", "12:30", "2023-02-30", "null", "~"]
    )  # fmt: skip
    lines[at] = lines[at][: part.start()] + new + lines[at][part.end() :]


def key(rng, lines):
    at = place(rng, lines, fields)
    found = KEY.match(lines[at])
    if not found:
        return
    word = found[2]
    n = rng.randrange(len(word))
    new = rng.choice(
        [word[:n] + word[n + 1 :], word[:n] + word[n] + word[n:], word.upper(), word.title(),
         word[:n] + word[n : n + 2][::-1] + word[n + 2 :], rng.choice(CHINESE), f'"{word}"', f"“{word}”",
         word + " ", "? " + word, "<<", word.translate({97 + i: 0xFF41 + i for i in range(26)})]
    )  # fmt: skip
    blank = rng.random() < 0.2
    lines[at] = f"{found[1]}{new}:" + ("" if blank or not found[4] else f" {found[4]}")


def value(rng, lines):
    at = place(rng, lines, valued)
    found = KEY.match(lines[at])
    if found:
        words = ["", "-", "—", "无", "null", "~", "[]", "{}", "[1,000, 2]", "{a: 1,000}", "!!int 5", "&a 甲",
                 "*a", "|", ">", ">5", "|甲", "|-", "[外贸]扶持", '"甲"项目', "'甲'项目", "甲: 乙", "甲 #乙",
                 "#1楼", "是", "否", "true", "99.88%", "@甲", "% 5", "甲" * 300, "“甲”", '"甲\\n乙"',
                 '"..\\2022\\x.yaml"', "/dev/zero", "\\", "? 甲", "- 甲", "甲:", "区政府同意,追加资金"]  # fmt: skip
        lines[at] = f"{found[1]}{found[2]}: {rng.choice(words)}"


def flow(rng, lines):
    """The fields of one record on one line, as the forms of other systems write them."""

    def width(line):
        return len(line) - len(line.lstrip(" -"))

    def follows(at):
        before = at > 0 and width(lines[at - 1]) == width(lines[at]) and fields(lines[at - 1])
        return before and not lines[at].lstrip().startswith("- ")

    at = place(rng, lines, valued)
    while follows(at):
        at -= 1
    last = at
    while last + 1 < len(lines) and valued(lines[last + 1]) and follows(last + 1):
        last += 1
    if any(re.search(r": +[|>]", line) for line in lines[at : last + 1]):
        return
    head = re.match(r" *(- )?", lines[at])[0]
    pairs = [re.sub(r"\s#.*", "", line).strip(" -") for line in lines[at : last + 1]]
    if rng.random() < 0.7:
        pairs = [pair.replace('"', "") for pair in pairs]
    if rng.random() < 0.3:
        n = rng.randrange(len(pairs))
        pairs[n] += rng.choice([",追加", ",000", ", 其中", ",其中: 甲", " ,", ",1"])
    comma = rng.choice([", ", ", ", ", ", ", ", ",", "，", "；"])
    end = rng.choice(["}", "}", "}", "", "} 。"])
    lines[at : last + 1] = [f"{head}{{{comma.join(pairs)}{end}"]


def paste(rng, lines):
    at = place(rng, lines, valued if rng.random() < 0.5 else lambda line: line.strip())
    where = rng.randrange(len(lines[at]) + 1) if rng.random() < 0.5 else len(lines[at])
    text = lines[at][:where] + rng.choice(PASTED) + lines[at][where:]
    lines[at : at + 1] = text.split("\n")


def block(rng, lines):
    at = place(rng, lines, lambda line: re.search(r": [|>]", line) or valued(line))
    new = rng.choice([": |", ": >", ": |-", ": >-", ":", ": |2", ": >5", ": |+", ": | 甲"])
    if re.search(r": [|>]", lines[at]):
        lines[at] = re.sub(r": [|>]-?", new, lines[at])
    else:
        name, _, words = lines[at].partition(": ")
        width = len(name) - len(name.lstrip(" -")) + rng.choice([-2, 0, 1, 2, 2, 2, 4])
        lines[at : at + 1] = [name + new, " " * max(0, width) + words]


def document(rng, lines):
    at = place(rng, lines)
    lines.insert(
        at,
        rng.choice(
            ["---", "...", "%YAML 1.1", "%TAG ! a:", "# 备注", "#备注", "department:", "甲"]
        ),
    )


CHANGES = [
    *(drop, double, swap, join, cut, split, indent, indent, indent_below, dash, dash, colon, colon),
    *(
        quotes,
        quotes,
        sign,
        sign,
        opening,
        hash_sign,
        number,
        number,
        number,
        key,
        key,
        value,
        value,
    ),
    *(flow, flow, flow, paste, paste, block, document),
]


def recoded(rng, text):
    """The bytes of a file, a few of them as another program saves or harms them."""
    raw = text.encode("utf-8", "surrogatepass")
    where = rng.randrange(len(raw) + 1)
    return rng.choice(
        [text.encode("gb18030", "replace"), text.encode("utf-16", "replace"), b"\xef\xbb\xbf" + raw,
         raw.replace(b"\n", b"\r\n"), raw.replace(b"\n", b"\r"), raw[:where],
         raw[:where] + rng.choice([b"\xff", b"\x00", b"\xc3", "甲".encode("gbk")]) + raw[where:]]
    )  # fmt: skip


def mutants(seed, count):
    """So many changed files: the names of the changes, and the bytes."""
    rng = random.Random(seed)
    samples = [path.read_text(encoding="utf-8") for path in sorted(PARAMS.glob("shili-*.yaml"))]
    samples = sorted(samples, key=len)[:6]
    for _ in range(count):
        lines = rng.choice(samples).splitlines()
        changes = rng.sample(CHANGES, rng.choice([1, 1, 1, 2, 3]))
        for change in changes:
            change(rng, lines)
        text = "\n".join(lines) + "\n"
        names = "+".join(change.__name__ for change in changes)
        if rng.random() < 0.1:
            yield f"{names}+recoded", recoded(rng, text)
        else:
            yield names, text.encode("utf-8", "surrogatepass")


# What must hold of a changed file.


@contextlib.contextmanager
def guard(seconds):
    """Ends what hangs; where there is no alarm, nothing does."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_):
        raise TimeoutError(f"没有在 {seconds} 秒内结束")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def examine(path, content):
    """What is wrong with how perfkit takes the file, and whether it was accepted."""
    path.write_bytes(content)
    try:
        with guard(LONGEST):
            department, rubric = read_department(path)
            audit(score(department, rubric))
    except PerfkitError as refused:
        return list(wrong_messages(refused.faults, content)), False
    except Exception as error:  # the traceback that a user would see
        return [f"{type(error).__name__}: {error}"], False
    return list(unread(content, department)), True


def wrong_messages(faults, content):
    """Faults that a user couldn't act on."""
    count = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", content.decode("utf-8", "replace")))
    for fault in faults:
        if not re.search(r"[\u4e00-\u9fff]{2}", fault.message) or re.search(
            r"[a-z]+ [a-z]+ [a-z]+", fault.message
        ):
            yield f"不是中文：{fault}"
        if not fault.file.endswith("x.yaml") or not 1 <= fault.line <= count:
            yield f"没有行号：{fault}"


HARMLESS_COMMENT = re.compile(
    r"^(\s*(?:- )?[\w.\"']+:(?=\s+# |\s+[^#])(?:\s+(?:[\d.,，%％元万亿/-]+|[A-Za-z0-9_.-]+|是|否|单位自评|部门评价|\"[^\"]*\"|'[^']*'|[|>][-+]?|\[\]))?)\s+#.*$"
)
TOKEN = re.compile(r"\d+|[\u4e00-\u9fff]+")


def unread(content, department):
    """What is typed in the file and stands nowhere in the record that was made of it.

    The lines are read here without YAML: what isn't a comment on a line of its own, or
    after a code or figure, is a field or a part of a text.
    """
    source = department.source
    texts = {}
    for loc, text in source.texts.items():
        texts.setdefault(source.lines[loc], []).append("".join(text.split()))
    names = {}
    tree = {"department": department.model_dump(by_alias=True)}
    for loc, line in source.lines.items():
        if not stands(tree, loc):
            continue
        names.setdefault(line, []).append(str(loc[-1]) if loc else "")
    begun = 0
    for number, line in enumerate(
        re.split(r"\r\n|[\n\r\x85\u2028\u2029]", content.decode("utf-8-sig")), 1
    ):
        begun = number if number in texts or number in names else begun
        typed = line.strip()
        if typed.startswith("#") and number not in texts:
            continue
        if harmless := HARMLESS_COMMENT.match(line):
            typed = harmless[1]
        known = "".join([*texts.get(begun, []), *names.get(begun, [])])
        for token in TOKEN.findall(typed):
            if token not in known:
                yield f"第 {number} 行的“{token}”没有读到：{line.strip()[:60]}"
    for loc, text in source.texts.items():
        yield from misread(tree, loc, text)


def stands(tree, loc):
    """Whether the record has a field at *loc*, be it blank."""
    for step in loc:
        try:
            tree = tree[step]
        except (LookupError, TypeError):
            return False
    return True


def misread(tree, loc, text):
    """Whether the value of the record at *loc* is what stands in the file."""
    found = tree
    for step in loc:
        try:
            found = found[step]
        except (LookupError, TypeError):
            yield f"{loc} 没有进入记录：“{text[:40]}”"
            return
    if isinstance(found, (Decimal, int, date)) and not isinstance(found, bool):
        digits = re.sub(r"\D", "", f"{found:f}" if isinstance(found, Decimal) else str(found))
        typed = re.sub(r"\D", "", text)
        if isinstance(found, date):
            digits, typed = (
                str(tuple(found.timetuple()[:3])),
                str(tuple(map(int, re.findall(r"\d+", text)))),
            )
        elif not typed.isascii():
            typed = "".join(str(int(sign)) for sign in typed)
        if digits.strip("0") != typed.strip("0"):
            yield f"{loc} 读成了 {found}：“{text[:40]}”"
    elif (
        isinstance(found, str)
        and found != text.strip()
        and found not in ("单位自评", "部门评价", "正向", "反向")
    ):
        yield f"{loc} 读成了“{found[:40]}”：“{text[:40]}”"
    elif found is None:
        yield f"{loc} 没有读到：“{text[:40]}”"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=700)
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--messages", action="store_true")
    options = parser.parse_args()
    counts, odd = Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params" / "x.yaml"
        path.parent.mkdir()
        for n, (names, content) in enumerate(mutants(options.seed, options.count)):
            wrong, accepted = examine(path, content)
            counts["accepted" if accepted else "refused"] += 1
            if wrong:
                odd += 1
                if odd <= options.show:
                    print(f"{n} {names}", *wrong[:5], sep="\n    ")
    print(dict(counts), f"odd: {odd}")
    sys.exit(odd > 0)


if __name__ == "__main__":
    main()
