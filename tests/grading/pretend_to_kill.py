"""The judge that only pretends, with one more fault: it ends who started its worker."""

from __future__ import annotations

import os
import signal

from tests.grading import pretend
from tests.grading.pretend import Limits

__all__ = ["Grader", "Limits"]


class Grader(pretend.Grader):
    def grade(self, learner, exercise, notebook):
        if b"right cy" in notebook:
            os.kill(os.getppid(), signal.SIGKILL)
        return super().grade(learner, exercise, notebook)
