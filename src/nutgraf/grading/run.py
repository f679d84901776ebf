"""A whole class graded: collect, share the work out, keep what is done, write the gradebook.

Each result is a line of `results.jsonl` as soon as it is there, under a key made of the notebook's
bytes, the tests, the limits and the kit's version. A second run takes from there what has the same
key and grades the rest; so a run that was stopped goes on, and a changed notebook is graded anew.
Notebooks with the same bytes are graded once. The gradebook is made from sorted results at the end,
and is the same byte for byte, whoever graded what, and in whatever order.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.folder import others_in
from nutgraf.grading import workers as grading_workers
from nutgraf.grading.ledger import LOCK, Ledger, only_one
from nutgraf.grading.results import BY_HAND, OUTCOMES, CellResult, Result, Sheet, sheet
from nutgraf.grading.submissions import Collected, Submission, collect, is_collection, order, read
from nutgraf.grading.workers import (
    Done,
    Isolation,
    Job,
    Ready,
    Setup,
    Unreadable,
    read_file,
    run_locally,
)
from nutgraf.paths import kit_dir

if TYPE_CHECKING:
    from nutgraf.grading.judge import Limits

Say = Callable[[str], Any]

RESULTS = "results.jsonl"
"""In OUT: one JSON object a line, a result or what protected the workers; only ever added to."""

COLLECTED = "collected"
"""In OUT: the notebooks, if they had to be collected."""

LOST = "Grading could not be completed for this file. Your teacher looks at it."
UNREADABLE = "This file could not be read. Your teacher looks at it."


@dataclass(frozen=True)
class Summary:
    """What a run found out, as `grade` says it at its end.

    results: by learner and exercise; newly: how many were graded now, the rest is from before;
    problems: of collecting and grading, one sentence each; files: what was written for the
    teacher; isolation: what protected the weakest worker, in words; isolated: whether that is all
    there is to protect with.
    """

    results: tuple[Result, ...]
    newly: int
    problems: tuple[str, ...]
    files: tuple[Path, ...]
    isolation: str
    isolated: bool

    @property
    def look_at(self) -> tuple[Result, ...]:
        """Results that a person has to look at."""
        return tuple(result for result in self.results if needs_a_look(result))

    def __str__(self) -> str:
        learners = len({result.learner for result in self.results})
        lines = [f"{_count(len(self.results), 'exercise')} of {_count(learners, 'learner')} graded"]
        lines[0] += f", {self.newly} of them now." if self.newly < len(self.results) else "."
        outcomes = Counter(result.outcome for result in self.results)
        if outcomes:
            lines.append(", ".join(f"{outcomes[o]} {o}" for o in OUTCOMES if outcomes[o]) + ".")
        if self.look_at:
            lines.append(f"Look at {_these(len(self.look_at))} yourself:")
            lines += _some([f"{r.learner} {r.exercise}: {_why(r)}" for r in self.look_at])
        if self.problems:
            lines.append(f"{_count(len(self.problems), 'problem')}, all listed in class.html:")
            lines += _some(self.problems)
        lines.append(self.isolation if self.isolated else f"WARNING. {self.isolation}")
        top = [path for path in self.files if path.parent == self.files[0].parent]
        if top:
            lines.append(f"Written into {top[0].parent}: {', '.join(p.name for p in top)}.")
        return "\n".join(line for line in lines if line)


def needs_a_look(result: Result) -> bool:
    """Whether a person has to look at a result: it could not be tested, or grading it failed."""
    return result.by_hand or any(cell.message == LOST for cell in result.cells)


def teachers_tests(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """The teacher's notebooks with all their tests, as {"E03": notebook}.

    They are taken from the folder given, or else from the kit. Raises NutgrafError where there are
    none, as in a class edition, and for a notebook that is none or has no tests.
    """
    place = Path(folder) if folder else kit_dir("exercises") / "solutions"
    tests: dict[str, dict[str, Any]] = {}
    for path in sorted(place.glob("*.ipynb")):
        exercise = path.stem.partition("-")[0]
        if exercise in tests:
            raise NutgrafError(f"{place} holds {exercise} twice. Keep one of the two.")
        try:
            tests[exercise] = json.loads(path.read_bytes())
            sheet(exercise, tests[exercise])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise NutgrafError(
                f"{path} is not a notebook that can be read ({error}). Take it anew from the kit."
            ) from error
    if not tests and folder is None:
        raise NutgrafError(
            "This edition of the kit holds no solutions, and so no tests to grade with. "
            "Grade with the full kit, or name a folder with the teacher's notebooks."
        )
    if not tests:
        raise NutgrafError(
            f"{place} holds no notebooks. Name the folder with the teacher's notebooks; "
            "in the kit it is exercises/solutions."
        )
    return tests


def grade(
    source: Path,
    out: Path,
    *,
    tests: Mapping[str, Mapping[str, Any]] | None = None,
    workers: int | None = None,
    scheduler: str = "",
    limits: Limits | None = None,
    require_isolation: bool = False,
    say: Say = print,
    progress: bool = True,
) -> Summary:
    """Grade what a class handed in, and write the gradebook and the pages into `out`.

    source: a folder or zip as `submissions.collect` takes it, or a collection; nothing is written
    there. workers: how many processes of this machine (default: one a processor). scheduler: the
    address of a Dask cluster that grades instead. Run again, it grades only what is new or changed.
    Raises NutgrafError for a source or a folder that cannot be used, if another run writes into
    `out`, and, with `require_isolation`, where learners' code cannot be shut in wholly.
    """
    say = _sayer(say)
    source, out = Path(source), Path(out)
    tests = teachers_tests() if tests is None else tests
    if workers is not None and workers < 1:
        raise NutgrafError(f"{workers} workers cannot grade. Give 1 or more, or none.")
    sheets = [sheet(exercise, tests[exercise]) for exercise in sorted(tests)]
    if limits is None:
        limits = importlib.import_module(grading_workers.JUDGE).Limits()
    setup = Setup(tests, asdict(limits), require_isolation, grading_workers.JUDGE)
    _check_places(source, out)
    with only_one(out), Ledger(out / RESULTS, sheets) as ledger:
        collected = _collect(source, out, tests)
        run = _Run(setup, ledger, collected, say)
        try:
            run.plan()
            jobs = run.jobs()
            say(run.described())
            if scheduler:
                from nutgraf.grading.cluster import run_on_cluster

                happening = run_on_cluster(scheduler, setup, jobs)
            else:
                happening = run_locally(setup, jobs, workers or _processors())
            if jobs:
                shown = _Progress(run.waiting(), say, progress)
                with contextlib.closing(happening), contextlib.closing(shown):
                    run.take(happening, shown)
        except KeyboardInterrupt:
            say(
                f"Stopped. {_count(run.newly, 'result')} of this run are kept in {out / RESULTS}. "
                "Run the same command again; it goes on from here."
            )
            raise
        return _finish(run, sheets, out, say)


def _finish(run: _Run, sheets: Sequence[Sheet], out: Path, say: Say) -> Summary:
    from nutgraf.grading import gradebook, pages

    results, isolation = run.results(), run.isolation()
    problems = (*run.collected.problems, *run.problems())
    collected = replace(run.collected, problems=problems)
    files = [
        *gradebook.write(results, collected, sheets, out, isolation.words),
        *pages.write(results, collected, sheets, out, isolation.words),
    ]
    summary = Summary(
        results, run.newly, problems, tuple(files), isolation.words, isolation.complete
    )
    say(str(summary))
    return summary


# --- what there is to do ---------------------------------------------------------------------


class _Run:
    """The submissions of a run, each with its result as soon as there is one."""

    def __init__(self, setup: Setup, ledger: Ledger, collected: Collected, say: Say) -> None:
        self._setup, self._ledger, self._say = setup, ledger, say
        self.collected = collected
        self.newly = 0
        self._found: dict[Submission, Result] = {}
        self._used: set[Isolation] = set()
        self._waiting: dict[Job, list[Submission]] = {}
        self._keys: dict[Job, str] = {}
        self._problems: dict[Submission, str] = {}
        self._sheets = {name: sheet(name, notebook) for name, notebook in setup.tests.items()}
        self._warned = False
        self._submissions = sorted(
            collected.submissions, key=lambda one: (order(one.learner), one.exercise)
        )

    def plan(self) -> None:
        """Find out what was graded before, what cannot be read, and what is left to do."""
        basis = {
            exercise: _key("tests", exercise, notebook, self._setup.limits)
            for exercise, notebook in self._setup.tests.items()
        }
        alike: dict[str, list[tuple[Submission, Path, str]]] = {}
        for one in self._submissions:
            if one.exercise not in basis:
                self._problem(one, "there are no tests for this exercise.")
                continue
            try:
                file = _within(self.collected.folder, one.file)
                digest = sha256(read_file(file)).hexdigest()
            except Unreadable as reason:
                self._cannot_read(one, str(reason))
                continue
            key = _key(basis[one.exercise], digest)
            before = self._ledger.get(key, self._setup.require_isolation)
            if before is not None:
                result, isolation = before
                self._used.add(isolation)
                self._set(one, result, isolation, new=not self._ledger.has(one.learner, key))
                continue
            alike.setdefault(key, []).append((one, file, digest))
        for key, ones in alike.items():
            (first, _, digest), files = ones[0], tuple(file for _, file, _ in ones)
            job = Job(first.exercise, files, digest)
            self._keys[job], self._waiting[job] = key, [one for one, _, _ in ones]

    def jobs(self) -> list[Job]:
        """The notebooks to grade, each once."""
        return list(self._waiting)

    def described(self) -> str:
        """What was collected, and what there is to do."""
        learners = _count(len(self.collected.learners), "learner")
        found = f"{_count(len(self._submissions), 'notebook')} of {learners}"
        return f"{found}; {self.waiting():,} to grade."

    def waiting(self) -> int:
        """How many submissions wait for a result."""
        return sum(map(len, self._waiting.values()))

    def take(self, happening: Iterable[Ready | Done], shown: _Progress) -> None:
        """Write down results as they come."""
        for event in happening:
            if isinstance(event, Ready):
                self._used.add(event.isolation)
                if not event.isolation.complete and not self._warned:
                    self._warned = True
                    self._say(
                        "WARNING: learners' code cannot be shut in wholly where it runs. "
                        f"{event.isolation.words}\n"
                        "Go on only if you trust what was handed in; with --require-isolation "
                        "nothing is graded in such a case."
                    )
                continue
            key = self._keys[event.job]
            for one in self._waiting[event.job]:
                if event.result is not None:
                    result = replace(event.result, key=key)
                    self._used.add(event.isolation)  # type: ignore[arg-type]
                    self._set(one, result, event.isolation, new=True)
                elif event.unreadable:
                    self._cannot_read(one, event.why)
                else:
                    self._was_lost(one, event.why)
            shown.step(len(self._waiting[event.job]))

    def results(self) -> tuple[Result, ...]:
        """All results, by learner and exercise."""
        return tuple(self._found[one] for one in self._submissions if one in self._found)

    def problems(self) -> list[str]:
        return [self._problems[one] for one in self._submissions if one in self._problems]

    def isolation(self) -> Isolation:
        """What protected the weakest of the workers."""
        none = Isolation(True, "Nothing was graded, so no learner's code was run.")
        return min(self._used, key=lambda i: (i.complete, i.words), default=none)

    def _set(self, one: Submission, result: Result, isolation: Isolation | None, new: bool) -> None:
        result = replace(result, learner=one.learner, exercise=one.exercise)
        self._found[one] = result
        if new:
            self.newly += 1
            self._ledger.add(result, isolation)

    def _cannot_read(self, one: Submission, reason: str) -> None:
        self._problem(one, reason)
        self._set_failed(one, "unreadable", UNREADABLE, f"The file was not read. {reason}")

    def _was_lost(self, one: Submission, reason: str) -> None:
        note = f"The grading process was lost over this file twice: {reason}. Look at it yourself."
        self._problem(one, note)
        self._set_failed(one, "ended", LOST, note)

    def _set_failed(self, one: Submission, outcome: str, message: str, note: str) -> None:
        """A result without a key: the next run tries again."""
        worth = self._sheets[one.exercise].cells
        cells = tuple(CellResult(name, 0.0, points, outcome, message) for name, points in worth)
        self._set(one, Result(one.learner, one.exercise, cells, (note,)), None, new=True)

    def _problem(self, one: Submission, reason: str) -> None:
        self._problems[one] = f"{one.learner}, {one.exercise}: {reason}"


def _within(folder: Path, name: str) -> Path:
    """A file of the collection; Unreadable for a name that leads out of it."""
    parts = PurePosixPath(name).parts
    windows = PureWindowsPath(name)
    if not parts or ".." in (*parts, *windows.parts) or windows.anchor or parts[0] == "/":
        raise Unreadable("Its name leads out of the collection.")
    return folder.joinpath(*parts)


def _key(*parts: Any) -> str:
    from nutgraf import __version__

    said = json.dumps([__version__, *parts], sort_keys=True, ensure_ascii=True)
    return sha256(said.encode()).hexdigest()


def _collect(source: Path, out: Path, exercises: Iterable[str]) -> Collected:
    if source.is_dir() and is_collection(source):
        return read(source)
    return collect(source, out / COLLECTED, sorted(exercises))


def _processors() -> int:
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_places(source: Path, out: Path) -> None:
    """Raise NutgrafError unless `out` can be written into without touching anybody's files."""
    if not source.exists():
        raise NutgrafError(
            f"{source} is not there. Name the folder or zip with what was handed in."
        )
    if out.exists() and not out.is_dir():
        raise NutgrafError(f"{out} is a file. Name a folder, or rename the file.")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise NutgrafError(
            f"{out} lies in the folder with what was handed in. Name a folder outside of {source}."
        )
    if out.is_dir() and not (out / RESULTS).is_file():
        others = [name for name in others_in(out) if name != LOCK]
        if others:
            raise NutgrafError(
                f"{out} has other files in it ({', '.join(others[:3])}). Name a new or empty "
                "folder, or one that was graded into before."
            )


