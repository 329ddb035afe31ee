"""What changed from one assessment to another: which verdicts turned, and whether data or rules turned them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.assess.explain import told
from campaign_analytics.assess.fixes import subject_keys
from campaign_analytics.assess.outcomes import FAIL, INELIGIBLE, PASS, UNDETERMINED, UNKNOWN, VERDICTS
from campaign_analytics.assess.sentences import Teller
from campaign_analytics.assess.subject import Subject
from campaign_analytics.assess.views import checked
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.monitor.roll import Roll
from campaign_analytics.monitor.rulebooks import rulebook_changes
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level, Rulebook

CHANGES = ("turned", "appeared", "left")
#: Of a verdict that turned: the data alone turns it, the rules alone do, either of them would, only both together do.
CAUSES = ("data", "rules", "either", "both")
_NOBODY = -1


def changes(before: Assessment, after: Assessment) -> Changes:
    """Compare two assessments: of two snapshots, by two versions of a rulebook, or both.

    A verdict that turned is put down to data or to rules by assessing the old data by the new rules, and the new data
    by the old ones. The moment of an assessment belongs to its data.
    """
    return Changes(before, after)


class _Both(NamedTuple):
    """The subjects of both assessments: their rows in each and their verdicts, -1 where they are not there."""

    rows: tuple[Array, Array]
    was: Array
    now: Array

    @property
    def kind(self) -> Array:
        """(n,) places in ``CHANGES``; -1 where nothing changed."""
        there = (self.was >= 0) & (self.now >= 0)
        return np.select([there & (self.was != self.now), self.was < 0, self.now < 0], [0, 1, 2], _NOBODY)


@dataclass(frozen=True, eq=False)
class Changes:
    """The difference between two assessments."""

    before: Assessment
    after: Assessment

    def table(self, level: Level = "offers", n: int | None = None, lang: str = "en") -> pd.DataFrame:
        """One row a subject whose verdict turned, who appeared or who left, in that order; the first ``n``, or all.

        Its keys and the category, change (turned, appeared, left), was and now (verdicts; missing where the subject
        was not there), cause (of a turn: data, rules, either, both), rules (ids joined by ";": the blocking rules that
        stop it on the worse side, and do not, or not so surely, on the other), clause (of the first), and that rule in
        a sentence with the data and the threshold of before and after: because_was, because. Raises ``CampaignError``
        for a level that there is not.
        """
        both = self._both(level)
        order = np.argsort(both.kind, kind="stable")
        which = order[both.kind[order] != _NOBODY][:n]
        frame = self._brief(level, which)
        keys = [subject_keys(each, level, rows[which][rows[which] >= 0]) for each, rows in self._sides(both)]
        for name in keys[1].columns:
            gone = both.rows[1][which] < 0
            held = np.full(len(which), "", object)
            held[both.rows[0][which] >= 0] = keys[0].get(name, "")
            held[~gone] = keys[1][name]
            frame.insert(list(keys[1].columns).index(name), name, pd.Series(held, dtype="str"))
        return pd.concat([frame, self._reasons(level, which, lang)], axis=1)

    def summary(self, level: Level = "offers") -> pd.DataFrame:
        """One row a change that occurs, the most frequent first: change, was, now, cause as in ``table``, and the count
        of subjects, named after the level (int64)."""
        frame = self._brief(level, np.flatnonzero(self._both(level).kind != _NOBODY))
        counted = frame.groupby(["change", "was", "now", "cause"], observed=True, dropna=False).size()
        return counted.rename(level).reset_index().sort_values(level, ascending=False, ignore_index=True)

    def rulebook(self, lang: str = "en") -> pd.DataFrame:
        """What differs between the rulebooks, one row a parameter, rule or derived column: see ``rulebook_changes``."""
        return rulebook_changes(self.before.book, self.after.book, lang)

    # ---- who

    def _sides(self, both: _Both) -> list[tuple[Assessment, Array]]:
        return list(zip((self.before, self.after), both.rows, strict=True))

    def _both(self, level: Level) -> _Both:
        checked(level)
        if level not in self._found:
            roll = Roll()
            held = [each.market.tables[level].cells[f"{level[:-1]}_id"] for each in (self.before, self.after)]
            numbers = [roll.rows(keys) for keys in held]
            rows, verdicts = [], []
            for assessment, number in zip((self.before, self.after), numbers, strict=True):
                row = np.full(len(roll), _NOBODY)
                row[number] = np.arange(len(number))
                rows.append(row)
                verdicts.append(_at(assessment, level, row))
            self._found[level] = _Both((rows[0], rows[1]), verdicts[0], verdicts[1])
        return self._found[level]

    @cached_property
    def _found(self) -> dict[Level, _Both]:
        return {}

    def _brief(self, level: Level, which: Array) -> pd.DataFrame:
        both = self._both(level)
        kind = both.kind[which]
        frame = pd.DataFrame({"change": pd.Categorical.from_codes(kind, pd.Index(CHANGES))})
        for name, codes in (("was", both.was), ("now", both.now)):
            frame[name] = pd.Categorical.from_codes(codes[which], pd.Index(VERDICTS))
        frame["cause"] = pd.Categorical.from_codes(np.where(kind == 0, self._cause(level, which), -1), pd.Index(CAUSES))
        return frame

    # ---- data or rules

    @cached_property
    def _old_data_new_rules(self) -> Assessment:
        return self._crossed(self.before, self.after.book)

    @cached_property
    def _new_data_old_rules(self) -> Assessment:
        return self._crossed(self.after, self.before.book)

    def _crossed(self, data: Assessment, book: Rulebook) -> Assessment:
        if self.before.book is self.after.book:
            return data
        return assess(_bare(data.market, data.book), book, as_of=data.as_of)

    def _cause(self, level: Level, which: Array) -> Array:
        """(n,) places in ``CAUSES``, right for those whose verdict turned."""
        both = self._both(level)
        rules = _at(self._old_data_new_rules, level, both.rows[0][which]) == both.now[which]
        data = _at(self._new_data_old_rules, level, both.rows[1][which]) == both.now[which]
        return np.select([data & rules, data, rules], [2, 0, 1], 3)

    # ---- why

    def _reasons(self, level: Level, which: Array, lang: str) -> pd.DataFrame:
        both = self._both(level)
        worse = np.where(both.was[which] < 0, 1, np.where(both.now[which] < 0, 0, _worse(both, which)))
        stopped = [self._stops(level, side, both.rows[side][which]) for side in (0, 1)]
        rules = list(dict.fromkeys([*self.after.rules_at(level), *self.before.rules_at(level)]))
        verdict = np.where(worse == 1, both.now[which], both.was[which])
        lists: list[list[str]] = [[] for _ in which]
        for rule in rules:
            here, other = (
                np.where(worse == 1, stopped[a].get(rule, 0), stopped[b].get(rule, 0)) for a, b in ((1, 0), (0, 1))
            )
            says = np.where(verdict == INELIGIBLE, here == FAIL, (here == FAIL) | (here == UNKNOWN))
            absent = (both.was[which] < 0) | (both.now[which] < 0)
            for i in np.flatnonzero(says & (verdict != 0) & (absent | (here != other))):
                lists[i].append(rule)
        return pd.DataFrame(
            {
                "rules": pd.Series([";".join(each) for each in lists], dtype="str"),
                "clause": pd.Series([self._clause(each) for each in lists], dtype="str"),
                "because_was": pd.Series(self._told(level, 0, which, lists, lang), dtype="str"),
                "because": pd.Series(self._told(level, 1, which, lists, lang), dtype="str"),
            }
        )

    def _stops(self, level: Level, side: int, rows: Array) -> dict[str, Array]:
        """By blocking rule (n,) its outcome: ``FAIL``, ``UNKNOWN``, or 0."""
        assessment, found = (self.before, self.after)[side], {}
        for rule in assessment.blocking:
            if rule in assessment.rules_at(level):
                outcome = np.append(assessment.outcome(rule, level), np.int8(PASS))[rows]
                found[rule] = np.where(np.isin(outcome, (FAIL, UNKNOWN)), outcome, 0)
        return found

    def _clause(self, rules: list[str]) -> str:
        if not rules:
            return ""
        book = self.after.book if rules[0] in self.after.book.rules else self.before.book
        return ";".join(book.rules[rules[0]].clause)

    def _told(self, level: Level, side: int, which: Array, lists: list[list[str]], lang: str) -> list[str]:
        assessment, texts = (self.before, self.after)[side], []
        outcomes = {
            rule: assessment.outcome(rule, level)
            for rule in {each[0] for each in lists if each} & {*assessment.blocking}
        }
        for row, rules in zip(self._both(level).rows[side][which].tolist(), lists, strict=True):
            if row < 0 or not rules:
                texts.append("")
            elif rules[0] not in assessment.blocking:
                book = self.after.book if side == 0 else self.before.book
                texts.append(say("flip_rule_off", lang, rule=book.rules[rules[0]].label(lang, rules[0])))
            else:
                teller = Teller(Subject(assessment, level, row), lang)
                texts.append(told(teller, rules[0], int(outcomes[rules[0]][row]))[1])
        return texts

    def headline(self, lang: str = "en") -> str:
        """How many verdicts turned, by what; how many subjects appeared and left."""
        lines = []
        for level in ("offers", "merchants"):
            frame = self._brief(level, np.flatnonzero(self._both(level).kind != _NOBODY))
            counts = frame["change"].value_counts()
            causes = frame["cause"].value_counts()
            numbers = {name: int(counts.get(name, 0)) for name in CHANGES} | {
                name: int(causes.get(name, 0)) for name in CAUSES
            }
            lines.append(say(f"changes_{level}", lang, **numbers))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.headline()


def _at(assessment: Assessment, level: Level, rows: Array) -> Array:
    """(n,) the verdicts at ``rows``; -1 where a row is: nobody."""
    held: Array = np.append(assessment.verdict(level), np.int8(_NOBODY))[rows]
    return held


def _worse(both: _Both, which: Array) -> Array:
    """(n,) 1 where the verdict of now is the worse one, else 0."""
    badness = np.zeros(len(VERDICTS) + 1, int)
    badness[[UNDETERMINED, INELIGIBLE]] = 1, 2
    return (badness[both.now[which]] > badness[both.was[which]]).astype(int)


def _bare(market: Market, book: Rulebook) -> Market:
    """The market without the columns that were derived by one rulebook, to be derived by another."""
    for table in market.tables.values():
        kept = {name: cells for name, cells in table.cells.items() if name not in book.derived}
        if len(kept) < len(table.cells):
            market = market.with_table(replace(table, cells=kept))
    return market
