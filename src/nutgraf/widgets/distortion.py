"""Spot the distortion: a mirrored pair of distorted summaries, and one with nothing wrong in it.

Both sides are distorted, so that distortion is not learned as one side's habit; the clean one is
there so that marking everything does not pay; and the last word is the faithful summary's.
"""

from __future__ import annotations

import random

from nutgraf import answers, quizzes
from nutgraf.errors import NutgrafError
from nutgraf.widgets import quiz


def spot(*what: str) -> None:
    """Show the passages of `span` items in an order of this learner's: `spot("S3", "S7", "S8")`.

    What was found is added up when all are checked, then the faithful summary is shown. Raises
    NutgrafError unless the items show both distorted summaries, and nothing but summaries.
    """
    quiz._show(in_order(quizzes.pick(*what), answers.learner(answers.answers_file())), "spot")


def in_order(items: list[quizzes.Item], learner: str) -> list[quizzes.Item]:
    """The items in the order this learner sees them: always the same for one learner."""
    others = [item.id for item in items if not item.summary]
    if others or not quizzes.faithful(items):
        raise NutgrafError(
            "spot takes items of kind span on summaries, the distorted ones among them"
            + (f"; {', '.join(others)} is none. " if others else ". ")
            + 'Show other items with quiz("T1").'
        )
    order = sorted(items, key=lambda item: item.id)
    random.Random(f"{learner}:{' '.join(item.id for item in order)}").shuffle(order)
    return order
