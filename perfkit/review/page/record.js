// The record of a review: events that are only ever added, and what they come to.
//
// With `perfkit review` every event goes to the server, which writes it to
// outputs/reviews/. Opened as a file, the page keeps them in the browser and
// saves them as the same kind of file, for `perfkit review --import`.
//
// An event is kept in the browser, each under a key of its own, from the moment
// it is written until the server has said that it has it: whatever is reloaded
// or closed meanwhile, and in however many windows the report is open.

const FILE_HEAD = "# 审阅意见，每行一条。交给分析人员，用 perfkit review --import 导入。\n";

const AWAY = "审阅服务没有回应，新的意见先留在浏览器里，恢复后自动保存";
const PATIENCE = 30000; // milliseconds that the server may take for an answer
const ON_LEAVING = 60000; // bytes that a browser still sends for a page that is closed
const UNSHOWN = new RegExp(`[${CONTROLS}]`, "g");

class Rejected extends Error {}

class Record {
  constructor(report) {
    this.report = report;
    this.events = new Map();
    this.unsent = new Map();
    this.refused = new Map(); // of those that are not sent: why
    this.version = "";
    this.made = ""; // which making of the report the server shows
    this.outdated = false; // whether that is another one than this page
    this.served = false;
    this.away = ""; // why the server doesn't answer as it should
    this.troubles = []; // lines of the record that the server can't read
    this.full = false;
    this.suggested = "";
    this.key = `perfkit:${report}`;
  }

  get address() {
    return new URL(`${FOLDER}/${encodeURIComponent(this.report)}`, location.href);
  }

  // What is wrong, in words; empty while all is well.
  get trouble() {
    if (this.full) return "浏览器不让保存意见，请尽快保存成文件";
    if (this.away) return this.away;
    const [why] = this.refused.values();
    if (why) return `意见没有保存：${why}`;
    return this.outdated ? "报告已重新生成，请刷新网页再审阅" : "";
  }

  // Whether something is under way that leaving the page would break off.
  get pending() {
    const bytes = new Blob([serialise(this.unsent.values())]).size;
    return this.served && this.unsent.size > 0 && (Boolean(this.trouble) || bytes > ON_LEAVING);
  }

  // What the browser kept, then what the server has, if there is one.
  async open() {
    for (const [key, text] of allKept(this.key)) {
      for (const event of parse(text)) {
        if (event.report !== this.report) continue;
        this.take(event, this.unsent);
        if (key !== this.keyOf(event) && this.keep(event)) store(key, null);
      }
    }
    if (!location.protocol.startsWith("http")) return;
    await this.update();
  }

  take(event, also) {
    if (this.events.has(event.id)) return false;
    this.events.set(event.id, event);
    also?.set(event.id, event);
    return true;
  }

  // Asks the server for events that are new; true if there is something to show.
  async update() {
    let answer;
    try {
      const url = this.address;
      url.searchParams.set("version", this.version);
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
      const known = /json/.test(response.headers.get("content-type"));
      // Another web server, which has no such address, and says so in another form.
      if (!known && !this.served) return false;
      answer = known ? await response.json() : {};
      if (!response.ok || !known) throw new Error(answer.error);
    } catch (error) {
      // The page came from there: it will be back.
      this.served = true;
      this.away = answer ? error.message || AWAY : AWAY;
      return false;
    }
    this.served = true;
    this.suggested = answer.by || "";
    this.version = answer.version;
    this.made ||= answer.made;
    this.outdated = this.made !== answer.made;
    this.away = "";
    this.troubles = answer.troubles || this.troubles;
    const fresh = (answer.events || []).filter((event) => sound(event) && this.take(event));
    return fresh.length > 0;
  }

  // Takes an event in; `send` says when it is saved.
  add(event) {
    const complete = { id: identifier(), report: this.report, at: now(), by: name.get(), ...event };
    this.take(complete, this.unsent);
    this.keep(complete);
    return complete;
  }

