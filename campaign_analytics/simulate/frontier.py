"""How many offers qualify against how good they are, at every pair of places of two sliders."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.views import one_by_one, weights_of
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.tree import Col, Compare, columns_and_parameters, walk
from campaign_analytics.simulate.moving import allowed, number_of
from campaign_analytics.simulate.sensitivity import notes
from campaign_analytics.simulate.together import Axis, Together, at_settings, in_force
from campaign_analytics.simulate.where import Where, among

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.what_if import WhatIf

_DIGITS = 12  # of a mean: what is finer comes from the order in which it was summed


class Measure(NamedTuple):
    """A column by which quality is told, for the offers that are looked at."""

    column: str
    values: Array  # (offers,) float64, 0 where missing
    known: Array  # (offers,) bool
    rises: bool  # the higher the better


class _Admitted(NamedTuple):
    """Counts and sums over offers at every pair of places; ``known`` and ``sums`` by measure."""

    good: Array
    open: Array
    known: Array
    sums: Array


def frontier(
    what_if: WhatIf,
    p: str,
    q: str,
    quality: str | Sequence[str] | None,
    where: Where | None,
    lang: str,
    progress: Progress | None,
) -> pd.DataFrame:
    """How many offers qualify against how good they are: one row a measure and pair of values of two parameters, all
    else as it stands.

    first, second: the values of ``p`` and of ``q`` as people write them; first_number, second_number (float64);
    measure: a column of the rulebook's ``scoring.quality``, or of ``quality``; better: "higher" or "lower", as the
    rules ask for it; pre_qualified, undetermined (int64 offers, before quotas); known (int64): of those that
    qualify, how many have a value, and coverage, their share; mean (float64) of these values, a range by its low
    end; efficient: no other pair lets in as many as good, and more or better; present, default: the pair in force
    and the baseline's, also where they lie between places; allowed: no requirement of the rulebook forbids it.
    ``progress`` is called with the settings looked at and those in all where a slider has to be tried. Raises
    ``CampaignError`` for a parameter without a slider, and where there is no measure.
    """
    one_by_one(what_if.baseline)
    together = Together.of(what_if, (p, q), what_if.baseline.book)
    if p == q:
        raise CampaignError(f"a frontier takes two parameters; {p} is named twice")
    rows: Array | slice = np.flatnonzero(among(what_if.baseline, where)) if where else slice(None)
    measures = _measures(what_if, quality, rows)
    held = _at_all_places(together, measures, rows, progress)
    frames = [_table(what_if, together.axes, measure, held, i, lang) for i, measure in enumerate(measures)]
    made = pd.concat(frames, ignore_index=True)
    made.attrs |= {"first": p, "second": q, **notes(what_if.book, lang)}
    return made


def _table(
    what_if: WhatIf, axes: Sequence[Axis], measure: Measure, held: _Admitted, number: int, lang: str
) -> pd.DataFrame:
    """A row a pair of places, in the order of their values."""
    book = what_if.book
    order = [_ascending(book, axis) for axis in axes]
    at = [each.ravel() for each in np.meshgrid(*order, indexing="ij")]
    good, open_, known, sums = (
        each[at[0], at[1]] for each in (held.good, held.open, held.known[number], held.sums[number])
    )
    columns: dict[str, object] = {}
    for name, axis, places in zip(("first", "second"), axes, at, strict=True):
        texts = [book.show(axis.slider.parameter, value, lang) for value in axis.values]
        columns[name] = pd.array(np.array(texts, object)[places], dtype="str")
        columns[f"{name}_number"] = np.array([number_of(book, axis.slider, value) for value in axis.values])[places]
    mean = np.full(len(good), np.nan)
    np.divide(sums, known, out=mean, where=known > 0)
    fine = allowed(book, *((axis.slider, axis.values) for axis in axes))[at[0], at[1]]
    columns |= {
        "measure": pd.array([measure.column] * len(good), dtype="str"),
        "better": pd.array(["higher" if measure.rises else "lower"] * len(good), dtype="str"),
        "pre_qualified": good,
        "undetermined": open_ - good,
        "known": known,
        "coverage": np.divide(known, good, out=np.full(len(good), np.nan), where=good > 0),
        "mean": mean,
        "efficient": unbeaten(np.where(fine, good, 0), _rounded(mean) * (1 if measure.rises else -1)),
    }
    for name, setting in (("present", book), ("default", what_if.baseline.book)):
        here = [axis.values.index(in_force(setting, axis.slider)) for axis in axes]
        columns[name] = (at[0] == here[0]) & (at[1] == here[1])
    columns["allowed"] = fine
    return pd.DataFrame(columns)


def unbeaten(counts: Array, quality: Array) -> Array:
    """(settings,) bool: no other setting has as many and as good, and more of the one or the other. NaN is beaten."""
    live = np.flatnonzero((counts > 0) & ~np.isnan(quality))
    held, of = np.unique(counts[live], return_inverse=True)
    best = np.full(len(held) + 1, -np.inf)
    np.maximum.at(best, of, quality[live])
    above = np.maximum.accumulate(best[::-1])[::-1][1:]  # the best of those with more
    found = np.zeros(len(counts), bool)
    found[live] = (quality[live] == best[of]) & (quality[live] > above[of])
    return found


def _rounded(means: Array) -> Array:
    """Means without what comes only from the order in which they were summed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (_DIGITS - np.ceil(np.log10(np.abs(means))))
        return np.where((means == 0) | np.isnan(means), means, np.round(means * scale) / scale)


