"""Open JSON files: answers of the platform, or plain records under headers of any kind."""

from __future__ import annotations

from dataclasses import replace

from campaign_analytics.errors import MarketError
from campaign_analytics.market.answers import Answers, read_answers
from campaign_analytics.market.found import Found, Knows, Opened
from campaign_analytics.market.grown import Grown, flat, said
from campaign_analytics.market.opening.encodings import decoded
from campaign_analytics.market.platform import Platform, load_platform, platform_tables
from campaign_analytics.market.raw import Raw

#: Endings of files with one JSON document, and of files with one a line.
DOCUMENT, LINES = (".json",), (".jsonl", ".ndjson")


def open_records(place: str, raw: Raw, knows: Knows, stated: str = "") -> Opened:
    """The tables in a JSON file, a part for each: those of the platform's answers, else one for each list of records.

    The encoding is that which its owner has ``stated``, or else the one that it is in. Rows are numbered by line, in a
    document by the place of their record in it. Raises MarketError where nothing can be read.
    """
    platform = load_platform()
    try:
        text, lines = decoded(place, raw, stated=stated), place.lower().endswith(LINES)
        answers = read_answers(place, text, lines, platform.envelopes, platform.answers)
        found = _plain(place, answers, platform) or platform_tables(place, answers)
    except RecursionError as error:
        raise MarketError(f"{place} is nested too deep for records of a market") from error
    if not found:
        raise MarketError(f"{place} holds no records; expected objects of fields and values")
    return Opened([replace(each, maybe=text.maybe) for each in found])


def _plain(place: str, answers: Answers, platform: Platform) -> list[Found]:
    """The tables of plain records; none where a record is the platform's, and all are read as such."""
    groups: dict[str, Grown] = {}
    for record in answers.records():
        if platform.answers(record.fields):
            return []
        cells = {path: said(value) for path, value in flat(record.fields)}
        groups.setdefault(record.group, Grown()).add(record.place, cells)
    found = [
        Found(
            f"{place}: {group}" if group else place,
            grown.headers,
            grown.columns(),
            answers.numbers(grown.source_rows()),
            sheet=group,
            told=grown.told(),
        )
        for group, grown in groups.items()
    ]
    return [replace(found[0], broken=answers.broken, blank=answers.blank), *found[1:]] if found else []
