// Marking an article. The kernel keeps the marks; what it has kept is drawn, and nothing else.
// Text is only ever set as text. A view that is new, or has missed a change, asks for all marks.

const LATE = 6000; // milliseconds after which the kernel is taken to be away
const TYPED = 1000; // and after which a note is kept that nobody has left yet
const REST = 2000; // and after which a look at what other views have done is worth while
const CHUNK = 400; // characters that are drawn anew together, more or less
const LANES = 4; // lines that fit below each other
const ROWS = 50; // rows of the table that are shown at once: with more, every change is felt

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

/** @param {Node} node @param {Record<string, string>} values */
function aria(node, values) {
  for (const [key, value] of Object.entries(values)) node.setAttribute(key === "role" ? key : `aria-${key}`, value);
  return node;
}

/** The first place in a sorted list for which `is` holds, by halving. */
function first(length, is) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Python counts code points, JavaScript UTF-16 units, of which an emoji has two. This is the one
 * place that knows; all else in this file is in units.
 * @param {string} text
 */
function converter(text) {
  const pairs = []; // the unit at which each pair begins
  for (let i = 0; i < text.length; i += 1) {
    if (text.codePointAt(i) > 0xffff) { pairs.push(i); i += 1; }
  }
  return {
    unit: (point) => point + first(pairs.length, (i) => pairs[i] - i >= point),
    point: (unit) => unit - first(pairs.length, (i) => pairs[i] >= unit),
  };
}

