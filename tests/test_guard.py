"""Running a learner's code: every way to go on for ever ends, and nothing is left behind."""

from __future__ import annotations

import builtins
import os
import re
import signal
import sys
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nutgraf import guard

POSIX = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such timer")


def count():
    number = 0
    while True:
        number += 1


def catch_everything():
    while True:
        try:  # noqa: SIM105 - as a learner writes it
            count()
        except:  # noqa: E722
            pass


def catch_three_times():
    while True:
        try:
            while True:
                try:
                    catch_everything()
                except BaseException:
                    continue
        except BaseException:
            pass


def catch_and_tell():
    while True:
        try:
            [].append(1)
        except BaseException as error:
            print(error)


def sleep():
    while True:
        try:  # noqa: SIM105
            time.sleep(60)
        except BaseException:
            pass


def wait_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def never_ending_pattern():
    while True:
        with suppress(BaseException):
            re.match("(a+)+$", "a" * 40 + "b")


def come_again_at_the_end():
    try:
        while True:
            pass
    finally:
        come_again_at_the_end()


def hold_a_file_open():
    with open(os.devnull) as file:
        while not file.closed:
            pass


def never_ending_generator():
    def numbers():
        while True:
            try:  # noqa: SIM105
                yield 1
            except BaseException:
                pass

    sum(numbers())


def catch_and_keep():
    errors = []
    while True:
        try:
            count()
        except BaseException as error:
            errors.append(error)


def sleep_three_deep():
    while True:
        try:
            while True:
                try:
                    sleep()
                except BaseException:
                    continue
        except BaseException:
            continue


LOOPS = [
    catch_and_keep,
    *(count, catch_everything, catch_and_tell, come_again_at_the_end, hold_a_file_open),
    *(catch_three_times, never_ending_generator),
]
# A thread of Python could not end these.
WAITS = [sleep, sleep_three_deep, wait_for_a_lock, never_ending_pattern]


def ended_in_time(action) -> guard.Ran:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, guard._ALARM)}
    began = time.monotonic()
    ran = guard.run(action, 0.2)
    took = time.monotonic() - began
    assert 0.15 < took < 12
    assert {number: signal.getsignal(number) for number in before} == before
    for _ in range(100_000):  # an interruption that is still on its way would arrive here
        pass
    return ran


@pytest.mark.parametrize("loop", LOOPS)
def test_every_endless_loop_is_stopped(loop):
    assert isinstance(ended_in_time(loop).error, guard.TimeUp)


@POSIX
@pytest.mark.parametrize("wait", WAITS)
def test_waiting_for_ever_is_stopped(wait):
    assert isinstance(ended_in_time(wait).error, guard.TimeUp)


@POSIX
@pytest.mark.parametrize("loop", [sleep, catch_everything])
def test_raising_a_second_time_some_steps_later_is_a_way_of_its_own(loop, monkeypatch):
    monkeypatch.setattr(guard._thread, "interrupt_main", lambda *_: None)
    assert isinstance(ended_in_time(loop).error, guard.TimeUp)


def test_the_place_of_an_endless_loop_is_known():
    error = ended_in_time(count).error
    assert [frame.f_code.co_name for frame, _ in guard.frames_of(error)] == ["count"]


def test_errors_that_were_kept_interrupt_nothing_later():
    kept = []

    def catch_one():
        try:
            count()
        except BaseException as error:
            kept.append(error)

    ran = ended_in_time(catch_one)
    assert isinstance(ran.error, guard.TimeUp)
    kept.clear()
    assert guard.run(lambda: 3, 5).value == 3


def test_what_ends_in_time_gives_its_value():
    assert guard.run(lambda: 42).value == 42
    assert guard.run(lambda: 42).error is None


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("own"), OSError()]
)
def test_an_error_of_any_kind_is_handed_back(error):
    def stop():
        raise error

    assert guard.run(stop).error is error


def test_recursion_without_end_is_an_error_like_others():
    def again():
        return again()

    assert isinstance(guard.run(again).error, RecursionError)


@POSIX
def test_a_real_stop_is_a_keyboard_interrupt():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        guard.run(count, 10)


@POSIX
def test_a_real_stop_is_told_of_even_if_the_code_catches_it():
    def catch_once():
        try:
            count()
        except BaseException:
            return "caught"

    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        guard.run(catch_once, 10)


