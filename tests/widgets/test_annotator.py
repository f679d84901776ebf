"""What the annotator keeps, says and compares, and the same without widgets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.annotating import Layer, load_scheme, mark_at, text_sha256
from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.journal import Journal, journal_file, read_journal
from nutgraf.widgets import annotator as widget

SMALL = "🐄 A cow met “old grey” cats.\r\n\r\nTwo dogs — said the U.S. farmer — may bark.\n"
INVADERS = {"start": 340, "end": 348, "quote": "invaders"}


@pytest.fixture
def desk(article, learner):
    return widget.Desk(article)


def add(desk, words: str, label: str, nth: int = 0) -> dict:
    """Mark the words where they stand first."""
    text = desk.article.text
    start = text.index(words)
    return desk.act(
        {"do": "add", "start": start, "end": start + len(words), "quote": words, "label": label}
    )


def labels(desk) -> list[tuple[str, str]]:
    return [
        (mark.label, mark.quote) for mark in Journal.open(desk.path, desk.article).layer().marks
    ]


# Marking


def test_a_mark_is_in_the_file_before_the_answer_says_so(desk):
    answer = desk.act({"do": "add", **INVADERS, "label": "SOURCE"})

    assert answer["says"] == "Marked invaders as SOURCE. Undo with Ctrl+Z."
    assert labels(desk) == [("SOURCE", "invaders")]


def test_an_answer_holds_what_changed_and_no_more(desk):
    add(desk, "said Sadr", "SOURCE")
    answer = add(desk, "invaders", "VAGUE")

    (one,) = answer["set"]
    assert (one["label"], one["spans"], one["sentence"]) == ("VAGUE", [[340, 348]], 2)
    assert answer["gone"] == []
    assert (answer["since"], answer["version"]) == (1, 2)


def test_a_mark_that_needs_a_note_is_kept_and_asked_about(desk):
    answer = add(desk, "invaders", "LOADED")

    assert answer["says"] == (
        "Marked invaders as LOADED. Now write the plainer wording. Undo with Ctrl+Z."
    )
    assert answer["ask"] is True
    assert answer["set"][0]["needs"] == "needs its plainer wording"
    assert labels(desk) == [("LOADED", "invaders")]


def test_with_its_note_a_mark_needs_nothing(desk):
    id = add(desk, "invaders", "LOADED")["mark"]
    answer = desk.act({"do": "edit", "mark": id, "note": "foreign troops"})

    assert answer["set"][0]["needs"] == ""
    assert answer["says"] == "Note on invaders kept. Undo with Ctrl+Z."


def test_a_tag_goes_on_the_sentence_and_another_takes_its_place(desk, article):
    assert add(desk, "invaders", "CLAIM")["says"] == "Tagged S02 as CLAIM. Undo with Ctrl+Z."
    answer = add(desk, "evict", "OPINION")

    assert answer["says"] == "Tagged S02 as OPINION instead of CLAIM. Undo with Ctrl+Z."
    assert labels(desk) == [("OPINION", article.sentences["text"][2])]


def test_the_same_mark_twice_is_one_mark(desk):
    add(desk, "invaders", "VAGUE")
    answer = add(desk, "invaders", "VAGUE")

    assert answer["says"] == "invaders is VAGUE already."
    assert answer["set"] == []


def test_a_boundary_is_moved_and_checked_against_the_words(desk):
    id = add(desk, "invaders", "QUOTE")["mark"]
    answer = desk.act({"do": "edit", "mark": id, "start": 339, "end": 349, "quote": "“invaders”"})

    assert answer["says"] == "QUOTE is on: “invaders”. Undo with Ctrl+Z."
    assert labels(desk) == [("QUOTE", "“invaders”")]


def test_removing_undoing_and_doing_again_are_said_and_told(desk):
    id = add(desk, "invaders", "VAGUE")["mark"]

    removed = desk.act({"do": "remove", "mark": id})
    undone = desk.act({"do": "undo"})
    redone = desk.act({"do": "redo"})

    assert removed["says"] == "Removed VAGUE on invaders. Undo with Ctrl+Z."
    assert (removed["gone"], removed["redo"]) == ([id], False)
    assert undone["says"] == "Taken back: removal of VAGUE on “invaders”. Redo with Ctrl+Shift+Z."
    assert ([one["id"] for one in undone["set"]], undone["redo"]) == ([id], True)
    assert redone["gone"] == [id]


@pytest.mark.parametrize(
    ("do", "says"),
    [("undo", "There is nothing to take back."), ("redo", "There is nothing to do again.")],
)
def test_with_nothing_done_there_is_nothing_to_undo(desk, do: str, says: str):
    assert desk.act({"do": do})["says"] == says


def test_offsets_are_code_points_and_line_ends_are_kept(learner):
    desk = widget.Desk(SMALL)
    answer = add(desk, "“old grey”", "QUOTE")

    (start, end), *_ = answer["set"][0]["spans"]
    assert (start, end) == (12, 22)
    assert desk.task()["text"] == SMALL


def test_words_that_differ_from_the_text_are_refused(desk):
    answer = desk.act(
        {"do": "add", "start": 341, "end": 349, "quote": "invaders", "label": "VAGUE"}
    )

    assert "nothing was changed" in answer["trouble"]
    assert labels(desk) == []


def test_a_tag_on_two_sentences_is_refused_with_the_way_out(desk, article):
    words = article.text[400:430]
    answer = add(desk, words, "CLAIM")

    assert "lies in more than one sentence" in answer["trouble"]
    assert "says" not in answer


ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers())


@given(
    message=st.dictionaries(
        st.sampled_from(["do", "mark", "label", "note", "start", "end", "quote", "view", "turn"]),
        ODD | st.sampled_from([*widget._ACTS, "LOADED", "CLAIM"]),
    )
)
def test_odd_messages_never_raise_and_leave_a_journal_that_opens(tmp_path_factory, message):
    path = tmp_path_factory.mktemp("odd")
    (path / ".nutgraf").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        desk = widget.Desk(SMALL)
        json.dumps(desk.act(message))
        assert Journal.open(desk.path, SMALL).problems == ()


@pytest.mark.parametrize("message", [None, "add", [], {}, {"do": "format the disk"}])
def test_other_messages_are_not_answered(desk, message):
    assert desk.act(message) == {}


# What is kept


def test_marks_are_there_again_when_the_desk_is_set_again(desk, article):
    add(desk, "invaders", "VAGUE")
    again = widget.Desk(article)

    assert [one["label"] for one in again.all()["all"]] == ["VAGUE"]
    assert again.path == journal_file(article)


def test_a_second_desk_hears_of_marks_made_at_the_first(desk, article):
    other = widget.Desk(article)
    add(desk, "invaders", "VAGUE")
    answer = other.act({"do": "look"})

    assert [one["label"] for one in answer["set"]] == ["VAGUE"]


KILLED = """\
    import sys
    from nutgraf import load
    from nutgraf.widgets.annotator import Desk
    desk = Desk(load())
    text = desk.article.text
    for start in desk.article.words["start"]:
        message = {"do": "add", "start": start, "end": start + 1, "quote": text[start]}
        print(desk.act(message | {"label": "VAGUE"})["mark"], flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is what Unix has")
@pytest.mark.parametrize("after", [1, 7, 40])
def test_after_kill_9_every_mark_that_was_confirmed_is_there(article, learner, after: int):
    command = [sys.executable, "-c", textwrap.dedent(KILLED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        confirmed = [process.stdout.readline().strip() for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        confirmed += process.stdout.read().split("\n")[:-1]

    kept = {one["id"] for one in widget.Desk(article).all()["all"]}
    assert len(confirmed) >= after
    assert set(confirmed) <= kept
    assert len(kept) <= len(confirmed) + 1


def test_export_names_the_file_and_writes_it(desk):
    add(desk, "invaders", "VAGUE")
    says = desk.act({"do": "export"})["says"]

    assert says == (
        "Exported 1 mark to my-marks-sadr-protests.jsonld, beside my-marks-sadr-protests.jsonl."
    )
    assert "invaders" in (desk.path.parent / "my-marks-sadr-protests.jsonld").read_text("utf-8")


def test_a_scheme_of_ones_own_has_a_file_of_its_own(article, learner):
    source = widget.STATIC.parents[1] / "schemes" / "newsmarks-7.yml"
    (learner / "schemes").mkdir()
    text = source.read_text("utf-8").replace("name: newsmarks-7", "name: class-3b", 1)
    (learner / "schemes" / "class-3b.yml").write_text(text, "utf-8")
    desk = widget.Desk(article, "class-3b")
    add(desk, "invaders", "VAGUE")

    assert desk.path.name == "my-marks-sadr-protests-class-3b.jsonl"
    assert desk.task()["compare_after"] == 0
    assert widget.Desk(article).all()["all"] == []


# When the file is not as it should be


def test_lines_that_cannot_be_followed_are_shown_and_the_rest_is_there(desk, article):
    add(desk, "invaders", "VAGUE")
    with desk.path.open("ab") as file:
        file.write(b"{torn\n")
    again = widget.Desk(article)

    assert len(again.all()["all"]) == 1
    (line,) = again.all()["damaged"]
    assert line.startswith("Line 3: ")
    assert line.endswith("{torn")


def test_a_file_of_another_kind_is_left_alone_and_said(article, learner):
    journal_file(article).write_text("my shopping list")
    desk = widget.Desk(article)

    answer = desk.act({"do": "look", "all": True})
    assert "is no journal of marks, so it is left alone" in answer["problem"]
    assert answer["movable"] is False
    assert "set" not in desk.act({"do": "add", **INVADERS, "label": "VAGUE"})
    assert journal_file(article).read_text() == "my shopping list"


def test_once_the_way_is_free_it_can_be_tried_again(article, learner):
    journal_file(article).write_text("my shopping list")
    desk = widget.Desk(article)
    journal_file(article).unlink()

    assert desk.act({"do": "open"})["all"] == []
    assert desk.problem == ""


def test_a_file_that_is_gone_is_said_and_what_was_marked_can_be_exported(desk):
    add(desk, "invaders", "VAGUE")
    desk.path.unlink()

    assert "it is not there" in add(desk, "evict", "VAGUE")["trouble"]
    assert desk.act({"do": "export"})["trouble"]
    assert "invaders" in (desk.path.parent / "my-marks-sadr-protests.jsonld").read_text("utf-8")


@pytest.fixture
def older(article, learner):
    """A desk with two marks on an older version of the article's text, and no more."""
    text = article.text.replace("Firebrand", "Outspoken").replace("said Sadr", "Sadr wrote")
    desk = widget.Desk(Article.from_text(text, article.name))
    add(desk, "invaders", "VAGUE")
    add(desk, "Sadr wrote", "SOURCE")
    return desk


def test_marks_on_another_text_are_not_shown_and_the_way_out_is_offered(older, article):
    answer = widget.Desk(article).act({"do": "look", "all": True})

    assert "another version of the text" in answer["problem"]
    assert answer["movable"] is True


def test_marks_are_moved_to_the_new_text_and_the_old_file_stays(older, article):
    before = older.path.read_bytes()
    desk = widget.Desk(article)
    answer = desk.act({"do": "move"})

    assert [one["label"] for one in answer["all"]] == ["VAGUE"]
    assert labels(desk) == [("VAGUE", "invaders")]
    (kept,) = older.path.parent.glob("*-before-*.jsonl")
    assert kept.read_bytes() == before
    assert answer["says"].startswith(f"Marks moved over: 1. The old ones stay in {kept.name}. ")
    assert "SOURCE on Sadr wrote (its words are not in this text)" in answer["says"]


def test_moving_is_only_for_marks_on_another_text(desk):
    add(desk, "invaders", "VAGUE")
    assert len(desk.act({"do": "move"})["all"]) == 1
    assert labels(desk) == [("VAGUE", "invaders")]


# Other readings


def five(desk) -> None:
    for words in ("invaders", "evict", "touting", "retaliatory", "assassinated"):
        add(desk, words, "VAGUE")


def test_the_reference_is_not_told_before_there_are_marks_of_ones_own(desk):
    add(desk, "invaders", "VAGUE")
    answer = desk.act({"do": "compare"})

    assert answer["says"] == "Make 5 marks of your own first, then compare."
    assert "compared" not in answer
    assert "Firebrand" not in json.dumps(desk.all())


def test_the_reference_is_compared_in_words_that_do_not_judge(desk):
    five(desk)
    compared = desk.act({"do": "compare"})["compared"]

    assert [one["name"] for one in compared["layers"]] == ["the reference"]
    firebrand = next(row for row in compared["rows"] if row["theirs"] == "Firebrand")
    assert (firebrand["where"], firebrand["label"], firebrand["yours"]) == ("S01", "LOADED", "")
    assert compared["says"] == f"Compared with the reference: {len(compared['rows'])} differences."
    said = json.dumps(compared).lower()
    assert "wrong" not in said
    assert "incorrect" not in said


def classmate(article, *places: tuple[str, str]) -> Layer:
    marks = [
        mark_at(article, start := article.text.index(words), start + len(words), label, id=words)
        for words, label in places
    ]
    return Layer("7f", article.name, text_sha256(article), "newsmarks-7", tuple(marks))


def test_a_classmates_layer_is_beside_ones_own_from_the_start(desk, article):
    add(desk, "invaders", "VAGUE")
    add(desk, "evict", "VAGUE")
    theirs = classmate(article, ("evict", "VAGUE"), ("touting", "LOADED"))
    compared = widget.Desk(article, show=[theirs]).all()["compared"]

    assert [one["name"] for one in compared["layers"]] == ["7f"]
    assert [(row["yours"], row["theirs"]) for row in compared["rows"]] == [
        ("“invaders”", ""),
        ("", "“touting”"),
    ]
    assert {row["says"] for row in compared["rows"]} == {
        "One of you marked this. Say why, or why not."
    }


def test_layers_can_be_named_and_two_of_one_number_are_told_apart(article, learner):
    one = classmate(article, ("evict", "VAGUE"))

    assert list(widget.Desk(article, show={"Ann": one}).shown) == ["Ann"]
    assert list(widget.Desk(article, show=[one, one]).shown) == ["7f", "7f (2)"]
    assert list(widget.Desk(article, show=one).shown) == ["7f"]


@pytest.mark.parametrize("show", [["marks.jsonl"], {"Ann": None}, [3]])
def test_what_is_no_layer_cannot_be_shown(article, learner, show):
    with pytest.raises(NutgrafError, match="no layer"):
        widget.Desk(article, show=show)


def test_a_layer_of_another_text_cannot_be_shown(article, learner):
    other = classmate(Article.from_text("evict them", article.name), ("evict", "VAGUE"))
    with pytest.raises(NutgrafError, match="another version of the text"):
        widget.Desk(article, show=[other])


# The text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A “grey” U.S. cat", ["A", "grey", "U.S.", "cat"]),
        ("one — two 🐄🐄 …", ["one", "—", "two", "🐄🐄", "…"]),
        ("没有 空格", ["没", "有", "空", "格"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_the_cursor_stops_at_words_and_at_what_stands_alone(text: str, words: list[str]):
    article = Article.from_text(text)

    assert [text[start:end] for start, end in widget.stops(article)] == words


@given(text=st.text(alphabet="aé “”.,—🐄没\u0301\r\n\u00a0", max_size=40))
def test_stops_are_in_order_and_hold_no_white_space(text: str):
    found = widget.stops(Article.from_text(text))
    places = [place for stop in found for place in stop]

    assert places == sorted(places)
    assert all(start < end and not text[start:end].isspace() for start, end in found)


def test_every_label_comes_with_its_line_and_its_guidelines(desk):
    task = desk.task()

    for public, label in zip(task["labels"], load_scheme().labels, strict=True):
        assert public["line"].startswith(("underline", "overline"))
        assert public["definition"] == label.definition
        assert len(public["examples"]) == len(label.examples)
    assert task["rules"] == list(load_scheme().rules)


# The widget and what stands in its place


def test_a_message_to_the_widget_is_answered(desk):
    shown = widget.widget_class()(desk)
    sent = []
    shown.send = sent.append
    shown._asked(shown, {"do": "add", "view": "v", "turn": 3, **INVADERS, "label": "VAGUE"}, [])
    shown._asked(shown, "what?", [])

    (answer,) = sent
    assert (answer["view"], answer["turn"]) == ("v", 3)
    assert repr(shown) == "<Annotator of sadr-protests: 1 mark>"


def test_no_mark_is_in_what_a_notebook_could_save_of_the_widget(desk):
    add(desk, "invaders", "LOADED")
    state = widget.widget_class()(desk).get_state()

    assert "LOADED" in json.dumps(state["task"])
    assert set(state) & {"marks", "all"} == set()


def test_the_twin_is_a_table_of_the_marks_and_code_that_makes_one(desk, article):
    add(desk, "invaders", "LOADED")
    twin = widget.twin(desk)
    says, heads, row, *_ = repr(twin).split("\n")

    assert says == "1 mark in my-marks-sadr-protests.jsonl."
    assert heads.split() == ["label", "words", "sentence", "note"]
    assert row.split(maxsplit=3) == ["LOADED", "invaders", "S02", "needs its plainer wording"]
    assert '<th scope="col">label</th>' in twin.html
    code = repr(twin).split("Without the widget:\n")[1]
    exec(code, {"article": article})
    assert len(labels(desk)) == 2


def test_the_code_of_the_twin_marks_an_example_of_the_scheme(desk):
    assert "words = '“invaders”'" in repr(widget.twin(desk))
    assert "'QUOTE')" in repr(widget.twin(desk))


def test_the_code_of_the_twin_marks_a_word_of_a_text_without_the_examples(learner):
    assert "words = 'quick'" in repr(widget.twin(widget.Desk("A very quick fox.")))


def test_the_twin_of_a_desk_with_a_problem_says_it(article, learner):
    journal_file(article).write_text("my shopping list")
    assert "left alone" in repr(widget.twin(widget.Desk(article)))


def test_text_is_never_taken_for_markup(learner):
    desk = widget.Desk("<script>alert(1)</script> & <b>bold</b> words.")
    add(desk, "<b>bold</b>", "VAGUE")
    html = widget.twin(desk).html

    assert "<b>" not in html
    assert "<b>bold</b>" in unescape(html)


def test_the_twin_has_the_class_that_a_live_widget_hides(desk, root):
    style = (root / "src/nutgraf/widgets/static/annotator.css").read_text(encoding="utf-8")

    assert 'class="nutgraf-twin"' in widget.twin(desk).html
    assert ".jp-OutputArea:has(.nutgraf-annotator) > .jp-OutputArea-child:has(.nutgraf-twin)" in (
        style
    )


def test_the_page_is_only_ever_given_text(root):
    script = (root / "src/nutgraf/widgets/static/annotator.js").read_text(encoding="utf-8")

    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script


def test_annotate_shows_the_widget_and_its_twin(article, learner, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    widget.annotate(article)

    assert repr(shown[0]).startswith("<Annotator of sadr-protests")
    assert isinstance(shown[1], widget.Readable)
    layer, problems = read_journal(journal_file(article))
    assert (layer.marks, problems) == ((), ())
