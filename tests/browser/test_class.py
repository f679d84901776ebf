"""Two learners mark in windows of their own; what they handed in is laid side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from nutgraf import classroom
from tests.browser.lab import Lab
from tests.browser.test_annotator import CELL, MARKS, begin, find, label, says

MARKED = {
    "Ann": [("“invaders”", "QUOTE"), ("notorious", "LOADED"), ("many on the streets", "VAGUE")],
    "Ben": [("“invaders”", "QUOTE"), ("notorious", "LOADED"), ("assassinated", "LOADED")],
}


@pytest.fixture
def labs(tmp_path):
    """A JupyterLab for each learner, on a folder of their own."""
    started = {}
    for name in MARKED:
        folder, home = tmp_path / "class" / name, tmp_path / f"home-{name}"
        (folder / ".nutgraf").mkdir(parents=True)
        home.mkdir()
        started[name] = Lab(folder, home)
    yield started
    for lab in started.values():
        lab.stop()


def test_what_two_learners_marked_in_their_windows_is_compared(labs, browser, article, tmp_path):
    for name, lab in labs.items():
        with lab.open(browser, lab.write("marks.ipynb", CELL)) as page:
            desk = begin(page)
            for words, kind in MARKED[name]:
                find(desk, words)
                label(desk, kind).click()
                says(desk, f"Marked {words} as {kind}.")
        assert Path(lab.folder / MARKS).is_file()

    found = classroom.collect(tmp_path / "class", article)
    table = classroom.agreement_table(found, article).set_index("label")

    assert set(found.layers) == set(MARKED)
    assert found.problems.empty
    assert table.loc["QUOTE", "f1_exact"] == 1
    assert 0 < table.loc["LOADED", "f1_exact"] < 1
    assert table.loc["VAGUE", "f1_exact"] == 0
