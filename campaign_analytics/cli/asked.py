"""The assessment that a command asks for, and what is said under every answer."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.market.databases import without_secrets
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.words import say


@dataclass(frozen=True)
class Asked:
    """An assessment, the parameters that were changed for it, and what its reader should know of the rulebook."""

    result: Assessment
    changes: dict[str, str]
    notes: list[str]

    def told(self) -> dict[str, Any]:
        """The same for machines."""
        return {"changed": self.changes, "notes": self.notes}

    def print_notes(self, lang: str) -> None:
        """The same for people, below the answer."""
        if self.changes:
            changes = say("list", lang).join(f"{name} = {value}" for name, value in self.changes.items())
            print(say("cli_changed", lang, changes=changes))
        for note in self.notes:
            print(say("cli_note", lang, note=note))


def print_written(written: Iterable[object], lang: str, aside: str = "") -> None:
    """The one line that says where files were written."""
    print(say("cli_written", lang, files=say("list", lang).join(map(str, written))) + aside)


def assessed(asked: argparse.Namespace, progress: Progress) -> Asked:
    """Read the market and assess it as ``market_options`` say."""
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    progress.say(f"reading {without_secrets(asked.market)}")
    market = read_market(asked.market, book)
    return Asked(assess(market, book, as_of=asked.as_of, progress=progress.bar("assessing")), changes, notes)


def rulebook(name: str, variant: str | None, changes: dict[str, str]) -> tuple[Rulebook, list[str]]:
    """The rulebook with what was asked for put on top, and what its reader should know."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RulebookWarning)
        loaded = load_rulebook(name, variant)
    book = loaded.set(changes)
    said = [str(warning.message) for warning in caught if issubclass(warning.category, RulebookWarning)]
    return book, said + [str(fault) for fault in book.warnings[len(loaded.warnings) :]]
