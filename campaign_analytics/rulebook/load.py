"""From a TOML file to a checked ``Rulebook``, or to every fault that it has."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from campaign_analytics.errors import CampaignError, RulebookError, RulebookWarning, ValueFault
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.check import Checker, requirement_trees
from campaign_analytics.rulebook.model import Document, Vocabulary
from campaign_analytics.rulebook.quantities import Place
from campaign_analytics.rulebook.shape import shape
from campaign_analytics.rulebook.toml import located, parsed, text_of
from campaign_analytics.rulebook.values import did_you_mean

_SHIPPED = resources.files("campaign_analytics") / "rulebooks"
_VOCABULARY = "vocabulary"
_NO_RULEBOOKS = {_VOCABULARY, "platform"}
_WORDS = {"zh", "en", "note", "fix", "warn"}  # what the hash leaves out of every table
_STAND_IN = {"rulebook": {"id": "?", "version": "?", "effective": "2000-01-01", "clauses": []}}
_SINGLE = {"rulebook", "scoring"}  # tables that are one entry; the others hold one a name


def shipped_rulebooks() -> tuple[str, ...]:
    """The names of the rulebooks that come with the package."""
    names = (Path(each.name) for each in _SHIPPED.iterdir())
    return tuple(sorted(path.stem for path in names if path.suffix == ".toml" and path.stem not in _NO_RULEBOOKS))


def load_rulebook(name_or_path: str | Path, variant: str | None = None) -> Rulebook:
    """Read and check a rulebook: one that is shipped, by its name, or a TOML file, by its path.

    ``variant`` puts one of its ``[variants]`` on top. Raises ``RulebookError`` with every fault of the file, each
    with line and place; warns (``RulebookWarning``) where a parameter's default is a probable misprint of the notice.
    """
    text, path = _text_of(name_or_path)
    content = parsed(text, path)
    shaped = shape(content, Document, _STAND_IN)
    document = shaped.document
    vocabulary = load_vocabulary()
    checker = Checker(document, vocabulary.lists, vocabulary.columns)
    checker.run(whole=not shaped.faults)
    faults = shaped.faults + [each for each in checker.faults if not _follows(each[1], shaped.left_out)]
    if faults:
        raise RulebookError(located(faults, text, path))
    book = Rulebook(
        document=document,
        units={**vocabulary.units, **document.units},
        lists=checker.lists,
        columns=checker.columns,
        conditions=checker.conditions,
        guards=checker.guards,
        wheres=checker.wheres,
        limits=checker.limits,
        required_trees=requirement_trees(document, checker.lists),
        derived_order=checker.derived_order,
        values=checker.values,
        severities={},
        hash=_hash(content),
        path=path,
        warnings=tuple(located([(place, said, None) for place, said in checker.warnings], text, path)),
    )
    contradictory = _contradictory_variants(book)
    if contradictory:
        raise RulebookError(located(contradictory, text, path))
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
    return replace(book.set(overlay.parameters).switch(overlay.severity), variant=variant, written=None)


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
    return Vocabulary.model_validate(parsed(path.read_text("utf-8"), path.name))


def _text_of(name_or_path: str | Path) -> tuple[str, str]:
    if isinstance(name_or_path, str) and name_or_path in shipped_rulebooks():
        return (_SHIPPED / f"{name_or_path}.toml").read_text("utf-8"), f"{name_or_path}.toml"
    path, known = Path(name_or_path), shipped_rulebooks()
    return text_of(path, did_you_mean(str(name_or_path), known) or f"; shipped are: {', '.join(known)}"), str(path)


def _follows(said: str, left_out: frozenset[str]) -> bool:
    """A fault that only says that an entry is unknown which was left out for a fault of its own."""
    return said.startswith("unknown") and any(f"'{name}'" in said or f"':{name}'" in said for name in left_out)


def _hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the content without labels and notes, as hexadecimal digits."""

    def unworded(entry: Any) -> Any:
        return {key: each for key, each in entry.items() if key not in _WORDS} if isinstance(entry, dict) else entry

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in sorted(value.items())}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value if isinstance(value, bool) else str(value)

    told = {
        table: unworded(held) if table in _SINGLE else {name: unworded(entry) for name, entry in held.items()}
        for table, held in content.items()
        if table != "units"  # they are labels
    }
    return hashlib.sha256(json.dumps(plain(told), ensure_ascii=False).encode()).hexdigest()
