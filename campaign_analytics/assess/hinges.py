"""Verdicts that hinge on missing data: which columns leave them open, and what supplying a single one would settle.

A cell leaves a verdict open where it is missing, or known only as a range, and stands behind a comparison that is
unknown and makes its rule so: every AND and OR between the two is unknown as well. Behind a derived column stand
those open cells of the subject's row, each of which may make it known if supplied; where no single one can, all of
them; where all of them cannot (the table of events is not declared complete), the derived column itself.

Supplying a cell settles a verdict where, whatever its value, no unknown is left in it. This is Kleene's logic over
sets of outcomes: a comparison that becomes known may be true or false, a test for NULL becomes false, all else stays
as it is. What is settled only because two comparisons exclude each other, or because one has a single outcome, is not
counted: too little is promised rather than too much. Whether a derived column becomes known is tried by making it
again from probing values: of flags and lists all, of sets none and all members, of amounts a small and a large one,
of days a late and an early one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import UNDETERMINED
from campaign_analytics.assess.probing import Probing, is_open
from campaign_analytics.assess.views import from_columns
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import All, Any_, Exact, Missing, PerName, Sum, bind, columns
from campaign_analytics.rulebook.tree import Or, negate

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def hinges(assessment: Assessment, level: Level) -> pd.DataFrame:
    """See ``Assessment.hinges``."""
    from_columns(assessment)
    rows = np.flatnonzero(assessment.verdict(level) == UNDETERMINED)
    orphans = assessment.market.merchant_row[rows] < 0 if level == "offers" else np.zeros(len(rows), bool)
    open_ = Undetermined(assessment, level, rows[~orphans])
    found = [
        (
            column,
            open_.probing.place(column),
            ";".join(rules),
            int(blamed.sum()),
            int((blamed & open_.settled_by(column)).sum()),
        )
        for column, (blamed, rules) in open_.blame.items()
    ]
    if orphans.any():  # what is missing is a whole row of merchants
        found.append(("merchant_id", "merchants", "", int(orphans.sum()), 0))
    found.sort(key=lambda row: (-row[4], -row[3]))
    table = pd.DataFrame(found, columns=["column", "table", "rules", "missing", "decided"])
    return table.astype(dict.fromkeys(("column", "table", "rules"), "str") | {"missing": np.int64, "decided": np.int64})


class _Outcomes(NamedTuple):
    """The outcomes that are possible, each (rows,) bool."""

    true: Array
    false: Array
    unknown: Array


def _all(parts: Sequence[_Outcomes]) -> _Outcomes:
    true, false, unknown = (np.array(each) for each in zip(*parts, strict=True))
    return _Outcomes(*map(np.asarray, (true.all(0), false.any(0), unknown.any(0) & (true | unknown).all(0))))


def _any(parts: Sequence[_Outcomes]) -> _Outcomes:
    false, true, unknown = _all([_Outcomes(part.false, part.true, part.unknown) for part in parts])
    return _Outcomes(true, false, unknown)


@dataclass(frozen=True, eq=False)
class Undetermined:
    """Undetermined subjects that have all their rows, and what their verdicts would be with one column supplied."""

    assessment: Assessment
    level: Level
    subjects: Array  # their rows
    records: dict[str, Mapping[str, Array]] = field(default_factory=dict)  # see ``settled_by_records``

    @property
    def book(self) -> Rulebook:
        return self.assessment.book

    @cached_property
    def market(self) -> Market:
        """The market with these subjects alone in the table of their level."""
        market = self.assessment.market
        cells = {name: held.take(self.subjects) for name, held in market.tables[self.level].cells.items()}
        tables = {**market.tables, self.level: Table(self.level, cells, len(self.subjects))}
        by_hand = {
            column: own
            for column, each in market.by_hand.items()
            if (own := each.taken(self.subjects) if each.table == self.level else each)
        }
        return replace(market, tables=tables, by_hand=by_hand)

    @cached_property
    def rules(self) -> dict[str, Exact]:
        """The rules that decide a verdict; a guard is ``NOT guard OR condition``."""
        values = {**self.book.values, **self.assessment.moment.clock}
        trees = {rule: self.book.conditions[rule] for rule in self.assessment.rules_at(self.level)}
        return {
            rule: bind(Or((negate(self.book.guards[rule]), tree)) if rule in self.book.guards else tree, values)
            for rule, tree in trees.items()
            if rule in self.assessment.decided
        }

    # ---- cells

    @cached_property
    def probing(self) -> Probing:
        return Probing(self.book, self.market, self.assessment.moment, self.level)

    def cells(self, name: str) -> Cells:
        return self.probing.cells(name)

    def settled(self, name: str, supplied: str) -> Array:
        """(rows,) bool: an open cell of ``name`` becomes known if ``supplied`` is, whatever its value."""
        if name == supplied:
            return np.ones(len(self.subjects), bool)
        if supplied in self.records:
            return self.records[supplied].get(name, np.zeros(len(self.subjects), bool))
        if supplied not in self.probing.sources(name):
            return np.zeros(len(self.subjects), bool)
        return self.probing.tried(supplied)[name].always

    def causes(self, name: str) -> Iterator[tuple[str, Array]]:
        """The columns whose cells leave a column open, and where."""
        gone = is_open(self.cells(name))
        sources = {s: gone & is_open(self.cells(s)) for s in self.probing.sources(name)}
        sources = {source: where for source, where in sources.items() if where.any()}
        helped = {source: where & self.probing.tried(source)[name].ever for source, where in sources.items()}
        left = gone & ~np.logical_or.reduce([*helped.values(), ~gone])
        if sources and left.any():
            together = left & self.probing.tried(*sources)[name].ever
            helped = {source: helps | (together & sources[source]) for source, helps in helped.items()}
            left &= ~together
        yield from helped.items()
        yield name, left

    # ---- outcomes

    @cached_property
    def _now(self) -> dict[Exact, _Outcomes]:
        return {}

    def outcomes(self, exact: Exact, supplied: str = "") -> _Outcomes:
        """What a condition may come to with one column supplied; what it comes to now with none."""
        named = columns(exact)
        behind = {source for name in named for source in (name, *self.probing.sources(name))}
        if supplied not in behind and not named & self.records.get(supplied, {}).keys():
            if exact not in self._now:
                self._now[exact] = self._outcomes(exact, "")
            return self._now[exact]
        return self._outcomes(exact, supplied)

    def _outcomes(self, exact: Exact, supplied: str) -> _Outcomes:
        match exact:
            case All(parts):
                return _all([self.outcomes(part, supplied) for part in parts])
            case Any_(parts):
                return _any([self.outcomes(part, supplied) for part in parts])
        if supplied:
            return self._with(exact, supplied)
        no, unknown = evaluate(exact, {name: self.cells(name) for name in columns(exact)}, len(self.subjects))
        return _Outcomes(~no & ~unknown, no, unknown)

    def _with(self, leaf: Exact, supplied: str) -> _Outcomes:
        """A comparison with one column supplied."""
        now = self.outcomes(leaf)
        if isinstance(leaf, Missing):
            gone = self.cells(leaf.column).missing
            found = np.zeros(len(self.subjects), bool) if gone is None else gone & self.settled(leaf.column, supplied)
            true = np.where(found, leaf.negated, now.true)
            return _Outcomes(true, ~true, now.unknown)
        still = self._without_number(leaf)
        for name in columns(leaf):
            still = still | (is_open(self.cells(name)) & ~self.settled(name, supplied))
        known = now.unknown & ~still
        return _Outcomes(now.true | known, now.false | known, now.unknown & still)

    def _without_number(self, leaf: Exact) -> Array:
        """Where a number that varies by name has none for the subject's name, or for some name that it may have."""
        gone = np.zeros(len(self.subjects), bool)
        numbers = (*(c for c, _ in leaf.terms), leaf.bound) if isinstance(leaf, Sum) else ()
        for number in numbers:
            if isinstance(number, PerName) and number.default is None:
                by, listed = self.cells(number.by), {name for name, _ in number.values}
                quantity = self.book.quantity(number.by)
                closed = bool(quantity.options) or (bool(quantity.of) and not self.book.lists[quantity.of].open)
                unlisted = np.array([name not in listed for name in by.names] or [True])
                some = not closed or not listed.issuperset(self.book.names_of(quantity))
                gone = gone | np.where(is_open(by), some, unlisted[by.values])
        return gone

    # ---- answers

    @cached_property
    def blame(self) -> dict[str, tuple[Array, list[str]]]:
        """By column: the subjects whose verdict its cells leave open, and the rules through which they do."""
        found: dict[str, tuple[Array, list[str]]] = {}
        for rule, exact in self.rules.items():
            for column, where in self._blamed(exact, np.ones(len(self.subjects), bool)):
                blamed, rules = found.setdefault(column, (np.zeros(len(self.subjects), bool), []))
                if where.any():
                    blamed |= where
                    rules += [] if rule in rules else [rule]
        return {column: each for column, each in found.items() if each[1]}

    def _blamed(self, exact: Exact, live: Array) -> Iterator[tuple[str, Array]]:
        live = live & self.outcomes(exact).unknown
        if not live.any():
            return
        if isinstance(exact, All | Any_):
            for part in exact.parts:
                yield from self._blamed(part, live)
            return
        for name in sorted(columns(exact)):
            yield from ((column, live & where) for column, where in self.causes(name))

    def settled_by_records(self, table: str, column: str, which: Array) -> Array:
        """(rows,) bool: the verdict is decided if the cells ``which`` (bool, on the rows of ``table``) are supplied."""
        key = f"{table}.{column} ({len(self.records)})"
        tied = any(self.book.ties(name) for name in self.book.derived if column in self.book.sources(name))
        if tied and self.level == "merchants":  # to others, whose records may leave it open, too
            whole = Probing(self.book, self.assessment.market, self.assessment.moment, self.level)
            known = whole.known_with(table, column, which)
            self.records[key] = {name: held[self.subjects] for name, held in known.items()}
        else:
            self.records[key] = self.probing.known_with(table, column, which)
        return self.settled_by(key)

    def settled_by(self, column: str) -> Array:
        """(rows,) bool: the verdict is decided if the column's open cell is supplied, whatever its value."""
        return ~_all([self.outcomes(exact, column) for exact in self.rules.values()]).unknown
