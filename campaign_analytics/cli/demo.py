"""``campaign-analytics demo``: an invented market in a folder of its own."""

from __future__ import annotations

import argparse

from campaign_analytics.cli.rulebook import default_rulebook, quietly_loaded
from campaign_analytics.cli.terminal import Progress
from campaign_analytics.demo.market import demo_market
from campaign_analytics.demo.snapshots import demo_snapshots
from campaign_analytics.demo.write import write_market
from campaign_analytics.errors import CampaignError


def demo(asked: argparse.Namespace) -> None:
    """Invent a market and write it; a folder that holds anything is left alone."""
    folder = asked.folder
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise CampaignError(f"{folder} is there already; give a new or empty folder, so that no data is written over")
    if asked.snapshots:
        _snapshots(asked)
        return
    with Progress() as progress:
        progress.say(f"inventing {asked.offers:,} offers")
        market = demo_market(asked.offers, asked.seed)
        progress.say(f"writing {folder}")
        write_market(market, folder, quietly_loaded(default_rulebook()), format=asked.format)
    print(f"{market.offers.rows:,} offers of {market.merchants.rows:,} merchants")
    print(f"Written: {folder}; next: campaign-analytics assess {folder}")


def _snapshots(asked: argparse.Namespace) -> None:
    book, days = quietly_loaded(default_rulebook()), []
    with Progress() as progress:
        step = progress.bar(f"writing {asked.folder}")
        for day, market in demo_snapshots(asked.snapshots, asked.offers, asked.seed):
            write_market(market, asked.folder / day.isoformat(), book, format=asked.format)
            days.append(day)
            step(len(days), asked.snapshots)
    print(f"{asked.offers:,} offers on {len(days)} days from {days[0]} to {days[-1]}")
    print(f"Written: {asked.folder}; next: campaign-analytics monitor {asked.folder}")
