"""Names and shares as people read them, and the notes at the foot of every chart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def share(part: int, whole: int, digits: int = 0) -> str:
    """``part`` of ``whole`` in percent; never rounded to nobody ("<1%") nor to everybody (">99%")."""
    if not whole:
        return "–"
    all_of_it = 100 * 10**digits
    rounded = (2 * all_of_it * part + whole) // (2 * whole)  # halves up, in whole numbers
    sign, rounded = ("<", 1) if part and not rounded else ("", rounded)
    sign, rounded = (">", all_of_it - 1) if part < whole and rounded == all_of_it else (sign, rounded)
    return f"{sign}{rounded / 10**digits:.{digits}f}%"


def short(count: int, lang: str, digits: int = 5) -> str:
    """A count in little room: up to so many ``digits`` as it is (99,999), then 123k and 1.2M, or 12.3万 and 1.2亿."""
    units = ((10**8, "亿"), (10**4, "万")) if lang == "zh" else ((10**6, "M"), (10**3, "k"))
    unit, sign = next(((unit, sign) for unit, sign in units if count >= max(unit, 10**digits)), (1, ""))
    return f"{count:,}" if unit == 1 else f"{count / unit:.{0 if count >= 100 * unit else 1}f}{sign}"


def listed(names: Iterable[str], lang: str) -> str:
    """Names one after the other, as the language separates them."""
    return say("list", lang).join(names)


def rule_names(assessment: Assessment, lang: str) -> dict[str, str]:
    """The name of every blocking rule by id, in clause order; "*" marks one that was not, or not wholly, computed."""
    book = assessment.book
    return {
        rule: book.rules[rule].label(lang, rule) + ("*" if rule in assessment.not_computed else "")
        for rule in assessment.blocking
    }


def foot(assessment: Assessment, lang: str) -> list[str]:
    """What no chart may hide: the rules that were not computed; rulebook and moment."""
    book, notes = assessment.book, []
    if assessment.not_computed:
        named = ((book.rules[rule].label(lang, rule), book.rules[rule].clause[0]) for rule in assessment.not_computed)
        left_out = listed((f"{name} ({clause})" for name, clause in named), lang)
        notes.append("* " + say("headline_not_computed", lang, rules=left_out))
    source = say(
        "headline_source",
        lang,
        book=book.header.label(lang, book.id),
        version=book.version,
        variant=f" ({book.variant})" if book.variant else "",
        as_of=f"{assessment.as_of:%Y-%m-%d %H:%M}",
        zone=book.header.timezone,
    )
    return [*notes, source]
