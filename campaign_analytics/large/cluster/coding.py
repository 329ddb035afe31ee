"""A market coded by Spark for an index: workers write the codes of their offers as parquet, which is then read back.

What they had written when a run was stopped is kept, as outcomes are (``writing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment, assessed, columns_read
from campaign_analytics.large.cluster.codes import code_columns, code_types, codes_of
from campaign_analytics.large.cluster.frames import FILE
from campaign_analytics.large.cluster.groups import group_names, group_of, named_as
from campaign_analytics.large.cluster.preparing import begin, ledger_of
from campaign_analytics.large.cluster.workers import Received, in_sql
from campaign_analytics.large.cluster.writing import BY_FILE, Written
from campaign_analytics.large.filling import layout
from campaign_analytics.large.ledger import cells_print
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.prints import still
from campaign_analytics.large.said import said
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Behind, Files
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.simulate.along import every_code
from campaign_analytics.simulate.at_rest import AtRest, Codes
from campaign_analytics.simulate.coded import CodedMarket

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.engines.spark import Session

_MERCHANT = "#merchant"


class CodedParts(NamedTuple):
    """A market in codes, part by part."""

    rows: int  # offers
    files: Files  # that it was made of
    parts: Iterator[Assessment]  # of no offer first


def coded_by_spark(
    place: str,
    book: Rulebook,
    as_of: str | date | datetime | None,
    by: Sequence[str],
    engine: str | Session,
    folder: Path,
    progress: Progress | None = None,
) -> CodedParts:
    """Have the codes of all offers written into ``folder``, which all workers share; ``place`` as for
    ``assess_by_spark``."""
    from campaign_analytics.engines import spark

    session = spark.session(engine)
    with spark.said(place):
        workers, prepared, nobody = begin(session, place, book, as_of, by)
        codes = every_code(CodedMarket(nobody), nobody.rules)
        making = _CodesOf(tuple(by), tuple(codes["offers"].cells))
        make = partial(workers.each, making, prepared, {*columns_read(book), *by}, told=[FILE])
        ids = nobody.market.merchants.cells["merchant_id"]  # whose rows are written
        ledger = ledger_of(workers, prepared, cells_print({"merchant_id": ids}), layout(codes))
        still(workers.source)
        written = Written.open(session, folder, workers.source, nobody.bits, ledger)
        workers.wait(lambda: written.fill(make), progress, sum(part.rows for part in written.kept))
        still(workers.source)
        written.close()
    files = workers.source.behind("index_of").source
    coded = _read_back(sorted(folder.rglob("*.parquet")), nobody, codes, tuple(by))
    return CodedParts(
        workers.source.rows, files if isinstance(files, Files) else Files(place, {}), chain([nobody], coded)
    )


@dataclass(frozen=True)
class _CodesOf:
    """The codes of all conditions of offers, with what an index has beside them."""

    by: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def schema(self) -> str:
        """See ``Making``."""
        types = {_MERCHANT: "INT", BY_FILE: "STRING", **{named_as(name): "STRING" for name in self.by}}
        return in_sql(types | code_types(self.codes))

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """See ``Making``."""
        assessment = assessed(prepared.part(part), prepared.book, prepared.moment)
        market = assessment.market
        assert isinstance(prepared.source, Received)
        columns: dict[str, Any] = {_MERCHANT: market.merchant_row.astype(np.int32)}
        columns[BY_FILE] = prepared.source.told(FILE)
        columns |= group_names(market, prepared.book, self.by)
        columns |= code_columns(every_code(CodedMarket(assessment), assessment.rules)["offers"], self.codes)
        return pa.table(columns)


def _read_back(
    files: Sequence[Path], nobody: Assessment, codes: dict[Level, Codes], by: Sequence[str]
) -> Iterator[AtRest]:
    """What workers wrote, a file at a time, with all merchants."""
    merchants = nobody.market.merchants.rows
    for file in files:
        with said(file):
            held = pyarrow.parquet.read_table(file)
        groups = {name: group_of(nobody, name, held[named_as(name)]) for name in by}
        rows = {"offers": len(held), "merchants": merchants}
        market = Market.rest(Behind("index_of"), groups, rows, np.asarray(held[_MERCHANT], np.int32))
        yield AtRest(
            book=nobody.book, market=market, moment=nobody.moment, rules=nobody.rules,
            not_computed=nobody.not_computed, unmade=nobody.unmade, bits=nobody.bits, words={}, outside={},
            codes={**codes, "offers": codes_of(held, codes["offers"])},
        )  # fmt: skip
