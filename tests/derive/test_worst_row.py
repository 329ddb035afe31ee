"""The row with the largest share of its whole: against exact fractions, and against every world that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import AS_OF, book_of, derived, market_of

PARAMETERS = '[parameters]\nratio = { type = "rate", clause = "1", default = "95%" }\n'


def column(name: str, take: str, tier: str = "", type: str = "money") -> str:
    given = f'table = "price_tiers", take = "{take}", part = "tier_campaign_price", whole = "tier_list_price"{tier}'
    return f'[derived.{name}]\ntable = "offers"\ntype = "{type}"\nmake = "worst_row"\nwith = {{ {given} }}\n'


TIER = ', from = "tier_from", at = "moq"'
PAIR = ("part", "tier_campaign_price"), ("whole", "tier_list_price")
TEXT = PARAMETERS + "".join(column(*each) for each in PAIR)
BOOK = book_of(TEXT, "part <= :ratio * whole")
TIERED = book_of(PARAMETERS + "".join(column(*each, TIER) for each in PAIR), "part <= :ratio * whole")
OTHER = book_of(TEXT + column("which", "tier_from", type="count"), "part <= :ratio * whole AND which >= 0")


def rows_of(rows: list[tuple[Any, ...]], of: str = "o") -> list[dict[str, Any]]:
    names = ("tier_campaign_price", "tier_list_price", "tier_from")
    return [{"offer_id": of, **dict(zip(names, row, strict=False))} for row in rows]


def market(book: Rulebook, rows: list[tuple[Any, ...]], moq: Any = 1) -> Market:
    offers = [{"offer_id": name, "merchant_id": "m", "moq": moq} for name in ("o", "p")]
    theirs = [*rows_of([(1, 100, 1)], "p"), *rows_of([(100, 1, 1)], "nobody")]
    return market_of(book, merchants=[{"merchant_id": "m"}], offers=offers, price_tiers=[*theirs, *rows_of(rows)])


def outcome(book: Rulebook, rows: list[tuple[Any, ...]], moq: Any = 1) -> str:
    held = market(book, rows, moq)
    return str(assess(held, book, AS_OF).outcomes()["all"].iloc[0])


AMOUNTS = st.integers(1, 6)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6), st.sampled_from(["50%", "75%", "95%", "100%"]))
def test_the_worst_of_rows_that_are_known_is_the_largest_fraction(rows: list[tuple[int, int]], ratio: str) -> None:
    worst = max(Fraction(*row) for row in rows)
    held = market(BOOK, rows)
    (part, _), (whole, _) = derived(BOOK, held, "part"), derived(BOOK, held, "whole")
    assert Fraction(part, whole) == worst
    assert (part // 100, whole // 100) in rows
    expected = "pass" if worst <= Fraction(ratio[:-1]) / 100 else "fail"
    assert outcome(BOOK.set(ratio=ratio), rows) == expected


@given(st.lists(st.tuples(st.integers(10**12, 10**12 + 3), st.integers(10**12, 10**12 + 3)), min_size=2, max_size=6))
def test_shares_that_only_differ_beyond_a_double_are_told_apart(rows: list[tuple[int, int]]) -> None:
    ends = [Cells.make("money", np.array(column)) for column in zip(*rows, strict=True)]
    held = market(BOOK, [(1, 1)] * len(rows))
    cells = {"offer_id": Cells("text", held.tables["price_tiers"].cells["offer_id"].values[2:])}
    tiers = Table(
        "price_tiers", cells | dict(zip(("tier_campaign_price", "tier_list_price"), ends, strict=True)), len(rows)
    )
    exact = Market({**held.tables, "price_tiers": tiers})
    assert Fraction(derived(BOOK, exact, "part")[0], derived(BOOK, exact, "whole")[0]) == max(
        Fraction(*r) for r in rows
    )


# ---- cells that are missing, or ranges


def ends(cell: Any) -> list[Fraction | int]:
    return [Fraction(1, 100), 5, 10**6] if cell is None else list(cell) if isinstance(cell, tuple) else [cell]


def worlds(rows: list[tuple[Any, Any]]) -> Iterator[list[Fraction]]:
    for parts in product(*(ends(part) for part, _ in rows)):
        for wholes in product(*(ends(whole) for _, whole in rows)):
            yield [Fraction(part, whole) for part, whole in zip(parts, wholes, strict=True)]


CELLS = AMOUNTS | st.none() | st.tuples(st.integers(1, 3), st.integers(4, 6))


@settings(max_examples=300)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=3), st.sampled_from(["50%", "80%", "100%"]))
def test_a_comparison_is_decided_exactly_where_every_world_agrees(rows: list[tuple[Any, Any]], ratio: str) -> None:
    limit = Fraction(ratio[:-1]) / 100
    answers = {max(shares) <= limit for shares in worlds(rows)}
    expected = "unknown" if len(answers) > 1 else "pass" if answers == {True} else "fail"
    assert outcome(BOOK.set(ratio=ratio), rows) == expected


def test_any_other_column_is_known_only_where_the_row_is() -> None:
    assert derived(OTHER, market(OTHER, [(9, 10, 3), (8, 10, 7)]), "which")[0] == 3
    assert derived(OTHER, market(OTHER, [(9, 10, 3), (None, 10, 7)]), "which")[0] is UNREAD
    assert derived(OTHER, market(OTHER, [(9, 10, 3), ((5, 8), 10, 7)]), "which")[0] == 3
    assert derived(OTHER, market(OTHER, [(9, 10, None), (8, 10, 7)]), "which")[0] is UNREAD


def test_an_offer_without_rows_is_blank_and_one_of_which_nothing_is_known_is_not() -> None:
    assert derived(BOOK, market(BOOK, []), "part")[0] is None
    assert derived(BOOK, market(BOOK, [(None, None)]), "part")[0] is UNREAD
    assert derived(BOOK, market(BOOK, [(5, 0)]), "whole")[0] is UNREAD  # no price to compare with


# ---- tiers


@given(
    st.lists(st.tuples(AMOUNTS, AMOUNTS, st.integers(1, 4)), min_size=1, max_size=5),
    st.integers(1, 5) | st.none() | st.tuples(st.integers(1, 2), st.integers(3, 5)),
)
def test_only_rows_of_the_tier_at_the_minimum_order_take_part(rows: list[tuple[int, int, int]], moq: Any) -> None:
    def worst(at: int) -> Fraction:
        starts = {start for *_, start in rows}
        tier = max((start for start in starts if start <= at), default=min(starts))
        return max(Fraction(part, whole) for part, whole, start in rows if start == tier)

    possible = range(1, 7) if moq is None else range(moq[0], moq[1] + 1) if isinstance(moq, tuple) else [moq]
    held = market(TIERED, rows, moq)
    found = derived(TIERED, held, "part")[0], derived(TIERED, held, "whole")[0]
    if UNREAD in found:
        assert len(rows) > 1
        assert len(list(possible)) > 1
    else:
        assert {Fraction(*found)} == {worst(at) for at in possible}


def test_where_a_tier_begins_must_be_known_where_there_are_several() -> None:
    assert derived(TIERED, market(TIERED, [(9, 10, None)]), "part")[0] == 900
    assert derived(TIERED, market(TIERED, [(9, 10, None), (8, 10, 5)]), "part")[0] is UNREAD
    assert derived(TIERED, market(TIERED, [(9, 10, 1), (8, 10, 5)], (1, 4)), "part")[0] == 900
    assert derived(TIERED, market(TIERED, [(9, 10, 1), (8, 10, 5)], (1, 5)), "part")[0] is UNREAD


@pytest.mark.parametrize("book", [BOOK, TIERED])
def test_no_offers_no_rows_and_no_table(book: Rulebook) -> None:
    assert derived(book, market_of(book, price_tiers=rows_of([(1, 1, 1)])), "part") == []
    offers = [{"offer_id": "o", "merchant_id": "m", "moq": 1}]
    assert derived(book, market_of(book, offers=offers, price_tiers=[]), "part") == [None]
    assert derived(book, market_of(book, offers=offers), "part") == [None]
