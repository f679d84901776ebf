"""Where a learner stands, as tables and a plot, and a button that deletes it all."""

from __future__ import annotations

from typing import Any

from nutgraf import answers
from nutgraf.widgets.quiz import Readable

HEADINGS = {
    "lesson": "lesson",
    "questions": "questions",
    "right": "right",
    "not_yet": "not yet",
    "guessed": "guessed",
    "open": "open",
    "first_try": "right at first try",
    "sure_but_wrong": "certain, but wrong",
}
BARS = (
    ("right", "#2a6f97", ""),
    ("not_yet", "#e9a23b", "//"),
    ("guessed", "#a9d6e5", "\\\\"),
    ("open", "#ffffff", ".."),
)


def progress() -> None:
    """Show the learner's standing, lesson by lesson, and offer to delete every answer.

    The exercises are shown as soon as one of them was begun.
    """
    from IPython.display import display

    path = answers.answers_file()
    records = answers.read(path)
    table = answers.standing(records)
    display(table.rename(columns=HEADINGS).set_index("lesson"))
    display(plot(table))
    if any(record.get("mode") == "exercise" for record in records):
        exercises = answers.exercises(records)
        display(exercises.set_index("exercise"))
        display(Readable(exercises_in_words(exercises)))
    display(delete_button(path))


def exercises_in_words(table: Any) -> str:
    """What the table of the exercises tells, in a sentence."""
    counts = table["verdict"].value_counts()
    correct, not_yet, untried = (int(counts.get(v, 0)) for v in ("correct", "not yet", "open"))
    return (
        f"Of {len(table)} exercises you have solved {correct}; {not_yet} you have begun, and "
        f"{untried} are open."
    )


def in_words(table: Any) -> str:
    """The plot's text twin."""
    totals = table[["questions", "right", "not_yet", "guessed", "open"]].sum()
    return (
        f"Of {totals['questions']} questions you have answered {totals['right']} right; "
        f"{totals['not_yet']} are not right yet, {totals['guessed']} you guessed before the "
        f"cell that tells, and {totals['open']} are open."
    )


def plot(table: Any) -> Any:
    """A bar a lesson: right, not yet, open, told apart by hatching as well as by colour."""
    from matplotlib.figure import Figure

    from nutgraf.drawing import figure

    fig = Figure(figsize=(7, 0.6 + 0.4 * len(table)), layout="constrained")
    axes = fig.subplots()
    left = table["right"] * 0
    for column, colour, hatch in BARS:
        axes.barh(
            table["lesson"],
            table[column],
            left=left,
            color=colour,
            hatch=hatch,
            edgecolor="#333333",
            label=HEADINGS[column],
        )
        left = left + table[column]
    axes.invert_yaxis()
    axes.set_xlabel("questions")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure(fig, in_words(table))


def delete_button(path: Any) -> Any:
    """A button that asks once more, then removes the answers file."""
    import ipywidgets as widgets

    wide = widgets.Layout(width="auto")
    start = widgets.Button(description="Delete all my answers …", layout=wide)
    really = widgets.Button(description="Yes, delete them all", layout=wide)
    keep = widgets.Button(description="No, keep them", layout=wide)
    said = widgets.Label()
    box = widgets.HBox([start, said])

    def ask(_button) -> None:
        said.value = "This cannot be undone."
        box.children = [really, keep, said]

    def back(_button) -> None:
        said.value = "Kept."
        box.children = [start, said]

    def remove(_button) -> None:
        try:
            answers.delete(path)
            said.value = "Deleted. Run a question's cell again to start afresh."
        except OSError as problem:
            said.value = f"{path.name} could not be deleted ({problem.strerror or problem})."
        box.children = [start, said]

    start.on_click(ask)
    keep.on_click(back)
    really.on_click(remove)
    return box
