"""How large a what-if cube would be, told before it is made, and what to leave out of one that is too large."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cached_property
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.assess.assessment import assess as assess_held
from campaign_analytics.engines.arrays import Program
from campaign_analytics.errors import CampaignError, MarketWarning
from campaign_analytics.large import cube as cubes
from campaign_analytics.large.condensing import Condensing, classes
from campaign_analytics.large.cube import Cubing
from campaign_analytics.large.given import check_market, check_names, check_rulebook
from campaign_analytics.large.index import Index, is_index
from campaign_analytics.large.kept import in_force
from campaign_analytics.large.parts import parts_of
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.said import said
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.coarser import STEPPED, all_places, coarser, step_of
from campaign_analytics.simulate.at_rest import AtRest
from campaign_analytics.words import say

#: Offers that are looked at of a market in files, in so many places of it.
SAMPLE, PLACES = 1 << 18, 16
#: How many times as coarse a slider may become, to be proposed.
FACTORS = (2, 4, 5, 10, 20, 25, 50, 100)


class Smaller(NamedTuple):
    """A cube that would be small enough."""

    without: tuple[str, ...]  # the parameters that it does not explore
    steps: Mapping[str, str]  # by parameter: the coarser step, as ``coarser`` takes it
    rows: int  # how many it would have, as far as was looked at


@dataclass(frozen=True)
class CubeSize:
    """How many rows a cube would have, and what to change where these are too many (``fits`` is false)."""

    explore: tuple[str, ...]
    by: tuple[str, ...]
    rows: int  # those that were found, and an estimate (Chao's) of those among offers that were not looked at
    most: int  # there cannot be more, unless there are more classes than those that were found
    offers: int  # how many were looked at
    of: int  # how many there are
    bytes: int  # in memory; its file is smaller
    smaller: tuple[Smaller, ...]
    book: Rulebook = field(repr=False)

    @property
    def exact(self) -> bool:
        """Whether all offers were looked at."""
        return self.offers == self.of

    @property
    def fits(self) -> bool:
        """Whether it has no more rows than a cube may have."""
        return self.rows <= cubes.MOST

    def lines(self, lang: str = "en") -> list[str]:
        """What there is to say, and a line for each thing that would make it small enough."""
        between, book = say("list", lang), self.book
        named = {name: book.parameters[name].label(lang, name) for name in self.explore}
        explored = (say("size_slider", lang, name=named[name], count=len(book.places(name))) for name in self.explore)
        classes = (book.quantity(column).label(lang, column) for column in self.by)
        told = say("size_told" if self.exact else "size_about", lang, rows=self.rows, size=self.bytes / 1e6)
        how = "" if self.exact else say("size_looked_at", lang, offers=self.offers, of=self.of)
        most = say("size_most", lang, most=min(self.most, self.of))
        lines = [say("size_cube", lang, explored=between.join(explored), by=between.join(classes)) + told + how + most]
        if not self.fits:
            lines.append(say("size_too_large" if self.smaller else "size_hopeless", lang, limit=cubes.MOST))
        for each in self.smaller:
            if each.without:
                left_out = between.join(f"{named[name]} ({name})" for name in each.without)
                what = say("size_without", lang, names=left_out)
            else:
                steps = (say("size_step", lang, name=named[n], id=n, step=step) for n, step in each.steps.items())
                what = between.join(steps)
            lines.append(say("size_would", lang, what=what, rows=each.rows))
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return "".join(f"<div>{escape(line)}</div>" for line in self.lines())


def cube_size(
    market: Assessment | Market | Index | str | Path,
    rulebook: Rulebook,
    explore: Sequence[str],
    by: str | Sequence[str] = (),
    as_of: str | date | datetime | None = None,
) -> CubeSize:
    """How large ``what_if_cube`` of the same would be, and what would be small enough where it is too large.

    A market that is held is looked at as a whole; of one in files, or an index, some offers in several places, so that
    ``rows`` is an estimate. Raises ``CampaignError`` as ``what_if_cube`` does.
    """
    check_market(market, Market, Index, Assessment)
    check_rulebook(rulebook)
    check_names("explore", explore)
    check_names("by", by, one=True)
    groups = classes(rulebook, by)
    Cubing(groups, explore, rulebook)  # refuses what cannot be explored before anything is read
    if isinstance(market, Market):
        market, as_of = assess_held(market, rulebook, as_of), None
    market = market.folder if isinstance(market, Index) else market
    parts, of = _looked_at(market, rulebook, groups, as_of)
    return _size(parts, of, rulebook, tuple(explore), groups)


def refuse_too_large(
    market: Assessment | str | Path,
    rulebook: Rulebook,
    explore: Sequence[str],
    by: Sequence[str],
    as_of: str | date | datetime | None,
) -> None:
    """Raise ``CampaignError`` for a cube that surely has too many rows, with what would be fewer: by an estimate, more
    than twice as many, as counting will tell where it is off by less.

    Markets of fewer offers than a cube may have rows are not looked at."""
    if isinstance(market, Assessment):
        rows = market.market.offers.many
    elif is_index(market):
        rows = Index.open(market, rulebook, as_of).rows
    elif "://" in str(market) or str(market).startswith("catalog:"):
        return  # which only Spark can look at
    else:
        rows = Source.open(market, rulebook).rows
    if rows > cubes.MOST:
        _refuse(cube_size(market, rulebook, explore, by, as_of))


def refuse_too_large_of(
    explore: Sequence[str], by: Sequence[str], prepared: Prepared, nobody: Assessment
) -> Collection[Part]:
    """The same of a market whose parts are about to be made (``parts_of``), of which none is left out."""
    rows, book = prepared.source.rows, prepared.book
    if rows > cubes.MOST:
        made = (
            assessed(prepared.part(part), book, prepared.moment, judged=nobody.judged)
            for part in _sample(prepared.source)
        )
        _refuse(_size([nobody, *made], rows, book, tuple(explore), tuple(by)))
    return ()


def _refuse(size: CubeSize) -> None:
    if size.rows > cubes.MOST * (1 if size.exact else 2):
        raise CampaignError(str(size))


def at_places_of(assessment: Assessment, book: Rulebook, as_of: str | date | datetime | None = None) -> Assessment:
    """An assessment over the sliders of ``book``. Raises ``CampaignError`` where that has other rules or values."""
    if assessment.market.offers.stands_for is not None:
        raise CampaignError(f"rows of {assessment.market.rest_of} stand for many offers; give the market or its index")
    own = assessment.book
    if own.hash != book.hash or in_force(own) != in_force(book):
        raise CampaignError("the assessment is of another rulebook, or of other values of it; give its own: .book")
    if as_of is not None:
        raise CampaignError("as_of= is for a market; this assessment has its moment")
    if own.picked == book.picked:
        return assessment
    return assessment.coarser(book) if isinstance(assessment, AtRest) else replace(assessment, book=book)


# ---- what is looked at


def _looked_at(
    market: Assessment | str | Path, book: Rulebook, by: Sequence[str], as_of: str | date | datetime | None
) -> tuple[list[Assessment], int]:
    """Offers that stand for all of them, with all places where these are known, and how many offers there are."""
    if isinstance(market, Assessment):
        at_places_of(market, book, as_of)  # refuses another rulebook
        return [market], market.market.offers.many
    book = all_places(book)
    if is_index(market):
        index = Index.open(market, book, as_of)
        many = min(SAMPLE, index.rows)
        places = PLACES if many < index.rows else 1
        each = -(-many // places)
        starts = np.unique(np.linspace(0, index.rows - each, places).astype(int))
        some = [range(start, min(start + each, index.rows)) for start in starts.tolist()]
        return [*index.parts(book, some)], index.rows
    source = Source.open(market, book)
    sample = _Sample(**{each.name: getattr(source, each.name) for each in fields(source)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarketWarning)  # which is for whoever reads all of it
        return list(parts_of(sample, book, as_of, by, Program)), source.rows


@dataclass(frozen=True)
class _Sample(Source):
    """A market of some row groups of offers alone, evenly picked."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return _sample(self)


