"""nbconvert exporters of an executed report: perfkit-html, perfkit-pdf, perfkit-docx.

All three take the same visible content: the headings and outputs of the
notebook, never its code. HTML puts a page around it; PDF and Word go on from
it through pandoc, to Typst and to docx (see `perfkit.publish.typesetting`).
"""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Template
from lxml.etree import Comment, SubElement, strip_elements, strip_tags
from markupsafe import Markup
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from traitlets import Bool, default
from traitlets.config import Config

from perfkit.fonts import coded, font_face, unprintable
from perfkit.pages import environment, own_script
from perfkit.publish.cells import Cells, Loss, numbered
from perfkit.publish.markup import SVG, elements, own_ids, parsed, put, written
from perfkit.publish.pictures import Picture, drawn
from perfkit.publish.stated import check_converted
from perfkit.publish.typesetting import TEMPLATES
from perfkit.report.display import PARTS
from perfkit.review import view
from perfkit.review.content import HELP, template_digest
from perfkit.signs import named, visible

# Chinese has no spaces between words, so a line break in the source is none in the text.
WIDE = r"[\u2014\u2018-\u201d\u2026\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
SOFT_BREAK = re.compile(rf"(?<={WIDE})\n(?={WIDE})")
BROKEN = ".//text()[contains(., '\n') and normalize-space() and not(ancestor::pre)]"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
OF_REVIEW = ("data-block", "data-field")
CONTENTS = '<nav class="contents" aria-label="目录">\n<p>目录</p>\n<ul></ul>\n</nav>'
START = '<div id="text" tabindex="-1"></div>'


class _Exporter(TemplateExporter):
    """The visible content of a notebook, and what it states about itself."""

    # In the package rather than under share/jupyter, so that an editable install,
    # too, always has the current ones.
    extra_template_basedirs = [str(TEMPLATES)]  # noqa: RUF012
    template_file = "content.j2"
    # Validated once, not after each of a dozen preprocessors.
    optimistic_validation = True
    # Whether the content must be told apart by cells: see typesetting.py.
    apart = False
    bundled_fonts = Bool(
        False, help="Use only the fonts that come with perfkit, for the same pages everywhere."
    ).tag(config=True)
    review = Bool(False, help="Show the findings, and take remarks.").tag(config=True)

    @default("template_name")
    def _template_name_default(self) -> str:
        return "perfkit"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @property
    def default_config(self) -> Config:
        config: Config = super().default_config.copy()
        config.merge(
            {
                "TagRemovePreprocessor": {
                    "enabled": True,
                    "remove_cell_tags": {"remove-cell", HELP},
                    "remove_all_outputs_tags": {"remove-output"},
                }
            }
        )
        return config

    def content(self, notebook: NotebookNode, resources: Any) -> tuple[Any, dict[str, Any], Any]:
        """What a reader sees, as a tree; what the report states about itself; nbconvert's resources.

        What could not be shown is in the resources, as ``lost``.
        """
        from perfkit.publish.typesetting import mathml

        if warning := check_converted(notebook):
            self.log.warning("这份笔记本没有运行完：%s", warning)
        about = _about(notebook, (resources or {}).get("metadata", {}).get("name", "report"))
        if about["record"]:
            about["record"] += f"；模板 SHA-256 {template_digest(notebook)}"
        resources = dict(resources or {})
        # Where pictures that are named by a path are looked for.
        folders = [Path(resources.get("metadata", {}).get("path") or ".")]
        cells = Cells(notebook, self.review, self.chart, self.drawing, folders, self.apart)
        # A function: nbconvert copies all else that is in the resources.
        resources["shown"] = lambda cell: cells.shown(cell)
        numbers = NotebookNode({**notebook, "cells": numbered(notebook.cells)})
        text, resources = TemplateExporter.from_notebook_node(self, numbers, resources)
        content = parsed(text)
        _join_lines(content)
        cells.with_formulas(content, mathml)
        if not self.review:
            _without_review(content)
        resources["lost"] = cells.losses
        return content, about, resources

    def printed(self, content: Any, template: str, losses: list[Loss]) -> str:
        """The content as HTML that names its *template*, of signs that can be printed."""
        text = visible(written(content))
        if missing := unprintable(text, self.bundled_fonts):
            signs = "、".join(map(named, sorted(missing)))
            losses.append(Loss(0, "", f"没有字体能印{signs}，印作编码"))
        text = coded(text, self.bundled_fonts)
        # The report can't know the template that shows it; so the colophon's last word is here.
        return text.replace("<!--template-->", f"；模板 SHA-256 {template}")

    def chart(self, drawing: Any, alternative: str, caption: str) -> str:
        """The HTML of a drawing that is an output."""
        raise NotImplementedError

    def drawing(self, drawing: Any, alternative: str) -> str:
        """The HTML of a drawing in a text."""
        return f'<img src="{drawn(drawing).address}" alt="{html.escape(alternative)}">'


