"""An assessment of which outcomes and codes are left, and no columns but a few to group by.

Its rows are subjects, or stand for several that are alike (``Table.stands_for``). Counts, curves and what-ifs over the
codes are those of the whole market; whatever needs a column that is gone is refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Self

import numpy as np
import pandas as pd

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.blockers import Patterns
from campaign_analytics.assess.masks import Bits, Columns
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Bound, Exact, Is
from campaign_analytics.rulebook.tree import Tree
from campaign_analytics.simulate.coded import Code, CodedMarket, parameters


@dataclass(frozen=True)
class Codes:
    """The code columns of one level, and what each of them stands for."""

    cells: Mapping[str, Cells]  # by column
    leaves: Mapping[tuple[str, str], Code]  # by condition as text, and the parameter along whose slider it is coded
    flags: Mapping[str, str]  # by condition without codes, as text: its outcome at the values of the assessment

    def map(self, change: Callable[[Cells], Cells]) -> Codes:
        """The same with every column changed."""
        return replace(self, cells={name: change(cells) for name, cells in self.cells.items()})


@dataclass(frozen=True, eq=False, repr=False)
class AtRest(Assessment):
    """See the module. ``codes`` are of the rules that may move; of all others ``words`` has the outcomes."""

    codes: Mapping[Level, Codes]
    outside: Mapping[Level, Array]  # (words, rows) uint64: see ``not_applicable``

    @property
    def coded(self) -> CodedMarket:
        """The codes as a market that the evaluator runs; not kept, as it refers to this."""
        return _Held(self)

    @cached_property
    def not_applicable(self) -> Mapping[Level, Array]:
        """(words, rows) uint64 a level: as they stood when the market was read."""
        return self.outside

    def _binding(self) -> tuple[Callable[[Tree, Level], Exact], Columns]:
        """See ``Evaluated._binding``: over the codes."""
        coded, values = self.coded, self.book.values
        return lambda tree, level: coded.condition(tree, level, values), coded.columns

    @property
    def bare(self) -> Self:
        """See ``Evaluated.bare``; without codes."""
        bare = super().bare
        return replace(bare, outside=bare.words, codes=dict.fromkeys(bare.words, Codes({}, {}, {})))

    @property
    def coded_along(self) -> frozenset[str]:
        """The parameters that can be moved."""
        return frozenset(name for codes in self.codes.values() for _, name in codes.leaves)

    @property
    def switched(self) -> tuple[str, ...]:
        """The rules that can be left out."""
        return self.rules

    def coarser(self, book: Rulebook) -> AtRest:
        """The same for a rulebook of the same values with fewer places on its sliders (``rulebook.coarser``). Raises
        ``CampaignError`` where places are asked for that were left out before."""
        own, fewer = self.book.picked, {}
        for name in {*own, *book.picked}:
            if own.get(name) != book.picked.get(name):
                if name in own:
                    raise CampaignError(f"{self.market.rest_of} has other steps of {name}; make another of the market")
                fewer[name] = np.array(book.picked[name])

        def recoded(codes: Codes) -> Codes:
            cells = dict(codes.cells)
            for (_, name), code in codes.leaves.items():
                if name in fewer:  # it turns at the next place that is left
                    held = cells[code.column]
                    low, high = (
                        None if ends is None else np.searchsorted(fewer[name], ends).astype(np.uint8)
                        for ends in (held.values, held.high)
                    )
                    cells[code.column] = replace(held, values=low, high=high)
            return replace(codes, cells=cells)

        return replace(self, book=book, codes={level: recoded(codes) for level, codes in self.codes.items()})

    def check(self, book: Rulebook) -> None:
        """Raise ``CampaignError`` where a rulebook changes what cannot be told here."""

    def off_grid(self, name: str) -> CampaignError:
        """Why a parameter cannot have a value between the places of its slider."""
        grid = [self.book.show(name, value) for value in self.book.places(name)]
        shown = ", ".join(grid if len(grid) <= 12 else [*grid[:3], "…", f"{grid[-1]} ({len(grid)} values)"])
        return CampaignError(f"{name} can only be set to a value of its slider in {self.market.rest_of}: {shown}")

    def refused(self, named: Sequence[str]) -> CampaignError:
        """Why parameters, or a rule if none is named, cannot be moved here."""
        what, coded = self.market.rest_of, sorted(self.coded_along)
        moved = f"{', '.join(named)} cannot be moved" if named else "a rule cannot be changed"
        return CampaignError(f"{moved} in {what}; it has codes of {', '.join(coded) or 'no parameter'}")


@dataclass(frozen=True, eq=False, repr=False)
class Coded(AtRest):
    """Every rule of every subject in codes, and no outcome but what follows from them; ``outside`` may be empty."""

    @classmethod
    def of(cls, bare: Coded, conditions: Bits | None = None, merchants: Array | None = None) -> Coded:
        """With the outcomes of its rules, whose ``conditions`` may be bound already; ``merchants`` whose words are
        known need no code columns."""
        held = conditions or bare.bound(bare.trees)
        return replace(bare, words=bare.evaluated(held, True, None, merchants))

    @cached_property
    def not_applicable(self) -> Mapping[Level, Array]:
        """(words, rows) uint64 a level: bit ``i`` says that the rule of that bit does not apply."""
        return self.outside or self.run(self.guards)


@dataclass(frozen=True, eq=False, repr=False)
class Cube(AtRest):
    """Counts at every place of some sliders: of the rules that these do not move only the outcome of all of them is
    left, at one rule's bits, and how many offers fail each."""

    moving: tuple[str, ...]  # the rules that the sliders move
    cell: Array  # (offers,) which combination of the columns to group by each row has
    settled: Mapping[str, tuple[Array, Array]]  # by rule that stays: (cells,) int64 offers that fail, are unknown

    @property
    def switched(self) -> tuple[str, ...]:
        return self.moving

    def check(self, book: Rulebook) -> None:
        for rule, held in book.rules.items():
            if held.severity != self.book.rules[rule].severity and rule not in self.switched:
                raise self.refused(())
        for rule in dict.fromkeys([*self.rules, *book.active]):  # without a value a rule is no longer active
            named = () if rule in self.moving else book.parameters_of(rule)
            if moved := [name for name in named if book.values[name] != self.book.values[name]]:
                raise self.refused(moved)

    def outcome(self, rule: str, level: Level = "offers") -> Array:
        """Refused, as all views that tell rules apart."""
        raise self._only_verdicts()

    def patterns(self, level: Level = "offers") -> Patterns:
        """Refused."""
        raise self._only_verdicts()

    def funnel(self) -> pd.DataFrame:
        """Refused."""
        raise self._only_verdicts()

    def _only_verdicts(self) -> CampaignError:
        return CampaignError(
            f"in {self.market.rest_of} are verdicts alone, not which rules fail together; assess the market itself"
        )


