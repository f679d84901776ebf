"""Renew the locks: `python tools/lock.py [--upgrade]`, with uv on the path or in .venv.

`requirements.lock` pins what a learner gets, `requirements-test.lock` the same and what the
tests need. Both name versions and hashes for every system and Python from 3.11 on, and no
address: pip and uv fetch from wherever they are told to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADER = "# Made from pyproject.toml by: python tools/lock.py\n"
CONSTRAINTS = "argon2-cffi-bindings<26\n"  # 26 has no wheel for Macs with an Intel processor
PURE = (
    "breadability",
    "docopt",
    "pygiftparser",
    "rouge-score",
    "yattag",
)  # sources only, without a line to compile
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)


def resolve(source: str, *options: str, constraints: str = "") -> None:
    """Run `uv pip compile` on a file of the checkout. Raises CalledProcessError if it fails."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    command = [uv, "pip", "compile", source, "--quiet", "--no-header", "--no-annotate", *options]
    command += ["--constraint", "-"] if constraints else []
    subprocess.run(command, cwd=ROOT, check=True, input=constraints.encode())


def write_lock(name: str, extra: str, *options: str) -> None:
    """Write the lock `name` for the kit with `extra`, keeping the pins that it has."""
    quiet = ("--no-emit-index-url", "--no-emit-find-links")
    everywhere = ("--universal", "--python-version", PYTHONS[0], "--generate-hashes")
    options = ("--extra", extra, "-o", name, *everywhere, *quiet, *options)
    resolve("pyproject.toml", *options, constraints=CONSTRAINTS)
    lock = ROOT / name
    lock.write_text(HEADER + lock.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")


def check_wheels(name: str) -> None:
    """See to it that nobody needs a compiler: there is a wheel for every system and Python."""
    pure = [option for package in PURE for option in ("--no-binary", package)]
    for python in PYTHONS:
        for platform in PLATFORMS:
            where = ("--python-version", python, "--python-platform", platform)
            resolve(name, *where, "--only-binary", ":all:", *pure, "-o", os.devnull)


if __name__ == "__main__":
    write_lock("requirements.lock", "setup", *sys.argv[1:])
    write_lock("requirements-test.lock", "test", "-c", "requirements.lock", *sys.argv[1:])
    check_wheels("requirements-test.lock")
