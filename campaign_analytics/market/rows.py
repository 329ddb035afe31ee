"""Which rows of a file hold data: totals, headers again, notes and empty rows don't, and some can't be used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from campaign_analytics.market.found import Found
from campaign_analytics.market.headers import bare
from campaign_analytics.market.marks import alike, load_marks, stripped
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.reading import Reading
from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import Texts
from campaign_analytics.market.words import read_keys

TOTAL = Reason("aside", "a row of totals")
HEADS = Reason("aside", "the headers again")
NOTE = Reason("aside", "a note, no data")
WORDS = Reason("doubted", "words, where others have an identifier: a note?")
_TRIMMED = " \t\u3000'\":："  # around the word for a total
#: No identifier has spaces or ideographs in it, or is that long: a key that does may be a note.
_WORDY = r"[\s\p{Han}]|.{41}"
#: A cell that says so and nothing else; and the total of something.
_TOTAL, _TOTAL_OF = "^({})$", "({})$"
#: What names who filled in a form, or when.
_LABEL = r"\p{Han}[^:]*:"


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a file that hold data, and how many of the others had which fate."""

    kept: Array  # places among the file's rows
    fates: Counter[str]  # rejected, blank, totals, headers, notes


def data_rows(table: str, key: str, place: int, found: Found, quality: Quality) -> Rows:
    """Tell the rows of data, by their ``key`` (header number ``place``), from all others; report these to ``quality``.

    An offer whose merchant is not known is still an offer: it stays, with that cell missing.
    """
    keys = found.columns[place]
    reading = read_keys(keys.distinct)
    gone = reading.missing()
    again = _spelled(keys, found.headers[place])
    wordy = np.asarray(pc.match_substring_regex(reading.values, _WORDY))
    strange = wordy & (2 * keys.counts[wordy].sum() <= found.rows)  # where most are identifiers
    label = strange & np.asarray(pc.match_substring_regex(reading.values, _LABEL))
    total = _totals(found.columns[: place + 1], found.rows, _TOTAL)
    odd = np.flatnonzero((gone | strange)[keys.codes])
    total[odd] |= _totals([column.take(odd) for column in found.columns[: place + 1]], len(odd), _TOTAL_OF)
    candidates = np.flatnonzero((gone | again | wordy)[keys.codes] | total)
    fates = Counter(headers=len(found.heads), notes=len(found.notes), blank=found.blank)
    origin = Origin.of(found.place, found.source_rows)
    out = np.zeros(found.rows, bool)
    if len(candidates):
        filled = np.array([column.filled(candidates) for column in found.columns]).reshape(-1, len(candidates))
        if len(found.columns) > place + 1:
            rest = _totals(found.columns[place + 1 :], found.rows, _TOTAL)[candidates] & gone[keys.codes[candidates]]
            total[candidates] |= rest
        lone = (filled.sum(axis=0) == 1) & _worded(found, candidates, filled)
        codes = keys.codes[candidates]
        kinds = {
            "totals": total[candidates],
            "headers": again[codes] | _repeated(found, candidates, filled),
            "notes": (lone & (gone[codes] | wordy[codes])) | label[codes],
            "blank": ~filled.any(axis=0),
            "rejected": gone[codes],
        }
        taken = np.zeros(len(candidates), bool)
        for fate, which in kinds.items():
            rows = candidates[which & ~taken]
            taken |= which
            fates[fate] += len(rows)
            out[rows] = True
            if fate in _ASIDE and len(rows):
                texts = [_first(found, row) for row in rows.tolist()]
                quality.cells_noted(table, key, _ASIDE[fate], origin[rows], np.arange(len(rows)), texts, texts)
            elif fate == "rejected":
                _reject_keyless(table, key, found, rows, keys, reading, quality)
        words = candidates[~taken & strange[codes]]
        texts = keys.at(words)
        quality.cells_noted(table, key, WORDS, origin[words], np.arange(len(words)), texts, texts)
    _misfits(table, place, found, fates, quality)
    return Rows(np.flatnonzero(~out), fates)


_ASIDE = {"totals": TOTAL, "headers": HEADS, "notes": NOTE}


def _spelled(keys: Texts, header: str) -> Array:
    """(distinct,) bool: which texts of the key column are its header again."""
    like = pc.starts_with(pc.utf8_lower(keys.distinct), pattern=header[:1].casefold())
    held = np.asarray(like).copy()
    for place in np.flatnonzero(held).tolist() if header else ():
        held[place] = bare(keys.distinct[place].as_py()) == bare(header)
    return held


