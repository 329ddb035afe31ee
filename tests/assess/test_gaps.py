"""The gap of a rule: how far its parameter would have to move for a subject to pass, over the parameter's scale."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.gaps import gap_of, scale_of
from campaign_analytics.assess.outcomes import FAIL, PASS
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.scalar import Range
from tests.assess.trial import GOOD, assessed, trial

INF = math.inf


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return trial(tmp_path_factory.mktemp("book"))


def gap(book: Rulebook, rule: str, **values: Any) -> tuple[float, float]:
    """The least and the largest gap of one rule for an offer with ``values``, of which it may lack some."""
    assessment = assessed(book, [{"aisle": "toys", **values}])
    found = gap_of(assessment, rule)
    assert found is not None
    return float(found.best[0]), float(found.worst[0])


def close(*ends: float) -> Any:
    return pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("stars", {"stars": Decimal("3.0")}, 0.5),  # below 3.5, scale 1
        ("stars", {"stars": Decimal("3.5")}, 0),
        ("stars", {"stars": 5}, -1.5),
        ("store", {"store": 2}, 1),  # a factor of four below 8
        ("store", {"store": 4}, 0.5),
        ("store", {"store": 0}, INF),  # no factor leads to nothing
        ("store", {"store": 32}, -1),
        ("price", {"price": 95, "tag": 100}, 1),  # 95% where 90% is allowed, scale 5 points
        ("price", {"price": 45, "tag": 100}, -9),
        ("price", {"price": 1, "tag": 0}, INF),  # no share of nothing
        ("price", {"price": 0, "tag": 100}, INF),  # AND: the worst, and `price > 0` has no parameter
        ("grade", {"grade": "low", "famous": False}, 0.5),  # OR: the best, of which a flag has none
        ("grade", {"grade": "none", "famous": False}, 1),
        ("grade", {"grade": "none", "famous": True}, -INF),
        ("grade", {"grade": "top", "famous": False}, -1),
        ("late", {"late": 9}, 0),  # below 10: nine is the last that passes
        ("late", {"late": 10}, 0.25),  # so the limit would have to be 11
        ("late", {"late": 5}, -1),
        ("back", {"back": 7, "sold": 100}, 1),  # 7% where less than 5% is asked
        ("back", {"back": 5, "sold": 100}, 0),  # the very limit fails; as near to it as can be would pass
        ("sold", {"sold": 1}, 0.5),  # toys: the default of 6
        ("sold", {"sold": 1, "aisle": "fruit"}, 1.9),  # fruit: 20
    ],
)
def test_gap_of_one_value(book: Rulebook, rule: str, values: dict[str, Any], expected: float) -> None:
    assert gap(book, rule, **values) == close(expected, expected)


@pytest.mark.parametrize(
    ("rule", "values", "least", "largest"),
    [
        ("stars", {"stars": Range(2, 3)}, 0.5, 1.5),
        ("stars", {"stars": Range(3, 4)}, -INF, INF),  # may pass or fail
        ("stars", {}, -INF, INF),
        ("price", {"price": Range(95, 100), "tag": Range(100, 100)}, 1, 2),
        ("price", {"price": 100, "tag": Range(100, 110)}, 2 / 11, 2),  # 91% to 100%
        ("grade", {"grade": "top"}, -INF, -1),  # famous or not: at least this margin
        ("grade", {"famous": True}, -INF, -INF),
        ("sold", {"sold": 1, "aisle": None}, -INF, INF),  # which threshold is not known
    ],
)
def test_a_range_or_a_missing_value_gives_the_gap_two_ends(
    book: Rulebook, rule: str, values: dict[str, Any], least: float, largest: float
) -> None:
    assert gap(book, rule, **values) == close(least, largest)


def test_a_rule_without_a_parameter_that_has_a_scale_has_no_gap(book: Rulebook) -> None:
    assessment = assessed(book, [GOOD])
    assert gap_of(assessment, "banned") is None
    assert gap_of(assessment, "insured") is None


def test_a_scale_that_measures_nothing_is_refused(tmp_path: Path) -> None:
    book = trial(tmp_path, {"default = 3.5, scale = 1": "default = 3.5, scale = 0"})
    with pytest.raises(CampaignError, match=r"parameters\.min_stars\.scale: '0' measures nothing"):
        scale_of(book, "min_stars")
    book = trial(tmp_path, {'scale = "x4"': 'scale = "x1"'})
    with pytest.raises(CampaignError, match="above x1"):
        scale_of(book, "min_store")


def _moved(held: Any, way: float, amount: float, factor: bool) -> Any:
    """A parameter's value after a step; whole where it is whole."""
    to = float(held) * amount**way if factor else float(held) + way * amount
    return round(to) if isinstance(held, int) else Decimal(repr(round(to, 12)))


@pytest.mark.parametrize("name", ["spring_2024", "daily_deals"])
@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_the_parameter_moved_by_the_gap_lets_the_subject_pass_and_moved_by_less_does_not(name: str) -> None:
    """The definition itself, for every rule with one comparison that has a scale, in both shipped rulebooks."""
    profile = "wholesale" if name == "spring_2024" else name
    assessment = assess(demo_market(300, seed=5, profile=profile), load_rulebook(name))
    tried = 0
    for rule in assessment.blocking:
        found = gap_of(assessment, rule)
        scaled = [p for p in assessment.book.parameters_of(rule) if scale_of(assessment.book, p) is not None]
        if found is None or len(scaled) != 1 or isinstance(assessment.book.values[scaled[0]], str):
            continue
        level = assessment.book.level(rule)
        codes = assessment.outcome(rule, level)
        rows = [*np.flatnonzero(codes == FAIL)[:4], *np.flatnonzero(codes == PASS)[:4]]
        for row in (row for row in rows if np.isfinite(found.worst[row]) and found.worst is found.best):
            tried += _tries(assessment, rule, scaled[0], int(row), float(found.worst[row]))
    assert tried >= 8


def _tries(assessment: Assessment, rule: str, parameter: str, row: int, gap: float) -> int:
    held, scale = assessment.book.values[parameter], scale_of(assessment.book, parameter)
    if scale is None or not isinstance(held, int | Decimal):
        return 0
    nudge = 0.6 / scale.amount if isinstance(held, int) and not scale.factor else 1e-9
    if isinstance(held, int) and scale.factor:
        return 0  # a whole number moved by a factor a bit less rounds to the same
    outcomes = set()
    for sign in (1, -1):  # which way is looser, the test need not know
        enough = _moved(held, sign * (gap + (0 if isinstance(held, int) else nudge)), scale.amount, scale.factor)
        less = _moved(held, sign * (gap - nudge), scale.amount, scale.factor)
        if min(enough, less) >= 0:
            outcomes.add((_passes(assessment, rule, row, parameter, enough),
                          _passes(assessment, rule, row, parameter, less)))  # fmt: skip
    assert (True, False) in outcomes, (rule, row, gap, outcomes)
    return 1


def _passes(assessment: Assessment, rule: str, row: int, parameter: str, value: Any) -> bool:
    book = replace(assessment.book, values={**assessment.book.values, parameter: value})
    again = assess(assessment.market, book, assessment.as_of)
    return bool(again.outcome(rule, book.level(rule))[row] == PASS)
