"""What counts cannot tell, fetched from the market that they were made of: some offers, assessed one by one.

They are an assessment (or a what-if) as of a market that is held, so that every list and card of theirs is one of its
views. Only files and row groups that may hold what is asked for are read, until enough is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cached_property, reduce
from operator import and_
from pathlib import Path
from typing import Any, TypeAlias, overload
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.assess.outcomes import FAIL, PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import SIZE, group_codes
from campaign_analytics.derive import Derivation
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large.given import check_asked, check_progress
from campaign_analytics.large.index import Index, is_index
from campaign_analytics.large.preparing import ACROSS, Prepared, prepare
from campaign_analytics.large.prints import checked, files_of
from campaign_analytics.large.said import said
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.behind import Behind, Files
from campaign_analytics.market.schema import Array, Cells, Market, Table, joined
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.recipes import OF_OFFERS
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.what_if import WhatIf
from campaign_analytics.simulate.where import Where

EVERY, NEAR, FLIPS = "every", "near_misses", "flips"

#: (offers,) bool of a part: which of its offers are asked for.
Pick: TypeAlias = Callable[[Assessment], Array]


@overload
def fetch(
    counts: WhatIf, which: str = FLIPS, *, where: Where | None = None, n: int = 200, progress: Progress | None = None
) -> WhatIf: ...
@overload
def fetch(
    counts: Assessment | Index,
    which: str = EVERY,
    *,
    where: Where | None = None,
    n: int = 200,
    progress: Progress | None = None,
) -> Assessment: ...
def fetch(
    counts: Assessment | Index | WhatIf,
    which: str = "",
    *,
    where: Where | None = None,
    n: int = 200,
    progress: Progress | None = None,
) -> Assessment | WhatIf:
    """The first ``n`` offers behind counts, a cube or an index, with all views of a market that is held.

    ``which``: "every" offer, "near_misses", a verdict ("ineligible"), or a rule: those that fail it; of a what-if over
    counts, whose setting then is in force, also "flips", those whose verdict it turns. ``where`` as in ``WhatIf``, also
    by offer_id or merchant_id. All merchants are there, and what was made of all offers, such as a rank, stands.
    ``progress`` is called with the offers looked at and those in all. Raises ``CampaignError`` where the market is
    gone, or has changed since.
    """
    check_asked(which, where, n)
    check_progress(progress)
    held = counts.baseline if isinstance(counts, WhatIf) else counts
    if held not in _FETCHING:
        _FETCHING[held] = _Fetching.of(held)
    now = counts.book
    found = _FETCHING[held].first(
        _picking(which or (FLIPS if now is not held.book else EVERY), now), where, n, progress
    )
    return WhatIf(found).at(now) if isinstance(counts, WhatIf) else found


def fetch_uncounted(
    place: str | Path,
    book: Rulebook,
    as_of: str | date | datetime | None = None,
    *,
    where: Where | None = None,
    n: int = 200,
    progress: Progress | None = None,
) -> Assessment:
    """``fetch`` from a folder of typed parquet files, or an index, of which nothing has been counted."""
    check_asked(EVERY, where, n)
    if is_index(place):
        index = Index.open(place, book, as_of)
        fetching = _Fetching.of_index(index, book)
    else:
        source = Source.open(place, book)
        moment = Moment(moment_of(Market({}, source.declared), book, as_of))
        fetching = _Fetching(book, moment, Behind("counts_of", source.place, files_of(source)))
    return fetching.first(_picking(EVERY, book), where, n, progress)


def can_fetch(counts: Assessment) -> bool:
    """Whether there is a market behind counts that can be asked again, if it is still there."""
    return counts.market.rest_of is not None and counts.market.rest_of.source is not None


class _Fetching:
    """The market behind counts, with what all its parts need."""

    def __init__(
        self,
        book: Rulebook,
        moment: Moment,
        behind: Behind,
        unmade: frozenset[str] = frozenset(),
        later: Sequence[str] = (),
    ) -> None:
        self.book, self.moment, self.unmade, self.not_computed = book, moment, unmade, tuple(later)
        self.what, self.source = str(behind), behind.source
        self._whole: Prepared | None = None

    @classmethod
    def of(cls, counts: Assessment | Index) -> _Fetching:
        """Raises ``CampaignError`` where there is nothing behind an assessment."""
        if isinstance(counts, Index):
            return cls.of_index(counts, counts.book)
        if not isinstance(counts, Assessment):
            raise CampaignError(f"{type(counts).__name__}: expected counts, a cube, an index or a what-if of these")
        behind = counts.market.rest_of
        if behind is None:
            raise CampaignError("this assessment has every offer already: ask it, not fetch")
        if behind.source is None:
            raise CampaignError(
                f"there is no market left behind {behind}: it was held in memory, or lies where Spark alone reads; "
                "make it of a folder of typed parquet files to fetch offers"
            )
        return cls(counts.book, counts.moment, behind, counts.unmade, counts.not_computed)

    @classmethod
    def of_index(cls, index: Index, book: Rulebook) -> _Fetching:
        """At the values of ``book``."""
        return cls(book, Moment(index.as_of), index.behind("index_of"))

    def first(self, pick: Pick, where: Where | None, n: int, progress: Progress | None) -> Assessment:
        """The first ``n`` offers that are picked, and of ``where``."""
        asked = {name: _texts(name, held) for name, held in (where or {}).items()}
        if SIZE in asked:
            raise CampaignError("some offers can't be picked by the size of their merchant")
        found, left, done, there = list[Assessment](), n, 0, False
        for part, of in self._parts(asked):
            among = _among(part, asked)
            there = there or bool(among.any())
            rows = np.flatnonzero(pick(part) & among)[:left]
            if len(rows) or not found:
                found.append(_some(part, rows))
            left, done = left - len(rows), done + part.market.offers.rows
            if progress:
                progress(done, of)
            if left <= 0:
                break
        if not there:
            told = ", ".join(f"{name} {' or '.join(map(repr, values))}" for name, values in asked.items())
            raise CampaignError(f"no offer has {told}" if told else f"there are no offers behind {self.what}")
        return _together(found)

    def _parts(self, asked: Mapping[str, Sequence[str]]) -> Iterator[tuple[Assessment, int]]:
        """The offers that may be of ``asked``, some at a time, and how many there are in all."""
        if isinstance(self.source, Market):
            derivation = Derivation(self.source, self.unmade, frozenset())
            held = replace(assessed(derivation, self.book, self.moment), not_computed=self.not_computed)
            yield held, held.market.offers.rows
            return
        assert isinstance(self.source, Files)
        whole = self._prepared(self.source)
        some = _narrowed(whole, asked)
        own = [name for name in asked if name in whole.source.schemas["offers"].names]
        for part in some.source.parts:
            cells = some.source.offers(part, own).cells if own else {}
            if all(_has(cells[name], asked[name]).any() for name in own):
                yield assessed(some.part(part), self.book, self.moment), whole.source.rows

    def _prepared(self, files: Files) -> Prepared:
        """The merchants, with all of their columns, and what was made of all offers: once, while files stay."""
        try:
            source = Source.open(files.place, self.book)
        except MarketError as error:
            raise CampaignError(f"the market behind {self.what} can't be read: {error}") from None
        checked(files, source, self.what)
        if self._whole is None or self._whole.source.seen != source.seen:
            self._whole = prepare(source, self.book, self.moment, tuple(self.book.columns))
        return self._whole


#: By counts: what was prepared to fetch from the market behind them.
_FETCHING: WeakKeyDictionary[Assessment | Index, _Fetching] = WeakKeyDictionary()


# ---- which offers


def _picking(which: str, now: Rulebook) -> Pick:
    """How the offers that are asked for are told, at the values of ``now``."""

    def at_now(part: Assessment) -> Assessment:
        return part if now is part.book else WhatIf(part).assessed(now)

    if which == EVERY:
        return lambda part: np.ones(part.market.offers.rows, bool)
    if which == FLIPS:
        return lambda part: (part.verdict() == PRE_QUALIFIED) != (at_now(part).verdict() == PRE_QUALIFIED)
    if which == NEAR:
        return lambda part: np.isin(np.arange(part.market.offers.rows), at_now(part).near_misses().rows)
    if which in VERDICTS:
        return lambda part: at_now(part).verdict() == VERDICTS.index(which)
    if which in now.active:
        return lambda part: at_now(part).outcome(which) == FAIL
    known = (EVERY, NEAR, FLIPS, *VERDICTS, *now.active)
    raise CampaignError(f"which={which!r}{did_you_mean(which, known)}; expected {', '.join(known[:6])}, or a rule")


def _texts(name: str, held: object) -> list[str]:
    """The values that are asked for of a column."""
    values: list[Any] = list(held) if isinstance(held, Iterable) and not isinstance(held, str) else [held]
    if wrong := [value for value in values if not isinstance(value, str)]:
        raise CampaignError(f'where={{"{name}": {wrong[0]!r}}}: expected text, "" of none, such as "{wrong[0]}"')
    return values


def _among(part: Assessment, asked: Mapping[str, Sequence[str]]) -> Array:
    """(offers,) bool: has one of the values asked for in every column."""
    found = np.ones(part.market.offers.rows, bool)
    for column, values in asked.items():
        codes, names = group_codes(part, column, "offers")
        found &= np.isin(codes, [i for i, name in enumerate(names) if name in values])
    return found


def _has(cells: Cells, values: Sequence[str]) -> Array:
    """(offers,) bool: has one of the values, "" = none."""
    return np.asarray(cells.to_pandas().astype("str").fillna("").isin(list(values)))


@dataclass(frozen=True)
class _Narrow(Source):
    """A market of some row groups of offers."""

    groups: tuple[Part, ...]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return self.groups


def _narrowed(prepared: Prepared, asked: Mapping[str, Sequence[str]]) -> Prepared:
    """The same market with the row groups of offers alone that may hold what is asked for, by their statistics, each a
    part."""
    source = prepared.source
    groups, rows, start = list[Part](), list[Array](), 0
    for file in source.files["offers"]:
        with said(file):
            held = pyarrow.parquet.ParquetFile(file).metadata
            within = _row_groups(file, asked, source.schemas["offers"])
        first = 0
        for group in range(held.num_row_groups):
            count = held.row_group(group).num_rows
            if group in within and count:
                groups.append(Part(file, (group,), first, count))
                rows.append(np.arange(start + first, start + first + count))
            first += count
        start += first
    narrow = _Narrow(**{each.name: getattr(source, each.name) for each in fields(source)}, groups=tuple(groups))
    taken = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    across = {name: cells.take(taken) for name, cells in prepared.across.items()}
    return replace(prepared, source=narrow, across=across)


def _row_groups(file: Path, asked: Mapping[str, Sequence[str]], schema: pa.Schema) -> set[int]:
    """The row groups of a file whose statistics do not rule out what is asked for."""
    filters = [
        pc.field(name).isin([value for value in values if value])
        | (pc.field(name).is_null() if "" in values else False)
        for name, values in asked.items()
        if name in schema.names and pa.types.is_string(schema.field(name).type)
    ]
    among = reduce(and_, filters, pc.scalar(True))
    held = pyarrow.dataset.dataset(str(file), format="parquet")
    pieces = (piece for each in held.get_fragments() for piece in each.split_by_row_group(among, held.schema))
    return {group.id for piece in pieces for group in piece.row_groups}


# ---- some offers as a market


def _some(assessment: Assessment, rows: Array) -> Assessment:
    """The offers at ``rows`` alone, with all merchants. What was made of all offers stands as it is."""
    market, book = assessment.market, assessment.book
    offers = _rows(market.offers, rows)
    tables = dict(market.tables) | {"offers": offers}
    for name in OF_OFFERS:
        if name in tables:
            own = pc.is_in(
                pa.array(tables[name].cells["offer_id"].values, pa.string()),
                pa.array(offers.cells["offer_id"].values, pa.string()),
            )
            tables[name] = _rows(tables[name], np.flatnonzero(np.asarray(own)))
    by_hand = {name: held.taken(rows) if held.table == "offers" else held for name, held in market.by_hand.items()}
    fewer = replace(
        market,
        tables=tables,
        by_hand={name: held for name, held in by_hand.items() if held is not None},
        settled=frozenset(
            name
            for name, spec in book.derived.items()
            if name in market.tables[spec.table].cells
            and (
                spec.make in ACROSS or (spec.table == "merchants" and spec.with_.get("table") in ("offers", *OF_OFFERS))
            )
        ),
    )
    words = {**assessment.words, "offers": assessment.words["offers"][:, rows]}
    return replace(assessment, market=fewer.joined_by(market.merchant_row[rows]), words=words)


def _rows(table: Table, rows: Array) -> Table:
    cells = {name: held.take(rows) for name, held in table.cells.items()}
    return replace(table, cells=cells, rows=len(rows), origin=None if table.origin is None else table.origin[rows])


def _together(found: Sequence[Assessment]) -> Assessment:
    """The offers of several parts of one market."""
    first = found[0]
    if len(found) == 1:
        return first
    tables = dict(first.market.tables)
    for name in ("offers", *OF_OFFERS):
        if name in tables:
            each = [part.market.tables[name] for part in found]
            cells = {column: joined([table.cells[column] for table in each]) for column in each[0].cells}
            tables[name] = Table(name, cells, sum(table.rows for table in each))
    market = replace(first.market, tables=tables).joined_by(
        np.concatenate([part.market.merchant_row for part in found])
    )
    words = {**first.words, "offers": np.hstack([part.words["offers"] for part in found])}
    return replace(first, market=market, words=words)
