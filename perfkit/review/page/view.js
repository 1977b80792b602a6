// The review view of a report: findings and remarks beside the text they speak of,
// the derivation of every figure, what changed since the last review.
//
// Whatever a person wrote is put in as text, never as markup.

const BLOCKS = "main [data-block], main p, main li, main pre, main h2, main h3, main tbody tr";
const PLACES = {
  kept: "",
  moved: "位置有变动",
  numbers: "原文的数字有改动",
  changed: "原文有改动",
  lost: "原文已不在报告里",
};
const SETTLED = `已${KINDS.settle}`;

const main = document.querySelector("main");
const data = JSON.parse(document.querySelector("script#review-data")?.textContent || "{}");
const content = { ...data.content, template: main.dataset.template };
const record = new Record(main.dataset.report);
const blocks = new Map(); // name → element, in the order of the page
let texts = new Map(); // name → text
let notes = []; // the notes beside the text, in the order of the page
let current = null; // the block that the keyboard is at
let draft = null; // the remark that is being written
let filter = null; // which of the notes are shown: a level, "remark", "change", "handled"; null for all

// element(tag, attributes, …children): text children are text.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function button(words, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, words);
}

// ---- the text of a block, and places in it

function findBlocks() {
  let chapter = "0";
  let n = 0;
  for (const found of main.querySelectorAll(BLOCKS)) {
    if (found.closest(".contents, .notes, .colophon")) continue;
    // Of what is for reviewers alone, only what has a name is remarked on: the derivations.
    if (found.closest(".review") && !found.matches("[data-block]")) continue;
    if (found.parentElement.closest("[data-block]")) continue;
    if (found.matches("h2, h3")) {
      chapter = found.id || chapter;
      n = 0;
    }
    // What an analyst added to the notebook has no name of its own.
    const given = found.dataset.block || `${chapter}/${n++}`;
    let unique = given;
    for (let i = 2; blocks.has(unique); i++) unique = `${given}~${i}`;
    found.dataset.block = unique;
    blocks.set(unique, found);
  }
  texts = new Map([...blocks].map(([key, found]) => [key, read(found).text]));
}

// The text of a block, spaces as one, and the text node that each character is in. Where a value
// stands in the parameter file is not of it: a comment there moves every line.
function read(block) {
  let text = "";
  const points = [];
  const gap = (point) => {
    if (!text || text.endsWith(" ")) return;
    text += " ";
    points.push(point);
  };
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
    node.className === "place" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (/^(TD|TH|BR|SMALL)$/.test(node.tagName)) gap(null);
      continue;
    }
    for (let offset = 0; offset < node.data.length; offset++) {
      const point = { node, offset };
      if (/\s/.test(node.data[offset])) gap(point);
      else if (!node.data[offset].match(UNSHOWN)) {
        text += node.data[offset];
        points.push(point);
      }
    }
  }
  return { text: text.trimEnd(), points };
}

function blockOf(node) {
  const at = node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement;
  const found = at?.closest("[data-block]");
  return found && blocks.get(found.dataset.block) === found ? found : null;
}

