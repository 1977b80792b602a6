"""nbconvert exporters of an executed report: perfkit-html, perfkit-pdf, perfkit-docx.

All three take the same visible content: the headings and outputs of the
notebook, never its code. HTML puts a page around it; PDF and Word go on from
it through pandoc, to Typst and to docx (see `perfkit.publish.typesetting`).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from traitlets import Bool, default
from traitlets.config import Config

from perfkit.fonts import coded, font_face, unprintable
from perfkit.publish.cells import Cells, Loss, numbered
from perfkit.publish.pictures import Picture
from perfkit.publish.stated import check_converted
from perfkit.publish.typesetting import TEMPLATES
from perfkit.review import view
from perfkit.review.content import template_digest
from perfkit.signs import named, visible

HEADING = re.compile(r"<h([23])\b([^>]*)>(.*?)</h\1>", re.DOTALL)
TABLE = re.compile(r"<(/?)table\b[^>]*>")
CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
OWN_ID = re.compile(r'(\sid="|="url\(#|: url\(#|href="#)')
PICTURE = re.compile(r'(<img\b[^>]*\bsrc=")(data:[^"]+)"')
BOX = re.compile(r'<input\b[^>]*type="checkbox"[^>]*>')
# Chinese has no spaces between words, so a line break in the source is none in the text.
WIDE = r"[\u2014\u2018-\u201d\u2026\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
SOFT_BREAK = re.compile(rf"<pre\b.*?</pre>|(?<={WIDE})\n(?={WIDE})", re.DOTALL)
FIGURE = re.compile(r'<span data-(?:of|checked)="[^"]*">(.*?)</span>', re.DOTALL)
BLOCK = re.compile(r' data-block="[^"]*"(?: data-field="[^"]*")?')
CONTENTS = '<nav class="contents" aria-label="目录">\n<p>目录</p>\n<ul>{}</ul>\n</nav>\n'


class _Exporter(HTMLExporter):
    """The visible content of a notebook, and what it states about itself."""

    # In the package rather than under share/jupyter, so that an editable install,
    # too, always has the current ones.
    extra_template_basedirs = [str(TEMPLATES)]  # noqa: RUF012
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True
    exclude_anchor_links = True
    embed_images = True
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

    @property
    def default_config(self) -> Config:
        config: Config = super().default_config.copy()
        config.merge(
            {
                "TagRemovePreprocessor": {
                    "enabled": True,
                    "remove_cell_tags": {"remove-cell"},
                    "remove_all_outputs_tags": {"remove-output"},
                }
            }
        )
        return config

    def content(
        self, notebook: NotebookNode, resources: Any, **known: Any
    ) -> tuple[str, dict[str, Any], Any]:
        """The rendered template, what the report states about itself, and nbconvert's resources.

        What could not be shown is in the resources, as ``lost``.
        """
        from perfkit.publish.typesetting import mathml

        if warning := check_converted(notebook):
            self.log.warning("这份笔记本没有运行完：%s", warning)
        about = _about(notebook, (resources or {}).get("metadata", {}).get("name", "report"))
        resources = dict(resources or {})
        digest = template_digest(notebook)
        # Where pictures that are named by a path are looked for.
        folders = [Path(resources.get("metadata", {}).get("path") or ".")]
        cells = Cells(notebook, self.review, self.chart, self.drawing, folders, self.apart)
        resources["perfkit"] = {
            **about,
            "review": self.review,
            "template": digest,
            # A function: nbconvert copies all else that is in the resources.
            "shown": lambda cell: cells.shown(cell),
            **known,
        }
        notebook = NotebookNode({**notebook, "cells": numbered(notebook.cells)})
        # Not HTMLExporter's own, which parses the page again to put in what ours has already.
        content, resources = TemplateExporter.from_notebook_node(self, notebook, resources)
        content = SOFT_BREAK.sub(lambda found: found[0].strip("\n"), content)
        content = cells.with_formulas(content, mathml)
        content = visible(content)
        if missing := unprintable(content, self.bundled_fonts):
            signs = "、".join(map(named, sorted(missing)))
            cells.losses.append(Loss(0, "", f"没有字体能印{signs}，印作编码"))
        content = coded(content, self.bundled_fonts)
        # The report can't know the template that shows it; so the colophon's last word is here.
        content = content.replace("<!--template-->", f"模板 SHA-256 {digest}；")
        if not self.review:
            content = BLOCK.sub("", FIGURE.sub(r"\1", content))
        resources["lost"] = cells.losses
        return content, about, resources

    def chart(self, svg: str, alternative: str, caption: str) -> str:
        """The HTML of a drawing that is an output."""
        raise NotImplementedError

    def drawing(self, svg: str, alternative: str) -> str:
        """The HTML of a drawing in a text."""
        return _embedded(svg, alternative)


def _embedded(svg: str, alternative: str) -> str:
    return f'<img src="{Picture(svg.encode(), "svg").address}" alt="{html.escape(alternative)}">'


def _about(notebook: NotebookNode, name: str) -> dict[str, Any]:
    """Title, department, year and date of the report, as its title cell states them."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    stated = (output.get("metadata", {}).get("perfkit") for output in outputs)
    fallback = {"title": name, "department": "", "year": None, "date": None}
    return fallback | dict(next((found for found in stated if found), {}))


