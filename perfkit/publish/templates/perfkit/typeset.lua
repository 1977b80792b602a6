-- report.html to report.typst and report.docx: pandoc lua typeset.lua FORMAT…
-- pandoc reads and writes them; here is what it doesn't know of the report's HTML.

local function sized(width, height, orient, margins)
  return pandoc.RawBlock("openxml", string.format(
    '<w:p><w:pPr><w:sectPr><w:pgSz w:w="%d" w:h="%d"%s/><w:pgMar %s w:header="851" w:footer="1588" w:gutter="0"/>'
    .. '</w:sectPr></w:pPr></w:p>', width, height, orient, margins))
end

-- A4 in twentieths of a point; margins of GB/T 9704, turned with the sheet.
local function portrait_ends()
  return sized(11906, 16838, '', 'w:top="2098" w:bottom="1984" w:left="1588" w:right="1474"')
end
local function landscape_ends()
  return sized(16838, 11906, ' w:orient="landscape"',
    'w:top="1588" w:bottom="1474" w:left="1984" w:right="2098"')
end

-- A string of Typst, in which nothing is markup.
local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%c", " ") .. '"'
end

-- A length of HTML for Typst: pixels are 1/96 inch.
local function length(side)
  if not side then return end
  local number, unit = side:match("^([%d.]+)(%%?)$")
  if not number then number = side:match("^([%d.]+)px$") end
  if not number or tonumber(number) == 0 then return end
  return unit == "%" and number .. "%" or string.format("%.2fpt", tonumber(number) * 0.75)
end

-- The Typst markup of a picture, no wider than the text.
local function drawn(image)
  local said = pandoc.utils.stringify(image.caption)
  -- PDF/A asks for a text of every picture.
  local sides = ", alt: " .. quoted(said ~= "" and said or "图")
  local width, height = length(image.attributes.width), length(image.attributes.height)
  if width then sides = sides .. ", width: " .. width end
  if height and not height:match("%%") and (width == nil or not width:match("%%")) then
    sides = sides .. ", height: " .. height
  end
  return "picture(" .. quoted(image.src) .. sides .. ")"
end

-- Word shows SVG only since 2016, WPS not at all, and neither WebP: those lie beside as PNG.
local function for_word(image)
  if image.src:match("%.svg$") or image.src:match("%.webp$") then image.src = image.src .. ".png" end
  return image
end

