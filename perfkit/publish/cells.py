"""What each cell of an executed notebook shows: its Markdown and outputs as HTML, never its code.

Whatever an analyst adds to the template comes out in every format, or is named:
in its place, in the review view, and on the terminal.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree
from mistune.plugins import import_plugin
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from perfkit.publish.markup import parsed, put, words
from perfkit.publish.offline import interactive, offline
from perfkit.publish.pictures import NotShown, Picture, decoded, named_picture, picture_of, safe_svg
from perfkit.report.display import IDENTITY, unstyled

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff")
RICHEST = (WIDGET, "text/html", "text/markdown", "image/svg+xml", "text/latex", *PICTURES,
           "application/json")  # fmt: skip
"""The forms of an output in the order of preference; plain text comes after them."""
NAMES = {"audio": "音频", "video": "视频", "pdf": "PDF 文件", "javascript": "脚本"}
"""What a form of an output that can't be printed is called, by a word of its media type."""

# What matplotlib's calls return; beside the figure itself nobody wants to read it.
DRAWN = re.compile(
    r"<(?:matplotlib|seaborn|mpl_toolkits|pandas\.plotting)\.|<\w*Axes\b|<\w*Container object of"
    r"|<Figure size|\bText\([\d.\-]"
)
OBJECT = re.compile(r"<[\w.]+(?: object)?(?: at 0x[0-9a-fA-F]+)?>|alt\.\w*Chart\(.*", re.DOTALL)
CONTROL = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\r\n])|\r")
FORMULA = re.compile(
    r"\$\$(?P<a>.+?)\$\$|\\\[(?P<b>.+?)\\\]|\$(?P<c>.+?)\$|\\\((?P<d>.+?)\\\)"
    r"|(?P<e>\\begin\{(?P<name>[a-z]+\*?)\}.+?\\end\{(?P=name)\})",
    re.DOTALL,
)
WHOLE = re.compile(r"\\begin\{(equation\*?|displaymath|math)\}(.*)\\end\{\1\}", re.DOTALL)
NOT_FORMULAS = ("tabular", "table", "itemize", "enumerate", "figure", "document", "center")


@dataclass(frozen=True)
class Loss:
    """What a report doesn't show: the template's cell, counted from 1, its first line, and why."""

    cell: int
    line: str
    reason: str

    def __str__(self) -> str:
        where = f"第 {self.cell} 格" if self.cell else "报告"
        return f"{where}“{self.line}”：{self.reason}" if self.line else f"{where}：{self.reason}"


