// The record of a review: events that are only ever added, and what they come to.
//
// With `perfkit review` every event goes to the server, which writes it to
// outputs/reviews/. Opened as a file, the page keeps them in the browser and
// saves them as the same kind of file, for `perfkit review --import`.

const LONGEST = 20000; // characters of a remark
const CONTENT = { data: "数据", narrative: "文字", rubric: "评分标准", template: "模板" };
const FILE_HEAD = "# 审阅意见，每行一条。交给分析人员，用 perfkit review --import 导入。\n";

class Rejected extends Error {}

class Record {
  constructor(report) {
    this.report = report;
    this.events = new Map();
    this.unsent = new Map();
    this.version = "";
    this.served = false;
    this.trouble = "";
    this.suggested = "";
    this.key = `perfkit:${report}`;
  }

  get address() {
    return new URL(`reviews/${encodeURIComponent(this.report)}`, location.href);
  }

  // What the browser kept, then what the server has, if there is one.
  async open() {
    for (const event of parse(kept(this.key))) this.take(event, this.unsent);
    if (!location.protocol.startsWith("http")) return;
    await this.update();
    if (this.served && this.unsent.size) await this.send();
  }

  take(event, also) {
    if (this.events.has(event.id)) return false;
    this.events.set(event.id, event);
    also?.set(event.id, event);
    return true;
  }

  // Asks the server for events that are new; true if there were any.
  async update() {
    let answer;
    try {
      const url = this.address;
      url.searchParams.set("version", this.version);
      const response = await fetch(url);
      if (!response.ok || !/json/.test(response.headers.get("content-type"))) throw new Error();
      answer = await response.json();
    } catch {
      const before = this.trouble;
      if (this.served) this.trouble = "审阅服务没有回应，新的意见先留在浏览器里，恢复后自动保存";
      return before !== this.trouble;
    }
    this.served = true;
    this.suggested = answer.by || "";
    this.version = answer.version;
    const recovered = Boolean(this.trouble);
    this.trouble = "";
    const fresh = (answer.events || []).filter((event) => sound(event) && this.take(event));
    if (recovered && this.unsent.size) await this.send();
    return recovered || fresh.length > 0;
  }

  async add(event) {
    const complete = { id: identifier(), report: this.report, at: now(), by: name.get(), ...event };
    this.take(complete, this.unsent);
    this.keep();
    if (this.served) await this.send();
    return complete;
  }

  // Brings what the server doesn't have yet; what it refuses is told and kept.
  async send() {
    const waiting = [...this.unsent.values()];
    let response;
    try {
      response = await fetch(this.address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ events: waiting }),
      });
    } catch {
      this.trouble = "审阅服务没有回应，新的意见先留在浏览器里，恢复后自动保存";
      return;
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      this.trouble = `意见没有保存：${answer.error || `审阅服务回答 ${response.status}`}`;
      return;
    }
    this.trouble = "";
    for (const event of waiting) this.unsent.delete(event.id);
    this.keep();
  }

  keep() {
    const text = this.unsent.size ? serialise(this.unsent.values()) : null;
    if (!store(this.key, text)) this.trouble = "浏览器不让保存意见，请尽快保存成文件";
  }

  // Takes a saved file in; returns how many events were new.
  async load(text) {
    const events = parse(text, true);
    const elsewhere = events.find((event) => event.report !== this.report);
    if (elsewhere) throw new Rejected(`这是“${elsewhere.report}”的意见，不是本报告的`);
    const fresh = events.filter((event) => this.take(event, this.unsent)).length;
    this.keep();
    if (this.served && fresh) await this.send();
    return fresh;
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

  // → {remarks, decision}: every remark with its answers and whether it is settled.
  fold() {
    const remarks = new Map();
    let decision = null;
    const events = this.inOrder();
    for (const event of events) {
      if (event.kind === "remark") remarks.set(event.id, { ...event, thread: [], settled: false });
    }
    for (const event of events) {
      const remark = remarks.get(event.on);
      if (event.kind === "accept" || event.kind === "return") decision = event;
      else if (remark && ["answer", "settle", "reopen"].includes(event.kind)) {
        remark.thread.push(event);
        if (event.kind !== "answer") remark.settled = event.kind === "settle";
      }
    }
    return { remarks: [...remarks.values()], decision };
  }
}

// What has changed since a decision, in words; empty while it stands.
function lapses(decision, content) {
  return Object.keys(CONTENT)
    .filter((key) => content[key] && decision.content?.[key] !== content[key])
    .map((key) => `${CONTENT[key]}有变化`);
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
  const texts = ["id", "report", "at", "by", "kind"].every((key) => typeof event[key] === "string");
  const quote = event.target?.selector;
  const quoted = ["exact", "prefix", "suffix"].every((key) => typeof quote?.[key] === "string");
  return texts && (event.kind !== "remark" || (typeof event.text === "string" && quoted));
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
    name.typed = text.trim();
    store(name.key, name.typed || null);
  },
};
