"""Serve one notebook as a page to look at and use, without its code, and print its address."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from campaign_analytics.errors import CampaignError
from campaign_analytics.lab.places import announce, has_screen, notebook_here, settle, ship_font

_TEMPLATE: Final = "campaign_analytics"


def open_dashboard(notebook: Path, arguments: Sequence[str] = ()) -> None:
    """Serve ``notebook`` from the current folder by Voila until Ctrl-C; every page that is opened runs it anew.

    ``arguments`` are handed to Voila (``--port=9999``, ``--no-browser``). Raises CampaignError if there is no such
    notebook below the current folder, or Voila is not installed.
    """
    path = notebook_here(notebook)
    places = settle()
    try:
        from tornado.ioloop import IOLoop
        from voila.app import Voila

        from campaign_analytics.lab.connection import CONNECTION
    except ImportError as error:
        raise CampaignError("Voila is not installed: pip install 'campaign-analytics[lab]'") from error
    _ship_template(Path(places["JUPYTER_DATA_DIR"]) / "nbconvert" / "templates" / _TEMPLATE)
    logging.getLogger("tornado").setLevel(logging.ERROR)  # it warns of Voila's own settings
    server = Voila()
    server.initialize(argv=[str(path), *_settings(), f"--Voila.{CONNECTION}", *arguments])
    IOLoop.current().add_callback(lambda: announce(notebook, server.connection_url))  # its port is known by then
    server.start()


def _ship_template(folder: Path) -> None:
    """Put our page where Voila looks for one; nbconvert's folder, for one of its own name would hide Voila's themes."""
    shutil.copytree(Path(__file__).with_name("template"), folder, dirs_exist_ok=True)
    style = ship_font(folder / "static")
    (folder / "static" / "chinese.css").write_text(style, "utf-8")


def _settings() -> list[str]:
    settings = [
        f"--template={_TEMPLATE}",
        f"--token={os.environ['JUPYTER_TOKEN']}",
        # a page that was closed tells so and its kernel ends; this is for those that could not
        "--MappingKernelManager.cull_idle_timeout=600",
        "--Application.log_level=ERROR",
    ]
    if not has_screen():
        settings.append("--no-browser")
    return settings
