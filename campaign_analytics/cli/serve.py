"""``campaign-analytics lab`` and ``dashboard``: a notebook in the browser."""

from __future__ import annotations

import argparse

from campaign_analytics.lab.jupyterlab import open_lab
from campaign_analytics.lab.voila import open_dashboard


def lab(asked: argparse.Namespace) -> None:
    """Open a notebook to work in, until Ctrl-C."""
    open_lab(asked.notebook, _arguments(asked))


def dashboard(asked: argparse.Namespace) -> None:
    """Serve a notebook as a page to use, until Ctrl-C."""
    open_dashboard(asked.notebook, _arguments(asked))


def _arguments(asked: argparse.Namespace) -> list[str]:
    return [f"--port={asked.port}"] * (asked.port is not None) + ["--no-browser"] * asked.no_browser
