"""A table that grows record by record, whichever fields each record has."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from campaign_analytics.market.answers import as_text
from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import Texts, text_of

#: More fields than any table has: names that never end are data, not headers.
MOST_FIELDS = 2000
#: So many texts are held as Python's at a time, some 20 MB.
MOST_HELD = 1 << 18


class Grown:
    """Rows of texts by field; a field that a row lacks is empty there."""

    def __init__(self) -> None:
        self.left_out: set[str] = set()  # fields beyond the most that are kept
        self.held = 0  # texts that are Python's as yet
        self._numbers = array("q")
        self._cells: dict[str, _Cells] = {}

    @property
    def rows(self) -> int:
        return len(self._numbers)

    def add(self, number: int, cells: Mapping[str, str]) -> None:
        """Put a row with the source number ``number`` at the end."""
        row = len(self._numbers)
        self._numbers.append(number)
        for name, text in cells.items():
            held = self._cells.get(name)
            if held is None:
                if len(self._cells) == MOST_FIELDS:
                    self.left_out.add(name)
                    continue
                held = self._cells[name] = _Cells()
            if text:
                held.rows.append(row)
                held.texts.append(text)
                self.held += 1
        if self.held >= MOST_HELD:
            for held in self._cells.values():
                held.pack()
            self.held = 0

    @property
    def headers(self) -> list[str]:
        """The fields, in the order in which they appeared."""
        return list(self._cells)

    def columns(self) -> list[Texts]:
        """The texts under each of ``headers``, which are held here no longer."""
        return [self._cells[name].column(self.rows) for name in self._cells]

    def source_rows(self) -> Array:
        """(rows,) the number of each."""
        return np.array(self._numbers, np.int64)

    def told(self) -> tuple[str, ...]:
        """What is to be said of fields that were left out."""
        count = len(self.left_out)
        return (f"{count:,} fields more than {MOST_FIELDS:,} are not read",) if count else ()


class _Cells:
    """The cells under one field: the last ones as Python's, the others packed, each text of a pack held once."""

    def __init__(self) -> None:
        self.rows = array("i")
        self.texts: list[str] = []
        self._packs: list[pa.DictionaryArray] = []

    def pack(self) -> None:
        self._packs.append(pa.array(self.texts, pa.string()).dictionary_encode())
        self.texts = []

    def column(self, rows: int) -> Texts:
        """All ``rows`` of them; an empty one where none was put."""
        self.pack()
        held = pa.chunked_array(self._packs).unify_dictionaries()
        self._packs.clear()
        codes = np.zeros(rows, np.int32)
        codes[np.asarray(self.rows)] = np.concatenate([np.asarray(each.indices) for each in held.chunks]) + 1
        self.rows = array("i")
        return Texts(codes, pa.concat_arrays([pa.array([""], pa.string()), held.chunk(0).dictionary]))


def flat(
    fields: Mapping[str, Any],
    whole: Collection[str] = (),
    pairs: Mapping[str, tuple[str, str]] | None = None,
    under: str = "",
) -> Iterator[tuple[str, Any]]:
    """The fields of an object and of the objects in it, by their paths ("a.b"); those at ``whole`` stay one.

    A list at a path of ``pairs`` (name and value of its elements' fields) gives a field for each element.
    """
    for name, value in fields.items():
        path = under + name
        if path in whole:
            yield path, value
        elif isinstance(value, dict):
            yield from flat(value, whole, pairs, f"{path}.")
        elif pairs and path in pairs and isinstance(value, list):
            key, held = pairs[path]
            for each in value:
                if isinstance(each, dict) and isinstance(each.get(key), str):
                    yield f"{path}.{each[key]}", each.get(held)
        else:
            yield path, value


def said(value: Any) -> str:
    """A field's value as the text that a cell would hold; objects and lists of them in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)):
        return as_text(value)
    return text_of(value)
