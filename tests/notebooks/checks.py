"""What every lesson keeps to. A check takes a page and returns what is wrong with it, in words.

Each message names the cell and says what to do. test_structure.py runs the checks on every
notebook, and test_checks.py proves on small notebooks that each of them can fail.
"""

from __future__ import annotations

import ast
import json
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import names
import nbformat
import prose
from nbformat import NotebookNode

from nutgraf.lessons import is_navigation
from nutgraf.quizzes import load_quiz

SETUP = """\
from nutgraf import load, predict, progress, quiz, recheck

article = load("sadr-protests")
text = article.text"""

CELLS = range(25, 41)
WORDS = range(700, 1201)
LONGEST_CELL = 12
MEDIAN_CELL = 4
HARDEST_GRADE = 10.5

VAGUE_VERBS = {"understand", "know", "learn", "appreciate", "realise", "realize", "be"}
QUIZ_CALLS = {"quiz", "predict", "recheck", "spot"}

NETWORK_MODULES = {
    "aiohttp", "ftplib", "http", "httpx", "pip", "requests", "smtplib", "socket", "socketserver",
    "ssl", "subprocess", "telnetlib", "urllib", "urllib3", "webbrowser", "websocket", "xmlrpc",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "input": "asks at a prompt, where Run All waits for ever; use predict()",
    "getpass": "asks at a prompt",
    "download": "downloads; the kit works offline",
    "urlopen": "opens a network address",
    "urlretrieve": "downloads",
    "read_html": "opens a network address",
}
ADDRESS = re.compile(r"(?:https?|ftp|wss?)://", re.IGNORECASE)
COMMAND = re.compile(
    r"^\s*(?:!|%pip|%conda|%%bash|%%sh|%system|%sx)|\bos\.(?:system|popen|exec|spawn)", re.MULTILINE
)
MACHINE = re.compile(
    r"(?<![\w./])/(?:home|Users|root|tmp|work|var|opt|usr|mnt|private|etc)/[\w.-]"
    r"|\b[A-Z]:\\{1,2}(?:Users|Windows|Program|home|temp)",
    re.IGNORECASE,
)
FORBIDDEN_WORDS = {
    r"gold(?:en)?(?:[- ]standard)?": "say “reference”",
    r"sessions?": "say lesson, or sitting",
    r"TODO|FIXME|XXX": "finish it",
    r"lorem ipsum": "write it",
    r"simply": "leave it out: it is not simple to everyone",
}


