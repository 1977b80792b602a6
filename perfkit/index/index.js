"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const columns = data.columns;
  const PAGE = 100; // rows shown at a time
  const FIGURES = new Set(["points", "stage", "amount", "signed", "grade", "rate", "count"]);
  const FAILURE = data.reports.length; // its bit after those of the reports

  // Points are added in millionths, as whole numbers, so that the sums are exact.
  const MILLION = 1e6;
  const whole = (text) => Math.round(Number(text) * MILLION);
  const points = (amount) => (Math.round(amount / 1e4) / 100).toFixed(2);
  const percent = (share) => (Math.round(share * 1e4) / 100).toFixed(2) + "%";
  const folded = (text) => text.normalize("NFKC").toLowerCase();

  const sheets = data.sheets.map((sheet) => sheet.map(([name, worth]) => [name, whole(worth)]));
  const rows = data.rows.map((values, place) => {
    const row = Object.fromEntries(data.fields.map((name, i) => [name, values[i]]));
    const cells = values.slice(data.fields.length);
    return { ...row, place, cells, sheet: sheets[row.sheet], text: "" };
  });
  const at = Object.fromEntries(columns.map((column, i) => [column.key, i]));
  const cell = (row, key) => row.cells[at[key]];
  const without = (key) =>
    found.length && !departments(found).length
      ? "只有二级单位，分布和失分不计。"
      : "没有" + columns[at[key]].title + "。";
  const searched = (row) => (row.text ||= folded(cell(row, "department") + "\n" + row.file));
  const failed = (row) => cell(row, "state") === data.failed;

  // ---- sorting: one array of numbers a column, made when it is first asked for

  const keys = {};
  function keysOf(key) {
    if (keys[key]) return keys[key];
    const i = at[key];
    const values = rows.map((row) => row.cells[i]);
    const kind = columns[i].kind;
    if (kind === "name" || kind === "text" || kind === "state") {
      const collator = new Intl.Collator("zh-CN", { numeric: true });
      const words = [...new Set(values)].sort(collator.compare);
      const rank = new Map(words.map((word, n) => [word, n]));
      keys[key] = values.map((value) => (value === null ? NaN : rank.get(value)));
    } else if (kind === "grade" || kind === "review") {
      const order = kind === "grade" ? data.grades : data.reviews;
      keys[key] = values.map((value) => (value === null ? NaN : order.indexOf(value)));
    } else {
      keys[key] = values.map((value) => (value === null ? NaN : Number(value)));
    }
    return keys[key];
  }

  function sorted() {
    if (!state.sort) return rows;
    const key = keysOf(state.sort);
    const sign = state.order === "desc" ? -1 : 1;
    return [...rows].sort((a, b) => {
      const x = key[a.place],
        y = key[b.place];
      if (x === y) return a.place - b.place;
      // What has no value comes last, whichever way.
      if (Number.isNaN(x)) return Number.isNaN(y) ? a.place - b.place : 1;
      if (Number.isNaN(y)) return -1;
      return sign * (x - y);
    });
  }

  // ---- the state: what is asked for, in the controls and after the # of the address

  const $ = (id) => document.getElementById(id);
  const MAIN = columns[0].view; // what is shown at first
  const state = {
    q: "",
    grade: "",
    state: "",
    review: "",
    view: MAIN,
    errors: false,
    sort: "",
    order: "asc",
  };
  const heads = [...document.querySelectorAll("th[data-key]")];
  // The departments, and the columns of the view that is chosen; each with its place in a row's cells.
  let shown = [];

  function chooseView() {
    const all = columns.map((column, i) => ({ ...column, i }));
    shown = all.filter((column) => column.i === 0 || column.view === state.view);
    const files = document.querySelector(".list th.files");
    files.closest("table").dataset.view = state.view;
    files.parentElement.replaceChildren(...shown.map((column) => heads[column.i]), files);
  }
  let ordered = rows,
    found = rows,
    limit = PAGE;

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const has = (select, value) => [...select.options].some((option) => option.value === value);
    state.q = given.get("q") || "";
    state.grade = has($("grade"), given.get("grade")) ? given.get("grade") : "";
    state.state = has($("state"), given.get("state")) ? given.get("state") : "";
    state.review = has($("review"), given.get("review")) ? given.get("review") : "";
    const views = new Set(columns.map((column) => column.view));
    state.view = views.has(given.get("view")) ? given.get("view") : MAIN;
    state.errors = given.get("errors") === "1";
    const [, key, order] = /^(.*)-(asc|desc)$/.exec(given.get("sort") || "") || [];
    state.sort = Object.hasOwn(at, key) ? key : "";
    state.order = state.sort ? order : "asc";
    $("q").value = state.q;
    $("grade").value = state.grade;
    $("state").value = state.state;
    $("review").value = state.review;
    $("errors").checked = state.errors;
    if ($("view")) $("view").value = state.view;
    chooseView();
    ordered = sorted();
    show();
    charts();
  }

  // ---- from one report to the next: a report's page knows no other, and asks here

  const WAYS = { before: -1, after: 1, unfinished: 1 };
  const KEPT = "perfkit:index"; // how the index was sorted and filtered last, in this window
  const memory = (text) => {
    try {
      if (text === undefined) return sessionStorage.getItem(KEPT) || "";
      sessionStorage.setItem(KEPT, text);
    } catch {
      // A browser may keep nothing of files.
    }
    return "";
  };

  // Goes on to the report that is asked for; the index stays if there is none, or to show where one is.
  function goOn() {
    const given = new URLSearchParams(location.hash.slice(1));
    const way = [...Object.keys(WAYS), "at"].find((name) => given.has(name));
    if (!way) return false;
    history.replaceState(null, "", memory() || "#");
    readAddress();
    if (way === "at") {
      goTo(given.get(way));
      return true;
    }
    const here = ordered.findIndex((row) => row.file === given.get(way));
    const before = ordered.slice(0, Math.max(here, 0));
    const after = ordered.slice(here + 1);
    const asked = { before: before.reverse(), after, unfinished: [...after, ...before] }[way];
    const among = new Set(found);
    const fits = (row) => way !== "unfinished" || data.unfinished.includes(cell(row, "review"));
    const next = asked.find((row) => among.has(row) && row.files & 1 && fits(row));
    if (next) location.replace("./" + encodeURIComponent(next.file) + data.reports[0][0]);
    else {
      const ended = {
        before: "前面没有别的报告了",
        after: "后面没有别的报告了",
        unfinished: "没有别的报告待审了",
      };
      $("shown").textContent = ended[way] + "；" + $("shown").textContent;
    }
    return true;
  }

  // The keyboard and the eye are at the report's row, if it is one of those that are shown.
  function goTo(file) {
    const n = found.findIndex((row) => row.file === file);
    if (n < 0) return;
    limit = Math.max(limit, n + 1);
    more();
    const line = $("rows").rows[n];
    line.querySelector("a")?.focus({ preventScroll: true });
    line.scrollIntoView({ block: "center" });
  }

  function arrive() {
    if (goOn()) return;
    readAddress();
    memory(location.hash || "#");
  }

  let waiting = 0;
  function writeAddress() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const kept = new URLSearchParams();
      if (state.q) kept.set("q", state.q);
      if (state.grade) kept.set("grade", state.grade);
      if (state.state) kept.set("state", state.state);
      if (state.review) kept.set("review", state.review);
      if (state.view !== MAIN) kept.set("view", state.view);
      if (state.errors) kept.set("errors", "1");
      if (state.sort) kept.set("sort", state.sort + "-" + state.order);
      const address = "#" + kept;
      memory(address);
      if (address !== (location.hash || "#")) history.replaceState(null, "", address);
    }, 150);
  }

  // ---- drawing

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function link(row, ending, words, label) {
    const made = element("a", "", words);
    made.href = "./" + encodeURIComponent(row.file) + ending;
    if (label) made.setAttribute("aria-label", words + "：" + label);
    return made;
  }

  const icon = () => $("failed-icon").content.firstElementChild.cloneNode(true);

  const draw = {
    name(row, value) {
      const made = element("th", "name");
      made.scope = "row";
      const first = data.reports.findIndex((_, i) => row.files & (1 << i));
      made.append(first >= 0 ? link(row, data.reports[first][0], value) : element("span", "", value));
      const more = data.years > 1 && row.year ? row.year + " · " + row.file : row.file;
      if (more !== value) made.append(element("small", "", more));
      if (row.above) made.append(element("small", "", row.above + "的二级单位"));
      return made;
    },
    text: (row, value) => element("td", "", value ?? "—"),
    amount: (row, value) => element("td", "number", value ?? "—"),
    points: (row, value) => element("td", "number", value ?? "—"),
    stage(row, value, column) {
      const made = element("td", "number", value ?? "—");
      const who = value !== null && row.who?.[column.title];
      if (who) made.append(element("small", "", who));
      return made;
    },
    signed(row, value) {
      if (value === null) return element("td", "number", "—");
      const text = value.startsWith("-") ? "−" + value.slice(1) : Number(value) ? "+" + value : value;
      return element("td", "number", text);
    },
    rate: (row, value) => element("td", "number", value === null ? "—" : value + "%"),
    count(row, value) {
      return element("td", value ? "number some" : "number none", String(value ?? "—"));
    },
    grade(row, value) {
      const made = element("td", "grade", value ?? "—");
      if (row.open) made.append(element("small", "", row.open + " 分" + data.undecided));
      if (row.limits) made.append(element("small", "", row.limits));
      return made;
    },
    review(row, value) {
      const made = element("td", "review", value ?? "—");
      if (row.remarks) made.append(element("small", "", row.remarks + " 条意见未了结"));
      if (row.note) made.append(element("small", "", row.note));
      return made;
    },
    state(row, value) {
      const made = element("td", failed(row) ? "state failed" : "state");
      if (failed(row)) made.append(icon());
      made.append(value);
      if (!row.fresh) made.append(element("small", "", "以前生成"));
      return made;
    },
  };

  function cause(row, span) {
    const made = element("td", "cause");
    made.colSpan = span;
    const line = element("div", "", "");
    line.append(icon(), element("span", "", row.cause || "没有生成报告，原因不明"));
    if (row.files & (1 << FAILURE))
      line.append(" ", link(row, data.failure, "出错详情", cell(row, "department")));
    made.append(line);
    return made;
  }

  function files(row) {
    const made = element("td", "files");
    data.reports.forEach(([ending, words], i) => {
      if (row.files & (1 << i)) made.append(link(row, ending, words, cell(row, "department")), " ");
    });
    if (!made.firstChild) made.textContent = "—";
    return made;
  }

  function line(row) {
    const made = element("tr", failed(row) ? "failed" : "");
    for (let i = 0; i < shown.length; i++) {
      if (failed(row) && FIGURES.has(shown[i].kind)) {
        let end = i;
        while (end < shown.length && FIGURES.has(shown[end].kind)) end++;
        made.append(cause(row, end - i));
        i = end - 1;
      } else {
        made.append(draw[shown[i].kind](row, row.cells[shown[i].i], shown[i]));
      }
    }
    made.append(files(row));
    return made;
  }

  const OPEN = $("review").querySelector("[data-open]").value;
  const reviewed = (row) => (state.review === OPEN ? row.remarks > 0 : cell(row, "review") === state.review);

  function show() {
    const words = folded(state.q).split(/\s+/).filter(Boolean);
    found = ordered.filter(
      (row) =>
        words.every((word) => searched(row).includes(word)) &&
        (!state.grade || cell(row, "grade") === state.grade) &&
        (!state.state || cell(row, "state") === state.state) &&
        (!state.review || reviewed(row)) &&
        (!state.errors || cell(row, "errors") > 0),
    );
    limit = PAGE;
    $("rows").replaceChildren();
    more();
    for (const th of heads) {
      const here = th.dataset.key === state.sort;
      th.setAttribute("aria-sort", !here ? "none" : state.order === "desc" ? "descending" : "ascending");
    }
  }

  function more() {
    const drawn = $("rows").childElementCount;
    const lines = document.createDocumentFragment();
    for (const row of found.slice(drawn, limit)) lines.append(line(row));
    $("rows").append(lines);
    const count = Math.min(limit, found.length);
    const some = found.length < rows.length;
    $("shown").textContent =
      (some ? "筛选出 " + number(found) + "，共 " + rows.length + " 个" : "共 " + number(rows)) +
      (count < found.length ? "，显示前 " + count + " 个" : "");
    $("nothing").hidden = found.length > 0;
    $("clear").hidden = !(state.q || state.grade || state.state || state.review || state.errors);
    $("more").hidden = count >= found.length;
    $("next").textContent = "再显示 " + Math.min(PAGE, found.length - count) + " 个";
    return drawn;
  }

  // ---- distributions: a table each, so that every bar has its figure as text

  function bars(id, list, empty) {
    const most = Math.max(...list.map((item) => item.bar), 0);
    $(id).replaceChildren(
      ...list.map((item) => {
        const made = element("tr", item.bar ? "" : "zero");
        const head = element("th", "", item.label);
        head.scope = "row";
        const drawn = element("td"),
          both = element("div", "bar");
        const track = element("span", "track"),
          bar = element("span", "fill");
        bar.style.width = (most ? (100 * item.bar) / most : 0) + "%";
        track.append(bar);
        both.append(track, element("span", "value", item.texts[0]));
        drawn.append(both);
        made.append(head, drawn, ...item.texts.slice(1).map((text) => element("td", "number", text)));
        return made;
      }),
    );
    $(id).closest("table").hidden = !list.length;
    if (!list.length) $(id + "-note").textContent = empty;
  }

  function spread(values, shown) {
    if (!values.length) return "";
    const order = Float64Array.from(values).sort();
    const n = order.length;
    const middle = (order[(n - 1) >> 1] + order[n >> 1]) / 2;
    const mean = order.reduce((sum, value) => sum + value, 0) / n;
    return (
      "平均 " +
      shown(mean) +
      "，中位 " +
      shown(middle) +
      "，最低 " +
      shown(order[0]) +
      "，最高 " +
      shown(order[n - 1])
    );
  }

  // A 二级单位 is part of its department: it is listed, and counted nowhere else.
  const departments = (list) => list.filter((row) => !row.above);
  const number = (list) => {
    const own = departments(list).length;
    const units = list.length - own;
    const told = [own || !units ? own + " 个部门" : "", units ? units + " 个二级单位" : ""];
    return told.filter(Boolean).join("、");
  };

  const scored = rows.filter((row) => cell(row, "total") !== null && Number(row.max) > 0);
  for (const row of scored) {
    row.total = whole(cell(row, "total"));
    row.share = (100 * row.total) / whole(row.max);
  }
  const compared = departments(scored);
  const hundred = compared.every((row) => Number(row.max) === 100);
  if (!hundred) $("scores-title").textContent = "得分分布（折算为百分制）";
  // The classes are those of all departments, so that they stay while one filters.
  const least = compared.reduce((low, row) => Math.min(low, row.share), 100);
  const step = [1, 2, 5, 10].find((size) => 100 - Math.floor(least / size) * size <= 10 * size) || 10;
  const start = Math.min(Math.floor(least / step) * step, 100 - step);
  // With 加分 a score may be above the full one.
  const most = compared.reduce((high, row) => Math.max(high, row.share), 100);
  const end = Math.ceil(most / step) * step;

  function scores() {
    const counts = Array(Math.round((end - start) / step)).fill(0);
    const values = departments(found).filter((row) => row.share !== undefined);
    for (const row of values) {
      counts[Math.min(Math.floor((row.share - start) / step), counts.length - 1)]++;
    }
    const list = counts.map((count, i) => ({
      label: start + i * step + "–" + (start + (i + 1) * step),
      bar: count,
      texts: [String(count)],
    }));
    $("scores-note").textContent = spread(
      values.map((row) => row.share),
      (share) => points(share * MILLION),
    );
    bars("scores", values.length ? list.reverse() : [], without("total"));
  }

  const RATES = [
    ["超过 100%", 100],
    ["100%", 100],
    ["95%–100%", 95],
    ["90%–95%", 90],
    ["80%–90%", 80],
    ["60%–80%", 60],
    ["不足 60%", -Infinity],
  ];

  function rates() {
    if (!$("rates")) return; // no rubric evaluates money
    const values = departments(found)
      .map((row) => cell(row, "rate"))
      .filter((rate) => rate !== null)
      .map(Number);
    const counts = RATES.map(() => 0);
    for (const rate of values) {
      counts[rate > 100 ? 0 : RATES.findIndex(([, floor], i) => i > 0 && rate >= floor)]++;
    }
    $("rates-note").textContent = spread(values, (rate) => percent(rate / 100));
    const list = RATES.map(([label], i) => ({ label, bar: counts[i], texts: [String(counts[i])] }));
    bars("rates", values.length ? list : [], without("rate"));
  }

  // Points of different full scores are compared by their share.
  const mixed = new Set(compared.map((row) => Number(row.max))).size > 1;
  if (mixed) {
    const [, lost, share] = $("losses").closest("table").querySelectorAll("th");
    [lost.textContent, share.textContent] = [share.textContent, lost.textContent];
  }

  function losses() {
    const sums = new Map();
    let losing = 0;
    for (const row of departments(found)) {
      if (row.lost.length) losing++;
      for (let i = 0; i < row.sheet.length; i++) {
        const name = row.sheet[i][0];
        let sum = sums.get(name);
        if (!sum) sums.set(name, (sum = { label: name, points: 0, lost: 0, departments: 0 }));
        sum.points += row.sheet[i][1];
        sum.lost += row.lost[i];
        if (row.lost[i] > 0) sum.departments++;
      }
    }
    for (const sum of sums.values()) {
      const share = sum.points ? sum.lost / sum.points : 0;
      const texts = [points(sum.lost), sum.points ? percent(share) : "—"];
      sum.bar = mixed ? share : sum.lost;
      sum.texts = [...(mixed ? texts.reverse() : texts), String(sum.departments)];
    }
    const list = [...sums.values()].sort((a, b) => b.bar - a.bar);
    const total = list.reduce((all, sum) => all + sum.lost, 0);
    $("losses-note").textContent = losing ? losing + " 个部门共失 " + points(total) + " 分" : "";
    bars("losses", list, without("total"));
  }

  function charts() {
    if (!$("charts").open) return;
    scores();
    losses();
    rates();
  }

  // ---- what a user does

  function changed() {
    show();
    charts();
    writeAddress();
  }

  $("q").addEventListener("input", () => {
    state.q = $("q").value;
    changed();
  });
  $("grade").addEventListener("change", () => {
    state.grade = $("grade").value;
    changed();
  });
  $("state").addEventListener("change", () => {
    state.state = $("state").value;
    changed();
  });
  $("review").addEventListener("change", () => {
    state.review = $("review").value;
    changed();
  });
  $("view")?.addEventListener("change", () => {
    state.view = $("view").value;
    chooseView();
    changed();
  });
  $("errors").addEventListener("change", () => {
    state.errors = $("errors").checked;
    changed();
  });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => {
    Object.assign(state, { q: "", grade: "", state: "", review: "", errors: false });
    $("filters").reset();
    changed();
    $("q").focus();
  });
  $("next").addEventListener("click", () => extend(limit + PAGE));
  // All of 5,000 at once would stop the page for a second or two.
  $("all").addEventListener("click", function step() {
    const before = found;
    extend(limit + 4 * PAGE);
    if (limit < found.length) setTimeout(() => before === found && step());
  });
  $("charts").addEventListener("toggle", charts);

  function extend(to) {
    limit = to;
    const first = more();
    // The keyboard goes on at the first new row, not back at the top of the page.
    const focus = $("rows").rows[first]?.querySelector("a");
    if (focus && $("more").hidden) focus.focus({ preventScroll: true });
  }

  for (const th of heads) {
    const kind = columns[at[th.dataset.key]].kind;
    th.firstElementChild.addEventListener("click", () => {
      const first = ["name", "text", "grade", "state"].includes(kind) ? "asc" : "desc";
      const key = th.dataset.key;
      if (state.sort !== key) Object.assign(state, { sort: key, order: first });
      else if (state.order === first) state.order = first === "asc" ? "desc" : "asc";
      else Object.assign(state, { sort: "", order: "asc" }); // the third time: as given
      ordered = sorted();
      show();
      writeAddress();
    });
  }

  let before = PAGE;
  addEventListener("beforeprint", () => {
    before = limit;
    limit = Infinity;
    more();
  });
  addEventListener("afterprint", () => {
    limit = before;
    while ($("rows").childElementCount > limit) $("rows").lastElementChild.remove();
    more();
  });
  addEventListener("hashchange", arrive);

  // Opened as a file it can't know what reports keep in the browser, nor what was saved since.
  $("apart").hidden = location.protocol !== "file:";
  if (matchMedia("(max-width: 700px)").matches) $("charts").open = false;
  arrive();
  document.documentElement.dataset.ready = "";
  // What takes longest is made ready before someone asks: the order of hanzi, the text searched.
  (window.requestIdleCallback || setTimeout)(() => {
    keysOf("department");
    rows.forEach(searched);
  });
})();
