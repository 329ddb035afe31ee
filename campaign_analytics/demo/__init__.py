"""Invented markets of any size, and writing a market as an operator's export looks."""

from campaign_analytics.demo.market import demo_market
from campaign_analytics.demo.snapshots import demo_snapshots

__all__ = ["demo_market", "demo_snapshots"]
