"""How long `import nutgraf` takes beside `import nltk`, each in a fresh Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAMS = {"python alone": "pass", "nutgraf": "import nutgraf", "nltk": "import nltk"}


@pytest.mark.benchmark(group="import")
@pytest.mark.parametrize("name", PROGRAMS)
def test_import(benchmark, name):
    # With compiled modules at hand, as on a machine where the kit ran once.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", PROGRAMS[name]]
    benchmark.pedantic(
        subprocess.run, (command,), {"env": environment, "check": True}, rounds=9, warmup_rounds=1
    )
