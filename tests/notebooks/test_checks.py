"""Each check finds the fault it is for, and nothing on a sound lesson."""

from __future__ import annotations

from pathlib import Path

import checks
import pytest
import samples
from nbformat.v4 import output_from_msg
from samples import cell, code


def output(kind: str, **content: object):
    """An output as a kernel sends it."""
    return output_from_msg({"header": {"msg_type": kind}, "content": content})


def says(name: str, source: str):
    """A fault: the cell called `name` gets this source."""
    return lambda page: cell(page, name).update(source=source)


def adds(*cells):
    """A fault: these cells come before the recap."""
    return lambda page: page.cells.__setitem__(slice(-2, -2), cells)


def shows(name: str, *outputs):
    """A fault: the cell called `name` has these outputs."""
    return lambda page: cell(page, name).update(outputs=list(outputs))


def is_tagged(name: str, *tags: str):
    """A fault: the cell called `name` has these tags only."""
    return lambda page: cell(page, name).metadata.update(tags=list(tags))


def image(**data: str):
    return output(
        "display_data", data={key.replace("_", "/"): data[key] for key in data}, metadata={}
    )


ERROR = output("error", ename="KeyError", evalue="'x'", traceback=["KeyError: 'x'"])
TRY = "03-try-1"

FAULTS = [
    ("a second title", checks.one_title, says("03-cut", "# Cut"), "2 titles"),
    ("a second title in HTML", checks.one_title, says("03-cut", "<h1>Cut</h1>"), "2 titles"),
    ("no title", checks.one_title, says("03-title", "## Words"), "0 titles"),
    ("a title further down", checks.one_title, says("03-title", "Hello\n\n# 03 A"), "first line"),
    (
        "a skipped level",
        checks.no_skipped_level,
        says("03-cut", "### Cut"),
        "level 3 after level 1",
    ),
    ("an image without words", checks.images_have_words, says("03-cut", "![](a.png)"), "a.png"),
    (
        "an <img> without alt",
        checks.images_have_words,
        says("03-cut", '<img src="b.png">'),
        "b.png",
    ),
    ("an empty alt", checks.images_have_words, says("03-cut", '<img alt="" src="c.png">'), "c.png"),
    (
        "a plot shown as an image",
        checks.images_have_words,
        shows(TRY, image(image_png="aGk=", text_plain="<Figure>")),
        "image/png output",
    ),
    (
        "HTML output with a bare image",
        checks.images_have_words,
        shows(TRY, image(text_html='<p><img src="d.png"></p>')),
        "d.png",
    ),
    (
        "a drawing without a label",
        checks.images_have_words,
        shows(TRY, image(text_html="<svg></svg>")),
        "<svg>",
    ),
    ("a long cell", checks.short_cells, says(TRY, "\n".join(["1"] * 13)), "13 lines"),
    ("a name from below", checks.names_are_made_first, says("03-count", "pieces[0]"), "pieces"),
    (
        "a name in a function",
        checks.names_are_made_first,
        says(TRY, "def f():\n    return no"),
        "no",
    ),
    ("broken code", checks.names_are_made_first, says(TRY, "def"), "not Python"),
    ("a request", checks.stays_offline, says(TRY, "import urllib.request"), "imports urllib"),
    ("from-imports", checks.stays_offline, says(TRY, "from http import client"), "imports http"),
    ("an address", checks.stays_offline, says(TRY, 'a = "https://example.org"'), "network address"),
    ("a download", checks.stays_offline, says(TRY, 'nltk.download("punkt")'), "download() "),
    ("a prompt", checks.stays_offline, says(TRY, "name = input()"), "input() "),
    ("a shell command", checks.stays_offline, says(TRY, "!ls"), "command of the system"),
    ("os.system", checks.stays_offline, says(TRY, 'os.system("ls")'), "command of the system"),
    ("pip", checks.stays_offline, says(TRY, "%pip install x"), "command of the system"),
    ("a path in code", checks.no_machine_shows, says(TRY, 'open("/home/ana/x.txt")'), "/home/a"),
    ("a Windows path", checks.no_machine_shows, says(TRY, r'open("C:\Users\ana")'), "C:"),
    (
        "a path in an output",
        checks.no_machine_shows,
        shows(TRY, output("stream", name="stdout", text="/usr/lib/python3/x.py")),
        "/usr/l",
    ),
    (
        "an address in an output",
        checks.no_machine_shows,
        shows(TRY, output("stream", name="stdout", text="<object at 0x7f00aabbcc>")),
        "0x7f00aabbcc",
    ),
    (
        "a file that is not there",
        checks.links_lead_somewhere,
        says("03-cut", "[next](04-sentences.ipynb)"),
        "not there",
    ),
    (
        "an HTML link to nothing",
        checks.links_lead_somewhere,
        says("03-cut", '<a href="99-x.ipynb">x</a>'),
        "not there",
    ),
    (
        "a glossary entry that is not there",
        checks.links_lead_somewhere,
        says("03-cut", "[type](glossary.ipynb#Type)"),
        "heading that is not there",
    ),
    (
        "an anchor in the wrong case",
        checks.links_lead_somewhere,
        says("03-cut", "[token](glossary.ipynb#token)"),
        "did you mean #Token",
    ),
    (
        "a heading in another notebook",
        checks.links_lead_somewhere,
        says("03-cut", "[token](glossary.ipynb#Token)"),
        "second click only",
    ),
    (
        "a cell that is not there",
        checks.links_lead_somewhere,
        says("03-cut", "[type](glossary.ipynb#cell-id=glossary-type)"),
        "cell that is not there",
    ),
    (
        "an anchor that browsers rewrite",
        checks.links_lead_somewhere,
        says("03-cut", "## “Cut”\n\n[cut](#“Cut”)"),
        "browsers rewrite",
    ),
    (
        "a link to one of two headings",
        checks.links_lead_somewhere,
        says("03-cut", "## Cut\n\n## Cut\n\n[cut](#Cut)"),
        "several headings",
    ),
    (
        "a link that leaves the folder",
        checks.links_lead_somewhere,
        says("03-cut", "[seed](../seeds/article.txt)"),
        "beside it",
    ),
    (
        "a cell that was run twice",
        checks.ran_in_order,
        lambda page: cell(page, TRY).update(execution_count=99),
        "refresh.py 03-words",
    ),
    (
        "a cell never run",
        checks.ran_in_order,
        lambda page: cell(page, TRY).update(execution_count=None),
        "refresh.py 03-words",
    ),
    ("an error", checks.ran_in_order, shows(TRY, ERROR), "KeyError"),
    (
        "an error that is gone",
        checks.ran_in_order,
        is_tagged(TRY, "raises-exception"),
        "raises none",
    ),
    (
        "a warning",
        checks.ran_in_order,
        shows(TRY, output("stream", name="stderr", text="DeprecationWarning")),
        "prints a warning",
    ),
    (
        "a random id",
        checks.cells_have_names,
        lambda page: cell(page, TRY).update(id="3f2a"),
        "3f2a",
    ),
    (
        "an id twice",
        checks.cells_have_names,
        lambda page: cell(page, TRY).update(id="03-cut"),
        "stands twice",
    ),
    ("another word for reference", checks.words_we_use, says("03-cut", "Gold"), "reference"),
    ("an unfinished cell", checks.words_we_use, says(TRY, "# TODO\n1"), "finish it"),
    (
        "hard prose",
        checks.reads_easily,
        lambda page: [
            cell(page, f"03-look-{step}").update(
                source="Tokenization methodologies fundamentally determine quantitative analytical "
                "interpretations notwithstanding superficially equivalent terminological "
                "inventories across heterogeneous computational implementations. " * 3
            )
            for step in range(10)
        ],
        "grade",
    ),
    (
        "too many cells",
        checks.right_size,
        adds(*[code(f"03-x-{i}", "1") for i in range(20)]),
        "47 cells",
    ),
    (
        "too few cells",
        checks.right_size,
        lambda page: page.cells.__delitem__(slice(5, 12)),
        "20 cells",
    ),
    ("too many words", checks.right_size, says("03-cut", "word " * 600), "words of Markdown"),
    (
        "too few words",
        checks.right_size,
        lambda page: [cell(page, f"03-look-{i}").update(source="") for i in range(10)],
        "words of Markdown",
    ),
    (
        "long cells as a rule",
        checks.right_size,
        lambda page: [cell(page, f"03-try-{i}").update(source="1\n" * 8) for i in range(10)],
        "median code cell has 8",
    ),
    (
        "a setup of its own",
        checks.same_setup,
        says("03-setup", "import nutgraf"),
        "the same in every",
    ),
    ("no setup", checks.same_setup, is_tagged("03-setup"), "0 cells tagged"),
    (
        "a setup that comes later",
        checks.same_setup,
        is_tagged("03-count", "setup"),
        "2 cells tagged",
    ),
    (
        "a question that shows its code",
        checks.questions_are_folded,
        lambda page: cell(page, "03-guess").metadata.update(jupyter={}),
        "source_hidden",
    ),
    (
        "a question with a bare first line",
        checks.questions_are_folded,
        says("03-guess", 'predict("T1")'),
        "first line",
    ),
    (
        "a question without its tag",
        checks.questions_are_folded,
        is_tagged("03-guess"),
        'tag "quiz"',
    ),
    ("a tag without a question", checks.questions_are_folded, is_tagged(TRY, "quiz"), 'tag "quiz"'),
    ("no goals", checks.has_its_parts, says("03-title", "# 03 A"), "list of goals"),
    (
        "a goal that nobody can see",
        checks.has_its_parts,
        says("03-title", samples.CARD.replace("- choose a", "- understand the")),
        "cannot be seen done",
    ),
    (
        "nothing about what is needed",
        checks.has_its_parts,
        says("03-title", samples.CARD.split("You need")[0]),
        "You need",
    ),
    (
        "other minutes than the metadata",
        checks.has_its_parts,
        says("03-title", samples.CARD + "\n\nTakes 30 minutes."),
        "{30}",
    ),
    ("no exit ticket", checks.has_its_parts, is_tagged("03-exit", "quiz"), "exit-ticket"),
    (
        "an exit ticket of one item",
        checks.has_its_parts,
        says("03-exit", '# Exit\nquiz("T2")'),
        "two items",
    ),
    ("no recap", checks.has_its_parts, says("03-recap", "## End"), "Now you can"),
    ("a recap without abilities", checks.has_its_parts, says("03-recap", "## Recap"), "you can"),
    ("no way to the glossary", checks.has_its_parts, says("03-cut", "## Cut"), "glossary"),
    ("nothing predicted", checks.has_its_parts, says("03-guess", '# Q\nquiz("T1")'), "predict()"),
    ("an unknown item", checks.quiz_items_exist, says("03-guess", 'predict("T9")'), "'T9'"),
    ("an item never asked", checks.quiz_items_exist, says("03-guess", "1"), "T1 is asked in no"),
    (
        "items asked again for another lesson",
        checks.quiz_items_exist,
        adds(code("03-again", 'recheck("04")')),
        'must be recheck("03")',
    ),
]


@pytest.mark.parametrize(
    ("check", "fault", "words"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_check_finds(check, fault, words, tmp_path: Path):
    broken = samples.write_kit(tmp_path / "broken", fault)

    found = check(checks.Page(broken))

    assert words in "\n".join(found)


@pytest.mark.parametrize("check", checks.EVERYWHERE + checks.LESSONS, ids=lambda c: c.__name__)
def test_a_sound_lesson_passes(check, tmp_path: Path):
    assert check(checks.Page(samples.write_kit(tmp_path / "kit"))) == []


@pytest.mark.parametrize("check", checks.EVERYWHERE + checks.LESSONS, ids=lambda c: c.__name__)
def test_each_check_is_shown_to_fail(check):
    assert check in [fault[1] for fault in FAULTS]
