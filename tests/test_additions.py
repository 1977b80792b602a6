"""What an analyst adds to the template: each kind of it in the page, the PDF and Word, or named."""

import base64
import html
import io
import re
import struct
import zlib
from dataclasses import dataclass

import docx
import lxml.html
import matplotlib as mpl
import nbformat
import pandas as pd
import pdfplumber
import pytest
from docx.oxml.ns import qn
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.publish.exporters import DocxReport, HtmlReport, PdfReport

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30" width="120" height="30">'
    '<rect width="120" height="30" fill="#cde"/><text x="4" y="20" font-size="12">{}</text></svg>'
)


def png(width, height, dots_per_metre=None):
    """A grey PNG."""

    def chunk(kind, data):
        found = kind + data
        return struct.pack(">I", len(data)) + found + struct.pack(">I", zlib.crc32(found))

    rows = b"".join(b"\0" + b"\x99" * width for _ in range(height))
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    dots = b""
    if dots_per_metre:
        dots = chunk(b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1))
    parts = chunk(b"IHDR", size) + dots + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def base(content):
    return base64.b64encode(content).decode()


GIF = base64.b64decode("R0lGODdhCgAKAIAAAAAA/wAAACwAAAAACgAKAAACCISPqcvtD2MrADs=")
WEBP = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwc"
    "KDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QA"
    "tRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0"
    "NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2"
    "t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+v//Z"
)


def show(data, metadata=None, kind="display_data"):
    return new_code_cell("", outputs=[new_output(kind, data=data, metadata=metadata or {})])


def stream(text, name="stdout"):
    return new_code_cell("", outputs=[new_output("stream", name=name, text=text)])


