"""Sealed quizzes: the same items come out, nothing of a key can be read, damage is noticed."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgraf import quizzes
from nutgraf.errors import NutgrafError
from nutgraf.quizzes import Item, Part
from nutgraf.sealing import seal, unseal

EVERY_KIND = Path(__file__).parent / "browser/kit/quizzes/99-every-kind.yml"
FILES = [*quizzes.quiz_files(), EVERY_KIND]
ITEMS = quizzes.load_quiz(EVERY_KIND)
SEALED = seal(ITEMS)

by_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@by_file
def test_the_same_items_come_out_one_by_one(path):
    items = quizzes.load_quiz(path)
    for item, again in zip(items, unseal(seal(items), "x.sealed"), strict=True):
        assert again == item
        assert repr(again) == repr(item)


@by_file
def test_sealing_again_gives_the_same_bytes(path):
    items = quizzes.load_quiz(path)
    assert seal(items) == seal(unseal(seal(items), "x.sealed"))


@by_file
def test_what_is_plain_is_what_a_learner_is_told_before_answering(path):
    items = quizzes.load_quiz(path)
    page = json.loads(seal(items))
    assert set(page) == {"about", "format", "lesson", "items", "sealed"}
    for item, shown in zip(items, page["items"], strict=True):
        told = quizzes.public(item, "anybody")
        assert set(shown) <= {"id", "kind", "prompt", "code", "passage", "parts", "categories"}
        assert shown.get("parts", []) == sorted(told["parts"])
        assert shown.get("categories", []) == told["categories"]
        assert shown.get("passage", "") == told.get("passage", {}).get("text", "")
        assert (shown["prompt"], shown.get("code", False)) == (told["prompt"], told["code"])


def test_what_is_covered_is_no_text_and_cannot_be_unpacked_as_it_stands():
    content = base64.b64decode(json.loads(SEALED)["sealed"])
    assert b"says" not in content
    for start in range(40):
        with pytest.raises(zlib.error):
            zlib.decompress(content[start:])


def test_lessons_are_covered_by_different_streams():
    other = seal([replace(item, lesson="98-other") for item in ITEMS])
    one, two = (base64.b64decode(json.loads(file)["sealed"])[32:] for file in (SEALED, other))
    assert len(one) == len(two)
    assert one != two


# --- any items ---------------------------------------------------------------------------------

words = st.sampled_from(["", "a", "“Zwölf” \n words\t", "1", "\x00\u2028"]) | st.text(max_size=6)
slugs = st.sampled_from(["a", "b", "glued", "p07", "x-1"])
numbers = st.integers(0, 5000)
parts = st.builds(
    Part,
    id=slugs,
    text=words,
    right=st.sampled_from([True, False, "also"]),
    says=words,
    goes=st.lists(slugs, max_size=2).map(tuple),
    start=numbers,
    end=numbers,
)
known = st.fixed_dictionaries(
    {"says": words},
    optional={"value": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
              "text": words, "order": st.lists(slugs, max_size=3)},
)  # fmt: skip
some = st.lists(words, max_size=2).map(tuple)
items = st.builds(
    Item,
    id=st.sampled_from(["T1", "T2", "AB12"]),
    lesson=st.just("03-words"),
    kind=st.sampled_from(quizzes.KINDS),
    prompt=words,
    skill=words,
    bloom=words,
    parts=st.lists(parts, max_size=4).map(tuple),
    categories=st.lists(st.tuples(slugs, words), max_size=3).map(tuple),
    answer=st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    tolerance=st.floats(0, 9),
    accept=some,
    known=st.lists(known, max_size=2).map(tuple),
    says=words,
    otherwise=words,
    hints=some,
    evidence=st.lists(
        st.fixed_dictionaries({"start": numbers, "end": numbers, "quote": words}), max_size=2
    ).map(tuple),
    check=some,
    again=st.sampled_from(["", "05"]),
    code=st.booleans(),
    shuffle=st.booleans(),
    also=st.lists(st.lists(slugs, max_size=3).map(tuple), max_size=2).map(tuple),
    passage=words,
    summary=words,
    watermark=words,
    distorted=st.booleans(),
)


@given(st.lists(items, min_size=1, max_size=3).map(tuple))
@settings(max_examples=60)
def test_any_items_come_out_as_they_went_in(some_items):
    assert repr(unseal(seal(some_items), "x.sealed")) == repr(some_items)


# --- damage ------------------------------------------------------------------------------------


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_a_changed_byte_is_noticed_or_changes_nothing(place, mask):
    changed = bytearray(SEALED)
    changed[place] ^= mask
    again, said = ITEMS, "99-every-kind.sealed: "
    try:
        again = unseal(bytes(changed), "99-every-kind.sealed")
    except NutgrafError as error:
        said = str(error)
    assert again == ITEMS
    assert said.startswith("99-every-kind.sealed: ")


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["format", "lesson", "items", "sealed", "x"]), inner, max_size=5),
    max_leaves=8).map(lambda tree: json.dumps(tree).encode()))  # fmt: skip
def test_whatever_lies_there_is_refused_in_plain_words(content):
    with pytest.raises(NutgrafError, match=r"^03-words\.sealed: .*Get the class edition"):
        unseal(content, "03-words.sealed")


def change(**fields) -> bytes:
    return json.dumps(json.loads(SEALED) | fields).encode()


@pytest.mark.parametrize(
    "content",
    [
        SEALED[:-40],
        SEALED[:200],
        b"",
        b"[" * 5000,
        change(lesson="98-other"),
        change(lesson=3),
        change(items=[]),
        change(items=json.loads(SEALED)["items"][::-1]),
        change(sealed=""),
        change(sealed="AAAA"),
        change(sealed="é"),
        change(about="Open me"),
        change(more=1),
    ],
)
def test_a_damaged_or_changed_file_is_refused(content):
    with pytest.raises(NutgrafError, match=r"^03-words\.sealed: was damaged or changed"):
        unseal(content, "03-words.sealed")


def test_a_changed_question_is_refused_too():
    page = json.loads(SEALED)
    page["items"][0]["prompt"] += " Really?"
    with pytest.raises(NutgrafError, match="damaged or changed"):
        unseal(json.dumps(page).encode(), "x.sealed")


def test_a_file_laid_out_anew_is_still_read():
    page = json.loads(SEALED)
    assert unseal(json.dumps(page, sort_keys=True).encode(), "x.sealed") == ITEMS


@pytest.mark.parametrize("number", [2, "1", None])
def test_a_seal_of_another_kind_says_so(number):
    with pytest.raises(NutgrafError, match="does not know"):
        unseal(change(format=number), "x.sealed")


# --- loading -----------------------------------------------------------------------------------


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A kit whose quizzes are sealed, all but one."""
    folder = tmp_path / "quizzes"
    folder.mkdir()
    for path in quizzes.quiz_files():
        if path.stem == "03-words":
            (folder / path.name).write_bytes(path.read_bytes())
        else:
            (folder / f"{path.stem}.sealed").write_bytes(seal(quizzes.load_quiz(path)))
    everything = quizzes.all_items()
    monkeypatch.setattr(quizzes, "kit_dir", lambda name: tmp_path)
    quizzes.all_items.cache_clear()
    yield folder, everything
    quizzes.all_items.cache_clear()


def test_sealed_files_are_read_where_there_is_no_yaml(kit):
    _, everything = kit
    assert quizzes.all_items() == everything
    assert list(quizzes.all_items()) == list(everything)


def test_a_yaml_file_goes_before_a_sealed_one_of_the_same_lesson(kit):
    folder, everything = kit
    (folder / "03-words.sealed").write_bytes(b"no longer of use")
    assert [path.name for path in quizzes.quiz_files() if path.stem == "03-words"] == [
        "03-words.yml"
    ]
    assert quizzes.all_items() == everything


def test_a_damaged_sealed_file_of_the_kit_is_named(kit):
    folder, _ = kit
    path = folder / "05-counting.sealed"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(NutgrafError, match=r"05-counting\.sealed: was damaged"):
        quizzes.all_items()


def test_a_sealed_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(NutgrafError, match=r"^none\.sealed: cannot be read"):
        quizzes.load_quiz(tmp_path / "none.sealed")


def test_every_sealed_item_marks_its_right_answer_right(kit):
    items = quizzes.all_items().values()
    assert [one.id for one in items if not quizzes.mark(one, quizzes.key(one)).passed] == []
