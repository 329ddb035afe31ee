"""Small markets for the dashboard, and what a browser would do with its widgets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.dashboard.board import Dashboard
from campaign_analytics.dashboard.panel import Panel
from tests.assess.trial import GOOD, assessed, trial

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def spring() -> Assessment:
    return assess(demo_market(1500, seed=3), load_rulebook("spring_2024", "corrected"), as_of="2024-02-26")


@pytest.fixture(scope="session")
def daily() -> Assessment:
    market = demo_market(1500, seed=3, profile="daily_deals")
    return assess(market, load_rulebook("daily_deals"), as_of="2031-05-03")


@pytest.fixture
def hostile(tmp_path: Path) -> Assessment:
    """Offers whose category, ids and labels hold markup; some have too few stars."""
    changes = {
        'aisles = ["fruit"': f'aisles = ["{HOSTILE}", "fruit"',
        'zh = "星", en = "Stars", type = "number", default = 3.5': (
            f'zh = "星", en = "{HOSTILE}", type = "number", default = 3.5, min = 0, max = 5, step = 0.5'
        ),
        'zh = "星", en = "Stars", condition': f'zh = "星", en = "{HOSTILE}", condition',
    }
    rows = [GOOD | {"aisle": HOSTILE, "offer_id": f"{HOSTILE}{i}", "stars": i} for i in range(6)]
    return assessed(trial(tmp_path, changes), rows, [{"bond": 9000, "insured": True, "banned": False}])


def drag(panel: Panel, hand: str, at: Any = None, **more: Any) -> None:
    """What the browser sends when a control is moved."""
    moved = {} if at is None else {hand: at}
    panel.set_state({"moved": {"at": {**panel.places, **moved}, "hand": hand, **more}})


def numbers(board: Dashboard) -> dict[str, int]:
    """The headline's numbers, as a page shows them."""
    found = re.findall(r'data-number="(\w+)" data-value="(-?\d+)"', board.panel.picture["head"])
    return {name: int(value) for name, value in found}


def sent(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the bytes of every message that goes out from now on."""
    messages: list[int] = []
    monkeypatch.setattr(panel, "_send", lambda message, buffers=None: messages.append(len(json.dumps(message))))
    return messages
