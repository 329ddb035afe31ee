"""A scorecard: verdicts, platform scores and our own indices, in three layers that are kept apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_CELL = "padding:3px 14px 3px 0;vertical-align:top;text-align:left"


@dataclass(frozen=True)
class Fact:
    """One line of a scorecard: what it is called, its value as plain data, and as people read it."""

    key: str
    label: str
    value: Any
    text: str


@dataclass(frozen=True)
class Section:
    """One layer of a scorecard. ``assumption`` says so where the layer is ours; "" where it is not."""

    key: str
    heading: str
    facts: tuple[Fact, ...]
    assumption: str = ""


@dataclass(frozen=True)
class Scorecard:
    """How a merchant or a category stands. Shows itself as text, as HTML in a notebook, and as a dict."""

    title: str
    lang: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...]  # the moment, and what our indices are made of

    def to_dict(self) -> dict[str, Any]:
        """The subject, then a dict a section: its facts by key; ``assumption`` in the sections that are ours; notes."""
        sections = {
            section.key: ({"assumption": section.assumption} if section.assumption else {})
            | {fact.key: fact.value for fact in section.facts}
            for section in self.sections
        }
        return {"subject": self.title, **sections, "notes": list(self.notes)}

    @property
    def text(self) -> str:
        """The card as plain text."""
        lines = [self.title]
        for section in self.sections:
            lines += ["", section.heading, *([f"  {section.assumption}"] if section.assumption else [])]
            lines += [f"  {fact.label}: {fact.text}" for fact in section.facts]
        return "\n".join([*lines, "", *self.notes])

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """HTML with inline styles alone and no colour of its own: the page's theme, light or dark, gives it."""
        parts = "".join(
            f"<tr><th colspan=2 style='{_CELL};padding-top:10px;border-bottom:1px solid'>{escape(section.heading)}"
            + (f"<br><small style='font-weight:400'>{escape(section.assumption)}</small>" if section.assumption else "")
            + "</th></tr>"
            + "".join(_row(fact) for fact in section.facts)
            for section in self.sections
        )
        notes = "<br>".join(escape(note) for note in self.notes)
        made_of = escape(say("scoring_notes", self.lang))
        return (
            f"<div style='font-size:13px'><p><b>{escape(self.title)}</b></p>"
            f"<table style='border-collapse:collapse;color:inherit;font-size:inherit'><tbody>{parts}</tbody></table>"
            f"<details><summary>{made_of}</summary><small>{notes}</small></details></div>"
        )


def _row(fact: Fact) -> str:
    return f"<tr><td style='{_CELL}'>{escape(fact.label)}</td><td style='{_CELL}'>{escape(fact.text)}</td></tr>"


def card(assessment: Assessment, title: str, sections: Iterable[Section], lang: str) -> Scorecard:
    """A scorecard with the notes that belong under every one."""
    book = assessment.book
    source = say(
        "headline_source", lang, book=book.header.label(lang, book.id), version=book.version,
        variant=f" ({book.variant})" if book.variant else "",
        as_of=f"{assessment.as_of:%Y-%m-%d %H:%M}", zone=book.header.timezone,
    )  # fmt: skip
    return Scorecard(title, lang, tuple(sections), (source, *assessment.scoring_notes(lang).splitlines()))
