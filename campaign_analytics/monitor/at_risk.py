"""Who will fail before the end, as things go: numbers that are sinking, and what the calendar alone will break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.assess.outcomes import FAIL, PASS
from campaign_analytics.market.schema import Array
from campaign_analytics.monitor.subjects import dates, day_of, keys_of
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.monitor.watch import Watch
    from campaign_analytics.rulebook.book import Level, Rulebook

_LEVELS: tuple[Level, ...] = ("offers", "merchants")
_ORDER = ["warns", "late", "act_by", "fails_on", "offers", "headroom", "merchant_id", "offer_id", "rule"]
_ASCENDING = [True, True, True, True, False, True, True, True, True]

#: By level and rule (rows,) bool: the rows of the last snapshot for whom rules hold and this one passes.
Passing: TypeAlias = "Mapping[tuple[Level, str], Array]"


class Risk(NamedTuple):
    """Subjects, by their numbers on the roll, that will fail a rule, and on which days."""

    level: Level
    rule: str
    cause: str
    numbers: Array
    fails_on: Array
    headroom: Array | float = np.nan
    per_day: Array | float = np.nan


def at_risk(watch: Watch) -> pd.DataFrame:
    """See ``Monitoring.at_risk``."""
    nobody = Risk("offers", "", "", np.zeros(0, np.int64), np.zeros(0, np.int64))
    frames = [_frame(watch, risk) for risk in (nobody, *_risks(watch)) if risk is nobody or len(risk.numbers)]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(warns=frame["severity"] != "block", late=~frame["in_time"])
    frame = frame.sort_values(_ORDER, ascending=_ASCENDING, kind="stable").drop(columns=["warns", "late"])
    frame = frame.drop_duplicates(["level", "offer_id", "merchant_id", "rule"], ignore_index=True)
    frame["basis"] = pd.Categorical.from_codes(np.zeros(len(frame), np.int8), pd.Index(["assumption"]))
    frame.attrs["assumption"] = say("risk_assumption")
    return frame


def _risks(watch: Watch) -> Iterator[Risk]:
    result = watch.latest
    if watch.end is None or watch.last_day >= watch.last:
        return
    numbers = {level: _numbers(watch, level) for level in _LEVELS}
    passing = {
        (level, rule): watch.clocks[level].of["active"][numbers[level]] & (result.outcome(rule, level) == PASS)
        for level in _LEVELS
        for rule in watch.clocks[level].rules
    }
    yield from _by_trend(watch, passing, numbers)
    yield from _by_clock(watch, passing, numbers)


def _numbers(watch: Watch, level: Level) -> Array:
    """(rows,) the number on the roll of each row of the last snapshot."""
    keys = watch.latest.market.tables[level].cells[f"{level[:-1]}_id"]
    return watch.clocks[level].roll.rows(keys, add=False)


def _by_trend(watch: Watch, passing: Passing, numbers: Mapping[Level, Array]) -> Iterator[Risk]:
    """Those whose headroom, going on as it went, is used up before the end."""
    for level in _LEVELS:
        trends, seen = watch.trends[level], numbers[level]
        for place, rule in enumerate(trends.rules):
            slope, now = trends.slope(place)[seen], trends.sums["now"][place][seen]
            with np.errstate(divide="ignore", invalid="ignore"):
                days = np.floor(np.round(now / -slope, 9)) + 1  # the first day on which nothing is left
                sinking = passing[level, rule] & (slope < 0) & (now >= 0) & (days <= watch.last - watch.last_day)
            rows = np.flatnonzero(sinking)
            fails_on = watch.last_day + days[rows].astype(np.int64)
            yield Risk(level, rule, "trend", seen[rows], fails_on, now[rows], slope[rows])


def _by_clock(watch: Watch, passing: Passing, numbers: Mapping[Level, Array]) -> Iterator[Risk]:
    """Those who fail on a day to come with the data of today, because time passes: something runs out."""

    def failing(then: Assessment) -> dict[tuple[Level, str], Array]:
        return {at: who & (then.outcome(at[1], at[0]) == FAIL) for at, who in waiting.items()}

    waiting = dict(passing)
    waiting = {at: who for at, who in failing(_on(watch, watch.every, watch.last)).items() if who.any()}
    turning = {rule for _, rule in waiting}
    book = watch.every.switch({rule: "off" for rule in watch.every.rules if rule not in turning})
    for day in range(watch.last_day + 1, watch.last + 1):
        if not waiting:
            return
        for (level, rule), fails in failing(_on(watch, book, day)).items():
            rows = np.flatnonzero(fails)
            yield Risk(level, rule, "clock", numbers[level][rows], np.full(len(rows), day))
            waiting[level, rule] = waiting[level, rule] & ~fails
        waiting = {at: who for at, who in waiting.items() if who.any()}


def _on(watch: Watch, book: Rulebook, day: int) -> Assessment:
    """The last snapshot as it will stand at the first moment of a day."""
    return assess(watch.latest.market, book, as_of=datetime.combine(day_of(day), time(), watch.book.zone))


def _frame(watch: Watch, risk: Risk) -> pd.DataFrame:
    rule = watch.book.rules.get(risk.rule)
    frame = keys_of(watch, risk.level, risk.numbers)
    lead = rule.lead_days if rule else 0
    texts = {
        "rule": risk.rule, "clause": ";".join(rule.clause) if rule else "",
        "severity": rule.severity if rule else "", "cause": risk.cause,
    }  # fmt: skip
    for name, text in texts.items():
        frame[name] = pd.Series(text, frame.index, dtype="str")
    frame["headroom"], frame["per_day"] = (np.broadcast_to(x, len(frame)) for x in (risk.headroom, risk.per_day))
    frame["fails_on"] = dates(risk.fails_on)
    frame["days_left"] = risk.fails_on - watch.last_day if len(frame) else risk.fails_on
    frame["lead_days"] = np.full(len(frame), lead, np.int64)
    frame["act_by"] = dates(risk.fails_on - lead)
    frame["in_time"] = risk.fails_on - lead >= (watch.last_day if len(frame) else 0)
    frame["offers"] = watch.bound_offers[risk.numbers] if risk.level == "merchants" else np.ones(len(frame), np.int64)
    return frame
