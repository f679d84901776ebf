"""Checking an attempt: the ending is the right one, and what is said of it is true and calm."""

from __future__ import annotations

import builtins
import contextlib
import io
import itertools
import linecache
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError, checking, guard
from nutgraf.checking import CODE, CORRECT, NOT_ATTEMPTED, NOT_YET

NUMBERS = itertools.count()
RIGHT = r"""
def words(text):
    return re.findall(r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*", text)
"""


def notebook(*cells: str, name: str = "E03", above: bool = True) -> dict:
    """The names of a learner's notebook after these cells have run in it."""
    names: dict = {"__name__": "__main__"}
    given = [cell.source for cell in checking.exercise(name).before] if above else []
    for source in (*given, *cells):
        file = f"<cell {next(NUMBERS)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, file, "exec"), names)
    return names


def found(*cells: str, name: str = "E03", above: bool = True) -> checking.Finding:
    return checking.check(name, notebook(*cells, name=name, above=above))


def said(finding: checking.Finding) -> str:
    return "\n".join(words for _, words in finding.says)


def function(*lines: str, head: str = "def words(text):") -> str:
    return "\n".join([head, *(f"    {line}" for line in lines)])


# --- the three endings -----------------------------------------------------------------------


def test_a_right_function_is_correct_and_the_tests_may_tell_something():
    finding = found(RIGHT)
    assert finding.verdict == CORRECT
    assert (CODE, "430 words, as many as split() gives, yet 229 types where split() has 251.") in (
        finding.says
    )


def test_a_broken_promise_shows_what_was_promised_and_what_came():
    finding = found(function("return text.split()"))
    assert finding.verdict == NOT_YET
    assert [words for kind, words in finding.says if kind == CODE] == [
        '>>> words("“Hurry,” he said in 1920.")',
        "['Hurry', 'he', 'said', 'in', '1920']",
        "['“Hurry,”', 'he', 'said', 'in', '1920.']",
    ]
    assert finding.says[-1][1].endswith("?")


def test_a_promise_of_several_lines_shows_those_that_it_needs():
    source = function("return []", head="def quotations(text):")
    assert found(source, name="E07").says[1] == (
        CODE,
        '>>> text = "“Stay,” she said, “or go.”"\n'
        ">>> for start, end in quotations(text):\n"
        "...     print(start, end, text[start:end])",
    )


def test_a_test_that_does_not_hold_shows_the_call_and_its_question():
    pattern = r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*|/"
    finding = found(function(f'return re.findall(r"{pattern}", text)'))
    assert finding.says == (
        (CODE, "words('yes/no')"),
        ("words", "gives"),
        (CODE, "['yes', '/', 'no']"),
        ("words", "Is a slash part of a word?"),
    )


def test_where_several_calls_could_be_meant_none_is_shown():
    # The first of two calls is wrong, and the test looks at both after both were made.
    lines = ["if span == (22, 36): return 'al-Amin', 'added'", "if 'Bell, a' in text:",
             "    return ('Ana Bell', 'said') if span[0] == 0 else ('the baker', 'added')",
             "if 'written' in text: return None", "return 'Ana', 'said'"]  # fmt: skip
    finding = found(function(*lines, head="def attribute(text, span):"), name="E08")
    assert finding.says == (("words", "Ana Bell said: what is the name, and what the verb?"),)


def test_a_right_function_that_prints_nothing_is_told_of_no_printing():
    assert "Your function printed" not in said(found(RIGHT))


def test_an_untouched_stub_is_not_attempted():
    stub = function('"""Own words."""', "raise NotImplementedError")
    finding = found(stub)
    assert finding.verdict == NOT_ATTEMPTED
    assert "still as it was handed out" in said(finding)


def test_a_stub_with_code_above_its_last_line_is_told_of_that_line():
    finding = found(function("found = text.split()", "raise NotImplementedError"))
    assert finding.verdict == NOT_ATTEMPTED
    assert "Take it out" in said(finding)


def test_a_cell_that_was_not_run_is_not_attempted():
    finding = found()
    assert finding.verdict == NOT_ATTEMPTED
    assert "Python does not know `words` so far." in said(finding)


def test_a_renamed_function_is_found_by_its_promise_or_by_its_name():
    promise = f'r"""{checking.exercise("E03").promise}"""'
    by_promise = found(function(promise, "return []", head="def my_list(text):"))
    by_name = found(function("return []", head="def word(text):"))
    assert "Your function is called `my_list`, and the tests call `words`." in said(by_promise)
    assert "Python knows `word` here" in said(by_name)
    assert {by_promise.verdict, by_name.verdict} == {NOT_ATTEMPTED}


