"""A campaign watched over its snapshots: who kept its rules, who breached them, who is about to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from campaign_analytics.assess.views import checked
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.monitor.at_risk import at_risk
from campaign_analytics.monitor.clocks import NEVER
from campaign_analytics.monitor.headline import headline
from campaign_analytics.monitor.snapshots import Source, snapshots_of
from campaign_analytics.monitor.subjects import dates, day_of, keys_of
from campaign_analytics.monitor.watch import Watch, watched
from campaign_analytics.rulebook.book import Level, Rulebook

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: How a subject stands, worst first.
STANDINGS = ("breached", "unknown", "missing", "kept")
_LEVELS: tuple[Level, ...] = get_args(Level)
_REFUSED = {
    "offer_id": "str", "merchant_id": "str", "from_state": "str", "to_state": "str", "seen_before": "datetime64[s]",
    "day": "datetime64[s]", "breach": "bool",
}  # fmt: skip


def monitor(snapshots: Source, rulebook: Rulebook, progress: Progress | None = None) -> Monitoring:
    """Hold the rules of phase both and stay over ``snapshots``, for each offer and merchant by its own clock.

    ``snapshots`` is a folder of dated folders (2031-05-31/merchants.csv ...), a market (or its folder) whose rows have
    a day in ``snapshot_at``, or pairs of a day and its market, in order. They are read one at a time. Days are those of
    the rulebook's time zone. ``progress`` is called with the snapshots done and in all (0 where nobody knows).

    Raises ``CampaignError`` where there is no snapshot, or two of one day.
    """
    each = snapshots_of(snapshots, rulebook)
    step = (lambda done: progress(done, each.count or 0)) if progress else (lambda done: None)
    return Monitoring(watched(rulebook, iter(each), step))


@dataclass(frozen=True, eq=False)
class Monitoring:
    """What became of a campaign, as tidy tables. Days are datetime64, of the rulebook's time zone.

    For an offer rules hold from its approval on (the rulebook's ``hold_from``) to the end of the campaign, or until it
    is out of it; for a merchant as long as for any of its offers. A day that no snapshot shows is missing: unknown,
    never clean.
    """

    watch: Watch

    @property
    def book(self) -> Rulebook:
        return self.watch.book

    @property
    def latest(self) -> Assessment:
        """The last snapshot, assessed by the rules of every phase: to explain what stands in the tables."""
        return self.watch.latest

    def days(self) -> pd.DataFrame:
        """One row a day from the first snapshot to the last: day, observed (bool: is there a snapshot), then for each
        level what rules held for (``offers_held``), how many of them the snapshot has (``_seen``), how many breach a
        blocking rule (``_breached``), how many do not but are unknown in one (``_unknown``): Int64, missing where
        nothing was observed."""
        watch = self.watch
        days = np.arange(watch.first_day, watch.last_day + 1)
        places = {each[0].date(): place for place, each in enumerate(watch.days)}
        found = [places.get(day_of(day)) for day in days.tolist()]
        frame = pd.DataFrame({"day": dates(days), "observed": [place is not None for place in found]})
        for level in _LEVELS:
            for name in ("held", "seen", "breached", "unknown"):
                counts = [None if at is None else getattr(watch.days[at][1][level], name) for at in found]
                frame[f"{level}_{name}"] = pd.array(counts, dtype="Int64")
        return frame

    def clocks(self, level: Level = "offers") -> pd.DataFrame:
        """One row a subject for which rules held on any day or will hold: offer_id, merchant_id (str), state (offers:
        the last that was seen), since, told (bool: a column tells since when, else it is when it was first seen so),
        until (the day before it was out; missing while it is not), then counts of days (int64): days_held (up to the
        last snapshot), days_observed, days_breached (in a blocking rule; an offer answers for its merchant's too),
        days_unknown (not breached, unknown in one), days_missing (not observed), days_to_come (Int64, missing where
        the campaign has no end), and standing: breached, unknown (a day is), missing (kept on
        all days that were observed, but there are others) or kept."""
        checked(level)
        watch, clocks = self.watch, self.watch.clocks[level]
        of, rows = clocks.of, np.flatnonzero(clocks.of["since"] != NEVER)
        frame = keys_of(watch, level, rows)[["offer_id", "merchant_id"] if level == "offers" else ["merchant_id"]]
        if level == "offers":
            states = np.array([*watch.life.names, ""], object)
            frame["state"] = pd.Series(states[watch.offers["state"][rows]], dtype="str")
        held = clocks.days_held(watch.last_day)[rows]
        observed, breached, unknown = (of[name][rows].astype(np.int64) for name in ("observed", "breached", "unknown"))
        missing = np.maximum(held - observed, 0)
        left = of["left"][rows].astype(np.int64)
        frame["since"], frame["told"] = dates(of["since"][rows]), of["told"][rows]
        frame["until"] = dates(np.where(left == NEVER, NEVER, left - 1))
        frame["days_held"], frame["days_observed"], frame["days_breached"] = held, observed, breached
        frame["days_unknown"], frame["days_missing"] = unknown, missing
        to_come = clocks.last - np.maximum(watch.last_day, of["since"][rows].astype(np.int64) - 1)
        to_come = np.where(of["active"][rows], np.maximum(to_come, 0), 0)
        endless = np.full(len(rows), clocks.last == NEVER)
        frame["days_to_come"] = pd.arrays.IntegerArray(to_come.astype(np.int64), endless)
        codes = np.select([breached > 0, unknown > 0, missing > 0], [0, 1, 2], 3)
        frame["standing"] = pd.Categorical.from_codes(codes, pd.Index(STANDINGS))
        return frame

    def breaches(self, level: Level | None = None) -> pd.DataFrame:
        """One row a subject and rule of its own level that it failed while it had to hold: level, offer_id ("" for a
        merchant), merchant_id, rule, clause, severity (block or warn), first_day, last_day, then counts (int64):
        days_breached, days_observed (of the subject), days_unknown (in this rule), days_missing; still (bool: it fails
        in the last snapshot that has the subject). The longest first."""
        if level is not None:
            checked(level)
        frames = [self._breaches(each) for each in (_LEVELS if level is None else (level,))]
        frame = pd.concat(frames, ignore_index=True)
        frame = frame.assign(warns=frame["severity"] != "block")
        order = ["warns", "days_breached", "first_day", "level", "merchant_id", "offer_id"]
        frame = frame.sort_values(order, ascending=[True, False, True, True, True, True], kind="stable")
        return frame.drop(columns="warns").reset_index(drop=True)

    def _breaches(self, level: Level) -> pd.DataFrame:
        watch, clocks = self.watch, self.watch.clocks[level]
        by, of = clocks.by_rule, clocks.of
        places, rows = np.nonzero(by["days"])
        rules = [self.book.rules[rule] for rule in clocks.rules]
        texts = {
            "rule": list(clocks.rules), "clause": [";".join(rule.clause) for rule in rules],
            "severity": [rule.severity for rule in rules],
        }  # fmt: skip
        frame = keys_of(watch, level, rows)
        for name, each in texts.items():
            frame[name] = pd.Series(np.array(each, object)[places], dtype="str")
        frame["first_day"], frame["last_day"] = dates(by["first"][places, rows]), dates(by["latest"][places, rows])
        observed = of["observed"][rows].astype(np.int64)
        frame["days_breached"] = by["days"][places, rows].astype(np.int64)
        frame["days_observed"], frame["days_unknown"] = observed, by["unknown"][places, rows].astype(np.int64)
        frame["days_missing"] = np.maximum(clocks.days_held(watch.last_day)[rows] - observed, 0)
        frame["still"] = by["latest"][places, rows] == of["seen_on"][rows]
        return frame

    def timeline(self) -> pd.DataFrame:
        """One row a day with a snapshot, and rule that holds: day, rule, clause, severity, level, seen (subjects of
        the level for which rules held), breached, unknown (int64)."""
        rows = [
            (at.date(), hits.rule, level, day.seen, hits.breached, hits.unknown)
            for at, levels in self.watch.days
            for level, day in levels.items()
            for hits in day.rules
        ]
        frame = pd.DataFrame(rows, columns=["day", "rule", "level", "seen", "breached", "unknown"])
        frame["day"] = pd.to_datetime(frame["day"]).astype("datetime64[s]")
        rules = [self.book.rules[rule] for rule in frame["rule"]]
        frame.insert(2, "clause", pd.Series([";".join(rule.clause) for rule in rules], dtype="str"))
        frame.insert(3, "severity", pd.Series([rule.severity for rule in rules], dtype="str"))
        return frame.astype({"rule": "str", "level": "str"})

    def at_risk(self) -> pd.DataFrame:
        """Who passes a rule now and will fail it before the end, as things go; what to act on first comes first. An
        assumption (column basis), no verdict.

        level, offer_id, merchant_id, rule, clause, severity, cause: trend (headroom, going on in a straight line as in
        at least three snapshots, is used up) or clock (with the data of now it fails on a day to come), headroom and
        per_day (float64, in scales of the parameter; missing by clock), fails_on (day), days_left (int64, from the
        last snapshot), lead_days (of the repair), act_by (day: fails_on less lead_days), in_time (bool: that day is not
        over), offers (int64: for how many it matters). Rules that block come first, of them those in time, then by
        act_by, fails_on and offers. Empty once the campaign is over,
        or where the rulebook does not say when it ends.
        """
        return self._at_risk.copy()

    @cached_property
    def _at_risk(self) -> pd.DataFrame:
        return at_risk(self.watch)

    def moves(self) -> pd.DataFrame:
        """How many offers went from which state to which: day (on which it was seen), from_state, to_state (str),
        allowed (bool), offers (int64)."""
        names = self.watch.life.names
        rows = [(day, names[before], names[to], allowed, count) for day, before, to, allowed, count in self.watch.moves]
        frame = pd.DataFrame(rows, columns=["day", "from_state", "to_state", "allowed", "offers"])
        frame["day"] = dates(frame["day"].to_numpy(np.int64))
        return frame.astype({"from_state": "str", "to_state": "str", "allowed": bool, "offers": np.int64})

    def refused_moves(self) -> pd.DataFrame:
        """One row a move that may not be: offer_id, merchant_id, from_state, to_state (str), seen_before, day (the
        last day on which it was seen as before, and the first on which it was not), breach (bool: a withdrawal after
        approval, a breach of promise). A refused move leaves the offer where it was: its rules go on."""
        names, frames = np.array(self.watch.life.names, object), []
        for each in self.watch.refused:
            frame = keys_of(self.watch, "offers", each.rows)[["offer_id", "merchant_id"]]
            frame["from_state"], frame["to_state"] = names[each.before], names[each.to]
            frame["seen_before"], frame["day"] = dates(each.seen_before), dates(np.full(len(each.rows), each.day))
            frame["breach"] = each.breach
            frames.append(frame)
        if not frames:
            frames = [pd.DataFrame(columns=[*_REFUSED])]
        return pd.concat(frames, ignore_index=True).astype(_REFUSED)

    def platform(self) -> pd.DataFrame:
        """Our verdict against the platform's, one row a verdict of ours: verdict, platform_approved, platform_rejected,
        platform_decided (int64 offers). Ours is that of the last snapshot before theirs, by the rules to enter; of an
        offer first seen with a decision, that of the same snapshot."""
        assert self.watch.results is not None
        return self.watch.results.platform()

    def misread(self) -> pd.DataFrame:
        """The rules that we probably misread: those that offers fail which the platform approved. One row a blocking
        rule to enter: rule, clause, failing_approved, failing_rejected (int64), alone (of the approved that fail it,
        those that fail nothing else but its group), share_approved, share_rejected (of all that were), lift: how much
        likelier those approved fail than all decided. Near 0 the platform goes by the rule; at 1 or above it takes
        no notice of it. The most frequent first."""
        assert self.watch.results is not None
        return self.watch.results.misread()

    def headline(self, lang: str = "en") -> str:
        """How many kept their rules, breached them or cannot be told, what is missing, and who is at risk."""
        return headline(self, lang)

    def __repr__(self) -> str:
        return self.headline()
