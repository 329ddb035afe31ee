"""Where the words of a rulebook's lists stand in a market's texts: what a seller has to take out."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.derive import claims_found, derive
from campaign_analytics.derive.making import Making, Moment
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import KEYS, Market
from campaign_analytics.rulebook.book import Rulebook

_NO_MATTER = Moment(datetime(2000, 1, 1, tzinfo=UTC))  # no text depends on the moment of an assessment


def claims(of: Assessment | Market, book: Rulebook | None = None) -> pd.DataFrame:
    """One row a hit, in the order of the offers: offer_id (and whatever key else the rows have), column, found (as
    written), word (of the rulebook's list), context, start, end (places in the text, in characters from 0, the end
    behind the last one).

    ``book`` is needed for a market alone. Raises ``CampaignError`` where the rulebook looks for no words.
    """
    if isinstance(of, Assessment):
        market, book = of.market, of.book
    elif book is None:
        raise CampaignError("claims of a market need the rulebook that lists them: claims(market, book)")
    else:
        market = of
    frames = [_of(market, book, name) for name in columns_of(book)]
    return pd.concat(frames, ignore_index=True)


def columns_of(book: Rulebook) -> list[str]:
    """The derived columns that count words in texts. Raises ``CampaignError`` where there is none."""
    names = [name for name, spec in book.derived.items() if spec.make == "claims_found"]
    if not names:
        raise CampaignError(f"{book.id} looks for no words in texts: none of its columns is made by claims_found")
    return names


def _of(market: Market, book: Rulebook, name: str) -> pd.DataFrame:
    made_before = [read for read in book.reads(name) if read in book.derived]
    market = derive(market, book, _NO_MATTER, made_before).market if made_before else market
    told = claims_found.hits(Making(market, book, name, _NO_MATTER))
    table = market.tables[book.derived[name].table]
    rows = told.pop("row").to_numpy()
    key = KEYS[table.name][0]
    if key in table.cells:
        told.insert(0, key, table.cells[key].take(rows).to_pandas())
    else:  # texts that nobody numbered: the row in their file
        told.insert(0, "row", [table.row_number(int(row)) for row in rows])
    return told
