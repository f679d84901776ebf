"""Make the learner's editions of the exercises from their sources in `exercises/solutions/`.

    python tools/release.py            write exercises/E01-...ipynb and the others
    python tools/release.py --check    change nothing; exit 1 and name what is out of date

A solution becomes a stub, hidden tests go, and so do outputs; see `nutgraf.exercises.release`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from nutgraf.errors import NutgrafError
from nutgraf.exercises import release
from nutgraf.folder import as_bytes

EXERCISES = Path(__file__).parents[1] / "exercises"


def editions(folder: Path = EXERCISES) -> dict[Path, bytes]:
    """The learner's editions of all sources: where each belongs, and its content."""
    made = {}
    for source in sorted((folder / "solutions").glob("*.ipynb")):
        try:
            notebook = json.loads(source.read_bytes())
        except ValueError as error:
            raise NutgrafError(f"{source}: no notebook ({error}). Save it again.") from error
        made[folder / source.name] = as_bytes(release(notebook, source.name))
    return made


def out_of_date(folder: Path = EXERCISES) -> list[str]:
    """What differs from the sources, in words; editions without a source among it."""
    made = editions(folder)
    found = [
        f"{path.name} is not what its source gives; run: python tools/release.py"
        for path, content in made.items()
        if not path.exists() or path.read_bytes() != content
    ]
    return found + [
        f"{path.name} has no source in solutions/; delete it, or write its source."
        for path in sorted(folder.glob("*.ipynb"))
        if path not in made
    ]


def main(arguments: list[str] | None = None, folder: Path = EXERCISES) -> int:
    """Run the tool; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    options = parser.parse_args(arguments)
    try:
        if not options.check:
            for path, content in editions(folder).items():
                if not path.exists() or path.read_bytes() != content:
                    fresh = path.with_name(f".{path.name}.new")
                    fresh.write_bytes(content)
                    os.replace(fresh, path)
                    print(f"{path.name} is written anew.")
        problems = out_of_date(folder)
    except NutgrafError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
