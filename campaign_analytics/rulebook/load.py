"""From a TOML file to a checked ``Rulebook``, or to every fault that it has."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from campaign_analytics.errors import CampaignError, Fault, RulebookError, RulebookWarning, ValueFault
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.check import Checker
from campaign_analytics.rulebook.model import Document, Vocabulary
from campaign_analytics.rulebook.places import Places
from campaign_analytics.rulebook.quantities import Place
from campaign_analytics.rulebook.shape import shape
from campaign_analytics.rulebook.values import did_you_mean

_SHIPPED = resources.files("campaign_analytics") / "rulebooks"
_VOCABULARY = "vocabulary"
_WORDS = {"zh", "en", "note", "fix", "warn"}  # what the hash leaves out of every table
_SINGLE = {"rulebook", "scoring"}  # tables that are one entry; the others hold one a name


def shipped_rulebooks() -> tuple[str, ...]:
    """The names of the rulebooks that come with the package."""
    names = (Path(each.name) for each in _SHIPPED.iterdir())
    return tuple(sorted(path.stem for path in names if path.suffix == ".toml" and path.stem != _VOCABULARY))


def load_rulebook(name_or_path: str | Path, variant: str | None = None) -> Rulebook:
    """Read and check a rulebook: one that is shipped, by its name, or a TOML file, by its path.

    ``variant`` puts one of its ``[variants]`` on top. Raises ``RulebookError`` with every fault of the file, each
    with line and place; warns (``RulebookWarning``) where a parameter's default is a probable misprint of the notice.
    """
    text, path = _text_of(name_or_path)
    parsed = _parsed(text, path)
    shaped = shape(parsed, Document)
    document = shaped.document
    vocabulary = load_vocabulary()
    checker = Checker(document, vocabulary.lists, vocabulary.columns)
    checker.run(whole=not shaped.faults)
    faults = shaped.faults + [each for each in checker.faults if not _follows(each[1], shaped.left_out)]
    if faults:
        raise RulebookError(_located(faults, text, path))
    book = Rulebook(
        document=document,
        units={**vocabulary.units, **document.units},
        lists=checker.lists,
        columns=checker.columns,
        conditions=checker.conditions,
        guards=checker.guards,
        wheres=checker.wheres,
        limits=checker.limits,
        derived_order=checker.derived_order,
        values=checker.values,
        severities={},
        hash=_hash(parsed),
        path=path,
        warnings=tuple(_located([(place, said, None) for place, said in checker.warnings], text, path)),
    )
    contradictory = _contradictory_variants(book)
    if contradictory:
        raise RulebookError(_located(contradictory, text, path))
    book = _overlaid(book, variant) if variant else book
    for name, parameter in book.parameters.items():
        if parameter.warn and book.values[name] == checker.values[name]:
            warnings.warn(f"{book.id}: {name}: {parameter.warn.say('en')}", RulebookWarning, stacklevel=2)
    return book


def _overlaid(book: Rulebook, variant: str) -> Rulebook:
    if variant not in book.document.variants:
        known = book.document.variants
        raise CampaignError(
            f"{book.id} has no variant {variant!r}{did_you_mean(variant, known)}; it has: {', '.join(known) or 'none'}"
        )
    overlay = book.document.variants[variant]
    return replace(book.set(overlay.parameters), severities=overlay.severity, variant=variant)


def _contradictory_variants(book: Rulebook) -> list[tuple[Place, str, int | None]]:
    faults: list[tuple[Place, str, int | None]] = []
    for name, overlay in book.document.variants.items():
        try:
            book.set(overlay.parameters)
        except ValueFault as fault:
            faults.append((("variants", name, "parameters"), str(fault), None))
    return faults


@cache
def load_vocabulary() -> Vocabulary:
    """The shared vocabulary: lists and columns that every rulebook may use."""
    path = _SHIPPED / f"{_VOCABULARY}.toml"
    return Vocabulary.model_validate(_parsed(path.read_text("utf-8"), path.name))


def _text_of(name_or_path: str | Path) -> tuple[str, str]:
    if isinstance(name_or_path, str) and name_or_path in shipped_rulebooks():
        return (_SHIPPED / f"{name_or_path}.toml").read_text("utf-8"), f"{name_or_path}.toml"
    path = Path(name_or_path)
    try:
        return path.read_text("utf-8-sig"), str(path)
    except UnicodeDecodeError as error:
        raise RulebookError(
            [Fault("", f"is not UTF-8 (byte {error.start}); save it as UTF-8", file=str(path))]
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        known = shipped_rulebooks()
        near = did_you_mean(str(name_or_path), known) or f"; shipped are: {', '.join(known)}"
        raise RulebookError(
            [Fault("", f"cannot be read ({getattr(error, 'strerror', None) or error}){near}", file=str(path))]
        ) from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError([_syntax(str(error), path)]) from None
    except RecursionError:
        raise RulebookError([Fault("", "is no TOML: nested too deeply", file=path)]) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise RulebookError([Fault("", f"is no TOML: {error}", file=path)]) from None


def _follows(said: str, left_out: frozenset[str]) -> bool:
    """A fault that only says that an entry is unknown which was left out for a fault of its own."""
    return said.startswith("unknown") and any(f"'{name}'" in said or f"':{name}'" in said for name in left_out)


def _syntax(said: str, path: str) -> Fault:
    message, _, where = said.partition(" (at ")
    line = where.removeprefix("line ").split(",")[0].rstrip(")")
    twice = re.fullmatch(r"Cannot declare \((.*)\) twice", message)
    if twice:
        message = ".".join(re.findall(r"'([^']*)'", twice[1])) + " is declared twice"
    return Fault("", message if twice else f"is no TOML: {message}", int(line) if line.isdigit() else None, path)


def _located(found: list[tuple[Place, str, int | None]], text: str, path: str) -> list[Fault]:
    places = Places(text)
    faults = [Fault(".".join(map(str, place)), said, places.line(place, offset), path) for place, said, offset in found]
    return sorted(faults, key=lambda fault: fault.line or 0)


def _hash(parsed: Mapping[str, Any]) -> str:
    """SHA-256 over the content without labels and notes, as hexadecimal digits."""

    def unworded(entry: Any) -> Any:
        return {key: each for key, each in entry.items() if key not in _WORDS} if isinstance(entry, dict) else entry

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in sorted(value.items())}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value if isinstance(value, bool) else str(value)

    content = {
        table: unworded(held) if table in _SINGLE else {name: unworded(entry) for name, entry in held.items()}
        for table, held in parsed.items()
        if table != "units"  # they are labels
    }
    return hashlib.sha256(json.dumps(plain(content), ensure_ascii=False).encode()).hexdigest()
