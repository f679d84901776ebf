"""`python -m nutgraf` does what `nutgraf` does."""

from nutgraf.cli import run

run()
