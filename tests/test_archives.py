"""Word files and workbooks from outside: what is refused, in the same words wherever they come in."""

import io
import zipfile

import pytest

from perfkit import archives
from perfkit.errors import PerfkitError
from perfkit.forms.bookfile import read_sheets
from perfkit.received.opened import read_paper
from perfkit.review.answers import read_sheet

READERS = {"book.xlsx": read_sheets, "report.docx": read_paper, "letter.docx": read_sheet}

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def packed(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def directory(raw, at, value):
    """The archive with another number in the directory's entry for its last part."""
    start = raw.rindex(b"PK\x01\x02")
    return raw[: start + at] + value + raw[start + at + len(value) :]


GOOD = packed([("word/document.xml", "<x/>" * 40), ("word/media/a.png", b"\1" * 300)])
LIE = (100).to_bytes(4, "little")
DEEP = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))

REFUSED = {
    "nothing": (b"", "文件是空的"),
    "zeros": (b"\0" * 500, "文件是空的"),
    "over the size": (GOOD + b"\0" * 200_000, "文件有 0 MB，最多 0 MB"),
    "half": (GOOD[: len(GOOD) // 2], "损坏"),
    "overwritten": (GOOD[:40] + b"\0" * 60 + GOOD[100:], "损坏"),
    "no directory": (GOOD.replace(b"PK\x01\x02", b"PK\x09\x09"), "损坏"),
    "unknown method": (directory(GOOD, 10, b"\x63\0"), "损坏"),
    "bomb of text": (packed([("a.xml", b" " * 160_000)]), "内容太多"),
    "bomb of text under another name": (packed([("a.bin", b"<" + b" " * 160_000)]), "内容太多"),
    "bomb of pictures": (packed([(f"{n}.png", b"0" * 40_000) for n in range(4)]), "内容太多"),
    "larger than it says": (directory(packed([("a.png", b"0" * 400_000)]), 24, LIE), "太多|损坏"),
    "many parts": (packed([(str(n), "") for n in range(51)], zipfile.ZIP_STORED), "内容太多"),
    "password of the archive": (directory(GOOD, 8, b"\1\0"), "加了密码"),
    "password of Office": (OLE + "EncryptedPackage".encode("utf-16-le"), "打开密码"),
    "old format": (OLE, "旧格式|旧版"),
    "page": (b"<html><table></table></html>", "网页"),
    "another file": (b"\x89PNG\r\n\x1a\n" + b"1" * 99, "别的程序的文件|不是 Word 文件"),
    "entity": (packed([("a.xml", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>')]), "DOCTYPE"),
    "entities of entities": (packed([("a.rels", f'<!DOCTYPE x [<!ENTITY e0 "ha">{DEEP}]><x/>')]), "DOCTYPE"),
    "entity under another name": (packed([("a.txt", '\n<!DOCTYPE x [<!ENTITY e "ha">]>')]), "DOCTYPE"),
    "entity in other letters": (packed([("a.xml", '<!DOCTYPE x [<!ENTITY e "ha">]>'.encode("utf-16"))]), "UTF-8"),
    "code page": (packed([("a.xml", '<?xml version="1.0" encoding="UTF-7"?><x/>')]), "UTF-8"),
}  # fmt: skip


@pytest.fixture
def limits(monkeypatch):
    """Smaller limits, so that what passes them is made quickly."""
    for name, most in {"MOST_BYTES": 150_000, "MOST_UNPACKED": 150_000, "MOST_PARTS": 50}.items():
        monkeypatch.setattr(archives, name, most)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(("content", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(name, content, told, tmp_path, limits):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PerfkitError, match=told) as refused:
        READERS[name](path)
    assert name in str(refused.value)


def test_a_document_of_text_has_less_text_than_a_workbook(tmp_path):
    raw = packed([("word/document.xml", " " * (archives.MOST_TEXT + 1))])
    with pytest.raises(PerfkitError, match="内容太多"):
        archives.xml_parts(raw, PerfkitError, "Word 文件", "", archives.MOST_TEXT)
    assert archives.xml_parts(raw, PerfkitError, "工作簿", "")


def test_a_link_and_a_way_out_lead_nowhere(tmp_path):
    link = zipfile.ZipInfo("word/link.xml")
    link.external_attr = 0o120777 << 16
    raw = packed([(link, "<x/>"), ("../../out.xml", "<x/>"), ("/etc/out.png", b"\1")])
    parts = archives.xml_parts(raw, PerfkitError, "Word 文件", "")
    assert parts == {"word/link.xml": b"<x/>", "../../out.xml": b"<x/>", "etc/out.png": b""}
    assert list(tmp_path.iterdir()) == []
