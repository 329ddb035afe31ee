"""The answer first: how many qualify, fail, or cannot be decided, and what stands outside every verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.deadlines import left_until, reading, submission_deadlines
from campaign_analytics.assess.outcomes import ADMITTED, OPEN, OVER
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level


def headline(assessment: Assessment, lang: str) -> str:
    """A few lines of plain text; see ``Assessment.headline``."""
    book = assessment.book
    lines = [
        say(
            "headline_source",
            lang,
            book=book.header.label(lang, book.id),
            version=book.version,
            variant=f" ({book.variant})" if book.variant else "",
            as_of=f"{assessment.as_of:%Y-%m-%d %H:%M}",
            zone=book.header.timezone,
        ),
        _counts(assessment, "offers", lang),
        _counts(assessment, "merchants", lang),
    ]
    lines += _after_the_gate(assessment, lang)
    lines += deadlines_told(assessment, lang)
    orphans = assessment.market.offers.count(assessment.market.merchant_row < 0)
    if orphans:
        lines.append(say("headline_orphans", lang, count=orphans))
    lines += _by_hand(assessment, lang)
    later = [_rule(assessment, rule, lang) for rule in assessment.not_computed]
    if later:
        lines.append(say("headline_not_computed", lang, rules=say("list", lang).join(later)))
    assumed = len(assessment.assumptions())
    if assumed:
        lines.append(say("headline_assumed", lang, count=assumed))
    return "\n".join(lines)


def deadlines_told(assessment: Assessment, lang: str) -> Iterator[str]:
    """By when to submit, where the rulebook counts working days."""
    book = assessment.book
    for each in submission_deadlines(book):
        left = left_until(book, each, assessment.as_of)
        if each.in_force and left is not None:
            key = "headline_deadline" if left >= 0 else "headline_deadline_over"
            clause = book.rules[each.rule].clause[0]
            yield say(key, lang, date=each.submit_by, reading=reading(book, each, lang), clause=clause, count=left)


def _by_hand(assessment: Assessment, lang: str) -> Iterator[str]:
    """How many values were given by hand, and how many of them do not decide."""
    if assessment.market.overrides:
        counts = assessment.overrides()["standing"].value_counts()
        others = [f"{say(str(kind), lang)} {count:,}" for kind, count in counts.items() if kind != "in_force"]
        yield say("headline_by_hand", lang, count=counts.get("in_force", 0)) + (
            say("headline_by_hand_not", lang, others=say("list", lang).join(others)) if others else ""
        )


def _after_the_gate(assessment: Assessment, lang: str) -> Iterator[str]:
    """Who is over quota, and how many reach each tier; neither can be told of counts."""
    if assessment.market.rest_of:
        if assessment.book.quotas or assessment.book.document.ladders:
            yield say("headline_only_counts", lang)
        return
    if assessment.book.quotas:
        admitted, over, unknown = (int((assessment.cuts.standing == each).sum()) for each in (ADMITTED, OVER, OPEN))
        yield say("headline_quotas", lang, over=over, good=admitted + over + unknown, unknown=unknown)
    for ladder in assessment.ladders:
        sure, possible = ladder.reached(ladder.level)
        counts = np.bincount(sure + 1, minlength=len(ladder.names) + 1)[1:]
        told = [f"{name} {count:,}" for name, count in zip(ladder.names, counts, strict=True)]
        label = assessment.book.document.ladders[ladder.ladder].label(lang, ladder.ladder)
        level = say(ladder.level, lang)
        higher, tiers = int((possible > sure).sum()), say("list", lang).join(reversed(told))
        yield say("headline_tiers", lang, ladder=label, level=level, tiers=tiers, higher=higher)


def _counts(assessment: Assessment, level: Level, lang: str) -> str:
    row = assessment.summary(level=level).iloc[0]
    total = int(row[level])
    good, bad, unsure = (int(row[name]) for name in ("pre_qualified", "ineligible", "undetermined"))
    share = good / total if total else 0.0
    return say(f"headline_{level}", lang, total=total, good=good, share=share, bad=bad, unsure=unsure)


def _rule(assessment: Assessment, rule: str, lang: str) -> str:
    held = assessment.book.rules[rule]
    return f"{held.label(lang, rule)} ({held.clause[0]})"
