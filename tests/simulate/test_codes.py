"""Codes are exact: on uneven grids, at the last value that passes and the first that does not, in ranges and
without."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.rulebook.grid import MOST_PLACES
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.simulate.standing import standing_of
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import BAZAAR, COLUMNS, PARAMETERS, Bazaar, written
from tests.simulate.truth import alike, stand_alike, with_slider


def asked(condition: str, *offers: dict[str, Any], **merchant: Any) -> Bazaar:
    """One rule, and offers of one merchant."""
    return Bazaar({"rule": {"condition": condition}}, [{"merchant_id": "m0", **offer} for offer in offers], [merchant])


def at_every_place(bazaar: Bazaar, parameter: str) -> np.ndarray[Any, Any]:
    """(places, offers) verdicts along a slider, each compared with a full assessment."""
    what_if, found, name = WhatIf(bazaar.assessment), [], parameter.partition("[")[0]
    for place in BAZAAR.places(name):
        what_if.set({parameter: written(place, PARAMETERS[name])})
        alike(what_if.assessment, bazaar.reassessed(what_if.book))
        found.append(what_if.assessment.verdict())
    return np.array(found)


# ---- at the last value that passes, and the first that does not


def beside(value: Any) -> list[Any]:
    """A value and its nearest neighbours: one piece, fen, day or microsecond away, or the next double."""
    if isinstance(value, Decimal):
        at = float(value)
        return [Decimal(repr(each)) for each in (math.nextafter(at, -math.inf), at, math.nextafter(at, math.inf))]
    step: Any = {int: 1, date: timedelta(days=1), datetime: timedelta(microseconds=1)}[type(value)]
    return [value - step, value, value + step]


@pytest.mark.parametrize("op", [">=", ">", "<=", "<", "BETWEEN 0 AND", "NOT BETWEEN 0 AND"])
@pytest.mark.parametrize(
    ("column", "parameter"),
    [
        ("r", "share"), ("r", "floor"), ("g", "score"), ("n", "count"), ("n", "more"), ("p", "sum"), ("d", "day"),
        ("t", "time"),
    ],
)  # fmt: skip
def test_beside_every_place_of_an_uneven_grid(column: str, parameter: str, op: str) -> None:
    if "BETWEEN" in op and column in "dt":
        op = op.replace("0", "today" if column == "d" else "as_of")
    values = [value for place in BAZAAR.places(parameter) for value in beside(place)]
    found = at_every_place(asked(f"{column} {op} :{parameter}", *({column: value} for value in values)), parameter)
    assert len(np.unique(found, axis=0)) > 1


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
@pytest.mark.parametrize(
    ("left", "right", "exactly"),
    [
        ("p", ":share * q", lambda share, q: share * q),
        ("p", "(1 - :share) * q", lambda share, q: (1 - share) * q),
        ("p - :share * q", "0", lambda share, q: share * q),
        ("p + q", ":share * q", lambda share, q: (share - 1) * q),
    ],
)
def test_beside_every_share_of_a_price(left: str, right: str, op: str, exactly: Any) -> None:
    """Floats would be a fen off for a third of these."""
    prices = [0, 1, 3, 7, 99, 1001, 999_999, 2**31 + 1, 3 * 10**15 + 1]
    shares = [Fraction(str(place)) for place in BAZAAR.places("share")]
    offers = [{"q": q, "p": math.floor(exactly(share, q)) + k} for q in prices for share in shares for k in (-1, 0, 1)]
    at_every_place(asked(f"{left} {op} {right}", *offers), "share")


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
@pytest.mark.parametrize("left", [":plain * n", "n - :more", "n + m", ":score * n", "-n", "n - m - 1"])
def test_sums_beside_every_count(left: str, op: str) -> None:
    offers = [{"n": n, "m": m} for n in (-4, -1, 0, 1, 2, 4, 7, 8, 50) for m in (0, 1, 99)]
    at_every_place(asked(f"{left} {op} :count", *offers), "count")


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
def test_levels_and_values_that_differ_by_level(op: str) -> None:
    offers = [{"lev": level, "n": n} for level in (*COLUMNS["offers"]["lev"].names, None) for n in (1, 2, 3, 7, 8, 9)]
    at_every_place(asked(f"lev {op} :level", *offers), "level")
    bazaar = asked(f"n {op} :per_level", *offers)
    for name in ("per_level", "per_level[low]", "per_level[high]"):
        at_every_place(bazaar, name)


@pytest.mark.parametrize("condition", ["n >= :many", "n < :many", "n + m >= :many", "n + m < :many"])
def test_as_many_places_as_a_slider_can_have(condition: str) -> None:
    assert len(BAZAAR.places("many")) == MOST_PLACES
    bazaar = asked(condition, *({"n": n, "m": 0} for n in (-1, 0, 1, 253, 254, 255, 300)))
    at_every_place(bazaar, "many")
    hand = WhatIf(bazaar.assessment).hand("many")
    assert hand is not None
    for place, value in enumerate(hand.places):
        full = bazaar.reassessed(with_slider(bazaar.book, "many", value))
        stand_alike(hand.standing(place), standing_of(full, hand.groups))


# ---- what is known as a range, and what turns for everybody at once


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


# ---- what is kept


def test_codes_beside_another_parameter_are_kept_for_its_newest_value_alone() -> None:
    bazaar = asked("n >= :count + :more", {"n": 3}, {"n": 30})
    what_if = WhatIf(bazaar.assessment)
    held = []
    for more in (1, 2, 3, 1):
        what_if.set(more=more)
        hand = what_if.hand("count")
        assert hand is not None
        full = bazaar.reassessed(with_slider(what_if.book, "count", hand.places[0]))
        stand_alike(hand.standing(0), standing_of(full, hand.groups))
        held.append(what_if.coded(what_if.book).bytes_a_subject)
    assert held == held[:1] * len(held)
