"""One comparison of a rule as something to draw: everybody's value, the threshold, and the band of near misses.

Generic, from the parsed condition: where a column stands against a fixed bound, its own values are drawn; where a
parameter multiplies another column (a price against a share of the list price), the ratio of the two; where bounds
differ from subject to subject, the distance to each one's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from campaign_analytics.assess.gaps import Scale, scale_of
from campaign_analytics.assess.leaves import Leaf, LeafTree
from campaign_analytics.assess.outcomes import NOT_APPLICABLE, PASS
from campaign_analytics.derive.making import columns_for
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import MIRRORED, PerName, Sum, bind, opened
from campaign_analytics.rulebook.tree import Arith, Col, Compare, Operator, Param, operands, walk
from campaign_analytics.rulebook.values import MINOR_UNITS, did_you_mean
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level, Rulebook

#: A near miss is a failure within this part of the rulebook's ``scale`` of the parameter: a choice of ours.
NEAR: Final = 0.25
_DRAWN = ("count", "money", "rate", "number", "level", "day", "time")
_NEEDS: Mapping[Operator, str] = {">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than"}
_DAY = 86_400e6  # microseconds
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Unit:
    """How drawn numbers are written: percent, yuan, days since 1970, places among ``names``, or plain with ``unit``."""

    type: str
    unit: str = ""
    names: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers occur."""
        return self.type in ("count", "level", "day")

    def show(self, value: float) -> str:
        """A value as people write it."""
        if self.type == "level":
            place = round(value)
            return self.names[place] if 0 <= place < len(self.names) else ""
        if self.type in ("day", "time"):
            at = _EPOCH + timedelta(minutes=round(value * 1440))
            return at.strftime("%Y-%m-%d" if at.time() == time() else "%m-%d %H:%M")
        return self.amount(value)

    def amount(self, value: float, lang: str = "en") -> str:
        """A distance as people write it."""
        number = f"{value:,.2f}".rstrip("0").rstrip(".")
        match self.type:
            case "rate":
                return f"{number}%"
            case "level":
                return say("one_step" if value == 1 else "steps", lang, gap=number)
            case "day" | "time":
                return say("days", lang, gap=number)
        return f"{number} {self.unit}".rstrip()


@dataclass(frozen=True, eq=False)
class Measure:
    """What a distribution shows. Values are in drawn units: percent, yuan, days, places of a level."""

    label: str  # of the axis
    needs: str  # such as "at least 90%"
    op: Operator  # passes: value op threshold; one of the four inequalities
    threshold: float
    unit: Unit
    level: Level
    values: Array  # (known,) float64
    fails: Array  # (known,) bool
    unknown: int
    not_applicable: int
    otherwise: int  # fail this comparison but pass the rule by another
    band: float | None  # where near misses end, on the failing side; None where no scale says how much is near
    band_text: str = ""
    factor: bool = False  # near is so many times the threshold: drawn in doublings

    @property
    def upward(self) -> bool:
        """Whether more is better."""
        return self.op in (">=", ">")

    @property
    def near(self) -> int:
        """How many fail within the band."""
        if self.band is None:
            return 0
        inside = self.values >= self.band if self.upward else self.values <= self.band
        return int((self.fails & inside).sum())

    @property
    def subjects(self) -> int:
        """All to whom the rule applies."""
        return len(self.values) + self.unknown


def measured_rules(assessment: Assessment) -> list[str]:
    """The blocking rules that compare an amount with a bound, those that keep most offers out first."""
    costly = [rule for rules in assessment.blockers()["rules"] for rule in str(rules).split(";")]
    return [rule for rule in costly if next(_leaves(assessment, rule), None) is not None]


def measure(assessment: Assessment, rule: str, column: str | None, lang: str) -> Measure:
    """The comparison of ``rule`` that most fail (of ``column``, if given; those with a scale first).

    Raises ``CampaignError`` for an unknown or dormant rule, or one that compares no amount with a bound.
    """
    book = assessment.book
    if rule not in assessment.rules:
        raise CampaignError(f"no active rule {rule!r}{did_you_mean(rule, assessment.rules)}")
    leaves = [leaf for leaf in _leaves(assessment, rule) if column is None or column in _columns(leaf.tree)]
    if not leaves:
        what = f"no amount of column {column!r}" if column else "no amount"
        unmade = ", or its columns are not computed" if rule in assessment.not_computed else ""
        raise CampaignError(f"rule {rule!r} compares {what} with a bound{unmade}: there is no distribution to draw")
    leaf = max(leaves, key=lambda each: (_scaled(book, each.tree) is not None, int(each.fails.sum())))
    return _measured(assessment, rule, leaf, lang)


