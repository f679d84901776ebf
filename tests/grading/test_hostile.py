"""Hostile and odd notebooks: each gets the right verdict, and nothing outside its box changes."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from nutgraf.grading.judge import Grader, Limits
from nutgraf.paths import kit_dir
from tests.grading import hostile

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

LIMITS = Limits(cpu_seconds=1, wall_seconds=6, memory_mb=500)
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
def patient(source) -> Iterator[Grader]:
    """One with the limits that everybody gets."""
    with Grader({"E03": source}) as grader:
        yield grader


@pytest.fixture(scope="module")
def grader(source) -> Iterator[Grader]:
    with Grader({"E03": source}, LIMITS) as grader:
        yield grader


@dataclass
class Doors:
    """Sockets of this computer that wait for visitors, and who came."""

    by_tcp: socket.socket
    by_udp: socket.socket
    in_a_file: socket.socket

    def came(self) -> list[str]:
        for name in ("by_tcp", "in_a_file"):
            with contextlib.suppress(BlockingIOError):
                getattr(self, name).accept()[0].close()
                return [name]
        with contextlib.suppress(BlockingIOError):
            return [f"by_udp: {self.by_udp.recv(99)!r}"]
        return []


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with contextlib.ExitStack() as stack:
        tcp, udp, unix = (
            stack.enter_context(socket.socket(*kind))
            for kind in (
                (socket.AF_INET, socket.SOCK_STREAM),
                (socket.AF_INET, socket.SOCK_DGRAM),
                (socket.AF_UNIX, socket.SOCK_STREAM),
            )
        )
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        tcp.listen()
        for each in (tcp, udp, unix):
            each.setblocking(False)
        yield Doors(tcp, udp, unix)


@pytest.fixture(scope="module")
def targets(doors) -> Iterator[hostile.Targets]:
    # The name of a socket must be short, so no folder of pytest's.
    with tempfile.TemporaryDirectory(prefix="teacher-") as folder:
        made = hostile.lay_out(Path(folder), doors.by_tcp.getsockname()[1])
        doors.in_a_file.bind(str(made.door))
        doors.in_a_file.listen()
        yield made


def test_the_doors_hear_who_comes(doors, targets):
    for family, kind, address in (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", targets.port)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", targets.port)),
        (socket.AF_UNIX, socket.SOCK_STREAM, str(targets.door)),
    ):
        with socket.socket(family, kind) as end:
            end.connect(address)
            end.send(b"x")
        assert doors.came() != []
    assert doors.came() == []


@pytest.fixture
def watched(targets, doors, grader) -> Iterator[None]:
    """Fail if anything changed outside, somebody came, or something still runs."""
    secret = "NUTGRAF_SECRET_OF_THE_TEACHER"
    before, there, processes = targets.fingerprint(), litter(), running(grader)
    os.environ[secret] = "1"
    yield
    del os.environ[secret]
    assert targets.fingerprint() == before
    assert doors.came() == []
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


@pytest.mark.parametrize("attack", **names([a for a in hostile.CODE if not a.slow]))
def test_a_right_function_beside_an_attack_is_right_all_the_same(attack, grader, edition, targets):
    source = hostile.beside(attack.make(targets))
    if source is None or not has_what_it_needs(attack, grader):
        return  # its function is the attack itself
    cell = hostile.cell_named(page := copy.deepcopy(edition), hostile.SOLUTION)
    cell["source"] = source
    result = grader.grade("mallory", "E03", json.dumps(page).encode())

    assert [cell.outcome for cell in result.cells] == ["correct", "correct"], result


@pytest.mark.parametrize("honest", **names(hostile.HONEST))
def test_an_honest_notebook_with_odd_habits_gets_full_marks(
    honest, patient, edition, targets, watched
):
    result = patient.grade("ann", "E03", honest.notebook(edition, targets))

    assert [cell.outcome for cell in result.cells] == ["correct", "correct"], result
    assert result.points == 3
