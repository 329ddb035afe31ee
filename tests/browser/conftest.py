"""The system's Chromium, without which every test here is skipped, and a checkout to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.browser.checkout import Checkout, checkout
from tests.browser.page import Frontend, Page, chromium, launch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Open = Callable[[Frontend, str], Page]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before any server is started for a test of this folder."""
    missing = ""
    if not find_spec("playwright"):
        missing = "playwright is not installed: make install"
    elif not chromium():
        missing = "there is no Chromium: apt-get install chromium"
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module, for while it is open no other event loop may run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with checkout(tmp_path_factory.mktemp("checkout")) as place:
        yield place


@pytest.fixture
def open_page(browser: Browser, place: Checkout) -> Iterator[Open]:
    """Open a notebook; when the test is over nothing may have gone wrong on the page."""
    opened = list[Page]()

    def open_page(frontend: Frontend, notebook: str) -> Page:
        opened.append(place.open(browser, frontend, notebook))
        return opened[-1]

    yield open_page
    faults = [fault for page in opened for fault in page.faults]
    for page in opened:
        page.close()
    assert not faults
