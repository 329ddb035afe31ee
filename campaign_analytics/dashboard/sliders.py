"""What can be moved on a dashboard, read off the rulebook: a control for each parameter behind a rule that decides.

A control moves over *places*: indices into what the parameter may be. Its texts say what each place is, with its unit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.tree import Compare, walk
from campaign_analytics.rulebook.values import MINOR_UNITS, Value
from campaign_analytics.simulate.coded import rises_with
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

#: Where a control stands: a place, or of a set the places of its members.
Place: TypeAlias = "int | list[int]"

#: In place of a place: the baseline's value, which is on none; and any other value that is on none.
AS_BEFORE: Final = -1
ELSEWHERE: Final = -2

_EITHER_OR: Final = 2  # places between which there is nothing to drag

#: The name of the control that switches rules off; no parameter can have it.
RULES: Final = "[rules]"

_SECTION = re.compile(r"\d+|[^\d\W_]+")
_SIGNS = {(True, False): "≤", (True, True): "<", (False, False): "≥", (False, True): ">"}


@dataclass(frozen=True)
class Control:
    """One row of a panel. ``base`` is where it stands in the baseline, ``base_text`` what that says; ``note`` tells of
    values that it does not move."""

    name: str
    kind: Literal["slider", "flag", "choice", "set"]
    label: str
    sign: str
    clause: str
    section: str
    direct: bool  # a condition names the parameter, not a recipe alone
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    base: Place
    base_text: str
    note: str = ""

    def spec(self) -> dict[str, Any]:
        """What the browser needs to draw it."""
        names = ("name", "kind", "label", "sign", "clause", "texts", "base", "note")
        return {name: getattr(self, name) for name in names} | {"baseText": self.base_text}

    def place(self, value: Value | None) -> Place:
        """Where a value stands; ``ELSEWHERE`` if on no place."""
        return _place(self.values, value)

    def only(self, values: Collection[Any], lang: str) -> Control:
        """A set of which everything is in, of some of its values; it tells how many others there are."""
        kept = [i for i, value in enumerate(self.values) if value in values]
        held, texts = (tuple(each[i] for i in kept) for each in (self.values, self.texts))
        note = say("board_fixed", lang, count=len(self.values) - len(kept)) if len(kept) < len(self.values) else ""
        return replace(self, values=held, texts=texts, base=list(range(len(kept))), note=note)

    def value(self, place: Place) -> Value:
        """What stands at a place. Raises ``ValueError`` for what is none."""
        several = isinstance(place, list)
        places = place if isinstance(place, list) else [place]
        if several is not (self.kind == "set") or not set(places) <= set(range(len(self.values))):
            raise ValueError(f"{self.name} has no place {place!r}")
        held: Value = frozenset(self.values[i] for i in places) if several else self.values[places[0]]
        return held


def controls(book: Rulebook, lang: str) -> list[Control]:
    """A control for every parameter behind a rule of the gate, in clause order; last the rules themselves."""
    gate, behind = _gate(book), rules_behind(book)
    clauses = {clause: i for i, clause in enumerate(book.header.clauses)}
    named = sorted(
        (name for name in book.parameters if name in behind), key=lambda name: clauses[book.parameters[name].clause[0]]
    )
    made = [_control(book, name, [r for r in gate if name in book.parameters_of(r)], lang) for name in named]
    return [*(each for each in made if each), _rules(book, gate, lang)]


def sections(held: Sequence[Control], most: int) -> tuple[list[Control], list[Control]]:
    """The sliders for a first panel of ``most`` rows, each section's heading counted as one; and all other controls."""
    first: list[Control] = []
    rows, last = 0, None
    for control in held:
        if control.kind != "slider" or not control.direct:
            continue
        needs = 1 + (control.section != last)
        if rows + needs > most:
            break
        first.append(control)
        rows, last = rows + needs, control.section
    return first, [control for control in held if control not in first]


def rules_behind(book: Rulebook) -> dict[str, tuple[str, ...]]:
    """By parameter: the rules of the gate that it moves, in clause order."""
    found: dict[str, list[str]] = {}
    for rule in _gate(book):
        for name in dict.fromkeys([*book.parameters_of(rule), *_of_recipes(book, rule)]):
            found.setdefault(name, []).append(rule)
    return {name: tuple(rules) for name, rules in found.items()}


