"""What reading did to a market, as people read it; and the rows that were put aside, to be repaired and read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from campaign_analytics.charts.tables import Table, table
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.quality import ABOUT, OF_CELLS, Reason
from campaign_analytics.report.files import harmless, whole, write_plain
from campaign_analytics.report.page import Html, grid, page, text
from campaign_analytics.report.write import ending
from campaign_analytics.report.xlsx import write_workbook
from campaign_analytics.words import known, say

if TYPE_CHECKING:
    from campaign_analytics.market.quality import Quality
    from campaign_analytics.market.schema import Market
    from campaign_analytics.rulebook.book import Rulebook

_ROWS: Final = 200  # of a table on the page; a workbook has all
_REJECTED: Final = 20  # rows put aside that the page shows
_FORMATS: Final = (".csv", ".xlsx")


@dataclass(frozen=True, eq=False)
class QualityReport:
    """The report on a market's reading; shows itself in a notebook, as text, as a page and as sheets."""

    quality: Quality
    book: Rulebook
    lang: str

    # ---- tables

    def rows(self) -> Table:
        """One row a table: where its rows went."""
        return self._table(self.quality.rows())

    def columns(self) -> Table:
        """One row a column of which not every cell is understood as it stands: see ``Quality.columns``."""
        frame = self.quality.columns(self.lang)
        return self._table(frame[frame["why"] != ""].reset_index(drop=True))

    def findings(self) -> Table:
        """One row a table, column and reason; cells that are merely empty are left out."""
        frame = self.quality.summary(self.lang)
        return self._table(frame[frame["kind"] != "empty"].reset_index(drop=True))

    def rest(self) -> Table:
        """The findings that ``columns`` does not tell: of files, of headers that are not read, of rows without data."""
        frame = self.findings().frame
        return self._table(frame[~frame["kind"].isin(OF_CELLS) | (frame["column"] == "")].reset_index(drop=True))

    def _table(self, frame: pd.DataFrame) -> Table:
        return table(frame, self.book, self.lang, min(len(frame), _ROWS))

    def rejected(self) -> dict[str, Table]:
        """By table: the rows that were put aside, under their own headers."""
        return {
            name: _AsFound(held, self.book, self.lang, _REJECTED) for name, held in self.quality.put_aside().items()
        }

    # ---- faces

    def text(self) -> str:
        """A line a table, then one a reason, the worst first."""
        lines = []
        for record in self.quality.rows().to_dict("records"):
            row = {str(name): value for name, value in record.items()}
            named, count = row.pop("table"), row.pop("read")
            fates = say("list", self.lang).join(f"{say(fate, self.lang)} {n:,}" for fate, n in row.items() if n)
            lines.append(
                say("quality_rows_line", self.lang, table=say_table(named, self.lang), count=count, fates=fates)
            )
        found = self.findings().frame
        whole_columns = found["kind"].isin(["absent", "unread"])
        for (kind, named, reason), alike in found[whole_columns].groupby(["kind", "table", "reason"], sort=False):
            where = say("list", self.lang).join(map(self._named, alike["column"]))
            lines.append(self._line("quality_columns_line", named, where, kind=kind, reason=reason))
        for each in found[~whole_columns].to_dict("records"):
            told: dict[str, Any] = {str(name): value for name, value in each.items()}
            key = "quality_finding_like" if told["example"] else "quality_finding_line"
            lines.append(self._line(key, told.pop("table"), self._named(told.pop("column")), **told))
        return "\n".join(lines)

    def _line(self, key: str, table: Any, column: str, kind: Any, **told: Any) -> str:
        where = " · ".join(part for part in (say_table(table, self.lang), column) if part)
        return "  " + say(key, self.lang, where=where, kind=say(kind, self.lang), **told)

    def _named(self, column: Any) -> str:
        return self.book.columns[column].label(self.lang, column) if column in self.book.columns else column

    __str__ = text

    def html(self) -> str:
        """The page, standing alone."""
        return page(say("quality_heading", self.lang), self.lang, self._parts())

    def _parts(self) -> Iterator[Html]:
        yield text("h1", say("quality_heading", self.lang))
        yield text("p", say("quality_note", self.lang), "quiet")
        yield text("h2", say("quality_rows", self.lang))
        yield grid(self.rows())
        yield text("h2", say("quality_columns", self.lang))
        if len(self.columns().frame):
            yield text("p", say("quality_columns_note", self.lang), "quiet")
            yield grid(self.columns())
        else:
            yield text("p", say("quality_fine", self.lang))
        if len(self.rest().frame):
            yield text("h2", say("quality_rest", self.lang))
            yield grid(self.rest())
        for name, held in self._rejected_told().items():
            yield text("h2", self._put_aside(name))
            yield grid(held, note=say("quality_rejected_note", self.lang))

    def _repr_html_(self) -> str:
        """For a notebook: the columns, then the rows that were put aside."""
        parts = [("quality_rows", self.rows()), ("quality_columns", self.columns())]
        told = [(say(key, self.lang), held) for key, held in parts if len(held.frame)]
        told += [(self._put_aside(name), held) for name, held in self._rejected_told().items()]
        return "".join(f"<p><b>{escape(heading)}</b></p>{held._repr_html_()}" for heading, held in told)

    def sheets(self) -> dict[str, Table]:
        """The workbook: rows, columns, reasons, and what was put aside."""
        parts = {"quality_rows": self.rows(), "quality_columns": self.columns(), "quality_findings": self.findings()}
        sheets = {say(key, self.lang): held for key, held in parts.items() if len(held.frame)}
        return sheets | {self._put_aside(name): held for name, held in self._rejected_told().items()}

    def _rejected_told(self) -> dict[str, Table]:
        return {name: _Told(held.frame, self.book, self.lang, held.rows) for name, held in self.rejected().items()}

    def _put_aside(self, name: str) -> str:
        return say("quality_rejected", self.lang, table=say_table(name, self.lang))


