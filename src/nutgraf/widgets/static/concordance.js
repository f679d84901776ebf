// A word looked up in its contexts. The kernel searches; this draws what it says and shows the place.
// Text is only ever set as text. State lives in the model, so a second view shows the same.

const PAUSE = 300; // milliseconds without a key before a search

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

/** One hit as a table row; its word is the button that leads to its place. */
function row(line, i, total, go) {
  const button = el("button", { type: "button", textContent: line.match, onclick: go });
  button.setAttribute("aria-label", `${line.match}, hit ${i + 1} of ${total}, show ${line.paragraph}`);
  return {
    button,
    node: el("tr", {},
      el("td", { className: "ng-left", textContent: line.left }),
      el("td", { className: "ng-match" }, button),
      el("td", { className: "ng-right", textContent: line.right }),
      el("td", { textContent: line.paragraph })),
  };
}

export default {
  render({ model, el: root }) {
    root.classList.add("nutgraf-concordance");
    // JupyterLab's one-letter commands (d d deletes the cell) must not fire from inside the box.
    root.addEventListener("keydown", (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    });

    const input = el("input", { type: "search", autocomplete: "off", spellcheck: false, maxLength: 200 });
    const form = el("form", {},
      el("label", {}, el("span", { textContent: "Word or phrase" }), input),
      el("button", { type: "submit", textContent: "Find" }));
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Words in the article");
    const says = el("p", { className: "ng-says" });
    says.setAttribute("role", "status");
    const body = el("tbody");
    const heads = ["Before", "Match", "After", "Where"].map((text) => el("th", { scope: "col", textContent: text }));
    const table = el("table", { dir: model.get("direction") }, el("thead", {}, el("tr", {}, ...heads)), body);
    table.setAttribute("aria-label", "Hits in their context");
    const title = el("p", { className: "ng-title" });
    const paragraph = el("p", { className: "ng-paragraph", dir: model.get("direction") });
    const back = el("button", { type: "button", textContent: "Back to the hits" });
    const place = el("section", { tabIndex: -1, hidden: true }, title, paragraph, back);
    place.setAttribute("aria-label", "Place in the article");
    let rows = [];

    let timer = 0;
    let late = 0;
    const ask = () => {
      clearTimeout(timer);
      clearTimeout(late);
      late = setTimeout(() => {
        says.replaceChildren("The kernel does not answer. Click this cell and press Shift+Enter, then search again.");
      }, 6000);
      model.send({ query: input.value });
    };
    input.oninput = () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); };
    form.onsubmit = (event) => { event.preventDefault(); ask(); };

    function show(line, i) {
      rows.forEach((one, j) => one.button.setAttribute("aria-current", String(i === j)));
      title.textContent = `Hit ${i + 1} of ${rows.length}: ${line.where}`;
      paragraph.replaceChildren(line.before, el("mark", { textContent: line.match }), line.after);
      back.onclick = () => rows[i].button.focus();
      place.hidden = false;
      place.focus();
    }

    function draw() {
      clearTimeout(late);
      const { query, says: text, lines } = model.get("state");
      if (document.activeElement !== input) input.value = query;
      says.textContent = text;
      rows = lines.map((line, i) => row(line, i, lines.length, () => show(line, i)));
      body.replaceChildren(...rows.map((one) => one.node));
      table.hidden = !lines.length;
      place.hidden = true;
    }
    draw();
    root.replaceChildren(form, says, table, place);
    // A search repeated changes no state: the kernel's reply is what says that it was heard.
    const heard = (reply) => {
      if (reply.heard === undefined) return;
      clearTimeout(late);
      says.textContent = model.get("state").says;
    };
    model.on("change:state", draw);
    model.on("msg:custom", heard);
    return () => {
      clearTimeout(timer);
      clearTimeout(late);
      model.off("change:state", draw);
      model.off("msg:custom", heard);
    };
  },
};
