"""The same class on a real Dask cluster of this machine, with a worker killed in mid-run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import zlib

import pytest

from nutgraf import NutgrafError
from nutgraf.grading import cluster, run, workers
from nutgraf.grading.workers import Job, Setup
from tests.grading.classes import make_class
from tests.grading.pretend import (
    HANDED,
    RIGHT,
    TESTS,
    Limits,
    deserved_points,
    gradebook,
    graded,
    hand_in,
    lines,
    outcomes,
    points,
)

REAL = workers.JUDGE

distributed = pytest.importorskip("distributed")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@contextlib.contextmanager
def processes(root):
    """Two processes of a cluster, which find the judge that only pretends in the checkout."""
    import dask

    with (
        pytest.MonkeyPatch.context() as patched,
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
    ):
        patched.setenv("PYTHONPATH", str(root))
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as place:
            yield place.scheduler_address


@pytest.fixture(scope="module")
def address(root):
    with processes(root) as place:
        yield place


@pytest.fixture(autouse=True)
def _pretend(monkeypatch, root):
    monkeypatch.setattr(workers, "JUDGE", "tests.grading.pretend")
    monkeypatch.setenv("PYTHONPATH", str(root))


def pids(address: str) -> list[int]:
    """The cluster's processes; one that was killed may not be replaced yet."""
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=30)
        return sorted(client.run(os.getpid).values())


def left_over(address: str) -> list[int]:
    """How many runs each process of the cluster still keeps workers for."""
    with distributed.Client(address, set_as_default=False) as client:
        return list(client.run(lambda: len(cluster._KEPT)).values())


def test_a_cluster_writes_the_same_files_as_this_machine(tmp_path, address):
    place = hand_in(tmp_path / "in", HANDED)
    here = graded(place, tmp_path / "here", workers=1)
    there = graded(place, tmp_path / "there", scheduler=address)
    assert outcomes(there) == RIGHT
    assert there.results == here.results
    assert gradebook(tmp_path / "there") == gradebook(tmp_path / "here")
    assert not any(left_over(address))
    assert graded(place, tmp_path / "there", scheduler=address).newly == 0
    assert graded(place, tmp_path / "there", workers=1).newly == 0


def test_the_judge_itself_on_a_cluster(tmp_path, address, monkeypatch):
    monkeypatch.setattr(workers, "JUDGE", REAL)
    place = tmp_path / "in"
    deserved = make_class(place, 4, seed=4, numbers=("E03", "E09"), hostile=2)
    options = {"tests": None, "limits": None}
    there = graded(place, tmp_path / "there", scheduler=address, **options)
    assert points(there) == deserved_points(deserved)
    here = graded(place, tmp_path / "here", workers=2, **options)
    assert gradebook(tmp_path / "there") == gradebook(tmp_path / "here")
    assert there.isolation == here.isolation


@posix
def test_a_process_killed_in_mid_run_costs_nothing(tmp_path, address, monkeypatch):
    handed = {f"learner {n:02}": {"E03": f"slow {n}", "E05": f"slow {n}"} for n in range(16)}
    place, out = hand_in(tmp_path / "in", handed), tmp_path / "out"
    victim, killed = pids(address)[0], []
    real = run._Progress.step

    def step(self, more):
        real(self, more)
        if self._done >= 10 and not killed:
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    monkeypatch.setattr(run._Progress, "step", step)
    summary = graded(place, out, scheduler=address)
    assert killed
    assert victim not in pids(address)
    assert outcomes(summary) == {name: dict.fromkeys(handed[name], "correct") for name in handed}
    assert summary.problems == ()
    written = [(one["learner"], one["exercise"]) for one in lines(out)]
    assert len(written) == len(set(written)) == 32
    graded(place, tmp_path / "here", workers=2)
    assert gradebook(out) == gradebook(tmp_path / "here")


@posix
def test_a_worker_that_is_lost_twice_costs_one_result(tmp_path, address):
    handed = HANDED | {"ben": {"E03": "dies"}, "fay": {"E03": f"dies once {tmp_path / 'mark'}"}}
    place = hand_in(tmp_path / "in", handed)
    summary = graded(place, tmp_path / "out", scheduler=address)
    found = outcomes(summary)
    assert found.pop("ben") == {"E03": "ended"}
    assert found.pop("fay") == {"E03": "correct"}
    assert found == {name: some for name, some in RIGHT.items() if name != "ben"}
    (tmp_path / "mark").unlink()
    graded(place, tmp_path / "here", workers=1)
    assert gradebook(tmp_path / "out") == gradebook(tmp_path / "here")


