"""Servers on a copy of notebooks and data, and the system's Chromium; without it, every test here is skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.page import Frontend, Page, chromium, launch
from tests.browser.written import write_notebook
from tests.lab import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STAND_IN = """
import campaign_analytics as ca
from campaign_analytics.dashboard.board import dashboard

book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.read_market("../data/fixtures/spring", book), book)
---
dashboard(result)
"""

Open = Callable[[Frontend, str], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module, for while it is open no other event loop may run."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright is not installed: make install")
    if not chromium():
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of notebooks and data, in which JupyterLab may save."""
    place = tmp_path_factory.mktemp("checkout")
    for name in ("notebooks", "data"):
        shutil.copytree(serving.ROOT / name, place / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    what_if = place / "notebooks/03_what_if.ipynb"
    if not what_if.exists():
        write_notebook(what_if, *STAND_IN.split("---"))
    return place


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[Callable[[Frontend, str], str]]:
    """Where each server leads; JupyterLab is one for all notebooks, a Voila is started for each."""
    with ExitStack() as servers:
        workspaces = f"--LabApp.workspaces_dir={folder / 'workspaces'}"  # not those of the person at this machine

        @cache
        def lab() -> str:
            first = "notebooks/01_who_qualifies.ipynb"
            return servers.enter_context(serving.lab(first, workspaces, "--expose-app-in-browser", folder=folder))

        @cache
        def voila(notebook: str) -> str:
            return servers.enter_context(serving.dashboard(notebook, folder))

        yield lambda frontend, notebook: lab() if frontend == "lab" else voila(notebook)


@pytest.fixture
def open_page(browser: Browser, address: Callable[[Frontend, str], str]) -> Iterator[Open]:
    """Open a notebook; when the test is over nothing may have gone wrong on the page."""
    opened = list[Page]()

    def open_page(frontend: Frontend, notebook: str) -> Page:
        opened.append(Page(browser, frontend, address(frontend, notebook), notebook))
        return opened[-1]

    yield open_page
    faults = [fault for page in opened for fault in page.faults]
    for page in opened:
        page.close()
    assert not faults
