"""``campaign-analytics rulebook``: what a rulebook says, and whether it is sound."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from campaign_analytics.assess.deadlines import reading, submission_deadlines
from campaign_analytics.cli.terminal import bold, columns
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.monitor.phases import every_phase
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.model import Entry
from campaign_analytics.rulebook.values import MINOR_UNITS, show_value


def default_rulebook() -> str:
    """The shipped rulebook that is meant where none is named."""
    return (resources.files("campaign_analytics") / "rulebooks" / "default.txt").read_text("utf-8").strip()


def quietly_loaded(name: str | Path) -> Rulebook:
    """A rulebook whose probable misprints matter to nobody here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)
        return load_rulebook(name)


def check(asked: argparse.Namespace) -> None:
    """Say that a file is sound, and what its reader should know; a faulty one is refused by the loader."""
    book = quietly_loaded(asked.file)
    print(f"{asked.file}: no fault; {len(book.rules)} rules, {len(book.parameters)} parameters")
    for warning in book.warnings:
        print(f"warning: {warning}")


def show(asked: argparse.Namespace) -> None:
    """Print clauses, rules and parameters."""
    book = quietly_loaded(asked.rulebook or default_rulebook())
    if asked.json:
        print(json.dumps(_content(book), ensure_ascii=False, indent=2, default=_json))
        return
    print("\n".join(_page(book, asked.lang)))


def _content(book: Rulebook) -> dict[str, Any]:
    """Everything that ``show`` prints, as plain data; values are spelled as ``--set`` and rulebook files spell them."""
    header = book.header
    return {
        "rulebook": {
            "id": book.id,
            "version": book.version,
            "effective": book.effective,
            "hash": book.hash,
            "variants": list(book.document.variants),
            **_labels(header),
        },
        "clauses": [
            {"id": clause, "kind": kind, "rules": rules, **_labels(entry)}
            for clause, kind, rules, entry in _clauses(book)
        ],
        "rules": [
            {
                "id": name,
                "clause": ";".join(rule.clause),
                "level": book.level(name),
                "condition": rule.condition,
                "when": rule.when or None,
                "severity": rule.severity,
                "phase": rule.phase,
                "ladder": rule.ladder or None,
                "active": name in book.active,
                "in_force": _in_force(book, name),
                **_labels(rule),
            }
            for name, rule in book.rules.items()
        ],
        "ladders": [
            {"id": name, "tiers": list(ladder.tiers), **_labels(ladder)}
            for name, ladder in book.document.ladders.items()
        ],
        "quotas": [
            {
                "id": name,
                "clause": ";".join(quota.clause),
                "per": quota.per,
                "limit": quota.limit,
                "order": quota.order,
                "in_force": name in book.quotas,
                **_labels(quota),
            }
            for name, quota in book.document.quotas.items()
        ],
        "deadlines": [{"reading": reading(book, each, "en"), **each._asdict()} for each in submission_deadlines(book)],
        "parameters": [
            {
                "id": name,
                "clause": ";".join(held.clause),
                "type": held.type,
                "unit": held.unit or None,
                "value": _spelled(book.values[name], held.type),
                "min": held.min,
                "max": held.max,
                "step": held.step,
                "assumed": held.assumed,
                **_labels(held),
            }
            for name, held in book.parameters.items()
        ],
    }


