"""A cube's size is told before it is made, and what would be small enough is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.large import cube as cubes
from campaign_analytics.large import cube_size as sizes
from campaign_analytics.large.cube import Cubing
from campaign_analytics.large.cube_size import _cubed, _estimated
from campaign_analytics.market.behind import Behind
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.coarser import step_of
from campaign_analytics.simulate.what_if import WhatIf
from tests.large.files import written
from tests.simulate.bazaar import Bazaar, bazaars
from tests.simulate.truth import refusing

BY = "category"
PICKUP = "min_pickup_rate_48h"
EXPLORED = (PICKUP, "max_moq", "min_trade_medal")


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def held(book: Rulebook) -> Assessment:
    return ca.assess(ca.demo_market(3_000, seed=5), book)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(ca.demo_market(3_000, seed=5), tmp_path_factory.mktemp("market"))


# ---- its size


@settings(max_examples=20)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_of_a_held_market_it_is_exact_and_within_its_bound(data: st.DataObject, bazaar: Bazaar) -> None:
    sliders = [name for name in bazaar.parameters if bazaar.book.places(name)]
    assume(sliders)
    explored = data.draw(st.lists(st.sampled_from(sliders), min_size=1, max_size=2, unique=True))
    with refusing("cannot be explored"):
        cubing = Cubing(["w"], explored, bazaar.book)
        cubing.add(bazaar.assessment)
    rows = cubing.assessment(Behind("cube_of")).market.offers.rows
    told = _cubed([bazaar.assessment], bazaar.book, explored, ["w"])
    assert _estimated(told, bazaar.assessment.market.offers.rows) == rows <= told.most()


def test_it_says_rows_and_bytes(held: Assessment, book: Rulebook) -> None:
    size, cube = ca.cube_size(held, book, EXPLORED), ca.what_if_cube(held, book, EXPLORED)
    assert size.exact
    assert size.fits
    assert size.rows == cube.market.offers.rows <= size.most
    codes = cube.codes["offers"].cells.values()
    arrays = [cube.market.offers.stands_for, cube.market.merchant_row, cube.cell, *cube.words["offers"]]
    arrays += [*cube.outside["offers"], *(cells.values for cells in codes), *(cells.gone for cells in codes)]
    assert size.bytes / 2 < sum(array.nbytes for array in arrays if array is not None) < size.bytes * 2
    assert str(size).startswith("A cube of Lowest 48-hour pickup rate (201 values), ")
    assert f"{size.rows:,} rows" in size._repr_html_()


def test_counts_are_no_market_to_make_a_cube_of(held: Assessment, book: Rulebook) -> None:
    cube = ca.what_if_cube(held, book, ["max_moq"])
    for make in (ca.what_if_cube, ca.cube_size):
        with pytest.raises(CampaignError, match="stand for many offers; give the market or its index"):
            make(cube, book, ["max_moq"])


def test_of_files_and_an_index_some_offers_tell_it(
    files: Path, held: Assessment, book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca.build_index(files, book, tmp_path / "coded")
    whole = ca.cube_size(held, book, EXPLORED)
    for place in (files, tmp_path / "coded"):
        assert ca.cube_size(place, book, EXPLORED).rows == whole.rows
    monkeypatch.setattr(sizes, "SAMPLE", 1_000)
    for place in (files, tmp_path / "coded"):
        size = ca.cube_size(place, book, EXPLORED)
        assert not size.exact
        assert 500 <= size.offers <= 1_100
        assert "about" in str(size)
        assert whole.rows / 3 < size.rows <= 3_000


# ---- what to do about one that is too large


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cubes, "MOST", 1_500)


@pytest.mark.usefixtures("small")
def test_every_proposal_is_small_enough(held: Assessment, book: Rulebook) -> None:
    size = ca.cube_size(held, book, EXPLORED)
    assert not size.fits
    assert any(each.steps for each in size.smaller)
    assert any(each.without for each in size.smaller)
    for each in size.smaller:
        coarse = ca.coarser(book, each.steps)
        left = [name for name in EXPLORED if name not in each.without]
        assert ca.what_if_cube(held, coarse, left).market.offers.rows == each.rows <= cubes.MOST


def test_one_that_is_too_large_is_refused_before_it_is_counted(
    files: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "SAMPLE", 2_500)
    monkeypatch.setattr(cubes, "MOST", 1_000)  # an estimate of less than twice as many is not believed
    monkeypatch.setattr(Cubing, "add", None)
    with pytest.raises(CampaignError, match=r"(?s)more than 1,000 rows.* Small enough would be.*without"):
        ca.what_if_cube(files, book, EXPLORED)


# ---- coarser steps


def test_a_coarser_cube_counts_as_the_market_does_at_every_place_left(
    files: Path, held: Assessment, book: Rulebook, tmp_path: Path
) -> None:
    coarse = ca.coarser(book, {PICKUP: "7%"})
    assert len(coarse.places(PICKUP)) == 16  # every 7% from 0, and the 90% in force
    ca.build_index(files, coarse, tmp_path / "coded")  # which keeps all places
    cubed = [ca.what_if_cube(place, coarse, [PICKUP, "max_moq"]) for place in (held, files, tmp_path / "coded")]
    ca.save_cube(cubed[0], tmp_path / "cube.parquet")
    cubed.append(ca.open_cube(tmp_path / "cube.parquet", book))
    whole = WhatIf(held).curve(PICKUP, by=BY).drop(columns="place")
    for cube in cubed:
        curve = WhatIf(cube).curve(PICKUP, by=BY).drop(columns="place")
        theirs = whole[whole["value"].isin(curve["value"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(curve, theirs)
        assert len(curve) == 16 * held.summary(by=BY).shape[0]
        moved = {PICKUP: "84%", "max_moq": 5}
        pd.testing.assert_frame_equal(WhatIf(cube).set(moved).summary(by=BY), WhatIf(held).set(moved).summary(by=BY))
        with pytest.raises(CampaignError, match=r"can only be set to a value of its slider in .*: 0%, 7%, 14%"):
            WhatIf(cube).set({PICKUP: "85%"}).summary()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"min_trade_medal": "A"}, "min_trade_medal has no slider with steps"),
        ({PICKUP: "0%"}, "is no step: it must be above 0"),
        ({PICKUP: "much"}, "is no rate"),
        ({"min_pickup": "5%"}, "unknown parameter 'min_pickup'"),
    ],
)
def test_what_is_no_step_is_refused(book: Rulebook, steps: dict[str, str], said: str) -> None:
    with pytest.raises(ValueFault, match=said):
        ca.coarser(book, steps)


def test_places_left_are_those_of_the_file(book: Rulebook) -> None:
    for name in ("min_deposit", "max_moq", "min_growth_score", "enrol_until"):
        if len(book.places(name)) < 4 or book.parameters[name].type == "time":
            continue
        step = step_of(book, name, 3)
        left = ca.coarser(book, {name: step}).places(name)
        assert set(left) <= set(book.places(name))
        assert book.values[name] in left
        assert np.ceil(len(book.places(name)) / 3) <= len(left) + 1