def figure(kind):
    mpl.rcParams["svg.hashsalt"] = "x"
    drawn = Figure(figsize=(4, 2))
    drawn.subplots().plot([1, 2, 3])
    written = io.BytesIO()
    drawn.savefig(written, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return written.getvalue()


def drawn():
    data = {"image/png": base(figure("png")), "text/plain": "<Figure size 400x200 with 1 Axes>"}
    returned = {"text/plain": "[<matplotlib.lines.Line2D at 0x7f0000000000>]"}
    return new_code_cell(
        "axes.plot(...)",
        outputs=[
            new_output("execute_result", data=returned, execution_count=1),
            new_output("display_data", data=data),
        ],
    )


def wide():
    columns = {f"第{i}季度支出": [f"{i}{i}{i}{i}.00", f"{i}.50"] for i in range(1, 31)}
    return pd.DataFrame(columns, index=["甲局", "乙局"])


def attached():
    cell = new_markdown_cell("附图 ![附件图](attachment:x.png)")
    cell.attachments = {"x.png": {"image/png": base(png(40, 20))}}
    return cell


WIDGETS = {
    "a": ("HTMLModel", {"value": "100%"}),
    "b": ("FloatProgressModel", {"value": 10.0, "max": 10.0}),
    "c": ("HTMLModel", {"value": " 10/10 &lt;完成&gt;"}),
    "d": ("HBoxModel", {"children": ["IPY_MODEL_a", "IPY_MODEL_b", "IPY_MODEL_c"]}),
    "e": ("IntSliderModel", {"value": 2023, "description": "年度"}),
}


def widget(name, text):
    kind = "application/vnd.jupyter.widget-view+json"
    return show({kind: {"model_id": name, "version_major": 2}, "text/plain": text})


@dataclass(frozen=True)
class Item:
    """A thing that is added: the text that must be in all three formats, pictures, marks of each."""

    name: str
    cell: object
    text: str = ""
    pictures: int = 0
    page: str = ""
    lost: str = ""


def markdown(name, source, *known, **more):
    return Item(name, new_markdown_cell(source), *known, **more)


ITEMS = [
    markdown(
        "table",
        "| 项 | 数 |\n|:--|---:|\n| 甲项 | 12.50 |\n| 乙项 | 3 |\n",
        "甲项",
        page=r'<td style="text-align:right">12\.50',
    ),
    markdown("rule", "前段文字\n\n---\n\n后段文字", "后段文字", page="<hr>"),
    markdown("tasks", "- [x] 已办事项\n- [ ] 待办事项", "待办事项", page='type="checkbox"'),
    markdown("svg in text", f"图形 {SVG.format('内嵌图')} 之后", "之后", 1),
    markdown("svg alone", SVG.replace(' xmlns="http://www.w3.org/2000/svg"', "").format("无名"), "", 1),
    Item("svg in html", show({"text/html": f"<div>{SVG.format('网页图')}</div>"}), "", 1),
    Item("svg output", show({"image/svg+xml": SVG.format("输出图")}), "", 1),
    Item("matplotlib svg", show({"image/svg+xml": figure("svg").decode()}), "", 1),
    Item("matplotlib png", drawn(), "", 1),
    markdown(
        "data address broken into lines",
        '<img alt="断行图" src="data:image/png;base64,' + "\n".join(
            re.findall(".{1,40}", base(png(60, 30)))) + '">',
        "", 1,
    ),
    markdown("data svg", "![码图](data:image/svg+xml;utf8," + SVG.format("x").replace(" ", "%20").replace("#", "%23").replace('"', "%22") + ")", "", 1),
    markdown("inline formula", "勾股 $a^2+b^2=c^2$ 定理", "定理", page="<math"),
    markdown("formula", "$$\\frac{\\text{支出}}{\\text{预算}} \\times 100\\%$$", "支出", page="<mfrac>"),
    markdown("money is no formula", "由 $5 万涨到 $6 万", "由 $5 万涨到 $6 万"),
    Item("latex output", show({"text/latex": "$\\displaystyle \\sum_{i=1}^{n} \\alpha_i$", "text/plain": "Sum"}), "α", page="<munderover>|<mo>∑"),
    Item("math display", show({"text/latex": "$$\\sqrt{x}$$", "text/plain": "<IPython.core.display.Math object>"}), "x", page="<msqrt>"),
    markdown("environment", "\\begin{align}p &= q \\\\ r &= s\\end{align}", "q", page="<math"),
    markdown("bad formula", "$\\frac{$", "frac", lost="公式认不出"),
    markdown("picture by path", "![路径图](图/pic%20one.png)", "", 1),
    markdown("img by path", '<img src="图/pic one.png" width="100" title="说明">', "", 1),
    Item("attachment", attached(), "附图", 1),
    Item("jpeg", show({"image/jpeg": base(JPEG)}), "", 1),
    Item("gif", show({"image/gif": base(GIF)}), "", 1),
    markdown("webp", f"![W](data:image/webp;base64,{base(WEBP)})", "", 1),
    Item("wide picture", show({"image/png": base(png(4000, 300))}), "", 1),
    Item("tall picture", show({"image/png": base(png(300, 4000))}), "", 1),
    Item("tiny picture", show({"image/png": base(png(2, 2))}), "", 1),
    markdown("bold and italic", "平常，**粗体字**，*斜体字 italic*，~~删除字~~，H<sub>下标</sub>、m<sup>上标</sup>。", "粗体字"),
    Item("wide frame", show({"text/html": wide()._repr_html_(), "text/plain": ""}), "第30季度支出"),
    Item("frame", show({"text/html": wide().iloc[:, :3]._repr_html_()}), "3333.00"),
    Item("styler", show({"text/html": wide().iloc[:, :3].style.set_uuid("u").map(lambda _: "color: red").to_html()}), "2222.00"),
    Item("spans", show({"text/html": "<table><tr><th colspan=2>合并头</th></tr><tr><td>左格</td><td>右格</td></tr></table>"}), "合并头"),
    Item("long table", show({"text/html": pd.DataFrame({"值": range(90)}, index=[f"行{i}" for i in range(90)]).to_html()}), "行59"),
    Item("long line", stream("长行" + "0123456789" * 30 + "末尾\n"), "末尾"),
    markdown("long word", "见 https://example.org/" + "a" * 150 + " 处", "处"),
    markdown("footnote", "正文有注[^1]。\n\n[^1]: 脚注的内容。", "脚注的内容。"),
    markdown("footnote again", "又一注[^x]。\n\n[^x]: 第二条脚注。", "第二条脚注。"),
    markdown("links", '[外链](https://example.org/a)、[内链](#own)、[断链](#nowhere)、<a href="javascript:alert(1)">坏链</a>', "坏链"),
    markdown("own anchor", '<a id="own"></a>锚点段落', "锚点段落"),
    markdown("heading anchor", "## 附加 章节\n\n见[本章](#附加-章节)。", "见本章。"),
    Item("progress", widget("d", "  0%|  | 0/10"), "10/10 <完成>"),
    Item("slider", widget("e", "IntSlider(value=2020)"), "年度 2023"),
    Item("unknown widget", widget("gone", "Text(value='原文')"), "Text(value='原文')"),
    Item("plotly", show({"application/vnd.plotly.v1+json": {}, "text/html": "<div id=p></div><script>Plotly.newPlot('p')</script>"}), "Plotly 交互图没有印出", lost="Plotly 交互图没有印出"),
    Item("plotly with a picture", show({"application/vnd.plotly.v1+json": {}, "text/html": "<script>Plotly</script>", "image/png": base(png(50, 20))}), "", 1),
    Item("altair", show({"application/vnd.vegalite.v5+json": {}, "text/plain": "alt.Chart(...)"}), "Altair 交互图没有印出", lost="Altair 交互图没有印出"),
    markdown("code", "行内 `a = b` 代码\n\n```python\nfor x in y:\n    print(x)\n```\n\n    缩进代码", "print(x)"),
    markdown("lists", "1. 第一\n   - 甲目\n     - 子目\n2. 第二\n\n> 引文一段\n>\n> > 内层引文", "内层引文"),
    markdown("breaks", "上行<br>下行\n\n<details><summary>概要</summary>\n\n展开的内容\n\n</details>", "展开的内容"),
    Item("json", show({"application/json": {"键": [1, "值"]}, "text/plain": "<IPython.core.display.JSON object>"}), '"键"'),
    Item("markdown output", show({"text/markdown": "输出的 **重点**", "text/plain": "<IPython.core.display.Markdown object>"}), "重点"),
    Item("colours", stream("\x1b[31m红色字\x1b[0m 常色\n进度 1%\r进度 100%\n"), "红色字 常色", page="ansi-red-fg"),
    Item("stderr", stream("警告：不宜公布\n", "stderr"), page="不宜公布"),
    Item("remote picture", show({"text/html": '<img src="https://example.org/a.png" alt="远图">'}), "图“远图”没有印出", lost="不连网取"),
    Item("remote page", show({"text/html": '<iframe src="https://example.org/"></iframe>'}), "嵌入的网页没有印出", lost="https://example.org/"),
    Item("script", show({"text/html": '<p onclick="alert(1)">留下的字</p><script src="https://example.org/a.js"></script>'}), "留下的字", lost="脚本画的内容没有印出"),
    markdown("style", "<style>@import url(https://example.org/a.css); .own {background: url(https://example.org/b.png)}</style>\n\n<p class=own style='background:url(//example.org/c)'>有样式</p>", "有样式", lost="从别处取的样式"),
    Item("audio", show({"text/html": "<audio controls src='data:audio/wav;base64,AA'></audio>"}), "音频没有印出", lost="音频没有印出"),
    markdown("missing picture", "![缺图](nowhere.png)", "图“缺图”没有印出", lost="找不到图片 nowhere.png"),
    markdown("broken picture", f"![坏图](data:image/png;base64,{base(png(9, 9)[:60])})", "图“坏图”没有印出", lost="图片数据损坏"),
    markdown("unclosed", "<div><b>未闭合", "未闭合"),
    markdown("sign without a font", "表情 😀 之后", "之后"),
    markdown("end", "全文到此为止", "全文到此为止"),
]  # fmt: skip


def notebook():
    book = new_notebook(cells=[item.cell for item in ITEMS])
    states = {
        key: {"model_name": name, "model_module": "x", "model_module_version": "2", "state": state}
        for key, (name, state) in WIDGETS.items()
    }
    kind = "application/vnd.jupyter.widget-state+json"
    book.metadata["widgets"] = {kind: {"state": states, "version_major": 2, "version_minor": 0}}
    return nbformat.from_dict(book)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The notebook's page, published page, PDF and Word document, and what was lost."""
    folder = tmp_path_factory.mktemp("added")
    (folder / "图").mkdir()
    (folder / "图" / "pic one.png").write_bytes(png(200, 80))
    resources = {"metadata": {"name": "added", "path": str(folder)}}
    book = notebook()
    page, about = HtmlReport().from_notebook_node(book, resources)
    published, _ = HtmlReport(review=False).from_notebook_node(book, resources)
    pdf, printed = PdfReport(bundled_fonts=True).from_notebook_node(book, resources)
    word, _ = DocxReport(bundled_fonts=True).from_notebook_node(book, resources)
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        text = "".join(one.extract_text() for one in document.pages)
        words = [char for one in document.pages for char in one.chars]
        ends = [(one.width, one.height, one.chars) for one in document.pages]
    return {
        "page": page,
        "published": published,
        "pdf": joined(text),
        "chars": words,
        "pages": ends,
        "word": docx.Document(io.BytesIO(word)),
        "lost": [str(loss) for loss in about["lost"]],
        "unprinted": [str(loss) for loss in printed["lost"]],
    }


def joined(text):
    return re.sub(r"\s", "", text)


def words_of(document):
    """All text of a Word document, formulas and footnotes, too."""
    parts = [document.element.body]
    parts += [
        docx.oxml.parse_xml(part.blob)
        for part in document.part.package.iter_parts()
        if str(part.partname).endswith("footnotes.xml")
    ]
    kinds = (qn("w:t"), qn("m:t"))
    return joined("".join(e.text or "" for part in parts for e in part.iter(*kinds)))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_in_the_page(made, item):
    body = re.sub("<[^>]*>", "", made["page"].partition("<body")[2].partition("<script")[0])
    if item.text not in ("α", "q", "x", "frac"):
        assert joined(item.text) in joined(html.unescape(body))
    if item.page:
        assert re.search(item.page, made["page"])


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_in_the_pdf(made, item):
    if item.text not in ("α", "q", "x", "frac"):  # formulas have letters of their own
        assert joined(item.text) in made["pdf"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_in_word(made, item):
    assert joined(item.text) in words_of(made["word"])


@pytest.mark.parametrize("item", [i for i in ITEMS if i.lost], ids=lambda item: item.name)
def test_what_is_lost_is_named_with_its_cell(made, item):
    number = ITEMS.index(item) + 1
    assert any(f"第 {number} 格" in loss and item.lost in loss for loss in made["lost"])


def test_nothing_else_is_lost(made):
    named = {ITEMS.index(item) + 1 for item in ITEMS if item.lost}
    assert {
        int(re.search(r"第 (\d+) 格", loss)[1]) for loss in made["lost"] if "格" in loss
    } == named


def test_every_picture_is_in_word_within_the_type_area(made):
    shown = made["word"].inline_shapes
    assert len(shown) == sum(item.pictures for item in ITEMS)
    assert all(one.width.mm <= 156.5 and one.height.mm <= 221 for one in shown)


def test_no_picture_or_formula_in_word_is_cut_by_the_lines_pitch(made):
    for one in made["word"].element.body.iter(qn("w:p")):
        paragraph = docx.text.paragraph.Paragraph(one, None)
        if one.find(f".//{qn('wp:inline')}") is None and one.find(f".//{qn('m:oMath')}") is None:
            continue
        style = made["word"].styles.element.find(
            f"{qn('w:style')}[@{qn('w:styleId')}='{one.style}']/{qn('w:pPr')}/{qn('w:spacing')}"
        )
        own = paragraph.paragraph_format.line_spacing_rule
        rule = style.get(qn("w:lineRule")) if style is not None and own is None else own
        assert rule not in ("exact", docx.enum.text.WD_LINE_SPACING.EXACTLY)


def test_what_no_font_has_is_told_and_printed_as_its_code(made):
    assert any("U+1F600" in loss for loss in made["unprinted"])
    for text in (made["published"], made["pdf"], words_of(made["word"])):
        assert "U+1F600" in text


def test_nothing_runs_over_the_edge_of_a_page(made):
    for width, _, chars in made["pages"]:
        assert max((char["x1"] for char in chars), default=0) < width - 20 / 25.4 * 72


def test_bold_and_italic_are_seen_in_the_pdf(made):
    bold = next(char for char in made["chars"] if char["text"] == "粗")
    slanted = next(char for char in made["chars"] if char["text"] == "斜")
    assert bold["stroking_color"] is not None
    assert slanted["matrix"][2] != 0


def test_warnings_and_the_returns_of_matplotlib_are_not_published(made):
    for text in (made["published"], made["pdf"], words_of(made["word"])):
        assert "不宜公布" not in text
        assert "Line2D" not in text
    assert "Line2D" not in made["page"]


def test_the_page_asks_for_nothing_and_runs_nothing(made, browser, tmp_path):
    asked, said = [], []
    (tmp_path / "x.html").write_text(made["page"], encoding="utf-8")
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto((tmp_path / "x.html").as_uri())
    page.wait_for_load_state("load")
    page.close()
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert said == []


def test_a_figure_of_a_wide_table_is_not_broken_on_the_page(made, browser, tmp_path):
    (tmp_path / "x.html").write_text(made["page"], encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "x.html").as_uri())
    cell = page.get_by_text("30303030.00", exact=True)
    assert cell.evaluate("c => c.getBoundingClientRect().height") < 40
    page.close()


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<a href='java\nscript:alert(1)'>x</a>",
        "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action='javascript:alert(1)'><button>x</button></form>",
        "<details open ontoggle=alert(1)>x</details>",
    ],
)
@pytest.mark.parametrize("way", ["markdown", "output"])
def test_no_script_of_data_is_kept(hostile, way):
    cell = new_markdown_cell(hostile) if way == "markdown" else show({"text/html": hostile})
    page = HtmlReport(review=False).from_notebook_node(new_notebook(cells=[cell]))[0]
    body = page.partition("<main")[2]
    assert not re.search(r"<[^>]*\bon\w+=|<script|<iframe|javascript:|java\nscript:", body)


