"""What the summary bench shows and keeps, and the same without widgets."""

from __future__ import annotations

import json
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import answers, load, summarizing
from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.widgets import bench as widget

OWN = "Ann Lee fed the cat. “It was hungry,” Ann Lee said. The dog slept all day."
TEN = "one two three four five six seven eight nine ten"


@pytest.fixture(scope="module")
def task(article):
    return widget.task_of(article)


def wrote(task, text: str) -> dict:
    return widget.state_of(task, "write", text=text)


def picked(task, *picks: int) -> dict:
    return widget.state_of(task, "pick", picks)


# What is counted


@pytest.mark.parametrize(
    ("text", "says", "over"),
    [
        ("", "0 of 4 words", 0),
        ("one", "1 of 4 words", 0),
        ("one two, three – four.", "4 of 4 words", 0),
        ("one two three four five", "5 of 4 words: 1 too many", 1),
        ("🙂 …", "0 of 4 words", 0),
    ],
)
def test_words_are_counted_against_the_budget(text: str, says: str, over: int):
    state = wrote(widget.task_of("One two three. " * 3, 4), text)

    assert (state["says"], state["over"]) == (says, over)


def test_picked_sentences_are_counted_in_words_and_sentences(task):
    assert picked(task, 2, 1)["says"] == "56 of 60 words, in 2 sentences"
    assert picked(task, 9, 2)["says"] == "70 of 60 words: 10 too many, in 2 sentences"


def test_the_headline_cannot_be_picked(task):
    rows = [one["row"] for one in widget.public(task, answers.answers_file())["sentences"]]

    assert rows == list(range(1, 20))


# Nothing is told before the learner has begun


@pytest.mark.parametrize("text", ["", TEN.rsplit(" ", 1)[0]])
def test_nothing_is_compared_before_ten_words(task, text: str):
    state = widget.state_of(task, "write", text=text, show=True)

    assert state["results"] == {}
    assert not state["show"]


def test_nothing_is_compared_before_a_sentence_is_picked(task):
    assert widget.state_of(task, "pick", [], TEN, show=True)["results"] == {}


def test_ten_words_or_one_sentence_are_enough(task):
    assert wrote(task, TEN)["results"]["overlap"]["rows"]
    assert picked(task, 16)["results"]["overlap"]["rows"]


def test_no_reference_is_sent_before_it_is_asked_for(task):
    begun = picked(task, 1)
    sent = json.dumps([widget.public(task, answers.answers_file()), begun], ensure_ascii=False)

    assert begun["results"]["reference"] == []
    assert not [text for text in task.texts if text[:40] in sent]


def test_the_reference_is_shown_when_asked_for(task):
    results = widget.state_of(task, "pick", [1], show=True)["results"]

    assert [one["text"] for one in results["reference"]] == task.texts


# Overlap


@pytest.fixture
def seed(learner):
    """A seed of the learner's own, with one reference."""
    folder = learner / "seeds" / "cat"
    folder.mkdir(parents=True)
    (folder / "article.txt").write_text(OWN, encoding="utf-8")
    (folder / "article.yml").write_text("title: The cat\n", encoding="utf-8")
    (folder / "summaries.yml").write_text(
        "schema: 1\nfaithful:\n- {id: short, text: The cat was hungry all day.}\n", encoding="utf-8"
    )
    return folder


def test_overlap_is_counted_as_by_hand(seed):
    results = picked(widget.task_of(load("cat")), 0, 2)["results"]
    one, two, order = results["overlap"]["rows"]

    # "Ann Lee fed the cat. The dog slept all day." shares "the cat" and "all day", in this order:
    # 4 of its 10 words and of the reference's 6, 2 of its 9 pairs and of the reference's 5.
    assert one[1:] == ["0.40", "0.67", "0.50"]
    assert two[1:] == ["0.22", "0.40", "0.29"]
    assert order[1:] == ["0.40", "0.67", "0.50"]


def test_the_words_of_the_reference_are_covered_or_missing_without_small_words(seed):
    words = picked(widget.task_of(load("cat")), 0)["results"]["overlap"]["words"]

    assert words == [["Covered", "cat"], ["Missing", "hungry · day"]]


def test_what_all_references_have_is_missing_first(task):
    names = [name for name, _ in picked(task, 1)["results"]["overlap"]["words"]]

    assert names == ["Covered", "Missing, in all 3", "Missing, in 2 of 3", "Missing, in 1 of 3"]


def test_the_us_is_no_small_word(task):
    covered = dict(wrote(task, "US troops " * 5)["results"]["overlap"]["words"])["Covered"]

    assert covered == "us · troops"


