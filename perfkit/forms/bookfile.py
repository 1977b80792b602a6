"""An Excel workbook (工作簿) opened within limits, and its cells as the text that they show.

openpyxl reads it, but only after the archive was looked through: what unpacks to more than
any filing has, brings entities of its own or is no workbook at all is refused in words that
say what to do. A number keeps the digits that Excel shows of it; a percentage its sign.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from perfkit import signs
from perfkit.archives import outside_bytes, xml_parts
from perfkit.errors import Fault, PerfkitError
from perfkit.files import shown_name

ENDINGS = (".xlsx", ".xlsm")

MAX_CELLS = 1_500_000
"""Cells of all sheets: three times those of five hundred departments."""

SAVE_AS = "请在 Excel 或 WPS 里另存为“Excel 工作簿（*.xlsx）”"

_OTHERS = {
    ".xls": "这是旧格式的工作簿（.xls），读不了；",
    ".xlt": "这是旧格式的模板（.xlt），读不了；",
    ".xlsb": "这是二进制的工作簿（.xlsb），读不了；",
    ".et": "这是 WPS 自己的格式（.et），读不了；",
    ".ett": "这是 WPS 的模板（.ett），读不了；",
    ".ods": "这是 OpenDocument 表格（.ods），读不了；",
    ".csv": "这是 CSV 文件，只有一张表，没有格式，读不了；",
    ".numbers": "这是 Numbers 的文件，读不了；",
}
"""What people have instead of a workbook, by the ending of its name."""

OTHER_ENDINGS = tuple(_OTHERS)

ERRORS = {
    "#REF!": "引用的单元格已被删去",
    "#N/A": "没有找到要查的值",
    "#VALUE!": "公式里有文字，不能计算",
    "#DIV/0!": "除以了零",
    "#NAME?": "公式里有不认识的名称",
    "#NUM!": "公式算不出这个数",
    "#NULL!": "公式里的区域没有交叉",
}


@dataclass(frozen=True)
class Cell:
    """A filled cell: what it shows, and what keeps it from being read."""

    text: str
    trouble: str = ""
    typed: bool = False
    """Whether it is a text in the book, and not a number or a date."""
    amount: str = ""
    """A number with the separators and decimals that it is shown with: 4,620.00."""


@dataclass
class Sheet:
    """A worksheet: its filled cells by row and column (from 1), and how they are shown."""

    name: str
    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row, first column, last row, last column of each range of merged cells."""
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    comments: list[tuple[int, int]] = field(default_factory=list)
    """The cells that someone has commented on (批注)."""

    def place(self, row: int, column: int) -> str:
        """工作表“项目”C7."""
        return f"工作表“{self.name}”{column_letters(column)}{row}"


def column_letters(column: int) -> str:
    """A column as Excel names it: 1 → A, 28 → AB."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def is_book(path: Path) -> bool:
    """Whether a file's name is that of a workbook which can be read, or of one of other formats."""
    return path.suffix.lower() in ENDINGS + OTHER_ENDINGS


def part_of(path: Path) -> tuple[Path, str]:
    """The book that *path* leads into and the department meant: ``全区.xlsx/示例局.xlsx``."""
    if path.parent.suffix.lower() in ENDINGS and not path.is_file() and path.parent.is_file():
        return path.parent, path.stem
    return path, ""


