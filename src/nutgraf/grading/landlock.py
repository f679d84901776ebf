"""Landlock: a process of Linux gives up, for good, all files but those that it names.

After the interface in the kernel's documentation, "Landlock: unprivileged access control"
(ABI 1 came with Linux 5.13). Reading the state of a file (its size, its times) and changing its
rights or its times are not covered by it: see `seccomp` and `namespaces`.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from nutgraf.grading import system

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14
# How many of the rights over files each version of the interface knows.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_RIGHTS_NOW = 16
_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE
_WRITE = (
    *(_READ_FILE, _READ_DIR, _WRITE_FILE, _TRUNCATE, _REFER),
    *(_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM),
)
_TCP_BIND_AND_CONNECT = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Which version of the interface there is; 0 for none."""
    try:
        return system.call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def prepare(readable: Iterable[Path], writable: Iterable[Path], devices: Iterable[Path]) -> int:
    """A set of rules, as a file descriptor: it can be entered by any process that has it.

    readable: files and folders with all that is in them; writable: folders; devices: files to read
    and write. What is not there is passed over. Raises OSError where there is no Landlock.
    """
    level = version()
    known = (1 << _RIGHTS.get(level, _RIGHTS_NOW)) - 1
    rules = _Ruleset(
        known,
        _TCP_BIND_AND_CONNECT if level >= 4 else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if level >= 6 else 0,
    )
    size = 24 if level >= 6 else 16 if level >= 4 else 8
    ruleset = system.call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    for paths, allowed in (
        (readable, _READ_FILE | _READ_DIR),
        (writable, sum(_WRITE)),
        (devices, _FILE),
    ):
        for path in paths:
            _add(ruleset, path, allowed & known)
    return ruleset


def _add(ruleset: int, path: Path, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            allowed &= _FILE
        if allowed:
            rule = _Beneath(allowed, place)
            system.call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)


def enter(ruleset: int) -> None:
    """Live by the rules from now on; nothing takes that back."""
    system.call(_RESTRICT_SELF, ruleset, 0)
