"""Snapshots of a market, one a day, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from campaign_analytics.derive.day_of import days_of
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.market.finding import names_a_table
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook

#: A folder of dated folders (or a market with a dated column), such a market, or pairs of a day and its market.
Source: TypeAlias = "str | Path | Market | Iterable[tuple[str | date | datetime, Market]]"

DATED = "snapshot_at"
_SHOWN = 6  # names of folders in a message
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A market as it was on one day of the rulebook's time zone."""

    at: datetime  # the moment of its assessment; where only the day is known, its first
    market: Market

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return (self.at.date() - _EPOCH).days


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Snapshots in the order of their days; ``count`` is None where nobody knows how many there are."""

    each: Iterable[Snapshot]
    count: int | None

    def __iter__(self) -> Iterator[Snapshot]:
        """Each once; raises ``CampaignError`` where a day is not after the one before."""
        before: Snapshot | None = None
        for snapshot in self.each:
            if before is not None and snapshot.day <= before.day:
                what = "two snapshots of one day" if snapshot.day == before.day else "snapshots out of order"
                raise CampaignError(
                    f"{what}: {snapshot.at:%Y-%m-%d} after {before.at:%Y-%m-%d}; give one a day, in order"
                )
            yield snapshot
            before = snapshot


def snapshots_of(source: Source, book: Rulebook) -> Snapshots:
    """The snapshots in ``source``. Raises ``CampaignError`` where there is none, or two of one day."""
    if isinstance(source, str | Path):
        return _of_folder(Path(source), book)
    if isinstance(source, Market):
        return _of_column(source, book)
    if not isinstance(source, Iterable):
        raise CampaignError(
            f"no snapshots: {type(source).__name__}; give a folder of dated folders, a market with a column {DATED}, "
            "or pairs of a day and its market"
        )
    count = len(source) if isinstance(source, list | tuple) else None
    return Snapshots((_given(pair, book) for pair in source), count)


# ---- dated folders


def _of_folder(folder: Path, book: Rulebook) -> Snapshots:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise CampaignError(f"{folder} {what}; expected a folder of dated folders, such as 2031-05-31")
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    dated: dict[date, Path] = {}
    for path in inside:
        day = _day_named(path.name)
        if day is not None:
            if day in dated:
                raise CampaignError(f"{folder}: both {dated[day].name} and {path.name} are of {day}; keep one of them")
            dated[day] = path
    if dated:
        return Snapshots((_read(day, path, book) for day, path in sorted(dated.items())), len(dated))
    if names_a_table(folder):
        return _of_column(read_market(folder, book), book)
    names = ", ".join(path.name for path in inside[:_SHOWN]) or "no folder"
    raise CampaignError(
        f"{folder}: no dated folder; found {names}{' …' if len(inside) > _SHOWN else ''}; expected one a day, named by "
        "its date, such as 2031-05-31, each with a file of merchants and a file of offers"
    )


def _day_named(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _read(day: date, path: Path, book: Rulebook) -> Snapshot:
    try:
        market = read_market(path, book)
    except MarketError as error:
        raise MarketError(f"{path.name}: {error}") from error
    said = market.declared.as_of
    at = datetime.combine(day, time(), book.zone) if said is None else _moment(said, book)
    if at.date() != day:
        raise CampaignError(f"{path.name}: its market.toml says as_of = {said}; the folder's name and it must agree")
    return Snapshot(at, market)


# ---- pairs


def _given(pair: Any, book: Rulebook) -> Snapshot:
    try:
        when, market = pair
    except (TypeError, ValueError):
        when, market = None, None
    if not isinstance(market, Market):
        raise CampaignError(f"{pair!r:.80} is no pair of a day and its market")
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            raise CampaignError(f"{when!r} is no date; write it like 2031-05-31 or 2031-05-31T12:00") from None
    if not isinstance(when, date):
        raise CampaignError(f"{when!r} is no date; give a date, a datetime or a text such as 2031-05-31")
    return Snapshot(_moment(when, book), market)


def _moment(when: date | datetime, book: Rulebook) -> datetime:
    at = when if isinstance(when, datetime) else datetime.combine(when, time())
    return at.astimezone(book.zone) if at.tzinfo else at.replace(tzinfo=book.zone)


# ---- a dated column


def _of_column(market: Market, book: Rulebook) -> Snapshots:
    tables = {name: market.every_row(name) for name in market.tables}
    days = {
        name: days_of(table.cells[DATED], book.zone)
        for name, table in tables.items()
        if DATED in table.cells and not table.cells[DATED].gone.all()
    }
    held = [days[name].values[~days[name].gone] for name in ("merchants", "offers") if name in days]
    if not held:
        raise CampaignError(
            f"no snapshots: neither merchants nor offers have a day in the column {DATED} "
            f"({book.columns[DATED].label('zh', DATED)}); give that column, or a folder of dated folders"
        )
    wanted = np.unique(np.concatenate(held)).tolist()

    def of(day: int) -> Snapshot:
        cut = {name: _on_day(table, days[name], day) if name in days else table for name, table in tables.items()}
        return Snapshot(
            datetime.combine(_EPOCH + timedelta(days=day), time(), book.zone),
            Market(cut, replace(market.declared, as_of=None), market.quality, overrides=market.overrides),
        )

    return Snapshots(map(of, wanted), len(wanted))


def _on_day(table: Table, days: Cells, day: int) -> Table:
    """The rows of one day; of several of one merchant or offer, the last."""
    rows = np.flatnonzero((days.values == day) & ~days.gone)
    if table.name in ("merchants", "offers"):
        rows = _last(rows, table.cells[DATED].values[rows], table.cells[f"{table.name[:-1]}_id"])
    cells = {name: held.take(rows) for name, held in table.cells.items()}
    origin = None if table.origin is None else table.origin[rows]
    return Table(table.name, cells, len(rows), origin, table.parts)


def _last(rows: Array, times: Array, keys: Cells) -> Array:
    from campaign_analytics.monitor.roll import Roll

    subject = Roll().rows(keys.take(rows))
    order = np.lexsort((times, subject))
    ends = np.append(subject[order][1:] != subject[order][:-1], True) if len(order) else np.zeros(0, bool)
    return np.sort(rows[order[ends]])