// Wraps ranges of a block in <mark>: where they overlap, one mark has them all.
function mark(block, ranges) {
  const edges = [...new Set(ranges.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  // From the end, so that the places before stay what they are.
  for (let i = edges.length - 2; i >= 0; i--) {
    const [start, end] = [edges[i], edges[i + 1]];
    const over = ranges.filter((range) => range.start <= start && range.end >= end);
    if (!over.length) continue;
    for (const [node, from, to] of runs(read(block).points.slice(start, end)).reverse()) {
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      const kinds = [...new Set(over.map((one) => one.kind))].join(" ");
      range.surroundContents(element("mark", { class: kinds, "data-note": over[0].note }));
    }
  }
}

function runs(points) {
  const found = [];
  for (const point of points) {
    if (!point) continue;
    const last = found[found.length - 1];
    if (last && last[0] === point.node) last[2] = point.offset + 1;
    else found.push([point.node, point.offset, point.offset + 1]);
  }
  return found;
}

function unmark() {
  document.querySelectorAll("[data-noted]").forEach((found) => found.removeAttribute("data-noted"));
  for (const found of document.querySelectorAll("mark[data-note]")) {
    const parent = found.parentNode;
    found.replaceWith(...found.childNodes);
    parent.normalize();
  }
}

// ---- what there is to show beside the text

// Of each finding the block that holds its field, and the words it means.
function placeFindings(checks = []) {
  const fields = [...blocks].flatMap(([key, found]) =>
    (found.dataset.field || "")
      .split(" ")
      .filter(Boolean)
      .map((field) => [field, key]),
  );
  return (data.findings || []).map((finding, i) => {
    const within = (field, outer) => field === outer || field.startsWith(`${outer}.`);
    const around = fields.filter(([field]) => within(finding.field, field));
    const longest = Math.max(0, ...around.map(([field]) => field.length));
    const nearest = around.filter(([field]) => field.length === longest);
    const inside = fields.filter(([field]) => within(field, finding.field));
    const candidates = (nearest.length ? nearest : inside.slice(0, 1)).map(([, key]) => key);
    const quoted = finding.quote && candidates.find((key) => texts.get(key).includes(finding.quote));
    const block = quoted || candidates[0] || null;
    const start = quoted ? texts.get(block).indexOf(finding.quote) : 0;
    const end = quoted ? start + finding.quote.length : 0;
    const check = checks[i] || { state: "open", replies: [] };
    const kind = check.state === "open" ? finding.level : "settled";
    return { id: `finding-note-${i}`, kind, block, start, end, finding, check, i };
  });
}

// Whether nothing was done about a finding or remark.
function waits(item) {
  return item.finding ? item.check.state === "open" : !item.remark.settled;
}

// Whether a note is one of those that the filter leaves.
function chosen(item) {
  // Not without what is being answered.
  if (!filter || (draft?.on && item.remark?.id === draft.on)) return true;
  if (item.kind === "change") return filter === "change";
  const kind = item.finding ? item.finding.level : "remark";
  return filter === (waits(item) ? kind : "handled");
}

function placeRemarks(remarks) {
  return remarks.map((remark) => ({
    id: `remark-${remark.id}`,
    kind: remark.settled ? "settled" : "remark",
    remark,
    block: null,
    ...anchor(remark.target, texts),
  }));
}

// What differs from the text of the last decision, block by block.
function placeChanges(decision) {
  if (!decision?.blocks) return [];
  const before = new Map(Object.entries(decision.blocks));
  const known = new Set(before.values());
  const found = [];
  for (const [block, text] of texts) {
    if (known.has(text)) continue;
    const { added, gone } = differences(before.get(block) || "", text);
    const note = { id: `change-${found.length}`, kind: "change", block, gone: gone.join("") };
    found.push({ ...note, fresh: !before.has(block), ranges: added });
  }
  const now = new Set(texts.values());
  for (const [block, text] of before) {
    if (!texts.has(block) && !now.has(text)) {
      found.push({ id: `change-${found.length}`, kind: "change", block: null, gone: text, ranges: [] });
    }
  }
  return found;
}

// ---- notes

function note(item, ...children) {
  const label = item.finding ? LEVELS[item.finding.level] : item.remark ? KINDS.remark : "改动";
  return element(
    "article",
    { class: `note ${item.kind}`, id: item.id, tabindex: "-1", "aria-label": label },
    ...children,
  );
}

function findingNote(item) {
  const { level, message, where } = item.finding;
  return note(
    item,
    element("p", {}, element("strong", {}, LEVELS[level]), " ", message),
    ...findingState(item),
    findingActions(item, where.replace(/^.*:(\d+)$/, "第$1行")),
  );
}

// What was said of a finding, and what its department replied.
function findingState({ check }) {
  const { state, event, before = [], lapsed, replies } = check;
  const lines = [];
  if (event) {
    const who = [element("strong", {}, CHECKS[state]), element("small", {}, ` ${event.by} ${day(event.at)}`)];
    lines.push(element("p", { class: "state" }, ...who));
    if (state === "dismiss") lines.push(said(event.text));
    if (state === "remark")
      lines.push(element("p", { class: "see" }, element("a", { href: `#remark-${event.id}` }, "看意见")));
  }
  // Another reviewer may have seen it otherwise.
  if (event && before.some((one) => one.by !== event.by)) {
    const said = before.map(({ kind, by, at }) => `${CHECKS[kind] ?? KINDS[kind]}（${by} ${day(at)}）`);
    lines.push(element("p", {}, element("small", {}, `此前：${said.join("，")}`)));
  }
  if (lapsed) {
    const words = `${day(lapsed.at)} ${lapsed.by}标的“${CHECKS[lapsed.kind]}”已失效：内容有变化，原来是“`;
    lines.push(element("p", { class: "lapsed" }, `${words}${lapsed.finding.message}”。`));
  }
  return [...lines, ...replies.map(answerOf)];
}

function findingActions(item, place) {
  const { state } = item.check;
  const of = (words) => ({ "aria-label": `${words}：${shortened(item.finding.message)}` });
  const act = (kind, onclick) => button(KINDS[kind], onclick, of(KINDS[kind]));
  const raise = "转为意见";
  return element(
    "p",
    { class: "actions" },
    place && element("small", {}, place),
    ...(state === "open"
      ? [
          act("verify", () => withName(() => tick(item, "verify"))),
          act("dismiss", () => dismiss(item)),
          button(raise, () => raised(item), of(raise)),
        ]
      : [act("restore", () => withName(() => tick(item, "restore")))]),
  );
}

function tick(item, kind, text) {
  const at = notes.findIndex((found) => found.id === item.id);
  const { code, field, message } = item.finding;
  put({ kind, finding: { code, field, message }, ...(text && { text }) }, `“${KINDS[kind]}”已保存`);
  // With a filter it may be gone; the keyboard goes on at the next one.
  const next = notes[Math.min(at, notes.length - 1)] || document.getElementById(`filter-${filter}`);
  goTo(document.getElementById(item.id) || next || bar);
}

function dismiss(item) {
  const title = `这条审核意见${KINDS.dismiss}`;
  askWhy(title, "理由", true, KINDS.dismiss, (text) => tick(item, "dismiss", text));
}

// A finding becomes a remark at its place, for the reviewer to put in other words.
function raised(item) {
  const { code, field, message } = item.finding;
  const block = item.block || blocks.keys().next().value;
  const whole = !item.block || item.end === item.start;
  const [start, end] = whole ? [0, texts.get(block).length] : [item.start, item.end];
  write({ kind: "remark", block, start, end, finding: { code, field, message }, given: message });
}

function changeNote(item) {
  const words = item.fresh ? "新增的内容" : "上次审阅以后有改动";
  const gone = item.gone && element("p", {}, "原来是：", element("del", {}, item.gone));
  return note(item, element("p", {}, element("strong", {}, words)), gone || null);
}

function remarkNote(item) {
  const { remark, state } = item;
  const aside = [PLACES[state], remark.settled && SETTLED].filter(Boolean).join("，");
  const quoted =
    state !== "kept" || !blocks.has(item.block)
      ? element("blockquote", {}, shortened(remark.target.selector.exact))
      : null;
  const answering = draft?.on === remark.id;
  return note(
    item,
    element(
      "p",
      {},
      element("strong", {}, remark.by),
      " ",
      element("small", {}, day(remark.at)),
      aside && element("em", {}, ` ${aside}`),
    ),
    quoted,
    said(remark.text),
    ...remark.thread.map(answerOf),
    answering
      ? compose()
      : element(
          "p",
          { class: "actions" },
          ...["answer", remark.settled ? "reopen" : "settle"].map((kind) =>
            button(
              KINDS[kind],
              () => (kind === "answer" ? write({ kind, on: remark.id }) : turn(remark, kind)),
              { "aria-label": `${KINDS[kind]}${remark.by}的${KINDS.remark}` },
            ),
          ),
        ),
  );
}

function answerOf(event) {
  return element(
    "div",
    { class: "answer" },
    element(
      "p",
      {},
      element("strong", {}, event.by),
      " ",
      element("small", {}, `${KINDS[event.kind]} ${day(event.at)}`),
    ),
    event.about ? element("blockquote", {}, shortened(event.about)) : null,
    event.text ? said(event.text) : null,
  );
}

function said(text) {
  return element("p", { class: "said" }, text);
}

function day(at) {
  return at.slice(0, 16).replace("T", " ");
}

function shortened(text) {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

// The notes of a block, beside it or, for a row, beside its table.
function notesOf(block) {
  const place = block.closest(".scroll") || block.closest("table, ul, ol") || block;
  if (place.previousElementSibling?.matches(".notes")) return place.previousElementSibling;
  const made = element("div", { class: "notes" });
  place.before(made);
  return made;
}

function rowName(block) {
  const heading = block.matches("tr") && block.querySelector("th[scope=row], td");
  return heading ? element("p", { class: "row" }, heading.textContent) : null;
}

// ---- showing

function show() {
  const focused = document.activeElement?.id;
  const reviewing = document.documentElement.classList.contains("reviewing");
  unmark();
  document.querySelectorAll(".notes").forEach((found) => found.remove());
  document.getElementById("review-record")?.remove();
  document.querySelectorAll("[data-of]").forEach((found) => dressFigure(found, reviewing));
  dressBlocks(reviewing);
  if (!reviewing) {
    bar.replaceChildren(...barContent());
    return;
  }

  const { remarks, decision, said, loose } = record.fold();
  const placed = {
    findings: placeFindings(checked(data.findings || [], said)),
    remarks: placeRemarks(remarks),
    changes: placeChanges(decision),
  };
  bar.replaceChildren(...barContent(placed, decision));
  const items = [...placed.findings, ...placed.remarks, ...placed.changes].filter(chosen);
  if (draft?.block) items.push({ ...draft, kind: "draft", id: "draft" });
  for (const [key, block] of blocks) {
    const here = items.filter((item) => item.block === key);
    if (!here.length) continue;
    const weight = (item) => Object.keys(LEVELS).indexOf(item.kind);
    here.sort((a, b) => (a.start || 0) - (b.start || 0) || weight(a) - weight(b));
    mark(
      block,
      here.flatMap((item) =>
        (item.ranges || [[item.start, item.end]])
          .filter(([start, end]) => end > start)
          .map(([start, end]) => ({ start, end, kind: item.kind, note: item.id })),
      ),
    );
    // A note on the whole of a block, as on a row, has no words to mark.
    const worst = here.find((item) => !item.ranges && item.end === item.start);
    if (worst) block.dataset.noted = worst.kind;
    const beside = notesOf(block);
    const name = rowName(block);
    if (name) beside.append(name);
    beside.append(...here.map(drawn));
  }
  notes = [...document.querySelectorAll(".notes .note")];
  linkFindings(placed.findings);
  panel.append(recordSection(placed, decision, loose));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function drawn(item) {
  if (item.kind === "draft") return compose();
  if (item.finding) return findingNote(item);
  return item.remark ? remarkNote(item) : changeNote(item);
}

// The list of findings that the report has in any case; here each leads to its place.
function linkFindings(items) {
  for (const item of items) {
    const line = panel.querySelector(`[data-finding="${item.i}"]`);
    if (!line) continue;
    line.hidden = !chosen(item);
    line.classList.toggle("handled", !waits(item));
    line.querySelector(".check")?.remove();
    const check = element("div", { class: "check" });
    line.append(check);
    if (item.block) {
      if (!line.hidden) {
        const link = element("a", { href: `#${item.id}` }, item.finding.message);
        line.querySelector(".message").replaceChildren(link);
      }
      check.textContent = waits(item) ? "" : handledBy(item.check);
    } else {
      // It has no place in the text: what there is to do about it is here.
      line.id = item.id;
      line.tabIndex = -1;
      check.append(...findingState(item), findingActions(item));
    }
  }
}

// In a line: what became of a finding, who said so and when, and why.
function handledBy({ state, event }) {
  const why = state === "dismiss" ? `：${shortened(event.text)}` : "";
  return `${CHECKS[state]}（${event.by} ${day(event.at)}）${why}`;
}

function recordSection({ findings, remarks, changes }, decision, loose) {
  const errors = findings.filter((item) => item.finding.level === "error" && waits(item)).length;
  const open = remarks.filter((item) => !item.remark.settled);
  const line = (item) => {
    const { remark } = item;
    const words = `${remark.by}：${shortened(remark.text)}`;
    const state = [PLACES[item.state], remark.settled && SETTLED].filter(Boolean).join("，");
    return element(
      "li",
      {},
      item.block ? element("a", { href: `#${item.id}` }, words) : remarkNote(item),
      state && item.block ? element("em", {}, ` ${state}`) : null,
    );
  };
  const removed = changes.filter((item) => !item.block);
  return element(
    "div",
    { id: "review-record" },
    element("h3", {}, "审阅意见"),
    element("p", {}, `${open.length}条未了结，${remarks.length - open.length}条已了结。`),
    element("ul", {}, ...remarks.map(line)),
    loose.length ? element("p", {}, `${KINDS.reply}里有${loose.length}条没有对上现在的意见：`) : null,
    ...loose.map(answerOf),
    changes.length ? element("p", {}, `上次审阅以后有${changes.length}处改动。`) : null,
    ...removed.map(changeNote),
    element("h3", {}, "审阅结论"),
    ...conclusion(decision, open.length, findings.length - findings.filter(waits).length, findings.length),
    element(
      "p",
      { class: "actions" },
      element(
        "label",
        {},
        "审阅人 ",
        element("input", {
          id: "reviewer",
          value: reviewer(),
          maxlength: String(NAME),
          autocomplete: "name",
          onchange: (event) => name.set(event.target.value),
        }),
      ),
      ...DECISIONS.map((kind) => button(KINDS[kind], () => decide(kind, open.length, errors))),
    ),
    letters(),
    element(
      "p",
      { class: "actions" },
      button("把意见存成文件", saveFile),
      element(
        "label",
        { class: "file" },
        "读入意见文件 ",
        element("input", {
          type: "file",
          accept: ".yaml,.yml",
          onchange: (event) => loadFile(event.target),
        }),
      ),
    ),
    ...record.troubles.map((line) => element("p", { class: "lapsed" }, `审阅记录${line}。`)),
    element("p", { class: "keeping" }, element("small", {}, keeping())),
  );
}

function keeping() {
  if (record.served) return `意见随时写入 ${FOLDER}/${record.report}.yaml。`;
  const n = record.unsent.size;
  return (
    `网页是直接打开的：意见留在这个浏览器里${n ? `（${n}条记录）` : ""}，请存成文件交给分析人员，` +
    "用 perfkit review --import 导入。"
  );
}

// The opinion sheet for the department, which the server makes of what is there.
function letters() {
  if (!record.served) return null;
  const forms = { docx: "Word", xlsx: "Excel" };
  const name = encodeURIComponent(record.report);
  const links = Object.entries(forms).map(([ending, words]) =>
    element("a", { href: `${LETTERS}/${name}.${ending}`, download: true }, words),
  );
  return element("p", { class: "actions" }, "反馈意见单：", ...links);
}

function conclusion(decision, open, handled, all) {
  const lines = all ? [element("p", {}, `审核意见${all}条，处理了${handled}条。`)] : [];
  if (!decision) return [...lines, element("p", {}, "还没有结论。")];
  const why = lapses(decision, content);
  const word = KINDS[decision.kind];
  const said_ = decision.text ? `：${decision.text}` : "";
  lines.push(element("p", {}, `${decision.by} ${day(decision.at)} ${word}${said_}`));
  if (decision.errors) lines.push(element("p", {}, `当时有${decision.errors}条错误没有处理，理由如上。`));
  if (why.length) {
    const words = decision.kind === "accept" ? STATES.lapsed : STATES.revised;
    lines.push(element("p", { class: "lapsed" }, `${words}：${why.join("，")}。`));
    lines.push(figuresChanged(decision));
  } else if (decision.kind === "accept" && open) {
    lines.push(element("p", {}, `通过以后又有${open}条意见没有了结。`));
  }
  return lines;
}

// Which figures are others than at the decision; the first of them at once.
function figuresChanged(decision) {
  const changed = changedFigures(decision.figures, data.figures);
  if (!changed.length) return null;
  const list = (some) =>
    element("ul", { class: "figures-changed" }, ...some.map((line) => element("li", {}, line)));
  const rest = changed.slice(FIGURES_TOLD);
  const more =
    rest.length && element("details", {}, element("summary", {}, `另有${rest.length}处`), list(rest));
  return element("div", {}, list(changed.slice(0, FIGURES_TOLD)), more || null);
}

function barContent(placed, decision) {
  const reviewing = Boolean(placed);
  const toggle = button(reviewing ? "回到正文" : "审阅", () => review(!reviewing), {
    id: "review-toggle",
    "aria-pressed": String(reviewing),
  });
  if (!reviewing) return [toggle];
  const said = [...placed.findings, ...placed.remarks];
  const of = (kind, words) => {
    const count = (kind === "change" ? placed.changes : said.filter(waits)).filter(
      (item) => (item.finding ? item.finding.level : item.kind) === kind,
    );
    return filterButton(kind, words, count.length);
  };
  const handled = said.filter((item) => !waits(item)).length;
  return [
    toggle,
    otherReports(),
    element("a", { href: "#review-panel" }, "清单"),
    element(
      "span",
      { role: "group", "aria-label": "只看哪一类", class: "filters" },
      ...Object.entries(data.findings ? LEVELS : {}).map(([level, words]) => of(level, words)),
      of("remark", KINDS.remark),
      placed.changes.length || filter === "change" ? of("change", "改动") : null,
      handled || filter === "handled" ? filterButton("handled", "处理过的", handled) : null,
    ),
    element("span", { class: "conclusion" }, STATES[stateOf(decision, content)]),
    button("上一条", () => step(-1), { id: "previous-note" }),
    button("下一条", () => step(1), { id: "next-note" }),
    button("写意见", () => writeHere(), { id: "write-remark" }),
    element("span", { id: "review-saving" }, saving()),
    element("span", { class: "trouble", role: "alert" }, record.trouble),
  ];
}

// A count that is a filter: pressed, these alone are shown; once more, all.
function filterButton(kind, words, count) {
  const press = () => {
    filter = filter === kind ? null : kind;
    show();
    say(filter ? `只看${words}，${count}条` : "全部显示");
  };
  return button(`${words} ${count}`, press, {
    id: `filter-${kind}`,
    class: kind,
    "aria-pressed": String(filter === kind),
  });
}

// To the other reports, by way of the index: it knows their order, and how it is sorted and filtered.
function otherReports() {
  const ways = { before: "上一份", after: "下一份", unfinished: "下一份待审" };
  const to = (way) => `index.html#${new URLSearchParams({ [way]: record.report })}`;
  return element(
    "nav",
    { "aria-label": "各份报告" },
    element("a", { href: to("at") }, "目录页"),
    ...Object.entries(ways).map(([way, words]) =>
      element("a", { href: to(way), id: `report-${way}` }, words),
    ),
  );
}

function saving() {
  return record.served && record.unsent.size && !record.trouble ? "正在保存…" : "";
}

// What became of the events that were written, without moving what a person reads.
function showState() {
  const trouble = bar.querySelector(".trouble");
  if (!trouble) return;
  if (trouble.textContent !== record.trouble) trouble.textContent = record.trouble;
  document.getElementById("review-saving").textContent = saving();
}

// Shows an event at once, and says so when it is saved.
function put(event, words) {
  const added = record.add(event);
  show();
  record.send().then(() => {
    showState();
    say(record.trouble || words);
  });
  return added;
}

function dressFigure(found, reviewing) {
  const known = data.derivations?.[found.dataset.of];
  if (reviewing && known) {
    found.setAttribute("role", "button");
    found.setAttribute("tabindex", found.closest("[data-block]") === current ? "0" : "-1");
    found.setAttribute("aria-haspopup", "dialog");
  } else {
    for (const key of ["role", "tabindex", "aria-haspopup"]) found.removeAttribute(key);
  }
}

function dressBlocks(reviewing) {
  for (const found of blocks.values()) {
    if (!reviewing) {
      found.removeAttribute("tabindex");
      found.removeAttribute("aria-describedby");
      continue;
    }
    found.setAttribute("tabindex", found === (current || blocks.values().next().value) ? "0" : "-1");
    found.setAttribute("aria-describedby", "review-keys");
  }
}

// ---- moving about

function moveTo(block) {
  const before = current;
  current = block;
  for (const found of [before, blocks.values().next().value]) found?.setAttribute("tabindex", "-1");
  block.setAttribute("tabindex", "0");
  for (const found of [before, block]) {
    found?.querySelectorAll("[data-of]").forEach((one) => dressFigure(one, true));
  }
}

function step(by) {
  if (!notes.length) return;
  const at = document.activeElement?.closest(".note");
  let next = notes.indexOf(at) + by;
  if (!at) {
    const top = notes.findIndex((found) => found.getBoundingClientRect().top > 80);
    next = by > 0 ? top : top - 1;
  }
  const found = notes[(next + notes.length) % notes.length];
  goTo(found);
}

function goTo(found) {
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "center" });
}

function keys(event) {
  const block = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (block.matches?.("[data-of][role=button]") && [" ", "Enter"].includes(event.key)) {
    event.preventDefault();
    derive(block);
    return;
  }
  const next = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (next && block.closest?.(".notes .note:not(.compose)") && !block.matches("input, textarea")) {
    event.preventDefault();
    step(next);
    return;
  }
  if (blocks.get(block.dataset?.block) !== block) return;
  const all = [...blocks.values()];
  if (next) {
    event.preventDefault();
    const found = all[all.indexOf(block) + next];
    if (!found) return;
    moveTo(found);
    found.focus({ preventScroll: true });
    found.scrollIntoView({ block: "center" });
  } else if (event.key === "Enter") {
    event.preventDefault();
    writeOn(block);
  }
}

// ---- derivations

function derive(found) {
  const known = data.derivations[found.dataset.of];
  const items = (known.inputs || []).map(([input, value, place]) =>
    element("li", {}, `${input}：${value} `, element("small", {}, place)),
  );
  const term = (words, ...text) => [element("dt", {}, words), element("dd", {}, ...text)];
  ask(
    known.name,
    [
      element(
        "dl",
        {},
        ...(known.rule ? term("规则", known.rule) : []),
        ...term("推导", known.formula),
        ...(items.length ? term("依据及出处", element("ul", {}, ...items)) : []),
        ...(known.notes ? term("说明", ...known.notes.map((text) => element("p", {}, text))) : []),
      ),
    ],
    [],
  );
}

// A dialog; the browser returns the focus to where it was.
function ask(title, body, actions) {
  dialog.replaceChildren(
    element("h2", { id: "dialog-title" }, title),
    ...body,
    element(
      "p",
      { class: "actions" },
      ...actions,
      button("关闭", () => givesUp() && dialog.close()),
    ),
  );
  dialog.showModal();
}

function say(text) {
  status.textContent = "";
  status.textContent = text;
}

// ---- writing

function reviewer() {
  return name.get() || record.suggested;
}

function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const block = blockOf(range.startContainer);
  if (!block) return null;
  const { text, points } = read(block);
  const inside = points.flatMap((point, i) => {
    if (!point || !range.isPointInRange(point.node, point.offset)) return [];
    // The point behind the last character is in the range, the character isn't.
    const behind = point.node === range.endContainer && point.offset >= range.endOffset;
    return behind ? [] : [i];
  });
  if (!inside.length) return null;
  let [start, end] = [inside[0], inside[inside.length - 1] + 1];
  end = Math.min(end, text.length);
  while (start < end && text[start] === " ") start++;
  while (end > start && text[end - 1] === " ") end--;
  return end > start ? { block: block.dataset.block, start, end } : null;
}

function writeHere() {
  const chosen = selected();
  if (chosen) write({ kind: "remark", ...chosen });
  else writeOn(current || blocks.values().next().value);
}

function writeOn(block) {
  const key = block.dataset.block;
  write({ kind: "remark", block: key, start: 0, end: texts.get(key).length });
}

// Whether someone has written something that is not saved, as a remark or in a dialog.
function unsaved() {
  return (Boolean(draft?.text?.trim()) && draft.text !== draft.given) || asked();
}

function asked() {
  return dialog.open && Boolean(dialog.querySelector("textarea")?.value.trim());
}

// What is written in a dialog is not lost by a stray key.
function givesUp() {
  return !asked() || confirm("写的理由还没有保存，要放弃吗？");
}

function write(started) {
  if (unsaved() && !confirm("正在写的意见还没有保存，要放弃吗？")) return;
  draft = { ...started, text: started.given || "" };
  getSelection().removeAllRanges();
  show();
  const area = document.getElementById("remark-text");
  area.focus({ preventScroll: true });
  area.scrollIntoView({ block: "center" });
}

function compose() {
  const quoting = draft.kind === "remark";
  const quote = quoting ? texts.get(draft.block).slice(draft.start, draft.end) : "";
  const problem = element("p", { class: "trouble", role: "alert", id: "remark-problem" });
  const form = element(
    "form",
    { class: "note compose", "aria-label": quoting ? "写意见" : KINDS.answer },
    quoting
      ? element(
          "label",
          {},
          "针对的文字（可以只留其中一段）",
          element("textarea", { id: "remark-quote", rows: "2" }, draft.quote ?? quote),
        )
      : null,
    element(
      "label",
      {},
      KINDS[draft.kind],
      element("textarea", { id: "remark-text", rows: "4", "aria-describedby": "remark-problem" }),
    ),
    element(
      "label",
      {},
      "审阅人",
      element("input", {
        id: "remark-by",
        value: draft.by ?? reviewer(),
        maxlength: String(NAME),
        autocomplete: "name",
      }),
    ),
    problem,
    element("p", { class: "actions" }, element("button", { type: "submit" }, "保存"), button("取消", cancel)),
  );
  const area = form.querySelector("#remark-text");
  area.value = draft.text;
  area.addEventListener("input", () => {
    draft.text = area.value;
  });
  form.querySelector("#remark-by").addEventListener("input", (event) => {
    draft.by = event.target.value;
  });
  form.querySelector("#remark-quote")?.addEventListener("input", (event) => {
    draft.quote = event.target.value;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      submit(form);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      problem.textContent = error.message;
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

function cancel() {
  if (unsaved() && !confirm("正在写的意见还没有保存，要放弃吗？")) return;
  const block = draft && blocks.get(draft.block);
  draft = null;
  show();
  if (block) {
    moveTo(block);
    block.focus({ preventScroll: true });
  }
}

function submit(form) {
  const text = clean(form.querySelector("#remark-text").value);
  if (!text) throw new Rejected("请写上意见");
  if (text.length > LONGEST) {
    throw new Rejected(`意见有${text.length}个字，最多${LONGEST}个；请缩短，或者另附文件`);
  }
  named(form.querySelector("#remark-by").value);
  const event = { kind: draft.kind, text };
  if (draft.kind === "remark") event.target = target(form.querySelector("#remark-quote").value);
  else event.on = draft.on;
  if (draft.finding) event.finding = draft.finding;
  draft = null;
  const added = put(event, "意见已保存");
  goTo(document.getElementById(`remark-${added.on || added.id}`) || bar.querySelector("[aria-pressed=true]"));
}

function named(text) {
  if (!clean(text)) throw new Rejected("请写上审阅人");
  name.set(text);
}

// What the remark is about: the words chosen, or those that were left of them.
function target(quoted) {
  const text = texts.get(draft.block);
  let { start, end } = draft;
  const words = quoted.replace(/\s+/gu, " ").trim();
  if (words && words !== text.slice(start, end)) {
    const inside = text.slice(start, end).indexOf(words);
    const at = inside >= 0 ? start + inside : text.indexOf(words);
    if (at < 0) throw new Rejected("这段文字不在所选的段落里，请照原文写，或者清空");
    [start, end] = [at, at + words.length];
  } else if (!words) [start, end] = [0, text.length];
  if (end - start > LONGEST) end = start + LONGEST;
  return { block: draft.block, selector: selectorOf(text, start, end), start };
}

function turn(remark, kind) {
  withName(() => {
    put({ kind, on: remark.id }, `已${KINDS[kind]}`);
    goTo(document.getElementById(`remark-${remark.id}`) || document.getElementById(`filter-${filter}`));
  });
}

// Goes on as soon as it is known who speaks.
function withName(then) {
  if (!reviewer()) return askWhy("请先写上审阅人", null, false, "继续", then);
  name.set(reviewer());
  return then();
}

// A dialog for who says something, and why.
function askWhy(title, words, needed, action, then) {
  const by = element("input", { id: "decided-by", value: reviewer(), maxlength: String(NAME) });
  const why = element("textarea", { id: "decision-text", rows: "3", maxlength: String(LONGEST) });
  const problem = element("p", { class: "trouble", role: "alert" });
  const confirmed = () => {
    const text = clean(why.value);
    if (!clean(by.value)) problem.textContent = "请写上审阅人";
    else if (needed && !text) problem.textContent = `请写上${words}`;
    else {
      named(by.value);
      dialog.close();
      then(text);
    }
  };
  const fields = [element("label", {}, "审阅人", by)];
  if (words) fields.push(element("label", {}, needed ? words : `${words}（可以不写）`, why));
  ask(title, [...fields, problem], [button(action, confirmed)]);
}

function decide(kind, open, errors) {
  const word = KINDS[kind];
  if (record.outdated) {
    const words = "报告已重新生成，这里还是以前的内容。请刷新网页，看过以后再下结论。";
    return ask(`还不能${word}`, [element("p", {}, words)], []);
  }
  if (kind === "accept" && open) {
    return ask("还不能通过", [element("p", {}, `有${open}条意见没有了结，请先了结，或者退回。`)], []);
  }
  const despite = kind === "accept" && errors;
  const title = despite ? `有${errors}条错误没有处理，仍要通过这份报告？` : `${word}这份报告`;
  return askWhy(title, despite ? "仍然通过的理由" : "说明", Boolean(despite), word, (text) => {
    const now = { content, blocks: Object.fromEntries(texts), figures: data.figures };
    put({ kind, ...now, ...(text && { text }), ...(despite && { errors }) }, `已${word}`);
    document.getElementById("review-record").querySelector("button").focus({ preventScroll: true });
  });
}

function saveFile() {
  const blob = new Blob([record.file()], { type: "application/yaml" });
  const link = element("a", { href: URL.createObjectURL(blob), download: `${record.report}-审阅意见.yaml` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  say("已存成文件");
}

async function loadFile(input) {
  const file = input.files[0];
  if (!file) return;
  try {
    const fresh = record.load(await file.text());
    show();
    record.send().then(showState);
    say(`读入${fresh}条新的记录`);
    ask("读入意见文件", [element("p", {}, `读入${fresh}条新的记录。`)], []);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    ask("读不了这个文件", [element("p", {}, error.message)], []);
  }
  input.value = ""; // the same file, mended, can be chosen again
}

// ---- starting

function review(on) {
  document.documentElement.classList.toggle("reviewing", on);
  store("perfkit:view", on ? "review" : "text");
  show();
  document.getElementById("review-toggle").focus({ preventScroll: true });
}

const bar = element("div", { id: "review-bar", role: "region", "aria-label": "审阅" });
const panel = element("section", { id: "review-panel", tabindex: "-1", "aria-label": "审阅清单" });
const dialog = element("dialog", { "aria-labelledby": "dialog-title" });
const status = element("div", { role: "status", class: "skip" });

async function start() {
  if (document.querySelector("pre.error")) return; // a report that failed is not reviewed
  document.documentElement.classList.add("scripted");
  // The derivations, under their heading, and what the report was made from stay where they are.
  const stays = (part) =>
    part?.matches(".review") &&
    (part.querySelector(".derivations, .colophon") ||
      (part.children.length === 1 && part.querySelector("h2") && stays(part.nextElementSibling)));
  for (const part of main.querySelectorAll(".review")) {
    const kept = stays(part);
    const link = document.querySelector(`.contents a[href="#${part.querySelector("h2")?.id}"]`);
    link?.closest("li").classList.add(kept ? "for-review" : "in-review");
    if (!kept) panel.append(part);
  }
  document.getElementById("text").after(panel);
  document.querySelector(".skip").after(bar);
  document.body.append(
    dialog,
    status,
    element(
      "p",
      { id: "review-keys", hidden: true },
      "按上下方向键换段或换到另一条意见，按回车写意见，按 Tab 到本段的数字",
    ),
  );
  findBlocks();
  document.addEventListener("keydown", keys);
  document.addEventListener("click", (event) => {
    if (!document.documentElement.classList.contains("reviewing")) return;
    const figure = event.target.closest("[data-of][role=button]");
    const marked = event.target.closest("mark[data-note]");
    if (figure && getSelection().isCollapsed) derive(figure);
    else if (marked && getSelection().isCollapsed) goTo(document.getElementById(marked.dataset.note));
    const block = blockOf(event.target);
    if (block) moveTo(block);
  });
  dialog.addEventListener("cancel", (event) => {
    if (!givesUp()) event.preventDefault();
  });
  // A link within the page leads the keyboard along, too.
  addEventListener("hashchange", () => {
    const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (found?.closest(".note, #review-panel")) goTo(found);
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved() || record.pending) event.preventDefault();
  });
  addEventListener("storage", (event) => {
    if (record.elsewhere(event.key, event.newValue)) showUnlessWriting();
    showState();
  });
  await record.open();
  const view = kept("perfkit:view");
  document.documentElement.classList.toggle("reviewing", view ? view === "review" : record.served);
  show();
  document.documentElement.dataset.ready = "";
  record.send().then(showState);
  if (record.served) setInterval(poll, 5000);
}

let behind = false; // whether there is something to show

async function poll() {
  if (document.hidden && !record.unsent.size) return;
  if (await record.update()) behind = true;
  await record.send();
  showState();
  if (behind) showUnlessWriting();
}

// Not while someone writes: what they see would move.
function showUnlessWriting() {
  behind = Boolean(draft) || dialog.open || document.activeElement?.matches("input, textarea");
  if (!behind) show();
}

start();
