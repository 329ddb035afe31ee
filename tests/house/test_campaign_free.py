"""No campaign stands in the code: its rules, parameters, columns, labels and header aliases are data."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[2] / "campaign_analytics"

#: Columns that the code may name, because every market has them, whatever the campaign.
STRUCTURAL = {"offer_id", "merchant_id", "sku_id", "linked_id", "category", "enrolled_at", "snapshot_at", "status"}

#: Words of the rulebook format itself: reserved parameters (the clock's), a reserved column and arguments of recipes.
FORMAT = {
    "enrol_from",
    "enrol_until",
    "campaign_from",
    "campaign_until",
    "hold_from",
    "offers_pre_qualified",
    "piece_units",
    "claims",
    "max_link_depth",
    "max_shared",
}

MODULES = sorted(PACKAGE.rglob("*.py"))
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


@cache
def _campaign_words() -> frozenset[str]:
    """Ids of rules, parameters, columns and lists; clause numbers, labels, list values and header aliases."""
    words = set[str]()
    for path in (PACKAGE / "rulebooks").glob("*.toml"):
        book = tomllib.loads(path.read_text("utf-8"))
        for section in ("lists", "parameters", "columns", "derived", "rules", "clauses", "ladders", "quotas"):
            for name, entry in book.get(section, {}).items():
                words |= {name, *_texts(entry)}
        words |= {book["rulebook"]["id"], *_texts(book["rulebook"])} if "rulebook" in book else set()
    return frozenset(words)


def _texts(entry: Any) -> Iterator[str]:
    """The Chinese texts anywhere in an entry: labels, aliases and list values."""
    if isinstance(entry, str) and CHINESE.search(entry):
        yield entry
    elif isinstance(entry, dict):
        for key, value in entry.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _texts(value)


def _constants(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_word_of_a_campaign_stands_in_the_code(path: Path) -> None:
    found = [(line, text) for line, text in _constants(path) if text in _campaign_words() - STRUCTURAL - FORMAT]
    assert not found
