"""Who comes in and who drops out, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.fixes import subject_keys
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import one_by_one
from campaign_analytics.simulate.reasons import Reasons
from campaign_analytics.simulate.where import Where, among

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level
    from campaign_analytics.simulate.what_if import WhatIf

#: By whether a subject came in, how its turn is called.
TURNED = {True: "came_in", False: "dropped_out"}


def flips(what_if: WhatIf, level: Level, n: int | None, where: Where | None, lang: str) -> pd.DataFrame:
    """See ``WhatIf.flips``."""
    one_by_one(what_if.baseline)
    now, baseline = what_if.assessment, what_if.baseline
    verdicts = {"was": baseline.verdict(level), "now": now.verdict(level)}
    was, qualifies = (verdict == PRE_QUALIFIED for verdict in verdicts.values())
    turned = was != qualifies
    if where:
        turned &= among(baseline, where, level)
    frames, left = [], n
    for came_in in (True, False):
        reasons = Reasons(now, baseline, level, np.flatnonzero(turned & (qualifies == came_in)), came_in, lang)
        first = reasons.nearest_first[:left]
        rows = reasons.rows[first]
        left = None if left is None else left - len(first)
        frame = subject_keys(baseline, level, rows)
        for name, verdict in verdicts.items():
            frame[name] = pd.Categorical.from_codes(verdict[rows], pd.Index(VERDICTS))
        frame["turned"] = pd.array([TURNED[came_in]], dtype="str").take(rows * 0)
        frames.append(pd.concat([frame, reasons.table(first)], axis=1))
    return pd.concat(frames, ignore_index=True)
