"""Whatever a rulebook file holds: it is data. It is read or refused in a line each, and nothing of it is ever run."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, load_rulebook
from campaign_analytics.errors import CampaignError, RulebookError
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook import load
from campaign_analytics.rulebook.book import Rulebook
from tests.rulebook.fair import FAIR, changed, saved

PAYLOADS = [
    "__import__('os').system('touch hacked')",
    "${jndi:ldap://x}",
    "{0.__class__.__mro__}",
    "%(x)s %n",
    "'; ATTACH 'hacked.db'; COPY offers TO 'hacked.csv'; --",
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "!!python/object/apply:os.system ['touch hacked']",
    "=cmd|'/c calc'!A0",
    "<script>alert(1)</script>",
]
PLACES = [
    ('en = "Fresh"', "en = {}"),
    ('id = "fair"', "id = {}"),
    ('version = "2"', "version = {}"),
    ('"Europe/Stockholm"', "{}"),
    ('category = "aisle"', "category = {}"),
    ('condition = "today - baked <= :most_days"', "condition = {}"),
    ('when = "usual > 0"', "when = {}"),
    ('make = "earliest"', "make = {}"),
    ('time = "paid_at"', "time = {}"),
    ('"by_card AND :strict"', "{}"),
    ('"Bread", "Fish", "Fruit"', '"Bread", "Fish", "Fruit", {}'),
    ('limit = ":stalls"', "limit = {}"),
    ('order = "taste DESC, offer_id"', "order = {}"),
    ("default = 5, min", "default = {}, min"),
    ("default = 2031-06-01T00:00:00", "default = {}"),
    ('":opens < :closes"', "{}"),
    ('aliases = ["fresh since"]', "aliases = [{}]"),
    ('kind = "process"', 'kind = "process"\nuses = [{}]'),
    ('weights = ["crates"]', "weights = [{}]"),
    ("[clauses.8]", "[rules.{}]\nclause = '2'\ncondition = 'crates > 0'\n[clauses.8]"),
]
RAN = {"exec", "compile", "import", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect"}
_seen: list[str] | None = None  # events while somebody watches; a hook can't be taken away again


def _hook(event: str, arguments: Any) -> None:
    writes = event == "open" and bool(int(arguments[2]) & (os.O_WRONLY | os.O_RDWR))
    if _seen is not None and (event in RAN or writes):
        _seen.append(f"{event}: {arguments}"[:200])


@pytest.fixture(scope="module")
def watch() -> Any:
    sys.addaudithook(_hook)

    @contextmanager
    def watched() -> Iterator[list[str]]:
        global _seen
        found: list[str] = []
        _seen = found
        try:
            yield found
        finally:
            _seen = None

    return watched


def used(book: Rulebook) -> None:
    """Everything that a rulebook is asked for, up to an assessment's headline."""
    ids = {"merchant_id": ["m"], "offer_id": ["o"]}
    tables = {
        name: Table(name, {key: Cells("text", pd.array(ids[key], dtype="str")) for key in keys}, 1)
        for name, keys in (("merchants", ["merchant_id"]), ("offers", ["offer_id", "merchant_id"]))
    }
    result = assess(Market(tables), book, as_of=datetime(2031, 6, 1))
    result.headline("zh")
    result.offers()
    result.assumptions()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_content_is_ever_run(tmp_path: Path, watch: Any, payload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quoted = '"' + payload.replace("\\", "\\\\").replace('"', '\\"') + '"'
    used(load_rulebook(saved(tmp_path)))  # what is imported on first use is imported now
    with pytest.raises(RulebookError, match="unknown time zone"):
        load_rulebook(saved(tmp_path, changed(('"Europe/Stockholm"', '"Europe/Nowhere"'))))
    for old, new in PLACES:
        text = changed((old, new.replace("{}", quoted)))
        path = saved(tmp_path, text)
        with watch() as events, suppress(CampaignError):
            used(load_rulebook(path))
        assert events == [], new
    assert {path.name for path in tmp_path.iterdir()} == {"fair.toml"}


# ---- any file at all: read, or refused

WORDS = sorted(
    {*re.findall(r"[\w.]+|[^\w\s]", FAIR), "none", "''", '""', "-1", "1e99", "nan", "inf", "[]", "{}", "in", "by"}
)
TOKENS = re.split(r"(\s+|[^\w\s])", FAIR)
SOLID = [place for place, token in enumerate(TOKENS) if token.strip()]


@settings(max_examples=150)
@given(edits=st.lists(st.tuples(st.sampled_from(SOLID), st.sampled_from(WORDS)), min_size=1, max_size=3))
def test_a_file_changed_anywhere_is_read_or_refused(edits: list[tuple[int, str]]) -> None:
    tokens = list(TOKENS)
    for place, word in edits:
        tokens[place] = word
    _read_or_refused("".join(tokens))


@settings(max_examples=80)
@given(first=st.integers(0, FAIR.count("\n")), more=st.integers(1, 12), again=st.booleans())
def test_a_file_with_lines_lost_or_repeated_is_read_or_refused(first: int, more: int, again: bool) -> None:
    lines = FAIR.splitlines(keepends=True)
    cut = lines[first : first + more]
    _read_or_refused("".join(lines + cut if again else lines[:first] + lines[first + more :]))


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refused(text)
    _read_or_refused(changed(('"asked <= :share * usual"', f"'''{text.replace(chr(39), '')}'''")))


def _read_or_refused(text: str) -> None:
    book, refused = None, None
    with patch.object(load, "_text_of", lambda name: (text, name)):
        try:
            book = load_rulebook("fair.toml")
        except RulebookError as error:
            refused = error
    if book is not None:
        used(book)
    else:
        assert refused is not None
        assert refused.faults
        assert all(fault.message and "\n" not in str(fault) for fault in refused.faults)
