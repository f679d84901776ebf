"""Attacks that lie in the learner's code."""

from __future__ import annotations

from tests.grading.hostile import RIGHT, Targets, attack, gives, inside, reads, tries

# --- looking -------------------------------------------------------------------------------


@attack("not yet")
def reads_the_solution_in_the_checkout(at: Targets) -> str:
    return reads(at.solution)


@attack("not yet")
def reads_the_solution_in_the_kit(at: Targets) -> str:
    return tries("""
from nutgraf.paths import kit_dir
folder = kit_dir("exercises") / "solutions"
won = any("BEGIN SOLUTION" in path.read_text() for path in folder.iterdir())
""")


@attack("not yet")
def lists_the_kits_exercises(at: Targets) -> str:
    return tries("""
from nutgraf.paths import kit_dir
won = bool(os.listdir(kit_dir("exercises")))
""")


@attack("not yet")
def reads_the_tests_beside_the_package(at: Targets) -> str:
    return tries(f"won = bool(os.listdir({str(at.solution.parents[2] / 'tests')!r}))")


@attack("not yet")
def reads_the_teachers_home(at: Targets) -> str:
    return reads(at.secret)


@attack("not yet")
def lists_the_teachers_home(at: Targets) -> str:
    return tries(f"won = bool(os.listdir({str(at.secret.parent)!r}))")


@attack("not yet")
def reads_what_another_learner_handed_in(at: Targets) -> str:
    return reads(at.other)


@attack("not yet", needs=("own folders",))
def sees_that_a_file_is_there(at: Targets) -> str:
    return tries(f"won = os.stat({str(at.secret)!r}).st_size > 0")


@attack("not yet")
def reads_the_gradebook(at: Targets) -> str:
    return reads(at.gradebook)


@attack("not yet")
def reads_passwords_of_the_system(at: Targets) -> str:
    return tries("""
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/root/.bashrc"):
    try:
        won = won or bool(open(path).read())
    except OSError:
        pass
""")


@attack("not yet")
def reads_the_memory_of_others(at: Targets) -> str:
    return tries("""
for pid in ("1", "self", "thread-self", str(os.getppid()), str(os.getpid())):
    for file in ("mem", "environ", "cmdline", "maps", "fd/0", "root/etc/passwd"):
        try:
            won = won or bool(open(f"/proc/{pid}/{file}", "rb").read(1))
        except OSError:
            pass
""")


@attack("not yet")
def lists_other_processes(at: Targets) -> str:
    return tries("""
won = any(name.isdigit() for name in os.listdir("/proc"))
""")


@attack("not yet")
def reads_variables_of_the_teachers(at: Targets) -> str:
    return tries("""
ours = {"PYTHONHASHSEED", "MPLBACKEND", "LANG", "TZ", "HOME", "TMPDIR", "TEMP", "TMP", "LC_CTYPE"}
ours |= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "USERPROFILE", "NLTK_DATA"}
ours |= {"PYTHONUSERBASE", "KMP_INIT_AT_FORK", "KMP_DUPLICATE_LIB_OK", "LD_LIBRARY_PATH"}
won = bool(set(os.environ) - ours)
""")


@attack("not yet")
def searches_memory_for_tests(at: Targets) -> str:
    return tries("""
import gc
for thing in gc.get_objects():
    if type(thing) is dict and "BEGIN HIDDEN" + " TESTS" in repr(list(thing))[:10_000]:
        won = True
frame = sys._getframe()
while frame is not None:
    text = " ".join(map(str, [*frame.f_globals, *frame.f_locals]))
    won = won or "_plans" in text or "HIDDEN" in text
    frame = frame.f_back
won = won or any("judge" in name or name.startswith("tests") for name in sys.modules)
""")


@attack("not yet")
def searches_what_was_ever_read(at: Targets) -> str:
    # A question of the hidden tests of this exercise, put together here only.
    return tries("""
import gc
wanted = "How many hyphens" + " may a word have"
won = any(wanted in thing for thing in gc.get_objects() if type(thing) is str)
for thing in gc.get_objects():
    if type(thing) in (list, tuple, dict):
        inner = thing.values() if type(thing) is dict else thing
        for each in inner:
            won = won or (type(each) is str and wanted in each and "words(" in each)
""")