def spelled(book: Rulebook, name: str, value: Value | None) -> Any:
    """A typed value as ``Rulebook.set`` takes it."""
    if book.parameters[name].type == "money" and isinstance(value, int):
        return Decimal(value) / MINOR_UNITS
    return sorted(value) if isinstance(value, frozenset) else value


def in_force(book: Rulebook, name: str) -> Value | None:
    """A parameter's value; of one that varies by column its default, which is what its slider moves."""
    held = book.values[name]
    return held.default if isinstance(held, PerValue) else held


def section_name(book: Rulebook, section: str, lang: str) -> str:
    """A section's heading: its clauses, and whether they are about offers or merchants."""
    levels = {book.level(rule) for rule in _gate(book) if _section(book.rules[rule].clause[0]) == section}
    about = say(f"{levels.pop()}_rules", lang) if len(levels) == 1 else ""
    return say("board_section", lang, section=section) + (f" · {about}" if about else "")


def _gate(book: Rulebook) -> list[str]:
    """The rules that decide, or would if their parameters were set, in clause order."""
    return [
        name
        for name, rule in book.rules.items()
        if rule.severity == "block" and rule.phase != "stay" and not rule.ladder
    ]


def _of_recipes(book: Rulebook, rule: str) -> Iterator[str]:
    """The parameters that feed the recipes behind a rule."""
    waiting = [column for column in book.columns_of(rule) if column in book.derived]
    for derived in waiting:  # grows
        yield from book.recipe_parameters(derived)
        waiting += [column for column in book.reads(derived) if column in book.derived and column not in waiting]


def _control(book: Rulebook, name: str, rules: Sequence[str], lang: str) -> Control | None:
    held = book.parameters[name]
    values: tuple[Any, ...] = book.places(name) or book.names_of(held)
    if len(values) < 2:
        return None
    usual = "slider" if len(values) > _EITHER_OR else "choice"
    kind: Any = {"flag": "flag", "text": "choice", "set": "set"}.get(held.type, usual)
    now = in_force(book, name)
    place = _place(values, now)
    return Control(
        name=name,
        kind=kind,
        label=held.label(lang, name),
        sign=_sign(book, name, rules) if kind == "slider" else "",
        clause=held.clause[0],
        section=_section(held.clause[0]),
        direct=bool(rules),
        values=values,
        texts=tuple(values if held.type in ("text", "set") else (book.show(name, value, lang) for value in values)),
        base=AS_BEFORE if place == ELSEWHERE else place,
        base_text=book.show(name, now, lang),
        note=_set_apart(book, name, lang),
    )


def _place(values: Sequence[Any], value: Value | None) -> Place:
    if isinstance(value, frozenset):
        return [i for i, each in enumerate(values) if each in value]
    return values.index(value) if value in values else ELSEWHERE


def _set_apart(book: Rulebook, name: str, lang: str) -> str:
    """How many values of the column by which a parameter varies have one of their own."""
    held = book.values[name]
    apart = len(held.values) if isinstance(held, PerValue) else 0
    return say("board_apart", lang, count=apart) if apart else ""


def _rules(book: Rulebook, gate: Sequence[str], lang: str) -> Control:
    """The rules of the gate as a set: a rule that is taken out is switched off."""
    labels = tuple(f"{book.rules[rule].clause[0]} {book.rules[rule].label(lang, rule)}" for rule in gate)
    every = list(range(len(gate)))
    title = say("board_rules", lang)
    return Control(RULES, "set", title, "", "", "", False, tuple(gate), labels, every, "")


def _sign(book: Rulebook, parameter: str, rules: Sequence[str]) -> str:
    """How columns compare with a parameter; empty where rules differ, or there is no order."""
    signs = {
        _SIGNS[rises, leaf.op in ("<", ">")]
        for rule in rules
        for leaf in walk(book.conditions[rule])
        if isinstance(leaf, Compare) and (rises := rises_with(leaf, parameter)) is not None
    }
    return signs.pop() if len(signs) == 1 else ""


def _section(clause: str) -> str:
    """The part of a clause's number by which clauses belong together: 四 of 四.9b, A of A1, 3 of 3.2."""
    found = _SECTION.match(clause.strip())
    return found[0] if found else clause