def _join_lines(content: Any) -> None:
    """Takes out the line breaks between wide characters, in a text and at its elements."""
    for text in content.xpath(BROKEN):
        element = text.getparent()
        follows = element.getnext() if text.is_tail else next(iter(element), None)
        before = _text_of(element)[-1:] if text.is_tail else ""
        after = _text_of(follows)[:1]
        joined = SOFT_BREAK.sub("", before + text + after)
        place = "tail" if text.is_tail else "text"
        setattr(element, place, joined[len(before) : len(joined) - len(after)])


def _text_of(element: Any) -> str:
    """The text in an element; a comment, in whose place a drawing comes, has none."""
    return "" if element is None or element.tag is Comment else element.text_content()


def _without_review(content: Any) -> None:
    """Takes out what only the review view needs."""
    for element in content.xpath(".//*[@data-block]"):
        for name in OF_REVIEW:
            element.attrib.pop(name, None)
    for figure in content.xpath(".//span[@data-of or @data-checked]"):
        figure.tag = "figure-of-review"
    strip_tags(content, "figure-of-review")


def _about(notebook: NotebookNode, name: str) -> dict[str, Any]:
    """Title, department, year and date of the report, as its title cell states them."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    stated = (output.get("metadata", {}).get("perfkit") for output in outputs)
    fallback = {"title": name, "department": "", "year": None, "date": None, "record": ""}
    return fallback | dict(next((found for found in stated if found), {}))


class HtmlReport(_Exporter):
    """``perfkit-html``: one self-contained page that asks nothing of any network."""

    export_from_notebook = "perfkit HTML"
    output_mimetype = "text/html"

    @default("review")
    def _review_default(self) -> bool:
        # Off, the page is the report as it is published, without a script.
        return True

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **_: Any
    ) -> tuple[str, Any]:
        """The page of an executed report."""
        self._drawings: dict[str, Any] = {}
        content, about, resources = self.content(nb, resources)
        for place in list(content.iter(Comment)):
            if place.text in self._drawings:
                put(place, self._drawings[place.text])
        _with_regions(content)
        _with_contents(content)
        template = template_digest(nb)
        text = self.printed(content, template, resources["lost"])
        for loss in resources["lost"]:
            self.log.warning("%s", loss)
        css, script = _text("page.css").replace("/*parts*/\n", PARTS, 1), ""
        if self.review:
            css, script = css + view.style(), view.script()
            text += visible(_lost(resources["lost"]))
        page = _page().render(
            title=about["title"],
            record=about["record"],
            name=resources["metadata"]["name"],
            template=template,
            policy=Markup(_policy(script)),
            css=Markup(css),
            content=Markup(text),
            words=view.words(),
            script=Markup(script),
        )
        return page.replace("/*font*/", font_face(page, self.bundled_fonts), 1), resources

    def chart(self, drawing: Any, alternative: str, caption: str) -> str:
        """The drawing itself, so that its text is the page's; its caption below it."""
        label = html.escape(caption or "图")
        below = f"<figcaption>{html.escape(caption)}</figcaption>\n" if caption else ""
        return (
            '<figure class="chart">\n<div class="drawing" tabindex="0" role="group" '
            f'aria-label="{label}">{self.drawing(drawing, alternative)}</div>\n{below}</figure>\n'
        )

    def drawing(self, drawing: Any, alternative: str) -> str:
        """The drawing itself; as a picture if its styles would reach the page's other parts."""
        if drawing.find(f".//{SVG}style") is not None:
            return super().drawing(drawing, alternative)
        name = f"drawing-{len(self._drawings) + 1}"
        self._drawings[name] = own_ids(drawing, f"{name}-")
        # HTML has no case: the drawing is put in where this is.
        return f"<!--{name}-->"