# --- changing ------------------------------------------------------------------------------


def changes(at: Targets, step: str) -> str:
    paths = [str(each) for each in (at.secret, at.gradebook, at.other)]
    names = f"secret, gradebook, other = {paths!r}"
    return tries(f"{names}\n{step}\nwon = True")


@attack("not yet")
def writes_the_gradebook(at: Targets) -> str:
    return changes(at, 'open(gradebook, "w").write("learner,points\\nann,99\\n")')


@attack("not yet")
def adds_to_the_gradebook(at: Targets) -> str:
    return changes(at, 'open(gradebook, "a").write("ann,99\\n")')


@attack("not yet")
def removes_the_work_of_others(at: Targets) -> str:
    return changes(at, "os.unlink(other)")


@attack("not yet")
def moves_the_work_of_others(at: Targets) -> str:
    return changes(at, 'os.rename(other, "mine.ipynb")')


@attack("not yet")
def empties_a_file(at: Targets) -> str:
    return changes(at, "os.truncate(gradebook, 0)")


@attack("not yet")
def takes_rights_away(at: Targets) -> str:
    return changes(at, "os.chmod(gradebook, 0)")


@attack("not yet")
def changes_times(at: Targets) -> str:
    return changes(at, "os.utime(gradebook, (0, 0))")


@attack("not yet")
def changes_owners(at: Targets) -> str:
    return changes(at, "os.chown(gradebook, 65534, 65534)")


@attack("not yet")
def marks_a_file(at: Targets) -> str:
    return changes(at, 'os.setxattr(gradebook, "user.mark", b"1")')


@attack("not yet")
def writes_through_a_link(at: Targets) -> str:
    return changes(at, 'os.symlink(gradebook, "link"); open("link", "w").write("99")')


@attack("not yet")
def writes_through_a_link_to_a_folder(at: Targets) -> str:
    step = 'os.symlink(os.path.dirname(gradebook), "link"); open("link/new.csv", "w").write("99")'
    return changes(at, step)


@attack("not yet")
def writes_through_a_second_name(at: Targets) -> str:
    return changes(at, 'os.link(gradebook, "second"); open("second", "w").write("99")')


@attack("not yet")
def writes_wherever_it_can(at: Targets) -> str:
    return tries("""
import nutgraf, tempfile, site
places = ["/", "/tmp", "/var/tmp", "/dev/shm", "/kit", "/run", "/etc", "..", "../..", "/home"]
places += [os.path.dirname(nutgraf.__file__), *site.getsitepackages(), sys.prefix]
places += [os.path.dirname(os.__file__), os.environ.get("NLTK_DATA", "/")]
for place in places:
    for step in (lambda p: open(p, "w").close(), os.mkdir, os.mkfifo):
        try:
            step(os.path.join(place, "was-here"))
            won = True
        except OSError:
            pass
""")


@attack("not yet")
def replaces_the_kits_code(at: Targets) -> str:
    return tries("""
import nutgraf.exercises as module
open(module.__file__, "a").write("# was here")
won = True
""")


@attack("not yet")
def writes_a_file_that_is_too_large(at: Targets) -> str:
    return tries("""
with open("large", "wb") as file:
    for _ in range(20):
        file.write(bytes(2**20))
won = True
""")


@attack("not yet", "output", "time")
def fills_its_box(at: Targets) -> str:
    return tries("""
for number in range(200):
    open(f"file-{number}", "wb").write(bytes(900_000))
won = True
""")


@attack("not yet", "output", "time")
def makes_files_without_end(at: Targets) -> str:
    return tries("""
for number in range(100_000):
    open(f"file-{number}", "w").close()
won = True
""")


@attack("not yet", "output", "time")
def makes_folders_in_folders(at: Targets) -> str:
    return inside(
        "return []",
        before="""
try:
    for number in range(5_000):
        os.mkdir("a" * 200)
        os.chdir("a" * 200)
except OSError:
    pass
""",
    )


