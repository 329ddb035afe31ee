"""What comes after the gate for one offer or merchant, in words: its tiers, and its places in quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from campaign_analytics.assess.outcomes import STANDINGS
from campaign_analytics.assess.quotas import UNLIMITED, Cut
from campaign_analytics.assess.scorecard import Fact
from campaign_analytics.assess.subject import Subject
from campaign_analytics.assess.tiers import Tiers
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def after_the_gate(subject: Subject, lang: str) -> tuple[Fact, ...]:
    """The subject's tier on each ladder of its level; an offer's place in every quota that it comes to, how many of a
    merchant's are over. None where the rulebook has neither."""
    assessment, level, row = subject.assessment, subject.level, subject.row
    tiers = [tier_of(ladder, level, row, lang) for ladder in assessment.ladders if ladder.level == level]
    if level == "merchants":
        return (*tiers, *over_quota(assessment, np.flatnonzero(assessment.market.merchant_row == row), lang))
    places = [_place(assessment, cut, row, lang) for cut in assessment.cuts.cuts if row in cut.rows]
    return (*tiers, *places)


def tier_of(ladder: Tiers, level: Level, row: int, lang: str) -> Fact:
    """One subject's tier, the highest that it may have, and which rules keep it from the next."""
    held, book = ladder.one(level, row), ladder.assessment.book
    parts = [held["tier"] or say("nothing", lang)]
    if held["possible_tier"] != held["tier"]:
        parts.append(f"{say('possible_tier', lang)}{say('is', lang)}{held['possible_tier']}")
    for key in ("lacks", "open"):
        labels = [book.rules[rule].label(lang, rule) for rule in held[key].split(";") if rule]
        if labels:
            parts.append(f"{say(key, lang)}{say('is', lang)}{say('list', lang).join(labels)}")
    label = book.document.ladders[ladder.ladder].label(lang, ladder.ladder)
    return Fact(ladder.ladder, label, held, say("and", lang).join(parts))


def over_quota(assessment: Assessment, offers: Array, lang: str) -> list[Fact]:
    """How many of the pre-qualified ones of ``offers`` (n,) are over quota, where there are quotas."""
    if not assessment.book.quotas:
        return []
    counts = {
        name: int((assessment.cuts.standing[offers] == code).sum()) for code, name in enumerate(STANDINGS) if code
    }
    told = say("over_quota_of", lang, over=counts["over_quota"], unknown=counts["quota_unknown"])
    return [Fact("over_quota", say("over_quota", lang), counts, told)]


def _place(assessment: Assessment, cut: Cut, row: int, lang: str) -> Fact:
    """The place of an offer that comes to a quota."""
    at = int(np.searchsorted(cut.rows, row))
    group = int(cut.groups.of[row])
    least, most = (int(cut.low[group]), int(cut.high[group])) if group >= 0 else (0, UNLIMITED)
    value = {
        "place": int(cut.place.best[at]),
        "place_at_most": int(cut.place.worst[at]),
        "limit": least,
        "limit_at_most": None if most == UNLIMITED else most,
        "standing": STANDINGS[cut.standing[at]],
    }
    limit = say("not_told", lang) if most == UNLIMITED else _span(least, most, lang)
    place, standing = _span(value["place"], value["place_at_most"], lang), say(str(value["standing"]), lang).lower()
    label = assessment.book.document.quotas[cut.name].label(lang, cut.name)
    return Fact(cut.name, label, value, say("quota_place", lang, place=place, limit=limit, standing=standing))


def _span(low: Any, high: Any, lang: str) -> str:
    return f"{low:,}" if low == high else say("range", lang, low=f"{low:,}", high=f"{high:,}")
