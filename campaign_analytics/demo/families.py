"""The closed set of distributions that a demo profile may name.

Each family turns ``z``, one standard-normal number a row (already leaning on quality, size ..., shifted by category),
into stored values, and a greater ``z`` gives a greater value: a column's correlations are those of its ``z``.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import expit, logit, ndtr, ndtri

from campaign_analytics.demo.draft import MINOR_UNITS, Rows
from campaign_analytics.market.schema import Array

DAY = 86_400_000_000  # microseconds


class Family(BaseModel):
    """What every column of a profile may say beside its distribution."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    on: dict[str, float] = Field(default_factory=dict)  # factor -> loading, correlation of z with it
    missing: float = 0.0  # share of missing cells
    missing_on: dict[str, float] = Field(default_factory=dict)  # factor -> loading: fewer missing where it is high
    near: tuple[Decimal, ...] = ()  # some values are put on these, or one step below or above
    near_share: float = 0.03
    given: str = ""  # an earlier column of the table ...
    when: dict[str, AnyFamily] = Field(default_factory=dict)  # ... each value of which may have settings of its own

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, raw: Any) -> Any:
        """A setting under ``when`` says only what differs."""
        if not isinstance(raw, dict) or not raw.get("when"):
            return raw
        same = {k: v for k, v in raw.items() if k not in ("when", "given")}
        return {**raw, "when": {name: {**same, **own} for name, own in raw["when"].items()}}

    def draw(self, z: Array, rows: Rows) -> Any:
        """Stored values, one for each number of ``z``; NaN is missing too."""
        raise NotImplementedError

    def fill(self, rows: Rows) -> tuple[Any, Array]:
        """Stored values and missing cells of ``rows``; those with settings of their own are drawn apart."""
        values = self.draw(rows.shifted(self.on), rows)
        if self.near:
            step = getattr(self, "step", Decimal(1))
            around = [float(at + side * step) for at in self.near for side in (-1, 0, 1)]
            beside = stored(np.asarray(around), step, rows.type)
            values = np.where(rows.rng.random(len(rows)) < self.near_share, rows.rng.choice(beside, len(rows)), values)
        gone = np.zeros(len(rows), bool)
        if self.missing:
            gone |= rows.lean(self.missing_on) < ndtri(self.missing)
        if rows.type in ("number", "rate"):
            gone |= np.isnan(values)
        for name, own in self.when.items():
            at, these = rows.where(self.given, name)
            values[at], gone[at] = own.fill(these)
        return values, gone


class Flag(Family):
    """True for a share of the rows."""

    family: Literal["flag"]
    share: float

    def draw(self, z: Array, rows: Rows) -> Array:
        return z > -ndtri(self.share)


class Rate(Family):
    """A share between 0 and 1: the logistic of a normal number."""

    family: Literal["rate"]
    median: float
    spread: float
    step: Decimal = Decimal("0.0001")

    def draw(self, z: Array, rows: Rows) -> Array:
        return stored(expit(logit(self.median) + self.spread * z), self.step, rows.type)


class Normal(Family):
    """A score around a mean, cut at its ends."""

    family: Literal["normal"]
    mean: float
    spread: float
    low: float = 0.0
    high: float = np.inf
    step: Decimal = Decimal("0.1")

    def draw(self, z: Array, rows: Rows) -> Array:
        return stored(np.clip(self.mean + self.spread * z, self.low, self.high), self.step, rows.type)


class LogNormal(Family):
    """Money (in yuan) and counts: many small ones, a few huge ones."""

    family: Literal["lognormal"]
    median: float
    spread: float
    low: float = 0.0
    high: float = np.inf
    step: Decimal = Decimal(1)
    zero: float = 0.0  # share of rows, those of the lowest z, that hold 0

    def draw(self, z: Array, rows: Rows) -> Array:
        values = np.clip(np.exp(np.log(self.median) + self.spread * z), self.low, self.high)
        if self.zero:
            values[z < ndtri(self.zero)] = 0
        return stored(values, self.step, rows.type)