@cache
def text(tree: Tree) -> str:
    """A condition as a key that can be written down."""
    return repr(tree)


class Assessable(ABC):
    """A market that is kept elsewhere, and assessed when a what-if or a dashboard of it is asked for."""

    @abstractmethod
    def assessment(self) -> Assessment:
        """All of it, at the values that it was kept with."""


class _Held(CodedMarket):
    """Codes that were made before, and no columns to make others from."""

    basis: AtRest

    def __init__(self, basis: AtRest) -> None:
        super().__init__(basis)
        self._cells = {level: dict(codes.cells) for level, codes in basis.codes.items()}

    def code_all(self) -> None:
        """They are."""

    def flag(self, tree: Tree, level: Level) -> str:
        if text(tree) not in self.basis.codes[level].flags:
            raise self.basis.refused(parameters(tree))
        return self.basis.codes[level].flags[text(tree)]

    def condition(self, tree: Tree, level: Level, values: Mapping[str, Bound]) -> Exact:
        """See ``CodedMarket.condition``: any part may have one code, or be kept as its outcome."""
        codes, key = self.basis.codes[level], text(tree)
        for name in parameters(tree):
            if (key, name) in codes.leaves:
                return self.by_code(tree, name, level, values)
        return (self.uncoded if key in codes.flags else super().condition)(tree, level, values)

    def code(self, leaf: Tree, parameter: str, level: Level, values: Mapping[str, Bound]) -> Code | None:
        code = self.basis.codes[level].leaves.get((text(leaf), parameter))
        if code and (moved := self._moved(leaf, values, parameter)):
            raise self.basis.refused(moved)
        return code

    def uncoded(self, leaf: Tree, level: Level, values: Mapping[str, Bound]) -> Exact:
        for name in self._moved(leaf, values):
            coded = (text(leaf), name) in self.basis.codes[level].leaves
            raise self.basis.off_grid(name) if coded else self.basis.refused([name])
        return Is(self.flag(leaf, level), False)

    def _moved(self, tree: Tree, values: Mapping[str, Bound], but: str = "") -> list[str]:
        """The parameters of a condition, but one, that are not as they were when it was kept."""
        return [name for name in parameters(tree) if name != but and values[name] != self.basis.book.values[name]]
