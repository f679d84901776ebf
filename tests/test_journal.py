"""The journal: nothing confirmed is lost, nothing foreign is followed, everything can be undone."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgraf import NutgrafError, load
from nutgraf.annotating import Layer, load_scheme, reanchor, reference_layer, validate_layer
from nutgraf.article import Article
from nutgraf.journal import Journal, journal_file, read_journal

TEXT = "One 😀 two. She said “yes”.\n\nThey marched on Friday, and many came."
SMALL = Article.from_text(TEXT, "small")
SCHEME = replace(load_scheme(), relations=("answers",))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "marks.jsonl"


@pytest.fixture
def journal(path, article):
    return Journal.open(path, article)


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


# --- acting ----------------------------------------------------------------------------------


def test_what_is_marked_is_in_the_layer_with_its_quote(journal, article):
    mark = journal.add(79, 88, "LOADED", "politician and")
    (found,) = journal.layer().marks
    assert found == mark
    assert (mark.quote, mark.kind, mark.note) == ("Firebrand", "highlight", "politician and")
    validate_layer(journal.layer(), article, load_scheme())


def test_a_journal_is_gone_on_with_when_it_is_opened_again(journal, path, article):
    journal.add(79, 88, "LOADED")
    again = Journal.open(path, article)
    again.add(339, 349, "QUOTE")
    assert [m.quote for m in Journal.open(path, article).layer().marks] == [
        "Firebrand",
        "“invaders”",
    ]
    assert again.layer().annotator == journal.layer().annotator


def test_the_annotator_is_a_number_and_every_journal_has_its_own(tmp_path, article):
    numbers = {
        Journal.open(tmp_path / f"{name}.jsonl", article).layer().annotator for name in "abc"
    }
    assert len(numbers) == 3
    assert all(int(number, 16) >= 0 for number in numbers)


def test_white_space_at_the_ends_of_a_selection_is_left_out(journal):
    assert journal.add(78, 89, "LOADED").quote == "Firebrand"


def test_a_tag_goes_on_the_whole_sentence(journal, article):
    mark = journal.add(930, 942, "CLAIM")
    assert (mark.kind, mark.start, mark.end) == ("tag", 919, 1077)


def test_a_second_tag_takes_the_place_of_the_first(journal):
    first = journal.add(930, 942, "CLAIM", "a number")
    second = journal.add(1000, 1010, "OPINION")
    assert second.id == first.id
    assert [(m.label, m.note) for m in journal.layer().marks] == [("OPINION", "")]
    journal.undo()
    assert [(m.label, m.note) for m in journal.layer().marks] == [("CLAIM", "a number")]


def test_a_scheme_may_allow_several_tags_a_sentence(path, article):
    journal = Journal.open(path, article, replace(load_scheme(), one_tag_a_sentence=False))
    journal.add(930, 942, "CLAIM")
    journal.add(930, 942, "OPINION")
    assert len(journal.layer().marks) == 2


def test_a_tag_over_two_sentences_is_refused(journal):
    with pytest.raises(NutgrafError, match="more than one sentence"):
        journal.add(790, 810, "CLAIM")


def test_the_same_mark_twice_is_one_mark_and_one_line(journal, path):
    first = journal.add(79, 88, "LOADED", "politician")
    before = path.read_bytes()
    assert journal.add(79, 88, "LOADED") == first
    assert path.read_bytes() == before


def test_the_same_mark_with_another_note_changes_the_note(journal):
    first = journal.add(79, 88, "LOADED", "politician")
    assert journal.add(79, 88, "LOADED", "leave it out").id == first.id
    assert [m.note for m in journal.layer().marks] == ["leave it out"]


def test_labels_may_lie_on_the_same_words(journal):
    journal.add(339, 349, "QUOTE")
    journal.add(339, 349, "LOADED", "foreign troops")
    assert [m.label for m in journal.layer().marks] == ["LOADED", "QUOTE"]


def test_a_mark_with_gaps_keeps_its_pieces(journal, path, article):
    journal.add(1216, 1241, "LOADED", fragments=[(1216, 1218), (1231, 1241)])
    (mark,) = Journal.open(path, article).layer().marks
    assert mark.fragments == ((1216, 1218), (1231, 1241))
    assert mark.quote == "US retaliatory airstrikes"


def test_moving_an_end_changes_the_quote(journal):
    mark = journal.add(79, 88, "LOADED", "politician")
    moved = journal.edit(mark.id, end=95)
    assert (moved.quote, moved.note, moved.id) == ("Firebrand Shiite", "politician", mark.id)
    assert journal.layer().marks == (moved,)


def test_an_edit_that_changes_nothing_writes_nothing(journal, path):
    mark = journal.add(79, 88, "LOADED", "politician")
    before = path.read_bytes()
    assert journal.edit(mark.id, note="politician") == mark
    assert path.read_bytes() == before


def test_a_mark_that_is_removed_takes_its_relations_along_and_brings_them_back(path):
    journal = Journal.open(path, SMALL, SCHEME)
    one, other = journal.add(0, 3, "LOADED"), journal.add(6, 9, "VAGUE")
    relation = journal.relate(one.id, other.id, "answers")
    journal.remove(other.id)
    assert journal.layer().relations == ()
    journal.undo()
    assert journal.layer().relations == (relation,)
    assert journal.layer().marks == (one, other)


def test_a_relation_can_be_taken_away_and_back(path):
    journal = Journal.open(path, SMALL, SCHEME)
    one, other = journal.add(0, 3, "LOADED"), journal.add(6, 9, "VAGUE")
    relation = journal.relate(one.id, other.id, "answers")
    journal.unrelate(relation.id)
    assert journal.layer().relations == ()
    assert journal.undo() == "Taken back: removal of the relation answers"
    assert journal.layer().relations == (relation,)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda j: j.add(79, 88, "BIAS"), "no label 'BIAS'"),
        (lambda j: j.add(2690, 2700, "LOADED"), "no place"),
        (lambda j: j.add(5, 5, "LOADED"), "no place"),
        (lambda j: j.add("1", 5, "LOADED"), "whole numbers"),
        (lambda j: j.add(52, 54, "LOADED"), "white space"),
        (lambda j: j.add(79, 88, "LOADED", "\udc00"), "half a character"),
        (lambda j: j.add(79, 88, "LOADED", "n" * 10_001), "10,001 characters"),
        (lambda j: j.add(79, 88, "LOADED", attributes={"level": 1}), "attributes"),
        (lambda j: j.add(79, 88, "LOADED", fragments=[(79, 80), (80, 88)]), "fragments"),
        (lambda j: j.edit("nobody", note="x"), "no mark 'nobody'"),
        (lambda j: j.edit(["x"], note="x"), "no mark"),
        (lambda j: j.edit(j.layer().marks[0].id, colour="red"), "nothing called 'colour'"),
        (lambda j: j.edit(j.layer().marks[0].id, label="CLAIM"), "CLAIM is a tag"),
        (lambda j: j.edit(j.layer().marks[0].id, end=79), "no place"),
        (lambda j: j.remove("nobody"), "no mark 'nobody'"),
        (lambda j: j.unrelate("nobody"), "no relation 'nobody'"),
        (lambda j: j.relate("a", "b", "answers"), "no mark 'a'"),
    ],
)
def test_what_is_not_possible_is_said_and_writes_nothing(journal, path, call, says):
    journal.add(103, 118, "LOADED")
    before = path.read_bytes()
    with pytest.raises(NutgrafError, match=says):
        call(journal)
    assert path.read_bytes() == before
    assert len(journal.layer().marks) == 1


def test_a_layer_is_taken_in_as_one_action(journal, article):
    reference = reference_layer(article)
    journal.add_layer(reference)
    taken = [(m.start, m.end, m.label, m.note, m.attributes) for m in journal.layer().marks]
    theirs = [(m.start, m.end, m.label, m.note, m.attributes) for m in reference.marks]
    assert taken == theirs
    assert journal.undo() == "Taken back: 75 marks"
    assert journal.layer().marks == ()


def test_a_layer_with_one_bad_mark_is_not_taken_in_at_all(journal, path, article):
    marks = reference_layer(article).marks
    bad = replace(marks[3], quote="x" * len(marks[3].quote))
    before = path.read_bytes()
    with pytest.raises(NutgrafError, match="does not say"):
        journal.add_layer(replace(reference_layer(article), marks=(*marks[:3], bad)))
    assert path.read_bytes() == before


# --- undo and redo ---------------------------------------------------------------------------


def test_undo_and_redo_say_what_they_did(journal):
    mark = journal.add(339, 349, "QUOTE")
    journal.edit(mark.id, note="his word")
    journal.remove(mark.id)
    assert [journal.undo() for _ in range(4)] == [
        "Taken back: removal of QUOTE on “invaders”",
        "Taken back: change of QUOTE on “invaders”",
        "Taken back: QUOTE on “invaders”",
        "",
    ]
    assert journal.redo() == "Done again: QUOTE on “invaders”"


def test_a_new_action_ends_what_could_be_done_again(journal):
    journal.add(79, 88, "LOADED")
    journal.undo()
    assert journal.can_redo
    journal.add(103, 118, "LOADED")
    assert (journal.can_redo, journal.can_undo) == (False, True)
    assert journal.redo() == ""


def test_what_was_done_before_can_be_undone_after_opening_again(journal, path, article):
    journal.add(79, 88, "LOADED")
    again = Journal.open(path, article)
    assert again.can_undo
    again.undo()
    assert journal.layer().marks == ()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"),
            st.integers(0, len(TEXT)),
            st.integers(1, 25),
            st.sampled_from(["LOADED", "VAGUE", "QUOTE", "CLAIM", "OPINION"]),
            st.sampled_from(["", "plain", "😀\n\u2028“"]),
        ),
        st.tuples(
            st.just("edit"),
            st.integers(0, 9),
            st.sampled_from(
                [{"note": "new"}, {"start": 0}, {"end": 9}, {"label": "VAGUE"}, {"label": "CLAIM"},
                 {"attributes": {"a": "b"}}, {"start": 4, "end": 9}]
            ),
        ),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("relate"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
    ),
    max_size=25,
)  # fmt: skip


def follow(journal: Journal, action: tuple) -> None:
    did, *rest = action
    marks = journal.layer().marks
    ids = [mark.id for mark in marks] or ["nobody"]
    with suppress(NutgrafError):
        if did == "add":
            start, length, label, note = rest
            journal.add(start, start + length, label, note)
        elif did == "edit":
            journal.edit(ids[rest[0] % len(ids)], **rest[1])
        elif did == "remove":
            journal.remove(ids[rest[0] % len(ids)])
        elif did == "relate":
            journal.relate(ids[rest[0] % len(ids)], ids[rest[1] % len(ids)], "answers")
        else:
            getattr(journal, did)()


@settings(max_examples=60)
@given(ACTIONS)
def test_any_actions_can_be_undone_to_nothing_and_done_again(tmp_path_factory, actions):
    path = tmp_path_factory.mktemp("actions") / "marks.jsonl"
    with mock.patch("os.fsync"):
        journal = Journal.open(path, SMALL, SCHEME)
        for action in actions:
            follow(journal, action)
            validate_layer(journal.layer(), SMALL, SCHEME)
        while journal.redo():
            pass
        final = journal.layer()
        while journal.undo():
            pass
        assert (journal.layer().marks, journal.layer().relations) == ((), ())
        while journal.redo():
            pass
    assert journal.layer() == final
    assert journal.problems == ()


@settings(max_examples=60)
@given(ACTIONS)
def test_what_the_file_says_is_what_the_journal_says(tmp_path_factory, actions):
    path = tmp_path_factory.mktemp("actions") / "marks.jsonl"
    with mock.patch("os.fsync"):
        journal = Journal.open(path, SMALL, SCHEME)
        for action in actions:
            follow(journal, action)
    again = Journal.open(path, SMALL, SCHEME)
    assert again.layer() == journal.layer()
    assert (again.can_undo, again.can_redo) == (journal.can_undo, journal.can_redo)
    assert read_journal(path) == (journal.layer(), ())


@settings(max_examples=30)
@given(ACTIONS, st.data())
def test_a_journal_cut_anywhere_is_the_journal_as_it_was_then(tmp_path_factory, actions, data):
    path = tmp_path_factory.mktemp("cut") / "marks.jsonl"
    with mock.patch("os.fsync"):
        journal = Journal.open(path, SMALL, SCHEME)
        states = {path.stat().st_size: journal.layer().marks}
        for action in actions:
            follow(journal, action)
            states[path.stat().st_size] = journal.layer().marks
        whole = path.read_bytes()
        first = min(states)
        cut = data.draw(st.integers(first, len(whole)), label="cut")
        path.write_bytes(whole[:cut])
        then = max(size for size in states if size <= cut + 1)  # a lost line end loses no action
        again = Journal.open(path, SMALL, SCHEME)
        assert again.layer().marks == states[then]
        again.add(0, 3, "VAGUE", "after")
    assert "after" in [mark.note for mark in Journal.open(path, SMALL, SCHEME).layer().marks]


# --- the file --------------------------------------------------------------------------------


def test_the_first_line_says_what_the_journal_is_for(journal, path, article):
    (header,) = lines(path)
    assert header["nutgraf"] == "journal"
    assert (header["article"], header["scheme"]) == ("sadr-protests", "newsmarks-7")
    assert len(header["sha256"]) == 64


def test_earlier_lines_are_never_touched(journal, path):
    seen = path.read_bytes()
    mark = journal.add(79, 88, "LOADED")
    for act in (
        lambda: journal.edit(mark.id, end=95),
        lambda: journal.remove(mark.id),
        journal.undo,
        journal.redo,
    ):
        before = path.read_bytes()
        assert before.startswith(seen)
        act()
        assert path.read_bytes().startswith(before)
        assert path.read_bytes().count(b"\n") == before.count(b"\n") + 1


KILLED = """
    import sys
    from nutgraf import load
    from nutgraf.journal import Journal
    article = load()
    starts, ends = article.words["start"].tolist(), article.words["end"].tolist()
    journal = Journal.open(sys.argv[1], article)
    for number, start in enumerate(starts):
        for end in ends[number:]:
            journal.add(start, end, "LOADED", f"{start} {end}")
            print(start, end, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX; os.kill ends it there")
def test_a_mark_that_was_confirmed_survives_kill_minus_9(path, article):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    confirmed = [process.stdout.readline().strip() for _ in range(60)]
    os.kill(process.pid, signal.SIGKILL)
    confirmed += [line for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    kept = {f"{mark.start} {mark.end}": mark for mark in Journal.open(path, article).layer().marks}
    assert set(confirmed) <= set(kept)
    assert len(kept) <= len(confirmed) + 1
    assert all(mark.note == span for span, mark in kept.items())


TWO = """
    import sys
    from nutgraf import load
    from nutgraf.journal import Journal
    journal = Journal.open(sys.argv[1], load())
    first = int(sys.argv[2])
    for number in range(100):
        journal.add(first + 2 * number, first + 2 * number + 9, "LOADED", sys.argv[2])
"""


def test_two_kernels_can_write_to_one_journal(path, article):
    both = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(TWO), str(path), first])
        for first in ("79", "1079")
    ]
    assert [process.wait() for process in both] == [0, 0]
    journal = Journal.open(path, article)
    by_note = [mark.note for mark in journal.layer().marks]
    starts = {"79": set(), "1079": set()}
    for mark in journal.layer().marks:
        starts[mark.note].add((mark.start, mark.end))
    text = article.text
    for first, found in starts.items():
        spans = [(int(first) + 2 * n, int(first) + 2 * n + 9) for n in range(100)]
        trimmed = {(b - len(text[a:b].lstrip()), a + len(text[a:b].rstrip())) for a, b in spans}
        assert found == trimmed
    assert journal.problems == ()
    assert len(by_note) == sum(map(len, starts.values()))
    assert len([line for line in lines(path) if "nutgraf" in line]) == 1