# --- what is said ----------------------------------------------------------------------------


class _Progress:
    """A bar where a person looks on, else a line now and then."""

    EVERY = 30.0
    """Seconds between two lines."""

    def __init__(self, total: int, say: Say, wanted: bool) -> None:
        self._total, self._say, self._wanted = total, say, wanted
        self._done = 0
        self._bar: Any = None
        self._last = time.monotonic()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, more: int) -> None:
        """Say that so many more are graded."""
        first = not self._done
        self._done += more
        if not self._wanted:
            return
        if first and sys.stderr is not None:
            from tqdm import tqdm

            if sys.stderr.isatty():
                self._bar = tqdm(total=self._total, desc="grading", unit=" file", file=sys.stderr)
        if self._bar is not None:
            self._bar.update(more)
        elif time.monotonic() - self._last > self.EVERY:
            self._last = time.monotonic()
            self._say(f"{self._done:,} of {self._total:,} graded")


def _sayer(say: Say) -> Say:
    """`say`, for names with signs that a console does not have as well."""

    def safely(text: str) -> None:
        try:
            say(text)
        except UnicodeEncodeError as error:
            say(text.encode(error.encoding, "replace").decode(error.encoding))

    return safely


def _why(result: Result) -> str:
    outcomes = [cell.outcome for cell in result.cells if cell.outcome in (*BY_HAND, "ended")]
    return " ".join([f"{outcomes[0]}.", *result.notes])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _these(number: int) -> str:
    return "this one" if number == 1 else f"these {number:,}"


def _some(lines: Sequence[str], most: int = 10) -> list[str]:
    more = [f"  and {len(lines) - most:,} more"] if len(lines) > most else []
    return [f"  {line}" for line in lines[:most]] + more
