"""来稿: which files can be read as a report, and what to do with those that can't."""

from __future__ import annotations

from pathlib import Path

from perfkit.archives import encrypted, outside_bytes
from perfkit.errors import PerfkitError
from perfkit.files import shown_name
from perfkit.received.paper import Paper

ENDINGS = (".docx", ".pdf")

OLD = "请用 Word 或 WPS 打开，另存为“Word 文档（.docx）”后再试"
SCAN = "没有文字；请向报送单位要 Word 文件，或先用文字识别软件（OCR）转换"
ARCHIVE = "这是压缩包，请解压后再试"
OTHERS = {
    ".doc": f"这是旧版的 Word 文件（.doc），{OLD}",
    ".dot": f"这是旧版的 Word 模板（.dot），{OLD}",
    ".docm": f"这是带宏的 Word 文件（.docm），{OLD}",
    ".dotx": f"这是 Word 模板（.dotx），{OLD}",
    ".wps": f"这是 WPS 文字的文件（.wps），{OLD}",
    ".wpt": f"这是 WPS 文字的模板（.wpt），{OLD}",
    ".rtf": f"这是 RTF 文件，{OLD}",
    ".odt": f"这是 OpenDocument 文件（.odt），{OLD}",
    ".ofd": "这是 OFD 版式文件，读不了；请向报送单位要 Word 文件，或转换为带文字的 PDF",
    **dict.fromkeys(
        (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".heic"), f"这是图片，{SCAN}"
    ),
    **dict.fromkeys((".zip", ".rar", ".7z"), ARCHIVE),
}
"""What else departments send for a report, which can't be read, and what to do."""

_STARTS = (
    (b"\xd0\xcf\x11\xe0", f"这是旧版的 Word 或 WPS 文件，或者有密码（只是文件名以 .docx 结尾），{OLD}；"
     "有密码的先取消密码"),
    (b"{\\rtf", f"这是 RTF 文件（只是改了名），{OLD}"),
    (b"<", f"这是网页或 XML 文件（只是改了名），{OLD}"),
    (b"Rar!", ARCHIVE),
)  # fmt: skip


TEXTS = (*ENDINGS, ".doc", ".wps", ".docm", ".rtf", ".odt", ".ofd")
"""By these a folder is known as one of reports; a picture alone tells nothing."""


def is_report(path: Path) -> bool:
    """Whether a file is meant as a report, readable or not."""
    return path.suffix.lower() in (*ENDINGS, *OTHERS)


def read_paper(path: Path) -> Paper:
    """What stands in a report.

    Raises:
        PerfkitError: with the file's name and what to do, if it can't be read.
    """
    name = shown_name(path)

    def refused(message: str) -> PerfkitError:
        return PerfkitError(f"{name}：{message}")

    ending = path.suffix.lower()
    if not path.is_dir():
        if path.name.startswith("~$"):
            raise refused("这是 Word 打开文件时的临时文件，不是报告")
        if ending in OTHERS:
            raise refused(OTHERS[ending])
        if ending not in ENDINGS:
            raise refused("只能读 Word 文件（.docx）和 PDF（.pdf）")
    raw = outside_bytes(path, refused, "图片太大的，请在 Word 里压缩图片后再试")
    start = raw[:1024].lstrip()
    is_pdf, is_zip = b"%PDF-" in raw[:1024], raw.startswith(b"PK")
    if encrypted(raw):
        raise refused("文件有打开密码，读不了；请向报送单位要没有密码的")
    for sign, message in _STARTS:
        if start.startswith(sign) and not is_pdf:
            raise refused(message)
    if is_pdf:
        if ending != ".pdf":
            raise refused("这是 PDF，只是文件名以 .docx 结尾；请改名为 .pdf 后再试")
        from perfkit.received.pdf import read_pdf

        return read_pdf(path, name, raw)
    if ending == ".pdf":
        kind = "Word 文件或压缩包" if is_zip else "别的文件，或者损坏了"
        raise refused(f"这不是 PDF，是{kind}；请核对，或重新要一份")
    if not is_zip:
        raise refused("这不是 Word 文件，或者损坏了；请用 Word 或 WPS 打开，另存为新的 .docx 再试")
    from perfkit.received.word import read_word

    return read_word(name, raw)
