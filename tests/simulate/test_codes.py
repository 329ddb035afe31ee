"""Codes are exact: on uneven grids, at the last value that passes and the first that does not, in ranges and
without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import BAZAAR, PARAMETERS, Bazaar, written
from tests.simulate.truth import alike


def asked(condition: str, *offers: dict[str, Any], **merchant: Any) -> Bazaar:
    """One rule, and offers of one merchant."""
    return Bazaar({"rule": {"condition": condition}}, [{"merchant_id": "m0", **offer} for offer in offers], [merchant])


def at_every_place(bazaar: Bazaar, parameter: str) -> np.ndarray[Any, Any]:
    """(places, offers) verdicts along a slider, each compared with a full assessment."""
    what_if, found = WhatIf(bazaar.assessment), []
    for place in BAZAAR.places(parameter):
        what_if.set({parameter: written(place, PARAMETERS[parameter])})
        alike(what_if.assessment, bazaar.reassessed(what_if.book))
        found.append(what_if.assessment.verdict())
    return np.array(found)


def test_a_price_known_as_a_range_that_turns_between_the_ends_of_the_slider() -> None:
    """Certain at both ends, and at the place where it surely passes; open between."""
    bazaar = asked("p <= :share * q", {"p": Range(1, 2), "q": 2})
    assert at_every_place(bazaar, "share")[:, 0].tolist() == [
        *[INELIGIBLE] * 2, *[UNDETERMINED] * 3, PRE_QUALIFIED,
    ]  # fmt: skip


def test_a_range_about_zero_times_a_factor_that_changes_its_sign_may_turn_twice() -> None:
    bazaar = asked("(1 - :share) * p >= q", {"p": Range(-10, 10), "q": -1})
    assert at_every_place(bazaar, "share")[:, 0].tolist() == [
        *[UNDETERMINED] * 3, *[PRE_QUALIFIED] * 2, UNDETERMINED,
    ]  # fmt: skip


@pytest.mark.parametrize("condition", [":time < as_of", ":count >= 1", ":plain > 1 OR n >= 0", "today - :day <= :days"])
def test_a_comparison_of_parameters_alone_has_places_too(condition: str) -> None:
    bazaar = asked(condition, {}, {"n": 1})
    for name in bazaar.parameters:
        assert WhatIf(bazaar.assessment).hand(name) is not None
        at_every_place(bazaar, name)