def test_a_name_given_to_something_else_is_told_of():
    assert "`words` is a list here, and no function." in said(found("words = ['a']"))


def test_an_unknown_exercise_is_named_with_those_there_are():
    for name in ("E99", "", "E*", "../E03", "E03-a-better-word-list"):
        with pytest.raises(NutgrafError, match=r"no exercise .*E01, E02, .*E12"):
            checking.exercise(name)


# --- errors in the learner's function --------------------------------------------------------


def test_an_error_is_told_with_its_call_its_line_and_the_values_in_it():
    finding = found(function("pieces = text.split()", "return pieces[5]"))
    shown = said(finding)
    assert "words('“Hurry,” he said in 1920.')" in shown
    assert "In line 3 of its cell:\nreturn pieces[5]" in shown
    assert "pieces = ['“Hurry,”', 'he', 'said', 'in', '1920.']" in shown
    assert "IndexError: list index out of range" in shown
    assert shown.endswith("Think of the empty text, too.")


def test_an_error_in_a_helper_shows_the_line_of_the_helper():
    helper = "def halve(number):\n    return number / 0"
    finding = found(helper, function("return halve(3)"))
    assert "In line 2 of its cell:\nreturn number / 0" in said(finding)


def test_an_error_inside_a_library_shows_the_learners_line():
    finding = found(function("return re.findall('(', text)"))
    assert "In line 2 of its cell:\nreturn re.findall('(', text)" in said(finding)


def test_cells_that_were_not_run_are_the_reason_of_an_unknown_name():
    finding = found(RIGHT, above=False)
    assert finding.verdict == NOT_YET
    assert "A cell above your function makes `re`." in said(finding)


def test_a_function_with_other_names_in_its_brackets_is_told_of():
    finding = found(function("return []", head="def words():"))
    assert "words() takes 0 positional arguments but 1 was given" in said(finding)
    assert "Which names stand in the brackets after def, and which should?" in said(finding)


def test_an_error_that_comes_late_from_a_generator_is_told_with_its_line():
    source = function("yield 0, 1", "yield 1 / 0", head="def paragraphs(text):")
    assert "In line 3 of its cell:\nyield 1 / 0" in said(found(source, name="E05"))


def test_printing_is_told_from_giving_back():
    printing = found(function("print(text.split())"))
    forgetting = found(function("text.split()"))
    one_way = found(function("if not text:", "    return []"))
    assert "Your function prints and gives nothing back" in said(printing)
    assert "Your function printed:\n['“Hurry,”', 'he'," in said(printing)
    assert "Which line should hand over what it has worked out" in said(forgetting)
    assert "does that way end in a return?" in said(one_way)


def test_prints_for_looking_inside_break_no_promise():
    finding = found(RIGHT.replace("return", "print('looking', text[:9])\n    return"))
    assert finding.verdict == CORRECT
    assert "Your function printed:\nlooking " in said(finding)


def test_what_a_promise_cannot_use_is_shown():
    source = function("return ['a title']", head="def paragraphs(text):")
    shown = said(found(source, name="E05"))
    assert "Your `paragraphs` gives back\n['a title']" in shown
    assert "of the kind that you promised?" in shown


def test_a_generator_in_place_of_a_list_is_shown_without_its_address():
    shown = said(found(function("yield from text.split()")))
    assert "Yours gives\n<generator object words>" in shown


# --- what goes on for ever, and floods -------------------------------------------------------


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.3)


@pytest.mark.parametrize(
    "loop",
    [
        function("while True:", "    text = text"),
        function("while True:", "    try:", "        text = text.split()", "    except: pass"),
        function("while True:", "    print(text)"),
        function("import time", "time.sleep(60)"),
        function("re.match('(a+)+$', 'a' * 40 + 'b')"),
    ],
)
def test_an_endless_function_is_stopped_and_the_line_is_shown(loop, soon):
    finding = found(loop)
    assert finding.verdict == NOT_YET
    assert "After 0.3 seconds this call had not ended:" in said(finding)
    assert "In line " in said(finding)
    assert len(said(finding)) < 4000


def test_an_endless_generator_is_stopped(soon):
    source = function("while True:", "    yield 0, 1", head="def paragraphs(text):")
    shown = said(found(source, name="E05"))
    assert "After 0.3 seconds what this call gives back had not ended:" in shown


