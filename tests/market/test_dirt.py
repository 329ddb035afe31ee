"""A market written with any dirt reads back as it was, or each cell that is lost is told where it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from campaign_analytics.demo import demo_market
from campaign_analytics.demo.dirt import KINDS, write_dirty
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.dirty import differences

#: Records under names of the platform's fields are its answers, in which other fields mean nothing.
PLATFORM = {"headers: other names", "files: json lines"}


@cache
def market(seed: int) -> Market:
    return demo_market(40, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(book: Rulebook, tmp_path: Path, kind: str) -> None:
    dirty = write_dirty(market(0), tmp_path, book, [kind], seed=1)
    assert differences(dirty, read_market(tmp_path, book)) == []
    if kind != "headers: upper case":  # there is nothing to change in Chinese
        assert dirty.made[kind] > 0


@given(kinds=st.sets(st.sampled_from(list(KINDS)), min_size=2, max_size=12), seed=st.integers(0, 2**16))
@settings(max_examples=60, phases=set(Phase) - {Phase.shrink})  # kinds are named as it is
def test_whatever_comes_together(book: Rulebook, kinds: set[str], seed: int) -> None:
    assume(not kinds >= PLATFORM)
    with TemporaryDirectory() as folder:
        dirty = write_dirty(market(seed % 3), folder, book, kinds, seed)
        assert differences(dirty, read_market(folder, book)) == []


@pytest.mark.parametrize("kinds", [set(KINDS), set(KINDS) - {"files: json lines"}], ids=["lines", "files"])
def test_all_kinds_at_once(book: Rulebook, tmp_path: Path, kinds: set[str]) -> None:
    dirty = write_dirty(market(1), tmp_path, book, kinds, seed=2)
    assert differences(dirty, read_market(tmp_path, book)) == []


def test_one_seed_gives_the_same_files(book: Rulebook, tmp_path: Path) -> None:
    written = []
    for place in ("one", "other"):
        dirty = write_dirty(market(1), tmp_path / place, book, ["damage: no numbers", "rows: notes below"], seed=3)
        written.append({path.name: path.read_bytes() for path in dirty.folder.iterdir()})
    assert written[0] == written[1]


def test_a_kind_that_is_not_there(book: Rulebook, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'files: tabs'"):
        write_dirty(market(0), tmp_path, book, ["files: tab"])