def read_sheets(path: Path) -> tuple[list[Sheet], bytes]:
    """The sheets of a workbook with all their filled cells, and the file's bytes.

    Raises:
        PerfkitError: if it is missing, no workbook, encrypted, damaged or too large.
    """
    name = shown_name(path)

    def refused(message: str) -> PerfkitError:
        return PerfkitError([Fault(name, 0, message)])

    if words := _OTHERS.get(path.suffix.lower()):
        raise refused(words + SAVE_AS)
    raw = outside_bytes(path, refused, "请删去里面的图片和不用的工作表，或者分成几本")
    parts = _checked_parts(raw, refused)
    import openpyxl
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    BUILTIN_FORMATS.update(_CHINESE_DATES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drop-downs and the like that it leaves out
            book = openpyxl.load_workbook(BytesIO(raw), data_only=True, keep_links=False)
        where = _sheet_parts(parts)
        if not set(where.values()) <= parts.keys():
            raise refused(f"工作簿里少了一张工作表的内容，损坏了；请重新取得，或{SAVE_AS}")
        return [
            _sheet(sheet, parts.get(where.get(sheet.title, ""), b"")) for sheet in book.worksheets
        ], raw
    except PerfkitError:
        raise
    except Exception:  # whatever a library finds in a damaged file
        raise refused(f"工作簿损坏了，读不下去；{SAVE_AS}再试") from None


def _checked_parts(raw: bytes, refused: Any) -> dict[str, bytes]:
    """The parts of a workbook, not more of them and of its cells than a filing has."""
    parts = xml_parts(raw, refused, "工作簿", SAVE_AS)
    book = next((content for name, content in parts.items() if name.endswith("workbook.xml")), b"")
    if b"//purl.oclc.org/ooxml/" in book:
        raise refused("这是“Strict Open XML 电子表格”，读不了；" + SAVE_AS)
    if not book:
        what = "Word 文件" if any(name.startswith("word/") for name in parts) else "别的压缩文件"
        raise refused(f"这不是工作簿，是{what}；应是 .xlsx 工作簿")
    cells = sum(
        len(_CELL_TAG.findall(content)) for name, content in parts.items() if "/worksheets/" in name
    )
    if cells > MAX_CELLS:
        raise refused(
            f"工作簿有 {cells} 个单元格（最多 {MAX_CELLS} 个），多半是给整列设了格式；"
            "请把填了内容的部分复制到新的工作簿，或者分成几本"
        )
    return parts


_CELL_TAG = re.compile(rb"<(?:\w+:)?c[ >/]")

_ATTRIBUTE = r'\b{}="([^"]*)"'


def _sheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """The name of each sheet's part in the archive."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    book = next(name for name in sorted(parts, key=len) if name.endswith("workbook.xml"))
    folder, _, file = book.rpartition("/")
    links = parts.get(f"{folder}/_rels/{file}.rels".lstrip("/"), b"<none/>")
    targets = {
        link.get("Id"): link.get("Target", "") for link in etree.fromstring(links, parser).iter()
    }
    found = {}
    for element in etree.fromstring(parts[book], parser).iter("{*}sheet"):
        identity = next((v for k, v in element.attrib.items() if str(k).endswith("}id")), "")
        target = targets.get(identity, "")
        path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
        found[str(element.get("name"))] = path
    return found


_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)(.*?)</(?:\w+:)?c>",
    re.DOTALL,
)
_VALUE = re.compile(rb"<(?:\w+:)?v>[^<]|<(?:\w+:)?is>")
_REFERENCE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')


def _formulas(content: bytes) -> Iterator[tuple[int, int, str]]:
    """The cells with a formula whose value can't be taken, and why."""
    if b"f>" not in content and b"f/>" not in content:
        return
    for found in _FORMULA.finditer(content):
        at = _REFERENCE.search(found[1])
        if at is None:
            continue
        column = 0
        for letter in at[1]:
            column = column * 26 + letter - 64
        row = int(at[2])
        if found[2] and b"DISPIMG(" in found[2]:
            yield (
                row,
                column,
                "放的是一张图片（嵌入单元格的），读不出里面的字；请删去图片，照着填写",
            )
        elif re.search(rb"\[[0-9]+\]", found[2] or b""):
            yield row, column, "公式取自别的工作簿，值可能是旧的；请复制后“选择性粘贴—数值”"
        # An empty text is a value, too: t="str" with <v></v>.
        elif not _VALUE.search(found[3]) and b't="str"' not in found[1]:
            yield row, column, "公式没有算出的值；请在 Excel 或 WPS 里打开、保存一次"


def _sheet(sheet: Any, content: bytes) -> Sheet:
    found = Sheet(sheet.title, hidden=sheet.sheet_state != "visible")
    for (row, column), cell in sheet._cells.items():
        if cell.comment:
            found.comments.append((row, column))
        if cell.value is None:
            continue
        shown = _shown(cell)
        if shown.text or shown.trouble:
            found.cells.setdefault(row, {})[column] = shown
    for row, column, trouble in _formulas(content):
        found.cells.setdefault(row, {})[column] = Cell("", trouble)
    found.merged = [(r.min_row, r.min_col, r.max_row, r.max_col) for r in sheet.merged_cells.ranges]
    found.hidden_rows = {n for n, row in sheet.row_dimensions.items() if row.hidden}
    for column in sheet.column_dimensions.values():
        if column.hidden and column.min:
            found.hidden_columns |= set(range(column.min, min(column.max, 500) + 1))
    return found


_CONTROL = re.compile("_x(00[01][0-9A-Fa-f])_")
"""How a book writes a control character, such as the first half of a line break from Word."""


def _shown(cell: Any) -> Cell:
    """What a cell says, as a department would have typed it."""
    value = cell.value
    if cell.data_type == "e":
        return Cell("", f"是错误值 {value}（{ERRORS.get(value, '公式有错')}），请改正")
    if isinstance(value, bool):
        return Cell("是" if value else "否")
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format or "General")
    if isinstance(value, (date, time, timedelta)):
        return _moment(value, cell.number_format)
    text = _CONTROL.sub(lambda found: chr(int(found[1], 16)), str(value))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Cell(signs.cleaned(text).strip(), typed=True)


