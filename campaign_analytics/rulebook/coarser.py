"""Fewer places on a slider: those that lie a larger step apart, and the values in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaign_analytics.errors import ValueFault
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.values import MINOR_UNITS, did_you_mean, read_value

#: The types of parameters whose values lie a step apart.
STEPPED = ("count", "number", "rate", "money", "day")


def coarser(book: Rulebook, steps: Mapping[str, Any]) -> Rulebook:
    """The same rulebook with larger steps on the sliders of some parameters, spelled as their values ("5%", 500; of
    days a count).

    The values in force stay on their sliders. Raises ``ValueFault`` for a parameter without such a slider, or what is
    no step.
    """
    return replace(book, picked={**book.picked, **{name: _picked(book, name, raw) for name, raw in steps.items()}})


def all_places(book: Rulebook) -> Rulebook:
    """The same rulebook with the steps of its file."""
    return replace(book, picked={})


def step_of(book: Rulebook, name: str, count: int) -> str:
    """The step from a parameter's first place to that ``count`` places on, as ``coarser`` takes it."""
    grid: tuple[Any, ...] = all_places(book).places(name)
    step = grid[count] - grid[0]
    match book.parameters[name].type:
        case "day":
            return str(step.days)
        case "rate":
            return f"{(step * 100).normalize():f}%"
        case "money":
            return f"{step / MINOR_UNITS:g}"
    return str(step)


def _picked(book: Rulebook, name: str, raw: Any) -> tuple[int, ...]:
    if name not in book.parameters:
        raise ValueFault(f"unknown parameter {name!r}{did_you_mean(name, book.parameters)}")
    held, grid = book.parameters[name], all_places(book).places(name)
    if not grid or held.type not in STEPPED:
        raise ValueFault(f"{name} has no slider with steps; leave it out, or take all of its values")
    days = held.type == "day"
    step: Any = read_value(raw, "count" if days else held.type, zone=book.zone)
    if step is None or step <= 0:
        raise ValueFault(f"{name}: {raw!r} is no step: it must be above 0")
    step = timedelta(days=step) if days else step
    bound, last = book.values[name], None
    kept = {bound.default, *dict(bound.values).values()} if isinstance(bound, PerValue) else {bound}
    for value in grid:
        if last is None or value - last >= step:  # type: ignore[operator]  # of a type in STEPPED
            last = value
            kept.add(value)
    return tuple(i for i, value in enumerate(grid) if value in kept)
