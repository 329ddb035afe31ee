"""Rules run by DuckDB: the conditions of one table's columns compiled to SQL, the bits of a word in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb
import numpy as np
from sqlglot import exp

from campaign_analytics.engines.arrays import RULES_PER_WORD, Progress
from campaign_analytics.engines.relation import ROW, held_of, relation
from campaign_analytics.engines.sql import words
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import Exact


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all queries: to open and close one takes as long as a query."""
    return duckdb.connect()


class Query:
    """Conditions compiled for one table's columns, run as ``engines.arrays.Program`` is."""

    def __init__(self, rules: Sequence[tuple[int, Exact]], cells: Mapping[str, Cells]) -> None:
        self.words = max((bit for bit, _ in rules), default=0) // RULES_PER_WORD + 1
        self._cells = cells
        self._selects = {
            number: exp.select(exp.column(ROW, quoted=True), exp.alias_(held, "word")).from_("cells")
            for number, held in words(rules, held_of(cells)).items()
        }

    def run(self, rows: int, into: Array | None = None, progress: Progress | None = None) -> Array:
        """See ``Program.run``."""
        held = np.zeros((self.words, rows), np.uint64) if into is None else into
        if rows and self._selects:
            with _database().cursor() as connection:
                connection.register("cells", relation(self._cells, rows))
                for number, select in self._selects.items():
                    found = connection.execute(select.sql("duckdb")).fetchnumpy()
                    held[number, found[ROW]] |= np.asarray(found["word"]).view(np.uint64)
        if progress:
            progress(rows, rows)
        return held