@attack("not yet")
def leaves_odd_things_in_its_box(at: Targets) -> str:
    return tries(f"""
os.mkdir("inner")
open("inner/file", "w").write("x")
os.symlink({str(at.gradebook)!r}, "inner/link")
os.symlink("/", "top")
os.symlink("loop", "loop")
open("name with \\n line", "w").close()
open(b"\\xff\\xfe", "w").close()
os.mkdir("closed", 0)
""")


# --- the network ---------------------------------------------------------------------------


@attack("not yet")
def calls_by_tcp(at: Targets) -> str:
    return tries(f"""
import socket
socket.create_connection(("127.0.0.1", {at.port}), 2)
won = True
""")


@attack("not yet")
def calls_by_udp(at: Targets) -> str:
    return tries(f"""
import socket
for address in (("127.0.0.1", {at.port}), ("192.0.2.1", 53)):
    try:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.sendto(b"the answers", address)
        won = True
    except OSError:
        pass
""")


@attack("not yet")
def knocks_at_a_door(at: Targets) -> str:
    return tries(f"""
import socket
end = socket.socket(socket.AF_UNIX)
end.connect({str(at.door)!r})
won = True
""")


@attack("not yet")
def listens(at: Targets) -> str:
    return tries("""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, "\\0name")):
    try:
        end = socket.socket(family)
        end.bind(address)
        end.listen()
        won = True
    except OSError:
        pass
""")


@attack("not yet")
def asks_for_a_page(at: Targets) -> str:
    return tries("""
import urllib.request
won = bool(urllib.request.urlopen("http://example.org", timeout=2).read())
""")


@attack("not yet")
def asks_for_a_name(at: Targets) -> str:
    return tries("""
import socket
won = bool(socket.getaddrinfo("example.org", 80))
""")


@attack("not yet")
def opens_raw_sockets(at: Targets) -> str:
    return tries("""
import socket
for family, kind in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_NETLINK, socket.SOCK_RAW)):
    try:
        socket.socket(family, kind)
        won = True
    except OSError:
        pass
""")


# --- processes -----------------------------------------------------------------------------


@attack("not yet")
def forks_once(at: Targets) -> str:
    return tries("""
if os.fork() == 0:
    import time
    time.sleep(600)
won = True
""")


@attack("time", needs=("processes",), slow=True)
def forks_for_ever(at: Targets) -> str:
    return inside("""
while True:
    try:
        os.fork()
    except OSError:
        pass
""")


@attack("not yet")
def starts_a_program(at: Targets) -> str:
    return tries("""
import subprocess
for command in (["/bin/sh", "-c", "sleep 600 &"], [sys.executable, "-c", "pass"]):
    try:
        subprocess.run(command, timeout=2)
        won = True
    except OSError:
        pass
won = won or os.system("true") == 0
""")


@attack("not yet")
def spawns_a_program(at: Targets) -> str:
    return tries("""
os.posix_spawn("/bin/sleep", ["sleep", "600"], {})
won = True
""")


@attack("not yet")
def becomes_another_program(at: Targets) -> str:
    return tries("""
for way in (os.execv, os.execvp):
    try:
        way(sys.executable, [sys.executable, "-c", "pass"])
    except OSError:
        pass
""")


@attack("not yet")
def starts_a_thread(at: Targets) -> str:
    return tries("""
import threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
won = True
""")


@attack("not yet")
def starts_a_pool(at: Targets) -> str:
    return tries("""
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as pool:
    won = pool.submit(len, "abc").result(2) == 3
""")


@attack("not yet")
def kills_its_parent(at: Targets) -> str:
    return tries("""
import signal
for pid in (os.getppid(), 1, -1, 0, -os.getpgid(0)):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, 0):
        try:
            os.kill(pid, number)
            won = pid != 0
        except OSError:
            pass
""")


@attack("not yet")
def kills_whoever_it_finds(at: Targets) -> str:
    return tries("""
import signal
for pid in [*range(2, 400), *range(1000, 40_000, 7)]:
    if pid == os.getpid():
        continue
    try:
        os.kill(pid, signal.SIGKILL)
        won = True
    except OSError:
        pass
""")