class Poisson(Family):
    """A count of events, whose rate itself varies."""

    family: Literal["poisson"]
    mean: float
    spread: float = 0.0
    times: int = 1  # what one event counts

    def draw(self, z: Array, rows: Rows) -> Array:
        return self.times * rows.rng.poisson(self.mean * np.exp(self.spread * z - self.spread**2 / 2))


class Choice(Family):
    """One of several names (or whole numbers), those written last for the greatest z."""

    family: Literal["choice"]
    weights: dict[str, float]

    def draw(self, z: Array, rows: Rows) -> Array:
        codes = np.asarray([rows.code(name) for name in self.weights])
        return codes[place(z, list(self.weights.values()))]


class Pattern(BaseModel):
    """Members that go together in a set."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: float
    members: tuple[str, ...]


class Members(Family):
    """A set: one of several patterns, sometimes with one more member; patterns written last for the greatest z."""

    family: Literal["members"]
    patterns: tuple[Pattern, ...]
    more: tuple[str, ...] = ()
    more_share: float = 0.0

    def draw(self, z: Array, rows: Rows) -> Array:
        patterns = np.asarray([self._bits(p.members, rows) for p in self.patterns], np.uint64)
        bits = patterns[place(z, [p.weight for p in self.patterns])]
        if self.more:
            extra = np.asarray([self._bits([m], rows) for m in self.more], np.uint64)
            with_more = rows.rng.random(len(z)) < self.more_share
            bits = bits | np.where(with_more, extra[rows.rng.integers(0, len(extra), len(z))], np.uint64(0))
        return np.asarray(bits)

    @staticmethod
    def _bits(members: Any, rows: Rows) -> int:
        return sum(1 << rows.code(name) for name in members)


class Ratio(Family):
    """Another column times one of several factors, rounded down, at least 1 (a price after a cut)."""

    family: Literal["ratio"]
    of: str
    weights: dict[str, float]

    def draw(self, z: Array, rows: Rows) -> Array:
        ten_thousandths = np.asarray([int(Decimal(text) * 10_000) for text in self.weights])
        factor = ten_thousandths[place(z, list(self.weights.values()))]
        prices: Array = rows.values(self.of).astype(np.int64) * factor // 10_000
        return np.maximum(prices, 1)


class Part(Family):
    """How many of another column's count: a share of it that varies as ``rate`` does."""

    family: Literal["part"]
    of: str
    median: float
    spread: float

    def draw(self, z: Array, rows: Rows) -> Array:
        return np.rint(rows.values(self.of) * expit(logit(self.median) + self.spread * z)).astype(np.int64)


class Quotient(Family):
    """One count divided by another; on the grid where the counts are missing, and missing itself for 0 / 0."""

    family: Literal["quotient"]
    part: str
    whole: str
    step: Decimal = Decimal("0.0001")

    def draw(self, z: Array, rows: Rows) -> Array:
        whole = rows.values(self.whole)
        exact = np.where(whole == 0, np.nan, rows.values(self.part) / np.maximum(whole, 1))
        unseen = rows.gone(self.part) | rows.gone(self.whole)
        return np.where(unseen, stored(exact, self.step, rows.type), exact)

    def fill(self, rows: Rows) -> tuple[Any, Array]:
        """The same; where both counts are known, so is their quotient."""
        values, gone = super().fill(rows)
        unseen = rows.gone(self.part) | rows.gone(self.whole)
        return values, gone & (unseen | np.isnan(values))


class Turn(Family):
    """The first row of its parent takes the first of several numbers, the next the next, all further ones the last;
    with ``of`` that part of another column, rounded down, at least 1."""

    family: Literal["turn"]
    numbers: tuple[Decimal, ...]
    of: str = ""

    def draw(self, z: Array, rows: Rows) -> Array:
        turn = np.minimum(rows.turns, len(self.numbers) - 1)
        if not self.of:
            return np.asarray([int(number) for number in self.numbers])[turn]
        ten_thousandths = np.asarray([int(number * 10_000) for number in self.numbers])
        parts: Array = rows.values(self.of).astype(np.int64) * ten_thousandths[turn] // 10_000
        return np.maximum(parts, 1)


