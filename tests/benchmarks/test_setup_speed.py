"""From a fresh copy to JupyterLab answering, beside a bare JupyterLab installed by pip.

Needs the network, and fetches about 170 MB.

python -m pytest tests/benchmarks/test_setup_speed.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "my-nutgraf")


def environment(place: Path) -> dict[str, str]:
    """A machine that has nothing yet: empty home, empty caches."""
    (place / "home").mkdir(parents=True)
    ours = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    ours |= {"HOME": str(place / "home"), "USERPROFILE": str(place / "home")}
    ours |= {"UV_CACHE_DIR": str(place / "uv-cache"), "PIP_CACHE_DIR": str(place / "pip-cache")}
    return ours | {"PYTHONDONTWRITEBYTECODE": ""}


def until_it_answers(command: list[str], folder: Path, place: Path) -> float:
    """Seconds from starting the command to the file that JupyterLab leaves when it listens."""
    began = time.perf_counter()
    with (place / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(place), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        while next((place / "home").rglob("jpserver-*.html"), None) is None:
            assert process.poll() is None, (place / "log.txt").read_text(errors="replace")[-3000:]
            time.sleep(0.05)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)


BARE = """
import os, subprocess, sys, venv
venv.create(sys.argv[1], with_pip=True, symlinks=sys.platform != "win32")
python = sys.argv[1] + ("/Scripts/python" if sys.platform == "win32" else "/bin/python")
subprocess.run([python, "-m", "pip", "install", "--quiet", "jupyterlab"], check=True)
lab = [python, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
os.execv(python, lab)
"""


@pytest.mark.benchmark(group="from nothing to JupyterLab answering")
@pytest.mark.parametrize("what", ["the kit", "a bare JupyterLab"])
def test_from_nothing_to_jupyterlab_answering(benchmark, root, tmp_path, what):
    python = getattr(sys, "_base_executable", sys.executable)
    kit = tmp_path / "kit"
    shutil.copytree(root, kit, ignore=LEFT_OUT)
    command = {
        "the kit": [python, "start.py", "--no-browser", "--port", "0"],
        "a bare JupyterLab": [python, "-c", BARE, str(tmp_path / "bare")],
    }[what]
    benchmark.pedantic(until_it_answers, (command, kit, tmp_path), rounds=1)
