"""Exercises: what a learner gets, and that every verdict on an attempt is the right one."""

from __future__ import annotations

import ast
import copy
import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import nbformat
import pytest
import release as tool
from hypothesis import example, given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from nutgraf import NutgrafError, folder, load, tokenizing
from nutgraf.exercises import STUB, NotAttempted, NotYet, attempt, release

sys.path.insert(0, str(Path(__file__).parent / "notebooks"))
import checks  # the rules of the lessons, of which some hold for exercises too

SOURCES = sorted((tool.EXERCISES / "solutions").glob("*.ipynb"))
EDITIONS = [tool.EXERCISES / path.name for path in SOURCES]
BOTH = [*SOURCES, *EDITIONS]
NBSP = "\N{NO-BREAK SPACE}"


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.name[:3]}"


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    return "".join(cell["source"])


def graded(notebook: dict, kind: str) -> list[dict]:
    """The cells that nbgrader knows as "solution" or as "grade"."""
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get(kind)]


def regions(notebook: dict, kind: str) -> list[str]:
    """The stripped lines inside the regions of that kind, without empty ones."""
    pattern = rf"### BEGIN {kind}\n(.*?)### END {kind}"
    found = [re.findall(pattern, source(cell), re.DOTALL) for cell in notebook["cells"]]
    text = "\n".join(part for parts in found for part in parts)
    return [line.strip() for line in text.splitlines() if line.strip()]


# --- attempts at the exercises -------------------------------------------------------------


def number_of(path: Path) -> str:
    return path.name[:3]