def _page(book: Rulebook, lang: str) -> Iterator[str]:
    yield bold(book.header.label(lang, book.id), sys.stdout)
    variants = ", ".join(book.document.variants) or "none"
    yield f"{book.id} {book.version}, effective {book.effective}; variants: {variants}"

    yield from _section("Clauses")
    yield from columns(
        (clause, kind, "; ".join(rules) or (entry.label(lang) if entry else ""))
        for clause, kind, rules, entry in _clauses(book)
    )

    dates = [
        (
            ";".join(book.rules[each.rule].clause),
            each.rule,
            f"submit by {each.submit_by or '(not known)'}",
            reading(book, each, lang),
            "in force" if each.in_force else "",
        )
        for each in submission_deadlines(book)
    ]
    if dates:
        yield from _section("Deadlines")
        yield from columns(dates)

    yield from _section("Rules")
    yield from columns(
        (
            ";".join(rule.clause),
            name,
            book.level(name),
            _asked(book, name),
            rule.condition + (f"  when {rule.when}" if rule.when else ""),
        )
        for name, rule in book.rules.items()
    )

    after = [*_ladders(book, lang), *_quotas(book, lang)]
    if after:
        yield from _section("Tiers and quotas")
        yield from columns(after)

    yield from _section("Parameters")
    yield from columns(
        (
            ";".join(held.clause),
            name,
            "assumed" if held.assumed else "stated",
            held.label(lang),
            _shown(book, name, lang),
        )
        for name, held in book.parameters.items()
    )


def _section(title: str) -> tuple[str, str]:
    return "", bold(title, sys.stdout)


def _clauses(book: Rulebook) -> Iterator[tuple[str, str, list[str], Entry | None]]:
    """Every clause in the notice's order: what kind it is, the rules that stand for it, and what else tells of it."""
    quotas = {clause: quota for quota in book.document.quotas.values() for clause in quota.clause}
    for clause in book.header.clauses:
        rules = [name for name, rule in book.rules.items() if clause in rule.clause]
        entry = book.document.clauses.get(clause)
        kind = entry.kind if entry else "rule" if rules else "quota"
        yield clause, kind, rules, entry or (None if rules else quotas[clause])


def _in_force(book: Rulebook, rule: str) -> bool:
    """Whether anybody is asked it: those who enrol, those who have, or those who reach for a tier."""
    return rule in every_phase(book).on_ladder(book.rules[rule].ladder)


def _asked(book: Rulebook, name: str) -> str:
    """A rule's severity, and when it is asked where that is not always."""
    rule = book.rules[name]
    told = ", ".join(
        [rule.severity, *([f"to {rule.phase}"] if rule.phase != "both" else []), *filter(None, [rule.ladder])]
    )
    return told if _in_force(book, name) else f"{told} (dormant)"


def _ladders(book: Rulebook, lang: str) -> Iterator[tuple[str, ...]]:
    for name, ladder in book.document.ladders.items():
        clauses = dict.fromkeys(each for rule in book.rules.values() if rule.ladder == name for each in rule.clause)
        yield ";".join(clauses), name, ladder.label(lang, name), " < ".join(ladder.tiers)


def _quotas(book: Rulebook, lang: str) -> Iterator[tuple[str, ...]]:
    for name, quota in book.document.quotas.items():
        dormant = "" if name in book.quotas else " (dormant)"
        told = f"{quota.limit} per {quota.per}, by {quota.order}{dormant}"
        yield ";".join(quota.clause), name, quota.label(lang, name), told


def _shown(book: Rulebook, name: str, lang: str) -> str:
    value = book.values[name]
    if not isinstance(value, PerValue):
        return book.show(name, value, lang)
    others = [] if value.default is None else [book.show(name, value.default, lang)]
    return ", ".join([*others, *(f"{of}: {book.show(name, each, lang)}" for of, each in value.values)])


def _labels(entry: Entry | None) -> dict[str, str]:
    return {"zh": entry.zh, "en": entry.en} if entry else {}


def _spelled(value: Bound, type: str) -> Any:
    if isinstance(value, PerValue):
        return {"by": value.by, "default": _spelled(value.default, type)} | {
            "values": {of: _spelled(each, type) for of, each in value.values}
        }
    if isinstance(value, frozenset):
        return sorted(value)
    if type == "rate" and value is not None:
        return show_value(value, type)
    if type == "money" and isinstance(value, int):
        return Decimal(value) / MINOR_UNITS
    return value


def _json(value: object) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)
