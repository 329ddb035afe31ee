"""Who comes in and who drops out, one row each, or told in a few words for a dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.fixes import subject_keys
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.subject import Subject
from campaign_analytics.simulate.reasons import Reasons
from campaign_analytics.simulate.where import Where, among

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level
    from campaign_analytics.simulate.standing import Flip
    from campaign_analytics.simulate.what_if import WhatIf

#: By whether a subject came in, how its turn is called.
TURNED = {True: "came_in", False: "dropped_out"}


class Told(NamedTuple):
    """One offer that turned, in words."""

    came_in: bool
    offer: str
    category: str
    rule: str  # the label of the rule that decides
    because: str


def flips(what_if: WhatIf, level: Level, n: int | None, where: Where | None, lang: str) -> pd.DataFrame:
    """See ``WhatIf.flips``."""
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


def told(now: Assessment, baseline: Assessment, flips: Sequence[Flip], lang: str) -> list[Told]:
    """Offers that turned, in words, in the order given: less than a millisecond each.

    Of ``now`` only the cells and the rulebook are read, so that a slider in hand needs no assessment for it.
    """
    found = {}
    for came_in in TURNED:
        rows = [flip.row for flip in flips if flip.came_in == came_in]
        reasons = Reasons(now, baseline, "offers", np.array(rows, np.int64), came_in, lang)
        because = reasons.because(np.arange(len(rows)))
        for i, row in enumerate(rows):
            subject, rule = Subject(baseline, "offers", row), reasons.rule(i)
            offer, category = (str(subject.value(name) or "") for name in ("offer_id", now.book.header.category))
            label = now.book.rules[rule].label(lang, rule) if rule else ""
            found[row] = Told(came_in, offer, category, label, because[i])
    return [found[flip.row] for flip in flips]
