"""How long `import nutgraf` takes beside `import nltk`: the goal is a third of it, at most.

python -m pytest tests/benchmarks/test_import_speed.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

ROUNDS = 9


def seconds(program: str) -> float:
    """The time of a fresh Python that runs the program, with compiled modules at hand."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return time.perf_counter() - began


def test_importing_the_kit_takes_at_most_a_third_of_importing_nltk(record_property, capsys):
    programs = {"python alone": "pass", "nutgraf": "import nutgraf", "nltk": "import nltk"}
    for program in programs.values():
        seconds(program)
    # Taken in turns, so that a busy moment of the machine strikes all alike.
    times = [{name: seconds(program) for name, program in programs.items()} for _ in range(ROUNDS)]
    median = {name: statistics.median(one[name] for one in times) for name in programs}
    bare = median.pop("python alone")
    cost = {name: value - bare for name, value in median.items()}
    with capsys.disabled():
        print(f"\nPython alone {bare * 1000:.0f} ms; on top of it:", end=" ")
        print(", ".join(f"{name} {value * 1000:.1f} ms" for name, value in cost.items()))
    assert cost["nutgraf"] <= cost["nltk"] / 3
