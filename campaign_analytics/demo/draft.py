"""A table in the making, and the rows of it that a distribution fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.model import Column, Values

MINOR_UNITS = 100  # fen in a yuan


@dataclass(frozen=True)
class World:
    """What all tables of a market share."""

    columns: Mapping[str, Column]
    lists: Mapping[str, Values]
    categories: tuple[str, ...]
    now: int  # the market's as_of, UTC microseconds since 1970
    offset: int  # the time zone's offset then, microseconds

    def code(self, column: str, text: str) -> int:
        """The stored value that ``text`` stands for in a column: place in its list, fen, a whole number, or 0 and 1."""
        said = self.columns[column]
        if said.type == "flag":
            return ("false", "true").index(text)
        if names := self.names(column):
            if text not in names:
                raise ValueError(f"{column}: {text!r} is not one of {', '.join(names)}")
            return names.index(text)
        return int(Decimal(text) * (MINOR_UNITS if said.type == "money" else 1))

    def names(self, column: str) -> tuple[str, ...]:
        """What the codes and bits of a column stand for."""
        said = self.columns[column]
        return self.lists[said.of].values if said.of else said.options


def joined(one: Cells, other: Cells) -> Cells:
    """The cells of two drafts of one table, one below the other."""
    if one.type == "text" and not one.names:
        return Cells("text", pd.concat([pd.Series(each.values) for each in (one, other)], ignore_index=True).array)
    values, missing = (
        np.concatenate(pair) for pair in zip((one.values, one.gone), (other.values, other.gone), strict=True)
    )
    return Cells.make(one.type, values, missing, names=one.names)


@dataclass
class Draft:
    """One table in the making, and what the tables that hang on it need of it."""

    name: str
    world: World
    category: Array  # (n,) place of each row's category among the world's
    factors: dict[str, Array]
    parent: Draft | None = None
    of: Any = None  # (n,) row of the parent that each row hangs on
    values: dict[str, Any] = field(default_factory=dict)  # stored values before cells go missing
    gone: dict[str, Array] = field(default_factory=dict)
    cells: dict[str, Cells] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.category)

    @property
    def key(self) -> Any:
        """The table's first column, which identifies its rows."""
        return next(iter(self.values.values()))

    @property
    def parent_key(self) -> Any:
        """The keys of the table that the rows hang on."""
        assert self.parent is not None, f"the rows of {self.name} hang on no table"
        return self.parent.key

    def column(self, name: str) -> Any:
        """An earlier column of the table, or of the one that its rows hang on."""
        if name not in self.values and self.parent is not None:
            return self.parent.column(name)[self.of]
        return self.values[name]


@dataclass(frozen=True)
class Rows:
    """The rows of a draft that a distribution fills with one column, and what it may look at."""

    draft: Draft
    column: str
    rng: np.random.Generator
    shift: Array  # (categories,) standard deviations by which the column is shifted
    here: Any = field(default_factory=lambda: slice(None))  # which rows of the draft

    @property
    def type(self) -> str:
        return self.draft.world.columns[self.column].type

    @property
    def category(self) -> Array:
        return np.asarray(self.draft.category[self.here])

    @property
    def numbers(self) -> Array:
        """(n,) places of the rows in the draft."""
        return np.asarray(np.arange(len(self.draft))[self.here])

    @property
    def turns(self) -> Array:
        """(n,) how many rows of the same parent come before each; rows of a parent stand together."""
        of = self.draft.of
        first = np.searchsorted(of, of)
        return np.asarray((np.arange(len(of)) - first)[self.here])

    def __len__(self) -> int:
        return len(self.category)

    def values(self, column: str) -> Array:
        """An earlier column, with nothing missing yet."""
        return np.asarray(self.draft.column(column)[self.here])

    def gone(self, column: str) -> Array:
        """Which cells of an earlier column are missing."""
        return np.asarray(self.draft.gone[column][self.here])

    def code(self, text: str) -> int:
        """The stored value that ``text`` stands for in this column."""
        return self.draft.world.code(self.column, text)

    def where(self, column: str, text: str) -> tuple[Array, Rows]:
        """Which of the rows, and those rows, have ``text`` in an earlier column."""
        at = np.flatnonzero(self.values(column) == self.draft.world.code(column, text))
        return at, replace(self, here=self.numbers[at])

    def lean(self, on: dict[str, float]) -> Array:
        """(n,) standard-normal numbers with these correlations to hidden factors."""
        own = np.sqrt(max(0.0, 1.0 - sum(loading**2 for loading in on.values())))
        z: Array = own * self.rng.standard_normal(len(self))
        for factor, loading in on.items():
            z += loading * self.draft.factors[factor][self.here]
        return z

    def shifted(self, on: dict[str, float]) -> Array:
        """The same, each row moved by what its category says of the column."""
        z = self.lean(on)
        return z + self.shift[self.category] if self.shift.any() else z
