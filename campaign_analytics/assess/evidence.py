"""Values that are given by hand: which of them stand behind a cell, where they come from, and which do not apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.spelling import spell_cells
from campaign_analytics.assess.subject import Subject
from campaign_analytics.market.by_hand import Entry, Given
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: How a value by hand stands on the day of an assessment, the first to look at first.
STANDINGS = ("conflicting", "not_understood", "expired", "not_here", "in_force")
_OWN = ("subject", "table", "column", "given", "standing", "in_files")


def overrides(assessment: Assessment) -> pd.DataFrame:
    """See ``Assessment.overrides``."""
    rows = [row for given in assessment.market.overrides for row in _rows(assessment, given)]
    names = [*_OWN, "source", "entered_by", "dated", "valid_until", "file", "row"]
    frame = pd.DataFrame(rows, columns=names)
    order = frame["standing"].map({name: place for place, name in enumerate(STANDINGS)})
    frame = frame.iloc[np.argsort(order.to_numpy(np.int64), kind="stable")].reset_index(drop=True)
    texts = dict.fromkeys(set(names) - {"dated", "valid_until", "row"}, "str")
    return frame.astype(texts | dict.fromkeys(("dated", "valid_until"), "datetime64[s]") | {"row": np.int64})


def _rows(assessment: Assessment, given: Given) -> Iterator[list[object]]:
    held = assessment.market.by_hand.get(given.column)
    day = assessment.as_of.date()
    stands: dict[Entry, tuple[str, str]] = {}
    if held is not None:
        before = [""] * len(held.rows) if held.before is None else spell_cells(held.before, assessment.book.zone)
        gone = held.cells.gone
        for place, entries in enumerate(held.entries):
            torn = len({entry.raw for entry in entries}) > 1
            kind = "in_force" if not gone[place] else "conflicting" if torn else "not_understood"
            stands |= dict.fromkeys(entries, (kind, str(before[place])))
    for entry in given.entries:
        kind, was = stands.get(entry, ("expired" if entry.expired(day) else "not_here", ""))
        yield [entry.subject, given.table, given.column, entry.raw, kind, was, *entry[3:]]


def behind(subject: Subject, name: str) -> tuple[Entry, ...]:
    """The values by hand on which a subject's cell rests: its own, or those of the cells that it is made from."""
    book, market = subject.assessment.book, subject.assessment.market
    if own := subject.by_hand(name):
        return own
    if not market.by_hand or name not in book.derived:
        return ()
    found = (entry for read in book.reads(name) if _is_near(book, read) for entry in behind(subject, read))
    return tuple(dict.fromkeys(found))


def _is_near(book: Rulebook, name: str) -> bool:
    """Whether a subject has one cell of the column: the records of other tables, and of others, are not its own."""
    return (name in book.columns or name in book.derived) and book.table_of(name) in ("offers", "merchants")


def codes(assessment: Assessment, level: Level, names: Iterable[str], rows: Array) -> Iterator[Array]:
    """(n,) numbers that are equal only for ``rows`` whose cells of ``names`` rest on the same values by hand."""
    book, market = assessment.book, assessment.market
    wanted = {name for name in names if name in market.by_hand}
    wanted |= {s for name in names if name in book.derived for s in _closure(book, name) if s in market.by_hand}
    for name in sorted(wanted):
        held = market.by_hand[name]
        yield held.codes(rows if held.table == level else market.merchant_row[rows])


def _closure(book: Rulebook, name: str) -> set[str]:
    read = {each for each in book.reads(name) if _is_near(book, each)}
    return read | {deeper for each in read if each in book.derived for deeper in _closure(book, each)}


def told(entries: Iterable[Entry], lang: str) -> str:
    """Where values by hand come from, in words: source, by whom, when, until when."""
    texts = []
    for entry in entries:
        parts = {
            "by_hand_source": entry.source,
            "by_hand_by": entry.by,
            "by_hand_dated": entry.dated,
            "by_hand_until": entry.valid_until,
        }
        said = [say(key, lang, it=value) for key, value in parts.items() if value]
        texts.append(say("list", lang).join([say("by_hand", lang, value=entry.raw), *said]))
    return say("and", lang).join(dict.fromkeys(texts))
