"""Counts by class as a rulebook is set against the baseline's, and scenarios side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.simulate.classes import Classes
from campaign_analytics.simulate.sensitivity import notes
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level
    from campaign_analytics.rulebook.scenario import Scenario
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where

_COMPARED = ["pre_qualified", "change", "gained", "lost"]


def summary(
    what_if: WhatIf, by: str | None, level: Level, weight: str | None, where: Where | None, lang: str
) -> pd.DataFrame:
    """See ``WhatIf.summary``."""
    classes = Classes.of(what_if.baseline, by, level, weight, where)
    frame = _counts(what_if.assessment, what_if.baseline, classes)
    if classes.weight_missing is not None:
        frame["weight_missing"] = classes.weight_missing
    if by is not None:
        frame.insert(0, by, pd.Series(classes.names, dtype="str"))
    frame.attrs |= notes(what_if.book, lang)
    return frame


def compare(what_if: WhatIf, scenarios: Sequence[Scenario], by: str | None, lang: str) -> pd.DataFrame:
    """See ``WhatIf.compare``."""
    baseline = what_if.baseline
    everybody = Classes.of(baseline, None, "offers", None, None)
    looked_at = [everybody] if by is None else [everybody, Classes.of(baseline, by, "offers", None, None)]
    index = pd.Index([say("board_all", lang), *(name for each in looked_at[1:] for name in each.names)], name=by)
    first = pd.concat([_counts(baseline, baseline, each) for each in looked_at]).set_axis(index)
    blocks = {"baseline": first[["pre_qualified", "offers"]]}
    for scenario in scenarios:
        now = what_if.at(what_if.book).load(scenario).assessment
        counts = pd.concat([_counts(now, baseline, each) for each in looked_at]).set_axis(index)
        blocks[_unused(scenario.name.say(lang), blocks)] = counts[_COMPARED]
    made = pd.concat(blocks, axis=1)
    made.attrs |= notes(what_if.book, lang)
    return made


def _unused(name: str, taken: dict[str, pd.DataFrame]) -> str:
    """The name, numbered where another scenario or the baseline has it."""
    again = (f"{name} ({i})" for i in range(2, len(taken) + 2))
    return next(each for each in (name, *again) if each not in taken)


def _counts(now: Assessment, baseline: Assessment, classes: Classes) -> pd.DataFrame:
    verdicts, before = classes.verdicts(now), classes.verdicts(baseline)[:, PRE_QUALIFIED]
    good, was = (each.verdict(classes.level)[classes.rows] == PRE_QUALIFIED for each in (now, baseline))
    turned = classes.count(np.where(good == was, 0, np.where(good, 1, 2)), 3)
    return pd.DataFrame(
        {
            "baseline": before,
            "pre_qualified": verdicts[:, PRE_QUALIFIED],
            "change": verdicts[:, PRE_QUALIFIED] - before,
            "gained": turned[:, 1],
            "lost": turned[:, 2],
            "undetermined": verdicts[:, UNDETERMINED],
            "ineligible": verdicts[:, INELIGIBLE],
            classes.total: verdicts.sum(axis=1),
        }
    )
