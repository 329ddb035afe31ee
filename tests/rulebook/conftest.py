"""The rulebook of a fair, and a scenario of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign_analytics import Scenario, load_rulebook
from campaign_analytics.rulebook.book import Rulebook
from tests.rulebook.fair import saved

WHOLE = {
    "most_days": 7,
    "share[Fish]": "82.5%",
    "tasted[gold]": 4.75,
    "admitted": ["Fruit", "Fish"],
    "ranked": "master",
    "strict": False,
    "opens": "2031-05-31T08:30:00",
    "least_left": None,
}


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return load_rulebook(saved(tmp_path_factory.mktemp("fair")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture
def whole(fair: Rulebook) -> Scenario:
    """One change of every kind."""
    return fair.scenario(
        {"zh": "放宽", "en": "Wider"}, WHOLE, off=["fresh"], severity={"paid_by_card": "block"}, author="Kim"
    )
