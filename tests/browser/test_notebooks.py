"""Notebook 1 in a real browser: it runs, shows no error, and asks nothing of the outside."""

from __future__ import annotations

from tests.browser.conftest import Open


def test_notebook_1_runs_in_the_browser(open_page: Open) -> None:
    page = open_page("lab", "notebooks/01_who_qualifies.ipynb")
    page.run()
    assert page.tab.get_by_text("pre-qualified").first.is_visible()
    assert page.tab.locator("img").count() >= 3
