"""A real server, started by the command that a person types."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def lab(notebook: str, *arguments: str, folder: Path = ROOT) -> Iterator[str]:
    """Where JupyterLab leads to ``notebook`` in ``folder``."""
    yield from _serving(
        [sys.executable, "-m", "campaign_analytics.lab"], notebook, "--port=0", *arguments, folder=folder
    )


@contextmanager
def dashboard(notebook: str, folder: Path = ROOT) -> Iterator[str]:
    """Where Voila shows ``notebook`` in ``folder``."""
    command = [str(Path(sys.executable).with_name("campaign-analytics")), "dashboard"]
    yield from _serving(command, notebook, folder=folder)


def _serving(command: list[str], notebook: str, *arguments: str, folder: Path) -> Iterator[str]:
    asked = [*command, notebook, "--no-browser", *arguments]
    env = {name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"}
    with subprocess.Popen(asked, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = (re.search(r"http://\S+", line) for line in server.stdout)
            yield next(found.group() for found in said if found)
        finally:
            server.terminate()
