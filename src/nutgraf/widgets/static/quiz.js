// A set of quiz items. The kernel holds the key and keeps the answers; this draws what it says.
// Text is only ever set as text. State lives in the model, so a second view shows the same.
// `el` and `marker` come from marking.js, which stands in front of this file.

const SURE = [["guess", "A guess"], ["fairly", "Fairly sure"], ["certain", "Certain"]];
const SIGN = { right: "✓", defensible: "◐", "not yet": "✗", "left out": "–", missed: "○" };

/** `Code` in backticks becomes <code>; everything else stays text. @param {string} text */
const words = (text) =>
  text.split("`").map((part, i) => (i % 2 ? el("code", { textContent: part }) : part));

function choices(item, name) {
  const type = item.kind === "single" ? "radio" : "checkbox";
  const inputs = item.parts.map((_, i) => el("input", { type, name, value: i }));
  const rows = inputs.map((input, i) =>
    el("label", { className: "ng-row" }, input, el("span", {}, ...words(item.parts[i])),
      el("span", { className: "ng-sign" })));
  return {
    nodes: rows, rows,
    get() {
      const on = inputs.flatMap((input, i) => (input.checked ? [i] : []));
      return type === "radio" ? (on[0] ?? null) : on;
    },
    set(answer) { inputs.forEach((input, i) => { input.checked = [].concat(answer).includes(i); }); },
  };
}

function typed(item) {
  const input = el("input", { type: "text", autocomplete: "off", spellcheck: false });
  if (item.kind === "number") input.inputMode = "decimal";
  const label = item.kind === "number" ? "Your number" : "Your answer";
  return {
    nodes: [el("label", { className: "ng-typed" }, el("span", { textContent: label }), input)],
    rows: [], enter: input,
    get: () => input.value,
    set(answer) { input.value = answer; },
  };
}

function ordered(item, _name, say) {
  let order = item.parts.map((_, i) => i);
  const list = el("ol", { className: "ng-order" });
  const rows = item.parts.map((text, i) => {
    const arrows = [[-1, "↑", "up"], [1, "↓", "down"]].map(([step, sign, way]) => {
      const button = el("button", { type: "button", textContent: sign });
      button.setAttribute("aria-label", `Move ${way}: ${text.trim()}`);
      button.onclick = () => {
        const at = order.indexOf(i);
        const to = at + step;
        if (to < 0 || to >= order.length) return;
        [order[at], order[to]] = [order[to], order[at]];
        draw();
        button.focus();
        say(`Now number ${to + 1} of ${order.length}.`);
      };
      return button;
    });
    return el("li", {}, el("span", { className: "ng-arrows" }, ...arrows),
      item.code ? el("code", { textContent: text }) : el("span", {}, ...words(text)));
  });
  const draw = () => list.replaceChildren(...order.map((i) => rows[i]));
  draw();
  return {
    nodes: [list], rows: [],
    get: () => order,
    set(answer) { order = [...answer]; draw(); },
  };
}

function matched(item) {
  const selects = item.parts.map(() => el("select", {}, el("option", { value: "", textContent: "choose …" }),
    ...item.categories.map((text, i) => el("option", { value: i, textContent: text }))));
  const rows = selects.map((select, i) =>
    el("label", { className: "ng-row ng-match" }, el("span", {}, ...words(item.parts[i])), select,
      el("span", { className: "ng-sign" })));
  return {
    nodes: rows, rows,
    get: () => selects.map((select) => (select.value === "" ? null : Number(select.value))),
    set(answer) { selects.forEach((select, i) => { select.value = answer[i] ?? ""; }); },
  };
}

function passage(item) {
  const none = el("input", { type: "checkbox" });
  let away = []; // what was marked before "nothing to mark" was ticked
  const marks = marker(item.passage, {
    label: "The passage, word by word", onchange: () => { none.checked = false; },
  });
  none.onchange = () => {
    if (none.checked) away = marks.get();
    marks.set(none.checked ? [] : away);
  };
  return {
    nodes: [marks.node, el("label", { className: "ng-row" }, none, el("span", { textContent: "There is nothing to mark." }))],
    rows: [],
    get() { return marks.get().length || none.checked ? marks.get() : null; },
    set(answer) { marks.set(answer); none.checked = !answer.length; },
    note(said) {
      marks.note(said.map((one) => ({ ...one, kind: one.verdict, sign: SIGN[one.verdict], alone: one.verdict === "missed" })));
    },
  };
}

const CONTROLS = {
  single: choices, multiple: choices, number: typed, text: typed, order: ordered, match: matched, span: passage,
};

