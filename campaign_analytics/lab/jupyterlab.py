"""Open JupyterLab on one notebook and print the address that leads to it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from campaign_analytics.errors import CampaignError
from campaign_analytics.lab.places import announce, has_screen, notebook_here, settle, ship_font

#: The tab's icon shows that the kernel is busy: a step of a slider would fetch it from the server that is to answer.
_LEFT_OUT: Final[dict[str, object]] = {"disabledExtensions": {"@jupyterlab/application-extension:faviconbusy": True}}


def open_lab(notebook: Path, arguments: Sequence[str] = ()) -> None:
    """Serve ``notebook`` from the current folder until Ctrl-C.

    ``arguments`` are handed to JupyterLab (``--port=9999``, ``--no-browser``). Raises CampaignError if there is no such
    notebook below the current folder, or JupyterLab is not installed.
    """
    path = notebook_here(notebook)
    places = settle()
    try:
        from jupyterlab.labapp import LabApp

        from campaign_analytics.lab.connection import CONNECTION
    except ImportError as error:
        raise CampaignError("JupyterLab is not installed: pip install 'campaign-analytics[lab]'") from error
    styles = Path(places["JUPYTER_CONFIG_DIR"]) / "custom"
    style = ship_font(styles)
    (styles / "custom.css").write_text(style, "utf-8")
    _choose(Path(places["JUPYTER_CONFIG_DIR"]) / "labconfig" / "page_config.json", _LEFT_OUT)
    prepare(Path(places["JUPYTERLAB_SETTINGS_DIR"]), Path(places["JUPYTERLAB_WORKSPACES_DIR"]))
    server = LabApp.initialize_server(argv=[*_settings(path), f"--ServerApp.{CONNECTION}", *arguments])
    address = f"{server.connection_url.rstrip('/')}{server.default_url}"
    server.io_loop.add_callback(announce, notebook, address)  # said when it listens, which the loop does first
    server.start()


def prepare(settings: Path, workspaces: Path) -> None:
    """Give JupyterLab's folders what a person would choose first, unless something was chosen there before.

    No news, the question of which would stand over the first notebook; and the list of files folded away, for a
    dashboard takes the width of a small screen.
    """
    news = {"fetchNews": "false", "checkForUpdates": False}
    _choose(settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings", news)
    layout = {"data": {"layout-restorer:data": {"left": {"collapsed": True}}}, "metadata": {"id": "default"}}
    _choose(workspaces / "default-37a8.jupyterlab-workspace", layout)  # the name of its first workspace


def _choose(path: Path, choice: dict[str, object]) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(choice), "utf-8")


def _settings(notebook: Path) -> list[str]:
    folder = Path.cwd()
    settings = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{notebook.relative_to(folder).as_posix()}",
        "--ServerApp.jpserver_extensions={'notebook_shim': False}",  # reads settings of old, and warns of its own code
        "--ServerApp.answer_yes=True",  # one Ctrl-C stops it
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.custom_css=True",
        "--Application.log_level=ERROR",
    ]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        settings.append("--allow-root")  # JupyterLab refuses to start without it
    if not has_screen():
        settings.append("--no-browser")
    return settings
