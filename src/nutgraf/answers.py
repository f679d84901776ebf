"""The learner's answers: one plain file, one line an action, only ever added to.

Each line is a JSON object: `item`, `did` ("answered", "hint", "compared" or "shown"), `mode`
("quiz", "predict" or "recheck"), `at` (UTC), and for an answer `answer`, `sure`, `verdict`. The
summary bench (`mode` "bench") adds what was "picked" or "wrote", with its budget and text. For an
exercise (`mode` "exercise") an attempt was "checked", with its `verdict` ("correct" or "not yet")
and `code`, a fingerprint: no line of the learner's code is kept. A solution was "shown".
The first line holds a random number that fixes the order in which this learner sees options.
No name is asked for, and nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nutgraf.paths import kit_dir, learner_folder

FILE = "my-answers.jsonl"
READING_EDITION = "reading edition"
"""The order outside a learner's folder: fixed, so that the lessons as published stay the same."""


def answers_file() -> Path:
    """Where answers are kept: in the learner's folder, or else in the working folder."""
    return (learner_folder() or Path.cwd()) / FILE


def read(path: Path) -> list[dict[str, Any]]:
    """All records that can be read, oldest first.

    A line that is no JSON object (the torn last line after a power cut, say) is passed over
    and stays in the file.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def append(path: Path, **record: Any) -> None:
    """Add one record and have it on the disk when this returns.

    Raises OSError when the file cannot be written; earlier lines are never touched.
    """
    record = {**record, "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    with open(path, "ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a torn line: start on a new one
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def learner(path: Path) -> str:
    """This learner's random number, made on first use; a fixed word where none can be kept."""
    if learner_folder(path.parent) is None:
        return READING_EDITION
    for _ in range(2):
        for record in read(path):
            if isinstance(record.get("learner"), str):
                return record["learner"]
        try:
            append(path, learner=secrets.token_hex(8))
        except OSError:
            return READING_EDITION
    return READING_EDITION


def delete(path: Path) -> None:
    """Remove every answer. Raises OSError when the file cannot be removed."""
    path.unlink(missing_ok=True)


def of_item(records: list[dict[str, Any]], item_id: str, mode: str) -> list[dict[str, Any]]:
    """The records of one item in one mode, oldest first."""
    return [r for r in records if r.get("item") == item_id and r.get("mode") == mode]


def confident_errors(records: list[dict[str, Any]]) -> list[str]:
    """Ids of items once answered wrongly with certainty and not yet put right on a re-check.

    Oldest first. Sure-but-wrong answers are the ones that explanation corrects best, and the
    ones that come back after a week, so they are asked again.
    """
    open_errors: dict[str, None] = {}
    for record in records:
        item = record.get("item")
        if not isinstance(item, str) or record.get("did") != "answered":
            continue
        if record.get("verdict") == "not yet" and record.get("sure") == "certain":
            open_errors[item] = None
        elif record.get("mode") == "recheck" and record.get("verdict") in ("right", "defensible"):
            open_errors.pop(item, None)
    return list(open_errors)


def attempts(records: list[dict[str, Any]], *verdicts: str) -> list[str]:
    """Fingerprints of the different attempts at an exercise that ended in one of `verdicts`.

    records: of this exercise, as `of_item` gives them. Without verdicts all attempts are listed.
    """
    codes = [
        record["code"]
        for record in records
        if record.get("did") == "checked"
        and isinstance(record.get("code"), str)
        and (not verdicts or record.get("verdict") in verdicts)
    ]
    return list(dict.fromkeys(codes))


def standing(records: list[dict[str, Any]]) -> Any:
    """Where a learner stands: a pandas table, one row a lesson.

    Columns: lesson, questions, right, not_yet, guessed, open (these four add up to questions),
    first_try (right at the first answer), sure_but_wrong (first answers given as certain that
    were not right, guesses included). A guess asked for before the cell that tells is only
    "guessed", since nobody could know yet. Answers are marked anew with today's key; a
    defensible reading counts as right.
    """
    import pandas as pd

    from nutgraf import quizzes

    given: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.get("did") == "answered" and isinstance(record.get("item"), str):
            given.setdefault(record["item"], []).append(record)
    rows: dict[str, dict[str, Any]] = {}
    for item in quizzes.all_items().values():
        row = rows.setdefault(item.lesson, dict.fromkeys(_COUNTS, 0))
        row["questions"] += 1
        tries = [
            (quizzes.mark(item, record.get("answer")).passed, record)
            for record in given.get(item.id, ())
        ]
        answered = [passed for passed, record in tries if record.get("mode") != "predict"]
        row[_state(answered, guessed=bool(tries))] += 1
        row["first_try"] += answered[:1] == [True]
        row["sure_but_wrong"] += any(
            not passed and record.get("sure") == "certain" for passed, record in tries[:1]
        )
    return pd.DataFrame([{"lesson": lesson, **row} for lesson, row in rows.items()])


def exercises(records: list[dict[str, Any]]) -> Any:
    """Where a learner stands with the exercises: a pandas table, one row an exercise.

    Columns: exercise (its file's name), attempts (different ones), verdict ("correct" once an
    attempt was, else "not yet", or "open" without one), hints (seen), solution ("seen" or "").
    """
    import pandas as pd

    rows = []
    for path in sorted(kit_dir("exercises").glob("E*.ipynb")):
        mine = of_item(records, path.name[:3], "exercise")
        did = [record.get("did") for record in mine]
        tried = attempts(mine)
        verdict = "correct" if attempts(mine, "correct") else "not yet" if tried else "open"
        rows.append(
            {
                "exercise": path.stem,
                "attempts": len(tried),
                "verdict": verdict,
                "hints": did.count("hint"),
                "solution": "seen" if "shown" in did else "",
            }
        )
    return pd.DataFrame(rows, columns=["exercise", "attempts", "verdict", "hints", "solution"])


_COUNTS = ("questions", "right", "not_yet", "guessed", "open", "first_try", "sure_but_wrong")


def _state(answered: list[bool], guessed: bool) -> str:
    if answered:
        return "right" if any(answered) else "not_yet"
    return "guessed" if guessed else "open"
