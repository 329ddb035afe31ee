"""The assessment that a command asks for, and what is said under every answer."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress
from campaign_analytics.errors import CampaignError, MarketError, MarketWarning, RulebookWarning
from campaign_analytics.large.assessing import assess as assess_any
from campaign_analytics.large.engine import ENGINES
from campaign_analytics.large.index import is_index
from campaign_analytics.large.kept import is_cube
from campaign_analytics.large.source import Source
from campaign_analytics.market.databases import is_url, without_secrets
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.words import say

#: Offers of typed files from which on a market is assessed part by part, unasked.
MANY = 4_000_000


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


def assessed(asked: argparse.Namespace, progress: Progress, by: Sequence[str] = (), out: Path | None = None) -> Asked:
    """Read the market and assess it as ``market_options`` say: one that is large, or for which an engine is asked, part
    by part, with the columns ``by`` to group by and outcomes in ``out``."""
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    if in_parts(asked, book):
        with noted(notes):
            bar = progress.bar("assessing")
            how = {"engine": asked.engine or ENGINES[0], "memory_limit": asked.memory_limit}
            result = assess_any(asked.market, book, asked.as_of, bar, by=by, out=out, **how)
        return Asked(result, changes, notes)
    progress.say(f"reading {without_secrets(asked.market)}")
    market = read_market(asked.market, book)
    return Asked(assess(market, book, as_of=asked.as_of, progress=progress.bar("assessing")), changes, notes)


def in_parts(asked: argparse.Namespace, book: Rulebook) -> bool:
    """Whether a market is assessed part by part: an index, one for which an engine or a limit of memory is asked, or
    typed files of more offers than are well held. Raises ``CampaignError`` as ``check`` does."""
    check(asked.market, "engine" in asked)
    if ("engine" in asked and asked.engine) or ("memory_limit" in asked and asked.memory_limit):
        return True
    if is_url(asked.market):
        return False
    if is_index(asked.market):
        return True
    try:
        return "engine" in asked and Source.open(asked.market, book).rows > MANY
    except MarketError:
        return False  # no typed files: reading will say what is wrong with them, if anything is


def check(place: Path | str, in_parts: bool = False) -> None:
    """Raise ``CampaignError`` for a cube in a market's place, and for an index where a command takes no market
    ``in_parts``."""
    if is_index(place) and not in_parts:
        raise CampaignError(
            f"{place} is an index, which tells no offer by itself: it is taken by assess, blockers, whatif, explain "
            "and cube"
        )
    if is_cube(place):
        raise CampaignError(
            f"{place} is a cube, which is opened in Python (open_cube) for what-ifs and a dashboard; give the market "
            "or its index"
        )


@contextmanager
def noted(notes: list[str]) -> Iterator[None]:
    """Put warnings about the market among the notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MarketWarning)
        yield
    notes += [str(each.message) for each in caught if issubclass(each.category, MarketWarning)]


def rulebook(name: str, variant: str | None, changes: dict[str, str]) -> tuple[Rulebook, list[str]]:
    """The rulebook with what was asked for put on top, and what its reader should know."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RulebookWarning)
        loaded = load_rulebook(name, variant)
    book = loaded.set(changes)
    said = [str(warning.message) for warning in caught if issubclass(warning.category, RulebookWarning)]
    return book, said + [str(fault) for fault in book.warnings[len(loaded.warnings) :]]