def test_one_kernel_sees_what_the_other_did_and_can_take_it_back(path, article):
    one, other = Journal.open(path, article), Journal.open(path, article)
    mark = one.add(79, 88, "LOADED")
    assert other.layer().marks == (mark,)
    other.edit(mark.id, note="politician")
    assert one.layer().marks[0].note == "politician"
    one.undo()
    one.undo()
    assert other.layer().marks == ()
    assert not other.can_undo


@pytest.mark.parametrize("torn", [b'{"act": "x", "did": "add", "mar', b"\xff\xfe", b"{", b"]"])
def test_a_torn_last_line_costs_no_earlier_and_no_later_mark(journal, path, article, torn):
    first = journal.add(79, 88, "LOADED")
    with path.open("ab") as file:
        file.write(torn)
    again = Journal.open(path, article)
    assert [problem.line for problem in again.problems] == [3]
    second = again.add(103, 118, "LOADED")
    found = Journal.open(path, article)
    assert found.layer().marks == (first, second)
    assert [problem.line for problem in found.problems] == [3]
    assert torn + b"\n" in path.read_bytes()


def test_a_last_line_that_lost_only_its_line_end_counts(journal, path, article):
    mark = journal.add(79, 88, "LOADED")
    path.write_bytes(path.read_bytes()[:-1])
    again = Journal.open(path, article)
    assert again.layer().marks == (mark,)
    again.add(103, 118, "LOADED")
    assert len(Journal.open(path, article).layer().marks) == 2
    assert (again.problems, journal.problems) == ((), ())


