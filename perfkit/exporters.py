"""nbconvert exporters of an executed report: perfkit-html, perfkit-pdf, perfkit-docx.

All three take the same visible content: the headings and outputs of the
notebook, never its code. HTML puts a page around it; PDF and Word go on from
it through pandoc, to Typst and to docx (see `perfkit.typesetting`).
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any
from urllib.request import urlopen

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from traitlets import Bool, default
from traitlets.config import Config

from perfkit.display import TEMPLATES
from perfkit.fonts import font_face
from perfkit.reviews import template_digest

HEADING = re.compile(r"<h([23])\b([^>]*)>(.*?)</h\1>", re.DOTALL)
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
OWN_ID = re.compile(r'(\sid="|="url\(#|: url\(#|href="#)')
IMAGE = re.compile(r"<img\b[^>]*>")
PICTURE = re.compile(r"""\bsrc\s*=\s*["']?(data:[^"'\s>]+)["']?""")
ALTERNATIVE = re.compile(r"""\balt\s*=\s*(["'])(.*?)\1""", re.DOTALL)
# Chinese has no spaces between words, so a line break in the source is none in the text.
WIDE = r"[\u2014\u2018-\u201d\u2026\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
SOFT_BREAK = re.compile(rf"<pre\b.*?</pre>|(?<={WIDE})\n(?={WIDE})", re.DOTALL)
FIGURE = re.compile(r'<span data-(?:of|checked)="[^"]*">(.*?)</span>', re.DOTALL)
BLOCK = re.compile(r' data-block="[^"]*"(?: data-field="[^"]*")?')
SCRIPTS = ("anchor.js", "record.js", "view.js")
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
        """The rendered template, what the report states about itself, and nbconvert's resources."""
        about = _about(notebook, (resources or {}).get("metadata", {}).get("name", "report"))
        resources = dict(resources or {})
        digest = template_digest(notebook)
        resources["perfkit"] = {**about, "review": self.review, "template": digest, **known}
        # Not HTMLExporter's own, which parses the page again to put in what ours has already.
        content, resources = TemplateExporter.from_notebook_node(self, notebook, resources)
        content = SOFT_BREAK.sub(lambda found: found[0].strip("\n"), content)
        content = IMAGE.sub(_own_image, content)
        # The report can't know the template that shows it; so the colophon's last word is here.
        content = content.replace("<!--template-->", f"模板 SHA-256 {digest}；")
        if not self.review:
            content = BLOCK.sub("", FIGURE.sub(r"\1", content))
        return content, about, resources


def _about(notebook: NotebookNode, name: str) -> dict[str, Any]:
    """Title, department, year and date of the report, as its title cell states them."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    stated = (output.get("metadata", {}).get("perfkit") for output in outputs)
    fallback = {"title": name, "department": "", "year": None, "date": None}
    return fallback | dict(next((found for found in stated if found), {}))


def _own_image(image: re.Match[str]) -> str:
    """The image if the notebook holds it, else its alternative text: nothing is fetched."""
    if PICTURE.search(image[0]):
        return image[0]
    alternative = ALTERNATIVE.search(image[0])
    return alternative[2] if alternative else ""


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
            css += _template("review/review.css")
        drawings: list[str] = []

        def picture(svg: str) -> str:
            drawings.append(svg)
            return _own_ids(svg, f"drawing-{len(drawings)}-")

        page, _about, resources = self.content(nb, resources, css=css, picture=picture)
        page = _with_contents(TABLE.sub(_scrolling, page))
        if self.review:
            page = page.replace("/*script*/", _review_script(), 1)
        return page.replace("/*font*/", font_face(page), 1), resources


@cache
def _template(name: str) -> str:
    return (TEMPLATES / "perfkit" / name).read_text(encoding="utf-8")


@cache
def _review_script() -> str:
    return '"use strict";\n' + "".join(_template(f"review/{name}") for name in SCRIPTS)


def _own_ids(svg: str, prefix: str) -> str:
    """The drawing with ids that no other on the page has; hatches are named alike in all."""
    return re.sub(r"<[^>]*>", lambda tag: OWN_ID.sub(rf"\g<1>{prefix}", tag[0]), svg)


def _scrolling(table: re.Match[str]) -> str:
    """A wide table scrolls in a region of its own, which the keyboard reaches too."""
    caption = re.search(r"<caption>(.*?)</caption>", table[0], re.DOTALL)
    label = html.unescape(re.sub("<[^>]*>", "", caption[1])).strip() if caption else "表格"
    region = f'tabindex="0" role="region" aria-label="{html.escape(label)}"'
    return f'<div class="scroll" {region}>{table[0]}</div>'


def _with_contents(page: str) -> str:
    """The page with 目录: links to the chapters and their sections, which get an id each."""
    chapters: list[tuple[str, list[str]]] = []

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
        return f'<h{level} id="{name}">{words}</h{level}>'

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


class _Document(_Exporter):
    """What PDF and Word have in common: the content as plain HTML, the pictures beside it."""

    template_file = "document.html.j2"
    bundled_fonts = Bool(
        False, help="Use only the fonts that come with perfkit, for the same pages everywhere."
    ).tag(config=True)

    def document(self, notebook: NotebookNode, resources: Any) -> tuple[Any, Any]:
        """The content for typesetting, and nbconvert's resources."""
        from perfkit.typesetting import Document

        pictures: dict[str, bytes] = {}

        def beside(source: re.Match[str]) -> str:
            with urlopen(source[1]) as data:  # its own content: the address is a data: one
                kind = data.headers.get_content_subtype().partition("+")[0]
                name = f"picture-{len(pictures) + 1}.{kind}"
                pictures[name] = data.read()
            return f'src="{name}"'

        content, about, resources = self.content(notebook, resources)
        content = IMAGE.sub(lambda image: PICTURE.sub(beside, image[0]), content)
        return Document(content, pictures, about, self.bundled_fonts), resources


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
        from perfkit.typesetting import typeset

        document, resources = self.document(nb, resources)
        resources["output_extension"] = ".pdf"
        return typeset(document, ["pdf"])["pdf"], resources


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
        from perfkit.typesetting import typeset

        document, resources = self.document(nb, resources)
        resources["output_extension"] = ".docx"
        return typeset(document, ["docx"])["docx"], resources
