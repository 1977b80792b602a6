"""A Word file (.docx) as paragraphs and tables, read from its XML.

python-docx passes over what others' documents are full of: inserted text that nobody has
accepted yet, automatic numbers, text boxes, content controls. Nothing that the file points at is
opened, no macro runs, and no more is unpacked than a report can have.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from perfkit.archives import MOST_TEXT, xml_parts
from perfkit.errors import PerfkitError
from perfkit.quantities import chinese_number
from perfkit.received.paper import Block, Cell, Paper, Paragraph, Table
from perfkit.texts import shortened

MOST_CELLS = 200_000
MOST_COLUMNS = 200
DEEPEST = 40
"""Tables within tables, controls within controls."""

AGAIN = "请用 Word 或 WPS 打开，另存为新的 .docx 再试"
BROKEN = f"文件损坏了，读不出来；{AGAIN}"
NOTES = {"footnotes": "脚注", "endnotes": "尾注"}
TOO_LARGE = "文件里的内容解压后太大，不像一份报告，没有读"


def read_word(name: str, raw: bytes) -> Paper:
    """The paragraphs and tables of a .docx file, tracked changes taken as accepted.

    Raises:
        PerfkitError: in Chinese, if it is damaged, too large, has macros, or is no text of Word's.
    """
    try:
        return _Document(name, raw).paper()
    except (etree.XMLSyntaxError, RecursionError, UnicodeError, ValueError):
        raise PerfkitError(f"{name}：{BROKEN}") from None


@dataclass
class _Level:
    """A level of a list: its format, its text such as （%1）, where it starts, and its style."""

    form: str = "decimal"
    text: str = ""
    start: int = 1
    style: str = ""


@dataclass
class _Style:
    based: str = ""
    level: int = 0
    number: tuple[str, int] | None = None
    bold: bool | None = None
    name: str = ""


@dataclass
class _Counts:
    """What of a document was passed over or taken as accepted."""

    changes: int = 0
    boxes: int = 0
    pictures: int = 0
    objects: int = 0
    foreign: int = 0
    notes: int = 0
    comments: int = 0
    lost: int = 0


class _Document:
    def __init__(self, name: str, raw: bytes) -> None:
        self.name, self.raw = name, raw
        self.parts = xml_parts(raw, self.refused, "Word 文件", AGAIN, MOST_TEXT)
        self.counts = _Counts()
        self.paragraphs = self.tables = self.cells = 0
        self.styles: dict[str, _Style] = {}
        self.lists: dict[str, dict[int, _Level]] = {}
        self.counters: dict[str, dict[int, int]] = {}
        self.notes: dict[tuple[str, str], Any] = {}
        self.below: list[Block] = []
        self.inner: list[Block] = []
        """What stands in the cells of a table and is a part of the report by itself."""
        self.running: tuple[str, ...] = ()
        self.begun: list[tuple[str, bool]] = []

    def refused(self, message: str) -> PerfkitError:
        return PerfkitError(f"{self.name}：{message}")

    def paper(self) -> Paper:
        if any(name.lower().endswith("vbaproject.bin") for name in self.parts):
            raise self.refused("文件里有宏，没有读；请在 Word 里另存为不带宏的“Word 文档（.docx）”")
        main = self.main_part()
        related = self.related(main)
        styles = self.xml(related.get("styles", ""), needed=False)
        if styles is not None:
            self.read_styles(styles)
        numbering = self.xml(related.get("numbering", ""), needed=False)
        if numbering is not None:
            self.read_numbering(numbering)
        for kind in NOTES:
            self.read_notes(kind, self.xml(related.get(kind, ""), needed=False))
        self.running = tuple(self.running_texts(related))
        root = self.xml(main)
        body = next((child for child in root if _tag(child) == "body"), None)
        if body is None:
            raise self.refused(BROKEN)
        blocks = tuple(self.blocks(body, 0))
        return Paper(
            self.name,
            hashlib.sha256(self.raw).hexdigest(),
            blocks,
            tuple(self.told()),
            self.properties(),
        )

    # ---- the package

    def xml(self, name: str, needed: bool = True) -> Any:
        if not self.parts.get(name):
            if needed:
                raise self.refused(BROKEN)
            return None
        return _parsed(self.parts[name])

    def relations(self, of: str) -> Iterator[Any]:
        folder, file = posixpath.split(of)
        root = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"), needed=False)
        return iter(root if root is not None else ())

    def main_part(self) -> str:
        for relation in self.relations(""):
            if relation.get("Type", "").endswith("/officeDocument"):
                target = relation.get("Target", "").lstrip("/")
                if target.startswith("xl/") or target.startswith("ppt/"):
                    raise self.refused("这不是 Word 文件（是表格或演示文稿改了名）")
                return str(target)
        if "word/document.xml" in self.parts:
            return "word/document.xml"
        if "content.xml" in self.parts:
            raise self.refused("这是 OpenDocument 文件改了名；请用 Word 或 WPS 另存为 .docx")
        raise self.refused("这是压缩包，不是 Word 文件；请解压后再试")

    def related(self, main: str) -> dict[str, str]:
        folder = posixpath.dirname(main)
        found: dict[str, str] = {}
        for relation in self.relations(main):
            kind, target = relation.get("Type", "").rpartition("/")[2], relation.get("Target", "")
            if relation.get("TargetMode") == "External":
                self.counts.foreign += kind != "hyperlink"
            elif kind in ("styles", "numbering", "header", "footer", *NOTES):
                absolute = target.startswith("/")
                path = target.lstrip("/") if absolute else posixpath.join(folder, target)
                # There are several heads and feet, of the other kinds one.
                several = f" {len(found)}" if kind in ("header", "footer") else ""
                found[kind + several] = posixpath.normpath(path)
        return found

    def properties(self) -> str:
        """The comment in the document's properties, where perfkit says what it made it from."""
        root = self.xml("docProps/core.xml", needed=False)
        texts = (child.text or "" for child in (root if root is not None else ()))
        return "\n".join(texts)

    def told(self) -> Iterator[str]:
        told = {
            "有 {} 处修订没有接受，按全部接受后的文字读": self.counts.changes,
            "有 {} 个文本框，里面的文字排在它所在的段落后面": self.counts.boxes,
            "有 {} 幅图片，图片里的文字读不到": self.counts.pictures,
            "有 {} 个嵌入的对象（如 Excel 表格），里面的内容没有读": self.counts.objects,
            "文件引用了 {} 处外部的内容，没有去读": self.counts.foreign,
            "有 {} 处脚注或尾注，按文字读，排在它所在的段落或表格后面": self.counts.notes,
            "有 {} 处脚注或尾注找不到内容，没有读": self.counts.lost,
            "有 {} 处批注，不是报告的内容，没有读": self.counts.comments,
        }
        yield from (words.format(count) for words, count in told.items() if count)
        if self.running:
            yield f"页眉、页脚没有读：{'；'.join(f'“{text}”' for text in self.running)}"

    # ---- what stands outside of the body

    def read_notes(self, kind: str, root: Any) -> None:
        for note in root if root is not None else ():
            # The lines between text and notes are notes of a type of their own.
            if _attribute(note, "type") in ("", "normal"):
                self.notes[kind, _attribute(note, "id")] = note

    def running_texts(self, related: dict[str, str]) -> Iterator[str]:
        """What heads and feet of the pages say beside the page's number, each once, in short."""
        seen = set()
        for kind, part in related.items():
            if not kind.startswith(("header", "footer")):
                continue
            root = self.xml(part, needed=False)
            text = "".join(e.text or "" for e in root.iter("{*}t")) if root is not None else ""
            text = shortened(text.strip(), 24)
            if text and text not in seen and not re.fullmatch(r"[-—–第页共/／0-9\s]*", text):
                seen.add(text)
                yield text

    def note(self, reference: Any, place: str) -> None:
        """Keeps a note for after the paragraph or table that refers to it."""
        kind = "footnotes" if _tag(reference) == "footnoteReference" else "endnotes"
        # Each is read once, so that none can lead to itself.
        found = self.notes.pop((kind, _attribute(reference, "id")), None)
        if found is None:
            self.counts.lost += 1
            return
        self.counts.notes += 1
        for block in list(self.blocks(found, 1, f"{place}的{NOTES[kind]}")):
            made = replace(block, note=True, level=0) if isinstance(block, Paragraph) else block
            self.below.append(made)

    # ---- styles and automatic numbers

    def read_styles(self, root: Any) -> None:
        for style in root:
            if _tag(style) != "style":
                continue
            found = _Style()
            for child in style:
                tag = _tag(child)
                if tag == "basedOn":
                    found.based = _value(child)
                elif tag == "name":
                    found.name = _value(child).lower()
                elif tag == "pPr":
                    found.level, found.number = _paragraph_level(child), _numbered(child)
                elif tag == "rPr":
                    found.bold = _bold(child)
            if not found.level and (
                named := re.fullmatch(r"(?:heading|标题) ?([1-9])", found.name)
            ):
                found.level = int(named[1])
            self.styles[_attribute(style, "styleId")] = found

    def style(self, name: str) -> _Style:
        """A style with what it takes from those that it is based on."""
        found, seen = _Style(), set[str]()
        while name in self.styles and name not in seen and len(seen) < DEEPEST:
            seen.add(name)
            own = self.styles[name]
            found.level = found.level or own.level
            found.number = found.number or own.number
            found.bold = own.bold if found.bold is None else found.bold
            found.name = found.name or own.name
            name = own.based
        return found

    def read_numbering(self, root: Any) -> None:
        abstract = {}
        for child in root:
            if _tag(child) == "abstractNum":
                abstract[_attribute(child, "abstractNumId")] = _levels(child)
        for child in root:
            if _tag(child) != "num":
                continue
            levels: dict[int, _Level] = {}
            for part in child:
                if _tag(part) == "abstractNumId":
                    levels |= abstract.get(_value(part), {})
                elif _tag(part) == "lvlOverride":
                    own = _levels(part)
                    at = _whole(_attribute(part, "ilvl"))
                    for start in part:
                        if _tag(start) == "startOverride" and at in levels and at not in own:
                            old = levels[at]
                            own[at] = _Level(old.form, old.text, _whole(_value(start)), old.style)
                    levels |= own
            self.lists[_attribute(child, "numId")] = levels

    def number(self, listed: tuple[str, int]) -> str:
        """The next number of a list, as Word writes it before the paragraph."""
        name, at = listed
        levels = self.lists.get(name, {})
        if at not in levels or levels[at].form in ("bullet", "none"):
            return ""
        counters = self.counters.setdefault(name, {})
        counters[at] = counters.get(at, levels[at].start - 1) + 1
        for deeper in [level for level in counters if level > at]:
            del counters[deeper]

        def shown(found: re.Match[str]) -> str:
            level = int(found[1]) - 1
            known = levels.get(level, _Level())
            return _counted(counters.get(level, known.start), known.form)

        return re.sub(r"%([1-9])", shown, levels[at].text)

    # ---- the body

    def blocks(self, parent: Any, depth: int, place: str = "") -> Iterator[Block]:
        if depth > DEEPEST:
            raise self.refused("文件里的表格或控件嵌套太深，没有读")
        for child in parent:
            tag = _tag(child)
            if tag == "p":
                yield from self.paragraph(child, depth, place)
            elif tag == "tbl":
                yield from self.unfinished(place)
                yield self.table(child, depth)
            elif tag in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
                yield from self.blocks(child, depth + 1, place)
            elif tag == "altChunk":
                self.counts.objects += 1
            if not place:
                yield from self.below
                yield from self.inner
                self.below.clear()
                self.inner.clear()
        yield from self.unfinished(place)

    def paragraph(self, element: Any, depth: int, place: str) -> Iterator[Block]:
        if not place:
            self.paragraphs += 1
        place = place or f"第{self.paragraphs}段"
        properties = next((child for child in element if _tag(child) == "pPr"), None)
        style, level, listed = _Style(), 0, None
        if properties is not None:
            named = next((_value(child) for child in properties if _tag(child) == "pStyle"), "")
            style = self.style(named)
            level, listed = _paragraph_level(properties), _numbered(properties)
        boxes: list[Any] = []
        pieces, self.begun, begun = self.begun, [], list[tuple[str, bool]]()
        self.runs(element, pieces, boxes, bool(style.bold), 0, place)
        if _joins_next(properties):
            begun, pieces = pieces, []
        text = "".join(piece for piece, _ in pieces)
        if listed is None:
            listed = style.number
        if listed and listed[0] != "0" and text.strip():
            text = self.number(listed) + text
        strong = bool(text.strip()) and all(bold or not piece.strip() for piece, bold in pieces)
        contents = re.match(r"toc ?[1-9]|目录", style.name)
        if text.strip() and not contents:
            yield Paragraph(text.strip(), place, level or style.level, strong)
        for box in boxes:
            self.counts.boxes += 1
            yield from self.blocks(box, depth + 1, f"{place}的文本框")
        self.begun = begun

    def unfinished(self, place: str) -> Iterator[Paragraph]:
        """A paragraph whose end was deleted and that no other goes on."""
        text = "".join(piece for piece, _ in self.begun).strip()
        self.begun = []
        if text:
            yield Paragraph(text, place or f"第{self.paragraphs}段")

    def runs(
        self,
        parent: Any,
        pieces: list[tuple[str, bool]],
        boxes: list[Any],
        bold: bool,
        depth: int,
        place: str,
    ) -> None:
        """The text of a paragraph, a piece a run; deleted text is left out, inserted text is text."""
        if depth > DEEPEST * 2:
            raise self.refused("文件里的内容嵌套太深，没有读")
        for child in parent:
            tag = _tag(child)
            if tag in ("del", "moveFrom", "rPr", "pPr", "instrText", "delText"):
                self.counts.changes += tag in ("del", "moveFrom")
            elif tag in ("ins", "moveTo"):
                self.counts.changes += 1
                self.runs(child, pieces, boxes, bold, depth + 1, place)
            elif tag == "r":
                properties = next((part for part in child if _tag(part) == "rPr"), None)
                own = None if properties is None else _bold(properties)
                if properties is None or not any(_tag(p) == "vanish" for p in properties):
                    self.runs(child, pieces, boxes, bold if own is None else own, depth + 1, place)
            elif tag == "t":
                pieces.append((child.text or "", bold))
            elif tag in ("br", "cr"):
                pieces.append(("\n", bold))
            elif tag in ("tab", "ptab"):
                pieces.append(("\t", bold))
            elif tag == "noBreakHyphen":
                pieces.append(("-", bold))
            elif tag == "AlternateContent":  # the same once more for older versions of Word
                self.runs(next(iter(child), ()), pieces, boxes, bold, depth + 1, place)
            elif tag == "txbxContent":
                boxes.append(child)
            elif tag in ("footnoteReference", "endnoteReference"):
                self.note(child, place)
            elif tag == "commentReference":
                self.counts.comments += 1
            elif tag in ("blip", "imagedata"):
                self.counts.pictures += 1
            elif tag in ("OLEObject", "altChunk"):
                self.counts.objects += 1
            elif isinstance(child.tag, str):
                self.runs(child, pieces, boxes, bold, depth + 1, place)

    def table(self, element: Any, depth: int) -> Table:
        self.tables += 1
        number = self.tables
        place = f"第{number}张表"
        rows: list[tuple[Cell | None, ...]] = []
        above: dict[int, Cell] = {}
        for r, row in enumerate(_rows(element), 1):
            cells: list[Cell | None] = []
            below: dict[int, Cell] = {}
            cells += [None] * _before(row)
            for found in _cells(row):
                span, merged = _spans(found)
                self.cells += span
                if self.cells > MOST_CELLS or len(cells) + span > MOST_COLUMNS:
                    raise self.refused(TOO_LARGE)
                at = len(cells)
                cell = above.get(at) if merged == "continue" else None
                if cell is None:
                    where = f"{place}第{r}行"
                    inside = list(self.blocks(found, depth + 1, where))
                    # A report that was written into a frame, or into the cell of a form.
                    text = sum(map(_is_chapter, inside)) > 1
                    self.inner += [part for part in inside if text or isinstance(part, Table)]
                    texts = [part.text for part in inside if isinstance(part, Paragraph)]
                    texts += [
                        part.text
                        for table in inside
                        if isinstance(table, Table)
                        for line in table.rows
                        for part in dict.fromkeys(line)
                        if part
                    ]
                    cell = Cell("\n".join(texts), where)
                if merged:
                    below[at] = cell
                cells += [cell] * span
            above = below
            rows.append(tuple(cells))
        width = max((len(row) for row in rows), default=0)
        return Table(tuple(row + (None,) * (width - len(row)) for row in rows), place)


