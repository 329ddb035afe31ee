"""Who is closest: subjects that a few repairs away would pass, what these are, and which causes they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.applied import REFUSED, applied, writable
from campaign_analytics.assess.causes import causes
from campaign_analytics.assess.deadlines import days_left
from campaign_analytics.assess.fixes import placed_fixes, subject_keys
from campaign_analytics.assess.views import one_by_one
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.assess.blockers import Patterns


def near_misses(assessment: Assessment, at_most: int | None, level: Level) -> NearMisses:
    """See ``Assessment.near_misses``."""
    one_by_one(assessment)
    most = assessment.book.document.scoring.near_miss_groups if at_most is None else at_most
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise CampaignError(f"at_most={at_most!r}: expected how many groups may fail, 1 or more")
    held, left = assessment.patterns(level), days_left(assessment.book, assessment.as_of)
    close = (held.failing >= 1) & (held.failing <= most)
    lead = np.zeros(len(held), np.int64)
    for rule, fails in held.rule_fails.items():
        said = assessment.book.rules[rule]
        if said.cure == "no" or (left is not None and said.lead_days > left):
            close &= ~fails
        lead = np.maximum(lead, fails * said.lead_days)
    rows = np.flatnonzero(close[held.of])
    of = held.of[rows]
    order = np.lexsort((lead[of], held.failing[of], held.open[of].any(axis=1)))
    return NearMisses(assessment, level, most, rows[order], lead)


@dataclass(frozen=True, eq=False)
class NearMisses:
    """Subjects that fail in at most ``at_most`` groups, all of them curable within the days left."""

    assessment: Assessment
    level: Level
    at_most: int
    rows: Array  # those with nothing unknown first, then by failing groups and lead time
    lead: Array  # (patterns,) int64: the longest lead time of the failing rules

    @property
    def patterns(self) -> Patterns:
        """The combinations of failing and unknown groups, by which every subject is told."""
        return self.assessment.patterns(self.level)

    def __len__(self) -> int:
        return len(self.rows)

    def table(self) -> pd.DataFrame:
        """One row a subject: its keys (str), ``groups`` and ``failing`` (their names joined by ";" and their number),
        ``lead_days`` (int64: the longest), ``days_left`` (Int64: calendar days to the last submission that is surely
        reviewed in time, missing where the rulebook sets no date) and ``if_unknown_passes``: the groups that are
        unknown, or in which another rule is, and must turn out to pass as well, joined by ";".

        Subjects with nothing unknown come first, then those with fewer groups and shorter lead times.
        """
        held, of = self.patterns, self.patterns.of[self.rows]
        frame = subject_keys(self.assessment, self.level, self.rows)
        frame["groups"] = _joined(held, held.fails, of)
        frame["failing"] = held.failing[of].astype(np.int64)
        frame["lead_days"] = self.lead[of]
        left = days_left(self.assessment.book, self.assessment.as_of)
        frame["days_left"] = pd.array([left] * len(of), dtype="Int64")
        frame["if_unknown_passes"] = _joined(held, held.open, of)
        return frame

    def fixes(self, lang: str = "en") -> pd.DataFrame:
        """One row a repair of every failing rule of these subjects, in the order of ``rows``; see ``fixes.fixes``.

        Where a repair would make another rule fail, that one's repairs stand there too, with a note.
        """
        return self._fixes(lang).drop(columns="place")

    def causes(self, lang: str = "en") -> pd.DataFrame:
        """What to do once for many subjects, the one that unlocks most first.

        One row a cause: the same group of one merchant where its rules are the merchant's (one deposit, one shop
        setting) or the same members of a set are to go or to come (one freight template); any other repair is a cause
        of its own. Columns: merchant_id, group, rules, clause, what (the repairs in words), fix (the rulebook's words),
        lead_days; then how many subjects (int64) have it, ``unlocks``: those that nothing else keeps out, and
        ``unlocks_if_unknown_passes``: those besides that something unknown may keep out. A failure that follows from
        another is no cause.
        """
        return causes(self, self._fixes(lang), lang)

    def warnings(self, lang: str = "en") -> tuple[str, ...]:
        """What the rulebook wants said before anybody submits, such as that there is no way back."""
        return tuple(
            f"{name}: {clause.label(lang)}"
            for name, clause in self.assessment.book.document.clauses.items()
            if clause.warn_before_submit
        )

    def _fixes(self, lang: str) -> pd.DataFrame:
        if lang not in self._told:
            table = placed_fixes(self.assessment, self.level, self.rows, lang)
            more = _consequences(self, table, lang)
            if len(more):
                table = pd.concat([table, more]).sort_values("place", kind="stable", ignore_index=True)
            self._told[lang] = table
        return self._told[lang]

    @cached_property
    def _told(self) -> dict[str, pd.DataFrame]:
        return {}


def _joined(patterns: Patterns, held: Array, of: Array) -> Any:
    """Groups' names joined by ";" for each subject (a pandas ``str`` array), made once a pattern."""
    names = list(patterns.groups)
    texts = [";".join(names[i] for i in np.flatnonzero(row)) for row in held]
    return pd.Series(texts, dtype="str").array.take(of)


# ---- what a repair brings about elsewhere


def _consequences(near: NearMisses, table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Repairs of rules that fail only once the others are made: a smaller order may lose the free shipping.

    Only where a column that is moved feeds other rules too is the market assessed again.
    """
    from campaign_analytics.assess.assessment import assess

    before, book = near.assessment, near.assessment.book
    read = {rule: {s for c in book.columns_of(rule) for s in (c, *book.sources(c))} for rule in before.blocking}
    moved = table[["rule", "column"]].drop_duplicates().itertuples(index=False, name=None)
    linked = [pair for pair in moved if any(pair[1] in read[other] for other in before.blocking if other != pair[0])]
    tried = pd.MultiIndex.from_frame(table[["rule", "column"]]).isin(linked) & ~table["action"].isin(REFUSED)
    tried &= table["column"].isin(writable(book, table["column"].unique()))
    chosen = table[tried & (table["option"] == 0)]
    if chosen.empty:
        return table.iloc[:0]
    own = near.rows[chosen["place"].to_numpy()]
    known_rows: dict[str, Array] = {near.level: own}
    if near.level == "offers":
        known_rows["merchants"] = before.market.merchant_row[own]
    after = assess(applied(before, chosen, known_rows), book, before.as_of)
    places = np.unique(chosen["place"])
    rows = near.rows[places]
    fails = before.mask(before.blocking)[:, np.newaxis]
    new = (after.words[near.level][:, rows] & ~before.words[near.level][:, rows] & fails).any(axis=0)
    if not new.any():
        return table.iloc[:0]
    more = placed_fixes(after, near.level, rows[new], lang)
    more["place"] = places[new][more["place"]]
    known = pd.MultiIndex.from_frame(table[["place", "rule"]])
    more = more[~pd.MultiIndex.from_frame(more[["place", "rule"]]).isin(known)]
    return more.assign(note=say("afterwards_note", lang))
