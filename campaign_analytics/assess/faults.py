"""Which faults of the data to repair first: how many verdicts each of them leaves open, and how many it may have wrong.

A fault is all cells of one column that are reported for one reason: empty, absent from a file, not understood, written
as a range, doubted, or contradicting another (as its column says, or a warning of the rulebook about data). Of the
subjects of a level, it touches

undetermined: those whose verdict cannot be decided, where a cell of the fault makes a rule unknown, as ``hinges`` says;
decided: those of them whose verdict is settled once the cells of the fault are known, whatever their values;
in_doubt: those whose verdict is decided, and rests on a doubted cell: a pre-qualified one that some rule of it reads,
an ineligible one of which every rule that fails reads one. The verdict may be wrong, if the cell is.

Cells that are empty, or absent from a file, and leave nothing open are no fault. A subject may be touched by several.
A record of another table, such as a penalty, counts for the subject that it names, and for all accounts of one user
where the recipe that reads it ties them. Offers that name no merchant are open through their merchant_id, and are not
settled by it alone: what is missing is the merchant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.hinges import Undetermined
from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.assess.probing import is_open
from campaign_analytics.assess.views import from_columns
from campaign_analytics.derive.linked import holders
from campaign_analytics.derive.making import Making, rows_of
from campaign_analytics.market.cells import NOTHING
from campaign_analytics.market.contradictions import above, contradictions
from campaign_analytics.market.quality import Finding, Reason
from campaign_analytics.market.read import ABSENT
from campaign_analytics.market.schema import Array, Table
from campaign_analytics.rulebook.book import Level

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

COLUMNS = ("table", "column", "kind", "reason", "example", "cells", "undetermined", "decided", "in_doubt")
BY_HAND = Reason("missing", "given by hand, and conflicting or not understood")
UNREAD = Reason("missing", "not understood, or made of cells that are not")
UNTOLD = Reason("missing", "can't be told: its cells conflict, or its records are of others or not declared complete")
_FILES = 40  # bits below a file's number for the number of a row


@dataclass(frozen=True, eq=False)
class Fault:
    """Cells of one column that are reported for one reason."""

    table: str
    columns: tuple[str, ...]  # several where it is a contradiction between them
    reason: Reason
    example: str
    rows: Array  # (rows of the table,) bool


def faults(assessment: Assessment, level: Level, lang: str) -> pd.DataFrame:
    """See ``Assessment.faults``."""
    from_columns(assessment)
    touching = _Touching(assessment, level)
    rows = [
        [
            fault.table, fault.columns[0], fault.reason.kind, fault.reason.told(lang), fault.example,
            assessment.market.tables[fault.table].count(fault.rows), *counts,
        ]
        for fault, counts in touching.counted(lang)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["decided", "undetermined", "in_doubt", "cells"]
    frame = frame.astype(dict.fromkeys(COLUMNS[:5], "str") | dict.fromkeys(numbers, np.int64))
    return frame.sort_values(numbers, ascending=False, kind="stable", ignore_index=True)


class _Places:
    """The rows of a table by file and row number."""

    def __init__(self, table: Table) -> None:
        self.files: dict[str, int] = {}
        self.keys, self.order = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if table.origin is not None:
            self.files = {file: code for code, file in enumerate(table.origin.files)}
            keys = (table.origin.codes.astype(np.int64) << _FILES) + table.origin.numbers
            self.order = np.argsort(keys, kind="stable")
            self.keys = keys[self.order]

    def of(self, finding: Finding, rows: int) -> Array:
        """(rows,) bool: the rows of the table at which a finding stands; those that were merged are no rows of it."""
        found = np.zeros(rows, bool)
        if finding.rows is None or not len(self.keys):
            return found
        codes = np.array([self.files.get(file, -1) for file in finding.rows.files], np.int64)[finding.rows.codes]
        keys = (codes << _FILES) + finding.rows.numbers
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found[self.order[place[self.keys[place] == keys]]] = True
        return found


class _Touching:
    """The faults of a market, and whom each of them touches."""

    def __init__(self, assessment: Assessment, level: Level) -> None:
        self.assessment, self.level = assessment, level
        self.book, self.market = assessment.book, assessment.market
        self.verdict = assessment.verdict(level)
        unsure = np.flatnonzero(self.verdict == UNDETERMINED)
        orphans = self.market.merchant_row[unsure] < 0 if level == "offers" else np.zeros(len(unsure), bool)
        self.orphans = unsure[orphans]
        self.open = Undetermined(assessment, level, unsure[~orphans])
        self._places: dict[str, _Places] = {}
        self._nobody = np.zeros(len(self.open.subjects), bool)
        self._told: dict[str, Array] = {}  # derived column -> who is open through a record that is told by itself

    # ---- faults

    def counted(self, lang: str) -> Iterator[tuple[Fault, tuple[int, int, int]]]:
        """Each fault of a column that a rule in force reads, with its counts: undetermined, decided, in doubt."""
        for table, column in self._read():
            for fault in self._open_cells(table, column):
                undetermined, decided = self._left_open(fault)
                if undetermined or fault.reason.kind not in ("empty", "absent"):
                    yield fault, (undetermined, decided, 0)
            for fault in self._doubted(table, column):
                yield fault, (*self._orphaned(fault), self._resting(fault))
        for fault in self._contradictions(lang):
            yield fault, (0, 0, self._resting(fault))
        for column, (blamed, _) in self.open.blame.items():
            left = blamed & ~self._told.get(column, self._nobody)
            if column in self.book.derived and left.any():
                yield self._untold(column, left)

    def _read(self) -> list[tuple[str, str]]:
        """Table and column, of all columns that rules in force read, and what tells whose an offer is."""
        names = {name for rule in self.assessment.rules for name in self.book.columns_of(rule)}
        columns = {source for name in names for source in self.book.sources(name)}
        tables = {column: self.book.table_of(column) for column in self.book.columns if column in columns}
        read = [(table, column) for column, table in tables.items() if table in self.market.tables]
        return [*read, ("offers", "merchant_id")] if self.level == "offers" else read

    def _open_cells(self, table: str, column: str) -> Iterator[Fault]:
        """The cells of a column that are missing or known only as a range, by the reason why."""
        held = self.market.tables[table]
        if column not in held.cells:
            yield Fault(table, (column,), ABSENT, "", np.ones(held.rows, bool))
            return
        cells = held.cells[column]
        left = is_open(cells).copy()
        by_hand = self._by_hand(table, column)
        if (left & by_hand).any():
            yield Fault(table, (column,), BY_HAND, "", left & by_hand)
            left &= ~by_hand
        blank = left & cells.blank
        left &= ~blank
        yield from self._blank(held, column, blank)
        known: dict[Reason, Fault] = {}
        for finding in self._findings(table, column, ("missing", "repaired", "doubted")):
            if not left.any():
                break
            rows = left & self._at(table, finding)
            left &= ~rows
            if rows.any():
                before = known.get(finding.reason)
                rows = rows if before is None else rows | before.rows
                known[finding.reason] = Fault(table, (column,), finding.reason, finding.example, rows)
        yield from known.values()
        if left.any():
            yield Fault(table, (column,), UNREAD, "", left)

    def _blank(self, table: Table, column: str, blank: Array) -> Iterator[Fault]:
        """Cells in which nothing stands: in files that lack the column, and in those that have it."""
        lacking = [part for part in table.parts if column not in part.headers]
        if lacking and len(lacking) == len(table.parts):
            reasons = {ABSENT: blank}
        else:
            reasons = {}
            for part in lacking:
                assert table.origin is not None  # only what was read has parts
                reasons[Reason("absent", f"not in {part.place}")] = blank & table.origin.of_file(part.place)
            reasons[NOTHING] = blank & ~np.logical_or.reduce([np.zeros(len(blank), bool), *reasons.values()])
        yield from (Fault(table.name, (column,), why, "", rows) for why, rows in reasons.items() if rows.any())

    def _doubted(self, table: str, column: str) -> Iterator[Fault]:
        """The cells of a column that stand, but are doubted."""
        cells = self.market.tables[table].cells.get(column)
        stands = ~self._by_hand(table, column) if cells is None else ~is_open(cells) & ~self._by_hand(table, column)
        torn = {above(other) for other in self.book.columns[column].at_most}  # told with what stands by hand
        for finding in self._findings(table, column, ("doubted",)):
            if finding.reason in torn:
                continue
            rows = stands & self._at(table, finding)
            if rows.any():
                yield Fault(table, (column,), finding.reason, finding.example, rows)

    def _contradictions(self, lang: str) -> Iterator[Fault]:
        """The cells that cannot all be right: as their columns say, or a warning about the data."""
        read = {column for _, column in self._read()}
        for name in ("merchants", "offers"):
            held = self.market.tables[name]
            for column, other, where in contradictions(held, self.book):
                if not read.isdisjoint((column, other)):
                    rows = np.zeros(held.rows, bool)
                    rows[where] = True
                    yield Fault(name, (column, other), above(other), "", rows)
        for name in self.assessment.rules:
            rule = self.book.rules[name]
            if rule.data:
                table, columns = self.book.level(name), self.book.columns_of(name)
                sources = dict.fromkeys(source for column in columns for source in sorted(self.book.sources(column)))
                rows = self.assessment.any(table, [name])
                if rows.any():
                    yield Fault(table, tuple(sources), Reason("doubted", rule.label(lang, name)), "", rows)

    def _untold(self, column: str, blamed: Array) -> tuple[Fault, tuple[int, int, int]]:
        """A derived column that no cell of a table leaves open by itself."""
        place, subjects = self.open.probing.place(column), self.open.subjects[blamed]
        rows = np.zeros(self.market.tables[place].rows, bool)
        rows[subjects if place == self.level else self.market.merchant_row[subjects]] = True
        counts = self._counts(blamed), self._counts(blamed & self.open.settled_by(column)), 0
        return Fault(place, (column,), UNTOLD, "", rows), counts

    def _findings(self, table: str, column: str, kinds: tuple[str, ...]) -> list[Finding]:
        held = () if self.market.quality is None else self.market.quality.findings
        own = [each for each in held if (each.table, each.column) == (table, column) and each.codes is not None]
        return sorted(
            (each for each in own if each.reason.kind in kinds), key=lambda each: kinds.index(each.reason.kind)
        )

    def _at(self, table: str, finding: Finding) -> Array:
        held = self.market.tables[table]
        if table not in self._places:
            self._places[table] = _Places(held)
        return self._places[table].of(finding, held.rows)

    def _by_hand(self, table: str, column: str) -> Array:
        """(rows of the table,) bool: the cells that stand by hand, whatever the files say."""
        rows = np.zeros(self.market.tables[table].rows, bool)
        held = self.market.by_hand.get(column)
        if held is not None and held.table == table:
            rows[held.rows] = True
        return rows

    # ---- whom a fault touches

    def _left_open(self, fault: Fault) -> tuple[int, int]:
        """How many verdicts a fault leaves open, and how many of these are settled once its cells are known."""
        (column,) = fault.columns
        if (fault.table, column) == ("offers", "merchant_id"):
            return self._orphaned(fault)
        place = self.open.probing.place(column)
        if fault.table == place and fault.table in ("offers", "merchants"):
            if column not in self.open.blame:
                return 0, 0
            touched = self.open.blame[column][0] & self._hit(fault)[self.open.subjects]
            settled = touched & self.open.settled_by(column) if touched.any() else touched
            return self._counts(touched), self._counts(settled)
        touched = self._nobody
        for made in self._blamed_through(column):
            through = self.open.blame[made][0] & self._hit(fault, self.book.table_of(made), [made])[self.open.subjects]
            self._told[made] = self._told.get(made, self._nobody) | through
            touched = touched | through
        if not touched.any():
            return 0, 0
        settled = touched & self.open.settled_by_records(fault.table, column, fault.rows)
        return self._counts(touched), self._counts(settled)

    def _blamed_through(self, column: str) -> list[str]:
        derived = [name for name in self.open.blame if name in self.book.derived]
        return [name for name in derived if column in self.book.sources(name)]

    def _orphaned(self, fault: Fault) -> tuple[int, int]:
        """The offers whose merchant is not known: nothing that one cell tells settles them."""
        if (fault.table, fault.columns) != ("offers", ("merchant_id",)):
            return 0, 0
        return int(self._each(self.orphans[fault.rows[self.orphans]]).sum()), 0

    def _resting(self, fault: Fault) -> int:
        """How many decided verdicts rest on doubted cells."""
        rules = [rule for rule in self.assessment.rules_at(self.level) if rule in set(self.assessment.blocking)]
        reading = {rule for rule in rules if not self._sources(rule).isdisjoint(fault.columns)}
        if not reading:
            return 0
        others = [rule for rule in rules if rule not in reading]
        fails = (self.verdict == INELIGIBLE) & ~self.assessment.any(self.level, others)
        through = self._through(fault, reading)
        hit = self._hit(fault, self._owner(fault, through), through)
        return self.market.tables[self.level].count(hit & ((self.verdict == PRE_QUALIFIED) | fails))

    def _through(self, fault: Fault, reading: Iterable[str]) -> list[str]:
        """The derived columns over which rules read a fault's cells."""
        made = {name for rule in reading for name in self._derived(self.book.columns_of(rule))}
        return [name for name in sorted(made) if not self.book.sources(name).isdisjoint(fault.columns)]

    def _owner(self, fault: Fault, through: Iterable[str]) -> str:
        """The table whose rows a fault's rows belong to: offers where an offer's rule reads them."""
        if fault.table in ("offers", "merchants"):
            return fault.table
        return "offers" if any(self.book.table_of(name) == "offers" for name in through) else "merchants"

    def _sources(self, rule: str) -> frozenset[str]:
        return frozenset(source for column in self.book.columns_of(rule) for source in self.book.sources(column))

    def _derived(self, names: Iterable[str]) -> set[str]:
        own = {name for name in names if name in self.book.derived}
        return own | {deeper for name in own for deeper in self._derived(self.book.reads(name))}

    def _hit(self, fault: Fault, owner: str = "", through: Iterable[str] = ()) -> Array:
        """(subjects,) bool: who has a cell of the fault; a row of another table is its ``owner``'s, and of all whom a
        derived column that it goes ``through`` ties to it."""
        rows, owner = fault.rows, owner or fault.table
        if fault.table not in ("offers", "merchants"):
            owners = rows_of(self.market, fault.table, owner)[rows]
            rows = np.zeros(self.market.tables[owner].rows, bool)
            rows[owners[owners >= 0]] = True
            for name in through:
                if self.book.ties(name) and owner == "merchants":
                    making = Making(self.market, self.book, name, self.assessment.moment)
                    rows |= holders(making, fault.table, fault.rows)
        if owner == self.level:
            return rows
        if self.level == "offers":
            return np.append(rows, False)[self.market.merchant_row]  # row -1, an orphan, is the last
        of = self.market.merchant_row[rows]  # a merchant has a cell of each of its offers
        hit = np.zeros(self.market.merchants.rows, bool)
        hit[of[of >= 0]] = True
        return hit

    def _each(self, subjects: Array) -> Array:
        each = self.market.tables[self.level].stands_for
        return np.ones(len(subjects), np.int64) if each is None else each[subjects]

    def _counts(self, which: Array) -> int:
        """How many subjects those are, of the undetermined ones."""
        return int(self._each(self.open.subjects[which]).sum())
