"""Open JupyterLab on one notebook and print the address that leads to it.

Everything that JupyterLab, IPython and matplotlib write goes below the environment that runs it, so removing that
folder removes every trace. Nothing is asked of the outside: no news, no update check, no extension list.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from campaign_analytics.errors import CampaignError

#: Chinese in the browser on a machine without such a font: the one that our charts draw with, fetched from this
#: server when a page first shows a Chinese character, and asked last, so that everything else looks as it always did.
_STYLE: Final = """\
@font-face {
  font-family: "Noto Sans SC";
  src: local("Noto Sans SC"), local("Noto Sans CJK SC"), url("{font}");
  unicode-range: U+2E80-9FFF, U+F900-FAFF, U+FE30-FE4F, U+FF00-FFEF, U+20000-2FA1F;
}
body {
  --jp-ui-font-family: system-ui, -apple-system, blinkmacsystemfont, "Segoe UI", helvetica, arial, sans-serif,
    "Noto Sans SC";
  --jp-content-font-family: var(--jp-ui-font-family);
  --jp-code-font-family: var(--jp-code-font-family-default), "Noto Sans SC";
}
input, select, textarea, button { font-family: var(--jp-ui-font-family); } /* browsers give these a font of their own */
"""


def open_lab(notebook: Path, arguments: Sequence[str] = ()) -> None:
    """Serve ``notebook`` from the current folder until Ctrl-C.

    ``arguments`` are handed to JupyterLab (``--port=9999``, ``--no-browser``). Raises CampaignError if there is no such
    notebook below the current folder, or JupyterLab is not installed.
    """
    folder = Path.cwd()
    path = notebook.resolve()
    if not path.is_file() or not path.is_relative_to(folder):
        raise CampaignError(f"no notebook {notebook} in {folder}: start in the folder that holds it")
    places = _places(Path(sys.prefix) / "jupyter")
    os.environ.update(places)
    _ship_font(Path(places["JUPYTER_CONFIG_DIR"]) / "custom")
    _decline_news(Path(places["JUPYTERLAB_SETTINGS_DIR"]))
    os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))  # ours to print; its own it would print at length
    try:
        from jupyterlab.labapp import LabApp  # reads the places above while it is imported
    except ImportError as error:
        raise CampaignError("JupyterLab is not installed: pip install 'campaign-analytics[lab]'") from error
    server = LabApp.initialize_server(argv=[*_settings(folder, path), *arguments])
    opened = f"{notebook} is open at\n\n    {_address(server)}\n\nCtrl-C stops it."
    server.io_loop.add_callback(print, opened, flush=True)  # said when it listens, which the loop does first
    server.start()


def _places(root: Path) -> dict[str, str]:
    return {
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "lab" / "workspaces"),
        "IPYTHONDIR": str(root / "ipython"),
        "MPLCONFIGDIR": str(root / "matplotlib"),
        "XDG_CACHE_HOME": str(root / "cache"),
    }


def _decline_news(settings: Path) -> None:
    """Answer JupyterLab's question whether it may fetch news, which would stand over the first notebook."""
    held = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    if not held.exists():  # else the person has chosen
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text('{"fetchNews": "false", "checkForUpdates": false}\n', "utf-8")


def _ship_font(folder: Path) -> None:
    """Put the style sheet that JupyterLab serves as its custom one into ``folder``, with the font beside it."""
    import pylopdf_fonts_zh_cn

    font = Path(pylopdf_fonts_zh_cn.sans_path())
    folder.mkdir(parents=True, exist_ok=True)
    held = folder / font.name
    if not held.is_file() or held.stat().st_size != font.stat().st_size:
        shutil.copyfile(font, held)
    (folder / "custom.css").write_text(_STYLE.replace("{font}", font.name), "utf-8")


def _address(server: Any) -> str:
    return f"{server.connection_url.rstrip('/')}{server.default_url}?token={os.environ['JUPYTER_TOKEN']}"


def _settings(folder: Path, notebook: Path) -> list[str]:
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
    if not _has_screen():
        settings.append("--no-browser")
    return settings


def _has_screen() -> bool:
    """Whether a browser would have a window; one in the terminal would take the server's place."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    try:
        open_lab(Path(sys.argv[1]), sys.argv[2:])
    except CampaignError as error:
        sys.exit(str(error))