def _sample(source: Source) -> tuple[Part, ...]:
    groups = list[Part]()
    for file in source.files["offers"]:
        with said(file):
            held, start = pyarrow.parquet.ParquetFile(file).metadata, 0
        for group in range(held.num_row_groups):
            rows = held.row_group(group).num_rows
            groups.append(Part(file, (group,), start, rows))
            start += rows
    groups = [group for group in groups if group.rows]
    if sum(group.rows for group in groups) <= SAMPLE:
        return tuple(groups)
    many = max(1, SAMPLE // max(group.rows for group in groups))
    return tuple(groups[i] for i in np.unique(np.linspace(0, len(groups) - 1, many).astype(int)))


# ---- counting


def _size(parts: list[Assessment], of: int, book: Rulebook, explore: tuple[str, ...], by: tuple[str, ...]) -> CubeSize:
    cubing = _cubed(parts, book, explore, by)
    rows, most = _estimated(cubing, of), cubing.most()
    offers = sum(part.market.offers.many for part in parts)
    smaller = tuple(_smaller(parts, of, book, explore, by)) if rows > cubes.MOST else ()
    return CubeSize(explore, by, rows, most, offers, of, rows * cubing.bytes_a_row(), smaller, book)


def _cubed(parts: list[Assessment], book: Rulebook, explore: Sequence[str], by: Sequence[str]) -> Cubing:
    cubing = Cubing(by, explore, book)
    for part in parts:
        Condensing.add(cubing, at_places_of(part, book))  # however many
    return cubing


def _estimated(cubing: Cubing, of: int) -> int:
    """How many combinations there are among ``of`` offers, by those found once and twice (Chao 1984, of a finite
    number): as many as were found where all offers were looked at."""
    found = cubing.combinations()
    once, twice, looked_at = int((found == 1).sum()), int((found == 2).sum()), int(found.sum())
    unseen = (1 - looked_at / max(of, 1)) * once * (once - 1) / (2 * (twice + 1))
    return min(len(found) + int(unseen), cubing.most(), of)


def _smaller(
    parts: list[Assessment], of: int, book: Rulebook, explore: tuple[str, ...], by: tuple[str, ...]
) -> list[Smaller]:
    """What would be small enough: a coarser step of one parameter, or of all; one of them left out, or as few as do."""

    def rows(names: Sequence[str], steps: Mapping[str, str]) -> int:
        return _estimated(_cubed(parts, coarser(book, steps), names, by), of)

    found, left = list[Smaller](), list(explore)
    while len(left) > 1 and not found:
        each = {name: rows([other for other in left if other != name], {}) for name in left}
        gone = tuple(name for name in explore if name not in left)
        found = [Smaller((*gone, name), {}, count) for name, count in each.items() if count <= cubes.MOST]
        left.remove(min(each, key=lambda name: each[name]))
    own = parts[0].book.picked if isinstance(parts[0], AtRest) else {}  # which cannot change
    can = [name for name in explore if book.parameters[name].type in STEPPED and name not in own]
    steps = [coarse for name in can if (coarse := _coarse_enough(book, [name], explore, rows))]
    if not steps and len(can) > 1 and (together := _coarse_enough(book, can, explore, rows)):
        steps.append(together)
    return steps + found


def _coarse_enough(
    book: Rulebook,
    names: Sequence[str],
    explore: Sequence[str],
    rows: Callable[[Sequence[str], Mapping[str, str]], int],
) -> Smaller | None:
    """The smallest factor by which the steps of some sliders must grow; None where none does."""
    for factor in FACTORS:
        steps = {name: step_of(book, name, factor) for name in names if factor < len(all_places(book).places(name))}
        if len(steps) < len(names):
            return None
        count = rows(explore, steps)
        if count <= cubes.MOST:
            return Smaller((), steps, count)
    return None
