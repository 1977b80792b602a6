"""The fonts of a report: the reader's own first, an openly licensed one from a wheel last.

A sign that neither has, such as ☐, 𠮷 or 한, is set in a font that does: one of
Typst's own or one of the system's. Typst itself is asked which font has it.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn

from perfkit.errors import PerfkitError

# By role in GB/T 9704, in the order of preference: Windows, macOS, open stand-ins. The last of
# each comes from the wheel. PingFang is left out: it can't be embedded.
FAMILIES = {
    "fang": ("FangSong", "FangSong_GB2312", "STFangsong", "FandolFang R", "Noto Serif SC"),
    "hei": ("SimHei", "STHeiti", "Heiti SC", "Noto Sans SC"),
    "kai": ("KaiTi", "KaiTi_GB2312", "STKaiti", "Kaiti SC", "LXGW WenKai", "Noto Serif SC"),
    "song": ("SimSun", "STSong", "Songti SC", "Noto Serif SC"),
    # Of one width: SimSun is, and else the one that Typst brings.
    "mono": ("NSimSun", "SimSun", "DejaVu Sans Mono", "Noto Serif SC"),
    "title-font": ("FZXiaoBiaoSong-B05S", "STZhongsong", "Songti SC", "Noto Serif SC"),
}

# Signs that every font of the wheel has. They are nearly all of any text, and the fonts, which
# take long to read, aren't asked for them.
_USUAL = re.compile(
    "["
    r"\s\x20-\x7e\u2010-\u2016\u2018-\u201a\u201c-\u201e\u2026\u3000-\u3020\u4e00-\u9fa5\uff01-\uff5e"
    "·×÷±≤≥≠≈−‰→•①-⑳"
    "]+"
)

SIGNS = "DejaVu Sans Mono"
"""A font inside of Typst, with ☐, ✔, ➢ and their like."""

BUNDLED = Path(pylopdf_fonts_zh_cn.sans_path()).parent


@cache
def typst_fonts(bundled_only: bool = False) -> Any:
    """The fonts that Typst may use, loaded once: the wheel's, and the system's unless *bundled_only*."""
    import typst

    return typst.Fonts(include_system_fonts=not bundled_only, font_paths=[str(BUNDLED)])


def families(bundled_only: bool = False) -> dict[str, list[str]]:
    """The families to name by role, only such as exist: Typst warns of each that does not.

    Raises:
        PerfkitError: if a role has no Chinese font at all; Typst would print empty boxes.
    """
    known = set(typst_fonts(bundled_only).families())
    found = {role: [name for name in names if name in known] for role, names in FAMILIES.items()}
    if missing := [role for role, names in found.items() if not names]:
        raise PerfkitError(
            f"没有可用的中文字体（{'、'.join(missing)}），请重新安装 pylopdf-fonts-zh-cn"
        )
    return found


def rare(text: str) -> frozenset[str]:
    """The signs of *text* that the fonts of the wheel don't both have."""
    unusual = set(_USUAL.sub("", text))
    if not unusual:
        return frozenset()
    files = (pylopdf_fonts_zh_cn.sans_path(), pylopdf_fonts_zh_cn.serif_path())
    common = _coverage(str(files[0])) & _coverage(str(files[1]))
    return frozenset(sign for sign in unusual if ord(sign) not in common)


def printed(signs: frozenset[str], bundled_only: bool = False) -> Mapping[str, str]:
    """Of *signs* those that can be printed, each with the family of fonts that has it."""
    known = _printed.setdefault(bundled_only, {})
    if new := signs - known.keys():
        known.update(dict.fromkeys(new, ""))
        for family in _candidates(new, bundled_only):
            if not (missing := [sign for sign in sorted(new) if not known[sign]]):
                break
            known.update(dict.fromkeys(_set_in(family, missing, bundled_only), family))
    return {sign: known[sign] for sign in sorted(signs) if known[sign]}


_printed: dict[bool, dict[str, str]] = {}


def code(sign: str) -> str:
    """What is printed for a sign that no font has: 〔U+20BB7〕, so that a reader sees what is missing."""
    return f"〔U+{ord(sign):04X}〕"


def unprintable(text: str, bundled_only: bool = False) -> frozenset[str]:
    """The signs of *text* that no font of this machine has."""
    signs = rare(text)
    return signs - printed(signs, bundled_only).keys()