  // Brings what the server doesn't have yet, one request after the other.
  send() {
    this.sending ??= this.bring().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  async bring() {
    let together = true;
    while (this.served) {
      const left = [...this.unsent.values()].filter((event) => !this.refused.has(event.id));
      const waiting = together ? left : left.slice(0, 1);
      if (!waiting.length) return;
      const { status, error } = await this.post(waiting);
      if (status === 200) waiting.forEach((event) => this.saved(event.id));
      else if (status !== 400) {
        this.away = error ? `意见没有保存：${error}` : AWAY;
        return;
      } else if (together && waiting.length > 1) together = false; // which of them is it?
      else waiting.forEach((event) => this.refused.set(event.id, error));
    }
  }

  async post(events) {
    const body = JSON.stringify({ events });
    try {
      const response = await fetch(this.address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        keepalive: new Blob([body]).size < ON_LEAVING,
        signal: AbortSignal.timeout(PATIENCE),
      });
      const answer = await response.json().catch(() => ({}));
      return { status: response.status, error: answer.error };
    } catch {
      return { status: 0 };
    }
  }

  // The server has it.
  saved(id) {
    this.unsent.delete(id);
    this.refused.delete(id);
    store(this.keyOf({ id }), null);
    if (!this.unsent.size) this.full = false;
  }

  keyOf({ id }) {
    return `${this.key}:${id}`;
  }

  keep(event) {
    const kept = store(this.keyOf(event), serialise([event]));
    this.full ||= !kept;
    return kept;
  }

  // What another window of this browser wrote, or has saved; true if there is something to show.
  elsewhere(key, text) {
    if (!key?.startsWith(`${this.key}:`)) return false;
    if (text === null) {
      this.saved(key.slice(this.key.length + 1));
      return false;
    }
    const fresh = parse(text).filter((event) => event.report === this.report);
    return fresh.filter((event) => this.take(event, this.unsent)).length > 0;
  }

  // Takes a saved file in; returns how many events were new.
  load(text) {
    const events = parse(text, true);
    const elsewhere = events.find((event) => event.report !== this.report);
    if (elsewhere) throw new Rejected(`这是“${elsewhere.report}”的意见，不是本报告的`);
    const fresh = events.filter((event) => this.take(event, this.unsent));
    fresh.forEach((event) => this.keep(event));
    return fresh.length;
  }

  file() {
    return FILE_HEAD + serialise(this.inOrder());
  }

  inOrder() {
    const order = (event) => [Date.parse(event.at) || 0, event.id];
    return [...this.events.values()].sort((a, b) => {
      const [[at, id], [other, than]] = [order(a), order(b)];
      return at - other || (id < than ? -1 : 1);
    });
  }

  // → {remarks, decision, said, loose}: every remark with its answers and whether it is settled,
  // what was said of findings, replies that belong to neither.
  fold() {
    const remarks = new Map();
    let decision = null;
    const events = this.inOrder();
    for (const event of events) {
      if (event.kind === "remark") remarks.set(event.id, { ...event, thread: [], settled: false });
    }
    for (const event of events) {
      const remark = remarks.get(event.on);
      if (DECISIONS.includes(event.kind)) decision = event;
      else if (remark && ANSWERS.includes(event.kind)) {
        remark.thread.push(event);
        if (TURNS.includes(event.kind)) remark.settled = event.kind === "settle";
      }
    }
    const said = events.filter((event) => event.finding);
    const loose = events.filter((event) => typeof event.about === "string");
    return { remarks: [...remarks.values()], decision, said, loose };
  }
}

