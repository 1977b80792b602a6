"""HTML and SVG as trees: read whatever they are, and written again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import lxml.etree
import lxml.html

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
XML = "{http://www.w3.org/XML/1998/namespace}"

NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs that are no text, and that no tree takes."""
HTML_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#[xX][0-9a-fA-F]+);)(?:\w+;)?")
REFERENCE = re.compile(r"""(url\(\s*["']?#)""")

# In HTML the names of SVG are read in lower case; these are the others (HTML standard, 13.2.6.5).
_NAMES = """altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath
    feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting
    feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR
    feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset fePointLight
    feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient
    radialGradient textPath attributeName attributeType baseFrequency baseProfile calcMode
    clipPathUnits diffuseConstant edgeMode filterUnits gradientTransform gradientUnits
    kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lengthAdjust limitingConeAngle
    markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength
    patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha
    preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions
    requiredFeatures specularConstant specularExponent spreadMethod startOffset stdDeviation
    stitchTiles surfaceScale systemLanguage tableValues targetX targetY textLength viewBox
    viewTarget xChannelSelector yChannelSelector zoomAndPan"""
SVG_NAMES = {name.lower(): name for name in _NAMES.split()}
PREFIXES = {"": "", "xlink": XLINK, "xml": XML}
NOT_DRAWN = f"{SVG}metadata"
"""What an element becomes that is not to be drawn."""


class UnreadableError(Exception):
    """What is no markup of its kind, or only a part of one."""


def parsed(text: str) -> Any:
    """A piece of HTML as the content of a ``div``, every element closed.

    Raises:
        UnreadableError: if it is nested so deep that its end would be lost.
    """
    text = NO_TEXT.sub("", text)
    # An end of the page in the middle would be the end to the parser; each gets a beginning.
    lower = text.lower()
    whole = "<html>" * (1 + lower.count("</html")) + "<body>" * (1 + lower.count("</body"))
    parser = lxml.html.HTMLParser(huge_tree=True)
    root = lxml.etree.fromstring(whole + text, parser).find("body")
    if root is None or _broken(parser):
        raise UnreadableError
    root.tag = "div"
    root.attrib.clear()
    return root


def written(root: Any) -> str:
    """The HTML of what is in an element."""
    text = lxml.etree.tostring(root, encoding="unicode", method="html", with_tail=False)
    return NO_TEXT.sub("", text[text.index(">") + 1 : text.rindex("<")])


def words(text: str) -> str:
    """The text of a piece of HTML; where that can't be read, what it is written as."""
    try:
        return str(parsed(text).text_content())
    except UnreadableError:
        return text


def put(element: Any, *others: Any, behind: bool = False) -> None:
    """Puts others in the place of an element, or behind it; the text that follows stays."""
    last, tail = element, element.tail
    element.tail = None
    for other in others:
        other.tail = None
        last.addnext(other)
        last = other
    last.tail = tail
    if not behind:
        element.drop_tree()


def svg(text: str) -> Any:
    """The drawing that an SVG file is; HTML's names for characters are known, too.

    Raises:
        UnreadableError: if it is none, or only a part of one.
    """
    # An encoding that the head declares is no longer that of the text.
    text = NO_TEXT.sub("", text[max(text.find("<svg"), 0) :])
    text = HTML_ENTITY.sub(lambda name: html.escape(html.unescape(name[0])), text)
    parser = lxml.etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, huge_tree=True
    )
    root = lxml.etree.fromstring(text.encode(), parser) if text else None
    # What is undeclared is forgiven: a piece of a page has no namespaces.
    if root is None or _broken(parser):
        raise UnreadableError
    return as_svg(root)


def as_svg(read: Any) -> Any:
    """A drawing whose elements and attributes have SVG's names, wherever they were read.

    Raises:
        UnreadableError: if it is none.
    """
    root = lxml.etree.Element(f"{SVG}svg", nsmap={None: SVG[1:-1], "xlink": XLINK[1:-1]})
    if read.tag not in ("svg", "svg:svg", root.tag):
        raise UnreadableError
    root.attrib.update(read.attrib)
    root.text, root[:] = read.text, read[:]
    for element in elements(root):
        if element.tag[0] != "{":
            _named(element)
        for key, value in element.items():
            if key[0] != "{" and (":" in key or key in SVG_NAMES or key == "xmlns"):
                _attribute_named(element, key, value)
    lxml.etree.cleanup_namespaces(root)
    return root


def _named(element: Any) -> None:
    prefix, _, name = element.tag.rpartition(":")
    try:
        known = prefix in ("", "svg")
        element.tag = SVG + SVG_NAMES.get(name, name) if known else NOT_DRAWN
    except ValueError:
        element.tag = NOT_DRAWN


def _attribute_named(element: Any, key: str, value: str) -> None:
    del element.attrib[key]
    prefix, _, name = key.rpartition(":")
    if prefix in PREFIXES and key != "xmlns":
        element.set(PREFIXES[prefix] + SVG_NAMES.get(name, name), value)


def elements(root: Any) -> Iterator[Any]:
    """The element and all that are in it, without comments."""
    yield from root.iter(lxml.etree.Element)


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def svg_text(root: Any) -> str:
    """The drawing as a file."""
    return str(lxml.etree.tostring(root, encoding="unicode", with_tail=False))


def own_ids(drawing: Any, prefix: str) -> Any:
    """The drawing with ids that no other on the page has, and all that refers to them."""
    for element in elements(drawing):
        for key, value in element.items():
            if key == "id":
                element.set(key, prefix + value)
            elif local(key) == "href" and value.startswith("#"):
                element.set(key, f"#{prefix}{value[1:]}")
            elif key in ("aria-labelledby", "aria-describedby"):
                element.set(key, " ".join(prefix + name for name in value.split()))
            elif "url(" in value:
                element.set(key, REFERENCE.sub(rf"\g<1>{prefix}", value))
    return drawing


def _broken(parser: Any) -> bool:
    return any(error.level == lxml.etree.ErrorLevels.FATAL for error in parser.error_log)
