"""What our indices are made of: weights, credits and scales, in words. One line away from every index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign_analytics.assess.blockers import blocker_groups
from campaign_analytics.assess.gaps import Scale, scale_of
from campaign_analytics.assess.ranking import ranked_by
from campaign_analytics.assess.score import group_weight
from campaign_analytics.rulebook.values import MINOR_UNITS
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def scoring_notes(assessment: Assessment, lang: str) -> str:
    """See ``Assessment.scoring_notes``."""
    book, list_ = assessment.book, say("list", lang)
    scoring = book.document.scoring
    groups = blocker_groups(assessment, "offers")
    weights = [
        f"{'＝'.join(book.rules[rule].label(lang, rule) for rule in rules)} {weight:g}"
        for rules in groups.values()
        if (weight := group_weight(assessment, rules)) != 1
    ]
    named = dict.fromkeys(each for rule in assessment.blocking for each in book.parameters_of(rule))
    scales = [
        f"{book.parameters[name].label(lang, name)} {_spelled(assessment, name, scale, lang)}"
        for name in named
        if (scale := scale_of(book, name)) is not None
    ]
    lines = [
        say("scoring_assumption", lang),
        say("scoring_readiness", lang, credit=f"{scoring.curable_credit:g}"),
        say("scoring_weights", lang, weights=list_.join(weights)) if weights else say("scoring_weights_even", lang),
        say("scoring_scales", lang, scales=list_.join(scales) or say("nothing", lang)),
        say("scoring_headroom", lang),
        say("scoring_participation", lang, reference=scoring.reference_offers),
        say("scoring_rank", lang, keys=" → ".join(say(name, lang) for name in ranked_by(book))),
    ]
    if assessment.not_computed:
        rules = list_.join(book.rules[rule].label(lang, rule) for rule in assessment.not_computed)
        lines.append(say("scoring_not_computed", lang, rules=rules))
    return "\n".join(lines)


def _spelled(assessment: Assessment, parameter: str, scale: Scale, lang: str) -> str:
    held, amount = assessment.book.parameters[parameter], scale.amount
    if scale.factor:
        return f"×{amount:g}"
    match held.type:
        case "rate":
            return say("points", lang, gap=f"{100 * amount:g}")
        case "level":
            return say("steps", lang, gap=f"{amount:g}")
        case "day":
            return say("days", lang, gap=f"{amount:g}")
        case "money":
            return f"{amount / MINOR_UNITS:,g} {assessment.book.header.currency}"
    return f"{amount:g} {assessment.book.unit_label(held.unit, lang)}".rstrip()
