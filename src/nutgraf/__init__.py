"""Nutgraf takes one news article apart: tokenize it, summarize it, annotate it, check it.

Names are loaded when they are first used, so that `import nutgraf` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Article": "nutgraf.article",
    "NutgrafError": "nutgraf.errors",
    "answer": "nutgraf.widgets.quiz",
    "check": "nutgraf.widgets.exercise",
    "hint": "nutgraf.widgets.exercise",
    "load": "nutgraf.article",
    "predict": "nutgraf.widgets.quiz",
    "progress": "nutgraf.widgets.progress",
    "quiz": "nutgraf.widgets.quiz",
    "recheck": "nutgraf.widgets.quiz",
    "solution": "nutgraf.widgets.exercise",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the names of _HOMES are strings


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'nutgraf' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