# What begins before it and goes on behind it is shown, or its loss is told.
BROKEN = {
    "an end of the page": "前<b>中</b></html>后",
    "an end of its body": "前</div></body></html><p>后</p>",
    "two pages": "<html><body><p>前</p></body></html><html><body>后</body></html>",
    "another encoding": "<meta charset=gb2312><p>前</p><p>后</p>",
    "control signs": "前\x01\x0c<b>\x1f</b>后",
    "references to no signs": "前&#1;&#xD800;&#0;<p title='&#2;'>后</p>",
    "half a sign": "前\ud800<b>后</b>",
    "no characters": "前\uffff\ufffe<i>后</i>",
    "an unclosed drawing": "前<svg width='9' height='9'><p>后</p>",
    "a drawing in a script": "前<script>x = '<svg>'</script>后",
    "a drawing in an attribute": "前<p title='<svg>'>后</p>",
    "text to the end": "前<plaintext>后",
    "source text": "前<xmp><b></xmp>后",
    "an instruction": "前<?xml version='1.0'?>后",
    "a section of another language": "前<![CDATA[ x ]]>后",
    "comments": "前<!-- > --><!--drawing-1-->后",
    "more than a parser takes": "前" + "<div>" * 5000 + "后",
    "deep": "前" + "<b>" * 1500 + "后",
    "a mark of ours": "前<code data-formula='0'>x</code><code data-formula='z'>后</code>",
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("way", ["markdown", "output"])
def test_of_broken_html_nothing_is_lost_in_silence(case, way):
    text = BROKEN[case]
    cell = new_markdown_cell(text) if way == "markdown" else show({"text/html": text})
    book = new_notebook(cells=[cell, new_markdown_cell("全文到此为止")])
    page, about = HtmlReport(review=False).from_notebook_node(book)
    shown = lxml.html.fromstring(page).find(".//main").text_content()
    assert ("前" in shown and "后" in shown) or about["lost"]
    assert shown.count("前") <= 1
    assert "全文到此为止" in shown


def test_a_drawing_in_html_has_names_in_their_own_case(browser):
    drawing = (
        "<SVG VIEWBOX='0 0 20 10' WIDTH=40><defs><linearGradient ID=g gradientUnits=userSpaceOnUse>"
        "<stop stop-color=red /></linearGradient><clipPath id=c><rect width=5 height=5 /></clipPath>"
        "</defs><RECT width=20 height=10 fill=url(#g) clip-path='url(#c)'/><use xlink:href='#g'/></SVG>"
    )
    cells = [show({"text/html": drawing}), new_markdown_cell(drawing)]
    page = HtmlReport(review=False).from_notebook_node(new_notebook(cells=cells))[0]
    opened = browser.new_page()
    opened.set_content(page)
    found = opened.evaluate(
        """() => [...document.querySelectorAll("svg")].map((svg) => [
          svg.viewBox.baseVal.width,
          svg.querySelector("linearGradient").id, svg.querySelector("rect[fill]").getAttribute("fill"),
          svg.querySelector("clipPath").id, svg.querySelector("[clip-path]").getAttribute("clip-path"),
          svg.querySelector("use").href.baseVal,
        ])"""
    )
    opened.close()
    assert found == [
        [20, f"{own}g", f"url(#{own}g)", f"{own}c", f"url(#{own}c)", f"#{own}g"]
        for own in ("drawing-1-", "drawing-2-")
    ]


def test_the_ids_of_two_drawings_of_matplotlib_are_their_own():
    drawing = Figure(figsize=(3, 2))
    axes = drawing.subplots()
    axes.plot([1, 2, 3], marker="o")
    axes.bar([1, 2], [2, 1], hatch="//")
    axes.annotate("note", (1, 1), arrowprops={"arrowstyle": "->"})
    written = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "x", "svg.fonttype": "none"}):
        drawing.savefig(written, format="svg", metadata={"Date": None})
    cells = [show({"image/svg+xml": written.getvalue().decode()}) for _ in range(2)]
    page = HtmlReport(review=False).from_notebook_node(new_notebook(cells=cells))[0]
    main = lxml.html.fromstring(page).find(".//main")
    drawings = main.findall(".//svg")
    assert len(drawings) == 2
    assert main.find(".//style") is None
    ids = [one for drawing in drawings for one in drawing.xpath(".//@id")]
    assert len(ids) == len(set(ids)) > 40, "of each drawing"
    for drawing in drawings:
        values = drawing.xpath(".//@*")
        led = {*re.findall(r"url\(#([^)]*)\)", " ".join(values))}
        led |= {value[1:] for value in values if value.startswith("#") and len(value) > 8}
        assert len(led) > 4
        assert led <= {*drawing.xpath(".//@id")}
        assert "stroke-linejoin: round" in drawing.get("style")


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg><rect width='9'",
        "<svg><g></svg>",
        "<svg width=9></svg>",
        "<svg>" + "<g>" * 3000,
        "<html>",
        "",
    ],
)
def test_a_damaged_drawing_is_told(drawing):
    cell = show({"image/svg+xml": drawing, "text/plain": "<Figure>"})
    page, about = HtmlReport(review=False).from_notebook_node(new_notebook(cells=[cell]))
    assert "〔图没有印出〕" in page
    assert [loss.reason for loss in about["lost"]] == ["图没有印出：图片数据损坏"]


