"""A copy of notebooks and data to open in browsers, and the servers that serve it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from campaign_analytics.lab.jupyterlab import prepare
from tests.browser.page import Frontend, Page
from tests.lab import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WHAT_IF = "notebooks/03_what_if.ipynb"


class Checkout:
    """A folder in which JupyterLab may save; its one server is started when first needed, a Voila for each notebook."""

    def __init__(self, folder: Path, servers: ExitStack) -> None:
        self.folder = folder
        for name in ("notebooks", "data"):
            shutil.copytree(serving.ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        # neither the theme nor the open files of the person at this machine
        self._settings, self._workspaces = folder / "settings", folder / "workspaces"
        ours = [f"--LabApp.user_settings_dir={self._settings}", f"--LabApp.workspaces_dir={self._workspaces}"]

        @cache
        def address(voila_of: str = "") -> str:
            if voila_of:
                return servers.enter_context(serving.dashboard(voila_of, folder))
            first = "notebooks/01_who_qualifies.ipynb"
            return servers.enter_context(serving.lab(first, *ours, "--expose-app-in-browser", folder=folder))

        self._address = address

    def open(self, browser: Browser, frontend: Frontend, notebook: str) -> Page:
        """Open a notebook, by its path below the folder, as one who opens JupyterLab for the first time."""
        for held in (self._settings, self._workspaces):
            shutil.rmtree(held, ignore_errors=True)
        prepare(self._settings, self._workspaces)
        root = self._address() if frontend == "lab" else self._address(notebook)
        return Page(browser, frontend, root, notebook)

    def write(self, notebook: str, cells: str) -> str:
        """Write a notebook of code cells, between which stands ---, and give its path again."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}  # else Lab asks
        code = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells.split("---\n")]
        nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=kernel), self.folder / notebook)
        return notebook


@contextmanager
def checkout(folder: Path) -> Iterator[Checkout]:
    """A copy in an empty ``folder``; its servers end with the block."""
    with ExitStack() as servers:
        yield Checkout(folder, servers)
