"""The fonts of a report: the reader's own first, an openly licensed one from a wheel last."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn

from perfkit.yamlfile import PerfkitError

# By role in GB/T 9704, in the order of preference: Windows, macOS, open stand-ins. The last of
# each comes from the wheel. PingFang is left out: it can't be embedded.
FAMILIES = {
    "fang": ("FangSong", "FangSong_GB2312", "STFangsong", "FandolFang R", "Noto Serif SC"),
    "hei": ("SimHei", "STHeiti", "Heiti SC", "Noto Sans SC"),
    "kai": ("KaiTi", "KaiTi_GB2312", "STKaiti", "Kaiti SC", "LXGW WenKai", "Noto Serif SC"),
    "song": ("SimSun", "STSong", "Songti SC", "Noto Serif SC"),
    "title-font": ("FZXiaoBiaoSong-B05S", "STZhongsong", "Songti SC", "Noto Serif SC"),
}

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


@cache
def _sans_face() -> Any:
    import uharfbuzz

    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(pylopdf_fonts_zh_cn.sans_path())))


def subset(characters: Iterable[str]) -> bytes:
    """Noto Sans SC with just these *characters*, as an OpenType file."""
    import uharfbuzz

    wanted = uharfbuzz.SubsetInput()
    wanted.sets(uharfbuzz.SubsetInputSets.UNICODE).update({ord(c) for c in characters})
    found: bytes = uharfbuzz.subset(_sans_face(), wanted).blob.data
    return found


def font_face(page: str) -> str:
    """CSS: the page's characters as the font "perfkit sans", for a machine without a Chinese one."""
    data = base64.b64encode(subset(set(html.unescape(page)))).decode()
    return (
        '@font-face { font-family: "perfkit sans"; '
        f'src: url("data:font/otf;base64,{data}") format("opentype"); }}'
    )
