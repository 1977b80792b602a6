"""Files of others' making (外来的文件): Word files and workbooks, opened within limits.

Both are zip archives of XML. What is too large, unpacks to more than it says, bears entities or a
password, or is another file renamed is refused before any library sees it, in words that say what
to do. Nothing is written to the disk, so the names and links in an archive lead nowhere.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from perfkit.files import Refused, read_regular

MOST_BYTES = 50_000_000
"""Of a file: a book of a thousand departments and a report with its pictures are smaller."""

MOST_UNPACKED = 300_000_000
"""Bytes of all its parts."""

MOST_TEXT = 30_000_000
"""Bytes of the XML of a document of text: a report of a thousand pages has less."""

MOST_PARTS = 5_000

OLE = b"\xd0\xcf\x11\xe0"
"""How the binary files of old Office and WPS begin, and those with a password."""


def outside_bytes(path: Path, refused: Refused, smaller: str) -> bytes:
    """The bytes of a file.

    Args:
        path: the file.
        refused: makes the error of a message.
        smaller: what to do with one that is too large.

    Raises:
        PerfkitError: if it is missing, empty, no regular file, too large, or can't be read.
    """

    def too_large(size: int) -> str:
        most = MOST_BYTES // 1_000_000
        return f"文件有 {size // 1_000_000} MB，最多 {most} MB，没有读；{smaller}"

    content = read_regular(path, refused, MOST_BYTES, too_large)
    if not content.strip(b"\0 \r\n\t"):
        raise refused("文件是空的，可能没有传完；请重新取得")
    return content


def encrypted(content: bytes) -> bool:
    """Whether a file of Office has a password to open it."""
    return content.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in content


def xml_parts(
    content: bytes, refused: Refused, what: str, again: str, most_text: int = MOST_UNPACKED
) -> dict[str, bytes]:
    """The XML of an archive by the names of its parts, when all of it was looked through.

    A part that is no XML, such as a picture, is there with its name alone.

    Args:
        content: the file.
        refused: makes the error of a message.
        what: what it should be: 工作簿, Word 文件.
        again: how a good one is made of it: 请用 Word 另存为….
        most_text: bytes of its XML.

    Raises:
        PerfkitError: if it is damaged, has a password, has too much in it, or declares entities.
    """
    if encrypted(content):
        raise refused(f"{what}有打开密码，读不了；请打开后在“文件—信息”里去掉密码再保存")
    if content.startswith(OLE):
        raise refused(f"这其实是旧格式的文件（.doc、.xls、.wps），只是改了名；{again}")
    if not content.startswith(b"PK"):
        kind = "网页或文字" if content.lstrip()[:1] in (b"<", b"{") else "别的程序的文件"
        raise refused(f"这不是{what}，是{kind}，只是改了名，或者损坏了；{again}")
    too_much = f"解压后的内容太多，不像{what}，没有读；{again}，或者分成几份"
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            if len(listed) > MOST_PARTS or sum(one.file_size for one in listed) > MOST_UNPACKED:
                raise refused(too_much)
            left, left_of_text = MOST_UNPACKED, most_text
            for one in listed:
                if one.flag_bits & 1:
                    raise refused(f"{what}加了密码，读不了；请去掉密码再保存")
                name = one.filename.lstrip("/")
                is_xml = name.lower().endswith((".xml", ".rels", ".vml"))
                most = min(left, left_of_text) if is_xml else left
                # What the directory says of the size may be a lie.
                with archive.open(one) as part:
                    data = part.read(most + 1)
                if len(data) > most:
                    raise refused(too_much)
                left -= len(data)
                parts[name] = b""
                # A library goes by what the package says a part is, not by its name.
                if is_xml or (data.lstrip()[:1] == b"<" and not name.lower().endswith(".svg")):
                    left_of_text -= len(data)
                    if left_of_text < 0:
                        raise refused(too_much)
                    _check_xml(data, refused, what, again)
                    parts[name] = data
    except (
        zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError,
        EOFError, OSError, ValueError, KeyError, RuntimeError,
    ):  # fmt: skip
        raise refused(f"{what}损坏了（可能没有传完），打不开；请重新取得，或{again}") from None
    return parts


_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]*)")


def _check_xml(data: bytes, refused: Refused, what: str, again: str) -> None:
    declared = _DECLARED.match(data)
    encoding = declared[1] if declared else b"UTF-8"
    odd = data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]
    if odd or encoding.upper() not in (b"UTF-8", b"US-ASCII"):
        raise refused(f"{what}里的内容不是 UTF-8 编码，不是 Office 或 WPS 存的，没有读；{again}")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise refused(f"{what}里有实体声明（DOCTYPE），可能有害，没有读；{again}")
