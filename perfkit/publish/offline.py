"""HTML of an analyst's, made so that it runs nothing, asks nothing of a network, and is whole.

What an output or a Markdown cell says may come from data, so no script of it
is kept. Elements that stay open are closed, so that a cell can't swallow the
next. What is taken out and would have been seen is replaced by a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import lxml.etree

from perfkit.publish.markup import UnreadableError, as_svg, elements, parsed, put, written
from perfkit.publish.pictures import NotShown, Picture, safe_css, without_dangers

ELEMENTS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br",
    "caption", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "dir", "div",
    "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "i", "ins", "kbd", "li", "mark", "menu", "meter", "nav", "ol",
    "output", "p", "pre", "progress", "q", "rp", "rt", "ruby", "s", "samp", "section", "small",
    "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
"""The elements that are kept; of others what is in them, or nothing."""
MATH = {
    "math", "maction", "maligngroup", "malignmark", "menclose", "merror", "mfenced", "mfrac", "mi",
    "mlabeledtr", "mlongdiv", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup",
    "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none", "semantics", "annotation",
}  # fmt: skip
ATTRIBUTES = {
    "abbr", "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "checked", "class",
    "color", "colspan", "datetime", "dir", "disabled", "face", "headers", "height", "id", "lang",
    "max", "min", "name", "open", "reversed", "role", "rowspan", "rules", "scope", "size", "span",
    "start", "style", "summary", "title", "type", "valign", "value", "width",
}  # fmt: skip
LINK = re.compile(r"\s*(?:https?:|mailto:|tel:|#|[^:]*$|[^:]*[/?#])", re.IGNORECASE)
# Of HTML that would be seen if a page could show it, by what the loss is called.
ELSEWHERE = {
    "iframe": "嵌入的网页", "frame": "嵌入的网页", "object": "嵌入的对象", "embed": "嵌入的对象",
    "applet": "嵌入的对象", "audio": "音频", "video": "视频", "canvas": "画布上的图",
    "link": "外部样式", "portal": "嵌入的网页",
}  # fmt: skip
UNSEEN = {
    "meta", "base", "title", "template", "noscript", "noframes", "noembed", "source", "track",
    "param", "map", "annotation-xml",
}  # fmt: skip
SOURCE = {"textarea", "xmp", "plaintext", "listing"}
"""Elements whose text is shown as it is written."""
GONE, UNWRAPPED = "gone", "unwrapped"
"""What an element becomes that is taken out, with or without what is in it."""
DEEPEST = 200
"""Levels of elements; what is deeper is shown without its own."""
INTERACTIVE = {
    "plotly": ("Plotly 交互图没有印出", '请改用 fig.show("svg")，需要 kaleido'),
    "vega": (
        "Altair 交互图没有印出",
        '请先运行 alt.renderers.enable("svg")，需要 vl-convert-python',
    ),
    "bokeh": ("Bokeh 交互图没有印出", "请改为导出的图片"),
    "leaflet": ("交互地图没有印出", "请改为截图"),
}
SCRIPTED = ("脚本画的内容没有印出", "请改为图片或表格")
HIDDEN = re.compile(r"(?:^|;)(?:display:none|(?:width|height):0(?:px|%)?(?:;|$))")

Lose = Callable[..., str]
"""Notes what is not shown, and why; gives the mark for its place."""


def interactive(words: str) -> tuple[str, str]:
    """What is lost with a script or a media type that has these *words* in it."""
    lower = words.lower()
    return next((loss for name, loss in INTERACTIVE.items() if name in lower), SCRIPTED)


def offline(
    html: str,
    picture: Callable[[str], Picture],
    drawing: Callable[[Any, str], str],
    formula: Callable[[str, str], str],
    lose: Lose,
) -> str:
    """The HTML without scripts and addresses of elsewhere.

    Args:
        html: a piece of a page, as an analyst or a library wrote it.
        picture: the picture that a source names; raises `NotShown`.
        drawing: the HTML of an inline SVG with an alternative text.
        formula: the HTML of a formula, ``inline`` or ``display``.
        lose: notes what is not shown, and gives its mark.
    """
    try:
        root = parsed(html)
        if "&#" in html:  # what it refers to may be no text
            root = parsed(written(root))
    except UnreadableError:
        return f"<p>{lose('网页内容没有印出', '元素一层套一层，套得太深')}</p>"
    kept = _Kept(picture, drawing, formula, lose)
    kept.look_through(root)
    return written(root)


class _Kept:
    """What is kept of each element."""

    def __init__(
        self,
        picture: Callable[[str], Picture],
        drawing: Callable[[Any, str], str],
        formula: Callable[[str, str], str],
        lose: Lose,
    ) -> None:
        self._picture, self._drawing, self._formula = picture, drawing, formula
        self._lose = lose
        self._finished: list[tuple[Any, str, bool]] = []

    def look_through(self, root: Any) -> None:
        depth = 0
        walk = lxml.etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            depth += 1 if event == "start" else -1
            if event == "end" or element is root:
                continue
            if not self._goes_on_in(element):
                walk.skip_subtree()
            elif depth > DEEPEST:
                element.tag = UNWRAPPED
        signs = (lxml.etree.Comment, lxml.etree.PI)
        lxml.etree.strip_elements(root, GONE, *signs, with_tail=False)
        lxml.etree.strip_tags(root, UNWRAPPED)
        # Last, so that what is finished is not looked through.
        for element, html, behind in self._finished:
            put(element, *parsed(html), behind=behind)

    def _goes_on_in(self, element: Any) -> bool:
        """Decides on an element; true if what is in it is to be decided on as well."""
        tag = element.tag
        if tag in ELEMENTS or tag in MATH:
            self._attributes(element)
            return True
        if tag in UNSEEN:
            element.tag = GONE
        elif tag == "svg":
            self._replace(element, self._drawn(element))
        elif tag == "script":
            self._script(element)
        elif tag in ELSEWHERE:
            self._elsewhere(element, tag)
        elif tag == "img":
            self._image(element)
        elif tag == "input":
            self._input(element)
        elif tag in SOURCE:
            element.tag = "pre"
            element.attrib.clear()
        elif tag == "style":
            self._attributes(element)
            element.text, lost = safe_css(element.text or "")
            if lost:
                self._replace(element, self._lose("从别处取的样式没有用上"), behind=True)
        else:
            element.tag = UNWRAPPED
            return True
        return False

    def _script(self, element: Any) -> None:
        kind = element.get("type", "").lower()
        code = element.text or ""
        if kind.startswith("math/tex"):
            display = "display" if "mode=display" in kind else "inline"
            self._replace(element, self._formula(code, display))
        elif kind and "javascript" not in kind and kind != "module" and "ecma" not in kind:
            element.tag = GONE  # data for a script
        else:
            self._replace(element, self._lose(*interactive(code + element.get("src", ""))))

    def _elsewhere(self, element: Any, tag: str) -> None:
        source = element.get("src") or element.get("href") or element.get("data") or ""
        if tag == "link" and "stylesheet" not in element.get("rel", ""):
            element.tag = GONE
            return
        where = "" if source.startswith("data:") else source[:60]
        self._replace(element, self._lose(f"{ELSEWHERE[tag]}没有印出", where))

    def _image(self, element: Any) -> None:
        alternative = element.get("alt") or element.get("title") or ""
        try:
            picture = self._picture(element.get("src") or "")
        except NotShown as e:
            what = f"图“{alternative}”没有印出" if alternative else "图没有印出"
            self._replace(element, self._lose(what, str(e)))
            return
        for side in ("width", "height"):
            styled = re.search(
                rf"(?<![\w-]){side}\s*:\s*([\d.]+(?:px|%))", element.get("style", "")
            )
            if styled and not element.get(side):
                element.set(side, styled[1].removesuffix("px"))
        self._attributes(element)
        element.set("src", picture.address)
        element.set("alt", alternative or "图")

    def _drawn(self, element: Any) -> str:
        title = element.find(".//title")
        said = ("" if title is None else title.text_content().strip()) or element.get("aria-label")
        style = "".join(element.get("style", "").split())
        if HIDDEN.search(style) or {element.get("width"), element.get("height")} & {"0", "0px"}:
            return ""  # symbols for other drawings
        stray = "".join([element.text or "", *(one.tail or "" for one in element)])
        if stray.strip() or any(one.tag in ELEMENTS - {"a"} for one in elements(element)):
            reason = "SVG 图里有网页的内容，或者没有写完；请另存为 PNG"
            return self._lose("图没有印出", reason)
        try:
            return self._drawing(without_dangers(as_svg(element)), said or "图")
        except NotShown as e:
            return self._lose("图没有印出", str(e))

    def _input(self, element: Any) -> None:
        if element.get("type") == "checkbox":
            self._attributes(element)
            element.set("disabled", "")
        elif element.get("type") in ("hidden", "submit", "reset", "image", "file"):
            element.tag = GONE
        else:
            element.tag = "span"
            element.text = element.get("value", "")
            element.attrib.clear()

    def _attributes(self, element: Any) -> None:
        math = element.tag in MATH
        for key, value in element.items():
            if key == "href" and element.tag == "a" and LINK.match(value):
                continue
            allowed = key in ATTRIBUTES or key.startswith(("data-", "aria-"))
            if math:
                allowed = not key.startswith("on") and "href" not in key and key != "src"
            if not allowed:
                del element.attrib[key]
            elif key == "style" and "(" in value:
                element.set(key, safe_css(value)[0])

    def _replace(self, element: Any, html: str, behind: bool = False) -> None:
        """Has HTML that is finished put in the element's place, or behind it."""
        if html:
            self._finished.append((element, html, behind))
        else:
            element.tag = GONE