def better(book: Rulebook, column: str) -> bool:
    """Whether more of a column is better: the rules ask for at least so much of it, or say nothing; else less is."""
    found = set()
    for leaf in (leaf for rule in book.active for leaf in walk(book.conditions[rule])):
        if isinstance(leaf, Compare) and leaf.op not in ("=", "<>"):
            sides = {True: leaf.left, False: leaf.right}
            for left, operand in sides.items():
                alone = not any(isinstance(each, Col) for each in columns_and_parameters(sides[not left]))
                if isinstance(operand, Col) and operand.name == column and alone:
                    found.add((leaf.op in (">", ">=")) == left)
    return found != {False}


def _measures(what_if: WhatIf, quality: str | Sequence[str] | None, rows: Array | slice) -> list[Measure]:
    book = what_if.book
    asked = book.document.scoring.quality if quality is None else (quality,) if isinstance(quality, str) else quality
    if not asked:
        raise CampaignError(
            "there is no measure of quality: the rulebook names none (scoring.quality), and none is given as quality="
        )
    found = []
    for column in dict.fromkeys(asked):
        held = weights_of(what_if.baseline, column, "offers")
        if held.values is None or held.missing is None:
            raise CampaignError(f"{column} is no measure of quality: it is no column of numbers")
        found.append(Measure(column, held.values[rows], held.missing[rows] == 0, better(book, column)))
    return found


def _ascending(book: Rulebook, axis: Axis) -> list[int]:
    """The places of a slider in the order of their values; none first."""
    numbers = [number_of(book, axis.slider, value) for value in axis.values]
    return sorted(range(len(numbers)), key=lambda place: (axis.values[place] is not None, numbers[place]))


def _at_all_places(
    together: Together, measures: Sequence[Measure], rows: Array | slice, progress: Progress | None
) -> _Admitted:
    axes = together.axes
    shape = tuple(len(axis.values) for axis in axes)
    good, open_ = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    known, sums = np.zeros((len(measures), *shape), np.int64), np.zeros((len(measures), *shape))
    settings = list(product(*(range(len(axis.values)) for axis in together.tried)))
    for done, tried in enumerate(settings, 1):
        places = dict(zip((axis.name for axis in together.tried), tried, strict=True))
        told = together.tell(places)
        sure, may = told.sure[rows], told.open[rows]
        at = tuple(places.get(axis.name, slice(None)) for axis in axes)
        sizes = [len(axis.values) for axis in together.told]

        def summed(told: Array, weights: Array | None = None, sizes: Sequence[int] = sizes) -> Array:
            found = at_settings(told, sizes or [1], weights)
            return found if sizes else found[0]

        good[at], open_[at] = summed(sure), summed(may)
        for i, measure in enumerate(measures):
            known[(i, *at)] = summed(sure[measure.known])
            sums[(i, *at)] = summed(sure, measure.values * measure.known)
        if progress:
            progress(done, len(settings))
    return _Admitted(good, open_, known, sums)