def coded(text: str, bundled_only: bool = False) -> str:
    """*text* with the `code` of each sign that no font of this machine has, rather than a box."""
    missing = unprintable(text, bundled_only)
    return text.translate({ord(sign): code(sign) for sign in missing}) if missing else text


def _candidates(signs: frozenset[str], bundled_only: bool) -> Iterator[str]:
    """The families that may have some of *signs*, in an order that stays on one machine."""
    yield SIGNS
    yield from dict.fromkeys(font.family for font in _system_fonts(signs, bundled_only))


def _system_fonts(signs: frozenset[str], bundled_only: bool = False) -> Iterator[Any]:
    """The fonts of the system, upright and of usual weight, that state to have some of *signs*."""
    fonts = [font for font in typst_fonts(bundled_only).fonts() if font.path is not None]
    for font in sorted(fonts, key=lambda font: (abs(font.weight - 400), font.family, font.path)):
        usual = font.style == "normal" and font.stretch == 1 and font.weight < 600
        if usual and any(ord(sign) in _coverage(font.path, font.index) for sign in signs):
            yield font


def _set_in(family: str, signs: list[str], bundled_only: bool) -> set[str]:
    """Those of *signs* that Typst sets in *family*; what a font states to have may be empty."""
    import typst

    # A sign a paragraph, two lines, so that the lines of the errors tell the signs.
    lines = [f'#set text(font: "{family}", fallback: false)']
    lines += [f'#"\\u{{{ord(sign):x}}}"\n' for sign in signs]
    try:
        typst.compile(
            "\n".join(lines).encode(),
            format="pdf",
            font_paths=typst_fonts(bundled_only),
            pdf_standards=["a-2a"],
            timestamp=0,
        )
    except typst.TypstError as e:
        wrong = {int(line) // 2 - 1 for line in re.findall(r"\.typ:([0-9]+):", e.diagnostic)}
        return {sign for i, sign in enumerate(signs) if i not in wrong} if wrong else set()
    return set(signs)


@cache
def _face(path: str, index: int = 0) -> Any:
    import uharfbuzz

    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path), index)


@cache
def _coverage(path: str, index: int = 0) -> frozenset[int]:
    return frozenset(_face(path, index).unicodes)


def subset(characters: Iterable[str], path: str | None = None, index: int = 0) -> bytes:
    """Noto Sans SC, or the font in *path*, with just these *characters*, as an OpenType file."""
    import uharfbuzz

    wanted = uharfbuzz.SubsetInput()
    wanted.sets(uharfbuzz.SubsetInputSets.UNICODE).update({ord(c) for c in characters})
    face = _face(path or str(pylopdf_fonts_zh_cn.sans_path()), index)
    found: bytes = uharfbuzz.subset(face, wanted).blob.data
    return found


def font_face(page: str, bundled_only: bool = False) -> str:
    """CSS: the page's characters as the font "perfkit sans", for a machine without a Chinese one.

    Signs that it lacks come from fonts of this machine whose licence allows it.
    """
    signs = set(html.unescape(page))
    faces = [_face_rule(subset(signs))]
    if missing := rare("".join(signs)):
        files = [(str(path), 0) for path in _signs_file()]
        files += [(font.path, font.index) for font in _system_fonts(missing, bundled_only)]
        for path, index in files:
            had = {sign for sign in missing if ord(sign) in _coverage(path, index)}
            if had and _may_be_embedded(path, index):
                codes = ", ".join(f"U+{ord(sign):X}" for sign in sorted(had))
                faces.append(_face_rule(subset(had, path, index), codes))
                missing -= had
    return "\n".join(faces)


def _signs_file() -> list[Path]:
    """DejaVu Sans as matplotlib brings it along; Typst's own can't be taken out of it."""
    found = find_spec("matplotlib")
    path = Path(found.origin or "").parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found else None
    return [path] if path and path.is_file() else []


def _face_rule(font: bytes, codes: str = "") -> str:
    data = base64.b64encode(font).decode()
    only = f" unicode-range: {codes};" if codes else ""
    return (
        '@font-face { font-family: "perfkit sans"; '
        f'src: url("data:font/otf;base64,{data}") format("opentype");{only} }}'
    )


def _may_be_embedded(path: str, index: int) -> bool:
    """Whether the font says of itself that it may be installed with a document: fsType is 0."""
    table = bytes(_face(path, index).reference_table("OS/2").data)
    return len(table) > 10 and table[8:10] == b"\0\0"