@POSIX
def test_a_timer_of_somebody_else_goes_on():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        guard.run(lambda: time.sleep(0.05), 5)
        assert rung == []
        time.sleep(0.4)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_thread_keeps_time_where_the_system_has_no_timer(monkeypatch):
    monkeypatch.setattr(guard, "_HAS_TIMER", False)
    monkeypatch.setattr(guard, "_ALARM", signal.SIGINT)
    for loop in (count, catch_everything, catch_three_times):
        assert isinstance(ended_in_time(loop).error, guard.TimeUp)


def test_another_thread_has_no_limit_and_no_crash():
    done = []
    thread = threading.Thread(target=lambda: done.append(guard.run(lambda: 7, 0.001)))
    thread.start()
    thread.join()
    assert done[0].value == 7


# --- what is printed -------------------------------------------------------------------------


def test_what_is_printed_is_kept_and_not_shown(capsys):
    ran = guard.run(lambda: (print("one"), print("two", file=sys.stderr)))
    assert ran.printed == guard.Printed("one\ntwo\n", 8, 2)
    assert ran.printed.left_out == ""
    assert capsys.readouterr() == ("", "")


def test_a_flood_is_cut_and_counted():
    ran = guard.run(lambda: print("word\n" * 10_000))
    assert len(ran.printed.text) == guard.LINES * 5
    assert ran.printed.letters == 50_001
    assert ran.printed.left_out == "… and 49,801 more characters in 9,961 more lines"


def test_one_endless_line_is_cut_and_counted():
    ran = guard.run(lambda: [print("x" * 999, end="") for _ in range(9)])
    assert len(ran.printed.text) == guard.LETTERS
    assert ran.printed.left_out == "… and 6,991 more characters"


def test_printing_for_ever_takes_no_memory():
    def flood():
        while True:
            print("x" * 1000)

    ran = ended_in_time(flood)
    assert isinstance(ran.error, guard.TimeUp)
    assert len(ran.printed.text) <= guard.LETTERS


@given(st.lists(st.text(alphabet="ab\n\r\x0b\u2028", max_size=300) | st.text(), max_size=30))
@example(["a\x0b" * 6, "b"])
@example(["\n\n", "a\n\nb", "c\n\n", "d"])
def test_what_is_kept_is_the_beginning_of_it_all(parts):
    kept = guard.Kept(200, 5)
    for part in parts:
        kept.write(part)
    printed, everything = kept.printed(), "".join(parts)
    assert everything.startswith(printed.text)
    assert printed.letters == len(everything)
    assert len(printed.text) <= 200
    assert printed.text.count("\n") <= 5
    assert bool(printed.left_out) == (printed.text != everything)


def test_stdout_can_be_closed_replaced_and_is_there_again():
    before = sys.stdout

    def break_it():
        sys.stdout.close()
        print("still here")
        sys.stdout = None
        sys.stderr = 3

    assert guard.run(break_it).printed.text == "still here\n"
    assert sys.stdout is before


def test_display_goes_to_the_printed_words_too(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    shell = InteractiveShell.instance()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    before = shell.display_pub
    ran = guard.run(lambda: [display(number) for number in range(99)])
    InteractiveShell.clear_instance()
    assert ran.printed.lines == 99
    assert shell.display_pub is before


def test_nobody_is_asked_for_anything():
    asking = builtins.input
    assert isinstance(guard.run(lambda: input("How many?")).error, guard.Asked)
    assert builtins.input is asking


# --- what is put back ------------------------------------------------------------------------


def test_names_of_pythons_own_are_put_back_and_named():
    own_len, own_print = len, print

    def replace():
        builtins.len = lambda _: 3
        del builtins.print

    ran = guard.run(replace)
    assert set(ran.tampered) == {"len", "print"}
    assert (len, print) == (own_len, own_print)
    assert guard.run(lambda: 1).tampered == ()


def test_names_that_were_replaced_before_are_found(monkeypatch):
    assert guard.own_names_replaced() == []
    monkeypatch.setattr(builtins, "divmod", lambda one, other: 3)
    monkeypatch.setattr(builtins, "frozenset", 3)
    monkeypatch.setattr(builtins, "ord", chr)
    assert set(guard.own_names_replaced()) == {"divmod", "frozenset", "ord"}


def test_a_changed_limit_of_recursion_is_put_back():
    limit = sys.getrecursionlimit()
    guard.run(lambda: sys.setrecursionlimit(limit + 500))
    assert sys.getrecursionlimit() == limit


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
def test_memory_is_held_to_a_limit_and_the_limit_goes():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    ran = guard.run(lambda: bytearray(guard.BYTES * 5 // 4))
    assert isinstance(ran.error, MemoryError)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
