// The summary bench. The kernel counts and keeps; this draws what it says.
// Text is only ever set as text. State lives in the model, so a second view shows the same.

const PAUSE = 300; // milliseconds without a key before the words are counted
const KEEP = 800; // and before they are kept
const AT_LEAST = 5000; // somebody who never pauses is kept this often
const LATE = 6000;

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

/** A cell that heads a column or a row. @param {"col"|"row"} scope */
const head = (scope, ...kids) => el("th", { scope }, ...kids);

const cells = (texts) => texts.map((text) => el("td", { textContent: text }));

/** One part of what is said, with a name; `draw` replaces all below the name. */
function part(name) {
  const body = el("div");
  const node = el("section", {}, el("p", { className: "ng-title", textContent: name }), body);
  node.setAttribute("aria-label", name);
  return {
    node,
    draw(...kids) {
      node.hidden = !kids.length;
      body.replaceChildren(...kids);
    },
  };
}

const lines = (texts) => texts.map((textContent) => el("p", { textContent }));

function drawOverlap({ says, caption, rows, words }) {
  if (!rows.length) return lines([says]);
  const heads = ["", "precision", "recall", "F1"].map((text) => (text ? head("col", text) : el("td")));
  const table = el("table", { className: "ng-scores" }, el("caption", { textContent: caption }),
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...rows.map(([name, ...values]) => el("tr", {}, head("row", name), ...cells(values)))));
  const list = el("dl", {}, ...words.flatMap(([name, text]) =>
    [el("dt", { textContent: name }), el("dd", { textContent: text, dir: "auto" })]));
  return [el("p", { className: "ng-blind", textContent: says }), table,
    el("p", { className: "ng-small" }, "Precision: how much of yours the reference has. Recall: how much of the reference yours has. ",
      "Small words such as “the” count, and are left out below."),
    list];
}

function drawAlarms({ says, rows }) {
  return [el("p", { textContent: says }), ...(rows.length ? [el("ul", {}, ...rows.map((one) =>
    el("li", {}, el("b", { textContent: one.text, dir: "auto" }), ` (${one.kind}): ${one.note}`,
      ...(one.look_at && !one.note.includes(one.look_at) ? [" Look at: ", el("q", { textContent: one.look_at, dir: "auto" })] : []))))] : [])];
}

function drawMethods({ heads, rows, foot, says }) {
  const sign = (on) => el("td", {}, ...(on ? [el("span", { textContent: "✓", ariaHidden: "true" }), el("span", { className: "ng-unseen", textContent: "picked" })] : []));
  return [
    el("caption", { textContent: "Who picked which sentence, under the same budget" }),
    el("thead", {}, el("tr", {}, head("col", "Sentence"),
      ...heads.map((name) => head("col", el("span", { className: "ng-up", textContent: name }))),
      head("col", "methods"))),
    el("tbody", {}, ...rows.map((row) => el("tr", {},
      head("row", el("b", { textContent: row.name }), " ", el("span", { textContent: row.text, dir: "auto" })),
      ...row.signs.map(sign), el("td", { textContent: row.count })))),
    el("tfoot", {}, ...foot.map(([name, ...values]) => el("tr", {}, head("row", name), ...cells(values), el("td")))),
    says,
  ];
}

