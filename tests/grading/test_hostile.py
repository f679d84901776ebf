"""Hostile and odd notebooks: each gets the right verdict, and nothing outside its box changes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nutgraf.grading.judge import Grader, Limits
from nutgraf.paths import kit_dir
from tests.grading import hostile

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

LIMITS = Limits(cpu_seconds=2, wall_seconds=8, memory_mb=500)
"""Narrow, so that what runs into them does so soon."""


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    return read(next((kit_dir("exercises") / "solutions").glob("E03-*.ipynb")))


@pytest.fixture(scope="module")
def edition() -> dict[str, Any]:
    return read(next(kit_dir("exercises").glob("E03-*.ipynb")))


@pytest.fixture(scope="module")
def grader(source) -> Iterator[Grader]:
    with Grader({"E03": source}, LIMITS) as grader:
        yield grader


@pytest.fixture(scope="module")
def targets(tmp_path_factory) -> hostile.Targets:
    return hostile.lay_out(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def visitors(targets) -> Iterator[list[str]]:
    """Who came to the doors of this computer: a socket in a file, and one for UDP."""
    came: list[str] = []
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.socket(socket.AF_UNIX))
        here = os.getcwd()
        os.chdir(targets.door.parent)  # the name of a socket must be short
        door.bind(targets.door.name)
        os.chdir(here)
        door.listen()
        door.settimeout(0.2)
        done = threading.Event()

        def wait() -> None:
            while not done.is_set():
                with contextlib.suppress(TimeoutError, OSError):
                    door.accept()[0].close()
                    came.append("unix")

        waiting = threading.Thread(target=wait)
        waiting.start()
        yield came
        done.set()
        waiting.join()


@pytest.fixture
def watched(targets, visitors, grader) -> Iterator[None]:
    """Fail if anything changed outside, somebody came, or something still runs."""
    secret = "NUTGRAF_SECRET_OF_THE_TEACHER"
    before, there, processes = targets.fingerprint(), litter(), running(grader)
    os.environ[secret] = "1"
    yield
    del os.environ[secret]
    assert targets.fingerprint() == before
    assert visitors == []
    assert litter() == there
    assert settled(grader) == processes


def litter() -> set[str]:
    """Names of things of a kind that attacks leave, where they might leave them."""
    import nutgraf

    places = ["/tmp", "/var/tmp", "/dev/shm", "/", os.path.dirname(nutgraf.__file__), sys.prefix]
    found = set()
    for place in places:
        with contextlib.suppress(OSError):
            found |= {f"{place}/{name}" for name in os.listdir(place) if "was-here" in name}
    return found


def running(grader: Grader) -> int:
    """How many processes there are on the other side, the first two or three among them."""
    first = psutil.Process(grader._keeper._process.pid)
    return 1 + len([p for p in first.children(recursive=True) if p.status() != "zombie"])


def settled(grader: Grader) -> int:
    """The same once the last learner's process has had the time to go."""
    grader._keeper._settle()
    return running(grader)


def names(attacks: list[hostile.Attack]) -> dict[str, Any]:
    return {"argvalues": attacks, "ids": [attack.name for attack in attacks]}


def has_what_it_needs(attack: hostile.Attack, grader: Grader) -> bool:
    held = {layer for layer, holds in grader.isolation.holds.items() if holds}
    if "folders of its own" in grader.isolation.means:
        held.add("own folders")
    return attack.needs <= held


@pytest.mark.parametrize("attack", **names([*hostile.CODE, *hostile.FILES]))
def test_an_attack_gets_its_verdict_and_changes_nothing(attack, grader, edition, targets, watched):
    if not has_what_it_needs(attack, grader):
        pytest.skip("this computer has no way of keeping that off")
    begun = time.monotonic()
    result = grader.grade("mallory", "E03", attack.notebook(edition, targets))

    assert [cell.grade_id for cell in result.cells] == list(hostile.TESTS)
    for cell, allowed in zip(result.cells, attack.outcomes, strict=True):
        assert cell.outcome in allowed, cell
    assert result.points == attack.points
    assert result.out_of == 3
    assert time.monotonic() - begun < 30
    shown = " ".join(cell.message for cell in result.cells)
    assert str(targets.folder) not in shown
    assert max(len(cell.message) for cell in result.cells) <= 2000


@pytest.mark.parametrize("honest", **names(hostile.HONEST))
def test_an_honest_notebook_with_odd_habits_gets_full_marks(
    honest, grader, edition, targets, watched
):
    result = grader.grade("ann", "E03", honest.notebook(edition, targets))

    assert [cell.outcome for cell in result.cells] == ["correct", "correct"], result
    assert result.points == 3
