"""A book as WPS and as Excel save it, made of one that perfkit has written.

The facts are of some forty books in public repositories whose docProps/app.xml and custom.xml
name what saved them (WPS 11.1.0.9098 to 11.1.0.14309, Excel 12 to 16 of Windows and macOS):

- WPS calls itself “WPS 表格”, “WPS Office” or, in a book that Excel began, still “Microsoft Excel”,
  then without a version; its mark is the property KSOProductBuildVer, often beside ICV. The archive
  has entries for folders. Each sheet declares the namespaces xdr, x14, mc and etc
  (http://www.wps.cn/officeDocument/2017/etCustomData). Relations are listed from the last.
- Both write formats 31, 57 and 58 (2023年3月1日, 2023年3月, 3月1日) by their number alone, without an
  entry under numFmts, give formats of one's own numbers from 176 on, and write out 41 to 44.
- Both write a formula that was filled down once, with t="shared", and only its number below.
- A picture embedded in a cell by WPS is a formula _xlfn.DISPIMG("ID_…",1) with the text
  =DISPIMG("ID_…",1) as its value; Excel, which doesn't know the function, makes of that #NAME?.
- Excel adds mc:Ignorable and x14ac:dyDescent, an element phoneticPr to every Chinese text, texts in
  runs of their own formats, and the part calcChain.
"""

import io
import re
import zipfile

WPS_SHEET = (
    ' xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
    ' xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData">'
)
EXCEL_SHEET = (
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac xr"'
    ' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"'
    ' xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"'
    ' xr:uid="{00000000-0001-0000-0000-000000000000}">'
)
RELATION = (
    '<Relationship Id="rId9" Target="docProps/custom.xml" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"/>'
)
CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties '
    'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="ICV">'
    "<vt:lpwstr>06EA06B63A2A460E9CA0580307596385</vt:lpwstr></property>"
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="3" name="KSOProductBuildVer">'
    "<vt:lpwstr>2052-11.1.0.11744</vt:lpwstr></property></Properties>"
)
ACCOUNTING = (
    '<numFmt numFmtId="43" formatCode="_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * &quot;-&quot;??_ ;_ @_ "/>'
    '<numFmt numFmtId="44" formatCode="_ &quot;￥&quot;* #,##0.00_ ;_ &quot;￥&quot;* \\-#,##0.00_ ;'
    '_ &quot;￥&quot;* &quot;-&quot;??_ ;_ @_ "/>'
)
CHAIN = (
    '<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<c r="C3" i="5" l="1"/></calcChain>'
)


def as_wps(raw):
    """The bytes of a book as WPS would have saved it."""
    parts = _parts(raw)
    for name, text in parts.items():
        if "/worksheets/" in name:
            parts[name] = _shared(text.replace(">", ">\0", 2).replace("\0", "", 1)).replace(
                ">\0", WPS_SHEET, 1
            )
        elif name == "docProps/app.xml":
            named = "<Application>WPS 表格</Application>"
            text = re.sub("<Application>.*?</Application>", named, text)
            parts[name] = re.sub("<AppVersion>.*?</AppVersion>", "", text)
        elif name == "_rels/.rels":
            parts[name] = text.replace("</Relationships>", f"{RELATION}</Relationships>")
        elif name == "[Content_Types].xml":
            override = f'<Override PartName="/docProps/custom.xml" ContentType="{CUSTOM_TYPE}"/>'
            parts[name] = text.replace("</Types>", f"{override}</Types>")
        elif name == "xl/_rels/workbook.xml.rels":
            links = re.findall("<Relationship .*?/>", text)
            parts[name] = text.replace("".join(links), "".join(reversed(links)))
    parts["xl/styles.xml"] = _formats(parts["xl/styles.xml"])
    parts["docProps/custom.xml"] = CUSTOM
    folders = ["_rels/", "docProps/", "xl/", "xl/_rels/", "xl/theme/", "xl/worksheets/"]
    return _packed(dict.fromkeys(folders, "") | parts)


def as_excel(raw):
    """The bytes of a book as Excel would have saved it."""
    parts = _parts(raw)
    for name, text in parts.items():
        if "/worksheets/" in name:
            text = text.replace(">", ">\0", 2).replace("\0", "", 1).replace(">\0", EXCEL_SHEET, 1)
            parts[name] = _shared(text).replace("<row ", '<row x14ac:dyDescent="0.2" ')
        elif name == "xl/sharedStrings.xml":
            phonetic = '<phoneticPr fontId="1" type="noConversion"/></si>'
            text = text.replace("</si>", phonetic)
            parts[name] = re.sub("<si><t[^>]*>([^<]{2})([^<]{2,})</t>", _runs, text)
        elif name == "[Content_Types].xml":
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"
            override = f'<Override PartName="/xl/calcChain.xml" ContentType="{kind}"/>'
            parts[name] = text.replace("</Types>", f"{override}</Types>")
    parts["xl/styles.xml"] = _formats(parts["xl/styles.xml"])
    parts["xl/calcChain.xml"] = CHAIN
    return _packed(parts)


def _runs(found):
    """A text whose first two signs were made bold."""
    first, rest = found.groups()
    keep = '<t xml:space="preserve">'
    return f"<si><r><rPr><b/></rPr>{keep}{first}</t></r><r>{keep}{rest}</t></r>"


def _formats(styles):
    """Numbers from 176 on, those of accounting written out, and the long date by its number alone."""
    day = re.search('<numFmt numFmtId="([0-9]+)" formatCode="yyyy-mm-dd"/>', styles)
    if day:
        styles = styles.replace(day[0], "").replace(f'numFmtId="{day[1]}"', 'numFmtId="31"')
    styles = re.sub(
        'numFmtId="(1[67][0-9])"', lambda found: f'numFmtId="{int(found[1]) + 12}"', styles
    )
    styles = re.sub("(<numFmts )count=[^>]*>", lambda found: f"{found[1]}>{ACCOUNTING}", styles)
    count = styles.count("<numFmt ")
    return styles.replace("<numFmts >", f'<numFmts count="{count}">')


def _shared(sheet):
    """The rates of the projects as one formula that was filled down."""
    cells = re.findall(r'(<c r="([A-Z]+[0-9]+)"[^>]*>)<f>(IF\(COUNT[^<]*)</f><v></v>', sheet)
    for n, (start, place, formula) in enumerate(cells):
        ref = f' ref="{place}:{cells[-1][1]}"' if not n else ""
        shared = f'<f t="shared"{ref} si="0"' + (f">{formula}</f>" if not n else "/>")
        told = start.replace(">", ' t="str">')
        old = f"{start}<f>{formula}</f><v></v>"
        sheet = sheet.replace(old, f"{told}{shared}<v>执行率 95.00%</v>")
    return sheet


def _parts(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def _packed(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()
