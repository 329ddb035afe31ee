"""What differs between two rulebooks, or two versions of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.rulebook.exact import Bound, PerValue

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_COLUMNS = ("kind", "name", "label", "clause", "what", "old", "new")
#: What of a rule changes whom it stops; words and remedies do not.
_OF_RULE = ("condition", "when", "phase", "severity", "group", "ladder")


def rulebook_changes(old: Rulebook, new: Rulebook, lang: str = "en") -> pd.DataFrame:
    """One row a difference that may turn verdicts, all texts: kind (parameter, rule, derived), name, label, clause,
    what (value, condition, when, phase, severity, ...; "added" or "removed" for the whole of it), old, new."""
    rows = [*_parameters(old, new, lang), *_rules(old, new, lang), *_derived(old, new, lang)]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype="str")


def _parameters(old: Rulebook, new: Rulebook, lang: str) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys([*old.parameters, *new.parameters]):
        was, now = (
            {} if name not in book.parameters else _shown(book, name, book.values[name], lang) for book in (old, new)
        )
        held = (new if name in new.parameters else old).parameters[name]
        for of in dict.fromkeys([*was, *now]):
            if was.get(of) != now.get(of):
                what = "removed" if not now else "added" if not was else "value"
                place = f"{name}[{of}]" if of else name
                clause = ";".join(held.clause)
                yield "parameter", place, held.label(lang, name), clause, what, was.get(of, ""), now.get(of, "")


def _shown(book: Rulebook, name: str, held: Bound, lang: str) -> dict[str, str]:
    each = {"": held.default, **dict(held.values)} if isinstance(held, PerValue) else {"": held}
    return {of: book.show(name, value, lang) for of, value in each.items()}


def _rules(old: Rulebook, new: Rulebook, lang: str) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys([*old.rules, *new.rules]):
        was, now = old.rules.get(name), new.rules.get(name)
        held = now or was
        assert held is not None
        told = "rule", name, held.label(lang, name), ";".join(held.clause)
        if was is None or now is None:
            yield (
                *told,
                "added" if was is None else "removed",
                was.condition if was else "",
                now.condition if now else "",
            )
            continue
        for what in _OF_RULE:
            if getattr(was, what) != getattr(now, what):
                yield *told, what, str(getattr(was, what)), str(getattr(now, what))


def _derived(old: Rulebook, new: Rulebook, lang: str) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys([*old.derived, *new.derived]):
        was, now = ({} if name not in book.derived else _made(book, name) for book in (old, new))
        label = (new if name in new.derived else old).derived[name].label(lang, name)
        for what in dict.fromkeys([*was, *now]) if was and now else ():
            if was.get(what) != now.get(what):
                yield "derived", name, label, "", what, was.get(what, ""), now.get(what, "")


def _made(book: Rulebook, name: str) -> Mapping[str, str]:
    spec: Any = book.derived[name]
    return {"make": spec.make} | {argument: str(value) for argument, value in spec.with_.items()}