def verdicts(path: Path, function: Callable | None, capsys: pytest.CaptureFixture) -> list[str]:
    """Run a notebook from the top; what its contract prints, then the verdict of each test cell.

    `function` takes the place of the learner's; it makes the same promise in its docstring.
    """
    namespace: dict[str, Any] = {"__name__": "exercise"}
    said = []
    for cell in read(path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        nbgrader = cell["metadata"].get("nbgrader", {})
        capsys.readouterr()
        try:
            exec(compile(source(cell), cell["id"], "exec"), namespace)
        except NutgrafError as verdict:
            print(verdict)
        except Exception as error:
            print(type(error).__name__)
        if nbgrader.get("solution") and function:
            name = ast.parse(source(cell)).body[-1].name
            function.__doc__ = namespace[name].__doc__
            namespace[name] = function
        if nbgrader.get("grade") or "doctest" in source(cell):
            said.append(capsys.readouterr().out)
    return said


def passed(said: list[str]) -> bool:
    """Whether the contract was silent and every test cell said: correct."""
    return said[0] == "" and all(": correct." in verdict for verdict in said[1:])


@pytest.fixture(scope="module")
def by_number() -> dict[str, Path]:
    return {number_of(path): path for path in SOURCES}


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_an_untouched_exercise_is_not_attempted(path: Path, capsys):
    contract, *tests = verdicts(path, None, capsys)

    assert "NotImplementedError" in contract
    assert len(tests) == 2
    assert [": not attempted yet.\nWrite your code" in said for said in tests] == [True, True]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_solution_of_the_source_is_right(path: Path, capsys):
    assert passed(verdicts(path, None, capsys))


def report_by_pattern(text):
    found = [match.start() for match in re.finditer(NBSP, text)]
    lengths = {"characters": len(list(text)), "utf8_bytes": len(bytes(text, "utf-8"))}
    return {"nbsp": found, "newlines": len(text.split("\n")) - 1, **lengths}


def report_by_loop(text):
    report = {"characters": 0, "utf8_bytes": 0, "newlines": 0, "nbsp": []}
    for place, character in enumerate(text):
        report["characters"] += 1
        report["utf8_bytes"] += len(character.encode("utf8"))
        if character == "\n":
            report["newlines"] += 1
        elif ord(character) == 160:
            report["nbsp"].append(place)
    return report


def report_by_find(text):
    places, place = [], text.find(NBSP)
    while place != -1:
        places.append(place)
        place = text.find(NBSP, place + 1)
    sizes = [1 + (ord(c) > 0x7F) + (ord(c) > 0x7FF) + (ord(c) > 0xFFFF) for c in text]
    ends = sum(character == "\n" for character in text)
    return dict(characters=len(text), utf8_bytes=sum(sizes), newlines=ends, nbsp=places)


def tidy_by_strings(text):
    text = text.replace(NBSP, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.replace(" \n", "\n")
    return text.removesuffix(" ")


def tidy_by_lines(text):
    lines = re.sub(f"[ {NBSP}]+", " ", text).split("\n")
    return "\n".join(line.rstrip(" ") for line in lines)


def tidy_by_words(text):
    lines = text.replace(NBSP, " ").split("\n")
    return "\n".join(" ".join(word for word in line.split(" ") if word) for line in lines)


def tidy_by_loop(text):
    kept = []
    for character in text.replace(NBSP, " "):
        if character == "\n" and kept and kept[-1] == " ":
            kept.pop()
        if character != " " or not kept or kept[-1] != " ":
            kept.append(character)
    return "".join(kept).rstrip(" ")


def words_by_lesson(text):
    return re.findall(r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*", text)


def words_by_kit(text):
    return tokenizing.words(text)


def words_by_finditer(text):
    pattern = re.compile(r"[^\W\d_]+(?:[-'’][^\W_]+)*|\d+(?:,\d{3})*")
    return [match.group() for match in pattern.finditer(text)]


def words_by_loop(text):
    found, word = [], ""
    for place, character in enumerate(text + " "):
        after = text[place + 1 : place + 2]
        glue = word and after.isalpha() and character in "-'’"
        comma = word.replace(",", "").isdigit() and after.isdigit() and character == ","
        if character.isalnum() or glue or comma:
            word += character
        elif word:
            found.append(word)
            word = ""
    return found


def paragraphs_by_pattern(text):
    return [list(match.span()) for match in re.finditer(r"\S(?:[^\n]*\S)?", text)]


def paragraphs_by_kit(text):
    return tokenizing.paragraph_spans(text)


def paragraphs_by_find(text):
    spans, place = [], 0
    for piece in [line.strip() for line in text.split("\n")]:
        if piece:
            start = text.find(piece, place)
            place = start + len(piece)
            spans.append((start, place))
    return tuple(spans)


def paragraphs_by_sums(text):
    lines = text.split("\n")
    starts = accumulate([0, *(len(line) + 1 for line in lines)])
    for start, line in zip(starts, lines, strict=False):
        left, inner = len(line) - len(line.lstrip()), line.strip()
        if inner:
            yield start + left, start + left + len(inner)


def sentences_by_kit(text):
    return tokenizing.sentence_spans(text)


def sentences_by_lesson(text):
    kept = []
    for start, end in tokenizing.sentence_spans(text, "punkt, by paragraph"):
        asks = text[:start].endswith(("?” ", "!” "))
        if asks and re.fullmatch(r"\w+ (?:asked|said|added)\.", text[start:end]):
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return kept


def sentences_by_punkt(text):
    return [list(span) for span in tokenizing.sentence_spans(text, "punkt, by paragraph")]


def sentences_by_nltk(text):
    from nltk.tokenize import PunktTokenizer

    punkt, place = PunktTokenizer("english"), 0
    for line in text.split("\n"):
        for piece in punkt.tokenize(line.strip()):
            start = text.index(piece.strip(), place)
            place = start + len(piece.strip())
            yield start, place


def sentences_by_pattern(text):
    spans = []
    for line in re.finditer(r"\S(?:[^\n]*\S)?", text):
        start = line.start()
        for gap in re.finditer(r"(?<=[.!?])[”)]*\s+(?=[“A-Z0-9])", line.group()):
            end = line.start() + gap.start() + len(gap.group().rstrip())
            if not re.search(r"\b(?:Dr|Mr|Mrs)\.$", text[start:end]):
                spans.append((start, end))
                start = line.start() + gap.end()
        spans.append((start, line.end()))
    return spans


RIGHT = {
    "E01": [report_by_pattern, report_by_loop, report_by_find],
    "E02": [tidy_by_strings, tidy_by_lines, tidy_by_words, tidy_by_loop],
    "E03": [words_by_lesson, words_by_kit, words_by_finditer, words_by_loop],
    "E05": [paragraphs_by_pattern, paragraphs_by_kit, paragraphs_by_find],
    "E06": [sentences_by_kit, sentences_by_lesson, sentences_by_punkt, sentences_by_pattern],
}


@pytest.mark.parametrize(
    ("number", "function"),
    [(number, function) for number, functions in RIGHT.items() for function in functions],
)
def test_another_right_solution_is_right(number, function, by_number, capsys):
    assert passed(verdicts(by_number[number], function, capsys))


@pytest.mark.parametrize(
    ("number", "function"), [("E05", paragraphs_by_sums), ("E06", sentences_by_nltk)]
)
def test_a_generator_of_spans_passes_the_tests(number, function, by_number, capsys):
    _, *tests = verdicts(by_number[number], function, capsys)

    assert [": correct." in said for said in tests] == [True, True]


# Known wrong solutions, with words of the question that each has to meet.


def pairs(pieces: list[str], gap: int) -> list[tuple[int, int]]:
    """Spans of pieces with `gap` characters between them."""
    starts = accumulate([0, *(len(piece) + gap for piece in pieces)])
    return [(start, start + len(piece)) for start, piece in zip(starts, pieces, strict=False)]


def report(**changes: Callable[[str], Any]) -> Callable[[str], dict]:
    """A right report but for some entries."""
    return lambda text: (
        report_by_pattern(text) | {key: change(text) for key, change in changes.items()}
    )


def top(text):
    return [(text.find(line.strip()), line.strip()) for line in text.split("\n") if line.strip()]


ARTICLE = load("sadr-protests")
WRONG = [
    # Characters taken for bytes.
    ("E01", report(utf8_bytes=len), "How many bytes is it?"),
    ("E01", report(utf8_bytes=lambda t: len(t.encode("utf-16"))), "How many bytes is it?"),
    ("E01", report(utf8_bytes=lambda t: len(t) + t.count("é")), "has a curly mark"),
    ("E01", report(newlines=lambda t: len(t.splitlines()) - 1), "in an empty page?"),
    ("E01", report(newlines=lambda t: t.count("\n\n")), "in a text with one?"),
    ("E01", report(nbsp=lambda t: [t.find(NBSP)]), "Where are both"),
    ("E01", report(nbsp=lambda t: [i for i, c in enumerate(t) if c == " "]), "Where are both"),
    ("E01", lambda t: tuple(report_by_pattern(t).values()), "give back a dictionary?"),
    ("E01", lambda t: {"characters": len(t)}, "Which keys"),
    ("E01", lambda t: report_by_pattern(ARTICLE.text), "Does every character count"),
    # All paragraphs in one line.
    ("E02", lambda t: " ".join(t.split()), "Three line ends go in."),
    # Two words glued together.
    ("E02", lambda t: t.replace(NBSP, ""), "should part two words"),
    ("E02", lambda t: t.replace(NBSP, " "), "squeezed"),
    ("E02", lambda t: t.replace(NBSP, " ").replace("  ", " "), "the long ones too"),
    ("E02", lambda t: re.sub(" +", " ", t).replace(NBSP, " "), "one gap or two?"),
    ("E02", lambda t: re.sub(f"[ {NBSP}]+", " ", t), "still end in a space?"),
    ("E02", lambda t: re.sub(" \n", "\n", re.sub(f"[ {NBSP}]+", " ", t)), "Is the last one a line"),
    ("E02", lambda t: "\n".join(" ".join(x.split()) for x in t.split("\n")), "A tab is not"),
    ("E02", lambda t: "\n".join(tidy_by_lines(x) for x in t.splitlines()), "Three line ends"),
    ("E02", lambda t: tidy_by_lines(t).replace("“", '"').replace("”", '"'), "Did a mark"),
    ("E02", lambda t: tidy_by_lines(ARTICLE.text), "should part two words"),
    # Marks glued to words.
    ("E03", lambda t: t.split(), "Which marks still cling"),
    # Numbers, names and short forms in pieces.
    ("E03", lambda t: re.findall(r"\w+", t), "What becomes of 5,000"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+", t), "May a hyphen"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+(?:[-']\w+)*", t), "Curly or straight"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+(?:[-’]\w+)*", t), "Curly or straight"),
    ("E03", lambda t: re.findall(r"[\w,’'-]+", t), "Does a hyphen belong"),
    ("E03", lambda t: [w.strip("“”.,?…()-") for w in t.split()], "Is a slash"),
    ("E03", lambda t: [w.lower() for w in words_by_lesson(t)], "as in the text"),
    ("E03", lambda t: re.findall(r"\w+(?:[-,’']\w+)*", t), "inside a word of letters?"),
    ("E03", lambda t: sorted(words_by_lesson(t)), "in its place?"),
    ("E03", lambda t: words_by_lesson(ARTICLE.text), "in its place?"),
    # The pieces between empty lines, just as they are.
    ("E05", lambda t: pairs(t.split("\n\n"), 2), "A no-break space follows three."),
    ("E05", lambda t: pairs(t.split("\n"), 1), "A no-break space follows three."),
    ("E05", lambda t: [(a, a + len(x)) for a, x in top(t)], "Which of the two is meant?"),
    ("E05", lambda t: [s for s in pairs(t.split("\n"), 1) if s[0] < s[1]], "A no-break space"),
    ("E05", lambda t: [x.strip() for x in t.split("\n") if x.strip()], "a pair (start, end)?"),
    ("E05", lambda t: [(a, b - 1) for a, b in paragraphs_by_kit(t)], "Where should its span end"),
    ("E05", lambda t: paragraphs_by_kit(ARTICLE.text), "A no-break space"),
    # The splitters of which the lesson says where they fail.
    ("E06", tokenizing.SPLITTERS["regex"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["punkt, whole text"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["full stop"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["full stop + space"], "Which sign is lost"),
    ("E06", tokenizing.paragraph_spans, "Which full stops"),
    ("E06", tokenizing.sentences, "a pair (start, end)?"),
    ("E06", lambda t: tokenizing.sentence_spans(ARTICLE.text), "Which sign is lost"),
    ("E06", lambda t: [(0, len(t))], "No mark ends a headline."),
]


@pytest.mark.parametrize(("number", "function", "question"), WRONG)
def test_a_wrong_solution_meets_a_question_that_fits(number, function, question, by_number, capsys):
    _, *tests = verdicts(by_number[number], function, capsys)

    first = next(said for said in tests if ": correct." not in said)
    assert ": not yet.\n" in first
    assert question in first


@pytest.mark.parametrize("number", RIGHT)
def test_a_function_that_gives_nothing_back_meets_a_question(number, by_number, capsys):
    _, small, _ = verdicts(by_number[number], lambda text: None, capsys)

    assert re.search(r": not yet\.\nDoes your function give back", small)


@pytest.mark.parametrize("name", ["regex", "punkt, whole text"])
def test_a_splitter_for_whole_texts_is_below_the_score_that_is_asked(name):
    table = tokenizing.compare_splitters(ARTICLE.text, ARTICLE.sentences, [name])

    assert table["f1"][0] < 0.95


def test_what_the_exercises_tell_about_the_article_is_so():
    beyond = [character for character in ARTICLE.text if not character.isascii()]
    pieces, ends = ARTICLE.text.split(), re.findall(f"{NBSP}(?=\n|$)", ARTICLE.text)

    assert (len(ARTICLE.data) - len(ARTICLE.text), len(beyond)) == (62, 34)
    assert (len(ARTICLE.text) - len(tidy_by_lines(ARTICLE.text)), len(ends)) == (5, 3)
    assert (len(pieces), len(set(pieces)), pieces.count("homeland")) == (430, 251, 0)
    assert ARTICLE.text[543:551] == "homeland"
    assert tidy_by_lines(ARTICLE.text)[543:551] != "homeland"
    assert (words_by_lesson(ARTICLE.text).count("US"), ARTICLE.text.count("US")) == (5, 9)


# --- what a learner gets -------------------------------------------------------------------


def test_the_editions_are_what_the_sources_give():
    assert SOURCES != []
    assert tool.out_of_date() == []


def every_text(thing: Any) -> Iterator[str]:
    """All strings in a notebook: cells (as whole texts), outputs, metadata, keys."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield key
            whole = key in ("source", "text") and isinstance(value, list)
            yield from every_text("".join(value) if whole else value)
    elif isinstance(thing, list):
        for value in thing:
            yield from every_text(value)


def leaks(notebook: dict, secret: list[str]) -> list[str]:
    """Those of the secret lines that stand in the notebook: alone on a line, or, if they are
    long enough to be told from other code, anywhere."""
    texts = list(every_text(notebook))
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return [
        line
        for line in secret
        if line in lines or (len(line) >= 12 and any(line in text for text in texts))
    ]


def learners_editions() -> dict[str, dict]:
    """The exercises in the repository, and those that `nutgraf` lays into a learner's folder."""
    made = {
        name: json.loads(data)
        for name, data in folder.editions().items()
        if re.fullmatch(r"exercises/.*\.ipynb", name)
    }
    return made | {path.name: read(path) for path in EDITIONS}


def test_no_solution_and_no_hidden_test_reaches_a_learner():
    sources = [read(path) for path in SOURCES]
    secret = [
        line
        for notebook in sources
        for kind in ("SOLUTION", "HIDDEN TESTS")
        for line in regions(notebook, kind)
    ]
    editions = learners_editions()

    assert len(secret) > 60
    assert len(editions) == 2 * len(SOURCES)
    assert {name: leaks(notebook, secret) for name, notebook in editions.items()} == {
        name: [] for name in editions
    }


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_no_marker_and_no_output_is_left(path: Path):
    notebook = read(path)

    assert [text for text in every_text(notebook) if "###" in text] == []
    assert [
        c["id"] for c in notebook["cells"] if c.get("outputs") or c.get("execution_count")
    ] == []


@pytest.mark.parametrize(
    "place",
    [
        lambda cell, line: cell.update(source=[f"    {line}\n"]),
        lambda cell, line: cell.update(source=["x = 1\n", f"y = [{line}]"]),
        lambda cell, line: cell.update(outputs=[{"text": [line]}]),
        lambda cell, line: cell["metadata"].update(tags=[line]),
    ],
)
def test_a_leak_would_be_found(place):
    notebook = copy.deepcopy(read(EDITIONS[0]))
    line = '"characters": len(text),'
    place(notebook["cells"][-1], line)

    assert leaks(notebook, [line]) == [line]


# --- how an exercise is made ---------------------------------------------------------------

RULES = [
    checks.one_title,
    checks.no_skipped_level,
    checks.images_have_words,
    checks.names_are_made_first,
    checks.stays_offline,
    checks.no_machine_shows,
    checks.words_we_use,
    checks.reads_easily,
]


@pytest.mark.parametrize("path", BOTH, ids=name_of)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_exercise_keeps_the_rules_of_a_lesson(rule, path: Path):
    assert rule(checks.Page(path)) == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_an_exercise_is_a_valid_notebook(path: Path):
    nbformat.validate(nbformat.from_dict(nbformat.reads(path.read_text("utf-8"), as_version=4)))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_is_saved_without_outputs(path: Path):
    assert [cell["id"] for cell in read(path)["cells"] if cell.get("outputs")] == []


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_cells_that_a_learner_reads_are_short(path: Path):
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    others = [c for c in cells if not c["metadata"].get("nbgrader", {}).get("solution")]

    assert [c["id"] for c in others if len(source(c).splitlines()) > 12] == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_an_exercise_has_its_parts_in_order(path: Path):
    notebook = read(path)
    ids = [cell["id"] for cell in notebook["cells"]]
    parts = ["title", "example", "yours", "promise", "contract", "tests", "small", "article"]
    wanted = [f"{number_of(path)}-{part}" for part in parts]

    assert [name for name in ids if name in wanted] == wanted
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not name.startswith(f"{number_of(path)}-")] == []
    assert source(notebook["cells"][0]).startswith(f"# {number_of(path)} ")


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_the_story_has_three_sentences(path: Path):
    story = source(read(path)["cells"][0]).split("\n\n")[1]

    assert len(tokenizing.sentences(story)) == 3


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_one_step_of_the_example_is_left_to_the_learner(path: Path):
    cells = [cell for cell in read(path)["cells"] if cell["id"][4:].startswith("blank-")]

    assert len(cells) == 1
    assert "___" in source(cells[0]) or re.search(r"\b0\b", source(cells[0]))


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_links_lead_to_lessons_and_exercises(path: Path):
    text = "\n".join(source(c) for c in read(path)["cells"] if c["cell_type"] == "markdown")
    targets = re.findall(r"\]\(([^)]*)\)", text)

    assert any(target.startswith("../notebooks/") for target in targets)
    assert [
        target
        for target in targets
        if not re.fullmatch(r"(\.\./notebooks/\d\d-[a-z]+|E\d\d-[a-z-]+)\.ipynb", target)
    ] == []
    assert [t for t in targets if t.startswith("E") and not (path.parent / t).is_file()] == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_nbgrader_finds_what_it_needs(path: Path):
    notebook = read(path)
    (solution,), tests = graded(notebook, "solution"), graded(notebook, "grade")
    metadata = [cell["metadata"]["nbgrader"] for cell in (solution, *tests)]

    assert {m["schema_version"] for m in metadata} == {3}
    assert [m["grade_id"] for m in metadata] == [cell["id"] for cell in (solution, *tests)]
    assert [m["locked"] for m in metadata] == [False, True, True]
    assert [m["task"] for m in metadata] == [False, False, False]
    assert [m["points"] > 0 for m in metadata[1:]] == [True, True]


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_the_stub_says_what_to_write_and_where(path: Path):
    (solution,) = graded(read(path), "solution")
    function = ast.parse(source(solution)).body[-1]

    assert source(solution).splitlines()[-2:] == [f"    {line}" for line in STUB]
    assert ">>>" in ast.get_docstring(function)


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_every_assert_ends_in_a_question(path: Path):
    asserts = [
        node
        for cell in graded(read(path), "grade")
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, ast.Assert)
    ]
    endings = [ast.unparse(node.msg)[-2:-1] if node.msg else "" for node in asserts]

    assert len(asserts) >= 8
    assert set(endings) == {"?"}


def kernel_run(path: Path, **options: Any) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", **options).execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> dict[str, list]:
    return {cell.id: cell.get("outputs", []) for cell in notebook.cells}


def test_a_solution_runs_in_jupyter(by_number):
    shown = outputs(kernel_run(by_number["E03"]))

    assert shown["E03-contract"] == []
    assert shown["E03-small"][0].text == "E03, small texts: correct.\n"
    assert shown["E03-article"][0].text.startswith("E03, the article: correct.\n430 words")


def test_an_untouched_exercise_shows_no_red_box_in_jupyter():
    shown = outputs(kernel_run(tool.EXERCISES / "E03-a-better-word-list.ipynb", allow_errors=True))

    kinds = {output.output_type for several in shown.values() for output in several}
    assert "error" not in kinds
    assert [output.name for output in shown["E03-small"]] == ["stdout"]
    assert shown["E03-small"][0].text.startswith("E03, small texts: not attempted yet.\n")


def test_an_untouched_exercise_fails_for_whoever_runs_it():
    with pytest.raises(CellExecutionError, match="not attempted yet"):
        kernel_run(tool.EXERCISES / "E03-a-better-word-list.ipynb")


# --- attempt -------------------------------------------------------------------------------


def stub():
    raise NotImplementedError


def careful(number):
    assert number > 0, "of the learner's own"


def test_an_attempt_that_holds_is_correct(capsys):
    with attempt("E00"):
        assert True

    assert capsys.readouterr().out == "E00: correct.\n"


def test_a_failed_assert_is_not_yet():
    with pytest.raises(NotYet, match=r"^E00: not yet\.\nHow many\?"), attempt("E00"):
        assert stub is None, "How many?"


def test_a_value_of_another_kind_is_not_yet():
    with pytest.raises(NotYet, match=r"of the kind promised\?\n\(TypeError"), attempt("E00"):
        assert [len(number) for number in (1, 2)] == [1, 1], "never asked"


def test_an_error_of_the_kit_is_not_yet_and_keeps_its_advice():
    with pytest.raises(NotYet, match="Give spans in order"), attempt("E00"):
        tokenizing.as_spans([(3, 4), (1, 2)], "abcd", "yours")


def test_a_stub_is_not_attempted():
    with pytest.raises(NotAttempted, match="E00: not attempted yet"), attempt("E00"):
        stub()


def test_a_function_that_was_not_run_is_not_attempted():
    with pytest.raises(NotAttempted, match="does not know nowhere"), attempt("E00"):
        nowhere()  # noqa: F821


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda: 1 / 0, ZeroDivisionError),
        (lambda: nowhere, NameError),  # noqa: F821
        (lambda: careful(0), AssertionError),
    ],
)
def test_an_error_of_the_learners_code_passes_through(function, error):
    with pytest.raises(error) as caught, attempt("E00"):
        function()

    assert not isinstance(caught.value, NutgrafError)


# --- release -------------------------------------------------------------------------------


def cell(text: str, kind: str = "code", **metadata: Any) -> dict:
    made = {"cell_type": kind, "id": "E00-x", "metadata": metadata, "source": text}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook_of(*cells: dict) -> dict:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


SOLUTION = {"nbgrader": {"solution": True, "grade": False}}
TEST = {"nbgrader": {"solution": False, "grade": True, "points": 1}}


def released(text: str, kind: str = "code", **metadata: Any) -> str:
    (made,) = release(notebook_of(cell(text, kind, **metadata)), "E00.ipynb")["cells"]
    return made["source"]


def test_a_solution_becomes_the_stub_with_its_indent():
    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"

    assert released(text, **SOLUTION) == f"def f():\n    {STUB[0]}\n    {STUB[1]}"


def test_hidden_tests_leave_nothing():
    text = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"

    assert released(text, **TEST) == "assert a\nassert c"


def test_lines_stay_lines_and_text_stays_text():
    lines = ["a = 1\n", "### BEGIN SOLUTION\n", "b = 2\n", "### END SOLUTION"]
    (made,) = release(notebook_of(cell(lines, **SOLUTION)))["cells"]

    assert made["source"] == ["a = 1\n", f"{STUB[0]}\n", STUB[1]]


def test_what_a_run_left_goes_and_what_nbgrader_needs_stays():
    ran = cell("1", execution={"started": 1}, secret="2", **TEST)
    ran |= {"outputs": [{"output_type": "stream", "text": "3"}], "execution_count": 4}
    (made,) = release(notebook_of(ran))["cells"]

    assert made == cell("1", **TEST)


def test_the_source_is_not_changed():
    notebook = notebook_of(cell("### BEGIN SOLUTION\n1\n### END SOLUTION", **SOLUTION))
    before = copy.deepcopy(notebook)
    release(notebook)

    assert notebook == before


def test_an_edition_of_an_edition_is_refused_for_it_has_no_solution():
    with pytest.raises(NutgrafError, match=r"E00\.ipynb, cell E00-x: .*no solution"):
        released(f"{STUB[0]}\n{STUB[1]}", **SOLUTION)


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{BEGIN}\n1", "never closed"),
        (f"1\n{END}", "closes nothing"),
        (f"{BEGIN}\n1\n{END}\n{END}", "line 4: '### END SOLUTION' closes nothing"),
        (f"{BEGIN}\n{BEGIN}\n1\n{END}\n{END}", "line 2: .* inside a region"),
        (f"{BEGIN}\n1\n### END HIDDEN TESTS", "belongs in a code cell"),
        (f"{BEGIN}\n1\n{END}\n### BEGIN HIDDEN TESTS\n2\n### END HIDDEN TESTS", "belongs in"),
        (f"{BEGIN}\n1\n{END}\n### BEGIN MARK SCHEME", "is no marker"),
        (f"{BEGIN}\n1\n{END}\n# END SOLUTION", "is no marker"),
        (f"{BEGIN}\n1\n{END} of this", "is no marker"),
        (f"x = 1 {BEGIN}\n1\n{END}", "is no marker"),
        ("### Begin solution\n1\n### End solution", "is no marker"),
        ("### BEGN SOLUTION\n1\n### EDN SOLUTION", "is no marker"),
        ("# BEGN SOLUTION\n1\n# EDN SOLUTION", "is no marker"),
        ("# begn solution\n1\n# edn solution", "no solution is marked"),
    ],
)
def test_a_marker_out_of_place_is_named(text, says):
    with pytest.raises(NutgrafError, match=rf"E00\.ipynb, cell E00-x.*{says}"):
        released(text, **SOLUTION)


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_marker_in_text_is_named(kind):
    with pytest.raises(NutgrafError, match="belongs in a code cell"):
        released(f"{BEGIN}\nanswer\n{END}", kind, **SOLUTION)


