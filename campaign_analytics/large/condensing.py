"""Subjects that are alike are counted together, part by part: an assessment of few rows, each standing for many.

Alike are offers of the same kind whose merchants are of the same kind. A kind has one outcome of every rule, one value
of the columns to group by, and one code for each condition that one slider moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.views import check_left
from campaign_analytics.derive.making import on_rows
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.counts import Counts, Joined
from campaign_analytics.large.tally import Kinds, Tally
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.at_rest import AtRest, Codes

GONE = 2  # a flag in a byte: 0 no, 1 yes
_MERCHANT = np.uint64(32)  # where in a key of both kinds the merchant's begins
_OFFER = np.uint64((1 << 32) - 1)
_UNKNOWN = np.uint64(RULES_PER_WORD)
_FAILS = np.uint64((1 << RULES_PER_WORD) - 1)
_GROUP = np.uint16
#: A column to group by has at most so many values.
VALUES = 32_767


class Condensing:
    """Takes the parts of a market, each assessed over all merchants, and gives counts of all of it."""

    def __init__(self, by: Sequence[str]) -> None:
        self.by = tuple(by)
        self._names: dict[str, dict[str, int]] = {column: {} for column in self.by}
        self._kinds: Mapping[Level, Kinds] = {"offers": Kinds(), "merchants": Kinds()}
        self._tally = Tally()
        self._first: Assessment | None = None
        self._kind = np.zeros(0, np.uint64)  # (merchants + 1,) the kind of each; the last is an orphan's
        self._codes: dict[Level, Codes] = {}  # what codes there are, of no row
        self._bits: Mapping[Level, Array] = {}

    def add(self, part: Assessment) -> None:
        """Count the offers of one part."""
        if self._first is None:
            self._first = part.bare
            self._bits = {"offers": self.bits(part, "offers"), "merchants": self.bits(part, "merchants")}
            merchants = self._kinds["merchants"].numbers(self._columns(part, "merchants"))
            self._kind = np.append(merchants, np.uint64(len(self._kinds["merchants"])))
        offers = self._kinds["offers"].numbers([*self.groups(part), *self._columns(part, "offers")])
        self._tally.add(self._kind[part.market.merchant_row] << _MERCHANT | offers)

    # ---- what is kept

    def codes(self, part: Assessment, level: Level) -> Codes:
        """The codes of the level's rules that may move: none."""
        return Codes({}, {}, {})

    def bits(self, part: Assessment, level: Level) -> Array:
        """(words,) uint64 the bits of the outcomes that are kept: of the level's own rules."""
        own = [rule for rule in part.rules if part.book.level(rule) == level]
        return part.mask(own) | part.mask(own, unknown=True)

    def kept(self, part: Assessment, level: Level) -> Array:
        """(words, rows) uint64: outcomes at these bits. Of a rule that does not apply both are set."""
        outside = part.does_not_apply(level) & _FAILS  # without guards that are unknown
        kept: Array = part.words[level] & self._bits[level][:, np.newaxis] | outside | outside << _UNKNOWN
        return kept

    def groups(self, part: Assessment) -> list[Array]:
        """By column to group by: (offers,) uint16 the number of each one's value, a missing one's 0."""
        found = []
        for column in self.by:
            cells = group_cells(part, column)
            found.append(np.where(cells.gone, 0, places_of(column, cells, self._names[column])[cells.values] + 1))
        return [each.astype(_GROUP) for each in found]

    def _columns(self, part: Assessment, level: Level) -> list[Array]:
        """(rows,) bytes: outcomes, then codes."""
        codes = self.codes(part, level)
        self._codes.setdefault(level, codes.map(lambda cells: cells.take(np.zeros(0, np.int64))))
        words = np.ascontiguousarray(self.kept(part, level))
        bytes_ = words.view(np.uint8).reshape(*words.shape, 8)
        return [*(bytes_[word, :, byte] for word, byte in self._bytes(level)), *_ends(codes)]

    def _bytes(self, level: Level) -> list[tuple[int, int]]:
        """The bytes of words that hold what is kept; the first, where nothing is."""
        bytes_ = self._bits[level].view(np.uint8).reshape(-1, 8)
        return [(int(word), int(byte)) for word, byte in np.argwhere(bytes_)] or [(0, 0)]

    # ---- what comes of it

    def assessment(self, of: Behind) -> AtRest:
        """Everything that was added, which is what is left ``of`` a market. To be asked for once, at the end."""
        return Counts(**self.made(of))

    def made(self, of: Behind) -> dict[str, Any]:
        """What an assessment of everything that was added consists of. To be asked for once."""
        assert self._first is not None
        first, (merchant, kind, counts) = self._first, self.settled()
        groups, offers, codes = self._told("offers")
        _, merchants, of_merchants = self._told("merchants")
        cells = {
            column: _named(first, column, numbers, tuple(self._names[column])).take(kind)
            for column, numbers in zip(self.by, groups, strict=True)
        }
        of_kind = np.bincount(self._kind[:-1].astype(np.int64), minlength=merchants.shape[1])
        each = {"offers": counts, "merchants": of_kind}
        many = {level: len(stands_for) for level, stands_for in each.items()}
        same = ("book", "moment", "rules", "not_computed", "unmade", "bits")
        return {name: getattr(first, name) for name in same} | {
            "market": Market.rest(of, cells, many, merchant, each, first.market.declared),
            "words": self.words(_outcomes(offers), _outcomes(merchants), kind, merchant),
            "outside": Joined.of(_outside(offers), _outside(merchants), kind, merchant),
            "codes": {"offers": codes.map(lambda held: held.take(kind)), "merchants": of_merchants},
        }

    def settled(self) -> tuple[Array, Array, Array]:
        """Of all rows, (rows,) integers: the kind of merchant (-1 for an orphan), the kind of offer, and how many
        offers it stands for. To be asked for once."""
        self._tally.settle()
        most = len(self._kinds["merchants"]), len(self._kinds["offers"]), self._tally.most()
        at, (merchant, kind, counts) = 0, (np.zeros(len(self._tally), _signed(each)) for each in most)
        for keys, many in self._tally.settled():
            here = slice(at, at := at + len(keys))
            merchant[here], kind[here], counts[here] = keys >> _MERCHANT, keys & _OFFER, many
        merchant[merchant == len(self._kinds["merchants"])] = -1
        return merchant, kind, counts

    def words(self, own: Array, merchants: Array, kind: Array, merchant_row: Array) -> Mapping[Level, Array]:
        """The outcomes of all rows, from those of kinds; an orphan's are unknown in every rule of merchants."""
        first = self._first
        assert first is not None
        unknown = first.mask([rule for rule in first.rules if first.book.level(rule) == "merchants"], unknown=True)
        return Joined.of(own, merchants, kind, merchant_row, unknown)

    def _told(self, level: Level) -> tuple[list[Array], Array, Codes]:
        """By kind, (kinds,): numbers of groups, (words, kinds) what is kept of outcomes, and codes."""
        by = len(self.by) if level == "offers" else 0
        bytes_, ends = self._bytes(level), _ends(self._codes[level])
        columns = self._kinds[level].columns([*[_GROUP] * by, *[np.uint8] * (len(bytes_) + len(ends))])
        words = np.zeros((len(self._bits[level]), len(columns[0]), 8), np.uint8)
        for (word, byte), column in zip(bytes_, columns[by:], strict=False):
            words[word, :, byte] = column
        return columns[:by], words.view(np.uint64)[:, :, 0], _codes(columns[by + len(bytes_) :], self._codes[level])


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
    check_left(part.market, column)
    cells = on_rows(part.market, part.book, column, "offers")
    if not cells.names or cells.type == "set":
        raise CampaignError(f"cannot count by {column!r}: expected a column of levels, or of texts of a list")
    return cells


