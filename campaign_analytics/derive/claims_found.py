"""``claims_found``: how often the words of a list stand in an offer's texts, however they are written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from campaign_analytics.derive.making import Evidence, Made, Making, gone, unread
from campaign_analytics.derive.phrases import Hits, Phrases
from campaign_analytics.derive.texts import numbered, texts_of
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.model import Values
from campaign_analytics.words import say

MANY = 9999  # claims; as many as a text may hold that could not be read
CONTEXT = 10  # characters shown on either side of a hit
COLUMNS = ("column", "found", "word", "context", "start", "end")


def make(making: Making) -> Made:
    """Count the places in all texts of ``columns`` where a word of the list ``claims`` stands, but for those inside the
    phrases of the list ``harmless``.

    Only texts that are given are looked at: an offer without any of them is missing, one with some is judged by these.
    A text that could not be read may hold more: from those found in the others on, any number.
    """
    phrases = phrases_of(making)
    found = np.zeros(making.rows, np.int64)
    nothing = np.ones(making.rows, bool)
    not_read = np.zeros(making.rows, bool)
    for name in making.argument("columns"):
        cells = making.cells(name)
        found += _counted(name, cells, phrases)
        nothing &= gone(cells)
        not_read |= unread(cells)
    missing = nothing | (not_read & (found == 0))
    return Made(Cells.make("count", found, missing, np.where(not_read, MANY, found), unread=not_read & missing))


def hits(making: Making) -> pd.DataFrame:
    """Every hit behind the column: row (of its table), column, found (as written), word (of the list), context, start
    and end (places in the text, counted in characters from 0, the end behind the last one)."""
    phrases = phrases_of(making)
    told = [_told(name, making.cells(name), phrases) for name in making.argument("columns")]
    return pd.concat(told, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


def evidence(making: Making, row: int, lang: str) -> Iterator[Evidence]:
    """The hits behind one row's count; characters from 1."""
    phrases = phrases_of(making)
    for name in making.argument("columns"):
        texts, codes = _distinct(making.cells(name).take(np.array([row])))
        if codes[0] < len(texts):
            text = texts[codes[0]]
            found = phrases.find([text])
            for start, end in zip(found.start.tolist(), found.end.tolist(), strict=True):
                place = {"column": name, "start": start + 1, "end": end, "found": text[start:end]}
                yield Evidence(say("origin_found", lang, **place))


def phrases_of(making: Making) -> Phrases:
    """The phrases that a column of this recipe looks for."""
    lists, given = making.book.lists, making.spec.with_
    return phrases_of_lists(lists[given["claims"]], lists[given["harmless"]] if "harmless" in given else None)


def phrases_of_lists(claims: Values, harmless: Values | None = None) -> Phrases:
    """The values of two lists and their other spellings, as phrases."""
    spellings = {each: each for each in claims.values} | claims.aliases
    return _phrases(tuple(spellings.items()), (*harmless.values, *harmless.aliases) if harmless else ())


@cache
def _phrases(spellings: tuple[tuple[str, str], ...], harmless: tuple[str, ...]) -> Phrases:
    return Phrases(dict(spellings), harmless)


def _distinct(cells: Cells) -> tuple[list[str], Array]:
    """The texts that stand in a column, each once, and for every row which one; one more stands for none."""
    held = texts_of(cells).dictionary_encode()
    texts = held.dictionary.to_pylist()
    return texts, np.asarray(held.indices.fill_null(len(texts)), np.int64)


def _counted(name: str, cells: Cells, phrases: Phrases) -> Array:
    """(rows,) int64 places found in the text of each. Texts of the column that was counted last, such as that of the
    day before, are not looked at again while its market is held."""
    last = _LAST.setdefault((phrases, name), WeakKeyDictionary())
    with _LOOKING:
        known, counts = next(iter(last.values()), (pa.array([], pa.large_string()), np.zeros(0, np.int64)))
    texts, places = numbered(texts_of(cells), known)
    new = texts[len(known) :]
    found = np.bincount(phrases.find(new.to_pylist()).text, minlength=len(new))
    counts = np.concatenate([counts, found])
    kept = _in_use(texts, counts, places)
    with _LOOKING:
        last.clear()
        last[cells] = kept
    return np.append(counts, 0)[places]  # 0 where there is no text


def _in_use(texts: pa.Array, counts: Array, places: Array) -> tuple[pa.Array, Array]:
    """The texts with their counts, without those of days before that no row has, once these are many."""
    used = np.bincount(places[places >= 0], minlength=len(texts)) > 0
    return (texts, counts) if used.sum() * 2 > len(texts) else (texts.filter(pa.array(used)), counts[used])


_LOOKING = Lock()  # columns of several parts are counted at a time
#: The column that was counted last, while it is held: its texts, and how many places were found in each.
_LAST: dict[tuple[Phrases, str], WeakKeyDictionary[Cells, tuple[pa.Array, Array]]] = {}


def _told(name: str, cells: Cells, phrases: Phrases) -> pd.DataFrame:
    """The hits in one column, each distinct text looked at once and told for every row that has it."""
    texts, codes = _distinct(cells)
    held = phrases.find(texts)
    rows = np.flatnonzero(np.isin(codes, np.unique(held.text)))
    first, behind = (np.searchsorted(held.text, codes[rows], side) for side in ("left", "right"))
    each = np.repeat(first - np.append(0, np.cumsum(behind - first)[:-1]), behind - first) + np.arange(
        (behind - first).sum()
    )
    shown = in_words(texts, held, phrases).take(each).reset_index(drop=True)
    shown.insert(0, "column", name)
    shown.insert(0, "row", np.repeat(rows, behind - first))
    return shown


def in_words(texts: list[str], held: Hits, phrases: Phrases) -> pd.DataFrame:
    """Hits as people read them: found, word, context, start, end."""
    places = list(zip(held.text.tolist(), held.start.tolist(), held.end.tolist(), strict=True))
    return pd.DataFrame(
        {
            "found": pd.array([texts[text][start:end] for text, start, end in places], dtype="str"),
            "word": pd.array([phrases.words[word] for word in held.word.tolist()], dtype="str"),
            "context": pd.array([context(texts[text], start, end) for text, start, end in places], dtype="str"),
            "start": held.start,
            "end": held.end,
        }
    )


def context(text: str, start: int, end: int) -> str:
    """What stands around a hit, on one line; what is left out is told by …"""
    before, after = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
    around = " ".join(text[before:after].split())
    return ("…" if before else "") + around + ("…" if after < len(text) else "")
