"""Codes as a cube and an index keep them: a condition that one slider moves becomes one code, however many comparisons
it is made of, and one that none moves becomes its outcome at the values of the assessment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.tree import And, Or, Tree, walk
from campaign_analytics.simulate.at_rest import Codes, text
from campaign_analytics.simulate.coded import Code, CodedMarket, parameters, parts_of, rises_with
from campaign_analytics.simulate.positions import Positions, Slider, directions


def sliders(book: Rulebook) -> tuple[str, ...]:
    """The parameters that can be moved along codes: those with which alone an active rule compares something, in
    order."""
    leaves = [leaf for rule in book.active for leaf in walk(book.whole(rule))]
    return tuple(
        name
        for name in book.parameters
        if book.places(name)
        and any(parameters(leaf) == (name,) and rises_with(leaf, name) is not None for leaf in leaves)
    )


def codes_along(market: CodedMarket, rules: Sequence[str], along: Collection[str]) -> dict[Level, Codes]:
    """By level, the codes of ``rules`` ``along`` some sliders. Raises ``CampaignError`` for a comparison that lets some
    pass at higher values and others at lower ones."""
    book = market.basis.book
    return _codes(market, [(book.level(rule), book.whole(rule)) for rule in rules], along)


def every_code(market: CodedMarket, rules: Sequence[str]) -> dict[Level, Codes]:
    """The same along all sliders, with those of the conditions for rules to apply."""
    book = market.basis.book
    trees = [(book.level(rule), tree) for rule in rules for tree in (book.whole(rule), book.guards.get(rule)) if tree]
    return _codes(market, trees, sliders(book))


def _codes(market: CodedMarket, conditions: Iterable[tuple[Level, Tree]], along: Collection[str]) -> dict[Level, Codes]:
    kept: dict[Level, _Kept] = {
        "offers": _Kept(market, "offers", along),
        "merchants": _Kept(market, "merchants", along),
    }
    for level, tree in conditions:
        kept[level].keep(tree)
    return {level: each.codes for level, each in kept.items()}


@dataclass
class _Kept:
    """What is kept of one level."""

    market: CodedMarket
    level: Level
    along: Collection[str]
    cells: dict[str, Cells] = field(default_factory=dict)
    leaves: dict[tuple[str, str], Code] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> Codes:
        return Codes(self.cells, self.leaves, self.flags)

    @property
    def _book(self) -> Rulebook:
        return self.market.basis.book

    def keep(self, tree: Tree) -> None:
        """Keep a condition in as few columns as can be."""
        named = parameters(tree)
        moving = [name for name in named if name in self.along]
        if not moving:
            self._flag(tree)
        elif len(moving) == 1 and (found := self._code(tree, moving[0])):
            self._put(tree, moving[0], *found)
        elif isinstance(tree, And | Or):
            for part in parts_of(tree):
                self.keep(part)
        elif len(named) == 1 and rises_with(tree, moving[0]) is not None and not self.market.is_open(tree):
            raise CampaignError(
                f"{moving[0]} cannot be explored: what it is compared with lets some offers pass at higher values and "
                "others at lower ones"
            )
        else:
            self._flag(tree)

    def _code(self, tree: Tree, slider: str) -> tuple[Cells, bool] | None:
        """A condition along the one slider that moves it, and whether it rises; None where it has no turning place."""
        market, book = self.market, self._book
        if any(len(parameters(leaf)) > 1 for leaf in walk(tree) if slider in parameters(leaf)):
            return None  # it may turn both ways in one part of a market and not in another
        if isinstance(book.values[slider], PerValue):  # which is put into one comparison at a time
            code = None if isinstance(tree, And | Or) else market.code(tree, slider, self.level, book.values)
            return (market.cells(code.column, self.level), code.rises) if code else None
        rises, *others = directions([tree], slider)
        positions = Positions(market, book, Slider(slider))
        passing = None if rises is None or others else positions.of_condition(tree, self.level)
        if rises is None or passing is None:
            return None
        worst, best = passing
        low, high = (positions.turned(best), positions.turned(worst)) if rises else (worst, best)
        return Cells("count", low, None, None if np.array_equal(low, high) else high), rises

    def _put(self, tree: Tree, slider: str, cells: Cells, rises: bool) -> None:
        if (text(tree), slider) not in self.leaves:
            self.leaves[text(tree), slider] = Code(self._kept(cells), rises)
        if self.market.placed(slider, self._book.values[slider]) is None:
            self._flag(tree)

    def _flag(self, tree: Tree) -> None:
        if text(tree) not in self.flags:
            exact = self.market.condition(tree, self.level, self._book.values)
            cells = self.market.columns([exact], self.level)
            fails, unknown = evaluate(exact, cells, self.market.basis.market.tables[self.level].rows)
            self.flags[text(tree)] = self._kept(Cells.make("flag", ~fails & ~unknown, unknown))

    def _kept(self, cells: Cells) -> str:
        name = f"#{len(self.cells)}"
        self.cells[name] = cells
        return name
