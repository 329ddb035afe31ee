"""From a derived column to the cell of an export that stands behind it: what somebody can really change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from campaign_analytics.assess.moves import Step, Subjects
from campaign_analytics.derive.making import ends
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.tree import CLOCK


def at_the_source(subjects: Subjects, step: Step) -> list[Step]:
    """The step on the columns of the tables: of the first known column that one, of pieces the listed quantity.

    A step on a column of any other recipe stays as it is.
    """
    book = subjects.assessment.book
    spec = book.derived.get(step.column)
    if spec is None or not step.where.any():
        return [step] if step.where.any() else []
    if spec.make == "first_known":
        return _first_known(subjects, step, list(spec.with_["columns"]))
    if spec.make == "pieces":
        return _pieces(subjects, step)
    return [step]


def _first_known(subjects: Subjects, step: Step, names: list[str]) -> list[Step]:
    steps, left = [], step.where
    for name in names:
        if name in CLOCK:
            break
        missing = subjects.cells(name).missing
        here = left if missing is None else left & ~missing
        steps += at_the_source(subjects, replace(step, column=name, where=here))
        left = left & ~here
    if step.action == "supply":  # nothing is known: the first column that somebody can fill in is the one meant
        columns = subjects.assessment.book.columns
        meant = next((name for name in names if name in columns), names[0])
        return [*steps, *at_the_source(subjects, replace(step, column=meant, where=left))]
    return [*steps, replace(step, where=left)] if left.any() else steps


def _pieces(subjects: Subjects, step: Step) -> list[Step]:
    """A quantity moves by whole units; where a unit holds more pieces than there may be, it cannot."""
    spec = subjects.assessment.book.derived[step.column]
    quantity = str(spec.with_["quantity"])
    if step.to is None:
        return at_the_source(subjects, replace(step, column=quantity))
    each = _pieces_each(subjects, step, quantity)
    to = step.to // each if step.action == "lower" else -(-step.to // each)
    possible = step.where & ((to >= 1) | (step.to < 1))
    moved = at_the_source(subjects, replace(step, column=quantity, where=possible, to=to))
    stuck = step.where & ~possible
    return [*moved, replace(step, action="none", where=stuck, to=None)] if stuck.any() else moved


def _pieces_each(subjects: Subjects, step: Step, quantity: str) -> Array:
    """Pieces in one listed unit: the two columns tell by how much they differ; of a range the end that is worse."""
    end = 1 if step.action == "lower" else 0
    pieces, listed = (ends(subjects.cells(name))[end] for name in (step.column, quantity))
    each: Array = pieces.astype(np.int64) // np.maximum(listed.astype(np.int64), 1)
    return np.maximum(each, 1)
