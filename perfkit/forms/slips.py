"""Slips of typing (笔误) that YAML would refuse in words of its own, or read as something else.

They are found line by line before YAML reads the file, because YAML stops at the
first one and often names another line. Each line with a slip is also put right
as it was plainly meant, so that the rest of the file can be read and all its
faults told together; a file with a slip is refused all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

_BREAK = re.compile(r"(\r\n|[\n\r\x85\u2028\u2029])")
"""Where YAML sees the end of a line."""

_SPACES = {
    "\t": "以 Tab 缩进，请改用空格缩进",
    "\u3000": "缩进用了全角空格，请改用半角空格缩进",
    "\xa0": "缩进用了不间断空格（多半是从 Word 或网页粘贴来的），请改用普通空格",
}
_OTHER_SPACE = "缩进用了特殊的空格，请改用普通空格"
_DASHES = "－—–−‐‑‒―ー•●·▪◆■"
_WORD = r"[A-Za-z_][\w.\-]*"
_FULLWIDTH = {0xFF3F: "_", 0xFF0E: "."} | {
    code: chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}

_DASHED = re.compile(
    rf"(?P<dash>[{_DASHES}]+|[*+](?=\s)|[（(]?\d+[.．、)）])\s*"
    r"(?=[A-Za-zＡ-Ｚａ-ｚ_][\w.]*\s*[:：])"
)
_TIGHT_DASH = re.compile(rf"-(?={_WORD}\s*[:：](?:\s|$))")
_HAN_DASHED = re.compile(
    rf"(?P<dash>-|[{_DASHES}]|\d+[.．、])\s*(?P<key>[\u4e00-\u9fff]+)\s*(?:[:：](?:\s|$)|：)"
)
"""The same before a field in Chinese: only where it is one, as other texts begin so, too."""
_KEY = re.compile(r"(?P<key>[\w.\-]+?)(?P<gap>\s*)(?P<colon>[:：﹕︰])(?P<value>.*)")
_CLOSED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"'), "'": re.compile(r"'(?:[^']|'')*'")}
_ESCAPE = re.compile(r'\\(?:[^0abtnvfre "/\\N_LPxuU\t]|$)')
_BLOCK = re.compile(r"[|>](?:[+-]?[1-9]?|[1-9][+-])\s*(?:\s#.*)?")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SMART = re.compile(
    r"([“”„‟「『＂]|[‘’＇])([^“”„‟「」『』＂\"]*)([“”„‟」』＂\"]|[‘’＇'])|\"[^\"“”]*[“”]"
)
_IN_FLOW = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|"
    r"(?P<before>[{,，;；、]\s*)(?P<key>[a-z][a-z_.]+)(?P<colon>\s*[:：])(?P<gap>\s*)"
)

QUOTE = "请给整个内容加一对英文单引号"
HASH = f"“#”后面的文字会当作注释略去；是内容就{QUOTE[1:]}，是注释就单独写一行"


def find_slips(text: str, names: Collection[str]) -> tuple[dict[int, str], str]:
    """What is wrong, by line (1-based), and the text with those lines as they were meant.

    Args:
        text: the file.
        names: the fields that the file can have.
    """
    pieces = _BREAK.split(text)
    scan = _Scan(pieces[::2], names)
    scan.run()
    pieces[::2] = scan.lines
    return scan.found, "".join(pieces)


@dataclass
class _Scan:
    lines: list[str]
    names: Collection[str]
    found: dict[int, str] = field(default_factory=dict)

    def run(self) -> None:
        at = 0
        self.open = -1  # the column of the last field if deeper lines go on with its text
        self.cut = -1  # the line on which a comment ends that text
        self.opened = True  # whether the last field has nothing on its line
        self.begun = False
        self.columns: list[int] = []  # where the fields begin that the last line is in
        self.dash = -1  # where the last list item begins
        while at < len(self.lines):
            at = self._line(at)

    def _tell(self, at: int, message: str) -> None:
        self.found.setdefault(at + 1, message)

    def _line(self, at: int) -> int:
        """Look at one line, and at those that its value goes on in; the number of the next."""
        line = self.lines[at]
        body = line.lstrip()
        if not body:
            self.lines[at] = ""  # a blank line of any spaces
            return at + 1
        lead = line[: len(line) - len(body)]
        if strange := lead.strip(" "):
            self._tell(at, _SPACES.get(strange[0], _OTHER_SPACE))
            lead = " " * self._indent(at, lead, body)
            self.lines[at] = lead + body
        goes_on = len(lead) > self.open >= 0
        if body.startswith("#") and goes_on:
            self.cut = at if self.cut < 0 else self.cut
        if body.startswith("#") or (not self.begun and re.match(r"---\s*$|%YAML", line)):
            return at + 1
        if re.match(r"(---|\.\.\.)(\s|$)", line):
            if any(re.match(r"\s*[^\s#]", following) for following in self.lines[at + 1 :]):
                self._tell(at, f"文件里有多余的 {line[:3]} 分隔线，请删去")
                self.lines[at] = ""
            return at + 1
        if line.startswith("%"):
            self._tell(at, "不能有以 % 开头的一行，请删去")
            self.lines[at] = ""
            return at + 1
        self.begun = True
        body = self._dashes(at, lead, body, goes_on)
        dashes = re.match(r"(?:-\s+)*", body)
        assert dashes
        column, rest = len(lead) + dashes.end(), body[dashes.end() :]
        if dashes[0]:
            self.dash = len(lead)
        if rest.startswith(("{", "[")) and not goes_on:
            if not dashes[0] and not self.opened:
                self._tell(at, f"“{rest[0]}”只能写在“字段: ”或列表的“- ”后面")
            return self._flow(at, column)
        pair = self._key(at, lead + dashes[0], rest, goes_on)
        if pair is None and goes_on:
            self._after_comment(at)
            return at + 1
        self.open = self.cut = -1
        self.opened = False
        self.columns = [*(one for one in self.columns if one < column), column]
        if pair is None and re.search(r":\s+[|>][+-]?\s*(\s#.*)?$", rest):
            return self._block(at, column)
        if pair is None:
            before = lead + dashes[0].rstrip()
            return self._value(at, before, column - 2, " " + rest) if dashes[0] else at + 1
        return self._value(at, pair[0], column, pair[1])

    def _indent(self, at: int, lead: str, body: str) -> int:
        """How far a line was meant to be indented whose indent isn't of plain spaces."""
        width = sum(2 if sign in "\t\u3000\u2001\u2003" else 1 for sign in lead)
        if body[0] in f"-{_DASHES}":
            return width if self.opened or self.dash < 0 else self.dash
        if not self.opened:
            return min(self.columns, key=lambda column: abs(column - width), default=width)
        outer = max(self.columns, default=-2)
        following = next((line for line in self.lines[at + 1 :] if line.strip()), "")
        beside = len(following) - len(following.lstrip(" "))
        if beside <= outer:
            return outer + 2
        return (outer + beside) // 2 if body.rstrip().endswith((":", "：")) else beside

    def _after_comment(self, at: int) -> None:
        """A line goes on with a text that YAML took to end at a comment."""
        if self.cut >= 0:
            self._tell(self.cut, HASH)
            self.lines[self.cut] = self.lines[self.cut].replace("#", "＃")
            self.cut = -1
        if " #" in self.lines[at]:
            self.cut = at

    def _dashes(self, at: int, lead: str, body: str, goes_on: bool) -> str:
        """The line with the dash of a list item as YAML wants it."""
        if (wide := _DASHED.match(body)) and not (goes_on and len(wide["dash"]) > 1):
            self._tell(at, f"列表项的开头是“{wide['dash']}”，请改为英文减号加一个空格“- ”")
            body = "- " + body[wide.end() :]
        elif _TIGHT_DASH.match(body):
            self._tell(at, "列表项的“-”后面缺一个空格，请写成“- ”")
            body = "- " + body[1:]
        elif (han := _HAN_DASHED.match(body)) and han["key"] in self.names and not goes_on:
            if body.startswith("- "):
                return body
            begins = f"列表项的开头是“{han['dash']}”，请改为英文减号加一个空格“- ”"
            tight = "列表项的“-”后面缺一个空格，请写成“- ”"
            self._tell(at, tight if han["dash"] == "-" else begins)
            body = "- " + body[han.start("key") :]
        else:
            return body
        self.lines[at] = lead + body
        return body

    def _key(self, at: int, before: str, rest: str, goes_on: bool) -> tuple[str, str] | None:
        """What stands before the value, and the value; None if the line begins no field."""
        pair = _KEY.match(rest)
        if pair is None:
            return self._no_colon(at, before, rest, goes_on)
        key, value = pair["key"].translate(_FULLWIDTH), pair["value"]
        known = key in self.names
        if goes_on and not known and pair["colon"] != ":":
            return None
        if pair["colon"] != ":":
            self._tell(at, "字段后面用了中文冒号“：”，请改为英文冒号，后面空一格")
        elif key != pair["key"] and known:
            self._tell(at, f"字段名用了全角字母，请改为“{key}”")
        elif value and not value[0].isspace():
            if not known and (goes_on or not re.fullmatch(r"[a-z][a-z_.]+", key)):
                return None
            if value.startswith("//"):
                return None
            self._tell(at, f"“{key}”的冒号后面缺一个空格")
        else:
            return before + rest[: pair.start("value")], value
        value = value.lstrip()
        self.lines[at] = f"{before}{key}: {value}"
        return f"{before}{key}:", f" {value}"

    def _below(self, at: int, before: str) -> bool:
        """Whether the next line stands beside what a dash begins, as a further field of it."""
        following = next((line for line in self.lines[at + 1 :] if line.strip()), "")
        return len(following) - len(following.lstrip()) >= len(before)

    def _no_colon(self, at: int, before: str, rest: str, goes_on: bool) -> tuple[str, str] | None:
        rest = rest.translate(_FULLWIDTH)
        word = re.match(r"([^\W\d][\w.\-]*)(?:\s*[;；,，.。=]?\s*$|\s+(?=\S))", rest)
        if goes_on or word is None or word[1] not in self.names or re.search(r":(\s|$)", rest):
            return None
        if (
            before.rstrip().endswith("-")
            and word[1] == rest.strip()
            and not self._below(at, before)
        ):
            return None  # an item of a list of codes
        self._tell(at, f"“{word[1]}”后面缺少冒号，请写成“{word[1]}: 内容”")
        value = rest[word.end() :]
        self.lines[at] = f"{before}{word[1]}: {value}"
        return f"{before}{word[1]}:", f" {value}"

    def _value(self, at: int, before: str, column: int, value: str) -> int:
        """Check what stands after a field's colon or a list's dash."""
        text = value.strip()
        space = value[: len(value) - len(value.lstrip())]
        if strange := space.strip(" \t"):
            kind = "全角" if strange[0] == "\u3000" else "特殊的"
            self._tell(at, f"冒号后面用了{kind}空格，请改为普通空格")
            self.lines[at] = f"{before} {text}"
        if not text or text.startswith("#"):
            self.opened = True
            return at + 1
        plain = _COMMENT.sub("", text).strip()

        def meant(message: str, words: str) -> int:
            self._tell(at, message)
            self.lines[at] = f"{before} '{words.replace(chr(39), chr(39) * 2)}'"
            return at + 1

        if re.fullmatch(rf"-+|[{_DASHES}]+|[／/]", plain):
            message = f"内容只有一个“{plain}”；没有就把内容留空，是零就写 0"
            return meant(message, "")
        if text[0] in "\"'":
            return self._quoted(at, before, column, text)
        if text[0] in "{[":
            if len(text) > 1 and (end := _balanced(text)) and _after(text, end):
                return meant(f"内容以“{text[0]}”开头，只会读括号里的；{QUOTE}", text)
            return self._flow(at, column)
        if text[0] in "|>":
            if _BLOCK.fullmatch(text):
                if re.search(r"\d", _COMMENT.sub("", text)):
                    return meant(f"内容以“{text[0]}”开头；{QUOTE}，“大于”可以写成“高于”", text)
                return self._block(at, column)
            return meant(f"内容以“{text[0]}”开头；{QUOTE}，“大于”可以写成“高于”", text)
        if re.match(r"[@`%*&!,\]}]", text):
            return meant(f"内容以“{text[0]}”开头，这个符号在 YAML 里另有用途；{QUOTE}", text)
        if re.match(r"[-?]\s", text):
            message = f"内容以“{text[0]} ”开头；列表要另起一行，是文字就{QUOTE[1:]}"
            return meant(message, text)
        if re.search(r":(\s|$)", plain):
            return meant(f"一行里有两个“: ”；内容里有“: ”时{QUOTE}", text)
        if smart := _SMART.fullmatch(plain):
            words = smart[2] if smart[2] is not None else plain[1:-1]
            message = "内容两头是中文引号，会当作内容；不要引号就删去，要印出引号就在外面再加一对英文单引号"
            return meant(message, words)
        self.open, self.cut = column, at if plain != text else -1
        return at + 1

    def _quoted(self, at: int, before: str, column: int, text: str) -> int:
        """A value that opens with a straight quote: where it closes, and what follows."""
        mark = text[0]
        closed, end, whole = _CLOSED[mark].match(text), at, text
        while closed is None and end + 1 < len(self.lines) and end < at + 500:
            following = self.lines[end + 1]
            pair = _KEY.match(following.lstrip().lstrip("- "))
            indent = len(following) - len(following.lstrip())
            if following.strip() and pair and pair["key"] in self.names and indent <= column:
                break
            end += 1
            whole += "\n" + following
            closed = _CLOSED[mark].match(whole)
        words = f"'{text.replace(chr(39), chr(39) * 2)}'"
        if closed is None:
            self._tell(at, "引号没有成对：开头有英文引号，后面没有与它成对的")
            self.lines[at] = f"{before} {words}"
            return at + 1
        if end == at and (rest := _after(text, closed.end())):
            if rest.startswith(":"):  # a quoted field name
                return at + 1
            self._tell(
                at,
                "内容以英文引号开头，引号后面还有文字，YAML 读不下去；"
                "请把里面的引号改为中文引号“”，或者" + QUOTE[1:],
            )
            self.lines[at] = f"{before} {words}"
        elif mark == '"' and _ESCAPE.search(closed[0]):
            self._tell(at, "英文双引号里有反斜杠“\\”，YAML 另有用途；请改用英文单引号")
            self.lines[at] = f"{before} '{closed[0][1:-1].replace(chr(39), chr(39) * 2)}'"
            self.lines[at + 1 : end + 1] = [""] * (end - at)
        return end + 1

    def _block(self, at: int, column: int) -> int:
        """Pass over a block of text (| or >): all that is indented more than its field."""
        width = 0
        for number in range(at + 1, len(self.lines)):
            line = self.lines[number]
            indent = len(line) - len(line.lstrip(" "))
            body = line.strip()
            if not body:
                self.lines[number] = ""
                continue
            if indent > column and body.startswith("#") and indent < width:
                self._tell(
                    number,
                    "以 # 开头的一行比上面的文字缩进少，会当作注释略去；请与上面的文字左对齐",
                )
            elif indent <= column:
                if not line.lstrip(" ")[0].isspace():
                    return number
                # Chinese paragraphs begin with two wide spaces; here they are all the indent.
                self._tell(number, _SPACES.get(line.lstrip(" ")[0], _OTHER_SPACE))
                self.lines[number] = " " * (width or column + 2) + body
            width = width or indent
        return len(self.lines)

    def _flow(self, at: int, column: int) -> int:
        """Pass over {…} or […], which may go on for lines; its colons and commas are checked."""
        depth, number = 0, at
        while number < len(self.lines):
            line = self.lines[number]
            self.lines[number] = line = self._flow_line(number, line)
            bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|\s#.*", "", line)
            depth += len(re.findall(r"[\[{]", bare)) - len(re.findall(r"[\]}]", bare))
            number += 1
            if depth <= 0:
                break
            following = self.lines[number].lstrip("- ") if number < len(self.lines) else ""
            indent = len(self.lines[number]) - len(self.lines[number].lstrip()) if following else 99
            pair = _KEY.match(following)
            if pair and pair["key"] in self.names and indent <= column:
                break  # not closed: YAML will tell
        return number

    def _flow_line(self, at: int, line: str) -> str:
        def put_right(found: re.Match[str]) -> str:
            before, key, colon, gap = found.groups()
            if before is None:  # within quotes
                return found[0]
            if colon[-1] == "：":
                self._tell(at, f"“{key}”后面用了中文冒号“：”，请改为英文冒号，后面空一格")
            elif not gap and not found.string[found.end() :].startswith(("'", '"')):
                self._tell(at, f"“{key}”的冒号后面缺一个空格")
            if before.strip() not in "{,":
                self._tell(at, f"“{key}”前面用了“{before.strip()}”，字段之间请用英文逗号加空格")
                before = ", "
            return f"{before}{key}: "

        if not re.search("[：，；;、]|:[^ ]", line):
            return line
        return _IN_FLOW.sub(put_right, line)


def _balanced(text: str) -> int:
    """Where the bracket that opens *text* closes; 0 if it doesn't on this line."""
    depth = 0
    for found in re.finditer(r"\"(?:[^\"\\]|\\.)*\"|[\[\]{}]", text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth == 0:
            return found.end()
    return 0


def _after(text: str, end: int) -> str:
    """What follows a closed value on its line, comments apart."""
    rest = text[end:]
    return "" if re.match(r"\s+#", rest) else rest.strip()
