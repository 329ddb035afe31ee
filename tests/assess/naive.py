"""The indices written out naively for one subject of the trial rulebook: numbers by hand, no trees, no arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from campaign_analytics.rulebook.scalar import Range

INF = math.inf
GRADES = ["none", "low", "mid", "high", "top"]
CREDIT = Fraction(9, 10)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Stand:
    """How a rule stands: its outcome and the two ends of its gap, below 0 where it passes; None has no scale."""

    outcome: str
    least: Any
    largest: Any


def test_of(holds: Callable[..., bool], way: Callable[..., Any], *values: Any) -> Stand:
    """One comparison: ``way`` is how far its parameter is from where the comparison turns."""
    if None in values:
        return Stand("unknown", -INF, INF)
    corners = list(product(*[(v.low, v.high) if isinstance(v, Range) else (v,) for v in values]))
    if len({holds(*corner) for corner in corners}) > 1:
        return Stand("unknown", -INF, INF)
    passes = holds(*corners[0])
    gaps = [-way(*corner) if passes else way(*corner) for corner in corners]
    return Stand("pass" if passes else "fail", min(gaps), max(gaps))


def nowhere(*_: Any) -> float:
    return INF


def both(a: Stand, b: Stand) -> Stand:
    outcomes = {a.outcome, b.outcome}
    outcome = "fail" if "fail" in outcomes else "unknown" if "unknown" in outcomes else "pass"
    return Stand(outcome, max(a.least, b.least), max(a.largest, b.largest))


def either(a: Stand, b: Stand) -> Stand:
    outcomes = {a.outcome, b.outcome}
    outcome = "pass" if "pass" in outcomes else "unknown" if "unknown" in outcomes else "fail"
    return Stand(outcome, min(a.least, b.least), min(a.largest, b.largest))


def stars(row: Row) -> Stand:
    limit = Fraction(7, 2)
    return test_of(lambda x: x >= limit, lambda x: abs(Fraction(x) - limit), row.get("stars"))


def store(row: Row) -> Stand:
    return test_of(lambda x: x >= 8, lambda x: abs(math.log(x / 8, 4)) if x else INF, row.get("store"))


def price(row: Row) -> Stand:
    share = Fraction(9, 10)

    def way(price: int, tag: int) -> Any:
        return abs(Fraction(price, tag) - share) / Fraction(1, 20) if tag else INF

    cheap = test_of(lambda price, tag: price <= share * tag, way, row.get("price"), row.get("tag"))
    return both(cheap, test_of(lambda price: price > 0, nowhere, row.get("price")))


def grade(row: Row) -> Stand:
    place = None if row.get("grade") is None else GRADES.index(row["grade"])
    high = test_of(lambda x: x >= 2, lambda x: Fraction(abs(x - 2), 2), place)
    return either(high, test_of(lambda famous: famous, nowhere, row.get("famous")))


def late(row: Row) -> Stand:
    return test_of(lambda x: x < 10, lambda x: abs(Fraction(x + 1 - 10, 4)), row.get("late"))


def back(row: Row) -> Stand:
    share = Fraction(1, 20)
    applies = test_of(lambda sold: sold > 0, nowhere, row.get("sold"))
    if applies.outcome == "fail":
        return Stand("not_applicable", 0, 0)

    def way(back: int, sold: int) -> Any:
        return abs(Fraction(back, sold) - share) / Fraction(1, 50) if sold else INF

    held = test_of(lambda back, sold: back < share * sold, way, row.get("back"), row.get("sold"))
    return Stand("unknown", -INF, INF) if applies.outcome == "unknown" and held.outcome == "fail" else held


def sold(row: Row) -> Stand:
    least = {None: None, "fruit": 20}.get(row.get("aisle"), 6)
    return test_of(lambda x, least: x >= least, lambda x, least: Fraction(abs(x - least), 10), row.get("sold"), least)


def bond(row: Row) -> Stand:
    return test_of(lambda x: x >= 1000, lambda x: Fraction(abs(x - 1000), 500), row.get("bond"))


def insured(row: Row) -> Stand:
    return test_of(lambda x: x, nowhere, row.get("insured"))


def banned(row: Row) -> Stand:
    return test_of(lambda x: not x, nowhere, row.get("banned"))


#: rule: its reading, level, cure, lead time; groups with their weights (the largest of their rules').
RULES: Mapping[str, tuple[Callable[[Row], Stand], str, bool, int]] = {
    "stars": (stars, "offers", True, 30),
    "store": (store, "offers", True, 0),
    "price": (price, "offers", True, 0),
    "grade": (grade, "offers", True, 3),
    "late": (late, "offers", False, 0),
    "back": (back, "offers", True, 9),
    "sold": (sold, "offers", True, 0),
    "bond": (bond, "merchants", True, 0),
    "insured": (insured, "merchants", True, 0),
    "banned": (banned, "merchants", False, 0),
}
GROUPS = {
    ("stars",): 2, ("store",): 1, ("price", "late"): 3, ("grade",): 1, ("back",): 1, ("sold",): 1,
    ("bond", "insured"): 4, ("banned",): 1,
}  # fmt: skip


def scored(row: Row, level: str) -> dict[str, Any]:
    """Every index of one subject; ``row`` holds an offer's values and its merchant's."""
    stands = {name: told(row) for name, (told, at, _, _) in RULES.items() if level == "offers" or at == level}
    weight = low = high = known = Fraction(0)
    for names, share in GROUPS.items():
        applying = [(name, stands[name]) for name in names if name in stands]
        applying = [(name, stand) for name, stand in applying if stand.outcome != "not_applicable"]
        if applying:
            weight += share
            low += share * Fraction(min(earned(name, stand, stand.largest, 0) for name, stand in applying))
            high += share * Fraction(min(earned(name, stand, stand.least, 1) for name, stand in applying))
            known += share * all(stand.outcome != "unknown" for _, stand in applying)
    failing = [name for name, stand in stands.items() if stand.outcome == "fail"]
    blocking = [name for name in failing if not (name == "sold" and "store" in failing)]  # follows
    margins = [-stand.largest for stand in stands.values() if stand.outcome == "pass" and stand.largest > -INF]
    outcomes = {stand.outcome for stand in stands.values()}
    return {
        "verdict": "ineligible" if failing else "undetermined" if "unknown" in outcomes else "pre_qualified",
        "readiness_low": 100 * low / weight,
        "readiness_high": 100 * high / weight,
        "coverage": known / weight,
        "headroom": min(margins, default=None),
        "failing_groups": sum(any(name in blocking for name in names) for names in GROUPS),
        "lead_days": None
        if any(not RULES[name][2] for name in failing)
        else max((RULES[n][3] for n in failing), default=0),
    }


def earned(name: str, stand: Stand, gap: Any, unknown: int) -> Any:
    """What a rule earns, given the gap that counts at this end."""
    if stand.outcome == "fail":
        return CREDIT * max(Fraction(0), 1 - Fraction(gap)) if RULES[name][2] and gap < INF else 0
    return 1 if stand.outcome == "pass" else unknown
