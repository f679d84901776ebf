"""Results of grading: what they add up to, and that they survive being written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading.results import OUTCOMES, CellResult, Result, sheet

texts = st.text(max_size=20)
cells = st.builds(
    CellResult, texts, st.floats(0, 9), st.floats(0, 9), st.sampled_from(sorted(OUTCOMES)), texts
)
results = st.builds(
    Result, texts, texts, st.lists(cells).map(tuple), st.lists(texts).map(tuple), texts
)


def result(*outcomes: str) -> Result:
    found = [CellResult(f"c{i}", float(o == "correct"), 1, o) for i, o in enumerate(outcomes)]
    return Result("ana", "E03", tuple(found))


@given(results)
def test_a_result_comes_back_as_it_was_written(one):
    assert Result.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize("data", [{}, {"cells": [{"grade": 1}]}, {"cells": 3}])
def test_what_is_no_result_is_refused(data):
    with pytest.raises(NutgrafError, match="No result of grading"):
        Result.from_json(data)


def test_the_first_cell_that_is_not_correct_gives_the_outcome():
    assert result("correct", "correct").outcome == "correct"
    assert result("correct", "time", "not yet").outcome == "time"
    assert result("correct", "not yet").points == 1
    assert result("correct", "not yet").out_of == 2


def test_a_person_looks_at_what_could_be_right_and_was_not_tested():
    assert result("correct", "not testable").by_hand
    assert result("unreadable").by_hand
    assert not result("correct", "not yet", "error", "time").by_hand


def test_a_sheet_lists_the_test_cells_in_their_order():
    def cell(kind, source, **nbgrader):
        return {"cell_type": kind, "source": source, "metadata": {"nbgrader": nbgrader}}

    page = {
        "cells": [
            cell("markdown", ["# E03 Words\n", "\n", "more"]),
            cell("markdown", "## Not this"),
            cell("code", "def f(): ...", solution=True, grade=False),
            cell("code", "assert f()", grade=True, grade_id="E03-small", points=2),
            cell("code", "assert f(1)", grade=True, grade_id="E03-article", points=1),
        ]
    }
    found = sheet("E03", page)
    assert found.title == "E03 Words"
    assert found.cells == (("E03-small", 2.0), ("E03-article", 1.0))
    assert found.out_of == 3


def test_a_notebook_without_tests_is_refused():
    with pytest.raises(NutgrafError, match="E03: this notebook has no test cell"):
        sheet("E03", {"cells": []})
