"""Calls of the operating system that Python has no function for, by ctypes."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITIES_VERSION_3 = 0x20080522


def machine() -> str:
    """The kind of processor, as Linux calls it. "" where the tables of this package end."""
    name = platform.machine()
    return name if name in _CAPSET and sys.maxsize > 2**32 else ""


@cache
def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def check(result: int) -> int:
    """What the call gave back. Raises OSError if that is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def call(number: int, *given: object) -> int:
    """A system call by its number. Whole numbers go over as 64 bits."""
    libc().syscall.restype = ctypes.c_long
    ready = [ctypes.c_long(each) if isinstance(each, int) else each for each in given]
    return check(libc().syscall(ctypes.c_long(number), *ready))


def prctl(option: int, *given: int) -> int:
    ready = [ctypes.c_ulong(each) for each in (*given, 0, 0, 0, 0)[:4]]
    return check(libc().prctl(ctypes.c_int(option), *ready))


def die_with_parent() -> None:
    """Have this process killed when the one that started it ends."""
    import signal

    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Have processes whose parent ends become children of this one."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Let no other process of this user look into this one; no file of its memory on a crash."""
    prctl(_PR_SET_DUMPABLE, 0)


def gain_nothing() -> None:
    """Let no program that is started from here gain rights; needed before filters."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up whatever root may do beyond what any user may, for good."""
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:  # the end of the list, or none left to drop
            break
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    call(_CAPSET[machine()], header, (ctypes.c_uint32 * 6)())
