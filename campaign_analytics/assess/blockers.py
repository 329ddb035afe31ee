"""Which rule costs whom: each combination of failing and unknown groups is counted once, and the tables follow.

A group is an overlap group of the rulebook, or a rule that is in none. With f the groups in which a subject fails
and u those in which it is unknown and does not fail: an ineligible subject is charged 1/|f| to each group in f (the
Shapley value of the game "all must pass"), an undetermined one 1/|u| to each in u.

A rule that ``follows`` others is no blocker of its own where one of them fails: neither its failure nor its being
unknown counts there. So with ``follows`` a group's dropping is meant together with what follows from its failure;
merely switching its rules off would leave the followers standing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import INELIGIBLE, UNDETERMINED
from campaign_analytics.assess.views import added, combinations, group_codes, weights_of
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_DENSE = 1 << 22  # up to so many pairs of class and pattern are counted in a plain array


@dataclass(frozen=True, eq=False)
class Patterns:
    """Every combination of failing and unknown blocking rules that occurs among the subjects of a level."""

    groups: Mapping[str, tuple[str, ...]]  # group -> its rules, in clause order
    of: Array  # (subjects,) int: the pattern of each
    rule_fails: Mapping[str, Array]  # by rule: (patterns,) bool
    rule_unknown: Mapping[str, Array]  # by rule: (patterns,) bool; never so for a rule that is not computed
    fails: Array  # (patterns, groups) bool
    open: Array  # (patterns, groups) bool: a rule of it is unknown, whether or not another fails
    stands_for: Array | None  # (subjects,) integers: see ``Table``

    def __len__(self) -> int:
        return len(self.fails)

    @cached_property
    def unknown(self) -> Array:
        """(patterns, groups) bool: unknown, and not failing."""
        return np.asarray(self.open & ~self.fails)

    @cached_property
    def failing(self) -> Array:
        """(patterns,) int: how many groups fail."""
        count: Array = self.fails.sum(axis=1)
        return count

    @cached_property
    def unsure(self) -> Array:
        """(patterns,) int: how many groups are unknown."""
        count: Array = self.unknown.sum(axis=1)
        return count

    @cached_property
    def counts(self) -> Array:
        """(patterns,) int: how many subjects have each."""
        return added(self.of, len(self), self.stands_for)

    def per_class(self, classes: Array, names: int, weight: Array | None, parts: Mapping[str, Array]) -> Array:
        """(classes, columns) float64: every column of ``parts`` ((patterns, n) each) summed over a class's subjects."""
        from scipy.sparse import csr_array  # dear to import

        pairs = np.multiply(classes, len(self), dtype=np.int64) + self.of
        if names * len(self) <= _DENSE:
            counts = np.bincount(pairs, weight, minlength=names * len(self))
            kept = np.flatnonzero(counts)
            counts = counts[kept]
        else:
            codes, kept = pd.factorize(pairs)
            counts = np.bincount(codes, weight, minlength=len(kept))
        places = (kept // max(len(self), 1), kept % max(len(self), 1))
        tally = csr_array((counts.astype(np.float64), places), shape=(names, len(self)))
        return np.asarray(tally @ np.hstack([part.astype(np.float64) for part in parts.values()]))


def blocker_groups(assessment: Assessment, level: Level) -> dict[str, tuple[str, ...]]:
    """The overlap groups of the blocking rules at a level, and each rule that is in none, in clause order."""
    groups: dict[str, list[str]] = {}
    for rule in assessment.blocking:
        if level == "offers" or assessment.book.level(rule) == "merchants":
            groups.setdefault(assessment.book.rules[rule].group or rule, []).append(rule)
    return {group: tuple(rules) for group, rules in groups.items()}


def patterns(assessment: Assessment, level: Level = "offers") -> Patterns:
    """Find the combinations, and which groups block in each; see the module."""
    groups = blocker_groups(assessment, level)
    rules = [rule for held in groups.values() for rule in held]
    decided = [rule for rule in rules if rule not in assessment.not_computed]
    mask = assessment.mask(rules) | assessment.mask(decided, unknown=True)
    of, example = combinations(assessment.words[level], mask)
    words = assessment.words[level][:, example] & mask[:, np.newaxis]

    def bits(rule: str, shift: int) -> Array:
        word, place = divmod(assessment.bits[rule], RULES_PER_WORD)
        held: Array = (words[word] >> np.uint64(place + shift) & np.uint64(1)).astype(bool)
        return held

    fails = {rule: bits(rule, 0) for rule in rules}
    unknown = {rule: bits(rule, RULES_PER_WORD) for rule in rules}
    explained = {
        rule: _any([fails[other] for other in assessment.book.rules[rule].follows if other in fails], len(example))
        for rule in rules
    }

    def blocking(outcomes: Mapping[str, Array]) -> Array:
        own = {rule: outcomes[rule] & ~explained[rule] for rule in rules}
        columns = [_any([own[rule] for rule in held], len(example)) for held in groups.values()]
        return np.column_stack(columns) if columns else np.zeros((len(example), 0), bool)

    each = assessment.market.tables[level].stands_for
    return Patterns(groups, of, fails, unknown, blocking(fails), blocking(unknown), each)


def _any(parts: Sequence[Array], length: int) -> Array:
    return np.logical_or.reduce(parts) if parts else np.zeros(length, bool)


# ---- tables: columns and dtypes are documented on ``Assessment``'s methods


def blockers(assessment: Assessment, by: str | None, level: Level, weight: str | None) -> pd.DataFrame:
    held = assessment.patterns(level)
    classes, names = group_codes(assessment, by, level)
    weights = weights_of(assessment, weight, level)
    amounts = weights.values
    parts = _parts(held)
    sums = held.per_class(classes, len(names), amounts, parts).reshape(len(names), len(parts), -1)
    _adds_up(assessment, level, classes, sums[:, list(parts).index("charged")], amounts, INELIGIBLE)
    _adds_up(assessment, level, classes, sums[:, list(parts).index("charged_unknown")], amounts, UNDETERMINED)

    totals = added(classes, len(names), amounts)
    counts = np.bincount(classes, minlength=len(names))
    kept = np.arange(len(names)) if by is None else np.flatnonzero(counts)
    kept = kept[np.argsort(-totals[kept], kind="stable")]
    table = _keys(assessment, held, by, [names[place] for place in kept])
    for name, values in zip(parts, np.moveaxis(sums[kept], 1, 0), strict=True):
        share = weights.missing is not None or name.startswith("charged")
        table[name] = values.ravel() if share else np.rint(values.ravel()).astype(np.int64)
    certain = table["admitted_from_ineligible"] + table["admitted_from_undetermined"]
    table.insert(list(table.columns).index("admitted_from_ineligible"), "admitted_certain", certain)
    table[weights.total(level)] = np.repeat(totals[kept], len(held.groups))
    if weights.missing is not None:
        missing = added(classes, len(names), weights.missing)
        table["weight_missing"] = np.repeat(missing[kept], len(held.groups))
    return _largest_first(table, len(held.groups))


def _parts(held: Patterns) -> dict[str, Array]:
    """(patterns, groups) a column of the table: what one subject with the pattern adds to it."""
    fails, unknown = held.fails, held.unknown
    failing, unsure = held.failing[:, np.newaxis], held.unsure[:, np.newaxis]
    sole = fails & (failing == 1)
    return {
        "fails": fails,
        "sole": sole,
        "charged": fails / np.maximum(failing, 1),
        "charged_unknown": unknown * (failing == 0) / np.maximum(unsure, 1),
        "admitted_from_ineligible": sole & (unsure == 0),
        "admitted_from_undetermined": unknown & (failing == 0) & (unsure == 1),
        "admitted_at_most": sole,
    }


def _adds_up(
    assessment: Assessment, level: Level, classes: Array, charged: Array, amounts: Array | None, verdict: int
) -> None:
    """Every class's charges are its subjects of that verdict."""
    counted = assessment.verdict(level) == verdict
    held = np.bincount(classes, counted if amounts is None else counted * amounts, minlength=len(charged))
    assert np.allclose(charged.sum(axis=1), held)


def _keys(assessment: Assessment, held: Patterns, by: str | None, classes: Sequence[str]) -> pd.DataFrame:
    """One row a class and group: the class, the group, its rules and its first clause."""
    columns: dict[str, Any] = {
        "group": list(held.groups),
        "rules": [";".join(rules) for rules in held.groups.values()],
        "clause": [assessment.book.rules[rules[0]].clause[0] for rules in held.groups.values()],
    }
    table = pd.DataFrame({name: pd.array(list(texts) * len(classes), "str") for name, texts in columns.items()})
    if by is not None:
        table.insert(0, by, pd.Series(np.repeat(np.array(classes, object), len(held.groups)), dtype="str"))
    return table


def _largest_first(table: pd.DataFrame, groups: int) -> pd.DataFrame:
    """Classes stay in their order; within each the group that is charged most comes first, equal ones as they are."""
    classes = np.arange(len(table)) // max(groups, 1)
    charges = [-table[name].to_numpy().round(9) for name in ("charged_unknown", "charged")]
    return table.take(np.lexsort([*charges, classes])).reset_index(drop=True)


def co_failures(assessment: Assessment, level: Level, weight: str | None) -> pd.DataFrame:
    held = assessment.patterns(level)
    weights = weights_of(assessment, weight, level)
    counts = added(held.of, len(held), weights.values)
    fails = held.fails.astype(np.float64)
    together = fails.T @ (fails * counts[:, np.newaxis])
    names = pd.Index(list(held.groups), dtype="str", name="group")
    return pd.DataFrame(together.astype(counts.dtype), index=names, columns=names)


def failing_combinations(assessment: Assessment, level: Level, at_most: int) -> pd.DataFrame:
    if at_most < 1:
        raise CampaignError(f"at_most={at_most}: at least 1 combination must be shown")
    held = assessment.patterns(level)
    bits = np.packbits(held.fails, axis=1).T
    codes, example = combinations(bits, np.full(len(bits), 255, "u1"))
    counts = np.bincount(codes, held.counts, minlength=len(example)).astype(np.int64)
    failing = held.failing[example]
    # the most frequent first, of equal ones the shorter, of these those of earlier clauses
    order = np.lexsort([*~bits[::-1, example], failing, -counts])
    order = order[failing[order] > 0]
    groups = np.array(list(held.groups), object)
    rows = [(";".join(groups[held.fails[example[i]]]), failing[i], 1, counts[i]) for i in order[:at_most]]
    rest = order[at_most:]
    if len(rest):
        rows.append(("", 0, len(rest), counts[rest].sum()))
    table = pd.DataFrame(rows, columns=["groups", "failing", "combinations", level])
    assert table[level].sum() == assessment.market.tables[level].count(assessment.verdict(level) == INELIGIBLE)
    return table.astype({"groups": "str", "failing": np.int64, "combinations": np.int64, level: np.int64})
