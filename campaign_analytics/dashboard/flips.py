"""The offers whose verdict turned: who comes in, who drops out, and the value that decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from campaign_analytics.assess.sentences import Teller
from campaign_analytics.assess.subject import Subject
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.standing import Flip

MOST: Final = 8  # rows

_SHORT = 14  # characters that fit every column


class Told(NamedTuple):
    """One offer of the table, in words."""

    came_in: bool
    offer: str
    category: str
    because: str


def told_flips(
    flips: Sequence[Flip],
    rules: Sequence[str],
    now: Assessment,
    in_force: Sequence[str],
    baseline: Assessment,
    lang: str,
) -> list[Told]:
    """Each offer with what decides: the first of ``rules``, those that changed, whose outcome turned for it.

    ``now`` has the cells and the rulebook in force; its masks are not looked at. ``in_force``: rules that block now.
    """
    category = now.book.header.category
    told = []
    for row, came_in in flips:
        subject, before = Subject(now, "offers", row), Subject(baseline, "offers", row)
        if len(rules) > 1:
            turned = (
                rule
                for rule in rules
                if _passes(before, rule, baseline.blocking, lang) is not came_in
                and _passes(subject, rule, in_force, lang) is came_in
            )
            rule = next(turned, None)
        else:  # nothing else can have turned it
            rule = next(iter(rules), None)
        because = _reason(subject, rule, in_force, lang) if rule else ""
        offer, group = subject.value("offer_id"), subject.value(category)
        told.append(Told(came_in, str(offer), str(group or say("no_name", lang)), because))
    return told


def under(assessment: Assessment, book: Rulebook) -> Assessment:
    """The same cells under another rulebook, to be read offer by offer."""
    return replace(assessment, book=book)


def flips_table(told: Sequence[Told], count: int, lang: str, untold: str = "") -> str:
    """The first offers that changed, and how many there are; ``untold`` why they are not listed."""
    heading = escape(say("board_flips", lang))
    aside = escape(f"{count:,}" if untold else say("board_flips_count", lang, shown=len(told), count=count))
    aside = aside if count else ""
    title = f'<div class="title">{heading} <span class="aside">{aside}</span></div>'
    if not count:
        none = escape(say("board_flips_none", lang))
        return f'<div class="flips">{title}<div class="foot">{none}</div></div>'
    if untold:
        return f'<div class="flips">{title}<p class="quiet">{escape(untold)}</p></div>'
    names = ["", *(say(key, lang) for key in ("board_offer", "board_category", "board_because"))]
    head = "".join(f'<th scope="col" class="left">{escape(name)}</th>' for name in names)
    widths = "".join(f'<col style="width:{width}px">' for width in (44, 104, 84))
    rows = "".join(_row(each, lang) for each in told)
    return (
        f'<div class="flips">{title}<table><colgroup>{widths}<col></colgroup>'
        f'<tr class="under">{head}</tr>{rows}</table></div>'
    )


def _row(told: Told, lang: str) -> str:
    mark, kind, word = ("✓", "good", "board_in") if told.came_in else ("✗", "bad", "board_out")
    cells = "".join(map(_cell, (told.offer, told.category, told.because)))
    return f'<tr><td class="left {kind}">{mark} {escape(say(word, lang))}</td>{cells}</tr>'


def _cell(text: str) -> str:
    shown = escape(text)
    whole = f' title="{shown}"' if len(text) > _SHORT else ""  # for what may be cut
    return f'<td class="cut"{whole}>{shown}</td>'


def _passes(subject: Subject, rule: str, in_force: Sequence[str], lang: str) -> bool:
    """Whether the rule is not in force, or the subject surely passes it."""
    return rule not in in_force or Teller(subject, lang).truth(subject.assessment.book.whole(rule)) is True


def _reason(subject: Subject, rule: str, in_force: Sequence[str], lang: str) -> str:
    """The first value that decides and what is needed; the sentence where nothing is compared."""
    book = subject.assessment.book
    if rule not in in_force:
        return say("board_rule_off", lang, rule=book.rules[rule].label(lang, rule))
    teller = Teller(subject, lang)
    for reason in teller.reasons(book.conditions[rule]):
        if reason.needs and reason.column:
            kind = kind_of(book.quantity(reason.column), book.lists, book.header.currency)
            value = teller.shown_cell(reason.column, kind)
            return say("board_reason", lang, what=teller.label(reason.column), value=value, needs=reason.needs)
    return teller.sentence(book.conditions[rule])
