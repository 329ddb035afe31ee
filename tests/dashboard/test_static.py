"""A notebook that is run for its pictures: nbconvert keeps widgets, but not what draws them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from ipykernel.kernelbase import Kernel
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from campaign_analytics.dashboard.board import can_be_moved

CELL = """
import campaign_analytics as ca
from tests.simulate.shipped import shipped
ca.dashboard(shipped("daily_deals"))
"""


def test_a_notebook_run_for_its_page_holds_the_whole_picture() -> None:
    notebook: Any = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = notebook.cells[0].outputs[-1]["data"]
    exporter: Any = HTMLExporter
    page, _ = exporter().from_notebook_node(notebook)
    assert "application/vnd.jupyter.widget-view+json" not in shown
    seen = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "offers pre-qualify now" in seen
    assert seen.count("<svg") == shown["text/html"].count("<svg") > 0


@pytest.mark.parametrize(
    ("takes_input", "server", "moved"),
    [
        (None, "", True),  # there is no kernel
        (True, "", True),
        (False, "", False),
        (False, "voila/0.5.8", True),
    ],
)
def test_widgets_are_shown_where_somebody_can_move_them(
    takes_input: bool | None, server: str, moved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kernel, "initialized", lambda: takes_input is not None)
    monkeypatch.setattr(Kernel, "instance", lambda: SimpleNamespace(_allow_stdin=takes_input))
    monkeypatch.setenv("SERVER_SOFTWARE", server)
    assert can_be_moved() is moved