def test_a_heading_in_text_is_no_marker():
    assert released("### A heading", "markdown") == "### A heading"


LINES = [
    *("### BEGIN SOLUTION", "### END SOLUTION", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    *("    ### BEGIN SOLUTION", "\t### END SOLUTION ", "###  BEGIN SOLUTION", "#### END SOLUTION"),
    *("## BEGIN SOLUTION", "### begin solution", "### BEGIN-SOLUTION", "###END SOLUTION"),
    *("x = 1  ### BEGIN SOLUTION", "### BEGIN HIDDEN TEST", "### BEGIN\u00a0SOLUTION", "", "y = 2"),
]
EDGE = re.compile(r"(?i)\b(BEGIN|END)\W*(SOLUTION|HIDDEN)")


@given(
    lines=st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=12)), max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0c"]),
    metadata=st.sampled_from([SOLUTION, TEST, {}]),
    kind=st.sampled_from(["code", "code", "code", "markdown", "raw"]),
)
@example(lines=[BEGIN, "y = 2", END], end="\n", metadata=SOLUTION, kind="code")
@example(lines=[BEGIN, "y = 2", END, "x", BEGIN, END], end="\n", metadata=SOLUTION, kind="code")
def test_release_cuts_every_region_or_refuses(lines, end, metadata, kind):
    # Between anything like a beginning and anything like an end, every line is a secret.
    inside, marked = False, []
    for number, line in enumerate(lines):
        if edge := EDGE.search(line):
            inside = edge[1].upper() == "BEGIN"
        marked.append(f"secret_{number}_ {line}" if inside and not edge else line)

    refused = ""
    try:
        left = released(end.join(marked), kind, **metadata)
    except NutgrafError as error:
        left, refused = "", str(error)

    assert "secret_" not in left
    assert not EDGE.search(left)
    assert refused == "" or refused.startswith("E00.ipynb, cell E00-x")


