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
    percent, step = 100 * part / whole, 10**-digits
    if 0 < percent < step / 2:
        return f"<{step:.{digits}f}%"
    if 100 - step / 2 <= percent < 100:
        return f">{100 - step:.{digits}f}%"
    return f"{percent:.{digits}f}%"


def rule_names(assessment: Assessment, lang: str) -> dict[str, str]:
    """The rulebook's label of every active rule, by rule id; the id itself where it has none."""
    return {rule: assessment.book.rules[rule].label(lang, rule) for rule in assessment.rules}


def listed(names: Iterable[str], lang: str) -> str:
    """Names one after the other, as the language separates them."""
    return say("list", lang).join(names)


def foot(assessment: Assessment, lang: str) -> list[str]:
    """What no chart may hide: what was not computed; date and rulebook."""
    book, names = assessment.book, rule_names(assessment, lang)
    notes = []
    if assessment.not_computed:
        left_out = [f"{'/'.join(book.rules[rule].clause)} {names[rule]}" for rule in assessment.not_computed]
        notes.append(say("note_not_computed", lang, rules=listed(left_out, lang)))
    name = book.document.rulebook.label(lang, book.id)
    notes.append(say("note_source", lang, as_of=assessment.as_of, book=name, version=book.version))
    return notes
