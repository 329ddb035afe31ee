"""The codes that a cube keeps of rules along its sliders: a condition that one slider moves becomes one code, however
many comparisons it is made of, and one that none moves becomes its outcome at the values of the assessment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.tree import And, Or, Tree
from campaign_analytics.simulate.at_rest import Codes, text
from campaign_analytics.simulate.coded import Code, CodedMarket, parameters, parts_of, rises_with
from campaign_analytics.simulate.positions import Positions, Slider, directions


def codes_along(market: CodedMarket, rules: Sequence[str], sliders: Collection[str]) -> dict[Level, Codes]:
    """By level, the codes of ``rules`` along ``sliders``. Raises ``CampaignError`` for a comparison that lets some pass
    at higher values and others at lower ones."""
    book, levels = market.basis.book, dict[Level, _Kept]()
    for rule in rules:
        level = book.level(rule)
        levels.setdefault(level, _Kept(market, level, sliders)).keep(book.whole(rule))
    return {level: levels[level].codes if level in levels else Codes({}, {}, {}) for level in ("offers", "merchants")}


@dataclass
class _Kept:
    """What is kept of one level."""

    market: CodedMarket
    level: Level
    sliders: Collection[str]
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
        moving = [name for name in named if name in self.sliders]
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
        if isinstance(book.values[slider], PerValue):  # which is put into one comparison at a time
            one = not isinstance(tree, And | Or) and len(parameters(tree)) == 1
            code = market.code(tree, slider, self.level, book.values) if one else None
            return (market.cells(code.column, self.level), code.rises) if code else None
        rises, *others = directions([tree], slider)
        positions = Positions(market, book, Slider(slider))
        passing = None if rises is None or others else positions.of_condition(tree, self.level)
        if rises is None or passing is None:
            return None
        worst, best = passing
        low, high = (positions.turned(best), positions.turned(worst)) if rises else (worst, best)
        return Cells("count", low, None, None if worst is best else high), rises

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
