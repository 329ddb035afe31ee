"""Verdicts counted by category in Polars: from the columns, or from stored masks with the moved rules recomputed;
also what blockers, a curve and a cube are made of.

A conjunction in Kleene's three values is the verdict: true = pre-qualified, false = ineligible, null = undetermined. Of
the spellings tried the quickest is kept: category and verdict in one byte; from masks, what fails elsewhere left out
first.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import and_
from typing import Any

import by_polars
import numpy as np
import polars as pl
from columns import BITS, Array, Columns
from files_by_hand import BEYOND

col = pl.col


class Counts:
    """Frames in memory, of columns and of the baseline's masks."""

    def __init__(
        self, columns: Columns, category: Array, masks: Array, totals: Array, lenient: Collection[str]
    ) -> None:
        self.columns, self.totals, self.lenient = columns, totals, lenient
        offers, self.merchants = by_polars.prepare(columns)
        words = {"fails": masks.astype(np.uint32), "unknown": (masks >> np.uint64(32)).astype(np.uint32)}
        self.offers = offers.with_columns(
            pl.Series(name, held) for name, held in {"category": category, **words}.items()
        )

    def recomputed(self, limits: Any) -> Array:
        """(categories, 3) from the columns, at other limits."""
        own = self._shops(by_polars.merchant_rules(self.columns.merchants, limits))
        return self._counted(self.offers.lazy(), [self._all(by_polars.offer_rules(self.columns.offers, limits)), own])

    def from_masks(self, limits: Any, moved: Collection[str]) -> Array:
        """(categories, 3) from the masks of the rules that have not moved, and the columns of those that have."""
        stays, unknown = self._others(moved)
        offers, shops = (
            {rule: test for rule, test in rules.items() if rule in moved}
            for rules in (
                by_polars.offer_rules(self.columns.offers, limits),
                by_polars.merchant_rules(self.columns.merchants, limits),
            )
        )
        parts = [pl.when((col("unknown") & pl.lit(unknown, pl.UInt32)) == 0).then(True)]
        parts += [self._all(offers)] if offers else []
        parts += [self._shops(shops)] if shops else []
        return self._counted(self.offers.lazy().filter((col("fails") & pl.lit(stays, pl.UInt32)) == 0), parts)

    def kinds(self) -> pl.DataFrame:
        """category, fails, unknown, offers: of every combination that occurs."""
        grouped = self.offers.lazy().group_by("category", "fails", "unknown").agg(offers=pl.len())
        return grouped.collect(engine="streaming")

    def values(self, rule: str, column: str) -> pl.DataFrame:
        """category, unsure, value, offers: of offers that fail no other rule, by whether others leave them open."""
        stays, unknown = self._others([rule])
        merchants = self.merchants.get_column(column, default=None)
        value = col(column) if merchants is None else pl.lit(merchants).gather(col("merchant_row"))
        return (
            self.offers.lazy()
            .filter((col("fails") & pl.lit(stays, pl.UInt32)) == 0)
            .group_by("category", unsure=(col("unknown") & pl.lit(unknown, pl.UInt32)) != 0, value=value)
            .agg(offers=pl.len())
            .collect(engine="streaming")
        )

    def cube(self, rules: Collection[str]) -> pl.DataFrame:
        """As ``files_by_hand`` says, of the masks of all rules but these, by code of category."""
        stays, unknown = self._others(rules)
        rest = (
            pl.when((col("fails") & pl.lit(stays, pl.UInt32)) != 0)
            .then(False)
            .when((col("unknown") & pl.lit(unknown, pl.UInt32)) == 0)
            .then(True)
        )
        pickup = (200 * col("pickup_rate_48h") + 1e-9).floor().cast(pl.Int16)
        places = {"rest": rest, "pickup": pickup, "moq": col("moq_counted").clip(upper_bound=BEYOND)}
        grouped = self.offers.lazy().group_by("category", **places).agg(offers=pl.len())
        return grouped.collect(engine="streaming")

    def _others(self, rules: Collection[str]) -> tuple[int, int]:
        """The bits of the rules that stay: where they fail, and where unknown counts."""
        stays = 0xFFFFFFFF & ~sum(1 << BITS[rule] for rule in rules)
        return stays, stays & ~sum(1 << BITS[rule] for rule in self.lenient)

    def _shops(self, rules: dict[str, pl.Expr]) -> pl.Expr:
        own = self.merchants.lazy().select(good=self._all(rules)).collect(engine="streaming")["good"]
        return pl.lit(own).gather(col("merchant_row"))

    def _all(self, rules: dict[str, pl.Expr]) -> pl.Expr:
        return reduce(and_, (test.fill_null(True) if rule in self.lenient else test for rule, test in rules.items()))

    def _counted(self, offers: pl.LazyFrame, parts: list[pl.Expr]) -> Array:
        verdict = reduce(and_, parts).cast(pl.UInt8).fill_null(2)
        kinds = offers.select(kind=col("category") * pl.lit(3, pl.UInt8) + verdict)
        found = np.zeros((len(self.totals), 3), np.int64)  # false, true, null
        for kind, count in kinds.group_by("kind").len().collect(engine="streaming").iter_rows():
            found[kind // 3, kind % 3] = count
        found = found[:, [1, 0, 2]]
        found[:, 1] = self.totals - found[:, 0] - found[:, 2]
        return found