@pytest.mark.parametrize("way", ["pick", "write"])
def test_it_says_that_overlap_cannot_tell_what_is_true(task, way: str):
    state = widget.state_of(task, way, [1], TEN)

    assert "cannot tell whether a summary is true" in state["results"]["overlap"]["says"]


# The methods


def test_the_methods_are_those_of_the_package(task, article):
    table = picked(task, 1)["results"]["methods"]
    expected = summarizing.compare(article, words=60, references=task.texts)
    expected = expected[expected["method"] != "oracle"]

    assert table["heads"] == ["you", *expected["method"]]
    columns = list(zip(*(row["signs"] for row in table["rows"]), strict=True))
    names = [row["name"] for row in table["rows"]]
    found = [[n for n, sign in zip(names, column, strict=True) if sign] for column in columns[1:]]
    assert found == expected["sentences"].tolist()
    assert table["foot"][0][2:] == expected["words"].map(str).tolist()
    assert table["foot"][1][2:] == expected["rouge1"].map("{:.2f}".format).tolist()


def test_a_sentence_nobody_picked_is_named_in_words(task):
    table = picked(task, 8)["results"]["methods"]

    assert {row["name"]: row["count"] for row in table["rows"]}["S08"] == "0 of 11"
    assert table["says"].startswith("Nobody picked S05, S11")


def test_own_words_have_no_column_among_the_methods(task):
    table = wrote(task, TEN)["results"]["methods"]

    assert table["heads"][0] == "lead"
    assert table["says"].startswith("No method picked S05, S08")


def test_half_a_quotation_is_pointed_out(task):
    (line,) = picked(task, 16, 18)["results"]["says"]

    assert line.startswith("S16, S17 and S18 are one quotation.")


@pytest.mark.parametrize("picks", [(16, 17, 18), (1, 2)])
def test_whole_quotations_are_not_remarked_on(task, picks):
    assert picked(task, *picks)["results"]["says"] == []


# Voices, copying, alarms


def test_the_voices_that_vanished_are_named():
    gone = wrote(widget.task_of(OWN), "The cat was hungry and so it was fed at once.")
    there = wrote(widget.task_of(OWN), "Ann Lee says the cat was hungry and so it was fed.")

    assert "Not named: Ann Lee." in gone["results"]["voices"]
    assert there["results"]["voices"] == ["You name 1 of the article’s 1 voice."]


def test_a_text_without_voices_says_so():
    results = picked(widget.task_of("The dog slept. The cat ate."), 0)["results"]

    assert results["voices"] == ["No voice but the reporter’s was found in the article."]


def test_own_words_are_held_against_the_article():
    results = wrote(widget.task_of(OWN), "We hear that the dog slept all day beside 40 cats.")[
        "results"
    ]

    assert "5 words, “the dog slept all day”" in results["copying"][0]
    assert [one["text"] for one in results["alarms"]["rows"]] == ["40"]
    assert "do not judge" in results["alarms"]["says"]


def test_words_that_are_all_new_are_not_copied():
    results = wrote(widget.task_of(OWN), TEN)["results"]

    assert results["copying"] == ["Not one of your words stands in the article."]


def test_picked_sentences_are_not_held_against_themselves(task):
    results = picked(task, 8)["results"]

    assert (results["copying"], results["alarms"]) == ([], {})


# Other texts


def test_an_article_of_ones_own_has_all_but_the_overlap():
    results = picked(widget.task_of(OWN), 0)["results"]

    assert results["overlap"]["says"].startswith("This article has no reference summary")
    assert results["overlap"]["rows"] == []
    assert [row[0] for row in results["methods"]["foot"]] == ["Words"]
    assert not widget.state_of(widget.task_of(OWN), "pick", [0], show=True)["show"]


def test_a_damaged_file_of_summaries_is_reported(seed):
    (seed / "summaries.yml").write_text("faithful: 3", encoding="utf-8")

    with pytest.raises(NutgrafError, match=r"summaries\.yml"):
        widget.bench(load("cat"))


@pytest.mark.parametrize("text", ["", " \n", "…!"])
def test_a_text_without_words_is_refused(text: str):
    with pytest.raises(NutgrafError, match="no sentence to summarize"):
        widget.bench(text)


@pytest.mark.parametrize("article", [None, 3, ["A list."]])
def test_what_is_no_text_is_refused(article):
    with pytest.raises(NutgrafError, match="an article or a text"):
        widget.bench(article)


@pytest.mark.parametrize("words", [0, -1, 2.5, "60", None])
def test_a_budget_is_a_whole_number(words):
    with pytest.raises(NutgrafError):
        widget.bench(OWN, words)


