"""The walk that finds names used before they are made."""

from __future__ import annotations

import ast

import names
import pytest

SOUND = [
    "a = 1; a",
    "import os.path as p, re; p, re",
    "from x import y as z; z",
    "for i in range(3): i\ni",
    "with open('f') as f: f",
    "try: 1\nexcept ValueError as e: print(e)",
    "[w for w in 'ab' if w]",
    "{k: v for k, v in {}.items()}",
    "[b for a in ['x'] for b in a]",
    "(n := 10) + n",
    "[last := c for c in 'ab']; last",
    "def f(x, *rest, y=1, **more): return x, rest, y, more",
    "def f(): return later\nlater = 1",
    "def f():\n    def g(): return x\n    x = 1\n    return g",
    "def f(): return f()",
    "def f():\n    global made\n    made = 1\nmade",
    "sorted('ab', key=lambda w: (w, len(w)))",
    "class A:\n    n = 1\n    def m(self): return A",
    "match [1]:\n    case [x, *rest]: x, rest\n    case {'k': v, **more}: v, more\n    case q: q",
    "a, (b, *c) = 1, (2, 3); a, b, c",
    "if True: d = 1\nelse: d = 2\nd",
    "display(1); _; __name__; get_ipython()",
    "x: int = 1; x",
]
FAULTY = [
    ("a; a = 1", ["a"]),
    ("a += 1", ["a"]),
    ("a = a", ["a"]),
    ("a = 1; del a; a", ["a"]),
    ("[w for w in 'ab']; w", ["w"]),
    ("[w for w in ws]", ["ws"]),
    ("[b for a in b for b in a]", ["b"]),
    ("try: 1\nexcept ValueError as e: 2\ne", ["e"]),
    ("def f(x=d): return x\nd = 1", ["d"]),
    ("@deco\ndef f(): pass", ["deco"]),
    ("def f(): return never", ["never"]),
    ("def f():\n    inner = 1\ninner", ["inner"]),
    ("lambda a: a + b", ["b"]),
    ("f'{missing}'", ["missing"]),
    ("class A(Base): pass", ["Base"]),
    ("class A:\n    n = 1\nn", ["n"]),
    ("x: int\nx", ["x"]),
    ("for w in words: pass", ["words"]),
]


@pytest.mark.parametrize("source", SOUND)
def test_names_that_are_made_are_known(source):
    assert names.undefined(ast.parse(source), set()) == []


@pytest.mark.parametrize(("source", "missing"), FAULTY)
def test_names_that_are_not_made_are_found(source, missing):
    assert names.undefined(ast.parse(source), set()) == missing


def test_a_cell_knows_what_cells_above_made():
    known: set[str] = set()
    names.undefined(ast.parse("a = 1\ndef f(): return a"), known)

    assert names.undefined(ast.parse("f() + a"), known) == []
