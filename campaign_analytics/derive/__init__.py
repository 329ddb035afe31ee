"""Derived columns: what a comparison cannot say, made once from the tables by a named recipe. One recipe a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from importlib import import_module
from typing import NamedTuple

from campaign_analytics.derive.making import Evidence, Made, Making, Moment
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook

#: Recipes that are built, each in the file of its name; the rules on any other of the catalogue are "not computed".
BUILT: dict[str, Callable[[Making], Made]] = {
    name: import_module(f"{__name__}.{name}").make
    for name in (
        "claims_found",
        "count_rows",
        "day_of",
        "earliest",
        "events",
        "extreme_price",
        "first_known",
        "is_largest_share",
        "largest_share",
        "months_since_event",
        "pieces",
        "rank",
        "uncovered_regions",
        "working_days_after",
        "worst_row",
    )
}

#: Recipes that can show what they found for one row, in a language: their column explains itself.
EXPLAINED: dict[str, Callable[[Making, int, str], Iterator[Evidence]]] = {
    name: module.evidence for name in BUILT if hasattr(module := import_module(f"{__name__}.{name}"), "evidence")
}


class Derivation(NamedTuple):
    """A market with its derived columns."""

    market: Market
    unmade: frozenset[str]  # derived columns whose recipe is not built, or reads such a column
    partly: frozenset[str]  # made, but with ranges where the recipe does not do all of its work yet


def derive(
    market: Market, book: Rulebook, moment: Moment, wanted: Iterable[str], given: Collection[str] = ()
) -> Derivation:
    """Make the ``wanted`` columns and those that they are made from, but for those that are ``given`` already."""
    needed = closure(book, wanted).difference(given, market.settled)
    partly: set[str] = set()
    unmade: set[str] = set()
    for name in book.derived_order:
        if name not in needed or book.derived[name].table not in market.tables:
            continue
        reads = set(book.reads(name))
        if book.derived[name].make not in BUILT or reads & unmade:
            unmade.add(name)
            continue
        made = made_of(Making(market, book, name, moment))
        if not made.complete or reads & partly:
            partly.add(name)
        table = market.tables[book.derived[name].table]
        market = market.with_table(table.with_cells({name: made.cells}))
    return Derivation(market, frozenset(unmade), frozenset(partly))


def made_of(making: Making) -> Made:
    """What a built recipe makes, with the values that stand by hand in its place."""
    made = BUILT[making.spec.make](making)
    by_hand = making.market.by_hand.get(making.name)
    return made if by_hand is None else Made(by_hand.over(made.cells), made.complete)


def closure(book: Rulebook, wanted: Iterable[str]) -> set[str]:
    """The derived columns among ``wanted``, and those behind them."""
    needed: set[str] = set()
    waiting = [name for name in wanted if name in book.derived]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [read for read in book.reads(name) if read in book.derived]
    return needed
