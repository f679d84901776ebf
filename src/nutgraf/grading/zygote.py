"""The process that learners' processes are forked from.

It is a fresh interpreter that has loaded what learners' code uses and has never seen a test, a
solution or a submission: whatever is found in its memory gives nothing away. For each job it forks
a child, which gets one end of a line to the judge; when the judge says so, it kills the child and
all that came from it, and cleans up. The judge talks with it over the control socket, in lines of
JSON; a submission does not pass through it.

Where there is no fork, each job has a fresh interpreter (`once`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from nutgraf.grading import sandbox

WARM = (
    *("calendar", "collections", "csv", "dataclasses", "datetime", "decimal", "difflib", "doctest"),
    *("enum", "fractions", "functools", "html", "itertools", "json", "math", "operator", "pathlib"),
    *("pprint", "random", "re", "statistics", "string", "textwrap", "typing", "unicodedata"),
    *("numpy", "pandas", "nltk", "regex", "IPython.display", "IPython.core.inputtransformer2"),
    *("nltk.tokenize", "nltk.probability", "nltk.util", "nltk.metrics.agreement"),
    *("nutgraf.article", "nutgraf.tokenizing", "nutgraf.counting", "nutgraf.quoting"),
    *("nutgraf.summarizing", "nutgraf.scoring", "nutgraf.alarms", "nutgraf.annotating"),
    *("nutgraf.agreement", "nutgraf.samples", "nutgraf.exercises", "nutgraf.cue_words"),
    *("nutgraf.phrases", "nutgraf.speakers", "nutgraf.people", "nutgraf.quotation_marks"),
    "nutgraf.grading.runner",
)
"""What is loaded before the first job. What learners load besides, each of their processes loads
for itself."""


def warm_up(kit: Path) -> None:
    """Load what learners' code uses, so that no child has to. Language data go into `kit`."""
    from nutgraf import load, offline
    from nutgraf.grading import runner

    tempfile.tempdir = str(kit)
    for name in WARM:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    root = offline.use_offline_nltk()
    offline.use_offline_nltk = lambda: root
    article = load("sadr-protests")
    _ = article.paragraphs, article.sentences, article.words, article.reference, article.summaries
    tempfile.tempdir = None
    runner.quieten()
    runner.transformer()


def main(control_number: int) -> None:
    """Serve the judge at the other end of the control socket until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=control_number) as control:
        control.set_inheritable(False)
        given = _line(control)
        sys.path[:] = sandbox.search_path()
        box = sandbox.Sandbox(Path(given["base"]), given["without"])
        box.begin()
        warm_up(box.kit)
        box.settle()
        gc.collect()
        gc.freeze()  # what is there now is not looked through again, and stays shared
        _say(control, _tried(box, given))
        while _job(control, box):
            pass


def _line(control: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        piece = control.recv(65536)
        if not piece:
            os._exit(0)
        data += piece
    return json.loads(data)


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _job(control: socket.socket, box: sandbox.Sandbox) -> bool:
    """One learner's process, from its start to its end; False when the judge has gone."""
    order, ends, _, _ = socket.recv_fds(control, 65536, 1)
    if not order:
        return False
    child = os.fork()
    if child == 0:
        control.close()
        _child(ends[0], box, json.loads(order))
    for end in ends:
        os.close(end)
    _say(control, {"pid": child})
    wanted = control.recv(1)
    status, used = box.end(child)
    box.clear()
    if wanted:
        _say(
            control,
            {
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                "cpu": used.ru_utime + used.ru_stime,
            },
        )
    return bool(wanted)


def _child(end: int, box: sandbox.Sandbox, limits: dict[str, Any]) -> None:
    """The learner's process, from its first moment to its last."""
    from nutgraf.grading import runner, wire

    try:
        _shut_off()
        box.enter(limits)
        runner.serve(wire.Line(socket.socket(fileno=end)))
    finally:
        runner.leave()


def _shut_off() -> None:
    """No input, no output, and a home that is the box."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    if nowhere > 2:
        os.close(nowhere)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _tried(box: sandbox.Sandbox, given: dict[str, Any]) -> dict[str, Any]:
    """What the box prevents, tried out in a child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _shut_off()
            found = sandbox.trial(box, given["limits"], given["baits"])
            os.write(writing, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        found = file.read()
    box.end(child)
    box.clear()
    return json.loads(found or b'{"holds": {}, "means": []}')


def once(read_from: int) -> None:
    """One job in an interpreter of its own, for systems that cannot fork."""
    from nutgraf.grading import runner, wire

    with open(read_from, "rb", closefd=False) as file:
        given = json.loads(file.readline())
    if "share" in given:  # Windows
        import base64

        end = socket.fromshare(base64.b64decode(given["share"]))
    else:
        end = socket.socket(fileno=given["end"])
    sys.path[:] = sandbox.search_path()
    box = sandbox.Sandbox(Path(given["base"]), given["without"])
    box.prepare()
    warm_up(box.kit)
    box.settle()
    _shut_off()
    line = wire.Line(end)
    if "baits" in given:
        line.send(sandbox.trial(box, given["limits"], given["baits"]))
        runner.leave()
    line.send({"warm": True})
    box.enter(given["limits"])
    runner.serve(line)
