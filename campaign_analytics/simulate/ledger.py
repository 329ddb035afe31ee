"""How much hinges on what we assumed: every default of ours the other way, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.assess.views import one_by_one
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.moving import Moving, deciding, name_of, options, put, sliders
from campaign_analytics.simulate.positions import Slider
from campaign_analytics.simulate.sensitivity import notes
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.simulate.what_if import WhatIf

LEVELS: tuple[Level, ...] = ("offers", "merchants")
_TEXTS = ("kind", "name", "label", "clause", "now", "then", "note")
_COUNTS = ("changed", "gained", "lost", "to_undetermined", "from_undetermined")
_COLUMNS = (*_COUNTS, *(f"merchants_{name}" for name in _COUNTS))


class _Flip(NamedTuple):
    """One default the other way, in words, and the verdicts of offers and of merchants then; None where none can hinge
    on it."""

    kind: str
    name: str
    label: str
    clause: str
    now: str
    then: str
    note: str
    verdicts: Callable[[], list[Array]] | None


def ledger(what_if: WhatIf, lang: str, progress: Progress | None) -> pd.DataFrame:
    """How much hinges on what we assumed, against how it is set now: one row for every default of ours the other
    way, one at a time, the weightiest first.

    kind: "parameter" (each other place or option; of a set each name put in or taken out), "policy" (the same of
    a parameter that a policy of the notice leaves open), "rule" (a rule of our reading switched off) or "variant"
    (of the rulebook, on top); name, label, clause, now, then, note (str); and numbers of offers (int64): changed,
    all whose verdict changes, gained and lost, who comes to qualify and who ceases to, to_undetermined,
    from_undetermined; the same of merchants, each called merchants_... . Where no verdict can hinge on a parameter
    one row stands for all its values; values that contradict others are left out. Counts are before quotas.
    ``progress`` is called with the rows done and those in all.
    """
    one_by_one(what_if.baseline)
    book, now = what_if.book, what_if.assessment
    flips = [*_parameters(what_if, lang), *_rules(what_if, lang), *_variants(what_if, lang)]
    before = [now.verdict(level) for level in LEVELS]
    rows: list[list[Any]] = []
    for done, flip in enumerate(flips, 1):
        counts = [0] * len(_COLUMNS)
        if flip.verdicts is not None:
            counts = [count for was, then in zip(before, flip.verdicts(), strict=True) for count in _turned(was, then)]
        rows.append([*flip[:-1], *counts])
        if progress:
            progress(done, len(flips))
    types: dict[str, Any] = dict.fromkeys(_TEXTS, "str") | dict.fromkeys(_COLUMNS, np.int64)
    made = pd.DataFrame(rows, columns=list(types)).astype(types)
    made = made.sort_values(["changed", "merchants_changed"], ascending=False, kind="stable", ignore_index=True)
    made.attrs |= notes(book, lang)
    return made


def _turned(was: Array, then: Array) -> list[int]:
    """The numbers of ``_COUNTS``."""
    good, open_ = ((each == PRE_QUALIFIED, each == UNDETERMINED) for each in (was, then))
    moved = (was != then, open_[0] & ~good[0], good[0] & ~open_[0], open_[1] & ~good[1], good[1] & ~open_[1])
    return [int(each.sum()) for each in moved]


def _assessed(what_if: WhatIf, book: Rulebook) -> list[Array]:
    then = what_if.assessed(book)
    return [then.verdict(level) for level in LEVELS]


def _moved(moving: Sequence[Moving], slider: Slider, book: Rulebook) -> list[Array]:
    """The verdicts where only a slider is another in ``book``: nothing is made again but what takes it."""
    found = []
    for each in moving:
        passing = each.at(each.rules[slider], book)
        sure, may = each.reached & (passing.worst > 0), each.open & (passing.best > 0)
        found.append(np.where(sure, PRE_QUALIFIED, np.where(may, UNDETERMINED, INELIGIBLE)))
    return found


def _parameters(what_if: WhatIf, lang: str) -> Iterator[_Flip]:
    """Every other value of a parameter that we assumed, or that a policy of the notice leaves to us."""
    book = what_if.book
    policies = {name for clause in book.document.clauses.values() if clause.kind == "policy" for name in clause.uses}
    for slider in sliders(book):
        name, held = slider.parameter, book.parameters[slider.parameter]
        if not held.assumed and name not in policies:
            continue
        value = slider.held(book.values[name])
        label = held.label(lang, name)
        if slider.of is not None:
            label = say("scenario_of", lang, label=label, of=slider.of)
        told = (
            "policy" if name in policies else "parameter", name_of(slider), label, ";".join(held.clause),
            book.show(name, value, lang),
        )  # fmt: skip
        others = list(_others(book, slider, value, lang))
        if not any(deciding(each, name) for each in (book, *(other for _, other in others[:1]))):  # set, if it was not
            yield _Flip(*told, say("ledger_any", lang), held.note.say(lang), None)
            continue
        moving = [Moving(what_if, [slider], level) for level in LEVELS]
        for then, other in others:
            yield _Flip(*told, then, held.note.say(lang), partial(_moved, moving, slider, other))


def _others(book: Rulebook, slider: Slider, value: Value | None, lang: str) -> Iterator[tuple[str, Rulebook]]:
    """Every other value, in words and in force: the other places or options; of a set each name put in or taken out."""
    name = slider.parameter
    if isinstance(value, frozenset):
        changed = [
            (f"{'−' if each in value else '+'}{each}", put(book, slider, value ^ {each}))
            for each in book.names_of(book.parameters[name])
        ]
    else:
        changed = [
            (book.show(name, each, lang), put(book, slider, each)) for each in options(book, name) if each != value
        ]
    yield from ((then, other) for then, other in changed if not other.contradictions())


def _rules(what_if: WhatIf, lang: str) -> Iterator[_Flip]:
    """Every rule of our reading switched off."""
    book = what_if.book
    for name in book.active:
        rule = book.rules[name]
        if rule.assumed:
            was, then = say(f"severity_{rule.severity}", lang), say("severity_off", lang)
            told = ("rule", name, rule.label(lang, name), ";".join(rule.clause), was, then, rule.note.say(lang))
            other = partial(_assessed, what_if, book.switch({name: "off"}))
            yield _Flip(*told, other if rule.severity == "block" else None)


def _variants(what_if: WhatIf, lang: str) -> Iterator[_Flip]:
    """Every variant of the rulebook that is not in force, on top of what is."""
    book = what_if.book
    for name, variant in book.document.variants.items():
        if name == book.variant:
            continue
        other = book.switch(variant.severity)
        for place, raw in variant.parameters.items():
            other = other.put(place, raw)
        if not other.contradictions():
            was, then = say("ledger_variant_now", lang), say("ledger_variant_then", lang)
            told = ("variant", name, variant.label(lang, name), "", was, then, variant.note.say(lang))
            yield _Flip(*told, partial(_assessed, what_if, other))
