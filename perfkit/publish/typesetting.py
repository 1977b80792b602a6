"""From the report's HTML to PDF and Word: pandoc reads it once for both.

PDF: pandoc writes Typst markup, in which every text is escaped, and Typst sets
it in memory by the page form of ``report.typ``. Word: pandoc writes docx, and
python-docx gives it the same page form.
"""

from __future__ import annotations

import html
import io
import json
import re
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from perfkit.fonts import coded, families, printed, rare, typst_fonts
from perfkit.publish.pictures import drawn, safe_svg, with_fonts

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = TEMPLATES / "perfkit" / "typeset.lua"
PAGE_FORM = TEMPLATES / "perfkit" / "report.typ"
PANDOC_FORMS = {"pdf": "typst", "docx": "docx"}
PIXELS_PER_INCH = 150
"""Of a drawing in Word: sharp in print, and a page of them stays under 100 KB."""
HIGHEST = 85 / 25.4
"""Inches that a chart in Word may be high in one piece: what is left empty of a page is no more."""


@dataclass(frozen=True)
class Document:
    """A report to be set: HTML, its pictures by name, title and date, and which fonts."""

    html: str
    pictures: Mapping[str, bytes]
    about: Mapping[str, Any]
    bundled_fonts: bool = False

    @property
    def day(self) -> date:
        """The date that the files carry: the report's, else the first day after its year."""
        if self.about["date"]:
            return date.fromisoformat(self.about["date"])
        return date((self.about["year"] or 1999) + 1, 1, 1)


def typeset(document: Document, forms: Collection[str]) -> tuple[dict[str, bytes], list[str]]:
    """The document as PDF/A-2a, as a Word file, or as both: *forms* of ``pdf`` and ``docx``.

    Both by the page form of GB/T 9704, and from one reading of the HTML, which
    takes longer than all else that pandoc does.

    Returns:
        The documents by form, and what they don't show, with the reason.
    """
    found: dict[str, bytes] = {}
    lost: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for picture, content in document.pictures.items():
            (folder / picture).write_bytes(_for_typst(picture, content, document.bundled_fonts))
        if "docx" in forms:
            for picture, content in _for_word(document).items():
                (folder / picture).write_bytes(content)
        _pandoc(document.html, folder, [PANDOC_FORMS[form] for form in forms])
        if "pdf" in forms:
            markup = (folder / "report.typst").read_text(encoding="utf-8")
            found["pdf"], lost = _pdf(document, folder, markup)
        if "docx" in forms:
            from perfkit.publish import word

            written = (folder / "report.docx").read_bytes()
            found["docx"] = word.finished(written, document.about, document.day)
    return found, lost


def mathml(formulas: Sequence[tuple[str, bool]]) -> list[str]:
    """Formulas of LaTeX, each with whether it is displayed, as MathML; empty where not understood."""
    kinds = {False: "inline", True: "display"}
    shown = "".join(
        f'<p><code class="math {kinds[display]}">{html.escape(source)}</code></p>'
        for source, display in formulas
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _pandoc(shown, folder, ["mathml"])
        # Not by other signs that end a line: a formula may have one.
        return (folder / "report.mathml").read_text(encoding="utf-8").split("\n")[:-1]


@lru_cache(maxsize=64)
def drawable(content: bytes, kind: str) -> bool:
    """Whether a picture can be read to its end."""
    import typst

    with tempfile.TemporaryDirectory() as name:
        main = Path(name, "main.typ")
        main.write_text(f'#image("picture.{kind}")', encoding="utf-8")
        main.with_name(f"picture.{kind}").write_bytes(content)
        try:
            typst.compile(main, root=name, format="svg", font_paths=typst_fonts(True))
        except RuntimeError:
            return False
    return True


def _pandoc(content: str, folder: Path, forms: Iterable[str]) -> None:
    """Lets pandoc make ``report.<form>`` of the HTML, in *folder*."""
    # The script beside its input: Lua can't open every path that Windows has.
    script = folder / SCRIPT.name
    script.write_bytes(SCRIPT.read_bytes())
    (folder / "report.html").write_text(content, encoding="utf-8")
    command = [pandoc_path(), "lua", script.name, *forms]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=_ENVIRONMENT)
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode(errors='replace')}")


@cache
def pandoc_path() -> str:
    """Where the wheel keeps pandoc; asking takes a process, so it is asked once."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


# No locale, no configuration of the user's, and no clock: docx carries the time it is made. pandoc
# is a process for each report: what it allocates stays in the processor's cache, and 20 MB aren't
# searched for garbage, which saves a third of its time.
_ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "946684800",
    "LANG": "C.UTF-8",
    "GHCRTS": "-H1m -A2m -O256m",
}


# The markup of one cell of the analyst's, between the marks of typeset.lua.
CELL = re.compile(r"^// cell (\d+)\n(.*?)^// end \1\n", re.DOTALL | re.MULTILINE)

LINK = re.compile(r"#link\((?:<[^>]*>|label\([^)]*\))\)")


def _pdf(document: Document, folder: Path, markup: str) -> tuple[bytes, list[str]]:
    """The PDF of Typst markup; what Typst can't set is left out, and told."""
    (folder / "report.typ").write_bytes(PAGE_FORM.read_bytes())
    lost: list[str] = []

    def checked(cell: re.Match[str]) -> str:
        try:
            # What its links lead to may be in another cell.
            _compiled(document, folder, LINK.sub("#text", cell[2]))
        except RuntimeError as e:
            lost.append(f"第 {cell[1]} 格：在 PDF 里印不出，网页和 Word 里有（{e}）")
            return "〔此处的内容印不出，见网页〕\n\n"
        return cell[0]

    try:
        return _compiled(document, folder, markup), lost
    except RuntimeError:
        return _compiled(document, folder, CELL.sub(checked, markup)), lost


