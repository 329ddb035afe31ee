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
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.at_rest import AtRest, Codes

_WHOLE = ~np.uint64(0)
GONE = 2  # a flag in a byte: 0 no, 1 yes


class Alike:
    """Rows of 64-bit words, each kept once with how many subjects have it."""

    def __init__(self) -> None:
        self._held: tuple[Array, Array] | None = None
        self._waiting: list[tuple[Array, Array]] = []

    def __len__(self) -> int:
        """How many rows were kept when they were last brought together."""
        return 0 if self._held is None else len(self._held[1])

    def add(self, rows: Array) -> Array:
        """Count (width, n) rows; gives (n,) which of those of this call each is."""
        of, example = combinations(rows, np.full(len(rows), _WHOLE))
        self._waiting.append((rows[:, example], added(of, len(example))))
        if sum(len(counts) for _, counts in self._waiting) > max(len(self), 1 << 18):
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

    def __init__(self, by: Sequence[str]) -> None:
        self.by = tuple(by)
        self._names: dict[str, dict[str, int]] = {column: {} for column in self.by}
        self._offers = Alike()
        self._first: Assessment | None = None
        self._merchants: tuple[Array, Array] | None = None  # rows as they are kept, and their counts
        self._row: Array | None = None  # (merchants + 1,) the kept row of each; the last is an orphan's
        self._codes: Mapping[Level, Codes] = {}

    def add(self, part: Assessment) -> None:
        """Count the offers of one part."""
        codes, kept = self.codes(part), self.kept(part)
        if self._row is None:
            self._first, self._codes = part, codes
            alike = Alike()
            of = alike.add(_keys(kept["merchants"], codes["merchants"]))
            self._merchants = alike.settled()
            self._row = np.append(of, -1).astype(np.int64)
        groups = [self._row[part.market.merchant_row].view(np.uint64), *self.groups(part)]
        self._offers.add(np.vstack([*groups, _keys(kept["offers"], codes["offers"])]))

    def codes(self, part: Assessment) -> Mapping[Level, Codes]:
        """What is kept of rules that may move: nothing."""
        return dict.fromkeys(("offers", "merchants"), Codes({}, {}, {}))

    def kept(self, part: Assessment) -> Mapping[Level, Array]:
        """(words, rows) uint64 a level: what is kept of outcomes, then of what does not apply."""
        return {level: np.vstack([words, part.not_applicable[level]]) for level, words in part.words.items()}

    def assessment(self, of: Behind) -> AtRest:
        """Everything that was added, which is what is left ``of`` a market."""
        assert self._first is not None
        assert self._merchants is not None
        first = self._first
        rows, counts = self._offers.settled()
        joined, groups, keys = rows[0].view(np.int64), rows[1 : len(self.by) + 1], rows[len(self.by) + 1 :]
        words = 2 * len(first.words["offers"])
        cells = {
            column: _named(first, column, codes.astype(np.int64), tuple(self._names[column]))
            for column, codes in zip(self.by, groups, strict=True)
        }
        each = {"offers": counts, "merchants": self._merchants[1]}
        many = {level: len(stands_for) for level, stands_for in each.items()}
        market = Market.rest(of, cells, many, joined, each, first.market.declared)
        kept: dict[Level, Array] = {"offers": keys, "merchants": self._merchants[0]}
        return AtRest(
            book=first.book, market=market, moment=first.moment, rules=first.rules,
            not_computed=first.not_computed, unmade=first.unmade, bits=first.bits,
            words={level: np.ascontiguousarray(held[: words // 2]) for level, held in kept.items()},
            outside={level: np.ascontiguousarray(held[words // 2 : words]) for level, held in kept.items()},
            codes={level: _unpacked(held[words:], self._codes[level]) for level, held in kept.items()},
        )  # fmt: skip

    def groups(self, part: Assessment) -> list[Array]:
        """By column to group by: (offers,) uint64 the number of each one's value."""
        return [self._group(part, column).astype(np.uint64) for column in self.by]

    def _group(self, part: Assessment, column: str) -> Array:
        """(offers,) the number of each one's value among those seen so far, a missing one's 0."""
        cells, known = group_cells(part, column), self._names[column]
        for name in cells.names:
            known.setdefault(name, len(known))
        place = np.array([known[name] + 1 for name in cells.names], np.int64)
        return np.where(cells.gone, 0, place[cells.values])


def classes(book: Rulebook, by: str | Sequence[str]) -> tuple[str, ...]:
    """The category and the columns of ``by``, to count by. Raises ``CampaignError`` for one that there is not."""
    known = [name for name in (*book.columns, *book.derived) if book.table_of(name) in ("offers", "merchants")]
    columns = (book.header.category, *([by] if isinstance(by, str) else by))
    for column in columns:
        if column not in known:
            near = did_you_mean(column, known) or "; expected a column of levels, or of texts of a list"
            raise CampaignError(f"cannot count by {column!r}: no such column{near}")
    return tuple(dict.fromkeys(columns))


def group_cells(part: Assessment, column: str) -> Cells:
    """A column to group by, on the rows of offers. Raises ``CampaignError`` for one that has too many values."""
    cells = on_rows(part.market, part.book, column, "offers")
    if not cells.names or cells.type == "set":
        raise CampaignError(f"cannot count by {column!r}: expected a column of levels, or of texts of a list")
    return cells


def _named(first: Assessment, column: str, codes: Array, names: tuple[str, ...]) -> Cells:
    return Cells.make(first.book.quantity(column).type, np.maximum(codes - 1, 0), codes == 0, None, names)


def _keys(kept: Array, codes: Codes) -> Array:
    """(words, rows) uint64: what is kept, and the codes, eight a word."""
    ends: list[Array] = []
    for cells in codes.cells.values():
        if cells.type == "flag":
            ends.append(np.where(cells.gone, GONE, cells.values))
        else:
            ends += [cells.values, cells.values if cells.high is None else cells.high]
    packed = np.zeros((kept.shape[1], -(-len(ends) // 8) * 8), np.uint8)
    for place, end in enumerate(ends):
        packed[:, place] = end
    return np.vstack([kept, packed.view(np.uint64).T])


def _unpacked(keys: Array, codes: Codes) -> Codes:
    """The codes out of ``_keys``."""
    packed = np.ascontiguousarray(keys.T).view(np.uint8).reshape(keys.shape[1], 8 * len(keys))
    ends = iter(np.ascontiguousarray(packed.T))
    cells: dict[str, Cells] = {}
    for name, like in codes.cells.items():
        low = next(ends)
        if like.type == "flag":
            cells[name] = Cells.make("flag", low == 1, low == GONE)
        else:
            high = next(ends)
            cells[name] = Cells("count", low, None, None if np.array_equal(low, high) else high)
    return Codes(cells, codes.leaves, codes.flags)
