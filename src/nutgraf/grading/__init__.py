"""Grading a class: collect what was handed in, run it apart, test it, write it down.

The way of the data: `submissions` (files of learners) -> `zygote` and `sandbox` (the learner's code
runs alone) <-> `wire` <-> `judge` (the teacher's tests) -> `results` -> `gradebook` and `pages`;
`run` takes a whole class through it. Nothing that a learner's process wrote is ever unpickled,
executed or believed: it can only answer calls of its own functions, in plain data.
"""
