"""Pictures of an analyst's: from where they are named to content that is whole and safe.

A picture may be in the notebook (``data:``, an attachment), or a file beside
it. None is fetched from a network.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import lxml.etree

LARGEST = 50_000_000
"""Bytes of a picture."""
ALLOWED = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
           "svg": "image/svg+xml"}  # fmt: skip
"""The kinds that a browser and Typst both show, with their media types."""
BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"BM": "bmp",
    b"II*\0": "tiff", b"MM\0*": "tiff", b"%PDF": "pdf",
}  # fmt: skip
NETWORK = re.compile(r"(?:https?|ftp)://|[/\\]{2}|file://[^/\\]", re.IGNORECASE)
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
PLAIN_SVG = re.compile(
    r"<(?:script|style|foreignObject|metadata|a|image|iframe|[!?])\b|<[!?]|\son\w+\s*=|href\s*=|url\((?!#)",
    re.IGNORECASE,
)
"""What an SVG is looked through for; without any of it, it is left as it is."""
ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#[xX][0-9a-fA-F]+);)(?:\w+;)?")


class NotShown(Exception):  # noqa: N818 - a loss that is told, not an error
    """What can't be shown: the reason, in Chinese."""


@dataclass(frozen=True)
class Picture:
    """A picture's content and its kind, one of `ALLOWED`."""

    content: bytes
    kind: str

    @property
    def address(self) -> str:
        """The picture as a ``data:`` address."""
        return f"data:{ALLOWED[self.kind]};base64,{base64.b64encode(self.content).decode()}"


def named_picture(
    source: str, attachments: Mapping[str, Mapping[str, str]], folders: Sequence[Path]
) -> Picture:
    """The picture that an ``<img src>`` or ``![](…)`` names.

    Args:
        source: a ``data:`` address, ``attachment:name``, or a path.
        attachments: the pictures in the cell, by name and media type.
        folders: where a relative path is looked for.

    Raises:
        NotShown: with the reason.
    """
    source = source.strip()
    if source[:5].lower() == "data:":
        return picture_of(_data(source))
    if source.startswith("attachment:"):
        name = unquote(source.partition(":")[2])
        found = attachments.get(name) or attachments.get(source.partition(":")[2])
        if not found:
            raise NotShown(f"附件 {name} 不在笔记本里，请重新贴入图片")
        return picture_of(decoded(next(iter(found.values()))))
    if NETWORK.match(source):
        raise NotShown(f"图片在网上（{_short(source)}），不连网取；请存到模板的文件夹里")
    return picture_of(_file(source, folders))


def picture_of(content: bytes) -> Picture:
    """The picture that *content* is, an SVG without scripts and addresses.

    Raises:
        NotShown: if it is none, is damaged, or of a kind that not all formats show.
    """
    from perfkit.publish.typesetting import drawable

    kind = _kind(content)
    if kind == "svg":
        content = safe_svg(content.decode("utf-8", errors="replace")).encode()
    if kind not in ALLOWED:
        raise NotShown(
            f"图片格式 {kind.upper()} 印不出，请存成 PNG 或 JPEG" if kind else "图片数据损坏"
        )
    if not drawable(content, kind):
        raise NotShown("图片数据损坏")
    return Picture(content, kind)


def decoded(text: Any) -> bytes:
    """The bytes of base64 text, as nbformat and ``data:`` addresses have it: broken into lines, too."""
    text = "".join(text) if isinstance(text, list) else str(text)
    try:
        return base64.b64decode("".join(text.split()) + "==")
    except (binascii.Error, ValueError):
        raise NotShown("图片数据损坏") from None


def _data(address: str) -> bytes:
    head, _, content = address.partition(",")
    if head.replace(" ", "").lower().endswith(";base64"):
        return decoded(unquote(content))
    return unquote_to_bytes(content)


def _file(source: str, folders: Sequence[Path]) -> bytes:
    # A drive letter of Windows is no scheme.
    scheme = re.match(r"([a-z][a-z0-9+.-]+):", source, re.IGNORECASE)
    if scheme and scheme[1].lower() != "file":
        raise NotShown(f"图片的地址 {_short(source)} 不是文件")
    name = urlsplit(source).path if scheme else source
    name = re.sub(r"^/(?=[A-Za-z]:)", "", name)
    for folder in folders:
        for path in (folder / name, folder / unquote(name)):
            try:
                # Asked first: a device or a pipe may have no end.
                if path.is_file():
                    if path.stat().st_size > LARGEST:
                        raise NotShown(f"图片 {_short(source)} 太大，超过 {LARGEST // 10**6} MB")
                    return path.read_bytes()
            except (OSError, ValueError):
                continue
    raise NotShown(f"找不到图片 {_short(source)}；请放在模板的文件夹里")


def _short(source: str) -> str:
    return source if len(source) <= 60 else f"{source[:57]}…"


def _kind(content: bytes) -> str:
    for beginning, kind in BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "svg" if re.search(rb"<svg[\s>]", content[:5000]) else ""


def safe_svg(text: str) -> str:
    """The SVG without scripts, and without anything that would be fetched; its namespace put in.

    Raises:
        NotShown: if it is no SVG, or holds what only a browser can draw.
    """
    text = text[text.index("<svg") :] if "<svg" in text else text
    if "xmlns=" in text.partition(">")[0] and not PLAIN_SVG.search(text):
        return text
    return str(lxml.etree.tostring(_safe_root(text), encoding="unicode"))


def _safe_root(text: str) -> Any:
    if "xmlns=" not in text.partition(">")[0]:
        text = text.replace("<svg", f'<svg xmlns="{SVG_NAMESPACE}"', 1)
    if "xlink:" in text and "xmlns:xlink" not in text:
        text = text.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1)
    # HTML's names for characters are none of XML's.
    text = ENTITY.sub(lambda name: html.escape(html.unescape(name[0])), text)
    parser = lxml.etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = lxml.etree.fromstring(text.encode(), parser)
    except lxml.etree.XMLSyntaxError:
        root = None
    if root is None or lxml.etree.QName(root).localname != "svg":
        raise NotShown("图片数据损坏")
    for element in list(root.iter()):
        if not isinstance(element.tag, str):  # comments, entities
            _removed(element)
            continue
        name = lxml.etree.QName(element).localname
        if name == "foreignObject":
            raise NotShown("SVG 图里嵌有网页内容，只有浏览器能画；请另存为 PNG")
        if name in ("script", "metadata", "iframe", "handler"):
            _removed(element)
            continue
        if name == "style":
            element.text = safe_css(element.text or "")[0]
        for key, value in list(element.attrib.items()):
            local = str(lxml.etree.QName(key).localname)
            outside = local == "href" and not re.match(r"\s*(?:#|data:image/)", value)
            if local.startswith("on") or outside:
                del element.attrib[key]
            elif "url(" in value:
                element.set(key, safe_css(value)[0])
    return root


def _removed(element: Any) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


ADDRESS = re.compile(r"""url\(\s*(["']?)(?!\s*["']?(?:data:|\#))[^)]*\)?""", re.IGNORECASE)
IMPORT = re.compile(r"@import\b[^;]*;?", re.IGNORECASE)


def safe_css(css: str) -> tuple[str, bool]:
    """The CSS without addresses of elsewhere, and whether there were any."""
    found, imports = IMPORT.subn("", css)
    found, addresses = ADDRESS.subn("none", found)
    return found, bool(imports or addresses)
