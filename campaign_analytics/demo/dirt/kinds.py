"""Every kind of dirt by its name, in the order in which they work: spellings, damage, headers, rows, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from campaign_analytics.demo.dirt import damage, files, headings, rows, spellings
from campaign_analytics.demo.dirt.sheet import Column, Draft, Lost
from campaign_analytics.demo.dirt.spellings import ON_TOP, SINGLE, WHOLE
from campaign_analytics.demo.dirt.words import Sets
from campaign_analytics.market.schema import Array

#: Works on a draft and tells how many cells, rows or files it dirtied.
Kind = Callable[[Draft, np.random.Generator], int]
Spell = Callable[[str], str]

#: What a tidy export writes for yes and no, and for an empty set.
_NO_YES = ("否", "是")
_NOTHING = "无"


def _respelled(spell: Spell, cells: Array) -> list[Any]:
    """The cells spelled otherwise, each text once; damaged ones stay as they are."""
    once: dict[str, str] = {}
    for cell in cells.tolist():
        if cell not in once:
            once[cell] = cell if isinstance(cell, Lost) else spell(cell)
    return [once[cell] for cell in cells.tolist()]


def _some(column: Column, rng: np.random.Generator, *, fresh: bool = True) -> Array:
    """About half of the cells of a column that are spelled the tidy way, or of all; none that is empty."""
    chosen = rng.random(len(column.cells)) < 0.5
    if fresh:
        chosen &= column.fresh
    return np.flatnonzero(chosen & (column.cells != ""))


def _put(column: Column, chosen: Array, cells: list[Any]) -> int:
    changed = np.fromiter((old != new for old, new in zip(column.cells[chosen], cells, strict=True)), bool, len(chosen))
    column.put(chosen[changed], [cell for cell, other in zip(cells, changed.tolist(), strict=True) if other])
    return int(changed.sum())


def _single(spell: Spell, types: tuple[str, ...], draft: Draft, rng: np.random.Generator, *, fresh: bool = True) -> int:
    made = 0
    for _, column in draft.columns(*types):
        chosen = _some(column, rng, fresh=fresh)
        made += _put(column, chosen, _respelled(spell, column.cells[chosen]))
    return made


def _keys(spell: Spell, draft: Draft, rng: np.random.Generator) -> int:
    made = 0
    for _, column in draft.columns("text"):
        if column.id.endswith("_id"):
            chosen = _some(column, rng)
            made += _put(column, chosen, _respelled(spell, column.cells[chosen]))
    return made


def _whole(spell: Spell, types: tuple[str, ...], draft: Draft, rng: np.random.Generator) -> int:
    """All cells of a column; among bare percentages one that may be a share is lost, and has to be told."""
    made = 0
    for _, column in draft.columns(*types):
        there = np.flatnonzero(column.cells != "")
        numbers = np.array([float(cell.rstrip("%")) for cell in column.cells[there]])
        if not column.fresh.all() or len(there) < 4 or not (((numbers > 1) & (numbers < 100)).mean() > 0.8):
            continue
        cells = _respelled(spell, column.cells[there])
        if spell is spellings.bare_percent:
            cells = [Lost(cell) if 0 < float(cell) <= 1 else cell for cell in cells]
        made += _put(column, there, cells)
    return made


def _missing(draft: Draft, rng: np.random.Generator) -> int:
    """Marks for cells that are not known, where an empty cell means nothing else."""
    made = 0
    for _, column in draft.columns():
        held = draft.book.columns[column.id]
        marks = (*draft.words.missing["any"], *draft.words.missing.get(held.type, ()))
        there = np.flatnonzero((column.cells == "") & column.fresh & (rng.random(len(column.cells)) < 0.5))
        if held.empty is None and len(there):
            column.put(there, rng.choice(np.array(marks, object), len(there)).tolist())
            made += len(there)
    return made


def _flags(draft: Draft, rng: np.random.Generator) -> int:
    """Yes and no, a pair of words a column."""
    made = 0
    for _, column in draft.columns("flag"):
        no, yes = draft.words.flags[rng.integers(len(draft.words.flags))]
        there = np.flatnonzero((column.cells != "") & column.fresh)
        column.put(there, [(no, yes)[_NO_YES.index(cell)] for cell in column.cells[there].tolist()])
        made += len(there)
    return made


def _units(draft: Draft, rng: np.random.Generator) -> int:
    """A unit behind numbers."""
    made = 0
    for _, column in draft.columns(*draft.words.units):
        if draft.book.columns[column.id].unit_in:
            continue  # there a unit says more than nothing
        units = draft.words.units[draft.book.columns[column.id].type]
        unit = units[rng.integers(len(units))]
        chosen = _some(column, rng)
        made += _put(column, chosen, [f"{cell}{unit}" for cell in column.cells[chosen].tolist()])
    return made


def _other_names(draft: Draft, rng: np.random.Generator) -> int:
    """Names of a list in other spellings."""
    made = 0
    for _, column in draft.columns("level", "text"):
        spelled = draft.words.lists.get(draft.book.columns[column.id].of, {})
        chosen = np.array([row for row in _some(column, rng).tolist() if column.cells[row] in spelled], np.int64)
        made += _put(column, chosen, [str(rng.choice(spelled[cell])) for cell in column.cells[chosen].tolist()])
    return made


def _other_sets(draft: Draft, rng: np.random.Generator) -> int:
    """Sets with other names, between other separators."""
    made = 0
    for _, column in draft.columns("set"):
        of = draft.book.columns[column.id].of
        spelled, ways = draft.words.lists.get(of, {}), draft.words.sets.get(of, Sets())
        chosen = _some(column, rng)
        cells = [_set(cell, spelled, ways, rng) for cell in column.cells[chosen].tolist()]
        made += _put(column, chosen, cells)
    return made


def _set(cell: str, spelled: Mapping[str, Sequence[str]], ways: Sets, rng: np.random.Generator) -> str:
    if cell == _NOTHING:
        return str(rng.choice(ways.nothing or (cell,)))
    names = [str(rng.choice((name, *spelled.get(name, ())))) for name in cell.split("、")]
    if ways.but and rng.random() < 0.3:
        return str(rng.choice(ways.but)).format("、".join(names))
    return str(rng.choice([",", "，", ";", "；", "/", "|", " ", "\n"])).join(names)


def _kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for spell, types in WHOLE.items():
        kinds[f"cells: {_words(spell)}"] = partial(_whole, spell, types)
    kinds["cells: marks of missing ones"] = _missing
    kinds["cells: other words for yes and no"] = _flags
    kinds["cells: other names of a list"] = _other_names
    kinds["cells: other sets"] = _other_sets
    kinds["cells: units behind numbers"] = _units
    for spell in spellings.KEYS:
        kinds[f"cells: {_words(spell)}"] = partial(_keys, spell)
    for spell, types in SINGLE.items():
        kinds[f"cells: {_words(spell)}"] = partial(_single, spell, types)
    for spell, types in ON_TOP.items():
        kinds[f"cells: {_words(spell)}"] = partial(_single, spell, types, fresh=False)
    for stage, held in (
        ("damage", damage.KINDS),
        ("headers", headings.KINDS),
        ("rows", rows.KINDS),
        ("files", files.KINDS),
    ):
        kinds |= {f"{stage}: {_words(kind)}": kind for kind in held}
    return kinds


def _words(kind: Callable[..., Any]) -> str:
    return kind.__name__.replace("_", " ")


KINDS: Mapping[str, Kind] = _kinds()
