"""Learners' files read as notebooks: what is run of them, and what the teacher is told."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.grading import cells, wire
from nutgraf.grading.cells import Cell, Unreadable, choose, read

TESTS = {"T-small": ('with attempt("T"):\n    assert f(1)',), "T-large": ("assert f(2)",)}
SOLUTIONS = ["T-f"]


def notebook(*rows, **more) -> bytes:
    return json.dumps({"cells": list(rows), "metadata": {}, "nbformat": 4, **more}).encode()


def row(source, kind="code", **more) -> dict:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


def graded(source, name, kind="code") -> dict:
    return row(source, kind, metadata={"nbgrader": {"grade_id": name}}, id=f"id-of-{name}")


def chosen(*rows):
    found, _ = read(notebook(*rows), 1)
    run, notes = choose(found, TESTS, SOLUTIONS)
    return [source for _, source in run], notes


TEST_CELLS = [graded(sources[0], name) for name, sources in TESTS.items()]


def test_code_is_run_in_its_order_and_tests_are_not():
    run, notes = chosen(
        row("# a title", "markdown"), row("import re"), graded("def f(x): ...", "T-f"), *TEST_CELLS
    )

    assert run == ["import re", "def f(x): ..."]
    assert notes == []


def test_sources_may_be_lists_of_lines():
    run, _ = chosen(graded(["a = 1\n", "b = 2"], "T-f"), *TEST_CELLS)

    assert run == ["a = 1\nb = 2"]


def test_a_test_that_lost_its_name_is_known_by_its_text():
    run, notes = chosen(graded("f = 1", "T-f"), *[row(f"{c['source']}\n\n") for c in TEST_CELLS])

    assert run == ["f = 1"]
    assert notes == []


def test_a_test_that_was_changed_is_not_run_and_told_of():
    changed = graded('with attempt("T"):\n    pass', "T-small")
    run, notes = chosen(graded("f = 1", "T-f"), changed, TEST_CELLS[1])

    assert run == ["f = 1"]
    assert notes == ["The test cell T-small was changed in the file; the teacher's was used."]


def test_work_that_got_the_name_of_a_test_is_run():
    run, notes = chosen(graded("def f(x): return x", "T-small"), TEST_CELLS[1])

    assert run == ["def f(x): return x"]
    assert len(notes) == 2


def test_a_test_that_is_gone_is_told_of():
    _, notes = chosen(graded("f = 1", "T-f"), TEST_CELLS[0])

    assert notes == ["The test cell T-large is not in the file; the teacher's was used."]


def test_a_cell_that_is_there_twice_is_run_twice_and_told_of():
    run, notes = chosen(graded("a = 1", "T-f"), graded("b = 2", "T-f"), *TEST_CELLS, *TEST_CELLS)

    assert run == ["a = 1", "b = 2"]
    assert "The cell T-f is 2 times in the file." in notes
    assert "The cell T-small is 2 times in the file." in notes


def test_a_solution_without_its_name_is_run_and_told_of():
    run, notes = chosen(row("f = 1"), *TEST_CELLS)

    assert run == ["f = 1"]
    assert notes == ["No cell of the file has the name T-f; all its code was run."]


def test_a_solution_turned_into_text_is_told_of():
    run, notes = chosen(graded("f = 1", "T-f", "markdown"), *TEST_CELLS)

    assert run == []
    assert notes == ["The cell T-f is no code cell in this file; it was not run."]


def test_the_id_of_a_cell_is_its_name_where_nbgraders_is_gone():
    run, notes = chosen(row("f = 1", id="T-f"), *[{**c, "metadata": {}} for c in TEST_CELLS])

    assert run == ["f = 1"]
    assert notes == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe{\x00", "no text in UTF-8"),
        (b"{", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"9" * 10_000, "is damaged"),
        (b"[]", "but no notebook"),
        (b'{"a": 1}', "has no cells"),
        (b'{"cells": 1}', "has no cells"),
        (b'{"cells": null, "worksheets": 3}', "has no cells"),
        (notebook(row("x" * 300_000), row("x")), "more than 300,000 characters of code"),
        (notebook(row("x" * 2**20)), "larger than 1 MB"),
    ],
)
def test_what_is_no_notebook_is_said_to_be_none(data, says):
    with pytest.raises(Unreadable, match=says):
        read(data, 1)


def test_an_old_notebook_is_read_and_told_of():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a\n", "b"]}]}, 3]}
    found, notes = read(json.dumps(old).encode(), 1)

    assert [cell.source for cell in found] == ["a\nb"]
    assert notes == ["The file has the notebook format 3, which is old; its cells were read."]


@pytest.mark.parametrize(
    "metadata",
    [{"language_info": {"name": "R"}}, {"kernelspec": {"language": "R", "name": "ir"}}],
)
def test_another_language_is_told_of(metadata):
    _, notes = read(notebook(metadata=metadata), 1)

    assert notes == ["The file says that it is written in R; it was run as Python."]


def test_only_so_many_cells_are_read():
    rows = [row(str(number)) for number in range(cells.MOST_CELLS + 5)]
    found, notes = read(notebook(*rows), 1)

    assert len(found) == cells.MOST_CELLS
    assert notes == ["The file has 2,005 cells; the first 2,000 were read."]


def test_long_text_that_is_no_code_is_no_harm():
    found, _ = read(notebook(row("x" * 400_000, "markdown"), row("a")), 1)

    assert len(found) == 2


def test_the_longest_code_fits_a_message():
    signs = ["\N{GRINNING FACE}" * cells.MOST_CODE, "\0" * cells.MOST_CODE]

    assert all(wire.pack({"cells": [["name", source]]}) for source in signs)


def test_a_mark_at_the_start_of_the_file_is_no_harm():
    found, _ = read(b"\xef\xbb\xbf" + notebook(row("a")), 1)

    assert [cell.source for cell in found] == ["a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "cell_type", "source", "input", "metadata", "nbgrader", "grade_id", "id"]
            ),
            inner | st.sampled_from(["code", "markdown", "T-f", "T-small"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.lists(JSON, max_size=4))
def test_any_json_is_a_notebook_or_unreadable(whole, rows):
    for value in (whole, {"cells": rows}, {"cells": [rows]}, {"worksheets": [{"cells": rows}]}):
        try:
            found, notes = read(json.dumps(value).encode(), 1)
        except Unreadable:
            continue
        assert all(isinstance(cell, Cell) for cell in found)
        run, odd = choose(found, TESTS, SOLUTIONS)
        assert all(type(part) is str for pair in run for part in pair)
        assert all(type(note) is str for note in (*notes, *odd))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notebook_or_unreadable(data):
    with contextlib.suppress(Unreadable):
        read(data, 1)
