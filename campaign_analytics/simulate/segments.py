"""Whom the change that is set now hits: its effect by segment, against that on everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import PRE_QUALIFIED
from campaign_analytics.assess.views import SIZE
from campaign_analytics.errors import CampaignError
from campaign_analytics.simulate.classes import Classes
from campaign_analytics.simulate.sensitivity import notes
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where


def segments(
    what_if: WhatIf, by: str | Sequence[str] | None, level: Level, where: Where | None, lang: str
) -> pd.DataFrame:
    """Whom the change that is set now hits, against the baseline: one row a segment of each column in ``by`` (as in
    ``summary``; left out, "size" and the category), those hit most beyond their share first.

    by, label, segment (str; "" = missing); the number of subjects, named after the level, baseline and
    pre_qualified, how many qualified and do now, gained, lost, change (int64); baseline_rate and effect (float64):
    the baseline and the change over the subjects; ratio (float64): the effect over that on all, NaN where that is
    0; excess (float64): the change beyond the segment's share of it. ``attrs["headline"]`` says who is hit. Counts
    are before quotas. Raises ``CampaignError`` for an unknown column.
    """
    asked = (SIZE, what_if.book.header.category) if by is None else (by,) if isinstance(by, str) else by
    if not asked:
        raise CampaignError("there is no segment to look at: name columns in by=")
    made = pd.concat([_by(what_if, each, level, where, lang) for each in dict.fromkeys(asked)], ignore_index=True)
    made.attrs |= {"headline": headline(made, level, lang), **notes(what_if.book, lang)}
    return made


def _by(what_if: WhatIf, by: str, level: Level, where: Where | None, lang: str) -> pd.DataFrame:
    """The segments of one column, those hit most beyond their share first."""
    classes = Classes.of(what_if.baseline, by, level, None, where)
    was, now = (each.verdict(level)[classes.rows] == PRE_QUALIFIED for each in (what_if.baseline, what_if.assessment))
    before, after, gained, lost = (
        classes.count(held.astype(np.intp), 2)[:, 1] for held in (was, now, now & ~was, was & ~now)
    )
    sizes = classes.count(np.zeros(len(was), np.intp), 1)[:, 0]
    change = after - before
    overall = float(change.sum() / max(sizes.sum(), 1))
    effect = change / np.maximum(sizes, 1)
    texts: dict[str, Any] = {
        "by": by, "label": _label(what_if.book, by, lang), "segment": pd.array(list(classes.names), dtype="str")
    }  # fmt: skip
    numbers = {
        level: sizes, "baseline": before, "baseline_rate": before / np.maximum(sizes, 1), "pre_qualified": after,
        "gained": gained, "lost": lost, "change": change, "effect": effect,
        "ratio": effect / overall + 0.0 if overall else np.full(len(sizes), np.nan),
        "excess": change - sizes * overall,
    }  # fmt: skip
    made = pd.DataFrame({**texts, **numbers}, index=pd.RangeIndex(len(sizes)))
    made = made.astype(dict.fromkeys(("by", "label", "segment"), "str"))
    order = np.argsort(-np.abs(made["excess"].to_numpy()), kind="stable")
    return made.iloc[order].reset_index(drop=True)


def _label(book: Rulebook, by: str, lang: str) -> str:
    known = {**book.columns, **book.derived}
    return known[by].label(lang, by) if by in known else say(SIZE, lang)


def headline(table: pd.DataFrame, level: Level, lang: str) -> str:
    """Who is hit beyond its share, in a sentence; ``table`` as ``segments`` gives it."""
    first = table[table["by"] == table["by"].iloc[0]] if len(table) else table
    gained, lost, subjects = (int(first[name].sum()) for name in ("gained", "lost", level))
    counts = {"gained": gained, "lost": lost, "all": subjects}
    if not gained and not lost:
        return say(f"segments_none_{level}", lang, **counts)
    overall = (gained - lost) / subjects
    way = np.sign(overall) or -1.0
    row = max(table.to_dict("records"), key=lambda each: way * float(each["excess"]))
    named = {"what": row["label"], "segment": row["segment"] or say("no_name", lang), "n": int(row[level])}
    named |= {"effect": 100 * float(row["effect"]), "change": int(row["change"]), "overall": 100 * overall}
    if not overall:
        return say(f"segments_even_{level}", lang, **counts, **named)
    return say(f"segments_answer_{level}", lang, ratio=float(row["ratio"]), **counts, **named)