class Portion(Family):
    """The rows of one parent add up to one of its counts, in parts as even as can be."""

    family: Literal["portion"]
    of: str

    def draw(self, z: Array, rows: Rows) -> Array:
        whole, turn = rows.values(self.of).astype(np.int64), rows.turns
        many = np.bincount(rows.draft.of)[rows.draft.of][rows.here]
        parts: Array = (turn + 1) * whole // many - turn * whole // many
        return parts


class Own(Family):
    """The category that the row is of."""

    family: Literal["category"]

    def draw(self, z: Array, rows: Rows) -> Array:
        return np.asarray([rows.code(name) for name in rows.draft.world.categories])[rows.category]


class Window(Family):
    """A day or an instant between two ends, counted in days from the market's as_of, even over the window."""

    family: Literal["window"]
    from_days: float
    until_days: float

    def draw(self, z: Array, rows: Rows) -> Array:
        world = rows.draft.world
        days = self.from_days + (self.until_days - self.from_days) * ndtr(z)
        if rows.type == "day":
            return np.floor(days).astype(np.int64) + (world.now + world.offset) // DAY
        return (days * 86_400).astype(np.int64) * 1_000_000 + world.now


class Key(Family):
    """Numbers counted up, as text; ``shared`` of the rows carry another row's key, others one of ``common``."""

    family: Literal["key"]
    first: int = 1
    prefix: str = ""
    shared: float = 0.0
    common: dict[str, float] = Field(default_factory=dict)  # text -> share of the rows that carry it

    def draw(self, z: Array, rows: Rows) -> Any:
        numbers = rows.numbers + self.first
        if self.shared:
            copies = rows.rng.random(len(z)) < self.shared
            numbers[copies] = numbers[rows.rng.integers(0, len(z), int(copies.sum()))]
        texts = pa.array(numbers).cast(pa.string())
        keys = texts_of(pc.binary_join_element_wise(self.prefix, texts, "") if self.prefix else texts)
        if self.common:
            place = np.searchsorted(np.cumsum(list(self.common.values())), rows.rng.random(len(z)), side="right")
            for number, text in enumerate(self.common):
                keys[place == number] = text
        return keys


class Parent(Family):
    """The key of the row that this row hangs on."""

    family: Literal["parent"]

    def draw(self, z: Array, rows: Rows) -> Any:
        return rows.draft.parent_key.take(rows.draft.of)


class Other(Family):
    """The key of another row of the table that these rows hang on."""

    family: Literal["other"]

    def draw(self, z: Array, rows: Rows) -> Any:
        keys = rows.draft.parent_key
        step = rows.rng.integers(1, max(len(keys), 2), len(z))
        return keys.take((rows.draft.of + step) % len(keys))


class Text(Family):
    """Free text: one choice out of each group of words, joined."""

    family: Literal["text"]
    parts: tuple[tuple[str, ...], ...]

    def draw(self, z: Array, rows: Rows) -> Any:
        pool = texts_of(pa.array(["".join(words) for words in product(*self.parts)]))
        return pool.take(rows.rng.integers(0, len(pool), len(z)))


AnyFamily = Annotated[
    Flag
    | Rate
    | Normal
    | LogNormal
    | Poisson
    | Choice
    | Members
    | Ratio
    | Part
    | Quotient
    | Turn
    | Portion
    | Own
    | Window
    | Key
    | Parent
    | Other
    | Text,
    Field(discriminator="family"),
]


def place(z: Array, weights: list[float]) -> Array:
    """Which of several weighted choices, in order, each number of ``z`` falls on."""
    shares = np.cumsum(weights)[:-1] / sum(weights)
    return np.searchsorted(ndtri(shares), z, side="right")


def stored(values: Array, step: Decimal, type: str) -> Array:
    """Values on a grid, held as their type is: fen for yuan, whole numbers for counts, else the nearest double."""
    up, down = step.as_integer_ratio()
    places = np.rint(values * (down / up))
    if type == "money":
        return (places * up * MINOR_UNITS / down).astype(np.int64)
    if type in ("number", "rate"):
        return places * up / down
    return (places * up / down).astype(np.int64)


def texts_of(texts: pa.Array) -> Any:
    """An Arrow array of strings as pandas holds text."""
    return pd.array(texts, dtype=pd.StringDtype(na_value=np.nan))
