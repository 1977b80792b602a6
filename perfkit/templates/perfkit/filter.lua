-- What pandoc's readers and writers don't know of the report's HTML.

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
  local function turned(block) return block.t == "Div" and block.classes:includes("landscape") end
  for _, block in ipairs(doc.blocks) do
    local last = blocks[#blocks]
    if turned(block) then
      local headings = pandoc.List()
      while last and last.t == "Header" do
        headings:insert(1, blocks:remove())
        last = blocks[#blocks]
      end
      headings:extend(block.content)
      if last and turned(last) then
        last.content:extend(headings)
      else
        blocks:insert(pandoc.Div(headings, block.attr))
      end
    elseif last and turned(last) and block.t == "Div" and block.classes:includes("colophon") then
      last.content:insert(block)
    else
      blocks:insert(block)
    end
  end
  return pandoc.Pandoc(blocks, doc.meta)
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
  if header.classes:includes("item") then header.attributes["custom-style"] = "Item" end
  return header
end

-- A string of Typst, in which nothing is markup.
local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%c", " ") .. '"'
end

local function Image(image)
  if FORMAT == "typst" then
    local alt = pandoc.utils.stringify(image.caption)
    return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", alt: " .. quoted(alt) .. ")")
  end
end

local function cells(rows, visit)
  for _, row in ipairs(rows) do
    for _, cell in ipairs(row.cells) do visit(cell) end
  end
end

local function Table(table)
  local function align(cell)
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
  for _, body in ipairs(table.bodies) do
    cells(body.head, align)
    cells(body.body, align)
  end
  return table
end

return { { Pandoc = gathered }, { Div = Div, Header = Header, Image = Image, Table = Table } }
