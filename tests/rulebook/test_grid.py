"""The places of a slider: made from decimals, ascending, at most 255."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.errors import ValueFault
from campaign_analytics.rulebook.grid import MOST_PLACES, places
from campaign_analytics.rulebook.model import Parameter

ZONE = ZoneInfo("Asia/Shanghai")
MEDALS = ("none yet", "A", "AA")


def grid(type: str, **bounds: Any) -> tuple[Any, ...]:
    parameter = Parameter.model_validate({"type": type, "clause": "1", **bounds})
    return places(parameter, MEDALS if type == "level" else (), ZONE)


MADE: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("flag", {}, (False, True)),
    ("level", {}, MEDALS),
    ("count", {"min": 1, "max": 4, "step": 1}, (1, 2, 3, 4)),
    ("count", {"stops": [1, 2, 12, 144]}, (1, 2, 12, 144)),
    ("money", {"min": 0, "max": 1, "step": Decimal("0.25")}, (0, 25, 50, 75, 100)),
    ("number", {"min": -1, "max": 1, "step": Decimal("0.5")}, tuple(map(Decimal, ("-1", "-0.5", "0", "0.5", "1")))),
    ("rate", {"min": "90%", "max": "91%", "step": "0.5%"}, tuple(map(Decimal, ("0.9", "0.905", "0.91")))),
    ("rate", {"stops": ["1%", "10%"]}, (Decimal("0.01"), Decimal("0.1"))),
    ("day", {"min": date(2031, 2, 27), "max": "2031-03-01", "step": 1},
     (date(2031, 2, 27), date(2031, 2, 28), date(2031, 3, 1))),
    ("day", {"stops": [date(2031, 1, 1), date(2031, 12, 31)]}, (date(2031, 1, 1), date(2031, 12, 31))),
    ("time", {"stops": ["2031-01-01", "2031-01-02T12:00"]},
     (datetime(2031, 1, 1, tzinfo=ZONE), datetime(2031, 1, 2, 12, tzinfo=ZONE))),
    ("count", {}, ()),
    ("text", {}, ()),
    ("set", {}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("type", "bounds", "expected"), MADE)
def test_places(type: str, bounds: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert grid(type, **bounds) == expected


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("count", {"min": 0, "max": 10}, "min, max and step go together; step is missing"),
    ("count", {"step": 1}, "min, max and step go together; min, max is missing"),
    ("count", {"min": 0, "max": 10, "step": 1, "stops": [1, 2]}, "give either stops, or min, max and step"),
    ("count", {"min": 0, "max": 10, "step": 3}, "max is not a whole number of steps above min"),
    ("count", {"min": 10, "max": 0, "step": 1}, "min must be below max, and step above 0"),
    ("count", {"min": 0, "max": 10, "step": 0}, "min must be below max, and step above 0"),
    ("count", {"min": 0, "max": 10, "step": -1}, "min must be below max, and step above 0"),
    ("count", {"min": "none", "max": 10, "step": 1}, "min, max and step go together; min is missing"),
    ("count", {"min": 0, "max": "none", "step": "none"}, "min, max and step go together; max, step is missing"),
    ("count", {"min": 0, "max": 255, "step": 1}, "has 256 places; at most 255 are allowed"),
    ("count", {"stops": list(range(256))}, "has 256 stops; at most 255 are allowed"),
    ("count", {"stops": [1]}, "stops must be at least two values, ascending, each once"),
    ("count", {"stops": [1, 3, 2]}, "ascending"),
    ("count", {"stops": [1, 1]}, "each once"),
    ("count", {"stops": [1, "none"]}, "at least two values"),
    ("count", {"min": 0, "max": "lots", "step": 1}, "'lots' is no count"),
    ("money", {"min": 0, "max": 1, "step": Decimal("0.001")}, "parts of a fen"),
    ("rate", {"min": "0%", "max": "100%", "step": "1/3"}, "'1/3' is no rate"),
    ("time", {"min": "2031-01-01", "max": "2031-01-02", "step": 1}, "a time has no even steps; give stops"),
    ("text", {"min": 1, "max": 2, "step": 1}, "a text has no bounds; its choices are its list"),
    ("set", {"min": 1, "max": 2, "step": 1}, "a set has no bounds; its choices are its list"),
    ("set", {"stops": [["A"], ["AA"]]}, "a set has no bounds; its choices are its list"),
    ("text", {"stops": ["a", "b"]}, "a text has no bounds; its choices are its list"),
    ("level", {"stops": ["A", "AA"]}, "a level has no bounds; its places are its list"),
    ("level", {"min": 0, "max": 2, "step": 1}, "a level has no bounds; its places are its list"),
    ("flag", {"min": 0, "max": 1, "step": 1}, "a flag has no bounds"),
]  # fmt: skip


@pytest.mark.parametrize(("type", "bounds", "message"), REFUSED)
def test_bounds_that_make_no_grid(type: str, bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueFault, match=re.escape(message)):
        grid(type, **bounds)


def test_255_places_are_allowed() -> None:
    assert len(grid("count", min=0, max=254, step=1)) == MOST_PLACES == 255


decimals = st.decimals(-100, 100, places=4)


@given(low=decimals, step=st.decimals("0.0001", 10, places=4), steps=st.integers(1, 254))
def test_every_place_is_low_and_a_number_of_steps_to_the_last_digit(low: Decimal, step: Decimal, steps: int) -> None:
    made = grid("number", min=low, max=low + steps * step, step=step)
    assert [Fraction(place) for place in made] == [Fraction(low) + i * Fraction(step) for i in range(steps + 1)]
    assert all(a < b for a, b in pairwise(made))


@given(percent=st.integers(1, 1000), steps=st.integers(1, 254))
def test_a_rates_places_are_the_decimals_that_people_write(percent: int, steps: int) -> None:
    """Added in floats, 0.1 + 0.1 + 0.1 would be on no place."""
    step = Decimal(percent) / 100
    made = grid("rate", min="0%", max=f"{step * steps}%", step=f"{step}%")
    assert all(Decimal(str(float(place))) == place for place in made)