export default {
  render({ model, el: root }) {
    const { asks, kept, sentences, more } = model.get("task");
    const view = Math.random().toString(36).slice(2);
    root.classList.add("nutgraf-bench");

    // --- what the learner works with

    const ways = [["pick", "Pick sentences"], ["write", "Write your own words"]].map(([value, text]) => {
      const input = el("input", { type: "radio", name: `ng-way-${view}`, value });
      return { input, node: el("label", { className: "ng-way" }, input, el("span", { textContent: text })) };
    });
    const boxes = sentences.map(({ row, name, words, text }) => {
      const input = el("input", { type: "checkbox", value: row });
      const about = el("span", { className: "ng-about", textContent: `${name} (${words} ${words === 1 ? "word" : "words"}) ` });
      return { input, node: el("label", { className: "ng-row" }, input, el("span", {}, about, el("span", { textContent: text, dir: "auto" }))) };
    });
    const pool = el("fieldset", { className: "ng-pool" }, el("legend", { textContent: "The article’s sentences" }),
      ...boxes.map((box) => box.node), ...(more ? [el("p", { textContent: more })] : []));
    const area = el("textarea", { rows: 6, dir: "auto" });
    const writing = el("label", { className: "ng-writing" }, el("span", { textContent: "Your summary" }), area);
    const says = el("p", { className: "ng-says" });
    says.setAttribute("role", "status");
    const note = el("p", { className: "ng-note" });
    note.setAttribute("role", "status");
    const task = el("fieldset", { className: "ng-task" }, el("legend", { textContent: asks }),
      el("div", { className: "ng-ways" }, ...ways.map((way) => way.node)), pool, writing,
      says, note, el("p", { className: "ng-small", textContent: `What you pick and write is kept in ${kept}.` }));

    // --- what is said of it

    const first = el("p", { textContent: "Pick a sentence, or write ten words, and what it shares with other summaries is shown here." });
    const remarks = el("div");
    const overlap = part("Overlap");
    const voices = part("Voices");
    const copying = part("Copied words");
    const alarms = part("Look again");
    const methods = part("The methods");
    const table = el("table", { className: "ng-methods" });
    const scroll = el("div", { className: "ng-scroll", tabIndex: 0 }, table);
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Table of the methods, scrolls sideways");
    const nobody = el("p");
    methods.draw(scroll, nobody);
    const button = el("button", { type: "button" });
    const texts = el("div");
    const reference = el("div", {}, button, texts);
    const results = el("div", { className: "ng-results" }, remarks, overlap.node, reference, voices.node,
      copying.node, alarms.node, methods.node);

    // --- telling the kernel

    const here = {
      way: () => ways.find((way) => way.input.checked)?.input.value ?? "pick",
      // A sentence beyond those that are shown stays picked.
      picks: () => [...model.get("state").picks.filter((row) => !sentences.some((one) => one.row === row)),
        ...sentences.flatMap((one, i) => (boxes[i].input.checked ? [one.row] : []))],
    };
    let turn = 0; // the last message sent from this view
    let heard = 0; // the last one that was answered
    let changed = false; // something here that the kernel has not been told
    let unkept = false; // something typed that is not on the disk
    let keptAt = 0;
    let pause = 0;
    let rest = 0;
    let late = 0;

    function tell(keep, show = model.get("state").show) {
      clearTimeout(pause);
      changed = false;
      if (keep) {
        clearTimeout(rest);
        unkept = false;
        keptAt = Date.now();
      }
      turn += 1;
      clearTimeout(late);
      late = setTimeout(() => {
        note.textContent = "The kernel does not answer, so nothing new is kept. Copy your words, click this cell and press Shift+Enter.";
      }, LATE);
      model.send({ view, turn, way: here.way(), picks: here.picks(), text: area.value, show, keep });
    }
    const flush = () => { if (unkept) tell(true); };
    area.oninput = () => {
      if (!unkept) keptAt = Date.now();
      changed = unkept = true;
      clearTimeout(pause);
      clearTimeout(rest);
      rest = setTimeout(flush, KEEP);
      if (Date.now() - keptAt > AT_LEAST) flush();
      // One question at a time: the answer to the last one asks the next.
      else if (heard === turn) pause = setTimeout(() => tell(false), PAUSE);
    };
    area.onblur = flush;
    for (const box of boxes) box.input.onchange = () => tell(unkept);
    for (const way of ways) {
      way.input.onchange = () => {
        tell(unkept);
        open();
      };
    }
    button.onclick = () => tell(unkept, !model.get("state").show);
    // JupyterLab's one-letter commands (d d deletes the cell) must not fire from inside the bench.
    root.addEventListener("keydown", (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    });
    window.addEventListener("pagehide", flush);

    // --- drawing

    function open() {
      pool.hidden = here.way() !== "pick";
      writing.hidden = here.way() !== "write";
    }

    function set(node, text) { // a status that is set anew is read out anew
      if (node.textContent !== text) node.textContent = text;
    }

    function draw() {
      const state = model.get("state");
      // What was done here since the kernel was told is newer than what it says.
      if (!changed && heard === turn) {
        for (const way of ways) way.input.checked = way.input.value === state.way;
        sentences.forEach((one, i) => { boxes[i].input.checked = state.picks.includes(one.row); });
        if (area.value !== state.text) area.value = state.text;
        open();
      }
      set(says, state.says);
      says.dataset.over = state.over > 0;
      set(note, state.note);
      const said = state.results;
      first.hidden = Boolean(said.says);
      results.hidden = !said.says;
      if (!said.says) return;
      remarks.replaceChildren(...lines(said.says));
      overlap.draw(...(said.overlap ? drawOverlap(said.overlap) : []));
      voices.draw(...lines(said.voices ?? []));
      copying.draw(...lines(said.copying ?? []));
      alarms.draw(...(said.alarms?.says ? drawAlarms(said.alarms) : []));
      methods.node.hidden = !said.methods;
      if (said.methods) {
        const rows = drawMethods(said.methods);
        nobody.textContent = rows.pop();
        table.replaceChildren(...rows);
      }
      reference.hidden = !said.overlap?.rows.length;
      button.textContent = state.show ? "Hide the reference" : "Show the reference";
      button.setAttribute("aria-expanded", String(state.show));
      texts.replaceChildren(...(said.reference ?? []).map((one) =>
        el("figure", {}, el("figcaption", { textContent: one.name }), el("blockquote", { textContent: one.text, dir: "auto" }))));
    }

    draw();
    root.replaceChildren(task, first, results);
    const answered = (reply) => {
      if (reply.view !== view) return;
      heard = Math.max(heard, reply.heard);
      if (heard < turn) return;
      clearTimeout(late);
      if (changed) pause = setTimeout(() => tell(false), PAUSE);
      else draw();
    };
    model.on("change:state", draw);
    model.on("msg:custom", answered);
    return () => {
      flush();
      [pause, rest, late].forEach(clearTimeout);
      window.removeEventListener("pagehide", flush);
      model.off("change:state", draw);
      model.off("msg:custom", answered);
    };
  },
};
