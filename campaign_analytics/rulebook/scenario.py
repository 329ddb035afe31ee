"""Scenarios: a rulebook with some values changed and some rules switched, under a name, in a small file.

scenario = book.scenario("More returns", {"max_return_rate[厨具]": "8%"}, min_orders=5, off=["growth"])
scenario.diff()
scenario.save("more_returns.toml")
load_scenario("more_returns.toml", book)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from campaign_analytics.errors import CampaignError, Fault, RulebookError, ValueFault
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.rulebook.model import Severity, Words
from campaign_analytics.rulebook.quantities import Place
from campaign_analytics.rulebook.shape import shape
from campaign_analytics.rulebook.toml import key, located, parsed, quoted, text_of, written
from campaign_analytics.rulebook.values import ONE_VALUE, Value, did_you_mean
from campaign_analytics.words import say

if TYPE_CHECKING:
    import pandas as pd

    from campaign_analytics.rulebook.book import Rulebook

_OURS = re.compile(r"^\s*\[scenario\]", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Scenario:
    """A rulebook with some values changed and rules switched. Two are equal where their files are."""

    name: Words
    baseline: Rulebook  # what it is compared with
    book: Rulebook  # the baseline with the changes on top
    author: str = ""

    @cached_property
    def changes(self) -> Mapping[str, Value | None]:
        """The values that differ from the baseline's, typed, by place: "x", or "x[y]" for the value of one y."""
        return differences(self.baseline, self.book)

    @cached_property
    def severity(self) -> Mapping[str, str]:
        """The severities that differ from the baseline's, by rule."""
        return switched(self.baseline, self.book)

    @property
    def off(self) -> tuple[str, ...]:
        """The rules that are off here and not in the baseline, in clause order."""
        return tuple(rule for rule, severity in self.severity.items() if severity == "off")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What to know of its values: those that are out of bounds. They count all the same."""
        return tuple(fault for fault in self.book.warnings if fault not in self.baseline.warnings)

    def diff(self, other: Scenario | None = None, lang: str = "en") -> pd.DataFrame:
        """What changes from the baseline to this scenario, or from this one to ``other``: a row a value or rule.

        In clause order: name (the place, or the rule), label, clause, unit, old and new as people write them, and what
        is added to a set and removed from it. All texts. Raises ``CampaignError`` where the rulebooks differ.
        """
        import pandas as pd

        old, new = (self.baseline, self.book) if other is None else (self.book, other.book)
        if old.hash != new.hash:
            raise CampaignError(f"scenarios of two rulebooks cannot be compared: {_called(old)}, {_called(new)}")
        rows = sorted([*_moved_rows(old, new, lang), *_switched_rows(old, new, lang)], key=lambda row: row[0])
        columns = ["name", "label", "clause", "unit", "old", "new", "added", "removed"]
        return pd.DataFrame([row[1:] for row in rows], columns=columns, dtype="str")

    @cached_property
    def toml(self) -> str:
        """Its file: the rulebook, and every value and severity that differs from those written in it."""
        origin = self.book.as_written
        head = {"rulebook": origin.id, "version": origin.version, "hash": origin.hash, "variant": origin.variant or ""}
        told = {**head, "zh": self.name.zh, "en": self.name.en, "author": self.author}
        tables = {
            "scenario": {name: quoted(text) for name, text in told.items() if text},
            "parameters": {
                place: written(value, self.book.parameters[_parts(place)[0]].type)
                for place, value in differences(origin, self.book).items()
            },
            "severity": {rule: quoted(severity) for rule, severity in switched(origin, self.book).items()},
        }
        return "\n".join(
            f"[{table}]\n" + "".join(f"{key(name)} = {text}\n" for name, text in entries.items())
            for table, entries in tables.items()
            if entries
        )

    def save(self, path: str | Path) -> Path:
        """Write it to a TOML file. Raises ``CampaignError`` where it can't be written, or another file is there."""
        path = Path(path)
        try:
            if path.exists() and not _OURS.search(path.read_text("utf-8-sig", errors="replace")):
                raise CampaignError(f"{path}: is there already and is no scenario; choose another name")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.toml.encode())
        except (OSError, ValueError) as error:  # ValueError: a path with a zero byte, a text that is no Unicode
            raise CampaignError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
        return path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.toml == other.toml

    def __hash__(self) -> int:
        return hash(self.toml)