def places_of(column: str, cells: Cells, known: dict[str, int]) -> Array:
    """(names,) int64 the place of each name of a column to group by among those ``known``, to which new ones are added.
    Raises ``CampaignError`` for too many."""
    for name in cells.names:
        known.setdefault(name, len(known))
    if len(known) > VALUES:
        raise CampaignError(f"cannot count by {column!r}: it has more than {VALUES:,} values")
    return np.array([known[name] for name in cells.names] or [0], np.int64)


def _signed(most: int) -> Any:
    """The narrowest integers that hold so many, and -1."""
    return np.min_scalar_type(-most - 1)


def _named(first: Assessment, column: str, codes: Array, names: tuple[str, ...]) -> Cells:
    places = codes.astype(np.int64) - 1
    return Cells.make(first.book.quantity(column).type, np.maximum(places, 0), places < 0, None, names)


def _outcomes(kept: Array) -> Array:
    """What is kept, without the bits of rules that do not apply."""
    outside = _outside(kept)
    outcomes: Array = kept & ~(outside | outside << _UNKNOWN)
    return outcomes


def _outside(kept: Array) -> Array:
    """The bits of rules that do not apply, of what is kept."""
    outside: Array = kept & kept >> _UNKNOWN & _FAILS
    return outside


def _ends(codes: Codes) -> list[Array]:
    """(rows,) uint8 each: flags, and both ends of every other code."""
    ends: list[Array] = []
    for cells in codes.cells.values():
        if cells.type == "flag":
            ends.append(np.where(cells.gone, GONE, cells.values).astype(np.uint8))
        else:
            ends += [end.astype(np.uint8) for end in (cells.values, cells.values if cells.high is None else cells.high)]
    return ends


def _codes(ends: Sequence[Array], like: Codes) -> Codes:
    """The codes out of ``_ends``."""
    left, cells = iter(ends), dict[str, Cells]()
    for name, held in like.cells.items():
        low = next(left)
        if held.type == "flag":
            cells[name] = Cells.make("flag", low == 1, low == GONE)
        else:
            high = next(left)
            cells[name] = Cells("count", low, None, None if np.array_equal(low, high) else high)
    return Codes(cells, like.leaves, like.flags)