@given(text=st.text(max_size=60), mine=st.text(max_size=60))
def test_anything_can_be_written_about_anything(text: str, mine: str):
    task = widget.task_of("A word. " + text, 5)
    state = wrote(task, mine + TEN)

    assert json.loads(json.dumps(state)) == state
    assert widget.state_of(task, "pick", task.pool.index)["results"]


@pytest.mark.parametrize(
    "text", ["戦争は終わった。平和が来た。", "“انتهت الحرب.” قال علي.", "🙂 a"]
)
def test_every_script_will_do(text: str):
    assert picked(widget.task_of(text), 0)["results"]["methods"]["rows"] is not None


def test_what_is_far_too_long_is_counted_and_not_compared(task):
    state = wrote(task, "word " * 3_000)

    assert state["says"] == "3,000 of 60 words: 2,940 too many"
    assert list(state["results"]) == ["says"]


def test_of_a_very_long_text_the_first_sentences_are_shown():
    task = widget.task_of("This is one. " * 500)
    front = widget.public(task, answers.answers_file())

    assert len(front["sentences"]) == 400
    assert front["more"] == "The first 400 of 500 sentences are shown."
    table = picked(task, 20)["results"]["methods"]
    named = table["says"].count("S")
    assert table["says"].endswith(f" and {500 - len(table['rows']) - named} more.")


# What is kept


def say(box, **message) -> None:
    message = {"view": "v", "turn": 1, "way": "pick", "picks": [], "text": ""} | message
    box._asked(box, message, [])


def box(article, words: int = 60):
    return widget.widget_class()(widget.task_of(article, words))


def kept() -> list[dict]:
    return answers.read(answers.answers_file())


def test_a_pick_is_kept_at_once(learner, article):
    say(box(article), picks=[3, 1])

    (record,) = kept()
    assert record | {"at": ""} == {
        "item": "bench:sadr-protests",
        "mode": "bench",
        "did": "picked",
        "answer": [1, 3],
        "words": 60,
        "of": widget.task_of(article).digest,
        "at": "",
    }


def test_words_are_kept_when_the_front_end_says_so(learner, article):
    desk = box(article)
    say(desk, way="write", text="Sadr calls", keep=False)
    assert kept() == []
    say(desk, way="write", text="Sadr calls", keep=True)
    say(desk, way="write", text="Sadr calls", keep=True)

    assert [(one["did"], one["answer"]) for one in kept()] == [("wrote", "Sadr calls")]


def test_the_last_that_was_kept_comes_back(learner, article):
    desk = box(article)
    say(desk, picks=[1])
    say(desk, picks=[1, 6])
    say(desk, way="write", picks=[1, 6], text="Sadr calls – “again” 🙂\n", keep=True)
    state = box(article).state

    assert state["way"] == "write"
    assert state["picks"] == [1, 6]
    assert state["text"] == "Sadr calls – “again” 🙂\n"


def test_a_cleared_box_comes_back_empty(learner, article):
    desk = box(article)
    say(desk, way="write", text="Sadr calls", keep=True)
    say(desk, way="write", text="", keep=True)

    assert box(article).state["text"] == ""


@pytest.mark.parametrize(
    ("article", "words"), [("sadr-protests", 30), ("kettle-bridge", 60)], ids=["budget", "article"]
)
def test_each_article_and_budget_has_its_own(learner, article: str, words: int):
    say(box(load("sadr-protests")), picks=[1])

    assert box(load(article), words).state["picks"] == []


def test_two_texts_of_ones_own_are_not_mixed_up(learner):
    say(box(OWN), picks=[1])

    assert box(OWN).state["picks"] == [1]
    assert box(OWN + " More.").state["picks"] == []


def test_when_a_seed_has_changed_words_come_back_and_picks_do_not(seed):
    say(box(load("cat")), picks=[1], text="The cat ate.", keep=True)
    (seed / "article.txt").write_text("First. " + OWN, encoding="utf-8")

    state = box(load("cat")).state
    assert (state["picks"], state["text"]) == ([], "The cat ate.")


@pytest.mark.parametrize(
    "damage",
    [
        {"answer": [99]},
        {"answer": [0]},
        {"answer": ["1"]},
        {"answer": [True]},
        {"answer": 3},
        {"answer": None},
        {"did": "wrote", "answer": [1]},
        {"did": "wrote", "answer": None},
        {"did": "answered", "answer": [2]},
        {"did": ["picked"]},
        {"words": "60"},
        {"of": 7},
    ],
)
def test_a_damaged_record_is_passed_over(learner, article, damage):
    say(box(article), picks=[1])
    answers.append(answers.answers_file(), **(kept()[0] | {"answer": [2]} | damage))

    assert box(article).state["picks"] == [1]
    assert box(article).state["text"] == ""