/** One item: a fieldset whose legend is the question. Returns its node and how to update it. */
function draw(item, tag, mode, send) {
  const said = el("div", { className: "ng-said", role: "status" });
  // Radio buttons of one name are one group in the whole page, over all cells and views.
  const name = `ng-${Math.random().toString(36).slice(2)}`;
  const control = CONTROLS[item.kind](item, name, (text) => said.replaceChildren(text));
  const button = (text, does) => el("button", { type: "button", textContent: text, onclick: does });
  let timer = 0;
  let drawn = "";
  const ask = (message) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      drawn = "";
      said.replaceChildren(
        "The kernel does not answer. Click this cell and press Shift+Enter, then answer again.");
    }, 6000);
    send({ item: item.id, ...message });
  };
  const sure = SURE.map(([value, text]) =>
    button(text, () => ask({ do: "answer", answer: control.get(), sure: value })));
  const prompt = mode === "predict" ? "Keep this guess. How sure are you?" : "Check it. How sure are you?";
  const confidence = el("div", { className: "ng-sure", role: "group" }, el("span", { textContent: prompt }), ...sure);
  confidence.setAttribute("aria-label", prompt);
  const hint = button("Hint", () => hint.ariaDisabled !== "true" && ask({ do: "hint" }));
  const show = button("Show the answer", () => ask({ do: "show" }));
  const compare = button("I have run it: compare", () => ask({ do: "compare" }));
  if (control.enter) {
    control.enter.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); sure[0].focus(); }
    };
  }
  const node = el("fieldset", { className: "ng-item" },
    el("legend", {}, el("span", { className: "ng-tag", textContent: tag }), " ", ...words(item.prompt)),
    ...control.nodes, confidence, el("div", { className: "ng-more" }, hint, show, compare), said);

  function update(state, first) {
    clearTimeout(timer);
    if (JSON.stringify(state) === drawn) return;
    drawn = JSON.stringify(state);
    if (first && state.answer !== null) control.set(state.answer);
    sure.forEach((b, i) => b.setAttribute("aria-pressed", state.sure === SURE[i][0]));
    hint.hidden = mode === "predict" || !item.hints;
    hint.textContent = state.hints.length ? `Hint (${item.hints - state.hints.length} left)` : "Hint";
    hint.ariaDisabled = String(state.hints.length >= item.hints);
    show.hidden = !state.can_show;
    compare.hidden = !state.can_compare;
    control.rows.forEach((row, i) => {
      const verdict = state.parts[i]?.[0] ?? "";
      row.dataset.verdict = verdict;
      row.querySelector(".ng-sign").textContent = SIGN[verdict] ?? "";
    });
    const lines = [];
    if (state.title) lines.push(el("p", { className: "ng-title" }, `${SIGN[state.outcome] ?? ""} ${state.title}`));
    for (const text of state.says) lines.push(el("p", {}, ...words(text)));
    for (const [i, [verdict, text]] of Object.entries(state.parts)) {
      lines.push(el("p", {}, `${SIGN[verdict] ?? ""} `, el("b", {}, ...words(item.parts[i].trim())), " – ", ...words(text)));
    }
    control.note?.(state.marks);
    for (const { verdict, quote, says } of state.marks) {
      lines.push(el("p", {}, `${SIGN[verdict] ?? ""} `, el("b", { textContent: quote }), " – ", ...words(says)));
    }
    for (const quote of state.evidence) lines.push(el("p", {}, "In the article: ", el("code", { textContent: quote })));
    state.hints.forEach((text, i) => lines.push(el("p", {}, `Hint ${i + 1}: `, ...words(text))));
    if (state.note) lines.push(el("p", { className: "ng-note", textContent: state.note }));
    said.dataset.outcome = state.outcome;
    said.replaceChildren(...lines);
  }
  return { node, update };
}

/** What comes after the last item: where the learner stands, and the words that end it all. */
function drawEnding(enough) {
  const button = el("button", { type: "button", textContent: "I have seen enough", onclick: enough });
  const words = el("div", { className: "ng-ending", tabIndex: -1 });
  words.setAttribute("role", "status");
  const node = el("div", {}, button, words);
  let asked = false;
  button.addEventListener("click", () => { asked = true; });
  return {
    node,
    update({ says, text }) {
      button.hidden = Boolean(text);
      words.replaceChildren(...says.map((line) => el("p", { textContent: line })),
        ...(text ? [el("blockquote", { textContent: text })] : []));
      if (asked && text) { asked = false; words.focus(); } // the button is gone
    },
  };
}

export default {
  render({ model, el: root }) {
    const items = model.get("items");
    const mode = model.get("mode");
    const tag = { quiz: "Question", predict: "Guess first", recheck: "Once more", spot: "Passage" }[mode];
    root.classList.add("nutgraf-quiz");
    // JupyterLab's one-letter commands (d d deletes the cell) must not fire from inside a quiz.
    root.addEventListener("keydown", (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    });
    const drawn = items.map((item, i) =>
      draw(item, items.length > 1 ? `${tag} ${i + 1} of ${items.length}` : tag, mode, (message) => model.send(message)));
    const update = (first) => items.forEach((item, i) => drawn[i].update(model.get("states")[item.id], first === true));
    update(true);
    root.replaceChildren(...drawn.map((one) => one.node));
    const ending = drawEnding(() => model.send({ do: "enough" }));
    const end = () => ending.update(model.get("ending"));
    if (model.get("ending").says) {
      end();
      root.append(ending.node);
      model.on("change:ending", end);
    }
    // An answer given twice changes no state: the kernel's reply is what says that it was heard.
    const heard = (reply) => items.forEach((item, i) => item.id === reply.heard && drawn[i].update(model.get("states")[item.id]));
    model.on("change:states", update);
    model.on("msg:custom", heard);
    return () => { model.off("change:ending", end); model.off("change:states", update); model.off("msg:custom", heard); };
  },
};