-- A figure for Word, which can't let it float: typesetting.py has cut a high chart between its rows,
-- so that a page may end there. The last piece stays with the caption.
local function in_pieces(figure)
  local image
  figure:walk({ Image = function(found) image = image or found end })
  local function styled(style, inlines)
    return pandoc.Div({ pandoc.Para(inlines) }, pandoc.Attr("", {}, { ["custom-style"] = style }))
  end
  local pieces = pandoc.List()
  while image and figure.classes:includes("rows") do
    local name = string.format("%s.%d.png", image.src, #pieces + 1)
    local file = io.open(name, "rb")
    if not file then break end
    file:close()
    pieces:insert(pandoc.Image(#pieces == 0 and image.caption or "（接上图）", name))
  end
  if #pieces < 2 then return { figure:walk({ Image = for_word }) } end
  local found = pieces:map(function(piece, i)
    return styled(i == 1 and "Chart Begun" or i < #pieces and "Chart Piece" or "Chart Ended", { piece })
  end)
  found:insert(styled("Image Caption", pandoc.utils.blocks_to_inlines(figure.caption.long)))
  return found
end

-- A picture that is a paragraph of its own stands in the middle.
local function alone(image)
  if FORMAT == "typst" then return pandoc.RawBlock("typst", "#alone(" .. drawn(image) .. ")") end
  return pandoc.Div({ pandoc.Plain({ for_word(image) }) }, pandoc.Attr("", {}, { ["custom-style"] = "Picture" }))
end

-- In a figure a picture is no part of a line.
local function in_figure(image) return pandoc.RawInline("typst", "#" .. drawn(image)) end

-- The analyst's own cells come in divisions with their number; of those that Typst can't set,
-- typesetting.py must find the markup again. Divisions that say nothing are left out.
local function flat(blocks, found)
  for _, block in ipairs(blocks) do
    local cell = block.t == "Div" and block.attributes.cell
    if cell then
      if FORMAT == "typst" then found:insert(pandoc.RawBlock("typst", "// cell " .. cell)) end
      flat(block.content, found)
      if FORMAT == "typst" then found:insert(pandoc.RawBlock("typst", "// end " .. cell)) end
    elseif block.t == "Div" and #block.classes == 0 then
      flat(block.content, found)
    elseif (block.t == "Plain" or block.t == "Para") and #block.content == 1 and block.content[1].t == "Image" then
      found:insert(alone(block.content[1]))
    elseif block.t == "Plain" then
      found:insert(pandoc.Para(block.content))
    elseif block.t == "Figure" then
      found:extend(FORMAT == "typst" and { block:walk({ Image = in_figure }) } or in_pieces(block))
    else
      found:insert(block)
    end
  end
  return found
end

local function marked(doc)
  return pandoc.Pandoc(flat(doc.blocks, pandoc.List()), doc.meta)
end

-- Figures that stand one after another, as a call of report.typ that finds them room.
local function fitted(doc)
  if FORMAT ~= "typst" then return end
  local blocks = pandoc.List()
  local function markup(text) blocks:insert(pandoc.RawBlock("typst", text)) end
  for i, block in ipairs(doc.blocks) do
    local after, before = doc.blocks[i + 1], doc.blocks[i - 1]
    if block.t ~= "Figure" then
      blocks:insert(block)
    else
      markup(before and before.t == "Figure" and "], [" or "#fitting([")
      blocks:insert(block)
      if not (after and after.t == "Figure") then markup("])") end
    end
  end
  return pandoc.Pandoc(blocks, doc.meta)
end

-- Footnotes of Markdown: a list at the end, and links to its items.
local function noted(doc)
  if not NOTED then return end
  local notes = {}
  doc = doc:walk({
    Div = function(div)
      if not div.classes:includes("footnotes") then return end
      div:walk({
        OrderedList = function(list)
          for number, item in ipairs(list.content) do notes[#notes + 1] = item end
        end,
      })
      return {}
    end,
  })
  if #notes == 0 then return end
  local at = 0
  return doc:walk({
    Superscript = function(sup)
      local link = sup.content[1]
      if not (link and link.t == "Link" and link.target:match("^#text%-%d+%-fn%-")) then return end
      at = at + 1
      local back = { Link = function(l) if l.classes:includes("footnote") then return {} end end }
      return notes[at] and pandoc.Note(pandoc.Blocks(notes[at]):walk(back))
    end,
  })
end

-- Only what a link leads to keeps its name, and only once.
local function named(doc)
  if not LINKED then return end
  local wanted, there = {}, {}
  doc:walk({ Link = function(link)
    local name = link.target:match("^#(.+)")
    if name then
      name = name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
      wanted[name] = true
    end
  end })
  local function keep(element)
    local name = element.identifier
    if name == "" and element.t == "Header" then
      name = pandoc.utils.stringify(element.content):gsub(" ", "-")
    end
    if wanted[name] and not there[name] then
      there[name] = true
      element.identifier = name
    else
      element.identifier = ""
    end
    return element
  end
  -- The name of a division goes to the text that it begins with.
  local function begun(div)
    local first = div.content[1]
    if first and wanted[div.identifier] and not there[div.identifier] then
      if first.t == "Div" and first.identifier == "" then
        first.identifier = div.identifier
      elseif first.t == "Para" or first.t == "Plain" or first.t == "Header" then
        first.content:insert(1, pandoc.Span({}, pandoc.Attr(div.identifier)))
      end
    end
    div.identifier = ""
    return div
  end
  local function nameless(element)
    element.identifier = ""
    return element
  end
  doc = doc:walk({
    traverse = "topdown",
    Header = keep, Span = keep, Div = begun, Table = nameless, Figure = nameless, Code = nameless,
    CodeBlock = nameless,
  })
  return doc:walk({ Link = function(link)
    local name = link.target:match("^#(.+)")
    if name then
      name = name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
      if not there[name] then return link.content end
      link.target = "#" .. name
      return link
    end
    -- On paper, and in a file that is sent on, nothing lies beside the report.
    if not link.target:match("^%a[%a%d+.-]+:") then return link.content end
  end })
end

-- Paragraphs with a look of their own: the Typst function and the Word style of each.
local looks = {
  subtitle = "Subtitle", department = "Subtitle", date = "Subtitle",
  ["sheet-title"] = "Sheet Title", note = "Note", colophon = "Colophon",
}

-- A turned sheet takes in the headings before it, the sheets that follow, and the colophon,
-- so that none of them stands alone on a page.
local function gathered(doc)
  local blocks = pandoc.List()
  local function is_turned(block) return block.t == "Div" and block.classes:includes("landscape") end
  for _, block in ipairs(doc.blocks) do
    local last = blocks[#blocks]
    if is_turned(block) then
      local headings = pandoc.List()
      while last and last.t == "Header" do
        headings:insert(1, blocks:remove())
        last = blocks[#blocks]
      end
      local content = block:walk({ Table = function(table) table.classes:insert("turned"); return table end }).content
      headings:extend(content)
      if last and is_turned(last) then
        last.content:extend(headings)
      else
        blocks:insert(pandoc.Div(headings, block.attr))
      end
    elseif last and is_turned(last) and block.t == "Div" and block.classes:includes("colophon") then
      last.content:insert(block)
    else
      blocks:insert(block)
    end
  end
  return pandoc.Pandoc(blocks, doc.meta)
end

-- A blank line stands between the title, with what belongs to it, and the text.
local function spaced(doc)
  for i, block in ipairs(doc.blocks) do
    local before = doc.blocks[i - 1]
    if block.t == "Header" and block.level == 2 then
      local titled = before and (before.t == "Header" and before.level == 1
        or before.t == "Div" and before.classes:find_if(function(class) return looks[class] end))
      if titled then
        local blank = FORMAT == "typst" and pandoc.RawBlock("typst", "#blank") or pandoc.Para("\u{a0}")
        doc.blocks:insert(i, blank)
      end
      return doc
    end
  end
end

local function Div(div)
  if div.classes:includes("landscape") then
    if FORMAT == "typst" then
      div.content:insert(1, pandoc.RawBlock("typst", "#landscape["))
      div.content:insert(pandoc.RawBlock("typst", "]"))
    else
      div.content:insert(1, portrait_ends())
      div.content:insert(landscape_ends())
    end
    return div.content
  end
  for class, style in pairs(looks) do
    if div.classes:includes(class) then
      if FORMAT ~= "typst" then
        return pandoc.Div(div.content, pandoc.Attr("", {}, {["custom-style"] = style}))
      end
      div.content:insert(1, pandoc.RawBlock("typst", "#" .. class .. "["))
      div.content:insert(pandoc.RawBlock("typst", "]"))
      return div.content
    end
  end
  -- A div that only carries a class would become a block of its own.
  if not div.attributes["custom-style"] then return div.content end
end

local function Header(header)
  if not LINKED then header.identifier = "" end
  if FORMAT == "typst" and header.classes:includes("item") then
    return {
      pandoc.RawBlock("typst", "#item["),
      pandoc.Header(header.level, header.content, pandoc.Attr(header.identifier)),
      pandoc.RawBlock("typst", "]"),
    }
  end
  if header.classes:includes("item") then
    return pandoc.Div({ pandoc.Para(header.content) }, pandoc.Attr("", {}, { ["custom-style"] = "Item" }))
  end
  return header
end

local function Image(image)
  if FORMAT ~= "typst" then return for_word(image) end
  return pandoc.RawInline("typst", "#box(" .. drawn(image) .. ")")
end

-- The text, in which a word of so many letters becomes a call of a Typst function.
local function calling(text, count, called)
  local word = string.rep("[!-~]", count) .. "[!-~]*"
  if not text:find(word) then return end
  local found, last = pandoc.List(), 1
  for from, to in text:gmatch("()" .. word .. "()") do
    if from > last then found:insert(pandoc.Str(text:sub(last, from - 1))) end
    found:insert(pandoc.RawInline("typst", "#" .. called .. "(" .. quoted(text:sub(from, to - 1)) .. ")"))
    last = to
  end
  if last <= #text then found:insert(pandoc.Str(text:sub(last))) end
  return found
end

-- What stays one word may be wider than the line; so it may be broken anywhere.
local function Str(str)
  if FORMAT == "typst" then return calling(str.text, 40, "broken") end
end

-- PDF/A asks for a text of every formula; its source is one that can be read out.
local function Math(math)
  if FORMAT ~= "typst" then return end
  local made = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst"):match("^%s*(%$.*%$)%s*$")
  if not made then return end
  local block = math.mathtype == "DisplayMath" and "true" or "false"
  return pandoc.RawInline("typst",
    "#math.equation(block: " .. block .. ", alt: " .. quoted(math.text) .. ", " .. made .. ".body)")
end

-- How many of a table's characters a text takes, as digits and Latin letters take half of one.
local function characters(text)
  -- The bytes that begin a sign below U+2000.
  local _, narrow = text:gsub("[\0-\x7f\xc2-\xe1]", "")
  return utf8.len(text) - narrow / 2
end

-- The lines that a cell needs, when a full line of its table has so many characters.
local function lines(cell, width, full)
  local room = math.max(1, math.floor(width * full - 1))
  local count = 0
  for _, block in ipairs(cell.contents) do
    -- Only where there is one: to walk costs ten times what all else here does.
    if BROKEN then block = block:walk({ LineBreak = function() return pandoc.Str("\n") end }) end
    local text = pandoc.utils.stringify(block)
    for line in (text .. "\n"):gmatch("(.-)\n") do
      count = count + math.max(1, math.ceil(characters(line) / room))
    end
  end
  return math.max(1, count)
end

-- Characters in a full line of a table, and the lines' pitch in points, by report.typ.
local upright = { full = 42, pitch = 14.5 }
local turned = { full = 75, pitch = 12.5 }
-- Higher rows may be broken: what a turned page holds below the heading of its table.
local UNBROKEN = 28
-- Rows that merged cells join stay on one page, so no more of them than this are joined.
local JOINED, SLACK = 12, 6

-- The cells of each row with their columns, as the merged cells above leave room for them.
local function placed(rows)
  local taken, found = {}, {}
  for r, row in ipairs(rows) do
    local column = 1
    found[r] = {}
    for i, cell in ipairs(row.cells) do
      while (taken[column] or 0) >= r do column = column + 1 end
      found[r][i] = column
      for _ = 1, cell.col_span do
        taken[column] = r + cell.row_span - 1
        column = column + 1
      end
    end
  end
  return found
end

-- Merged cells in parts, so that no page ends within one: each part has the label again. Where they
-- are parted is best where the fewest are; a long text stands in the first part only.
local function parted(rows, colspecs, form)
  local columns = placed(rows)
  local needs, crossing = {}, {}
  local function high(cell, column)
    local width = 0
    for c = column, column + cell.col_span - 1 do width = width + (colspecs[c] and colspecs[c][2] or 0) end
    return lines(cell, width > 0 and width or 1 / #colspecs, form.full)
  end
  for r, row in ipairs(rows) do
    needs[r], crossing[r] = needs[r] or 1, crossing[r] or 0
    for i, cell in ipairs(row.cells) do
      if cell.row_span == 1 then
        needs[r] = math.max(needs[r], high(cell, columns[r][i]))
      end
      for below = r, r + cell.row_span - 2 do crossing[below] = (crossing[below] or 0) + 1 end
      -- A heading stays with what it is of.
      if cell.classes:includes("head") then crossing[r] = crossing[r] + 1 end
    end
  end
  local cuts, first, sum, room = {}, 1, 0, JOINED
  local r = 1
  while r <= #rows do
    if crossing[r - 1] == 0 then first, sum, room = r, 0, JOINED end
    -- As many rows as the longest text beside them needs.
    for i, cell in ipairs(rows[r].cells) do
      if cell.row_span > 1 then room = math.min(UNBROKEN - 4, math.max(room, high(cell, columns[r][i]))) end
    end
    sum = sum + needs[r] + 8 / form.pitch
    if sum > room and r > first then
      local best = r - 1
      for back = r - 1, first, -1 do
        if crossing[back] < crossing[best] then best = back end
      end
      -- A few rows more, if a merged cell ends with them.
      local more, last = 0, best
      while last < #rows do
        last = last + 1
        more = more + needs[last] + 8 / form.pitch
        if more > SLACK then break end
        if crossing[last] < crossing[best] then best = last end
      end
      cuts[best] = true
      r, first, sum, room = best, best + 1, 0, JOINED
    end
    r = r + 1
  end
  -- What a cut leaves of a merged cell begins the row below it.
  for r = 1, #rows do
    local last = r
    while last < #rows and not cuts[last] do last = last + 1 end
    for i, cell in ipairs(rows[r].cells) do
      local left = r + cell.row_span - 1 - last
      if left > 0 then
        local label = cell.classes:includes("label")
        local text = label and cell.contents or pandoc.Blocks({ pandoc.Plain({ pandoc.Str("同上") }) })
        local rest = pandoc.Cell(text, cell.alignment, left, cell.col_span, cell.attr)
        cell.row_span = last - r + 1
        local at = #rows[last + 1].cells + 1
        for n = #rows[last + 1].cells, 1, -1 do
          if columns[last + 1][n] > columns[r][i] then at = n end
        end
        rows[last + 1].cells:insert(at, rest)
        table.insert(columns[last + 1], at, columns[r][i])
      end
    end
  end
  return rows
end

-- The last rows that stay on one page, from the one before the total (合计) to the notes below it:
-- a total alone under its headings says nothing. None if there is no total, or no page holds them.
local function closing(rows, high, merged, form)
  local total = #rows
  local function is_total(row)
    local said = row.cells[1] and pandoc.utils.stringify(pandoc.Div(row.cells[1].contents)) or ""
    return said == "合计" or said:find("^合计（")
  end
  while total > 1 and not is_total(rows[total]) do total = total - 1 end
  if total < 2 then return end
  local first, last, sum = total - 1, total, 0
  for n = #merged, 1, -1 do
    local cell = merged[n]
    if cell.first < first and cell.last >= first and cell.whole then first = cell.first end
  end
  local edges = 8 / form.pitch
  for r = first, total do sum = sum + high[r] + edges end
  while last < #rows and #rows[last + 1].cells == 1 and sum + high[last + 1] + edges <= UNBROKEN do
    last = last + 1
    sum = sum + high[last] + edges
  end
  if sum <= UNBROKEN then return first, last end
end

-- Typst keeps the rows of a merged cell together: here that of a column which has no width.
local function kept_together(table, first, last)
  local function empty(rows, from, to, breakable)
    if from > to then return end
    local attributes = { ["typst:stroke"] = "none", ["typst:inset"] = "0pt", ["typst:breakable"] = breakable }
    rows[from].cells:insert(pandoc.Cell({}, "AlignDefault", to - from + 1, 1, pandoc.Attr("", {}, attributes)))
  end
  local specs, rows = table.colspecs, table.bodies[1].body
  specs[#specs + 1] = { "AlignDefault", specs[1][2] and 0 or nil }
  table.colspecs = specs
  local head = table.head.rows
  empty(head, 1, #head, "true")
  table.head.rows = head
  empty(rows, 1, first - 1, "true")
  empty(rows, first, last, "false")
  empty(rows, last + 1, #rows, "true")
end

-- Rows that fit a page are not broken; a merged cell's height is shared among its rows.
local function set_rows(rows, colspecs, form)
  local taken, needs, plain, merged = {}, {}, {}, {}
  for r, row in ipairs(rows) do
    needs[r], plain[r] = 1, pandoc.List()
    local column = 1
    for _, cell in ipairs(row.cells) do
      while (taken[column] or 0) >= r do column = column + 1 end
      local width = 0
      for _ = 1, cell.col_span do
        width = width + (colspecs[column] and colspecs[column][2] or 0)
        taken[column] = r + cell.row_span - 1
        column = column + 1
      end
      local count = lines(cell, width > 0 and width or 1 / #colspecs, form.full)
      if cell.row_span == 1 then
        plain[r]:insert(cell)
        needs[r] = math.max(needs[r], count)
      else
        merged[#merged + 1] = { first = r, last = math.min(r + cell.row_span - 1, #rows), lines = count, cell = cell }
      end
    end
  end
  local extra = {}
  for _, cell in ipairs(merged) do
    local count = 0
    for r = cell.first, cell.last do count = count + needs[r] + (extra[r] or 0) end
    -- Each row has edges of its own, 4 points more than its lines; the merged cell has them once.
    local more = cell.last - cell.first
    local lacking = (cell.lines - count - more * 4 / form.pitch) / (more + 1)
    if lacking > 0 then
      for r = cell.first, cell.last do extra[r] = (extra[r] or 0) + lacking end
    end
    -- The rows of a merged cell that is not broken stay on one page.
    if math.max(count, cell.lines) + more * 8 / form.pitch <= UNBROKEN then
      cell.cell.attr.attributes["typst:breakable"] = "false"
      cell.whole = true
    end
  end
  local high = {}
  for r, cells in ipairs(plain) do
    high[r] = needs[r] + (extra[r] or 0)
    for _, cell in ipairs(cells) do
      local attributes = cell.attr.attributes
      if high[r] <= UNBROKEN then attributes["typst:breakable"] = "false" end
      if extra[r] then
        attributes["typst:inset"] = string.format("(x: 4pt, y: %.1fpt)", 4 + extra[r] * form.pitch / 2)
      end
    end
  end
  return closing(rows, high, merged, form)
end

-- In a table without widths a word must not decide how wide a column is.
local function short_worded(table)
  return table:walk({ Str = function(str) return calling(str.text, 21, "anywhere") end })
end

-- Whether a cell holds a number, which pandas and Markdown don't say.
local function figures(cell)
  return pandoc.utils.stringify(pandoc.Div(cell.contents)):match("^%s*[-+−]?%d[%d,.]*%%?%s*$")
end

local ACROSS = { AlignLeft = "left", AlignRight = "right", AlignCenter = "center" }

local function Table(table)
  BROKEN = false
  table:walk({ LineBreak = function() BROKEN = true end })
  local form = table.attr.classes:includes("turned") and turned or upright
  if table.attr.classes:includes("sheet") then
    local bodies = table.bodies
    for _, body in ipairs(bodies) do body.body = parted(body.body, table.colspecs, form) end
    table.bodies = bodies
  end
  local free = table.colspecs[1] and not table.colspecs[1][2] or table.classes:includes("free")
  if FORMAT ~= "typst" then
    for _, row in ipairs(table.head.rows) do
      for _, cell in ipairs(row.cells) do cell.alignment = pandoc.AlignCenter end
    end
  end
  for _, body in ipairs(table.bodies) do
    local taken = {}
    for r, row in ipairs(body.body) do
      local column = 1
      for _, cell in ipairs(row.cells) do
        while (taken[column] or 0) >= r do column = column + 1 end
        local spec = table.colspecs[column]
        for _ = 1, cell.col_span do
          taken[column] = r + cell.row_span - 1
          column = column + 1
        end
        local classes = cell.attr.classes
        local alignment = cell.alignment
        if classes:includes("num") then
          alignment = "AlignRight"
        elseif classes:includes("label") or classes:includes("head") then
          alignment = "AlignCenter"
        elseif alignment == "AlignDefault" then
          alignment = spec and spec[1] ~= "AlignDefault" and spec[1] or free and figures(cell) and "AlignRight" or "AlignLeft"
        end
        if FORMAT == "typst" then
          cell.attr.attributes["typst:align"] = ACROSS[alignment] .. " + horizon"
          cell.alignment = "AlignDefault"
        else
          cell.alignment = alignment
        end
      end
    end
    if FORMAT == "typst" then
      local first, last = set_rows(body.body, table.colspecs, form)
      if first and #table.bodies == 1 and #body.head + #table.foot.rows == 0 then
        kept_together(table, first, last)
      end
    end
  end
  if FORMAT == "typst" and free then return short_worded(table) end
  return table
end

-- A table without widths of its own that is wider than the page stands on a turned one; if it is
-- wider still, its columns go into several tables, each with the first column.
local function columns_of(table)
  local needs = {}
  local function look(rows, form)
    for _, row in ipairs(rows) do
      local column = 1
      for _, cell in ipairs(row.cells) do
        if cell.col_span == 1 then
          local longest = 0
          for word in pandoc.utils.stringify(pandoc.Div(cell.contents)):gmatch("%S+") do
            -- Chinese is broken anywhere; eight characters a line are still read with ease.
            local size = word:find("[\x80-\xff]") and math.min(characters(word), 8) or characters(word)
            longest = math.max(longest, math.min(size, 20))
          end
          needs[column] = math.max(needs[column] or 0, longest)
        end
        column = column + cell.col_span
      end
    end
  end
  look(table.head.rows)
  for _, body in ipairs(table.bodies) do look(body.head); look(body.body) end
  look(table.foot.rows)
  for column = 1, #table.colspecs do needs[column] = (needs[column] or 0) + 1 end
  return needs
end

local function is_simple(table)
  local simple = true
  table:walk({ Table = function(inner)
    local function look(rows)
      for _, row in ipairs(rows) do
        for _, cell in ipairs(row.cells) do
          if cell.col_span ~= 1 or cell.row_span ~= 1 then simple = false end
        end
        if #row.cells ~= #table.colspecs then simple = false end
      end
    end
    look(inner.head.rows)
    for _, body in ipairs(inner.bodies) do look(body.head); look(body.body) end
    look(inner.foot.rows)
  end })
  return simple
end

-- The table with the first column, and those from one to another.
local function part(table, from, to)
  local function picked(list)
    local found = pandoc.List({ list[1] })
    for i = from, to do found:insert(list[i]) end
    return found
  end
  local piece = table:clone()
  piece.colspecs = picked(table.colspecs)
  local sum = 0
  for _, spec in ipairs(piece.colspecs) do sum = sum + (spec[2] or 0) end
  if sum > 0 then
    for _, spec in ipairs(piece.colspecs) do spec[2] = spec[2] / sum end
  end
  local function narrow(rows)
    for _, row in ipairs(rows) do row.cells = picked(row.cells) end
    return rows
  end
  piece.head.rows = narrow(piece.head.rows)
  piece.foot.rows = narrow(piece.foot.rows)
  local bodies = piece.bodies
  for _, body in ipairs(bodies) do
    body.head, body.body = narrow(body.head), narrow(body.body)
  end
  piece.bodies = bodies
  return piece
end

local function wide(doc)
  local blocks = pandoc.List()
  for _, block in ipairs(doc.blocks) do
    local free = block.t == "Table" and block.colspecs[1] and not block.colspecs[1][2]
    local needs = free and columns_of(block) or {}
    local sum = 0
    for _, need in ipairs(needs) do sum = sum + need end
    if free and FORMAT ~= "typst" then
      -- Word measures the columns itself; other programs take what stands in the file.
      local specs = block.colspecs
      for i, need in ipairs(needs) do specs[i][2] = need / sum end
      block.colspecs = specs
      block.classes:insert("free")
    end
    if sum <= upright.full then
      blocks:insert(block)
    elseif sum <= turned.full or not is_simple(block) then
      blocks:insert(pandoc.Div({ block }, pandoc.Attr("", { "landscape" })))
    else
      local pieces, from, taken = pandoc.List(), 2, needs[1]
      for column = 2, #needs do
        if taken + needs[column] > turned.full and column > from then
          pieces:insert(part(block, from, column - 1))
          from, taken = column, needs[1]
        end
        taken = taken + needs[column]
      end
      pieces:insert(part(block, from, #needs))
      blocks:insert(pandoc.Div(pieces, pandoc.Attr("", { "landscape" })))
    end
  end
  return pandoc.Pandoc(blocks, doc.meta)
end

local function read(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read("a")
end

local function write(name, content)
  local file <close> = assert(io.open(name, "wb"))
  file:write(content)
end

-- Formulas as MathML, one a line; an empty line where one is not understood.
local function mathml(doc)
  local lines = pandoc.List()
  local options = pandoc.WriterOptions({ wrap_text = "none", html_math_method = "mathml" })
  doc:walk({ Code = function(code)
    local kind = code.classes:includes("display") and "DisplayMath" or "InlineMath"
    local made = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ pandoc.Math(kind, code.text) }) }), "html", options)
    lines:insert(made:match("^<math") and made:gsub("%s*\n%s*", " ") or "")
  end })
  return table.concat(lines, "\n") .. "\n"
end

local filters = {
  { Pandoc = noted },
  { Pandoc = named },
  { Pandoc = marked },
  { Pandoc = fitted },
  { Pandoc = wide },
  { Pandoc = gathered },
  { Pandoc = spaced },
  { Div = Div, Header = Header, Image = Image, Str = Str, Math = Math, Table = Table },
}
local source = read("report.html")
LINKED = source:find("<a ", 1, true)
NOTED = source:find('class="footnotes"', 1, true)
local report = pandoc.read(source, "html")
for _, form in ipairs(arg) do
  if form == "mathml" then
    write("report.mathml", mathml(report))
  else
    FORMAT = form
    local document = report:clone()
    for _, filter in ipairs(filters) do document = document:walk(filter) end
    write("report." .. form, pandoc.write(document, form, pandoc.WriterOptions({ wrap_text = "none" })))
  end
end
