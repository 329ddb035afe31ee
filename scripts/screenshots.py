"""Pictures of the notebooks in a browser, 1280 x 800, for the README and the documentation.

    python -m scripts.screenshots [--to docs/images]

Every notebook in JupyterLab; of the dashboard, with a slider moved, also the page that Voila serves. Needs the system's
Chromium, as the tests in tests/browser do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser.checkout import WHAT_IF, checkout
from tests.browser.page import Page, chromium, launch

BOARD = ".board:has([data-number])"
MOVED, KEYS = "Lowest 48-hour pickup rate", ["PageDown"] * 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("docs/images"), metavar="DIR", help="default: %(default)s")
    to = parser.parse_args().to
    if not chromium():
        sys.exit("there is no Chromium: apt-get install chromium")
    to.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        checkout(Path(folder) / "checkout") as place,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        for path in sorted((place.folder / "notebooks").glob("*.ipynb")):
            notebook = f"notebooks/{path.name}"
            page = place.open(browser, "lab", notebook)
            page.run()
            if notebook == WHAT_IF:
                page.command("notebook:hide-all-cell-code")
                move(page)
            else:
                page.tab.locator(".jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollTo(0, 0)")
            take(page, to / f"{path.stem}.png")
        if (place.folder / WHAT_IF).exists():
            page = place.open(browser, "voila", WHAT_IF)
            page.run()
            move(page)
            take(page, to / f"{Path(WHAT_IF).stem}_voila.png")


def move(page: Page) -> None:
    """Show the dashboard after something was changed on it."""
    board = page.seen(BOARD)
    for key in KEYS:
        page.slider(MOVED).press(key)
    page.settle()
    board.evaluate("board => board.scrollIntoView({ block: 'center' })")


def take(page: Page, path: Path) -> None:
    """Write what is seen, if nothing went wrong on the page."""
    if page.faults:
        sys.exit(f"{path.stem}: " + "\n".join(page.faults))
    page.tab.evaluate("() => document.fonts.ready.then(() => null)")
    page.settle()
    page.tab.screenshot(path=path)
    page.close()
    print(path)


if __name__ == "__main__":
    main()
