"""Small markets of both shipped rulebooks, assessed."""

from __future__ import annotations

import warnings
from functools import cache

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.rulebook.load import load_rulebook

PROFILES = {"spring_2024": "wholesale", "daily_deals": "daily_deals"}


@cache
def shipped(name: str, offers: int = 400) -> Assessment:
    """A market that the demo invents for a shipped rulebook."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)
        book = load_rulebook(name)
    return assess(demo_market(offers, profile=PROFILES[name]), book)
