"""The parameter files of a batch: which there are, what is passed over, which names can't be used.

A report's files are named after its parameter file, in one folder, on systems
that don't tell capitals from small letters and have names of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from perfkit.forms.bookfile import ENDINGS as BOOKS
from perfkit.forms.bookfile import is_book, part_of

ENDINGS = (".yaml", ".yml")

RESERVED = {"index", "summary", "perfkit", "reviews"}
"""What perfkit itself has in the folder of the reports."""

DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "123456789¹²³")}
"""Names that are no files on Windows, whatever their ending."""

SIGNS = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
"""What a file's name can't have on Windows."""

LONGEST = 210
"""Bytes of a name; a file system takes 255, and the names of a report's files are longer."""

LISTED = 10
"""Files passed over that are named; of more the number is told."""


def parameter_files(folder: Path) -> tuple[list[Path], list[str]]:
    """The parameter files in a folder, and the files in it that are passed over, with the reason."""
    files, passed = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue  # the system's own, as .DS_Store
        if path.suffix.lower() in ENDINGS and not path.name.startswith("~$"):
            files.append(path)
        elif path.is_file() or path.name.startswith("~$"):
            passed.append(shown(path.name) + _hint(path.name))
        elif path.is_dir() and any(found.suffix.lower() in ENDINGS for found in path.iterdir()):
            passed.append(f"{shown(path.name)}/（子文件夹）")
    return files, passed


def _hint(name: str) -> str:
    if name.startswith("~$"):
        return "（Office 的临时文件）"
    if is_book(Path(name)):
        return "（工作簿，请用 perfkit import 读入，或写明它的文件名）"
    stem = name.rpartition(".")[0]
    return f"（请改名为 {shown(stem)}）" if stem.lower().endswith(ENDINGS) else ""


def shown(name: str) -> str:
    """A name as it can be printed: one out of a GBK zip is no UTF-8."""
    return name.encode(errors="replace").decode()


def refused(files: Iterable[Path]) -> dict[Path, str]:
    """Those of the files that no report can be made of, and why, in words."""
    listed = list(files)
    # The same file given twice is one; a.yaml and A.yml are one report on Windows.
    same = Counter(
        _folded(path.stem) for path in {path.resolve(): path for path in listed}.values()
    )
    found = {}
    for path in listed:
        reason = _fault(path)
        if not reason and same[_folded(path.stem)] > 1:
            others = "、".join(
                shown(str(other))
                for other in listed
                if other != path and _folded(other.stem) == _folded(path.stem)
            )
            reason = f"与 {others} 同名（不分大小写），报告会互相覆盖，请改名"
        if reason:
            found[path] = reason
    return found


def _folded(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()


def _fault(path: Path) -> str:
    book, _ = part_of(path)
    ending = path.suffix.lower()
    if ending in (*ENDINGS, *BOOKS) and not book.is_file():
        return "不是普通文件"
    return name_fault(path.with_suffix(".yaml") if ending in BOOKS else path)


def name_fault(path: Path) -> str:
    """Why a parameter file can't be called so, in words; empty if it can."""
    name, folded = path.stem, _folded(path.stem)
    if path.suffix.lower() not in ENDINGS:
        return f"参数文件的文件名应以 .yaml 结尾{_hint(path.name)}"
    if shown(name) != name:
        return "文件名不是 UTF-8 编码（可能是从 GBK 压缩包解出的），请改名"
    if folded in RESERVED:
        return f"文件名 {name} 是 perfkit 自己用的，报告会与它的文件混淆，请改名"
    if folded.split(".")[0].strip() in DEVICES:
        return f"文件名 {name} 在 Windows 上是设备名，不能用，请改名"
    if folded.endswith(".failed"):
        return "文件名以 .failed 结尾，会与出错报告的网页混淆，请改名"
    if sign := SIGNS.search(name):
        return f"文件名里有 {sign[0]!r}，在 Windows 上不能用，请改名"
    if name != name.strip(" .\u3000\xa0"):
        return "文件名的首尾有空格或句点，请改名"
    if len(name.encode()) > LONGEST:
        return f"文件名太长，最多 {LONGEST} 个字母或 {LONGEST // 3} 个汉字，请改短"
    return ""
