"""What both servers share: where they may write, which notebook, whose browser, and a font for Chinese."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

from campaign_analytics.errors import CampaignError


def notebook_here(notebook: Path) -> Path:
    """The whole path of a notebook below the current folder; raises CampaignError if there is none."""
    folder, path = Path.cwd(), notebook.resolve()
    if path.suffix != ".ipynb" or not path.is_file() or not path.is_relative_to(folder):
        raise CampaignError(f"no notebook {notebook} in {folder}: start in the folder that holds it, or name another")
    return path


def settle() -> dict[str, str]:
    """Let this process, and what it starts, write below its environment only; gives the places by their names.

    Jupyter reads them while it is imported. The token of the address is made here: ours to print.
    """
    root = Path(sys.prefix) / "jupyter"
    places = {
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "lab" / "workspaces"),
        "IPYTHONDIR": str(root / "ipython"),
        "MPLCONFIGDIR": str(root / "matplotlib"),
        "XDG_CACHE_HOME": str(root / "cache"),
    }
    os.environ.update(places)
    os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    return places


def announce(notebook: Path, address: str) -> None:
    """Print the address that leads to the notebook; the terminal shows it as a link."""
    print(f"{notebook} is open at\n\n    {address}?token={os.environ['JUPYTER_TOKEN']}\n\nCtrl-C stops it.", flush=True)


def ship_font(folder: Path) -> str:
    """Put the font that our charts draw Chinese with into ``folder``, and give the style that asks for it there.

    Without it a browser on a machine that has no such font shows boxes. It is fetched from this server when a page
    first shows a Chinese character, and asked last, so that everything else looks as it always did.
    """
    import pylopdf_fonts_zh_cn

    font = Path(pylopdf_fonts_zh_cn.sans_path())
    folder.mkdir(parents=True, exist_ok=True)
    held = folder / font.name
    if not held.is_file() or held.stat().st_size != font.stat().st_size:
        shutil.copyfile(font, held)
    return Path(__file__).with_name("chinese.css").read_text("utf-8").replace("{font}", font.name)


def has_screen() -> bool:
    """Whether a browser would have a window; one in the terminal would take the server's place."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