@attack("not yet")
def looks_into_its_parent(at: Targets) -> str:
    return tries("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), 1):
    if pid and libc.ptrace(16, pid, 0, 0) == 0:
        won = True
won = won or libc.ptrace(0, 0, 0, 0) == 0
""")


@attack("not yet")
def calls_the_system_by_number(at: Targets) -> str:
    # clone3, memfd_create, io_uring_setup, unshare, bpf, keyctl, userfaultfd, pidfd_open,
    # open_tree, mount, personality, and the same by the old way of 32 bits.
    return tries("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
room = ctypes.create_string_buffer(256)
for number, given in (
    (319, (b"name", 0)), (425, (8, room)), (272, (0x10000000,)), (321, (0, room, 48)),
    (250, (0, -3, 0)), (323, (1,)), (434, (os.getppid(), 0)), (428, (-100, b"/", 1)),
    (135, (0,)), (41, (2, 1, 0)), (0x40000000 + 41, (2, 1, 0)), (56, (17, 0, 0, 0, 0)),
    (0x40000000 + 57, ()), (57, ()), (58, ()), (29, (0, 4096, 0o1777)), (10_000, ()),
):
    if libc.syscall(ctypes.c_long(number), *given) >= 0:
        won = True
""")


@attack("not yet")
def raises_its_limits(at: Targets) -> str:
    return tries("""
import resource
for name in ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_NOFILE"):
    limit = getattr(resource, name)
    soft, hard = resource.getrlimit(limit)
    for wish in ((-1, -1), (hard + 10, hard + 10)):
        try:
            resource.setrlimit(limit, wish)
            won = resource.getrlimit(limit)[1] != hard or won
        except (OSError, ValueError):
            pass
""")


@attack("not yet")
def widens_the_rules_for_those_who_come_after(at: Targets) -> str:
    return tries("""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
top = os.open("/", os.O_PATH)
rule = ctypes.create_string_buffer(struct.pack("=Qi", 12, top))
for number in range(3, 64):
    if libc.syscall(445, number, 1, rule, 0) == 0:
        won = True
""")


@attack("not yet")
def becomes_somebody_else(at: Targets) -> str:
    return tries("""
for step in (lambda: os.setuid(1000), lambda: os.setgroups([]), lambda: os.chroot(".")):
    try:
        step()
        won = True
    except OSError:
        pass
""")


@attack("not yet")
def shares_memory_by_name(at: Targets) -> str:
    return tries("""
from multiprocessing import shared_memory
shared_memory.SharedMemory("was-here", create=True, size=100)
won = True
""")


# --- ending --------------------------------------------------------------------------------


@attack("ended")
def ends_at_once_in_its_cell(at: Targets) -> str:
    return "import os\nos._exit(0)"


@attack("ended")
def ends_at_once_in_its_function(at: Targets) -> str:
    return inside("os._exit(0)")


@attack("error")
def leaves_in_its_cell(at: Targets) -> str:
    return f"import sys\nsys.exit(0)\n{RIGHT}"


@attack("error")
def leaves_in_its_function(at: Targets) -> str:
    return inside("sys.exit(0)")


@attack("error")
def interrupts(at: Targets) -> str:
    return inside("raise KeyboardInterrupt")


@attack("error")
def raises_something_deep(at: Targets) -> str:
    return inside("raise Deep(text)", before="class Deep(BaseException): pass")


@attack("ended")
def crashes(at: Targets) -> str:
    return inside("import ctypes\nctypes.string_at(0)")


@attack("ended")
def kills_itself(at: Targets) -> str:
    return inside("os.kill(os.getpid(), 9)")


@attack("not yet")
def leaves_something_for_its_end(at: Targets) -> str:
    return gives(
        "[]",
        before=f"""
import atexit, os, signal, weakref
def later(*rest):
    open({str(at.gradebook)!r}, "w").write("99")
atexit.register(later)
class Last:
    __del__ = later
last = Last()
weakref.finalize(last, later)
os.register_at_fork(before=later)
signal.signal(signal.SIGTERM, later)
""",
    )