// Of each finding what was last said of it: {state, event, before, lapsed, replies}. It holds for the same
// code, field and message; of a finding that differs in its message alone it has lapsed.
function checked(findings, said) {
  const key = ({ code, field, message }) => JSON.stringify([code, field, message]);
  const groups = new Map();
  for (const event of said) {
    const of = key(event.finding);
    groups.set(of, [...(groups.get(of) || []), event]);
  }
  const current = new Set(findings.map(key));
  const gone = [...groups.keys()].filter((of) => !current.has(of));
  const last = (events) => {
    const replies = events.filter((event) => event.kind === "reply");
    const turn = events.findLast((event) => event.kind !== "reply");
    const event = turn?.kind === "restore" ? null : (turn ?? null);
    const before = events.filter((one) => one.kind !== "reply" && one !== turn);
    return { state: event?.kind ?? "open", event, before, lapsed: null, replies };
  };
  return findings.map((finding) => {
    const own = groups.get(key(finding));
    if (own) return last(own);
    const at = gone.findIndex((of) => {
      const [code, field] = JSON.parse(of);
      return code === finding.code && field === finding.field;
    });
    const [before] = at < 0 ? [] : gone.splice(at, 1);
    if (!before) return { state: "open", event: null, lapsed: null, replies: [] };
    const { event, replies } = last(groups.get(before));
    return { state: "open", event: null, lapsed: event, replies };
  });
}

// 审阅情况, one of STATES.
function stateOf(decision, content) {
  if (!decision) return "none";
  const changed = lapses(decision, content).length > 0;
  if (decision.kind !== "accept") return changed ? "revised" : "returned";
  return changed ? "lapsed" : "accepted";
}

// What has changed since a decision, in words; empty while it stands.
function lapses(decision, content) {
  return Object.keys(CONTENT)
    .filter((key) => content[key] && decision.content?.[key] !== content[key])
    .map((key) => `${CONTENT[key]}有变化`);
}

// The figures that have changed since a decision: words, old → new.
function changedFigures(before, now) {
  if (!before || !now) return [];
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  const changed = names.filter((one) => before[one] !== now[one]);
  const shown = (value) => value ?? "（无）";
  return changed.map((one) => `${one}：${shown(before[one])} → ${shown(now[one])}`);
}

function serialise(events) {
  // One line an event, whatever the text has in it.
  const escape = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return [...events]
    .map((event) => `- ${JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, escape)}\n`)
    .join("");
}

function parse(text, strict = false) {
  const events = [];
  (text || "").split("\n").forEach((line, i) => {
    if (!line.trim() || line.startsWith("#")) return;
    try {
      const event = JSON.parse(line.replace(/^- /, ""));
      if (!sound(event)) throw new Error();
      events.push(event);
    } catch {
      if (strict) throw new Rejected(`第 ${i + 1} 行读不懂，这不是审阅意见文件，或者被改坏了`);
    }
  });
  return events;
}

function sound(event) {
  const texts = COMMON.every((key) => typeof event[key] === "string");
  const quote = event.target?.selector;
  const quoted = Object.keys(QUOTED).every((key) => typeof quote?.[key] === "string");
  const named = ["code", "field", "message"].every((key) => typeof event.finding?.[key] === "string");
  return (
    texts &&
    (event.kind !== "remark" || (typeof event.text === "string" && quoted)) &&
    (event.finding === undefined || named)
  );
}

function identifier() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The local time with its offset: 2024-03-05T09:30:00.123+08:00.
function now() {
  const time = new Date();
  const ahead = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + ahead * 60000).toISOString().slice(0, 23);
  const two = (n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  return `${local}${ahead < 0 ? "-" : "+"}${two(ahead / 60)}:${two(ahead % 60)}`;
}

// The browser may refuse to keep anything, as in a sandboxed frame.
function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

// All that was kept for a report: key and text. One report's name may begin with another's.
function allKept(key) {
  try {
    const keys = Object.keys(localStorage).filter((one) => one === key || one.startsWith(`${key}:`));
    return keys.map((one) => [one, localStorage.getItem(one)]);
  } catch {
    return [];
  }
}

// A text as it can be saved.
function clean(text) {
  return whole(text.replace(UNSHOWN, "")).trim();
}

function store(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

const name = {
  key: "perfkit:name",
  typed: "",
  get: () => name.typed || kept(name.key) || "",
  set: (text) => {
    name.typed = clean(text.replace(/\s+/gu, " ").slice(0, NAME));
    store(name.key, name.typed || null);
  },
};
