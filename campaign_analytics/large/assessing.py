"""``assess`` of a market that is held, or of one in files that is assessed part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.assessment import assess as assess_held
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.cluster.assessing import assess_by_spark
from campaign_analytics.large.cluster.cube import cube_by_spark
from campaign_analytics.large.condensing import Condensing, classes
from campaign_analytics.large.cube import Cubing
from campaign_analytics.large.cube_size import at_places_of, refuse_too_large, refuse_too_large_of
from campaign_analytics.large.engine import by_spark, check_spark, limit_of, program_of
from campaign_analytics.large.given import check_market, check_names, check_path, check_progress, check_rulebook
from campaign_analytics.large.index import Index, is_index
from campaign_analytics.large.limit import Limit
from campaign_analytics.large.parts import parts_of
from campaign_analytics.large.prints import files_of
from campaign_analytics.large.source import Source
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.coarser import all_places
from campaign_analytics.simulate.at_rest import AtRest, Cube

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session


def assess(
    market: Market | Index | str | Path,
    rulebook: Rulebook,
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    engine: str | Session = "numpy",
    by: Sequence[str] = (),
    out: str | Path | None = None,
    memory_limit: str | None = None,
) -> Assessment:
    """Run every active rule of ``rulebook`` over a market.

    ``as_of`` is the moment of the assessment, in the rulebook's time zone if none is given; a day means its first
    moment. Left out, it is what the market declares, else its latest ``snapshot_at``; else ``CampaignError``.
    ``progress`` is called with the offers done and the offers in all. ``engine`` evaluates the conditions: "numpy", or
    by SQL "duckdb" or "spark" (the active session, else a local one; or give a ``SparkSession``); all give the same.

    A market that is held gives every view. The path of a folder (or a glob) of typed parquet files, as
    ``campaign-analytics intake`` writes them, is assessed part by part and gives counts: an assessment whose rows stand
    for all offers that are alike, with the category and the columns of ``by`` to group by; so is an
    ``Index``, or its folder. Spark also reads, and writes, the tables of a catalog ("catalog:DATABASE") and addresses
    ("s3a://bucket/market"). ``out`` is a folder for the outcomes of every offer of files; a run that was stopped goes
    on there, and only what has changed is made again (of or in a catalog: all of it). A run in parts in which this
    process holds more than ``memory_limit``, such as "2GB", is stopped with ``CampaignError`` where a part ends.
    """
    check_market(market, Market, Index)
    check_rulebook(rulebook)
    check_names("by", by, one=True)
    check_progress(progress)
    limit, program = limit_of(memory_limit, engine), program_of(engine)
    if out is not None:
        check_path("out", out)
    if isinstance(market, Market):
        if out is not None or len(by) or memory_limit is not None:
            raise CampaignError("out=, by=, memory_limit= are for a market in files; this one is held: use its views")
        return assess_held(market, rulebook, as_of, progress, program)
    groups = classes(rulebook, by)
    market = market.folder if isinstance(market, Index) else market
    if is_index(market):
        if out is not None:
            raise CampaignError("out= is for a market in files; an index gives counts")
        return _of_index(Index.open(market, rulebook, as_of), rulebook, groups, limit)
    if by_spark(engine):
        check_spark(engine)
        return assess_by_spark(market, rulebook, as_of, groups, engine, progress, out)
    source = Source.open(market, rulebook, limit)
    counts, files = Condensing(groups), files_of(source)
    for part in parts_of(source, rulebook, as_of, groups, program, progress, None if out is None else Path(out)):
        counts.add(part)
    return counts.assessment(Behind("counts_of", source.place, files))


def _of_index(index: Index, book: Rulebook, by: Sequence[str], limit: Limit) -> AtRest:
    """The counts of an index at the values of ``book``."""
    counts = Condensing(by)
    for part in index.parts(book, limit=limit):
        counts.add(part)
    return counts.assessment(index.behind("counts_of"))


def what_if_cube(
    market: Assessment | Market | Index | str | Path,
    rulebook: Rulebook,
    explore: Sequence[str],
    by: str | Sequence[str] = (),
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    engine: str | Session = "numpy",
    memory_limit: str | None = None,
) -> Cube:
    """How many offers there are at every place of the sliders of ``explore``, by category and the columns of ``by``.

    ``market`` may be assessed already, held, or what ``assess`` takes, by the engines that it takes. A cube is an
    assessment that stands for all offers: ``WhatIf``, its curves and ``dashboard`` give exact counts of it, at any
    market's size. It cannot tell one offer from another, nor move what it does not explore. ``memory_limit`` is that of
    ``assess``. ``CampaignError`` where it would have too many rows.
    """
    check_market(market, Market, Index, Assessment)
    check_rulebook(rulebook)
    check_names("explore", explore)
    check_names("by", by, one=True)
    check_progress(progress)
    groups, limit = classes(rulebook, by), limit_of(memory_limit, engine)
    program = program_of(engine)
    cube = Cubing(groups, explore, rulebook)
    if isinstance(market, Market | Assessment) and memory_limit is not None:
        raise CampaignError("memory_limit= is for a market in files; this one is held")
    if isinstance(market, Market):
        market = assess_held(market, rulebook, as_of, progress, program)
        as_of = None
    market = market.folder if isinstance(market, Index) else market
    in_parts = not isinstance(market, Assessment) and not is_index(market) and not by_spark(engine)
    if not in_parts:  # else when they are begun with
        refuse_too_large(market, rulebook, explore, groups, as_of)
    if isinstance(market, Assessment):
        parts: Iterable[Assessment] = [at_places_of(market, rulebook, as_of)]
        rest = market.market.rest_of
        behind = Behind("cube_of", rest.place, rest.source) if rest else Behind("cube_of", "", market.market)
    elif is_index(market):
        index = Index.open(market, rulebook, as_of)
        parts = (part.coarser(rulebook) for part in index.parts(all_places(rulebook), limit=limit))
        behind = index.behind("cube_of")
    else:
        if by_spark(engine):
            check_spark(engine)
            return cube_by_spark(market, rulebook, explore, groups, as_of, engine, progress)
        source = Source.open(market, rulebook, limit)
        behind = Behind("cube_of", source.place, files_of(source))
        begin = partial(refuse_too_large_of, explore, groups)
        parts = parts_of(source, rulebook, as_of, groups, program, progress, begin=begin)
    for part in parts:
        cube.add(part)
    return cube.assessment(behind)
