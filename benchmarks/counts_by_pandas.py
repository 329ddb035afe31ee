"""Verdicts counted by category in pandas: from the columns, or from stored masks with the moved rules recomputed;
also what blockers, a curve and a cube are made of.

A conjunction of nullable booleans is the verdict: true = pre-qualified, false = ineligible, missing = undetermined. Of
the spellings tried the quickest is kept: merchants judged once and taken by row; category and verdict counted as one
number; from masks, what fails elsewhere left out first.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import and_
from typing import Any

import by_pandas
import numpy as np
import pandas as pd
from columns import BITS, Array, Columns
from files_by_hand import BEYOND


class Counts:
    """Frames in memory, of columns and of the baseline's masks."""

    def __init__(
        self, columns: Columns, category: Array, masks: Array, totals: Array, lenient: Collection[str]
    ) -> None:
        self.columns, self.totals, self.lenient = columns, totals, lenient
        offers, self.merchants = by_pandas.prepare(columns)
        words = {"fails": masks.astype(np.uint32), "unknown": (masks >> np.uint64(32)).astype(np.uint32)}
        self.offers = offers.assign(category=category, merchant_row=columns.merchant_row, **words)

    def recomputed(self, limits: Any) -> Array:
        """(categories, 3) from the columns, at other limits."""
        own = self._all(by_pandas.merchant_rules(self.merchants, self.columns.merchants, limits))
        verdict = self._all(by_pandas.offer_rules(self.offers, self.columns.offers, limits))
        return self._counted(self.offers, verdict & _taken(own, self.offers))

    def from_masks(self, limits: Any, moved: Collection[str]) -> Array:
        """(categories, 3) from the masks of the rules that have not moved, and the columns of those that have."""
        stays, unknown = self._others(moved)
        offers = self.offers[(self.offers["fails"] & stays) == 0]
        verdict = pd.Series(True, offers.index, dtype="boolean").mask((offers["unknown"] & unknown) != 0)
        own, shops = (
            {rule: test for rule, test in rules.items() if rule in moved}
            for rules in (
                by_pandas.offer_rules(offers, self.columns.offers, limits),
                by_pandas.merchant_rules(self.merchants, self.columns.merchants, limits),
            )
        )
        verdict = verdict & self._all(own) if own else verdict
        verdict = verdict & _taken(self._all(shops), offers) if shops else verdict
        return self._counted(offers, verdict)

    def kinds(self) -> pd.DataFrame:
        """category, fails, unknown, offers: of every combination that occurs."""
        return self.offers.groupby(["category", "fails", "unknown"], sort=False).size().reset_index(name="offers")

    def values(self, rule: str, column: str) -> pd.DataFrame:
        """category, unsure, value, offers: of offers that fail no other rule, by whether others leave them open."""
        stays, unknown = self._others([rule])
        offers = self.offers[(self.offers["fails"] & stays) == 0]
        value = offers[column] if column in offers else _taken(self.merchants[column], offers)
        kinds = pd.DataFrame(
            {"category": offers["category"], "unsure": (offers["unknown"] & unknown) != 0, "value": value}
        )
        return kinds.groupby([*kinds], dropna=False, sort=False).size().reset_index(name="offers")

    def cube(self, rules: Collection[str]) -> pd.DataFrame:
        """As ``files_by_hand`` says, of the masks of all rules but these, by code of category."""
        stays, unknown = self._others(rules)
        rest = ((self.offers["fails"] & stays) == 0).astype("boolean")
        kinds = pd.DataFrame(
            {
                "category": self.offers["category"],
                "rest": rest.mask(rest & ((self.offers["unknown"] & unknown) != 0)),
                "pickup": np.floor(200 * self.offers["pickup_rate_48h"] + 1e-9),
                "moq": self.offers["moq_counted"].clip(upper=BEYOND),
            }
        )
        return kinds.groupby([*kinds], dropna=False, sort=False).size().reset_index(name="offers")

    def _others(self, rules: Collection[str]) -> tuple[int, int]:
        """The bits of the rules that stay: where they fail, and where unknown counts."""
        stays = 0xFFFFFFFF & ~sum(1 << BITS[rule] for rule in rules)
        return stays, stays & ~sum(1 << BITS[rule] for rule in self.lenient)

    def _all(self, rules: by_pandas.Rules) -> pd.Series:
        return reduce(and_, (test().fillna(True) if rule in self.lenient else test() for rule, test in rules.items()))

    def _counted(self, offers: pd.DataFrame, verdict: pd.Series) -> Array:
        kinds = 3 * offers["category"].to_numpy(np.intp) + verdict.astype("UInt8").fillna(2).to_numpy(np.intp)
        found = np.bincount(kinds, minlength=3 * len(self.totals)).reshape(-1, 3)[:, [1, 0, 2]]  # false, true, missing
        found[:, 1] = self.totals - found[:, 0] - found[:, 2]
        return found


def _taken(shops: pd.Series, offers: pd.DataFrame) -> pd.Series:
    """What holds of merchants, by offer."""
    return pd.Series(shops.array.take(offers["merchant_row"].to_numpy()), offers.index)