def _repeated(found: Found, rows: Array, filled: Array) -> Array:
    """(rows,) bool: which rows hold in all filled cells what a row of headers holds there."""
    held = np.zeros(len(rows), bool)
    for line in found.heads:
        whole = filled.any(axis=0)
        for column, head, there in zip(found.columns, line, filled, strict=True):
            same = np.asarray(pc.equal(pc.utf8_trim_whitespace(column.distinct), head))
            whole &= ~there | same[column.codes[rows]]
        held |= whole
    return held


def _totals(columns: Sequence[Texts], rows: int, form: str) -> Array:
    """(rows,) bool: which rows have a cell that says "total" in this form."""
    pattern = form.format("|".join(map(re.escape, sorted(load_marks().total))))
    held = np.zeros(rows, bool)
    for column in columns:
        trimmed = pc.utf8_trim(pc.utf8_lower(column.distinct), characters=_TRIMMED)
        says = np.asarray(pc.match_substring_regex(pc.replace_substring(trimmed, " ", ""), pattern))
        if says.any():
            held |= says[column.codes]
    return held


def _worded(found: Found, rows: Array, filled: Array) -> Array:
    """(rows,) bool: whether a row's first filled cell holds words rather than a number or an identifier."""
    first = filled.argmax(axis=0)
    held = np.zeros(len(rows), bool)
    for place in np.unique(first):
        at = np.flatnonzero(first == place)
        texts = found.columns[place].take(rows[at])
        plain = pc.utf8_trim_whitespace(texts.distinct)
        held[at] = np.asarray(pc.match_substring_regex(plain, _WORDY))[texts.codes]
    return held


def _first(found: Found, row: int) -> str:
    cells = (column.distinct[int(column.codes[row])].as_py() for column in found.columns)
    return next((cell for cell in cells if stripped(cell)), "")


def _reject_keyless(
    table: str, key: str, found: Found, rows: Array, keys: Texts, reading: Reading, quality: Quality
) -> None:
    whys = {f"no {key}": np.flatnonzero(reading.empty).tolist()}
    whys |= {f"{key}: {reason.text}": places for reason, places in reading.notes.items() if reason.kind == "missing"}
    for why, places in whys.items():
        held = rows[np.isin(keys.codes[rows], places)]
        reject(
            table, key, why, found, found.source_rows[held], keys.at(held), [c.at(held) for c in found.columns], quality
        )


def _misfits(table: str, place: int, found: Found, fates: Counter[str], quality: Quality) -> None:
    """Rows that are wider or narrower than the headers: notes and totals are often, others can't be used."""
    words = load_marks().total
    aside: dict[Reason, list[tuple[int, str]]] = {TOTAL: [], NOTE: []}
    rejected: dict[str, list[tuple[int, Sequence[str]]]] = {}
    for row in found.broken:
        rejected.setdefault(row.why, []).append((row.number, [row.text]))
    for number, cells in found.misfits:
        filled = [cell for cell in cells if stripped(cell)]
        if not filled:
            fates["blank"] += 1
        elif any(alike(cell).strip(_TRIMMED) in words for cell in cells[: place + 1]):
            aside[TOTAL].append((number, filled[0]))
        elif len(filled) == 1 and any(map(str.isalpha, filled[0])):
            aside[NOTE].append((number, filled[0]))
        else:
            rejected.setdefault(f"{len(cells)} cells under {len(found.headers)} headers", []).append((number, cells))
    for reason, fate in ((TOTAL, "totals"), (NOTE, "notes")):
        fates[fate] += len(aside[reason])
        at = Origin.of(found.place, np.array([number for number, _ in aside[reason]], np.int64))
        texts = [text for _, text in aside[reason]]
        quality.cells_noted(table, "", reason, at, np.arange(len(texts)), texts, texts)
    for why, rows in rejected.items():
        fates["rejected"] += len(rows)
        numbers = np.array([number for number, _ in rows])
        columns = [list(column) for column in zip(*(cells for _, cells in rows), strict=True)]
        reject(table, "", why, found, numbers, [",".join(cells) for _, cells in rows], columns, quality)


def reject(
    table: str,
    key: str,
    why: str,
    found: Found,
    rows: Array,
    raw: list[str],
    columns: list[list[str]],
    quality: Quality,
) -> None:
    """Put rows aside, and note them with the raw text of their key."""
    if not len(rows):
        return
    extra = [f"({place + 1})" for place in range(len(found.headers), len(columns))]
    cells = [[found.place] * len(rows), rows, [why] * len(rows), *columns]
    frame = pd.DataFrame({place: pd.Series(column, dtype="str") for place, column in enumerate(cells)})
    frame = frame.astype({1: np.int64})
    frame.columns = pd.Index(["file", "row", "reason", *[*found.headers, *extra][: len(columns)]])
    quality.reject(table, frame)
    quality.cells_noted(table, key, Reason("rejected", why), Origin.of(found.place, rows), np.arange(len(rows)), raw)