class HtmlReport(_Exporter):
    """``perfkit-html``: one self-contained page that asks nothing of any network."""

    export_from_notebook = "perfkit HTML"

    @default("review")
    def _review_default(self) -> bool:
        # Off, the page is the report as it is published, without a script.
        return True

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **_: Any
    ) -> tuple[str, Any]:
        """The page of an executed report."""
        css = _template("page.css")
        if self.review:
            css += view.style()
        script = view.script() if self.review else ""
        self._drawings = 0
        # The script itself is put in last, so that no sign of it is replaced.
        place = "/*script*/" if self.review else ""
        page, _about, resources = self.content(
            nb, resources, css=css, script=place, policy=_policy(script)
        )
        for loss in resources["lost"]:
            self.log.warning("%s", loss)
        page = page.replace("<!--lost-->", _lost(resources["lost"]) if self.review else "")
        page = _with_contents(_scrolling(page))
        if self.review:
            page = page.replace(place, script, 1)
        return page.replace("/*font*/", font_face(page, self.bundled_fonts), 1), resources

    def chart(self, svg: str, alternative: str, caption: str) -> str:
        """The drawing itself, so that its text is the page's; its caption below it."""
        label = html.escape(caption or "图")
        below = f"<figcaption>{html.escape(caption)}</figcaption>\n" if caption else ""
        return (
            '<figure class="chart">\n<div class="drawing" tabindex="0" role="group" '
            f'aria-label="{label}">{self.drawing(svg, alternative)}</div>\n{below}</figure>\n'
        )

    def drawing(self, svg: str, alternative: str) -> str:
        """The drawing itself; as a picture if its styles would reach the page's other parts."""
        if "<style" in svg or not svg.startswith("<svg"):
            return _embedded(svg, alternative)
        self._drawings += 1
        return _own_ids(svg, f"drawing-{self._drawings}-")