# --- time ----------------------------------------------------------------------------------


@attack("time", slow=True)
def loops_in_its_cell(at: Targets) -> str:
    return "while True:\n    pass"


@attack("time", slow=True)
def loops_in_its_function(at: Targets) -> str:
    return inside("while True:\n    pass")


@attack("time", slow=True)
def swallows_what_would_stop_it(at: Targets) -> str:
    return inside("""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""")


@attack("time", slow=True)
def sleeps(at: Targets) -> str:
    return inside("import time\ntime.sleep(10**6)")


@attack("time", slow=True)
def searches_for_ever(at: Targets) -> str:
    return inside("return re.findall(r'(a+)+$', 'a' * 60 + 'b')")


@attack("time", slow=True)
def counts_to_a_large_number(at: Targets) -> str:
    return inside("return sum(range(10**12))")


@attack("time", slow=True)
def prints_without_end(at: Targets) -> str:
    return inside("while True:\n    print('x' * 1000)\n    print('x', file=sys.stderr)")


@attack("time", slow=True)
def writes_without_end(at: Targets) -> str:
    return inside("while True:\n    os.write(1, b'x' * 65536)\n    os.write(2, b'x' * 65536)")


# --- memory --------------------------------------------------------------------------------


@attack("memory")
def asks_for_much_at_once(at: Targets) -> str:
    return inside("return [0] * 10**11")


@attack("memory")
def asks_for_more_and_more(at: Targets) -> str:
    return inside("rows = []\nwhile True:\n    rows.append(bytearray(10**7))")


@attack("memory")
def doubles_a_text(at: Targets) -> str:
    return inside("text = 'x'\nwhile True:\n    text += text")


@attack("memory")
def asks_for_memory_in_its_cell(at: Targets) -> str:
    return f"rows = [bytearray(10**7) for _ in range(10**6)]\n{RIGHT}"


@attack("memory", "error")
def maps_memory(at: Targets) -> str:
    return inside("import mmap\nkept = [mmap.mmap(-1, 2**27) for _ in range(100)]\nreturn []")


@attack("error")
def calls_itself_for_ever(at: Targets) -> str:
    return inside("return words(text)")


@attack("memory", "ended", "error", "time", slow=True)
def calls_itself_beyond_the_limit(at: Targets) -> str:
    return inside("sys.setrecursionlimit(10**9)\nreturn words(text + 'x')")


# --- too much that comes back --------------------------------------------------------------


@attack("output")
def gives_back_a_long_list(at: Targets) -> str:
    return gives("list(range(10**6))")


@attack("output")
def gives_back_a_long_text(at: Targets) -> str:
    return gives("'x' * 10**8")


@attack("output")
def gives_back_a_deep_list(at: Targets) -> str:
    return inside("row = []\nfor _ in range(10**5):\n    row = [row]\nreturn row")


@attack("output")
def gives_back_a_list_that_holds_itself(at: Targets) -> str:
    return inside("row = []\nrow.append(row)\nreturn row")


@attack("output", "memory")
def gives_back_an_endless_generator(at: Targets) -> str:
    return inside("while True:\n    yield 'word'")


@attack("output")
def gives_back_a_counter_without_end(at: Targets) -> str:
    return gives("itertools.count()", before="import itertools")


@attack("output")
def gives_back_a_range_without_end(at: Targets) -> str:
    return gives("range(10**18)")


@attack("output")
def gives_back_a_huge_number(at: Targets) -> str:
    return gives("1 << 10**7")


@attack("output", "time", slow=True)
def gives_back_a_number_of_hundred_million_digits(at: Targets) -> str:
    return gives("10**10**8")


@attack("output")
def gives_back_a_decimal_that_unfolds(at: Targets) -> str:
    return gives("decimal.Decimal('1e999999999')", before="import decimal")


@attack("output")
def gives_back_a_large_array(at: Targets) -> str:
    return gives("np.zeros((1000, 1000))", before="import numpy as np")


