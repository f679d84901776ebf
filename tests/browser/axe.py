"""axe-core on JupyterLab: a whole notebook in its sight, and proof that it looked."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe

from tests.browser.lab import SCREEN

# Lab's body has no height, which makes axe skip the contrast of everything in it.
WHOLE = "html, body { height: 100vh !important; } * { content-visibility: visible !important; }"

# What passed stays in the page but for its number: to hand it over takes longer than to find it.
RUN = """([places, options]) => axe.run(
    { include: places.map((place) => [place]) },
    { ...options, resultTypes: ['violations', 'passes'], elementRef: true },
).then(({ violations, passes }) => {
    const seen = [...passes, ...violations]
        .filter((rule) => rule.id === 'color-contrast')
        .flatMap((rule) => rule.nodes.map((node) => node.element));
    const missed = places.filter((place) => !seen.some((node) => node.closest(place)));
    return { violations, seen: seen.length, missed };
})"""


@dataclass(frozen=True)
class Findings:
    """What axe found wrong; how many nodes it judged the contrast of; the places without one."""

    violations: list[dict]
    seen: int
    missed: list[str]


@contextmanager
def in_sight(page, height: int = 5_000, css: str = ""):
    """All of a notebook on one high screen, for a while: axe passes over what is out of sight.

    css: more rules for as long.
    """
    page.set_viewport_size({"width": SCREEN["width"], "height": height})
    style = page.add_style_tag(content=WHOLE + css)
    page.wait_for_timeout(500)
    yield
    style.evaluate("node => node.remove()")
    page.set_viewport_size(SCREEN)


def look(page, places: list[str], **rules: dict) -> Findings:
    """Run axe on the elements that the selectors name; rules: settings of single rules."""
    page.evaluate(Axe().axe_script)
    return Findings(**page.evaluate(RUN, [places, {"rules": rules}]))