const overlap = ([a, b], [c, d]) => a < d && c < b;
const short = (text, longest = 90) => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${Array.from(line.slice(0, longest - 1)).join("").trimEnd()}…`;
};
const sentenceName = (number) => `S${String(number).padStart(2, "0")}`;

/** The letter of a label; its line below, its name for those who do not see either. */
function badge(label) {
  const node = el("span", { className: "ng-key", textContent: label.key.toUpperCase() });
  node.style.textDecoration = label.line;
  node.style.textDecorationColor = label.colour;
  return node;
}

/**
 * The text on the page: what of it is drawn, and what lies where.
 * @param {object} task @param {Map<string, object>} labels
 */
function drawText(task, labels) {
  const { text } = task;
  const starts = new WeakMap(); // text node -> where it begins
  const chunks = []; // pieces of the text that are drawn anew on their own
  const tags = task.sentences.map(([start], number) => {
    const node = el("span", { className: "ng-sentence" });
    node.dataset.name = sentenceName(number);
    node.dataset.sentence = number;
    return { node, start };
  });
  const paragraphs = task.paragraphs.map(([from, to]) => {
    const node = el("p", { className: "ng-paragraph", dir: "auto" });
    const inside = (place) => from <= place && place < to;
    const heads = new Map(tags.filter((tag) => inside(tag.start)).map((tag) => [tag.start, tag.node]));
    const cuts = new Set([from, ...heads.keys()]);
    let last = from;
    for (const [start] of task.stops.slice(first(task.stops.length, (i) => task.stops[i][0] >= from))) {
      if (!inside(start)) break;
      if (heads.has(start)) last = start;
      else if (start - last >= CHUNK) { cuts.add(start); last = start; }
    }
    const places = [...cuts, to].sort((a, b) => a - b);
    for (let i = 0; i + 1 < places.length; i += 1) {
      const chunk = { start: places[i], end: places[i + 1], node: el("span"), pieces: [] };
      chunks.push(chunk);
      if (heads.has(chunk.start)) node.append(heads.get(chunk.start));
      node.append(chunk.node);
    }
    return node;
  });
  const frames = aria(el("div", { className: "ng-frames" }), { hidden: "true" });
  const sheet = el("div", { className: "ng-sheet" }, ...paragraphs, frames);
  if (!chunks.length) sheet.append(el("p", { textContent: "This text is empty." }));

  /** Draw one chunk with the marks that lie on it, each piece of text inside the lines of its own. */
  function drawChunk(chunk, marks) {
    const here = [];
    for (const mark of marks) {
      for (const span of mark.spans) if (overlap(span, [chunk.start, chunk.end])) here.push({ mark, span });
    }
    here.sort((a, b) => Boolean(a.mark.by) - Boolean(b.mark.by) || a.mark.lane - b.mark.lane);
    const cuts = new Set([chunk.start, chunk.end]);
    for (const { span } of here) for (const place of span) if (chunk.start < place && place < chunk.end) cuts.add(place);
    const places = [...cuts].sort((a, b) => a - b);
    chunk.pieces = places.slice(0, -1).map((start, i) => {
      const node = document.createTextNode(text.slice(start, places[i + 1]));
      starts.set(node, start);
      return { node, start };
    });
    chunk.node.replaceChildren(...chunk.pieces.map(({ node, start }) => {
      const over = here.filter(({ span }) => span[0] <= start && start < span[1]);
      let begun = 0;
      const wraps = over.map(({ mark, span }, i) => {
        const label = labels.get(mark.label);
        const wrap = el("span", { className: mark.by ? "ng-other" : "ng-on" });
        wrap.dataset.label = mark.label;
        if (label && !mark.by) {
          wrap.style.textDecoration = label.line;
          wrap.style.textDecorationColor = label.colour;
          wrap.style.setProperty("--ng-lane", mark.lane % LANES);
          if (i === 0) wrap.style.backgroundColor = `color-mix(in srgb, ${label.colour} ${100 * task.tint}%, transparent)`;
        }
        if (mark.by && span[1] === start + node.length) wrap.classList.add("ng-ends");
        if (span[0] === start && mark.spans[0] === span) {
          wrap.dataset.key = (label?.key ?? "?").toUpperCase();
          wrap.dataset.name = mark.by ? `${mark.label}, ${mark.by}` : mark.label;
          wrap.style.setProperty("--ng-place", begun);
          begun += 1;
        }
        return wrap;
      });
      return wraps.reduceRight((inner, wrap) => { wrap.append(inner); return wrap; }, node);
    }));
  }

  /** Draw anew what lies on any of the spans. */
  function redraw(spans, marks) {
    const touched = new Set();
    for (const span of spans) {
      for (let i = first(chunks.length, (at) => chunks[at].end > span[0]); i < chunks.length && chunks[i].start < span[1]; i += 1) touched.add(i);
    }
    for (const i of touched) drawChunk(chunks[i], marks);
  }

  /** The tags of a sentence stand before it. @param {object[]} marks one's own and others' */
  function drawTags(number, marks) {
    tags[number]?.node.replaceChildren(...marks.map((mark) => {
      const node = el("span", { className: mark.by ? "ng-tag ng-other" : "ng-tag" });
      node.dataset.name = mark.by ? `${mark.label} (${mark.by})` : mark.label;
      const label = labels.get(mark.label);
      if (label && !mark.by) {
        node.style.textDecoration = label.line;
        node.style.textDecorationColor = label.colour;
        node.style.backgroundColor = `color-mix(in srgb, ${label.colour} ${100 * task.tint}%, transparent)`;
      }
      return node;
    }));
  }

  function range(start, end) {
    const found = document.createRange();
    const at = (place, ending) => {
      const wanted = (chunk) => (ending ? chunk.end >= place : chunk.end > place);
      const chunk = chunks[Math.min(first(chunks.length, (i) => wanted(chunks[i])), chunks.length - 1)];
      const after = first(chunk.pieces.length, (i) => (ending ? chunk.pieces[i].start >= place : chunk.pieces[i].start > place));
      const piece = chunk.pieces[Math.max(0, after - 1)];
      return [piece.node, Math.max(0, Math.min(place - piece.start, piece.node.length))];
    };
    found.setStart(...at(start, false));
    found.setEnd(...at(end, true));
    return found;
  }

  /** Where in the text a place of the page is; before or behind all of it for what is outside. */
  function placeOf(node, offset) {
    if (starts.has(node)) return starts.get(node) + offset;
    if (!sheet.contains(node)) {
      return sheet.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING ? 0 : text.length;
    }
    const walker = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    const there = node.childNodes[offset];
    if (there) {
      walker.currentNode = there;
      if (starts.has(there)) return starts.get(there);
    } else { // behind the last child: go on with what follows
      let last = node;
      while (last.lastChild) last = last.lastChild;
      if (starts.has(last)) return starts.get(last) + last.length;
      walker.currentNode = last;
    }
    for (let next = walker.nextNode(); next; next = walker.nextNode()) if (starts.has(next)) return starts.get(next);
    return text.length;
  }

  /** The place under a finger or the mouse, or null. */
  function placeAt(x, y) {
    let found = null;
    if (document.caretPositionFromPoint) {
      const caret = document.caretPositionFromPoint(x, y);
      found = caret && [caret.offsetNode, caret.offset];
    } else {
      const caret = document.caretRangeFromPoint?.(x, y);
      found = caret && [caret.startContainer, caret.startOffset];
    }
    return found && sheet.contains(found[0]) ? placeOf(...found) : null;
  }

  /** Frames around stretches of the text. @param {[string, number, number][]} wanted */
  function frame(wanted) {
    if (!chunks.length) return;
    const origin = sheet.getBoundingClientRect();
    frames.replaceChildren(...wanted.flatMap(([kind, start, end]) => {
      const lines = [];
      for (const rect of range(start, end).getClientRects()) {
        const line = lines.at(-1);
        if (!rect.width) continue;
        if (line && Math.abs(line.top - rect.top) < 8) {
          line.left = Math.min(line.left, rect.left);
          line.right = Math.max(line.right, rect.right);
        } else lines.push({ left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom });
      }
      return lines.map((line) => {
        const node = el("div", { className: `ng-frame ng-${kind}` });
        node.style.left = `${line.left - origin.left}px`;
        node.style.top = `${line.top - origin.top}px`;
        node.style.width = `${line.right - line.left}px`;
        node.style.height = `${line.bottom - line.top}px`;
        return node;
      });
    }));
  }

  for (const chunk of chunks) drawChunk(chunk, []);
  const direction = (place) => getComputedStyle(range(place, place + 1).startContainer.parentElement).direction;
  return { sheet, frames, direction, redraw, drawTags, placeOf, placeAt, frame, all: [[0, text.length]] };
}

/** The table of all marks. @param {(does: string, id: string) => void} ask */
function drawTable(labels, ask, slice) {
  let order = []; // the marks as they stand in the table
  let shown = []; // those that the filter leaves
  let page = 0;
  let rows = new Map(); // id -> [mark, its row], for those on the page
  let marked = null; // the id of the row that is the current one
  const body = el("tbody");
  const heads = ["Label", "Words", "Sentence", "Note", "Do"].map((text) => el("th", { scope: "col", textContent: text }));
  const filter = el("select");
  const count = el("p", { className: "ng-count" });
  const pages = [["Rows before", -1], ["Next rows", 1]].map(([text, way]) =>
    el("button", { type: "button", textContent: text, onclick: () => { page += way; draw(); scroll.scrollTop = 0; } }));
  const table = el("table", {}, el("caption", { textContent: "Your marks, in the order of the text" }),
    el("thead", {}, el("tr", {}, ...heads)), body);
  const scroll = aria(el("div", { className: "ng-scroll", tabIndex: 0 }, table), { role: "group", label: "Table of your marks, scrolls" });
  const node = aria(el("section", {}, el("div", { className: "ng-row" },
    el("label", {}, el("span", { textContent: "Show" }), filter), count, ...pages), scroll), { label: "Your marks" });
  const before = (a, b) => a.start - b.start || b.end - a.end || (a.label < b.label ? -1 : Number(a.label > b.label)) || (a.id < b.id ? -1 : 1);
  const fits = (mark) => filter.value === "" || (filter.value === "?" ? Boolean(mark.needs) : `=${mark.label}` === filter.value);

  function row(mark) {
    const words = short(slice(mark));
    const label = labels.get(mark.label);
    const buttons = [["go", "Go to"], ["edit", "Edit"], ["remove", "Remove"]].map(([does, text]) => {
      const button = el("button", { type: "button", textContent: text });
      button.dataset.does = does;
      return aria(button, { label: `${text}: ${mark.label}, ${short(words, 40)}` });
    });
    const made = el("tr", {},
      el("td", { className: "ng-name" }, label ? badge(label) : "", ` ${mark.label}`),
      el("th", { scope: "row", textContent: words, dir: "auto" }),
      el("td", { textContent: sentenceName(mark.sentence) }),
      el("td", {}, mark.needs ? el("em", { textContent: mark.needs }) : mark.note),
      el("td", { className: "ng-do" }, ...buttons));
    made.dataset.id = mark.id;
    return made;
  }
  body.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) ask(button.dataset.does, button.closest("tr").dataset.id);
  };

  /** Bring the rows of the page up to date; those that have not changed stay where they are. */
  function draw() {
    shown = order.filter(fits);
    page = Math.max(0, Math.min(page, Math.ceil(shown.length / ROWS) - 1));
    const here = shown.slice(page * ROWS, (page + 1) * ROWS);
    const old = rows;
    rows = new Map(here.map((mark) => [mark.id, old.get(mark.id)?.[0] === mark ? old.get(mark.id) : [mark, row(mark)]]));
    for (const [id, [, was]] of old) if (rows.get(id)?.[1] !== was) was.remove();
    let next = body.firstChild;
    for (const [id, [, made]] of rows) {
      if (made === next) next = next.nextSibling;
      else body.insertBefore(made, next);
      if (id === marked) made.setAttribute("aria-current", "true");
      else made.removeAttribute("aria-current");
    }
    scroll.hidden = !shown.length;
    pages.forEach((button, i) => {
      button.hidden = shown.length <= ROWS;
      button.ariaDisabled = String(i ? (page + 1) * ROWS >= shown.length : !page);
    });
    const open = order.filter((mark) => mark.needs).length;
    const part = shown.length > ROWS ? ` Rows ${page * ROWS + 1} to ${page * ROWS + here.length} of ${shown.length}.` : "";
    count.textContent = order.length ? `${order.length} mark${order.length === 1 ? "" : "s"}${open ? `, ${open} without ${open === 1 ? "its" : "their"} note` : ""}.${part}`
      : "Nothing is marked yet.";
  }

  function tally() {
    const kept = filter.value;
    const options = [["", "all", order.length]];
    for (const name of labels.keys()) options.push([`=${name}`, name, order.filter((mark) => mark.label === name).length]);
    const open = order.filter((mark) => mark.needs).length;
    if (open || kept === "?") options.push(["?", "without its note", open]);
    options.forEach(([value, text, number], i) => {
      const says = `${text} (${number})`;
      const option = filter.options[i] ?? filter.appendChild(el("option"));
      option.value = value;
      if (option.textContent !== says) option.textContent = says;
    });
    while (filter.options.length > options.length) filter.lastChild.remove();
    filter.value = kept;
  }
  filter.onchange = () => { page = 0; draw(); };
  tally();
  draw();
  /** Turn to the page that a mark is on. */
  const turn = (id) => {
    const at = shown.findIndex((mark) => mark.id === id);
    if (at >= 0) page = Math.floor(at / ROWS);
  };
  return {
    node,
    order: () => order,
    /** @param {object[]} set @param {string[]} gone @param {string|null} current */
    update(set, gone, current) {
      const changed = new Set([...gone, ...set.map((mark) => mark.id)]);
      order = order.filter((mark) => !changed.has(mark.id));
      if (set.length > 20) order = [...order, ...set].sort(before);
      else for (const mark of set) order.splice(first(order.length, (i) => before(order[i], mark) > 0), 0, mark);
      marked = current;
      tally();
      draw();
    },
    current(id) {
      if (id === marked) return;
      marked = id;
      turn(id);
      draw();
    },
    /** Focus a button of a row, or of the one that has taken its place. */
    focus(does, at) {
      const mark = shown[Math.min(at, shown.length - 1)];
      if (!mark) return false;
      turn(mark.id);
      draw();
      rows.get(mark.id)[1].querySelector(`[data-does="${does}"]`).focus();
      return true;
    },
    place: (id) => shown.findIndex((mark) => mark.id === id),
  };
}

/** What the labels mean, one at a time, and how to decide between them. */
function drawGuide(task) {
  const body = el("div");
  const buttons = task.labels.map((label) => {
    const button = el("button", { type: "button", textContent: label.name });
    button.onclick = () => show(label.name);
    return button;
  });
  const names = aria(el("div", { className: "ng-names" }, ...buttons), { role: "group", label: "Label to read about" });
  const rules = el("details", {}, el("summary", { textContent: "How to decide" }),
    el("ol", {}, ...task.rules.map((textContent) => el("li", { textContent }))));
  const node = el("details", { className: "ng-guide" }, el("summary", { textContent: `Guidelines: ${task.title}` }),
    names, body, ...(task.rules.length ? [rules] : []));
  let shown = null;
  const part = (title, pairs) => (pairs.length ? [el("p", { className: "ng-title", textContent: title }),
    el("ul", {}, ...pairs.map(([quote, why]) => el("li", {}, el("q", { textContent: quote.replace(/^[“"](.*)[”"]$/s, "$1"), dir: "auto" }), ` ${why}`)))] : []);
  function show(name) {
    if (name === shown) return;
    shown = name;
    const label = task.labels.find((one) => one.name === name);
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === name)));
    body.replaceChildren(
      el("p", { className: "ng-title" }, badge(label), ` ${label.name}`), el("p", { textContent: label.definition }),
      ...(label.note ? [el("p", { textContent: `Its note says: ${label.note}.` })] : []),
      ...(label.rules.length ? [el("ul", {}, ...label.rules.map((textContent) => el("li", { textContent })))] : []),
      ...part(`${label.name}`, label.examples), ...part(`Not ${label.name}`, label.counter_examples));
  }
  if (task.labels.length) show(task.labels[0].name);
  return { node, show };
}

const KEYS = [
  ["← →", "to the word before, to the next word"],
  ["↑ ↓, Ctrl or Alt with ← →", "by sentence"],
  ["Home, End", "first and last word of the sentence; with Ctrl, of the text"],
  ["Shift with any of these", "selects"],
  ["a label’s letter", "marks what is selected, or else the word; a tag goes on its sentence"],
  ["Tab, Shift+Tab", "to the next mark, to the one before; Escape, then Tab leaves the text"],
  ["[ and ]", "the start, and the end, takes in one word or sign more; with Shift one less"],
  ["Enter", "to the note of the mark"],
  ["Delete", "removes the mark"],
  ["Ctrl+Z, Ctrl+Shift+Z", "takes back the last change; does it again"],
  ["?", "opens and closes this list"],
];

function drawHelp() {
  return el("details", { className: "ng-help" }, el("summary", { textContent: "Help: mouse, touch, keys" }),
    el("p", { textContent: "Drag over words, or double-click one, then choose a label. By touch: tap the first word, then the last. A click on a mark chooses it." }),
    el("p", { textContent: "Keys, while the text has the focus:" }),
    el("dl", {}, ...KEYS.flatMap(([key, text]) => [el("dt", { textContent: key }), el("dd", { textContent: text })])),
    el("p", { textContent: "With a screen reader: read the text as any other. To mark, type the words under “Find words”, press Enter, and choose a label’s button. The table has all marks." }));
}

export default {
  render({ model, el: root }) {
    const given = model.get("task");
    const view = Math.random().toString(36).slice(2);
    const places = converter(given.text);
    const units = (spans) => spans.map(([start, end]) => [places.unit(start), places.unit(end)]);
    const task = {
      ...given,
      sentences: units(given.sentences),
      paragraphs: units(given.paragraphs),
      stops: Array.from({ length: given.stops.length / 2 }, (_, i) => [places.unit(given.stops[2 * i]), places.unit(given.stops[2 * i + 1])]),
    };
    const { text, stops, sentences } = task;
    const labels = new Map(task.labels.map((label) => [label.name, label]));
    root.classList.add("nutgraf-annotator");

    // --- what there is on the page

    const button = (textContent, onclick) => el("button", { type: "button", textContent, onclick });
    const page = drawText(task, labels);
    const help = drawHelp();
    const guide = drawGuide(task);
    const how = el("p", { className: "ng-how", id: `ng-how-${view}`, textContent: "Select words, then choose a label or press its letter. Press ? for all keys." });
    const box = aria(el("div", { className: "ng-text", tabIndex: 0 }, page.sheet), { role: "group", label: "The article’s text", describedby: how.id });
    const status = aria(el("p", { className: "ng-says" }), { role: "status" });
    const live = aria(el("p", { className: "ng-unseen" }), { live: "polite" });
    const damaged = el("details", { className: "ng-damaged", hidden: true });
    const undo = aria(button("Undo", () => reverse("undo")), { keyshortcuts: "Control+Z" });
    const redo = aria(button("Redo", () => reverse("redo")), { keyshortcuts: "Control+Shift+Z" });
    const find = el("input", { type: "search", autocomplete: "off", spellcheck: false, maxLength: 1000 });
    const search = aria(el("form", { className: "ng-row" }, el("label", {}, el("span", { textContent: "Find words" }), find),
      el("button", { type: "submit", textContent: "Select" })), { role: "search", label: "Words of the article" });
    const choosers = ["highlight", "tag"].map((kind) => {
      const wanted = task.labels.filter((label) => label.kind === kind);
      if (!wanted.length) return "";
      const name = kind === "tag" ? "Sentence" : "Words";
      return aria(el("div", { className: "ng-labels" }, el("span", { textContent: name }), ...wanted.map((label) => {
        const made = el("button", { type: "button" }, badge(label), ` ${label.name}`);
        made.onclick = () => mark(label);
        made.onpointerdown = (event) => event.preventDefault(); // the selection stays
        return aria(made, { keyshortcuts: label.key.toUpperCase(), label: label.name });
      })), { role: "group", label: kind === "tag" ? "Labels for a sentence" : "Labels for words" });
    });

    const chosenTitle = el("p", { className: "ng-title", dir: "auto" });
    const relabel = el("select");
    const note = el("input", { type: "text", autocomplete: "off", maxLength: 10000 });
    const noteName = el("span");
    const edge = (name, which, way, sign, words) =>
      aria(button(sign, () => moveEdge(which, way)), { label: `${name}: one word ${words}` });
    const edgeGroup = aria(el("div", { className: "ng-row" },
      el("span", { textContent: "Start" }), edge("Start", "start", -1, "+", "more"), edge("Start", "start", 1, "−", "less"),
      el("span", { textContent: "End" }), edge("End", "end", 1, "+", "more"), edge("End", "end", -1, "−", "less")),
    { role: "group", label: "Where the mark begins and ends" });
    const removeIt = button("Remove", () => remove(current, () => box.focus()));
    const none = el("p", { textContent: "No mark is chosen. Click one in the text, or press Tab in the text." });
    const form = el("form", {}, chosenTitle, el("label", {}, el("span", { textContent: "Label" }), relabel),
      el("label", {}, noteName, note), edgeGroup, removeIt);
    const panel = el("fieldset", { className: "ng-panel" }, el("legend", { textContent: "The mark" }), none, form);

    const table = drawTable(labels, (does, id) => ({ go, edit, remove: removeRow })[does](id), (one) => wordsOf(one));
    const compare = button("Compare with the reference", () => act(() => ({ do: "compare" })));
    const differences = el("div");
    const beside = aria(el("section", {}, el("div", { className: "ng-row" }, compare), differences), { label: "Other readings" });
    const exporter = button("Export the marks", () => act(() => ({ do: "export" })));
    const foot = el("div", { className: "ng-row" }, exporter, el("span", { className: "ng-small", textContent: `Your marks are kept in ${task.file}, every change at once.` }));
    const desk = el("div", { className: "ng-desk" },
      damaged,
      el("div", { className: "ng-bar" }, search, el("div", { className: "ng-row" }, undo, redo)),
      el("div", { className: "ng-bar" }, ...choosers),
      status, how,
      el("div", { className: "ng-both" }, box, el("div", { className: "ng-side" }, panel, guide.node)),
      help, beside, table.node, foot, live);
    const problem = aria(el("div", { className: "ng-problem" }), { role: "alert" });

    // --- what is known

    const marks = new Map(); // id -> mark, in units
    let others = []; // { name, marks, shown }
    let version = null;
    let cursor = 0; // the number of a stop
    let anchor = null; // the stop at the other end of what is being selected
    let chosen = null; // [start, end]
    let current = null; // the id of the mark that is chosen
    let tapped = null; // the stop that was tapped first
    let leaving = false; // Escape was pressed: Tab leaves the text
    let touched = false; // the cursor was put somewhere

    // What is said twice in a row has to change, or a screen reader says it once.
    const speak = (node, words) => { node.textContent = node.textContent === words ? `${words}\u00a0` : words; };
    const tell = (words) => speak(status, words);
    const say = (words) => speak(live, words);
    const wordsOf = (one) => one.spans.map(([start, end]) => text.slice(start, end)).join(" … ");
    const sentenceAt = (place) => Math.max(0, first(sentences.length, (i) => sentences[i][0] > place) - 1);
    const isHere = (one, place) => one.spans.some(([start, end]) => start <= place && place < end);
    const size = (one) => one.end - one.start;
    /** The marks on a word, the shortest first; a tag only where there is nothing else. */
    const marksOn = (stop) => [...marks.values()].filter((one) => stop && one.spans.some((span) => overlap(span, stop)))
      .sort((a, b) => (a.kind === "tag") - (b.kind === "tag") || size(a) - size(b) || (a.id < b.id ? -1 : 1));
    const atHand = () => marks.get(current) ?? (chosen ? undefined : marksOn(stops[cursor])[0]);

    // --- telling the kernel: one thing at a time, each worked out from what the last one left

    const queue = [];
    let turn = 0;
    let waiting = null;
    let late = 0;
    let heardAt = 0;
    function act(make, then = () => {}) {
      queue.push({ make, then });
      next();
    }
    function next() {
      while (!waiting && queue.length) {
        const { make, then } = queue.shift();
        const message = make();
        if (!message) continue;
        turn += 1;
        waiting = { turn, then };
        clearTimeout(late);
        late = setTimeout(away, LATE);
        try {
          model.send({ view, turn, ...message });
        } catch { // the line to the kernel is cut
          away();
        }
      }
    }
    function away() {
      clearTimeout(late);
      queue.length = 0;
      waiting = null;
      tell("The kernel does not answer, so nothing new is kept; what was marked before is. Click this cell and press Shift+Enter.");
    }
    function heard(reply) {
      if (!reply || typeof reply !== "object") return;
      const mine = reply.view === view;
      heardAt = Date.now();
      if (reply.problem) trouble(reply);
      else if (reply.all) {
        const there = new Set(reply.all.map((one) => one.id));
        put(reply.all, [...marks.keys()].filter((id) => !there.has(id)));
        version = reply.version;
        if (!desk.isConnected) root.replaceChildren(desk);
        damage(reply.damaged);
      } else if (reply.since !== undefined && version !== null) {
        if (reply.since === version) {
          put(reply.set, reply.gone);
          version = reply.version;
        } else if (reply.version !== version) act(() => ({ do: "look", all: true }));
      }
      if (reply.undo !== undefined) {
        undo.ariaDisabled = String(!reply.undo);
        redo.ariaDisabled = String(!reply.redo);
      }
      if (reply.compared) drawCompared(reply.compared);
      if (mine && reply.says) tell(reply.says);
      if (mine && reply.trouble) tell(`Not done. ${reply.trouble}`);
      if (mine && waiting?.turn === reply.turn) {
        clearTimeout(late);
        const { then } = waiting;
        waiting = null;
        then(reply);
      }
      next();
    }

    function trouble(reply) {
      const again = button("Try again", () => act(() => ({ do: "open" })));
      const move = button("Move the marks to this text", () => act(() => ({ do: "move" })));
      problem.replaceChildren(el("p", { textContent: reply.problem }),
        ...(reply.movable ? [el("p", { textContent: "Your marks can be moved: those whose words stand in this text too are taken over, the others are listed. The old file stays." })] : []),
        el("div", { className: "ng-row" }, ...(reply.movable ? [move] : []), again));
      if (reply.trouble) problem.append(el("p", { textContent: reply.trouble }));
      root.replaceChildren(problem);
    }

    function damage(lines) {
      damaged.hidden = !lines.length;
      damaged.replaceChildren(el("summary", { textContent: `${lines.length} line${lines.length === 1 ? "" : "s"} of ${task.file} cannot be followed` }),
        el("p", { textContent: "They were passed over and stay in the file; all else is here. If a mark is missing, make it again." }),
        el("ul", {}, ...lines.map((textContent) => el("li", { textContent }))));
    }

    // --- drawing what changed

    const drawn = () => [...marks.values(), ...others.flatMap((one) => (one.shown ? one.marks : []))];
    const highlights = () => drawn().filter((one) => one.kind !== "tag");
    const inUnits = (one) => {
      const spans = units(one.spans);
      return { ...one, spans, start: spans[0][0], end: spans.at(-1)[1], lane: 0 };
    };
    function lane(one, among) {
      const taken = new Set(among.filter((other) => other.id !== one.id && other.kind !== "tag" && overlap([one.start, one.end], [other.start, other.end])).map((other) => other.lane));
      let free = 0;
      while (taken.has(free)) free += 1;
      return free;
    }
    function put(set, gone) {
      const spans = [];
      const tagged = new Set();
      const touch = (one) => (one.kind === "tag" ? tagged.add(one.sentence) : spans.push([one.start, one.end]));
      const fresh = [];
      for (const id of gone) {
        const old = marks.get(id);
        if (old) { touch(old); marks.delete(id); }
      }
      for (const raw of set) {
        const one = inUnits(raw);
        const old = marks.get(one.id);
        one.lane = old?.lane ?? 0;
        if (old && JSON.stringify(old) === JSON.stringify(one)) continue;
        if (old) touch(old);
        touch(one);
        if (one.kind !== "tag") one.lane = lane(one, [...marks.values()]);
        marks.set(one.id, one);
        fresh.push(one);
      }
      if (!fresh.length && !gone.length) return;
      page.redraw(spans, highlights());
      for (const number of tagged) drawTag(number);
      if (current && !marks.has(current)) current = null;
      table.update(fresh, gone, current);
      drawPanel(fresh.some((one) => one.id === current));
      compare.ariaDisabled = String(marks.size < task.compare_after);
      frames();
    }
    const drawTag = (number) => page.drawTags(number, drawn().filter((one) => one.kind === "tag" && one.sentence === number));

    let framing = 0;
    let seeing = false;
    /** Frame what is chosen, once before the next frame is painted; `see`: scroll there. */
    function frames(see = false) {
      seeing ||= see;
      framing ||= requestAnimationFrame(() => {
        framing = 0;
        const wanted = [];
        const one = marks.get(current);
        if (one) for (const [start, end] of one.spans) wanted.push(["current", start, end]);
        if (chosen) wanted.push(["chosen", ...chosen]);
        if (stops.length) wanted.push(["cursor", ...stops[cursor]]);
        page.frame(wanted);
        if (seeing) page.frames.querySelector(".ng-cursor")?.scrollIntoView({ block: "nearest" });
        seeing = false;
      });
    }
    const see = () => frames(true);

    let panelOf = null; // the mark that the panel shows
    function drawPanel(changed) {
      const one = marks.get(current);
      none.hidden = Boolean(one);
      form.hidden = !one;
      if (!one) { panelOf = null; return; }
      if (panelOf === one.id && !changed) return;
      const label = labels.get(one.label);
      const same = panelOf === one.id;
      panelOf = one.id;
      chosenTitle.replaceChildren(label ? badge(label) : "", ` ${one.label}: ${short(wordsOf(one), 120)}`);
      relabel.replaceChildren(...task.labels.filter((other) => other.kind === one.kind).map((other) =>
        el("option", { value: other.name, textContent: other.name, selected: other.name === one.label })));
      noteName.textContent = label?.note ? `Note: ${label.note}` : "Note";
      if (!same || !typed) note.value = one.note;
      edgeGroup.hidden = one.kind === "tag";
    }

    // --- choosing

    function choose(span, words = "") {
      flush();
      chosen = span;
      current = null;
      leaving = false;
      after();
      if (span) tell(`${words || "Selected"}: ${short(text.slice(...span))}. Choose a label.`);
    }
    function after() {
      drawPanel(false);
      table.current(current);
      frames();
    }
    function clear(words) {
      chosen = anchor = tapped = null;
      after();
      if (words) tell(words);
    }
    function pick(id, words = "") {
      const one = marks.get(id);
      if (!one) return;
      flush();
      current = id;
      chosen = anchor = tapped = null;
      cursor = stopAt(one.start);
      after();
      see();
      const number = table.order().findIndex((other) => other.id === id) + 1;
      tell(`${words}${one.label}: ${short(wordsOf(one))}${one.note ? `. Note: ${one.note}` : ""}${one.needs ? `, ${one.needs}` : ""}. Mark ${number} of ${marks.size}.`);
    }

    /** The stop that a place is in, or the nearest. */
    function stopAt(place) {
      const i = Math.min(first(stops.length, (at) => stops[at][1] > place), stops.length - 1);
      if (i > 0 && place < stops[i][0] && place - stops[i - 1][1] < stops[i][0] - place) return i - 1;
      return Math.max(0, i);
    }
    /** A span without white space at its ends, and with the whole of words it has a part of. */
    function whole([from, to]) {
      while (from < to && /\s/.test(text[from])) from += 1;
      while (from < to && /\s/.test(text[to - 1])) to -= 1;
      if (from >= to) return null;
      const head = stops[first(stops.length, (i) => stops[i][1] > from)];
      const tail = stops[first(stops.length, (i) => stops[i][1] >= to)];
      return [head && head[0] < from ? head[0] : from, tail && tail[0] < to ? tail[1] : to];
    }

    function move(to, extend) {
      if (!stops.length) return;
      flush();
      anchor = extend ? anchor ?? cursor : null;
      cursor = Math.max(0, Math.min(stops.length - 1, to));
      current = tapped = null;
      chosen = extend ? [stops[Math.min(anchor, cursor)][0], stops[Math.max(anchor, cursor)][1]] : null;
      after();
      see();
      if (extend) tell(`Selected: ${short(text.slice(...chosen))}. Choose a label.`);
      else {
        const there = marksOn(stops[cursor]).map((one) => one.label);
        say([text.slice(...stops[cursor]), ...there].join(", "));
      }
    }
    const firstOf = (number) => stopAt(sentences[Math.max(0, Math.min(number, sentences.length - 1))][0]);
    const lastOf = (number) => Math.max(firstOf(number), first(stops.length, (i) => stops[i][0] >= sentences[number][1]) - 1);
    /** The stop a sentence further: its first word, or when selecting its last. */
    function bySentence(way, extend) {
      const here = sentenceAt(stops[cursor][0]);
      if (way < 0) return cursor > firstOf(here) ? firstOf(here) : firstOf(here - 1);
      const next = Math.min(here + 1, sentences.length - 1);
      if (!extend) return next > here ? firstOf(next) : lastOf(here);
      return cursor < lastOf(here) ? lastOf(here) : lastOf(next);
    }
    function throughMarks(way) {
      const order = table.order();
      const at = order.findIndex((one) => one.id === current);
      const here = stops[cursor - 1]?.[1] ?? 0; // a mark may begin with the sign before the word
      let to = at + way;
      if (at < 0) {
        to = first(order.length, (i) => order[i].start >= here);
        if (way < 0) to -= 1;
      }
      if (!order[to]) return false;
      pick(order[to].id);
      return true;
    }

    // --- marking

    /** What a label goes on: what is selected, the words of the mark that is chosen, or the word. */
    function target(label, byKey) {
      if (chosen) return chosen;
      const one = marks.get(current);
      if (one && (one.kind !== "tag" || label.kind === "tag")) return [one.start, one.end];
      return byKey || touched ? stops[cursor] : null;
    }
    const points = ([start, end]) => ({ start: places.point(start), end: places.point(end), quote: text.slice(start, end) });

    function mark(label, byKey = false) {
      guide.show(label.name);
      const span = target(label, byKey);
      if (!span) { tell("Select words first: drag over them, or type them under “Find words”."); return; }
      act(() => ({ do: "add", label: label.name, ...points(span) }), (reply) => {
        if (!marks.has(reply.mark)) return;
        chosen = anchor = tapped = null;
        current = reply.mark;
        const one = marks.get(current);
        if (one.kind !== "tag" && !isHere(one, stops[cursor][0])) cursor = stopAt(one.start);
        drawPanel(true);
        after();
        if (reply.ask) note.focus();
      });
    }

    const wordBreak = (from, way) => {
      let at = from;
      const inside = (i) => i >= 0 && i < text.length;
      if (way > 0) {
        while (inside(at) && /\s/.test(text[at])) at += 1;
        const stop = stops[first(stops.length, (i) => stops[i][1] > at)];
        if (stop && stop[0] <= at) return stop[1];
        if (!inside(at)) return from;
        at += text.codePointAt(at) > 0xffff ? 2 : 1;
        while (inside(at) && /[\p{M}\u200d\ufe0f]/u.test(text[at])) at += 1;
        return at;
      }
      while (inside(at - 1) && /\s/.test(text[at - 1])) at -= 1;
      const stop = stops[first(stops.length, (i) => stops[i][1] >= at)];
      if (stop && stop[0] < at) return stop[0];
      if (!inside(at - 1)) return from;
      do at -= 1; while (at > 0 && /[\p{M}\u200d\ufe0f\udc00-\udfff]/.test(text[at]));
      return at;
    };
    /** Move a boundary of the mark, or of what is selected. @param {"start"|"end"} edge @param {1|-1} way in the text */
    function moveEdge(edge, way) {
      const moved = ([start, end]) => {
        const span = edge === "start" ? [wordBreak(start, way), end] : [start, wordBreak(end, way)];
        const [from, to] = whole(span) ?? [0, 0];
        return from < to && span[0] < span[1] ? [edge === "start" ? from : start, edge === "end" ? to : end] : null;
      };
      const narrow = "A mark has one word at least.";
      if (chosen && !current) {
        const span = moved(chosen);
        if (span) choose(span);
        else tell(narrow);
        return;
      }
      const id = atHand()?.id;
      if (!id) { tell("Select words or a mark first."); return; }
      act(() => {
        const one = marks.get(id);
        if (!one) return null;
        if (one.kind === "tag") { tell("A tag is on its whole sentence."); return null; }
        const span = moved([one.start, one.end]);
        if (!span) { tell(narrow); return null; }
        return { do: "edit", mark: id, ...points(span) };
      }, () => { if (marks.has(id)) { current = id; drawPanel(true); after(); } });
    }

    function remove(id, then) {
      act(() => (marks.has(id) ? { do: "remove", mark: id } : null), then);
    }
    function removeRow(id) {
      const at = table.place(id);
      remove(id, () => { if (!table.focus("remove", at)) box.focus(); });
    }
    function go(id) {
      pick(id);
      box.focus();
    }
    function edit(id) {
      pick(id);
      note.focus();
    }
    function reverse(does) {
      flush();
      act(() => ({ do: does }));
    }

    let typed = false; // something in the note that is not kept
    let pause = 0;
    /** Keep the note that was typed. */
    function flush() {
      clearTimeout(pause);
      if (!typed || !panelOf) return;
      typed = false;
      const [id, value] = [panelOf, note.value];
      act(() => (marks.has(id) ? { do: "edit", mark: id, note: value } : null));
    }
    note.oninput = () => {
      typed = true;
      clearTimeout(pause);
      pause = setTimeout(flush, TYPED);
    };
    note.onblur = flush;
    form.onsubmit = (event) => {
      event.preventDefault();
      flush();
      box.focus();
    };
    note.onkeydown = (event) => {
      if (event.key === "Escape") { flush(); box.focus(); }
    };
    relabel.onchange = () => {
      const [id, label] = [current, relabel.value];
      flush();
      guide.show(label);
      act(() => (marks.has(id) ? { do: "edit", mark: id, label } : null), (reply) => {
        drawPanel(true);
        if (labels.get(label)?.note && marks.get(id)?.needs && !reply.trouble) note.focus();
      });
    };

    // --- finding words

    // Case, the kind of quotation mark and of space make no difference; lengths stay as they are.
    const fold = (words) => words.replace(/[’‘‛´`]/g, "'").replace(/[“”„«»]/g, '"').replace(/\s/g, " ")
      .replace(/\p{L}/gu, (letter) => (letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter));
    let folded = null;
    search.onsubmit = (event) => {
      event.preventDefault();
      const wanted = find.value.trim();
      if (!wanted) { tell("Type words of the article first."); return; }
      folded ??= fold(text);
      const phrase = fold(wanted);
      const found = [];
      for (let at = folded.indexOf(phrase); at >= 0; at = folded.indexOf(phrase, at + 1)) found.push(at);
      if (!found.length) { tell(`“${short(wanted)}” is not in the text.`); return; }
      const from = chosen ? chosen[0] + 1 : 0;
      const i = Math.max(0, found.findIndex((at) => at >= from));
      const span = whole([found[i], found[i] + phrase.length]);
      anchor = stopAt(span[0]);
      cursor = Math.max(anchor, stopAt(span[1] - 1));
      touched = true;
      choose(span);
      see();
      tell(`Selected, ${i + 1} of ${found.length}, in ${sentenceName(sentenceAt(span[0]))}: ${short(text.slice(...span))}. Choose a label${found.length > 1 ? ", or press Enter for the next" : ""}.`);
    };

    // --- other readings

    function drawCompared(said) {
      const hidden = new Set(others.filter((one) => !one.shown).map((one) => one.name));
      const before = others;
      others = (said.layers ?? []).map(({ name, marks: theirs }) => ({
        name, shown: !hidden.has(name), marks: theirs.map((one) => ({ ...inUnits(one), by: name, id: `${name} ${one.id}` })),
      }));
      for (const one of others) one.marks.forEach((mark_, i) => { mark_.lane = i; });
      const everywhere = () => {
        page.redraw(page.all, highlights());
        sentences.forEach((_, number) => drawTag(number));
        frames();
      };
      if (before.length || others.length) everywhere();
      if (!others.length) { differences.replaceChildren(); return; }
      const several = others.length > 1;
      const toggles = others.map((one) => {
        const input = el("input", { type: "checkbox", checked: one.shown });
        input.onchange = () => { one.shown = input.checked; everywhere(); };
        return el("label", { className: "ng-row" }, input, el("span", { textContent: `Show ${one.name} in the text (dashed frames)` }));
      });
      const heads = [...(several ? ["With"] : []), "Where", "Label", "You", several ? "They" : others[0].name.replace(/^./u, (letter) => letter.toUpperCase()), "To talk over"];
      const rows = said.rows.map((row) => {
        const there = button(row.where, () => {
          const [[start, end]] = units([[row.start, row.end]]);
          cursor = stopAt(start);
          anchor = null;
          touched = true;
          choose([start, end]);
          see();
          box.focus();
        });
        aria(there, { label: `Go to ${row.where}: ${row.label}` });
        return el("tr", {}, ...(several ? [el("td", { textContent: row.with })] : []), el("td", {}, there),
          el("td", { className: "ng-name", textContent: row.label }),
          ...[short(row.yours) || "–", short(row.theirs) || "–", row.says].map((textContent) => el("td", { textContent, dir: "auto" })));
      });
      const list = el("table", {}, el("caption", { textContent: said.says }),
        el("thead", {}, el("tr", {}, ...heads.map((textContent) => el("th", { scope: "col", textContent })))), el("tbody", {}, ...rows));
      const scroll = aria(el("div", { className: "ng-scroll", tabIndex: 0 }, list), { role: "group", label: "Table of the differences, scrolls" });
      const again = task.compare_after ? [] : [button("Compare again", () => act(() => ({ do: "compare" })))];
      differences.replaceChildren(...toggles, ...again, rows.length ? scroll : el("p", { textContent: said.says }),
        el("p", { className: "ng-small", textContent: "Readers differ. A difference is a question, not a mistake. Marks made since are not in this list until you compare again." }));
    }
    compare.hidden = !task.compare_after;
    beside.hidden = false;

    // --- mouse and touch

    function nativeSpan() {
      const selection = document.getSelection();
      if (!selection?.rangeCount || selection.isCollapsed) return null;
      const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
      if (!page.sheet.contains(startContainer) && !page.sheet.contains(endContainer)) return null;
      return whole([page.placeOf(startContainer, startOffset), page.placeOf(endContainer, endOffset)]);
    }
    function click(place, extend) {
      const stop = stopAt(place);
      touched = true;
      if (extend) { move(stop, true); return; }
      const there = marksOn(stops[stop]).filter((one) => one.kind !== "tag");
      const after_ = there.findIndex((one) => one.id === current) + 1;
      if (there.length) {
        const id = there[after_ % there.length].id;
        pick(id);
        cursor = stop;
        frames();
      } else move(stop, false);
    }
    function tap(place) {
      const stop = stopAt(place);
      touched = true;
      if (tapped === null || tapped === undefined) {
        const [on] = marksOn(stops[stop]).filter((one) => one.kind !== "tag");
        if (on && current !== on.id) { pick(on.id); cursor = stop; return; }
        cursor = stop;
        anchor = null;
        choose([...stops[stop]], "First word");
        tell(`First word: ${text.slice(...stops[stop])}. Tap the last word, or choose a label.`);
        tapped = stop;
        return;
      }
      const [from, to] = [Math.min(tapped, stop), Math.max(tapped, stop)];
      cursor = stop;
      choose([stops[from][0], stops[to][1]]);
      tapped = null;
    }
    let pressed = null;
    box.onpointerdown = (event) => {
      if (event.button !== 0 || !stops.length) return;
      pressed = { type: event.pointerType, x: event.clientX, y: event.clientY, at: event.timeStamp };
      if (event.pointerType === "mouse" && !event.shiftKey) {
        chosen = anchor = null;
        frames();
      }
    };
    box.onmousedown = (event) => { if (event.shiftKey) event.preventDefault(); };
    const released = (event) => {
      if (!pressed) return;
      const { type, x, y, at } = pressed;
      pressed = null;
      const moved = Math.hypot(event.clientX - x, event.clientY - y) > 8;
      const sentence = event.target.closest?.("[data-sentence]");
      if (sentence && !moved && page.sheet.contains(sentence)) {
        const number = Number(sentence.dataset.sentence);
        cursor = firstOf(number);
        touched = true;
        choose([...sentences[number]]);
        box.focus({ preventScroll: true });
        return;
      }
      if (type === "touch") {
        const place = !moved && event.timeStamp - at < 500 ? page.placeAt(event.clientX, event.clientY) : null;
        if (place !== null) tap(place);
        return;
      }
      const span = event.shiftKey ? null : nativeSpan();
      if (span) {
        document.getSelection().removeAllRanges(); // or the next drag would move the words
        anchor = stopAt(span[0]);
        cursor = Math.max(anchor, stopAt(span[1] - 1));
        touched = true;
        choose(span);
        box.focus({ preventScroll: true });
      } else if (!moved) {
        const place = page.placeAt(event.clientX, event.clientY);
        if (place !== null) { click(place, event.shiftKey); box.focus({ preventScroll: true }); }
      }
    };
    const cancelled = () => { pressed = null; };
    // A finger that rests on a word selects with the system's own handles.
    let settling = 0;
    const selecting = () => {
      clearTimeout(settling);
      if (pressed?.type === "mouse") return;
      settling = setTimeout(() => {
        const span = nativeSpan();
        if (!span) return;
        cursor = stopAt(span[0]);
        anchor = tapped = null;
        touched = true;
        choose(span);
      }, 300);
    };
    const copying = (event) => {
      const span = chosen ?? null;
      if (!span || !box.contains(document.activeElement) || !document.getSelection().isCollapsed) return;
      event.clipboardData.setData("text/plain", text.slice(...span));
      event.preventDefault();
      event.stopPropagation();
    };

    // --- keys

    box.onkeydown = (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      const graph = event.getModifierState?.("AltGraph");
      const edge = { "[": ["start", -1], "{": ["start", 1], "]": ["end", 1], "}": ["end", -1] }[event.key];
      const forward = stops.length && page.direction(stops[cursor][0]) === "rtl" ? -1 : 1;
      const here = stops.length ? sentenceAt(stops[cursor][0]) : 0;
      const moves = !stops.length ? {} : {
        ArrowRight: () => (command ? bySentence(forward, event.shiftKey) : cursor + forward),
        ArrowLeft: () => (command ? bySentence(-forward, event.shiftKey) : cursor - forward),
        ArrowDown: () => bySentence(1, event.shiftKey),
        ArrowUp: () => bySentence(-1, event.shiftKey),
        Home: () => (command ? 0 : firstOf(here)),
        End: () => (command ? stops.length - 1 : lastOf(here)),
      };
      const left = leaving;
      leaving = false;
      if (moves[event.key]) {
        touched = true;
        move(moves[event.key](), event.shiftKey);
      } else if (edge && (!command || graph)) {
        // With Shift the brackets are braces on some keyboards, and stay brackets on others.
        moveEdge(edge[0], event.shiftKey && "[]".includes(event.key) ? -edge[1] : edge[1]);
      } else if (command) {
        if (event.key.toLowerCase() === "c" && chosen) event.stopPropagation(); // not Lab's
        return;
      } else if (event.key === "Tab") {
        if (left || !throughMarks(event.shiftKey ? -1 : 1)) return;
      } else if (event.key === "Delete" || event.key === "Backspace") {
        const one = atHand();
        if (one) remove(one.id);
        else tell("There is no mark here.");
      } else if (event.key === "Escape") {
        leaving = true;
        current = null;
        clear("Nothing is selected. Tab leaves the text.");
      } else if (event.key === "Enter" && !event.shiftKey) {
        const one = atHand();
        if (one) edit(one.id);
        else tell("There is no mark here.");
      } else if (event.key === " ") {
        if (stops.length) { anchor = cursor; choose([...stops[cursor]]); }
      } else if (event.key === "?") toggleHelp();
      else {
        const letter = /^[\x20-\x7e]$/.test(event.key) ? event.key : /^Key.$/.test(event.code) ? event.code[3] : event.key;
        const label = task.labels.find((one) => one.key.toLowerCase() === letter.toLowerCase());
        if (!label) return;
        mark(label, true);
      }
      event.preventDefault();
      if (command) event.stopPropagation();
    };
    function toggleHelp() {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
      else box.focus();
    }
    const onkeydown = (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      const key = event.key.toLowerCase();
      const typing = event.target.matches?.("input[type=text], input[type=search]");
      if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === "z" || key === "y")) {
        event.stopPropagation(); // Lab would undo in the notebook
        if (typing) return;
        event.preventDefault();
        reverse(key === "y" || event.shiftKey ? "redo" : "undo");
        return;
      }
      // JupyterLab's one-letter commands (d d deletes the cell) must not fire from in here.
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
      else if (event.key === "Enter") flush(); // before the cell runs again
      if (event.key === "?" && !typing && !event.defaultPrevented) { event.preventDefault(); toggleHelp(); }
      if (event.key === "Escape" && help.contains(event.target)) toggleHelp();
    };
    const entered = () => {
      if (version !== null && Date.now() - heardAt > REST && !waiting) act(() => ({ do: "look" }));
    };

    root.addEventListener("keydown", onkeydown);
    root.addEventListener("focusin", entered);
    root.addEventListener("copy", copying);
    document.addEventListener("pointerup", released);
    document.addEventListener("pointercancel", cancelled);
    document.addEventListener("selectionchange", selecting);
    window.addEventListener("pagehide", flush);
    const resized = new ResizeObserver(() => frames());
    resized.observe(page.sheet);
    model.on("msg:custom", heard);

    form.hidden = true;
    compare.ariaDisabled = undo.ariaDisabled = redo.ariaDisabled = "true";
    root.replaceChildren(el("p", { textContent: "Your marks are being read …" }));
    act(() => ({ do: "look", all: true }));
    return () => {
      flush();
      [late, pause, settling].forEach(clearTimeout);
      cancelAnimationFrame(framing);
      resized.disconnect();
      root.removeEventListener("keydown", onkeydown);
      root.removeEventListener("focusin", entered);
      root.removeEventListener("copy", copying);
      document.removeEventListener("pointerup", released);
      document.removeEventListener("pointercancel", cancelled);
      document.removeEventListener("selectionchange", selecting);
      window.removeEventListener("pagehide", flush);
      model.off("msg:custom", heard);
    };
  },
};