def named(name: str | Mapping[str, str]) -> Words:
    """A scenario's name in both languages; raises ``ValueFault`` for what is none."""
    try:
        words = Words(zh=name, en=name) if isinstance(name, str) else Words.model_validate(name)
    except ValidationError:
        words = Words()
    if not (words.zh + words.en).strip():
        raise ValueFault(f'{name!r} is no name of a scenario; give it a text, or {{"zh": …, "en": …}}')
    return words


# ---- what differs


def differences(old: Rulebook, new: Rulebook) -> dict[str, Value | None]:
    """The values of ``new`` that differ from those of ``old``, a rulebook of the same hash, by place ("x", "x[y]")."""
    found: dict[str, Value | None] = {}
    for name, held in new.parameters.items():
        if old.values[name] is new.values[name]:
            continue
        was, now = _each(old.values[name]), _each(new.values[name])
        for of in {**was, **now}:
            if written(was.get(of), held.type) != written(now.get(of), held.type):
                found[f"{name}[{of}]" if of else name] = now.get(of)
    return found


def switched(old: Rulebook, new: Rulebook) -> dict[str, str]:
    """The severities of ``new`` that differ from those of ``old``, by rule, in clause order."""
    return {name: rule.severity for name, rule in new.rules.items() if rule.severity != old.rules[name].severity}


def _each(bound: Bound) -> dict[str, Value | None]:
    """A parameter's values by what they are for; "" for all, or for all others."""
    return {"": bound.default, **dict(bound.values)} if isinstance(bound, PerValue) else {"": bound}


def _parts(place: str) -> tuple[str, str]:
    one = ONE_VALUE.fullmatch(place)
    return (one["name"], one["of"]) if one else (place, "")


def _moved_rows(old: Rulebook, new: Rulebook, lang: str) -> Iterator[tuple[Any, ...]]:
    for place in differences(old, new):
        name, of = _parts(place)
        held, label = new.parameters[name], new.parameters[name].label(lang, name)
        if isinstance(new.values[name], PerValue):
            label = say("scenario_of" if of else "scenario_others", lang, label=label, of=of)
        was, now = (_in_force(book.values[name], of) for book in (old, new))
        a, b = (value if isinstance(value, frozenset) else frozenset() for value in (was, now))
        unit = new.header.currency if held.type == "money" else new.unit_label(held.unit, lang)
        values = [new.show(name, value, lang) or say("scenario_empty", lang) for value in (was, now)]
        moved = [new.show(name, names, lang) for names in (b - a, a - b)]
        yield (_order(new, held.clause), place, label, ";".join(held.clause), unit, *values, *moved)


def _in_force(bound: Bound, of: str) -> Value | None:
    """The value for ``of``: its own, else the one for all others."""
    values = _each(bound)
    return values.get(of, values[""])


def _switched_rows(old: Rulebook, new: Rulebook, lang: str) -> Iterator[tuple[Any, ...]]:
    for name, severity in switched(old, new).items():
        rule = new.rules[name]
        values = [say(f"severity_{each}", lang) for each in (old.rules[name].severity, severity)]
        yield (_order(new, rule.clause), name, rule.label(lang, name), ";".join(rule.clause), "", *values, "", "")


def _order(book: Rulebook, clauses: tuple[str, ...]) -> int:
    return book.header.clauses.index(clauses[0])


