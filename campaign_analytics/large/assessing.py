"""``assess`` of a market that is held, or of one in files that is assessed part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.assess.assessment import assess as assess_held
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Program, Progress, Runs
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.condensing import Condensing
from campaign_analytics.large.cube import Cubing
from campaign_analytics.large.preparing import Prepared, prepare
from campaign_analytics.large.results import Results
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.at_rest import AtRest, Codes, Cube

ENGINES = ("numpy", "duckdb")


def assess(
    market: Market | str | Path,
    rulebook: Rulebook,
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    engine: str = "numpy",
    by: Sequence[str] = (),
    out: str | Path | None = None,
) -> Assessment:
    """Run every active rule of ``rulebook`` over a market.

    ``as_of`` is the moment of the assessment, in the rulebook's time zone if none is given; a day means its first
    moment. Left out, it is what the market declares, else its latest ``snapshot_at``; else ``CampaignError``.
    ``progress`` is called with the offers done and the offers in all. ``engine`` evaluates the conditions: "numpy", or
    "duckdb" by SQL; both give the same.

    A market that is held gives every view. The path of a folder (or a glob) of typed parquet files, as
    ``campaign-analytics intake`` writes them, is assessed part by part and gives counts: an assessment whose rows stand
    for all offers that are alike, with the category and the columns of ``by`` to group by. ``out`` is a folder for the
    outcomes of every offer; a run that was stopped goes on there, and only what has changed is made again.
    """
    program = _program(engine)
    if isinstance(market, Market):
        if out is not None or by:
            raise CampaignError("out= and by= are for a market in files; this one is held: use its views")
        return assess_held(market, rulebook, as_of, progress, program)
    source = Source.open(market, rulebook)
    groups = tuple(dict.fromkeys((rulebook.header.category, *by)))
    counts = Condensing(groups)
    for part in parts_of(source, rulebook, as_of, groups, program, progress, None if out is None else Path(out)):
        counts.add(part)
    return counts.assessment(f"the counts of {source.place}")


def what_if_cube(
    market: Assessment | Market | str | Path,
    rulebook: Rulebook,
    explore: Sequence[str],
    by: str | Sequence[str] = (),
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    engine: str = "numpy",
) -> Cube:
    """How many offers there are at every place of the sliders of ``explore``, by category and the columns of ``by``.

    ``market`` may be assessed already, held, or in files as for ``assess``. A cube is an assessment that stands for all
    offers: ``WhatIf``, its curves and ``dashboard`` give exact counts of it, at any market's size. It cannot tell one
    offer from another, nor move what it does not explore. ``CampaignError`` where it would have too many rows.
    """
    groups = tuple(dict.fromkeys((rulebook.header.category, *([by] if isinstance(by, str) else by))))
    cube = Cubing(groups, explore, rulebook)
    if isinstance(market, Assessment):
        if market.book is not rulebook:
            raise CampaignError("the assessment is of another rulebook, or of other values of it; give its own: .book")
        parts: Iterable[Assessment] = [market]
        place = "a held market"
    elif isinstance(market, Market):
        parts, place = [assess_held(market, rulebook, as_of, progress, _program(engine))], "a held market"
    else:
        source = Source.open(market, rulebook)
        parts, place = parts_of(source, rulebook, as_of, groups, _program(engine), progress), source.place
    for part in parts:
        cube.add(part)
    return cube.assessment(f"the cube of {place}")


def parts_of(
    source: Source,
    book: Rulebook,
    as_of: str | date | datetime | None,
    by: Sequence[str],
    program: type[Runs],
    progress: Progress | None = None,
    out: Path | None = None,
) -> Iterator[Assessment]:
    """Each part of a source assessed over all merchants, with the columns of ``by``. With a folder ``out`` outcomes are
    written there; a part whose outcomes are there already has nothing else but the columns of ``by``."""
    moment = Moment(moment_of(Market({}, source.declared), book, as_of))
    prepared = prepare(source, book, moment, tuple(by))
    results = None if out is None else Results.open(out, prepared)
    nobody = assessed(prepared.nobody(), book, moment, program=program)
    done = 0
    for part in source.parts:
        if results and results.has(part):
            assessment = _read_back(nobody, prepared, part, *results.words(part))
        else:
            assessment = assessed(prepared.part(part), book, moment, program=program)
            if results:
                results.put(part, assessment)
        yield assessment
        done += part.rows
        if progress:
            progress(done, source.rows)
    if results:
        results.close(nobody.bits)


def _read_back(nobody: Assessment, prepared: Prepared, part: Part, words: Array, outside: Array) -> Assessment:
    """A part whose outcomes were there before, with nothing but the columns to group by."""
    return AtRest(
        book=nobody.book, market=prepared.derived(part, prepared.by).market, moment=nobody.moment, rules=nobody.rules,
        not_computed=nobody.not_computed, unmade=nobody.unmade, bits=nobody.bits,
        words={**nobody.words, "offers": words}, outside={**nobody.not_applicable, "offers": outside},
        codes=dict.fromkeys(("offers", "merchants"), Codes({}, {}, {}))
    )  # fmt: skip


def _program(engine: str) -> type[Runs]:
    if engine == "numpy":
        return Program
    if engine == "duckdb":
        try:
            from campaign_analytics.engines.duckdb import Query
        except ModuleNotFoundError:
            raise CampaignError("engine='duckdb' needs DuckDB: pip install 'campaign-analytics[duckdb]'") from None
        return Query
    raise CampaignError(f"unknown engine {engine!r}{did_you_mean(engine, ENGINES)}; expected {' or '.join(ENGINES)}")
