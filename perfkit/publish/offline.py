"""HTML of an analyst's, made so that it runs nothing, asks nothing of a network, and is whole.

What an output or a Markdown cell says may come from data, so no script of it
is kept. Elements that stay open are closed, so that a cell can't swallow the
next. What is taken out and would have been seen is replaced by a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import lxml.html

from perfkit.publish.pictures import NotShown, Picture, safe_css, safe_svg

# perfkit's own blocks and plain Markdown are of these alone, and are left as they are.
TAG = re.compile(r"<[^>]*>?")
PLAIN_TAG = re.compile(
    r"<(/?)(p|div|section|h[1-6]|table|caption|colgroup|col|thead|tbody|tr|th|td|span|ul|ol|li|dl"
    r"|dt|dd|strong|em|small|b|i|br|code|pre|time|del|blockquote|details|summary)"
    r'((?: (?:class|id|scope|colspan|rowspan|datetime|data-[a-z]+)(?:="[^"<>]*")?'
    r'| style="(?:width: [\d.]+%|text-align:(?:left|right|center))")*)/?>|<!--template-->'
)
VOID = {"br", "col", "img", "hr", "input", "wbr"}

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
UNSEEN = {"meta", "base", "title", "template", "noscript", "source", "track", "param", "map"}
UNWRAPPED = {"form", "html", "head", "body", "fieldset", "button", "label", "select", "option",
             "picture", "font", "center", "marquee"}  # fmt: skip
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
MATH_TAGS = re.compile(r"^(?:math|m[a-z]+|semantics|annotation)$")

Lose = Callable[..., str]
"""Notes what is not shown, and why; gives the mark for its place."""


def interactive(words: str) -> tuple[str, str]:
    """What is lost with a script or a media type that has these *words* in it."""
    lower = words.lower()
    return next((loss for name, loss in INTERACTIVE.items() if name in lower), SCRIPTED)


@lru_cache(maxsize=64)
def is_plain(html: str) -> bool:
    """Whether the HTML is of harmless elements only, each closed where it should be."""
    open_tags: list[str] = []
    for found in TAG.finditer(html):
        tag = PLAIN_TAG.fullmatch(found[0])
        if tag is None:
            return False
        closing, name, _ = tag.groups()
        if name is None or name in VOID:
            continue
        if not closing:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            return False
    return not open_tags


def offline(
    html: str,
    picture: Callable[[str], Picture],
    drawing: Callable[[str, str], str],
    lose: Lose,
) -> str:
    """The HTML without scripts and addresses of elsewhere.

    Args:
        html: a piece of a page, as an analyst or a library wrote it.
        picture: the picture that a source names; raises `NotShown`.
        drawing: the HTML of an inline SVG with an alternative text.
        lose: notes what is not shown, and gives its mark.
    """
    if is_plain(html):
        return html
    drawings: list[str] = []
    html = _with_drawings_apart(html.replace("\0", ""), drawings)
    html = re.sub(r"<\?xml[^>]*>", "", html)
    parser = lxml.html.HTMLParser(huge_tree=True)
    root = lxml.html.fragment_fromstring(html, create_parent="div", parser=parser)
    kept = _Kept(picture, drawing, lose, drawings)
    for element in list(root.iter())[1:]:
        kept.look_at(element)
    shown = str(lxml.html.tostring(root, encoding="unicode", method="html"))
    shown = shown[len("<div>") : -len("</div>")]
    for name, content in kept.islands.items():
        shown = shown.replace(name, content, 1)
    return shown


def _with_drawings_apart(html: str, drawings: list[str]) -> str:
    """The HTML with a placeholder for each SVG: an HTML parser forgets the case of its names."""
    if "<svg" not in html:
        return html
    kept, depth, start, last = [], 0, 0, 0
    for tag in re.finditer(r"<svg\b[^>]*?(/?)>|</svg\s*>", html):
        opening = not tag[0].startswith("</")
        if opening and depth == 0:
            kept.append(html[last : tag.start()])
            start = tag.start()
        depth += 1 if opening else -1
        if opening and tag[1]:
            depth -= 1
        depth = max(depth, 0)
        if depth == 0:
            drawings.append(html[start : tag.end()] if start >= last else "")
            kept.append(f'<img data-drawing="{len(drawings) - 1}">')
            last = tag.end()
    return "".join(kept) + html[last:]


class _Kept:
    """What is kept of each element."""

    def __init__(
        self,
        picture: Callable[[str], Picture],
        drawing: Callable[[str, str], str],
        lose: Lose,
        drawings: list[str],
    ) -> None:
        self._picture, self._drawing, self._lose = picture, drawing, lose
        self._drawings = drawings
        self.islands: dict[str, str] = {}

    def look_at(self, element: Any) -> None:
        if element.getparent() is None:  # taken out with what it was in
            return
        tag = element.tag
        if not isinstance(tag, str) or tag in UNSEEN:
            element.drop_tree() if isinstance(tag, str) else _without(element)
        elif tag == "script":
            self._script(element)
        elif tag in ELSEWHERE:
            self._elsewhere(element, tag)
        elif tag == "img":
            self._image(element)
        elif tag == "annotation-xml":
            element.drop_tree()
        elif tag == "input":
            self._input(element)
        elif tag == "textarea":
            element.tag = "pre"
            element.attrib.clear()
        elif tag in UNWRAPPED:
            element.drop_tag()
        else:
            if tag == "style":
                element.text, lost = safe_css(element.text_content())
                if lost:
                    self._replace(element, self._lose("从别处取的样式没有用上"), after=True)
            self._attributes(element)

    def _script(self, element: Any) -> None:
        kind = element.get("type", "").lower()
        code = (element.text or "") + element.get("src", "")
        if kind.startswith("math/tex"):
            display = "display" if "mode=display" in kind else "inline"
            element.tag = "code"
            element.attrib.clear()
            element.set("class", f"math {display}")
        elif kind and "javascript" not in kind and kind != "module" and "ecma" not in kind:
            element.drop_tree()  # data for a script
        else:
            self._replace(element, self._lose(*interactive(code)))

    def _elsewhere(self, element: Any, tag: str) -> None:
        source = element.get("src") or element.get("href") or element.get("data") or ""
        if tag == "link" and "stylesheet" not in element.get("rel", ""):
            element.drop_tree()
            return
        where = "" if source.startswith("data:") else source[:60]
        self._replace(element, self._lose(f"{ELSEWHERE[tag]}没有印出", where))

    def _image(self, element: Any) -> None:
        if (number := element.get("data-drawing")) is not None:
            svg = self._drawings[int(number)]
            self._replace(element, self._drawn(svg))
            return
        alternative = element.get("alt") or element.get("title") or ""
        try:
            picture = self._picture(element.get("src") or "")
        except NotShown as e:
            self._replace(
                element,
                self._lose(f"图“{alternative}”没有印出" if alternative else "图没有印出", str(e)),
            )
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

    def _drawn(self, svg: str) -> str:
        title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.DOTALL)
        label = re.search(r'aria-label="([^"]*)"', svg)
        alternative = title[1].strip() if title else label[1] if label else "图"
        if re.match(r'<svg[^>]*(?:\b(?:width|height)\s*[:=]\s*"?0\b|display:\s*none)', svg):
            return ""  # symbols for other drawings
        try:
            return self._drawing(safe_svg(svg), alternative)
        except NotShown as e:
            return self._lose("图没有印出", str(e))

    def _input(self, element: Any) -> None:
        if element.get("type") == "checkbox":
            self._attributes(element)
            element.set("disabled", "")
        elif element.get("type") in ("hidden", "submit", "reset", "image", "file"):
            element.drop_tree()
        else:
            element.tag = "span"
            element.text = element.get("value", "")
            element.attrib.clear()

    def _attributes(self, element: Any) -> None:
        math = MATH_TAGS.match(element.tag)
        for key, value in list(element.attrib.items()):
            if key == "href" and element.tag == "a" and LINK.match(value):
                continue
            allowed = key in ATTRIBUTES or key.startswith(("data-", "aria-"))
            if math:
                allowed = not key.startswith("on") and "href" not in key and key != "src"
            if not allowed:
                del element.attrib[key]
            elif key == "style" and "(" in value:
                element.set(key, safe_css(value)[0])

    def _replace(self, element: Any, html: str, after: bool = False) -> None:
        """Puts HTML that is finished in the element's place, or behind it."""
        name = f"\ue000{len(self.islands)}\ue001"
        self.islands[name] = html
        element.tail = name + (element.tail or "")
        if not after:
            element.drop_tree()


def _without(element: Any) -> None:
    """Takes out a comment; the text behind it stays."""
    parent, tail = element.getparent(), element.tail or ""
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)
