"""Bound rules evaluated at their bits: merchant rules once a merchant and gathered to offers, offer rules on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from campaign_analytics.engines.arrays import RULES_PER_WORD, Program, Progress, Runs
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Exact

#: By level: bound conditions, each with the bit at which it is evaluated.
Bits = Mapping[Level, Sequence[tuple[int, Exact]]]
#: The columns that bound conditions read, on the rows of a level.
Columns = Callable[[list[Exact], Level], Mapping[str, Cells]]


def bits_of(book: Rulebook, rules: Sequence[str]) -> dict[str, int]:
    """A bit for each rule: offer rules first, merchant rules from the next byte on, so that no byte is written
    twice."""
    offers = [rule for rule in rules if book.level(rule) == "offers"]
    merchants = [rule for rule in rules if book.level(rule) == "merchants"]
    start = -(-len(offers) // 8) * 8
    return {**{rule: i for i, rule in enumerate(offers)}, **{rule: start + i for i, rule in enumerate(merchants)}}


def masks(
    market: Market,
    rules: Bits,
    columns: Columns,
    words: int,
    orphans_unknown: bool = False,
    progress: Progress | None = None,
    program: type[Runs] = Program,
    merchants: Array | None = None,
) -> dict[Level, Array]:
    """(words, subjects) uint64 a level: the fail and unknown bits of ``rules``, given as (bit, condition) a level.

    Offers carry their merchant's bits too. An offer without a merchant gets none of them, or with ``orphans_unknown``
    is unknown in every merchant rule. ``merchants`` are the words of these, where they are known already.
    """
    if merchants is None:
        merchants = np.zeros((words, market.merchants.rows), np.uint64)
        if rules["merchants"]:
            cells = columns([exact for _, exact in rules["merchants"]], "merchants")
            own = program(rules["merchants"], cells).run(market.merchants.rows)
            merchants[: len(own)] = own
    offers = np.zeros((words, market.offers.rows), np.uint64)
    orphans = np.flatnonzero(market.merchant_row < 0)
    for word in {bit // RULES_PER_WORD for bit, _ in rules["merchants"]}:
        if merchants.size:
            np.take(merchants[word], market.merchant_row, out=offers[word], mode="wrap")
        offers[word, orphans] = 0
    if orphans_unknown:
        for bit, _ in rules["merchants"]:
            offers[bit // RULES_PER_WORD, orphans] |= np.uint64(1 << (RULES_PER_WORD + bit % RULES_PER_WORD))
    if rules["offers"]:
        cells = columns([exact for _, exact in rules["offers"]], "offers")
        program(rules["offers"], cells).run(market.offers.rows, offers, progress)
    return {"merchants": merchants, "offers": offers}


def has(words: Array, mask: Array) -> Array:
    """(subjects,) bool: which of (words, subjects) have any bit of ``mask`` (words,)."""
    hit = np.zeros(words.shape[1], bool)
    for held, bits in zip(words, mask, strict=True):
        if bits:
            hit |= (held & bits) != 0
    return hit


def counted_by_rule(
    words: Array, bits: Mapping[str, int], count: Callable[[Array], Array]
) -> dict[str, tuple[Array, Array]]:
    """By rule, (groups,) how many subjects fail it, and how many are unknown in it, of the rules of eight bits at once.

    ``words`` is (words, subjects), ``bits`` those of the rules that are counted; ``count`` tells of (subjects,) uint8
    how many of each group have each value, (groups, 256).
    """
    found = dict[str, tuple[Array, Array]]()
    for byte in {bit // 8 for bit in bits.values()}:
        word, place = divmod(byte, RULES_PER_WORD // 8)
        fails, unknown = map(count, words[word].view(np.uint8).reshape(-1, 8)[:, place :: RULES_PER_WORD // 8].T)
        for rule, bit in bits.items():
            if bit // 8 == byte:
                set_ = (np.arange(256) >> bit % 8) & 1 == 1
                found[rule] = fails[:, set_].sum(axis=1), unknown[:, set_].sum(axis=1)
    return found