def test_a_flood_is_counted(soon):
    finding = found(function("while True:", "    print(text)"))
    assert finding.says[-1][1].startswith("… and ")
    assert finding.says[-1][1].endswith(" more lines")


def made_up(*cells: str) -> checking.Exercise:
    """An exercise `E00` that asks for `f`, with these cells after it; the last is its test."""
    stub = 'def f(number):\n    """>>> f(1)\n    2\n    """\n    raise NotImplementedError'
    sources = [("stub", stub, {"solution": True}), ("check", 'check("E00")', {})]
    sources += [(f"given{place}", source, {}) for place, source in enumerate(cells[:-1])]
    sources += [("test", cells[-1], {"grade": True})]
    page = [
        {"cell_type": "code", "id": f"E00-{i}", "source": s, "metadata": {"nbgrader": marks}}
        for i, s, marks in sources
    ]
    return checking.parse("E00", {"cells": page, "metadata": {}}, "E00.ipynb")


def test_what_a_test_loads_takes_none_of_the_learners_time(soon, monkeypatch):
    waits = "import sys, time\nif 'slow' not in sys.modules:\n    time.sleep(0.6)"
    load = f"{waits}\n    sys.modules['slow'] = sys\nassert f(1) == 2"
    monkeypatch.setattr(checking, "exercise", lambda name: made_up(load))
    monkeypatch.delitem(sys.modules, "slow", raising=False)
    finding = checking.check("E00", notebook("def f(number): return number + 1"))
    sys.modules.pop("slow")
    assert finding.verdict == CORRECT


def test_loading_calls_no_function_of_the_learner(soon, monkeypatch):
    monkeypatch.setattr(checking, "_WARM_UP", 5.0)
    monkeypatch.setattr(checking, "exercise", lambda name: made_up("assert f(2) == 3"))
    source = "def f(number):\n    while number > 1: pass\n    return number + 1"
    began = time.monotonic()
    finding = checking.check("E00", notebook(source))
    assert time.monotonic() - began < 4
    assert "After 0.3 seconds this call had not ended:\nf(2)" in said(finding)


def test_a_given_cell_between_function_and_test_is_the_kits_own(monkeypatch):
    cells = ("def twice(number):\n    return f(f(number))", "assert twice(1) == 3")
    monkeypatch.setattr(checking, "exercise", lambda name: made_up(*cells))
    right, broken = "def f(number): return number + 1", "def twice(number): return 'mine'"
    assert checking.check("E00", notebook(right, broken)).verdict == CORRECT


def test_a_notebook_without_a_function_to_write_is_refused():
    with pytest.raises(NutgrafError, match=r"x\.ipynb holds no function to write"):
        checking.parse("E00", {"cells": []}, "x.ipynb")


# --- hostile functions, and what must be left as it was --------------------------------------

HOSTILE = {
    "exits": "import sys; sys.exit(0)",
    "raises anything": "raise BaseException('own')",
    "is interrupted": "raise KeyboardInterrupt",
    "replaces len": "import builtins; builtins.len = lambda x: 3; return []",
    "replaces print": "import builtins; builtins.print = None; builtins.isinstance = None",
    "removes repr": "import builtins; del builtins.repr",
    "closes stdout": "import sys; sys.stdout.close(); sys.stdout = None",
    "forgets its name": "globals().pop('words', None)",
    "forgets all": "globals().clear()",
    "equals everything": "return Equal()",
    "equals everything, as a list": "return EqualList()",
    "cannot be shown": "return Unseen()",
    "cannot be compared": "return Stubborn()",
    "is shown at length": "return Long()",
    "says something nasty": "raise Nasty()",
    "asks": "return input('?')",
    "changes the recursion limit": "import sys; sys.setrecursionlimit(60); return []",
    "is traced": "import sys; sys.settrace(lambda *_: None); return []",
    "stops iterating": "raise StopIteration",
    "raises a verdict": "from nutgraf.exercises import NotYet; raise NotYet('forged: correct.')",
    "raises another": "from nutgraf.exercises import NotAttempted; raise NotAttempted('x')",
}
CLASSES = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
class EqualList(list):
    def __eq__(self, other): return True
class Unseen(list):
    def __repr__(self): raise RuntimeError('no')
class Stubborn(list):
    def __eq__(self, other): raise RuntimeError('no')
class Long(list):
    def __repr__(self): return 'x' * 10_000_000
