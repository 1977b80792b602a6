"""字符: the signs of a text, which are changed when it is read, and which are refused.

What is printed must be what was read. A sign that nobody sees is left out, a
bullet of Word's own fonts becomes ·, and a sign that only looks like another
in a figure becomes that one. A sign that would make the print say something
else than the text is refused: those that turn the direction of writing, strokes
over a digit, digits of other scripts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

AROUND = 6
"""Signs on each side of a refused one by which a message names its place."""

# ASCII, Han and the punctuation of Chinese text, of which nothing needs a look.
_ODD = re.compile(
    r"[^\t\n\x20-\x7e\u2014\u2018-\u201d\u2026\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e]"
)

# Of the private use area, which each font fills as it likes, what Word and WPS put in for the
# marks of a list and for the boxes of a form: codes of Symbol, Wingdings and Wingdings 2.
_WORD = dict.fromkeys("\uf06c\uf06e\uf075\uf076\uf09e\uf09f\uf0a7\uf0b2\uf0b7\uf0d8\uf0e8", "·")
_WORD |= dict.fromkeys("\uf06f\uf071\uf0a3\uf0a8", "□") | dict.fromkeys("\uf052\uf0fe", "☑")
_WORD |= {"\uf0fc": "√", "\uf0fb": "×", "\uf0e0": "→", "\uf02d": "-"}

_ALIKE = str.maketrans(
    {
        **_WORD,
        **dict.fromkeys("\r\u0085\u2028\u2029", "\n"),
        # Blanks of other widths, which many fonts lack.
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u2800", " "),
        **{chr(code): " " for code in range(0x2000, 0x200B)},
        # Letters for mathematics, and digits of old screens.
        **{chr(0x1D7CE + n): str(n % 10) for n in range(50)},
        **{chr(0x1FBF0 + n): str(n) for n in range(10)},
    }
)
# Signs of radicals and doubles of Han signs, which copying from a PDF puts in: ⼯ is 工 to the eye.
_ALIKE |= {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (0x2E9F, 0x2EF3, *range(0x2F00, 0x2FD6), *range(0xF900, 0xFADA))
}
_IN_FIGURES = {
    **dict.fromkeys("\u2024\ufe52\u066b", "."),
    **dict.fromkeys("\u201a\u060c\u066c\ufe50", ","),
    **dict.fromkeys("\u066a\ufe6a", "%"),
    **dict.fromkeys("\u2044\u2215", "/"),
}
HIDDEN_BREAK = re.compile("[\u0085\u2028\u2029]")
"""To YAML the end of a line, to most editors nothing at all."""

_DIGIT = "[0-9\uff10-\uff19]"
_IN_FIGURE = re.compile(
    rf"(?<={_DIGIT})[{''.join(_IN_FIGURES)}](?={_DIGIT})|(?<={_DIGIT})[\u066a\ufe6a]"
)

# The long patterns are compiled when a text first has an odd sign, which few have.
# Signs without a look of their own, wherever they stand.
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff"
)
# Scripts in which joiners and selectors choose between forms of a letter, and emoji.
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0e80-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ua840-\ua87f"
)
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MEANINGLESS = (
    rf"[{_UNSEEN}]"
    rf"|\u200d(?![{_JOINING}{_EMOJI}])|(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d"
    rf"|\u200c(?![{_JOINING}])|(?<![{_JOINING}])\u200c"
    rf"|(?<![{_EMOJI}0-9#*])[\ufe0e\ufe0f]|(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)"
    rf"|[\ufe00-\ufe0d]|(?<![{_HAN}])[\U000e0100-\U000e01ef]"
    r"|(?<![\u1800-\u18af])[\u180b-\u180f]"
    r"|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"
)


def cleaned(text: str) -> str:
    """*text* without invisible signs, with Word's marks as ·, and with one form of each digit.

    ``１２`` and ``①`` stay as written; 𝟗 becomes 9, a thin blank a blank, U+2028 a line break.
    """
    if not _ODD.search(text):
        return text
    text = re.sub(_MEANINGLESS, "", text.translate(_ALIKE))
    return _IN_FIGURE.sub(lambda found: _IN_FIGURES[found[0]], text)


def named(sign: str) -> str:
    """A sign with its code, or the code alone if it can't be seen: “한”（U+D55C）, U+202E 字符."""
    code = f"U+{ord(sign):04X}"
    # Of what can't be seen alone: controls and what is not assigned, blanks, marks.
    if unicodedata.category(sign)[0] in "CZM":
        return f"{code} 字符"
    return f"“{sign}”（{code}）"


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_REFUSED = (
    rf"(?P<turning>[{_BIDI}])"
    r"|(?P<private>[\ue000-\uf8ff\U000f0000-\U0010ffff])"
    r"|(?P<nothing>[\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff])"
    r"|(?P<lost>[\ufffc\ufffd])"
    r"|(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f])"
    r"|(?P<struck>[\u0334-\u0338\u20d2\u20d3\u20d8-\u20da\u20e5\u20e6\u20ea\u20eb])"
    # Any other mark over a figure, but for the keys of a telephone: 1️⃣.
    r"|(?P<over>(?<=[0-9０-９.,%％元万亿零〇一二三四五六七八九十百千])(?!\ufe0f?\u20e3)"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f])"
    rf"|(?P<between>(?<={_DIGIT})[\u0370-\u052f](?={_DIGIT}))"
)


