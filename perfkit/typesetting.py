"""From the report's HTML to PDF and Word: pandoc reads it once for both.

PDF: pandoc writes Typst markup, in which every text is escaped, and Typst sets
it in memory by the page form of ``report.typ``. Word: pandoc writes docx, and
python-docx gives it the same page form.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.display import TEMPLATES
from perfkit.fonts import families, typst_fonts

FILTER = TEMPLATES / "perfkit" / "filter.lua"
PAGE_FORM = TEMPLATES / "perfkit" / "report.typ"
PIXELS_PER_INCH = 150
"""Of a drawing in Word: sharp in print, and a page of them stays under 100 KB."""


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


def pdf(document: Document) -> bytes:
    """The document as PDF/A-2a, by the page form of GB/T 9704."""
    import typst

    day = document.day
    fonts = {role: "|".join(names) for role, names in families(document.bundled_fonts).items()}
    inputs = {
        "title": document.about["title"],
        "author": document.about["department"],
        "date": json.dumps({"year": day.year, "month": day.month, "day": day.day}),
        **fonts,
    }
    markup = _pandoc(document.html, "typst").decode()
    main = f'#import "report.typ": *\n#show: report\n{markup}'
    files = {"main.typ": main.encode(), "report.typ": PAGE_FORM.read_bytes()}
    for name, content in document.pictures.items():
        # typst takes text only; other pictures go in as their bytes' numbers.
        files[name] = content if name.endswith(".svg") else json.dumps(list(content)).encode()
    found: bytes = typst.compile(
        files,
        format="pdf",
        font_paths=typst_fonts(document.bundled_fonts),
        sys_inputs=inputs,
        pdf_standards=["a-2a"],
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
    )
    return found


def _pandoc(html: str, form: str, *arguments: str, folder: str | None = None) -> bytes:
    """What pandoc makes of the HTML."""
    command = [pandoc_path(), "--from=html", f"--to={form}"]
    command += [f"--lua-filter={FILTER}", "--wrap=none", *arguments]
    done = subprocess.run(
        command, input=html.encode(), capture_output=True, cwd=folder, env=_ENVIRONMENT
    )
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode(errors='replace')}")
    return done.stdout


@cache
def pandoc_path() -> str:
    """Where the wheel keeps pandoc; asking takes a process, so it is asked once."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


# No locale, no configuration of the user's, and no clock: docx carries the time it is made.
_ENVIRONMENT = {"SOURCE_DATE_EPOCH": "946684800", "LANG": "C.UTF-8"}


def docx(document: Document) -> bytes:
    """The document as a Word file of the same page form."""
    from perfkit import word

    with tempfile.TemporaryDirectory() as folder:
        # Word shows SVG only since 2016, and WPS not at all: pictures go in as PNG.
        html = document.html
        drawings = [name for name in document.pictures if name.endswith(".svg")]
        drawn = pngs([document.pictures[name] for name in drawings], document.bundled_fonts)
        pictures = {**document.pictures, **dict(zip(drawings, drawn, strict=True))}
        for name, content in pictures.items():
            picture = Path(folder, name.replace(".svg", ".png"))
            picture.write_bytes(content)
            html = html.replace(f'src="{name}"', f'src="{picture.name}"')
        target = Path(folder, "report.docx")
        _pandoc(html, "docx", f"--output={target}", folder=folder)
        return word.finished(target.read_bytes(), document.about, document.day)


def pngs(drawings: Sequence[bytes], bundled_fonts: bool = False) -> list[bytes]:
    """Drawings as pictures of the same size, with the report's fonts; each is a page to Typst."""
    if not drawings:
        return []
    import typst

    pages = "#pagebreak()\n".join(f'#image("{i}.svg")\n' for i in range(len(drawings)))
    main = f"#set page(width: auto, height: auto, margin: 0pt)\n{pages}".encode()
    found: Any = typst.compile(
        {"main.typ": main, **{f"{i}.svg": svg for i, svg in enumerate(drawings)}},
        format="png",
        ppi=PIXELS_PER_INCH,
        font_paths=typst_fonts(bundled_fonts),
    )
    return [found] if isinstance(found, bytes) else list(found)
