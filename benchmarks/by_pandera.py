"""The spring rules as a pandera schema, validated lazily: two checks a rule, one that fails and one that says unknown.

Checks stand on one column each, also where they read more of them: checks on whole frames report every cell of a
failing row, which is many times slower.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from by_pandas import merchant_rules, offer_rules
from columns import BITS, Array, Columns


def run_merged(frame: pd.DataFrame, columns: Columns) -> Array:
    """(offers,) uint64, as ``by_numpy.run`` gives, from the frame that ``by_pandas.merged`` makes."""
    words = np.zeros(len(frame), np.uint64)
    try:
        _schema(frame, columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as found:
        for bit, cases in found.failure_cases.groupby("check"):
            words[cases["index"].to_numpy(np.int64)] |= np.uint64(1 << int(str(bit)))
    return words


def _schema(frame: pd.DataFrame, columns: Columns) -> pa.DataFrameSchema:
    checks = []
    rules = {**offer_rules(frame, columns.offers), **merchant_rules(frame, columns.merchants)}
    for rule, test in rules.items():
        passes, fails, unknown = test(), BITS[rule], BITS[rule] + 32
        checks.append(pa.Check(lambda _, p=passes: p.fillna(True).astype(bool), name=str(fails), ignore_na=False))
        checks.append(pa.Check(lambda _, p=passes: p.notna(), name=str(unknown), ignore_na=False))
    return pa.DataFrameSchema({frame.columns[0]: pa.Column(None, checks, nullable=True)})
