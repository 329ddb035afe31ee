"""Verdicts counted by category in DuckDB: from the columns, or from stored masks with the moved rules recomputed;
also what blockers, a curve and a cube are made of.

A conjunction in SQL's three values is the verdict: true = pre-qualified, false = ineligible, null = undetermined. Of
the spellings tried the quickest is kept: merchants judged once and joined; from masks, what fails elsewhere left out
first.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import by_duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from columns import BITS, Array, Columns
from files_by_hand import BEYOND


class Counts:
    """Tables in memory, of columns and of the baseline's masks."""

    def __init__(
        self, columns: Columns, category: Array, masks: Array, totals: Array, lenient: Collection[str]
    ) -> None:
        self.columns, self.totals, self.lenient = columns, totals, lenient
        self.connection = by_duckdb.prepare(columns)
        more = {"category": category, "merchant_row": columns.merchant_row}
        words = {"fails": masks.astype(np.uint32), "unknown": (masks >> np.uint64(32)).astype(np.uint32)}
        self.connection.register("more", pa.table({**more, **words}))
        self.connection.execute("CREATE TABLE o AS SELECT * FROM offers POSITIONAL JOIN more")
        rows = np.arange(columns.merchant_row.max() + 1, dtype=np.int32)
        self.connection.register("rows", pa.table({"merchant_row": rows}))
        self.connection.execute("CREATE TABLE m AS SELECT * FROM merchants POSITIONAL JOIN rows")

    def recomputed(self, limits: Any) -> Array:
        """(categories, 3) from the columns, at other limits."""
        offers = self._all(by_duckdb.offer_rules(self.columns.offers, limits))
        merchants = self._all(by_duckdb.merchant_rules(self.columns.merchants, limits))
        return self._counted(
            f"WITH k AS (SELECT merchant_row, {merchants} AS good FROM m) "
            f"SELECT category, good AND {offers} AS verdict, count(*) FROM o JOIN k USING (merchant_row) GROUP BY ALL"
        )

    def from_masks(self, limits: Any, moved: Collection[str]) -> Array:
        """(categories, 3) from the masks of the rules that have not moved, and the columns of those that have."""
        stays, unknown = self._others(moved)
        offers = {
            rule: test for rule, test in by_duckdb.offer_rules(self.columns.offers, limits).items() if rule in moved
        }
        known = f"CASE WHEN unknown & {unknown}::UINTEGER = 0 THEN TRUE END"
        verdict = " AND ".join(["(" + known + ")", *offers.values()])
        source = "o"
        shops = by_duckdb.merchant_rules(self.columns.merchants, limits)
        if shops := {rule: test for rule, test in shops.items() if rule in moved}:
            source = f"o JOIN (SELECT merchant_row, {self._all(shops)} AS good FROM m) USING (merchant_row)"
            verdict += " AND good"
        return self._counted(
            f"SELECT category, {verdict} AS verdict, count(*) FROM {source} "
            f"WHERE fails & {stays}::UINTEGER = 0 GROUP BY ALL"
        )

    def kinds(self) -> pd.DataFrame:
        """category, fails, unknown, offers: of every combination that occurs."""
        return self.connection.execute("SELECT category, fails, unknown, count(*) AS offers FROM o GROUP BY ALL").df()

    def values(self, rule: str, column: str) -> pd.DataFrame:
        """category, unsure, value, offers: of offers that fail no other rule, by whether others leave them open."""
        stays, unknown = self._others([rule])
        source = "o" if column in self.columns.offers else "o JOIN m USING (merchant_row)"
        return self.connection.execute(
            f"SELECT category, unknown & {unknown}::UINTEGER <> 0 AS unsure, {column} AS value, count(*) AS offers "
            f"FROM {source} WHERE fails & {stays}::UINTEGER = 0 GROUP BY ALL"
        ).df()

    def cube(self, rules: Collection[str]) -> pd.DataFrame:
        """As ``files_by_hand`` says, of the masks of all rules but these, by code of category."""
        stays, unknown = self._others(rules)
        return self.connection.execute(
            f"SELECT category, CASE WHEN fails & {stays}::UINTEGER <> 0 THEN FALSE "
            f"WHEN unknown & {unknown}::UINTEGER = 0 THEN TRUE END AS rest, "
            "floor(200 * pickup_rate_48h + 1e-9)::SMALLINT AS pickup, "
            f"CASE WHEN moq_counted IS NOT NULL THEN least(moq_counted, {BEYOND}) END AS moq, count(*) AS offers "
            "FROM o GROUP BY ALL"
        ).df()

    def _others(self, rules: Collection[str]) -> tuple[int, int]:
        """The bits of the rules that stay: where they fail, and where unknown counts."""
        stays = 0xFFFFFFFF & ~sum(1 << BITS[rule] for rule in rules)
        return stays, stays & ~sum(1 << BITS[rule] for rule in self.lenient)

    def _all(self, rules: dict[str, str]) -> str:
        return " AND ".join(f"coalesce({test}, TRUE)" if rule in self.lenient else test for rule, test in rules.items())

    def _counted(self, query: str) -> Array:
        found = np.zeros((len(self.totals), 3), np.int64)
        for category, verdict, count in self.connection.execute(query).fetchall():
            found[category, {True: 0, False: 1, None: 2}[verdict]] = count
        found[:, 1] = self.totals - found[:, 0] - found[:, 2]
        return found
