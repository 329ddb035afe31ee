"""Two dashboards on one page keep to themselves, and a market's texts stay texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.checkout import Checkout
from tests.browser.conftest import Open
from tests.browser.oracle import Oracle
from tests.browser.page import Frontend

HOSTILE = "<img src=x onerror=window.run=1><script>window.run=1</script>"
PICKUP = "min_pickup_rate_48h"
CELLS = """
import campaign_analytics as ca

book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.read_market("market", book), book)
---
ca.dashboard(result)
---
ca.dashboard(result, "zh")
"""


@pytest.fixture(scope="module")
def market(place: Checkout) -> Path:
    """A market whose titles, categories and ids hold scripts, beside a notebook of two dashboards."""
    market = place.folder / "market"
    shutil.copytree(place.folder / "data" / "fixtures" / "spring", market)
    offers = market / "offers.csv"
    text = offers.read_text("gb18030")
    for word in ("女装", "新款", "610000000001"):
        text = text.replace(word, f"{word}{HOSTILE}")
    offers.write_text(text, "gb18030")
    place.write("boards.ipynb", CELLS)
    return market


COUNTS = """
import campaign_analytics as ca

book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.demo_market(2_000, seed=1), book)
---
ca.dashboard(ca.what_if_cube(result, book, ["min_pickup_rate_48h"]))
"""


@pytest.mark.parametrize("frontend", ["lab", "voila"])
def test_what_is_fetched_for_counts_can_be_asked_and_read(open_page: Open, place: Checkout, frontend: Frontend) -> None:
    page = open_page(frontend, place.write("counts.ipynb", COUNTS))
    page.run()
    page.slider("Lowest 48-hour pickup rate").press("PageDown")
    page.seen(".board-shelf button").click()
    page.seen(".lm-TabBar-tab:has-text('Export')").click()
    page.seen("button:has-text('List the first')").click()
    cell = page.seen(".board-shelf tr:nth-child(1) td:last-child")
    assert "needs at least 87.5%" in cell.inner_text()
    assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    page.seen(".lm-TabBar-tab:has-text('Merchant')").click()
    page.seen("button:has-text('Fetch')").click()
    page.seen(".board-shelf td:has-text('b2b-')")
    assert page.seen(".widget-text:has-text('merchant id') input").evaluate("input => input.offsetWidth") > 200


@pytest.mark.parametrize("frontend", ["lab", "voila"])
def test_two_dashboards_of_hostile_texts(open_page: Open, market: Path, frontend: Frontend) -> None:
    oracle = Oracle(market)
    page = open_page(frontend, "boards.ipynb")
    page.run()
    page.seen(":nth-match([data-number=qualifying], 2)")
    assert page.tab.get_by_text(HOSTILE).count() >= 2  # shown by each, as it is written
    page.slider(oracle.label(PICKUP)).press("PageDown")
    page.settle()
    page.slider(oracle.label("max_moq", "zh")).press("End")
    page.settle()
    assert page.numbers(0) == oracle.numbers(**{PICKUP: oracle.base(PICKUP) - 5})
    assert page.numbers(1) == oracle.numbers(max_moq=oracle.last("max_moq"))
    assert page.tab.evaluate("() => window.run") is None
