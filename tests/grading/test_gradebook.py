"""The gradebook: what everybody gets, as people, spreadsheets and learning platforms read it."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading import gradebook
from nutgraf.grading.gradebook import asked, defused, marks, number, one_line, undefused, write
from nutgraf.grading.results import OUTCOMES, CellResult, Result, Sheet
from nutgraf.grading.submissions import Collected, Learner, Refused, Submission

E03 = Sheet("E03", "E03 A better word list", (("E03-small", 2.0), ("E03-article", 1.0)))
E04 = Sheet("E04", "E04 Top words", (("E04-small", 1.5),))
E05 = Sheet("E05", "E05 Paragraphs", (("E05-small", 1.0),))
SHEETS = (E03, E04, E05)

ANN = Learner("Ann", "Ann", canvas_id="12")
BEN = Learner("Ben", "Ben", moodle_id="77")
CEM = Learner("Cem", "Cem Yıldız", moodle_id="78")


def result(learner: Learner, sheet: Sheet, *outcomes: str, message: str = "Look?") -> Result:
    cells = tuple(
        CellResult(
            name, points * (one == "correct"), points, one, "" if one == "correct" else message
        )
        for (name, points), one in zip(sheet.cells, outcomes, strict=True)
    )
    return Result(learner.key, sheet.exercise, cells)


def collection(*learners: Learner, without: tuple[str, ...] = (), refused=()) -> Collected:
    """A collection in which everybody handed in E03 and E04, but for `without` ("Ann/E04")."""
    files = [
        Submission(one.key, sheet.exercise, f"{one.key}/{sheet.exercise}.ipynb", "0")
        for one in learners
        for sheet in (E03, E04)
        if f"{one.key}/{sheet.exercise}" not in without
    ]
    return Collected(Path(), tuple(learners), tuple(files), (), tuple(refused))


CLASS = collection(ANN, BEN, CEM, without=("Cem/E04",))
RESULTS = (
    result(ANN, E03, "correct", "correct"),
    result(ANN, E04, "correct"),
    result(BEN, E03, "correct", "not yet"),
    result(BEN, E04, "not testable"),
    result(CEM, E03, "not attempted", "time"),
)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def written(tmp_path) -> dict[str, list[list[str]]]:
    return {path.name: table(path) for path in write(RESULTS, CLASS, SHEETS, tmp_path, "")}


# The tidy table


def test_every_learner_has_a_row_for_each_test_cell_that_was_asked_for(written):
    head, *rows = written["grades.csv"]
    assert tuple(head) == gradebook.COLUMNS
    assert [row[:1] + row[2:7] + row[8:] for row in rows] == [
        ["Ann", "E03", "E03-small", "2", "2", "correct", "no"],
        ["Ann", "E03", "E03-article", "1", "1", "correct", "no"],
        ["Ann", "E04", "E04-small", "1.5", "1.5", "correct", "no"],
        ["Ben", "E03", "E03-small", "2", "2", "correct", "no"],
        ["Ben", "E03", "E03-article", "0", "1", "not yet", "no"],
        ["Ben", "E04", "E04-small", "0", "1.5", "not testable", "yes"],
        ["Cem", "E03", "E03-small", "0", "2", "not attempted", "no"],
        ["Cem", "E03", "E03-article", "0", "1", "time", "no"],
        ["Cem", "E04", "E04-small", "0", "1.5", "not handed in", "no"],
    ]


def test_pandas_reads_the_tidy_table(tmp_path):
    import pandas as pd

    write(RESULTS, CLASS, SHEETS, tmp_path, "")
    grades = pd.read_csv(tmp_path / "grades.csv")
    assert tuple(grades.columns) == gradebook.COLUMNS
    assert grades.groupby("learner")["points"].sum().to_dict() == {"Ann": 4.5, "Ben": 2, "Cem": 0}
    assert grades["name"].iloc[-1] == "Cem Yıldız"


def test_only_the_table_that_excel_opens_begins_with_a_mark_of_its_encoding(tmp_path):
    marked = {
        path.name
        for path in write(RESULTS, CLASS, SHEETS, tmp_path, "")
        if path.read_bytes().startswith(b"\xef\xbb\xbf")
    }
    assert marked == {"grades.csv"}


def test_an_exercise_that_nobody_handed_in_was_not_asked_for():
    assert asked(CLASS, SHEETS) == [E03, E04]
    assert asked(collection(), SHEETS) == [E03, E04, E05]


# Canvas


def test_canvas_gets_its_columns_and_the_row_of_points(written):
    assert written["gradebook-canvas.csv"] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", E03.title, E04.title],
        ["    Points Possible", "", "", "", "", "3", "1.5"],
        ["Ann", "12", "", "", "", "3", "1.5"],
        ["Ben", "", "", "", "", "2", ""],  # a person looks at E04 first
        ["Cem Yıldız", "", "", "", "", "0", "0"],  # a blank would not count
    ]


def test_what_canvas_looks_for_in_a_file_is_there(written):
    # As its importer does it: these words in the first cells, "Section" before the assignments,
    # and as many commas in each of the first lines, so that it does not take ";" for the comma.
    head, points, *_ = written["gradebook-canvas.csv"]
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in points[0]
    assert len({len(row) for row in written["gradebook-canvas.csv"]}) == 1


# Moodle


def test_moodles_gradebook_gets_points_and_words_for_each_exercise(written):
    head, *rows = written["gradebook-moodle.csv"]
    assert head == [
        *("Learner", E03.title, f"{E03.title} (feedback)", E04.title, f"{E04.title} (feedback)")
    ]
    assert rows == [
        ["Ann", "3", "3 of 3.", "1.5", "1.5 of 1.5."],
        ["Ben", "2", "2 of 3, not yet. Look?", "", "your teacher looks at it"],
        ["Cem Yıldız", "0", "0 of 3, not attempted. Look?", "0", "not handed in"],
    ]


def test_no_row_for_moodles_gradebook_is_without_a_learner():
    # Moodle would give such a row to the learner of the row before.
    nameless = Learner("learner", "")
    _, row = gradebook._moodle([[gradebook.Mark(nameless, E05, ())]], [E05])
    assert row[0] == "learner"


def test_moodles_worksheet_has_a_row_for_each_known_participant(written):
    assert written["moodle-worksheet.csv"] == [
        [
            *("Identifier", "Full name", "Grade", "Maximum Grade"),
            *("Last modified (grade)", "Feedback comments"),
        ],
        [
            *("Participant 77", "Ben", "", "4.5", "-"),
            f"{E03.title}: 2 of 3, not yet. Look?<br>{E04.title}: your teacher looks at it",
        ],
        [
            *("Participant 78", "Cem Yıldız", "0", "4.5", "-"),
            f"{E03.title}: 0 of 3, not attempted. Look?<br>{E04.title}: not handed in",
        ],
    ]


def test_feedback_in_moodles_worksheet_is_html_and_cannot_be_more(tmp_path):
    message = '<img src="x" onerror="alert(1)"> a < b'
    write([result(BEN, E05, "not yet", message=message)], _only(BEN), [E05], tmp_path, "")
    said = table(tmp_path / "moodle-worksheet.csv")[1][-1]
    assert "<img" not in said
    assert "&lt;img" in said


def _only(learner: Learner) -> Collected:
    return Collected(Path(), (learner,), (Submission(learner.key, "E05", "x", "0"),), ())


def test_without_numbers_of_moodle_there_is_no_worksheet(tmp_path):
    write(RESULTS, CLASS, SHEETS, tmp_path, "")
    paths = write([result(ANN, E05, "correct")], _only(ANN), SHEETS, tmp_path, "")
    assert "moodle-worksheet.csv" not in {path.name for path in paths}
    assert not (tmp_path / "moodle-worksheet.csv").exists()


# What a person looks at


def test_a_refused_file_is_looked_at_and_not_a_nought(tmp_path):
    collected = collection(
        ANN, without=("Ann/E04",), refused=[Refused("Ann", "E04", "it has 50.0 MB. Ask for it.")]
    )
    write([result(ANN, E03, "correct", "correct")], collected, SHEETS, tmp_path, "")
    assert table(tmp_path / "gradebook-canvas.csv")[2][-2:] == ["3", ""]
    last = table(tmp_path / "grades.csv")[-1]
    assert last[4:] == ["0", "1.5", "unreadable", gradebook.NOT_TAKEN, "yes"]
    ((_, mark),) = marks([result(ANN, E03, "correct", "correct")], collected, SHEETS)
    assert mark.notes == ("it has 50.0 MB. Ask for it.",)


def test_a_file_without_a_result_is_looked_at(tmp_path):
    write([], collection(ANN), SHEETS, tmp_path, "")
    assert {tuple(row[6:]) for row in table(tmp_path / "grades.csv")[1:]} == {
        ("no result", "", "yes")
    }
    assert table(tmp_path / "gradebook-canvas.csv")[2][-2:] == ["", ""]


def test_a_test_cell_without_a_result_is_looked_at():
    short = Result("Ann", "E03", (CellResult("E03-small", 2, 2, "correct"),))
    ((mark, _),) = marks([short], collection(ANN), SHEETS)
    assert [cell.outcome for cell in mark.cells] == ["correct", "no result"]
    assert mark.look


@pytest.mark.parametrize(
    "results",
    [
        [result(BEN, E03, "correct", "correct")],
        [Result("Ann", "E99", ())],
        [result(ANN, E04, "correct"), result(ANN, E04, "not yet")],
    ],
)
def test_results_that_do_not_belong_together_are_refused(results, tmp_path):
    with pytest.raises(NutgrafError, match="twice, or belongs to nobody"):
        write(results, collection(ANN), SHEETS, tmp_path, "")
    assert not list(tmp_path.iterdir())


# Bytes


def test_the_same_results_give_the_same_bytes_in_any_order(tmp_path):
    made = set()
    for seed in range(4):
        chance = random.Random(seed)
        results = chance.sample(RESULTS, len(RESULTS))
        collected = Collected(
            Path(str(seed)),
            tuple(chance.sample(CLASS.learners, 3)),
            tuple(chance.sample(CLASS.submissions, len(CLASS.submissions))),
            (),
        )
        paths = write(results, collected, chance.sample(SHEETS, 3), tmp_path / str(seed), str(seed))
        made.add(tuple((path.name, path.read_bytes()) for path in paths))
    assert len(made) == 1


def test_files_appear_in_one_step_or_stay_as_they_were(tmp_path, monkeypatch):
    write(RESULTS, CLASS, SHEETS, tmp_path, "")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gradebook.os, "fsync", full)
    with pytest.raises(NutgrafError, match=r"grades.csv could not be written \(No space left"):
        write([], CLASS, SHEETS, tmp_path, "")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("points", "said"), [(0, "0"), (2.0, "2"), (10.0, "10"), (1.5, "1.5"), (1 / 3, "0.3333")]
)
def test_points_are_written_as_people_write_them(points, said):
    assert number(points) == said


# Spreadsheets


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'=1", "=cmd|' /C calc'!A0"]
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text):
    assert defused(text) == f"'{text}"
    assert undefused(defused(text)) == text


@pytest.mark.parametrize(
    "name", ["Ann", "O'Neil", "Jörg Müller-Lee", "'t Hart", "李雷", "a=b", "3a"]
)
def test_real_names_stay_as_they_are(name):
    assert defused(name) == name
    assert undefused(name) == name


@given(st.text())
def test_no_cell_begins_as_a_formula_does_and_each_comes_back(text):
    cell = defused(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert undefused(cell) == one_line(text)
    assert len(cell.splitlines()) <= 1


names = st.text(max_size=20)
outcomes = st.sampled_from(sorted(OUTCOMES))


@given(st.lists(st.tuples(names, names, outcomes), min_size=1, max_size=4))
def test_any_names_and_messages_come_back_from_every_table(tmp_path_factory, rows):
    import pandas as pd

    folder = tmp_path_factory.mktemp("gradebook")
    learners = [Learner(f"k{n}", name, str(n), str(n)) for n, (name, *_) in enumerate(rows)]
    files = [Submission(one.key, "E05", "x", "0") for one in learners]
    results = [
        Result(one.key, "E05", (CellResult("E05-small", 0, 1, outcome, message),))
        for one, (_, message, outcome) in zip(learners, rows, strict=True)
    ]
    write(results, Collected(Path(), tuple(learners), tuple(files), ()), [E05], folder, "")
    _, *tidy = table(folder / "grades.csv")
    assert [undefused(row[1]) for row in tidy] == [one_line(name) for name, *_ in rows]
    assert [undefused(row[7]) for row in tidy] == [one_line(message) for _, message, _ in rows]
    assert [row[6] for row in tidy] == [outcome for *_, outcome in rows]
    for file in ("gradebook-canvas.csv", "gradebook-moodle.csv", "moodle-worksheet.csv"):
        lines = table(folder / file)
        assert len({len(line) for line in lines}) == 1
        whole = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
        assert whole.values.tolist() == lines[1:]
        raw = (folder / file).read_bytes().decode()
        assert raw.count("\n") == raw.count("\r\n") == len(lines)
    assert [undefused(row[0]) for row in table(folder / "gradebook-canvas.csv")[2:]] == [
        one_line(name) for name, *_ in rows
    ]


def test_a_table_is_one_that_csv_itself_would_write(tmp_path):
    write(RESULTS, CLASS, SHEETS, tmp_path, "")
    raw = (tmp_path / "grades.csv").read_bytes().decode("utf-8-sig")
    again = io.StringIO()
    csv.writer(again, lineterminator="\r\n").writerows(csv.reader(io.StringIO(raw, newline="")))
    assert again.getvalue() == raw