def _leaves(assessment: Assessment, rule: str) -> Iterator[Leaf]:
    """The comparisons of an amount that can be drawn."""
    book, level = assessment.book, assessment.book.level(rule)
    values = {**book.values, **assessment.moment.clock}
    for tree in walk(book.conditions[rule]):
        if isinstance(tree, Compare) and tree.op in _NEEDS:
            exact = opened(bind(tree, values), assessment.unmade)
            if isinstance(exact, Sum):
                cells = columns_for(assessment.market, book, [exact], level)
                leaf = Leaf(tree, exact, cells, assessment.market.tables[level].rows)
                if leaf.column is not None and cells[leaf.column].type in _DRAWN:
                    yield leaf


def _columns(tree: LeafTree) -> list[str]:
    return [each.name for each in operands(tree) if isinstance(each, Col)]


def _scaled(book: Rulebook, tree: LeafTree, type: str = "") -> Scale | None:
    """The scale of the comparison's parameter; of one of this ``type``, if given: a share's is none of an amount."""
    named = (each.name for each in operands(tree) if isinstance(each, Param) and each.name in book.parameters)
    scales = (scale_of(book, name) for name in named if not type or book.parameters[name].type == type)
    return next((scale for scale in scales if scale is not None), None)


def _measured(assessment: Assessment, rule: str, leaf: Leaf, lang: str) -> Measure:
    book, level = assessment.book, assessment.book.level(rule)
    drawn = _drawn(book, leaf, lang)
    outcome = assessment.outcome(rule, level)
    applies = outcome != NOT_APPLICABLE
    known = applies & ~leaf.unknown
    low, high, fails = drawn.low[known], drawn.high[known], leaf.fails[known]
    there = np.isfinite(low) & np.isfinite(high)  # else no place on this axis, but decided: beside the threshold
    nearest = np.where(there, np.clip(drawn.threshold, low, high), drawn.threshold)  # of a range, the nearer end
    # what floats put on the wrong side of the threshold belongs on it
    below = fails if drawn.op in (">=", ">") else ~fails
    values = np.where(below, np.minimum(nearest, drawn.threshold), np.maximum(nearest, drawn.threshold))
    band, band_text, factor = _band(drawn, _scaled(book, leaf.tree, drawn.unit.type), lang)
    return Measure(
        label=drawn.label + ("*" if rule in assessment.not_computed else ""), needs=drawn.needs, op=drawn.op,
        threshold=drawn.threshold, unit=drawn.unit, level=level, values=values, fails=fails,
        unknown=int((applies & leaf.unknown).sum()), not_applicable=int((~applies).sum()),
        otherwise=int((known & leaf.fails & (outcome == PASS)).sum()), band=band, band_text=band_text, factor=factor,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Values of all subjects and the threshold, on the axis that suits the comparison."""

    label: str
    needs: str
    op: Operator
    threshold: float
    unit: Unit
    low: Array  # (subjects,) float64
    high: Array
    own: bool  # whether the column's own values are drawn


def _drawn(book: Rulebook, leaf: Leaf, lang: str) -> _Drawn:
    exact, column = leaf.exact, str(leaf.column)
    assert isinstance(exact, Sum)
    assert isinstance(leaf.tree, Compare)
    factors = {name: c.values[0][1] if isinstance(c, PerName) else c for c, name in exact.terms}
    op = exact.op if factors[column] > 0 else MIRRORED[exact.op]
    ends = [_display(book, column, leaf.cells[column].values), _display(book, column, _high(leaf, column))]
    label, unit = book.quantity(column).label(lang, column), _unit(book, column, lang)
    if len(exact.terms) == 1 and not isinstance(exact.bound, PerName) and not isinstance(exact.terms[0][0], PerName):
        threshold = float(_display(book, column, np.array([exact.bound / factors[column]]))[0])
        needs = say(_NEEDS[op], lang, bound=_spelled(book, leaf.tree, unit, threshold, lang))
        return _Drawn(label, needs, op, threshold, unit, ends[0], ends[1], own=True)
    other = next(iter(_products(leaf.tree)), None)
    if (
        other is not None
        and set(factors) == {column, other}
        and not any(isinstance(c, PerName) for c, _ in exact.terms)
    ):
        threshold = float(-100 * factors[other] / factors[column])
        by, name = _display(book, other, leaf.cells[other].values), book.quantity(other).label(lang, other)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = (100 * end / by for end in ends)
        needs = say(_NEEDS[op], lang, bound=f"{Unit('rate').show(threshold)} × {name}")
        return _Drawn(f"{label} ÷ {name}", needs, op, threshold, Unit("rate"), low, high, own=True)
    return _away(book, leaf, label, unit, op, ends, lang)


def _away(book: Rulebook, leaf: Leaf, label: str, unit: Unit, op: Operator, ends: Sequence[Array], lang: str) -> _Drawn:
    """The distance of each subject's value from its own bound."""
    edge = np.ma.filled(np.ma.asarray(leaf.edge).astype(np.float64), np.nan)
    low, high = (end - _display(book, str(leaf.column), edge) for end in ends)
    bound = say("own_threshold", lang)
    others = [name for name in _columns(leaf.tree) if name != leaf.column]
    if others and not any(isinstance(each, Param) for each in operands(leaf.tree)):
        bound = say("list", lang).join(book.quantity(name).label(lang, name) for name in others)
    flat = {
        "level": Unit("count", say("level_steps", lang)),
        "day": Unit("count", say("days_unit", lang)),
        "time": Unit("number", say("days_unit", lang)),
    }.get(unit.type, unit)
    away, needs = say("away_from", lang, what=label, bound=bound), say(_NEEDS[op], lang, bound=bound)
    return _Drawn(away, needs, op, 0.0, flat, low, high, own=False)


def _products(tree: LeafTree) -> list[str]:
    """The columns that stand multiplied by a parameter, each alone on its side."""
    sides = (tree.left, tree.right) if isinstance(tree, Compare) else ()
    held = []
    for side in sides:
        match side:
            case Arith("*", Param(), Col(column)) | Arith("*", Col(column), Param()):
                held.append(column)
    return held


def _high(leaf: Leaf, column: str) -> Array:
    held = leaf.cells[column]
    high: Array = held.values if held.high is None else held.high
    return high


def _unit(book: Rulebook, column: str, lang: str) -> Unit:
    held = book.quantity(column)
    unit = book.header.currency if held.type == "money" else book.unit_label(held.unit, lang)
    return Unit(held.type, unit, book.names_of(held))


def _spelled(book: Rulebook, tree: Compare, unit: Unit, threshold: float, lang: str) -> str:
    """The bound as the rulebook writes it where it is one parameter; a time keeps its hour."""
    for side in (tree.left, tree.right):
        if isinstance(side, Param) and side.name in book.parameters:
            held: Any = book.values[side.name]
            return book.show(side.name, held, lang)
    return unit.show(threshold)


def _display(book: Rulebook, column: str, held: Array) -> Array:
    """Held values in drawn units."""
    values: Array = np.asarray(held, np.float64)
    match book.quantity(column).type:
        case "rate":
            return (values * 100).round(9)
        case "money":
            return values / MINOR_UNITS
        case "time":
            ahead = book.zone.utcoffset(datetime.combine(book.effective, time())) or timedelta()
            return values / _DAY + ahead / timedelta(days=1)
    return values


def _band(drawn: _Drawn, scale: Scale | None, lang: str) -> tuple[float | None, str, bool]:
    """Where near misses end, how that is said, and whether the scale is a factor."""
    if scale is None:
        return None, "", False
    upward = drawn.op in (">=", ">")
    if scale.factor:
        if not drawn.own or drawn.threshold <= 0:
            return None, "", False
        times = scale.amount**NEAR
        end = drawn.threshold / times if upward else drawn.threshold * times
        last = end if not drawn.unit.whole else float(np.ceil(end) if upward else np.floor(end))
        return end, say("near_from" if upward else "near_until", lang, value=drawn.unit.show(last)), True
    by_type = {"rate": 100.0, "money": 1 / MINOR_UNITS}
    width = NEAR * scale.amount * by_type.get(drawn.unit.type, 1.0)
    if drawn.unit.type == "level":
        width = max(1.0, np.floor(width))
    text = say("points", lang, gap=f"{width:g}") if drawn.unit.type == "rate" else drawn.unit.amount(width, lang)
    return drawn.threshold - width if upward else drawn.threshold + width, say("near_within", lang, gap=text), False
