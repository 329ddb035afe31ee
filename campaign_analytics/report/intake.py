"""What was understood of somebody's files, and what is made of them: a clean market, a mapping, rows to repair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow.parquet

from campaign_analytics.charts.tables import Table, table
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.clean import clean_declared, clean_overrides, clean_table
from campaign_analytics.market.declared import NAME
from campaign_analytics.market.mapping import absent_columns, mapping, understood
from campaign_analytics.market.schema import KEYS, OVERRIDES
from campaign_analytics.report.files import MADE_BY, whole
from campaign_analytics.report.quality import quality_report, write_rejected
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.market.quality import Quality
    from campaign_analytics.market.schema import Market
    from campaign_analytics.rulebook.book import Rulebook

CLEAN: Final = "clean"
MAPPING: Final = "mapping.toml"
_ROWS: Final = 12


@dataclass(frozen=True, eq=False)
class Intake:
    """What was understood, as tables that people read; ``sections`` are all of them that hold something."""

    market: Market
    book: Rulebook
    lang: str

    @property
    def quality(self) -> Quality:
        """The report on the reading."""
        return quality_report(self.market, self.book).quality

    def answer(self) -> str:
        """One line: rows, tables, and the files, sheets or tables of a database that they come from."""
        rows = self.quality.rows()
        sources = {part.place for held in self.market.tables.values() for part in held.parts}
        counts = {"read": int(rows["read"].sum()), "kept": int(rows["kept"].sum())}
        return say("intake_answer", self.lang, tables=len(rows), sources=len(sources), **counts)

    def fates(self) -> list[str]:
        """A line a table: where its rows went."""
        told = quality_report(self.market, self.book, self.lang).text().splitlines()
        return told[: len(self.quality.accounts)]

    def sections(self) -> Iterator[tuple[str, Table]]:
        """Heading and table, in the order in which people want to know them."""
        parts = {
            "intake_files": self.files(),
            "intake_unread": self.unread(),
            "intake_unmatched": self.unmatched(),
            "intake_units": self.units(),
            "intake_absent": self.absent(),
            "intake_faults": self.faults(),
            "intake_matched": self.matched(),
        }
        for key, held in parts.items():
            if len(held.frame):
                yield say(key, self.lang), table(held.frame, self.book, self.lang, _ROWS)

    def files(self) -> Table:
        """A row a file (or sheet) of a table: rows kept, columns read and put aside."""
        rows = []
        for name, held in self.market.tables.items():
            for part in held.parts:
                kept = int(held.origin.of_file(part.place).sum()) if held.origin is not None else 0
                rows.append([part.place, name, kept, len(part.headers), len(part.aside)])
        return self._table(rows, ["file", "table", "kept", "columns_read", "put_aside"])

    def unread(self) -> Table:
        """A row a file, sheet or folder that is no part of any table, or a mapping with a line that is of none; why."""
        found = [each for each in self.quality.findings if not each.table]
        return self._table([[each.column, each.reason.told(self.lang)] for each in found], ["file", "why"])

    def matched(self) -> Table:
        """A row a header that is read, those that are called otherwise than their column first."""
        rows = {
            (name, header, column)
            for name, held in self.market.tables.items()
            for part in held.parts
            for column, header in part.headers.items()
        }
        order = sorted(rows, key=lambda row: (row[1] in self._names(row[2]), list(KEYS).index(row[0]), row[1]))
        return self._table([list(row) for row in order], ["table", "header", "column"])

    def _names(self, column: str) -> tuple[str, ...]:
        held = self.book.columns[column]
        return column, held.zh, held.en

    def units(self) -> Table:
        """A row a rate whose bare numbers have a unit, declared or settled."""
        units = understood(self.market).units
        rows = [[column, say(f"unit_{unit}", self.lang)] for column, unit in units.items()]
        return self._table(rows, ["column", "unit"])

    def unmatched(self) -> Table:
        """A row a header that is not read: the columns that it may mean, and why it is not read."""
        rows = []
        for name, held in self.market.tables.items():
            for part in held.parts:
                for aside in part.aside:
                    near = say("list", self.lang).join(
                        f"{self.book.columns[column].label(self.lang, column)} ({column})" for column in aside.near
                    )
                    why = "" if near else aside.reason.told(self.lang)
                    rows.append([part.place, name, aside.header, near, why])
        rows.sort(key=lambda row: row[3] == "")
        return self._table(rows, ["file", "table", "header", "near", "why"])

    def absent(self) -> Table:
        """A row a column that the rules need and no header was understood as."""
        rows = [[self.book.columns[column].table, column] for column in absent_columns(self.market, self.book)]
        return self._table(rows, ["table", "column"])

    def faults(self) -> Table:
        """A row a column with cells or rows that were not understood or are doubted, the worst first."""
        frame = self.quality.columns(self.lang)
        worst = frame[(frame[["missing", "rejected", "doubted"]].sum(axis=1) > 0) & (frame["table"] != "")]
        held = worst[["table", "column", "missing", "rejected", "doubted", "why", "example"]].reset_index(drop=True)
        return table(held, self.book, self.lang, max(len(held), 1))

    def _table(self, rows: Sequence[Sequence[object]], columns: list[str]) -> Table:
        return table(pd.DataFrame(rows, columns=columns), self.book, self.lang, max(len(rows), 1))


def write_intake(
    market: Market, book: Rulebook, folder: Path | str, lang: str = "en", passed: Path | str | None = None
) -> list[Path]:
    """Write into ``folder``: ``clean/``, a market of typed parquet files that reads back to the same; ``mapping.toml``;
    and ``<table>_rejected.csv`` where rows were put aside. All of them, or none; returns what was written.

    What people edit is not written over: a mapping that was ``passed`` in stays as it is. Raises ``CampaignError``
    where another file stands in the way.
    """
    folder = Path(folder)
    names = [*market.tables, *([OVERRIDES] if market.overrides else [])]
    files = {name: folder / CLEAN / f"{name}.parquet" for name in names}
    declared, mapped = folder / CLEAN / NAME, folder / MAPPING
    text = mapping(market, book, lang)
    with whole([*files.values(), declared]) as parts:
        for name, path in files.items():
            held = clean_overrides(market) if name == OVERRIDES else clean_table(market, name, book)
            pyarrow.parquet.write_table(held, parts[path])
        parts[declared].write_text(f"# {MADE_BY}\n{clean_declared(market)}", "utf-8", newline="\n")
        kept = _kept(mapped, text, passed, lang)
        rejected = write_rejected(market, book, folder)
        if not kept:
            mapped.write_text(text, "utf-8", newline="\n")
    for name in KEYS.keys() - set(names):  # of an earlier run
        (folder / CLEAN / f"{name}.parquet").unlink(missing_ok=True)
    return [folder / CLEAN, mapped, *rejected]


def _kept(path: Path, text: str, passed: Path | str | None, lang: str) -> bool:
    """Whether a mapping stands there that stays. Raises ``CampaignError`` where it may be somebody's, and forgotten."""
    if not path.exists() or path.read_text("utf-8", errors="replace") == text:
        return False
    if passed is not None and path.samefile(passed):
        return True
    raise CampaignError(say("intake_edited", lang, path=path))
