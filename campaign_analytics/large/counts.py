"""An assessment whose rows stand for all offers that are alike: outcomes of a few kinds of offers and of merchants,
which are put together row by row only where a view asks for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from campaign_analytics.assess.masks import has
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.at_rest import AtRest


@dataclass(frozen=True, eq=False)
class Joined(Mapping[Level, Array]):
    """Words of merchants, and those of offers out of their own and their merchant's."""

    own: Array  # (words, kinds) uint64 of each kind of offer
    merchants: Array  # (words, kinds + 1) uint64 of each kind of merchant, the last an orphan's
    kind: Array  # (offers,) the kind of each row
    merchant_row: Array  # (offers,) the kind of its merchant, -1 for an orphan

    @classmethod
    def of(cls, own: Array, merchants: Array, kind: Array, merchant_row: Array, orphan: Array | None = None) -> Joined:
        """Words of offers and merchants by kind; ``orphan`` (words,) are those of having no merchant, else none."""
        last = np.zeros(len(own), np.uint64) if orphan is None else orphan
        return cls(own, np.column_stack([merchants, last]), kind, merchant_row)

    def __getitem__(self, level: Level) -> Array:
        return self._offers if level == "offers" else self.merchants[:, :-1]

    def __iter__(self) -> Iterator[Level]:
        yield from ("merchants", "offers")

    def __len__(self) -> int:
        return 2

    def has(self, mask: Array) -> Array:
        """(offers,) bool: which have any bit of ``mask`` (words,)."""
        return has(self.own, mask)[self.kind] | has(self.merchants, mask)[self.merchant_row]

    @cached_property
    def _offers(self) -> Array:
        words = self.own.take(self.kind, axis=1)
        for word, of_merchants in zip(words, self.merchants, strict=True):
            word |= of_merchants[self.merchant_row]
        return words


@dataclass(frozen=True, eq=False, repr=False)
class Counts(AtRest):
    """See the module."""

    words: Joined

    def any(self, level: Level, rules: Sequence[str], unknown: bool = False) -> Array:
        """See ``Evaluated.any``."""
        return self.words.has(self.mask(rules, unknown)) if level == "offers" else super().any(level, rules, unknown)
