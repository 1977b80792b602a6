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

-- Paragraphs with a look of their own: the Typst function and the Word style of each.
local looks = {
  subtitle = "Subtitle", department = "Subtitle", date = "Subtitle",
  ["sheet-title"] = "Sheet Title", colophon = "Colophon",
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
  return div.content
end

local function Header(header)
  if FORMAT == "typst" and header.classes:includes("item") then
    return {
      pandoc.RawBlock("typst", "#item["), pandoc.Header(header.level, header.content), pandoc.RawBlock("typst", "]"),
    }
  end
  header.identifier = ""
  if header.classes:includes("item") then
    return pandoc.Div({ pandoc.Para(header.content) }, pandoc.Attr("", {}, { ["custom-style"] = "Item" }))
  end
  return header
end

-- A string of Typst, in which nothing is markup.
local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%c", " ") .. '"'
end

local function Image(image)
  if FORMAT == "typst" then
    local said = pandoc.utils.stringify(image.caption)
    -- PDF/A asks for a text of every picture.
    local alt = quoted(said ~= "" and said or "图")
    if image.src:match("%.svg$") then
      return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", alt: " .. alt .. ")")
    end
    -- The files that Typst is given hold text only: see typesetting.pdf.
    return pandoc.RawInline("typst", "#box(image(bytes(json(" .. quoted(image.src) .. ")), alt: " .. alt .. "))")
  end
  -- Word shows SVG only since 2016, and WPS not at all: its drawings lie beside as PNG.
  image.src = image.src:gsub("%.svg$", ".png")
  return image
end

-- Headings lose their identifiers, so a link within the document leads nowhere.
local function Link(link)
  if link.target:match("^#") then return link.content end
end

-- How many of a table's characters a text takes, as digits and Latin letters take half of one.
local function characters(text)
  local count = 0
  for _, code in utf8.codes(text) do count = count + (code < 0x2000 and 0.5 or 1) end
  return count
end

-- The lines that a cell needs, when a full line of its table has so many characters.
local function lines(cell, width, full)
  local room = math.max(1, math.floor(width * full - 1))
  local count = 0
  for _, block in ipairs(cell.contents) do
    local text = pandoc.utils.stringify(block:walk({ LineBreak = function() return pandoc.Str("\n") end }))
    for line in (text .. "\n"):gmatch("(.-)\n") do
      count = count + math.max(1, math.ceil(characters(line) / room))
    end
  end
  return math.max(1, count)
end

-- Characters in a full line of a table, and the lines' pitch in points, by report.typ.
local upright = { full = 42, pitch = 14.5 }
local turned = { full = 75, pitch = 12.5 }
-- Higher rows may be broken: half of a turned page.
local UNBROKEN = 16

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
        merged[#merged + 1] = { first = r, last = math.min(r + cell.row_span - 1, #rows), lines = count }
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
  end
  for r, cells in ipairs(plain) do
    local high = needs[r] + (extra[r] or 0)
    for _, cell in ipairs(cells) do
      local attributes = cell.attr.attributes
      if high <= UNBROKEN then attributes["typst:breakable"] = "false" end
      if extra[r] then
        attributes["typst:inset"] = string.format("(x: 4pt, y: %.1fpt)", 4 + extra[r] * form.pitch / 2)
      end
    end
  end
end

local function Table(table)
  local form = table.attr.classes:includes("turned") and turned or upright
  if FORMAT ~= "typst" then
    for _, row in ipairs(table.head.rows) do
      for _, cell in ipairs(row.cells) do cell.alignment = pandoc.AlignCenter end
    end
  end
  for _, body in ipairs(table.bodies) do
    for _, row in ipairs(body.body) do
      for _, cell in ipairs(row.cells) do
        local classes = cell.attr.classes
        local label = classes:includes("label") or classes:includes("head")
        if FORMAT == "typst" then
          local across = classes:includes("num") and "right" or label and "center" or "left"
          cell.attr.attributes["typst:align"] = across .. " + horizon"
        elseif classes:includes("num") then
          cell.alignment = pandoc.AlignRight
        elseif label then
          cell.alignment = pandoc.AlignCenter
        end
      end
    end
    if FORMAT == "typst" then set_rows(body.body, table.colspecs, form) end
  end
  return table
end

local function read(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read("a")
end

local function write(name, content)
  local file <close> = assert(io.open(name, "wb"))
  file:write(content)
end

local filters = {
  { Pandoc = gathered },
  { Pandoc = spaced },
  { Div = Div, Header = Header, Image = Image, Link = Link, Table = Table },
}
local report = pandoc.read(read("report.html"), "html")
for _, form in ipairs(arg) do
  FORMAT = form
  local document = report:clone()
  for _, filter in ipairs(filters) do document = document:walk(filter) end
  write("report." .. form, pandoc.write(document, form, pandoc.WriterOptions({ wrap_text = "none" })))
end
