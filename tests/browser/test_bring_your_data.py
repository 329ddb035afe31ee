"""Notebook 0 in a real browser: files are uploaded, a header is chosen, a market is written."""

from __future__ import annotations

from tests.browser.checkout import Checkout
from tests.browser.conftest import Open

NOTEBOOK = "notebooks/00_bring_your_data.ipynb"


def test_files_are_uploaded_repaired_and_written(open_page: Open, place: Checkout) -> None:
    page = open_page("lab", NOTEBOOK)
    page.run()
    panel = page.seen(".bring-data")
    files = sorted((place.folder / "data/fixtures/spring_as_exported").iterdir())
    with page.tab.expect_file_chooser() as chooser:
        panel.locator("button").filter(has_text="upload files").click()
    chooser.value.set_files(files)
    page.tab.wait_for_function("() => document.querySelector('.bring-data input').value.startsWith('uploads')")
    page.settle()
    panel.get_by_role("button", name="Use").first.click()
    page.settle()
    assert panel.get_by_text("商品成长分数 → growth_score").is_visible()
    panel.get_by_role("button", name="Write the clean market").click()
    page.settle()
    assert panel.get_by_text("In notebook 1: folder =").is_visible()
    written = place.folder / "notebooks/my_market"
    assert {path.name for path in written.iterdir()} == {"clean", "mapping.toml", "offers_rejected.csv"}