def refused(text: str) -> Iterator[str]:
    """Why *text* can't be printed as it reads, a reason for each sign that is refused."""
    if not _ODD.search(text):
        return
    told = set()
    places = [(found.start(), str(found.lastgroup)) for found in re.finditer(_REFUSED, text)]
    places += [(at, "digit") for at in _other_digits(text)]
    places += [(found.start(), "heaped") for found in _heaps(text)]
    for at, why in sorted(places):
        sign = text[at]
        kind = sign if why != "digit" else why
        if kind in told:
            continue
        told.add(kind)
        reason = _REASONS.get(why) or f"是别的文字的数字，请改为 {unicodedata.digit(sign)}"
        yield f"{_where(text, at)}{named(sign)}{reason}"


_REASONS = {
    "turning": "改变文字的方向，印出来的和填的会不一样，请删去",
    "private": "只在某一种字体里有样子，换一台电脑就是空框，请换成通用的符号",
    "nothing": "不是字符，请删去",
    "lost": "表示原来的字或图没有带过来，请补上或删去",
    "control": "是不可见的控制字符，请删去",
    "struck": "是划在前一个字上的线，请删去",
    "over": "叠在前面的数字上，请删去",
    "heaped": "等符号在一个字上叠得太多，会盖住别的行，请删去",
    "between": "是夹在数字中间的外文字母，请改为数字",
}

MOST_MARKS = 6
"""Of marks on one letter: the scripts that have most, such as Tibetan, use fewer."""


def turning_in_comments(text: str) -> Iterator[tuple[int, str]]:
    """The lines, from 1, of a file whose comment would show a value in another order, and why."""
    for number, line in enumerate(text.split("\n"), 1):
        comment = line[line.find("#") :] if "#" in line else ""
        if found := re.search(f"[{_BIDI}]", comment):
            yield number, f"注释里的{named(found[0])}{_REASONS['turning']}"


def _other_digits(text: str) -> Iterator[int]:
    for found in _ODD.finditer(text):
        if unicodedata.category(found[0]) == "Nd":
            yield found.start()


def _heaps(text: str) -> Iterator[re.Match[str]]:
    marks = "".join(
        "m" if ord(sign) > 0x2FF and unicodedata.category(sign) in ("Mn", "Me") else "."
        for sign in text
    )
    return re.finditer(f"(?<!m)m{{{MOST_MARKS + 1},}}", marks)


def _where(text: str, at: int) -> str:
    """The words around a sign, as far as they stand on its line and can be seen."""
    before = visible(text[max(0, at - AROUND) : at]).split("\n")[-1].strip()
    after = visible(text[at + 1 : at + 1 + AROUND]).split("\n")[0].strip()
    if before:
        return f"“{before}”后面的"
    return f"“{after}”前面的" if after else ""


def visible(text: str) -> str:
    """*text* without what turns the direction of writing, or can't be written to a file at all."""
    return re.sub(rf"[{_BIDI}\ud800-\udfff]", "", text)


def unusual(text: str) -> str:
    """What to say of the first sign that looks like a part of a figure and is none, else nothing."""
    for found in re.finditer(r"[^\x20-\x7e]", text):
        sign = found[0]
        value = unicodedata.numeric(sign, None)
        if value is not None and sign not in "〇零一二三四五六七八九十百千万亿":
            return f"；其中的{named(sign)}不是普通的数字"
        if "\u0370" <= sign <= "\u052f":
            return f"；其中的{named(sign)}是外文字母"
        if unicodedata.category(sign) in ("Pd", "Mn", "Me", "Sm"):
            return f"；其中的{named(sign)}不是数字的一部分"
    if re.search(r"[0-9] +[0-9]", text):
        return "；数字中间不能有空格"
    if re.search(r"[0-9][OoIl]|[OoIl][0-9]", text):
        return "；其中有字母 O、I、l，请改为数字 0、1"
    return ""
