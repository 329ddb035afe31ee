"""What the driver makes of a market on Spark before its workers begin: see ``large.preparing``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaign_analytics.assess.assessment import Assessment, assessed, columns_read
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.derive import closure
from campaign_analytics.derive.making import Moment
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.large.cluster.workers import Workers
from campaign_analytics.large.condensing import group_cells
from campaign_analytics.large.preparing import ACROSS, Prepared, prepare
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session


def begin(
    session: Session, place: str | Path, book: Rulebook, as_of: str | date | datetime | None, by: Sequence[str]
) -> tuple[Workers, Prepared, Assessment]:
    """A market on workers, what is prepared of it, and the assessment of all merchants and no offer."""
    source = Frames.read(session, str(place), book)
    moment = Moment(moment_of(Market({}, source.declared), book, as_of))
    _refuse_what_needs_all(book)
    prepared = prepare(source, book, moment, tuple(by))
    nobody = assessed(prepared.part(source.parts[0]), book, moment)
    for column in by:
        group_cells(nobody, column)  # refuses one that has too many values
    return Workers(session, source), prepared, nobody


def _refuse_what_needs_all(book: Rulebook) -> None:
    for name in closure(book, columns_read(book)):
        if book.derived[name].make in ACROSS and book.table_of(name) == "offers":
            raise CampaignError(
                f"{name} is a {book.derived[name].make} among all offers, which engine='spark' does not make; "
                "use 'duckdb' or 'numpy', or switch off the rules that read it"
            )