def quality_report(market: Market, book: Rulebook, lang: str = "en") -> QualityReport:
    """The report on how a market was read. Raises ``CampaignError`` where it was not read from files."""
    if market.quality is None:
        raise CampaignError("this market was made in memory; only one that was read has a report on its reading")
    return QualityReport(market.quality, book, lang)


def write_quality(told: QualityReport, path: Path | str) -> Path:
    """The report as .html or .xlsx."""
    path = Path(path)
    format = ending(path, (".html", ".xlsx"))
    with whole([path]) as parts:
        if format == ".xlsx":
            write_workbook(parts[path], told.sheets())
        else:
            parts[path].write_text(told.html(), "utf-8")
    return path


def write_rejected(market: Market, book: Rulebook, folder: Path | str, format: str = ".csv") -> list[Path]:
    """``<table>_rejected.csv`` (or ``.xlsx``) for each table of which rows were put aside: file, row, reason, then the
    columns as they were. Repaired and put beside the other files, it is read with them, its first three columns as no
    data.

    An earlier file that says something else may hold somebody's repairs: it is refused, as ``CampaignError``.
    """
    held = quality_report(market, book).rejected()
    paths = {Path(folder) / f"{name}_rejected{format}": rows for name, rows in held.items()}
    for path in paths:
        ending(path, _FORMATS)
    fresh = {path: rows for path, rows in paths.items() if not _stands(path, rows.frame)}
    with whole(fresh) as parts:
        for path, rows in fresh.items():
            if format == ".xlsx":
                write_workbook(parts[path], {path.stem: rows})
            else:
                write_plain(rows.frame, parts[path], "csv")
    return list(paths)


def _stands(path: Path, rows: pd.DataFrame) -> bool:
    """Whether the file is there already, as it would be written. Raises ``CampaignError`` where it is another one."""
    if not path.exists():
        return False
    said: Any = None
    try:
        if path.suffix == ".csv":
            said, rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig"), harmless(rows)
        else:
            said = pd.read_excel(path, dtype=str, keep_default_na=False, engine="calamine")
    except (ValueError, OSError) as error:
        raise CampaignError(f"{path} can't be read: {error}; move it away, or give another place") from error
    if list(said.columns) == list(rows.columns) and (said.to_numpy(str) == rows.to_numpy(str)).all():
        return True
    raise CampaignError(
        f"{path} is there, with other rows: perhaps somebody repaired them. Put it beside the market's files, where it "
        "is read with them, or delete it; or give another place"
    )


class _AsFound(Table):
    """Rows as they stand in somebody's file: no header or word of them is ours."""

    def _title(self, name: str) -> str:
        return name

    def _cell(self, name: str, value: Any) -> str:
        return str(value)


class _Told(_AsFound):
    """The same for people: where each row was, and why, is ours to say."""

    def _title(self, name: str) -> str:
        return say(name, self.lang) if name in ABOUT else name

    def _cell(self, name: str, value: Any) -> str:
        return Reason("rejected", value).told(self.lang) if name == "reason" else str(value)


def say_table(name: Any, lang: str) -> str:
    """A table as people call it; its own name where we have no word for it."""
    return say(name, lang) if known(name) else str(name)