@posix
def test_a_chunk_that_ends_process_after_process_costs_one_result(tmp_path, root, monkeypatch):
    """Nothing that is graded should do that; if it does, the rest goes on."""
    handed = {name: {"E03": f"right {name}"} for name in ("ana", "ben", "cy", "dee")}
    place = hand_in(tmp_path / "in", handed)
    monkeypatch.setattr(workers, "JUDGE", "tests.grading.pretend_to_kill")
    with processes(root) as address:  # which is not to be used any more after that
        summary = graded(place, tmp_path / "out", scheduler=address)
    assert outcomes(summary) == {n: {"E03": "ended" if n == "cy" else "correct"} for n in handed}
    assert "KilledWorker on the cluster" in summary.problems[0]


@pytest.mark.parametrize("gone", [("ana", "cy"), ("ana", "ben", "cy")])
def test_files_that_vanish_in_mid_run_are_results(tmp_path, address, monkeypatch, gone):
    handed = {name: {"E03": f"right {name}"} for name in ("ana", "ben", "cy")}
    place, out = hand_in(tmp_path / "in", handed), tmp_path / "out"
    real = run._Run.jobs

    def jobs(self):
        for name in gone:
            (out / "collected" / name / "E03.ipynb").unlink()
        return real(self)

    monkeypatch.setattr(run._Run, "jobs", jobs)
    found = outcomes(graded(place, out, scheduler=address))
    assert found == {n: {"E03": "unreadable" if n in gone else "correct"} for n in handed}


def test_isolation_is_required_of_every_worker(tmp_path, address):
    place = hand_in(tmp_path / "in", HANDED)
    with pytest.raises(NutgrafError, match=r"The worker tcp://\S+ refuses. Learners' code cannot"):
        graded(
            place,
            tmp_path / "out",
            scheduler=address,
            limits=Limits(isolated=False),
            require_isolation=True,
        )
    assert lines(tmp_path / "out") == []
    said: list[str] = []
    weak = graded(
        place,
        tmp_path / "out",
        scheduler=address,
        limits=Limits(isolated=False),
        say=said.append,
    )
    assert not weak.isolated
    assert said[1].startswith("WARNING: learners' code cannot be shut in wholly")


def test_workers_that_cannot_start_are_an_error_with_its_reason(tmp_path, address):
    with pytest.raises(NutgrafError, match=r"No worker of the cluster can grade: .* is missing"):
        graded(
            hand_in(tmp_path / "in", HANDED),
            tmp_path / "out",
            scheduler=address,
            limits=Limits(refuses_to_start=True),
        )


def test_another_version_on_the_cluster_is_refused(tmp_path, address, monkeypatch):
    monkeypatch.setattr("nutgraf.__version__", "99")
    with pytest.raises(NutgrafError, match=r"has Nutgraf \S+, and this is 99"):
        graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out", scheduler=address)


def test_ctrl_c_calls_everything_back(tmp_path, address, monkeypatch):
    handed = {f"learner {n:02}": {"E03": f"slow {n}"} for n in range(16)}
    place, out = hand_in(tmp_path / "in", handed), tmp_path / "out"
    real = run._Progress.step

    def step(self, more):
        real(self, more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run._Progress, "step", step)
        with pytest.raises(KeyboardInterrupt):
            graded(place, out, scheduler=address)
    assert not any(left_over(address))
    kept = len(lines(out))
    assert 0 < kept < 16
    assert graded(place, out, scheduler=address).newly == 16 - kept


@posix
def test_a_process_that_hangs_is_not_waited_for_without_end(tmp_path, address, monkeypatch):
    place, victim = hand_in(tmp_path / "in", HANDED), pids(address)[0]
    real = cluster._ClusterRun.stop

    def stop(self):
        os.kill(victim, signal.SIGSTOP)
        real(self)

    try:
        monkeypatch.setattr(cluster, "STOP_SECONDS", 0.2)
        with monkeypatch.context() as patched:
            patched.setattr(cluster._ClusterRun, "stop", stop)
            assert outcomes(graded(place, tmp_path / "out", scheduler=address)) == RIGHT
        monkeypatch.setattr(cluster, "PROBE_SECONDS", 0.2)
        with pytest.raises(NutgrafError, match=r"A worker .* has not answered for 0\.2 s"):
            graded(place, tmp_path / "another", scheduler=address)
    finally:
        os.kill(victim, signal.SIGCONT)


