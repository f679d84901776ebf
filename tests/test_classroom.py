"""A class's annotations: files as they come, what they add up to, and the sheet to talk over."""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError, agreement, classroom, formats, load
from nutgraf.annotating import Layer, in_order, load_scheme, mark_at, text_sha256
from nutgraf.article import Article
from nutgraf.classroom import (
    agreement_table,
    collect,
    describe,
    discussion_sheet,
    heat_map,
    split_sentences,
    who_marked,
)
from nutgraf.journal import Journal, read_journal
from nutgraf.samples import sample_layers

KIT = "my-marks-sadr-protests.jsonl"


@pytest.fixture(scope="module")
def samples(article):
    return sample_layers(article)


def hand_in(path: Path, layer: Layer, article) -> Path:
    """A learner's journal with these marks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Journal.open(path, article).add_layer(layer)
    return path


def rewrite(path: Path, change: Callable[[dict], dict]) -> None:
    """The same journal with each line changed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [json.dumps(change(json.loads(line))) for line in lines]
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, samples, article) -> Path:
    """Six learners, a folder each."""
    folder = tmp_path_factory.mktemp("class")
    for name, layer in zip(["Ann", "Ben", "Cem", "Dilan", "Eva", "Farid"], samples, strict=True):
        hand_in(folder / name / KIT, layer, article)
    return folder


@pytest.fixture(scope="module")
def six(handed_in, article):
    return collect(handed_in, article)


@pytest.fixture
def folder(handed_in, tmp_path) -> Path:
    """A folder with Ann's file, to put others into."""
    shutil.copytree(handed_in / "Ann", tmp_path / "class" / "Ann")
    return tmp_path / "class"


def a_class(layers: dict[str, Layer], article, scheme: str = "newsmarks-7") -> classroom.Class:
    """A class of layers that are at hand, without files."""
    nothing = classroom._table([], list(classroom._row((), "", "")))
    scheme = load_scheme(scheme)
    return classroom.Class(article.name, text_sha256(article), scheme, layers, nothing)


def a_layer(article, marks: list[tuple], annotator: str = "x") -> Layer:
    """A layer of (start, end, label) or (sentence, tag)."""
    made = []
    for number, one in enumerate(marks):
        if len(one) == 2:
            row = article.sentences.iloc[one[0]]
            span, label, kind = (int(row["start"]), int(row["end"])), one[1], "tag"
        else:
            span, label, kind = one[:2], one[2], "highlight"
        made.append(mark_at(article, *span, label, id=f"m{number}", kind=kind))
    name, sha256 = article.name, text_sha256(article)
    return Layer(annotator, name, sha256, "newsmarks-7", in_order(made))


def the_problem(cls: classroom.Class, file: str) -> tuple[str, str]:
    rows = cls.problems[cls.problems["file"] == file]
    assert len(rows) == 1, cls.problems
    return rows.iloc[0]["done"], rows.iloc[0]["why"]


# Collecting


def test_a_class_has_every_learners_marks(six, samples):
    assert list(six.layers) == ["Ann", "Ben", "Cem", "Dilan", "Eva", "Farid"]
    for layer, sample in zip(six.layers.values(), samples, strict=True):
        assert [(m.start, m.end, m.label, m.note) for m in layer.marks] == [
            (m.start, m.end, m.label, m.note) for m in sample.marks
        ]
    assert six.problems.empty


def test_a_layer_is_called_like_the_learner_and_says_where_it_is_from(six):
    assert six.layers["Ben"].annotator == "Ben"
    assert six.layers["Ben"].origin == f"Ben/{KIT}"


@pytest.mark.parametrize("format", ["w3c", "brat", "doccano", "label-studio", "webanno", "csv"])
def test_a_file_of_another_tool_is_known_by_what_it_holds(format, folder, samples, article):
    (folder / "Ben").mkdir()
    formats.save(samples[1], article, folder / f"Ben/x{formats.FORMATS[format].suffix}", format)
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann", "Ben"]
    wanted = {(m.start, m.end, m.label) for m in samples[1].marks}
    assert {(m.start, m.end, m.label) for m in cls.layers["Ben"].marks} == wanted