def _policy(script: str) -> str:
    """What the page may do: run its own script alone, and fetch nothing."""
    own = f"script-src {own_script(script)}; connect-src 'self'; " if script else ""
    return (
        f"default-src 'none'; {own}style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _lost(losses: Sequence[Loss]) -> str:
    """没有印出的内容: for reviewers, what the report doesn't show."""
    if not losses:
        return ""
    items = "".join(f'<li class="lost">{html.escape(str(loss))}</li>\n' for loss in losses)
    return f'<div class="review">\n<h2>没有印出的内容</h2>\n<ul>\n{items}</ul>\n</div>\n'


@cache
def _text(name: str) -> str:
    return (TEMPLATES / "perfkit" / name).read_text(encoding="utf-8")


@cache
def _page() -> Template:
    return environment(TEMPLATES / "perfkit").get_template("page.html")


def _with_regions(content: Any) -> None:
    """A wide table scrolls in a region of its own, which the keyboard reaches too."""
    for table in content.xpath(".//table[not(ancestor::table)]"):
        caption = table.find(".//caption")
        label = "" if caption is None else caption.text_content().strip()
        attributes = {"class": "scroll", "tabindex": "0", "role": "region"}
        region = table.makeelement("div", attributes)
        region.set("aria-label", label or "表格")
        put(table, region)
        region.append(table)


def _with_contents(content: Any) -> None:
    """目录: links to the chapters and their sections, which get an id each."""
    links = (link.get("href", "") for link in content.iter("a"))
    linked = {unquote(link[1:]) for link in links if link.startswith("#")}
    contents, start = parsed(CONTENTS)[0], parsed(START)[0]
    listed = contents.find("ul")
    chapter = section = 0
    for heading in content.iter("h2", "h3"):
        if "class" in heading.attrib:
            continue
        if heading.tag == "h2":
            chapter, section = chapter + 1, 0
            name, within = f"chapter-{chapter}", listed
        elif chapter:
            section += 1
            name, within = f"chapter-{chapter}.{section}", _sections(listed[-1])
        else:
            name, within = "chapter-0", None
        if within is not None:
            SubElement(within, "li").append(_link(heading, name))
        # A link of the analyst's leads to a heading by the name that JupyterLab gives it.
        own = heading.get("id") or heading.text_content().strip().replace(" ", "-")
        heading.attrib.clear()
        heading.set("id", name)
        if own in linked:
            mark = heading.makeelement("span", id=own)
            mark.tail, heading.text = heading.text, None
            heading.insert(0, mark)
    # After the title, and what the link for skipping it leads to.
    added = [contents, start] if len(listed) else [start]
    first = next(content.iter("h2"), None)
    while first is not None and first.getparent() is not content:
        first = first.getparent()
    at = 0 if first is None else content.index(first)
    for element in reversed(added):
        element.tail = "\n"
        content.insert(at, element)
    if at == 0:
        start.tail += content.text or ""
        content.text = None


def _sections(chapter: Any) -> Any:
    found = chapter.find("ul")
    return SubElement(chapter, "ul") if found is None else found


def _link(heading: Any, name: str) -> Any:
    """The words of a heading as a link to it; formulas stay formulas."""
    link = copy.deepcopy(heading)
    link.tag, link.tail = "a", None
    link.attrib.clear()
    link.set("href", f"#{name}")
    strip_elements(link, f"{SVG}svg", with_tail=False)
    plain = {one.tag for one in elements(link) if one is not link and one.tag[0] != "{"}
    strip_tags(link, *plain)
    return link


class _Document(_Exporter):
    """What PDF and Word have in common: the content as plain HTML, the pictures beside it."""

    apart = True

    def document(self, notebook: NotebookNode, resources: Any) -> tuple[Any, Any]:
        """The content for typesetting, and nbconvert's resources."""
        from perfkit.publish.typesetting import Document

        content, about, resources = self.content(notebook, resources)
        pictures: dict[str, bytes] = {}
        for image in content.iter("img"):
            if image.get("src", "").startswith("data:"):
                picture = Picture.of(image.get("src"))
                name = f"picture-{len(pictures) + 1}.{picture.kind}"
                pictures[name] = picture.content
                image.set("src", name)
        for box in content.xpath(".//input[@type='checkbox']"):
            # pandoc takes a list with boxes to tick for paragraphs.
            box.tail = ("☑ " if "checked" in box.attrib else "☐ ") + (box.tail or "")
            box.tag = "box"
        strip_elements(content, "box", with_tail=False)
        for cell in content.xpath("div[@data-cell]"):
            # Headings alone belong to what follows.
            texts = [cell.text, *(one.tail for one in cell)]
            if all(one.tag in HEADINGS for one in cell) and not any(
                map(str.strip, filter(None, texts))
            ):
                cell.drop_tag()
        text = self.printed(content, template_digest(notebook), resources["lost"])
        return Document(text, pictures, about, self.bundled_fonts), resources

    def chart(self, drawing: Any, alternative: str, caption: str) -> str:
        """The drawing as a picture."""
        shown = self.drawing(drawing, alternative)
        below = f"<figcaption>{html.escape(caption)}</figcaption>"
        return f'<figure class="chart">{shown}{below}</figure>\n'

    def made(self, form: str, notebook: NotebookNode, resources: Any) -> tuple[bytes, Any]:
        """The notebook in *form*, ``pdf`` or ``docx``; what it doesn't show is logged."""
        from perfkit.publish.typesetting import typeset

        document, resources = self.document(notebook, resources)
        documents, unprinted = typeset(document, [form])
        resources["lost"] += unprinted
        for loss in resources["lost"]:
            self.log.warning("%s", loss)
        resources["output_extension"] = f".{form}"
        return documents[form], resources


class PdfReport(_Document):
    """``perfkit-pdf``: the page form of GB/T 9704, PDF/A, with bookmarks."""

    export_from_notebook = "perfkit PDF"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **_: Any
    ) -> tuple[bytes, Any]:
        """The PDF of an executed report."""
        return self.made("pdf", nb, resources)


class DocxReport(_Document):
    """``perfkit-docx``: the same page form as a Word document."""

    export_from_notebook = "perfkit Word"
    output_mimetype = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".docx"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **_: Any
    ) -> tuple[bytes, Any]:
        """The Word document of an executed report."""
        return self.made("docx", nb, resources)
