"""A filter on system calls: no sockets, no processes, no looking into other processes.

After the kernel's documentation, "Seccomp BPF". The numbers of the calls are those of the kernel's
own tables for the two kinds of processor, x86_64 and aarch64; on others there is no filter.
A call that is refused fails with "operation not permitted", and the program runs on.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Sequence
from functools import cache

from nutgraf.grading import system

_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Sockets. The line to the judge is there already.
    **{"socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200)},
    **{"listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "sendmsg": (46, 211)},
    **{"sendmmsg": (307, 269)},
    # New processes, threads and programs.
    **{"clone": (56, 220), "fork": (57, None), "vfork": (58, None), "execve": (59, 221)},
    **{"execveat": (322, 281)},
    # Other processes.
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272)},
    **{"pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424)},
    **{"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)},
    **{"setpgid": (109, 154), "setsid": (112, 157), "setpriority": (141, 140)},
    **{"sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274)},
    **{"sched_setaffinity": (203, 122), "ioprio_set": (251, 30), "migrate_pages": (256, 238)},
    **{"move_pages": (279, 239)},
    # What outlives a process: memory, signals and queues shared by name; keys.
    **{"shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197)},
    **{"semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192)},
    **{"msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187)},
    **{"mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182)},
    **{"mq_timedreceive": (243, 183), "mq_notify": (244, 184), "mq_getsetattr": (245, 185)},
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    # Files that Landlock does not watch over: rights, owners, times, marks; watching others' files.
    **{"chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452)},
    **{"chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54)},
    **{"utime": (132, None), "utimes": (235, None), "futimesat": (261, None)},
    **{"utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16)},
    **{"inotify_add_watch": (254, 27), "fanotify_init": (300, 262), "fanotify_mark": (301, 263)},
    **{"name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265)},
    **{"mknod": (133, None), "mknodat": (259, 33)},
    # Mounts, namespaces, and other ways out.
    **{"mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51)},
    **{"open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433)},
    **{"mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426)},
    **{"io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241)},
    **{"userfaultfd": (323, 282), "personality": (135, 92)},
    # Limits and rights of one's own.
    **{"landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445)},
    **{"landlock_restrict_self": (446, 446)},
    **{"setrlimit": (160, 164), "setuid": (105, 146), "setgid": (106, 144)},
    **{"setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147)},
    **{"setresgid": (119, 149), "setgroups": (116, 159), "setfsuid": (122, 151)},
    **{"setfsgid": (123, 152), "capset": (126, 91)},
    # The machine.
    **{"init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106)},
    **{"kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142)},
    **{"swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60)},
    **{"quotactl_fd": (443, 443), "syslog": (103, 116), "settimeofday": (164, 170)},
    **{"clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266)},
    **{"sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58)},
    **{"iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None)},
}
_CLONE3 = 435  # the C library falls back to clone when it hears that there is no such call
_NEWEST = 462  # calls above it came after this table, and do not exist for the filter
_TO_ITSELF = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
_PRLIMIT, _FCNTL, _IOCTL = (302, 261), (72, 25), (16, 29)
_FCNTL_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals by way of a file
_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_PLACE = {"x86_64": 0, "aarch64": 1}
_OTHER_TABLE = 0x40000000  # x86_64: calls by the numbers of a 32-bit way

_ITSELF = 0xFEEDF00D

_LOAD, _EQUAL, _ABOVE, _RETURN = 0x20, 0x15, 0x25, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def _argument(place: int) -> int:
    """Where the lower half of an argument of the call stands; the upper half is 4 further on."""
    return 16 + 8 * place


def program(pid: int, machine: str) -> bytes:
    """The filter for the process `pid`, in the instructions of the kernel's little machine."""
    return _program(machine).replace(struct.pack("=I", _ITSELF), struct.pack("=I", pid))


@cache
def _program(machine: str) -> bytes:
    """The filter for the process of the number `_ITSELF`, which no process has."""
    at = _PLACE[machine]
    refuse, unknown = _ERROR | errno.EPERM, _ERROR | errno.ENOSYS
    rules: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_ABOVE, 0, 1, _NEWEST),  # the 32-bit way among them
        (_RETURN, 0, 0, unknown),
        *_when(_CLONE3, [(_RETURN, 0, 0, unknown)]),
    ]
    for numbers in _REFUSED.values():
        if (number := numbers[at]) is not None:
            rules += _when(number, [(_RETURN, 0, 0, refuse)])
    for numbers in _TO_ITSELF.values():
        rules += _when(numbers[at], _only(0, [_ITSELF], refuse))
    rules += _when(_FCNTL[at], _none_of(1, _FCNTL_OWNERS, refuse))
    rules += _when(_IOCTL[at], _none_of(1, _IOCTLS, refuse))
    # Limits may be asked for, not set: the third argument would be the new ones.
    upper = [(_LOAD, 0, 0, _argument(2) + 4), (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, refuse)]
    rules += _when(_PRLIMIT[at], [*upper, *_only(2, [0], refuse)])
    rules.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


_Rules = list[tuple[int, int, int, int]]


def _when(number: int, then: _Rules) -> _Rules:
    """Rules for one call; they end in an answer."""
    return [(_EQUAL, 0, len(then), number), *then]


def _only(place: int, values: Sequence[int], refuse: int) -> _Rules:
    return [
        (_LOAD, 0, 0, _argument(place)),
        *[(_EQUAL, len(values) - nth, 0, value) for nth, value in enumerate(values)],
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _none_of(place: int, values: Sequence[int], refuse: int) -> _Rules:
    return [
        (_LOAD, 0, 0, _argument(place)),
        *[(_EQUAL, len(values) - nth, 0, value) for nth, value in enumerate(values)],
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_char_p)]


def enter(pid: int) -> None:
    """Live with the filter from now on. Raises OSError where there is none for this machine."""
    machine = system.machine()
    if not (system.LINUX and machine):
        raise OSError(errno.ENOSYS, "no filter for this kind of processor")
    rules = program(pid, machine)
    made = _Program(len(rules) // 8, rules)
    system.gain_nothing()
    address = ctypes.cast(ctypes.byref(made), ctypes.c_void_p).value or 0
    system.prctl(_PR_SET_SECCOMP, _MODE_FILTER, address)