@pytest.mark.parametrize(
    "begun", [b"", b"\n", b'{"nutg', b'{"nutgraf": "journal", "sche', b'{"nutgraf": "jou\n']
)
def test_a_journal_whose_beginning_was_torn_is_begun_again(path, article, begun):
    path.write_bytes(begun)
    mark = Journal.open(path, article).add(79, 88, "LOADED")
    assert Journal.open(path, article).layer().marks == (mark,)
    assert path.read_bytes().startswith(begun)


@pytest.mark.parametrize(
    "foreign",
    [b"My notes\n", b'{"learner": "12"}\n{"item": "T1"}\n', b"PK\x03\x04", b"{}", b"[1]\n"],
)
def test_a_file_that_is_no_journal_is_left_alone(path, article, foreign):
    path.write_bytes(foreign)
    with pytest.raises(NutgrafError, match="is no journal of marks"):
        Journal.open(path, article)
    assert path.read_bytes() == foreign


def test_a_folder_in_its_place_is_named(tmp_path, article):
    with pytest.raises(NutgrafError, match="cannot be written to"):
        Journal.open(tmp_path, article)


def test_a_journal_on_another_text_says_how_to_move_its_marks(journal, path, tmp_path, article):
    journal.add(339, 349, "QUOTE")
    newer = Article.from_text("An update.\n\n" + article.text, article.name)
    with pytest.raises(NutgrafError, match=r"read_journal\(path\).*reanchor.*add_layer"):
        Journal.open(path, newer)
    layer, problems = read_journal(path)
    moved, lost = reanchor(layer, newer)
    Journal.open(tmp_path / "newer.jsonl", newer).add_layer(moved)
    assert (problems, len(lost)) == ((), 0)
    (mark,) = read_journal(tmp_path / "newer.jsonl")[0].marks
    assert newer.text[mark.start : mark.end] == "“invaders”"


