"""What a run keeps: the file of results, and the lock that keeps other runs out of the folder."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from nutgraf.errors import NutgrafError
from nutgraf.grading.results import OUTCOMES, Result, Sheet
from nutgraf.grading.workers import Isolation

LOCK = "grading.lock"
"""In OUT while a run writes there: the number of its process, and the machine's name."""


_BROKEN = (ValueError, TypeError, KeyError, RecursionError)
"""What reading a line raises that is no record."""


class Ledger:
    """The file of results: read at the start, added to line by line, with old lines left alone.

    Lines that are no result (the torn last one after a power cut, say) are passed over. A result
    counts if its cells are those of the sheet, and if it is known what protected its worker.
    """

    def __init__(self, path: Path, sheets: Iterable[Sheet]) -> None:
        self._path = path
        self._cells = {s.exercise: s.cells for s in sheets}
        self._results: dict[str, tuple[Result, Isolation]] = {}
        self._lines: set[tuple[str, str]] = set()
        self._isolations: dict[str, Isolation] = {}
        self._synced = time.monotonic()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Ledger:
        try:
            self._file = open(self._path, "ab+")
            self._file.seek(0)
            content = self._file.read()
        except OSError as error:
            raise NutgrafError(cannot_write(self._path, error)) from error
        for line in content.split(b"\n"):
            with contextlib.suppress(NutgrafError, *_BROKEN):
                self._read(json.loads(line))
        if content and not content.endswith(b"\n"):
            self._file.write(b"\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._file.fileno())
            self._file.close()

    def _read(self, record: Any) -> None:
        if not isinstance(record, dict):
            return
        if "cells" not in record:
            if isinstance(record.get("words"), str) and isinstance(record.get("complete"), bool):
                isolation = Isolation(record["complete"], record["words"])
                self._isolations[_name_of(isolation)] = isolation
            return
        result, isolation = Result.from_json(record), self._isolations.get(record["isolation"])
        cells = tuple((cell.grade_id, cell.out_of) for cell in result.cells)
        known = all(c.outcome in OUTCOMES and 0 <= c.points <= c.out_of for c in result.cells)
        if result.key and isolation and known and cells == self._cells.get(result.exercise):
            self._results[result.key] = (result, isolation)
            self._lines.add((result.learner, result.key))

    def get(self, key: str, require_isolation: bool) -> tuple[Result, Isolation] | None:
        """What was found out before under this key, if its worker was protected as required."""
        found = self._results.get(key)
        return None if found and require_isolation and not found[1].complete else found

    def has(self, learner: str, key: str) -> bool:
        return (learner, key) in self._lines

    def add(self, result: Result, isolation: Isolation | None) -> None:
        """Add a line; it is out of this process when this returns, and on the disk a second later.

        Raises NutgrafError when the file cannot be written.
        """
        assert self._file is not None
        lines = []
        name = _name_of(isolation) if isolation else ""
        if isolation and name not in self._isolations:
            self._isolations[name] = isolation
            lines.append({"isolation": name, **asdict(isolation)})
        lines.append({**result.to_json(), "isolation": name})
        said = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        try:
            self._file.write(said.encode("utf-8", "surrogatepass"))
            self._file.flush()
            if time.monotonic() - self._synced > 1:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise NutgrafError(cannot_write(self._path, error)) from error


def _name_of(isolation: Isolation) -> str:
    return sha256(json.dumps(asdict(isolation)).encode()).hexdigest()[:12]


def cannot_write(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"{path} cannot be written: the disk is full. Make room, then run it again."
    return f"{path} cannot be written ({error.strerror or error}). Name another folder."


@contextlib.contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Keep other runs out of the folder. The system frees it when this process ends, however."""
    path = out / LOCK
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
    except OSError as error:
        raise NutgrafError(cannot_write(path, error)) from error
    try:
        file.write(f"{os.getpid()} on {platform.node()}\n")
        file.flush()
        yield
    finally:
        if os.name == "nt":
            file.close()  # an open file cannot be removed there
        with contextlib.suppress(OSError):
            path.unlink()
        file.close()


def _locked(path: Path) -> IO[str]:
    """The lock file, open and held by this process alone."""
    while True:
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
        try:
            _hold(file.fileno())
        except (BlockingIOError, PermissionError) as error:
            file.seek(0)
            with contextlib.suppress(OSError):
                who = file.read(200).strip()
            file.close()
            raise NutgrafError(
                f"Another run grades into {path.parent} (process {who or 'unknown'}). "
                "Wait until it ends, or name another folder."
            ) from error
        except OSError:  # a disk that knows no locks: nothing to hold
            pass
        # The run that had it may have removed the file between the two steps.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                file.truncate(0)
                return file
        file.close()


def _hold(number: int) -> None:
    """Hold an open file, or raise an error at once if another process does."""
    if os.name == "nt":
        import msvcrt

        os.lseek(number, 1_000_000, os.SEEK_SET)  # beyond what others are to read
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(number, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
