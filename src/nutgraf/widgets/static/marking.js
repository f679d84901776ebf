// Marking words in a passage, by mouse, touch and keyboard. Knows nothing of quizzes or kernels.
// It stands in front of a widget's own file: anywidget takes one module.

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

/**
 * Slices of a text by offsets as Python counts them, in code points. JavaScript counts UTF-16 units,
 * of which an emoji has two; this is the one place that has to know.
 * @param {string} text
 */
function slicer(text) {
  const points = Array.from(text);
  return (start, end) => points.slice(start, end).join("");
}

const DOUBLE_CLICK = 350; // milliseconds in which a second click on a word is no click of its own

/**
 * A passage whose words can be marked, and the list of the marks below it.
 *
 * Spans are [start, end] in code points. `get` gives the marks in the order of the text; `set`
 * takes them. `note` shows what there is to say of stretches: `kind` decides the line under them,
 * `sign` stands behind them. A note on words that are not marked is shown on its own.
 *
 * @param {{text: string, words: [number, number][]}} passage words: what can be marked
 * @param {{label: string, onchange?: () => void}} options label: how the list of words is called
 */
function marker(passage, { label, onchange = () => {} }) {
  const slice = slicer(passage.text);
  const spans = passage.words;
  const name = `nm-${Math.random().toString(36).slice(2)}`;
  let marks = []; // [first, after]: numbers of words, in order, none sharing a word
  let notes = []; // { first, after, kind, sign }
  let cursor = 0;
  let anchor = null; // the other end of a selection that is not yet a mark

  // Gap i stands before word i; the words and gaps together are the text.
  const between = [0, ...spans.map(([, end]) => end)].map((start, i) =>
    slice(start, spans[i] ? spans[i][0] : undefined));
  const gaps = between.map((text) => el("span", { textContent: text.replace(/\r\n?/g, "\n") }));
  const words = spans.map(([start, end], i) => {
    const word = el("span", { className: "nm-word", id: `${name}-${i}`, textContent: slice(start, end) });
    word.dataset.word = i;
    word.setAttribute("role", "option");
    return word;
  });
  const box = el("div", { className: "nm-text", tabIndex: 0, dir: "auto" },
    gaps[0], ...words.flatMap((word, i) => [word, gaps[i + 1]]));
  const how = el("p", { className: "nm-how", id: `${name}-how`,
    textContent: "Click words, or drag over them. Keys: arrows move, Shift with arrows selects, Space marks, Delete removes." });
  for (const [key, value] of Object.entries({
    role: "listbox", "aria-multiselectable": "true", "aria-label": label, "aria-describedby": how.id,
  })) box.setAttribute(key, value);
  const count = el("p", { className: "nm-count" });
  const list = el("ul", { className: "nm-list" });
  const live = el("div", { className: "nm-hidden" });
  live.setAttribute("aria-live", "polite");
  // Screen readers give a list box word by word; to be read as a text, the text is there as one.
  const node = el("div", { className: "nutgraf-marker" },
    el("p", { className: "nm-hidden", textContent: passage.text }), how, box, count, list, live);

  const quote = ([first, after]) => slice(spans[first][0], spans[after - 1][1]).replace(/\s+/g, " ");
  const say = (text) => { live.textContent = text; };
  const markAt = (word) => marks.find(([first, after]) => first <= word && word < after);
  const selection = () => [Math.min(anchor ?? cursor, cursor), Math.max(anchor ?? cursor, cursor) + 1];

  function draw() {
    const kinds = spans.map(() => "");
    const ends = new Map();
    const joined = new Set(); // gaps inside a mark
    const paint = (first, after, kind, sign) => {
      for (let i = first; i < after; i += 1) kinds[i] = kind;
      for (let i = first + 1; i < after; i += 1) joined.add(i);
      ends.set(after - 1, sign);
    };
    const noted = ([first, after]) => notes.find((note) => note.first === first && note.after === after);
    for (const mark of marks) paint(...mark, noted(mark)?.kind ?? "mark", noted(mark)?.sign ?? "");
    for (const note of notes) {
      if (note.alone) paint(note.first, note.after, note.kind, note.sign);
    }
    const [from, to] = anchor === null ? [0, 0] : selection();
    words.forEach((word, i) => {
      word.dataset.kind = kinds[i];
      word.dataset.sign = ends.get(i) ?? "";
      word.classList.toggle("nm-chosen", from <= i && i < to);
      word.classList.toggle("nm-cursor", i === cursor);
      word.setAttribute("aria-selected", String(Boolean(markAt(i))));
      gaps[i].dataset.kind = joined.has(i) && kinds[i - 1] === kinds[i] ? kinds[i] : "";
      gaps[i].classList.toggle("nm-chosen", from < i && i < to);
    });
    if (words.length) box.setAttribute("aria-activedescendant", words[cursor].id);
    count.textContent = marks.length ? `Marked: ${marks.length}` : "Nothing is marked yet.";
    list.replaceChildren(...marks.map((mark, i) => {
      const remove = el("button", { type: "button", textContent: "Remove" });
      remove.setAttribute("aria-label", `Remove: ${quote(mark)}`);
      remove.onclick = () => {
        put(marks.filter((other) => other !== mark), `No longer marked: ${quote(mark)}`);
        (list.querySelectorAll("button")[Math.min(i, marks.length - 1)] ?? box).focus();
      };
      return el("li", {}, el("span", { textContent: quote(mark) }), " ", remove);
    }));
  }

  function put(next, text) {
    marks = next.sort(([one], [other]) => one - other);
    anchor = null;
    draw();
    say(text);
    onchange();
  }

  /** Mark a stretch; marks that share a word with it become part of it. */
  function add([first, after]) {
    const shares = ([from, to]) => from < after && first < to;
    const whole = [first, after, ...marks.filter(shares).flat()];
    const mark = [Math.min(...whole), Math.max(...whole)];
    put([...marks.filter((other) => !shares(other)), mark], `Marked: ${quote(mark)}`);
  }

  /** A click on a word: out of its mark, or into one with its neighbours, up to the next comma. */
  function toggle(word) {
    const mark = markAt(word);
    if (mark) {
      const rest = [[mark[0], word], [word + 1, mark[1]]].filter(([first, after]) => first < after);
      put([...marks.filter((other) => other !== mark), ...rest], `No longer marked: ${quote([word, word + 1])}`);
      return;
    }
    const before = between[word].trim() === "" && marks.find(([, after]) => after === word);
    const behind = between[word + 1].trim() === "" && marks.find(([first]) => first === word + 1);
    marks = marks.filter((other) => other !== before && other !== behind);
    add([before ? before[0] : word, behind ? behind[1] : word + 1]);
  }

  /** Enter or Space: the selected stretch, or the word under the cursor. */
  function press() {
    if (anchor === null || anchor === cursor) { toggle(cursor); return; }
    const [first, after] = selection();
    const same = marks.find(([from, to]) => from === first && to === after);
    if (same) put(marks.filter((other) => other !== same), `No longer marked: ${quote(same)}`);
    else add([first, after]);
  }

  function move(to, extend) {
    anchor = extend ? anchor ?? cursor : null;
    cursor = Math.max(0, Math.min(words.length - 1, to));
    draw();
    words[cursor].scrollIntoView({ block: "nearest" });
    if (extend) say(`Selected: ${quote(selection())}`);
  }

  /** The word above (-1) or below (1) the cursor. */
  function onLine(way) {
    const middle = (word) => { const at = word.getBoundingClientRect(); return [(at.left + at.right) / 2, at.top]; };
    const [x, y] = middle(words[cursor]);
    const beyond = words.map((word, i) => [i, ...middle(word)]).filter(([, , top]) => (top - y) * way > 4);
    if (!beyond.length) return way < 0 ? 0 : words.length - 1;
    const line = way < 0 ? Math.max(...beyond.map(([, , top]) => top)) : Math.min(...beyond.map(([, , top]) => top));
    const there = beyond.filter(([, , top]) => Math.abs(top - line) <= 4);
    return there.reduce((best, one) => (Math.abs(one[1] - x) < Math.abs(best[1] - x) ? one : best))[0];
  }

  box.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !words.length) return;
    const forward = getComputedStyle(box).direction === "rtl" ? -1 : 1;
    const goes = {
      ArrowRight: () => cursor + forward, ArrowLeft: () => cursor - forward,
      ArrowDown: () => onLine(1), ArrowUp: () => onLine(-1), Home: () => 0, End: () => words.length - 1,
    }[event.key];
    if (goes) move(goes(), event.shiftKey);
    else if (event.key === " " || (event.key === "Enter" && !event.shiftKey)) press();
    else if (event.key === "Delete" || event.key === "Backspace") {
      const mark = markAt(cursor);
      if (mark) put(marks.filter((other) => other !== mark), `No longer marked: ${quote(mark)}`);
    } else if (event.key === "Escape" && anchor !== null) { anchor = null; draw(); say("Nothing is selected."); }
    else return;
    event.preventDefault();
  };

  const wordUnder = (event) => {
    const there = box.getRootNode().elementFromPoint(event.clientX, event.clientY);
    const word = there?.closest("[data-word]");
    return word && box.contains(word) ? Number(word.dataset.word) : null;
  };
  let clicked = { word: null, at: 0 };
  box.ondragstart = (event) => event.preventDefault(); // selected words would be carried away
  // The browser's own selection goes on beside this, so that the words can be copied.
  box.onpointerdown = (event) => {
    if (event.button !== 0 || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    let from = wordUnder(event);
    const until = new AbortController();
    const listen = (type, does) => box.ownerDocument.addEventListener(type, does, { signal: until.signal });
    const follow = (moved) => {
      const word = wordUnder(moved);
      if (word === null) return;
      from ??= word;
      if (word === cursor && anchor === from) return;
      [anchor, cursor] = [from, word];
      draw();
    };
    follow(event);
    listen("pointermove", follow);
    listen("pointercancel", () => { until.abort(); anchor = null; draw(); });
    listen("pointerup", (up) => {
      until.abort();
      follow(up);
      if (from === null) return;
      const again = clicked.word === cursor && up.timeStamp - clicked.at < DOUBLE_CLICK;
      if (anchor !== cursor) add(selection());
      else if (again) { anchor = null; draw(); }
      else toggle(cursor);
      clicked = { word: cursor, at: up.timeStamp };
    });
  };

  /** Spans as stretches of words; one without a word is left out. */
  const stretch = ([start, end]) => {
    const first = spans.findIndex((word) => word[1] > start);
    const after = spans.filter((word) => word[0] < end).length;
    return first >= 0 && first < after ? [[first, after]] : [];
  };
  draw();
  return {
    node,
    get: () => marks.map(([first, after]) => [spans[first][0], spans[after - 1][1]]),
    set(wanted) { marks = wanted.flatMap(stretch); anchor = null; draw(); },
    /** @param {{start: number, end: number, kind: string, sign: string, alone?: boolean}[]} said */
    note(said) {
      notes = said.flatMap((one) => stretch([one.start, one.end]).map(([first, after]) => ({ ...one, first, after })));
      draw();
    },
  };
}
