"""Verdicts that hinge on missing data: which columns leave them open, and what supplying a single one would settle.

A cell leaves a verdict open where it is missing, or known only as a range, and stands behind a comparison that is
unknown and makes its rule so: every AND and OR between the two is unknown as well. Behind a derived column stand
those open cells of the subject's row, each of which may settle it if supplied; where no single one can, all of them;
where none is open (the table of events is not declared complete), the derived column itself.

Supplying a cell settles a verdict where, whatever its value, no unknown is left in it. This is Kleene's logic over
sets of outcomes: a comparison that becomes known may be true or false, a test for NULL becomes false, all else stays
as it is. Comparisons are taken to be independent, so a verdict that is settled only because two of one column
exclude each other is not counted. Whether a derived column becomes known is tried by making it again from probing
values: of flags and lists all, of sets none and all members, of amounts a small and a large one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import UNDETERMINED
from campaign_analytics.derive import BUILT
from campaign_analytics.derive.making import Making, on_rows
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import All, Any_, Exact, Missing, PerName, Sum, bind, columns
from campaign_analytics.rulebook.tree import Or, negate
from campaign_analytics.rulebook.values import day_number, instant

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def hinges(assessment: Assessment, level: Level) -> pd.DataFrame:
    """See ``Assessment.hinges``."""
    rows = np.flatnonzero(assessment.verdict(level) == UNDETERMINED)
    orphans = assessment.market.merchant_row[rows] < 0 if level == "offers" else np.zeros(len(rows), bool)
    open_ = _Undetermined(assessment, level, rows[~orphans])
    found = [
        (
            column,
            open_.place(column),
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
class _Undetermined:
    """Undetermined subjects that have all their rows, and what their verdicts would be with one column supplied."""

    assessment: Assessment
    level: Level
    subjects: Array  # their rows

    @property
    def book(self) -> Rulebook:
        return self.assessment.book

    @cached_property
    def market(self) -> Market:
        """The market with these subjects alone in the table of their level."""
        market = self.assessment.market
        cells = {name: held.take(self.subjects) for name, held in market.tables[self.level].cells.items()}
        return replace(market, tables={**market.tables, self.level: Table(self.level, cells, len(self.subjects))})

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

    def cells(self, name: str, market: Market | None = None) -> Cells:
        return on_rows(market or self.market, self.book, name, self.level)

    def place(self, name: str) -> str:
        """The table whose cell of a column a subject reads."""
        tables = self.market.tables
        held = [table for table in (self.level, "merchants") if name in tables[table].cells]
        return held[0] if held else self.book.table_of(name)

    def sources(self, name: str) -> list[str]:
        """The table columns behind a derived column that have one cell a subject."""
        table = self.book.table_of(name)
        near = ("offers", "merchants") if table == "offers" else (table,)
        return [source for source in sorted(self.book.sources(name)) if self.place(source) in near]

    def settled(self, name: str, supplied: str) -> Array:
        """(rows,) bool: an open cell of ``name`` becomes known if ``supplied`` is, whatever its value."""
        if name == supplied:
            return np.ones(len(self.subjects), bool)
        if name not in self.book.derived or supplied not in self.sources(name):
            return np.zeros(len(self.subjects), bool)
        return self._tried(supplied)[name][1]

    def causes(self, name: str) -> Iterator[tuple[str, Array]]:
        """The columns whose cells leave a column open, and where."""
        gone = _open(self.cells(name))
        if name not in self.book.derived:
            yield name, gone
            return
        sources = {source: gone & _open(self.cells(source)) for source in self.sources(name)}
        helped = {s: where & self._tried(s)[name][0] for s, where in sources.items() if where.any()}
        alone = np.logical_or.reduce([*helped.values(), ~gone])
        for source, helps in helped.items():
            yield source, helps | (sources[source] & ~alone)
        yield name, gone & ~np.logical_or.reduce([*sources.values(), ~gone])

    @cached_property
    def _trials(self) -> dict[str, dict[str, tuple[Array, Array]]]:
        return {}

    def _tried(self, supplied: str) -> dict[str, tuple[Array, Array]]:
        """For every derived column made from ``supplied``: where it is known for some, and for every, value of it."""
        if supplied not in self._trials:
            made = self._made_from(supplied)
            known = {
                name: np.stack([~_open(self.cells(name, each)) for each in made]) for name in self._downstream(supplied)
            }
            self._trials[supplied] = {n: (np.asarray(k.any(0)), np.asarray(k.all(0))) for n, k in known.items()}
        return self._trials[supplied]

    def _downstream(self, supplied: str) -> list[str]:
        made = [name for name in self.book.derived_order if self._is_made(name)]
        return [name for name in made if supplied in self.sources(name)]

    def _is_made(self, name: str) -> bool:
        return name in self.market.tables[self.book.table_of(name)].cells

    def _made_from(self, supplied: str) -> list[Market]:
        """The market with the open cells of a column filled by each probing value in turn."""
        place = self.place(supplied)
        held = on_rows(self.market, self.book, supplied, place)
        markets = []
        for filled in _filled(held, self.assessment):
            market = self.market.with_table(self.market.tables[place].with_cells({supplied: filled}))
            for name in self._downstream(supplied):
                made = BUILT[self.book.derived[name].make](Making(market, self.book, name, self.assessment.moment))
                table = market.tables[self.book.table_of(name)]
                market = market.with_table(table.with_cells({name: made.cells}))
            markets.append(market)
        return markets

    # ---- outcomes

    @cached_property
    def _now(self) -> dict[Exact, _Outcomes]:
        return {}

    def outcomes(self, exact: Exact, supplied: str = "") -> _Outcomes:
        """What a condition may come to with one column supplied; what it comes to now with none."""
        behind = {source for name in columns(exact) for source in (name, *self._behind(name))}
        if supplied not in behind:
            if exact not in self._now:
                self._now[exact] = self._outcomes(exact, "")
            return self._now[exact]
        return self._outcomes(exact, supplied)

    def _behind(self, name: str) -> list[str]:
        return self.sources(name) if name in self.book.derived else []

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
            still = still | (_open(self.cells(name)) & ~self.settled(name, supplied))
        known = now.unknown & ~still
        return _Outcomes(now.true | known, now.false | known, now.unknown & still)

    def _without_number(self, leaf: Exact) -> Array:
        """Where a number that varies by name has none for the subject's name, or may have none for a missing one."""
        gone = np.zeros(len(self.subjects), bool)
        numbers = (
            [n for n in (*(c for c, _ in leaf.terms), leaf.bound) if isinstance(n, PerName)]
            if isinstance(leaf, Sum)
            else []
        )
        for number in numbers:
            if number.default is None:
                by, listed = self.cells(number.by), {name for name, _ in number.values}
                table = np.array([name not in listed for name in (*by.names, "")], bool)
                gone = gone | _open(by) | table[by.values]
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

    def settled_by(self, column: str) -> Array:
        """(rows,) bool: the verdict is decided if the column's open cell is supplied, whatever its value."""
        return ~_all([self.outcomes(exact, column) for exact in self.rules.values()]).unknown


def _open(cells: Cells) -> Array:
    """(rows,) bool: missing, or known only as a range."""
    gone = np.zeros(len(cells), bool) if cells.missing is None else cells.missing
    return gone if cells.high is None else gone | np.asarray(cells.high != cells.values)


def _filled(cells: Cells, assessment: Assessment) -> Iterator[Cells]:
    """A column whose open cells hold each probing value of its type in turn."""
    gone = _open(cells)
    if cells.type == "text" and not cells.names:
        yield Cells("text", pd.Series(cells.values).mask(gone, "?").array)
        return
    probes: dict[str, Sequence[Any]] = {
        "flag": (False, True),
        "set": (0, (1 << len(cells.names)) - 1),
        "rate": (0.0, 1.0),
        "day": (day_number(assessment.as_of.date()),),
        "time": (instant(assessment.as_of),),
    }
    usual = range(len(cells.names)) if cells.names else (1, 1_000_000)
    for value in probes.get(cells.type, usual):
        held = np.asarray(cells.values)
        dtype = held.dtype if cells.type in ("set", "flag", "rate", "number") else np.int64
        yield Cells.make(cells.type, np.where(gone, np.array(value, dtype), held), names=cells.names)