def _parsed(content: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    return etree.fromstring(content, parser)


def _tag(element: Any) -> str:
    # Strict and transitional files differ in their namespaces alone.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: Any, name: str) -> str:
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")


def _value(element: Any) -> str:
    return _attribute(element, "val")


def _whole(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 0


def _on(element: Any) -> bool:
    return _value(element) not in ("0", "false", "off")


def _bold(properties: Any) -> bool | None:
    return next((_on(child) for child in properties if _tag(child) == "b"), None)


def _paragraph_level(properties: Any) -> int:
    """The outline level that a paragraph has, 1 to 9; 0 for body text."""
    level = next((_value(child) for child in properties if _tag(child) == "outlineLvl"), "")
    return _whole(level) + 1 if re.fullmatch("[0-8]", level) else 0


def _joins_next(properties: Any) -> bool:
    """Whether the end of a paragraph was deleted with changes tracked: the next one goes on in it."""
    parts = properties if properties is not None else ()
    return any(_tag(one) == "del" for part in parts if _tag(part) == "rPr" for one in part)


def _numbered(properties: Any) -> tuple[str, int] | None:
    """The list that a paragraph belongs to and its level in it."""
    for child in properties:
        if _tag(child) == "numPr":
            found = {_tag(part): _value(part) for part in child}
            if "numId" in found:
                return found["numId"], _whole(found.get("ilvl", "0"))
    return None


def _levels(parent: Any) -> dict[int, _Level]:
    found = {}
    for child in parent:
        if _tag(child) == "lvl":
            values = {_tag(part): _value(part) for part in child}
            found[_whole(_attribute(child, "ilvl"))] = _Level(
                values.get("numFmt", "decimal"),
                values.get("lvlText", ""),
                _whole(values.get("start", "1")),
                values.get("pStyle", ""),
            )
    return found


def _counted(number: int, form: str) -> str:
    if form.startswith(("chinese", "japaneseCounting", "taiwanese", "ideographDigital")):
        return chinese_number(number) if 0 < number < 100 else str(number)
    if form.startswith("decimalEnclosed") and 0 < number <= 20:
        return chr(0x2460 + number - 1)
    if form.endswith("Letter") and 0 < number <= 26:
        return chr((64 if form.startswith("upper") else 96) + number)
    return str(number)


def _is_chapter(block: Block) -> bool:
    return isinstance(block, Paragraph) and re.match("[一二三四五六七八]、", block.text) is not None


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if _tag(child) == "tr":
            properties = next((part for part in child if _tag(part) == "trPr"), ())
            if not any(_tag(part) == "del" for part in properties):
                yield child
        elif _tag(child) in ("sdt", "sdtContent", "customXml"):
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if _tag(child) == "tc":
            properties = next((part for part in child if _tag(part) == "tcPr"), ())
            if not any(_tag(part) == "cellDel" for part in properties):
                yield child
        elif _tag(child) in ("sdt", "sdtContent", "customXml"):
            yield from _cells(child)


def _before(row: Any) -> int:
    """The places that a row leaves empty at its start."""
    for child in row:
        if _tag(child) == "trPr":
            for part in child:
                if _tag(part) == "gridBefore":
                    return min(_whole(_value(part)), MOST_COLUMNS)
    return 0


def _spans(cell: Any) -> tuple[int, str]:
    """The columns of a cell, and whether it begins or continues one that goes down."""
    span, merged = 1, ""
    for child in cell:
        if _tag(child) == "tcPr":
            for part in child:
                if _tag(part) == "gridSpan":
                    span = max(1, min(_whole(_value(part)), MOST_COLUMNS))
                elif _tag(part) == "vMerge":
                    merged = _value(part) or "continue"
    return span, merged
