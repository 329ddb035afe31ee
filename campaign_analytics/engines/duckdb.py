"""Rules run by DuckDB: the conditions of one table's columns compiled to SQL, the bits of a word in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import duckdb
import numpy as np
from sqlglot import exp

from campaign_analytics.engines.arrays import RULES_PER_WORD, Progress
from campaign_analytics.engines.relation import ROW, held_of, relation
from campaign_analytics.engines.sql import Held, words
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import Exact


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all queries: to open and close one takes as long as a query."""
    return duckdb.connect()


@lru_cache(64)
def _selects(rules: tuple[tuple[int, Exact], ...], held: tuple[tuple[str, Held], ...]) -> Mapping[int, str]:
    """By number of a word, its query: written once for all parts of a market whose columns are held alike."""
    row = exp.column(ROW, quoted=True)
    return {
        number: exp.select(row, exp.alias_(word, "word")).from_("cells").sql("duckdb")
        for number, word in words(rules, dict(held)).items()
    }


class Query:
    """Conditions compiled for one table's columns, run as ``engines.arrays.Program`` is."""

    def __init__(self, rules: Sequence[tuple[int, Exact]], cells: Mapping[str, Cells]) -> None:
        self.words = max((bit for bit, _ in rules), default=0) // RULES_PER_WORD + 1
        self._cells = cells
        self._selects = _selects(tuple(rules), tuple(held_of(cells).items()))

    def run(self, rows: int, into: Array | None = None, progress: Progress | None = None) -> Array:
        """See ``Program.run``."""
        held = np.zeros((self.words, rows), np.uint64) if into is None else into
        if rows and self._selects:
            with _database().cursor() as connection:
                connection.register("cells", relation(self._cells, rows))
                for number, select in self._selects.items():
                    found = connection.execute(select).fetchnumpy()
                    held[number, found[ROW]] |= np.asarray(found["word"]).view(np.uint64)
        if progress:
            progress(rows, rows)
        return held
