"""What reading a market did to it: cells that were repaired, doubted or not understood, rows that were put aside.

Findings are held as arrays, a block for each reason of a column, so that a million of them stay cheap.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.origin import Origin
from campaign_analytics.market.reasons import in_language
from campaign_analytics.market.schema import Array

#: Longest raw text that a report shows; the data itself is never cut.
SHOWN = 120

#: What can be said of a cell, row, column or file, worst first, as a report orders it.
KINDS = {
    "absent": "a column that the rules use is nowhere in the data: its cells are missing",
    "unread": "a file, sheet or column that is not read",
    "rejected": "a row that can't be used: kept apart, see rejected()",
    "missing": "a cell that is not understood or impossible: missing now",
    "doubted": "kept as it stands, but look at it",
    "merged": "a row that repeats another one",
    "aside": "a row that holds no data: headers again, totals, notes",
    "repaired": "understood after a repair that loses nothing",
    "settled": "a unit that was settled once for the whole column",
    "empty": "an empty cell, or one that says so",
}


#: Kinds that are said of cells of a column, or of the rows put aside for one.
OF_CELLS = ("empty", "missing", "doubted", "repaired", "absent", "rejected")

#: What stands before the file's own columns where rows are put aside: where each was, and why.
ABOUT = ("file", "row", "reason")


class Reason(NamedTuple):
    """Why something is reported: its kind (one of ``KINDS``) and the words for people."""

    kind: str
    text: str

    def told(self, lang: str) -> str:
        """The words in ``lang``; English ones where nobody has put them into Chinese."""
        return in_language(self.text, lang)


@dataclass(frozen=True, eq=False)
class Finding:
    """All cells (or rows) of one column that are reported for one reason; or a remark on a column, file or sheet."""

    table: str
    column: str
    reason: Reason
    count: int
    example: str
    rows: Origin | None = None  # where they stand; None = a remark, or only counted
    codes: Array | None = None  # (count,) places in ``texts``
    texts: pa.StringArray | None = None  # distinct raw texts, shortened
    became: pa.StringArray | None = None  # beside ``texts``: what each was read as; None = missing

    def without(self, places: Set[tuple[str, int]]) -> Finding | None:
        """The same but for the rows at ``places`` (file, row); None where none is left."""
        if self.rows is None or self.codes is None:
            return self
        files = np.array(self.rows.files, object)[self.rows.codes]
        kept = np.array([pair not in places for pair in zip(files, self.rows.numbers.tolist(), strict=True)], bool)
        if not kept.any():
            return None
        return replace(self, rows=self.rows[kept], codes=self.codes[kept], count=int(kept.sum()))


def shown(text: str) -> str:
    """A raw text as reports show it: long ones are cut, with their length."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"


