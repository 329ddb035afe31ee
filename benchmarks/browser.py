"""How a dashboard feels: from a key to the last pixel, and how often a drag repaints, in JupyterLab and by Voila.

    python -m benchmarks.browser [--offers 1000000] [--steps 30]

Measured inside the page of the system's Chromium, without a window: from the event of the key to the frame that paints
the last change. Goals, not tests: a busy machine misses them. The table goes to benchmarks/results/browser.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser.checkout import checkout
from tests.browser.page import Frontend, Page, Seen, chromium, launch

RESULTS = Path(__file__).with_name("results") / "browser.md"
BOARD = ".board:has([data-number])"
HAND, OTHERS = "Lowest 48-hour pickup rate", ("Lowest growth score", "Lowest dispute score", "Largest minimum order")
CELLS = """
import campaign_analytics as ca

book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.demo_market({offers}), book)
---
ca.dashboard(result)
"""


@dataclass(frozen=True)
class Step:
    """One key: ms to the last pixel and of the kernel, and what was sent for it."""

    settled: float
    busy: float
    kilobytes: float
    updates: int
    repaints: int
    collapsed: bool


@dataclass(frozen=True)
class Drag:
    """A drag of a second or more: repaints a second while it lasts, and ms from its release to the last pixel."""

    rate: float
    lag: float
    repaints: int
    collapsed: bool


@dataclass(frozen=True)
class Felt:
    """All that was measured in one frontend."""

    keys: list[Step]
    taken: list[Step]
    drags: list[Drag]
    reset: Step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=30)
    given = parser.parse_args()
    if not chromium():
        sys.exit("there is no Chromium: apt-get install chromium")
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        checkout(Path(folder) / "checkout") as place,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        notebook = place.write("board.ipynb", CELLS.format(offers=given.offers))
        felt = dict[Frontend, Felt]()
        frontends: tuple[Frontend, ...] = ("lab", "voila")
        for frontend in frontends:
            page = place.open(browser, frontend, notebook)
            page.run(seconds=300)
            page.seen(BOARD)
            felt[frontend] = measured(page, given.steps)
            if page.faults:
                sys.exit("\n".join(page.faults))
            page.close()
        told = report(felt, given.offers, given.steps, browser.version)
    print(told)
    RESULTS.write_text(told, "utf-8")


def measured(page: Page, steps: int) -> Felt:
    page.settle()
    hand = page.slider(HAND)
    hand.press("ArrowLeft")  # taken in hand, and what is made but once
    page.settle()
    keys = [step(page, lambda: hand.press("ArrowLeft")) for _ in range(steps)]
    taken = [step(page, partial(page.slider(name).press, "ArrowRight")) for name in OTHERS]
    hand.press("ArrowRight")
    page.settle()
    drags = [dragged(page, to) for to in (0.2, 0.9, 0.2)]
    reset = step(page, lambda: page.tab.get_by_role("button", name="Reset all").first.click())
    return Felt(keys, taken, drags, reset)


def step(page: Page, act: Callable[[], object]) -> Step:
    talk = page.talk
    bytes_before, updates_before, busy_before = talk.received_bytes, talk.updates, len(talk.busy)
    with page.watching(BOARD) as watched:
        act()
        page.settle()
        page.tab.wait_for_timeout(50)  # for a change that comes late
    seen = watched[0]
    return Step(
        settled=last(seen) - (seen.first or 0),
        busy=sum(talk.busy[busy_before:]),
        kilobytes=(talk.received_bytes - bytes_before) / 1000,
        updates=talk.updates - updates_before,
        repaints=len(seen.repaints),
        collapsed=seen.collapsed,
    )


def dragged(page: Page, to: float) -> Drag:
    with page.watching(BOARD) as watched:
        page.drag(page.slider(HAND), to, moves=90)
        page.settle()
        page.tab.wait_for_timeout(50)
    seen = watched[0]
    released = seen.last or 0.0
    during = [at for at in seen.repaints if at <= released]
    seconds = (released - (seen.down or 0)) / 1000
    return Drag(len(during) / seconds, last(seen) - released, len(during), seen.collapsed)


def last(seen: Seen) -> float:
    if not seen.repaints:
        sys.exit("a slider was moved, and nothing was drawn")
    return seen.repaints[-1]


def report(felt: dict[Frontend, Felt], offers: int, steps: int, browser: str) -> str:
    def row(name: str, value: Callable[[Felt], str], goal: str = "") -> str:
        return f"| {name} | {' | '.join(value(each) for each in felt.values())} | {goal} |"

    def middle(name: str, steps: Callable[[Felt], list[Step]]) -> Callable[[Felt], str]:
        return lambda each: f"{statistics.median(getattr(step, name) for step in steps(each)):,.1f}"

    def most(name: str, steps: Callable[[Felt], list[Step]]) -> Callable[[Felt], str]:
        return lambda each: f"{max(getattr(step, name) for step in steps(each)):,.1f}"

    def keys(each: Felt) -> list[Step]:
        return each.keys

    def taken(each: Felt) -> list[Step]:
        return each.taken

    def collapsed(each: Felt) -> str:
        steps = [*each.keys, *each.taken, each.reset]
        return str(sum(step.collapsed for step in steps) + sum(drag.collapsed for drag in each.drags))

    lines = [
        "# A dashboard in the browser",
        "",
        f"{offers:,} offers (demo market, seed 0), {steps} keys and three drags of {HAND!r}, headless, 1280 x 800.",
        "",
        f"{os.cpu_count()} cores, Chromium {browser}, JupyterLab {version('jupyterlab')}, Voila {version('voila')}, "
        f"Python {platform.python_version()}; {date.today():%Y-%m-%d}.",
        "",
        "| | Lab | Voila | goal |",
        "|---|--:|--:|---|",
        row("key to last pixel, median, ms", middle("settled", keys), "< 40 in Lab, < 60 by Voila"),
        row("key to last pixel, most, ms", most("settled", keys), "< 80 in Lab"),
        row("kernel busy a key, median, ms", middle("busy", keys), "< 15"),
        row("received a key, median, kB", middle("kilobytes", keys), "< 15"),
        row("widget updates a key, most", most("updates", keys), "at most 2"),
        row("another slider taken in hand, most, ms", most("settled", taken)),
        row("kernel busy for that, most, ms", most("busy", taken), "< 60"),
        row("repaints a second while dragging", lambda each: f"{min(d.rate for d in each.drags):,.0f}", "> 30"),
        row("lag after release, most, ms", lambda each: f"{max(d.lag for d in each.drags):,.0f}", "< 75"),
        row("reset repaints", lambda each: str(each.reset.repaints), "once"),
        row("collapsed", collapsed, "0"),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
