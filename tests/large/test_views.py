"""Every view of counts, of a cube and of an index is the market's own, or is refused in words."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.condensing import Condensing
from campaign_analytics.market.behind import Behind
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.at_rest import AtRest
from campaign_analytics.simulate.what_if import WhatIf
from tests.large.files import written

SLIDERS = {"parameter": "max_moq", "p": "max_moq", "q": "min_pickup_rate_48h", "name": "max_moq"}
#: Arrays and objects of subjects, which are others where a row stands for many.
OF_ROWS = {"patterns", "scoring", "verdict", "standing", "hand", "coded", "assessed", "slider"}


def tables(owner: type) -> list[tuple[str, dict[str, Any]]]:
    """Every public method that can be called with nothing, or with the name of a slider."""
    found = []
    for name, method in inspect.getmembers(owner, inspect.isfunction):
        asked = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty and p.kind < 2]
        if not name.startswith("_") and name not in OF_ROWS and set(asked[1:]) <= SLIDERS.keys():
            found.append((name, {each: SLIDERS[each] for each in asked[1:]}))
    return found


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def held(book: Rulebook) -> Assessment:
    return ca.assess(ca.demo_market(400, seed=1), book)


@pytest.fixture(scope="module", params=["counts", "cube", "index"])
def rest(request: pytest.FixtureRequest, held: Assessment, book: Rulebook, tmp_path_factory: Any) -> AtRest:
    if request.param == "cube":
        return ca.what_if_cube(held, book, ["max_moq", "min_pickup_rate_48h"])
    if request.param == "index":
        files: Path = tmp_path_factory.mktemp("market")
        return ca.build_index(written(ca.demo_market(400, seed=1), files), book, files / "coded").assessment()
    counts = Condensing([book.header.category])
    counts.add(held)
    return counts.assessment(Behind("counts_of"))


def test_they_are_shown_as_the_market_is(rest: AtRest, held: Assessment) -> None:
    assert repr(rest) == repr(held) == held.headline()


@pytest.mark.parametrize(("name", "asked"), tables(Assessment), ids=lambda each: each if isinstance(each, str) else "")
def test_views_of_an_assessment(rest: AtRest, held: Assessment, name: str, asked: dict[str, Any]) -> None:
    alike(rest, held, name, asked)


@pytest.mark.parametrize(("name", "asked"), tables(WhatIf), ids=lambda each: each if isinstance(each, str) else "")
def test_views_of_a_what_if(rest: AtRest, held: Assessment, name: str, asked: dict[str, Any]) -> None:
    alike(WhatIf(rest), WhatIf(held), name, asked)


def test_curves_of_all_are_of_what_can_be_moved(rest: AtRest, held: Assessment) -> None:
    found, every = WhatIf(rest).curves(), {*WhatIf(held).curves()["parameter"]}
    assert {*found["parameter"]} == every & rest.coded_along
    assert {*found.attrs["left_out"]} >= every - rest.coded_along
    assert "no codes" in found.attrs["left_out"]["allow_merchant_proxy"]
    with pytest.raises(CampaignError, match=r"allow_merchant_proxy cannot be moved in the .*; it has codes of "):
        WhatIf(rest).curve("allow_merchant_proxy")


@pytest.mark.parametrize("by", ["main_category", "offer_id"])
def test_what_they_cannot_be_counted_by_is_said(rest: AtRest, by: str) -> None:
    with pytest.raises(CampaignError, match=f"cannot group by '{by}': it is not in the .*; make that again with by="):
        rest.summary(by=by)


def alike(ours: Any, theirs: Any, name: str, asked: dict[str, Any]) -> None:
    try:
        expected = getattr(theirs, name)(**asked)
    except (CampaignError, ValueError):  # neither can
        return
    try:
        found = getattr(ours, name)(**asked)
        repr(found)  # which makes what is made when it is shown
    except CampaignError:
        return
    if name in ("curves", "marginal_gains"):  # of what can be moved
        assert {*found["parameter"], *found.attrs["left_out"]} >= {*expected["parameter"]}
        expected = expected[expected["parameter"].isin(found["parameter"])].reset_index(drop=True)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    elif isinstance(expected, str | tuple):
        assert found == expected
