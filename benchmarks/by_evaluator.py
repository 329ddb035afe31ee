"""The spring rules by campaign_analytics: conditions from the rulebook, compiled, then run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from columns import BITS, Array, Column, Columns

from campaign_analytics.assess import Assessment
from campaign_analytics.engines.arrays import Program
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.exact import Exact, bind, opened
from campaign_analytics.rulebook.tree import Or, negate


@dataclass(frozen=True)
class Compiled:
    """The programs of both levels."""

    merchants: Program
    offers: Program


def compile(assessment: Assessment, columns: Columns) -> Compiled:
    """Bind parameters and make array steps, as every change of a parameter does again."""
    book = assessment.book
    values = {**book.values, **assessment.moment.clock}
    rules: dict[str, list[tuple[int, Exact]]] = {"merchants": [], "offers": []}
    for rule, bit in BITS.items():
        tree = book.conditions[rule]
        if rule in book.guards:
            tree = Or((negate(book.guards[rule]), tree))
        rules[book.level(rule)].append((bit, opened(bind(tree, values), assessment.unmade)))
    return Compiled(
        Program(rules["merchants"], _cells(columns.merchants)), Program(rules["offers"], _cells(columns.offers))
    )


def run(compiled: Compiled, columns: Columns) -> Array:
    """(offers,) uint64: fail bits below, unknown bits 32 places higher."""
    rows = len(next(iter(columns.merchants.values())).values)
    words = np.take(compiled.merchants.run(rows), columns.merchant_row, axis=1)
    return np.asarray(compiled.offers.run(len(columns), words)[0])


def _cells(held: dict[str, Column]) -> dict[str, Cells]:
    return {name: Cells(*column) for name, column in held.items()}
