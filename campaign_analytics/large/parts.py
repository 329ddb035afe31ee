"""The parts of a source, each assessed over all merchants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.assess.evaluated import Judged
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress, Runs
from campaign_analytics.large.ahead import ahead
from campaign_analytics.large.preparing import Prepared, prepare
from campaign_analytics.large.prints import still, unchanged
from campaign_analytics.large.repeats import Repeats
from campaign_analytics.large.results import Results
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.market.texts import let_go_of_all
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.at_rest import AtRest, Codes


def parts_of(
    source: Source,
    book: Rulebook,
    as_of: str | date | datetime | None,
    by: Sequence[str],
    program: type[Runs],
    progress: Progress | None = None,
    out: Path | None = None,
    begin: Callable[[Prepared, Assessment], Collection[Part]] | None = None,
) -> Iterator[Assessment]:
    """All merchants, and then each part of a source, assessed, with the columns of ``by``; of merchants parts have
    outcomes alone. With a folder ``out`` outcomes are written there; a part whose outcomes are there already has
    nothing else but the columns of ``by``. ``begin`` is told what was prepared, and the assessment of all merchants; it
    gives parts to be left out. Warns of offers that stand in more than one row, at the end."""
    with unchanged(source):
        moment = Moment(moment_of(Market({}, source.declared), book, as_of))
        prepared = prepare(source, book, moment, tuple(by))
        results = None if out is None else Results.open(out, prepared)
        nobody = assessed(prepared.nobody(), book, moment, program=program)
        left_out = begin(prepared, nobody) if begin else ()
        still(source)  # what was prepared, and what it is said to hang on
        judged, prepared = nobody.judged, prepared.lean()
        yield nobody
        source.limit.check(0, source.rows)
        bare = nobody.bare
        del nobody
        let_go_of_all()
        repeats, done = Repeats(source), sum(part.rows for part in left_out)
        for part in left_out:
            repeats.read(part)
        there = {part for part in source.parts if results and results.has(part)}

        def made(part: Part) -> Assessment:
            if results and part in there:
                return _read_back(bare, judged, prepared.derived(part, prepared.by).market, *results.words(part))
            return assessed(prepared.part(part), book, moment, None, program, judged)

        for part, assessment in ahead(made, [part for part in source.parts if part not in left_out]):
            if results and part not in there:
                results.put(part, assessment)
            repeats.add(part, assessment.market.offers.cells["offer_id"])
            yield assessment
            done += part.rows
            source.limit.check(done, source.rows)
            if progress:
                progress(done, source.rows)
        repeats.tell()
    if results:
        results.close(bare.bits)


def _read_back(bare: Assessment, judged: Judged, market: Market, words: Array, outside: Array) -> Assessment:
    """A part whose outcomes were there before, with nothing but the columns to group by."""
    return AtRest(
        book=bare.book, market=market, moment=bare.moment, rules=bare.rules,
        not_computed=bare.not_computed, unmade=bare.unmade, bits=bare.bits,
        words={"merchants": judged.words, "offers": words}, outside={"merchants": judged.outside, "offers": outside},
        codes=dict.fromkeys(("offers", "merchants"), Codes({}, {}, {}))
    )  # fmt: skip
