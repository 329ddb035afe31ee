"""What counts cannot tell is fetched from the market that they were made of, and is what the market itself tells."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.assess.outcomes import FAIL
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.what_if import WhatIf
from tests.large.files import written

DAY, OFFERS = "2024-02-26", 1_500
PICKUP = "min_pickup_rate_48h"
KINDS = ("counts", "counts of an index", "cube", "cube of an index", "index", "saved cube", "cube of a held market")


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(OFFERS, seed=5)


@pytest.fixture(scope="module")
def held(market: Market, book: Rulebook) -> Assessment:
    return ca.assess(market, book, DAY)


@pytest.fixture(scope="module")
def place(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The market in two files of offers."""
    folder = written(market, tmp_path_factory.mktemp("market"))
    whole = pyarrow.parquet.read_table(folder / "offers.parquet")
    (folder / "offers.parquet").unlink()
    for i in range(2):
        rows = whole.slice(i * OFFERS // 2, OFFERS // 2)
        pyarrow.parquet.write_table(rows, folder / f"offers_{i}.parquet", row_group_size=200)
    return folder


def made(kind: str, place: Path, held: Assessment, book: Rulebook, folder: Path) -> Assessment | ca.Index:
    if kind == "counts":
        return ca.assess(place, book, DAY)
    if kind == "cube of a held market":
        return ca.what_if_cube(held, book, [PICKUP, "max_moq"])
    source = ca.build_index(place, book, folder / "coded", DAY).folder if "index" in kind else place
    if kind == "index":
        return ca.Index.open(source, book)
    if kind == "counts of an index":
        return ca.assess(source, book)
    cube = ca.what_if_cube(source, book, [PICKUP, "max_moq"], as_of=DAY)
    if kind == "saved cube":
        ca.save_cube(cube, folder / "cube.parquet")
        return ca.open_cube(folder / "cube.parquet", book)
    return cube


@pytest.fixture(scope="module", params=KINDS)
def counts(
    request: pytest.FixtureRequest,
    place: Path,
    held: Assessment,
    book: Rulebook,
    tmp_path_factory: pytest.TempPathFactory,
) -> Assessment | ca.Index:
    return made(request.param, place, held, book, tmp_path_factory.mktemp("made"))


# ---- what is fetched


def test_near_misses_are_those_of_the_market(counts: Assessment | ca.Index, held: Assessment) -> None:
    found = ca.fetch(counts, "near_misses", n=10_000)
    ours, theirs = found.near_misses(), held.near_misses()
    pd.testing.assert_frame_equal(by_offer(ours.table()), by_offer(theirs.table()))
    pd.testing.assert_frame_equal(by_offer(ours.fixes()), by_offer(theirs.fixes()))
    few = ca.fetch(counts, "near_misses", n=7)
    assert len(few.near_misses()) == few.market.offers.rows == 7


def test_one_offers_card_is_that_of_the_market(counts: Assessment | ca.Index, held: Assessment) -> None:
    for row in (3, OFFERS - 5):
        offer = str(held.market.offers.cells["offer_id"].values[row])
        found = ca.fetch(counts, where={"offer_id": offer})
        assert found.market.offers.rows == 1
        ours, theirs = found.explain(offer).to_send().to_dict(), held.explain(offer).to_send().to_dict()
        assert ours.keys() == theirs.keys()
        assert ours["verdict"] == theirs["verdict"]
        pd.testing.assert_frame_equal(found.fixes(offer), held.fixes(offer))


def test_offers_that_a_rule_blocks_in_a_category(counts: Assessment | ca.Index, held: Assessment) -> None:
    category = str(held.summary(by="category")["category"].iloc[0])
    rule = str(held.blockers()["rules"].iloc[0]).split(";")[0]
    found = ca.fetch(counts, rule, where={"category": category}, n=10_000)
    theirs = held.offers()
    theirs = theirs[(held.outcome(rule) == FAIL) & (theirs["category"] == category).to_numpy()]
    pd.testing.assert_frame_equal(by_offer(found.offers()), by_offer(theirs))


def test_offers_that_a_setting_turns(counts: Assessment | ca.Index, held: Assessment) -> None:
    moved = {PICKUP: "80%", "max_moq": 5}
    found = ca.fetch(WhatIf(counts).set(moved), n=10_000)
    pd.testing.assert_frame_equal(by_offer(found.flips()), by_offer(WhatIf(held).set(moved).flips()))
    assert (found.flips(n=5)["turned"] == "came_in").all()


def by_offer(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(
        [c for c in ("offer_id", "rule", "option") if c in table], kind="stable", ignore_index=True
    )


# ---- no more than is needed


def test_only_row_groups_that_may_hold_it_are_assessed(
    place: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, seen = ca.assess(place, book, DAY), list[int]()

    def counted(derivation: object, *how: object) -> object:
        seen.append(derivation.market.offers.rows)  # type: ignore[attr-defined]
        return assessed(derivation, *how)  # type: ignore[arg-type]

    monkeypatch.setattr("campaign_analytics.large.fetching.assessed", counted)
    ca.fetch(counts, n=250)
    assert seen == [200, 200]
    seen.clear()
    last = pyarrow.parquet.read_table(place / "offers_1.parquet")["offer_id"][-1].as_py()
    ca.fetch(counts, where={"offer_id": last})
    assert seen == [150]


# ---- what cannot be


def test_what_there_is_not_is_refused_in_words(place: Path, held: Assessment, book: Rulebook) -> None:
    counts = ca.assess(place, book, DAY)
    with pytest.raises(CampaignError, match="no offer has offer_id '1'"):
        ca.fetch(counts, where={"offer_id": "1"})
    with pytest.raises(CampaignError, match="which='near_miss'; did you mean 'near_misses'"):
        ca.fetch(counts, "near_miss")
    with pytest.raises(CampaignError, match="no such column"):
        ca.fetch(counts, where={"categry": "1"})
    with pytest.raises(CampaignError, match="has every offer already"):
        ca.fetch(held)
    with pytest.raises(CampaignError, match="PosixPath: expected counts"):
        ca.fetch(place)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"n": -1}, "n=-1: expected how many offers"),
        ({"where": {"offer_id": 610000000001}}, r'where={"offer_id": 610000000001}: expected text, .*"610000000001"'),
        ({"where": {"category": [None]}}, r'where={"category": None}: expected text'),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(place: Path, book: Rulebook, asked: Any, said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        ca.fetch(ca.assess(place, book, DAY), **asked)


def test_a_market_that_is_gone_or_has_changed_is_said(place: Path, book: Rulebook, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    shutil.copytree(place, folder)
    cube = ca.what_if_cube(folder, book, [PICKUP], as_of=DAY)
    ca.save_cube(cube, tmp_path / "cube.parquet")
    ca.fetch(cube, n=1)

    def again() -> tuple[Assessment, Assessment]:
        return cube, ca.open_cube(tmp_path / "cube.parquet", book)

    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    for each in again():
        with pytest.raises(CampaignError, match=r"merchants\.parquet.* are gone since the cube of|can't be read: "):
            ca.fetch(each, n=1)
    shutil.copytree(tmp_path / "copy", folder, copy_function=shutil.copy)  # the same, written now
    ca.fetch(again()[1], n=1)  # which knows hashes
    file = folder / "offers_1.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).slice(0, 10), file)
    for each in again():
        with pytest.raises(CampaignError, match=r"offers_1\.parquet.* changed since the cube of .*make it again"):
            ca.fetch(each, n=1)
    shutil.copy(tmp_path / "copy/offers_1.parquet", file)
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).slice(0, 10), folder / "offers_2.parquet")
    with pytest.raises(CampaignError, match=r"offers_2\.parquet is new since"):
        ca.fetch(again()[1], n=1)


def test_a_saved_cube_of_a_held_market_has_none_behind_it(held: Assessment, book: Rulebook, tmp_path: Path) -> None:
    ca.save_cube(ca.what_if_cube(held, book, [PICKUP]), tmp_path / "cube.parquet")
    with pytest.raises(CampaignError, match="there is no market left behind the cube of a held market"):
        ca.fetch(ca.open_cube(tmp_path / "cube.parquet", book))


def test_what_is_no_cube_is_not_kept(place: Path, book: Rulebook, tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="Counts is no cube; what_if_cube makes one"):
        ca.save_cube(ca.assess(place, book, DAY), tmp_path / "cube.parquet")  # type: ignore[arg-type]


def test_a_damaged_cube_is_said(held: Assessment, book: Rulebook, tmp_path: Path) -> None:
    path = tmp_path / "cube.parquet"
    ca.save_cube(ca.what_if_cube(held, book, [PICKUP]), path)
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.drop_columns(["count"]), path)
    with pytest.raises(CampaignError, match="is damaged, or a cube of another version"):
        ca.open_cube(path, book)
    assert np.all(np.asarray(table["count"]) > 0)
