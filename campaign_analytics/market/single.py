"""Some columns of one file, without the rest of a market."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from campaign_analytics.errors import MarketError
from campaign_analytics.market.cells import read_column
from campaign_analytics.market.headers import knows, match_found
from campaign_analytics.market.opening.files import ENDINGS, open_path
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.parts import Part
from campaign_analytics.market.quality import Quality
from campaign_analytics.market.schema import KEYS, Table

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook


def read_some(path: Path, table: str, wanted: Sequence[str], book: Rulebook) -> Table:
    """Those of the ``wanted`` columns that a file of ``table`` has, and its key; no row is put aside.

    Of several sheets, or files of an archive, the one that has most of them is read. Raises ``MarketError`` where the
    file cannot be read or has none of them.
    """
    if path.suffix.lower() not in ENDINGS:
        raise MarketError(f"{path}: expected a folder of tables, or a file that ends in {' or '.join(ENDINGS)}")
    opened = open_path(path, knows(book, {}))
    parts = [(found, match_found(found, table, book, {}).columns) for found in opened.found]
    if not parts:
        raise MarketError(
            f"{path.name} holds no table\n" + "\n".join(f"{each.place}: {each.why}" for each in opened.unread)
        )
    found, places = max(parts, key=lambda part: (part[0].table == table, sum(column in part[1] for column in wanted)))
    if not any(column in places for column in wanted):
        labels = ", ".join(book.quantity(column).label("zh", column) for column in wanted)
        raise MarketError(f"{found.place}: none of its columns is one of {labels} ({', '.join(wanted)})")
    quality = Quality()
    origin = Origin.of(found.place, found.source_rows)
    cells = {
        column: read_column(found.texts(places[column]), column, book, table=table, rows=origin, quality=quality).cells
        for column in (KEYS[table][0], *wanted)
        if column in places
    }
    headers = {column: found.headers[places[column]] for column in cells}
    return Table(
        table, cells, found.rows, origin, [Part(found.place, found.file, found.place, found.source_rows, headers)]
    )