@posix
def test_a_scheduler_that_goes_away_leaves_what_was_graded(tmp_path, monkeypatch):
    here = ["--no-dashboard", "--scheduler-file", "scheduler.json"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *here, *more],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        for what, more in {
            "scheduler": ("--host", "127.0.0.1", "--port", "0"),
            "worker": ("--nthreads", "2", "--no-nanny"),
        }.items()
    ]
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "scheduler.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
        handed = {f"learner {n:02}": {"E03": f"slow {n}"} for n in range(16)}
        place, out = hand_in(tmp_path / "in", handed), tmp_path / "out"
        real = run._Progress.step

        def step(self, more):
            real(self, more)
            started[0].kill()

        with monkeypatch.context() as patched:
            patched.setattr(run._Progress, "step", step)
            patched.setattr("distributed.client.Client.__init__", impatient())
            with pytest.raises(NutgrafError, match=r"The Dask scheduler is gone\. What was graded"):
                graded(place, out, scheduler=address)
    finally:
        for process in started:
            process.kill()
            process.wait()
    kept = len(lines(out))
    assert 0 < kept < 16
    assert graded(place, out, workers=2).newly == 16 - kept


def impatient():
    """A client that gives a lost scheduler a second to come back; twenty would do the same."""
    real = distributed.Client.__init__

    def begin(self, *given, timeout, **more):
        real(self, *given, timeout=timeout, **more)
        self._timeout = 1

    return begin


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NutgrafError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        graded(
            hand_in(tmp_path / "in", HANDED),
            tmp_path / "out",
            scheduler="tcp://127.0.0.1:9",
        )


@pytest.mark.parametrize("address", ["nonsense:a:b", "http://127.0.0.1:9", "tcp://"])
def test_an_address_that_is_none_is_named(tmp_path, monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NutgrafError, match="No Dask scheduler answers at"):
        graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out", scheduler=address)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NutgrafError, match="python -m pip install distributed"):
        graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_distributed_is_imported_for_a_cluster_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert outcomes(graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out")) == RIGHT


def test_chunks_are_bounded_in_number_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "MOST_BYTES", 100)
    jobs = []
    for number, size in enumerate((10, 30, 70, 200, 5, 5, 5, 5)):
        file = tmp_path / str(number)
        file.write_bytes(b"x" * size)
        jobs.append(Job("E03", (file,), workers.sha256(file.read_bytes()).hexdigest()))
    (tmp_path / "4").unlink()
    unreadable: list = []
    one = cluster._ClusterRun(None, Setup(TESTS, {}), jobs)
    chunks = list(one._chunks(3, unreadable))
    assert [[number for number, *_ in chunk] for chunk in chunks] == [[0, 1], [2], [3], [5, 6, 7]]
    assert [done.job for done in unreadable] == [jobs[4]]


def test_a_chunk_that_begins_after_the_end_starts_no_worker():
    setup = zlib.compress(Setup(TESTS, {}, False, workers.JUDGE).as_bytes)
    cluster._end("an ended run")
    with pytest.raises(workers.WorkerLost, match="the run is over"):
        cluster._grade_chunk("an ended run", setup, [(0, "E03", b'{"says": "right"}')])
    assert "an ended run" not in cluster._KEPT


def test_workers_of_a_run_that_is_gone_are_ended(monkeypatch, root):
    setup = Setup(TESTS, {}, False, workers.JUDGE)
    monkeypatch.setattr(cluster, "IDLE_SECONDS", 0.1)
    with cluster._worker("a run", zlib.compress(setup.as_bytes)) as worker:
        time.sleep(0.3)
        assert worker._process.poll() is None  # at work, however long it takes
    deadline = time.monotonic() + 5
    while "a run" in cluster._KEPT and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "a run" not in cluster._KEPT
    assert worker._process.wait(timeout=5) is not None
    with cluster._worker("a run", zlib.compress(setup.as_bytes)) as another:
        assert another is not worker  # should it be there after all
    cluster._end("a run")
