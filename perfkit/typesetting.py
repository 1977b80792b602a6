"""From the report's HTML to PDF and Word: pandoc reads it once for both.

PDF: pandoc writes Typst markup, in which every text is escaped, and Typst sets
it in memory by the page form of ``report.typ``. Word: pandoc writes docx, and
python-docx gives it the same page form.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.display import TEMPLATES
from perfkit.fonts import families, typst_fonts

SCRIPT = TEMPLATES / "perfkit" / "typeset.lua"
PAGE_FORM = TEMPLATES / "perfkit" / "report.typ"
PANDOC_FORMS = {"pdf": "typst", "docx": "docx"}
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


def typeset(document: Document, forms: Collection[str]) -> dict[str, bytes]:
    """The document as PDF/A-2a, as a Word file, or as both: *forms* of ``pdf`` and ``docx``.

    Both by the page form of GB/T 9704, and from one reading of the HTML, which
    takes longer than all else that pandoc does.
    """
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "docx" in forms:
            for picture, content in _for_word(document).items():
                (folder / picture).write_bytes(content)
        _pandoc(document.html, folder, [PANDOC_FORMS[form] for form in forms])
        if "pdf" in forms:
            found["pdf"] = _pdf(document, (folder / "report.typst").read_text(encoding="utf-8"))
        if "docx" in forms:
            from perfkit import word

            written = (folder / "report.docx").read_bytes()
            found["docx"] = word.finished(written, document.about, document.day)
    return found


def _pandoc(html: str, folder: Path, forms: Iterable[str]) -> None:
    """Lets pandoc make ``report.<form>`` of the HTML, in *folder*."""
    # The script beside its input: Lua can't open every path that Windows has.
    script = folder / SCRIPT.name
    script.write_bytes(SCRIPT.read_bytes())
    (folder / "report.html").write_text(html, encoding="utf-8")
    command = [pandoc_path(), "lua", script.name, *forms]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=_ENVIRONMENT)
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode(errors='replace')}")


@cache
def pandoc_path() -> str:
    """Where the wheel keeps pandoc; asking takes a process, so it is asked once."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


# No locale, no configuration of the user's, and no clock: docx carries the time it is made.
_ENVIRONMENT = {"SOURCE_DATE_EPOCH": "946684800", "LANG": "C.UTF-8"}


def _pdf(document: Document, markup: str) -> bytes:
    import typst

    day = document.day
    fonts = {role: "|".join(names) for role, names in families(document.bundled_fonts).items()}
    inputs = {
        "title": document.about["title"],
        "author": document.about["department"],
        "date": json.dumps({"year": day.year, "month": day.month, "day": day.day}),
        **fonts,
    }
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


def _for_word(document: Document) -> dict[str, bytes]:
    """The pictures, drawings as PNG."""
    drawings = [name for name in document.pictures if name.endswith(".svg")]
    drawn = pngs([document.pictures[name] for name in drawings], document.bundled_fonts)
    pictures = {**document.pictures, **dict(zip(drawings, drawn, strict=True))}
    return {name.replace(".svg", ".png"): content for name, content in pictures.items()}


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