@given(
    before=st.lists(st.sampled_from(["y = 2", "", "# a note"]), max_size=3),
    secret=st.lists(st.from_regex(r"secret_\d+ = \d+", fullmatch=True), max_size=5),
    indent=st.integers(0, 8).map(" ".__mul__),
)
def test_release_keeps_what_is_outside_a_region(before, secret, indent):
    region = [f"{indent}{line}" for line in (BEGIN, *secret, END)]
    text = "\n".join([*before, *region, "after"])

    wanted = "\n".join([*before, *(f"{indent}{line}" for line in STUB), "after"])
    assert released(text, **SOLUTION) == wanted


# --- the tool ------------------------------------------------------------------------------


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A folder of exercises: one source and its edition."""
    (tmp_path / "solutions").mkdir()
    text = "### BEGIN SOLUTION\n1\n### END SOLUTION"
    content = folder.as_bytes(notebook_of(cell(text, **SOLUTION)))
    (tmp_path / "solutions/E00-x.ipynb").write_bytes(content)
    assert tool.main([], tmp_path) == 0
    return tmp_path


def test_the_tool_writes_what_release_gives(kit: Path):
    edition = release(read(kit / "solutions/E00-x.ipynb"))

    assert (kit / "E00-x.ipynb").read_bytes() == folder.as_bytes(edition)
    assert [path.name for path in sorted(kit.iterdir())] == ["E00-x.ipynb", "solutions"]


def test_the_check_is_content_after_writing(kit: Path, capsys):
    capsys.readouterr()

    assert tool.main(["--check"], kit) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda kit: (kit / "E00-x.ipynb").write_text("{}"), "E00-x.ipynb is not what its source"),
        (lambda kit: (kit / "E00-x.ipynb").unlink(), "E00-x.ipynb is not what its source"),
        (lambda kit: (kit / "E09-y.ipynb").write_text("{}"), "E09-y.ipynb has no source"),
        (lambda kit: (kit / "solutions/E00-x.ipynb").write_text("{"), "E00-x.ipynb: no notebook"),
    ],
)
def test_the_check_names_what_differs_and_changes_nothing(kit: Path, change, says, capsys):
    change(kit)
    before = {path: path.read_bytes() for path in kit.rglob("*.ipynb")}

    assert tool.main(["--check"], kit) == 1
    assert says in capsys.readouterr().err
    assert {path: path.read_bytes() for path in kit.rglob("*.ipynb")} == before
