"""Exporting: what lies in the folder afterwards, and what is never touched."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nutgraf import exchange
from nutgraf.errors import NutgrafError
from nutgraf.exchange import DEFAULT_FORMS, FORMS, REPORT, export
from nutgraf.quizzes import all_items, pick
from tests.exchange import items as made
from tests.exchange import readers


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_item_of_the_kit_leaves_in_every_format(tmp_path):
    done = export(all_items().values(), tmp_path / "out", forms=tuple(FORMS))
    assert done.written == dict.fromkeys(FORMS, len(all_items()))
    assert done.left_out == ()
    assert set(tree(tmp_path / "out")) == {*done.files, ".nutgraf-export.json"}
    lessons = {item.lesson for item in all_items().values()}
    assert set(done.files) == {REPORT} | {
        f"{form}/{lesson}{FORMS[form][1]}" for form in FORMS for lesson in lessons
    }


def test_a_quiz_has_the_title_of_its_lesson_and_the_items_in_their_order(tmp_path):
    export(pick("03"), tmp_path, forms=("qti",))
    root = readers.qti12_root((tmp_path / "qti/03-words.zip").read_bytes())
    assert root[0].get("title") == "Nutgraf 03 What is a word?"
    names = [item.get("ident") for item in root.iter(f"{readers.QTI12}item")]
    assert names == [f"nutgraf-{item.id}" for item in pick("03")]


def test_a_selection_can_be_one_quiz_of_its_own_name(tmp_path):
    done = export(pick("T1", "K2"), tmp_path, title="Week 2: Wörter & mehr")
    assert done.files == (
        "qti/week-2-w-rter-mehr.zip",
        "moodle-xml/week-2-w-rter-mehr.xml",
        "gift/week-2-w-rter-mehr.gift.txt",
        REPORT,
    )
    category, found = readers.moodle((tmp_path / done.files[1]).read_bytes())
    assert category == "$course$/top/Nutgraf/Week 2: Wörter & mehr"
    assert list(found) == ["nutgraf-T1", "nutgraf-K2"]


def test_a_title_without_a_plain_letter_still_names_a_file(tmp_path):
    one = export([made.SINGLE], tmp_path, title="слова", forms=("gift",)).files[0]
    other = export([made.SINGLE], tmp_path, title="文", forms=("gift",)).files[0]
    assert one.startswith("gift/quiz-")
    assert one != other


def test_a_title_is_cleaned_like_any_words(tmp_path):
    export([made.SINGLE], tmp_path, title=" A\x00\nB ", forms=("qti", "gift"))
    root = readers.qti12_root((tmp_path / "qti/a-b.zip").read_bytes())
    assert root[0].get("title").split() == ["A\ufffd", "B"]
    assert len(readers.gift((tmp_path / "gift/a-b.gift.txt").read_bytes())[1]) == 1


def test_by_default_a_lesson_leaves_for_canvas_and_for_moodle(tmp_path):
    assert set(export([made.SINGLE], tmp_path).written) == set(DEFAULT_FORMS)
    assert not (tmp_path / "qti21").exists()


def test_the_same_items_give_the_same_files_wherever_and_whenever(tmp_path):
    export(made.ALL, tmp_path / "one", forms=tuple(FORMS))
    export(made.ALL, tmp_path / "other", forms=tuple(FORMS))
    assert tree(tmp_path / "one") == tree(tmp_path / "other")


def test_exporting_twice_changes_nothing(tmp_path):
    export(made.ALL, tmp_path)
    before = tree(tmp_path)
    export(made.ALL, tmp_path)
    assert tree(tmp_path) == before


# --- whose file it is ------------------------------------------------------------------------


def test_our_own_files_give_way_to_newer_ones(tmp_path):
    export([made.SINGLE], tmp_path)
    export([replace(made.SINGLE, prompt="Another?")], tmp_path)
    assert "Another?" in (tmp_path / "gift/03-words.gift.txt").read_text()
    assert len(readers.record(tmp_path)["gift/03-words.gift.txt"]) == 2
    export([made.SINGLE], tmp_path)  # back to the first, which is ours as well


@pytest.mark.parametrize("name", ["gift/03-words.gift.txt", REPORT, "qti/03-words.zip"])
def test_somebody_elses_file_is_never_overwritten(name, tmp_path):
    theirs = tmp_path / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("my notes")
    with pytest.raises(NutgrafError, match="not a file that Nutgraf wrote"):
        export([made.SINGLE], tmp_path)
    assert tree(tmp_path) == {name: b"my notes"}


def test_a_file_that_was_changed_since_is_kept(tmp_path):
    export([made.SINGLE], tmp_path)
    changed = tmp_path / "gift/03-words.gift.txt"
    changed.write_text(changed.read_text() + "// mine\n")
    before = tree(tmp_path)
    with pytest.raises(NutgrafError, match="as it is now"):
        export([replace(made.SINGLE, prompt="Another?")], tmp_path)
    assert tree(tmp_path) == before


def test_other_files_in_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    export([made.SINGLE], tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_record_that_cannot_be_read_makes_nothing_ours(tmp_path):
    export([made.SINGLE], tmp_path)
    (tmp_path / ".nutgraf-export.json").write_text("{")
    export([made.SINGLE], tmp_path)  # the same bytes are nobody's loss
    (tmp_path / ".nutgraf-export.json").write_text('{"files": [1]}')
    with pytest.raises(NutgrafError, match="not a file that Nutgraf wrote"):
        export([replace(made.SINGLE, prompt="Another?")], tmp_path)


def test_stopped_half_way_the_next_run_goes_on(tmp_path, monkeypatch):
    put, written = exchange._put, []

    def stops(target, content):
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(target))
        written.append(target)
        put(target, content)

    monkeypatch.setattr(exchange, "_put", stops)
    with pytest.raises(NutgrafError, match="No space left on device"):
        export([made.SINGLE], tmp_path)
    monkeypatch.undo()
    export([replace(made.SINGLE, prompt="Another?")], tmp_path)
    assert not list(tmp_path.rglob("*.saving"))


needs_links = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


@needs_links
@pytest.mark.parametrize("name", ["gift", "gift/03-words.gift.txt", ".nutgraf-export.json"])
def test_nothing_is_written_through_a_link(name, tmp_path):
    out, far = tmp_path / "out", tmp_path / "far"
    far.mkdir()
    (far / "file").write_text("far away")
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(far if name == "gift" else far / "file")
    with pytest.raises(NutgrafError):
        export([made.SINGLE], out)
    assert tree(far) == {"file": b"far away"}


@needs_links
def test_a_link_is_no_file_of_ours_whatever_it_leads_to(tmp_path):
    out = tmp_path / "out"
    export([made.SINGLE], out)
    for there in (True, False):
        place = out / "gift/03-words.gift.txt"
        moved = tmp_path / f"moved-{there}"
        place.rename(moved)
        place.symlink_to(moved if there else tmp_path / "nowhere")
        with pytest.raises(NutgrafError, match="where a file of the export belongs"):
            export([made.SINGLE], out)
        place.unlink()
        moved.rename(place)


def test_a_file_where_a_folder_belongs_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(NutgrafError, match="out is a file"):
        export([made.SINGLE], tmp_path / "out")
    (tmp_path / "gift").write_text("a file")
    with pytest.raises(NutgrafError, match="where a folder of the export belongs"):
        export([made.SINGLE], tmp_path)
    (tmp_path / REPORT).mkdir()
    (tmp_path / "gift").unlink()
    with pytest.raises(NutgrafError, match="where a file of the export belongs"):
        export([made.SINGLE], tmp_path)


# --- what is refused -------------------------------------------------------------------------


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(NutgrafError, match=r"no format 'aiken'.*qti, qti21, moodle-xml, gift"):
        export([made.SINGLE], tmp_path / "out", forms=("gift", "aiken"))
    with pytest.raises(NutgrafError, match="Name a format"):
        export([made.SINGLE], tmp_path / "out", forms=())
    assert not (tmp_path / "out").exists()


def test_no_questions_and_an_id_that_stands_twice_are_refused(tmp_path):
    with pytest.raises(NutgrafError, match="no questions"):
        export([], tmp_path / "out")
    with pytest.raises(NutgrafError, match="item X1: this id stands twice"):
        export([made.SINGLE, made.SINGLE], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_picture_is_refused_before_anything_is_written(tmp_path):
    item = replace(made.SINGLE, prompt="![a strip](strip.png)")
    with pytest.raises(NutgrafError, match=r"strip\.png"):
        export([item], tmp_path / "out", pictures=tmp_path)
    assert not (tmp_path / "out").exists()
    (tmp_path / "strip.png").write_bytes(b"picture")
    export([item], tmp_path / "out", pictures=tmp_path)


# --- what is told ----------------------------------------------------------------------------


def test_the_report_says_what_is_lost_in_general_and_of_each_question(tmp_path):
    done = export(pick("S3", "R2", "T1"), tmp_path)
    text = (tmp_path / REPORT).read_text()
    for line in exchange.IN_GENERAL:
        assert f"- {line}\n" in text
    assert [loss.item for loss in done.left_out] == ["S3"] * 3
    assert (
        "- qti, moodle-xml, gift: its text is distorted on purpose, and is shown with its mirror "
        "image only. Questions: S3\n"
    ) in text
    assert "QTI 1.2, for Canvas: 2 of 3 questions" in text
    assert done.written == {"qti": 2, "moodle-xml": 2, "gift": 2}
    assert all(loss.why in text for loss in done.losses)


def test_the_report_says_so_when_nothing_is_lost(tmp_path):
    single = replace(made.SINGLE, parts=(made.SINGLE.parts[0], made.SINGLE.parts[2]))
    done = export([single], tmp_path)
    assert done.losses == ()
    text = (tmp_path / REPORT).read_text()
    assert text.count("\nNothing.\n") == 2


def test_losses_stand_in_the_order_of_the_items_and_formats(tmp_path):
    done = export(made.ALL, tmp_path, forms=tuple(FORMS))
    order = [item.id for item in made.ALL]
    places = [(order.index(loss.item), [*FORMS].index(loss.form)) for loss in done.losses]
    assert places == sorted(places)


def test_a_quiz_of_which_nothing_is_left_makes_no_file(tmp_path):
    done = export([replace(made.TEXT, accept=("a -> b",))], tmp_path)
    assert done.written == {"qti": 1, "moodle-xml": 1, "gift": 0}
    assert not (tmp_path / "gift").exists()
    done = export(pick("S3"), tmp_path / "none")
    assert done.files == (REPORT,)


def test_the_package_itself_imports_nothing_of_this():
    code = "import sys, nutgraf; print([m for m in sys.modules if 'exchange' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
