"""Broken and hostile files that someone could send as a report, each written by a function."""

from __future__ import annotations

import io
import os
import zipfile

import docx
from PIL import Image
from pypdf import PdfReader, PdfWriter

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)


def packed(parts, method=zipfile.ZIP_DEFLATED):
    """A zip with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def document(body, **more):
    """A .docx with this body."""
    xml = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return packed({"_rels/.rels": RELATIONS, "word/document.xml": xml} | more)


def real_word():
    out = io.BytesIO()
    made = docx.Document()
    made.add_paragraph("一、部门概况")
    made.save(out)
    return out.getvalue()


def picture_pdf():
    """A page that is one picture."""
    out = io.BytesIO()
    Image.new("RGB", (200, 280), "white").save(out, "PDF")
    return out.getvalue()


def encrypted_pdf():
    writer, out = PdfWriter(PdfReader(io.BytesIO(picture_pdf()))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def deep(depth):
    return f"{'<w:tbl><w:tr><w:tc>' * depth}<w:p/>{'</w:tc></w:tr></w:tbl>' * depth}"


XXE = (
    '<?xml version="1.0"?><!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    f"<w:document {W}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
)
FILES = {
    # name: (content, what the message says)
    "empty.docx": (lambda: b"", "文件是空的"),
    "old.doc": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版的 Word 文件（.doc）"),
    "old.docx": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 600, "旧版的 Word"),
    "locked.docx": (lambda: b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "打开密码"),
    "kingsoft.wps": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "WPS 文字"),
    "rich.docx": (lambda: b"{\\rtf1 x}", "RTF"),
    "page.docx": (lambda: "<html>报告</html>".encode(), "网页或 XML"),
    "text.docx": (lambda: "一、部门概况".encode(), "不是 Word 文件"),
    "picture.docx": (lambda: b"\x89PNG\r\n\x1a\n" + b"1" * 99, "不是 Word 文件"),
    "half.docx": (lambda: real_word()[:-900], "损坏"),
    "archive.docx": (lambda: packed({"报告.txt": "一、部门概况"}), "是压缩包"),
    "sheet.docx": (lambda: packed({"_rels/.rels": RELATIONS.replace("word/document", "xl/workbook"),
                                   "xl/workbook.xml": "<x/>"}), "不是 Word 文件"),
    "open.docx": (lambda: packed({"content.xml": "<x/>"}), "OpenDocument"),
    "xml.docx": (lambda: packed({"_rels/.rels": RELATIONS, "word/document.xml": "<w:document"}), "损坏"),
    "entity.docx": (lambda: packed({"_rels/.rels": RELATIONS, "word/document.xml": XXE}), "DOCTYPE"),
    "deep.docx": (lambda: document(deep(60)), "嵌套太深"),
    "deeper.docx": (lambda: document(deep(3000)), "损坏"),
    "wide.docx": (lambda: document(
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999"/></w:tcPr><w:p/></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>'
    ), "太大"),
    "macro.docx": (lambda: document("<w:p/>", **{"word/vbaProject.bin": "x"}), "有宏"),
    "macro.docm": (lambda: document("<w:p/>"), "带宏"),
    "letter.docx": (real_word, "不像部门整体绩效评价报告"),
    "~$report.docx": (real_word, "临时文件"),
    "renamed.pdf": (real_word, "不是 PDF"),
    "renamed.docx": (picture_pdf, "改名为 .pdf"),
    "scan.pdf": (picture_pdf, "扫描件，没有文字"),
    "secret.pdf": (encrypted_pdf, "有密码"),
    "half.pdf": (lambda: picture_pdf()[:400], "损坏"),
    "noise.pdf": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40, "损坏"),
    "plan.ofd": (lambda: packed({"OFD.xml": "<x/>"}), "OFD"),
}  # fmt: skip


def write_all(folder):
    """Writes them all, and a sparse file of 200 MB."""
    for name, (content, _) in FILES.items():
        (folder / name).write_bytes(content())
    with (folder / "large.docx").open("wb") as file:
        file.write(b"PK\x03\x04")
        os.truncate(file.fileno(), 200_000_000)