@attack("output")
def gives_back_an_array_of_no_size(at: Targets) -> str:
    return gives("np.zeros((10**15, 0))", before="import numpy as np")


@attack("output")
def gives_back_a_large_table(at: Targets) -> str:
    return gives("pd.DataFrame({'a': range(10**6)})", before="import pandas as pd")


@attack("output")
def gives_back_large_bytes(at: Targets) -> str:
    return gives("bytes(10**8)")


# --- forging -------------------------------------------------------------------------------


@attack("not yet")
def prints_a_verdict(at: Targets) -> str:
    return gives(
        "[]",
        before="""
print("E03, small texts: correct.")
print('{"points": 99, "outcome": "correct"}')
print("E03, the article: correct.")
""",
    )


@attack("ended")
def writes_into_every_file_that_is_open(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import json, os, struct
answer = json.dumps({"number": "0", "value": True, "points": 99, "outcome": "correct"}).encode()
for number in range(3, 64):
    for _ in range(50):
        try:
            os.write(number, struct.pack(">I", len(answer)) + answer)
        except OSError:
            break
""",
    )


@attack("ended", "output")  # noise may begin like the length of a long message
def writes_noise_into_every_file_that_is_open(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import os
for number in range(3, 64):
    try:
        os.write(number, os.urandom(1000))
    except OSError:
        pass
""",
    )


@attack("ended")
def closes_every_file_that_is_open(at: Targets) -> str:
    return gives("[]", before="import os\nos.closerange(3, 64)")


@attack("ended")
def answers_before_it_is_asked(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import gc, json, os, struct
from nutgraf.grading import wire
line = next(each for each in gc.get_objects() if isinstance(each, wire.Line))
ready = {"defined": {"words": "call"}, "stopped": []}
line.send(ready)
for _ in range(200):
    line.send({"number": "0", "value": ["list", "To", "be", "US"]})
""",
    )


@attack("not yet", "ended")
def changes_how_it_answers(at: Targets) -> str:
    return gives(
        "[]",
        before="""
from nutgraf.grading import runner
runner.answer = lambda page, request: {"value": True, "points": 99, "outcome": "correct"}
""",
    )


@attack("ended")
def answers_with_damaged_values(at: Targets) -> str:
    return gives(
        "[]",
        before="""
from nutgraf.grading import runner
runner.answer = lambda page, request: {"value": ["pickle", "gASVAAAA"]}
""",
    )


@attack("ended")
def answers_another_question(at: Targets) -> str:
    return gives(
        "[]",
        before="""
from nutgraf.grading import runner
runner.answer = lambda page, request: {"value": ["list"], "number": "0"}
""",
    )


@attack("ended")
def answers_with_nothing(at: Targets) -> str:
    return gives(
        "[]",
        before="""
from nutgraf.grading import runner
runner.answer = lambda page, request: {}
""",
    )


@attack("ended", "output")
def answers_with_a_flood(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import gc, struct
from nutgraf.grading import wire
line = next(each for each in gc.get_objects() if isinstance(each, wire.Line))
def receive():
    while True:
        line.end.sendall(struct.pack(">I", 2**32 - 1) + b"x" * 10**6)
line.receive = receive
""",
    )


