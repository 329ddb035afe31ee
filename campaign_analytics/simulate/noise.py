"""Verdicts that rest on rates of few orders: which of them chance alone could turn.

A rate that comes with its count (``counts`` in the rulebook) is set to the ends of Wilson's interval, and the rules run
again: what turns at an end is within the noise. How many verdicts are expected to be on the wrong side follows from
the chance that the true rate lies beyond a threshold, given the orders (a beta distribution, by Jeffreys' prior).
Confidence and prior are assumptions of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import betainc, ndtri

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.assess.outcomes import FAIL, NOT_APPLICABLE, OUTCOMES, PASS, PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import checked, one_by_one
from campaign_analytics.derive.making import on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.tree import Col, Compare, Operand, Param, walk
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.simulate.what_if import WhatIf


def wilson(rate: Array, count: Array, confidence: float) -> tuple[Array, Array]:
    """(subjects,) float64 the ends of Wilson's score interval for a rate found in ``count`` trials."""
    z = float(ndtri((1 + confidence) / 2))
    middle = (rate + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z / (1 + z**2 / count) * np.sqrt(rate * (1 - rate) / count + z**2 / (4 * count**2))
    return np.clip(middle - reach, 0, rate), np.clip(middle + reach, rate, 1)


@dataclass(frozen=True, eq=False)
class Rate:
    """A rate with its count on the rows of one table."""

    values: Array  # (rows,) float64
    count: Array  # (rows,) float64; 1 where the noise cannot be told
    told: Array  # (rows,) bool: rate and count are known exactly, and there is something to count

    @classmethod
    def of(cls, assessment: Assessment, column: str, whole: str, table: Level) -> Rate:
        rate, counts = (on_rows(assessment.market, assessment.book, name, table) for name in (column, whole))
        told = ~rate.gone & ~counts.gone & (counts.values > 0) & (rate.values >= 0) & (rate.values <= 1)
        for each in (rate, counts):
            if each.high is not None:
                told &= each.high == each.values
        return cls(np.where(told, rate.values, 0.0), np.where(told, counts.values, 1).astype(np.float64), told)

    def below(self, threshold: float) -> Array:
        """(rows,) the chance that the true rate is below a threshold."""
        good = self.values * self.count
        return np.asarray(betainc(good + 0.5, self.count - good + 0.5, np.clip(threshold, 0, 1)))


class _Turned(NamedTuple):
    """One rule, for the subjects of a level."""

    rule: str
    column: str
    rate: Rate
    low: Array  # (subjects,) the ends of the interval
    high: Array
    outcome: Array  # (subjects,) codes into ``OUTCOMES``, as it stands
    doubt: Array  # (subjects,) bool: the rule comes out the other way at an end
    good: Array  # (subjects,) bool: qualifies as it stands
    turns: Array  # (subjects,) bool: qualifies at an end and not as it stands, or the other way round
    chance: Array  # (subjects,) that it is so by the true rate


@dataclass(frozen=True, eq=False)
class Noise:
    """What chance alone could turn, for the subjects of one level."""

    assessment: Assessment
    level: Level
    confidence: float
    rules: tuple[tuple[str, str], ...]  # the rules that compare a rate with a count, each with that rate

    def table(self, lang: str = "en") -> pd.DataFrame:
        """One row a rule that compares a rate which has a count: rule, label, clause, rate (str), and numbers of
        subjects (int64) told, those whose noise can be told, and cannot_tell, all others to whom the rule applies;
        pass_in_doubt: it passes and would fail at an end of the interval; fail_in_doubt: the other way round;
        may_drop_out: who qualifies and would not at an end; may_come_in: the other way round, all else as it is;
        expected_out, expected_in (float64): how many of these two are expected to be on the wrong side;
        confidence (float64): as the expectation an assumption of ours."""
        book = self.assessment.book
        rows = [
            [
                each.rule, book.rules[each.rule].label(lang, each.rule), ";".join(book.rules[each.rule].clause),
                each.column, int(each.rate.told.sum()),
                int((~each.rate.told & (each.outcome != NOT_APPLICABLE)).sum()),
                int((each.doubt & (each.outcome == PASS)).sum()), int((each.doubt & (each.outcome == FAIL)).sum()),
                int((each.turns & each.good).sum()), int((each.turns & ~each.good).sum()),
                float(each.chance[each.good].sum()), float(each.chance[~each.good].sum()),
                self.confidence,
            ]
            for each in self._turned
        ]  # fmt: skip
        types: dict[str, Any] = dict.fromkeys(("rule", "label", "clause", "rate"), "str")
        types |= dict.fromkeys(("told", "cannot_tell", "pass_in_doubt", "fail_in_doubt"), np.int64)
        types |= dict.fromkeys(("may_drop_out", "may_come_in"), np.int64)
        types |= dict.fromkeys(("expected_out", "expected_in", "confidence"), np.float64)
        return pd.DataFrame(rows, columns=list(types)).astype(types)

    def subjects(self) -> pd.DataFrame:
        """One row a rule and subject whose noise can be told, the most doubtful verdicts first: the key, rule, rate
        (str); value, count, low, high (float64, shares); outcome, verdict (str) as they stand; in_doubt (bool): the
        rule comes out the other way at an end; turns ("out", "in" or ""): so does whether the subject qualifies; chance
        (float64): that it is so by the true rate, an assumption of ours."""
        key = "offer_id" if self.level == "offers" else "merchant_id"
        ids = self.assessment.market.tables[self.level].cells[key].values
        verdicts = np.array(VERDICTS)[self.assessment.verdict(self.level)]
        frames = []
        for each in self._turned:
            at = np.flatnonzero(each.rate.told)
            frames.append(
                pd.DataFrame(
                    {
                        key: pd.Series(ids[at], dtype="str"), "rule": each.rule, "rate": each.column,
                        "value": each.rate.values[at], "count": each.rate.count[at],
                        "low": each.low[at], "high": each.high[at],
                        "outcome": np.array(OUTCOMES)[each.outcome[at]], "verdict": verdicts[at],
                        "in_doubt": each.doubt[at],
                        "turns": np.where(each.turns, np.where(each.good, "out", "in"), "")[at],
                        "chance": each.chance[at],
                    }
                )
            )  # fmt: skip
        texts = dict.fromkeys((key, "rule", "rate", "outcome", "verdict", "turns"), "str")
        if not frames:
            return pd.DataFrame(columns=[key, *_SUBJECT]).astype(texts)
        return pd.concat(frames).astype(texts).sort_values("chance", ascending=False, kind="stable", ignore_index=True)

    def headline(self, lang: str = "en") -> str:
        """The answer in a sentence: how many verdicts chance alone could turn, and of how many it cannot be told."""
        table = self.table(lang)
        if not len(table):
            return say("noise_none", lang)
        first = max(table.to_dict("records"), key=lambda row: int(row["may_drop_out"]) + int(row["may_come_in"]))
        good = int((self.assessment.verdict(self.level) == PRE_QUALIFIED).sum())
        return say(
            f"noise_answer_{self.level}", lang, rule=first["label"], good=good,
            level=f"{100 * self.confidence:.4g}%", out=int(first["may_drop_out"]), come=int(first["may_come_in"]),
            wrong=float(first["expected_out"] + first["expected_in"]), blind=int(first["cannot_tell"]),
        )  # fmt: skip

    def basis(self, lang: str = "en") -> str:
        """What the numbers rest on: assumptions of ours."""
        return say("noise_basis", lang, level=f"{100 * self.confidence:.4g}%")

    def __repr__(self) -> str:
        return f"{self.headline()}\n{self.basis()}"

    # ---- parts

    @cached_property
    def _turned(self) -> list[_Turned]:
        return [each for column in dict.fromkeys(column for _, column in self.rules) for each in self._of(column)]

    def _of(self, column: str) -> Iterator[_Turned]:
        """Every rule on one rate; with the rate all of them move."""
        now, level = self.assessment, self.level
        whole = _counts(now.book)[column]
        rate = Rate.of(now, column, whole, level)
        low, high = wilson(rate.values, rate.count, self.confidence)
        own = Rate.of(now, column, whole, _table_of(now.book, column))
        ends = [self._with(column, own, end) for end in wilson(own.values, own.count, self.confidence)]
        marks = _thresholds(now.book, column)
        steps = [0.0, *marks, 1.0]
        between = [self._with(column, own, (a + b) / 2) for a, b in pairwise(steps)]
        below = np.stack([np.zeros(len(rate.told)), *(rate.below(mark) for mark in marks), np.ones(len(rate.told))])
        mass = np.diff(below, axis=0) * rate.told  # (steps, subjects)
        good = now.verdict(level) == PRE_QUALIFIED
        held = [each.verdict(level) == PRE_QUALIFIED for each in ends]
        moved = np.stack([(each.verdict(level) == PRE_QUALIFIED) != good for each in between])
        for rule in (rule for rule, compared in self.rules if compared == column):
            outcome, other = now.outcome(rule, level), [each.outcome(rule, level) for each in ends]
            yield _Turned(
                rule, column, rate, low, high, outcome,
                doubt=_other(outcome, other[0]) | _other(outcome, other[1]),
                good=good, turns=(held[0] != good) | (held[1] != good),
                chance=(mass * moved).sum(axis=0),
            )  # fmt: skip

    def _with(self, column: str, own: Rate, values: Array | float) -> Assessment:
        """The assessment with the rate at other values, where its noise can be told."""
        now = self.assessment
        table = now.market.tables[_table_of(now.book, column)]
        held = on_rows(now.market, now.book, column, table.name)
        high = None if held.high is None else np.where(own.told, values, held.high)
        cells = Cells.make("rate", np.where(own.told, values, held.values), held.missing, high)
        return assess(now.market.with_table(table.with_cells({column: cells})), now.book, now.as_of)


_SUBJECT = ("rule", "rate", "value", "count", "low", "high", "outcome", "verdict", "in_doubt", "turns", "chance")


def noise(what_if: WhatIf, name: str | None, level: Level, confidence: float) -> Noise:
    """See ``WhatIf.noise``."""
    checked(level)
    one_by_one(what_if.baseline)
    if not 0 < confidence < 1:
        raise CampaignError(f"confidence={confidence!r} is no confidence; give a share between 0 and 1, such as 0.95")
    now = what_if.assessment
    book, counted = now.book, _counts(now.book)
    found = tuple(
        (rule, column)
        for rule in now.blocking
        if rule in now.rules_at(level)
        for column in dict.fromkeys(column for column, _ in _compared(book, rule))
        if column in counted
    )
    if name is None:
        return Noise(now, level, confidence, found)
    if name not in book.rules and name not in book.parameters:
        raise CampaignError(f"unknown rule or parameter {name!r}{did_you_mean(name, [*book.rules, *book.parameters])}")
    held = tuple(each for each in found if name == each[0] or name in book.parameters_of(each[0]))
    if not held:
        raise CampaignError(
            f"{name}: no rule of it that decides verdicts of {level} compares a rate that comes with its count, so its "
            f"noise cannot be told; such rules are: {', '.join(rule for rule, _ in found) or 'none'}"
        )
    return Noise(now, level, confidence, held)


def _counts(book: Rulebook) -> dict[str, str]:
    """The rates that come with a count, and the column that counts."""
    return {name: column.counts[1] for name, column in book.columns.items() if column.counts}


def _table_of(book: Rulebook, column: str) -> Level:
    return "offers" if book.table_of(column) == "offers" else "merchants"


def _compared(book: Rulebook, rule: str) -> Iterator[tuple[str, Operand]]:
    """The columns that a rule compares with a parameter, and the other side."""
    for leaf in walk(book.conditions[rule]):
        if isinstance(leaf, Compare):
            for one, other in ((leaf.left, leaf.right), (leaf.right, leaf.left)):
                if isinstance(one, Col) and isinstance(other, Param):
                    yield one.name, other


def _thresholds(book: Rulebook, column: str) -> list[float]:
    """Every number from 0 to 1 with which active rules compare a rate, ascending."""
    found: set[float] = set()
    for rule in book.active:
        for name, other in _compared(book, rule):
            if name == column and isinstance(other, Param) and other.name in book.values:
                bound: Any = book.values[other.name]
                values = [bound.default, *dict(bound.values).values()] if isinstance(bound, PerValue) else [bound]
                found |= {float(str(value)) for value in values if value is not None}
    return sorted(mark for mark in found if 0 < mark < 1)


def _other(outcome: Array, then: Array) -> Array:
    """(subjects,) bool: a pass that becomes a fail, or a fail that becomes a pass."""
    found: Array = ((outcome == PASS) & (then == FAIL)) | ((outcome == FAIL) & (then == PASS))
    return found
