"""A what-if cube made by Spark: workers make one of the offers that they are given, a GROUP BY makes one of all.

A row is a row of a cube, or says of one rule that stays how many offers fail it and are unknown in one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from campaign_analytics.assess.assessment import Assessment, assessed, columns_read
from campaign_analytics.large import cube as cubes
from campaign_analytics.large.cluster.codes import code_columns, code_types, codes_of
from campaign_analytics.large.cluster.groups import group_names, group_of, named_as
from campaign_analytics.large.cluster.preparing import begin
from campaign_analytics.large.cluster.workers import in_sql
from campaign_analytics.large.cube import Cubing
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.prints import still
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.at_rest import Cube

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.engines.spark import Session

_MERCHANT, _RULE, _WORD = "#merchant", "#rule", "#outcomes_{}"
_COUNTS = _COUNT, _FAILS, _UNKNOWN = "#count", "#fails", "#unknown"


def cube_by_spark(
    place: str | Path,
    book: Rulebook,
    explore: Sequence[str],
    by: Sequence[str],
    as_of: str | date | datetime | None,
    engine: str | Session,
    progress: Progress | None = None,
) -> Cube:
    """See ``large.what_if_cube``; ``place`` as for ``assess_by_spark``."""
    from campaign_analytics.engines import spark

    cubing = Cubing(by, explore, book)  # refuses what cannot be explored
    session = spark.session(engine)
    with spark.said(str(place)):
        workers, prepared, nobody = begin(session, place, book, as_of, by)
        cubing.add(nobody)
        empty = cubing.assessment(workers.source.behind("cube_of"))
        made = workers.make(_Cubes.like(empty, explore), prepared, {*columns_read(book), *by})
        alike = spark.summed(made, _COUNTS).limit(2 * cubes.MOST)  # more than any cube has
        held = workers.wait(alike.toArrow, progress)
        still(workers.source)
    offers = held.filter(held[_RULE].is_null())
    cubing.bounded(len(offers), book)
    return _cube(offers, held.filter(held[_RULE].is_valid()), nobody, empty)


@dataclass(frozen=True)
class _Cubes:
    """Rows of the cube of some offers."""

    by: tuple[str, ...]
    explore: tuple[str, ...]
    words: int
    codes: tuple[str, ...]

    @classmethod
    def like(cls, cube: Cube, explore: Sequence[str]) -> _Cubes:
        """For cubes of the market of which ``cube`` has no offer."""
        by = tuple(cube.market.offers.cells)
        return cls(by, tuple(explore), len(cube.words["offers"]), tuple(cube.codes["offers"].cells))

    @property
    def schema(self) -> str:
        """See ``Making``."""
        types = {named_as(name): "STRING" for name in self.by} | {_MERCHANT: "BIGINT"}
        types |= {_WORD.format(n): "BIGINT" for n in range(self.words)}
        return in_sql(types | code_types(self.codes) | {_RULE: "STRING"} | dict.fromkeys(_COUNTS, "BIGINT"))

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """See ``Making``."""
        book = prepared.book
        cubing = Cubing(self.by, self.explore, book)
        cubing.add(assessed(prepared.part(part), book, prepared.moment))
        cube = cubing.assessment(Behind("cube_of"))
        groups = group_names(cube.market, book, self.by)
        columns: dict[str, Any] = {**groups, _MERCHANT: cube.market.merchant_row.astype(np.int64)}
        columns |= {_WORD.format(n): word.view(np.int64) for n, word in enumerate(cube.words["offers"])}
        columns |= code_columns(cube.codes["offers"], self.codes)
        counts = pa.array(cube.market.offers.stands_for, pa.int64())
        columns |= {_RULE: pa.nulls(len(cube.cell), pa.string()), _COUNT: counts}
        rows = pa.table(columns)
        _, first = np.unique(cube.cell, return_index=True)  # a row of each group
        stays = [
            {name: held.take(pa.array(first)) for name, held in groups.items()}
            | {_RULE: pa.array([rule] * len(first), pa.string()), _FAILS: fails, _UNKNOWN: unknown}
            for rule, (fails, unknown) in cube.settled.items()
        ]
        return pa.concat_tables([rows, *map(pa.table, stays)], promote_options="permissive")


def _cube(offers: pa.Table, stays: pa.Table, nobody: Assessment, empty: Cube) -> Cube:
    """A cube of the rows that Spark brought together."""
    both = pa.concat_tables([offers, stays])  # whose groups are told by the same codes
    groups = {name: group_of(nobody, name, both[named_as(name)]) for name in empty.market.offers.cells}
    numbers = np.column_stack([np.where(each.gone, -1, each.values.astype(np.int64)) for each in groups.values()])
    held, cell = np.unique(numbers, axis=0, return_inverse=True)
    of_offers, of_stays = np.split(cell.reshape(-1), [len(offers)])

    def counted(rule: str) -> tuple[Array, Array]:
        there = np.flatnonzero(np.asarray(pa.compute.equal(stays[_RULE], rule)))
        fails, unknown = np.zeros(len(held), np.int64), np.zeros(len(held), np.int64)
        for counts, name in ((fails, _FAILS), (unknown, _UNKNOWN)):
            counts[of_stays[there]] = _whole(stays, name)[there]
        return fails, unknown

    codes = codes_of(offers, empty.codes["offers"])
    words = np.array([_whole(offers, _WORD.format(n)) for n in range(len(empty.words["offers"]))]).view(np.uint64)
    here = np.arange(len(offers))
    many = {"offers": len(offers), "merchants": empty.market.merchants.rows}
    merchants = empty.market.merchants.stands_for
    assert merchants is not None
    each = {"offers": _whole(offers, _COUNT), "merchants": merchants}
    kept = {name: held.take(here) for name, held in groups.items()}
    of = empty.market.rest_of
    assert of is not None
    market = Market.rest(of, kept, many, _whole(offers, _MERCHANT), each, nobody.market.declared)
    return replace(
        empty, market=market, words={**empty.words, "offers": words}, codes={**empty.codes, "offers": codes},
        outside={**empty.outside, "offers": np.zeros_like(words)}, cell=of_offers,
        settled={rule: counted(rule) for rule in empty.settled},
    )  # fmt: skip


def _whole(held: pa.Table, name: str) -> Array:
    return np.asarray(held[name], np.int64)