class Nasty(Exception):
    def __str__(self): raise RuntimeError('no')
"""


@pytest.mark.parametrize("does", HOSTILE)
def test_nothing_that_a_function_does_breaks_the_check(does):
    before = (sys.stdout, sys.gettrace(), sys.getrecursionlimit(), dict(vars(builtins)))
    finding = found(CLASSES, function(*HOSTILE[does].split("; ")))
    assert finding.verdict in (NOT_YET, NOT_ATTEMPTED)
    assert finding.says
    assert all(len(words) < 4000 for _, words in finding.says)
    after = (sys.stdout, sys.gettrace(), sys.getrecursionlimit(), dict(vars(builtins)))
    assert after == before


def test_names_of_pythons_own_that_are_replaced_in_the_notebook_do_no_harm_to_a_test():
    finding = found("list = str = sorted = attempt = load = 3", RIGHT)
    assert finding.verdict == CORRECT


def test_a_kernel_with_another_len_is_told_to_restart(monkeypatch):
    monkeypatch.setattr(builtins, "divmod", lambda *given: 3)
    finding = found(RIGHT)
    assert finding.verdict == ""
    assert "In this notebook `divmod` means something else than in Python." in said(finding)


@pytest.mark.parametrize("source", [RIGHT, function("return text.split()"), ""])
def test_a_check_leaves_no_name_behind(source):
    names = notebook(source)
    before = dict(names)
    checking.check("E03", names)
    assert names == before


def test_stop_is_a_keyboard_interrupt(monkeypatch):
    def stopped(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(guard, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        found(RIGHT)


# --- fingerprints ----------------------------------------------------------------------------


def mark_of(*cells: str) -> str:
    return checking.fingerprint(notebook(*cells)["words"])


def test_comments_places_and_the_docstring_do_not_count():
    plain = mark_of(function("return text.split(' ')"))
    assert plain == mark_of("# a note\n\n" + function("# more", "return text.split(' ')"))
    assert plain == mark_of(function('"""What it does."""', "return text.split(' ')"))


@pytest.mark.parametrize(
    "other",
    [
        "return text.split('-')",
        "return text.split()",
        "return [word for word in text.split(' ')]",
        "return text.rsplit(' ')",
        "return [text.split(' ')]",
    ],
)
def test_other_code_has_another_fingerprint(other):
    assert mark_of(function(other)) != mark_of(function("return text.split(' ')"))


def test_a_helper_and_a_value_that_the_function_uses_count():
    source = function("return cut(text, sign)")
    one = mark_of("def cut(text, sign): return text.split(sign)", "sign = ' '", source)
    assert one != mark_of("def cut(text, sign): return [text]", "sign = ' '", source)
    assert one != mark_of("def cut(text, sign): return text.split(sign)", "sign = '-'", source)
    assert one == mark_of("unused = 3", "def cut(text, sign): return text.split(sign)",
                          "sign = ' '", source)  # fmt: skip


def test_inner_functions_and_constants_count():
    inner = "return sorted(text.split(), key=lambda word: len(word) + {})"
    assert mark_of(function(inner.format(1))) != mark_of(function(inner.format(2)))
    assert mark_of(function("return text in {'a', 'b'}")) == mark_of(
        function("return text in {'b', 'a'}")
    )
    assert mark_of(function("return 1")) != mark_of(function("return True"))


@pytest.mark.parametrize("value", ["len", "str", "Later()", "__import__('functools').partial(len)"])
def test_whatever_can_be_called_has_a_fingerprint(value):
    later = "class Later:\n    def __call__(self, text): return []\n"
    assert len(mark_of(later, f"words = {value}")) == 16


def test_functions_that_call_each_other_have_a_fingerprint():
    source = "def words(text): return again(text)\ndef again(text): return words(text)"
    assert mark_of(source) == mark_of(source)


@given(st.text(alphabet="abc #\n\t'\"()[]:=+-,", max_size=60))
def test_names_are_found_in_any_line(line):
    assert all(name.isidentifier() for name in checking._names_in(line))


# --- the solutions ---------------------------------------------------------------------------


def test_a_solution_is_code_without_markers_and_without_the_promise():
    code = checking.solution("E03")
    assert code.startswith("def words(text):\n    number = ")
    assert "###" not in code
    assert ">>>" not in code
    assert found(code).verdict == CORRECT


def test_an_edition_without_solutions_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "kit_dir", lambda name: tmp_path / name)
    assert checking.solution("E03") == ""