_CHINESE_DATES = {
    **dict.fromkeys((31,), 'yyyy"年"m"月"d"日"'),
    **dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"'),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
    30: "m-d-yy",
    **dict.fromkeys((32, 33, 34, 35, 55, 56), 'h"时"mm"分"'),
}
"""Number formats that a book names by their number in Excel's Chinese list and doesn't write out.

The library knows those of the English list only. A date typed as 2023年12月31日 gets the first of them, in Excel and in WPS.
"""


def _moment(value: date | time | timedelta, form: str) -> Cell:
    """A date as its cell shows it; a month or a day of no year stay what they are."""
    bare = _HARMLESS.sub("", _LITERAL.sub("", form.split(";")[0])).lower()
    timed = "h" in bare or "s" in bare  # where m are the minutes
    if isinstance(value, (time, timedelta)) or not re.search("[yd]" if timed else "[ymd]", bare):
        return Cell("", f"是时间 {value}，不是数字或文字；请把单元格格式改为“常规”再填")
    if "d" not in bare:
        return Cell(f"{value.year}年{value.month}月")
    if "y" not in bare:
        return Cell(f"{value.month}月{value.day}日")
    day = f"{value.year}年{value.month}月{value.day}日" if "年" in form else f"{value:%Y-%m-%d}"
    if isinstance(value, datetime) and value.time() != time() and "h" in bare:
        return Cell(f"{day} {value:%H:%M}")
    return Cell(day)


_LITERAL = re.compile(r'"([^"]*)"|\\(.)|!(.)')
_HARMLESS = re.compile(r"[_*].|\[(?:\$[^\]]*|[A-Za-z]+\d?|Color ?\d+|[<>=].*?)\]")


def exact_digits(value: float) -> Decimal:
    """A number with the fifteen digits that Excel keeps of it: 15548.09 is exactly that."""
    return Decimal(f"{value:.15g}")


def _number(value: float, form: str) -> Cell:
    exact = exact_digits(value)
    first = _HARMLESS.sub("", form.split(";")[0])
    said = "".join(part for found in _LITERAL.findall(first) for part in found).strip()
    bare = _LITERAL.sub("", first)
    # Written without quotation marks, as LibreOffice and WPS let them stand.
    said += "".join(sign for sign in bare if sign >= "\u2e80")
    if said.strip("¥￥$ -()（）+"):
        if re.search(r"![.,]|\\[.,]|,(?![0#?])|%", first):
            return Cell("", _SCALED)
        return Cell(f"{_plain(exact)}{said}")
    if "%" in bare:
        return Cell(f"{_plain(exact * 100)}%")
    if re.search(r"[0#?],+(?![0#?])", bare):
        return Cell("", _SCALED)
    return Cell(_plain(exact), amount=_separated(exact, form))


def _separated(exact: Decimal, form: str) -> str:
    places = {amount_form(places): places for places in range(7)}.get(form)
    if places is None or exact.copy_abs() >= 10**14 or exact != round(exact, places):
        return ""
    return f"{exact:,.{places}f}"


def amount_form(places: int) -> str:
    """The number format of an amount with separators and so many decimals: #,##0.00."""
    return f"#,##0.{'0' * places}".removesuffix(".")


_SCALED = (
    "的数字格式让显示的数和存的数不一样（按千、按万缩小显示），认不准；"
    "请把单元格格式改为“常规”，按原来的数填，并写明单位"
)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
