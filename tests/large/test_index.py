"""A market in codes on disk gives at any places of the sliders what the market gives; it knows when it is outdated."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.errors import CampaignError, MarketError, MarketWarning
from campaign_analytics.large import index as indexes
from campaign_analytics.large import source
from campaign_analytics.large.index import Index
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.what_if import WhatIf
from tests.large.files import written

MOVED = {"min_pickup_rate_48h": "85%", "max_moq": 3, "min_trade_medal": "AAA", "min_deposit": 2000}
BY = "category"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def held(book: Rulebook) -> Assessment:
    return ca.assess(ca.demo_market(2_000, seed=5), book)


@pytest.fixture(scope="module")
def folder(held: Assessment, book: Rulebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = written(ca.demo_market(2_000, seed=5), tmp_path_factory.mktemp("market"))
    out = tmp_path_factory.mktemp("index") / "coded"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "ROWS", 700)
        ca.build_index(files, book, out)
    return out


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "ROWS", 900)


def test_every_outcome_is_that_of_the_market(folder: Path, book: Rulebook, held: Assessment) -> None:
    found = Index.open(folder, book).assessment()
    for level in ("offers", "merchants"):
        np.testing.assert_array_equal(found.words[level], held.words[level])
        np.testing.assert_array_equal(found.not_applicable[level], held.not_applicable[level])


def test_what_if_and_curves_run_on_it(folder: Path, book: Rulebook, held: Assessment) -> None:
    ours, theirs = WhatIf(Index.open(folder, book).assessment()), WhatIf(held)
    for name in ("min_pickup_rate_48h", "min_trade_medal", "min_dispute_score"):
        pd.testing.assert_frame_equal(ours.curve(name, by=BY), theirs.curve(name, by=BY))
    ours.set(MOVED).switch_off("escrow")
    theirs.set(MOVED).switch_off("escrow")
    pd.testing.assert_frame_equal(ours.summary(by=BY), theirs.summary(by=BY))
    pd.testing.assert_frame_equal(ours.assessment.blockers(by=BY), theirs.assessment.blockers(by=BY))


def test_it_is_taken_wherever_its_assessment_or_its_folder_is(folder: Path, book: Rulebook) -> None:
    index, moved = Index.open(folder, book), book.set(MOVED)
    pd.testing.assert_frame_equal(
        ca.WhatIf(index).set(MOVED).summary(by=BY),
        ca.WhatIf(index.assessment()).set(MOVED).summary(by=BY),
    )
    assert ca.dashboard(index).static() == ca.dashboard(index.assessment()).static()
    pd.testing.assert_frame_equal(ca.assess(index, moved).blockers(by=BY), ca.assess(folder, moved).blockers(by=BY))
    explore = ["min_pickup_rate_48h", "max_moq"]
    assert str(ca.cube_size(index, book, explore)) == str(ca.cube_size(folder, book, explore))
    cube = ca.what_if_cube(index, book, explore)
    pd.testing.assert_frame_equal(
        WhatIf(cube).set(max_moq=5).summary(by=BY), ca.WhatIf(index).set(max_moq=5).summary(by=BY)
    )


def test_it_is_shown_in_a_line(folder: Path, book: Rulebook) -> None:
    shown = repr(Index.open(folder, book))
    assert shown == f"Index({folder}: 2,000 offers of 200 merchants by spring_2024 1.0 as of 2024-02-26 00:00)"


def test_all_of_it_is_mapped_but_flags_that_some_lack(folder: Path, book: Rulebook) -> None:
    for codes in Index.open(folder, book).assessment().codes.values():
        for cells in codes.cells.values():
            assert isinstance(cells.values, np.memmap) != (cells.type == "flag" and cells.gone.any())


@pytest.mark.parametrize("of", [ca.WhatIf, ca.dashboard])
def test_a_what_if_and_a_dashboard_say_what_they_are_of(of: Any, folder: Path, book: Rulebook) -> None:
    for wrong in (folder, ca.demo_market(20, seed=1), ca.WhatIf(Index.open(folder, book))):
        with pytest.raises(CampaignError, match=rf"{type(wrong).__name__}: .* of an assessment.* or of an index"):
            of(wrong)


def test_counts_of_other_values_are_those_of_the_market(folder: Path, book: Rulebook, held: Assessment) -> None:
    moved = book.set(MOVED)
    ours, theirs = ca.assess(folder, moved), WhatIf(held).assessed(moved)
    for table in ("summary", "blockers", "misses"):
        pd.testing.assert_frame_equal(getattr(ours, table)(by=BY), getattr(theirs, table)(by=BY), rtol=1e-9)


def test_a_cube_is_made_of_it(folder: Path, book: Rulebook, held: Assessment) -> None:
    cube = ca.what_if_cube(folder, book, ["min_pickup_rate_48h", "max_moq"])
    moved = {"min_pickup_rate_48h": "80%", "max_moq": 5}
    pd.testing.assert_frame_equal(WhatIf(cube).set(moved).summary(by=BY), WhatIf(held).set(moved).summary(by=BY))


def test_values_off_the_grid_are_refused_with_the_grid(folder: Path, book: Rulebook) -> None:
    with pytest.raises(CampaignError, match=r"min_pickup_rate_48h can only be set to .* 0%, 0.5%, 1%, …, 100%"):
        ca.assess(folder, book.set(min_pickup_rate_48h="85.03%"))
    with pytest.raises(CampaignError, match="cannot be moved in the index"):
        ca.assess(folder, book.set(max_shared=3))
    with pytest.raises(CampaignError, match="is the index as of 2024-02-26 00:00; make another"):
        ca.assess(folder, book, "2024-02-27")
    with pytest.raises(CampaignError, match="offer_id is not in the index"):
        Index.open(folder, book).assessment().offers()


@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_it_knows_when_it_is_out_of_date(book: Rulebook, tmp_path: Path) -> None:
    files = written(ca.demo_market(50, seed=5), tmp_path)
    ca.build_index(files, book, tmp_path / "coded")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Index.open(tmp_path / "coded", book)
    with pytest.raises(CampaignError, match="is out of date: it was made of spring_2024"):
        Index.open(tmp_path / "coded", ca.load_rulebook("daily_deals"))
    written(ca.demo_market(50, seed=6), tmp_path)
    with pytest.warns(MarketWarning, match=r"out of date: .*offers\.parquet"):
        Index.open(tmp_path / "coded", book)


def test_one_that_is_not_whole_is_refused_and_made_again(folder: Path, book: Rulebook, tmp_path: Path) -> None:
    broken = tmp_path / "coded"
    shutil.copytree(folder, broken)
    (broken / "index.json").unlink()
    with pytest.raises(CampaignError, match="holds no whole index"):
        Index.open(broken, book)
    files = written(ca.demo_market(50, seed=5), tmp_path)
    with pytest.raises(CampaignError, match="is not empty and holds no index"):
        ca.build_index(files, book, broken)


@pytest.mark.parametrize("level", ["offers", "merchants"])
def test_a_damaged_one_is_said_with_the_file_and_made_again(
    folder: Path, book: Rulebook, tmp_path: Path, level: str
) -> None:
    broken = tmp_path / "coded"
    shutil.copytree(folder, broken)
    file = sorted((broken / level).glob("#*.npy"))[0]
    whole = file.read_bytes()
    np.save(tmp_path / "wider.npy", np.zeros(len(np.load(file)), np.int64))
    for held in (whole[:-9], whole[:50], b"", b"no array", (tmp_path / "wider.npy").read_bytes()):
        file.write_bytes(held)
        with pytest.raises(MarketError, match=rf"{file.name} is damaged .*; make the index again"):
            ca.assess(broken, book)
        with pytest.raises(MarketError, match=rf"{file.name} is damaged .*; make the index again"):
            Index.open(broken, book).assessment()
    file.unlink()
    with pytest.raises(MarketError, match=f"{file.name} is damaged .*No such file"):
        ca.assess(broken, book)
    (broken / "baseline.toml").unlink()
    with pytest.raises(CampaignError, match=r"coded is damaged .*baseline\.toml.* make it again"):
        ca.assess(broken, book)
    (broken / "index.json").write_text("[]", "utf-8")
    with pytest.raises(CampaignError, match="holds no whole index"):
        ca.assess(broken, book)


def test_where_it_cannot_be_written_is_said(book: Rulebook, tmp_path: Path) -> None:
    files = written(ca.demo_market(50, seed=5), tmp_path)
    place = tmp_path / "a file"
    place.write_text("", "utf-8")
    for out in (place, place / "coded"):
        said = f"{out}: .*; what was finished is valid: see that it can be written"
        with pytest.raises(MarketError, match=said):
            ca.build_index(files, book, out)
        with pytest.raises(MarketError, match=said):
            ca.assess(files, book, out=out)
