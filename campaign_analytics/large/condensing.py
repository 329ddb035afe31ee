"""Subjects that are alike are counted together, part by part: an assessment of few rows, each standing for many.

Alike are subjects with the same outcome of every rule, the same values of the columns to group by, and the same codes
of the rules that may move. Offers keep the row of their merchant among the condensed merchants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.views import added, combinations
from campaign_analytics.derive.making import on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.at_rest import AtRest, Codes, Resting

_WHOLE = ~np.uint64(0)
_GONE = 2  # a flag in a byte: 0 no, 1 yes


class Alike:
    """Rows of 64-bit words, each kept once with how many subjects have it."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._held: tuple[Array, Array] | None = None
        self._waiting: list[tuple[Array, Array]] = []

    def add(self, rows: Array) -> Array:
        """Count (width, n) rows; gives (n,) which of those of this call each is."""
        of, example = combinations(rows, np.full(len(rows), _WHOLE))
        self._waiting.append((rows[:, example], added(of, len(example))))
        held = 0 if self._held is None else len(self._held[1])
        if sum(len(counts) for _, counts in self._waiting) > max(held, 1 << 18):
            self.settled()
        return of

    def settled(self) -> tuple[Array, Array]:
        """(width, distinct) rows and (distinct,) their counts, of everything added."""
        waiting = self._waiting if self._held is None else [self._held, *self._waiting]
        if len(waiting) > 1 or self._held is None:
            rows, counts = (np.concatenate([pair[i] for pair in waiting], axis=-1) for i in range(2))
            of, example = combinations(rows, np.full(len(rows), _WHOLE))
            self._held, self._waiting = (rows[:, example], added(of, len(example), counts)), []
        assert self._held is not None
        return self._held


class Condensing:
    """Takes the parts of a market, each assessed over all merchants, and gives counts of all of it."""

    def __init__(self, by: Sequence[str], explore: Sequence[str] = ()) -> None:
        self.by, self.explore = tuple(by), tuple(explore)
        self._names: dict[str, dict[str, int]] = {column: {} for column in self.by}
        self._offers = Alike()
        self._first: Assessment | None = None
        self._merchants: tuple[Array, Array] | None = None  # rows as they are kept, and their counts
        self._row: Array | None = None  # (merchants + 1,) the kept row of each; the last is an orphan's
        self._codes: Mapping[Level, Codes] = {}

    def add(self, part: Assessment) -> None:
        """Count the offers of one part."""
        codes = Resting(part).codes(self._moving(part))
        if self._row is None:
            self._first, self._codes = part, codes
            alike = Alike()
            of = alike.add(_keys(part, codes["merchants"], "merchants"))
            self._merchants = alike.settled()
            self._row = np.append(of, -1).astype(np.int64)
        more = [self._row[part.market.merchant_row].view(np.uint64)]
        more += [self._group(part, column).astype(np.uint64) for column in self.by]
        self._offers.add(np.vstack([*more, _keys(part, codes["offers"], "offers")]))

    def assessment(self, what: str) -> AtRest:
        """Everything that was added; ``what`` it is called in messages."""
        assert self._first is not None
        assert self._merchants is not None
        first = self._first
        rows, counts = self._offers.settled()
        joined, groups, keys = rows[0].view(np.int64), rows[1 : len(self.by) + 1], rows[len(self.by) + 1 :]
        offers = _unpacked(keys, first, self._codes["offers"])
        merchants = _unpacked(self._merchants[0], first, self._codes["merchants"])
        cells = {
            column: _named(first, column, codes.astype(np.int64), tuple(self._names[column]))
            for column, codes in zip(self.by, groups, strict=True)
        }
        market = Market(
            {
                "offers": Table("offers", cells, len(counts), stands_for=counts),
                "merchants": Table("merchants", {}, len(self._merchants[1]), stands_for=self._merchants[1]),
            },
            first.market.declared,
            rest_of=what,
        )
        return AtRest(
            book=first.book, market=market.joined_by(joined), moment=first.moment, rules=first.rules,
            not_computed=first.not_computed, unmade=first.unmade, bits=first.bits,
            words={"offers": offers[0], "merchants": merchants[0]},
            codes={"offers": offers[2], "merchants": merchants[2]},
            outside={"offers": offers[1], "merchants": merchants[1]},
        )  # fmt: skip

    def _moving(self, part: Assessment) -> tuple[str, ...]:
        book = part.book
        for name in self.explore:
            if not book.places(name):
                raise CampaignError(f"{name} has no slider, so there is nothing to explore")
        return tuple(rule for rule in part.rules if set(self.explore) & set(book.parameters_of(rule)))

    def _group(self, part: Assessment, column: str) -> Array:
        """(offers,) the number of each one's value among those seen so far, a missing one's 0."""
        cells, known = on_rows(part.market, part.book, column, "offers"), self._names[column]
        if not cells.names or cells.type == "set":
            raise CampaignError(f"cannot count by {column!r}: expected a column of levels, or of texts of a list")
        for name in cells.names:
            known.setdefault(name, len(known))
        place = np.array([known[name] + 1 for name in cells.names], np.int64)
        return np.where(cells.gone, 0, place[cells.values])


def _named(first: Assessment, column: str, codes: Array, names: tuple[str, ...]) -> Cells:
    return Cells.make(first.book.quantity(column).type, np.maximum(codes - 1, 0), codes == 0, None, names)


def _keys(part: Assessment, codes: Codes, level: Level) -> Array:
    """(words, rows) uint64: outcomes, what does not apply, and the codes, eight a word."""
    ends: list[Array] = []
    for cells in codes.cells.values():
        if cells.type == "flag":
            ends.append(np.where(cells.gone, _GONE, cells.values))
        else:
            ends += [cells.values, cells.values if cells.high is None else cells.high]
    rows = part.market.tables[level].rows
    packed = np.zeros((rows, -(-len(ends) // 8) * 8), np.uint8)
    for place, end in enumerate(ends):
        packed[:, place] = end
    return np.vstack([part.words[level], part.not_applicable[level], packed.view(np.uint64).T])


def _unpacked(keys: Array, first: Assessment, codes: Codes) -> tuple[Array, Array, Codes]:
    """Outcomes, what does not apply, and the codes out of ``_keys``."""
    words = len(first.words["offers"])
    packed = np.ascontiguousarray(keys[2 * words :].T).view(np.uint8)
    ends = iter(np.ascontiguousarray(packed.T))
    cells: dict[str, Cells] = {}
    for name, like in codes.cells.items():
        low = next(ends)
        if like.type == "flag":
            cells[name] = Cells.make("flag", low == 1, low == _GONE)
        else:
            high = next(ends)
            cells[name] = Cells("count", low, None, None if np.array_equal(low, high) else high)
    return keys[:words], keys[words : 2 * words], Codes(cells, codes.leaves, codes.flags)