# ---- from a file


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    rulebook: str
    version: str
    hash: str
    variant: str = ""
    zh: str = ""
    en: str = ""
    author: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    scenario: _Head
    parameters: dict[str, Any] = Field(default_factory=dict)
    severity: dict[str, Severity] = Field(default_factory=dict)


def load_scenario(path: str | Path, book: Rulebook) -> Scenario:
    """Read and check a scenario of ``book``'s rulebook and variant; ``book``, with whatever was set in it, is its
    baseline.

    Raises ``RulebookError`` with every fault of the file, each with line and place: a scenario of another rulebook or
    of another state of it, names that there are not, values that are of the wrong type or contradict each other.
    """
    text, path = text_of(path), str(path)
    own = {"rulebook": book.id, "version": book.version, "hash": book.hash}
    content = parsed(text, path)
    if not isinstance(content.get("scenario"), dict):
        raise RulebookError([Fault("", "is no scenario: it has no table [scenario]", file=path)])
    shaped = shape(content, _File, {"scenario": own})
    file, faults = shaped.document, [*shaped.faults, *_of_another(shaped.document.scenario, book)]
    now = book.as_written
    if file.scenario.rulebook == book.id:
        now = _overlaid(file, now, faults)
    if not any(str(content["scenario"].get(lang, "")).strip() for lang in ("zh", "en")):
        faults.append((("scenario",), "has no name; give it zh or en, or both", None))
    if faults:
        raise RulebookError(located(faults, text, path))
    return Scenario(Words(zh=file.scenario.zh, en=file.scenario.en), book, now, file.scenario.author)


def _of_another(head: _Head, book: Rulebook) -> Iterator[tuple[Place, str, int | None]]:
    """Why it is a scenario of another rulebook than ``book``, and what to do."""
    if head.rulebook != book.id:
        yield ("scenario", "rulebook"), f"is of {head.rulebook!r}, not of {book.id!r}; load it with that rulebook", None
        return
    if head.hash != book.hash:
        yield (
            ("scenario", "hash"),
            f"was made for version {head.version} with the hash {head.hash}, and the rulebook is now version "
            f"{book.version} with the hash {book.hash}; load it with the rulebook that it was made for, or, where its "
            "values still fit, write the new version and hash into it",
            None,
        )
    if head.variant != (book.variant or ""):
        yield ("scenario", "variant"), _other_variant(head.variant, book), None


def _other_variant(variant: str, book: Rulebook) -> str:
    known = book.document.variants
    if variant and variant not in known:
        near = did_you_mean(variant, known) or f"; it has: {', '.join(known) or 'none'}"
        return f"{book.id} has no variant {variant!r}{near}"
    made, here = (f"the variant {each!r}" if each else "no variant" for each in (variant, book.variant))
    load = f"with variant={variant!r}" if variant else "without variant="
    return f"was made on {made}, and the rulebook has {here}; load it {load}"


def _overlaid(file: _File, book: Rulebook, faults: list[tuple[Place, str, int | None]]) -> Rulebook:
    """The rulebook with the file's values and severities; what is wrong with them is added to ``faults``."""
    sound = True
    for place, raw in file.parameters.items():
        if isinstance(raw, dict) and raw:
            sound = False
            faults += [(("parameters", place, of), f"is written {quoted(f'{place}[{of}]')}", None) for of in raw]
            continue
        try:
            book = book.put(place, raw)
        except ValueFault as fault:
            sound = False
            faults.append((("parameters", place), str(fault).removeprefix(f"{_parts(place)[0]}: "), None))
    for rule, severity in file.severity.items():
        try:
            book = book.switch({rule: severity})
        except ValueFault as fault:
            faults.append((("severity", rule), str(fault), None))
    for requirement in book.contradictions() if sound else ():
        faults.append((("parameters",), f"these values contradict each other: {requirement} must hold", None))
    return book


def _called(book: Rulebook) -> str:
    return f"{book.id} version {book.version} (hash {book.hash[:12]})"
