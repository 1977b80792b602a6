// Where a quoted text stands in a report that may have been edited since.
//
// A remark names its block and quotes its text with what stood around it (the
// W3C's TextQuoteSelector). `anchor` finds the quote again and says how sure
// that is; what can't be found is "lost", never dropped and never guessed.

const SURE = 8; // neighbouring characters that make a short quote unmistakable
const ALIKE = 0.5; // share of common letter pairs that makes an edited text the same one
const ALIKE_ELSEWHERE = 0.75; // the same for a text at another place

function selectorOf(text, start, end) {
  return {
    type: "TextQuoteSelector",
    exact: whole(text.slice(start, end)),
    prefix: whole(text.slice(Math.max(0, start - CONTEXT), start)),
    suffix: whole(text.slice(end, end + CONTEXT)),
  };
}

// Without half a sign at the edge, as of 𠮷, which no file can hold.
function whole(text) {
  return text.replace(/\p{Cs}/gu, "");
}

// → {state, block, start, end}; state is
//   kept     the same words at their place
//   moved    the same words elsewhere
//   numbers  the same but for figures
//   changed  edited; the range is what stands there now
//   lost     gone
function anchor(target, blocks) {
  const quote = target.selector;
  const here = [target.block, blocks.get(target.block)];
  const others = [...blocks].filter(([name]) => name !== target.block);
  const all = here[1] === undefined ? others : [here, ...others];

  const exact = best(all, quote, target, plainText);
  if (exact) {
    const kept = exact.block === target.block;
    return { state: kept ? "kept" : "moved", ...exact };
  }
  const numbers = best(all, quote, target, withoutNumbers);
  if (numbers) return { state: "numbers", ...numbers };
  for (const [block, text] of all) {
    const range = between(text, quote);
    if (range) return { state: "changed", block, ...range };
  }
  const edited =
    mostAlike(here[1] === undefined ? [] : [here], quote.exact, ALIKE) ||
    mostAlike(others, quote.exact, ALIKE_ELSEWHERE);
  return edited ? { state: "changed", ...edited } : { state: "lost" };
}

// The occurrence of the quote whose surroundings fit best, if they fit well enough.
function best(all, quote, target, view) {
  const [exact, prefix, suffix] = [quote.exact, quote.prefix, quote.suffix].map((s) => view(s).text);
  if (!exact) return null;
  let found = null;
  for (const [block, text] of all) {
    const seen = view(text);
    for (let at = seen.text.indexOf(exact); at >= 0; at = seen.text.indexOf(exact, at + 1)) {
      const before = commonEnd(prefix, seen.text.slice(0, at));
      const after = commonStart(suffix, seen.text.slice(at + exact.length));
      const context = prefix.length + suffix.length;
      // A quote of a whole block fits a whole block.
      const whole = !context && exact === seen.text;
      const near = before + after;
      // Many paragraphs say 预算…万元，支出…万元: without its figures even a long quote
      // is known elsewhere by its surroundings only.
      const here = block === target.block;
      const long = (here || view === plainText) && exact.length + near >= 2 * SURE;
      const fits = whole || long || (here && near >= SURE) || (context > 0 && near >= context / 2);
      if (!fits) continue;
      const start = seen.place(at);
      const end = seen.place(at + exact.length - 1, true);
      const rank = [whole ? CONTEXT : near, here ? 1 : 0, -Math.abs(start - (target.start || 0))];
      if (!found || compare(rank, found.rank) > 0) found = { rank, block, start, end };
    }
  }
  return found && { block: found.block, start: found.start, end: found.end };
}

function compare(a, b) {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

function plainText(text) {
  return { text, place: (at, end) => at + (end ? 1 : 0) };
}

// The text with every figure as one sign, and where each character of it came from.
function withoutNumbers(text) {
  let masked = "";
  const starts = [];
  const ends = [];
  for (const found of text.matchAll(/[\d０-９]+(?:[.,．，][\d０-９]+)*|[^]/gu)) {
    masked += /^[\d０-９]/u.test(found[0]) ? "\u0000" : found[0];
    while (starts.length < masked.length) {
      starts.push(found.index);
      ends.push(found.index + found[0].length);
    }
  }
  return { text: masked, place: (at, end) => (end ? ends : starts)[at] };
}

function commonEnd(a, b) {
  let n = 0;
  while (n < a.length && n < b.length && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}

function commonStart(a, b) {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

// What now stands between the words before the quote and the words after it.
function between(text, quote) {
  const before = quote.prefix.slice(-2 * SURE);
  const after = quote.suffix.slice(0, 2 * SURE);
  if (before.length < SURE || after.length < SURE) return null;
  const start = text.indexOf(before) + before.length;
  if (start < before.length) return null;
  const end = text.indexOf(after, start);
  const room = 3 * quote.exact.length + CONTEXT;
  return end > start && end - start <= room ? { start, end } : null;
}

// The block, or the sentences of one, that have most letter pairs in common with the quote.
function mostAlike(blocks, exact, least) {
  const wanted = pairs(exact);
  if (wanted.size < 4) return null;
  let found = { share: least };
  for (const [block, text] of blocks) {
    for (const [start, end] of spans(text, exact.length)) {
      const share = dice(wanted, pairs(text.slice(start, end)));
      if (share > found.share) found = { share, block, start, end };
    }
  }
  return found.block && { block: found.block, start: found.start, end: found.end };
}

// The whole text, and its runs of sentences that are about as long as the quote.
function spans(text, length) {
  const sentences = [...text.matchAll(/[^。；！？]+[。；！？]*/gu)];
  const found = [[0, text.length]];
  sentences.forEach((first, i) => {
    for (const last of sentences.slice(i)) {
      const end = last.index + last[0].length;
      found.push([first.index, end]);
      if (end - first.index > 1.5 * length) break;
    }
  });
  return found;
}

function pairs(text) {
  const found = new Map();
  for (let i = 0; i + 1 < text.length; i++) {
    const pair = text.slice(i, i + 2);
    found.set(pair, (found.get(pair) || 0) + 1);
  }
  return found;
}

function dice(a, b) {
  let common = 0;
  let all = 0;
  for (const [pair, n] of a) {
    common += Math.min(n, b.get(pair) || 0);
    all += n;
  }
  for (const n of b.values()) all += n;
  return all ? (2 * common) / all : 0;
}

// What changed from an earlier text: ranges that are new, and words that are gone.
function differences(before, now) {
  const [a, b] = [before, now].map((text) =>
    text.match(/[^，。；：、！？\s]*[，。；：、！？\s]?/gu).filter(Boolean),
  );
  const longest = a.map(() => new Uint16Array(b.length + 1));
  longest.push(new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] =
        a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const found = { added: [], gone: [] };
  let at = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      at += b[j].length;
      i++;
      j++;
    } else if (j < b.length && (i === a.length || longest[i][j + 1] >= longest[i + 1][j])) {
      extend(found.added, at, at + b[j].length);
      at += b[j++].length;
    } else {
      found.gone.push(a[i++]);
    }
  }
  return found;
}

function extend(ranges, start, end) {
  const last = ranges[ranges.length - 1];
  if (last && last[1] === start) last[1] = end;
  else ranges.push([start, end]);
}