LAYOUTS = {
    "a folder a learner": ({f"Ann/{KIT}", f"Ben/{KIT}"}, {"Ann", "Ben"}),
    "the whole folder of lessons": ({f"Ann/my-nutgraf/{KIT}"}, {"Ann"}),
    "flat": ({"Ann.jsonl", "Ben.jsonl"}, {"Ann", "Ben"}),
    "flat in one folder": ({"class 3/Ann.jsonl", "class 3/Ben.jsonl"}, {"Ann", "Ben"}),
    "a name before the kit's": ({f"Ann_{KIT}", f"Ben - {KIT}"}, {"Ann", "Ben"}),
    "a name behind it": ({"my-marks-sadr-protests-Ann.jsonl"}, {"Ann"}),
    "any file name in folders": ({"Ann/try.jsonl", "Ben/mine.jsonl"}, {"Ann", "Ben"}),
    "groups of folders": ({f"3a/Ann/{KIT}", f"3b/Ben/{KIT}"}, {"Ann", "Ben"}),
    "one name in two groups": ({f"3a/Ann/{KIT}", f"3b/Ann/{KIT}"}, {"Ann (3a)", "Ann (3b)"}),
    "a second download": ({"Ann (1).jsonl"}, {"Ann"}),
    "Moodle, folders": ({f"Ann Lee_123_assignsubmission_file_/{KIT}"}, {"Ann Lee"}),
    "Moodle, flat": ({f"Ann Lee_123_assignsubmission_file_{KIT}"}, {"Ann Lee"}),
    "Canvas": ({f"leeann_12_345_{KIT}", f"ho_LATE_9_8_{KIT}"}, {"leeann", "ho"}),
    "Blackboard": ({f"Task 1_alee_attempt_2026-01-24-10-30-00_{KIT}"}, {"alee"}),
    "Brightspace": ({f"12-34 - Ann Lee - Jan 24, 2026 1030 AM - {KIT}"}, {"Ann Lee"}),
    "emoji": ({f"🦊 Åsa 李雷/{KIT}"}, {"🦊 Åsa 李雷"}),
    "two forms of one name": ({f"E\u0301mile/{KIT}"}, {"\u00c9mile"}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_learners_are_called_as_their_files_or_folders_are(layout, tmp_path, samples, article):
    files, learners = LAYOUTS[layout]
    for number, name in enumerate(sorted(files)):
        hand_in(tmp_path / name, samples[number], article)
    cls = collect(tmp_path, article)
    assert set(cls.layers) == learners
    assert cls.problems.empty


def test_files_without_a_learners_name_are_called_by_the_number_inside(tmp_path, samples, article):
    for number, name in enumerate((KIT, KIT.replace(".", " (1).")), start=0):
        hand_in(tmp_path / name, samples[number], article)
    numbers = {read_journal(path)[0].annotator[:8] for path in tmp_path.iterdir()}
    assert set(collect(tmp_path, article).layers) == {f"annotator {one}" for one in numbers}


def at(time: str) -> Callable[[dict], dict]:
    def change(line: dict) -> dict:
        return line | {"at": time}

    return change


@pytest.mark.parametrize("newer", ["a.jsonl", "b.jsonl"])
def test_of_two_files_of_a_learner_the_one_worked_on_last_is_taken(newer, folder, samples, article):
    for number, name in enumerate(("a.jsonl", "b.jsonl")):
        path = hand_in(folder / "Ben" / name, samples[number], article)
        rewrite(path, at("2026-02-02T10:00:00Z" if name == newer else "2026-02-02T09:00:00Z"))
    cls = collect(folder, article)
    (older,) = {"a.jsonl", "b.jsonl"} - {newer}
    assert cls.layers["Ben"].origin == f"Ben/{newer}"
    done, why = the_problem(cls, f"Ben/{older}")
    assert done == "duplicate"
    assert newer in why


def test_a_journal_is_taken_before_its_export(folder, samples, article):
    path = hand_in(folder / "Ben" / KIT, samples[1], article)
    Journal.open(path, article).export()
    cls = collect(folder, article)
    assert cls.layers["Ben"].origin == f"Ben/{KIT}"
    assert the_problem(cls, "Ben/my-marks-sadr-protests.jsonld")[0] == "duplicate"


def test_an_export_that_was_worked_on_later_is_taken_before_a_journal(folder, samples, article):
    rewrite(hand_in(folder / "Ben" / KIT, samples[1], article), at("2026-02-02T09:00:00Z"))
    marks = tuple(replace(one, created="2026-02-02T11:00:00+01:00") for one in samples[2].marks)
    formats.save(replace(samples[2], marks=marks), article, folder / "Ben/later.jsonld", "w3c")
    cls = collect(folder, article)
    assert cls.layers["Ben"].origin == "Ben/later.jsonld"
    assert the_problem(cls, f"Ben/{KIT}")[0] == "duplicate"


def test_the_same_content_under_two_names_counts_once(folder, article):
    shutil.copytree(folder / "Ann", folder / "Ben")
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    done, why = the_problem(cls, f"Ben/{KIT}")
    assert done == "duplicate"
    assert "of Ann" in why


def test_a_copied_journal_that_was_worked_on_is_pointed_at(folder, article):
    shutil.copytree(folder / "Ann", folder / "Ben")
    Journal.open(folder / "Ben" / KIT, article).add(0, 4, "LOADED", "x")
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann", "Ben"]
    assert the_problem(cls, f"Ben/{KIT}")[0] == "look"


def test_marks_on_another_version_of_the_text_are_placed_by_their_words(folder, samples, article):
    text = article.text.replace("Sadr asked", "Sadr wondered")
    other = Article.from_text("A line before.\n\n" + text, "sadr-protests")
    moved = [mark for mark in samples[1].marks if mark.kind == "highlight"]
    journal = Journal.open(folder / "Ben" / KIT, other)
    for mark in moved:
        start = other.text.find(mark.quote)
        if start >= 0:
            journal.add(start, start + len(mark.quote), mark.label, "note")
    gone = other.text.index("Sadr wondered")
    journal.add(gone, gone + 13, "SOURCE")
    cls = collect(folder, article)
    ben = cls.layers["Ben"]
    assert all(article.text[m.start : m.end] == m.quote for m in ben.marks)
    assert len(ben.marks) > 10
    lost = cls.problems[cls.problems["done"] == "mark left out"]
    assert "Sadr wondered" in set(lost["quote"])
    assert set(lost["learner"]) == {"Ben"}
    assert who_marked(cls).set_index("learner").loc["Ben", "unplaced"] == len(lost)


def test_a_file_on_another_article_is_left_out_with_its_name(folder, article):
    other = load("kettle-bridge")
    journal = Journal.open(folder / "Ben" / KIT, other)
    for start in range(0, 100, 10):
        journal.add(start, start + 9, "LOADED", "x")
    cls = collect(folder, article)
    done, why = the_problem(cls, f"Ben/{KIT}")
    assert done == "left out"
    assert "kettle-bridge" in why


def test_marks_that_lie_about_the_text_are_left_out_one_by_one(folder, samples, article):
    path = hand_in(folder / "Ben" / KIT, samples[1], article)
    journal = Journal.open(path, article)
    journal.add(5, 10, "LOADED", "x")
    last = path.read_text(encoding="utf-8").splitlines()[-1]
    lie = json.loads(last)
    lie["marks"][0] |= {"quote": "zzzzz", "prefix": "", "suffix": ""}
    path.write_text(path.read_text(encoding="utf-8").replace(last, json.dumps(lie)), "utf-8")
    cls = collect(folder, article)
    assert len(cls.layers["Ben"].marks) == len(samples[1].marks)
    assert the_problem(cls, f"Ben/{KIT}")[0] == "mark left out"


def test_labels_of_no_scheme_are_left_out(folder, samples, article):
    path = hand_in(folder / "Ben" / KIT, samples[1], article)
    text = path.read_text(encoding="utf-8").replace('"VAGUE"', '"UNCLEAR"')
    path.write_text(text, "utf-8")
    cls = collect(folder, article)
    wanted = sum(mark.label == "VAGUE" for mark in samples[1].marks)
    lost = cls.problems[cls.problems["done"] == "mark left out"]
    assert list(lost["label"]) == ["UNCLEAR"] * wanted


def test_a_journal_of_another_scheme_is_left_out(folder, samples, article):
    path = hand_in(folder / "Ben" / KIT, samples[1], article)
    rewrite(path, lambda line: line | {"scheme": "ours"} if "nutgraf" in line else line)
    done, why = the_problem(collect(folder, article), f"Ben/{KIT}")
    assert done == "left out"
    assert 'scheme="ours"' in why.replace("'", '"')


def test_torn_and_foreign_lines_are_listed_and_the_rest_is_used(folder, samples, article):
    path = hand_in(folder / "Ben" / KIT, samples[1], article)
    with path.open("a", encoding="utf-8") as file:
        file.write('hello\n{"act": "x", "did')
    cls = collect(folder, article)
    assert len(cls.layers["Ben"].marks) == len(samples[1].marks)
    assert list(cls.problems["done"]) == ["line left out"] * 2


def a_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.jsonl", b"0" * 10_000_000)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(classroom.LARGEST + 1)


def long_journal(path: Path) -> None:
    article = load()
    Journal.open(path, article)
    with path.open("ab") as file:
        file.write(b"{}\n" * (classroom.MOST_LINES + 1))


def many_marks(path: Path) -> None:
    rows = "".join(f"{n},{n + 5},LOADED\n" for n in range(classroom.MOST_MARKS + 1))
    path.write_text(f"start,end,label\n{rows}")


def nested_marks(path: Path) -> None:
    rows = "".join(f"{n},{1000 - n},LOADED\n" for n in range(classroom.MOST_ON_A_WORD + 1))
    path.write_text(f"start,end,label\n{rows}")


HOSTILE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("b.jsonl", lambda p: p.touch(), "empty"),
    "white space": ("b.jsonl", lambda p: p.write_text(" \n\n"), "empty"),
    "huge": ("b.jsonl", sparse, "bytes"),
    "zip bomb": ("b.zip", a_zip, "zip archive"),
    "a zip that is called a journal": (KIT, a_zip, "zip archive"),
    "gzip": ("b.gz", lambda p: p.write_bytes(gzip.compress(b"x")), "gzip archive"),
    "binary": ("b.json", lambda p: p.write_bytes(bytes(range(256))), "UTF-8"),
    "UTF-16": ("b.json", lambda p: p.write_text("[1]", "utf-16"), "UTF-8"),
    "Latin-1": ("b.csv", lambda p: p.write_bytes(b"start,end,label\n0,4,\xe9\n"), "UTF-8"),
    "deep JSON": ("b.json", lambda p: p.write_text("[" * 200_000), "no marks"),
    "deep objects": ("b.json", lambda p: p.write_text('{"first":' * 100_000), "no marks"),
    "a long number": ("b.json", lambda p: p.write_text("[" + "9" * 100_000 + "]"), "no marks"),
    "not a number": ("b.json", lambda p: p.write_text('{"items": NaN}'), "no marks"),
    "a page": ("b.json", lambda p: p.write_text("<script>alert(1)</script>"), "no marks"),
    "a pickle": ("b.json", lambda p: p.write_bytes(b"cos\nsystem\n(S'true'\ntR."), "no marks"),
    "a torn header": (KIT, lambda p: p.write_text('{"nutgraf": "journal", "sch'), "no marks"),
    "a journal of tomorrow": (
        KIT,
        lambda p: p.write_text('{"nutgraf": "journal", "schema": 9}\n'),
        "no journal",
    ),
    "a journal without end": (KIT, long_journal, "lines"),
    "marks without end": ("b.csv", many_marks, "at most"),
    "marks over marks": ("b.csv", nested_marks, "over one another"),
    "a gradebook": ("b.csv", lambda p: p.write_text("name,label,grade\nAnn,x,1\n"), ""),
    "annotations of nothing": (
        "b.json",
        lambda p: p.write_text('{"@context": "x", "type": "AnnotationPage", "items": []}'),
        "no marks",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_file_is_listed_and_stops_nobody(kind, folder, article):
    name, make, says = HOSTILE[kind]
    make(folder / name)
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    done, why = the_problem(cls, name)
    assert done == "left out"
    assert says in why


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0", b"# Notes\n\nabout the text", b'{"cells": []}', b"\0"]
)
def test_files_that_hold_no_marks_are_passed_over(content, folder, article):
    (folder / "Ann" / "notes.txt").write_bytes(content)
    assert the_problem(collect(folder, article), "Ann/notes.txt")[0] == "passed over"


def test_hidden_files_are_not_looked_at(folder, article):
    shutil.copytree(folder / "Ann", folder / "Ann/.ipynb_checkpoints")
    shutil.copytree(folder / "Ann", folder / "__MACOSX")
    (folder / ".DS_Store").write_bytes(b"\0")
    assert collect(folder, article).problems.empty


def test_a_file_that_names_another_file_does_not_have_it_read(folder, tmp_path, samples, article):
    secret = formats.save(samples[1], article, tmp_path / "secret.csv", "csv").path
    (folder / "Ben.csv").write_text(str(secret))
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    assert "no marks" in the_problem(cls, "Ben.csv")[1]


posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names, or asks for rights")


@posix
@pytest.mark.parametrize("to", ["outside", "outside/secret.jsonl", "class", "class/Ann", "nowhere"])
def test_links_are_not_followed(to, folder, tmp_path, samples, article):
    hand_in(tmp_path / "outside/secret.jsonl", samples[1], article)
    (folder / "link.jsonl").symlink_to(tmp_path / to)
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    done, why = the_problem(cls, "link.jsonl")
    assert done == "left out"
    assert "link" in why


@posix
def test_a_folder_that_is_a_link_itself_can_be_collected(folder, tmp_path, article):
    (tmp_path / "here").symlink_to(folder)
    assert list(collect(tmp_path / "here", article).layers) == ["Ann"]


@posix
def test_a_pipe_is_not_opened(folder, article):
    os.mkfifo(folder / "pipe.jsonl")  # to open it would wait for ever
    assert "no ordinary file" in the_problem(collect(folder, article), "pipe.jsonl")[1]


@posix
@pytest.mark.parametrize(
    "name", [b"..\\..\\up.jsonl", b"a\nb.jsonl", b"a\x1b[2Jb.jsonl", b"\xff\xfe.jsonl"]
)
def test_a_name_that_is_a_path_or_holds_control_signs_is_left_out(name, folder, article):
    shutil.copy(folder / "Ann" / KIT, os.path.join(os.fsencode(folder), name))
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    (row,) = cls.problems.itertuples()
    assert (row.done, row.file.isprintable()) == ("left out", True)
    row.file.encode()


@posix
def test_folders_without_end_are_left_out(folder, article):
    deep = folder.joinpath(*["d"] * 40)
    deep.mkdir(parents=True)
    assert "too deep" in collect(folder, article).problems.iloc[0]["why"]


def test_a_reader_that_breaks_stops_nobody(folder, samples, article, monkeypatch):
    formats.save(samples[1], article, folder / "Ben.csv", "csv")

    def breaks(*arguments, **named):
        raise ZeroDivisionError

    monkeypatch.setattr(formats, "read", breaks)
    cls = collect(folder, article)
    assert list(cls.layers) == ["Ann"]
    assert "ZeroDivisionError" in the_problem(cls, "Ben.csv")[1]


def test_no_file_is_touched(handed_in, article):
    before = {path: path.read_bytes() for path in handed_in.rglob("*") if path.is_file()}
    collect(handed_in, article)
    assert {path: path.read_bytes() for path in handed_in.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("inside", [(), ("notes.txt",), ("Ann/x.jsonl", "Ben/y.zip")])
def test_a_folder_without_marks_is_an_error_that_says_what_is_missing(inside, tmp_path, article):
    for name in inside:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(NutgrafError, match="holds no marks on 'sadr-protests'") as error:
        collect(tmp_path, article)
    assert all(name in str(error.value) for name in inside)
    assert "Put the learners' files into it" in str(error.value)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_no_folder_is_an_error_with_the_way_out(name, tmp_path, article):
    (tmp_path / "file").touch()
    with pytest.raises(NutgrafError, match="Name the folder with the learners' files"):
        collect(tmp_path / name, article)


def test_a_folder_with_too_many_files_is_told_so(folder, article, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_FILES", 3)
    for number in range(4):
        (folder / f"{number}.md").touch()
    with pytest.raises(NutgrafError, match="more than 3 files"):
        collect(folder, article)


# Who marked what


def test_who_marked_counts_each_learners_labels(six, samples):
    table = who_marked(six).set_index("learner")
    for (learner, row), sample in zip(table.iterrows(), samples, strict=True):
        labels = [mark.label for mark in sample.marks]
        assert {name: row[name] for name in set(labels)} == {n: labels.count(n) for n in labels}
        assert row["marks"] == len(labels), learner


def test_who_marked_counts_missing_notes(article):
    cls = a_class({"Ann": a_layer(article, [(0, 4, "LOADED"), (5, 10, "VAGUE")])}, article)
    assert who_marked(cls)["missing_notes"].tolist() == [1]  # VAGUE asks for none


# Agreement


def spans_of(layer: Layer, label: str) -> list[tuple]:
    return [(m.start, m.end, m.label) for m in layer.marks if m.label == label]


@pytest.fixture(scope="module")
def table(six, article):
    return agreement_table(six, article).set_index("label")


@pytest.mark.parametrize("label", ["QUOTE", "SOURCE", "LOADED", "VAGUE"])
@pytest.mark.parametrize(("column", "match"), [("f1_exact", "exact"), ("f1_overlap", "type")])
def test_f1_is_the_mean_of_all_pairs_by_span_f1(table, samples, label, column, match):
    spans = [spans_of(layer, label) for layer in samples]
    each = [agreement.span_f1(a, b, match)["f1"].iloc[-1] for a, b in combinations(spans, 2)]
    assert table.loc[label, column] == pytest.approx(sum(each) / len(each))


@pytest.mark.parametrize("label", ["QUOTE", "SOURCE", "LOADED", "VAGUE"])
def test_alpha_of_highlights_is_that_of_token_alpha(table, samples, article, label):
    spans = {layer.annotator: spans_of(layer, label) for layer in samples}
    theirs = agreement.token_alpha(spans, article).set_index("label")
    assert table.loc[label, "alpha"] == pytest.approx(theirs.loc[label, "alpha"])
    assert table.loc[label, "units"] == theirs.loc[label, "words"]


def test_alpha_of_tags_is_krippendorffs(table, samples, article):
    import pandas as pd

    columns = {
        layer.annotator: {m.start: m.label for m in layer.marks if m.kind == "tag"}
        for layer in samples
    }
    ratings = pd.DataFrame(columns)
    assert table.loc["all tags", "alpha"] == pytest.approx(agreement.krippendorff(ratings))
    assert table.loc["all tags", "percent"] == pytest.approx(agreement.percent(ratings))
    interval = agreement.interval(ratings, "krippendorff")
    assert tuple(table.loc["all tags", ["low", "high"]]) == pytest.approx(interval)
    claims = ratings == "CLAIM"
    assert table.loc["CLAIM", "alpha"] == pytest.approx(agreement.krippendorff(claims))


WORDS = Article.from_text("one two three four five six seven eight nine ten.", "words")
PLACES = list(zip(WORDS.words["start"].tolist(), WORDS.words["end"].tolist(), strict=True))[:10]


@st.composite
def some_spans(draw) -> list[tuple[int, int]]:
    pairs = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
    found = draw(st.lists(pairs, max_size=4))
    return sorted({(PLACES[a][0], PLACES[b][1]) for a, b in found})


@given(st.lists(some_spans(), min_size=2, max_size=5))
def test_f1_and_alpha_agree_with_the_plain_way_on_any_marks(learners):
    pairs = [(a, b) for a, b in combinations(learners, 2) if a or b]
    for value, match in zip(classroom._pair_f1(learners), ("exact", "type"), strict=True):
        each = [agreement.span_f1(a, b, match)["f1"].iloc[-1] for a, b in pairs]
        assert value == pytest.approx(sum(each) / len(each) if each else math.nan, nan_ok=True)
    labelled = {str(n): [(*s, "L") for s in spans] for n, spans in enumerate(learners)}
    words, alpha = classroom._word_alpha(learners, WORDS)
    theirs = agreement.token_alpha(labelled, WORDS).set_index("label")
    if any(learners):
        wanted = (theirs.loc["L", "words"], pytest.approx(theirs.loc["L", "alpha"]))
        assert (words, alpha) == wanted


@pytest.mark.parametrize(
    ("alpha", "says"),
    [(0.35, "Within 0.25 to 0.50"), (0.1, "Below 0.25 to 0.50"), (0.8, "Above 0.25 to 0.50")],
)
def test_a_number_is_read_beside_what_was_to_be_planned_for(alpha, says, six):
    row = classroom._empty_row("LOADED", "highlight", 30, 50, 40) | {"alpha": alpha}
    reading = classroom._reading(row, six)
    assert says in reading
    assert f"{alpha:.0%} of the way from chance" in reading


def test_a_scheme_of_your_own_has_no_planned_ranges(six):
    other = replace(six, scheme=replace(six.scheme, name="ours"))
    row = classroom._empty_row("LOADED", "highlight", 30, 50, 40) | {"f1_overlap": 0.5}
    assert "plan" not in classroom._reading(row, other)


def test_no_reading_calls_anybody_wrong(table):
    assert not re.search(
        r"(?i)\b(wrong|mistakes?|errors?|should|better|worse)\b", str(table["reads"])
    )


def test_one_learner_only_has_a_table_that_says_so(samples, article):
    cls = a_class({"Ann": samples[0]}, article)
    table = agreement_table(cls, article)
    assert table["alpha"].isna().all()
    assert set(table["reads"]) == {"From one learner only. Agreement takes two."}


def test_learners_without_tags_count_for_highlights_only(samples, article):
    marks = tuple(mark for mark in samples[2].marks if mark.kind == "highlight")
    layers = {"Ann": samples[0], "Ben": samples[1], "Cem": replace(samples[2], marks=marks)}
    table = agreement_table(a_class(layers, article), article).set_index("label")
    assert table.loc["all tags", "learners"] == 2
    assert table.loc["LOADED", "learners"] == 3


def test_who_has_marked_nothing_yet_does_not_count_in_agreement(samples, article):
    two = {"Ann": samples[0], "Ben": samples[1]}
    three = two | {"Cem": replace(samples[2], marks=())}
    wanted = agreement_table(a_class(two, article), article)
    assert agreement_table(a_class(three, article), article).equals(wanted)


def test_a_label_that_nobody_used_is_said_to_be_unused(article):
    layers = {name: a_layer(article, [(0, 4, "LOADED")]) for name in ("Ann", "Ben")}
    table = agreement_table(a_class(layers, article), article).set_index("label")
    assert table.loc["VAGUE", "reads"] == "Nobody used it."
    assert math.isnan(table.loc["VAGUE", "alpha"])


@pytest.mark.parametrize("view", [agreement_table, split_sentences, heat_map])
def test_another_text_than_the_class_marked_is_refused(view, six):
    with pytest.raises(NutgrafError, match="marked another text"):
        view(six, load("kettle-bridge"))


# Sentences that split the class


def votes(article, *tags: str) -> dict[str, Layer]:
    """Learners who tag sentences 1, 2 ... as letters say: C, O, F or - for none."""
    names = {"C": "CLAIM", "O": "OPINION", "F": "FORECAST"}
    return {
        f"L{number}": a_layer(
            article, [(n, names[tag]) for n, tag in enumerate(some, start=1) if tag != "-"]
        )
        for number, some in enumerate(tags)
    }


def test_entropy_of_votes_by_hand(article):
    # S01: 2 and 2, one bit. S02: 3 and 1: 0.811 bits. S03: 2, 1, 1: 1.5 bits. S04: all agree.
    cls = a_class(votes(article, "CCCC", "CCOC", "OCFC", "OOCC"), article)
    table = split_sentences(cls, article)
    assert table["sentence"].tolist() == [3, 1, 2]
    assert table["entropy"].tolist() == pytest.approx([1.5, 1.0, 0.8112781])
    assert table["votes"][0] == "CLAIM 2, FORECAST 1, OPINION 1"
    assert table[["CLAIM", "OPINION", "FORECAST"]].values.tolist()[2] == [3, 1, 0]


def test_a_sentence_that_few_tagged_comes_after_those_that_many_did(article):
    cls = a_class(votes(article, "CC", "OO", "C-", "C-", "C-"), article)
    assert split_sentences(cls, article)["sentence"].tolist() == [1, 2]


def test_a_class_that_agrees_splits_nowhere(article):
    cls = a_class(votes(article, "CC", "CC"), article)
    assert split_sentences(cls, article).empty


# The heat map


def heat(article, *marks: tuple, label: str | None = "LOADED"):
    layers = {f"L{n}": a_layer(article, list(some)) for n, some in enumerate(marks)}
    return heat_map(a_class(layers, article), article, label)


def test_the_twin_lists_each_stretch_with_its_number():
    one, two = PLACES[0], PLACES[1]
    drawing = heat(WORDS, [(one[0], two[1], "LOADED")], [(*two, "LOADED")], [(*two, "VAGUE")])
    assert repr(drawing).splitlines()[1:] == ["one: 1 of 3", "two: 2 of 3"]


def test_without_a_label_all_highlights_count_once_a_learner():
    two = PLACES[1]
    drawing = heat(WORDS, [(*two, "LOADED"), (*two, "QUOTE")], [(*two, "VAGUE")], label=None)
    assert repr(drawing).splitlines()[1:] == ["two: 2 of 2"]


def test_words_that_different_learners_marked_are_different_stretches():
    one, two = PLACES[0], PLACES[1]
    drawing = heat(WORDS, [(*one, "LOADED")], [(*two, "LOADED")])
    assert repr(drawing).splitlines()[1:] == ["one: 1 of 2", "two: 1 of 2"]


def test_more_marks_are_a_thicker_line_and_a_number_not_only_a_tint():
    one, two = PLACES[0], PLACES[1]
    html = heat(WORDS, [(*one, "LOADED"), (*two, "LOADED")], [(*two, "LOADED")]).html
    lines = [int(one) for one in re.findall(r"border-bottom:(\d)px", html)]
    assert lines == sorted(set(lines))
    assert re.findall(r"<sup[^>]*>(\d+)</sup>", html) == ["1", "2"]


def test_a_map_of_a_tag_shows_sentences(six, article):
    assert "of 6" in repr(heat_map(six, article, "FORECAST"))


def test_nobody_is_said_where_nobody_marked():
    assert repr(heat(WORDS, [])).endswith("nobody.")


def test_a_label_there_is_not_is_refused(six, article):
    with pytest.raises(NutgrafError, match="has no label 'BIAS'"):
        heat_map(six, article, "BIAS")


class Page(HTMLParser):
    """What is in a page: its tags, its attributes, its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data):
        if not self.tags or self.tags[-1] != "style":
            self.text += f"{data} "


@pytest.mark.parametrize("text", ["<b>a</b> & “b”\r\n\r\n<script>x</script>", "مرحبا بكم 👩‍👩‍👧 é"])
def test_the_text_of_the_article_is_escaped_and_whole(text):
    own = Article.from_text(text)
    page = Page(heat(own, [(0, len(text), "LOADED")]).html)
    assert not {"b", "script"} & set(page.tags)
    kept = re.sub(r"\s", "", page.text)
    paragraphs = re.sub(r"\s", "", text)
    assert re.sub(r"\d", "", kept).find(paragraphs) >= 0


# The sheet


@pytest.fixture
def sheet(six, article, tmp_path) -> str:
    return discussion_sheet(six, article, tmp_path / "sheet.html").read_text(encoding="utf-8")


def test_the_sheet_has_all_its_parts(sheet):
    for heading in ("marked LOADED", "How far you agree", "Five sentences that split", "lean"):
        assert re.search(rf"<h2>[^<]*{heading}", sheet)
    assert sheet.count("Which rule did you follow?") == 5
    assert sheet.count('class="card"') == 5


def test_the_sheet_runs_nothing_and_needs_no_other_file(sheet):
    page = Page(sheet)
    assert not {"script", "img", "iframe", "link", "object", "form", "a"} & set(page.tags)
    assert not {name for name in page.names if name.startswith("on")} | ({"src"} & page.names)
    assert not re.search(r"url\(|@import|https?:", sheet)
    assert "default-src 'none'" in sheet


def test_the_sheet_names_no_learner_unless_asked_to(sheet, six, article, tmp_path):
    named = discussion_sheet(six, article, tmp_path / "n.html", names=True).read_text("utf-8")
    for learner in six.layers:
        assert not re.search(rf"\b{learner}\b", Page(sheet).text)
        assert re.search(rf"\b{learner}\b", Page(named).text)


def test_the_sheet_shows_every_direction_the_reference_knows(sheet, article):
    leans = {one["leans"] for one in article.reference["loaded_language"]} - {"unclear"}
    assert len(leans) > 1
    for lean in leans:
        assert f">{lean}</th>" in sheet


def test_a_direction_is_shown_when_nobody_marked_its_words(article, tmp_path):
    start = article.text.index("retaliatory")
    cls = a_class({"Ann": a_layer(article, [(start, start + 11, "LOADED")])}, article)
    sheet = discussion_sheet(cls, article, tmp_path / "s.html").read_text("utf-8")
    (row,) = re.findall(r'<th scope="row">against Sadr</th>.*', sheet)
    assert '<td class="number">0</td><td>none</td>' in row
    assert "touting" in row


def test_the_sheets_numbers_of_a_word_are_those_of_its_map(six, article):
    (word,) = [w for w in classroom._loaded_words(six, article) if w.place.quote == "touting"]
    stretches = classroom._stretches(six, article, "LOADED")
    (n,) = [n for start, end, n in stretches if start <= word.place.start < end]
    assert len(word.learners) == n


def test_without_a_reference_the_class_decides_which_way_words_lean(tmp_path):
    own = Article.from_text("He touted a plan. She denied it.")
    cls = a_class({"Ann": a_layer(own, [(3, 9, "LOADED")])}, own)
    sheet = discussion_sheet(cls, own, tmp_path / "s.html").read_text("utf-8")
    assert "Which way do these lean?" in sheet
    assert "touted" in sheet


def test_hostile_words_stay_words_on_the_sheet(article, tmp_path, six):
    evil = '<img src=x onerror="alert(1)">'
    text = f"He said {evil} twice. She left."
    own = replace(Article.from_text(text, evil), info={"title": evil, "language": evil})
    layers = {
        evil: a_layer(own, [(0, "CLAIM"), (8, 12, "LOADED")]),
        f"{evil}2": a_layer(own, [(0, "OPINION"), (8, 12 + 8, "LOADED")]),
    }
    sheet = discussion_sheet(a_class(layers, own), own, tmp_path / "s.html", names=True)
    page = Page(sheet.read_text("utf-8"))
    assert "img" not in page.tags
    assert "onerror" not in page.names
    assert evil in page.text


def test_one_learner_without_tags_makes_a_sheet(article, tmp_path):
    cls = a_class({"🦊": a_layer(article, [(79, 88, "LOADED")])}, article)
    sheet = discussion_sheet(cls, article, tmp_path / "s.html", names=True).read_text("utf-8")
    assert "agreement takes two" in sheet
    assert "No sentence got two different tags" in sheet
    assert "🦊" in sheet


def test_a_sheet_is_never_written_over_another(six, article, tmp_path):
    (tmp_path / "sheet.html").write_text("mine")
    paths = [discussion_sheet(six, article, tmp_path / "sheet.html") for _ in range(2)]
    assert [path.name for path in paths] == ["sheet-2.html", "sheet-3.html"]
    assert (tmp_path / "sheet.html").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "sheet-2.html",
        "sheet-3.html",
        "sheet.html",
    ]


def test_a_sheet_without_html_in_its_name_gets_it(six, article, tmp_path):
    assert discussion_sheet(six, article, tmp_path / "week 3.1").name == "week 3.1.html"


def test_a_folder_that_is_not_there_is_an_error_with_the_way_out(six, article, tmp_path):
    with pytest.raises(NutgrafError, match="Name a file in a folder of yours"):
        discussion_sheet(six, article, tmp_path / "none" / "sheet.html")


def test_the_same_class_makes_the_same_sheet(six, article, tmp_path):
    one, other = (discussion_sheet(six, article, tmp_path / "s.html") for _ in range(2))
    assert one.read_bytes() == other.read_bytes()


# In words


def test_the_description_says_who_agree_how_far_and_what_was_not_used(folder, samples, article):
    hand_in(folder / "Ben" / KIT, samples[1], article)
    Journal.open(folder / "Cem" / KIT, article)
    (folder / "Dora.zip").write_bytes(b"PK\x03\x04")
    (folder / "notes.md").write_text("hello")
    said = describe(collect(folder, article), article)
    assert said.startswith("3 learners, ")
    assert "nothing marked yet: Cem" in said
    assert "LOADED" in said
    assert "Not used: Dora.zip: it is a zip archive" in said
    assert said.endswith("Passed over: 1 file without marks")


def test_a_sheet_fits_the_page_on_paper(sheet, browser, tmp_path):
    """Nothing is cut off at the right, on A4 and on Letter."""
    page = browser.new_page()
    page.set_content(sheet)
    page.emulate_media(media="print")
    for width in (680, 697):  # CSS pixels between the margins of A4 and of Letter
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_a_whole_folder_of_a_learner_can_be_handed_in(tmp_path, article):
    mine = tmp_path / "Ann"
    mine.mkdir()
    (mine / "my-answers.jsonl").write_text('{"learner": 1}\n', encoding="utf-8")
    (mine / "08-annotating.ipynb").write_text("{}", encoding="utf-8")
    Journal.open(mine / "my-marks-sadr-protests.jsonl", article).add(339, 349, "QUOTE")
    found = classroom.collect(tmp_path, article)
    assert list(found.layers) == ["Ann"]
    assert found.problems.empty