@attack("time", slow=True)
def answers_byte_by_byte(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import gc, struct, time
from nutgraf.grading import wire
line = next(each for each in gc.get_objects() if isinstance(each, wire.Line))
def receive():
    line.end.recv(10)
    line.end.sendall(struct.pack(">I", 1000))
    while True:
        line.end.sendall(b" ")
        time.sleep(0.2)
line.receive = receive
""",
    )


@attack("not testable")
def gives_back_what_equals_everything(at: Targets) -> str:
    return gives(
        "Same()",
        before="""
class Same:
    __class__ = list
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 430
    def __iter__(self): return iter([self])
    def __getattr__(self, name): return self
    def __call__(self, *given): return self
    def __getitem__(self, key): return self
    def __contains__(self, other): return True
""",
    )


@attack("not testable")
def gives_back_a_list_of_what_equals_everything(at: Targets) -> str:
    return gives(
        "[Same()] * 3",
        before="""
class Same:
    def __eq__(self, other): return True
    __hash__ = None
""",
    )


@attack("not yet")
def gives_back_a_list_that_equals_everything(at: Targets) -> str:
    return gives(
        "Same(['x'])",
        before="""
class Same(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
""",
    )


@attack("not yet")
def gives_back_texts_that_equal_everything(at: Targets) -> str:
    return gives(
        "[Same('x')] * 3",
        before="""
class Same(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
""",
    )


@attack("not yet")
def gives_back_a_list_that_lies_about_what_it_holds(at: Targets) -> str:
    return gives(
        "Lies()",
        before="""
class Lies(list):
    def __iter__(self): return iter(["To", "be", "US"])
    def __len__(self): return 3
""",
    )


@attack("not yet")
def gives_back_a_function(at: Targets) -> str:
    return gives("print")


@attack("not yet")
def gives_back_matches(at: Targets) -> str:
    return gives("list(re.finditer(r'\\w+', text))")


@attack("error")
def pretends_a_verdict_by_an_error(at: Targets) -> str:
    return inside(
        "raise Correct('E03, small texts: correct.')",
        before="""
class Correct(AssertionError):
    outcome, message, points = "correct", "", 99
""",
    )


@attack("not yet", "error")
def raises_a_verdict_of_the_kit(at: Targets) -> str:
    return inside("raise NotYet('E03: correct.')", before="from nutgraf.exercises import NotYet")


@attack("error")
def raises_what_cannot_be_printed(at: Targets) -> str:
    return inside(
        "raise Odd()",
        before="""
class Odd(ValueError):
    def __str__(self): raise SystemExit
    __repr__ = __str__
""",
    )


@attack("error")
def raises_with_an_endless_text(at: Targets) -> str:
    return inside("raise ValueError('x' * 10**7)")


@attack("not attempted")
def raises_as_the_stub_does(at: Targets) -> str:
    return inside("raise NotImplementedError")


@attack("not yet", "ended")
def replaces_what_tests_use(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import builtins, nutgraf.exercises
from contextlib import nullcontext
builtins.isinstance = lambda *given: True
builtins.AssertionError = type("Never", (Exception,), {})
builtins.list = builtins.set = lambda *given: given
builtins.len = lambda given: 3
nutgraf.exercises.attempt = nullcontext
nutgraf.exercises.NotYet = ValueError
""",
    )


@attack("not yet")
def drops_asserts_from_what_is_run(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    )


@attack("not yet")
def changes_how_code_is_made(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import builtins
made = builtins.compile
builtins.compile = lambda source, *rest, **more: made("pass", *rest, **more)
builtins.exec = lambda *given: None
builtins.eval = lambda *given: True
""",
    )


@attack("not yet", "ended", "error")
def changes_json(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import json
json.dumps = lambda *given, **more: '{"value": true}'
json.loads = lambda *given, **more: {}
""",
    )


@attack("not yet", "ended", "error")
def empties_what_is_loaded(at: Targets) -> str:
    return gives(
        "[]",
        before="""
import builtins, sys
sys.modules.clear()
for name in list(vars(builtins)):
    if name not in ("__import__", "__build_class__"):
        delattr(builtins, name)
""",
    )


@attack("not yet", "error")
def is_no_function(at: Targets) -> str:
    return "words = ['To', 'be', 'US']"


@attack("not testable")
def is_an_object_of_its_own(at: Targets) -> str:
    return """
class Words:
    @property
    def __class__(self): return list
words = Words()
"""


@attack("not attempted")
def takes_its_function_away(at: Targets) -> str:
    return f"import re\n{RIGHT}\ndel words"


@attack("not yet")
def learns_from_what_it_is_asked(at: Targets) -> str:
    return gives("seen.append(text) or seen", before="seen = []")


@attack("ended", "time")
def gives_back_numbers_that_are_alike(at: Targets) -> str:
    return gives("[number * (2**61 - 1) for number in range(1, 40_000)]")