def test_a_line_break_beside_a_drawing_is_kept():
    cell = show({"text/html": f"字\n{SVG.format('图')}\n字"})
    page = HtmlReport(review=False).from_notebook_node(new_notebook(cells=[cell]))[0]
    assert "字\n<svg" in page
    assert "</svg>\n字" in page


def test_a_line_break_in_a_text_with_elements_is_no_space_either():
    cell = new_markdown_cell("前一行，\n**重点**后\n又一行 `a\nb`")
    page = HtmlReport(review=False).from_notebook_node(new_notebook(cells=[cell]))[0]
    assert "前一行，<strong>重点</strong>后又一行 <code>a b</code>" in page


@pytest.mark.parametrize("repeated", [
    "<!-- -->字", "<script></script>字", "<b>", "</b>", "<p>", "<svg>", "<svg></svg>字", "<table><tr><td>",
    "&#1;", "</html>", "<", "<a href='", "<img>", "<input>字", "$x$ ", "[^1]",
])  # fmt: skip
@pytest.mark.parametrize("way", ["markdown", "output"])
def test_a_hostile_text_takes_its_length(repeated, way):
    """Fifty thousand signs; one that started over at each of them would not end."""
    text = repeated * (50_000 // len(repeated))
    cell = new_markdown_cell(text) if way == "markdown" else show({"text/html": text})
    book = new_notebook(cells=[cell, new_markdown_cell("全文到此为止")])
    assert "全文到此为止" in HtmlReport(review=False).from_notebook_node(book)[0]


def test_a_file_that_is_no_picture_is_not_put_in(tmp_path):
    (tmp_path / "secret.png").write_text("口令", encoding="utf-8")
    resources = {"metadata": {"name": "x", "path": str(tmp_path)}}
    book = new_notebook(cells=[new_markdown_cell("![x](secret.png)")])
    page, about = HtmlReport().from_notebook_node(book, resources)
    assert base("口令".encode()) not in page
    assert len(about["lost"]) == 1