class Quality:
    """The report on a market's reading: ``rows()``, ``columns()``, ``summary()``, ``cells()``, ``rejected(table)``."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.accounts: dict[str, dict[str, int]] = {}  # table -> rows read, kept, merged, ...
        self._read: Counter[tuple[str, str]] = Counter()  # table and column -> cells read
        self._rejected: dict[str, list[pd.DataFrame]] = {}

    def remark(self, table: str, column: str, reason: Reason, count: int = 1, example: str = "") -> None:
        """Note something about a whole column, sheet or file, or only the number of its cells."""
        self.findings.append(Finding(table, column, reason, count, shown(example)))

    def cells_noted(
        self,
        table: str,
        column: str,
        reason: Reason,
        rows: Origin,
        codes: Array,
        texts: Iterable[str],
        became: Iterable[str] = (),
    ) -> None:
        """Note cells: their source rows, and for each the place of its raw text among the distinct ``texts``."""
        if len(rows):
            raw, read = _shown(_in_arrow(texts)), _in_arrow(became)
            example = raw[int(codes[0])].as_py()
            codes = codes.astype(np.int32, copy=False)
            self.findings.append(
                Finding(table, column, reason, len(rows), example, rows, codes, raw, read if len(read) else None)
            )

    def column_read(self, table: str, column: str, cells: int) -> None:
        """Count the cells of a column in rows of data."""
        self._read[table, column] += cells

    def reject(self, table: str, rows: pd.DataFrame) -> None:
        """Keep rows that can't be used: columns ``file``, ``row``, ``reason``, then the file's own, repeated or not."""
        self._rejected.setdefault(table, []).append(rows.set_axis(numbered(rows.columns), axis="columns"))

    def mended(self, table: str, places: Set[tuple[str, int]]) -> int:
        """Forget the rejected rows at ``places`` (file, row), which stand, repaired, in another file; say how many."""
        count = 0
        for place, held in enumerate(self._rejected.get(table, [])):
            again = np.asarray(pd.MultiIndex.from_frame(held[[*ABOUT[:2]]]).isin(places))
            self._rejected[table][place] = held[~again]
            count += int(again.sum())
        self.findings = [
            left
            for each in self.findings
            if (left := each.without(places) if (each.table, each.reason.kind) == (table, "rejected") else each)
        ]
        return count

    def account(self, table: str, read: int, **fates: int) -> None:
        """Keep the books of a table's rows; every row read must have one fate."""
        if read != sum(fates.values()):
            raise AssertionError(f"rows of {table} don't add up: {read} read, {fates}")
        self.accounts[table] = {"read": read, **fates}

    def rows(self) -> pd.DataFrame:
        """One row a table: rows read = kept + merged + earlier + rejected + headers + notes + totals + blank."""
        frame = pd.DataFrame.from_dict(self.accounts, orient="index").fillna(0).astype(np.int64)
        return frame.rename_axis("table").reset_index()

    def columns(self, lang: str = "en") -> pd.DataFrame:
        """One row a table and column, the worst first.

        Counts (int64): ``cells`` in rows of data, and of these ``empty``, ``missing``, ``doubted``, ``repaired``, each
        as in ``KINDS`` (a cell may be in several); ``absent``: rows of files without the column; ``rejected``: rows put
        aside because of it. ``why`` (str) tells the reasons in ``lang`` with their counts, ``example`` a raw text.
        """
        places = dict.fromkeys(self._read)
        held: dict[tuple[str, str], list[Finding]] = {place: [] for place in places}
        for each in self.findings:
            if each.column and each.reason.kind in OF_CELLS:
                held.setdefault((each.table, each.column), []).append(each)
        rows = []
        for (table, column), findings in held.items():
            counts = dict.fromkeys(OF_CELLS, 0)
            reasons: Counter[Reason] = Counter()
            for each in findings:
                counts[each.reason.kind] += each.count
                reasons[each.reason] += each.count
            told = sorted(reasons.items(), key=lambda item: (list(KINDS).index(item[0].kind), -item[1]))
            why = "; ".join(f"{reason.told(lang)} ({count:,})" for reason, count in told if reason.kind != "empty")
            example = next((each.example for each in sorted(findings, key=_worst) if each.example), "")
            rows.append([table, column, self._read[table, column], *counts.values(), why, example])
        names = ["table", "column", "cells", *OF_CELLS, "why", "example"]
        frame = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(["cells", *OF_CELLS], np.int64))
        worst = frame["missing"] + frame["rejected"]
        order = np.lexsort([-frame["repaired"], -frame["doubted"], -frame["absent"], -worst])
        return frame.take(order).reset_index(drop=True)

    def summary(self, lang: str = "en") -> pd.DataFrame:
        """One row a table, column, kind and reason: ``count`` and an ``example`` of the raw text, worst first."""
        order = list(KINDS)
        sums: dict[tuple[str, str, Reason], tuple[int, str]] = {}
        for each in self.findings:
            place = each.table, each.column, each.reason
            count, example = sums.get(place, (0, each.example))
            sums[place] = count + each.count, example
        ordered = sorted(sums.items(), key=lambda item: (order.index(item[0][2].kind), item[0][0], -item[1][0]))
        return pd.DataFrame(
            [(t, c, reason.kind, reason.told(lang), count, example) for (t, c, reason), (count, example) in ordered],
            columns=["table", "column", "kind", "reason", "count", "example"],
        )

    def cells(self, kind: str | None = None) -> pd.DataFrame:
        """One row a cell (all kinds, or one): ``table, file, row, column, kind, reason, raw, became`` ('' = missing).

        Cells that are merely empty are counted in ``summary()`` alone.
        """
        held = [each for each in self.findings if each.rows is not None and kind in (None, each.reason.kind)]
        nowhere = Origin.of("", np.empty(0, np.int64))
        where = Origin.joined([each.rows for each in held if each.rows is not None] or [nowhere])
        return pd.DataFrame(
            {
                "table": _repeated(held, [each.table for each in held]),
                "file": pd.Categorical.from_codes(where.codes, pd.Index(where.files)),
                "row": where.numbers.astype(np.int64),
                "column": _repeated(held, [each.column for each in held]),
                "kind": _repeated(held, [each.reason.kind for each in held]),
                "reason": _repeated(held, [each.reason.text for each in held]),
                "raw": _taken(held, [each.texts for each in held]),
                "became": _taken(held, [each.became for each in held]),
            }
        )

    def rejected(self, table: str) -> pd.DataFrame:
        """The rows of ``table`` that were put aside, raw: ``file, row, reason``, then the columns of the file."""
        held = [frame for frame in self._rejected.get(table, []) if len(frame)]
        if not held:
            nothing = {"file": np.empty(0, "str"), "row": np.empty(0, np.int64), "reason": np.empty(0, "str")}
            return pd.DataFrame(nothing)
        return pd.concat(held, ignore_index=True).fillna("").sort_values([*ABOUT[:2]], ignore_index=True)

    def put_aside(self) -> dict[str, pd.DataFrame]:
        """``rejected(table)`` of every table of which rows were put aside."""
        return {table: self.rejected(table) for table, held in self._rejected.items() if any(map(len, held))}

    def unread(self, table: str) -> tuple[str, ...]:
        """The headers of ``table`` that no known column answers to; their cells are not read."""
        return tuple(each.column for each in self.findings if each.table == table and each.reason.kind == "unread")

    def counts(self) -> Mapping[str, int]:
        """How many cells, rows or columns there are of each kind."""
        sums = dict.fromkeys(KINDS, 0)
        for each in self.findings:
            sums[each.reason.kind] += each.count
        return {kind: count for kind, count in sums.items() if count}

    def __str__(self) -> str:
        lines = [
            f"{table}: {books['read']:,} rows read"
            + "".join(f", {count:,} {fate}" for fate, count in books.items() if fate != "read" and count)
            for table, books in self.accounts.items()
        ]
        summary = self.summary()
        alike = summary["kind"].isin(["absent", "unread"])
        for (kind, table, reason), group in summary[alike].groupby(["kind", "table", "reason"], sort=False):
            lines.append(f"  {kind}: {table or 'files'}: {', '.join(group['column'])}: {reason}")
        for row in summary[~alike & ~summary["kind"].isin(["empty", "settled"])].itertuples():
            like = f", such as {row.example!r}" if row.example else ""
            lines.append(
                f"  {row.kind}: {row.table}{'.' * bool(row.column)}{row.column}: {row.reason} ({row.count:,}{like})"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Quality({', '.join(f'{count:,} {kind}' for kind, count in self.counts().items())})"


def numbered(headers: Iterable[str]) -> list[str]:
    """Headers of which one that repeats an earlier one says so: a, a (2)."""
    names: dict[str, None] = {}
    for header in headers:
        spellings = (f"{header} ({count})" if count > 1 else header for count in itertools.count(1))
        names[next(name for name in spellings if name not in names)] = None
    return list(names)


def _worst(finding: Finding) -> int:
    return list(KINDS).index(finding.reason.kind)


def _repeated(held: list[Finding], words: list[str]) -> pd.Categorical:
    distinct = list(dict.fromkeys(words))
    codes = np.repeat(np.asarray([distinct.index(w) for w in words], np.int64), [each.count for each in held])
    kinds: pd.Categorical[Any] = pd.Categorical.from_codes(codes, pd.Index(distinct))
    return kinds


def _taken(held: list[Finding], texts: list[pa.StringArray | None]) -> pd.Series:
    """The texts of cells, '' where a finding has none."""
    parts = [
        pd.Series("", range(each.count), "str") if words is None else pd.Series(pd.array(words.take(each.codes), "str"))
        for each, words in zip(held, texts, strict=True)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.Series([], dtype="str")


def _in_arrow(texts: Iterable[str]) -> pa.StringArray:
    """Texts held in a tenth of the memory that Python takes for them."""
    return texts if isinstance(texts, pa.StringArray) else pa.array(texts, pa.string())


def _shown(texts: pa.StringArray) -> pa.StringArray:
    """``shown`` of each."""
    if (pc.max(pc.utf8_length(texts)).as_py() or 0) <= SHOWN:
        return texts
    return pa.array(map(shown, texts.to_pylist()), pa.string())
