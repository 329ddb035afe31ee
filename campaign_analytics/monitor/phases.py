"""Which rules ask something of whom: of those who enrol, of those who have, or of both."""

from __future__ import annotations

from dataclasses import replace

from campaign_analytics.rulebook.book import Rulebook


def every_phase(book: Rulebook) -> Rulebook:
    """The same rulebook, whose rules to enter and to stay are all run by one assessment."""
    rules = {name: rule.model_copy(update={"phase": "both"}) for name, rule in book.document.rules.items()}
    return replace(book, document=book.document.model_copy(update={"rules": rules}))


def rules_of(book: Rulebook, phase: str, severity: str | None = None) -> tuple[str, ...]:
    """The rules that ``phase`` ("enter" or "stay") asks, in clause order, of one severity or of any but "off"."""
    return tuple(
        rule
        for rule in every_phase(book).active
        if book.rules[rule].phase in ("both", phase) and severity in (None, book.rules[rule].severity)
    )
