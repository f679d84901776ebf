// A line to read, or a button that opens lines of text or bars. Nothing is asked of the kernel.
// Text is only ever set as text.

/** @param {string} tag @param {object} props @param {...(Node|string)} kids */
function el(tag, props = {}, ...kids) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...kids);
  return node;
}

/** Lines of an article: paragraph, number in the margin, words. */
function page(lines) {
  const paragraphs = [];
  for (const [mark, number, text] of lines) {
    if (mark) {
      paragraphs.push(el("div", { className: "ng-paragraph" }, el("div", { className: "ng-mark", textContent: mark })));
    }
    paragraphs.at(-1).append(
      el("div", { className: "ng-line" },
        el("span", { className: "ng-number", textContent: number }), el("span", { textContent: text })));
  }
  return el("div", {}, ...paragraphs);
}

/** A table whose last column draws its number. */
function chart(bars) {
  const most = Math.max(1, ...bars.map(([, words]) => words));
  const rows = bars.map(([who, words]) => {
    const bar = el("span", { className: "ng-bar" });
    bar.style.width = `${(60 * words) / most}%`;
    return el("tr", {}, el("th", { scope: "row", textContent: who }),
      el("td", {}, bar, el("span", { textContent: `${words} words` })));
  });
  return el("table", {}, el("tbody", {}, ...rows));
}

export default {
  render({ model, el: root }) {
    root.classList.add("nutgraf-workshop");
    root.classList.toggle("nutgraf-no-code", model.get("hides_code"));
    // JupyterLab's one-letter commands (d d deletes the cell) must not fire from inside.
    root.addEventListener("keydown", (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey;
      if (!command && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
    });
    const says = model.get("says");
    if (says) root.append(el("p", { textContent: says }));
    const label = model.get("label");
    if (label) {
      const inside = model.get("lines").length ? page(model.get("lines")) : chart(model.get("bars"));
      root.append(el("details", {}, el("summary", { textContent: label }), inside));
    }
  },
};
