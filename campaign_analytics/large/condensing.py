"""Subjects that are alike are counted together, part by part: an assessment of few rows, each standing for many.

Alike are subjects with the same outcome of every rule, the same values of the columns to group by, and the same codes
of the rules that may move. Offers keep the row of their merchant among the condensed merchants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.views import added, combinations
from campaign_analytics.derive.making import on_rows
from campaign_analytics.derive.texts import numbered
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.at_rest import AtRest, Codes

_WHOLE = ~np.uint64(0)
_MANY = "many"
GONE = 2  # a flag in a byte: 0 no, 1 yes


class Alike:
    """Rows of 64-bit words, each kept once with how many subjects have it: as narrow numbers of the words that occur,
    of which there are few."""

    def __init__(self) -> None:
        self._known: list[pa.Array] = []  # by place in a row: the words that occur there
        self._held: pa.Table | None = None
        self._waiting: list[pa.Table] = []

    def __len__(self) -> int:
        """How many rows were kept when they were last brought together."""
        return 0 if self._held is None else self._held.num_rows

    def add(self, rows: Sequence[Array]) -> None:
        """Count (n,) words each."""
        self._known = self._known or [pa.array([], pa.uint64()) for _ in rows]
        codes = {_MANY: np.ones(len(rows[0]), np.int64)}
        for place, words in enumerate(rows):
            self._known[place], held = numbered(pa.array(words), self._known[place])
            codes[str(place)] = held.astype(np.min_scalar_type(len(self._known[place])))
        self._waiting.append(_once([pa.table(codes)]))
        if sum(each.num_rows for each in self._waiting) > max(len(self) // 2, 1 << 18):
            self._settle()

    def settled(self) -> tuple[list[Array], Array]:
        """For each place of a row (distinct,) words, and (distinct,) their counts, of everything added."""
        self._settle()
        assert self._held is not None
        many, *codes = (np.asarray(column) for column in self._held.columns)
        return [np.asarray(known)[held] for known, held in zip(self._known, codes, strict=True)], many

    def _settle(self) -> None:
        if self._waiting:
            waiting = self._waiting if self._held is None else [self._held, *self._waiting]
            self._held, self._waiting = _once(waiting), []


def _once(parts: Sequence[pa.Table]) -> pa.Table:
    """Each row of numbers once, in the order in which they came, with the sum of their counts."""
    held = pa.concat_tables(parts, promote_options="permissive")  # later parts may have wider numbers
    numbers = [name for name in held.column_names if name != _MANY]
    once = held.group_by(numbers, use_threads=False).aggregate([(_MANY, "sum")])
    return once.select([f"{_MANY}_sum", *numbers]).rename_columns([_MANY, *numbers])


class Condensing:
    """Takes the parts of a market, each assessed over all merchants, and gives counts of all of it."""

    def __init__(self, by: Sequence[str]) -> None:
        self.by = tuple(by)
        self._names: dict[str, dict[str, int]] = {column: {} for column in self.by}
        self._offers = Alike()
        self._first: Assessment | None = None
        self._merchants: tuple[list[Array], Array] | None = None  # rows as they are kept, and their counts
        self._row: Array | None = None  # (merchants + 1,) the kept row of each; the last is an orphan's
        self._codes: Mapping[Level, Codes] = {}

    def add(self, part: Assessment) -> None:
        """Count the offers of one part."""
        codes, kept = self.codes(part), self.kept(part)
        if self._row is None:
            self._first, self._codes = part, codes
            keys = _keys(kept["merchants"], codes["merchants"])
            of, example = combinations(keys, np.full(len(keys), _WHOLE))
            self._merchants = [*keys[:, example]], added(of, len(example))
            self._row = np.append(of, -1).astype(np.int64)
        groups = [self._row[part.market.merchant_row].view(np.uint64), *self.groups(part)]
        self._offers.add([*groups, *_keys(kept["offers"], codes["offers"])])

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
        kept: dict[Level, Sequence[Array]] = {"offers": keys, "merchants": self._merchants[0]}
        return AtRest(
            book=first.book, market=market, moment=first.moment, rules=first.rules,
            not_computed=first.not_computed, unmade=first.unmade, bits=first.bits,
            words={level: np.array(held[: words // 2], np.uint64) for level, held in kept.items()},
            outside={level: np.array(held[words // 2 : words], np.uint64) for level, held in kept.items()},
            codes={level: _unpacked(held[words:], many[level], self._codes[level]) for level, held in kept.items()},
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


def _unpacked(keys: Sequence[Array], rows: int, codes: Codes) -> Codes:
    """The codes out of ``_keys``."""
    each = np.array(keys, np.uint64).reshape(len(keys), rows)
    packed = np.ascontiguousarray(each.T).view(np.uint8).reshape(rows, 8 * len(keys))
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