@dataclass(frozen=True)
class Page:
    """One notebook and where it lies; other notebooks and quiz files lie beside it."""

    path: Path

    @cached_property
    def notebook(self) -> NotebookNode:
        return nbformat.read(self.path, as_version=4)

    @property
    def number(self) -> str:
        return self.path.name[:2]

    @cached_property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    @cached_property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @cached_property
    def markdown(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @cached_property
    def written(self) -> list[NotebookNode]:
        """The Markdown that a person wrote: all but the generated navigation."""
        return [cell for cell in self.markdown if not is_navigation(cell)]

    def passages(self) -> dict[str, list[prose.Passage]]:
        return {cell.id: prose.passages(cell.source) for cell in self.written}


Check = Callable[[Page], list[str]]


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def tree(cell: NotebookNode) -> ast.Module:
    """A code cell's syntax tree, its magics turned into calls of get_ipython()."""
    from IPython.core.inputtransformer2 import TransformerManager

    return ast.parse(TransformerManager().transform_cell(cell.source))


def calls(cell: NotebookNode) -> Iterator[tuple[str, list[object]]]:
    """(function or method name, constant arguments) of each call in a cell."""
    try:
        nodes = list(ast.walk(tree(cell)))
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield name, [arg.value for arg in node.args if isinstance(arg, ast.Constant)]


def texts(cell: NotebookNode) -> Iterator[str]:
    """All text in a cell's outputs, HTML included."""
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield from output.get("traceback", [])
        yield from (value for value in output.get("data", {}).values() if isinstance(value, str))


# --- every notebook ------------------------------------------------------------------------


def one_title(page: Page) -> list[str]:
    """One H1, and it opens the notebook."""
    found = [
        (cell.id, words)
        for cell in page.markdown
        for level, words in prose.headings(cell.source)
        if level == 1
    ]
    if len(found) != 1:
        return [f"there are {len(found)} titles (`# ...`), {found}; there must be one."]
    if not page.cells[0].source.startswith("# "):
        return ["the title must be the first line of the first cell."]
    return []


def no_skipped_level(page: Page) -> list[str]:
    """A heading is at most one level below the one before."""
    found, last = [], 0
    for cell in page.markdown:
        for level, words in prose.headings(cell.source):
            if level > last + 1:
                found.append(
                    f"cell {cell.id}: {words!r} is level {level} after level {last}; "
                    f"use level {last + 1}."
                )
            last = level
    return found


def images_have_words(page: Page) -> list[str]:
    """Alternative text on every image, in Markdown and in outputs."""
    found = [
        f"cell {cell.id}: the image {what!r} has no alternative text."
        for cell in page.markdown
        for what, alt in prose.images(cell.source)
        if not alt
    ]
    for cell in page.code:
        for output in cell.outputs:
            data = output.get("data", {})
            found += [
                f"cell {cell.id}: its {kind} output has no alternative text; "
                "show it with nutgraf.drawing.figure(fig, alt)."
                for kind in data
                if kind.startswith("image/")
            ]
            found += [
                f"cell {cell.id}: {what!r} in its output has no alternative text."
                for what, alt in prose.html_images(data.get("text/html", ""))
                if not alt
            ]
    return found


def short_cells(page: Page) -> list[str]:
    """No code cell of more than LONGEST_CELL lines."""
    return [
        f"cell {cell.id}: has {lines} lines; {LONGEST_CELL} at most, so split it."
        for cell in page.code
        if (lines := len(cell.source.splitlines())) > LONGEST_CELL
    ]


def names_are_made_first(page: Page) -> list[str]:
    """No cell uses a name that no cell above has made."""
    known: set[str] = set()
    found = []
    for cell in page.code:
        try:
            parsed = tree(cell)
        except SyntaxError as problem:
            if "raises-exception" not in tags(cell):
                found.append(f"cell {cell.id}: is not Python: {problem.msg}.")
            continue
        # A cell that fails on purpose may not have come to what it makes.
        failing = "raises-exception" in tags(cell)
        missing = names.undefined(parsed, set(known) if failing else known)
        if missing and not failing:
            found.append(f"cell {cell.id}: uses {', '.join(missing)} before it is made.")
    return found


def stays_offline(page: Page) -> list[str]:
    """No network, no other program, no download, no prompt, no installing."""
    found = []
    for cell in page.code:
        if COMMAND.search(cell.source):
            found.append(f"cell {cell.id}: runs a command of the system; leave it out.")
        if ADDRESS.search(cell.source):
            found.append(f"cell {cell.id}: has a network address in its code.")
        try:
            nodes = list(ast.walk(tree(cell)))
        except SyntaxError:
            continue
        imported = {
            name.split(".")[0]
            for node in nodes
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        found += [
            f"cell {cell.id}: imports {name}, which reaches outside the notebook."
            for name in sorted(imported & NETWORK_MODULES)
        ]
        found += [
            f"cell {cell.id}: {name}() {FORBIDDEN_CALLS[name]}."
            for name, _ in calls(cell)
            if name in FORBIDDEN_CALLS
        ]
    return found


def no_machine_shows(page: Page) -> list[str]:
    """No path of a machine, and no object's address, in text, code or outputs."""
    found = []
    for cell in page.cells:
        for text in (cell.source, *texts(cell)):
            if match := MACHINE.search(text):
                found.append(f"cell {cell.id}: {match[0]!r} is a path of one machine.")
            if match := re.search(r"\bat 0x[0-9a-f]{6,}", text):
                found.append(
                    f"cell {cell.id}: prints {match[0]!r}, another one each time; "
                    "print something of the object, or end the line with ;"
                )
    return found


def links_lead_somewhere(page: Page) -> list[str]:
    """A link inside the kit leads to a notebook beside this one, and to a heading in it."""
    found = []
    for cell in page.markdown:
        for target in prose.links(cell.source):
            if not re.match(r"[a-zA-Z][\w+.-]*:", target):
                wrong = _wrong_link(page, target)
                if wrong:
                    found.append(f"cell {cell.id}: the link {target!r} {wrong}")
    return found


def _wrong_link(page: Page, target: str) -> str:
    file, _, fragment = target.partition("#")
    path = page.path.parent / unquote(file) if file else page.path
    if not re.fullmatch(r"((\.\./exercises/)?[\w-]+\.ipynb)?", file, re.ASCII):
        return "must lead to a notebook beside it or in ../exercises: learners have only those."
    if not path.exists():
        return "leads to a file that is not there."
    if fragment.startswith("cell-id="):
        ids = [cell.id for cell in Page(path).cells]
        return "" if fragment[8:] in ids else "leads to a cell that is not there."
    if fragment:
        # A browser writes other characters as %..; JupyterLab then finds no heading.
        if re.search(r"[^\w.,:;?!()/-]", fragment, re.ASCII):
            return "has an anchor with a letter or sign that browsers rewrite; use a plain heading."
        there = [
            prose.anchor(words)
            for cell in Page(path).markdown
            for _, words in prose.headings(cell.source)
        ]
        if fragment not in there:
            near = [a for a in there if a.casefold() == fragment.casefold()]
            hint = f" (did you mean #{near[0]}?)" if near else ""
            return f"leads to a heading that is not there{hint}."
        if there.count(fragment) > 1:
            return "could lead to several headings of that name."
        if file:
            return "is followed at the second click only; run: python tools/refresh.py --navigation"
    return ""


def ran_in_order(page: Page) -> list[str]:
    """Saved after one run from the top, with no error but the deliberate ones."""
    found = []
    counts = [cell.execution_count for cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        found.append(
            f"execution counts are {counts}; run: python tools/refresh.py {page.path.stem}"
        )
    for cell in page.code:
        errors = [output for output in cell.outputs if output.output_type == "error"]
        meant = "raises-exception" in tags(cell)
        if errors and not meant:
            found.append(
                f"cell {cell.id}: ends in {errors[0].ename}; "
                "tag it raises-exception if it is meant."
            )
        if meant and not errors:
            found.append(f"cell {cell.id}: is tagged raises-exception and raises none.")
        found += [
            f"cell {cell.id}: prints a warning: {output.text[:80]!r}; write it so that none comes."
            for output in cell.outputs
            if output.get("name") == "stderr"
        ]
    return found


def cells_have_names(page: Page) -> list[str]:
    """Ids begin with the notebook's number or name, can be read, and are unique."""
    start = page.number if page.number.isdigit() else page.path.stem
    # Read without nbformat, which gives twins a new id.
    raw = json.loads(page.path.read_text(encoding="utf-8"))
    ids = [cell.get("id", "") for cell in raw["cells"]]
    found = [
        f"cell id {name!r} must look like {start}-split-2."
        for name in ids
        if not re.fullmatch(rf"{start}-[a-z0-9]+(?:-[a-z0-9]+)*", name)
    ]
    return found + [f"cell id {name!r} stands twice." for name in {*ids} if ids.count(name) > 1]


def words_we_use(page: Page) -> list[str]:
    """Words of the kit: "reference" and no other word for it, nothing unfinished."""
    found = []
    for cell in page.cells:
        for text in (cell.source, *texts(cell)):
            for pattern, advice in FORBIDDEN_WORDS.items():
                if match := re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
                    found.append(f"cell {cell.id}: says {match[0]!r}: {advice}.")
    return list(dict.fromkeys(found))


def reads_easily(page: Page) -> list[str]:
    """Prose of about US grade 8 to 9; a guard at HARDEST_GRADE."""
    grade = prose.grade([each for several in page.passages().values() for each in several])
    if grade <= HARDEST_GRADE:
        return []
    worst = max(
        (prose.grade(several), name)
        for name, several in page.passages().items()
        if sum(len(passage.text.split()) for passage in several) >= 20
    )
    return [
        f"the prose reads at grade {grade:.1f}, above {HARDEST_GRADE}: shorter sentences, plainer "
        f"words. The hardest cell is {worst[1]} ({worst[0]:.1f})."
    ]


# --- lessons -------------------------------------------------------------------------------


def right_size(page: Page) -> list[str]:
    """25-40 cells, 700-1,200 words of Markdown, short code cells as a rule."""
    found = []
    if len(page.cells) not in CELLS:
        found.append(f"has {len(page.cells)} cells; {CELLS[0]} to {CELLS[-1]} fit one sitting.")
    words = sum(
        len(re.findall(r"\w+(?:[-’'.,]\w+)*", text))
        for cell in page.markdown
        for text in [words for _, words in prose.headings(cell.source)]
        + [passage.text for passage in prose.passages(cell.source)]
    )
    if words not in WORDS:
        found.append(f"has {words} words of Markdown; {WORDS[0]} to {WORDS[-1]:,} are read.")
    lines = statistics.median([len(cell.source.splitlines()) for cell in page.code] or [0])
    if not 1 <= lines <= MEDIAN_CELL:
        found.append(f"the median code cell has {lines} lines; 1 to {MEDIAN_CELL}.")
    return found


def same_setup(page: Page) -> list[str]:
    """One cell tagged "setup", the first code cell, the same in every lesson."""
    tagged = [cell for cell in page.code if "setup" in tags(cell)]
    if len(tagged) != 1 or tagged[0] is not page.code[0]:
        return [f'there are {len(tagged)} cells tagged "setup"; tag the first code cell only.']
    if tagged[0].source.strip() != SETUP:
        return [f"cell {tagged[0].id}: the setup cell is the same in every lesson:\n{SETUP}"]
    return []


def questions_are_folded(page: Page) -> list[str]:
    """A cell that asks shows a comment, hides its code, and is tagged "quiz"."""
    found = []
    for cell in page.code:
        asks = bool(QUIZ_CALLS & {name for name, _ in calls(cell)})
        if asks != ("quiz" in tags(cell)):
            found.append(
                f'cell {cell.id}: the tag "quiz" belongs to cells that call '
                f"{', '.join(sorted(QUIZ_CALLS))}, and to each of them."
            )
        if not asks:
            continue
        if not cell.source.startswith("# "):
            found.append(
                f"cell {cell.id}: its first line is what a learner sees of it; begin with a "
                "comment: # Question: press Shift+Enter"
            )
        if cell.metadata.get("jupyter", {}).get("source_hidden") is not True:
            found.append(f'cell {cell.id}: set "jupyter": {{"source_hidden": true}}.')
    return found


def has_its_parts(page: Page) -> list[str]:
    """Objectives, what is needed, a prediction, an exit ticket, a recap, the glossary."""
    return [
        *_objectives(page),
        *_exit_ticket(page),
        *_recap(page),
        *_glossary(page),
        *_prediction(page),
    ]


def _objectives(page: Page) -> list[str]:
    found = []
    card = page.cells[0].source
    told = [passage.text for passage in prose.passages(card)]
    if not any(re.search(r"\byou (?:can|will be able to)\b", text, re.I) for text in told):
        found.append('the first cell needs "After this lesson you can:" and a list of goals.')
    if not any(re.search(r"\byou need\b", text, re.I) for text in told):
        found.append('the first cell needs a line that begins "You need".')
    goals = [
        prose.spoken(item["children"][0]).strip()
        for token in prose.tokens(card)
        if token["type"] == "list"
        for item in token["children"]
    ]
    if not 2 <= len(goals) <= 5:
        found.append(f"the first cell lists {len(goals)} goals; 2 to 5 are met in one sitting.")
    found += [
        f"the goal {goal!r} cannot be seen done; begin with a verb such as find, count, explain."
        for goal in goals
        if goal.split()[0].lower() in VAGUE_VERBS
    ]
    promised = {int(number) for text in told for number in re.findall(r"(\d+) minutes", text)}
    minutes = page.notebook.metadata.get("nutgraf", {}).get("minutes")
    if promised - {minutes}:
        found.append(f"the first cell says {promised} minutes, the metadata {minutes}.")
    return found


def _exit_ticket(page: Page) -> list[str]:
    tickets = [cell for cell in page.code if "exit-ticket" in tags(cell)]
    if len(tickets) != 1:
        return [f'there are {len(tickets)} cells tagged "exit-ticket"; there must be one.']
    asked = [arg for name, args in calls(tickets[0]) if name == "quiz" for arg in args]
    if len(asked) != 2:
        return [f"cell {tickets[0].id}: an exit ticket is quiz() of two items, not {asked}."]
    return []


def _recap(page: Page) -> list[str]:
    for place, cell in enumerate(page.markdown):
        titles = [words for level, words in prose.headings(cell.source) if level > 1]
        if any(re.search(r"\brecap\b|\byou can\b", words, re.I) for words in titles):
            rest = " ".join(each.source for each in page.markdown[place:])
            return [] if re.search(r"\byou can\b", rest, re.I) else ['the recap says "you can".']
    return ['there is no heading "Now you can" or "Recap".']


def _glossary(page: Page) -> list[str]:
    to = [target for cell in page.written for target in prose.links(cell.source)]
    if not any(target.startswith("glossary.ipynb#") for target in to):
        return ["there is no link to a glossary entry, such as [token](glossary.ipynb#Token)."]
    return []


def _prediction(page: Page) -> list[str]:
    if not any(name == "predict" for cell in page.code for name, _ in calls(cell)):
        return ["nothing is predicted before it is run; use predict()."]
    return []


def quiz_items_exist(page: Page) -> list[str]:
    """Ids asked for are in the lesson's quiz file, and each of its items is asked somewhere."""
    quizzes = page.path.parent / "quizzes"
    files = {path.stem: [item.id for item in load_quiz(path)] for path in quizzes.glob("*.yml")}
    mine = files.get(page.path.stem)
    if mine is None:
        return [f"there is no notebooks/quizzes/{page.path.stem}.yml."]
    found = [
        f"cell {cell.id}: asks {name!r}, which is no item of {page.path.stem}.yml."
        for cell in page.code
        for call, asked in calls(cell)
        if call in ("quiz", "predict", "spot")
        for name in asked
        if name not in (*mine, page.number, page.path.stem)
    ]
    beside = [Page(path) for path in page.path.parent.glob("[0-9][0-9]-*.ipynb")]
    everywhere = {
        name
        for other in beside
        for cell in other.code
        for call, asked in calls(cell)
        if call in ("quiz", "predict", "spot")
        for name in asked
    }
    if not {page.number, page.path.stem} & everywhere:
        found += [
            f"{page.path.stem}.yml: item {name} is asked in no lesson."
            for name in mine
            if name not in everywhere
        ]
    return found + _asked_again(page, quizzes)


def _asked_again(page: Page, quizzes: Path) -> list[str]:
    due = [
        item.id
        for path in sorted(quizzes.glob("*.yml"))
        for item in load_quiz(path)
        if item.again == page.number
    ]
    asks = [args for cell in page.code for name, args in calls(cell) if name == "recheck"]
    wrong = [args for args in asks if args != [page.number]]
    found = [f'recheck({args}) must be recheck("{page.number}").' for args in wrong]
    if due and not asks:
        found.append(f'items {due} come again here: call recheck("{page.number}").')
    return found


EVERYWHERE: tuple[Check, ...] = (
    one_title,
    no_skipped_level,
    images_have_words,
    short_cells,
    names_are_made_first,
    stays_offline,
    no_machine_shows,
    links_lead_somewhere,
    ran_in_order,
    cells_have_names,
    words_we_use,
    reads_easily,
)
"""For every notebook."""

LESSONS: tuple[Check, ...] = (
    right_size,
    same_setup,
    questions_are_folded,
    has_its_parts,
    quiz_items_exist,
)
"""For lessons."""
