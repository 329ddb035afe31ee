"""Our verdicts beside the platform's: where it decides otherwise, and which rules we probably misread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import INELIGIBLE, UNDETERMINED, VERDICTS
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.market.schema import Array
from campaign_analytics.monitor.roll import Grown

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

THEIRS = ("approved", "rejected")
_NONE = -1


class Results:
    """What we said of each offer before the platform decided, and what it decided.

    Ours is that of the last snapshot without a decision, for that is what the platform had before it; of an offer first
    seen with a decision it is that of the same snapshot. The rules are those to enter.
    """

    def __init__(self, result: Assessment, entering: Sequence[str]) -> None:
        self.bits, self.book = result.bits, result.book
        self.rules = tuple(entering)
        self.blocking = tuple(rule for rule in entering if rule in result.blocking)
        self.decisive = tuple(rule for rule in self.blocking if rule in result.decided)
        self._masks = [result.mask(self.blocking), result.mask(self.decisive, unknown=True)]
        words = np.zeros(len(result.words["offers"]), np.uint64)
        self.of = Grown(theirs=np.array(_NONE, np.int8), ours=words, judged=np.array(False))

    def take(self, rows: Array, result: Assessment, decided: Sequence[Array]) -> None:
        """Tell of offers (n,) on one day; ``decided`` (n,) bool for each of ``THEIRS``."""
        of, words = self.of, result.words["offers"]
        open_ = of["theirs"][rows] == _NONE
        now = np.select(decided, range(len(THEIRS)), _NONE)
        ours = open_ & ((now == _NONE) | ~of["judged"][rows])
        of["ours"][:, rows[ours]] = words[:, ours]
        of["judged"][rows[ours]] = True
        newly = open_ & (now != _NONE)
        of["theirs"][rows[newly]] = now[newly]

    def verdicts(self, of: Array) -> Array:
        """(subjects,) int8 codes into ``VERDICTS``: ours of the words (words, subjects)."""
        fails, unsure = (
            np.any([(held & mask) != 0 for held, mask in zip(of, masks, strict=True)], axis=0) for masks in self._masks
        )
        return np.where(fails, INELIGIBLE, np.where(unsure, UNDETERMINED, 0)).astype(np.int8)

    def platform(self) -> pd.DataFrame:
        """See ``Monitoring.platform``."""
        theirs, ours = self.of["theirs"], self.verdicts(self.of["ours"])
        counts = {
            f"platform_{name}": np.bincount(ours[theirs == code], minlength=len(VERDICTS))
            for code, name in enumerate(THEIRS)
        }
        frame = pd.DataFrame({"verdict": pd.Categorical(VERDICTS, categories=VERDICTS)} | counts)
        frame["platform_decided"] = sum(counts.values())
        return frame

    def misread(self) -> pd.DataFrame:
        """See ``Monitoring.misread``."""
        theirs = self.of["theirs"]
        decided = {name: self.of["ours"][:, theirs == code] for code, name in enumerate(THEIRS)}
        groups = {rule: self.book.rules[rule].group or rule for rule in self.blocking}
        failing = {name: {rule: self._fails(words, rule) for rule in self.blocking} for name, words in decided.items()}
        rows = []
        for rule in self.blocking:
            others = [other for other in self.blocking if groups[other] != groups[rule]]
            elsewhere = np.any([failing["approved"][other] for other in others], axis=0) if others else False
            counts = {name: int(failing[name][rule].sum()) for name in THEIRS}
            alone = int((failing["approved"][rule] & ~np.asarray(elsewhere)).sum())
            rows.append((rule, ";".join(self.book.rules[rule].clause), *counts.values(), alone))
        frame = pd.DataFrame(rows, columns=["rule", "clause", *(f"failing_{name}" for name in THEIRS), "alone"])
        sizes = {name: words.shape[1] for name, words in decided.items()}
        for name in THEIRS:
            frame[f"share_{name}"] = frame[f"failing_{name}"] / sizes[name] if sizes[name] else np.nan
        all_ = (frame["failing_approved"] + frame["failing_rejected"]) / max(sum(sizes.values()), 1)
        frame["lift"] = (frame["share_approved"] / all_.where(all_ > 0)).astype(float)
        frame = frame.astype({"rule": "str", "clause": "str"})
        order = ["failing_approved", "alone", "lift"]
        return frame.sort_values(order, ascending=False, kind="stable", ignore_index=True)

    def _fails(self, words: Array, rule: str) -> Array:
        word, bit = divmod(self.bits[rule], RULES_PER_WORD)
        fails: Array = (words[word] & np.uint64(1 << bit)) != 0
        return fails
