"""Measures that a notice only defines: made when asked for, whether or not a rule in force needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.fixes import subject_keys
from campaign_analytics.assess.probing import is_open
from campaign_analytics.assess.views import checked
from campaign_analytics.derive import derive
from campaign_analytics.rulebook.book import Level

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def metrics(assessment: Assessment, level: Level) -> pd.DataFrame:
    """See ``Assessment.metrics``."""
    checked(level)
    book = assessment.book
    named = dict.fromkeys(name for clause in book.document.clauses.values() for name in clause.uses)
    told = [name for name in named if name in book.derived and book.table_of(name) == level]
    told = [name for name in told if all(book.values[each] is not None for each in book.feeding([name]))]
    made = derive(assessment.market, book, assessment.moment, told).market.tables[level]
    frame = subject_keys(assessment, level, np.arange(made.rows))
    for name in told:
        frame[name] = made.cells[name].to_pandas().mask(is_open(made.cells[name]))
    return frame
