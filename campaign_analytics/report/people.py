"""Tables of an assessment with the columns that people want, in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.assess.causes import in_words
from campaign_analytics.charts.tables import Table, table
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Rulebook

_BLOCKERS = ["clause", "rules", "fails", "sole", "charged", "admitted_certain", "admitted_at_most", "charged_unknown"]


def failures_told(assessment: Assessment, frame: pd.DataFrame, lang: str, rows: int | None = None) -> Table:
    """Rows of ``failures``: rules by name."""
    told = frame.drop(columns=["label", "level"])
    return table(told, assessment.book, lang, len(told) if rows is None else rows)


def fixes_told(assessment: Assessment, frame: pd.DataFrame, lang: str) -> Table:
    """Rows of ``fixes``: each repair in words, with what it would replace and what it follows from."""
    book = assessment.book
    keys = [name for name in frame.columns if name in ("offer_id", "merchant_id", book.header.category)]
    told = frame[[*keys, "clause", "rule"]].assign(
        what=in_words(frame, lang),
        instead_of=[book.quantity(name).label(lang, name) if name else "" for name in frame["alternative_to"]],
        follows=[_rules(assessment, ids, lang) for ids in frame["follows"]],
        **{name: frame[name] for name in ("by", "unit", "lead_days", "margin", "fix", "note", "given")},
    )
    return table(told, book, lang, len(told))


def repairs_told(frame: pd.DataFrame, lang: str) -> list[str]:
    """One line a repair that is proposed in ``fixes``: what to change, then the rulebook's words."""
    proposed = frame[frame["alternative_to"] == ""].reset_index(drop=True)
    told = zip(proposed["clause"], in_words(proposed, lang), proposed["fix"], strict=True)
    return list(dict.fromkeys(f"{clause} {what}" + (f" ({fix})" if fix else "") for clause, what, fix in told))


def causes_told(assessment: Assessment, frame: pd.DataFrame, lang: str, rows: int | None = None) -> Table:
    """Rows of ``NearMisses.causes``, all of their columns or some, without the group's own name."""
    return table(
        frame.drop(columns="group", errors="ignore"), assessment.book, lang, len(frame) if rows is None else rows
    )


def blockers_told(assessment: Assessment, frame: pd.DataFrame, lang: str, rows: int | None = None) -> Table:
    """Rows of ``Assessment.blockers`` that cost anybody anything; the class first where there is one."""
    costs = frame[(frame["fails"] > 0) | (frame["charged_unknown"] > 0)]
    before = list(frame.columns[: list(frame.columns).index("group")])
    after = [name for name in frame.columns if name in ("offers", "merchants", "weight", "weight_missing")]
    told = costs[[*before, *_BLOCKERS, *(after if before else [])]]
    return table(told, assessment.book, lang, len(told) if rows is None else rows)


def claims_told(frame: pd.DataFrame, book: Rulebook, lang: str, rows: int | None = None) -> Table:
    """Rows of ``claims``: where, which word, and what stands around it."""
    told = frame.drop(columns=["start", "end"])
    told = told.rename(columns={"found": "as_written", "word": "listed_word", "row": "source_row"})
    return table(told, book, lang, len(told) if rows is None else rows)


def _rules(assessment: Assessment, ids: str, lang: str) -> str:
    named = (assessment.book.rules[rule].label(lang, rule) for rule in ids.split(";") if rule)
    return say("list", lang).join(named)