def test_a_journal_with_another_scheme_is_refused(journal, path, article):
    with pytest.raises(NutgrafError, match="'newsmarks-7', not 'small'"):
        Journal.open(path, article, replace(load_scheme(), name="small"))


def test_a_journal_that_is_gone_is_not_begun_anew_in_silence(journal, path, tmp_path):
    journal.add(79, 88, "LOADED")
    path.unlink()
    with pytest.raises(NutgrafError, match=r"not there. Put it back.*export"):
        journal.add(103, 118, "LOADED")
    assert not path.exists()


def test_an_older_copy_put_in_its_place_is_read_anew(journal, path, article):
    first = journal.add(79, 88, "LOADED")
    copy = path.read_bytes()
    journal.add(103, 118, "LOADED")
    path.write_bytes(copy)
    assert journal.layer().marks == (first,)


@pytest.mark.parametrize("call", ["os.write", "os.fsync"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(journal, path, monkeypatch, call):
    first = journal.add(79, 88, "LOADED")
    before = path.read_bytes()
    real = os.write

    def full(file, data=b""):
        if call == "os.write" and len(data) > 40:
            return real(file, data[:40])  # some of it still fits
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, full)
    with pytest.raises(NutgrafError, match="the disk is full"):
        journal.add(103, 118, "LOADED")
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert journal.layer().marks == (first,)
    journal.add(103, 118, "LOADED")
    assert len(journal.layer().marks) == 2


LIMITED = """
    import resource, signal, sys
    from nutgraf import NutgrafError, load
    from nutgraf.journal import Journal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal.open(sys.argv[1], load())
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        for number in range(100):
            journal.add(number * 10, number * 10 + 9, "LOADED", str(number))
            print(number, flush=True)
    except NutgrafError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_limit_on_the_file_keeps_all_that_fitted(path, article):
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    *confirmed, error = run.stdout.splitlines()
    assert "cannot be written to" in error
    assert path.read_bytes().endswith(b"\n")
    journal = Journal.open(path, article)
    assert {mark.note for mark in journal.layer().marks} == set(confirmed)
    assert journal.problems == ()


# --- what others have put into the file --------------------------------------------------------

HEADER = {"nutgraf": "journal", "schema": 1, "annotator": "a", "article": "b", "sha256": "c"}
HEADER |= {"scheme": "d"}
ARROW = {"id": "r", "head": "a", "tail": "b", "label": "answers"}
GOOD = {"id": "m1", "start": 79, "end": 88, "quote": "Firebrand", "label": "LOADED"}


def adding(**changes) -> dict:
    return {"act": "x1", "did": "add", "marks": [GOOD | changes]}


@pytest.mark.parametrize(
    "line",
    [
        "Hello",
        "null",
        "[1, 2]",
        "1" * 5000,
        "[" * 100_000,
        '{"a":' * 100_000,
        {"hello": "world"},
        {"act": "x1", "did": "format C:"},
        {"act": "x1", "did": ["add"]},
        {"act": 5, "did": "add", "marks": [GOOD]},
        {"act": "x" * 100_000, "did": "add", "marks": [GOOD]},
        {"act": "x1", "did": "add", "marks": []},
        {"act": "x1", "did": "add", "marks": {"id": "m1"}},
        {"act": "x1", "did": "add", "marks": ["m1"]},
        {"act": "x1", "did": "add", "marks": [GOOD, GOOD]},
        {"act": "x1", "did": "add", "marks": [GOOD], "relations": [{"id": "r"}]},
        adding(id="x" * 100_000),
        adding(id=None),
        adding(id={"$ref": "m1"}),
        adding(start=10**30),
        adding(start=-1),
        adding(end=10**30),
        adding(start=79.5),
        adding(start="79"),
        adding(end=None),
        adding(start=True),
        adding(quote="firebrand"),
        adding(quote=9),
        adding(label="BIAS"),
        adding(label="CLAIM"),
        adding(label=["LOADED"]),
        adding(kind="tag", label="CLAIM"),
        adding(kind=7),
        adding(note=["x"]),
        adding(note="\ud800"),
        adding(note="n" * 20_000),
        adding(attributes=[1]),
        adding(attributes={"a": {"b": 1}}),
        adding(fragments=[[79, 80], [5, 6]]),
        adding(fragments={"a": 1}),
        adding(fragments=[[79]]),
        adding(fragments="79"),
        adding(__class__="os.system"),
        {"act": "x1", "did": "edit", "mark": "nobody", "new": {"note": "x"}},
        {"act": "x1", "did": "edit", "mark": ["x"], "new": {"note": "x"}},
        {"act": "x1", "did": "edit", "mark": "KNOWN", "new": {"id": "other"}},
        {"act": "x1", "did": "edit", "mark": "KNOWN", "new": {"end": 10**9}},
        {"act": "x1", "did": "edit", "mark": "KNOWN", "new": {"label": "CLAIM"}},
        {"act": "x1", "did": "edit", "mark": "KNOWN", "new": {}},
        {"act": "x1", "did": "edit", "mark": "KNOWN", "new": "x"},
        {"act": "x1", "did": "remove", "mark": "nobody"},
        {"act": "x1", "did": "remove"},
        {"act": "x1", "did": "undo", "of": "nobody"},
        {"act": "x1", "did": "undo", "of": [1]},
        {"act": "x1", "did": "redo", "of": "nobody"},
        {"act": "x1", "did": "relate", "relation": ARROW},
        {"act": "x1", "did": "relate", "relation": 5},
        {"act": "x1", "did": "unrelate", "relation": "r"},
        {"act": "x1", "did": "unrelate", "relation": {}},
        HEADER,
    ],
    ids=lambda line: (line if isinstance(line, str) else json.dumps(line))[:70],
)  # fmt: skip
def test_a_foreign_line_is_listed_and_not_followed(journal, path, article, line):
    mark = journal.add(103, 118, "LOADED")
    text = line if isinstance(line, str) else json.dumps(line).replace("KNOWN", mark.id)
    with path.open("ab") as file:
        file.write(text.encode() + b"\n")
    last = journal.add(204, 220, "VAGUE")
    assert journal.layer().marks == (mark, last)
    (problem,) = journal.problems
    assert (problem.line, len(problem.begins) <= 60) == (3, True)
    assert problem.why
    assert Journal.open(path, article).layer() == journal.layer()
    assert text.encode() in path.read_bytes()
    assert isinstance(read_journal(path)[0], Layer)


def test_the_same_action_twice_counts_once(journal, path):
    journal.add(79, 88, "LOADED")
    with path.open("ab") as file:
        file.write(path.read_bytes().splitlines(keepends=True)[-1])
    assert len(journal.layer().marks) == 1
    assert "is there already" in journal.problems[0].why


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(
                            ["act", "did", "marks", "mark", "new", "id", "start", "of"]
                        ),
                        inner | st.sampled_from(["add", "edit", "undo", "remove", "m1"]),
                        max_size=5,
                    )
                ),
                max_leaves=8,
            ).map(lambda value: json.dumps(value).encode()),
        ),
        max_size=6,
    )
)
def test_nothing_in_a_file_raises_anything_or_costs_a_mark(tmp_path_factory, foreign):
    path = tmp_path_factory.mktemp("foreign") / "marks.jsonl"
    with mock.patch("os.fsync"):
        first = Journal.open(path, SMALL).add(0, 3, "LOADED")
        with path.open("ab") as file:
            file.write(b"\n".join(foreign))
        journal = Journal.open(path, SMALL)
        last = journal.add(6, 9, "LOADED")
    assert journal.layer().marks == (first, last)
    assert Journal.open(path, SMALL).layer().marks == (first, last)


def test_a_newer_kit_s_journal_is_not_misread(path, article):
    path.write_bytes(b'{"nutgraf": "journal", "schema": 2}\n')
    with pytest.raises(NutgrafError, match="no journal"):
        Journal.open(path, article)
    assert path.read_bytes() == b'{"nutgraf": "journal", "schema": 2}\n'


# --- out of the journal ------------------------------------------------------------------------


def test_an_export_has_a_new_name_each_time(journal, tmp_path, article):
    journal.add(79, 88, "LOADED", "politician")
    first = journal.export(tmp_path / "out")
    before = first.read_bytes()
    journal.add(103, 118, "LOADED")
    second = journal.export(tmp_path / "out")
    assert first != second
    assert first.read_bytes() == before
    assert sorted((tmp_path / "out").iterdir()) == sorted([first, second])


def test_an_export_is_json_that_holds_the_quotes(journal, article):
    journal.add(339, 349, "QUOTE")
    text = journal.export().read_text(encoding="utf-8")
    json.loads(text)
    assert "“invaders”" in text


def test_marks_can_be_saved_when_their_file_is_gone(journal, path, tmp_path):
    journal.add(79, 88, "LOADED")
    path.unlink()
    assert "Firebrand" in journal.export(tmp_path / "saved").read_text(encoding="utf-8")


def test_a_journal_lies_in_the_learners_folder(learner, article, monkeypatch):
    (learner / "exercises").mkdir()
    monkeypatch.chdir(learner / "exercises")
    assert journal_file(article) == learner / "my-marks-sadr-protests.jsonl"


def test_the_name_of_an_article_leads_nowhere_else(learner):
    article = Article.from_text("Text.", "../../etc/passwd")
    assert journal_file(article).parent == learner


# --- speed -------------------------------------------------------------------------------------


def test_five_hundred_marks_on_ten_thousand_words_stay_quick(path):
    sentence = "Sentence number {} has words that go on and on until ten. "
    article = Article.from_text("".join(sentence.format(1000 + i) for i in range(910)))
    assert len(article.text.split()) >= 10_000
    journal = Journal.open(path, article)
    times = []
    with mock.patch("os.fsync"):  # the disk's time is not ours
        for number in range(500):
            begun = time.perf_counter()
            journal.add(number * 60, number * 60 + 8, "LOADED", "plainer")
            journal.layer()
            times.append(time.perf_counter() - begun)
    assert len(journal.layer().marks) == 500
    # Generous for a busy machine; going through all lines at each step would take far longer.
    assert sorted(times[-100:])[50] < 0.02
    before = path.stat().st_size
    journal.add(499 * 60 + 20, 499 * 60 + 25, "LOADED")
    assert path.stat().st_size - before < 1000


def test_the_kits_articles_can_both_be_marked(tmp_path):
    for name in ("sadr-protests", "kettle-bridge"):
        article = load(name)
        journal = Journal.open(tmp_path / f"{name}.jsonl", article)
        for start, end in article.sentences[["start", "end"]].itertuples(index=False):
            journal.add(start, end, "CLAIM")
        validate_layer(journal.layer(), article, load_scheme())
        assert len(journal.layer().marks) == len(article.sentences)
