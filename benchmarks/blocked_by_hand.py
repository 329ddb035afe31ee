"""What keeps offers out, by hand: from counts of each category, word of failing rules and word of unknown ones.

The words are those of ``columns.BITS``. Rules of one overlap group are one blocker, and not being in Select is none
where that follows from what Select asks for.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from columns import BITS, Array

OVERLAP = {
    "price": ("campaign_price",),
    "trustpass": ("trustpass", "trustpass_in_force"),
    "buyer_protection": ("protection", "deposit"),
}
FOLLOWS = {"in_select": ("select_pickup", "select_growth", "select_level")}
GROUPS = OVERLAP | {rule: (rule,) for rule in BITS if not any(rule in rules for rules in OVERLAP.values())}


def blockers(kinds: pd.DataFrame, categories: int) -> Array:
    """(categories, groups, 3): offers that fail in a group, that fail there alone, and shares 1/k of those that fail in
    k groups."""
    fails, category, offers = _fails(kinds), kinds["category"].to_numpy(np.intp), kinds["offers"].to_numpy(np.float64)
    many = fails.sum(axis=1)
    found = np.empty((categories, len(GROUPS), 3))
    for i, weight in enumerate((offers, offers * (many == 1), offers / np.maximum(many, 1))):
        for group in range(len(GROUPS)):
            found[:, group, i] = np.bincount(category, weight * fails[:, group], categories)
    return found


def pairs(kinds: pd.DataFrame) -> Array:
    """(groups, groups): offers that fail in both."""
    fails = _fails(kinds).astype(np.float64)
    return fails.T @ (fails * kinds["offers"].to_numpy(np.float64)[:, np.newaxis])


def combinations(kinds: pd.DataFrame) -> pd.Series:
    """Offers by the groups in which they fail, the most frequent first, as bits in the order of ``GROUPS``."""
    word = _fails(kinds) @ (1 << np.arange(len(GROUPS)))
    counts = kinds["offers"].groupby(word).sum()
    return counts[counts.index != 0].sort_values(ascending=False)


def summary(kinds: pd.DataFrame, categories: int) -> Array:
    """(categories, 3) by verdict."""
    verdict = np.where(kinds["fails"] != 0, 1, np.where(kinds["unknown"] != 0, 2, 0))
    place = 3 * kinds["category"].to_numpy(np.intp) + verdict
    return np.bincount(place, kinds["offers"].to_numpy(np.float64), 3 * categories).reshape(-1, 3)


def _fails(kinds: pd.DataFrame) -> Array:
    """(kinds, groups) bool"""
    words = kinds["fails"].to_numpy(np.uint32)
    for rule, others in FOLLOWS.items():
        words = np.where(words & _bits(others), words & ~_bits([rule]), words)
    return np.stack([words & _bits(rules) != 0 for rules in GROUPS.values()], axis=1)


def _bits(rules: Iterable[str]) -> np.uint32:
    return np.uint32(sum(1 << BITS[rule] for rule in rules))