def _compiled(document: Document, folder: Path, markup: str) -> bytes:
    import typst

    day = document.day
    # What stood as &#x1F44D; in the HTML is a sign only now.
    markup = coded(markup, document.bundled_fonts)
    more = [*dict.fromkeys(printed(rare(markup), document.bundled_fonts).values())]
    usual = families(document.bundled_fonts)
    fonts = {role: "|".join([*names, *more]) for role, names in usual.items()}
    inputs = {
        "title": document.about["title"],
        "author": document.about["department"],
        "record": document.about["record"],
        "date": json.dumps({"year": day.year, "month": day.month, "day": day.day}),
        **fonts,
    }
    main = folder / "main.typ"
    main.write_text(f'#import "report.typ": *\n#show: report\n{markup}', encoding="utf-8")
    found: bytes = typst.compile(
        main,
        root=folder,
        format="pdf",
        font_paths=typst_fonts(document.bundled_fonts),
        sys_inputs=inputs,
        pdf_standards=["a-2a"],
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
    )
    return found


def _for_typst(name: str, picture: bytes, bundled_fonts: bool) -> bytes:
    return _with_fonts(picture, bundled_fonts) if name.endswith(".svg") else picture


def _with_fonts(svg: bytes, bundled_fonts: bool) -> bytes:
    """A drawing whose rare signs name a font that has them: Typst tries only the first of a text."""
    text = coded(svg.decode(errors="replace"), bundled_fonts)
    found_in = printed(rare(text), bundled_fonts)
    if not found_in:
        return text.encode()

    return drawn(with_fonts(safe_svg(text), found_in)).content


# Pictures that Word and WPS all show.
WORDS_OWN = ("png", "jpeg", "gif")


def _for_word(document: Document) -> dict[str, bytes]:
    """The pictures of kinds that Word doesn't show, as PNG."""
    drawings = [name for name in document.pictures if not name.endswith(WORDS_OWN)]
    drawn = pngs({name: document.pictures[name] for name in drawings}, document.bundled_fonts)
    found = {}
    for name, content in zip(drawings, drawn, strict=True):
        found[f"{name}.png"] = content
        found |= {f"{name}.{n}.png": piece for n, piece in enumerate(_pieces(content), 1)}
    return found


_LIGHT = bytes(range(250, 256))
"""Greys that are as good as white."""


def _pieces(png: bytes) -> list[bytes]:
    """A high chart cut between its rows, so that a page of Word can end there; none of a low one."""
    from PIL import Image

    high, most = int.from_bytes(png[20:24]), round(HIGHEST * PIXELS_PER_INCH)
    if high <= most:
        return []
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    signs, wide = picture.convert("L").tobytes(), picture.width
    rows = [signs[y * wide : (y + 1) * wide] for y in range(high)]

    def is_gap(y: int) -> bool:
        if not rows[y - 2] == rows[y - 1] == rows[y] == rows[y + 1]:
            return False
        # Lines from top to bottom of the chart may cross it.
        return len(rows[y].translate(None, _LIGHT)) <= wide / 100

    count = -(-high // most)
    gaps = [y for y in range(2, high - 1) if is_gap(y)]
    cuts = [min(gaps, key=lambda y: abs(y - high * n / count), default=0) for n in range(1, count)]
    sides = [0, *sorted({*cuts} - {0}), high]
    found = []
    for top, bottom in pairwise(sides):
        written = io.BytesIO()
        picture.crop((0, top, picture.width, bottom)).save(written, "PNG")
        found.append(_with_resolution(written.getvalue()))
    return found


def pngs(drawings: Mapping[str, bytes], bundled_fonts: bool = False) -> list[bytes]:
    """Drawings, by file name, as pictures of the same size, with the report's fonts."""
    if not drawings:
        return []
    import typst

    # Each is a page to Typst.
    pages = "#pagebreak()\n".join(f'#image("{name}")\n' for name in drawings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for drawing, content in drawings.items():
            (folder / drawing).write_bytes(_for_typst(drawing, content, bundled_fonts))
        main = folder / "main.typ"
        main.write_text(f"#set page(width: auto, height: auto, margin: 0pt)\n{pages}")
        found: Any = typst.compile(
            main,
            root=folder,
            format="png",
            ppi=PIXELS_PER_INCH,
            font_paths=typst_fonts(bundled_fonts),
        )
    pictures = [found] if isinstance(found, bytes) else list(found)
    return [_with_resolution(picture) for picture in pictures]


def _with_resolution(png: bytes) -> bytes:
    """The PNG with its pixels per metre, so that Word shows it in the drawing's size."""
    per_metre = round(PIXELS_PER_INCH / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    # Behind the signature and the header.
    return png[:33] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