class Cells:
    """The cells of one notebook; `losses` are told as they come up.

    Args:
        notebook: executed.
        review: whether what is for reviewers is shown: review cells, warnings, tracebacks.
        chart: the HTML of a drawing in an output, from SVG, alternative text and caption.
        drawing: the HTML of a drawing in a text, from SVG and alternative text.
        folders: where pictures that are named by a path are looked for.
        apart: whether each cell of the analyst's is in a division with its number.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        review: bool,
        chart: Callable[[Any, str, str], str],
        drawing: Callable[[Any, str], str],
        folders: Sequence[Path] = (),
        apart: bool = False,
    ) -> None:
        self.losses: list[Loss] = []
        self._review, self._chart, self._drawing, self._folders = review, chart, drawing, folders
        state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {})
        self._widgets: Mapping[str, Any] = state.get("state", {})
        self._apart = apart
        self._number, self._line = 0, ""
        self._attachments: Mapping[str, Mapping[str, str]] = {}
        self._marks = self._texts = 0
        self._formulas: dict[str, tuple[str, bool, int, str]] = {}

    def shown(self, cell: NotebookNode) -> str:
        """The HTML of a cell; empty if it shows nothing."""
        for_review = "review" in cell.metadata.get("tags", [])
        if for_review and not self._review:
            return ""
        self._number = cell.metadata.get("perfkit-cell", 0)
        self._line = next((line for line in cell.source.splitlines() if line.strip()), "")[:40]
        self._attachments = cell.get("attachments", {})
        if cell.cell_type == "markdown":
            found = f"\n{self._markdown(cell.source)}\n"
        elif cell.cell_type == "code":
            found = "".join(self._outputs(cell.get("outputs", [])))
        else:
            return ""
        own = any(
            not {"perfkit", IDENTITY}.isdisjoint(output.get("metadata", {}))
            for output in cell.get("outputs", [])
        )
        if self._apart and not own and found.strip():
            found = f'<div data-cell="{self._number}">\n{found}</div>\n'
        return f'<div class="review">\n{found}</div>\n' if for_review and found.strip() else found

    def lose(self, what: str, why: str = "") -> str:
        """Note what is not shown, and why; the mark for its place."""
        self._marks += 1
        loss = Loss(self._number, self._line, f"{what}：{why}" if why else what)
        if loss not in self.losses:
            self.losses.append(loss)
        return f'<span class="lost">〔{html.escape(what)}〕</span>'

    def _offline(self, text: str) -> str:
        return offline(text, self._picture, self._drawing, self._formula, self.lose)

    def _picture(self, source: str) -> Picture:
        return named_picture(source, self._attachments, self._folders)

    def _markdown(self, text: str) -> str:
        plugins = [import_plugin(name) for name in (*MarkdownWithMath.DEFAULT_PLUGINS, "footnotes")]
        renderer = _Renderer(escape=False, exclude_anchor_links=True)
        self._texts += 1
        renderer.lose, renderer.formula, renderer.number = self.lose, self._formula, self._texts
        return self._offline(MarkdownWithMath(renderer, plugins=plugins).render(text))

    def _formula(self, source: str, display: str) -> str:
        """The mark of a formula, ``inline`` or ``display``: `with_formulas` puts it in."""
        if not source.strip():
            return ""
        whole = WHOLE.fullmatch(source.strip())
        source = whole[2] if whole else source.strip().removeprefix("\\displaystyle")
        source = source.strip()
        key = str(len(self._formulas))
        self._formulas[key] = (source, display == "display", self._number, self._line)
        return f'<code data-formula="{key}">{html.escape(source)}</code>'

    def _outputs(self, outputs: Sequence[NotebookNode]) -> list[str]:
        drawn = any(
            kind.startswith("image/") for output in outputs for kind in output.get("data", {})
        )
        return [self._output(output, drawn) for output in outputs]

    def _output(self, output: NotebookNode, drawn: bool) -> str:
        if output.output_type == "stream":
            text = f"<pre>{_printed(output.text)}</pre>\n"
            if output.name != "stderr":
                return text
            return f'<div class="review said">{text}</div>\n' if self._review else ""
        if output.output_type == "error":
            mark = self.lose("这一格出错", f"{output.ename}：{output.evalue}"[:200])
            if not self._review:
                return f"<p>{mark}</p>\n"
            trace = _printed("\n".join(output.traceback))
            return f'<pre class="error" tabindex="0">{trace}</pre>\n'
        return self._data(output.get("data", {}), output.get("metadata", {}), drawn)

    def _data(self, data: Mapping[str, Any], metadata: Mapping[str, Any], drawn: bool) -> str:
        """The richest form that is shown whole, else the richest one."""
        known = [kind for kind in RICHEST if kind in data]
        before, first = list(self.losses), None
        for kind in known:
            marks = self._marks
            shown = self._form(kind, data, metadata)
            if self._marks == marks:
                return shown
            lost = self.losses
            self.losses = list(before)
            first = first or (shown, lost)
        plain = "".join(data.get("text/plain", ""))
        rest = [kind for kind in data if kind not in RICHEST and kind != "text/plain"]
        if first is None and (not rest or not _nameless(plain, rest)):
            return "" if drawn and DRAWN.search(plain) else f"<pre>{_printed(plain)}</pre>\n"
        if first is not None:
            shown, self.losses = first
            return shown
        name = next((words for key, words in NAMES.items() if key in rest[0]), "")
        return f"<p>{self.lose(*((f'{name}没有印出',) if name else interactive(' '.join(rest))))}</p>\n"

    def _form(self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
        content = data[kind]
        if isinstance(content, list) and kind != "application/json":
            content = "".join(content)
        about = metadata.get(kind, {}) if isinstance(metadata.get(kind, {}), Mapping) else {}
        if kind == WIDGET:
            return self._widget(content, data)
        if kind == "text/html":
            return unstyled(content) if "perfkit" in metadata else self._offline(content)
        if kind == "text/markdown":
            return self._markdown(content)
        if kind == "text/latex":
            return self._latex(content)
        if kind == "application/json":
            text = json.dumps(content, ensure_ascii=False, indent=2)
            return f"<pre>{html.escape(text, quote=False)}</pre>\n"
        try:
            if kind == "image/svg+xml":
                drawing = safe_svg(content)
                shown = self._chart(drawing, about.get("alt", "图"), about.get("caption", ""))
                # The report's own charts are rows one below another: Word may cut them in between.
                rows = IDENTITY in metadata
                return shown.replace('class="chart"', 'class="chart rows"', 1) if rows else shown
            picture = picture_of(decoded(content))
        except NotShown as e:
            return f"<p>{self.lose('图没有印出', str(e))}</p>\n"
        alternative = html.escape(about.get("alt") or metadata.get("alt") or "图")
        sides = "".join(f' {s}="{about[s]}"' for s in ("width", "height") if _is_size(about.get(s)))
        return f'<p><img src="{picture.address}" alt="{alternative}"{sides}></p>\n'

    def _widget(self, content: Any, data: Mapping[str, Any]) -> str:
        text = self._widget_text(content.get("model_id", ""), set())
        plain = "".join(data.get("text/plain", ""))
        return f"<pre>{_printed(text or plain)}</pre>\n" if (text or plain).strip() else ""

    def _widget_text(self, name: str, seen: set[str]) -> str:
        """What a widget says, the parts of a box one after another."""
        model = self._widgets.get(name)
        if model is None or name in seen:
            return ""
        seen.add(name)
        state, kind = model.get("state", {}), model.get("model_name", "")
        children = [
            self._widget_text(str(child).removeprefix("IPY_MODEL_"), seen)
            for child in state.get("children", [])
        ]
        if children:
            return "".join(children) if any(len(child) > 1 for child in children) else ""
        if kind == "OutputModel":
            streams = [
                one.get("text", "")
                for one in state.get("outputs", [])
                if one.get("name") == "stdout"
            ]
            return "".join("".join(text) for text in streams)
        value = state.get("value", "")
        labels, index = state.get("_options_labels"), state.get("index")
        if labels and isinstance(index, int) and index < len(labels):
            value = labels[index]
        if "HTML" in kind or kind == "LabelModel":
            value = words(str(value))
        elif "Progress" in kind:
            # Its bar; the words stand in the texts beside it.
            value = "" if not state.get("description") else f"{value:g}/{state.get('max', 100):g}"
        elif isinstance(value, bool):
            value = "是" if value else "否"
        elif isinstance(value, Mapping) or kind == "ImageModel":
            value = ""
        said = (str(state.get("description") or ""), "" if value is None else str(value))
        return " ".join(part for part in said if part)

    def _latex(self, text: str) -> str:
        """Formulas of an output, and the text between them."""
        if any(f"\\begin{{{name}" in text for name in NOT_FORMULAS):
            return f"<p>{self.lose('LaTeX 排版没有印出', '只印源码')}</p><pre>{html.escape(text, quote=False)}</pre>\n"
        pieces, last = [], 0
        for found in FORMULA.finditer(text):
            pieces.append(html.escape(text[last : found.start()]))
            groups = found.groupdict()
            body = next(groups[key] for key in "abcde" if groups[key] is not None)
            inline = found["c"] is not None or found["d"] is not None
            whole = text.strip() == found[0]
            pieces.append(self._formula(body, "inline" if inline and not whole else "display"))
            last = found.end()
        pieces.append(html.escape(text[last:]))
        return f"<p>{''.join(pieces)}</p>\n"

    def with_formulas(
        self, content: Any, mathml: Callable[[Sequence[tuple[str, bool]]], list[str]]
    ) -> None:
        """Puts in the formulas as MathML, which pages and pandoc both read."""
        marks = [one for one in content.iter("code") if one.get("data-formula") in self._formulas]
        if not marks:
            return
        found = [self._formulas[mark.get("data-formula")] for mark in marks]
        unlike = [*dict.fromkeys((source, displayed) for source, displayed, _, _ in found)]
        drawn = dict(zip(unlike, mathml(unlike), strict=True))
        for mark, (source, displayed, number, line) in zip(marks, found, strict=True):
            if drawing := drawn[source, displayed]:
                put(mark, lxml.etree.fromstring(drawing))
                continue
            self._number, self._line = number, line
            lost = self.lose("公式认不出", f"只印源码 {source[:60]}")
            put(mark, *parsed(f"<code>{html.escape(source)}</code>{lost}"))


class _Renderer(IPythonRenderer):
    """Markdown to HTML, formulas as they are marked, pictures as they are named."""

    lose: Callable[..., str]
    formula: Callable[[str, str], str]
    number: int
    """Which of the texts it is: the footnotes of each are numbered from 1."""

    def footnote_ref(self, key: str, index: int) -> str:
        link = f'<a href="#text-{self.number}-fn-{index}">{index}</a>'
        return f'<sup class="footnote-ref" id="text-{self.number}-fnref-{index}">{link}</sup>'

    def footnote_item(self, text: str, key: str, index: int) -> str:
        back = f'<a href="#text-{self.number}-fnref-{index}" class="footnote">↩</a>'
        # The paragraph that is left open ends with the item.
        text = text.rstrip().removesuffix("</p>")
        return f'<li id="text-{self.number}-fn-{index}">{text}{back}</li>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        shown = f' title="{html.escape(title)}"' if title else ""
        return f'<img src="{html.escape(url)}" alt="{html.escape(html.unescape(text))}"{shown}>'

    def block_html(self, html: str) -> str:
        return html + "\n"

    def inline_html(self, html: str) -> str:
        return html

    def block_code(self, code: str, info: str | None = None) -> str:
        words = html.escape(code, quote=False)
        mark = (
            f"<p>{self.lose('Mermaid 图没有印出', '只印源码')}</p>"
            if (info or "").startswith("mermaid")
            else ""
        )
        return f"{mark}<pre><code>{words}</code></pre>\n"

    def inline_math(self, body: str) -> str:
        # As pandoc reads it: 5$ and 6$ are money.
        if body != body.strip():
            return f"${html.escape(body)}$"
        return self.formula(body, "inline")

    def block_math(self, body: str) -> str:
        return self.formula(body, "display")

    def latex_environment(self, name: str, body: str) -> str:
        return self.formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "display")


def _printed(text: Any) -> str:
    """Text of a terminal: colours as classes, what was overwritten left out."""
    text = "".join(text) if isinstance(text, list) else str(text)
    text = CONTROL.sub("", OVERWRITTEN.sub("", text.replace("\r\n", "\n")))
    return str(ansi2html(text)).replace("\x1b", "")


def _nameless(plain: str, rest: Sequence[str]) -> bool:
    """Whether the plain text beside a form that is unknown says nothing of what is shown."""
    talk = " ".join(rest)
    return (
        not plain.strip()
        or OBJECT.fullmatch(plain.strip()) is not None
        or any(word in talk for word in ("plotly", "vega", "bokeh", "javascript", "audio", "video"))
    )


def _is_size(value: Any) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit())


def numbered(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Copies of the cells that know their number in the template, which has none for parameters."""
    found, number = [], 0
    for cell in cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        metadata = NotebookNode({**cell.metadata, "perfkit-cell": number})
        found.append(NotebookNode({**cell, "metadata": metadata}))
    return found
