"""Two dashboards on one page keep to themselves, and a market's texts stay texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.oracle import Oracle
from tests.browser.page import Frontend
from tests.browser.written import write_notebook

HOSTILE = "<img src=x onerror=window.run=1><script>window.run=1</script>"
PICKUP = "min_pickup_rate_48h"
CELLS = """
import campaign_analytics as ca
from campaign_analytics.dashboard.board import dashboard

book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.read_market("market", book), book)
---
dashboard(result)
---
dashboard(result, "zh")
"""


@pytest.fixture(scope="module")
def odd(folder: Path) -> Path:
    """A folder with a notebook of two dashboards, and a market whose titles, categories and ids hold scripts."""
    place = folder / "odd"
    market = place / "market"
    market.mkdir(parents=True)
    for path in (folder / "data" / "fixtures" / "spring").iterdir():
        (market / path.name).write_bytes(path.read_bytes())
    offers = market / "offers.csv"
    text = offers.read_text("gb18030")
    for word in ("女装", "新款", "610000000001"):
        text = text.replace(word, f"{word}{HOSTILE}")
    offers.write_text(text, "gb18030")
    write_notebook(place / "boards.ipynb", *CELLS.split("---"))
    return place


@pytest.mark.parametrize("frontend", ["lab", "voila"])
def test_two_dashboards_of_hostile_texts(open_page: Open, odd: Path, frontend: Frontend) -> None:
    oracle = Oracle(odd / "market")
    page = open_page(frontend, "odd/boards.ipynb")
    page.run()
    page.tab.locator("[data-number=qualifying]").nth(1).wait_for()
    assert page.tab.get_by_text(HOSTILE).count() >= 2  # shown by each, as it is written
    page.slider(oracle.label(PICKUP)).press("PageDown")
    page.settle()
    page.slider(oracle.label("max_moq", "zh")).press("End")
    page.settle()
    assert page.numbers(0) == oracle.numbers(**{PICKUP: oracle.base(PICKUP) - 5})
    assert page.numbers(1) == oracle.numbers(max_moq=oracle.last("max_moq"))
    assert page.tab.evaluate("() => window.run") is None