def test_a_torn_last_line_loses_nothing_before_it(learner, article):
    say(box(article), picks=[1])
    with answers.answers_file().open("ab") as file:
        file.write(b'{"item": "bench:sadr-pro')
    again = box(article)
    assert again.state["picks"] == [1]
    say(again, picks=[1, 2])

    assert box(article).state["picks"] == [1, 2]


def test_progress_takes_no_notice(learner, article):
    before = answers.standing([])
    say(box(article), picks=[1], text=TEN, keep=True)

    assert answers.standing(kept()).equals(before)
    assert answers.confident_errors(kept()) == []


def test_deleting_all_answers_deletes_these(learner, article):
    say(box(article), picks=[1])
    answers.delete(answers.answers_file())

    assert box(article).state["picks"] == []


def test_a_file_that_cannot_be_written_is_said_until_all_is_kept(learner, article):
    (learner / answers.FILE).mkdir()
    desk = box(article)
    say(desk, way="write", text="Sadr calls", keep=True)
    assert desk.state["note"].startswith("Not saved: my-answers.jsonl cannot be written (")
    assert desk.state["says"] == "2 of 60 words"
    say(desk, way="write", text="Sadr calls", keep=False)
    assert desk.state["note"]
    (learner / answers.FILE).rmdir()
    say(desk, way="write", text="Sadr calls", keep=False)

    assert desk.state["note"] == ""
    assert box(article).state["text"] == "Sadr calls"


def test_half_a_character_is_no_reason_to_lose_the_rest(learner, article):
    say(box(article), way="write", text="Sadr \ud83d calls", keep=True)

    assert box(article).state["text"] == "Sadr ? calls"


# The widget


@pytest.mark.parametrize(
    "message",
    [
        None,
        "pick",
        {},
        {"way": "sing", "picks": [], "text": ""},
        {"way": ["pick"], "picks": [], "text": ""},
        {"way": "pick", "picks": [0], "text": ""},
        {"way": "pick", "picks": [[1]], "text": ""},
        {"way": "pick", "picks": None, "text": ""},
        {"way": "write", "picks": [], "text": 3},
    ],
)
def test_other_messages_change_and_keep_nothing(learner, article, message):
    desk = box(article)
    say(desk, picks=[1])
    before = desk.state
    desk._asked(desk, message, [])

    assert desk.state == before
    assert len(kept()) == 1


def test_every_message_is_answered_with_its_view_and_turn(learner, article, monkeypatch):
    desk, sent = box(article), []
    monkeypatch.setattr(desk, "send", sent.append)
    say(desk, view="a", turn=7)

    assert sent == [{"heard": 7, "view": "a"}]


def test_its_text_is_short(article):
    assert repr(box(article)) == (
        "<Bench for 60 words on 'Sadr calls on Iraqis to join Friday anti-US protests'>"
    )


# Without widgets


def test_the_twin_has_the_sentences_the_methods_and_the_way_without_the_bench(task):
    text = repr(widget.twin(task))

    assert "  S01 (26 words) ERBIL" in text
    assert "\n  lead: S01 S02 (56 words)\n" in text
    assert "No method picked S05" in text
    assert "cannot tell whether a summary is true" in text
    assert "from nutgraf import quoting, scoring, summarizing" in text


def test_the_way_without_the_bench_works(article, task):
    lines = widget._how(task)
    names = {"article": article}
    exec("\n".join(lines), names)

    assert names["mine"] == article.sentences["text"][1]


def test_the_twin_shows_no_reference(task):
    twin = widget.twin(task)

    assert not [text for text in task.texts if text[:40] in str(twin) + unescape(twin.html)]


def test_a_text_without_references_has_a_way_without_them():
    assert "summaries" not in repr(widget.twin(widget.task_of(OWN)))


def test_text_is_never_taken_for_markup():
    article = Article.from_text("<script>alert(1)</script> is & <b>bold</b>.", "<b>x</b>")
    html = widget.twin(widget.task_of(article)).html

    assert "<b>" not in html
    assert "<script>" not in html
    assert "<b>bold</b>" in unescape(html)


def test_the_twin_has_the_class_that_a_live_bench_hides(task, root):
    style = (root / "src/nutgraf/widgets/static/bench.css").read_text(encoding="utf-8")

    assert 'class="nutgraf-twin"' in widget.twin(task).html
    assert ".jp-OutputArea:has(.nutgraf-bench) > .jp-OutputArea-child:has(.nutgraf-twin)" in style


def test_the_page_is_only_ever_given_text(root):
    script = (root / "src/nutgraf/widgets/static/bench.js").read_text(encoding="utf-8")

    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script
