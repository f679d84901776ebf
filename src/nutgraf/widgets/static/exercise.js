// The verdict on an exercise, a button for the next hint, and one for a solution. The kernel checks
// and keeps what was asked for; this draws what it says. Text is only ever set as text.

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

const MANY = 12; // lines that still fit without scrolling

/** `Code` in backticks becomes <code>; everything else stays text. @param {string} text */
const words = (text) =>
  text.split("`").map((part, i) => (i % 2 ? el("code", { textContent: part }) : part));

/** Lines as they are. Many of them scroll, and Tab gets there; `label` says what they are. */
function lines(text, label) {
  const pre = el("pre", { className: "ng-lines" }, text);
  if (!label && text.split("\n").length < MANY && text.length < 800) return pre;
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", label || "Lines of code or text");
  return pre;
}

function draw({ outcome, title, says }) {
  const node = el("div", { className: "ng-verdict" }, el("p", { className: "ng-title" }, title));
  node.dataset.outcome = outcome;
  for (const [kind, text] of says) {
    node.append(kind === "code" ? lines(text) : el("p", {}, ...words(text)));
  }
  return node;
}

export default {
  render({ model, el: root }) {
    const name = model.get("name");
    root.classList.add("nutgraf-quiz", "nutgraf-exercise");
    // JupyterLab's one-letter commands (d d deletes the cell) must not fire from inside.
    root.addEventListener("keydown", (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    });
    const said = el("div", { className: "ng-said" });
    said.setAttribute("role", "status");
    const shown = el("div", { className: "ng-said" });
    let timer = 0;
    let asked = "";
    const ask = (what) => {
      clearTimeout(timer);
      asked = what;
      timer = setTimeout(() => said.replaceChildren(
        "The kernel does not answer. Click this cell and press Shift+Enter, then ask again."), 6000);
      model.send({ do: what });
    };
    const button = (text, does) => el("button", { type: "button", textContent: text, onclick: does });
    const hint = button("A hint", () => hint.ariaDisabled !== "true" && ask("hint"));
    const show = button("Show me a solution", () =>
      shown.hasChildNodes() ? shown.querySelector("pre").focus() : ask("solution"));
    const yes = button("Yes, show it", () => ask("yes"));
    const no = button("No, not yet", () => ask("no"));
    const question = el("span", {});
    const anyway = el("div", { className: "ng-more", hidden: true }, question, yes, no);
    anyway.setAttribute("role", "group");
    anyway.setAttribute("aria-label", "See the solution anyway?");

    function update() {
      clearTimeout(timer);
      const state = model.get("state");
      const left = state.hints_in_all - state.hints.length;
      hint.hidden = !state.hints_in_all;
      hint.textContent = state.hints.length ? `A hint (${left} left)` : "A hint";
      hint.ariaDisabled = String(left <= 0);
      anyway.hidden = !state.question;
      question.textContent = state.question;
      const news = state.hints.map((text, i) => el("p", {}, `Hint ${i + 1}: `, ...words(text)));
      for (const text of [state.question, state.no_solution, state.note]) {
        if (text) news.push(el("p", { className: text === state.question ? "ng-unseen" : "ng-note" }, text));
      }
      said.replaceChildren(...news);
      if (state.solution && !shown.hasChildNodes()) {
        shown.append(el("p", { className: "ng-title" }, "One right way:"), lines(state.solution, `A solution of ${name}`));
      }
      // The buttons that were pressed may be gone now, and a solution is what was asked for.
      if (["solution", "yes"].includes(asked) && state.solution) shown.querySelector("pre").focus();
      else if (["no", "yes"].includes(asked)) show.focus();
      asked = "";
    }
    root.replaceChildren(draw(model.get("verdict")), el("div", { className: "ng-more" }, hint, show), anyway, said, shown);
    update();
    model.on("change:state", update);
    model.on("msg:custom", update);
    return () => { model.off("change:state", update); model.off("msg:custom", update); };
  },
};