def _policy(script: str) -> str:
    """What the page may do: run its own script alone, and fetch nothing."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = f"script-src 'sha256-{digest}'; connect-src 'self'; " if script else ""
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
def _template(name: str) -> str:
    return (TEMPLATES / "perfkit" / name).read_text(encoding="utf-8")


def _own_ids(svg: str, prefix: str) -> str:
    """The drawing with ids that no other on the page has; hatches are named alike in all."""
    return re.sub(r"<[^>]*>", lambda tag: OWN_ID.sub(rf"\g<1>{prefix}", tag[0]), svg)


def _scrolling(page: str) -> str:
    """A wide table scrolls in a region of its own, which the keyboard reaches too."""
    kept, depth, start, last = [], 0, 0, 0
    for tag in TABLE.finditer(page):
        depth += -1 if tag[1] else 1
        if not tag[1] and depth == 1:
            start = tag.start()
        elif tag[1] and depth == 0:
            kept += [page[last:start], _region(page[start : tag.end()])]
            last = tag.end()
    return "".join(kept) + page[last:]


def _region(table: str) -> str:
    caption = CAPTION.search(table)
    label = html.unescape(re.sub("<[^>]*>", "", caption[1])).strip() if caption else "表格"
    region = f'tabindex="0" role="region" aria-label="{html.escape(label)}"'
    return f'<div class="scroll" {region}>{table}</div>'


def _with_contents(page: str) -> str:
    """The page with 目录: links to the chapters and their sections, which get an id each."""
    chapters: list[tuple[str, list[str]]] = []
    linked = {html.unescape(unquote(target)) for target in re.findall(r'href="#([^"]+)"', page)}

    def numbered(heading: re.Match[str]) -> str:
        level, attributes, words = heading.groups()
        if "class=" in attributes:
            return heading[0]
        if level == "2":
            chapters.append(("", []))
        name = f"chapter-{len(chapters)}"
        if level == "3" and chapters:
            name += f".{len(chapters[-1][1]) + 1}"
        link = f'<a href="#{name}">{re.sub("<[^>]*>", "", words)}</a>'
        if level == "2":
            chapters[-1] = (link, [])
        elif chapters:
            chapters[-1][1].append(f"<li>{link}</li>")
        # A link of the analyst's leads to a heading by the name that JupyterLab gives it.
        known = re.search(r'id="([^"]*)"', attributes)
        own = html.unescape(known[1]) if known else _heading_name(words)
        mark = f'<span id="{html.escape(own)}"></span>' if own in linked else ""
        return f'<h{level} id="{name}">{mark}{words}</h{level}>'

    page = HEADING.sub(numbered, page)
    items = [
        f"<li>{link}<ul>{''.join(sections)}</ul></li>" if sections else f"<li>{link}</li>"
        for link, sections in chapters
    ]
    contents = CONTENTS.format("".join(items)) if items else ""
    # After the title, and what the link for skipping it leads to.
    start = '<div id="text" tabindex="-1"></div>\n'
    first = re.search(r'(?:<div class="review">\s*)?<h2 ', page)
    at = first.start() if first else page.index(">", page.index("<main")) + 1
    return f"{page[:at]}{contents}{start}{page[at:]}"


def _heading_name(words: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", words)).strip().replace(" ", "-")


class _Document(_Exporter):
    """What PDF and Word have in common: the content as plain HTML, the pictures beside it."""

    template_file = "content.j2"
    apart = True

    def document(self, notebook: NotebookNode, resources: Any) -> tuple[Any, Any]:
        """The content for typesetting, and nbconvert's resources."""
        from perfkit.publish.typesetting import Document

        pictures: dict[str, bytes] = {}

        def beside(image: re.Match[str]) -> str:
            head, _, content = image[2].partition(",")
            kind = head.removeprefix("data:image/").removesuffix(";base64").partition("+")[0]
            name = f"picture-{len(pictures) + 1}.{kind}"
            pictures[name] = base64.b64decode(content)
            return f'{image[1]}{name}"'

        content, about, resources = self.content(notebook, resources)
        content = PICTURE.sub(beside, content)
        # pandoc takes a list with boxes to tick for paragraphs.
        content = BOX.sub(lambda box: "☑ " if " checked" in box[0] else "☐ ", content)
        return Document(content, pictures, about, self.bundled_fonts), resources

    def chart(self, svg: str, alternative: str, caption: str) -> str:
        """The drawing as a picture."""
        caption = html.escape(caption)
        shown = self.drawing(svg, alternative)
        return f'<figure class="chart">{shown}<figcaption>{caption}</figcaption></figure>\n'

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
