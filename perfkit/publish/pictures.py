"""Pictures of an analyst's: from where they are named to content that is whole and safe.

A picture may be in the notebook (``data:``, an attachment), or a file beside
it. None is fetched from a network.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import lxml.etree

from perfkit.publish import markup

FOR_ALL = re.compile(r"\s*\*\s*\{([^{}]*)\}\s*")
"""CSS of one rule, for all elements."""
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

    @staticmethod
    def of(address: str) -> Picture:
        """The picture that has this `address`."""
        head, _, content = address.partition(",")
        kinds = {media: kind for kind, media in ALLOWED.items()}
        return Picture(base64.b64decode(content), kinds[head[len("data:") : -len(";base64")]])


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
        content = drawn(safe_svg(content.decode("utf-8", errors="replace"))).content
    if kind not in ALLOWED:
        raise NotShown(
            f"图片格式 {kind.upper()} 印不出，请存成 PNG 或 JPEG" if kind else "图片数据损坏"
        )
    if not drawable(content, kind):
        raise NotShown("图片数据损坏")
    return Picture(content, kind)


def drawn(drawing: Any) -> Picture:
    """A drawing as a picture."""
    return Picture(markup.svg_text(drawing).encode(), "svg")


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


def safe_svg(text: str) -> Any:
    """The drawing that an SVG file is, without scripts, and without anything that would be fetched.

    Raises:
        NotShown: if it is no SVG or damaged, or holds what only a browser can draw.
    """
    try:
        return without_dangers(markup.svg(text))
    except markup.UnreadableError:
        raise NotShown("图片数据损坏") from None


def without_dangers(drawing: Any) -> Any:
    """The drawing without scripts, comments, and addresses of elsewhere.

    Raises:
        NotShown: if it holds what only a browser can draw.
    """
    for element in markup.elements(drawing):
        name = markup.local(element.tag)
        if name == "foreignObject":
            raise NotShown("SVG 图里嵌有网页内容，只有浏览器能画；请另存为 PNG")
        if name in ("script", "iframe", "handler"):
            element.tag = markup.NOT_DRAWN
        if name == "style":
            element.text = safe_css(element.text or "")[0]
            if rule := FOR_ALL.fullmatch(element.text):
                # As matplotlib has it. On a page it would be a rule for the page.
                drawing.set("style", f"{rule[1].strip()}; {drawing.get('style', '')}".strip("; "))
                element.tag = markup.NOT_DRAWN
        for key, value in element.items():
            local = markup.local(key)
            outside = local == "href" and not re.match(r"\s*(?:#|data:image/)", value)
            if local.startswith("on") or outside:
                del element.attrib[key]
            elif "url(" in value.lower():
                element.set(key, safe_css(value)[0])
    signs = (lxml.etree.Comment, lxml.etree.PI, lxml.etree.Entity)
    lxml.etree.strip_elements(drawing, markup.NOT_DRAWN, *signs, with_tail=False)
    return drawing


def with_fonts(drawing: Any, fonts: Mapping[str, str]) -> Any:
    """The drawing with each of some signs in the family of fonts that has it."""
    for text in list(drawing.iter(f"{markup.SVG}text")):
        for element in list(markup.elements(text)):
            _spans(element, element.text, fonts, inside=True)
            if element is not text:
                _spans(element, element.tail, fonts, inside=False)
    return drawing


def _spans(element: Any, text: str | None, fonts: Mapping[str, str], inside: bool) -> None:
    """Parts the text in or behind an element; the signs of *fonts* become elements."""
    plain, *rest = re.split(f"([{re.escape(''.join(fonts))}])", text or "")
    spans = []
    for sign, after in zip(rest[::2], rest[1::2], strict=True):
        span = lxml.etree.Element(f"{markup.SVG}tspan", style=f"font-family: '{fonts[sign]}'")
        span.text, span.tail = sign, after
        spans.append(span)
    if spans and inside:
        element.text = plain
        element[:0] = spans
    elif spans:
        element.tail = plain
        for span in reversed(spans):
            element.addnext(span)


ADDRESS = re.compile(r"""url\(\s*(["']?)(?!\s*["']?(?:data:|\#))[^)]*\)?""", re.IGNORECASE)
IMPORT = re.compile(r"@import\b[^;]*;?", re.IGNORECASE)


def safe_css(css: str) -> tuple[str, bool]:
    """The CSS without addresses of elsewhere, and whether there were any."""
    found, imports = IMPORT.subn("", css)
    found, addresses = ADDRESS.subn("none", found)
    return found, bool(imports or addresses)
